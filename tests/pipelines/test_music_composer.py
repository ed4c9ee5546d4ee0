"""The learnt composer: pieces that follow their plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from emogen.codecs.lead_sheet import LeadSheet
from emogen.errors import InputError
from emogen.pipelines.music.attributes import MODES, Attributes
from emogen.pipelines.music.composer import Composer
from emogen.pipelines.music.form import BarPlan

MIDDLE = Attributes(
    tempo=100, mode=0.9, register=0, density=1.4, rhythm=2.2, polyphony=3.3, articulation=0.9, loudness=75, dynamics=8,
    dissonance=0.03, harmony=1.5, bass=0.35, brightness=0.5,
)  # fmt: skip


def song(attributes: Attributes = MIDDLE, variation: float = 0.2) -> list[BarPlan]:
    """Two bars of intro, two phrases of four bars of which the second repeats the first, an end."""
    bars = [BarPlan(attributes, phrase=-1, place=i, length=2, intro=True) for i in range(2)]
    for second in range(2):
        for place in range(4):
            cadence = ("full" if second else "half") if place == 3 else ""
            like = 2 + place if second and not cadence else None
            bars.append(BarPlan(attributes, 0, place, 4, like, variation, cadence))
    return [*bars, BarPlan(attributes, 0, 0, 1, cadence="full", final=True)]


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer.embedded()


@pytest.fixture(scope="module")
def piece(composer: Composer) -> LeadSheet:
    return composer.compose(song(), tonic=2, seed=1)


def in_bars(sheet: LeadSheet, first: int, stop: int) -> list[tuple[float, float, int]]:
    """The melody of some bars, from their start on."""
    return [(n.start_beat - 4 * first, n.duration_beat, n.pitch) for n in sheet.melody
            if 4 * first <= n.start_beat < 4 * stop]  # fmt: skip


def test_a_piece_has_the_bars_of_its_plan_and_chords_without_gaps(piece: LeadSheet) -> None:
    assert (piece.tonic, piece.mode, piece.beats_per_bar, piece.bars) == (2, "major", 4, 11)
    ends = [0.0, *(c.start_beat + c.duration_beat for c in piece.chords)]
    assert [c.start_beat for c in piece.chords] == ends[:-1]
    assert ends[-1] == piece.beats
    for n in (*piece.melody, *piece.accompaniment):
        assert 0 <= n.start_beat < n.start_beat + n.duration_beat <= piece.beats
        assert (n.start_beat * 4).is_integer()
    for a, b in zip(piece.melody, piece.melody[1:], strict=False):
        assert a.start_beat + a.duration_beat <= b.start_beat


def test_nobody_sings_in_the_intro_and_the_end_is_the_tonic_held(piece: LeadSheet) -> None:
    assert not in_bars(piece, 0, 2)
    assert len(in_bars(piece, 2, 6)) >= 8
    last = in_bars(piece, 10, 11)
    assert [(start, length, pitch % 12) for start, length, pitch in last] == [(0.0, 4.0, 2)]
    assert piece.chords[-1].classes == (2, 6, 9)
    assert {n.pitch % 12 for n in piece.accompaniment if n.start_beat >= 40} <= {2, 6, 9}


def test_cadences_end_open_and_closed(piece: LeadSheet) -> None:
    at = {beat: c for c in piece.chords for beat in range(int(c.start_beat), int(c.start_beat + c.duration_beat))}
    assert at[4 * 6 - 1].root == 9
    assert at[4 * 10 - 1].root == 2
    assert any(
        n.duration_beat >= 1.5 and n.pitch % 12 == 2 and 35 <= n.start_beat < 40 < n.start_beat + n.duration_beat + 2.5
        for n in piece.melody
    )


def test_the_same_seed_repeats_and_another_does_not(composer: Composer, piece: LeadSheet) -> None:
    assert composer.compose(song(), tonic=2, seed=1) == piece
    assert composer.compose(song(), tonic=2, seed=2).melody != piece.melody


def test_the_tonic_moves_the_piece_and_nothing_else(composer: Composer, piece: LeadSheet) -> None:
    lower = composer.compose(song(replace(MIDDLE, register=-1)), tonic=1, seed=1)
    assert [n.pitch + 1 for n in lower.melody] == [n.pitch for n in piece.melody]


def test_what_is_not_varied_is_the_same_and_what_is_varied_a_little_is_alike(
    composer: Composer, piece: LeadSheet
) -> None:
    same = composer.compose(song(variation=0.0), tonic=2, seed=1)
    first, again = in_bars(same, 2, 5), in_bars(same, 6, 9)
    assert [(start, pitch) for start, _, pitch in again] == [(start, pitch) for start, _, pitch in first]
    assert again[:-1] == first[:-1]  # the last note may be held into the next bar
    new = composer.compose(song(variation=1.0), tonic=2, seed=1)

    def shared(sheet: LeadSheet) -> float:
        a, b = ({(s, p) for s, _, p in in_bars(sheet, first, first + 3)} for first in (2, 6))
        return len(a & b) / len(a | b)

    assert shared(new) < shared(piece) < 1.0


def rate(sheets: Sequence[LeadSheet]) -> dict[str, float]:
    """Faders as they are in what was composed, the end and the intro left out."""
    found: dict[str, list[float]] = {
        name: [] for name in ("register", "density", "rhythm", "polyphony", "harmony", "bass")
    }
    for sheet in sheets:
        inside = [n for n in sheet.accompaniment if 8 <= n.start_beat < 40]
        sung = [n for n in sheet.melody if 8 <= n.start_beat < 40]
        at = np.arange(8, 40, 0.25)
        sounding = [[n.pitch for n in inside if n.start_beat <= t < n.start_beat + n.duration_beat] for t in at]
        found["register"].append(float(np.mean([n.pitch for n in sung])) - 72)
        found["density"].append(len(sung) / 32)
        found["rhythm"].append(len({n.start_beat for n in inside}) / 32)
        found["polyphony"].append(float(np.mean([len(s) for s in sounding if s])))
        found["harmony"].append(sum(8 <= c.start_beat < 40 for c in sheet.chords) / 8)
        found["bass"].append(float(np.mean([(60 - min(s)) / 36 for s in sounding if s])))
    return {name: float(np.mean(values)) for name, values in found.items()}


@pytest.mark.parametrize(
    ("fader", "low", "high", "apart"),
    [("register", -10, 8, 12), ("density", 0.6, 2.6, 1.4), ("rhythm", 0.6, 3.6, 2.2), ("polyphony", 1.5, 4.5, 2.0),
     ("harmony", 0.6, 2.6, 1.2), ("bass", 0.1, 0.8, 0.35)],
)  # fmt: skip
def test_a_fader_moves_what_it_says(composer: Composer, fader: str, low: float, high: float, apart: float) -> None:
    ends = [
        rate([composer.compose(song(replace(MIDDLE, **{fader: value})), 0, seed) for seed in range(2)])[fader]
        for value in (low, high)
    ]
    assert ends[1] - ends[0] >= apart


def test_a_turn_of_the_plan_is_followed_at_its_bar(composer: Composer) -> None:
    calm, busy = replace(MIDDLE, density=0.7, rhythm=0.8), replace(MIDDLE, density=2.5, rhythm=3.5)
    plan = [BarPlan(calm if i < 6 else busy, 0, i % 4, 4) for i in range(12)]
    sheet = composer.compose(plan, 0, 1)
    sung = [sum(4 * a <= n.start_beat < 4 * b for n in sheet.melody) / (4 * (b - a)) for a, b in ((0, 6), (6, 12))]
    struck = [len({n.start_beat for n in sheet.accompaniment if 4 * a <= n.start_beat < 4 * b}) / (4 * (b - a))
              for a, b in ((0, 6), (6, 12))]  # fmt: skip
    assert sung == pytest.approx([0.7, 2.5], abs=0.3)
    assert struck == pytest.approx([0.8, 3.5], abs=0.3)


def test_dark_turns_to_bright_at_its_bar_and_on_the_tonic(composer: Composer) -> None:
    dark, bright = replace(MIDDLE, mode=0.2), replace(MIDDLE, mode=0.9)
    plan = [BarPlan(dark if i < 4 else bright, 0, i % 4, 4, i - 4 if i >= 4 else None, 0.1) for i in range(8)]
    for seed in range(3):
        sheet = composer.compose(plan, 0, seed)
        at = next(c for c in sheet.chords if c.start_beat <= 16 < c.start_beat + c.duration_beat)
        assert at.classes == (0, 4, 7)
        before, after = (
            [n.pitch % 12 for n in (*sheet.melody, *sheet.accompaniment) if a <= n.start_beat < b] for a, b in ((0, 16), (16, 32))
        )
        assert before.count(3) > 3 * before.count(4)
        assert after.count(4) > 3 * after.count(3)


def test_an_idea_that_is_the_same_again_comes_back_in_the_other_mode(composer: Composer) -> None:
    dark, bright = replace(MIDDLE, mode=0.2), replace(MIDDLE, mode=0.9)
    plan = [BarPlan(bright if i < 4 else dark, 0, i % 4, 4, i - 4 if i >= 4 else None, 0.0) for i in range(8)]
    sheet = composer.compose(plan, 0, 1)
    first, again = in_bars(sheet, 0, 4), in_bars(sheet, 4, 8)
    assert [n[:2] for n in again] == [n[:2] for n in first]
    moved = [b[2] - a[2] for a, b in zip(first, again, strict=True)]
    assert set(moved) <= {0, -1}
    assert [m == -1 for m in moved] == [n[2] % 12 in (4, 9, 11) for n in first]
    assert -1 in moved


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_is_heard(composer: Composer, mode: str) -> None:
    place = {"phrygian": 0.1, "minor": 0.3, "dorian": 0.5, "mixolydian": 0.57, "major": 0.9}[mode]
    sheet = composer.compose(song(replace(MIDDLE, mode=place)), 0, 3)
    degrees = [n.pitch % 12 for n in (*sheet.melody, *sheet.accompaniment)]
    other = {"phrygian": "dorian", "minor": "major", "dorian": "phrygian", "mixolydian": "major", "major": "minor"}[
        mode
    ]
    own, foreign = set(MODES[mode]) - set(MODES[other]), set(MODES[other]) - set(MODES[mode])
    assert np.mean([d in MODES[mode] for d in degrees]) > 0.85
    assert sum(d in own for d in degrees) > sum(d in foreign for d in degrees)


def test_dissonance_is_heard(composer: Composer) -> None:
    def harsh(sheet: LeadSheet) -> float:
        pairs = clashes = 0
        for t in np.arange(8, 40, 0.5):
            sounds = [n.pitch for n in sheet.accompaniment if n.start_beat <= t < n.start_beat + n.duration_beat]
            apart = [abs(a - b) % 12 for i, a in enumerate(sounds) for b in sounds[:i]]
            pairs, clashes = pairs + len(apart), clashes + sum(d in (1, 6, 11) for d in apart)
        return clashes / pairs

    plain, rough = (harsh(composer.compose(song(replace(MIDDLE, dissonance=d)), 0, 1)) for d in (0.0, 0.7))
    assert rough > plain + 0.1


def test_a_tune_is_kept_and_told_in_another_mode(composer: Composer, piece: LeadSheet) -> None:
    kept = composer.compose(song(replace(MIDDLE, density=0.5, rhythm=1.0)), tonic=4, seed=9, melody=piece)
    assert [(n.start_beat, n.duration_beat, n.pitch - 2) for n in kept.melody] == [
        (n.start_beat, n.duration_beat, n.pitch) for n in piece.melody
    ]
    assert kept.accompaniment != piece.accompaniment
    again = composer.compose(song(variation=0.0), tonic=2, seed=9, melody=piece)
    assert again.melody == piece.melody
    dark = composer.compose(song(replace(MIDDLE, mode=0.3)), tonic=2, seed=9, melody=piece)
    assert [n.start_beat for n in dark.melody] == [n.start_beat for n in piece.melody]
    moved = {(a.pitch - 2) % 12: (b.pitch - a.pitch) for a, b in zip(piece.melody, dark.melody, strict=True)}
    assert all(step == (-1 if degree in (4, 9, 11) else 0) for degree, step in moved.items())


def test_what_cannot_be_composed_is_refused(composer: Composer, piece: LeadSheet) -> None:
    with pytest.raises(InputError, match="no bars"):
        composer.compose([], 0, 0)
    with pytest.raises(InputError, match="tonic"):
        composer.compose(song(), 12, 0)
    with pytest.raises(InputError, match="bar 0"):
        composer.compose([BarPlan(MIDDLE, like=0)], 0, 0)
    with pytest.raises(InputError, match="3 beats in a bar"):
        composer.compose(song(), 0, 0, melody=replace(piece, beats_per_bar=3))
