"""POP909 for the composer: songs -> lead sheets on the grid of their beats, stretches of one key in 4/4."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_frames import BEATS_PER_BAR, STEPS_PER_BEAT, VELOCITY
from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.media.score import Note, Score, read_midi
from emogen.pipelines.music.harmony import TONICS
from emogen.training.packs import pack

Part = Literal["train", "validation", "test"]
#: Shares of the songs by the first byte of a hash of their number: 70 % train, 15 % validation, 15 % test.
VALIDATION_FROM, TEST_FROM = 180, 218
#: Stretches of fewer bars are left out.
LEAST_BARS = 8
#: Semitones over the root of the chord names in POP909 (the syntax of Harte et al. 2005).
QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "sus2": (0, 2, 7), "sus4": (0, 5, 7), "min7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11), "7": (0, 4, 7, 10), "sus4(b7)": (0, 5, 7, 10), "maj6": (0, 4, 7, 9), "dim": (0, 3, 6),
    "hdim7": (0, 3, 6, 10), "aug": (0, 4, 8), "min6": (0, 3, 7, 9), "dim7": (0, 3, 6, 9), "minmaj7": (0, 3, 7, 11),
}  # fmt: skip
#: Semitones of the degrees that name a bass.
DEGREES = {"2": 2, "b3": 3, "3": 4, "4": 5, "5": 7, "b5": 6, "6": 9, "b7": 10, "7": 11}


@dataclass(frozen=True)
class Song:
    """A stretch of a song: number of the song, its part of the data, the notes."""

    number: str
    part: Part
    sheet: LeadSheet


def part_of(number: str) -> Part:
    """The part of the data a song belongs to: a function of its number alone."""
    first = hashlib.sha256(f"pop909/{number}".encode()).digest()[0]
    return "train" if first < VALIDATION_FROM else "validation" if first < TEST_FROM else "test"


def read_songs(data_dir: str | Path | None = None) -> list[Song]:
    """The stretches of all songs of the pack music/pop909 that are in 4/4, in order of their numbers."""
    with tempfile.TemporaryDirectory() as place, tarfile.open(pack("music/pop909", data_dir) / "songs.tar.xz") as tar:
        tar.extractall(place, filter="data")
        folders = sorted(p.parent for p in Path(place).rglob("beat_midi.txt"))
        return [Song(f.name, part_of(f.name), sheet) for f in folders for sheet in sheets(f)]


def sheets(folder: Path) -> Iterator[LeadSheet]:
    """The stretches of one song: whole bars of four beats that follow each other, in one key."""
    beats = np.loadtxt(folder / "beat_midi.txt")
    downs = np.flatnonzero(beats[:, 2] > 0.5)
    bars = [int(d) for d, after in pairwise(downs) if after - d == BEATS_PER_BAR]
    times = beats[:, 0]
    keys = [(float(a), float(b), *_key(k)) for a, b, k in _lines(folder / "key_audio.txt")]
    chords = [(float(a), float(b), _chord(name)) for a, b, name in _lines(folder / "chord_midi.txt")]
    score = read_midi(folder / f"{folder.name}.mid")
    for run in _runs(bars, times, keys):
        first, stop = run[0], run[-1] + BEATS_PER_BAR
        tonic, mode = _key_at(keys, (times[first] + times[stop]) / 2)
        yield LeadSheet(
            tonic, mode, BEATS_PER_BAR, len(run), _melody(_notes(score, "MELODY", times, first, stop)),
            _on_beats(chords, times, first, stop),
            _hands(_notes(score, "PIANO", times, first, stop) + _notes(score, "BRIDGE", times, first, stop)),
            bpm=float(60 / np.median(np.diff(times[first : stop + 1]))),
        )  # fmt: skip


def _lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _pitch_class(name: str) -> int:
    return (TONICS[name[0]] + name.count("#") - name.count("b")) % 12


def _key(name: str) -> tuple[int, str]:
    tonic, mode = name.split(":")
    return _pitch_class(tonic), "minor" if mode == "min" else "major"


def _key_at(keys: Sequence[tuple[float, float, int, str]], second: float) -> tuple[int, str]:
    _, _, tonic, mode = min(keys, key=lambda k: max(k[0] - second, second - k[1], 0.0))
    return tonic, mode


def _chord(name: str) -> tuple[int, tuple[int, ...], int] | None:
    """Root, tones and bass; None where no chord sounds."""
    if name == "N":
        return None
    root, _, rest = name.partition(":")
    quality, _, degree = rest.partition("/")
    first = _pitch_class(root)
    return first, QUALITIES[quality], (first + (DEGREES[degree] if degree else 0)) % 12


def _runs(
    bars: Sequence[int], times: NDArray[np.float64], keys: Sequence[tuple[float, float, int, str]]
) -> Iterator[list[int]]:
    """Stretches of bars (their first beats) without a gap and in one key."""
    run: list[int] = []
    before = None
    for bar in bars:
        key = _key_at(keys, (times[bar] + times[bar + BEATS_PER_BAR]) / 2)
        if run and (bar != run[-1] + BEATS_PER_BAR or key != before):
            if len(run) >= LEAST_BARS:
                yield run
            run = []
        run.append(bar)
        before = key
    if len(run) >= LEAST_BARS:
        yield run


def _notes(score: Score, name: str, times: NDArray[np.float64], first: int, stop: int) -> list[tuple[int, int, int]]:
    """(first step, step after the last, pitch) of a track's notes within the beats `first` to `stop`."""
    found = []
    for track in score.tracks:
        if track.name != name:
            continue
        seconds = np.array([(score.seconds(n.start_beat), score.seconds(n.start_beat + n.duration_beat))
                            for n in track.notes])  # fmt: skip
        steps = np.interp(seconds, times, np.arange(len(times)), left=-1, right=len(times))
        steps = np.round((steps - first) * STEPS_PER_BEAT).astype(int)
        end = (stop - first) * STEPS_PER_BEAT
        for (a, b), n in zip(steps, track.notes, strict=True):
            if 0 <= a < end:
                found.append((int(a), min(max(int(b), int(a) + 1), end), n.pitch))
    return sorted(found)


def _melody(notes: Sequence[tuple[int, int, int]]) -> tuple[Note, ...]:
    """One voice: of notes that begin together the highest, each at most until the next."""
    highest = {start: (stop, pitch) for start, stop, pitch in sorted(notes, key=lambda n: (n[0], n[2]))}
    starts = sorted(highest)
    return tuple(
        _note(start, min(highest[start][0], after), highest[start][1])
        for start, after in zip(starts, [*starts[1:], 1 << 30], strict=False)
    )


def _hands(notes: Sequence[tuple[int, int, int]]) -> tuple[Note, ...]:
    """Notes of a piano: a key that is struck again ends what it sounded before."""
    by_pitch: dict[int, dict[int, int]] = {}
    for start, stop, pitch in notes:
        played = by_pitch.setdefault(pitch, {})
        played[start] = max(stop, played.get(start, 0))
    found = []
    for pitch, played in by_pitch.items():
        starts = sorted(played)
        found += [_note(a, min(played[a], b), pitch) for a, b in zip(starts, [*starts[1:], 1 << 30], strict=False)]
    return tuple(sorted(found))


def _note(start: int, stop: int, pitch: int) -> Note:
    return Note(start / STEPS_PER_BEAT, (stop - start) / STEPS_PER_BEAT, pitch, VELOCITY)


def _on_beats(
    chords: Sequence[tuple[float, float, tuple[int, tuple[int, ...], int] | None]],
    times: NDArray[np.float64],
    first: int,
    stop: int,
) -> tuple[Chord, ...]:
    """Chords on whole beats from the first to the last; beats without one get an empty chord."""
    of_beat = []
    for beat in range(first, stop):
        middle = (times[beat] + times[beat + 1]) / 2
        of_beat.append(next((c for a, b, c in chords if a <= middle < b), None))
    starts = [i for i in range(len(of_beat)) if i == 0 or of_beat[i] != of_beat[i - 1]]
    found = []
    for a, b in zip(starts, [*starts[1:], len(of_beat)], strict=True):
        root, tones, bass = of_beat[a] or (0, (), 0)
        found.append(Chord(float(a), float(b - a), root, tones, bass))
    return tuple(found)
