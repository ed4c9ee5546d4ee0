"""Words that name what a face does ("smiling through tears") -> the action units that do it.

A description is read for its emotion like any other; but who writes of a smile wants to see one, also where the sentence
as a whole is sad. Such words (`face_words.csv`, our own choice after the names of FACS) add their units to those of the
emotion: what is named and what is felt show together, and of two that pull against each other the named one stays.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from emogen.conditioning.atoms import Said
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.talking_head.explain import UnitTrack
from emogen.pipelines.talking_head.expression import ANTAGONISTS, MOST, UNITS, ExpressionRules
from emogen.tables import read_table

#: Times a second at which a track with descriptions becomes units; own choice.
RATE_HZ = 10.0
#: A word that takes back the one after it, within three words.
NOT = re.compile(r"\b(?:not|no|never|without|hardly|barely)(?:\s+\w+){0,2}\s+$")


@cache
def _table() -> tuple[tuple[re.Pattern[str], np.ndarray], ...]:
    rows = []
    for row in read_table(__package__, "face_words.csv"):
        stems = "|".join(re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "") for w in row["words"].split())
        units = np.zeros(len(UNITS))
        for part in row["units"].split():
            name, _, value = part.partition(":")
            units[UNITS.index(name)] = float(value)
        rows.append((re.compile(rf"\b(?:{stems})\b"), units))
    return tuple(rows)


def units_in_words(text: str) -> np.ndarray:
    """Amplitudes of the action units that a description names, [18] over `UNITS`; 0 where it names none."""
    found, lower = np.zeros(len(UNITS)), text.lower()
    for words, units in _table():
        for match in words.finditer(lower):
            if not NOT.search(lower[: match.start()]):
                found = np.maximum(found, units)
    return found


def named_units(emotion: Emotion) -> np.ndarray:
    """As `units_in_words`, of the descriptions in an emotion, each by its amplitude."""
    said = [(atom, amplitude) for atom, amplitude in emotion.parts if isinstance(atom, Said) and atom.mark == '"']
    return np.max([np.zeros(len(UNITS)), *(a * units_in_words(atom.text) for atom, a in said)], axis=0)


def described_units(rules: ExpressionRules, track: EmotionTrack) -> UnitTrack | None:
    """Units of a track with descriptions that name what a face does; None where no keyframe has one."""
    keys = np.array([key.t for key in track.keyframes])
    named = np.stack([named_units(key.emotion) for key in track.keyframes])
    if not named.any():
        return None
    times = np.unique(np.concatenate([keys, np.arange(keys[0], keys[-1], 1 / RATE_HZ)]))
    felt = [track.at(float(t)) for t in times]
    units = rules.units_of(np.stack([e.vad for e in felt]), np.stack([e.basic() for e in felt]))
    wanted = np.stack([np.interp(times, keys, column) for column in named.T], axis=1)
    for a, b in ANTAGONISTS:
        i, j = UNITS.index(a), UNITS.index(b)
        for one, other in ((i, j), (j, i)):
            # What is felt yields to what is named; of two that are named the weaker one is left by half.
            named_first = wanted[:, one] > wanted[:, other]
            units[named_first, other] = 0.0
            wanted[named_first, other] *= 0.5
    return UnitTrack(times, np.minimum(np.maximum(units, wanted), MOST))
