"""Prompts as Wan's transformers take them.

diffusers' own way there needs ftfy, which mends broken text; ours is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

TOKENS = 512  # as all Wan models were trained


@torch.no_grad()
def embedded(video: Any, texts: Sequence[str]) -> torch.Tensor:
    """Texts [n] -> [n, 512, width], zero behind each text's end, on the device and in the format of the transformer."""
    given = video.tokenizer(
        list(texts), padding="max_length", max_length=TOKENS, truncation=True, return_attention_mask=True, return_tensors="pt"
    )
    device = video._execution_device
    mask = given.attention_mask.to(device)
    found = video.text_encoder(given.input_ids.to(device), mask).last_hidden_state
    net = video.transformer if video.transformer is not None else video.transformer_2
    return (found * mask[..., None]).to(device, net.dtype)
