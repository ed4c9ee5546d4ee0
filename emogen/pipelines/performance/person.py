"""A character's head on a body that moves: one mesh, one light, painted into the picture of a place.

The head is the avatar's, the body the gesture pipeline's figure, in the avatar's colours: its skin on the hands, its
clothes on the trunk. Both are in centimetres and of one proportion, so the head's pivot stands on the figure's head joint;
the neck goes over from the one to the other as the avatar's own does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion
from emogen.pipelines.drawing import paint
from emogen.pipelines.gesture.figure.light import Nearness
from emogen.pipelines.gesture.figure.renderer import BONES, CROWN
from emogen.pipelines.gesture.figure.rig import figure
from emogen.pipelines.raster import bounds
from emogen.pipelines.talking_head.avatars.light import lit
from emogen.pipelines.talking_head.avatars.renderer import AvatarRenderer

#: The camera's distance and height (cm): that of a portrait lens, level with the chin.
DISTANCE, LEVEL = 260.0, 152.0
#: The head is a little larger than life on the figure's broad shoulders, as characters are drawn; own choice, by eye.
HEAD = 1.12
#: Of the turn that the moving body has in its head this share is left: the face has its own. Own choice, by eye.
BODY_HEAD = 0.35
#: Skin of the figure that is shown: what lies beyond the cuffs in its T-pose (cm from the middle).
HANDS_CM = 50.0
#: Below this height (cm, of the avatar) its neck is under the collar, and counts as so much further away (cm); by eye.
NECK_CM, UNDER_COLLAR = -13.0, 2.0
#: The figure's collar is drawn in to the avatar's neck, the more the higher it is (cm): nothing at the first height, all at
#: the second; so much air is left.
COLLAR_CM, AIR_CM = (143.5, 150.0), 0.7
#: Gloss of cloth and skin, as the avatars have it; own choice.
CLOTH_GLOSS, SKIN_GLOSS = 0.05, 0.25
#: What lies under cloth counts as so much further away (cm); by eye.
UNDER = {"skin": 0.3, "top": 0.0, "trousers": 0.3}
#: The clothes below the belt have this share of the light of those above; own choice.
TROUSERS = np.array([0.20, 0.20, 0.24], np.float32)


@dataclass(frozen=True)
class Stand:
    """Where a person is seen.

    Attributes:
        scale: Pixels of a cm at the person.
        x: Column of the middle of the hips.
        y: Row of the camera's height, `LEVEL`.
        yaw: Turned to the picture's right by (rad).
    """

    scale: float
    x: float
    y: float
    yaw: float = 0.0


class Person:
    """An avatar with a body, as one motion asks for.

    Args:
        avatar: The head.
        motion: The body.
        stand: Where it is seen.
        tone: Factors on its colours [3], as the light of the place has it.
    """

    def __init__(self, avatar: AvatarRenderer, motion: BodyMotion, stand: Stand, tone: np.ndarray) -> None:
        self.avatar, self.stand, self.tone = avatar, stand, np.float32(tone)
        body, head = figure(), avatar.rig
        names = [joint.name for joint in body.joints]
        self._at = {name: names.index(name) for name in ("Head", "Spine2")}
        turns, places = body.skeletons(motion.rotations, motion.root_cm)
        middle = np.median(places[:, 0], axis=0) * [1, 0, 1]
        self._turns, self._places = _facing(turns, places - middle, stand.yaw)
        sides = [*BONES, *((a.replace("Left", "Right"), b.replace("Left", "Right"), r) for a, b, r in BONES if a.startswith("Left"))]
        self._ends = [(names.index(a), names.index(b) if b != "Crown" else -1) for a, b, _ in sides]
        self._radii = np.array([r for *_, r in sides], np.float32)
        self._near = Nearness(body.points)
        self._light, self._marks = _dressed(avatar)
        faces = body.quads[_shown()]
        self._faces = np.concatenate([avatar.faces, faces + len(head.points)])
        under = np.zeros(len(body.points), np.float32)
        for name, part in body.of.items():
            under[part] = UNDER.get(name, 0.0)
        off = np.isin(avatar.faces[:, 0], np.arange(head.ranges["body"].start, head.ranges["body"].stop))
        hair = np.isin(avatar.faces[:, 0], np.arange(head.ranges["hair"].start, head.ranges["hair"].stop))
        neck = ~off & ~hair & (head.points[avatar.faces, 1].min(axis=1) < NECK_CM)
        self._behind = np.concatenate([np.where(off, np.inf, avatar.behind) + UNDER_COLLAR * neck, under[faces[:, 0]]])
        rest = body.rest_places
        self._collar = _collar(avatar, rest[self._at["Head"]])
        self._neck = (rest[self._at["Head"]] - rest[self._at["Spine2"]]).astype(np.float32)

    def onto(self, out: np.ndarray, curves: np.ndarray, frame: int) -> None:
        """Paints the person with a face of curves [61] into a picture, uint8 [h, w, 3]; in place."""
        frame = min(max(frame, 0), len(self._places) - 1)
        points, normals, hollow, eyes = self._posed(np.asarray(curves), frame)
        marks = self._marks.copy()
        marks[len(self.avatar.rig.points) :, 3] = self._shaded(points, normals, frame)
        colours = lit(self._light, normals, marks, hollow) * self.tone
        corners, away = self._projected(points)
        x0, y0, x1, y1 = bounds(corners, self._faces, self._behind)
        rows = slice(max(int(y0) - 2, 0), min(int(y1) + 3, out.shape[0]))
        columns = slice(max(int(x0) - 2, 0), min(int(x1) + 3, out.shape[1]))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        corner = np.array([columns.start, rows.start], np.float32)
        before = out[rows, columns].astype(np.float32) * np.float32(1 / 255)
        picture, numbers = paint(corners - corner, away, colours, self._faces, self._behind, before)

        def seen(point: np.ndarray) -> tuple[np.ndarray, float]:
            (spot,), (distance,) = self._projected(point[None])
            return spot - corner, float(HEAD * self.stand.scale * DISTANCE / distance)

        self.avatar.glints(picture, numbers, eyes, seen)
        out[rows, columns] = cv2.convertScaleAbs(picture, alpha=255)

    def _posed(self, curves: np.ndarray, frame: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
        """Points and normals of head and body, how hollow the face is, and the middles of the eyes, in the camera's frame."""
        turns, places, head = self._turns[frame], self._places[frame], self.avatar.rig
        pose = head.pose(curves)
        trunk = turns[self._at["Spine2"]].astype(np.float32)
        own = Rotation.from_matrix(turns[self._at["Head"]]).as_rotvec()
        straight = Rotation.from_euler("y", self.stand.yaw).as_rotvec()
        turn = Rotation.from_rotvec(straight + BODY_HEAD * (own - straight)).as_matrix().astype(np.float32)
        seat, joint = places[self._at["Spine2"]].astype(np.float32), places[self._at["Head"]].astype(np.float32)
        share = head.on_head
        own_points = HEAD * (pose.points - head.pivot)
        above, beneath = _moved(own_points, turn) + joint, _moved(own_points + self._neck, trunk) + seat
        points = beneath + share * (above - beneath)
        above, beneath = _moved(pose.normals, turn), _moved(pose.normals, trunk)
        normals = beneath + share * (above - beneath)
        below, theirs = figure().pose(turns, places)
        which, way = self._collar
        below[which] += _moved(way, trunk)
        eyes = [HEAD * (turn @ (eye - head.pivot)) + joint for eye in pose.eyes]
        return np.concatenate([points, below]), np.ascontiguousarray(np.concatenate([normals, theirs])), pose.hollow, eyes

    def _shaded(self, points: np.ndarray, normals: np.ndarray, frame: int) -> np.ndarray:
        """How much light limbs keep from each point of the body [n]."""
        places, turns, first = self._places[frame], self._turns[frame], len(self.avatar.rig.points)
        crown = places[self._at["Head"]] + turns[self._at["Head"]] @ CROWN
        bones = np.array([(places[a], places[b] if b >= 0 else crown) for a, b in self._ends])
        return np.asarray(self._near(points[first:], normals[first:], bones, self._radii)[:, 0])

    def _projected(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = DISTANCE - points[:, 2]
        s = self.stand.scale * DISTANCE / away
        corners = np.stack([self.stand.x + s * points[:, 0], self.stand.y - s * (points[:, 1] - LEVEL)], axis=1)
        return corners.astype(np.float32), away.astype(np.float32)


def _moved(points: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Points [V, 3] turned, without the threads that a linear algebra library would start for them."""
    return np.asarray(cv2.transform(np.ascontiguousarray(points, np.float32)[None], turn)[0])


def _facing(turns: np.ndarray, places: np.ndarray, yaw: float) -> tuple[np.ndarray, np.ndarray]:
    """A motion turned so that on the whole it faces the camera, and by `yaw` from there."""
    ahead = turns[:, 0, :, 2].mean(axis=0)
    heading = float(np.arctan2(ahead[0], ahead[2])) if np.hypot(ahead[0], ahead[2]) > 0.2 else 0.0
    round_ = Rotation.from_euler("y", yaw - heading).as_matrix()
    return round_ @ turns, places @ round_.T


def _shown() -> np.ndarray:
    """Which four-cornered faces of the figure are seen: clothes but shoes, and of the skin the hands."""
    body = figure()
    first = body.quads[:, 0]
    kept = np.zeros(len(body.quads), bool)
    for name in UNDER:
        kept |= (first >= body.of[name].start) & (first < body.of[name].stop)
    skin = (first >= body.of["skin"].start) & (first < body.of["skin"].stop)
    return kept & (~skin | (np.abs(body.points[body.quads, 0]).min(axis=1) > HANDS_CM))


def _collar(avatar: AvatarRenderer, seat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the figure's collar and their ways to the avatar's neck at rest [n, 3] (cm)."""
    body, head = figure(), avatar.rig
    own = HEAD * (head.points[head.ranges["face"]] - head.pivot) + seat
    own = own[(own[:, 1] > COLLAR_CM[0]) & (own[:, 1] < COLLAR_CM[1])][:, [0, 2]]
    top = np.arange(body.of["top"].start, body.of["top"].stop)
    which = top[(body.points[top, 1] > COLLAR_CM[0]) & (np.abs(body.points[top, 0]) < 16.0)]
    places = body.points[which]
    rim = places[places[:, 1] > COLLAR_CM[1]][:, [0, 2]]
    middle, other = ((part.max(axis=0) + part.min(axis=0)) / 2 for part in (own, rim))
    share = (np.ptp(own, axis=0) + 2 * AIR_CM) / np.ptp(rim, axis=0)
    u = np.clip((places[:, 1] - COLLAR_CM[0]) / (COLLAR_CM[1] - COLLAR_CM[0]), 0, 1)
    way = (middle + (places[:, [0, 2]] - other) * share - places[:, [0, 2]]) * (u * u * (3 - 2 * u))[:, None]
    return which, np.stack([way[:, 0], np.zeros(len(way)), way[:, 1]], axis=1).astype(np.float32)


def _dressed(avatar: AvatarRenderer) -> tuple[np.ndarray, np.ndarray]:
    """Colours in linear light and marks (see `avatars.light.lit`) of head and body."""
    rig, body = avatar.rig, figure()
    face = rig.ranges["face"]
    bare = (rig.marks[face, 1] > 0.9) & (rig.marks[face, 2] < 0.1)
    skin, cloth = np.median(rig.light[face][bare], axis=0), np.median(rig.light[rig.ranges["body"]], axis=0)
    light, marks = np.tile(cloth, (len(body.points), 1)), np.zeros((len(body.points), 4), np.float32)
    marks[:, 0] = CLOTH_GLOSS
    light[body.of["skin"]], light[body.of["trousers"]] = skin, TROUSERS * cloth.mean() / TROUSERS.mean() * 0.5
    marks[body.of["skin"], :2] = SKIN_GLOSS, 1.0
    return np.concatenate([rig.light, light]).astype(np.float32), np.concatenate([rig.marks, marks])
