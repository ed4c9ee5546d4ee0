"""Who speaks in one call: the embedded voices here; a heavy backend puts its model in their place."""

from __future__ import annotations

from typing import Any

from emogen.checkpoints import checkpoint_hash
from emogen.pipelines.speech.acoustic_speaker import CHECKPOINT, speaker_for, speaks, voice_for
from emogen.pipelines.speech.languages import Language
from emogen.pipelines.speech.phonemes import ESPEAK_VERSION
from emogen.pipelines.speech.speaker import Plain, Speaker
from emogen.pipelines.speech.voices import Voice, find_voice


class Speakers:
    """The embedded speakers, each opened when it is first needed. Use it as a context.

    Attributes:
        sounds: Kinds of sounds beside words (`emogen.pipelines.speech.nonverbal`) that they make themselves.
    """

    sounds: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._open: dict[tuple[bool, str], Speaker] = {}

    def __enter__(self) -> Speakers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(self, voice: Any) -> Voice:
        """The voice that is meant.

        Raises:
            InputError: There is none of that name.
        """
        return find_voice(voice)

    def models(self, voice: Voice, language: Language) -> dict[str, str]:
        """What speaks -> its hash or version."""
        found = {"espeak-ng": ESPEAK_VERSION}
        return found | {"voices": checkpoint_hash(CHECKPOINT)} if speaks(voice, language) else found

    def say(self, text: str, voice: Voice, language: Language, seed: int, sound: str = "") -> Plain:
        """Speaks one sentence.

        Args:
            text: As it is to be read.
            voice: From `find`.
            language: Of the text.
            seed: Of everything drawn.
            sound: One of `sounds`, to be made beside the words; "": none.
        """
        kind = (speaks(voice, language), language.espeak)
        if kind not in self._open:
            self._open[kind] = speaker_for(voice, language)
        return self._open[kind].speak(text, voice, language)

    def dress(self, voice: Voice, language: Language, said: Plain) -> Voice:
        """The voice as `render` is to take it for what was said."""
        return voice_for(voice, language)

    def close(self) -> None:
        """Gives back what they hold."""
        while self._open:
            self._open.popitem()[1].close()
