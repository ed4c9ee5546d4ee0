"""How fast, on two cores, and whether endless music needs endless memory."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from emogen.training import kept
from emogen.training.music_standing import bench as of
from emogen.training.music_standing.bench import EMBEDDED, Bench
from emogen.training.peak_memory import own_peak_mib, peak_mib_of
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table
from emogen.training.talking_head_standing.speed import CORES, cpu, taken_s

PART = "speed"
EMOTION, SECONDS = "0s calm; 20s tension; 40s triumph", 60.0
SHORT_MIN, LONG_MIN = 1.0, 10.0


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """All of it."""
    here = kept.version(Path(__file__), Path(of.__file__), *of.MUSIC, weights=of.LEARNT_FROM)
    return bench.kept(PART, here, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    import torch

    print("speed", flush=True)
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    torch.set_num_threads(CORES)
    try:
        found: dict[str, Any] = paces(bench)
    finally:
        torch.set_num_threads(threads)
    found["short_mib"], found["long_mib"] = (peak_mib_of(__name__, str(minutes)) for minutes in (SHORT_MIN, LONG_MIN))
    return found | {"on": f"{CORES} threads of {cpu()}; load of the machine when it began: {load:.1f}"}


def paces(bench: Bench) -> dict[str, float]:
    """Seconds of work: a score, a score with its sound, and the first sound of endless music."""
    pipe = bench.pipe(EMBEDDED)
    with tempfile.TemporaryDirectory() as folder:
        score = taken_s(lambda: pipe.write(EMOTION, seconds=SECONDS, seed=1))
        sound = taken_s(lambda: pipe(None, EMOTION, seconds=SECONDS, seed=1).save(Path(folder) / "a.wav"))
    begun = time.perf_counter()
    next(iter(pipe.stream("calm", seed=1).blocks()))
    return {"score_s": score, "sound_s": sound, "first_s": time.perf_counter() - begun}


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    yield Goal("60 s as a score (MIDI), s", "at most 6", number(found["score_s"]), found["score_s"] <= 6)
    yield Goal("60 s with sound, s", "at most 12", number(found["sound_s"]), found["sound_s"] <= 12)
    grown, said = (
        found["long_mib"] - found["short_mib"],
        f"{found['short_mib']:.0f} for {SHORT_MIN:g} min, {found['long_mib']:.0f} for {LONG_MIN:g} min",
    )
    yield Goal("peak memory of endless music, MiB", "flat", said, grown < 0.05 * found["short_mib"])


def section(found: dict[str, Any]) -> Iterator[str]:
    """A table."""
    yield "### How fast\n"
    yield f"On {found['on']}.\n"
    yield from table(
        ["", "s"],
        [["60 s as a score", number(found["score_s"])], ["60 s with sound, to a .wav", number(found["sound_s"])],
         ["first sound of endless music", number(found["first_s"])]],
    )  # fmt: skip
    yield ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Streams for so many minutes, and prints its own peak of memory; called by `peak_mib_of`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", type=float)
    minutes = parser.parse_args(arguments).minutes
    from emogen.pipelines.music.pipeline import MusicPipeline

    stream = MusicPipeline.embedded().stream("0s calm; 60s joy; 120s sadness", seed=1)
    played = 0.0
    for block in stream.blocks():
        played += len(block) / stream.sample_rate
        if played > minutes * 60:
            break
    print(own_peak_mib())


if __name__ == "__main__":
    main()
