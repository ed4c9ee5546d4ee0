"""Script -> plan: who says what when, and what is felt over time.

Times are estimates until the voices exist (`timed` makes them exact). A line without a written emotion gets
the one that the words carry, sentence by sentence with their context, coloured by the speaker's personality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.personality import coloured
from emogen.conditioning.reference import FolderResolver, inside
from emogen.conditioning.sentences import split_sentences
from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import EmogenError, InputError
from emogen.pipelines.performance.script import DEFAULT_VOICES, NARRATOR, Line, Music, Pause, Role, Scene, Script

#: Characters of text per second, about 155 words a minute; only for times before the voices exist. Own assumption.
CHARS_PER_S = 14.5
#: Silence before the first line, between two lines of one speaker, at a change of speaker, and after the last
#: line, in seconds. Turns in conversation follow within some hundred milliseconds (Stivers et al. 2009,
#: PNAS 106:10587); a story leaves a little more room: own assumption.
LEAD_S, GAP_S, TURN_S, TAIL_S = 0.8, 0.35, 0.55, 1.6
#: Music under a story that names none follows it at this share of its intensity; own assumption.
MUSIC_SHARE = 0.8


@dataclass(frozen=True)
class Beat:
    """One line on the clock. `emotion` runs in seconds from the beat's own start."""

    number: int
    role: Role
    text: str
    emotion: EmotionTrack = field(hash=False)
    written: bool
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Cue:
    """Music (emotion in seconds from the cue's start) or a scene, on the clock."""

    start_s: float
    end_s: float
    emotion: EmotionTrack | None = field(default=None, hash=False)
    words: str = ""
    picture: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What happens when. `timed` replaces estimated times by the voices' own."""

    title: str
    language: str
    beats: tuple[Beat, ...]
    music: tuple[Cue, ...]
    scenes: tuple[Cue, ...]
    duration_s: float
    script: Script = field(repr=False, compare=False)
    folder: Path = field(repr=False, compare=False)

    def timed(self, durations_s: Sequence[float]) -> Plan:
        """The same plan with the length of every beat known, in seconds."""
        stretched = [
            beat
            if beat.written
            else replace(beat, emotion=beat.emotion.scale_time(length / (beat.end_s - beat.start_s)))
            for beat, length in zip(self.beats, durations_s, strict=True)
        ]
        return _on_the_clock(self.script, self.folder, stretched, list(durations_s))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "title": self.title,
            "duration_s": round(self.duration_s, 3),
            "lines": [
                {
                    "start_s": round(b.start_s, 3),
                    "end_s": round(b.end_s, 3),
                    "speaker": b.role.name,
                    "text": b.text,
                    "emotion": b.emotion.to_dict(),
                    "from": "script" if b.written else "words",
                }
                for b in self.beats
            ],
            "music": [
                {"start_s": round(c.start_s, 3), "end_s": round(c.end_s, 3), "emotion": str(c.emotion)}
                for c in self.music
            ],
            "scenes": [
                {"start_s": round(c.start_s, 3), "words": c.words, "picture": c.picture.name if c.picture else None}
                for c in self.scenes
            ],
        }

    def table(self) -> str:
        """The plan to read: one row per line, then music and scenes."""
        rows = [("start", "end", "who", "emotion", "from", "text")]
        for b in self.beats:
            rows.append(
                (
                    f"{b.start_s:.1f}",
                    f"{b.end_s:.1f}",
                    b.role.name,
                    _clip(_shown(b.emotion), 44),
                    "script" if b.written else "words",
                    _clip(b.text, 60),
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[5]]) for row in rows]
        lines += [
            f"music  {c.start_s:.1f}-{c.end_s:.1f} s  {_clip(_shown(c.emotion), 100)}" for c in self.music if c.emotion
        ]
        lines += [f"scene  from {c.start_s:.1f} s  {c.words}" for c in self.scenes if c.words]
        return "\n".join([f"{self.title}: about {self.duration_s:.0f} s", *lines])


def make_plan(script: Script, *, folder: str | Path = ".") -> Plan:
    """Plans a script; pictures and references are looked for in `folder`.

    Raises:
        InputError: An emotion that cannot be read, with the line of the script.
    """
    folder = Path(folder)
    lines = [e for e in script.elements if isinstance(e, Line)]
    emotions = _emotions(script, lines, folder)
    lengths = [len(line.text) / CHARS_PER_S for line in lines]
    roles = _roles(script, lines)
    beats = [
        Beat(line.number, roles[line.role], line.text, emotion, line.emotion is not None, 0.0, length)
        for line, emotion, length in zip(lines, emotions, lengths, strict=True)
    ]
    return _on_the_clock(script, folder, beats, lengths)


def _roles(script: Script, lines: list[Line]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    free = [v for v in DEFAULT_VOICES if v not in {role.voice for role in script.cast.values()}] or list(DEFAULT_VOICES)
    for line in lines:
        if line.role in roles:
            continue
        role = script.cast.get(line.role) or Role(NARRATOR)
        if role.voice is None:
            voice = "narrator" if line.role == NARRATOR else free[len(roles) % len(free)]
            role = replace(role, voice=voice)
        roles[line.role] = role
    return roles


def _emotions(script: Script, lines: list[Line], folder: Path) -> list[EmotionTrack]:
    """The emotion of every line: as written, or as the words carry it."""
    resolver = FolderResolver(folder, escape=False)
    written: dict[int, EmotionTrack] = {}
    for i, line in enumerate(lines):
        if line.emotion is not None and line.emotion.lower() != "auto":
            try:
                written[i] = EmotionTrack.of(parse(line.emotion, resolver=resolver))
            except InputError as error:
                raise _at(script, line.number, error) from error
    if len(written) == len(lines):
        return [written[i] for i in range(len(lines))]
    read = iter(_read([split_sentences(line.text) for line in lines]))
    tracks = []
    for i, line in enumerate(lines):
        found = next(read)
        role = script.cast.get(line.role)
        felt = [(t, coloured(e, role.personality) if role else e) for t, e in found]
        tracks.append(written.get(i) or EmotionTrack(tuple(Keyframe(t, e) for t, e in felt)))
    return tracks


def _read(lines: list[list[str]]) -> list[list[tuple[float, Emotion]]]:
    """Per line the emotion of each sentence, at the time (s) when that sentence is in its middle."""
    from emogen.conditioning.text import TextRecognizer

    curve = iter(TextRecognizer.load("embedded").curve([s for line in lines for s in line]))
    found = []
    for line in lines:
        moments: list[tuple[float, Emotion]] = []
        t = 0.0
        for sentence in line:
            length = len(sentence) / CHARS_PER_S
            moments.append((round(t + (0.35 * length if moments else 0.0), 3), next(curve).emotion))
            t += length
        found.append(moments)
    return found


def _at(script: Script, number: int, error: EmogenError) -> InputError:
    return InputError(f"{script.name} line {number}, {error.where}", error.found, error.accepted)


def _on_the_clock(script: Script, folder: Path, beats: list[Beat], lengths: list[float]) -> Plan:
    t, previous, placed = LEAD_S, None, []
    music: list[tuple[float, Music]] = []
    scenes: list[tuple[float, Scene]] = []
    waiting = iter(zip(beats, lengths, strict=True))
    if script.music is not None:
        music.append((0.0, Music(0, None if script.music.lower() == "off" else script.music)))
    for element in script.elements:
        if isinstance(element, Pause):
            t += element.seconds
        elif isinstance(element, Music):
            music.append((0.0 if previous is None else t, element))
        elif isinstance(element, Scene):
            scenes.append((0.0 if previous is None else t, element))
        else:
            beat, length = next(waiting)
            t += 0.0 if previous is None else GAP_S if previous == beat.role else TURN_S
            placed.append(replace(beat, start_s=t, end_s=t + length))
            t, previous = t + length, beat.role
    end = t + TAIL_S
    return Plan(
        script.title,
        script.language,
        tuple(placed),
        _music(script, folder, music, placed, end),
        _scenes(script, folder, scenes, end),
        end,
        script,
        folder,
    )


def _music(
    script: Script, folder: Path, cues: list[tuple[float, Music]], beats: list[Beat], end: float
) -> tuple[Cue, ...]:
    if not cues:
        return (Cue(0.0, end, _following(beats)),)
    resolver = FolderResolver(folder, escape=False)
    placed: list[Cue] = []
    for i, (start, cue) in enumerate(cues):
        stop = cues[i + 1][0] if i + 1 < len(cues) else end
        if cue.emotion is None or stop - start <= 0.5:
            continue
        try:
            track = EmotionTrack.of(parse(cue.emotion, resolver=resolver))
        except InputError as error:
            raise _at(script, cue.number, error) from error
        if placed and abs(placed[-1].end_s - start) < 1e-6:
            before = placed.pop()
            joined = _joined(before.emotion or EmotionTrack.of("neutral"), track, start - before.start_s)
            placed.append(Cue(before.start_s, stop, joined))
        else:
            placed.append(Cue(start, stop, track))
    return tuple(placed)


def _joined(first: EmotionTrack, second: EmotionTrack, at_s: float) -> EmotionTrack:
    """`first` until `at_s`, then `second`, over a second of transition."""
    kept = [k for k in first.keyframes if k.t < at_s - 1.0] or [first.keyframes[0]]
    hold = Keyframe(round(max(at_s - 0.5, kept[-1].t + 0.01), 3), first.at(at_s - 0.5))
    later = [replace(k, t=round(k.t + at_s + 0.5, 3)) for k in second.keyframes]
    return EmotionTrack((*kept, hold, *later))


def _following(beats: list[Beat]) -> EmotionTrack:
    """Music that follows the story: what each line feels at its middle."""
    keyframes = [
        Keyframe(round((b.start_s + b.end_s) / 2, 3), b.emotion.at((b.end_s - b.start_s) / 2).scale(MUSIC_SHARE))
        for b in beats
    ]
    return EmotionTrack(tuple(keyframes))


def _scenes(script: Script, folder: Path, scenes: list[tuple[float, Scene]], end: float) -> tuple[Cue, ...]:
    placed = []
    for i, (start, scene) in enumerate(scenes):
        picture = inside(folder, scene.picture, f"{script.name} line {scene.number}") if scene.picture else None
        placed.append(Cue(start, scenes[i + 1][0] if i + 1 < len(scenes) else end, words=scene.words, picture=picture))
    return tuple(placed) or (Cue(0.0, end),)


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _shown(track: EmotionTrack) -> str:
    """An emotion for the table: as it is written where that is short, else by its label."""

    def short(emotion: Emotion) -> str:
        return str(emotion) if len(str(emotion)) <= 30 else f"{emotion.label}, {emotion.intensity:.2f}"

    if len(track.keyframes) == 1:
        return short(track.keyframes[0].emotion)
    return "; ".join(f"{k.t:.3g}s {short(k.emotion)}" for k in track.keyframes)
