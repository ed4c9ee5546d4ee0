"""What the composer writes beside songs it has not learnt from: the figures of its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_frames import LeadFramesCodec
from emogen.codecs.lead_sheet import LeadSheet
from emogen.evaluation.metrics import notes, spearman
from emogen.pipelines.music.attributes import FADERS, Attributes
from emogen.pipelines.music.composer import Composer
from emogen.pipelines.music.composer_content import FADED, measured_frames
from emogen.pipelines.music.form import laid_out
from emogen.training.composer_data import Song

#: Bars of a piece, pieces, and values along a fader with pieces at each.
BARS, PIECES, SWEEP, TAKES = 24, 100, 7, 4
#: Values at the ends of the sweeps: what the songs hold, and as far again (`FADERS` goes further in some).
RANGES = {
    "register": (-12.0, 12.0), "density": (0.5, 3.0), "rhythm": (0.5, 4.0), "polyphony": (1.5, 5.0),
    "dissonance": (0.0, 0.7), "harmony": (0.5, 3.0), "bass": (0.1, 0.8),
}  # fmt: skip
#: A copied tune of more notes than this is a copy; own choice.
COPIED = 12


@dataclass(frozen=True)
class Statistic:
    """A number of a lead sheet and what it is called."""

    name: str
    of: Callable[[LeadSheet], float]


def _every(sheet: LeadSheet) -> NDArray[np.float64]:
    """All notes [n, 3]: onset, end (beats), pitch."""
    return np.array([(n.start_beat, n.start_beat + n.duration_beat, n.pitch)
                     for n in (*sheet.melody, *sheet.accompaniment)])  # fmt: skip


def _intervals(sheet: LeadSheet) -> NDArray[np.float64]:
    return np.abs(np.diff([n.pitch for n in sheet.melody]))


def _on_chord(sheet: LeadSheet) -> float:
    """Share of the melody's notes on the first and third beat that belong to the chord."""
    found = []
    for n in sheet.melody:
        if n.start_beat % 2 == 0:
            chord = next(
                (c for c in sheet.chords if c.start_beat <= n.start_beat < c.start_beat + c.duration_beat), None
            )
            if chord is not None and chord.tones:
                found.append(n.pitch % 12 in chord.classes)
    return float(np.mean(found)) if found else float("nan")


def _resting(sheet: LeadSheet) -> float:
    """Share of bars whose second half has no new note of the melody: where phrases breathe."""
    late = {int(n.start_beat // 4) for n in sheet.melody if n.start_beat % 4 >= 2}
    sung = {int(n.start_beat // 4) for n in sheet.melody}
    return len(sung - late) / max(len(sung), 1)


STATISTICS = (
    Statistic("pitch-class entropy (bits)", lambda s: notes.pitch_class_entropy(_every(s)[:, 2])),
    Statistic("scale consistency", lambda s: notes.scale_consistency(_every(s)[:, 2])),
    Statistic("groove consistency", lambda s: notes.groove_consistency(_every(s)[:, 0])),
    Statistic("polyphony", lambda s: notes.polyphony(_every(s)[:, 0], _every(s)[:, 1])),
    Statistic("repetition of melody", lambda s: notes.repetition([n.start_beat for n in s.melody],
                                                                [n.pitch for n in s.melody])),
    Statistic("length of a melody note (beats)", lambda s: float(np.mean([n.duration_beat for n in s.melody]))),
    Statistic("notes of melody a bar", lambda s: len(s.melody) / s.bars),
    Statistic("steps in the melody (share)", lambda s: float(np.mean((_intervals(s) > 0) & (_intervals(s) <= 2)))),
    Statistic("leaps beyond a fourth (share)", lambda s: float(np.mean(_intervals(s) > 5))),
    Statistic("chord tones on strong beats (share)", _on_chord),
    Statistic("bars that breathe (share)", _resting),
    Statistic("chords a bar", lambda s: len(s.chords) / s.bars),
)  # fmt: skip


def excerpts(songs: Sequence[Song], bars: int = BARS) -> list[LeadSheet]:
    """Stretches of so many bars with a melody out of songs, one after the other."""
    codec, found = LeadFramesCodec(), []
    for song in songs:
        frames = codec.encode(song.sheet)
        for first in range(0, song.sheet.bars - bars + 1, bars):
            sheet = codec.decode(frames[2 * first : 2 * (first + bars)], song.sheet.tonic, song.sheet.mode)
            if len(sheet.melody) >= 2 * bars:
                found.append(sheet)
    return found


def attributes_of(sheet: LeadSheet) -> Attributes:
    """The faders of a lead sheet, the arrangement's at the middle of their ranges."""
    measured = dict(zip(FADED, np.nanmean(measured_frames(LeadFramesCodec().encode(sheet)), axis=0), strict=True))
    measured["register"] = float(np.mean([n.pitch for n in sheet.melody]) - 72)
    middle = {name: (f.low + f.high) / 2 for name, f in FADERS.items()}
    return Attributes.within(middle | measured | {"mode": 0.3 if sheet.mode == "minor" else 0.9})


def composed(model: Composer, like: Sequence[LeadSheet], count: int = PIECES) -> list[LeadSheet]:
    """Pieces, each with the faders of a song that was not learnt from, on its tonic."""
    found = []
    for i in range(count):
        song = like[i % len(like)]
        found.append(model.compose(laid_out([attributes_of(song)] * BARS, seed=i), song.tonic, seed=i))
    return found


def bigrams(sheets: Sequence[LeadSheet]) -> Counter[tuple[int, ...]]:
    """How often one chord (root over the tonic, third) follows another."""
    found: Counter[tuple[int, ...]] = Counter()
    for s in sheets:
        names = [((c.root - s.tonic) % 12, int(3 in c.tones)) for c in s.chords if c.tones]
        found.update((*a, *b) for a, b in pairwise(names))
    return found


def overlap(one: Counter[tuple[int, ...]], other: Counter[tuple[int, ...]]) -> float:
    """Common part of two histograms of shares, 0..1."""
    a, b = sum(one.values()), sum(other.values())
    return sum(min(one[k] / a, other[k] / b) for k in one)


def tune(sheet: LeadSheet) -> list[tuple[int, int]]:
    """Interval and sixteenths between neighbouring notes of the melody."""
    return [(b.pitch - a.pitch, round(4 * (b.start_beat - a.start_beat)))
            for a, b in zip(sheet.melody, sheet.melody[1:], strict=False)]  # fmt: skip


def faders(model: Composer, takes: int = TAKES) -> dict[str, tuple[float, list[float], list[float]]]:
    """Fader -> Spearman of asked and measured, values asked, means measured."""
    codec, found = LeadFramesCodec(), {}
    middle = {name: (f.low + f.high) / 2 for name, f in FADERS.items()}
    middle |= dict(zip(FADED, model.fader_mean.tolist(), strict=True)) | {"mode": 0.9}
    for name, ends in RANGES.items():
        asked, read = [], []
        for value in np.linspace(*ends, SWEEP):
            for take in range(takes):
                plan = laid_out([Attributes.within(middle | {name: float(value)})] * 16, seed=take)
                sheet = model.compose(plan, 0, seed=take)
                asked.append(float(value))
                read.append(float(np.nanmean(measured_frames(codec.encode(sheet))[:-2, FADED.index(name)])))
        means = np.array(read).reshape(SWEEP, takes).mean(axis=1)
        found[name] = (spearman(asked, read), sorted(set(asked)), means.tolist())
    return found


def table(real: Sequence[LeadSheet], made: Sequence[LeadSheet]) -> list[str]:
    """Rows of Markdown: each statistic's quartiles in songs, median of what was composed, share between the quartiles."""
    rows = ["| | songs: median (quartiles) | composed: median | within the quartiles |", "|---|---|---|---|"]
    for s in STATISTICS:
        of_songs, own = np.array([s.of(x) for x in real]), np.array([s.of(x) for x in made])
        low, middle, high = np.nanpercentile(of_songs, [25, 50, 75])
        inside = float(((own >= low) & (own <= high)).mean())
        rows.append(f"| {s.name} | {middle:.3f} ({low:.3f}..{high:.3f}) | {np.nanmedian(own):.3f} | {inside:.2f} |")
    return rows
