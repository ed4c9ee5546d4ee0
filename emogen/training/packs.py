"""Where the data packs lie: name -> folder.

The packs are no part of the package. They are looked for in the folder that the caller names, else in
`EMOGEN_DATA`, else beside the repository in `shared/data`.
"""

from __future__ import annotations

import os
from pathlib import Path

from emogen.errors import InputError

VARIABLE = "EMOGEN_DATA"
DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def data_folder(data_dir: str | Path | None = None) -> Path:
    """The folder that holds the packs; it need not exist."""
    return Path(data_dir or os.environ.get(VARIABLE) or DEFAULT)


def pack(name: str, data_dir: str | Path | None = None) -> Path:
    """The folder of one pack, for example `text/emobank`.

    Raises:
        InputError: There is no such folder.
    """
    folder = data_folder(data_dir) / name
    if not folder.is_dir():
        raise InputError(
            f"data pack {name}", f"no folder {folder}",
            f"Name the folder of the packs with --data or {VARIABLE}; each has a README with its source.",
        )
    return folder
