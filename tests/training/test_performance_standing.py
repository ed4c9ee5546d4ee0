"""The stories that performances are measured on, and the page of what was found."""

from __future__ import annotations

import numpy as np

from emogen.evaluation.as_json import to_dict
from emogen.evaluation.coherence import LEAST_LINES, coherence
from emogen.evaluation.results import Evaluation
from emogen.pipelines.performance.readers import parse_script
from emogen.pipelines.performance.script import Line
from emogen.training.performance_standing import coherent


def test_every_story_has_two_who_speak_and_a_course() -> None:
    stories = coherent.stories()
    assert len(stories) == 10
    for name, text in stories.items():
        lines = [e for e in parse_script(text, name=name).elements if isinstance(e, Line)]
        assert len(lines) >= 2 * LEAST_LINES
        assert len({line.role for line in lines if line.role != "narrator"}) == 2
        assert all((line.emotion is None) == (line.role == "narrator") for line in lines)


def test_the_page_says_what_was_found_and_whether_the_aim_is_met() -> None:
    asked = np.random.default_rng(0).normal(size=(12, 2))
    good = coherence("a.mp4", np.arange(12.0), asked, {"speech": asked, "face": -asked * [0, -1]})
    bad = coherence("b.mp4", np.arange(12.0), asked, {"speech": -asked})
    one, other = to_dict(Evaluation("e", (), (), coherences=(good, bad)))["coherence"]
    met = list(coherent.goals({"01_a": one, "02_b": one}))
    missed = list(coherent.goals({"01_a": other, "02_b": other}))
    assert met[0].reached
    assert not missed[0].reached
    page = "\n".join(coherent.section({"01_a": one, "02_b": other}))
    assert "24 lines" in page
    assert "| b |" in page
    assert "speech, face" in page
