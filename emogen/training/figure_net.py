"""The surface of a field as a net of four-cornered faces: one point in every cell that the surface passes.

After Gibson 1998, "Constrained elastic surface nets" (MICCAI): the cells of a grid give the net, then points slide
along the surface until they lie evenly. Grids may have any spacing along each axis.
"""

from __future__ import annotations

import numpy as np

from emogen.training.fields import Cut, Field, onto, slope

#: Rounds of sliding, and the share of the way to the neighbours' middle in each.
ROUNDS, SHARE = 8, 0.5


def net(
    field: Field, grid: tuple[np.ndarray, np.ndarray, np.ndarray], rounds: int = ROUNDS
) -> tuple[np.ndarray, np.ndarray]:
    """Points float [V, 3] and faces int [F, 4], counter-clockwise from outside, of the surface inside a grid."""
    knots = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1)
    values = field(knots)
    points, number = _points(values, grid)
    faces = _faces(values < 0, number)
    used, faces = np.unique(faces, return_inverse=True)
    faces = faces.reshape(-1, 4)
    points = _even(field, onto(field, points[used]), faces, rounds)
    if isinstance(field, Cut):
        for cut in field.cuts:
            on_edge = (_crossed(field.form(knots)) & _crossed(cut(knots)))[number >= 0][used]
            points[on_edge] = field.edged(points[on_edge], cut)
    return points, _turned(points, faces)


def _points(values: np.ndarray, grid: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The middle of the crossings of each cell that has any, [V, 3], and each cell's point (-1: none)."""
    cells = tuple(n - 1 for n in values.shape)
    total, count = np.zeros((*cells, 3)), np.zeros(cells)
    for a in range(3):
        others = [k for k in range(3) if k != a]
        for j in (0, 1):
            for k in (0, 1):
                low: list[slice] = [slice(None)] * 3
                low[others[0]], low[others[1]] = slice(j, j + cells[others[0]]), slice(k, k + cells[others[1]])
                high = list(low)
                low[a], high[a] = slice(0, -1), slice(1, None)
                f0, f1 = values[tuple(low)], values[tuple(high)]
                cross = (f0 < 0) != (f1 < 0)
                t = np.where(cross, f0 / np.where(cross, f0 - f1, 1), 0)
                at = np.empty((*cells, 3))
                for axis in range(3):
                    shape = [1, 1, 1]
                    shape[axis] = -1
                    start = grid[axis][low[axis]].reshape(shape)
                    step = (grid[axis][high[axis]] - grid[axis][low[axis]]).reshape(shape)
                    at[..., axis] = start + (t * step if axis == a else 0)
                total += at * cross[..., None]
                count += cross
    found = count > 0
    number = np.full(cells, -1)
    number[found] = np.arange(found.sum())
    return total[found] / count[found][:, None], number


def _crossed(values: np.ndarray) -> np.ndarray:
    """Which cells a surface passes."""
    n = [slice(None, -1), slice(1, None)]
    corners = np.stack([values[a, b, c] < 0 for a in n for b in n for c in n])
    return corners.any(axis=0) & ~corners.all(axis=0)


def _faces(inside: np.ndarray, number: np.ndarray) -> np.ndarray:
    """One face for every edge of the grid that the surface crosses."""
    out = []
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        moved = np.moveaxis(inside, (a, b, c), (0, 1, 2))
        cells = np.moveaxis(number, (a, b, c), (0, 1, 2))
        cross = moved[:-1, 1:-1, 1:-1] != moved[1:, 1:-1, 1:-1]
        around = [cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, 1:, 1:], cells[:, :-1, 1:]]
        face = np.stack([n[cross] for n in around], axis=1)
        outward = moved[:-1, 1:-1, 1:-1][cross]
        out.append(np.where(outward[:, None], face, face[:, ::-1]))
    return np.concatenate(out)


def _even(field: Field, points: np.ndarray, faces: np.ndarray, rounds: int) -> np.ndarray:
    ends = np.concatenate([faces[:, [k, (k + 1) % 4]] for k in range(4)])
    count = np.maximum(np.bincount(ends[:, 0], minlength=len(points)), 1)[:, None]
    for _ in range(rounds):
        middle = (
            np.stack([np.bincount(ends[:, 0], points[ends[:, 1], c], len(points)) for c in range(3)], axis=1) / count
        )
        normal = slope(field, points)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        way = middle - points
        way -= (way * normal).sum(axis=1, keepdims=True) * normal
        points = onto(field, points + SHARE * way, 2)
    return points


def _turned(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Faces that begin where their shorter diagonal does, so that it parts them into triangles."""
    p = points[faces]
    longer = np.linalg.norm(p[:, 0] - p[:, 2], axis=1) > np.linalg.norm(p[:, 1] - p[:, 3], axis=1)
    return np.where(longer[:, None], np.roll(faces, -1, axis=1), faces).astype(np.int32)
