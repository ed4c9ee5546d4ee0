"""Script -> plan -> voices -> faces and music -> one performance on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import resample, write_audio
from emogen.media.image import read_image
from emogen.media.subtitles import Subtitle, write_srt
from emogen.media.video import VideoWriter
from emogen.pipelines.base import AffectivePipeline, StepCallback, draw_seed
from emogen.pipelines.music.pipeline import MusicPipeline
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.performance import backdrop, mix
from emogen.pipelines.performance.captions import subtitles
from emogen.pipelines.performance.plan import Beat, Cue, Plan, make_plan
from emogen.pipelines.performance.script import Line, Script, parse_script, read_script
from emogen.pipelines.performance.shots import EARLY_S, Shot, frames
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline
from emogen.pipelines.talking_head.portraits import open_portrait
from emogen.pipelines.video.pipeline import VideoPipeline

#: After a line its feeling fades to this share within this time; own assumption.
RESIDUE, RESIDUE_S = 0.45, 1.5
#: Speakers stand a little left and right of the middle; own assumption.
PANS = (-0.18, 0.18, -0.10, 0.10)


@dataclass
class PerformanceOutput(MediaOutput):
    """A performance.

    Attributes:
        audio: The mix, float32 [samples, 2] at `sample_rate`.
        plan: Who says what when, and what is felt; times are exact.
        shots: What is seen when.
        subtitles: The words with their times.
        curves: Speaker -> list of (start in s, FaceMotion).
    """

    modality: ClassVar[str] = "performance"
    writers: ClassVar[dict[str, str]] = {".mp4": "_video", ".wav": "_sound", ".srt": "_words"}

    audio: np.ndarray
    sample_rate: int
    plan: Plan
    shots: list[Shot]
    subtitles: list[Subtitle]
    curves: dict[str, list[Any]]
    size: int
    fps: float
    made: Made = field(kw_only=True)

    @property
    def timeline(self) -> list[tuple[float, float, str, str, EmotionTrack]]:
        """(start_s, end_s, speaker, text, emotion from the line's start) per line."""
        return [(b.start_s, b.end_s, b.role.name, b.text, b.emotion) for b in self["plan"].beats]

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures in order, uint8 [size, size, 3]; drawn when they are asked for."""
        return frames(self["shots"], self["plan"].duration_s, self["fps"])

    def facts(self) -> dict[str, Any]:
        """Length, size and timeline."""
        plan: Plan = self["plan"]
        return {
            "duration_s": round(plan.duration_s, 3),
            "width": self["size"],
            "height": self["size"],
            "fps": self["fps"],
            "plan": plan.to_dict(),
        }

    def save(self, path: str | Path) -> Path:
        """Writes the video, its sidecar, and the subtitles beside it."""
        path = super().save(path)
        if path.suffix.lower() == ".mp4":
            self._words(path.with_suffix(".srt"))
        return path

    def _video(self, path: Path) -> None:
        total = round(self["plan"].duration_s * self["fps"])
        with (
            VideoWriter(
                path,
                fps=self["fps"],
                width=self["size"],
                height=self["size"],
                audio_rate=self["sample_rate"],
                channels=2,
                provenance=self.provenance,
            ) as video,
            self["made"].bar(total) as bar,
        ):
            for i, picture in enumerate(self.frames()):
                video.write(picture)
                first, last = (round(k / self["fps"] * self["sample_rate"]) for k in (i, i + 1))
                video.write_audio(self["audio"][first:last])
                bar.update(1)

    def _sound(self, path: Path) -> None:
        write_audio(path, self["audio"], self["sample_rate"], provenance=self.provenance)

    def _words(self, path: Path) -> None:
        write_srt(path, self["subtitles"])


@dataclass
class Staged(Made):
    """`Made` with the pipeline's own progress bar for the frames."""

    bar: Any = None


class PerformancePipeline(AffectivePipeline):
    """A written story -> voices, faces, music, pictures and subtitles on one clock."""

    modality = "performance"

    def __init__(
        self, speech: SpeechPipeline, talking_head: TalkingHeadPipeline, music: MusicPipeline, video: VideoPipeline
    ) -> None:
        super().__init__()
        self.register_modules(speech=speech, talking_head=talking_head, music=music, video=video)
        for part in (speech, talking_head, music, video):
            part.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> PerformancePipeline:
        """The four embedded pipelines."""
        return cls(
            SpeechPipeline.embedded(),
            TalkingHeadPipeline.embedded(),
            MusicPipeline.embedded(),
            VideoPipeline.embedded(),
        )

    def __call__(
        self,
        script: str | Path | Script,
        emotion: Any = None,
        *,
        folder: str | Path | None = None,
        seed: int | None = None,
        generator: torch.Generator | None = None,
        size: int = 512,
        fps: float = 25,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Renders a story.

        Args:
            script: A `Script`, the path of a Markdown file, or the story itself (with line breaks).
            emotion: The feeling of every line that names none; without it the words decide.
            folder: Where the script's pictures lie; the script's own folder by default.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            size: Width and height of the video, pixels, even, 128..2048.
            fps: Frames per second, 1..60.
            callback_on_step_end: Called after each stage (plan, voices, faces, music, pictures).
            return_dict: False gives a tuple.

        Returns:
            PerformanceOutput.

        Raises:
            InputError: The script, the cast, a picture or an option, with its place.
        """
        story, folder = _story(script, folder)
        if size % 2 or not 128 <= size <= 2048:
            raise InputError("size", f"{size} px", "Accepted: an even number from 128 to 2048.")
        if not 1 <= fps <= 60:
            raise InputError("fps", f"{fps:g}", "Accepted: 1 to 60.")
        if emotion is not None:
            story = replace(
                story,
                elements=tuple(
                    replace(e, emotion=str(emotion)) if isinstance(e, Line) and e.emotion is None else e
                    for e in story.elements
                ),
            )
        seed = draw_seed(seed, generator)
        with self.steps(5, callback_on_step_end) as steps:
            plan = make_plan(story, folder=folder)
            faces = self._portraits(plan, folder, size)
            steps.done("plan")
            spoken = [self._voice(beat, plan, seed, i) for i, beat in enumerate(plan.beats)]
            plan = plan.timed([len(s.audio) / s.sample_rate for s in spoken])
            if plan.duration_s > LIMITS.render_s:
                raise LimitError(
                    story.name,
                    f"lasts {plan.duration_s:.0f} s",
                    f"The limit is {LIMITS.render_s:.0f} s (limits.render_s).",
                )
            steps.done("voices")
            shots, curves = self._faces(plan, spoken, faces, seed, fps)
            steps.done("faces")
            music = [self._score(cue, seed, i) for i, cue in enumerate(plan.music)]
            steps.done("music")
            shots = self._pictures(plan, shots, seed, size, fps)
            audio = self._mix(plan, spoken, music)
            steps.done("pictures")
        made = self._made(story, plan, seed, size, fps, faces, steps.timings)
        out = PerformanceOutput(audio, mix.RATE_HZ, plan, shots, subtitles(plan, spoken), curves, size, fps, made=made)
        return out if return_dict else out.to_tuple()

    def _portraits(self, plan: Plan, folder: Path, size: int) -> dict[str, Any]:
        """Speaker -> renderer, for everybody who has a portrait."""
        from emogen.conditioning.reference import inside

        faces: dict[str, Any] = {}
        for beat in plan.beats:
            name, portrait = beat.role.name, beat.role.portrait
            if portrait is None or name in faces:
                continue
            where = f"{plan.script.name}, cast, {name}, portrait"
            drawn = portrait.partition(":")[0] in {"avatar", "sample"}
            try:
                faces[name] = open_portrait(portrait if drawn else inside(folder, portrait, where), size=size)
            except InputError as error:
                if error.where == where:
                    raise
                raise type(error)(f"{where}, {error.where}", error.found, error.accepted) from error
        return faces

    def _voice(self, beat: Beat, plan: Plan, seed: int, i: int) -> Any:
        try:
            return self.speech(
                beat.text, beat.emotion, voice=beat.role.voice, language=plan.language, seed=_mixed(seed, i)
            )
        except InputError as error:
            raise type(error)(
                f"{plan.script.name} line {beat.number}, {error.where}", error.found, error.accepted
            ) from error

    def _faces(
        self, plan: Plan, spoken: list[Any], faces: dict[str, Any], seed: int, fps: float
    ) -> tuple[list[Shot], dict[str, list[Any]]]:
        """A shot per line; faces live on until the next shot begins."""
        starts = [0.0 if i == 0 else _on_frame(b.start_s - EARLY_S, fps) for i, b in enumerate(plan.beats)]
        ends = [*starts[1:], plan.duration_s]
        shots: list[Shot] = []
        curves: dict[str, list[Any]] = {}
        for i, (beat, said, start, end) in enumerate(zip(plan.beats, spoken, starts, ends, strict=True)):
            renderer = faces.get(beat.role.name)
            if renderer is None:
                shots.append(Shot(start, end, "picture", lambda _: np.zeros((2, 2, 3), np.uint8)))
                continue
            lead, rate = beat.start_s - start, said.sample_rate
            audio = np.zeros(round((end - start) * rate), np.float32)
            first = round(lead * rate)
            n = min(len(said.audio), len(audio) - first)
            audio[first : first + n] = said.audio[:n]
            heard = SimpleNamespace(
                audio=audio,
                sample_rate=rate,
                words=tuple((w, a + lead, b + lead) for w, a, b in said.words),
                phones=tuple((p, a + lead, b + lead) for p, a, b in said.phones),
            )
            felt = _lasting(beat.emotion, lead, beat.end_s - beat.start_s)
            head = self.talking_head(
                None, felt, audio=heard, portrait=renderer, fps=fps, size=renderer.width, seed=_mixed(seed, 1000 + i)
            )
            curves.setdefault(beat.role.name, []).append((start, head.motion))
            shots.append(Shot(start, end, f"face {beat.role.name}", _face_frames(renderer, head.motion.curves)))
        return shots, curves

    def _pictures(self, plan: Plan, shots: list[Shot], seed: int, size: int, fps: float) -> list[Shot]:
        """Puts the place of each scene, or its own picture, into the shots without a face: a film for each scene."""
        seen: dict[int, list[int]] = {}
        for i, (beat, shot) in enumerate(zip(plan.beats, shots, strict=True)):
            if not shot.kind.startswith("face"):
                number = max((k for k, s in enumerate(plan.scenes) if s.start_s <= beat.start_s + 1e-6), default=0)
                seen.setdefault(number, []).append(i)
        filled = list(shots)
        for number, members in seen.items():
            scene, start_s, end_s = plan.scenes[number], shots[members[0]].start_s, shots[members[-1]].end_s
            beats = [plan.beats[i] for i in members]
            film = self._film(scene, beats, start_s, end_s, _mixed(seed, 2000 + number), size, fps)
            for i in members:
                shot = shots[i]
                opening = shot.start_s <= scene.start_s + 1.0
                words = plan.title if shot.start_s == 0 and not scene.words else scene.words if opening else ""
                first = round((shot.start_s - start_s) * fps)
                draw = backdrop.part(film.frame, words, first=first, length_s=shot.end_s - shot.start_s, fps=fps, size=size)
                filled[i] = replace(shot, draw=draw)
        return filled

    def _film(self, scene: Cue, beats: list[Beat], start_s: float, end_s: float, seed: int, size: int, fps: float) -> Any:
        track = backdrop.felt(beats, start_s)
        how: dict[str, Any] = {"seconds": end_s - start_s, "fps": fps, "width": size, "height": size, "seed": seed}
        if scene.picture is not None:
            return self.video.photo_film(read_image(scene.picture), track, **how)
        return self.video.film(backdrop.told(scene.words, beats), track, **how)

    def _score(self, cue: Cue, seed: int, i: int) -> tuple[float, np.ndarray, float]:
        piece = self.music(None, cue.emotion, seconds=cue.end_s - cue.start_s, seed=_mixed(seed, 3000 + i))
        samples = resample(piece.audio, piece.sample_rate, mix.RATE_HZ)
        n = round((cue.end_s - cue.start_s) * mix.RATE_HZ)
        return cue.start_s, mix.faded(samples[:n]), 0.0

    @staticmethod
    def _mix(plan: Plan, spoken: list[Any], music: list[tuple[float, np.ndarray, float]]) -> np.ndarray:
        names = list(dict.fromkeys(b.role.name for b in plan.beats if b.role.portrait))
        pans = {name: PANS[i % len(PANS)] for i, name in enumerate(names)}
        voices = [
            (beat.start_s, resample(said.audio, said.sample_rate, mix.RATE_HZ), pans.get(beat.role.name, 0.0))
            for beat, said in zip(plan.beats, spoken, strict=True)
        ]
        intervals = [(b.start_s, b.end_s) for b in plan.beats]
        return mix.mixed(mix.placed(voices, plan.duration_s), mix.placed(music, plan.duration_s), intervals)

    def _made(
        self,
        story: Script,
        plan: Plan,
        seed: int,
        size: int,
        fps: float,
        faces: dict[str, Any],
        timings: dict[str, float],
    ) -> Staged:
        photos = [b.role.portrait for b in plan.beats if b.role.portrait and not b.role.portrait.startswith("avatar:")]
        keyframes = [
            Keyframe(b.start_s + k.t, k.emotion)
            for b in plan.beats
            for k in b.emotion.keyframes
            if k.t < b.end_s - b.start_s
        ]
        rising = [k for i, k in enumerate(keyframes) if i == 0 or k.t > keyframes[i - 1].t]
        notes = [f"{name}: {note}" for name, face in faces.items() for note in getattr(face, "notes", [])]
        request = {
            "script": story.name,
            "title": story.title,
            "size": size,
            "fps": fps,
            "seed": seed,
            "lines": [[b.role.name, b.role.voice, b.role.portrait, b.text, str(b.emotion)] for b in plan.beats],
        }
        return Staged(
            request=request,
            emotion=EmotionTrack(tuple(rising)),
            seed=seed,
            real_input=bool(photos),
            models=self._models(),
            timings=timings,
            warnings=notes,
            bar=lambda total: self.progress_bar(total=total),
        )

    @staticmethod
    def _models() -> dict[str, str]:
        from emogen import checkpoints

        return {name: checkpoints.checkpoint_hash(name) for name in checkpoints.names()}


def _story(script: str | Path | Script, folder: str | Path | None) -> tuple[Script, Path]:
    if isinstance(script, Script):
        return script, Path(folder or ".")
    if isinstance(script, str) and "\n" in script:
        return parse_script(script), Path(folder or ".")
    return read_script(script), Path(folder) if folder is not None else Path(script).parent


def _mixed(seed: int, i: int) -> int:
    """A seed of its own for the i-th part of a performance."""
    return int(np.random.SeedSequence([seed, i]).generate_state(1)[0])


def _on_frame(t: float, fps: float) -> float:
    return round(t * fps) / fps


def _lasting(track: EmotionTrack, lead_s: float, length_s: float) -> EmotionTrack:
    """A line's emotion within its shot: it begins with the line, and fades after it."""
    moved = track.shift(lead_s)
    last = moved.at(lead_s + length_s)
    kept = [k for k in moved.keyframes if k.t < lead_s + length_s] or [moved.keyframes[0]]
    end = max(lead_s + length_s, kept[-1].t + 0.01)
    return EmotionTrack((*kept, Keyframe(end, last), Keyframe(end + RESIDUE_S, last.scale(RESIDUE))))


def _face_frames(renderer: Any, curves: np.ndarray) -> Any:
    return lambda i: renderer.render(curves[min(max(i, 0), len(curves) - 1)])
