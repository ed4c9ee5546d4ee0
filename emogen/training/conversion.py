"""Trains the emotional change of a voice: from takes of the same words in several feelings.

    python -m emogen.training.conversion --out FOLDER [--open]

First the denoiser learns the change between two takes; then `emogen.training.directions` sets the feelings apart.
Nobody rated how strongly a take was acted: its strength is how far it goes along its feeling's mean change.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emogen.codecs.voice_change import LEARNT
from emogen.codecs.voice_slow import CONTENT, FPS
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.encoder import FEATURES, EmotionEncoder
from emogen.models.diffusion import Flow
from emogen.models.sequence import Content, SequenceDenoiser
from emogen.training.conversion_data import Pair
from emogen.training.loop import TrainOptions, TrainResult, train

Floats = NDArray[np.float32]
OPEN, RESEARCH = ("speech/emodb",), ("speech/emodb", "speech/nemo_pl", "speech/tess")
#: A man and a woman of each pack that has several speakers: no checkpoint learns from them.
HELD_OUT = frozenset({"speech/emodb/emodb11", "speech/emodb/emodb14", "speech/nemo_pl/KS0", "speech/nemo_pl/IC0"})
WINDOW, OVERLAP = 150, 25  # frames: 3 s, continued over half a second
WIDTH, DEPTH, HEADS, EMOTION_WIDTH, TOKENS = 128, 4, 4, 64, 4
BATCH = 24
FROM_NEUTRAL = 0.7  # share of pairs that begin in neutral speech, as most uses do
MIXED, PARTWAY, CONTINUED = 0.15, 0.4, 0.3  # shares of mixtures, of lesser changes, of continued windows
NO_EMOTION, NO_CONTENT = 0.12, 0.1  # dropped for the guidance (Ho & Salimans 2022, arXiv:2207.12598)
TEMPO = (0.85, 1.18)
STRENGTHS = (0.1, 1.5)
#: A corpus of one speaker says less about everybody: its weight in the mean change of a feeling.
ALONE = 0.5
#: Whose median strength is 1: actors who were asked to be recognised and were (listeners in EmoDB's table).
REFERENCE = "speech/emodb"
VALIDATION = 6  # batches of 32


@dataclass(frozen=True)
class Acted:
    """A take, as far as what is shown of its emotion may depend on it.

    Attributes:
        corpus: Its pack.
        number: Counts the clips of the pack, from 1.
        label: What was acted.
        strength: How strongly, about 1 in `REFERENCE`.
    """

    corpus: str
    number: int
    label: str
    strength: float


#: What the denoiser is shown of a take's emotion [10].
Shown = Callable[[Acted], Floats]


def ten_numbers(take: Acted) -> Floats:
    """What the pipeline shows of a feeling of that intensity."""
    return np.float32(take.strength) * features(take.label)


def features(label: str) -> Floats:
    """The ten numbers of `EmotionEncoder` for a feeling at intensity 1."""
    emotion = Emotion.of(label)
    if label == "neutral":
        return np.zeros(FEATURES, np.float32)
    return np.concatenate([emotion.vad, emotion.basic(), [emotion.intensity]]).astype(np.float32)


def scales(pairs: Sequence[Pair]) -> Floats:
    """Root mean square of each channel [17] over what neutral speech changes to."""
    found = np.concatenate([p.change for p in pairs if p.felt == "neutral"]).astype(np.float64)
    return np.sqrt((found**2).mean(axis=0)).astype(np.float32)


def strengths(pairs: Sequence[Pair], learnt_from: Sequence[Pair], scale: Floats) -> dict[tuple[str, int], float]:
    """(pack, number of a take) -> how strongly it was acted, about 1 in `REFERENCE`.

    A take's mean change from neutral is projected on the mean change of its feeling over all packs.
    """
    means: dict[str, dict[str, list[NDArray[np.float64]]]] = defaultdict(lambda: defaultdict(list))
    for p in learnt_from:
        if p.felt == "neutral" != p.wanted:
            means[p.wanted][p.corpus].append((p.change / scale).mean(axis=0).astype(np.float64))
    speakers = {p.corpus: {q.speaker for q in learnt_from if q.corpus == p.corpus} for p in learnt_from}
    along: dict[str, NDArray[np.float64]] = {}
    for label, by_corpus in means.items():
        weights = [ALONE if len(speakers[c]) == 1 else 1.0 for c in by_corpus]
        step = np.average([np.mean(rows, axis=0) for rows in by_corpus.values()], axis=0, weights=weights)
        judged = by_corpus.get(REFERENCE) or max(by_corpus.values(), key=lambda rows: float(np.mean(rows @ step)))
        along[label] = step * np.median(np.array(judged) @ step / (step @ step))
    rows: dict[tuple[str, int], list[float]] = defaultdict(list)
    for p in pairs:
        if p.felt == "neutral" and p.wanted in along:
            step = along[p.wanted]
            rows[p.corpus, p.takes[1]].append(float((p.change / scale).mean(axis=0) @ step / (step @ step)))
    found = {key: float(np.clip(np.mean(values), *STRENGTHS)) for key, values in rows.items()}
    typical: dict[tuple[str, str], list[float]] = defaultdict(list)
    for p in pairs:
        if (p.corpus, p.takes[1]) in found:
            typical[p.corpus, p.wanted].append(found[p.corpus, p.takes[1]])
    for p in pairs:  # takes without a neutral one of the same words
        for label, number in ((p.wanted, p.takes[1]), (p.felt, p.takes[0])):
            found.setdefault((p.corpus, number), float(np.median(typical.get((p.corpus, label), [1.0]))))
    return found


@dataclass(frozen=True, eq=False)
class Item:
    """What one item of a batch shows: source [T, CONTENT], change in units of `scale` [T, 17], emotion [10]."""

    source: Floats
    change: Floats
    emotion: Floats


class Pairs:
    """Pairs to draw from: speakers and feelings alike, mostly from neutral speech, in many versions."""

    def __init__(self, pairs: Sequence[Pair], scale: Floats, strength: dict[tuple[str, int], float],
                 shown: Shown = ten_numbers) -> None:
        self._pairs, self._scale, self._strength, self._shown = list(pairs), scale, strength, shown
        self._kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._same: dict[tuple[str, int], list[int]] = defaultdict(list)
        for i, p in enumerate(self._pairs):
            self._same[p.corpus, p.takes[0]].append(i)
            if p.felt == "neutral":
                self._kinds[p.speaker, p.wanted].append(i)
        self._keys = sorted(self._kinds)

    def draw(self, rng: np.random.Generator, varied: bool) -> Item:
        """One item."""
        if rng.random() < FROM_NEUTRAL:
            kind = self._kinds[self._keys[rng.integers(len(self._keys))]]
            pair = self._pairs[kind[rng.integers(len(kind))]]
        else:
            pair = self._pairs[rng.integers(len(self._pairs))]
        source, change, emotion = pair.source, pair.change / self._scale, self._felt(pair, 1)
        if not varied:
            return Item(source[:WINDOW], change[:WINDOW], emotion)
        if rng.random() < MIXED:  # the same source towards two feelings at once
            same = self._same[pair.corpus, pair.takes[0]]
            other, share = self._pairs[same[rng.integers(len(same))]], np.float32(rng.random())
            change = share * change + (1 - share) * other.change / self._scale
            emotion = share * emotion + (1 - share) * self._felt(other, 1)
        if rng.random() < PARTWAY:
            share = np.float32(rng.random())
            change, emotion = share * change, share * emotion + (1 - share) * self._felt(pair, 0)
        return _varied(source, change, emotion, rng)

    def batch(self, rng: np.random.Generator, size: int, varied: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Source [B, T, CONTENT], change [B, T, 17], emotion [B, T, 10], which frames count [B, T]."""
        items = [self.draw(rng, varied) for _ in range(size)]
        longest = max(len(item.source) for item in items)
        source, change = torch.zeros(size, longest, CONTENT), torch.zeros(size, longest, len(LEARNT))
        emotion, mask = torch.zeros(size, longest, FEATURES), torch.zeros(size, longest, dtype=torch.bool)
        for i, item in enumerate(items):
            count = len(item.source)
            source[i, :count], change[i, :count] = torch.from_numpy(item.source), torch.from_numpy(item.change)
            emotion[i], mask[i, :count] = torch.from_numpy(item.emotion), True
        return source, change, emotion, mask

    def _felt(self, pair: Pair, which: int) -> Floats:
        label, number = (pair.felt, pair.wanted)[which], pair.takes[which]
        return self._shown(Acted(pair.corpus, number, label, self._strength[pair.corpus, number]))


def _varied(source: Floats, change: Floats, emotion: Floats, rng: np.random.Generator) -> Item:
    """Another tempo, register, microphone and noise of the same; a window of it."""
    count = max(20, round(len(source) * rng.uniform(*TEMPO)))
    at = np.linspace(0, len(source) - 1, count)
    low = np.minimum(at.astype(int), len(source) - 2)
    share = (at - low)[:, None]
    source, change = ((1 - share) * x[low] + share * x[low + 1] for x in (source, change))
    source[:, -1] += rng.normal(0.0, 0.15)
    source[:, 2] *= rng.uniform(0.85, 1.15)
    source[:, 3:-4] = source[:, 3:-4] * rng.uniform(0.9, 1.1) + rng.normal(0.0, 0.05, (1, CONTENT - 7))
    source += rng.normal(0.0, 0.03, source.shape)
    first = rng.integers(max(len(source) - WINDOW, 0) + 1)
    window = slice(first, first + WINDOW)
    return Item(source[window].astype(np.float32), change[window].astype(np.float32), emotion.astype(np.float32))


def build() -> nn.ModuleDict:
    """The two networks, untrained."""
    denoiser = SequenceDenoiser(
        channels=len(LEARNT), content_channels=CONTENT, emotion_channels=EMOTION_WIDTH, width=WIDTH, depth=DEPTH,
        heads=HEADS, frame_rate=FPS, window=WINDOW, overlap=OVERLAP,
    )  # fmt: skip
    return nn.ModuleDict({"denoiser": denoiser, "emotion_encoder": EmotionEncoder(EMOTION_WIDTH, TOKENS, 2)})


def loss(model: Any, batch: tuple[Tensor, Tensor, Tensor, Tensor], generator: torch.Generator, dropped: bool) -> Tensor:
    """The flow's loss on a batch; with `dropped`, conditions are left out and windows continued as in use."""
    source, change, emotion, mask = batch
    count = len(source)

    def some(share: float) -> Tensor:
        return torch.rand(count, generator=generator) < (share if dropped else 0.0)

    known = mask & (torch.arange(mask.shape[1]) < OVERLAP) & (some(CONTINUED) & (mask.sum(1) > 2 * OVERLAP))[:, None]
    felt = model["emotion_encoder"](emotion, emotion.shape[1], null=some(NO_EMOTION), mask=mask)
    return Flow(model["denoiser"]).loss(change, felt, Content(frames=source), generator=generator,
                                        null=some(NO_CONTENT), known=known if dropped else None, mask=mask)  # fmt: skip


def unseen_loss(pairs: Sequence[Pair], scale: Floats, strength: dict[tuple[str, int], float], shown: Shown,
                seed: int) -> Callable[[nn.Module], float]:
    """What gives the loss on pairs of speakers that a model has not learnt from: the same batches and noise each time."""
    checked, rng = Pairs(pairs, scale, strength, shown), np.random.default_rng(seed)
    held = [checked.batch(rng, 32, False) for _ in range(VALIDATION)]

    @torch.no_grad()
    def validate(m: nn.Module) -> float:
        generator = torch.Generator().manual_seed(seed)
        return float(np.mean([float(loss(m, batch, generator, False)) for batch in held]))

    return validate


def learn(pairs: Sequence[Pair], folder: Path, steps: int, seed: int, shown: Shown = ten_numbers,
          report: Callable[[dict[str, float]], None] | None = None) -> tuple[nn.ModuleDict, Floats, TrainResult]:
    """The networks, trained on all speakers but `HELD_OUT` and chosen on those, and the scale of the channels."""
    learnt = [p for p in pairs if p.speaker not in HELD_OUT]
    unseen = [p for p in pairs if p.speaker in HELD_OUT]
    scale = scales(learnt)
    strength = strengths(pairs, learnt, scale)
    drawn, validate = Pairs(learnt, scale, strength, shown), unseen_loss(unseen, scale, strength, shown, seed)
    torch.manual_seed(seed)
    model = build()

    def step(m: nn.Module, generator: torch.Generator) -> Tensor:
        number = int(torch.randint(2**31, (1,), generator=generator))
        return loss(m, drawn.batch(np.random.default_rng(number), BATCH, True), generator, True)

    options = TrainOptions(steps=steps, learning_rate=1e-3, report_every=200, average_decay=0.998, weight_decay=0.02, seed=seed)
    return model, scale, train(model, step, folder, options, validate=validate, on_report=report)


def main() -> None:
    """The command line."""
    from emogen.training.conversion_publish import finish

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--open", action="store_true")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    finish(given.out, given.data, given.open, given.steps, given.seed)


if __name__ == "__main__":
    main()
