"""The plan: who says what when, what is felt over time, and what is seen.

Times are estimates until the voices exist (`timed` makes them exact). Everything that depends on times -- music,
scenes, feelings over the whole clock, peaks -- is derived from the beats and the marks between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.pipelines.performance.composition import Composition
from emogen.pipelines.performance.feelings import listening_tracks, scene_track
from emogen.pipelines.performance.plan_table import table
from emogen.pipelines.speech.cast import Member
from emogen.pipelines.speech.ssml import without_markup

SHOTS = ("head", "bust", "two", "picture")
#: Characters of text per second, about 155 words a minute; only for times before the voices exist. Own assumption.
CHARS_PER_S = 14.5
#: Silence before the first line, between two lines of one speaker, at a change of speaker, and after the last
#: line, in seconds. Turns in conversation follow within some hundred milliseconds (Stivers et al. 2009,
#: PNAS 106:10587); a story leaves a little more room: own assumption.
LEAD_S, GAP_S, TURN_S, TAIL_S = 0.8, 0.35, 0.55, 1.6
#: Music under a story that names none follows it at this share of its intensity; own assumption.
MUSIC_SHARE = 0.8
SHORTEST_MUSIC_S = 0.5


@dataclass(frozen=True)
class Beat:
    """One line on the clock.

    Attributes:
        number: The line of the script that it stands in.
        role: Who says it, each with a voice.
        text: What is said, as the voice is given it; it may be SSML.
        emotion: In seconds from the beat's own start.
        written: Whether its times stand as written; else they stretch with the voice.
        start_s: When it begins.
        end_s: When it ends.
        shot: One of `SHOTS`.
        gap_s: Silence before it.
        because: What its feeling comes from.
        peak: A word of it on which something turns, and how strongly, 0..1; None: nothing does.
    """

    number: int = field(compare=False)
    role: Member
    text: str
    emotion: EmotionTrack = field(hash=False)
    written: bool = True
    start_s: float = 0.0
    end_s: float = 0.0
    shot: str = "picture"
    gap_s: float = 0.0
    because: str = ""
    peak: tuple[str, float] | None = None

    @property
    def words(self) -> str:
        """What is said, as people read it."""
        return without_markup(self.text)

    @property
    def length_s(self) -> float:
        """How long it is said."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class MusicMark:
    """Music from a beat on; `emotion` None ends it.

    Attributes:
        before: Index of the beat before which it begins; 0: from the very start.
        emotion: In seconds from its start.
        after_s: How long after the end of the beat before that.
    """

    before: int
    emotion: EmotionTrack | None = field(hash=False)
    after_s: float = 0.0


@dataclass(frozen=True)
class SceneMark:
    """A scene from a beat on; `before` and `after_s` as of `MusicMark`, `picture` a file in the plan's folder."""

    before: int
    words: str = ""
    picture: str | None = None
    after_s: float = 0.0


@dataclass(frozen=True)
class Cue:
    """Music (emotion in seconds from the cue's start) or a scene, on the clock."""

    start_s: float
    end_s: float
    emotion: EmotionTrack | None = field(default=None, hash=False)
    words: str = ""
    picture: Path | None = None


@dataclass(frozen=True)
class Peak:
    """A moment on which the story turns: when, how strongly (0..1), at which word of which beat (its index)."""

    t_s: float
    strength: float
    word: str
    beat: int


@dataclass(frozen=True)
class Plan:
    """What happens when. `timed` replaces estimated times by the voices' own.

    Attributes:
        title: Of the whole; empty: none is shown.
        beats: In order, on the clock.
        music_marks: Where music changes; none: it follows the story; one of None at 0: there is no music.
        scene_marks: Where the scene changes.
        language: Of those who have none of their own.
        seed: Of the rendering; None: drawn.
        composition: How it is shown.
        tail_s: Silence after the last beat.
        name: Of the file, for messages.
        folder: Where pictures are; they may not lie elsewhere.
        notes: What was noticed while it was read.
    """

    title: str
    beats: tuple[Beat, ...]
    music_marks: tuple[MusicMark, ...] = ()
    scene_marks: tuple[SceneMark, ...] = ()
    language: str = "en"
    seed: int | None = None
    composition: Composition = field(default_factory=Composition)
    tail_s: float = TAIL_S
    name: str = field(default="plan", compare=False)
    folder: Path = field(default=Path(), repr=False, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def on_the_clock(cls, title: str, beats: Iterable[Beat], **more: Any) -> Plan:
        """A plan whose beats follow each other at estimated times."""
        return cls(title, _following(beats, None), **more)

    def timed(self, durations_s: Sequence[float]) -> Plan:
        """The same plan with the length of every beat known, in seconds."""
        stretched = [
            beat if beat.written else replace(beat, emotion=beat.emotion.scale_time(length / beat.length_s))
            for beat, length in zip(self.beats, durations_s, strict=True)
        ]
        return replace(self, beats=_following(stretched, durations_s))

    @property
    def called(self) -> str:
        """The title, or the name of the file without its suffix."""
        return self.title or Path(self.name).stem

    @property
    def duration_s(self) -> float:
        """Of the whole."""
        return self.beats[-1].end_s + self.tail_s

    @cached_property
    def music(self) -> tuple[Cue, ...]:
        """Music on the clock; cues that meet within a scene are one, with a second of transition. A new scene has its own."""
        if not self.music_marks:
            return (Cue(0.0, self.duration_s, _scaled(self.track, MUSIC_SHARE)),)
        placed: list[Cue] = []
        anew = {mark.before for mark in self.scene_marks}
        for mark, start, stop in self._spans(self.music_marks):
            if mark.emotion is None or stop - start <= SHORTEST_MUSIC_S:
                continue
            if placed and abs(placed[-1].end_s - start) < 1e-6 and mark.before not in anew:
                before = placed.pop()
                joined = _joined(before.emotion or mark.emotion, mark.emotion, start - before.start_s)
                placed.append(Cue(before.start_s, stop, joined))
            else:
                placed.append(Cue(start, stop, mark.emotion))
        return tuple(placed)

    @cached_property
    def scenes(self) -> tuple[Cue, ...]:
        """Scenes on the clock, at least one."""
        return tuple(
            Cue(start, stop, words=mark.words, picture=None if mark.picture is None else self.folder / mark.picture)
            for mark, start, stop in self._spans(self.scene_marks)
        ) or (Cue(0.0, self.duration_s),)

    @cached_property
    def track(self) -> EmotionTrack:
        """The feeling of the scene on the whole clock: what whoever speaks feels, and the way to the next one."""
        return scene_track(self.beats)

    @cached_property
    def tracks(self) -> dict[str, EmotionTrack]:
        """Name -> what that speaker feels on the whole clock, while listening as well."""
        return listening_tracks(self.beats)

    @cached_property
    def peaks(self) -> tuple[Peak, ...]:
        """The moments on which the story turns, in order."""
        return tuple(
            Peak(round(beat.start_s + _share(beat.words, beat.peak[0]) * beat.length_s, 3), beat.peak[1], beat.peak[0], i)
            for i, beat in enumerate(self.beats)
            if beat.peak is not None
        )

    def to_dict(self) -> dict[str, Any]:
        """The timeline as plain JSON values; `plan_file` writes what can be edited and read again."""
        lines = [
            {
                "start_s": round(b.start_s, 3),
                "end_s": round(b.end_s, 3),
                "speaker": b.role.name,
                "text": b.text,
                "emotion": b.emotion.to_dict(),
                "from": "script" if b.written else "words",
                "because": b.because,
                "shot": b.shot,
            }
            for b in self.beats
        ]
        music = [{"start_s": round(c.start_s, 3), "end_s": round(c.end_s, 3), "emotion": str(c.emotion)} for c in self.music]
        scenes = [
            {"start_s": round(c.start_s, 3), "words": c.words, "picture": c.picture.name if c.picture else None}
            for c in self.scenes
        ]
        peaks = [{"t_s": p.t_s, "strength": p.strength, "word": p.word, "line": p.beat + 1} for p in self.peaks]
        return {
            "title": self.title, "duration_s": round(self.duration_s, 3), "lines": lines, "music": music, "scenes": scenes,
            "peaks": peaks, **({"warnings": list(self.notes)} if self.notes else {}),
        }  # fmt: skip

    def table(self) -> str:
        """The plan to read."""
        return table(self)

    def _spans(self, marks: Sequence[Any]) -> list[tuple[Any, float, float]]:
        """Each mark with its begin and end on the clock."""
        starts = [0.0 if m.before == 0 else self.beats[m.before - 1].end_s + m.after_s for m in marks]
        return [(m, a, b) for m, (a, b) in zip(marks, pairwise([*starts, self.duration_s]), strict=True)]


def _following(beats: Iterable[Beat], lengths_s: Sequence[float] | None) -> tuple[Beat, ...]:
    t, placed = 0.0, []
    for i, beat in enumerate(beats):
        length = len(beat.words) / CHARS_PER_S if lengths_s is None else lengths_s[i]
        start = t + beat.gap_s
        t = start + length
        placed.append(replace(beat, start_s=start, end_s=t))
    return tuple(placed)


def _share(text: str, word: str) -> float:
    """How much of a text is said before a word."""
    return max(text.lower().find(word.lower()), 0) / max(len(text), 1)


def _scaled(track: EmotionTrack, factor: float) -> EmotionTrack:
    return EmotionTrack(tuple(replace(k, emotion=k.emotion.scale(factor)) for k in track.keyframes))


def _joined(first: EmotionTrack, second: EmotionTrack, at_s: float) -> EmotionTrack:
    """`first` until `at_s`, then `second`, over a second of transition."""
    kept = [k for k in first.keyframes if k.t < at_s - 1.0] or [first.keyframes[0]]
    hold = Keyframe(round(max(at_s - 0.5, kept[-1].t + 0.01), 3), first.at(max(at_s - 0.5, 0.0)))
    later = [replace(k, t=round(max(k.t + at_s + 0.5, hold.t + 0.01), 3)) for k in second.keyframes]
    return EmotionTrack((*kept, hold, *later))
