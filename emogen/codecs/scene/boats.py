"""Boats: sailing boats, rowing boats and fishing boats; `decay` sinks and breaks hulls, `feast` hangs flags and lanterns."""

from __future__ import annotations

import numpy as np

from emogen.codecs.scene.brush import Canvas, curve, rgb
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.stage import Floats, Layer, Stage
from emogen.codecs.scene.standing import BEACH, QUAY_END_M, QUAY_M, QUAY_SIDE_M, SHORE, across, depth_at

FLEETS = {"sea": 3.2, "lake": 2.4, "harbour": 7.0}  # boats of an ordinary day (own choice)
HULLS = ("#8c2f2a", "#2d4a66", "#e6e0d2", "#3f5f4c", "#c98a3c", "#5a3a2a")
SAILS = ("#f2ecdc", "#e8dcc0", "#c4553a", "#f4f2ea", "#d8c49a")
PENNANTS = ("#d8432f", "#f0b53a", "#3f7fb8", "#f2efe6", "#4f9a5a")


def _hull(canvas: Canvas, long: float, high: float, way: int, colour: tuple[float, float, float], rot: float) -> None:
    """A hull in profile, its keel below the water line at 0; rot 0..1 breaks its planks."""
    flip = np.array([way, 1.0])
    deck = curve(
        [[-0.5 * long, 0.85 * high], [-0.2 * long, 0.62 * high], [0.2 * long, 0.66 * high], [0.52 * long, 1.15 * high]],
        24,
    )
    keel = curve([[0.43 * long, -0.02 * high], [0, -0.1 * high], [-0.44 * long, -0.02 * high]], 12)
    rust = np.array(rgb("#4a3424"))
    body = np.array(colour) * (1 - 0.8 * rot) + rust * 0.8 * rot
    canvas.solid(np.vstack([deck, keel]) * flip, body, round_m=0.3 * high, grain=0.12 + 0.5 * rot, lean=-0.15)
    low = np.vstack([deck * [1, 0.3], keel])
    canvas.solid(low * flip, body * 0.3, round_m=0.1 * high, grain=0.2)
    rail = np.array(rgb("#d8cfba")) * (1 - rot) + rust * rot
    canvas.tube(deck * flip, 0.05 * high, rail, round_m=0.05 * high, smooth=False)
    for x in np.linspace(-0.35, 0.35, 6):
        if rot > 0.1:
            hole = np.array(
                [
                    [x * long, 0.12 * high],
                    [(x + 0.045) * long, 0.2 * high],
                    [(x + 0.03) * long, 0.5 * high],
                    [(x - 0.01) * long, 0.42 * high],
                ]
            )
            canvas.solid(hole * flip, rgb("#070606"), alpha=float(smoothstep(0.2 + abs(x), 0.7 + abs(x) * 0.6, rot)))


def _sailing(canvas: Canvas, long: float, way: int, numbers: np.ndarray, rot: float, wind: float) -> None:
    flip = np.array([way, 1.0])
    mast = 1.35 * long
    sail = rgb(SAILS[int(numbers[0] * len(SAILS))])
    canvas.tube(
        np.array([[0.04 * long, 0], [0.03 * long, mast]]) * flip,
        [0.022 * long, 0.012 * long],
        rgb("#4a3626"),
        round_m=0.02,
    )
    belly = (0.05 + 0.12 * wind) * long
    main = np.vstack([curve([[0.0, 0.22 * long], [-0.005 * long, 0.97 * mast]], 8),
                      curve([[-0.01 * long, 0.97 * mast], [-0.3 * long - belly * 0.6, 0.5 * mast], [-0.5 * long, 0.24 * long]], 12),
                      curve([[-0.5 * long, 0.24 * long], [-0.25 * long, 0.19 * long], [0, 0.22 * long]], 6)])  # fmt: skip
    jib = np.vstack([curve([[0.06 * long, 0.88 * mast], [0.22 * long + belly * 0.5, 0.5 * mast], [0.5 * long, 0.25 * long]], 10),
                     curve([[0.5 * long, 0.25 * long], [0.25 * long, 0.24 * long], [0.1 * long, 0.26 * long]], 6)])  # fmt: skip
    for shape, shade in ((main, 1.0), (jib, 0.93)):
        canvas.solid(
            shape * flip,
            np.array(sail) * shade,
            round_m=0.14 * long,
            folds=0.12,
            alpha=1 - 0.85 * float(smoothstep(0.35, 0.8, rot)),
            lean=0.2,
        )


def _fishing(canvas: Canvas, long: float, high: float, way: int, numbers: np.ndarray, lit: float) -> None:
    flip = np.array([way, 1.0])
    cabin = np.array([[-0.32, 0.6 * high / long], [-0.32, 0.27], [-0.05, 0.27], [-0.02, 0.6 * high / long]]) * long
    canvas.solid(cabin * flip, rgb("#e4dccb"), round_m=0.02 * long, grain=0.1)
    roof = np.array([[-0.35, 0.27], [-0.35, 0.3], [-0.02, 0.3], [-0.02, 0.27]]) * long
    canvas.solid(roof * flip, rgb("#6b3028"), round_m=0.01 * long)
    for x in (-0.27, -0.16):
        pane = np.array([[x, 0.19], [x, 0.25], [x + 0.07, 0.25], [x + 0.07, 0.19]]) * long
        canvas.solid(pane * flip, np.array(rgb("#1d2328")) * (1 - lit) + lit * np.array([0.7, 0.36, 0.1]), emits=lit)
    canvas.tube(np.array([[0.1, 0.1], [0.1, 0.78]]) * long * flip, 0.012 * long, rgb("#3a2c22"), round_m=0.02)
    canvas.tube(np.array([[0.1, 0.35], [0.38, 0.62]]) * long * flip, 0.009 * long, rgb("#3a2c22"), round_m=0.02)
    for end in ([0.5, 0.25], [-0.48, 0.2]):
        canvas.tube(np.array([[0.1, 0.77], end]) * long * flip, 0.003 * long, rgb("#2a2420"), round_m=0.01)


def _dressed(canvas: Canvas, long: float, way: int, feast: float, night: float) -> None:
    """Flags, and lanterns that shine in the dark, on a line over the mast."""
    line = curve(
        [
            [-0.48 * long, 0.3 * long],
            [-0.2 * long, 0.66 * long],
            [0.05 * long, 1.2 * long],
            [0.25 * long, 0.7 * long],
            [0.5 * long, 0.32 * long],
        ],
        15,
    )
    for i, (x, y) in enumerate(line * np.array([way, 1.0])):
        colour = np.array(rgb(PENNANTS[i % len(PENNANTS)]))
        size = 0.07 * long * feast
        canvas.solid([[x - size / 2, y], [x + size / 2, y], [x, y - size * 1.3]], colour, round_m=0.02, emits=0.0)
        canvas.tube(
            [[x, y - 1.5 * size], [x, y - 1.6 * size]],
            0.4 * size,
            colour * 0.5 + [0.16, 0.08, 0.02],
            emits=1.0,
            alpha=night,
        )


def boats(stage: Stage) -> list[Layer]:
    """Boats on the water, the far ones sailing, the near ones rowing or fishing."""
    scene = stage.scene
    rng = scene.rng("boats")
    decay, feast, wind = scene["decay"], scene["feast"], scene["wind"]
    lit = scene["lamps"] * stage.light.night
    far, near = stage.empty(), stage.empty()
    fleet = []
    for i in range(7):
        kind = ("sail", "fish", "row", "sail", "fish", "sail", "row")[i]
        u, v, numbers, way = (
            -0.8 + 1.6 * ((i * 0.382 + rng.random() * 0.2) % 1),
            rng.random(),
            rng.random(4),
            int(rng.choice([-1, 1])),
        )
        share = 0.05 + 0.16 * v if kind == "sail" else 0.12 + 0.2 * v
        fleet.append((share, u, kind, numbers, way, int(rng.integers(2**31)), i))
    afloat = []
    count = FLEETS.get(scene.place, 3.0) + 4 * feast + 2 * scene["people"]
    for share, u, kind, numbers, way, seed, i in sorted(fleet, key=lambda b: b[0]):
        z = depth_at(stage, share)
        long = {"sail": 8.0, "fish": 11.0, "row": 4.6}[kind] * (0.8 + 0.4 * numbers[1])
        high = {"sail": 0.9, "fish": 1.9, "row": 0.7}[kind]
        rot = float(smoothstep(0.15 + 0.1 * (i % 3), 0.75, decay))
        sunk, turn = 0.45 * high * rot, (numbers[3] - 0.5) * 0.5 * rot
        box = (-0.7 * long, 0.7 * long, sunk - 0.04 * high, 1.5 * long)
        canvas = Canvas(stage, across(stage, u, z), z, box, y_m=-sunk, rng=np.random.default_rng(seed), turn=turn)
        shown = float(smoothstep(0, 0.5, count - i))
        if not canvas.visible or shown <= 0:
            continue
        if kind == "sail":
            _sailing(canvas, long, way, numbers, rot, wind)
        _hull(canvas, long, high, way, rgb(HULLS[int(numbers[2] * len(HULLS))]), rot)
        if kind == "fish":
            _fishing(canvas, long, high, way, numbers, lit * (1 - rot))
        if feast > 0.05 and kind != "row":
            _dressed(canvas, long, way, float(smoothstep(0.05, 0.5, feast)), stage.light.night)
        canvas.rgba *= np.float32(shown)
        afloat.append((share, canvas))
    for _, canvas in afloat:
        canvas.mirrored(
            far,
            float(stage.row(0.0, canvas.z_m)),
            strength=0.75 - 0.3 * scene["waves"],
            rough=float(0.12 + 0.88 * scene["waves"]),
        )
    far *= 1 - _dry(stage)[..., None]
    for share, canvas in afloat:
        canvas.onto(far if share < 0.16 else near)
    return [
        Layer("boats far", far, depth_at(stage, 0.1), movement="ripple"),
        Layer("boats", near, depth_at(stage, 0.22), movement="ripple"),
    ]


def _dry(stage: Stage) -> Floats:
    """1 where the ground is that mirrors no boats [h, w] or [h, 1]."""
    if stage.scene.place != "harbour":
        edge = {"sea": BEACH - 0.1, "lake": SHORE - 0.1}.get(stage.scene.place, 1.0)
        share = (np.arange(stage.height, dtype=np.float32) + 0.5 - stage.horizon) / (stage.height - stage.horizon)
        return smoothstep(edge - 0.02, edge + 0.02, share)[:, None]
    z = stage.ground_depth()[:, None]
    with np.errstate(invalid="ignore"):
        x = (np.arange(stage.width, dtype=np.float32)[None] + 0.5 - stage.width / 2) * z / stage.focal
    return np.asarray(np.isfinite(z) & ((z < QUAY_M + 2) | ((x < QUAY_SIDE_M + 1) & (z < QUAY_END_M))), np.float32)
