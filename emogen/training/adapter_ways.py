"""The three ways to a feeling compared where they act: in the prompt's embedding.

`python -m emogen.training.adapter_ways PATH_OR_ID [--adapter FOLDER]` prints a table. For each of the captions in
`tables/felt_captions.csv` (own words, with none of those that directions are fitted to): the neutral caption is moved by a
way, and the move is held against the way to the felt caption, both as means over tokens in each embedding. *Cosine*: of the
angle between the two, 1 the same direction, 0 none. Much of that is the same whatever is felt (more words are more words):
*own* is the cosine when the mean over all captions is taken off both, so that only what tells feelings apart is left, and
*another's* the same with the feeling of another caption. *Length*: of the move over that of the way.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.models.emotion_adapter import EmotionAdapter
from emogen.pipelines.prompt_reading import Read, means, read
from emogen.pipelines.prompt_steering import PromptDirections, fitted
from emogen.pipelines.prompt_wording import worded
from emogen.pipelines.prompted import adapted, open_adapter
from emogen.tables import read_table
from emogen.training.image_adapter import cosine, open_model

#: Sentence, feeling -> the embedding that the model would be given.
Way = Callable[[str, Emotion], Read]


@dataclass(frozen=True)
class WayFigures:
    """How far a way moves the embedding in the asked direction; means over captions.

    Attributes:
        way: Its name.
        cosine: Between the move and the way to the felt caption.
        own: The same for what tells one caption's feeling from the others'.
        another: As `own`, with another caption's feeling.
        length: Of the move, over that of the way.
    """

    way: str
    cosine: float
    own: float
    another: float
    length: float


def compare(model: Any, adapter: EmotionAdapter | str | Path | None = None, directions: PromptDirections | None = None,
            captions: Sequence[Mapping[str, str]] | None = None) -> list[WayFigures]:  # fmt: skip
    """Compares the ways on one model; the adapter only where there is one.

    Args:
        model: A pipeline of diffusers.
        adapter: Trained for it.
        directions: Of it; None: they are fitted.
        captions: Rows of term, neutral, caption; None: our own.
    """
    rows = captions or read_table("emogen.training", "tables/felt_captions.csv")
    ways: dict[str, Way] = {}
    if adapter is not None:
        net = open_adapter(adapter, model)
        ways["adapter"] = lambda text, emotion: _moved(read(model, [text]), lambda e, m: adapted(net, e, m, emotion))
    steps = directions or fitted(model)
    ways["directions"] = lambda text, emotion: _moved(read(model, [text]), lambda e, m: steps.moved(e, m, emotion))
    ways["phrases"] = lambda text, emotion: read(model, [worded(text, emotion)])
    return [_figures(name, way, model, rows) for name, way in ways.items()]


def _figures(name: str, way: Way, model: Any, rows: Sequence[Mapping[str, str]]) -> WayFigures:
    seen: dict[str, list[Any]] = {"start": [], "goal": [], "move": [], "other": []}
    for n, row in enumerate(rows):
        # Half of the table further there is another feeling: its rows are sorted.
        felt, other = (Emotion.parse(rows[i]["term"]) for i in (n, (n + len(rows) // 2) % len(rows)))
        asked = {"start": read(model, [row["neutral"]]), "goal": read(model, [row["caption"]]),
                 "move": way(row["neutral"], felt), "other": way(row["neutral"], other)}  # fmt: skip
        for key, value in asked.items():
            seen[key].append(means(value))
    found = []
    for embedding in seen["start"][0]:
        at = _stacked(seen["start"], embedding)
        wanted, made, apart = (_stacked(seen[key], embedding) - at for key in ("goal", "move", "other"))
        own, own_made, own_apart = (x - x.mean(axis=0) for x in (wanted, made, apart))
        lengths = np.linalg.norm(made, axis=1) / np.maximum(np.linalg.norm(wanted, axis=1), 1e-9)
        found.append([_cosine(made, wanted), _cosine(own_made, own), _cosine(own_apart, own), float(lengths.mean())])
    return WayFigures(name, *(round(float(value), 3) for value in np.mean(found, axis=0)))


def _stacked(found: Sequence[Mapping[str, Any]], embedding: str) -> np.ndarray:
    return np.stack([np.asarray(one[embedding][0].cpu().numpy(), np.float64) for one in found])


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.mean([cosine(x, y) for x, y in zip(a, b, strict=True)]))


def _moved(seen: Read, move: Callable[..., Any]) -> Read:
    return Read(move(seen.embeddings, seen.masks), seen.masks)


def table(figures: Sequence[WayFigures]) -> str:
    """As Markdown."""
    rows = [f"| {f.way} | {f.cosine:.2f} | {f.own:.2f} | {f.another:.2f} | {f.length:.2f} |" for f in figures]
    return "\n".join(["| way | cosine | own | another's | length |", "|---|---|---|---|---|", *rows])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Compare the three ways of steering a prompt.")
    parser.add_argument("pipeline", help="folder or hub id of a text-to-image or -video model of diffusers")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter for it")
    given = parser.parse_args()
    print(table(compare(open_model(given.pipeline), given.adapter)))


if __name__ == "__main__":
    main()
