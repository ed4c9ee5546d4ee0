"""A *look*: the finish of a picture in 24 numbers, what a feeling asks of it, and eight *effects* beside it.

What is measured in a picture (`measured`) and what moves it (`emogen.pipelines.image.colour`) are the same numbers, so
that looks can be learnt from photographs: lightness L* (0..100) at five quantiles; a*, b* of shadows, mids and lights;
chroma, in all, at its high end and for six hues (log2); clarity and sharpness (log2); light of the middle and of the top
against the rest (L*); haze (dark channel, He et al. 2009, 0..1).

`LookRules` is the prior: brightness and saturation follow Valdez & Mehrabian (1994, J. Exp. Psychol. Gen. 123:394),
P = .69 B + .22 S, A = -.31 B + .60 S, inverted; what sets single feelings apart (their hues, weather and light) is the
table `looks.csv`, this project's own, its hues after people's associations (red anger, blue sadness, green envy).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import NEUTRAL, basic_shares, find, norm
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config

Array = NDArray[np.float64]

HUES = ("red", "orange", "yellow", "green", "blue", "purple")
LOOK = (
    "blacks", "shadows", "middle", "lights", "whites", "shadow_a", "shadow_b", "mid_a", "mid_b", "light_a", "light_b",
    "chroma", "vivid", *HUES, "clarity", "sharp", "centre", "top", "haze",
)  # fmt: skip
AT = {name: i for i, name in enumerate(LOOK)}
#: What no small photograph shows: weather and light that is laid over it, 0..1.
EFFECTS = ("fog", "rain", "snow", "rays", "glow", "leak", "blur", "grain")
#: Quantiles of L* that the first five numbers of a look are.
QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
#: Middles of the hues as angles of a*, b* in degrees (of the sRGB primaries and what lies between), red to purple.
HUE_DEG = (35.0, 65.0, 95.0, 140.0, 265.0, 320.0)
#: One standard score of brightness in L* at the five quantiles, and of saturation in log2 chroma (own choice: what moves
#: a photograph visibly and leaves it a photograph).
BRIGHT = (2.0, 7.0, 10.0, 8.0, 3.0)
RICH = 0.38
#: Valdez & Mehrabian inverted: rows brightness, saturation; columns valence, arousal, dominance.
REGRESSION = np.array([[1.244, -0.456, 0.0], [0.643, 1.431, 0.0]])
#: Dominance is contrast (own choice); so is arousal, as photographs have it that are rated as stirring (half of their slopes).
DOMINANT = {"blacks": -2.0, "whites": 2.0, "clarity": 0.15}
AROUSED = {"blacks": -5.0, "shadows": -4.0, "whites": 3.0, "clarity": 0.25, "sharp": 0.15}
#: Measured at this long side: finer grain is the camera's (as `emogen.conditioning.image_measures`, smaller).
LONG_SIDE = 160
#: Chroma of photographs is compared with this much added, so that grey pictures are not endlessly far (own choice).
GREY = 4.0
#: Distances over which a word that no anchor names borrows from those that do: valence, arousal, dominance; basics.
NEAR_VAD, NEAR_BASIC = 0.35, 0.5


@dataclass(frozen=True)
class Finish:
    """What is asked of a picture.

    Attributes:
        look: Change of each number of `LOOK`, [24].
        effects: Amount of each of `EFFECTS`, 0..1, [8].
    """

    look: Array
    effects: Array

    def __getitem__(self, name: str) -> float:
        return float(self.look[AT[name]] if name in AT else self.effects[EFFECTS.index(name)])

    def scaled(self, factor: float) -> Finish:
        """Less or more of it."""
        return Finish(self.look * factor, np.clip(self.effects * factor, 0.0, 1.0))

    def mixed(self, other: Finish, share: float) -> Finish:
        """On the way to another finish."""
        return Finish(self.look + share * (other.look - self.look), self.effects + share * (other.effects - self.effects))

    @property
    def nothing(self) -> bool:
        """Whether it changes nothing."""
        return not (np.any(self.look) or np.any(self.effects))


@cache
def anchors() -> tuple[str, ...]:
    """The feelings whose looks the table names."""
    return tuple(row["anchor"] for row in _rows())


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with (Path(__file__).parent / "looks.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@cache
def _named() -> dict[str, int]:
    """Term -> the anchor that names it."""
    found: dict[str, int] = {}
    for i, row in enumerate(_rows()):
        for word in row["words"].split():
            term = find(word.replace("_", " "))
            if term is not None:
                found.setdefault(term, i)
    return found


@cache
def _shares(term: str) -> Array:
    """How far a term is of each anchor's kind, [A], at most 1 in all."""
    named, count = _named(), len(anchors())
    if term == NEUTRAL:
        return np.zeros(count)
    if term in named:
        return np.eye(count)[named[term]]
    away = np.array([
        np.sum((norm(term) - norm(a)) ** 2) / NEAR_VAD**2
        + np.sum((basic_shares(term) - basic_shares(a)) ** 2) / NEAR_BASIC**2 for a in anchors()
    ])  # fmt: skip
    near = np.exp(-0.5 * away)
    return np.asarray(near / (near.sum() + 0.05))


def felt(emotion: Emotion) -> Array:
    """An emotion as looks depend on it: valence, arousal, dominance (-1..1), and the anchors' amounts, [3 + A]."""
    amounts = np.zeros(len(anchors()))
    for term, amplitude in emotion.amplitudes.items():
        amounts += amplitude * _shares(term)
    return np.concatenate([emotion.vad, amounts])


class LookRules(ModelMixin, ConfigMixin):
    """The table as a component; buffer `table` [24 + 8, 3 + A]: columns as `felt` has them."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(prior()).float())

    def forward(self, emotion: Emotion, seed: int = 0) -> Finish:
        """What a feeling asks of a picture; zeros for neutral. The seed has no say here."""
        return self.track([emotion], seed)[0]

    def track(self, emotions: list[Emotion], seed: int) -> list[Finish]:
        """What each of several feelings asks."""
        del seed
        rows = np.array([felt(emotion) for emotion in emotions]) @ self.table.double().numpy().T
        return [Finish(row[: len(LOOK)], np.clip(row[len(LOOK) :], 0.0, 1.0)) for row in rows]

    def chance_outdoors(self, picture: NDArray[np.uint8]) -> float | None:
        """Rules cannot tell: the sky that is seen decides."""
        del picture
        return None


def prior() -> Array:
    """The table of `LookRules`, [24 + 8, 3 + A]."""
    rows = _rows()
    table = np.zeros((len(LOOK) + len(EFFECTS), 3 + len(rows)))
    bright, rich = REGRESSION
    for name, step in zip(LOOK[:5], BRIGHT, strict=True):
        table[AT[name], :3] = step * bright
    table[AT["chroma"], :3] = RICH * rich
    for column, moves in ((1, AROUSED), (2, DOMINANT)):
        for name, step in moves.items():
            table[AT[name], column] += step
    for k, row in enumerate(rows):
        for i, name in enumerate((*LOOK, *EFFECTS)):
            table[i, 3 + k] = float(row.get(name) or 0.0)
    return table


def measured(picture: NDArray[np.uint8]) -> Array:
    """The look of a picture, [24].

    Args:
        picture: uint8 [h, w, 3].
    """
    h, w = picture.shape[:2]
    scale = LONG_SIDE / max(h, w)
    size = (max(round(w * scale), 4), max(round(h * scale), 4))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    rgb = small.astype(np.float32) / 255
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float64)
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma = np.hypot(a, b)
    found = dict(zip(LOOK[:5], np.quantile(light, QUANTILES), strict=True))
    for name, weight in zip(("shadow", "mid", "light"), zones(light / 100), strict=True):
        total = weight.sum() + 1e-3 * light.size
        found[f"{name}_a"], found[f"{name}_b"] = (weight * a).sum() / total, (weight * b).sum() / total
    found["chroma"] = np.log2(np.median(chroma) + GREY)
    found["vivid"] = np.log2(np.quantile(chroma, 0.9) + GREY)
    found |= _hues(a, b, chroma)
    soft = cv2.GaussianBlur(light, (0, 0), LONG_SIDE / 20)
    found["clarity"] = np.log2(np.std(light - soft) + 0.5)
    found["sharp"] = np.log2(np.std(light - cv2.GaussianBlur(light, (0, 0), 1.0)) + 0.2)
    rows, columns = light.shape
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None, :]
    r2 = (x**2 + y**2) / 2
    found["centre"] = (light * (r2 < 0.25)).sum() / (r2 < 0.25).sum() - light.mean()
    found["top"] = light[: rows // 3].mean() - light[-(rows // 3) :].mean()
    dark = cv2.erode(rgb.min(axis=2), np.ones((7, 7), np.uint8))
    found["haze"] = float(dark.mean())
    return np.array([found[name] for name in LOOK], dtype=np.float64)


def zones(light: Array) -> tuple[Array, Array, Array]:
    """How far each lightness (0..1) is shadow, mid and light; together 1."""
    dark = np.clip((0.5 - light) / 0.4, 0, 1)
    bright = np.clip((light - 0.5) / 0.4, 0, 1)
    dark, bright = dark * dark * (3 - 2 * dark), bright * bright * (3 - 2 * bright)
    return np.asarray(dark), np.asarray(1 - dark - bright), np.asarray(bright)


def hue_weights(a: Array, b: Array) -> Array:
    """How far each colour is of each of `HUES`, [6, ...]; together 1."""
    angle = np.degrees(np.arctan2(b, a)) % 360
    away = np.stack([np.abs((angle - h + 180) % 360 - 180) for h in HUE_DEG])
    near = np.exp(-0.5 * (away / 25.0) ** 2) + 1e-9
    return np.asarray(near / near.sum(axis=0))


def _hues(a: Array, b: Array, chroma: Array) -> Mapping[str, float]:
    """Log2 chroma of each hue against that of all, drawn to 0 where there is little of the hue."""
    middle = np.log2(np.median(chroma) + GREY)
    found = {}
    for name, weight in zip(HUES, hue_weights(a, b), strict=True):
        share = weight * np.clip(chroma / 10, 0, 1)
        log = (share * np.log2(chroma + GREY)).sum() / (share.sum() + 1e-9)
        found[name] = float((log - middle) * share.sum() / (share.sum() + 0.03 * chroma.size))
    return found

