"""The command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from emogen.conditioning.vocabulary import BASIC
from emogen.errors import BackendMissing
from emogen.media.atomic import atomic_path
from emogen.training.speech_standing import egemaps, page, pictures, systems
from emogen.training.speech_standing.run import NEUTRAL, Bench, Measured, Row, asked_for, measure

EMODB = "speech/emodb"  # the one pack whose licence lets a picture of a take be published
DEFAULT_CACHE = Path("out/speech_standing")
WHOLE = 12


def drawn(found: Measured, folder: Path) -> list[str]:
    """The pictures, drawn into a folder; their names from there."""
    recordings = [r for r in found.recordings if r.system == systems.EMBEDDED and r.source.pack == EMODB]
    spoken = [r for r in found.texts if r.system == systems.TEXT_EMBEDDED and r.source.voice == "alto"]
    names = []
    for name, rows in zip(page.FIGURES, (recordings, spoken), strict=True):
        chosen = rows[0].source
        wanted = [_of(rows, chosen.key, label) for label in (NEUTRAL, *BASIC)]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures.draw(path, [(row.label, *row.place.sound()) for row in wanted])
        names.append(name)
    return names


def _of(rows: Sequence[Row], key: str, label: str) -> Row:
    return next(r for r in rows if r.source.key == key and r.asked == asked_for(label, 1.0))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and fills the page."""
    parser = argparse.ArgumentParser(prog="python -m emogen.training.speech_standing", description="Measures emogen's speech.")
    parser.add_argument("--out", type=Path, required=True, help="the page whose measured part is written")
    parser.add_argument("--items", type=int, default=WHOLE, help=f"neutral takes per speaker; {WHOLE}: all, for a try: 2")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--data", help="folder of the packs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--speed", type=Path, help="what `python -m benchmarks.speech_speed --out FILE` has written")
    given = parser.parse_args(arguments)
    _one_thread()
    given.cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(given.cache, given.data, given.jobs)
    found = measure(bench, given.items)
    try:
        print(f"eGeMAPS: {egemaps.measure_all(given.cache, given.data)} clips measured")
    except BackendMissing as error:
        print(f"No second judge, unless the cache holds it: {error}")
    names = drawn(found, given.out.parent)
    speed = json.loads(given.speed.read_text(encoding="utf-8")) if given.speed else None
    text = given.out.read_text(encoding="utf-8") if given.out.is_file() else "# Speech\n"
    filled = page.fill(text, page.measured_part(found, bench, speed, names))
    with atomic_path(given.out) as part:
        part.write_text(filled, encoding="utf-8")


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
