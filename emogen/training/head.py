"""Trains an `EmotionHead` on measures, and tries it on people or pieces it has not seen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from emogen.models.head import EmotionHead
from emogen.training.folds import grouped_folds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """n examples of measures.

    Attributes:
        measures: [n, D].
        shares: [n, L] shares of the raters.
        vad: [n, 3]; nan where an axis is not known.
        groups: [n] person, song or theme: what is held out together.
        corpora: [n] which data set; each counts alike within a label. Empty: all one.
        items: [n] which item an example is a version of (augmentation); empty: each its own.
        known: [L] or [n, L] False for labels that an example's data set does not have: they are left out of its loss.
    """

    measures: Array
    shares: Array
    vad: Array
    groups: Sequence[Hashable]
    corpora: Sequence[str] = ()
    items: Sequence[int] = ()
    known: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class HeadTraining:
    """How a head is trained.

    Attributes:
        hidden: Units of a member; 0: linear.
        members: Networks that are averaged.
        dropout: Of measures and hidden units.
        steps: Of a batch each.
        batch: Examples a step.
        learning_rate: Of AdamW, falling along half a cosine.
        weight_decay: Of AdamW.
        vad_weight: Of the squared error of VAD beside the cross-entropy.
        mix: Beta of mixup (Zhang et al. 2018); 0 for none.
        seed: Of starts and batches.
    """

    hidden: int = 64
    members: int = 5
    dropout: float = 0.4
    steps: int = 600
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    vad_weight: float = 1.0
    mix: float = 0.2
    seed: int = 0


def fit_head(examples: Examples, labels: Sequence[str], how: HeadTraining) -> tuple[EmotionHead, list[dict[str, float]]]:
    """A trained head in evaluation mode, and its curve (step, loss).

    Rare labels are drawn more often (one over the root of their frequency), so that each is learnt and the commonest
    do not win every doubt.
    """
    torch.manual_seed(how.seed)
    x = torch.from_numpy(np.asarray(examples.measures, dtype=np.float32))
    shares = torch.from_numpy(np.asarray(examples.shares, dtype=np.float32))
    vad = torch.from_numpy(np.asarray(examples.vad, dtype=np.float32))
    known = torch.ones_like(shares, dtype=torch.bool)
    if examples.known is not None:
        known = torch.from_numpy(np.broadcast_to(examples.known, shares.shape).copy())
    head = EmotionHead(x.shape[1], labels, hidden=how.hidden, members=how.members, dropout=how.dropout)
    head.standardise(x)
    optimizer = torch.optim.AdamW(head.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, how.steps)
    chance = torch.from_numpy(_chances(examples))
    generator = torch.Generator().manual_seed(how.seed)
    curve, losses = [], []
    head.train()
    for step in range(1, how.steps + 1):
        at, other = (torch.multinomial(chance, how.batch, replacement=True, generator=generator) for _ in range(2))
        part = float(np.random.default_rng((how.seed, step)).beta(how.mix, how.mix)) if how.mix else 1.0
        loss = part * _loss(head, x, at, other, part, shares[at], vad[at], known[at], how)
        if part < 1.0:
            loss = loss + (1.0 - part) * _loss(head, x, at, other, part, shares[other], vad[other], known[other], how)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % max(1, how.steps // 20) == 0:
            curve.append({"step": step, "loss": round(float(np.mean(losses)), 4)})
            losses = []
    return head.eval(), curve


def _loss(
    head: EmotionHead, x: Tensor, at: Tensor, other: Tensor, part: float, shares: Tensor, vad: Tensor, known: Tensor,
    how: HeadTraining,
) -> Tensor:  # fmt: skip
    out = head.each(part * x[at] + (1.0 - part) * x[other])
    logits, felt = head.split(out)
    logits = logits.masked_fill(~known, -30.0)
    named = -(shares * functional.log_softmax(logits, dim=-1)).sum(dim=-1).mean()
    there = torch.isfinite(vad)
    error = torch.where(there, felt - torch.nan_to_num(vad), torch.zeros_like(felt)).square().sum(dim=-1)
    return named + how.vad_weight * (error / there.sum(dim=-1).clamp(min=1)).mean()


def _chances(examples: Examples) -> NDArray[np.float64]:
    top = examples.shares.argmax(axis=1)
    corpora = list(examples.corpora) or [""] * len(top)
    keys = [f"{corpus}/{label}" for corpus, label in zip(corpora, top, strict=True)]
    count = {key: keys.count(key) for key in set(keys)}
    return np.array([count[key] ** -0.5 for key in keys])


def predict(head: EmotionHead, measures: Array) -> tuple[Array, Array]:
    """Logits [n, L] and VAD [n, 3]."""
    with torch.inference_mode():
        logits, vad = head(torch.from_numpy(np.asarray(measures, dtype=np.float32)))
    return logits.double().numpy(), vad.double().numpy()


def out_of_fold(examples: Examples, labels: Sequence[str], how: HeadTraining, k: int) -> tuple[Array, Array]:
    """Logits and VAD of each item by a head that has not seen its group: rows of `items` order, or of all examples.

    Versions of an item are learnt from, but the item itself (its first example) is what is predicted.
    """
    items = np.asarray(examples.items if len(examples.items) else range(len(examples.measures)))
    _, first = np.unique(items, return_index=True)
    groups = np.asarray(examples.groups)
    logits = np.zeros((len(first), len(labels)))
    vad = np.zeros((len(first), 3))
    for fold in grouped_folds([groups[i] for i in first], k):
        held = {groups[first[i]] for i in fold}
        rest = np.flatnonzero([group not in held for group in groups])
        head, _ = fit_head(_rows(examples, rest), labels, how)
        logits[fold], vad[fold] = predict(head, examples.measures[first[fold]])
    return logits, vad


def _rows(examples: Examples, rows: NDArray[np.intp]) -> Examples:
    known = examples.known
    if known is not None and known.ndim == 2:
        known = known[rows]
    return Examples(
        measures=examples.measures[rows],
        shares=examples.shares[rows],
        vad=examples.vad[rows],
        groups=[examples.groups[i] for i in rows],
        corpora=[examples.corpora[i] for i in rows] if len(examples.corpora) else (),
        known=known,
    )
