"""Three ways of telling a feeling to a text-to-image or -video model: an adapter, directions, phrases.

No large model is at hand. The ways are compared on text that means something, the guide of texts standing in for a text
encoder; and run on tiny models of the real classes with random weights, which shows that the machinery works and no more.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from emogen.conditioning.emotion import Emotion
from emogen.training import kept
from emogen.training.image_standing.bench import ROOT, Bench
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "ways"
STAND_IN = "stand-in"
KINDS = {"sdxl": "SDXL", "sd3": "SD 3", "flux": "Flux", "wan": "Wan"}
#: The repository's own tests build the tiny models.
MODELS = "tests.pipelines.tiny_prompted_models"
STEPS, SHAPE = 60, {"hidden": 32, "layers": 1, "heads": 2, "tokens": 2}
#: What the adapters of tiny models learn from: each of these feelings in each of these places, the last of which is held out.
FEELINGS = ("joy", "calm", "awe", "excitement", "sadness", "fear", "anger", "boredom")
PLACES = ("harbour", "street", "forest", "room", "lake", "bridge", "market", "field", "garden")
SECTION = """### Three ways to a feeling in a large model

For captions that nothing was fitted to, the move that a way makes from the neutral caption against the way to the felt one
([adapter.md](adapter.md)). *Own*: cosine of the two after what is common to all captions is taken off; *another's*: the same
with the feeling of another caption. The guide of texts stands in for a text encoder:
"""
TINY = """
On tiny models of the real classes with random weights, own (another's), in a place that the adapter has not seen: words mean
nothing there, so that it shows that training, saving, loading and moving work. *Neutral*: nothing felt leaves the embedding
bit for bit. EmotiCrafter's protocol (`python -m emogen.training.emoticrafter`) was **not run**: no such weights here.
"""


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """Model -> rows of the ways; tiny models only where the tests are."""
    files = [ROOT / "pipelines" / "prompt*.py", ROOT / "pipelines" / "*phras*.csv", ROOT / "models" / "emotion_adapter.py",
             ROOT / "training" / "adapter_*.py", ROOT / "training" / "image_adapter*.py"]  # fmt: skip
    here, found = kept.version(Path(__file__), *files, weights=("text",)), {}
    for kind in (STAND_IN, *KINDS):
        there = kind == STAND_IN or find_spec(MODELS.partition(".")[0]) is not None
        rows = bench.kept(PART, here, partial(_model, kind), run=run and there, name=kind)
        if rows is not None:
            found[kind] = rows
    return found if STAND_IN in found else None


def _model(kind: str) -> dict[str, Any]:
    from transformers.utils import logging

    print(f"ways: {kind}", flush=True)
    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as place:
        return _on_stand_in(Path(place)) if kind == STAND_IN else _on_tiny(kind, Path(place))


def _on_stand_in(folder: Path) -> dict[str, Any]:
    from emogen.training import adapter_stand_in as on
    from emogen.training import adapter_ways, image_adapter

    model, captions = on.StandIn(), on.write_captions(folder / "captions.csv")
    image_adapter.train(model, captions, folder / "adapter", steps=on.STEPS, batch_size=on.BATCH, learning_rate=on.RATE,
                        shape=on.SHAPE)  # fmt: skip
    return {"ways": [asdict(f) for f in adapter_ways.compare(model, folder / "adapter")], "same": True}


def _on_tiny(kind: str, folder: Path) -> dict[str, Any]:
    from emogen.models.emotion_adapter import EmotionAdapter
    from emogen.pipelines.prompt_reading import read
    from emogen.pipelines.prompted import adapted
    from emogen.training import adapter_ways, image_adapter

    model = image_adapter.open_model(getattr(import_module(MODELS), kind)(folder / kind))
    image_adapter.train(model, captions(folder / "captions.csv"), folder / "adapter", steps=STEPS, batch_size=8,
                        learning_rate=1e-2, shape=image_adapter.Shape(**SHAPE), report_every=STEPS)  # fmt: skip
    net = EmotionAdapter.from_pretrained(folder / "adapter", use_safetensors=True).eval()
    start = read(model, [f"a {PLACES[-1]}"])
    after = adapted(net, start.embeddings, start.masks, Emotion.parse("neutral"))
    same = all(bool((after[k] == start.embeddings[k]).all()) for k in after)
    rows = [
        {"term": term, "neutral": f"a {PLACES[-1]}", "caption": _felt(term, PLACES[-1])} for term in sorted(FEELINGS)
    ]
    return {"ways": [asdict(f) for f in adapter_ways.compare(model, folder / "adapter", captions=rows)], "same": same}


def captions(path: Path) -> Path:
    """What the adapters of tiny models learn from."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["caption", "valence (-1..1)", "arousal", "neutral"])
        for term in FEELINGS:
            v, a = Emotion.parse(term).vad[:2]
            writer.writerows([_felt(term, place), f"{v:.3f}", f"{a:.3f}", f"a {place}"] for place in PLACES[:-1])
    return path


def _felt(term: str, place: str) -> str:
    return f"a {place} full of {term}"


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    right = [row["own"] > row["another"] for row in found[STAND_IN]["ways"]]
    what = "ways: on meaningful text nearer to the own feeling than to another"
    yield Goal(what, "all", f"{sum(right)} of {len(right)}", all(right))
    tiny = [of for kind, of in found.items() if kind != STAND_IN]
    if tiny:
        moved = [of["ways"][0]["own"] > of["ways"][0]["another"] for of in tiny]
        yield Goal(
            "ways: an adapter of a tiny model moves as asked", "all", f"{sum(moved)} of {len(moved)}", all(moved)
        )
        same = [of["same"] for of in tiny]
        yield Goal(
            "ways: nothing felt leaves the embedding bit for bit", "all", f"{sum(same)} of {len(same)}", all(same)
        )


def section(found: dict[str, Any]) -> Iterator[str]:
    """Tables."""
    yield SECTION
    columns = ("own", "another", "cosine", "length")
    lines = [[row["way"], *(number(row[k]) for k in columns)] for row in found[STAND_IN]["ways"]]
    yield from table(["", "own", "another's", "cosine as it is", "length"], lines)
    tiny = {KINDS[kind]: of for kind, of in found.items() if kind != STAND_IN}
    if tiny:
        yield TINY
        names = [row["way"] for row in next(iter(tiny.values()))["ways"]]
        lines = []
        for name, of in tiny.items():
            cells = [f"{number(row['own'])} ({number(row['another'])})" for row in of["ways"]]
            lines.append([name, *cells, "the same" if of["same"] else "**changed**"])
        yield from table(["", *names, "neutral"], lines)
    yield ""
