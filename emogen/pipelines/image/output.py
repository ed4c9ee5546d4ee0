"""A picture that was made or edited, and the files that hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emogen.codecs.image import ImageCodec
from emogen.errors import InputError
from emogen.media.image import read_image, write_image
from emogen.pipelines.outputs import Made, MediaOutput


@dataclass
class ImageOutput(MediaOutput):
    """A picture: `image` uint8 [h, w, 3]."""

    modality: ClassVar[str] = "image"
    writers: ClassVar[dict[str, str]] = {
        ".png": "_picture",
        ".jpg": "_picture",
        ".jpeg": "_picture",
        ".webp": "_picture",
    }

    image: np.ndarray
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Size, mean lightness and chroma (CIE Lab), and what the pipeline found out on its way."""
        lab = ImageCodec().encode(self["image"])
        return {
            "width": int(self["image"].shape[1]),
            "height": int(self["image"].shape[0]),
            "lightness": round(float(lab[:, 0].mean()), 2),
            "chroma": round(float(np.hypot(lab[:, 1], lab[:, 2]).mean()), 2),
            **self["made"].facts,
        }

    def _picture(self, path: Path) -> None:
        write_image(path, self["image"], provenance=self.provenance, prompt=str(self["made"].request.get("prompt", "")))


def seen(given: Any) -> tuple[np.ndarray, str]:
    """A picture that was given, uint8 [h, w, 3], and its name.

    Raises:
        EmogenError: Neither a path of a picture nor such an array.
    """
    if isinstance(given, (str, Path)):
        return read_image(given), Path(given).name
    if (
        isinstance(given, np.ndarray)
        and given.dtype == np.uint8
        and given.ndim == 3
        and given.shape[2] == 3
        and given.size
    ):
        return given, "array"
    found = f"{given.dtype} {given.shape}" if isinstance(given, np.ndarray) else f"found {type(given).__name__}"
    raise InputError("image", found, "Accepted: a path, or uint8 [h, w, 3].")
