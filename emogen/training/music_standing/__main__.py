"""The command line."""

from __future__ import annotations

from collections.abc import Sequence

from emogen.training import measured_page
from emogen.training.music_standing import page, pictures
from emogen.training.music_standing.bench import Bench


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and fills the page."""
    parser = measured_page.parser_of("music_standing", "music", page.PARTS)
    given = parser.parse_args(arguments)
    measured_page.prepare(given.cache)
    bench = Bench(given.cache, given.data, fresh=frozenset(given.only or ()))
    found = page.measure(bench, given.only or page.PARTS)
    names = pictures.draw(bench, given.out.parent)
    measured_page.write(given.out, "Music", page.measured_part(found, names))


if __name__ == "__main__":
    main()
