"""SSML becomes sentences with marks, pauses and bookmarks; what it cannot say is refused with its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.errors import EmogenError, InputError, LimitError
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.sentence import Mark, Sentence
from emogen.pipelines.speech.ssml import ELEMENTS, is_ssml, sentences_of

ENGLISH = find_language("en")


def parsed(body: str, language: str = "en") -> list[Sentence]:
    return sentences_of(f"<speak>{body}</speak>", find_language(language))[0]


def marks(body: str) -> dict[str, Mark]:
    return {t.written: t.mark for s in parsed(body) for t in s.tokens}


def pauses(body: str) -> dict[str, float]:
    return {t.written: t.pause_s for s in parsed(body) for t in s.tokens if t.pause_s is not None}


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        sentences_of(text, ENGLISH)
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 400
    return str(caught.value)


# -- what is SSML --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<speak>a</speak>", True), ("  <?xml version='1.0'?>\n<!-- x -->\n<speak version='1.1'>a</speak>", True),
        ("a <speak>", False), ("I <3 you", False), ("<speaker>a", False), ("<p>a</p>", False), (5, False),
    ],
)  # fmt: skip
def test_only_what_begins_with_speak_is_ssml(text: object, expected: bool) -> None:
    assert is_ssml(text) is expected


def test_plain_text_is_read_as_text() -> None:
    sentences, _ = sentences_of("Is 3 < 5? <break/>", ENGLISH)
    assert sentences[0].spoken == "Is three less than five?"
    with pytest.raises(InputError, match="found int"):
        sentences_of(5, ENGLISH)


# -- structure -----------------------------------------------------------------------------------------------
def test_paragraphs_and_sentences() -> None:
    found = parsed("<p>One. Two.</p><p><s>Dr. Who. Is. One</s><s>Last</s></p>")
    assert [s.text for s in found] == ["One.", "Two.", "Dr. Who. Is. One", "Last"]
    assert [s.number for s in found] == [1, 2, 3, 4]
    assert [s.tokens[-1].pause_s for s in found] == [None, 0.8, None, None]


def test_comments_namespaces_and_entities_of_xml_itself() -> None:
    text = '<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-GB"><!-- no -->A &amp; B &#60;</speak>'
    (sentence,), warnings = sentences_of(text, ENGLISH)
    assert (sentence.spoken, sentence.language, warnings) == ("A and B", "en-gb", [])


def test_voices_and_languages_are_sentences_of_their_own() -> None:
    found = parsed('I said <voice name="bass">no way</voice> and <lang xml:lang="de">Grüß Gott</lang> <lang xml:lang="ru">Привет</lang>')
    assert [(s.text, s.voice, s.language) for s in found] == [
        ("I said", None, "en"), ("no way", "bass", "en"), ("and", None, "en"), ("Grüß Gott", None, "de"), ("Привет", None, "ru"),
    ]  # fmt: skip


# -- prosody -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("attribute", "field", "value"),
    [
        ('rate="x-slow"', "rate", 0.5), ('rate="80%"', "rate", 0.8), ('rate="+10%"', "rate", 1.1), ('rate="-10%"', "rate", 0.9),
        ('rate="1.5"', "rate", 1.5), ('pitch="+2st"', "pitch_st", 2.0), ('pitch="120Hz"', "pitch_hz", 120.0),
        ('pitch="-20Hz"', "shift_hz", -20.0), ('pitch="+100%"', "pitch_st", 12.0), ('pitch="x-high"', "pitch_st", 6.0),
        ('range="150%"', "range", 1.5), ('range="low"', "range", 0.7), ('volume="+6dB"', "volume_db", 6.0),
        ('volume="silent"', "volume_db", -100.0), ('volume="10"', "volume_db", -20.0), ('volume="loud"', "volume_db", 6.0),
    ],
)  # fmt: skip
def test_prosody(attribute: str, field: str, value: float) -> None:
    found = marks(f"plain <prosody {attribute}>changed</prosody> again")
    assert getattr(found["changed"], field) == pytest.approx(value)
    assert found["plain"] == found["again"] == Mark()


def test_prosody_within_prosody_adds_up() -> None:
    found = marks('<prosody rate="50%" pitch="+2st">a <prosody rate="150%" pitch="+1st" volume="-3dB">b</prosody></prosody>')
    assert found["a"] == Mark(rate=0.5, pitch_st=2.0)
    assert found["b"] == Mark(rate=0.75, pitch_st=3.0, volume_db=-3.0)


def test_a_contour_runs_over_its_words() -> None:
    found = [m.pitch_st for m in marks('<prosody contour="(0%,+0st) (100%,+8st)">aa bb cc dd</prosody> ee').values()]
    assert found == [*sorted(found[:4]), 0.0]
    assert 0 < found[0] < 2
    assert 6 < found[3] < 8
    assert [m.shift_hz for m in marks('<prosody contour="(0%,+20Hz)">a b</prosody>').values()] == [20.0, 20.0]


def test_emphasis_and_emotion() -> None:
    found = marks(
        'so <emphasis>a</emphasis> <emphasis level="strong">b</emphasis> '
        '<emotion value="joy:0.6">c <emotion value="fear">d</emotion></emotion>'
    )
    assert [m.emphasis for m in found.values()] == ["", "moderate", "strong", "", ""]
    assert [m.emotion for m in found.values()] == [None, None, None, Emotion.of("joy:0.6"), Emotion.of("fear")]


def test_every_spoken_word_has_its_mark() -> None:
    (sentence,) = parsed('It cost <prosody rate="slow">$5.20 only</prosody> now')
    assert sentence.spoken == "It cost five dollars and twenty cents only now"
    assert [m.rate for m in sentence.marks] == [1.0] * 2 + [0.75] * 6 + [1.0]


# -- pauses and bookmarks ------------------------------------------------------------------------------------
def test_breaks() -> None:
    assert pauses('a <break time="500ms"/> b <break time="1.5s"/>c <break strength="strong"/> d<break/>e') == {
        "a": 0.5, "b": 1.5, "c": 0.8, "d": 0.4,
    }  # fmt: skip
    assert pauses('a<break strength="none"/> b') == {"a": 0.0}
    assert pauses('a<break time="1s"/><break time="1s"/>b.<break time="2s"/> C') == {"a": 2.0, "b.": 2.0}
    (sentence,) = parsed('<break time="1s"/>Hello <break time="2s"/> you')
    assert (sentence.before_s, sentence.spoken) == (1.0, "Hello, you")
    assert pauses('<p>One.</p><break time="3s"/><p>Two.</p>') == {"One.": 3.0}


def test_bookmarks_lie_at_the_word_that_follows() -> None:
    found = parsed('<mark name="a"/>One <mark name="b"/>two. <mark name="c"/>Three<mark name="d"/>')
    assert [s.bookmarks for s in found] == [(("a", 0), ("b", 1)), (("c", 0), ("d", 1))]


# -- say-as, sub, phoneme ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("attributes", "text", "spoken"),
    [
        ('interpret-as="cardinal"', "1,234", "one thousand two hundred thirty-four"), ('interpret-as="number"', "XIV", "fourteen"),
        ('interpret-as="ordinal"', "3", "third"), ('interpret-as="ordinal"', "21st", "twenty-first"),
        ('interpret-as="characters"', "aB1-", "A.B one dash"), ('interpret-as="spell-out"', "FBI", "F.B.I"),
        ('interpret-as="digits"', "2026", "two zero two six"),
        ('interpret-as="telephone"', "+1 555-1234", "plus one, five five five, one two three four"),
        ('interpret-as="date" format="dmy"', "3/4/2026", "April third, twenty twenty-six"),
        ('interpret-as="date" format="ymd"', "2026/4/3", "April third, twenty twenty-six"),
        ('interpret-as="date" format="yyyymmdd"', "20260403", "April third, twenty twenty-six"),
        ('interpret-as="date" format="my"', "4/99", "April nineteen ninety-nine"),
        ('interpret-as="date" format="y"', "1066", "ten sixty-six"),
        ('interpret-as="time"', "7:30p", "seven thirty p.m"), ('interpret-as="time"', "14:05", "fourteen oh five"),
        ('interpret-as="currency"', "$5.20", "five dollars and twenty cents"), ('interpret-as="fraction"', "5/9", "five ninths"),
        ('interpret-as="unit"', "5km", "five kilometers"), ('interpret-as="expletive"', "damn", "bleep"),
    ],
)  # fmt: skip
def test_say_as(attributes: str, text: str, spoken: str) -> None:
    (sentence,) = parsed(f"go <say-as {attributes}>{text}</say-as> now")
    assert sentence.spoken == f"go {spoken} now"
    assert "".join(t.written for t in sentence.tokens[1:-1]) == text.replace(" ", "") or sentence.tokens[1].written == text


def test_sub_says_another_word_for_the_written_one() -> None:
    (sentence,) = parsed('The <sub alias="World Wide Web Consortium">W3C</sub>, yes.')
    assert [(t.written, t.spoken) for t in sentence.tokens[1:]] == [("W3C,", "World Wide Web Consortium,"), ("yes.", "yes.")]


def test_what_cannot_be_done_is_said_in_a_warning() -> None:
    (sentence,), warnings = sentences_of('<speak xml:lang="en-AU">a <phoneme alphabet="ipa" ph="x">tomato</phoneme> 😀</speak>', ENGLISH)
    assert sentence.spoken == "a tomato"
    assert [next(w for w in warnings if part in w) for part in ("en-AU", "<phoneme>", "😀")]
    assert "English alone" in sentences_of('<speak><say-as interpret-as="date">1.2.2026</say-as></speak>', find_language("de"))[1][0]


# -- refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("<foo>a</foo>", ("line 1, column 8", "<foo>", "Accepted: speak, p, s, break")), ('<audio src="x.wav"/>', ("<audio>", "recording")),
        ("a\n<b", ("line 2",)), ("a &nbsp; b", ("undefined entity",)), ("<p>a</s></p>", ("mismatched tag",)),
        ('<prosody rate="quick">a</prosody>', ('rate="quick"', "x-slow")), ('<prosody pitch="2">a</prosody>', ("+2st", "-2st")[1:]),
        ('<prosody rate="1%">a</prosody>', ("0.01", "0.2 to 5")), ("<prosody>a</prosody>", ("without an attribute",)),
        ('<prosody duration="3s">a</prosody>', ("no duration", "rate, pitch")),
        ('<prosody contour="x">a</prosody>', ("contour", "(0%,+20Hz)")),
        ('<break time="1h"/>', ("500ms",)), ('<break time="99s"/>', ("99 s", "60")), ('<break strength="big"/>', ("x-strong",)),
        ('<emphasis level="much">a</emphasis>', ("much", "moderate")), ('<emotion value="jooy">a</emotion>', ("jooy", '"joy"')),
        ('<emotion value="@secret.wav">a</emotion>', ("column 8", "secret.wav")),
        ('<emotion value="0s joy; 1s fear">a</emotion>', ("track",)),
        ("<emotion>a</emotion>", ("without value",)), ('<voice name="zorg">a</voice>', ("zorg", "alto")),
        ('<lang xml:lang="xx">a</lang>', ("'xx'", "en-us")), ('<say-as interpret-as="song">a</say-as>', ("song", "cardinal")),
        ('<say-as interpret-as="date">soon</say-as>', ("soon", "mdy")),
        ('<say-as interpret-as="date" format="dmy">1/13/2026</say-as>', ("month",)),
        ('<say-as interpret-as="cardinal">many</say-as>', ("many",)), ("<say-as>5</say-as>", ("without interpret-as",)),
        ('<sub alias="b"><emphasis>a</emphasis></sub>', ("<emphasis> within <sub>",)), ("<speak>a</speak>", ("inside",)),
        ("", ("no word",)), ("<break/> ... 😀", ("no word",)), ("你好", ("Chinese", "line 1, column")),
        ("<break>a</break>", ("empty element",)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(body: str, parts: tuple[str, ...]) -> None:
    message = refused(f"<speak>{body}</speak>")
    assert all(part in message for part in parts), message
    assert message.startswith("SSML")


def test_entities_cannot_be_made() -> None:
    bomb = '<!DOCTYPE speak [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><speak>&b;</speak>'
    assert "document type" in refused(bomb)
    assert "document type" in refused('<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>a</speak>')


def test_depth_and_length_are_limited() -> None:
    with pytest.raises(LimitError, match="32 deep"):
        parsed("<p>" * 40)
    with pytest.raises(LimitError, match="text_chars"):
        parsed("a" * 100_000)


def test_a_long_document_is_read() -> None:
    body = '<p><s>One <emphasis>two</emphasis> 3 km<break time="1s"/> on.</s></p>' * 1_400
    found = parsed(body)
    assert len(found) == 1_400
    assert all(s.spoken == "One two three kilometers, on." for s in found)


PIECES = st.sampled_from([
    "Hello ", "on 3/4/2026. ", "<", "&amp;", "</p>", "<p>", "<s>", "</s>", '<break time="1s"/>', '<prosody rate="slow">', "</prosody>",
    '<prosody contour="(0%,+20Hz) (50%,-2st)">', '<mark name="x"/>', "<emphasis>", "</emphasis>", '<say-as interpret-as="date">',
    "</say-as>",
    '<emotion value="joy">', "</emotion>", '<voice name="bass">', "</voice>", '<sub alias="one two">', "</sub>", "...", " -- ", "\n",
])  # fmt: skip


@given(st.lists(PIECES, max_size=14), st.text(max_size=20))
@settings(max_examples=400, deadline=None)
def test_whatever_is_marked_up_is_spoken_or_refused(pieces: list[str], text: str) -> None:
    try:
        sentences, _ = sentences_of("<speak>" + "".join(pieces) + text + "</speak>", ENGLISH)
    except EmogenError:
        return
    assert sentences
    assert [s.number for s in sentences] == list(range(1, len(sentences) + 1))
    for s in sentences:
        assert "".join("".join(t.written.split()) for t in s.tokens) == "".join(s.text.split())
        assert len(s.marks) == len(s.spoken.split())
        assert all(0 <= index <= len(s.tokens) for _, index in s.bookmarks)


@given(st.lists(st.sampled_from(["One two.", "It cost $5.", "Well... no."]), min_size=1, max_size=4), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_well_formed_markup_keeps_every_word(parts: list[str], depth: int) -> None:
    wrap = ['<prosody rate="slow">', "<emphasis>", '<emotion value="joy">'][:depth]
    ends = ["</prosody>", "</emphasis>", "</emotion>"][:depth][::-1]
    found = parsed("".join(wrap) + "".join(f"<s>{p}</s>" for p in parts) + "".join(ends))
    plain = [sentences_of(p, ENGLISH)[0][0].spoken for p in parts]
    assert [s.spoken for s in found] == plain


def test_the_elements_are_those_of_the_message() -> None:
    assert set(ELEMENTS) == {
        "speak", "p", "s", "break", "prosody", "emphasis", "say-as", "sub", "phoneme", "voice", "lang", "mark", "emotion",
    }  # fmt: skip
