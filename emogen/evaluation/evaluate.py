"""What was made -> how independent judges perceive it: every item judged, then the figures of each modality."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emogen._version import __version__
from emogen.conditioning.recognition import Recognition, Recognizer
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError
from emogen.evaluation import fusion, perceive
from emogen.evaluation.coherence import coherences, trusted
from emogen.evaluation.items import Task, gather
from emogen.evaluation.results import Conflict, Evaluation, Item
from emogen.evaluation.summary import summaries
from emogen.media.sniff import kind_of

#: Called after each item: how many were done before it, how many there are, and its name.
Progress = Callable[[int, int, str], None]
SAMPLES_HZ = 5.0  # how often a track is looked at to say what was asked for
MOSTLY = 0.6  # of the time a label must be asked for to be the item's target (own assumption)
KINDS = {
    "wav": "audio", "flac": "audio", "ogg": "audio", "mp3": "audio", "mp4": "video", "matroska": "video",
    "png": "image", "jpeg": "image", "webp": "image", "midi": "score", "bvh": "motion", "text": "text",
}  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    items: tuple[Item, ...]
    conflict: Conflict | None = None


def evaluate(
    source: str | Path, *, judges: Mapping[str, str] | None = None, progress: Progress | None = None
) -> Evaluation:
    """Judges everything in a folder or manifest, and says how far to trust it.

    Args:
        source: A folder of media with their sidecars, a manifest (.csv, .jsonl, .json) with the columns `file` and
            `intended`, or one file.
        judges: Modality -> backend of its judge; left out: the embedded ones.
        progress: Called after each item, and at the end.

    Raises:
        InputError: Nothing there to be judged.
        FormatError: A manifest that cannot be read.
        LimitError: More items than `limits.items`.
    """
    begun = time.perf_counter()
    tasks = gather(source)
    backends = dict(judges or {})

    def panel(modality: str) -> list[Recognizer]:
        return [perceive.judge_of(modality, backends.get(modality, "embedded"))]

    found: list[_Judged] = []
    for one in perceive.side_by_side(lambda task: _judge(task, panel), tasks):
        if progress:
            progress(len(found), len(tasks), tasks[len(found)].name)
        found.append(one)
    if progress:
        progress(len(tasks), len(tasks), "")
    items = tuple(item for one in found for item in one.items)
    modalities = summaries(items, backends)
    conflicts = sorted((one.conflict for one in found if one.conflict), key=lambda c: -c.score)
    return Evaluation(
        title=Path(source).name or str(source),
        items=items,
        modalities=modalities,
        conflicts=tuple(conflicts),
        coherences=tuple(coherences(items, trusted(modalities))),
        warnings=tuple(_warnings(items)),
        seconds=round(time.perf_counter() - begun, 2),
        emogen=__version__,
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    )


def _judge(task: Task, panel: perceive.Panel) -> _Judged:
    if task.problem:
        return _Judged((_failed(task, task.problem),))
    try:
        seen = perceive.recognize_file(
            task.path, modalities=task.modalities, panel=panel, start_s=task.start_s, end_s=task.end_s
        )
    except EmogenError as error:
        return _Judged((_failed(task, str(error)),))
    parts = {modality: one for modality, one in seen.items() if modality != "video"}
    items = tuple(_item(task, modality, one) for modality, one in parts.items())
    if seen.conflict is None:
        return _Judged(items)
    return _Judged(items, Conflict(task.name, {m: one.label for m, one in parts.items()}, seen.conflict))


def _item(task: Task, modality: str, perceived: Recognition) -> Item:
    target = asked_label(task.intended, perceived) if task.intended else ""
    fit = perceived.distribution[target] if target else float("nan")
    agreement = _cosine(asked_vad(task.intended), perceived.emotion.vad) if task.intended else float("nan")
    return Item(
        task.name, task.path, modality, _kind(task.path), task.intended, target, perceived,
        fit=fit, agreement=agreement, line=task.line,
    )  # fmt: skip


def _failed(task: Task, why: str) -> Item:
    modality = task.modalities[0] if task.modalities else "unknown"
    return Item(task.name, task.path, modality, _kind(task.path), task.intended, "", None, error=why, line=task.line)


def _kind(path: Path) -> str:
    try:
        return KINDS.get(kind_of(path), "text")
    except EmogenError:
        return "text"


def _moments(track: EmotionTrack) -> Iterator[float]:
    yield from np.arange(0.0, track.duration + 1e-9, 1.0 / SAMPLES_HZ).tolist()


def asked_label(track: EmotionTrack, perceived: Recognition) -> str:
    """The judge's label that was asked for most of the time; "" where none was for `MOSTLY` of it."""
    labels = tuple(perceived.distribution)
    emotions = [track.at(t) for t in _moments(track)]
    named = [fusion.target(e.weights, e.intensity, labels) for e in emotions]
    best = max(dict.fromkeys(named), key=named.count)
    return best if named.count(best) >= MOSTLY * len(named) else ""


def asked_vad(track: EmotionTrack | None) -> np.ndarray:
    """Mean felt VAD [3] over a track."""
    if track is None:
        return np.full(3, np.nan)
    return np.asarray(np.mean([track.at(t).vad for t in _moments(track)], axis=0))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    power = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / power if power > 1e-9 else float("nan")


def _warnings(items: tuple[Item, ...]) -> Iterator[str]:
    broken = [item for item in items if item.error]
    if broken:
        yield f"{len(broken)} of {len(items)} items could not be judged; each says why."
    unknown = [item for item in items if not item.error and item.intended is None]
    if unknown:
        yield (
            f"Of {len(unknown)} items it is not known what was asked for: they are shown, and count in no figure. A "
            "sidecar or an `intended` column says it."
        )
    unsure = [item for item in items if item.perceived is not None and item.perceived.confidence == 0.0]
    if unsure:
        yield f"In {len(unsure)} items there was nothing to judge (silence, no face ...); they count as not perceived."
