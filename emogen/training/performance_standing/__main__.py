"""The command line."""

from __future__ import annotations

from collections.abc import Sequence

from emogen.training import measured_page
from emogen.training.kept import Kept
from emogen.training.performance_standing import coherent
from emogen.training.speech_standing.page import wrapped

COMMAND = "python -m emogen.training.performance_standing --out docs/performance.md --cache FOLDER"
MODULES = (coherent,)
HEAD = """## Measured

Made by `{command}`; do not edit by hand. The judges (`docs/evaluation.md`) had no part in making or choosing anything here.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and fills the page."""
    given = measured_page.parser_of("performance_standing", "performances", [m.PART for m in MODULES]).parse_args(arguments)
    measured_page.prepare(given.cache)
    bench = Kept(given.cache, fresh=frozenset(given.only or ()))
    found = {module.PART: module.measure(bench) for module in MODULES}
    page = [HEAD.format(command=COMMAND), *measured_page.summary(MODULES, found), *measured_page.sections(MODULES, found)]
    measured_page.write(given.out, "Performances", wrapped("\n".join(page)))


if __name__ == "__main__":
    main()
