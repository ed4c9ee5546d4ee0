"""EMOPIA for the readers of music: piano pieces, their quadrants, and how they sound; one half each for guide and judge."""

from __future__ import annotations

import csv
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.music_measures import notes_of
from emogen.media.score import Score, read_midi
from emogen.media.score_sound import heard
from emogen.training.halves import half
from emogen.training.packs import pack

Role = Literal["guide", "judge"]
#: Quadrant of valence and arousal -> term: one feeling for each corner (own choice).
LABELS = {"Q1": "joy", "Q2": "anger", "Q3": "sadness", "Q4": "calm"}
#: Felt valence and arousal of a quadrant's pieces: only the signs are known, half way out is the least wrong.
VAD = {"Q1": (0.5, 0.5), "Q2": (-0.5, 0.5), "Q3": (-0.5, -0.5), "Q4": (0.5, -0.5)}


@dataclass(frozen=True)
class Piece:
    """A clip: its score, notes [n, 4] (start s, end s, pitch, velocity), plain sound (16 kHz), label, song."""

    score: Score
    notes: NDArray[np.float64]
    samples: NDArray[np.float32]
    label: str
    vad: tuple[float, float]
    song: str


@dataclass(frozen=True)
class Notes:
    """A clip without its sound: notes [n, 4] (start s, end s, pitch, velocity), quadrant "Q1" .. "Q4", song."""

    notes: NDArray[np.float64]
    quadrant: str
    song: str


def read_notes(role: Role, data_dir: str | Path | None = None) -> Iterator[Notes]:
    """The notes of one half of the pack music/emopia."""
    folder, wanted = pack("music/emopia", data_dir), "judge" if role == "judge" else "maker"
    for row, score in _labelled(folder, wanted):
        yield Notes(notes_of(score), row["quadrant"], row["song"])


def read_pieces(role: Role, data_dir: str | Path | None = None) -> Iterator[Piece]:
    """The clips of one half of the pack music/emopia."""
    folder, wanted = pack("music/emopia", data_dir), "judge" if role == "judge" else "maker"
    for row, score in _labelled(folder, wanted):
        quadrant = row["quadrant"]
        yield Piece(score, notes_of(score), heard(score).samples, LABELS[quadrant], VAD[quadrant], row["song"])


def _labelled(folder: Path, wanted: str) -> Iterator[tuple[dict[str, str], Score]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if half(f"emopia/{r['song']}") == wanted]
    with tempfile.TemporaryDirectory() as place, tarfile.open(folder / "midi.tar.gz") as tar:
        tar.extractall(place, filter="data")
        files = {p.name: p for p in Path(place).rglob("*.mid")}
        for row in rows:
            yield row, read_midi(files[Path(row["file"]).name])
