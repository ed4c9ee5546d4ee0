"""Figures of looks: what an unseen photograph's look follows from, whether sky is told, and people's colours.

Where weather may fall is learnt beside: whether a picture was taken outdoors, read from the features of the guide's network
by the themes whose place is plain.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.emotion import Emotion
from emogen.pipelines.image.learnt_look import LearntLook, seen_features
from emogen.pipelines.image.look import AT, LOOK, LookRules, felt
from emogen.training.folds import grouped_folds
from emogen.training.image import Pictures
from emogen.training.look import Looks, read_picks

Array = NDArray[np.float64]

FOLDS = 6
#: Themes of OASIS (the maker's half) that are outdoors, and that are not; the others are left out.
OUTSIDE = frozenset((
    "Archery", "Bear", "Boat", "Car", "Car accident", "Car crash", "Cemetery", "Chipmunk", "City", "Cliff diver", "Crow",
    "Desert", "Destruction", "Dock", "Elephant", "Fire hydrant", "Fireman", "Horse", "Horse racing", "Lion", "Nature",
    "Parade", "Plane crash", "Pollution", "Power lines", "Raccoon", "Railroad", "Road", "Rooster", "Rugby", "Sailing",
    "Sidewalk", "Sky", "Snow", "Soldiers", "Sunset", "Swingset", "Tornado", "Volcano", "War", "Windmill", "Wolf",
))  # fmt: skip
INSIDE = frozenset((
    "Angry face", "Astronaut", "Band", "Birthday", "Bored face", "Bottle", "Boxing", "Cardboard", "Cheerleader",
    "Cotton swabs", "Depressed face", "Drink", "Dummy", "Eating", "Frustrated pose", "Keys", "Massage", "Office supplies",
    "Paper", "Party", "Sad pose", "Scary face", "Shot", "Skinhead", "Torture chamber",
))  # fmt: skip
PENALTY = 0.003  # inverse, of the logistic regression on standardised features (own choice)


def outdoors(pictures: Pictures) -> tuple[Array, float]:
    """Weights [1281] of the chance that a picture is of outdoors, and the share told right on unseen themes."""
    from sklearn.linear_model import LogisticRegression

    rows = [i for i, theme in enumerate(pictures.themes) if theme in OUTSIDE | INSIDE]
    features = np.array([seen_features(pictures.pixels[i]) for i in rows])
    truth = np.array([pictures.themes[i] in OUTSIDE for i in rows])
    themes = [pictures.themes[i] for i in rows]
    middle, spread = features.mean(axis=0), features.std(axis=0) + 1e-3

    def fit(which: NDArray[np.intp]) -> LogisticRegression:
        model = LogisticRegression(C=PENALTY, max_iter=2000, class_weight="balanced")
        return model.fit((features[which] - middle) / spread, truth[which])

    right = 0
    for fold in grouped_folds(themes, FOLDS):
        others = np.setdiff1d(np.arange(len(rows)), fold)
        right += int((fit(others).predict((features[fold] - middle) / spread) == truth[fold]).sum())
    model = fit(np.arange(len(rows)))
    weights = model.coef_[0] / spread
    return np.append(weights, model.intercept_[0] - middle @ weights), right / len(rows)


def unseen(looks: Looks) -> dict[str, float]:
    """Correlation of what valence and arousal say with the looks of photographs of unseen themes, of those above 0.08."""
    found = np.zeros_like(looks.scaled)
    for fold in grouped_folds(looks.themes, FOLDS):
        rest = np.setdiff1d(np.arange(len(found)), fold)
        design = np.hstack([np.ones((len(found), 1)), looks.ratings])
        found[fold] = design[fold] @ np.linalg.lstsq(design[rest], looks.scaled[rest], rcond=None)[0]
    r = {name: float(np.corrcoef(found[:, i], looks.scaled[:, i])[0, 1]) for i, name in enumerate(LOOK)}
    return {name: value for name, value in sorted(r.items(), key=lambda item: -item[1]) if value > 0.08}


def agreement(tints: dict[str, Array], picks: dict[str, Array]) -> float:
    """Mean cosine between tints [2] (a*, b*) of words and the colours that people pick for them, the mean taken out."""
    words = sorted(set(tints) & set(picks))
    one = np.array([tints[w] for w in words])
    other = np.array([picks[w][1:] for w in words])
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    return float(np.mean((one * other).sum(axis=1) / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1) + 1e-9)))


def tints_of(table: Array, words: list[str]) -> dict[str, Array]:
    """The tint of the mids that a linear model gives each word, a* and b*."""
    return {w: np.array([table[AT[n]] @ felt(Emotion.parse(w)) for n in ("mid_a", "mid_b")]) for w in words}


def card(model: LearntLook, looks: Looks, table: Array, accuracy: float, data_dir: str | Path | None) -> str:
    """The model card."""
    held = read_picks(True, data_dir)
    words = sorted(held)
    drawn = {w: np.array([np.mean([model(Emotion.parse(w), seed)[n] for seed in range(4)]) for n in ("mid_a", "mid_b")])
             for w in words}  # fmt: skip
    rules = LookRules().table.double().numpy()
    shares = {
        "the drawn looks": agreement(drawn, held),
        "the linear model": agreement(tints_of(table * looks.spread[:, None], words), held),
        "the table alone": agreement(tints_of(rules, words), held),
        "other people (those it learnt from)": agreement({w: p[1:] for w, p in read_picks(False, data_dir).items()}, held),
    }
    size = sum(p.numel() for p in model.state_dict().values()) / 1e6
    lines = "\n".join(f"| {name} | {value:.2f} |" for name, value in shares.items())
    told = ", ".join(f"{name} {value:.2f}" for name, value in unseen(looks).items())
    return f"""---
license: research
checkpoint_kind: research
library_name: emogen
---
# look: a feeling -> the finish of a picture

A *generator*: what an edit of photos and videos asks of light and colour. {size:.2f} M numbers, most of them of a diffusion
model over looks of {len(LOOK)} numbers.

## Data
{len(looks.themes)} photographs of {len(set(looks.themes))} themes of OASIS (Kurdi, Lozano & Banaji 2017; free for research),
the maker's half by a hash of the theme; colours that people picked for 27 words (BottiniLab, GPL-3.0), three participants of
four; the table of the rules (Valdez & Mehrabian 1994, and this project's own).

## Training
`python -m emogen.training.look --out FOLDER`: a linear model of looks held near the table, photographs moving it in valence
and arousal, picked colours in tint; spread as looks of photographs of such a feeling are; learnt by flow matching
({sum(p.numel() for p in model.denoiser.parameters()) / 1e3:.0f} k parameters). Minutes on one core.

## Figures
What rated valence and arousal say of the look of photographs of *unseen themes* (correlation; not listed: below .08):
{told}.
It is little, and brightness is not among it: pleasant photographs are no lighter here than unpleasant ones, against Valdez &
Mehrabian's patches. The table keeps most of its say for that reason: what a grade does is another thing than what pleasant
subjects look like.

Tint of the mids against the colours that the held-out quarter of participants picked (cosine in a*, b*, mean over 27 words):

| tints of | cosine |
|---|---|
{lines}

Outdoors or not, on unseen themes: {accuracy:.2f} told right.

## Limits
Colour carries little of what a picture makes one feel. The photographs are 160 px wide: grain and fine texture are not
learnt. Picked colours are those of one laboratory's participants.
"""

