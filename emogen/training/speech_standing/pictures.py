"""Pictures of one sentence in neutral and in the six emotions: spectrogram above, pitch below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.voice import SAMPLE_RATE, find_f0
from emogen.codecs.voice_slow import mended
from emogen.media.audio import resample
from emogen.media.image import write_image

TOP_HZ, STEP_S, WINDOW_S = 6_000.0, 0.004, 0.025
LOUD_DB, QUIET_DB = -8.0, -72.0  # black and white, below the loudest moment of all panels
GREYS = 15  # steps from black to white: fine enough to read, and a small file
PITCH_HZ = (55.0, 550.0)  # of the axis, logarithmic
PITCH_TICKS = (100, 200, 400)
PANEL, SPECTRUM_H, PITCH_H = 300, 150, 96  # pixels
LEFT, TOP, BETWEEN, BELOW, GAP = 62, 26, 8, 34, 14
COLUMNS = 4
INK, GRID_INK, PITCH_INK, PAPER = (20, 20, 20), (222, 222, 222), (190, 30, 30), (255, 255, 255)
LETTERS = 15

Floats = NDArray[np.float64]


def draw(path: Path, panels: Sequence[tuple[str, NDArray[np.float32], int]]) -> Path:
    """Draws panels (title, samples [n], Hz) on one time scale and one scale of level."""
    from PIL import Image, ImageDraw, ImageFont

    sounds = [resample(samples, rate, SAMPLE_RATE) for _, samples, rate in panels]
    longest = max(len(sound) for sound in sounds) / SAMPLE_RATE
    spectra = [levels(sound) for sound in sounds]
    loudest = max(float(s.max()) for s in spectra)
    width, height = LEFT + PANEL + GAP, TOP + SPECTRUM_H + BETWEEN + PITCH_H + BELOW
    rows = -(-len(panels) // COLUMNS)
    picture = Image.new("RGB", (COLUMNS * width, rows * height), PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(LETTERS)
    for number, ((title, *_), sound, spectrum) in enumerate(zip(panels, sounds, spectra, strict=True)):
        x, y = number % COLUMNS * width + LEFT, number // COLUMNS * height + TOP
        pen.text((x, y - TOP + 4), title, INK, font)
        pixels = round(PANEL * len(sound) / SAMPLE_RATE / longest)
        picture.paste(Image.fromarray(shaded(spectrum - loudest, pixels)), (x, y))
        _axes(pen, font, x, y, longest)
        _pitch(pen, sound, x, y + SPECTRUM_H + BETWEEN, longest)
    return write_image(path, np.asarray(picture))


def levels(sound: NDArray[np.float32]) -> Floats:
    """Samples [n] at the codec's rate -> dB [bins up to TOP_HZ, T]."""
    size, step = round(WINDOW_S * SAMPLE_RATE), round(STEP_S * SAMPLE_RATE)
    cut = np.lib.stride_tricks.sliding_window_view(np.pad(sound.astype(np.float64), size // 2), size)[::step]
    power = np.abs(np.fft.rfft(cut * np.hanning(size), 1024, axis=1)) ** 2
    kept = np.fft.rfftfreq(1024, 1.0 / SAMPLE_RATE) <= TOP_HZ
    return np.asarray(10.0 * np.log10(power[:, kept].T + 1e-10))


def shaded(level_db: Floats, pixels: int) -> NDArray[np.uint8]:
    """Levels [bins, T] -> grey [SPECTRUM_H, pixels, 3], low frequencies at the bottom, loud dark."""
    rows = np.linspace(level_db.shape[0] - 1, 0, SPECTRUM_H)
    columns = np.linspace(0, level_db.shape[1] - 1, pixels)
    found = level_db[np.rint(rows).astype(int)][:, np.rint(columns).astype(int)]
    share = np.clip((found - QUIET_DB) / (LOUD_DB - QUIET_DB), 0.0, 1.0)
    return np.repeat((np.rint(GREYS * (1.0 - share)) * (255 // GREYS)).astype(np.uint8)[:, :, None], 3, axis=2)


def _axes(pen: Any, font: Any, x: int, y: int, longest: float) -> None:
    bottom = y + SPECTRUM_H + BETWEEN + PITCH_H
    for khz in range(0, int(TOP_HZ / 1000) + 1, 2):
        at = y + SPECTRUM_H - round(SPECTRUM_H * khz * 1000 / TOP_HZ)
        pen.line((x - 4, at, x, at), INK)
        pen.text((x - 8, at), f"{khz} kHz" if khz else "0", INK, font, anchor="rm")
    for hz in PITCH_TICKS:
        at = y + SPECTRUM_H + BETWEEN + _height(hz)
        pen.line((x - 4, at, x + PANEL, at), GRID_INK)
        pen.text((x - 8, at), f"{hz} Hz" if hz == PITCH_TICKS[-1] else str(hz), INK, font, anchor="rm")
    for top, high in ((y, SPECTRUM_H), (y + SPECTRUM_H + BETWEEN, PITCH_H)):
        pen.rectangle((x - 1, top - 1, x + PANEL, top + high), outline=INK)
    every = 0.5 if longest <= 2.5 else 1.0
    for second in np.arange(0.0, longest + 1e-6, every):
        at = x + round(PANEL * second / longest)
        pen.line((at, bottom, at, bottom + 4), INK)
        pen.text((at, bottom + 6), f"{second:g}" + (" s" if second == 0.0 else ""), INK, font, anchor="ma")


def _height(hz: Floats | float) -> Any:
    low, high = np.log(PITCH_HZ)
    return np.rint(PITCH_H * (1.0 - (np.log(np.clip(hz, *PITCH_HZ)) - low) / (high - low))).astype(int)


def _pitch(pen: Any, sound: NDArray[np.float32], x: int, y: int, longest: float) -> None:
    f0 = mended(find_f0(sound))
    at = x + PANEL * np.arange(len(f0)) * 0.005 / longest
    for i in np.flatnonzero((f0[1:] > 0) & (f0[:-1] > 0)):
        pen.line((at[i], y + _height(f0[i]), at[i + 1], y + _height(f0[i + 1])), PITCH_INK, 2)
