"""One human figure on a canvas: head, hair, clothes and limbs, painted part by part, far ones first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emogen.codecs.scene.bodies import Joints, Person, Vector
from emogen.codecs.scene.brush import Canvas, curve, mixed, rgb
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats


def _head(canvas: Canvas, who: Person, j: Joints, wind: float) -> None:
    """Head, hair and hat; the hair covers what looks up and back."""
    size = who.height_m * who.head
    skin, hair = np.array(who.skin, np.float32), np.array(who.hair, np.float32)
    right, up, ahead = j.frame.astype(np.float32)

    def colour(n: Floats) -> Floats:
        d = n * np.array([1, 1, -1], np.float32)  # towards us is against z
        r, u, f = d @ right, d @ up, d @ ahead
        covered = smoothstep(-0.06, 0.06, 0.62 * u - 0.9 * f + 0.1 + 0.05 * np.sin(9 * r))[..., None]
        face = np.broadcast_to(skin, d.shape).copy()
        for x, y, wide, high, dark in FEATURES:
            face *= 1 - dark * (np.exp(-(((r - x) / wide) ** 2) - ((u - y) / high) ** 2) * (f > 0))[..., None]
        strand = 1 + 0.25 * np.sin(22 * r + 6 * u)[..., None]
        return np.asarray(face * (1 - covered) + hair * strand * covered, np.float32)

    at, away = j.head[:2], float(ahead[2])
    if who.long_hair and away < 0.25:
        _long_hair(canvas, who, j, wind)
    nose = at + (ahead[:2] * 0.03 - up[:2] * 0.002) * size
    canvas.tube(
        [nose, at + (ahead[:2] * 0.061 - up[:2] * 0.01) * size], np.array([0.014, 0.007]) * size, skin, round_m=0.01
    )
    jaw = at + (ahead[:2] * 0.022 - up[:2] * 0.043) * size
    canvas.tube([at - up[:2] * 0.02 * size, jaw], np.array([0.036, 0.024]) * size, skin, round_m=0.03)
    wide = 0.049 + 0.006 * abs(float(ahead[0]))
    canvas.ball(at, np.array([wide, 0.063]) * size, colour, turn=float(np.arctan2(up[0], up[1])))
    if who.long_hair and away >= 0.25:
        _long_hair(canvas, who, j, wind)
    elif not who.long_hair and away > -0.3:  # the nape
        low = at - (up[:2] * 0.048 + ahead[:2] * 0.02) * size
        canvas.tube(
            [at - ahead[:2] * 0.016 * size, low],
            np.array([0.047, 0.03]) * size,
            who.hair,
            round_m=0.03,
            folds=0.2,
            alpha=float(smoothstep(-0.3, 0.2, away)),
        )
    _hat(canvas, who, j)


def _hat(canvas: Canvas, who: Person, j: Joints) -> None:
    size, at = who.height_m * who.head, j.head[:2]
    up, ahead = j.frame[1], j.frame[2]
    away = float(ahead[2])
    top = at + (up[:2] * 0.03 - ahead[:2] * 0.006) * size
    across = np.array([up[1], -up[0]]) * size
    if who.hat == "brim":
        canvas.tube(
            [top - across * 0.098, top, top + across * 0.098],
            np.array([0.006, 0.014, 0.006]) * size,
            who.legs,
            round_m=0.012,
        )
        canvas.tube([top, top + up[:2] * 0.05 * size], np.array([0.051, 0.04]) * size, who.legs, round_m=0.025)
    elif who.hat == "cap":
        canvas.tube(
            [top - up[:2] * 0.012 * size, top + up[:2] * 0.016 * size],
            np.array([0.055, 0.043]) * size,
            who.legs,
            round_m=0.025,
        )
        canvas.tube([top, top + ahead[:2] * 0.085 * size], np.array([0.014, 0.008]) * size, who.legs, round_m=0.012)
    elif who.hat == "hood":
        canvas.tube(
            [top - up[:2] * 0.06 * size, top + (up[:2] * 0.035 - ahead[:2] * 0.01) * size],
            np.array([0.072, 0.032]) * size,
            who.coat,
            round_m=0.04,
        )
        if away < 0.3:
            canvas.tube(
                [at - up[:2] * 0.04 * size, at + up[:2] * 0.012 * size],
                np.array([0.038, 0.03]) * size,
                (0.0, 0.0, 0.0),
                alpha=float(smoothstep(0.3, -0.3, away)),
            )


FEATURES = (  # right, up, wide, high, darkness on the face's sphere: eyes, brows, mouth, cheeks' hollows (own choice)
    (0.36, 0.05, 0.13, 0.07, 0.7), (-0.36, 0.05, 0.13, 0.07, 0.7), (0.38, 0.2, 0.2, 0.05, 0.35), (-0.38, 0.2, 0.2, 0.05, 0.35),
    (0.0, -0.5, 0.2, 0.05, 0.5), (0.62, -0.35, 0.2, 0.3, 0.15), (-0.62, -0.35, 0.2, 0.3, 0.15), (0.0, -0.22, 0.09, 0.05, 0.3),
)  # fmt: skip


def _long_hair(canvas: Canvas, who: Person, j: Joints, wind: float) -> None:
    size = who.height_m
    up, ahead = j.frame[1], j.frame[2]
    top = j.head - ahead * 0.016 * size + up * 0.012 * size
    low = j.neck - ahead * 0.05 * size - np.array([0, 0.045, 0]) * size
    low, tip = (
        low + np.array([0.05 * wind, 0.02 * wind, 0]) * size,
        low + np.array([0.13 * wind, -0.02 + 0.05 * wind, 0]) * size,
    )
    line = np.array([top, mixed(top, low, 0.55), low, tip])[:, :2]
    canvas.tube(line, np.array([0.051, 0.054, 0.04, 0.018]) * size, who.hair, round_m=0.03, folds=0.5)


def _breadth(who: Person, yaw: float, wide: float, deep: float) -> float:
    """Half width of an elliptical cross-section (body heights) seen at a yaw (m)."""
    return float(np.hypot(wide * np.cos(yaw), deep * np.sin(yaw))) * who.height_m * who.stout


def _sides(line: Vector, half: Vector) -> Vector:
    """The outline [2n, 2] about a line [n, 2] with half widths [n], up on the left and down on the right."""
    along = np.gradient(line, axis=0)
    side = np.stack([along[:, 1], -along[:, 0]], -1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    fine = [curve(line + s * side * half[:, None], 4 * len(line)) for s in (-1, 1)]
    return np.vstack([fine[0], fine[1][::-1]])


def _torso(canvas: Canvas, who: Person, j: Joints, yaw: float) -> None:
    """A jacket from below the hips to the neck."""
    tall = who.height_m
    thighs = j.legs[:, 1].mean(0) - j.hip
    hang = j.hip - (j.back - j.hip) * 0.2 + thighs * 0.12
    line = np.array(
        [
            hang,
            j.hip,
            mixed(j.hip, j.back, 0.6),
            mixed(j.back, j.neck, 0.25),
            mixed(j.back, j.neck, 0.7),
            mixed(j.back, j.neck, 0.9),
            mixed(j.neck, j.head, 0.14),
        ]
    )[:, :2]
    sections = (
        (0.086, 0.066),
        (0.084, 0.064),
        (0.077, 0.057),
        (0.095, 0.066),
        (0.107, 0.06),
        (0.092, 0.05),
        (0.032, 0.034),
    )
    canvas.solid(
        _sides(line, np.array([_breadth(who, yaw, *s) for s in sections])),
        who.coat,
        round_m=0.045 * tall,
        folds=0.55,
        grain=0.1,
    )


def _skirt(canvas: Canvas, who: Person, j: Joints, yaw: float, wind: float) -> None:
    """A skirt, the skirts of a coat or a cloak, from the waist down; its hem flies in the wind."""
    tall = who.height_m
    hem = {"dress": 0.66, "coat": 0.5, "cloak": 0.99}[who.wear]  # 0 hips, 0.5 knees, 1 ankles
    knees, ankles = j.legs[:, 1], j.legs[:, 2]
    low = mixed(knees, ankles, (hem - 0.5) * 2) if hem > 0.5 else mixed(j.legs[:, 0], knees, hem * 2)
    spread = float(abs(low[0, 0] - low[1, 0])) / 2
    narrow = _breadth(who, yaw, 0.078, 0.058)
    flare = max(spread + 0.05 * tall, (0.085 + 0.05 * hem) * tall * who.stout)
    waist, end = mixed(j.hip, j.back, 0.45)[:2], low.mean(0)[:2] + np.array([0.07 * wind, 0.015 * wind]) * tall
    line = np.array([waist, j.hip[:2], mixed(j.hip[:2], end, 0.5) - np.array([0.01 * wind, 0]), end])
    half = np.array([narrow, narrow * 1.16, mixed(narrow * 1.2, flare, 0.45), flare])
    outline = _sides(line, half)
    u = np.linspace(-1, 1, 13)
    rim = (
        outline[15]
        + (outline[16] - outline[15]) * ((u + 1) / 2)[:, None]
        + np.stack([0 * u, 0.011 * tall * np.cos(u * 11 + 1) - 0.014 * tall * (1 - u * u)], -1)
    )
    canvas.solid(np.vstack([outline[:16], rim, outline[16:]]), who.coat, round_m=0.05 * tall, folds=1.0, grain=0.1)
    if who.wear == "coat":
        slit = np.array([j.hip[:2] - (j.back - j.hip)[:2] * 0.1, mixed(j.hip[:2], end, 0.98) - [0, 0.01 * tall]])
        canvas.tube(
            slit, np.array([0.002, 0.009]) * tall, np.array(who.coat) * 0.25, alpha=0.8 * abs(float(np.cos(yaw)))
        )
    belt = _sides(
        np.array([waist - np.array([0, 0.008 * tall]), waist + np.array([0, 0.012 * tall])]), np.array([narrow, narrow])
    )
    canvas.solid(belt, np.array(who.coat) * 0.35, round_m=0.03 * tall, alpha=0.0 if who.wear == "cloak" else 0.8)


def _leg(canvas: Canvas, who: Person, leg: Vector, cold: float) -> None:
    tall, bare = who.height_m, who.wear == "dress"
    thick = np.array([0.053, 0.041, 0.031]) * tall * who.stout * (0.8 if bare else 1.0)
    canvas.tube(
        [leg[2], mixed(leg[2], leg[3], 0.5), leg[3]],
        np.array([0.025, 0.022, 0.015]) * tall,
        who.shoes,
        round_m=0.02,
    )
    stocking = mixed(who.skin, who.legs, cold) if bare else who.legs
    canvas.tube(leg[:3], thick, stocking, round_m=0.03 * tall, folds=0.0 if bare else 0.6)


def _arm(canvas: Canvas, who: Person, arm: Vector) -> None:
    tall = who.height_m
    canvas.tube(
        [mixed(arm[1], arm[2], 0.92), arm[2], arm[3]],
        np.array([0.015, 0.017, 0.012]) * tall,
        who.skin,
        round_m=0.012 * tall,
    )
    canvas.tube(
        arm[:3],
        np.array([0.033, 0.029, 0.022]) * tall * who.stout,
        who.coat,
        round_m=0.022 * tall,
        folds=0.5,
        grain=0.1,
    )


def draw(canvas: Canvas, who: Person, j: Joints, yaw: float, *, wind: float = 0.0, cold: float = 0.0) -> None:
    """Paints a figure, its foot at the canvas' foot.

    Args:
        canvas: Where.
        who: Build and clothes.
        j: From `joints`.
        yaw: As given to `joints`.
        wind: How far hems, hair and scarf fly to the right.
        cold: Of the weather, 0..1: a scarf is worn.
    """
    tall, torso = who.height_m, float(j.back[2])
    parts: list[tuple[float, str, int]] = [(torso, "torso", 0), (float(j.head[2]) - 0.01 * tall, "head", 0)]
    for i, knee in enumerate(j.legs[:, 1, 2] + 0.13 * tall):  # clothes hide legs that are not drawn up before them
        parts.append((float(knee if knee < torso else max(knee, torso + 0.001)), "leg", i))
    parts += [(float(j.arms[i, 1:3, 2].mean()) - 0.035 * tall, "arm", i) for i in (0, 1)]
    for _, what, i in sorted(parts, key=lambda p: (-p[0], p[1], p[2])):
        if what == "leg":
            _leg(canvas, who, j.legs[i, :, :2], cold)
        elif what == "torso":
            if who.wear in ("dress", "coat", "cloak"):
                _skirt(canvas, who, j, yaw, wind)
            _torso(canvas, who, j, yaw)
        elif what == "arm":
            _arm(canvas, who, j.arms[i, :, :2])
        else:
            canvas.tube(
                [mixed(j.neck, j.head, 0.05)[:2], j.head[:2]], np.array([0.027, 0.026]) * tall, who.skin, round_m=0.02
            )
            half, drop = _breadth(who, yaw, 0.034, 0.036), 0.01 * tall
            collar = mixed(j.neck, j.head, 0.18)[:2] + np.array([[-half, 0], [0, -drop], [half, 0]])
            canvas.tube(collar, 0.013 * tall, np.array(who.coat) * 0.75, round_m=0.012 * tall)
            if cold > 0:
                _scarf(canvas, who, j, yaw, wind, cold)
            _head(canvas, who, j, wind)


def _scarf(canvas: Canvas, who: Person, j: Joints, yaw: float, wind: float, cold: float) -> None:
    tall, half = who.height_m, _breadth(who, yaw, 0.044, 0.042)
    centre = mixed(j.neck, j.head, 0.2)[:2]
    canvas.tube(
        [centre - np.array([half, 0]), centre - [0, 0.012 * tall], centre + np.array([half, 0])],
        0.019 * tall,
        who.scarf,
        round_m=0.02,
        folds=0.3,
        alpha=cold,
    )
    end = centre + np.array([0.03 + 0.15 * wind, -0.13 + 0.1 * wind]) * tall
    canvas.tube(
        [centre + np.array([half * 0.5, 0]), mixed(centre, end, 0.6), end],
        np.array([0.017, 0.02, 0.022]) * tall,
        who.scarf,
        round_m=0.02,
        folds=0.4,
        alpha=cold,
    )


def umbrella(canvas: Canvas, who: Person, j: Joints, share: float) -> None:
    """An umbrella over the head, held in the right hand; it opens as `share` grows to 1."""
    tall = who.height_m
    hand, top = j.arms[1, 3, :2], np.array([j.head[0] + 0.04 * tall, j.head[1] + 0.2 * tall])
    canvas.tube([hand - (0, 0.03 * tall), mixed(hand, top, share)], 0.006 * tall, rgb("#241c18"), alpha=share)
    half, high = 0.32 * tall * share, 0.16 * tall * (1.4 - 0.4 * share)
    a = np.linspace(0, np.pi, 25)
    dome = np.stack([half * np.cos(a), high * np.sin(a) ** 0.9], -1)
    x = np.linspace(-1, 1, 25)
    rim = np.stack([half * x, 0.03 * tall * np.abs(np.sin(2.5 * np.pi * x)) - 0.015 * tall], -1)
    canvas.solid(
        top - [0, 0.1 * tall] + np.vstack([dome, rim]),
        np.array(who.scarf) * 0.8,
        round_m=0.08 * tall,
        lean=0.3,
        alpha=float(smoothstep(0, 0.2, share)),
    )
    for i in (-0.55, -0.18, 0.18, 0.55):
        rib = np.array([[half * i * 1.1, 0.0], [half * i * 0.8, 0.6 * high], [0, high]]) + top - [0, 0.1 * tall]
        canvas.tube(rib, 0.003 * tall, np.array(who.scarf) * 0.3, alpha=0.6 * share)


def hooded(who: Person) -> Person:
    """The person in a dark hooded cloak."""
    return replace(
        who,
        wear="cloak",
        coat=rgb("#17141a"),
        legs=rgb("#121014"),
        skin=rgb("#0b090a"),
        hair=rgb("#17141a"),
        hat="hood",
        long_hair=False,
    )
