"""Random scenes as the world has them: attributes that go together, for the diffusion over scenes to learn from.

Rain needs clouds, lying snow a winter, a rainbow sun and rain; fires, feasts and ruins are rare. So that strong feelings
are there often enough, a part of the draws leans towards a feeling drawn at random: attributes whose cues add to it are
more likely. Where a rule has no source it is this project's own choice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.scene import parts, places
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import terms
from emogen.pipelines.image.evocation import FELT, against, evoked, felt

Array = NDArray[np.float64]
#: Attributes that most scenes have nothing of, and the share of scenes that have some.
RARE = {"storm": 0.3, "rain": 0.25, "snowfall": 0.12, "snow": 0.2, "fog": 0.45, "lightning": 0.12, "rainbow": 0.08,
        "flowers": 0.5, "decay": 0.35, "threat": 0.28, "fire": 0.14, "feast": 0.18, "people": 0.5, "animals": 0.45,
        "tilt": 0.15, "soft": 0.5}  # fmt: skip
CANDIDATES = 64  # scenes among which a leaning draw chooses
BLOCK = 2_000  # leaning draws at once
CONTRADICTION = 0.8  # what a unit of cues that speak against a feeling counts beside the squared distance (own choice)
#: What a step along each axis of a feeling counts there: the basic emotions half.
WEIGHT = np.array([1.0] * 3 + [0.5] * (len(FELT) - 3))
WIDE_OPEN = {"sky": (0.6, 1.0), "sea": (0.4, 1.0), "desert": (0.4, 1.0), "forest": (0.0, 0.7)}


def worlds(count: int, rng: np.random.Generator) -> tuple[dict[str, Array], NDArray[np.int64]]:
    """Attribute -> values [count], and the index of each scene's place [count].

    A sixth are plain draws. Of the others each is the one among `CANDIDATES` that comes nearest to a random feeling and has
    least in it that speaks against it: a sunny feast among gravestones may add up to calm, and nobody would paint it.
    """
    blocks = [_plain(count // 6, rng)]
    while (left := count - sum(len(where) for _, where in blocks)) > 0:
        blocks.append(_leaning(min(left, BLOCK), rng))
    order = rng.permutation(count)
    values = {name: np.concatenate([x[name] for x, _ in blocks])[order] for name in parts()}
    return values, np.concatenate([where for _, where in blocks])[order]


def _leaning(n: int, rng: np.random.Generator) -> tuple[dict[str, Array], NDArray[np.int64]]:
    many, there = _plain(n * CANDIDATES, rng)
    aim = np.repeat(_aims(n, rng), CANDIDATES, axis=0)
    cost = (WEIGHT * (evoked(many) - aim) ** 2).sum(-1) + CONTRADICTION * against(many, aim) * np.linalg.norm(aim, axis=-1)
    best = cost.reshape(n, CANDIDATES).argmin(axis=1) + np.arange(n) * CANDIDATES
    return {name: x[best] for name, x in many.items()}, there[best]


def _aims(n: int, rng: np.random.Generator) -> Array:
    """Feelings [n, 9]: half of them words for feelings, half anywhere in the space of valence, arousal and dominance."""
    words = np.stack([felt(Emotion.parse(term)) for term in terms()])[rng.integers(len(terms()), size=n)]
    ways = rng.normal(0.0, 1.0, (n, 3))
    ways *= rng.uniform(0.2, 1.1, (n, 1)) / np.linalg.norm(ways, axis=1, keepdims=True)
    anywhere = np.hstack([ways, np.zeros((n, len(FELT) - 3))])
    return np.where(rng.random((n, 1)) < 0.5, words * rng.uniform(0.2, 1.0, (n, 1)), anywhere)


def _plain(n: int, rng: np.random.Generator) -> tuple[dict[str, Array], NDArray[np.int64]]:
    where = rng.integers(0, len(places()), n)
    x = {name: rng.uniform(it.low, it.high, n) for name, it in parts().items()}
    for name, share in RARE.items():
        it = parts()[name]
        amount = rng.beta(1.6, 1.2, n) * np.where(rng.random(n) < share, 1.0, 0.0)
        x[name] = amount if it.low == 0 else np.sign(rng.normal(size=n)) * amount
    bell = lambda middle, spread: np.clip(rng.normal(middle, spread, n), -1.0, 1.0)  # noqa: E731
    x["warmth"], x["exposure"] = bell(0.0, 0.35), bell(0.0, 0.28)
    x["contrast"], x["colour"] = np.clip(0.5 + 0.5 * bell(0, 0.35), 0, 1), np.clip(0.52 + 0.5 * bell(0, 0.38), 0, 1)
    x["people"] = x["people"] ** 1.6  # a few more often than a crowd
    x["openness"], x["horizon"] = np.clip(0.55 + 0.5 * bell(0, 0.5), 0, 1), np.clip(0.5 + 0.5 * bell(0, 0.38), 0, 1)
    x["storm"] *= x["cloud"] > 0.4
    x["cloud"] = np.maximum(x["cloud"], np.maximum(0.9 * (x["rain"] > 0.1), 0.6 * (x["storm"] > 0.2)))
    x["lightning"] *= x["storm"] > 0.25
    cold = np.maximum(x["snow"], x["snowfall"]) > 0.05
    x["season"] = np.where(cold, (rng.uniform(2.9, 4.2, n)) % 4.0, x["season"])
    x["rain"] *= ~cold
    x["snow"] = np.where(x["snowfall"] > 0.3, np.maximum(x["snow"], 0.4), x["snow"])
    x["flowers"] *= ~cold & (np.abs(x["season"] - 1.0) < 1.2)
    x["cloud"] = np.where(x["rainbow"] > 0, np.clip(x["cloud"], 0.3, 0.6), x["cloud"])
    x["rainbow"] *= (x["hour"] > 6.5) & (x["hour"] < 18)
    x["rain"] = np.where(x["rainbow"] > 0, np.minimum(x["rain"] + 0.1, 0.25), x["rain"])
    x["feast"] *= (x["threat"] < 0.2) & (x["decay"] < 0.4) & (x["rain"] < 0.3)
    x["animals"] *= x["fire"] < 0.3
    x["upright"] *= x["people"] > 0
    x["lush"] = np.where(x["decay"] + x["threat"] > 1.0, 0.5 * x["lush"], x["lush"])
    for number, place in enumerate(places()):
        low, high = WIDE_OPEN.get(place, (0.0, 1.0))
        here = where == number
        x["openness"] = np.where(here, low + (high - low) * x["openness"], x["openness"])
    return x, where.astype(np.int64)
