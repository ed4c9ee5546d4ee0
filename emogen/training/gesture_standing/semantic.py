"""Do gestures that mean something stand on their word?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.body import BodyMotion
from emogen.evaluation import metrics
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.pipelines.gesture.arms import ARM_CM, hand_places
from emogen.pipelines.gesture.library import Gesture, gestures
from emogen.pipelines.gesture.listen import listen
from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import moves
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, RULES, Bench
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import number, table

PART = "semantic"
#: Where an asked gesture stands, and how long the motion is (s).
AT_S, LONG_S = 1.5, 3.0
WITHIN_S = 0.1
#: Every gesture is asked for neutral, and in turn under one of these.
UNDER = ("joy:1.0", "anger:1.0", "sadness:1.0")
MISSED_CM = 1000.0  # stands for a nod that is not made
NODDED_DEG = 4.0  # by which a head goes down in a gesture without hands; own assumption
#: (what is said, the word, gestures that go with it). Written before the library's own words were looked at.
SENTENCES = (
    ("I have three questions for you.", "three", ("count_three",)),
    ("No, that is not what I meant.", "No", ("no", "refuse")),
    ("Stop, do not go in there.", "Stop", ("stop",)),
    ("Welcome to our new house.", "Welcome", ("welcome",)),
    ("It was a huge fish.", "huge", ("big", "wide")),
    ("There was only a tiny hole in it.", "tiny", ("small",)),
    ("I don't know where it is.", "know", ("shrug", "maybe")),
    ("Let me think about it for a moment.", "think", ("think", "brain")),
    ("Please, help us.", "Please", ("plead", "pray")),
    ("Yes, of course.", "Yes", ("yes",)),
    ("That letter was for me.", "me", ("me",)),
    ("And what about you?", "you", ("you", "point")),
    ("Look over there, by the door.", "there", ("point", "far_look")),
    ("Be quiet, they are asleep.", "quiet", ("hush",)),
    ("Goodbye, until Monday.", "Goodbye", ("goodbye",)),
    ("It was so cold last night.", "cold", ("cold",)),
    ("Two of them came back.", "Two", ("count_two",)),
    ("Everyone was there.", "Everyone", ("everyone",)),
    ("The price goes up again.", "up", ("rise", "point_up")),
    ("I love this garden.", "love", ("love",)),
)  # fmt: skip
SECTION = """### Do gestures that mean something stand on their word?

SRGR after BEAT: a gesture is right where the wrist that makes it comes, within {within:g} ms of its moment, to where the library has
it at the apex (coordinates in the frame of the chest miss by less than {near:g} cm in sum); of gestures of both hands each hand counts;
of a nod the head (down by {nodded:g} degrees or more). *Another's*: the same movements against the apex of the library's next
gesture, which says what hits by chance are worth. Asked: all {count} gestures with a meaning, each neutral and one in three under joy,
anger or sadness at 1. Found by the words (`auto`): {sentences} sentences as emogen says them, written before the library's own words
were looked at.
"""


@dataclass(frozen=True)
class Made:
    """One gesture in one movement.

    Attributes:
        system: Its name.
        how: "asked", or "auto".
        under: The emotion as written.
        gesture: Its name; "" where none was found by the word.
        wanted: Whether it is one that goes with the word (of asked ones: whether it was made).
        away_cm: How far each hand stays from the library's apex at best, within `WITHIN_S`; coordinates in sum. Of a nod: 0
            where the head goes down, and `MISSED_CM` where not.
        others_cm: The same against the next gesture's apex; empty where that has no hands.
        said: What is said.
    """

    system: str
    how: str
    under: str
    gesture: str
    wanted: bool
    away_cm: Sequence[float]
    others_cm: Sequence[float] = ()
    said: str = ""

    @property
    def right(self) -> float:
        """Share of the hands that come to where they should."""
        return float(np.mean(np.array(self.away_cm) < 100 * metrics.gesture.SUCCESS)) if self.wanted else 0.0


def measure(bench: Bench, run: bool = True) -> list[Made] | None:
    """All of them."""
    here = kept.version(Path(__file__), Path(moves.__file__), *of.MOTION, weights=of.LEARNT_FROM)
    found = bench.kept(PART, here, partial(_measure, bench), run=run)
    return None if found is None else [Made(**row) for row in found]


def _measure(bench: Bench) -> list[dict[str, Any]]:
    print("semantic", flush=True)
    names = [name for name, g in gestures().items() if not g.beat]
    rows = []
    for system in of.SYSTEMS:
        for i, name in enumerate(names):
            for under in (NEUTRAL, *(UNDER[i % len(UNDER) : i % len(UNDER) + 1] if system == EMBEDDED else ())):
                rows.append(_asked(bench, system, name, names[(i + 1) % len(names)], under))
        rows += [_auto(bench, system, *sentence) for sentence in SENTENCES]
    return [asdict(row) for row in rows]


def _asked(bench: Bench, system: str, name: str, other: str, under: str) -> Made:
    out = bench.pipe(system)(emotion=under, semantic=f"{name}:{AT_S}s", seconds=LONG_S, fps=FPS, seed=kept.seed_of(name, under))
    stroke = next((s for s in out.strokes if s.gesture == name), None)
    if stroke is None:
        return Made(system, "asked", under, name, False, [])
    away = misses(out.motion, gestures()[name], stroke.hand, AT_S)
    return Made(system, "asked", under, name, True, away, misses(out.motion, gestures()[other], stroke.hand, AT_S))


def _auto(bench: Bench, system: str, text: str, word: str, names: tuple[str, ...]) -> Made:
    voice = bench.say(text)
    out = bench.pipe(system)(audio=voice, emotion=NEUTRAL, fps=FPS, seed=kept.seed_of(text))
    heard = listen(voice.audio, voice.sample_rate, spoken=voice)
    at = next(w.stress_s for w in heard.words if w.text.strip(".,?!").lower() == word.lower())
    near = [s for s in out.strokes if s.semantic and abs(s.at_s - at) <= 0.5]
    stroke = min(near, key=lambda s: (s.gesture not in names, abs(s.at_s - at)), default=None)
    if stroke is None:
        return Made(system, "auto", NEUTRAL, "", False, [], said=text)
    away = misses(out.motion, gestures()[stroke.gesture], stroke.hand, at)
    return Made(system, "auto", NEUTRAL, stroke.gesture, stroke.gesture in names, away, said=text)


def misses(motion: BodyMotion, gesture: Gesture, hand: str, at_s: float) -> list[float]:
    """How far (cm, coordinates in sum) each hand of a gesture stays from its apex at best near a moment."""
    near = slice(max(0, round((at_s - WITHIN_S) * motion.fps)), round((at_s + WITHIN_S) * motion.fps) + 1)
    if gesture.hands == "none":
        return [0.0 if _nodded(motion, near) else MISSED_CM]
    found = []
    for side in moves.SIDES:
        keys = gesture.main
        if hand == "both" and side == "Left" and gesture.other:
            keys = gesture.other
        elif hand != "both" and hand != side.lower():
            keys = gesture.other if gesture.hands == "both" else ()
        if keys:
            place = np.array(min(keys, key=lambda k: abs(k.at_s)).pose.place)
            found.append(float(np.abs(_places(motion, side)[near] - place).sum(axis=-1).min() * ARM_CM))
    return found


def _places(motion: BodyMotion, side: str) -> NDArray[np.float64]:
    """Where a wrist is [T, 3], as the library writes it."""
    return np.asarray(hand_places(motion, side)[0])


def _nodded(motion: BodyMotion, near: slice) -> bool:
    """Whether the head is further down near a moment than before and after."""
    p = motion.positions()
    way = p[:, moves.index("Head")] - p[:, moves.index("Neck")]
    down = np.degrees(np.arctan2(way[:, 2], way[:, 1]))
    around = np.r_[down[max(0, near.start - round(0.6 * motion.fps)) : near.start], down[near.stop : near.stop + round(0.6 * motion.fps)]]
    return bool(len(around)) and float(down[near].max() - np.median(around)) >= NODDED_DEG


def recall(rows: Sequence[Made]) -> Figure:
    """Mean share of hands that come to where they should."""
    each = np.array([r.right for r in rows])
    return figure(lambda i: float(each[i].mean()), [f"{r.gesture}{r.said}" for r in rows])


def chance(rows: Sequence[Made]) -> float:
    """The same against another gesture's apex."""
    each = [np.mean(np.array(r.others_cm) < 100 * metrics.gesture.SUCCESS) for r in rows if r.others_cm]
    return float(np.mean(each)) if each else float("nan")


def part(rows: Sequence[Made], system: str, how: str, under: str = "") -> list[Made]:
    """Those of a system, and of an emotion where given ("felt": of any but neutral)."""
    own = [r for r in rows if r.system == system and r.how == how]
    return [r for r in own if not under or (r.under == under if under == NEUTRAL else r.under != NEUTRAL)]


def _missed(row: Made) -> str:
    return "/".join("no nod" if x >= MISSED_CM else f"{x:.0f}" for x in row.away_cm) or "not made"


def goals(rows: Sequence[Made]) -> Iterator[Goal]:
    """What was aimed at."""
    for how, said in (("asked", "asked for"), ("auto", "found by the words")):
        found = recall(part(rows, EMBEDDED, how))
        yield Goal(f"SRGR of gestures with a meaning, {said}", ".9 within 100 ms", cell(found), found.value >= 0.9)


def section(rows: Sequence[Made]) -> Iterator[str]:
    """Markdown."""
    yield SECTION.format(within=1000 * WITHIN_S, near=100 * metrics.gesture.SUCCESS, nodded=NODDED_DEG, sentences=len(SENTENCES),
                         count=len({r.gesture for r in rows if r.how == "asked"}))  # fmt: skip
    lines = []
    for system in (EMBEDDED, RULES):
        for how, under in (("asked", NEUTRAL), ("asked", "felt"), ("auto", "")):
            own = part(rows, system, how, under)
            if own:
                away = [x for r in own if r.wanted for x in r.away_cm if x < MISSED_CM]
                middle = f"{np.median(away):.1f} [{np.percentile(away, 95):.1f}]" if away else "-"
                name = f"{system}, {how}" + (f", {under}" if how == "asked" else "")
                there = number(float(np.mean([r.wanted for r in own])))
                lines.append([name, str(len(own)), there, cell(recall(own)), number(chance(own)), middle])
    yield from table(["", "n", "the gesture is made", "SRGR", "another's", "cm from the apex, median [95 %]"], lines)
    wrong = [r for r in part(rows, EMBEDDED, "asked") if r.right < 1.0]
    if wrong:
        names = ", ".join(f"{r.gesture} ({r.under}: {_missed(r)})" for r in wrong[:30])
        yield f"\nNot reached (cm of each hand): {names}.\n"
    missed = [r for r in part(rows, EMBEDDED, "auto") if not r.wanted]
    if missed:
        yield "Not found by the words: " + "; ".join(f'"{r.said}" ({r.gesture or "nothing"})' for r in missed) + ".\n"
    yield ""
