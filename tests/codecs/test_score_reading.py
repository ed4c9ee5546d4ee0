"""Reading any score as a lead sheet: bars, melody, chords, key; performances; and what is refused."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.bar_lines import beats_in_bar
from emogen.codecs.beat_grid import beats_of
from emogen.codecs.lead_sheet import LeadSheet
from emogen.codecs.score_reading import read_sheet
from emogen.errors import EmogenError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.score import Note, Score, Track, read_midi
from emogen.training.packs import data_folder

SONGS = data_folder() / "music/pop909/songs.tar.xz"
#: A tune of our own over I-vi-IV-V in C: bars of (pitch, beats).
TUNE = (
    ((67, 1.0), (64, 0.5), (65, 0.5), (67, 2.0)),
    ((69, 1.0), (67, 0.5), (64, 0.5), (60, 2.0)),
    ((65, 1.0), (69, 1.0), (72, 1.0), (69, 1.0)),
    ((71, 1.5), (69, 0.5), (67, 2.0)),
)
CHORDS = ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50))


def song(rounds: int = 4, beats: int = 4, start: float = 0.0, names: tuple[str, str] = ("", "")) -> Score:
    """The tune `rounds` times with broken chords; bars of 3 or 4 beats; `start`: where its first bar begins."""
    melody, under = [], []
    for bar in range(4 * rounds):
        at, last = start + bar * beats, TUNE[bar % 4]
        t = 0.0
        for pitch, length in last:
            if t < beats:
                melody.append(Note(at + t, 0.9 * min(length, beats - t), pitch, 90))
            t += length
        low, *rest = CHORDS[bar % 4]
        under.append(Note(at, float(beats), low - 12, 70))
        under += [Note(at + k, 0.9, pitch, 60) for k in range(1, beats) for pitch in (low, *rest)]
    return Score(
        (Track(names[0], 0, False, tuple(under)), Track(names[1], 0, False, tuple(melody))), ((0.0, 96.0),), (beats, 4)
    )


def pitches(sheet: LeadSheet) -> list[int]:
    return [n.pitch for n in sheet.melody]


def sound(sheet: LeadSheet) -> None:
    """What holds of every sheet."""
    assert 0 <= sheet.tonic < 12
    assert sheet.mode in ("major", "minor")
    assert sheet.bars >= 1
    assert sheet.chords[0].start_beat == 0.0
    ends = [c.start_beat + c.duration_beat for c in sheet.chords]
    assert ends[:-1] == [c.start_beat for c in sheet.chords[1:]]
    assert ends[-1] == sheet.beats
    for before, after in zip(sheet.melody, sheet.melody[1:], strict=False):
        assert before.start_beat + before.duration_beat <= after.start_beat
    for n in (*sheet.melody, *sheet.accompaniment):
        assert n.duration_beat > 0
        assert 0 <= n.start_beat < sheet.beats
        assert n.start_beat + n.duration_beat <= sheet.beats
        assert (4 * n.start_beat) % 1 == 0


def test_a_song_is_read_as_it_was_written():
    score = song()
    sheet = read_sheet(score)
    sound(sheet)
    assert (sheet.tonic, sheet.mode, sheet.beats_per_bar, sheet.bars) == (0, "major", 4, 16)
    assert pitches(sheet) == [n.pitch for n in score.tracks[1].notes]
    assert [n.start_beat for n in sheet.melody] == [n.start_beat for n in score.tracks[1].notes]
    assert [(c.root, c.tones) for c in sheet.chords[:4]] == [
        (0, (0, 4, 7)),
        (9, (0, 3, 7)),
        (5, (0, 4, 7)),
        (7, (0, 4, 7)),
    ]
    assert len(sheet.accompaniment) == len(score.tracks[0].notes)
    assert sheet.bpm == pytest.approx(96.0)


def test_the_name_of_a_track_decides():
    score = song(names=("Lead Vocal", ""))
    assert max(pitches(read_sheet(score))) < 60  # the part that is called so, whatever it plays


def test_one_track_is_taken_apart():
    both = song()
    every = tuple(sorted(n for track in both.tracks for n in track.notes))
    sheet = read_sheet(Score((Track("Piano", 0, False, every),), both.tempos))
    sound(sheet)
    truth = {(n.start_beat, n.pitch) for n in both.tracks[1].notes}
    found = {(n.start_beat, n.pitch) for n in sheet.melody}
    assert 2 * len(truth & found) / (len(truth) + len(found)) > 0.9


def test_a_single_voice_is_all_melody():
    score = song()
    sheet = read_sheet(replace(score, tracks=score.tracks[1:]))
    assert pitches(sheet) == [n.pitch for n in score.tracks[1].notes]
    assert sheet.accompaniment == ()


def test_a_waltz_keeps_its_bars():
    sheet = read_sheet(song(beats=3))
    sound(sheet)
    assert (sheet.beats_per_bar, sheet.bars) == (3, 16)


def test_a_pickup_starts_with_a_rest():
    score = song(start=1.0)
    up = Note(0.0, 0.9, 62, 80)
    tune = replace(score.tracks[1], notes=(up, *score.tracks[1].notes))
    # no written bar lines to trust: the file says 2/4, whose bars of four may begin on either
    sheet = read_sheet(replace(score, tracks=(score.tracks[0], tune), time_signature=(1, 4)))
    sound(sheet)
    assert sheet.melody[0] == Note(3.0, 1.0, 62, 80)
    assert sheet.melody[1].start_beat == 4.0


def test_a_grid_beside_the_written_one_is_found():
    late = song(start=0.08)
    sheet = read_sheet(late)
    assert [n.start_beat for n in sheet.melody] == [n.start_beat for n in song().tracks[1].notes]


def test_triplets_go_to_the_nearest_sixteenths():
    notes = tuple(Note(k / 3, 0.3, 60 + k % 3 * 2, 80) for k in range(48))
    sheet = read_sheet(Score((Track("melody", 0, False, notes),)))
    sound(sheet)
    assert pitches(sheet) == [n.pitch for n in notes]
    assert [n.start_beat for n in sheet.melody[:4]] == [0.0, 0.25, 0.75, 1.0]


@pytest.mark.parametrize(
    ("metre", "bar"),
    [((4, 4), 4), ((3, 4), 3), ((6, 8), 3), ((5, 4), 5), ((7, 8), 7), ((2, 4), 4), ((12, 8), 6), ((9, 8), 9), ((2, 2), 4),
     ((3, 8), 3), ((255, 64), 4)],
)  # fmt: skip
def test_metres_become_bars_of_quarters(metre: tuple[int, int], bar: int):
    assert beats_in_bar(metre)[0] == bar
    sheet = read_sheet(replace(song(), time_signature=metre))
    sound(sheet)
    assert sheet.beats_per_bar == bar


def performed(score: Score, bpm: float, seed: int = 0) -> Score:
    """Played freely and written down at a tempo that says nothing: 120 beats a minute, where the beats are `bpm`."""
    rng = np.random.default_rng(seed)
    lengths = 60.0 / (bpm * np.exp(0.02 * rng.standard_normal(400)))
    times = np.concatenate([[0.3], 0.3 + np.cumsum(lengths)])

    def at(beat: float) -> float:
        return 2.0 * float(np.interp(beat, np.arange(len(times)), times))

    def play(n: Note) -> Note:
        start = at(n.start_beat) + 0.03 * float(rng.standard_normal())
        return Note(max(0.0, start), at(n.start_beat + n.duration_beat) - at(n.start_beat), n.pitch, n.velocity)

    return Score(tuple(replace(t, notes=tuple(play(n) for n in t.notes)) for t in score.tracks))


@pytest.mark.parametrize("bpm", [70.0, 87.0, 104.0])
def test_a_performance_is_laid_on_its_own_beats(bpm: float):
    score = song(rounds=6)
    sheet = read_sheet(performed(score, bpm))
    sound(sheet)
    assert sheet.bpm == pytest.approx(bpm, rel=0.04)
    assert sheet.beats_per_bar == 4
    assert (sheet.tonic, sheet.mode) == (0, "major")
    steps = np.diff([n.start_beat for n in score.tracks[1].notes])
    found = np.diff([n.start_beat for n in sheet.melody])
    assert len(found) == len(steps)
    assert np.mean(found == steps) > 0.9


def test_a_performed_waltz_is_one():
    assert read_sheet(performed(song(rounds=8, beats=3), 92.0)).beats_per_bar == 3


def test_beats_of_even_onsets():
    grid = beats_of(np.arange(0.5, 20.0, 0.325), np.tile([2.0, 1.0], 30))
    assert np.diff(grid.times) == pytest.approx(0.65, abs=0.011)
    assert grid.position(np.array([grid.times[0], grid.times[3], grid.times[-1] + 0.65])) == pytest.approx(
        [0.0, 3.0, len(grid.times)], abs=0.03
    )


def notes(*made: Note, drum: bool = False) -> Score:
    return Score((Track("", 0, drum, made),))


@pytest.mark.parametrize(
    ("score", "found"),
    [
        (Score(()), "no notes"),
        (notes(), "no notes"),
        (notes(Note(0, 1, 36, 100), drum=True), "only drums"),
        (notes(Note(0, -1, 60, 80)), "duration"),
        (notes(Note(float("nan"), 1, 60, 80)), "beats"),
        (notes(Note(0, 1, 200, 80)), "pitch"),
        (replace(notes(Note(0, 1, 60, 80)), tempos=((0.0, 0.0),)), "tempo of 0"),
        (replace(notes(Note(0, 1, 60, 80)), tempos=()), "tempo"),
        (replace(notes(Note(0, 1, 60, 80)), time_signature=(0, 4)), "metre 0/4"),
        ("tune.mid", "found str"),
    ],
)
def test_what_is_no_music_is_refused(score: Score, found: str):
    with pytest.raises(InputError, match=found):
        read_sheet(score)


def test_too_much_is_refused():
    many = notes(*(Note(0, 1, 60, 80),) * (LIMITS.midi_notes + 1))
    with pytest.raises(LimitError, match=r"limits\.midi_notes"):
        read_sheet(many)
    with pytest.raises(LimitError, match=r"limits\.midi_s"):
        read_sheet(notes(Note(0, 1, 60, 80), Note(72_000, 1, 60, 80)))  # ten hours


def test_little_or_odd_music_is_read():
    for score in (
        notes(Note(0, 1, 60, 80)),
        notes(Note(1_000, 0.001, 0, 1)),
        notes(*(Note(0, 2, p, 64) for p in range(128))),
        notes(*(Note(0.37, 0.1, 60, 64) for _ in range(500))),
        Score(
            tuple(Track(f"part {c}", c, False, tuple(Note(k, 1, 40 + 2 * c, 64) for k in range(8))) for c in range(40))
        ),
        notes(*(Note(0.31 * k * k % 97, 0.2, 30 + k % 60, 64) for k in range(300))),
    ):
        sheet = read_sheet(score)
        sound(sheet)
        assert len(sheet.melody) + len(sheet.accompaniment) >= 1
    assert read_sheet(notes(Note(1_000, 0.001, 0, 1))).bars == 1  # silence before the first bar is no music


def test_damaged_files_are_errors_and_never_crash(tmp_path: Path):
    head = b"MThd\0\0\0\6\0\1\0\1\1\xe0"
    rng = np.random.default_rng(5)
    for k in range(60):
        body = bytes([0, 0x90, 60, 80]) + rng.integers(0, 128 if k % 2 else 256, 200, dtype=np.uint8).tobytes()
        path = tmp_path / f"{k}.mid"
        path.write_bytes(head + b"MTrk" + len(body).to_bytes(4, "big") + body)
        try:
            sound(read_sheet(read_midi(path)))
        except EmogenError:
            continue


@pytest.mark.skipif(not SONGS.exists(), reason="the pack music/pop909 is not here")
def test_songs_with_their_names_removed(tmp_path: Path):
    paths: list[Path] = []
    with tarfile.open(SONGS) as pack:
        for member in pack:
            if member.name.endswith(".mid") and len(paths) < 4:
                paths.append(tmp_path / f"{len(paths)}.mid")
                paths[-1].write_bytes(pack.extractfile(member).read())
            if len(paths) == 4:
                break
    for path in paths:
        score = read_midi(path)
        truth = next(t for t in score.tracks if t.name == "MELODY")
        sheet = read_sheet(replace(score, tracks=tuple(replace(t, name="") for t in score.tracks)))
        sound(sheet)
        assert pitches(sheet)[:30] == [n.pitch for n in truth.notes][:30]
