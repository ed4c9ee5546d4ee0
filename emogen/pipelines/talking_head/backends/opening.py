"""Opening a video pipeline of diffusers, and where it runs.

Weights are read from safetensors alone and no code out of a checkpoint is run. A folder is read as it is and nothing is
fetched for it; a hub id is fetched as diffusers does it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from emogen import checkpoints
from emogen.errors import BackendMissing, CheckpointError, InputError, RightsError

INDEX, CARD = "model_index.json", "README.md"
NOT_STATED = "not stated"
#: Words in the name of a licence that forbids commercial use.
NON_COMMERCIAL = ("-nc", "non-commercial", "noncommercial")
FAILURES = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, AssertionError, ImportError, SafetensorError)
#: Their decoder stays in float32, as they are published to be used.
FLOAT_DECODER = ("WanAnimatePipeline", "WanImageToVideoPipeline")
#: Networks whose weights tell one model from another, and how many values of each tensor are looked at.
NETWORKS, SAMPLED = ("transformer", "transformer_2", "vae"), 64


def open_video(source: str | Path, accepted: Collection[str], dtype: torch.dtype) -> Any:
    """A pipeline of diffusers.

    Args:
        source: A folder that `save_pretrained` wrote, or a hub id ("owner/name").
        accepted: Names of the classes that can be used.
        dtype: Of the weights.

    Raises:
        InputError: No such folder, or it holds another class.
        BackendMissing: A hub id that can be neither fetched nor found in the cache.
        CheckpointError: Unsafe or broken.
    """
    folder, wanted = Path(source), f"Accepted: a folder or a hub id of a {' or '.join(sorted(accepted))}."
    if folder.is_dir() and not (folder / INDEX).is_file():
        raise InputError(str(source), f"holds no {INDEX}", wanted)
    written = folder.is_absolute() or str(source).startswith((".", "~")) or str(source).count("/") != 1
    if written and not folder.is_dir():
        raise InputError(str(source), "no such folder", wanted)
    try:
        found = diffusers.DiffusionPipeline.load_config(str(source)).get("_class_name")
    except FAILURES as error:
        if folder.is_dir():
            raise CheckpointError(str(source), f"has a broken {INDEX}", wanted) from error
        raise BackendMissing(str(source), "no such folder, and not to be had from the hub or its cache", wanted) from error
    if found not in accepted:
        raise InputError(str(source), f"holds a {found!s:.60}", wanted)
    try:
        with _quietly():
            kinds = {"default": dtype, "vae": torch.float32} if found in FLOAT_DECODER else dtype
            return getattr(diffusers, found).from_pretrained(str(source), use_safetensors=True, dtype=kinds)
    except FAILURES as error:
        raise CheckpointError(str(source), f"could not be opened: {first_line(error)}") from error


def licence_of(source: str | Path) -> str:
    """The licence on a model's card ("not stated" where there is none).

    Raises:
        RightsError: It is non-commercial and `EMOGEN_COMMERCIAL` is set.
    """
    folder = Path(source)
    try:
        found = checkpoints.licence(folder if folder.is_dir() else Path(hf_hub_download(str(source), CARD)).parent)
    except FAILURES:
        found = NOT_STATED
    if any(word in found.lower() for word in NON_COMMERCIAL):
        name = folder.name if folder.is_dir() else str(source)
        if checkpoints.commercial_only():
            why = f"its licence ({found}) is non-commercial and {checkpoints.COMMERCIAL_VARIABLE} is set"
            raise RightsError(name, why, "Choose a model with an open licence.")
        logging.getLogger(__name__).warning("%s: licence %s, for non-commercial use alone", name, found)
    return found


def place(video: Any, device: torch.device) -> None:
    """Moves a pipeline.

    On CUDA each network is there only while it works, where accelerate is installed, and attention is that of xformers
    where that is, else torch's own. On the CPU all is float32.
    """
    if device.type == "cpu":
        video.remove_all_hooks()
        video.to(device)
        if video.transformer is not None and video.transformer.dtype != torch.float32:
            video.to(torch.float32)
        return
    if find_spec("accelerate") is not None:
        video.enable_model_cpu_offload(device=device)
    else:
        video.to(device)
    if device.type == "cuda":
        for name in ("transformer", "transformer_2"):
            if getattr(video, name, None) is not None:
                getattr(video, name).set_attention_backend("xformers" if find_spec("xformers") is not None else "native")


def device_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.device | None:
    """The device among the arguments of `to`."""
    found = kwargs.get("device") or next((a for a in args if isinstance(a, (str, torch.device))), None)
    return torch.device(found) if found is not None else None


def hashes(video: Any) -> dict[str, str]:
    """Network -> the SHA-256 of the names, kinds and some values of its weights."""
    return {f"video/{name}": _hash(net) for name in NETWORKS if (net := getattr(video, name, None)) is not None}


def first_line(error: BaseException) -> str:
    """What an error says, short."""
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else repr(error)[:160]


def _hash(module: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        flat = value.detach().reshape(-1)
        digest.update(flat[:: max(len(flat) // SAMPLED, 1)].to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the bars of both libraries over the parts of a model."""
    both = [(log, log.is_progress_bar_enabled()) for log in (diffusers.utils.logging, transformers.utils.logging)]
    for log, _ in both:
        log.disable_progress_bar()
    try:
        yield
    finally:
        for log, shown in both:
            if shown:
                log.enable_progress_bar()
