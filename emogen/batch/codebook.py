"""The codebook of a set of stimuli: what each column means, how the sound was treated, how far the judges can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emogen.batch.design import Design
from emogen.batch.job import Job
from emogen.batch.level import FADE_S, LOUDEST_DBFS
from emogen.batch.lists import PRACTICE, Trial, neighbours
from emogen.batch.measures import told
from emogen.evaluation.perceive import MODALITIES
from emogen.evaluation.results import Evaluation, ModalityResult

#: What the judges say, a column each for every modality that is in the media.
JUDGED = {
    "asked": "The judge's label nearest to the emotion that was asked for.",
    "judged": "The label that the judge gives.",
    "confidence": "0..1, calibrated chance that most people would give that label too.",
    "fit": "0..1, the chance that the judge gives the label asked for.",
    "valence": "-1..1, as the judge perceives it.",
    "arousal": "-1..1, as the judge perceives it.",
    "dominance": "-1..1, as the judge perceives it.",
    "ceiling": "0..1, how often the judge gives the label asked for to real people who show it: no stimulus can be expected to do better.",
}  # fmt: skip


def codebook(jobs: Sequence[Job], design: Design, columns: Sequence[str], evaluation: Evaluation | None,
             trials: Sequence[Trial], seed: int) -> dict[str, Any]:  # fmt: skip
    """What `stimuli.json` holds.

    Args:
        jobs: Of the set.
        design: Of the set.
        columns: Of its table.
        evaluation: What the judges say, where there was anything for them.
        trials: Of all lists.
        seed: Of their orders.
    """
    main = [trial for trial in trials if trial.phase == "main"]
    lists = [[t.cell for t in main if t.list == number] for number in sorted({t.list for t in main})]
    return {
        "schema": 1,
        "design": {
            "item": design.item_field or "one item",
            "items": len({item for item, _ in design.cells.values()}),
            "conditions": list(design.conditions),
            "factors": {name: list(found) for name, found in design.factors.items()},
            "constants": dict(design.constants),
            "complete": len(design.cells) == len({i for i, _ in design.cells.values()}) * len(design.conditions),
            "seeds": "Jobs of a grid that differ in emotion or intensity alone share a seed, so that they differ in nothing else; "
                     "seeds of a manifest are its own, or of each id.",
        },
        "sound": _sound_told({job.level for job in jobs}),
        "columns": {column: _column_told(column, design) for column in columns},
        "judges": [_judge_told(one) for one in (evaluation.modalities if evaluation else ())],
        "lists": {
            "lists": len(lists),
            "trials": len(lists[0]) if lists else 0,
            "practice": PRACTICE,
            "seed": seed,
            "design": "Every list shows every stimulus once. Blocks: each item once. The order of an item's conditions over the "
                      "blocks is a row of a balanced Latin square (Williams 1949), another one for each item and list. Practice "
                      "trials are stimuli of the set, which come again in the main part; give participants the lists in turn.",
            "like_neighbours": sum(neighbours(cells) for cells in lists),
        },
        "flags": "A stimulus that a judge perceives otherwise than asked, or that is not at the level asked for, is flagged and "
                 "stays: leave it out by the column `flag`. Judges err on people, too (column `..._ceiling`): a flag is no proof.",
    }  # fmt: skip


def _sound_told(levels: Iterable[str]) -> dict[str, Any]:
    found = [level for level in levels if level]
    if not found:
        return {"matched": False, "told": "Sounds are as loud as the pipelines made them."}
    return {
        "matched": True,
        "target": sorted(found),
        "peak_limit_dbfs": LOUDEST_DBFS,
        "fades_s": FADE_S,
        "told": "One gain for each file to the target: lufs is programme loudness by ITU-R BS.1770-4 (EBU R 128 asks for -23), "
                "rms the level of all samples; both ends are faded by raised cosines. Effort, brightness and dynamics are as "
                "they were.",
    }  # fmt: skip


def _column_told(column: str, design: Design) -> dict[str, str]:
    plain = {
        "id": "The stimulus; its file has this name.",
        "item": f"The item: a level of {design.item_field}." if design.item_field else "The only item.",
        "condition": "The levels of all factors but the item, put together.",
        "seed": "Of everything drawn for it.",
        "file": "In this folder; NAME.json beside it says everything that was asked and used.",
        "flag": "Why to look at it before use; empty: nothing.",
    }
    if column in plain:
        return {"told": plain[column]}
    if column in design.factors:
        return {"told": "A factor: what was asked for, as written."}
    modality, _, what = column.partition("_")
    if what in JUDGED and modality in MODALITIES:
        return {"told": JUDGED[what], "modality": modality}
    unit, text = told(column)
    return {"told": text, **({"unit": unit} if unit else {})}


def _judge_told(one: ModalityResult) -> dict[str, Any]:
    def rounded(figures: Mapping[str, Any]) -> dict[str, float]:
        known = {name: figures[name].value for name in ("accuracy", "UAR") if name in figures}
        return {name: round(value, 4) for name, value in known.items() if math.isfinite(value)}

    return {
        "modality": one.modality,
        "judge": one.judge,
        "labels": list(one.labels),
        "real_people": one.judge_data,
        "on_real_people": rounded(one.ceiling),
        "on_this_set": rounded(one.figures),
        "told": one.sentence,
    }
