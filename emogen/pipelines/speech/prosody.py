"""Emotion -> prosody: amplitudes of the six basic emotions and VAD [T] -> what the voice does [T, cues].

What a label says comes from `prosody_cues.csv`, in proportion to its amplitude; what VAD says beyond the labels
comes from the regression of `prosody_vad.csv` (Schroeder et al. 2001). Neutral is exactly zero in every cue.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.codecs import voice_change as vc
from emogen.codecs.voice_slow import FPS, NOISE_HZ, Description, Habit, speech
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.diffusing import ConfigMixin, ModelMixin
from emogen.tables import read_table

#: The cues, in the order of the columns, with the lowest and highest value that a voice can bear. The bounds are
#: own assumptions; at intensity 1 no rule reaches them.
BOUNDS: dict[str, tuple[float, float]] = {
    "f0_mean": (-8.0, 14.0),
    "f0_range": (-1.5, 1.5),
    "f0_slope": (-6.0, 6.0),
    "f0_final": (-6.0, 12.0),
    "accent": (-3.0, 5.0),
    "duration": (-0.7, 0.8),
    "pause": (-1.5, 1.5),
    "energy": (-12.0, 10.0),
    "energy_range": (-0.7, 0.7),
    "tilt": (-4.5, 4.5),
    "breath": (-0.8, 0.6),
    "jitter": (0.0, 0.5),
    "tremor": (0.0, 1.0),
    "formants": (-8.0, 8.0),
}
CUES = tuple(BOUNDS)
COLUMN = {name: i for i, name in enumerate(CUES)}
_POWERS = ("v", "a", "d", "vv", "aa", "dd")
BREATH_BANDS = np.array([0.2, 0.7, 1.0])  # breath is heard above 2 kHz (Gobl & Ni Chasaide 2003); sizes own assumption
ACCENT_ST = 4.0  # a syllable this far above the speaker's habit bears a full accent; own assumption
ENDING_S = 0.5  # the end of a sentence that its final movement takes; own assumption

Floats = NDArray[np.float64]


class ProsodyRules(ModelMixin, ConfigMixin):
    """The rules as buffers: `label_cues` [6, cues], `vad_cues` [6, cues] (V, A, D and their squares)."""

    config_name = "config.json"

    def __init__(self) -> None:
        super().__init__()
        labels, regression = _table("prosody_cues.csv", BASIC), _table("prosody_vad.csv", _POWERS)
        self.register_buffer("label_cues", torch.from_numpy(labels))
        self.register_buffer("vad_cues", torch.from_numpy(regression))
        centres = np.stack([Emotion.of(label).vad for label in BASIC])
        self.register_buffer("label_vad", torch.from_numpy(centres.astype(np.float32)))

    def cues(self, vad: Floats, basic: Floats) -> Floats:
        """What the voice does in each frame.

        Args:
            vad: Felt VAD [T, 3], each -1..1.
            basic: Amplitudes over `BASIC` [T, 6], 0..1.5.

        Returns:
            float64 [T, len(CUES)], within `BOUNDS`; all zero where both inputs are.
        """
        labels, regression = self.label_cues.double().numpy(), self.vad_cues.double().numpy()
        rest = np.clip(vad - basic @ self.label_vad.double().numpy(), -1.0, 1.0)
        # What rounding leaves of a plain label is no feeling.
        rest = np.where(np.abs(rest) < 1e-6, 0.0, rest)
        found = basic @ labels + np.concatenate([rest, rest * rest], axis=1) @ regression
        low, high = np.array(list(BOUNDS.values())).T
        return np.clip(found, low, high)

    def level_db(self, track: EmotionTrack, frames: int) -> Floats:
        """How much louder an emotion makes a voice [frames], 50 times a second."""
        return self._along(track, frames)[:, COLUMN["energy"]]

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int) -> Floats:
        """The change of a stretch of speech by the rules alone; as `Feeling.change`."""
        cues = self._along(track, len(found))
        y = np.zeros((len(found), vc.WIDTH))

        def cue(name: str) -> Floats:
            return cues[:, COLUMN[name]]

        heard = speech(found)
        span = np.flatnonzero(heard)
        progress = np.clip((np.arange(len(found)) - span[0]) / max(span[-1] - span[0], 1), 0.0, 1.0)
        ending = np.clip(1.0 - (span[-1] - np.arange(len(found))) / (ENDING_S * FPS), 0.0, 1.0)
        accent = np.clip((found.pitch_st - habit.pitch_st) / ACCENT_ST, 0.0, 1.0)
        y[:, vc.COLUMN["pitch"]] = (
            cue("f0_mean") + cue("f0_slope") * (progress - 0.5) + cue("f0_final") * ending**2 + cue("accent") * accent
        )
        y[:, vc.COLUMN["pitch_range"]], y[:, vc.COLUMN["level_range"]] = cue("f0_range"), cue("energy_range")
        y[:, vc.COLUMN["level"]], y[:, vc.COLUMN["formants"]] = cue("energy"), cue("formants")
        y[:, vc.COLUMN["tremor"]] = cue("tremor")
        y[:, vc.COLUMN["rate"]] = np.where(heard, cue("duration"), cue("pause"))
        rough = np.maximum(10.0 ** (found.roughness_db / 10.0), vc.NATURAL_ROUGH)  # as the change roughens it
        y[:, vc.COLUMN["roughness"]] = 10.0 * np.log10(1.0 + cue("jitter") ** 2 / rough)
        first = vc.COLUMN["noise_low"]
        y[:, first : first + len(NOISE_HZ)] = _breath_db(found.noise_db, cue("breath"))
        first = vc.COLUMN["shape_1"]
        y[:, first : first + vc.SHAPES] = vc.tilt_shape(cue("tilt"))
        return y

    def _along(self, track: EmotionTrack, frames: int) -> Floats:
        samples = track.sample(FPS, frames / FPS)
        return self.cues(samples.vad[:frames], samples.basic[:frames])

    def fingerprint(self) -> str:
        """SHA-256 of the rules as they are now."""
        digest = hashlib.sha256()
        for name, value in sorted(self.state_dict().items()):
            digest.update(name.encode() + value.detach().cpu().float().contiguous().numpy().tobytes())
        return digest.hexdigest()


def _breath_db(noise_db: Floats, breath: Floats) -> Floats:
    """Noise in three bands [T, 3] and a share of breath [T], -1..1 -> the change of the noise in dB [T, 3]."""
    share = breath[:, None] * BREATH_BANDS
    noise = 10.0 ** (noise_db / 20.0)
    wanted = np.where(share > 0.0, 1.0 - (1.0 - noise) * (1.0 - share), noise * (1.0 + np.minimum(share, 0.0)))
    return np.asarray(20.0 * np.log10(np.maximum(wanted, 1e-4) / np.maximum(noise, 1e-4)))


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a table of cues, as written, sources included."""
    return list(read_table(__package__, name))


def _table(name: str, columns: tuple[str, ...]) -> NDArray[np.float32]:
    by_cue = {row["cue"]: row for row in rows(name)}
    return np.array([[float(by_cue[cue][column]) for cue in CUES] for column in columns], dtype=np.float32)
