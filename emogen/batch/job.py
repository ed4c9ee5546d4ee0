"""What a batch is made of: jobs, and what came of each; both plain enough to be handed to another process or machine."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emogen import checkpoints
from emogen.media.sidecar import sidecar_path


@dataclass(frozen=True)
class Needs:
    """What a job wants of the machine that does it.

    Attributes:
        cpu: Processor cores.
        gpu: Accelerators; 0 for everything that ships with emogen.
        memory_gb: Main memory, with the checkpoints of its pipeline.
    """

    cpu: float = 1.0
    gpu: float = 0.0
    memory_gb: float = 2.0


@dataclass(frozen=True)
class Job:
    """One piece of media to be made.

    Attributes:
        id: Unique in its manifest, and the stem of the file that is made.
        call: A name of `emogen.calls`, such as "speak".
        arguments: What the call is given, as plain JSON values: its content, `emotion` as written, `intensity` (a factor
            on it), `backend` and options. Input files are absolute paths.
        suffix: Of the file that is made, such as ".wav".
        seed: 0..2^63-1.
        line: Where it stands in its manifest, from 1.
        needs: What it wants of a machine.
        folder: Where the files that its emotion names lie: that of its manifest.
        files: Every file that it reads, absolute paths.
        level: Of the sound, as `emogen.batch.level` writes it; "": as it comes.
    """

    id: str
    call: str
    arguments: Mapping[str, Any]
    suffix: str
    seed: int
    line: int = 1
    needs: Needs = Needs()
    folder: str = "."
    files: tuple[str, ...] = ()
    level: str = ""

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the bytes: what is asked, what the input files hold, versions and checkpoints.

        A file that is gone counts as one that holds nothing; the job then fails and says so.
        """
        from emogen.versions import versions

        decides = {
            "call": self.call,
            "arguments": dict(self.arguments),
            "suffix": self.suffix,
            "seed": self.seed,
            "level": self.level,
            "files": {name: contents(name) for name in self.files},
            "versions": _of_process(versions),
            "checkpoints": {name: checkpoints.checkpoint_hash(name) for name in _checkpoints()},
        }
        text = json.dumps(decides, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The job as plain JSON values."""
        return asdict(self) | {"arguments": dict(self.arguments), "files": list(self.files)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """The job of a `to_dict`."""
        return cls(**{**data, "needs": Needs(**data["needs"]), "files": tuple(data["files"])})


@dataclass(frozen=True)
class Result:
    """What came of a job.

    Attributes:
        id: Of the job.
        key: Of the job when it was done.
        state: "done" or "failed".
        output: The file that was made, relative to the folder of the batch; "" where it failed.
        sha256: Of that file.
        seconds: How long it took.
        error: Why it failed, one or two lines.
        warnings: What the user should know, one sentence each.
        worker: Who did it.
    """

    id: str
    key: str
    state: str
    output: str = ""
    sha256: str = ""
    seconds: float = 0.0
    error: str = ""
    warnings: tuple[str, ...] = ()
    worker: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return asdict(self) | {"warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """The result of a `to_dict`."""
        return cls(**{**data, "warnings": tuple(data["warnings"])})


def written_by(job: Job) -> list[str]:
    """Names of the files that a job writes."""
    media = Path(f"{job.id}{job.suffix}")
    beside = job.call == "perform" and job.suffix == ".mp4" and job.arguments.get("subtitles", "beside") == "beside"
    also = [media.with_suffix(".srt").name] if beside else []
    return [media.name, sidecar_path(media).name, *also]


def derived_seed(seed: int, name: str) -> int:
    """The seed of what bears a name in a batch with a seed: 0..2^32-1, the same wherever it stands in the manifest."""
    return int.from_bytes(hashlib.sha256(f"{seed}\n{name}".encode("utf-8", "surrogatepass")).digest()[:4], "big")


def contents(name: str) -> str:
    """The SHA-256 of a regular file, read once as long as it is not written again; "" where it cannot be read."""
    path = Path(name)
    try:
        state = path.stat()
        return _sha256(path, state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else ""
    except OSError:
        return ""


@cache
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    return checkpoints.sha256(path)


@cache
def _of_process(what: Any) -> Any:
    return what()


@cache
def _checkpoints() -> tuple[str, ...]:
    return checkpoints.names()
