"""What tests of music backends share: the classes, how to call them, and what they are given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from emogen.pipelines.music.backends.ace_step import AceStepMusicPipeline
from emogen.pipelines.music.backends.audioldm2 import AudioLDM2MusicPipeline
from emogen.pipelines.music.backends.musicgen import MusicgenPipeline
from emogen.pipelines.music.backends.stable_audio import StableAudioMusicPipeline

CLASSES = {
    "musicgen": MusicgenPipeline,
    "stable_audio": StableAudioMusicPipeline,
    "ace_step": AceStepMusicPipeline,
    "audioldm2": AudioLDM2MusicPipeline,
}
FEW = {
    "musicgen": {},
    "stable_audio": {"num_inference_steps": 2},
    "ace_step": {"num_inference_steps": 2},
    "audioldm2": {"num_inference_steps": 2},
}


def run(name, pipe, emotion="joy:0.9", seconds=2.0, **more):
    return pipe(None, emotion, **{"seconds": seconds, "seed": 1, **FEW[name], **more})


def tune(hz, seconds=2.0, rate=8_000):
    """A piece of one note."""
    return SimpleNamespace(
        audio=(0.4 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32),
        sample_rate=rate,
    )


def reader(pipe):
    """The tokenizer and the text encoder of a backend."""
    return pipe._read_by(pipe.model, pipe.tokenizer)
