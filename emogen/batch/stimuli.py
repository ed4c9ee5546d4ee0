"""A batch as a set of stimuli: what each one is, how judges perceive it, what else differs, and in which orders to show it.

`stimuli.csv` has a row a stimulus, `stimuli.json` explains its columns, `lists.csv` has the presentation lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from emogen.batch.codebook import JUDGED, codebook
from emogen.batch.design import Design, design_of, levels_of
from emogen.batch.job import Job
from emogen.batch.lists import Trial, presentation
from emogen.batch.measures import measured
from emogen.batch.table import write_table
from emogen.errors import EmogenError
from emogen.evaluation.evaluate import evaluate
from emogen.evaluation.perceive import SUFFIXES, side_by_side
from emogen.evaluation.results import Evaluation, Item
from emogen.media.jsonio import read_json, write_json
from emogen.media.sidecar import sidecar_path

TABLE, CODEBOOK, LISTS = "stimuli.csv", "stimuli.json", "lists.csv"
LIST_COLUMNS = ("list", "order", "phase", "block", "id", "item", "condition", "file")


def write_stimuli(
    jobs: Sequence[Job], out: str | Path, *, seed: int = 0, progress: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Judges and measures what a batch made, and writes table, codebook and lists into its folder.

    What the judges perceive otherwise than asked is flagged and stays. The files depend on the media and the seed alone.

    Args:
        jobs: All of the batch; those whose file is missing are flagged, and are in no list.
        out: The folder of the batch.
        seed: Of the presentation orders.
        progress: Receives a line now and then.

    Returns:
        "stimuli", "flagged", "lists": how many; "files": what was written.

    Raises:
        InputError: Jobs that are no set of stimuli.
        OutputError: A file could not be written.
    """
    out, say = Path(out), progress or (lambda _: None)
    design = design_of(jobs)
    made = {job.id: out / f"{job.id}{job.suffix}" for job in jobs}
    there = {name: path for name, path in made.items() if path.is_file() and sidecar_path(path).is_file()}
    say(f"{len(there)} stimuli are judged and measured")
    evaluation = _judged(out, there)
    by_file: dict[str, dict[str, Item]] = {}
    for item in evaluation.items if evaluation else ():
        by_file.setdefault(item.path.name, {})[item.modality] = item
    ceilings = _ceilings(evaluation)
    measures = dict(zip(there, side_by_side(_measured, list(there.values())), strict=True))
    rows = [
        _row(job, design, made[job.id], by_file.get(made[job.id].name, {}), measures.get(job.id), ceilings) for job in jobs
    ]
    trials = presentation({design.cells[name]: name for name in there}, seed)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    columns.append(columns.pop(columns.index("flag")))
    written = [
        write_table(out / TABLE, columns, rows),
        write_table(out / LISTS, LIST_COLUMNS, [_trial(trial, design, made) for trial in trials]),
        write_json(out / CODEBOOK, codebook(jobs, design, columns, evaluation, trials, seed)),
    ]
    return {
        "stimuli": len(there),
        "flagged": sum(bool(row["flag"]) for row in rows),
        "lists": max((trial.list for trial in trials), default=0),
        "files": [str(path) for path in written],
    }


def _judged(out: Path, there: Mapping[str, Path]) -> Evaluation | None:
    """What the judges say; None where there is nothing that they read."""
    return evaluate(out) if any(path.suffix in SUFFIXES for path in there.values()) else None


def _ceilings(evaluation: Evaluation | None) -> dict[tuple[str, str], float]:
    return {
        (one.modality, score.label): score.ceiling.value
        for one in (evaluation.modalities if evaluation else ()) for score in one.scores
    }  # fmt: skip


def _measured(path: Path) -> dict[str, Any]:
    try:
        return dict(measured(path))
    except EmogenError as error:
        return {"problem": str(error)}


def _row(job: Job, design: Design, path: Path, judged: Mapping[str, Item], measures: Mapping[str, Any] | None,
         ceilings: Mapping[tuple[str, str], float]) -> dict[str, Any]:  # fmt: skip
    levels = levels_of(job)
    row: dict[str, Any] = {
        "id": job.id,
        "item": design.item(job.id),
        "condition": design.condition(job.id),
        **{name: levels.get(name, "") for name in design.factors},
        "seed": job.seed,
        "file": path.name,
    }
    if measures is None:
        return row | {"flag": "was not made; failures.csv says why."}
    flags = [str(measures["problem"])] if "problem" in measures else []
    for modality, item in sorted(judged.items()):
        row |= _perceived(item, ceilings)
        if item.error:
            flags.append(f"{modality}: {item.error}")
        elif item.perceived is not None and item.target and item.perceived.label != item.target:
            flags.append(f"{modality}: asked {item.target}, judged {item.perceived.label}.")
    row |= {name: value for name, value in measures.items() if name != "problem"}
    flags += [warning for warning in read_json(sidecar_path(path)).get("warnings", []) if "dBFS" in warning]
    return row | {"flag": " ".join(flags)}


def _perceived(item: Item, ceilings: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    if item.perceived is None:
        return {}
    valence, arousal, dominance = (float(v) for v in item.perceived.emotion.vad)
    values = {
        "asked": item.target, "judged": item.perceived.label, "confidence": item.perceived.confidence, "fit": item.fit,
        "valence": valence, "arousal": arousal, "dominance": dominance,
        "ceiling": ceilings.get((item.modality, item.target), float("nan")),
    }  # fmt: skip
    return {f"{item.modality}_{name}": values[name] for name in JUDGED}


def _trial(trial: Trial, design: Design, made: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "list": trial.list, "order": trial.order, "phase": trial.phase, "block": trial.block, "id": trial.id,
        "item": design.item(trial.id), "condition": design.condition(trial.id), "file": made[trial.id].name,
    }  # fmt: skip
