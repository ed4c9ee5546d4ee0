"""A score -> how it sounds, plainly: one sound font, mono, no hall. For listening machines; `pipelines/music` plays for people."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from emogen.errors import BackendMissing
from emogen.media.audio import Audio
from emogen.media.sampler import Sampler, clock
from emogen.media.score import Score
from emogen.media.sound_font import SoundFont

SOUND_FONT = "TimGM6mb.sf2"
RATE_HZ = 16_000  # of what is heard
#: At which it is played: what lies above half of `RATE_HZ` would fold down if it were played at that rate.
PLAYED_HZ = 2 * RATE_HZ


def sound_font() -> Path:
    """Where the sound font lies.

    Raises:
        BackendMissing: pretty_midi is not installed, or came without its sound font.
    """
    spec = find_spec("pretty_midi")
    path = Path(spec.origin).parent / SOUND_FONT if spec and spec.origin else Path(SOUND_FONT)
    if not path.is_file():
        raise BackendMissing(
            "music", f"the sound font {SOUND_FONT} of pretty_midi is missing", "Install it: pip install pretty_midi"
        )
    return path


@cache
def loaded_font() -> SoundFont:
    """The sound font, read once.

    Raises:
        BackendMissing: As `sound_font`.
    """
    return SoundFont(sound_font())


def heard(score: Score) -> Audio:
    """All tracks as they are, mono, 16 kHz, until the last note has died away.

    Args:
        score: With at least one note.

    Raises:
        BackendMissing: The sound font is missing.
    """
    sampler, seconds = Sampler(loaded_font(), PLAYED_HZ), clock(score)
    parts = [sampler.play(track, seconds).mean(axis=0) for track in score.tracks if track.notes]
    mixed = np.zeros(max(len(part) for part in parts), np.float32)
    for part in parts:
        mixed[: len(part)] += part
    return Audio(mixed, PLAYED_HZ).resampled(RATE_HZ)
