"""A feast: fireworks in the dark; balloons, kites and bunting by day; paper lanterns and confetti."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.scene.brush import SHIFT, Canvas, curve, rgb
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.standing import across, depth_at

BURSTS, BALLOONS, KITES, LANTERNS = 9, 5, 4, 46
WARM = np.array([1.0, 0.42, 0.08])  # light of a flame behind paper (own choice)
COLOURS = ("#ff5a3c", "#ffc23c", "#5cc8ff", "#ff6fb4", "#8cff8a", "#fff2c8", "#b48cff")
CLOTH = ("#d8402f", "#f2b632", "#2f7fc0", "#f4efe2", "#3fa06a", "#e0709a", "#7a4fa0")


def _burst(
    sheet: Floats,
    centre: tuple[float, float],
    radius: float,
    colour: np.ndarray,
    rng: np.random.Generator,
    strength: float,
) -> None:
    """One firework: streaks from its middle that bend down, brightest at their tips, and the light around."""
    h, w = sheet.shape[:2]
    c0, c1 = (int(np.clip(v, 0, w)) for v in (centre[0] - 1.7 * radius, centre[0] + 1.7 * radius))
    r0, r1 = (int(np.clip(v, 0, h)) for v in (centre[1] - 1.7 * radius, centre[1] + 1.7 * radius))
    count = 64
    angles, lengths, fall = (
        rng.uniform(0, 2 * np.pi, count),
        0.55 + 0.45 * rng.random(count) ** 0.5,
        0.1 + 0.12 * rng.random(count),
    )
    if c1 <= c0 or r1 <= r0:
        return
    light = np.zeros((r1 - r0, c1 - c0), np.float32)
    tips = np.zeros_like(light)
    t = np.linspace(0.12, 1, 18)
    thick = max(radius / 90, 0.6)
    for a, length, drop in zip(angles, lengths, fall, strict=True):
        x = centre[0] + radius * length * np.cos(a) * t**0.7 - c0
        y = centre[1] - radius * length * np.sin(a) * t**0.7 + radius * drop * t**2 - r0
        pts = np.round(np.stack([x, y], -1) * 2**SHIFT).astype(np.int32)
        for i in range(len(t) - 1):
            cv2.line(
                light,
                tuple(map(int, pts[i])),
                tuple(map(int, pts[i + 1])),
                float(0.1 + 0.9 * t[i] ** 2.2),
                max(int(thick), 1),
                cv2.LINE_AA,
                SHIFT,
            )
        cv2.circle(tips, tuple(map(int, pts[-1])), int(thick * 1.3 * 2**SHIFT), 1.0, -1, cv2.LINE_AA, SHIFT)
    soft = cv2.GaussianBlur(light + tips, (0, 0), max(radius / 26, 0.8))
    v, u = np.ogrid[r0:r1, c0:c1]
    halo = np.exp(-2.2 * (((u - centre[0]) ** 2 + (v - centre[1]) ** 2) / radius**2)).astype(np.float32)
    glow = (
        light[..., None] * colour * 0.5
        + tips[..., None] * (0.3 * colour + 0.25)
        + soft[..., None] * colour * 0.2
        + halo[..., None] * colour * 0.012
    )
    sheet[r0:r1, c0:c1, :3] += (strength * glow).astype(np.float32)


def _fireworks(stage: Stage, amount: float) -> Layer | None:
    rng = stage.scene.rng("fireworks")
    dark = float(smoothstep(0.35, 0.85, stage.light.night))
    sheet = stage.empty()
    for i in range(BURSTS):
        u, v, size = rng.random(3)
        colour = np.array(rgb(COLOURS[int(rng.integers(len(COLOURS)))]))
        seed = int(rng.integers(2**31))
        alpha = float(np.clip(amount * BURSTS - i, 0, 1)) * dark
        if alpha <= 0:
            continue
        column = stage.width * (0.5 + 0.42 * (((i * 0.618 + 0.2 * u) % 1) * 2 - 1))
        row = stage.horizon * (0.16 + 0.42 * v)
        radius = stage.horizon * (0.13 + 0.16 * size)
        _burst(sheet, (column, row), radius, colour, np.random.default_rng(seed), alpha)
        trail = np.linspace(0, 1, 60)
        for t in trail[::3]:
            x, y = int(column + (1 - t) * 0.1 * radius), int(row + (stage.horizon - row) * (1 - t) * 0.9)
            if 0 <= x < stage.width and 0 <= y < stage.height:
                sheet[y, x, :3] += alpha * 0.25 * t * colour
    return Layer("fireworks", sheet, 900.0, glows=True, movement="flicker") if amount * dark > 0 else None


def _balloon(canvas: Canvas, size: float, colours: tuple[tuple[float, float, float], ...], burner: float) -> None:
    """A hot-air balloon in coloured gores, `size` across, its basket at 0."""
    top = 1.35 * size
    y0 = 0.28 * size
    profile = curve([[0.09, 0], [0.32, 0.22], [0.5, 0.55], [0.42, 0.86], [0.0, 1.0]], 22) * [size, top - y0] + [0, y0]
    edges = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 10))
    whole = np.vstack([profile * [-1, 1], profile[::-1]])
    canvas.solid(whole, colours[0], round_m=0.3 * size)
    for k, colour in enumerate(colours[1:]):
        mask = np.zeros(canvas.rgba.shape[:2], np.uint8)
        for i in range(2 * k, 9, 2 * (len(colours) - 1)):
            gore = np.vstack([profile * [edges[i], 1], (profile * [edges[i + 1], 1])[::-1]])
            cv2.fillPoly(mask, [np.round(canvas.px(gore) * 2**SHIFT).astype(np.int32)], 255, cv2.LINE_AA, SHIFT)
        ratio = np.array(colour, np.float32) / np.maximum(np.array(colours[0], np.float32), 0.02)
        canvas.rgba[..., :3] *= 1 + (mask / np.float32(255))[..., None] * (ratio - 1)
    if burner > 0:
        canvas.solid(
            whole * [0.8, 0.7] + [0, 0.1 * size], [1.6, 0.8, 0.25], round_m=0.3 * size, emits=1.0, alpha=0.45 * burner
        )
    canvas.solid(
        np.array([[-0.06, 0], [-0.075, 0.11], [0.075, 0.11], [0.06, 0]]) * size, rgb("#6b4a2c"), round_m=0.02 * size
    )
    for s in (-1, 1):
        canvas.tube(np.array([[s * 0.07, 0.11], [s * 0.09, 0.3]]) * size, 0.004 * size, rgb("#2a2018"), round_m=0.01)


def _aloft(stage: Stage, amount: float) -> Layer | None:
    """Balloons and kites in the sky."""
    rng = stage.scene.rng("balloons")
    day = 1 - float(smoothstep(0.3, 0.8, stage.light.night))
    sheet = stage.empty()
    z = 200.0
    for i in range(BALLOONS):
        u, v, size = rng.random(3)
        pick = rng.permutation(len(CLOTH))[:3]
        alpha = float(np.clip(amount * (BALLOONS + 1) - i, 0, 1)) * day
        if alpha > 0:
            size_m = (0.07 + 0.11 * size / (1 + 0.5 * i)) * z / 1.1
            y = stage.eye_m + (0.3 + 0.4 * v) * stage.horizon * z / stage.focal
            x = across(stage, 0.82 * (((i * 0.618 + 0.3 * u + 0.2) % 1) * 2 - 1), z)
            canvas = Canvas(stage, x, z, (-0.6 * size_m, 0.6 * size_m, -0.05 * size_m, 1.45 * size_m), y_m=y)
            if canvas.visible:
                _balloon(canvas, size_m, tuple(rgb(CLOTH[k]) for k in pick), stage.light.night)
                canvas.onto(sheet, alpha=alpha)
    for i in range(KITES):
        u, v, lean, side = rng.random(4)
        pick = rng.permutation(len(CLOTH))[:2]
        alpha = float(smoothstep(0, 0.6, amount * (KITES + 1) - i - 0.5)) * day
        if alpha > 0 and stage.scene.place != "sky":
            at = np.array([0.85 * (((i * 0.618 + 0.3 * u + 0.55) % 1) * 2 - 1), 0.22 + 0.5 * v])
            _kite(
                stage,
                sheet,
                at,
                tuple(rgb(CLOTH[k]) for k in pick),
                0.4 * (lean - 0.5),
                alpha,
                -1.0 if side < 0.5 else 1.0,
            )
    return Layer("balloons", sheet, z, movement="fly") if day > 0 else None


def _kite(
    stage: Stage,
    sheet: Floats,
    at: np.ndarray,
    colours: tuple[tuple[float, float, float], ...],
    lean: float,
    alpha: float,
    side: float,
) -> None:
    """A kite with a tail, on a line down to the ground."""
    z = 40.0
    metre = z / stage.focal * stage.height  # metres in a height of the picture
    size = 0.035 * metre
    y = stage.eye_m + at[1] * stage.horizon * z / stage.focal
    canvas = Canvas(stage, across(stage, float(at[0]), z), z, (-6 * size, 6 * size, -y, 3 * size), y_m=y, turn=lean)
    if not canvas.visible:
        return
    canvas.tube(
        np.array([[0, 0], [side * 1.2 * size, -0.4 * y], [side * 3.5 * size, -y]]),
        0.012 * size,
        rgb("#3a3632"),
        alpha=0.7,
    )
    halves = np.array([[[0, 1.1], [-0.75, 0.25], [0, -1.0]], [[0, 1.1], [0.75, 0.25], [0, -1.0]]]) * size
    for half, colour in zip(halves, colours, strict=True):
        canvas.solid(half, colour, round_m=0.05 * size, lean=0.3)
    wave = np.array(
        [[0.25 * size * np.sin(2.2 * t) - side * 0.5 * size * t, -size * (1 + t)] for t in np.linspace(0, 3, 12)]
    )
    canvas.tube(wave, 0.035 * size, colours[0])
    for x, h in wave[2::3]:
        canvas.solid(
            [
                [x - 0.2 * size, h + 0.1 * size],
                [x - 0.2 * size, h - 0.1 * size],
                [x + 0.2 * size, h + 0.1 * size],
                [x + 0.2 * size, h - 0.1 * size],
            ],
            colours[1],
        )
    canvas.onto(sheet, alpha=alpha)


def _lanterns(stage: Stage, amount: float) -> Layer | None:
    """Paper lanterns that rise into the night."""
    rng, dark = stage.scene.rng("lanterns"), float(smoothstep(0.3, 0.8, stage.light.night))
    if amount * dark <= 0:
        return None
    sheet = stage.empty()
    for i in range(LANTERNS):
        u, v, near = rng.random(3)
        alpha = float(smoothstep(0, 0.6, amount * LANTERNS - i)) * dark
        if alpha <= 0:
            continue
        size, z = (0.006 + 0.022 * near**3) * stage.height, 60.0
        column, row = u * stage.width, stage.horizon * (0.98 - 0.9 * v ** (0.8 + 0.4 * near))
        x, y = (column - stage.width / 2) * z / stage.focal, stage.eye_m + (stage.horizon - row) * z / stage.focal
        unit = size * z / stage.focal
        canvas = Canvas(stage, float(x), z, (-unit, unit, -unit, unit), y_m=float(y))
        if canvas.visible:
            body = np.array([[-0.32, -0.45], [-0.45, 0.2], [-0.3, 0.5], [0.3, 0.5], [0.45, 0.2], [0.32, -0.45]]) * unit
            canvas.solid(body, WARM * 0.55, emits=1.0)
            canvas.solid(body * [0.8, 0.5] - [0, 0.2 * unit], WARM * 1.1, emits=1.0, alpha=0.8)
            canvas.onto(sheet, alpha=alpha)
        _halo(sheet, column, row, 1.6 * size, WARM * 0.07 * alpha)
    return Layer("rising lanterns", sheet, 300.0, glows=True, movement="fly")


def _bunting(stage: Stage, amount: float) -> list[Layer]:
    """Flags and paper lanterns on lines over the near ground."""
    rng = stage.scene.rng("bunting")
    sheet, light = stage.empty(), stage.empty()
    wind, night = stage.scene["wind"], stage.light.night
    for line in range(3):
        sag, tilt, height = rng.random(3)
        picks = rng.integers(len(CLOTH), size=40)
        z = depth_at(stage, 0.8 - 0.2 * line)
        half = across(stage, 1.1, z)
        y = stage.eye_m + (0.3 + 0.1 * line + 0.1 * height) * stage.horizon * z / stage.focal
        ends = np.array(
            [[-half, (tilt - 0.5) * 0.2 * half], [0, -(0.12 + 0.1 * sag) * half], [half, -(tilt - 0.5) * 0.3 * half]]
        )
        rope = curve(ends, 41)
        alpha = float(smoothstep(0.15 * line, 0.15 * line + 0.3, amount))
        if alpha <= 0:
            continue
        canvas = Canvas(stage, 0.0, z, (-half, half, -0.7 * half, 0.3 * half), y_m=y)
        if not canvas.visible:
            continue
        unit = 0.045 * half
        canvas.tube(rope, 0.05 * unit, rgb("#2a2622"), smooth=False, round_m=0.0)
        for i in range(1, 40):
            x, h = rope[i]
            blow = 0.5 * unit * wind * np.sin(i * 1.9 + line)
            colour = np.array(rgb(CLOTH[picks[i]]))
            if i % 5 == 0:
                canvas.tube(
                    [[x, h - 0.61 * unit], [x, h - 0.89 * unit]],
                    0.52 * unit,
                    colour * (1 - night) + night * (colour * 0.3 + [0.1, 0.05, 0.01]),
                    round_m=0.3 * unit,
                    emits=0.95 * night,
                )
            else:
                canvas.solid(
                    [[x - 0.42 * unit, h], [x + 0.42 * unit, h], [x + blow, h - 1.05 * unit]],
                    colour,
                    round_m=0.1 * unit,
                )
        canvas.onto(sheet, alpha=alpha)
        for i in range(5, 40, 5):
            x, h = rope[i]
            c, r = float(stage.column(x, z)), float(stage.row(y + h - 0.75 * unit, z))
            _halo(
                light,
                c,
                r,
                2.2 * unit * stage.focal / z,
                (np.array(rgb(CLOTH[picks[i]])) * 0.05 + [0.035, 0.016, 0.003]) * night * alpha,
            )
    layers = [Layer("bunting", sheet, depth_at(stage, 0.7), movement="sway")]
    return (
        [*layers, Layer("lanterns", light, depth_at(stage, 0.7), glows=True, movement="sway")]
        if night > 0.05
        else layers
    )


def _halo(sheet: Floats, column: float, row: float, radius: float, light: np.ndarray) -> None:
    c0, c1 = (int(np.clip(v, 0, sheet.shape[1])) for v in (column - 2 * radius, column + 2 * radius))
    r0, r1 = (int(np.clip(v, 0, sheet.shape[0])) for v in (row - 2 * radius, row + 2 * radius))
    v, u = np.ogrid[r0:r1, c0:c1]
    fall = np.clip(1 - ((u - column) ** 2 + (v - row) ** 2) / (4 * radius**2), 0, 1) ** 4
    sheet[r0:r1, c0:c1, :3] += (fall[..., None] * light).astype(np.float32)


def _confetti(stage: Stage, amount: float) -> Layer | None:
    rng = stage.scene.rng("confetti")
    sheet = stage.empty()
    share = float(smoothstep(0.45, 1.0, amount)) * (1 - 0.9 * stage.light.night)
    canvas = Canvas(stage, 0.0, 5.0, (-50, 50, -50, 50), y_m=stage.eye_m)
    unit = 5.0 / stage.focal * stage.height
    for i in range(240):
        u, v, size, turn = rng.random(4)
        colour = rgb(CLOTH[int(rng.integers(len(CLOTH)))])
        if i < share * 240:
            centre = np.array(
                [(u - 0.5) * stage.width / stage.height * unit, (stage.horizon / stage.height - v) * unit]
            )
            r = unit * (0.0018 + 0.0042 * size**2)
            a = turn * 2 * np.pi
            axes = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) * [[r], [r * (0.3 + 0.7 * size)]]
            canvas.solid(
                centre + np.array([axes[0] + axes[1], axes[0] - axes[1], -axes[0] - axes[1], -axes[0] + axes[1]]),
                colour,
                round_m=0.0,
            )
    canvas.onto(sheet)
    return Layer("confetti", sheet, 5.0, movement="fall") if share > 0 else None


def feast(stage: Stage) -> list[Layer]:
    """Everything festive, far to near."""
    amount = stage.scene["feast"]
    if amount <= 0:
        return []
    layers = [_fireworks(stage, amount), _aloft(stage, amount), _lanterns(stage, amount)]
    if stage.scene.place != "sky":
        layers += [*_bunting(stage, amount), _confetti(stage, amount)]
    return [layer for layer in layers if layer]
