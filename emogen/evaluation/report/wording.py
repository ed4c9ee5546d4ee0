"""Figures -> words: numbers as they are shown, one plain sentence for each modality, and what the terms mean."""

from __future__ import annotations

import math
import unicodedata

import numpy as np

from emogen.evaluation.results import Evaluation, Figure, ModalityResult

#: Modality -> (heading, how it is perceived, what the judge was measured on).
WORDS = {
    "speech": ("Voices", "heard", "real people"),
    "face": ("Faces", "seen", "real people"),
    "motion": ("Movement", "seen", "real people"),
    "music": ("Music", "heard", "music made by people"),
    "image": ("Pictures", "seen", "pictures rated by people"),
    "text": ("Texts", "read", "texts written by people"),
}
#: Figure -> (whether more is better, what it means).
FIGURES = {
    "accuracy": (True, "part of the items that the judge named as asked"),
    "UAR": (True, "mean over the emotions of the part named as asked, so that a frequent emotion counts no more than a rare one"),
    "macro-F1": (True, "mean over the emotions of how complete and how pure the items named so are"),
    "CCC valence": (True, "agreement of pleasantness, asked for against perceived; 1 is the same numbers, 0 none"),
    "CCC arousal": (True, "the same for excitement"),
    "CCC dominance": (True, "the same for being in control"),
    "MAE valence": (False, "mean distance of pleasantness, on a scale from -1 to 1"),
    "MAE arousal": (False, "the same for excitement"),
    "MAE dominance": (False, "the same for being in control"),
    "ECE": (False, "how far the judge's stated confidence lies from how often it is right"),
}  # fmt: skip
GLOSSARY = (
    ("Judge", "a recogniser of emotions that no generator has learnt from and that picks no outputs."),
    ("Ceiling", "what the same judge reaches on people it has never met. No figure should be read without it."),
    ("Fidelity", "the figure of the generated items divided by the ceiling; 100 % is as clear as real people."),
    ("Interval", "95 % bootstrap interval: with other items of the same kind the figure would mostly lie in it."),
    ("Accuracy", "the part of the items that the judge names as asked."),
    ("UAR", "unweighted average recall: that part for each emotion, then the mean. Guessing gives 1 / emotions."),
    ("macro-F1", "mean over the emotions of F1, which falls when items of other emotions are named so too."),
    ("CCC", "concordance correlation of asked and perceived valence, arousal or dominance: 1 the same, 0 unrelated."),
    ("MAE", "mean absolute error of the same, on a scale from -1 to 1; less is better."),
    ("ECE", "expected calibration error: mean gap of stated confidence and being right; 0 is best."),
    ("Fit", "the chance that the judge gives to what was asked for. Items are sorted by it, the lowest first."),
    ("VAD", "valence (unpleasant to pleasant), arousal (calm to excited), dominance (controlled to in control)."),
    ("Coherence", "how voice, face and music of a performance, each by its own judge, follow what was asked for, line by line."),
    ("Conflict", "how far the judges of one file disagree: 0 they agree, 1 they exclude each other."),
)
DASH = "-"


def number(value: float | None, *, percent: bool = False, signed: bool = False) -> str:
    """A number with two decimals, or as "67 %"; "-" where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if percent:
        return f"{value * 100 + 0.0:.0f} %"
    text = f"{value:+.2f}" if signed else f"{value:.2f}"
    return "0.00" if float(text) == 0.0 else text


def interval(figure: Figure | None, *, percent: bool = False) -> str:
    """The interval of a figure, "0.44 to 0.84"; "" where there is none."""
    if figure is None or not (math.isfinite(figure.low) and math.isfinite(figure.high)):
        return ""
    if percent:
        return f"{figure.low * 100:.0f}-{figure.high * 100:.0f} %"
    return f"{number(figure.low)} to {number(figure.high)}"


def vad(values: np.ndarray | None) -> str:
    """Valence, arousal and dominance in one line."""
    if values is None:
        return DASH
    return ", ".join(f"{name} {number(float(v), signed=True)}" for name, v in zip("VAD", values, strict=True))


def heading(modality: str) -> str:
    """The name of a modality in plain words: "Voices"."""
    return WORDS[modality][0] if modality in WORDS else modality.capitalize()


def summary(result: ModalityResult) -> str:
    """One sentence: how many items came across as asked, and how well the judge itself does on people."""
    _, perceived, people = WORDS.get(result.modality, ("", "perceived", "real people"))
    accuracy, ceiling = result.figures.get("accuracy"), result.ceiling.get("accuracy")
    if accuracy is not None and math.isfinite(accuracy.value):
        n = accuracy.n or result.n
        between = interval(accuracy, percent=True).removesuffix(" %")
        within = f", 95 % interval {between}" if between else ""
        said = f"{round(accuracy.value * n)} of {n} {perceived} as asked ({number(accuracy.value, percent=True)}{within})"
        if ceiling is None or not math.isfinite(ceiling.value):
            return f"{said}; how well the judge names {people} is not known."
        return f"{said}; the judge itself names {people} right in {number(ceiling.value, percent=True)}."
    rated = result.figures.get("CCC valence")
    if rated is not None and math.isfinite(rated.value):
        own = result.ceiling.get("CCC valence")
        reach = number(own.value if own else None)
        return f"{_items(result.n)}; valence agrees with what was asked at a CCC of {number(rated.value)} (judge itself: {reach})."
    return f"{_items(result.n)}; what was asked for is not known of enough of them for a figure."


def of_all(evaluation: Evaluation) -> str:
    """One line under the title: how much was evaluated."""
    broken = sum(1 for item in evaluation.items if item.error)
    files = len({str(item.path) for item in evaluation.items})
    said = f"{_items(len(evaluation.items) - broken)} of {files} {'file' if files == 1 else 'files'}"
    return f"{said}; {broken} could not be read." if broken else f"{said}."


def clean(text: str) -> str:
    """Text without what a page cannot hold (control characters, halves of pairs) or what would turn its letters."""
    return "".join(c if c in "\n\t" or _shown(c) else "\ufffd" for c in text)


def _shown(c: str) -> bool:
    return unicodedata.category(c) not in ("Cc", "Cs") and c not in _TURNING


#: Unicode Standard Annex 9: marks, embeddings, overrides and isolates of the writing direction.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _items(n: int) -> str:
    return f"{n} {'item' if n == 1 else 'items'} judged"
