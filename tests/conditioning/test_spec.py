"""The written form: what is read, what is printed, what is refused and how."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, InputError, LimitError
from emogen.limits import LIMITS
from tests.conditioning.written import EMOTIONS, Canned, tracks


def read(text: str) -> Emotion | EmotionTrack:
    return parse(text, resolver=Canned())


@given(st.one_of(EMOTIONS, tracks(), tracks(EMOTIONS)))
@settings(max_examples=500, deadline=None)
@example('"a \\"b\\" \\\\ c":0.5')
@example("(joy:0.6+fear:0.3)>(neutral>anger:0.2):1.2")
def test_printing_and_parsing_are_inverse(text: str) -> None:
    value = read(text)
    again = read(str(value))
    assert again == value
    assert hash(again) == hash(value)
    assert str(again) == str(value)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Happy : .40", "joy:0.4"),
        ("fear:0.3 + joy:0.6", "joy:0.6+fear:0.3"),
        ("joy+joy:0.5", "joy"),
        ("-joy:0.8", "sadness:0.8"),
        ("---awe", "-awe"),
        ("- (joy:0.6+fear:0.3)", "sadness:0.6+anger:0.3"),
        ("vad( .7 , -0.0 , 1e-1 ):0.5", "vad(0.7,0,0.1):0.5"),
        ("neutral > angry", "neutral>anger:1"),
        ("(neutral>anger:0.7):0.5", "(neutral>anger:0.7):0.5"),
        ("joy>vad(0,0.5,0):1.5", "joy>vad(0,0.5,0):1.5"),
        ('"a trembling, hopeful whisper":0.5', '"a trembling, hopeful whisper":0.5'),
        ("@take.wav:0.8", '@"take.wav":0.8'),
        ('@"my take; 1+2.wav"', '@"my take; 1+2.wav"'),
        ("@C:\\takes\\a.wav", '@"C:\\\\takes\\\\a.wav"'),
        ("0s neutral; 2s joy:0.9; 4.5s sadness", "0s neutral; 2s joy:0.9; 4.5s sadness"),
        ("500ms joy; 1.5 s! fear;", "0.5s joy; 1.5s! fear"),
        ("1s joy", "1s joy"),
    ],
)
def test_canonical_form(text: str, printed: str) -> None:
    assert str(read(text)) == printed
    assert read(text).spec == text.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("joyy:0.8", 'emotion "joyy:0.8": unknown label "joyy" at column 1. Did you mean "joy"?'),
        ("joy + hapy", 'unknown label "hapy" at column 7. Did you mean "happy"?'),
        ("joy fear", 'unknown label "joy fear" at column 1. Mix feelings with "+": joy+fear.'),
        ("joy:7", "intensity 7 is out of range at column 5. Use 0..1.5."),
        ("joy:-0.5", "intensity -0.5 is out of range at column 5. Use 0..1.5."),
        ("joy:nan", 'intensity "nan" is not a finite number at column 5.'),
        ("joy:inf", 'intensity "inf" is not a finite number at column 5.'),
        ("joy:1e999", "intensity 1e999 is out of range at column 5."),
        ("joy:much", 'unexpected "m" at column 5.'),
        ("vad(2,0,0)", "valence 2 is out of range at column 5. Use -1..1."),
        ("vad(0,0)", 'unexpected ")" at column 8.'),
        ("vad(0,0,0", 'unexpected end at column 10. Expected ")"'),
        ("neutral>anger:2", "amount 2 is out of range at column 15. Use 0..1.5."),
        ("joy>fear>anger", 'unexpected ">" at column 9.'),
        ("(joy:1.2):1.4", "intensity 1.4 times 1.2 is above 1.5 at column 11"),
        ('joy+"trembling', "unclosed quote at column 5."),
        ('""', "nothing described at column 1"),
        ("", "nothing written at column 1."),
        ("  ", "nothing written at column 1."),
        ("joy+", "unexpected end at column 5."),
        ("(joy", 'unclosed "(" at column 1.'),
        ("joy)", 'unexpected ")" at column 4.'),
        ("joy; fear", 'unexpected ";" at column 4. A track starts each keyframe with its time'),
        ("0s joy; fear", "no time at column 9. A keyframe is a time and an emotion"),
        ("0s joy, 2s fear", 'unexpected "," at column 7.'),
        ("2s joy; 1s fear", "time 1 s is not after 2 s at column 9. Times must rise."),
        ("-1s joy", "time -1 is out of range at column 1."),
        ("0s", "unexpected end at column 3."),
        ("0s joy; 1s[0.5,0.5] fear", "an empty phase at column 9."),
        ("joy\nfear!", "joy\\nfear!"),
        ('"a\ud800"', "a broken character at column 3"),
    ],
)
def test_refusals_name_the_place_and_the_reason(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_reference_is_opened_by_a_resolver_only() -> None:
    with pytest.raises(InputError, match="files are not open here"):
        parse("@../../etc/passwd")


def test_resolvers_get_the_bare_text() -> None:
    seen: list[str] = []

    class Listening(Canned):
        def describe(self, text: str) -> Emotion:
            seen.append(text)
            return Emotion.parse("fear")

        reference = describe

    parse('"say \\"no\\"":0.5 + @a:b.wav:0.8 + @"x y":1', resolver=Listening())
    assert seen == ['say "no"', "a:b.wav", "x y"]


def test_one_emotion_where_a_track_is_written() -> None:
    with pytest.raises(InputError, match="a track where one emotion is expected"):
        Emotion.parse("0s joy")


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "-" * 9_000 + "joy", "(" * 9_000, "-(" * 4_000, "(joy>" * 1_500, "joy" + "+joy:2" * 1_500],
)
def test_limits(text: str) -> None:
    with pytest.raises(LimitError):
        read(text)


def test_the_longest_mixture_is_read() -> None:
    text = "+".join(f"vad({i % 100 / 100},0,{i % 90 / 100})" for i in range(580))
    assert len(text) < LIMITS.emotion_chars
    assert sum(parse(text).weights.values()) == pytest.approx(1.0)  # type: ignore[union-attr]


_PIECES = st.sampled_from(
    [
        *'joy fear:+->;"@()!|,.[]\\0123456789',
        "vad(",
        "joy",
        "0s ",
        "ms",
        "nan",
        "1e9",
        "é",
        "\0",
        "\ud800",
        "-joy",
        ":1.5",
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=40).map("".join)))
@settings(max_examples=2_000, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    value = None
    with suppress(EmogenError):
        value = read(text)
    assert value is None or read(str(value)) == value
