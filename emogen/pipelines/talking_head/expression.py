"""Emotion over time -> facial action units -> ARKit curves and head posture.

Prototypes are those of FACS/EMFACS and of Du, Tao & Martinez (2014, PNAS 111:E1454), whose compound expressions are
looked up where two basic emotions mix (percentages of use are amplitudes there). What valence, arousal and dominance
say beyond the six basic emotions (calm, pride, boredom, shame ...) moves the face a little, by a table of our own.
"""

from __future__ import annotations

import numpy as np
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from scipy.signal import lfilter

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.emotion import BASIC, Emotion
from emogen.tables import read_table

UNITS = (
    "AU1",
    "AU2",
    "AU4",
    "AU5",
    "AU6",
    "AU7",
    "AU9",
    "AU10",
    "AU12",
    "AU15",
    "AU17",
    "AU20",
    "AU23",
    "AU24",
    "AU25",
    "AU26",
    "AU43",
)
EXTRA = (("pleasant", "unpleasant"), ("active", "inactive"), ("dominant", "submissive"))
#: Time constants (s) of onset per basic emotion: surprise is quick, smiles are slower (facts 3.6); own sizes.
ONSET_S = {"joy": 0.16, "sadness": 0.24, "anger": 0.13, "fear": 0.09, "surprise": 0.06, "disgust": 0.14}
#: Antagonists: the larger wins (facts 3.1).
ANTAGONISTS = (("AU12", "AU15"), ("AU24", "AU25"), ("AU24", "AU26"), ("AU23", "AU25"))


def _rows(name: str) -> list[dict[str, str]]:
    return read_table(__package__, name)


class ExpressionRules(ModelMixin, ConfigMixin):
    """The tables as a component: `units` [24, 17] per prototype, `posture` [24, 2] pitch and yaw (rad), `shapes` [17, 61]."""

    config_name = "config.json"

    @register_to_config
    def __init__(self) -> None:
        super().__init__()
        rows = _rows("action_units.csv")
        self.names = tuple(r["name"] for r in rows)
        self.register_buffer("units", torch.tensor([[float(r[u]) for u in UNITS] for r in rows]))
        self.register_buffer("posture", torch.tensor([[float(r["pitch"]), float(r["yaw"])] for r in rows]))
        shapes = torch.zeros(len(UNITS), len(FACE_CHANNELS))
        for r in _rows("arkit_units.csv"):
            for part in r["shapes"].split():
                name, _, weight = part.partition(":")
                for column in [INDEX[name]] if name in INDEX else both(name):
                    shapes[UNITS.index(r["unit"]), column] = float(weight)
        self.register_buffer("shapes", shapes)

    def prototypes(self, vad: np.ndarray, basic: np.ndarray) -> np.ndarray:
        """How much of each prototype is felt: vad [T, 3], basic amplitudes [T, 6] -> [T, 24]."""
        share = np.zeros((len(vad), len(self.names)))
        order = np.argsort(-basic, axis=1, kind="stable")[:, :2]
        rows = np.arange(len(vad))
        first, second = basic[rows, order[:, 0]], basic[rows, order[:, 1]]
        for i, name in enumerate(BASIC):
            share[:, self.names.index(name)] = basic[:, i]
        for i, a in enumerate(BASIC):
            for j, b in enumerate(BASIC):
                row = f"{a}+{b}" if f"{a}+{b}" in self.names else f"{b}+{a}"
                mixed = (order[:, 0] == i) & (order[:, 1] == j) & (second > 0.05)
                if i == j or row not in self.names or not mixed.any():
                    continue
                share[mixed, self.names.index(a)] -= second[mixed]
                share[mixed, self.names.index(b)] -= second[mixed]
                share[mixed, self.names.index(row)] = np.minimum(2 * second, first)[mixed]
        beyond = vad - basic @ _norms()
        for k, (high, low) in enumerate(EXTRA):
            share[:, self.names.index(high)] = np.clip(beyond[:, k], 0, 1)
            share[:, self.names.index(low)] = np.clip(-beyond[:, k], 0, 1)
        return share

    def forward(self, vad: np.ndarray, basic: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
        """Curves [T, 61] (0..1) and head posture [T, 2] (pitch, yaw in rad) of a feeling over time."""
        eased = np.column_stack([_eased(basic[:, i], ONSET_S[name], fps) for i, name in enumerate(BASIC)])
        calm = np.column_stack([_eased(vad[:, k], 0.25, fps) for k in range(3)])
        share = self.prototypes(calm, eased)
        units = share @ self.units.double().numpy()
        for a, b in ANTAGONISTS:
            i, j = UNITS.index(a), UNITS.index(b)
            less = np.minimum(units[:, i], units[:, j])
            units[:, i] -= less * (units[:, i] < units[:, j])
            units[:, j] -= less * (units[:, j] <= units[:, i])
        curves = np.clip(np.clip(units, 0, 1.3) @ self.shapes.double().numpy(), 0, 1)
        return curves, share @ self.posture.double().numpy()


def _norms() -> np.ndarray:
    """VAD of the six basic emotions at full intensity: [6, 3]."""
    return np.array([Emotion.parse(name).vad for name in BASIC])


def _eased(values: np.ndarray, tau_s: float, fps: float) -> np.ndarray:
    """Two equal poles in a row: a critically damped approach without overshoot, settled at the start."""
    keep = np.exp(-1 / (max(tau_s, 1e-3) * fps))
    out = values
    for _ in range(2):
        out, _ = lfilter([1 - keep], [1, -keep], out, zi=[out[0] * keep])
    return out
