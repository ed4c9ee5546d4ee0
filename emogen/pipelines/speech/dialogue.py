"""A written dialogue -> all of its voices: each turn with the feeling that its words have and that lasts from before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.checkpoints import checkpoint_hash
from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.hearts import Hearts
from emogen.conditioning.personality import amplified
from emogen.conditioning.recognition import Recognition
from emogen.conditioning.text import TextRecognizer
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.pipelines.base import AffectivePipeline, StepCallback, Steps
from emogen.pipelines.lines import NARRATOR, Line
from emogen.pipelines.outputs import Made
from emogen.pipelines.speech.cast import Member, complete, read_cast, strangers
from emogen.pipelines.speech.dialogue_output import DialogueOutput, SpokenTurn
from emogen.pipelines.speech.feel import piece_seed
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.mixing import Clip, Mix, louder, seconds
from emogen.pipelines.speech.output import SpeechOutput
from emogen.pipelines.speech.pipeline import AUTO, LEAD_S, TAIL_S, BySentence, SpeechPipeline, given_back
from emogen.pipelines.speech.turns import Dialogue, Turn, at_line, read_dialogue, turns_of

#: Silence before a turn, in s: of another speaker, who answers in conversation after 0.2 s in the middle (Stivers et
#: al. 2009, PNAS 106:10587), and of the same one, who goes on; acted speech leaves a little more room: own assumption.
ANSWER_S, GO_ON_S = 0.3, 0.45
SPREAD = 0.35  # of the logarithm of these silences; own assumption
GAP_A, GAP_VV = -0.43, 0.5  # log2 of a factor on them by activation and squared valence; as between sentences
SHORTEST_S, LONGEST_S = 0.06, 1.2  # of them; own assumption
#: How far an interruption reaches into the turn before it: s, and part of that turn at most; own assumption.
CUT_IN_S, CUT_IN_PART = 0.25, 0.4
CHARS_PER_S = 14.5  # of text, about 155 words a minute; for the times of sentences before they are spoken
UNREAD = "Words in {} are read badly for what they feel; write the emotion, or give a mood."


class DialoguePipeline(AffectivePipeline):
    """Speakers who answer each other.

    Args:
        speech: Speaks every turn; the embedded voices, or those of a backend.
    """

    modality: ClassVar[str] = "dialogue"

    def __init__(self, speech: SpeechPipeline) -> None:
        super().__init__()
        self.register_modules(speech=speech)
        speech.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> DialoguePipeline:
        """With the embedded voices."""
        return cls(SpeechPipeline.from_pretrained("embedded"))

    def __call__(
        self,
        dialogue: Any,
        emotion: Any = None,
        *,
        cast: str | Path | Mapping[str, Any] | None = None,
        language: str = "en",
        folder: str | Path | None = None,
        nonverbal: bool = True,
        seed: Any = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Speaks a dialogue.

        Args:
            dialogue: A text of lines such as `MARA (joy:0.8): We won.`, the path of a .txt file, a `Dialogue`, or a
                list of these.
            emotion: The mood of the whole, which lies under every turn without a written emotion, or a list of moods;
                a track runs in the time of the output. None, "auto" and neutral leave it to the words.
            cast: Name -> voice, mood, personality ...: a YAML file or a mapping, see `emogen.pipelines.speech.cast`.
            language: Of those who have none in the cast.
            folder: Of files named in emotions, which may not lie elsewhere; None: the dialogue's own.
            nonverbal: Breaths, sighs and laughs where the emotion asks for them.
            seed: 0..2^63-1; None: a random one, which the output reports.
            generator: Draws the seed instead.
            callback_on_step_end: `(pipe, step, "turn", {"audio": turn})`, may return a changed turn.
            return_dict: False gives a tuple of the output's fields.

        Returns:
            A `DialogueOutput`; a list for a list of dialogues.

        Raises:
            InputError: With file and line; nothing was computed.
            EmogenError: A voice failed.
        """
        members, spoken_in = read_cast(cast), find_language(language).code
        moods = [_mood(e) for e in emotion] if isinstance(emotion, (list, tuple)) else _mood(emotion)

        def make(content: Any, mood: EmotionTrack, used: int) -> Any:
            written = read_dialogue(content, members, folder)
            everybody = complete(written.names, members)
            self._check_voices(everybody)
            turns, after_s = turns_of(written, everybody, spoken_in)
            request = _request(written, everybody, mood, spoken_in, nonverbal)
            unread = {find_language(everybody[turn.who].language or spoken_in) for turn in turns if turn.written is None}
            notes = sorted(UNREAD.format(other.name) for other in unread if not other.code.startswith("en"))
            notes += strangers(written.names, members, written.name)
            scene = _Scene(written, everybody, spoken_in, mood, used, nonverbal, Made(request, mood, used, warnings=notes))
            with self.steps(len(turns), callback_on_step_end) as steps:
                self._speak(scene, turns, steps)
                scene.made.timings.update(steps.timings)
            out = scene.output(after_s)
            return out if return_dict else out.to_tuple()

        return self.each(make, dialogue, moods, seed, generator)

    def _check_voices(self, cast: Mapping[str, Member]) -> None:
        for member in cast.values():
            try:
                self.speech.find_voice(member.voice)
            except InputError as error:
                raise InputError(f"cast, {member.name}, {error.where}", error.found, error.accepted) from error

    def _speak(self, scene: _Scene, turns: list[Turn], steps: Steps) -> None:
        """Turn after turn, each felt when those before it have been heard."""
        read = _read([turn for turn in turns if turn.written is None], turns)
        if any(turn.written is None for turn in turns):
            scene.made.models["text"] = checkpoint_hash("text")
        for number, turn in enumerate(turns):
            member, before = scene.cast[turn.who], scene.end_s if turn.before_s is None else scene.end_s + turn.before_s
            felt: Any = turn.written
            if felt is None:
                felt = scene.felt(turn, read[number], before)
                acted: Any = BySentence(tuple(amplified(e, member.intensity) for e in felt))
            else:
                acted = EmotionTrack(tuple(replace(k, emotion=amplified(k.emotion, member.intensity)) for k in felt.keyframes))
            try:
                said: SpeechOutput = self.speech(
                    turn.said, acted, voice=member.voice, language=member.language or scene.language,
                    nonverbal=scene.nonverbal, seed=piece_seed(scene.seed, number),
                )  # fmt: skip
            except InputError as error:
                raise at_line(scene.dialogue.name, turn.number, error) from error
            changed = steps.done("turn", audio=said.audio)["audio"]
            scene.add(number, turn, said, given_back(changed, len(said.audio)), felt)


@dataclass
class _Scene:
    """One dialogue while it is spoken."""

    dialogue: Dialogue
    cast: Mapping[str, Member]
    language: str
    mood: EmotionTrack
    seed: int
    nonverbal: bool
    made: Made
    clips: list[Clip] = field(default_factory=list)
    turns: list[SpokenTurn] = field(default_factory=list)
    last: Turn | None = None
    hearts: Hearts = field(default_factory=lambda: Hearts(outside=(NARRATOR,)))
    ends: dict[str, float] = field(default_factory=dict)  # key -> when the speaker's last sound ends, in s

    @property
    def end_s(self) -> float:
        """When what was said so far ends."""
        return max((turn.end_s for turn in self.turns[-2:]), default=0.0)

    def felt(self, turn: Turn, read: list[Recognition], begin_s: float) -> tuple[Emotion, ...]:
        """What is felt in each sentence of a turn whose emotion is not written."""
        lengths = [len(sentence) / CHARS_PER_S for sentence in turn.sentences]
        times = [begin_s + sum(lengths[:i]) for i in range(len(lengths))]
        return tuple(f.emotion for f in self.hearts.turn(turn.who, self.cast[turn.who], read, times, self.mood.at))

    def add(self, number: int, turn: Turn, said: SpeechOutput, audio: Any, felt: Any) -> None:
        """Puts a turn that was spoken on the clock."""
        member = self.cast[turn.who]
        track, length = said.emotion, len(audio)
        start = round(max(self._begin(turn, track, number) - LEAD_S, 0.0) * SAMPLE_RATE)
        clip_s = seconds(start)
        words = tuple((word, a + clip_s, b + clip_s) for word, a, b in said.words)
        if turn.cut_off and words:
            words = (*words[:-1], (f"{words[-1][0]}--", *words[-1][1:]))
        end_s = max(seconds(start + length) - TAIL_S, words[-1][2] if words else 0.0)
        self.ends[turn.who] = seconds(start + length)
        self.clips.append(Clip(member.name, start, louder(audio, member.volume_db), member.pan))
        self.turns.append(
            SpokenTurn(turn.number, member.name, turn.text, track, turn.written is not None, clip_s, clip_s + LEAD_S, end_s, words)
        )
        if end_s > LIMITS.render_s:
            found = f"lasts more than {LIMITS.render_s:.0f} s, the limit (limits.render_s)"
            raise LimitError(f"{self.dialogue.name} line {turn.number}", found, "Speak it in parts.")
        last = felt[-1] if isinstance(felt, tuple) else felt.at(seconds(length))
        self.hearts.said(turn.who, last, end_s)
        self.last = turn
        self.made.models |= said.made.models
        self.made.backend, self.made.real_input = said.made.backend, self.made.real_input or said.made.real_input
        self._noted(turn, said, clip_s)

    def _noted(self, turn: Turn, said: SpeechOutput, clip_s: float) -> None:
        """Keeps what the voice had to say about a turn; the same warning is given once."""
        for kind, time_s in said.made.facts.get("sounds", ()):
            self.made.facts.setdefault("sounds", []).append([self.cast[turn.who].name, kind, round(time_s + clip_s, 3)])
        self.made.facts |= {k: v for k, v in said.made.facts.items() if k not in ("sounds", "marks")}
        for warning in said.warnings:
            if not any(note.endswith(f": {warning}") for note in self.made.warnings):
                self.made.warnings.append(f"{self.dialogue.name} line {turn.number}: {warning}")

    def _begin(self, turn: Turn, track: EmotionTrack, number: int) -> float:
        """When a turn is first heard, in s."""
        if self.last is None:
            return (turn.before_s or 0.0) + LEAD_S
        if turn.before_s is not None:
            return self.end_s + turn.before_s
        rng = np.random.default_rng([piece_seed(self.seed, number), 5])
        jitter = 2.0 ** (SPREAD * rng.standard_normal())
        before = self.turns[-1]
        if self.last.cut_off and self.last.who != turn.who:
            wanted = before.end_s - min(CUT_IN_S * jitter, CUT_IN_PART * (before.end_s - before.start_s))
        else:
            valence, activation, _ = track.at(0.0).vad
            gap = (GO_ON_S if self.last.who == turn.who else ANSWER_S) * jitter
            gap *= 2.0 ** float(GAP_A * activation + GAP_VV * valence**2)
            wanted = self.end_s + float(np.clip(gap, SHORTEST_S, LONGEST_S))
        return max(wanted, self.ends.get(turn.who, 0.0) + SHORTEST_S)

    def output(self, after_s: float) -> DialogueOutput:
        """The whole."""
        length = max(clip.end for clip in self.clips) + round(after_s * SAMPLE_RATE)
        stereo = any(clip.pan for clip in self.clips)
        if not any(k.emotion.intensity for k in self.mood.keyframes):
            self.made.emotion = _whole(self.turns)
        clips = tuple(sorted(self.clips, key=lambda clip: clip.start))
        return DialogueOutput(Mix(clips, length, 2 if stereo else 1), tuple(self.turns), SAMPLE_RATE, self.made)


def _mood(given: Any) -> Any:
    return None if isinstance(given, str) and given.strip().lower() == AUTO else given


def _request(dialogue: Dialogue, cast: Mapping[str, Member], mood: EmotionTrack, language: str, nonverbal: bool) -> dict[str, Any]:
    said = [
        [e.role, e.emotion, e.text] if isinstance(e, Line) else ["pause", e.seconds] for e in dialogue.elements
    ]
    everybody = {who: member.to_dict() for who, member in cast.items()}
    return {"dialogue": dialogue.name, "lines": said, "cast": everybody, "emotion": str(mood), "language": language,
            "nonverbal": nonverbal}  # fmt: skip


def _read(unwritten: list[Turn], turns: list[Turn]) -> dict[int, list[Recognition]]:
    """Number of a turn -> what the words of each of its sentences say, read with what was said before."""
    if not unwritten:
        return {}
    curve = iter(TextRecognizer.load("embedded").curve([s for turn in turns for s in turn.sentences]))
    return {number: [next(curve) for _ in turn.sentences] for number, turn in enumerate(turns)}


def _whole(turns: list[SpokenTurn]) -> EmotionTrack:
    """What is felt over the whole dialogue."""
    found: list[Keyframe] = []
    for turn in turns:
        length_s = turn.end_s - turn.clip_s
        ends = (Keyframe(t, turn.emotion.at(t)) for t in (0.0, length_s))
        keys = {round(k.t, 3): k for k in (*ends, *(k for k in turn.emotion.keyframes if 0.0 < k.t < length_s))}
        for t in sorted(keys):
            at = round(turn.clip_s + t, 3)
            if (not found or at > found[-1].t) and len(found) < LIMITS.keyframes:
                found.append(Keyframe(at, keys[t].emotion))
    return EmotionTrack(tuple(found))
