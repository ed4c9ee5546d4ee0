"""Land, ground and plants of a scene: drawn at any size, the same each time, and told apart by season, snow, life and threat."""

import numpy as np
import pytest

from emogen.codecs.scene.branching import HABITS, grown
from emogen.codecs.scene.elements import drawer
from emogen.codecs.scene.leaves import tree_image
from emogen.codecs.scene.light import light_of
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Layer, Stage

ELEMENTS = {
    "mountains": "lake", "ridges": "mountains", "hills": "meadow", "islands": "sea", "mesas": "desert", "dunes": "desert",
    "rocks": "desert", "beach": "sea", "shore": "lake", "meadow": "meadow", "fields": "road", "path": "forest", "road": "road",
    "fence": "meadow", "poles": "road", "trees": "meadow", "trunks": "forest", "conifers": "mountains", "forest_edge": "lake",
    "undergrowth": "forest",
}  # fmt: skip


def drawn(element: str, width: int = 160, height: int = 160, **values: float) -> list[Layer]:
    scene = Scene(ELEMENTS[element], values, seed=3)
    return drawer(element)(Stage(scene, width, height, light_of(scene)))


def laid(layers: list[Layer]) -> np.ndarray:
    out = np.zeros_like(layers[0].rgba)
    for layer in layers:
        out = out * (1 - layer.rgba[..., 3:]) + layer.rgba
    return out


def differ(element: str, a: dict[str, float], b: dict[str, float]) -> float:
    """Mean difference of light where either is drawn."""
    first, second = laid(drawn(element, **a)), laid(drawn(element, **b))
    where = np.maximum(first[..., 3], second[..., 3]) > 0.2
    return float(np.abs(first - second)[where].mean())


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize(("width", "height"), [(128, 128), (228, 128), (128, 228)])
def test_every_element_is_drawn_at_any_size(element: str, width: int, height: int) -> None:
    layers = drawn(element, width, height)
    assert layers
    for layer in layers:
        assert layer.rgba.shape == (height, width, 4)
        assert layer.rgba.dtype == np.float32
        assert np.isfinite(layer.rgba).all()
        assert layer.rgba.min() >= 0
        assert layer.rgba[..., 3].max() <= 1.001
        assert np.isfinite(np.asarray(layer.depth_m)).all()
    assert laid(layers)[..., 3].max() > 0.5


@pytest.mark.parametrize("element", ["trees", "trunks", "mountains", "meadow", "shore"])
def test_the_same_scene_gives_the_same_pixels(element: str) -> None:
    for one, two in zip(drawn(element), drawn(element), strict=True):
        assert np.array_equal(one.rgba, two.rgba)


@pytest.mark.parametrize(
    "element",
    [
        "mountains",
        "ridges",
        "hills",
        "meadow",
        "fields",
        "road",
        "path",
        "shore",
        "beach",
        "trees",
        "conifers",
        "trunks",
    ],
)
def test_snow_lies_on_it(element: str) -> None:
    bare, snowed = laid(drawn(element, season=3)), laid(drawn(element, season=3, snow=1))
    where = np.minimum(bare[..., 3], snowed[..., 3]) > 0.5
    assert snowed[where][:, :3].mean() > 1.25 * bare[where][:, :3].mean()


@pytest.mark.parametrize(
    "element", ["hills", "meadow", "fields", "trees", "trunks", "undergrowth", "forest_edge", "shore"]
)
def test_the_season_shows(element: str) -> None:
    assert differ(element, {"season": 1}, {"season": 2}) > 0.01


def test_leaves_hang_in_summer_only_and_on_living_trees() -> None:
    def covered(**values: float) -> float:
        return float(sum(layer.rgba[..., 3].sum() for layer in drawn("trees", **values)))

    summer = covered(season=1, lush=1)
    for fewer in ({"season": 3, "lush": 1}, {"season": 1, "lush": 0}, {"season": 1, "lush": 1, "threat": 1}):
        assert covered(**fewer) < 0.8 * summer


@pytest.mark.parametrize(
    ("element", "name"),
    [("meadow", "lush"), ("meadow", "flowers"), ("road", "decay"), ("road", "rain"), ("fence", "decay"), ("fence", "threat"),
     ("trees", "wind"), ("trees", "threat"), ("mountains", "rugged"), ("ridges", "openness"), ("trunks", "openness"), ("dunes", "rugged")],
)  # fmt: skip
def test_what_is_asked_for_shows(element: str, name: str) -> None:
    assert differ(element, {name: 0}, {name: 1}) > 0.01


@pytest.mark.parametrize("element", ["trunks", "mountains", "mesas", "fence"])
def test_the_hour_changes_light_but_no_outline(element: str) -> None:
    noon, evening = drawn(element, hour=12), drawn(element, hour=19)
    for a, b in zip(noon, evening, strict=True):
        assert np.allclose(a.rgba[..., 3], b.rgba[..., 3], atol=1e-4)
    light = [laid(layers)[..., :3].sum() for layers in (noon, evening)]
    assert abs(light[0] - light[1]) > 0.05 * light[0]


def test_a_tree_keeps_its_outline_from_noon_to_night() -> None:
    scenes = [Scene("meadow", {"hour": hour}) for hour in (12, 19, 23)]
    noon, *later = [tree_image(Stage(s, 256, 256, light_of(s)), "oak", 5, 120.0)[0] for s in scenes]
    for image in later:
        assert np.array_equal(noon[..., 3], image[..., 3])
        assert not np.allclose(noon[..., :3], image[..., :3], atol=0.01)


def test_a_small_step_changes_the_picture_little() -> None:
    for name in ("season", "lush", "threat", "openness"):
        low = laid(drawn("trees", **{name: 0.50}))
        near, far = laid(drawn("trees", **{name: 0.51})), laid(drawn("trees", **{name: 0.95}))
        assert np.abs(near - low).mean() < 0.5 * np.abs(far - low).mean()


@pytest.mark.parametrize("habit", HABITS)
def test_trees_stand_on_their_foot_and_are_as_high_as_asked(habit: str) -> None:
    tree = grown(np.random.default_rng(0), HABITS[habit])
    assert 0.7 < max(tree.end[:, 1].max(), tree.sprays[:, 1].max()) < 1.4
    scene = Scene("meadow")
    image, foot = tree_image(Stage(scene, 256, 256, light_of(scene)), habit, 5, 120.0)
    assert 0 < foot < image.shape[1]
    assert 90 < image.shape[0] < 180
    assert image[-8:, int(foot) - 3 : int(foot) + 4, 3].max() > 0.5
