"""Everything measured -> the part of `docs/gesture.md` between two marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from emogen.training.gesture_standing import (
    affect,
    clips,
    directions,
    exchange,
    exports,
    inputs,
    pictures,
    realism,
    rhythm,
    sanity,
    semantic,
    speed,
)
from emogen.training.gesture_standing.bench import Bench
from emogen.training.speech_standing.page import Goal, wrapped
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing.inputs import Tried

COMMAND = "python -m emogen.training.gesture_standing --out docs/gesture.md --cache FOLDER"
PARTS = (clips.PART, realism.PART, rhythm.PART, semantic.PART, exchange.PART, speed.PART, exports.PART, inputs.PART)

HEAD = """## Measured

Made by `{command}`; do not edit by hand. The judge (`docs/evaluation.md`) learnt from other contents of Bandai Namco's set than
what moves bodies here; it is the same three actors. Nothing learnt from it; one change
began with a verdict of it (above). In brackets: 95 %
intervals, by drawing the sources (voices, recordings) anew; they say how sure a figure is for these sources, not for all bodies.
*Embedded*: the default, the rules' draft moved by the diffusion. *Rules*: the same without what was learnt.
"""


@dataclass(frozen=True, eq=False)
class Found:
    """What was measured; None where it was not, on this state of code and weights."""

    clips: list[clips.Clip] | None
    realism: dict[str, Any] | None
    rhythm: dict[str, Any] | None
    semantic: list[semantic.Made] | None
    exchange: list[exchange.Swapped] | None
    speed: dict[str, Any] | None
    files: dict[str, Any] | None
    inputs: list[Tried] | None


def measure(bench: Bench, parts: Sequence[str] = PARTS) -> Found:
    """Parts measured where the cache lacks them, and the others as the cache has them."""
    modules = (clips, realism, rhythm, semantic, exchange, speed, exports, inputs)
    return Found(*(module.measure(bench, module.PART in parts) for module in modules))  # type: ignore[attr-defined]


def measured_part(found: Found, figures: Sequence[str]) -> str:
    """The Markdown."""
    lines = [HEAD.format(command=COMMAND), *_summary(found), *_sections(found), *_pictures(figures)]
    return wrapped("\n".join(lines))


def _summary(found: Found) -> Iterator[str]:
    goals: list[Goal] = []
    if found.clips:
        goals += [*affect.goals(found.clips), *directions.goals(found.clips)]
    if found.realism:
        goals += realism.goals(found.realism)
    if found.clips and found.rhythm:
        goals += rhythm.goals(found.clips, found.rhythm)
    if found.semantic:
        goals += semantic.goals(found.semantic)
    if found.clips:
        goals += sanity.goals(found.clips)
    if found.exchange:
        goals += exchange.goals(found.exchange)
    if found.speed:
        goals += speed.goals(found.speed)
    if found.files:
        goals += exports.goals(found.files)
    if found.inputs:
        goals += inputs.goals(found.inputs)
    yield "### In short\n"
    yield "Reached: by the middle figure, whatever its interval.\n"
    yield from table(["", "aim", "found", "reached"], [[g.what, g.aim, g.found, "yes" if g.reached else "no"] for g in goals])
    yield ""


def _sections(found: Found) -> Iterator[str]:
    missing = []
    rows, beats = found.clips or [], found.rhythm or {}
    for part, there, made in (
        (clips.PART, found.clips, lambda: (*affect.section(rows), *directions.section(rows))),
        (realism.PART, found.realism, lambda: realism.section(found.realism or {})),
        (rhythm.PART, found.clips and found.rhythm, lambda: rhythm.section(rows, beats)),
        (semantic.PART, found.semantic, lambda: semantic.section(found.semantic or [])),
        ("", found.clips, lambda: sanity.section(rows)),
        (exchange.PART, found.exchange, lambda: exchange.section(found.exchange or [])),
        (speed.PART, found.speed, lambda: speed.section(found.speed or {})),
        (exports.PART, found.files, lambda: exports.section(found.files or {})),
        (inputs.PART, found.inputs, lambda: inputs.section(found.inputs or [])),
    ):  # fmt: skip
        if there:
            yield from made()
        elif part:
            missing.append(part)
    if missing:
        yield f"Not measured on this state: {', '.join(missing)}.\n"


def _pictures(figures: Sequence[str]) -> Iterator[str]:
    if figures:
        yield "### Seen\n"
    for name in figures:
        yield f"{pictures.SAID[name]}\n\n![{pictures.SAID[name].rstrip(':')}]({name})\n"
