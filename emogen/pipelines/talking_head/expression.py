"""Emotion over time -> facial action units -> ARKit curves and head posture.

Prototypes are those of FACS/EMFACS and of Du, Tao & Martinez (2014, PNAS 111:E1454), whose compound expressions are
looked up where two basic emotions mix (percentages of use are amplitudes there). What valence, arousal and dominance
say beyond the six basic emotions (calm, pride, boredom, shame ...) moves the face a little, by a table of our own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from scipy.signal import lfilter

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.emotion import BASIC, Emotion
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.pipelines.talking_head import life
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
    "AU16",
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
CALM_S = 0.25  # time constant of what no basic emotion says; own assumption
MOST = 1.3  # amplitude of a unit that the shapes still bear; own assumption
#: What an emotion does beyond such an amplitude is another row of the table, and what it does below fades out: pressed
#: lips part. From and to; own assumption.
OPENLY, OPENS = "{} openly", (0.35, 0.75)
#: Of antagonists the larger wins (facts 3.1), the lesser is gone where it is less than half; between, both yield.
ANTAGONISTS = (("AU12", "AU15"), ("AU24", "AU25"), ("AU24", "AU26"), ("AU23", "AU25"))


def _rows(name: str) -> list[dict[str, str]]:
    return read_table(__package__, name)


class ExpressionRules(ModelMixin, ConfigMixin):
    """The tables as a component: `units` [26, 18] per prototype, `posture` [26, 2] pitch and yaw (rad), `shapes` [18, 61]."""

    config_name = "config.json"
    sway = 1.0

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
        """How much of each prototype is felt: vad [T, 3], basic amplitudes [T, 6] -> [T, 26]."""
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
        for name in BASIC:
            if (openly := OPENLY.format(name)) in self.names:
                whole = share[:, self.names.index(name)].copy()
                opened = whole * _smooth((whole - OPENS[0]) / (OPENS[1] - OPENS[0]))
                share[:, self.names.index(openly)] = opened
                share[:, self.names.index(name)] -= opened
        beyond = vad - basic @ norms()
        for k, (high, low) in enumerate(EXTRA):
            share[:, self.names.index(high)] = np.clip(beyond[:, k], 0, 1)
            share[:, self.names.index(low)] = np.clip(-beyond[:, k], 0, 1)
        return share

    def units_of(self, vad: np.ndarray, basic: np.ndarray) -> np.ndarray:
        """Amplitudes 0..1.3 of the action units: vad [T, 3], basic amplitudes [T, 6] -> [T, 18] over `UNITS`."""
        units = self.prototypes(vad, basic) @ self.units.double().numpy()
        for a, b in ANTAGONISTS:
            i, j = UNITS.index(a), UNITS.index(b)
            one, other = units[:, i].copy(), units[:, j].copy()
            ahead = (one - other) / np.maximum(one + other, 1e-9)  # 1/3: twice as large
            units[:, i], units[:, j] = one * _smooth(0.5 + 1.5 * ahead), other * _smooth(0.5 - 1.5 * ahead)
        return np.clip(units, 0, MOST)

    def forward(self, vad: np.ndarray, basic: np.ndarray, fps: float, units: np.ndarray | None = None, *,
                onset_s: Mapping[str, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Curves and head posture of a feeling over time.

        Args:
            vad: [T, 3], each -1..1.
            basic: Amplitudes over `BASIC` [T, 6].
            fps: Frames a second.
            units: [T, 18] amplitudes in place of those that the feeling asks for.
            onset_s: Time constant of each basic emotion's rise (s); None: `ONSET_S`.

        Returns:
            [T, 61] 0..1, and [T, 3] pitch, yaw and roll in rad.
        """
        felt = eased_feeling(basic, fps, onset_s or ONSET_S)
        calm = np.column_stack([eased(vad[:, k], CALM_S, fps) for k in range(3)])
        if units is not None:
            units = np.column_stack([eased(column, CALM_S, fps) for column in np.clip(units, 0, MOST).T])
        return self.still(calm, felt, units)

    def live(self, vad: np.ndarray, basic: np.ndarray, fps: float, units: np.ndarray | None = None, *,
             seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """As `forward`, and never quite still: published asymmetry and swelling, from the seed."""
        curves, posture = self(vad, basic, fps, units)
        life.alive(np.random.default_rng([seed, 13]), curves, fps)
        shapes = slice(0, INDEX["headYaw"])
        curves[:, shapes] = np.clip(curves[:, shapes], 0, 1)
        return curves, posture

    def still(self, vad: np.ndarray, basic: np.ndarray, units: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The face of each moment by itself, nothing eased; as `forward`."""
        units = self.units_of(vad, basic) if units is None else units
        curves = np.clip(units @ self.shapes.double().numpy(), 0, 1)
        posture = self.prototypes(vad, basic) @ self.posture.double().numpy()
        return curves, np.column_stack([posture, np.zeros(len(posture))])


def _smooth(x: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def norms() -> np.ndarray:
    """VAD of the six basic emotions at full intensity: [6, 3]."""
    return np.array([Emotion.parse(name).vad for name in BASIC])


def eased_feeling(basic: np.ndarray, fps: float, onset_s: Mapping[str, float]) -> np.ndarray:
    """Amplitudes of the six [T, 6] as a face follows them: each emotion rises in its own time."""
    return np.column_stack([eased(basic[:, i], onset_s[name], fps) for i, name in enumerate(BASIC)])


def eased(values: np.ndarray, tau_s: float, fps: float) -> np.ndarray:
    """Two equal poles in a row: a critically damped approach without overshoot, settled at the start."""
    keep = np.exp(-1 / (max(tau_s, 1e-3) * fps))
    out = values
    for _ in range(2):
        out, _ = lfilter([1 - keep], [1, -keep], out, zi=[out[0] * keep])
    return out
