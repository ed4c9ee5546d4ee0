"""What the embedded voices learn from: our sounds found in a teacher's speech, and texts without surprises."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from emogen.pipelines.speech.acoustic_input import PAUSE, Sound
from emogen.training import voices_data
from emogen.training.voices_align import align, atoms_of
from emogen.training.voices_text import own_sentences


def timed(names: str) -> list[tuple[str, float, float]]:
    return [(name, 0.1 * i, 0.1 * (i + 1)) for i, name in enumerate(names.split())]


def test_symbols_fall_into_atoms():
    assert [atoms_of(s) for s in ("ɑːɹ", "oʊ", "tʃ", "əl", "iː")] == [["ɑ", "ɹ"], ["oʊ"], ["tʃ"], ["ə", "l"], ["i"]]


def test_our_sounds_are_found_in_the_teachers():
    placed = align(["k", "ɑːɹ", "z", PAUSE, "ɡ", "oʊ"], timed("k aa r z pau g ow"))
    assert [p.index for p in placed] == [0, 1, 2, 3, 4, 5]
    assert placed[1].end_s - placed[1].start_s == pytest.approx(0.2)
    assert all(a.end_s == b.start_s for a, b in pairwise(placed))


def test_a_pause_of_the_teacher_alone_is_kept_and_one_of_ours_alone_left_out():
    assert [p.index for p in align(["t", "uː", "s"], timed("t uw pau s"))] == [0, 1, -1, 2]
    assert [p.index for p in align(["t", "uː", PAUSE, "s"], timed("t uw s"))] == [0, 1, 3]


def test_another_sentence_does_not_fit():
    assert align(["k", "æ", "t", "s"], timed("dh ax d ao g")) is None


def test_own_sentences_are_many_and_the_same_each_time():
    found = own_sentences(300)
    assert found == own_sentences(300)
    assert len(set(found)) == 300
    assert all(t[0].isupper() and t[-1] in ".?!" and "{" not in t for t in found)


def test_a_teacher_that_is_not_installed_is_named(monkeypatch):
    from emogen.errors import BackendMissing

    monkeypatch.setattr(voices_data.shutil, "which", lambda _: None)
    with pytest.raises(BackendMissing, match="flite"):
        next(voices_data.speak(voices_data.TEACHERS[0], ["Hello."]))


def test_features_are_stored_and_read_again(tmp_path, monkeypatch):
    tone = (0.1 * np.sin(2 * np.pi * 120 * np.arange(22_050) / 22_050)).astype(np.float32)
    phones = [("pau", 0.2), ("hh", 0.3), ("ax", 0.4), ("l", 0.5), ("ow", 0.8), ("pau", 1.0)]
    monkeypatch.setattr(voices_data, "speak", lambda teacher, texts: iter([(tone, phones)] * len(texts)))
    assert voices_data.make(voices_data.TEACHERS[0], ["Hello."], tmp_path) == 1
    ((said, rows),) = voices_data.read(tmp_path, "rms")
    assert said.sounds[0] == Sound(PAUSE, 0, -1, "stop")
    assert [s.symbol for s in said.sounds] == [PAUSE, "h", "ə", "l", "oʊ", PAUSE]
    assert said.starts == (0, 10, 30, 50, 70, 130)
    assert rows.shape == (said.frames, 45)
