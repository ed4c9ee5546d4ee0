"""What a pipeline returns: the media first, and everything needed to explain and repeat it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from emogen._version import __version__
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import BaseOutput
from emogen.media.atomic import check_writable
from emogen.media.provenance import Provenance
from emogen.media.sidecar import write_sidecar
from emogen.pipelines.base import request_hash
from emogen.versions import versions

SIDECAR_SCHEMA = 1


@dataclass
class Made:
    """How an output came about.

    Attributes:
        request: The arguments of the call, as plain JSON values.
        emotion: The emotion asked for, over time (s).
        seed: The seed used, drawn or given.
        backend: Which pipeline made it.
        models: Checkpoint or rule table -> its hash or version.
        real_input: Whether a real photo, voice or video went in.
        timings: Stage -> seconds.
        warnings: What the user should know, one sentence each.
        facts: What the pipeline found out on its way and the sidecar says about the media.
    """

    request: dict[str, Any]
    emotion: EmotionTrack
    seed: int
    backend: str = "embedded"
    models: dict[str, str] = field(default_factory=dict)
    real_input: bool = False
    timings: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class MediaOutput(BaseOutput):
    """Base of all outputs. A subclass puts its main array first and `made` last.

    A subclass maps each suffix that it can write to the name of a method `(path) -> None` in `writers`.
    """

    modality: ClassVar[str]
    writers: ClassVar[dict[str, str]]

    @property
    def emotion(self) -> EmotionTrack:
        """The emotion asked for, over time."""
        return self["made"].emotion

    @property
    def seed(self) -> int:
        """The seed that was used."""
        return self["made"].seed

    @property
    def warnings(self) -> list[str]:
        """What the user should know."""
        return self["made"].warnings

    @property
    def provenance(self) -> Provenance:
        """The statement, written into each file, that it is synthetic."""
        made: Made = self["made"]
        return Provenance(
            emotion=str(made.emotion),
            seed=made.seed,
            models=tuple(sorted(made.models)),
            request_sha256=request_hash(made.request),
            real_input=made.real_input,
        )

    def facts(self) -> dict[str, Any]:
        """What the sidecar says about the media itself; a subclass adds duration, size, words ..."""
        return {}

    def sidecar(self) -> dict[str, Any]:
        """Everything that was asked and used, as plain JSON values."""
        made: Made = self["made"]
        return {
            "schema": SIDECAR_SCHEMA,
            "generator": f"emogen {__version__}",
            "modality": self.modality,
            "synthetic": True,
            "statement": self.provenance.statement(),
            "request": made.request,
            "emotion": made.emotion.to_dict(),
            "seed": made.seed,
            "backend": made.backend,
            "models": made.models,
            "versions": versions(),
            "timings_s": made.timings,
            "warnings": made.warnings,
            "media": self.facts(),
            "provenance": self.provenance.to_dict(),
        }

    def save(self, path: str | Path) -> Path:
        """Writes the media by the suffix of `path`, then NAME.json beside it. Returns the path.

        Raises:
            InputError: The suffix is not one of `writers`, or the folder is missing or not writable.
            OutputError: Writing failed; nothing stays under the final name.
        """
        path = Path(path)
        check_writable(path, suffixes=tuple(self.writers))
        write: Callable[[Path], None] = getattr(self, self.writers[path.suffix.lower()])
        write(path)
        write_sidecar(path, self.sidecar())
        return path
