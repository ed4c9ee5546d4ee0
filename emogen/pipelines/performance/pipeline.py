"""Script -> plan -> voices -> faces, bodies and music -> one performance on one clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import LimitError
from emogen.limits import LIMITS
from emogen.media.audio import resample
from emogen.media.image import read_image
from emogen.media.video_pieces import encode_sound
from emogen.pipelines.base import AffectivePipeline, StepCallback, draw_seed
from emogen.pipelines.gesture.pipeline import GesturePipeline
from emogen.pipelines.image.edit import asked
from emogen.pipelines.music.pipeline import MusicPipeline
from emogen.pipelines.outputs import Made
from emogen.pipelines.performance import mix
from emogen.pipelines.performance.backdrop import settled
from emogen.pipelines.performance.cache import Cache
from emogen.pipelines.performance.captions import HIGH_CHARS, SUBTITLE_CHARS, subtitles, unreadable
from emogen.pipelines.performance.checking import check
from emogen.pipelines.performance.director import planned
from emogen.pipelines.performance.making import Maker, Voice, lasting, listening, mixed_seed
from emogen.pipelines.performance.output import PerformanceOutput, Reel, Sounds
from emogen.pipelines.performance.plan import Plan
from emogen.pipelines.performance.portraits import Portrait, portrait
from emogen.pipelines.performance.script import Script
from emogen.pipelines.performance.shots import Actor, Cut, Place, Shot, cuts, takes
from emogen.pipelines.performance.studio import Studio
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline
from emogen.pipelines.video.motion_photo import LOOKS_FPS
from emogen.pipelines.video.pipeline import VideoPipeline

#: Speakers with a face stand a little left and right of the middle; own assumption.
PANS = (-0.18, 0.18, -0.10, 0.10)
SILENT_HZ = 16_000  # rate of the silence that a listener hears


class PerformancePipeline(AffectivePipeline):
    """A written story -> voices, faces, bodies, music, pictures and subtitles on one clock."""

    modality = "performance"

    def __init__(
        self, speech: SpeechPipeline, talking_head: TalkingHeadPipeline, gesture: GesturePipeline, music: MusicPipeline,
        video: VideoPipeline,
    ) -> None:  # fmt: skip
        super().__init__()
        self.register_modules(speech=speech, talking_head=talking_head, gesture=gesture, music=music, video=video)
        for part in (speech, talking_head, gesture, music, video):
            part.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> PerformancePipeline:
        """The embedded pipelines."""
        return cls(
            SpeechPipeline.embedded(), TalkingHeadPipeline.embedded(), GesturePipeline.embedded(), MusicPipeline.embedded(),
            VideoPipeline.embedded(),
        )  # fmt: skip

    def __call__(
        self,
        script: Script | Plan | str | Path,
        emotion: Any = None,
        *,
        cast: Any = None,
        policy: str | None = None,
        folder: str | Path | None = None,
        seed: int | None = None,
        generator: torch.Generator | None = None,
        aspect: str | None = None,
        resolution: int | None = None,
        fps: float | None = None,
        subtitles: str | None = None,
        cache: Any = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Renders a story.

        Args:
            script: A `Script` or a `Plan`, the path of a file of either, or a story itself (with line breaks).
            emotion: The feeling of every line that names none; without it the words decide.
            cast: Members that override those of the script: a YAML file or a mapping.
            policy: How the agents of the cast answer who talks to them.
            folder: Where the script's pictures lie; the script's own folder by default.
            seed: 0..2^63-1; None: the plan's own, or drawn.
            generator: Draws the seed instead.
            aspect: "16:9", "9:16" or "1:1"; None: as the script says, as with the next three.
            resolution: The short side in pixels, even, 240..1080.
            fps: Frames per second, 1..60.
            subtitles: "beside", "burnt" or "off".
            cache: The folder in which parts are kept for the next time; None: `$EMOGEN_CACHE` or the platform's, False: none.
            callback_on_step_end: Called after each stage (plan, voices, faces, music, pictures).
            return_dict: False gives a tuple.

        Returns:
            PerformanceOutput.

        Raises:
            InputError: The script, the cast, a picture or an option, with its place.
        """
        store = Cache.of(cache)
        with self.steps(5, callback_on_step_end) as steps:
            plan = planned(script, emotion, folder=folder, cast=cast, policy=policy)
            check(plan, cast, self.speech.find_voice)
            given = {"aspect": aspect, "resolution": resolution, "fps": fps, "subtitles": subtitles}
            plan = replace(plan, composition=plan.composition.with_(**given))
            seed = plan.seed if seed is None and generator is None and plan.seed is not None else draw_seed(seed, generator)
            maker = Maker(self, store, seed, plan.composition.fps, plan.name)
            portraits = _portraits(plan, store)
            reel = Reel()
            steps.done("plan")
            with Studio(reel.put, len(plan.beats)) as studio:
                stage = _Staged(self, _on_frames(plan), maker, portraits)
                for i in range(len(plan.beats)):
                    stage.speak(i)
                    if stage.known(i):  # it is drawn while the others speak
                        self._draw(stage, i, store, studio, reel)
                plan, spoken = _within_limits(stage.plan), stage.spoken
                steps.done("voices")
                for i in range(len(plan.beats)):
                    if i not in stage.shots:
                        self._draw(stage, i, store, studio, reel)
                shots = [stage.shots[i] for i in range(len(plan.beats))]
                steps.done("faces")
                sounds = _sounds(plan, spoken, maker)
                steps.done("music")
                studio.finish()
            steps.done("pictures")
        store.trim()
        words = [word for of_beat in _subtitles(plan, spoken) for word in of_beat]
        made = self._made(plan, seed, portraits, store, steps.timings)
        out = PerformanceOutput(
            sounds.mix.audio, mix.RATE_HZ, plan, shots, words, _chapters(plan, shots), reel, sounds,
            _in_order(stage.faces, portraits), _in_order(stage.bodies, portraits), made=made,
        )  # fmt: skip
        return out if return_dict else out.to_tuple()

    def _draw(self, stage: _Staged, number: int, store: Cache, studio: Studio, reel: Reel) -> None:
        """Makes a shot ready and gives it to the studio, but for the takes that are kept."""
        shot = stage.shot(number)
        people = [*shot.actors, *(shot.before.actors if shot.before else ())]
        for take in takes(shot):
            key, place = take.key, (number, take.first)
            piece = store.find("take", key)
            if piece is not None:
                reel.put(place, piece)
            else:
                opened = {actor.portrait: stage.opened(actor.name) for actor in people}
                studio.draw(place, take, opened, partial(store.keep, key))

    def _made(self, plan: Plan, seed: int, portraits: dict[str, Portrait], store: Cache, timings: dict[str, float]) -> Made:
        keyframes = [
            Keyframe(b.start_s + k.t, k.emotion) for b in plan.beats for k in b.emotion.keyframes if k.t < b.end_s - b.start_s
        ]
        felt = [k for i, k in enumerate(keyframes) if i == 0 or k.t > keyframes[i - 1].t]
        notes = [*plan.notes, *(f"{name}: {note}" for name, found in portraits.items() for note in found.notes)]
        if plan.composition.subtitles == "burnt" and any(unreadable(b.text) for b in plan.beats):
            notes.append("burnt subtitles have no letters for some of the words; put them beside the video")
        request = {
            "script": plan.name, "title": plan.title, **plan.composition.to_dict(), "seed": seed,
            "lines": [[b.role.name, str(b.role.voice), b.role.portrait, b.text, str(b.emotion), b.shot] for b in plan.beats],
        }  # fmt: skip
        return Made(
            request=request, emotion=EmotionTrack(tuple(felt)), seed=seed, models=_models(), timings=timings, warnings=notes,
            real_input=any(not found.drawn for found in portraits.values()),
            facts={"cache": {"found": dict(store.hits), "made": dict(store.misses)}},
        )  # fmt: skip


class _Staged:
    """Beats -> shots: who is seen in them, how they move, and where.

    A shot lasts to a little before the next line, and so is known as soon as its own line is spoken; a listener's
    feelings, and words that are burnt in, wait for all lines.

    Attributes:
        plan: On the clock, by the voices that are made; the other lines are of their estimated length.
        spoken: The voices so far.
        shots: Beat -> its shot, of those that were asked for.
        faces: Name -> (start in s, face).
        bodies: Name -> (start in s, body, strokes).
    """

    def __init__(self, pipe: PerformancePipeline, plan: Plan, maker: Maker, portraits: dict[str, Portrait]) -> None:
        self.pipe, self._estimated, self.maker, self.portraits = pipe, plan, maker, portraits
        self.fps = plan.composition.fps
        self.plan, self.spoken, self.shots = plan, list[Voice](), dict[int, Shot]()
        self.faces: dict[str, list[Any]] = {}
        self.bodies: dict[str, list[Any]] = {}
        self._which = _which(plan)
        self._sides = {name: -1 if i % 2 == 0 else 1 for i, name in enumerate(portraits)}

    def speak(self, i: int) -> None:
        """Makes the voice of a beat, one after the other, and sets the clock by it."""
        self.spoken.append(self.maker.voice(self._estimated.beats[i], self.plan.language, self._which[i]))
        said = [round(voice.seconds * self.fps) / self.fps for voice in self.spoken]
        self.plan = self._estimated.timed([*said, *(beat.length_s for beat in self._estimated.beats[i + 1 :])])
        self.cuts = cuts(self.plan, self.fps)

    def known(self, i: int) -> bool:
        """Whether the shot of the last beat that was spoken depends on no later one."""
        alone = self.plan.beats[i].shot != "two" and self.plan.composition.subtitles != "burnt"
        return alone and i + 1 < len(self.cuts) and (i == 0 or i - 1 in self.shots or self.cuts[i].scene == self.cuts[i - 1].scene)

    def opened(self, name: str) -> Any:
        """What paints somebody."""
        return self.portraits[name].open()

    def shot(self, i: int) -> Shot:
        """The shot of a beat."""
        beat, cut, frame = self.plan.beats[i], self.cuts[i], self.plan.composition
        framing = beat.shot if beat.role.name in self.portraits else "picture"
        actors = () if framing == "picture" else self._actors(i, framing)
        changed = i > 0 and cut.scene != self.cuts[i - 1].scene
        words = tuple(
            (round(w.start_s * self.fps) - cut.start, round(w.end_s * self.fps) - cut.start, w.text) for w in self._words[i]
        )
        self.shots[i] = Shot(
            cut.start, cut.end - cut.start, self.fps, frame.width, frame.height,
            framing if len(actors) > 1 or framing != "two" else "bust", self._place(i, cut, framing), actors,
            title=self.plan.title if i == 0 else "", heading=self.plan.scenes[cut.scene].words if cut.opens else "", words=words,
            rises=i == 0, falls=i == len(self.cuts) - 1,
            before=replace(self.shots[i - 1], before=None) if changed else None,
        )  # fmt: skip
        return self.shots[i]

    @cached_property
    def _words(self) -> list[list[Any]]:
        burnt = self.plan.composition.subtitles == "burnt"
        return _subtitles(self.plan, self.spoken) if burnt else [[] for _ in self.plan.beats]

    def _actors(self, i: int, framing: str) -> tuple[Actor, ...]:
        """The speaker, and in a shot of two who listens."""
        name = self.plan.beats[i].role.name
        other = self._other(i) if framing == "two" else None
        alone = len(self._sides) == 1
        speaker = self._actor(i, name, framing, 0 if alone else self._sides[name], speaks=True)
        if other is None:
            return (speaker,)
        return speaker, self._actor(i, other, framing, -speaker.side, speaks=False)

    def _actor(self, i: int, name: str, framing: str, side: int, *, speaks: bool) -> Actor:
        beat, cut, portrait = self.plan.beats[i], self.cuts[i], self.portraits[name]
        start_s, length_s = cut.start / self.fps, (cut.end - cut.start) / self.fps
        what = (name, beat.role.name, beat.text, self._which[i])
        if speaks:
            # In frames first: differences of seconds would depend, in their last digit, on where the line stands.
            lead_s, said_s = ((round(t * self.fps) - cut.start) / self.fps for t in (beat.start_s, cut.start / self.fps + beat.length_s))
            felt, voice = lasting(beat.emotion, lead_s, said_s), self.spoken[i].within(lead_s, length_s)
        else:
            felt = listening(self.plan.tracks[name], start_s, start_s + length_s)
            voice = Voice(np.zeros(round(length_s * SILENT_HZ), np.float32), SILENT_HZ, (), ())
        face = self.maker.face(felt, voice, *what)
        self.faces.setdefault(name, []).append((start_s, face))
        body = None
        frame = self.plan.composition
        if portrait.drawn and (framing != "head" or frame.height > frame.width):
            body, strokes = self.maker.body(felt, voice, *what)
            self.bodies.setdefault(name, []).append((start_s, body, strokes))
        return Actor(
            name, portrait.key, side, face.curves, None if body is None else body.rotations.astype(np.float32),
            None if body is None else body.root_cm.astype(np.float32), portrait.drawn,
        )  # fmt: skip

    def _other(self, i: int) -> str | None:
        """Who listens to a beat: who spoke last in the scene or speaks next, and has a face."""
        name = self.plan.beats[i].role.name
        near = [*range(i - 1, -1, -1), *range(i + 1, len(self.cuts))]
        here = [k for k in near if self.cuts[k].scene == self.cuts[i].scene] or near
        return next((n for k in here if (n := self.plan.beats[k].role.name) != name and n in self.portraits), None)

    def _place(self, i: int, cut: Cut, framing: str) -> Place:
        """Where a shot is, in the light of what is felt in it."""
        scene, members = self.plan.scenes[cut.scene], [k for k, c in enumerate(self.cuts) if c.scene == cut.scene]
        start_s, end_s, beat = cut.start / self.fps, cut.end / self.fps, self.plan.beats[i]
        feelings = [settled(beat.emotion.at(t)) for t in (0.0, beat.length_s)]  # its own: a neighbour changes no shot
        track = EmotionTrack((Keyframe(0.0, feelings[0]), Keyframe(round(end_s - start_s, 3), feelings[1])))
        seed = mixed_seed(self.maker.seed, "camera", beat.role.name, beat.text, self._which[i])
        if scene.picture is not None:
            count = int(np.ceil((end_s - start_s) * LOOKS_FPS)) + 2
            looks = asked(self.pipe.video.edit.look, [track.at(k / LOOKS_FPS) for k in range(count)], seed, 1.0, True)
            return Place((), track, seed, read_image(scene.picture), tuple(looks))
        told = ". ".join(self.plan.beats[k].text for k in members if self.plan.beats[k].role.name not in self.portraits)
        seen = feelings if framing == "picture" else feelings[:1]  # behind people one look is enough
        return Place(self.maker.scenes(scene.words, told, seen, cut.scene), track, seed)


def _portraits(plan: Plan, store: Cache) -> dict[str, Portrait]:
    """Speaker -> portrait, in order of appearance, for everybody who has one; all are checked."""
    found: dict[str, Portrait] = {}
    for beat in plan.beats:
        name, written = beat.role.name, beat.role.portrait
        if written is not None and written != "none" and name not in found:
            found[name] = portrait(written, plan.folder, f"{plan.name}, cast, {name}, portrait", store)
    return found


def _which(plan: Plan) -> list[int]:
    """For each beat: how many before it are the same words by the same speaker."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for beat in plan.beats:
        found.append(seen[beat.role.name, beat.text])
        seen[beat.role.name, beat.text] += 1
    return found


def _on_frames(plan: Plan) -> Plan:
    """The plan with all silences in whole frames, as voices are, so that a shot does not depend on others."""
    fps = plan.composition.fps
    beats = tuple(replace(beat, gap_s=round(beat.gap_s * fps) / fps) for beat in plan.beats)
    return replace(plan, beats=beats, tail_s=round(plan.tail_s * fps) / fps)


def _within_limits(plan: Plan) -> Plan:
    if plan.duration_s > LIMITS.render_s:
        found = f"lasts {plan.duration_s:.0f} s"
        raise LimitError(plan.name, found, f"The limit is {LIMITS.render_s:.0f} s (limits.render_s).")
    return plan


def _in_order(parts: dict[str, list[Any]], names: Iterable[str]) -> dict[str, list[Any]]:
    """What each does, by when it begins; whoever appears first comes first."""
    return {name: sorted(parts[name], key=lambda part: float(part[0])) for name in names if name in parts}


def _subtitles(plan: Plan, spoken: Sequence[Voice]) -> list[list[Any]]:
    frame = plan.composition
    high = frame.subtitles == "burnt" and frame.height > frame.width
    return subtitles(plan, spoken, HIGH_CHARS if high else SUBTITLE_CHARS)


def _sounds(plan: Plan, spoken: Sequence[Voice], maker: Maker) -> Sounds:
    """Voices, music, and their mix."""
    names = list(dict.fromkeys(b.role.name for b in plan.beats if b.role.portrait))
    pans = {name: PANS[i % len(PANS)] for i, name in enumerate(names)}
    voices = [
        (b.role.name, b.start_s, resample(v.audio, v.sample_rate, mix.RATE_HZ), b.role.pan or pans.get(b.role.name, 0.0))
        for b, v in zip(plan.beats, spoken, strict=True)
    ]
    music = [(cue.start_s, maker.music(cue, plan.peaks, i), 0.0) for i, cue in enumerate(plan.music)]
    bed = mix.placed(music, plan.duration_s)
    speech = mix.placed([clip[1:] for clip in voices], plan.duration_s)
    whole = mix.mixed(speech, bed, [(b.start_s, b.end_s) for b in plan.beats])
    return Sounds(voices, bed, whole, encode_sound(whole.audio, mix.RATE_HZ))  # now, while a helper draws


def _chapters(plan: Plan, shots: Sequence[Shot]) -> list[tuple[float, str]]:
    """The scenes as chapters; what is before the first one that has a name bears the title, or the script's name."""
    found: list[tuple[float, str]] = []
    for shot in shots:
        if shot.heading or not found:
            found.append((shot.start_s, shot.heading or plan.called))
    return found


def _models() -> dict[str, str]:
    from emogen import checkpoints

    return {name: checkpoints.checkpoint_hash(name) for name in checkpoints.names()}
