"""Acted voices for the recognisers of speech: clips with soft labels, and versions of them as other rooms record them."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.vocabulary import norm, term
from emogen.conditioning.voice_measures import SAMPLE_RATE_HZ, Frames, frames
from emogen.training.packs import pack

#: Felt strength of RAVDESS's two levels; everything else was acted at one level (own assumption).
STRENGTH = {"normal": 0.8, "strong": 1.1}
#: Label of a pack -> term, where it is no word for a feeling by itself.
WORDS = {"pleasant_surprise": "surprise", "surprised": "surprise"}
VERSIONS = 2  # of every clip beside itself
SPEEDS = (0.86, 1.16)  # resampled: other sizes of vocal tracts, other rates
SNR_DB = (8.0, 35.0)
TILT_DB = 6.0  # of the microphone, at 8 kHz against 0


@dataclass(frozen=True)
class Clip:
    """An acted clip.

    Attributes:
        samples: [n], 16 kHz.
        label: Term.
        shares: Term -> share of listeners who named it.
        strength: 0..1.5.
        speaker: With its pack: "emodb/03".
        corpus: "speech/emodb".
        text: What is said, or a code for it: the same for takes of the same words; "" where unknown.
    """

    samples: NDArray[np.float32]
    label: str
    shares: dict[str, float]
    strength: float
    speaker: str
    corpus: str
    text: str = ""

    @property
    def vad(self) -> NDArray[np.float64]:
        """[3] norm of the label by the strength: nobody rated these clips."""
        return np.clip(norm(self.label) * self.strength, -1.0, 1.0)


def read_clips(corpora: Sequence[str], data_dir: str | Path | None = None) -> Iterator[Clip]:
    """The clips of packs such as "speech/emodb", in the order of their tables."""
    import soundfile

    for corpus in corpora:
        folder = pack(corpus, data_dir)
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        names = {row["emotion"]: term(WORDS.get(row["emotion"], row["emotion"])) for row in rows}
        with tarfile.open(folder / "audio.tar") as tar:
            files = {Path(m.name).name: m for m in tar.getmembers() if m.isfile()}
            for row in rows:
                stored = tar.extractfile(files[Path(row["file"]).name])
                assert stored is not None
                samples, rate = soundfile.read(io.BytesIO(stored.read()), dtype="float32")
                assert rate == SAMPLE_RATE_HZ
                label = names[row["emotion"]]
                named = float(row.get("recognised_pct") or 100.0) / 100.0
                others = [name for name in dict.fromkeys(names.values()) if name != label]
                shares = {label: named, **{name: (1.0 - named) / len(others) for name in others}}
                strength = STRENGTH.get(row.get("intensity", ""), 1.0)
                text = row.get("text_code") or row.get("text", "")
                yield Clip(samples, label, shares, strength, f"{corpus}/{row['speaker']}", corpus, text)


def varied(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The clip at another speed, with noise, another microphone and a little room."""
    from scipy.signal import fftconvolve

    from emogen.media.audio import resample

    speed = rng.uniform(*SPEEDS)
    x = resample(samples, round(SAMPLE_RATE_HZ * speed), SAMPLE_RATE_HZ).astype(np.float64)
    spectrum = np.fft.rfft(x)
    hz = np.fft.rfftfreq(len(x), 1.0 / SAMPLE_RATE_HZ)
    spectrum *= 10.0 ** (rng.uniform(-TILT_DB, TILT_DB) * hz / 8000.0 / 20.0)
    x = np.fft.irfft(spectrum, len(x))
    if rng.random() < 0.4:
        room = np.exp(-np.arange(3200) / rng.uniform(150, 700)) * rng.standard_normal(3200) * 0.05
        room[0] = 1.0
        x = fftconvolve(x, room)[: len(x)]
    noise = rng.standard_normal(len(x))
    if rng.random() < 0.5:  # pink: most rooms are louder below
        bent = np.fft.rfft(noise) / np.sqrt(np.maximum(hz, 50.0))
        noise = np.fft.irfft(bent, len(x))
    gain = 10.0 ** (-rng.uniform(*SNR_DB) / 20.0) * np.sqrt(np.mean(x**2)) / np.sqrt(np.mean(noise**2))
    x = x + gain * noise
    return (x / max(np.abs(x).max(), 1e-6) * 0.7).astype(np.float32)


@dataclass(frozen=True)
class Measured:
    """n clips and their versions, measured: row 0, 1 ... of clip 0, then of clip 1 ...

    Attributes:
        rows: [n, D] float32.
        items: [n] number of the clip.
    """

    rows: NDArray[np.float32]
    items: NDArray[np.int64]


def measured(
    clips: Sequence[Clip], features: Callable[[NDArray[np.float32], Frames], NDArray[np.float32]], seed: int,
    report: Callable[[int], None] = lambda done: None,
) -> Measured:  # fmt: skip
    """Every clip and `VERSIONS` versions of it through a recogniser's front end."""
    rows, items = [], []
    for number, clip in enumerate(clips):
        rng = np.random.default_rng((seed, number))
        for version in range(1 + VERSIONS):
            samples = clip.samples if version == 0 else varied(clip.samples, rng)
            rows.append(features(samples, frames(samples)))
            items.append(number)
        report(number)
    return Measured(np.stack(rows), np.array(items))
