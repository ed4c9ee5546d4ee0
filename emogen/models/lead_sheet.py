"""An autoencoder of lead sheets: frames of half a bar -> latents of chords, melody and accompaniment, and back.

Chords become the directions in which the chords of the training differ most, melody and accompaniment the latents of two
small autoencoders. The decoders are told the chords, and so is the encoder of the accompaniment: its latents hold a
texture and little of the harmony, as in Wang et al. 2020 (arXiv:2008.07122). Latents have unit variance by their
normalisation and are trained under noise, so that what a diffusion leaves of it does no harm; a variational autoencoder,
tried first, left most of its latents unused.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emogen.codecs.lead_frames import (
    CHORD,
    CHORDS,
    FRAME_BEATS,
    MELODY,
    MELODY_STATES,
    ONSETS,
    PITCHES,
    SOUNDING,
    STEPS,
)
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config


class Logits(NamedTuple):
    """What the decoders say: melody [..., STEPS, MELODY_STATES], onsets and sounding [..., STEPS, PITCHES]."""

    melody: Tensor
    onsets: Tensor
    sounding: Tensor


#: Standard deviation of the noise on latents in training; own choice.
NOISE = 0.2


class _Coder(nn.Module):
    """An autoencoder of one vector whose decoder, and encoder where it `listens`, are told another."""

    def __init__(self, size: int, told: int, latent: int, width: int, listens: bool) -> None:
        super().__init__()
        self.listens = listens
        self.encoder = nn.Sequential(
            nn.Linear(size + told * listens, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, latent),
            nn.BatchNorm1d(latent, affine=False),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent + told, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, size)
        )

    def encode(self, x: Tensor, told: Tensor) -> Tensor:
        """Latents of unit variance."""
        both = torch.cat([x, told], dim=-1) if self.listens else x
        return self.encoder(both.flatten(0, -2)).unflatten(0, both.shape[:-1])

    def decode(self, z: Tensor, told: Tensor) -> Tensor:
        """Logits of the vector."""
        return self.decoder(torch.cat([z, told], dim=-1))


class LeadSheetAutoencoder(ModelMixin, ConfigMixin):
    """Frames of `LeadFramesCodec` [..., 1432] <-> latents [..., channels].

    Args:
        chord, melody, texture: Latents of a chord, of the melody and of the accompaniment.
        width: Of the layers.
        vocabulary: Chords that the training knew.

    Buffers: `chords` [vocabulary, CHORD] and `chord_shares` [vocabulary] how often each sounded; `basis` [CHORD, chord] and
    `centre` [CHORD]; `mean`, `std` [channels] of the latents.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self, chord: int = 14, melody: int = 24, texture: int = 40, width: int = 320, vocabulary: int = 1
    ) -> None:
        super().__init__()
        told = FRAME_BEATS * CHORD
        self.line = _Coder(STEPS * MELODY_STATES, told, melody, width, listens=False)
        self.hands = _Coder(2 * STEPS * PITCHES, told, texture, width, listens=True)
        self.register_buffer("chords", torch.zeros(vocabulary, CHORD))
        self.register_buffer("chord_shares", torch.ones(vocabulary) / vocabulary)
        self.register_buffer("basis", torch.eye(CHORD, chord))
        self.register_buffer("centre", torch.zeros(CHORD))
        self.register_buffer("mean", torch.zeros(self.channels))
        self.register_buffer("std", torch.ones(self.channels))

    @property
    def channels(self) -> int:
        """Numbers of a latent frame."""
        return FRAME_BEATS * self.config.chord + self.config.melody + self.config.texture

    @property
    def parts(self) -> dict[str, slice]:
        """Which channels are "harmony", "melody" and "texture"."""
        a = FRAME_BEATS * self.config.chord
        b = a + self.config.melody
        return {"harmony": slice(0, a), "melody": slice(a, b), "texture": slice(b, self.channels)}

    def encode(self, frames: Tensor) -> Tensor:
        """Frames -> latents of zero mean and unit variance."""
        told = frames[..., CHORDS]
        raw = torch.cat([
            self.of_chords(told),
            self.line.encode(frames[..., MELODY], told),
            self.hands.encode(frames[..., ONSETS.start : SOUNDING.stop], told),
        ], dim=-1)  # fmt: skip
        return (raw - self.mean) / self.std

    def of_chords(self, told: Tensor) -> Tensor:
        """Chords of the beats [..., FRAME_BEATS * CHORD] -> their latents, before they are normalised."""
        beats = told.unflatten(-1, (FRAME_BEATS, CHORD))
        return ((beats - self.centre) @ self.basis).flatten(-2)

    def chord_distances(self, latents: Tensor) -> Tensor:
        """Squared distances of the beats of latent frames [T, channels] to the chords known [FRAME_BEATS T, vocabulary]."""
        part = self.parts["harmony"]
        raw = (latents * self.std + self.mean)[:, part].reshape(-1, self.config.chord)
        return torch.cdist(raw, (self.chords - self.centre) @ self.basis).square()

    def logits(self, latents: Tensor, told: Tensor) -> Logits:
        """What latents [..., channels] say under chords [..., FRAME_BEATS * CHORD]."""
        raw = latents * self.std + self.mean
        melody = self.line.decode(raw[..., self.parts["melody"]], told)
        texture = self.hands.decode(raw[..., self.parts["texture"]], told)
        return _shaped(melody, texture)

    def loss(self, frames: Tensor, generator: torch.Generator) -> Tensor:
        """Negative log likelihood of frames [n, 1432] (nats a frame), their latents under noise."""
        told = frames[..., CHORDS]
        notes = frames[..., ONSETS.start : SOUNDING.stop]
        made = []
        for coder, x in ((self.line, frames[..., MELODY]), (self.hands, notes)):
            z = coder.encode(x, told)
            made.append(coder.decode(z + NOISE * torch.randn(z.shape, generator=generator).to(z), told))
        said = _shaped(*made)
        states = frames[..., MELODY].unflatten(-1, (STEPS, MELODY_STATES)).argmax(dim=-1)
        lines = F.cross_entropy(said.melody.flatten(0, -2), states.flatten(), reduction="sum") / len(frames)
        rolls = torch.cat([said.onsets, said.sounding], dim=-2).flatten(-2)
        return lines + F.binary_cross_entropy_with_logits(rolls, notes, reduction="sum") / len(frames)


def _shaped(melody: Tensor, texture: Tensor) -> Logits:
    onsets, sounding = texture.unflatten(-1, (2, STEPS, PITCHES)).unbind(-3)
    return Logits(melody.unflatten(-1, (STEPS, MELODY_STATES)), onsets, sounding)
