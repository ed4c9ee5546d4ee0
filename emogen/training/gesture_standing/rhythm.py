"""Does the body beat with the speech?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks, stft

from emogen.evaluation import metrics
from emogen.evaluation.metrics.gesture import SIGMA_S
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.pipelines.gesture.library import gestures
from emogen.pipelines.gesture.listen import listen
from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import clips
from emogen.training.gesture_standing.bench import EMBEDDED, RULES, Bench
from emogen.training.gesture_standing.clips import RESTYLED, TALK, Clip
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "rhythm"
NARROW_S = 0.1  # a width that tells beats from random ones where speech has an onset every quarter of a second; own choice
HOP_S, WINDOW_S = 0.01, 0.03
#: Clear onsets lie at least this far apart (s), and this far above the usual flux (standard deviations): about two a second,
#: as stressed syllables do; own choice.
APART_S, ABOVE = 0.25, 1.0
SECTION = """### Does it beat with the speech?

BeatAlign (BEAT's definition; beats of the body: minima of the wrists' speed against the hips): how near a beat of the body
is to each beat of the voice, at BEAT's width of .3 s and at .1 s, against the same with the other voices in its place
(shuffled). Beats of the voice: clear onsets (spectral flux, about two a second, found without emogen's own listening), and
the accents that emogen hears, on which its strokes are put. Trembling scores high: jerk stands beside it. At intensity 1,
all emotions.
"""


def onsets(samples: NDArray[np.floating], rate: int) -> NDArray[np.float64]:
    """Times (s) at which a voice becomes louder in many bands at once (spectral flux, Dixon 2006)."""
    _, times, found = stft(samples, rate, nperseg=round(WINDOW_S * rate), noverlap=round((WINDOW_S - HOP_S) * rate), padded=False)
    level = np.log(np.abs(found) + 1e-3 * np.abs(found).max() + 1e-12)
    flux = gaussian_filter1d(np.maximum(np.diff(level, axis=1), 0.0).sum(axis=0), 1.5)
    peaks, _ = find_peaks(flux, height=flux.mean() + ABOVE * flux.std(), distance=max(1, round(APART_S / HOP_S)))
    return np.asarray(times[1:][peaks], dtype=np.float64)


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Beats of every voice: "onsets", "accents" and how long it is."""
    here = kept.version(Path(__file__), *of.MOTION, Path(of.__file__), weights=of.LEARNT_FROM)
    return bench.kept(PART, here, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    print("rhythm", flush=True)
    found = {}
    for voice in bench.voices:
        heard = listen(voice.said.audio, voice.said.sample_rate, spoken=voice.said if voice.text else None)
        found[voice.name] = {
            "onsets": onsets(voice.said.audio, voice.said.sample_rate).tolist(),
            "accents": [a.at_s for a in heard.accents],
            "seconds": voice.seconds,
        }
    return found


def alignment(rows: Sequence[Clip], beats: dict[str, Any], kind: str, width: float, shuffled: bool = False) -> Figure:
    """BeatAlign over clips; of other voices, as far as they reach, where `shuffled`."""
    values, keys = [], []
    for row in rows:
        for name, found in beats.items():
            if (name == row.source) == shuffled:
                continue
            heard = np.array([t for t in found[kind] if t < row.seconds])
            if len(heard):
                values.append(metrics.beat_alignment(heard, row.beats, width))
                keys.append(row.source)
    each = np.array(values)
    return figure(lambda i: float(each[i].mean()), keys) if len(each) else Figure(float("nan"))


def gain(rows: Sequence[Clip], beats: dict[str, Any], kind: str, width: float) -> Figure:
    """BeatAlign with the own voice less that with the others, paired clip by clip."""
    values, keys = [], []
    for row in rows:
        of_voice = {n: np.array([t for t in found[kind] if t < row.seconds]) for n, found in beats.items()}
        scores = {n: metrics.beat_alignment(h, row.beats, width) for n, h in of_voice.items() if len(h)}
        if row.source in scores and len(scores) > 1:
            values.append(scores[row.source] - float(np.mean([v for n, v in scores.items() if n != row.source])))
            keys.append(row.source)
    each = np.array(values)
    return figure(lambda i: float(each[i].mean()), keys) if len(each) else Figure(float("nan"))


def late(rows: Sequence[Clip], beats: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Milliseconds (signed, body after voice) from accent to planned stroke, and from planned stroke to the hand's apex."""
    planned, made = [], []
    for row in rows:
        accents = np.array(beats[row.source]["accents"]) if row.source in beats else np.zeros(0)
        hands = {"left": np.array(row.apexes[0]), "right": np.array(row.apexes[1])} if row.apexes else {}
        for at, hand, name, meaning in row.strokes:
            if gestures()[name].hands == "none":
                continue
            if len(accents) and not meaning:
                planned.append(1e3 * _nearest(accents, at))
            sides = [hands[h] for h in (("left", "right") if hand == "both" else (hand,)) if h in hands and len(hands[h])]
            if sides:
                made.append(1e3 * min((_nearest(times, at) for times in sides), key=abs))
    return {"accent to stroke": -np.array(planned), "stroke to apex": np.array(made)}


def _nearest(times: NDArray[np.float64], at: float) -> float:
    """The nearest of some times less a time, s."""
    return float(times[np.abs(times - at).argmin()] - at)


def talking(rows: Sequence[Clip], system: str) -> list[Clip]:
    """Clips at intensity 1."""
    return clips.part(rows, system, TALK, 1.0)


def goals(rows: Sequence[Clip], beats: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    own = talking(rows, EMBEDDED)
    if not own:
        return
    found, more = alignment(own, beats, "onsets", SIGMA_S), gain(own, beats, "onsets", SIGMA_S)
    jerk = float(np.median([r.sanity["jerk"] for r in own])) / 100
    told = f"{cell(found)}, {cell(more)} above shuffled; jerk {jerk:.1f} m/s^3"
    yield Goal("BeatAlign with onsets, above that with shuffled voices", "surely above 0", told, more.low > 0)
    away = np.abs(late(own, beats)["stroke to apex"])
    if len(away):
        share = float(np.mean(away <= 100.0))
        told = f"{share:.0%} (median {np.median(away):.0f} ms)"
        yield Goal("hand's apex within 100 ms of the planned stroke", "90 %", told, share >= 0.9)


def section(rows: Sequence[Clip], beats: dict[str, Any]) -> Iterator[str]:
    """Markdown."""
    yield SECTION
    lines = []
    for system in (EMBEDDED, RULES):
        own = talking(rows, system)
        for kind in ("onsets", "accents"):
            for width in (SIGMA_S, NARROW_S):
                if own:
                    lines.append([system, kind, f"{width:g} s", cell(alignment(own, beats, kind, width)),
                                  cell(alignment(own, beats, kind, width, shuffled=True)), cell(gain(own, beats, kind, width)),
                                  f"{np.median([r.sanity['jerk'] for r in own]) / 100:.1f}",
                                  f"{np.mean([60 * len(r.beats) / r.seconds for r in own]):.0f}"])  # fmt: skip
    yield from table(["", "beats of", "width", "own voice", "shuffled", "difference", "jerk, m/s^3", "beats of the body a minute"], lines)
    yield "\nHow far (ms, body after voice; median, and 5 to 95 %):\n"
    lines = []
    for system in (EMBEDDED, RULES):
        for name, away in late(talking(rows, system), beats).items():
            if len(away):
                low, middle, high = np.percentile(away, (5, 50, 95))
                within = number(float(np.mean(np.abs(away) <= 100.0)))
                lines.append([system, name, str(len(away)), f"{middle:.0f} [{low:.0f}, {high:.0f}]", within])
    yield from table(["", "", "strokes", "ms", "share within 100 ms"], lines)
    restyled = clips.part(rows, EMBEDDED, RESTYLED, 1.0)
    yield f"\n({len(restyled)} restyled recordings have no voice.)\n" if restyled else ""
