"""The checkpoint folder of the ear of the lips: weights, configuration, curve, and a card with the measured figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from emogen.checkpoints import write_sums
from emogen.conditioning.learned import CONFIG, WEIGHTS
from emogen.media.atomic import atomic_path
from emogen.models.lips import SAMPLE_RATE_HZ, LipNet
from emogen.pipelines.talking_head.ear import Ear
from emogen.training.lips_data import Said
from emogen.training.lips_figures import measured
from emogen.training.loop import TrainResult

_ROWS = {
    "viseme_of_frame": "Viseme of each 10 ms right",
    "sound_of_frame": "Sound of each 10 ms right (one of {sounds})",
    "silence_recall": "Silence found",
    "silence_precision": "What it takes for silence is",
    "closures_recall": "Closed lips (p b m) found within 40 ms",
    "closures_precision": "What it takes for closed lips is, within 40 ms",
    "lips_shut_in_closures": "The mouth's curves close in p b m (opening < 0.03 within 40 ms)",
    "loudness_closures_recall": "Loudness alone: closed lips found",
    "loudness_closures_precision": "Loudness alone: what it takes for closed is",
    "alignment_median_ms": "Text known, times not: error of a sound's begin, median (ms)",
    "alignment_90_percent_ms": "the same, 90 % are below (ms)",
}


def write_checkpoint(
    folder: Path, model: LipNet, curve: Path, result: TrainResult, learnt: Sequence[Said], data_dir: str | Path | None = None
) -> Path:
    """Writes config.json, model.safetensors (float16), curve.csv, README.md and SHA256SUMS; the figures are those of float16."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    half = {name: value.detach().to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    with atomic_path(folder / WEIGHTS) as part:
        save_file(half, part)
    with atomic_path(folder / CONFIG) as part:
        part.write_text(json.dumps(model.shape, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with atomic_path(folder / "curve.csv") as part:
        shutil.copyfile(curve, part)
    write_sums(folder)
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    size = f"{millions:.2f} M numbers, {(folder / WEIGHTS).stat().st_size / 1e6:.1f} MB."
    figures = measured(Ear.load(folder), data_dir)
    with atomic_path(folder / "README.md") as part:
        part.write_text(_text(figures, result, learnt, size, len(model.sounds)), encoding="utf-8")
    write_sums(folder)
    return folder


def _hours(learnt: Sequence[Said], kind: str) -> str:
    seconds = sum(len(s.samples) for s in learnt if s.speaker.startswith(kind)) / SAMPLE_RATE_HZ
    return f"{seconds / 60:.0f} min"


def _text(figures: Mapping[str, Mapping[str, float]], result: TrainResult, learnt: Sequence[Said], size: str, sounds: int) -> str:
    kinds = list(figures)
    table = [f"| | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    for key, told in _ROWS.items():
        values = [f"{figures[kind][key]:.0f}" if key.endswith("ms") else f"{figures[kind][key]:.3f}" for kind in kinds]
        table.append(f"| {told.format(sounds=sounds)} | {' | '.join(values)} |")
    rows = "\n".join(table)
    return f"""---
license: cc0-1.0
checkpoint_kind: open
library_name: emogen
---
# lips: the sound of a voice -> which speech sound is heard, every 10 ms

The ear of a talking head where there is no transcript: {sounds} kinds of sound, which make 15 visemes and silence, and the
times of a text's sounds where there is one. Convolutions that look a quarter of a second back and ahead. {size}

## Data
Synthetic speech with known times: espeak-ng in some 50 variants and 20 languages ({_hours(learnt, "espeak/")}), this project's
own voices with any build, pace and feeling ({_hours(learnt, "embedded/")}; the open conversion), flite's kal16, rms, awb and slt
(CMU, BSD-like licence; {_hours(learnt, "read/")}). Texts are this project's own, EmoBank's (CC BY-SA 4.0, of which the
checkpoint keeps none), and, in languages other than English, words made up of their letters. Real speech: EmoDB (CC0; Burkhardt
et al. 2005) with its phone labels, {_hours(learnt, "emodb")} of six speakers in eight of its ten sentences, most of it cut into
pieces and put together anew. All of it also as rooms, noises, telephones and codecs make it; and noise and tones without speech.
Held out for the figures: a man and a woman of EmoDB (11, 14), in all sentences, and the sentences a05 and b10 of everybody.

## Training
`python -m emogen.training.lips --out FOLDER --features FEATURES --steps {result.steps}`: {result.elapsed_s / 60:.0f} minutes on
one core, best at step {result.best_step} (held-out loss {result.best:.4f}, `curve.csv`).

## Figures
EmoDB's held-out man and woman, all feelings, clean recordings. "Known sentences": others said them in the training; in
"unknown sentences" neither the voice nor the words were learnt from. A closure counts as found where the middle of one that was
heard lies within 40 ms of the marked one.

{rows}

## Limits
Its real speech is German, ten sentences, acted in a studio: in other words, in noise and in other languages it errs more
than with "known sentences". Sounds that are made at different places but sound alike (m and n, b and d, p and k) are what it
confuses most. Where the words are known, give them: then lips close exactly. It did not learn singing, nor speech over loud
music. Lips that move without a sound stay shut.
"""
