"""What a text-to-image or -video pipeline of diffusers makes of a prompt, taken apart by text encoder and put back.

diffusers' pipelines agree on two things, and nothing else is needed of a class: `encode_prompt` gives the embedding of the
prompt first, [B, T, width] (or a list of [T, width]), and a pooled one [B, width], where there is one, at a place that
its arguments tell. Names of embeddings: "prompt" for the tokens, "pooled" beside them; where two text encoders stand one
behind the other along the tokens (Stable Diffusion 3), "clip" and "t5", because each has a space of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from emogen.errors import CheckpointError

TOKENS, POOLED = "prompt", "pooled"
#: Texts encoded at once (own choice).
BATCH = 16

Embeddings = dict[str, Tensor]
Move = Callable[[Embeddings, dict[str, Tensor]], Embeddings]


@dataclass(frozen=True)
class Read:
    """Texts as a pipeline reads them.

    Attributes:
        embeddings: Name -> [B, T, width], or [B, width] of "pooled".
        masks: Name -> bool [B, T]: which tokens count; the pooled one has none.
    """

    embeddings: Embeddings
    masks: dict[str, Tensor]


@torch.no_grad()
def read(pipe: Any, texts: Sequence[str]) -> Read:
    """Encodes texts as a call of the pipeline would.

    Raises:
        CheckpointError: Its prompts are no embedding of tokens.
    """
    return taken(pipe, pipe.encode_prompt(prompt=list(texts), **_arguments(pipe)))


def read_in_batches(pipe: Any, texts: Sequence[str]) -> Iterator[Read]:
    """As `read`, a few texts at a time."""
    for first in range(0, len(texts), BATCH):
        yield read(pipe, texts[first : first + BATCH])


def means(found: Read, leads: Mapping[str, int] | None = None) -> Embeddings:
    """Name -> the mean over the tokens that count, from the first one after `leads` on, float32 [B, width]."""
    result = {}
    for name, value in found.embeddings.items():
        if name not in found.masks:
            result[name] = value.float()
            continue
        counts = after(found.masks[name], (leads or {}).get(name, 0)).float()[..., None]
        result[name] = (value.float() * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1)
    return result


def after(mask: Tensor, lead: int) -> Tensor:
    """A mask [B, T] without its first tokens."""
    kept = mask.clone()
    kept[:, :lead] = False
    return kept


@contextmanager
def steered(pipe: Any, prompt: str, move: Move | None) -> Iterator[None]:
    """Within it, the pipeline reads `prompt` moved; other texts (what guidance leads away from) as they are.

    Args:
        pipe: The pipeline.
        prompt: The words that are moved.
        move: Embeddings and masks -> embeddings; None: nothing is touched at all.
    """
    if move is None:
        yield
        return
    own, takes = pipe.encode_prompt, inspect.signature(pipe.encode_prompt)

    @wraps(own)
    def encode(*args: Any, **kwargs: Any) -> Any:
        found = own(*args, **kwargs)
        asked = takes.bind(*args, **kwargs).arguments.get("prompt")
        if asked not in (prompt, [prompt]):
            return found
        seen = taken(pipe, found)
        return put_back(pipe, found, move(seen.embeddings, seen.masks))

    pipe.encode_prompt = encode
    try:
        yield
    finally:
        del pipe.encode_prompt


def taken(pipe: Any, found: Any) -> Read:
    """What `encode_prompt` gave, by name; see the module.

    Raises:
        CheckpointError: Its first part is no embedding of tokens.
    """
    parts = found if isinstance(found, tuple) else (found,)
    tokens = _tokens(pipe, parts[0])
    mask = next(
        (p.bool() for p in parts[1:] if _is_mask(p, tokens)),
        torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device),
    )
    mask = mask & (tokens != 0).any(dim=-1)  # behind a text's end some encoders give zeros, which stay zeros
    embeddings, masks = {}, {}
    for name, where in _places(pipe, tokens.shape[1]).items():
        embeddings[name], masks[name] = tokens[:, where], mask[:, where]
    at = _pooled_at(pipe)
    if at is not None and at < len(parts) and isinstance(parts[at], Tensor):
        embeddings[POOLED] = parts[at]
    return Read(embeddings, masks)


def put_back(pipe: Any, found: Any, moved: Mapping[str, Tensor]) -> Any:
    """What `encode_prompt` gave, with other embeddings of the same names and shapes."""
    parts = list(found) if isinstance(found, tuple) else [found]
    length = _tokens(pipe, parts[0]).shape[1]
    tokens = torch.cat([moved[name] for name in _places(pipe, length)], dim=1)
    parts[0] = (
        [new[: len(old)] for new, old in zip(tokens, parts[0], strict=True)] if isinstance(parts[0], list) else tokens
    )
    if POOLED in moved:
        parts[_pooled_at(pipe) or 0] = moved[POOLED]
    return tuple(parts) if isinstance(found, tuple) else parts[0]


def cut(pipe: Any, prompt: str) -> list[str]:
    """One sentence for each text encoder that does not read a prompt to its end."""
    longest = _arguments(pipe).get("max_sequence_length", float("inf"))
    said = []
    for name, tokenizer in sorted(pipe.components.items()):
        if not name.startswith("tokenizer") or tokenizer is None:
            continue
        limit = int(min(tokenizer.model_max_length, longest, 10**9))
        count = len(tokenizer(prompt, truncation=False, verbose=False).input_ids)
        if count > limit:
            said.append(f"The prompt has {count:,} tokens; the model's {name} reads the first {limit}.")
    return said


def _arguments(pipe: Any) -> dict[str, Any]:
    """What `encode_prompt` is given besides the prompt: what a call of the pipeline gives it, without guidance."""
    call = {
        n: p.default for n, p in inspect.signature(type(pipe).__call__).parameters.items() if p.default is not p.empty
    }
    fixed = {"device": pipe._execution_device, "do_classifier_free_guidance": False, "num_images_per_prompt": 1,
             "num_videos_per_prompt": 1, "clean_caption": False}  # fmt: skip
    given = {}
    for name, parameter in inspect.signature(pipe.encode_prompt).parameters.items():
        if name in ("prompt", "self") or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if name in fixed:
            given[name] = fixed[name]
        elif name in call:
            given[name] = call[name]
        elif parameter.default is parameter.empty:
            given[name] = None
    return given


def _tokens(pipe: Any, first: Any) -> Tensor:
    if isinstance(first, list) and first and all(isinstance(x, Tensor) and x.ndim == 2 for x in first):
        first = torch.nn.utils.rnn.pad_sequence(first, batch_first=True)
    if not isinstance(first, Tensor) or first.ndim != 3:
        raise CheckpointError(
            type(pipe).__name__, "reads prompts in a form that cannot be steered", "Accepted: embeddings of tokens."
        )
    return first


def _is_mask(part: Any, tokens: Tensor) -> bool:
    whole = isinstance(part, Tensor) and part.shape == tokens.shape[:2]
    return bool(whole and (not part.is_floating_point() or ((part == 0) | (part == 1)).all()))


def _places(pipe: Any, length: int) -> dict[str, slice]:
    """Name -> where its tokens stand."""
    if type(pipe).__name__.startswith("StableDiffusion3"):
        first = int(pipe.tokenizer_max_length)
        return {"clip": slice(0, first), "t5": slice(first, length)}
    return {TOKENS: slice(0, length)}


def _pooled_at(pipe: Any) -> int | None:
    """Where the pooled embedding stands: after both sides' tokens, or after the prompt's alone."""
    takes = inspect.signature(type(pipe).encode_prompt).parameters
    if "pooled_prompt_embeds" not in takes:
        return None
    return 2 if "negative_pooled_prompt_embeds" in takes else 1
