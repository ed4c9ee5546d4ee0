"""Whether the same feeling from a voice, a face, a description or a text lands in the same place.

    python -m emogen.training.style_retrieval

Every source is turned into an `Emotion` by its recogniser and into a vector by the conversion's emotion encoder: that
is what steers the voice. For each item of one source, the nearest item of another source is sought; it is right where
both were meant to show the same of the six basic emotions. Voices and faces are those of people that the recogniser
had not learnt from (`heldout.csv` of its checkpoint); descriptions and texts are written for this purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import checkpoint_folder
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.encoder import EmotionEncoder, emotion_features
from emogen.conditioning.recognition import recognition
from emogen.conditioning.text import TextRecognizer
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.evaluation.heldout import read_heldout
from emogen.tables import read_table

PER_LABEL = 60  # items of a source and feeling, drawn at random
RESAMPLES = 500

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Source:
    """Items of one kind.

    Attributes:
        name: "voice", "face", "description" or "text".
        vectors: [n, D], of unit length about the mean of the source.
        labels: [n] numbers in `BASIC`.
    """

    name: str
    vectors: Array
    labels: NDArray[np.int64]


@torch.no_grad()
def embedded(emotions: Sequence[Emotion], encoder: EmotionEncoder) -> Array:
    """The vector that steers a voice, of each emotion [n, D]."""
    rows = np.concatenate([emotion_features(EmotionTrack.of(e).sample(1.0, 1.0))[:1] for e in emotions])
    return encoder(torch.from_numpy(rows)[:, None], 1).frames[:, 0].double().numpy()


def sources(encoder: EmotionEncoder, seed: int = 0) -> list[Source]:
    """The four kinds."""
    rng = np.random.default_rng(seed)
    found = [_people(name, checkpoint, encoder, rng) for name, checkpoint in (("voice", "speech"), ("face", "face"))]
    reader = TextRecognizer.load("embedded")
    rows = read_table(__package__, "tables/style_words.csv")
    for kind in ("description", "text"):
        of_kind = [row for row in rows if row["kind"] == kind]
        emotions = [
            Emotion.parse(f'"{row["words"]}"') if kind == "description" else reader.recognize(row["words"]).emotion
            for row in of_kind
        ]
        labels = np.array([BASIC.index(row["label"]) for row in of_kind])
        found.append(_source(kind, embedded(emotions, encoder), labels))
    return found


def _people(name: str, checkpoint: str, encoder: EmotionEncoder, rng: np.random.Generator) -> Source:
    held = read_heldout(checkpoint_folder(checkpoint))
    emotions, labels = [], []
    for number, label in enumerate(BASIC):
        if label not in held.labels:
            continue
        rows = np.flatnonzero(held.truth[:, held.labels.index(label)] == 1.0)
        for row in rng.permutation(rows)[:PER_LABEL]:
            chances = dict(zip(held.labels, held.found[row].tolist(), strict=True))
            emotions.append(recognition(chances, checkpoint, vad=held.vad_found[row]).emotion)
            labels.append(number)
    return _source(name, embedded(emotions, encoder), np.array(labels))


def _source(name: str, vectors: Array, labels: NDArray[np.int64]) -> Source:
    vectors = vectors - np.mean([vectors[labels == k].mean(axis=0) for k in np.unique(labels)], axis=0)
    return Source(name, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels)


def retrieval(asked: Source, among: Source, seed: int = 0) -> tuple[float, float, float]:
    """Mean over feelings of the share of items whose nearest one elsewhere shows the same, and its 95 % interval."""
    likeness = asked.vectors @ among.vectors.T
    if asked is among:
        np.fill_diagonal(likeness, -np.inf)
    right = among.labels[likeness.argmax(axis=1)] == asked.labels
    shown = [k for k in np.unique(asked.labels) if (among.labels == k).any()]
    rng = np.random.default_rng(seed)

    def balanced(rows: Sequence[NDArray[np.bool_]]) -> float:
        return float(np.mean([r.mean() for r in rows]))

    rows = [right[asked.labels == k] for k in shown]
    draws = [balanced([rng.choice(r, len(r)) for r in rows]) for _ in range(RESAMPLES)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return balanced(rows), float(low), float(high)


def table(found: Sequence[Source]) -> list[str]:
    """A Markdown table: rows ask, columns are searched."""
    lines = ["| asked | " + " | ".join(f"nearest {s.name}" for s in found) + " |", "|---" * (len(found) + 1) + "|"]
    for asked in found:
        cells = ["{:.2f} ({:.2f}-{:.2f})".format(*retrieval(asked, among)) for among in found]
        lines.append(f"| {asked.name} ({len(asked.labels)}) | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Prints the table."""
    from emogen.pipelines.speech.conversion import VoiceConversionPipeline

    pipe = VoiceConversionPipeline.from_pretrained("embedded")
    print("\n".join(table(sources(pipe.emotion_encoder))))


if __name__ == "__main__":
    main()
