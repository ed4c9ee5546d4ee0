"""Does an edit leave what is shown as it was? Edges and segments, beside the grade by rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data as samples
from skimage.metrics import structural_similarity
from skimage.segmentation import slic

from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.image_standing.bench import EDITED, GRADED, Bench, Photo, Picture, slug
from emogen.training.kept import seed_of
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "content"
SYSTEMS = (EDITED, GRADED)
EMOTIONS = (
    "joy", "excitement", "calm", "awe", "nostalgia", "sadness", "loneliness", "fear", "dread", "anger", "disgust", "boredom",
)  # fmt: skip
#: scikit-image's own samples, in full size.
SAMPLE = "sample"
SAMPLES = ("astronaut", "coffee", "chelsea", "rocket")
SEGMENTS = 80
#: Range of an edge map of unit power, for the constants of structural similarity (own choice: about 1 % lie above).
EDGE_RANGE = 6.0
SECTION = """### Does what is shown stay?

{photos} photographs (scikit-image's {samples} and {others} of OASIS) in {emotions} feelings. *Edges*: structural similarity of the
maps of the strength of edges (Sobel, of unit power) before and after, so that more or less contrast alone costs nothing.
*Segments*: the original falls into about {segments} segments (SLIC); how much of the lightness's and the colour's variance lies
between them, after over before, at most 1. Weather that was asked for lies over things and counts against both.
"""


@dataclass(frozen=True)
class Row:
    """An edit, and how much of edges and segments it keeps."""

    system: str
    photo: str
    emotion: str
    edges: float
    segments: float


def measure(bench: Bench, run: bool = True) -> list[Row] | None:
    """All edits."""
    here, rows = bench.version(Path(__file__), EDITED, read=False), []
    for photo in (*sample_photos(), *bench.photos[: bench.counts.content]):
        found = bench.kept(PART, here, partial(_photo, bench, photo), run=run, name=slug(photo.theme))
        if found is None:
            return None
        rows += [Row(**row) for row in found]
    return rows


def sample_photos() -> list[Photo]:
    """Photographs that are free to show."""
    return [Photo(f"{SAMPLE} {name}", np.asarray(getattr(samples, name)(), dtype=np.uint8)) for name in SAMPLES]


def _photo(bench: Bench, photo: Photo) -> list[dict[str, Any]]:
    print(f"content: {photo.theme}", flush=True)
    before, parts = edges(photo.picture), slic(photo.picture, n_segments=SEGMENTS, start_label=0)
    whole, rows = held_together(photo.picture, parts), []
    for emotion in EMOTIONS:
        for system in SYSTEMS:
            made = bench.changed(system, photo.picture, emotion, seed_of(PART, photo.theme, emotion))
            rows.append(
                asdict(
                    Row(
                        system,
                        photo.theme,
                        emotion,
                        alike(before, edges(made)),
                        min(1.0, held_together(made, parts) / whole),
                    )
                )
            )
    return rows


def edges(picture: Picture) -> NDArray[np.float32]:
    """Strength of edges [h, w], of unit power."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steep = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return np.asarray(steep / (np.sqrt((steep**2).mean()) + 1e-6), dtype=np.float32)


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Structural similarity of two maps of edges."""
    return round(float(structural_similarity(one, other, data_range=EDGE_RANGE)), 4)


def held_together(picture: Picture, parts: NDArray[np.intp]) -> float:
    """Share of the variance of Lab that lies between segments [h, w], 0..1."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    of, counts = parts.ravel(), np.bincount(parts.ravel())
    means = np.stack([np.bincount(of, lab[:, k]) / np.maximum(counts, 1) for k in range(3)], axis=1)
    return round(float(means[of].var(axis=0).sum() / max(float(lab.var(axis=0).sum()), 1e-9)), 4)


def mean(rows: Sequence[Row], system: str, name: str) -> Figure:
    """With its interval over photographs."""
    own = [row for row in rows if row.system == system]
    values = np.array([getattr(row, name) for row in own])
    return figure(lambda i: float(values[i].mean()), [row.photo for row in own])


def goals(rows: list[Row]) -> Iterator[Goal]:
    """What was aimed at."""
    for name in ("edges", "segments"):
        found = mean(rows, EDITED, name)
        yield Goal(f"edited: {name} kept, mean", "at least .8", cell(found), found.value >= 0.8)


def section(rows: list[Row]) -> Iterator[str]:
    """A table."""
    photos = {row.photo for row in rows}
    others = sum(not photo.startswith(SAMPLE) for photo in photos)
    yield SECTION.format(
        photos=len(photos), samples=", ".join(SAMPLES), others=others, emotions=len(EMOTIONS), segments=SEGMENTS
    )
    lines = []
    for system in SYSTEMS:
        own = [row for row in rows if row.system == system]
        below = [float(np.mean([getattr(r, name) < 0.8 for r in own])) for name in ("edges", "segments")]
        least = min(own, key=lambda r: r.edges)
        lines.append([system, cell(mean(rows, system, "edges")), number(below[0]), f"{number(least.edges)} ({least.emotion})",
                      cell(mean(rows, system, "segments")), number(below[1])])  # fmt: skip
    yield from table(["", "edges", "share below .8", "least", "segments", "share below .8"], lines)
    yield "\nEdges by feeling:\n"
    rows_of = {
        e: [number(float(np.mean([r.edges for r in rows if (r.system, r.emotion) == (s, e)]))) for s in SYSTEMS]
        for e in EMOTIONS
    }
    yield from table(["", *EMOTIONS], [[s, *(rows_of[e][k] for e in EMOTIONS)] for k, s in enumerate(SYSTEMS)])
    yield ""
