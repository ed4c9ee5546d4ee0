"""Which joints move a point of the figure, and how much: weights that are smooth by being harmonic.

Inside the body a grid is filled with one field per joint: 1 in the joint's core (`tables/figure_cores.csv`, thick
bones, own choice by eye), 0 in all others' cores, and between them as heat would spread (Laplace's equation; harmonic
weights as in Joshi et al. 2007, "Harmonic coordinates", SIGGRAPH). At joints that bend far a helper that turns half as
far stands between, so that volume is kept where linear blending would lose it (Mohr and Gleicher 2003, "Building
efficient, accurate character skins from examples", SIGGRAPH).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from emogen.pipelines.gesture.figure.helpers import HELPERS
from emogen.tables import read_table
from emogen.training.fields import Field, rod
from emogen.training.figure_form import places

#: Cells of the grids for the body and for a hand (cm).
BODY_CELL, HAND_CELL = 1.2, 0.33
#: From here on outwards a hand's own, finer grid holds.
HAND_FROM = 62.0
#: The least weight that is kept, and joints a point has at most.
LEAST, MOST = 0.01, 4
#: Radius of a finger's core, and how much of each end of a bone is left for bending.
FINGER_CORE, FINGER_FREE = 0.25, 0.24


@dataclass(frozen=True)
class Core:
    """A rounded rod in which one joint alone holds: from a to b, radius ra to rb (cm)."""

    joint: str
    a: tuple[float, float, float]
    b: tuple[float, float, float]
    ra: float
    rb: float


def body_cores() -> list[Core]:
    """Of the whole body without fingers, both sides."""
    out = []
    for row in read_table(__package__, "tables/figure_cores.csv"):
        a, b = ((float(row[f"{e}x_cm"]), float(row[f"{e}y_cm"]), float(row[f"{e}z_cm"])) for e in "ab")
        one = Core(row["joint"], a, b, float(row["ra_cm"]), float(row["rb_cm"]))
        out.append(one)
        if one.joint.startswith("Left"):
            flip = [(-v[0], v[1], v[2]) for v in (a, b)]
            out.append(Core(one.joint.replace("Left", "Right"), flip[0], flip[1], one.ra, one.rb))
    return out


def hand_cores() -> list[Core]:
    """Of the left hand: forearm, palm, fingers."""
    at = places()
    wrist = at["LeftHand"]
    out = [Core("LeftForeArm", (40, 143, -1), (66.0, 143, -1), 1.5, 1.5)]
    for finger, reach in (("Index", 0.72), ("Middle", 0.72), ("Ring", 0.72), ("Pinky", 0.7)):
        knuckle = at[f"LeftHand{finger}1"]
        start, end = wrist + (knuckle - wrist) * 0.3, wrist + (knuckle - wrist) * reach
        out.append(Core("LeftHand", tuple(start), tuple(end), 0.7, 0.7))
    for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky"):
        chain = [at[f"LeftHand{finger}{k}"] for k in (1, 2, 3)]
        chain.append(chain[2] + (chain[2] - chain[1]) * 0.9)
        for k in range(3):
            way = chain[k + 1] - chain[k]
            end = chain[k + 1] - way * (FINGER_FREE if k < 2 else 0.1)
            out.append(
                Core(
                    f"LeftHand{finger}{k + 1}",
                    tuple(chain[k] + way * FINGER_FREE),
                    tuple(end),
                    FINGER_CORE,
                    FINGER_CORE,
                )
            )
    return out


def harmonic(
    field: Field, cores: Sequence[Core], low: np.ndarray, high: np.ndarray, cell: float
) -> tuple[list[str], RegularGridInterpolator]:
    """The joints and their weights over a box, filled a little past the surface."""
    axes = [np.arange(a, b + cell, cell) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = field(points) < 0.4 * cell
    names = list(dict.fromkeys(c.joint for c in cores))
    fixed = np.full(inside.shape, -1)
    depth = np.full(inside.shape, np.inf)
    for core in cores:
        d = rod(points, core.a, core.b, core.ra, core.rb)
        mine = (d < 0.5 * cell) & (d < depth) & inside
        fixed[mine] = names.index(core.joint)
        depth[mine] = d[mine]
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    values = _solved(number, fixed, len(names))
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    filled = values[number[tuple(nearest)]]
    return names, RegularGridInterpolator(axes, filled, bounds_error=False, fill_value=None)


def _solved(number: np.ndarray, fixed: np.ndarray, joints: int) -> np.ndarray:
    """Heat at rest in the numbered cells, [n, joints]; cells that no core reaches keep 0."""
    count = int(number.max()) + 1
    held = fixed[number >= 0]
    pairs = []
    for a in range(3):
        n = np.moveaxis(number, a, 0)
        both = (n[:-1] >= 0) & (n[1:] >= 0)
        pairs.append(np.stack([n[:-1][both], n[1:][both]]))
    i, j = np.concatenate(pairs, axis=1)
    near = coo_matrix((np.ones(2 * len(i)), (np.r_[i, j], np.r_[j, i])), shape=(count, count)).tocsr()
    free = np.flatnonzero(held < 0)
    held_at = np.flatnonzero(held >= 0)
    known = np.zeros((count, joints))
    known[held_at, held[held_at]] = 1
    total = np.asarray(near.sum(axis=1)).ravel() + 1e-9
    matrix = -near[free][:, free].tolil()
    matrix.setdiag(total[free])
    known[free] = splu(matrix.tocsc()).solve(near[free][:, held_at] @ known[held_at])
    return known


def with_helpers(names: Sequence[str], weights: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Weights [V, n] with the helpers' share: what lies between parent and child goes through the half turn."""
    out = dict(zip(names, weights.T.copy(), strict=True))
    for helper in HELPERS:
        parent, child = out[helper.parent], out[helper.joint]
        both = parent + child
        s = np.where(both > 1e-9, child / np.maximum(both, 1e-9), 0)
        between = both * (1 - np.abs(2 * s - 1))
        out[helper.parent], out[helper.joint] = both * np.clip(1 - 2 * s, 0, 1), both * np.clip(2 * s - 1, 0, 1)
        out[helper.name] = between
    return list(out), np.stack(list(out.values()), axis=1)


def pruned(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The `MOST` largest weights of each point and whose they are: float [V, MOST], int [V, MOST]."""
    weights = np.where(weights < LEAST, 0, weights)
    which = np.argsort(-weights, axis=1, kind="stable")[:, :MOST]
    kept = np.take_along_axis(weights, which, axis=1)
    kept /= np.maximum(kept.sum(axis=1, keepdims=True), 1e-9)
    return kept, np.where(kept > 0, which, 0)
