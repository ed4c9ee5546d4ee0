"""The diffusion over scenes: what it learns from is as the world is, and a short training learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from emogen.codecs.scene.scene import from_vector, parts, places, vector
from emogen.pipelines.image.evocation import FELT, against, cues, evoked
from emogen.training.scene_worlds import worlds
from emogen.training.scenes import Read, fit_reading, labels, learn


@pytest.fixture(scope="module")
def drawn() -> tuple[dict[str, np.ndarray], np.ndarray]:
    return worlds(1_200, np.random.default_rng(0))


def test_attributes_go_together(drawn: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
    x, where = drawn
    assert set(where) == set(range(len(places())))
    for name, it in parts().items():
        assert np.all((x[name] >= it.low) & (x[name] <= it.high))
    assert np.all(x["cloud"][x["rain"] > 0.3] >= 0.6)
    assert np.all(x["storm"][x["lightning"] > 0] > 0.25)
    assert np.all(x["rain"][x["snow"] > 0.1] <= 0.25)  # a rainbow's drizzle at most
    assert np.all(x["flowers"][x["snow"] > 0.1] == 0)


def test_most_scenes_are_of_a_piece(drawn: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
    """Less speaks against what they evoke than in scenes whose attributes are drawn without regard to each other."""
    x, _ = drawn
    rng = np.random.default_rng(1)
    mixed = {name: rng.permutation(values) for name, values in x.items()}
    own, other = (np.median(against(v, evoked(v)) / np.linalg.norm(evoked(v), axis=-1)) for v in (x, mixed))
    assert own < 0.9 * other


def test_vectors_come_back(drawn: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
    x, _ = drawn
    for i in range(20):
        values = {name: float(column[i]) for name, column in x.items()}
        back = from_vector(vector(values))
        for name, it in parts().items():
            away = abs(back[name] - values[name])
            assert min(away, it.high - it.low - away if it.circular else away) < 1e-9


def test_a_reading_is_learnt_from_places_and_cues(drawn: tuple[dict[str, np.ndarray], np.ndarray], tmp_path: Path) -> None:
    x, where = drawn
    rng = np.random.default_rng(2)
    said = np.stack([0.5 * cues(x)["flowers"] - 0.4 * x["decay"], 0.3 * x["fire"]], axis=1) + rng.normal(0, 0.02, (len(where), 2))
    Read(x, where, said).save(tmp_path / "readings.npz")
    reading, agreement = fit_reading(Read.load(tmp_path / "readings.npz"))
    assert agreement.min() > 0.6
    found = labels(x, where, reading)
    assert found.shape == (len(where), len(FELT))
    assert np.corrcoef(found[:, 0], said[:, 0])[0, 1] > np.corrcoef(evoked(x)[:, 0], said[:, 0])[0, 1]


def test_a_short_training_learns(drawn: tuple[dict[str, np.ndarray], np.ndarray]) -> None:
    torch.set_num_threads(1)
    net, curve = learn(None, scenes=1_500, steps=120, report_every=60)
    assert curve[-1]["unseen"] < curve[0]["unseen"]
    assert net.reach.max() <= 1.0
