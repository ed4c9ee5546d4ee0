"""A tune that is to be felt otherwise, over a length: how each of its bars goes, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from emogen.codecs.lead_sheet import LeadSheet
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.music.asked import Asked
from emogen.pipelines.music.attributes import Attributes
from emogen.pipelines.music.performance import ritardando
from emogen.pipelines.music.restyle import own_attributes, restyled, transposed


def retold(
    asked: Asked, track: EmotionTrack, goes: Callable[[Emotion], Attributes]
) -> tuple[LeadSheet, list[Attributes], list[float], float]:
    """A tune with another feeling.

    Args:
        asked: With a tune; its length where it names none.
        track: What is felt over time, s.
        goes: Emotion -> attributes.

    Returns:
        The tune as it is now, how each bar goes, the tempo of each bar (bpm), and the length in seconds.

    Raises:
        InputError: A tune without notes.
    """
    assert asked.tune is not None
    tune = asked.tune
    own = own_attributes(tune)
    bars: list[Attributes] = []
    tempos: list[float] = []
    t = 0.0
    beats = tune.beats_per_bar
    while len(bars) < tune.bars if asked.seconds is None else t < asked.seconds - 1e-6:
        emotion = track.at(t)
        now = asked.set_by_hand(toward(own, goes(emotion), emotion.intensity))
        bars.append(now)
        tempos.append(asked.tempo_bpm or now.tempo)
        t += beats * 60 / tempos[-1]
    if asked.seconds is not None:
        if len(bars) > 1 and t - asked.seconds > beats * 30 / tempos[-1]:
            t -= beats * 60 / tempos.pop()
            bars.pop()
        tempos, t = [bpm * t / asked.seconds for bpm in tempos], asked.seconds
    tune = of_length(tune, len(bars))
    if asked.key is not None:
        tune = transposed(tune, asked.key.tonic)
    return restyled(tune, bars.__getitem__), bars, ritardando(tempos), t


def toward(own: Attributes, felt: Attributes, share: float) -> Attributes:
    """Attributes on the way from a tune's own (0) to those of a feeling (1 and more)."""
    part = min(max(share, 0.0), 1.0)
    values = {name: (1 - part) * value + part * felt.values[name] for name, value in own.values.items()}
    return Attributes.within(values, felt.feeling if part > 0 else own.feeling)


def of_length(tune: LeadSheet, bars: int) -> LeadSheet:
    """A tune of so many bars: cut off, or played again from its begin."""
    size, whole = tune.beats_per_bar, tune.beats
    end = float(bars * size)

    def laid(items: tuple) -> tuple:  # type: ignore[type-arg]
        found = []
        for again in range(-(-bars // max(tune.bars, 1))):
            for item in items:
                start = item.start_beat + again * whole
                if start < end - 1e-9:
                    found.append(replace(item, start_beat=start, duration_beat=min(item.duration_beat, end - start)))
        return tuple(found)

    return replace(tune, bars=bars, melody=laid(tune.melody), chords=laid(tune.chords), accompaniment=laid(tune.accompaniment))
