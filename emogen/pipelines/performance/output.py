"""A performance that was made: the mix, the pictures as encoded pieces, the words, and what each of them is made of."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emogen.codecs.body import BodyMotion
from emogen.codecs.face import FaceMotion
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.media.atomic import check_writable
from emogen.media.audio import write_audio
from emogen.media.jsonio import write_json
from emogen.media.motion import write_bvh
from emogen.media.sidecar import sidecar_path
from emogen.media.subtitles import Subtitle, write_srt, write_vtt
from emogen.media.video_pieces import PieceWriter, decoded
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.performance import mix
from emogen.pipelines.performance.plan import Plan
from emogen.pipelines.performance.plan_file import write_plan
from emogen.pipelines.performance.shots import Shot, takes

#: What does not go into the name of a file.
_UNSAFE = re.compile(r"[^\w-]+")
#: So long after a shot began its people have begun to speak, and the title stands there (s).
POSTER_S = 2.0


class Reel:
    """The pieces of the pictures in order, in a folder of their own that goes when nobody needs it any more."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="emogen-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def put(self, place: tuple[int, int], piece: bytes) -> None:
        """Keeps the piece of a take: the number of its shot, and its first frame there."""
        self._file(place).write_bytes(piece)

    def piece(self, place: tuple[int, int]) -> bytes:
        """The piece of a take."""
        return self._file(place).read_bytes()

    def _file(self, place: tuple[int, int]) -> Path:
        return self._folder / "{}-{}.mp4".format(*place)


@dataclass(frozen=True, eq=False)
class Stems:
    """What a performance is made of, on one clock. The voices, panned, and the music add up to the mix.

    Attributes:
        sample_rate: Hz.
        voices: Name -> float32 [n], as loud as in the mix.
        pans: Name -> where that voice is, -1 left .. 1 right.
        music: float32 [n, 2], as loud as in the mix.
        faces: Name -> (start in s, face) for each shot they are seen in.
        bodies: Name -> (start in s, body, strokes), likewise.
    """

    sample_rate: int
    voices: dict[str, np.ndarray]
    pans: dict[str, float]
    music: np.ndarray
    faces: dict[str, list[tuple[float, FaceMotion]]]
    bodies: dict[str, list[tuple[float, BodyMotion, tuple[Any, ...]]]]


@dataclass(frozen=True, eq=False)
class Sounds:
    """The parts of the mix: voices (name, start in s, samples, pan), the music, and the gains of both; and the mix as AAC."""

    voices: list[tuple[str, float, np.ndarray, float]]
    music: np.ndarray
    mix: mix.Mix
    coded: bytes


@dataclass
class PerformanceOutput(MediaOutput):
    """A performance.

    Attributes:
        audio: The mix, float32 [samples, 2] at `sample_rate`.
        sample_rate: Hz.
        plan: Who says what when, and what is felt; times are exact.
        shots: What is seen when.
        subtitles: The words with their times.
        chapters: (start in s, title) of each scene.
    """

    modality: ClassVar[str] = "performance"
    writers: ClassVar[dict[str, str]] = {".mp4": "_video", ".wav": "_sound", ".srt": "_words", ".vtt": "_web_words"}

    audio: np.ndarray
    sample_rate: int
    plan: Plan
    shots: list[Shot]
    subtitles: list[Subtitle]
    chapters: list[tuple[float, str]]
    reel: Reel = field(repr=False)
    sounds: Sounds = field(repr=False)
    faces: dict[str, list[tuple[float, FaceMotion]]] = field(repr=False)
    bodies: dict[str, list[tuple[float, BodyMotion, tuple[Any, ...]]]] = field(repr=False)
    made: Made = field(kw_only=True)

    @property
    def timeline(self) -> list[tuple[float, float, str, str, EmotionTrack]]:
        """(start_s, end_s, speaker, text, emotion from the line's start) per line."""
        return [(b.start_s, b.end_s, b.role.name, b.text, b.emotion) for b in self["plan"].beats]

    @property
    def stems(self) -> Stems:
        """What it is made of; voices and music are laid on the clock when they are asked for."""
        sounds: Sounds = self["sounds"]
        gain, n = sounds.mix.voice_gain, len(self["audio"])
        voices: dict[str, np.ndarray] = {}
        for name, start_s, samples, _ in sounds.voices:
            track = voices.setdefault(name, np.zeros(n, np.float32))
            first = round(start_s * mix.RATE_HZ)
            track[first : first + len(samples)] += samples[: n - first]
        return Stems(
            mix.RATE_HZ, {name: track * gain for name, track in voices.items()},
            {name: pan for name, _, _, pan in sounds.voices}, sounds.music * sounds.mix.music_gain[:, None],
            self["faces"], self["bodies"],
        )  # fmt: skip

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures in order, uint8 [height, width, 3]."""
        for place in self._takes():
            yield from decoded(self["reel"].piece(place))

    def _takes(self) -> Iterator[tuple[int, int]]:
        """The takes in order, by their places in the reel."""
        for number, shot in enumerate(self["shots"]):
            yield from ((number, take.first) for take in takes(shot))

    def facts(self) -> dict[str, Any]:
        """Length, composition, timeline, shots, chapters, and what was found in the cache."""
        plan: Plan = self["plan"]
        frame = plan.composition
        return {
            "duration_s": round(plan.duration_s, 3), "width": frame.width, "height": frame.height, "fps": frame.fps,
            "composition": frame.to_dict(), "plan": plan.to_dict(), "shots": [shot.to_dict() for shot in self["shots"]],
            "chapters": [{"start_s": round(t, 3), "title": title} for t, title in self["chapters"]],
            **self["made"].facts,
        }  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """Writes the video and its sidecar, and the subtitles beside it unless they are burnt in or off."""
        path = super().save(path)
        if path.suffix.lower() == ".mp4" and self["plan"].composition.subtitles == "beside":
            self._words(path.with_suffix(".srt"))
        return path

    def save_stems(self, folder: str | Path) -> Path:
        """Writes voices/NAME.wav, music.wav, faces/NAME-N.csv, bodies/NAME-N.bvh, what starts when, and the plan.

        Args:
            folder: Is made where it is missing, in one that exists.

        Raises:
            InputError: It cannot be a folder.
        """
        folder, stems = Path(folder), self.stems
        for part in (folder, folder / "voices", folder / "faces", folder / "bodies"):
            try:
                part.mkdir(exist_ok=True)
            except OSError as error:
                raise InputError(str(folder), f"cannot be a folder: {(error.strerror or str(error)).lower()}") from error
        names = _file_names([*stems.voices, *stems.faces, *stems.bodies])
        for name, voice in stems.voices.items():
            write_audio(folder / f"voices/{names[name]}.wav", voice, stems.sample_rate, provenance=self.provenance)
        write_audio(folder / "music.wav", stems.music, stems.sample_rate, provenance=self.provenance)
        listed: dict[str, Any] = {"pans": stems.pans, "faces": [], "bodies": []}
        for name, parts in stems.faces.items():
            for i, (start_s, face) in enumerate(parts):
                file = f"faces/{names[name]}-{i + 1}.csv"
                face.save(folder / file)
                listed["faces"].append({"name": name, "start_s": round(start_s, 3), "file": file})
        for name, moves in stems.bodies.items():
            for i, (start_s, body, strokes) in enumerate(moves):
                file = f"bodies/{names[name]}-{i + 1}.bvh"
                write_bvh(folder / file, body.to_bvh())
                told = [{**vars(s), "at_s": round(s.at_s, 3)} for s in strokes]
                listed["bodies"].append({"name": name, "start_s": round(start_s, 3), "file": file, "strokes": told})
        write_json(folder / "stems.json", {"sample_rate": stems.sample_rate, **listed})
        write_plan(self["plan"], folder / "plan.json")
        return folder

    def _video(self, path: Path) -> None:
        frame = self["plan"].composition
        with PieceWriter(
            path, self["reel"].piece((0, 0)), self["sounds"].coded, fps=frame.fps, width=frame.width, height=frame.height,
            chapters=self["chapters"], title=self["plan"].title, poster=self._poster(), provenance=self.provenance,
        ) as video:  # fmt: skip
            for place in self._takes():
                video.write_piece(self["reel"].piece(place))

    def _poster(self) -> np.ndarray:
        """A picture that stands for the whole: of the first shot with people in it, once it has begun."""
        shots: list[Shot] = self["shots"]
        number = next((i for i, shot in enumerate(shots) if shot.actors), 0)
        at = min(round(POSTER_S * shots[number].fps), shots[number].frames // 2)
        take = next(t for t in takes(shots[number]) if t.first <= at < t.end)
        return next(islice(decoded(self["reel"].piece((number, take.first))), at - take.first, None))

    def _sound(self, path: Path) -> None:
        write_audio(path, self["audio"], self["sample_rate"], provenance=self.provenance)

    def _words(self, path: Path) -> None:
        write_srt(path, self["subtitles"])

    def _web_words(self, path: Path) -> None:
        write_vtt(path, self["subtitles"])


def check_output(path: str | Path, read: Sequence[Any], subtitles: str = "beside") -> Path:
    """Refuses a place where a performance could not be written, or would be written over what it is made of.

    Args:
        path: Of the media.
        read: The script, its cast ...; what is no path of a file is passed over.
        subtitles: As in `Composition`.

    Raises:
        InputError: The suffix, the folder, or one of the files that would be lost.
    """
    path = check_writable(path, tuple(PerformanceOutput.writers))
    written = {path, sidecar_path(path)}
    if path.suffix.lower() == ".mp4" and subtitles == "beside":
        written.add(path.with_suffix(".srt"))
    places = {one.resolve(): one for one in written}
    for given in read:
        if isinstance(given, (str, Path)) and "\n" not in str(given) and (lost := places.get(Path(given).resolve())):
            raise InputError(str(path), f"{lost.name} would be written over {given}", "Give the output another name.")
    return path


def _file_names(names: list[str]) -> dict[str, str]:
    """Each name as that of a file, no two alike."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = _UNSAFE.sub("_", name).strip("_")[:60] or "voice"
        while plain.lower() in {other.lower() for other in found.values()}:
            plain += "_"
        found[name] = plain
    return found
