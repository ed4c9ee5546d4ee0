"""How fast, on two cores, and whether memory grows with the voice."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from emogen.training.peak_memory import own_peak_mib, peak_mib
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import FPS, SAMPLE, SIZE, Bench

PART = "speed"
DRAWN_TEXT = "The parcel came on Monday, and nobody had opened it. We are going to the market before the rain begins."
TEXT = f"{DRAWN_TEXT} They told me that the old bridge was closed. There is a letter for you on the kitchen table."
EMOTION = "joy:0.8"
TAKES, CORES = 3, 2
#: Long voices are drawn this small: memory and not speed is looked at.
SMALL, SHORT_MIN, LONG_MIN = 128, 1.0, 10.0
#: (key, what, aim as said, whether it is reached).
AIMS: tuple[tuple[str, str, str, Callable[[float], bool]], ...] = (
    ("motion", "real-time factor, voice with times of sounds to curves", "at most .05", lambda x: x <= 0.05),
    ("motion_heard", "the same, from the voice alone", "at most .05", lambda x: x <= 0.05),
    ("photo_fps", f"pictures a second, photo, {SIZE} x {SIZE}", "at least 40", lambda x: x >= 40.0),
    ("avatar_fps", f"pictures a second, avatar (slowest), {SIZE} x {SIZE}", "at least 40", lambda x: x >= 40.0),
    ("photo_mp4", "real-time factor, text to mp4, photo", "below 1", lambda x: x < 1.0),
    ("avatar_mp4", "real-time factor, text to mp4, avatar (slowest)", "below 1", lambda x: x < 1.0),
)


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """All of it."""
    said = of.version(Path(__file__), *of.MOTION, *of.PHOTO, *of.DRAWN, weights=of.LEARNT_FROM)
    return bench.kept(PART, said, lambda: _measure(bench), run=run)  # type: ignore[no-any-return]


def taken_s(call: Callable[[], object], takes: int = TAKES) -> float:
    """The middle time of several calls, after one that does not count."""
    call()
    times = []
    for _ in range(takes):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return median(times)


def _measure(bench: Bench) -> dict[str, Any]:
    import torch

    print("speed", flush=True)
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    torch.set_num_threads(CORES)
    try:
        found: dict[str, Any] = _motion(bench)
        for kind, faces in (("photo", [s.renderer for s in bench.photos if s.name == "astronaut"]),
                            ("avatar", [s.renderer for s in bench.avatars])):  # fmt: skip
            each = [_drawn(bench, face) for face in faces]
            found |= {f"{kind}_fps": min(e[0] for e in each), f"{kind}_cpu_ms": max(e[1] for e in each),
                      f"{kind}_mp4": max(e[2] for e in each)}  # fmt: skip
    finally:
        torch.set_num_threads(threads)
    found["short_mib"], found["long_mib"] = (peak_mib(__name__, bench.said(TEXT), minutes) for minutes in (SHORT_MIN, LONG_MIN))
    return found | {"on": f"{CORES} threads of {cpu()}; load of the machine when it began: {load:.1f}"}


def _motion(bench: Bench) -> dict[str, float]:
    """Real-time factors of curves."""
    voice, face = bench.said(TEXT), bench.avatars[0].renderer
    seconds = len(voice.audio) / voice.sample_rate
    alone = SimpleNamespace(audio=voice.audio, sample_rate=voice.sample_rate)

    def moved(given: Any) -> Callable[[], object]:
        return lambda: bench.learnt(audio=given, emotion=EMOTION, portrait=face, fps=FPS, size=SIZE, seed=1)

    return {"seconds": seconds, "motion": taken_s(moved(voice)) / seconds, "motion_heard": taken_s(moved(alone)) / seconds}


def _drawn(bench: Bench, face: Any) -> tuple[float, float, float]:
    """Pictures a second by two threads, a processor's ms for each, real-time factor from text to file."""
    out = bench.learnt(DRAWN_TEXT, EMOTION, portrait=face, fps=FPS, size=SIZE, seed=1)
    count = len(out.motion.curves)
    begun, used = time.perf_counter(), time.process_time()
    for _ in out.frames():
        pass
    drawn, used = time.perf_counter() - begun, time.process_time() - used
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        bench.learnt(DRAWN_TEXT, EMOTION, portrait=face, fps=FPS, size=SIZE, seed=1).save(Path(folder) / "a.mp4")
        whole = time.perf_counter() - begun
    return count / drawn, 1e3 * used / count, whole / (count / FPS)


def _draw_file(path: Path) -> None:
    import torch

    from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline

    torch.set_num_threads(1)
    TalkingHeadPipeline.embedded().stream(path, EMOTION, portrait=SAMPLE, fps=FPS, size=SMALL, seed=1).save(path.with_suffix(".mp4"))
    print(own_peak_mib())


def cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), platform.machine())


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
    yield (f"`--only {PART}`, on {found['on']}. {found['seconds']:.0f} s of speech, {EMOTION}, {FPS:g} pictures a second; photo: "
           f"{SAMPLE}. Memory: a voice drawn at {SMALL} x {SMALL} while it is read (`stream`).\n")  # fmt: skip
    lines = [[what, _told(found[key])] for key, what, *_ in AIMS]
    lines += [[f"processor, ms a picture, {kind}", f"{found[f'{kind}_cpu_ms']:.1f}"] for kind in ("photo", "avatar")]
    lines += [[f"peak memory, {m:g} min, MiB", f"{found[k]:.0f}"] for m, k in ((SHORT_MIN, "short_mib"), (LONG_MIN, "long_mib"))]
    yield from table(["", ""], lines)
    yield ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draws a voice file and prints the peak memory of the process in MiB."""
    parser = argparse.ArgumentParser(description="Draws a voice file and prints this process's peak memory (MiB).")
    parser.add_argument("voice", type=Path)
    _draw_file(parser.parse_args(arguments).voice)


if __name__ == "__main__":
    main()
