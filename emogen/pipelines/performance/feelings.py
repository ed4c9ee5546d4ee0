"""What every speaker feels over the whole time: while speaking, and while listening to the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.hearts import Hearts
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.limits import LIMITS
from emogen.pipelines.lines import NARRATOR, key

if TYPE_CHECKING:
    from emogen.pipelines.performance.plan import Beat

#: A listener's face answers what is said this long after it began: facial mimicry begins within a second (Dimberg,
#: Thunberg & Elmehed 2000, Psychological Science 11:86-89, saw it from 0.5 s on).
ANSWER_S = 0.6


def scene_track(beats: Sequence[Beat]) -> EmotionTrack:
    """What whoever speaks feels, and the way from one line to the next; on the clock."""
    frames: list[Keyframe] = []
    for beat in beats:
        frames += _spoken(beat)
    return track_of(frames)


def listening_tracks(beats: Sequence[Beat]) -> dict[str, EmotionTrack]:
    """Name -> what that speaker feels on the clock; the narrator feels only what they tell."""
    frames: dict[str, list[Keyframe]] = {beat.role.name: [] for beat in beats}
    roles = {beat.role.name: beat.role for beat in beats}
    hearts = Hearts(outside=(NARRATOR,))
    for beat in beats:
        own = beat.role.name
        frames[own] += _spoken(beat)
        last = beat.emotion.at(beat.length_s)
        for name, role in roles.items():
            if name == own or key(name) == NARRATOR:
                continue
            before = hearts.silent(key(name), role, beat.start_s)
            frames[name].append(Keyframe(_ms(beat.start_s), before))
        hearts.said(key(own), last, beat.end_s)
        for name, role in roles.items():
            if name == own or key(name) == NARRATOR:
                continue
            answer = hearts.silent(key(name), role, beat.end_s)
            frames[name].append(Keyframe(_ms(min(beat.start_s + ANSWER_S, beat.end_s)), answer))
            frames[name].append(Keyframe(_ms(beat.end_s), answer))
    return {name: track_of(found) if found else EmotionTrack.of(Emotion()) for name, found in frames.items()}


def track_of(frames: Sequence[Keyframe]) -> EmotionTrack:
    """Keyframes in order as a track; those that do not come later, and those beyond the limit, are left out."""
    rising: list[Keyframe] = []
    for frame in frames:
        if not rising or frame.t > rising[-1].t:
            rising.append(frame)
    every = -(-len(rising) // LIMITS.keyframes)
    return EmotionTrack(tuple(rising[::every]))


def _spoken(beat: Beat) -> list[Keyframe]:
    inner = [k.t for k in beat.emotion.keyframes if 0.0 < k.t < beat.length_s]
    return [Keyframe(_ms(beat.start_s + t), beat.emotion.at(t)) for t in (0.0, *inner, beat.length_s)]


def _ms(t_s: float) -> float:
    return round(t_s, 3)
