"""`EmotionTrack`: an emotion that changes over time, as keyframes with smooth or stepped ways between them.

Between two keyframes every number (VAD, amplitudes, intensity) moves by the same share `3u^2 - 2u^3` of the way
(smoothstep: at rest at both keyframes, monotone, no overshoot). Before the first and after the last keyframe
their emotion is held. Times are seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from emogen.conditioning.atoms import shown, tidy
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS

_FULL = (0.0, 1.0)
_JOIN_S = 0.001  # own choice: shorter than a frame of anything


@dataclass(frozen=True)
class Keyframe:
    """An emotion at a time.

    Args:
        t: Seconds >= 0.
        emotion: What is felt then.
        step: Jump there at `t` (written `2s! fear`) instead of going smoothly since the keyframe before.
        ease: The piece of the smooth way that is gone until here: (0, 1) all of it; less where a track was
            cut between two keyframes (written `2s[0,0.5] fear`).
    """

    t: float
    emotion: Emotion
    step: bool = False
    ease: tuple[float, float] = _FULL

    def __post_init__(self) -> None:
        object.__setattr__(self, "t", _seconds("track", self.t, 0.0))
        if not 0.0 <= self.ease[0] < self.ease[1] <= 1.0:
            raise InputError("track", f"the piece {self.ease} of a way", "Two rising numbers within 0..1.")

    def __str__(self) -> str:
        mark = "!" if self.step else "" if self.ease == _FULL else f"[{shown(self.ease[0])},{shown(self.ease[1])}]"
        return f"{shown(self.t)}s{mark} {self.emotion}"


@dataclass(frozen=True, eq=False)
class TrackSamples:
    """A track at a frame rate; frame i is at i/fps seconds.

    Args:
        fps: Frames per second.
        vad: float64 (T, 3), each -1..1.
        basic: float64 (T, 6) amplitudes over `BASIC`, each 0..1.5.
        intensity: float64 (T,), 0..1.5.
    """

    fps: float
    vad: np.ndarray
    basic: np.ndarray
    intensity: np.ndarray


def _rise(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Smoothstep at q less smoothstep at p, without cancellation where both are near 0 or near 1."""
    flip = p > 0.5
    a, b = np.where(flip, 1.0 - q, p), np.where(flip, 1.0 - p, q)
    return (q - p) * (3.0 * (a + b) - 2.0 * (a * a + a * b + b * b))


def _seconds(name: str, value: object, low: float = -math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InputError(name, f"found {type(value).__name__}", "A number is needed.")
    number = float(value)
    if not math.isfinite(number) or number < low:
        raise InputError(name, f"{number:.6g}", f"A finite number of at least {low:g} is needed.")
    return tidy(number)


@dataclass(frozen=True, repr=False)
class EmotionTrack:
    """Keyframes in rising time. Make one with `EmotionTrack.of("0s neutral; 2s joy:0.9")`.

    Args:
        keyframes: At least one.
        written: The text it was parsed from, for `spec`; no part of equality.

    Raises:
        InputError: No keyframe, times that do not rise, a negative time.
        LimitError: More than `LIMITS.keyframes`.
    """

    keyframes: tuple[Keyframe, ...]
    written: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.keyframes:
            raise InputError("track", "no keyframe", "Give at least one.")
        if len(self.keyframes) > LIMITS.keyframes:
            raise LimitError("track", f"{len(self.keyframes)} keyframes; the limit is {LIMITS.keyframes}")
        before = -math.inf
        for frame in self.keyframes:
            if frame.t <= before:
                raise InputError("track", f"a keyframe at {frame.t:.6g} s after {before:.6g} s", "Times must rise.")
            before = frame.t
        first = replace(self.keyframes[0], step=False, ease=_FULL)
        if first != self.keyframes[0]:
            object.__setattr__(self, "keyframes", (first, *self.keyframes[1:]))

    @classmethod
    def of(cls, value: EmotionTrack | Emotion | str) -> EmotionTrack:
        """A track from a track, from one emotion (constant) or from either's written form.

        Raises:
            InputError: None of these, or a text that cannot be parsed.
        """
        if isinstance(value, str):
            from emogen.conditioning.spec import parse

            value = parse(value)
        if isinstance(value, EmotionTrack):
            return value
        return cls((Keyframe(0.0, Emotion.of(value)),), value.written if isinstance(value, Emotion) else "")

    # -- reading ---------------------------------------------------------------------------------------------
    @property
    def duration(self) -> float:
        """Time of the last keyframe in seconds; 0 for a constant."""
        return self.keyframes[-1].t

    @cached_property
    def _times(self) -> np.ndarray:
        return np.array([frame.t for frame in self.keyframes])

    def at(self, t_s: float) -> Emotion:
        """The emotion at a time in seconds; the first and last are held outside the track."""
        t_s = _seconds("time", t_s)
        low, high, share = self._between(np.array([t_s]))
        before, after = self.keyframes[int(low[0])], self.keyframes[int(high[0])]
        return Emotion.lerp(before.emotion, after.emotion, float(share[0]))

    def sample(self, fps: float, duration_s: float) -> TrackSamples:
        """The track at a frame rate: `ceil(duration_s * fps)` frames, at least one.

        Args:
            fps: Frames per second > 0.
            duration_s: Seconds >= 0; past the last keyframe its emotion is held.

        Raises:
            InputError: A rate or duration that is negative, zero or not finite.
            LimitError: More than `LIMITS.render_s` seconds.
        """
        fps = _seconds("fps", fps, 1e-6)
        duration_s = _seconds("duration", duration_s, 0.0)
        if duration_s > LIMITS.render_s:
            raise LimitError("duration", f"{duration_s:.6g} s; the limit is {LIMITS.render_s:g} s (limits.render_s)")
        if fps > LIMITS.audio_rate_hz:
            raise LimitError("fps", f"{fps:.6g}; the limit is {LIMITS.audio_rate_hz} (limits.audio_rate_hz)")
        times = np.arange(max(1, math.ceil(duration_s * fps - 1e-9))) / fps
        low, high, share = self._between(times)
        states = [frame.emotion.state for frame in self.keyframes]
        table = np.array([[*s.vad, *s.basic, s.intensity] for s in states])
        values = table[low] + (table[high] - table[low]) * share[:, None]
        edge = 3 + len(BASIC)
        return TrackSamples(fps, values[:, :3], values[:, 3:edge], values[:, edge])

    def _between(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each time the keyframes before and after, and the share of the way between them that is gone."""
        after = np.searchsorted(self._times, times, side="right")
        low, high = np.maximum(after - 1, 0), np.minimum(after, len(self.keyframes) - 1)
        ease = np.array([frame.ease for frame in self.keyframes])[high]
        still = (high == low) | np.array([frame.step for frame in self.keyframes])[high]
        share = _rise(ease[:, 0], self._phase(times, low, high)) / _rise(ease[:, 0], ease[:, 1])
        return low, high, np.where(still, 0.0, np.clip(share, 0.0, 1.0))

    def _phase(self, times: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        ease = np.array([frame.ease for frame in self.keyframes])[high]
        span = np.where(high > low, self._times[high] - self._times[low], 1.0)
        gone = np.clip((times - self._times[low]) / span, 0.0, 1.0)
        return ease[:, 0] + (ease[:, 1] - ease[:, 0]) * gone

    # -- cutting and joining ---------------------------------------------------------------------------------
    def slice(self, start_s: float, end_s: float) -> EmotionTrack:
        """The track from one time to another, starting at 0 again; exactly the same curve.

        Raises:
            InputError: A negative start, or an end that is not after it.
        """
        start_s, end_s = _seconds("start", start_s, 0.0), _seconds("end", end_s, 0.0)
        if end_s <= start_s:
            raise InputError("slice", f"{start_s:.6g}..{end_s:.6g} s", "The end must be after the start.")
        inner = [f for f in self.keyframes if start_s < f.t < end_s]
        rest = [*inner, self._cut(end_s)]
        frames = (Keyframe(start_s, self.at(start_s)), self._from(rest[0], start_s), *rest[1:])
        return EmotionTrack(tuple(replace(f, t=f.t - start_s) for f in frames))

    def _place(self, t: float) -> tuple[Keyframe | None, float]:
        """The keyframe that is on its way at a time strictly between two, and the phase of that way."""
        i = bisect_right(self._times, t)
        if i in (0, len(self.keyframes)) or self.keyframes[i - 1].t == t:
            return None, 0.0
        return self.keyframes[i], tidy(float(self._phase(np.array([t]), np.array([i - 1]), np.array([i]))[0]))

    def _cut(self, t: float) -> Keyframe:
        """A keyframe at a time that leaves the curve before it as it is."""
        coming, phase = self._place(t)
        i = bisect_right(self._times, t)
        if coming is None:
            met = self.keyframes[i - 1]
            return met if i and met.t == t else Keyframe(t, self.at(t))
        if coming.step:
            return Keyframe(t, self.at(t), step=True)
        return Keyframe(t, self.at(t), ease=(coming.ease[0], phase) if phase > coming.ease[0] else _FULL)

    def _from(self, frame: Keyframe, t: float) -> Keyframe:
        """A keyframe with only the piece of its way that is left after a time."""
        coming, phase = self._place(t)
        if coming is None or coming.step or phase >= frame.ease[1]:
            return frame
        return replace(frame, ease=(phase, frame.ease[1]))

    def shift(self, delta_s: float) -> EmotionTrack:
        """The track later by some seconds, or earlier as long as no keyframe comes before 0.

        Raises:
            InputError: A keyframe would lie before 0; `slice` cuts it off.
        """
        delta_s = _seconds("shift", delta_s)
        return EmotionTrack(tuple(replace(f, t=f.t + delta_s) for f in self.keyframes))

    def scale_time(self, factor: float) -> EmotionTrack:
        """The track stretched in time by a factor > 0.

        Raises:
            InputError: A factor that is not above 0, or so small that keyframes fall together.
        """
        factor = _seconds("factor", factor, 1e-9)
        return EmotionTrack(tuple(replace(f, t=f.t * factor) for f in self.keyframes))

    def join(self, other: EmotionTrack | Emotion | str) -> EmotionTrack:
        """This track, then the other from this one's end on; a track of no duration gives way to the other.

        Where the two meet with different emotions, the change is a step one millisecond after the end.
        """
        later = EmotionTrack.of(other)
        if self.duration == 0.0:
            return later
        first, *rest = later.keyframes
        moved = [replace(f, t=f.t + self.duration) for f in rest]
        if first.emotion == self.keyframes[-1].emotion:
            held = [replace(first, t=first.t + self.duration)] if first.t > 0.0 else []
        else:
            gap = min(_JOIN_S, rest[0].t / 2.0) if rest else _JOIN_S
            held = [replace(first, t=self.duration + gap, step=True)]
            held += [replace(first, t=self.duration + first.t)] if first.t > gap else []
        return EmotionTrack((*self.keyframes, *held, *moved))

    # -- writing ---------------------------------------------------------------------------------------------
    @property
    def spec(self) -> str:
        """The form it was written in, or the canonical one."""
        return self.written or str(self)

    def __str__(self) -> str:
        return "; ".join(map(str, self.keyframes))

    def __repr__(self) -> str:
        return f"EmotionTrack({str(self)!r})"

    def to_dict(self) -> dict[str, Any]:
        """JSON: spec and keyframes, each with t (seconds) and what `Emotion.to_dict` gives."""
        frames = []
        for frame in self.keyframes:
            extra: dict[str, Any] = {"step": True} if frame.step else {}
            if frame.ease != _FULL:
                extra["ease"] = list(frame.ease)
            frames.append({"t": frame.t, **extra, **frame.emotion.to_dict()})
        return {"spec": self.spec, "keyframes": frames}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EmotionTrack:
        """The track of a `to_dict`; descriptions and references keep the meaning they had.

        Raises:
            InputError: The object is not of that shape.
        """
        frames = data.get("keyframes") if isinstance(data, Mapping) else None
        if not isinstance(frames, list) or not all(isinstance(f, Mapping) for f in frames):
            raise InputError("track", 'no list under "keyframes"', "Give an object as `to_dict` writes it.")
        written = data.get("spec", "")
        return cls(tuple(_keyframe(frame) for frame in frames), written if isinstance(written, str) else "")


def _keyframe(data: Mapping[str, Any]) -> Keyframe:
    ease, step = data.get("ease", _FULL), data.get("step", False)
    if not isinstance(ease, (list, tuple)) or len(ease) != 2 or not isinstance(step, bool):
        raise InputError("track", "a keyframe with strange step or ease", "Keep them as `to_dict` writes them.")
    first, last = (_seconds("ease", x, 0.0) for x in ease)
    return Keyframe(_seconds("t", data.get("t"), 0.0), Emotion.from_dict(data), step, (first, last))
