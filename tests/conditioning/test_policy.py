"""Policies of agents: each leads where it promises, by steps of a bounded size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.hearts import Hearts
from emogen.conditioning.policy import GOALS, POLICIES, STEP, answer, find_policy, needs_meeting
from emogen.conditioning.recognition import Recognition
from emogen.conditioning.vocabulary import BASIC
from emogen.errors import InputError
from emogen.pipelines.speech.cast import Member

GRIEF, RAGE, NOTHING = Emotion.of("sadness:0.9"), Emotion.of("anger:1"), Emotion()
feeling = st.builds(lambda name, k: Emotion.of(name).scale(k), st.sampled_from(BASIC), st.floats(0, 1))


def says(emotion: Emotion) -> Recognition:
    return Recognition(emotion, 0.8, emotion.label, {}, "text")


def talk(policy: str | None, user: Emotion, turns: int = 5) -> list[np.ndarray]:
    """What an agent shows, turn after turn, to a user who always feels the same; its words say nothing."""
    hearts, agent, person = Hearts(), Member("A", policy=policy), Member("U")
    shown, now = [], 0.0
    for _ in range(turns):
        (felt,) = hearts.turn("u", person, [says(user)], [now])
        hearts.said("u", felt.emotion, now + 2)
        (felt,) = hearts.turn("a", agent, [says(NOTHING)], [now + 3])
        hearts.said("a", felt.emotion, now + 5)
        shown.append(felt.emotion.vad)
        now += 6
    return shown


def test_names() -> None:
    assert find_policy("Calm down") == "calm"
    assert find_policy("cheer_up") == "cheer"
    with pytest.raises(InputError, match='Did you mean "mirror"'):
        find_policy("miror")


def test_a_mirror_comes_near_and_a_contrast_goes_away() -> None:
    assert np.linalg.norm(talk("mirror", GRIEF)[-1] - GRIEF.vad) < 0.45 * np.linalg.norm(GRIEF.vad)
    assert talk("contrast", GRIEF)[-1][0] > 0.2
    assert talk("contrast", RAGE)[-1][1] < -0.2


def test_calm_meets_arousal_then_leads_down() -> None:
    shown = talk("calm", RAGE)
    assert shown[0][1] > 0.1
    assert shown[-1][1] < -0.2
    assert shown[-1][0] > 0.2


def test_cheer_leads_up() -> None:
    assert talk("cheer", GRIEF)[-1][0] > 0.4


def test_support_acknowledges_first_then_comforts() -> None:
    shown = talk("supportive", GRIEF)
    assert shown[0][0] < -0.1
    assert shown[1][0] > shown[0][0] + 0.1
    assert shown[-1][0] > 0.25
    assert shown[-1][1] < 0.0


def test_who_holds_is_not_moved() -> None:
    assert np.linalg.norm(talk("hold", RAGE)[-1]) < 0.05
    assert np.linalg.norm(talk(None, RAGE)[-1]) > 0.1


def test_new_trouble_is_acknowledged_again() -> None:
    bad, worse = np.array([-0.3, 0.0, 0.0]), np.array([-0.8, 0.0, 0.0])
    assert needs_meeting("supportive", bad, None)
    assert not needs_meeting("supportive", bad, bad)
    assert needs_meeting("supportive", worse, bad)
    assert not needs_meeting("cheer", worse, None)


@settings(deadline=None)
@given(st.sampled_from(sorted(POLICIES)), feeling, feeling, feeling, st.booleans())
def test_steps_are_bounded(policy: str, felt: Emotion, heard: Emotion, before: Emotion, meeting: bool) -> None:
    shown = answer(policy, felt, heard, before, meeting and policy in ("calm", "supportive"))
    assert np.linalg.norm(shown.vad - before.vad) <= STEP + 0.06  # a trace below what can be told apart is left out
    if policy in GOALS and not meeting:
        goal = np.array(GOALS[policy])
        assert np.linalg.norm(shown.vad - goal) <= max(np.linalg.norm(before.vad - goal), np.linalg.norm(felt.vad - goal)) + 0.06
