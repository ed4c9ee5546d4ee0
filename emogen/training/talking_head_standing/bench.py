"""Who is measured by which pipeline, and what was measured before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import emogen
from emogen import checkpoints
from emogen.codecs.face_codec import FaceCodec
from emogen.errors import InputError
from emogen.media.image import SUFFIXES
from emogen.pipelines.talking_head.avatars import AVATARS, avatar
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline
from emogen.pipelines.talking_head.portraits import FaceRenderer, open_portrait
from emogen.training.kept import Kept
from emogen.training.kept import seed_of as seed_of
from emogen.training.kept import version as version
from emogen.training.speech_standing.run import NEUTRAL

SIZE, FPS = 512, 25.0
SAMPLE = "sample:astronaut"
#: What is compared: the default, and FACS' rules alone.
LEARNT, RULES = "learnt", "rules"
SYSTEMS = (LEARNT, RULES)
SILENCE_RATE = 24_000  # Hz of the silence under a face that says nothing
ROOT = Path(emogen.__file__).parent
HEADS = ROOT / "pipelines" / "talking_head"
#: Code and weights that curves come from; renderers beside it.
MOTION = (HEADS / "*.py", HEADS / "*.csv", ROOT / "codecs" / "face.py")
LEARNT_FROM = ("face_motion", "lips", "voices")
PHOTO = (HEADS / "photo_portrait" / "*.*",)
DRAWN = (HEADS / "avatars" / "*.py", ROOT / "pipelines" / "drawing.py", checkpoints.HERE / "avatars" / checkpoints.SUMS)


@dataclass(frozen=True, eq=False)
class Subject:
    """A face that is measured.

    Attributes:
        name: As it stands in tables.
        avatar: Whether it is one of our characters rather than a photo.
        given: What a portrait is opened from.
        digest: Changes with the picture.
    """

    name: str
    avatar: bool
    given: str
    digest: str

    @cached_property
    def renderer(self) -> FaceRenderer:
        """Opened, at `SIZE`."""
        return avatar(self.given, size=SIZE) if self.avatar else open_portrait(self.given, size=SIZE)


@dataclass(frozen=True)
class Refused:
    """A photo that could not be used, and what was said of it."""

    name: str
    message: str


def subjects(folder: Path | None, name: str = SAMPLE) -> tuple[list[Subject], list[Refused]]:
    """The sample, the photos of a folder in the order of their names, and the avatars; and what was refused.

    Raises:
        InputError: There is no such folder.
    """
    found, refused = [Subject(name.partition(":")[2], False, name, name)], []
    if folder is not None and not folder.is_dir():
        raise InputError("--portraits", f"no folder {folder}", "Accepted: a folder of photos, one person each.")
    for path in sorted(folder.iterdir()) if folder else ():
        if path.suffix.lower() not in SUFFIXES:
            continue
        subject = Subject(path.stem, False, str(path), hashlib.sha256(path.read_bytes()).hexdigest())
        try:
            assert subject.renderer
        except InputError as error:
            refused.append(Refused(path.stem, str(error).replace(str(path), path.name)))
        else:
            found.append(subject)
    return found + [Subject(n, True, n, n) for n in AVATARS], refused


@dataclass(eq=False)
class Bench(Kept):
    """Where things are, and the pipelines.

    Attributes:
        portraits: Folder of photos; None: only the sample.
        data: Folder of the packs; None: the usual one.
    """

    portraits: Path | None = None
    data: str | None = None

    @cached_property
    def _found(self) -> tuple[list[Subject], list[Refused]]:
        return subjects(self.portraits)

    @property
    def subjects(self) -> list[Subject]:
        """All faces, photos first."""
        return self._found[0]

    @property
    def photos(self) -> list[Subject]:
        """Those of people."""
        return [s for s in self.subjects if not s.avatar]

    @property
    def avatars(self) -> list[Subject]:
        """Our characters."""
        return [s for s in self.subjects if s.avatar]

    @property
    def refused(self) -> list[Refused]:
        """Photos that could not be used."""
        return self._found[1]

    @cached_property
    def learnt(self) -> TalkingHeadPipeline:
        """The default."""
        return _quiet(TalkingHeadPipeline.embedded())

    @cached_property
    def rules(self) -> TalkingHeadPipeline:
        """The same voice and lips with the expression of FACS' tables alone."""
        return _quiet(TalkingHeadPipeline(FaceCodec(), ExpressionRules(), self.learnt.speech))

    def pipe(self, system: str) -> TalkingHeadPipeline:
        """By name."""
        return self.learnt if system == LEARNT else self.rules

    def said(self, text: str, emotion: str = NEUTRAL) -> Any:
        """A text as the embedded voice says it; with the times of its sounds."""
        known: dict[tuple[str, str], Any] = self.__dict__.setdefault("_spoken", {})
        if (text, emotion) not in known:
            known[text, emotion] = self.learnt.speech(text, emotion, seed=1)
        return known[text, emotion]


def _quiet(pipe: TalkingHeadPipeline) -> TalkingHeadPipeline:
    pipe.set_progress_bar_config(disable=True)
    return pipe


def silence(seconds: float) -> SimpleNamespace:
    """A voice that says nothing."""
    samples = np.zeros(round(seconds * SILENCE_RATE), np.float32)
    return SimpleNamespace(audio=samples, sample_rate=SILENCE_RATE, phones=(("", 0.0, seconds),))


def drawn_by(subject: Subject) -> str:
    """Changes with whatever makes a subject's pictures."""
    return version(*MOTION, *(DRAWN if subject.avatar else PHOTO), weights=LEARNT_FROM, also=(subject.digest,))
