"""A photo that smiles, frowns or speaks -> the same person with a neutral face: lips re-made, cheeks, lids, brows relaxed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from emogen.codecs.face import INDEX, both
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.brows import Brows, brows
from emogen.pipelines.talking_head.photo_portrait.mouth import contours
from emogen.pipelines.talking_head.photo_portrait.shapes import Frame
from emogen.pipelines.talking_head.photo_portrait.skin import relaxed

#: A neutral mouth: its corners this much above the seam's middle (down counts positive) and its width, against the outer
#: eye corners' distance: medians of 899 neutral pictures of FER+ (-.015 and .579), a little closed; and lips together.
#: Beyond these a photo is neutralised. How much a full smile adds is that of our own shapes. A wide mouth whose corners
#: are not clearly raised is how somebody is built.
CORNER_LEVEL, MOUTH_WIDTH, LIPS_APART, LEAST_SMILE = -0.02, 0.57, 0.02, 0.12
LEVEL_BY_SMILE, WIDTH_BY_SMILE, CLEARLY = 0.18, 0.20, 0.3
#: Corners lower than this (three standard deviations of .018) frown; how much a full frown lowers them (own shapes).
FROWN_LEVEL, LEVEL_BY_FROWN, LEAST_FROWN = -0.05, 0.16, 0.12
#: Heights of the red of the lips (upper, lower) below which stretched lips are filled up; 7 and 9 mm at 90 mm.
LIP_HEIGHTS = (0.070, 0.092)


@dataclass(frozen=True, eq=False)
class Plan:
    """What has to be taken back: `smile` 0..1.3, `frown`, `apart` (mouth opening in scales), brows; `move` [468, 2] pixels."""

    smile: float
    frown: float
    apart: float
    brows: Brows
    move: np.ndarray

    @property
    def needed(self) -> bool:
        """Whether the photo is far enough from neutral."""
        return self.lips or self.frown > 0 or self.brows.needed

    @property
    def lips(self) -> bool:
        """Whether lips are re-made."""
        return self.smile > 0 or self.apart >= LIPS_APART

    def told(self) -> str:
        """What was done, as a note."""
        done = [
            text for text, yes in (("a smile was taken back", self.smile > 0),
                                   ("corners of the mouth were raised", self.frown > 0),
                                   ("the lips were closed", self.apart >= LIPS_APART),
                                   (self.brows.told(), self.brows.needed)) if yes
        ]  # fmt: skip
        return f"the photo was neutralised: {', '.join(done[:-1])}{' and ' if done[1:] else ''}{done[-1]}"


def plan(picture: np.ndarray, points: np.ndarray, frame: Frame, shapes: np.ndarray, *, glasses: bool = False) -> Plan:
    """How far a face in a picture is from neutral; `shapes` [61, 468, 2] are its displacements."""
    flat, unit = points[:468, :2], frame.scale
    # Along the face's own axes, so that a tilted or turned head is no smile.
    own = (points[:468] - points[168]) @ frame.rotation / unit
    corners = own[[61, 291]]
    level = float(own[[13, 14], 1].mean() - corners[:, 1].mean())
    wide = float(np.linalg.norm(corners[0] - corners[1]))
    apart = float(own[14, 1] - own[13, 1])
    by_level, by_width = (level - CORNER_LEVEL) / LEVEL_BY_SMILE, (wide - MOUTH_WIDTH) / WIDTH_BY_SMILE
    smile = float(np.clip(max(by_level, by_width * np.clip(by_level / CLEARLY, 0, 1)), 0, 1.25))
    frown = float(np.clip((FROWN_LEVEL - level) / LEVEL_BY_FROWN, 0, 1))
    smile, frown = smile if smile >= LEAST_SMILE else 0.0, frown if frown >= LEAST_FROWN else 0.0
    held = brows(picture, points, frame, shapes, glasses=glasses)
    move = held.move(shapes) - frown * shapes[both("mouthFrown")].sum(0)
    move -= smile * (shapes[both("mouthSmile")].sum(0) + 0.6 * shapes[both("cheekSquint")].sum(0))
    move -= 0.35 * smile * shapes[both("eyeSquint")].sum(0)
    if apart >= LIPS_APART:
        jaw = min(1.0, max(0.0, apart - 0.05) / 0.33)
        move -= jaw * shapes[INDEX["jawOpen"]]
    upper, lower = list(lm.INNER_UPPER), list(lm.INNER_LOWER)
    now = flat + move
    gap = now[lower] - now[upper]
    # The lips meet nearer to the upper one; their borders follow, but keep (or gain) the height of lips at rest.
    close = gap * np.clip(np.sign(gap @ frame.down), 0, 1)[:, None] if apart >= 0.004 else np.zeros_like(gap)
    move[upper] += 0.42 * close
    move[lower] -= 0.58 * close
    if smile or apart >= LIPS_APART:
        seam = _even_seam((flat + move)[upper] * 0.5 + (flat + move)[lower] * 0.5, frame)
        move[upper], move[lower] = seam - flat[upper], seam - flat[lower]
    outer_u, outer_l = list(lm.OUTER_UPPER), list(lm.OUTER_LOWER)
    if smile or apart >= LIPS_APART:
        profile = np.sin(np.linspace(0, np.pi, len(upper))) ** 0.7
        for outer, inner, want, sign, follow in (
            (outer_u, upper, LIP_HEIGHTS[0], -1.0, 0.42), (outer_l, lower, LIP_HEIGHTS[1], 1.0, -0.58),
        ):  # fmt: skip
            move[outer] += follow * close
            now = flat + move
            height = sign * ((now[outer] - now[inner]) @ frame.down) / unit
            own_height = max(float(height[4:7].mean()), 1e-3)
            fill = float(np.clip(max(want - own_height, 0.0), 0, 0.05)) * min(1.0, 0.4 + smile)
            shift = (sign * fill * unit * profile)[:, None] * frame.down
            move[outer] += shift
    return Plan(smile, frown, apart, held, move)


def _even_seam(seam: np.ndarray, frame: Frame) -> np.ndarray:
    """The line where closed lips meet, [11, 2], as even as lips at rest: an arc with a little bow in the middle."""
    x, y = seam @ frame.right, seam @ frame.down
    t = (x - x[0]) / max(float(x[-1] - x[0]), 1e-6)
    t = (t + 1 - t[::-1]) / 2
    level = y[0] + (y[-1] - y[0]) * t
    arc = t * (1 - t)
    rows = np.column_stack([arc, arc**2])[1:-1]
    fit = np.linalg.lstsq(rows, (y - level)[1:-1], rcond=None)[0]
    fitted = level + np.column_stack([arc, arc**2]) @ fit
    axes = np.linalg.inv(np.stack([frame.right, frame.down]))
    return np.asarray(np.column_stack([x[0] + t * (x[-1] - x[0]), fitted]) @ axes.T)


def own_teeth(picture: np.ndarray, points: np.ndarray, skin: np.ndarray) -> np.ndarray | None:
    """The colour of teeth that the photo shows (RGB), or None."""
    upper, lower = contours(points)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(np.concatenate([upper, lower[::-1]])).astype(np.int32)], 255)
    seen = picture[mask > 0].astype(np.float64)
    if len(seen) < 30:
        return None
    light, chroma = seen.mean(1), np.ptp(seen, axis=1)
    teeth = seen[(light > 0.75 * skin.mean()) & (chroma < 0.75 * max(np.ptp(skin), 40))]
    return np.percentile(teeth, 80, axis=0) if len(teeth) > 0.15 * len(seen) else None


def lip_colours(picture: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The person's own upper and lower lip: two colours (RGB), teeth, glints and shadow left out."""
    found = []
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    for outer, inner in ((lm.OUTER_UPPER, lm.INNER_UPPER), (lm.OUTER_LOWER, lm.INNER_LOWER)):
        mask = np.zeros(picture.shape[:2], np.uint8)
        ring = np.concatenate([points[list(outer), :2], points[list(inner)][::-1, :2]])
        cv2.fillPoly(mask, [np.rint(ring * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
        seen, own = picture[mask > 0].astype(np.float64), lab[mask > 0]
        if len(seen) < 4:
            found.append(np.array([170, 105, 100.0]))
            continue
        red = own[:, 1] >= np.percentile(own[:, 1], 40)
        middle = (own[:, 0] >= np.percentile(own[red, 0], 15)) & (own[:, 0] <= np.percentile(own[red, 0], 85))
        found.append(np.median(seen[red & middle] if (red & middle).sum() > 3 else seen, axis=0))
    return found[0], found[1]


def remade_lips(picture: np.ndarray, points: np.ndarray, colours: tuple[np.ndarray, np.ndarray], frame: Frame,
                strength: float) -> None:  # fmt: skip
    """Closed lips over what is left of teeth and gap, in place.

    Each lip gets its own colour with the roundness of a lip; the photo's texture stays where it looks like lip.
    """
    unit = frame.scale
    upper, lower = contours(points)
    seam = (upper + lower) / 2
    parts = []
    for outer in (lm.OUTER_UPPER, lm.OUTER_LOWER):
        mask = np.zeros(picture.shape[:2], np.uint8)
        ring = np.concatenate([points[list(outer), :2], seam[::-1]])
        cv2.fillPoly(mask, [np.rint(ring * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        parts.append(mask)
    low, high = (
        points[list(lm.OUTER_UPPER + lm.OUTER_LOWER), :2].min(0),
        points[list(lm.OUTER_UPPER + lm.OUTER_LOWER), :2].max(0),
    )
    left, top = (max(0, int(v - 0.08 * unit)) for v in low)
    right, bottom = (min(len(picture), int(v + 0.08 * unit) + 1) for v in high)
    box = (slice(top, bottom), slice(left, right))
    own = picture[box].astype(np.float32)
    grain = own - cv2.GaussianBlur(own, (0, 0), max(0.8, 0.018 * unit))
    smooth = cv2.GaussianBlur(own, (0, 0), max(0.7, 0.008 * unit))
    out = own.copy()
    for mask, colour, round_ in ((parts[0][box], colours[0], (0.92, 1.06)), (parts[1][box], colours[1], (1.0, 1.10))):
        inside = mask > 127
        if not inside.any():
            continue
        depth = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
        deep = np.clip(depth / max(float(depth.max()), 1.0), 0, 1)[..., None]
        made = colour.astype(np.float32) * (round_[0] + (round_[1] - round_[0]) * np.sin(np.pi / 2 * deep))
        made = made + 0.6 * np.clip(grain, -14, 14)
        # Teeth are brighter than lips and less red; the gap is far darker.
        brighter = (smooth.mean(2) - colour.mean()) / 22
        darker = (colour.mean() - smooth.mean(2)) / 40
        redness = (smooth[..., 0] - smooth[..., 1:].mean(2)) - (colour[0] - colour[1:].mean())
        alien = np.clip(np.maximum(brighter, darker) - 0.35, 0, 1) + np.clip(-redness / 22 - 0.2, 0, 1)
        share = np.clip(alien + 0.45, 0, 1) * strength
        cover = cv2.GaussianBlur(mask, (0, 0), max(0.8, 0.012 * unit)).astype(np.float32) / 255
        weight = (cv2.GaussianBlur(share.astype(np.float32), (0, 0), max(0.7, 0.010 * unit)) * cover)[..., None]
        out = out * (1 - weight) + made * weight
    picture[box] = np.clip(out + 0.5, 0, 255).astype(np.uint8)
    _line_of_the_lips(picture, seam, unit, strength)


def relax(picture: np.ndarray, points: np.ndarray, skin: np.ndarray, frame: Frame, found: Plan) -> np.ndarray:
    """Folds of mouth, cheeks, lower lids and brows flattened, uint8 of the same shape; grain and form stay."""
    unit, flat = frame.scale, points[:, :2]
    smiling = (((98, 203, 206, 216, 212, 202), 0.20, 1.0), ((327, 423, 426, 436, 432, 422), 0.20, 1.0),
             ((36, 207, 214), 0.16, 0.9), ((266, 427, 434), 0.16, 0.9),
             ((130, 110, 24, 23, 22, 26), 0.055, 0.75), ((359, 339, 254, 253, 252, 256), 0.055, 0.75),
             ((50, 205, 187), 0.16, 0.55), ((280, 425, 411), 0.16, 0.55))  # fmt: skip
    share_of = min(1.0, 1.1 * found.smile)
    lines = [(numbers, width, share * share_of) for numbers, width, share in smiling] + found.brows.lines
    where = np.zeros(picture.shape[:2], np.float32)
    for numbers, width, share in lines:
        ink = np.zeros(picture.shape[:2], np.uint8)
        line = flat[list(numbers)]
        cv2.polylines(
            ink, [np.rint(line * 16).astype(np.int32)], False, 255, max(1, round(width * unit)), cv2.LINE_AA, 4
        )
        soft = cv2.GaussianBlur(ink, (0, 0), 0.35 * width * unit).astype(np.float32) / 255
        where = np.maximum(where, share * soft)
    out = relaxed(picture, where, skin, unit, 0.13)
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def _line_of_the_lips(picture: np.ndarray, seam: np.ndarray, unit: float, strength: float) -> None:
    """A soft shadow where closed lips meet, in place."""
    ink = np.zeros(picture.shape[:2], np.uint8)
    cv2.polylines(ink, [np.rint(seam * 16).astype(np.int32)], False, 255, max(1, round(0.010 * unit)), cv2.LINE_AA, 4)
    fine = cv2.GaussianBlur(ink, (0, 0), max(0.7, 0.007 * unit)).astype(np.float32)[..., None] / 255
    wide = cv2.GaussianBlur(ink, (0, 0), max(1.2, 0.022 * unit)).astype(np.float32)[..., None] / 255
    shade = strength * (0.42 * fine + 0.28 * wide) * np.array([0.85, 1.0, 1.02], np.float32)
    picture[:] = np.clip(picture * (1 - shade), 0, 255).astype(np.uint8)
