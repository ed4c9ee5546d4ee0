"""The kinds of speech models in transformers that are spoken with, and how each is asked.

Checked against transformers 5.23. What is known but not spoken with stands in `REFUSED`, with the reason.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.errors import CheckpointError, EmogenError, InputError
from emogen.models.speaker_table import SpeakerTable
from emogen.pipelines.opening import drawn_from
from emogen.pipelines.speech.backends.alignment import Span
from emogen.pipelines.speech.backends.heavy import Ask, Said
from emogen.pipelines.speech.backends.saying import BETWEEN_S, cut, sampled_hash, spans_of

#: model_type -> why it is not spoken with.
REFUSED = {
    "vibevoice": "it is asked through a dialogue with voice samples, which was not tried",
    "higgs_audio_v2": "it is asked through a chat about a scene, which was not tried",
    "gradium_phonon_tts": "its voices are latents of a codec of its own, which was not tried",
    "qwen2_5_omni": "it answers instead of reading aloud",
    "qwen3_omni_moe": "it answers instead of reading aloud",
    "seamless_m4t": "it translates instead of reading aloud",
    "seamless_m4t_v2": "it translates instead of reading aloud",
    "musicgen": "it makes music",
    "musicgen_melody": "it makes music",
}


class Kind(ABC):
    """One loaded model as an `Engine`; a subclass knows one kind of model.

    Args:
        model: The network.
        processor: What makes its input out of text.
        vocoder: Spectrogram -> sound, where the network gives a spectrogram.
        table: Vectors of speakers, where it wants one.
        facts: For the sidecar.
    """

    model_class: ClassVar[str]
    processor_class: ClassVar[str] = "AutoTokenizer"
    #: Whether it is large enough to be run in bf16 on CUDA.
    large: ClassVar[bool] = False
    #: Class of the network that turns its spectrogram into sound, and where that is found without one beside the model.
    vocoder_class: ClassVar[str] = ""
    vocoder_id: ClassVar[str] = ""
    wants_vector: ClassVar[bool] = False
    #: Sound beside words -> what is written into the text for it, before or after.
    tags: ClassVar[dict[str, str]] = {}
    longest_chars: ClassVar[int] = 10_000
    #: Said where it is not `steady`.
    warning: ClassVar[str] = ""
    clones: bool = False
    needs_reference: bool = False

    def __init__(self, model: Any, processor: Any, vocoder: Any, table: SpeakerTable | None, facts: dict[str, Any]) -> None:
        self.model, self.processor, self.vocoder, self.table = model, processor, vocoder, table
        self.name = f"transformers/{model.config.model_type}"
        self.sounds = frozenset(self.tags)
        self.facts = {"speaker_model": facts}
        licence = [] if facts["licence"] == "not stated" else [f"Licence of the speech model: {facts['licence']}."]
        self.speakers = self.found_speakers()
        self.notes = tuple(licence + ([self.warning] if self.warning and not self.steady else []))

    def found_speakers(self) -> tuple[str, ...]:
        """Names of its voices, the default first."""
        return tuple(self.table.config.names) if self.table is not None else ()

    @property
    def steady(self) -> bool:
        """Whether a speaker has the same voice in every sentence."""
        return not self.warning

    def say(self, ask: Ask) -> Said:
        """Says a sentence; as `Engine.say`."""
        before, after = self.tags.get(ask.sound, ""), ""
        if ask.sound == "laugh":
            before, after = after, before
        pieces = cut(ask.text, self.longest_chars)
        pieces[0] = f"{before} {pieces[0]}".strip()
        pieces[-1] = f"{pieces[-1]} {after}".strip()
        try:
            with drawn_from(ask.seed):
                said = [self.spoken(piece, ask) for piece in pieces]
        except (RuntimeError, ValueError, IndexError, KeyError, TypeError, AssertionError) as error:
            reason = str(error).strip().splitlines()
            raise EmogenError(self.name, f"could not say {ask.text[:40]!r}: {reason[0][:160] if reason else error!r}") from error
        rate = self.rate()
        gap = np.zeros(round(BETWEEN_S * rate), np.float32)
        sounds = [x for sound, _ in said for x in (gap, sound)][1:]
        return Said(np.concatenate(sounds), rate, said[0][1] if len(said) == 1 else None)

    @abstractmethod
    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """The sound [n] of a text, and when its words are said where that is known."""

    @abstractmethod
    def rate(self) -> int:
        """Of its sound, Hz."""

    def hashes(self) -> dict[str, str]:
        """Network -> a hash of a sample of its weights."""
        parts = {"tts": self.model, "vocoder": self.vocoder, "speakers": self.table}
        return {name: sampled_hash(part) for name, part in parts.items() if part is not None}

    def _ids(self, text: str) -> torch.Tensor:
        """[1, n] of what the tokenizer keeps of a text."""
        try:
            found = self.processor(text, return_tensors="pt")["input_ids"]
        except ImportError as error:
            raise missing(self.name, error) from error
        if found.shape[-1] < 2:
            raise InputError("text", f"the model has no letters for {text[:40]!r}", "Accepted: words in its language.")
        return found.to(self.model.device)


class Vits(Kind):
    """VITS and MMS-TTS: letters or phonemes -> sound, with durations of its own."""

    model_class = "VitsModel"

    def found_speakers(self) -> tuple[str, ...]:
        """By number."""
        count = self.model.config.num_speakers
        return tuple(str(i) for i in range(count)) if count > 1 else ()

    def rate(self) -> int:
        """Of its sound, Hz."""
        return int(self.model.config.sampling_rate)

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        ids = self._ids(text)
        steps: list[torch.Tensor] = []
        hook = self.model.duration_predictor.register_forward_hook(lambda _, __, out: steps.append(out))
        try:
            out = self.model(ids, speaker_id=int(ask.speaker) if ask.speaker else None)
        finally:
            hook.remove()
        frames = torch.ceil(torch.exp(steps[0][0, 0]) / self.model.speaking_rate).cpu().numpy()
        step_s = math.prod(self.model.config.upsample_rates) / self.rate()
        letters = self.processor.convert_ids_to_tokens(ids[0].tolist())
        sound = out.waveform[0, : int(out.sequence_lengths[0])]
        return _array(sound), spans_of(letters, self.processor.add_blank, frames * step_s, text)


class SpeechT5(Kind):
    """SpeechT5: letters and an x-vector -> spectrogram, HiFi-GAN -> sound."""

    model_class = "SpeechT5ForTextToSpeech"
    vocoder_class, vocoder_id = "SpeechT5HifiGan", "microsoft/speecht5_hifigan"  # transformers' own default
    wants_vector = True

    def rate(self) -> int:
        """Of its sound, Hz."""
        return int(self.vocoder.config.sampling_rate)

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        assert self.table is not None
        vector = self.table.vector(ask.speaker)[None].to(self.model.device, self.model.dtype)
        return _array(self.model.generate_speech(self._ids(text), vector, vocoder=self.vocoder)), None


FASTSPEECH2_HZ = 22_050  # of LJSpeech, which the published ones learnt from; their configurations do not say it


class FastSpeech2(Kind):
    """FastSpeech2 with conformers: phonemes -> spectrogram, HiFi-GAN -> sound."""

    model_class = "FastSpeech2ConformerModel"
    vocoder_class, vocoder_id = "FastSpeech2ConformerHifiGan", "espnet/fastspeech2_conformer_hifigan"

    @property
    def _config(self) -> Any:
        return self.model.config

    def found_speakers(self) -> tuple[str, ...]:
        """By number, or as the table names them."""
        count = self._config.num_speakers or 0
        return tuple(str(i) for i in range(count)) if count > 1 else super().found_speakers()

    def rate(self) -> int:
        """Of its sound, Hz."""
        return FASTSPEECH2_HZ

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        out = self.model(self._ids(text), return_dict=True, **self._who(ask))
        return _array(self.vocoder(out.spectrogram).squeeze()), None

    def _who(self, ask: Ask) -> dict[str, torch.Tensor]:
        if self._config.speaker_embed_dim:
            if self.table is None:
                raise CheckpointError(self.name, "wants a vector of who speaks", NO_TABLE)
            return {"speaker_embedding": self.table.vector(ask.speaker)[None].to(self.model.device)}
        if self._config.num_speakers and self._config.num_speakers > 1:
            return {"speaker_ids": torch.tensor([[int(ask.speaker or 0)]], device=self.model.device)}
        return {}


class FastSpeech2WithHifiGan(FastSpeech2):
    """The same with its HiFi-GAN inside."""

    model_class = "FastSpeech2ConformerWithHifiGan"
    vocoder_class = vocoder_id = ""

    @property
    def _config(self) -> Any:
        return self.model.config.model_config

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        out = self.model(self._ids(text), return_dict=True, **self._who(ask))
        return _array(out.waveform.squeeze()), None


class Bark(Kind):
    """Bark: text -> semantic, coarse and fine tokens -> sound; voices are presets."""

    model_class, processor_class = "BarkModel", "BarkProcessor"
    large = True
    tags = {"sigh": "[sighs]", "gasp": "[gasps]", "laugh": "[laughs]"}  # noqa: RUF012 - suno/bark, model card
    longest_chars = 180  # it ends after 15 s (768 semantic tokens at 49.9 a second)
    warning = "Bark chooses its voice anew for each sentence, for want of voice presets in its folder."

    @property
    def steady(self) -> bool:
        """With presets."""
        return bool(self.speakers)

    def found_speakers(self) -> tuple[str, ...]:
        """The presets that come with it; English ones first."""
        return tuple(sorted(self.processor.available_voice_presets, key=lambda name: ("en_speaker" not in name, name)))

    def rate(self) -> int:
        """Of its sound, Hz."""
        return int(self.model.generation_config.sample_rate)

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        given = self.processor(text, voice_preset=ask.speaker or None).to(self.model.device)
        return _array(self.model.generate(**given)[0]), None


class Csm(Kind):
    """CSM: text of a numbered speaker -> codebook tokens -> sound."""

    model_class, processor_class = "CsmForConditionalGeneration", "CsmProcessor"
    large = True
    warning = "CSM chooses its voice anew for each sentence."

    def found_speakers(self) -> tuple[str, ...]:
        """Numbers; what voice they have is up to the model."""
        return ("0", "1")

    def rate(self) -> int:
        """Of its sound, Hz."""
        return int(self.model.config.codec_config.sampling_rate)

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        given = self.processor(f"[{ask.speaker or 0}]{text}", add_special_tokens=True, return_tensors="pt").to(self.model.device)
        frames = math.ceil(ask.longest_s * self.model.config.codec_config.frame_rate)
        return _array(self.model.generate(**given, output_audio=True, max_new_tokens=frames)[0]), None


class Dia(Kind):
    """Dia: text with speaker tags -> codebook tokens -> sound."""

    model_class, processor_class = "DiaForConditionalGeneration", "DiaProcessor"
    large = True
    #: nari-labs/dia, README.
    tags = {"sigh": "(sighs)", "gasp": "(gasps)", "inhale": "(inhales)", "laugh": "(laughs)"}  # noqa: RUF012
    warning = "Dia chooses its voice anew for each sentence."

    def found_speakers(self) -> tuple[str, ...]:
        """The two of its dialogues."""
        return ("S1", "S2")

    def rate(self) -> int:
        """Of its sound, Hz."""
        return int(self.processor.feature_extractor.sampling_rate)

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        given = self.processor(text=[f"[{ask.speaker or 'S1'}] {text}"], padding=False, return_tensors="pt").to(self.model.device)
        hop = math.prod(self.processor.audio_tokenizer.config.downsampling_ratios)
        steps = math.ceil(ask.longest_s * self.rate() / hop) + max(self.model.config.delay_pattern)
        codes = self.model.generate(**given, max_new_tokens=steps)
        return _array(self.processor.batch_decode(codes)[0]), None


class PocketTTS(Kind):
    """Pocket TTS: text and a recording of a voice -> latents -> sound in that voice."""

    model_class, processor_class = "PocketTTSForConditionalGeneration", "PocketTTSProcessor"
    clones = needs_reference = True

    def rate(self) -> int:
        """Of its sound, Hz."""
        return int(self.processor.feature_extractor.sampling_rate)

    def spoken(self, text: str, ask: Ask) -> tuple[NDArray[np.float32], list[Span] | None]:
        """As `Kind.spoken`."""
        said = [{"role": "user", "content": [{"type": "audio"}, {"type": "text", "text": text}]}]
        prompt = self.processor.apply_chat_template(said, tokenize=False)
        voice = ask.voice(self.rate())
        given = self.processor(text=prompt, audio=[voice], sampling_rate=self.rate(), return_tensors="pt")
        frames = math.ceil(ask.longest_s * self.model.config.frame_rate)
        out = self.model.generate(**given.to(self.model.device), max_new_tokens=frames, return_dict_in_generate=True)
        return _array(self.processor.decode(out.audio_latents, out.audio_latents_mask)[0]), None


KINDS: dict[str, type[Kind]] = {
    "vits": Vits,
    "speecht5": SpeechT5,
    "fastspeech2_conformer": FastSpeech2,
    "fastspeech2_conformer_with_hifigan": FastSpeech2WithHifiGan,
    "bark": Bark,
    "csm": Csm,
    "dia": Dia,
    "pocket_tts": PocketTTS,
}
NO_TABLE = (
    'Put speakers.safetensors into its folder (name -> vector), or give speakers=: such a file, a .npy of one vector,'
    " or {name: vector}."
)


def missing(where: str, error: ImportError) -> EmogenError:
    """What to install where a tokenizer lacks a package of its own."""
    from emogen.errors import BackendMissing

    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    install = next((line for line in lines if "pip install" in line), "")
    return BackendMissing(where, lines[0][:160] if lines else repr(error), install[:160])


def listed(names: Iterable[str]) -> str:
    """For messages."""
    return ", ".join(sorted(names))


def _array(sound: torch.Tensor) -> NDArray[np.float32]:
    return np.atleast_1d(sound.detach().float().cpu().numpy().squeeze())
