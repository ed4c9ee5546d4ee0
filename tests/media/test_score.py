"""Pieces survive the way to a MIDI file and back, and other programs read the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError, LimitError
from emogen.media.provenance import Provenance, read_provenance
from emogen.media.score import KEYS, Note, Score, Track, read_midi, write_midi

PIECE = Score(
    (
        Track("Melody – Flöte", 73, False, (Note(0.0, 1.0, 60, 80), Note(1.0, 0.5, 64, 90), Note(4.0, 2.0, 67, 1))),
        Track("Bass", 32, False, (Note(0.0, 4.0, 36, 127),)),
        Track("Kit", 0, True, (Note(0.0, 0.25, 36, 100), Note(2.0, 0.25, 38, 100))),
    ),
    tempos=((0.0, 90.0), (4.0, 120.0)),
    time_signature=(3, 4),
    key="F#m",
    markers=((0.0, "calm"), (4.0, "joy")),
)


def test_a_piece_comes_back(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", PIECE, provenance=Provenance(emotion="joy", seed=1))
    assert read_midi(path) == PIECE
    assert read_provenance(path) == Provenance(emotion="joy", seed=1)
    assert PIECE.duration_s == pytest.approx(4 * 60 / 90 + 2 * 60 / 120)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 127), st.integers(0, 20)),
        st.tuples(st.integers(1, 480), st.integers(1, 127)),
        min_size=1,
        max_size=30,
    ),
    st.floats(20, 300),
    st.sampled_from([key for pair in KEYS.values() for key in pair]),
)
@settings(max_examples=40, deadline=None)
def test_any_notes_survive(tmp_path_factory: pytest.TempPathFactory, notes: dict, bpm: float, key: str) -> None:
    played = (Note(float(beat), ticks / 480, pitch, loud) for (pitch, beat), (ticks, loud) in notes.items())
    piece = Score((Track("t", 5, False, tuple(sorted(played))),), tempos=((0.0, bpm),), key=key)
    got = read_midi(write_midi(tmp_path_factory.mktemp("midi") / "a.mid", piece))
    assert got.tracks == piece.tracks
    assert got.key == key
    assert got.tempos[0][1] == pytest.approx(bpm, abs=2e-3)


def test_other_programs_read_the_same(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", PIECE, provenance=Provenance(emotion="joy"))
    heard = pretty_midi.PrettyMIDI(str(path))
    assert [(i.program, i.is_drum, len(i.notes)) for i in heard.instruments] == [(73, False, 3), (32, False, 1), (0, True, 2)]
    assert heard.get_end_time() == pytest.approx(PIECE.duration_s, abs=1e-3)
    assert heard.get_tempo_changes()[1] == pytest.approx([90, 120], abs=1e-3)
    raw = mido.MidiFile(path, charset="utf-8")
    assert (raw.type, raw.ticks_per_beat) == (1, 480)
    assert [m.text for m in raw.tracks[0] if m.type == "marker"] == ["calm", "joy"]
    assert raw.tracks[1].name == "Melody – Flöte"
    assert {m.channel for m in raw.tracks[3] if m.type == "note_on"} == {9}
    assert raw.tracks[0][0].type == "text"


def test_the_same_piece_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [write_midi(tmp_path / f"{i}.mid", PIECE, provenance=Provenance(seed=2)) for i in range(2)]
    assert len({hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}) == 1


def test_a_note_ends_before_the_next_of_its_pitch_begins(tmp_path: Path) -> None:
    track = Track("t", 0, False, (Note(0.0, 1.0, 60, 80), Note(1.0, 1.0, 60, 80)))
    path = write_midi(tmp_path / "a.mid", Score((track,)))
    kinds = [m.type for m in mido.MidiFile(path).tracks[1] if m.type.startswith("note")]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tempos": ()}, "tempo changes"),
        ({"tempos": ((1.0, 90.0),)}, "the first at 0"),
        ({"tempos": ((0.0, 1e9),)}, "a tempo of"),
        ({"tempos": ((0.0, float("nan")),)}, "a tempo of nan"),
        ({"time_signature": (3, 5)}, "the metre 3/5"),
        ({"key": "H"}, 'the key "H"'),
        ({"markers": ((-1.0, "x"),)}, "at beat -1"),
        ({"tracks": tuple(Track(str(i), 0, False, ()) for i in range(16))}, "15 and drums"),
        ({"tracks": (Track("t", 128, False, ()),)}, "program 128"),
        ({"tracks": (Track("t", 0, False, (Note(0.0, 1.0, 128, 1),)),)}, "pitch 0 to 127"),
        ({"tracks": (Track("t", 0, False, (Note(0.0, 1.0, 60, 0),)),)}, "velocity 1 to 127"),
        ({"tracks": (Track("t", 0, False, (Note(0.0, np.inf, 60, 1),)),)}, "finite beats"),
        ({"tracks": (Track("t", 0, False, (Note(-1.0, 1.0, 60, 1),)),)}, "finite beats"),
        ({"tracks": (Track("t", 0, False, (Note(1e6, 1.0, 60, 1),)),)}, "limits.midi_s"),
    ],
)
def test_pieces_that_cannot_be_written_are_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        write_midi(tmp_path / "a.mid", replace(PIECE, **change))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_broken_and_endless_files_are_refused(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", PIECE)
    (tmp_path / "half.mid").write_bytes(path.read_bytes()[:60])
    with pytest.raises(FormatError, match="broken MIDI"):
        read_midi(tmp_path / "half.mid")
    long = mido.MidiFile(ticks_per_beat=480)
    long.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60, time=0), mido.Message("note_off", note=60, time=2**28 - 1)]))
    long.save(tmp_path / "long.mid")
    with pytest.raises(LimitError, match=r"limits.midi_s"):
        read_midi(tmp_path / "long.mid")
