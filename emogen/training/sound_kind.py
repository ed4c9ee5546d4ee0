"""Fits the table that tells voices, music and noise apart: `python -m emogen.training.sound_kind --out FILE.csv`.

Voices: clips of the speech packs, some joined to longer ones, some in noise. Music: pieces of EMOPIA played by many
instruments, whole and melody alone. Noise: made here.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.sound_kind import KINDS, NAMES, measure
from emogen.conditioning.voice_measures import SAMPLE_RATE_HZ, frames
from emogen.media.atomic import atomic_path
from emogen.media.score import Score, Track, read_midi
from emogen.media.score_sound import heard
from emogen.training.packs import pack
from emogen.training.speech_data import read_clips, varied

VOICES, PIECES, NOISES = 300, 200, 120
PROGRAMS = (0, 0, 4, 11, 19, 24, 30, 40, 48, 56, 65, 71, 73, 81, 89)  # General MIDI: keys to synthesisers
LONGEST_S = 15


def voices(rng: np.random.Generator, data_dir: Path | None) -> Iterator[NDArray[np.float32]]:
    """Clips, every third with two more after it, every other one changed."""
    clips = [c.samples for c in read_clips(("speech/ravdess", "speech/emodb", "speech/nemo_pl", "speech/tess"), data_dir)]
    for number in range(VOICES):
        count = 3 if number % 3 == 0 else 1
        joined = np.concatenate([clips[i] for i in rng.integers(0, len(clips), count)])
        yield varied(joined, rng) if number % 2 else joined


def music(rng: np.random.Generator, data_dir: Path | None) -> Iterator[NDArray[np.float32]]:
    """Excerpts of 3-15 s by one of many instruments, every third the highest line alone."""
    import tarfile
    import tempfile

    with tempfile.TemporaryDirectory() as place, tarfile.open(pack("music/emopia", data_dir) / "midi.tar.gz") as tar:
        tar.extractall(place, filter="data")
        files = sorted(Path(place).rglob("*.mid"))
        for number, at in enumerate(rng.permutation(len(files))[:PIECES]):
            score = read_midi(files[at])
            seconds = rng.uniform(3, LONGEST_S)
            start = rng.uniform(0, max(0.1, score.duration_s - seconds))
            excerpt = _played(score, start, start + seconds, int(rng.choice(PROGRAMS)), alone=number % 3 == 0)
            if any(track.notes for track in excerpt.tracks):
                samples = heard(excerpt).samples
                yield varied(samples, rng) if number % 2 else samples


def _played(score: Score, start_s: float, end_s: float, program: int, *, alone: bool) -> Score:
    """A part of a piece by another instrument, from its beginning; all of it or the highest line."""
    tracks = []
    for track in score.tracks:
        notes = [n for n in track.notes if start_s <= score.seconds(n.start_beat) < end_s]
        if alone:
            top: dict[float, int] = {}
            for note in notes:
                top[round(note.start_beat, 1)] = max(top.get(round(note.start_beat, 1), 0), note.pitch)
            notes = [n for n in notes if n.pitch == top[round(n.start_beat, 1)]]
        first = min((n.start_beat for n in notes), default=0.0)
        moved = tuple(replace(n, start_beat=n.start_beat - first) for n in notes)
        tracks.append(Track(track.name, program, track.is_drum, moved))
    return replace(score, tracks=tuple(tracks), tempos=score.tempos[:1])


def noises(rng: np.random.Generator) -> Iterator[NDArray[np.float32]]:
    """White to brown noise, hums, clicks, swept and beating tones."""
    for number in range(NOISES):
        n = int(rng.uniform(1, 10) * SAMPLE_RATE_HZ)
        t = np.arange(n) / SAMPLE_RATE_HZ
        white = np.fft.rfft(rng.standard_normal(n))
        hz = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE_HZ), 20.0)
        x = np.fft.irfft(white / hz ** rng.uniform(0, 1.2), n)
        x /= np.abs(x).max()
        if number % 3 == 1:
            x = x * rng.uniform(0.02, 0.3) + np.sign(np.sin(2 * np.pi * rng.choice([50, 60, 100, 120, 400]) * t)) * 0.3
        if number % 3 == 2:
            x = x * 0.05 + (rng.random(n) < rng.uniform(2, 20) / SAMPLE_RATE_HZ) * rng.choice([-1.0, 1.0], n)
        if number % 5 == 0:
            x = x * (0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.1, 8) * t))
        yield (0.5 * x).astype(np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    parser = argparse.ArgumentParser(description="Fits the table that tells voices, music and noise apart.")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    rows, kinds = [], []
    for kind, sounds in enumerate((voices(rng, given.data), music(rng, given.data), noises(rng))):
        for samples in sounds:
            rows.append(measure(frames(samples)))
            kinds.append(kind)
    x, y = np.stack(rows), np.array(kinds)
    mean, spread = x.mean(axis=0), x.std(axis=0)
    standard = ((x - mean) / spread).clip(-4.0, 4.0)
    model = LogisticRegression(C=0.3, class_weight="balanced", max_iter=2000)
    found = cross_val_predict(model, standard, y, cv=5)
    print("right:", {kind: round(float((found[y == i] == i).mean()), 3) for i, kind in enumerate(KINDS)})
    model.fit(standard, y)
    with atomic_path(given.out) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["measure", "mean", "spread", *KINDS])
        for i, name in enumerate(NAMES):
            writer.writerow([name, f"{mean[i]:.5g}", f"{spread[i]:.5g}", *(f"{w:.4f}" for w in model.coef_[:, i])])
        writer.writerow(["bias", "", "", *(f"{b:.4f}" for b in model.intercept_)])


if __name__ == "__main__":
    main()
