"""A score -> sound: the sound font that pretty_midi carries, played by symusic's synthesiser, in a small hall."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from emogen.errors import BackendMissing
from emogen.media.audio import loudness_lufs
from emogen.media.score import Score, Track
from emogen.pipelines.music.orchestra import BALANCE

RATE_HZ = 44_100
SOUND_FONT = "TimGM6mb.sf2"
#: The hall: reverberation time (s), level of the reverberation (dB), delay before it (s); a small concert hall.
HALL_S, HALL_DB, PREDELAY_S = 1.6, -17.0, 0.018
#: Loudness of a piece at velocity 74, and LU per unit of velocity: 118 is about 8 LU above 34. Own assumption.
LEVEL_LUFS, LU_PER_VELOCITY, MIDDLE_VELOCITY = -20.0, 0.10, 74.0
#: Level of each part against the melody (LU) and its place, -1 left .. 1 right; own assumption.
LEVELS = {"melody": (0.0, 0.1), "harmony": (-4.5, -0.2), "pad": (-8.0, 0.0), "bass": (-5.0, 0.0), "drums": (-6.0, 0.0)}
PEAK = 10 ** (-1.0 / 20)
TAIL_S = 2.0


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


def rendered(score: Score, seconds: float) -> np.ndarray:
    """A score as sound: float32 [samples, 2] at `RATE_HZ`, exactly `seconds` long, the last notes fading out."""
    length = round(seconds * RATE_HZ)
    dry = np.zeros((length + round(TAIL_S * RATE_HZ), 2), np.float32)
    for track in score.tracks:
        dry += _stem(score, track, len(dry))
    wet = _in_a_hall(dry)[:length]
    fade = min(length, round(0.4 * RATE_HZ))
    wet[length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None] ** 2
    return _levelled(wet, score)


def _stem(score: Score, track: Track, length: int) -> np.ndarray:
    """One track as sound, placed in the stereo picture, at its part's level.

    The instruments of a sound font differ by up to 20 LU at the same velocity, so every part is measured and set.
    """
    import symusic

    song = symusic.Score(480)
    for beat, bpm in score.tempos:
        song.tempos.append(symusic.Tempo(round(beat * 480), qpm=bpm))
    part = symusic.Track(name=track.name, program=track.program, is_drum=track.is_drum)
    for n in track.notes:
        part.notes.append(
            symusic.Note(round(n.start_beat * 480), max(1, round(n.duration_beat * 480)), n.pitch, n.velocity)
        )
    song.tracks.append(part)
    raw = symusic.Synthesizer(sf_path=str(sound_font()), sample_rate=RATE_HZ, quality=4).render(song, stereo=True)
    out = np.zeros((length, 2), np.float32)
    n = min(length, raw.shape[1])
    out[:n] = np.asarray(raw, np.float32).T[:n]
    # Measured where the part plays: the same figure by the gates of BS.1770, in a share of the time.
    first, last = (
        score.seconds(beat)
        for beat in (track.notes[0].start_beat, max(n.start_beat + n.duration_beat for n in track.notes))
    )
    loudness = loudness_lufs(out[round(first * RATE_HZ) : round((last + 0.5) * RATE_HZ)], RATE_HZ)
    if not np.isfinite(loudness):
        return out
    role = next((r for r in LEVELS if f"({r})" in track.name), "harmony")
    level, pan = LEVELS[role]
    played = float(np.mean([n.velocity for n in track.notes])) / BALANCE[role]
    want = LEVEL_LUFS + level + LU_PER_VELOCITY * (played - MIDDLE_VELOCITY)
    return out * (10 ** ((want - loudness) / 20) * np.array([1 - max(pan, 0), 1 + min(pan, 0)], np.float32))


def _in_a_hall(dry: np.ndarray) -> np.ndarray:
    """Adds reverberation: decaying noise, darker as it decays, the same in every call."""
    rng = np.random.default_rng(1944)
    n = round(HALL_S * RATE_HZ)
    decay = 10 ** (-3 * np.arange(n) / n)  # -60 dB at the reverberation time
    noise = rng.standard_normal((n, 2)) * decay[:, None]
    dark = sosfilt(butter(2, 2_400, fs=RATE_HZ, output="sos"), noise, axis=0)
    bright = sosfilt(butter(1, 7_000, fs=RATE_HZ, output="sos"), noise, axis=0)
    blend = np.linspace(0, 1, n)[:, None] ** 0.5
    response = (1 - blend) * bright + blend * dark
    response /= np.sqrt((response**2).sum(axis=0))
    shift = round(PREDELAY_S * RATE_HZ)
    wet = fftconvolve(dry, response, axes=0)[: len(dry)] * 10 ** (HALL_DB / 20) * 4.0
    out = dry.copy()
    out[shift:] += wet[: len(dry) - shift].astype(np.float32)
    return out


def _levelled(samples: np.ndarray, score: Score) -> np.ndarray:
    """Loudness by the mean velocity of the melody, peaks under -1 dBFS."""
    loudness = loudness_lufs(samples, RATE_HZ)
    if not np.isfinite(loudness):
        return samples
    velocities = [n.velocity for t in score.tracks if "(melody)" in t.name for n in t.notes]
    want = LEVEL_LUFS + LU_PER_VELOCITY * ((np.mean(velocities) if velocities else MIDDLE_VELOCITY) - MIDDLE_VELOCITY)
    gain = 10 ** ((want - loudness) / 20)
    peak = float(np.abs(samples).max(initial=1e-9))
    return (samples * min(gain, PEAK / peak)).astype(np.float32)
