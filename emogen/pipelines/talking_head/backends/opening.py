"""Opening a video pipeline of diffusers, and where it runs."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from emogen.pipelines.opening import open_pipeline, weights_hash

#: Their decoder stays in float32, as they are published to be used.
FLOAT_DECODER = ("WanAnimatePipeline", "WanImageToVideoPipeline")
#: Networks whose weights tell one model from another.
NETWORKS = ("transformer", "transformer_2", "vae")


def open_video(source: str | Path, accepted: Collection[str], dtype: torch.dtype) -> Any:
    """A video pipeline of diffusers, as `open_pipeline` opens it."""
    return open_pipeline(source, accepted, dtype, {name: {"vae": torch.float32} for name in FLOAT_DECODER})


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


def hashes(video: Any) -> dict[str, str]:
    """Network -> the hash of its weights."""
    return {f"video/{name}": weights_hash(net) for name in NETWORKS if (net := getattr(video, name, None)) is not None}
