"""What is written is read aloud as people read it, and stays attached to what was written."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.pipelines.speech.languages import SENTENCE_CHARS, find_language, prepare
from emogen.pipelines.speech.phonemes import EspeakSource, Word
from emogen.pipelines.speech.reading import read
from emogen.pipelines.speech.reading.numerals import cardinal, ordinal, roman, year
from emogen.pipelines.speech.sentence import Mark, Token, as_written, token_times

EXAMPLES = [
    # numbers
    ("I have 21 cats.", "I have twenty-one cats."),
    ("It sold 1,234,567 copies.", "It sold one million two hundred thirty-four thousand five hundred sixty-seven copies."),
    ("Pi is 3.14.", "Pi is three point one four."),
    ("It was -5, then −12.", "It was minus five, then minus twelve."),
    ("Agent 007 has 0 fear.", "Agent zero zero seven has zero fear."),
    ("1e6 and 1.5e-3", "one times ten to the six and one point five times ten to the minus three"),
    ("She came 1st, he came 22nd.", "She came first, he came twenty-second."),
    ("The 100th and 1,000th visitor", "The one hundredth and one thousandth visitor"),
    ("Take 1/2 cup and 3/4 cup.", "Take one half cup and three quarters cup."),
    ("1 1/2 cups, 2½ miles, ¾ of it", "one and a half cups, two and a half miles, three quarters of it"),
    ("Read pages 5-7 or 10–12.", "Read pages five to seven or ten to twelve."),
    ("The score was 3-1.", "The score was three to one."),
    ("a ratio of 16:9", "a ratio of sixteen to nine"),
    ("12345678901234567890", "one two three four five six seven eight nine zero one two three four five six seven eight nine zero"),
    ("call 24/7 since 9/11", "call twenty-four seven since nine eleven"),
    # years
    ("In 1999 and 2026.", "In nineteen ninety-nine and twenty twenty-six."),
    ("since 1905, by 2006, in 1900", "since nineteen oh five, by two thousand six, in nineteen hundred"),
    ("The 1980s and the 1900s.", "The nineteen eighties and the nineteen hundreds."),
    ("The '90s and the 60s, class of '99.", "The nineties and the sixties, class of ninety-nine."),
    ("1939-1945", "nineteen thirty-nine to nineteen forty-five"),
    ("1500 people and 1500 miles", "one thousand five hundred people and one thousand five hundred miles"),
    ("in 44 BC", "in forty-four B.C"),
    # dates
    ("on 3/4/2026", "on March fourth, twenty twenty-six"),
    ("on 25/12/2026", "on December twenty-fifth, twenty twenty-six"),
    ("Due 2026-11-21.", "Due November twenty-first, twenty twenty-six."),
    ("21 Nov 2026", "the twenty-first of November twenty twenty-six"),
    ("Nov 21, 2026", "November twenty-first, twenty twenty-six"),
    ("on 21.11.2026", "on November twenty-first, twenty twenty-six"),
    ("the 4th of July", "the fourth of July"),
    ("July 4th or July 4", "July fourth or July fourth"),
    ("Sept. 2021", "September twenty twenty-one"),
    ("Mon. 5 May", "Monday the fifth of May"),
    ("May I go? March on!", "May I go? March on!"),
    # times
    ("at 7:30pm", "at seven thirty p.m"),
    ("at 14:05", "at fourteen oh five"),
    ("at 9:00 or 7 p.m. sharp", "at nine o'clock or seven p.m sharp"),
    ("at 10:00 a.m.", "at ten a.m."),
    ("at 10:15:30", "at ten fifteen and thirty seconds"),
    # money
    ("a$5", "five Australian dollars"),
    ("$5.20", "five dollars and twenty cents"),
    ("£3m", "three million pounds"),
    ("€10 and $1", "ten euros and one dollar"),
    ("$3.5 million", "three point five million dollars"),
    ("$0.99, 50¢, 99p", "ninety-nine cents, fifty cents, ninety-nine pence"),
    ("10 € or 20 EUR", "ten euros or twenty euros"),
    ("-$5 and $1,000.50", "minus five dollars and one thousand dollars and fifty cents"),
    ("$5-$10", "five dollars to ten dollars"),
    # units
    ("5 km", "five kilometers"),
    ("1 kg or 5kg", "one kilogram or five kilograms"),
    ("20 °C and -5°F", "twenty degrees Celsius and minus five degrees Fahrenheit"),
    ("60 mph", "sixty miles per hour"),
    ("16 kHz", "sixteen kilohertz"),
    ("10% or 50 %", "ten percent or fifty percent"),
    ("5-10 km", "five to ten kilometers"),
    ("a 5-km run", "a five kilometer run"),
    ("He is 5'11\" tall.", "He is five foot eleven tall."),
    ("10k fans, 3 m²", "ten thousand fans, three square meters"),
    # telephones, versions
    ("Call 555-1234.", "Call five five five, one two three four."),
    ("+1 (555) 123-4567", "plus one, five five five, one two three, four five six seven"),
    ("020 7946 0958", "zero two zero, seven nine four six, zero nine five eight"),
    ("call 911", "call nine one one"),
    ("v2.1 or 1.2.3", "version two point one or one point two point three"),
    # Roman numerals
    ("Henry VIII", "Henry the eighth"),
    ("World War II", "World War two"),
    ("John Paul II's car", "John Paul the second's car"),
    ("Elizabeth I of England", "Elizabeth the first of England"),
    ("Chapter IV, Part I", "Chapter four, Part one"),
    ("Henry, I think so.", "Henry, I think so."),
    # abbreviations
    ("Dr. Smith met Mr. Jones.", "Doctor Smith met Mister Jones."),
    ("5 Elm St. in St. Louis", "five Elm Street in Saint Louis"),
    ("on Maple Dr. near Mt. Hood", "on Maple Drive near Mount Hood"),
    ("fruit, e.g. apples, i.e. good ones, etc.", "fruit, for example apples, that is good ones, et cetera."),
    ("Cats vs. dogs, No. 5", "Cats versus dogs, Number five"),
    ("No. That is pp. 3-4.", "No. That is pages three to four."),
    ("the U.S. and the U.K.", "the U.S and the U.K."),
    ("J.R.R. Tolkien, Ph.D.", "J.R.R Tolkien, P.H.D."),
    ("w/o salt and/or oil", "without salt and or oil"),
    # acronyms and capitals
    ("NASA and the FBI", "nasa and the F.B.I"),
    ("DVDs, the CEO's ATM", "D.V.D's, the C.E.O's A.T.M"),
    ("NATO met the IEEE", "nato met the I triple E"),
    ("MP3, 4K, H2O, COVID-19", "M.P three, four K, H two O, covid-nineteen"),
    ("I am NOT going!", "I am not going!"),
    ("STOP IT RIGHT NOW!", "stop it right now!"),
    ("the IT department of the US", "the I.T department of the U.S"),
    # the net
    ("See https://www.example.com/path?q=1.", "See w w w dot example dot com slash path question mark Q equals one."),
    ("Mail jo.smith@mail-box.co.uk now!", "Mail jo dot smith at mail dash box dot co dot U.K now!"),
    ("on github.com/emogen!!", "on github dot com slash emogen!!"),
    ("#MeToo and @jack", "hashtag Me Too and at jack"),
    ("the #1 fan", "the number one fan"),
    # signs
    ("Fish & chips", "Fish and chips"),
    ("2 + 2 = 4 and 5 - 3 = 2", "two plus two equals four and five minus three equals two"),
    ("6 × 7, 8 ÷ 2, x²", "six times seven, eight divided by two, x squared"),
    ("a < b, ~5 m, ±2", "a less than b, about five meters, plus or minus two"),
    ("he/she, me @ home", "he slash she, me at home"),
    ("*really* good", "really good"),
    ("It costs [5] {6} |7|", "It costs five six seven"),
    # pauses
    ("Well... I know.", "Well, I know."),
    ("I thought -- maybe -- not.", "I thought, maybe, not."),
    ("Wait—what?", "Wait, what?"),
    ("The end...", "The end."),
    ("The end ...", "The end."),
]


def said(text: str, language: str = "en") -> str:
    return " ".join(token.spoken for token in read(text, language) if token.spoken)


@pytest.mark.parametrize(("written", "spoken"), EXAMPLES)
def test_it_is_read_as_people_read_it(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("3/4/2026", "the third of April twenty twenty-six"),
        ("12/25/2026", "the twenty-fifth of December twenty twenty-six"),
        ("Nov 21, 2026", "November the twenty-first, twenty twenty-six"),
        ("105 of 1,005", "one hundred and five of one thousand and five"),
    ],
)
def test_british_english_says_days_and_hundreds_its_own_way(written: str, spoken: str) -> None:
    assert said(written, "en-gb") == spoken


def test_other_languages_keep_their_words_and_figures() -> None:
    assert said("Am 3.4.2026 -- um 7:30 Uhr... kostet es 5 € & mehr.", "de") == "Am 3.4.2026, um 7:30 Uhr, kostet es 5 € & mehr."


def test_each_written_word_has_its_own_spoken_words() -> None:
    tokens = read("On 21 Nov 2026 it cost $5.20, or 3 km.", "en")
    assert " ".join(t.written for t in tokens) == "On 21 Nov 2026 it cost $5.20, or 3 km."
    assert len(tokens) == 10
    assert [t.count for t in tokens] == [1, 3, 1, 2, 1, 1, 5, 1, 1, 1]
    assert tokens[6].spoken == "five dollars and twenty cents,"


def test_dashes_and_dots_make_pauses() -> None:
    tokens = read("Well... I thought -- maybe - not", "en")
    assert {t.written: t.pause_s for t in tokens if t.pause_s} == {"Well...": 0.6, "thought": 0.35, "maybe": 0.35}
    assert [t.spoken for t in tokens if not t.count] == ["", ""]


def test_capitals_and_asterisks_are_emphasis() -> None:
    tokens = read("I am NOT *very* happy, FBI", "en")
    assert {t.written: t.mark.emphasis for t in tokens if t.mark.emphasis} == {"NOT": "strong", "*very*": "moderate"}
    assert [t.mark.emphasis for t in read("GO HOME NOW", "en")] == ["strong"] * 3


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = "At 5 p.m. on Jan. 5 the U.S. Army met No. 7. It left at 6 p.m. We stayed."
    sentences, _ = prepare(text, find_language("en"))
    assert [s.text for s in sentences] == [
        "At 5 p.m. on Jan. 5 the U.S. Army met No. 7.", "It left at 6 p.m.", "We stayed.",
    ]  # fmt: skip
    assert sentences[0].spoken == "At five p.m on January fifth the U.S Army met Number seven."
    assert len(sentences[0].marks) == len(sentences[0].spoken.split())


@pytest.mark.parametrize("text", ["." * 9_000 + "a", "a" + " -" * 9_000, "-" * 9_000 + "a b", "5 " * 900, "\u3002" * 9_000 + "a"])
def test_no_sentence_is_too_long_to_be_read(text: str) -> None:
    sentences, _ = prepare(text, find_language("en"))
    assert all(0 < len(s.text) <= SENTENCE_CHARS and s.spoken for s in sentences)
    assert sum(s.text.count("5") for s in sentences) == text.count("5")


# -- times ---------------------------------------------------------------------------------------------------
def test_times_of_spoken_words_become_those_of_written_words() -> None:
    tokens = read("It cost $5.20 -- really.", "en")
    spoken = " ".join(t.spoken for t in tokens if t.spoken).split()
    words = [Word(word, i, i + 0.5) for i, word in enumerate(spoken)]
    assert as_written(tokens, words) == [("It", 0, 0.5), ("cost", 1, 1.5), ("$5.20", 2, 6.5), ("really.", 7, 7.5)]


def test_words_without_a_sound_are_left_out() -> None:
    tokens = (Token("one", "one"), Token("two", "two"), Token("three", "three"))
    assert token_times(tokens, [Word("three", 1.0, 2.0)]) == [(2, 1.0, 2.0)]
    assert token_times(tokens, []) == []
    assert token_times((), [Word("x", 0.0, 1.0)]) == []


def test_espeak_gives_each_written_word_its_time() -> None:
    text = "Dr. Smith paid $42.50 on 21 Nov 2026 -- to NASA, at 7:30pm."
    (sentence,), _ = prepare(text, find_language("en"))
    with EspeakSource() as source:
        found = source.phonemes(sentence.spoken, variant="klatt6", language=find_language("en"))
    words = as_written(sentence.tokens, found.words)
    assert [w for w, _, _ in words] == [w for w in text.split() if w != "--"]
    assert all(a[2] <= b[1] + 1e-9 for a, b in pairwise(words))
    assert max(words, key=lambda w: w[2] - w[1])[0] == "$42.50"


def test_marks_say_how_far_the_pitch_moves() -> None:
    assert Mark(pitch_hz=240.0).semitones(120.0) == pytest.approx(12.0)
    assert Mark(shift_hz=-60.0, pitch_st=2.0).semitones(120.0) == pytest.approx(-10.0)
    assert Mark().semitones(200.0) == 0.0


# -- always --------------------------------------------------------------------------------------------------
SIGNS = st.text(st.sampled_from("0123456789 .,:/-–+$£€%°#@&'\"()=<>*_abIVXLkmpstTHEDr…½²"), max_size=60)


@given(st.one_of(SIGNS, st.text(max_size=60)), st.sampled_from(["en", "en-gb", "de"]))
@settings(max_examples=400, deadline=None)
def test_nothing_written_is_lost_and_nothing_breaks(text: str, language: str) -> None:
    tokens = read(text, language)
    assert "".join("".join(t.written.split()) for t in tokens) == "".join(text.split())
    assert all(t.pause_s is None or t.pause_s > 0 for t in tokens)
    assert "\ue000" in text or not any("\ue000" in t.spoken or "!!" in t.mark.emphasis for t in tokens)


@given(st.lists(st.sampled_from([w for w, _ in EXAMPLES]), min_size=1, max_size=3), st.sampled_from(["en", "en-gb"]))
@settings(max_examples=100, deadline=None)
def test_figures_do_not_stay_in_english(parts: list[str], language: str) -> None:
    assert not re.search(r"[0-9$£€%&=+]", said(" and ".join(parts), language))


@given(st.integers(0, 10**30))
def test_number_words_are_words(n: int) -> None:
    assert re.fullmatch(r"[a-z]+(?:[ -][a-z]+)*", cardinal(n, british=True))
    assert ordinal(n).endswith(("th", "first", "second", "third"))


@pytest.mark.parametrize(
    ("numeral", "value"), [("VIII", 8), ("XIV", 14), ("XLIX", 49), ("MCMXCIX", 1999), ("IIX", 0), ("", 0), ("ABC", 0)]
)
def test_roman_numerals(numeral: str, value: int) -> None:
    assert roman(numeral) == value


@pytest.mark.parametrize(
    ("n", "words"), [(1066, "ten sixty-six"), (2000, "two thousand"), (2009, "two thousand nine"), (1800, "eighteen hundred")]
)
def test_years(n: int, words: str) -> None:
    assert year(n) == words
