"""Finishes a trained text checkpoint: calibration, figures, model card, hashes.

`python -m emogen.training.text_card --checkpoint FOLDER` does it again for a folder that `training.text` wrote.
Every figure on the card comes out of figures.json, training.json or the size of a file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from emogen.checkpoints import write_sums
from emogen.training import text_baselines
from emogen.training.text_data import EXTRA, GOEMOTIONS
from emogen.training.text_eval import calibrate, load, measure

CARD = """---
license: cc-by-sa-4.0
checkpoint_kind: open
library_name: emogen
pipeline_tag: text-classification
language: en
datasets: [GoEmotions, EmoBank, composed by the project]
---
# text: words -> emotion

Reads the feeling in a sentence, a stage direction ("through clenched teeth") or a story: chances of {n_labels} labels
(the 27 of GoEmotions and neutral; {extra}),
valence-arousal-dominance, intensity, calibrated confidence.
`from emogen.conditioning.text import TextRecognizer; TextRecognizer.load("embedded").recognize("We made it!")`

It is a *guide*: generators may use it, reports may not print its verdict on them as a judge's.

## What it is
A transformer encoder of 6 layers, 384 wide, with three heads: {parameters:.1f} M parameters, {megabytes:.1f} MB
(float16; the word table of 20,000 pieces in int8 with a scale by row). `config.json` holds its shape, settings and
calibration.

## Where it comes from
- Start: the sentence encoder all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0). Its word table is pruned and was
  not changed otherwise; all other weights were fine-tuned.
- GoEmotions (Demszky et al. 2020, Apache-2.0): labels of Reddit comments by several raters each.
- EmoBank (Buechel & Hahn 2017, CC BY-SA 4.0): valence, arousal, dominance, mean of readers' and writers' view, and the
  sentence that stands before each in its document.
- Tens of thousands of sentences a pass, composed by the project from phrases of its own (`emogen/training/tables`,
  `prose.py`): stage directions, bodily cues, events, speech, intensifiers, negations, mixtures, sentences that only
  their context makes clear. Their labels are the authors' judgement, nobody else's.
MELD and Warriner's norms were used for the figures below and for nothing else.

## How it was trained
{runs}

{rows:,} rows came from the packs. The curve of the last run is `training.csv`. Split by hash: 10 % of comments and of
EmoBank's documents held out, 5 % for calibration and thresholds, the rest for learning.

## Figures, on the held-out parts
| | this | counted words + linear | word list (Warriner) |
|---|---|---|---|
| CCC valence, EmoBank (n = {emobank_n}) | {v} | {lv} | {wv} |
| CCC arousal | {a} | {la} | {wa} |
| CCC dominance | {d} | {ld} | {wd} |
| CCC V / A / D with the sentence before | {ctx} | - | - |
| macro-F1, GoEmotions 27 + neutral (n = {go_n}) | {f28} | {l28} | - |
| macro-F1, Ekman's 6 + neutral | {f7} | {l7} | - |
| likeliest label is one that people gave | {top1} | - | - |
| expected calibration error (before calibration) | {ece} ({ece0}) | - | - |
| macro-F1, MELD dev, 7 classes, never trained on (n = {meld_n}) | {meld} | {lmeld} | - |
| the same, with the line before | {meldctx} | - | - |
| composed sentences from unseen templates and phrases (n = {comp_n}): likeliest label fits | {comp} | - | - |
| the same, CCC of intensity | {compi} | - | - |

Published for BERT on GoEmotions' own test part: .46 (28) and .64 (Ekman). The split here is another one.
F1 by label: {each}.
By kind of composed sentence: {kinds}.
All of it: `figures.json`; again by `python -m emogen.training.text_card --checkpoint FOLDER`.

## Limits
English only: other scripts come out with a confidence near 0. Irony is mostly missed. On television dialogue the
transfer is weak (MELD above). Sentences of prose with an event the phrases do not resemble are read right less
often than stage directions (see "narrate" above). Comments on Reddit carry biases of their raters and writers.
Intensity is the authors' scale, not people's ratings. Some sentences of the golden tests stand among the phrases: what
counts as unseen is the table's last two rows, not those tests. Do not use it to judge people.
"""


def finish(folder: Path, data_dir: str | Path | None = None) -> None:
    """Calibrates and measures a checkpoint, then writes its config.json, figures.json, README.md, SHA256SUMS.

    Args:
        folder: What `training.text.train` wrote.
        data_dir: Folder of the packs.
    """
    net, tokenizer = load(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["calibration"] = calibrate(net, tokenizer, data_dir)
    path.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    figures = measure(net, tokenizer, config, data_dir)
    figures |= {"lexicon": text_baselines.lexicon(data_dir), "linear": text_baselines.linear(data_dir)}
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    made = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    size = (folder / "model.safetensors").stat().st_size
    count = sum(p.numel() for p in net.parameters())
    (folder / "README.md").write_text(card(figures, made, size, count), encoding="utf-8")
    write_sums(folder)


def _run(run: dict[str, Any], goes_on: bool) -> str:
    going_on = " --start THE_FORMER" if goes_on else ""
    command = (
        f"python -m emogen.training.text --out FOLDER{going_on} --seed {run['seed']} --epochs {run['epochs']} "
        f"--composed {run['composed_per_epoch']} --rate {run['learning_rate']:g}"
    )
    note = f" {run['note']}" if "note" in run else ""
    return (
        f"- `{command}`: {run['steps']:,} steps of at most 2,048 tokens, {run['seconds'] / 60:.0f} minutes on "
        f"{run['threads']} thread(s) of a busy CPU, torch {run['torch']}.{note}"
    )


def card(figures: dict[str, Any], made: dict[str, Any], size: int, parameters: int) -> str:
    """The model card as text.

    Args:
        figures: Of figures.json.
        made: Of training.json.
        size: Bytes of the weights.
        parameters: Of the network.
    """
    go, bank, meld, comp = (figures[k] for k in ("goemotions", "emobank", "meld_dev", "composed_held_out"))
    linear, words = figures["linear"], figures["lexicon"]
    this, line, listed = bank["ccc_alone"], linear["ccc"], words["ccc"]
    return CARD.format(
        n_labels=len(GOEMOTIONS) + len(EXTRA), extra=", ".join(EXTRA), parameters=parameters / 1e6, megabytes=size / 1e6,
        runs="\n".join(_run(r, i > 0) for i, r in enumerate(made["runs"])),
        rows=made["runs"][-1]["rows_from_packs"], emobank_n=bank["n"], v=this[0], a=this[1], d=this[2], lv=line[0], la=line[1],
        ld=line[2], wv=listed[0], wa=listed[1], wd=listed[2], ctx=" / ".join(map(str, bank["ccc_in_context"])),
        go_n=go["n"], f28=go["macro_f1_28"], l28=linear["macro_f1_28"], f7=go["macro_f1_ekman7"],
        l7=linear["macro_f1_ekman7"], top1=go["top1_in_gold"], ece=go["ece"], ece0=go["ece_before_scaling"],
        meld_n=meld["n"], meld=meld["alone"]["macro_f1"], lmeld=linear["meld_macro_f1"],
        meldctx=meld["in_context"]["macro_f1"], comp_n=comp["n"], comp=comp["top1_fits"], compi=comp["intensity_ccc"],
        each=", ".join(f"{k} {v}" for k, v in go["f1"].items()),
        kinds=", ".join(f"{k} {v}" for k, v in comp["by_kind"].items()),
    )


def main() -> None:
    """Command line: finish a checkpoint again."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    finish(given.checkpoint, given.data)


if __name__ == "__main__":
    main()
