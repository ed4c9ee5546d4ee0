"""Writes `docs/evaluation.md`: how well every recogniser and judge reads people it has not learnt from.

    python -m emogen.training.standing --out docs/evaluation.md

The figures come from the `heldout.csv` of the checkpoints; how often guide and judge disagree is measured on the
packs, and left out where they are missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from emogen import checkpoints
from emogen.errors import EmogenError
from emogen.evaluation.metrics import uar
from emogen.evaluation.standing import decided, held_out_of, standing_names, table
from emogen.media.atomic import atomic_path
from emogen.training.disagreement import measure

#: Simple baselines on the same packs for unseen people: ridge on plain measures (speech, face), a random forest over 16
#: measures of the notes (music), correlations of a ridge on colour and texture (pictures). Measured with the packs.
FLOORS = {
    "speech/ravdess": ".57 (UAR)", "speech/emodb": ".64 (UAR)", "speech/nemo_pl": ".47 (UAR)", "speech/tess": ".63 (UAR)",
    "face/pedfe_motion": ".61 (UAR, six emotions)", "music/emopia": ".73 (accuracy; learnt from both halves)",
    "image/oasis": "valence .22, arousal .11 (correlation)",
}  # fmt: skip

HEAD = """# How well the recognisers and judges read people

Made by `python -m emogen.training.standing --out docs/evaluation.md`; do not edit by hand. A *guide* may steer or teach
generators; a *judge* has no part in making anything, and its verdict alone stands in reports. Both are tried on people,
songs, themes and movements they have not learnt from: each item was read by a network trained on the other groups, with
a temperature fitted on the others too. In brackets the 95 % interval over groups. UAR: mean recall of the labels; ECE:
how far stated chances lie from true ones (0.08 or less is the aim); CCC: agreement with rated (or, where nobody rated,
normed) valence, arousal and dominance. Listeners themselves recognise 48-66 % of acted recordings.
"""


def page(data_dir: str | Path | None = None) -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for name in standing_names():
        card = (checkpoints.HERE / name / "README.md").read_text(encoding="utf-8")
        said = next((line for line in card.splitlines() if line.startswith("Published: ")), "")
        parts += [f"## {name}\n", *_figures(name), "", said, ""]
    parts += list(_disagreement(data_dir))
    return "\n".join(parts).rstrip() + "\n"


def _figures(name: str) -> Iterator[str]:
    held_out = held_out_of(name)
    yield from table(held_out)
    floors = {key: text for key, text in FLOORS.items() if any(p.startswith(key) for p in held_out.packs)}
    for key, text in floors.items():
        yield f"\nA simple baseline on {key}: {text}."
    for pack in dict.fromkeys(held_out.packs):
        named = held_out.pack(pack).labelled()
        if len(named):
            truth, found = decided(named)
            each = [
                f"{label} {uar([1] * int((truth == i).sum()), (found[truth == i] == i).astype(int)):.2f}"
                for i, label in enumerate(held_out.labels)
                if (truth == i).any()
            ]
            yield f"\nRecall on {pack}: {', '.join(each)}."


def _disagreement(data_dir: str | Path | None) -> Iterator[str]:
    yield "## Guide and judge are two\n"
    yield "How often they name different feelings for the same media, none of which either has learnt from:\n"
    try:
        rows = measure(data_dir)
    except EmogenError as error:
        yield f"(Not measured here: {error})"
        return
    yield "| modality | on | n | other label | mean JS divergence | correlation of valence |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        yield (
            f"| {row.modality} | {row.media} | {row.n} | {row.labels:.0%} | {row.divergence:.2f} | {row.valence:.2f} |"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Writes the page of figures of all recognisers and judges.")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--data", type=Path, help="folder of the packs")
    given = parser.parse_args(arguments)
    text = page(given.data)
    with atomic_path(given.out) as part:
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
