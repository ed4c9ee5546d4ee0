"""File -> recognitions: what is in it (voice, face, picture, music, movement, words), each read by its recognisers.

A user who asks what a file feels like hears every recogniser of the modality, guide and judge, pooled. A report
asks the judge alone, so that what is scored was made and chosen without it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.cues import sentence
from emogen.conditioning.face_mesh import Watched, look, watch
from emogen.conditioning.recognition import Recognition, Recognizer
from emogen.errors import EmogenError, FormatError, InputError, RightsError
from emogen.evaluation.fusion import CONFLICT, conflict, pool
from emogen.media.sniff import kind_of
from emogen.registry import resolve

if TYPE_CHECKING:
    from emogen.conditioning.emotion import Emotion
    from emogen.media.audio import Audio

MODALITIES = ("speech", "face", "motion", "image", "music", "text")
#: Kind of file -> what may be in it, the most telling first.
CONTENT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("wav", "flac", "ogg", "mp3"), ("speech", "music")),
    **dict.fromkeys(("mp4", "matroska"), ("speech", "face", "motion")),
    **dict.fromkeys(("png", "jpeg", "webp"), ("face", "image")),
    "midi": ("music",),
    "bvh": ("motion",),
    "text": ("text",),
}
#: Suffixes that a folder is searched for.
SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mp4", ".mov", ".mkv", ".webm"}
    | {".png", ".jpg", ".jpeg", ".webp", ".mid", ".midi", ".bvh", ".txt", ".md"}
)
VIDEOS = ("mp4", "matroska")
MOST_THREADS = 4  # more wait for each other in Python
Item = TypeVar("Item")
Result = TypeVar("Result")
LONGEST_NAME = 1_000  # characters of a path; longer is text
FACE_FPS = 12.5  # pictures a second shown to the face recognisers: every other one of a 25 fps video
POSE_FPS = 8.0  # and to the pose tracker, which costs five times as much
#: Nobody's file is read further than this for a verdict on its picture or body (s).
WATCHED_S = 120.0


@dataclass(frozen=True)
class Recognitions(Mapping[str, Recognition]):
    """What one file feels like: modality -> `Recognition`.

    Attributes:
        file: Its name as given.
        found: One for each modality in it; a video also has "video", the fusion of the others.
        conflict: 0..1, how far voice, face and body disagree; None where there is but one.
    """

    file: str
    found: dict[str, Recognition] = field(default_factory=dict)
    conflict: float | None = None

    def __getitem__(self, modality: str) -> Recognition:
        return self.found[modality]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def best(self) -> Recognition:
        """The recognition of the whole: the fusion where there is one, else the most confident."""
        return self.found.get("video") or max(self.found.values(), key=lambda r: r.confidence)

    @property
    def emotion(self) -> Emotion:
        """That of the whole."""
        return self.best.emotion

    @property
    def confidence(self) -> float:
        """That of the whole, 0..1."""
        return self.best.confidence

    @property
    def disagreement(self) -> str:
        """One sentence where the modalities disagree, else ""."""
        if self.conflict is None or self.conflict < CONFLICT:
            return ""
        told = [f"{m} {r.label}" for m, r in self.found.items() if m != "video" and r.confidence > 0.0]
        return f"conflict {self.conflict:.2f}: {', '.join(told)}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One JSON object a modality."""
        rows = [r.to_dict(self.file) for r in self.found.values()]
        for row in rows:
            if row["modality"] == "video" and self.conflict is not None:
                row["conflict"] = round(self.conflict, 4)
        return rows


@cache
def guide(modality: str) -> Recognizer:
    """The first recogniser of a modality, loaded once."""
    loaded: Recognizer = resolve("recognizers", modality).load()
    return loaded


@cache
def judge_of(modality: str, backend: str = "embedded") -> Recognizer:
    """A judge of a modality, loaded once."""
    from emogen.evaluation.judges import judge

    return judge(modality, backend)


#: Modality -> the recognisers that are asked.
Panel = Callable[[str], list[Recognizer]]


def both(modality: str) -> list[Recognizer]:
    """Guide and judge: the best answer for a user; for texts the guide alone, which knows four times the feelings.

    Raises:
        RightsError: `EMOGEN_COMMERCIAL` is set and both are for research only.
    """
    if modality == "text":
        return [guide(modality)]
    allowed, refused = [], None
    for load in (guide, judge_of):
        try:
            allowed.append(load(modality))
        except RightsError as error:
            refused = error
    if not allowed and refused:
        raise refused
    return allowed


def guides(modality: str) -> list[Recognizer]:
    """The guide alone: for conditioning."""
    return [guide(modality)]


def judges(modality: str) -> list[Recognizer]:
    """The embedded judge alone: for reports."""
    return [judge_of(modality)]


def modalities_in(path: Path, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """What may be recognised in a file.

    Args:
        path: The file.
        wanted: Only these, where given.

    Raises:
        InputError: No such file, or none of what is wanted can be in it.
        FormatError: A kind of file in which nothing is recognised.
    """
    kind = kind_of(path)
    if kind not in CONTENT:
        raise FormatError(str(path), f"is of a kind ({kind}) in which no emotion is recognised", _ACCEPTED)
    possible = CONTENT[kind]
    if wanted is None:
        return possible
    chosen = tuple(m for m in possible if m in wanted)
    if not chosen:
        raise InputError(str(path), f"holds no {' or '.join(wanted)}", f"In it may be: {', '.join(possible)}.")
    return chosen


_ACCEPTED = "Accepted: wav, flac, ogg, mp3, mp4, mov, mkv, webm, png, jpg, webp, mid, bvh, txt."


def recognize_file(
    path: str | Path,
    *,
    modalities: Sequence[str] | None = None,
    panel: Panel = both,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Recognitions:
    """What a file, or a part of a sound or video, feels like.

    Args:
        path: Sound, video, picture, MIDI, BVH or text.
        modalities: Only these of `MODALITIES`; left out: everything that is in it. A sound file is taken for
            speech or for music by what it sounds like.
        panel: Who is asked: `both`, `guides`, `judges`, or a choice of your own.
        start_s: Where the part starts (s).
        end_s: Where it ends; None: at the end of the file.

    Raises:
        EmogenError: The file is missing, broken, too large, or holds nothing of what is wanted.
    """
    path = Path(path)
    names = modalities_in(path, modalities)
    part = Part(path, start_s, end_s)
    if kind_of(path) in VIDEOS:
        return _video(part, names, panel)
    if names == ("speech", "music"):
        names = (_sound_kind(part),)
    return Recognitions(str(path), {name: _opinion(part, name, panel) for name in names})


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Results in the order of the items, worked on by as many threads as there are processors, no more than `MOST_THREADS`."""
    workers = max(1, min(os.cpu_count() or 1, MOST_THREADS))
    with ThreadPoolExecutor(workers) as pool_of_threads:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool_of_threads.submit(work, item))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def recognize_words(words: str, *, panel: Panel = both) -> Recognitions:
    """What words feel like."""
    return Recognitions(words, {"text": pool([r.recognize(words) for r in panel("text")], "text")})


def names_a_file(given: str) -> bool:
    """Whether a word on the command line is meant as a file: it is one, or ends like one."""
    if len(given) > LONGEST_NAME or "\n" in given:
        return False
    try:
        return Path(given).exists() or (Path(given).suffix.lower() in SUFFIXES and " " not in Path(given).suffix)
    except (OSError, ValueError):
        return False


def find_files(given: Sequence[str | Path]) -> list[Path]:
    """Files as given, and everything recognisable in folders, in order.

    Raises:
        InputError: A name that does not exist, or a folder with nothing in it.
    """
    found: list[Path] = []
    for name in map(Path, given):
        if not name.is_dir():
            found.append(name)
            continue
        inside = sorted(
            p for p in name.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES and not _hidden(p, name)
        )
        if not inside:
            raise InputError(str(name), "holds no file that could be recognised", _ACCEPTED)
        found += inside
    return found


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


@dataclass(frozen=True)
class Part:
    """A file from `start_s` to `end_s` (s; None: its end)."""

    path: Path
    start_s: float = 0.0
    end_s: float | None = None

    def audio(self) -> Audio:
        """Its sound."""
        from emogen.media.audio import Audio, read_audio

        sound = read_audio(self.path)
        if self.start_s == 0.0 and self.end_s is None:
            return sound
        end = None if self.end_s is None else round(self.end_s * sound.sample_rate)
        samples = sound.samples[round(self.start_s * sound.sample_rate) : end]
        if not len(samples):
            raise InputError(str(self.path), f"lasts {sound.duration_s:.1f} s and ends before {self.start_s:g} s")
        return Audio(samples, sound.sample_rate)

    def frames(self, fps: float) -> Iterator[NDArray[np.uint8]]:
        """Its pictures."""
        from emogen.media.video import read_frames

        end = self.start_s + WATCHED_S if self.end_s is None else min(self.end_s, self.start_s + WATCHED_S)
        return read_frames(self.path, self.start_s, end, fps)

    def decoded(self, modality: str) -> Any:
        """The media as the recognisers of a modality take it."""
        if modality == "text":
            from emogen.conditioning.text import read_text

            return read_text(self.path)
        if kind_of(self.path) == "midi":
            from emogen.media.score import read_midi

            return read_midi(self.path)
        if modality in ("speech", "music"):
            return self.audio()
        if modality in ("face", "image"):
            from emogen.media.image import read_image

            return read_image(self.path)
        from emogen.media.motion import read_bvh

        return read_bvh(self.path)


def _sound_kind(part: Part) -> str:
    from emogen.conditioning.sound_kind import sound_kind
    from emogen.conditioning.voice_measures import SAMPLE_RATE_HZ

    return "music" if sound_kind(part.audio().mono().resampled(SAMPLE_RATE_HZ).samples) == "music" else "speech"


def _opinion(part: Part, modality: str, panel: Panel) -> Recognition:
    media = part.decoded(modality)
    if modality == "face":
        return _faces(look(media), panel)
    try:
        return pool([recogniser.recognize(media) for recogniser in panel(modality)], modality)
    except EmogenError as error:
        raise type(error)(str(part.path), f"{error.where}: {error.found}", error.accepted) from error


def _video(part: Part, names: tuple[str, ...], panel: Panel) -> Recognitions:
    """Voice, face and body of a video; what is missing in it is left out."""
    from emogen.media.video import probe

    info, found = probe(part.path), dict[str, Recognition]()
    if "speech" in names and info.audio_rate:
        found["speech"] = _opinion(part, "speech", panel)
    if "face" in names:
        fps = min(FACE_FPS, info.fps)
        found["face"] = _faces(watch(part.frames(fps), fps), panel)
    if "motion" in names and (moved := _body(part, panel)) is not None:
        found["motion"] = moved
    if not found:
        raise InputError(str(part.path), "has neither sound nor a face nor a body to judge")
    heard = [r for r in found.values() if r.confidence > 0.0]
    if len(heard) < 2:
        return Recognitions(str(part.path), found)
    said = ", ".join(f"{name} {r.label} {r.distribution[r.label]:.2f}" for name, r in found.items() if r.confidence > 0.0)
    whole = pool(list(found.values()), "video")
    whole = replace(whole, because=sentence([said], whole.label, whole.distribution[whole.label]), note="")
    return Recognitions(str(part.path), found | {"video": whole}, conflict(heard))


def _faces(watched: Watched, panel: Panel) -> Recognition:
    """Each reader's opinion on a face that is searched for but once."""
    return pool([reader.recognize_watched(watched) for reader in panel("face")], "face")  # type: ignore[attr-defined]


def _body(part: Part, panel: Panel) -> Recognition | None:
    from emogen.conditioning.body_pose import pose_motion

    positions = pose_motion(part.frames(POSE_FPS), POSE_FPS)
    if positions is None:
        return None
    return pool([r.recognize_positions(positions, POSE_FPS) for r in panel("motion")], "motion")  # type: ignore[attr-defined]
