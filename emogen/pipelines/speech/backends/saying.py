"""Text that is given to a model in pieces, times of its letters, and a name for its weights."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.pipelines.speech.backends.alignment import Span

BETWEEN_S = 0.1  # silence between the pieces of a sentence that is too long for a model; own assumption
SAMPLED = 4_096  # values of each tensor that its hash is made of: gigabytes would take as long as speaking


def cut(text: str, longest: int) -> list[str]:
    """A sentence in pieces of at most `longest` characters, between words, behind a comma where there is one."""
    pieces: list[list[str]] = [[]]
    for word in text.split():
        length = len(" ".join([*pieces[-1], word]))
        comma = pieces[-1] and pieces[-1][-1][-1] in ",;:" and length > 0.6 * longest
        if pieces[-1] and (length > longest or (comma and len(text) > longest)):
            pieces.append([])
        pieces[-1].append(word)
    return [" ".join(piece) for piece in pieces]


def spans_of(letters: list[str], blanks: bool, lengths_s: NDArray[np.float64], text: str) -> list[Span] | None:
    """When each word is said, from the durations of its letters; None where letters and words do not belong together.

    Args:
        letters: Tokens; words are divided by " ".
        blanks: Whether every other token, from the first on, is a blank.
        lengths_s: Of each token.
        text: What is said.
    """
    ends = np.cumsum(lengths_s)
    spans: list[Span] = []
    inside = False
    for i, (letter, end_s, length_s) in enumerate(zip(letters, ends, lengths_s, strict=True)):
        if blanks and i % 2 == 0:
            continue
        if letter == " ":
            inside = False
        else:
            spans = [*spans[:-1], (spans[-1][0], float(end_s))] if inside else [*spans, (float(end_s - length_s), float(end_s))]
            inside = True
    return spans if len(spans) == len(text.split()) else None


def sampled_hash(module: torch.nn.Module) -> str:
    """The SHA-256 of the names, kinds and some values of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        flat = value.detach().reshape(-1)
        some = flat[:: max(len(flat) // SAMPLED, 1)].to("cpu", torch.float32)
        digest.update(some.contiguous().numpy().tobytes())
    return digest.hexdigest()
