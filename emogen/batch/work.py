"""Doing one job: the same bytes whichever process does it, and whatever that process did before."""

from __future__ import annotations

import hashlib
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from emogen.batch.job import Job, Result
from emogen.batch.kinds import KINDS
from emogen.errors import EmogenError, OutputError
from emogen.media.atomic import no_space

READ_BYTES = 1 << 20


def do(job: Job, folder: Path) -> Result:
    """Makes what a job asks for, with its sidecar, in a folder that exists.

    A pipeline is opened once in a process. The sidecar says nothing of the time that it took, so that it is the same
    each time, too. Whatever is wrong with the job is in the result, and no file then bears the name.

    Args:
        job: What to do.
        folder: Where to put it.

    Raises:
        OutputError: No space is left, which no other job would find either.
    """
    began, key = time.perf_counter(), job.key
    try:
        path, warnings = _made(job, Path(folder))
        done: dict[str, Any] = {"state": "done", "output": path.name, "sha256": file_sha256(path), "warnings": warnings}
    except EmogenError as error:
        _check_space(error, folder)
        done = {"state": "failed", "error": str(error)}
    except Exception as error:
        _check_space(error, folder)
        first = (str(error).strip().splitlines() or [""])[0]
        done = {"state": "failed", "error": f"unexpected {type(error).__name__}: {first:.200}"}
    seconds = round(time.perf_counter() - began, 3)
    return Result(id=job.id, key=key, seconds=seconds, worker=f"{os.uname().nodename}:{os.getpid()}", **done)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file of any size, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _check_space(error: Exception, folder: Path) -> None:
    if no_space(error):
        raise OutputError(str(folder), "no space left") from error


def _made(job: Job, folder: Path) -> tuple[Path, tuple[str, ...]]:
    from emogen.batch.level import SOUNDING, level_out
    from emogen.conditioning.learned import one_thread
    from emogen.media.jsonio import read_json, write_json
    from emogen.media.sidecar import sidecar_path

    kind = KINDS[job.call]
    arguments = {k: v for k, v in job.arguments.items() if k not in ("emotion", "intensity", "backend")}
    content = arguments.pop(kind.content, None)
    if job.call == "perform":
        arguments["cache"] = _parts()
    pipe = _opened(kind.modality, job.arguments.get("backend", "embedded"), job.needs.gpu > 0)
    with one_thread():  # sums are the same however many cores a machine has
        out = pipe(content, _felt(job), seed=job.seed, **arguments)
        if job.level and job.suffix in SOUNDING:
            level_out(out, job.level)
        path = out.save(folder / f"{job.id}{job.suffix}")
    beside = sidecar_path(path)
    write_json(beside, _lasting(read_json(beside)))
    return path, tuple(out.warnings)


def _parts() -> Path | bool:
    """Where parts of performances are kept for other jobs; False where nothing can be.

    A folder of batches alone, whose parts are all made on one thread and no accelerator: so they are as those made anew.
    """
    from emogen.pipelines.performance.cache import default_folder

    folder = default_folder() / "batch"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return folder


def _lasting(sidecar: dict[str, Any]) -> dict[str, Any]:
    """A sidecar without what differs from time to time: how long it took, and what a cache happened to hold."""
    media = {name: value for name, value in sidecar["media"].items() if name != "cache"}
    return sidecar | {"timings_s": {}, "media": media}


def _felt(job: Job) -> Any:
    """The emotion of a job; where its files may lie was checked when it was read."""
    from emogen.batch.feeling import felt
    from emogen.conditioning.reference import FolderResolver

    return felt(job.arguments.get("emotion"), job.arguments.get("intensity"), FolderResolver(job.folder, escape=True))


@cache
def _opened(modality: str, backend: str, on_gpu: bool) -> Any:
    from emogen.pipelines.base import open_backend

    if modality == "dialogue":
        from emogen.pipelines.speech.dialogue import DialoguePipeline

        pipe: Any = DialoguePipeline(open_backend("speech", backend))
    else:
        pipe = open_backend(modality, backend)
    pipe.set_progress_bar_config(disable=True)
    if on_gpu:
        import torch

        if torch.cuda.is_available():
            pipe.to("cuda")
    return pipe
