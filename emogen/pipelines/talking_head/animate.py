"""Speech and an emotion over time -> face curves: lips, expression, blinks, gaze and head in one.

The blend (facts 3.4): the upper face belongs to the feeling; mouth corners keep the feeling but yield to speech by
half; what parts or closes the lips belongs to speech, and a closure stays closed whatever is felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.face import INDEX, FaceMotion, both
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.pipelines.talking_head import life
from emogen.pipelines.talking_head.explain import UnitTrack
from emogen.pipelines.talking_head.heard import phones_from_audio
from emogen.pipelines.talking_head.loudness import loudness_curve
from emogen.pipelines.talking_head.style import Style
from emogen.pipelines.talking_head.visemes import LEAD_S, Phone, mouth, speech_activity, table, visemes_of

#: How much of the feeling stays in a channel while speaking: of corners most, of what bares teeth and lifts the chin
#: half, of what parts and closes the lips little; own assumption.
CORNERS = ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")
BARED = ("mouthUpperUp", "mouthShrugLower", "mouthShrugUpper")
LIPS = ("jawOpen", "mouthLowerDown", "mouthPress", "mouthRollLower", "mouthRollUpper",
        "mouthFunnel", "mouthPucker", "mouthClose")  # fmt: skip
STAYS = ((CORNERS, 0.6), (BARED, 0.4), (LIPS, 0.12))
#: Arousal opens the speaking mouth more or less (angry speech drops the jaw further: Lee et al. 2005,
#: from general knowledge); own size.
AROUSAL_OPENS = 0.32
#: Share of the head's turn that the eyes take back; own assumption.
EYES_STAY = 0.6
BROWS = ("browDown", "browOuterUp", "eyeSquint", "eyeWide")


class Expression(Protocol):
    """How a feeling moves a face: `ExpressionRules`, `LearntExpression`.

    Attributes:
        sway: Factor on the slow sway of the head: less where the expression itself moves it.
    """

    sway: float

    def live(self, vad: np.ndarray, basic: np.ndarray, fps: float, units: np.ndarray | None = None, *,
             seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Curves [T, 61], shapes 0..1, and the head's pitch, yaw and roll [T, 3] in rad."""


@dataclass(frozen=True)
class Knobs:
    """How much each part of a face does, 0 (nothing) to 2 (twice); 1 as it is.

    Attributes:
        mouth: How wide speech opens the mouth; closed lips stay closed.
        brows: Brows and lids, in feeling and in speech.
        head: Sway, nods and posture.
        blink: Blinks a minute.
        gaze: How far the eyes wander.
    """

    mouth: float = 1.0
    brows: float = 1.0
    head: float = 1.0
    blink: float = 1.0
    gaze: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= 2.0:
                raise InputError(field.name, f"{value!r:.40}", "Accepted: 0 to 2; 1 as it is.")

    def times(self, style: Style) -> Knobs:
        """Knobs as somebody else would have them, at most 2."""
        return Knobs(**{f.name: min(2.0, getattr(self, f.name) * style.factor(f.name)) for f in fields(self)})


def animate(
    expression: Expression,
    track: EmotionTrack,
    duration_s: float,
    *,
    fps: float,
    seed: int,
    phones: Sequence[Phone] | None = None,
    audio: np.ndarray | None = None,
    sample_rate: int = 0,
    knobs: Knobs = Knobs(),
    units: UnitTrack | None = None,
    style: Style | None = None,
) -> FaceMotion:
    """All curves of a talking face.

    Args:
        expression: How a feeling moves a face.
        track: What is felt, in seconds.
        duration_s: Length.
        fps: Frames per second.
        seed: Decides blinks, gaze, sway and asymmetry.
        phones: (IPA, start in s, end in s); with them the lips are exact. None: they are heard in the voice.
        audio: The voice, float32 [n]. Its loudness moves nods and vowels.
        sample_rate: Of the voice, Hz.
        knobs: How much each part does.
        units: Action units in place of those that the emotion asks for.
        style: Whose liveliness the knobs are multiplied with.
    """
    knobs = knobs if style is None else knobs.times(style)
    frames = max(1, round(duration_s * fps))
    samples = track.sample(fps, frames / fps)
    vad, basic = samples.vad[:frames], samples.basic[:frames]
    loud = loudness_curve(audio, sample_rate, frames, fps) if audio is not None else np.zeros(frames)
    if phones is None:
        phones = phones_from_audio(audio, sample_rate) if audio is not None else ()
    spoken = mouth(phones, frames / fps, fps, _emphasis(phones, loud, fps))
    speaking = speech_activity(phones, frames / fps, fps)
    felt, posture = expression.live(
        vad, basic, fps, None if units is None else units.at(np.arange(frames) / fps), seed=seed
    )
    if style is not None:
        style.leaned(felt)
    rng = np.random.default_rng([seed, 11])
    curves = _blended(felt, knobs.mouth * spoken.astype(np.float64), speaking, vad)
    _shut(curves, _closures(phones, frames, fps))
    curves[:, INDEX["browInnerUp"]] += 0.12 * gaussian_filter1d(loud, 0.1 * fps) * speaking
    curves[:, both("browOuterUp")] += (0.10 * gaussian_filter1d(loud, 0.1 * fps) * speaking)[:, None]
    for column in (INDEX["browInnerUp"], *(c for name in BROWS for c in both(name))):
        curves[:, column] *= knobs.brows
    look = knobs.gaze * life.gaze(rng, vad, basic[:, BASIC.index("sadness")], speaking, fps)
    turn = knobs.head * (life.head(rng, vad, loud, speaking, fps, expression.sway) + posture[:, [1, 0, 2]])
    curves[:, [INDEX["headYaw"], INDEX["headPitch"], INDEX["headRoll"]]] = turn
    # Eyes stay with whom they talk to while the head moves; a head that is held low takes them along.
    look = look - EYES_STAY * np.column_stack([turn[:, 0], turn[:, 1] - gaussian_filter1d(turn[:, 1], fps, mode="nearest")])
    life.apply_eyes(curves, look, life.blinks(rng, vad[:, 1], fps, knobs.blink))
    shapes = slice(0, INDEX["headYaw"])
    curves[:, shapes] = np.clip(curves[:, shapes], 0, 1)
    return FaceMotion(curves.astype(np.float32), float(fps))


def _blended(felt: np.ndarray, spoken: np.ndarray, speaking: np.ndarray, vad: np.ndarray) -> np.ndarray:
    share = np.ones((len(felt), len(INDEX)))
    for names, stays in STAYS:
        for name in names:
            share[:, [INDEX[name]] if name in INDEX else both(name)] = (1 - (1 - stays) * speaking)[:, None]
    opened = 1 + AROUSAL_OPENS * np.clip(vad[:, 1], -1, 1)
    spoken = spoken.copy()
    spoken[:, [INDEX["jawOpen"], *both("mouthLowerDown")]] *= opened[:, None]
    return felt * share + spoken * (1 - 0.35 * np.clip(felt * share, 0, 1))


def _closures(phones: Sequence[Phone], frames: int, fps: float) -> np.ndarray:
    """1 where p, b or m hold the lips together, 0 elsewhere, with short edges: [T]."""
    viseme = table().names.index("PP")
    out = np.zeros(frames)
    at = np.arange(frames) / fps + LEAD_S
    for phone, start, end in phones:
        if visemes_of(phone)[0] == viseme:
            middle, half = (start + end) / 2, max(0.3 * (end - start), 0.5 / fps + 1e-3)
            x = np.clip((np.abs(at - middle) - half) / 0.05, 0, 1)
            out = np.maximum(out, 0.5 + 0.5 * np.cos(np.pi * x))
    return out


def _shut(curves: np.ndarray, closed: np.ndarray) -> None:
    """Takes back whatever parts the lips where they are closed, in place."""
    for column in (INDEX["jawOpen"], INDEX["mouthFunnel"], *both("mouthLowerDown"), *both("mouthUpperUp")):
        curves[:, column] *= 1 - closed
    for column in both("mouthPress"):
        curves[:, column] = np.maximum(curves[:, column], 0.4 * closed)
    for column in (INDEX["mouthRollLower"], INDEX["mouthRollUpper"]):
        curves[:, column] = np.maximum(curves[:, column], 0.4 * closed)
    for column in (*both("mouthSmile"), *both("mouthFrown")):
        curves[:, column] *= 1 - 0.35 * closed  # lips that are pressed together are drawn in


def _emphasis(phones: Sequence[Phone], loud: np.ndarray, fps: float) -> np.ndarray:
    """How much wider than usual each phone opens: 0.75..1.25 by its loudness."""
    if not loud.any():
        return np.ones(len(phones))
    level = np.array([loud[min(len(loud) - 1, max(0, round((a + b) / 2 * fps)))] for _, a, b in phones])
    usual = np.median(level[level > 0.05]) if (level > 0.05).any() else 1.0
    return np.clip(0.6 + 0.4 * level / usual, 0.75, 1.25)
