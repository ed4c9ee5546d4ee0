"""What the fingers of a hand do: named shapes (`hand_shapes.csv`) -> angles -> rotations.

Angles in degrees: flexion of the three joints of a finger (knuckle, middle, end) and spread away from the middle finger;
of the thumb: across the palm, away from the palm, roll towards the fingers, flexion of its two outer joints. Shapes blend
linearly in these angles. The shapes are our own; the joints' ranges are those of the AAOS (1965): knuckle 90, middle
joint 100, end joint 70, thumb 50 and 80 to 90.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import skeleton
from emogen.errors import InputError
from emogen.tables import read_table

FINGERS = ("index", "middle", "ring", "pinky")
#: Order of the angles of a hand.
ANGLES = (
    *(f"{f}_{a}" for f in FINGERS for a in ("knuckle", "middle", "end", "spread")),
    *(f"thumb_{a}" for a in ("across", "away", "roll", "knuckle", "end")),
)
#: Which way a finger's spread goes: away from the middle finger, whose own goes to the thumb's side.
_SIDE = {"index": 1.0, "middle": 1.0, "ring": -1.0, "pinky": -1.0}


@cache
def shapes() -> dict[str, np.ndarray]:
    """Name -> angles [21], degrees, as `ANGLES`."""
    rows = read_table(__package__, "hand_shapes.csv")
    return {r["shape"]: np.array([float(r[a]) for a in ANGLES]) for r in rows}


def shape_angles(name: str) -> np.ndarray:
    """Angles [21] of a shape.

    Raises:
        InputError: No such shape.
    """
    if name not in shapes():
        raise InputError("hand shape", f"found {name!r}", f"Accepted: {', '.join(shapes())}.")
    return shapes()[name]


def finger_rotations(angles: np.ndarray) -> dict[str, np.ndarray]:
    """Angles [T, 21] of a left hand -> local rotations [T, 3, 3] of its joints "HandThumb1" ... "HandPinky3"."""
    found = {}
    for k, finger in enumerate(FINGERS):
        knuckle, middle, end, spread = angles[:, 4 * k : 4 * k + 4].T
        name = "Hand" + finger.capitalize()
        found[name + "1"] = _turned((0, 1, 0), -_SIDE[finger] * spread) @ _turned((0, 0, 1), -knuckle)
        found[name + "2"], found[name + "3"] = _turned((0, 0, 1), -middle), _turned((0, 0, 1), -end)
    across, away, roll, knuckle, end = angles[:, 16:].T
    along, bend = _thumb_axes()
    down = np.cross(along, (0.0, -1.0, 0.0))
    found["HandThumb1"] = _turned((0, 1, 0), across) @ _turned(down, away) @ _turned(along, roll)
    found["HandThumb2"], found["HandThumb3"] = _turned(bend, knuckle), _turned(bend, end)
    return found


@cache
def _thumb_axes() -> tuple[np.ndarray, np.ndarray]:
    """Along the thumb at rest, and the axis that it bends about: its pulp faces the forefinger and a little the palm."""
    along = skeleton().offsets[skeleton().names.index("LeftHandThumb2")]
    along = along / np.linalg.norm(along)
    pulp = np.array([0.6, -0.5, -0.6])
    axis = np.cross(along, pulp)
    return along, axis / np.linalg.norm(axis)


def _turned(axis: tuple[float, ...] | np.ndarray, degrees: np.ndarray) -> np.ndarray:
    unit = np.asarray(axis, dtype=float) / np.linalg.norm(axis)
    return Rotation.from_rotvec(np.radians(degrees)[:, None] * unit).as_matrix()
