"""A portrait as it is written -> what draws it.

`avatar:NAME` is a character of our own, `sample:astronaut` a NASA photo that scikit-image carries, anything else the
path of a photo; a picture array or an opened portrait may be given too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from emogen.errors import InputError
from emogen.media.image import read_image

if TYPE_CHECKING:
    from emogen.pipelines.talking_head.avatars import Rig

SAMPLES = ("astronaut",)


class FaceRenderer(Protocol):
    """Draws curves; the same curves always give the same picture."""

    width: int
    height: int
    notes: list[str]

    def render(self, curves: np.ndarray) -> np.ndarray:
        """Curves [61] -> uint8 [height, width, 3]."""


def open_portrait(portrait: Any, *, size: int = 512, face: int | None = None) -> FaceRenderer:
    """Opens a portrait at `size` x `size` pixels.

    Args:
        portrait: As written above.
        size: Pixels.
        face: Which of several faces in a photo, from the left from 0; the largest where none is given.

    Raises:
        InputError: No such avatar, sample or file; no face in the photo, or one too small.
    """
    if hasattr(portrait, "render"):
        return portrait  # type: ignore[no-any-return]
    if isinstance(portrait, np.ndarray):
        return _photo(portrait, size, "portrait", face)
    if not isinstance(portrait, (str, Path)):
        found = f"found {type(portrait).__name__}"
        raise InputError("portrait", found, "Accepted: avatar:NAME, sample:astronaut, a photo's path or array.")
    kind, _, name = str(portrait).partition(":")
    if kind == "avatar":
        from emogen.pipelines.talking_head.avatars import avatar

        return avatar(name, size=size)
    if kind == "sample":
        if name not in SAMPLES:
            raise InputError("portrait", f'unknown sample "{name}"', f"There are: {', '.join(SAMPLES)}.")
        from skimage import data

        return _photo(data.astronaut(), size, str(portrait), face)
    return _photo(read_image(portrait), size, Path(portrait).name, face)


def rig_of(renderer: FaceRenderer) -> Rig:
    """The character that performs what a renderer shows: its own, or ava's where it shows a photo."""
    from emogen.pipelines.talking_head.avatars import avatar

    found = getattr(renderer, "rig", None)
    return found if found is not None else avatar("ava").rig


def is_real(portrait: Any) -> bool:
    """Whether a portrait shows a real person (a photo) rather than a drawn one."""
    return not getattr(portrait, "drawn", str(portrait).startswith("avatar:"))


def _photo(picture: np.ndarray, size: int, name: str, face: int | None) -> FaceRenderer:
    from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer

    return PhotoRenderer.from_image(picture, size=size, name=name, face=face)
