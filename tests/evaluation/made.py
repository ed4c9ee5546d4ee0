"""Small media that the tests of recognisers and evaluations share: real faces and sounds that emogen makes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from skimage import data

import emogen
from emogen.media.audio import Audio
from emogen.media.score import Score

RNG = np.random.default_rng(0)


@cache
def _quietly(call: str, *arguments: Any, **options: Any) -> Any:
    return getattr(emogen, call)(*arguments, **options)


def voice(emotion: str, text: str = "We lost the signal an hour ago.") -> Audio:
    out = _quietly("speak", text, emotion, voice="bass", seed=1)
    return Audio(out["audio"], out["sample_rate"])


def piece(emotion: str) -> Score:
    return _quietly("music", emotion, seconds=20, seed=1)["score"]


def noise(seconds: float = 3.0, rate: int = 16_000) -> Audio:
    return Audio((0.1 * np.random.default_rng(1).standard_normal(int(seconds * rate))).astype(np.float32), rate)


def silence(seconds: float = 3.0) -> Audio:
    return Audio(np.zeros(int(seconds * 16_000), np.float32), 16_000)


def smiling() -> np.ndarray:
    """A photo of a smiling person (Eileen Collins, NASA, public domain; it comes with scikit-image)."""
    return data.astronaut()


def grain(side: int = 200) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (side, side, 3), dtype=np.uint8)


def plain(side: int = 100) -> np.ndarray:
    return np.full((side, side, 3), 90, np.uint8)


def folder_of_takes(folder: Path) -> Path:
    """Three tunes, a picture and two voices as emogen writes them, and one broken file."""
    for number, feeling in enumerate(("joy", "sadness", "anger")):
        _quietly("music", feeling, seconds=12, seed=number).save(folder / f"tune_{feeling}.mid")
    for feeling in ("joy", "sadness"):
        _quietly("speak", "The harbour lights are coming on.", feeling, seed=2).save(folder / f"voice_{feeling}.wav")
    emogen.edit_image(data.coffee(), "calm", seed=0).save(folder / "picture.png")
    (folder / "broken.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk")
    return folder
