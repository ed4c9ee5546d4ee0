"""A human body: who it is, how its skeleton is bent and turned.

The skeleton (right, up, forward; in body heights) is bent by a `POSES` entry and turned by its yaw. Poses are vectors,
so they pass over into one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.brush import mixed, rgb
from emogen.codecs.scene.noise import smoothstep

Vector = NDArray[np.float64]
#: For each hand, the point (right, up, away; m) that it holds on to, and how firmly (0..1).
Reach = tuple[tuple[Vector, float] | None, tuple[Vector, float] | None]
# Angles (deg): lean of the hips, curl of the back, nod, turn of the head; rise above the ground (body heights);
# left then right leg: thigh forward, shin forward, spread; left then right arm: upper arm forward and spread, forearm.
_STAND = [1, 3, 3, 0, 0, 3, 1, 4, -3, -6, 4, -4, 9, 8, 5, -2, 9, 12, 6]
POSES: dict[str, Vector] = {
    name: np.array(angles, np.float64)
    for name, angles in {
        "stand": _STAND,
        "look": [-1, 2, -4, 12, 0, 6, 4, 7, -5, -8, 6, 6, 16, 40, -30, -3, 9, 8, 6],
        "walk": [3, 3, 4, 0, 0, 25, 12, 2, -18, -38, 2, -22, 8, -8, 5, 22, 8, 42, 3],
        "run": [16, 8, -4, 0, 0.03, 58, -12, 2, -24, -88, 2, -50, 12, 45, 5, 42, 10, 128, -8],
        "slump": [6, 26, 46, 0, 0, 5, -1, 3, 1, -7, 3, 14, 4, 17, 2, 15, 4, 20, 2],
        "weep": [5, 20, 38, 0, 0, 5, -1, 3, 1, -6, 3, 34, 10, 128, -26, 32, 10, 126, -26],
        "hug self": [4, 22, 38, 0, 0, 4, 0, 3, 0, -6, 3, 24, 6, 72, -52, 22, 6, 82, -52],
        "huddle": [16, 34, 46, 0, 0, 128, -16, 3, 126, -18, 3, 22, 8, 34, -30, 24, 8, 38, -30],
        "sit": [-8, 14, 4, 10, 0, 118, -8, 6, 104, 30, 6, 30, 10, 58, 0, -30, 14, -14, 10],
        "cheer": [-3, -4, -14, 0, 0, 4, 2, 9, -4, -8, 9, 8, 148, 4, 166, 8, 146, 4, 164],
        "jump": [-4, -6, -16, 0, 0.2, 34, -42, 12, -8, -78, 12, 10, 138, 6, 158, 10, 150, 6, 166],
        "dance": [-2, -4, -8, 14, 0.03, 52, -18, 10, -4, -10, 5, 10, 152, 0, 172, 6, 72, 10, 108],
        "swing": [2, -6, -6, -12, 0.02, 8, -20, 14, -30, -62, 10, 20, 96, 12, 128, 10, 132, -4, 106],
    }.items()
}


@dataclass(frozen=True)
class Person:
    """Build and clothes of a figure (fixed by its seed; colours are linear light).

    Attributes:
        height_m: Of the body.
        head: Size of the head against an adult's.
        wear: "trousers", "coat", "dress" or "cloak".
        coat: Colour of what covers the torso.
        legs: Colour of trousers, skirt or stockings.
        skin: Of face and hands.
        hair: Colour of the hair.
        long_hair: Whether it falls on the shoulders.
        hat: "", "cap", "brim" or "hood".
        shoes: Colour of the shoes.
        scarf: Colour of the scarf that is worn in the cold.
        stout: Breadth against the usual one.
    """

    height_m: float
    head: float
    wear: str
    coat: tuple[float, float, float]
    legs: tuple[float, float, float]
    skin: tuple[float, float, float]
    hair: tuple[float, float, float]
    long_hair: bool
    hat: str
    shoes: tuple[float, float, float]
    scarf: tuple[float, float, float]
    stout: float


SKINS = ("#f0c8a8", "#e0ac86", "#c68e66", "#9a6544", "#6b432d", "#f3d2ba")
HAIRS = ("#1b1512", "#33221a", "#5b3a22", "#8a5a2e", "#b98d4f", "#8f8a86", "#7c3a1c")
SCARVES = ("#a8322c", "#c99a3a", "#d8d0c0", "#3f6a7c", "#6a3a52")
COATS = (
    "#2f3d50",
    "#6f322d",
    "#bfae8c",
    "#46584a",
    "#83858f",
    "#9c6238",
    "#cfc9bb",
    "#3d3640",
    "#96403e",
    "#557787",
    "#c09a4c",
    "#5d4c3e",
)
LEGS = ("#2a2d38", "#4a4038", "#35465e", "#1f1d1f", "#6b6252", "#8a8478")


def person(rng: np.random.Generator, *, adult: bool | None = None) -> Person:
    """A person drawn at random."""
    draw = rng.random(12)
    grown = draw[0] > 0.22 if adult is None else adult
    woman = draw[1] < 0.5
    pick = [c[int(d * len(c))] for c, d in zip((SKINS, HAIRS, COATS, LEGS), draw[2:6], strict=True)]
    wear = (
        ("dress" if draw[6] < 0.55 else "coat" if draw[6] < 0.8 else "trousers")
        if woman
        else ("coat" if draw[6] < 0.35 else "trousers")
    )
    hat = "brim" if draw[7] > 0.86 else "cap" if draw[7] > 0.76 else ""
    height = (1.64 if woman else 1.77) + 0.1 * (draw[8] - 0.5) if grown else 1.0 + 0.38 * draw[8]
    return Person(
        float(height), 1.0 if grown else float(1.12 + 0.5 * (1.4 - height)), wear, rgb(pick[2]), rgb(pick[3]), rgb(pick[0]),
        rgb(pick[1]), bool(woman and draw[9] < 0.7), hat, rgb("#2a201a"), rgb(SCARVES[int(draw[11] * len(SCARVES))]),
        float(0.92 + 0.26 * draw[10] ** 2),
    )  # fmt: skip


def blended(parts: dict[str, float]) -> Vector:
    """A mixture of poses by their shares."""
    return np.asarray(sum(POSES[name] * share for name, share in parts.items()) / sum(parts.values()))


@dataclass(frozen=True)
class Joints:
    """Where the joints of a figure are (right, up, away; m), after its yaw; left before right."""

    hip: Vector
    back: Vector
    neck: Vector
    head: Vector
    legs: Vector
    arms: Vector
    frame: Vector


def _way(forward_deg: float, spread_deg: float, side: int) -> Vector:
    a, b = np.radians(forward_deg), np.radians(spread_deg)
    return np.array([side * np.sin(b), -np.cos(a) * np.cos(b), np.sin(a) * np.cos(b)])


def joints(who: Person, pose: Vector, yaw: float, reach: Reach = (None, None)) -> Joints:
    """Bends the skeleton and turns it: yaw 0 looks away from us, a quarter turn to the right, half a turn at us.

    Args:
        who: Gives height and proportions.
        pose: Angles, as in `POSES`.
        yaw: Radians.
        reach: What left and right hand hold on to.
    """
    p, tall = pose, who.height_m
    leg = 0.475 - 0.05 * (who.head - 1)
    lean, curl, nod = np.radians([p[0], p[0] + p[1], p[0] + p[1] * 0.7 + p[2]])
    hip = np.zeros(3)
    back = hip + 0.17 * np.array([0, np.cos(lean), np.sin(lean)])
    neck = back + 0.145 * np.array([0, np.cos(curl), np.sin(curl)])
    head = neck + (0.095 * who.head + 0.012) * np.array([0, np.cos(nod), np.sin(nod)])
    legs, arms = np.zeros((2, 4, 3)), np.zeros((2, 4, 3))
    for i, side in enumerate((-1, 1)):
        thigh, shin, spread = p[5 + 3 * i : 8 + 3 * i]
        legs[i, 0] = hip + np.array([side * 0.042, 0, 0])
        legs[i, 1] = legs[i, 0] + leg * 0.51 * _way(thigh, spread, side)
        legs[i, 2] = legs[i, 1] + leg * 0.49 * _way(shin, spread * 0.4, side)
        flat = np.radians(np.clip(shin, -60, 10))
        legs[i, 3] = legs[i, 2] + 0.085 * np.array([side * 0.15, np.sin(flat) * 0.9 - 0.25, np.cos(flat)])
        a1, b1, a2, b2 = p[11 + 4 * i : 15 + 4 * i]
        shoulder = neck + np.array([side * 0.092, 0, 0]) - 0.032 * np.array([0, np.cos(curl), np.sin(curl)])
        shoulder = shoulder + np.array([side * -0.012, 0.035, 0]) * float(smoothstep(60, 150, b1))
        arms[i, 0] = shoulder
        arms[i, 1] = shoulder + 0.168 * _way(a1 + p[0] + 0.5 * p[1], b1, side)
        arms[i, 2] = arms[i, 1] + 0.148 * _way(a2 + p[0] + 0.5 * p[1], b2, side)
        arms[i, 3] = arms[i, 2] + 0.06 * _way(a2 + p[0] + 0.5 * p[1] + 6, b2, side)
    floor = min(float(legs[:, 2:, 1].min()) - 0.022, -0.085)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    look = yaw + np.radians(p[3])
    frame = np.array(
        [
            [np.cos(look), 0, -np.sin(look)],
            [np.sin(look) * np.sin(nod), np.cos(nod), np.cos(look) * np.sin(nod)],
            [0, 0, 0],
        ]
    )
    frame[2] = np.cross(frame[0], frame[1])
    rise = np.array([0, p[4] - floor, 0])
    placed = [tall * ((v + rise) @ turn.T) for v in (hip, back, neck, head, legs, arms)]
    for i, hand in enumerate(reach):
        if hand is not None:
            placed[5][i] = mixed(placed[5][i], _reached(placed[5][i], hand[0], tall), hand[1])
    hip, back, neck, head, legs, arms = placed
    return Joints(hip, back, neck, head, legs, arms, frame)


def _reached(arm: Vector, hand: Vector, tall: float) -> Vector:
    """The arm with its hand at a point, or as near as it gets (two bones; the elbow hangs)."""
    upper, fore = 0.168 * tall, 0.2 * tall
    to = hand - arm[0]
    far = np.clip(np.linalg.norm(to), 0.12 * tall, 0.985 * (upper + fore))
    to = to / (np.linalg.norm(to) + 1e-9)
    along = (upper**2 - fore**2 + far**2) / (2 * far)
    down = np.array([0.0, -1, 0]) + to * to[1]
    down /= np.linalg.norm(down) + 1e-9
    elbow = arm[0] + to * along + down * np.sqrt(max(upper**2 - along**2, 0))
    end = arm[0] + to * far
    return np.array([arm[0], elbow, elbow + (end - elbow) * 0.74, end])
