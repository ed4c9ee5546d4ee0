"""The files of a coqui-tts model: found without fetching, checked, and opened without running what they hold."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from emogen.checkpoints import licence as card_licence
from emogen.errors import CheckpointError

KINDS = ("vits", "xtts")  # YourTTS is a VITS
XTTS_LICENCE = "Coqui Public Model License 1.0.0 (coqui-public-model-license)"
XTTS_SAYS = f"{XTTS_LICENCE}: the model and what it says are for non-commercial use alone, and nobody sells another licence"
WEIGHTS = ("model.safetensors", "model.pth", "model_file.pth", "model_file.pth.tar", "best_model.pth", "checkpoint.pth")
#: Field of a configuration -> names that the file has where the written one is not there.
FILES = {
    "speakers_file": ("speakers.pth", "speakers.json", "speaker_ids.json"),
    "speaker_file": ("speakers.pth", "speakers.json", "speaker_ids.json"),
    "d_vector_file": ("speakers.pth", "speakers.json"),
    "language_ids_file": ("language_ids.json",),
    "speaker_encoder_model_path": ("model_se.safetensors", "model_se.pth", "model_se.pth.tar"),
    "speaker_encoder_config_path": ("config_se.json",),
}
SAFE_ALTERNATIVE = "Pickles can run code; save the weights as model.safetensors."


@dataclass(frozen=True)
class Found:
    """A model's files.

    Attributes:
        name: For messages and the sidecar.
        folder: Where they lie.
        weights: The checkpoint.
        config: Of coqui-tts, checked, its paths leading into the folder.
        kind: One of `KINDS`.
        licence: As far as it is known.
    """

    name: str
    folder: Path
    weights: Path
    config: dict[str, Any]
    kind: str
    licence: str


def find(source: str | Path) -> Found:
    """The files of a folder or of a model id, checked.

    Raises:
        CheckpointError: They are missing, or not of a kind that can be spoken with.
    """
    folder, item = Path(source), dict[str, Any]()
    if not folder.is_dir():
        if not str(source).startswith("tts_models/"):
            raise CheckpointError(str(source), "no such folder", 'Accepted: a folder, or a model id "tts_models/...".')
        folder, item = _cached(str(source))
    name = str(source) if item else folder.name
    config = _config(name, folder)
    kind = str(config["model"]).lower()
    weights = next((folder / w for w in WEIGHTS if (folder / w).is_file()), None)
    if weights is None:
        raise CheckpointError(name, "holds no weights", f"Accepted: {', '.join(WEIGHTS)}.")
    known = XTTS_LICENCE if kind == "xtts" else str(item.get("license") or card_licence(folder))
    return Found(name, folder, weights, config, kind, known)


def _cached(model_id: str) -> tuple[Path, dict[str, Any]]:
    """Where coqui-tts keeps a model that it fetched, and what it says about it."""
    from huggingface_hub import snapshot_download
    from TTS.utils.manage import ModelManager

    if "/fairseq/" in model_id:
        better = model_id.split("/")[1]
        raise CheckpointError(model_id, "an MMS voice is spoken with by transformers", f"Write transformers:facebook/mms-tts-{better}.")
    manager = ModelManager(progress_bar=False)
    try:
        item, full_name, _ = manager._set_model_item(model_id)
    except (KeyError, ValueError) as error:
        raise CheckpointError(model_id, "coqui-tts knows no such model", "Accepted: a folder; `tts --list_models` names all.") from error
    folder = Path(manager.output_prefix) / full_name
    if "repo_id" in item:
        try:
            folder = Path(snapshot_download(item["repo_id"], local_files_only=True))
        except OSError:
            folder = Path("/nonexistent")
    if not (folder / "config.json").is_file():
        licence = f" Its licence: {item['license']}." if item.get("license") else ""
        accepted = f'Fetch it with coqui-tts first: tts --model_name {model_id} --text "Hello." --out_path hello.wav.{licence}'
        raise CheckpointError(model_id, "is not in the local cache, and nothing is fetched without being asked", accepted)
    return folder, dict(item)


def _config(name: str, folder: Path) -> dict[str, Any]:
    """The configuration, refused where it could load or run what is not the model's own."""
    config = _json(name, folder / "config.json")
    kind = config.get("model") if isinstance(config, dict) else None
    base = config.get("base_model") or kind if isinstance(config, dict) else None
    if kind not in KINDS or base not in KINDS:
        raise CheckpointError(name, f"model {kind!r:.40} is not spoken with", f"Accepted: {', '.join(KINDS)} (YourTTS is a vits).")
    characters = config.get("characters") or {}
    if isinstance(characters, dict) and not str(characters.get("characters_class") or "TTS.").startswith("TTS."):
        raise CheckpointError(name, f"its config names a class outside of coqui-tts: {characters['characters_class']!r:.60}")
    _without_stats(name, config)
    for part in (config, config.get("model_args") or {}):
        for field in FILES.keys() & part.keys():
            part[field] = _in_folder(name, folder, field, part[field])
    encoder = (config.get("model_args") or {}).get("speaker_encoder_config_path")
    if encoder:
        _without_stats(name, _json(name, Path(encoder)))
    return dict(config)


def _json(name: str, path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(name, f"holds no {path.name} that can be read", "Accepted: a folder of a coqui-tts model.") from error


def _without_stats(name: str, config: Any) -> None:
    if isinstance(config, dict) and isinstance(config.get("audio"), dict) and config["audio"].get("stats_path"):
        raise CheckpointError(name, "its config names a stats_path, a pickle that would be run", "Accepted: null.")


def _in_folder(name: str, folder: Path, field: str, written: Any) -> Any:
    """A file that a configuration names, wherever it said it was, in the model's own folder."""
    if not written:
        return written
    if isinstance(written, list):
        return [_in_folder(name, folder, field, one) for one in written]
    base = str(written).replace("\\", "/").rpartition("/")[2]
    path = next((folder / n for n in (base, *FILES[field]) if n and (folder / n).is_file()), None)
    if path is None:
        raise CheckpointError(name, f"its config wants {base!r:.60} ({field}), which is not in the folder")
    return str(path)


def build(found: Found, scratch: Path) -> Any:
    """The model with its weights. Call it where torchaudio can be imported.

    Args:
        found: Its files.
        scratch: An empty folder.
    """
    from TTS.config import load_config
    from TTS.encoder.models import base_encoder
    from TTS.tts.models import setup_model, vits, xtts

    (scratch / "config.json").write_text(json.dumps(found.config), encoding="utf-8")
    config = load_config(str(scratch / "config.json"))
    with _reading(base_encoder, vits, xtts), torch.random.fork_rng(devices=()):
        model = setup_model(config)
        if found.kind == "xtts":
            vocabulary, speakers = found.folder / "vocab.json", found.folder / "speakers_xtts.pth"
            model.load_checkpoint(config, checkpoint_path=str(found.weights), vocab_path=str(vocabulary), eval=True,
                                  speaker_file_path=str(speakers) if speakers.is_file() else None)  # fmt: skip
        else:
            model.load_checkpoint(config, str(found.weights), eval=True)
    return model


@contextmanager
def _reading(*modules: Any) -> Iterator[None]:
    """Within it, coqui-tts reads checkpoints through `read_weights`."""
    before = [module.load_fsspec for module in modules]
    for module in modules:
        module.load_fsspec = read_weights
    try:
        yield
    finally:
        for module, old in zip(modules, before, strict=True):
            module.load_fsspec = old


def read_weights(path: str | Path, *_: Any, **__: Any) -> dict[str, Any]:
    """A checkpoint as coqui-tts has it, {"model": weights}, on the CPU; nothing in it is run.

    Raises:
        CheckpointError: It is broken, or a pickle of more than numbers.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return {"model": load_file(path)}
        found = _unpickled(path)
    except pickle.UnpicklingError as error:
        raise CheckpointError(path.name, "is a pickle of more than weights, and is not opened", SAFE_ALTERNATIVE) from error
    except Exception as error:  # broken files raise whatever their reader stumbles over
        raise CheckpointError(path.name, f"could not be read: {error!r:.160}") from error
    return found if isinstance(found, dict) and "model" in found else {"model": found}


def _unpickled(path: Path) -> Any:
    """By torch's restricted unpickler; XTTS' own checkpoint also holds its configuration, in classes of coqui-tts."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        from TTS.tts.models import xtts

        with xtts._legacy_safe_globals():
            return torch.load(path, map_location="cpu", weights_only=True)
