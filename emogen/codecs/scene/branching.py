"""Trees: a habit and random numbers -> the skeleton of a tree in three dimensions and where its leaves hang.

Unit: the height of the tree; x to the right, y up from its foot, z towards the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Habit:
    """How a species grows (own choices, by eye).

    Attributes:
        bare: Share of the trunk without boughs.
        reach: Length of the longest bough.
        outline: Length of boughs at the crown's foot, at quarters, and at the top, as shares of `reach`.
        lean: Angle of boughs from the trunk (degrees) at the crown's foot and at the top.
        counts: Children per branch, level by level.
        wander: How crooked branches are.
        rise: How branches bend up (or down, negative), level by level.
        girth: Radius of the trunk at its foot.
        fork: Share of the trunk's height at which it dissolves in boughs.
        spray: Size of a spray of leaves.
        flat: Height of a spray as a share of its length.
        bark: Colour of the bark.
        needles: Whether it is evergreen.
        twig: Length of twigs as a share of what they grow on.
        tiers: Whorls of boughs, one over the other; 0: boughs all along the trunk.
    """

    bare: float
    reach: float
    outline: tuple[float, ...]
    lean: tuple[float, float]
    counts: tuple[int, ...]
    wander: float
    rise: tuple[float, ...]
    girth: float
    fork: float
    spray: float
    flat: float
    bark: tuple[float, float, float]
    needles: bool = False
    twig: float = 0.62
    tiers: int = 0

    def tier_shade(self, points: Points) -> Points:
        """How light the boughs' upper sides are against the gaps between tiers of boughs, at points [n, 3]."""
        if not self.tiers:
            return np.ones(len(points))
        away = np.hypot(points[:, 0], points[:, 2])
        slope = np.interp(points[:, 1], [self.bare, 1.0], [0.34, -0.40])
        tier = (points[:, 1] + slope * away - self.bare) / (1 - self.bare) * self.tiers
        around, whorl = np.arctan2(points[:, 2], points[:, 0]), np.floor(tier)
        tier = tier - 0.25 * np.sin(2.6 * whorl) + 0.30 * np.sin(5 * around + 3 * whorl) + 0.12 * np.sin(9 * around)
        edge = np.interp(points[:, 1], np.linspace(self.bare, 1, len(self.outline)), self.outline) * self.reach
        out = np.clip(away / np.maximum(edge, 0.02), 0, 1.2)
        return np.asarray((0.22 + 0.78 * out) * (0.72 + 0.33 * np.cos(2 * np.pi * (tier - 0.30))))


HABITS: dict[str, Habit] = {
    "oak": Habit(
        0.20, 0.44, (0.85, 1.0, 1.0, 0.85, 0.5), (80, 18), (17, 6, 5, 3),
        0.20, (0.18, 0.10, 0.05, 0.0), 0.034, 0.80, 0.0165, 0.7, (0.085, 0.062, 0.045),
    ),
    "poplar": Habit(
        0.10, 0.21, (0.70, 1.0, 0.95, 0.75, 0.35), (30, 12), (30, 5, 4, 2),
        0.10, (0.10, 0.12, 0.08, 0.0), 0.022, 0.97, 0.013, 0.7, (0.12, 0.10, 0.08),
    ),
    "birch": Habit(
        0.24, 0.27, (0.75, 1.0, 0.90, 0.65, 0.30), (52, 22), (22, 5, 4, 3),
        0.14, (0.10, -0.10, -0.30, -0.45), 0.018, 0.96, 0.0125, 0.6, (0.50, 0.48, 0.44),
    ),
    "willow": Habit(
        0.24, 0.34, (0.95, 1.0, 0.95, 0.85, 0.60), (62, 22), (13, 5, 6, 3),
        0.16, (0.12, -0.35, -1.1, -1.6), 0.036, 0.74, 0.0155, 0.30, (0.10, 0.08, 0.055), False, 0.95,
    ),
    "spruce": Habit(
        0.11, 0.225, (0.92, 0.84, 0.55, 0.28, 0.0), (112, 66), (104, 9, 3),
        0.04, (0.14, -0.12, -0.45), 0.012, 1.0, 0.0165, 0.24, (0.075, 0.052, 0.038), True, 0.46, 15,
    ),
    "pine": Habit(
        0.42, 0.24, (0.7, 1.0, 0.95, 0.85, 0.5), (86, 35), (22, 6, 4),
        0.15, (0.10, 0.15, 0.2), 0.017, 0.96, 0.015, 0.5, (0.17, 0.085, 0.05), True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Tree:
    """A skeleton: tapered pieces of branches, thick ones first, and sprays of leaves.

    Attributes:
        start, end: Of each piece [n, 3].
        radius0, radius1: There [n].
        level: 0 trunk, 1 bough .. [n].
        sprays: Where leaves hang [m, 3].
        heading: How the twig under each points [m, 3].
        rank: 0..1 [m]: a spray hangs when the share of leaves is above it.
        tint: 0..1 [m].
        turn: 0..1 [m].
    """

    start: Points
    end: Points
    radius0: Points
    radius1: Points
    level: NDArray[np.int64]
    sprays: Points
    heading: Points
    rank: Points
    tint: Points
    turn: Points


def _unit(v: Points) -> Points:
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9))


def _grow(
    rng: np.random.Generator, foot: Points, heading: Points, length: Points, steps: int, wander: float, rise: float
) -> Points:
    """Crooked lines [b, steps + 1, 3] from their feet [b, 3]."""
    kinks = rng.standard_normal((len(foot), steps, 3))
    points, here, way = [foot], foot, heading
    for k in range(steps):
        way = _unit(way + wander * kinks[:, k] + np.array([0.0, rise / steps * 2, 0.0]))
        here = here + way * (length / steps)[:, None]
        points.append(here)
    return np.stack(points, 1)


def grown(rng: np.random.Generator, habit: Habit, *, gnarl: float = 0.0, wind: float = 0.0) -> Tree:
    """A tree of a habit.

    Args:
        rng: The same numbers are drawn whatever `gnarl` and `wind` are.
        habit: The species.
        gnarl: 0 healthy .. 1 crooked and twisted.
        wind: 0 .. 1: leans to the right.
    """
    wander = habit.wander * (1 + 1.3 * gnarl) + 0.10 * gnarl
    up = np.array([[0.0, 1.0, 0.0]])
    lines = _grow(rng, np.zeros((1, 3)), up, np.array([habit.fork]), 14, wander * 0.35, 0.25)
    lines[..., 1] *= habit.fork / lines[0, -1, 1]
    thick0, thick1 = np.array([habit.girth]), np.array([habit.girth * (0.10 if habit.fork > 0.9 else 0.35)])
    pieces, sprays, headings = [], [], []
    for level, count in enumerate((*habit.counts, 0)):
        steps = lines.shape[1] - 1
        taper = np.linspace(0, 1, steps + 1)[None]
        radii = thick0[:, None] * (1 - taper) + thick1[:, None] * taper
        if level == 0:
            radii = radii * (1 + 0.9 * np.exp(-taper * 22))
        pieces.append((lines[:, :-1], lines[:, 1:], radii[:, :-1], radii[:, 1:], level))
        if level >= len(habit.counts) - 1:
            sprays.append(lines[:, 1:].reshape(-1, 3))
            headings.append((lines[:, 1:] - lines[:, :-1]).reshape(-1, 3))
        if not count:
            break
        lines, thick0, thick1 = _children(rng, habit, lines, radii, level, count, wander)
    flat = [np.concatenate([np.asarray(p[k]).reshape(-1, 3) for p in pieces]) for k in (0, 1)]
    widths = [np.concatenate([np.asarray(p[k]).ravel() for p in pieces]) for k in (2, 3)]
    levels = np.concatenate([np.full(p[2].size, p[4]) for p in pieces])
    points, ways = np.concatenate(sprays), _unit(np.concatenate(headings))
    loose = np.array([0.7, 0.4, 0.7]) if habit.needles else np.array([1.1, 1.1, 1.1])
    points = points + rng.standard_normal(points.shape) * habit.spray * loose
    rank, tint, turn = rng.random((3, len(points)))
    for p in (*flat, points):
        p[:, 0] += wind * 0.16 * np.abs(p[:, 1]) ** 1.7
    return Tree(flat[0], flat[1], widths[0], widths[1], levels, points, ways, rank, tint, turn)


def _children(
    rng: np.random.Generator, habit: Habit, lines: Points, radii: Points, level: int, count: int, wander: float
) -> tuple[Points, Points, Points]:
    """The branches of the next level and how thick they are at both ends."""
    parents, steps = len(lines), lines.shape[1] - 1
    low = habit.bare / habit.fork if level == 0 else 0.22
    spot = rng.random((parents, count))
    place = (np.arange(count)[None] + spot) / count
    if habit.tiers and level == 0:
        tier = np.arange(count)[None] * habit.tiers // count
        place = (tier + 0.30 * spot + 0.25 * np.sin(2.6 * tier)) / habit.tiers
    at = low + (1 - low) * (place if level == 0 else place**0.85)
    k = np.minimum((at * steps).astype(int), steps - 1)
    part = (at * steps - k)[..., None]
    rows = np.arange(parents)[:, None]
    foot = lines[rows, k] * (1 - part) + lines[rows, k + 1] * part
    way = _unit(lines[rows, k + 1] - lines[rows, k])
    around = (
        2.39996 * np.arange(count)[None] + rng.uniform(0, 0.9, (parents, count)) + rng.uniform(0, 6.28, (parents, 1))
    )
    spin, jitter = rng.uniform(0.75, 1.25, (parents, count)), rng.uniform(0.75, 1.2, (parents, count))
    if habit.tiers and level == 0:
        jitter = 0.5 + 0.5 * jitter
    if level == 0:
        angle = np.radians(habit.lean[0] + (habit.lean[1] - habit.lean[0]) * place) * (0.9 + 0.1 * spin)
        length = habit.reach * np.interp(place, np.linspace(0, 1, len(habit.outline)), habit.outline) * jitter
    else:
        own = np.linalg.norm(lines[:, -1] - lines[:, 0], axis=1)[:, None]
        angle = np.radians(48) * spin
        length = own * habit.twig * (1 - 0.48 * at) * jitter
    side = _unit(np.cross(way, np.array([0.31, 0.17, 0.93])))
    other = np.cross(way, side)
    out = side * np.cos(around)[..., None] + other * np.sin(around)[..., None]
    heading = way * np.cos(angle)[..., None] + out * np.sin(angle)[..., None]
    here = radii[rows, k]
    thick0 = np.minimum(here * 0.72, 0.022 * length**0.8 + here * (0.16 if habit.needles else 0.30))
    children = _grow(
        rng, foot.reshape(-1, 3), heading.reshape(-1, 3), length.ravel(), (8, 5, 4, 3)[level], wander, habit.rise[level]
    )
    return children, thick0.ravel(), thick0.ravel() * 0.25
