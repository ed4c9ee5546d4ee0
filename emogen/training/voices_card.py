"""The checkpoint folder of the embedded voices: weights, configuration, curve, and a card with the measured figures."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emogen.checkpoints import write_sums
from emogen.conditioning.learned import WEIGHTS
from emogen.media.atomic import atomic_path
from emogen.models.acoustic import AcousticModel
from emogen.training.loop import TrainResult

_HEADS = {
    "speaker": "Speaker",
    "sentences": "Sentences",
    "cepstral_distance_db": "Cepstral distance, dB",
    "f0_error_semitones": "F0 error, semitones",
    "voicing_error": "Voicing error",
    "length_error_ms": "Length error, ms",
}


def write_checkpoint(
    folder: Path,
    model: AcousticModel,
    figures: Sequence[Mapping[str, Any]],
    curve: Path,
    result: TrainResult,
    learnt: int,
) -> Path:
    """Writes config.json, model.safetensors (float16), curve.csv, README.md and SHA256SUMS."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model.save_config(folder)
    weights = folder / WEIGHTS
    half = {name: value.detach().to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    with atomic_path(weights) as part:
        save_file(half, part)
    with atomic_path(folder / "curve.csv") as part:
        shutil.copyfile(curve, part)
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    size = weights.stat().st_size / 1e6
    with atomic_path(folder / "README.md") as part:
        part.write_text(_text(figures, result, learnt, f"{millions:.2f} M numbers, {size:.1f} MB."), encoding="utf-8")
    write_sums(folder)
    return folder


def _text(figures: Sequence[Mapping[str, Any]], result: TrainResult, learnt: int, size: str) -> str:
    keys = [key for key in _HEADS if key in figures[0]]
    table = [f"| {' | '.join(_HEADS[key] for key in keys)} |", "|" + "---|" * len(keys)]
    table += [f"| {' | '.join(str(row[key]) for key in keys)} |" for row in figures]
    rows = "\n".join(table)
    return f"""---
license: apache-2.0
checkpoint_kind: open
library_name: emogen
---
# voices: sounds of English -> frames of a voice

The embedded voices: an acoustic model in the form of FastSpeech 2 (Ren et al. 2021, arXiv:2006.04558), which gives the
representation of the voice codec (WORLD). Its speakers may be mixed. {size}

## Data
{learnt} sentences read by free synthetic voices: flite's `rms` and `awb` (CMU, under its BSD-like licence) and
festival's `cmu_us_slt_arctic_hts` (HTS working group, modified BSD); the recordings behind them are CMU ARCTIC's, free
for any use. The texts are sentences of this project's own and of EmoBank (CC BY-SA 4.0), of which the checkpoint keeps
none. Every 25th text was held out for all speakers.

## Training
`emogen train voices --output FOLDER --features FEATURES --steps {result.steps}` (flite and festival must be installed);
{result.elapsed_s / 60:.0f} minutes on one core, best at step {result.best_step} (held-out loss {result.best:.4f},
`curve.csv`).

## Figures
Held-out sentences against the teacher, with the teacher's lengths (the lengths themselves are in the last column):

{rows}

Word error of a recogniser: see docs/speech.md.

## Limits
English alone (as espeak-ng's en-us transcribes it). It cannot be better understood than its teachers, which are
synthetic voices themselves. Its melody is that of plain reading.
"""
