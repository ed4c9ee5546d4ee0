"""Opening models of diffusers and transformers, and running them: what the heavy backends of every modality share.

Weights are read from safetensors alone and no code out of a checkpoint is run. A folder is read as it is and nothing is
fetched for it; a hub id is fetched as diffusers and transformers do it.
"""

from __future__ import annotations

import hashlib
import logging
import random
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from emogen import checkpoints
from emogen.diffusing import diffusers
from emogen.errors import BackendMissing, CheckpointError, InputError, RightsError

INDEX, CONFIG, CARD = "model_index.json", "config.json", "README.md"
NOT_STATED = "not stated"
#: Words in the name of a licence that forbids commercial use.
NON_COMMERCIAL = ("-nc", "non-commercial", "noncommercial")
FAILURES = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    ImportError,
    SafetensorError,
)
#: How many values of each tensor are looked at to tell one model from another.
SAMPLED = 64


def open_pipeline(source: str | Path, accepted: Collection[str], dtype: torch.dtype,
                  kept: Mapping[str, Mapping[str, torch.dtype]] | None = None) -> Any:  # fmt: skip
    """A pipeline of diffusers.

    Args:
        source: A folder that `save_pretrained` wrote, or a hub id ("owner/name").
        accepted: Names of the classes that can be used.
        dtype: Of the weights.
        kept: Class -> component -> another number format for its weights.

    Raises:
        InputError: No such folder, or it holds another class.
        BackendMissing: A hub id that can be neither fetched nor found in the cache, or a package that the model wants.
        CheckpointError: Unsafe or broken.
    """
    wanted = f"Accepted: a folder or a hub id of a {' or '.join(sorted(accepted))}."
    found = _class(source, INDEX, "_class_name", diffusers.DiffusionPipeline.load_config, accepted, wanted)
    formats = {"default": dtype, **kept[found]} if kept is not None and found in kept else dtype
    with _refusing(source), quietly():
        return getattr(diffusers, found).from_pretrained(str(source), use_safetensors=True, dtype=formats)


def open_model(source: str | Path, accepted: Mapping[str, str], dtype: torch.dtype) -> Any:
    """A model of transformers, ready to be asked.

    Args:
        source: A folder that `save_pretrained` wrote, or a hub id ("owner/name").
        accepted: Kind of model, as its configuration names it -> class of transformers.
        dtype: Of the weights.

    Raises:
        InputError: No such folder, or it holds another kind.
        BackendMissing: A hub id that can be neither fetched nor found in the cache, or a package that the model wants.
        CheckpointError: Unsafe or broken.
    """
    wanted = f"Accepted: a folder or a hub id of a {' or '.join(sorted(accepted))} model."
    read = lambda name: transformers.PretrainedConfig.get_config_dict(name)[0]  # noqa: E731
    kind = accepted[_class(source, CONFIG, "model_type", read, accepted, wanted)]
    with _refusing(source), quietly():
        return (
            getattr(transformers, kind).from_pretrained(str(source), use_safetensors=True, dtype=dtype, **_loading(source)).eval()
        )


def open_tokenizer(source: str | Path) -> Any:
    """The tokenizer of a model of transformers, from its folder or hub id.

    Raises:
        BackendMissing: A package that it wants is not installed.
        CheckpointError: There is none, or it is broken.
    """
    with _refusing(source), quietly():
        return transformers.AutoTokenizer.from_pretrained(str(source), **_loading(source))


def _loading(source: str | Path) -> dict[str, bool]:
    return {"local_files_only": Path(source).is_dir(), "trust_remote_code": False}


def _class(source: str | Path, file: str, field: str, read: Any, accepted: Collection[str], wanted: str) -> str:
    """What a folder or hub id says that it holds."""
    folder = Path(source)
    if folder.is_dir() and not (folder / file).is_file():
        raise InputError(str(source), f"holds no {file}", wanted)
    written = folder.is_absolute() or str(source).startswith((".", "~")) or str(source).count("/") != 1
    if written and not folder.is_dir():
        raise InputError(str(source), "no such folder", wanted)
    try:
        found = read(str(source)).get(field)
    except FAILURES as error:
        if folder.is_dir():
            raise CheckpointError(str(source), f"has a broken {file}", wanted) from error
        raise BackendMissing(str(source), "no such folder, and not to be had from the hub or its cache", wanted) from error
    if found not in accepted:
        raise InputError(str(source), f"holds a {found!s:.60}", wanted)
    return str(found)


@contextmanager
def _refusing(source: str | Path) -> Iterator[None]:
    """Whatever a foreign parser throws is an error of ours that names the model, and what to install."""
    try:
        yield
    except ImportError as error:
        named = re.search(r"pip install ([\w.-]+)|the ([\w.-]+) (?:library|package)|No module named '([\w.]+)'", str(error), re.I)
        package = next(filter(None, named.groups()), None) if named else None
        install = f"Install it: pip install {package}" if package else first_line(error)
        raise BackendMissing(str(source), f"wants {package or 'a package'}, which is not installed", install) from error
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
    check_licence(folder.name if folder.is_dir() else str(source), found)
    return found


def check_licence(name: str, licence: str) -> None:
    """Warns of a licence that forbids commercial use.

    Raises:
        RightsError: `EMOGEN_COMMERCIAL` is set.
    """
    if any(word in licence.lower() for word in NON_COMMERCIAL):
        if checkpoints.commercial_only():
            why = f"its licence ({licence}) is non-commercial and {checkpoints.COMMERCIAL_VARIABLE} is set"
            raise RightsError(name, why, "Choose a model with an open licence.")
        logging.getLogger(__name__).warning("%s: licence %s, for non-commercial use alone", name, licence)


def device_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.device | None:
    """The device among the arguments of `to`."""
    found = kwargs.get("device") or next((a for a in args if isinstance(a, (str, torch.device))), None)
    return torch.device(found) if found is not None else None


def weights_hash(module: torch.nn.Module) -> str:
    """The SHA-256 of the names, kinds and some values of a network's weights."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        flat = value.detach().reshape(-1)
        digest.update(flat[:: max(len(flat) // SAMPLED, 1)].to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()


def first_line(error: BaseException) -> str:
    """What an error says, short."""
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else repr(error)[:160]


@contextmanager
def quietly() -> Iterator[None]:
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


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Within it, all that draws by the process's own generators draws from a seed; after it they are as before.

    Models of other packages take no generator.
    """
    state, old = np.random.get_state(), random.getstate()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    small = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")
    steady = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with torch.random.fork_rng(devices=devices), torch.inference_mode(), steady:
        torch.manual_seed(small)
        np.random.seed(small)
        random.seed(small)
        try:
            yield
        finally:
            np.random.set_state(state)
            random.setstate(old)
