"""A score -> how it sounds, plainly: one sound font, mono, no hall. For listening machines; `pipelines/music` plays for people."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.errors import BackendMissing
from emogen.media.audio import Audio
from emogen.media.score import Score

SOUND_FONT = "TimGM6mb.sf2"
RATE_HZ = 16_000  # of what is heard
#: At which it is played: below 44.1 kHz some high notes of this sound font keep the synthesiser busy for ever.
PLAYED_HZ = 44_100
TICKS = 480  # a quarter note


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


def stem(score: Score, number: int, rate_hz: int, *, stereo: bool, quality: int) -> NDArray[np.float32]:
    """One track of a score as sound, [channels, n].

    Args:
        score: With its tempos.
        number: Of the track; it has notes.
        rate_hz: Sampling rate.
        stereo: Two channels or one.
        quality: 0..6 of the synthesiser.
    """
    import symusic

    track = score.tracks[number]
    song = symusic.Score(TICKS)
    for beat, bpm in score.tempos:
        song.tempos.append(symusic.Tempo(round(beat * TICKS), qpm=bpm))
    part = symusic.Track(name=track.name, program=track.program, is_drum=track.is_drum)
    for n in track.notes:
        part.notes.append(
            symusic.Note(round(n.start_beat * TICKS), max(1, round(n.duration_beat * TICKS)), n.pitch, n.velocity)
        )
    song.tracks.append(part)
    synthesizer = symusic.Synthesizer(sf_path=str(sound_font()), sample_rate=rate_hz, quality=quality)
    return np.asarray(synthesizer.render(song, stereo=stereo), dtype=np.float32)


def heard(score: Score) -> Audio:
    """All tracks as they are, mono, 16 kHz.

    Args:
        score: With at least one note.
    """
    parts = [stem(score, i, PLAYED_HZ, stereo=False, quality=0)[0] for i, t in enumerate(score.tracks) if t.notes]
    length = max(len(p) for p in parts)
    mixed = np.sum([np.pad(p, (0, length - len(p))) for p in parts], axis=0)
    return Audio(mixed.astype(np.float32), PLAYED_HZ).resampled(RATE_HZ)
