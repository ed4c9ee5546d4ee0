"""The part of torchaudio that coqui-tts speaks with, for machines where torchaudio is not installed or cannot be loaded.

torchaudio 2.11 links CUDA and is in maintenance; its wheels fail on machines without. What is here: reading a file,
resampling, the mel spectrogram of speaker encoders (with the same names of buffers, so that checkpoints fit).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from emogen.media import audio as media_audio

PARTS = ("torchaudio", "torchaudio.functional", "torchaudio.transforms", "torchcodec")


def load(path: Any, **_: Any) -> tuple[torch.Tensor, int]:
    """A file as float32 [channels, n], and its rate."""
    found = media_audio.read_audio(path, mono=False)
    samples = found.samples if found.samples.ndim == 2 else found.samples[:, None]
    return torch.from_numpy(np.ascontiguousarray(samples.T)), found.sample_rate


def resample(waveform: torch.Tensor, orig_freq: int, new_freq: int, **_: Any) -> torch.Tensor:
    """[..., n] at another rate."""
    if orig_freq == new_freq:
        return waveform
    rows = waveform.detach().reshape(-1, waveform.shape[-1]).cpu().float().numpy()
    done = np.stack([media_audio.resample(row, int(orig_freq), int(new_freq)) for row in rows])
    return torch.from_numpy(done).reshape(*waveform.shape[:-1], -1).to(waveform.device, waveform.dtype)


class Resample(nn.Module):
    """`resample` with its rates fixed."""

    def __init__(self, orig_freq: int = 16_000, new_freq: int = 16_000, **_: Any) -> None:
        super().__init__()
        self.rates = (orig_freq, new_freq)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """[..., n] -> [..., m]."""
        return resample(waveform, *self.rates)


class Spectrogram(nn.Module):
    """Power spectrogram, frames centred, ends reflected."""

    window: torch.Tensor

    def __init__(self, n_fft: int, win_length: int, hop_length: int, window: torch.Tensor, power: float, normalized: bool) -> None:
        super().__init__()
        self.sizes = (n_fft, hop_length, win_length)
        self.power, self.normalized = power, normalized
        self.register_buffer("window", window)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """[..., n] -> [..., bins, frames]."""
        flat = waveform.reshape(-1, waveform.shape[-1])
        found = torch.stft(flat, *self.sizes, window=self.window, center=True, pad_mode="reflect", return_complex=True)
        if self.normalized:
            found = found / self.window.pow(2).sum().sqrt()
        return found.abs().pow(self.power).reshape(*waveform.shape[:-1], *found.shape[-2:])


class MelScale(nn.Module):
    """Bins -> mel bands (the HTK formula, O'Shaughnessy 1987)."""

    fb: torch.Tensor

    def __init__(self, n_mels: int, sample_rate: int, f_min: float, f_max: float, bins: int, norm: str | None) -> None:
        super().__init__()
        self.register_buffer("fb", torch.from_numpy(filters(n_mels, sample_rate, f_min, f_max, bins, norm)))

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        """[..., bins, frames] -> [..., mels, frames]."""
        return torch.matmul(spectrogram.transpose(-1, -2), self.fb).transpose(-1, -2)


class MelSpectrogram(nn.Module):
    """Sound -> mel spectrogram; arguments as torchaudio's."""

    def __init__(self, sample_rate: int = 16_000, n_fft: int = 400, win_length: int | None = None, hop_length: int | None = None,
                 f_min: float = 0.0, f_max: float | None = None, pad: int = 0, n_mels: int = 128,
                 window_fn: Callable[..., torch.Tensor] = torch.hann_window, power: float = 2.0, normalized: bool = False,
                 norm: str | None = None) -> None:  # fmt: skip
        super().__init__()
        win_length = win_length or n_fft
        self.spectrogram = Spectrogram(n_fft, win_length, hop_length or win_length // 2, window_fn(win_length), power, normalized)
        self.mel_scale = MelScale(n_mels, sample_rate, f_min, f_max or float(sample_rate // 2), n_fft // 2 + 1, norm)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """[..., n] -> [..., mels, frames]."""
        found: torch.Tensor = self.mel_scale(self.spectrogram(waveform))
        return found


def filters(n_mels: int, sample_rate: int, f_min: float, f_max: float, bins: int, norm: str | None) -> Any:
    """Triangles [bins, n_mels]; "slaney" gives each the same area."""
    low, high = (2595.0 * math.log10(1.0 + hz / 700.0) for hz in (f_min, f_max))
    edges = 700.0 * (10.0 ** (np.linspace(low, high, n_mels + 2) / 2595.0) - 1.0)
    hz = np.linspace(0.0, sample_rate // 2, bins)[:, None]
    up, down = (hz - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - hz) / np.diff(edges)[1:]
    found = np.maximum(0.0, np.minimum(up, down))
    return (found * (2.0 / (edges[2:] - edges[:-2])) if norm == "slaney" else found).astype(np.float32)


@contextmanager
def standing_in() -> Iterator[None]:
    """Within it, torchaudio and torchcodec can be imported: the real ones where they work, else what is here.

    Afterwards `sys.modules` is as it was, so that nobody takes the parts for the whole.
    """
    from transformers.utils import import_utils

    for probe in ("is_torchaudio_available", "is_torchcodec_available"):  # they remember what they find
        getattr(import_utils, probe, bool)()
    missing = [name for name in ("torchaudio", "torchcodec") if not _works(name)]
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in missing}
    placed = {name: _module(name) for name in PARTS if name.partition(".")[0] in missing}
    if "torchaudio" in placed:
        vars(placed["torchaudio.functional"]).update({"resample": resample})
        vars(placed["torchaudio.transforms"]).update({"MelSpectrogram": MelSpectrogram, "Resample": Resample})
        for part in ("functional", "transforms"):
            setattr(placed["torchaudio"], part, placed[f"torchaudio.{part}"])
        vars(placed["torchaudio"]).update({"load": load, "__version__": "0", "__path__": []})
    sys.modules.update(placed)
    try:
        yield
    finally:
        for name in placed:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def _works(name: str) -> bool:
    try:
        import_module(name)
    except (ImportError, OSError, RuntimeError):
        return False
    return True


def _module(name: str) -> ModuleType:
    found = ModuleType(name)
    found.__spec__ = ModuleSpec(name, None, is_package=name == "torchaudio")
    return found
