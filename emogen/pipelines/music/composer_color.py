"""How deep and how harsh the accompaniment is: what the faders ask beyond what the songs hold is put in by rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.lead_frames import LOW, PITCHES, STEPS_PER_BEAT
from emogen.pipelines.music.composer_content import HARSH, HARSH_WHOLE
from emogen.pipelines.music.composer_decoding import Steps
from emogen.pipelines.music.composer_rules import BAR, notes_of

#: Chords sound muddy below this pitch (E2 and lower hold single notes); own choice.
MUDDY = 43
#: Notes that are added for their harshness lie here, between bass and melody.
MIDDLE = (50, 67)
#: From this dissonance on, notes outside of the scale may be added; below, those of the scale alone.
CHROMATIC_FROM = 0.6
#: A bass that is to be deeper than this is held until the next; one that is to be lighter than that leaves doubled notes.
HELD_FROM, LIGHT_BELOW = 0.45, 0.25
_CLASSES = (np.arange(PITCHES) + LOW) % 12


def bass_at(steps: Steps, bar: int, asked: float) -> None:
    """Moves the lowest notes of a bar by octaves so that they lie about as deep as asked (0 MIDI 60 .. 1 MIDI 24)."""
    part = slice(bar * BAR, (bar + 1) * BAR)
    sounding, onsets = steps.sounding[part], steps.onsets[part]
    heard = sounding.any(axis=1)
    if not heard.any():
        return
    lowest = sounding.argmax(axis=1)
    if asked > HELD_FROM:
        _held(onsets, sounding)
    depth = float(np.clip((60 - LOW - sounding.argmax(axis=1)[heard]) / 36, 0, 1).mean())
    move = -12 * round((asked - depth) * 3)
    if not move:
        return
    for t in np.flatnonzero(onsets.any(axis=1)):
        p = int(onsets[t].argmax())
        if p != lowest[t]:
            continue
        to = p + move
        while to < 0:
            to += 12
        stop = _end(onsets, sounding, int(t), p)
        if to >= PITCHES or sounding[t:stop, to].any():
            if asked < LIGHT_BELOW and onsets[t].sum() > 1:
                onsets[t, p], sounding[t:stop, p] = False, False
            continue
        onsets[t, p], sounding[t:stop, p] = False, False
        onsets[t, to], sounding[t:stop, to] = True, True


def _end(onsets: NDArray[np.bool_], sounding: NDArray[np.bool_], t: int, p: int) -> int:
    """The step after the last of a note."""
    ends = onsets[t + 1 :, p] | ~sounding[t + 1 :, p]
    return t + 1 + (int(ends.argmax()) if ends.any() else len(ends))


def _held(onsets: NDArray[np.bool_], sounding: NDArray[np.bool_]) -> None:
    """Holds the bass notes of a bar (what is struck within a fifth of its lowest) until the next."""
    deep = int(sounding.any(axis=0).argmax()) + 7
    at = [int(t) for t in np.flatnonzero(onsets[:, : deep + 1].any(axis=1))]
    for t, after in zip(at, [*at[1:], len(onsets)], strict=False):
        p = int(onsets[t].argmax())
        free = onsets[t + 1 : after, p]
        sounding[t : t + 1 + (int(free.argmax()) if free.any() else len(free)), p] = True


def below(steps: Steps, bar: int) -> None:
    """Moves the accompaniment of a bar under its melody by octaves; what finds no place is left out.

    A melody lower than songs have it would be covered by hands that play where they do.
    """
    part = slice(bar * BAR, (bar + 1) * BAR)
    sung = [pitch for start, stop, pitch in notes_of(steps.melody) if start < part.stop and stop > part.start]
    if not sung:
        return
    top = int(np.median(sung)) - 2 - LOW
    onsets, sounding = steps.onsets[part], steps.sounding[part]
    for t, p in np.argwhere(onsets):
        if p <= top:
            continue
        stop = _end(onsets, sounding, int(t), int(p))
        onsets[t, p], sounding[t:stop, p] = False, False
        to = int(p) - 12 * -(-(int(p) - top) // 12)
        if to >= MUDDY - LOW and not sounding[t:stop, to].any():
            onsets[t, to], sounding[t:stop, to] = True, True


def roughened(steps: Steps, bar: int, asked: float, scale: tuple[int, ...]) -> None:
    """Adds notes a semitone or a tritone from others to the strikes of a bar until it is as dissonant as asked.

    Args:
        steps: Changed.
        bar: Which.
        asked: 0..1, as the fader says: three times the share of harsh pairs among what sounds together.
        scale: Semitones over the tonic.
    """
    first, stop = bar * BAR, (bar + 1) * BAR
    sung = np.full(len(steps.melody), -1)
    for a, b, pitch in notes_of(steps.melody):
        sung[a:b] = pitch
    counts = np.zeros((BAR, 12))
    for t in range(first, stop):
        np.add.at(counts[t - first], _CLASSES[steps.sounding[t]], 1)
        if sung[t] >= 0:
            counts[t - first, sung[t] % 12] += 1
    strikes = np.flatnonzero(steps.onsets[first:stop].any(axis=1))
    order = sorted(range(len(strikes)), key=lambda i: (i * 0.618) % 1)  # spread over the bar
    for i in (*order, *order):
        if HARSH_WHOLE * _harsh(counts) >= asked * _pairs(counts):
            return
        t = int(strikes[i])
        after = min((int(s) for s in strikes[i + 1 :]), default=BAR)
        after = min(after, (t // STEPS_PER_BEAT + 1) * STEPS_PER_BEAT if _changes(steps, first + t) else after)
        added = _harshest(
            steps, first + t, counts[t], scale if asked < CHROMATIC_FROM else tuple(range(12)), scale, sung[first + t]
        )
        if added is None:
            continue
        steps.onsets[first + t, added - LOW] = True
        steps.sounding[first + t : first + after, added - LOW] = True
        counts[t:after, added % 12] += 1


def _changes(steps: Steps, t: int) -> bool:
    beat = t // STEPS_PER_BEAT
    return beat + 1 < len(steps.chords) and not np.array_equal(steps.chords[beat], steps.chords[beat + 1])


def _harsh(counts: NDArray[np.float64]) -> float:
    return float(sum((counts * np.roll(counts, -d, axis=-1)).sum() / (2 if d == 6 else 1) for d in HARSH))


def _pairs(counts: NDArray[np.float64]) -> float:
    total = counts.sum(axis=-1)
    return float((total * (total - 1) / 2).sum())


def _harshest(
    steps: Steps, t: int, counts: NDArray[np.float64], allowed: tuple[int, ...], scale: tuple[int, ...], sung: int
) -> int | None:
    """The pitch to add at a strike: harsh against most of what sounds, of the scale where that does as well."""
    best, found = 0.0, None
    for pitch in range(*MIDDLE):
        c = pitch % 12
        if c not in allowed or counts[c] or steps.sounding[t, pitch - LOW] or (sung >= 0 and pitch >= sung - 2):
            continue
        near = steps.sounding[t, max(pitch - LOW - 1, 0) : pitch - LOW + 2].any()
        gain = counts[(c + 1) % 12] + counts[c - 1] + counts[(c + 6) % 12] + 0.4 * near + 0.5 * (c in scale)
        if counts[(c + 1) % 12] + counts[c - 1] + counts[(c + 6) % 12] > 0 and gain > best:
            best, found = gain, pitch
    return found
