"""Trains the composer: `python -m emogen.training.composer --out FOLDER`."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from emogen.checkpoints import write_sums
from emogen.evaluation.metrics import notes
from emogen.media.atomic import atomic_path
from emogen.models.lead_sheet import LeadSheetAutoencoder
from emogen.pipelines.music.composer import Composer
from emogen.training import composer_figures as figures
from emogen.training.composer_data import Song, read_songs
from emogen.training.composer_learning import baselines, learn, learn_codec, read_back
from emogen.training.loop import TrainResult

CODEC_STEPS, STEPS = 6000, 6000


def finish(
    out: Path, data_dir: Path | None = None, steps: int = STEPS, seed: int = 0, pieces: int = figures.PIECES
) -> Path:
    """Trains and writes the checkpoint into `out`; the training itself, which can be resumed, lies beside it."""
    songs = read_songs(data_dir)
    torch.manual_seed(seed)
    run = out.with_name(out.name + "-run")
    coder, codec = learn_codec(songs, lambda known: LeadSheetAutoencoder(vocabulary=known), run / "codec",
                               min(CODEC_STEPS, steps), seed, report)  # fmt: skip
    model = Composer(vocabulary=coder.config.vocabulary)
    model.autoencoder.load_state_dict(coder.state_dict())
    model.eval()
    learnt = learn(songs, model, run / "denoiser", steps, seed, report)
    model.eval()
    model.half().save_pretrained(str(out), safe_serialization=True)
    for name in ("codec", "denoiser"):
        with atomic_path(out / f"curve_{name}.csv") as part:
            shutil.copyfile(run / name / "curve.csv", part)
    with atomic_path(out / "README.md") as part:
        part.write_text(card(songs, Composer.opened(out), codec, learnt, steps, seed, pieces), encoding="utf-8")
    write_sums(out)
    return out


def report(row: dict[str, float]) -> None:
    """Says how it goes."""
    print({name: round(value, 4) for name, value in row.items()}, flush=True)


def card(
    songs: Sequence[Song], model: Composer, codec: TrainResult, learnt: TrainResult, steps: int, seed: int, pieces: int
) -> str:
    """The model card, its figures measured now."""
    parts = {p: [s for s in songs if s.part == p] for p in ("train", "validation", "test")}
    counts = {p: (len({s.number for s in own}), sum(s.sheet.bars for s in own)) for p, own in parts.items()}
    unseen = figures.excerpts(parts["test"])
    begun = time.perf_counter()
    made = figures.composed(model, unseen, pieces)
    each_s = (time.perf_counter() - begun) / len(made)
    known = [figures.tune(s.sheet) for s in parts["train"]]
    runs = np.array([notes.longest_shared_run(figures.tune(s), known)[0] + 1 for s in made])
    real_runs = np.array([notes.longest_shared_run(figures.tune(s), known)[0] + 1 for s in unseen])
    of_songs = figures.bigrams([s.sheet for s in parts["train"]])
    chords = [figures.overlap(figures.bigrams(sheets), of_songs) for sheets in (unseen, made)]
    lines = [f"| {name} | {rho:.2f} | {', '.join(f'{a:.2f} -> {b:.2f}' for a, b in zip(asked, read, strict=True))} |"
             for name, (rho, asked, read) in figures.faders(model).items()]  # fmt: skip
    back = read_back(parts["test"], model.autoencoder)
    base = baselines(songs, model, seed)
    numbers = sum(p.numel() for p in model.parameters()) / 1e6
    text = "\n".join(figures.table(unseen, made))
    faded = "\n".join(lines)
    return f"""---
license: mit
checkpoint_kind: open
library_name: emogen
---
# composer: a plan of bars -> melody, harmony and a piano's accompaniment

An autoencoder of half bars (two chords, a line, a texture: {model.autoencoder.channels} numbers) and a diffusion over its
latents, {numbers:.2f} M numbers together. What it is told is measured in the songs themselves: {", ".join(figures.FADED)};
place in the phrase, cadence, end, whether somebody sings, major or minor. Nobody labelled a feeling. What the diffusion says
is decoded to the likeliest notes, as many as the faders ask for, with cadences and voices kept by rules of the craft.

## Data
POP909 (Wang et al. 2020, MIT): piano arrangements of pop songs with beats, chords and keys. Stretches of at least 8 bars of
4/4 in one key, split by song: {counts["train"][0]} songs ({counts["train"][1]} bars) to learn from, {counts["validation"][0]}
({counts["validation"][1]}) to choose the weights and the constants of decoding, {counts["test"][0]}
({counts["test"][1]}) for the figures below alone.

## Training
`python -m emogen.training.composer --out FOLDER` (seed {seed}): autoencoder {codec.steps} steps,
{codec.elapsed_s / 60:.0f} minutes; denoiser {steps} steps, {learnt.elapsed_s / 60:.0f} minutes on one core of a CPU. Curves:
`curve_codec.csv`, `curve_denoiser.csv`.

## Figures
Loss of the flow on the songs that chose the weights: {learnt.best:.3f} after {learnt.best_step} steps; the same network told
nothing {base["untold"]:.3f}; mean and variance alone {base["mean"]:.3f}.
The autoencoder on unseen songs: {back["melody"]:.1%} of melody onsets at their pitch, F1 of accompaniment onsets
{back["onsets"]:.2f}, of what sounds {back["sounding"]:.2f}.

{len(made)} pieces of {figures.BARS} bars, each composed with the faders of a stretch of an unseen song, beside {len(unseen)}
such stretches:

{text}

Pairs of neighbouring chords: common part with the songs learnt from {chords[1]:.2f} (unseen songs: {chords[0]:.2f}).
Longest tune (intervals and rhythm) shared with any song learnt from: median {np.median(runs):.0f} notes, 95th percentile
{np.percentile(runs, 95):.0f} (unseen songs: {np.median(real_runs):.0f} and {np.percentile(real_runs, 95):.0f}).
{each_s:.1f} s a piece on one core.

Each fader alone, the others in the middle of the songs; asked -> measured in the lead sheet, Spearman over
{figures.SWEEP * figures.TAKES} pieces:

| fader | Spearman | means |
|---|---|---|
{faded}

## Limits
Pop of one tradition, 4/4, piano; sixteenths are the finest time. Beyond what songs hold (dissonance above about .1, four chords a
bar, melodies two octaves down) rules, not learning, do what a fader asks. It plans no form: that comes with the plan.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains the composer.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    finish(given.out, given.data, given.steps, given.seed)


if __name__ == "__main__":
    main()
