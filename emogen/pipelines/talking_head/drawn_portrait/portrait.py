"""A character, painted from back to front: background, shoulders, hair, face, features."""

from __future__ import annotations

import numpy as np

from emogen.pipelines.talking_head.drawn_portrait.hair import back_hair, front_hair
from emogen.pipelines.talking_head.drawn_portrait.paint import (
    BROW_Y,
    CANVAS,
    CHIN_Y,
    EYE_H,
    EYE_W,
    EYE_X,
    EYE_Y,
    FACE_W,
    MID,
    MOUTH_W,
    MOUTH_Y,
    NOSE_Y,
    TOP_Y,
    Canvas,
    Character,
    mirrored,
    strands,
)  # fmt: skip


def painted(who: Character) -> np.ndarray:
    """The neutral portrait of a character, uint8 [1024, 1024, 3]."""
    canvas, rng = Canvas(), np.random.default_rng(len(who.name) * 7 + ord(who.name[0]))
    _background(canvas, who)
    if who.hair_style in {"long", "bun"}:
        back_hair(canvas, who, rng)
    _shoulders(canvas, who)
    face = _face(canvas, who)
    _nose(canvas, who)
    for side in (-1.0, 1.0):
        _eye(canvas, who, side)
        _brow(canvas, who, side, rng)
    _mouth(canvas, who)
    if who.beard > 0:
        _beard(canvas, who, face, rng)
    _age(canvas, who)
    front_hair(canvas, who, rng)
    grain = rng.normal(0, 1.2, (CANVAS, CANVAS, 1))
    return np.clip(canvas.picture + grain, 0, 255).astype(np.uint8)


def outline(who: Character) -> list[tuple[float, float]]:
    """The face from the middle of the forehead down the picture's right side to the chin (x from the middle)."""
    w, j = FACE_W * who.width, who.jaw
    return [(0.0, TOP_Y), (0.55 * w, TOP_Y + 0.012), (0.90 * w, 0.325), (w, 0.410), (0.985 * w, 0.490), (0.93 * w * j, 0.570),
            (0.78 * w * j, 0.635), (0.52 * w * j, 0.685), (0.24 * w * j, CHIN_Y - 0.004), (0.0, CHIN_Y)]  # fmt: skip


def _background(canvas: Canvas, who: Character) -> None:
    far = np.sqrt((canvas.x - 0.42) ** 2 + (canvas.y - 0.36) ** 2)[..., None]
    canvas.picture[:] = who.back_light + (who.back - who.back_light) * np.clip(far / 0.85, 0, 1) ** 1.2


def _shoulders(canvas: Canvas, who: Character) -> None:
    broad = 1.0 + 0.22 * (who.jaw - 0.93) / 0.13
    body = canvas.shape(
        mirrored(
            [
                (0.0, 0.797),
                (0.075, 0.790),
                (0.15, 0.814),
                (0.27 * broad, 0.857),
                (0.36 * broad, 0.927),
                (0.40 * broad, 1.05),
                (0.0, 1.10),
            ]
        ),
        0.0015,
    )
    side = np.clip(0.5 + 0.9 * (MID - canvas.x) - 0.4 * (canvas.y - 0.9), 0, 1)[..., None]
    canvas.cover(body, who.cloth + (who.cloth_light - who.cloth) * side**1.3)
    neck = canvas.shape(
        mirrored(
            [
                (0.0, 0.60),
                (0.086 * who.width, 0.62),
                (0.083 * who.width, 0.74),
                (0.105, 0.787),
                (0.135, 0.814),
                (0.06, 0.857),
                (0.0, 0.870),
            ]
        ),
        0.0015,
    )
    canvas.cover(neck, _skin(canvas, who, MID, 0.76, 0.13, 0.22) * np.array([0.93, 0.90, 0.89]))
    canvas.shade(neck * canvas.blob(MID + 0.01, 0.700, 0.14, 0.062), who.shade / who.skin * 0.86)
    for side_x in (-1, 1):
        canvas.shade(
            neck
            * canvas.line(
                [(MID + side_x * 0.040, 0.857), (MID + side_x * 0.075, 0.752), (MID + side_x * 0.080, 0.74)],
                0.010,
                0.010,
            ),
            0.90,
        )
    collar = canvas.line(
        [(MID - 0.128, 0.810), (MID - 0.07, 0.857), (MID, 0.877), (MID + 0.07, 0.857), (MID + 0.128, 0.810)],
        0.018,
        0.002,
    )
    canvas.cover(collar, who.cloth * 0.82 + who.cloth_light * 0.18)
    canvas.light(collar * canvas.blob(0.44, 0.832, 0.10, 0.05), 0.12)


def _skin(canvas: Canvas, who: Character, cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
    """Skin on a rounded form, lit from the upper left: a picture [h, w, 3]."""
    nx, ny = (canvas.x - cx) / rx, (canvas.y - cy) / ry
    nz = np.sqrt(np.clip(1.35 - nx**2 - ny**2, 0.02, None))
    lit = (-0.42 * nx - 0.38 * ny + 0.82 * nz) / np.sqrt(nx**2 + ny**2 + nz**2)
    tone = np.clip((lit - 0.05) / 0.85, 0, 1)[..., None] ** 0.85
    return who.shade + (who.skin - who.shade) * tone + np.clip(lit - 0.88, 0, 1)[..., None] * 90


def _face(canvas: Canvas, who: Character) -> np.ndarray:
    w = FACE_W * who.width
    for side in (-1, 1):
        ear = canvas.shape([(MID + side * (w - 0.004), 0.425), (MID + side * (w + 0.020), 0.418), (MID + side * (w + 0.026), 0.455),
                            (MID + side * (w + 0.014), 0.515), (MID + side * (w - 0.006), 0.520)])  # fmt: skip
        canvas.cover(ear, who.skin * 0.86 + who.shade * 0.10)
        canvas.shade(ear * canvas.blob(MID + side * (w + 0.008), 0.468, 0.010, 0.030), 0.82)
    face = canvas.shape(mirrored(outline(who)), 0.0016)
    canvas.cover(face, _skin(canvas, who, MID, 0.475, 1.08 * w, 0.255))
    warm = np.array([1.0, 0.83, 0.80])
    for side in (-1, 1):
        canvas.shade(face * canvas.blob(MID + side * 0.098, 0.552, 0.048, 0.034) * 0.55, warm)
        canvas.shade(
            face * canvas.blob(MID + side * EYE_X, EYE_Y - 0.012, 0.052, 0.026) * 0.42, who.shade / who.skin * 1.04
        )
        canvas.shade(face * canvas.blob(MID + side * 0.118, 0.622, 0.036, 0.055) * 0.28, who.shade / who.skin)
        canvas.light(face * canvas.blob(MID + side * 0.088 - 0.006, 0.512, 0.030, 0.014), 0.13)
    canvas.light(face * canvas.blob(MID - 0.015, 0.345, 0.075, 0.035), 0.10)
    canvas.light(face * canvas.blob(MID - 0.006, 0.690, 0.022, 0.012), 0.10)
    canvas.shade(face * canvas.blob(MID, 0.663, 0.040, 0.008) * 0.40, who.shade / who.skin)
    return face


def _nose(canvas: Canvas, who: Character) -> None:
    tone = who.shade / who.skin
    canvas.shade(
        canvas.line(
            [(MID + 0.016, 0.425), (MID + 0.014, 0.48), (MID + 0.020, 0.525), (MID + 0.030, 0.548)], 0.011, 0.008
        )
        * 0.75,
        tone,
    )
    canvas.shade(canvas.line([(MID - 0.018, 0.430), (MID - 0.012, 0.465)], 0.008, 0.007) * 0.55, tone)
    canvas.light(canvas.line([(MID - 0.003, 0.440), (MID - 0.003, 0.500), (MID - 0.003, 0.535)], 0.008, 0.006), 0.28)
    canvas.light(canvas.blob(MID - 0.004, 0.542, 0.011, 0.009), 0.34)
    canvas.shade(canvas.blob(MID, NOSE_Y + 0.008, 0.030, 0.008) * 0.55, tone * 0.92)
    for side in (-1, 1):
        wing = [
            (MID + side * 0.027, 0.532),
            (MID + side * 0.036, 0.548),
            (MID + side * 0.031, 0.562),
            (MID + side * 0.020, 0.564),
        ]
        canvas.shade(canvas.line(wing, 0.0040, 0.0022) * 0.62, tone * 0.74)
        canvas.shade(
            canvas.taper(
                [(MID + side * 0.007, 0.5655), (MID + side * 0.014, 0.5620), (MID + side * 0.023, 0.5650)],
                [0.002, 0.0075, 0.002],
            )
            * 0.85,
            tone * 0.40,
        )


def _eye(canvas: Canvas, who: Character, side: float) -> None:
    cx, cy = MID + side * EYE_X, EYE_Y
    w, h = EYE_W, EYE_H * (1.0 - 0.10 * who.age)
    upper = [
        (cx - side * w, cy + 0.0045),
        (cx - side * 0.62 * w, cy - 0.70 * h),
        (cx - side * 0.05 * w, cy - h),
        (cx + side * 0.55 * w, cy - 0.74 * h),
        (cx + side * w, cy - 0.0015),
    ]
    lower = [(cx + side * 0.60 * w, cy + 0.66 * h), (cx, cy + 0.86 * h), (cx - side * 0.60 * w, cy + 0.62 * h)]
    lid = canvas.shape([*upper, *lower], 0.0009)
    canvas.cover(lid, np.array([240, 236, 230.0]))
    canvas.shade(lid * canvas.blob(cx, cy - h * 1.1, w * 1.3, h * 0.95) * 0.55, np.array([0.62, 0.60, 0.64]))
    canvas.shade(lid * canvas.blob(cx - side * w, cy, w * 0.32, h) * 0.5, np.array([0.92, 0.72, 0.70]))
    r = np.sqrt((canvas.x - cx) ** 2 + (canvas.y - (cy - 0.0015)) ** 2)
    radius = 0.0162
    iris = np.clip((radius - r) / 0.0012 + 0.5, 0, 1) * lid
    angle = np.arctan2(canvas.y - cy, canvas.x - cx)
    rays = 1 + 0.10 * np.sin(angle * 23) * np.sin(angle * 7 + 1)
    depth = np.clip(r / radius, 0, 1)
    tone = (
        (who.iris * 1.25 + 18)
        * (0.72 + 0.55 * depth**1.5 * np.clip((canvas.y - cy) / radius + 0.75, 0.35, 1.4))[..., None]
        * rays[..., None]
    )
    canvas.cover(iris, np.clip(tone, 0, 255))
    canvas.shade(iris * np.clip((depth - 0.80) / 0.2, 0, 1), 0.42)
    canvas.cover(np.clip((0.0072 - r) / 0.0012 + 0.5, 0, 1) * lid, np.array([16, 13, 12.0]))
    canvas.shade(iris * canvas.blob(cx, cy - h * 1.05, w, h * 0.62) * 0.7, 0.45)
    canvas.cover(
        np.clip(1.4 * canvas.blob(cx - 0.0055, cy - 0.0065, 0.0036, 0.0036), 0, 1) * lid, np.array([255, 255, 255.0])
    )
    canvas.light(iris * canvas.blob(cx + 0.005, cy + 0.006, 0.006, 0.004), 0.30)
    dark = np.array([34, 24, 22.0])
    canvas.cover(
        canvas.taper(
            [*upper, (cx + side * (w + 0.006), cy - 0.006)],
            [0.0025, 0.0050 + 0.002 * who.lash, 0.0058 + 0.0025 * who.lash, 0.0056 + 0.002 * who.lash, 0.002],
        )
        * (0.70 + 0.25 * who.lash),
        dark,
    )
    canvas.shade(
        canvas.line([(cx + side * w, cy), *lower, (cx - side * w, cy + 0.004)], 0.0022, 0.0012) * 0.60,
        np.array([0.62, 0.50, 0.48]),
    )
    crease = [(x, y - 0.0100) for x, y in upper]
    canvas.shade(canvas.line(crease, 0.0028, 0.0018) * 0.62, who.shade / who.skin * 0.80)
    canvas.shade(
        canvas.line(
            [(cx - side * 0.8 * w, cy + 0.022), (cx, cy + 0.028), (cx + side * 0.7 * w, cy + 0.022)], 0.004, 0.005
        )
        * (0.22 + 0.5 * who.age),
        who.shade / who.skin,
    )


def _brow(canvas: Canvas, who: Character, side: float, rng: np.random.Generator) -> None:
    cx = MID + side * EYE_X
    path = [
        (cx - side * 0.041, BROW_Y + 0.0015),
        (cx - side * 0.012, BROW_Y - 0.0045),
        (cx + side * 0.022, BROW_Y - 0.006),
        (cx + side * 0.050, BROW_Y + 0.0105),
    ]
    weight = who.brow_weight
    mask = canvas.taper(path, [0.010 * weight, 0.0155 * weight, 0.0125 * weight, 0.003])
    canvas.cover(mask * 0.72, who.brow)
    hairs = [[(x + dx * side, y + dy) for x, y in path] for dx, dy in ((-0.004, 0.005), (0.0, 0.0), (0.003, -0.004))]
    strands(canvas, rng, mask, hairs, who.brow * 0.7, who.brow * 1.25, 60)


def _mouth(canvas: Canvas, who: Character) -> None:
    w, y = MOUTH_W, MOUTH_Y
    seam = [
        (MID - w, y - 0.0022),
        (MID - 0.5 * w, y + 0.0005),
        (MID - 0.12 * w, y - 0.0015),
        (MID, y),
        (MID + 0.12 * w, y - 0.0015),
        (MID + 0.5 * w, y + 0.0005),
        (MID + w, y - 0.0022),
    ]
    top = [
        (MID + 0.55 * w, y - 0.0105),
        (MID + 0.20 * w, y - 0.0165),
        (MID, y - 0.0125),
        (MID - 0.20 * w, y - 0.0165),
        (MID - 0.55 * w, y - 0.0105),
    ]
    low = [(MID + 0.55 * w, y + 0.0165), (MID, y + 0.0235), (MID - 0.55 * w, y + 0.0165)]
    upper, lower = canvas.shape([*seam, *top], 0.0016), canvas.shape([*seam, *low], 0.0018)
    canvas.cover(upper * 0.85, who.lips * 0.86)
    canvas.cover(lower * 0.82, who.lips * 1.02)
    canvas.shade(lower * canvas.blob(MID, y + 0.024, 0.06, 0.008) * 0.45, 0.78)
    canvas.light(lower * canvas.blob(MID - 0.006, y + 0.010, 0.020, 0.0045), 0.30)
    canvas.light(upper * canvas.blob(MID, y - 0.012, 0.016, 0.003), 0.10)
    canvas.shade(canvas.line(seam, 0.0032, 0.0010) * 0.85, np.array([0.42, 0.30, 0.30]))
    for side in (-1, 1):
        canvas.shade(canvas.blob(MID + side * (w + 0.003), y + 0.001, 0.006, 0.005) * 0.45, who.shade / who.skin * 0.8)
    canvas.shade(canvas.line([(MID - 0.005, 0.576), (MID - 0.006, 0.600)], 0.004, 0.004) * 0.35, who.shade / who.skin)


def _beard(canvas: Canvas, who: Character, face: np.ndarray, rng: np.random.Generator) -> None:
    w = FACE_W * who.width
    low = np.clip(
        (canvas.y - 0.560 - 0.55 * np.clip(0.11 - np.abs(canvas.x - MID), 0, 1) * (canvas.y < 0.60)) / 0.05, 0, 1
    )
    cheeks = np.clip((np.abs(canvas.x - MID) - 0.30 * w) / (0.5 * w), 0, 1)
    area = face * np.clip(
        low * np.maximum(cheeks, np.clip((canvas.y - 0.640) / 0.02, 0, 1))
        + canvas.line(
            [(MID - 0.058, 0.612), (MID - 0.03, 0.594), (MID, 0.592), (MID + 0.03, 0.594), (MID + 0.058, 0.612)],
            0.014,
            0.004,
        ),
        0,
        1,
    )
    area = area * (1 - canvas.blob(MID, MOUTH_Y + 0.004, 0.056, 0.020))
    canvas.cover(
        area * (0.30 + 0.55 * who.beard) * (0.5 if who.beard < 0.5 else 1.0), who.hair * 0.95 + who.shade * 0.15
    )
    if who.beard > 0.5:
        paths = [
            [(MID + x, 0.56), (MID + x * 0.98, 0.62), (MID + x * 0.80, 0.70)]
            for x in np.linspace(-0.98 * w, 0.98 * w, 9)
        ]
        strands(canvas, rng, area, paths, who.hair * 0.75, who.hair_light, 420)


def _age(canvas: Canvas, who: Character) -> None:
    if who.age <= 0.05:
        return
    tone = who.shade / who.skin * 0.92
    for side in (-1, 1):
        canvas.shade(
            canvas.line(
                [(MID + side * 0.040, 0.560), (MID + side * 0.056, 0.592), (MID + side * 0.066, 0.625)], 0.004, 0.004
            )
            * 0.42
            * who.age,
            tone,
        )
        for dy in (-0.008, 0.004, 0.014):
            canvas.shade(
                canvas.line([(MID + side * 0.116, EYE_Y + dy * 0.4), (MID + side * 0.130, EYE_Y + dy)], 0.002, 0.0018)
                * 0.32
                * who.age,
                tone,
            )
    for y in (0.335, 0.355):
        canvas.shade(
            canvas.line([(MID - 0.07, y + 0.004), (MID, y), (MID + 0.07, y + 0.004)], 0.0025, 0.003) * 0.22 * who.age,
            tone,
        )
