"""What was measured before: kept in a folder for as long as code and weights stay those that it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from emogen import checkpoints
from emogen.media.jsonio import read_json, write_json


@dataclass(eq=False)
class Kept:
    """Found figures in a folder.

    Attributes:
        cache: Folder.
        fresh: Parts to be measured whatever the folder holds.
    """

    cache: Path
    fresh: frozenset[str] = field(default_factory=frozenset, kw_only=True)

    def kept(self, part: str, version: str, make: Callable[[], Any], *, run: bool = True, name: str = "") -> Any:
        """What a part found, from the cache where code and weights are those of then; else made now.

        Args:
            part: Its name.
            version: Changes with what it depends on.
            make: Gives plain JSON values.
            run: False: nothing is made; None where the cache lacks it.
            name: Of the piece of the part.
        """
        path = self.cache / (f"{part}-{name}.json" if name else f"{part}.json")
        if path.is_file() and (part.partition("-")[0] not in self.fresh or not run):
            stored = read_json(path)
            if stored["version"] == version:
                return stored["found"]
        if not run:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"version": version, "found": make()})
        return read_json(path)["found"]


def seed_of(*parts: str) -> int:
    """The seed of a clip: the same for all systems."""
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:4], "big")


def version(*files: Path, weights: Iterable[str] = (), also: Iterable[str] = ()) -> str:
    """Changes with the content of files (patterns allowed), of checkpoints, and with other words."""
    parts = (*map(_digest, files), *map(checkpoints.checkpoint_hash, weights), *also)
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:16]


@cache
def _digest(pattern: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(pattern.parent.glob(pattern.name)):
        if path.is_file():
            total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()
