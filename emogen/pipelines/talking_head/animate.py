"""Speech and an emotion over time -> face curves: lips, expression, blinks, gaze and head in one.

The blend (facts 3.4): the upper face belongs to the feeling; mouth corners keep the feeling but yield to speech by
half; what parts or closes the lips belongs to speech, and a closure stays closed whatever is felt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.face import INDEX, FaceMotion, both
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.talking_head import life
from emogen.pipelines.talking_head.audio_mouth import loudness_curve, mouth_from_audio
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.visemes import LEAD_S, Phone, mouth, speech_activity, table, visemes_of

#: How much of the feeling stays in a channel while speaking: corners half, parting and closing little; own assumption.
CORNERS = ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")
LIPS = ("jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
        "mouthFunnel", "mouthPucker", "mouthClose")  # fmt: skip
CORNER_SHARE, LIP_SHARE = 0.55, 0.12
#: Arousal opens the speaking mouth more or less; own assumption.
AROUSAL_OPENS = 0.22


def animate(
    rules: ExpressionRules,
    track: EmotionTrack,
    duration_s: float,
    *,
    fps: float,
    seed: int,
    phones: Sequence[Phone] | None = None,
    audio: np.ndarray | None = None,
    sample_rate: int = 0,
) -> FaceMotion:
    """All curves of a talking face.

    Args:
        rules: The expression tables.
        track: What is felt, in seconds.
        duration_s: Length.
        fps: Frames per second.
        seed: Decides blinks, gaze, sway and asymmetry.
        phones: (IPA, start in s, end in s); with them the lips are exact.
        audio: The voice, float32 [n]; without phones the lips follow it. Loudness moves nods and vowels.
        sample_rate: Of the voice, Hz.
    """
    frames = max(1, round(duration_s * fps))
    samples = track.sample(fps, frames / fps)
    vad, basic = samples.vad[:frames], samples.basic[:frames]
    loud = loudness_curve(audio, sample_rate, frames, fps) if audio is not None else np.zeros(frames)
    if phones is not None:
        spoken, speaking = (
            mouth(phones, frames / fps, fps, _emphasis(phones, loud, fps)),
            speech_activity(phones, frames / fps, fps),
        )
    elif audio is not None:
        spoken, speaking = mouth_from_audio(audio, sample_rate, frames / fps, fps)
    else:
        spoken, speaking = np.zeros((frames, len(INDEX)), np.float32), np.zeros(frames)
    felt, posture = rules(vad, basic, fps)
    rng = np.random.default_rng([seed, 11])
    life.alive(rng, felt, fps)
    curves = _blended(felt, spoken.astype(np.float64), speaking, vad)
    closed = _closures(phones, frames, fps) if phones is not None else np.zeros(frames)
    _shut(curves, closed)
    curves[:, INDEX["browInnerUp"]] += 0.12 * gaussian_filter1d(loud, 0.1 * fps) * speaking
    curves[:, both("browOuterUp")] += (0.10 * gaussian_filter1d(loud, 0.1 * fps) * speaking)[:, None]
    look = life.gaze(rng, vad, basic[:, BASIC.index("sadness")], fps)
    turn = life.head(rng, vad, loud, fps)
    curves[:, INDEX["headYaw"]] = turn[:, 0] + posture[:, 1]
    curves[:, INDEX["headPitch"]] = turn[:, 1] + posture[:, 0]
    curves[:, INDEX["headRoll"]] = turn[:, 2]
    # Eyes stay with whom they talk to while the head moves.
    look = look - 0.6 * np.column_stack([turn[:, 0] + posture[:, 1], turn[:, 1]])
    life.apply_eyes(curves, look, life.blinks(rng, vad[:, 1], fps))
    shapes = slice(0, INDEX["headYaw"])
    curves[:, shapes] = np.clip(curves[:, shapes], 0, 1)
    return FaceMotion(curves.astype(np.float32), float(fps))


def _blended(felt: np.ndarray, spoken: np.ndarray, speaking: np.ndarray, vad: np.ndarray) -> np.ndarray:
    share = np.ones((len(felt), len(INDEX)))
    for name in CORNERS:
        share[:, both(name)] = (1 - (1 - CORNER_SHARE) * speaking)[:, None]
    for name in LIPS:
        share[:, [INDEX[name]] if name in INDEX else both(name)] = (1 - (1 - LIP_SHARE) * speaking)[:, None]
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


def _emphasis(phones: Sequence[Phone], loud: np.ndarray, fps: float) -> np.ndarray:
    """How much wider than usual each phone opens: 0.75..1.25 by its loudness."""
    if not loud.any():
        return np.ones(len(phones))
    level = np.array([loud[min(len(loud) - 1, max(0, round((a + b) / 2 * fps)))] for _, a, b in phones])
    usual = np.median(level[level > 0.05]) if (level > 0.05).any() else 1.0
    return np.clip(0.6 + 0.4 * level / usual, 0.75, 1.25)
