"""What every heavy speaker shares: a model says each sentence plainly, what feels comes after it.

The model's sound is brought to 22 050 Hz, taken apart by WORLD, laid beside espeak-ng's reading of the same words for
the times of its sounds, and handed on as `Plain`. Where a model understands tags for laughs and sighs, it is told.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.codecs.voice import SAMPLE_RATE, analyze, dithered
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, InputError, RightsError
from emogen.media.audio import resample
from emogen.pipelines.base import StepCallback
from emogen.pipelines.outputs import Made
from emogen.pipelines.speech.backends.alignment import Span, timed
from emogen.pipelines.speech.conversion import RIGHTS
from emogen.pipelines.speech.languages import Language
from emogen.pipelines.speech.phonemes import ESPEAK_VERSION, EspeakSource
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.speech.recording import Recording, recording
from emogen.pipelines.speech.speaker import Plain
from emogen.pipelines.speech.speakers import Speakers
from emogen.pipelines.speech.voices import VOICES, Voice

OWN = "own"  # name of a model's voice where it has one alone
NAMES_SHOWN = 12
REFERENCE_S = 30.0  # of a recording that a voice is taken from, as much as XTTS takes
SILENT = 1e-4  # a peak below this is no speech; own assumption
LONGEST_S_A_CHAR, LONGEST_S = 0.2, 3.0  # what a model says may last: twice as long as slow speech (own assumption)
F0_HZ = (60.0, 400.0)  # what a `Voice` may have


@dataclass(frozen=True, eq=False)
class Ask:
    """What a model is asked to say.

    Attributes:
        text: One sentence, as it is to be read.
        speaker: One of the model's; "" for its default.
        reference: A voice to speak with instead.
        language: Of the text.
        seed: Of everything drawn.
        sound: A sound beside the words, one of the engine's `sounds`; "": none.
    """

    text: str
    speaker: str
    reference: Recording | None
    language: Language
    seed: int
    sound: str = ""

    @property
    def longest_s(self) -> float:
        """How long what is said may last, so that a model that does not find its end is stopped."""
        return LONGEST_S + LONGEST_S_A_CHAR * len(self.text)

    def voice(self, sample_rate: int) -> NDArray[np.float32]:
        """The voice to speak with [n]: the first 30 s of the reference."""
        assert self.reference is not None
        blocks: list[NDArray[np.float32]] = []
        for block in self.reference.blocks():
            blocks.append(block)
            if sum(map(len, blocks)) >= REFERENCE_S * SAMPLE_RATE:
                break
        return resample(np.concatenate(blocks)[: round(REFERENCE_S * SAMPLE_RATE)], SAMPLE_RATE, sample_rate)


@dataclass(frozen=True, eq=False)
class Said:
    """What a model said.

    Attributes:
        sound: [n], mono.
        sample_rate: Hz.
        spans: Start and end in seconds of each spoken word, where the model knows them.
    """

    sound: NDArray[np.floating[Any]]
    sample_rate: int
    spans: Sequence[Span] | None = None


class Engine(Protocol):
    """A model that speaks. The same question gives the same sound, whatever came before.

    Attributes:
        name: Of the backend, with the kind of model.
        speakers: Names of its voices; the first is the default.
        clones: Whether it can speak with the voice of a recording.
        needs_reference: Whether it cannot speak without one.
        sounds: Kinds of sounds beside words (sigh, gasp, inhale, laugh) that it makes when it is told to.
        notes: What the user should know of it, such as its licence; for the sidecar.
        facts: Likewise, for machines.
    """

    name: str
    speakers: tuple[str, ...]
    clones: bool
    needs_reference: bool
    sounds: frozenset[str]
    notes: tuple[str, ...]
    facts: dict[str, Any]

    def say(self, ask: Ask) -> Said:
        """Says a sentence."""

    def hashes(self) -> dict[str, str]:
        """Network -> its hash."""


@dataclass(frozen=True)
class ModelVoice(Voice):
    """A voice of a model.

    Attributes:
        of_model: Which of the model's speakers; "" for its default.
        as_is: Whether it is left as the model speaks it, or moved to the pitch, breath and tilt of this voice.
        reference: The recording whose voice it is.
        rights: Why that may be used.
    """

    of_model: str = ""
    as_is: bool = True
    reference: Recording | None = field(default=None, compare=False, repr=False)
    rights: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For the request, as plain JSON values."""
        found: dict[str, Any] = {"name": self.name}
        if not self.as_is:
            found["like"] = {k: getattr(self, k) for k in ("f0_hz", "f0_range", "breath", "tilt_db_oct", "rate")}
        if self.reference is not None:
            found |= {"reference": self.reference.described, "rights": self.rights}
        return found


class ModelSpeakers(Speakers):
    """A model in the place of the embedded speakers."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.sounds = engine.sounds
        self._source = EspeakSource()

    def find(self, voice: Any) -> Voice:
        """One of the model's voices by name, or its default one, moved to the pitch of one of ours.

        Raises:
            InputError: There is none of that name.
        """
        if isinstance(voice, ModelVoice):
            return voice
        own = self._engine.speakers
        if voice is None:
            return ModelVoice(own[0] if own else OWN, of_model=own[0] if own else "", speaker="", breath=0.0)
        if isinstance(voice, str) and voice in own:
            return ModelVoice(voice, of_model=voice, speaker="", breath=0.0)
        like = voice if isinstance(voice, Voice) else VOICES.get(voice) if isinstance(voice, str) else None
        if like is None:
            raise _no_such_voice(voice, own)
        values = {name: getattr(like, name) for name in ("name", "f0_hz", "f0_range", "breath", "tilt_db_oct", "rate")}
        return ModelVoice(**values, of_model=own[0] if own else "", as_is=False, speaker="")

    def models(self, voice: Voice, language: Language) -> dict[str, str]:
        """Network -> its hash."""
        return self._engine.hashes() | {"espeak-ng": ESPEAK_VERSION}

    def say(self, text: str, voice: Voice, language: Language, seed: int, sound: str = "") -> Plain:
        """Speaks one sentence; as `Speakers.say`.

        Raises:
            InputError: Nothing in it can be spoken.
            EmogenError: The model failed.
        """
        assert isinstance(voice, ModelVoice)
        heard = self._source.phonemes(text, variant="", language=language)  # refuses what has no sound
        said = self._engine.say(Ask(text, voice.of_model, voice.reference, language, seed, sound))
        recorded = _ready(said, self._engine.name)
        frames = analyze(recorded)
        return Plain(frames, *timed(heard, frames, said.spans), recorded)

    def dress(self, voice: Voice, language: Language, said: Plain) -> Voice:
        """The voice at the pitch at which the model spoke, unless it is to be like one of ours."""
        assert isinstance(voice, ModelVoice)
        voiced = said.frames.f0_hz[said.frames.f0_hz > 0]
        if not voice.as_is or not len(voiced):
            return voice
        return replace(voice, f0_hz=float(np.clip(np.exp(np.log(voiced).mean()), *F0_HZ)))

    def close(self) -> None:
        """Ends espeak-ng's process."""
        self._source.close()


class HeavySpeechPipeline(SpeechPipeline):
    """A model speaks, our conversion feels. A subclass opens models and names its engine."""

    @property
    @abstractmethod
    def engine(self) -> Engine:
        """The model."""

    def __call__(self, text: str | list[str], emotion: Any = None, *, voice: str | Voice | None = None,  # type: ignore[override]
                 speaker_wav: Any = None, rights: str | None = None, language: str = "en", nonverbal: bool = True,
                 seed: Any = None, generator: torch.Generator | None = None,
                 callback_on_step_end: StepCallback | None = None, return_dict: bool = True) -> Any:
        """Speaks. Arguments, result and errors are those of `SpeechPipeline.__call__` and these.

        Args:
            text: As there.
            emotion: As there.
            voice: A name of the model's voices (`pipe.engine.speakers`); a name of `VOICES` or a `Voice`: the model's
                default voice, moved to that pitch, breath and tilt; None: the default as it is.
            speaker_wav: A recording to clone: a path, or an object with `audio` and `sample_rate`.
            rights: Why that voice may be used: "own", "licensed" or "synthetic"; kept in the sidecar.
            language: As there.
            nonverbal: As there; a model that understands tags for such sounds makes them itself.
            seed: As there.
            generator: As there.
            callback_on_step_end: As there.
            return_dict: As there.

        Raises:
            RightsError: A recording to clone without a statement of rights.
        """
        who = self._who(voice, speaker_wav, rights)
        return super().__call__(text, emotion, voice=who, language=language, nonverbal=nonverbal, seed=seed,
                                generator=generator, callback_on_step_end=callback_on_step_end, return_dict=return_dict)

    def stream(self, text: str, emotion: Any = None, *, voice: str | Voice | None = None, speaker_wav: Any = None,  # type: ignore[override]
               rights: str | None = None, language: str = "en", nonverbal: bool = True,
               seed: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Speaks sentence by sentence, each as soon as it is ready; arguments as in a call."""
        who = self._who(voice, speaker_wav, rights)
        return super().stream(text, emotion, voice=who, language=language, nonverbal=nonverbal, seed=seed)

    def _who(self, voice: Any, speaker_wav: Any, rights: str | None) -> ModelVoice:
        found = self._speakers().find(voice)
        assert isinstance(found, ModelVoice)
        if rights is not None and rights not in RIGHTS:
            raise InputError("rights", f"{rights!r:.40}", f"Accepted: {', '.join(RIGHTS)}.")
        if speaker_wav is None:
            if self.engine.needs_reference:
                accepted = "Give speaker_wav and rights."
                raise InputError("speaker_wav", f"{self.engine.name} speaks with the voice of a recording alone", accepted)
            return found
        if not self.engine.clones:
            raise InputError("speaker_wav", f"{self.engine.name} cannot clone a voice", "Accepted: none.")
        if rights is None:
            raise RightsError("speaker_wav", "nothing says why this voice may be cloned", f"Give rights: {', '.join(RIGHTS)}.")
        name = found.name if not found.as_is else "clone"
        return replace(found, name=name, of_model="", reference=recording(speaker_wav), rights=rights)

    def _speakers(self) -> ModelSpeakers:
        return ModelSpeakers(self.engine)

    def _made(self, line: Any, track: EmotionTrack, seed: int, voice: Voice, language: Language, nonverbal: bool) -> Made:
        made = super()._made(line, track, seed, voice, language, nonverbal)
        made.backend = self.engine.name
        made.warnings += self.engine.notes
        made.facts |= self.engine.facts
        if isinstance(voice, ModelVoice) and voice.reference is not None:
            made.real_input = voice.rights != "synthetic"
            made.facts["rights"] = voice.rights
            made.warnings += voice.reference.warnings
        return made


def _ready(said: Said, name: str) -> NDArray[np.float32]:
    """What was said, at the codec's rate."""
    sound = np.atleast_1d(np.asarray(said.sound, dtype=np.float32).squeeze())
    if sound.ndim != 1 or not np.isfinite(sound).all():
        raise EmogenError(name, f"the model gave no sound but an array of shape {list(sound.shape)}")
    if float(np.abs(sound).max(initial=0.0)) < SILENT:
        raise EmogenError(name, f"the model gave {len(sound) / said.sample_rate:.2f} s of silence")
    return dithered(resample(sound, said.sample_rate, SAMPLE_RATE))


def _no_such_voice(voice: Any, own: Sequence[str]) -> InputError:
    near = get_close_matches(voice, [*own, *VOICES], n=1) if isinstance(voice, str) else []
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    more = f" and {len(own) - NAMES_SHOWN} more" if len(own) > NAMES_SHOWN else ""
    named = f"of the model {', '.join(own[:NAMES_SHOWN])}{more}; ours " if own else ""
    return InputError("voice", f"unknown voice {voice!r:.40}", f"{hint}Accepted: {named}{', '.join(VOICES)}.")
