"""Text packs and composed prose as rows to learn from: a sentence, what stands before it, targets, weights.

GoEmotions (Demszky et al. 2020) gives labels, EmoBank (Buechel & Hahn 2017) gives valence, arousal and
dominance of sentences that mostly follow one another, `prose` gives what neither holds. Every pack is split
by a hash: of the comment's id, of the document. MELD and Warriner are for figures alone, never for learning.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from emogen.training.packs import pack
from emogen.training.prose import Example

#: The 27 emotions and neutral of GoEmotions, in its order (Demszky et al. 2020, table 1).
GOEMOTIONS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)
#: What scripts ask for and comments are not labelled with; learnt from the composed prose alone.
EXTRA = ("calm", "fatigue", "boredom", "contempt", "awe", "longing", "jealousy", "shame", "determination")
LABELS = GOEMOTIONS + EXTRA
#: Ekman's six over GoEmotions' labels (Demszky et al. 2020, appendix); the extra labels by our own assumption.
EKMAN: dict[str, tuple[str, ...]] = {
    "anger": ("anger", "annoyance", "disapproval", "jealousy"),
    "disgust": ("disgust", "contempt"),
    "fear": ("fear", "nervousness"),
    "joy": (
        "joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief", "pride", "admiration",
        "desire", "caring", "calm", "determination",
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse", "longing", "shame"),
    "surprise": ("surprise", "realization", "confusion", "curiosity", "awe"),
    "neutral": ("neutral", "fatigue", "boredom"),
}
#: Typical felt intensity where somebody names the label without more (own assumption), 0..1.5.
TYPICAL_INTENSITY: dict[str, float] = {
    "admiration": 0.6, "amusement": 0.6, "anger": 0.9, "annoyance": 0.5, "approval": 0.35, "caring": 0.5, "confusion": 0.45,
    "curiosity": 0.4, "desire": 0.6, "disappointment": 0.55, "disapproval": 0.45, "disgust": 0.75, "embarrassment": 0.55,
    "excitement": 0.9, "fear": 0.85, "gratitude": 0.6, "grief": 1.05, "joy": 0.75, "love": 0.8, "nervousness": 0.6,
    "optimism": 0.5, "pride": 0.7, "realization": 0.35, "relief": 0.55, "remorse": 0.6, "sadness": 0.7, "surprise": 0.7,
    "neutral": 0.05,
}
BUCKETS = 20  # of these: 0, 1 held out, 2 for tuning, the rest for learning
MAX_TOKENS = 64
MAX_BEFORE_TOKENS = 40
WEAK = 0.15  # weight of targets that nobody wrote: absent extra labels, typical intensity, quiet sentences


@dataclass(frozen=True)
class Row:
    """A sentence with targets; a weight of 0 means that nothing is known.

    Attributes:
        labels: [L] chance that a reader names each label.
        label_weights: [L] weight of each in the loss.
        vad: [3] in standard deviations of the training part of EmoBank.
        intensity: 0..1.5.
    """

    text: str
    before: str
    part: str
    labels: np.ndarray = field(default_factory=lambda: np.zeros(len(LABELS), np.float32))
    label_weights: np.ndarray = field(default_factory=lambda: np.zeros(len(LABELS), np.float32))
    vad: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))
    vad_weight: float = 0.0
    intensity: float = 0.0
    intensity_weight: float = 0.0


def part_of(key: str) -> str:
    """`held`, `tune` or `train`: a fixed function of an id."""
    bucket = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % BUCKETS
    return "held" if bucket < 2 else "tune" if bucket == 2 else "train"


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a gzipped table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def goemotions(data_dir: str | Path | None = None) -> list[Row]:
    """The comments with their labels; the extra labels count as absent, with little weight."""
    rows = []
    weights = np.array([1.0] * len(GOEMOTIONS) + [WEAK] * len(EXTRA), np.float32)
    for entry in read_csv(pack("text/goemotions", data_dir) / "train.csv.gz"):
        named = [int(n) for n in entry["label"].split(",")]
        labels = np.zeros(len(LABELS), np.float32)
        labels[named] = 1.0
        strength = max(TYPICAL_INTENSITY[GOEMOTIONS[n]] for n in named)
        text = entry["text"].replace("[NAME]", "Sam").replace("[RELIGION]", "religion")
        if "!" in text and strength > 0.1:
            strength = min(1.15 * strength, 1.5)
        rows.append(Row(text, "", part_of(entry["id"]), labels, weights, intensity=strength, intensity_weight=2 * WEAK))
    return rows


def emobank_scale(data_dir: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation [3] of V, A, D on the training part, 1-5 scale."""
    values = np.array([v for key, _, _, v in _emobank(data_dir) if part_of(_document(key)) == "train"])
    return values.mean(0), values.std(0)


def _document(key: str) -> str:
    return key.rsplit("_", 2)[0]


def _emobank(data_dir: str | Path | None) -> list[tuple[str, str, str, np.ndarray]]:
    """(id, text, sentence before it in the document or "", V A D) in the order of the documents."""
    entries = list(read_csv(pack("text/emobank", data_dir) / "emobank.csv.gz"))
    places: dict[str, tuple[str, int, int]] = {}
    for entry in entries:
        pieces = entry["id"].rsplit("_", 2)
        begin, end = (int(p) if p.isdigit() else 0 for p in (*pieces[1:], "", "")[:2])
        places[entry["id"]] = (pieces[0], begin, end)
    entries.sort(key=lambda e: places[e["id"]])
    found, last = [], ("", -1, "")
    for entry in entries:
        document, begin, end = places[entry["id"]]
        follows = last[0] == document and end > 0 and 0 <= begin - last[1] < 200  # characters: at most one gap
        values = np.array([float(entry[k]) for k in "VAD"])
        found.append((entry["id"], entry["text"], last[2] if follows else "", values))
        last = (document, end, entry["text"])
    return found


def emobank(data_dir: str | Path | None = None) -> list[Row]:
    """The sentences with V, A, D in standard deviations; quiet ones count a little as neutral."""
    mean, spread = emobank_scale(data_dir)
    rows = []
    for key, text, before, values in _emobank(data_dir):
        z = ((values - mean) / spread).astype(np.float32)
        labels, weights = np.zeros(len(LABELS), np.float32), np.zeros(len(LABELS), np.float32)
        if np.abs(z).max() < 0.7:
            labels[GOEMOTIONS.index("neutral")] = 0.8
            weights[:] = WEAK
        rows.append(Row(text, before, part_of(_document(key)), labels, weights, z, 1.0))
    return rows


def meld(data_dir: str | Path | None, split: str) -> list[tuple[str, str, str]]:
    """(line, line before it in the dialogue or "", Ekman label) of one split: for figures alone."""
    found, last = [], ("", "")
    for entry in read_csv(pack("text/meld", data_dir) / "dialogues.csv.gz"):
        if entry["split"] != split:
            continue
        before = last[1] if last[0] == entry["Dialogue_ID"] else ""
        found.append((entry["Utterance"], before, entry["Emotion"]))
        last = (entry["Dialogue_ID"], entry["Utterance"])
    return found


def composed(examples: Iterable[Example], vad_of: dict[str, np.ndarray], gain: float) -> list[Row]:
    """Composed prose as rows.

    Args:
        examples: From `prose.compose`.
        vad_of: Label -> felt V, A, D in -1..1 at intensity 1.
        gain: Felt units per standard deviation of EmoBank.
    """
    rows = []
    place = {label: i for i, label in enumerate(LABELS)}
    for example in examples:
        labels = np.zeros(len(LABELS), np.float32)
        for label, chance in example.labels.items():
            labels[place[label]] = chance
        total = max(sum(example.labels.values()), 1e-6)
        felt = sum(chance / total * vad_of[label] for label, chance in example.labels.items())
        vad = np.asarray(felt * example.intensity / gain, np.float32) if example.labels else np.zeros(3, np.float32)
        rows.append(Row(
            example.text, example.before, "train", labels, np.ones(len(LABELS), np.float32), vad, 0.2,
            example.intensity, 1.0,
        ))
    return rows


def prune_tokenizer(source: Path, texts: Iterable[str], size: int) -> tuple[str, np.ndarray]:
    """Keeps the pieces that matter of a WordPiece vocabulary.

    Special tokens and single characters stay, then what occurs in the texts by count, then the first of the
    old table, which lists pieces by how common they are.

    Returns:
        (tokenizer.json as text, [size] rows of the old table that stay).
    """
    spec: dict[str, Any] = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    spec["truncation"] = spec["padding"] = None
    whole = Tokenizer.from_str(json.dumps(spec))
    counts: Counter[int] = Counter()
    for encoding in whole.encode_batch(list(texts), add_special_tokens=False):
        counts.update(encoding.ids)
    vocab: dict[str, int] = spec["model"]["vocab"]
    special = {t["id"] for t in spec["added_tokens"]}
    kept = special | {i for piece, i in vocab.items() if len(piece.removeprefix("##")) == 1 and ord(piece[-1]) < 0x250}
    usual = (i for piece, i in sorted(vocab.items(), key=lambda kv: kv[1]) if not piece.startswith("[unused"))
    for i in [*(i for i, _ in counts.most_common()), *usual]:
        if len(kept) == size:
            break
        kept.add(i)
    old = np.array(sorted(kept))
    new = {int(o): n for n, o in enumerate(old)}
    spec["model"]["vocab"] = {piece: new[i] for piece, i in vocab.items() if i in new}
    for token in spec["added_tokens"]:
        token["id"] = new[token["id"]]
    for entry in spec["post_processor"]["special_tokens"].values():
        entry["ids"] = [new[i] for i in entry["ids"]]
    return json.dumps(spec, ensure_ascii=False, separators=(",", ":")), old
