"""A look -> what becomes of every colour: a tone curve and a 3-D table over Y'CbCr, looked up plane by plane.

Tables over Y'CbCr serve photographs (all planes of one size) and video as it is stored (colour at half the size) alike.
They hold differences: where nothing is asked they are 0, and a picture that passes through them keeps every bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from emogen.pipelines.image.look import HUES, LOOK, Finish, hue_weights, zones

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

#: Nodes of the table along Y', and along each of Cb and Cr.
NODES_Y, NODES_C = 65, 21
#: Knots of the tone curve lie this far (L*) from each other and from black and white (own choice).
KNOT_APART = 6.0
#: Slopes of the tone curve: flatter and a surface has no shape, steeper and noise shows (own choice).
SLOPES = (0.30, 2.2)
#: How far a finish that a picture already has is left out, per standard score, and the bounds (own choice).
HELD, HELD_WITHIN = 0.22, (0.55, 1.3)
#: Means and standard deviations of looks over photographs (the maker's half of OASIS, `emogen.training.look`).
AVERAGE = dict(zip(
    LOOK,
    [(12.2, 11.4), (29.1, 16.8), (48.1, 18.6), (65.1, 16.6), (82.2, 11.6), (4.7, 7.6), (4.1, 10.1), (5.5, 11.2), (8.7, 15.0),
     (2.0, 7.8), (9.3, 16.6), (3.87, 0.95), (4.70, 1.07), (0.13, 0.36), (0.19, 0.34), (0.17, 0.32), (0.02, 0.30), (0.02, 0.36),
     (0.0, 0.36), (3.69, 0.45), (2.27, 0.59), (1.0, 7.0), (9.6, 20.3), (0.23, 0.14)], strict=True,
))  # fmt: skip
#: Skin lies along one line of hue (Lab, degrees) with this tolerance; its light and chroma (own choice).
SKIN_HUE, SKIN_TOLERANCE, SKIN_CHROMA, SKIN_LIGHT = 52.0, 24.0, (8.0, 48.0), (18.0, 95.0)


@dataclass(frozen=True)
class Standard:
    """How numbers become colours: weights of red and blue in Y', and whether codes leave headroom.

    Attributes:
        red: ITU-R BT.601: .299, BT.709: .2126.
        blue: .114, .0722.
        limited: Codes of 16..235 (Cb, Cr 16..240) in place of 0..255.
    """

    red: float
    blue: float
    limited: bool

    @property
    def scales(self) -> tuple[float, float, float]:
        """Offset and span of Y', span of Cb and Cr, in codes."""
        return (16.0, 219.0, 224.0) if self.limited else (0.0, 255.0, 255.0)

    @property
    def to_rgb(self) -> Floats:
        """[3, 3]: Y' (0..1), Cb, Cr (-.5...5) -> RGB."""
        green = 1 - self.red - self.blue
        cr, cb = 2 * (1 - self.red), 2 * (1 - self.blue)
        return np.array([[1, 0, cr], [1, -cb * self.blue / green, -cr * self.red / green], [1, cb, 0]], np.float32)

    @property
    def to_yuv(self) -> Floats:
        """[3, 3]: the inverse of `to_rgb`."""
        light = np.array([self.red, 1 - self.red - self.blue, self.blue])
        cb = (np.array([0, 0, 1]) - light) / (2 * (1 - self.blue))
        cr = (np.array([1, 0, 0]) - light) / (2 * (1 - self.red))
        return np.array([light, cb, cr], np.float32)

    def light(self, codes: Codes) -> Floats:
        """Codes of Y' -> 0..1."""
        start, span, _ = self.scales
        return cv2.LUT(codes, ((np.arange(256) - start) / span).astype(np.float32))

    def colour(self, codes: Codes) -> Floats:
        """Codes of Cb or Cr -> -.5...5."""
        return cv2.LUT(codes, ((np.arange(256) - 128.0) / self.scales[2]).astype(np.float32))


#: JPEG's, and OpenCV's `COLOR_RGB2YCrCb`.
PHOTO = Standard(0.299, 0.114, False)


@dataclass(frozen=True)
class ColourTable:
    """What becomes of every colour, as differences.

    Attributes:
        standard: Of the planes it is for.
        tone: Change of Y' of greys by code, float32 [256].
        atlas: Change of Y' beyond that of greys, of Cb and of Cr, float32 [NODES_Y * NODES_C, NODES_C, 3]; rows Y', Cr.
    """

    standard: Standard
    tone: Floats
    atlas: Floats

    def changes(self, y: Codes, u: Codes, v: Codes) -> Floats:
        """Change of Y' beyond that of greys, of Cb and Cr; codes of one size [h, w] -> [h, w, 3]."""
        start, span, wide = self.standard.scales
        codes = np.arange(256, dtype=np.float32)
        level = np.rint(np.clip((codes - start) / span, 0, 1) * (NODES_Y - 1)) * NODES_C
        place = np.clip((codes - 128.0) / wide + 0.5, 0, 1) * (NODES_C - 1)
        across = cv2.LUT(u, place.astype(np.float32))
        down = cv2.LUT(y, level.astype(np.float32)) + cv2.LUT(v, place.astype(np.float32))
        return cv2.remap(self.atlas, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def one(self, rgb: tuple[float, float, float]) -> tuple[float, float, float]:
        """What becomes of one colour (R, G, B, 0..1): Y', Cb, Cr."""
        start, span, wide = self.standard.scales
        y, u, v = (float(x) for x in self.standard.to_yuv @ np.clip(rgb, 0, 1))
        codes = [np.array([[np.clip(round(x), 0, 255)]], np.uint8) for x in (start + span * y, 128 + wide * u, 128 + wide * v)]
        change = self.changes(*codes)[0, 0]
        at = start + span * y
        tone = float(np.interp(at, np.arange(256), self.tone))
        return y + tone + float(change[0]), u + float(change[1]), v + float(change[2])

    def mixed(self, other: ColourTable, share: float) -> ColourTable:
        """On the way to another table."""
        if not share:
            return self
        return ColourTable(
            self.standard, self.tone + share * (other.tone - self.tone), self.atlas + share * (other.atlas - self.atlas)
        )


def fitted(finish: Finish, own: NDArray[np.float64]) -> Finish:
    """A finish for a picture whose look is `own` [24]: less of what it already has, more of what it lacks."""
    middle = np.array([AVERAGE[name][0] for name in LOOK])
    spread = np.array([AVERAGE[name][1] for name in LOOK])
    score = (own - middle) / spread
    factor = np.clip(1 - HELD * score * np.sign(finish.look), *HELD_WITHIN)
    return Finish(finish.look * factor, finish.effects)


def table(finish: Finish, own: NDArray[np.float64], standard: Standard) -> ColourTable:
    """The table of a finish for a picture whose look is `own`."""
    curve = tone_curve(finish, own)
    start, span, _ = standard.scales
    grey = np.clip((np.arange(256) - start) / span, 0, 1).astype(np.float32)
    neutral = np.zeros((1, 256, 3), np.float32)
    neutral[..., 0] = grey
    tone = (_moved(neutral, finish, curve, standard) - neutral)[0, :, 0]
    y = np.linspace(0, 1, NODES_Y, dtype=np.float32)
    c = np.linspace(-0.5, 0.5, NODES_C, dtype=np.float32)
    nodes = np.stack(np.meshgrid(y, c, c, indexing="ij"), axis=-1)[..., [0, 2, 1]].reshape(NODES_Y, -1, 3)
    atlas = _moved(nodes, finish, curve, standard) - nodes
    steps = np.zeros((1, NODES_Y, 3), np.float32)
    steps[..., 0] = y
    atlas[..., 0] -= (_moved(steps, finish, curve, standard) - steps)[0, :, :1]
    return ColourTable(standard, tone.astype(np.float32), np.ascontiguousarray(atlas.reshape(-1, NODES_C, 3)))


def tone_curve(finish: Finish, own: NDArray[np.float64]) -> PchipInterpolator:
    """L* -> L*: through the picture's own quantiles, each moved as the look asks."""
    regular = np.array([10.0, 30.0, 50.0, 70.0, 90.0])
    low, high = KNOT_APART, 100 - KNOT_APART
    knots = np.clip(0.6 * own[:5] + 0.4 * regular, low, high)
    for i in range(1, 5):
        knots[i] = max(knots[i], knots[i - 1] + KNOT_APART)
    if knots[4] > high:
        knots = low + (knots - low) * (high - low) / (knots[4] - low)
    moved = knots + finish.look[:5]
    # Lifted blacks and dimmed whites move the ends as well: that is what fading is.
    black = max(0.0, 0.65 * finish["blacks"])
    white = 100.0 + min(0.0, 0.65 * finish["whites"])
    x = np.concatenate([[0.0], knots, [100.0]])
    y = np.concatenate([[black], moved, [white]])
    step = np.diff(x)
    slope = np.clip(np.diff(y) / step, *SLOPES)
    y = np.concatenate([[black], black + np.cumsum(slope * step)])
    # What the bounds of the slopes took or gave is spread over the whole curve; the ends stay within black and white.
    if y[-1] > white:
        y = black + (y - black) * (white - black) / (y[-1] - black)
    if not np.any(finish.look[:5]):
        y = x
    return PchipInterpolator(x, y, extrapolate=True)


def _moved(yuv: Floats, finish: Finish, curve: PchipInterpolator, standard: Standard) -> Floats:
    """Colours [a, b, 3] (Y', Cb, Cr) as the look has them; colours that no screen shows as the nearest one that it does."""
    rgb = np.clip(yuv @ standard.to_rgb.T, 0, 1).astype(np.float32)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float64)
    light, a, b = lab[..., 0], lab[..., 1].copy(), lab[..., 2].copy()
    hues = hue_weights(a, b)
    chroma = np.hypot(a, b)
    vivid = np.clip(chroma / 60, 0, 1.5) * finish["vivid"]
    by_hue = (hues * np.array([finish[name] for name in HUES])[:, None, None]).sum(axis=0) * np.clip(chroma / 15, 0, 1)
    # Richer colours gain less than pale ones: what is vivid already would only clip.
    gain = finish["chroma"] * np.where(finish["chroma"] > 0, 1 - 0.8 * np.clip(chroma / 70, 0, 1), 1.0)
    factor = 2.0 ** (gain + vivid + by_hue)
    dark, mid, bright = zones(light / 100)
    # Black and white take less of a tint than what lies between.
    room = np.clip(light / 12, 0, 1) * np.clip((103 - light) / 14, 0, 1)
    tint_a = room * (dark * finish["shadow_a"] + mid * finish["mid_a"] + bright * finish["light_a"])
    tint_b = room * (dark * finish["shadow_b"] + mid * finish["mid_b"] + bright * finish["light_b"])
    new_light = np.clip(curve(light), 0, 100)
    lab = np.stack([new_light, a * factor + tint_a, b * factor + tint_b], axis=-1)
    before = _shown(_rgb(np.stack([light, a, b], axis=-1)), light)
    after = _shown(_rgb(lab), new_light)
    return ((after - before) @ standard.to_yuv.T + yuv).astype(np.float32)


def _rgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of the screen (sRGB), 0..1, of L*, a*, b* [..., 3], beyond 0..1 where no screen shows it (D65)."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.950456, 1.0, 1.088754)
    linear = xyz @ np.array([[3.2404542, -0.9692660, 0.0556434], [-1.5371385, 1.8760108, -0.2040259],
                             [-0.4985314, 0.0415560, 1.0572252]])  # fmt: skip
    return np.asarray(np.where(linear > 0.0031308, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055, 12.92 * linear))


def _shown(rgb: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours beyond the screen drawn towards the grey of their lightness, softly from a little before its edge."""
    grey = _rgb(np.stack([light, np.zeros_like(light), np.zeros_like(light)], axis=-1))
    away = rgb - grey
    room = np.where(away > 0, 1.0 - grey, grey) + 1e-6
    used = (np.abs(away) / room).max(axis=-1, keepdims=True)
    knee = 0.85
    kept = np.where(used > knee, knee + (1 - knee) * np.tanh((used - knee) / (1 - knee)), used)
    return np.asarray(np.clip(grey + away * kept / np.maximum(used, 1e-6), 0, 1))


def skin_like(lab: Floats) -> Floats:
    """How far colours (Lab, float32 [h, w, 3]) may be skin, 0..1."""
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma = np.hypot(a, b)
    angle = np.degrees(np.arctan2(b, a))
    near = np.exp(-0.5 * ((angle - SKIN_HUE) / SKIN_TOLERANCE) ** 2)
    inside = np.clip((chroma - SKIN_CHROMA[0]) / 6, 0, 1) * np.clip((SKIN_CHROMA[1] - chroma) / 12, 0, 1)
    inside = inside * np.clip((light - SKIN_LIGHT[0]) / 12, 0, 1) * np.clip((SKIN_LIGHT[1] - light) / 8, 0, 1)
    return np.asarray(near * inside, dtype=np.float32)
