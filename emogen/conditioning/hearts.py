"""What everybody in a conversation feels, turn after turn: own inertia, what is caught from others, and policies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.personality import Heart
from emogen.conditioning.policy import answer, needs_meeting
from emogen.conditioning.recognition import Recognition


class Temper(Protocol):
    """What the hearts must know of somebody: a member of a cast."""

    @property
    def mood(self) -> Emotion:
        """Lies under all that they say."""

    @property
    def personality(self) -> Mapping[str, float]:
        """Trait -> 0..1."""

    @property
    def policy(self) -> str | None:
        """How they answer others; None: as they feel."""


@dataclass(frozen=True)
class Felt:
    """What is felt in one sentence.

    Attributes:
        emotion: All of it.
        causes: How much of it each of `personality.CAUSES` makes, 0..1.5.
        caught_from: Number of the turn that was heard last; None: none was.
        lasts_from: Number of the speaker's own turn before.
        policy: The policy that shaped it.
    """

    emotion: Emotion
    causes: Mapping[str, float]
    caught_from: int | None = None
    lasts_from: int | None = None
    policy: str | None = None


@dataclass
class Hearts:
    """The memory of a conversation.

    Args:
        outside: Who tells, and neither keeps nor catches nor passes on a feeling.
    """

    outside: Collection[str] = ()
    last: dict[str, tuple[Emotion, float, int]] = field(default_factory=dict)  # who -> feeling, when (s), turn
    order: list[str] = field(default_factory=list)  # who spoke, turn after turn
    met: dict[str, np.ndarray] = field(default_factory=dict)  # agent -> what the other showed when acknowledged

    def turn(
        self, who: str, temper: Temper, read: Sequence[Recognition], times_s: Sequence[float],
        mood: Callable[[float], Emotion] = lambda _: Emotion(),
    ) -> list[Felt]:
        """What is felt in each sentence of the next turn; `said` must follow before the turn after it.

        Args:
            who: Key of the speaker.
            temper: Who they are.
            read: What the words of each sentence say.
            times_s: When each sentence begins; rising, on the clock of the conversation.
            mood: Time (s) -> what lies under all that is said.
        """
        apart = who in self.outside
        own, since, earlier = (Emotion(), 0.0, None) if apart else self.last.get(who, (Emotion(), 0.0, None))
        heard, heard_at, number = self.heard(who)
        if apart:
            heard, number = Emotion(), None
        policy = None if apart else temper.policy
        before, meeting = own, False
        if policy is not None:
            meeting = needs_meeting(policy, heard.vad, self.met.get(who))
            if meeting:
                self.met[who] = heard.vad
        found: list[Felt] = []
        for recognition, now in zip(read, times_s, strict=True):
            stirred = Emotion() if policy is not None else heard  # a policy says how to answer, so nothing is caught
            moods = (temper.mood, mood(now))
            heart = Heart((own, max(now - since, 0.0)), (stirred, max(now - heard_at, 0.0)), moods, temper.personality)
            felt, causes = heart.traced(recognition.emotion, recognition.confidence)
            if policy is not None:
                felt = answer(policy, felt, heard, before, meeting)
            found.append(Felt(felt, causes, number, earlier, policy))
            own, since = felt, now
        return found

    def said(self, who: str, emotion: Emotion, end_s: float) -> None:
        """Keeps what a turn ended with, and when it ended."""
        self.last[who] = (emotion, end_s, len(self.order))
        self.order.append(who)

    def heard(self, who: str) -> tuple[Emotion, float, int | None]:
        """What the other one showed who spoke last, when, and in which turn."""
        for other in reversed(self.order):
            if other != who and other not in self.outside:
                return self.last[other]
        return Emotion(), 0.0, None

    def silent(self, who: str, temper: Temper, now_s: float) -> Emotion:
        """What somebody feels who says nothing."""
        own, since, _ = self.last.get(who, (Emotion(), 0.0, 0))
        heard, heard_at, _ = self.heard(who)
        heart = Heart(
            (own, max(now_s - since, 0.0)), (heard, max(now_s - heard_at, 0.0)), (temper.mood,), temper.personality
        )  # fmt: skip
        return heart.silent()
