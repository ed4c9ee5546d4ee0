"""The form of the neutral figure: head and neck, top, trousers, hands, shoes and their soles, each a field of its own.

Everything stands as the skeleton does: T-pose, Y up, facing +Z, left side at +X, soles at y = 0, lengths in
centimetres. Ovals of trunk and limbs stand in `tables/figure.csv`; all lengths are our own choice by eye, near the
proportions of an adult of 176 cm, smooth on purpose: nobody in particular.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from emogen.codecs.body import skeleton
from emogen.tables import read_table
from emogen.training.fields import Cut, Loft, ball, carve, join, rod

#: Between the eyes; a head is laid out around it.
EYES = np.array([0.0, 166.6, 1.4])
#: How much larger than its ovals are laid out the head is.
HEAD = 1.06
#: Where the top ends on the trousers, the sleeves on the wrists, the trousers on the shoes, and its collar.
HEM, CUFF, ANKLE, COLLAR = 99.0, 68.6, 8.6, 151.6
#: How far one reaches under the other.
LAP = 0.7
#: How much wider the top is than what it covers.
CLOTH = 0.6
#: Length of the last bone of each finger.
TIPS = {"Thumb": 2.5, "Index": 2.1, "Middle": 2.3, "Ring": 2.2, "Pinky": 1.8}
#: A finger's radius at knuckle and tip.
THICK = {
    "Thumb": (1.15, 0.82),
    "Index": (0.92, 0.66),
    "Middle": (0.94, 0.67),
    "Ring": (0.9, 0.64),
    "Pinky": (0.8, 0.56),
}


@cache
def loft(part: str, power: float = 2.0) -> Loft:
    """A part of the table: the torso and legs run along y, the arm along x."""
    rows = [r for r in read_table(__package__, "tables/figure.csv") if r["part"] == part]
    stations = np.array([[float(v) for k, v in r.items() if k != "part"] for r in rows])
    return Loft(0 if part == "arm" else 1, stations, power)


@cache
def places() -> dict[str, np.ndarray]:
    """Where each joint stands."""
    bones = skeleton()
    out: dict[str, np.ndarray] = {}
    for name, parent, offset in zip(bones.names, bones.parents, bones.offsets, strict=True):
        out[name] = offset + (out[bones.names[parent]] if parent >= 0 else 0)
    return out


def mirrored(p: np.ndarray, soft: float = 0.0) -> np.ndarray:
    """Points with the right side laid onto the left; `soft` rounds the crease in the middle (cm)."""
    x = np.sqrt(p[..., :1] ** 2 + soft**2) - soft
    return np.concatenate([x, p[..., 1:]], axis=-1)


def _head(points: np.ndarray) -> np.ndarray:
    """Head and neck: a smooth face with hints of brow, nose, mouth and ears."""
    q = mirrored(points, 0.5)
    p = (q - EYES) / HEAD
    d = ball(p, (0, 2.0, -0.9), (7.3, 7.7, 9.5))
    d = join(d, ball(p, (0, -3.4, 2.4), (5.6, 6.9, 6.0)), 2.6)
    d = join(d, rod(p, (4.2, -5.2, 1.0), (0.8, -9.4, 5.7), 1.7, 1.75), 2.4)
    d = join(d, ball(p, (0, -9.3, 6.5), (1.9, 1.5, 1.7)), 2.0)
    d = join(d, ball(p, (3.4, -3.2, 4.7), (2.5, 2.9, 2.5)), 3.0)
    d = join(d, rod(p, (0, 1.8, 7.3), (4.1, 1.7, 5.2), 1.15, 0.95), 2.2)
    d = carve(d, ball(p, (3.1, -0.35, 10.0), (2.3, 1.25, 2.3)), 1.6)
    d = join(d, ball(p, (3.05, -0.45, 6.3), (1.75, 1.25, 1.35)), 0.5)
    d = join(d, rod(p, (0, 1.0, 7.5), (0, -2.9, 9.5), 0.42, 0.72), 1.2)
    d = join(d, ball(p, (0, -3.15, 9.35), (1.3, 0.72, 1.0)), 0.8)
    d = join(d, ball(p, (0, -5.9, 6.7), (2.5, 1.7, 1.7)), 2.0)
    d = join(d, rod(p, (0, -5.55, 8.35), (2.1, -5.85, 7.3), 0.3, 0.12), 0.8)
    d = join(d, rod(p, (0, -6.6, 8.2), (1.7, -6.35, 7.4), 0.38, 0.15), 0.8)
    d = join(d, ball(p, (6.95, -1.5, -1.3), (1.15, 2.4, 1.6)), 0.7)
    neck = rod(q, (0, 143, -2.4), (0, 160.5, -0.3), 5.9, 5.0)
    return join(d * HEAD, neck, 2.2)


def _over_collar(p: np.ndarray) -> np.ndarray:
    return 0.975 * (p[..., 1] + 0.22 * (p[..., 2] + 1.0) - COLLAR)


head = Cut(_head, (lambda p: -_over_collar(p) - LAP,))


def _wear(points: np.ndarray) -> np.ndarray:
    """Trunk and arms without clothes' thickness."""
    q = mirrored(points)
    trunk = loft("torso", 2.25)(q)
    chest = ball(q, (7.0, 133.5, 4.8), (7.6, 6.0, 5.9))
    trunk = join(trunk, chest, 4.5)
    blade = ball(q, (8.0, 135.0, -6.5), (6.6, 8.0, 5.2))
    trunk = join(trunk, blade, 3.0)
    yoke = rod(q, (0, 147.9, -2.9), (16.0, 142.4, -1.2), 5.1, 4.0)
    trunk = join(trunk, yoke, 3.6)
    return join(trunk, loft("arm")(q), 4.0)


def _jumper(points: np.ndarray) -> np.ndarray:
    q = mirrored(points)
    collar = rod(q, (0, 146.0, -2.1), (0, 154.0, -1.0), 6.6, 5.75)
    return join(_wear(points) - CLOTH, collar, 1.8)


#: What the figure wears above: from hem to collar and cuffs.
top = Cut(
    _jumper,
    (
        _over_collar,
        lambda p: HEM - p[..., 1],
        lambda p: np.abs(p[..., 0]) - CUFF,
    ),
)


def _legs(points: np.ndarray) -> np.ndarray:
    q = mirrored(points)
    pelvis = loft("torso", 2.25)(q)
    pelvis = carve(pelvis, q[..., 1] - 84.0, 6.0)
    seat = ball(q, (7.2, 88.5, -5.2), (7.6, 7.8, 7.0))
    pelvis = join(pelvis, seat, 3.0)
    legs = carve(loft("leg")(q), 95.0 - q[..., 1], 6.0)
    legs = carve(legs, q[..., 0] - 0.35, 0.5)
    return np.maximum(join(pelvis, legs, 3.0), q[..., 1] - HEM - 12.0)


#: Pelvis and legs.
trousers = Cut(_legs, (lambda p: p[..., 1] - HEM - LAP, lambda p: ANKLE - p[..., 1]))


def _hand(points: np.ndarray) -> np.ndarray:
    at = places()
    wrist = at["LeftHand"]
    p = points - wrist
    flat = p * [1.0, 1.28, 1.0]
    d = rod(flat, (-6.0, 0, 0), (0.6, 0, 0), 2.75, 2.55)
    for finger, back in (("Index", 1.15), ("Middle", 0.4), ("Ring", -0.5), ("Pinky", -1.2)):
        knuckle = at[f"LeftHand{finger}1"] - wrist
        d = join(d, rod(flat, (1.2, 0, back), tuple(knuckle - [0.4, 0, 0]), 1.75, 1.2), 1.6)
    d = join(d, ball(p, (3.4, -0.75, 1.9), (2.9, 1.25, 1.7)), 1.2)
    d = join(d, ball(p, (3.6, -0.55, -2.2), (3.0, 1.2, 1.35)), 1.2)
    for finger, (thick, thin) in THICK.items():
        chain = [at[f"LeftHand{finger}{k}"] - wrist for k in (1, 2, 3)]
        way = chain[2] - chain[1]
        chain.append(chain[2] + way / np.linalg.norm(way) * (TIPS[finger] - thin * 0.6))
        bones = np.linspace(thick, thin, 4)
        piece = np.full(points.shape[:-1], np.inf)
        for k in range(3):
            piece = np.minimum(piece, rod(p, chain[k], chain[k + 1], bones[k], bones[k + 1]))
        d = join(d, piece, 1.3 if finger == "Thumb" else 0.55)
    return d


#: The left hand.
hand = Cut(_hand, (lambda p: CUFF - LAP - p[..., 0],))


def _shoe(points: np.ndarray) -> np.ndarray:
    p = points
    d = ball(p, (9.0, 3.2, -3.2), (3.7, 4.4, 4.3))
    d = join(d, ball(p, (9.5, 2.3, 12.6), (4.7, 3.3, 7.0)), 3.0)
    d = join(d, rod(p, (9.0, 6.6, -0.4), (9.3, 3.2, 10.5), 3.9, 3.2), 3.0)
    d = join(d, rod(p, (9.0, 5.0, -1.2), (9.0, 12.0, -1.2), 3.9, 3.6), 2.4)
    return carve(d, p[..., 1] - 0.9, 0.5)


#: The left shoe without its sole.
shoe = Cut(_shoe, (lambda p: p[..., 1] - ANKLE - LAP,))


def _outline(points: np.ndarray) -> np.ndarray:
    return _shoe(points * [1, 0, 1] + [0, 2.2, 0]) - 0.42


#: The left sole: the outline of the shoe, a little wider.
sole = Cut(_outline, (lambda p: p[..., 1] - 1.75, lambda p: -p[..., 1]))
