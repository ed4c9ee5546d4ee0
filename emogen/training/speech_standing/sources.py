"""What is converted and spoken: recordings of people whom no generator learnt from, and sentences.

Nothing of the packs is written anywhere but into the cache.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.vocabulary import BASIC
from emogen.training.conversion import HELD_OUT
from emogen.training.speech_data import SAMPLE_RATE_HZ, Clip, read_clips

PACKS = tuple(sorted({speaker.rpartition("/")[0] for speaker in HELD_OUT}))
TESS = "speech/tess"  # the only English pack that a generator learnt from
LABELS = ("neutral", *BASIC)
VOICES = ("alto", "tenor", "soprano", "bass")


@dataclass(frozen=True, eq=False)
class Source:
    """What is given to a system.

    Attributes:
        key: Names it, and its content, in the cache.
        group: Who speaks.
        pack: Where it is from; "text" for sentences.
        label: What it is acted as.
        samples: [n] of a recording; None for a sentence.
        rate: Hz.
        text: What is said, in English; "" where no words are to be counted.
        voice: Of a sentence.
    """

    key: str
    group: str
    pack: str
    label: str = "neutral"
    samples: NDArray[np.float32] | None = field(default=None, repr=False)
    rate: int = SAMPLE_RATE_HZ
    text: str = ""
    voice: str = ""


def held_out(count: int, data_dir: str | Path | None = None) -> list[Source]:
    """Takes of the held-out speakers: up to `count` of each speaker and label."""
    taken: Counter[tuple[str, str]] = Counter()
    found = []
    for clip in read_clips(PACKS, data_dir):
        kind = (clip.speaker, clip.label)
        if clip.speaker in HELD_OUT and clip.label in LABELS and taken[kind] < count:
            taken[kind] += 1
            found.append(recorded(clip))
    return found


def english(count: int, data_dir: str | Path | None = None) -> list[Source]:
    """English takes, `count` of each label, evenly over the pack; a generator has heard their speaker."""
    found = []
    clips = list(read_clips([TESS], data_dir))
    for label in LABELS:
        own = [clip for clip in clips if clip.label == label]
        found += [recorded(clip, clip.text) for clip in own[:: max(1, len(own) // count)][:count]]
    return found


def recorded(clip: Clip, text: str = "") -> Source:
    """A clip of a pack as a source."""
    key = f"{clip.speaker.replace('/', '-')}-{clip.label}-{_digest(clip.samples.tobytes())}"
    return Source(key, clip.speaker, clip.corpus, clip.label, clip.samples, SAMPLE_RATE_HZ, text)


def sentences(count: int) -> list[Source]:
    """Sentences whose words say nothing of a feeling, each by every voice."""
    return [_spoken(text, voice) for text in lines("sentences.txt")[:count] for voice in VOICES]


def harvard(count: int) -> list[Source]:
    """IEEE sentences (lists 7 to 10 of IEEE Recommended Practice for Speech Quality Measurements, 1969), each by every voice.

    Lists 1 to 6 served while the voices were made.
    """
    return [_spoken(text, voice, counted=True) for text in lines("harvard.txt")[:count] for voice in VOICES]


def one_voice_each(spoken: list[Source]) -> list[Source]:
    """Each text once, by voices in turn."""
    return [source for i, source in enumerate(spoken) if i % len(VOICES) == i // len(VOICES) % len(VOICES)]


def lines(name: str) -> list[str]:
    """The lines of a file of this package."""
    return (files(__package__) / name).read_text(encoding="utf-8").split("\n")[:-1]


def _spoken(text: str, voice: str, counted: bool = False) -> Source:
    return Source(f"text-{voice}-{_digest(text.encode())}", voice, "harvard" if counted else "text", text=text, voice=voice)


def acted(data_dir: str | Path | None = None) -> Iterator[Clip]:
    """All takes of all packs that generators learn from, held-out speakers included."""
    return (clip for clip in read_clips([*PACKS, TESS], data_dir) if clip.label in LABELS)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:10]
