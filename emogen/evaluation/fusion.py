"""Several recognitions -> one: two opinions on one modality, or voice, face and body of one video.

Opinions are averaged by how much each is worth (its confidence); a recogniser that found nothing to judge has
no vote. How far the opinions lie apart is the conflict: the Jensen-Shannon divergence of their distributions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from emogen.conditioning.recognition import Recognition, recognition
from emogen.conditioning.vocabulary import norm, term
from emogen.evaluation.metrics import js_divergence

#: From here on voices and faces are said to disagree: half of the largest divergence there is (own assumption).
CONFLICT = 0.5
_EPSILON = 1e-9


def pool(opinions: Sequence[Recognition], modality: str) -> Recognition:
    """One recognition from several of the same media.

    Chances, VAD and intensity are means weighted by confidence, over the union of all labels. The confidence is
    the pooled chance of the label times the mean certainty: opinions that contradict each other leave little.

    Args:
        opinions: At least one.
        modality: Of the result.
    """
    heard = [o for o in opinions if o.confidence > 0.0]
    if not heard:
        return replace(opinions[0], modality=modality)
    if len(heard) == 1:
        return replace(heard[0], modality=modality)
    worth = np.array([o.confidence for o in heard])
    worth = worth / worth.sum()
    chances: dict[str, float] = {}
    for share, opinion in zip(worth, heard, strict=True):
        for label, chance in opinion.distribution.items():
            chances[term(label)] = chances.get(term(label), 0.0) + float(share * chance)
    vad = worth @ np.stack([o.emotion.vad for o in heard])
    certainty = float(worth @ [o.confidence / max(o.distribution[o.label], _EPSILON) for o in heard])
    pooled = recognition(
        chances,
        modality,
        intensity=float(worth @ [o.emotion.intensity for o in heard]),
        certainty=min(certainty, 1.0),
        over_time=next((o.over_time for o in heard if o.over_time is not None), None),
        because=next((o.because for o in heard if o.because), ""),
        note=_note(heard),
    )
    return replace(
        pooled, emotion=type(pooled.emotion).measured(pooled.emotion.weights, vad.tolist(), pooled.emotion.intensity)
    )


def _note(heard: Sequence[Recognition]) -> str:
    notes = [o.note for o in heard if o.note]
    labels = list(dict.fromkeys(o.label for o in heard))
    if conflict(heard) >= CONFLICT:
        notes.append(f"the recognisers disagree: {' or '.join(labels)}")
    return "; ".join(dict.fromkeys(notes))


def conflict(opinions: Sequence[Recognition]) -> float:
    """0..1: the largest Jensen-Shannon divergence (base 2) between two of the opinions; 0 for fewer than two."""
    rows = [{term(label): chance for label, chance in o.distribution.items()} for o in opinions if o.confidence > 0.0]
    union = sorted({label for row in rows for label in row})
    table = np.array([[row.get(label, 0.0) for label in union] for row in rows])
    pairs = [(i, j) for i in range(len(rows)) for j in range(i)]
    return max((float(np.ravel(js_divergence(table[i], table[j]))[0]) for i, j in pairs), default=0.0)


def target(weights: Mapping[str, float], intensity: float, labels: Sequence[str]) -> str:
    """The label of a recogniser that is nearest to an emotion.

    Every term gives its share to itself where it is a label, else to the label whose norm is nearest in VAD
    space; the label with the largest share wins.

    Args:
        weights: Term -> share.
        intensity: 0..1.5; what is hardly felt is neutral, where that is a label.
        labels: The recogniser's labels.
    """
    names = {term(label): label for label in labels}
    if "neutral" in names and intensity < FAINT:
        return names["neutral"]
    shares = dict.fromkeys(labels, 0.0)
    for word, share in weights.items():
        own = term(word)
        if own == "neutral" and "neutral" not in names:
            continue
        nearest = own if own in names else min(names, key=lambda other: float(np.sum((norm(other) - norm(own)) ** 2)))
        shares[names[nearest]] += share
    return max(shares, key=shares.__getitem__)


#: Below this intensity an emotion is called neutral (own assumption).
FAINT = 0.15
