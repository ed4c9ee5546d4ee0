"""Steering by the text embedding: the way from neutral to emotional phrasings, added to what a text encoder gives.

How directions are found: `emogen.pipelines.prompt_steering`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.directional import Directions
from emogen.conditioning.vocabulary import BASIC
from emogen.pipelines.prompt_steering import mean_steps, phrased
from emogen.tables import read_table

#: What the words are put into; own choice.
FRAMES = ("a {} piece of music", "{} instrumental music", "music that sounds {}", "a {} melody")


def fitted(embed: Callable[[Sequence[str]], torch.Tensor]) -> Directions:
    """Directions in the space of a text encoder.

    Args:
        embed: Texts [n] -> [n, width], the mean over each text's tokens.
    """
    steps = mean_steps(phrased(read_table(__package__, "phrasings.csv"), FRAMES), embed)
    found = Directions(len(steps[BASIC[0]]))
    found.steps.copy_(torch.stack([steps[basic] for basic in BASIC]))
    return found


@torch.no_grad()
def embedded(tokenizer: Any, encoder: Any, texts: Sequence[str]) -> torch.Tensor:
    """Texts [n] -> the mean of what an encoder gives over each one's tokens, float32 [n, width]."""
    given = tokenizer(list(texts), padding=True, return_tensors="pt").to(encoder.device)
    hidden = encoder(input_ids=given.input_ids, attention_mask=given.attention_mask).last_hidden_state.float()
    mask = given.attention_mask[..., None].float()
    found: torch.Tensor = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    return found


@contextmanager
def steered(encoder: torch.nn.Module, step: NDArray[np.floating[Any]]) -> Iterator[None]:
    """Within it, a text encoder gives each token moved by a step [width]; a step of zeros moves nothing.

    Guidance stays what it is: the side without a text does not come from the encoder, or is encoded outside.
    """

    def move(_: torch.nn.Module, __: Any, given: Any) -> Any:
        hidden = given.last_hidden_state
        given.last_hidden_state = hidden + torch.from_numpy(step).to(hidden.device, hidden.dtype)
        return given

    hook = encoder.register_forward_hook(move) if np.any(step) else None
    try:
        yield
    finally:
        if hook is not None:
            hook.remove()
