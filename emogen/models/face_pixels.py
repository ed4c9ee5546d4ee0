"""A grey face -> labels and VAD: the network of the judge of faces.

EfficientNet-Lite0 (`models/efficientnet.py`) on the 48 x 48 grey crop, shown at twice its size. Light and contrast are
taken out of every crop first.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from emogen.models.efficientnet import EfficientNetLite

SIDE = 48  # px of the crop: that of FER2013
SHOWN = 2 * SIDE  # px that the network sees: five halvings leave 3 x 3 places
CONTRAST = 0.5  # standard deviation of the pixels shown, about that of ImageNet pictures after its own scaling
_FLAT = 1.0  # of 0..255: a crop with less deviation than this is no picture


class FacePixels(nn.Module):
    """Grey crops -> logits and VAD.

    Args:
        labels: In the order of the logits.
        dropout: Before the last layer.
    """

    def __init__(self, labels: Sequence[str], dropout: float = 0.3) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.trunk = EfficientNetLite("lite0", classes=len(self.labels) + 3, dropout=dropout)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Crops [B, 1, 48, 48] of 0..255 -> logits [B, L], VAD [B, 3]."""
        out = self.trunk(shown(crops))
        return out[:, : len(self.labels)], torch.tanh(out[:, len(self.labels) :])


def shown(crops: Tensor) -> Tensor:
    """Crops [B, 1, 48, 48] of 0..255 -> what the network sees, [B, 3, 96, 96]."""
    crops = crops.float()
    mean = crops.mean(dim=(2, 3), keepdim=True)
    spread = crops.std(dim=(2, 3), keepdim=True).clamp(min=_FLAT)
    even = (crops - mean) / spread * CONTRAST
    large = functional.interpolate(even, size=(SHOWN, SHOWN), mode="bilinear", align_corners=False)
    return large.expand(-1, 3, -1, -1)
