from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emogen.errors import EmogenError, InputError
from emogen.pipelines.speech import phonemes
from emogen.pipelines.speech.languages import SENTENCE_CHARS, find_language, languages, prepare
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.speech.phones import Kind, kind_of

ENGLISH = find_language("en")


def spoken(text, language=ENGLISH, variant="klatt6"):
    with EspeakSource() as source:
        return source.phonemes(text, variant=variant, language=language)


def same(a, b):
    return np.array_equal(a.audio, b.audio) and a.phones == b.phones and a.words == b.words


# -- espeak-ng -----------------------------------------------------------------------------------------------
def test_a_sentence_sounds_the_same_whatever_came_before_and_in_another_process():
    sentence = "The birch canoe slid on the smooth planks."
    alone = spoken(sentence)
    with EspeakSource() as source:
        for before in ("Hello.", "Is it three o'clock? No!", sentence):
            source.phonemes(before, variant="klatt6", language=ENGLISH)
            assert same(source.phonemes(sentence, variant="klatt6", language=ENGLISH), alone)


def test_phones_fill_the_time_without_gaps():
    found = spoken("Dr. Smith paid $42.50 - for the house, on 3rd May.")
    assert found.phones[0].start_s == 0.0
    assert found.phones[-1].end_s == pytest.approx(len(found.audio) / found.sample_rate)
    for before, after in pairwise(found.phones):
        assert before.end_s == after.start_s
        assert before.end_s > before.start_s
        assert before.ipa or after.ipa


def test_words_are_those_written_with_rising_times():
    text = 'Dr. Smith paid $42.50 - for the "house," on 3rd May.'
    found = spoken(text).words
    assert [w.text for w in found] == [t for t in text.split() if t != "-"]
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(found))
    longest = max(found, key=lambda w: w.end_s - w.start_s)
    assert longest.text == "$42.50"  # forty-two dollars fifty


def test_abbreviations_and_numbers_are_read():
    def heard(text):
        return "".join(p.ipa for p in spoken(text).phones)

    assert heard("Dr. Smith") == heard("Doctor Smith")
    assert heard("21 cats") == heard("twenty one cats")
    assert heard(prepare("don\u2019t", ENGLISH)[0][0].text) == heard("don't")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "Straße und Öl."), ("fr", "Où est-il allé ?"), ("es", "¿Dónde está el niño?"), ("it", "Perché no?"),
        ("pl", "Źdźbło i żółw."), ("pt", "Não é possível."), ("nl", "Een mooie dag."), ("ru", "Добрый день."),
        ("el", "Καλημέρα."),
    ],
)  # fmt: skip
def test_languages_speak_their_own_letters(code, text):
    language = find_language(code)
    sentences, warnings = prepare(text, language)
    found = spoken(sentences[0].text, language)
    assert not warnings
    assert 0.4 < len(found.audio) / found.sample_rate < 3.0
    assert sum(kind_of(p.ipa) is Kind.VOWEL for p in found.phones) >= 3


def test_every_language_of_the_table_is_known_to_espeak():
    with EspeakSource() as source:
        for language in languages().values():
            word = {"LATIN": "data", "GREEK": "δα", "CYRILLIC": "да"}[language.scripts[0]]
            assert source.phonemes(word, variant="klatt6", language=language).phones


def test_languages_differ():
    assert not np.array_equal(spoken("data", find_language("de")).audio, spoken("data").audio)


def test_no_process_stays_behind():
    source = EspeakSource()
    source.phonemes("Hi.", variant="klatt6", language=ENGLISH)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("this system does not list a process's children in /proc")
    assert len(children.read_text().split()) >= 1
    before = set(children.read_text().split())
    source.close()
    assert len(set(children.read_text().split())) == len(before) - 1


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit(3)", "ended unexpectedly|could not be talked to"),
        ("import sys; sys.stdin.readline(); print('nonsense', flush=True)", "could not be talked to"),
        ('import sys; sys.stdin.readline(); print(\'{"samples": 5, "events": []}\', flush=True)', "ended unexpectedly"),
        ("import time; time.sleep(60)", "no answer within 0.3 s"),
        ('import sys; sys.stdin.readline(); print(\'{"error": "no data"}\', flush=True)', "no data"),
    ],
)
def test_a_helper_that_crashes_lies_or_hangs_is_one_error_and_the_next_call_works(monkeypatch, program, message):
    started = subprocess.Popen

    def replaced(command, **options):
        return started([sys.executable, "-c", program], **options)

    with EspeakSource(timeout_s=0.3 if "sleep" in program else 20.0) as source:
        with monkeypatch.context() as patch:
            patch.setattr(phonemes.subprocess, "Popen", replaced)
            with pytest.raises(EmogenError, match=message):
                source.phonemes("Hi.", variant="klatt6", language=ENGLISH)
        source.close()
    with EspeakSource() as source:
        assert source.phonemes("Hi.", variant="klatt6", language=ENGLISH).phones


def test_a_helper_that_the_system_killed_is_started_again(monkeypatch):
    begun, started = [], subprocess.Popen

    def kept(command, **options):
        begun.append(started(command, **options))
        return begun[-1]

    monkeypatch.setattr(phonemes.subprocess, "Popen", kept)
    with EspeakSource() as source:
        before = source.phonemes("We lost the signal.", variant="klatt6", language=ENGLISH)
        begun[0].kill()
        begun[0].wait()
        after = source.phonemes("We lost the signal.", variant="klatt6", language=ENGLISH)
    assert len(begun) == 2
    assert after.phones == before.phones
    np.testing.assert_array_equal(after.audio, before.audio)


# -- what can be spoken --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "code", "parts"),
    [
        ("你好 world", "en", ('"你好"', "Chinese", "English (en)", "latin letters")),
        ("مرحبا", "de", ("Arabic", "German (de)")),
        ("Привет", "en", ("Cyrillic", "ru, uk")),
        ("こんにちは", "fr", ("Hiragana",)),
        ("안녕", "es", ("Hangul",)),
        ("😀 🎉", "en", ("no word",)),
        ("?! ...", "en", ("no word",)),
        ("  \n ", "en", ("empty",)),
    ],
)
def test_what_has_no_voice_is_refused_by_name(text, code, parts):
    with pytest.raises(InputError) as caught:
        prepare(text, find_language(code))
    assert all(part in str(caught.value) for part in parts), caught.value
    assert caught.value.exit_code == 2


def test_long_sentences_are_cut_at_commas_and_nothing_is_lost():
    clause = "the rain came down upon the old roof"
    text = ", ".join([clause] * 40) + "."
    sentences, _ = prepare(text, ENGLISH)
    assert len(sentences) > 1
    assert max(len(s.text) for s in sentences) <= SENTENCE_CHARS
    assert " ".join(s.text for s in sentences) == text
    assert all(s.text.endswith((",", ".")) for s in sentences)


def test_a_text_without_a_blank_is_cut_too():
    sentences, _ = prepare("a" * 1_000, ENGLISH)
    assert "".join(s.text for s in sentences) == "a" * 1_000
    assert max(len(s.text) for s in sentences) <= SENTENCE_CHARS


def test_sentences_are_told_from_abbreviations():
    sentences, _ = prepare("Dr. Smith left. Then -- nothing ... Why?", ENGLISH)
    assert [s.text.split()[0] for s in sentences] == ["Dr.", "Then", "Why?"]
