"""Our own motions as other programs would have written them: other names, zero poses, axes and units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BODY, BodyMotion, skeleton
from emogen.media.motion import BvhJoint, BvhMotion

NAMES = skeleton().names
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def about(axis: str, degrees: float | np.ndarray) -> np.ndarray:
    return np.asarray(Rotation.from_euler(axis, np.asarray(degrees)[..., None], degrees=True).as_matrix())


def walk(frames: int = 60, fps: float = 30.0) -> BodyMotion:
    """Somebody who walks on the spot, swings bent arms, bows and turns a little; fingers are straight."""
    t = np.arange(frames) / fps
    swing = np.sin(2 * np.pi * t)
    rotations = np.tile(np.eye(3), (frames, len(NAMES), 1, 1))

    def turn(name: str, matrices: np.ndarray) -> None:
        rotations[:, NAMES.index(name)] = matrices

    turn("Hips", about("y", 40 + 10 * swing))
    turn("Spine", about("x", 4 + 3 * swing))
    turn("Spine1", about("x", 4 + 3 * swing))
    turn("Spine2", about("x", 4 + 3 * swing))
    turn("Neck", about("x", 10 - 5 * swing))
    turn("Head", about("y", 20 * swing))
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        own = sign * swing
        turn(f"{side}Shoulder", about("z", sign * 4 * swing))
        turn(f"{side}Arm", about("x", -25 * own) @ about("z", np.full(frames, -sign * 70.0)))
        turn(f"{side}ForeArm", about("y", -sign * (35 + 20 * own)))
        turn(f"{side}Hand", about("z", 10 * swing))
        turn(f"{side}UpLeg", about("x", 25 * own))
        turn(f"{side}Leg", about("x", 25 - 20 * own))
        turn(f"{side}Foot", about("x", -25 - 5 * own))  # the soles stay level
    motion = BodyMotion(rotations, np.tile(skeleton().offsets[0], (frames, 1)), fps)
    root = motion.root_cm + np.column_stack([10 * t, 0 * t, 5 * t])
    root[:, 1] -= np.quantile(BodyMotion(rotations, root, fps).soles()[..., 1].min(axis=1), 0.05)
    return BodyMotion(rotations, root, fps)


def pose(**turns: tuple[str, float]) -> np.ndarray:
    """World rotations [52, 3, 3] of our skeleton in a pose: joint -> axis and degrees."""
    motion = np.tile(np.eye(3), (1, len(NAMES), 1, 1))
    for name, (axis, degrees) in turns.items():
        motion[0, NAMES.index(name)] = about(axis, degrees)
    return BodyMotion(motion, np.zeros((1, 3)), 30.0).world()[1][0]


def along_x() -> np.ndarray:
    """Axes of a rig that lays every bone along its own X: [52, 3, 3]; twisted anyhow about it."""
    rng = np.random.default_rng(3)
    found = np.empty((len(NAMES), 3, 3))
    for j in range(len(NAMES)):
        child = next((k for k, p in enumerate(skeleton().parents) if p == j), j)
        way = skeleton().offsets[child] / np.linalg.norm(skeleton().offsets[child])
        across = np.cross(way, rng.normal(size=3))
        across /= np.linalg.norm(across)
        found[j] = np.stack([way, across, np.cross(way, across)], axis=1)
    return found


def foreign(
    motion: BodyMotion,
    axes: np.ndarray | None = None,
    names: Mapping[str, str] | None = None,
    order: str = "ZYX",
    scale: float = 1.0,
    up: str = "Y",
    joints: int = BODY,
    drop: tuple[str, ...] = (),
) -> BvhMotion:
    """A motion on another rig: each joint's axes are `axes` [52, 3, 3] in our rest pose (a zero pose's transpose)."""
    axes = np.tile(np.eye(3), (len(NAMES), 1, 1)) if axes is None else axes
    turn = Z_UP if up == "Z" else np.eye(3)
    place, turned = motion.world()
    world = turn @ turned @ axes
    kept = [j for j in range(joints) if NAMES[j] not in drop]
    found: list[BvhJoint] = []
    columns: list[np.ndarray] = []
    for j in _downwards(kept):
        parent = skeleton().parents[j]
        while parent >= 0 and parent not in kept:
            parent = skeleton().parents[parent]
        name = (names or {}).get(NAMES[j], NAMES[j])
        if parent < 0:
            own, offset = world[:, j], np.zeros(3)
            columns.append(scale * place[:, j] @ turn.T)
        else:
            own = world[:, parent].swapaxes(-1, -2) @ world[:, j]
            offset = scale * axes[parent].T @ (_rest()[j] - _rest()[parent])
        columns.append(Rotation.from_matrix(own).as_euler(order, degrees=True))
        channels = tuple(f"{axis}rotation" for axis in order)
        at = next(
            (i for i, joint in enumerate(found) if joint.name == (names or {}).get(NAMES[parent], NAMES[parent])), -1
        )
        moves = ("Xposition", "Yposition", "Zposition") if parent < 0 else ()
        found.append(BvhJoint(name, at if parent >= 0 else -1, tuple(float(v) for v in offset), (*moves, *channels)))
    return BvhMotion(tuple(found), np.concatenate(columns, axis=1), 1.0 / motion.fps)


def _rest() -> np.ndarray:
    return BodyMotion(np.tile(np.eye(3), (1, len(NAMES), 1, 1)), np.zeros((1, 3)), 30.0).positions()[0]


def _downwards(kept: list[int]) -> list[int]:
    """Joints in a file's order: each followed by all below it."""
    order: list[int] = []
    stack = [0]
    while stack:
        j = stack.pop()
        order += [j] if j in kept else []
        stack += [k for k, p in enumerate(skeleton().parents) if p == j][::-1]
    return order
