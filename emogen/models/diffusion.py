"""Flow matching for sequences: the loss, guidance with two scales, and windows for any length.

Between clean frames and noise lies a straight line, x(sigma) = (1 - sigma) clean + sigma noise; the network
learns its velocity, noise - clean (rectified flow, Liu et al. 2022, arXiv:2209.03003; flow matching, Lipman et
al. 2022, arXiv:2210.02747). It was preferred to v-prediction on a cosine schedule because the line ends in noise
alone, just as sampling begins: what is slow and large in a sequence (the mean of a pitch curve, a posture)
carries emotion, and a schedule that leaves a rest of the signal at its noisy end biases exactly that (Lin et al.
2023, arXiv:2305.08891). Training and sampling share `Flow`, so that the two cannot drift apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emogen.models.sequence import Content, EmotionCondition, SequenceDenoiser


def training_levels(count: int, generator: torch.Generator) -> Tensor:
    """Noise levels [count] in 0..1 to train on: one from each of `count` equal slices, in random order.

    Uniform levels, tried on the toy curves (`emogen.training.toy`, 3 000 steps) against two others, came
    closest to the data's swing (SD 0.43): 0.33, logit-normal levels 0.31, levels shifted towards noise 0.31.
    """
    return (torch.randperm(count, generator=generator) + torch.rand(count, generator=generator)) / count


@dataclass(frozen=True)
class Guidance:
    """How strongly the conditions pull. 1 is what was learnt; 0 leaves a condition out; more exaggerates.

    The emotion's scale is multiplied, frame by frame, by an intensity beyond 1.
    """

    content: float = 1.0
    emotion: float = 1.0


@dataclass(frozen=True)
class Conditions:
    """What one window is conditioned on; batch of one.

    Attributes:
        emotion: As encoded.
        null_emotion: The same window with the emotion dropped.
        content: None where there is none.
        exaggeration: Factor on the emotion's scale per frame [T], at least 1.
    """

    emotion: EmotionCondition
    null_emotion: EmotionCondition
    content: Content | None
    exaggeration: Tensor


@dataclass(frozen=True)
class Draft:
    """Frames from which sampling begins in place of noise alone (SDEdit, Meng et al. 2022, arXiv:2108.01073).

    Attributes:
        frames: Clean [1, T, C].
        strength: Noise level at which it begins, above 0 (the draft as it is) to 1 (noise alone).
        kept: [1, T] or [1, T, C], 0..1: how far each frame or number is held at the draft through all steps (inpainting);
            None: not at all.
        until: [1, T], the noise level down to which each frame follows the draft: a `strength` of its own, 0 (to the
            end) to 1 (not at all); None: 1.
    """

    frames: Tensor
    strength: float = 1.0
    kept: Tensor | None = None
    until: Tensor | None = None

    def held(self, x: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """Frames [1, T, C] at noise level `sigma`, with what is kept put back at its place on the line."""
        if self.kept is None and self.until is None:
            return x
        share = torch.zeros_like(x)
        if self.kept is not None:
            share = share + (self.kept.unsqueeze(-1) if self.kept.ndim == 2 else self.kept).to(x)
        if self.until is not None:
            share = torch.where((sigma >= self.until).unsqueeze(-1), 1.0, share)
        return x + share * ((1 - sigma) * self.frames + sigma * noise - x)


@dataclass(frozen=True)
class Flow:
    """A denoiser with the scalings around it: what its training minimises and what its sampling follows."""

    denoiser: SequenceDenoiser

    @staticmethod
    def noised(clean: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """Frames [B, T, C] at noise level `sigma` [B] (0..1) on the line from clean to noise."""
        level = sigma[:, None, None]
        return (1 - level) * clean + level * noise

    def predict(self, x: Tensor, sigma: Tensor, emotion: EmotionCondition, content: Content | None, *,
                null: Tensor | None = None, known: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """The velocity [B, T, C], float32; arguments as for `SequenceDenoiser`.

        The network sees frames of unit variance and is asked only for what the best linear guess leaves over,
        again of unit variance: the preconditioning of Karras et al. 2022 (arXiv:2206.00364, section 5), worked
        out for the velocity and for clean frames of variance 1. With q = (1 - sigma)^2 + sigma^2, the variance
        of noisy frames, the guess is (2 sigma - 1) / q times the frames and its error has the variance 1 / q.
        """
        level = sigma[:, None, None].float()
        spread = ((1 - level) ** 2 + level**2).sqrt()
        shown = x / spread if known is None else torch.where(known.unsqueeze(-1), x, x / spread)
        rest = self.denoiser(shown.to(self.denoiser.dtype), sigma, emotion, content, null=null, known=known, mask=mask)
        return (2 * level - 1) / spread**2 * x + rest.float() / spread

    def loss(self, clean: Tensor, emotion: EmotionCondition, content: Content | None, *, generator: torch.Generator,
             null: Tensor | None = None, known: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Mean squared error of the velocity over frames that are neither known nor padding.

        Args:
            clean: Normalised frames [B, T, C].
            emotion: As from `EmotionEncoder`, null where dropped.
            content: As for `SequenceDenoiser`.
            generator: Draws noise and noise levels; on the CPU.
            null: [B], True where the content is dropped.
            known: [B, T], True where a frame is given.
            mask: [B, T], False where a frame is padding.

        Returns:
            A scalar.
        """
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        sigma = training_levels(len(clean), generator).to(clean.device)
        counts = torch.ones(clean.shape[:2], dtype=torch.bool, device=clean.device) if mask is None else mask
        noisy = self.noised(clean, noise, sigma)
        if known is not None:
            noisy = torch.where(known.unsqueeze(-1), clean, noisy)
            counts = counts & ~known
        velocity = self.predict(noisy, sigma, emotion, content, null=null, known=known, mask=mask)
        error = (velocity - (noise - clean).float()).square().mean(dim=-1)
        return (error * counts).sum() / counts.sum().clamp(min=1)

    def velocity(self, x: Tensor, sigma: float, conditions: Conditions, guidance: Guidance,
                 known: Tensor | None = None) -> Tensor:
        """The guided velocity of one window [1, T, C], float32.

        null + s_content (content - null) + s_emotion (full - content), the emotion's scale per frame. A term
        whose factor is 0 is not computed: with both scales 1 the network runs once.
        """
        content = conditions.content
        s_emotion = guidance.emotion * conditions.exaggeration[None, :, None].to(x)
        s_content = torch.full_like(s_emotion, guidance.content if content is not None else 1.0)
        terms = [  # factor, whether the emotion is dropped, whether the content is
            (1 - s_content, True, True),
            (s_content - s_emotion, True, False),
            (s_emotion, False, False),
        ]
        if content is None:  # the first two are one
            terms = [(1 - s_emotion, True, False), (s_emotion, False, False)]
        terms = [t for t in terms if bool((t[0] != 0).any())]
        parts = [conditions.null_emotion if dropped else conditions.emotion for _, dropped, _ in terms]
        many = len(terms)
        velocity = self.predict(
            x.expand(many, -1, -1), torch.full((many,), sigma, device=x.device),
            EmotionCondition(*(torch.cat(p) for p in zip(*parts, strict=True))),
            None if content is None else content.repeat(many),
            null=torch.tensor([dropped for *_, dropped in terms], device=x.device),
            known=None if known is None else known.expand(many, -1),
        )
        factors = torch.cat([factor for factor, *_ in terms])
        return (velocity * factors).sum(dim=0, keepdim=True)


def window_spans(frames: int, window: int, overlap: int) -> Iterator[tuple[int, int, int]]:
    """(start, first new frame, stop) of each window over `frames` frames."""
    start = 0
    while True:
        stop = min(start + window, frames)
        yield start, start + overlap if start else 0, stop
        if stop == frames:
            return
        start = stop - overlap


def window_generator(seed: int, window: int) -> torch.Generator:
    """The source of a window's noise, on the CPU: a function of the call's seed and the window's number alone."""
    digest = hashlib.sha256(f"{seed}/{window}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def sample_window(flow: Flow, scheduler: Any, conditions: Conditions, noise: Tensor, *, num_inference_steps: int,
                  guidance: Guidance, known: Tensor | None = None, draft: Draft | None = None,
                  on_step: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """Follows the flow from noise to clean frames: Euler steps of diffusers' scheduler.

    Args:
        flow: The denoiser.
        scheduler: A `FlowMatchEulerDiscreteScheduler` of this window's own; it is changed.
        conditions: Of this window.
        noise: [1, T, C], float32.
        num_inference_steps: Steps; the network runs one to three times in each, as one batch.
        guidance: The two scales.
        known: The first frames of the window, clean [1, n, C]; None: none are known.
        draft: Frames to begin from; None: noise alone.
        on_step: Receives the frames after each step and returns them, changed or not.

    Returns:
        Clean frames [1, T, C]; the known ones are returned as they were given.
    """
    first = 1.0 if draft is None else draft.strength
    scheduler.set_timesteps(sigmas=np.linspace(first, first / num_inference_steps, num_inference_steps))
    x, given = noise, 0 if known is None else known.shape[1]
    if draft is not None:
        x = draft.held((1 - first) * draft.frames + first * noise, noise, first)
    flags = torch.arange(x.shape[1], device=x.device).unsqueeze(0) < given
    levels = scheduler.sigmas.tolist()
    for sigma, after, t in zip(levels[:-1], levels[1:], scheduler.timesteps, strict=True):
        if known is not None:
            x = torch.cat([known, x[:, given:]], dim=1)
        velocity = flow.velocity(x, sigma, conditions, guidance, flags if given else None)
        x = scheduler.step(velocity, t, x).prev_sample
        if draft is not None:
            x = draft.held(x, noise, after)
        if on_step is not None:
            x = on_step(x)
    return x if known is None else torch.cat([known, x[:, given:]], dim=1)


def sample_windows(flow: Flow, scheduler: Any, conditions_at: Callable[[int, int], Conditions], frames: int, *,
                   seed: int, num_inference_steps: int, guidance: Guidance, device: torch.device | str = "cpu",
                   known: Tensor | None = None, draft_at: Callable[[int, int], Draft] | None = None,
                   temperature: float = 1.0, on_step: Callable[[Tensor], Tensor] | None = None) -> Iterator[Tensor]:
    """Any number of frames, window by window; memory does not grow with the length.

    Each window but the first begins with the last `overlap` frames of the one before, which stand in it
    clean; the network continues them.

    Args:
        flow: The denoiser; its configuration gives window and overlap.
        scheduler: A `FlowMatchEulerDiscreteScheduler`; it is not changed.
        conditions_at: (start, stop) -> conditions of these frames.
        frames: Frames in all.
        seed: Of the call.
        num_inference_steps: Steps per window.
        guidance: The two scales.
        device: Where the network computes; noise is drawn on the CPU and moved.
        known: Clean frames that the first window begins with, at most its overlap [1, n, C]; they are yielded too.
        draft_at: (start, stop) -> frames to begin from; None: noise alone.
        temperature: Factor on the noise that is begun with, 0..1: less of it, less variety, and less of the trembling that
            a small network leaves.
        on_step: As for `sample_window`.

    Yields:
        New frames [1, n, C] of each window, in order, together `frames`.
    """
    config = flow.denoiser.config
    tail = known
    for number, (start, new, stop) in enumerate(window_spans(frames, config.window, config.overlap)):
        whole = temperature * torch.randn((1, config.window, config.channels), generator=window_generator(seed, number))
        window = sample_window(
            flow, type(scheduler).from_config(scheduler.config), conditions_at(start, stop),
            whole[:, : stop - start].to(device), num_inference_steps=num_inference_steps, guidance=guidance,
            known=tail, draft=None if draft_at is None else draft_at(start, stop), on_step=on_step,
        )
        tail = window[:, -config.overlap :] if config.overlap else None
        yield window[:, new - start :]
