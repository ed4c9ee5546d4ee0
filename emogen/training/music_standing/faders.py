"""Does each fader move what it says, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.evaluation import metrics
from emogen.pipelines.music.attribute_measures import measured
from emogen.pipelines.music.attributes import FADERS
from emogen.training import kept
from emogen.training.kept import seed_of
from emogen.training.music_standing import bench as of
from emogen.training.music_standing.bench import EMBEDDED, Bench
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "faders"
#: Faders that the notes show; brightness is of the sound alone.
MEASURED = tuple(name for name in FADERS if name != "brightness")
#: Positions of a fader over the middle of its range, and pieces.
POSITIONS, SAMPLES, SECONDS = 8, 12, 16.0
SPAN = (0.15, 0.85)
AIM = 0.9
SECTION = """### Faders

Each fader is set by hand to {positions} positions over the middle {span:.0%} of its range, in {samples} pieces (neutral, one seed
each), all others left alone; then every attribute is measured in the score. *Spearman* and *R²* of position and measure, mean
over pieces (R² is FaderNets' linearity); *consistency*: 1 less the spread of the measure between pieces at one position;
*restrictiveness*: 1 less the spread that the fader causes in the measures of the *other* faders, mean over them (Tan & Herremans
2020). The unit of spread is the standard deviation of the measure over all pieces of all sweeps.
"""


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Fader -> attribute -> [positions, samples], and the positions."""
    here = kept.version(Path(__file__), Path(of.__file__), *of.MUSIC, weights=of.LEARNT_FROM)
    return bench.kept(PART, here, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    print("faders", flush=True)
    pipe, out = bench.pipe(EMBEDDED), {}
    for name in MEASURED:
        fader = FADERS[name]
        places = [fader.low + (fader.high - fader.low) * k for k in np.linspace(*SPAN, POSITIONS)]
        rows = [
            [
                measured(
                    pipe.write("neutral", seconds=SECONDS, seed=seed_of("faders", str(n)), attributes={name: place})
                )
                for n in range(SAMPLES)
            ]
            for place in places
        ]
        out[name] = {
            "places": places,
            "found": {other: [[round(float(cell[other]), 5) for cell in row] for row in rows] for other in MEASURED},
        }
    return out


def figures(found: dict[str, Any]) -> dict[str, tuple[float, float, float, float]]:
    """Fader -> Spearman, linearity, consistency, restrictiveness."""
    tables = {k: {o: np.array(v) for o, v in row["found"].items()} for k, row in found.items()}
    units = {o: float(np.std(np.concatenate([t[o].ravel() for t in tables.values()]))) or 1.0 for o in MEASURED}

    def of_one(name: str) -> tuple[float, float, float, float]:
        own: NDArray[np.float64] = tables[name][name]
        asked = np.repeat(np.array(found[name]["places"])[None], own.shape[1], axis=0)
        others = [metrics.fader_restrictiveness(tables[name][o], units[o]) for o in MEASURED if o != name]
        return (
            metrics.monotonicity(asked, own.T),
            metrics.linearity(asked, own.T),
            metrics.fader_consistency(own, units[name]),
            float(np.mean(others)),
        )

    return {name: of_one(name) for name in found}


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    rows = figures(found)
    for i, what in enumerate(("Spearman of position and measure", "linearity", "consistency", "restrictiveness")):
        mean = float(np.mean([row[i] for row in rows.values()]))
        least = min(rows, key=lambda k: rows[k][i])
        yield Goal(
            f"faders: {what}, mean of {len(rows)}",
            str(AIM).lstrip("0"),
            f"{number(mean)} (least {number(rows[least][i])}, {least})",
            mean >= AIM,
        )


def section(found: dict[str, Any]) -> Iterator[str]:
    """A table."""
    yield SECTION.format(positions=POSITIONS, samples=SAMPLES, span=SPAN[1] - SPAN[0])
    rows = figures(found)

    def moved(name: str) -> str:
        own = np.array(found[name]["found"][name]).mean(axis=1)
        return f"{number(own[0])} to {number(own[-1])}"

    yield from table(
        ["fader", "unit", "set from, to", "measured (mean)", "Spearman", "R²", "consistency", "restrictiveness"],
        [
            [
                name,
                FADERS[name].unit,
                f"{number(found[name]['places'][0])} to {number(found[name]['places'][-1])}",
                moved(name),
                *map(number, row),
            ]
            for name, row in rows.items()
        ],
    )
    yield ""
