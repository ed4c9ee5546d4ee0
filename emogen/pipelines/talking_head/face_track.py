"""A video gone through once: where the followed face is in each picture, and what its mouth does there of its own.

What is kept of a picture is small (its landmarks lie in a temporary file, 2.9 kB each), so that an hour fits.
"""

from __future__ import annotations

import tempfile
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from statistics import median

import numpy as np
from scipy.ndimage import gaussian_filter1d

from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.container import opened
from emogen.media.video import VideoInfo, probe, read_frames
from emogen.pipelines.talking_head.face_follow import SMALL_SHARE, Cast, Follower, cast_of, size_of
from emogen.pipelines.talking_head.photo_portrait import landmarks as lm
from emogen.pipelines.talking_head.photo_portrait import steady
from emogen.pipelines.talking_head.photo_portrait.shapes import frame_of

#: Pictures for which a lost face is taken to have gone straight from where it was to where it is found again (own).
BRIDGE = 5
#: A head turned further than the first (degrees) is edited less, beyond the second not at all; the same for the share
#: of its outline that the picture shows (own, by eye).
TURNED_DEG, IN_SIGHT = (35.0, 50.0), (0.9, 0.6)
#: An edit fades in and out over this long (s), and over at least so many pictures (own).
FADE_S, FADE_FRAMES = 0.2, 5
#: How far mouth corners lie above the middle of the lips at rest, in eye-corner distances (the mean of the heads that the
#: shapes were learnt from), and by how much a full smile raises them: measured in 543 rendered pictures of a person whose
#: curves are known, where this measure follows them with r = .975.
CORNER_REST, CORNER_FULL = -0.018, 0.067
#: A smile or frown up to this that is always there is how the person is built (own).
FEATURE = 0.35
#: Seconds over which an expression is taken to last; what is quicker is speech.
EXPRESSION_S = 0.4
#: How fast lips part and close on average (eye-corner distances a second, over about a second) in what is surely no speech,
#: and in speech: 0.2 to 0.7 in speech rendered from known sounds, below 0.2 when an expression comes (own measurements).
STILL, TALKING, TALK_S = 0.12, 0.26, 0.35
#: Packets that tell whether pictures come at even times, and by how much they may differ in length.
PACKETS, UNEVEN = 2_000, 1.5


class Landmarks:
    """The points [478, 3] of one face in each picture of a video, on disk while they are needed; may be read at once."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        self._there = array("b")
        self._row = 16 + 2 * 478 * 3
        self._one = threading.Lock()

    def __len__(self) -> int:
        return len(self._there)

    def add(self, points: np.ndarray | None) -> None:
        """The next picture's."""
        self._there.append(points is not None)
        if points is None:
            return
        low = points.min(0).astype("<f4")
        step = max(float((points - low).max()) / 65_535, 1e-6)
        rows = np.rint((points - low) / np.float32(step)).clip(0, 65_535).astype("<u2")
        row = low.tobytes() + np.float32(step).tobytes() + rows.tobytes()
        with self._one:
            self._file.seek((len(self._there) - 1) * self._row)
            self._file.write(row)

    def __getitem__(self, i: int) -> np.ndarray | None:
        if not self._there[i]:
            return None
        with self._one:
            self._file.seek(i * self._row)
            row = self._file.read(self._row)
        head = np.frombuffer(row[:16], "<f4").astype(np.float64)
        return np.asarray(np.frombuffer(row[16:], "<u2").reshape(478, 3) * head[3] + head[:3])


@dataclass(frozen=True, eq=False)
class Track:
    """A face in a video.

    Attributes:
        path: The video.
        fps: Pictures a second, even.
        height, width: Of a picture, pixels.
        landmarks: Of each picture, steadied.
        strength: [T] how much of an edit a picture bears: 0 where the face is away, turned away or small.
        corner: [T] smile (above 0) or frown (below 0) of the mouth, as a share of a full one.
        gap: [T] how far the lips stand apart, in eye-corner distances.
        wide: [T] how wide the mouth is, in eye-corner distances.
        picture, points: One that shows the face well.
        notes: What the user should know, one sentence each.
        facts: What the sidecar says.
    """

    path: Path
    fps: float
    height: int
    width: int
    landmarks: Landmarks
    strength: np.ndarray
    corner: np.ndarray
    gap: np.ndarray
    wide: np.ndarray
    picture: np.ndarray
    points: np.ndarray
    notes: tuple[str, ...]
    facts: dict[str, float]

    def __len__(self) -> int:
        return len(self.strength)

    def speaking(self) -> np.ndarray:
        """[T] 0 where the lips rest .. 1 where they speak."""
        rate = np.abs(np.diff(self.gap, prepend=self.gap[:1])) * self.fps
        rate = gaussian_filter1d(rate, TALK_S * self.fps, mode="nearest")
        x = np.clip((rate - STILL) / (TALKING - STILL), 0, 1)
        return np.asarray(x * x * (3 - 2 * x))

    def smiling(self) -> np.ndarray:
        """[T] how much the mouth smiles (above 0) or frowns (below 0) beyond how it is built, as a share of a full one."""
        there = self.strength > 0
        if not there.any():
            return np.zeros(len(self))
        weight = gaussian_filter1d(there.astype(float), EXPRESSION_S * self.fps, mode="constant")
        slow = gaussian_filter1d(np.where(there, self.corner, 0.0), EXPRESSION_S * self.fps, mode="constant")
        built = float(np.clip(np.median(self.corner[there]), -FEATURE, FEATURE))
        return np.where(there, slow / np.maximum(weight, 1e-6) - built, 0.0)


@dataclass
class _Seen:
    """What is collected while a video is gone through."""

    there: array = field(default_factory=lambda: array("b"))
    quality: array = field(default_factory=lambda: array("f"))
    corner: array = field(default_factory=lambda: array("f"))
    gap: array = field(default_factory=lambda: array("f"))
    wide: array = field(default_factory=lambda: array("f"))
    best: tuple[float, np.ndarray | None, np.ndarray | None] = (0.0, None, None)
    shape: tuple[int, int] = (0, 0)
    widest: float = 0.0
    times: int = 0


def tracked(path: Path, face: int | None = None, each: Callable[[float], None] = lambda t_s: None) -> Track:
    """Goes through a video.

    Args:
        path: mp4, mov, mkv or webm.
        face: Which person, see `face_follow.cast_of`.
        each: Called after each picture with its time, s.

    Raises:
        InputError: No face in it, none large enough, no such face; not a video.
        LimitError: Longer than `limits.render_s`, or as `probe`.
    """
    info = probe(path)
    if info.duration_s > LIMITS.render_s:
        found = f"{info.duration_s:,.0f} s; the limit is {LIMITS.render_s:,.0f} s (limits.render_s)"
        raise LimitError(path.name, found, "Cut it into shorter files.")
    fps, uneven = pace(path, info)
    cast, seen, kept = cast_of(path, face), _Seen(), Landmarks()
    # One more than there are: `steady` has nothing to say about a single picture.
    for i, points in enumerate(steady(chain(_bridged(_found(path, fps, cast, seen, each), seen.there), [None]))):
        if i == len(seen.there):
            break
        kept.add(points)
        mouth, bears = (0.0, 0.0, 0.0), 0.0
        if points is not None and seen.there[i]:
            mouth, bears = measured(points), quality(points, seen.shape)
        for values, value in zip((seen.corner, seen.gap, seen.wide, seen.quality), (*mouth, bears), strict=True):
            values.append(value)
    if seen.best[1] is None or seen.best[2] is None:
        raise InputError(path.name, *_nobody(seen, len(kept)))
    strength = faded(np.array(seen.quality, np.float64), fps)
    shown = int((strength > 0).sum())
    facts = {"pictures": len(kept), "with_face": shown, "edited_share": round(shown / len(kept), 4),
             "times_lost": seen.times - 1}  # fmt: skip
    corner, gap, wide = (_held(values, seen.there) for values in (seen.corner, seen.gap, seen.wide))
    return Track(path, fps, *seen.shape, kept, strength, corner, gap, wide,
                 seen.best[1], seen.best[2], tuple(_told(cast, face, strength, seen, uneven)), facts)  # fmt: skip


def _found(
    path: Path, fps: float, cast: Cast | None, seen: _Seen, each: Callable[[float], None]
) -> Iterator[np.ndarray | None]:
    """Points of the face in each picture."""
    with Follower(cast) as follower:
        for i, picture in enumerate(read_frames(path, fps=fps)):
            picture = np.ascontiguousarray(picture)
            seen.shape = (picture.shape[0], picture.shape[1])
            points = follower.step(picture)
            if points is not None:
                seen.widest = max(seen.widest, float(np.ptp(points[:, 0])))
                score = _clarity(points, quality(points, seen.shape))
                if score > 1.05 * seen.best[0]:
                    seen.best = (score, picture, points)
            seen.times = follower.times
            each((i + 1) / fps)
            yield points


def _bridged(found: Iterable[np.ndarray | None], there: array) -> Iterator[np.ndarray | None]:
    """Points with short gaps filled by what lies straight between; writes into `there` whether there is something."""
    last: np.ndarray | None = None
    lost = 0
    for points in found:
        if points is None:
            lost += 1
            continue
        near = last is not None and np.linalg.norm(points - last, axis=1).mean() < size_of(points)
        for k in range(lost):
            bridge = last is not None and near and lost <= BRIDGE
            there.append(bridge)
            yield last + (k + 1) / (lost + 1) * (points - last) if bridge and last is not None else None
        there.append(True)
        last, lost = points, 0
        yield points
    for _ in range(lost):
        there.append(False)
        yield None


def measured(points: np.ndarray) -> tuple[float, float, float]:
    """Smile or frown of a mouth as a share of a full one; how far its lips stand apart, how wide it is (eye-corner distances)."""
    frame = frame_of(points)
    own = (points - points[168]) @ frame.rotation / frame.scale
    level = own[[13, 14], 1].mean() - own[[61, 291], 1].mean()
    wide = float(np.linalg.norm(own[291] - own[61]))
    return float((level - CORNER_REST) / CORNER_FULL), float(own[14, 1] - own[13, 1]), wide


def quality(points: np.ndarray, shape: tuple[int, int]) -> float:
    """How much of an edit a face bears where it is: 0..1."""
    oval = points[list(lm.OVAL), :2]
    inside = float(((oval >= 0) & (oval < [shape[1], shape[0]])).all(axis=1).mean())
    turned = float(np.degrees(np.arccos(np.clip(frame_of(points).rotation[2, 2], -1, 1))))
    size = float(np.ptp(points[:, 0])) / LIMITS.face_min_side_px
    return float(
        np.clip((TURNED_DEG[1] - turned) / (TURNED_DEG[1] - TURNED_DEG[0]), 0, 1)
        * np.clip((inside - IN_SIGHT[1]) / (IN_SIGHT[0] - IN_SIGHT[1]), 0, 1)
        * np.clip((size - SMALL_SHARE) / (1 - SMALL_SHARE), 0, 1)
    )


def _clarity(points: np.ndarray, bears: float) -> float:
    """How well a picture shows a face: large, from the front, the mouth shut."""
    frame, gap = frame_of(points), max(0.0, measured(points)[1])
    return bears * float(frame.rotation[2, 2]) ** 2 * min(1.0, frame.scale / 150) * (1 - min(0.5, 2 * gap))


def faded(bears: np.ndarray, fps: float) -> np.ndarray:
    """What each picture bears [T], without jumps: an edit begins and ends over `FADE_S`."""
    step = 1.0 / max(FADE_FRAMES, round(FADE_S * fps))
    out = bears.copy()
    for i in range(1, len(out)):
        out[i] = min(out[i], out[i - 1] + step)
    for i in range(len(out) - 2, -1, -1):
        out[i] = min(out[i], out[i + 1] + step)
    return np.asarray(out * out * (3 - 2 * out))


def _held(values: array, there: array) -> np.ndarray:
    """Measures [T]; where there is no face, those of the moments around it."""
    at = np.flatnonzero(np.array(there, bool))
    return np.interp(np.arange(len(values)), at, np.array(values, np.float64)[at])


def _nobody(seen: _Seen, count: int) -> tuple[str, str]:
    """What was found instead of a face, and what is needed."""
    needs = f"Needs a face at least {LIMITS.face_min_side_px} px wide, seen from the front."
    if not count:
        return "has no pictures in it", needs
    if not seen.widest:
        return f"found 0 faces in {count:,} pictures of {seen.shape[1]} x {seen.shape[0]} px", needs
    if seen.widest < LIMITS.face_min_side_px:
        return f"the face is at most {seen.widest:.0f} px wide", needs
    return "the face is never seen from the front", needs


def _told(cast: Cast | None, face: int | None, strength: np.ndarray, seen: _Seen, uneven: bool) -> Iterator[str]:
    """What the user should know."""
    if cast is not None and cast.count > 1:
        which = "as asked for" if face is not None else "the largest"
        yield f"{cast.count} faces were found; number {cast.number} from the left is edited ({which})."
    away = int((np.array(seen.there, bool) == 0).sum())
    if away:
        yield f"In {away:,} of {len(strength):,} pictures the face was not found; these stay as they are."
    turned = int(((strength == 0) & np.array(seen.there, bool)).sum())
    if turned:
        yield f"In {turned:,} of {len(strength):,} pictures the face is turned away, cut off or too small; these stay as they are."
    if uneven:
        yield "The pictures of the video come at uneven times; those of the edited one come evenly."


def pace(path: Path, info: VideoInfo) -> tuple[float, bool]:
    """How many pictures a second a video is read at, and whether its own come at uneven times.

    Uneven ones are read as densely as most of them come, so that hardly any is left out.
    """
    with opened(path) as source:
        stream = source.streams.video[0]
        lengths = [float(p.duration * p.time_base) for p in islice(source.demux(stream), PACKETS) if p.duration]
    usual = median(lengths[:-1]) if len(lengths) > 2 else 0.0
    if not usual or (max(lengths[:-1]) < UNEVEN * usual and min(lengths[:-1]) * UNEVEN > usual):
        return info.fps, False
    return float(np.clip(round(1 / usual, 3), info.fps, LIMITS.video_fps)), True
