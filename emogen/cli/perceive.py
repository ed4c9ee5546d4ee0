"""Commands that perceive: recognize and evaluate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.cli.options import Json
from emogen.errors import EmogenError, InputError

Modality = Annotated[
    list[str] | None, typer.Option("--modality", "-m", help="Only this: speech, face, motion, image, music, text.")
]
STEP_S = 1.0  # of the lines of --over-time


def recognize(
    files: Annotated[list[str], typer.Argument(help="Sound, video, pictures, MIDI, BVH, texts, folders; or words.")],
    modality: Modality = None,
    over_time: Annotated[bool, typer.Option("--over-time", help="Also which emotion appears when.")] = False,
    as_json: Json = False,
) -> None:
    """What media feel like: one line (with --json one object) for each file and modality."""
    from emogen.evaluation.perceive import MODALITIES

    unknown = [name for name in modality or () if name not in MODALITIES]
    if unknown:
        raise InputError("--modality", f'found "{unknown[0]}"', f"Accepted: {', '.join(MODALITIES)}.")
    failed = 0
    for given, found in _found(files, modality):
        if isinstance(found, EmogenError):
            failed = max(failed, found.exit_code)
            print(f"emogen: {found}", file=sys.stderr)
            if as_json:
                print(json.dumps({"file": given, "error": str(found)}, ensure_ascii=False), flush=True)
        elif as_json:
            for row in found.to_dicts():
                if not over_time:
                    row.pop("over_time", None)
                print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            print("\n".join(_lines(found, over_time)), flush=True)
    if failed:
        raise SystemExit(failed)


def _found(files: list[str], modalities: list[str] | None) -> Iterator[tuple[str, Any]]:
    """What was given, and its recognitions or its error."""
    from emogen.evaluation.perceive import recognize_file, recognize_words, side_by_side

    def one(given: Path | str) -> Any:
        try:
            if isinstance(given, Path):
                return recognize_file(given, modalities=modalities)
            return recognize_words(given)
        except EmogenError as error:
            return error

    everything = list(_each(files))
    yield from zip(map(str, everything), side_by_side(one, everything), strict=True)


def _each(files: list[str]) -> Iterator[Path | str]:
    """Files, what is in folders, and words that name no file."""
    from emogen.evaluation.perceive import find_files, names_a_file

    for given in files:
        if names_a_file(given):
            yield from find_files([given])
        else:
            yield given


def _lines(found: Any, over_time: bool) -> Iterator[str]:
    for modality, one in found.items():
        v, a, d = one.emotion.vad
        if one.confidence == 0.0:
            yield f"{found.file}  {modality}: nothing to judge ({one.note})"
            continue
        several = sorted(one.distribution.items(), key=lambda item: -item[1])[:3]
        told = ", ".join(f"{label} {chance:.2f}" for label, chance in several)
        feel = f"V {v:+.2f} A {a:+.2f} D {d:+.2f}, intensity {one.emotion.intensity:.2f}"
        why = "; ".join(text for text in (one.because.rpartition(": ")[0], one.note) if text)
        yield f"{found.file}  {modality}: {told} | {feel} | confidence {one.confidence:.2f}" + (f" | {why}" if why else "")
        if over_time and one.over_time is not None:
            for frame in one.over_time.keyframes:
                yield f"    {frame.t:7.1f} s  {frame.emotion.describe()}"
    if found.disagreement:
        yield f"{found.file}  {found.disagreement}"


def evaluate(
    source: Annotated[Path, typer.Argument(help="A folder, a manifest (.csv, .jsonl, .json), or a file.")],
    report: Annotated[Path | None, typer.Option(help="The .html to write.")] = None,
    judge: Annotated[
        list[str] | None, typer.Option(help="MODALITY=BACKEND, e.g. speech=transformers:PATH_OR_ID.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How well the emotions asked for come across, judged by recognisers that had no part in making them."""
    from emogen.evaluation.as_json import to_dict
    from emogen.evaluation.evaluate import evaluate as judged
    from emogen.media.atomic import check_writable

    if report is not None:
        check_writable(report, suffixes=(".html",))
    backends = dict(_judge(one) for one in judge or ())
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        found = judged(
            source,
            judges=backends,
            progress=lambda done, n, name: bar.update(task, completed=done, total=n, description=name[-40:]),
        )
    if report is not None:
        from emogen.evaluation.report import write_report

        write_report(found, report)
    if as_json:
        print(json.dumps(to_dict(found), ensure_ascii=False))
    else:
        print("\n".join(_told(found)))
        if report is not None:
            print(f"{report} ({report.stat().st_size / 1e6:.1f} MB)")
    if all(item.error for item in found.items):
        raise SystemExit(2)


def _judge(written: str) -> tuple[str, str]:
    from emogen.evaluation.judges import EMBEDDED

    modality, _, backend = written.partition("=")
    if modality not in EMBEDDED or not backend:
        raise InputError("--judge", f'found "{written}"', f"Write MODALITY=BACKEND; modalities: {', '.join(EMBEDDED)}.")
    return modality, backend


def _told(found: Any) -> Iterator[str]:
    for item in found.items:
        if item.error:
            yield f"{item.name}: {item.error}"
    for result in found.modalities:
        yield f"{result.modality}: {result.n} items, judged by {result.judge} ({result.judge_data})"
        for name, figure in result.figures.items():
            yield f"  {name:15} {_figure(figure):24} on real people {_figure(result.ceiling.get(name))}"
        yield f"  {result.sentence}"
    for one in found.conflicts:
        if one.score >= 0.5:
            yield f"{one.name}: {', '.join(f'{m} {label}' for m, label in one.labels.items())} (conflict {one.score:.2f})"
    yield from (f"note: {warning}" for warning in found.warnings)


def _figure(figure: Any) -> str:
    from emogen.evaluation.standing import cell

    return cell(figure)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    for command in (recognize, evaluate):
        app.command()(command)
