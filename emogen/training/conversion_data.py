"""Takes of the same words by the same actor in several feelings -> what the feeling changes, moment by moment.

Two takes are aligned by dynamic time warping over what is alike in them: the colour of their sounds, how loud and how
voiced they are. Along the path, the second take is laid over the first, and the difference is the change.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.voice import SAMPLE_RATE, analyze, dithered
from emogen.codecs.voice_change import LEARNT, SHAPES
from emogen.codecs.voice_slow import HOP, SPEECH_DB, Description, content, describe, habit_of, loud, speech
from emogen.evaluation.metrics.speech import dtw_path
from emogen.media.atomic import atomic_path
from emogen.media.audio import resample
from emogen.training.speech_data import SAMPLE_RATE_HZ, Clip, read_clips

FINE = HOP // 2  # takes are aligned at 100 frames a second
EDGE = 3  # frames left at the ends of a take
PATH_FRAMES, RATE_FRAMES = 8.0, 4.0  # the path is smoothed over 80 ms, then its slope; own assumption
PITCH_FRAMES, LEVEL_FRAMES, SHAPE_FRAMES, NOISE_FRAMES, ROUGH_FRAMES = 3.0, 3.0, 7.0, 8.0, 12.0
STEEPEST = 0.35, 3.0  # slopes of the path beyond are errors of the alignment; own assumption
LEAST_SPEECH, LEAST_VOICED = 10, 8  # frames without which a pair says nothing
#: Weights of level and voicing beside the colour of the sound, in the distance of two frames; own assumption.
_LEVEL_OVER_DB, _VOICING = 12.0, 0.7

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Take:
    """One clip, described 100 times a second and trimmed; `number` counts the clips of its pack."""

    clip: Clip
    number: int
    found: Description


@dataclass(frozen=True, eq=False)
class Pair:
    """Two takes of the same words.

    Attributes:
        source: [T, CONTENT] what a network sees of the first.
        change: [T, 17] what the second does otherwise.
        felt: Label of the first.
        wanted: Label of the second.
        speaker: Who speaks both.
        corpus: Their pack.
        takes: Their numbers.
    """

    source: NDArray[np.float32]
    change: NDArray[np.float32]
    felt: str
    wanted: str
    speaker: str
    corpus: str
    takes: tuple[int, int]


def read_takes(corpora: Sequence[str], data_dir: str | Path | None = None) -> Iterator[Take]:
    """The clips of packs, analysed."""
    number: dict[str, int] = defaultdict(int)
    for clip in read_clips(corpora, data_dir):
        number[clip.corpus] += 1
        samples = dithered(resample(clip.samples, SAMPLE_RATE_HZ, SAMPLE_RATE))
        found = describe(analyze(samples), FINE)
        heard = np.flatnonzero(speech(found))
        yield Take(clip, number[clip.corpus], found.part(max(heard[0] - EDGE, 0), heard[-1] + EDGE + 1))


def pairs(takes: Iterable[Take]) -> Iterator[Pair]:
    """Every ordered pair of takes of the same words by the same speaker that can be aligned."""
    groups: dict[tuple[str, str], list[Take]] = defaultdict(list)
    for take in takes:
        groups[take.clip.speaker, take.clip.text].append(take)
    for group in groups.values():
        for first in group:
            habit = habit_of(first.found)
            seen = content(first.found, habit)[::2]
            for second in group:
                if second is first:
                    continue
                change = change_between(first.found, second.found)
                if change is not None:
                    numbers = (first.number, second.number)
                    clip, other = first.clip, second.clip
                    yield Pair(seen, change[::2].astype(np.float32), clip.label, other.label, clip.speaker, clip.corpus, numbers)


def change_between(first: Description, second: Description) -> Floats | None:
    """What `second` does otherwise than `first` [T, 17] at the frames of `first`; None where they cannot be aligned."""
    path = dtw_path(_likeness(first), _likeness(second))
    count = np.bincount(path[:, 0], minlength=len(first))

    def along(values: Floats) -> Floats:
        total = np.zeros((len(first), *values.shape[1:]))
        np.add.at(total, path[:, 0], values[path[:, 1]])
        return np.asarray(total / count.reshape(-1, *[1] * (values.ndim - 1)))

    level = along(second.level_db)
    heard = speech(first) & (level > loud(second) - SPEECH_DB)
    voiced = heard & first.voiced & (along(second.voicing) > 0.5)
    if heard.sum() < LEAST_SPEECH or voiced.sum() < LEAST_VOICED:
        return None
    place = np.maximum.accumulate(along(np.arange(len(second), dtype=np.float64)))
    columns = (
        _drawn((along(second.pitch_st) - first.pitch_st)[:, None], voiced, PITCH_FRAMES),
        _drawn((level - first.level_db)[:, None], heard, LEVEL_FRAMES),
        _rate(place, len(second))[:, None],
        _drawn(along(second.noise_db) - first.noise_db, voiced, NOISE_FRAMES),
        _drawn((along(second.roughness_db) - first.roughness_db)[:, None], voiced, ROUGH_FRAMES),
        _drawn((along(second.shapes) - first.shapes)[:, :SHAPES], heard, SHAPE_FRAMES),
    )
    found = np.concatenate(columns, axis=1)
    assert found.shape[1] == len(LEARNT)
    return found


def _likeness(found: Description) -> Floats:
    """What is compared when two takes are aligned [T, D]: alike where the sounds are, whatever the feeling."""
    weight = np.clip((found.level_db - found.level_db.max() + 35.0) / 35.0, 0.02, 1.0)
    shapes = found.shapes
    mean = np.average(shapes, axis=0, weights=weight)
    spread = max(float(np.sqrt(np.average((shapes - mean) ** 2, axis=0, weights=weight)).mean()), 1e-6)
    level = np.clip((found.level_db - np.percentile(found.level_db, 95)) / _LEVEL_OVER_DB, -4.0, 0.5)
    colour = (shapes - mean) / spread * np.sqrt(weight)[:, None]
    return np.concatenate([colour, level[:, None], _VOICING * found.voicing[:, None]], axis=1)


def _rate(place: Floats, frames: int) -> Floats:
    """log2 of the local duration factor [T] from where each frame lies in the other take."""
    margin = 5 * round(PATH_FRAMES)
    slope = frames / len(place)
    before, after = np.arange(-margin, 0) * slope + place[0], np.arange(1, margin + 1) * slope + place[-1]
    smooth = gaussian_filter1d(np.concatenate([before, place, after]), PATH_FRAMES)
    steps = np.gradient(smooth)[margin:-margin]
    return np.asarray(gaussian_filter1d(np.log2(np.clip(steps, *STEEPEST)), RATE_FRAMES, mode="nearest"))


def _drawn(values: Floats, known: NDArray[np.bool_], smooth: float) -> Floats:
    """Values [T, K] drawn through where they are not known, and smoothed."""
    at, all_at = np.flatnonzero(known), np.arange(len(values))
    filled = np.stack([np.interp(all_at, at, column[at]) for column in values.T], axis=1)
    return np.asarray(gaussian_filter1d(filled, smooth, axis=0, mode="nearest"))


def read_pairs(
    corpora: Sequence[str], cache: Path, data_dir: str | Path | None = None, report: Callable[[str], None] = print
) -> list[Pair]:
    """The pairs of packs, kept in a folder so that they are made once."""
    found: list[Pair] = []
    cache.mkdir(parents=True, exist_ok=True)
    for corpus in corpora:
        path = cache / f"{corpus.replace('/', '_')}_{_version()}.npz"
        if not path.is_file():
            report(f"{corpus}: aligning takes of the same words")
            _keep(path, list(pairs(read_takes([corpus], data_dir))))
        found += _kept(path)
    return found


def _version() -> str:
    """Changes with what makes the pairs, so that a folder of an older version is not read."""
    from emogen.codecs import voice_slow

    sources = [Path(name).read_bytes() for name in (__file__, voice_slow.__file__ or "")]
    return hashlib.sha256(b"".join(sources) + ",".join(LEARNT).encode()).hexdigest()[:8]


def _keep(path: Path, found: list[Pair]) -> None:
    lengths = np.array([len(p.source) for p in found])
    words = {k: np.array([getattr(p, k) for p in found]) for k in ("felt", "wanted", "speaker", "corpus", "takes")}
    with atomic_path(path) as part, part.open("wb") as stream:
        np.savez(stream, lengths=lengths, source=np.concatenate([p.source for p in found]),
                 change=np.concatenate([p.change for p in found]), **words)  # fmt: skip


def _kept(path: Path) -> list[Pair]:
    with np.load(path, allow_pickle=False) as stored:
        ends = np.cumsum(stored["lengths"])
        rows = {k: stored[k] for k in stored.files}
    cut = {k: np.split(rows[k], ends[:-1]) for k in ("source", "change")}
    return [
        Pair(cut["source"][i], cut["change"][i], str(rows["felt"][i]), str(rows["wanted"][i]), str(rows["speaker"][i]),
             str(rows["corpus"][i]), (int(rows["takes"][i][0]), int(rows["takes"][i][1])))
        for i in range(len(ends))
    ]  # fmt: skip
