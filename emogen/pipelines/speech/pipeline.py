"""Text + emotion -> speech: a speaker says it plainly, then the voice is changed as the feeling changes voices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.codecs.voice import SAMPLE_RATE, VoiceCodec
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.pipelines.base import AffectivePipeline, StepCallback, Steps
from emogen.pipelines.outputs import Made
from emogen.pipelines.speech import nonverbal
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.pipelines.speech.feel import Feeling, from_then, piece_seed
from emogen.pipelines.speech.languages import Language, find_language
from emogen.pipelines.speech.output import Curves, SpeechOutput
from emogen.pipelines.speech.prosody import ProsodyRules
from emogen.pipelines.speech.render import Spoken, render
from emogen.pipelines.speech.sentence import Sentence
from emogen.pipelines.speech.speakers import Speakers
from emogen.pipelines.speech.ssml import sentences_of
from emogen.pipelines.speech.voices import DEFAULT_VOICE, Voice

#: The emotion that is read from the words themselves.
AUTO = "auto"
PAUSE_S = 0.39  # between sentences; Schroeder et al. 2001: 0.377 s (men) to 0.407 s (women)
PAUSE_A, PAUSE_VV = -0.43, 0.5  # log2 of its factor by activation and squared valence; the same, female pause
LEAD_S = 0.03  # silence before the first word
TAIL_S = 0.12  # silence behind the last word, so that no player cuts it; own assumption

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class BySentence:
    """One emotion a sentence, in order, instead of one for a text; its times are those of the sentences."""

    emotions: tuple[Emotion, ...]


class SpeechPipeline(AffectivePipeline):
    """The embedded voices.

    Args:
        codec: Takes voices apart and puts them together.
        feeling: What an emotion does to a voice: a conversion that was learnt, or rules.
    """

    modality: ClassVar[str] = "speech"

    def __init__(self, codec: VoiceCodec, feeling: VoiceConversionPipeline | ProsodyRules) -> None:
        super().__init__()
        self.register_modules(codec=codec, feeling=feeling)
        if isinstance(feeling, VoiceConversionPipeline):  # one bar is enough
            feeling.set_progress_bar_config(disable=True)

    @classmethod
    def embedded(cls) -> SpeechPipeline:
        """With the conversion that ships with emogen."""
        return cls(VoiceCodec(), VoiceConversionPipeline.from_pretrained("embedded"))

    def __call__(
        self,
        text: str | list[str],
        emotion: Any = None,
        *,
        voice: str | Voice | None = DEFAULT_VOICE,
        language: str = "en",
        nonverbal: bool = True,
        seed: Any = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Speaks.

        Args:
            text: What is said, plain or as SSML, or a list of texts.
            emotion: In the written form, an `Emotion`, a track (its time is the output's), "auto" (read from the
                words, sentence by sentence), `BySentence`, or a list of these; None: neutral.
            voice: A name of `VOICES`, or a `Voice`.
            language: A code of `languages.csv`, such as "en", "de", "pt-br".
            nonverbal: Breaths, sighs and laughs where the emotion asks for them.
            seed: 0..2^63-1; None: a random one, which the output reports.
            generator: Draws the seed instead.
            callback_on_step_end: `(pipe, step, name, {"audio": sentence})`, may return a changed sentence.
            return_dict: False gives a tuple of the output's fields.

        Returns:
            A `SpeechOutput`; a list for a list of texts.

        Raises:
            InputError: An argument cannot be used; nothing was computed.
            EmogenError: The phoneme source failed.
        """
        speaker, spoken_in = self._speakers().find(voice), find_language(language)
        lines, feelings = _lines(text, emotion, spoken_in)

        def make(line: _Line, track: EmotionTrack, used: int) -> Any:
            made = self._made(line, track, used, speaker, spoken_in, nonverbal)
            with self.steps(len(line.sentences), callback_on_step_end) as steps:
                parts = list(self._parts(line, made, speaker, spoken_in, steps))
                made.timings.update(steps.timings)
            out = _joined(parts, made)
            return out if return_dict else out.to_tuple()

        return self.each(make, lines, feelings, seed, generator)

    def stream(
        self, text: str, emotion: Any = None, *, voice: str | Voice | None = DEFAULT_VOICE, language: str = "en",
        nonverbal: bool = True, seed: int | None = None,
    ) -> Iterator[Samples]:  # fmt: skip
        """Speaks a text of any length, sentence by sentence, each as soon as it is ready.

        Arguments as in a call. The parts, put together, are what a call with the same seed gives.

        Yields:
            float32 [n], 22 050 Hz, with the pauses between sentences.
        """
        from emogen.pipelines.base import draw_seed

        speaker, spoken_in = self._speakers().find(voice), find_language(language)
        line, feeling = _lines(text, emotion, spoken_in)
        made = self._made(line, EmotionTrack.of(feeling or "neutral"), draw_seed(seed), speaker, spoken_in, nonverbal)
        with self.steps(len(line.sentences), None) as steps:
            for part in self._parts(line, made, speaker, spoken_in, steps):
                yield part.sound

    def find_voice(self, voice: Any) -> Voice:
        """The voice that is meant by a name or a `Voice`; None: the default one.

        Raises:
            InputError: There is none of that name.
        """
        return self._speakers().find(voice)

    def _made(self, line: _Line, track: EmotionTrack, seed: int, voice: Voice, language: Language, nonverbal: bool) -> Made:
        request = {
            "text": line.text,
            "emotion": line.asked or str(track),
            "voice": voice.to_dict(),
            "language": language.code,
            "nonverbal": nonverbal,
        }
        feeling = self.feeling
        models = feeling.hashes() if isinstance(feeling, VoiceConversionPipeline) else {"prosody_rules": feeling.fingerprint()}
        models |= self._speakers().models(voice, language)
        return Made(request, track, seed, models=models, warnings=list(line.warnings))

    def _speakers(self) -> Speakers:
        """Who speaks in one call; a backend has others."""
        return Speakers()

    def _parts(self, line: _Line, made: Made, voice: Voice, language: Language, steps: Steps) -> Iterator[_Part]:
        """One text, sentence by sentence."""
        now = 0  # samples
        urges = nonverbal.Urges(np.random.default_rng([made.seed, 4]))
        last = line.sentences[-1].number
        with self._speakers() as speakers:
            for sentence in line.sentences:
                who = voice if sentence.voice is None else speakers.find(sentence.voice)
                spoken_in = language if sentence.language is None else find_language(sentence.language)
                track = EmotionTrack.of(line.feelings[sentence.number - 1]) if line.auto else made.emotion
                sound = urges.beside(track.at(now / SAMPLE_RATE)) if made.request["nonverbal"] else None
                own = sound.kind if sound and sound.kind in speakers.sounds else ""  # the speaker makes it, not we
                sound = None if own else sound
                lead_s = sentence.before_s + (LEAD_S if now == 0 else 0.0)
                breath_s = sound.length_s + nonverbal.GAP_S if sound and sound.before else 0.0
                silent = round((lead_s + breath_s) * SAMPLE_RATE)
                begin_s = (now + silent) / SAMPLE_RATE
                seed, here = piece_seed(made.seed, sentence.number), from_then(track, begin_s)
                plain = speakers.say(sentence.spoken, who, spoken_in, seed, own)
                spoken = render(plain, sentence.tokens, speakers.dress(who, spoken_in, plain), self._feeling, here, seed)
                audio = given_back(steps.done("speak", audio=spoken.audio)["audio"], len(spoken.audio))
                end_s = begin_s + len(audio) / SAMPLE_RATE
                pause_s = sentence.tokens[-1].pause_s
                if pause_s is None:
                    pause_s = TAIL_S if sentence.number == last else _pause_s(track, end_s)
                whole = np.concatenate([np.zeros(silent, np.float32), audio, np.zeros(round(pause_s * SAMPLE_RATE), np.float32)])
                if sound is not None:
                    heard = nonverbal.sounded(sound, spoken.felt.frames, audio, np.random.default_rng([seed, 3]))
                    whole = nonverbal.placed(sound, heard, whole, silent, silent + len(audio))
                if kind := own or (sound.kind if sound else ""):
                    at_s = end_s if sound and not sound.before else begin_s
                    made.facts.setdefault("sounds", []).append([kind, round(at_s, 3)])
                part = _Part(sentence, spoken, whole, begin_s, end_s)
                now += len(part.sound)
                if now > LIMITS.render_s * SAMPLE_RATE:
                    found = f"more than {LIMITS.render_s:.0f} s of speech, the limit (limits.render_s)"
                    raise LimitError("text", found, "Speak it in parts.")
                if line.auto:
                    felt = line.feelings[: sentence.number]
                    old = made.emotion.keyframes if sentence.number > 1 else ()
                    made.emotion = EmotionTrack((*old, *(Keyframe(round(t, 3), felt[-1]) for t in (begin_s, end_s))))
                yield part

    @property
    def _feeling(self) -> Feeling:
        found: Feeling = self.feeling
        return found


class RuleSpeechPipeline(SpeechPipeline):
    """The same voices, moved by published rules of prosody alone: what a learnt feeling is measured against."""

    @classmethod
    def embedded(cls) -> RuleSpeechPipeline:
        """Built from the tables that ship with emogen."""
        return cls(VoiceCodec(), ProsodyRules())


@dataclass(frozen=True, eq=False)
class _Part:
    """One sentence of an output: its sound with what lies before and behind it, and when its words begin and end."""

    sentence: Sentence
    spoken: Spoken
    sound: Samples
    begin_s: float
    end_s: float


def _joined(parts: list[_Part], made: Made) -> SpeechOutput:
    sound: list[Samples] = []
    words: list[tuple[str, float, float]] = []
    phones: list[tuple[str, float, float]] = []
    marks: list[tuple[str, float]] = []
    for part in parts:
        sound.append(part.sound)
        words += [(w, a + part.begin_s, b + part.begin_s) for w, a, b in part.spoken.words]
        phones += [(p.ipa, p.start_s + part.begin_s, p.end_s + part.begin_s) for p in part.spoken.phones]
        starts = {i: a + part.begin_s for i, a, _ in part.spoken.tokens}
        for name, index in part.sentence.bookmarks:
            marks.append((name, min((t for i, t in starts.items() if i >= index), default=part.end_s)))
    made.facts["marks"] = [[name, round(time_s, 3)] for name, time_s in marks]
    curves = Curves.of([(part.begin_s, part.spoken.felt) for part in parts])
    return SpeechOutput(np.concatenate(sound), SAMPLE_RATE, tuple(words), tuple(phones), curves, made)


def _pause_s(track: EmotionTrack, at_s: float) -> float:
    """The pause between two sentences as the emotion of the moment has it."""
    valence, activation, _ = track.at(at_s).vad
    return PAUSE_S * 2.0 ** float(PAUSE_A * activation + PAUSE_VV * valence**2)


@dataclass(frozen=True)
class _Line:
    """One text of a call, ready to be spoken; `feelings` has one emotion a sentence where `auto`, `asked` is its form."""

    text: str
    sentences: tuple[Sentence, ...]
    warnings: tuple[str, ...]
    auto: bool
    feelings: tuple[Emotion, ...]
    asked: str


def _lines(text: Any, emotion: Any, language: Language) -> tuple[Any, Any]:
    """The texts made ready, and the emotions without "auto": one of each, or lists."""
    many = isinstance(text, (list, tuple))
    texts = list(text) if many else [text]
    given = list(emotion) if many and isinstance(emotion, (list, tuple)) else [emotion] * len(texts)
    lines = []
    for i, content in enumerate(texts):
        sentences, warnings = sentences_of(content, language)
        wanted = given[i] if i < len(given) else None
        auto = isinstance(wanted, BySentence) or (isinstance(wanted, str) and wanted.strip().lower() == AUTO)
        feelings = wanted.emotions if isinstance(wanted, BySentence) else _read_emotions(sentences) if auto else ()
        if auto and len(feelings) != len(sentences):
            raise InputError("emotion", f"{len(feelings)} emotions for {len(sentences)} sentences")
        asked = " | ".join(map(str, feelings)) if isinstance(wanted, BySentence) else AUTO if auto else ""
        lines.append(_Line(content, tuple(sentences), tuple(warnings), auto, feelings, asked))
    plain = [None if isinstance(e, BySentence) or (isinstance(e, str) and e.strip().lower() == AUTO) else e for e in given]
    return (lines, plain) if many else (lines[0], plain[0])


def _read_emotions(sentences: list[Sentence]) -> tuple[Emotion, ...]:
    from emogen.conditioning.text import TextRecognizer

    found = TextRecognizer.load("embedded").curve([sentence.text for sentence in sentences])
    return tuple(recognition.emotion for recognition in found)


def given_back(audio: Any, count: int) -> Samples:
    """A sentence as a callback gave it back."""
    found = np.asarray(audio, dtype=np.float32)
    if found.shape != (count,) or not np.isfinite(found).all() or np.abs(found).max(initial=0.0) > 1.0:
        accepted = f"Accepted: [{count}], -1..1."
        raise InputError("callback_on_step_end", f"returned audio of shape {list(found.shape)}", accepted)
    return found
