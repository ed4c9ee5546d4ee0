"""Trains the ear of the lips: the sound of a voice -> which speech sound is heard, every 10 ms, in any language.

    python -m emogen.training.lips --out FOLDER --features FEATURES

What it learns from is made first where it is missing (`emogen.training.lips_data`). The training can be stopped and
goes on where it was, in `<name>-run` beside the checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from emogen.models.lips import BANDS, SAMPLE_RATE_HZ, LipNet, log_mel
from emogen.pipelines.talking_head.sounds import names
from emogen.pipelines.talking_head.visemes import visemes_of
from emogen.training import lips_data
from emogen.training.lips_card import write_checkpoint
from emogen.training.lips_data import UNKNOWN, Said
from emogen.training.lips_sound import heard, levelled, unspoken
from emogen.training.loop import TrainOptions, TrainResult
from emogen.training.loop import train as run_training

WINDOW, BATCH = 400, 24  # frames of 10 ms; windows
#: How often a window is of espeak-ng, the embedded voices, flite, EmoDB, no speech at all; own choice.
SHARES = {"espeak": 0.2, "embedded": 0.22, "read": 0.22, "emodb": 0.28, "unspoken": 0.08}
VERSIONS = {"espeak": 1, "embedded": 1, "read": 1, "emodb": 8}  # of each recording, as other rooms have it
#: EmoDB has few sentences: so many of its versions are cut at borders of sounds into pieces of these frames, and put together
#: anew, so that nothing is learnt by heart.
CUT, PIECE = 6, (10, 40)
UNSPOKEN, UNSPOKEN_S = 250, 6.0
SMOOTHING, VISEME_WEIGHT = 0.05, 0.5  # of labels; of the loss over visemes; own choice
COLOUR, MASKED = 0.8, 10  # natural log by which a microphone's bands differ; bands hidden at most
WARP = 0.12  # by which a vocal tract's bands lie higher or lower, at most
LEARNING_RATE = 2e-3


@dataclass(frozen=True, eq=False)
class Stream:
    """Recordings one behind the other: frames [N, 64] and their sounds [N]."""

    frames: NDArray[np.float16]
    sounds: NDArray[np.int8]


def kind_of(said: Said) -> str:
    """Which of `SHARES` a recording belongs to."""
    return said.speaker.partition("/")[0] if "/" in said.speaker else "emodb"


def streams(said: Sequence[Said], seed: int) -> dict[str, Stream]:
    """Every kind as it is learnt from: each recording in `VERSIONS`, in any order."""
    rng = np.random.default_rng([seed, 5])
    found: dict[str, Stream] = {}
    for kind, versions in VERSIONS.items():
        streams_of: list[Stream] = []
        for speaker in sorted({s.speaker for s in said if kind_of(s) == kind}):
            for version in range(versions):
                pieces = [heard(s, rng) for s in said if s.speaker == speaker]
                stream = Stream(np.concatenate([f for f, _ in pieces]), np.concatenate([s for _, s in pieces]))
                streams_of.append(anew(stream, rng) if kind == "emodb" and version < CUT else stream)
        if streams_of:
            found[kind] = Stream(np.concatenate([s.frames for s in streams_of]), np.concatenate([s.sounds for s in streams_of]))
    count = round(UNSPOKEN_S * SAMPLE_RATE_HZ)
    rows = np.concatenate([log_mel(levelled(unspoken(count, rng))) for _ in range(UNSPOKEN)])
    found["unspoken"] = Stream(rows.astype(np.float16), np.zeros(len(rows), np.int8))
    return found


def anew(stream: Stream, rng: np.random.Generator) -> Stream:
    """The same sounds of one speaker in pieces, in another order."""
    borders = np.flatnonzero(np.diff(stream.sounds)) + 1
    cuts, at = [], 0
    while at < len(stream.sounds):
        cuts.append(at)
        wanted = at + int(rng.integers(*PIECE))
        following = borders[np.searchsorted(borders, wanted) :]
        at = int(following[0]) if len(following) else len(stream.sounds)
    edges = [*cuts, len(stream.sounds)]
    order = np.concatenate([np.arange(edges[i], edges[i + 1]) for i in rng.permutation(len(cuts))])
    return Stream(stream.frames[order], stream.sounds[order])


def groups() -> Tensor:
    """[S, V] 1 where a sound has that viseme."""
    kinds = [0 if name == "_" else visemes_of(name)[0] for name in names()]
    return F.one_hot(torch.tensor(kinds)).float()


class Batches:
    """Windows of the streams."""

    def __init__(self, found: dict[str, Stream]) -> None:
        self._streams = list(found.items())
        shares = torch.tensor([SHARES[kind] for kind, _ in self._streams])
        self._shares = shares / shares.sum()

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Frames [BATCH, WINDOW, 64], each window through a microphone of its own, and sounds [BATCH, WINDOW]."""
        rows, sounds = torch.zeros(BATCH, WINDOW, BANDS), torch.full((BATCH, WINDOW), UNKNOWN)
        for i, kind in enumerate(torch.multinomial(self._shares, BATCH, replacement=True, generator=generator).tolist()):
            stream = self._streams[kind][1]
            at = int(torch.randint(max(1, len(stream.frames) - WINDOW), (), generator=generator))
            piece = stream.frames[at : at + WINDOW].astype(np.float32)
            rows[i, : len(piece)] = torch.from_numpy(piece)
            sounds[i, : len(piece)] = torch.from_numpy(stream.sounds[at : at + WINDOW].astype(np.int64))
        place = torch.arange(BANDS) * (1 + WARP * (2 * torch.rand(BATCH, 1, generator=generator) - 1))
        low = place.clamp(max=BANDS - 1.001).floor().long()
        share = (place - low).clamp(max=1.0).unsqueeze(1)
        low = low.unsqueeze(1).expand(-1, WINDOW, -1)
        rows = rows.gather(2, low) * (1 - share) + rows.gather(2, low + 1) * share
        coarse = torch.randn(BATCH, 1, 6, generator=generator) * COLOUR / 2
        rows += F.interpolate(coarse, BANDS, mode="linear", align_corners=True)
        width = torch.randint(MASKED + 1, (BATCH, 1), generator=generator)
        begin = torch.randint(BANDS, (BATCH, 1), generator=generator)
        band = torch.arange(BANDS)
        hidden = ((band >= begin) & (band < begin + width)).unsqueeze(1)
        return torch.where(hidden, rows.mean(dim=(1, 2), keepdim=True), rows), sounds


def loss_of(model: nn.Module, frames: Tensor, sounds: Tensor, into: Tensor) -> Tensor:
    """Cross-entropy over sounds and, by the way, over visemes."""
    logits = model(frames).float().flatten(0, 1)
    truth = sounds.flatten()
    known = truth != UNKNOWN
    logits, truth = logits[known], truth[known]
    chances = torch.softmax(logits, dim=-1) @ into
    seen = F.nll_loss(torch.log(chances.clamp(min=1e-7)), into.argmax(dim=1)[truth])
    return F.cross_entropy(logits, truth, label_smoothing=SMOOTHING) + VISEME_WEIGHT * seen


def learn(
    learnt: Sequence[Said], held_out: Sequence[Said], run: Path, options: TrainOptions, width: int = 160
) -> tuple[LipNet, TrainResult]:
    """The network, and how its training went; the best is chosen by the held-out recordings."""
    found = streams(learnt, options.seed)
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        model = LipNet(names(), width=width)
    some = np.concatenate([s.frames[:: max(1, len(s.frames) // 20_000)] for s in found.values()])
    model.standardise(torch.from_numpy(some.astype(np.float32)))
    into, batches = groups(), Batches(found)
    unseen = [
        (torch.from_numpy(log_mel(levelled(s.samples)))[None], torch.from_numpy(s.sounds.astype(np.int64))[None])
        for s in held_out
    ]

    def validate(net: nn.Module) -> float:
        with torch.no_grad():
            return float(np.mean([float(loss_of(net, f, s, into)) for f, s in unseen]))

    result = run_training(
        model, lambda net, generator: loss_of(net, *batches.draw(generator), into), run, options, validate=validate,
        on_report=lambda row: print({k: round(v, 5) for k, v in row.items()}, flush=True),
    )  # fmt: skip
    return model.eval(), result


def train(out_dir: str | Path, *, features: str | Path, data_dir: str | Path | None = None, steps: int = 5000, seed: int = 0,
          sentences: Mapping[str, int] | None = None) -> Path:  # fmt: skip
    """Makes what is missing of the data, learns, and writes the checkpoint folder.

    Args:
        out_dir: Of the checkpoint.
        features: Folder of `lips_data`.
        data_dir: Of the packs.
        steps: Of the optimiser.
        seed: Of the data, the start and the batches.
        sentences: How many are made, as `lips_data.make` names them; None: as many as for the shipped checkpoint.
    """
    torch.set_num_threads(1)
    out = Path(out_dir)
    said = lips_data.make(Path(features), seed=seed, data_dir=data_dir, **(sentences or {}))
    options = TrainOptions(
        steps, LEARNING_RATE, warmup_steps=200, average_decay=0.998, report_every=250, seed=seed, precision="bf16"
    )
    run = out.parent / f"{out.name}-run"
    learnt, held_out = [s for s in said if not s.held_out], [s for s in said if s.held_out]
    model, result = learn(learnt, held_out, run, options)
    return write_checkpoint(out, model, run / "curve.csv", result, learnt, data_dir)


def main() -> None:
    """Trains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder of the checkpoint")
    parser.add_argument("--features", required=True, help="folder that lips_data makes")
    parser.add_argument("--data", help="the folder of the data packs (else EMOGEN_DATA)")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args.out, features=args.features, data_dir=args.data, steps=args.steps, seed=args.seed)


if __name__ == "__main__":
    main()
