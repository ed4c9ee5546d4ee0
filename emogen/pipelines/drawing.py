"""Faces of a mesh -> picture, fast and without a graphics card: numbers are painted first, colours are looked up after.

Every face is filled with its own number where it is nearer than what is there; then each pixel evaluates the linear
colour of the face whose number it shows. Numbers are painted at twice the size; only pixels whose four parts differ in
brightness are averaged, so edges are smooth at little cost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from emogen.pipelines.raster import coloured, filled

Frame = TypeVar("Frame")
#: Drawing threads and how many frames each may be ahead of the file.
THREADS, AHEAD = 2, 6
#: Triangles are joined where the normals at the four corners differ by less than this (cosine).
FLAT = 0.90
#: Faces with all corners so far beyond the picture (pixels) are not painted.
AROUND = 64


def paint(
    corners: np.ndarray, away: np.ndarray, colours: np.ndarray, faces: np.ndarray, behind: np.ndarray, background: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Paints a mesh over a background.

    Args:
        corners: Vertices on the picture in pixels, float32 [V, 2], x right, y down.
        away: Of each vertex from the camera, float32 [V].
        colours: Of each vertex, float32 [V, 3], 0..1.
        faces: Triangles int [F, 3] or convex four-cornered faces [F, 4]; those turned away are left out.
        behind: What each face lies further away than it does, so that others cover it, float [F]; infinite: not painted.
        background: float32 [h, w, 3], 0..1.

    Returns:
        The picture, float32 [h, w, 3], and the face at each pixel, -1 for none, int32 [h, w].
    """
    corners, away, colours = (np.ascontiguousarray(values, np.float32) for values in (corners, away, colours))
    faces = np.ascontiguousarray(faces, np.int32)
    height, width = background.shape[:2]
    x, y = corners[:, 0], corners[:, 1]
    # Two edges of a triangle, or the diagonals of a face with four corners: their cross product is twice the area.
    i, j, k, m = (0, 1, 0, 2) if faces.shape[1] == 3 else (0, 2, 1, 3)
    a, b, c, d = faces[:, i], faces[:, j], faces[:, k], faces[:, m]
    twice = (x[b] - x[a]) * (y[d] - y[c]) - (y[b] - y[a]) * (x[d] - x[c])
    inside = (x > -AROUND) & (x < width + AROUND) & (y > -AROUND) & (y < height + AROUND)
    within = inside[a] | inside[b] | inside[c] | inside[d]
    order = np.flatnonzero((twice < -1e-3) & within & (behind < np.inf)).astype(np.int32)
    later = np.asarray(behind, np.float32)[order]
    numbers, planes, tones = filled(corners, away, colours, faces[order], later, twice[order], width, height)
    return coloured(numbers, planes, tones, order, np.ascontiguousarray(background, np.float32))


def paired(faces: np.ndarray, groups: np.ndarray, shapes: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Joins neighbouring triangles to four-cornered faces, which are painted in half the time.

    Two become one where they are of one group and lie nearly flat, with convex corners, in every shape.

    Args:
        faces: Triangles [F, 3].
        groups: What must not be mixed, one number a triangle [F]; below 0 what stays as it is.
        shapes: The mesh's points in all its shapes, each [V, 3].

    Returns:
        Faces [n, 4] - what found no partner has its last corner twice - and the first triangle of each, rising [n].
    """
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    order = np.lexsort(edges.T)
    same = (edges[order][1:] == edges[order][:-1]).all(axis=1)
    one, two = order[:-1][same], order[1:][same]
    fits = (groups[one // 3] == groups[two // 3]) & (groups[one // 3] >= 0)
    one, two = one[fits], two[fits]
    # Corners of the first from behind the shared edge on, and the second's far corner between the edge's ends.
    corner = np.stack([faces[one // 3, (one + 2) % 3], faces[one // 3, one % 3], faces[two // 3, (two + 2) % 3],
                       faces[one // 3, (one + 1) % 3]], axis=1)  # fmt: skip
    flat, rest = np.ones(len(corner)), None
    for points in shapes:
        # Only what a shape moves, and what is flat so far: most shapes move a small part of a mesh.
        moved = np.ones(len(points), bool) if rest is None else (points != rest).any(axis=1)
        some = np.flatnonzero(moved[corner].any(axis=1) & (flat >= FLAT))
        flat[some] = np.minimum(flat[some], _flatness(points[corner[some]]))
        rest = points if rest is None else rest
    taken = np.zeros(len(faces), bool)
    out = faces[:, [0, 1, 2, 2]].copy()
    kept = np.ones(len(faces), bool)
    for k in np.argsort(-flat, kind="stable").tolist():
        a, b = int(one[k]) // 3, int(two[k]) // 3
        if flat[k] < FLAT:
            break
        if not (taken[a] or taken[b]):
            taken[a] = taken[b] = True
            out[min(a, b)], kept[max(a, b)] = corner[k], False
    return out[kept], np.flatnonzero(kept)


def _flatness(p: np.ndarray) -> np.ndarray:
    """The least cosine between the normals at the corners of faces [n, 4, 3]: 1 flat, below 0 not convex."""
    sides = np.roll(p, -1, axis=1) - p
    normals = np.cross(np.roll(sides, 1, axis=1), sides)
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-9)
    return np.min(
        [(normals[:, i] * normals[:, j]).sum(axis=1) for i, j in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3))],
        axis=0,
    )


def drawn(render: Callable[[Frame], np.ndarray], frames: Iterable[Frame]) -> Iterator[np.ndarray]:
    """The pictures of frames in order, drawn a few ahead on several threads."""
    waiting: deque[Future[np.ndarray]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for frame in frames:
            waiting.append(pool.submit(render, frame))
            if len(waiting) > THREADS * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
