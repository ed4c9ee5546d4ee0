"""What every element of a scene is drawn on: the camera, the light, and the layers that are laid over one another.

Metres: x to the right, y up from the ground under the camera, z away from it. Colours are linear light with the
primaries of sRGB; 1 is a white sheet in the sun at noon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.scene import Scene

Floats = NDArray[np.float32]
#: How a layer moves in a film: clouds drift, plants sway, water ripples, rain falls, fire flickers, birds fly.
Movement = Literal["still", "drift", "sway", "ripple", "fall", "flicker", "fly"]
FOCAL = 1.1  # in heights of the picture: 49 degrees from top to bottom, about a 40 mm lens on 35 mm film
EYE_M = (1.3, 16.0)  # height of the eye at the lowest and highest camera (own choice)
HORIZON = (0.70, 0.42)  # the horizon's height from the top of the picture then, in heights (own choice)
SKY_HORIZON = (0.97, 0.84)  # of a picture of the sky (own choice)


@dataclass(frozen=True)
class Light:
    """The light of a scene.

    Attributes:
        sun: Direction to the sun, or to the moon at night [3], of length 1.
        elevation_deg: Of the sun; below 0 it has set.
        sun_rgb: Linear light that a surface facing the sun gets from it [3].
        sky_rgb: Linear light that a surface gets from the sky [3].
        haze_rgb: Colour of air far away [3].
        haze_per_m: Share of light lost to the air on a metre.
        night: 0 by day .. 1 when the sky is dark.
    """

    sun: NDArray[np.float64]
    elevation_deg: float
    sun_rgb: NDArray[np.float64]
    sky_rgb: NDArray[np.float64]
    haze_rgb: NDArray[np.float64]
    haze_per_m: float
    night: float

    def on(self, normal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Light [..., 3] that surfaces of such normals [..., 3] get from sun and sky."""
        kind = np.result_type(normal, np.float32)  # large fields of normals stay float32
        sun, sun_rgb, sky_rgb = (part.astype(kind) for part in (self.sun, self.sun_rgb, self.sky_rgb))
        facing = np.maximum(normal[..., 0] * sun[0] + normal[..., 1] * sun[1] + normal[..., 2] * sun[2], 0.0)
        above = 0.5 + 0.5 * normal[..., 1]
        out = np.empty(np.shape(normal), kind)
        for k in range(3):
            out[..., k] = facing * sun_rgb[k] + above * sky_rgb[k]
        return out


@dataclass
class Layer:
    """One sheet of a picture.

    Attributes:
        name: Of the element, and what of it.
        rgba: float32 [h, w, 4], linear light, premultiplied by alpha.
        depth_m: How far it is: a number, or one per row [h]; haze and parallax follow from it. inf: the sky.
        glows: Its light is its own: haze dims it less, and it blooms.
        mirror: float32 [h, w] 0..1: how much of what is behind, turned upside down at the horizon, shows in it.
        ripple: float32 [h, w]: by how many heights of the picture waves shift that mirror image, down positive.
        gleam: float32 [h, w, 3]: light of the sun or moon that it throws to the eye where they are not hidden.
        movement: How it moves in a film.
    """

    name: str
    rgba: Floats
    depth_m: float | Floats
    glows: bool = False
    mirror: Floats | None = None
    ripple: Floats | None = None
    gleam: Floats | None = None
    movement: Movement = "still"


@dataclass(frozen=True)
class Stage:
    """A scene, the size of its picture in pixels, and its light."""

    scene: Scene
    width: int
    height: int
    light: Light

    @property
    def eye_m(self) -> float:
        """Height of the eye above the ground (m)."""
        low, high = EYE_M
        return float(low * (high / low) ** self.scene["horizon"])

    @property
    def horizon(self) -> float:
        """The row of the horizon (px)."""
        low, high = SKY_HORIZON if self.scene.place == "sky" else HORIZON
        return float((low + (high - low) * self.scene["horizon"]) * self.height)

    @property
    def focal(self) -> float:
        """Pixels of one metre at a distance of one metre."""
        return FOCAL * self.height

    def row(self, y_m: float | Floats, z_m: float | Floats) -> Floats:
        """The row (px) of what is `y_m` above the ground, `z_m` away."""
        return np.asarray(self.horizon + self.focal * (self.eye_m - np.asarray(y_m)) / np.asarray(z_m), np.float32)

    def column(self, x_m: float | Floats, z_m: float | Floats) -> Floats:
        """The column (px) of what is `x_m` to the right of the middle, `z_m` away."""
        return np.asarray(self.width / 2 + self.focal * np.asarray(x_m) / np.asarray(z_m), np.float32)

    def ground_depth(self) -> Floats:
        """How far level ground is in each row (m) [h]; inf at and above the horizon."""
        below = np.arange(self.height, dtype=np.float32) + 0.5 - self.horizon
        with np.errstate(divide="ignore"):
            return np.where(below > 0, self.focal * self.eye_m / np.maximum(below, 1e-3), np.inf).astype(np.float32)

    def view(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Directions [rows, columns, 3] of length 1 in which the picture is seen, on a grid of that size."""
        x, y = np.meshgrid((np.arange(columns) + 0.5) / columns * self.width, (np.arange(rows) + 0.5) / rows * self.height)
        rays = np.stack([(x - self.width / 2) / self.focal, (self.horizon - y) / self.focal, np.ones_like(x)], -1)
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))

    def place(self, direction: NDArray[np.float64]) -> tuple[float, float]:
        """Column and row (px) of what is far away in a direction in front of the camera."""
        x, y = direction[:2] / max(float(direction[2]), 1e-3)
        return self.width / 2 + self.focal * float(x), self.horizon - self.focal * float(y)

    def empty(self) -> Floats:
        """A clear sheet, float32 [h, w, 4]."""
        return np.zeros((self.height, self.width, 4), np.float32)
