"""The parts of an avatar that are shaded once: background, body, ears, face, hair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from emogen.pipelines.talking_head.avatar.characters import Character, Lock, characters, locks
from emogen.pipelines.talking_head.avatar.geometry import CENTRE, DESIGN, Array, bump, mirrored, smooth, spline
from emogen.pipelines.talking_head.avatar.paint import (
    Colour,
    Picture,
    blurred,
    cover,
    finish,
    fixed,
    inflate,
    lit,
    mix,
    ramp,
    tint,
)

LIGHT = (-0.48, -0.58, 0.72)  # from above, to the viewer's left
BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (255.0, 255.0, 255.0)


@dataclass(frozen=True, eq=False)
class Layers:
    """Premultiplied RGBA pictures `[size, size, 4]`; `background` is RGB."""

    background: Picture
    back_hair: Picture
    body: Picture
    ears: Picture
    face: Picture
    front_hair: Picture


def deeper(skin: Colour, k: float) -> Colour:
    """The skin in shadow: darker, and redder than it is dark."""
    return (skin[0] * (1 - 0.62 * k), skin[1] * (1 - 0.80 * k), skin[2] * (1 - 0.84 * k))


def skin_ramp(skin: Colour) -> list[tuple[float, Colour]]:
    """Skin from shadow to light."""
    return [
        (0.0, deeper(skin, 0.78)),
        (0.35, deeper(skin, 0.52)),
        (0.62, deeper(skin, 0.24)),
        (0.85, skin),
        (1.0, mix(skin, (255, 244, 228), 0.34)),
    ]


def outline(who: Character) -> Array:
    """The face's outline, skull included."""
    half = np.array(
        [(256, 92), (310, 102), (344, 148), (350, 205), (346, 250), (340, 288), (324, 332), (298, 366), (272, 383)],
        np.float32,
    )
    k = 1 + (who.jaw - 1) * smooth(half[:, 1], 240, 330)
    half[:, 0] = CENTRE + (half[:, 0] - CENTRE) * k
    bottom = np.array([[256, 387]], np.float32)
    return spline(np.concatenate([half, bottom, mirrored(half[:0:-1])]), 10, closed=True)


def _mesh(n: int) -> Array:
    line = ((np.arange(n) + 0.5) * (DESIGN / n)).astype(np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1)


def _pair(p: Array, x: float, y: float, sx: float, sy: float) -> Array:
    return bump(p, CENTRE - x, y, sx, sy) + bump(p, CENTRE + x, y, sx, sy)


def _relief(who: Character, p: Array) -> Array:
    """The height of brow, sockets, nose, cheeks, muzzle and chin over the rounded skull."""
    h = 5 * _pair(p, 38, 203, 26, 9) - 9 * _pair(p, 43, 229, 21, 12) + 5 * _pair(p, 43, 234, 15, 9)
    for i in range(9):
        t = i / 8
        h += (3.2 + 3.4 * t) * bump(p, CENTRE, 214 + 64 * t, 6.5 + 2.5 * t * who.nose, 9)
    h += 10 * bump(p, CENTRE, 281, 10 * who.nose, 9) + 7 * _pair(p, 14.5 * who.nose, 286, 6.5, 6)
    h -= 5 * bump(p, CENTRE, 299, 14, 5)
    h += 6 * _pair(p, 55, 266, 20, 14) - (3 + 3 * who.age) * _pair(p, 58, 314, 16, 18)
    h += 7 * bump(p, CENTRE, 322, 30, 22) - 2.2 * bump(p, CENTRE, 306, 4, 7)
    h -= 5 * bump(p, CENTRE, 349, 18, 5)
    h += 8 * bump(p, CENTRE, 369, 19, 11) + 4 * _pair(p, 26, 150, 28, 22)
    return h - who.age * 2.5 * _pair(p, 42, 252, 17, 4)


def _face(who: Character, n: int, size: int) -> Picture:
    p = _mesh(n)
    inside = cover(outline(who), n)
    height = inflate(inside, 74, 9) * 0.95 + _relief(who, p)
    light, shine = lit(height, LIGHT)
    picture = ramp(light, skin_ramp(who.skin))
    x, y = p[..., 0], p[..., 1]
    tint(picture, 0.30 * _pair(p, 52, 284, 24, 19), who.blush)
    tint(picture, 0.26 * bump(p, CENTRE, 282, 15, 11) + 0.14 * bump(p, CENTRE, 370, 20, 12), who.blush)
    tint(picture, 0.30 * _pair(p, 42, 224, 21, 10), mix(deeper(who.skin, 0.45), who.blush, 0.25))
    tint(picture, (0.10 + 0.25 * who.age) * _pair(p, 40, 254, 17, 5), mix(deeper(who.skin, 0.5), (96, 70, 110), 0.3))
    edge = np.clip(1 - inflate(inside, 30, 3) / 26, 0, 1)
    tint(picture, 0.42 * edge * smooth(x, 262, 340) * smooth(y, 170, 260), mix(who.back_dark, WHITE, 0.45))
    tint(picture, 0.34 * shine * (1 - edge), mix(who.skin, WHITE, 0.75))
    tint(picture, 0.55 * (1 - smooth(y, 112, 182)), deeper(who.skin, 0.55))
    alpha = inside
    if who.age > 0:
        _forehead(who, picture, n)
    if who.beard > 0:
        alpha = np.maximum(alpha, _beard(who, picture, light, n))
    return finish(picture, alpha, size)


def _forehead(who: Character, picture: Array, n: int) -> None:
    for k, y in enumerate((160, 174, 188)):
        line = spline([(256 - 46 + 3 * k, y + 2), (232, y - 2), (256, y + 1), (280, y - 2), (302 - 3 * k, y + 2)], 8)
        mark = np.zeros((n, n), np.uint8)
        cv2.polylines(mark, [fixed(line * (n / DESIGN))], False, 255, 2, cv2.LINE_AA, 4)
        tint(picture, 0.55 * who.age * blurred(mark.astype(np.float32) / 255, 1.0), deeper(who.skin, 0.5))


def _strokes(picture: Array, lines: list[Array], tones: list[Colour], thickness: int = 1) -> None:
    scale = picture.shape[0] / DESIGN
    for line, tone in zip(lines, tones, strict=True):
        cv2.polylines(picture, [fixed(line * scale)], False, tone, thickness, cv2.LINE_8, 4)


def _beard(who: Character, picture: Array, light: Array, n: int) -> Array:
    """Beard and moustache, painted into the face so that they move with the jaw; returns their cover."""
    half = [(256, 402), (292, 396), (322, 362), (341, 318), (348, 262), (341, 262), (328, 300), (312, 318), (298, 312),
            (288, 303), (272, 300), (256, 303)]  # fmt: skip
    right = np.array(half, np.float32)
    shape = spline(np.concatenate([right, mirrored(right[-2:0:-1])]), 8, closed=True)
    area = cover(shape, n)
    bare = blurred(cover(spline([(222, 330), (238, 318), (256, 321), (274, 318), (290, 330), (272, 346), (256, 349),
                                 (240, 346)], 8, closed=True), n), 2.5)  # fmt: skip
    area = blurred(area, 2.2) * (1 - 0.85 * bare)
    tint(picture, 0.9 * area, mix(who.hair, BLACK, 0.25))
    rng = np.random.default_rng(11)
    lines, tones = [], []
    soft = cv2.resize(area, (512, 512), interpolation=cv2.INTER_AREA)
    shade = cv2.resize(light, (512, 512), interpolation=cv2.INTER_AREA)
    while len(lines) < 2600:
        x, y = rng.uniform(160, 352), rng.uniform(262, 398)
        if rng.uniform() > soft[int(y), int(x)] * 1.2:
            continue
        out = (x - CENTRE) / 90
        lean = out * 0.55 if y > 312 else np.sign(out) * 1.1
        long = rng.uniform(7, 13)
        way = np.array([lean + rng.normal(0, 0.16), 1.0])
        way *= long / np.hypot(*way)
        start = np.array([x, y])
        lines.append(np.array([start, start + 0.5 * way + rng.normal(0, 0.5, 2), start + way], np.float32))
        tones.append(mix(mix(who.hair, BLACK, 0.3), who.shine, float(np.clip(shade[int(y), int(x)] - 0.25 + rng.normal(0, 0.25), 0, 1))))
    fresh = picture.copy()
    _strokes(fresh, lines, tones, 2)
    picture += (fresh - picture) * np.clip(blurred(area, 1.0) * 1.15, 0, 1)[..., None]
    return np.clip(area * 1.3, 0, 1)


def _ears(who: Character, n: int, size: int) -> Picture:
    half = np.array([(346, 226), (358, 216), (367, 226), (364, 250), (357, 272), (346, 280), (340, 262)], np.float32)
    half[:, 0] += (who.jaw - 1) * 20 - 1
    picture = np.zeros((n, n, 3), np.float32)
    alpha = np.zeros((n, n), np.float32)
    for shape in (half, mirrored(half)):
        inside = cover(spline(shape, 8, closed=True), n)
        light, _ = lit(inflate(inside, 7, 1.2), LIGHT)
        one = ramp(light * 0.9, skin_ramp(mix(who.skin, who.blush, 0.16)))
        hollow = blurred(cover(spline((shape - shape.mean(0)) * 0.5 + shape.mean(0), 8, closed=True), n), 1.6)
        tint(one, 0.6 * hollow, deeper(who.skin, 0.6))
        picture += one * inside[..., None]
        alpha += inside
    return finish(np.where(alpha[..., None] > 0, picture / np.maximum(alpha, 1e-3)[..., None], 0), alpha, size)


def _body(who: Character, n: int, size: int) -> Picture:
    wide = 6.0 if who.look.endswith(" man") else -2.0
    p = _mesh(n)
    half = np.array([(296 + wide, 320), (298 + wide, 380), (304 + wide, 412), (334 + wide, 436), (400 + wide, 458),
                     (460 + wide, 486), (486 + wide, 540), (256, 545)], np.float32)  # fmt: skip
    skin = cover(spline(np.concatenate([half, mirrored(half[-2::-1])]), 8, closed=True), n)
    light, shine = lit(inflate(skin, 46, 6), LIGHT)
    picture = ramp(light * 0.94, skin_ramp(who.skin))
    tint(picture, 0.15 * shine, WHITE)
    for side in (1, -1):
        line = spline([(CENTRE + side * 10, 462), (CENTRE + side * 50, 454), (CENTRE + side * 100, 446)], 8)
        bone = np.zeros((n, n), np.uint8)
        cv2.polylines(bone, [fixed(line * (n / DESIGN))], False, 255, 5, cv2.LINE_AA, 4)
        tint(picture, 0.4 * blurred(bone.astype(np.float32) / 255, 2.2), deeper(who.skin, 0.5))
        cord = spline([(CENTRE + side * 36, 380), (CENTRE + side * 24, 420), (CENTRE + side * 9, 458)], 8)
        bone = np.zeros((n, n), np.uint8)
        cv2.polylines(bone, [fixed(cord * (n / DESIGN))], False, 255, 6, cv2.LINE_AA, 4)
        tint(picture, 0.30 * blurred(bone.astype(np.float32) / 255, 3.0), deeper(who.skin, 0.55))
    chin = outline(who)
    shadow = blurred(cover(chin + np.array([7, 22], np.float32), n), 9)
    tint(picture, 0.72 * shadow, deeper(who.skin, 0.72))
    cloth, alpha = _cloth(who, p, skin, n)
    picture += (cloth - picture) * alpha[..., None]
    return finish(picture, np.maximum(skin, alpha), size)


NECKLINES = {
    "round": [(256, 488), (290, 478), (322, 456), (338, 434)],
    "crew": [(256, 446), (284, 440), (304, 424), (312, 408)],
    "shawl": [(256, 476), (276, 452), (302, 424), (314, 404)],
    "shirt": [(256, 458), (278, 438), (300, 416), (310, 396)],
}


def _cloth(who: Character, p: Array, skin: Array, n: int) -> tuple[Array, Array]:
    neck = np.array(NECKLINES[who.collar], np.float32)
    outer = np.array([(352, 428), (408, 448), (470, 476), (502, 545), (256, 560)], np.float32)
    right = np.concatenate([spline(neck, 8), spline(outer, 8)])
    shape = np.concatenate([right, mirrored(right[::-1])])
    alpha = cover(shape, n)
    height = inflate(alpha, 38, 5)
    for side in (1, -1):
        for k, (x, lean) in enumerate(((96, 0.25), (150, 0.5), (190, 0.75))):
            line = spline([(CENTRE + side * (x - 18), 446 + 8 * k), (CENTRE + side * x, 480), (CENTRE + side * (x + 30 * lean), 530)], 8)
            fold = np.zeros((n, n), np.uint8)
            cv2.polylines(fold, [fixed(line * (n / DESIGN))], False, 255, 8, cv2.LINE_AA, 4)
            height -= 7 * blurred(fold.astype(np.float32) / 255, 5)
    light, _ = lit(height, LIGHT)
    dark, bright = mix(who.cloth, (16, 14, 30), 0.72), mix(who.cloth, WHITE, 0.25)
    picture = ramp(light, [(0.0, dark), (0.5, mix(dark, who.cloth, 0.5)), (0.82, who.cloth), (1.0, bright)])
    for width, tone, blur in ((9, bright, 2.0), (2, dark, 0.6)):
        hem = np.zeros((n, n), np.uint8)
        line = np.concatenate([mirrored(spline(neck, 8))[::-1], spline(neck, 8)])
        cv2.polylines(hem, [fixed((line + np.array([0, 5 if width == 9 else 11], np.float32)) * (n / DESIGN))], False, 255, width, cv2.LINE_AA, 4)
        tint(picture, 0.45 * blurred(hem.astype(np.float32) / 255, blur), tone)
    under = blurred(cover(outline(who) + np.array([7, 30], np.float32), n), 12)
    tint(picture, 0.5 * under, dark)
    return picture, alpha


def _hair(who: Character, layer: str, n: int, size: int) -> Picture:
    picture = np.zeros((n, n, 3), np.float32) + np.array(who.hair, np.float32)
    alpha = np.zeros((n, n), np.float32)
    rng = np.random.default_rng(5)
    for lock in locks(who.name):
        if lock.layer != layer:
            continue
        sides = ((lock.a, lock.b), (mirrored(lock.a), mirrored(lock.b))) if lock.mirror else ((lock.a, lock.b),)
        for a, b in sides:
            alpha = np.maximum(alpha, _lock(who, lock, a, b, picture, rng))
    return finish(picture, alpha, size)


def _lock(who: Character, lock: Lock, a: Array, b: Array, picture: Array, rng: np.random.Generator) -> Array:
    n = picture.shape[0]
    scale = n / DESIGN
    first, last = spline(a, 10), spline(b, 10)
    inside = cover(np.concatenate([first, last[::-1]]), n)
    light, _ = lit(inflate(inside, 30, 5), LIGHT, 0.5)
    deep = mix(who.hair, BLACK, 0.62)
    dim = 0.45 if lock.layer == "back" else 1.0
    base = ramp(light * dim, [(0.0, deep), (0.6, mix(deep, who.hair, 0.7)), (1.0, mix(who.hair, who.shine, 0.25))])
    picture += (base - picture) * inside[..., None]
    steps = np.linspace(0, 1, len(first))
    strands = cover(np.zeros((3, 2), np.float32), n)
    for _ in range(lock.count):
        t = rng.uniform(-0.015, 1.015)
        sway = rng.normal(0, 0.012) + 0.02 * np.sin(steps * rng.uniform(3, 9) + rng.uniform(0, 6))
        along = (t + sway * np.minimum(1, 3 * steps))[:, None].astype(np.float32)
        line = first * (1 - along) + last * along
        at = np.clip((line * scale).astype(int), 0, n - 1)
        shade = light[at[:, 1], at[:, 0]]
        band = np.exp(-0.5 * ((steps - 0.30 - 0.10 * t) / 0.10) ** 2) + 0.4 * np.exp(-0.5 * ((steps - 0.72) / 0.09) ** 2)
        value = np.clip(0.55 * shade + 0.5 * band * shade + rng.normal(-0.12, 0.15), 0, 1) * dim
        stop = int(len(line) * rng.uniform(0.9, 1.0))
        points = fixed(line * scale)
        for i in range(0, stop - 1, 2):
            tone = mix(deep, who.shine, float(value[i]) * 0.8)
            cv2.polylines(picture, [points[i : i + 3]], False, tone, 1, cv2.LINE_8, 4)
        cv2.polylines(strands, [points[:stop]], False, 1.0, 1, cv2.LINE_8, 4)
    return np.maximum(inside, blurred(strands, 0.35))


def _background(who: Character, n: int, size: int) -> Picture:
    p = _mesh(n)
    glow = bump(p, 200, 190, 190, 210)
    picture = ramp(glow, [(0.0, who.back_dark), (1.0, who.back_light)])
    far = np.hypot(p[..., 0] - 256, p[..., 1] - 250) / 360
    tint(picture, 0.42 * smooth(far, 0.45, 1.05), mix(who.back_dark, (20, 18, 34), 0.65))
    return np.clip(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA) + 0.5, 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def layers(name: str, size: int) -> Layers:
    """All layers of a character at a size; computed once."""
    who = characters()[name]
    n = 2 * size
    return Layers(
        background=_background(who, n, size),
        back_hair=_hair(who, "back", n, size),
        body=_body(who, n, size),
        ears=_ears(who, n, size),
        face=_face(who, n, size),
        front_hair=_hair(who, "front", n, size),
    )
