"""Speed of films: `python -m benchmarks.video [--seconds N] [--place NAME]` prints a JSON object for each size.

A place by the sea that turns from calm to a storm, and frames drawn by two threads as a film is saved; `look_s` is what
each further scene costs, `first_s` when the first frame is there, and `cpu_ms` the work for a frame without looks.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

from emogen.codecs.scene.scene import Scene
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.video.motion_course import course_of
from emogen.pipelines.video.motion_film import Film
from emogen.pipelines.video.motion_sheets import look_of

SIZES = ((854, 480), (1280, 720))
CALM = {"hour": 18.8, "waves": 0.15, "cloud": 0.3, "wind": 0.15}
STORM = {"hour": 20.0, "waves": 0.95, "cloud": 0.95, "storm": 0.9, "rain": 0.7, "wind": 0.9, "lightning": 0.8}


def measured(place: str, width: int, height: int, seconds: float) -> dict[str, float]:
    """Figures of one size."""
    ends = [Scene(place, values, 3) for values in (CALM, STORM)]
    begun = time.perf_counter()
    look_of(ends[1], width, height)
    look_s = time.perf_counter() - begun
    course = course_of(EmotionTrack.of(f"0s calm; {seconds:g}s fear"), seconds, lambda feelings: ends[: len(feelings)])
    film = Film(course, width, height, 25, round(seconds * 25), 3)
    begun = time.perf_counter()
    frames = film.frames()
    next(frames)
    first_s = time.perf_counter() - begun
    count = 1 + sum(1 for _ in frames)
    whole_s = time.perf_counter() - begun
    steady = [Film(course_of(EmotionTrack.of("fear"), 4, lambda _: ends[1:]), width, height, 25, 100, 3)]
    steady[0].frame(0)
    begun, used = time.perf_counter(), time.process_time()
    for _ in steady[0].frames():
        pass
    return {
        "width": width, "height": height, "look_s": round(look_s, 2), "first_s": round(first_s, 2),
        "film_fps": round(count / whole_s, 1), "fps": round(100 / (time.perf_counter() - begun), 1),
        "cpu_ms": round(10 * (time.process_time() - used), 1), "looks": len(course.scenes),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--place", default="sea")
    options = parser.parse_args()
    for width, height in SIZES:
        print(json.dumps(measured(options.place, width, height, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
