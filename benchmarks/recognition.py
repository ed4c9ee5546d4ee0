"""How long recognising takes: a minute of speech, video, pictures, and an evaluation of mixed items.

Targets on two cores: a minute of speech in 3 s, 25 fps video at 25 fps, 100 pictures in 5 s, 200 items in 3 minutes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from skimage import data

import emogen
from emogen.evaluation.evaluate import evaluate
from emogen.evaluation.perceive import recognize_file
from emogen.media.audio import write_audio
from emogen.media.image import write_image

EMOTIONS = ("joy", "sadness", "anger", "fear", "calm")


def timed(name: str, call: Callable[[], object], per: float = 1.0, unit: str = "s") -> None:
    call()  # what is loaded once does not count
    begun = time.perf_counter()
    call()
    print(f"{name}: {(time.perf_counter() - begun) / per:.2f} {unit}", flush=True)


def minute_of_speech(folder: Path) -> Path:
    parts = [emogen.speak("We lost the signal an hour ago.", e, seed=1) for e in EMOTIONS]
    said = np.concatenate([part["audio"] for part in parts])
    rate = parts[0]["sample_rate"]
    write_audio(folder / "minute.wav", np.tile(said, 60)[: 60 * rate], rate)
    return folder / "minute.wav"


def mixed(folder: Path) -> Path:
    """Forty of each: voices, scores, songs, pictures, movements."""
    for number in range(8):
        for feeling in EMOTIONS:
            name = f"{feeling}_{number}"
            emogen.speak("The harbour lights are on.", feeling, seed=number).save(folder / f"voice_{name}.wav")
            tune = emogen.music(feeling, seconds=12, seed=number)
            tune.save(folder / f"tune_{name}.mid")
            tune.save(folder / f"song_{name}.wav")
            emogen.gesture(None, feeling, seconds=4, seed=number).save(folder / f"move_{name}.bvh")
            photo = (data.coffee, data.astronaut, data.chelsea, data.rocket)[number % 4]()
            emogen.image(photo, feeling, seed=number).save(folder / f"picture_{name}.png")
    return folder


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        speech = minute_of_speech(folder)
        timed("a minute of speech", lambda: recognize_file(speech))
        for n in range(100):
            write_image(folder / f"{n}.png", np.roll(data.astronaut(), n, axis=1))
        pictures = [folder / f"{n}.png" for n in range(100)]
        timed("100 pictures, 512 x 512, as pictures", lambda: [recognize_file(p, modalities=["image"]) for p in pictures])
        timed("100 pictures, 512 x 512, face and picture", lambda: [recognize_file(p) for p in pictures])
        film = emogen.talk("I never thought that I would see you again, and here you are.", "joy", seed=1)
        film.save(folder / "film.mp4")
        seconds = len(film["audio"]) / film["sample_rate"]
        timed("video, voice and face", lambda: recognize_file(folder / "film.mp4"), per=1.0, unit=f"s for {seconds:.1f} s")
        (folder / "mixed").mkdir()
        mixed(folder / "mixed")
        begun = time.perf_counter()
        found = evaluate(folder / "mixed")
        print(f"evaluate {len(found.items)} items: {time.perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
