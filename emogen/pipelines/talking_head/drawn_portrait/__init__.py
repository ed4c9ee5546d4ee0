"""Characters of our own: painted once, then moved like a photo."""

from __future__ import annotations

import difflib
from functools import cache

import numpy as np

from emogen.errors import InputError
from emogen.pipelines.talking_head.drawn_portrait.paint import characters
from emogen.pipelines.talking_head.drawn_portrait.portrait import painted
from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer

AVATARS: tuple[str, ...] = tuple(characters())


@cache
def _portrait(name: str) -> np.ndarray:
    picture = painted(characters()[name])
    picture.setflags(write=False)
    return picture


def avatar(name: str, *, size: int = 512) -> PhotoRenderer:
    """A character, ready to move.

    Raises:
        InputError: No such character.
    """
    if name not in AVATARS:
        near = difflib.get_close_matches(name, AVATARS, n=1)
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        raise InputError("portrait", f'unknown avatar "{name}"', f"{hint}There are: {', '.join(AVATARS)}.")
    return PhotoRenderer.from_image(_portrait(name), size=size, name=f"avatar:{name}", drawn=True)


__all__ = ["AVATARS", "avatar"]
