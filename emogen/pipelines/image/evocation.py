"""What a scene evokes: attributes -> cues -> a feeling, as far as people's ratings and the literature say.

Each cue (golden light, decay, close walls ...) adds what `evocations.csv` says, with the source of each row; the sum
bends towards the ends of the scale. V/A of content lean on ratings of the maker's half of OASIS (means of themes: Kurdi,
Lozano & Banaji 2017), of colour on Valdez & Mehrabian 1994, of space on prospect and refuge (Appleton 1975).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.scene import attributes
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC
from emogen.tables import read_table

Array = NDArray[np.float64]
#: What is felt, in order: valence, arousal, dominance, and how much of each basic emotion.
FELT = ("valence", "arousal", "dominance", *BASIC)
GAIN = 0.9  # of the sum of cues before it bends (own choice: half of all cues of one kind reach .8)
NOTED = 0.06  # contribution from which a cue is worth a word (own choice)


def felt(emotion: Emotion) -> Array:
    """An emotion as numbers in the order of `FELT`, [9]."""
    return np.array([*emotion.vad, *emotion.basic()], dtype=np.float64)


@cache
def _table() -> tuple[tuple[str, ...], tuple[str, ...], Array]:
    rows = read_table(__package__, "evocations.csv")
    table = np.array([[float(r[column]) for column in FELT] for r in rows])
    return tuple(r["cue"] for r in rows), tuple(r["phrase"] for r in rows), table


def evoked(values: Mapping[str, Array | float]) -> Array:
    """What scenes evoke: attribute -> values [...] of scenes; returns [..., 9] in the order of `FELT`.

    Valence, arousal and dominance are -1..1, basic emotions 0..1: what speaks against one takes it away, no more.
    """
    names, _, table = _table()
    found = cues(values)
    total = np.tanh(GAIN * (np.stack([found[name] for name in names], axis=-1) @ table))
    total[..., 3:] = np.clip(total[..., 3:], 0.0, 1.0)
    return np.asarray(total)


def against(values: Mapping[str, Array | float], towards: Array) -> Array:
    """How much in scenes speaks against a feeling: the cues' contributions away from `towards` [..., 9], summed, [...]."""
    names, _, table = _table()
    found = cues(values)
    way = towards / np.maximum(np.linalg.norm(towards, axis=-1, keepdims=True), 1e-9)
    return np.asarray(np.clip(-np.stack([found[name] for name in names], axis=-1) * (way @ table.T), 0.0, None).sum(axis=-1))


def reasons(values: Mapping[str, float], towards: Array, most: int = 5) -> list[str]:
    """The cues of one scene that do most towards a feeling [9], in words, the strongest first."""
    names, phrases, table = _table()
    found = cues(values)
    length = float(np.linalg.norm(towards))
    if length < 1e-9:
        return []
    share = np.array([float(found[name]) for name in names]) * (table @ towards) / length
    return [phrases[i] for i in np.argsort(-share)[:most] if share[i] >= NOTED]


def cues(values: Mapping[str, Array | float]) -> dict[str, Array]:
    """How much of each cue there is, 0..1, from the attributes of scenes."""
    x = {name: np.asarray(values.get(name, it.usual), dtype=np.float64) for name, it in attributes().items()}
    height = np.sin((x["hour"] - 6.0) / 12.0 * np.pi)  # of the sun: 1 at noon, 0 at 6 and 18
    night = _ramp(-height, 0.12, 0.4)
    clear = 1.0 - x["cloud"]
    low_sun = np.exp(-(((height - 0.05) / 0.22) ** 2))
    winter = np.clip(1.0 - np.abs((x["season"] + 2.0) % 4.0 - 1.6) / 0.9, 0.0, 1.0)  # about season 3.6
    autumn = np.clip(1.0 - np.abs(x["season"] - 2.4) / 0.7, 0.0, 1.0)
    green = np.clip(1.0 - np.abs(x["season"] - 1.0) / 1.1, 0.0, 1.0)
    there = _ramp(x["people"], 0.0, 0.06)
    some = there * (1.0 - _ramp(x["people"], 0.25, 0.7))
    posture = there * np.abs(x["upright"])
    return {
        "golden light": low_sun * (1.0 - 0.8 * x["cloud"]) * (1.0 - x["fog"]) * (1.0 - x["storm"]),
        "clear day": _ramp(height, 0.15, 0.5) * clear**2 * (1.0 - x["fog"]),
        "deep night": night,
        "overcast": _ramp(x["cloud"], 0.55, 1.0) * (1.0 - night),
        "storm clouds": x["storm"] * _ramp(x["cloud"], 0.2, 0.6),
        "rain": x["rain"],
        "lightning": x["lightning"],
        "rainbow": x["rainbow"] * (1.0 - night),
        "lying snow": x["snow"],
        "falling snow": x["snowfall"],
        "fog": _ramp(x["fog"], 0.2, 0.9),
        "spring and summer": green * (1.0 - x["snow"]),
        "autumn": autumn,
        "bare winter": winter * (1.0 - 0.6 * x["snow"]),
        "wide view": _ramp(x["openness"], 0.5, 1.0) * (1.0 - x["fog"]),
        "close walls": _ramp(-x["openness"], -0.5, 0.0),
        "living green": _ramp(x["lush"], 0.5, 1.0) * (1.0 - x["snow"]),
        "dead plants": _ramp(-x["lush"], -0.4, 0.0) * (1.0 - x["snow"]),
        "flowers": x["flowers"] * (1.0 - x["snow"]),
        "decay": x["decay"],
        "menace": x["threat"],
        "fire": _ramp(x["fire"], 0.25, 0.8),
        "small fire": np.clip(1.0 - np.abs(x["fire"] - 0.2) / 0.15, 0.0, 1.0),
        "feast": x["feast"],
        "warm windows": x["lamps"] * night * (1.0 - x["decay"]),
        "dark windows": (1.0 - x["lamps"]) * night,
        "rough water": _ramp(x["waves"], 0.4, 1.0),
        "still water": _ramp(-x["waves"], -0.2, 0.0),
        "strong wind": _ramp(x["wind"], 0.4, 1.0),
        "jagged shapes": _ramp(x["rugged"], 0.5, 1.0),
        "crowd": _ramp(x["people"], 0.35, 0.9),
        "one alone": some * _ramp(-x["together"], -0.5, -0.1),
        "close company": there * _ramp(x["together"], 0.5, 0.9),
        "raised arms": posture * (x["upright"] > 0),
        "bowed figures": posture * (x["upright"] < 0),
        "animals": x["animals"] * (1.0 - x["threat"]),
        "warm light": np.clip(x["warmth"], 0.0, 1.0),
        "cold light": np.clip(-x["warmth"], 0.0, 1.0),
        "vivid colour": _ramp(x["colour"], 0.5, 1.0),
        "muted colour": _ramp(-x["colour"], -0.5, 0.0),
        "bright": np.clip(x["exposure"], 0.0, 1.0),
        "dark": np.clip(-x["exposure"], 0.0, 1.0),
        "hard light": _ramp(x["contrast"], 0.5, 1.0),
        "soft light": 0.5 * _ramp(-x["contrast"], -0.5, 0.0) + 0.5 * x["soft"],
        "tilted camera": np.abs(x["tilt"]),
        "seen from above": _ramp(x["horizon"], 0.5, 1.0),
        "seen from below": _ramp(-x["horizon"], -0.5, 0.0),
    }  # fmt: skip


def _ramp(x: Array, low: float, high: float) -> Array:
    return np.clip((x - low) / (high - low), 0.0, 1.0)
