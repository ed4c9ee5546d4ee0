"""The training loop: what a user of `emogen train` relies on."""

from __future__ import annotations

import csv
import functools
import math
import pickle

import pytest
import torch
from torch import nn

from emogen.checkpoints import check_safe
from emogen.errors import CheckpointError, EmogenError
from emogen.training.loop import TrainOptions, learning_rate_at, step_generator, train
from emogen.training.toy import toy_loss, toy_networks

OPTIONS = TrainOptions(steps=40, learning_rate=0.05, warmup_steps=5, report_every=10, average_decay=0.9)


def line():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Linear(3, 1)


def line_loss(model, generator):
    x = torch.randn(64, 3, generator=generator)
    return (model(x) - (x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 3)).square().mean()


def line_figure(model):
    with torch.no_grad():
        return float(line_loss(model, torch.Generator().manual_seed(99)))


class StoppedError(Exception):
    pass


def stopper(step):
    def watch(row):
        if row["step"] == step:
            raise StoppedError

    return watch


def test_it_learns_and_the_model_holds_the_best(tmp_path):
    model, rows = line(), []
    before = line_figure(model)
    result = train(model, line_loss, tmp_path, TrainOptions(**{**vars(OPTIONS), "steps": 300}), validate=line_figure,
                   on_report=rows.append)
    assert result.best < before / 100
    assert line_figure(model) == pytest.approx(result.best)
    assert result.best == min(r["validation"] for r in rows)
    assert result.best_step == min(rows, key=lambda r: r["validation"])["step"]


def test_the_best_is_kept_when_it_gets_worse(tmp_path):
    model, figures = line(), iter([3.0, 1.0, 2.0, 5.0])
    kept = []

    def figure(m):
        kept.append(m.weight.detach().clone())
        return next(figures)

    result = train(model, line_loss, tmp_path, OPTIONS, validate=figure)
    assert (result.best, result.best_step) == (1.0, 20)
    assert torch.equal(model.weight, kept[1])


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    models = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        models.append(line())
        train(models[-1], line_loss, tmp_path / name, TrainOptions(**{**vars(OPTIONS), "seed": seed}))
    assert torch.equal(models[0].weight, models[1].weight)
    assert not torch.equal(models[0].weight, models[2].weight)


@pytest.mark.parametrize("make", [(line, line_loss), (functools.partial(toy_networks, width=16, depth=1, window=16,
                                                                       overlap=4), functools.partial(toy_loss, size=4))])
def test_a_resumed_training_ends_as_if_it_had_not_stopped(tmp_path, make):
    build, loss = make
    whole, parts = build(), build()
    train(whole, loss, tmp_path / "whole", OPTIONS)
    with pytest.raises(StoppedError):
        train(parts, loss, tmp_path / "parts", OPTIONS, on_report=stopper(30))
    parts = build()
    result = train(parts, loss, tmp_path / "parts", OPTIONS)
    assert result.steps == OPTIONS.steps
    assert all(torch.equal(whole.state_dict()[k], v) for k, v in parts.state_dict().items())


def test_a_finished_training_is_not_trained_again(tmp_path):
    model = line()
    first = train(model, line_loss, tmp_path, OPTIONS)
    again = line()

    def never(*_):
        raise AssertionError

    assert train(again, never, tmp_path, OPTIONS) == first
    assert torch.equal(model.weight, again.weight)


def test_the_curve_has_one_row_per_report(tmp_path):
    train(line(), line_loss, tmp_path, OPTIONS)
    with (tmp_path / "curve.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(r["step"]) for r in rows] == [10, 20, 30, 40]
    assert all(math.isfinite(float(v)) for r in rows for v in r.values())
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_nothing_in_the_folder_is_a_pickle(tmp_path):
    (tmp_path / "x").mkdir()
    train(line(), line_loss, tmp_path / "x", OPTIONS)
    check_safe(tmp_path / "x")
    for path in (tmp_path / "x").iterdir():
        with pytest.raises(Exception):  # noqa: B017 - whatever pickle says of it
            pickle.loads(path.read_bytes())


def test_other_options_or_another_model_are_refused(tmp_path):
    train(line(), line_loss, tmp_path, OPTIONS)
    with pytest.raises(CheckpointError, match="other options"):
        train(line(), line_loss, tmp_path, TrainOptions(steps=50))
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        train(nn.Linear(4, 1), line_loss, tmp_path, OPTIONS)


def test_a_broken_state_is_refused(tmp_path):
    train(line(), line_loss, tmp_path, OPTIONS)
    (tmp_path / "last.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        train(line(), line_loss, tmp_path, OPTIONS)


def test_a_loss_that_is_not_finite_stops_with_its_step(tmp_path):
    def loss(model, generator):
        return line_loss(model, generator) * float("nan")

    with pytest.raises(EmogenError, match="step 0"):
        train(line(), loss, tmp_path, OPTIONS)


def test_long_gradients_are_shortened(tmp_path):
    rows = []
    train(line(), lambda m, g: 1e4 * line_loss(m, g), tmp_path, TrainOptions(**{**vars(OPTIONS), "steps": 10}),
          on_report=rows.append)
    assert rows[0]["gradient_norm"] > 1000
    assert math.isfinite(rows[0]["loss"])


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate_at(s, OPTIONS) for s in range(41)]
    assert rates[4] == pytest.approx(OPTIONS.learning_rate)
    assert rates[:5] == sorted(rates[:5])
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[40] == pytest.approx(0.0, abs=1e-12)


def test_steps_and_processes_have_their_own_randomness():
    drawn = {float(torch.rand(1, generator=step_generator(*key))) for key in
             [(0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1), (0, 11, 0), (0, 1, 1)]}
    assert len(drawn) == 6


def test_the_process_keeps_its_random_state(tmp_path):
    before = torch.get_rng_state()
    train(toy_networks(width=16, depth=1), functools.partial(toy_loss, size=2), tmp_path,
          TrainOptions(**{**vars(OPTIONS), "steps": 2}))
    assert torch.equal(torch.get_rng_state(), before)
