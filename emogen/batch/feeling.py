"""The emotion of a job: as written, times a factor; and the files that it names."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.reference import READERS
from emogen.conditioning.spec import parse
from emogen.errors import InputError

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


class Named:
    """A resolver that notes which files an emotion names and that they can be read, and reads none.

    Args:
        path_of: Where a file of a name lies; raises where it may not be named.

    Attributes:
        files: What was named.
    """

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self.path_of, self.files = path_of, list[Path]()

    def describe(self, text: str) -> Emotion:
        """Nothing: descriptions name no file."""
        return Emotion()

    def reference(self, path: str) -> Emotion:
        """Notes a file.

        Raises:
            InputError: It is not there, or no recogniser reads such a file.
        """
        found = self.path_of(path)
        if not os.path.isfile(found):
            raise InputError(f"@{path}", "no such file")
        if found.suffix.lower() not in READERS:
            accepted = f"Accepted: {', '.join(sorted(READERS))}."
            raise InputError(f"@{path}", "no recogniser reads this kind of file", accepted)
        self.files.append(found)
        return Emotion()
