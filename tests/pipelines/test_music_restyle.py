"""A tune felt otherwise: what changes, what stays, and that it is still the tune."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.conditioning.music import MusicRecognizer
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.evaluation.metrics.melody import tune_similarity
from emogen.media.score import Note
from emogen.pipelines.music.arrange import arranged
from emogen.pipelines.music.attributes import MODES, Attributes
from emogen.pipelines.music.cues import CueRules
from emogen.pipelines.music.mode_change import change_of, moved_chord, scale_of
from emogen.pipelines.music.restyle import own_attributes, restyled, transposed

MELODY = (
    (0, 1, 67), (1, 0.5, 64), (1.5, 0.5, 65), (2, 2, 67), (4, 1, 69), (5, 0.5, 67), (5.5, 0.5, 64), (6, 2, 60),
    (8, 1, 65), (9, 1, 69), (10, 1, 72), (11, 0.5, 71), (11.5, 0.5, 69), (12, 1.5, 71), (13.5, 0.5, 69), (14, 2, 67),
)  # fmt: skip
CHORDS = ((0, (0, 4, 7)), (9, (0, 3, 7)), (2, (0, 3, 7)), (7, (0, 4, 7)))


def sheet(rounds: int = 4) -> LeadSheet:
    """A tune of our own in C major, 4 bars `rounds` times, over I vi ii V."""
    melody = [Note(16.0 * r + a, float(d), p, 80) for r in range(rounds) for a, d, p in MELODY]
    chords = [Chord(4.0 * k, 4.0, *CHORDS[k % 4], CHORDS[k % 4][0]) for k in range(4 * rounds)]
    under = [
        Note(c.start_beat + beat, 1.0, 48 + (c.root + tone) % 12 - (12 if tone == 0 else 0), 60)
        for c in chords
        for beat, tone in enumerate((0, *c.tones[1:], 0))
    ]
    return LeadSheet(0, "major", 4, 4 * rounds, tuple(melody), tuple(chords), tuple(sorted(under)), 96.0)


def melody(tune: LeadSheet) -> np.ndarray:
    return np.array([(n.start_beat, n.pitch) for n in tune.melody])


def felt(emotion: str) -> Attributes:
    return CueRules()(EmotionTrack.of(emotion).at(0.0))


def test_a_tune_asked_to_be_as_it_is_stays():
    tune = sheet()
    own = own_attributes(tune)
    assert own.scale == "major"
    assert own.density == pytest.approx(1.0)
    assert restyled(tune, lambda bar: own) == tune


@pytest.mark.parametrize("mode", list(MODES))
def test_the_mode_changes_and_the_tune_stays(mode: str):
    tune = sheet()
    middle = {"phrygian": 0.08, "minor": 0.3, "dorian": 0.5, "mixolydian": 0.56, "major": 0.8}[mode]
    new = restyled(tune, lambda bar: own_attributes(tune).replaced(mode=middle))
    assert new.mode == ("minor" if MODES[mode][2] == 3 else "major")
    classes = {(n.pitch - new.tonic) % 12 for n in new.melody}
    borrowed = {9, 11} if mode in ("minor", "dorian") else set()  # melodic minor, over a dominant
    assert classes <= {*MODES[mode], *borrowed}
    assert tune_similarity(melody(tune), melody(new)) > 0.95
    assert {c.start_beat for c in new.chords} <= {c.start_beat for c in tune.chords}
    assert new.chords[-1].start_beat + new.chords[-1].duration_beat == tune.beats
    for n in new.accompaniment:
        under = next(c for c in new.chords if c.start_beat <= n.start_beat < c.start_beat + c.duration_beat)
        assert n.pitch % 12 in under.classes


def test_there_and_back_again():
    tune = sheet()
    own = own_attributes(tune)
    dark = restyled(tune, lambda bar: own.replaced(mode=0.3))
    assert scale_of(dark) == "minor"
    back = restyled(dark, lambda bar: own_attributes(dark).replaced(mode=own.mode))
    assert back.melody == tune.melody


def test_chromatic_notes_stay_neighbours():
    change = change_of(0, "major", "minor")
    assert [change(p) for p in (60, 62, 64, 65, 67, 69, 71, 72)] == [60, 62, 63, 65, 67, 68, 70, 72]
    assert change(63, 64) == 62  # a half step under the third is one under the new third
    assert change(66, 67) == 66
    assert change(70) == 70  # the flat seventh is at home in minor
    assert change(71, 72, Chord(0.0, 4.0, 7, (0, 4, 7), 7)) == 71  # the leading note over its dominant
    for old in MODES:
        for new in MODES:
            assert [change_of(0, old, new)(p) for p in range(60, 72)] == sorted(
                change_of(0, old, new)(p) for p in range(60, 72)
            )


def test_a_diminished_triad_gives_way_where_nothing_asks_for_it():
    second = Chord(0.0, 4.0, 2, (0, 3, 7), 2)
    assert moved_chord(second, 0, "major", "minor", plain=False).tones == (0, 3, 6)
    assert moved_chord(second, 0, "major", "minor", plain=True) == Chord(0.0, 4.0, 5, (0, 3, 7), 5)
    dominant = Chord(0.0, 4.0, 7, (0, 4, 7, 10), 11)
    assert moved_chord(dominant, 0, "major", "minor", plain=True) == dominant
    nothing = Chord(0.0, 4.0, 0, (), 0)
    assert moved_chord(nothing, 0, "major", "minor", plain=True) == nothing


def test_density_and_register_move_within_measure():
    tune = sheet()
    own = own_attributes(tune)
    busy = restyled(tune, lambda bar: own.replaced(density=3.0))
    bare = restyled(tune, lambda bar: own.replaced(density=0.4))
    high = restyled(tune, lambda bar: own.replaced(register=own.register + 12))
    assert len(bare.melody) < len(tune.melody) < len(busy.melody)
    assert [n.pitch for n in high.melody] == [n.pitch + 12 for n in tune.melody]
    for new in (busy, bare, high):
        assert tune_similarity(melody(tune), melody(new)) >= 0.75
        assert all(
            a.start_beat + a.duration_beat <= b.start_beat for a, b in zip(new.melody, new.melody[1:], strict=False)
        )
    assert {n.start_beat for n in bare.melody} >= {4.0 * k for k in range(16)}  # the bars' first notes stay


def test_dissonance_colours_the_chords():
    tune = sheet()
    own = own_attributes(tune)
    rough = restyled(tune, lambda bar: own.replaced(dissonance=0.5))
    harsh = restyled(tune, lambda bar: own.replaced(dissonance=0.9))
    assert {len(c.tones) for c in rough.chords} == {4}
    assert all(1 in c.tones for c in harsh.chords)


def test_another_texture_is_left_to_the_arranger():
    tune = sheet()
    own = own_attributes(tune)
    assert restyled(tune, lambda bar: own.replaced(rhythm=3.5)).accompaniment == ()
    half = restyled(tune, lambda bar: own.replaced(rhythm=3.5) if bar >= 8 else own)
    assert half.accompaniment == tuple(n for n in tune.accompaniment if n.start_beat < 32)


def test_emotions_change_the_tune_in_their_direction_and_leave_it_recognisable():
    tune, guide = sheet(), MusicRecognizer.load()
    heard = {}
    for emotion in ("joy", "sadness:0.8", "anger"):
        now = felt(emotion)
        new = restyled(tune, lambda bar, now=now: now)
        assert tune_similarity(melody(tune), melody(new)) >= 0.7
        score = arranged(new, lambda bar, now=now: now, [now.tempo] * new.bars, None, 1)
        heard[emotion] = guide.recognize(score).emotion.vad
    assert heard["joy"][0] > heard["sadness:0.8"][0]
    assert heard["joy"][0] > heard["anger"][0]
    assert min(heard["joy"][1], heard["anger"][1]) > heard["sadness:0.8"][1]


def test_a_curve_changes_mode_at_a_bar_line():
    tune = sheet()
    own = own_attributes(tune)
    new = restyled(tune, lambda bar: own.replaced(mode=0.3) if bar >= 8 else own)
    assert [n for n in new.melody if n.start_beat < 32] == [n for n in tune.melody if n.start_beat < 32]
    assert any(n.pitch % 12 == 3 for n in new.melody if n.start_beat >= 32)


def test_transposed_by_the_smallest_step():
    tune = sheet()
    down = transposed(tune, 10)
    assert [n.pitch - 70 for n in down.melody] == [n.pitch - 72 for n in tune.melody]
    assert (down.tonic, down.chords[3].root, down.chords[3].bass) == (10, 5, 5)
    assert transposed(down, 0) == tune
    with pytest.raises(InputError, match="pitch class"):
        transposed(tune, 12)


def test_a_sheet_without_notes_is_refused_and_one_without_a_melody_is_not():
    tune = sheet()
    with pytest.raises(InputError, match="no notes"):
        restyled(replace(tune, melody=(), accompaniment=()), lambda bar: felt("joy"))
    assert restyled(replace(tune, melody=()), lambda bar: felt("sadness")).melody == ()
    one = LeadSheet(0, "major", 4, 1, (Note(0.0, 1.0, 60, 80),), (Chord(0.0, 4.0, 0),))
    for emotion in ("joy", "sadness", "fear"):
        assert len(restyled(one, lambda bar, e=emotion: felt(e)).melody) == 1


def test_similarity_of_tunes():
    tune = melody(sheet())
    other = np.array([(k * 0.75, 60 + (k * 5) % 13) for k in range(64)])
    assert tune_similarity(tune, tune + np.array([8.0, 12.0])) == 1.0
    assert tune_similarity(tune, other) < 0.4
    assert tune_similarity([(0, 60), (1, 64)], [(0, 60), (1, 63)]) == 1.0  # either third is a third
    assert tune_similarity([(0, 60), (1, 64)], [(0, 60), (2, 64)]) == 0.5
    with pytest.raises(InputError, match="shape"):
        tune_similarity([(0, 60)], tune)
