"""Trees of a place: scattered, in rows, as dense edges and on slopes. Inside a forest: woodland.py."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene import woodland
from emogen.codecs.scene.leaves import tree_image
from emogen.codecs.scene.nature import opaque, over, resized, year_of
from emogen.codecs.scene.shade import shadow
from emogen.codecs.scene.stage import FOCAL, Layer, Stage
from emogen.codecs.scene.street import half_width

trunks, undergrowth = woodland.trunks, woodland.undergrowth


@dataclass(frozen=True)
class Planted:
    """One tree: where it stands (m), which of the sprites it is, how high it is (m)."""

    x_m: float
    z_m: float
    kind: int
    height_m: float


def _visible(stage: Stage, tree: Planted) -> bool:
    middle, half = float(stage.column(tree.x_m, tree.z_m)), 0.6 * stage.focal * tree.height_m / tree.z_m
    return -half < middle < stage.width + half and tree.height_m > 0.1


def grove(
    stage: Stage, name: str, trees: list[Planted], kinds: list[tuple[str, int]], *, bands: int = 3, shadows: bool = True
) -> list[Layer]:
    """Trees far to near, as sheets of trees of about the same depth."""
    shown = sorted((t for t in trees if _visible(stage, t)), key=lambda t: -t.z_m)
    if not shown:
        return []
    need: dict[int, float] = {}
    for t in shown:
        need[t.kind] = max(need.get(t.kind, 0.0), stage.focal * t.height_m / t.z_m)
    images = {k: tree_image(stage, *kinds[k], min(px, 1.3 * stage.height)) for k, px in need.items()}
    cuts = np.unique(np.linspace(0, len(shown), bands + 1).round().astype(int))
    layers: list[Layer] = []
    for low, high in pairwise(cuts.tolist()):
        sheet = stage.empty()
        part = shown[low:high]
        if shadows:
            for t in part:
                if stage.focal * t.height_m / t.z_m > 0.06 * stage.height:  # smaller ones show none
                    shadow(stage, sheet, t.x_m, t.z_m, 0.6 * t.height_m, t.height_m)
        for t in part:
            image, foot = images[t.kind]
            px = stage.focal * t.height_m / t.z_m
            ratio = px / min(need[t.kind], 1.3 * stage.height)
            copy = image if ratio > 0.999 else resized(image, image.shape[1] * ratio, image.shape[0] * ratio)
            over(
                sheet,
                copy,
                float(stage.column(t.x_m, t.z_m)) - foot * ratio,
                float(stage.row(0, t.z_m)) - copy.shape[0] + 0.02 * px,
            )
        depth = float(np.mean([t.z_m for t in part]))
        layers.append(Layer(f"{name} {len(layers)}", sheet, depth, movement="sway"))
    return layers


def _species(rng: np.random.Generator, pool: list[str], count: int) -> list[tuple[str, int]]:
    return [(str(s), int(rng.integers(1 << 30))) for s in rng.choice(pool, count)]


def _grown(number: float, k: int) -> float:
    """Size of the k-th of `number` things, so that more of them grow in one by one."""
    return float(np.clip(number - k, 0, 1))


def trees(stage: Stage) -> list[Layer]:
    """Broadleaf trees: rows along a street or road, a few scattered ones elsewhere."""
    place = {"street": _avenue, "road": _roadside}.get(stage.scene.place, _scattered)
    return place(stage, stage.scene.rng("trees"))


def _avenue(stage: Stage, rng: np.random.Generator) -> list[Layer]:
    kinds = _species(rng, ["oak", "birch", "poplar"], 2)
    half = half_width(stage.scene)
    room = float(np.clip((half - 2.0) / 4.0, 0.0, 1.0))  # none in an alley, full-grown in a wide street
    spots = []
    for k, (jitter, high, kind) in enumerate(
        zip(rng.uniform(-1, 1, 16), rng.uniform(5.5, 7.5, 16), rng.integers(0, 2, 16), strict=True)
    ):
        spots.append(
            Planted(
                (0.76 * half + 0.1 * jitter) * (-1 if k % 2 else 1),
                16.0 + 9.0 * (k // 2) + jitter,
                int(kind),
                room * float(high),
            )
        )
    return grove(stage, "trees", spots, kinds)


def _roadside(stage: Stage, rng: np.random.Generator) -> list[Layer]:
    kinds = _species(rng, ["oak", "birch", "poplar", "oak"], 3)
    draw = rng.uniform(-1, 1, (24, 3))
    number = 6 + 18 * (1 - stage.scene["openness"])
    spots = []
    for k, (a, b, c) in enumerate(draw):
        z = 15.0 + 9.0 * (k // 2) + 3 * a if k < 16 else 110 + 60 * abs(a)
        x = (9.5 + 2.5 * b) if k < 16 else 30 + 40 * abs(b)
        spots.append(Planted(x * (-1 if k % 2 else 1), z, k % 3, (9.0 + 2.5 * c) * _grown(number, (k * 7) % 24)))
    return grove(stage, "trees", spots, kinds)


def _scattered(stage: Stage, rng: np.random.Generator) -> list[Layer]:
    kinds = [("oak", int(rng.integers(1 << 30))), *_species(rng, ["birch", "willow", "poplar", "oak", "birch"], 3)]
    side = 1 if rng.random() < 0.5 else -1
    wide = stage.width / stage.height
    hero_u, hero_z = side * rng.uniform(0.20, 0.30) * wide, rng.uniform(24, 32)
    far = rng.random((44, 4))
    number = 10 + 34 * (1 - 0.9 * stage.scene["openness"])
    spots = [Planted(hero_u * hero_z / FOCAL, hero_z, 0, rng.uniform(10.5, 12.5))]
    for k, (a, b, c, d) in enumerate(far):
        z = 150 + 190 * b if k % 4 else 55 + 60 * b
        u = (1.25 * (2 * a - 1)) if k % 4 else -side * (0.15 + 0.9 * a)
        kind = 0 if d < 0.4 else 1 + k % 3
        spots.append(Planted(u * z / FOCAL, z, kind, (8 + 8 * c) * _grown(number, (k * 11) % 44)))
    return grove(stage, "trees", spots, kinds)


def conifers(stage: Stage) -> list[Layer]:
    """Spruces and pines at the foot of mountains."""
    rng = stage.scene.rng("conifers")
    kinds = [
        ("spruce", int(rng.integers(1 << 30))),
        ("spruce", int(rng.integers(1 << 30))),
        ("pine", int(rng.integers(1 << 30))),
    ]
    draw = rng.random((190, 4))
    close, wide = 1 - stage.scene["openness"], max(1.0, stage.width / stage.height)
    number = 110 + 80 * close
    side = 1 if rng.random() < 0.5 else -1
    spots = []
    for k, (a, b, c, d) in enumerate(draw):
        near = k % 9 == 0
        z = (36 + 46 * b) * (1.15 - 0.3 * close) if near else 140 + 330 * b
        u = side * (0.30 + 0.80 * a**1.3) * (1 if k % 2 else -1) if near else 1.25 * (2 * a - 1)
        # A gap in the middle lets the eye through to the peaks.
        u += np.sign(u) * (0.16 - 0.12 * close) * (1.0 if near else 0.75 * d)
        spots.append(
            Planted(
                u * wide**0.8 * z / FOCAL,
                z,
                2 if d > 0.88 else int(d > 0.45),
                (11 + 9 * c) * _grown(number, (k * 7) % 190),
            )
        )
    return grove(stage, "conifers", spots, kinds)


def forest_edge(stage: Stage) -> list[Layer]:
    """A dense line of trees on the far bank."""
    rng = stage.scene.rng("forest_edge")
    kinds = [("spruce", int(rng.integers(1 << 30))), *_species(rng, ["oak", "birch", "oak", "willow"], 3)]
    draw = rng.random((300, 4))
    # Seen from high above the bank moves away, so that it stays at the horizon, and its trees grow with it.
    lift = max(1.0, stage.eye_m / 4.6)
    reach, wide = (260 - 120 * (1 - stage.scene["openness"])) * lift, max(1.0, stage.width / stage.height)
    spots = []
    for k, (a, b, c, d) in enumerate(draw):
        z = reach * (1.0 + 0.30 * b)
        u = 0.64 * wide * (2 * (k + a) / 300 - 1)
        wave = np.sin(7.1 * u + 6 * draw[0, 0]) + np.sin(17.0 * u + 6 * draw[0, 1])
        kind = 0 if d + 0.22 * wave > 0.75 else 1 + int(d * 97) % 3
        spots.append(
            Planted(
                u * z / FOCAL,
                z,
                kind,
                lift**0.8 * (9 + 8 * c**1.5) * float(0.95 + 0.16 * wave) * (1.2 if kind == 0 else 1.0),
            )
        )
    layers = grove(stage, "forest_edge", spots, kinds, bands=2, shadows=False)
    return [_bank(stage, rng, reach), *layers]


def _bank(stage: Stage, rng: np.random.Generator, reach: float) -> Layer:
    """The dark ground under the edge of a forest, down to the water."""
    year = year_of(stage.scene)
    sheet = stage.empty()
    top, low = float(stage.row(2.5, reach * 1.3)), float(stage.row(0, reach * 0.92))
    r0, r1 = int(top), min(int(low) + 2, stage.height)
    if r1 <= r0:
        return Layer("forest_edge bank", sheet, reach)
    ground = year.grass * (1 - year.bare) + year.soil * year.bare
    ground = ground * (1 - year.snow) + year.snow * 0.8
    rows = (np.arange(r0, r1, dtype=np.float32)[:, None] + 0.5 - top) / (low - top)
    lit = stage.light.on(np.array([0.0, 0.8, -0.6])) * (0.35 + 0.5 * rows[..., None])
    noise: NDArray[np.float64] = 0.85 + 0.3 * rng.random((1, 64))
    mottle = cv2.resize(noise.astype(np.float32), (stage.width, r1 - r0), interpolation=cv2.INTER_CUBIC)
    alpha = np.clip(rows * 4, 0, 1) * np.clip((1.02 - rows) * 12, 0, 1) * np.ones((1, stage.width), np.float32)
    sheet[r0:r1] = opaque((ground * lit) * mottle[..., None], alpha.astype(np.float32))
    return Layer("forest_edge bank", sheet, reach)
