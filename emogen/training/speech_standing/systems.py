"""What is compared: ways to give a feeling to a recording, and to a text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emogen import checkpoints
from emogen.codecs import voice, voice_change, voice_grains, voice_slow
from emogen.codecs.voice_change import COLUMN, LEARNT, WIDTH
from emogen.codecs.voice_slow import FPS, Description, Habit
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.pipelines.speech import conversion, feel, prosody
from emogen.pipelines.speech import recording as recordings
from emogen.pipelines.speech.conversion import RULES_SHARE, VoiceConversionPipeline, converted
from emogen.pipelines.speech.feel import Feeling
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import ESPEAK_VERSION, EspeakSource
from emogen.pipelines.speech.pipeline import RuleSpeechPipeline, SpeechPipeline
from emogen.pipelines.speech.prosody import ProsodyRules
from emogen.pipelines.speech.recording import recording
from emogen.training.conversion import HELD_OUT, RESEARCH, strengths
from emogen.training.conversion_data import Pair, read_pairs
from emogen.training.speech_standing.sources import Source

CODING, RULES, MEAN, RULES_DIRECTED = "coding only", "rules", "mean change", "rules + directions"
DRAWN, UNDIRECTED, EMBEDDED, OPEN = "diffusion alone", "diffusion and rules", "embedded", "open checkpoint"
ESPEAK, TEXT_RULES, TEXT_EMBEDDED = "text: espeak-ng", "text: rules", "text: embedded"
REAL = "real recordings"
OPEN_FOLDER = checkpoints.HERE / "conversion_open"

Sound = tuple[NDArray[np.float32], int]
Floats = NDArray[np.float64]


class System(Protocol):
    """What renders."""

    @property
    def version(self) -> str:
        """Changes with what is rendered."""

    def render(self, source: Source, asked: str, seed: int) -> Sound:
        """A source with a feeling: samples [n] and Hz."""


@dataclass(frozen=True)
class Real:
    """Hands recordings through."""

    version: str = "0"

    def render(self, source: Source, asked: str, seed: int) -> Sound:
        """As `System.render`."""
        assert source.samples is not None
        return source.samples, source.rate


@dataclass(frozen=True)
class Converting:
    """Converts recordings."""

    feeling: Feeling
    version: str

    def render(self, source: Source, asked: str, seed: int) -> Sound:
        """As `System.render`."""
        parts = converted(recording(source.samples, source.rate), self.feeling, EmotionTrack.of(asked), seed)
        return np.concatenate([part.audio for part in parts]), voice.SAMPLE_RATE


@dataclass(frozen=True)
class Speaking:
    """Speaks texts."""

    pipe: SpeechPipeline
    version: str

    def render(self, source: Source, asked: str, seed: int) -> Sound:
        """As `System.render`."""
        out = self.pipe(source.text, asked, voice=source.voice, seed=seed)
        return out.audio, out.sample_rate


@dataclass(frozen=True)
class PlainEspeak:
    """espeak-ng's own voice, which has no feeling and one speaker."""

    version: str = ESPEAK_VERSION

    def render(self, source: Source, asked: str, seed: int) -> Sound:
        """As `System.render`."""
        with EspeakSource() as speaker:
            said = speaker.phonemes(source.text, variant="", language=find_language("en"))
        return said.audio, said.sample_rate


@dataclass(frozen=True)
class Constant:
    """The same change throughout: a step for each basic emotion, as loud as the rules say.

    Attributes:
        steps: [6, WIDTH] at intensity 1, over `BASIC`.
        rules: For the level.
        base: What the steps are added to; None: nothing.
    """

    steps: Floats
    rules: ProsodyRules
    base: Feeling | None = None

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int) -> Floats:
        """As `Feeling.change`."""
        count = len(found)
        step = track.sample(FPS, count / FPS).basic[:count] @ self.steps
        if self.base is not None:
            return np.asarray(self.base.change(found, habit, track, seed) + step)
        step[:, COLUMN["level"]] = self.rules.level_db(track, count)
        return np.asarray(step)


@dataclass(frozen=True)
class DrawnAlone:
    """What the denoiser draws, without rules (but for the level) and without directions.

    Attributes:
        pipe: Its directions are 0.
    """

    pipe: VoiceConversionPipeline

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int) -> Floats:
        """As `Feeling.change`."""
        both, published = self.pipe.change(found, habit, track, seed), self.pipe.rules.change(found, habit, track, seed)
        drawn = (both - RULES_SHARE * published) / (1.0 - RULES_SHARE)
        level = COLUMN["level"]
        drawn[:, level] = (both[:, level] - published[:, level]) / (1.0 - RULES_SHARE) + published[:, level]
        drawn[:, len(LEARNT) :] = 0.0  # the manner, which is the rules' alone
        return np.asarray(drawn)


def mean_steps(pairs: Sequence[Pair]) -> Floats:
    """[6, WIDTH] what neutral speech changes to in the mean, at the strength that counts as intensity 1.

    Each pack has the same weight.
    """
    scale = np.sqrt(np.mean([(p.change.astype(np.float64) ** 2).mean(axis=0) for p in pairs if p.felt == "neutral"], axis=0))
    strength = strengths(pairs, pairs, scale.astype(np.float32))
    steps = np.zeros((len(BASIC), WIDTH))
    for i, name in enumerate(BASIC):
        means = []
        for corpus in dict.fromkeys(p.corpus for p in pairs):
            rows = [p for p in pairs if (p.corpus, p.felt, p.wanted) == (corpus, "neutral", name)]
            if rows:
                total = np.sum([p.change.mean(axis=0, dtype=np.float64) for p in rows], axis=0)
                means.append(total / sum(strength[corpus, p.takes[1]] for p in rows))
        if means:
            steps[i, : len(LEARNT)] = np.mean(means, axis=0)
    return steps


@cache
def build(name: str, cache_dir: str, data_dir: str | None) -> System:
    """A system by its name."""
    makers: dict[str, Callable[[], System]] = {
        REAL: Real,
        ESPEAK: PlainEspeak,
        TEXT_RULES: lambda: _speaking(RuleSpeechPipeline.embedded()),
        TEXT_EMBEDDED: lambda: _speaking(SpeechPipeline.embedded()),
    }
    return makers[name]() if name in makers else _converting(name, cache_dir, data_dir)


def names() -> tuple[str, ...]:
    """The systems that convert recordings, in the order of the tables."""
    return (RULES, MEAN, RULES_DIRECTED, DRAWN, UNDIRECTED, EMBEDDED, *((OPEN,) if OPEN_FOLDER.is_dir() else ()))


def _converting(name: str, cache_dir: str, data_dir: str | None) -> Converting:
    rules = ProsodyRules()
    if name in (CODING, RULES):
        return Converting(rules, _version(rules.fingerprint()))
    if name == MEAN:
        pairs = read_pairs(RESEARCH, Path(cache_dir) / "pairs", data_dir)
        steps = mean_steps([p for p in pairs if p.speaker not in HELD_OUT])
        return Converting(Constant(steps, rules), _version(rules.fingerprint(), steps.tobytes()))
    pipe = VoiceConversionPipeline.from_pretrained(str(OPEN_FOLDER) if name == OPEN else "embedded")
    pipe.set_progress_bar_config(disable=True)
    if name == RULES_DIRECTED:
        steps = pipe.directions.steps.double().numpy()
        return Converting(Constant(steps, rules, rules), _version(rules.fingerprint(), steps.tobytes()))
    if name in (DRAWN, UNDIRECTED):
        pipe.directions.steps.zero_()
    return Converting(DrawnAlone(pipe) if name == DRAWN else pipe, _version(*pipe.hashes().values()))


def _speaking(pipe: Any) -> Speaking:
    pipe.set_progress_bar_config(disable=True)
    feeling = pipe.feeling
    weights = feeling.hashes().values() if hasattr(feeling, "hashes") else [feeling.fingerprint()]
    speaker = [checkpoints.checkpoint_hash("voices")] if "voices" in checkpoints.names() else []
    return Speaking(pipe, _version(*weights, *speaker, *_speaking_code()))


def _version(*parts: str | bytes) -> str:
    """Changes with weights and with the code that makes sound of them."""
    code = [_source_of(m) for m in (voice, voice_slow, voice_change, voice_grains, conversion, feel, prosody, recordings)]
    return hashlib.sha256(b"".join(p.encode() if isinstance(p, str) else p for p in (*code, *parts))).hexdigest()[:12]


def _speaking_code() -> list[bytes]:
    folder = Path(conversion.__file__).parent
    return [path.read_bytes() for kind in ("*.py", "*.csv", "reading/*.py") for path in sorted(folder.glob(kind))]


def _source_of(module: Any) -> bytes:
    return Path(module.__file__).read_bytes()
