"""Chances over time -> which sound when: the likeliest sequence (Viterbi 1967), free or with the sounds given in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.errors import InputError

#: Steps that each sound lasts at least: in free speech, and in the given order (fast speech swallows). Own choice.
LEAST_FREE, LEAST_GIVEN = 3, 2
#: What a change of sound costs in free speech (natural log); chosen on EmoDB's speakers of the training, in sentences
#: that the network had not learnt.
CHANGE = 1.5
#: Chances below this are taken for this: one wrong moment must not bend a whole sentence.
SMALLEST = 1e-4
#: Paths worse than the best by this (natural log) are given up.
BEAM = 350.0
#: What a silence that nobody wrote costs between two words (natural log); own choice.
UNWRITTEN = 3.0


@dataclass(frozen=True)
class Segment:
    """A kind (a column of the chances) from a step up to another."""

    kind: int
    begin: int
    end: int


def free(chances: NDArray[np.float32], change: float = CHANGE) -> list[Segment]:
    """The likeliest sequence of kinds over all of chances [T, K]; none lasts less than `LEAST_FREE` steps."""
    count, kinds = chances.shape
    if count < LEAST_FREE:
        return [Segment(int(chances.sum(axis=0).argmax()), 0, count)] if count else []
    told = np.log(np.maximum(chances, SMALLEST)).astype(np.float64)
    best = np.full((LEAST_FREE, kinds), -np.inf)  # row d: in its step d + 1, the last: in that or a later one
    best[0] = told[0]
    entered_from = np.zeros((count, kinds), np.int16)
    stayed = np.zeros((count, kinds), bool)
    for t in range(1, count):
        first = int(best[-1].argmax())
        came = np.full(kinds, first)
        others = best[-1].copy()
        others[first] = -np.inf
        came[first] = others.argmax()  # a sound does not follow itself
        enters = best[-1][came] - change
        entered_from[t] = came
        stayed[t] = best[-1] >= best[-2]
        best[-1] = np.maximum(best[-1], best[-2])
        best[1:-1] = best[:-2]
        best[0] = enters
        best += told[t]
    return _back(best, entered_from, stayed)


def _back(best: NDArray[np.float64], entered_from: NDArray[np.int16], stayed: NDArray[np.bool_]) -> list[Segment]:
    """The way back through the steps of `free`; a sound cut off by the end may be shorter."""
    row, kind = divmod(int(best.argmax()), best.shape[1])
    end, found = len(stayed), []
    t = end - 1
    while True:
        while row == LEAST_FREE - 1 and stayed[t, kind] and t > 0:
            t -= 1
        begin = max(0, t - row)
        found.append(Segment(kind, begin, end))
        if begin == 0:
            return found[::-1]
        kind, end, row = int(entered_from[begin, kind]), begin, LEAST_FREE - 1
        t = begin - 1


def given(chances: NDArray[np.float32], kinds: Sequence[int], pause_after: Sequence[bool], quiet: int = 0) -> list[Segment]:
    """When each of the kinds is heard, in their order; silence may lie before, behind and where `pause_after` allows.

    Args:
        chances: [T, K].
        kinds: Columns in order; `quiet` may be among them.
        pause_after: Of each kind, whether a silence may follow that is not written.
        quiet: The column of silence.

    Returns:
        A segment for each of `kinds`.

    Raises:
        InputError: There are more sounds than fit in the time.
    """
    # A state for each step that a sound must last, and one for each optional silence.
    state_kind, owner, skip = [quiet], [-1], [0.0]
    for i, kind in enumerate(kinds):
        state_kind += [kind] * LEAST_GIVEN
        owner += [i] * LEAST_GIVEN
        skip += [np.inf] * LEAST_GIVEN
        if pause_after[i] or i == len(kinds) - 1:
            state_kind.append(quiet)
            owner.append(-1)
            skip.append(UNWRITTEN if i < len(kinds) - 1 else 0.0)
    columns, owners = np.array(state_kind), np.array(owner)
    count, states = len(chances), len(columns)
    if LEAST_GIVEN * len(kinds) > count:
        found = f"{len(kinds)} sounds in {count / 100:.2f} s"
        raise InputError("audio", found, "The text has to be what is said.")
    may_stay = np.ones(states, bool)
    may_stay[1:] = [not (owner[s] >= 0 and s + 1 < states and owner[s + 1] == owner[s]) for s in range(1, states)]
    optional = owners < 0
    enter = np.where(optional, [s if np.isfinite(s) else 0.0 for s in skip], 0.0)
    told = np.log(np.maximum(chances, SMALLEST))
    best = np.full(states, -np.inf)
    best[0], best[1] = told[0, quiet], told[0, columns[1]]
    low, high = 0, min(states, 2)
    moves: list[tuple[int, NDArray[np.int8]]] = [(0, np.zeros(high, np.int8))]
    for t in range(1, count):
        high = min(states, high + 2)
        old = best[low:high]
        stay = np.where(may_stay[low:high], old, -np.inf)
        one = np.concatenate([[-np.inf], old[:-1]]) if low == 0 else best[low - 1 : high - 1]
        one = one - enter[low:high]
        two = np.full(high - low, -np.inf)
        begin = max(low, 2)
        jump = best[begin - 2 : high - 2].copy()
        jump[~optional[begin - 1 : high - 1]] = -np.inf  # only optional silences are passed by
        two[begin - low :] = jump
        options = np.stack([stay, one, two])
        move = options.argmax(axis=0).astype(np.int8)
        fresh = options[move, np.arange(high - low)] + told[t, columns[low:high]]
        best[low:high] = fresh
        moves.append((low, move))
        top = fresh.max()  # states at either end that are hopeless are given up: memory grows with the time alone
        while low < high - 1 and best[low] < top - BEAM:
            best[low] = -np.inf
            low += 1
        while high > low + 1 and best[high - 1] < top - BEAM:
            high -= 1
            best[high] = -np.inf
    ends = [s for s in (states - 1, states - 2) if low <= s < high]
    state = max(ends, key=lambda s: best[s], default=states - 1)
    if not ends or not np.isfinite(best[state]):
        raise InputError("audio", "the text does not fit into it", "The text has to be what is said.")
    path = np.zeros(count, np.int64)
    for t in range(count - 1, -1, -1):
        path[t] = state
        first, move = moves[t]
        state -= int(move[state - first])
    who = owners[path]
    edges = np.searchsorted(np.maximum.accumulate(who), np.arange(len(kinds)))
    return [Segment(kind, int(edges[i]), int(edges[i] + np.count_nonzero(who == i))) for i, kind in enumerate(kinds)]
