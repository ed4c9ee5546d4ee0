"""How fast, on two cores, and whether memory grows with the voice."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, RULES, Bench
from emogen.training.peak_memory import own_peak_mib, peak_mib
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing.speed import CORES, cpu, taken_s

PART = "speed"
EMOTION = "joy:0.8"
TEXT = " ".join(of.TEXTS.values())
CHUNK_S = 1.0
SHORT_MIN, LONG_MIN = 1.0, 10.0
#: (key, what, aim as said, whether it is reached).
AIMS: tuple[tuple[str, str, str, Callable[[float], bool]], ...] = (
    ("talk", "real-time factor, voice with times of its words to motion", "at most .1", lambda x: x <= 0.1),
    ("talk_heard", "the same, from the voice alone", "at most .1", lambda x: x <= 0.1),
    ("restyle", "real-time factor, a movement felt otherwise", "at most .1", lambda x: x <= 0.1),
    ("chunk_s", f"a chunk of {CHUNK_S:g} s takes, s (the slowest)", "at most .5", lambda x: x <= 0.5),
)


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """All of it."""
    here = kept.version(Path(__file__), *of.MOTION, weights=of.LEARNT_FROM)
    return bench.kept(PART, here, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    import torch

    print("speed", flush=True)
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    torch.set_num_threads(CORES)
    try:
        found = paces(bench)
    finally:
        torch.set_num_threads(threads)
    found["short_mib"], found["long_mib"] = (peak_mib(__name__, bench.say(TEXT), minutes) for minutes in (SHORT_MIN, LONG_MIN))
    return found | {"on": f"{CORES} threads of {cpu()}; load of the machine when it began: {load:.1f}"}


def paces(bench: Bench) -> dict[str, Any]:
    """Real-time factors, and how long chunks take (s)."""
    voice = bench.say(TEXT)
    seconds = len(voice.audio) / voice.sample_rate
    alone = SimpleNamespace(audio=voice.audio, sample_rate=voice.sample_rate)

    def moved(system: str, **given: Any) -> Callable[[], object]:
        return lambda: bench.pipe(system)(emotion=EMOTION, fps=FPS, seed=1, **given)

    plain = bench.pipe(EMBEDDED)(audio=voice, emotion=NEUTRAL, fps=FPS, seed=1).motion
    first, chunks = _chunks(bench, alone)
    return {
        "seconds": seconds, "talk": taken_s(moved(EMBEDDED, audio=voice)) / seconds,
        "talk_heard": taken_s(moved(EMBEDDED, audio=alone)) / seconds, "rules": taken_s(moved(RULES, audio=voice)) / seconds,
        "restyle": taken_s(moved(EMBEDDED, motion=plain)) / seconds, "first_s": first, "chunk_s": max(chunks),
        "chunk_median_s": float(np.median(chunks)),
    }  # fmt: skip


def _chunks(bench: Bench, voice: Any) -> tuple[float, list[float]]:
    """Time to the first chunk, with hearing the voice, and that of each later one (s)."""
    found = []
    begun = time.perf_counter()
    for _ in bench.pipe(EMBEDDED).stream(voice, EMOTION, chunk_s=CHUNK_S, seed=1).pieces():
        found.append(time.perf_counter() - begun)
        begun = time.perf_counter()
    return found[0], found[1:]


def _move_file(path: Path) -> None:
    import torch

    from emogen.pipelines.gesture.pipeline import GesturePipeline

    torch.set_num_threads(1)
    for _ in GesturePipeline.embedded().stream(path, EMOTION, seed=1).pieces():
        pass
    print(own_peak_mib())


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    for key, what, aim, reached in AIMS:
        yield Goal(what, aim, _told(found[key]), reached(found[key]))
    more = found["long_mib"] - found["short_mib"]
    said = f"{found['short_mib']:.0f} for {SHORT_MIN:g} min, {found['long_mib']:.0f} for {LONG_MIN:g} min"
    yield Goal("peak memory does not grow with the voice, MiB", "flat", said, more < 0.05 * found["short_mib"])


def _told(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}".replace("0.", ".", 1)


def section(found: dict[str, Any]) -> Iterator[str]:
    """Markdown."""
    yield "### Speed\n"
    yield (f"`--only {PART}`, on {found['on']}. {found['seconds']:.0f} s of speech (what is felt otherwise: its neutral motion), "
           f"{EMOTION}, {FPS:g} frames a second. Chunks: `stream`, the whole voice known; memory: the same with pieces as they are "
           "by default.\n")  # fmt: skip
    lines = [[what, _told(found[key])] for key, what, *_ in AIMS]
    more = {"rules": "real-time factor of the rules alone", "first_s": "first chunk, with hearing the voice, s",
            "chunk_median_s": "a chunk, median, s"}  # fmt: skip
    lines += [[said, _told(found[key])] for key, said in more.items()]
    lines += [[f"peak memory, {m:g} min, MiB", f"{found[k]:.0f}"] for m, k in ((SHORT_MIN, "short_mib"), (LONG_MIN, "long_mib"))]
    yield from table(["", ""], lines)
    yield ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Moves a body to a voice file and prints the peak memory of the process in MiB."""
    parser = argparse.ArgumentParser(description="Moves a body to a voice file and prints this process's peak memory (MiB).")
    parser.add_argument("voice", type=Path)
    _move_file(parser.parse_args(arguments).voice)


if __name__ == "__main__":
    main()
