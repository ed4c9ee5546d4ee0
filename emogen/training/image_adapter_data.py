"""Captions with valence and arousal -> pairs of a neutral and an emotional prompt, and their embeddings, kept on disk.

A CSV file with the columns `caption`, `valence`, `arousal` and, where there are, `dominance` and `neutral` (the same without
a feeling). The scale of the ratings is never guessed from them: it is given, stands in the header (`valence (1..9)`), or in
a line `scale: 1..9` of a README.md beside the file.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from emogen import checkpoints
from emogen.conditioning.vocabulary import find
from emogen.errors import FormatError, InputError
from emogen.media.atomic import atomic_path
from emogen.pipelines.prompt_reading import BATCH, read
from emogen.tables import read_table

AXES = ("valence", "arousal", "dominance")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:\.\.|:|to)\s*(-?\d+(?:\.\d+)?)")
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
#: Share of the captions that is held out (own choice).
HELD_OUT = 0.1
#: Captions in one file of embeddings (own choice).
SHARD = 64


@dataclass(frozen=True)
class Pair:
    """A caption with its feeling.

    Attributes:
        caption: As it is.
        neutral: Without the feeling.
        vad: Valence, arousal, dominance, each -1..1; dominance 0 where it was not rated.
    """

    caption: str
    neutral: str
    vad: tuple[float, float, float]


@dataclass(frozen=True)
class Captions:
    """What a file holds.

    Attributes:
        pairs: In the order of the file.
        scale: Of its ratings, lowest and highest.
        dominance: Whether dominance was rated.
        made_neutral: How many neutral captions were made by taking words out.
        left_out: Captions without a word of feeling, from which none could be made.
        licence: As a README.md beside the file says.
    """

    pairs: tuple[Pair, ...]
    scale: tuple[float, float]
    dominance: bool
    made_neutral: int
    left_out: int
    licence: str

    def split(self) -> tuple[list[int], list[int]]:
        """Which pairs are learnt from and which are held out; by the neutral text, so that none is on both sides."""
        order = sorted(
            {p.neutral.lower() for p in self.pairs}, key=lambda text: hashlib.sha256(text.encode()).hexdigest()
        )
        outside = set(order[: max(round(len(order) * HELD_OUT), 1)])
        held = [i for i, p in enumerate(self.pairs) if p.neutral.lower() in outside]
        return [i for i, p in enumerate(self.pairs) if p.neutral.lower() not in outside], held


def read_captions(path: str | Path, scale: str | tuple[float, float] | None = None) -> Captions:
    """Reads a file of captions.

    Args:
        path: CSV, UTF-8.
        scale: Lowest and highest rating, "low:high"; None: as the header or the README says.

    Raises:
        InputError: No such file, no scale, or too few captions.
        FormatError: A column is missing, or a rating is no number of the scale.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(str(path), "no such file", "Accepted: a CSV file of captions.")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        header = {
            re.split(r"[\s(\[]", (name or "").strip().lower(), maxsplit=1)[0]: name for name in reader.fieldnames or ()
        }
        rows = list(reader)
    if missing := [name for name in ("caption", *AXES[:2]) if name not in header]:
        raise FormatError(
            str(path), f"has no column {missing[0]}", "Columns: caption, valence, arousal [, dominance] [, neutral]."
        )
    low, high = _scale(path, scale, header)
    pairs, made, left = [], 0, 0
    for line, row in enumerate(rows, 2):
        caption = (row[header["caption"]] or "").strip()
        if not caption:
            continue
        given = (row[header["neutral"]] or "").strip() if "neutral" in header else ""
        neutral = given or plain(caption)
        if not neutral or neutral.lower() == caption.lower():
            left += 1
            continue
        made += not given
        vad = [_rating(path, line, row[header[a]], low, high) if a in header else 0.0 for a in AXES]
        pairs.append(Pair(caption, neutral, (vad[0], vad[1], vad[2])))
    if len({p.neutral.lower() for p in pairs}) < 2:
        found = (
            f"{len(pairs)} captions of {len(rows)} can be used, and two that differ without their feeling are needed"
        )
        raise InputError(str(path), found, "Give captions with words of feeling, or a column neutral.")
    return Captions(tuple(pairs), (low, high), "dominance" in header, made, left, checkpoints.licence(path.parent))


def plain(caption: str) -> str:
    """A caption without its words of feeling, and without what they leave hanging; "" where nothing is left."""
    words = caption.split()
    felt = [_is_felt(_bare(word)) for word in words]
    kept: list[str] = []
    for i, word in enumerate(words):
        last = i + 1 == len(words)
        if not felt[i]:
            before_felt = not last and felt[i + 1]
            hangs = before_felt and (
                _bare(word) in _words("degree") or (_bare(word) in _words("joining") and i > 0 and felt[i - 1])
            )
            kept += [] if hangs else [word]
            continue
        joined = not last and _bare(words[i + 1]) in _words("joining") and i + 2 < len(words) and felt[i + 2]
        if joined or (not last and felt[i + 1]):
            continue  # more of the same follows
        if last or word[-1] in ",.;:!?" or _bare(words[i + 1]) in _words("following"):
            while kept and _bare(kept[-1]) in _words("hanging") and kept[-1][-1] not in ",.;:!?":
                kept.pop()
            if kept and word[-1] in ",.;:!?" and kept[-1][-1] not in ",.;:!?":
                kept[-1] += word[-1]
    text = _articles(kept)
    return text.strip(" ,;:") if _WORD.search(text) else ""


def _articles(words: Sequence[str]) -> str:
    """Words with "a" and "an" as what follows wants them."""
    found = list(words)
    for i, word in enumerate(found[:-1]):
        if word.lower() in ("a", "an"):
            article = "an" if found[i + 1][:1].lower() in "aeiou" else "a"
            found[i] = article.capitalize() if word[0].isupper() else article
    return " ".join(found)


def _bare(word: str) -> str:
    m = _WORD.search(word)
    return m[0].lower() if m else ""


def _is_felt(word: str) -> bool:
    return bool(word) and (word in _moods() or find(word) is not None)


@cache
def _words(kind: str) -> frozenset[str]:
    """Words of `tables/caption_words.csv` (own choice).

    They say how much ("degree"), hang in the air where a feeling is taken out ("hanging"), join two feelings ("joining"),
    show that a phrase has ended ("following"), or are moods that the vocabulary does not know ("mood").
    """
    rows = read_table("emogen.training", "tables/caption_words.csv")
    return frozenset(word for row in rows if row["kind"] == kind for word in row["words"].split(";"))


@cache
def _moods() -> frozenset[str]:
    rows = read_table("emogen.pipelines", "felt_phrasings.csv")
    return _words("mood") | {word for row in rows if row["term"] != "neutral" for word in row["words"].split(";")}


def _scale(path: Path, given: str | tuple[float, float] | None, header: Mapping[str, str]) -> tuple[float, float]:
    card = path.parent / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    stated = next(
        (line.partition(":")[2] for line in text.splitlines() if line.strip().lower().startswith("scale:")), ""
    )
    for source in (given, header["valence"], stated):
        if isinstance(source, tuple):
            low, high = source
        elif source and (m := _RANGE.search(source)):
            low, high = float(m[1]), float(m[2])
        else:
            continue
        if low < high:
            return low, high
    accepted = (
        'Accepted: --scale=-1:1, a header "valence (1..9)", or a line "scale: -3..3" in a README.md beside the file.'
    )
    raise InputError(str(path), "nothing says on which scale it was rated", accepted)


def _rating(path: Path, line: int, text: str | None, low: float, high: float) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise FormatError(f"{path} line {line}", f"a rating {text!r:.20}", f"Accepted: {low:g} to {high:g}.")
    return (value - low) / (high - low) * 2 - 1


# -- embeddings --------------------------------------------------------------------------------------------------------
@dataclass
class Features:
    """Embeddings of both captions of each pair, in files of `SHARD` pairs; read when asked for.

    Attributes:
        folder: Where they lie.
        widths: Name -> width.
    """

    folder: Path
    widths: dict[str, int]
    _open: dict[int, Any] = field(default_factory=dict)

    def batch(self, indices: Sequence[int], side: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Embeddings and masks of captions, padded with 0 to the longest, float32.

        Args:
            indices: Of the pairs.
            side: "neutral" or "caption".
        """
        embeddings, masks = {}, {}
        for name in self.widths:
            rows = [self._get(i, f"{side}/{name}").float() for i in indices]
            if rows[0].ndim == 1:
                embeddings[name] = torch.stack(rows)
                continue
            embeddings[name] = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
            found = [self._get(i, f"{side}/{name}/mask") for i in indices]
            masks[name] = torch.nn.utils.rnn.pad_sequence(found, batch_first=True)
        return embeddings, masks

    def _get(self, index: int, key: str) -> Tensor:
        shard = index // SHARD
        if shard not in self._open:
            self._open[shard] = safe_open(self.folder / f"{shard:05d}.safetensors", framework="pt")
        found: Tensor = self._open[shard].get_tensor(f"{index}/{key}")
        return found


def features(model: Any, captions: Captions, folder: Path, source: str) -> Features:
    """Encodes what is not there yet.

    Args:
        model: A pipeline of diffusers.
        captions: Whose texts.
        folder: Made if it is missing; what lies there of the same captions and model is used.
        source: Name of the model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = json.dumps([[p.neutral, p.caption] for p in captions.pairs])
    stamp = {"model": source, "texts_sha256": hashlib.sha256(texts.encode()).hexdigest()}
    card = folder / "features.json"
    known = json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {}
    fresh = {key: known.get(key) for key in stamp} != stamp
    widths: dict[str, int] = {} if fresh else known["widths"]
    for shard in range(-(-len(captions.pairs) // SHARD)):
        path = folder / f"{shard:05d}.safetensors"
        if fresh or not path.is_file():
            pairs = list(enumerate(captions.pairs))[shard * SHARD : (shard + 1) * SHARD]
            tensors = _encoded(model, pairs)
            widths = {k.split("/")[2]: v.shape[-1] for k, v in tensors.items() if not k.endswith("/mask")}
            with atomic_path(path) as part:
                save_file(tensors, part)
    with atomic_path(card) as part:
        part.write_text(json.dumps({**stamp, "widths": widths}), encoding="utf-8")
    return Features(folder, widths)


def _encoded(model: Any, pairs: Sequence[tuple[int, Pair]]) -> dict[str, Tensor]:
    """`INDEX/SIDE/NAME` -> [T, width] up to the last token that counts, or [width]; and `.../mask` [T]."""
    asked = [(i, side, getattr(pair, side)) for i, pair in pairs for side in ("neutral", "caption")]
    tensors = {}
    for first in range(0, len(asked), BATCH):
        part = asked[first : first + BATCH]
        found = read(model, [text for _, _, text in part])
        for row, (i, side, _) in enumerate(part):
            for name, value in found.embeddings.items():
                key = f"{i}/{side}/{name}"
                if name not in found.masks:
                    tensors[key] = value[row].cpu().contiguous()
                    continue
                mask = found.masks[name][row]
                end = int(mask.nonzero().max()) + 1 if mask.any() else 1
                tensors[key] = value[row, :end].cpu().clone()
                tensors[f"{key}/mask"] = mask[:end].cpu().clone()
    return tensors


def density_weights(points: np.ndarray) -> np.ndarray:
    """Points [n, 2] of valence and arousal -> 1 over their density (Gaussian kernels, Scott's width), mean 1, at most 10."""
    from scipy.stats import gaussian_kde

    if len(points) < 4 or np.linalg.matrix_rank(np.cov(points.T), tol=1e-6) < 2:
        return np.ones(len(points))
    weights = 1.0 / np.maximum(gaussian_kde(points.T)(points.T), 1e-6)
    weights = np.minimum(weights / weights.mean(), 10.0)  # a lone point does not decide all (own choice)
    return np.asarray(weights / weights.mean())
