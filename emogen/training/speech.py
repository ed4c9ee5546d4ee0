"""Trains both readers of voices: the guide on EmoDB, nEMO and TESS, the judge on RAVDESS alone.

    python -m emogen.training.speech guide --out FOLDER --start moonshine-encoder.safetensors
    python -m emogen.training.speech judge --out FOLDER --start resemblyzer.pt

The encoders stay as they were made for other tasks (recognising words, telling speakers apart); what they hear, with
measures of prosody, goes into a small head. The measured clips are kept beside the checkpoint, in `<name>-run`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emogen.conditioning import audio, voice_measures
from emogen.conditioning.cues import Cues
from emogen.evaluation.heldout import HeldOut
from emogen.evaluation.judges import speech as judges
from emogen.evaluation.metrics import fit_temperature
from emogen.media.atomic import atomic_path
from emogen.models.speech_encoder import SpeechEncoder, SpeechEncoderConfig
from emogen.models.voice_encoder import VoiceEncoder, package_weights
from emogen.training.folds import cross_fitted, softmax
from emogen.training.head import Examples, HeadTraining, fit_head, out_of_fold
from emogen.training.publish import Card, publish
from emogen.training.speech_data import Clip, Measured, measured, read_clips

Role = Literal["guide", "judge"]
Array = NDArray[np.float64]
LAYERS, FIRST_LAYER = 5, 2  # of the recogniser of words: its upper layers know words, not voices


@dataclass(frozen=True)
class Plan:
    """What one of the two learns from, and how."""

    corpora: tuple[str, ...]
    labels: tuple[str, ...]
    folds: int
    head: HeadTraining


PLANS: dict[Role, Plan] = {
    "guide": Plan(
        ("speech/emodb", "speech/nemo_pl", "speech/tess"),
        ("neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "boredom"),
        8,
        HeadTraining(hidden=96, members=4, dropout=0.5, steps=900, learning_rate=1e-3, weight_decay=0.1),
    ),
    "judge": Plan(
        ("speech/ravdess",),
        ("neutral", "calm", "joy", "sadness", "anger", "fear", "disgust", "surprise"),
        6,
        HeadTraining(hidden=96, members=6, dropout=0.5, steps=600, learning_rate=1e-3, weight_decay=0.1),
    ),
}


def encoder_of(role: Role, start: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """The encoder of a role with the weights it starts from, and what config.json says of it."""
    if role == "judge":
        voice = VoiceEncoder()
        voice.load_state_dict(package_weights(str(start)))
        return voice.eval(), {}
    from safetensors.torch import load_file

    words = SpeechEncoder(SpeechEncoderConfig(layers=LAYERS))
    state = load_file(start)
    words.load_state_dict({name: state[name] for name in words.state_dict()})
    return words.eval(), {"layers": LAYERS, "first_layer": FIRST_LAYER}


def front_end(role: Role, encoder: nn.Module) -> Callable[..., NDArray[np.float32]]:
    """Samples and frames -> what the head takes."""
    if role == "judge":
        return partial(judges.features, encoder)
    return partial(audio.features, encoder, FIRST_LAYER)


def train(
    role: Role, out_dir: str | Path, *, start: str | Path, data_dir: str | Path | None = None, seed: int = 0
) -> Path:
    """Measures the clips, learns the head, tries it on unseen speakers, and writes the checkpoint folder.

    Args:
        role: "guide" or "judge".
        out_dir: Of the checkpoint.
        start: Weights of the encoder.
        data_dir: Of the packs.
        seed: Of versions, starts and batches.
    """
    plan, out = PLANS[role], Path(out_dir)
    clips = list(read_clips(plan.corpora, data_dir))
    encoder, config = encoder_of(role, start)
    kept = _measured_once(out.parent / f"{out.name}-run" / "measures.npz", role, encoder, clips, seed)
    examples = _examples(clips, kept, plan.labels)
    how = replace(plan.head, seed=seed)
    logits, vad = out_of_fold(examples, plan.labels, how, plan.folds)
    truth = np.eye(len(plan.labels))[[plan.labels.index(clip.label) for clip in clips]]
    speakers = [clip.speaker for clip in clips]
    several = _several(clips)
    chances = softmax(logits / fit_temperature(logits[several], truth[several]))
    chances[several] = cross_fitted(logits[several], truth[several], [speakers[i] for i in several])
    held_out = HeldOut(
        labels=plan.labels,
        packs=tuple(clip.corpus for clip in clips),
        groups=tuple(speakers),
        truth=truth,
        found=chances,
        vad_truth=np.stack([clip.vad for clip in clips]),
        vad_found=vad,
    )
    head, curve = fit_head(examples, plan.labels, how)
    usual = kept.rows[_first(kept)][:, -len(voice_measures.NAMES) :]
    config |= {
        "head": head.shape,
        "temperature": round(fit_temperature(logits[several], truth[several]), 4),
        "cues": Cues.fitted(voice_measures.NAMES, usual, [clip.label for clip in clips]).to_dict(),
    }
    weights = {f"encoder.{k}": v for k, v in encoder.state_dict().items()}
    weights |= {f"head.{k}": v for k, v in head.state_dict().items()}
    card = _card(role, clips, how)
    return publish(out, config=config, weights=weights, held_out=held_out, card=card, curve=curve)


def _measured_once(path: Path, role: Role, encoder: nn.Module, clips: Sequence[Clip], seed: int) -> Measured:
    if path.is_file():
        with np.load(path) as stored:
            return Measured(stored["rows"], stored["items"])

    def report(done: int) -> None:
        if done % 200 == 0:
            print(f"measured {done} of {len(clips)} clips", flush=True)

    with torch.inference_mode():
        found = measured(clips, front_end(role, encoder), seed, report)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part, part.open("wb") as stream:
        np.savez(stream, rows=found.rows, items=found.items)
    return found


def _several(clips: Sequence[Clip]) -> NDArray[np.intp]:
    """Clips of the packs with several speakers: of a pack with one, nothing tells voice from room and script."""
    speakers = {corpus: {c.speaker for c in clips if c.corpus == corpus} for corpus in {c.corpus for c in clips}}
    return np.flatnonzero([len(speakers[c.corpus]) > 1 for c in clips])


def _first(kept: Measured) -> NDArray[np.intp]:
    return np.unique(kept.items, return_index=True)[1]


def _examples(clips: Sequence[Clip], kept: Measured, labels: Sequence[str]) -> Examples:
    own = [clips[i] for i in kept.items]
    return Examples(
        measures=kept.rows.astype(np.float64),
        shares=np.array([[clip.shares.get(label, 0.0) for label in labels] for clip in own]),
        vad=np.stack([clip.vad for clip in own]),
        groups=[clip.speaker for clip in own],
        corpora=[clip.corpus for clip in own],
        items=kept.items.tolist(),
    )


def _card(role: Role, clips: Sequence[Clip], how: HeadTraining) -> Card:
    speakers = len({clip.speaker for clip in clips})
    if role == "judge":
        data = (
            f"RAVDESS (Livingstone & Russo 2018, CC BY-NC-SA 4.0) alone: {len(clips)} clips of {speakers} actors, eight "
            "emotions at two strengths. The encoder is that of the package Resemblyzer (Apache-2.0), which learnt to "
            "tell speakers apart. VAD targets are the norms of the labels, scaled by strength; nobody rated them."
        )
        published = (
            "a ridge on plain measures reaches .57 (eight emotions, unweighted recall). From general knowledge, "
            "not checked: people name about 60 % of RAVDESS's speech right by ear alone, and fine-tuned wav2vec2 "
            "of 95-317 M parameters reaches .75-.85 on unseen actors."
        )
    else:
        data = (
            f"EmoDB (Burkhardt et al. 2005, CC0), nEMO (Christop 2024, CC BY-NC-SA 4.0) and TESS (Pichora-Fuller & "
            f"Dupuis 2010, CC BY-NC-ND 4.0): {len(clips)} clips of {speakers} speakers of German, Polish and English. "
            "Labels of EmoDB are the shares of its 20 listeners. The encoder is the lower part of Moonshine tiny "
            "(Jeffries et al. 2024, MIT), which learnt to recognise English words. VAD targets are norms of the labels."
        )
        published = (
            "the listeners of EmoDB named 93 % of these clips right (they were chosen for that; column "
            "recognised_pct); ridges on plain measures .64 (EmoDB), .47 (nEMO), .63 (TESS). From general "
            "knowledge, not checked: networks with wav2vec2-large reach .85-.95 on unseen speakers of EmoDB."
        )
    return Card(
        title="judge_speech: a voice -> emotion" if role == "judge" else "speech: a voice -> emotion",
        role=role,
        license="cc-by-nc-sa-4.0" if role == "judge" else "research",
        kind="research",
        data=data,
        training=(
            f"`python -m emogen.training.speech {role} --out FOLDER --start WEIGHTS`, seed {how.seed}: each clip and two "
            f"versions of it (speed, noise, microphone, room); a head of {how.members} networks of {how.hidden} hidden "
            f"units, {how.steps} steps of {how.batch}, mixup {how.mix:g}. Figures: {PLANS[role].folds} folds by speaker."
        ),
        published=published,
        limits=(
            "Acted feelings in a studio, adults, few languages. It hears how something is said, not what. Whole clips of "
            "a few seconds were learnt from: single words and mixtures of feelings are harder. A pack with one speaker (TESS) "
            "is read by a network that never heard its room and script: that row shows what another studio costs."
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains a reader of voices.")
    parser.add_argument("role", choices=("guide", "judge"))
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--start", required=True, type=Path, help="weights of the encoder")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train(given.role, given.out, start=given.start, data_dir=given.data, seed=given.seed)


if __name__ == "__main__":
    main()
