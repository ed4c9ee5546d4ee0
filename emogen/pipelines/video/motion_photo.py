"""A photo -> a film of it: a slow camera that sees near things move more than far ones, and a finish that follows a feeling.

Distance, sky, subject and faces are guessed as for edits (`pipelines.image.places`), so the moves stay small. The photo
is warped once a frame, its maps with it; then the frame is developed as an edited photo is, with mist, rain and rays that
move. Nothing is drawn that the photo does not show but the weather.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.stage import FOCAL, Floats
from emogen.conditioning.face_mesh import find_faces
from emogen.pipelines.image.colour import ColourTable, Standard, fitted, table
from emogen.pipelines.image.develop import Development
from emogen.pipelines.image.look import Finish, measured
from emogen.pipelines.image.places import SMALL_PX, Places, places
from emogen.pipelines.video.edit import shrunk_planes
from emogen.pipelines.video.motion_camera import Camera, CameraPath
from emogen.pipelines.video.motion_sheets import CELL, MARGIN

Bytes = NDArray[np.uint8]
I420 = Standard(0.299, 0.114, True)  # what OpenCV's COLOR_RGB2YUV_I420 makes (ITU-R BT.601)
#: Nearness (see `motion_sheets`) of what is nearest and of the subject, which stays where it is (own choice: guesses of
#: distance bear no more).
NEAREST, HELD = 0.55, 0.30
SOFT = 0.03  # over how many heights distance changes at least, so that no edge tears
LOOKS_FPS = 4.0  # finishes are asked for so often
BAND_ROWS = 96
THREADS, AHEAD = 2, 3


class PhotoFilm:
    """A photo in motion.

    Args:
        photo: uint8 [h, w, 3].
        finishes: What the feeling asks for, `LOOKS_FPS` a second from 0 on.
        camera: Its path.
        width: Of the frames (px).
        height: Of the frames (px).
        fps: Frames a second.
        count: How many frames.
        seed: Of mist, rain and grain.
    """

    def __init__(
        self, photo: Bytes, finishes: list[Finish], camera: CameraPath, *, width: int, height: int, fps: float, count: int, seed: int
    ) -> None:
        self.finishes, self.camera, self.fps, self.count, self.seed = finishes, camera, fps, count, seed
        self.width, self.height = width, height
        self.full = (-(-height // CELL) * CELL, -(-width // CELL) * CELL)
        self.canvas = covering(photo, round(width * MARGIN), round(height * MARGIN), _middle(photo))
        small = _small(self.canvas)
        self.own = measured(small)
        self.where = places(small, find_faces(small))
        near = NEAREST * (1 - cv2.GaussianBlur(self.where.far, (0, 0), SOFT * small.shape[0])) - HELD
        self.near = cv2.resize(near, (-(-self.canvas.shape[1] // CELL), -(-self.canvas.shape[0] // CELL)), interpolation=cv2.INTER_LINEAR)
        self.tables = lru_cache(maxsize=8)(self._table)

    def frames(self) -> Iterator[Bytes]:
        """All frames in order, uint8 [height, width, 3]."""
        waiting: deque[Future[Bytes]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                for i in range(self.count):
                    waiting.append(pool.submit(self.frame, i))
                    if len(waiting) > THREADS * AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def frame(self, i: int) -> Bytes:
        """One frame."""
        t_s = i / self.fps
        grid = self._grid(self.camera.at(t_s))
        size = (self.full[1] + 2 * CELL, self.full[0] + 2 * CELL)
        maps = cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)[CELL:-CELL, CELL:-CELL]
        seen = cv2.remap(self.canvas, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        finish = self._finish(t_s)
        if not finish.nothing:
            seen = self._developed(seen, finish, grid, t_s, i)
        return np.ascontiguousarray(seen[: self.height, : self.width])

    def _developed(self, seen: Bytes, finish: Finish, grid: Floats, t_s: float, i: int) -> Bytes:
        h, w = seen.shape[:2]
        flat = cv2.cvtColor(seen, cv2.COLOR_RGB2YUV_I420).reshape(-1)
        y = flat[: h * w].reshape(h, w)
        u, v = flat[h * w :].reshape(2, h // 2, w // 2)
        small, factor = shrunk_planes((y, u, v))
        place = min(t_s * LOOKS_FPS, len(self.finishes) - 1.001)
        k = int(place)
        colours = self.tables(k).mixed(self.tables(k + 1), place - k)
        work = Development(fitted(finish, self.own), colours, small, self._where(grid, small[0].shape), factor=factor, halved=True,
                           seed=self.seed, t_s=t_s, frame=i)  # fmt: skip
        fall = work.fall(h, w)
        unit = int(np.lcm(factor, fall.factor if fall else 2))
        step = max(1, BAND_ROWS // unit) * unit
        begin, span, wide = I420.scales
        out = np.empty_like(flat)
        planes = out[: h * w].reshape(h, w), *out[h * w :].reshape(2, h // 2, w // 2)
        for start in range(0, h, step):
            stop = min(start + step, h)
            light, cb, cr = work.band(y, u, v, start, stop, fall)
            planes[0][start:stop] = np.clip(light * span + (begin + 0.5), 0, 255)
            planes[1][start // 2 : start // 2 + len(cb)] = np.clip(cb * wide + 128.5, 0, 255)
            planes[2][start // 2 : start // 2 + len(cr)] = np.clip(cr * wide + 128.5, 0, 255)
        return cv2.cvtColor(out.reshape(h * 3 // 2, w), cv2.COLOR_YUV2RGB_I420)

    def _where(self, grid: Floats, shape: tuple[int, ...]) -> Places:
        """Where things are as the camera sees them."""
        scale = np.float32(self.where.far.shape[1] / self.canvas.shape[1])
        at = cv2.resize(grid[1:-1, 1:-1], (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR) * scale
        moved = {
            name: cv2.remap(getattr(self.where, name), at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            for name in ("far", "sky", "subject", "face", "skin")
        }
        return replace(self.where, **moved)

    def _grid(self, camera: Camera) -> Floats:
        """Where on the canvas each cell of a frame, and one more all round, is read."""
        high, wide = self.canvas.shape[:2]
        x = (np.arange(-CELL, self.full[1] + CELL, CELL, dtype=np.float32) + (CELL - 1) / 2)[None]
        y = (np.arange(-CELL, self.full[0] + CELL, CELL, dtype=np.float32) + (CELL - 1) / 2)[:, None]
        turn = np.radians(camera.roll_deg)
        c, s = np.float32(np.cos(turn) / camera.zoom), np.float32(np.sin(turn) / camera.zoom)
        x, y = x - np.float32((self.width - 1) / 2), y - np.float32((self.height - 1) / 2)
        at = np.stack([
            c * x - s * y + np.float32((wide - 1) / 2 - camera.pan[0] * self.height),
            s * x + c * y + np.float32((high - 1) / 2 - camera.pan[1] * self.height),
        ], -1)  # fmt: skip
        near = cv2.remap(self.near, (at - (CELL - 1) / 2) / CELL, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        grow = near * np.float32(camera.ahead / FOCAL)
        at[..., 0] -= near * np.float32(camera.aside * high) + grow * (at[..., 0] - np.float32(wide / 2))
        at[..., 1] -= near * np.float32(camera.rise * high) + grow * (at[..., 1] - np.float32(high / 2))
        return np.asarray(at, np.float32)

    def _finish(self, t_s: float) -> Finish:
        place = min(t_s * LOOKS_FPS, len(self.finishes) - 1.001)
        k = int(place)
        a, b = self.finishes[k], self.finishes[k + 1]
        return Finish(a.look + (place - k) * (b.look - a.look), a.effects + (place - k) * (b.effects - a.effects))

    def _table(self, k: int) -> ColourTable:
        return table(fitted(self.finishes[k], self.own), self.own, I420)


def covering(picture: Bytes, width: int, height: int, middle: tuple[float, float] = (0.5, 0.5)) -> Bytes:
    """A picture scaled to cover width x height, cut round a middle (shares of its width and height) where it must be."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    big = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left = min(max(round(middle[0] * size[0] - width / 2), 0), size[0] - width)
    top = min(max(round(middle[1] * size[1] - height / 2), 0), size[1] - height)
    return np.ascontiguousarray(big[top : top + height, left : left + width])


def _middle(photo: Bytes) -> tuple[float, float]:
    """What a photo is of: the faces, or else the subject; in shares of its width and height."""
    small = _small(photo)
    faces = find_faces(small)
    if faces:
        x, y = np.concatenate([points[:, :2] for points in faces]).mean(0)
        return float(x / small.shape[1]), float(y / small.shape[0])
    weight = places(small, faces).subject + 1e-3
    across, down = weight.sum(0), weight.sum(1)
    return (
        float(across @ (np.arange(len(across)) + 0.5) / across.sum() / len(across)),
        float(down @ (np.arange(len(down)) + 0.5) / down.sum() / len(down)),
    )


def _small(canvas: Bytes) -> Bytes:
    scale = min(1.0, SMALL_PX / max(canvas.shape))
    return cv2.resize(canvas, (round(canvas.shape[1] * scale), round(canvas.shape[0] * scale)), interpolation=cv2.INTER_AREA)
