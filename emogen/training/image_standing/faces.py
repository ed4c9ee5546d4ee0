"""Do people in an edited photo stay who they are, and does their skin keep its colour?"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data as samples

from emogen.conditioning.face_mesh import Watched, look
from emogen.evaluation.standing import cell
from emogen.pipelines.talking_head.photo_portrait.landmarks import OVAL
from emogen.training.image_standing.bench import EDITED, GRADED, Bench, Photo, Picture, larger, slug
from emogen.training.kept import seed_of
from emogen.training.packs import pack
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "faces"
SYSTEMS = (EDITED, GRADED)
EMOTIONS = ("joy", "calm", "awe", "sadness", "fear", "anger", "disgust")
#: Photographs are enlarged once more, or faces of 160 x 128 px are too small to be measured; the least width in px.
TIMES, LEAST_PX = 2, 70
#: Gains under which, with a little grain, a face must be found at its place (distance as `apart`): hair, helmets and hoods that
#: are taken for faces are not, and would show what the finder does, not what an edit does (own choice).
GAINS, STEADY = (1.0, 1.08, 0.92), 0.1
#: Part of the oval, from its middle, that is skin for the most part (own choice: without hair at its rim).
INNER = 0.8
#: Hue that may change (degrees): about what one light does to another (own choice).
HUE_DEG = 15.0
#: Chroma (CIE Lab) of a face from which its hue can be named (own choice: skin has about 15 to 25).
LEAST_CHROMA = 5.0
SECTION = """### Do people stay themselves?

{faces} faces (scikit-image's astronaut, and people of the maker's half of OASIS whose face is {least} px wide once enlarged) in
{emotions} feelings. Left out are {unsteady} of {all} pictures whose "face" (hair, a helmet, a hood) the finder loses or finds
elsewhere when they are no more than 8 % lighter or darker, with a little noise. *Found*: the face is found again. *Moved*: mean
distance of its 478 points before and after, in widths of the face; such a little change moves them {noise}. *Likeness*:
correlation of the face cut out, grey, 48 px, before and after; of two different people it is {others}. *Hue*: change of the hue
of the mean colour (a*, b*) inside the face, degrees; a face with less chroma than {least_chroma:g} before or after has none and is
left out. There is no network for identity here, so that likeness stands in for one.
"""


@dataclass(frozen=True)
class Row:
    """A face in an edit; nan where it was not found again, and for the hue of what is all but grey."""

    system: str
    photo: str
    emotion: str
    moved: float
    likeness: float
    hue_deg: float

    @property
    def found(self) -> bool:
        """Whether the face was found."""
        return bool(np.isfinite(self.moved))


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Rows of all edits, and what noise and other people do."""
    here = bench.version(Path(__file__), EDITED, read=False)
    names = bench.kept(PART, here, partial(_with_faces, bench), run=run, name="all")
    if names is None:
        return None
    photos, rows = dict(_photos(bench)), []
    for name in names["photos"]:
        found = bench.kept(PART, here, partial(_photo, bench, Photo(name, photos[name])), run=run, name=slug(name))
        if found is None:
            return None
        for row in found:
            missing: dict[str, Any] = {key: float("nan") for key, value in row.items() if value is None}
            rows.append(Row(**{**row, **missing}))
    return {"rows": rows, **names}


def _photos(bench: Bench) -> Iterator[tuple[str, Picture]]:
    yield "sample astronaut", np.asarray(samples.astronaut(), dtype=np.uint8)
    with (pack("image/oasis", bench.data) / "norms.csv").open(encoding="utf-8", newline="") as stream:
        people = {row["theme"] for row in csv.DictReader(stream) if row["category"] == "Person"}
    for photo in bench.photos:
        if photo.theme in people:  # the mesh fits a monkey's face too
            yield photo.theme, larger(photo.picture, TIMES)


def _with_faces(bench: Bench) -> dict[str, Any]:
    print("faces: looked for", flush=True)
    rng, crops, names, unsteady, noise = np.random.default_rng(0), [], [], [], []
    for name, picture in _photos(bench):
        face = look(picture)
        if not face.there[0] or np.ptp(face.points[0][:, 0]) < LEAST_PX:
            continue
        grain = rng.normal(0, 2, picture.shape)
        again = [apart(face, look(np.clip(gain * picture + grain, 0, 255).astype(np.uint8))) for gain in GAINS]
        if not np.max(again) <= STEADY:  # nan where it is lost
            unsteady.append(name)
            continue
        names.append(name)
        crops.append(face.crops[0])
        noise += again
        if len(names) > bench.counts.content:
            break
    others = [correlation(a, b) for k, a in enumerate(crops) for b in crops[:k]]
    apart_from = float(np.mean(others)) if others else 0.0
    return {"photos": names, "unsteady": unsteady, "noise": float(np.mean(noise)), "others": apart_from}


def _photo(bench: Bench, photo: Photo) -> list[dict[str, Any]]:
    print(f"faces: {photo.theme}", flush=True)
    before, rows = look(photo.picture), []
    for emotion in EMOTIONS:
        for system in SYSTEMS:
            made = bench.changed(system, photo.picture, emotion, seed_of(PART, photo.theme, emotion))
            after = look(made)
            found = bool(after.there[0])
            rows.append(asdict(Row(
                system, photo.theme, emotion, apart(before, after), correlation(before.crops[0], after.crops[0]) if found else float("nan"),
                turned(photo.picture, made, before.points[0]),
            )))  # fmt: skip
    return [{k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()} for row in rows]


def apart(one: Watched, other: Watched) -> float:
    """Mean distance of the points of two faces, in widths of the first; nan where one is missing."""
    a, b = one.points[0][:, :2], other.points[0][:, :2]
    return float(np.linalg.norm(a - b, axis=1).mean() / np.ptp(a[:, 0]))


def correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Of the pixels of two pictures of one size."""
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def skin(points: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where the inner part of a face is [h, w]."""
    oval = points[list(OVAL), :2]
    inner = oval.mean(axis=0) + INNER * (oval - oval.mean(axis=0))
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(inner).astype(np.int32)], 1)
    return mask > 0


def turned(before: Picture, after: Picture, points: NDArray[np.float64]) -> float:
    """Change of the hue of a face, degrees 0..180; nan where it is all but grey before or after."""
    inside, hues = skin(points, before.shape), []
    for picture in (before, after):
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[inside].mean(axis=0)
        if np.hypot(lab[1], lab[2]) < LEAST_CHROMA:
            return float("nan")
        hues.append(float(np.degrees(np.arctan2(lab[2], lab[1]))))
    return abs((hues[1] - hues[0] + 180) % 360 - 180)


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    own = [row for row in found["rows"] if row.system == EDITED]
    there = [row for row in own if row.found]
    yield Goal("edited: faces found again", "all", f"{len(there)} of {len(own)}", len(there) == len(own))
    likeness = _mean(there, "likeness")
    yield Goal("edited: likeness of faces, mean", "at least .9", cell(likeness), likeness.value >= 0.9)
    hue = max((row for row in own if np.isfinite(row.hue_deg)), key=lambda row: row.hue_deg)
    said = f"{hue.hue_deg:.1f} ({hue.emotion})"
    yield Goal("edited: hue of faces, largest change, degrees", f"at most {HUE_DEG:g}", said, hue.hue_deg <= HUE_DEG)


def _mean(rows: Sequence[Row], name: str) -> Any:
    values = np.array([getattr(row, name) for row in rows])
    return figure(lambda i: float(values[i].mean()), [row.photo for row in rows])


def section(found: dict[str, Any]) -> Iterator[str]:
    """A table."""
    rows: list[Row] = found["rows"]
    noise = f"{found['noise']:.3f}".lstrip("0")
    faces, unsteady = len(found["photos"]), len(found["unsteady"])
    yield SECTION.format(faces=faces, unsteady=unsteady, all=faces + unsteady, least=LEAST_PX, least_chroma=LEAST_CHROMA,
                         emotions=len(EMOTIONS), noise=noise, others=number(found["others"]))  # fmt: skip
    lines = []
    for system in SYSTEMS:
        own = [row for row in rows if row.system == system]
        there = [row for row in own if row.found]
        hues, moved = np.array([row.hue_deg for row in own if np.isfinite(row.hue_deg)]), [row.moved for row in there]
        lines.append([
            system, f"{len(there)} of {len(own)}", *(f"{value:.3f}".lstrip("0") for value in (np.mean(moved), max(moved))),
            cell(_mean(there, "likeness")), number(min(r.likeness for r in there)),
            *(f"{value:.1f}" for value in (hues.mean(), np.percentile(hues, 95), hues.max())),
        ])  # fmt: skip
    yield from table(["", "found", "moved", "most", "likeness", "least", "hue, mean", "95 % of edits", "most"], lines)
    yield ""
