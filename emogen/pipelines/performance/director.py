"""Script -> plan: what everybody feels and why, who is seen how, and where the story turns.

A line with a written emotion keeps it. The others are read sentence by sentence with all that was said before; hints
of the script ("she sobbed") join what the words say; on top comes what lasts and what is caught from others, coloured
by personality, and what a policy makes of it: the hearts of `emogen.conditioning.hearts`, as in dialogues.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.hearts import Felt, Hearts
from emogen.conditioning.personality import FAINTEST, amplified, rounded
from emogen.conditioning.policy import find_policy
from emogen.conditioning.recognition import Recognition
from emogen.conditioning.reference import FolderResolver, inside
from emogen.conditioning.sentences import split_sentences
from emogen.conditioning.spec import parse
from emogen.conditioning.text import TextRecognizer
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import EmogenError, InputError
from emogen.pipelines.lines import NARRATOR, Line, Pause
from emogen.pipelines.performance.arc import Moment, turns, word_of
from emogen.pipelines.performance.casting import company, members, overridden
from emogen.pipelines.performance.composition import Composition
from emogen.pipelines.performance.plan import (
    CHARS_PER_S,
    GAP_S,
    LEAD_S,
    TAIL_S,
    TURN_S,
    Beat,
    MusicMark,
    Plan,
    SceneMark,
)
from emogen.pipelines.performance.plan_file import is_plan, read_plan
from emogen.pipelines.performance.readers import parse_script, read_script
from emogen.pipelines.performance.script import Framing, Music, Scene, Script
from emogen.pipelines.performance.staging import stage
from emogen.pipelines.speech.cast import NOTHING, Member, strangers
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.ssml import is_ssml, sentences_of, without_markup

#: The part of what words say that is left beside a hint that names a feeling; own assumption.
BESIDE_HINT = 0.5
QUOTED = 36  # characters of a sentence that are quoted as a cause
SECOND = 0.6  # a cause this large beside the largest is named as well; own assumption


def make_plan(
    script: Script, emotion: Any = None, *, folder: str | Path | None = None, cast: Any = None, policy: str | None = None,
    seed: int | None = None,
) -> Plan:  # fmt: skip
    """Plans a script.

    Args:
        script: What is said and what happens.
        emotion: The feeling of every line that names none; None: the words decide.
        folder: Where pictures and references are looked for; None: the script's own.
        cast: Members that override those of the script: a YAML file or a mapping.
        policy: How the agents of the cast answer who talks to them; see `emogen.conditioning.policy.POLICIES`.
        seed: Of the rendering.

    Raises:
        InputError: An emotion that cannot be read, a picture outside the folder, a policy for nobody; with its place.
    """
    folder = script.folder if folder is None else Path(folder)
    known = overridden(script.cast, members(cast, folder))
    lines = [e for e in script.elements if isinstance(e, Line)]
    names = tuple(dict.fromkeys(known[line.role].name if line.role in known else line.role for line in lines))
    roles = _with_policy(company(script, names, known), policy)
    notes = strangers(names, known, script.name)
    planned = _Planned(script, folder, roles, None if emotion is None else str(emotion), notes)
    planned.read(lines)
    for element in script.elements:
        planned.add(element)
    return planned.plan(seed)


@dataclass
class _Planned:
    """A plan while it grows."""

    script: Script
    folder: Path
    roles: dict[str, Member]
    emotion: str | None
    notes: tuple[str, ...]
    beats: list[Beat] = field(default_factory=list)
    music: list[MusicMark] = field(default_factory=list)
    scenes: list[SceneMark] = field(default_factory=list)
    shots: dict[int, str] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    hearts: Hearts = field(default_factory=lambda: Hearts(outside=(NARRATOR,)))
    silence_s: float = 0.0
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.resolver = FolderResolver(self.folder, escape=False)
        if self.script.music is not None:
            off = self.script.music.lower() in ("off", "none")
            self.music.append(MusicMark(0, None if off else self._parsed(self.script.music, 0)))

    def read(self, lines: Sequence[Line]) -> None:
        """Reads what the words of all lines say, each sentence with what stands before it."""
        unread = self.emotion is None and any(_written(line) is None for line in lines)
        sentences = [s for line in lines for s in split_sentences(without_markup(self._said(line)))]
        self.said: Iterator[Recognition] = iter(TextRecognizer.load("embedded").curve(sentences) if unread else ())

    def add(self, element: Any) -> None:
        """The next element of the script."""
        first, number = len(self.beats), element.number
        after_s = self.silence_s if self.beats else 0.0
        if isinstance(element, Pause):
            self.silence_s += element.seconds
        elif isinstance(element, Music):
            track = None if element.emotion is None else self._parsed(element.emotion, number)
            self.music.append(MusicMark(first, track, after_s))
        elif isinstance(element, Scene):
            if element.picture is not None:
                inside(self.folder, element.picture, f"{self.script.name} line {number}")
            self.scenes.append(SceneMark(first, element.words, element.picture, after_s))
        elif isinstance(element, Framing):
            self.shots[first] = element.shot
        else:
            self._line(element)

    def _line(self, line: Line) -> None:
        role, asked, text = self.roles[line.role], self._asked(line), self._said(line)
        words = without_markup(text)
        last = self.beats[-1].role.name if self.beats else None
        gap_s = (LEAD_S if last is None else GAP_S if last == role.name else TURN_S) + self.silence_s
        self.now_s += gap_s
        sentences = split_sentences(words)
        lengths = [len(sentence) / CHARS_PER_S for sentence in sentences]
        begins = [float(b) for b in np.cumsum([0.0, *lengths[:-1]])]
        read = [r for _, r in zip(sentences, self.said, strict=False)]
        if asked is not None:
            track = EmotionTrack(tuple(replace(k, emotion=amplified(k.emotion, role.intensity)) for k in asked.keyframes))
            because = "as written"
        else:
            hinted = [self._hinted(r, line) for r in read]
            felt = self.hearts.turn(line.role, role, hinted, [self.now_s + b for b in begins])
            times = [round(b + (0.35 * n if i else 0.0), 3) for i, (b, n) in enumerate(zip(begins, lengths, strict=True))]
            emotions = [rounded(amplified(f.emotion, role.intensity)) for f in felt]
            track = EmotionTrack(tuple(Keyframe(t, e) for t, e in zip(times, emotions, strict=True)))
            because = self._because(felt, sentences, line)
        if self.shots.get(len(self.beats), "picture") != "picture" and role.portrait is None:
            accepted = "Give them one in the cast, or leave the shot out."
            raise InputError(f"{self.script.name} line {line.number}, shot", f"{role.name} has no portrait", accepted)
        self._note(sentences, begins, lengths, track)
        length_s = len(words) / CHARS_PER_S
        shown = replace(role, mood=NOTHING, policy=None, agent=False, intensity=1.0, ssml=False)  # all of it is in the track
        start_s, self.now_s = self.now_s, self.now_s + length_s
        written = asked is not None
        self.beats.append(Beat(line.number, shown, text, track, written, start_s, self.now_s, gap_s=gap_s, because=because))
        self.silence_s = 0.0
        self.hearts.said(line.role, track.at(length_s), self.now_s)

    def _said(self, line: Line) -> str:
        """What the voice is given to say: SSML, checked, where its speaker has it."""
        role, where = self.roles[line.role], f"{self.script.name} line {line.number}, text"
        text = f"<speak>{line.text}</speak>" if role.ssml and not is_ssml(line.text) else line.text
        if is_ssml(text):
            if not role.ssml:
                raise InputError(where, "is SSML, which this speaker does not have", "Write `ssml: true` in the cast.")
            try:
                sentences_of(text, find_language(role.language or self.script.language))
            except InputError as error:
                raise at_line(self.script.name, line.number, error) from error
        return text

    def _note(self, sentences: Sequence[str], begins: Sequence[float], lengths: Sequence[float], track: EmotionTrack) -> None:
        for sentence, begin, length in zip(sentences, begins, lengths, strict=True):
            felt = track.at(begin + 0.5 * length)
            self.moments.append(Moment(len(self.beats), sentence, felt.vad, felt.intensity))

    def plan(self, seed: int | None) -> Plan:
        """The whole."""
        peaks: dict[int, tuple[str, float]] = {}
        names = {word for role in self.roles.values() for word in role.name.lower().split()}
        for turn in turns(self.moments):
            moment = self.moments[turn.sentence]
            english = (self.beats[moment.beat].role.language or self.script.language).startswith("en")
            if turn.strength > peaks.get(moment.beat, ("", 0.0))[1]:
                peaks[moment.beat] = (word_of(moment.text, names, english=english), turn.strength)
        beats = [replace(beat, peak=peaks.get(i)) for i, beat in enumerate(self.beats)]
        shots = stage(beats, {mark.before for mark in self.scenes}, self.shots)
        try:
            composition = Composition(**self.script.composition)
        except InputError as error:
            raise InputError(f"{self.script.name}, {error.where}", error.found, error.accepted) from error
        return Plan.on_the_clock(
            self.script.title, [replace(beat, shot=shot) for beat, shot in zip(beats, shots, strict=True)],
            music_marks=tuple(self.music), scene_marks=tuple(self.scenes), language=self.script.language, seed=seed,
            composition=composition, tail_s=TAIL_S + self.silence_s, name=self.script.name, folder=self.folder,
            notes=self.notes,
        )  # fmt: skip

    def _asked(self, line: Line) -> EmotionTrack | None:
        """The emotion that is written for a line."""
        written = _written(line)
        if written is not None:
            return self._parsed(written, line.number)
        return None if self.emotion is None else EmotionTrack.of(self.emotion)

    def _parsed(self, text: str, number: int) -> EmotionTrack:
        try:
            return EmotionTrack.of(parse(text, resolver=self.resolver))
        except InputError as error:
            raise at_line(self.script.name, number, error) from error

    def _hinted(self, read: Recognition, line: Line) -> Recognition:
        """What words say together with a hint; one that names a feeling counts more than they."""
        if line.hint is None:
            return read
        hint = Emotion.parse(line.hint)
        words = read.emotion.scale(1.0 if line.hint.startswith("vad(") else BESIDE_HINT)
        return replace(read, emotion=words + hint, confidence=1.0)

    def _line_of(self, beat: int) -> str:
        return f"{self.beats[beat].role.name} (line {beat + 1})"

    def _because(self, felt: Sequence[Felt], sentences: Sequence[str], line: Line) -> str:
        """What moves a speaker most, in a few words."""
        strongest = max(range(len(felt)), key=lambda i: felt[i].emotion.intensity)
        main = felt[strongest]
        if main.policy is not None:
            return f"policy {main.policy}" + ("" if main.caught_from is None else f", to {self._line_of(main.caught_from)}")
        quoted = sentences[strongest].strip(" .!?\u2026\"'")
        quoted = quoted if len(quoted) <= QUOTED else quoted[: QUOTED - 1].rstrip() + "\u2026"
        names = {
            "words": f"words: '{quoted}'" + ("" if line.hint is None else ", and how it is said"),
            "lasting": "lasts" if main.lasts_from is None else f"lasts from line {main.lasts_from + 1}",
            "caught": "" if main.caught_from is None else f"caught from {self._line_of(main.caught_from)}",
            "mood": "mood",
            "temper": "temper",
        }
        order = sorted(((size, name) for name, size in main.causes.items() if size >= FAINTEST and names[name]), reverse=True)
        return "; ".join(names[name] for size, name in order[:2] if size >= SECOND * order[0][0])


def _written(line: Line) -> str | None:
    """The emotion that stands beside a line; "auto" leaves it to the words."""
    return line.emotion if line.emotion and line.emotion.lower() != "auto" else None


def at_line(name: str, number: int, error: EmogenError) -> EmogenError:
    """An error with the place in the script that it is about."""
    return type(error)(f"{name} line {number}, {error.where}", error.found, error.accepted)


def _with_policy(roles: dict[str, Member], policy: str | None) -> dict[str, Member]:
    if policy is None:
        return roles
    name = find_policy(policy)
    agents = [who for who, member in roles.items() if member.agent]
    if not agents:
        accepted = "Write `agent: true` beside one of the cast, or `policy:` for each."
        raise InputError("policy", f"{name} is given, but nobody of the cast is an agent", accepted)
    return {who: replace(m, policy=m.policy or name) if who in agents else m for who, m in roles.items()}


def planned(
    given: Script | Plan | str | Path, emotion: Any = None, *, folder: str | Path | None = None, cast: Any = None,
    policy: str | None = None, seed: int | None = None,
) -> Plan:  # fmt: skip
    """The plan of a script, of the text of a story (with line breaks), of a file of either, or a plan itself.

    Arguments and errors as `make_plan`; in a plan, emotions, cast and policies are settled, so that none can be given.
    """
    if isinstance(given, (str, Path)) and "\n" not in str(given) and is_plan(given):
        given = read_plan(given)
    if isinstance(given, Plan):
        for name, value in (("emotion", emotion), ("cast", cast), ("policy", policy)):
            if value is not None:
                accepted = "A plan has it settled: edit its lines, or plan the script anew."
                raise InputError(name, f"given for a plan ({given.name})", accepted)
        return given if seed is None else replace(given, seed=seed)
    if isinstance(given, Script):
        return make_plan(given, emotion, folder=folder, cast=cast, policy=policy, seed=seed)
    story = isinstance(given, str) and "\n" in given
    script = parse_script(str(given), cast, folder=folder or ".") if story else read_script(given, cast)
    return make_plan(script, emotion, folder=folder, policy=policy, seed=seed)
