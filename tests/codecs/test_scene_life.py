"""People, animals, boats, fires, wrecks and feasts of scenes: present by their attributes, alike for the same seed, smooth."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.codecs.scene.elements import drawer
from emogen.codecs.scene.light import light_of
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Layer, Stage

# element, place, the attributes that call it, at a middle and a full value
CALLED = [
    ("people", "meadow", "people", 0.4, 1.0),
    ("people", "room", "people", 0.4, 1.0),
    ("people", "street", "threat", 0.5, 1.0),
    ("birds", "sea", "animals", 0.3, 1.0),
    ("birds", "forest", "threat", 0.3, 1.0),
    ("animals", "meadow", "animals", 0.3, 1.0),
    ("animals", "street", "animals", 0.6, 1.0),
    ("things", "forest", "fire", 0.3, 1.0),
    ("things", "room", "fire", 0.3, 1.0),
    ("things", "road", "decay", 0.4, 1.0),
    ("things", "lake", "threat", 0.5, 1.0),
    ("feast", "harbour", "feast", 0.4, 1.0),
]
QUIET = {"animals": 0.0, "decay": 0.0}


def drawn(
    element: str, place: str, values: dict[str, float], size: tuple[int, int] = (72, 72), seed: int = 3
) -> list[Layer]:
    scene = Scene(place, {**QUIET, **values}, seed)
    return drawer(element)(Stage(scene, *size, light_of(scene)))


def flat(layers: list[Layer]) -> np.ndarray:
    picture = np.full((*layers[0].rgba.shape[:2], 3), 0.3, np.float32)
    for layer in layers:
        picture = picture * (1 - layer.rgba[..., 3:]) + layer.rgba[..., :3]
    return picture


def amount(layers: list[Layer]) -> float:
    """How much of a grey picture is covered or lit."""
    return float(np.abs(flat(layers) - 0.3).sum()) if layers else 0.0


@pytest.mark.parametrize(("element", "place", "name", "middle", "full"), CALLED)
def test_there_is_none_then_some_then_more(element: str, place: str, name: str, middle: float, full: float) -> None:
    none, some, more = (amount(drawn(element, place, {name: value})) for value in (0.0, middle, full))
    assert none == 0
    assert 0 < some < more


@pytest.mark.parametrize("size", [(64, 64), (160, 90), (90, 160)])
def test_sheets_fit_the_picture_and_are_finite(size: tuple[int, int]) -> None:
    loud = {"people": 1.0, "fire": 1.0, "decay": 1.0, "threat": 1.0, "feast": 1.0, "animals": 1.0, "snow": 0.5}
    for element, place in (
        ("people", "city"),
        ("animals", "lake"),
        ("birds", "sky"),
        ("things", "sea"),
        ("boats", "harbour"),
        ("feast", "city"),
    ):
        for layer in drawn(element, place, {"hour": 21.5, **loud}, size):
            assert layer.rgba.shape == (size[1], size[0], 4)
            assert layer.rgba.dtype == np.float32
            assert np.isfinite(layer.rgba).all()
            assert layer.rgba[..., 3].max() <= 1.001
            assert layer.rgba.min() > -0.01


def test_the_same_seed_draws_the_same() -> None:
    for element, place in (("people", "street"), ("things", "meadow"), ("boats", "sea"), ("feast", "lake")):
        values = {"people": 0.6, "fire": 0.5, "decay": 0.6, "feast": 0.6}
        one, same = (drawn(element, place, values) for _ in range(2))
        other = drawn(element, place, values, seed=4)
        assert all(np.array_equal(a.rgba, b.rgba) for a, b in zip(one, same, strict=True))
        assert not np.allclose(flat(one), flat(other))


@pytest.mark.parametrize("name", ["people", "upright", "together", "threat", "fire"])
def test_people_change_smoothly(name: str) -> None:
    """A step of 1/200 changes a small part of what the whole way does."""
    usual = {"people": 0.45, "upright": 0.0, "together": 0.4, "threat": 0.0, "fire": 0.0}
    low, high = (-1.0 if name == "upright" else 0.0), 1.0
    whole = amount_between(usual, name, low, high)
    for at in (0.3, 0.6):
        value = low + (high - low) * at
        assert amount_between(usual, name, value, value + 0.005) < 0.35 * whole


def amount_between(usual: dict[str, float], name: str, a: float, b: float) -> float:
    pictures = [drawn("people", "meadow", {**usual, name: value}) for value in (a, b)]
    if len(pictures[0]) != len(pictures[1]):
        return amount(pictures[1])
    return float(np.abs(flat(pictures[0]) - flat(pictures[1])).sum())


def test_posture_and_closeness_are_seen() -> None:
    for name, low, high in (("upright", -1.0, 1.0), ("together", 0.0, 1.0)):
        a, b = (flat(drawn("people", "meadow", {"people": 0.5, name: v})) for v in (low, high))
        assert np.abs(a - b).max(axis=2).mean() > 0.005


def test_fireworks_shine_in_the_dark_only() -> None:
    def shining(hour: float) -> float:
        return sum(
            float(layer.rgba[..., :3].sum())
            for layer in drawn("feast", "lake", {"hour": hour, "feast": 1.0})
            if layer.name == "fireworks"
        )

    assert shining(23.5) > 50
    assert shining(12.0) == 0
