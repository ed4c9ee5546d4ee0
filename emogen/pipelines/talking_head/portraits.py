"""A portrait as it is written -> what draws it.

`avatar:NAME` is a character of our own, `sample:astronaut` a NASA photo that scikit-image carries, anything else the
path of a photo; a picture array or an opened portrait may be given too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from emogen.errors import InputError
from emogen.media.image import read_image

SAMPLES = ("astronaut",)


class FaceRenderer(Protocol):
    """Draws curves; the same curves always give the same picture."""

    width: int
    height: int
    notes: list[str]

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Curves [61] -> uint8 [height, width, 3]."""


def open_portrait(portrait: Any, *, size: int = 512) -> FaceRenderer:
    """Opens a portrait at `size` x `size` pixels.

    Raises:
        InputError: No such avatar, sample or file; no face in the photo, or one too small.
    """
    if hasattr(portrait, "render"):
        return portrait  # type: ignore[no-any-return]
    if isinstance(portrait, np.ndarray):
        return _photo(portrait, size, "portrait")
    if not isinstance(portrait, (str, Path)):
        found = f"found {type(portrait).__name__}"
        raise InputError("portrait", found, "Accepted: avatar:NAME, sample:astronaut, a photo's path or array.")
    kind, _, name = str(portrait).partition(":")
    if kind == "avatar":
        from emogen.pipelines.talking_head.drawn_portrait import avatar

        return avatar(name, size=size)
    if kind == "sample":
        if name not in SAMPLES:
            raise InputError("portrait", f'unknown sample "{name}"', f"There are: {', '.join(SAMPLES)}.")
        from skimage import data

        return _photo(data.astronaut(), size, str(portrait))
    return _photo(read_image(portrait), size, Path(portrait).name)


def is_real(portrait: Any) -> bool:
    """Whether a portrait shows a real person (a photo) rather than a drawn one."""
    return not getattr(portrait, "drawn", str(portrait).startswith("avatar:"))


def _photo(picture: np.ndarray, size: int, name: str) -> FaceRenderer:
    from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer

    return PhotoRenderer.from_image(picture, size=size, name=name)
