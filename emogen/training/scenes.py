"""Trains the diffusion over scenes: `python -m emogen.training.scenes --readings FILE.npz --out FOLDER`.

What it learns from are random scenes (`scene_worlds`) and what they evoke: what ratings and the literature say of their
attributes (`pipelines.image.evocation`), and how the guide of pictures reads them once they are drawn. A few thousand are
drawn and read, once (into FILE.npz, where it is missing); a regression on place and cues says it for all.
"""

from __future__ import annotations

import argparse
import copy
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import write_sums
from emogen.codecs.scene.scene import Scene, parts, places, vector
from emogen.conditioning.emotion import Emotion
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
from emogen.media.atomic import atomic_path
from emogen.models.diffusion import training_levels
from emogen.models.scene import SceneDenoiser
from emogen.pipelines.image.evocation import FELT, cues, evoked
from emogen.pipelines.image.scenes import Ask, composed
from emogen.training.scene_worlds import worlds

Array = NDArray[np.float64]
SCENES, STEPS, BATCH, RATE = 120_000, 7_000, 384, 2e-3
DROP_FELT = 0.12  # of the feeling, for guidance
#: Share of scenes with something known, and of its attributes then.
KNOWN, KNOWN_SHARE = 0.6, 0.35
READ, SAVE_EVERY, SIDE = 1_000, 50, 192  # scenes that are drawn for the guide, and the side of a picture (px)
#: Part of valence and arousal that is the guide's, once spread as the table's are (own choice).
GUIDE_SHARE = 0.5
RIDGE = 30.0
REACH = 0.97  # quantile of what scenes evoke that intensity 1 of a feeling means


@dataclass(frozen=True)
class Reading:
    """A regression of what the guide reads in pictures of scenes: valence and arousal from place and cues.

    Attributes:
        weights: [inputs, 2].
        middle, spread: Of what it says over random scenes [2] each, to be put on the table's scale.
    """

    weights: Array
    middle: Array
    spread: Array


@dataclass(frozen=True)
class Read:
    """Scenes that were drawn and read: attribute -> values [n], index of the place [n], valence and arousal [n, 2]."""

    values: dict[str, Array]
    where: NDArray[np.int64]
    found: Array

    def save(self, path: Path) -> None:
        """Writes a `.npz`."""
        with atomic_path(path) as part, part.open("wb") as stream:
            np.savez_compressed(stream, where=self.where, found=self.found, **{f"x {k}": v for k, v in self.values.items()})

    @staticmethod
    def load(path: Path) -> Read:
        """Reads a `.npz` of `save`."""
        with np.load(path) as kept:
            return Read({k[2:]: kept[k] for k in kept.files if k.startswith("x ")}, kept["where"], kept["found"])


def read(path: Path, count: int = READ, seed: int = 1) -> Read:
    """Draws random scenes and has the guide read them; what was read already stands in `path`, and is not read again."""
    from emogen.codecs.scene.render import rendered
    from emogen.conditioning.image import ImageRecognizer

    values, where = worlds(count, np.random.default_rng(seed))
    guide, names = ImageRecognizer.load(), tuple(places())
    found = list(Read.load(path).found) if path.is_file() else []
    while len(found) < count:
        i = len(found)
        scene = Scene(names[where[i]], {k: float(v[i]) for k, v in values.items()}, seed=i)
        found.append(guide.recognize(rendered(scene, SIDE, SIDE)).emotion.vad[:2])
        if len(found) % SAVE_EVERY == 0 or len(found) == count:
            done = len(found)
            Read({k: v[:done] for k, v in values.items()}, where[:done], np.array(found)).save(path)
            print(f"{done} of {count}", flush=True)
    return Read.load(path)


def inputs(values: dict[str, Array], where: NDArray[np.int64]) -> Array:
    """What the regression takes: 1, place, cues, and the cues' squares [n, D]."""
    found = np.stack(list(cues(values).values()), axis=-1)
    here = np.eye(len(places()))[where]
    return np.hstack([np.ones((len(found), 1)), here, found, found**2])


def fit_reading(drawn: Read) -> tuple[Reading, Array]:
    """The regression, and the correlation of its predictions with unseen readings [2] (five folds)."""
    x, found = inputs(drawn.values, drawn.where), drawn.found
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0.0
    fit = lambda rows: np.linalg.solve(x[rows].T @ x[rows] + penalty, x[rows].T @ found[rows])  # noqa: E731
    fold = np.arange(len(x)) % 5
    unseen = np.vstack([x[fold == k] @ fit(fold != k) for k in range(5)])
    truth = np.vstack([found[fold == k] for k in range(5)])
    agreement = np.array([np.corrcoef(unseen[:, k], truth[:, k])[0, 1] for k in range(2)])
    weights = fit(np.ones(len(x), dtype=bool))
    said = x @ weights
    return Reading(weights, said.mean(axis=0), said.std(axis=0)), agreement


def labels(values: dict[str, Array], where: NDArray[np.int64], reading: Reading | None) -> Array:
    """What scenes evoke [n, 9]: the table's word, and of valence and arousal a part as the guide would read them."""
    said = evoked(values)
    if reading is not None:
        seen = (inputs(values, where) @ reading.weights - reading.middle) / reading.spread
        for k in range(2):
            own = said[:, k]
            both = (1 - GUIDE_SHARE) * (own - own.mean()) / own.std() + GUIDE_SHARE * seen[:, k]
            said[:, k] = np.clip(own.mean() + own.std() * both / both.std(), -1.0, 1.0)
    return said


def learn(
    reading: Reading | None, *, scenes: int = SCENES, steps: int = STEPS, seed: int = 0, report_every: int = 500
) -> tuple[SceneDenoiser, list[dict[str, float]]]:
    """Trains the denoiser on scenes and their labels; returns it (averaged weights) and its curve."""
    torch.manual_seed(seed)
    values, where = worlds(scenes, np.random.default_rng(seed))
    x, felt = torch.from_numpy(vector(values)).float(), torch.from_numpy(labels(values, where, reading)).float()
    place = torch.from_numpy(where)
    net = SceneDenoiser(x.shape[1], len(FELT), len(places()))
    net.mean.copy_(x.mean(dim=0))
    net.std.copy_(x.std(dim=0).clamp(min=1e-3))
    net.reach.copy_(felt.abs().quantile(REACH, dim=0))
    clean, held_out = net.normalised(x), scenes // 20
    spans = [2 if it.circular else 1 for it in parts().values()]
    average = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.05)
    generator, curve, since, begun = torch.Generator().manual_seed(seed), [], 0.0, time.perf_counter()
    for step in range(1, steps + 1):
        rows = torch.randint(held_out, scenes, (BATCH,), generator=generator)
        loss = _loss(net, clean[rows], felt[rows], place[rows], spans, generator)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        since += float(loss.detach())
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 0.002 if step > 500 else 0.05)
        if step % report_every == 0:
            with torch.no_grad():
                check = torch.Generator().manual_seed(1)
                unseen = float(_loss(average, clean[:held_out], felt[:held_out], place[:held_out], spans, check))
            curve.append({"step": step, "loss": since / report_every, "unseen": unseen, "elapsed_s": time.perf_counter() - begun})
            print({k: round(v, 4) for k, v in curve[-1].items()}, flush=True)
            since = 0.0
    return average.eval(), curve


def _loss(
    net: SceneDenoiser, clean: torch.Tensor, felt: torch.Tensor, place: torch.Tensor, spans: Sequence[int],
    generator: torch.Generator,
) -> torch.Tensor:  # fmt: skip
    n = len(clean)
    noise, sigma = torch.randn(clean.shape, generator=generator), training_levels(n, generator)
    told = (torch.rand((n, len(spans)), generator=generator) < KNOWN_SHARE) & (torch.rand((n, 1), generator=generator) < KNOWN)
    known = torch.repeat_interleave(told, torch.tensor(spans), dim=1)
    null = torch.rand(n, generator=generator) < DROP_FELT
    noisy = torch.where(known, clean, (1 - sigma[:, None]) * clean + sigma[:, None] * noise)
    error = (net(noisy, sigma, felt, place, known, null) - (noise - clean)).square()
    return (error * ~known).sum() / (~known).sum()


def figures(net: SceneDenoiser, seeds: int = 4) -> dict[str, float]:
    """What is evoked (by the table) beside what was asked, all over the plane, at every place."""
    scheduler, plane = FlowMatchEulerDiscreteScheduler(), np.linspace(-0.8, 0.8, 5)
    asked, found, spread = [], [], []
    for seed in range(seeds):
        for place in places():
            asks = [Ask(Emotion.parse(f"vad({v},{a},0)"), place, {}) for v in plane for a in plane]
            scenes = composed(net, scheduler, asks, seed)
            asked += [(v, a) for v in plane for a in plane]
            found += [evoked(scene.values)[:2] for scene in scenes]
            spread.append(vector(scenes[len(scenes) // 2].values))
    a, b = np.array(asked), np.array(found)
    rho = [float(np.corrcoef(a[:, k], b[:, k])[0, 1]) for k in range(2)]
    apart = np.std(np.array(spread), axis=0).mean() / float(net.std.mean())
    return {"valence": rho[0], "arousal": rho[1], "spread": float(apart)}


def finish(out: Path, readings: Path, steps: int = STEPS, seed: int = 0) -> Path:
    """Reads (where that was not done), learns, and writes the checkpoint folder."""
    drawn = read(readings)
    reading, agreement = fit_reading(drawn)
    net, curve = learn(reading, steps=steps, seed=seed)
    found = figures(net)
    out.mkdir(parents=True, exist_ok=True)
    net.half().save_pretrained(str(out), safe_serialization=True)
    with atomic_path(out / "curve.csv") as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(curve[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: round(v, 4) for k, v in row.items()} for row in curve)
    with atomic_path(out / "README.md") as part:
        part.write_text(_card(net, curve, found, agreement, len(drawn.found), steps, seed), encoding="utf-8")
    write_sums(out)
    return out


def _card(
    net: SceneDenoiser, curve: Sequence[dict[str, float]], found: dict[str, float], agreement: Array, drawn: int, steps: int,
    seed: int,
) -> str:  # fmt: skip
    numbers = sum(p.numel() for p in net.parameters()) / 1e6
    return f"""---
license: research
checkpoint_kind: research
library_name: emogen
---
# scene: a feeling, a place and what a prompt fixes -> the attributes of a scene

A diffusion (rectified flow) over {len(parts())} attributes of {len(places())} places; {numbers:.2f} M numbers. What it gives is
drawn by `emogen.codecs.scene`; no picture was learnt from.

## Data
{SCENES} random scenes that the project makes itself (`emogen.training.scene_worlds`), each with what it evokes: by the table
`emogen/pipelines/image/evocations.csv` (ratings of the maker's half of OASIS by theme, Valdez & Mehrabian 1994, prospect and
refuge; each row says its source or that it is an assumption), and, for half of valence and arousal, by the guide of pictures
(checkpoint `image`: maker's half of OASIS, research use), which was shown {drawn} of them drawn at {SIDE} px. A regression on
place and cues speaks for the rest; its correlation with unseen readings: valence {agreement[0]:.2f}, arousal {agreement[1]:.2f}.

## Training
`emogen train scene --readings FILE.npz --out FOLDER` (seed {seed}): {steps} steps of {BATCH} scenes,
{curve[-1]["elapsed_s"] / 60:.0f} minutes on one core; curve: `curve.csv`. Loss on unseen scenes {curve[-1]["unseen"]:.3f}
({curve[0]["unseen"]:.3f} after the first {int(curve[0]["step"])} steps).

## Figures
What is evoked by the table against what was asked, 25 points of the plane at every place, 4 seeds: correlation of valence
{found["valence"]:.2f}, of arousal {found["arousal"]:.2f} (half of what it learnt is the guide's word, not the table's). Scenes of one
feeling differ by {found["spread"]:.2f} of the spread of all scenes. How pictures are read by the judge: docs/image.md.

## Limits
It knows what its table and a guide of 262 photographs know: of feelings beyond valence, arousal and dominance only the six basic
ones. Cultures differ in what a place means.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains the diffusion over scenes.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--readings", required=True, type=Path, help="what the guide says of drawn scenes (.npz); made where it is missing")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    finish(given.out, given.readings, steps=given.steps, seed=given.seed)


if __name__ == "__main__":
    main()
