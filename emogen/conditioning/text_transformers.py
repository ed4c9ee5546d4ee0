"""Any text classifier of transformers as a reader of emotion: a hub id or a local folder -> shares over terms.

Its labels are understood by the same table as everywhere ("LOVE", "joyful" and "nervousness" are words that
an emotion can be written in); labels that name no feeling are left out. Weights are read as safetensors alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emogen.conditioning.text import Reading
from emogen.conditioning.vocabulary import NEUTRAL, find
from emogen.errors import BackendMissing, CheckpointError

_LONGEST_TOKENS = 512  # the usual limit, where the tokenizer names none


class TransformersReader:
    """A sequence classifier with its tokenizer.

    Args:
        source: Hub id or local folder.

    Raises:
        CheckpointError: No safetensors, no such model, or no label that names a feeling.
        BackendMissing: transformers is not installed or the hub cannot be reached.
    """

    def __init__(self, source: str) -> None:
        try:
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError as error:
            raise BackendMissing("transformers", f"cannot be imported: {error}", "pip install transformers") from error
        local = Path(source).is_dir()
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
            self.model = AutoModelForSequenceClassification.from_pretrained(
                source, use_safetensors=True, trust_remote_code=False, local_files_only=local
            ).eval()
        except Exception as error:  # transformers raises many kinds
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            kind = CheckpointError if local else BackendMissing
            raise kind(source, f"cannot be loaded: {first}", 'Accepted: "embedded", a local folder, a hub id.') from error
        named = self.model.config.id2label
        self.names = tuple(str(named[i]) for i in range(self.model.config.num_labels))
        found = [(i, term) for i, name in enumerate(self.names) if (term := find(name))]
        if not any(term != NEUTRAL for _, term in found):
            raise CheckpointError(source, f"its labels name no feeling: {', '.join(self.names[:8])}")
        self.index = np.array([i for i, _ in found])
        self.labels = tuple(self.names[i] for i, _ in found)
        self.terms = tuple(term for _, term in found)
        self.multi = self.model.config.problem_type == "multi_label_classification"
        places = getattr(self.model.config, "max_position_embeddings", _LONGEST_TOKENS)
        self.longest = max(8, min(self.tokenizer.model_max_length, places, _LONGEST_TOKENS) - 4)

    def pieces(self, text: str) -> list[str]:
        """The text in pieces that fit: halves of halves, between words where there are any."""
        if len(text) < 2 or len(self.tokenizer(text, verbose=False)["input_ids"]) <= self.longest:
            return [text]
        words = text.split()
        half = len(words) // 2
        one, two = (" ".join(words[:half]), " ".join(words[half:])) if half else (text[: len(text) // 2], text[len(text) // 2 :])
        return [*self.pieces(one), *self.pieces(two)]

    def read(self, text: str, before: str) -> Reading:
        """One piece; what stands before it is not used."""
        import torch

        given = self.tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            logits = self.model(**given).logits[0].double()
        every = torch.sigmoid(logits) if self.multi else torch.softmax(logits, -1)
        ids = given["input_ids"][0].tolist()
        known = 1.0 - ids.count(self.tokenizer.unk_token_id) / max(len(ids) - 2, 1)
        chances = every.numpy()[self.index]
        return Reading(chances, float(chances.max()), max(known, 0.0), None, None)
