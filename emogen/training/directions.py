"""Sets the feelings apart: what has to be added to a converted voice so that a guide tells its feeling from the others.

What acted speech changes on the average is much alike for joy, anger and fear: all are high, loud and bright. A guide
is fitted on prosodic measures of the packs, each take against the same speaker's neutral speech and against all
voices; then, for each basic emotion, the step in the space of changes is sought that makes converted recordings sound
like it to that guide. Since measures of sound are no smooth function of a change, the step is sought on a linear
picture of them, drawn from random steps and drawn anew around the step found. Another guide, which had no part
in the search, may be asked at the end: a step for which it hears the feeling less is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from emogen.codecs.voice import SAMPLE_RATE, VoiceFrames, analyze, dithered
from emogen.codecs.voice_change import CHANNELS, COLUMN, LEARNT, WIDTH, changed
from emogen.codecs.voice_grains import resounded
from emogen.codecs.voice_slow import describe, habit_of
from emogen.conditioning.audio import VoiceRecognizer
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.conditioning.voice_measures import frames, measure
from emogen.media.audio import Audio, resample
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.training.conversion_data import Pair
from emogen.training.speech_data import SAMPLE_RATE_HZ, Clip, read_clips

LABELS = ("neutral", *BASIC)
#: Standard deviations beyond which a measure says no more.
SOFT_LIMIT = 4.0
#: Corpora whose actors hold back are read as if they did not: factor on their distance from neutral.
MILD = {"speech/nemo_pl": 2.0}
SHRINKAGE = 10.0  # of the guide's weights: half the inverse of the C of the usual logistic regression
SOURCES = 14  # neutral takes that the steps are sought on
DRAWS, SPREADS = 7, (0.6, 0.5, 0.4, 0.3)  # random steps per source in each round, and their size in units of the scales
COST = 0.05  # of a squared unit: a step is no longer than it pays
LONGEST = 1.5  # units
USUAL, STRAYING = (5.0, 95.0), 0.02  # percentiles; cost of a squared spread beyond them, so that no caricature is made
FAR_WEIGHT = 0.5  # of hearing a voice against all voices: across packs it is heard less well
FURTHEST = 2 * SOFT_LIMIT  # standard deviations of a measure that the linear picture still follows
#: Scales of the manners, which no pair shows: log2 factors, percent, semitones rms; own assumption.
MANNER_SCALES = (0.4, 0.25, 3.0, 0.25)

Array = NDArray[np.float64]


def softened(distance: Tensor) -> Tensor:
    """Distances in standard deviations, held within the soft limit."""
    return SOFT_LIMIT * torch.tanh(distance.clamp(-2 * SOFT_LIMIT, 2 * SOFT_LIMIT) / SOFT_LIMIT)


@dataclass(frozen=True, eq=False)
class Hearing:
    """A logistic regression over softened distances of measures from a home; which home, the guide says.

    Attributes:
        spread: [M] what counts as one standard deviation.
        weights: [L, M] over `LABELS`.
        bias: [L].
    """

    spread: Tensor
    weights: Tensor
    bias: Tensor

    def log_chances(self, distance: Tensor) -> Tensor:
        """[..., M] measures minus their home -> [..., L]."""
        return torch.log_softmax(softened(distance / self.spread) @ self.weights.T + self.bias, dim=-1)


@dataclass(frozen=True, eq=False)
class Guide:
    """Hears a feeling in how far a voice is from its own neutral one, and in how far it is from most voices.

    Attributes:
        near: Its home is the same speaker's neutral speech; learnt from all packs.
        alone: The same, learnt from each pack alone: what is heard by each of them holds for more than one of them.
        far: Its home is the mean of all packs.
        middle: [M] that mean.
        known: Which labels each of `alone` has heard [packs, L].
        usual: 5th and 95th percentile of each measure against the speaker's neutral speech, in takes of each label
            [L, 2, M]; NaN where there are none.
    """

    near: Hearing
    alone: tuple[Hearing, ...]
    far: Hearing
    middle: Tensor
    known: NDArray[np.bool_]
    usual: Tensor

    def log_chances(self, measures: Tensor, neutral: Tensor) -> Tensor:
        """Measures [..., M] of a voice and of its neutral speech -> what both homes say, all packs together [..., L]."""
        near, far = self.near.log_chances(measures - neutral), self.far.log_chances(measures - self.middle)
        return (near + FAR_WEIGHT * far) / (1 + FAR_WEIGHT)

    def log_chance(self, measures: Tensor, neutral: Tensor, wanted: int) -> Tensor:
        """How surely a voice has the label `wanted` [...]: a mean in which the packs, each alone, have a say too."""
        alone = [h.log_chances(measures - neutral)[..., wanted] for h, k in zip(self.alone, self.known, strict=True) if k[wanted]]
        each = torch.stack(alone).mean(dim=0)
        return (each + (1 + FAR_WEIGHT) * self.log_chances(measures, neutral)[..., wanted]) / (2 + FAR_WEIGHT)

    def stray(self, measures: Tensor, neutral: Tensor, wanted: int) -> Tensor:
        """How far measures [..., M] lie outside of what real takes of a label have: sum of squares, in spreads [...]."""
        moved = measures - neutral
        low, high = self.usual[wanted]
        beyond = torch.relu(moved - high) + torch.relu(low - moved)
        return ((beyond / self.near.spread).clamp(max=SOFT_LIMIT) ** 2).sum(dim=-1)


def fit_guide(clips: Sequence[Clip]) -> Guide:
    """Multinomial logistic regressions in which every pack and feeling has the same weight."""
    rows = np.stack([measured(clip.samples) for clip in clips])
    speakers, labels = (np.array([getattr(c, k) for c in clips]) for k in ("speaker", "label"))
    corpora = np.array([c.corpus for c in clips])
    homes, spreads = {}, []
    for speaker in np.unique(speakers):
        own = rows[(speakers == speaker) & (labels == "neutral")]
        homes[speaker] = own.mean(axis=0)
        spreads.append(own.std(axis=0))
    gain = np.array([MILD.get(c, 1.0) if label != "neutral" else 1.0 for c, label in zip(corpora, labels, strict=True)])
    home = np.stack([homes[s] for s in speakers])
    stronger = home + gain[:, None] * (rows - home)
    used = np.isin(labels, LABELS)
    kinds: dict[tuple[str, str], int] = defaultdict(int)
    for key in zip(corpora[used], labels[used], strict=True):
        kinds[key] += 1
    share = np.array([1.0 / kinds[key] for key in zip(corpora[used], labels[used], strict=True)])
    share /= share.mean()
    truth = np.array([LABELS.index(label) for label in labels[used]])
    middle = np.average(stronger[used], axis=0, weights=share)
    wide = np.sqrt(np.average((stronger[used] - middle) ** 2, axis=0, weights=share)) + 1e-6
    moved, spread = (stronger - home)[used], np.mean(spreads, axis=0) + 1e-6
    packs = [corpora[used] == c for c in np.unique(corpora)]
    return Guide(
        _regression(moved, spread, truth, share),
        tuple(_regression(moved[p], spread, truth[p], share[p] / share[p].mean()) for p in packs),
        _regression((stronger - middle)[used], wide, truth, share), torch.from_numpy(middle),
        np.array([[k in truth[p] for k in range(len(LABELS))] for p in packs]),
        torch.from_numpy(np.stack([_percentiles(moved[truth == k]) for k in range(len(LABELS))])),
    )  # fmt: skip


def _percentiles(rows: Array) -> Array:
    return np.percentile(rows, USUAL, axis=0) if len(rows) else np.full((2, rows.shape[1]), np.nan)


def _regression(distance: Array, spread: Array, truth: NDArray[np.int64], share: Array) -> Hearing:
    data = softened(torch.from_numpy(distance / spread))
    wanted, weight = torch.from_numpy(truth), torch.from_numpy(share)
    layer = torch.nn.Linear(data.shape[1], len(LABELS), dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    solver = torch.optim.LBFGS(layer.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        solver.zero_grad()
        each = torch.nn.functional.cross_entropy(layer(data), wanted, reduction="none")
        total = (weight * each).sum() + SHRINKAGE * (layer.weight**2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(closure)  # type: ignore[no-untyped-call]
    return Hearing(torch.from_numpy(spread), layer.weight.detach(), layer.bias.detach())


def measured(samples_16k: NDArray[np.float32]) -> Array:
    """The prosodic measures of a clip [M]; what cannot be measured is 0."""
    return np.nan_to_num(measure(frames(samples_16k)))


@dataclass(frozen=True, eq=False)
class Source:
    """A neutral recording, ready to be changed; `neutral` are its measures."""

    sound: NDArray[np.float32]
    plain: VoiceFrames
    neutral: Array

    def changed(self, change: Array) -> NDArray[np.float32]:
        """The changed voice [n] at 16 kHz."""
        found, place = changed(self.plain, change, np.random.default_rng(0))
        return resample(resounded(self.sound, self.plain, found, place), SAMPLE_RATE, SAMPLE_RATE_HZ)

    def measures(self, change: Array) -> Array:
        """Of the changed voice [M]."""
        return measured(self.changed(change))


def sources(clips: Sequence[Clip], count: int = SOURCES) -> list[Source]:
    """Neutral takes, speaker after speaker."""
    queues: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.label == "neutral":
            queues[clip.speaker].append(clip)
    order = [queue[i] for i in range(count) for queue in queues.values() if i < len(queue)]
    found = []
    for clip in order[:count]:
        sound = dithered(resample(clip.samples, SAMPLE_RATE_HZ, SAMPLE_RATE))
        found.append(Source(sound, analyze(sound), measured(clip.samples)))
    return found


def step_scales(pairs: Sequence[Pair]) -> Array:
    """[WIDTH] by how much takes of all feelings differ in the mean of each channel; level is left alone."""
    means = [p.change.mean(axis=0) for p in pairs if p.felt == "neutral"]
    found = np.concatenate([np.std(means, axis=0), MANNER_SCALES])
    found[COLUMN["level"]] = 1e-6
    assert len(found) == WIDTH == len(LEARNT) + len(MANNER_SCALES)
    return found


def fit(pipe: VoiceConversionPipeline, clips: Sequence[Clip], pairs: Sequence[Pair], seed: int,
        report: Callable[[str], None] = print, second: VoiceRecognizer | None = None) -> Array:
    """The steps [6, WIDTH] of the pipeline's directions, which must be 0 before.

    Args:
        pipe: With a trained denoiser.
        clips: That the guide learns from and that the neutral sources are among; no held-out speakers.
        pairs: For the scales of the channels.
        seed: Of everything drawn.
        report: Receives a line per emotion.
        second: Another guide, which is asked whether a step stays; None: each stays.
    """
    guide, plain, scale = fit_guide(clips), sources(clips), step_scales(pairs)
    steps = np.zeros((len(BASIC), WIDTH))
    for i, name in enumerate(BASIC):
        if all(clip.label != name for clip in clips):
            report(f"{name}: no pack has it, so it has no direction")
            continue
        bases = [_drawn(pipe, source, name, seed + k) for k, source in enumerate(plain)]
        before = _heard(guide, plain, bases, steps[i], name)
        rng = np.random.default_rng([seed, i])
        for spread in SPREADS:
            steps[i] = _better(guide, plain, bases, steps[i], scale, name, rng, spread)
        after = _heard(guide, plain, bases, steps[i], name)
        told = {c: round(float(v), 2) for c, v, s in zip(CHANNELS, steps[i], scale, strict=True) if abs(v) > 0.35 * s}
        report(f"{name}: the guide's mean chance {before[0]:.2f} -> {after[0]:.2f}, straying {before[1]:.1f} -> {after[1]:.1f}; {told}")
        if second is not None:
            steps[i] *= kept(second, plain, bases, steps[i], name, report)
    return steps


def kept(second: VoiceRecognizer, plain: Sequence[Source], bases: Sequence[Array], step: Array, name: str,
         report: Callable[[str], None] = print) -> bool:
    """Whether a step stays: not where a second guide hears the feeling less for it, by more than the standard error.

    Args:
        second: The other guide.
        plain: Neutral recordings.
        bases: The change of each without the step.
        step: [WIDTH].
        name: The feeling.
        report: Receives a line.
    """

    def chances(added: Array) -> Array:
        heard = [second.recognize(Audio(s.changed(b + added), SAMPLE_RATE_HZ)) for s, b in zip(plain, bases, strict=True)]
        return np.array([found.distribution[name] for found in heard])

    without, having = chances(np.zeros(WIDTH)), chances(step)
    more = having - without
    stays = bool(more.mean() >= -more.std(ddof=1) / np.sqrt(len(more)))
    report(f"{name}: the second guide's mean chance {without.mean():.2f} -> {having.mean():.2f}; {'stays' if stays else 'left out'}")
    return stays


def _drawn(pipe: VoiceConversionPipeline, source: Source, name: str, seed: int) -> Array:
    found = describe(source.plain)
    return pipe.change(found, habit_of(found), EmotionTrack.of(name), seed)


def _heard(guide: Guide, plain: Sequence[Source], bases: Sequence[Array], step: Array, name: str) -> tuple[float, float]:
    """The mean chance, and how far they stray."""
    rows = torch.from_numpy(np.stack([s.measures(b + step) for s, b in zip(plain, bases, strict=True)]))
    neutral, wanted = torch.from_numpy(np.stack([s.neutral for s in plain])), LABELS.index(name)
    return float(guide.log_chance(rows, neutral, wanted).exp().mean()), float(guide.stray(rows, neutral, wanted).mean())


def _better(guide: Guide, plain: Sequence[Source], bases: Sequence[Array], step: Array, scale: Array, name: str,
            rng: np.random.Generator, size: float) -> Array:
    """A step that the guide hears better, sought on a linear picture of the measures around `step`."""
    count, wanted, spread = len(plain), LABELS.index(name), guide.near.spread.numpy()
    units, rows, which = [], [], []
    tremor = COLUMN["tremor"]
    for _ in range(DRAWS):
        for k, (source, base) in enumerate(zip(plain, bases, strict=True)):
            tried = step + size * scale * rng.standard_normal(WIDTH)
            tried[tremor] = max(tried[tremor], 0.0)
            units.append(tried / scale)
            rows.append(np.clip((source.measures(base + tried) - source.neutral) / spread, -FURTHEST, FURTHEST))
            which.append(k)
    seen = np.concatenate([np.array(units), np.eye(count)[which]], axis=1)
    shrink = np.diag([1.0] * WIDTH + [1e-3] * count)
    picture = torch.from_numpy(np.linalg.solve(seen.T @ seen + shrink, seen.T @ np.array(rows)))
    neutral = torch.from_numpy(np.stack([source.neutral for source in plain]))

    def cost(unit: Array) -> tuple[float, Array]:
        free = torch.tensor(unit, requires_grad=True)
        found = neutral + (picture[WIDTH:] + free @ picture[:WIDTH]) * guide.near.spread
        value = -guide.log_chance(found, neutral, wanted).mean() + COST * (free**2).sum()
        value = value + STRAYING * guide.stray(found, neutral, wanted).mean()
        value.backward()  # type: ignore[no-untyped-call]
        assert free.grad is not None
        return float(value.detach()), free.grad.numpy()

    bounds = [(-LONGEST, LONGEST)] * WIDTH
    bounds[tremor] = (0.0, LONGEST)
    found = minimize(cost, step / scale, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x * scale)


def neutral_and_felt(corpora: Sequence[str], held_out: frozenset[str], data_dir: str | Path | None = None) -> list[Clip]:
    """The clips of packs, without those of held-out speakers."""
    return [clip for clip in read_clips(corpora, data_dir) if clip.speaker not in held_out]
