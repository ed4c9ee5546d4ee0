"""What the trainings of recognisers share: folds, halves, heads, frames, cards; and versions of clips and faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from emogen import checkpoints
from emogen.conditioning.cues import Cues, sentence
from emogen.conditioning.face_measures import MIRRORED, NAMES, aligned, clip, measure
from emogen.evaluation.heldout import HeldOut, read_heldout
from emogen.evaluation.metrics import accuracy
from emogen.training.folds import cross_fitted, grouped_folds, softmax
from emogen.training.frames import FrameTraining, Pieces, fit_frames
from emogen.training.frames import predict as predict_frames
from emogen.training.halves import half
from emogen.training.head import Examples, HeadTraining, fit_head, out_of_fold, predict
from emogen.training.judge_face import varied as varied_faces
from emogen.training.publish import Card, publish
from emogen.training.speech_data import varied

LABELS = ("joy", "sadness", "anger")


def toy(n: int = 240, seed: int = 0) -> Examples:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    measures = rng.normal(0, 1, (n, 8)) + 2.5 * np.eye(3, 8)[labels]
    vad = np.stack([labels - 1.0, np.zeros(n), np.full(n, np.nan)], axis=1)
    return Examples(measures * 7.0 + 3.0, np.eye(3)[labels], vad, [f"p{i % 12}" for i in range(n)])


@given(groups=st.lists(st.integers(0, 9), min_size=1, max_size=60), k=st.integers(2, 6))
def test_every_item_is_held_out_once_and_groups_stay_together(groups: list[int], k: int) -> None:
    folds = grouped_folds(groups, k)
    assert sorted(np.concatenate(folds).tolist()) == list(range(len(groups)))
    for i, one in enumerate(folds):
        for other in folds[:i]:
            assert not {groups[a] for a in one} & {groups[b] for b in other}


def test_halves_are_fixed_and_about_equal() -> None:
    halves = [half(f"emopia/{i}") for i in range(1000)]
    assert halves == [half(f"emopia/{i}") for i in range(1000)]
    assert 430 < halves.count("judge") < 570


def test_a_head_learns_what_can_be_learnt() -> None:
    examples = toy()
    how = HeadTraining(hidden=16, members=2, steps=150)
    head, curve = fit_head(examples, LABELS, how)
    logits, vad = predict(head, examples.measures)
    assert accuracy(examples.shares.argmax(axis=1), logits.argmax(axis=1)) > 0.85
    assert np.corrcoef(vad[:, 0], examples.vad[:, 0])[0, 1] > 0.7
    assert curve[-1]["loss"] < curve[0]["loss"]
    again, _ = fit_head(examples, LABELS, how)
    assert np.array_equal(predict(again, examples.measures)[0], logits)


def test_people_are_judged_by_a_head_that_never_met_them() -> None:
    examples = toy()
    shuffled = Examples(examples.measures, np.random.default_rng(0).permutation(examples.shares), examples.vad, examples.groups)
    how = HeadTraining(hidden=16, members=1, steps=120)
    seen, _ = out_of_fold(examples, LABELS, how, 4)
    blind, _ = out_of_fold(shuffled, LABELS, how, 4)
    assert accuracy(examples.shares.argmax(axis=1), seen.argmax(axis=1)) > 0.8
    assert accuracy(shuffled.shares.argmax(axis=1), blind.argmax(axis=1)) < 0.55


def test_calibrated_chances_are_chances() -> None:
    examples = toy()
    logits, _ = out_of_fold(examples, LABELS, HeadTraining(hidden=8, members=1, steps=60), 4)
    chances = cross_fitted(50.0 * logits, examples.shares, examples.groups)
    assert np.allclose(chances.sum(axis=1), 1.0)
    assert chances.max(axis=1).mean() < softmax(50.0 * logits).max(axis=1).mean()


def test_a_frame_net_learns_the_order_of_things() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 80)
    rise = np.linspace(-1, 1, 60)[:, None]
    frames = [(rise * (1 if y else -1) + rng.normal(0, 0.3, (60, 2))).astype(np.float32) for y in labels]
    pieces = Pieces(frames, labels, np.full((80, 3), np.nan), list(range(80)))
    how = FrameTraining(frames=60, width=8, members=1, steps=120, dropout=0.0)
    net, _ = fit_frames(pieces, ("joy", "sadness"), how, lambda piece, _: piece)
    logits, _ = predict_frames(net, frames)
    assert accuracy(labels, logits.argmax(axis=1)) > 0.9


def test_a_published_checkpoint_is_complete(tmp_path: Path) -> None:
    truth = np.eye(2)[[0, 1, 0, 1, 1, 0]]
    held = HeldOut(("joy", "sadness"), ("toy/pack",) * 6, tuple("aabbcc"), truth, truth, np.zeros((6, 3)), np.zeros((6, 3)))
    card = Card("toy", "judge", "cc0-1.0", "open", "made up", "no time", "nobody", "everything")
    folder = publish(
        tmp_path / "toy", config={"a": 1}, weights={"w": torch.ones(3)}, held_out=held, card=card, curve=[{"step": 1, "loss": 2.0}]
    )
    checkpoints.check_safe(folder)
    assert set(checkpoints.verify(folder)) == {"README.md", "config.json", "curve.csv", "heldout.csv", "model.safetensors"}
    assert checkpoints.is_open(folder)
    assert read_heldout(folder).packs == held.packs
    assert "| toy/pack | 6 | 3 | 1.00" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", range(4))
def test_a_varied_clip_is_still_a_clip(seed: int) -> None:
    x = np.sin(np.arange(16_000) / 20).astype(np.float32)
    y = varied(x, np.random.default_rng(seed))
    assert y.dtype == np.float32
    assert 0.8 < len(y) / len(x) < 1.2
    assert 0.5 < np.abs(y).max() <= 1.0
    assert np.array_equal(y, varied(x, np.random.default_rng(seed)))


def test_varied_faces_keep_their_shape() -> None:
    crops = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    one = varied_faces(crops, torch.Generator().manual_seed(1))
    assert one.shape == crops.shape
    assert float(one.min()) >= 0.0
    assert float(one.max()) <= 255.0
    assert torch.equal(one, varied_faces(crops, torch.Generator().manual_seed(1)))


def test_a_turned_and_larger_face_measures_the_same() -> None:
    rng = np.random.default_rng(0)
    template = rng.normal(0, 1, (70, 3))
    mesh = rng.normal(0, 1, (478, 3))
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    one, _ = aligned(mesh[None], template)
    other, _ = aligned((3.0 * mesh @ turn.T + 50.0)[None], template)
    assert np.allclose(measure(one), measure(other), atol=1e-6)
    assert len(NAMES) == measure(one).shape[1]


def test_a_still_face_moves_nothing_and_sides_are_swapped_twice() -> None:
    assert [MIRRORED[i] for i in MIRRORED] == list(range(70))
    face = np.random.default_rng(0).normal(0, 1, (1, 70, 3))
    row = clip(np.repeat(face, 12, axis=0), np.zeros((12, 3)), 25.0)
    assert np.allclose(row[:750], 0.0)


def test_cues_name_what_is_typical_and_stands_out() -> None:
    measures = np.array([[0.0, 0.0], [0.2, 0.1], [4.0, 0.0], [4.2, 0.1]])
    cues = Cues.fitted(("pitch", "pace"), measures, ["sadness", "sadness", "joy", "joy"])
    again = Cues.from_dict(cues.to_dict(), ("pitch", "pace"))
    phrases = {"pitch": ("low", "high"), "pace": ("slow", "fast")}
    assert again.told(np.array([4.3, 0.05]), "joy", phrases) == ["high"]
    assert again.told(np.array([4.3, 0.05]), "sadness", phrases) == []
    assert sentence(["high"], "joy", 0.8) == "high: joy 0.80"
