"""What people match across the senses: measures of pictures and of music that correspond, as quantiles of each.

Light and high, dark and deep, busy and dense, jagged and dissonant: `tables/correspondences.csv` names them and their
sources. People match relatively (Spence 2019), so a value counts by its share of the pictures, scores or sounds that lie
below it: `tables/quantiles.csv`, which `training/matching.py` makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.vocabulary import read_table

Array = NDArray[np.float64]
Kind = Literal["picture", "score", "sound"]
LONG_SIDE = 160  # px of the pictures of OASIS as they are here: larger ones show more edges


@dataclass(frozen=True)
class Correspondence:
    """What people match across the senses.

    Attributes:
        name: Of it.
        measures: Kind -> the measures whose mean quantile counts.
        weight: In S.
        faders: Fader of music -> how far a picture at the end of the scale moves it, in its unit.
        words: What a low and a high value look like.
    """

    name: str
    measures: Mapping[str, tuple[str, ...]]
    weight: float
    faders: Mapping[str, float]
    words: tuple[str, str]


@cache
def correspondences() -> tuple[Correspondence, ...]:
    """Those of `tables/correspondences.csv`."""

    def faders(text: str) -> dict[str, float]:
        return {name: float(span) for name, span in (part.split(":") for part in text.split())}

    return tuple(
        Correspondence(
            row["name"], {kind: tuple(row[kind].split("+")) for kind in ("picture", "score", "sound")},
            float(row["weight"]), faders(row["faders"]), (row["picture_low"], row["picture_high"]),
        )
        for row in read_table("correspondences")
    )  # fmt: skip


def quantile(kind: Kind, measure: str, value: float) -> float:
    """Share 0..1 of the pictures, scores or sounds that the guides were tried on with a lower value, between deciles."""
    steps = _quantiles()[kind, measure]
    return float(np.interp(value, steps, np.linspace(0.0, 1.0, len(steps))))


@cache
def _quantiles() -> dict[tuple[str, str], Array]:
    return {
        (row["kind"], row["measure"]): np.array([float(row[f"p{p}"]) for p in range(0, 101, 10)])
        for row in read_table("quantiles")
    }


def picture_measures(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Measures of a picture [h, w, 3] that correspondences may name, at the size of those behind the quantiles."""
    import cv2

    from emogen.conditioning.image_measures import NAMES, angularity, measure

    h, w = pixels.shape[:2]
    if (scale := LONG_SIDE / max(h, w)) < 1.0:
        size = (max(round(w * scale), 2), max(round(h * scale), 2))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return {**dict(zip(NAMES, measure(pixels).tolist(), strict=True)), "angularity": angularity(pixels)}


def score_measures(notes: Array) -> dict[str, float]:
    """The same of notes [n, 4]: the mean of its parts, as the guide hears it."""
    from emogen.conditioning.music_measures import SCORE_NAMES, measure_score, parts_of

    usual = np.mean([measure_score(part) for _, part in parts_of(notes)], axis=0)
    return dict(zip(SCORE_NAMES, usual.tolist(), strict=True))


def sound_measures(samples: NDArray[np.float32]) -> dict[str, float]:
    """The same of sound [n], 16 kHz mono."""
    from emogen.conditioning.music_measures import SOUND_NAMES, measure_sound, sound_frames

    return dict(zip(SOUND_NAMES, measure_sound(samples, sound_frames(samples)).tolist(), strict=True))
