"""ARKit shapes -> how far each landmark moves, in units of the distance between the outer eye corners.

The table (`shapes.csv`) names centres, directions and reach by what the muscles do (FACS manual); sizes are our own,
set by eye on photos. Lips are two: what lowers the lower lip leaves the upper one where it is.
"""

from __future__ import annotations

import numpy as np

from emogen.codecs.face import FACE_CHANNELS, INDEX
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.tables import read_table

#: The jaw's full drop, and how much wide eyes and squinting move the lids. Own, by eye.
JAW_DROP, LID_WIDE, LID_SQUINT = 0.46, 0.055, 0.062
UPPER_LIP = tuple(sorted({*lm.OUTER_UPPER, *lm.INNER_UPPER} - {61, 291, 78, 308}))
LOWER_LIP = tuple(sorted({*lm.OUTER_LOWER, *lm.INNER_LOWER} - {61, 291, 78, 308}))


def basis(points: np.ndarray, unit: float) -> np.ndarray:
    """Displacements [61, n, 2] in pixels at strength 1 for a neutral face `points` [n, 3]; `unit` in pixels."""
    out = np.zeros((len(FACE_CHANNELS), len(points), 2))
    flat = points[:, :2]
    below = np.zeros(len(points), bool)
    seam = float(flat[[13, 14], 1].mean())
    below[flat[:, 1] > seam + 0.02 * unit] = True
    below[list(LOWER_LIP)] = True
    below[list(UPPER_LIP)] = False
    for row in read_table(__package__, "shapes.csv"):
        centres = flat[[int(p) for p in row["points"].split()]]
        near = np.exp(-((flat[:, None] - centres[None]) ** 2).sum(-1) / (2 * (float(row["sigma"]) * unit) ** 2)).max(1)
        if row["part"] == "lower":
            near = near * below
        elif row["part"] == "upper":
            near = near * ~below
        out[INDEX[row["shape"]]] += near[:, None] * np.array([float(row["dx"]), float(row["dy"])]) * unit
    eyes = list(
        {
            *lm.LEFT_LID_UPPER,
            *lm.LEFT_LID_LOWER,
            *lm.RIGHT_LID_UPPER,
            *lm.RIGHT_LID_LOWER,
            *lm.LEFT_IRIS,
            *lm.RIGHT_IRIS,
        }
    )
    for name in ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight"):
        # Brows slide over the skull; the eyes below them stay.
        out[INDEX[name], eyes] *= 0.10
        out[INDEX[name], list(lm.LID_SKIN)] *= 0.45
    out[INDEX["jawOpen"]] = _jaw(flat, below, seam, unit)
    out[INDEX["mouthClose"]] = -out[INDEX["jawOpen"]] * _near_lips(flat, unit)[:, None]
    for side, upper, lower in (
        ("Left", lm.LEFT_LID_UPPER, lm.LEFT_LID_LOWER),
        ("Right", lm.RIGHT_LID_UPPER, lm.RIGHT_LID_LOWER),
    ):
        _lids(out, flat, unit, side, upper, lower)
    return out


def _jaw(flat: np.ndarray, below: np.ndarray, seam: float, unit: float) -> np.ndarray:
    """The jaw turns down about its joints: everything below the seam follows, the chin most, cheeks less."""
    chin = float(flat[152, 1])
    down = np.clip((flat[:, 1] - seam) / max(chin - seam, 1.0), 0, 1)
    side = np.abs(flat[:, 0] - flat[152, 0]) / unit
    follow = np.where(below, (0.86 + 0.14 * down) * np.exp(-((side / 0.62) ** 4)), 0.0)
    corners = [61, 291, 78, 308]
    centre, half = (flat[61, 0] + flat[291, 0]) / 2, abs(flat[291, 0] - flat[61, 0]) / 2
    lip = list(LOWER_LIP)
    across = np.clip(np.abs(flat[lip, 0] - centre) / half, 0, 1)
    # An open mouth is an oval: the lip hangs most in the middle and is held at its corners.
    follow[corners] = 0.20
    follow[lip] = 0.20 + 0.68 * (1 - across**2)
    move = np.zeros_like(flat)
    move[:, 1] = follow * JAW_DROP * unit
    move[corners, 0] = np.sign(flat[152, 0] - flat[corners, 0]) * 0.05 * unit
    return move


def _near_lips(flat: np.ndarray, unit: float) -> np.ndarray:
    centre = flat[[13, 14]].mean(0)
    return np.exp(-(((flat - centre) / np.array([0.45, 0.20]) / unit) ** 2).sum(1) / 2)


def _lids(
    out: np.ndarray, flat: np.ndarray, unit: float, side: str, upper: tuple[int, ...], lower: tuple[int, ...]
) -> None:
    """Blink, wide and squint of one eye: the upper lid comes down to the lower one."""
    blink, wide, squint = (out[INDEX[f"{n}{side}"]] for n in ("eyeBlink", "eyeWide", "eyeSquint"))
    inner = np.sin(np.linspace(0, np.pi, len(upper)))
    gap = flat[list(lower)] - flat[list(upper)]
    # The lid itself is drawn (`eyes.py`); around it the skin gives a little.
    wide[list(upper), 1] -= LID_WIDE * unit * inner
    wide[list(lower), 1] += 0.35 * LID_WIDE * unit * inner
    squint[list(lower), 1] -= LID_SQUINT * unit * inner
    squint[list(upper), 1] += 0.35 * LID_SQUINT * unit * inner
    centre = flat[list(upper)].mean(0)
    skin = [p for p in lm.LID_SKIN if np.linalg.norm(flat[p] - centre) < 0.32 * unit]
    over = [p for p in skin if flat[p, 1] < centre[1]]
    blink[over, 1] += 0.20 * np.abs(gap[:, 1]).max()
    wide[over, 1] -= 0.6 * LID_WIDE * unit
    squint[[p for p in skin if p not in over], 1] -= 0.8 * LID_SQUINT * unit
