"""A score as listening machines hear it: mono, 16 kHz, louder by velocity, ringing out, the same in every call."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emogen.media.score import Note, Score, Track
from emogen.media.score_sound import RATE_HZ, heard

NOTES = tuple(Note(beat, 1.0, pitch, 80) for beat, pitch in enumerate((60, 64, 67, 72)))
PIANO = Track("piano", 0, False, NOTES)
DRUMS = Track("drums", 0, True, (Note(0.0, 0.5, 36, 100), Note(2.0, 0.5, 38, 100)))


def test_all_tracks_are_heard_until_they_have_died_away() -> None:
    score = Score((PIANO, DRUMS, Track("rests", 40, False, ())))
    both = heard(score)
    assert both.sample_rate == RATE_HZ
    assert both.samples.ndim == 1
    assert score.duration_s < both.duration_s < score.duration_s + 4.0
    assert np.abs(both.samples[-1]) < 1e-3 * np.abs(both.samples).max()
    mixed = np.zeros(len(both.samples))
    for track in (PIANO, DRUMS):
        alone = heard(replace(score, tracks=(track,))).samples
        mixed[: len(alone)] += alone
    assert np.allclose(both.samples, mixed, atol=1e-5)


def test_velocity_is_heard_as_loudness_and_brightness() -> None:
    sounds = [heard(Score((Track("a", 0, False, (Note(0.0, 2.0, 60, v),)),))).samples for v in (30, 70, 110)]
    levels = [float(np.sqrt(np.mean(sound[:RATE_HZ] ** 2))) for sound in sounds]
    assert levels[0] * 3 < levels[1] < levels[2] / 1.5
    hz = np.fft.rfftfreq(RATE_HZ, 1 / RATE_HZ)
    power = [np.abs(np.fft.rfft(sound[:RATE_HZ])) ** 2 for sound in sounds]
    centres = [float((p * hz).sum() / p.sum()) for p in power]
    assert centres[0] < centres[1] < centres[2]


def test_what_was_played_before_changes_nothing() -> None:
    score = Score((PIANO,))
    first = heard(score).samples
    heard(Score((Track("long", 0, False, (Note(0.0, 12.0, 60, 80),)),)))
    assert np.array_equal(first, heard(score).samples)
