"""Who speaks, whose movement is restyled, and by which pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import emogen
from emogen import checkpoints
from emogen.codecs.body import BodyMotion
from emogen.codecs.body_codec import BodyCodec
from emogen.media.atomic import atomic_path
from emogen.pipelines.gesture.pipeline import GesturePipeline, RuleGesturePipeline
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.training import gesture_data, kept
from emogen.training.kept import Kept
from emogen.training.motion import STYLES
from emogen.training.speech_standing import sources
from emogen.training.speech_standing.run import NEUTRAL

#: What is compared: the default, and the same without what was learnt.
EMBEDDED, RULES = "embedded", "rules"
SYSTEMS = (EMBEDDED, RULES)
FPS = 30.0
ROOT = Path(emogen.__file__).parent
BODIES = ROOT / "pipelines" / "gesture"
#: Code that movement comes from, and the checkpoints.
MOTION = (BODIES / "*.py", BODIES / "*.csv", ROOT / "codecs" / "*.py", ROOT / "codecs" / "skeleton.csv")
LEARNT_FROM = tuple(n for n in ("gesture", "restyle", "motion", "voices") if n in checkpoints.names())
#: Sentences that say nothing of a feeling, 5 to 8 s each; the first four are asked for at all intensities too.
TEXTS = {
    "station": "They were at the station before the train came in, and the others arrived a little later with the bags.",
    "garden": "On Monday we will look at the garden again. Then somebody has to bring the old ladder over from the yard.",
    "letters": "He put the letters on the kitchen table, read two of them, and left the rest there until the evening.",
    "bridge": "The road goes along the river, past the mill, and over the bridge. From there it is another hour on foot.",
    "shop": "There is a shop at the corner that sells lamps and maps. Behind it is a yard where somebody keeps bees.",
    "table": "First the table goes into the other room. After that the chairs follow, and the lamp stays where it is.",
}
VOICES = ("alto", "tenor")
#: Recorded people: neutral takes of each, joined to about so many seconds with pauses of so many.
PEOPLE, JOINED_S, PAUSE_S = 2, 6.0, 0.4
#: Contents of the judge's half in which somebody stands and gestures; in the others somebody walks.
STANDING = ("bye", "raise-up-right-hand", "wave-left-hand", "wave-right-hand")
#: Neutral takes of each content that are restyled.
TAKES = 2


@dataclass(frozen=True, eq=False)
class Voice:
    """Something said.

    Attributes:
        name: As it stands in the cache.
        said: With `audio` [n], `sample_rate`, and, where emogen says it, its words with times.
        text: What is said; "" where that is not known.
        real: Whether a person says it.
    """

    name: str
    said: Any
    text: str = ""
    real: bool = False

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.said.audio) / float(self.said.sample_rate)


@dataclass(frozen=True, eq=False)
class Recording:
    """A recorded movement on emogen's skeleton.

    Attributes:
        name: Of its file.
        content: What is done.
        style: How, as the pack names it.
        group: Set and content.
        motion: At 30 frames a second.
    """

    name: str
    content: str
    style: str
    group: str
    motion: BodyMotion

    @property
    def label(self) -> str:
        """What is felt; "" where the style is no feeling."""
        return STYLES.get(self.style, "")


@dataclass(eq=False)
class Bench(Kept):
    """Where things are, and the pipelines.

    Attributes:
        data: Folder of the packs; None: the usual one.
    """

    data: str | None = None

    def pipe(self, system: str) -> GesturePipeline:
        """By name."""
        known: dict[str, GesturePipeline] = self.__dict__.setdefault("_pipes", {})
        if system not in known:
            known[system] = {EMBEDDED: GesturePipeline, RULES: RuleGesturePipeline}[system].embedded()
            known[system].set_progress_bar_config(disable=True)
        return known[system]

    @cached_property
    def spoken(self) -> list[Voice]:
        """Sentences by voices of emogen in turn."""
        return [Voice(name, self.say(text, VOICES[i % len(VOICES)]), text) for i, (name, text) in enumerate(TEXTS.items())]

    @cached_property
    def voices(self) -> list[Voice]:
        """What emogen says, then people; all neutral: the body alone is to show a feeling."""
        return [*self.spoken, *people(self.data)]

    def say(self, text: str, voice: str = VOICES[0]) -> Any:
        """A text as emogen says it, neutral, with the times of its words."""
        return self._speech(text, NEUTRAL, voice=voice, seed=1)

    @cached_property
    def _speech(self) -> SpeechPipeline:
        speech = SpeechPipeline.embedded()
        speech.set_progress_bar_config(disable=True)
        return speech

    @cached_property
    def recorded(self) -> list[Recording]:
        """All of the judge's half: nothing that moves a body was learnt from what is done there."""
        return self._fitted("judge")

    @cached_property
    def learnt_from(self) -> list[Recording]:
        """All of the other half, which what moves bodies was learnt from."""
        return self._fitted("maker")

    def _fitted(self, wanted: str) -> list[Recording]:
        """Recordings of one half; fitted to emogen's skeleton once, which takes a while."""
        said = kept.version(ROOT / "codecs" / "*.py", ROOT / "codecs" / "skeleton.csv", Path(gesture_data.__file__))
        path = self.cache / f"recordings-{wanted}-{said}.npz"
        codec = BodyCodec(FPS)
        if not path.is_file():
            print(f"recordings: the {wanted}'s half", flush=True)
            found = [_recording(row, motion) for row, motion in gesture_data.recordings(wanted, self.data)]
            names = np.array([(r.name, r.content, r.style, r.group) for r in found])
            with atomic_path(path) as part, part.open("wb") as stream:
                np.savez_compressed(stream, names=names, **{r.name: codec.encode(r.motion) for r in found})
        with np.load(path, allow_pickle=False) as stored:
            rows = [[str(word) for word in row] for row in stored["names"]]
            return [Recording(row[0], row[1], row[2], row[3], codec.decode(stored[row[0]])) for row in rows]

    @property
    def neutral(self) -> list[Recording]:
        """What is restyled: neutral takes, up to `TAKES` of each content that is there in several styles."""
        found: list[Recording] = []
        for one in self.recorded:
            felt = {r.label for r in self.recorded if r.group == one.group} - {NEUTRAL, ""}
            taken = sum(r.group == one.group for r in found)
            if one.label == NEUTRAL and felt and taken < TAKES:
                found.append(one)
        return found


def _recording(row: dict[str, str], motion: BodyMotion) -> Recording:
    return Recording(Path(row["file"]).stem, row["content"], row["style"], f"set {row['set']}, {row['content']}", motion)


def people(data: str | None) -> list[Voice]:
    """Recorded people whom no generator learnt from: neutral takes of one, joined."""
    by_speaker: dict[str, list[sources.Source]] = {}
    for source in sources.held_out(12, data):
        if source.label == NEUTRAL and source.samples is not None:
            by_speaker.setdefault(source.group, []).append(source)
    found = []
    for group, takes in list(by_speaker.items())[:PEOPLE]:
        rate = takes[0].rate
        parts: list[NDArray[np.float32]] = []
        for take in takes:
            assert take.samples is not None
            if sum(map(len, parts)) < JOINED_S * rate:
                parts += [take.samples, np.zeros(round(PAUSE_S * rate), np.float32)]
        said = SimpleNamespace(audio=np.concatenate(parts[:-1]).astype(np.float32), sample_rate=rate)
        found.append(Voice(group.replace("/", "-"), said, real=True))
    return found
