"""A video and an emotion track -> the video, felt otherwise: colour, light, focus, weather; what it shows stays.

As `emogen.pipelines.image.edit` does with a photo, picture by picture in one pass: the finish follows the track, the
tables of colour and the maps of places go from one quarter of a second to the next without a jump (but where the video
itself cuts), mist, rain and rays move, and the sound is copied as it is. Memory does not grow with the length.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import commercial_only
from emogen.conditioning.face_mesh import find_faces
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.media.planes import COPIED, Colours, Planes, PlaneWriter, colours_of, read_planes
from emogen.media.video import VideoInfo, probe
from emogen.media.video_sound import Sound
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.image.colour import Codes, ColourTable, Standard, fitted, table
from emogen.pipelines.image.develop import Development
from emogen.pipelines.image.edit import asked, checked_strength, models_of
from emogen.pipelines.image.learnt_look import LearntLook
from emogen.pipelines.image.look import Finish, LookRules, measured
from emogen.pipelines.image.places import Places, guided, places
from emogen.pipelines.image.told import REACH, told
from emogen.pipelines.outputs import Made
from emogen.pipelines.video.output import VideoOutput

#: Times a second at which the track is read, tables are made and places are looked for.
LOOKS_FPS = 4.0
#: Seconds after which faces are looked for again where there were none.
FACES_S = 1.0
#: Long side of the small copies, px.
SMALL_PX = 256
#: Seconds over which what is measured in the pictures is averaged (own choice: slower than anything that flickers).
CALM_S = 1.5
#: Mean change of lightness (0..1) between two small pictures that is a cut, not a movement (own choice).
CUT = 0.11
#: Threads that develop, and how many pictures each may be ahead.
THREADS, AHEAD = 2, 2
BAND_ROWS = 96
BT601_WEIGHTS, BT709_WEIGHTS = (0.299, 0.114), (0.2126, 0.0722)


@dataclass
class EditedVideo(VideoOutput):
    """A video that feels otherwise.

    Attributes:
        source: The video that was given.
        seed_used: Decides mist, rain and grain.
        planes: Gives the pictures as they are stored.
        colours: What the file says about its colours.
        codec: Of its sound; "" without.
    """

    modality: ClassVar[str] = "video_edit"

    seed_used: int
    source: Path = field(compare=False)
    planes: Callable[[], Iterator[Planes]] = field(compare=False)
    colours: Colours = field(compare=False)
    codec: str = field(compare=False)
    made: Made = field(kw_only=True)

    def _video(self, path: Path) -> None:
        sound = self["sound"] if self.codec and self.codec not in COPIED else None
        even = (self.height % 2, self.width % 2)
        with PlaneWriter(path, fps=self.rate_fps, width=self.width + even[1], height=self.height + even[0],
                         colours=self.colours, sound_of=self.source if self.codec in COPIED else None,
                         audio_rate=sound.rate if sound else None, channels=sound.channels if sound else 1,
                         provenance=self.provenance) as video:  # fmt: skip
            heard_s, blocks = 0.0, sound.until(self.count / self.rate_fps) if sound else iter(())
            for i, (y, u, v) in enumerate(self["planes"]()):
                while sound and heard_s <= (i + 1) / self.rate_fps and (block := next(blocks, None)) is not None:
                    video.write_audio(block)
                    heard_s += len(block) / sound.rate
                y = np.pad(y, ((0, even[0]), (0, even[1])), mode="edge") if any(even) else y
                video.write_planes((y, u, v))
            for block in blocks:
                video.write_audio(block)


class VideoEditPipeline(AffectivePipeline):
    """Changes what a video feels like, moment by moment.

    Args:
        look: What a feeling asks of a picture.
    """

    modality: ClassVar[str] = "video_edit"

    def __init__(self, look: LearntLook | LookRules) -> None:
        super().__init__()
        self.register_modules(look=look)

    @classmethod
    def embedded(cls) -> VideoEditPipeline:
        """What ships with emogen; with `EMOGEN_COMMERCIAL` by rules, since the learnt looks are for research."""
        return cls(LookRules() if commercial_only() else LearntLook.load())

    def __call__(
        self,
        video: Any,
        emotion: Any = None,
        *,
        strength: float = 1.0,
        weather: bool = True,
        seed: Any = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Edits a video; pictures are developed while they are gone through or saved.

        Args:
            video: The path of an mp4, mov, mkv or webm file, or a list of them.
            emotion: What is to be felt, a track in seconds of the video. None: neutral, which changes nothing.
            strength: How much of the finish, 0..2.
            weather: Whether mist, rain, snow, rays and leaks of light may be laid over it.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "read" and "look".
            return_dict: False gives a tuple.

        Returns:
            EditedVideo, or a list of them.

        Raises:
            InputError: Not a video, or an option out of range; nothing was computed.
            LimitError: A video longer or larger than `emogen.limits` allows.
        """
        amount = checked_strength(strength)

        def make(given: Any, track: EmotionTrack, chosen: int) -> Any:
            if not isinstance(given, (str, Path)) or not str(given):
                raise InputError("video", f"found {type(given).__name__}", "Accepted: the path of an mp4, mov, mkv or webm file.")
            out = self._edited(Path(given), track, chosen, amount, bool(weather), callback_on_step_end)
            return out if return_dict else out.to_tuple()

        return self.each(make, video, emotion, seed, generator)

    def _edited(
        self, path: Path, track: EmotionTrack, seed: int, strength: float, weather: bool, callback: StepCallback | None
    ) -> EditedVideo:
        with self.steps(2, callback) as steps:
            info, colours = probe(path), colours_of(path)
            first = next(read_planes(path, info.fps), None)
            if first is None:
                raise InputError(str(path), "holds no picture that can be decoded")
            steps.done("read")
            times = np.arange(math.ceil(info.duration_s * LOOKS_FPS) + 2) / LOOKS_FPS
            finishes = asked(self.look, [track.at(t) for t in times.tolist()], seed, strength, weather)
            steps.done("look")
        height, width = first[0].shape
        work = _Work(path, info.fps, finishes, standard_of(colours), seed, self.look)
        made = Made(
            request={"video": {"name": path.name, "sha256": _hash(path)}, "emotion": str(track), "strength": strength,
                     "weather": weather},
            emotion=track, seed=seed, real_input=True, models=models_of(self.look), timings=steps.timings,
            warnings=list(_warned(info)), facts={"moves": _moves(finishes), "reach": REACH},
        )  # fmt: skip
        return EditedVideo(
            np.array([np.concatenate([f.look, f.effects]) for f in finishes]), work.pictures, info.fps, width, height,
            max(1, round(info.duration_s * info.fps)), Sound.of_video(path) if info.audio_rate else None, seed, path,
            work.planes, colours, _sound_codec(path), made=made,
        )  # fmt: skip


@dataclass(frozen=True)
class _Moment:
    """Everything that one picture is developed with."""

    finish: Finish
    colours: ColourTable
    where: Places

    def mixed(self, other: _Moment, share: float) -> _Moment:
        """On the way to another moment."""
        return _Moment(
            self.finish.mixed(other.finish, share), self.colours.mixed(other.colours, share), self.where.mixed(other.where, share)
        )


@dataclass(frozen=True)
class _Work:
    """A video that is edited while it is gone through."""

    path: Path
    fps: float
    finishes: list[Finish]
    standard: Standard
    seed: int
    look: LearntLook | LookRules

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """uint8 [h, w, 3]."""
        for planes in self.planes():
            yield shown(planes, self.standard)

    def planes(self) -> Iterator[Planes]:
        """As they are stored."""
        watcher = _Watcher(self)
        waiting: deque[Future[Planes]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            for i, planes in enumerate(read_planes(self.path, self.fps)):
                small, factor = shrunk_planes(planes)
                moment = watcher.at(i, small)
                waiting.append(pool.submit(self._developed, planes, small, factor, moment, i))
                if len(waiting) > THREADS * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def finish_at(self, t_s: float) -> Finish:
        """Between the looks of the track."""
        place = min(max(t_s, 0.0) * LOOKS_FPS, len(self.finishes) - 1.001)
        i = int(place)
        return self.finishes[i].mixed(self.finishes[i + 1], place - i)

    def _developed(self, planes: Planes, small: Planes, factor: int, moment: _Moment | None, i: int) -> Planes:
        if moment is None:
            return planes
        y, u, v = planes
        height, width = y.shape
        work = Development(moment.finish, moment.colours, small, moment.where, factor=factor, halved=True,
                           seed=self.seed, t_s=i / self.fps, frame=i)  # fmt: skip
        fall = work.fall(height, width)
        unit = int(np.lcm(factor, fall.factor if fall else 2))
        step = max(1, BAND_ROWS // unit) * unit
        begin, span, wide = self.standard.scales
        out = (np.empty_like(y), np.empty_like(u), np.empty_like(v))
        for start in range(0, height, step):
            stop = min(start + step, height)
            light, cb, cr = work.band(y, u, v, start, stop, fall)
            out[0][start:stop] = _codes(light, span, begin)
            out[1][start // 2 : start // 2 + len(cb)] = _codes(cb, wide, 128.0)
            out[2][start // 2 : start // 2 + len(cr)] = _codes(cr, wide, 128.0)
        return out


class _Watcher:
    """Goes through the small pictures and says with what each is developed; nothing jumps but where the video cuts."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.own: NDArray[np.float64] | None = None
        self.way: tuple[_Moment, _Moment] | None = None
        self.since, self.last = 0.0, np.zeros((0, 0), np.uint8)
        self.faces: list[NDArray[np.float64]] = []
        self.looked = -FACES_S
        self.chance: float | None = None

    def at(self, i: int, small: Planes) -> _Moment | None:
        """For picture `i`; None where nothing is asked."""
        work, t_s = self.work, i / self.work.fps
        thumb = cv2.resize(small[0], (32, 18), interpolation=cv2.INTER_AREA)
        cut = self.last.shape != thumb.shape or float(cv2.absdiff(thumb, self.last).mean()) > 255 * CUT
        self.last = thumb
        if cut or self.way is None or self.own is None:
            picture = shown(small, work.standard)
            self.own, self.chance, self.looked = measured(picture), work.look.chance_outdoors(picture), -FACES_S
            where = self._places(picture, t_s)
            self.way = (self._moment(t_s, where), self._moment(t_s + 1 / LOOKS_FPS, where))
            self.since = t_s
        elif t_s - self.since >= 1 / LOOKS_FPS - 1e-6:
            picture = shown(small, work.standard)
            share = 1 - math.exp(-(t_s - self.since) / CALM_S)
            self.own = self.own + share * (measured(picture) - self.own)
            self.way = (self.way[1], self._moment(t_s + 1 / LOOKS_FPS, self._places(picture, t_s)))
            self.since = t_s
        if work.finish_at(t_s).nothing:
            return None
        now = self.way[0].mixed(self.way[1], min((t_s - self.since) * LOOKS_FPS, 1.0))
        # Edges are those of this very picture.
        light = work.standard.light(small[0])
        far = np.clip(guided(light, now.where.far, max(light.shape) // 20, 2e-3), 0, 1)
        return replace(now, where=replace(now.where, far=far))

    def _places(self, picture: NDArray[np.uint8], t_s: float) -> Places:
        if self.faces or t_s - self.looked >= FACES_S:  # a search that finds nobody takes longest
            self.faces, self.looked = find_faces(picture), t_s
        return places(picture, self.faces, self.chance)

    def _moment(self, t_s: float, where: Places) -> _Moment:
        assert self.own is not None
        finish = fitted(self.work.finish_at(t_s), self.own)
        return _Moment(finish, table(finish, self.own, self.work.standard), where)


def standard_of(colours: Colours) -> Standard:
    """How the numbers of a video become colours."""
    return Standard(*(BT709_WEIGHTS if colours.bt709 else BT601_WEIGHTS), not colours.full)


def shrunk_planes(planes: Planes) -> tuple[Planes, int]:
    """Small planes of one size, and the whole, even factor between them and that of light (1 where it is small already)."""
    y, u, v = planes
    h, w = y.shape
    factor = max(2, 2 * -(-max(h, w) // (2 * SMALL_PX)))
    size = (-(-w // factor), -(-h // factor))
    padded = cv2.copyMakeBorder(y, 0, -h % factor, 0, -w % factor, cv2.BORDER_REPLICATE) if h % factor or w % factor else y
    half = factor // 2
    small = [cv2.resize(padded, size, interpolation=cv2.INTER_AREA)]
    for plane in (u, v):
        bottom, right = size[1] * half - plane.shape[0], size[0] * half - plane.shape[1]
        if bottom or right:
            plane = cv2.copyMakeBorder(plane, 0, max(bottom, 0), 0, max(right, 0), cv2.BORDER_REPLICATE)
        small.append(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))
    return (small[0], small[1], small[2]), factor


def shown(planes: tuple[Codes, Codes, Codes], standard: Standard) -> NDArray[np.uint8]:
    """Planes as a picture, uint8 [h, w, 3]."""
    y, u, v = planes
    size = (y.shape[1], y.shape[0])
    if u.shape != y.shape:
        u, v = (cv2.resize(p, (2 * p.shape[1], 2 * p.shape[0]))[: size[1], : size[0]] for p in (u, v))
    merged = cv2.merge([standard.light(y), standard.colour(np.ascontiguousarray(u)), standard.colour(np.ascontiguousarray(v))])
    rgb = cv2.transform(merged, np.ascontiguousarray(standard.to_rgb * 255))
    return cv2.addWeighted(rgb, 1.0, rgb, 0.0, 0.0, dtype=cv2.CV_8U)


def _codes(values: NDArray[np.float32], span: float, start: float) -> Codes:
    return cv2.addWeighted(values, span, values, 0.0, start, dtype=cv2.CV_8U)


def _moves(finishes: list[Finish]) -> dict[str, list[str]]:
    """Second -> the moves there in words, where they change."""
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for i in range(0, max(len(finishes) - 1, 1), int(LOOKS_FPS)):
        words = told(finishes[i], None if finishes[i].nothing else _anywhere())
        if words != last:
            found[f"{i / LOOKS_FPS:g}"] = words
            last = words
    return found


def _anywhere() -> Places:
    nothing = np.zeros((1, 1), np.float32)
    return Places(nothing, nothing, nothing, nothing, nothing, 1.0, (0.5, 0.0), 1.0, (0.5, 0.5, 0.5))


def _warned(info: VideoInfo) -> Iterator[str]:
    if not info.audio_rate:
        yield "The video has no sound."


def _sound_codec(path: Path) -> str:
    from emogen.media.container import opened

    with opened(path) as source:
        return str(source.streams.audio[0].codec_context.name) if source.streams.audio else ""


def _hash(path: Path) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

