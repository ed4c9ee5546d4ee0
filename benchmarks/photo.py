"""Speed of the photo renderer: `python -m benchmarks.photo [--size N] [--frames N]` prints one JSON object.

NASA's portrait that scikit-image carries, speaking and turning its head; one thread as `render` runs alone, and two as
a video is drawn. `edit` is one picture of a video with its face changed.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from skimage import data

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.face_mesh import find_face
from emogen.pipelines.talking_head.photo_portrait import FaceEditor, PhotoRenderer


def moving(frames: int) -> np.ndarray:
    """Curves [frames, 61] of a face that speaks, smiles, blinks, looks about and turns."""
    t = np.arange(frames) / 25
    curves = np.zeros((frames, len(FACE_CHANNELS)), np.float32)
    curves[:, INDEX["jawOpen"]] = 0.25 + 0.25 * np.sin(2 * np.pi * 4 * t)
    curves[:, both("mouthSmile")] = 0.5
    curves[:, both("cheekSquint")] = 0.4
    curves[:, both("browDown")] = (0.3 + 0.3 * np.sin(t))[:, None]
    curves[:, both("eyeBlink")] = (np.sin(2 * np.pi * t / 3) > 0.9)[:, None] * 0.9
    curves[:, INDEX["headYaw"]] = 0.2 * np.sin(t)
    curves[:, INDEX["headRoll"]] = 0.1 * np.cos(t)
    curves[:, [INDEX["leftEyeYaw"], INDEX["rightEyeYaw"]]] = (0.2 * np.sin(2 * t))[:, None]
    return curves


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--frames", type=int, default=150)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    photo = data.astronaut()
    PhotoRenderer.from_image(photo, size=options.size)  # the first one loads what finds faces
    begun = time.perf_counter()
    face = PhotoRenderer.from_image(photo, size=options.size)
    found: dict[str, float] = {"size": options.size, "prepare_s": round(time.perf_counter() - begun, 2)}
    curves = moving(options.frames)
    face.render(curves[0])
    for threads in (1, 2):
        begun, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(face.render, curves):
                pass
        found[f"fps_{threads}_threads"] = round(len(curves) / (time.perf_counter() - begun), 1)
        found[f"cpu_ms_a_frame_{threads}_threads"] = round(1e3 * (time.process_time() - used) / len(curves), 2)
    points = find_face(photo, "photo").points
    editor, change = FaceEditor(photo, points), curves[0] * 0.5
    editor.reexpress(photo, points, change)
    used = time.process_time()
    for _ in range(10):
        editor.reexpress(photo, points, change)
    found["edit_cpu_ms"] = round(1e2 * (time.process_time() - used), 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
