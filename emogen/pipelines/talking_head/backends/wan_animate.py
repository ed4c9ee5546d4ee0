"""`wan-animate:PATH_OR_ID`: Wan-Animate films the person of the portrait, driven by our face video and key points.

Wan-Animate (Wan team, Alibaba 2025; `diffusers.WanAnimatePipeline`) moves whoever is in a picture as a face video and a
picture of key points say. Both are drawn by the renderer of the same portrait from our curves, so that lips, expression,
gaze, blinks and head are ours; what is felt is told in words too, segment by segment.
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
from emogen.pipelines.talking_head.backends.photoreal import DRAWN, PhotorealPipeline, Take, number, taken, up
from emogen.pipelines.talking_head.backends.wan_text import embedded
from emogen.pipelines.talking_head.backends.wording import Told
from emogen.pipelines.talking_head.output import TalkingHeadOutput

#: Frames per second, steps and frames at once as in Wan-Animate's published configuration.
OWN = Take(fps=30.0, size=0, steps=20, segment=77, own_fps=30.0)
#: Frames of the segment before that the next one sees, 1 or 5 as published: five show how the face moves.
SEEN, SEEN_SHORT = 5, 1
#: How far guidance goes; the model is published to be used without (1).
GUIDANCE = (1.0, 10.0)


class WanAnimateTalkingHeadPipeline(PhotorealPipeline):
    """A photoreal talking head by Wan-Animate."""

    backend = "wan-animate"
    accepted: ClassVar[tuple[str, ...]] = ("WanAnimatePipeline",)

    def __call__(self, text: str | list[str] | None = None, emotion: Any = None, *, audio: Any = None, portrait: Any = "avatar:ava",
                 fps: float | None = None, size: int = 512, num_inference_steps: int | None = None, segment_frames: int | None = None,
                 face_guidance: float | None = None, text_guidance: float = 1.0, seed: int | list[int] | None = None,
                 generator: torch.Generator | None = None, callback_on_step_end: StepCallback | None = None,
                 return_dict: bool = True, **motion: Any) -> Any:  # fmt: skip
        """Makes a person talk.

        Args:
            text: As in `TalkingHeadPipeline`.
            emotion: Likewise.
            audio: Likewise.
            portrait: Likewise; a photo's person is filmed, an avatar as it is drawn.
            fps: Frames per second; None: the model's own 30.
            size: Width and height in pixels, a multiple of 16.
            num_inference_steps: Of denoising, 1..200; None: 20.
            segment_frames: Frames made at once, a multiple of 4 and one more; None: 77, as the model was trained.
            face_guidance: How much the face video is exaggerated, 1..10; 1: not at all, which takes half the time. None: 1,
                and up to 2 as the emotion's intensity goes from 1 to 1.5.
            text_guidance: How much the words are exaggerated, from 1 to `face_guidance`.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after the steps of the motion, after "drive" and after each step of denoising.
            return_dict: False gives a tuple.
            motion: What else `TalkingHeadPipeline` takes: face, style, voice, language, mouth, brows, head, blink, gaze, units.

        Returns:
            PhotorealOutput, or a list of them.

        Raises:
            InputError: As `TalkingHeadPipeline`; an option out of range; a portrait in which no face is seen.
            LimitError: Longer than 60 s.
            EmogenError: The model failed.
        """
        spatial, temporal = self.video.vae_scale_factor_spatial, self.video.vae_scale_factor_temporal
        take = taken(fps, size, num_inference_steps, segment_frames, OWN, spatial * 2, temporal)
        face = None if face_guidance is None else number("face_guidance", face_guidance, *GUIDANCE)
        words = number("text_guidance", text_guidance, GUIDANCE[0], GUIDANCE[1] if face is None else face)
        drawn = max(DRAWN, size, 2 * self._side)  # a face fills about half of our pictures
        return self._each(take, drawn, (text, emotion, portrait), {"audio": audio, **motion}, seed, generator, callback_on_step_end,
                          return_dict, film=partial(self._film, face=face, text=words),
                          asked=lambda told: {"face_guidance": _guided(told, face, words), "text_guidance": words})  # fmt: skip

    @property
    def _side(self) -> int:
        """Of the faces that the motion encoder sees, pixels."""
        return int(self.video.transformer.config.motion_encoder_size)

    def _spans(self, frames: int, take: Take) -> list[tuple[int, int]]:
        if frames <= take.segment:
            return [(0, frames)]
        new = take.segment - _seen(take)
        count = -(-(frames - _seen(take)) // new)
        return [(i * new, min(i * new + take.segment, frames)) for i in range(count)]

    def _film(self, head: TalkingHeadOutput, take: Take, segments: list[Told], steps: Steps, seed: int, *, face: float | None,
              text: float) -> NDArray[np.uint8]:  # fmt: skip
        who, faces, poses = self._driven(head, take.size)
        steps.done("drive")
        frames = len(faces)
        one = len(segments) == 1
        length = up(frames, self.video.vae_scale_factor_temporal) if one else take.segment
        seen = SEEN_SHORT if one else _seen(take)
        missing = length + (len(segments) - 1) * (length - seen) - frames
        guidance = _guided(segments, face, text)
        wanted, unwanted = self._words(segments, (text - 1.0) / (guidance - 1.0) if guidance > 1.0 else 0.0)

        now = 0

        def on_step(video: Any, i: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            nonlocal now
            tensors["latents"] = steps.done("denoising", latents=tensors["latents"])["latents"]
            if i == video.num_timesteps - 1:  # the next segment has words of its own
                now = min(now + 1, len(segments) - 1)
                tensors |= {"prompt_embeds": wanted[now : now + 1], "negative_prompt_embeds": unwanted[now : now + 1]}
            return tensors

        found = self._ask(
            image=who, pose_video=poses + poses[-1:] * missing, face_video=faces + faces[-1:] * missing, height=take.size,
            width=take.size, segment_frame_length=length, num_inference_steps=take.steps, prev_segment_conditioning_frames=seen,
            guidance_scale=guidance, prompt_embeds=wanted[:1], negative_prompt_embeds=unwanted[:1],
            generator=torch.Generator().manual_seed(seed), callback_on_step_end=on_step,
            callback_on_step_end_tensor_inputs=["latents", "prompt_embeds", "negative_prompt_embeds"],
        )  # fmt: skip
        return found[:frames]

    def _driven(self, head: TalkingHeadOutput, size: int) -> tuple[Any, list[Any], list[Any]]:
        """Whom it shows, the faces and the key points that drive it, as pictures of PIL."""
        who = driving.reference(head)
        points = driving.points_of(head)
        scale = size / np.array([head.renderer.width, head.renderer.height])
        body = driving.shoulders(who)
        body = None if body is None else body * size / np.array([who.shape[1], who.shape[0]])
        faces = [Image.fromarray(face) for face in driving.faces(head, points, self._side)]
        poses = [Image.fromarray(driving.pose(now * scale, body, size)) for now in points]
        return Image.fromarray(driving.resized(who, size)), faces, poses

    def _words(self, segments: list[Told], ratio: float) -> tuple[torch.Tensor, torch.Tensor]:
        """What is wanted and what is not, [segments, 512, width]; with a ratio of 0 both are the same words.

        The model has one scale, for the face and the words at once. Where nothing but the face differs between the two
        sides, guidance exaggerates the face alone; between these ends the words' share is near linear.
        """
        wanted = embedded(self.video, [one.prompt for one in segments])
        if ratio == 0.0:
            return wanted, wanted
        unwanted = embedded(self.video, [one.negative for one in segments])
        return wanted, torch.lerp(wanted.float(), unwanted.float(), ratio).to(wanted.dtype)


def _seen(take: Take) -> int:
    """Frames that a segment sees of the one before."""
    return SEEN if take.segment > 2 * SEEN else SEEN_SHORT


def _guided(segments: list[Told], face: float | None, text: float) -> float:
    """Guidance by the face: as asked for, or by the strongest that is felt."""
    strongest = max(one.intensity for one in segments)
    return max(1.0 + 2.0 * max(strongest - 1.0, 0.0), text) if face is None else face
