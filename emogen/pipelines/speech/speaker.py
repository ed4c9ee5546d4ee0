"""Who speaks plainly: text -> the frames of a voice without feeling, with the times of its phones and words.

What feels (`render`) comes after and is the same for every speaker. espeak-ng speaks the languages it has; other
speakers (the embedded acoustic model, a heavy backend) stand behind the same interface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import VoiceFrames, analyze
from emogen.pipelines.speech import contour
from emogen.pipelines.speech.languages import Language
from emogen.pipelines.speech.phonemes import EspeakSource, Phone, PhonemeSource, Word
from emogen.pipelines.speech.polish import polished
from emogen.pipelines.speech.voices import Voice


@dataclass(frozen=True, eq=False)
class Plain:
    """One sentence, spoken without feeling.

    Attributes:
        frames: Of the voice, every 5 ms.
        phones: In order and without gaps from 0 to the end, pauses (ipa "") included; none where unknown.
        words: As written, in order; pauses lie between them.
        sound: float32 [n], 22 050 Hz: the recording that the frames were taken from, where it is to be kept.
    """

    frames: VoiceFrames
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    sound: NDArray[np.float32] | None = None


class Speaker(Protocol):
    """What speaks a sentence plainly. The same sentence gives the same frames, whatever came before."""

    def speak(self, text: str, voice: Voice, language: Language) -> Plain:
        """Speaks one sentence.

        Args:
            text: As it is to be read.
            voice: Whose voice; what of it the speaker cannot do itself, `render` does.
            language: Of the text.
        """

    def close(self) -> None:
        """Gives back what it holds."""


class EspeakSpeaker:
    """espeak-ng's own voice, taken apart by WORLD. Use it as a context."""

    def __init__(self) -> None:
        self._source: PhonemeSource = EspeakSource()

    def __enter__(self) -> EspeakSpeaker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def speak(self, text: str, voice: Voice, language: Language) -> Plain:
        """Speaks one sentence.

        Raises:
            InputError: Nothing in it can be spoken, or espeak-ng lacks the voice's variant.
            EmogenError: espeak-ng is missing or failed.
        """
        said = self._source.phonemes(text, variant=voice.variant, language=language)
        frames = polished(analyze(said.audio, f0_hz=contour.plain_f0(said)))
        return Plain(frames, said.phones, said.words)

    def close(self) -> None:
        """Ends espeak-ng's process."""
        self._source.close()
