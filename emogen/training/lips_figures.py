"""What the ear of the lips hears of speakers it did not learn from: EmoDB's held-out people, marked sound by sound.

The mouth that follows loudness alone (open where it is loud) is what it is measured against.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.face import mouth_opening
from emogen.models.lips import FRAMES_PER_S, SAMPLE_RATE_HZ
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.talking_head.ear import Ear, by_viseme, viseme_of_sound
from emogen.pipelines.talking_head.heard import aligned, phones_from_audio
from emogen.pipelines.talking_head.loudness import loudness_curve
from emogen.pipelines.talking_head.sounds import atoms, numbers_of
from emogen.pipelines.talking_head.visemes import LEAD_S, mouth, table
from emogen.training.lips_data import HELD_OUT_SPEAKERS, HELD_OUT_TEXTS, UNKNOWN, Said, emodb
from emogen.training.packs import pack

Timed = Sequence[tuple[str, str, float, float]]  # (EmoDB's label, IPA, start, end)
#: How far a closure may be from the marked one (s), and how open closed lips may be; the issue's own.
NEAR_S, CLOSED = 0.04, 0.03
#: A mouth by loudness counts as closed below this; a tenth of the loudest, own assumption.
QUIET = 0.1


def closures(timed: Timed) -> list[tuple[float, float]]:
    """When the lips are closed: p, b, m with their release, without the breath after it; neighbours are one."""
    found: list[tuple[float, float]] = []
    for label, _, start, end in timed:
        if label.lstrip("!_")[:1] in ("p", "b", "m") and "asp" not in label:
            if found and start - found[-1][1] < 1e-3:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return found


def runs(shut: NDArray[np.bool_], fps: float) -> list[tuple[float, float]]:
    """(start, end) in s of all stretches that are True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(np.int8), [0]])))
    return [(a / fps, b / fps) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def touching(some: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]], near_s: float = NEAR_S) -> int:
    """How many of `some` have one of `others` whose middle lies in them or within `near_s` of them."""
    middles = [(a + b) / 2 for a, b in others]
    return sum(any(a - near_s <= m <= b + near_s for m in middles) for a, b in some)


@dataclass
class Counts:
    """What was right of what there was."""

    frames: int = 0
    visemes: int = 0
    sounds: int = 0
    silence: list[int] = field(default_factory=lambda: [0, 0, 0])  # found and true, found, true
    closed: list[int] = field(default_factory=lambda: [0, 0, 0, 0])  # true and found, true, found and true, found
    shut: list[int] = field(default_factory=lambda: [0, 0])  # marked closures in which the curves close, marked ones
    by_loudness: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    late_s: list[float] = field(default_factory=list)

    def row(self) -> dict[str, float]:
        """As shares, and errors in ms."""
        found, told, true = self.silence
        off = np.abs(self.late_s) * 1000 if self.late_s else np.array([np.nan])
        return {
            "viseme_of_frame": self.visemes / self.frames,
            "sound_of_frame": self.sounds / self.frames,
            "silence_recall": found / max(1, true),
            "silence_precision": found / max(1, told),
            "closures_recall": self.closed[0] / max(1, self.closed[1]),
            "closures_precision": self.closed[2] / max(1, self.closed[3]),
            "lips_shut_in_closures": self.shut[0] / max(1, self.shut[1]),
            "loudness_closures_recall": self.by_loudness[0] / max(1, self.by_loudness[1]),
            "loudness_closures_precision": self.by_loudness[2] / max(1, self.by_loudness[3]),
            "alignment_median_ms": float(np.median(off)),
            "alignment_90_percent_ms": float(np.percentile(off, 90)),
        }


def count(said: Said, timed: Timed, ear: Ear, given: Sequence[str] | None, into: Counts) -> None:
    """Adds one recording; `given` are the phones of its text for the alignment."""
    audio = said.samples
    chances = ear.chances(audio, SAMPLE_RATE_HZ)[: len(said.sounds)]
    truth = said.sounds[: len(chances)]
    known = truth != UNKNOWN
    phones = phones_from_audio(audio, SAMPLE_RATE_HZ, ear)
    into.frames += int(known.sum())
    into.visemes += int((by_viseme(chances).argmax(1) == viseme_of_sound()[truth])[known].sum())
    into.sounds += int((chances.argmax(1) == truth)[known].sum())
    quiet = np.zeros(len(truth), bool)
    for ipa, a, b in phones:
        quiet[round(a * FRAMES_PER_S) : round(b * FRAMES_PER_S)] = not ipa
    for i, value in enumerate(((quiet & (truth == 0))[known], quiet[known], (truth == 0)[known])):
        into.silence[i] += int(value.sum())
    true = closures(timed)
    lips = table().names.index("PP")
    told = [(a, b) for ipa, a, b in phones if ipa and viseme_of_sound()[numbers_of(ipa)[0]] == lips]
    spoken = (true[0][0] if true else 0.0, timed[-1][2])
    opening = mouth_opening(mouth(phones, len(audio) / SAMPLE_RATE_HZ, FRAMES_PER_S))
    for a, b in true:
        middle = (a + b) / 2 - LEAD_S
        near = opening[max(0, round((middle - NEAR_S) * FRAMES_PER_S)) : round((middle + NEAR_S) * FRAMES_PER_S) + 1]
        into.shut[0] += bool(len(near) and near.min() < CLOSED)
    into.shut[1] += len(true)
    loud = loudness_curve(audio, SAMPLE_RATE_HZ, len(truth), FRAMES_PER_S)
    still = [r for r in runs(loud < QUIET, FRAMES_PER_S) if r[1] > spoken[0] and r[0] < spoken[1]]
    for counter, found in ((into.closed, told), (into.by_loudness, still)):
        for i, value in enumerate((touching(true, found), len(true), touching(found, true), len(found))):
            counter[i] += value
    if given is not None:
        into.late_s += late(aligned(given, audio, SAMPLE_RATE_HZ, ear=ear).phones, timed)


def late(phones: Sequence[tuple[str, float, float]], timed: Timed) -> list[float]:
    """How much later (s) than marked each sound begins, of those whose viseme is the one that was marked."""
    ours = [a for a in atoms(phones) if a[0]]
    merged: list[tuple[int, float]] = []
    for sound, start, _ in atoms([(ipa, a, b) for _, ipa, a, b in timed if ipa not in ("", "unknown")]):
        if not merged or merged[-1][0] != sound:
            merged.append((sound, start))
    kinds = viseme_of_sound()
    n, m = len(ours), len(merged)
    total = np.zeros((n + 1, m + 1))
    total[1:, 0], total[0, 1:] = 0.7 * np.arange(1, n + 1), 0.7 * np.arange(1, m + 1)
    cost = np.array([[0.0 if a[0] == b[0] else 0.3 if kinds[a[0]] == kinds[b[0]] else 1.1 for b in merged] for a in ours])
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            total[i, j] = min(total[i - 1, j - 1] + cost[i - 1, j - 1], total[i - 1, j] + 0.7, total[i, j - 1] + 0.7)
    found, i, j = [], n, m
    while i and j:
        if np.isclose(total[i, j], total[i - 1, j - 1] + cost[i - 1, j - 1]):
            i, j = i - 1, j - 1
            if cost[i, j] < 1.0:
                found.append(ours[i][1] - merged[j][1])
        elif np.isclose(total[i, j], total[i - 1, j] + 0.7):
            i -= 1
        else:
            j -= 1
    return found[::-1]


def texts(data_dir: str | Path | None = None) -> dict[str, list[str]]:
    """EmoDB's sentences as espeak-ng's phones, by their code; "" between words."""
    with (pack("speech/emodb", data_dir) / "labels.csv").open(encoding="utf-8", newline="") as stream:
        said = {row["text_code"]: row["text"] for row in csv.DictReader(stream)}
    found: dict[str, list[str]] = {}
    with EspeakSource() as source:
        for code, text in said.items():
            made = source.phonemes(text, variant="", language=find_language("de"))
            begins = {word.start_s for word in made.words}
            found[code] = [p for phone in made.phones for p in (["", phone.ipa] if phone.start_s in begins else [phone.ipa])]
    return found


def measured(ear: Ear, data_dir: str | Path | None = None) -> dict[str, dict[str, float]]:
    """The figures for held-out speakers in sentences that the network knows from others, and in sentences that nobody said to it."""
    given = texts(data_dir)
    found = {"known sentences": Counts(), "unknown sentences": Counts()}
    for said, timed in emodb(data_dir):
        if said.speaker in HELD_OUT_SPEAKERS:
            kind = "unknown sentences" if said.text in HELD_OUT_TEXTS else "known sentences"
            count(said, timed, ear, given[said.text], found[kind])
    return {kind: counts.row() for kind, counts in found.items()}
