"""What becomes of difficult input: each is made on the spot and given as a user gives it."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.errors import EmogenError
from emogen.media.score import Note, Score, Track, write_midi
from emogen.training import kept
from emogen.training.music_standing import bench as of
from emogen.training.music_standing.bench import EMBEDDED, Bench
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing.inputs import FAILED, REFUSED, Tried

PART = "inputs"
MADE = "made"
Given = dict[str, Any]
TUNE = (60, 62, 64, 65, 67, 67, 64, 60, 65, 64, 62, 60, 62, 64, 62, 60)


def measure(bench: Bench, run: bool = True) -> list[Tried] | None:
    """All of them."""
    reading = (of.ROOT / "media" / "midi.py", of.ROOT / "media" / "score.py", of.ROOT / "codecs" / "*.py")
    here = kept.version(Path(__file__), *reading, *of.MUSIC, weights=of.LEARNT_FROM)
    found = bench.kept(PART, here, partial(_measure, bench), run=run)
    return None if found is None else [Tried(**row) for row in found]


def _measure(bench: Bench) -> list[dict[str, Any]]:
    print("inputs", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return [asdict(tried(bench, *row)) for row in made(Path(folder))]


def tried(bench: Bench, name: str, wanted: str, given: Given) -> Tried:
    """Asks for it; what comes out has to be music of the length asked for."""
    asked: Given = {"emotion": "joy", "seconds": 8.0, "seed": 1} | given
    try:
        score = bench.pipe(EMBEDDED).write(asked.pop("emotion"), **asked)
    except EmogenError as error:
        said = str(error)
        for value in given.values():
            if isinstance(value, Path):
                said = said.replace(str(value), value.name)
        return Tried(name, wanted, REFUSED, said)
    except Exception as error:  # whatever else comes is what this looks for
        return Tried(name, wanted, FAILED, f"{type(error).__name__}: {error}")
    notes = [n for t in score.tracks for n in t.notes]
    told = f"{score.duration_s:.1f} s, {len(score.tracks)} tracks, {len(notes)} notes, {score.key}"
    whole = bool(notes) and all(
        np.isfinite([n.start_beat, n.duration_beat]).all() and 0 <= n.pitch <= 127 for n in notes
    )
    return Tried(name, wanted, MADE if whole else FAILED, told)


def made(folder: Path) -> Iterator[tuple[str, str, Given]]:
    """(what, what should become of it, arguments) of each input."""
    for name, wanted, data in files(folder):
        path = folder / f"{name.replace(' ', '_').replace('/', '_').replace(',', '')}.mid"
        if isinstance(data, Score):
            write_midi(path, data)
        else:
            path.write_bytes(data)
        yield f"tune: {name}", wanted, {"like": path, "seconds": None}
    yield "tune: not there", REFUSED, {"like": folder / "none.mid"}
    yield (
        "tune: a score with a negative duration",
        REFUSED,
        {"like": Score((Track("a", 0, False, (Note(0, -1.0, 60, 80),)),))},
    )
    yield (
        "tune: a score with a tempo of 0",
        REFUSED,
        {"like": Score((Track("a", 0, False, (Note(0, 1.0, 60, 80),)),), ((0.0, 0.0),))},
    )
    yield "an unknown instrument", REFUSED, {"instruments": "kazoophone"}
    yield "instruments by name", MADE, {"instruments": "strings,piano"}
    yield "one instrument", MADE, {"instruments": "piano"}
    yield "a key against the emotion", MADE, {"emotion": "sadness", "key": "C major"}
    yield "a key that is none", REFUSED, {"key": "H minor"}
    yield "an unknown fader", REFUSED, {"attributes": {"wobble": 1.0}}
    yield "a fader out of range", REFUSED, {"attributes": {"density": 40.0}}
    yield "a tempo of 0", REFUSED, {"tempo_bpm": 0.0}
    yield "a tempo that is not a number", REFUSED, {"tempo_bpm": float("nan")}
    yield "0 seconds", REFUSED, {"seconds": 0.0}
    yield "seconds without end", REFUSED, {"seconds": float("inf")}
    yield "the shortest piece", MADE, {"seconds": 2.0}
    yield "an emotion that is no word", REFUSED, {"emotion": "qwertz"}
    yield (
        "twenty turns in 8 s",
        MADE,
        {"emotion": "; ".join(f"{0.4 * k:g}s {('joy', 'sadness', 'anger')[k % 3]}" for k in range(20))},
    )
    yield "neutral", MADE, {"emotion": "neutral"}
    yield "beyond full intensity", MADE, {"emotion": "anger:1.5"}


def files(folder: Path) -> Iterator[tuple[str, str, Score | bytes]]:
    """MIDI files: (what, what should become of it, the score or the bytes)."""

    def tune(metre: tuple[int, int] = (4, 4), program: int = 0, times: int = 2, **more: Any) -> Score:
        notes = tuple(Note(float(i), 1.0, p, 80) for i, p in enumerate(TUNE * times))
        return Score((Track("tune", program, False, notes),), time_signature=metre, **more)

    whole = write_midi(folder / "whole.mid", tune()).read_bytes()
    yield "a plain one", MADE, tune()
    yield "in 3/4", MADE, tune((3, 4))
    yield "in 5/4", MADE, tune((5, 4))
    yield "in 7/8", MADE, tune((7, 8))
    yield "in 6/8", MADE, tune((6, 8))
    yield "one note", "", Score((Track("tune", 0, False, (Note(0, 1, 60, 80),)),))
    yield "without notes", REFUSED, Score(())
    yield "drums alone", REFUSED, Score((Track("kit", 0, True, tuple(Note(float(i), 0.2, 36, 80) for i in range(16))),))
    yield (
        "all notes at once",
        "",
        Score((Track("tune", 0, False, tuple(Note(0.0, 4.0, p, 80) for p in range(40, 90))),)),
    )
    yield "very fast", MADE, tune(tempos=((0.0, 400.0),))
    yield "tempo changes", MADE, tune(tempos=((0.0, 60.0), (8.0, 140.0), (16.0, 90.0)))
    yield "ten million notes", REFUSED, _many(10_000_000)
    yield "running status without a status", REFUSED, _raw(b"\x00\x3c\x40" * 40)
    yield (
        "running status, well used",
        MADE,
        _raw(b"\x00\x90" + _played(TUNE * 2)),
    )
    yield (
        "tempo 0",
        "",
        _raw(b"\x00\xff\x51\x03\x00\x00\x00" + b"\x00\x90" + _played(TUNE)),
    )
    yield "cut off", REFUSED, whole[: len(whole) * 2 // 3]
    yield "not MIDI", REFUSED, b"RIFF" + bytes(200)
    yield "empty", REFUSED, b""


def _played(pitches: Sequence[int]) -> bytes:
    """Notes of a beat each under a running status: pitch and velocity, and between them the time."""
    return b"\x00".join(b"%c\x50\x60%c\x00" % (p, p) for p in pitches)


def _raw(events: bytes) -> bytes:
    body = events + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", len(body)) + body


def _many(count: int) -> bytes:
    """A file of so many notes: larger than what is read, and quickly made."""
    return _raw(b"\x00\x90" + b"\x3c\x50\x01\x3c\x00\x01" * count)


def goals(rows: list[Tried]) -> Iterator[Goal]:
    """What was aimed at."""
    right = sum(row.right for row in rows)
    yield Goal("difficult input", "all", f"{right} of {len(rows)}", right == len(rows))


def section(rows: list[Tried]) -> Iterator[str]:
    """A table."""
    yield "### Difficult input\n"
    yield "What becomes of it: music of the length asked for, or a message. Restyled tunes keep their own length.\n"
    yield from table(
        ["", "outcome", ""],
        [[row.name, row.outcome if row.right else f"**{row.outcome}**", row.said.replace("|", "/")] for row in rows],
    )
    yield ""
