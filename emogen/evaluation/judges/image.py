"""The judge of pictures: EfficientNet-Lite2 and what it believes to see, learnt from other themes than the guide."""

from __future__ import annotations

from typing import ClassVar

from emogen.conditioning.image import ImageRecognizer
from emogen.conditioning.recognition import Role


class ImageJudge(ImageRecognizer):
    """Judges pictures. Make one with `ImageJudge.load(...)`."""

    role: ClassVar[Role] = "judge"
    checkpoint: ClassVar[str] = "judge_image"
