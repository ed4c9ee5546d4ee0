"""A photo of any person -> that person with a neutral face -> frames that follow face curves."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.face_mesh import find_face
from emogen.errors import InputError
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait.eyes import Lids
from emogen.pipelines.talking_head.photo_portrait.mouth import below_seam, contours, draw_inside
from emogen.pipelines.talking_head.photo_portrait.shading import Folds
from emogen.pipelines.talking_head.photo_portrait.shapes import LOWER_LIP, UPPER_LIP, basis
from emogen.pipelines.talking_head.photo_portrait.warp import Field, moved_picture

CONTROL = tuple(sorted({*lm.OVAL, *lm.RIGHT_LID_UPPER, *lm.RIGHT_LID_LOWER, *lm.LEFT_LID_UPPER, *lm.LEFT_LID_LOWER, *lm.RIGHT_BROW,
                        *lm.LEFT_BROW, *UPPER_LIP, *LOWER_LIP, 61, 291, 78, 308, *lm.RIGHT_IRIS, *lm.LEFT_IRIS, *lm.NOSE, *lm.CHEEKS,
                        *lm.FOREHEAD, *lm.CHIN, *lm.LID_SKIN}))  # fmt: skip
#: How high the crop is against the face (chin to forehead), and where the face's middle stands in it.
CROP, MIDDLE = 2.15, 0.47
#: A neutral mouth: corners level with the seam, width against the outer eye corners' distance (anthropometric means
#: of about 50 mm against 90 mm, Farkas 1994), lips together. Beyond these a photo is neutralised.
CORNER_LEVEL, MOUTH_WIDTH, LIPS_APART = -0.04, 0.56, 0.02
#: Largest head turn that a flat picture stands (rad).
MAX_TURN = 0.35
#: An iris moves this much of an eye's width at a gaze of 0.5 rad.
IRIS_TRAVEL = 0.30
HAIR, RING = 1.32, 16


class PhotoRenderer:
    """Draws one person; stateless per frame, so several threads may draw at once.

    Attributes:
        width, height: Pixels.
        notes: What was done to the photo, one sentence each.
        drawn: Whether it is a painted character rather than a person.
    """

    def __init__(self, picture: np.ndarray, points: np.ndarray, notes: list[str], *, drawn: bool = False) -> None:
        """Use `from_image`. `picture` uint8 [size, size, 3], `points` [478, 3] in its pixels."""
        self.drawn = drawn
        self.width = self.height = len(picture)
        self.notes = list(notes)
        self.unit = float(np.linalg.norm(points[33, :2] - points[263, :2]))
        self.where = np.stack(np.meshgrid(np.arange(self.width), np.arange(self.width)), axis=-1).astype(np.float32)
        if not drawn:
            picture, points = self._neutral(picture, points)
        self.picture, self.points = picture, points
        self._fields(points)
        self.lids = Lids(picture, points, self.unit)
        self.folds = Folds(points, self.unit, self.width)
        self.basis = basis(points, self.unit)

    @classmethod
    def from_image(cls, rgb: np.ndarray, *, size: int = 512, name: str = "photo", drawn: bool = False) -> PhotoRenderer:
        """Prepares a photo, uint8 [h, w, 3]; what is `drawn` is neutral already and shows nobody.

        Raises:
            InputError: No face, or one too small; with the photo's name.
        """
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
            raise InputError(name, f"{rgb.dtype} of shape {rgb.shape}", "Accepted: uint8 [h, w, 3].")
        found = find_face(np.ascontiguousarray(rgb), name)
        notes = [f"{found.count} faces were found; the largest is used"] if found.count > 1 else []
        picture, points = _cropped(rgb, found.points, size)
        return cls(picture, points, notes, drawn=drawn)

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Curves float32 [61] -> uint8 [height, width, 3]."""
        if curves.shape != (len(FACE_CHANNELS),):
            raise InputError("curves", f"shape {curves.shape}", f"Accepted: [{len(FACE_CHANNELS)}].")
        curves = np.clip(np.nan_to_num(curves.astype(np.float64)), -1, 1)
        curves[: INDEX["headYaw"]] = np.clip(curves[: INDEX["headYaw"]], 0, 1)
        moved, turned = self._moved(curves)
        shaded = self.folds.apply(self.picture, curves)
        frame, now = self._warped(shaded, moved)
        self.lids.draw(frame, now, curves)
        upper, lower = contours(now)
        skull, jaw = self._gums(curves, turned)
        draw_inside(frame, upper, lower, skull, jaw, self.unit, float(curves[INDEX["tongueOut"]]))
        return frame

    # -- preparing --------------------------------------------------------------------------------
    def _fields(self, points: np.ndarray) -> None:
        flat = points[:, :2]
        centre, half = flat[list(lm.OVAL)].mean(0), np.ptp(flat[list(lm.OVAL)], axis=0) / 2
        self.centre, self.half = centre, half
        hair = centre + (flat[list(lm.OVAL)] - centre) * HAIR
        depth = points[list(lm.OVAL), 2] + 0.15 * half[0]
        # Under the chin the neck holds still, above it hair goes with the head.
        self.hair = np.column_stack([hair, depth])
        self.follow = np.clip(1.15 - np.clip((hair[:, 1] - centre[1]) / half[1], 0, 2) * 0.62, 0.3, 1.0)
        angle = np.linspace(0, 2 * np.pi, RING, endpoint=False)
        middle, radii = centre - [0, 0.16 * half[1]], half * [2.05, 1.80]
        ring = middle + np.column_stack([np.cos(angle), np.sin(angle)]) * radii
        side = self.width - 1
        corners = np.array([[0, 0], [side, 0], [0, side], [side, side], [side / 2, side], [side / 2, 0.0]])
        r = np.sqrt((((self.where - middle) / radii) ** 2).sum(-1))
        x = np.clip((0.97 - r) / 0.30, 0, 1)
        reach = (x * x * (3 - 2 * x)).astype(np.float32)
        control = np.array(CONTROL)
        self.upper_ids = np.array([i for i in range(len(control)) if control[i] not in LOWER_LIP])
        self.lower_ids = np.array([i for i in range(len(control)) if control[i] not in UPPER_LIP])
        anchors = np.concatenate([ring, corners])
        self.fields = [
            Field(np.concatenate([flat[control[ids]], hair]), anchors, reach, self.width)
            for ids in (self.upper_ids, self.lower_ids)
        ]

    def _neutral(self, picture: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Takes back a smile and closes the lips, so that later every feeling starts from none."""
        unit, flat = self.unit, points[:, :2]
        corners = flat[[61, 291]]
        level = float((flat[[13, 14], 1].mean() - corners[:, 1].mean()) / unit)
        wide = float(np.linalg.norm(corners[0] - corners[1]) / unit)
        apart = float((flat[14, 1] - flat[13, 1]) / unit)
        smile = float(np.clip(max((level - CORNER_LEVEL) / 0.175, (wide - MOUTH_WIDTH) / 0.21), 0, 1.3))
        if smile < 0.08 and apart < LIPS_APART:
            return picture, points
        self._fields(points)
        shapes = basis(points, unit)
        move = -smile * shapes[both("mouthSmile")].sum(0) - 0.5 * smile * shapes[both("cheekSquint")].sum(0)
        gap = np.maximum(flat[list(lm.INNER_LOWER), 1] - flat[list(lm.INNER_UPPER), 1], 0)
        move[list(lm.INNER_UPPER), 1] += 0.45 * gap
        move[list(lm.INNER_LOWER), 1] -= 0.55 * gap
        move[list(lm.OUTER_UPPER), 1] += 0.30 * gap
        move[list(lm.OUTER_LOWER), 1] -= 0.42 * gap
        move[list(lm.CHIN), 1] -= 0.18 * gap.max()
        control = np.concatenate([move[list(CONTROL)], np.zeros((len(lm.OVAL), 2))])
        frame, now = self._warped(picture, control, points)
        upper, lower = contours(now)
        new = points.copy()
        new[:, :2] += move
        _line_of_the_lips(frame, (upper + lower) / 2, unit)
        done = [
            w
            for w, yes in (("a smile was taken back", smile >= 0.08), ("the lips were closed", apart >= LIPS_APART))
            if yes
        ]
        self.notes.append(f"the photo was neutralised: {' and '.join(done)}")
        return frame, new

    # -- drawing ----------------------------------------------------------------------------------
    def _moved(self, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Displacements of control and hair points [n, 2], and of all landmarks by the head's turn alone [478, 2]."""
        shift = np.tensordot(curves, self.basis, axes=1)
        self._look(curves, shift)
        rotation = _rotation(
            *(np.clip(curves[INDEX[n]], -MAX_TURN, MAX_TURN) for n in ("headYaw", "headPitch", "headRoll"))
        )
        pivot = np.array(
            [
                self.centre[0],
                self.centre[1] + 0.25 * self.half[1],
                self.points[list(lm.OVAL), 2].mean() + 0.25 * self.half[0],
            ]
        )
        faces = np.column_stack([self.points[:, :2] + shift, self.points[:, 2]])
        turned = (faces - pivot) @ rotation.T + pivot
        rigid = ((self.points - pivot) @ rotation.T + pivot)[:, :2] - self.points[:, :2]
        hair = ((self.hair - pivot) @ rotation.T + pivot)[:, :2] - self.hair[:, :2]
        moved = turned[list(CONTROL), :2] - self.points[list(CONTROL), :2]
        return np.concatenate([moved, hair * self.follow[:, None]]), rigid

    def _look(self, curves: np.ndarray, shift: np.ndarray) -> None:
        for side, iris, lid in (("left", lm.LEFT_IRIS, (263, 362)), ("right", lm.RIGHT_IRIS, (33, 133))):
            across = np.linalg.norm(self.points[lid[0], :2] - self.points[lid[1], :2])
            yaw, pitch = curves[INDEX[f"{side}EyeYaw"]], curves[INDEX[f"{side}EyePitch"]]
            shift[list(iris)] += np.clip([yaw / 0.5, 0.6 * pitch / 0.5], -1, 1) * IRIS_TRAVEL * across

    def _warped(
        self, picture: np.ndarray, moved: np.ndarray, points: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The moved picture, and where the landmarks are in it [478, 2]."""
        points = self.points if points is None else points
        n = len(CONTROL)
        parts = [np.concatenate([moved[ids], moved[n:]]) for ids in (self.upper_ids, self.lower_ids)]
        frame = moved_picture(picture, self.fields[0].source(parts[0]), self.where)
        now = points[:, :2].copy()
        now[list(CONTROL)] += moved[:n]
        upper, lower = contours(now)
        feather = 0.16 * self.unit
        left, right = upper[0, 0] - feather - 2, upper[-1, 0] + feather + 2
        top = min(upper[:, 1].min(), lower[:, 1].min()) - 3
        bottom = min(now[152, 1] + 0.5 * self.unit, self.height)
        box = (max(0, int(left)), max(0, int(top)), min(self.width, int(right)), int(bottom))
        shift = self.fields[1].source(parts[1], box)
        below = moved_picture(picture, shift, self.where[box[1] : box[3], box[0] : box[2]])
        mask = below_seam(upper, lower, box, feather)
        part = frame[box[1] : box[3], box[0] : box[2]]
        part[:] = np.clip(part * (1 - mask) + below * mask + 0.5, 0, 255).astype(np.uint8)
        return frame, now

    def _gums(self, curves: np.ndarray, rigid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the gum lines are: the upper goes with the skull, the lower with the jaw."""
        seam = self.points[[13, 14], :2].mean(0)
        skull = seam + rigid[13] - [0, 0.045 * self.unit]
        drop = max(curves[INDEX["jawOpen"]] - curves[INDEX["mouthClose"]], 0) * self.basis[INDEX["jawOpen"], 14, 1]
        return skull, seam + rigid[14] + [0, drop + 0.07 * self.unit]


def _cropped(rgb: np.ndarray, points: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Head and shoulders in a square of `size`; where the crop leaves the photo its edge is repeated and blurred."""
    flat = points[list(lm.OVAL), :2]
    low, high = flat.min(0), flat.max(0)
    side = CROP * max(high[1] - low[1], 1.15 * (high[0] - low[0]))
    # A photo that holds less is not stretched beyond need: the crop stays inside where it can.
    side = min(side, max(max(rgb.shape[:2]), 1.5 * (high[1] - low[1])))
    centre = (low + high) / 2
    origin = np.array([centre[0] - side / 2, centre[1] - MIDDLE * side])
    room = np.array([rgb.shape[1], rgb.shape[0]]) - side
    origin = np.where(room >= 0, np.clip(origin, 0, np.maximum(room, 0)), origin)
    scale = size / side
    matrix = np.array([[scale, 0, -origin[0] * scale], [0, scale, -origin[1] * scale]])
    area = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    if scale < 1:
        small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=area)
        picture = cv2.warpAffine(
            small,
            np.array([[1, 0, -origin[0] * scale], [0, 1, -origin[1] * scale]]),
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    else:
        picture = cv2.warpAffine(rgb, matrix, (size, size), flags=area, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(rgb.shape[:2], 255, np.uint8), matrix, (size, size), flags=cv2.INTER_LINEAR)
    if inside.min() < 128:
        soft = cv2.GaussianBlur(picture, (0, 0), size / 40)
        keep = (
            cv2.GaussianBlur(cv2.erode(inside, np.ones((9, 9), np.uint8)), (0, 0), 3).astype(np.float32)[..., None]
            / 255
        )
        picture = np.clip(picture * keep + soft * (1 - keep), 0, 255).astype(np.uint8)
    moved = points.copy()
    moved[:, :2] = (points[:, :2] - origin) * scale
    moved[:, 2] *= scale
    return np.ascontiguousarray(picture), moved


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation of points (x right, y down, z away) by the head's angles (conventions of `codecs.face`)."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return tilt @ turn @ nod


def _line_of_the_lips(picture: np.ndarray, seam: np.ndarray, unit: float) -> None:
    """A soft shadow where closed lips meet, in place."""
    ink = np.zeros(picture.shape[:2], np.uint8)
    cv2.polylines(ink, [np.rint(seam * 16).astype(np.int32)], False, 255, max(1, round(0.012 * unit)), cv2.LINE_AA, 4)
    shade = cv2.GaussianBlur(ink, (0, 0), max(0.8, 0.010 * unit)).astype(np.float32)[..., None] / 255
    picture[:] = np.clip(picture * (1 - 0.45 * shade), 0, 255).astype(np.uint8)
