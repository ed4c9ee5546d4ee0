"""How often guide and judge of a modality name different feelings, on media that neither learnt from.

Voices: natural Urdu speech. Faces: pictures of FER+ that the judge did not learn from. Music: POP909. Movement and
pictures: what emogen itself renders. Texts: sentences of EmoBank, whose labels neither saw.
"""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.recognition import Recognition
from emogen.conditioning.vocabulary import norm, term
from emogen.evaluation.fusion import conflict
from emogen.evaluation.metrics import pearson
from emogen.evaluation.perceive import guide, judge_of
from emogen.training.packs import pack

MOST = 60  # items of a modality
LEAST_CHARS = 30  # of a sentence
EMOTIONS = ("joy", "sadness", "anger", "fear", "calm", "neutral")


@dataclass(frozen=True)
class Disagreement:
    """Of one modality.

    Attributes:
        modality: Its name.
        media: On what.
        n: Items in which both found something to judge.
        labels: Part of them with another label; a label that the other does not have counts as its nearest one.
        divergence: Mean Jensen-Shannon divergence of the distributions, 0..1.
        valence: Correlation of both valences, -1..1.
    """

    modality: str
    media: str
    n: int
    labels: float
    divergence: float
    valence: float


def measure(data_dir: str | Path | None = None) -> list[Disagreement]:
    """Every modality in turn.

    Args:
        data_dir: Of the packs.
    """
    sources: dict[str, tuple[str, Callable[[Path | None], Iterator[Any]]]] = {
        "speech": ("speech/urdu", _voices),
        "face": ("face/ferplus, its test part", _faces),
        "music": ("music/pop909", _pieces),
        "motion": ("gestures by emogen", _motions),
        "image": ("photos edited by emogen", _pictures),
        "text": ("text/emobank", _texts),
    }
    folder = None if data_dir is None else Path(data_dir)
    return [_compare(modality, name, media(folder)) for modality, (name, media) in sources.items()]


def _compare(modality: str, name: str, media: Iterator[Any]) -> Disagreement:
    one, other = guide(modality), judge_of(modality)
    pairs = [(one.recognize(piece), other.recognize(piece)) for piece in media]
    heard = [(a, b) for a, b in pairs if a.confidence > 0.0 and b.confidence > 0.0]
    differ = [_nearest(a, b) != b.label for a, b in heard]
    valence = np.array([[a.emotion.vad[0], b.emotion.vad[0]] for a, b in heard])
    return Disagreement(
        modality, name, len(heard), float(np.mean(differ)), float(np.mean([conflict(pair) for pair in heard])),
        pearson(valence[:, 0], valence[:, 1]),
    )  # fmt: skip


def _nearest(a: Recognition, b: Recognition) -> str:
    """The guide's label in the judge's words."""
    names = {term(label): label for label in b.distribution}
    own = term(a.label)
    return names.get(own) or names[min(names, key=lambda other: float(np.sum((norm(other) - norm(own)) ** 2)))]


def _voices(data: Path | None) -> Iterator[Any]:
    import soundfile

    from emogen.media.audio import Audio

    folder = pack("speech/urdu", data)
    with tarfile.open(folder / "audio.tar") as tar:
        files = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda m: m.name)
        for member in files[:: max(1, len(files) // MOST)][:MOST]:
            stored = tar.extractfile(member)
            assert stored is not None
            yield Audio(*soundfile.read(io.BytesIO(stored.read()), dtype="float32"))


def _faces(data: Path | None) -> Iterator[Any]:
    import cv2

    from emogen.training.judge_face import read_faces

    faces = read_faces(data)
    for row in faces.rows("test")[:MOST]:
        large = cv2.resize(faces.crops[row, 0].numpy(), (192, 192), interpolation=cv2.INTER_CUBIC)
        yield cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)


def _pieces(data: Path | None) -> Iterator[Any]:
    import tempfile

    from emogen.media.score import read_midi

    archive = next(pack("music/pop909", data).glob("*.tar*"))
    with tempfile.TemporaryDirectory() as place, tarfile.open(archive) as tar:
        tar.extractall(place, filter="data")
        files = sorted(Path(place).rglob("*.mid"))
        for file in files[:: max(1, len(files) // MOST)][:MOST]:
            yield read_midi(file)


def _motions(data: Path | None) -> Iterator[Any]:
    import emogen

    for number in range(30):
        yield emogen.gesture(None, EMOTIONS[number % len(EMOTIONS)], seconds=6.0, seed=number)["motion"].to_bvh()


def _pictures(data: Path | None) -> Iterator[Any]:
    from skimage import data as photos

    import emogen

    for name in ("astronaut", "coffee", "chelsea", "rocket", "retina"):
        for feeling in EMOTIONS:
            yield emogen.edit_image(getattr(photos, name)(), feeling, seed=0)["image"]


def _texts(data: Path | None) -> Iterator[Any]:
    archive = next(pack("text/emobank", data).glob("*.csv.gz"))
    with gzip.open(archive, "rt", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if len(row.get("text", "")) > LEAST_CHARS]
    for row in rows[:: max(1, len(rows) // (2 * MOST))][: 2 * MOST]:
        yield row["text"]
