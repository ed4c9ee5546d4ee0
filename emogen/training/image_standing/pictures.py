"""Pictures for the page: one place all over the plane, and photographs felt otherwise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from emogen.errors import CheckpointError
from emogen.media.atomic import atomic_path
from emogen.training.image_standing.bench import CREATED, EDITED, Bench, Picture
from emogen.training.image_standing.content import sample_photos

PLACE, SEED = "a harbour", 7
EMOTIONS = ("joy", "awe", "calm", "sadness", "fear")
QUALITY = 82  # of WebP: no artefact is seen, and a sheet stays below 400 KB
TILE, GAP = 200, 4
GRID = (
    "figures/image_grid.webp",
    f'"{PLACE}" from one seed: valence rises from left to right, arousal from the foot to the top.',
)
EDITS = ("figures/image_edits.webp", f"Photographs of scikit-image as they are, and in {', '.join(EMOTIONS)}.")


def draw(bench: Bench, folder: Path) -> list[tuple[str, str]]:
    """Draws them into `folder`/figures; the names of the files and what they show. What cannot be drawn is left out."""
    drawn = []
    if bench.creates:
        _write(folder / GRID[0], bench.pipe(CREATED).grid(PLACE, side=TILE, seed=SEED).image)
        drawn.append(GRID)
    try:
        _write(folder / EDITS[0], edits(bench))
        drawn.append(EDITS)
    except CheckpointError as error:
        print(error, flush=True)
    return drawn


def edits(bench: Bench) -> Picture:
    """A row for each photograph: as it is, and in each feeling."""
    rows = []
    for photo in sample_photos():
        square = _square(photo.picture)
        made = [square, *(bench.changed(EDITED, square, emotion, SEED) for emotion in EMOTIONS)]
        small = [cv2.resize(p, (TILE, TILE), interpolation=cv2.INTER_AREA) for p in made]
        rows.append(
            np.concatenate([np.pad(p, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for p in small], axis=1)
        )
    return np.ascontiguousarray(np.concatenate(rows)[:-GAP, :-GAP])


def _square(picture: Picture) -> Picture:
    """The middle of a picture."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def _write(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part:
        Image.fromarray(picture).save(part, "WEBP", quality=QUALITY, method=6)
