"""The judge of texts: hashed pieces of words, learnt from dialogue lines and rated words that the reader never saw."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from emogen.conditioning.cues import sentence
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.conditioning.sentences import split_sentences
from emogen.errors import CheckpointError, InputError, LimitError
from emogen.limits import LIMITS

LEAST_LOSS = 0.02  # of the label's chance without a word, for it to be named (own assumption)
TOLD = 3
MOST_WORDS = 60  # that are left out one by one to see what they did


class TextJudge(Recognizer):
    """Judges English texts. Make one with `TextJudge.load(...)`.

    Args:
        folder: Of its checkpoint.
    """

    role: ClassVar[Role] = "judge"
    modality: ClassVar[str] = "text"

    def __init__(self, folder: Path) -> None:
        from emogen.models.ngrams import NgramNet

        config = read_config(folder)
        try:
            self._net = NgramNet(tuple(config["labels"]))
            self._net.load_state_dict(read_weights(folder))
            self._temperature = float(config["temperature"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error
        self._net.eval()

    @classmethod
    def load(cls, source: str | Path = "embedded") -> TextJudge:
        """The judge from "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(str(source))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._net.labels

    def recognize(self, media: str) -> Recognition:
        """The emotion in a text: the mean over its sentences, each by its length.

        Raises:
            InputError: Not text, or nothing but blanks.
            LimitError: Longer than `limits.text_chars`.
        """
        if not isinstance(media, str) or not media.strip():
            raise InputError("text", "is empty or no text", "Give some words.")
        if len(media) > LIMITS.text_chars:
            raise LimitError("text", f"{len(media)} characters", f"The limit is {LIMITS.text_chars} (limits.text_chars).")
        if not any(c.isalpha() and c.isascii() for c in media):
            return nothing(self.labels, self.modality, "no words that could be read")
        parts = split_sentences(media) or [media]
        chances, vad = self._ask(parts)
        weight = np.array([len(part) for part in parts], dtype=float)
        weight /= weight.sum()
        mean = weight @ chances
        label = self.labels[int(mean.argmax())]
        return recognition(
            dict(zip(self.labels, mean.tolist(), strict=True)),
            self.modality,
            vad=weight @ vad,
            because=sentence(self._told(media, label), label, float(mean.max())),
        )

    def _ask(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        import torch

        from emogen.models.ngrams import pieces

        with torch.inference_mode(), one_thread():
            logits, vad = self._net([pieces(text) for text in texts])
            return torch.softmax(logits / self._temperature, dim=1).double().numpy(), vad.double().numpy()

    def _told(self, text: str, label: str) -> list[str]:
        """The words without which the chance of the label falls most."""
        words = text.split()[:MOST_WORDS]
        if len(words) < 2:
            return []
        without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
        chances, _ = self._ask([" ".join(words), *without])
        lost = chances[0, self.labels.index(label)] - chances[1:, self.labels.index(label)]
        return [f'"{words[i]}"' for i in np.argsort(-lost)[:TOLD] if lost[i] > LEAST_LOSS]


@cache
def _loaded(source: str) -> TextJudge:
    return TextJudge(folder_of("judge_text", source))
