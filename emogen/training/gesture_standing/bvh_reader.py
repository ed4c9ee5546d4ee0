"""A second reader of BVH, written apart from `emogen.media.motion`: words one after the other, angles as sines and cosines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Read:
    """What a file says.

    Attributes:
        rotations: Joint -> [T, 3, 3] against its parent.
        places: Joint -> [T, 3] in the world, cm.
        frame_s: Seconds a frame.
    """

    rotations: dict[str, Array]
    places: dict[str, Array]
    frame_s: float


def read(path: Path) -> Read:
    """Reads a file of one root whose joints have different names."""
    words = path.read_text(encoding="utf-8").split()
    at = words.index("MOTION")
    joints = _joints(words[:at])
    count, frame_s = int(words[at + 2]), float(words[at + 5])
    numbers = np.array(words[at + 6 :], dtype=float).reshape(count, -1)
    rotations: dict[str, Array] = {}
    places: dict[str, Array] = {}
    turned: dict[str, Array] = {}
    column = 0
    for name, parent, offset, channels in joints:
        own, place = np.tile(np.eye(3), (count, 1, 1)), np.tile(np.array(offset), (count, 1))
        for channel in channels:
            values, axis = numbers[:, column], "XYZ".index(channel[0])
            column += 1
            if channel.endswith("position"):
                place[:, axis] = values
            else:
                own = own @ _about(axis, np.radians(values))
        rotations[name] = own
        turned[name] = turned[parent] @ own if parent else own
        places[name] = places[parent] + (turned[parent] @ place[:, :, None])[:, :, 0] if parent else place
    assert column == numbers.shape[1], "channels and numbers differ"
    return Read(rotations, places, frame_s)


def _joints(words: list[str]) -> list[tuple[str, str, list[float], list[str]]]:
    """(name, parent, offset, channels) of each joint, end sites left out."""
    found: list[tuple[str, str, list[float], list[str]]] = []
    path: list[str] = []
    name, at = "", 0
    while at < len(words):
        word = words[at]
        if word in ("ROOT", "JOINT"):
            name, at = words[at + 1], at + 2
        elif word == "End":
            name, at = "", at + 2
        elif word == "{":
            path.append(name)
            at += 1
        elif word == "}":
            path.pop()
            at += 1
        elif word == "OFFSET":
            if name:
                found.append((name, path[-2] if len(path) > 1 else "", [float(w) for w in words[at + 1 : at + 4]], []))
            at += 4
        elif word == "CHANNELS":
            count = int(words[at + 1])
            found[-1][3].extend(words[at + 2 : at + 2 + count])
            at += 2 + count
        else:
            at += 1
    return found


def _about(axis: int, angle: Array) -> Array:
    """Rotations [T, 3, 3] about an axis by radians [T]."""
    one, two = (axis + 1) % 3, (axis + 2) % 3
    found = np.zeros((len(angle), 3, 3))
    found[:, axis, axis] = 1.0
    found[:, one, one] = found[:, two, two] = np.cos(angle)
    found[:, two, one] = np.sin(angle)
    found[:, one, two] = -np.sin(angle)
    return found
