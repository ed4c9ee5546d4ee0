"""Sky, water, weather and finish of a scene: what anyone who renders one relies on."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.codecs.scene.light import light_of, sun_elevation_deg
from emogen.codecs.scene.noise import fractal, ridge_line, sampled, tile
from emogen.codecs.scene.render import flattened, layers_of, rendered
from emogen.codecs.scene.scene import Scene
from emogen.errors import InputError

SIZE = 128
CLEAR = {"hour": 13.0, "cloud": 0.2, "fog": 0.0}


def picture(place: str = "sea", seed: int = 3, width: int = SIZE, height: int = SIZE, **values: float) -> np.ndarray:
    scene = Scene(place, {**CLEAR, **values}, seed)
    return rendered(scene, width, height, ["sky", *([place] if place in ("sea", "lake") else [])])


def mean_light(**values: float) -> float:
    return float(picture(**values).mean())


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture() -> None:
    values = {"cloud": 0.5, "rain": 0.5, "snowfall": 0.4, "fog": 0.4, "lightning": 0.9, "rainbow": 1.0}
    first, again = picture(**values), picture(**values)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert difference(first, picture(seed=4, **values)) > 2


@pytest.mark.parametrize("place", ["sky", "sea", "lake"])
@pytest.mark.parametrize("size", [(72, 128), (228, 129)])
def test_every_size_is_drawn(place: str, size: tuple[int, int]) -> None:
    out = picture(place, width=size[0], height=size[1], rain=0.5, snowfall=0.5, tilt=0.5, lightning=1.0)
    assert out.shape == (size[1], size[0], 3)
    assert out.std() > 4


def test_shapes_stay_when_the_picture_grows() -> None:
    small = picture("sky", cloud=0.5)
    big = picture("sky", cloud=0.5, width=2 * SIZE, height=2 * SIZE)
    shrunk = big.reshape(SIZE, 2, SIZE, 2, 3).mean((1, 3))
    assert np.corrcoef(small.mean(-1).ravel(), shrunk.mean(-1).ravel())[0, 1] > 0.95


def test_night_storm_and_low_exposure_are_darker() -> None:
    day = mean_light()
    assert mean_light(hour=0.0) < 0.7 * day
    assert mean_light(cloud=0.9, storm=1.0) < 0.8 * mean_light(cloud=0.9)
    assert mean_light(exposure=-0.6) < 0.8 * day < 0.8 * mean_light(exposure=0.6)


def test_dusk_is_red_and_noon_is_blue() -> None:
    dusk, noon = (picture("sky", hour=hour).reshape(-1, 3).mean(0) for hour in (19.0, 13.0))
    assert dusk[0] / dusk[2] > 1.25 * noon[0] / noon[2]


def test_thick_fog_hides_the_horizon_and_is_pale() -> None:
    fog = picture(fog=1.0)
    assert fog.std() < 0.5 * picture().std()
    assert fog.mean() > 90


def test_still_water_mirrors_the_sky() -> None:
    scene = Scene("lake", {**CLEAR, "waves": 0.0, "cloud": 0.5}, 3)
    stage, layers = layers_of(scene, SIZE, SIZE, ["sky", "lake"])
    light = flattened(stage, layers).mean(-1)
    horizon = int(stage.horizon)
    light = light / light.mean(1, keepdims=True)  # water mirrors less the steeper one looks at it
    above, below = light[horizon - 40 : horizon - 8], light[horizon + 9 : horizon + 41][::-1]
    assert np.corrcoef(above.ravel(), below.ravel())[0, 1] > 0.6
    assert np.corrcoef(above.ravel(), below[::-1].ravel())[0, 1] < 0.5


@pytest.mark.parametrize(
    ("name", "low"),
    [("hour", 5.0), ("hour", 21.2), ("cloud", 0.3), ("storm", 0.5), ("fog", 0.4), ("rain", 0.4), ("snowfall", 0.4), ("waves", 0.3),
     ("lightning", 0.6), ("soft", 0.3), ("colour", 0.5), ("contrast", 0.5)],
)  # fmt: skip
def test_a_small_step_changes_the_picture_a_little(name: str, low: float) -> None:
    step = {"hour": 0.05}.get(name, 0.01)
    a, b = (picture(**{"cloud": 0.4, name: value}) for value in (low, low + step))
    assert difference(a, b) < 4.0


def test_attributes_matter() -> None:
    base = picture(cloud=0.4)
    for name, value in {"rain": 1.0, "snowfall": 1.0, "waves": 1.0, "soft": 1.0, "warmth": 1.0, "colour": 0.0, "contrast": 1.0,
                        "tilt": 1.0, "tint_red": -1.0, "tint_yellow": 1.0}.items():  # fmt: skip
        assert difference(base, picture(**{"cloud": 0.4, name: value})) > 1.5, name


def test_a_tint_goes_its_way_and_leaves_the_light() -> None:
    plain = picture(cloud=0.4).astype(float).mean(axis=(0, 1))
    for name, channel, sign in (("tint_red", 0, 1), ("tint_red", 0, -1), ("tint_yellow", 2, -1), ("tint_yellow", 2, 1)):
        moved = picture(**{"cloud": 0.4, name: float(sign if channel == 0 else -sign)}).astype(float).mean(axis=(0, 1)) - plain
        assert sign * moved[channel] > 5
        assert abs(moved @ (0.2126, 0.7152, 0.0722)) < 0.35 * np.abs(moved).max()


def test_the_day_turns_and_the_year_too() -> None:
    assert sun_elevation_deg(13.0, 1.0) > sun_elevation_deg(13.0, 3.0) > 0 > sun_elevation_deg(0.0, 1.0)
    assert sun_elevation_deg(19.0, 1.0) > 0 > sun_elevation_deg(19.0, 3.0)
    day, night = (light_of(Scene("sea", {**CLEAR, "hour": hour})) for hour in (13.0, 0.0))
    assert day.sun_rgb.sum() > 10 * night.sun_rgb.sum() > 0
    assert (day.night, night.night) == (0.0, 1.0)
    assert abs(float(np.linalg.norm(night.sun)) - 1) < 1e-9


def test_fog_takes_the_view() -> None:
    clear, fog = (light_of(Scene("sea", {"fog": value})).haze_per_m for value in (0.0, 1.0))
    assert np.exp(-clear * 30e3) > 0.2
    assert np.exp(-fog * 25) < 0.06


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="Accepted: 0 to 1"):
        Scene("sky", {"cloud": 1.2})
    with pytest.raises(InputError, match="unknown"):
        Scene("sky", {"clouds": 0.2})


def test_noise_repeats_keeps_its_shape_and_its_draws() -> None:
    rng = np.random.default_rng(1)
    big = fractal(np.random.default_rng(1), 256, 256)
    small = fractal(rng, 128, 128, octaves=4)
    assert np.corrcoef(big.reshape(128, 2, 128, 2).mean((1, 3)).ravel(), small.ravel())[0, 1] > 0.95
    after = rng.random()
    rng = np.random.default_rng(1)
    ridge_line(rng, 300, 0.9)
    assert rng.random() == after
    field = tile(rng, 64)
    u = np.linspace(0, 1, 9, dtype=np.float32)[None]
    assert np.allclose(sampled(field, u, u), sampled(field, u + 1, u - 2), atol=1e-4)
