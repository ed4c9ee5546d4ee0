"""`transformers:PATH_OR_ID`: a text-to-speech model of transformers speaks, our conversion feels.

Weights are read from safetensors alone, and no code out of a checkpoint is run. A folder is read as it is and nothing
is fetched for it; a hub id is fetched as transformers does it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import transformers
from safetensors import SafetensorError
from transformers.utils import cached_file

from emogen.checkpoints import COMMERCIAL_VARIABLE, check_safe, commercial_only
from emogen.codecs.voice import VoiceCodec
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import CheckpointError, InputError, RightsError
from emogen.models.speaker_table import SpeakerTable
from emogen.pipelines.speech.backends.heavy import HeavySpeechPipeline
from emogen.pipelines.speech.backends.transformers_kinds import KINDS, NO_TABLE, REFUSED, Kind, listed, missing
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.pipelines.speech.prosody import ProsodyRules

SPEAKERS = "speakers.safetensors"
VOCODER = "vocoder"  # folder beside the model
CARD = "README.md"
#: Words in the name of a licence that forbids commercial use.
NON_COMMERCIAL = ("-nc", "non-commercial", "noncommercial", "cpml", "coqui-public-model")
FAILURES = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, AssertionError, SafetensorError)


class TransformersSpeechPipeline(HeavySpeechPipeline):
    """A model of transformers that speaks.

    Args:
        codec: Takes voices apart and puts them together.
        feeling: What an emotion does to a voice.
        tts: The network that speaks.
        processor: Its tokenizer or processor.
        vocoder: Spectrogram -> sound, for networks that give spectrograms.
        speakers: Vectors of speakers, for networks that want one.
        source: Name of the model, for the sidecar.
        licence: Of the model, as its card says.
    """

    _optional_components: ClassVar[list[str]] = ["vocoder", "speakers"]

    def __init__(self, codec: VoiceCodec, feeling: VoiceConversionPipeline | ProsodyRules, tts: Any, processor: Any,
                 vocoder: Any = None, speakers: SpeakerTable | None = None, source: str = "",
                 licence: str = "not stated") -> None:  # fmt: skip
        super().__init__(codec, feeling)
        kind_of(tts.config.model_type, source)
        self.register_modules(tts=tts, processor=processor, vocoder=vocoder, speakers=speakers)
        self.register_to_config(source=source, licence=licence)
        check_licence(source, licence)

    @classmethod
    def embedded(cls) -> TransformersSpeechPipeline:
        """There is none."""
        raise InputError("backend", '"transformers" without a model', "Write transformers:PATH_OR_ID.")

    @classmethod
    def from_pretrained(cls, source: str | Path = "embedded", *, vocoder: str | Path | None = None,  # type: ignore[override]
                        speakers: str | Path | Mapping[str, Any] | None = None,
                        feeling: VoiceConversionPipeline | ProsodyRules | None = None,
                        torch_dtype: torch.dtype = torch.float32, revision: str | None = None) -> TransformersSpeechPipeline:  # fmt: skip
        """Opens a model.

        Args:
            source: The folder of a model (or of a pipeline that was saved), or a hub id.
            vocoder: Of models that give spectrograms: a folder or id; None: the folder "vocoder" in that of the model,
                for a hub id the one published with it.
            speakers: Of models that want a vector of who speaks: a .safetensors of named vectors, a .npy of one, or
                {name: vector}; None: "speakers.safetensors" in the model's folder.
            feeling: What an emotion does to a voice; None: the conversion that ships with emogen.
            torch_dtype: Of the network; `to("cuda")` makes that of large ones bfloat16.
            revision: Of a hub id.

        Raises:
            CheckpointError: Missing, unsafe, broken, or of no kind that can be spoken with.
            BackendMissing: The model's tokenizer wants a package that is not installed.
            RightsError: Its licence is non-commercial and `EMOGEN_COMMERCIAL` is set.
        """
        if str(source) == "embedded":
            return cls.embedded()
        folder = Path(source)
        if (folder / "model_index.json").is_file():
            check_safe(folder)
            try:
                saved: TransformersSpeechPipeline = super().from_pretrained(source)
            except SafetensorError as error:
                raise CheckpointError(str(source), f"could not be opened: {_reason(error)}") from error
            return saved
        local = folder.is_dir()
        if not local and (folder.is_absolute() or str(source).startswith((".", "~")) or str(source).count("/") > 1):
            raise CheckpointError(str(source), "no such folder", "Accepted: a folder, a hub id.")
        loading: dict[str, Any] = {"local_files_only": local, "trust_remote_code": False, "revision": revision}
        kind = kind_of(_model_type(source, loading), str(source))
        tts = _opened(kind.model_class, source, use_safetensors=True, dtype=torch_dtype, **loading)
        return cls(
            VoiceCodec(),
            feeling if feeling is not None else VoiceConversionPipeline.from_pretrained("embedded"),
            tts.eval(),
            _opened(kind.processor_class, source, **loading),
            _vocoder(kind, source, vocoder, local),
            _table(kind, folder if local else None, speakers, tts.config),
            source=folder.name if local else str(source),
            licence=_licence(source, loading),
        )

    def to(self, *args: Any, **kwargs: Any) -> TransformersSpeechPipeline:
        """Moves it; a large network is bfloat16 on CUDA and float32 on the CPU unless a number format is given."""
        super().to(*args, **kwargs)
        device = device_of(args, kwargs)
        if device is None:
            return self
        given = "dtype" in kwargs or "torch_dtype" in kwargs or any(isinstance(a, torch.dtype) for a in args)
        if kind_of(self.tts.config.model_type, self.config["source"]).large and not given:
            self.tts.to(torch.bfloat16 if device.type == "cuda" else torch.float32)
        codec = getattr(self.processor, "audio_tokenizer", None)
        if codec is not None:
            codec.to(device)
        return self

    @property
    def engine(self) -> Kind:
        """The model, ready to be asked."""
        facts = {"source": self.config["source"], "kind": self.tts.config.model_type, "licence": self.config["licence"]}
        kind = kind_of(self.tts.config.model_type, self.config["source"])
        return kind(self.tts, self.processor, self.vocoder, self.speakers, facts)


def device_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.device | None:
    """The device among the arguments of `to`."""
    found = kwargs.get("device") or next((a for a in args if isinstance(a, (str, torch.device))), None)
    return torch.device(found) if found is not None else None


def kind_of(model_type: str, source: str) -> type[Kind]:
    """What can be spoken with.

    Raises:
        CheckpointError: This cannot.
    """
    if model_type not in KINDS:
        reason = f": {REFUSED[model_type]}" if model_type in REFUSED else ""
        raise CheckpointError(source, f"{model_type!r:.60} is not spoken with{reason}", f"Accepted: {listed(KINDS)}.")
    return KINDS[model_type]


def check_licence(source: str, licence: str) -> None:
    """Says what a non-commercial licence means, on stderr; refuses it where that was asked for.

    Raises:
        RightsError: `EMOGEN_COMMERCIAL` is set.
    """
    if not any(word in licence.lower() for word in NON_COMMERCIAL):
        return
    if commercial_only():
        found = f"its licence ({licence}) is non-commercial and {COMMERCIAL_VARIABLE} is set"
        raise RightsError(source, found, "Choose a model with an open licence.")
    logging.getLogger(__name__).warning("%s: licence %s, for non-commercial use alone", source, licence)


def _model_type(source: str | Path, loading: dict[str, Any]) -> str:
    """What a model's config.json says it is, without building anything from it."""
    try:
        path = cached_file(str(source), "config.json", local_files_only=loading["local_files_only"], revision=loading["revision"])
        if path is None:
            raise OSError("it holds no config.json")
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("model_type"), str):
            return str(found["model_type"])
    except FAILURES as error:
        raise CheckpointError(str(source), f"could not be opened: {_reason(error)}", "Accepted: a folder, a hub id.") from error
    raise CheckpointError(str(source), "its config.json names no model_type")


@contextmanager
def _quietly() -> Iterator[None]:
    """Without transformers' bar over the weights of each part."""
    shown = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers.utils.logging.enable_progress_bar()


def _opened(name: str, source: str | Path, **loading: Any) -> Any:
    try:
        with _quietly():
            return getattr(transformers, name).from_pretrained(str(source), **loading)
    except ImportError as error:
        raise missing(str(source), error) from error
    except FAILURES as error:
        if loading.get("use_safetensors") and Path(source).is_dir() and not any(Path(source).glob("*.safetensors")):
            held = sorted(p.name for p in Path(source).iterdir() if p.suffix in (".bin", ".pt", ".pth"))
            found = f"holds no safetensors{f', only the pickle {held[0]}' if held else ''}"
            raise CheckpointError(str(source), found, "Pickles can run code; save the model as safetensors.") from error
        raise CheckpointError(str(source), f"could not be opened as {name}: {_reason(error)}") from error


def _vocoder(kind: type[Kind], source: str | Path, given: str | Path | None, local: bool) -> Any:
    if not kind.vocoder_class:
        return None
    beside = Path(source) / VOCODER
    if given is None and local and not beside.is_dir():
        accepted = f'Put one into its folder "{VOCODER}", or give vocoder= (published: {kind.vocoder_id}).'
        raise CheckpointError(str(source), "gives spectrograms and holds no vocoder", accepted)
    wanted = given if given is not None else beside if local else kind.vocoder_id
    here = Path(wanted).is_dir()
    return _opened(kind.vocoder_class, wanted, use_safetensors=True, dtype=torch.float32, local_files_only=here).eval()


def _table(kind: type[Kind], folder: Path | None, given: Any, config: Any) -> SpeakerTable | None:
    """The vectors of speakers, checked against the width that the model wants."""
    if given is None and folder is not None and (folder / SPEAKERS).is_file():
        given = folder / SPEAKERS
    config = getattr(config, "model_config", config)
    width = getattr(config, "speaker_embedding_dim", None) if kind.wants_vector else getattr(config, "speaker_embed_dim", None)
    if given is None and width:
        raise CheckpointError(str(folder or kind.model_class), "wants a vector of who speaks", NO_TABLE)
    if given is None:
        return None
    vectors = {str(k): np.asarray(v, np.float32).reshape(-1) for k, v in _vectors(given).items()}
    wrong = next((k for k, v in vectors.items() if v.shape != (width,) or not np.isfinite(v).all()), None)
    if not vectors or wrong is not None:
        found = f"speaker {wrong!r} has {len(vectors[wrong])} numbers" if wrong is not None else "no speakers"
        raise InputError("speakers", found, f"Accepted: {width} finite numbers each." if width else "Accepted: none.")
    table = SpeakerTable(names=list(vectors), width=int(width or 0))
    table.vectors.copy_(torch.from_numpy(np.stack(list(vectors.values()))))
    return table


def _vectors(given: Any) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return given
    path = Path(given)
    try:
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return load_file(path)
        if path.suffix == ".npy":
            return {path.stem: np.load(path, allow_pickle=False)}
    except FAILURES as error:
        raise CheckpointError(str(path), f"could not be read: {_reason(error)}") from error
    raise InputError("speakers", f"{path.name!r:.40}", "Accepted: .safetensors, .npy, {name: vector}.")


def _licence(source: str | Path, loading: dict[str, Any]) -> str:
    """The licence on a model's card ("not stated" where there is none)."""
    try:
        card = cached_file(str(source), CARD, local_files_only=loading["local_files_only"], revision=loading["revision"])
        lines = Path(card).read_text(encoding="utf-8").splitlines()
    except FAILURES:
        return "not stated"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("license:")), "not stated")


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else repr(error)[:160]
