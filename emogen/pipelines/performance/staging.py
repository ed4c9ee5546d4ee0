"""Which shot shows a line: who is seen, and how near.

Who has no portrait is heard over the scene. Two who meet are shown together first. What is felt strongly, and what the
story turns on, is seen in the face; long calm lines leave room for the hands. The rules are those of plain continuity
editing as film schools teach them; every number is this project's own assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from emogen.pipelines.performance.plan import Beat

STRONG = 0.6  # a feeling this strong is seen in the face
LONG_S = 4.5  # a line this long, and no stronger than CALM, is seen with its gestures
CALM = 0.5
SAME = 3  # lines of one kind of shot after which another one is due
TOGETHER_EVERY = 8  # lines of portraits after which two are shown together again


@dataclass
class _Seen:
    """What was shown in this scene."""

    last: str = ""
    run: int = 0
    since_two: int = 0
    people: list[str] = field(default_factory=list)  # in the order of their last line
    pairs: set[frozenset[str]] = field(default_factory=set)


def stage(beats: Sequence[Beat], scene_begins: set[int], given: dict[int, str]) -> list[str]:
    """The shot of every beat.

    Args:
        beats: In order, with what is felt.
        scene_begins: Indices of the beats with which a scene begins.
        given: Index of a beat -> the shot that the script asks for.
    """
    found: list[str] = []
    seen = _Seen()
    for i, beat in enumerate(beats):
        if i in scene_begins:
            seen = _Seen()
        shot = given.get(i) or _shot(beats, i, scene_begins, seen)
        found.append(shot)
        if beat.role.portrait is None or shot == "picture":
            continue
        seen.run = seen.run + 1 if shot == seen.last else 1
        seen.last = shot
        seen.since_two = 0 if shot == "two" else seen.since_two + 1
        if beat.role.name in seen.people:
            seen.people.remove(beat.role.name)
        seen.people.append(beat.role.name)
        if shot == "two" and (other := _partner(beats, i, scene_begins, seen)) is not None:
            seen.pairs.add(frozenset((beat.role.name, other)))
    return found


def _shot(beats: Sequence[Beat], i: int, scene_begins: set[int], seen: _Seen) -> str:
    beat = beats[i]
    if beat.role.portrait is None:
        return "picture"
    level = max(k.emotion.intensity for k in beat.emotion.keyframes)
    partner = _partner(beats, i, scene_begins, seen)
    if partner is not None and frozenset((beat.role.name, partner)) not in seen.pairs and level < 1.2:
        return "two"
    if level >= STRONG or beat.peak is not None:
        return "head"
    if seen.since_two >= TOGETHER_EVERY and partner is not None:
        return "two"
    calm = beat.length_s >= LONG_S and level < CALM
    wanted = "bust" if calm else "head"
    if seen.run >= SAME and wanted == seen.last:
        return "two" if partner is not None and seen.last == "bust" else "bust"
    return wanted


def _partner(beats: Sequence[Beat], i: int, scene_begins: set[int], seen: _Seen) -> str | None:
    """Whom a line is said to: who spoke last, or who speaks next, in this scene."""
    own = beats[i].role.name
    for name in reversed(seen.people):
        if name != own:
            return name
    for k in range(i + 1, min(i + 3, len(beats))):
        if k in scene_begins:
            break
        if beats[k].role.portrait is not None and beats[k].role.name != own:
            return beats[k].role.name
    return None
