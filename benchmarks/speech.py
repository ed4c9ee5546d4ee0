"""What the rules do to the embedded voices, measured: cues against neutral.

The cues are measured on the sound alone by other means than it was made with (Harvest for F0, BS.1770 for loudness,
band powers for tilt); only the rate uses the phone times. How well a feeling is heard, the words understood and the
learnt conversion: `python -m emogen.training.speech_standing`. Speed: `python -m benchmarks.speech_speed`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning.vocabulary import BASIC
from emogen.media.loudness import loudness_lufs
from emogen.pipelines.speech.prosody import rows

SENTENCES = (
    "The parcel came on Monday, and nobody had opened it.",
    "We are going to the market before the rain begins.",
    "They told me that the old bridge was closed.",
    "There is a letter for you on the kitchen table.",
)
#: Measure -> the cue of the rules whose direction it shows.
SHOWS = {
    "f0_mean_st": "f0_mean",
    "f0_range_st": "f0_range",
    "phones_per_s": "duration",
    "lufs": "energy",
    "tilt_db": "tilt",
}


def measure(audio: np.ndarray, phones: Sequence[tuple[str, float, float]]) -> dict[str, float]:
    """The five cues of one utterance."""
    import pyworld

    x = audio.astype(np.float64)
    f0, times = pyworld.harvest(x, SAMPLE_RATE, f0_floor=60.0, f0_ceil=700.0)
    f0 = pyworld.stonemask(x, f0, times, SAMPLE_RATE)
    semitones = 12 * np.log2(f0[f0 > 0] / 100.0)
    semitones = semitones[np.abs(semitones - np.median(semitones)) < 12]
    low, high = np.percentile(semitones, (10, 90))
    window = np.hanning(512)
    frames = np.lib.stride_tricks.sliding_window_view(x, 512)[::256] * window
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    hz = np.fft.rfftfreq(512, 1 / SAMPLE_RATE)
    voiced = np.interp(np.arange(len(frames)) * 256 / SAMPLE_RATE, times, (f0 > 0).astype(float)) > 0.5
    spectrum = power[voiced].sum(axis=0)
    bands = [spectrum[(hz >= a) & (hz < b)].sum() for a, b in ((100, 1000), (1000, 5000))]
    spoken = sum(end - start for _, start, end in phones)
    return {
        "f0_mean_st": float(np.mean(semitones)),
        "f0_range_st": float(high - low),
        "phones_per_s": len(phones) / spoken,
        "lufs": loudness_lufs(audio, SAMPLE_RATE),
        "tilt_db": 10 * math.log10(bands[1] / bands[0]),
    }


def mean_measure(
    pipe: Any, emotion: str, voices: Iterable[str], sentences: Iterable[str], seed: int = 1
) -> dict[str, float]:
    """`measure`, averaged over voices and sentences."""
    voices = list(voices)
    found = [
        measure(out.audio, out.phones)
        for sentence in sentences
        for out in (pipe(sentence, emotion, voice=voice, seed=seed) for voice in voices)
    ]
    return {name: float(np.mean([f[name] for f in found])) for name in SHOWS}


def wanted(label: str) -> dict[str, float]:
    """Measure -> the direction (sign and size) that the rules ask of a label; a longer duration is a slower rate."""
    table = {row["cue"]: float(row[label]) for row in rows("prosody_cues.csv")}
    return {m: table[cue] * (-1.0 if cue == "duration" else 1.0) for m, cue in SHOWS.items()}


def report_cues(pipe: Any, voices: Sequence[str]) -> None:
    neutral = mean_measure(pipe, "neutral", voices, SENTENCES)
    print(f"Cues, mean of {len(voices)} voices x {len(SENTENCES)} sentences; change against neutral at 0.5 / 1 / 1.5")
    print("neutral  " + "  ".join(f"{name} {value:.2f}" for name, value in neutral.items()))
    for label in BASIC:
        levels = [mean_measure(pipe, f"{label}:{k}", voices, SENTENCES) for k in (0.5, 1.0, 1.5)]
        print(
            f"{label:9s}"
            + "  ".join(
                f"{name} " + " / ".join(f"{level[name] - neutral[name]:+.2f}" for level in levels) for name in SHOWS
            )
        )


def main() -> None:
    import torch

    from emogen.pipelines.speech.pipeline import RuleSpeechPipeline

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", nargs="+", default=["alto", "tenor", "bass"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    pipe = RuleSpeechPipeline.embedded()
    pipe.set_progress_bar_config(disable=True)
    report_cues(pipe, options.voices)


if __name__ == "__main__":
    main()
