"""How a performance is shown: its aspect, its size, its frame rate, and where its words stand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from emogen.errors import InputError

#: Width and height of a frame in relation.
ASPECTS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1)}
SUBTITLES = ("beside", "burnt", "off")
RESOLUTION, FPS = (240, 1080), (1.0, 60.0)


@dataclass(frozen=True)
class Composition:
    """The frame.

    Attributes:
        aspect: One of `ASPECTS`.
        resolution: The short side in pixels, even, 240..1080.
        fps: Frames a second, 1..60.
        subtitles: "beside" the video as a file, "burnt" into its pictures, or "off".

    Raises:
        InputError: None of these; with the field's name.
    """

    aspect: str = "16:9"
    resolution: int = 480
    fps: float = 25.0
    subtitles: str = "beside"

    def __post_init__(self) -> None:
        for name, accepted in (("aspect", ASPECTS), ("subtitles", SUBTITLES)):
            if getattr(self, name) not in accepted:
                raise InputError(name, f"found {getattr(self, name)!r:.40}", f"Accepted: {', '.join(accepted)}.")
        side, low, high = self.resolution, *RESOLUTION
        if isinstance(side, bool) or not isinstance(side, int) or side % 2 or not low <= side <= high:
            raise InputError("resolution", f"found {side!r:.40}", f"Accepted: an even number of pixels, {low} to {high}.")
        if isinstance(self.fps, bool) or not isinstance(self.fps, (int, float)) or not FPS[0] <= self.fps <= FPS[1]:
            raise InputError("fps", f"found {self.fps!r:.40}", f"Accepted: {FPS[0]:g} to {FPS[1]:g}.")
        object.__setattr__(self, "fps", float(self.fps))

    @property
    def width(self) -> int:
        """Pixels, even."""
        return self._side(0)

    @property
    def height(self) -> int:
        """Pixels, even."""
        return self._side(1)

    def _side(self, which: int) -> int:
        sides = ASPECTS[self.aspect]
        return round(self.resolution * sides[which] / min(sides) / 2) * 2

    def with_(self, **given: Any) -> Composition:
        """The same with what is given and not None."""
        return Composition(**{**asdict(self), **{name: value for name, value in given.items() if value is not None}})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)
