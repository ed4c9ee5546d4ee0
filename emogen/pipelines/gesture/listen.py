"""A voice, a text or both -> what a body moves to: loudness, melody, accents, phrases, and words with their times.

Nothing here needs to know a language: accents are heard. Where a text is known, its words are found in the voice and an
accent stands on the stressed syllable of its word. A long voice is heard in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.voice_measures import HOP, QUIET_DB, REFERENCE_HZ, SAMPLE_RATE_HZ, WINDOW, frames
from emogen.errors import InputError
from emogen.media.audio import resample
from emogen.pipelines.gesture.accents import accented, phrases_of
from emogen.pipelines.gesture.speech import RATE_HZ, Floats, Speech, Word
from emogen.pipelines.spoken import Spoken, found_in, read_out, stresses

#: A voice is heard in pieces of this length, each with what lies around it (s); own choice.
PIECE_S, AROUND_S = 30, 1
#: A voice below this level (dB below full scale) is silent, however quiet the rest is; own assumption.
FLOOR_DB = -75.0
#: Of the frames that are heard, the loud ones: loudness 1.
LOUD_PERCENTILE = 95


def listen(
    audio: NDArray[np.float32] | Iterable[NDArray[np.float32]] | None,
    sample_rate: int = SAMPLE_RATE_HZ,
    text: str | None = None,
    *,
    language: str = "en",
    spoken: Spoken | None = None,
) -> Speech:
    """Hears a voice, or reads a text as if it were said.

    Args:
        audio: float32 [n], -1..1, mono, or blocks of it in order (`emogen.media.audio_stream.read_blocks`); None where
            there is only a text.
        sample_rate: Hz.
        text: What is said. Beside a voice it is found in it; alone it is read in the plain tempo of espeak-ng.
        language: Code of the text's language, such as "en", "de".
        spoken: The words and phones of the voice with their exact times, as a `SpeechOutput` has them; instead of `text`.

    Returns:
        Speech; silent audio has neither accents nor phrases.

    Raises:
        InputError: Neither audio nor text, a text that is not what the voice says, an unknown language.
        EmogenError: espeak-ng failed.
    """
    if audio is None:
        if text is None:
            raise InputError("gesture", "neither speech nor a text", "Give audio, a text, or both.")
        read = read_out(text, language)
        return listen(read.audio, read.sample_rate, language=language, spoken=read)
    if text is not None and spoken is None:
        whole = audio if isinstance(audio, np.ndarray) else np.concatenate(list(audio))
        return listen(whole, sample_rate, language=language, spoken=found_in(text, whole, sample_rate, language))
    level, pitch, duration_s = _heard(audio, sample_rate)
    loud = float(np.percentile(level[level > level.max() - QUIET_DB], LOUD_PERCENTILE))
    heard = level > max(loud - QUIET_DB, FLOOR_DB)
    voiced = heard & (pitch > 0)
    semitones = np.where(voiced, 12 * np.log2(np.maximum(pitch, 1.0) / REFERENCE_HZ), 0.0)
    semitones = np.where(voiced, semitones - (np.median(semitones[voiced]) if voiced.any() else 0.0), 0.0)
    loudness = np.where(heard, np.clip(1 + (level - loud) / QUIET_DB, 0, 1), 0.0)
    words = _words(spoken) if spoken is not None else ()
    phrases = phrases_of(heard)
    accents = accented(level, np.where(voiced, semitones, np.nan), heard, words)
    return Speech(duration_s, loudness, semitones, accents, phrases, words, language if words else "")


def _words(spoken: Spoken) -> tuple[Word, ...]:
    return tuple(
        Word(text, start, end, (start + end) / 2 if at is None else at, at is not None)
        for (text, start, end), at in zip(spoken.words, stresses(spoken), strict=True)
    )


def _heard(audio: Any, sample_rate: int) -> tuple[Floats, Floats, float]:
    """Level (dB below full scale) and pitch (Hz, 0 where none), `RATE_HZ` a second, and how long the voice is (s)."""
    levels, pitches, samples = [], [], 0
    for piece, before, own in _pieces(audio, sample_rate):
        x = resample(piece, sample_rate, SAMPLE_RATE_HZ)
        samples += own
        count = max(1, round(own / sample_rate * RATE_HZ))
        first = before * RATE_HZ
        # A window stands around its moment.
        x = np.pad(x, (WINDOW // 2, WINDOW // 2 + HOP))
        found = frames(x)
        cut = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), WINDOW)[::HOP]
        level = 10 * np.log10((cut**2).mean(1) + 1e-12)
        levels.append(level[first : first + count])
        pitches.append(found.pitch_hz[first : first + count])
    return np.concatenate(levels), np.concatenate(pitches), samples / sample_rate


def _pieces(audio: Any, sample_rate: int) -> Iterator[tuple[NDArray[np.float32], int, int]]:
    """Pieces of a voice with what lies around them: samples, seconds of them that belong to the piece before, own samples."""
    step, around = PIECE_S * sample_rate, AROUND_S * sample_rate
    held, before = np.zeros(0, np.float32), 0
    for block in (audio,) if isinstance(audio, np.ndarray) else audio:
        held = np.concatenate([held, block]) if len(held) else np.asarray(block, np.float32)
        while len(held) - before * sample_rate > step + around:
            yield held[: before * sample_rate + step + around], before, step
            held, before = held[before * sample_rate + step - around :], AROUND_S
    yield held, before, len(held) - before * sample_rate
