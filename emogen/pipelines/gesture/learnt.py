"""How bodies move when they feel: a diffusion over latents of movement, learnt from recorded and made movement.

`LearntBody.moved` takes a draft (the rules' performance of a speech, or a movement that is to be felt otherwise) and
makes it move as people do: what it does is its content, how it is done comes from the emotion, frame by frame, and from
a style. How far it leaves the draft is `strength`: the noise level at which sampling begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emogen.checkpoints import checkpoint_folder
from emogen.codecs.body import BodyMotion
from emogen.codecs.body_features import FPS, WIDTH, decoded, features
from emogen.conditioning.encoder import EmotionEncoder
from emogen.conditioning.learned import one_thread
from emogen.diffusing import ConfigMixin, FlowMatchEulerDiscreteScheduler, ModelMixin, register_to_config
from emogen.models.body import STRIDE, MotionAutoencoder
from emogen.models.diffusion import Conditions, Draft, Flow, Guidance, sample_windows
from emogen.models.sequence import Content, SequenceDenoiser
from emogen.pipelines.gesture.content import CHANNELS, Voice, content_of

Floats = NDArray[np.float32]
RATE = FPS / STRIDE
#: Steps of the sampling from noise alone; a draft takes its share of them.
STEPS = 10
#: Of the noise that sampling begins with. At 1 a waiting body's hands wander at 10 cm/s and beats are blurred, at 0.6 they
#: sway at 4 cm/s and stand on their accents, and the guide of movement sees the feeling no worse.
TEMPERATURE = 0.6


@dataclass(frozen=True, eq=False)
class Felt:
    """What is felt, for each latent.

    Attributes:
        numbers: The ten of `EmotionEncoder`, float32 [n, 10].
        exaggeration: Factor by which an intensity exceeds 1, float32 [n].
    """

    numbers: Floats
    exaggeration: Floats


@dataclass(frozen=True)
class Pull:
    """How the diffusion is steered.

    Attributes:
        strength: Noise level at which it begins, above 0 (the draft) to 1 (noise alone).
        content: Scale of the guidance by what is done; 1 is what was learnt.
        emotion: Scale of the guidance by what is felt.
    """

    strength: float = 1.0
    content: float = 1.0
    emotion: float = 1.0


class LearntBody(ModelMixin, ConfigMixin):
    """Movement from the checkpoint `gesture`.

    Args:
        latent: Channels of a latent.
        inner: Width of the autoencoder.
        width, depth, heads: Of the denoiser.
        window, overlap: Latents, 7.5 a second.
        emotion_width, tokens, octaves: Of the emotion encoder.
        style: Numbers of a style.
        labels: Feelings whose usual movement a style is told against.

    Buffers: `usual` [labels, 2 latent], `basis` [2 latent, style].
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, latent: int = 48, inner: int = 128, width: int = 160, depth: int = 5, heads: int = 4,
                 window: int = 40, overlap: int = 10, emotion_width: int = 64, tokens: int = 4, octaves: int = 2,
                 style: int = 16, labels: tuple[str, ...] = ("neutral",)) -> None:
        super().__init__()
        self.autoencoder = MotionAutoencoder(WIDTH, latent, inner)
        self.denoiser = SequenceDenoiser(
            channels=latent, content_channels=len(CHANNELS), style_channels=style, emotion_channels=emotion_width,
            width=width, depth=depth, heads=heads, frame_rate=RATE, window=window, overlap=overlap,
        )  # fmt: skip
        self.emotion_encoder = EmotionEncoder(emotion_width, tokens, octaves)
        self.register_buffer("usual", torch.zeros(len(labels), 2 * latent))
        self.register_buffer("basis", torch.zeros(2 * latent, style))

    @classmethod
    def embedded(cls) -> LearntBody:
        """The one that ships with emogen.

        Raises:
            CheckpointError: It is missing or was altered.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return cls.opened(checkpoint_folder("gesture"))

    @classmethod
    def opened(cls, folder: Path) -> LearntBody:
        """One from a checkpoint folder, ready to use in float32."""
        return cls.from_pretrained(str(folder), use_safetensors=True, torch_dtype=torch.float32, low_cpu_mem_usage=False).eval()

    def latents(self, frames: Floats) -> Tensor:
        """Frames of movement [T, WIDTH] -> latents [ceil(T / STRIDE), latent]; the last frame goes on where they end."""
        missing = -len(frames) % STRIDE
        whole = np.concatenate([frames, np.repeat(frames[-1:], missing, axis=0)]) if missing else frames
        with one_thread(), torch.no_grad():
            return self.autoencoder.encode(torch.from_numpy(whole)[None].to(self.usual.device))[0]

    def style_of(self, latents: Tensor, chances: NDArray[np.floating]) -> Floats:
        """How somebody moves beside what is felt [style].

        Args:
            latents: Of a movement [n, latent].
            chances: Of each of the config's `labels` in it: what these usually look like is taken out.
        """
        usual = torch.from_numpy(np.asarray(chances, dtype=np.float32)).to(self.usual.device) @ self.usual
        return np.asarray(((pooled(latents) - usual) @ self.basis).cpu().numpy())

    def moved(self, draft: BodyMotion, felt: Felt, *, seed: int, pull: Pull = Pull(), voice: Voice | None = None,
              style: Floats | None = None) -> BodyMotion:
        """The draft as somebody does it who feels this.

        Args:
            draft: At 30 frames a second.
            felt: [ceil(T / STRIDE)] rows.
            seed: Of the noise.
            pull: How it is steered.
            voice: Spoken meanwhile.
            style: As from `style_of`.

        Returns:
            As many frames as the draft; fingers straight, on the draft's way.
        """
        values, gone = features(draft)
        course = self.course(self.latents(values), content_of(draft, gone, voice), felt, seed=seed, pull=pull, style=style)
        return decoded(self.frames(course)[: len(values)], gone, draft.fps)

    def course(self, draft: Tensor, content: Floats, felt: Felt, *, seed: int, pull: Pull = Pull(),
               style: Floats | None = None, known: Tensor | None = None, kept: Floats | None = None) -> Tensor:
        """Latents of a movement [n, latent].

        Args:
            draft: Latents to begin from [n, latent].
            content: What is done [n, ...].
            felt: What is felt, [n] rows.
            seed: Of the noise.
            pull: How it is steered.
            style: As from `style_of`.
            known: Latents that the movement begins with [m, latent], m at most the config's `overlap`.
            kept: 0..1 for each latent: how far it is held at the draft.
        """
        with one_thread(), torch.no_grad():
            return torch.cat([w[0] for w in self._windows(draft, content, felt, seed, pull, style, known, kept)])

    def frames(self, latents: Tensor) -> Floats:
        """Latents [n, latent] -> frames of movement [STRIDE n, WIDTH]."""
        with one_thread(), torch.no_grad():
            return np.asarray(self.autoencoder.decode(latents[None])[0].cpu().numpy())

    def _windows(self, draft: Tensor, content: Floats, felt: Felt, seed: int, pull: Pull, style: Floats | None,
                 known: Tensor | None, kept: Floats | None) -> Iterator[Tensor]:
        def tensor(values: Floats) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(values))[None].to(draft.device)

        dropped = torch.ones(1, dtype=torch.bool, device=draft.device)
        who = None if style is None else tensor(style)

        def at(start: int, stop: int) -> Conditions:
            window = tensor(felt.numbers[start:stop])
            return Conditions(
                self.emotion_encoder(window, stop - start), self.emotion_encoder(window, stop - start, null=dropped),
                Content(frames=tensor(content[start:stop]), style=who), tensor(felt.exaggeration[start:stop])[0],
            )  # fmt: skip

        def draft_at(start: int, stop: int) -> Draft:
            return Draft(draft[None, start:stop], pull.strength, None if kept is None else tensor(kept[start:stop]))

        return sample_windows(
            Flow(self.denoiser), FlowMatchEulerDiscreteScheduler(), at, len(draft), seed=seed,
            num_inference_steps=max(1, round(STEPS * pull.strength)), guidance=Guidance(pull.content, pull.emotion),
            device=draft.device, known=None if known is None else known[None], draft_at=draft_at, temperature=TEMPERATURE,
        )  # fmt: skip


def pooled(latents: Tensor) -> Tensor:
    """Mean and spread of latents over time [2 latent]."""
    spread = latents.std(dim=0) if len(latents) > 1 else torch.zeros_like(latents[0])
    return torch.cat([latents.mean(dim=0), spread])
