"""Arrangement: the tune stays, faders are heard, parts come and go at bar lines, instruments are who the user names."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.lead_sheet import LeadSheet
from emogen.errors import InputError, LimitError
from emogen.media.score import Score, Track, write_midi
from emogen.pipelines.music.arrange import arranged
from emogen.pipelines.music.attribute_measures import measured
from emogen.pipelines.music.attributes import FEELINGS
from emogen.pipelines.music.orchestra import ENSEMBLES, ROLES
from emogen.pipelines.music.patterns import BASSLINES, FIGURES, bassline, drum_bar, figure, led
from emogen.pipelines.music.performance import ritardando
from tests.pipelines.music_sheets import attributes, sheet


def piece(of: LeadSheet | None = None, instruments: list[str] | None = None, seed: int = 1, **changed: object) -> Score:
    of = of or sheet()
    now = attributes(**changed)
    return arranged(of, lambda bar: now, [now.tempo] * of.bars, instruments, seed)


def tracks(score: Score, role: str) -> list[Track]:
    return [t for t in score.tracks if f"({role})" in t.name]


@pytest.mark.parametrize("feeling", FEELINGS)
def test_the_tune_is_kept_note_by_note(feeling: str) -> None:
    tune = sheet().melody
    for seed in range(3):
        sung = tracks(piece(seed=seed, feeling=feeling), "melody")[0].notes
        assert [round(n.start_beat) for n in sung] == [n.start_beat for n in tune]
        moved = {n.pitch - m.pitch for n, m in zip(sung, tune, strict=True)}
        assert all(m % 12 == 0 for m in moved)


@pytest.mark.parametrize("beats", [3, 4])
@pytest.mark.parametrize("accompanied", [True, False])
def test_every_feeling_makes_a_whole_piece(tmp_path: Path, beats: int, accompanied: bool) -> None:
    for feeling in FEELINGS:
        score = piece(sheet(9, beats, accompanied=accompanied), feeling=feeling, loudness=90.0)
        assert score.end_beat == pytest.approx(9 * beats, abs=0.05)
        assert all(any(f"({role})" in t.name for role in ROLES) for t in score.tracks)
        assert tracks(score, "melody")
        assert tracks(score, "harmony")
        assert tracks(score, "bass")
        write_midi(tmp_path / "a.mid", score)
        lowest = min(n.pitch for t in tracks(score, "bass") for n in t.notes)
        assert lowest < 52


def test_loudness_dynamics_and_articulation_are_what_the_faders_say() -> None:
    for name, values in {"loudness": (40, 70, 105), "dynamics": (3, 8, 15), "articulation": (0.4, 0.7, 1.0)}.items():
        for value in values:
            assert measured(piece(**{name: float(value)}))[name] == pytest.approx(value, rel=0.06)


def test_the_bass_fader_moves_the_lowest_notes() -> None:
    for accompanied in (True, False):
        depths = [measured(piece(sheet(accompanied=accompanied), bass=b))["bass"] for b in (0.2, 0.5, 0.8)]
        assert depths == sorted(depths)
        assert depths[2] > depths[0] + 0.2


def test_polyphony_fills_the_chords() -> None:
    thin, full = (measured(piece(polyphony=p, loudness=95.0))["polyphony"] for p in (1.0, 5.0))
    assert thin + 1 < full


def test_rhythm_drives_the_figures_where_the_sheet_has_no_accompaniment() -> None:
    rates = [measured(piece(sheet(accompanied=False), rhythm=r))["rhythm"] for r in (0.5, 1.0, 2.0)]
    assert rates == sorted(rates)
    assert rates[2] > 1.8 * rates[0]


def test_a_piece_begins_thin_builds_and_ends_together() -> None:
    score = piece(sheet(25), feeling="joy", loudness=85.0, seed=0)
    heard = [{t.name for t in score.tracks for n in t.notes if b * 4 <= n.start_beat + 0.1 < b * 4 + 4} for b in range(25)]
    assert len(heard[0]) < len(heard[16])
    # parts enter where a phrase begins
    entries = [b for b in range(1, 24) if heard[b] - heard[b - 1]]
    assert all(b % 4 == 0 or heard[b] - heard[b - 1] <= set().union(*heard[:b]) for b in entries)
    ends = {
        round(max(n.start_beat + n.duration_beat for n in t.notes), 1)
        for t in score.tracks
        if not t.is_drum and any(n.start_beat > 95 for n in t.notes)
    }
    assert all(99.8 <= e <= 100 for e in ends)
    last = [n for t in tracks(score, "bass") for n in t.notes if n.start_beat > 95]
    assert {n.pitch % 12 for n in last} == {0}


def test_calm_and_sad_pieces_have_no_drums_and_loud_joy_has() -> None:
    assert not any(t.is_drum for f in ("calm", "sadness") for t in piece(sheet(17), feeling=f, loudness=100.0).tracks)
    drums = [t for t in piece(sheet(17), feeling="joy", loudness=100.0).tracks if t.is_drum]
    assert len(drums) == 1
    assert len({n.pitch for n in drums[0].notes}) >= 4
    # drums keep time
    assert all(n.start_beat * 4 == round(n.start_beat * 4) for n in drums[0].notes)


def test_phrases_swell_and_fall() -> None:
    score = piece(dynamics=12.0, feeling="calm")
    sung = tracks(score, "melody")[0].notes
    mean = [np.mean([n.velocity for n in sung if a <= n.start_beat + 0.1 < a + 4]) for a in range(0, 16, 4)]
    assert mean[2] > mean[0] + 3
    assert mean[2] > mean[3]


def test_a_changing_emotion_changes_instruments_at_bar_lines_only() -> None:
    def at(bar: int) -> object:
        return attributes(feeling="sadness", loudness=50.0) if bar < 8 else attributes(feeling="anger", loudness=105.0)

    score = arranged(sheet(16), at, [70.0] * 8 + [120.0] * 8, None, 2)  # type: ignore[arg-type]
    before, after = (
        {t.name for t in score.tracks for n in t.notes if a <= n.start_beat + 0.1 < b} for a, b in ((28, 32), (32, 36))
    )
    assert before != after
    assert score.tempos == ((0.0, 70.0), (32.0, 120.0))
    loud = [np.mean([n.velocity for t in score.tracks for n in t.notes if a <= n.start_beat < a + 16]) for a in (0, 48)]
    assert loud[0] + 40 < loud[1]
    # one bar of another feeling is no reason to change the orchestra
    one = arranged(
        sheet(8), lambda b: attributes(feeling="anger" if b == 3 else "calm"), [100.0] * 8, None, 2
    )  # fmt: skip
    assert {t.name for t in one.tracks} == {t.name for t in piece(feeling="calm", seed=2, tempo=100.0).tracks}


def test_never_more_parts_than_midi_has_channels(tmp_path: Path) -> None:
    score = arranged(sheet(32), lambda b: attributes(feeling=FEELINGS[b // 4], loudness=105.0), [100.0] * 32, None, 5)
    assert sum(not t.is_drum for t in score.tracks) <= 15
    write_midi(tmp_path / "a.mid", score)


def test_the_seed_chooses_and_repeats() -> None:
    assert piece(seed=4) == piece(seed=4)
    orchestras = {tuple(t.name for t in piece(seed=s, feeling="joy").tracks) for s in range(12)}
    assert len(orchestras) >= 3


def test_the_pad_moves_little_from_chord_to_chord() -> None:
    chords = ([0, 4, 7], [9, 0, 4], [5, 9, 0], [7, 11, 2], [0, 4, 7])
    voiced: list[list[int]] = []
    for chord in chords:
        voiced.append(led(chord, voiced[-1] if voiced else [], 3, 50, 74))
    for tones, chord in zip(voiced, chords, strict=True):
        assert sorted(t % 12 for t in tones) == sorted(chord)
    assert all(max(abs(a - b) for a, b in zip(x, y, strict=True)) <= 4 for x, y in pairwise(voiced))


def test_figures_and_basses_fill_their_time() -> None:
    for beats in (1.0, 2.0, 3.0, 4.0):
        for name in FIGURES:
            for rhythm in (0.25, 1.0, 4.0):
                for at, length, pitches, _ in figure(name, (48, 52, 55), beats, rhythm):
                    assert 0 <= at < at + length <= beats + 1e-9
                    assert pitches
        for name in BASSLINES:
            strokes = bassline(name, 36, 43, 41, beats)
            assert strokes[0][0] == 0.0
            assert strokes[0][2] == (36,)
            assert max(at + length for at, length, *_ in strokes) <= beats + 1e-9


def test_drums_grow_with_the_level() -> None:
    for style in {e.drums for es in ENSEMBLES.values() for e in es if e.drums}:
        sizes = [len(drum_bar(style, level, 4)) for level in (0.0, 0.5, 1.0)]
        assert 0 < sizes[0] < sizes[2]
        assert sizes == sorted(sizes)
        assert all(at < 3 for at, *_ in drum_bar(style, 1.0, 3))


def test_a_single_piano_plays_alone() -> None:
    score = piece(sheet(17), ["piano"], feeling="anger", loudness=105.0)
    assert {t.program for t in score.tracks} == {0}
    assert not any(t.is_drum for t in score.tracks)


@pytest.mark.parametrize(
    ("names", "who"),
    [
        (["strings", "piano"], {"Violin (melody)", "Grand piano (harmony)", "Cello (bass)"}),
        (["Violin", "CELLO", "piano"], {"Violin (melody)", "Grand piano (harmony)", "Cello (bass)"}),
        (["flutes", "guitar", "acoustic-bass"], {"Flute (melody)", "Nylon guitar (harmony)", "Acoustic bass (bass)"}),
    ],
)
def test_named_instruments_get_the_part_they_are_made_for(names: list[str], who: set[str]) -> None:
    score = piece(sheet(17), names, loudness=95.0, feeling="joy")
    assert who <= {t.name for t in score.tracks}
    assert not any(t.is_drum for t in score.tracks)
    assert any(t.is_drum for t in piece(sheet(17), [*names, "drums"], loudness=95.0, feeling="joy").tracks)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["violn"], "violin"),
        ([], "none named"),
        (["drums"], "nobody"),
        (["kazoo orchestra"], "Strings"),
        (["\0"], "unknown"),
    ],
)
def test_unknown_instruments_are_refused_with_near_names(names: list[str], message: str) -> None:
    with pytest.raises(InputError, match="instruments") as caught:
        piece(instruments=names)
    assert message in str(caught.value)


def test_too_many_instruments() -> None:
    with pytest.raises(LimitError, match="instruments"):
        piece(instruments=["piano"] * 9)


def test_ritardando_slows_the_end_and_keeps_the_length() -> None:
    tempos = [100.0] * 10
    slowed = ritardando(tempos)
    assert sum(1 / t for t in slowed) == pytest.approx(sum(1 / t for t in tempos))
    assert slowed[-1] < slowed[-2] < slowed[0] < 115
    assert slowed[-1] < 85
    assert ritardando([90.0]) == [90.0]


def test_what_is_missing_in_a_sheet_is_no_stumbling_block() -> None:
    whole = sheet()
    for changed in ({"melody": ()}, {"chords": ()}, {"melody": (), "accompaniment": ()}):
        made = piece(LeadSheet(**{**whole.__dict__, **changed}))  # type: ignore[arg-type]
        assert sum(len(t.notes) for t in made.tracks)
    assert piece(sheet(1)).end_beat == pytest.approx(4, abs=0.05)
