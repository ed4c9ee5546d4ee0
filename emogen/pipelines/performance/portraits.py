"""The portraits of a cast: known by their hashes, opened when somebody needs them, and no sooner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
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
        seen: Where there is a person in its square of `LOOKED_PX`, as `segmented` says it.
        notes: What was done to it.
    """

    photo: np.ndarray
    points: np.ndarray
    seen: np.ndarray
    notes: list[str]
    drawn: bool = False

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
        return PhotoRenderer(picture, moved, self.notes, seen=self.seen), origin, scale


@dataclass
class Portrait:
    """One portrait as the cast names it.

    Attributes:
        written: As written.
        key: Its hash: of a photo's bytes, of a character's name.
        source: The photo's path; None for a character or a sample.
        where: Its place in the script, for messages.
        points: Of a photo's face [478, 3], pixels of the photo as it is worked on.
        seen: Where there is a person in a photo, as of `Photo`.
        notes: What was done to the photo.
    """

    written: str
    key: str
    source: Path | None
    where: str
    points: np.ndarray | None = None
    seen: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    _opened: Any = None

    @property
    def drawn(self) -> bool:
        """Whether it is a character."""
        return not is_real(self.written)

    def open(self) -> Any:
        """What paints it: an avatar's renderer, or a `Photo` whose face was looked for."""
        if self._opened is None:
            if self.drawn:
                from emogen.pipelines.talking_head.avatars import avatar

                self._opened = avatar(self.written.partition(":")[2], size=LOOKED_PX)
            else:
                from emogen.pipelines.talking_head.photo_portrait.crop import shrunk

                assert self.points is not None
                assert self.seen is not None
                self._opened = Photo(shrunk(self._picture()), self.points, self.seen, self.notes)
        return self._opened

    def looked(self) -> dict[str, np.ndarray]:
        """Looks for the face and the person in a photo: `points`, `seen`, and what was done, as JSON: `notes`.

        Raises:
            InputError: There is none, or one that cannot be moved.
        """
        from emogen.pipelines.talking_head.photo_portrait.crop import cropped, prepared
        from emogen.pipelines.talking_head.photo_portrait.head import segmented

        with _placed(self.where):
            photo, points, notes = prepared(self._picture(), self._name, None)
        seen = segmented(cropped(photo, points, LOOKED_PX)[0])
        return {"points": points, "seen": seen, "notes": np.frombuffer(json.dumps(notes).encode(), np.uint8)}

    @property
    def _name(self) -> str:
        return self.written if self.source is None else self.source.name

    def _picture(self) -> np.ndarray:
        if self.source is not None:
            return read_image(self.source)
        from skimage import data

        return np.asarray(data.astronaut())


def check_character(written: str) -> None:
    """Refuses `avatar:NAME` and `sample:NAME` of nobody.

    Raises:
        InputError: With the names that there are.
    """
    from emogen.pipelines.talking_head.avatars import check_name

    kind, _, name = written.partition(":")
    if kind != "sample":
        check_name(name)
    elif name not in SAMPLES:
        raise InputError("portrait", f'unknown sample "{name}"', f"There are: {', '.join(SAMPLES)}.")


def portrait(written: str, folder: Path, where: str, cache: Cache) -> Portrait:
    """A portrait, checked: in a photo that was looked at before no face is looked for now.

    Raises:
        InputError: A picture that is missing or outside the folder, no such character, no face.
    """
    named = written.partition(":")[0] in {"avatar", "sample"}
    source = None if named else inside(folder, written, where)
    key = digest("portrait", code_hash(), written if source is None else source.read_bytes())
    found = Portrait(written, key, source, where)
    if named:
        with _placed(where):
            check_character(written)
    if not found.drawn:
        kept = cache.arrays("portrait", key, found.looked)
        found.points, found.seen = kept["points"], kept["seen"]
        found.notes = list(json.loads(kept["notes"].tobytes()))
    return found


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """What is wrong is told with its place in the script."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{where}, {error.where}", error.found, error.accepted) from error
