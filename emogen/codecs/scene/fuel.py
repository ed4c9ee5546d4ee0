"""What burns in a fire, charred: logs, a timber house, trees or a ship's ribs; each `tall` and `wide` (m), its foot at 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emogen.codecs.scene.brush import Canvas, mixed, rgb

CHAR, LOG = rgb("#0c0806"), rgb("#1a110b")
INSIDE = np.array([2.0, 1.3, 0.32])  # light of the flames behind a window (own choice)


def house(canvas: Canvas, tall: float, wide: float, rng: np.random.Generator) -> None:
    """A gable with windows, and a side of which only posts and rafters are left."""
    left, corner, right, eaves, ridge = -0.375 * wide, -0.05 * wide, 0.425 * wide, 0.42 * tall, 0.8 * tall
    peak, posts = (left + corner) / 2, np.linspace(corner, right, 6)
    canvas.solid([[left, 0], [left, eaves], [peak, ridge], [corner, eaves], [corner, 0]], CHAR, round_m=0.0)
    for i, x in enumerate(posts):
        canvas.tube([[x, 0], [x, eaves]], 0.016 * wide, CHAR, round_m=0.0)
        top = mixed([x, eaves], [peak + (right - peak) * 0.18 * i, ridge], 1 - 0.1 * i * rng.random())
        canvas.tube(np.array([[x, eaves], top]), 0.012 * wide, CHAR, round_m=0.0)
    canvas.tube([[peak, ridge], [peak + 0.6 * (right - peak), ridge * 0.99]], 0.012 * wide, CHAR, round_m=0.0)
    for low, high in ((0, 0.12), (0.34, 0.42), (0.95, 1.02)):
        beam = np.array([[corner, low], [corner, high], [right, high], [right, low]]) * [1, eaves]
        canvas.solid(beam, CHAR, round_m=0.0)
    rest = [[posts[3], 0], [posts[3], eaves], [posts[4], eaves * 0.7], [right, eaves * 0.4], [right, 0]]
    canvas.solid(rest, CHAR, round_m=0.0)
    size = np.array([wide / 2, tall])
    pane = np.array([[-0.09, -0.12], [-0.09, 0.12], [0.09, 0.12], [0.09, -0.12]])
    for at in ((-0.57, 0.22), (-0.29, 0.22), (-0.43, 0.52)):
        canvas.solid((pane + at) * size, INSIDE, emits=1.0)
        canvas.solid((pane * [0.12, 1] + at) * size, CHAR, round_m=0.0)


def trees(canvas: Canvas, tall: float, wide: float, rng: np.random.Generator) -> None:
    """Bare trunks."""
    for _ in range(7):
        x, high, bend = rng.uniform(-0.5, 0.5) * wide, tall * rng.uniform(0.6, 1.15), rng.uniform(-0.06, 0.06) * tall
        trunk = [[x, 0], [x + bend, 0.5 * high], [x + 0.6 * bend, high]]
        canvas.tube(trunk, np.array([0.03, 0.02, 0.006]) * wide, CHAR, round_m=0.0)
        for k in range(5):
            y, out = high * (0.35 + 0.12 * k), rng.uniform(-1, 1) * 0.16 * tall
            branch = [[x + 0.8 * bend, y], [x + bend + out, y + 0.4 * abs(out)]]
            canvas.tube(branch, np.array([0.008, 0.003]) * wide, CHAR, round_m=0.0)


def ship(canvas: Canvas, tall: float, wide: float, rng: np.random.Generator) -> None:
    """The ribs and the mast of a wooden ship."""
    for x in np.linspace(-0.43, 0.43, 11):
        high = 0.42 * tall * (0.7 + 0.8 * abs(x)) * rng.uniform(0.6, 1.0)
        rib = [[x * wide * 0.85, 0], [x * wide * 1.05, 0.6 * high], [x * wide * 1.02, high]]
        canvas.tube(rib, 0.014 * wide, CHAR, round_m=0.0)
    keel = np.array([[-0.45, 0.0], [-0.51, 0.16], [0, 0.1], [0.52, 0.22], [0.45, 0.0]]) * [wide, tall]
    canvas.solid(keel, CHAR, round_m=0.0)
    canvas.tube([[0.05 * wide, 0], [0.01 * wide, tall]], np.array([0.016, 0.008]) * wide, CHAR, round_m=0.0)


def logs(canvas: Canvas, tall: float, wide: float, rng: np.random.Generator) -> None:
    """Logs that lean together over others that lie."""
    for lean in np.sin(np.linspace(-0.9, 0.9, 6)):
        log = [[0.5 * wide * lean, 0.0], [-0.1 * wide * lean, 0.3 * tall * rng.uniform(0.7, 1.1)]]
        canvas.tube(log, 0.045 * wide, LOG, round_m=0.02)
    for x in (-0.3, 0.05, 0.32):
        canvas.tube([[(x - 0.25) * wide, 0.0], [(x + 0.2) * wide, 0.07 * wide]], 0.045 * wide, LOG, round_m=0.02)


#: Place -> what burns there once a fire is large; elsewhere a house.
FUELS: dict[str, Callable[[Canvas, float, float, np.random.Generator], None]] = {
    **dict.fromkeys(("forest", "mountains", "lake"), trees),
    **dict.fromkeys(("sea", "harbour", "desert"), ship),
    "room": logs,
}
