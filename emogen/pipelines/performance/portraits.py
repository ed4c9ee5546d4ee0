"""The portraits of a cast: known by their hashes, opened when somebody needs them, and no sooner."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.reference import inside
from emogen.errors import InputError
from emogen.media.image import read_image
from emogen.pipelines.performance.cache import Cache, code_hash, digest
from emogen.pipelines.talking_head.portraits import SAMPLES, is_real

#: Side (px) at which a photo is opened to be looked at; it is drawn at others.
LOOKED_PX = 512
#: Photos made ready that each process which draws keeps in memory; making one ready takes a second.
PHOTOS = 3
_DRAWING: dict[str, tuple[Any, np.ndarray, float]] = {}


@dataclass(eq=False)
class Photo:
    """A photo with a face, drawn at any size.

    Attributes:
        photo: uint8 [h, w, 3].
        points: Of the face [478, 3], pixels of the photo.
        notes: What was done to it.
        name: For messages.
    """

    photo: np.ndarray
    points: np.ndarray
    notes: list[str]
    name: str
    drawn: bool = False

    @classmethod
    def opened(cls, picture: np.ndarray, name: str) -> Photo:
        """Looks for the face.

        Raises:
            InputError: There is none, or one that cannot be moved.
        """
        from emogen.pipelines.talking_head.photo_portrait.crop import prepared

        photo, points, notes = prepared(picture, name, None)
        return cls(photo, points, notes, name)

    def at(self, side: int) -> tuple[Any, np.ndarray, float]:
        """What draws the face on a square of `side` pixels; where that square begins in the photo [2]; pixels a pixel."""
        key = digest(self.photo, self.points, side)
        if key not in _DRAWING:
            while len(_DRAWING) >= PHOTOS:
                del _DRAWING[next(iter(_DRAWING))]
            _DRAWING[key] = self._at(side)
        return _DRAWING[key]

    def _at(self, side: int) -> tuple[Any, np.ndarray, float]:
        from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer
        from emogen.pipelines.talking_head.photo_portrait.crop import cropped

        picture, moved = cropped(self.photo, self.points, side)
        scale = float(np.ptp(moved[:, 0]) / np.ptp(self.points[:, 0]))
        origin = (self.points[:, :2] - moved[:, :2] / scale).mean(axis=0)
        return PhotoRenderer(picture, moved, self.notes), origin, scale


@dataclass
class Portrait:
    """One portrait as the cast names it.

    Attributes:
        written: As written.
        key: Its hash: of a photo's bytes, of a character's name.
        source: The photo's path; None for a character or a sample.
        where: Its place in the script, for messages.
        notes: What was done to the photo.
    """

    written: str
    key: str
    source: Path | None
    where: str
    notes: list[str] = field(default_factory=list)
    _opened: Any = None

    @property
    def drawn(self) -> bool:
        """Whether it is a character."""
        return not is_real(self.written)

    def open(self) -> Any:
        """What paints it: an avatar's renderer, or a `Photo`.

        Raises:
            InputError: No such character, no face in the photo.
        """
        if self._opened is None:
            try:
                self._opened = self._found()
            except InputError as error:
                raise type(error)(f"{self.where}, {error.where}", error.found, error.accepted) from error
            self.notes = list(getattr(self._opened, "notes", []))
        return self._opened

    def _found(self) -> Any:
        if self.source is not None:
            return Photo.opened(read_image(self.source), self.source.name)
        check_character(self.written)
        kind, _, name = self.written.partition(":")
        if kind == "sample":
            from skimage import data

            return Photo.opened(data.astronaut(), self.written)
        from emogen.pipelines.talking_head.avatars import avatar

        return avatar(name, size=LOOKED_PX)


def check_character(written: str) -> None:
    """Refuses `avatar:NAME` and `sample:NAME` of nobody.

    Raises:
        InputError: With the names that there are.
    """
    from emogen.pipelines.talking_head.avatars import avatar

    kind, _, name = written.partition(":")
    if kind != "sample":
        avatar(name)
    elif name not in SAMPLES:
        raise InputError("portrait", f'unknown sample "{name}"', f"There are: {', '.join(SAMPLES)}.")


def portrait(written: str, folder: Path, where: str, cache: Cache) -> Portrait:
    """A portrait, checked: one that was opened before is not opened now.

    Raises:
        InputError: A picture that is missing or outside the folder, no such character, no face.
    """
    drawn = written.partition(":")[0] in {"avatar", "sample"}
    source = None if drawn else inside(folder, written, where)
    key = digest("portrait", code_hash(), written if source is None else source.read_bytes())
    found = Portrait(written, key, source, where)
    known = cache.find("portrait", key)
    if known is not None:
        found.notes = list(json.loads(known))
    else:
        found.open()
        cache.keep(key, json.dumps(found.notes).encode())
    return found
