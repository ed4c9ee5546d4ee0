"""Emotion + content -> frames [T, C] by the sequence denoiser: the base of the pipelines of every modality in time.

It has no checkpoint of its own. A modality's pipeline descends from it, adds what turns its content into
`SequenceContent` and its frames into media, and calls `frames`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from emogen.codecs.base import Codec
from emogen.conditioning.encoder import EmotionEncoder, track_features
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
from emogen.errors import CheckpointError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path
from emogen.models.diffusion import Conditions, Flow, Guidance, sample_windows, window_spans
from emogen.models.sequence import Content, SequenceDenoiser
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.outputs import Made, MediaOutput

MAX_STEPS = 1000  # the noise levels of diffusers' scheduler; more steps than that would repeat levels
MAX_SCALE = 20.0  # own assumption: what the field uses lies below 15
OUTPUT_TYPES = ("np", "pt", "latent")


@dataclass(frozen=True)
class SequenceContent:
    """What is to be expressed, as arrays.

    Attributes:
        frames: Frame-aligned features [T, content_channels], or None.
        tokens: Features that lie evenly over the whole [K, token_channels], or None.
        style: Who expresses it [style_channels], or None.
    """

    frames: np.ndarray | None = None
    tokens: np.ndarray | None = None
    style: np.ndarray | None = None


@dataclass
class SequenceOutput(MediaOutput):
    """Frames over time.

    Attributes:
        frames: float32 [T, C]: in the codec's own units with `output_type` "np" (array) or "pt" (tensor, on
            the CPU), as the denoiser gave them with "latent" (tensor).
        fps: Frames per second.
        names: The channels.
        made: How it came about.
    """

    modality: ClassVar[str] = "sequence"
    writers: ClassVar[dict[str, str]] = {".safetensors": "_write"}

    frames: Any
    fps: float
    names: tuple[str, ...]
    made: Made

    def facts(self) -> dict[str, Any]:
        """Length, rate and channels."""
        count = len(self.frames)
        return {"frames": count, "fps": self.fps, "duration_s": count / self.fps, "names": list(self.names)}

    def _write(self, path: Path) -> None:
        # By hand, since the safetensors package writes its metadata in an order that changes from run to run.
        data = np.ascontiguousarray(self.frames, dtype="<f4")
        notes = {"fps": repr(self.fps), "names": "\n".join(self.names), "provenance": self.provenance.note()}
        place = {"dtype": "F32", "shape": list(data.shape), "data_offsets": [0, data.nbytes]}
        head = json.dumps({"__metadata__": notes, "frames": place}).encode()
        head += b" " * (-len(head) % 8)  # the format aligns its data to 8 bytes
        with atomic_path(path) as part:
            part.write_bytes(len(head).to_bytes(8, "little") + head + data.tobytes())


@dataclass(frozen=True)
class SamplingOptions:
    """How one sequence is sampled: steps per window, and the two scales of the guidance."""

    num_inference_steps: int = 20
    guidance_scale: float = 1.0
    emotion_scale: float = 1.0

    def __post_init__(self) -> None:
        steps = self.num_inference_steps
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
            raise InputError("num_inference_steps", f"{steps!r}", f"Accepted: a whole number from 1 to {MAX_STEPS}.")
        for name in ("guidance_scale", "emotion_scale"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_SCALE:
                raise InputError(name, f"{value!r}", f"Accepted: 0 to {MAX_SCALE:g}.")


class SequencePipeline(AffectivePipeline):
    """Frames from a trained denoiser.

    Args:
        denoiser: The network.
        emotion_encoder: Trained with it.
        scheduler: Flow matching, Euler steps.
        codec: Gives the frames their units and names; None: the denoiser's own, unnamed.
    """

    modality: ClassVar[str] = "sequence"
    model_cpu_offload_seq = "emotion_encoder->denoiser"
    _optional_components: ClassVar[list[str]] = ["codec"]

    def __init__(self, denoiser: SequenceDenoiser, emotion_encoder: EmotionEncoder,
                 scheduler: FlowMatchEulerDiscreteScheduler, codec: Codec | None = None) -> None:
        super().__init__()
        if emotion_encoder.width != denoiser.config.emotion_channels:
            raise InputError("emotion_encoder", f"{emotion_encoder.width} channels",
                             f"The denoiser reads {denoiser.config.emotion_channels}.")
        if codec is not None and codec.width != denoiser.config.channels:
            raise InputError("codec", f"{codec.width} channels", f"The denoiser makes {denoiser.config.channels}.")
        self.register_modules(denoiser=denoiser, emotion_encoder=emotion_encoder, scheduler=scheduler, codec=codec)

    @classmethod
    def embedded(cls) -> AffectivePipeline:
        """Opens the checkpoint of a modality that descends from this class.

        Raises:
            CheckpointError: This is the base itself, which has none.
        """
        if cls is SequencePipeline:
            raise CheckpointError(
                "embedded", "the sequence pipeline is the base of others and has no checkpoint of its own",
                "Accepted: a folder written by save_pretrained, or the pipeline of a modality.",
            )
        return super().embedded()

    def __call__(self, content: Any = None, emotion: Any = None, *, seconds: float | None = None,
                 frames: int | None = None, num_inference_steps: int = 20, guidance_scale: float = 1.0,
                 emotion_scale: float = 1.0, seed: Any = None, generator: torch.Generator | None = None,
                 callback_on_step_end: StepCallback | None = None,
                 output_type: str = "np") -> SequenceOutput | list[SequenceOutput]:
        """Makes frames that carry the emotion and follow the content.

        Args:
            content: Frame-aligned features [T, content_channels], a `SequenceContent`, None, or a list of these.
            emotion: In the written form, an `Emotion`, a track, or a list; None: neutral.
            seconds: Length. Exactly one of `seconds`, `frames` and frame-aligned content decides it.
            frames: Length in frames.
            num_inference_steps: Steps per window.
            guidance_scale: Pull of the content, 0..20; 1 is what was learnt.
            emotion_scale: Pull of the emotion, 0..20; multiplied by an intensity beyond 1.
            seed: 0..2^63-1; None: a random one, which the output reports.
            generator: Draws the seed instead.
            callback_on_step_end: `(pipe, step, name, {"latents": [1, T, C]})`, may return changed latents.
            output_type: "np", "pt" or "latent".

        Returns:
            The frames; a list for a list of contents.

        Raises:
            InputError: An argument is out of its range; nothing was computed.
        """
        options = SamplingOptions(num_inference_steps, guidance_scale, emotion_scale)
        if output_type not in OUTPUT_TYPES:
            raise InputError("output_type", f"{output_type!r}", f"Accepted: {', '.join(OUTPUT_TYPES)}.")

        def make(given: Any, track: EmotionTrack, used: int) -> SequenceOutput:
            arrays = self.check_content(given)
            count = self.check_length(arrays, seconds, frames)
            request = {
                "content": _described(arrays), "emotion": str(track), "frames": count, "output_type": output_type,
                **vars(options),
            }
            made = Made(request, track, used, models=self.hashes())
            parts = self.frames(arrays, track, count, used, options, callback_on_step_end, made)
            return self.pack(torch.cat(list(parts)), output_type, made)

        return self.each(make, content, emotion, seed, generator)

    @torch.no_grad()
    def frames(self, content: SequenceContent, track: EmotionTrack, count: int, seed: int, options: SamplingOptions,
               callback: StepCallback | None, made: Made) -> Iterator[torch.Tensor]:
        """New frames of each window [n, C], normalised, float32 on the CPU; memory does not grow with `count`.

        Writes the timings into `made` when the last window is done.
        """
        windows = sum(1 for _ in window_spans(count, self.denoiser.config.window, self.denoiser.config.overlap))
        with self.steps(windows * options.num_inference_steps, callback) as steps:
            found = sample_windows(
                Flow(self.denoiser), self.scheduler, self._conditions_at(content, track, count), count, seed=seed,
                num_inference_steps=options.num_inference_steps,
                guidance=Guidance(options.guidance_scale, options.emotion_scale), device=self._execution_device,
                on_step=lambda latents: steps.done("denoise", latents=latents)["latents"],
            )
            for window in found:
                yield window[0].float().cpu()
            made.timings.update(steps.timings)

    def pack(self, latents: torch.Tensor, output_type: str, made: Made) -> SequenceOutput:
        """Frames [T, C] as the denoiser gave them -> the output asked for."""
        names = self.codec.names if self.codec else tuple(f"channel{i}" for i in range(latents.shape[1]))
        if output_type == "latent":
            return SequenceOutput(latents, self.frame_rate, names, made)
        values = self.codec.denormalize(latents.numpy()) if self.codec else latents.numpy()
        if not np.isfinite(values).all():
            raise CheckpointError("denoiser", "gave numbers that are not finite", "Its weights are broken.")
        return SequenceOutput(torch.from_numpy(values) if output_type == "pt" else values, self.frame_rate, names, made)

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return float(self.denoiser.config.frame_rate)

    def hashes(self) -> dict[str, str]:
        """Network -> SHA-256 of its weights, as they are now."""
        return {name: weights_hash(getattr(self, name)) for name in ("denoiser", "emotion_encoder")}

    def check_content(self, content: Any) -> SequenceContent:
        """The content as arrays of the shapes that the denoiser reads.

        Raises:
            InputError: Another type or shape, or a number that is not finite.
        """
        if not isinstance(content, SequenceContent):
            content = SequenceContent(frames=content)
        config = self.denoiser.config
        wanted = {"frames": (2, config.content_channels), "tokens": (2, config.token_channels),
                  "style": (1, config.style_channels)}
        found: dict[str, np.ndarray | None] = {}
        for name, (dimensions, channels) in wanted.items():
            value = getattr(content, name)
            found[name] = None if value is None else _checked(f"content {name}", value, dimensions, channels)
        return SequenceContent(**found)

    def check_length(self, content: SequenceContent, seconds: float | None, frames: int | None) -> int:
        """The frames to be made.

        Raises:
            InputError: No length, more than one, or one out of range.
        """
        lengths = {"seconds": seconds, "frames": frames,
                   "content": None if content.frames is None else len(content.frames)}
        given = {k: v for k, v in lengths.items() if v is not None}
        if len(given) != 1:
            found = f"given by {' and '.join(given)}" if given else "not given"
            raise InputError("length", found, "Accepted: one of seconds, frames, frame-aligned content.")
        name, value = next(iter(given.items()))
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
            raise InputError(name, f"{value!r}", "Accepted: more than 0.")
        count = max(1, round(value * self.frame_rate)) if name == "seconds" else value
        if not isinstance(count, int):
            raise InputError(name, f"{value!r}", "Accepted: a whole number.")
        length_s = count / self.frame_rate
        if length_s > LIMITS.render_s:
            raise LimitError(name, f"{length_s:.0f} s", f"The limit is {LIMITS.render_s:.0f} s (limits.render_s).")
        return count

    def _conditions_at(self, content: SequenceContent, track: EmotionTrack,
                       count: int) -> Callable[[int, int], Conditions]:
        features, factors = track_features(track, self.frame_rate, count)
        dropped = torch.ones(1, dtype=torch.bool, device=self._execution_device)
        empty = all(part is None for part in vars(content).values())

        def at(start: int, stop: int) -> Conditions:
            window = torch.from_numpy(features[start:stop]).unsqueeze(0).to(self._execution_device)
            size = stop - start
            return Conditions(
                self.emotion_encoder(window, size),
                self.emotion_encoder(window, size, null=dropped),
                None if empty else self._content_at(content, start, stop, count),
                torch.from_numpy(factors[start:stop]).to(self._execution_device),
            )

        return at

    def _content_at(self, content: SequenceContent, start: int, stop: int, count: int) -> Content:
        """The part of the content that lies in a window, as tensors."""

        def tensor(value: np.ndarray | None) -> torch.Tensor | None:
            return None if value is None else torch.from_numpy(value).unsqueeze(0).to(self._execution_device, self.denoiser.dtype)

        tokens = content.tokens
        if tokens is not None:  # tokens lie evenly over the whole; a window reads those within it, at least one
            first = min(start * len(tokens) // count, len(tokens) - 1)
            tokens = tokens[first : max(first + 1, math.ceil(stop * len(tokens) / count))]
        frames = None if content.frames is None else content.frames[start:stop]
        return Content(tensor(frames), tensor(tokens), None, tensor(content.style))


def weights_hash(module: torch.nn.Module) -> str:
    """The SHA-256 of all parameters and buffers, in the order of their names."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _checked(where: str, value: Any, dimensions: int, channels: int) -> np.ndarray:
    if channels == 0:
        raise InputError(where, "given", "This checkpoint was trained without.")
    shape = f"an array [{'length, ' if dimensions == 2 else ''}{channels}] of finite numbers"
    try:
        array = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(where, f"a {type(value).__name__} that is not numbers", f"Accepted: {shape}.") from error
    if array.ndim != dimensions or array.shape[-1] != channels or 0 in array.shape:
        raise InputError(where, f"an array of shape {list(array.shape)}", f"Accepted: {shape}.")
    if not np.isfinite(array).all():
        raise InputError(where, "holds numbers that are not finite", f"Accepted: {shape}.")
    return np.ascontiguousarray(array)


def _described(content: SequenceContent) -> dict[str, Any]:
    """Shape and hash of each part, for the sidecar."""
    return {
        name: {"shape": list(value.shape), "sha256": hashlib.sha256(value.tobytes()).hexdigest()}
        for name, value in vars(content).items() if value is not None
    }
