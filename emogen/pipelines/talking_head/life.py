"""Blinks, gaze, head and the small movements that keep a face alive; all from the seed of the call.

In silence a face goes on living: it breathes, blinks and looks, mostly at whom it listens to, and nods now and then.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from emogen.codecs.face import INDEX, both

#: Blinks per minute in conversation: 26 (Bentivoglio 1997), 95 % range 10.5-32.5 (Doughty 2001); log-normal over people
#: and moments. Median and spread chosen inside that range: own assumption.
BLINKS_PER_MIN, BLINK_SPREAD, BLINK_RANGE = 19.0, 0.35, (10.5, 32.5)
#: Closing, closed, reopening (s), from where lids begin to move: they close within about 100 ms (Stern 1984), 40 to 47 %
#: faster than they open (Sforza 2008; facts 3.5); how long they stay shut: own assumption.
BLINK_S = (0.10, 0.03, 0.145)
#: More blinks with arousal: state anxiety r = .418 (PMC12694841); the slope is own assumption.
BLINK_AROUSAL = 0.25
#: Fixations last about this long (s); sizes in radians, own.
FIXATION_S, GAZE_YAW, GAZE_PITCH, SACCADE_S = (0.7, 2.4), 0.10, 0.05, 0.06
#: Share of fixations that meet the other's eyes: who speaks looks at them for 41 % of the time, who listens for 75 %
#: (Argyle & Cook 1976, "Gaze and Mutual Gaze", from general knowledge; EmoFace: 40 % of saccades of speakers return to
#: the middle).
MEETS_SPEAKING, MEETS_LISTENING = 0.41, 0.75
#: An eye's turn (rad) at which the ARKit look shapes are 1; own assumption.
LOOK_FULL = 0.5
#: Head sway (rad) for yaw, pitch, roll, and the size of a nod on a stressed syllable; own assumption.
SWAY, NOD = (0.045, 0.028, 0.022), 0.055
#: How often a sway turns (Hz): slow, and half as far twice as often; own assumption.
SWAY_HZ = (0.22, 0.3, 0.2)
#: Breaths a second at rest (12-20 a minute in adults, from general knowledge) and how far the head rises with one (rad);
#: more when aroused. Own size: it is felt rather than seen.
BREATH_HZ, BREATH = 0.25, 0.005
#: Who listens nods after this long (s), then at such intervals (s), at this share of a nod in speech; own assumption.
LISTENS_S, NODS_EVERY_S, LISTENER_NOD = 1.2, (4.0, 9.0), 0.5


def blinks(rng: np.random.Generator, arousal: np.ndarray, fps: float, often: float = 1.0) -> np.ndarray:
    """Lid closure 0..1 over time, [T]; `often` is a factor on the rate, 0 for none."""
    frames = len(arousal)
    out = np.zeros(frames)
    if often == 0.0:
        return out
    t, end = float(rng.uniform(0.8, 3.0)), frames / fps
    at = np.arange(frames) / fps
    closing, closed, opening = BLINK_S
    while t < end:
        near = slice(max(0, int(t * fps) - 1), min(frames, int((t + sum(BLINK_S)) * fps) + 2))
        x = at[near] - t
        down, up = np.clip(x / closing, 0, 1), np.clip((x - closing - closed) / opening, 0, 1)
        shape = (0.5 - 0.5 * np.cos(np.pi * down)) * (0.5 + 0.5 * np.cos(np.pi * up))
        out[near] = np.maximum(out[near], shape * (x >= 0))
        felt = float(arousal[min(int(t * fps), frames - 1)])
        rate = float(np.clip(rng.lognormal(np.log(BLINKS_PER_MIN), BLINK_SPREAD), *BLINK_RANGE)) * (
            1 + BLINK_AROUSAL * felt
        )
        t += max(0.5, 60 / (often * rate) * float(rng.uniform(0.6, 1.4)))
    return out


def gaze(
    rng: np.random.Generator, vad: np.ndarray, sadness: np.ndarray, speaking: np.ndarray, fps: float
) -> np.ndarray:
    """Where the eyes look, [T, 2] yaw and pitch (rad): fixations and saccades; lowered when sad or submissive.

    `speaking` [T] is 1 in speech and 0 in silence, when the other is looked at for longer.
    """
    frames = len(vad)
    aim = np.zeros((frames, 2))
    t = 0.0
    while t < frames / fps:
        length = float(rng.uniform(*FIXATION_S))
        talks = float(speaking[min(int(t * fps), frames - 1)])
        meets = MEETS_LISTENING + (MEETS_SPEAKING - MEETS_LISTENING) * talks
        point = (
            (0.0, 0.0) if rng.random() < meets else (float(rng.normal(0, GAZE_YAW)), float(rng.normal(0, GAZE_PITCH)))
        )
        aim[int(t * fps) : int((t + length) * fps) + 1] = np.clip(point, -0.22, 0.16)
        t += length
    aim = gaussian_filter1d(aim, max(SACCADE_S * fps / 3, 0.3), axis=0, mode="nearest")
    drift = np.column_stack([_noise(rng, frames, fps, 3.0), _noise(rng, frames, fps, 3.0)]) * 0.004
    aim[:, 1] += 0.13 * np.clip(sadness, 0, 1) + 0.06 * np.clip(-vad[:, 2], 0, 1)
    return aim + drift


def head(
    rng: np.random.Generator, vad: np.ndarray, loudness: np.ndarray, speaking: np.ndarray, fps: float, sway: float = 1.0
) -> np.ndarray:
    """Yaw, pitch, roll (rad) beside posture, [T, 3]: slow sway, breath, nods on stressed syllables and while listening.

    Args:
        rng: Of the call.
        vad: [T, 3].
        loudness: 0..1, [T].
        speaking: 1 in speech, 0 in silence, [T].
        fps: Frames per second.
        sway: Factor on the sway alone; less where something else moves the head, such as `LearntExpression`.
    """
    frames = len(vad)
    arousal = gaussian_filter1d(vad[:, 1], fps * 0.4, mode="nearest")
    active = 1 + 0.8 * np.clip(arousal, -0.7, 1)
    lively = 0.6 + 0.8 * gaussian_filter1d(loudness, fps * 0.3, mode="nearest")
    turn = np.column_stack([_drift(rng, frames, fps, rate) for rate in SWAY_HZ])
    turn *= sway * np.array(SWAY) * (active * lively)[:, None]
    turn[:, 1] += NOD * active * (_nods(loudness, fps) + LISTENER_NOD * _listening(rng, speaking, fps))
    rate = BREATH_HZ * (1 + 0.4 * np.clip(arousal, -0.5, 1))
    turn[:, 1] -= BREATH * active * np.sin(2 * np.pi * (np.cumsum(rate) / fps + rng.random()))
    return turn


def _listening(rng: np.random.Generator, speaking: np.ndarray, fps: float) -> np.ndarray:
    """Nods of somebody who listens, about 0..1: [T]; none where the silence is short."""
    out, x = np.zeros(len(speaking)), np.arange(len(speaking)) / fps
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speaking < 0.5, [0]]).astype(int)))
    for start, stop in edges.reshape(-1, 2) / fps:
        t = start + LISTENS_S
        while t < stop - 0.5:
            u = x - t
            out += np.where(u < 0, np.exp(-((u / 0.14) ** 2)), np.exp(-((u / 0.26) ** 2)))
            t += float(rng.uniform(*NODS_EVERY_S))
    return out


def _nods(loudness: np.ndarray, fps: float) -> np.ndarray:
    """Down on the stress and back, about 0..1: [T]. The apex stands at the peak of the accented syllable (facts 3.7)."""
    out = np.zeros(len(loudness))
    if loudness.max(initial=0.0) <= 0.05:
        return out
    smooth = gaussian_filter1d(loudness, 0.06 * fps)
    peaks, _ = find_peaks(smooth, height=0.55 * smooth.max(), distance=max(1, round(0.4 * fps)))
    x = np.arange(len(out)) / fps
    for p in peaks:
        u = x - p / fps
        out += smooth[p] * np.where(u < 0, np.exp(-((u / 0.10) ** 2)), np.exp(-((u / 0.20) ** 2)))
    return np.clip(out, 0, 1.2)


def apply_eyes(curves: np.ndarray, look: np.ndarray, lids: np.ndarray) -> None:
    """Writes gaze (angles and look shapes) and blinks into curves [T, 61], in place. Lids follow a lowered gaze."""
    yaw, pitch = look[:, 0], look[:, 1]
    for side, out, into in (
        ("Left", np.clip(yaw, 0, None), np.clip(-yaw, 0, None)),
        ("Right", np.clip(-yaw, 0, None), np.clip(yaw, 0, None)),
    ):
        curves[:, INDEX[f"eyeLookOut{side}"]] = np.clip(out / LOOK_FULL, 0, 1)
        curves[:, INDEX[f"eyeLookIn{side}"]] = np.clip(into / LOOK_FULL, 0, 1)
        curves[:, INDEX[f"eyeLookDown{side}"]] = np.clip(pitch / LOOK_FULL, 0, 1)
        curves[:, INDEX[f"eyeLookUp{side}"]] = np.clip(-pitch / LOOK_FULL, 0, 1)
        curves[:, INDEX[f"{side.lower()}EyeYaw"]] = yaw
        curves[:, INDEX[f"{side.lower()}EyePitch"]] = pitch
    for column in both("eyeBlink"):
        held = np.clip(curves[:, column] + 0.35 * np.clip(pitch / LOOK_FULL, 0, 1), 0, 1)
        curves[:, column] = held + (1 - held) * lids
    for column in (*both("eyeWide"), *both("eyeSquint")):
        curves[:, column] *= 1 - lids


def alive(rng: np.random.Generator, curves: np.ndarray, fps: float) -> None:
    """Small asymmetry and slow swelling, so that a held expression does not freeze; in place."""
    frames = len(curves)
    for name in (
        "browDown",
        "browOuterUp",
        "eyeSquint",
        "eyeWide",
        "cheekSquint",
        "mouthSmile",
        "mouthFrown",
        "noseSneer",
        "mouthStretch",
    ):
        lean = float(np.clip(rng.normal(0, 0.05), -0.1, 0.1))
        swell = 1 + 0.07 * _noise(rng, frames, fps, 0.6)
        left, right = both(name)
        curves[:, left] *= (1 + lean) * swell
        curves[:, right] *= (1 - lean) * swell
    curves[:, INDEX["browInnerUp"]] *= 1 + 0.07 * _noise(rng, frames, fps, 0.6)


def _drift(rng: np.random.Generator, frames: int, fps: float, rate_hz: float) -> np.ndarray:
    """Noise of two octaves, of about unit variance, [frames]."""
    return (_noise(rng, frames, fps, rate_hz) + 0.5 * _noise(rng, frames, fps, 2 * rate_hz)) / np.sqrt(1.25)


def _noise(rng: np.random.Generator, frames: int, fps: float, rate_hz: float) -> np.ndarray:
    """Smooth noise of about unit variance around a rate, [frames]: cubic-smoothed values every 1/rate seconds."""
    knots = rng.normal(0, 1, int(np.ceil(frames / fps * rate_hz)) + 4)
    at = np.arange(frames) / fps * rate_hz
    i, f = at.astype(int), at % 1
    smooth = f * f * (3 - 2 * f)
    return knots[i] * (1 - smooth) + knots[i + 1] * smooth
