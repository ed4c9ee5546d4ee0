"""What the composer's diffusion says -> notes: likely ones, and as many as the faders ask for.

The network says how likely each chord, note and strike is; here the likeliest are taken until the faders' numbers are
reached, so a fader holds even where the guidance alone would fall short.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_frames import (
    BEATS_PER_BAR,
    CHORD,
    CHORDS,
    FIRST,
    HOLD,
    LOW,
    MELODY,
    MELODY_PITCHES,
    MELODY_STATES,
    ONSETS,
    PITCHES,
    REST,
    SOUNDING,
    STEPS_PER_BEAT,
    Floats,
)
from emogen.pipelines.music.composer_content import roughness

Doubles = NDArray[np.float64]
#: Steps of a bar.
BAR = BEATS_PER_BAR * STEPS_PER_BEAT
#: Squared distance of latents of a chord that counts as one nat; pull of the dissonance asked for and of how common a
#: chord is; own choice.
CHORD_SPREAD, DISSONANCE_PULL, COMMON_PULL = 0.4, 8.0, 1.0
#: Pull of a bright mode on chords with a major third, and of a dark one on those with a minor third, nats: the ratio of
#: minor to major triads is among the attributes that tell feelings apart (EmoGen, arXiv 2307.01229); own size.
MODE_PULL = 8.0
#: Degrees (semitones over the tonic) that only the other mode has, for a bright and for a dark one, and what speaks
#: against each in a chord (nats); own choice. The raised seventh of minor belongs to its dominant and counts as its own.
BORROWED, BORROWED_COST = ((3, 8, 10), (4, 9)), 6.0
#: What a change of chord costs (nats) when nothing is asked, and on each beat of a bar against it: harmony changes on
#: strong beats; own choice.
CHANGE, CHANGE_ON = 1.0, (0.5, 2.0, 1.0, 2.0)
#: The costs tried to reach the changes asked for.
CHANGES_TRIED = np.concatenate([np.linspace(-6, 0, 13), np.linspace(0.5, 8, 16), [12.0, 20.0, 40.0]])
#: How far (share) a number may be from the one asked for before it is corrected.
TOLERANCE = 0.1
#: How much the intervals of songs count against what the network says of a pitch; own choice.
MELODIC_PULL = 1.0
#: What speaks against repeating a note (nats): the likeliest line stands still more often than those of songs do.
STILL = 1.1
#: What speaks for a strike where the chord changes (nats), and how much the rhythm of the other bars counts; own choice.
STRUCK_ON_CHANGE, GROOVE = 2.0, 0.7
#: How often the interval in which a threshold lies is halved.
HALVINGS = 7
#: Values of a fader that differ by less than this share are reached together, not bar by bar; own choice.
ALIKE = 0.2
#: A note or strike that the network finds this much less likely than none (nats) is never added.
UNLIKELY = -7.0


@dataclass
class Steps:
    """Music as arrays of sixteenths, the tonic at C; `S` steps from a bar line on.

    Attributes:
        chords: Of each beat [S / 4, 36], as in the codec.
        melody: States of the codec [S].
        onsets, sounding: Of the accompaniment [S, PITCHES], True where a note begins, or sounds.
    """

    chords: Floats
    melody: NDArray[np.int_]
    onsets: NDArray[np.bool_]
    sounding: NDArray[np.bool_]

    @classmethod
    def of(cls, frames: Floats) -> Steps:
        """From frames of the codec [n, 1432]."""
        return cls(
            frames[:, CHORDS].reshape(-1, CHORD).copy(), frames[:, MELODY].reshape(-1, MELODY_STATES).argmax(axis=1),
            frames[:, ONSETS].reshape(-1, PITCHES) > 0.5, frames[:, SOUNDING].reshape(-1, PITCHES) > 0.5,
        )  # fmt: skip

    def frames(self) -> Floats:
        """As frames of the codec."""
        count = len(self.chords) // 2
        parts = (self.chords, np.eye(MELODY_STATES)[self.melody], self.onsets, self.sounding)
        return np.concatenate([np.asarray(p, dtype=np.float32).reshape(count, -1) for p in parts], axis=1)


def runs(asked: Doubles, bar: int) -> list[slice]:
    """Stretches of whole bars, `bar` values each, in which about the same is asked."""
    firsts = asked[::bar]
    starts = [0]
    for i, value in enumerate(firsts):
        if abs(value - firsts[starts[-1]]) > ALIKE * max(abs(firsts[starts[-1]]), ALIKE):
            starts.append(i)
    return [slice(a * bar, b * bar) for a, b in zip(starts, [*starts[1:], len(firsts)], strict=True)]


def chosen_chords(
    distances: Doubles,
    known: Floats,
    shares: Floats,
    asked: Doubles,
    dissonance: Doubles,
    mode: Doubles,
    minor: NDArray[np.bool_],
    before: int | None,
    forced: dict[int, NDArray[np.bool_]],
) -> NDArray[np.int_]:
    """The likeliest chord of each beat, changing as often as asked.

    Args:
        distances: Squared distances of the latents of each beat to the chords known [beats, V].
        known: The chords [V, 36].
        shares: How common each is [V].
        asked: Changes a bar, per beat [beats].
        dissonance: Asked for, per beat [beats].
        mode: Asked for, 0 dark .. 1 bright, per beat [beats].
        minor: Whether that is a minor mode, per beat [beats].
        before: The chord before the first beat.
        forced: Beat -> which chords it may have [V].

    Returns:
        Rows of `known` [beats].
    """
    rough = roughness(known[:, 12:24])
    lacking = np.maximum(dissonance[:, None] - rough, 0) - 0.5 * np.maximum(rough - 0.5, 0)
    cost = distances / CHORD_SPREAD + DISSONANCE_PULL * lacking - COMMON_PULL * np.log(shares)
    cost -= MODE_PULL * (2 * mode[:, None] - 1) * thirds(known)
    cost += BORROWED_COST * np.stack([known[:, 12:24][:, list(of)].sum(axis=1) for of in BORROWED])[minor.astype(int)]
    cost[:, ~known[:, 12:24].any(axis=1)] += 1e3  # songs pause; a piece has a harmony throughout
    for beat, allowed in forced.items():
        cost[beat, ~allowed] = 1e6
    on = np.array(CHANGE_ON)[np.arange(len(cost)) % len(CHANGE_ON)]
    found: list[int] = []
    for part in runs(asked, len(CHANGE_ON)):
        path = _as_often(
            cost[part], on[part], found[-1] if found else before, float(asked[part].sum() / len(CHANGE_ON))
        )
        found += path.tolist()
    return np.array(found)


def thirds(known: Floats) -> Doubles:
    """1 for chords with a major third over their root, -1 with a minor one, else 0: [V] of chords [V, 36]."""
    rows, roots = np.arange(len(known)), known[:, :12].argmax(axis=1)
    has = known[:, 12:24] > 0
    return has[rows, (roots + 4) % 12].astype(float) - has[rows, (roots + 3) % 12]


def _as_often(cost: Doubles, on: Doubles, before: int | None, wanted: float) -> NDArray[np.int_]:
    """The path of least cost that changes about `wanted` times."""

    def path(change: float) -> NDArray[np.int_]:
        return _path(cost, change * on if change > 0 else change / on, before)

    found = path(CHANGE)
    if abs(_changes(found, before) - wanted) <= TOLERANCE * wanted:
        return found
    return min(map(path, CHANGES_TRIED), key=lambda p: abs(_changes(p, before) - wanted))


def _changes(path: NDArray[np.int_], before: int | None) -> int:
    return int((np.diff(path) != 0).sum()) + (before is not None and path[0] != before)


def _path(cost: Doubles, change: Doubles, before: int | None) -> NDArray[np.int_]:
    """The path of least cost [beats, V] where a change to beat t costs `change[t]` (Viterbi)."""
    total = cost[0].copy()
    if before is not None:
        total += change[0] * (np.arange(len(total)) != before)
    came = np.zeros(cost.shape, dtype=int)
    for t in range(1, len(cost)):
        order = np.argsort(total)[:2]
        best = np.where(np.arange(len(total)) == order[0], order[1], order[0])
        moved = total[best] + change[t]
        stays = total <= moved
        came[t] = np.where(stays, np.arange(len(total)), best)
        total = np.where(stays, total, moved) + cost[t]
    found = [int(total.argmin())]
    for t in range(len(cost) - 1, 0, -1):
        found.append(int(came[t, found[-1]]))
    return np.array(found[::-1])


def taken(scores: Doubles, rate: Doubles, possible: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Which steps count, so that about as many do as asked.

    Args:
        scores: Of each step (nats over nothing) [S].
        rate: Asked for, a beat, per step [S].
        possible: Steps that may count [S]; None: all.
    """
    found = np.zeros(len(scores), dtype=bool)
    for part in runs(rate, BAR):
        own = scores[part] if possible is None else np.where(possible[part], scores[part], -np.inf)
        there = float(len(own) if possible is None else possible[part].sum())
        wanted = float(rate[part].mean()) * there / STEPS_PER_BEAT
        natural = own > 0
        if abs(natural.sum() - wanted) > TOLERANCE * wanted:
            count = min(round(wanted), int((own > UNLIKELY).sum()))
            natural = np.zeros(len(own), dtype=bool)
            natural[np.argsort(-own, kind="stable")[:count]] = True
        found[part] = natural
    return found


def melody_states(
    logits: Doubles, sings: NDArray[np.bool_], density: Doubles, intervals: Doubles, before: int | None
) -> NDArray[np.int_]:
    """The melody's states [S].

    Args:
        logits: [S, MELODY_STATES].
        sings: Whether there is a melody, per step [S].
        density: Notes a beat, per step [S].
        intervals: Logarithm of the share of intervals -12..12 [25].
        before: The state of the last pitch before.
    """
    score = logits[:, FIRST:].max(axis=1) - logits[:, :FIRST].max(axis=1)
    begins = taken(score, density, sings)
    pitches = iter(_line(logits[begins, FIRST:], intervals, None if before is None else before - FIRST))
    goes_on = logits[:, HOLD] >= logits[:, REST]
    states = np.full(len(score), REST)
    sounds = False
    for t in range(len(states)):
        if begins[t]:
            states[t], sounds = FIRST + next(pitches), True
        elif sounds and sings[t] and (goes_on[t] or score[t] > 0):
            states[t] = HOLD
        else:
            sounds = False
    return states


def _line(logits: Doubles, intervals: Doubles, before: int | None) -> list[int]:
    """The likeliest line through logits of pitches [n, MELODY_PITCHES], by the network and by the intervals of songs."""
    if not len(logits):
        return []
    intervals = intervals - STILL * (np.arange(25) == 12)
    apart = np.subtract.outer(np.arange(MELODY_PITCHES), np.arange(MELODY_PITCHES)).T  # from row to column
    far = intervals.min() - 2.0
    step = MELODIC_PULL * np.where(np.abs(apart) <= 12, intervals[np.clip(apart, -12, 12) + 12], far)
    total = logits[0] + (0 if before is None else step[before])
    came = []
    for row in logits[1:]:
        ways = total[:, None] + step
        came.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + row
    found = [int(total.argmax())]
    for back in came[::-1]:
        found.append(int(back[found[-1]]))
    return found[::-1]


def _groove(best: Doubles) -> Doubles:
    """What speaks for a strike at a place of the bar because the other bars have it, [S] nats."""
    shares = (1 / (1 + np.exp(-best))).reshape(-1, BAR).mean(axis=0)
    shares = np.clip(shares, 0.05, 0.95)
    return np.tile(GROOVE * np.log(shares / (1 - shares)), len(best) // BAR)


def struck(
    onsets: Doubles, sounding: Doubles, chords: Floats, rhythm: Doubles, polyphony: Doubles
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Onsets and sounding notes of the accompaniment [S, PITCHES].

    Args:
        onsets: Logits [S, PITCHES].
        sounding: Logits [S, PITCHES].
        chords: Of each beat [S / 4, 36].
        rhythm: Strikes a beat, per step [S].
        polyphony: Notes at once, per step [S].
    """
    steps = len(onsets)
    changed = np.zeros(steps, dtype=bool)
    changed[STEPS_PER_BEAT::STEPS_PER_BEAT] = (chords[1:] != chords[:-1]).any(axis=1)
    best = onsets.max(axis=1)
    strikes = taken(best + STRUCK_ON_CHANGE * changed + _groove(best), rhythm)
    in_chord = np.repeat(chords[:, 12:24] > 0, STEPS_PER_BEAT, axis=0)[:, (np.arange(PITCHES) + LOW) % 12]
    dropped = (best > 0) & ~strikes

    def played(shift: Doubles) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        begins = strikes[:, None] & (onsets > np.minimum(-shift, best - 1e-9)[:, None])
        sounds = np.zeros_like(begins)
        held, missed = np.zeros(PITCHES, dtype=bool), False
        for t in range(steps):
            missed = (missed or bool(dropped[t])) and not strikes[t]
            goes_on = in_chord[t] if missed else sounding[t] > -shift[t]
            held = begins[t] | (held & goes_on)
            sounds[t] = held
        return begins, sounds

    low, high = np.full(steps, UNLIKELY), np.full(steps, -UNLIKELY)
    parts = runs(polyphony, BAR)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        found = played(middle)
        count = found[1].sum(axis=1)
        for part in parts:
            voices = count[part][count[part] > 0]
            few = not len(voices) or voices.mean() < polyphony[part].mean()
            (low if few else high)[part] = middle[part]
    return found
