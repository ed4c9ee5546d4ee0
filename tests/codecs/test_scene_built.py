"""Streets, cities, harbours and rooms: what is built, at any size, and what the attributes do to it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from emogen.codecs.scene.elements import drawer
from emogen.codecs.scene.light import light_of
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Layer, Stage

PLACES = {
    "skyline": "city",
    "blocks": "city",
    "promenade": "city",
    "houses": "street",
    "pavement": "street",
    "lamps": "street",
    "town": "harbour",
    "quay": "harbour",
    "room": "room",
    "window": "room",
    "furniture": "room",
}
SIZE = (96, 72)


@cache
def drawn(element: str, size: tuple[int, int] = SIZE, seed: int = 1, **values: float) -> list[Layer]:
    scene = Scene(PLACES[element], values, seed)
    return drawer(element)(Stage(scene, *size, light_of(scene)))


def over(layers: list[Layer]) -> np.ndarray:
    out = np.zeros_like(layers[0].rgba)
    for layer in layers:
        out = out * (1 - layer.rgba[..., 3:]) + layer.rgba
    return out


@pytest.mark.parametrize("element", PLACES)
@pytest.mark.parametrize("size", [(48, 64), (107, 60), SIZE])
def test_every_size_gives_layers_of_premultiplied_light(element: str, size: tuple[int, int]) -> None:
    layers = drawn(element, size)
    assert any(layer.rgba[..., 3].any() for layer in layers)
    for layer in layers:
        assert layer.rgba.shape == (size[1], size[0], 4)
        assert layer.rgba.dtype == np.float32
        assert np.isfinite(layer.rgba).all()
        assert layer.rgba.min() >= 0
        assert layer.rgba[..., 3].max() <= 1.0001
        assert np.all(np.asarray(layer.depth_m) > 0)


@pytest.mark.parametrize("element", PLACES)
def test_the_same_scene_gives_the_same_bytes_and_another_seed_another_picture(element: str) -> None:
    first, again, other = drawn(element), drawn.__wrapped__(element), drawn(element, seed=2)
    assert all(np.array_equal(a.rgba, b.rgba) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(over(first), over(other))


@pytest.mark.parametrize("element", ["skyline", "blocks", "promenade", "houses", "lamps", "town", "quay", "room"])
def test_shapes_stay_when_the_hour_changes(element: str) -> None:
    noon, dusk = over(drawn(element, hour=12.0, lamps=0.0)), over(drawn(element, hour=19.0, lamps=0.0))
    np.testing.assert_allclose(noon[..., 3], dusk[..., 3], atol=1e-4)
    assert np.abs(noon - dusk).max() > 0.005


@pytest.mark.parametrize("element", ["skyline", "blocks", "promenade", "houses", "lamps", "town", "room", "furniture"])
def test_lamps_are_bright_at_night_and_little_at_noon(element: str) -> None:
    def gain(hour: float) -> float:
        return float(
            (over(drawn(element, hour=hour, lamps=1.0)) - over(drawn(element, hour=hour, lamps=0.0)))[..., :3].max()
        )

    assert gain(0.0) > 0.15
    assert gain(0.0) > 2 * gain(12.0)


@pytest.mark.parametrize(
    "element", ["skyline", "blocks", "houses", "pavement", "town", "quay", "room", "window", "furniture"]
)
def test_decay_changes_what_is_built_step_by_step(element: str) -> None:
    steps = [over(drawn(element, decay=decay)) for decay in (0.0, 0.5, 0.52, 1.0)]
    far = np.abs(steps[3] - steps[0]).mean()
    assert far > 0.002
    assert np.abs(steps[2] - steps[1]).mean() < 0.35 * far


@pytest.mark.parametrize(
    ("element", "attribute"),
    [
        ("houses", "flowers"), ("houses", "snow"), ("houses", "openness"), ("houses", "threat"), ("pavement", "rain"),
        ("pavement", "snow"), ("pavement", "season"), ("skyline", "openness"), ("town", "snow"), ("quay", "rain"),
        ("room", "openness"), ("window", "threat"), ("window", "snow"), ("window", "wind"), ("window", "cloud"),
        ("furniture", "feast"), ("furniture", "flowers"), ("furniture", "threat"),
    ],
)  # fmt: skip
def test_an_attribute_is_seen(element: str, attribute: str) -> None:
    before, after = over(drawn(element)), over(drawn(element, **{attribute: 2.3 if attribute == "season" else 0.95}))
    assert np.abs(after - before).max() > 0.05


def test_wet_streets_mirror_and_dry_ones_do_not() -> None:
    (wet,), (dry,) = drawn("pavement", rain=0.9), drawn("pavement", rain=0.0)
    assert wet.mirror is not None
    assert dry.mirror is not None
    assert wet.mirror.max() > 0.2
    assert dry.mirror.max() == 0


def test_the_window_shows_the_sky_of_the_hour() -> None:
    noon, night = over(drawn("window", hour=12.0)), over(drawn("window", hour=0.0, lamps=0.0))
    assert noon[..., :3].max() > 3 * night[..., :3].mean()
    assert noon[..., :3].mean() > 1.5 * night[..., :3].mean()
