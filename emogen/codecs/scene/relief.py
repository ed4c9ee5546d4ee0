"""Land as heights over a grid seen in perspective: what hides what, which way it faces, what the sun reaches.

A grid has columns (directions from the eye, as the picture's columns) and rows (distances); heights are metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.noise import sampled
from emogen.codecs.scene.stage import Floats, Stage


@dataclass(frozen=True)
class Grid:
    """Where land is sampled: x and z (m) [rows, columns], near rows first; the part of the picture it may fill."""

    x: Floats
    z: Floats


@dataclass(frozen=True)
class Land:
    """A piece of land as seen: fields of the picture's pixels from row `top` on, [h, w].

    Attributes:
        top: First row.
        alpha: Where land is.
        height: Metres above the ground.
        normal: Which way it faces [h, w, 3].
        sun: 0 in the shade of other land .. 1.
        x, z: Where (m).
        depth: Middle distance of what is seen in each row of the picture [stage height].
    """

    top: int
    alpha: Floats
    height: Floats
    normal: Floats
    sun: Floats
    x: Floats
    z: Floats
    depth: Floats

    def bumped(self, field: Floats, strength: float, share: Floats | float = 1.0) -> Floats:
        """Normals where a field [h, w] of fine relief stands out of the land."""
        right, down = np.gradient(field, axis=1), np.gradient(field, axis=0)
        scale = np.float32(strength / max(float(np.std(right) + np.std(down)), 1e-6)) * share
        out = self.normal.copy()
        out[..., 0] -= right * scale
        out[..., 1] += down * scale
        out[..., 2] -= 0.3 * np.abs(right) * scale
        return np.asarray(out / np.linalg.norm(out, axis=-1, keepdims=True), np.float32)


def face(stage: Stage, land: Land, tile: Floats, size: float) -> Floats:
    """A periodic tile read along the picture, `size` heights of it wide: for crowns and stones too far for a place."""
    h, w = land.alpha.shape
    u = np.broadcast_to((np.arange(w, dtype=np.float32)[None] - stage.width / 2) / (size * stage.height), (h, w))
    v = np.broadcast_to(
        (np.arange(h, dtype=np.float32)[:, None] + land.top - stage.horizon) / (size * stage.height), (h, w)
    )
    return sampled(tile, u, v)


def grid_of(stage: Stage, near_m: float, far_m: float, rows: int) -> Grid:
    """A grid over all columns; rows lie closer together near the eye."""
    columns = min(stage.width, 1100)
    u = (np.arange(columns, dtype=np.float32) + 0.5) / columns * stage.width - stage.width / 2
    z = np.geomspace(near_m, far_m, rows, dtype=np.float32)[:, None]
    return Grid(np.asarray(u[None] * z / stage.focal, np.float32), np.broadcast_to(z, (rows, columns)))


def octaves(
    tile: Floats, x: Floats, z: Floats, size_m: float, count: int, *, keep: float = 0.5, ridged: float = 0.0
) -> Floats:
    """Fractal heights of deviation about 1 from one periodic tile of soft noise, read at many scales.

    Args:
        tile: Soft noise with few waves along its side.
        x: To the right (m).
        z: Away (m).
        size_m: Side of the tile on the ground in the largest octave.
        count: Of octaves.
        keep: Strength of each relative to the one before.
        ridged: 0 rounded .. 1 sharp crests with furrows between them.
    """
    out, weight, mask = np.zeros(x.shape, np.float32), 1.0, np.ones(1, np.float32)
    for k in range(count):
        scale = 2.17**k / size_m
        turn = 0.6 * k
        u, v = x * np.cos(turn) + z * np.sin(turn), z * np.cos(turn) - x * np.sin(turn)
        n = sampled(tile, np.asarray(u * scale + 0.37 * k, np.float32), np.asarray(v * scale + 0.61 * k, np.float32))
        crest = 1.1 - 1.55 * np.abs(n)
        n = n * (1 - ridged) + crest * ridged
        out += weight * mask * n
        mask = np.clip(0.55 + 0.45 * n, 0.15, 1.2) if ridged > 0 else mask
        weight *= keep
    return np.asarray(out * np.sqrt(1 - keep**2), np.float32)


def _sunlit(stage: Stage, grid: Grid, height: Floats) -> Floats:
    """1 where the sun reaches, 0 where other land stands before it (soft edges)."""
    sun = stage.light.sun
    across = float(np.hypot(sun[0], sun[2]))
    if across < 1e-3:
        return np.ones_like(height)
    rise = float(max(sun[1], 0.03)) / across
    rows, columns = height.shape
    log_step = float(np.log(grid.z[-1, 0] / grid.z[0, 0]) / (rows - 1))
    mid = float(np.sqrt(grid.z[0, 0] * grid.z[-1, 0]))
    dx, dz = mid * stage.width / stage.focal / columns, mid * log_step
    way = np.array([sun[0] / across / dx, sun[2] / across / dz])  # grid cells per metre
    step = 1.0 / max(abs(way).max(), 1e-9)
    # A cell is as many metres wide as it is far away, so one shift of the grid is a longer way there.
    scale = grid.z / np.float32(mid)
    roof = height.copy()
    shift = 1.0
    while shift < max(rows, columns) / 3:
        move = np.array([[1, 0, way[0] * step * shift], [0, 1, way[1] * step * shift]], np.float32)
        ahead = cv2.warpAffine(
            roof, move, (columns, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        roof = np.maximum(roof, ahead - np.float32(rise * step * shift) * scale)
        shift *= 2
    soft = np.float32(3.0 * rise * dx) * scale + np.float32(0.008 * np.ptp(height))
    return np.asarray(np.clip(1 - (roof - height) / soft, 0, 1), np.float32)


def seen(stage: Stage, grid: Grid, height: Floats, *, rough: float = 1.0) -> Land | None:
    """What of the land shows; None if nothing. `rough` exaggerates the relief that light shows."""
    h, w = stage.height, stage.width
    rows, columns = height.shape
    # Crests between two rows of the grid would stand out as teeth.
    height = np.asarray(cv2.GaussianBlur(height, (1, 7), sigmaX=0.1, sigmaY=1.3), np.float32)
    edge = stage.horizon + stage.focal * (stage.eye_m - height) / grid.z
    line = np.minimum.accumulate(edge, axis=0)
    top, low = int(np.clip(np.floor(line.min()) - 1, 0, h - 1)), int(np.clip(np.ceil(line[0].max()) + 1, 0, h))
    if low <= top + 1:
        return None
    y = np.arange(top, low, dtype=np.float32)[:, None] + 0.5
    index, beyond = np.zeros((low - top, columns), np.float32), np.zeros((low - top, 1), np.float32)
    for k in range(rows - 1):
        upper, lower = line[k + 1], line[k]
        gap = np.maximum(lower - upper, 1e-4)
        r0, r1 = (
            int(np.clip(np.floor(upper.min()) - top - 1, 0, low - top)),
            int(min(low - top, np.ceil(lower.max()) - top + 1)),
        )
        beyond[:r0] += 1
        if r1 > r0:
            index[r0:r1] += np.clip((lower - y[r0:r1]) / gap, 0, 1)
    index += beyond
    alpha = np.clip(y - line[-1] + 0.5, 0, 1)
    dx, dz = np.gradient(height, axis=1), np.gradient(height, axis=0)
    size_z = np.gradient(grid.z[:, 0])[:, None]
    size_x = (stage.width / columns / stage.focal) * grid.z
    slope_x, slope_z = rough * dx / size_x, rough * dz / size_z
    slope_z = slope_z - slope_x * grid.x / grid.z  # a column leaves the eye aslant
    length = np.sqrt(slope_x**2 + slope_z**2 + 1)
    fields = [-slope_x / length, 1 / length, -slope_z / length, height, _sunlit(stage, grid, height), grid.x, grid.z]
    map_x = np.broadcast_to((np.arange(w, dtype=np.float32) + 0.5) * columns / w - 0.5, (low - top, w))
    if columns != w:
        index = cv2.resize(index, (w, low - top), interpolation=cv2.INTER_LINEAR)
        alpha = cv2.resize(alpha, (w, low - top), interpolation=cv2.INTER_LINEAR)
    map_x = np.ascontiguousarray(map_x, np.float32)
    parts = [cv2.merge([np.ascontiguousarray(f, np.float32) for f in fields[i : i + 4]]) for i in (0, 4)]
    first, second = (cv2.remap(p, map_x, index, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for p in parts)
    weight = alpha.sum(axis=1)
    depth = np.full(h, float(grid.z[-1, 0]), np.float32)
    middle = (alpha * second[..., 2]).sum(axis=1) / np.maximum(weight, 1e-3)
    depth[top:low] = np.where(weight > 0.5, middle, grid.z[-1, 0])
    depth[low:] = grid.z[0, 0]
    return Land(
        top,
        np.asarray(alpha, np.float32),
        first[..., 3],
        first[..., :3],
        second[..., 0],
        second[..., 1],
        second[..., 2],
        depth,
    )


def lit(stage: Stage, land: Land, normal: Floats | None = None) -> NDArray[np.floating]:
    """Light [h, w, 3] on the land, or on finer normals of it."""
    light = stage.light
    normal = land.normal if normal is None else normal
    facing = np.clip(normal @ light.sun.astype(np.float32), 0, None) * land.sun
    # The sky lights hollows less; slopes that face the eye get a little of what the land before them gives back.
    above = 0.30 + 0.70 * np.clip(normal[..., 1], 0, 1)
    return facing[..., None] * light.sun_rgb.astype(np.float32) + above[..., None] * light.sky_rgb.astype(np.float32)
