"""What independent judges make of a result: asked for -> perceived, in words and small drawings.

The judges learn of a result when it stands on the page; nothing is ever chosen or changed by what they say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import NEUTRAL, term
from emogen.errors import EmogenError
from emogen.evaluation.evaluate import asked_vad, evaluate
from emogen.evaluation.report.wording import WORDS
from emogen.evaluation.results import Evaluation, Item, ModalityResult

#: Chances that are drawn, from which chance on, and results with more items than this are shown as a table.
BARS, LEAST, CARDS = 4, 0.03, 3
SIDE = 84.0  # of the little plane (px)
UNSURE = 0.4  # below this confidence a judge is called unsure (own assumption)


def of(path: str | None) -> str:
    """The verdict on a file with a sidecar, or on a folder of such files, as HTML."""
    if not path:
        return ""
    try:
        found = evaluate(path)
    except EmogenError as error:
        return f'<p class="verdict-none">No verdict: {escape(str(error))}</p>'
    return _page(found)


def _page(found: Evaluation) -> str:
    known = {result.modality: result for result in found.modalities}
    items = [item for item in found.items if item.perceived is not None and item.perceived.confidence > 0.0]
    silent = [item for item in found.items if item not in items]
    body = _table(items) if len(items) > CARDS else "".join(_card(item) for item in items)
    notes = [_ceiling(result, items) for result in known.values()] + list(dict.fromkeys(map(_nothing, silent)))
    notes += list(dict.fromkeys(note for item in items if (note := _unknown(item))))
    said = "".join(f"<li>{escape(note)}</li>" for note in notes if note)
    return (
        f'<section class="verdict" aria-label="Verdict of the judges"><h4>What independent judges perceive</h4>{body}'
        f'<ul class="verdict-notes">{said}</ul></section>'
    )


# -- one item ------------------------------------------------------------------------------------------------
def _asked(item: Item) -> str:
    track = item.intended
    if track is None:
        return "not known"
    labels = list(dict.fromkeys(frame.emotion.label for frame in track.keyframes))
    return " → ".join(labels[:4]) + (" …" if len(labels) > 4 else "")


def _card(item: Item) -> str:
    assert item.perceived is not None
    heading, sense, _ = WORDS.get(item.modality, (item.modality, "perceived", ""))
    sure = f"{item.perceived.confidence:.0%} sure" + (", that is: unsure" if item.perceived.confidence < UNSURE else "")
    right = bool(item.target) and item.target == item.perceived.label
    outcome = "as asked" if right else "otherwise than asked" if item.target else "the feeling changes; see the plane"
    return (
        f'<div class="verdict-card"><div class="verdict-words"><b>{escape(heading)}</b>'
        f'<span>asked for <strong>{escape(_asked(item))}</strong></span>'
        f'<span>{escape(sense)} <strong>{escape(item.perceived.label)}</strong> ({sure})</span>'
        f'<span class="{"right" if right else "wrong" if item.target else ""}">{outcome}</span></div>'
        f"{_plane(item)}{_bars(item)}</div>"
    )


def _plane(item: Item) -> str:
    """The valence-arousal plane: a hollow ring where it was asked for, a dot where it was perceived."""
    assert item.perceived is not None

    def at(point: Iterable[float]) -> tuple[float, float]:
        v, a = list(point)[:2]
        return (v + 1.0) / 2.0 * SIDE, (1.0 - a) / 2.0 * SIDE

    x, y = at(item.perceived.emotion.vad)
    said = f"Perceived valence {item.perceived.emotion.vad[0]:+.2f}, arousal {item.perceived.emotion.vad[1]:+.2f}"
    line = ""
    if item.intended is not None:
        asked = asked_vad(item.intended)
        u, w = at(asked)
        line = (
            f'<line class="way" x1="{u:.1f}" y1="{w:.1f}" x2="{x:.1f}" y2="{y:.1f}"/>'
            f'<circle class="asked" cx="{u:.1f}" cy="{w:.1f}" r="5"/>'
        )
        said = f"Asked valence {asked[0]:+.2f}, arousal {asked[1]:+.2f}. {said}"
    middle = SIDE / 2.0
    return (
        f'<svg class="verdict-plane" viewBox="0 0 {SIDE:g} {SIDE:g}" role="img" aria-label="{said}">'
        f'<rect width="{SIDE:g}" height="{SIDE:g}" rx="6"/>'
        f'<line x1="{middle}" y1="0" x2="{middle}" y2="{SIDE:g}"/><line x1="0" y1="{middle}" x2="{SIDE:g}" y2="{middle}"/>'
        f'{line}<circle class="perceived" cx="{x:.1f}" cy="{y:.1f}" r="4"/></svg>'
    )


def _bars(item: Item) -> str:
    assert item.perceived is not None
    chances = sorted(item.perceived.distribution.items(), key=lambda pair: -pair[1])
    shown = [pair for pair in chances[:BARS] if pair[1] >= LEAST]
    if item.target and item.target not in dict(shown):
        shown.append((item.target, item.perceived.distribution[item.target]))
    rows = "".join(
        f'<tr class="{"target" if label == item.target else ""}"><th scope="row">{escape(label)}</th>'
        f'<td><span style="width:{100 * chance:.0f}%"></span></td><td>{chance:.0%}</td></tr>'
        for label, chance in shown
    )
    return f'<table class="verdict-bars"><caption>What the judge thinks likely</caption>{rows}</table>'


def _table(items: list[Item]) -> str:
    rows = ""
    for item in items:
        assert item.perceived is not None
        right = bool(item.target) and item.target == item.perceived.label
        name = item.name.partition(" ")[2] or item.name
        rows += (
            f'<tr><td>{escape(name)}</td><td>{escape(item.modality)}</td><td>{escape(_asked(item))}</td>'
            f'<td class="{"right" if right else "wrong" if item.target else ""}">{escape(item.perceived.label)}</td>'
            f"<td>{item.perceived.confidence:.0%}</td></tr>"
        )
    asked = [item for item in items if item.target]
    hits = sum(item.perceived is not None and item.target == item.perceived.label for item in asked)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("what", "judged", "asked", "perceived", "sure"))
    total = f"<p>{hits} of {len(asked)} came across as asked.</p>" if asked else ""
    return (
        f'{total}<div class="verdict-wide"><table class="verdict-rows"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


# -- how far to trust it ----------------------------------------------------------------------------------------
def _ceiling(result: ModalityResult, items: list[Item]) -> str:
    """How well the judge itself does on real people, for the feelings that were asked for."""
    own = result.ceiling.get("accuracy")
    if own is None or not math.isfinite(own.value):
        return ""
    asked = sorted({item.target for item in items if item.modality == result.modality and item.target})
    people = WORDS.get(result.modality, ("", "", "real people"))[2]
    which = f"{', '.join(asked)} in {people}" if asked else people
    few = ", too few to say much" if own.n < 10 else ""
    return (
        f"The judge of {result.modality} itself names {which} right in {own.value:.0%} of {own.n:,} cases{few} "
        f"({len(result.labels)} feelings to choose from): no verdict is surer than that."
    )


def _unknown(item: Item) -> str:
    """A note where the judge has no word for what was asked for."""
    if item.intended is None or item.perceived is None or not item.target:
        return ""
    wanted = _main(item.intended)
    labels = [term(label) for label in item.perceived.distribution]
    if wanted in labels or wanted == NEUTRAL or not wanted:
        return ""
    return f"The judge of {item.modality} does not know {wanted}; the nearest that it knows is {item.target}."


def _main(track: EmotionTrack) -> str:
    """The strongest term of the longest held moment, near enough: of the middle."""
    weights = track.at(track.duration / 2.0).weights
    return max(weights, key=lambda name: weights[name])


def _nothing(item: Item) -> str:
    if item.error:
        return f"Not judged: {item.error}"
    return f"{item.modality}: nothing to judge{f' ({item.perceived.note})' if item.perceived and item.perceived.note else ''}."
