"""Words -> Emotion: a sentence, a stage direction, a line of a story with what stands before it.

`TextRecognizer.load("embedded")` reads with the network of `models/text.py`, whose checkpoint ships with the
package; a hub id or a local folder of a transformers text classifier answers the same calls. The shares are
chances that a reader names a label, sharpened; valence, arousal and dominance are the mean of what the network
says and of what the labels' norms say; the confidence is calibrated on held-out comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from emogen.checkpoints import check_safe, checkpoint_folder
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.learned import one_thread, read_config
from emogen.conditioning.recognition import LEAST_SHARE, NORM_PART, SHARPEN, Recognition, Recognizer, Role
from emogen.conditioning.sentences import split_sentences
from emogen.conditioning.vocabulary import NEUTRAL, norm
from emogen.errors import CheckpointError, InputError, LimitError
from emogen.limits import LIMITS

MAX_INTENSITY = LIMITS.intensity
LONGEST_TOKENS = 96  # of one piece; the network learnt from up to 64
LONGEST_BEFORE_TOKENS = 40  # as in training
_BEFORE_CHARS = 1_000  # more than LONGEST_BEFORE_TOKENS can hold


@dataclass(frozen=True)
class Reading:
    """What a network says about one piece of text, before it is an emotion.

    Attributes:
        chances: [L] chance that a reader names each label.
        confidence: 0..1, chance that the likeliest label is one that people would name.
        known: 0..1, part of the text that is words of the network's vocabulary (signs not counted).
        vad: [3] felt, -1..1, or None where the network gives none.
        intensity: 0..1.5, or None.
    """

    chances: np.ndarray
    confidence: float
    known: float
    vad: np.ndarray | None
    intensity: float | None


class Reader(Protocol):
    """A network with its tokenizer."""

    labels: tuple[str, ...]
    terms: tuple[str, ...]

    def pieces(self, text: str) -> list[str]:
        """The text in pieces that fit into the network."""

    def read(self, text: str, before: str) -> Reading:
        """One piece, given what stands before it."""


class OwnReader:
    """The embedded network: see `emogen/checkpoints/text/README.md`."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        import torch
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        from emogen.models.text import TextNet, TextNetConfig

        try:
            shape = TextNetConfig.from_dict(config["network"])
            calibration = config["calibration"]
            self.slope, self.offset = (float(x) for x in calibration["confidence"])
            self.temperature = float(calibration["temperature"])
            self.gain = float(config["vad_gain"])
            state = load_file(folder / "model.safetensors")
            words = state.pop("words.codes").float() * state.pop("words.step")
            state = {name: value.float() for name, value in state.items()} | {"words.weight": words}
            with torch.device("meta"):
                net = TextNet(shape)
            net.load_state_dict(state, strict=True, assign=True)
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # safetensors and tokenizers raise kinds of their own
            raise CheckpointError(str(folder), f"cannot be loaded: {error}") from error
        self.net = net.eval()
        self.labels = self.terms = shape.labels
        self.positions = shape.positions
        self.cls, self.sep = self.tokenizer.token_to_id("[CLS]"), self.tokenizer.token_to_id("[SEP]")
        vocabulary = self.tokenizer.get_vocab().items()
        self.wordlike = {i for piece, i in vocabulary if any(c.isalpha() for c in piece) and piece[0] != "["}
        self.signs = {i for piece, i in vocabulary if not any(c.isalnum() for c in piece)}

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def pieces(self, text: str) -> list[str]:
        """See `Reader`."""
        if len(self._ids(text)) <= LONGEST_TOKENS:
            return [text]
        found = []
        for sentence in split_sentences(text):
            offsets = self.tokenizer.encode(sentence, add_special_tokens=False).offsets
            cuts = [offsets[i][0] for i in range(0, len(offsets), LONGEST_TOKENS)]
            found += [sentence[a:b] for a, b in zip(cuts, [*cuts[1:], len(sentence)], strict=True)]
        return found

    def read(self, text: str, before: str) -> Reading:
        """See `Reader`."""
        import torch

        own = self._ids(text)[: self.positions - 3]
        room = min(LONGEST_BEFORE_TOKENS, self.positions - 3 - len(own))
        earlier = self._ids(before)[-room:] if before and room > 0 else []
        line = [self.cls, *own, self.sep, *earlier, *([self.sep] if earlier else [])]
        ids = torch.tensor([line])
        segments = torch.zeros_like(ids)
        segments[0, len(own) + 2 :] = 1
        with torch.inference_mode(), one_thread():
            out = self.net(ids, segments, torch.ones_like(ids, dtype=torch.bool))
        chances = torch.sigmoid(out.logits[0] / self.temperature).double().numpy()
        confidence = float(torch.sigmoid(self.slope * out.logits[0].max() + self.offset))
        vad = out.vad[0].double().numpy() * self.gain
        known = sum(i in self.wordlike for i in own) / max(sum(i not in self.signs for i in own), 1)
        return Reading(chances, confidence, known, vad, MAX_INTENSITY * float(torch.sigmoid(out.intensity[0])))


class TextRecognizer(Recognizer):
    """Reads emotion in English words. Make one with `TextRecognizer.load(...)`.

    Args:
        reader: A network with its tokenizer.
    """

    role: ClassVar[Role] = "guide"
    modality: ClassVar[str] = "text"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @classmethod
    def load(cls, source: str | Path = "embedded") -> TextRecognizer:
        """A recogniser from "embedded", a local checkpoint folder, or the id of a model on a hub.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint, or labels that name no feeling.
            BackendMissing: The hub cannot be reached.
        """
        if str(source) == "embedded":
            return _embedded()
        folder = Path(source)
        if folder.is_dir():
            check_safe(folder)
            config = read_config(folder)
            if "network" in config:
                return cls(OwnReader(folder, config))
        from emogen.conditioning.text_transformers import TransformersReader

        return cls(TransformersReader(str(source)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._reader.labels

    def recognize(self, media: str, *, before: str = "") -> Recognition:
        """The emotion in a sentence, a description or a longer text.

        Args:
            media: The text; one too long for the network is read sentence by sentence and averaged, the
                strongly felt ones counting more.
            before: What stands before it in the story; empty for none.

        Raises:
            InputError: Not text, or nothing but blanks.
            LimitError: Longer than `limits.text_chars`.
        """
        return self._recognition(self._read(_checked(media), before))

    def curve(self, sentences: Sequence[str]) -> list[Recognition]:
        """The emotion over a story: one recognition a sentence, each read with what stands before it.

        The network itself weighs the sentence against its past; smoothing on top of it was fitted on documents
        whose sentences people had rated one by one, and its best weight was zero.

        Raises:
            InputError: A sentence that is not text or is blank; the message has its number.
        """
        found: list[Recognition] = []
        before = ""
        for number, sentence in enumerate(sentences, 1):
            text = _checked(sentence, f"sentence {number}")
            found.append(self._recognition(self._read(text, before)))
            before = f"{before} {text}"[-_BEFORE_CHARS:].lstrip()
        return found

    def _read(self, text: str, before: str) -> Reading:
        pieces = self._reader.pieces(text)
        readings = []
        for piece in pieces:
            readings.append(self._reader.read(piece, before))
            before = piece
        return readings[0] if len(readings) == 1 else _average(readings)

    def _recognition(self, reading: Reading) -> Recognition:
        chances = reading.chances
        sharp = np.maximum(chances, 1e-9) ** SHARPEN
        shares = sharp / sharp.sum()
        kept = np.where(shares >= min(LEAST_SHARE, float(shares.max())), shares, 0.0)
        kept = kept / kept.sum()
        weights: dict[str, float] = {}
        for term, share in zip(self._reader.terms, kept, strict=True):
            if share > 0.0:
                weights[term] = weights.get(term, 0.0) + float(share)
        intensity = reading.intensity if reading.intensity is not None else 1.0 - weights.get(NEUTRAL, 0.0)
        felt = sum((share * norm(term) for term, share in weights.items()), np.zeros(3)) * intensity
        if reading.vad is not None:
            felt = NORM_PART * felt + (1.0 - NORM_PART) * reading.vad
        felt = felt / max(1.0, float(np.abs(felt).max()))
        best = int(chances.argmax())
        return Recognition(
            emotion=Emotion.measured(weights, felt.tolist(), min(intensity, MAX_INTENSITY)),
            confidence=float(np.clip(reading.confidence * reading.known, 0.0, 1.0)),
            label=self._reader.labels[best],
            distribution={label: float(s) for label, s in zip(self._reader.labels, shares, strict=True)},
            modality=self.modality,
        )


def read_text(given: str | Path) -> str:
    """Words as they are, or, of something that ends in .txt or .md, the words of that UTF-8 file.

    Raises:
        InputError: No such file, or it is not UTF-8 text.
        LimitError: The file is longer than `limits.text_chars`.
    """
    if isinstance(given, str) and ("\n" in given or not given.lower().endswith((".txt", ".md"))):
        return given
    path = Path(given)
    try:
        with path.open("rb") as stream:
            data = stream.read(4 * LIMITS.text_chars + 1)  # a character has at most 4 bytes
        text = data.decode("utf-8-sig") if len(data) <= 4 * LIMITS.text_chars else data.decode("utf-8", "ignore")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        found = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise InputError(str(path), found, "Accepted: words, or a .txt or .md file.") from error
    return _checked(text, str(path))


@cache
def embedded_reader() -> OwnReader:
    """The network that ships with the package, loaded once."""
    folder = checkpoint_folder("text")
    return OwnReader(folder, read_config(folder))


@cache
def _embedded() -> TextRecognizer:
    return TextRecognizer(embedded_reader())


def _checked(text: object, where: str = "text") -> str:
    if not isinstance(text, str):
        raise InputError(where, f"found {type(text).__name__}", "A string is needed.")
    if not text.strip():
        raise InputError(where, "is empty", "Write at least a word.")
    if len(text) > LIMITS.text_chars:
        raise LimitError(where, f"{len(text)} characters", f"The limit is {LIMITS.text_chars} (limits.text_chars).")
    return text.strip()


def _average(readings: list[Reading]) -> Reading:
    """One reading for several pieces; the strongly felt count more."""
    strength = [0.1 + (r.intensity if r.intensity is not None else 1.0) for r in readings]  # own assumption
    share = np.array(strength) / sum(strength)
    vads = [r.vad for r in readings if r.vad is not None]
    levels = [r.intensity for r in readings if r.intensity is not None]
    return Reading(
        share @ np.stack([r.chances for r in readings]),
        float(share @ [r.confidence for r in readings]),
        float(share @ [r.known for r in readings]),
        share @ np.stack(vads) if vads else None,
        float(share @ levels) if levels else None,
    )

