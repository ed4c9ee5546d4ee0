"""Emotion -> a piece of music: a form is laid over its length, composed bar by bar, given to instruments, and played."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.checkpoints import commercial_only
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.media.score import Score
from emogen.pipelines.base import AffectivePipeline, StepCallback, Steps, draw_seed
from emogen.pipelines.music.arrange import arranged
from emogen.pipelines.music.asked import Asked, asked_for
from emogen.pipelines.music.attributes import Attributes
from emogen.pipelines.music.compose import compose
from emogen.pipelines.music.composer import Composer, Writing
from emogen.pipelines.music.cues import CueRules
from emogen.pipelines.music.form import BEATS, PHRASE, Form, bars_of, laid_out, starts_of
from emogen.pipelines.music.harmony import Key
from emogen.pipelines.music.learnt_attributes import LearntAttributes
from emogen.pipelines.music.output import MusicOutput
from emogen.pipelines.music.performance import ritardando
from emogen.pipelines.music.retelling import retold
from emogen.pipelines.music.stream import MusicStream
from emogen.pipelines.outputs import Made
from emogen.pipelines.sequence import weights_hash

#: Tonics that lie well for most instruments, one of which the seed chooses: C, D, Eb, F, G, A.
TONICS = (0, 2, 3, 5, 7, 9)
#: Bars that are composed at once while music is made as it plays: a phrase, so that it is soon steered.
GROUP = PHRASE
#: How an emotion goes: its attributes.
Goes = Callable[[Emotion], Attributes]


class MusicPipeline(AffectivePipeline):
    """Music that follows an emotion over time, bar by bar.

    Args:
        attributes: Emotion -> how its music goes, by a table or learnt.
        composer: Bars -> melody, harmony and accompaniment, by diffusion; None: by rules alone.
    """

    modality = "music"
    _optional_components: ClassVar[list[str]] = ["composer"]

    def __init__(self, attributes: CueRules | LearntAttributes, composer: Composer | None = None) -> None:
        super().__init__()
        self.register_modules(attributes=attributes, composer=composer)

    @classmethod
    def embedded(cls) -> MusicPipeline:
        """What ships with emogen; the table in place of the learnt attributes where `EMOGEN_COMMERCIAL` is set."""
        return cls(CueRules() if commercial_only() else LearntAttributes.load(), Composer.embedded())

    def __call__(
        self,
        prompt: str | list[str | None] | None = None,
        emotion: Any = None,
        *,
        seconds: float | None = None,
        tempo_bpm: float | None = None,
        key: str | None = None,
        instruments: Any = None,
        attributes: dict[str, float] | None = None,
        like: Any = None,
        picture: Any = None,
        listener: Any = None,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Composes a piece; it is played when its sound is asked for.

        Args:
            prompt: The feeling in words, where no `emotion` is given; a list makes several pieces.
            emotion: What is felt, or a track in seconds.
            seconds: Length, 2..1800; the last chord ends there. Left out: 20, or that of the tune of `like`.
            tempo_bpm: A fixed tempo, 30..240; without one it follows the emotion.
            key: A fixed key such as "D minor"; without one the seed picks the tonic and the emotion the mode.
            instruments: Who plays: "strings,piano", or a list of names; without them the emotion chooses.
            attributes: Faders set by hand, name -> value, as in `attributes.FADERS`.
            like: A tune (.mid, or a `Score`) that is to be felt otherwise.
            picture: A picture that the music is for; it gives the emotion where none is given.
            listener: Whose feeling counts: a `Listener`, or the file of one.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "form", "notes" and "instruments".
            return_dict: False gives a tuple.

        Returns:
            MusicOutput, or a list of them.

        Raises:
            InputError: A length, tempo, key, fader, instrument, tune or emotion that cannot be used.
            LimitError: Too long, or a fader out of its range.
        """
        asked = self._asked(
            seconds=seconds, tempo_bpm=tempo_bpm, key=key, instruments=instruments, attributes=attributes, like=like,
            picture=picture, listener=listener,
        )  # fmt: skip
        request = {
            "seconds": seconds, "tempo_bpm": tempo_bpm, "key": key, "instruments": asked.instruments,
            "attributes": attributes, "like": _named(like), "picture": _named(picture), "listener": _named(listener),
        }  # fmt: skip

        def make(words: str | None, given: EmotionTrack, chosen: int) -> Any:
            track = asked.felt(words, None if emotion is None else given)
            with self.steps(3, callback_on_step_end) as steps:
                score, length, warnings = self._written(asked, track, chosen, steps)
            made = Made(
                {"prompt": words, "emotion": str(track), **request}, track, chosen, models=self._models,
                real_input=picture is not None, timings=steps.timings, warnings=warnings, facts=dict(asked.facts),
            )  # fmt: skip
            out = MusicOutput(score, length, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, prompt, emotion, seed, generator)

    def write(self, emotion: Any = None, **options: Any) -> Score:
        """The score alone; arguments and errors as of a call."""
        score: Score = self(None, emotion, **options).score
        return score

    def stream(
        self,
        emotion: Any = None,
        *,
        seconds: float | None = None,
        tempo_bpm: float | None = None,
        key: str | None = None,
        instruments: Any = None,
        attributes: dict[str, float] | None = None,
        listener: Any = None,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> MusicStream:
        """Music that is made while it plays, and may be steered to another emotion; see `MusicStream`.

        Args:
            emotion: What is felt, or a track in seconds.
            seconds: Length, 2..1800; None: without end.
            tempo_bpm: As in a call.
            key: As in a call.
            instruments: As in a call.
            attributes: As in a call.
            listener: As in a call.
            seed: As in a call.
            generator: As in a call.

        Raises:
            InputError, LimitError: As a call.
        """
        asked = self._asked(
            seconds=seconds, tempo_bpm=tempo_bpm, key=key, instruments=instruments, attributes=attributes, like=None,
            picture=None, listener=listener,
        )  # fmt: skip
        track, chosen = EmotionTrack.of(emotion or "neutral"), draw_seed(seed, generator)
        request = {
            "emotion": str(track), "seconds": seconds, "tempo_bpm": tempo_bpm, "key": key,
            "instruments": asked.instruments, "attributes": attributes, "listener": _named(listener),
        }  # fmt: skip
        made = Made(request, track, chosen, models=self._models)
        length = math.inf if seconds is None else float(seconds)
        return MusicStream(partial(self._groups, asked, chosen, length), track, length, made=made)

    def _asked(self, **given: Any) -> Asked:
        asked = asked_for(**given)
        if self.composer is None and asked.instruments is not None and asked.tune is None:
            raise InputError("instruments", "the composer of rules chooses its own", "Leave them out.")
        return asked

    def _goes(self, asked: Asked, seed: int) -> Goes:
        """How an emotion goes in this piece: as in all of them, and with what is its own."""

        def goes(emotion: Emotion) -> Attributes:
            emotion = emotion if asked.listener is None else asked.listener.asked_for(emotion)
            # generators in one state draw one way: a piece keeps its character
            return asked.set_by_hand(self.attributes(emotion, np.random.default_rng([seed, 5])))

        return goes

    def _written(self, asked: Asked, track: EmotionTrack, seed: int, steps: Steps) -> tuple[Score, float, list[str]]:
        """The score, its length in seconds, and what the user should know."""
        goes = self._goes(asked, seed)
        contradiction = asked.contradicts(self.attributes(track.at(0.0)))
        warnings = [contradiction] if contradiction else []
        if asked.listener is not None and not asked.listener.helps:
            warnings.append(f"listener: {asked.listener.said}")
        phrases = None
        if asked.tune is not None:
            sheet, bars, tempos, length = retold(asked, track, goes)
            steps.done("form")
        else:
            length = asked.seconds or 0.0
            bars, tempos = bars_of(lambda t: goes(track.at(t)), length, asked.tempo_bpm)
            if self.composer is None:
                steps.done("form")
                score = compose(bars, tempos, _key(asked, seed), seed)
                steps.done("notes")
                steps.done("instruments")
                return score, length, warnings
            plan, tempos = laid_out(bars, seed), ritardando(tempos)
            steps.done("form")
            sheet, phrases = self.composer.compose(plan, _key(asked, seed).tonic, seed), starts_of(plan)
            bars = [bar.attributes for bar in plan]
        steps.done("notes")
        score = arranged(sheet, bars.__getitem__, tempos, asked.instruments, seed, phrases=phrases)
        steps.done("instruments")
        return score, length, warnings

    def _groups(
        self, asked: Asked, seed: int, length: float, felt: Callable[[float], Emotion]
    ) -> Iterator[tuple[Score, float]]:
        """Groups of bars, each with its length in seconds."""
        goes, form, key = self._goes(asked, seed), Form(seed), _key(asked, seed)
        writing = None if self.composer is None else Writing(self.composer, key.tonic, seed)
        begun, number = 0.0, 0
        while begun < length:
            bars, tempos = _next(partial(_later, lambda t: goes(felt(t)), begun), length - begun, asked.tempo_bpm)
            seconds = sum(BEATS * 60 / bpm for bpm in tempos)
            ends = begun + seconds >= length - 1e-6
            if writing is None:
                yield compose(bars, tempos, key, seed + number, ends=ends), seconds
            else:
                plan = form.go_on(bars, ends=ends)
                goes_by = [bar.attributes for bar in plan].__getitem__
                played = partial(arranged, writing.go_on(plan), goes_by, tempos, asked.instruments, seed)
                yield played(phrases=starts_of(plan), ends=ends), seconds
            begun, number = begun + seconds, number + 1

    @property
    def _models(self) -> dict[str, str]:
        """Name -> hash of what takes part."""
        parts = {"music attributes": self.attributes, "composer": self.composer}
        return {name: weights_hash(part) for name, part in parts.items() if part is not None}


class RuleMusicPipeline(MusicPipeline):
    """The same without anything learnt: the table of cues, and a composer of rules."""

    @classmethod
    def embedded(cls) -> RuleMusicPipeline:
        """The table that ships with emogen."""
        return cls(CueRules())


def _key(asked: Asked, seed: int) -> Key:
    """The key asked for, or a tonic of the seed's."""
    return asked.key or Key(int(np.random.default_rng([seed, 7]).choice(TONICS)))


def _next(
    attributes_at: Callable[[float], Attributes], left: float, tempo_bpm: float | None
) -> tuple[list[Attributes], list[float]]:
    """The next group of bars with their tempos: `GROUP` of them, or all that fill the rest where it is little more."""
    bars: list[Attributes] = []
    tempos: list[float] = []
    t = 0.0
    while len(bars) < GROUP:
        bars.append(attributes_at(t))
        tempos.append(tempo_bpm or bars[-1].tempo)
        t += BEATS * 60 / tempos[-1]
    if left < t + PHRASE * BEATS * 60 / tempos[-1]:
        return bars_of(attributes_at, left, tempo_bpm)
    return bars, tempos


def _later(attributes_at: Callable[[float], Attributes], begun: float, t: float) -> Attributes:
    """The attributes at a time counted from a later begin."""
    return attributes_at(begun + t)


def _named(given: Any) -> str | None:
    """A file by its name, or what else was given by its kind."""
    if given is None:
        return None
    return Path(given).name if isinstance(given, (str, Path)) else type(given).__name__
