"""How the composer learns: first the autoencoder of half bars, then the denoiser on its latents, by songs' own faders.

Nothing is labelled: what a stretch is conditioned on (density, texture, harmony, phrases ...) is measured in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emogen.codecs.lead_frames import (
    CHORD,
    CHORDS,
    FIRST,
    HOLD,
    MELODY,
    MELODY_STATES,
    ONSETS,
    PITCHES,
    SOUNDING,
    STEPS,
    LeadFramesCodec,
)
from emogen.conditioning.encoder import FEATURES
from emogen.models.diffusion import Flow
from emogen.models.lead_sheet import LeadSheetAutoencoder
from emogen.models.sequence import Content
from emogen.pipelines.music.composer import Composer
from emogen.pipelines.music.composer_content import Floats, content_of, form_row, measured_frames
from emogen.training.composer_data import Song
from emogen.training.loop import TrainOptions, TrainResult, train

#: A chord is known when it sounds in so many half beats of the training; rarer ones are taken for their neighbours.
LEAST_CHORDS = 20
#: Weight of the bass against root and tones where chords are compared; own choice.
BASS_WEIGHT = 0.7
BATCH, WINDOWS = 256, 32
#: Share of the autoencoder's batches that are moved to another degree of the key, so that it knows more lines and
#: textures than the songs have; own choice.
TRANSPOSED = 0.5
#: Half bars over which faders are averaged before they are shown: plans give them per bar, or hold them for long.
SMOOTHINGS = (2, 4, 8, 16)
#: Least standard deviation by which a fader is divided: songs may all be alike.
LEAST_SPREAD = 0.02
#: Shares of what is left out or given in training, for the guidance (Ho & Salimans 2022, arXiv:2207.12598) and so that in
#: use a part can be missing or given; own choice.
NO_CONTENT, NO_FADER, MELODY_GIVEN, HARMONY_GIVEN, SOME_HARMONY, CONTINUED = 0.1, 0.15, 0.25, 0.1, 0.3, 0.6
#: Bars of a phrase and what choosing that length costs against beats of rest at its end; four is the rule in pop music.
PHRASE_COSTS = {2: 0.45, 3: 0.6, 4: 0.0, 5: 0.55, 6: 0.5, 7: 0.9, 8: 0.25}


@dataclass(frozen=True, eq=False)
class Coded:
    """A stretch as the denoiser learns it: latents [n, C], faders [smoothings, n, 7] (normalised), form [n, 11]."""

    latents: Floats
    faders: Floats
    form: Floats


def phrases(frames: Floats) -> list[tuple[int, int]]:
    """(first bar, bars) of the phrases of a stretch: they end where the melody rests, mostly after four bars.

    The best sum over phrases of the share of the last bar without a new note, less the cost of the length.
    """
    bars = len(frames) // 2
    begins = frames[:, MELODY].reshape(bars, 2 * STEPS, MELODY_STATES).argmax(axis=2) >= FIRST
    since = np.array([2 * STEPS - 1 - np.flatnonzero(b)[-1] if b.any() else 2 * STEPS for b in begins])
    rests = since / (2 * STEPS)
    best, last = np.full(bars + 1, -np.inf), np.zeros(bars + 1, dtype=int)
    best[0] = 0.0
    for stop in range(1, bars + 1):
        for length, cost in PHRASE_COSTS.items():
            gain = best[stop - length] + rests[stop - 1] - cost if length <= stop else -np.inf
            if gain > best[stop]:
                best[stop], last[stop] = gain, length
        if stop == 1:  # a single bar begins a stretch where nothing else fits
            best[1], last[1] = -1.0, 1
    found, stop = [], bars
    while stop:
        length = int(last[stop])
        found.append((stop - length, length))
        stop -= length
    return found[::-1]


def form_of(frames: Floats, minor: bool) -> Floats:
    """The numbers `FORM` of each half bar of a stretch."""
    bars = len(frames) // 2
    sings = (frames[:, MELODY].reshape(bars, -1, MELODY_STATES).argmax(axis=2) >= HOLD).any(axis=1)
    roots = frames[:, CHORDS].reshape(bars, -1, CHORD)[:, :, :12]
    rows = []
    for first, length in phrases(frames):
        end = roots[first + length - 1, -1]
        cadence = "full" if end[0] > 0 else "half" if end[7] > 0 else ""
        for place in range(length):
            for second in (False, True):
                bar = first + place
                rows.append(form_row(
                    place, length, second=second, cadence=cadence if place == length - 1 else "", final=bar == bars - 1,
                    sings=bool(sings[bar]), minor=minor,
                ))  # fmt: skip
    return np.array(rows, np.float32)


def smoothed(values: Floats, size: int) -> Floats:
    """Means over blocks of `size` frames, as long as the input; NaN counts for nothing."""
    count = -len(values) % size
    blocks = np.concatenate([values, np.full((count, values.shape[1]), np.nan, np.float32)]).reshape(
        -1, size, values.shape[1]
    )
    known = ~np.isnan(blocks)
    with np.errstate(invalid="ignore"):
        means = np.where(known, blocks, 0).sum(axis=1) / known.sum(axis=1)
    return np.repeat(means, size, axis=0)[: len(values)].astype(np.float32)


def learn_codec(
    songs: Sequence[Song],
    model: Callable[[int], LeadSheetAutoencoder],
    folder: Path,
    steps: int,
    seed: int,
    report: Callable[[dict[str, float]], None] | None = None,
) -> tuple[LeadSheetAutoencoder, TrainResult]:
    """Fits the chords and trains the autoencoder; `model` makes one that knows so many chords."""
    codec = LeadFramesCodec()
    frames = {
        part: torch.from_numpy(
            np.concatenate([codec.encode(s.sheet).astype(np.uint8) for s in songs if s.part == part])
        )
        for part in ("train", "validation")
    }
    beats = frames["train"][:, CHORDS].reshape(-1, CHORD)
    chords, counts = beats.unique(dim=0, return_counts=True)
    common = counts >= LEAST_CHORDS
    made = model(int(common.sum()))
    weights = torch.ones(CHORD)
    weights[24:] = BASS_WEIGHT
    made.chords.copy_(chords[common])
    made.chord_shares.copy_(counts[common] / counts[common].sum())
    made.centre.copy_(beats.float().mean(dim=0))
    _, _, directions = torch.linalg.svd((beats.float() - made.centre) * weights, full_matrices=False)
    made.basis.copy_(weights[:, None] * directions[: made.config.chord].T)
    checked = frames["validation"][::5].float()

    @torch.no_grad()
    def validate(m: Any) -> float:
        return float(m.loss(checked, torch.Generator().manual_seed(seed)))

    def step(m: Any, generator: torch.Generator) -> Tensor:
        rows = torch.randint(len(frames["train"]), (BATCH,), generator=generator)
        batch = frames["train"][rows].float()
        if torch.rand((), generator=generator) < TRANSPOSED:
            batch = transposed(batch, int(torch.randint(1, 12, (), generator=generator)))
        return m.loss(batch, generator)

    options = TrainOptions(
        steps=steps, learning_rate=2e-3, report_every=min(500, steps), average_decay=0.998, seed=seed
    )
    result = train(made, step, folder, options, validate=validate, on_report=report)
    made.eval()
    fit_scale(made, frames["train"])
    return made, result


def transposed(frames: Tensor, semitones: int) -> Tensor:
    """Frames [n, 1432] moved up by 0..11 semitones, by 12 less from the sixth on; a range that is left is entered again."""
    move = semitones if semitones < 6 else semitones - 12
    moved = frames.clone()
    moved[:, CHORDS] = frames[:, CHORDS].unflatten(1, (-1, 12)).roll(semitones, dims=-1).flatten(1)
    melody = moved[:, MELODY].unflatten(1, (STEPS, MELODY_STATES))
    melody[..., FIRST:] = melody[..., FIRST:].roll(move, dims=-1)
    moved[:, MELODY] = melody.flatten(1)
    for part in (ONSETS, SOUNDING):
        moved[:, part] = frames[:, part].unflatten(1, (STEPS, PITCHES)).roll(move, dims=-1).flatten(1)
    return moved


@torch.no_grad()
def fit_scale(model: LeadSheetAutoencoder, frames: Tensor) -> None:
    """Sets mean and spread of the latents to those of frames [n, 1432]."""
    latents = torch.cat([model.encode(part.float()) for part in frames.split(4096)])
    mean, std = latents.mean(dim=0), latents.std(dim=0)
    model.mean.add_(mean * model.std)
    model.std.mul_(std)


@torch.no_grad()
def read_back(songs: Sequence[Song], model: LeadSheetAutoencoder) -> dict[str, float]:
    """What the autoencoder gives back: share of melody onsets at their place and pitch, F1 of onsets and of what sounds."""
    codec = LeadFramesCodec()
    frames = torch.from_numpy(np.concatenate([codec.encode(s.sheet) for s in songs]))
    said = model.logits(model.encode(frames), frames[:, CHORDS])
    states = frames[:, MELODY].unflatten(1, (STEPS, MELODY_STATES)).argmax(dim=-1)
    right = said.melody.argmax(dim=-1) == states
    found = {"melody": float(right[states >= FIRST].float().mean())}
    for name, part, logits in (("onsets", ONSETS, said.onsets), ("sounding", SOUNDING, said.sounding)):
        truth, there = frames[:, part].unflatten(1, (STEPS, PITCHES)) > 0.5, logits > 0
        found[name] = float(2 * (truth & there).sum() / (truth.sum() + there.sum()))
    return found


def intervals(songs: Sequence[Song]) -> Tensor:
    """Logarithm of the share of each interval -12..12 between neighbouring notes of the melodies [25]."""
    counts = torch.ones(25)
    for song in songs:
        pitches = torch.tensor([n.pitch for n in song.sheet.melody], dtype=torch.long)
        steps = pitches.diff()
        counts += torch.bincount(steps[steps.abs() <= 12] + 12, minlength=25)
    return (counts / counts.sum()).log()


def coded(songs: Sequence[Song], model: Composer) -> list[Coded]:
    """Stretches as the denoiser learns them; fits the model's scale of faders to those of the training."""
    frames = [model.codec.encode(s.sheet) for s in songs]
    measured = [measured_frames(f) for f in frames]
    known = np.concatenate(
        [smoothed(m, SMOOTHINGS[1]) for m, s in zip(measured, songs, strict=True) if s.part == "train"]
    )
    model.fader_mean.copy_(torch.from_numpy(np.nanmean(known, axis=0)))
    model.fader_std.copy_(torch.from_numpy(np.nanstd(known, axis=0)).clamp(min=LEAST_SPREAD))
    mean, std = model.fader_mean.numpy(), model.fader_std.numpy()
    found = []
    with torch.no_grad():
        for f, m, song in zip(frames, measured, songs, strict=True):
            faders = np.stack([(smoothed(m, size) - mean) / std for size in SMOOTHINGS])
            latents = model.autoencoder.encode(torch.from_numpy(f)).numpy()
            found.append(Coded(latents, faders, form_of(f, song.sheet.mode == "minor")))
    return found


class Windows:
    """Windows of stretches to draw from."""

    def __init__(self, stretches: Sequence[Coded], model: Composer) -> None:
        self.stretches, self.window, self.parts = stretches, model.config.window, model.autoencoder.parts
        self.chances = np.array([len(c.latents) for c in stretches], dtype=float)
        self.chances /= self.chances.sum()

    def batch(self, rng: np.random.Generator, size: int, left_out: bool) -> dict[str, Tensor]:
        """Latents, content, which frames count and are known [size, window, ...]; `left_out` as in training."""
        rows = [
            self._row(self.stretches[i], rng, left_out) for i in rng.choice(len(self.stretches), size, p=self.chances)
        ]
        return {k: torch.from_numpy(np.stack([r[k] for r in rows])) for k in rows[0]}

    def _row(self, one: Coded, rng: np.random.Generator, left_out: bool) -> dict[str, np.ndarray]:
        spare = (len(one.latents) - self.window) // 2
        first = 2 * int(rng.integers(spare + 1)) if spare > 0 else 0
        part = slice(first, first + self.window)
        latents = one.latents[part]
        count = len(latents)
        faders = one.faders[rng.integers(len(SMOOTHINGS)), part].copy()
        melody = np.full_like(latents[:, self.parts["melody"]], np.nan)
        harmony = np.full_like(latents[:, self.parts["harmony"]], np.nan)
        known = np.zeros(self.window, dtype=bool)
        if left_out:
            faders[:, rng.random(faders.shape[1]) < NO_FADER] = np.nan
            if rng.random() < MELODY_GIVEN:
                melody = latents[:, self.parts["melody"]]
            drawn = rng.random()
            if drawn < HARMONY_GIVEN + SOME_HARMONY:
                given = rng.random(count) < (1.0 if drawn < HARMONY_GIVEN else 0.15)
                harmony[given] = latents[given][:, self.parts["harmony"]]
            if rng.random() < CONTINUED:
                known[: 2 * int(rng.integers(1, max(2, count // 2 - 1)))] = True
        content = content_of(faders, one.form[part], melody, harmony)
        pad = self.window - count
        return {
            "x": np.pad(latents, ((0, pad), (0, 0))), "content": np.pad(content, ((0, pad), (0, 0))),
            "mask": np.arange(self.window) < count, "known": known, "null": np.array(left_out and rng.random() < NO_CONTENT),
        }  # fmt: skip


def denoiser_loss(model: Any, batch: dict[str, Tensor], generator: torch.Generator) -> Tensor:
    """The flow's loss; songs have no labelled emotion, which is null."""
    count, frames = batch["mask"].shape
    nothing = torch.ones(count, dtype=torch.bool)
    felt = model.emotion_encoder(torch.zeros(count, frames, FEATURES), frames, null=nothing, mask=batch["mask"])
    return Flow(model.denoiser).loss(
        batch["x"], felt, Content(frames=batch["content"]), generator=generator, null=batch["null"], known=batch["known"],
        mask=batch["mask"],
    )  # fmt: skip


@torch.no_grad()
def baselines(songs: Sequence[Song], model: Composer, seed: int) -> dict[str, float]:
    """Losses on the validation songs: "untold", the network without its content, and "mean", without the network."""
    kept = Windows([c for c, s in zip(coded(songs, model), songs, strict=True) if s.part == "validation"], model)
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"untold": [], "mean": []}
    generators = {name: torch.Generator().manual_seed(seed) for name in found}
    silent = Composer.from_config(model.config)  # a fresh network adds nothing to the best linear guess
    silent.emotion_encoder.load_state_dict(model.emotion_encoder.state_dict())
    for _ in range(6):
        batch = kept.batch(rng, 32, left_out=False)
        batch["null"] = torch.ones_like(batch["null"])
        for name, m in (("untold", model), ("mean", silent)):
            found[name].append(float(denoiser_loss(m, batch, generators[name])))
    return {name: float(np.mean(losses)) for name, losses in found.items()}


def learn(
    songs: Sequence[Song],
    model: Composer,
    folder: Path,
    steps: int,
    seed: int,
    report: Callable[[dict[str, float]], None] | None = None,
) -> TrainResult:
    """Trains denoiser and emotion encoder."""
    stretches = coded(songs, model)
    kept = Windows([c for c, s in zip(stretches, songs, strict=True) if s.part == "validation"], model)
    learnt = Windows([c for c, s in zip(stretches, songs, strict=True) if s.part == "train"], model)
    model.intervals.copy_(intervals([s for s in songs if s.part == "train"]))
    rng = np.random.default_rng(seed)
    checked = [kept.batch(rng, 32, left_out=False) for _ in range(6)]

    @torch.no_grad()
    def validate(m: nn.Module) -> float:
        generator = torch.Generator().manual_seed(seed)
        return float(np.mean([float(denoiser_loss(m, b, generator)) for b in checked]))

    def step(m: nn.Module, generator: torch.Generator) -> Tensor:
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        return denoiser_loss(m, learnt.batch(rng, WINDOWS, left_out=True), generator)

    model.autoencoder.requires_grad_(False)
    options = TrainOptions(steps=steps, learning_rate=1.5e-3, report_every=min(100, steps), average_decay=0.999,
                           weight_decay=0.05, seed=seed)  # fmt: skip
    return train(model, step, folder, options, validate=validate, on_report=report)
