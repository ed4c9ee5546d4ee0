"""A voice without a transcript -> the phones that lips show, in any language; a text and a voice -> when each is said.

What is heard (`ear`) becomes a sequence of visemes with times, each under the phone that it sounded most like; from there
on a voice goes the way of a text whose phones are known: the same co-articulation, the same closures. With the phones of
a text but not their times, `aligned` finds when each is heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from emogen.models.lips import FRAMES_PER_S
from emogen.pipelines.talking_head.ear import AROUND_S, PIECE_S, Ear, by_viseme, viseme_of_sound
from emogen.pipelines.talking_head.segments import free, given
from emogen.pipelines.talking_head.sounds import Phone, is_switch, names, numbers_of
from emogen.pipelines.talking_head.visemes import table

#: Silences shorter than this between sounds (s) are no pause: the lips go from one to the other. Own assumption.
PAUSE_S = 0.12
#: Speech shorter than this between pauses (s) is a noise that sounded like it. Own assumption.
SHORTEST_S = 0.08
#: Factor on the chance of closed lips: one that is missed is seen more than one too many. Chosen like `segments.CHANGE`:
#: 86 instead of 76 % of closures are found, of those found 62 instead of 67 % are some.
CLOSED_WEIGHT = 1.7
#: Share of its viseme's chance that a sound has beside its own, where phones are sought: languages differ in sounds.
ALIKE = 0.15


def phones_from_audio(audio: NDArray[np.float32], sample_rate: int, ear: Ear | None = None) -> tuple[Phone, ...]:
    """What the lips say in a voice, in any language; noise and music are pauses.

    Args:
        audio: float32 [n], -1..1, any length: it is heard in pieces.
        sample_rate: Hz.
        ear: Instead of the embedded one.

    Returns:
        (IPA, start in s, end in s) in order, without gaps from 0 to the end; "" is a pause. Each phone stands for its viseme.
    """
    found: list[Phone] = []
    total = -(-len(audio) * FRAMES_PER_S // sample_rate)
    for number, chances in enumerate((ear or Ear.load()).pieces(audio, sample_rate)):
        before = AROUND_S * FRAMES_PER_S if number else 0
        begin = number * PIECE_S * FRAMES_PER_S
        seen = by_viseme(chances)
        seen[:, table().names.index("PP")] *= CLOSED_WEIGHT
        for part in free(seen):
            a, b = max(part.begin, before), min(part.end, before + PIECE_S * FRAMES_PER_S)
            if a >= b:
                continue
            alike = np.flatnonzero(viseme_of_sound() == part.kind)
            sound = names()[alike[chances[a:b, alike].sum(axis=0).argmax()]] if part.kind else ""
            start, end = ((begin - before + t) / FRAMES_PER_S for t in (a, b))
            if found and a == before and numbers_of(found[-1][0]) == numbers_of(sound):  # the same, cut by the edge of a piece
                found[-1] = (found[-1][0], found[-1][1], end)
            else:
                found.append((sound, start, end))
    return tuple(_told(found, min(total / FRAMES_PER_S, len(audio) / sample_rate)))


def _told(found: list[Phone], end_s: float) -> list[Phone]:
    """Without speech that is too short to be any, then without pauses that are too short; the last phone ends at `end_s`."""
    spoken: list[Phone] = []
    for is_speech, together in groupby(found, key=lambda phone: bool(phone[0])):
        run = list(together)
        begin, end = run[0][1], run[-1][2]
        if is_speech and end - begin >= SHORTEST_S:
            spoken += run
        elif spoken and not spoken[-1][0]:
            spoken[-1] = ("", spoken[-1][1], end)
        else:
            spoken.append(("", begin, end))
    told: list[Phone] = []
    for i, (ipa, a, b) in enumerate(spoken):
        inside = 0 < i < len(spoken) - 1
        if not ipa and inside and b - a < PAUSE_S:
            last, start, end = told[-1]
            told[-1] = (last, start, end + (b - a) / 2)
        else:
            told.append((ipa, told[-1][2] if told else a, b))
    if told:
        told[-1] = (told[-1][0], told[-1][1], end_s)
    return told


@dataclass(frozen=True)
class Aligned:
    """Phones of a text with the times at which a voice says them.

    Attributes:
        phones: (IPA, start in s, end in s), in order and without gaps; "" is a pause.
        places: Which phone of the text each of them is; -1 for a pause.
        fit: Mean chance of what is said, 0..1; about 0.7 where the text fits, 0.3 to 0.5 with another one.
    """

    phones: tuple[Phone, ...]
    places: tuple[int, ...]
    fit: float


def aligned(
    phones: Sequence[str], audio: NDArray[np.float32], sample_rate: int, words: Sequence[int] | None = None, ear: Ear | None = None
) -> Aligned:
    """When a voice says the phones of a text.

    Args:
        phones: IPA in order, as espeak-ng gives them for the text; "" is a pause that may be there or not.
        audio: float32 [n], the voice.
        sample_rate: Hz.
        words: Where words begin, as places in `phones`: a pause may be made before each; None: anywhere.
        ear: Instead of the embedded one.

    Raises:
        InputError: The voice is too short for the text.
    """
    chances = (ear or Ear.load()).chances(audio, sample_rate)
    may_pause = None if words is None else frozenset(words)
    kinds: list[int] = []
    owners: list[int] = []
    pauses: list[bool] = []
    for i, phone in enumerate(phones):
        if is_switch(phone):
            continue
        sounds = numbers_of(phone)
        if sounds == [0]:  # optional everywhere a word ends
            if pauses:
                pauses[-1] = True
            continue
        if may_pause is not None and i in may_pause and pauses:
            pauses[-1] = True
        kinds += sounds
        owners += [i] * len(sounds)
        pauses += [False] * (len(sounds) - 1) + [may_pause is None]
    if not kinds:
        return Aligned((), (), 0.0)
    seen = (1 - ALIKE) * chances + ALIKE * by_viseme(chances)[:, viseme_of_sound()]
    parts = given(seen, kinds, pauses)
    timed: list[Phone] = []
    places: list[int] = []
    now, total = 0.0, len(audio) / sample_rate
    for i in dict.fromkeys(owners):
        own = [p for p, owner in zip(parts, owners, strict=True) if owner == i]
        begin, end = own[0].begin / FRAMES_PER_S, min(own[-1].end / FRAMES_PER_S, total)
        if begin > now:
            timed.append(("", now, begin))
            places.append(-1)
        timed.append((phones[i], begin, end))
        places.append(i)
        now = end
    if total > now:
        timed.append(("", now, total))
        places.append(-1)
    said = np.concatenate([by_viseme(chances[p.begin : p.end])[:, viseme_of_sound()[p.kind]] for p in parts])
    return Aligned(tuple(timed), tuple(places), float(said.mean()))
