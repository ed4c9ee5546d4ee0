"""Text + emotion -> speech. The embedded voice: espeak-ng's phones, WORLD's vocoder, published rules of prosody."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from numpy.typing import NDArray

from emogen.codecs.voice import FRAME_S, SAMPLE_RATE, VoiceCodec
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import write_audio
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.speech.languages import Language, Sentence, find_language, prepare
from emogen.pipelines.speech.phonemes import ESPEAK_VERSION
from emogen.pipelines.speech.prosody import COLUMN, ProsodyRules
from emogen.pipelines.speech.render import render
from emogen.pipelines.speech.speaker import EspeakSpeaker
from emogen.pipelines.speech.voices import DEFAULT_VOICE, Voice, find_voice

#: The emotion that is read from the words themselves.
AUTO = "auto"
PAUSE_S = 0.39  # between sentences; Schroeder et al. 2001: 0.377 s (men) to 0.407 s (women)
LEAD_S = 0.03  # silence before the first word
TAIL_S = 0.12  # silence behind the last word, so that no player cuts it; own assumption
Times = tuple[tuple[str, float, float], ...]


@dataclass
class SpeechOutput(MediaOutput):
    """Speech.

    Attributes:
        audio: float32 [n], mono, peaks below -1 dBFS.
        sample_rate: 22 050 Hz.
        words: (word as written, start, end), seconds in `audio`.
        phones: (IPA, start, end), seconds in `audio`; silence lies between them.
        made: How it came about.
    """

    modality: ClassVar[str] = "speech"
    writers: ClassVar[dict[str, str]] = {".wav": "_write", ".flac": "_write"}

    audio: NDArray[np.float32]
    sample_rate: int
    words: Times
    phones: Times
    made: Made

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds."""
        return len(self.audio) / self.sample_rate

    def facts(self) -> dict[str, Any]:
        """Length, rate, and the times of words and phones."""
        return {
            "duration_s": self.duration_s,
            "sample_rate_hz": self.sample_rate,
            "words": [list(word) for word in self.words],
            "phones": [list(phone) for phone in self.phones],
        }

    def _write(self, path: Path) -> None:
        write_audio(path, self.audio, self.sample_rate, provenance=self.provenance)


class SpeechPipeline(AffectivePipeline):
    """The embedded voice.

    Args:
        codec: Takes the plain voice apart and puts it together.
        rules: What an emotion does to a voice.
    """

    modality: ClassVar[str] = "speech"

    def __init__(self, codec: VoiceCodec, rules: ProsodyRules) -> None:
        super().__init__()
        self.register_modules(codec=codec, rules=rules)

    @classmethod
    def embedded(cls) -> SpeechPipeline:
        """Built from the tables that ship with emogen."""
        return cls(VoiceCodec(), ProsodyRules())

    def __call__(
        self,
        text: str | list[str],
        emotion: Any = None,
        *,
        voice: str | Voice | None = DEFAULT_VOICE,
        language: str = "en",
        seed: Any = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Speaks.

        Args:
            text: What is said, or a list of texts.
            emotion: In the written form, an `Emotion`, a track (its time is the output's), "auto" (read from the
                words, sentence by sentence), or a list of these; None: neutral.
            voice: A name of `VOICES`, or a `Voice`.
            language: A code of `languages.csv`, such as "en", "de", "pt-br".
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
        speaker, spoken_in = find_voice(voice), find_language(language)
        lines, feelings = _lines(text, emotion, spoken_in)

        def make(line: _Line, track: EmotionTrack, used: int) -> Any:
            request = {
                "text": line.text,
                "emotion": AUTO if line.auto else str(track),
                "voice": speaker.to_dict(),
                "language": spoken_in.code,
            }
            models = {"prosody_rules": self.rules.fingerprint(), "espeak-ng": ESPEAK_VERSION}
            made = Made(request, track, used, models=models, warnings=list(line.warnings))
            out = self._speak(line, speaker, spoken_in, callback_on_step_end, made)
            return out if return_dict else out.to_tuple()

        return self.each(make, lines, feelings, seed, generator)

    def _speak(
        self, line: _Line, voice: Voice, language: Language, callback: StepCallback | None, made: Made
    ) -> SpeechOutput:
        """One text, sentence by sentence."""
        parts = [np.zeros(round(LEAD_S * SAMPLE_RATE), np.float32)]
        words: list[tuple[str, float, float]] = []
        phones: list[tuple[str, float, float]] = []
        felt: list[Keyframe] = []
        now = len(parts[0])  # samples
        last = line.sentences[-1].number
        with EspeakSpeaker() as speaker, self.steps(last, callback) as steps:
            for sentence in line.sentences:
                begin_s = now / SAMPLE_RATE
                track = EmotionTrack.of(line.feelings[sentence.number - 1]) if line.auto else made.emotion
                rng = np.random.default_rng([made.seed, sentence.number])
                plain = speaker.speak(sentence.text, voice, language)
                spoken = render(plain, voice, partial(self._cues, track, begin_s), rng)
                audio = _given_back(steps.done("speak", audio=spoken.audio)["audio"], len(spoken.audio))
                words += [(w.text, w.start_s + begin_s, w.end_s + begin_s) for w in spoken.words]
                phones += [(p.ipa, p.start_s + begin_s, p.end_s + begin_s) for p in spoken.phones]
                pause = TAIL_S if sentence.number == last else self._pause_s(track, begin_s + len(audio) / SAMPLE_RATE)
                parts += [audio, np.zeros(round(pause * SAMPLE_RATE), np.float32)]
                now += len(parts[-2]) + len(parts[-1])
                if now > LIMITS.render_s * SAMPLE_RATE:
                    found = f"more than {LIMITS.render_s:.0f} s of speech, the limit (limits.render_s)"
                    raise LimitError("text", found, "Speak it in parts.")
                if line.auto:
                    spans = (begin_s, begin_s + len(audio) / SAMPLE_RATE)
                    felt += [Keyframe(round(t, 3), line.feelings[sentence.number - 1]) for t in spans]
            made.timings.update(steps.timings)
        if line.auto:
            made.emotion = EmotionTrack(tuple(felt))
        return SpeechOutput(np.concatenate(parts), SAMPLE_RATE, tuple(words), tuple(phones), made)

    def _cues(self, track: EmotionTrack, begin_s: float, count: int) -> NDArray[np.float64]:
        """The cues of `count` frames from `begin_s` on."""
        length_s = count * FRAME_S
        if track.duration <= begin_s:
            track = EmotionTrack.of(track.at(begin_s))
        elif begin_s > 0:
            track = track.slice(begin_s, begin_s + length_s)
        samples = track.sample(1.0 / FRAME_S, length_s)
        return self.rules.cues(samples.vad, samples.basic)

    def _pause_s(self, track: EmotionTrack, at_s: float) -> float:
        return PAUSE_S * 2.0 ** float(self._cues(track, at_s, 1)[0, COLUMN["pause"]])


@dataclass(frozen=True)
class _Line:
    """One text of a call, ready to be spoken; `feelings` has one emotion a sentence where `auto`."""

    text: str
    sentences: tuple[Sentence, ...]
    warnings: tuple[str, ...]
    auto: bool
    feelings: tuple[Emotion, ...]


def _lines(text: Any, emotion: Any, language: Language) -> tuple[Any, Any]:
    """The texts made ready, and the emotions without "auto": one of each, or lists."""
    many = isinstance(text, (list, tuple))
    texts = list(text) if many else [text]
    given = list(emotion) if many and isinstance(emotion, (list, tuple)) else [emotion] * len(texts)
    lines = []
    for i, content in enumerate(texts):
        sentences, warnings = prepare(content, language)
        auto = i < len(given) and isinstance(given[i], str) and given[i].strip().lower() == AUTO
        feelings = _read_emotions(sentences) if auto else ()
        lines.append(_Line(content, tuple(sentences), tuple(warnings), auto, feelings))
    plain = [None if isinstance(e, str) and e.strip().lower() == AUTO else e for e in given]
    return (lines, plain) if many else (lines[0], plain[0])


def _read_emotions(sentences: list[Sentence]) -> tuple[Emotion, ...]:
    from emogen.conditioning.text import TextRecognizer

    found = TextRecognizer.load("embedded").curve([sentence.text for sentence in sentences])
    return tuple(recognition.emotion for recognition in found)


def _given_back(audio: Any, count: int) -> NDArray[np.float32]:
    """A sentence as a callback gave it back."""
    found = np.asarray(audio, dtype=np.float32)
    if found.shape != (count,) or not np.isfinite(found).all() or np.abs(found).max(initial=0.0) > 1.0:
        accepted = f"Accepted: [{count}], -1..1."
        raise InputError("callback_on_step_end", f"returned audio of shape {list(found.shape)}", accepted)
    return found
