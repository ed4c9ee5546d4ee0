"""Is the feeling seen? The judge of faces on rendered pictures at the height of an expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.face import INDEX, both
from emogen.conditioning import face_mesh
from emogen.conditioning.face_mesh import Watched
from emogen.evaluation.judges.face import FaceJudge
from emogen.training.speech_standing.run import LADDER, NEUTRAL
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import FPS, SIZE, SYSTEMS, Bench, Subject

PART = "affect"
#: Says nothing of a feeling.
TEXT = "They were at the station before the train came in."
HELD, SPOKEN, ANYWHERE = "held", "spoken", "any moment"
HELD_S = 3.0
PICTURES = 3  # of a clip, whose chances are averaged
APART_S = 0.2  # at least, between them
#: What shows a feeling rather than speech: the height of an expression is where these are largest together.
SHOWING = [INDEX["browInnerUp"], *(c for name in (
    "browDown", "browOuterUp", "cheekSquint", "eyeSquint", "eyeWide", "mouthSmile", "mouthFrown", "mouthStretch", "noseSneer",
) for c in both(name))]  # fmt: skip
#: Lids further down than usual by this are a blink.
BLINK = 0.15


@dataclass(frozen=True)
class Seen:
    """One clip, judged.

    Attributes:
        system: Its name.
        subject: Whose face.
        avatar: Whether it is a character.
        how: `HELD`, `SPOKEN`, or `ANYWHERE`: while speaking, whenever.
        asked: The emotion as written.
        chances: Label -> mean chance over the pictures.
        strength: The judge's intensity, 0..1: the chance that it is not neutral.
        missed: Pictures in which no face was found.
    """

    system: str
    subject: str
    avatar: bool
    how: str
    asked: str
    chances: dict[str, float]
    strength: float
    missed: int = 0

    @property
    def label(self) -> str:
        """Label that was asked for."""
        return self.asked.partition(":")[0]

    @property
    def level(self) -> float:
        """Intensity that was asked for."""
        return 0.0 if self.label == NEUTRAL else float(self.asked.partition(":")[2] or 1.0)

    def verdict(self, over: Sequence[str]) -> str:
        """The likeliest of some labels."""
        return max(over, key=lambda label: self.chances[label])


def version(subject: Subject) -> str:
    """Changes with what a subject's verdicts depend on."""
    return of.version(
        Path(__file__), of.ROOT / "conditioning" / "face_mesh.py", weights=("judge_face",), also=(of.drawn_by(subject),)
    )


def measure(bench: Bench, run: bool = True) -> list[Seen] | None:
    """All clips of all faces by all systems; None where they are not to be made and the cache lacks one."""
    rows: list[Seen] = []
    for system in SYSTEMS:
        for subject in bench.subjects:
            make = partial(_subject, bench, system, subject)
            found = bench.kept(PART, version(subject), make, run=run, name=f"{system}-{subject.name}")
            if found is None:
                return None
            rows += [Seen(**row) for row in found]
    return rows


def _subject(bench: Bench, system: str, subject: Subject) -> list[dict[str, Any]]:
    print(f"affect: {system}, {subject.name}", flush=True)
    rows = []
    for asked in LADDER:
        base = Seen(system, subject.name, subject.avatar, HELD, asked, {}, 0.0)
        curves = _curves(bench, base, subject, of.silence(HELD_S))
        rows.append(_judged(base, subject, curves[apex(curves)]))
        curves = _curves(bench, base, subject, bench.said(TEXT, asked))
        rows.append(_judged(replace(base, how=SPOKEN), subject, curves[apex(curves)]))
        if base.level in (0.0, 1.0):
            rows.append(_judged(replace(base, how=ANYWHERE), subject, curves[evenly(curves)]))
    return [asdict(row) for row in rows]


def _curves(bench: Bench, row: Seen, subject: Subject, voice: Any) -> NDArray[np.float32]:
    """[T, 61]."""
    pipe, seed = bench.pipe(row.system), of.seed_of(subject.name, row.asked)
    out = pipe(audio=voice, emotion=row.asked, portrait=subject.renderer, fps=FPS, size=SIZE, seed=seed)
    return np.asarray(out.motion.curves)


def apex(curves: NDArray[np.float32], count: int = PICTURES, fps: float = FPS) -> list[int]:
    """The pictures at the height of an expression: [T, 61] -> where `SHOWING` is largest, eyes not blinking."""
    size = np.linalg.norm(curves[:, SHOWING], axis=1)
    lids = curves[:, both("eyeBlink")].mean(axis=1)
    awake = lids <= np.median(lids) + BLINK
    chosen: list[int] = []
    for i in np.argsort(-size, kind="stable"):
        if awake[i] and all(abs(int(i) - j) >= APART_S * fps for j in chosen):
            chosen.append(int(i))
        if len(chosen) == count:
            break
    return sorted(chosen)


def evenly(curves: NDArray[np.float32], count: int = PICTURES) -> list[int]:
    """Pictures spread over a clip, whatever is seen there."""
    return [round((k + 1) / (count + 1) * (len(curves) - 1)) for k in range(count)]


def _judged(row: Seen, subject: Subject, curves: NDArray[np.float32]) -> Seen:
    """With the verdict on the pictures that curves [n, 61] give."""
    seen = [face_mesh.look(subject.renderer.render(one)) for one in curves]
    whole = Watched(np.concatenate([s.points for s in seen]), np.concatenate([s.crops for s in seen]), 0.0)
    verdict = FaceJudge.load().recognize_watched(whole)
    chances = {k: round(float(v), 5) for k, v in verdict.distribution.items()}
    strength = round(float(verdict.emotion.intensity), 5)
    return replace(row, chances=chances, strength=strength, missed=int((~whole.there).sum()))
