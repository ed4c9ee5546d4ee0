"""Do the lips say what is said? The mouth's opening, measured on rendered pictures, against target and sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.face import FACE_CHANNELS, INDEX, both, mouth_opening
from emogen.conditioning.face_mesh import LEFT_CORNER, RIGHT_CORNER, look, watch
from emogen.conditioning.vocabulary import BASIC
from emogen.evaluation import metrics
from emogen.evaluation.metrics.lips import lip_sync
from emogen.evaluation.results import Figure
from emogen.pipelines.talking_head.ear import Ear
from emogen.pipelines.talking_head.portraits import FaceRenderer
from emogen.training import lips_figures
from emogen.training.lips_figures import NEAR_S
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import FPS, SIZE, Bench, Subject

PART, HEARD, EMODB = "lips", "lips-heard", "lips-emodb"
#: 19 sounds that close the lips in 6 s, between open vowels.
TEXT = "My mother bought a big map, but Bob put the paper by the pump. Maybe I am wrong about apples."
ALL = (NEUTRAL, *BASIC)
#: Of these everything is rendered under every emotion; of the other faces under one each, in turn.
WHOLE = ("astronaut", "ava")
#: Points between which the opening is measured: middle of the inner lips.
UPPER, LOWER = 13, 14
#: Opened less than this share of what the jaw alone opens, lips count as closed; own choice, 2 mm of some 40.
CLOSED = 0.05
RATE = 100.0  # values a second for offsets
LOOKED_S = 0.15  # around a closure's middle, where the narrowest moment is looked for
LIPS = ("p", "b", "m")
#: What speech does not move.
ABOVE = [INDEX["browInnerUp"], *(c for name in ("browDown", "browOuterUp", "cheekSquint", "eyeSquint", "eyeWide", "noseSneer")
                                 for c in both(name))]  # fmt: skip
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mouth:
    """The lips of one clip.

    Attributes:
        subject: Whose.
        avatar: Whether it is a character.
        asked: Emotion, at intensity 1.
        r: Correlation of the rendered opening with the target.
        hit: Of each p, b, m: whether the rendered lips are closed during it, or within 40 ms.
        hit_strictly: The same within 40 ms of its middle.
        target_hit: As `hit`, of the target curve.
        offset_s: By how much the mouth is late against the loudness of the voice.
        behind_s: By how much the rendered opening is late against the target.
        closed_late_s: By how much later than a closure's middle the lips are nearest, median.
        opening: [T] rendered: 0 as at rest, 1 as with the jaw open.
        target: [T].
        missed: Share of pictures without a face.
    """

    subject: str
    avatar: bool
    asked: str
    r: float
    hit: list[bool]
    hit_strictly: list[bool]
    target_hit: list[bool]
    offset_s: float
    behind_s: float
    closed_late_s: float
    opening: list[float]
    target: list[float]
    missed: float


def version(subject: Subject) -> str:
    """Changes with what a subject's mouths depend on."""
    return of.version(Path(__file__), of.ROOT / "conditioning" / "face_mesh.py", also=(of.drawn_by(subject),))


def motion_version() -> str:
    """Changes with what the curves depend on."""
    return of.version(Path(__file__), *of.MOTION, weights=of.LEARNT_FROM)


def measure(bench: Bench, run: bool = True) -> list[Mouth] | None:
    """Every face; None where it is not to be measured and the cache lacks one."""
    rows: list[Mouth] = []
    others = [s for s in bench.subjects if s.name not in WHOLE]
    for subject in bench.subjects:
        asked = ALL if subject.name in WHOLE else (ALL[others.index(subject) % len(ALL)],)
        make = partial(_subject, bench, subject, asked)
        found = bench.kept(PART, of.version(also=(version(subject), *asked)), make, run=run, name=subject.name)
        if found is None:
            return None
        rows += [Mouth(**row) for row in found]
    return rows


def _subject(bench: Bench, subject: Subject, asked: Sequence[str]) -> list[dict[str, Any]]:
    print(f"lips: {subject.name}", flush=True)
    rest, full = unit(subject.renderer)
    return [asdict(_mouth(bench, subject, one, rest, full)) for one in asked]


def _mouth(bench: Bench, subject: Subject, asked: str, rest: float, full: float) -> Mouth:
    out = clip(bench, subject.renderer, asked)
    seen = watch((subject.renderer.render(c) for c in out.motion.curves), FPS)
    there, target = seen.there, mouth_opening(out.motion.curves.astype(np.float64))
    at = np.flatnonzero(there)
    opening: Floats = (np.interp(np.arange(len(there)), at, apart(seen.points[at])) - rest) / (full - rest)
    fine, wanted = _finely(opening), _finely(target)
    closures = [(a, b) for p, a, b in out.phones if p[:1] in LIPS]
    return Mouth(
        subject.name, subject.avatar, asked,
        r=metrics.pearson(target, opening),
        hit=[_shut(fine, a - NEAR_S, b + NEAR_S) for a, b in closures],
        hit_strictly=[_shut(fine, (a + b) / 2 - NEAR_S, (a + b) / 2 + NEAR_S) for a, b in closures],
        target_hit=[_shut(wanted, a - NEAR_S, b + NEAR_S) for a, b in closures],
        offset_s=lip_sync(loudness(out.audio, out.sample_rate, len(fine)), fine, RATE, 0.3).offset_s,
        behind_s=lip_sync(wanted, fine, RATE, 0.3).offset_s,
        closed_late_s=float(np.median([_nearest(fine, (a + b) / 2) for a, b in closures])),
        opening=opening.round(4).tolist(), target=target.round(4).tolist(), missed=float(1 - there.mean()),
    )  # fmt: skip


def clip(bench: Bench, renderer: FaceRenderer, asked: str, voice: Any = None) -> Any:
    """The same neutral voice under an emotion."""
    given = bench.said(TEXT) if voice is None else voice
    return bench.learnt(audio=given, emotion=asked, portrait=renderer, fps=FPS, size=SIZE, seed=1)


def apart(points: Floats) -> Floats:
    """How far the inner lips stand apart, in distances of the outer eye corners: [T, 478, 3] -> [T]."""
    flat = points[..., :2]
    gap, eyes = (np.linalg.norm(flat[:, a] - flat[:, b], axis=1) for a, b in ((LOWER, UPPER), (LEFT_CORNER, RIGHT_CORNER)))
    return np.asarray(gap / eyes)


def unit(renderer: FaceRenderer) -> tuple[float, float]:
    """`apart` of a face at rest, and with the jaw open."""
    curves = np.zeros((2, len(FACE_CHANNELS)), np.float32)
    curves[1, INDEX["jawOpen"]] = 1.0
    found = [float(apart(look(renderer.render(one)).points)[0]) for one in curves]
    return found[0], found[1]


def loudness(samples: NDArray[np.float32], rate: int, count: int) -> Floats:
    """Root mean square over 40 ms at each hundredth of a second [count]."""
    power = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    middle = np.arange(count) / RATE
    first, last = (np.clip(np.round((middle + side) * rate).astype(int), 0, len(samples)) for side in (-0.02, 0.02))
    return np.sqrt((power[last] - power[first]) / np.maximum(last - first, 1))


def _finely(curve: Floats) -> Floats:
    """A curve at `FPS` as one at `RATE`."""
    return np.interp(np.arange(round(len(curve) / FPS * RATE)) / RATE, np.arange(len(curve)) / FPS, curve)


def _shut(fine: Floats, start: float, end: float) -> bool:
    part = fine[max(0, round(start * RATE)) : round(end * RATE) + 1]
    return bool(len(part) and part.min() < CLOSED)


def _nearest(fine: Floats, middle: float) -> float:
    first = max(0, round((middle - LOOKED_S) * RATE))
    part = fine[first : round((middle + LOOKED_S) * RATE) + 1]
    low = np.flatnonzero(part <= max(part.min(), CLOSED))  # the middle of the time that they are shut
    return float((first + low.mean()) / RATE - middle)


# -- what the curves say, without a picture ---------------------------------------------------------


def heard(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """The exchange of emotions under one voice, and lips from that voice without its text."""
    return bench.kept(HEARD, motion_version(), partial(_heard, bench), run=run)  # type: ignore[no-any-return]


def _heard(bench: Bench) -> dict[str, Any]:
    renderer = bench.avatars[0].renderer
    made = {asked: clip(bench, renderer, asked) for asked in ALL}
    opening = {k: mouth_opening(v.motion.curves.astype(np.float64)) for k, v in made.items()}
    above = {k: v.motion.curves[:, ABOVE].astype(np.float64).mean(axis=0) for k, v in made.items()}
    pairs = list(combinations(ALL, 2))
    voice = bench.said(TEXT)
    alone = clip(bench, renderer, NEUTRAL, SimpleNamespace(audio=voice.audio, sample_rate=voice.sample_rate))
    fine = _finely(mouth_opening(alone.motion.curves.astype(np.float64)))
    closures = [(a, b) for p, a, b in made[NEUTRAL].phones if p[:1] in LIPS]
    return {
        "opening": {f"{a} and {b}": metrics.pearson(opening[a], opening[b]) for a, b in pairs},
        "above": {f"{a} and {b}": float(np.linalg.norm(above[a] - above[b])) for a, b in pairs},
        "alike": {f"{a} and {b}": _cosine(above[a], above[b]) for a, b in pairs},
        "alone": {
            "r": metrics.pearson(mouth_opening(alone.motion.curves.astype(np.float64)), opening[NEUTRAL]),
            "hit": [_shut(fine, a - NEAR_S, b + NEAR_S) for a, b in closures],
        },
    }  # fmt: skip


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-9))


def emodb(bench: Bench, run: bool = True) -> dict[str, dict[str, float]] | None:
    """What the ear hears of EmoDB's held-out speakers, whose sounds are marked."""
    said = of.version(Path(lips_figures.__file__), *of.MOTION, weights=("lips",))
    return bench.kept(EMODB, said, lambda: lips_figures.measured(Ear.load(), bench.data), run=run)  # type: ignore[no-any-return]


# -- figures ------------------------------------------------------------------------------------


def mean(rows: Sequence[Mouth], name: str) -> Figure:
    """Mean of an attribute, or share of a list of hits, over the clips of faces."""
    values = [np.ravel(getattr(row, name)).astype(float) for row in rows]
    groups = [row.subject for row, v in zip(rows, values, strict=True) for _ in v]
    flat = np.concatenate(values)
    return fo.figure(lambda i: float(flat[i].mean()), groups)


def exchanged(rows: Sequence[Mouth]) -> Iterator[tuple[str, float]]:
    """(face, emotions; correlation of their rendered openings) for all pairs of emotions."""
    for name in WHOLE:
        own = {row.asked: row for row in rows if row.subject == name}
        for a, b in combinations(own, 2):
            yield f"{name}: {a} and {b}", metrics.pearson(own[a].opening, own[b].opening)
