"""The form of a piece: it fills its length, comes back to what it said, and closes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.pipelines.music.cues import CueRules
from emogen.pipelines.music.form import BEATS, LONG, MOST_VARIED, PHRASE, SHORT, Form, bars_of, laid_out

RULES = CueRules()
CALM, TENSE = (RULES(Emotion.parse(word)) for word in ("calm", "fear"))


@given(st.floats(2, 400), st.one_of(st.none(), st.floats(40, 200)))
def test_the_bars_last_exactly_as_long_as_asked(seconds: float, tempo: float | None) -> None:
    bars, tempos = bars_of(lambda t: CALM if t < seconds / 2 else TENSE, seconds, tempo)
    assert len(bars) == len(tempos) >= 1
    assert sum(BEATS * 60 / bpm for bpm in tempos) == pytest.approx(seconds)


def test_a_fixed_tempo_is_kept() -> None:
    _, tempos = bars_of(lambda t: TENSE, 60, 90)
    assert max(tempos) == min(tempos) == pytest.approx(90, rel=0.03)


@given(st.integers(1, 120), st.integers(0, 5))
def test_a_piece_of_any_length_has_a_form(count: int, seed: int) -> None:
    plans = laid_out([CALM] * count, seed)
    assert len(plans) == count
    assert plans[-1].final
    assert plans[-1].cadence == "full"
    assert sum(p.final for p in plans) == 1
    for i, plan in enumerate(plans):
        assert plan.like is None or 0 <= plan.like < i
        assert 0 < plan.variation <= 1
        assert plan.cadence == "" or plan.final or plan.place == plan.length - 1
    sung = [p for p in plans if not p.intro and not p.final]
    assert all(p.cadence for p in sung if p.place == p.length - 1)
    assert not sung or sung[-1].cadence == "full"


def test_phrases_stand_in_pairs_and_the_first_idea_comes_again() -> None:
    plans = laid_out([CALM] * (6 * PHRASE + 1), 0)
    heads = [p for p in plans if p.place == 0 and not p.final]
    assert [p.phrase for p in heads] == [0, 0, 1, 1, 0, 0]
    assert [p.cadence for p in plans if p.cadence] == ["half", "full", "half", "full", "half", "full", "full"]
    assert plans[PHRASE].like == 0
    assert plans[2 * PHRASE].like is None
    assert plans[4 * PHRASE].like == 0


def test_where_the_feeling_has_changed_an_idea_comes_back_changed() -> None:
    same, other = (laid_out([CALM] * PHRASE + [then] * PHRASE + [then], 3) for then in (CALM, TENSE))
    assert same[PHRASE].variation < other[PHRASE].variation <= MOST_VARIED


@given(st.integers(SHORT, 20), st.integers(SHORT, 20))
def test_where_the_feeling_turns_a_phrase_ends_and_each_is_in_one_mode(before: int, after: int) -> None:
    plans = laid_out([TENSE] * before + [CALM] * after, 1)
    assert [p.attributes.mode for p in plans] == pytest.approx([TENSE.mode] * before + [CALM.mode] * after)
    assert plans[before].place == 0
    assert {p.length for p in plans if not p.intro and not p.final} <= set(range(SHORT - 1, LONG + 1))  # the end is apart


def test_feelings_that_change_with_every_bar_make_no_mode_of_their_own() -> None:
    plans = laid_out([TENSE, CALM] * 10 + [CALM], 1)
    turns = [i for i in range(1, len(plans)) if plans[i].attributes.mode != plans[i - 1].attributes.mode]
    assert all(plans[i].place == 0 for i in turns)
    assert all(b - a >= SHORT for a, b in pairwise(turns))


def test_what_is_made_while_it_plays_has_the_form_of_a_whole() -> None:
    form = Form(4)
    parts = [form.go_on([CALM] * 8, ends=False) for _ in range(3)]
    made = [plan for part in parts for plan in part] + form.go_on([CALM], ends=True)
    assert made == laid_out([CALM] * 25, 4)
