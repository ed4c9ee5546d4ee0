"""Hair: what lies behind the head and what frames the face."""

from __future__ import annotations

import numpy as np

from emogen.pipelines.talking_head.drawn_portrait.paint import MID, Canvas, Character, mirrored, strands


def back_hair(canvas: Canvas, who: Character, rng: np.random.Generator) -> None:
    """Hair behind the head."""
    if who.hair_style == "bun":
        knot = canvas.blob(MID + 0.02, 0.135, 0.075, 0.060)
        mask = np.clip((knot - 0.35) / 0.08, 0, 1)
        canvas.cover(
            mask, who.hair + (who.hair_light - who.hair) * canvas.blob(MID - 0.005, 0.115, 0.04, 0.025)[..., None] * 0.7
        )
        points = mirrored([(0.0, 0.180), (0.12, 0.200), (0.185, 0.29), (0.192, 0.42), (0.178, 0.50), (0.0, 0.52)])
        canvas.cover(canvas.shape(points, 0.002), who.hair * 0.8)
        return
    points = mirrored(
        [
            (0.0, 0.172),
            (0.13, 0.192),
            (0.205, 0.29),
            (0.225, 0.45),
            (0.235, 0.62),
            (0.262, 0.78),
            (0.235, 0.905),
            (0.13, 0.925),
            (0.0, 0.90),
        ]
    )
    mask = canvas.shape(points, 0.0025)
    side = np.clip(0.45 + 1.1 * (MID - canvas.x), 0, 1)[..., None]
    canvas.cover(mask, who.hair * 0.72 + (who.hair_light - who.hair) * 0.22 * side)
    paths = [
        [
            (MID + s * 0.02, 0.18),
            (MID + s * 0.17, 0.30),
            (MID + s * (0.19 + d), 0.50),
            (MID + s * (0.19 + 1.4 * d), 0.72),
            (MID + s * (0.17 + 1.5 * d), 0.91),
        ]
        for s in (-1, 1)
        for d in (-0.05, 0.0, 0.045)
    ]
    for half in (paths[:3], paths[3:]):
        strands(canvas, rng, mask, half, who.hair * 0.6, who.hair_light, 240)


def front_hair(canvas: Canvas, who: Character, rng: np.random.Generator) -> None:
    """Hair over the forehead and the temples."""
    if who.hair_style == "long":
        right = [
            (MID - 0.045, 0.182),
            (MID + 0.05, 0.172),
            (MID + 0.135, 0.200),
            (MID + 0.195, 0.29),
            (MID + 0.212, 0.42),
            (MID + 0.222, 0.58),
            (MID + 0.238, 0.72),
            (MID + 0.195, 0.66),
            (MID + 0.178, 0.52),
            (MID + 0.166, 0.42),
            (MID + 0.140, 0.335),
            (MID + 0.075, 0.285),
            (MID - 0.02, 0.262),
        ]
        left = [
            (MID + 0.02, 0.180),
            (MID - 0.06, 0.172),
            (MID - 0.14, 0.205),
            (MID - 0.195, 0.29),
            (MID - 0.212, 0.42),
            (MID - 0.222, 0.58),
            (MID - 0.238, 0.72),
            (MID - 0.195, 0.66),
            (MID - 0.178, 0.52),
            (MID - 0.166, 0.42),
            (MID - 0.150, 0.345),
            (MID - 0.115, 0.290),
            (MID - 0.055, 0.235),
        ]
        shapes = [
            (
                right,
                [
                    [
                        (MID - 0.03, 0.20),
                        (MID + 0.08, 0.225),
                        (MID + 0.15, 0.30),
                        (MID + 0.185, 0.44),
                        (MID + 0.205, 0.60),
                    ],
                    [
                        (MID - 0.03, 0.255),
                        (MID + 0.06, 0.272),
                        (MID + 0.13, 0.33),
                        (MID + 0.168, 0.44),
                        (MID + 0.192, 0.62),
                    ],
                    [
                        (MID + 0.0, 0.178),
                        (MID + 0.12, 0.205),
                        (MID + 0.18, 0.29),
                        (MID + 0.205, 0.44),
                        (MID + 0.22, 0.62),
                    ],
                ],
            ),
            (
                left,
                [
                    [
                        (MID - 0.02, 0.19),
                        (MID - 0.10, 0.225),
                        (MID - 0.16, 0.30),
                        (MID - 0.188, 0.44),
                        (MID - 0.207, 0.60),
                    ],
                    [
                        (MID - 0.045, 0.225),
                        (MID - 0.11, 0.28),
                        (MID - 0.148, 0.34),
                        (MID - 0.170, 0.44),
                        (MID - 0.192, 0.62),
                    ],
                    [
                        (MID - 0.02, 0.178),
                        (MID - 0.13, 0.205),
                        (MID - 0.185, 0.29),
                        (MID - 0.207, 0.44),
                        (MID - 0.222, 0.62),
                    ],
                ],
            ),
        ]
    elif who.hair_style == "bun":
        cap = mirrored(
            [
                (0.0, 0.178),
                (0.10, 0.190),
                (0.168, 0.255),
                (0.190, 0.36),
                (0.185, 0.46),
                (0.166, 0.43),
                (0.150, 0.345),
                (0.10, 0.285),
                (0.0, 0.262),
            ]
        )
        shapes = [
            (
                cap,
                [
                    [(MID + s * x0, 0.262 + 0.02 * abs(s) * d), (MID + s * (x0 + 0.04), 0.22), (MID + 0.02, 0.15)]
                    for s in (-1, 1)
                    for d, x0 in ((0, 0.0), (1, 0.06), (2, 0.12))
                ],
            )
        ]
    else:
        cap = [
            (MID - 0.176, 0.445),
            (MID - 0.188, 0.35),
            (MID - 0.168, 0.255),
            (MID - 0.10, 0.192),
            (MID, 0.172),
            (MID + 0.10, 0.188),
            (MID + 0.172, 0.255),
            (MID + 0.188, 0.35),
            (MID + 0.176, 0.445),
            (MID + 0.160, 0.375),
            (MID + 0.142, 0.315),
            (MID + 0.06, 0.272),
            (MID - 0.04, 0.284),
            (MID - 0.115, 0.272),
            (MID - 0.150, 0.325),
            (MID - 0.160, 0.385),
        ]
        shapes = [
            (
                cap,
                [
                    [(MID - 0.15, 0.31), (MID - 0.09, 0.22), (MID + 0.02, 0.185), (MID + 0.12, 0.215)],
                    [(MID - 0.10, 0.278), (MID - 0.02, 0.235), (MID + 0.08, 0.225), (MID + 0.155, 0.30)],
                    [(MID - 0.175, 0.40), (MID - 0.17, 0.28), (MID - 0.10, 0.205), (MID + 0.0, 0.180)],
                    [(MID + 0.05, 0.275), (MID + 0.11, 0.262), (MID + 0.16, 0.31), (MID + 0.178, 0.40)],
                ],
            )
        ]
    for points, _ in shapes:
        under = canvas.shape([(x, y + 0.012) for x, y in points], 0.008)
        canvas.shade(under * 0.34, who.shade / who.skin * 0.9)
    for points, paths in shapes:
        mask = canvas.shape(points, 0.0022)
        band = canvas.blob(MID - 0.07, 0.245, 0.15, 0.040)[..., None]
        canvas.cover(mask, who.hair * 0.88 + (who.hair_light - who.hair) * (0.15 + 0.50 * band))
        strands(canvas, rng, mask, paths, who.hair * 0.62, who.hair_light, 340)
        canvas.light(mask * canvas.blob(MID - 0.075, 0.232, 0.10, 0.022), 0.16)
