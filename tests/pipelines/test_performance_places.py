"""The places of a performance: what is there is what the script says; feelings change the light and the weather."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from emogen.conditioning.emotion import Emotion
from emogen.pipelines.performance.cache import Cache
from emogen.pipelines.performance.making import CHANGING, EVENTS, Maker
from emogen.pipelines.video.pipeline import VideoPipeline

CALM, FEAR = Emotion.parse("calm:0.8"), Emotion.parse("fear:0.9")


@pytest.fixture(scope="module")
def pipe() -> Any:
    return SimpleNamespace(video=VideoPipeline.embedded(), components={})


@pytest.mark.parametrize("seed", range(4))
def test_nothing_happens_that_nobody_speaks_of(pipe: Any, seed: int) -> None:
    maker = Maker(pipe, Cache(None), seed, 25.0, "a.md")
    for number, heading in enumerate(("A street", "A forest", "The lake at night", "")):
        for scene in maker.scenes(heading, "Nothing moved.", [FEAR, CALM], number):
            assert [scene[name] for name in EVENTS] == [0.0] * len(EVENTS)


def test_what_is_told_is_there(pipe: Any) -> None:
    maker = Maker(pipe, Cache(None), 1, 25.0, "a.md")
    (burning,) = maker.scenes("A street on fire", "", [CALM], 0)
    (crowded,) = maker.scenes("", "The street was crowded with people.", [CALM], 1)
    assert burning["fire"] > 0.3
    assert crowded["people"] > 0.3
    assert crowded["fire"] == 0.0


def test_feelings_change_light_and_weather_alone(pipe: Any) -> None:
    calm, afraid = Maker(pipe, Cache(None), 1, 25.0, "a.md").scenes("A meadow", "", [CALM, FEAR], 0)
    changed = {name for name in calm.values if calm[name] != afraid[name]}
    assert changed
    assert changed <= set(CHANGING)
