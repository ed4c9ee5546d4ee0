"""Everything measured -> the part of `docs/image.md` between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emogen.errors import CheckpointError
from emogen.training.image_standing import (
    colours,
    content,
    created,
    edited,
    faces,
    grid,
    inputs,
    labels,
    speed,
    ways,
)
from emogen.training.image_standing.bench import Bench
from emogen.training.measured_page import sections, seen, summary
from emogen.training.speech_standing.page import wrapped

COMMAND = "python -m emogen.training.image_standing --out docs/image.md --cache FOLDER"
MODULES = (created, grid, labels, edited, colours, content, faces, ways, speed, inputs)
PARTS = tuple(module.PART for module in MODULES)
HEAD = """## Measured

Made by `{command}`; do not edit by hand. The judge (`docs/evaluation.md`) learnt from one half of OASIS's themes; looks, guide
and evocations here from the other half; nothing was made, chosen or tuned with it. In brackets: 95 % intervals, by
drawing prompts (photographs: themes) anew. A CLIP-type judge (`judge("image", "clip:PATH_OR_ID")`) was **not run**: no such weights
here.
"""


def measure(bench: Bench, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Parts measured where the cache lacks them, and the others as the cache has them; None where they are not."""
    found = {}
    for module in MODULES:
        try:
            found[module.PART] = module.measure(bench, module.PART in parts)
        except CheckpointError as error:
            print(f"{module.PART}: {error}", flush=True)
            found[module.PART] = None
    return found


def measured_part(found: dict[str, Any], figures: Sequence[tuple[str, str]]) -> str:
    """The Markdown."""
    return wrapped("\n".join([HEAD.format(command=COMMAND), *summary(MODULES, found), *sections(MODULES, found), *seen(figures)]))
