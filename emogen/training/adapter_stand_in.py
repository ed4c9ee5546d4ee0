"""The three ways measured on text that means something, where no text-to-image model is at hand.

`python -m emogen.training.adapter_stand_in FOLDER` takes the token states of our guide of texts (six layers that learnt
what words feel like, see `emogen/checkpoints/text`) for a text encoder, trains a small adapter on it for 300 steps, in about two
minutes, and prints its card and the comparison of docs/adapter.md. The captions are the 132 neutral prompts of
`emogen.training.emoticrafter` with one of Russell & Mehrabian's 151 adjectives put in, rated as the adjective is.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from emogen.conditioning.text import embedded_reader
from emogen.conditioning.vocabulary import read_table
from emogen.training.adapter_ways import compare, table
from emogen.training.emoticrafter import prompts
from emogen.training.image_adapter import Shape, train

TOKENS = 24  # of a prompt
#: Prompts for each adjective, and the training (own choice: minutes on two cores).
PROMPTS, STEPS, BATCH, RATE, SHAPE = 8, 300, 32, 2e-3, Shape(hidden=96, layers=2, heads=4, tokens=4)


class StandIn:
    """Reads prompts as a pipeline of diffusers does, and nothing else."""

    components: ClassVar[dict[str, Any]] = {}
    _execution_device = torch.device("cpu")

    def __init__(self) -> None:
        self.reader = embedded_reader()

    def __call__(self, prompt: str | None = None) -> None:
        """It makes nothing."""

    @torch.no_grad()
    def encode_prompt(self, prompt: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Texts [n] -> token states [n, 24, width], 0 behind each text's end, and which count [n, 24]."""
        reader, net = self.reader, self.reader.net
        lines = [[reader.cls, *reader._ids(text), reader.sep][:TOKENS] for text in prompt]
        ids = torch.tensor([line + [0] * (TOKENS - len(line)) for line in lines])
        mask = torch.tensor([[i < len(line) for i in range(TOKENS)] for line in lines])
        x = net.norm(net.words(ids) + net.places(torch.arange(TOKENS)) + net.segments(torch.zeros_like(ids)))
        for layer in net.layers:
            x = layer(x, mask[:, None, None])
        return x * mask[..., None], mask


def write_captions(path: Path, seed: int = 0) -> Path:
    """Writes the captions; see the module."""
    draw = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["caption", "valence (-1..1)", "arousal", "dominance", "neutral"])
        for row in read_table("norms"):
            word = row["term"].replace("_", " ")
            for text in draw.sample(prompts(), PROMPTS):
                what = text.split(" ", 1)[1].removeprefix("old ")
                writer.writerow(
                    [f"{'an' if word[0] in 'aeiou' else 'a'} {word} {what}", row["v"], row["a"], row["d"], text]
                )
    return path


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure the three ways on the guide of texts.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    model = StandIn()
    captions = write_captions(folder / "captions.csv")
    train(
        model,
        captions,
        folder / "adapter",
        steps=STEPS,
        batch_size=BATCH,
        learning_rate=RATE,
        shape=SHAPE,
        report_every=50,
    )
    print((folder / "adapter" / "README.md").read_text(encoding="utf-8"))
    print(table(compare(model, folder / "adapter")))


if __name__ == "__main__":
    main()
