"""A picture and its measures -> valence and arousal: a fixed network that knows things, and one linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from emogen.models.efficientnet import FEATURES, EfficientNetLite, Variant, normalise

#: Height and width at which the network looks, px: those of the pictures learnt from; larger brought nothing.
SHOWN = (128, 160)
CLASSES = 1000  # of ImageNet


class PictureNet(nn.Module):
    """Pictures [B, 3, H, W] of 0..255 and measures [B, M] -> valence and arousal [B, 2].

    Args:
        variant: Of the network.
        classes: Whether it also takes what the network believes to see (its logits over ImageNet).
        measures: M, how many measures of the picture it takes beside; 0 for none.
    """

    def __init__(self, variant: Variant, *, classes: bool, measures: int) -> None:
        super().__init__()
        self.classes = classes
        self.trunk = EfficientNetLite(variant, classes=CLASSES if classes else 0)
        self.readout = nn.Linear(FEATURES + classes * CLASSES + measures, 2)

    def features(self, pictures: Tensor, measures: Tensor) -> Tensor:
        """What the last layer takes, [B, D]; pictures of one size."""
        seen = functional.interpolate(normalise(pictures), size=SHOWN, mode="bicubic", antialias=True)
        found = self.trunk.features(seen)
        parts = [found, self.trunk.classifier(found)] if self.classes else [found]
        return torch.cat([*parts, measures], dim=1)

    def forward(self, pictures: Tensor, measures: Tensor) -> Tensor:
        """Valence and arousal, [B, 2]."""
        return self.readout(self.features(pictures, measures))  # type: ignore[no-any-return]
