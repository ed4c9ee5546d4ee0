"""What is compared, what is asked for, who reads it, and the photographs that are edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import emogen
from emogen import checkpoints
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.image import ImageRecognizer
from emogen.errors import CheckpointError
from emogen.evaluation.judges.image import ImageJudge
from emogen.pipelines.image.grade import GradeRules, graded
from emogen.training import kept
from emogen.training.image import read_pictures
from emogen.training.kept import Kept, seed_of

Picture = NDArray[np.uint8]

#: What is compared: pictures that are drawn, photographs that are edited, and the grade by rules alone, which came first.
CREATED, EDITED, GRADED = "created", "edited", "rule grade"
#: Who reads: what the figures count by, and what generators may have been made with.
JUDGE, GUIDE = "judge", "guide"
READERS = (JUDGE, GUIDE)
ROOT = Path(emogen.__file__).parent
_IMAGE = ROOT / "pipelines" / "image"
_ALL = (Path(__file__), ROOT / "conditioning" / "emotion.py", ROOT / "conditioning" / "image*.py")
#: Code that created and edited pictures come from, and the checkpoints.
CREATING = (
    *_ALL, *(_IMAGE / f"{name}.py" for name in ("pipeline", "prompt", "scenes", "evocation")), _IMAGE / "*.csv",
    ROOT / "codecs" / "scene" / "*", ROOT / "models" / "scene.py",
)  # fmt: skip
EDITING = (
    *_ALL, *(_IMAGE / f"{name}.py" for name in ("edit*", "develop", "colour", "air", "look", "learnt_look", "places", "textures", "grade")),
    _IMAGE / "looks.csv", ROOT / "models" / "look.py",
)  # fmt: skip
SCENE, LOOK = "scene", "look"
GRADING = (*_ALL, _IMAGE / "grade.py")
READ_BY = ("judge_image", "image")
#: How far the plane of valence and arousal goes each way.
ENDS = 0.8
#: Sides of created pictures (px), and how often an OASIS photograph, 160 x 128, is enlarged before it is edited.
SIDE, ENLARGED = 256, 2


@dataclass(frozen=True)
class Counts:
    """How much is measured.

    Attributes:
        prompts: All over the plane, each picture with a seed of its own.
        grids: Prompts of grids, each of one seed.
        places: Along each axis of the plane.
        photos: That are edited over the plane.
        labelled: Photographs that are edited for each label, and created pictures for each label.
        content: Photographs whose edges are looked at, and faces.
        words: Of feelings whose colours are looked at, and prompts and photographs of each.
        broken: Ways in which a file of each kind is broken.
    """

    prompts: int = 8
    grids: int = 10
    places: int = 5
    photos: int = 40
    labelled: int = 20
    content: int = 20
    words: int = 27
    of_word: int = 6
    broken: int = 12


@dataclass(frozen=True)
class Photo:
    """A photograph of the maker's half of OASIS, of a theme of its own."""

    theme: str
    picture: Picture


@dataclass(frozen=True)
class Reading:
    """Valence and arousal that a reader sees in a picture, and its label."""

    va: tuple[float, float]
    label: str


@dataclass(eq=False)
class Bench(Kept):
    """Where things are, the pipelines and the readers.

    Attributes:
        data: Folder of the packs; None: the usual one.
        counts: How much is measured.
        pipes: What is compared, by name; opened where it is asked for.
    """

    data: str | None = None
    counts: Counts = field(default_factory=Counts, kw_only=True)
    pipes: dict[str, Any] = field(default_factory=dict, kw_only=True)

    @property
    def plane(self) -> list[float]:
        """Places along each axis of the plane."""
        return [round(float(v), 3) for v in np.linspace(-ENDS, ENDS, self.counts.places)]

    def pipe(self, system: str) -> Any:
        """Created or edited.

        Raises:
            CheckpointError: What it needs is not there.
        """
        if system not in self.pipes:
            from emogen.pipelines.image.edit import ImageEditPipeline
            from emogen.pipelines.image.pipeline import ImagePipeline

            known: dict[str, Any] = {CREATED: ImagePipeline, EDITED: ImageEditPipeline}
            self.pipes[system] = known[system].embedded()
        self.pipes[system].set_progress_bar_config(disable=True)
        return self.pipes[system]

    @property
    def creates(self) -> bool:
        """Whether there is anything that creates."""
        return CREATED in self.pipes or SCENE in checkpoints.names()

    def created(self, prompt: str | None, emotion: str, seed: int, side: int = SIDE) -> Picture:
        """A picture that is drawn."""
        found: Picture = self.pipe(CREATED)(prompt, emotion, seed=seed, width=side, height=side).image
        return found

    def changed(self, system: str, photo: Picture, emotion: str, seed: int) -> Picture:
        """A photograph that is edited or graded."""
        if system == GRADED:
            return graded(photo, self._rules(Emotion.parse(emotion)))
        found: Picture = self.pipe(system)(photo, emotion, seed=seed).image
        return found

    @cached_property
    def _rules(self) -> GradeRules:
        return GradeRules()

    @cached_property
    def _readers(self) -> dict[str, ImageRecognizer]:
        return {JUDGE: ImageJudge.load(), GUIDE: ImageRecognizer.load()}

    def read(self, picture: Picture) -> dict[str, Any]:
        """Reader -> what it sees, as plain values of `Reading`."""
        found = {}
        for name, reader in self._readers.items():
            said = reader.recognize(picture)
            found[name] = {"va": [round(float(v), 4) for v in said.emotion.vad[:2]], "label": said.label}
        return found

    @cached_property
    def photos(self) -> list[Photo]:
        """A photograph of each of the maker's themes, enlarged, in an order of chance that is always the same."""
        pictures = read_pictures("guide", self.data)
        of_theme = {theme: i for i, theme in reversed(list(enumerate(pictures.themes)))}
        themes = np.random.default_rng(seed_of("photos")).permutation(sorted(of_theme)).tolist()
        return [Photo(theme, larger(pictures.pixels[of_theme[theme]], ENLARGED)) for theme in themes]

    def version(self, part: Path, *systems: str, read: bool = True, files: Sequence[Path] = ()) -> str:
        """Changes with what a part depends on.

        Args:
            part: Its code.
            systems: What it compares, by name.
            read: Whether pictures are read.
            files: Other code.
        """
        code_of, weights = {CREATED: CREATING, EDITED: EDITING, GRADED: GRADING}, {CREATED: SCENE, EDITED: LOOK}
        code = [*files, *(file for system in systems for file in code_of.get(system, ()))]
        names = [weights[system] for system in systems if system in weights] + list(READ_BY if read else ())
        there = [name for name in names if name in checkpoints.names()]
        return kept.version(part, *code, weights=there, also=(repr(self.counts),) if self.counts != Counts() else ())


def reading(found: dict[str, Any]) -> dict[str, Reading]:
    """What `Bench.read` gave, from the cache."""
    return {name: Reading(tuple(row["va"]), row["label"]) for name, row in found.items()}


def larger(picture: Picture, times: int) -> Picture:
    """So many times as wide and high."""
    return np.asarray(cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def slug(text: str) -> str:
    """As the name of a file."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())


def needs_creating(bench: Bench) -> None:
    """Says that nothing can be drawn.

    Raises:
        CheckpointError: There is nothing that creates.
    """
    if not bench.creates:
        raise CheckpointError(SCENE, "is not there: nothing can be drawn")
