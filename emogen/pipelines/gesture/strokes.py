"""What the hands are to do and when: the common word of planning, library and performance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Hand = Literal["left", "right", "both"]


@dataclass(frozen=True)
class Stroke:
    """One gesture of the hands (or, for a nod or a shrug, of head and shoulders).

    Attributes:
        at_s: When its apex stands, in seconds: on the stressed syllable of its word.
        hand: Which hand makes it.
        strength: 0..1.5, how large it is beside others.
        gesture: Its name in the library.
        word: What is said there; empty for none.
        hold_s: How long the apex is held, seconds.
        semantic: Whether it means something by itself; a beat does not.
    """

    at_s: float
    hand: Hand
    strength: float
    gesture: str
    word: str = ""
    hold_s: float = 0.0
    semantic: bool = False
