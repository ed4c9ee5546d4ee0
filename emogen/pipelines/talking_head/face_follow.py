"""One person's face followed through a video of any length: where it is in each picture, and that it is the same person.

The face mesh looks at a square around where the face was last. Where it is lost, a detector that sees the whole picture
finds faces again, and how somebody looks (the face's own pattern, and the colours of skin, hair and collar) says who of
those seen before it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from emogen.conditioning.face_mesh import find_faces, quiet
from emogen.errors import InputError
from emogen.limits import LIMITS
from emogen.media.video import probe, read_frames
from emogen.pipelines.talking_head.photo_portrait.shapes import frame_of

#: The square that the mesh looks at: its side in pixels, and in sizes of the face (own).
CROP_PX, ROOM = 320, 2.4
#: The square stays where it is until the face is off its middle by this (sizes of it) or by this factor larger or smaller:
#: a square that moves with the face makes the mesh tremble (2.7 times the jerk on a photo under a moving camera).
OFF, OTHER = 0.2, 1.25
#: The detector is at least this sure that it sees a person; tilts (degrees) at which it looks when it finds nobody.
SURE, TILTS = 0.5, (25.0, -25.0)
#: Faces narrower than this share of `limits.face_min_side_px` are nobody's that could be edited (own).
SMALL_SHARE = 0.8
#: While a face is away, every how many pictures the whole picture is searched, and every how many of these thoroughly.
AGAIN, THOROUGH = 5, 5
#: Moments of a video, evenly spread, that say who is in it.
GLIMPSES = 5
#: How different two looks of one person are at most: from one picture to the next, and at different times; a look that
#: differs by more than the last is kept beside those known, and how many are (own, chosen on pictures at hand).
SAME_NEXT, SAME_LATER, NEW_LOOK, LOOKS = 0.35, 0.45, 0.12, 12
#: A face does not move further (sizes of it) nor grow more than this from one picture to the next.
LEAP, GROWTH = 0.6, 1.5
#: The square that a look is taken from: its side in sizes of the face and in pixels. Points that many of which have to
#: be seen in both of two looks.
LOOK_ROOM, LOOK_PX, LEAST_SEEN = 1.9, 112, 60.0
#: Points around the middle of a head, at its forehead and at its chin.
AROUND, FOREHEAD, CHIN = (234, 454, 10, 152), (103, 67, 109, 10, 338, 297, 332), (176, 148, 152, 377, 400)
#: Differences of colour (CIELAB of 8 bits): light counts less, because it changes; what counts fully, and for how much.
COLOUR_WEIGHTS, COLOUR_FULL, COLOUR_SHARE = np.array([0.4, 1.0, 1.0]), 40.0, 0.4

_ONE = threading.Lock()


@dataclass(frozen=True, eq=False)
class Look:
    """How somebody looks.

    Attributes:
        pattern: [468] brightness at the points of the face.
        seen: [468] how well each of them is seen, 0..1.
        colours: [3, 3] CIELAB of skin, hair and collar.
    """

    pattern: np.ndarray
    seen: np.ndarray
    colours: np.ndarray

    def unlike(self, other: Look) -> float:
        """How different two looks are: 0 the same, 1 and more nothing in common."""
        weight = np.sqrt(self.seen * other.seen)
        if weight.sum() < LEAST_SEEN:
            return 1.0
        weight /= weight.sum()
        a, b = (one.pattern - weight @ one.pattern for one in (self, other))
        alike = (weight * a) @ b / np.sqrt(max((weight * a) @ a * ((weight * b) @ b), 1e-9))
        colours = np.linalg.norm((self.colours - other.colours) * COLOUR_WEIGHTS, axis=1).mean()
        return float(1.0 - alike + COLOUR_SHARE * min(1.0, colours / COLOUR_FULL))


class Person:
    """Somebody seen in a video: looks from different sides, so that a turned head is still theirs."""

    def __init__(self, look: Look) -> None:
        self.looks = [look]

    def unlike(self, look: Look) -> float:
        """How different a look is from the likest one known."""
        return min(known.unlike(look) for known in self.looks)

    def learn(self, look: Look) -> None:
        """A look that is theirs; kept if it is a new one."""
        if self.unlike(look) > NEW_LOOK:
            self.looks = [*self.looks[:1], *self.looks[1:][-LOOKS + 2 :], look]


@dataclass(frozen=True, eq=False)
class Cast:
    """Who was seen in a video, and who of them is followed.

    Attributes:
        people: They.
        chosen: Which of them is meant.
        count: Most faces seen in one moment.
        number: Which of these from the left is meant.
    """

    people: list[Person]
    chosen: int
    count: int
    number: int


def cast_of(path: str | Path, face: int | None = None) -> Cast | None:
    """Who is in a video, by a few moments of it; None where no face was seen in them.

    Args:
        path: The video.
        face: Which person, counted from the left from 0 in the first moment that shows most faces; None: the largest.

    Raises:
        InputError: No such person.
    """
    length_s = probe(path).duration_s
    moments = []
    for t in np.unique(np.round(np.linspace(0.0, 0.96, GLIMPSES) * length_s, 3)):
        picture = next(read_frames(path, start_s=float(t)), None)
        if picture is not None:
            moments.append([(points, look_of(picture, points)) for points in faces_in(picture, thorough=True)])
    people: list[Person] = []
    who = [_assigned(people, [look for _, look in moment]) for moment in moments]
    fullest = max(range(len(moments)), key=lambda i: len(moments[i]), default=None)
    if fullest is None or not moments[fullest]:
        return None
    count = len(moments[fullest])
    if face is not None:
        if not 0 <= face < count:
            raise InputError(Path(path).name, f"face {face} of {count}", f"Accepted: 0 to {count - 1}, from the left.")
        return Cast(people, who[fullest][face], count, face)
    seen = [(size_of(points), who[i][k]) for i, moment in enumerate(moments) for k, (points, _) in enumerate(moment)]
    chosen = max(seen, key=lambda one: one[0])[1]
    number = who[fullest].index(chosen) if chosen in who[fullest] else 0
    return Cast(people, chosen, count, number)


def _assigned(people: list[Person], looks: Sequence[Look]) -> list[int]:
    """Who each of the looks in one picture is; people not seen before are added. Nobody is there twice."""
    found = [-1] * len(looks)
    pairs = sorted((one.unlike(look), k, i) for k, look in enumerate(looks) for i, one in enumerate(people))
    for unlike, k, i in pairs:
        if found[k] < 0 and i not in found and unlike < SAME_LATER:
            found[k] = i
    for k, look in enumerate(looks):
        if found[k] < 0:
            found[k] = len(people)
            people.append(Person(look))
        else:
            people[found[k]].learn(look)
    return found


class Follower:
    """Gives the followed person's face in one picture after the other. Use as a context.

    Args:
        cast: Who is meant; None: the first face that appears, the largest if there are several.
    """

    def __init__(self, cast: Cast | None) -> None:
        self.people = list(cast.people) if cast else []
        self.chosen = cast.chosen if cast else 0
        #: How many times they were found: at first, and each time after they were lost.
        self.times = 0
        self._at: np.ndarray | None = None
        self._square: tuple[np.ndarray, float] | None = None
        self._last: Look | None = None
        self._away = 0

    def __enter__(self) -> Follower:
        with quiet():
            import mediapipe

            self._mesh: Any = mediapipe.solutions.face_mesh.FaceMesh(
                static_image_mode=False, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.5
            )
            self._mesh.process(np.zeros((64, 64, 3), np.uint8))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mesh.close()

    def step(self, picture: np.ndarray) -> np.ndarray | None:
        """The face's points [478, 3] in the next picture, uint8 [h, w, 3], in pixels; None where it is not there."""
        points = self._gone_on(picture) if self._at is not None else None
        if points is None:
            points = self._found_again(picture)
        self._at = points
        if points is None:
            self._away += 1
        return points

    def _gone_on(self, picture: np.ndarray) -> np.ndarray | None:
        at = self._at
        assert at is not None
        centre, size = middle_of(at), size_of(at)
        square = self._square
        off = square is None or np.linalg.norm(centre - square[0]) > OFF * size
        if square is None or off or not 1 / OTHER < size / square[1] < OTHER:
            square = self._square = (centre, size)
            self._meshed(picture, *square)  # it looked elsewhere: it is right the second time
        points = self._meshed(picture, *square)
        if points is None:  # where it lost the face, it searches the square for it the second time
            points = self._meshed(picture, *square)
        if points is None or np.linalg.norm(middle_of(points) - centre) > LEAP * size:
            return None
        if not 1 / GROWTH < size_of(points) / size < GROWTH:
            return None
        look = look_of(picture, points)
        if self._last is not None and look.unlike(self._last) > SAME_NEXT:
            return None
        self._last = look
        self.people[self.chosen].learn(look)
        return points

    def _meshed(self, picture: np.ndarray, centre: np.ndarray, size: float) -> np.ndarray | None:
        """The mesh of the face in a square around a place."""
        cut, scale, origin = cut_out(picture, centre, ROOM * size, CROP_PX)
        with quiet():
            found = self._mesh.process(cut).multi_face_landmarks
        if not found:
            return None
        return np.array([[p.x, p.y, p.z] for p in found[0].landmark]) * CROP_PX / scale + [*origin, 0.0]

    def _found_again(self, picture: np.ndarray) -> np.ndarray | None:
        if self._away % AGAIN:
            return None
        faces = faces_in(picture, thorough=self._away % (AGAIN * THOROUGH) == 0)
        if not faces:
            return None
        looks = [look_of(picture, points) for points in faces]
        if not self.people:
            largest = max(range(len(faces)), key=lambda i: size_of(faces[i]))
            self.people = [Person(looks[largest])]
        who = _assigned(self.people, looks)
        if self.chosen not in who:
            return None
        k = who.index(self.chosen)
        self.times += 1
        self._away, self._square = 0, None
        self._last = looks[k]
        return faces[k]


# -- faces in one picture ---------------------------------------------------------------------------------
def faces_in(picture: np.ndarray, *, thorough: bool) -> list[np.ndarray]:
    """The points [478, 3] of each face that is large enough to be edited, from the left.

    Args:
        picture: uint8 [h, w, 3].
        thorough: Searches longer where nothing is seen at first.
    """
    found: list[np.ndarray] = []
    for centre, side in _boxes(picture, TILTS if thorough else ()):
        cut, scale, origin = cut_out(picture, centre, ROOM * side, CROP_PX)
        faces = [p / scale + [*origin, 0.0] for p in find_faces(cut)]
        faces.sort(key=lambda p: float(np.linalg.norm(middle_of(p) - centre)))
        if faces and all(np.linalg.norm(middle_of(faces[0]) - middle_of(p)) > 0.5 * size_of(p) for p in found):
            found.append(faces[0])
    least = SMALL_SHARE * LIMITS.face_min_side_px
    return sorted((p for p in found if np.ptp(p[:, 0]) >= least), key=lambda p: float(p[:, 0].mean()))


def _boxes(picture: np.ndarray, tilts: Sequence[float]) -> list[tuple[np.ndarray, float]]:
    """Middle and size of each face that a detector of people sees: upright, with room around, and tilted if need be."""
    height, width = picture.shape[:2]
    pad = max(height, width) // 4
    with quiet(), _ONE:
        detector = _detector()
        for turn, size in _views(width, height, pad, tilts):
            back = cv2.invertAffineTransform(turn)
            grown = float(np.hypot(*back[:, 0]))
            boxes = []
            for seen in detector.process(cv2.warpAffine(picture, turn, size, flags=cv2.INTER_LINEAR)).detections or []:
                box = seen.location_data.relative_bounding_box
                middle = np.array([(box.xmin + box.width / 2) * size[0], (box.ymin + box.height / 2) * size[1]])
                side = grown * max(box.width * size[0], box.height * size[1])
                boxes.append((back[:, :2] @ middle + back[:, 2], side))
            if boxes:
                return boxes
    return []


@cache
def _detector() -> Any:
    """One detector for the whole process; it keeps nothing from one picture to the next, and serves one at a time."""
    import mediapipe

    return mediapipe.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=SURE)


def _views(width: int, height: int, pad: int, tilts: Sequence[float]) -> Iterator[tuple[np.ndarray, tuple[int, int]]]:
    """Ways to look at a picture, each a matrix [2, 3] and a size."""
    shrink = min(1.0, 1280 / max(width, height))
    small = np.array([[shrink, 0, 0], [0, shrink, 0]])
    yield small, (round(width * shrink), round(height * shrink))
    if tilts:
        room = small + np.array([[0, 0, pad * shrink], [0, 0, pad * shrink]])
        yield room, (round((width + 2 * pad) * shrink), round((height + 2 * pad) * shrink))
    for tilt in tilts:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
        yield shrink * turn, (round(width * shrink), round(height * shrink))


def middle_of(points: np.ndarray) -> np.ndarray:
    """The middle of a face, (x, y)."""
    return np.asarray((points[:, :2].min(0) + points[:, :2].max(0)) / 2)


def size_of(points: np.ndarray) -> float:
    """The larger of a face's width and height, pixels."""
    return float(np.ptp(points[:, :2], axis=0).max())


def cut_out(picture: np.ndarray, centre: np.ndarray, side: float, to_px: int) -> tuple[np.ndarray, float, np.ndarray]:
    """A square of a picture in `to_px` pixels, edges repeated; its scale, and where its corner lies in the picture."""
    whole = max(8, round(side))
    left, top = (int(v) for v in np.round(centre - whole / 2))
    height, width = picture.shape[:2]
    rows = slice(np.clip(top, 0, height - 1), np.clip(top + whole, 1, height))
    inside = picture[rows, np.clip(left, 0, width - 1) : np.clip(left + whole, 1, width)]
    missing = (max(0, -top), max(0, top + whole - height), max(0, -left), max(0, left + whole - width))
    if any(missing):
        above, below, before, behind = missing
        inside = cv2.copyMakeBorder(inside, above, below, before, behind, cv2.BORDER_REPLICATE)
    scaled = cv2.resize(inside, (to_px, to_px), interpolation=cv2.INTER_AREA if whole > to_px else cv2.INTER_LINEAR)
    return scaled, to_px / whole, np.array([left, top], float)


def look_of(picture: np.ndarray, points: np.ndarray) -> Look:
    """How somebody looks in a picture, from the points [478, 3] of the face in it, whichever way they turn."""
    frame, mesh = frame_of(points), points[:468]
    cut, scale, origin = cut_out(picture, middle_of(points), LOOK_ROOM * size_of(points), LOOK_PX)
    lab = cv2.GaussianBlur(cv2.cvtColor(cut, cv2.COLOR_RGB2LAB).astype(np.float32), (0, 0), 1.2)
    middle = points[list(AROUND)].mean(0)
    # Normals as if the head were an egg around its middle.
    normal = ((mesh - middle) @ frame.rotation) * (1.0, 0.7, 1.0)
    towards = -(normal @ frame.rotation.T)[:, 2] / np.maximum(np.linalg.norm(normal, axis=1), 1e-6)
    up = -frame.down * frame.scale
    hair = points[list(FOREHEAD), :2] + 0.22 * up
    collar = points[list(CHIN), :2] - 0.45 * up

    def at(flat: np.ndarray) -> np.ndarray:
        x, y = ((flat - origin) * scale).astype(np.float32).T
        sampled = cv2.remap(lab, x.copy(), y.copy(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(sampled[:, 0], np.float64)

    skin = at(mesh[:, :2])
    seen = np.clip((towards - 0.05) / 0.3, 0, 1)
    usual = (seen[:, None] * skin).sum(0) / max(seen.sum(), 1e-6)
    return Look(skin[:, 0], seen, np.stack([usual, np.median(at(hair), axis=0), np.median(at(collar), axis=0)]))
