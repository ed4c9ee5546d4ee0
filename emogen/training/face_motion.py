"""Trains the diffusion of expression on measured faces: `python -m emogen.training.face_motion --out FOLDER`.

PEDFE's clips are fitted to ARKit shapes (`face_points`), their course is split into an eased step of a mean face and
the rest (`face_motion_data`), and the rest is what the denoiser learns, given the eased step.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn

from emogen.checkpoints import write_sums
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.encoder import FEATURES
from emogen.media.atomic import atomic_path
from emogen.models.diffusion import Flow
from emogen.models.sequence import Content
from emogen.pipelines.talking_head.expressive import FPS, MOVED, SHAPES, LearntExpression, shown
from emogen.training import face_motion_data as data
from emogen.training.face_motion_data import Course
from emogen.training.face_points import PointFit, read_clips, shape_moves
from emogen.training.loop import TrainOptions, TrainResult, train

Floats = NDArray[np.float32]
BATCH = 24
MIRRORED, RELEASED, MIXED, FAINTER = 0.5, 0.3, 0.15, 0.25  # shares of what is varied; own assumption
#: A faint face moves less, its head not as much less: at rest this share of the movement is left.
HEAD_AT_REST = 0.5
CONTINUED = 0.4  # share of windows that continue known frames, as all but the first do in use
NO_EMOTION, NO_STYLE = 0.1, 0.1  # dropped for the guidance (Ho & Salimans 2022, arXiv:2207.12598)
VALIDATION = 4  # batches of 32
STEPS = 2400
SMOOTHED = 96  # clips that the smoothing is fitted to
WIDTHS = np.arange(0.0, 4.01, 0.2)  # frames
STILL = 1e-3  # least scale of a channel


@dataclass(frozen=True, eq=False)
class Item:
    """One window: deviation in units of `scale` [T, C], the ten numbers [T, 10], 1 genuine or -1 posed."""

    deviation: Floats
    emotion: Floats
    genuine: float


class Windows:
    """Windows to draw from; emotions alike."""

    def __init__(self, found: Sequence[Course], faces: NDArray[np.float64], scale: Floats, window: int) -> None:
        self._rises = list(found)
        self._falls = [data.released(c, faces[BASIC.index(c.clip.emotion)]) for c in found]
        self._scale, self._window = scale, window
        self._by: dict[str, list[int]] = defaultdict(list)
        self._of: dict[str, list[int]] = defaultdict(list)
        for i, c in enumerate(found):
            self._by[c.clip.emotion].append(i)
            self._of[c.clip.subject].append(i)

    def draw(self, rng: np.random.Generator, varied: bool) -> Item:
        """One window."""
        kind = self._by[BASIC[rng.integers(len(BASIC))]]
        number = kind[rng.integers(len(kind))]
        moved, felt = self._stretch(number, rng, varied)
        genuine = 1.0 if self._rises[number].clip.genuine else -1.0
        if varied and rng.random() < MIXED:  # somebody between two feelings
            same = self._of[self._rises[number].clip.subject]
            other, also = self._stretch(same[rng.integers(len(same))], rng, varied)
            count, share = min(len(moved), len(other)), rng.random()
            moved = share * moved[:count] + (1 - share) * other[:count]
            felt = share * felt[:count] + (1 - share) * also[:count]
        if varied and rng.random() < FAINTER:
            less = rng.random()
            moved, felt = moved.copy(), less * felt
            moved[:, :SHAPES] *= less
            moved[:, SHAPES:] *= HEAD_AT_REST + (1 - HEAD_AT_REST) * less
        return Item((moved / self._scale).astype(np.float32), shown(felt), genuine)

    def _stretch(self, number: int, rng: np.random.Generator, varied: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """Deviation and eased amplitudes of a window of one clip."""
        course = (self._falls if rng.random() < RELEASED else self._rises)[number]
        spare = len(course.step) - self._window
        first = int(rng.integers(spare + 1)) if spare > 0 else 0
        part = slice(first, first + self._window)
        moved = course.deviation[part]
        if varied and rng.random() < MIRRORED:
            moved = data.mirrored(moved)
        return moved, course.felt[part]

    def batch(self, rng: np.random.Generator, size: int, varied: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Deviation [B, T, C], the ten numbers [B, T, 10], genuine [B, 1], which frames count [B, T]."""
        items = [self.draw(rng, varied) for _ in range(size)]
        longest = max(len(item.deviation) for item in items)
        moved, emotion = torch.zeros(size, longest, len(MOVED)), torch.zeros(size, longest, FEATURES)
        mask = torch.zeros(size, longest, dtype=torch.bool)
        for i, item in enumerate(items):
            count = len(item.deviation)
            moved[i, :count], emotion[i, :count] = torch.from_numpy(item.deviation), torch.from_numpy(item.emotion)
            mask[i, :count] = True
        return moved, emotion, torch.tensor([[item.genuine] for item in items]), mask


def loss(model: Any, batch: tuple[Tensor, Tensor, Tensor, Tensor], generator: torch.Generator, dropped: bool) -> Tensor:
    """The flow's loss on a batch; with `dropped`, conditions are left out and windows continued as in use."""
    moved, emotion, genuine, mask = batch
    count, overlap = len(moved), model.config.overlap

    def some(share: float) -> Tensor:
        return torch.rand(count, generator=generator) < (share if dropped else 0.0)

    known = mask & (torch.arange(mask.shape[1]) < overlap) & (some(CONTINUED) & (mask.sum(1) > overlap + 5))[:, None]
    felt = model.emotion_encoder(emotion, emotion.shape[1], null=some(NO_EMOTION), mask=mask)
    return Flow(model.denoiser).loss(moved, felt, Content(style=genuine), generator=generator, null=some(NO_STYLE),
                                     known=known if dropped else None, mask=mask)  # fmt: skip


def scale_of(found: Sequence[Course]) -> Floats:
    """Root mean square of each channel's deviation [C]."""
    every = np.concatenate([c.deviation for c in found])
    return np.maximum(np.sqrt((every**2).mean(axis=0)), STILL).astype(np.float32)


def learn(found: Sequence[Course], faces: NDArray[np.float64], folder: Path, *, steps: int, seed: int,
          sizes: dict[str, int] | None = None, report: Callable[[dict[str, float]], None] | None = None,
          ) -> tuple[LearntExpression, TrainResult]:  # fmt: skip
    """The component, trained on the subjects of "train" and chosen on those of "validation".

    Args:
        found: All courses.
        faces: Mean faces [6, C].
        folder: Of the training.
        steps: Of the optimiser.
        seed: Of starts and batches.
        sizes: Arguments of `LearntExpression` that differ from its own.
        report: Receives each row of the curve.
    """
    kinds = data.split([c.clip for c in found])
    learnt = [c for c in found if kinds[c.clip.subject] == "train"]
    unseen = [c for c in found if kinds[c.clip.subject] == "validation"]
    scale = scale_of(learnt)
    torch.manual_seed(seed)
    model = LearntExpression(**(sizes or {}), onset_s=data.rises(found, kinds))
    model.scale.copy_(torch.from_numpy(scale))
    model.apex.copy_(torch.from_numpy(faces.astype(np.float32)))
    drawn, checked = (Windows(part, faces, scale, model.config.window) for part in (learnt, unseen))
    rng = np.random.default_rng(seed)
    held = [checked.batch(rng, 32, False) for _ in range(VALIDATION)]

    @torch.no_grad()
    def validate(m: nn.Module) -> float:
        generator = torch.Generator().manual_seed(seed)
        return float(np.mean([float(loss(m, batch, generator, False)) for batch in held]))

    def step(m: nn.Module, generator: torch.Generator) -> Tensor:
        number = int(torch.randint(2**31, (1,), generator=generator))
        return loss(m, drawn.batch(np.random.default_rng(number), BATCH, True), generator, True)

    options = TrainOptions(steps=steps, learning_rate=1e-3, report_every=min(200, steps), average_decay=0.998,
                           weight_decay=0.02, seed=seed)  # fmt: skip
    result = train(model, step, folder, options, validate=validate, on_report=report)
    model.eval().register_to_config(smooth_frames=smoothing(model, learnt, seed))
    return model, result


def smoothing(model: LearntExpression, found: Sequence[Course], seed: int = 0) -> tuple[float, ...]:
    """Standard deviations (frames) that make each channel as smooth as measured deviations are [C].

    What is compared is the jerk over the speed, both as root mean squares over `SMOOTHED` clips.
    """
    rng = np.random.default_rng(seed)
    picked = [found[i] for i in rng.choice(len(found), min(SMOOTHED, len(found)), replace=False)]
    real = [c.deviation for c in picked]
    made = [model.deviations(c.felt, FPS, seed + i, 1.0 if c.clip.genuine else -1.0) for i, c in enumerate(picked)]

    def rough(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        jerk, speed = (np.sqrt(np.mean(np.concatenate([np.diff(x, n, axis=0) ** 2 for x in rows]), axis=0)) for n in (3, 1))
        return np.asarray(jerk / np.maximum(speed, 1e-9))

    wanted = rough(real)
    tried = np.stack([rough([gaussian_filter1d(x, w, axis=0, mode="nearest") if w else x for x in made]) for w in WIDTHS])
    return tuple(round(float(WIDTHS[k]), 1) for k in np.abs(np.log(np.maximum(tried, 1e-6) / np.maximum(wanted, 1e-6))).argmin(axis=0))


def read_courses(data_dir: Path | None = None) -> tuple[list[Course], NDArray[np.float64]]:
    """All courses of the pack, and the mean faces [6, C]."""
    clips, template = read_clips(data_dir)
    return data.courses(clips, PointFit(template, shape_moves(template, data_dir)))


def finish(out: Path, data_dir: Path | None = None, steps: int = STEPS, seed: int = 0) -> Path:
    """Trains and writes the checkpoint into `out`; figures come from `face_motion_figures`."""
    found, faces = read_courses(data_dir)
    run = out.with_name(out.name + "-run")
    model, result = learn(found, faces, run, steps=steps, seed=seed, report=lambda row: print(row, flush=True))
    model.half().save_pretrained(str(out), safe_serialization=True)
    with (run / "curve.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    with atomic_path(out / "curve.csv") as part, part.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    with atomic_path(out / "README.md") as part:
        part.write_text(_card(found, model, result, float(rows[1][2]), steps, seed), encoding="utf-8")
    write_sums(out)
    return out


def _card(found: Sequence[Course], model: LearntExpression, result: TrainResult, first: float, steps: int, seed: int) -> str:
    kinds = data.split([c.clip for c in found])
    people = {kind: sum(v == kind for v in kinds.values()) for kind in ("train", "validation", "test")}
    clips = {kind: sum(kinds[c.clip.subject] == kind for c in found) for kind in people}
    numbers = sum(p.numel() for p in model.denoiser.parameters()) + sum(p.numel() for p in model.emotion_encoder.parameters())
    rises = ", ".join(f"{e} {t:g}" for e, t in zip(BASIC, model.config.onset_s, strict=True))
    return f"""---
license: research
checkpoint_kind: research
library_name: emogen
---
# face_motion: an emotion over time -> how a face moves with it

A diffusion over {SHAPES} ARKit shapes and the head's turn at 25 frames a second, {numbers / 1e6:.2f} M numbers: the
deviations of a real face from the eased targets of FACS. Which muscles an emotion moves, and how far, is published
(`ExpressionRules`); how quickly it rises, what lags, leans, swells and comes along, and what the head does is learnt.

## Data
Measured movement of {len(found)} clips of {len(kinds)} people of PEDFE (Miolla, Cardaioli & Scarpazza 2022; no licence
stated, research), six emotions, genuine and posed, two to four seconds from rest to the height of one expression;
fitted to ARKit shapes on the expressions of ICT FaceKit (MIT). By subject: {people["train"]} people ({clips["train"]}
clips) were learnt from, {people["validation"]} ({clips["validation"]}) chose the weights, {people["test"]}
({clips["test"]}) are kept for the figures. Offsets are onsets played backwards, half as long again.

## Training
`emogen train face_motion -o FOLDER` ({steps} steps, seed {seed}): {result.elapsed_s / 60:.0f} minutes on one core of a
CPU. Loss of the flow on unseen people: {first:.3f} at first, {result.best:.3f} at its best, after {result.best_step};
the curve is in `curve.csv`. Fitted time constants of the rise (s): {rises}.

## Figures
`python -m emogen.training.face_motion_figures`: a two-sample test on movement against people it has not seen; in
`docs/talking_head.md`.

## Limits
42 people, short clips, no speech, no gaze, few long holds, no recorded offsets. The clips are faint (the mean apex of a
clear smile is .77 of a shape), so amplitudes come from the tables of FACS. Shapes that landmarks cannot see (cheeks, wrinkles) follow
the rules. Feelings beyond the six, and what valence, arousal and dominance add, move by rules alone.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains the diffusion of expression.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    finish(given.out, given.data, given.steps, given.seed)


if __name__ == "__main__":
    main()
