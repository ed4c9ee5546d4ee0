"""Sounds of a sentence -> how long each lasts, and the frames of a voice: a small feed-forward acoustic model.

The form is that of FastSpeech 2 (Ren et al. 2021, arXiv:2006.04558): an encoder over the sounds, a predictor of their
durations, each sound repeated as long as it lasts, and a decoder over frames. It gives the representation of the voice
codec (`emogen.codecs.voice`), two frames of 5 ms a step. Speakers are vectors that may be mixed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config

STEP_FRAMES = 2  # frames of 5 ms that a step of the decoder gives
PLACE = 6  # figures of the place of a step within its sound
DILATIONS = (1, 2, 4, 1, 2, 4, 1, 1)  # of the decoder's layers: it sees 160 ms to each side; own choice
SPEAKER_WIDTH = 32
MAX_STEPS = 150  # longest sound, 1.5 s; own assumption
NEAR = 8.0  # steps after which the distance to the edge of a sound no longer counts; own assumption


class _Neighbours(nn.Module):
    """Adds to each place what a linear layer reads from it and its neighbours at a distance; [B, T, width]."""

    def __init__(self, width: int, reach: int = 1, dilation: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.reach, self.dilation = reach, dilation
        self.norm = nn.LayerNorm(width)
        self.read = nn.Linear((2 * reach + 1) * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Places where `mask` [B, T, 1] is 0 are taken as 0."""
        far = self.reach * self.dilation
        seen = F.pad(self.norm(x) * mask, (0, 0, far, far))
        count = x.shape[1]
        parts = [seen[:, k * self.dilation : k * self.dilation + count] for k in range(2 * self.reach + 1)]
        return x + self.dropout(F.gelu(self.read(torch.cat(parts, dim=-1))))


class AcousticModel(ModelMixin, ConfigMixin):
    """The acoustic model.

    Args:
        symbols: The sounds that it knows.
        speakers: Names of the speakers that it learnt.
        figures: Figures of each sound.
        channels: Of a frame; the voice codec's width.
        width: Of all layers.
        encoder_layers: Before the recurrent layer.
        dropout: In training.
    """

    mean: Tensor
    std: Tensor

    @register_to_config
    def __init__(
        self,
        symbols: Sequence[str] = ("_",),
        speakers: Sequence[str] = ("one",),
        figures: int = 20,
        channels: int = 45,
        width: int = 192,
        encoder_layers: int = 3,
        dropout: float = 0.05,
    ) -> None:
        super().__init__()
        self.symbol = nn.Embedding(len(symbols), width)
        self.speaker = nn.Parameter(torch.randn(len(speakers), SPEAKER_WIDTH) * 0.3)
        self.of_figures = nn.Linear(figures, width)
        self.of_speaker = nn.Linear(SPEAKER_WIDTH, width)
        self.encoder = nn.ModuleList(_Neighbours(width, reach=2, dropout=dropout) for _ in range(encoder_layers))
        self.along = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.length = nn.ModuleList(_Neighbours(width, dropout=dropout) for _ in range(2))
        self.to_length = nn.Linear(width, 1)
        self.of_place = nn.Linear(PLACE, width)
        self.to_decoder = nn.Linear(SPEAKER_WIDTH, width)
        self.decoder = nn.ModuleList(_Neighbours(width, dilation=d) for d in DILATIONS)
        self.to_frames = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, STEP_FRAMES * channels))
        self.register_buffer("mean", torch.zeros(len(speakers), channels))
        self.register_buffer("std", torch.ones(len(speakers), channels))

    def encode(self, symbols: Tensor, figures: Tensor, mix: Tensor, mask: Tensor) -> Tensor:
        """Sounds [B, P], their figures [B, P, figures], shares of the speakers [B, S], mask [B, P, 1] -> [B, P, width]."""
        x = self.symbol(symbols) + self.of_figures(figures) + self.of_speaker(mix @ self.speaker).unsqueeze(1)
        for layer in self.encoder:
            x = layer(x, mask)
        return x + self.along(x * mask)[0]

    def lengths(self, encoded: Tensor, mask: Tensor) -> Tensor:
        """Natural log of (1 + steps) of each sound [B, P]."""
        x = encoded
        for layer in self.length:
            x = layer(x, mask)
        return torch.as_tensor(self.to_length(x)).squeeze(-1)

    def decode(self, encoded: Tensor, index: Tensor, place: Tensor, mix: Tensor, mask: Tensor) -> Tensor:
        """The frames, normalised by speaker.

        Args:
            encoded: [B, P, width].
            index: Which sound each step lies in [B, T].
            place: Where in it [B, T, PLACE], of `places`.
            mix: Shares of the speakers [B, S].
            mask: Steps that count [B, T, 1].

        Returns:
            [B, STEP_FRAMES * T, channels].
        """
        x = torch.gather(encoded, 1, index.unsqueeze(-1).expand(-1, -1, encoded.shape[-1]))
        x = x + self.of_place(place) + self.to_decoder(mix @ self.speaker).unsqueeze(1)
        for layer in self.decoder:
            x = layer(x, mask)
        found = self.to_frames(x)
        return found.reshape(len(x), x.shape[1] * STEP_FRAMES, -1)

    def forward(
        self, symbols: Tensor, figures: Tensor, mix: Tensor, mask: Tensor, steps: Tensor, step_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Log lengths [B, P] and normalised frames [B, 2 T, channels] with the given `steps` [B, P] of each sound."""
        encoded = self.encode(symbols, figures, mix, mask)
        index, place = places(steps, step_mask.shape[1])
        return self.lengths(encoded, mask), self.decode(encoded, index, place, mix, step_mask)

    @torch.no_grad()
    def speak(self, symbols: Tensor, figures: Tensor, mix: Tensor, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        """One sentence.

        Args:
            symbols: [P].
            figures: [P, figures].
            mix: Shares of the speakers [S], which sum to 1.
            rate: Factor on the speaking rate.

        Returns:
            Steps of each sound [P], and frames [2 T, channels] in the codec's units, T the sum of the steps.
        """
        mask = torch.ones(1, len(symbols), 1)
        shares = mix.unsqueeze(0)
        encoded = self.encode(symbols.unsqueeze(0), figures.unsqueeze(0), shares, mask)
        exact = (self.lengths(encoded, mask)[0].exp() - 1.0).clamp(min=0.5, max=MAX_STEPS) / rate
        ends = exact.cumsum(0).round().long()  # rounding does not add up
        steps = torch.diff(ends, prepend=torch.zeros(1, dtype=torch.long)).clamp(min=1)
        index, place = places(steps.unsqueeze(0), int(steps.sum()))
        found = self.decode(encoded, index, place, shares, torch.ones(1, index.shape[1], 1))[0]
        return steps, found * (mix @ self.std) + mix @ self.mean


def places(steps: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Which sound each of `count` steps lies in, and where in it.

    Args:
        steps: Of each sound [B, P]; places behind the last one belong to the last sound.
        count: T.

    Returns:
        Index [B, T]; figures [B, T, PLACE]: share from the begin, from the end, nearness to both edges, log length,
        whether it is the only step.
    """
    ends = steps.cumsum(1)
    at = torch.arange(count, device=steps.device).expand(len(steps), -1).contiguous()
    index = torch.searchsorted(ends, at, right=True).clamp(max=steps.shape[1] - 1)
    length = torch.gather(steps, 1, index).float().clamp(min=1.0)
    begin = torch.gather(ends - steps, 1, index)
    past = (at - begin).float() + 0.5
    left = (length - past).clamp(min=0.0)
    figures = torch.stack(
        [past / length, left / length, (past / NEAR).clamp(max=1.0), (left / NEAR).clamp(max=1.0),
         torch.log(length) / 3.0, (length < 2.0).float()], dim=-1,
    )  # fmt: skip
    return index, figures
