"""NAME.json beside NAME.mp4: what was asked for and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emogen.media.jsonio import write_json


def sidecar_path(media_path: str | Path) -> Path:
    """Where the sidecar of a media file stands: `story.mp4` -> `story.json`, `plan.json` -> `plan.sidecar.json`."""
    path = Path(media_path)
    return path.with_suffix(".sidecar.json" if path.suffix.lower() == ".json" else ".json")


def write_sidecar(media_path: str | Path, data: Mapping[str, Any]) -> Path:
    """Writes `data` beside a media file, in one step. Returns the sidecar's path.

    Raises:
        InputError: A value that JSON does not have, or a folder that cannot be written.
        OutputError: The file could not be written.
    """
    return write_json(sidecar_path(media_path), dict(data))
