"""A picture -> named measures of colour, light and texture.

What art theory and psychology tie to feeling: light and saturation (Valdez & Mehrabian 1994), warm and cool colours,
colourfulness (Hasler & Suesstrunk 2003), contrast, texture and order (Machajdik & Hanbury 2010).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LONG_SIDE = 256  # px on which everything is measured: finer grain is the camera's (own assumption)
DARK, LIGHT = 0.2, 0.8  # of lightness 0..1
GREY = 0.15  # saturation below which a colour has no hue to speak of (own assumption)
#: Hue sectors in degrees.
HUES = {"red": (330, 20), "orange": (20, 48), "yellow": (48, 70), "green": (70, 165), "blue": (165, 260),
        "purple": (260, 330)}  # fmt: skip
#: Pixels (of `LONG_SIDE`) between which light is compared, and the correlation below which it is noise: white noise
#: of any size gives 0.01 at most, one in 600 photographs (a field of gravel) less than 0.05.
NOISE_LAG, NOISE = 6, 0.05
EDGE_PX, CORNER_PX = 1.0, 3.0  # standard deviations of the blur before and of the window (own assumption)

#: Measure -> what a low and a high value look like.
PHRASES: dict[str, tuple[str, str]] = {
    "lightness": ("dark", "light"),
    "contrast": ("flat light", "strong contrast"),
    "dark share": ("few dark parts", "large dark parts"),
    "light share": ("few bright parts", "large bright parts"),
    "saturation": ("muted colours", "saturated colours"),
    "saturation spread": ("even saturation", "uneven saturation"),
    "colourfulness": ("few colours", "many colours"),
    "warmth": ("cool colours", "warm colours"),
    "yellowness": ("bluish cast", "yellowish cast"),
    **{f"{hue} share": (f"little {hue}", f"much {hue}") for hue in HUES},
    "detail": ("smooth", "much fine detail"),
    "edges": ("few edges", "many edges"),
    "sharpness": ("soft", "sharp"),
    "entropy": ("plain", "busy"),
    "slant": ("level lines", "slanting lines"),
    "centre light": ("dark middle", "bright middle"),
    "upper light": ("dark top", "bright top"),
    "mirror": ("uneven halves", "mirrored halves"),
}
NAMES = tuple(PHRASES)


def measure(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measures in the order of `NAMES`, [23].

    Args:
        picture: [h, w, 3] sRGB.
    """
    small = _small(picture)
    red, green, blue = (small[..., i] for i in range(3))
    # pairwise: numpy reduces a last axis of three ten times more slowly
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    saturation = np.divide(high - low, high, out=np.zeros_like(high), where=high > 0)
    hue = _hue(small, high, low)
    light = 0.299 * red + 0.587 * green + 0.114 * blue  # ITU-R BT.601
    rg, yb = red - green, 0.5 * (red + green) - blue
    down, across = np.gradient(light)
    steep = np.hypot(down, across)
    vivid = saturation > GREY
    shares = [float((vivid & _within(hue, *ends)).mean()) for ends in HUES.values()]
    counts = np.bincount((light * 63.99).astype(int).ravel(), minlength=64) / light.size
    h, w = light.shape
    middle = light[h // 4 : max(h - h // 4, 1), w // 4 : max(w - w // 4, 1)]
    angle = np.arctan2(np.abs(down), np.abs(across))  # 0: upright edge, pi/2: level edge
    weight = steep.sum() + 1e-9
    values = [
        light.mean(),
        light.std(),
        (light < DARK).mean(),
        (light > LIGHT).mean(),
        saturation.mean(),
        saturation.std(),
        np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()),  # Hasler & Suesstrunk 2003, M3
        rg.mean(),
        yb.mean(),
        *shares,
        steep.mean(),
        (steep > 0.1).mean(),
        np.log(_laplacian(light).var() + 1e-6),
        -(counts[counts > 0] * np.log2(counts[counts > 0])).sum(),
        (steep * np.sin(2 * angle)).sum() / weight,
        middle.mean() - light.mean(),
        light[: max(h // 3, 1)].mean() - light[-max(h // 3, 1) :].mean(),
        _mirror(light),
    ]
    return np.asarray(values, dtype=np.float64)


def is_noise(picture: NDArray[np.uint8]) -> bool:
    """Whether light a few pixels apart has nothing to do with each other: no photograph or drawing is like that."""
    small = _small(picture)
    light = (small[..., 0] + small[..., 1] + small[..., 2]) / 3.0
    return max(_alike(light[:, :-NOISE_LAG], light[:, NOISE_LAG:]), _alike(light[:-NOISE_LAG], light[NOISE_LAG:])) < NOISE


def angularity(picture: NDArray[np.uint8]) -> float:
    """0 smooth contours .. 1 corners, jags and grain: the share of light's change that runs across the edges.

    Twice the smaller eigenvalue of the structure tensor over its trace, summed over the picture (Foerstner & Guelch
    1987): discs of any size give less than 0.1, polygons 0.17, stars 0.38.

    Args:
        picture: [h, w, 3] sRGB.
    """
    import cv2

    light = cv2.GaussianBlur(_small(picture).mean(axis=2), (0, 0), EDGE_PX)
    down, across = np.gradient(light)
    dd, aa, da = (cv2.GaussianBlur(x, (0, 0), CORNER_PX) for x in (down * down, across * across, down * across))
    total = float((dd + aa).sum())
    along = float(np.hypot(dd - aa, 2.0 * da).sum())
    return 1.0 - along / total if total > 1e-9 else 0.0


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if not one.size:
        return 1.0
    a, b = one - one.mean(), other - other.mean()
    power = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / power if power > 1e-9 else 1.0


def _small(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    import cv2

    h, w = picture.shape[:2]
    scale = LONG_SIDE / max(h, w)
    size = (max(round(w * scale), 2), max(round(h * scale), 2))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.float64) / 255.0


def _hue(small: NDArray[np.float64], high: NDArray[np.float64], low: NDArray[np.float64]) -> NDArray[np.float64]:
    span = np.where(high > low, high - low, 1.0)
    red, green, blue = (small[..., i] for i in range(3))
    sector = np.select(
        [high == red, high == green], [(green - blue) / span % 6.0, (blue - red) / span + 2.0], (red - green) / span + 4.0
    )
    return np.asarray(60.0 * sector, dtype=np.float64)


def _within(hue: NDArray[np.float64], start: float, end: float) -> NDArray[np.bool_]:
    return (hue >= start) & (hue < end) if start < end else (hue >= start) | (hue < end)


def _laplacian(light: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(light, 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return np.asarray(around - 4.0 * light)


def _mirror(light: NDArray[np.float64]) -> float:
    """-1..1: how alike the left half is to the mirrored right one (correlation)."""
    one, other = light - light.mean(), light[:, ::-1] - light.mean()
    power = float((one**2).sum())
    return float((one * other).sum() / power) if power > 1e-9 else 1.0
