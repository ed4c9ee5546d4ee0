"""Speed of the sequence denoiser: `python -m benchmarks.sequence [--threads N]` prints one JSON object.

A network of about 4 million parameters, 20 steps, windows of 128 frames of which 32 overlap, on one core unless
told otherwise. The scales (1, 1) run the network once a step, (1, 2) twice, (2, 3) three times.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from emogen.conditioning.encoder import EmotionEncoder
from emogen.models.sequence import SequenceDenoiser
from emogen.pipelines.sequence import SequenceContent, SequencePipeline

FRAMES, SHORT = 128 + 3 * 96, 128


def build() -> SequencePipeline:
    denoiser = SequenceDenoiser(64, content_channels=64, emotion_channels=64, width=256, depth=3, heads=4)
    pipe = SequencePipeline(denoiser.eval(), EmotionEncoder(64).eval(), FlowMatchEulerDiscreteScheduler())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def frames_per_second(pipe: SequencePipeline, guidance_scale: float, emotion_scale: float) -> float:
    content = SequenceContent(frames=torch.randn(FRAMES, 64, generator=torch.Generator().manual_seed(0)).numpy())
    begun = time.perf_counter()
    pipe(content, "joy", seed=0, guidance_scale=guidance_scale, emotion_scale=emotion_scale)
    return FRAMES / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    pipe = build()
    pipe(None, "joy", frames=SHORT, num_inference_steps=2, seed=0)  # the first call is slow
    found = {
        "parameters": sum(p.numel() for p in pipe.denoiser.parameters()), "threads": torch.get_num_threads(),
        "steps": 20, "window": 128, "overlap": 32,
        "frames_per_s": {f"{c:g}, {e:g}": round(frames_per_second(pipe, c, e), 1) for c, e in ((1, 1), (1, 2), (2, 3))},
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pipe(None, "joy", frames=8 * FRAMES, num_inference_steps=4, seed=0)
    found["more_memory_for_8_times_the_length_mib"] = round(
        (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
