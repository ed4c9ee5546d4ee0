"""What a gesture pipeline is given, checked: a voice, a text, movements of others, how much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.codecs.body import BodyMotion
from emogen.conditioning.audio import felt_in
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import read_audio
from emogen.media.audio_stream import duration_s, native_rate, read_blocks
from emogen.media.motion import BvhMotion, read_bvh
from emogen.pipelines.gesture.listen import listen
from emogen.pipelines.gesture.speech import Speech

FPS = (1.0, 120.0)
#: Name -> least and most of what can be set.
RANGES = {"amount": (0.0, 2.0), "strength": (0.0, 1.0), "guidance_scale": (0.0, 20.0), "emotion_scale": (0.0, 20.0)}


@dataclass(frozen=True, eq=False)
class Said:
    """What is said.

    Attributes:
        speech: As it was heard.
        audio: float32 [n], or None where there is only a text or silence, or a recording that is not kept.
        sample_rate: Hz.
        name: For the request.
        recording: The file that was given, or None.
    """

    speech: Speech
    audio: np.ndarray | None
    sample_rate: int
    name: str | None
    recording: Path | None


def said(audio: Any, text: str | None, language: str, seconds: float | None, keep: bool = True) -> Said:
    """Hears a voice, reads a text, or makes silence.

    Args:
        audio: A path, an object with `audio` and `sample_rate`, or None.
        text: What is said, or None.
        language: Of the text.
        seconds: How long, in place of the voice's own length.
        keep: Whether the samples of a recording are kept; where not and its words are not looked for, memory does not grow
            with it.

    Raises:
        InputError: Nothing of these, or what cannot be used.
        LimitError: Longer than `limits.render_s`.
    """
    path = Path(audio) if isinstance(audio, (str, Path)) else None
    if path is not None and text is None and not keep:
        _long("audio", duration_s(path) or 0.0)
        rate = native_rate(path)
        speech = listen(read_blocks(path, rate), rate)
        _long("audio", speech.duration_s)
        return Said(speech, None, rate, path.name, path)
    samples, rate, name = _sound(audio)
    if samples is None and text is None and seconds is None:
        raise InputError("gesture", "neither speech nor a text nor a length", "Give audio, a text, or seconds.")
    if samples is not None:
        _long("audio", len(samples) / rate)
        known = audio if getattr(audio, "words", ()) and text is None else None
        speech = listen(samples, rate, text, language=language, spoken=known)
    elif text is not None:
        speech = listen(None, text=text, language=language)
    else:
        speech = Speech.silence(_length(seconds))
    return Said(speech, samples if keep or path is None else None, rate, name, path)


def _length(seconds: Any) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds) or seconds <= 0:
        raise InputError("seconds", f"{seconds}", "Accepted: more than 0.")
    _long("seconds", seconds)
    return float(seconds)


def _long(name: str, seconds: float) -> None:
    if seconds > LIMITS.render_s:
        raise LimitError(name, f"{seconds:g} s", f"The limit is {LIMITS.render_s:g} s (limits.render_s).")


def felt_in_it(audio: Any, text: str | None) -> EmotionTrack:
    """What is felt in a voice as the guide of voices hears it, or in a text as the guide of texts reads it.

    Raises:
        InputError: There is neither.
    """
    if audio is not None:
        return felt_in(audio)
    if text is None:
        raise InputError("emotion", "auto without speech", "Give audio, a text, or an emotion.")
    from emogen.conditioning.text import TextRecognizer

    found = TextRecognizer.load("embedded").recognize(text)
    return found.over_time or EmotionTrack.of(found.emotion)


def lasting(speech: Speech, seconds: float | None, fps: float) -> int:
    """Frames of a movement to a speech.

    Raises:
        InputError: Fewer than two.
    """
    length = speech.duration_s if seconds is None else _length(seconds)
    frames = round(length * fps)
    if frames < 2:
        raise InputError("seconds" if seconds is not None else "audio", f"{length:g} s", "Accepted: at least two frames.")
    return frames


def a_motion(given: Any, name: str) -> BodyMotion | None:
    """A movement: a path of a BVH or NPZ file, a BvhMotion, a BodyMotion, an object with `motion`, or None.

    Raises:
        EmogenError: It cannot be read; the message names the file.
    """
    given = getattr(given, "motion", given)
    if given is None or isinstance(given, BodyMotion):
        return given
    if isinstance(given, (str, Path)):
        if Path(given).suffix.lower() == ".npz":
            return BodyMotion.load(given)
        return BodyMotion.from_bvh(read_bvh(given), str(given))
    if isinstance(given, BvhMotion):
        return BodyMotion.from_bvh(given, name)
    raise InputError(name, f"found {type(given).__name__}", "Accepted: a BVH or NPZ file, or a movement.")


def checked(**values: float | None) -> None:
    """Refuses numbers out of `RANGES`, and a frame rate out of `FPS`.

    Raises:
        InputError: Names the first.
    """
    for name, value in values.items():
        low, high = FPS if name == "fps" else RANGES[name]
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise InputError(name, f"{value}", f"Accepted: {low:g} to {high:g}.")


def _sound(audio: Any) -> tuple[np.ndarray | None, int, str | None]:
    """Samples, rate and a name for the request."""
    if audio is None:
        return None, 1, None
    if isinstance(audio, (str, Path)):
        found = read_audio(audio)
        return found.samples, found.sample_rate, Path(audio).name
    samples, rate = getattr(audio, "audio", None), getattr(audio, "sample_rate", None)
    if isinstance(samples, np.ndarray) and not samples.size:
        raise InputError("audio", "is empty", "Accepted: a voice.")
    if not isinstance(samples, np.ndarray) or samples.ndim != 1 or not isinstance(rate, (int, np.integer)):
        raise InputError(
            "audio", f"found {type(audio).__name__}", "Accepted: a path, or an object with audio [n] and sample_rate."
        )
    if not np.isfinite(samples).all():
        raise InputError("audio", "holds numbers that are not finite", "Accepted: samples of -1 to 1.")
    return samples, int(rate), "speech"
