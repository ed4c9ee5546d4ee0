"""Calibrates a trained text checkpoint on the tuning part and measures it on the held-out part.

`text_card.finish` runs it and writes the figures down. Definitions: concordance correlation with population
moments, pooled over the set (Lin 1989); macro-F1 over labels; expected calibration error over 15 equal bins of
confidence (Guo et al. 2017).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from emogen.models.text import TextNet, TextNetConfig
from emogen.training.prose import compose
from emogen.training.text_data import (
    EKMAN,
    GOEMOTIONS,
    LABELS,
    MAX_BEFORE_TOKENS,
    MAX_TOKENS,
    Row,
    emobank,
    emobank_scale,
    goemotions,
    meld,
)

BINS = 15
FEW = 10  # a label with fewer positives in the tuning part takes the common threshold
TEMPERATURES = np.arange(0.5, 2.51, 0.02)
THRESHOLDS = np.arange(0.05, 0.91, 0.01)


@dataclass(frozen=True)
class Outputs:
    """The network's answers for N sentences: logits [N, L], vad [N, 3] in deviations, intensity [N]."""

    logits: np.ndarray
    vad: np.ndarray
    intensity: np.ndarray


def ccc(predicted: np.ndarray, target: np.ndarray) -> float:
    """Concordance correlation of two vectors; 1 for equal constants, 0 for others."""
    gap = (predicted.mean() - target.mean()) ** 2
    below = predicted.var() + target.var() + gap
    if below == 0.0:
        return 1.0
    return float(2.0 * np.mean((predicted - predicted.mean()) * (target - target.mean())) / below)


def f1(predicted: np.ndarray, target: np.ndarray) -> float:
    """F1 of two boolean vectors; 0 where nothing is right."""
    right = float((predicted & target).sum())
    return 2.0 * right / max(float(predicted.sum() + target.sum()), 1.0)


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error, right-closed bins of equal width."""
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    total = 0.0
    for b in range(BINS):
        inside = bins == b
        if inside.any():
            total += inside.mean() * abs(float(right[inside].mean()) - float(confidence[inside].mean()))
    return total


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Logistic function."""
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60, 60)))


def load(folder: Path) -> tuple[TextNet, Tokenizer]:
    """The network and tokenizer of a checkpoint folder, calibrated or not."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    net = TextNet(TextNetConfig.from_dict(config["network"]))
    state = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    state["words.weight"] = state.pop("words.codes") * state.pop("words.step")
    net.load_state_dict(state)
    return net.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))


def predict(net: TextNet, tokenizer: Tokenizer, pairs: list[tuple[str, str]], size: int = 64) -> Outputs:
    """The network's answers for (sentence, what stands before it) pairs."""
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    own = [e.ids[:MAX_TOKENS] for e in tokenizer.encode_batch([p[0] for p in pairs], add_special_tokens=False)]
    before = [e.ids[-MAX_BEFORE_TOKENS:] for e in tokenizer.encode_batch([p[1] for p in pairs], add_special_tokens=False)]
    lines = [[cls, *o, sep, *b, *([sep] if b else [])] for o, b in zip(own, before, strict=True)]
    order = np.argsort([len(line) for line in lines], kind="stable")
    logits, vad, strength = np.zeros((len(pairs), len(LABELS))), np.zeros((len(pairs), 3)), np.zeros(len(pairs))
    for begin in range(0, len(order), size):
        chosen = order[begin : begin + size]
        width = max(len(lines[i]) for i in chosen)
        ids = torch.zeros(len(chosen), width, dtype=torch.long)
        segments, mask = torch.zeros_like(ids), torch.zeros(ids.shape, dtype=torch.bool)
        for n, i in enumerate(chosen):
            ids[n, : len(lines[i])] = torch.tensor(lines[i])
            segments[n, len(own[i]) + 2 : len(lines[i])] = 1
            mask[n, : len(lines[i])] = True
        with torch.inference_mode():
            out = net(ids, segments, mask)
        logits[chosen], vad[chosen] = out.logits.numpy(), out.vad.numpy()
        strength[chosen] = 1.5 * torch.sigmoid(out.intensity).numpy()
    return Outputs(logits, vad, strength)


def best_temperature(logits: np.ndarray, gold: np.ndarray) -> float:
    """The temperature with the least cross-entropy over labels."""
    def cost(t: float) -> float:
        p = np.clip(sigmoid(logits / t), 1e-7, 1 - 1e-7)
        return float(-(gold * np.log(p) + (1 - gold) * np.log(1 - p)).mean())

    return float(min(TEMPERATURES, key=cost))


def best_line(strongest: np.ndarray, right: np.ndarray, steps: int = 50) -> tuple[float, float]:
    """Slope and offset of the logistic regression of being right on the strongest logit (Platt 1999)."""
    x = np.stack([strongest, np.ones_like(strongest)], axis=1)
    line = np.array([1.0, 0.0])
    for _ in range(steps):  # Newton's method
        p = sigmoid(x @ line)
        line = line + np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2), x.T @ (right - p))
    return float(line[0]), float(line[1])


def best_thresholds(chances: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Per label the threshold of the best F1; labels with few positives share one."""
    common = max(THRESHOLDS, key=lambda t: np.mean([f1(chances[:, k] >= t, gold[:, k]) for k in range(gold.shape[1])]))
    found = np.full(gold.shape[1], common)
    for k in range(gold.shape[1]):
        if gold[:, k].sum() >= FEW:
            found[k] = max(THRESHOLDS, key=lambda t: f1(chances[:, k] >= t, gold[:, k]))
    return found


def macro_f1(chances: np.ndarray, gold: np.ndarray, thresholds: np.ndarray) -> float:
    """Mean F1 over labels at their thresholds."""
    return float(np.mean([f1(chances[:, k] >= thresholds[k], gold[:, k]) for k in range(gold.shape[1])]))


def ekman(chances: np.ndarray, combine: str = "either") -> np.ndarray:
    """[N, L] chances -> [N, 7] over EKMAN's keys: the chance of at least one label of the group."""
    columns = []
    for names in EKMAN.values():
        group = chances[:, [LABELS.index(n) for n in names if LABELS.index(n) < chances.shape[1]]]
        columns.append(1.0 - np.prod(1.0 - group, axis=1) if combine == "either" else group.max(axis=1))
    return np.stack(columns, axis=1)


def _right(logits: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Whether the strongest label is among those that people named."""
    return np.array([b < gold.shape[1] and gold[i, b] for i, b in enumerate(logits.argmax(1))])


def _gold(rows: list[Row]) -> np.ndarray:
    return np.stack([r.labels[: len(GOEMOTIONS)] for r in rows]) > 0.5


def calibrate(net: TextNet, tokenizer: Tokenizer, data_dir: str | Path | None) -> dict[str, Any]:
    """Temperature, confidence and thresholds from the tuning part."""
    rows = [r for r in goemotions(data_dir) if r.part == "tune"]
    logits = predict(net, tokenizer, [(r.text, "") for r in rows]).logits
    gold = _gold(rows)
    temperature = best_temperature(logits[:, : len(GOEMOTIONS)], gold.astype(float))
    chances = sigmoid(logits / temperature)
    slope, offset = best_line(logits.max(1), _right(logits, gold).astype(float))
    thresholds = best_thresholds(chances[:, : len(GOEMOTIONS)], gold)
    seven = best_thresholds(ekman(chances), ekman(gold.astype(float), "max") > 0.5)
    return {
        "temperature": round(temperature, 3), "confidence": [round(slope, 4), round(offset, 4)],
        "thresholds": dict(zip(GOEMOTIONS, thresholds.round(2).tolist(), strict=True)),
        "ekman_thresholds": dict(zip(EKMAN, seven.round(2).tolist(), strict=True)),
    }


def measure(
    net: TextNet, tokenizer: Tokenizer, config: dict[str, Any], data_dir: str | Path | None
) -> dict[str, Any]:
    """Every figure of the model card, on the held-out part; `config` is that of config.json, calibrated."""
    figures: dict[str, Any] = {}
    calibration = config["calibration"]
    rows = [r for r in goemotions(data_dir) if r.part == "held"]
    logits, gold = predict(net, tokenizer, [(r.text, "") for r in rows]).logits, _gold(rows)
    chances = sigmoid(logits / calibration["temperature"])
    own = chances[:, : len(GOEMOTIONS)]
    each = {n: round(f1(own[:, k] >= calibration["thresholds"][n], gold[:, k]), 3) for k, n in enumerate(GOEMOTIONS)}
    seven = ekman(gold.astype(float), "max") > 0.5
    right = _right(logits, gold)
    slope, offset = calibration["confidence"]
    figures["goemotions"] = {
        "n": len(rows), "macro_f1_28": round(float(np.mean(list(each.values()))), 4), "f1": each,
        "macro_f1_ekman7": round(macro_f1(ekman(chances), seven, np.array(list(calibration["ekman_thresholds"].values()))), 4),
        "top1_in_gold": round(float(right.mean()), 4), "ece": round(calibration_error(sigmoid(slope * logits.max(1) + offset), right), 4),
        "ece_before_scaling": round(calibration_error(sigmoid(logits.max(1)), right), 4),
    }
    figures["emobank"] = _emobank_figures(net, tokenizer, config, data_dir)
    figures["meld_dev"] = _meld_figures(net, tokenizer, calibration, data_dir)
    figures["composed_held_out"] = _composed_figures(net, tokenizer, calibration)
    return figures


def _emobank_figures(
    net: TextNet, tokenizer: Tokenizer, config: dict[str, Any], data_dir: str | Path | None
) -> dict[str, Any]:
    rows = [r for r in emobank(data_dir) if r.part == "held"]
    mean, spread = emobank_scale(data_dir)
    target = np.stack([r.vad for r in rows]) * spread + mean
    found: dict[str, Any] = {"n": len(rows), "with_context": sum(bool(r.before) for r in rows)}
    for name, with_before in (("alone", False), ("in_context", True)):
        z = predict(net, tokenizer, [(r.text, r.before if with_before else "") for r in rows]).vad
        values = z * np.array(config["emobank_sd"]) + np.array(config["emobank_mean"])
        found[f"ccc_{name}"] = [round(ccc(values[:, k], target[:, k]), 4) for k in range(3)]
    return found


def _meld_figures(
    net: TextNet, tokenizer: Tokenizer, calibration: dict[str, Any], data_dir: str | Path | None
) -> dict[str, Any]:
    lines = meld(data_dir, "dev")
    names = list(EKMAN)
    gold = np.array([names.index(label) for _, _, label in lines])
    found: dict[str, Any] = {"n": len(lines)}
    for kind, with_before in (("alone", False), ("in_context", True)):
        logits = predict(net, tokenizer, [(t, b if with_before else "") for t, b, _ in lines]).logits
        said = ekman(sigmoid(logits / calibration["temperature"]), "max").argmax(1)
        each = {n: round(f1(said == k, gold == k), 3) for k, n in enumerate(names)}
        found[kind] = {
            "macro_f1": round(float(np.mean(list(each.values()))), 4), "f1": each,
            "accuracy": round(float((said == gold).mean()), 4),
        }
    return found


def _composed_figures(net: TextNet, tokenizer: Tokenizer, calibration: dict[str, Any]) -> dict[str, Any]:
    examples = [e for e in compose(4_000, seed=77, held=True) if e.labels]
    unique = list({(e.text, e.before): e for e in examples}.values())
    out = predict(net, tokenizer, [(e.text, e.before) for e in unique])
    best = sigmoid(out.logits / calibration["temperature"]).argmax(1)
    kinds = sorted({e.kind for e in unique})
    right = np.array([e.labels.get(LABELS[b], 0.0) >= 0.5 * max(e.labels.values()) for e, b in zip(unique, best, strict=True)])
    target = np.array([e.intensity for e in unique])
    kind_of = np.array([e.kind for e in unique])
    return {
        "n": len(unique), "top1_fits": round(float(right.mean()), 4),
        "by_kind": {k: round(float(right[kind_of == k].mean()), 3) for k in kinds},
        "intensity_ccc": round(ccc(out.intensity, target), 4),
    }
