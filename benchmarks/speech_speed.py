"""How long emotional speech takes, on one core unless told otherwise, and whether memory grows with its length.

`python -m benchmarks.speech_speed [--out FILE] [--threads N] [--minutes M]`; the file is what
`python -m emogen.training.speech_standing --speed FILE` puts into docs/speech.md. `--minutes 60` shows the memory of an
hour of input; it takes as long as converting an hour does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import repeat
from pathlib import Path

from emogen.media.audio import write_blocks
from emogen.training.peak_memory import own_peak_mib

TEXT = (
    "The parcel came on Monday, and nobody had opened it. We are going to the market before the rain begins. "
    "They told me that the old bridge was closed. There is a letter for you on the kitchen table."
)
LONG = " ".join([TEXT] * 50)  # 200 sentences
EMOTION = "joy:0.8"
TAKES = 5  # of each; the middle one counts
SHORT_MINUTES = 1.0


def taken_s(call: Callable[[], object]) -> float:
    """The middle time of several calls, after one that does not count."""
    call()
    times = []
    for _ in range(TAKES):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def speeds() -> dict[str, float]:
    from emogen.pipelines.speech.conversion import VoiceConversionPipeline
    from emogen.pipelines.speech.pipeline import RuleSpeechPipeline, SpeechPipeline

    learnt, rules = SpeechPipeline.embedded(), RuleSpeechPipeline.embedded()
    convert = VoiceConversionPipeline.from_pretrained("embedded")
    for pipe in (learnt, rules, convert):
        pipe.set_progress_bar_config(disable=True)
    spoken = learnt(TEXT, seed=1)
    return {
        "text": taken_s(lambda: learnt(TEXT, EMOTION, seed=1)) / learnt(TEXT, EMOTION, seed=1).duration_s,
        "text_by_rules": taken_s(lambda: rules(TEXT, EMOTION, seed=1)) / rules(TEXT, EMOTION, seed=1).duration_s,
        "conversion": taken_s(lambda: convert(spoken, EMOTION, rights="synthetic", seed=1)) / spoken.duration_s,
        "first_s": taken_s(lambda: next(learnt.stream(LONG, EMOTION, seed=1))),
    }


def convert_file(path: Path) -> None:
    """Converts a file as a stream and prints the peak memory of the process in MiB."""
    import torch

    from emogen.pipelines.speech.conversion import VoiceConversionPipeline

    torch.set_num_threads(1)
    pipe = VoiceConversionPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    pipe.stream(path, EMOTION, rights="synthetic", seed=1).save(path.with_name("converted.wav"))
    print(own_peak_mib())


def peak_mib(minutes: float) -> float:
    """Peak memory of a process that converts a file of so many minutes."""
    from emogen.pipelines.speech.pipeline import SpeechPipeline

    speak = SpeechPipeline.embedded()
    speak.set_progress_bar_config(disable=True)
    said = speak(TEXT, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        times = max(round(60.0 * minutes / said.duration_s), 1)
        write_blocks(path, repeat(said.audio, times), said.sample_rate)
        command = [sys.executable, "-m", "benchmarks.speech_speed", "--child", str(path)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def main(arguments: Sequence[str] | None = None) -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        convert_file(given.child)
        return
    torch.set_num_threads(given.threads)
    load = os.getloadavg()[0]
    found = speeds()
    short, long = peak_mib(SHORT_MINUTES), peak_mib(given.minutes)
    told = {
        "text -> emotional speech, real-time factor": f"{found['text']:.3f}",
        "the same by rules": f"{found['text_by_rules']:.3f}",
        "conversion, real-time factor": f"{found['conversion']:.3f}",
        "first audio of 200 sentences, s": f"{found['first_s']:.2f}",
        "peak memory, converting 1 minute, MiB": f"{short:.0f}",
        f"peak memory, converting {given.minutes:g} minutes, MiB": f"{long:.0f}",
    }
    on = f"{given.threads} thread{'s' if given.threads > 1 else ''} of {cpu()}; load of the machine when it began: {load:.1f}"
    print("\n".join([on, *(f"{what}: {value}" for what, value in told.items())]))
    if given.out:
        given.out.write_text(json.dumps(found | {"on": on, "told": told}), encoding="utf-8")


def cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
