"""The gestures that `--semantic` knows, as a part of a page: `python -m emogen.training.gesture_standing.names --out PAGE`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from emogen.media.atomic import atomic_path
from emogen.pipelines.gesture.library import Gesture, gestures
from emogen.training.speech_standing.page import fill
from emogen.training.speech_standing.tables import table

PART = "gestures"
#: Words that are shown of each; own choice.
SHOWN = 3


def names_part() -> str:
    """Markdown: every gesture that means something, by kind."""
    kinds: dict[str, list[Gesture]] = {}
    for gesture in gestures().values():
        if not gesture.beat:
            kinds.setdefault(gesture.kind, []).append(gesture)
    rows = [
        [kind, f"`{g.name}`", g.description, ", ".join(g.words[:SHOWN])]
        for kind, own in sorted(kinds.items())
        for g in sorted(own, key=lambda g: g.name)
    ]
    return "\n".join([f"{len(rows)} gestures:\n", *table(["kind", "name", "what is seen", "goes with, among others"], rows)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Fills the list of a page."""
    parser = argparse.ArgumentParser(description="Lists the gestures that mean something.")
    parser.add_argument("--out", type=Path, required=True, help="the page whose list is written")
    out = parser.parse_args(arguments).out
    text = fill(out.read_text(encoding="utf-8"), names_part(), PART)
    with atomic_path(out) as part:
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
