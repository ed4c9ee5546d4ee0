"""Orders in which participants see the stimuli of a set, so that neither place nor neighbour favours a condition.

Every list shows every stimulus once, in as many blocks as there are conditions; a block shows every item once. The order
of an item's conditions over the blocks is a row of a balanced Latin square (Williams 1949), another one for each item
and list: over all lists each condition of each item stands in each block equally often, and follows each other condition
equally often. Within a block the order is drawn, and drawn again while a neighbour shares item or condition.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emogen.batch.job import derived_seed

PRACTICE = 4  # trials before the first block (own assumption)
DRAWS = 200  # orders of a block that are tried (own assumption)

#: Item and condition, numbers from 0.
Cell = tuple[int, int]


@dataclass(frozen=True)
class Trial:
    """One presentation.

    Attributes:
        list: Which list, from 1.
        order: Which trial of the list, from 1, practice included.
        phase: "practice" or "main".
        block: From 1; 0 for practice.
        id: Of the stimulus.
        cell: Its item and condition.
    """

    list: int
    order: int
    phase: str
    block: int
    id: str
    cell: Cell


def williams(n: int) -> list[list[int]]:
    """Balanced Latin square of n conditions: n rows, or 2 n where n is odd.

    Each condition stands in each column equally often and follows each other one equally often (Williams 1949,
    Australian Journal of Scientific Research A 2, 149-168).
    """
    first = [0, *(k // 2 + 1 if k % 2 == 0 else n - 1 - k // 2 for k in range(n - 1))]
    rows = [[(c + shift) % n for c in first] for shift in range(n)]
    return rows if n % 2 == 0 or n == 1 else rows + [row[::-1] for row in rows]


def presentation(stimuli: Mapping[Cell, str], seed: int) -> list[Trial]:
    """All lists, one for each row of the square.

    Args:
        stimuli: Item and condition -> id; combinations that there are not are left out of the lists.
        seed: Of the orders.
    """
    items = sorted({item for item, _ in stimuli})
    conditions = max((condition for _, condition in stimuli), default=-1) + 1
    square = williams(conditions) if conditions else []
    trials = []
    for number in range(len(square)):
        draw = random.Random(derived_seed(seed, f"list {number + 1}"))
        blocks = [
            [cell for i, item in enumerate(items) if (cell := (item, square[(number + i) % len(square)][block])) in stimuli]
            for block in range(conditions)
        ]
        main: list[tuple[int, Cell]] = []
        for block, cells in enumerate(blocks, start=1):
            main += [(block, cell) for cell in _drawn(cells, main[-1][1] if main else None, draw)]
        practice = _practice(list(stimuli), draw)
        shown = [("practice", 0, cell) for cell in practice] + [("main", block, cell) for block, cell in main]
        trials += [
            Trial(number + 1, order, phase, block, stimuli[cell], cell)
            for order, (phase, block, cell) in enumerate(shown, start=1)
        ]
    return trials


def neighbours(cells: Sequence[Cell]) -> int:
    """How many trials share their item or condition with the one before."""
    return sum(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(cells))


def _drawn(cells: Sequence[Cell], before: Cell | None, draw: random.Random) -> list[Cell]:
    """The order with the fewest like neighbours of those that are drawn."""
    best, fewest = list(cells), len(cells) + 1
    for _ in range(DRAWS):
        order = _greedy(cells, before, draw)
        alike = neighbours([before, *order] if before else order)
        if alike < fewest:
            best, fewest = order, alike
        if not fewest:
            break
    return best


def _greedy(cells: Sequence[Cell], before: Cell | None, draw: random.Random) -> list[Cell]:
    """An order drawn trial by trial among those that share nothing with the one before.

    A condition that half of what is left belongs to comes first, or it would be left over.
    """
    left, order = list(cells), list[Cell]()
    draw.shuffle(left)
    while left:
        last = order[-1] if order else before
        free = [c for c in left if last is None or (c[0] != last[0] and c[1] != last[1])] or left
        counts = {c[1]: sum(other[1] == c[1] for other in left) for c in free}
        urgent = [c for c in free if 2 * counts[c[1]] >= len(left) + 1]
        order.append((urgent or free)[0])
        left.remove(order[-1])
    return order


def _practice(cells: Sequence[Cell], draw: random.Random) -> list[Cell]:
    """A few stimuli, of as many conditions and items as may be."""
    left, chosen = list(cells), list[Cell]()
    draw.shuffle(left)
    while left and len(chosen) < min(PRACTICE, len(cells)):
        seen = ({c[0] for c in chosen}, {c[1] for c in chosen})
        left.sort(key=lambda c: (c[1] in seen[1]) + (c[0] in seen[0]))
        chosen.append(left.pop(0))
    return chosen
