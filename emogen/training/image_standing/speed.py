"""How fast, on two cores, and in how much memory: every kind of work in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from skimage import data as samples

from emogen.media.image import write_image
from emogen.media.video import VideoWriter
from emogen.training.image_standing.bench import CREATED, CREATING, EDITED, EDITING, ROOT, Bench
from emogen.training.kept import version
from emogen.training.peak_memory import own_peak_mib
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table
from emogen.training.talking_head_standing.speed import CORES, cpu

PART = "speed"
#: What an edit costs depends on what falls and shines: these lay little and much over it.
EMOTIONS = ("joy", "calm", "sadness", "fear", "awe")
FILM_EMOTIONS = ("joy", "despair")
PROMPTS = ("a harbour", "a forest", "a meadow", "mountains", "a city", "a street", "a room with a window")
TRACK, FILM_S = "0s calm; 3s dread", 4.0
FRAMES, FPS = 100, 25
MEGAPIXELS = (3000, 4000)
FULL_HD = (1080, 1920)
PEAK_MIB = 2048.0
#: kind -> (what, key, aim as said, whether it is reached).
AIMS: dict[str, tuple[str, str, str, Callable[[float], bool]]] = {
    "edit": ("edit of a photo of 12 megapixels, s", "middle_s", "at most 2", lambda x: x <= 2.0),
    "edit_video": ("edit of a 1080p video, pictures a second", "least_fps", "at least 15", lambda x: x >= 15.0),
    "create": ("created picture of 1024 x 1024, s", "middle_s", "at most 4", lambda x: x <= 4.0),
    "film": ("created film of 1280 x 720, pictures a second", "least_fps", "", lambda x: True),
}
SECTION = """### How fast

On {on}. Each kind of work in a process of its own, after one call that does not count; from what is read to what is written
where it says *with files*. Edits: {emotions}; 1080p: {frames} frames with sound, {film}; created: {prompts}; film: "{track}", {film_s:g} s
of {places}.
"""


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Kind -> figures; what cannot be made is left out."""
    video = (ROOT / "pipelines" / "video" / "*.py", ROOT / "media" / "planes.py", ROOT / "media" / "video.py")
    here = version(Path(__file__), *CREATING, *EDITING, *video)
    found = {}
    for kind in AIMS:
        if run and kind in ("create", "film") and not bench.creates:
            continue
        own = bench.kept(PART, here, partial(_process, kind), run=run, name=kind)
        if own is not None:
            found[kind] = own
    return found or None


def _process(kind: str) -> dict[str, Any]:
    print(f"speed: {kind}", flush=True)
    load = os.getloadavg()[0]
    done = subprocess.run([sys.executable, "-m", __name__, kind], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"on": f"{CORES} threads of {cpu()}", "load": round(load, 1)}


def _seconds(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Of each call; the first is made once before."""
    calls[0]()
    times = []
    for call in calls:
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return times


def _edit(folder: Path) -> dict[str, float]:
    pipe = Bench(folder).pipe(EDITED)
    photo = cv2.resize(samples.astronaut(), MEGAPIXELS[::-1], interpolation=cv2.INTER_CUBIC)
    source = write_image(folder / "a.jpg", photo)
    times = _seconds([partial(pipe, photo, emotion, seed=1) for emotion in EMOTIONS])
    files = _seconds([lambda e=emotion: pipe(source, e, seed=1).save(folder / "b.jpg") for emotion in EMOTIONS])  # type: ignore[misc]
    return {"middle_s": median(times), "most_s": max(times), "files_s": median(files)}


def _create(folder: Path) -> dict[str, float]:
    pipe = Bench(folder).pipe(CREATED)
    times = _seconds([partial(pipe, prompt, EMOTIONS[i % 5], seed=1) for i, prompt in enumerate(PROMPTS)])
    files = _seconds([lambda: pipe(PROMPTS[0], EMOTIONS[0], seed=1).save(folder / "a.png")])
    return {"middle_s": median(times), "most_s": max(times), "files_s": files[0]}


def _edit_video(folder: Path) -> dict[str, float]:
    from emogen.pipelines.video.edit import VideoEditPipeline

    pipe = VideoEditPipeline.embedded()
    pipe.set_progress_bar_config(disable=True)
    source = gliding(folder / "a.mp4", FRAMES)
    return _rates([lambda e=e: pipe(source, e, seed=1).save(folder / f"{e}.mp4") for e in FILM_EMOTIONS], FRAMES)  # type: ignore[misc]


def _film(folder: Path) -> dict[str, float]:
    from emogen.pipelines.video.pipeline import VideoPipeline

    pipe = VideoPipeline.embedded()
    pipe.set_progress_bar_config(disable=True)
    calls = [lambda p=p: pipe(p, TRACK, seconds=FILM_S, seed=1).save(folder / "a.mp4") for p in PROMPTS[:3]]  # type: ignore[misc]
    return _rates(calls, round(FPS * FILM_S))


def _rates(calls: Sequence[Callable[[], object]], frames: int) -> dict[str, float]:
    times = _seconds(calls)
    return {"least_fps": frames / max(times), "most_fps": frames / min(times)}


KINDS: dict[str, Callable[[Path], dict[str, float]]] = {
    "edit": _edit,
    "edit_video": _edit_video,
    "create": _create,
    "film": _film,
}


def gliding(path: Path, count: int) -> Path:
    """A camera that glides over a photograph, with the noise of a sensor, and a tone."""
    height, width = FULL_HD
    large = cv2.resize(samples.rocket(), (width + 2 * count, height + count + 100), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).integers(-4, 5, (height, width, 1))
    with VideoWriter(path, fps=FPS, width=width, height=height, audio_rate=44_100) as video:
        video.write_audio((0.1 * np.sin(np.arange(count * 44_100 // FPS) / 16)).astype(np.float32))
        for i in range(count):
            cut = large[i : i + height, 2 * i : 2 * i + width].astype(np.int16)
            video.write(np.clip(cut + np.roll(noise, 37 * i, axis=1), 0, 255).astype(np.uint8))
    return path


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    for kind, (what, key, aim, reached) in AIMS.items():
        if kind in found and aim:
            yield Goal(what, aim, number(found[kind][key]), reached(found[kind][key]))
    most = max(found, key=lambda kind: float(found[kind]["peak_mib"]))
    peak = float(found[most]["peak_mib"])
    said = f"{peak:.0f} ({AIMS[most][0].partition(',')[0]})"
    yield Goal("peak memory of any of these, MiB", f"at most {PEAK_MIB:.0f}", said, peak <= PEAK_MIB)


def section(found: dict[str, Any]) -> Iterator[str]:
    """A table."""
    first = next(iter(found.values()))
    yield SECTION.format(on=first["on"], emotions=", ".join(EMOTIONS), frames=FRAMES, film=" and ".join(FILM_EMOTIONS),
                         prompts=", ".join(PROMPTS), track=TRACK, film_s=FILM_S, places=", ".join(PROMPTS[:3]))  # fmt: skip
    lines = []
    for kind, own in found.items():
        what, key, *_ = AIMS[kind]
        worst = own["most_s"] if key == "middle_s" else own["most_fps"]
        lines.append(
            [
                what,
                number(own[key]),
                number(worst),
                number(own.get("files_s")),
                f"{own['peak_mib']:.0f}",
                f"{own['load']}",
            ]
        )
    head = [
        "",
        "middle (a second: least)",
        "most",
        "with files, s",
        "peak memory, MiB",
        "load of the machine at its start",
    ]
    yield from table(head, lines)
    yield ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Does one kind of work and prints its figures as JSON."""
    import torch

    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=tuple(KINDS))
    kind = parser.parse_args(arguments).kind
    torch.set_num_threads(CORES)
    cv2.setNumThreads(CORES)
    with tempfile.TemporaryDirectory() as folder:
        figures = KINDS[kind](Path(folder))
    print(json.dumps({**figures, "peak_mib": own_peak_mib()}))


if __name__ == "__main__":
    main()
