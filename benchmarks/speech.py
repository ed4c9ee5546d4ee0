"""What the embedded voice does, measured: cues against neutral, words understood, speed. `python benchmarks/speech.py`.

The cues are measured on the sound alone by other means than it was made with (Harvest for F0, BS.1770 for loudness,
band powers for tilt); only the rate uses the phone times. Words are counted by pocketsphinx, where it is installed.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning.vocabulary import BASIC
from emogen.media.audio import resample
from emogen.media.loudness import loudness_lufs
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.speech.prosody import rows
from emogen.pipelines.speech.voices import VOICES

SENTENCES = (
    "The parcel came on Monday, and nobody had opened it.",
    "We are going to the market before the rain begins.",
    "They told me that the old bridge was closed.",
    "There is a letter for you on the kitchen table.",
)
#: IEEE Recommended Practice for Speech Quality Measurements (1969), lists 5 and 6. The voice was made with the help
#: of lists 1 to 4.
HARVARD = """A king ruled the state in the early days. The ship was torn apart on the sharp reef. Sickness kept him
home the third week. The wide road shimmered in the hot sun. The lazy cow lay in the cool grass. Lift the square stone
over the fence. The rope will bind the seven books at once. Hop over the fence and plunge in. The friendly gang left
the drug store. Mesh wire keeps chicks inside. The frosty air passed through the coat. The crooked maze failed to fool
the mouse. Adding fast leads to wrong sums. The show was a flop from the very start. A saw is a tool used for making
boards. The wagon moved on well oiled wheels. March the soldiers past the next hill. A cup of sugar makes sweet fudge.
Place a rosebush near the porch steps. Both lost their lives in the raging storm."""
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


def word_errors(speak: Callable[[str], np.ndarray], sentences: Iterable[str]) -> float:
    """Word error rate of pocketsphinx's own English model."""
    from pocketsphinx import Decoder

    decoder = Decoder(loglevel="FATAL")
    errors = words = 0
    noise = np.random.default_rng(0)
    for sentence in sentences:
        x = np.pad(resample(speak(sentence), SAMPLE_RATE, 16_000), 4_000)
        x = 0.6 * x / np.abs(x).max() + noise.normal(0.0, 2e-4, len(x))
        decoder.start_utt()
        decoder.process_raw((x * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp().hypstr.split() if decoder.hyp() else []
        said = re.sub(r"[^a-z' ]", "", sentence.lower()).split()
        errors, words = errors + edit_distance(said, heard), words + len(said)
    return errors / words


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Fewest words put in, left out or changed."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def report_cues(pipe: Any, voices: Sequence[str]) -> None:
    neutral = mean_measure(pipe, "neutral", voices, SENTENCES)
    print(f"\nCues, mean of {len(voices)} voices x {len(SENTENCES)} sentences; change against neutral at 0.5 / 1 / 1.5")
    print("neutral  " + "  ".join(f"{name} {value:.2f}" for name, value in neutral.items()))
    for label in BASIC:
        levels = [mean_measure(pipe, f"{label}:{k}", voices, SENTENCES) for k in (0.5, 1.0, 1.5)]
        print(
            f"{label:9s}"
            + "  ".join(
                f"{name} " + " / ".join(f"{level[name] - neutral[name]:+.2f}" for level in levels) for name in SHOWS
            )
        )


def report_words(pipe: Any) -> None:
    harvard = re.split(r"(?<=\.)\s+", HARVARD)
    english = find_language("en")
    print("\nWord error rate (pocketsphinx), 20 Harvard sentences")
    with EspeakSource() as source:
        for variant in ("", "klatt6"):
            plain = word_errors(lambda s, v=variant: source.phonemes(s, variant=v, language=english).audio, harvard)
            print(f"raw espeak-ng {variant or 'default':10s} {plain:.3f}")
    for voice in VOICES:
        print(f"neutral {voice:16s} {word_errors(lambda s, v=voice: pipe(s, voice=v, seed=1).audio, harvard):.3f}")
    for label in BASIC:
        rate = word_errors(lambda s, e=label: pipe(s, e, voice="tenor", seed=1).audio, harvard)
        print(f"tenor, {label:17s} {rate:.3f}")


def report_speed(pipe: Any) -> None:
    text = " ".join(SENTENCES)
    pipe(text, "joy", seed=1)
    start = time.perf_counter()
    out = pipe(text, "joy", seed=1)
    taken = time.perf_counter() - start
    print(f"\nReal-time factor {taken / out.duration_s:.3f} ({taken:.2f} s for {out.duration_s:.2f} s of speech)")


def main() -> None:
    import torch

    from emogen.pipelines.speech.pipeline import SpeechPipeline

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", nargs="+", default=["alto", "tenor", "bass"])
    parser.add_argument("--no-words", action="store_true", help="leave the word errors out (they take two minutes)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pipe = SpeechPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    report_speed(pipe)
    report_cues(pipe, options.voices)
    if not options.no_words:
        report_words(pipe)


if __name__ == "__main__":
    main()
