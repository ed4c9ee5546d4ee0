"""A waveform -> what a speaker verifier hears, all of its layers to be read: three LSTM layers on 40 mel bands.

The form is that of the encoder for generalised end-to-end loss (Wan et al. 2018, arXiv 1710.10467) in the size of the
package Resemblyzer (Apache-2.0), whose weights it can take.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

SAMPLE_RATE_HZ = 16_000
FFT, HOP, BANDS = 400, 160, 40  # 25 ms windows, 10 ms steps: hparams of the package
WIDTH, LAYERS = 256, 3
LEVEL_DBFS = -30.0  # of the voice: what the package normalises to


class VoiceEncoder(nn.Module):
    """16 kHz waveforms [B, n] -> vectors of every layer, 3 x [B, T, 256], T = n / 160 + 1."""

    mel: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.LSTM(BANDS if number == 0 else WIDTH, WIDTH, batch_first=True) for number in range(LAYERS)
        )
        self.register_buffer("mel", torch.from_numpy(_slaney_filters()), persistent=False)
        self.register_buffer("window", torch.hann_window(FFT), persistent=False)

    def forward(self, waves: Tensor) -> list[Tensor]:
        """Vectors of every layer; waves of one length."""
        power = torch.stft(
            waves, FFT, HOP, window=self.window, center=True, pad_mode="constant", return_complex=True
        ).abs() ** 2
        x = (self.mel @ power).transpose(1, 2)
        found = []
        for layer in self.layers:
            x, _ = layer(x)
            found.append(x)
        return found


@cache
def _slaney_filters() -> NDArray[np.float32]:
    """[40, 201] triangles of area 1 on Slaney's mel scale: linear to 1 kHz, logarithmic above (Auditory Toolbox 1998)."""

    def hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))

    top = 15.0 + np.log(SAMPLE_RATE_HZ / 2 / 1000.0) / (np.log(6.4) / 27.0)
    edges = hz(np.linspace(0.0, top, BANDS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE_HZ / 2, FFT // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shape = np.maximum(0.0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    return np.asarray(shape * 2.0 / (high - low), dtype=np.float32)


def package_weights(path: str) -> dict[str, Tensor]:
    """The weights of the package Resemblyzer (`pretrained.pt`) under this module's names."""
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {f"layers.{i}.{name}_l0": state[f"lstm.{name}_l{i}"] for i in range(LAYERS) for name in names}
