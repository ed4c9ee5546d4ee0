"""What an evaluation found: items, figures by modality, and how the modalities agree. Plain data, no media."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from emogen.conditioning.recognition import Recognition
    from emogen.conditioning.track import EmotionTrack
    from emogen.evaluation.coherence import Coherence


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        value: nan where it cannot be computed.
        low: Lower end of the 95 % bootstrap interval; nan where there is none.
        high: Upper end.
        n: Items it was computed from.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")
    n: int = 0


@dataclass(frozen=True)
class Line:
    """The line of a performance that an item is a part of.

    Attributes:
        whole: The performance's name.
        number: Of the line in it, from 1.
        start_s: When it begins in the performance (s).
        end_s: When it ends.
        felt: What is felt in it, from its start on.
    """

    whole: str
    number: int
    start_s: float
    end_s: float
    felt: EmotionTrack


@dataclass(frozen=True)
class Item:
    """One file and modality.

    Attributes:
        name: The path, relative to what was evaluated.
        path: Where the media lies.
        modality: "speech", "face", "music", "motion", "image" or "text".
        kind: How a report can show it: "audio", "video", "image", "motion", "score" or "text".
        intended: What was asked for, over time; None where it is not known.
        target: The judge's label nearest to what was asked for; "" where it is not known.
        perceived: What the judge said; None where the file could not be read.
        error: Why not; "" else.
        fit: 0..1, the chance that the judge gives `target`; nan where it is not known. Low is bad.
        agreement: -1..1: how alike asked and perceived VAD point (cosine); nan where it is not known.
        line: Of which performance's line it is a part; None where it is none.
    """

    name: str
    path: Path
    modality: str
    kind: str
    intended: EmotionTrack | None
    target: str
    perceived: Recognition | None
    error: str = ""
    fit: float = float("nan")
    agreement: float = float("nan")
    line: Line | None = None


@dataclass(frozen=True)
class Score:
    """How one emotion came across in one modality.

    Attributes:
        label: The judge's label.
        recall: Part of the generated items of this emotion that the judge named right.
        ceiling: The same for real people of the judge's held-out data.
        fidelity: recall / ceiling, with its interval.
    """

    label: str
    recall: Figure
    ceiling: Figure
    fidelity: Figure


@dataclass(frozen=True)
class IntensityCurve:
    """Items that differ in intensity alone.

    Attributes:
        label: The emotion.
        asked: [k] intensities asked for, rising.
        perceived: [k] mean perceived intensity of that emotion (chance of the label times intensity).
        spearman: Rank correlation, -1..1.
    """

    label: str
    asked: tuple[float, ...]
    perceived: tuple[float, ...]
    spearman: float


@dataclass(frozen=True)
class ModalityResult:
    """All figures of one modality.

    Attributes:
        modality: As in `Item`.
        judge: Name of the judge's checkpoint or backend.
        judge_data: The human data its ceiling was measured on, one phrase.
        labels: The judge's labels, in order.
        confusion: [L, L] counts, rows asked, columns perceived; labels never asked for have empty rows.
        figures: Name -> figure: "accuracy", "UAR", "macro-F1", "CCC valence", "CCC arousal", "CCC dominance",
            "MAE valence", "MAE arousal", "MAE dominance", "ECE".
        ceiling: The same names for the judge on real people.
        fidelity: UAR / the judge's UAR on real people, over the labels asked for.
        scores: One for each label asked for.
        curves: Where several intensities of one emotion were asked for.
        n: Items judged.
        sentence: What may be concluded, honestly: "12 items are too few ...".
    """

    modality: str
    judge: str
    judge_data: str
    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    figures: dict[str, Figure]
    ceiling: dict[str, Figure]
    fidelity: Figure
    scores: tuple[Score, ...]
    curves: tuple[IntensityCurve, ...]
    n: int
    sentence: str


@dataclass(frozen=True)
class Conflict:
    """A file whose modalities say different things.

    Attributes:
        name: The file.
        labels: Modality -> label.
        score: 0..1: Jensen-Shannon divergence (base 2) of the distributions; 1 is full conflict.
    """

    name: str
    labels: dict[str, str]
    score: float


@dataclass(frozen=True)
class Evaluation:
    """An evaluation of a folder or manifest.

    Attributes:
        title: What was evaluated.
        items: In order of their names.
        modalities: Those with at least one readable item.
        conflicts: Files with more than one modality, the most in conflict first.
        warnings: Sentences.
        seconds: How long it took.
        emogen: Version.
        created: Date and time.
        coherences: Performances, and how their modalities follow one track over time.
    """

    title: str
    items: tuple[Item, ...]
    modalities: tuple[ModalityResult, ...]
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    emogen: str = ""
    created: str = field(default="")
    coherences: tuple[Coherence, ...] = ()
