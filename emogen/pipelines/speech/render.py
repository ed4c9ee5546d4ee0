"""One plain sentence -> the same sentence as it is felt: pauses set, voice dressed, marks followed, feeling added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.voice import FRAME_S, POWER_FLOOR, SAMPLE_RATE, VoiceFrames
from emogen.codecs.voice_change import COLUMN, WIDTH
from emogen.codecs.voice_slow import FPS, Description, Habit
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.speech.contour import phone_index
from emogen.pipelines.speech.dress import dressed
from emogen.pipelines.speech.feel import Feeling, Felt, feel, sounded
from emogen.pipelines.speech.phonemes import Phone, Word
from emogen.pipelines.speech.phones import Kind, kind_of
from emogen.pipelines.speech.sentence import Mark, Token, as_written, token_times
from emogen.pipelines.speech.speaker import Plain
from emogen.pipelines.speech.voices import Voice

#: How much a kind of sound takes part in a change of rate, about 1 on average over a sentence: vowels most, the
#: closures and bursts of stops least (own assumption).
ELASTICITY = {
    Kind.PAUSE: 1.0, Kind.VOWEL: 1.3, Kind.NASAL: 0.95, Kind.LIQUID: 1.0, Kind.VOICED_FRICATIVE: 0.85,
    Kind.FRICATIVE: 0.8, Kind.VOICED_STOP: 0.55, Kind.STOP: 0.55, Kind.VOICED_AFFRICATE: 0.6, Kind.AFFRICATE: 0.6,
}  # fmt: skip
#: Emphasis -> semitones, dB, log2 of duration; directions as for accents (Juslin & Laukka 2003), sizes own choice.
EMPHASIS = {"strong": (3.0, 3.0, 0.3), "moderate": (1.8, 1.5, 0.15), "reduced": (-1.0, -2.0, -0.15), "none": (0.0, 0.0, 0.0)}
MARK_FRAMES = 2.5  # over which one mark turns into the next, 50 ms; own assumption
SETTLE_S = 0.03  # of a pause that stays at each of its ends when its length is set

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spoken:
    """One sentence of the output.

    Attributes:
        audio: float32 [n], 22 050 Hz, within -1..1.
        phones: Without pauses; times in seconds from the begin of `audio`.
        words: As written; likewise.
        tokens: (index of the token, start, end); likewise.
        felt: The voice before it became sound.
    """

    audio: NDArray[np.float32]
    phones: tuple[Phone, ...]
    words: tuple[tuple[str, float, float], ...]
    tokens: tuple[tuple[int, float, float], ...]
    felt: Felt


def render(said: Plain, tokens: Sequence[Token], voice: Voice, feeling: Feeling, track: EmotionTrack, seed: int) -> Spoken:
    """Speaks a plain sentence with feeling.

    Args:
        said: From a speaker.
        tokens: Its words with their marks.
        voice: Who speaks.
        feeling: What an emotion does to a voice.
        track: The emotion, in the listener's time from the begin of the sentence on.
        seed: Of everything drawn.
    """
    said = paused(said, tokens)
    plain = dressed(said.frames, voice, np.random.default_rng([seed, 2]))
    marked = Marked(feeling, said, tokens, voice)
    felt = feel(plain, marked, track, seed, elasticity=elasticity(said.phones, len(plain)), slower=-float(np.log2(voice.rate)))
    phones = tuple(Phone(p.ipa, felt.moved(p.start_s), felt.moved(p.end_s)) for p in said.phones if p.ipa)
    moved = [Word(w.text, felt.moved(w.start_s), felt.moved(w.end_s)) for w in said.words]
    audio = sounded(felt, said.sound, said.frames)
    return Spoken(audio, phones, tuple(as_written(tokens, moved)), tuple(token_times(tokens, moved)), felt)


def elasticity(phones: Sequence[Phone], count: int) -> Floats | None:
    """How much each of `count` frames takes part in a change of rate; None where no phones are known."""
    if not phones:
        return None
    return np.array([ELASTICITY[kind_of(phone.ipa)] for phone in phones])[phone_index(phones, count)]


@dataclass(frozen=True, eq=False)
class Marked:
    """A feeling, and what the marks of a text ask of single words on top of it."""

    feeling: Feeling
    said: Plain
    tokens: Sequence[Token]
    voice: Voice

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int) -> Floats:
        """As `Feeling.change`."""
        change = self.feeling.change(found, habit, track, seed)
        spans = [(self.tokens[i].mark, a, b) for i, a, b in token_times(self.tokens, self.said.words)]
        if all(mark == Mark() for mark, *_ in spans):
            return change
        time = (np.arange(len(found)) + 0.5) / FPS
        # A word's mark holds up to the next word.
        which = np.clip(np.searchsorted([a for _, a, _ in spans], time, side="right") - 1, 0, None)
        for emotion in dict.fromkeys(mark.emotion for mark, *_ in spans if mark.emotion is not None):
            there = np.array([mark.emotion == emotion for mark, *_ in spans])[which]
            share = gaussian_filter1d(there.astype(np.float64), MARK_FRAMES)[:, None]
            change = (1.0 - share) * change + share * self._with(emotion, found, habit, seed)
        asked = np.array([_asked(mark, self.voice) for mark, *_ in spans])[which]
        return np.asarray(change + gaussian_filter1d(asked, MARK_FRAMES, axis=0))

    def _with(self, emotion: Emotion, found: Description, habit: Habit, seed: int) -> Floats:
        return self.feeling.change(found, habit, EmotionTrack.of(emotion), seed)


def _asked(mark: Mark, voice: Voice) -> Floats:
    """The change [WIDTH] that a mark asks for, emotion aside."""
    pitch, level, longer = EMPHASIS.get(mark.emphasis, (0.0, 0.0, 0.0))
    found = np.zeros(WIDTH)
    found[COLUMN["pitch"]] = mark.semitones(voice.f0_hz) + pitch
    found[COLUMN["pitch_range"]] = np.log2(max(mark.range, 0.05))
    found[COLUMN["level"]] = mark.volume_db + level
    found[COLUMN["rate"]] = longer - np.log2(mark.rate)
    return found


def paused(said: Plain, tokens: Sequence[Token]) -> Plain:
    """The sentence with the silences that its tokens ask for, as long as asked."""
    wanted = {i: tokens[i].pause_s for i, *_ in token_times(tokens, said.words)}
    for i, _, end_s in reversed(token_times(tokens, said.words)):
        length_s = wanted[i]
        following = next((w.start_s for w in said.words if w.start_s >= end_s - 1e-6), None)
        if length_s is not None and following is not None:
            said = _with_pause(said, end_s, following, length_s)
    return said


def _with_pause(said: Plain, begin_s: float, end_s: float, length_s: float) -> Plain:
    """What lies between two times, taken for a silence of `length_s`."""
    begin, end = (round(t / FRAME_S) for t in (begin_s, end_s))
    settle = min(round(SETTLE_S / FRAME_S), (end - begin) // 2)
    keep, go_on = begin + settle, end - settle
    silent = max(round(length_s / FRAME_S) - 2 * settle, 0)
    frames = said.frames
    quiet = (np.zeros(silent), np.full((silent, frames.envelope.shape[1]), POWER_FLOOR), np.ones((silent, frames.envelope.shape[1])))
    parts = (frames.f0_hz, frames.envelope, frames.aperiodicity)
    joined = VoiceFrames(*(np.concatenate([x[:keep], q, x[go_on:]]) for x, q in zip(parts, quiet, strict=True)))
    sound = said.sound
    if sound is not None:
        before, after = (round(k * FRAME_S * SAMPLE_RATE) for k in (keep, go_on))
        pause = np.zeros(round((keep + silent) * FRAME_S * SAMPLE_RATE) - before, np.float32)
        sound = np.concatenate([sound[:before], pause, sound[after:]])
    later = (silent - (go_on - keep)) * FRAME_S
    middle = (begin_s + end_s) / 2

    def moved(time_s: float) -> float:
        return time_s + later if time_s >= middle else time_s

    phones = [replace(p, start_s=moved(p.start_s), end_s=moved(p.end_s)) for p in said.phones]
    if not any(not p.ipa and begin_s - 1e-6 <= p.start_s <= end_s for p in said.phones):  # there was no pause before
        phones = [replace(p, end_s=begin_s) if abs(p.end_s - begin_s - later) < 1e-6 else p for p in phones]
        at = next((k for k, p in enumerate(phones) if p.start_s > middle), len(phones))
        phones.insert(at, Phone("", begin_s, begin_s + silent * FRAME_S))
    words = [Word(w.text, moved(w.start_s), w.end_s if w.end_s <= begin_s + 1e-6 else moved(w.end_s)) for w in said.words]
    return Plain(joined, tuple(phones), tuple(words), sound)
