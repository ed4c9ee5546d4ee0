"""Eyeballs behind the lids: the sclera made whole, an iris that moves on it, and the lashes of a lid that comes down."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import INDEX
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.head import spread

EYES = (
    ("Left", "left", lm.LEFT_LID_UPPER, lm.LEFT_LID_LOWER, lm.LEFT_IRIS, (263, 362)),
    ("Right", "right", lm.RIGHT_LID_UPPER, lm.RIGHT_LID_LOWER, lm.RIGHT_IRIS, (33, 133)),
)
#: An eyeball's radius is half an eye's width times this; its iris moves by the sine of the gaze (anatomy: eyeballs of
#: 24 mm behind openings of 30 mm).
BALL = 0.80
#: ARKit's look shapes at 1 turn the eye by this (rad, own assumption); gaze beyond `FARTHEST` is held.
LOOK, FARTHEST = 0.45, 0.55
#: How much darker the eyeball is right under the upper lid (own, by eye).
UNDER_LID = 0.38
#: The white of an eye is at least this bright against all around it; where not, the eye is left as it is (own).
SEEN = 0.85
#: Shares of the opening that lashes above and the rim of the lower lid take (own, by eye).
RIM = (0.17, 0.05)
#: Height of the part of a lid that slides over the eyeball, in eye-corner distances (own, by eye).
LID_HEIGHT = 0.075
#: A raised brow stretches lashes that lie over the lid: this much of them gives way to skin (own, by eye).
DRAWN_OUT = 0.75
#: An iris of which nothing is seen (grey level, own).
DARK_IRIS = 40
#: A lid of which nothing is seen, against the face's skin (own, by eye).
SHADED_LID = 0.95
#: Lid skin's brightness against the face's (own).
LID_LEVEL = (0.62, 1.25)
#: How dark lashes are drawn on a closed lid, and their width in eye-corner distances (own, by eye).
LASHES, LASH_WIDTH = 0.85, 0.018


class Eye:
    """One eye of the neutral picture as layers that move.

    Args:
        picture: Neutral picture, uint8 [h, w, 3].
        points: Its landmarks [478, >=2].
        side: An entry of `EYES`.
        unit: Distance between the outer eye corners, pixels.
        colour: The face's skin (RGB, 0..255).
    """

    def __init__(
        self, picture: np.ndarray, points: np.ndarray, side: tuple[object, ...], unit: float, colour: np.ndarray
    ) -> None:
        self.name, self.low_name, upper, lower, iris, corners = side  # type: ignore[assignment]
        self.upper, self.lower, self.corners = list(upper), list(lower), list(corners)  # type: ignore[call-overload]
        self.unit = unit
        flat = points[:, :2]
        self.width = float(np.linalg.norm(flat[self.corners[0]] - flat[self.corners[1]]))
        middle, reach = flat[self.corners].mean(0), 0.75 * self.width + 4
        self.origin = np.floor(middle - [reach, 0.8 * reach])
        left, top = (int(v) for v in self.origin)
        box = (int(2 * reach) + 1, int(1.6 * reach) + 1)
        own = _cut(picture, left, top, *box)
        iris_points = flat[list(iris)] - self.origin  # type: ignore[call-overload]
        centre = iris_points[0]
        radius = float(np.linalg.norm(iris_points[1:] - centre, axis=1).mean()) * 1.04
        upper_edge, lower_edge = _inset(flat[self.upper], flat[self.lower])
        opening = np.concatenate([upper_edge, lower_edge[::-1]]) - self.origin
        self._layers(own, opening, centre, max(radius, 1.0))
        self.rest = flat[self.corners].copy()
        self._lid(picture, flat, colour)

    def _layers(self, own: np.ndarray, opening: np.ndarray, centre: np.ndarray, radius: float) -> None:
        height, width = own.shape[:2]
        inside = np.zeros((height, width), np.uint8)
        cv2.fillPoly(inside, [np.rint(opening * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
        inner = cv2.erode(inside, np.ones((3, 3), np.uint8)) > 0
        y, x = np.mgrid[:height, :width]
        away = np.hypot(x - centre[0], y - centre[1])
        light = own.astype(np.float32).mean(2)
        white = inner & (away > 1.12 * radius)
        if white.sum() >= 6:
            low, high = np.percentile(light[white], (45, 98))
            chroma = np.ptp(own.astype(np.float32), axis=2)
            white &= (light >= low) & (light <= high) & (chroma <= np.median(chroma[white]))
            sclera = spread(own, white.astype(np.float32)).astype(np.float32)
        else:
            bright = np.percentile(own[inner], 95, axis=0) if inner.any() else np.array([200, 195, 190.0])
            sclera = np.broadcast_to(bright, own.shape).astype(np.float32)
        #: Behind dark or mirroring glasses, or closed, no eyeball is seen that could be moved.
        self.seen = bool(white.sum() >= 6 and light[white].mean() > SEEN * np.median(light))
        self.sclera = cv2.GaussianBlur(sclera, (0, 0), max(0.8, 0.05 * self.width))
        alpha = np.clip((radius * 1.06 - away) / max(0.12 * radius, 1.0) + 0.5, 0, 1).astype(np.float32)[..., None]
        shown = (cv2.dilate(inside, np.ones((5, 5), np.uint8)) > 0)[..., None]
        seen = inner & (away < 0.98 * radius)
        profile = np.empty((8, 3), np.float32)
        for i in range(8):
            here = seen & (np.abs(away / radius - (i + 0.5) / 8) < 0.12)
            if here.sum() > 2:
                profile[i] = np.median(own[here], axis=0)
            elif i:
                profile[i] = profile[i - 1]
            else:
                profile[i] = np.median(own[seen], axis=0) if seen.any() else DARK_IRIS
        at = np.clip(away / radius * 8 - 0.5, 0, 7)
        ring = np.stack([np.interp(at, np.arange(8), profile[:, k]) for k in range(3)], axis=-1).astype(np.float32)
        keep = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), 0.8)[..., None]
        keep = np.clip(2 * keep - 1, 0, 1)
        iris = own * keep + ring * (1 - keep)
        self.iris = np.concatenate([iris, alpha * 255], axis=2).astype(np.float32)
        made = self.sclera + (iris - self.sclera) * alpha
        #: What the layers leave out at rest; it goes as the eye moves.
        self.rest_detail = np.where(shown, own - made, 0).astype(np.float32)

    def _lid(self, picture: np.ndarray, flat: np.ndarray, colour: np.ndarray) -> None:
        """The lid's skin as it is when it is down: without the lashes and the crease that lie over it when it is up."""
        edge, unit = _dense(flat[self.upper]), self.unit
        high = np.array([0, LID_HEIGHT * unit])
        low, top = _dense(flat[self.lower]).max(0) + 4, edge.min(0) - 2.4 * high - 3
        self.lid_left, self.lid_top = (max(0, int(v)) for v in top)
        right, bottom = min(picture.shape[1], int(low[0]) + 1), min(picture.shape[0], int(low[1]) + 1)
        own = picture[self.lid_top : bottom, self.lid_left : right]
        origin = np.array([self.lid_left, self.lid_top])
        masks = []
        # Glasses keep their rim: there the lid ends lower.
        top_of_lid = 1.0 if self.seen else 0.35
        under = _dense(flat[self.lower]) + 0.1 * high
        for start, to in ((edge - 0.75 * high, 1.9), (under, top_of_lid), (edge - 0.3 * high, 1.15 * top_of_lid)):
            band = np.concatenate([start, (edge - to * high)[::-1]]) - origin
            mask = np.zeros(own.shape[:2], np.uint8)
            cv2.fillPoly(mask, [np.rint(band * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            masks.append(mask)
        light = own.astype(np.float32).mean(2)
        # Lid skin is about as bright as the face's; glasses, brows and glints are not.
        level = light / max(float(colour.mean()), 1.0)
        skin = (masks[0] > 127) & (level > LID_LEVEL[0]) & (level < LID_LEVEL[1])
        if skin.sum() < 12 or not self.seen:
            around = np.median(own[masks[0] > 127], axis=0) if (masks[0] > 127).any() else colour
            own = np.broadcast_to((SHADED_LID * (colour + around) / 2).astype(np.uint8), own.shape)
            skin = np.ones_like(skin)
        else:
            skin &= light >= np.percentile(light[skin], 35)
        made = cv2.GaussianBlur(spread(own, skin.astype(np.float32)).astype(np.float32), (0, 0), max(0.8, 0.02 * unit))
        y = np.arange(self.lid_top, bottom)[:, None]
        x = np.arange(self.lid_left, right)
        away = (np.interp(x, *edge[np.argsort(edge[:, 0], kind="stable")].T)[None] - y) / high[1]
        # A ball under the skin: lighter in its middle, darker towards lashes and crease.
        round_ = 0.87 + 0.12 * np.exp(-(((away - 0.55) / 0.35) ** 2))
        self.lid = (np.clip(made * round_[..., None], 0, 255)).astype(np.float32)
        soft = max(1.0, 0.024 * unit)
        self.lid_cover, self.above_cover = (
            cv2.GaussianBlur(m, (0, 0), soft).astype(np.float32)[..., None] / 255 for m in masks[1:]
        )
        rim = light[np.abs(away) < 0.3]
        dark = own[light <= (np.percentile(rim, 20) if len(rim) else 0)]
        self.lash = np.minimum(np.median(dark, axis=0) if len(dark) else 60, 0.45 * made.mean((0, 1))).astype(
            np.float32
        )

    def smooth_lid(self, curves: np.ndarray) -> tuple[float, float]:
        """How much of the lid is smooth skin, 0..1: of all of it as it comes down, of its upper part as the brow rises."""
        shut = float(curves[INDEX[f"eyeBlink{self.name}"]])
        raised = float(curves[INDEX[f"browOuterUp{self.name}"]] + 0.5 * curves[INDEX["browInnerUp"]])
        # Where no eyeball is drawn the lid's skin comes only once the eye is nearly closed.
        begin, width = (0.15, 0.5) if self.seen else (0.7, 0.3)
        return float(np.clip((shut - begin) / width, 0, 1)), DRAWN_OUT * float(np.clip(raised - 0.3, 0, 1))

    def lower_lid(self, picture: np.ndarray, share: tuple[float, float]) -> None:
        """Gives the neutral picture the lid's smooth skin by `smooth_lid`, in place."""
        cover = np.maximum(self.lid_cover * share[0], self.above_cover * share[1])
        part = picture[self.lid_top :, self.lid_left :][: self.lid.shape[0], : self.lid.shape[1]]
        part[:] = (part + (self.lid - part) * cover + 0.5).astype(np.uint8)

    def draw(self, frame: np.ndarray, now: np.ndarray, rigid: np.ndarray, curves: np.ndarray) -> None:
        """Puts the eyeball into the opening and lashes on the lid, in place.

        `now` [478, 2] are the landmarks of this frame, `rigid` [478, 2] where the head's turn alone puts them.
        """
        lashes = _dense(now[self.upper])
        upper, lower = (_dense(line) for line in _inset(now[self.upper], now[self.lower]))
        opening = float((lower[:, 1] - upper[:, 1]).max())
        lower = np.maximum(lower, np.column_stack([lower[:, 0], upper[:, 1]]))
        low, high = np.minimum(lashes, lower).min(0) - 4, np.maximum(upper, lower).max(0) + 5
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), frame.shape[1]), min(int(high[1]), frame.shape[0])
        if right - left < 3 or bottom - top < 3:
            return
        size, origin = (right - left, bottom - top), np.array([left, top])
        part = frame[top:bottom, left:right]
        if opening > 0.4 and self.seen:
            mask = np.zeros((size[1], size[0]), np.uint8)
            outline = np.concatenate([upper, lower[::-1]]) - origin
            cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            cover = mask.astype(np.float32)[..., None] / 255
            ball = self._ball(size, origin, rigid, curves, mask)
            part[:] = np.clip(part + (ball - part) * cover + 0.5, 0, 255).astype(np.uint8)
        shut = max(float(curves[INDEX[f"eyeBlink{self.name}"]]), 0.6 * self.smooth_lid(curves)[1])
        if shut > 0.05:
            line = np.zeros((size[1], size[0]), np.uint8)
            thick = max(1.0, LASH_WIDTH * self.unit * (0.4 + 0.6 * shut))
            inner = lashes + 0.5 * (np.maximum(lower, lashes) - lashes) * shut - origin
            half = 0.5 * thick * np.sin(np.pi * np.linspace(0, 1, len(inner))) ** 0.6
            strip = np.concatenate([inner - np.outer(half, [0, 1]), (inner + np.outer(half, [0, 1]))[::-1]])
            cv2.fillPoly(line, [np.rint(strip * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            soft = cv2.GaussianBlur(line, (0, 0), max(0.6, 0.007 * self.unit)).astype(np.float32)[..., None] / 255
            part[:] = (part + (self.lash - part) * (LASHES * shut * soft)).astype(np.uint8)

    def _ball(
        self, size: tuple[int, int], origin: np.ndarray, rigid: np.ndarray, curves: np.ndarray, mask: np.ndarray
    ) -> np.ndarray:
        a, b = self.rest
        c, d = rigid[self.corners]
        was, now = b - a, d - c
        k = np.array([was @ now, was[0] * now[1] - was[1] * now[0]]) / float(was @ was)
        turn = np.array([[k[0], -k[1]], [k[1], k[0]]])
        middle, to = self.rest.mean(0) - self.origin, rigid[self.corners].mean(0) - origin
        matrix = np.column_stack([turn, to - turn @ middle])
        flags = cv2.INTER_LINEAR
        ball = cv2.warpAffine(self.sclera, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        gaze = self._gaze(curves)
        wide = float(curves[INDEX[f"eyeWide{self.name}"]])
        left = 1 - min(1.0, float(np.hypot(*gaze)) / (0.06 * self.width) + 2 * wide)
        detail = cv2.warpAffine(self.rest_detail, matrix, size, flags=flags) if left > 0 else None
        matrix[:, 2] += turn @ gaze
        iris = cv2.warpAffine(self.iris, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
        ball = ball + (iris[..., :3] - ball) * (iris[..., 3:] / 255)
        if left < 1:
            # The upper lid and its lashes shade the ball; at rest the photo's own shade is in the detail.
            down = cv2.warpAffine(mask, np.array([[1, 0, 0], [0, 1, 0.05 * self.unit]]), size)
            shade = cv2.GaussianBlur(down, (0, 0), max(0.8, 0.022 * self.unit)).astype(np.float32)[..., None] / 255
            ball = ball * (1 - (1 - left) * UNDER_LID * (1 - shade))
        return np.asarray(ball if detail is None else ball + left * detail)

    def _gaze(self, curves: np.ndarray) -> np.ndarray:
        """How far the iris is from where the photo has it, pixels; angles and ARKit's look shapes add up."""
        out_sign = 1.0 if self.name == "Left" else -1.0  # their own left is the picture's right

        def look(way: str) -> float:
            return float(curves[INDEX[f"eyeLook{way}{self.name}"]])

        yaw = float(curves[INDEX[f"{self.low_name}EyeYaw"]]) + LOOK * out_sign * (look("Out") - look("In"))
        pitch = float(curves[INDEX[f"{self.low_name}EyePitch"]]) + LOOK * (look("Down") - look("Up"))
        angles = np.clip([yaw, pitch], -FARTHEST, FARTHEST)
        return np.asarray(np.sin(angles) * BALL * self.width / 2 * np.array([1.0, 0.8]))


def _inset(upper: np.ndarray, lower: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges of what is seen of the eyeball: lashes and the wet rim of the lids belong to the skin."""
    gap = lower - upper
    return upper + RIM[0] * gap, lower - RIM[1] * gap


def _cut(picture: np.ndarray, left: int, top: int, width: int, height: int) -> np.ndarray:
    """A box of a picture; its edge is repeated where the box leaves it."""
    rows = np.clip(np.arange(top, top + height), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, left + width), 0, picture.shape[1] - 1)
    return np.asarray(picture[rows[:, None], columns])


def _dense(line: np.ndarray) -> np.ndarray:
    """A lid's line of 9 points as a smooth one of 33 (Catmull-Rom)."""
    padded = np.concatenate([2 * line[:1] - line[1:2], line, 2 * line[-1:] - line[-2:-1]])
    t = np.linspace(0, len(line) - 1, 4 * (len(line) - 1) + 1)
    i = np.minimum(t.astype(int), len(line) - 2)
    f = (t - i)[:, None]
    a, b, c, d = (padded[i + n] for n in range(4))
    return np.asarray(0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3))
