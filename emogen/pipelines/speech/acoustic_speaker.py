"""The embedded voices of English: sounds from the phoneme source, spoken by the acoustic model instead of espeak-ng.

espeak-ng says which sounds a text has; when they sound and how comes from `emogen.models.acoustic`. Other languages
stay with espeak-ng's own voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from emogen.checkpoints import check_safe, checkpoint_folder
from emogen.codecs.voice import FRAME_S, VoiceCodec, VoiceFrames
from emogen.codecs.voice_slow import HZ
from emogen.conditioning.learned import WEIGHTS, one_thread
from emogen.errors import CheckpointError, InputError
from emogen.models.acoustic import STEP_FRAMES, AcousticModel
from emogen.pipelines.speech.acoustic_input import PAUSE, Sound, figures_of, known_symbol, sounds_of
from emogen.pipelines.speech.languages import Language
from emogen.pipelines.speech.phonemes import EspeakSource, Phone, PhonemeSource, Utterance, Word
from emogen.pipelines.speech.speaker import EspeakSpeaker, Plain
from emogen.pipelines.speech.voices import Voice

CHECKPOINT = "voices"
ESPEAK = "en-us"  # what the phoneme source calls the language that the model learnt
#: Factor on the movement of log-F0: what is learnt as a mean moves less than the teachers do, 0.77 to 0.87 of them on
#: held-out sentences.
LIVELIER = 1.2
FLOOR_POWER = 1e-7  # as in `polish`
#: What people's neutral speech has more of than that of the model, which learnt its colour from its teachers: dB at
#: octaves, straight between them and held outside. Measured in voiced sounds (levels of mel bands, against their mean):
#: men and women of EmoDB and nEMO against the model's speakers, mixed as in each of `VOICES`; the mean difference, least
#: squares. One for all voices, so that they differ as they did; nothing above 2 kHz, where the hisses are.
COLOUR_HZ = (125.0, 250.0, 500.0, 1_000.0, 2_000.0)
COLOUR_DB = (-5.0, -2.5, -1.0, 3.0, 0.0)
_COLOUR = 10.0 ** (np.interp(np.log(np.maximum(HZ, 1.0)), np.log(COLOUR_HZ), COLOUR_DB) / 10.0)


def mix_of(written: str, speakers: Sequence[str]) -> NDArray[np.float32]:
    """Shares of the speakers [S], which sum to 1, from "slt", or "slt:0.7+rms:0.3".

    Raises:
        InputError: An unknown speaker, a share that is no number above 0, or nothing.
    """
    shares = np.zeros(len(speakers), np.float32)
    for part in written.split("+"):
        name, _, share = part.strip().partition(":")
        if name not in speakers:
            raise InputError("voice speaker", f"unknown speaker {name!r:.40}", f"There are: {', '.join(speakers)}.")
        try:
            value = float(share or 1.0)
        except ValueError:
            value = float("nan")
        if not 0.0 < value < np.inf:
            raise InputError("voice speaker", f"{part!r:.40} has no share", 'Accepted: "slt", "slt:0.7+rms:0.3".')
        shares[speakers.index(name)] += value
    return np.asarray(shares / shares.sum(), dtype=np.float32)


class AcousticSpeaker:
    """Speaks English with the acoustic model. Use it as a context.

    Args:
        source: "embedded", or the folder of a checkpoint of the same form.

    Raises:
        CheckpointError: The checkpoint is missing or altered.
        RightsError: It is for research only and `EMOGEN_COMMERCIAL` is set.
    """

    def __init__(self, source: str | Path = "embedded") -> None:
        self._model = load_model(source)
        self._codec = VoiceCodec()
        self._source: PhonemeSource = EspeakSource()

    def __enter__(self) -> AcousticSpeaker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers that can be mixed."""
        return tuple(self._model.config.speakers)

    def speak(self, text: str, voice: Voice, language: Language) -> Plain:
        """Speaks one sentence; of the voice, `speaker` alone counts here.

        Raises:
            InputError: Nothing in it can be spoken, or the model has no such speaker.
            EmogenError: espeak-ng is missing or failed.
        """
        mix = mix_of(voice.speaker, self.speakers)
        said = self._source.phonemes(text, variant="", language=language)
        sounds = framed(sounds_of(said.phones, said.words))
        steps, rows = self._run(sounds, mix)
        frames = self._codec.unpack(rows)
        envelope = np.maximum(frames.envelope * _COLOUR, FLOOR_POWER)
        frames = VoiceFrames(_livelier(frames.f0_hz), envelope, frames.aperiodicity)
        ends = np.cumsum(steps) * STEP_FRAMES * FRAME_S
        return Plain(frames, *_timed(said, ends))

    def close(self) -> None:
        """Ends espeak-ng's process."""
        self._source.close()

    def _run(self, sounds: Sequence[Sound], mix: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Steps of each sound and the codec's representation."""
        symbols = list(self._model.config.symbols)
        numbers = torch.tensor([symbols.index(known_symbol(sound.symbol, symbols)) for sound in sounds])
        with one_thread():
            steps, rows = self._model.speak(numbers, torch.from_numpy(figures_of(sounds)), torch.from_numpy(mix))
        return steps.numpy(), rows.numpy()


def framed(sounds: Sequence[Sound]) -> list[Sound]:
    """The sounds of a sentence between two silences, as the model learnt them."""
    return [Sound(PAUSE, 0, -1, sounds[0].end), *sounds, Sound(PAUSE, 0, -1, sounds[-1].end)]


def _livelier(f0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """F0 [T] Hz, 0 where unvoiced, with its movement around its mean made larger."""
    voiced = f0_hz > 0
    found = f0_hz.copy()
    if voiced.any():
        logs = np.log(f0_hz[voiced])
        found[voiced] = np.exp(logs.mean() + LIVELIER * (logs - logs.mean()))
    return found


def _timed(said: Utterance, ends: NDArray[np.float64]) -> tuple[tuple[Phone, ...], tuple[Word, ...]]:
    """The phones and words of the phoneme source at the times of the model: `ends` of each sound, silences included."""
    spoken = [i for i, phone in enumerate(said.phones) if phone.ipa]
    inside = said.phones[spoken[0] : spoken[-1] + 1]
    starts = np.r_[0.0, ends[:-1]]
    names = ["", *(phone.ipa for phone in inside), ""]
    phones = tuple(Phone(n, float(a), float(b)) for n, a, b in zip(names, starts, ends, strict=True))
    before = np.array([*(phone.start_s for phone in inside), inside[-1].end_s])
    after = starts[1:]

    def moved(time_s: float) -> float:
        return float(np.interp(time_s, before, after))

    return phones, tuple(Word(w.text, moved(w.start_s), moved(w.end_s)) for w in said.words)


def load_model(source: str | Path = "embedded") -> AcousticModel:
    """The acoustic model of a checkpoint, in float32.

    Raises:
        CheckpointError: The checkpoint is missing, altered or not ours.
        RightsError: It is for research only and `EMOGEN_COMMERCIAL` is set.
    """
    folder = checkpoint_folder(CHECKPOINT) if str(source) == "embedded" else Path(source)
    if not folder.is_dir():
        raise CheckpointError(str(source), "is no folder", 'Accepted: "embedded", or the folder of a checkpoint.')
    check_safe(folder)
    return _loaded(folder)


@cache
def _loaded(folder: Path) -> AcousticModel:
    try:
        model = AcousticModel.from_config(AcousticModel.load_config(folder))
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, RuntimeError, TypeError, SafetensorError) as error:
        raise CheckpointError(str(folder), f"is no acoustic model: {str(error).splitlines()[0][:120]}") from error
    return model.eval()


def speaks(voice: Voice, language: Language) -> bool:
    """Whether the acoustic model speaks this voice in this language."""
    return bool(voice.speaker) and language.espeak == ESPEAK


def speaker_for(voice: Voice, language: Language) -> AcousticSpeaker | EspeakSpeaker:
    """Who speaks a language with a voice: the acoustic model English, espeak-ng the others.

    A voice without an acoustic speaker (`voice.speaker` empty) is spoken by espeak-ng in every language.
    """
    return AcousticSpeaker() if speaks(voice, language) else EspeakSpeaker()


def voice_for(voice: Voice, language: Language) -> Voice:
    """The voice as `render` is to take it: with the formants of who speaks it in this language."""
    if voice.speaker_formants is None or not speaks(voice, language):
        return voice
    return replace(voice, formant_ratio=voice.speaker_formants)
