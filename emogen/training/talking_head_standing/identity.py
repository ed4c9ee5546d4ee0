"""Does everything but the face stay? Likeness of pictures to the photo outside the face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from emogen.conditioning.face_mesh import look
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.pipelines.talking_head.photo_portrait.landmarks import OVAL
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import number, table
from emogen.training.talking_head_standing import affect
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import FPS, SIZE, Bench, Subject

PART = "identity"
ASKED = (NEUTRAL, "joy", "anger", "surprise")
#: Ellipses in sizes of the face: hair, ears and neck begin outside the first, most hair ends at the second, and outside
#: the third little moves with the head.
FACE, HEAD, FAR = 1.1, 1.6, 2.2
SSIM_WINDOW = 7  # pixels: scikit-image's own choice
SAID = """Structural similarity (1: the same) of pictures of a spoken sentence to the photo: well outside the head (an
ellipse of {far:g} times the face), outside it ({head:g} times; there is hair yet that moves with the head), and in hair,
ears and neck (between that and {face:g} times). *Still*: head movement 0. Emotions, at intensity 1: {asked}.
"""


@dataclass(frozen=True)
class Kept:
    """Structural similarity of a picture to the photo, mean over pixels.

    Attributes:
        subject: Whose.
        asked: Emotion.
        far: Well outside the head, the head moving.
        around: Outside the head, the head moving.
        around_still: The same with the head held still.
        hair_still: Between face and the head's end, held still.
    """

    subject: str
    asked: str
    far: float
    around: float
    around_still: float
    hair_still: float


def measure(bench: Bench, run: bool = True) -> list[Kept] | None:
    """All photos; None where they are not to be made and the cache lacks one."""
    rows: list[Kept] = []
    for subject in bench.photos:
        said = of.version(Path(__file__), also=(of.drawn_by(subject),))
        found = bench.kept(PART, said, partial(_subject, bench, subject), run=run, name=subject.name)
        if found is None:
            return None
        rows += [Kept(**row) for row in found]
    return rows


def _subject(bench: Bench, subject: Subject) -> list[dict[str, Any]]:
    print(f"identity: {subject.name}", flush=True)
    photo: NDArray[np.uint8] = subject.renderer.photo  # type: ignore[attr-defined]
    away = distance(photo)
    around, hair = away > HEAD, (away > FACE) & (away <= HEAD)
    rows = []
    for asked in ASKED:
        moving, still = (_pictures(bench, subject, asked, share) for share in (1.0, 0.0))
        likeness = [_likeness(photo, picture) for picture in (*moving, *still)]
        half = len(moving)
        rows.append(asdict(Kept(
            subject.name, asked,
            far=float(np.mean([s[away > FAR].mean() for s in likeness[:half]])),
            around=float(np.mean([s[around].mean() for s in likeness[:half]])),
            around_still=float(np.mean([s[around].mean() for s in likeness[half:]])),
            hair_still=float(np.mean([s[hair].mean() for s in likeness[half:]])),
        )))  # fmt: skip
    return rows


def _pictures(bench: Bench, subject: Subject, asked: str, head: float) -> list[NDArray[np.uint8]]:
    out = bench.learnt(
        audio=bench.said(affect.TEXT), emotion=asked, portrait=subject.renderer, fps=FPS, size=SIZE, head=head, seed=1
    )
    return [subject.renderer.render(out.motion.curves[i]) for i in affect.evenly(out.motion.curves)]


def distance(photo: NDArray[np.uint8]) -> NDArray[np.float64]:
    """From the middle of the face in a photo, in sizes of the face (1: an ellipse around its oval): [h, w]."""
    oval = look(photo).points[0][list(OVAL), :2]
    middle, half = (oval.min(axis=0) + oval.max(axis=0)) / 2, np.ptp(oval, axis=0) / 2
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    return np.asarray(np.hypot((x - middle[0]) / half[0], (y - middle[1]) / half[1]))


def _likeness(photo: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    whole = structural_similarity(photo, picture, channel_axis=2, win_size=SSIM_WINDOW, full=True)[1]
    return np.asarray(whole.mean(axis=2))


def mean(rows: list[Kept], name: str) -> Figure:
    """Mean of an attribute with its interval over photos."""
    values = np.array([getattr(row, name) for row in rows])
    return fo.figure(lambda i: float(values[i].mean()), [row.subject for row in rows])


def section(rows: list[Kept]) -> Iterator[str]:
    """Markdown."""
    yield "### Does the person stay?\n"
    yield SAID.format(far=FAR, head=HEAD, face=FACE, asked=", ".join(ASKED))
    names = {"far": "well outside", "around": "outside", "around_still": "outside, still", "hair_still": "hair and neck, still"}
    lines = [["all", *(cell(mean(rows, n)) for n in names)]]
    for subject in dict.fromkeys(r.subject for r in rows):
        own = [r for r in rows if r.subject == subject]
        lines.append([subject, *(number(float(np.mean([getattr(r, n) for r in own]))) for n in names)])
    yield from table(["", *names.values()], lines)
    yield ""
