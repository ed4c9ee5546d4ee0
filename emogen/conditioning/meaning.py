"""What words mean in their sentence, as vectors: near ones mean nearly the same.

They come from the first layers of the embedded text network, which began as a sentence encoder (all-MiniLM-L6-v2): what it
learnt since about feelings sits in its last layers, what words mean in its first ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from emogen.conditioning.learned import one_thread
from emogen.conditioning.text import OwnReader, embedded_reader

#: Layers whose states are joined; chosen on words that nothing else here is tested with: later ones know more of the
#: sentence and less of the word.
LAYERS = (0, 1, 2)
#: Tokens of a sentence that are read at once; a longer one is cut.
LONGEST = 120


def word_vectors(sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Vectors of the words of sentences, each in its own: [N, 1152] a sentence; zeros for what has no letters or is cut.

    Args:
        sentences: Words as written, punctuation included.
    """
    reader = embedded_reader()
    texts = [" ".join(words) for words in sentences]
    found = [reader.tokenizer.encode(text, add_special_tokens=False) for text in texts]
    vectors = []
    for words, tokens, states in zip(sentences, found, _states(reader, [f.ids[:LONGEST] for f in found]), strict=True):
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        sums, count = np.zeros((len(words), states.shape[1])), np.zeros(len(words))
        for state, token, (start, _) in zip(states, tokens.ids, tokens.offsets, strict=False):
            if token in reader.wordlike:
                owner = int(np.searchsorted(ends, start, side="right"))
                sums[owner] += state
                count[owner] += 1
        vectors.append(sums / np.maximum(count, 1)[:, None])
    return vectors


def _states(reader: OwnReader, lines: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Tokens of texts -> [T, D] a text: their states after each of `LAYERS`, each of unit length."""
    net = reader.net
    longest = max((len(line) for line in lines), default=0) + 2
    ids = torch.zeros((len(lines), longest), dtype=torch.int64)
    seen = torch.zeros((len(lines), 1, 1, longest), dtype=torch.bool)
    for row, line in enumerate(lines):
        ids[row, : len(line) + 2] = torch.tensor([reader.cls, *line, reader.sep])
        seen[row, ..., : len(line) + 2] = True
    kept: list[torch.Tensor] = []
    with torch.inference_mode(), one_thread():
        x = net.norm(net.words(ids) + net.places(torch.arange(longest)) + net.segments(torch.zeros_like(ids)))
        for number in range(max(LAYERS) + 1):
            if number:
                x = net.layers[number - 1](x, seen)
            if number in LAYERS:
                kept.append(torch.nn.functional.normalize(x, dim=-1))
    states = torch.cat(kept, dim=-1).double().numpy()
    return [states[row, 1 : len(line) + 1] for row, line in enumerate(lines)]
