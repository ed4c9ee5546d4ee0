"""Ways of showing the emotion to the conversion's denoiser, all in the ten numbers that `EmotionEncoder` reads.

In training a way shows what a take was acted as; in use it shows what is asked for. What is asked for comes as the ten
numbers of `emotion_features`, and every way makes of them what it shows by a linear map: half of an emotion is shown as
half of what it is, and a mixture as the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.encoder import FEATURES
from emogen.conditioning.vocabulary import BASIC, NEUTRAL
from emogen.training.conversion import Acted, Shown, features, ten_numbers

VAD, AMPLITUDES, INTENSITY = slice(0, 3), slice(3, 3 + len(BASIC)), 3 + len(BASIC)  # among the ten numbers
Floats = NDArray[np.float32]
Array = NDArray[np.float64]
Key = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Way:
    """A way of showing an emotion.

    Attributes:
        name: In tables.
        told: What it shows, in words.
        shown: What is shown of a take in training.
        use: [10, 10] from the ten numbers of what is asked to what is shown in use.
    """

    name: str
    told: str
    shown: Shown
    use: Floats

    def asked(self, ten: Floats) -> Floats:
        """What is shown in use [..., 10] of ten numbers [..., 10]."""
        return np.asarray(ten @ self.use, dtype=np.float32)

    def feeling_alone(self, take: Acted) -> Floats:
        """What is shown in use of a take's feeling at intensity 1, whatever the take is like."""
        return self.asked(features(take.label))


def ways(chances: Mapping[Key, Array], names: Sequence[str], latent: Latent) -> list[Way]:
    """All that are compared; the default is the last.

    Args:
        chances: (pack, number of a take) -> a guide's chances [L].
        names: [L] its labels.
        latent: Fitted directions.
    """
    of_kinds = _kept(AMPLITUDES, INTENSITY)
    return [
        Way("label", "1 for one of the six basic emotions, and intensity 1; no strength", label, of_kinds),
        Way("soft label", "the chances of the six basic emotions, and of anything but neutral, that a guide gives that "
            "very take; it had not learnt from its speaker", soft_labels(chances, names), of_kinds),
        Way("VAD", "the norms of valence, arousal and dominance, times the take's strength", vad, _kept(VAD)),
        Way("directional", "where that very take lies as seen from its speaker's neutral speech, in ten principal "
            "components of the guide's embedding; in use, the feeling's mean direction times the intensity",
            latent.shown, latent.use),
        Way("ten numbers", "VAD, amplitudes of the six basic emotions and intensity, times the take's strength: "
            "the default", ten_numbers, np.eye(FEATURES, dtype=np.float32)),
    ]  # fmt: skip


def _kept(*places: slice | int) -> Floats:
    """The map that keeps some of the ten numbers and makes the others 0."""
    kept = np.zeros(FEATURES, np.float32)
    for place in places:
        kept[place] = 1.0
    return np.diag(kept)


def label(take: Acted) -> Floats:
    """One-hot over the six basic emotions; a feeling that is none of them shows its intensity alone."""
    found = np.zeros(FEATURES, np.float32)
    if take.label != NEUTRAL:
        found[AMPLITUDES] = [float(name == take.label) for name in BASIC]
        found[INTENSITY] = 1.0
    return found


def vad(take: Acted) -> Floats:
    """Valence, arousal and dominance alone."""
    return ten_numbers(take) @ _kept(VAD)


def soft_labels(chances: Mapping[Key, Array], names: Sequence[str]) -> Shown:
    """A guide's chances; the surer it is of neutral, the nearer to 0."""
    columns = [list(names).index(name) for name in BASIC]

    def shown(take: Acted) -> Floats:
        row = chances[take.corpus, take.number]
        found = np.zeros(FEATURES, np.float32)
        found[AMPLITUDES], found[INTENSITY] = row[columns], 1.0 - row[list(names).index(NEUTRAL)]
        return found

    return shown


@dataclass(frozen=True, eq=False)
class Latent:
    """Directions from neutral in an embedding space (EmoReg, arXiv:2412.20359).

    In training each take shows its own place, which says how it was acted; a mean direction times a strength would be
    the amplitudes over again, in other coordinates. In use the mean direction of a feeling is scaled: its multiples are
    intensities, sums are mixtures, negatives lead to the other side of neutral.

    Attributes:
        places: (pack, number of a take) -> [10] how far it lies from its speaker's neutral speech.
        steps: [6, 10] mean direction of each basic emotion, at intensity 1.
    """

    places: Mapping[Key, Floats]
    steps: Floats

    @property
    def use(self) -> Floats:
        """[10, 10] from ten numbers to the place they ask for."""
        found = np.zeros((FEATURES, FEATURES), np.float32)
        found[AMPLITUDES] = self.steps
        return found

    def shown(self, take: Acted) -> Floats:
        """Its own place."""
        return self.places[take.corpus, take.number]


def fit_latent(embedded: Array, keys: Sequence[Key], speakers: Sequence[str], labels: Sequence[str],
               unseen: frozenset[str]) -> Latent:
    """Principal components of how takes differ from neutral, without a centre, so that neutral is at 0.

    Args:
        embedded: [n, E] takes in the embedding space.
        keys: [n] pack and number.
        speakers: [n] who speaks.
        labels: [n] what was acted.
        unseen: Speakers whose takes are placed but not learnt from.
    """
    who, felt = np.array(speakers), np.array(labels)
    away = np.zeros_like(embedded)
    for speaker in np.unique(who):
        own = who == speaker
        away[own] = embedded[own] - embedded[own & (felt == NEUTRAL)].mean(axis=0)
    learnt = (felt != NEUTRAL) & ~np.isin(who, list(unseen))
    kinds: dict[tuple[str, str], Array] = {
        (speaker, feeling): away[learnt & (who == speaker) & (felt == feeling)]
        for speaker, feeling in dict.fromkeys(zip(who[learnt].tolist(), felt[learnt].tolist(), strict=True))
    }
    alike = np.concatenate([rows / np.sqrt(len(rows)) for rows in kinds.values()])  # each kind counts as much
    _, _, axes = np.linalg.svd(alike, full_matrices=False)
    axes = axes[:FEATURES]
    steps = np.zeros((len(BASIC), FEATURES))
    for i, name in enumerate(BASIC):
        means = [rows.mean(axis=0) for (_, feeling), rows in kinds.items() if feeling == name]
        if means:
            steps[i, : len(axes)] = axes @ np.mean(means, axis=0)
    unit = np.linalg.norm(steps, axis=1)[steps.any(axis=1)].mean()
    placed = np.zeros((len(away), FEATURES), np.float32)
    placed[:, : len(axes)] = away @ axes.T / unit
    return Latent(dict(zip(keys, placed, strict=True)), (steps / unit).astype(np.float32))
