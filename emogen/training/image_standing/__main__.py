"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from emogen.media.atomic import atomic_path
from emogen.training.image_standing import page, pictures, speed
from emogen.training.image_standing.bench import Bench
from emogen.training.speech_standing.page import fill

DEFAULT_CACHE = Path("out/image_standing")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and fills the page."""
    import torch

    parser = argparse.ArgumentParser(
        prog="python -m emogen.training.image_standing", description="Measures emogen's pictures."
    )
    parser.add_argument("--out", type=Path, required=True, help="the page whose measured part is written")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--data", help="folder of the packs")
    parser.add_argument(
        "--only", nargs="+", choices=page.PARTS, metavar="PART",
        help=f"measure these where the cache lacks them and take the others from it: {', '.join(page.PARTS)} (speed: anew)",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    given.cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(given.cache, given.data, fresh=frozenset({speed.PART} & set(given.only or ())))
    found = page.measure(bench, given.only or page.PARTS)
    names = pictures.draw(bench, given.out.parent)
    text = given.out.read_text(encoding="utf-8") if given.out.is_file() else "# Pictures\n"
    with atomic_path(given.out) as part:
        part.write_text(fill(text, page.measured_part(found, names)), encoding="utf-8")


if __name__ == "__main__":
    main()
