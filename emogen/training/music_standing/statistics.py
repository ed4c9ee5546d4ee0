"""Is it music? Statistics of 200 pieces beside those of real songs, of the rules and of a Markov chain; and what was copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.evaluation import metrics
from emogen.media.score import Score
from emogen.training import kept
from emogen.training.music_standing import bench as of
from emogen.training.music_standing.bench import EMBEDDED, MARKOV, SECONDS, SYSTEMS, Bench
from emogen.training.music_standing.markov import Chain
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "statistics"
REAL = "real"
#: Bars of the excerpts of real songs, and how many of each song: about the length of what is made.
EXCERPT_BARS, EXCERPTS = 16, 3
BAR = 4.0
#: Notes that a melody may share with one it was learnt from in 95 of 100 pieces.
LONGEST_RUN = 12
SECTION = """### Music, not notes

{pieces} pieces (those above) beside {excerpts} excerpts of {bars} bars out of {songs} songs of POP909 that nothing was learnt from.
Each cell is the median with the inter-quartile range. *Markov*: a chain of the second order over the notes and the rhythm of the
training songs' melodies, and of the first over their accompaniments' beats. The aim is a mean of ours within the real
inter-quartile range.
"""
#: name -> (what it says, how it is had from notes (onset, end, pitch) of everything and of the melody).
STATISTICS: dict[str, tuple[str, Callable[[NDArray[np.float64], NDArray[np.float64]], float]]] = {
    "pitch-class entropy, bits": ("all", lambda a, m: metrics.pitch_class_entropy(a[:, 2])),
    "scale consistency": ("all", lambda a, m: metrics.scale_consistency(a[:, 2])),
    "groove consistency": ("all", lambda a, m: metrics.groove_consistency(a[:, 0], BAR)),
    "polyphony": ("all", lambda a, m: metrics.polyphony(a[:, 0], a[:, 1])),
    "repetition": ("all", lambda a, m: metrics.repetition(a[:, 0], a[:, 2], BAR)),
    "note length, beats": ("all", lambda a, m: float(np.median(a[:, 1] - a[:, 0]))),
    "notes a beat": ("all", lambda a, m: len(a) / (float(a[:, 1].max()) or 1.0)),
    "melody: note length, beats": ("melody", lambda a, m: float(np.median(m[:, 1] - m[:, 0]))),
    "melody: notes a beat": ("melody", lambda a, m: len(m) / (float(a[:, 1].max()) or 1.0)),
    "melody: steps of at most two semitones": ("melody", lambda a, m: float((np.abs(np.diff(m[:, 2])) <= 2).mean())),
    "melody: range, semitones": ("melody", lambda a, m: float(np.ptp(m[:, 2]))),
    "melody: repetition": ("melody", lambda a, m: metrics.repetition(m[:, 0], m[:, 2], BAR)),
}


def notes_of(score: Score, *words: str) -> NDArray[np.float64]:
    """[n, 3] onset, end (beats), pitch of the notes of tracks whose name holds a word; of all but drums without one."""
    tracks = [t for t in score.tracks if not t.is_drum and (not words or any(w in t.name.lower() for w in words))]
    rows = [(n.start_beat, n.start_beat + n.duration_beat, n.pitch) for t in tracks for n in t.notes]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 3)


def melody_of(score: Score) -> NDArray[np.float64]:
    """The melody, one note at a time: what doubles it is left out."""
    rows = notes_of(score, "melody")
    return rows[np.unique(rows[:, 0], return_index=True)[1]] if len(rows) else rows


def tune(melody: NDArray[np.float64], timed: bool = False) -> list[Any]:
    """A melody as intervals between its notes, with the time between them in sixteenths where `timed`."""
    return [(b[2] - a[2], round(4 * (b[0] - a[0]))) if timed else b[2] - a[2] for a, b in pairwise(melody)]


def described(everything: NDArray[np.float64], melody: NDArray[np.float64]) -> dict[str, float] | None:
    """Name -> value; None where there is too little to describe."""
    if len(everything) < 8 or len(melody) < 4:
        return None
    return {name: round(how(everything, melody), 5) for name, (_, how) in STATISTICS.items()}


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """System -> its pieces' statistics; and what was copied."""
    here = kept.version(
        Path(__file__), Path(of.__file__), Path(__file__).with_name("markov.py"), *of.MUSIC, weights=of.LEARNT_FROM
    )
    found = {
        name: bench.kept(PART, here, partial(_measure, bench, name), run=run, name=name)
        for name in (REAL, *SYSTEMS, MARKOV)
    }
    return None if any(v is None for v in found.values()) else found


def _measure(bench: Bench, name: str) -> dict[str, Any]:
    print(f"statistics: {name}", flush=True)
    if name == REAL:
        return {"pieces": [d for _, score in bench.songs for d in excerpts(score)], "songs": len(bench.songs)}
    learnt = [tune(melody_of(score)) for _, score in of.read_songs(bench.data) if _learnt(_)]
    timed = [tune(melody_of(score), timed=True) for _, score in of.read_songs(bench.data) if _learnt(_)]
    pieces, runs, runs_timed, tunes = [], [], [], []
    for score in scores(bench, name):
        everything, melody = notes_of(score), melody_of(score)
        if (row := described(everything, melody)) is not None:
            pieces.append(row)
        runs.append(metrics.longest_shared_run(tune(melody), learnt)[0] + 1)
        runs_timed.append(metrics.longest_shared_run(tune(melody, timed=True), timed)[0] + 1)
        tunes.append(tuple(tune(melody, timed=True)))
    alike = len(tunes) - len(set(tunes))
    between = [metrics.longest_shared_run(t, [o for o in tunes if o is not t])[0] + 1 for t in tunes[::10]]
    return {"pieces": pieces, "runs": runs, "runs_timed": runs_timed, "alike": alike, "between": between}


def _learnt(name: str) -> bool:
    from emogen.training.composer_data import part_of

    return part_of(name) != "test"


def scores(bench: Bench, name: str) -> Iterator[Score]:
    """The 200 pieces of a system."""
    if name == MARKOV:
        chain = Chain([score for song, score in of.read_songs(bench.data) if _learnt(song)])
        for _, seed in of.quadrant_requests():
            yield chain.piece(EXCERPT_BARS, seed)
        return
    for asked, seed in of.quadrant_requests():
        yield bench.pipe(name).write(asked.emotion, seconds=SECONDS, seed=seed)


def excerpts(score: Score) -> Iterator[dict[str, float]]:
    """Statistics of stretches of a song, evenly over it."""
    everything, melody = notes_of(score), melody_of(score)
    bars = int(everything[:, 1].max() // BAR)
    for k in range(EXCERPTS):
        first = (bars - EXCERPT_BARS) * (k + 1) // (EXCERPTS + 1) * BAR
        cut = [
            x[(x[:, 0] >= first) & (x[:, 0] < first + EXCERPT_BARS * BAR)] - [first, first, 0]
            for x in (everything, melody)
        ]
        if first > 0 and (row := described(*cut)) is not None:
            yield row


def spread(rows: Sequence[dict[str, float]], name: str) -> tuple[float, float, float, float]:
    """Mean, and the quartiles."""
    values = np.array([r[name] for r in rows])
    low, middle, high = np.percentile(values, (25, 50, 75))
    return float(values.mean()), float(low), float(middle), float(high)


def inside(found: dict[str, Any], system: str) -> list[str]:
    """The statistics whose mean lies in the real inter-quartile range."""
    out = []
    for name in STATISTICS:
        _, low, _, high = spread(found[REAL]["pieces"], name)
        if low <= spread(found[system]["pieces"], name)[0] <= high:
            out.append(name)
    return out


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    own = inside(found, EMBEDDED)
    yield Goal(
        "statistics whose mean lies in the real inter-quartile range",
        f"all {len(STATISTICS)}",
        f"{len(own)}",
        len(own) == len(STATISTICS),
    )
    yield Goal("pieces of 200 that are alike", "0", str(found[EMBEDDED]["alike"]), found[EMBEDDED]["alike"] == 0)
    longest = np.percentile(found[EMBEDDED]["runs_timed"], 95)
    yield Goal(
        "longest melodic run shared with a training song, 95 % of pieces, notes (pitch and rhythm)", f"at most {LONGEST_RUN}",
        f"{longest:.0f}", longest <= LONGEST_RUN,
    )  # fmt: skip


def section(found: dict[str, Any]) -> Iterator[str]:
    """Tables."""
    yield SECTION.format(
        pieces=len(found[EMBEDDED]["pieces"]),
        excerpts=len(found[REAL]["pieces"]),
        songs=found[REAL]["songs"],
        bars=EXCERPT_BARS,
    )
    names = (REAL, *SYSTEMS, MARKOV)

    def shown(system: str, name: str) -> str:
        _, low, middle, high = spread(found[system]["pieces"], name)
        return f"{number(middle)} ({number(low)} to {number(high)})"

    yield from table(
        ["", *names, "mean within"],
        [
            [name, *(shown(s, name) for s in names), "yes" if name in inside(found, EMBEDDED) else "**no**"]
            for name in STATISTICS
        ],
    )
    counts = ", ".join(f"{system} {len(inside(found, system))}" for system in (*SYSTEMS, MARKOV))
    yield f"\nOf {len(STATISTICS)} statistics, means within the real range: {counts}.\n"
    yield "The longest run of a melody that also stands in a training song (in any key), notes, median and 95th percentile:\n"
    yield from table(
        ["", "pitch alone", "pitch and rhythm"],
        [[system, *(_run(found[system][key]) for key in ("runs", "runs_timed"))] for system in (*SYSTEMS, MARKOV)],
    )
    own = found[EMBEDDED]
    yield f"\nBetween two of the pieces themselves: median {np.median(own['between']):.0f}, most {max(own['between'])} notes."
    yield f"Pieces whose melodies are the same: {own['alike']}.\n"


def _run(values: Sequence[int]) -> str:
    return f"{np.median(values):.0f}, {np.percentile(values, 95):.0f}"
