"""A motion -> pictures of the figure, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.body import BodyMotion, skeleton
from emogen.errors import InputError
from emogen.limits import LIMITS
from emogen.pipelines.drawing import paint
from emogen.pipelines.gesture.figure.light import Nearness, lit
from emogen.pipelines.gesture.figure.rig import FigureRig, figure
from emogen.pipelines.gesture.figure.stage import Camera, Shadow

View = Literal["front", "side", "both"]
Framing = Literal["full", "bust"]
SIZE = (1280, 720)
#: Smallest side of a picture (pixels).
LEAST_PX = 64
#: What a full picture shows at least, from and to (cm); more where the motion reaches further, and the air around.
FULL, AIR = (-12.0, 190.0), 12.0
#: Height that the picture of a bust shows, and its lower edge over the hips' height (cm).
BUST, BUST_LOW = 94.0, -3.0
#: Half-width of the figure around its joints (cm).
FLESH = 14.0
#: Hips that stray less than this from their middle (cm) leave the camera where it is; else it follows, smoothed (s).
STRAY, FOLLOW_S = 30.0, 0.6
#: What lies under another part counts as so much further away (cm); by eye.
UNDER = {"skin": 0.3, "top": 0.0, "trousers": 0.3, "shoes": 0.6, "soles": 0.3}
#: Bones that keep light from others, with their radii (cm).
BONES = (
    ("LeftArm", "LeftForeArm", 4.3), ("LeftForeArm", "LeftHand", 3.2), ("LeftHand", "LeftHandMiddle2", 2.6),
    ("LeftUpLeg", "LeftLeg", 7.0), ("LeftLeg", "LeftFoot", 4.6), ("LeftFoot", "LeftToeBase", 4.2),
    ("Spine", "Spine2", 10.0), ("Hips", "Spine", 11.5), ("Neck", "Head", 5.5), ("Head", "Crown", 8.6),
)  # fmt: skip
#: From the head's joint to the middle of the skull (cm).
CROWN = np.array([0.0, 10.5, 1.0])


#: Frames whose skeletons are worked out at once.
AHEAD = 64


@dataclass
class _Panel:
    """A part of the picture with a camera of its own, and its empty stage as float32 and as uint8."""

    camera: Camera
    shadow: Shadow
    backdrop: np.ndarray
    empty: np.ndarray


class FigureRenderer:
    """Draws the figure as one motion asks for; the same frame always gives the same picture.

    Args:
        motion: The motion.
        view: "front", "side" (the figure's left), or "both" beside each other.
        framing: "full", or "bust": from the hips up.
        size: Width and height in pixels, even.
        rig: The figure.

    Raises:
        InputError: No such view or framing, a size that cannot be drawn, or a motion without frames.
    """

    def __init__(
        self,
        motion: BodyMotion,
        *,
        view: View = "both",
        framing: Framing = "full",
        size: tuple[int, int] = SIZE,
        rig: FigureRig | None = None,
    ) -> None:
        _check(motion, view, framing, size)
        self.motion, self.rig = motion, rig or figure()
        self.width, self.height = size
        names = [j.name for j in self.rig.joints]
        sides = [(a, b, r) for a, b, r in BONES] + [
            (a.replace("Left", "Right"), b.replace("Left", "Right"), r) for a, b, r in BONES if a.startswith("Left")
        ]
        self._ends = [(names.index(a), names.index(b) if b != "Crown" else -1) for a, b, _ in sides]
        self._head = names.index("Head")
        self._radii = np.array([r for *_, r in sides], np.float32)
        self._nearness = Nearness(self.rig.points)
        soles = np.arange(len(self.rig.points))[self.rig.of["soles"]]
        self._soles = [soles[self.rig.points[soles, 0] * side > 0] for side in (1, -1)]
        under = np.zeros(len(self.rig.points), np.float32)
        for name, part in self.rig.of.items():
            under[part] = UNDER[name]
        self._under = under[self.rig.quads[:, 0]]
        places = motion.positions()
        self._centres = _centres(places[:, 0], motion.fps)
        panels = 2 if view == "both" else 1
        width = size[0] // panels
        heading = _heading(motion)
        yaws = {"front": [0.0], "side": [np.pi / 2], "both": [0.0, np.pi / 2]}[view]
        turned = [Camera(width, size[1], heading + yaw, 1.0, 0.0) for yaw in yaws]
        scale, low = _fit(places - self._centres[:, None], turned, framing, width, size[1])
        self._panels = []
        for k, yaw in enumerate(yaws):
            columns = slice(width * k, size[0] if k == panels - 1 else width * (k + 1))
            camera = Camera(columns.stop - columns.start, size[1], heading + yaw, scale, low)
            backdrop = camera.backdrop()
            empty = cv2.convertScaleAbs(backdrop, alpha=255)
            self._panels.append((columns, _Panel(camera, Shadow(camera), backdrop, empty)))
        self._block: tuple[int, np.ndarray, np.ndarray] = (0, np.empty(0), np.empty(0))

    def __len__(self) -> int:
        return len(self.motion.root_cm)

    def render(self, frame: int) -> np.ndarray:
        """The picture of one frame of the motion, uint8 [height, width, 3]."""
        turns, places = self._skeleton(frame)
        points, normals = self.rig.pose(turns, places)
        crown = places[self._head] + turns[self._head] @ CROWN
        bones = np.array([(places[a], places[b] if b >= 0 else crown) for a, b in self._ends])
        near = self._nearness(points, normals, bones, self._radii)
        out = np.empty((self.height, self.width, 3), np.uint8)
        centre = self._centres[frame]
        for columns, panel in self._panels:
            turn = panel.camera.turn
            seen = (points - centre.astype(np.float32)) @ turn.T
            limbs = (bones - centre).astype(np.float32) @ turn.T
            out[:, columns] = self._seen(panel, seen, np.ascontiguousarray(normals @ turn.T), limbs, near)
        return out

    def _seen(
        self, panel: _Panel, seen: np.ndarray, normals: np.ndarray, bones: np.ndarray, near: np.ndarray
    ) -> np.ndarray:
        """What a camera sees of points and bones in its frame."""
        camera, backdrop = panel.camera, panel.backdrop
        out = panel.empty.copy()
        corners, away = camera.project(seen)
        size = (camera.width, camera.height)
        x0, y0 = np.clip(np.floor(corners.min(axis=0)).astype(int) - 2, 0, size)
        x1, y1 = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 3, 0, size)
        behind = backdrop[y0:y1, x0:x1]
        if panel.shadow.visible:
            rows, columns = panel.shadow.region
            floor = panel.shadow.darkened(backdrop, seen, self._soles, bones, self._radii)
            out[rows, columns] = cv2.convertScaleAbs(floor, alpha=255)
            top, bottom, left, right = (
                max(y0, rows.start),
                min(y1, rows.stop),
                max(x0, columns.start),
                min(x1, columns.stop),
            )
            if top < bottom and left < right:
                behind = behind.copy()
                behind[top - y0 : bottom - y0, left - x0 : right - x0] = floor[
                    top - rows.start : bottom - rows.start, left - columns.start : right - columns.start
                ]
        if x0 < x1 and y0 < y1:
            quads = self.rig.quads
            colours = lit(self.rig.light, normals, self.rig.rough, near)
            painted, _ = paint(corners - np.array([x0, y0], np.float32), away, colours, quads, self._under, behind)
            out[y0:y1, x0:x1] = cv2.convertScaleAbs(painted, alpha=255)
        return out

    def _skeleton(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """World turns and places of all joints in a frame; made for `AHEAD` frames at once, which is much quicker."""
        first, turns, places = self._block
        if not first <= frame < first + len(places):
            first = frame // AHEAD * AHEAD
            here = slice(first, first + AHEAD)
            turns, places = self.rig.skeletons(self.motion.rotations[here], self.motion.root_cm[here])
            self._block = first, turns, places
        return turns[frame - first], places[frame - first]


def draw_frames(
    motion: BodyMotion, view: View = "both", size: tuple[int, int] = SIZE, framing: Framing = "full"
) -> Iterator[np.ndarray]:
    """The pictures of a motion in order, drawn when they are asked for.

    Args:
        motion: The motion.
        view: "front", "side" or "both".
        size: Width and height in pixels, even.
        framing: "full" or "bust".

    Yields:
        uint8 [height, width, 3], RGB.

    Raises:
        InputError: As `FigureRenderer`.
    """
    renderer = FigureRenderer(motion, view=view, framing=framing, size=size)
    return (renderer.render(k) for k in range(len(renderer)))


def _check(motion: BodyMotion, view: str, framing: str, size: tuple[int, int]) -> None:
    if view not in get_args(View):
        raise InputError("view", f"{view}", f"Accepted: {', '.join(get_args(View))}.")
    if framing not in get_args(Framing):
        raise InputError("framing", f"{framing}", f"Accepted: {', '.join(get_args(Framing))}.")
    if any(side % 2 or not LEAST_PX <= side <= LIMITS.video_side_px for side in size):
        accepted = f"Accepted: even numbers from {LEAST_PX} to {LIMITS.video_side_px:,} (limits.video_side_px)."
        raise InputError("size", f"{size[0]} x {size[1]} px", accepted)
    joints = len(skeleton().names)
    frames = len(motion.root_cm)
    if not frames or motion.rotations.shape != (frames, joints, 3, 3):
        raise InputError("motion", f"rotations {motion.rotations.shape}", f"Accepted: [frames, {joints}, 3, 3].")
    if not (np.isfinite(motion.rotations).all() and np.isfinite(motion.root_cm).all()):
        raise InputError("motion", "has values that are not finite", "Accepted: finite rotations and places.")


def _heading(motion: BodyMotion) -> float:
    """Where the hips face on the whole, as a turn about Y from +Z (rad)."""
    ahead = motion.rotations[:, 0, :, 2].mean(axis=0)
    return float(np.arctan2(ahead[0], ahead[2])) if np.hypot(ahead[0], ahead[2]) > 0.2 else 0.0


def _centres(hips: np.ndarray, fps: float) -> np.ndarray:
    """Where the camera looks on the floor over time, [T, 3]."""
    on_floor = hips * [1, 0, 1]
    middle = (on_floor.max(axis=0) + on_floor.min(axis=0)) / 2
    if np.linalg.norm(on_floor - middle, axis=1).max() < STRAY:
        return np.tile(middle, (len(hips), 1))
    return np.asarray(gaussian_filter1d(on_floor, FOLLOW_S * fps, axis=0, mode="nearest"))


def _fit(places: np.ndarray, cameras: list[Camera], framing: Framing, width: int, height: int) -> tuple[float, float]:
    """Pixels per cm and the height of the lower edge (cm) with which every camera shows what it should."""
    if framing == "bust":
        return height / BUST, float(np.median(places[:, 0, 1])) + BUST_LOW
    bottom = min(FULL[0], float(places[..., 1].min()) - AIR)
    top = max(FULL[1], float(places[..., 1].max()) + AIR)
    reach = max(float(np.abs(places @ camera.turn[0]).max()) for camera in cameras) + FLESH
    scale = min(height / (top - bottom), width / 2 / reach)
    return scale, (bottom + top) / 2 - height / 2 / scale
