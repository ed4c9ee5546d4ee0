"""Trains the embedded voices: an acoustic model that learns from free voices how the sounds of English are spoken.

    python -m emogen.training.voices --out FOLDER --features FEATURES

What the teachers read is made first where it is missing (`emogen.training.voices_data`). The training can be stopped
and goes on where it was, in `<name>-run` beside the checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from emogen.models.acoustic import STEP_FRAMES, AcousticModel
from emogen.pipelines.speech.acoustic_input import FIGURES, figures_of
from emogen.training import voices_data
from emogen.training.loop import TrainOptions, TrainResult
from emogen.training.loop import train as run_training
from emogen.training.voices_card import write_checkpoint

BATCH_STEPS = 2_400  # of 10 ms
HELD_OUT_EVERY = 25  # each 25th text is held out, for all speakers
LOG_F0, VOICING = 0, 1  # columns of the codec's representation
CEPSTRA = slice(3, 43)
WEIGHT_F0, WEIGHT_VOICING, WEIGHT_NOISE, WEIGHT_DELTA, WEIGHT_LENGTH = 2.0, 1.5, 0.3, 0.5, 1.0  # own choice
LEARNING_RATE = 1.5e-3


@dataclass(frozen=True, eq=False)
class Example:
    """A sentence of a speaker, ready for the network: steps of each sound, frames [2 x steps, 45]."""

    symbols: NDArray[np.int64]
    figures: NDArray[np.float32]
    steps: NDArray[np.int64]
    frames: NDArray[np.float16]
    speaker: int
    held_out: bool


def read_examples(features: Path, speakers: Sequence[str]) -> tuple[list[Example], list[str]]:
    """All sentences of the speakers, and the symbols that occur in them."""
    said = {name: voices_data.read(features, name) for name in speakers}
    symbols = sorted({s.symbol for rows in said.values() for item, _ in rows for s in item.sounds})
    number = {symbol: i for i, symbol in enumerate(symbols)}
    texts = sorted({item.text for rows in said.values() for item, _ in rows})
    held_out = set(texts[::HELD_OUT_EVERY])
    found = []
    for speaker, name in enumerate(speakers):
        for item, rows in said[name]:
            ends = np.r_[np.round(np.array(item.starts[1:]) / STEP_FRAMES), item.frames // STEP_FRAMES].astype(int)
            for i in range(len(ends)):  # no sound shorter than a step
                ends[i] = max(ends[i], (ends[i - 1] if i else 0) + 1)
            if ends[-1] * STEP_FRAMES > len(rows):
                continue
            found.append(Example(
                np.array([number[s.symbol] for s in item.sounds]), figures_of(item.sounds), np.diff(ends, prepend=0),
                rows[: ends[-1] * STEP_FRAMES], speaker, item.text in held_out,
            ))  # fmt: skip
    return found, symbols


def statistics(examples: Sequence[Example], speakers: int) -> tuple[Tensor, Tensor]:
    """Mean and spread of the channels of each speaker [S, 45]; F0 where voiced, voicing as -1 and 1."""
    means, spreads = [], []
    for speaker in range(speakers):
        rows = np.concatenate([e.frames for e in examples if e.speaker == speaker]).astype(np.float64)
        voiced = rows[rows[:, VOICING] > 0.5]
        mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-3
        mean[LOG_F0], spread[LOG_F0] = voiced[:, LOG_F0].mean(), voiced[:, LOG_F0].std()
        mean[VOICING] = spread[VOICING] = 0.5
        means.append(mean)
        spreads.append(spread)
    return torch.tensor(np.stack(means)).float(), torch.tensor(np.stack(spreads)).float()


class Batches:
    """Sentences of like length, padded to one."""

    def __init__(self, examples: Sequence[Example], model: AcousticModel) -> None:
        self._examples = sorted(examples, key=lambda e: int(e.steps.sum()))
        self._sizes = [int(e.steps.sum()) for e in self._examples]
        self._mean, self._std = model.mean.clone(), model.std.clone()
        per_channel = (self._std.mean(dim=0) / self._std.mean()).sqrt()
        self.weight = per_channel / per_channel[CEPSTRA].mean()
        self.weight[LOG_F0], self.weight[VOICING], self.weight[43:] = WEIGHT_F0, WEIGHT_VOICING, WEIGHT_NOISE
        self.weight[2] = 2.0  # energy

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A random batch."""
        at = int(torch.randint(len(self._examples), (), generator=generator))
        count = max(1, BATCH_STEPS // self._sizes[min(at + 4, len(self._sizes) - 1)])
        begin = min(at, max(0, len(self._examples) - count))
        return self.batch(self._examples[begin : begin + count])

    def all(self) -> list[dict[str, Tensor]]:
        """Everything, in batches."""
        return [self.batch(self._examples[i : i + 8]) for i in range(0, len(self._examples), 8)]

    def batch(self, some: Sequence[Example]) -> dict[str, Tensor]:
        """Named tensors of a batch; `target` is normalised by speaker."""
        sounds, steps = max(len(e.symbols) for e in some), max(int(e.steps.sum()) for e in some)
        made = {
            "symbols": torch.zeros(len(some), sounds, dtype=torch.long),
            "figures": torch.zeros(len(some), sounds, len(FIGURES)),
            "mix": torch.zeros(len(some), len(self._mean)),
            "mask": torch.zeros(len(some), sounds, 1),
            "steps": torch.zeros(len(some), sounds, dtype=torch.long),
            "step_mask": torch.zeros(len(some), steps, 1),
            "target": torch.zeros(len(some), STEP_FRAMES * steps, self._mean.shape[1]),
            "voiced": torch.zeros(len(some), STEP_FRAMES * steps),
        }
        for i, e in enumerate(some):
            count, length = len(e.symbols), int(e.steps.sum())
            made["symbols"][i, :count] = torch.from_numpy(e.symbols)
            made["figures"][i, :count] = torch.from_numpy(e.figures)
            made["mix"][i, e.speaker] = 1.0
            made["mask"][i, :count] = 1.0
            made["steps"][i, :count] = torch.from_numpy(e.steps)
            made["step_mask"][i, :length] = 1.0
            rows = torch.from_numpy(e.frames.astype(np.float32))
            made["voiced"][i, : len(rows)] = (rows[:, VOICING] > 0.5).float()
            made["target"][i, : len(rows)] = (rows - self._mean[e.speaker]) / self._std[e.speaker]
        return made


def loss_of(model: nn.Module, batch: dict[str, Tensor], weight: Tensor) -> Tensor:
    """How far lengths, frames and the steps between frames are from the teacher's."""
    inputs = {k: batch[k] for k in ("symbols", "figures", "mix", "mask", "steps", "step_mask")}
    lengths, found = model(**inputs)
    lengths, found = lengths.float(), found.float()
    mask = batch["step_mask"].repeat_interleave(STEP_FRAMES, dim=1).expand(-1, -1, found.shape[-1]).clone()
    mask[..., LOG_F0] *= batch["voiced"]
    far = ((found - batch["target"]).abs() * mask * weight).sum() / mask[..., 2].sum()
    steps_far = (torch.diff(found, dim=1) - torch.diff(batch["target"], dim=1)).abs()
    moving = (steps_far * mask[:, 1:] * mask[:, :-1] * weight).sum() / mask[..., 2].sum()
    truth = torch.log1p(batch["steps"].float())
    sounds = batch["mask"].squeeze(-1)
    length = (F.smooth_l1_loss(lengths, truth, reduction="none", beta=0.2) * sounds).sum() / sounds.sum()
    return far / weight.sum() + WEIGHT_DELTA * moving / weight.sum() + WEIGHT_LENGTH * length


def figures(model: AcousticModel, examples: Sequence[Example], speakers: Sequence[str]) -> list[dict[str, Any]]:
    """What held-out sentences show, speaker by speaker, with the teacher's lengths.

    Mel-cepstral distance in dB, F0 error in semitones where both are voiced, share of frames of wrong voicing,
    error of lengths in ms (root mean square).
    """
    found = []
    for speaker, name in enumerate(speakers):
        mine = [e for e in examples if e.held_out and e.speaker == speaker]
        batches = Batches(mine, model)
        distances, f0, voicing, lengths = [], [], [], []
        for e in mine:
            b = batches.batch([e])
            with torch.no_grad():
                log_steps, rows = model(**{k: b[k] for k in ("symbols", "figures", "mix", "mask", "steps", "step_mask")})
            said = (rows[0] * model.std[speaker] + model.mean[speaker]).numpy()
            truth = e.frames.astype(np.float32)
            gap = said[:, CEPSTRA][:, 1:] - truth[:, CEPSTRA][:, 1:]
            loud = truth[:, 2] > truth[:, 2].max() - 9.2  # 40 dB
            distances.append(10 / np.log(10) * np.sqrt(2 * (gap[loud] ** 2).sum(axis=1)))
            both = (said[:, VOICING] > 0.5) & (truth[:, VOICING] > 0.5)
            f0.append(12 / np.log(2) * (said[both, LOG_F0] - truth[both, LOG_F0]))
            voicing.append((said[:, VOICING] > 0.5) != (truth[:, VOICING] > 0.5))
            lengths.append((np.expm1(log_steps[0].numpy()) - e.steps)[1:-1] * 10.0)
        found.append({
            "speaker": name,
            "sentences": len(mine),
            "cepstral_distance_db": round(float(np.concatenate(distances).mean()), 2),
            "f0_error_semitones": round(float(np.sqrt((np.concatenate(f0) ** 2).mean())), 2),
            "voicing_error": round(float(np.concatenate(voicing).mean()), 4),
            "length_error_ms": round(float(np.sqrt((np.concatenate(lengths) ** 2).mean())), 1),
        })  # fmt: skip
    return found


def train(
    out_dir: str | Path,
    *,
    features: str | Path,
    data_dir: str | Path | None = None,
    steps: int = 3600,
    seed: int = 0,
    speakers: Sequence[str] = (),
) -> Path:
    """Lets the teachers read where that was not done, learns from them, and writes the checkpoint folder.

    Args:
        out_dir: Of the checkpoint.
        features: Folder of `voices_data`.
        data_dir: Of the packs, for the texts.
        steps: Of the optimiser.
        seed: Of the start and the batches.
        speakers: Which teachers; none: all.
    """
    torch.set_num_threads(1)
    out = Path(out_dir)
    names = tuple(speakers) or tuple(t.name for t in voices_data.TEACHERS)
    for teacher in voices_data.TEACHERS:
        if teacher.name in names and not (Path(features) / f"{teacher.name}.json").is_file():
            voices_data.make(teacher, voices_data.sentences(data_dir), Path(features))
    examples, symbols = read_examples(Path(features), names)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AcousticModel(symbols, names, len(FIGURES))
    learnt = [e for e in examples if not e.held_out]
    mean, std = statistics(learnt, len(names))
    model.mean.copy_(mean)
    model.std.copy_(std)
    batches, unseen = Batches(learnt, model), Batches([e for e in examples if e.held_out], model)

    def loss(net: nn.Module, generator: torch.Generator) -> Tensor:
        return loss_of(net, batches.draw(generator), batches.weight)

    def validate(net: nn.Module) -> float:
        with torch.no_grad():
            return float(np.mean([float(loss_of(net, b, batches.weight)) for b in unseen.all()]))

    options = TrainOptions(
        steps, LEARNING_RATE, warmup_steps=200, average_decay=0.998, report_every=200, seed=seed, precision="bf16"
    )
    run = out.parent / f"{out.name}-run"
    result: TrainResult = run_training(model, loss, run, options, validate=validate, on_report=lambda r: print(r, flush=True))
    model.eval()
    return write_checkpoint(out, model, figures(model, examples, names), run / "curve.csv", result, len(learnt))


def main() -> None:
    """Trains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder of the checkpoint")
    parser.add_argument("--features", required=True, help="folder that voices_data made")
    parser.add_argument("--data", help="the folder of the data packs (else EMOGEN_DATA)")
    parser.add_argument("--steps", type=int, default=3600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speakers", nargs="*", default=(), help="teachers; all where left out")
    args = parser.parse_args()
    train(
        args.out,
        features=args.features,
        data_dir=args.data,
        steps=args.steps,
        seed=args.seed,
        speakers=args.speakers,
    )


if __name__ == "__main__":
    main()
