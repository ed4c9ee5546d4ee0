"""Lips -> Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table
from emogen.training.talking_head_standing.lips import ALL, CLOSED, TEXT, WHOLE, Mouth, exchanged, mean

LATE_MS = 40.0
SAID = """"{text}" by the embedded voice, neutral, under each emotion at intensity 1; the faces {whole} under all, the others
under one each, in turn. The opening is the distance of the inner lips' middle points that MediaPipe finds in the rendered
pictures, 0 as at rest, 1 as with the jaw open; target: `mouth_opening` of the curves. A p, b or m is *closed* where the
opening falls under {closed:g} during it or within 40 ms of it; *strictly*: within 40 ms of its middle. *After the sound*:
where opening and loudness of the voice correlate best (the curves lead by 50 ms on purpose; where a feeling holds the
mouth open in pauses, as fear and surprise do, loudness tells little); *after the target*: the same with the target;
*closure*: when the lips are shut, against the middle of the sound. Medians, ms.
"""


def goals(rows: Sequence[Mouth], curves: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at; the least over kinds of faces and emotions counts."""
    for avatar, kind in ((False, "photos"), (True, "avatars")):
        own = [r for r in rows if r.avatar == avatar]
        if not own:
            continue
        parts = {asked: [r for r in own if r.asked == asked] for asked in ALL}
        told = {asked: (mean(p, "r").value, mean(p, "hit").value) for asked, p in parts.items() if p}
        for k, what, aim, least in ((0, "opening, rendered against target, r", ".9", 0.9), (1, "p, b, m closed", ".95", 0.95)):
            worst = min(told, key=lambda asked: told[asked][k])
            whole = mean(own, ("r", "hit")[k])
            said = f"{cell(whole)}; least {number(told[worst][k])} ({worst})"
            yield Goal(f"{what}: {kind}", f"{aim}, any emotion", said, told[worst][k] >= least)
        late = [_ms([getattr(r, name) for r in own]) for name in ("offset_s", "closed_late_s")]
        said = f"{late[0]:+.0f} by loudness, {late[1]:+.0f} by closures"
        yield Goal(f"mouth after the sound, ms: {kind}", "within 40", said, max(map(abs, late)) <= LATE_MS)
    least_r = min(curves["opening"].values())
    rendered = min(r for _, r in exchanged(rows))
    said = f"{number(least_r)}, rendered {number(rendered)}"
    yield Goal("one voice under seven emotions: least r of two openings", ".9", said, min(least_r, rendered) >= 0.9)


def _ms(values: Sequence[float]) -> float:
    return float(np.median(values)) * 1000.0


def section(rows: Sequence[Mouth], curves: dict[str, Any], emodb: dict[str, dict[str, float]]) -> Iterator[str]:
    """Markdown."""
    yield "### Do the lips say it?\n"
    yield SAID.format(text=TEXT, whole=" and ".join(WHOLE), closed=CLOSED)
    lines = []
    for avatar, kind in ((False, "photos"), (True, "avatars")):
        for asked in (None, *ALL):
            own = [r for r in rows if r.avatar == avatar and asked in (None, r.asked)]
            if own:
                lines.append([f"**{kind}**, all" if asked is None else f"{kind}, {asked}", *_line(own)])
    head = ["", "clips", "r", "closed", "strictly", "in the target", "after the sound", "after the target", "closure"]
    yield from table(head, lines)
    yield "\nEach face:\n"
    each = {name: [r for r in rows if r.subject == name] for name in dict.fromkeys(r.subject for r in rows)}
    yield from table(head, [[name, *_line(own)] for name, own in each.items()])
    yield from _exchange(rows, curves)
    yield from _alone(curves, emodb)


def _line(own: Sequence[Mouth]) -> list[str]:
    late = [f"{_ms([getattr(r, name) for r in own]):+.0f}" for name in ("offset_s", "behind_s", "closed_late_s")]
    return [str(len(own)), cell(mean(own, "r")), *(cell(mean(own, n)) for n in ("hit", "hit_strictly", "target_hit")), *late]


def _exchange(rows: Sequence[Mouth], curves: dict[str, Any]) -> Iterator[str]:
    rendered = dict(exchanged(rows))
    yield "\nExchange test: one voice under neutral and six emotions, all 21 pairs. Upper face: mean brows, lids, cheeks, nose.\n"
    lines = []
    for name, found in (("opening, curves", curves["opening"]), ("opening, rendered", rendered)):
        lines.append([name, "r", number(float(np.mean(list(found.values())))), *_extreme(found, min)])
    lines.append(["upper face", "distance", number(float(np.mean(list(curves["above"].values())))), *_extreme(curves["above"], min)])
    felt = {k: v for k, v in curves["alike"].items() if "neutral" not in k}
    lines.append(["upper face", "cosine (of two emotions)", number(float(np.mean(list(felt.values())))), *_extreme(felt, max)])
    yield from table(["", "", "mean", "nearest to failing", "which"], lines)


def _extreme(found: dict[str, float], pick: Any) -> list[str]:
    which = pick(found, key=lambda k: found[k])
    return [number(found[which]), which]


def _alone(curves: dict[str, Any], emodb: dict[str, dict[str, float]]) -> Iterator[str]:
    alone = curves["alone"]
    yield ("\nWithout the text, from the voice alone: the same sentence's opening correlates with that from its text by "
           f"{number(alone['r'])}, and {number(float(np.mean(alone['hit'])))} of its p, b, m close. On EmoDB's held-out man and woman, "
           "in all feelings, against hand-marked sounds (`emogen.training.lips_figures`, measured anew; what the card of "
           "`checkpoints/lips` has):\n")  # fmt: skip
    shown = {
        "viseme_of_frame": "viseme of each 10 ms right", "lips_shut_in_closures": "curves close in p, b, m, within 40 ms",
        "closures_recall": "closures heard", "closures_precision": "what it takes for a closure is one",
        "loudness_closures_recall": "loudness alone: closures heard", "silence_recall": "silence found",
        "alignment_median_ms": "text known, times not: median error of a sound's begin, ms",
    }  # fmt: skip
    kinds = list(emodb)
    yield from table(["", *kinds], [[said, *(cell(Figure(emodb[k][key])) for k in kinds)] for key, said in shown.items()])
    yield ""
