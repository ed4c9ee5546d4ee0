"""The sequence denoiser: noisy frames + emotion + content -> their noise, for voice, face, body and score.

A 1-D diffusion transformer (DiT, Peebles & Xie 2023, arXiv:2212.09748) over [batch, frames, channels] with
rotary positions. The emotion enters per frame by adaptive layer norm and as tokens by cross-attention;
frame-aligned content is added to the frames, content tokens are read beside the emotion's, a style vector
(a speaker, a character) joins what modulates the layers. Frames that are known already, such as the end of
the window before, stand in the sequence without noise, each with noise level 0 (diffusion forcing, Chen et
al. 2024, arXiv:2407.01392): the network learns to continue, so windows join without a seam.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.errors import InputError
from emogen.models.blocks import Block, Modulation, rotary_angles, sinusoids

#: Noise levels 0..1 are spread over this range before the sinusoids, as the time steps of DDPM
#: (Ho et al. 2020, arXiv:2006.11239) and of diffusers' schedulers are.
SIGMA_SCALE = 1000.0
#: Channels of the sinusoids that code the noise level; DiT's value.
SIGMA_CHANNELS = 256


class EmotionCondition(NamedTuple):
    """An emotion as a network reads it: per frame, and as tokens that lie evenly over the window.

    Attributes:
        frames: [B, T, D].
        tokens: [B, K, D].
        mask: [B, K], True where a token may be seen; at least one per row.
    """

    frames: Tensor
    tokens: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Content:
    """What is to be expressed: everything that conditions a window besides the emotion.

    Attributes:
        frames: Frame-aligned features [B, T, content_channels], or None.
        tokens: Features without times of their own [B, K, token_channels], taken to lie evenly over the
            window, or None.
        tokens_mask: [B, K], True where a token may be seen; None: all.
        style: Who expresses it [B, style_channels], or None.
    """

    frames: Tensor | None = None
    tokens: Tensor | None = None
    tokens_mask: Tensor | None = None
    style: Tensor | None = None

    def repeat(self, times: int) -> Content:
        """The same content `times` times along the batch."""
        parts = {k: None if v is None else torch.cat([v] * times) for k, v in vars(self).items()}
        return replace(self, **parts)


def token_positions(count: int, lengths: Tensor) -> Tensor:
    """Frame positions [B, count] of tokens that lie evenly over `lengths` [B] frames."""
    places = (torch.arange(count, device=lengths.device) + 0.5) / count
    return places * lengths.float().unsqueeze(1) - 0.5


class SequenceDenoiser(ModelMixin, ConfigMixin):
    """The network inside `emogen.models.diffusion.Flow`, which scales what goes in and what comes out.

    Args:
        channels: Channels of a frame.
        content_channels: Channels of frame-aligned content; 0: none.
        token_channels: Channels of content tokens; 0: none.
        style_channels: Channels of the style vector; 0: none.
        emotion_channels: Channels of the emotion's frames and tokens (`EmotionEncoder.width`).
        width: Channels inside; a multiple of 2 * heads.
        depth: Blocks.
        heads: Attention heads.
        frame_rate: Frames per second that it was trained on.
        window: Frames that it was trained on at once.
        overlap: Known frames at the start of each window but the first; less than `window`.

    Raises:
        InputError: `width` does not divide among the heads, or `overlap` is out of range.
    """

    config_name = "config.json"
    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(self, channels: int, content_channels: int = 0, token_channels: int = 0, style_channels: int = 0,
                 emotion_channels: int = 64, width: int = 256, depth: int = 4, heads: int = 4,
                 frame_rate: float = 25.0, window: int = 128, overlap: int = 32) -> None:
        super().__init__()
        if width % (2 * heads):
            raise InputError("width", f"{width} is not a multiple of 2 x {heads} heads")
        if not 0 <= overlap < window:
            raise InputError("overlap", f"{overlap} frames in a window of {window}", "Accepted: 0 to window - 1.")
        self.gradient_checkpointing = False
        self.embed_frames = nn.Linear(channels, width)
        self.embed_sigma = nn.Sequential(nn.Linear(SIGMA_CHANNELS, width), nn.SiLU(), nn.Linear(width, width))
        self.embed_emotion = nn.Linear(emotion_channels, width)
        self.embed_emotion_tokens = nn.Linear(emotion_channels, width)
        if content_channels:
            self.embed_content = nn.Linear(content_channels, width)
            self.null_content = nn.Parameter(torch.zeros(width))
        if token_channels:
            self.embed_tokens = nn.Linear(token_channels, width)
            self.null_token = nn.Parameter(torch.zeros(width))
        if style_channels:
            self.embed_style = nn.Linear(style_channels, width)
            self.null_style = nn.Parameter(torch.zeros(width))
        self.modulation = Modulation(width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm_out = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.modulate_out = nn.Linear(width, 2 * width)
        self.to_rest = nn.Linear(width, channels)
        for layer in (self.modulate_out, self.to_rest):  # adaLN-Zero: begins as the identity
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, sigma: Tensor, emotion: EmotionCondition, content: Content | None = None, *,
                null: Tensor | None = None, known: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """What `Flow` adds to its linear guess of the velocity.

        Args:
            x: Noisy frames [B, T, channels] of about unit variance; known frames stand in them clean.
            sigma: Noise level of each item [B], 0 (clean) .. 1 (noise alone).
            emotion: As from `EmotionEncoder`; its null where the emotion was dropped.
            content: Further conditions; a part that the network knows and that is missing counts as null.
            null: [B], True where the content is dropped (classifier-free guidance); None: nowhere.
            known: [B, T], True where a frame of `x` is clean already; None: nowhere.
            mask: [B, T], True where a frame counts, padding False; None: everywhere.

        Returns:
            [B, T, channels]; what it says of known and padded frames has no meaning.
        """
        batch, frames, _ = x.shape
        content = content or Content()
        if null is None:
            null = torch.zeros(batch, dtype=torch.bool, device=x.device)
        lengths = torch.full((batch,), frames, device=x.device) if mask is None else mask.sum(dim=1)
        condition = self._condition(sigma, emotion, content.style, null, known)
        h = self.embed_frames(x) + self._content(content.frames, null, frames)
        tokens, token_mask, places = self._tokens(emotion, content, null, lengths)
        head_width = self.config.width // self.config.heads
        steps = torch.arange(frames, device=x.device).unsqueeze(0)
        angles = (rotary_angles(steps, head_width), rotary_angles(places, head_width))
        modulation = self.modulation(condition)
        for block in self.blocks:
            if torch.is_grad_enabled() and self.gradient_checkpointing:
                h = self._gradient_checkpointing_func(block, h, modulation, tokens, angles, mask, token_mask)
            else:
                h = block(h, modulation, tokens, angles, mask, token_mask)
        shift, scale = self.modulate_out(torch.nn.functional.silu(condition)).chunk(2, dim=-1)
        return self.to_rest(self.norm_out(h) * (1 + scale) + shift)

    def _condition(self, sigma: Tensor, emotion: EmotionCondition, style: Tensor | None, null: Tensor,
                   known: Tensor | None) -> Tensor:
        """What modulates the layers [B, T, width]: noise level, emotion and style of each frame."""
        levels = torch.stack([sigma, torch.zeros_like(sigma)], dim=1).float() * SIGMA_SCALE
        noisy, clean = self.embed_sigma(sinusoids(levels, SIGMA_CHANNELS).to(self.dtype)).unsqueeze(2).unbind(1)
        level = noisy if known is None else torch.where(known.unsqueeze(-1), clean, noisy)
        condition = level + self.embed_emotion(emotion.frames)
        if self.config.style_channels:
            shown = self.null_style.expand(len(sigma), -1)
            if style is not None:
                shown = torch.where(null[:, None], shown, self.embed_style(style))
            condition = condition + shown.unsqueeze(1)
        return condition

    def _content(self, frames: Tensor | None, null: Tensor, length: int) -> Tensor | float:
        """What is added to the embedded frames [B, T, width]."""
        if not self.config.content_channels:
            return 0.0
        shown = self.null_content.expand(len(null), length, -1)
        return shown if frames is None else torch.where(null[:, None, None], shown, self.embed_content(frames))

    def _tokens(self, emotion: EmotionCondition, content: Content, null: Tensor,
                lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All tokens [B, K, width], which may be seen [B, K], and where they lie [B, K] (frames)."""
        tokens, mask = [self.embed_emotion_tokens(emotion.tokens)], [emotion.mask]
        places = [token_positions(emotion.tokens.shape[1], lengths)]
        if self.config.token_channels:
            absent = null if content.tokens is not None else torch.ones_like(null)
            tokens.append(self.null_token.expand(len(null), 1, -1))
            mask.append(absent.unsqueeze(1))
            places.append(token_positions(1, lengths))
            if content.tokens is not None:
                seen = ~null.unsqueeze(1).expand(-1, content.tokens.shape[1])
                tokens.append(self.embed_tokens(content.tokens))
                mask.append(seen if content.tokens_mask is None else seen & content.tokens_mask)
                places.append(token_positions(content.tokens.shape[1], lengths))
        return torch.cat(tokens, dim=1), torch.cat(mask, dim=1), torch.cat(places, dim=1)
