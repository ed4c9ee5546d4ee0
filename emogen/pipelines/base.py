"""What all pipelines share: loading, seeds, emotions, steps, batches.

An emogen pipeline is a `diffusers.DiffusionPipeline`: `from_pretrained`, `save_pretrained`, `to`,
`set_progress_bar_config` and `components` are diffusers' own. A call depends on its arguments alone;
nothing is kept in the pipeline between two calls.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch

from emogen import checkpoints
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline, logging
from emogen.errors import CheckpointError, InputError

MAX_SEED = 2**63 - 1
#: How pipelines are opened: no pickles; and weights are not left out first (`low_cpu_mem_usage`), for which torch is
#: changed for the whole process, so that other threads would make networks and arrays without content meanwhile.
_LOADING = {"use_safetensors": True, "low_cpu_mem_usage": False}
#: Held while a pipeline is opened: diffusers switches the initialisation of networks off meanwhile, in all threads.
_OPENING = threading.RLock()
StepCallback = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any] | None]
T = TypeVar("T")


def draw_seed(seed: int | None = None, generator: torch.Generator | None = None) -> int:
    """The seed of one call: the one given, one drawn from `generator`, or a random one.

    Returns:
        An integer in 0..2^63-1; the output reports it.

    Raises:
        InputError: Both were given, or the seed is out of range.
    """
    if seed is not None and generator is not None:
        raise InputError("seed", "given together with generator", "Give one of the two.")
    if generator is not None:
        return int(torch.randint(0, MAX_SEED, (1,), generator=generator, device=generator.device).item())
    if seed is None:
        return secrets.randbelow(2**32)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InputError("seed", f"{seed!r} is not a seed", f"Accepted: a whole number from 0 to {MAX_SEED}.")
    return seed


def request_hash(request: dict[str, Any]) -> str:
    """The SHA-256 of a request (plain JSON values), independent of the order of its keys."""
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass
class Steps:
    """The steps of one call: moves the progress bar, calls back, takes the time of each stage."""

    pipe: AffectivePipeline
    bar: Any
    callback: StepCallback | None
    index: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def done(self, name: str, **tensors: Any) -> dict[str, Any]:
        """One step is over. Returns `tensors`, as the callback may have changed them.

        Raises:
            Cancelled: When the callback raises it.
        """
        now = time.perf_counter()
        self.timings[name] = round(self.timings.get(name, 0.0) + now - self._since, 4)
        if hasattr(self.bar, "set_description"):
            self.bar.set_description(name)
        self.bar.update(1)
        if self.callback is not None:
            changed = self.callback(self.pipe, self.index, name, tensors) or {}
            unknown = set(changed) - set(tensors)
            if unknown:
                raise InputError("callback_on_step_end", f"returned {sorted(unknown)}", f"Accepted: {sorted(tensors)}.")
            tensors |= changed
        self.index += 1
        self._since = time.perf_counter()
        return tensors


class AffectivePipeline(DiffusionPipeline):
    """Base of all pipelines: Emotion + content -> media.

    A subclass names its `modality`, says in `embedded` how its default is built, and defines `__call__`
    with the content first, the emotion second and everything else by keyword.
    """

    modality: ClassVar[str]

    @classmethod
    def embedded(cls) -> AffectivePipeline:
        """The pipeline that ships with emogen: no download, no GPU."""
        with _quietly():
            return super().from_pretrained(str(checkpoints.checkpoint_folder(cls.modality)), **_LOADING)

    @classmethod
    def from_pretrained(cls, source: str | Path = "embedded", **kwargs: Any) -> Any:
        """Opens "embedded", a local folder or a hub id; safetensors only.

        Raises:
            CheckpointError: The folder is missing, unsafe, broken or of another pipeline.
        """
        with _OPENING:
            return cls.embedded() if str(source) == "embedded" else cls._from(source, **kwargs)

    @classmethod
    def _from(cls, source: str | Path, **kwargs: Any) -> Any:
        folder = Path(source)
        if folder.is_dir():
            checkpoints.check_safe(folder)
            _check_class(folder, cls.__name__)
        elif folder.is_absolute() or str(source).startswith((".", "~")):
            raise CheckpointError(str(source), "no such folder", 'Accepted: "embedded", a folder, a hub id.')
        kwargs = {name: value for name, value in kwargs.items() if name not in _LOADING}
        for name, part in _nested(folder).items():
            kwargs.setdefault(name, part)
        try:
            with _quietly():
                return super().from_pretrained(str(source), **_LOADING, **kwargs)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
            reason = str(error).strip().splitlines()
            raise CheckpointError(str(source), f"could not be opened: {reason[0] if reason else error!r}") from error

    @contextmanager
    def steps(self, total: int, callback: StepCallback | None) -> Iterator[Steps]:
        """The steps of one call, with diffusers' progress bar around them."""
        with self.progress_bar(total=total) as bar:
            yield Steps(self, bar, callback)

    @staticmethod
    def each(
        make: Callable[..., T], content: Any, emotion: Any, seed: Any, generator: torch.Generator | None
    ) -> T | list[T]:
        """Calls `make(content, track, seed)` for one content, or for each of a list of contents.

        With a list, `emotion` and `seed` may be lists of the same length or one value for all; each item
        gives what it would give alone.
        """
        if not isinstance(content, (list, tuple)):
            return make(content, EmotionTrack.of(emotion or "neutral"), draw_seed(seed, generator))
        emotions = _spread("emotion", emotion, len(content))
        seeds = _spread("seed", seed, len(content))
        return [
            make(c, EmotionTrack.of(e or "neutral"), draw_seed(s, generator))
            for c, e, s in zip(content, emotions, seeds, strict=True)
        ]


@contextmanager
def _quietly() -> Iterator[None]:
    """Without diffusers' bar over the components, which are opened in less than a second."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _spread(name: str, value: Any, n: int) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise InputError(name, f"{len(value)} values for {n} contents", f"Accepted: one value, or {n}.")
    return value


def _check_class(folder: Path, expected: str) -> None:
    index = folder / "model_index.json"
    if not index.is_file():
        raise CheckpointError(
            str(folder), "holds no model_index.json", "Accepted: a folder written by save_pretrained."
        )
    try:
        found = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
    except (ValueError, AttributeError, OSError) as error:
        raise CheckpointError(str(index), "is not the JSON of a pipeline") from error
    if found != expected:
        raise CheckpointError(str(folder), f"holds a {found}", f"{expected} was asked for.")


def _nested(folder: Path) -> dict[str, AffectivePipeline]:
    """The pipelines of ours among a saved pipeline's components; diffusers itself would not know how to open them."""
    index = folder / "model_index.json"
    if not index.is_file():
        return {}
    named = {k: v[1] for k, v in json.loads(index.read_text(encoding="utf-8")).items() if isinstance(v, list)}
    from emogen import registry

    ours = {path.rpartition(":")[2]: key for key, path in registry.known("pipelines").items()}
    return {
        name: registry.resolve("pipelines", ours[kind]).from_pretrained(folder / name)
        for name, kind in named.items() if kind in ours
    }  # fmt: skip


def load(source: str | Path) -> AffectivePipeline:
    """Opens any saved pipeline of ours: the class is read from the folder and must be one we know.

    Raises:
        CheckpointError: Not a folder of one of our pipelines.
    """
    from emogen import registry

    folder = Path(source)
    if not (folder / "model_index.json").is_file():
        raise CheckpointError(
            str(source), "holds no model_index.json", "Accepted: a folder written by save_pretrained."
        )
    checkpoints.check_safe(folder)
    try:
        name = json.loads((folder / "model_index.json").read_text(encoding="utf-8")).get("_class_name")
    except (ValueError, AttributeError, OSError) as error:
        raise CheckpointError(str(folder), "has a broken model_index.json") from error
    ours = {path.rpartition(":")[2]: key for key, path in registry.known("pipelines").items()}
    if name not in ours:
        raise CheckpointError(str(folder), f"holds a {name}", f"Ours are: {', '.join(sorted(ours))}.")
    return registry.resolve("pipelines", ours[name]).from_pretrained(folder)


def open_backend(modality: str, backend: str = "embedded", **options: Any) -> AffectivePipeline:
    """The pipeline of a modality behind a written backend: `embedded`, `NAME:SOURCE` or a folder.

    Args:
        modality: As in the registry.
        backend: As written.
        options: Of the backend's `from_pretrained`, such as `adapter`.

    Raises:
        InputError: No such backend is known.
    """
    from emogen import registry

    if backend == "embedded" or Path(backend).is_dir():
        return registry.resolve("pipelines", modality).from_pretrained(backend)
    name, _, source = backend.partition(":")
    key = f"{modality}/{name}"
    table = registry.known("pipelines")
    if key not in table:
        others = [k.partition("/")[2] for k in table if k.startswith(f"{modality}/")]
        accepted = ", ".join(["embedded", *(f"{o}:PATH_OR_ID" for o in others), "a folder of a saved pipeline"])
        raise InputError("backend", f'"{backend}" is not a backend for {modality}', f"Accepted: {accepted}.")
    return registry.resolve("pipelines", key).from_pretrained(source or "embedded", **options)
