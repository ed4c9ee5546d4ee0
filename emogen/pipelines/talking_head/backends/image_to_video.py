"""`i2v:PATH_OR_ID`: an image-to-video model films the person of the portrait, close to our own face video.

Such a model takes a first picture and words. The picture is our own first one; and while it is still mostly noise that
is denoised, what it makes is replaced by our face video under as much noise (as in SDEdit, Meng et al. 2022), so that
lips, gaze and head follow ours and the model makes of them what they look like. Long clips go segment by segment, each
begun with the last picture of the one before.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.pipelines.base import StepCallback, Steps
from emogen.pipelines.talking_head.backends import driving
from emogen.pipelines.talking_head.backends.i2v_kinds import KINDS, Kind
from emogen.pipelines.talking_head.backends.photoreal import DRAWN, PhotorealPipeline, Take, number, taken, up
from emogen.pipelines.talking_head.backends.wording import Told
from emogen.pipelines.talking_head.output import TalkingHeadOutput

GUIDANCE = (1.0, 20.0)
#: How far our video is followed: up to this share of it in the noise; own assumption.
FOLLOW = 0.5

Pixels = NDArray[np.uint8]


class ImageToVideoTalkingHeadPipeline(PhotorealPipeline):
    """A photoreal talking head by an image-to-video model of diffusers: Wan 2.1, Wan 2.2, LTX-Video."""

    backend = "i2v"
    accepted: ClassVar[tuple[str, ...]] = tuple(KINDS)

    def __call__(self, text: str | list[str] | None = None, emotion: Any = None, *, audio: Any = None, portrait: Any = "avatar:ava",
                 fps: float | None = None, size: int = 512, num_inference_steps: int | None = None, segment_frames: int | None = None,
                 guidance_scale: float | None = None, follow: float = FOLLOW, seed: int | list[int] | None = None,
                 generator: torch.Generator | None = None, callback_on_step_end: StepCallback | None = None,
                 return_dict: bool = True, **motion: Any) -> Any:  # fmt: skip
        """Makes a person talk.

        Args:
            text: As in `TalkingHeadPipeline`.
            emotion: Likewise.
            audio: Likewise.
            portrait: Likewise.
            fps: Frames per second; None: the model's own (Wan 16 or 24, LTX-Video 25).
            size: Width and height in pixels, a multiple of 16 (Wan 2.2's small model and LTX-Video: of 32).
            num_inference_steps: Of denoising, 1..200; None: the model's own.
            segment_frames: Frames made at once; None: the model's own. Wan: a multiple of 4 and one more, LTX-Video: of 8.
            guidance_scale: How much the words decide, 1..20; None: the model's own, times an intensity above 1.
            follow: How closely our face video is followed, 0 (from the first picture and the words alone) to 1.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after the steps of the motion, after "drive" and after each step of denoising.
            return_dict: False gives a tuple.
            motion: What else `TalkingHeadPipeline` takes: face, style, voice, language, mouth, brows, head, blink, gaze, units.

        Returns:
            PhotorealOutput, or a list of them.

        Raises:
            InputError: As `TalkingHeadPipeline`; an option out of range.
            LimitError: Longer than 60 s.
            EmogenError: The model failed.
        """
        kind = self._kind
        take = taken(fps, size, num_inference_steps, segment_frames, kind.own, kind.multiple, kind.time)
        scale = None if guidance_scale is None else number("guidance_scale", guidance_scale, *GUIDANCE)
        share = number("follow", follow, 0.0, 1.0)
        return self._each(take, max(DRAWN, size), (text, emotion, portrait), {"audio": audio, **motion}, seed, generator,
                          callback_on_step_end, return_dict, film=partial(self._film, kind=kind, scale=scale, follow=share),
                          asked=lambda told: {"guidance_scale": [_guided(kind, one, scale) for one in told], "follow": share})  # fmt: skip

    @property
    def _kind(self) -> Kind:
        return KINDS[type(self.video).__name__](self.video)

    def _spans(self, frames: int, take: Take) -> list[tuple[int, int]]:
        """Each segment begins with the last picture of the one before."""
        new = take.segment - 1
        return [(i, min(i + take.segment, frames)) for i in range(0, max(frames - 1, 1), new)]

    def _film(self, head: TalkingHeadOutput, take: Take, segments: list[Told], steps: Steps, seed: int, *, kind: Kind,
              scale: float | None, follow: float) -> Pixels:  # fmt: skip
        drawn = [driving.resized(picture, take.size) for picture in head.frames()]
        steps.done("drive")
        generator = kind.generator(seed)
        made: list[Pixels] = [drawn[0][None]]
        for (start, end), one in zip(self._spans(len(drawn), take), segments, strict=True):
            length = up(end - start, kind.time)
            ours = [made[-1][-1], *drawn[start + 1 : end]]
            ours += ours[-1:] * (length - len(ours))
            found = self._segment(ours, one, take, steps, generator, kind, _guided(kind, one, scale), follow)
            made.append(found[: end - start] if start == 0 else found[1 : end - start])
        return np.concatenate(made[1:])

    def _segment(self, ours: list[Pixels], one: Told, take: Take, steps: Steps, generator: torch.Generator, kind: Kind,
                 scale: float, follow: float) -> Pixels:  # fmt: skip
        """One segment, as long as our pictures of it."""
        goal = kind.encoded(ours)
        noise = torch.randn(goal.shape, generator=generator, device=generator.device)

        def on_step(video: Any, i: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            latents = steps.done("denoising", latents=tensors["latents"])["latents"]
            if float(video.scheduler.sigmas[i + 1]) > 1.0 - follow:
                latents = kind.noised(goal, noise, i + 1).to(latents.device, latents.dtype)
                if hasattr(video.scheduler, "last_sample"):  # UniPC would go on from what was replaced
                    video.scheduler.last_sample = None
            return {"latents": latents}

        return self._ask(
            image=Image.fromarray(ours[0]), height=take.size, width=take.size, num_frames=len(ours),
            num_inference_steps=take.steps, guidance_scale=scale, generator=generator, callback_on_step_end=on_step,
            **kind.asked(one.prompt, one.negative, take.fps),
        )  # fmt: skip


def _guided(kind: Kind, one: Told, scale: float | None) -> float:
    """How much the words decide in a segment."""
    return kind.guidance * max(one.intensity, 1.0) if scale is None else scale
