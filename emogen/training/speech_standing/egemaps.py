"""A second judge, where openSMILE is installed (its licence is for research): eGeMAPS and a support vector machine.

    python -m emogen.training.speech_standing.egemaps --cache FOLDER

measures what the cache holds; the page then has a column of it. It learns from RAVDESS alone, as the judge does. Every
clip is brought to one level first. Needs no torch, so that it can run where openSMILE does.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from emogen.errors import BackendMissing
from emogen.media.atomic import atomic_path
from emogen.training.speech_data import read_clips

RAVDESS = "speech/ravdess"
SUFFIX = ".egemaps.npy"
LEARNT = "egemaps_ravdess.npz"
LEVEL = 0.05  # rms that clips are brought to

Floats = NDArray[np.float64]


class Smile:
    """openSMILE's functionals.

    Raises:
        BackendMissing: The package opensmile is not installed.
    """

    def __init__(self) -> None:
        try:
            import opensmile
        except ImportError as error:
            raise BackendMissing("opensmile", "is not installed", "pip install opensmile (for research alone)") from error
        functionals = opensmile.FeatureLevel.Functionals
        self._smile: Any = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=functionals)

    def __call__(self, samples: NDArray[np.float32], rate: int) -> Floats:
        """The 88 measures of a clip [n]."""
        loud = max(float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))), 1e-6)
        return np.asarray(self._smile.process_signal(samples * np.float32(LEVEL / loud), rate).values[0], dtype=np.float64)


def measure_all(cache: Path, data_dir: str | None = None) -> int:
    """Measures RAVDESS, and the clips of the cache that are neutral, real or at intensity 1; returns how many were new."""
    smile, new = Smile(), 0
    learnt = cache / LEARNT
    if not learnt.is_file():
        clips = list(read_clips([RAVDESS], data_dir))
        rows = np.stack([smile(clip.samples, 16_000) for clip in clips])
        with atomic_path(learnt) as part, part.open("wb") as stream:
            np.savez(stream, rows=rows, labels=[c.label for c in clips], speakers=[c.speaker for c in clips])
    for path in sorted((cache / "clips").glob("*/*/*.flac")):
        kept = path.with_name(path.name.removesuffix(".flac") + SUFFIX)
        if not kept.is_file() and asked_about(path):
            samples, rate = soundfile.read(path, dtype="float32")
            with atomic_path(kept) as part, part.open("wb") as stream:
                np.save(stream, smile(samples, int(rate)))
            new += 1
    return new


def asked_about(sound: Path) -> bool:
    """Whether a clip of the cache is of those that the judges are asked about."""
    english = sound.parent.name.startswith(("spoken-", "speech-tess-"))  # there for their words alone
    return not english and not sound.name.startswith("vad") and not sound.stem.endswith(("-0.3", "-0.7"))


class Machine:
    """The support vector machine over some labels.

    Rooms and microphones differ more than feelings do, so each speaker's clips are taken in units of that speaker's own
    mean and spread, as is usual across corpora.

    Args:
        cache: Where `measure_all` was run.
        over: Labels that it tells apart.
    """

    def __init__(self, cache: Path, over: Sequence[str]) -> None:
        from sklearn.svm import SVC

        with np.load(cache / LEARNT, allow_pickle=False) as stored:
            rows, labels, speakers = stored["rows"], stored["labels"], stored["speakers"]
        used = np.isin(labels, list(over))
        self._model = SVC(class_weight="balanced").fit(own_units(rows[used], speakers[used]), labels[used])

    def found(self, sounds: Sequence[Path], speakers: Sequence[str]) -> list[str]:
        """The label of each clip of the cache.

        Args:
            sounds: Paths of their sound: all labels of each speaker, about alike in number.
            speakers: Who speaks.
        """
        rows = np.stack([np.load(kept(path), allow_pickle=False) for path in sounds])
        return [str(label) for label in self._model.predict(own_units(rows, np.array(speakers)))]


def own_units(rows: Floats, speakers: NDArray[np.str_]) -> Floats:
    """Measures [n, D] in units of each speaker's own mean and spread."""
    found = np.zeros_like(rows)
    for speaker in np.unique(speakers):
        own = rows[speakers == speaker]
        found[speakers == speaker] = (own - own.mean(axis=0)) / np.maximum(own.std(axis=0), 1e-9)
    return found


def kept(sound: Path) -> Path:
    """Where the measures of a clip are."""
    return sound.with_name(sound.name.removesuffix(".flac") + SUFFIX)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures the clips of a cache by eGeMAPS.")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--data")
    given = parser.parse_args()
    print(f"{measure_all(given.cache, given.data)} clips measured")


if __name__ == "__main__":
    main()
