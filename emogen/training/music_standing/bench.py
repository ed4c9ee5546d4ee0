"""What is compared, what is asked for, and the real music beside it."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import emogen
from emogen import checkpoints
from emogen.media.score import Score, read_midi
from emogen.pipelines.music.pipeline import MusicPipeline, RuleMusicPipeline
from emogen.training.kept import Kept, seed_of
from emogen.training.packs import pack

#: What is compared: the default, the rules alone, and chance.
EMBEDDED, RULES, MARKOV = "embedded", "rules", "markov"
SYSTEMS = (EMBEDDED, RULES)
ROOT = Path(emogen.__file__).parent
PLACE = ROOT / "pipelines" / "music"
#: Code that music comes from, and the checkpoints.
MUSIC = (
    PLACE / "*.py", PLACE / "*.csv", ROOT / "codecs" / "lead_*.py", ROOT / "models" / "*.py", ROOT / "conditioning" / "track.py",
    ROOT / "conditioning" / "emotion.py",
)  # fmt: skip
LEARNT_FROM = tuple(n for n in ("composer", "music_attributes") if n in checkpoints.names())
#: Length of a piece, s: about that of a clip of EMOPIA.
SECONDS = 32.0


@dataclass(frozen=True)
class Asked:
    """A request for a piece.

    Attributes:
        name: As it stands in the cache.
        emotion: As written.
        label: What the judge is to find; "" where only valence and arousal are asked.
    """

    name: str
    emotion: str
    label: str = ""


#: The judge's label of each quadrant -> how it is asked for: by place, and in words whose norms lie well within it.
QUADRANTS = {
    "joy": ("vad(0.7,0.6,0.3)", "joy", "excitement", "amusement", "pride"),
    "anger": ("vad(-0.7,0.6,0.0)", "anger", "fear", "frustration", "disgust"),
    "sadness": ("vad(-0.7,-0.6,-0.3)", "sadness", "loneliness", "melancholy", "depression"),
    "calm": ("vad(0.7,-0.6,0.1)", "calm", "serenity", "relief", "leisurely"),
}
#: Pieces of each wording: 4 quadrants x 5 wordings x 10 are 200.
TAKES = 10


def quadrant_requests() -> Iterator[tuple[Asked, int]]:
    """The 200 pieces, each with its seed."""
    for label, wordings in QUADRANTS.items():
        for wording in wordings:
            for take in range(TAKES):
                name = f"{label}/{wording}/{take}"
                yield Asked(name, wording, label), seed_of("quadrant", name)


@dataclass(eq=False)
class Bench(Kept):
    """Where things are, and the pipelines.

    Attributes:
        data: Folder of the packs; None: the usual one.
    """

    data: str | None = None

    def pipe(self, system: str) -> Any:
        """By name."""
        known: dict[str, Any] = self.__dict__.setdefault("_pipes", {})
        if system not in known:
            known[system] = {EMBEDDED: MusicPipeline, RULES: RuleMusicPipeline}[system].embedded()
            known[system].set_progress_bar_config(disable=True)
        return known[system]

    @cached_property
    def songs(self) -> list[tuple[str, Score]]:
        """Whole songs of POP909 that nothing was learnt from."""
        from emogen.training.composer_data import part_of

        return [(name, score) for name, score in read_songs(self.data) if part_of(name) == "test"]


def read_songs(data: str | None = None) -> Iterator[tuple[str, Score]]:
    """All songs of the pack music/pop909, by name."""
    with tempfile.TemporaryDirectory() as place, tarfile.open(pack("music/pop909", data) / "songs.tar.xz") as tar:
        tar.extractall(place, filter="data")
        for path in sorted(Path(place).rglob("*.mid")):
            yield path.stem, read_midi(path)


def digest(text: str) -> str:
    """Short name of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
