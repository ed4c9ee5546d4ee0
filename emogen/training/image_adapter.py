"""`emogen train image-adapter`: captions with valence and arousal -> an adapter for one frozen text-to-image or -video model.

As EmotiCrafter trains (arXiv:2501.05710): from the embedding of the neutral caption and its rating the adapter learns the
way to `neutral + 1.5 (emotional - neutral)`, by squared error weighted by 1 over the density of the rating; 1.5 stresses
what is emotional. Our own addition is the same error of the mean over tokens: put in a word, and those after it move on,
which the mean does not see. Only the text encoders run; they are asked once, and what they gave is kept on disk.

The folder: the adapter (config.json, safetensors), README.md (the card), heldout.csv, curve.csv; `training/` holds what a
resumed training needs and the embeddings, and may be deleted. Several GPUs: `accelerate launch -m emogen train ...`.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emogen.errors import BackendMissing, CheckpointError, InputError
from emogen.media.atomic import atomic_path
from emogen.models.emotion_adapter import HEADS, HIDDEN, LAYERS, TOKENS, EmotionAdapter
from emogen.pipelines import opening
from emogen.pipelines.image.backends.text_to_image import DiffusersImagePipeline
from emogen.pipelines.prompt_reading import POOLED
from emogen.pipelines.prompted import place
from emogen.pipelines.video.backends.text_to_video import DiffusersVideoPipeline
from emogen.training.image_adapter_card import Facts, write_card
from emogen.training.image_adapter_data import Captions, Features, density_weights, features, read_captions
from emogen.training.loop import TrainOptions, TrainResult
from emogen.training.loop import train as learn

#: How far beyond the emotional caption the target lies, as EmotiCrafter has it.
ALPHA = 1.5
#: Numbers whose spread is less than this share of the widest are taken to be as wide (own choice).
LEAST_STD = 0.01
#: Captions that the means and spreads are measured on, and those of one figure (own choice).
MEASURED = 512


@dataclass(frozen=True)
class Shape:
    """Size of the networks.

    Attributes:
        hidden: Width.
        layers: Blocks.
        heads: Of attention.
        tokens: For each axis of feeling.
    """

    hidden: int = HIDDEN
    layers: int = LAYERS
    heads: int = HEADS
    tokens: int = TOKENS


def train(pipeline: str | Path | Any, data: str | Path, out_dir: str | Path, *, scale: str | tuple[float, float] | None = None,
          steps: int = 4_000, batch_size: int = 64, accumulate: int = 1, learning_rate: float = 3e-4, shape: Shape | None = None,
          precision: str | None = None, seed: int = 0, report_every: int = 100,
          on_report: Callable[[dict[str, float]], None] | None = None) -> TrainResult:  # fmt: skip
    """Trains an adapter; an interrupted training of the same request is resumed.

    Args:
        pipeline: The folder or hub id of a text-to-image or -video model of diffusers, or one that is open.
        data: A CSV file; see `emogen.training.image_adapter_data`.
        out_dir: Where the adapter goes.
        scale: Of the ratings, "low:high"; None: as the header or the README beside the file says.
        steps: Of the optimiser.
        batch_size: Captions at once, on each process.
        accumulate: Batches whose gradients are added up for one step.
        learning_rate: At its highest.
        shape: Of the networks; None: EmotiCrafter's.
        precision: "no" or "bf16"; None: bf16 on CUDA.
        seed: Of first weights and batches.
        report_every: Steps between rows of the curve, validations and saves.
        on_report: Receives each row of the curve.

    Raises:
        InputError: No such model or file, no scale, an option out of range.
        FormatError: A broken row.
        BackendMissing: accelerate is not installed, or the model cannot be fetched.
        CheckpointError: The folder holds a training of another request.
    """
    precision = _checked(precision, steps=steps, batch_size=batch_size, accumulate=accumulate)
    captions, folder = read_captions(data, scale), Path(out_dir)
    shape = shape or Shape()
    model, source, licence = _opened(pipeline)
    request: dict[str, Any] = {
        "pipeline": source, "kind": type(model).__name__, "pairs": len(captions.pairs), "scale": list(captions.scale),
        "batch_size": batch_size, "accumulate": accumulate, "shape": asdict(shape),
    }  # fmt: skip
    with _first_alone():
        _same_request(folder / "training" / "request.json", request)
        found = features(model, captions, folder / "training" / "features", source)
    del model
    learnt, held = captions.split()
    adapter = fresh(found, captions, learnt, shape, request["kind"], seed)
    weights = density_weights(np.array([p.vad[:2] for p in captions.pairs]))
    options = TrainOptions(
        steps=steps, learning_rate=learning_rate, warmup_steps=min(100, max(steps // 10, 1)), precision=precision, seed=seed,
        report_every=min(report_every, steps), average_decay=0.995,
    )  # fmt: skip
    result = learn(
        adapter, _loss(found, captions, learnt, weights, batch_size, accumulate), folder / "training", options,
        validate=lambda net: unexplained(net, found, captions, held), on_report=on_report,
    )  # fmt: skip
    with _first_alone() as first:
        if first:
            rows = read_out(adapter, found, captions, learnt, held)
            _save(folder, adapter, rows)
            write_card(
                folder, Facts(request, captions, rows, result, licence, learning_rate, seed, adapter.num_parameters())
            )
    return result


def fresh(
    found: Features, captions: Captions, learnt: Sequence[int], shape: Shape, kind: str, seed: int
) -> EmotionAdapter:
    """An untrained adapter that knows means and spreads of the neutral captions' embeddings."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        adapter = EmotionAdapter(
            found.widths, (POOLED,), shape.hidden, shape.layers, shape.heads, shape.tokens, captions.dominance, kind
        )
    sums: dict[str, list[Tensor]] = {}
    for i in learnt[:: max(len(learnt) // MEASURED, 1)]:
        embeddings, masks = found.batch([i], "neutral")
        for name, value in embeddings.items():
            rows = value[masks[name]] if name in masks else value
            sums.setdefault(name, []).append(
                torch.stack([rows.sum(0), rows.square().sum(0), torch.full_like(rows[0], len(rows))]).double()
            )
    for name, parts in sums.items():
        total, squares, count = torch.stack(parts).sum(0)
        mean = total / count.clamp(min=1)
        std = (squares / count.clamp(min=1) - mean.square()).clamp(min=0).sqrt()
        adapter.nets[name].mean.copy_(mean)
        adapter.nets[name].std.copy_(std.clamp(min=max(float(std.max()) * LEAST_STD, 1e-6)))
    return adapter


# -- the loss ----------------------------------------------------------------------------------------------------------
def _loss(found: Features, captions: Captions, learnt: Sequence[int], weights: np.ndarray, batch_size: int,
          accumulate: int) -> Callable[[nn.Module, torch.Generator], Tensor]:  # fmt: skip
    def loss(model: nn.Module, generator: torch.Generator) -> Tensor:
        total = torch.zeros(())
        for left in reversed(range(accumulate)):
            picked = torch.randint(len(learnt), (batch_size,), generator=generator).tolist()
            indices = [learnt[i] for i in picked]
            each = errors(model, found, captions, indices)[0]
            value = (each * torch.from_numpy(weights[indices]).to(each)).mean() / accumulate
            if left:
                value.backward()  # gradients add up until the step that follows the last
                value = value.detach()
            total = total.to(value) + value
        return total

    return loss


def errors(model: nn.Module, found: Features, captions: Captions, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Squared errors [B] of an adapter and of doing nothing, in squares of each number's spread, means over embeddings."""
    inner = getattr(model, "module", model)
    device = next(model.parameters()).device
    x, masks = _to(device, *found.batch(indices, "neutral"))
    y, _ = _to(device, *found.batch(indices, "caption"))
    vad = torch.tensor([captions.pairs[i].vad for i in indices], device=device)
    added = model(x, vad, torch.ones(len(indices), device=device), masks)
    made, nothing = [], []
    for name, guess in added.items():
        way = ALPHA * (_fitted(y[name], x[name]) - x[name])
        std, mask = inner.nets[name].std, masks.get(name)
        made.append(_error((guess - way) / std, mask))
        nothing.append(_error(way / std, mask))
    return torch.stack(made).mean(0), torch.stack(nothing).mean(0)


def _error(off: Tensor, mask: Tensor | None) -> Tensor:
    """Mean square over tokens and numbers, and of the mean over tokens, [B]."""
    if off.ndim == 2:
        return off.square().mean(-1)
    counts = mask.float()[..., None] if mask is not None else torch.ones_like(off[..., :1])
    count = counts.sum(1).clamp(min=1)
    off = off * counts
    return (off.square().sum(1) / count).mean(-1) + (off.sum(1) / count).square().mean(-1)


def _fitted(value: Tensor, like: Tensor) -> Tensor:
    """Tokens cut or padded with 0 to as many as another embedding has."""
    if value.ndim == 2 or value.shape[1] == like.shape[1]:
        return value
    length = like.shape[1]
    return (
        value[:, :length] if value.shape[1] > length else nn.functional.pad(value, (0, 0, 0, length - value.shape[1]))
    )


def _to(
    device: torch.device, embeddings: dict[str, Tensor], masks: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return {k: v.to(device) for k, v in embeddings.items()}, {k: v.to(device) for k, v in masks.items()}


# -- figures -----------------------------------------------------------------------------------------------------------
@torch.no_grad()
def unexplained(model: nn.Module, found: Features, captions: Captions, indices: Sequence[int]) -> float:
    """The share of the way's squared length that an adapter leaves; 1: no better than doing nothing."""
    sums = torch.zeros(2)
    for first in range(0, min(len(indices), MEASURED), 16):
        made, nothing = errors(model, found, captions, indices[first : first + 16])
        sums += torch.stack([made.sum(), nothing.sum()]).cpu()
    return float(sums[0] / sums[1])


@torch.no_grad()
def read_out(adapter: EmotionAdapter, found: Features, captions: Captions, learnt: Sequence[int],
             held: Sequence[int]) -> list[dict[str, Any]]:  # fmt: skip
    """For each held-out caption: the rating, how its mean embedding moved, and what of the rating can be read in that.

    Columns: caption, valence, arousal; `cosine` between the move and the way to the emotional caption, `cosine_shuffled`
    the same with another caption's rating; `read_valence`, `read_arousal`: a ridge from moves of emotional captions to
    ratings, learnt on the training captions, reads the move made.
    """
    ways = np.stack([_move(None, found, captions, i) for i in learnt[:: max(len(learnt) // MEASURED, 1)]])
    ratings = np.array([captions.pairs[i].vad[:2] for i in learnt[:: max(len(learnt) // MEASURED, 1)]])
    centre, middle = ways.mean(0), ratings.mean(0)
    gram = (ways - centre) @ (ways - centre).T
    ridge = np.trace(gram) / len(gram) + 1e-9  # as heavy as a caption (own choice)
    slope = (ways - centre).T @ np.linalg.solve(gram + ridge * np.eye(len(gram)), ratings - middle)
    rows = []
    for n, i in enumerate(held[:MEASURED]):
        pair = captions.pairs[i]
        way, move = _move(None, found, captions, i), _move(adapter, found, captions, i)
        other = _move(adapter, found, captions, i, captions.pairs[held[(n + len(held) // 2) % len(held)]].vad)
        valence, arousal = (move - centre) @ slope + middle
        rows.append({
            "caption": pair.caption, "valence": round(pair.vad[0], 4), "arousal": round(pair.vad[1], 4),
            "cosine": round(cosine(move, way), 4), "cosine_shuffled": round(cosine(other, way), 4),
            "read_valence": round(float(valence), 4), "read_arousal": round(float(arousal), 4),
        })  # fmt: skip
    return rows


def _move(adapter: EmotionAdapter | None, found: Features, captions: Captions, index: int,
          vad: tuple[float, float, float] | None = None) -> np.ndarray:  # fmt: skip
    """How the mean over tokens moves, all embeddings behind one another in their spreads; None: to the emotional caption."""
    x, masks = found.batch([index], "neutral")
    if adapter is None:
        y, other = found.batch([index], "caption")
        return np.concatenate([_mean(y[n], other.get(n)) - _mean(x[n], masks.get(n)) for n in x])
    device = next(adapter.parameters()).device
    at = torch.tensor([vad or captions.pairs[index].vad], device=device)
    x, masks = _to(device, x, masks)
    added = adapter(x, at, torch.ones(1, device=device), masks)
    return np.concatenate([_mean(added[n], masks.get(n)) for n in added])


def _mean(value: Tensor, mask: Tensor | None) -> np.ndarray:
    if value.ndim == 2:
        return value[0].float().cpu().numpy()
    counts = torch.ones_like(value[..., 0]) if mask is None else mask.float()
    return ((value.float() * counts[..., None]).sum(1) / counts.sum(1, keepdim=True).clamp(min=1))[0].cpu().numpy()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of the angle between two moves; 0 where one of them is none."""
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else 0.0


# -- opening and files -------------------------------------------------------------------------------------------------
def open_model(source: str | Path) -> Any:
    """A text-to-image or text-to-video model of diffusers, where it can run.

    Raises:
        InputError: No such folder, or another class.
        BackendMissing: It cannot be fetched.
        CheckpointError: Unsafe or broken.
    """
    there = torch.cuda.is_available()
    dtype = torch.bfloat16 if there else torch.float32
    accepted = (*DiffusersImagePipeline.accepted, *DiffusersVideoPipeline.accepted)
    model = opening.open_pipeline(source, accepted, dtype, DiffusersVideoPipeline.kept)
    place(model, torch.device("cuda" if there else "cpu"))
    return model


def _opened(pipeline: str | Path | Any) -> tuple[Any, str, str]:
    """The model, its name and its licence."""
    if not isinstance(pipeline, (str, Path)):
        return pipeline, type(pipeline).__name__, opening.NOT_STATED
    name = Path(pipeline).name if Path(pipeline).is_dir() else str(pipeline)
    return open_model(pipeline), name, opening.licence_of(pipeline)


def _checked(precision: str | None, **counts: int) -> str:
    precision = precision or ("bf16" if torch.cuda.is_available() else "no")
    if precision not in ("no", "bf16"):
        raise InputError("precision", f"{precision!r:.20}", "Accepted: no, bf16.")
    for name, value in counts.items():
        if value < 1:
            raise InputError(name, f"{value}", "Accepted: 1 or more.")
    return precision


def _same_request(path: Path, request: dict[str, Any]) -> None:
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != request:
        raise CheckpointError(str(path.parent.parent), "holds a training of another request", "Name another folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part:
        part.write_text(json.dumps(request), encoding="utf-8")


def _save(folder: Path, adapter: EmotionAdapter, rows: Sequence[dict[str, Any]]) -> None:
    adapter.save_pretrained(str(folder), safe_serialization=True)
    shutil.copyfile(folder / "training" / "curve.csv", folder / "curve.csv")
    with atomic_path(folder / "heldout.csv") as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def _first_alone() -> Iterator[bool]:
    """The first process goes before the others; gives whether this is it.

    Raises:
        BackendMissing: accelerate is not installed.
    """
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise BackendMissing("accelerate", "is not installed", 'pip install "emogen[train]"') from error
    state = PartialState()
    with state.main_process_first():
        yield bool(state.is_main_process)
