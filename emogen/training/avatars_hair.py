"""Hair as solid shapes: a shell over the skull and locks swept along curves, each with streaks of light and dark."""

from __future__ import annotations

import numpy as np

from emogen.training.avatars_parts import Part, _along, grid_faces, outward
from emogen.training.avatars_sculpt import ORIGIN, Form, cast, gradient

#: The middle from which the shell is cast.
CROWN = np.array([0.0, 1.5, -1.0])


def _streaks(u: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Light and dark along strands for places `u` across them, about 0.8..1.2."""
    phase, rate = rng.uniform(0, 2 * np.pi, count), rng.uniform(4, 26, count)
    return 1 + 0.30 * np.mean([np.sin(r * u * 2 * np.pi + p) for r, p in zip(rate, phase, strict=True)], axis=0)


def joined(parts: list[Part]) -> Part:
    """Several parts as one."""
    points, faces, colours, n = [], [], [], 0
    for p, f, c in parts:
        points.append(p)
        faces.append(f + n)
        colours.append(c)
        n += len(p)
    return np.concatenate(points), np.concatenate(faces), np.concatenate(colours)


def shell(
    form: Form,
    colour: np.ndarray,
    light: np.ndarray,
    *,
    line: tuple[float, ...],
    thick: tuple[float, float],
    part: float,
    seed: int,
) -> Part:
    """A cap of hair.

    Args:
        form: The head.
        colour: Hair, RGB 0..1.
        light: Its streaks.
        line: Angle of the edge from straight up (degrees): front, temple, before the ear, behind the ear, nape.
        thick: How far it stands off the skull at the crown and near the edge (cm).
        part: Where the hair parts: -1 right .. 1 left; strands run away from there.
        seed: Of the streaks.
    """
    rng = np.random.default_rng(seed)
    rows, columns = 16, 64
    a = np.arange(columns) / columns * 2 * np.pi  # 0 front, to the left
    around = np.abs(np.where(a > np.pi, 2 * np.pi - a, a))
    edge = np.interp(
        around,
        np.radians([0, 35, 62, 80, 96, 112, 180]),
        [line[0], line[0] - 1, line[1], line[2], line[2] - 6, line[3], line[4]],
    )
    v = np.linspace(0, 1, rows) ** 0.9
    theta = np.radians(edge)[None] * v[:, None]
    d = np.stack([np.sin(theta) * np.sin(a), np.cos(theta) + 0 * a, np.sin(theta) * np.cos(a)], -1).reshape(-1, 3)
    far = 18.0 * d + CROWN - ORIGIN
    base = cast(far / np.linalg.norm(far, axis=1, keepdims=True), form)
    normal = gradient(base, form)
    vv, aa = np.repeat(v, columns), np.tile(a, rows)
    off = thick[1] + (thick[0] - thick[1]) * np.cos(vv * np.pi / 2) ** 0.7
    off = off * np.clip((1 - vv) / 0.10, 0, 1) ** 0.5 - 0.25 * (vv > 0.99)
    across = aa / (2 * np.pi) + 0.05 * part * np.sin(aa) * (1 - vv)
    streak = _streaks(across, rng, 7)
    points = base + normal * (off + 0.30 * (streak - 1) * np.clip((1 - vv) / 0.2, 0, 1) * vv)[:, None]
    shine = np.exp(-(((vv - 0.55) / 0.16) ** 2)) * np.clip(np.cos(aa - 0.5), 0, 1)
    mix = np.clip((streak - 0.92) * 2.2 + 0.40 * shine, 0, 1)[:, None]
    colours = (colour * (1 - mix) + light * mix) * (0.78 + 0.22 * np.clip((1 - vv) / 0.12, 0, 1))[:, None]
    return points, outward(points, grid_faces(rows, columns, closed=True), CROWN), np.clip(colours, 0, 1)


def lock(
    path: list[tuple[float, float, float]],
    width: list[float],
    height: list[float],
    colour: np.ndarray,
    light: np.ndarray,
    seed: int,
    *,
    out: tuple[float, float, float] = (0, 0, 1),
    steps: int = 12,
    sides: int = 8,
) -> Part:
    """A strand as a tapered rod through points; `out` is where its flat side looks."""
    rng = np.random.default_rng(seed)
    knots = np.asarray(path, float)
    t = np.linspace(0, len(knots) - 1, steps)
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    i = np.minimum(t.astype(int), len(knots) - 2)
    f = (t - i)[:, None]
    a, b, c, d = (padded[i + k] for k in range(4))
    line = 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
    at = np.linspace(0, 1, steps)
    w, h = (np.interp(at, np.linspace(0, 1, len(x)), x) for x in (width, height))
    points, faces = _along(line, w, h, np.tile(np.asarray(out, float), (steps, 1)), sides)
    streak = _streaks(np.arange(sides) / sides * 0.8 + rng.uniform(), rng, 5)
    shine = 0.35 * np.exp(-(((at - 0.35) / 0.2) ** 2))
    mix = np.clip((streak[None] - 0.94) * 2.4 + shine[:, None], 0, 1)[..., None]
    tone = (colour * (1 - mix) + light * mix) * np.interp(at, [0, 0.1, 1], [0.8, 1, 0.92])[:, None, None]
    return points, faces, np.clip(tone, 0, 1).reshape(-1, 3)


def _mirror(path: list[tuple[float, float, float]], side: int) -> list[tuple[float, float, float]]:
    return [(x * side, y, z) for x, y, z in path]


def style(kind: str, form: Form, colour: np.ndarray, light: np.ndarray) -> Part:
    """Hair of a kind: "long", "short", "bun", "crop" or "curls"."""
    w = form.width
    parts: list[Part] = []
    if kind == "long":
        parts.append(shell(form, colour, light, line=(46, 60, 92, 118, 128), thick=(1.25, 0.9), part=0.4, seed=3))
        for s in (-1, 1):
            for k, (dx, dz, low, wide) in enumerate(
                (
                    (-0.1, 3.2, -14.5, 1.7),
                    (0.5, 0.9, -16.5, 2.1),
                    (0.1, -2.2, -18.2, 2.5),
                    (-1.8, -5.0, -19.5, 2.9),
                    (-4.6, -6.6, -19.5, 3.2),
                )
            ):
                x = 6.9 * w + dx
                path = [
                    (x * 0.72, 6.2, dz * 0.8),
                    (x * 1.03, 2.0, dz),
                    (x * 1.10, -3.5, dz + 0.2),
                    (x * 1.08, -9.0, dz + 0.5),
                    (x * 0.98 + 0.4 * k, low, dz + 1.0),
                ]
                parts.append(
                    lock(
                        _mirror(path, s),
                        [0.9, wide * 0.95, wide, wide * 0.95, 0.35],
                        [0.4, 0.75, 0.85, 0.9, 0.2],
                        colour * (1 - 0.05 * k),
                        light,
                        10 * k + s + 50,
                        out=(s * 1.0, 0.1, 0.35),
                    )
                )
        for k in range(6):
            t = k / 5
            path = [
                (1.4, 9.35 - 0.4 * t, 3.9 - 3.5 * t),
                (-1.5 - 0.6 * t, 8.5 - 0.2 * t, 6.4 - 2.6 * t),
                (-4.9 * w, 5.8 - 0.2 * t, 6.5 - 2.2 * t),
                (-6.9 * w, 1.6, 4.4 - 1.5 * t),
                (-7.3 * w, -2.6, 3.6 - 1.2 * t),
            ]
            parts.append(
                lock(
                    path,
                    [0.5, 1.05, 1.25, 1.0, 0.25],
                    [0.2, 0.42, 0.5, 0.5, 0.15],
                    colour,
                    light,
                    90 + k,
                    out=(-0.6, 0.55, 0.75),
                )
            )
        for k in range(4):
            t = k / 3
            path = [
                (1.6, 9.3 - 0.4 * t, 3.9 - 3.2 * t),
                (3.4, 8.1 - 0.2 * t, 6.0 - 2.2 * t),
                (5.6 * w, 5.2 - 0.2 * t, 5.7 - 2.0 * t),
                (7.0 * w, 1.2, 4.0 - 1.2 * t),
                (7.3 * w, -2.6, 3.4 - 1.2 * t),
            ]
            parts.append(
                lock(
                    path,
                    [0.5, 1.0, 1.15, 0.95, 0.25],
                    [0.2, 0.4, 0.5, 0.5, 0.15],
                    colour,
                    light,
                    120 + k,
                    out=(0.6, 0.55, 0.75),
                )
            )
    elif kind == "bun":
        parts.append(shell(form, colour, light, line=(54, 66, 90, 104, 112), thick=(0.75, 0.55), part=0.0, seed=5))
        for k, (r, y, tilt) in enumerate(((2.5, 9.8, 0.0), (2.0, 10.9, 0.5), (1.2, 11.8, 0.9))):
            a = np.linspace(0, 2 * np.pi, 15)[:-1] + tilt
            ring = [(r * np.cos(v), y + 0.25 * np.sin(3 * v), -3.6 + r * 0.95 * np.sin(v)) for v in a]
            ring.append(ring[0])
            parts.append(lock(ring, [1.15] * 4, [1.05] * 4, colour, light, 60 + k, out=(0, 1, 0), steps=25, sides=8))
        for s in (-1, 1):
            path = [
                (s * 5.6 * w, 4.6, 5.2),
                (s * 6.9 * w, 1.4, 4.0),
                (s * 7.05 * w, -2.0, 3.4),
                (s * 6.7 * w, -4.2, 3.6),
            ]
            parts.append(
                lock(
                    path,
                    [0.30, 0.38, 0.28, 0.06],
                    [0.16, 0.2, 0.16, 0.05],
                    colour,
                    light,
                    77 + s,
                    out=(s, 0, 0.3),
                    sides=8,
                )
            )
    elif kind == "curls":
        parts.append(shell(form, colour, light, line=(55, 66, 90, 104, 116), thick=(1.5, 1.0), part=0.0, seed=6))
        rng = np.random.default_rng(8)
        count = 110
        number = np.arange(count)
        up = 1 - (number + 0.5) / count * 1.28
        a = number * 2.399963
        d = np.column_stack(
            [np.sqrt(1 - np.clip(up, -1, 1) ** 2) * np.sin(a), up, np.sqrt(1 - np.clip(up, -1, 1) ** 2) * np.cos(a)]
        )
        keep = ~((d[:, 2] > 0.30) & (d[:, 1] < 0.60 - 0.0 * d[:, 2])) & ~((d[:, 2] > 0.0) & (d[:, 1] < 0.12))
        for i, v in enumerate(d[keep]):
            far = 18 * v + CROWN - ORIGIN
            at = cast((far / np.linalg.norm(far))[None], form)[0] + v * 1.1
            side = np.cross(v, rng.normal(size=3))
            side /= np.linalg.norm(side)
            other = np.cross(v, side)
            r = rng.uniform(0.85, 1.2)
            turn = np.linspace(0, 1.7 * np.pi, 7)
            ring = [tuple(at + r * (np.cos(b) * side + np.sin(b) * other) + v * 0.16 * b) for b in turn]
            parts.append(
                lock(
                    ring,
                    [0.6, 0.75, 0.6],
                    [0.6, 0.75, 0.6],
                    colour * rng.uniform(0.85, 1.1),
                    light,
                    200 + i,
                    out=tuple(v),
                    steps=7,
                    sides=6,
                )
            )
    else:
        tall = 1.5 if kind == "short" else 0.8
        parts.append(shell(form, colour, light, line=(52, 62, 88, 100, 112), thick=(tall, 0.55), part=0.6, seed=7))
        count = 9 if kind == "short" else 7
        for k in range(count):
            u = -1 + 2 * k / (count - 1)
            x = 5.2 * u * w
            y = 6.4 - 1.3 * u * u - 0.5 * (u < -0.4)
            rise = (1.5 if kind == "short" else 0.7) * (1 - 0.5 * u * u)
            path = [
                (x, y - 0.35, 7.1 - 2.6 * u * u),
                (x - 0.6, y + 0.7 + rise, 7.3 - 2.6 * u * u),
                (x - 1.5, y + 2.0 + rise, 5.2 - 2.0 * u * u),
                (x * 0.9 - 2.4, y + 2.6 + 0.7 * rise, 1.4),
            ]
            parts.append(
                lock(path, [0.45, 1.05, 1.15, 0.3], [0.25, 0.62, 0.6, 0.2], colour, light, 30 + k, out=(0, 0.6, 0.8))
            )
        for s in (-1, 1):
            path = [(s * 6.6 * w, 3.4, 4.0), (s * 7.25 * w, 0.6, 2.7), (s * 6.85 * w, -1.8, 2.5)]
            parts.append(
                lock(path, [0.8, 0.8, 0.35], [0.25, 0.3, 0.1], colour * 0.92, light, 44 + s, out=(s, 0, 0.2), sides=8)
            )
    return joined(parts)
