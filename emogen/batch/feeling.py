"""The emotion of a job: as written, times a factor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.spec import parse

if TYPE_CHECKING:
    from emogen.conditioning.spec import Resolver

AUTO = "auto"


def felt(written: str | None, intensity: float | None, resolver: Resolver) -> Any:
    """The emotion that a pipeline is given.

    Args:
        written: In the written form, or "auto", which is handed on; None: none was asked for.
        intensity: A factor on every amplitude; None: 1.
        resolver: Reads the files and descriptions in it.

    Raises:
        InputError: It cannot be parsed.
        LimitError: An amplitude beyond `limits.intensity`.
    """
    if written is None or written.strip().lower() == AUTO:
        return written
    found = parse(written, resolver=resolver)
    if intensity is None:
        return found
    if isinstance(found, Emotion):
        return found.scale(intensity)
    frames = tuple(replace(frame, emotion=frame.emotion.scale(intensity)) for frame in found.keyframes)
    return type(found)(frames)
