"""Does it move as faces do? Two-sample tests against measured people, and blinks and heads beside published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, welch

from emogen.codecs.face import INDEX, both
from emogen.conditioning.vocabulary import BASIC
from emogen.evaluation.metrics import face_movement
from emogen.pipelines.talking_head.expressive import SHAPES, LearntExpression
from emogen.training import face_motion_figures
from emogen.training.face_motion import read_courses
from emogen.training.face_motion_data import split
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import number, table
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import SIZE, Bench

PART, LIFE = "natural", "natural-life"
#: Frames a second of the curves whose blinks are timed; every second one for the head, as people were measured.
FINE_FPS = 50.0
HEAD_FPS = FINE_FPS / 2
SEEDS = 3
TEXT = (
    "The bus was late again, so they walked along the river and talked about the garden. There is a shop at the corner that "
    "sells lamps and old maps, and behind it a yard where somebody keeps bees. In the evening the lights were on in all the "
    "windows, and a man with a ladder was still at work on the roof. They went up the hill, past the school and the two big "
    "trees, and came home when the clock struck nine. The letter was on the table, where it had been since the morning."
)
IDLE = "silent"  # nothing said, nothing felt
#: Bands (Hz) below which the share of the power of the head's speed is told; pieces of the spectrum, s.
BELOW_HZ, PIECE_S = (1.0, 3.0, 5.0), 2.0
#: A blink closes at least this share of the way.
BLINK = 0.6
RATE_RANGE = (10.5, 32.5)  # blinks a minute in conversation, Doughty 2001
TOLD = ("learnt", "learnt, on measured faces", "rules", "other people")
Floats = NDArray[np.float64]
SAID = """`emogen.training.face_motion_figures`: {clips} clips of {people} people of PEDFE whom nothing was learnt or chosen
from, and the same emotion, strength, start and length by each way. A forest that has not seen the person tells measured
from made by speed, smoothness, asymmetry, onset times and the head (AUC; .5: it guesses; less is better). *Learnt, on
measured faces*: the diffusion around measured mean faces instead of FACS' stronger targets.
"""
LIFE_SAID = """
Blinks and heads over {minutes:.1f} minutes of speech each, at intensity 1, and of silence. Published: 17 blinks a minute
at rest and 26 in conversation (Bentivoglio 1997), 95 % of people in conversation 10.5 to 32.5 (Doughty 2001), closing
and opening about 100 ms each (Stern 1984), closing 40 to 47 % faster than opening (Sforza 2008). Head: the share of the
power of its speed below 1, 3 and 5 Hz; beside it the held-out people of PEDFE, silent, 2 to 4 s, measured with some
jitter that adds jerk and high frequencies. Figures of people who speak are not at hand (from general knowledge, not
checked: movement to about 7 Hz, most of it slower; Hadar 1983).
"""


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """The two-sample test, of `emogen.training.face_motion_figures`."""
    said = of.version(Path(face_motion_figures.__file__), Path(face_movement.__file__), *of.MOTION, weights=("face_motion",))
    return bench.kept(PART, said, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    print("natural: movement against measured people", flush=True)
    courses, _ = read_courses(Path(bench.data) if bench.data else None)
    found = face_motion_figures.naturalness(courses, LearntExpression.embedded())
    kinds = split([c.clip for c in courses])
    heads = [c.curves[:, SHAPES:] for c in courses if kinds[c.clip.subject] == "test"]
    return found | {"people's heads": head(heads, face_motion_figures.FPS)}


def life(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Blinks and head of long clips, by what is felt."""
    return bench.kept(LIFE, of.version(Path(__file__), *of.MOTION, weights=of.LEARNT_FROM), partial(_life, bench), run=run)  # type: ignore[no-any-return]


def _life(bench: Bench) -> dict[str, Any]:
    print("natural: blinks and heads", flush=True)
    voice, renderer = bench.said(TEXT), bench.avatars[0].renderer
    seconds = len(voice.audio) / voice.sample_rate
    found = {}
    for felt in (IDLE, NEUTRAL, *BASIC):
        given = of.silence(seconds) if felt == IDLE else voice
        asked = NEUTRAL if felt == IDLE else felt
        clips = [
            bench.learnt(audio=given, emotion=asked, portrait=renderer, fps=FINE_FPS, size=SIZE, seed=s).motion.curves.astype(float)
            for s in range(SEEDS)
        ]
        turns = [c[::2, [INDEX["headYaw"], INDEX["headPitch"], INDEX["headRoll"]]] for c in clips]
        found[felt] = {"minutes": SEEDS * seconds / 60, **blinks(clips, FINE_FPS), **head(turns, HEAD_FPS)}
    return found


def blinks(clips: Sequence[Floats], fps: float) -> dict[str, float]:
    """Rate, times and how they close, of curves [T, 61] each.

    Returns:
        "blinks a minute"; medians of "lasts, ms" (at half closed), "closing, ms" and "opening, ms" (a tenth to nine tenths).
    """
    lasts, closing, opening, total = [], [], [], 0.0
    for curves in clips:
        lids = curves[:, both("eyeBlink")].mean(axis=1)
        total += len(lids) / fps / 60.0
        rest = float(np.median(lids))
        shut = np.clip((lids - rest) / max(1.0 - rest, 1e-6), 0.0, 1.0)
        for peak in find_peaks(shut, height=BLINK, distance=max(1, round(0.1 * fps)), plateau_size=(None, None))[0]:
            before, after = shut[: peak + 1][::-1], shut[peak:]
            down, up = ([_falls(side, share) for share in (0.9, 0.5, 0.1)] for side in (before, after))
            if np.isfinite([*down, *up]).all():
                lasts.append(1e3 * (down[1] + up[1]) / fps)
                closing.append(1e3 * (down[2] - down[0]) / fps)
                opening.append(1e3 * (up[2] - up[0]) / fps)
    middle = [float(np.median(v)) if v else 0.0 for v in (lasts, closing, opening)]
    return {"blinks a minute": len(lasts) / total, **dict(zip(("lasts, ms", "closing, ms", "opening, ms"), middle, strict=True))}


def _falls(side: Floats, share: float) -> float:
    """Frames from the peak (the first value) until a share of it is reached; nan where it never is."""
    level = share * side[0]
    below = np.flatnonzero(side < level)
    if not len(below) or below[0] == 0:
        return float("nan")
    i = int(below[0])
    return i - (level - side[i]) / (side[i - 1] - side[i])


def head(heads: Sequence[Floats], fps: float) -> dict[str, float]:
    """How heads move: yaw, pitch, roll [T, 3] each (rad) -> medians over clips, and the spectrum of their speed."""
    rows, powers = [], []
    for turned in map(np.degrees, heads):
        if len(turned) <= PIECE_S * fps:
            continue
        speed = np.diff(turned, axis=0) * fps
        pace = np.linalg.norm(speed, axis=1)
        jerk = np.linalg.norm(np.diff(turned, 3, axis=0), axis=1) * fps**3
        rows.append([np.ptp(turned, axis=0).max(), pace.mean(), np.percentile(pace, 95), jerk.mean()])
        rate, power = welch(speed, fps, nperseg=round(PIECE_S * fps), axis=0)
        powers.append(power.sum(axis=1) / power.sum())
    names = ("range, deg", "speed, deg/s", "95 % of speeds, deg/s", "jerk, deg/s^3")
    share = np.mean(powers, axis=0)
    found = dict(zip(names, np.median(rows, axis=0).tolist(), strict=True))
    return found | {f"below {k:g} Hz": float(share[rate < k].sum()) for k in BELOW_HZ}


def goals(found: dict[str, Any], alive: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    told = {kind: rows["all"] for kind, rows in found["told apart (AUC)"].items()}
    yield Goal("movement told apart from measured people's, AUC", f"below the rules' {number(told['rules'])}",
               f"{number(told['learnt'])} (other people {number(told['other people'])})", told["learnt"] < told["rules"])  # fmt: skip
    rates = {felt: row["blinks a minute"] for felt, row in alive.items() if felt != IDLE}
    low, high = (pick(rates, key=lambda k: rates[k]) for pick in (min, max))
    inside = RATE_RANGE[0] <= rates[low] and rates[high] <= RATE_RANGE[1]
    yield Goal("blinks a minute while speaking", "10.5 to 32.5", f"{rates[low]:.1f} ({low}) to {rates[high]:.1f} ({high})", inside)


def section(found: dict[str, Any], alive: dict[str, Any]) -> Iterator[str]:
    """Markdown."""
    yield "### Does it move as people do?\n"
    yield SAID.format(clips=found["clips"], people=found["people"])
    auc = found["told apart (AUC)"]
    seen = ("all", "face", "head")
    yield from table(["", *seen], [[kind, *(number(auc[kind][c]) for c in seen)] for kind in TOLD])
    yield "\nMedians of what the forest sees (speeds: log of the clip's greatest expression a second):\n"
    medians = found["medians"]
    kinds = ("measured", "other people", "learnt", "rules")
    yield from table(["", *kinds], [[name, *(f"{medians[k][name]:.2f}" for k in kinds)] for name in face_movement.NAMES])
    yield from _life_tables(found["people's heads"], alive)


def _life_tables(people: dict[str, float], alive: dict[str, Any]) -> Iterator[str]:
    yield LIFE_SAID.format(minutes=alive[NEUTRAL]["minutes"])
    names = ("blinks a minute", "lasts, ms", "closing, ms", "opening, ms")
    turns = ("range, deg", "speed, deg/s", "95 % of speeds, deg/s", "jerk, deg/s^3", *(f"below {k:g} Hz" for k in BELOW_HZ))
    lines = [[felt, *(_short(alive[felt][n]) for n in (*names, *turns))] for felt in (IDLE, NEUTRAL, *BASIC)]
    lines.append(["people of PEDFE", *[""] * len(names), *(_short(people[n]) for n in turns)])
    yield from table(["", *names, *(f"head: {n}" for n in turns)], lines)
    yield ""


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 1 else number(value)
