"""When a sound that a model made says which word: espeak-ng says the same words, and the two are laid side by side.

espeak-ng knows when each of its sounds begins. Its speech is stretched over the model's by dynamic time warping (Sakoe
& Chiba 1978) of the colour of the sound, so that the times are estimates. Where a model knows when its words begin,
that is used instead, and only the sounds within each word are estimated.

Measured on neutral recordings of eight people (EmoDB, 189 words): the begin of a word is 27 ms off (median, mean 32);
stretched evenly over what is heard of the recording it would be 69 ms (mean 87). On sad ones 31 ms, against 99.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from emogen.codecs.voice import FRAME_S, VoiceFrames, analyze
from emogen.codecs.voice_slow import band_levels, level
from emogen.pipelines.speech.phonemes import Phone, Utterance, Word

HOP = 2  # WORLD frames in one that is compared, 10 ms
CEPSTRA = 12  # of the band levels; as many as recognisers use (Davis & Mermelstein 1980)
FLOOR_DB = 40.0  # what is softer than this below the loud frames counts as silence; own assumption
LEVEL_WEIGHT, VOICE_WEIGHT = 1.0, 1.0  # of level and voicing beside the cepstra; best of the measurement above
ASIDE = 1.5  # cost of a step that stands still in one of the two, against half a step in both; likewise
SHORTEST_S = FRAME_S  # of a sound
EDGE_S = 0.05  # silence put around what espeak-ng says

Floats = NDArray[np.float64]
Span = tuple[float, float]


def timed(
    said: Utterance, frames: VoiceFrames, spans: Sequence[Span] | None = None
) -> tuple[tuple[Phone, ...], tuple[Word, ...]]:
    """The sounds and words of espeak-ng at the times at which a model says them.

    Args:
        said: The sentence as espeak-ng speaks it.
        frames: The model's speech.
        spans: Start and end in seconds of each word, where the model knows them; one for each of `said.words`.

    Returns:
        Phones without gaps from 0 to the end of `frames`, and words.
    """
    end_s = len(frames) * FRAME_S
    if spans is not None and len(spans) == len(said.words):
        words = tuple(Word(word.text, *span) for word, span in zip(said.words, spans, strict=True))
        return _within(said, words, end_s), words
    said = _between_silences(said)
    before, after = warped(analyze(said.audio), frames)
    edges = np.array([0.0, *(phone.end_s for phone in said.phones)])
    moved = _apart(np.interp(edges, *_rising([0.0, *before, edges[-1]], [0.0, *after, end_s])), end_s)
    phones = [replace(p, start_s=a, end_s=b) for p, a, b in zip(said.phones, moved[:-1], moved[1:], strict=True)]

    def then(time_s: float) -> float:
        return float(np.interp(time_s, edges, moved))

    return tuple(phones), tuple(Word(w.text, then(w.start_s), then(w.end_s)) for w in said.words)


def _between_silences(said: Utterance) -> Utterance:
    """What espeak-ng said, with silence at both ends for that of a model to lie beside."""
    edge = round(EDGE_S * said.sample_rate)
    edge_s = edge / said.sample_rate
    phones = [replace(p, start_s=p.start_s + edge_s, end_s=p.end_s + edge_s) for p in said.phones]
    if phones[0].ipa:
        phones.insert(0, Phone("", 0.0, edge_s))
    if phones[-1].ipa:
        phones.append(Phone("", phones[-1].end_s, 0.0))
    phones[0], phones[-1] = replace(phones[0], start_s=0.0), replace(phones[-1], end_s=(len(said.audio) + 2 * edge) / said.sample_rate)
    words = tuple(Word(w.text, w.start_s + edge_s, w.end_s + edge_s) for w in said.words)
    return Utterance(np.pad(said.audio, edge), said.sample_rate, tuple(phones), words)


def _within(said: Utterance, words: Sequence[Word], end_s: float) -> tuple[Phone, ...]:
    """The sounds of each word, spread over the time that the word has; silence between words."""
    starts = np.array([word.start_s for word in said.words])
    sounds: list[list[Phone]] = [[] for _ in words]
    for phone in said.phones:
        if phone.ipa:
            sounds[int(np.clip(np.searchsorted(starts, phone.start_s + 1e-6, side="right") - 1, 0, None))].append(phone)
    found: list[Phone] = []
    for word, own in zip(words, sounds, strict=True):
        now = found[-1].end_s if found else 0.0
        if word.start_s > now + SHORTEST_S:
            found.append(Phone("", now, word.start_s))
            now = word.start_s
        shares = np.cumsum([0.0, *(p.end_s - p.start_s for p in own)])
        edges = now + shares / max(shares[-1], 1e-9) * max(word.end_s - now, 0.0)
        found += [Phone(p.ipa, float(a), float(b)) for p, a, b in zip(own, edges[:-1], edges[1:], strict=True) if b > a]
    if found and end_s > found[-1].end_s:
        found.append(Phone("", found[-1].end_s, end_s))
    return tuple(found)


def warped(one: VoiceFrames, other: VoiceFrames) -> tuple[Floats, Floats]:
    """Moments of one utterance and the same moments of another of the same words, both in seconds and rising."""
    first, second = (_features(x) for x in (one, other))
    rows, columns = _path(np.linalg.norm(first[:, None] - second[None], axis=2))
    return (rows + 0.5) * HOP * FRAME_S, (columns + 0.5) * HOP * FRAME_S


def _features(frames: VoiceFrames) -> Floats:
    """What is compared of an utterance [T, 2 + CEPSTRA], each column near unit variance."""
    bands = band_levels(frames.envelope)
    loud = float(np.percentile(level(bands), 98))
    bands = np.maximum(bands, bands.max(axis=0, initial=-120.0) - FLOOR_DB)
    shape = dct(bands, norm="ortho", axis=1)[:, 1 : 1 + CEPSTRA]
    loudness = np.clip((level(bands) - loud) / FLOOR_DB, -1.0, 0.0)
    shape = (shape - shape.mean(axis=0)) / (shape.std(axis=0) + 1e-6) / np.sqrt(CEPSTRA)
    spread = (loudness - loudness.mean()) / (loudness.std() + 1e-6)
    voiced = (frames.f0_hz > 0).astype(np.float64)
    found = np.column_stack([LEVEL_WEIGHT * spread, VOICE_WEIGHT * voiced, shape])
    count = max(len(found) // HOP, 1)
    return found[: count * HOP].reshape(count, -1, found.shape[1]).mean(axis=1)


def _path(cost: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cheapest way [K] through a matrix of costs from corner to corner, along its diagonals for speed."""
    height, width = cost.shape
    total = np.full((height + 1, width + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, height + width + 1):
        i = np.arange(max(1, diagonal - width), min(height, diagonal - 1) + 1)
        j = diagonal - i
        here = cost[i - 1, j - 1]
        both = total[i - 1, j - 1] + 2.0 * here
        alone = np.minimum(total[i - 1, j], total[i, j - 1]) + ASIDE * here
        total[i, j] = np.minimum(both, alone)
    y, x = height, width
    way = [(y, x)]
    while y > 1 or x > 1:
        now = cost[y - 1, x - 1]
        steps = {
            (y - 1, x - 1): total[y - 1, x - 1] + 2.0 * now,
            (y - 1, x): total[y - 1, x] + ASIDE * now,
            (y, x - 1): total[y, x - 1] + ASIDE * now,
        }
        y, x = min((at for at in steps if min(at) >= 1), key=steps.__getitem__)
        way.append((y, x))
    rows, columns = np.array(way[::-1]).T - 1
    return rows, columns


def _rising(before: Sequence[float], after: Sequence[float]) -> tuple[Floats, Floats]:
    """Pairs of moments, one for each moment of the first: the mean of those it was matched with; none falls."""
    moments, which = np.unique(np.maximum.accumulate(before), return_inverse=True)
    sums = np.bincount(which, weights=np.asarray(after)) / np.bincount(which)
    return moments, np.maximum.accumulate(sums)


def _apart(edges: Floats, end_s: float) -> Floats:
    """Rising edges from 0 to the end, each at least SHORTEST_S behind the one before where there is room."""
    least = min(SHORTEST_S, end_s / max(len(edges) - 1, 1))
    ramp = least * np.arange(len(edges))
    edges = np.maximum.accumulate(edges - ramp) + ramp
    edges = np.minimum(edges, end_s - ramp[::-1])
    edges[0] = 0.0
    return edges
