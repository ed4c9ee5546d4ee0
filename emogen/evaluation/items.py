"""What is to be judged, and what was asked for: from a folder with sidecars, a manifest, or single files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emogen.conditioning.reference import FolderResolver, inside
from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.evaluation.perceive import MODALITIES, find_files
from emogen.evaluation.results import Line
from emogen.limits import LIMITS
from emogen.media.jsonio import parse_json, read_json
from emogen.media.sidecar import sidecar_path
from emogen.media.sniff import read_text

#: Modality of an output -> modalities in which it is judged.
JUDGED = {
    "speech": ("speech",),
    "talking_head": ("face", "speech"),
    "gesture": ("motion",),
    "music": ("music",),
    "image": ("image",),
    "video": ("face", "speech", "motion"),
    "performance": ("face", "speech"),
}
#: Behind the name of a performance: the folder of its stems.
STEMS = "_stems"
#: Music around the middle of a line that is judged with it (s); what its judge learnt from lasts longer, own assumption.
MUSIC_S = 10.0
MANIFESTS = (".csv", ".jsonl", ".json")
COLUMNS = "Columns: file, intended, and, where wanted, modality, start_s, end_s."


@dataclass(frozen=True)
class Task:
    """One piece of media to be judged.

    Attributes:
        name: To be shown: the path relative to what is evaluated, and the time where it is a part.
        path: Where the media lies.
        modalities: In which it is judged; None: in all that are in it.
        intended: What was asked for, over the time of the piece; None where that is not known.
        start_s: Where the piece starts in the file (s).
        end_s: Where it ends; None: at the end of the file.
        problem: Why it cannot be judged; "" where it can.
        line: Of which performance's line it is a part; None where it is none.
    """

    name: str
    path: Path
    modalities: tuple[str, ...] | None = None
    intended: EmotionTrack | None = None
    start_s: float = 0.0
    end_s: float | None = None
    problem: str = ""
    line: Line | None = None

    @property
    def is_part(self) -> bool:
        """Whether it is less than the whole file."""
        return self.start_s > 0.0 or self.end_s is not None


def gather(source: str | Path) -> list[Task]:
    """What is to be judged in a folder, a manifest (.csv, .jsonl, .json) or a single file.

    In a folder each media file takes what was asked for from its sidecar `NAME.json`, where it has one; a
    performance becomes one task a line. A manifest names files in its own folder.

    Raises:
        InputError: Nothing there to be judged, or a manifest without the columns it needs.
        FormatError: A manifest that cannot be read.
        LimitError: More items than `limits.items`.
    """
    source = Path(source)
    if not source.exists():
        raise InputError(str(source), "there is no such file or folder", "Name a folder, a manifest or a media file.")
    if source.is_file() and source.suffix.lower() in MANIFESTS:
        tasks = list(_manifest(source))
    else:
        root = source if source.is_dir() else source.parent
        tasks = [task for path in find_files([source]) for task in _described(path, root) if _not_a_by_product(path)]
    if not tasks:
        raise InputError(str(source), "names nothing to be judged", COLUMNS)
    if len(tasks) > LIMITS.items:
        raise LimitError(str(source), f"{len(tasks):,} items", f"The limit is {LIMITS.items:,} (limits.items).")
    return tasks


def _not_a_by_product(path: Path) -> bool:
    """Neither texts beside media (notes, a README) without a sidecar nor the stems of a performance are items."""
    for folder in path.parents:
        whole = folder.name.removesuffix(STEMS)
        if whole != folder.name and folder.with_name(f"{whole}.json").is_file():
            return False
    return path.suffix.lower() not in (".txt", ".md") or sidecar_path(path).is_file()


def _described(path: Path, root: Path) -> Iterator[Task]:
    name = path.relative_to(root).as_posix()
    task = Task(name, path)
    beside = sidecar_path(path)
    if not beside.is_file():
        yield task
        return
    try:
        sidecar = read_json(beside)
        if not isinstance(sidecar, dict) or "emotion" not in sidecar:
            yield task  # a JSON file of somebody else that happens to bear this name
            return
        plan = (sidecar.get("media") or {}).get("plan", {})
        if sidecar.get("modality") == "performance" and plan.get("lines"):
            yield from _lines(task, plan, EmotionTrack.from_dict(sidecar["emotion"]))
            return
        intended = EmotionTrack.from_dict(sidecar["emotion"])
        yield replace(task, modalities=_judged(str(sidecar.get("modality")), path), intended=intended)
    except (EmogenError, AttributeError, TypeError) as error:
        yield replace(task, problem=f"its sidecar {beside.name} cannot be understood: {error}")


def _judged(modality: str, path: Path) -> tuple[str, ...] | None:
    if modality in MODALITIES and modality not in JUDGED:
        return (modality,)
    named = JUDGED.get(modality)
    if named and path.suffix.lower() in (".wav", ".flac") and "speech" in named:
        return ("speech",)  # the sound alone of a talking head
    return named


def _lines(task: Task, plan: Mapping[str, Any], whole: EmotionTrack) -> Iterator[Task]:
    """A performance line by line: its face and its voice, and the music around it; by the stems where they lie beside."""
    stems = task.path.with_name(f"{task.path.stem}{STEMS}")
    music = stems / "music.wav"
    for number, line in enumerate(plan["lines"], start=1):
        start_s, end_s, intended = float(line["start_s"]), float(line["end_s"]), EmotionTrack.from_dict(line["emotion"])
        at = f"line {number} ({start_s:.1f}-{end_s:.1f} s)"
        part = replace(
            task, name=f"{task.name} {at}", intended=intended, start_s=start_s, end_s=end_s,
            line=Line(task.name, number, start_s, end_s, intended),
        )  # fmt: skip
        voice = stems / "voices" / f"{line['speaker']}.wav"
        if voice.is_file() and task.path.suffix.lower() != ".wav":
            yield replace(part, modalities=("face",))
            yield replace(part, modalities=("speech",), path=voice)
        else:
            yield replace(part, modalities=_judged("performance", task.path))
        if music.is_file() and task.path.suffix.lower() != ".wav":
            middle = (start_s + end_s) / 2
            first, last = max(middle - MUSIC_S / 2, 0.0), min(middle + MUSIC_S / 2, float(plan["duration_s"]))
            yield replace(part, modalities=("music",), path=music, intended=whole.slice(first, last), start_s=first, end_s=last)


def _manifest(path: Path) -> Iterator[Task]:
    resolver = FolderResolver(path.parent)
    for where, row in _rows(path):
        name = str(row.get("file") or "").strip()
        if not name:
            raise InputError(where, 'has no value under "file"', COLUMNS)
        task = Task(name, path.parent / name)
        try:
            file = inside(path.parent, name, f"{where}, file")
            task = replace(task, path=file)
            yield _row_task(task, row, where, resolver)
        except EmogenError as error:
            yield replace(task, problem=str(error))


def _row_task(task: Task, row: Mapping[str, Any], where: str, resolver: FolderResolver) -> Task:
    written = str(row.get("intended") or "").strip()
    modality = str(row.get("modality") or "").strip().lower()
    start, end = (_seconds(row.get(key), f"{where}, {key}") for key in ("start_s", "end_s"))
    known = (*MODALITIES, *JUDGED)
    if modality and modality not in known:
        raise InputError(f"{where}, modality", f'found "{modality}"', f"Accepted: {', '.join(dict.fromkeys(known))}.")
    if end is not None and end <= (start or 0.0):
        raise InputError(f"{where}, end_s", f"{end:g} is not after {start or 0.0:g}")
    part = "" if start is None and end is None else f" ({start or 0.0:g}-{'end' if end is None else f'{end:g}'} s)"
    if part and task.path.suffix.lower() in (".mid", ".midi", ".bvh", ".png", ".jpg", ".jpeg", ".webp", ".txt", ".md"):
        raise InputError(f"{where}, start_s", "only a part of a sound or a video can be judged")
    return replace(
        task,
        name=task.name + part,
        modalities=_judged(modality, task.path) if modality else None,
        intended=EmotionTrack.of(parse(written, resolver=resolver)) if written else None,
        start_s=start or 0.0,
        end_s=end,
    )


def _seconds(value: Any, where: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise InputError(where, f'found "{value}"', "A number of seconds is needed.") from None
    if not 0.0 <= seconds <= LIMITS.video_s:
        raise InputError(where, f"found {seconds:g}", f"Accepted: 0 to {LIMITS.video_s:g} s.")
    return seconds


def _rows(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    text = read_text(path, max_bytes=LIMITS.json_bytes, limit="json_bytes")
    if path.suffix.lower() == ".csv":
        return _csv_rows(path, text)
    if path.suffix.lower() == ".jsonl":
        lines = [(f"{path.name} line {i}", line) for i, line in enumerate(text.splitlines(), start=1) if line.strip()]
        rows = [(where, parse_json(line, where)) for where, line in lines]
    else:
        whole = parse_json(text, str(path))
        if not isinstance(whole, list):
            raise FormatError(str(path), "is not a JSON list of objects", COLUMNS)
        rows = [(f"{path.name} item {i}", row) for i, row in enumerate(whole, start=1)]
    for where, row in rows:
        if not isinstance(row, dict):
            raise FormatError(where, f"found {json.dumps(row)[:40]}", f"An object is needed. {COLUMNS}")
    return rows


def _csv_rows(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    try:
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter, strict=True)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        if "file" not in names:
            raise InputError(str(path), f"has the columns {', '.join(names) or 'none'}", COLUMNS)
        reader.fieldnames = names
        return [(f"{path.name} line {reader.line_num}", row) for row in reader]
    except csv.Error as error:
        raise FormatError(str(path), f"is not a CSV table: {error}", COLUMNS) from error
