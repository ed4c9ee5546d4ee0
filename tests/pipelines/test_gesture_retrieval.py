"""Words -> gestures that mean what the words mean."""

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import InputError
from emogen.pipelines.gesture.library import gestures
from emogen.pipelines.gesture.retrieval import APART_S, found_strokes, parse_semantic, semantic_strokes
from emogen.pipelines.gesture.speech import Speech, Word
from emogen.training.gesture_standing.names import names_part

#: Written apart from the library and never used to choose anything in it.
SENTENCES = Path(__file__).with_name("gesture_sentences.csv")


def said(text: str, each_s: float = 0.35) -> list[Word]:
    return [Word(w, each_s * k, each_s * k + 0.3, each_s * k + 0.12) for k, w in enumerate(text.split())]


def names(text: str, each_s: float = 0.35) -> list[str]:
    return [s.gesture for s in found_strokes(said(text, each_s))]


def test_most_sentences_get_the_right_gesture_and_few_a_wrong_one():
    right = wrong = missed = 0
    with SENTENCES.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 60
    for row in rows:
        wanted, found = row["gestures"].split(), names(row["sentence"])
        right += sum(name in wanted for name in found)
        wrong += sum(name not in wanted for name in found)
        missed += bool(wanted) and not set(wanted) & set(found)
    assert right / (right + wrong) >= 0.8
    assert right / (right + missed) >= 0.8


@pytest.mark.parametrize(
    ("text", "gesture"),
    [
        ("I don't know.", "shrug"),
        ("Come here!", "come"),
        ("On the other hand, it is late.", "point_right"),
        ("We have three apples.", "count_three"),
        ("They were stopped.", "stop"),
        ("a leviathan beverage", "drink"),
    ],
)
def test_phrases_inflections_and_meanings_are_found(text, gesture):
    assert gesture in names(text)


@pytest.mark.parametrize(
    ("text", "gesture"),
    [
        ("It is not big.", "big"),
        ("He left at nine.", "point_left"),
        ("No one saw it.", "count_one"),
        ("There is a house.", "point"),
        ("I fell in love.", "fall"),
        ("They aren't sad or angry.", "angry_fist"),
    ],
)
def test_denials_and_words_that_sound_alike_are_not(text, gesture):
    assert gesture not in names(text)


@pytest.mark.parametrize(
    ("text", "gesture", "word"),
    [
        ("Indeed, exactly that.", "yes", "indeed"),  # said twice, done where it is said first
        ("The tea was so hot last week.", "hot", "hot"),  # made strong, before when it was
        ("Both lamps went out.", "count_two", "both"),
        ("This house was very long.", "long", "long"),
        ("Her kite went up.", "rise", "up"),  # an irregular form
        ("Everybody was at the harbour.", "everyone", "everybody"),
    ],
)
def test_of_several_the_word_with_most_weight_is_gestured(text, gesture, word):
    found = [(s.gesture, s.word) for s in found_strokes(said(text))]
    assert (gesture, word) in found


def test_what_is_only_told_beckons_nobody():
    assert "come" in names("Come in!")
    assert "come" not in names("They came in and sat down.")


def test_the_apex_stands_on_the_stressed_vowel_of_its_word():
    words = said("The house was enormous.")
    (stroke,) = found_strokes(words)
    assert stroke.at_s == pytest.approx(words[-1].stress_s)
    assert (stroke.word, stroke.semantic) == ("enormous", True)


def test_gestures_do_not_crowd():
    strokes = found_strokes(said("Stop! One two three four big small hello thank you please. " * 3, 0.3))
    times = [s.at_s for s in strokes]
    assert len(times) > 3
    assert min(b - a for a, b in pairwise(times)) >= APART_S - 1e-9


def test_what_is_written_is_read():
    point, count = parse_semantic("point:1.2s, count-three: 2.5", 4.0)
    assert (point.gesture, point.at_s, count.gesture, count.at_s) == ("point", 1.2, "count_three", 2.5)
    assert point.semantic
    assert parse_semantic("AUTO", 1.0) == "auto"
    assert parse_semantic(" ", 1.0) == parse_semantic("none", 1.0) == "none"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("poynt:1s", "point"),
        ("point:9s", "0 to 4 s"),
        ("point:-1s", "0 to 4 s"),
        ("point", "times"),
        ("point:1s,,", "item 2"),
        ("i don't know:1s", "shrug"),
        ("point:nan", "times"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_near(text, says):
    with pytest.raises(InputError, match=says):
        parse_semantic(text, 4.0)


def test_an_unknown_name_is_answered_with_all_that_are_known():
    with pytest.raises(InputError) as caught:
        parse_semantic("thumb_up:1s", 4.0)
    listed = str(caught.value)
    assert listed.index("thumbs_up") < listed.index("Known:")
    assert all(g.name in listed for g in gestures().values() if not g.beat)


def test_the_page_lists_the_library():
    page = Path(__file__).parents[2] / "docs" / "body.md"
    assert names_part().strip() in page.read_text(encoding="utf-8")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        found = parse_semantic(text, 3.0)
    except InputError:
        return
    assert isinstance(found, str) or all(s.gesture in gestures() for s in found)


def test_asking_for_all_none_or_given_strokes():
    speech = Speech.of(3.0, (), ((0.0, 3.0),), said("The house was enormous."), "en")
    found = semantic_strokes("auto", speech, 3.0)
    assert [s.gesture for s in found] == ["big"]
    assert semantic_strokes("none", speech, 3.0) == ()
    assert semantic_strokes(found, speech, 3.0) == found
    assert semantic_strokes("auto", Speech.silence(2.0), 2.0) == ()


@pytest.mark.parametrize("text", ["Das Haus ist riesig.", "彼は大きい。", "🎉 !!! ...", "a" * 3000])
def test_other_languages_and_signs_do_not_break_it(text):
    found_strokes(said(text))
    assert semantic_strokes("auto", Speech.of(9.0, (), (), said(text), "de"), 9.0) == ()
