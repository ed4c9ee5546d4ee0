"""Everything measured -> the part of `docs/talking_head.md` between two marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from emogen.training.speech_standing.page import Goal, wrapped
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing import (
    affect,
    affect_tables,
    identity,
    inputs,
    lips,
    lips_tables,
    natural,
    pictures,
    speed,
)
from emogen.training.talking_head_standing.bench import SIZE, Bench

COMMAND = "python -m emogen.training.talking_head_standing --out docs/talking_head.md --cache FOLDER --portraits PHOTOS"
PARTS = (affect.PART, natural.PART, lips.PART, identity.PART, speed.PART, inputs.PART)

HEAD = """## Measured

Made by `{command}`; do not edit by hand. The judge (`docs/evaluation.md`) learnt from the pixels of FER+ alone, never from drawn
faces; nothing here was made, chosen or tuned with it. In brackets: 95 % intervals, by drawing the portraits anew. They say how
sure a figure is for these {photos} photos and {avatars} avatars, not for all faces.

**Photos**: {names}. Those beside the sample lay in a folder and are no part of emogen. All pictures are {size} x {size}.
*Learnt*: the default, `face_motion` around the targets of FACS. *Rules*: FACS' tables and published statistics alone.
"""


@dataclass(frozen=True, eq=False)
class Found:
    """What was measured; None where it was not, on this state of code and weights."""

    affect: list[affect.Seen] | None
    natural: dict[str, Any] | None
    life: dict[str, Any] | None
    lips: list[lips.Mouth] | None
    heard: dict[str, Any] | None
    emodb: dict[str, dict[str, float]] | None
    identity: list[identity.Kept] | None
    speed: dict[str, Any] | None
    inputs: list[inputs.Tried] | None


def measure(bench: Bench, parts: Sequence[str] = PARTS) -> Found:
    """Parts measured where the cache lacks them, and the others as the cache has them."""

    def run(part: str) -> bool:
        return part in parts

    return Found(
        affect.measure(bench, run(affect.PART)),
        natural.measure(bench, run(natural.PART)), natural.life(bench, run(natural.PART)),
        lips.measure(bench, run(lips.PART)), lips.heard(bench, run(lips.PART)), lips.emodb(bench, run(lips.PART)),
        identity.measure(bench, run(identity.PART)), speed.measure(bench, run(speed.PART)), inputs.measure(bench, run(inputs.PART)),
    )  # fmt: skip


def measured_part(bench: Bench, found: Found, figures: Sequence[str]) -> str:
    """The Markdown."""
    names = ", ".join(s.name for s in bench.photos)
    head = HEAD.format(command=COMMAND, photos=len(bench.photos), avatars=len(bench.avatars), names=names, size=SIZE)
    lines = [head, *_summary(found), *_sections(bench, found), *_pictures(figures)]
    return wrapped("\n".join(lines))


def _summary(found: Found) -> Iterator[str]:
    goals: list[Goal] = []
    if found.affect:
        goals += affect_tables.goals(found.affect)
    if found.natural and found.life:
        goals += natural.goals(found.natural, found.life)
    if found.lips and found.heard:
        goals += lips_tables.goals(found.lips, found.heard)
    if found.speed:
        goals += speed.goals(found.speed)
    if found.inputs:
        goals += inputs.goals(found.inputs)
    yield "### In short\n"
    yield "Reached: by the middle figure, whatever its interval.\n"
    yield from table(["", "aim", "found", "reached"], [[g.what, g.aim, g.found, "yes" if g.reached else "no"] for g in goals])
    yield ""


def _sections(bench: Bench, found: Found) -> Iterator[str]:
    missing = []
    for part, there, made in (
        (affect.PART, found.affect, lambda: affect_tables.section(found.affect or [])),
        (natural.PART, found.natural and found.life, lambda: natural.section(found.natural or {}, found.life or {})),
        (lips.PART, found.lips and found.heard and found.emodb,
         lambda: lips_tables.section(found.lips or [], found.heard or {}, found.emodb or {})),
        (identity.PART, found.identity, lambda: identity.section(found.identity or [])),
        (speed.PART, found.speed, lambda: speed.section(found.speed or {})),
        (inputs.PART, found.inputs, lambda: inputs.section(found.inputs or [], bench.refused, len(bench.photos))),
    ):  # fmt: skip
        if there:
            yield from made()
        else:
            missing.append(part)
    if missing:
        yield f"Not measured on this state: {', '.join(missing)}.\n"


def _pictures(figures: Sequence[str]) -> Iterator[str]:
    said = {
        pictures.FACES: "Neutral and six emotions at intensity 1, held, at their height: scikit-image's photo of an astronaut (NASA) and "
        "the avatars:",
        pictures.LIPS: "Opening of the astronaut's lips in one sentence under two feelings: target (grey), as found in the rendered "
        "pictures (red), and p, b, m (blue):",
    }
    if figures:
        yield "### Seen\n"
    for name in figures:
        yield f"{said[name]}\n\n![{said[name].rstrip(':')}]({name})\n"
