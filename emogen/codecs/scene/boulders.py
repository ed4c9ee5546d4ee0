"""Boulders: many-faced stones lit by the sun, with moss or snow on top, standing on level ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.nature import SNOW, opaque, over, resized, year_of
from emogen.codecs.scene.noise import sampled, smoothstep, tile
from emogen.codecs.scene.shade import shadow
from emogen.codecs.scene.stage import FOCAL, Floats, Layer, Stage


def boulder(
    stage: Stage, rng: np.random.Generator, grain: Floats, px: int, colour: NDArray[np.float64], *, flat: float
) -> Floats:
    """A stone as a premultiplied picture `px` high, about 1.5 times as wide: the part that shows above the ground."""
    faces = rng.standard_normal((26, 3))
    faces[:, 1] = np.abs(faces[:, 1]) * 0.9 - 0.15
    faces[:, 2] = -np.abs(faces[:, 2]) * 0.8 - 0.05
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    far = rng.uniform(0.62, 1.0, 26)
    shift = rng.uniform(0, 1, 2)
    w = int(1.7 * px)
    x = ((np.arange(w, dtype=np.float32) + 0.5) / px - 0.85)[None] / 0.80
    y = (1 - (np.arange(px, dtype=np.float32) + 0.5) / px)[:, None] * (1.0 + 0.35 * flat)
    rough = sampled(grain, np.broadcast_to(x * 0.4 + shift[0], (px, w)), np.broadcast_to(y * 0.4 + shift[1], (px, w)))
    depth = np.full((px, w), np.inf, np.float32)
    which = np.zeros((px, w), np.int64)
    for k, (n, d) in enumerate(zip(faces, far, strict=True)):
        z = (d * (1 + 0.02 * rough) - n[0] * x - n[1] * y) / -n[2]
        closer = z < depth
        depth = np.where(closer, z, depth)
        which[closer] = k
    slope = np.stack([np.gradient(rough, axis=1), np.gradient(rough, axis=0)], -1) * px * 0.02
    normal = faces[which] + 0.0
    normal[..., 0] -= slope[..., 0] + 0.10 * rough
    normal[..., 1] += slope[..., 1]
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    alpha = np.clip((depth - 0.02) * px * 0.25 + 0.5, 0, 1)
    year = year_of(stage.scene)
    albedo = (
        colour
        * (1 + 0.16 * rough + 0.10 * np.sin(which * 2.4))[..., None]
        * (1 - 0.45 * year.wet)
        * (1 - 0.5 * stage.scene["threat"])
    )
    moss = smoothstep(0.2, 0.9, normal[..., 1] + 0.35 * rough - 0.3) * (1 - year.bare) * 0.5 * (1 - flat)
    albedo = albedo * (1 - moss[..., None]) + np.array([0.10, 0.14, 0.03]) * moss[..., None]
    white = (smoothstep(0.45, 0.75, year.snow * 0.8 + normal[..., 1] * 0.6 + 0.1 * rough - 0.15) * (year.snow > 0.01))[
        ..., None
    ]
    albedo = albedo * (1 - white) + SNOW * white
    low = 0.45 + 0.55 * smoothstep(0.0, 0.35, y)
    return opaque(albedo * stage.light.on(normal) * low[..., None], np.asarray(alpha, np.float32))


def scattered(
    stage: Stage, rng: np.random.Generator, name: str, colour: NDArray[np.float64], *, count: int, near_m: float, far_m: float,
    size_m: float = 1.0, gap: float = 0.18,
) -> list[Layer]:  # fmt: skip
    """Boulders on level ground, away from the middle; more and bigger ones as `rugged` grows."""
    draw = rng.random((count, 4))
    grain = tile(rng, 128, 2.2, low=3)
    seeds = rng.integers(1 << 30, size=5)
    rugged = stage.scene["rugged"]
    number = count * (0.35 + 0.65 * rugged)
    spots = []
    for k, (a, b, c, _) in enumerate(draw):
        z = near_m / (near_m / far_m + (1 - near_m / far_m) * b)
        side = 1 if k % 2 else -1
        x = side * (gap + (1.05 - gap) * a) * z / FOCAL * max(1.0, stage.width / stage.height)
        high = size_m * (0.16 + 1.25 * c**2.6) * (0.6 + 0.7 * rugged) * float(np.clip(number - (k * 7) % count, 0, 1))
        if high > 0.04 and stage.focal * high / z > 1:
            spots.append((z, x, high, k % 5))
    biggest = {k: max([stage.focal * s[2] / s[0] for s in spots if s[3] == k], default=0.0) for k in range(5)}
    images = {
        k: boulder(stage, np.random.default_rng(seeds[k]), grain, int(np.clip(px, 16, 0.5 * stage.height)), colour, flat=0.3)
        for k, px in biggest.items() if px
    }  # fmt: skip
    layers = []
    for low, high in ((20.0, 1e9), (0.0, 20.0)):
        part = sorted((s for s in spots if low <= s[0] < high), reverse=True)
        if not part:
            continue
        sheet = stage.empty()
        for z, x, tall, k in part:
            px = stage.focal * tall / z
            copy = resized(images[k], images[k].shape[1] * px / images[k].shape[0], px)
            shadow(stage, sheet, x, z, 1.3 * tall, tall)
            over(
                sheet,
                copy,
                float(stage.column(x, z)) - copy.shape[1] / 2,
                float(stage.row(0, z)) - copy.shape[0] * 0.96,
            )
        layers.append(Layer(f"{name} {low:g}", sheet, float(np.mean([s[0] for s in part]))))
    return layers
