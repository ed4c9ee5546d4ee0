"""The training loop: batches -> weights, with a moving average, a curve, resuming, and the best kept.

Device, processes and precision are accelerate's. A batch is a function of the seed and the step alone, so
that a resumed training goes on as if it had never stopped. The folder of a training holds
`last.safetensors` and `last.json` (to resume from), `best.safetensors` (averaged weights) and `curve.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from emogen.errors import BackendMissing, CheckpointError, InputError
from emogen.media.atomic import atomic_path

if TYPE_CHECKING:
    from accelerate import Accelerator

CURVE_COLUMNS = ("step", "loss", "validation", "learning_rate", "gradient_norm", "elapsed_s")


@dataclass(frozen=True)
class TrainOptions:
    """How to train.

    Attributes:
        steps: Optimiser steps in all, a resumed part included.
        learning_rate: At its highest.
        warmup_steps: Steps of linear rise; then it falls along half a cosine to 0 at `steps`.
        weight_decay: On matrices alone, as AdamW has it.
        betas: Of AdamW.
        gradient_norm: Longer gradients are shortened to this.
        average_decay: Of the moving average of the weights; less in the first steps.
        report_every: Steps between rows of the curve, validations and saves.
        seed: Of the batches.
        precision: "no" (float32), "bf16" or "fp16".
    """

    steps: int
    learning_rate: float = 1e-3
    warmup_steps: int = 50
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    gradient_norm: float = 1.0
    average_decay: float = 0.999
    report_every: int = 100
    seed: int = 0
    precision: str = "no"


@dataclass(frozen=True)
class TrainResult:
    """How a training ended.

    Attributes:
        steps: Steps that the weights have seen.
        best: The lowest validation figure.
        best_step: When it was reached.
        elapsed_s: Time spent, earlier parts included.
    """

    steps: int
    best: float
    best_step: int
    elapsed_s: float


@dataclass
class _Progress:
    step: int = 0
    best: float = math.inf
    best_step: int = 0
    elapsed_s: float = 0.0


def step_generator(seed: int, step: int, process: int = 0) -> torch.Generator:
    """The source of everything random in one step, on the CPU."""
    digest = hashlib.sha256(f"{seed}/{step}/{process}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def learning_rate_at(step: int, options: TrainOptions) -> float:
    """Linear rise, then half a cosine to 0 at the last step."""
    if step < options.warmup_steps:
        return options.learning_rate * (step + 1) / options.warmup_steps
    done = (step - options.warmup_steps) / max(1, options.steps - options.warmup_steps)
    return options.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def train(model: nn.Module, loss: Callable[[nn.Module, torch.Generator], Tensor], folder: Path,
          options: TrainOptions, *, validate: Callable[[nn.Module], float] | None = None,
          on_report: Callable[[dict[str, float]], None] | None = None) -> TrainResult:
    """Trains `model`; it holds the best averaged weights afterwards.

    Args:
        model: Any module; more than one network go in a `ModuleDict`.
        loss: `(model, generator) -> scalar`: draws a batch from the generator, moves it to the model's device
            and gives the loss.
        folder: Made if it is missing. If a training of the same options lies there, it is resumed.
        options: How.
        validate: `(model with averaged weights) -> figure, lower is better`; None: the mean training loss.
        on_report: Receives each row of the curve.

    Raises:
        BackendMissing: accelerate is not installed.
        CheckpointError: The folder holds a training of other options or of another model.
        InputError: The loss is not finite.
    """
    accelerator = _accelerator(options.precision)
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(_groups(model, options.weight_decay), lr=options.learning_rate, betas=options.betas)
    # Not wrapped as DistributedDataParallel: a loss may call any part of the model, so gradients are averaged by `_shared`.
    model, optimizer = model.to(accelerator.device), accelerator.prepare(optimizer)
    _same_start(accelerator, model)
    average = {name: value.detach().clone() for name, value in model.state_dict().items()}
    progress = _resume(folder, model, optimizer, average, options)
    begun, losses, norm = time.perf_counter() - progress.elapsed_s, [], 0.0
    while progress.step < options.steps:
        rate = learning_rate_at(progress.step, options)
        value, norm = _step(accelerator, model, optimizer, loss, progress.step, rate, options)
        losses.append(value)
        _average(average, model, min(options.average_decay, (1 + progress.step) / (10 + progress.step)))
        progress.step += 1
        if progress.step % options.report_every and progress.step != options.steps:
            continue
        progress.elapsed_s = time.perf_counter() - begun
        mean = sum(losses) / len(losses)
        figure = mean if validate is None else _with_weights(model, average, validate)
        if figure < progress.best:
            progress.best, progress.best_step = figure, progress.step
            _write(accelerator, folder / "best.safetensors", average)
        row = dict(zip(CURVE_COLUMNS, (progress.step, mean, figure, rate, norm, progress.elapsed_s), strict=True))
        _report(accelerator, folder, row, on_report)
        _save(accelerator, folder, model, optimizer, average, progress, options)
        losses = []
    accelerator.wait_for_everyone()
    model.load_state_dict(load_file(folder / "best.safetensors"))
    return TrainResult(progress.step, progress.best, progress.best_step, progress.elapsed_s)


def _accelerator(precision: str) -> Accelerator:
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise BackendMissing("accelerate", "is not installed", 'pip install "emogen[train]"') from error
    return Accelerator(mixed_precision=precision)


def _groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    parameters = [p for p in model.parameters() if p.requires_grad]
    matrices, others = [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _step(accelerator: Accelerator, model: nn.Module, optimizer: Any, loss: Callable[..., Tensor], step: int,
          rate: float, options: TrainOptions) -> tuple[float, float]:
    for group in optimizer.param_groups:
        group["lr"] = rate
    with accelerator.autocast():
        value = loss(model, step_generator(options.seed, step, accelerator.process_index))
    if not torch.isfinite(value):
        raise InputError(f"training step {step}", f"the loss is {value.item()}", "Lower the learning rate.")
    accelerator.backward(value)
    _shared(accelerator, model)
    norm = accelerator.clip_grad_norm_(model.parameters(), options.gradient_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(value.detach()), float(norm)


@torch.no_grad()
def _same_start(accelerator: Accelerator, model: nn.Module) -> None:
    """Every process begins with the weights of the first."""
    if accelerator.num_processes > 1:
        from accelerate.utils import broadcast

        for value in model.state_dict().values():
            value.copy_(broadcast(value.clone()))


@torch.no_grad()
def _shared(accelerator: Accelerator, model: nn.Module) -> None:
    """Gradients -> their mean over the processes, all in one message."""
    if accelerator.num_processes > 1:
        learnt = [p for p in model.parameters() if p.requires_grad]
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in learnt])
        parts = accelerator.reduce(flat, reduction="mean").split([p.numel() for p in learnt])
        for p, part in zip(learnt, parts, strict=True):
            p.grad = part.view_as(p).clone()


@torch.no_grad()
def _average(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - decay)
        else:
            average[name].copy_(value)


@torch.no_grad()
def _with_weights(model: nn.Module, weights: dict[str, Tensor], validate: Callable[[nn.Module], float]) -> float:
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(weights)
    model.eval()
    figure = float(validate(model))
    model.load_state_dict(kept)
    model.train()
    return figure


def _report(accelerator: Accelerator, folder: Path, row: dict[str, float],
            on_report: Callable[[dict[str, float]], None] | None) -> None:
    if not accelerator.is_main_process:
        return
    path = folder / "curve.csv"
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, CURVE_COLUMNS)
        if fresh:
            writer.writeheader()
        writer.writerow({k: f"{v:.6g}" for k, v in row.items()})
    if on_report is not None:
        on_report(row)


def _write(accelerator: Accelerator, path: Path, tensors: dict[str, Tensor]) -> None:
    if accelerator.is_main_process:
        with atomic_path(path) as part:
            save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, part)


def _save(accelerator: Accelerator, folder: Path, model: nn.Module, optimizer: Any, average: dict[str, Tensor],
          progress: _Progress, options: TrainOptions) -> None:
    """The state to resume from, as safetensors and JSON: accelerate's own is a pickle."""
    tensors = {f"model/{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"average/{k}": v for k, v in average.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}/{k}": torch.as_tensor(v) for k, v in state.items()}
    _write(accelerator, folder / "last.safetensors", tensors)
    if accelerator.is_main_process:
        with atomic_path(folder / "last.json") as part:
            part.write_text(json.dumps({"progress": asdict(progress), "options": asdict(options)}), encoding="utf-8")


def _resume(folder: Path, model: nn.Module, optimizer: Any, average: dict[str, Tensor],
            options: TrainOptions) -> _Progress:
    card = folder / "last.json"
    if not card.is_file():
        (folder / "curve.csv").unlink(missing_ok=True)
        return _Progress()
    try:
        read = json.loads(card.read_text(encoding="utf-8"))
        if read["options"] != json.loads(json.dumps(asdict(options))):
            raise CheckpointError(str(folder), "holds a training of other options", "Name another folder.")
        tensors = load_file(folder / "last.safetensors")
        model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model/")})
        for name in average:
            average[name].copy_(tensors[f"average/{name}"])
        state = optimizer.state_dict()
        state["state"] = {}
        for key in (k for k in tensors if k.startswith("optimizer/")):
            _, number, name = key.split("/")
            state["state"].setdefault(int(number), {})[name] = tensors[key]
        optimizer.load_state_dict(state)
        return _Progress(**read["progress"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(str(folder), f"holds a training that cannot be resumed: {reason}") from error
