"""The command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from emogen.training import measured_page
from emogen.training.talking_head_standing import page, pictures
from emogen.training.talking_head_standing.bench import Bench


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and fills the page."""
    parser = measured_page.parser_of("talking_head_standing", "talking heads", page.PARTS)
    parser.add_argument("--portraits", type=Path, help="folder of photos of people to measure with, beside the sample")
    given = parser.parse_args(arguments)
    measured_page.prepare(given.cache)
    bench = Bench(given.cache, given.portraits, given.data, fresh=frozenset(given.only or ()))
    found = page.measure(bench, given.only or page.PARTS)
    names = pictures.draw(bench, given.out.parent, found.lips)
    measured_page.write(given.out, "Talking heads", page.measured_part(bench, found, names))


if __name__ == "__main__":
    main()
