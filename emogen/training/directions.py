"""Sets the feelings apart: what has to be added to a converted voice so that a guide tells its feeling from the others.

What acted speech changes on the average is much alike for joy, anger and fear: all are high, loud and bright. A guide
is fitted on prosodic measures of the packs, each take against the same speaker's neutral speech (a direction in the
space of the measures); then, for each basic emotion, the step in the space of changes is sought that leads the
measures of converted recordings along that direction. Since measures of sound are no smooth function of a change, the
step is sought on a linear picture of them, drawn from random steps and drawn anew around the step found.
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

from emogen.codecs.voice import SAMPLE_RATE, VoiceFrames, analyze, synthesize
from emogen.codecs.voice_change import CHANNELS, COLUMN, LEARNT, WIDTH, changed
from emogen.codecs.voice_slow import describe, habit_of
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.conditioning.voice_measures import frames, measure
from emogen.media.audio import resample
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.training.conversion_data import DITHER, Pair
from emogen.training.speech_data import SAMPLE_RATE_HZ, Clip, read_clips

LABELS = ("neutral", *BASIC)
#: Standard deviations beyond which a measure says no more.
SOFT_LIMIT = 4.0
#: Corpora whose actors hold back are read as if they did not: factor on their distance from neutral.
MILD = {"speech/nemo_pl": 2.0}
SHRINKAGE = 10.0  # of the guide's weights: half the inverse of the C of the usual logistic regression
SOURCES = 14  # neutral takes that the steps are sought on
DRAWS, ROUNDS, SPREAD = 7, 2, 0.6  # random steps per source and round, of that size in units of the scales
COST = 0.02  # of a squared unit: a step is no longer than it pays
LONGEST = 1.8  # units
#: Scales of the manners, which no pair shows: log2 factors, percent, semitones rms; own assumption.
MANNER_SCALES = (0.4, 0.25, 3.0, 0.25)

Array = NDArray[np.float64]


def softened(distance: Array) -> Array:
    """Distances in standard deviations, held within the soft limit."""
    return np.asarray(SOFT_LIMIT * np.tanh(np.clip(distance, -2 * SOFT_LIMIT, 2 * SOFT_LIMIT) / SOFT_LIMIT))


@dataclass(frozen=True, eq=False)
class RelativeGuide:
    """Hears a feeling in how far a voice is from its neutral one.

    Attributes:
        spread: [M] standard deviation of each measure within a speaker's neutral takes.
        weights: [L, M] over `LABELS`.
        bias: [L].
    """

    spread: Array
    weights: Array
    bias: Array

    def distance(self, measures: Array, neutral: Array) -> Array:
        """Measures [..., M] against those of the neutral voice, in softened standard deviations."""
        return softened((measures - neutral) / self.spread)

    def chances(self, distance: Array) -> Array:
        """[..., M] -> [..., L]."""
        logits = distance @ self.weights.T + self.bias
        logits -= logits.max(axis=-1, keepdims=True)
        return np.asarray(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))


def fit_guide(clips: Sequence[Clip]) -> RelativeGuide:
    """Multinomial logistic regression with every pack and feeling of the same weight."""
    rows = np.stack([measured(clip.samples) for clip in clips])
    speakers, labels = (np.array([getattr(c, k) for c in clips]) for k in ("speaker", "label"))
    corpora = np.array([c.corpus for c in clips])
    homes, spreads = {}, []
    for speaker in np.unique(speakers):
        own = rows[(speakers == speaker) & (labels == "neutral")]
        homes[speaker] = own.mean(axis=0)
        spreads.append(own.std(axis=0))
    spread = np.mean(spreads, axis=0) + 1e-6
    gain = np.array([MILD.get(c, 1.0) if label != "neutral" else 1.0 for c, label in zip(corpora, labels, strict=True)])
    x = softened(gain[:, None] * (rows - np.stack([homes[s] for s in speakers])) / spread)
    used = np.isin(labels, LABELS)
    kinds: dict[tuple[str, str], int] = defaultdict(int)
    for key in zip(corpora[used], labels[used], strict=True):
        kinds[key] += 1
    share = np.array([1.0 / kinds[key] for key in zip(corpora[used], labels[used], strict=True)])
    weights, bias = _regression(x[used], np.array([LABELS.index(label) for label in labels[used]]), share / share.mean())
    return RelativeGuide(spread, weights, bias)


def _regression(x: Array, y: NDArray[np.int64], share: Array) -> tuple[Array, Array]:
    data, truth, weight = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(share)
    layer = torch.nn.Linear(x.shape[1], len(LABELS), dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    solver = torch.optim.LBFGS(layer.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        solver.zero_grad()
        each = torch.nn.functional.cross_entropy(layer(data), truth, reduction="none")
        total = (weight * each).sum() + SHRINKAGE * (layer.weight**2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(closure)  # type: ignore[no-untyped-call]
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def measured(samples_16k: NDArray[np.float32]) -> Array:
    """The prosodic measures of a clip [M]; what cannot be measured is 0."""
    return np.nan_to_num(measure(frames(samples_16k)))


@dataclass(frozen=True, eq=False)
class Source:
    """A neutral recording, ready to be changed; `neutral` are its measures after coding alone."""

    plain: VoiceFrames
    neutral: Array

    def measures(self, change: Array) -> Array:
        """Of the changed voice [M]."""
        found, _ = changed(self.plain, change, np.random.default_rng(0))
        return measured(resample(synthesize(found), SAMPLE_RATE, SAMPLE_RATE_HZ))


def sources(clips: Sequence[Clip], count: int = SOURCES) -> list[Source]:
    """Neutral takes, speaker after speaker."""
    queues: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.label == "neutral":
            queues[clip.speaker].append(clip)
    order = [queue[i] for i in range(count) for queue in queues.values() if i < len(queue)]
    found = []
    for clip in order[:count]:
        samples = resample(clip.samples, SAMPLE_RATE_HZ, SAMPLE_RATE)
        plain = analyze(samples + DITHER * np.random.default_rng(0).standard_normal(len(samples)).astype(np.float32))
        found.append(Source(plain, measured(resample(synthesize(plain), SAMPLE_RATE, SAMPLE_RATE_HZ))))
    return found


def step_scales(pairs: Sequence[Pair]) -> Array:
    """[WIDTH] by how much takes of all feelings differ in the mean of each channel; level is left alone."""
    means = [p.change.mean(axis=0) for p in pairs if p.felt == "neutral"]
    found = np.concatenate([np.std(means, axis=0), MANNER_SCALES])
    found[COLUMN["level"]] = 1e-6
    assert len(found) == WIDTH == len(LEARNT) + len(MANNER_SCALES)
    return found


def fit(pipe: VoiceConversionPipeline, clips: Sequence[Clip], pairs: Sequence[Pair], seed: int,
        report: Callable[[str], None] = print) -> Array:
    """The steps [6, WIDTH] of the pipeline's directions, which must be 0 before.

    Args:
        pipe: With a trained denoiser.
        clips: That the guide learns from and that the neutral sources are among; no held-out speakers.
        pairs: For the scales of the channels.
        seed: Of everything drawn.
        report: Receives a line per emotion.
    """
    guide, plain, scale = fit_guide(clips), sources(clips), step_scales(pairs)
    steps = np.zeros((len(BASIC), WIDTH))
    for i, name in enumerate(BASIC):
        bases = [_drawn(pipe, source, name, seed + k) for k, source in enumerate(plain)]
        before = _heard(guide, plain, bases, steps[i], name)
        rng = np.random.default_rng([seed, i])
        for _ in range(ROUNDS):
            steps[i] = _better(guide, plain, bases, steps[i], scale, name, rng)
        after = _heard(guide, plain, bases, steps[i], name)
        told = {c: round(float(v), 2) for c, v, s in zip(CHANNELS, steps[i], scale, strict=True) if abs(v) > 0.35 * s}
        report(f"{name}: the guide's mean chance {before:.2f} -> {after:.2f}; {told}")
    return steps


def _drawn(pipe: VoiceConversionPipeline, source: Source, name: str, seed: int) -> Array:
    found = describe(source.plain)
    return pipe.change(found, habit_of(found), EmotionTrack.of(name), seed)


def _heard(guide: RelativeGuide, plain: Sequence[Source], bases: Sequence[Array], step: Array, name: str) -> float:
    rows = np.stack([guide.distance(s.measures(b + step), s.neutral) for s, b in zip(plain, bases, strict=True)])
    return float(guide.chances(rows)[:, LABELS.index(name)].mean())


def _better(guide: RelativeGuide, plain: Sequence[Source], bases: Sequence[Array], step: Array, scale: Array, name: str,
            rng: np.random.Generator) -> Array:
    """A step that the guide hears better, sought on a linear picture of the measures around `step`."""
    count, wanted = len(plain), LABELS.index(name)
    units, rows, which = [], [], []
    tremor = COLUMN["tremor"]
    for _ in range(DRAWS):
        for k, (source, base) in enumerate(zip(plain, bases, strict=True)):
            tried = step + SPREAD * scale * rng.standard_normal(WIDTH)
            tried[tremor] = max(tried[tremor], 0.0)
            units.append(tried / scale)
            rows.append(guide.distance(source.measures(base + tried), source.neutral))
            which.append(k)
    seen = np.concatenate([np.array(units), np.eye(count)[which]], axis=1)
    shrink = np.diag([1.0] * WIDTH + [1e-3] * count)
    picture = np.linalg.solve(seen.T @ seen + shrink, seen.T @ np.array(rows))
    slope, home = picture[:WIDTH], picture[WIDTH:]

    def cost(unit: Array) -> tuple[float, Array]:
        chances = guide.chances(home + unit @ slope)
        value = -np.log(chances[:, wanted] + 1e-9).mean() + COST * unit @ unit
        toward = (guide.weights[wanted] - chances @ guide.weights).mean(axis=0)
        return float(value), -(slope @ toward) + 2.0 * COST * unit

    bounds = [(-LONGEST, LONGEST)] * WIDTH
    bounds[tremor] = (0.0, LONGEST)
    found = minimize(cost, step / scale, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x * scale)


def neutral_and_felt(corpora: Sequence[str], held_out: frozenset[str], data_dir: str | Path | None = None) -> list[Clip]:
    """The clips of packs, without those of held-out speakers."""
    return [clip for clip in read_clips(corpora, data_dir) if clip.speaker not in held_out]
