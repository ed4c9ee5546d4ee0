"""Speech energy and emotion -> joint angles: a body that breathes, stands as it feels, nods and beats with the speech.

Angles in degrees. Strokes fall on the peaks of the speech's energy: gesture strokes and nods go with accented
syllables (Loehr 2012 and the sources of facts 3.7). Nothing here is learnt; the table is `posture.csv`.
"""

from __future__ import annotations

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.track import EmotionTrack
from emogen.tables import read_table

COLUMNS = ("base", "valence", "arousal", "dominance", "joy", "sadness", "anger", "fear", "low", "high")
#: Peaks of speech energy nearer than this (s) make one stroke; conversational gesture has about one a second.
STROKE_GAP_S = 0.45
#: A stroke's way out and back at normal speed (s); own assumption.
STROKE_S = 0.55
#: Breaths per minute at rest are 12-20 in adults; the middle.
BREATHS_PER_MIN = 16.0
#: Hanging arms: degrees below the T-pose.
ARMS_DOWN = 78.0


class PostureRules(ModelMixin, ConfigMixin):
    """The posture table as a component; buffer `table` [cues, 10] with the columns of `COLUMNS`."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        rows = read_table(__package__, "posture.csv")
        self.names = tuple(r["cue"] for r in rows)
        self.register_buffer("table", torch.tensor([[float(r[c]) for c in COLUMNS] for r in rows]))

    def forward(self, vad: np.ndarray, basic: np.ndarray) -> dict[str, np.ndarray]:
        """Cues over time from vad [T, 3] and basic amplitudes [T, 6]: name -> float64 [T]."""
        felt = [basic[:, BASIC.index(n)] for n in ("joy", "sadness", "anger", "fear")]
        x = np.column_stack([np.ones(len(vad)), vad, *felt])
        table = self.table.double().numpy()
        values = np.clip(x @ table[:, :8].T, table[:, 8], table[:, 9])
        return dict(zip(self.names, values.T, strict=True))


def strokes(audio: np.ndarray | None, sample_rate: int, frames: int, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """When the speech is stressed (s) and how much (0..1)."""
    if audio is None or not np.any(audio):
        return np.zeros(0), np.zeros(0)
    hop = max(1, round(sample_rate / 100))
    n = len(audio) // hop
    energy = np.sqrt((audio[: n * hop].reshape(n, hop).astype(np.float64) ** 2).mean(1))
    envelope = gaussian_filter1d(energy, 6)
    top = envelope.max()
    if top < 1e-5:
        return np.zeros(0), np.zeros(0)
    peaks, _ = find_peaks(envelope, height=0.35 * top, distance=round(STROKE_GAP_S * 100), prominence=0.12 * top)
    times = peaks / 100
    inside = times < frames / fps
    return times[inside], (envelope[peaks] / top)[inside]


def moved(
    rules: PostureRules,
    track: EmotionTrack,
    frames: int,
    fps: float,
    seed: int,
    audio: np.ndarray | None,
    sample_rate: int,
) -> BodyMotion:
    """The whole motion.

    Args:
        rules: The posture table.
        track: What is felt.
        frames: How many frames.
        fps: Frames per second.
        seed: Varies sway and which hand leads.
        audio: Speech, float32 [n], or None.
        sample_rate: Of the speech, Hz.
    """
    rng = np.random.default_rng(seed)
    samples = track.sample(fps, frames / fps)
    cues = {
        k: gaussian_filter1d(v, 0.25 * fps, mode="nearest")
        for k, v in rules(samples.vad[:frames], samples.basic[:frames]).items()
    }
    t = np.arange(frames) / fps
    phase = np.cumsum(cues["speed"] ** 0.5) / fps
    breath = np.sin(2 * np.pi * BREATHS_PER_MIN / 60 * phase)
    sway = [_slow(rng, phase) * cues["sway"] for _ in range(6)]
    beat, left, right = _beats(rng, t, cues, *strokes(audio, sample_rate, frames, fps))
    angles = {
        "Spine": (cues["trunk"] * 0.4 + 0.6 * sway[0] + 0.3 * breath, 0.8 * sway[1], 0.6 * sway[2]),
        "Spine1": (cues["trunk"] * 0.35 + 0.3 * breath, 0.6 * sway[1], 0.4 * sway[2]),
        "Spine2": (cues["trunk"] * 0.25 - 0.5 * breath, 0.5 * sway[1], 0.3 * sway[2]),
        "Neck": (cues["neck"] * 0.45 + 2.0 * beat, 1.2 * sway[3], 0.8 * sway[4]),
        "Head": (cues["neck"] * 0.55 + 4.0 * beat - 0.5 * sway[0], 2.4 * sway[3], 1.2 * sway[4]),
    }
    bones = skeleton()
    rotations = np.tile(np.eye(3), (frames, len(bones.names), 1, 1))
    for name, (pitch, yaw, roll) in angles.items():
        rotations[:, bones.names.index(name)] = _turn(pitch, yaw, roll)
    for side, sign, stroke in (("Left", 1.0, left), ("Right", -1.0, right)):
        lower = ARMS_DOWN - cues["open"] - 8 * stroke + 0.8 * sway[5]
        forward = 4 + 0.25 * cues["lift"] + 16 * stroke + 1.2 * sway[2]
        elbow = np.clip(cues["lift"] + 42 * stroke, 0, 130)
        parts = {
            "Arm": _about("x", -forward) @ _about("z", -sign * lower),
            "ForeArm": _about("y", -sign * elbow),
            "Hand": _about("z", sign * (12 * stroke - 4)),
        }
        for part, turned in parts.items():
            rotations[:, bones.names.index(side + part)] = turned
    root = np.tile(bones.offsets[0], (frames, 1))
    return BodyMotion(rotations, root, float(fps))


def _turn(pitch: np.ndarray, yaw: np.ndarray, roll: np.ndarray) -> np.ndarray:
    return Rotation.from_euler("YXZ", np.column_stack([yaw, pitch, roll]), degrees=True).as_matrix()


def _about(axis: str, degrees: np.ndarray) -> np.ndarray:
    return Rotation.from_euler(axis, degrees[:, None], degrees=True).as_matrix()


def _slow(rng: np.random.Generator, phase: np.ndarray) -> np.ndarray:
    """Slow aimless movement of about one degree: a sum of incommensurate sines below 0.5 Hz."""
    rates = rng.uniform(0.05, 0.45, 4)
    return np.sum([np.sin(2 * np.pi * (r * phase + rng.random())) / (1 + 4 * r) for r in rates], axis=0)


def _beats(
    rng: np.random.Generator, t: np.ndarray, cues: dict[str, np.ndarray], times: np.ndarray, strengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nods and the strokes of both hands over time, about 0..1 times the size cue."""
    nod, left, right = np.zeros_like(t), np.zeros_like(t), np.zeros_like(t)
    for at, strength in zip(times, strengths, strict=True):
        i = min(int(np.searchsorted(t, at)), len(t) - 1)
        length = STROKE_S / cues["speed"][i]
        u = (t - at) / length
        # Quick out, slower back: the apex stands on the stress, the stroke begins before it.
        shape = np.where(u < 0, np.clip(1 + u * 1.8, 0, 1), np.clip(1 - u, 0, 1))
        bump = strength * cues["size"][i] * (3 * shape**2 - 2 * shape**3)
        lead = rng.random()
        nod = np.maximum(nod, bump)
        left = np.maximum(left, bump * (1.0 if lead < 0.65 else 0.25))
        right = np.maximum(right, bump * (1.0 if lead > 0.35 else 0.25))
    return nod, left, right
