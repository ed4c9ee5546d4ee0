"""Where people and things stand: dry ground in front of the camera, by place; in a room its floor and its light.

A spot is given as shares: across -1..1 of what can be seen, and towards us 0 (far) .. 1 (the nearest feet).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.brush import Canvas, mixed, rgb
from emogen.codecs.scene.interior import room_of
from emogen.codecs.scene.nature import SNOW, year_of
from emogen.codecs.scene.noise import ridge_line, smoothstep
from emogen.codecs.scene.stage import Floats, Light, Stage
from emogen.codecs.scene.street import half_width

GRASSY = ("meadow", "road", "lake", "mountains")  # where a rise in the ground is of grass
NEAR_ROW = 0.94  # where the nearest feet stand, in heights of the picture (own choice)
BEACH, SHORE = 0.68, 0.88  # where dry ground begins at the sea and at a lake, from the horizon to the picture's foot
QUAY_M, BANK_M = 15.5, 24.5  # how far the quay and the near bank of the city's river reach
QUAY_SIDE_M, QUAY_END_M = -5.8, 63.0  # what lies farther left is quay as well, up to there


@dataclass(frozen=True)
class _Indoors(Stage):
    """A room seen by someone who stands in it."""

    @property
    def eye_m(self) -> float:
        return room_of(Stage(self.scene, self.width, self.height, self.light)).eye


@dataclass(frozen=True)
class _Around(Light):
    """Light at one spot of a room, from six sides [6, 3]: right, left, above, below, beyond, behind us."""

    sides: NDArray[np.float32]

    def on(self, normal: NDArray[np.float64]) -> NDArray[np.float64]:
        squared = np.concatenate(
            [np.clip(s * normal[..., i : i + 1], 0, None) ** 2 for i in range(3) for s in (1, -1)], -1
        )
        return squared @ self.sides  # type: ignore[no-any-return]


def standing(stage: Stage) -> Stage:
    """The stage with the eye as high above the ground as where people stand."""
    return _Indoors(stage.scene, stage.width, stage.height, stage.light) if stage.scene.place == "room" else stage


def lit_at(stage: Stage, x_m: float, z_m: float) -> Stage:
    """The stage with the light of a spot on the ground."""
    if stage.scene.place != "room":
        return stage
    room = room_of(Stage(stage.scene, stage.width, stage.height, stage.light))
    at = np.array([[x_m, 1.1, min(z_m, room.back - 0.5)]], np.float32)
    ways = [np.array([s if k == i else 0.0 for k in range(3)]) for i in range(3) for s in (1.0, -1.0)]
    sides = np.concatenate([room.light(at, way) for way in ways])
    light, window = stage.light, np.array([0.0, 0.75, 0.66])
    bright = np.clip(sides[4] - sides[5], 0, None)
    air = (light.haze_rgb, light.haze_per_m, light.night)
    return replace(stage, light=_Around(window, light.elevation_deg, bright, sides.mean(0), *air, sides))


def depth_at(stage: Stage, share: float) -> float:
    """Distance (m) of the ground at a share of the way from the horizon (0) to the nearest feet (1)."""
    return float(stage.focal * stage.eye_m / (share * (NEAR_ROW * stage.height - stage.horizon)))


def across(stage: Stage, share: float, z_m: float) -> float:
    """Metres to the right at a distance, for a share -1..1 of the picture's half width."""
    return float(share * stage.width / 2 * z_m / stage.focal)


def spot(stage: Stage, right: float, towards: float) -> tuple[float, float]:
    """A spot on dry ground (x, z; m) for its shares across and towards us."""
    place = stage.scene.place
    if place == "room":
        room = room_of(Stage(stage.scene, stage.width, stage.height, stage.light))
        z = room.back - 3.0 - (room.back - 4.4) * 0.4 * float(np.clip(towards, 0, 1))  # before the table
        return float(right * min(room.half - 0.45, across(stage, 0.9, z))), z
    below = (stage.height - stage.horizon) / (NEAR_ROW * stage.height - stage.horizon)
    far = {
        "sea": BEACH * below, "lake": SHORE * below, "harbour": depth_at(stage, 1.0) / QUAY_M, "city": depth_at(stage, 1.0) / BANK_M,
    }.get(place, 0.0)  # fmt: skip
    far = min(far, 0.93)
    z = depth_at(stage, far + (1 - far) * towards)
    x = across(stage, right, z)
    if place == "street":
        x = right * min(across(stage, 1.0, z), 0.85 * half_width(stage.scene))
    if place == "harbour":
        edge = across(stage, 1.0, z)
        beside = QUAY_SIDE_M - (right + 1) / 2 * max(edge + QUAY_SIDE_M, 0.0)
        x += (beside - x) * float(smoothstep(QUAY_M, QUAY_M + 3, z))
    return float(x), z


def _perch_colour(stage: Stage) -> tuple[NDArray[np.float64], float]:
    """What a rise in the ground is made of: its colour, and how strongly it is mottled."""
    place = stage.scene.place
    if place in GRASSY:
        year = year_of(stage.scene)
        return np.asarray(year.grass * (1 - year.bare) + year.soil * year.bare), 0.5
    tone = {"sea": "#6f6a62", "desert": "#a8744a", "harbour": "#7d756a", "city": "#77726b", "street": "#77726b"}.get(
        place, "#67655f"
    )
    return np.array(rgb(tone)), 0.8


def perch(stage: Stage, sheet: Floats, x_m: float, y_m: float, z_m: float) -> None:
    """A rock, a knoll or a block of stone whose top is `y_m` above the ground, from there to the foot of the picture."""
    rng = stage.scene.rng("perch")
    metre = z_m / stage.focal * stage.height  # metres in a height of the picture
    left, right = 0.2 * metre * (1 + 0.5 * rng.random()), 0.3 * metre * (1 + 0.5 * rng.random())
    ridge = ridge_line(rng, 60, 0.6, cells=5, octaves=5)
    shown = float(smoothstep(0.0, 0.35, y_m))
    canvas = Canvas(stage, x_m, z_m, (-left, right, -0.2 * metre, 0.1 * metre), y_m=y_m, rng=rng)
    if shown <= 0 or not canvas.visible:
        return
    built = stage.scene.place in ("harbour", "city", "street")
    x = np.linspace(-left, right, 60)
    out = np.where(x < 0, -x / left, x / right)
    top = (
        -0.13 * metre * np.clip(out - 0.25, 0, None) ** 2.2
        + 0.012 * metre * ridge * np.clip(out * 4 - 0.6, 0, 1)
        + 0.004 * metre
    )
    top = np.where(out > 0.97, -metre, 0.003 * metre) if built else top
    colour, mottled = _perch_colour(stage)
    wet = 1 - 0.4 * stage.scene["rain"]
    outline = np.vstack([np.stack([x, top], -1), [[right, -0.4 * metre], [-left, -0.4 * metre]]])
    grassy = stage.scene.place in GRASSY
    canvas.solid(outline, colour * wet * 0.9, round_m=0.03 * metre, grain=0.55 * mottled, lean=0.75 if grassy else 0.15)
    crown = np.vstack([np.stack([x, top], -1), np.stack([x, top - 0.02 * metre - 0.012 * metre * ridge], -1)[::-1]])
    canvas.solid(crown, colour * wet * 1.15, round_m=0.012 * metre, grain=0.4 * mottled, lean=0.6, alpha=0.8)
    white = float(smoothstep(0.1, 0.6, stage.scene["snow"]))
    canvas.solid(crown, SNOW, round_m=0.012 * metre, lean=0.8, alpha=white)
    if grassy:
        _blades(stage, canvas, np.stack([x, top], -1), metre, colour * wet, white)
    canvas.onto(sheet, alpha=shown)


def _blades(
    stage: Stage, canvas: Canvas, line: NDArray[np.float64], metre: float, colour: NDArray[np.float64], white: float
) -> None:
    """Blades of grass on a knoll below its upper line [n, 2]; `metre` is a height of the picture."""
    rng = stage.scene.rng("perch grass")
    at, down, high, bend, tone = rng.random((5, 300))
    wind = 0.8 * stage.scene["wind"]
    for i in np.argsort(down):
        x = line[0, 0] + (line[-1, 0] - line[0, 0]) * at[i]
        foot = np.array([x, np.interp(x, line[:, 0], line[:, 1]) - 0.13 * metre * down[i] ** 1.3])
        tall = (0.014 + 0.03 * high[i]) * (0.7 + 0.6 * down[i]) * metre
        tip = foot + tall * np.array([0.9 * (bend[i] - 0.5) + wind, 1.0])
        middle = mixed(foot, tip, 0.55) + np.array([-0.12 * wind * tall, 0])
        side = np.array([0.05 * tall, 0])
        tint = mixed(colour * (0.55 + 0.9 * tone[i]), SNOW, 0.6 * white * tone[i])
        canvas.solid(
            [foot - side, middle - 0.7 * side, tip, middle + 0.7 * side, foot + side], tint, round_m=0.0, lean=0.5
        )
