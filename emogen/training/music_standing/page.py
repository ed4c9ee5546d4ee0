"""Everything measured -> the part of `docs/music.md` between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emogen.training.measured_page import sections, seen, summary
from emogen.training.music_standing import affect, faders, inputs, pictures, restyled, speed, statistics
from emogen.training.music_standing.bench import Bench
from emogen.training.speech_standing.page import wrapped

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
    shown = [(name, pictures.SAID) for name in figures]
    return wrapped("\n".join([HEAD.format(command=COMMAND), *summary(MODULES, found), *sections(MODULES, found), *seen(shown)]))
