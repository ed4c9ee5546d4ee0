"""What tests of photoreal talking heads share: a voice, a portrait, and how to call them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from emogen.codecs.face import INDEX

RATE = 12_000
SMALL = {"size": 64, "fps": 12.0, "num_inference_steps": 2}


def voice(seconds=0.4):
    t = np.arange(round(seconds * RATE)) / RATE
    sound = (0.3 * np.sin(2 * np.pi * 150 * t)).astype(np.float32)
    return SimpleNamespace(audio=sound, sample_rate=RATE, words=(("ah", 0.0, seconds),), phones=(("a", 0.0, seconds),))


class Drawing:
    """A portrait that draws each curve as a bar, and says where a face's points would be."""

    drawn = True

    def __init__(self, size=128):
        self.width = self.height = size
        self.notes = []
        self._points = np.random.default_rng(0).uniform(0.3, 0.7, (478, 2)) * size

    def render(self, curves):
        picture = np.full((self.height, self.width, 3), 40, np.uint8)
        for i, value in enumerate(curves):
            picture[2 * i : 2 * i + 2, : int(np.clip(abs(value), 0, 1) * self.width)] = 220
        return picture

    def landmarks(self, curves):
        now = self._points + self.width * 0.2 * np.array([curves[INDEX["headYaw"]], curves[INDEX["headPitch"]]])
        return now, now


def run(pipe, emotion="joy:0.9", seconds=0.4, **more):
    return pipe(None, emotion, **{"audio": voice(seconds), "portrait": Drawing(), "seed": 1, **SMALL, **more})
