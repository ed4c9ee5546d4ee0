"""Everything measured -> the part of `docs/music.md` between two marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from emogen.training.music_standing import affect, faders, inputs, pictures, restyled, speed, statistics
from emogen.training.music_standing.bench import Bench
from emogen.training.speech_standing.page import wrapped
from emogen.training.speech_standing.tables import table

COMMAND = "python -m emogen.training.music_standing --out docs/music.md --cache FOLDER"
MODULES = (affect, statistics, faders, restyled, speed, inputs)
PARTS = tuple(module.PART for module in MODULES)
HEAD = """## Measured

Made by `{command}`; do not edit by hand. The judge (`docs/evaluation.md`) learnt from one half of EMOPIA's songs, what makes
music here from the other half and from POP909; nothing was made, chosen or tuned with it. In brackets: 95 % intervals, by drawing
pieces (real ones: songs) anew. *Embedded*: the default. *Rules*: the composer of rules alone, `--backend rules`.
"""


def measure(bench: Bench, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Parts measured where the cache lacks them, and the others as the cache has them; None where they are not."""
    return {module.PART: module.measure(bench, module.PART in parts) for module in MODULES}


def measured_part(found: dict[str, Any], figures: Sequence[str]) -> str:
    """The Markdown."""
    return wrapped("\n".join([HEAD.format(command=COMMAND), *_summary(found), *_sections(found), *_pictures(figures)]))


def _summary(found: dict[str, Any]) -> Iterator[str]:
    goals = [goal for module in MODULES if found[module.PART] for goal in module.goals(found[module.PART])]
    yield "### In short\n"
    yield "Reached: by the middle figure, whatever its interval.\n"
    yield from table(
        ["", "aim", "found", "reached"], [[g.what, g.aim, g.found, "yes" if g.reached else "no"] for g in goals]
    )
    yield ""


def _sections(found: dict[str, Any]) -> Iterator[str]:
    for module in MODULES:
        if found[module.PART]:
            yield from module.section(found[module.PART])
    if missing := [part for part, what in found.items() if not what]:
        yield f"Not measured on this state: {', '.join(missing)}.\n"


def _pictures(figures: Sequence[str]) -> Iterator[str]:
    if figures:
        yield "### Seen\n"
    for name in figures:
        yield f"{pictures.SAID}\n\n![{pictures.SAID}]({name})\n"
