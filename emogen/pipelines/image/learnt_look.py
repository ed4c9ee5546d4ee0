"""Emotion -> finish of a picture, drawn by a small diffusion model: `LearntLook`, for research alone.

It learnt how photographs look that people rated as pleasant or not, stirring or not, and which colours people pick for
single feelings, both held near the table of `LookRules` (`emogen.training.look`). A feeling's finish is the look drawn for
it less the look drawn from the same noise for no feeling: nothing asked changes nothing, more asked moves on smoothly, and
each seed has a character of its own. Above intensity 1 the guidance is turned up. Effects are those of the table.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.image_measures import NAMES
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.diffusing import ConfigMixin, FlowMatchEulerDiscreteScheduler, ModelMixin, register_to_config
from emogen.errors import CheckpointError
from emogen.models.diffusion import Conditions, Flow, Guidance, sample_window, window_generator
from emogen.models.efficientnet import fused
from emogen.models.look import LookDenoiser, feeling_frames
from emogen.models.picture import PictureNet
from emogen.pipelines.image.look import LOOK, Array, Finish, LookRules, felt

CHECKPOINT = "look"
STEPS = 16  # of Euler; no number of a look is further than .07 standard deviations from that of 128 steps
#: Of a draw's own character, how much is kept at full intensity (own choice: two seeds differ as two photographers do).
VARIETY = 0.20
#: Weights of the sky's chance: features of the guide's network, and 1.
FEATURES = 1280


class LearntLook(ModelMixin, ConfigMixin):
    """The learnt counterpart of `LookRules`; looks are standardised by `middle` and `spread` [24]."""

    config_name = "config.json"

    @register_to_config
    def __init__(self, feelings: int = 22, width: int = 96, depth: int = 3) -> None:
        super().__init__()
        self.denoiser = LookDenoiser(len(LOOK), feelings, width, depth)
        self.register_buffer("middle", torch.zeros(len(LOOK)))
        self.register_buffer("spread", torch.ones(len(LOOK)))
        self.register_buffer("outdoors", torch.zeros(FEATURES + 1))
        self.rules = LookRules()

    @staticmethod
    def load(source: str | Path = "embedded") -> LearntLook:
        """From "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(folder_of(CHECKPOINT, source))

    def forward(self, emotion: Emotion, seed: int = 0) -> Finish:
        """What a feeling asks of a picture, as this seed has it; zeros for neutral."""
        return self.track([emotion], seed)[0]

    def track(self, emotions: list[Emotion], seed: int) -> list[Finish]:
        """What each of several feelings asks, as one seed has them."""
        amounts = np.array([e.intensity for e in emotions])
        beyond = np.maximum(amounts, 1.0)
        feelings = np.array([felt(e if e.intensity <= 1 else e.scale(1 / e.intensity)) for e in emotions])
        drawn = self.drawn(feelings, seed, beyond)
        plain = self.drawn(np.zeros((1, feelings.shape[1])), seed)
        looks = drawn - plain + VARIETY * np.minimum(amounts, 1.0)[:, None] * plain
        looks = looks * self.spread.double().numpy() * (amounts > 0)[:, None]
        rules = self.rules.track(emotions, seed)
        return [Finish(look, rule.effects) for look, rule in zip(looks, rules, strict=True)]

    def chance_outdoors(self, picture: NDArray[np.uint8]) -> float:
        """The chance, 0..1, that a picture, uint8 [h, w, 3], was taken outdoors, where weather may fall."""
        weights = self.outdoors.double().numpy()
        return float(1 / (1 + np.exp(-(seen_features(picture) @ weights[:-1] + weights[-1]))))

    def drawn(self, feelings: Array, seed: int, exaggeration: Array | None = None) -> Array:
        """Standardised looks [T, 24] of feelings [T, 22], all from one draw of noise."""
        count = len(feelings)
        shown = torch.from_numpy(feelings).float()[None]
        noise = torch.randn((1, 1, len(LOOK)), generator=window_generator(seed, 0)).expand(1, count, -1)
        beyond = torch.ones(count) if exaggeration is None else torch.from_numpy(exaggeration).float()
        conditions = Conditions(feeling_frames(shown), feeling_frames(torch.zeros_like(shown)), None, beyond)
        with torch.inference_mode(), one_thread():
            found = sample_window(
                Flow(self.denoiser), FlowMatchEulerDiscreteScheduler(), conditions, noise, num_inference_steps=STEPS,  # type: ignore[arg-type]
                guidance=Guidance(),
            )  # fmt: skip
        return found[0].double().numpy()


def seen_features(picture: NDArray[np.uint8]) -> Array:
    """What the guide's network sees in a picture, uint8 [h, w, 3] -> [1280]."""
    net = _sight()
    with torch.inference_mode(), one_thread():
        shown = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
        return net.features(shown, torch.zeros(1, 0))[0].double().numpy()


@cache
def _sight() -> PictureNet:
    folder = folder_of("image", "embedded")
    config = read_config(folder)
    net = PictureNet(config["variant"], classes=config["classes"], measures=len(NAMES) * bool(config["measures"]))
    net.load_state_dict(read_weights(folder))
    return fused(net.eval())


@cache
def _loaded(folder: Path) -> LearntLook:
    try:
        return LearntLook.from_pretrained(str(folder), use_safetensors=True, low_cpu_mem_usage=False).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(str(folder), f"cannot be read: {error}") from error

