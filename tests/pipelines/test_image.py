"""Pictures from prompts: what the prompt says is there, what is felt moves the rest, and one place keeps its shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.scene.scene import attributes, places
from emogen.conditioning.emotion import Emotion
from emogen.errors import InputError, LimitError
from emogen.media.image import read_image
from emogen.pipelines.image.evocation import evoked, felt
from emogen.pipelines.image.pipeline import ImagePipeline, read_wish
from emogen.pipelines.image.prompt import understood, vocabulary
from tests.contract.pipeline import PipelineContract

SMALL = {"width": 96, "height": 96}


class TestImagePipeline(PipelineContract):
    content = "the sea in the evening"
    other_content = "a narrow street in winter"
    call = SMALL
    suffix = ".png"
    index = {
        "denoiser": ("emogen.models.scene", "SceneDenoiser"),
        "scheduler": ("diffusers", "FlowMatchEulerDiscreteScheduler"),
    }
    track = "0s joy:0.7; 1s sadness"
    bad_contents = ("", "   ", "?!", 7)

    def make(self) -> ImagePipeline:
        return ImagePipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe() -> ImagePipeline:
    pipe = ImagePipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize(("words", "place", "sets"), [
    ("a harbour at the end of the day", "harbour", {"hour": 18.6}),
    ("No people on a BEACH, thick fog", "sea", {"people": 0.0, "fog": 0.95}),
    ("🌊 🔥", "sea", {"fire": 0.85}),
    ("an old narrow alley full of lanterns", "street", {"openness": 0.1, "decay": 0.45, "feast": 0.8}),
    ("a monastery", "street", {}),
    ("a train through the mountains at night", "road", {"hour": 23.5}),
])  # fmt: skip
def test_prompts_are_understood(words: str, place: str, sets: dict[str, float]) -> None:
    found = understood(words)
    assert found.place == place
    assert sets.items() <= found.values.items()


def test_what_is_beyond_the_vocabulary_is_said() -> None:
    found = understood("a spaceship over the sea")
    assert found.place == "sea"
    assert any('"spaceship"' in note for note in found.told())
    long = understood("a xylophonist " * 5_000 + "in a forest")
    assert long.place == "forest"
    assert len(long.told()) < 40


def test_every_row_of_the_vocabulary_can_be_drawn() -> None:
    for place, sets in vocabulary().values():
        assert not place or place in places()
        for name, value in sets.items():
            assert attributes()[name].low <= value <= attributes()[name].high


def test_a_prompt_that_is_too_long_is_refused() -> None:
    with pytest.raises(LimitError, match="text_chars"):
        read_wish("sea " * 50_000, None)


@pytest.mark.parametrize(("options", "names"), [
    ({"width": 10}, "width"), ({"height": 5_000}, "height"), ({"attributes": {"hours": 3}}, "hour"),
    ({"attributes": {"fog": 3}}, "fog"), ({"attributes": {"fog": "much"}}, "fog"),
])  # fmt: skip
def test_options_out_of_range_are_named(pipe: ImagePipeline, options: dict[str, object], names: str) -> None:
    with pytest.raises(InputError, match=names):
        pipe("the sea", "joy", **(SMALL | options))


def test_the_prompt_and_the_hand_hold_while_the_feeling_changes(pipe: ImagePipeline) -> None:
    for emotion in ("joy", "dread", "sadness:0.4"):
        scene = pipe("a street in thick fog", emotion, attributes={"hour": 12.0}, seed=1, **SMALL).facts()["scene"]
        assert (scene["fog"], scene["hour"]) == (0.95, 12.0)


def test_a_feeling_has_the_tint_that_people_pick_for_it(pipe: ImagePipeline) -> None:
    words = ("anger", "envy", "joy", "sadness", "neutral")
    tints = {word: pipe.scenes(read_wish("a lake", None), [Emotion.parse(word)], 1)[0] for word in words}
    assert tints["anger"]["tint_red"] > 0.3 > 0 > tints["envy"]["tint_red"]
    assert tints["joy"]["tint_yellow"] > 0.2 > 0 > tints["sadness"]["tint_yellow"]
    assert tints["neutral"]["tint_red"] == tints["neutral"]["tint_yellow"] == 0
    wish = read_wish("a lake", {"tint_red": 0.0})
    assert pipe.scenes(wish, [Emotion.parse("anger")], 1)[0]["tint_red"] == 0


def test_the_feeling_moves_what_the_scene_evokes(pipe: ImagePipeline) -> None:
    """Over several places: more valence and more arousal asked is more evoked, by the table of evocations.

    The table is only half of what the diffusion learnt valence and arousal from.
    """
    steps = (-0.8, -0.3, 0.3, 0.8)
    for axis in range(2):
        means = []
        for step in steps:
            feeling = Emotion.parse(f"vad({step},0,0)" if axis == 0 else f"vad(0,{step},0)")
            scenes = [pipe.scenes(read_wish(place, None), [feeling], seed)[0] for place in ("sea", "street", "forest", "room")
                      for seed in range(4)]  # fmt: skip
            means.append(np.mean([evoked(scene.values)[axis] for scene in scenes]))
        assert means[-1] - means[0] > 0.3
        assert np.corrcoef(steps, means)[0, 1] > 0.85


def test_feelings_that_differ_by_little_give_scenes_that_do(pipe: ImagePipeline) -> None:
    emotions = [Emotion.parse(f"sadness:{k:.2f}") for k in np.linspace(0.2, 1.0, 9)]
    scenes = pipe.scenes(read_wish("a lake", None), emotions, 3)
    values = np.array([[scene[name] for name in attributes() if not attributes()[name].circular] for scene in scenes])
    assert np.abs(np.diff(values, axis=0)).mean() < 0.1
    assert {scene.place for scene in scenes} == {"lake"}
    assert felt(emotions[-1])[0] < felt(emotions[0])[0]


def test_a_grid_is_one_place_all_over_the_plane(pipe: ImagePipeline, tmp_path: Path) -> None:
    out = pipe.grid("the sea", columns=3, rows=2, side=64, seed=2)
    assert out.image.shape == (2 * 65 - 1, 3 * 65 - 1, 3)
    np.testing.assert_array_equal(read_image(out.save(tmp_path / "grid.png")), out.image)
    with pytest.raises(InputError, match="grid"):
        pipe.grid("the sea", columns=1)
