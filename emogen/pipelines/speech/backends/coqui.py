"""`coqui:FOLDER_OR_MODEL_ID`: a model of coqui-tts speaks (XTTS, YourTTS and other VITS), our conversion feels.

Nothing is fetched and nobody is asked: a model id must lie in coqui-tts' own cache already. Checkpoints are read by
torch's restricted unpickler, or from safetensors, and never written; what a configuration names is looked for in the
model's own folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from emogen.codecs.voice import SAMPLE_RATE, VoiceCodec
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import BackendMissing, CheckpointError, EmogenError, InputError
from emogen.pipelines.opening import drawn_from
from emogen.pipelines.speech.backends import coqui_files
from emogen.pipelines.speech.backends.coqui_files import Found
from emogen.pipelines.speech.backends.heavy import Ask, HeavySpeechPipeline, Said
from emogen.pipelines.speech.backends.saying import BETWEEN_S, cut, sampled_hash
from emogen.pipelines.speech.backends.torchaudio_part import standing_in
from emogen.pipelines.speech.backends.transformers_tts import check_licence, device_of
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.pipelines.speech.languages import Language
from emogen.pipelines.speech.prosody import ProsodyRules

LONGEST_CHARS = {"xtts": 200, "vits": 10_000}  # XTTS warns above 250 characters of English, fewer of others
INSTALL = "Install it: pip install coqui-tts (or emogen[coqui])."


class CoquiEngine:
    """A loaded model as an `Engine`.

    Args:
        model: Of coqui-tts.
        facts: For the sidecar: kind, source, licence.
    """

    sounds: frozenset[str] = frozenset()

    def __init__(self, model: Any, facts: dict[str, Any]) -> None:
        self.model, self._kind = model, str(facts["kind"])
        self.name = f"coqui/{self._kind}"
        self.facts: dict[str, Any] = {"speaker_model": facts}
        manager = getattr(model, "speaker_manager", None)
        self.speakers: tuple[str, ...] = tuple(manager.speaker_names) if manager is not None else ()
        self.clones = self._kind == "xtts" or getattr(manager, "encoder", None) is not None
        self.needs_reference = self.clones and not self.speakers
        licence = facts["licence"]
        says = coqui_files.XTTS_SAYS if self._kind == "xtts" else licence
        self.notes: tuple[str, ...] = () if licence == "not stated" else (f"Licence of the speech model: {says}.",)

    def say(self, ask: Ask) -> Said:
        """Says a sentence; as `Engine.say`."""
        rate = int(self.model.config.audio.get("output_sample_rate") or self.model.config.audio["sample_rate"])
        language = self._language(ask.language)
        gap = np.zeros(round(BETWEEN_S * rate), np.float32)
        try:
            with _reference_file(ask) as voice, drawn_from(ask.seed):
                pieces = cut(ask.text, LONGEST_CHARS[self._kind])
                sounds = [x for piece in pieces for x in (gap, self._spoken(piece, ask.speaker or None, voice, language))]
        except (RuntimeError, ValueError, IndexError, KeyError, TypeError, AssertionError, AttributeError, OSError) as error:
            reason = str(error).strip().splitlines()
            raise EmogenError(self.name, f"could not say {ask.text[:40]!r}: {reason[0][:160] if reason else error!r}") from error
        return Said(np.concatenate(sounds[1:]), rate)

    def hashes(self) -> dict[str, str]:
        """Network -> a hash of a sample of its weights."""
        return {"tts": sampled_hash(self.model)}

    def _spoken(self, text: str, speaker: str | None, voice: str | None, language: str | None) -> NDArray[np.float32]:
        found = self.model.synthesize(text=text, speaker=None if voice else speaker, speaker_wav=voice, language=language)
        return np.atleast_1d(np.asarray(found["wav"], np.float32).squeeze())

    def _language(self, asked: Language) -> str | None:
        """The model's own code of a language; None where it knows one alone.

        Raises:
            InputError: It knows others.
        """
        manager = getattr(self.model, "language_manager", None)
        names = list(self.model.config.languages if self._kind == "xtts" else manager.language_names if manager else [])
        if self._kind != "xtts" and len(names) < 2:
            return None
        short = asked.code.partition("-")[0]
        for name in (asked.code, short, *(n for n in names if n.partition("-")[0] == short)):
            if name in names:
                return name
        raise InputError("language", f"{self.name} does not speak {asked.code!r}", f"Accepted: {', '.join(names)}.")


class CoquiSpeechPipeline(HeavySpeechPipeline):
    """A model of coqui-tts that speaks.

    Args:
        codec: Takes voices apart and puts them together.
        feeling: What an emotion does to a voice.
        model: Of coqui-tts, loaded.
        facts: Kind, source and licence of it.
    """

    def __init__(self, codec: VoiceCodec, feeling: VoiceConversionPipeline | ProsodyRules, model: Any = None,
                 facts: dict[str, Any] | None = None) -> None:  # fmt: skip
        super().__init__(codec, feeling)
        self._model, self._facts = model, dict(facts or {})

    @classmethod
    def embedded(cls) -> CoquiSpeechPipeline:
        """There is none."""
        raise InputError("backend", '"coqui" without a model', "Write coqui:FOLDER_OR_MODEL_ID.")

    @classmethod
    def from_pretrained(cls, source: str | Path = "embedded", *,  # type: ignore[override]
                        feeling: VoiceConversionPipeline | ProsodyRules | None = None) -> CoquiSpeechPipeline:  # fmt: skip
        """Opens a model.

        Args:
            source: A folder with config.json and model.safetensors or model.pth, or the id of a model that
                coqui-tts fetched before, such as "tts_models/multilingual/multi-dataset/xtts_v2".
            feeling: What an emotion does to a voice; None: the conversion that ships with emogen.

        Raises:
            BackendMissing: coqui-tts, or what its phonemizer wants, is not installed.
            CheckpointError: Missing, unsafe, broken, or of no kind that can be spoken with.
            RightsError: Its licence is non-commercial and `EMOGEN_COMMERCIAL` is set.
        """
        if str(source) == "embedded":
            return cls.embedded()
        if find_spec("TTS") is None:
            raise BackendMissing("coqui", "the package coqui-tts is not installed", INSTALL)
        with standing_in():
            found = coqui_files.find(source)
            check_licence(found.name, found.licence)
            model = _loaded(found)
        facts = {"source": found.name, "kind": found.kind, "licence": found.licence}
        chosen = feeling if feeling is not None else VoiceConversionPipeline.from_pretrained("embedded")
        return cls(VoiceCodec(), chosen, model, facts)

    def to(self, *args: Any, **kwargs: Any) -> CoquiSpeechPipeline:
        """Moves the model too; its numbers stay float32."""
        super().to(*args, **kwargs)
        device = device_of(args, kwargs)
        if device is not None:
            self._model.to(device)
        return self

    def save_pretrained(self, *_: Any, **__: Any) -> None:
        """Models of coqui-tts are opened from their own folder.

        Raises:
            InputError: Always.
        """
        raise InputError("save_pretrained", "a model of coqui-tts keeps its own form", "Open it from its folder again.")

    @property
    def engine(self) -> CoquiEngine:
        """The model, ready to be asked."""
        return CoquiEngine(self._model, self._facts)


def _loaded(found: Found) -> Any:
    """The model, in evaluation mode on the CPU."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            model = coqui_files.build(found, Path(folder))
    except (EmogenError, KeyboardInterrupt):
        raise
    except ImportError as error:
        raise BackendMissing("coqui", _reason(error), INSTALL) from error
    except Exception as error:  # coqui-tts raises bare exceptions of many kinds while it builds a model
        if "espeak" in str(error).lower() or "phonemizer" in str(error).lower():
            raise BackendMissing(found.name, _reason(error), "Install espeak-ng (Debian: apt install espeak-ng).") from error
        raise CheckpointError(found.name, f"could not be opened: {_reason(error)}") from error
    model.eval()  # gives nothing back for XTTS
    return model


@contextmanager
def _reference_file(ask: Ask) -> Iterator[str | None]:
    """The voice to be cloned as a file, which is how coqui-tts wants it."""
    if ask.reference is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, standing_in():
        path = Path(folder) / "voice.wav"
        soundfile.write(path, ask.voice(SAMPLE_RATE), SAMPLE_RATE, subtype="PCM_16")
        yield str(path)


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:160] if lines else repr(error)[:160]
