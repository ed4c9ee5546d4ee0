"""What every learnt recogniser shares: finding its checkpoint, reading it, and running on one thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emogen.checkpoints import check_safe, checkpoint_folder
from emogen.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

CONFIG = "config.json"
WEIGHTS = "model.safetensors"


@contextmanager
def one_thread() -> Iterator[None]:
    """One short piece of media is too little work to share among threads; on a busy machine they wait for another.

    Several pieces may be worked on side by side, each on a thread of its own, for which torch counts by itself: each sets its
    count, since sums over two threads differ from those over one in their last bits.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def folder_of(name: str, source: str | Path = "embedded") -> Path:
    """The folder of a recogniser's checkpoint.

    Args:
        name: Of the embedded checkpoint: "speech", "judge_speech" ...
        source: "embedded", or a local folder of the same form.

    Raises:
        CheckpointError: No such folder, or it holds what a checkpoint may not.
        RightsError: It is for research only and `EMOGEN_COMMERCIAL` is set.
    """
    if str(source) == "embedded":
        return checkpoint_folder(name)
    folder = Path(source)
    if not folder.is_dir():
        raise CheckpointError(str(source), "is no folder", 'Accepted: "embedded", or the folder of a checkpoint.')
    check_safe(folder)
    return folder


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a checkpoint.

    Raises:
        CheckpointError: It is missing or is not a JSON object.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(str(path), f"cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise CheckpointError(str(path), "holds no JSON object")
    return config


def read_weights(folder: Path) -> dict[str, Tensor]:
    """`model.safetensors` of a checkpoint, numbers with a point as float32.

    Raises:
        CheckpointError: It is missing or broken.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / WEIGHTS
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(str(path), f"cannot be read: {error}") from error
    return {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
