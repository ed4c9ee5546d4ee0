"""What the commands that measure a modality and fill its page share: their arguments, their goals, the writing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from emogen.media.atomic import atomic_path
from emogen.training.speech_standing.page import fill
from emogen.training.speech_standing.tables import table


def parser_of(package: str, what: str, parts: Sequence[str], anew: str = "measure these anew") -> argparse.ArgumentParser:
    """The command line of `emogen.training.PACKAGE`, which measures `what` in parts; `anew` says what --only does."""
    parser = argparse.ArgumentParser(prog=f"python -m emogen.training.{package}", description=f"Measures emogen's {what}.")
    parser.add_argument("--out", type=Path, required=True, help="the page whose measured part is written")
    parser.add_argument("--cache", type=Path, default=Path("out") / package)
    parser.add_argument("--data", help="folder of the packs")
    parser.add_argument(
        "--only", nargs="+", choices=parts, metavar="PART",
        help=f"{anew} and take the others from the cache: {', '.join(parts)}",
    )  # fmt: skip
    return parser


def prepare(cache: Path) -> None:
    """Makes the cache, and keeps networks to one thread, so that figures of time and bytes are those of one."""
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    cache.mkdir(parents=True, exist_ok=True)


def write(out: Path, title: str, part: str) -> None:
    """Puts the measured part into the page, which is made where it is missing."""
    text = out.read_text(encoding="utf-8") if out.is_file() else f"# {title}\n"
    with atomic_path(out) as written:
        written.write_text(fill(text, part), encoding="utf-8")


def summary(modules: Sequence[ModuleType], found: Mapping[str, Any]) -> Iterator[str]:
    """The goals of all parts that were measured."""
    goals = [goal for module in modules if found[module.PART] for goal in module.goals(found[module.PART])]
    yield "### In short\n"
    yield "Reached: by the middle figure, whatever its interval.\n"
    yield from table(
        ["", "aim", "found", "reached"], [[g.what, g.aim, g.found, "yes" if g.reached else "no"] for g in goals]
    )
    yield ""


def sections(modules: Sequence[ModuleType], found: Mapping[str, Any]) -> Iterator[str]:
    """The sections of all parts that were measured, and which were not."""
    for module in modules:
        if found[module.PART]:
            yield from module.section(found[module.PART])
    if missing := [part for part, what in found.items() if not what]:
        yield f"Not measured on this state: {', '.join(missing)}.\n"


def seen(figures: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Pictures (file, what they show)."""
    if figures:
        yield "### Seen\n"
    for name, said in figures:
        yield f"{said}\n\n![{said}]({name})\n"
