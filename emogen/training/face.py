"""Trains the guide of faces on measured movement: `python -m emogen.training.face --out FOLDER`.

PEDFE's clips hold 70 points of the face, without the neutral shape of the person. For photos, where that shape is not
known, faces of the identities of ICT FaceKit are put back in: the network learns which differences are the person.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.cues import Cues
from emogen.conditioning.face_measures import MIRRORED, NAMES, RIGID, clip, measure
from emogen.conditioning.vocabulary import norm, term
from emogen.evaluation.heldout import HeldOut
from emogen.evaluation.metrics import fit_temperature
from emogen.training.folds import cross_fitted
from emogen.training.head import Examples, HeadTraining, fit_head, out_of_fold
from emogen.training.packs import pack
from emogen.training.publish import Card, publish

Array = NDArray[np.float64]
LABELS = ("neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust")
FOLDS = 7
STRONGEST = 9.0  # of PEDFE's scale of intensity
PHOTOS = 3  # of each clip at its height, and as many of its first moments
IDENTITIES = 2  # people that each photo is shown on
IDENTITY_SD = 0.8  # of the modes of ICT FaceKit: the mean face takes a part of the person away (own assumption)
STRONGER = (0.7, 1.3)  # variation of a clip's strength
JITTER = 0.008  # of the tracker, eye-corner distances (own assumption)
CLIP_HEAD = HeadTraining(hidden=128, members=5, dropout=0.6, steps=900, learning_rate=1e-3, weight_decay=0.1)
PHOTO_HEAD = HeadTraining(hidden=48, members=4, dropout=0.2, steps=900, learning_rate=1e-3, weight_decay=0.05)


@dataclass(frozen=True)
class Clips:
    """n clips: laid faces [T, 70, 3] each, head pose [T, 3], frames a second, labels, strengths, people; the mean face."""

    faces: list[Array]
    pose: list[Array]
    fps: list[float]
    labels: list[str]
    strength: list[float]
    people: list[str]
    template: Array


def read_clips(data_dir: str | Path | None = None) -> Clips:
    """Reads the pack face/pedfe_motion."""
    folder = pack("face/pedfe_motion", data_dir)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    spans = [slice(int(r["start"]), int(r["start"]) + int(r["frames"])) for r in rows]
    with np.load(folder / "motion.npz") as stored:
        template = stored["template"].astype(float)
        moved, pose = stored["disp"], stored["pose"]
        faces = [template + moved[s].astype(float) / 1000.0 for s in spans]
        turned = [pose[s].astype(float) for s in spans]
    return Clips(
        faces, turned, [float(r["fps"]) for r in rows], [term(r["emotion"]) for r in rows],
        [float(r["intensity_mean"]) / STRONGEST for r in rows], [r["subject"] for r in rows], template,
    )  # fmt: skip


def people(template: Array, data_dir: str | Path | None = None) -> Array:
    """Differences of the 68 points of each mode of identity from the mean head, [40, 68, 3], on the mean face's scale."""
    folder = pack("face/ict_facekit", data_dir)
    vertices = json.loads((folder / "vertex_indices.json").read_text(encoding="utf-8"))["idx_to_landmark_verts"]
    with np.load(folder / "expressions.npz") as stored:
        head = stored["neutral"][vertices].astype(float)
    with np.load(folder / "identities.npz") as stored:
        modes = stored["deltas"][:, vertices].astype(float) * float(stored["scale"])
    flip = np.array([1.0, -1.0, -1.0])  # there y points up and z to the viewer
    laid = _laid(head * flip, template)
    return np.stack([_laid((head + mode) * flip, template) - laid for mode in modes])


def _laid(points: Array, template: Array) -> Array:
    """68 points laid on the mean face by its rigid points."""
    rigid = list(RIGID)
    target = template[rigid]
    source = points[rigid]
    middle, centre = target.mean(axis=0), source.mean(axis=0)
    u, s, vt = np.linalg.svd((target - middle).T @ (source - centre))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = float((s * np.diag(sign)).sum() / ((source - centre) ** 2).sum())
    return np.asarray(scale * (points - centre) @ (u @ sign @ vt).T + middle)


def clip_examples(clips: Clips, seed: int) -> Examples:
    """Each clip, its mirror image, and parts of both that are stronger or weaker; and trembling faces as neutral."""
    rng = np.random.default_rng(seed)
    rows, labels, vad, groups, items = [], [], [], [], []

    def add(faces: Array, pose: Array, fps: float, label: str, number: int, item: int) -> None:
        rows.append(clip(faces, pose, fps))
        labels.append(label)
        vad.append(norm(label) * min(1.0, 0.4 + clips.strength[number]))
        groups.append(clips.people[number])
        items.append(item)

    for number, (faces, pose, fps) in enumerate(zip(clips.faces, clips.pose, clips.fps, strict=True)):
        for version in range(4):
            shown, turned = _mirrored(clips.template, faces, pose) if version % 2 else (faces, pose)
            if version >= 2:
                first = int(rng.integers(0, max(1, len(faces) // 6)))
                last = len(faces) - int(rng.integers(0, max(1, len(faces) // 5)))
                moved = (shown - clips.template)[first:last] * rng.uniform(*STRONGER)
                moved = moved - moved[:2].mean(axis=0) * rng.uniform(0.0, 1.0) + rng.normal(0, JITTER / 2, (70, 3))
                shown, turned = clips.template + moved, turned[first:last]
            add(shown, turned, fps, clips.labels[number], number, number)
    for number, faces in enumerate(clips.faces):
        if number % 3 == 0:  # nobody was filmed doing nothing
            n = max(len(faces) // 2, 8)
            drift = np.cumsum(rng.normal(0, 0.2 * JITTER, (n, 70, 3)), axis=0) + rng.normal(0, JITTER, (n, 70, 3))
            turned = np.cumsum(rng.normal(0, 0.4, (n, 3)), axis=0)
            add(faces[0] + drift, turned, clips.fps[number], "neutral", number, len(clips.faces) + number)
    return Examples(np.stack(rows), _shares(labels), np.stack(vad), groups, items=items)


def _mirrored(template: Array, faces: Array, pose: Array) -> tuple[Array, Array]:
    """The same movement on the other side of the same face."""
    moved = (faces - template)[:, list(MIRRORED)] * (-1.0, 1.0, 1.0)
    return template + moved, pose * (-1.0, 1.0, -1.0)


def photo_examples(clips: Clips, data_dir: str | Path | None, seed: int) -> Examples:
    """Single faces at the height of each clip and at its start, each as several people."""
    rng, modes = np.random.default_rng(seed), people(clips.template, data_dir)
    usual = measure(clips.template[None])[0]
    rows, labels, vad, groups, items = [], [], [], [], []
    for number, faces in enumerate(clips.faces):
        moved = np.linalg.norm(faces - clips.template, axis=(1, 2))
        high = np.argsort(-moved)[: max(PHOTOS, len(faces) // 5)]
        for kind, frames in ((clips.labels[number], rng.choice(high, PHOTOS)), ("neutral", np.array([0]))):
            for frame in frames:
                for _ in range(IDENTITIES):
                    face = faces[frame].copy()
                    face[:68] += np.tensordot(rng.normal(0, IDENTITY_SD, len(modes)), modes, 1)
                    face += rng.normal(0, JITTER, face.shape)
                    rows.append(measure(face[None])[0] - usual)
                    labels.append(kind)
                    vad.append(norm(kind) * min(1.0, 0.4 + clips.strength[number]))
                    groups.append(clips.people[number])
                    items.append(number if kind != "neutral" else len(clips.faces) + number)
    return Examples(np.stack(rows), _shares(labels), np.stack(vad), groups, items=items)


def _shares(labels: Sequence[str]) -> Array:
    return np.eye(len(LABELS))[[LABELS.index(label) for label in labels]]


def _tried(examples: Examples, how: HeadTraining, name: str) -> tuple[HeldOut, float]:
    """Figures on unseen people, and the temperature."""
    items = np.asarray(examples.items)
    _, first = np.unique(items, return_index=True)
    logits, vad = out_of_fold(examples, LABELS, how, FOLDS)
    groups = [str(examples.groups[i]) for i in first]
    truth = examples.shares[first]
    held_out = HeldOut(
        LABELS, (name,) * len(first), tuple(groups), truth, cross_fitted(logits, truth, groups),
        examples.vad[first], vad,
    )  # fmt: skip
    return held_out, fit_temperature(logits, truth)


def train(out_dir: str | Path, *, data_dir: str | Path | None = None, seed: int = 0) -> Path:
    """Learns both heads, tries them on unseen people, and writes the checkpoint folder.

    Args:
        out_dir: Of the checkpoint.
        data_dir: Of the packs.
        seed: Of everything random.
    """
    clips = read_clips(data_dir)
    moving, still = clip_examples(clips, seed), photo_examples(clips, data_dir, seed)
    config: dict[str, Any] = {"template": np.round(clips.template, 4).tolist()}
    weights: dict[str, torch.Tensor] = {}
    tried, curve = [], []
    for name, examples, how in (("clip", moving, CLIP_HEAD), ("photo", still, PHOTO_HEAD)):
        how = replace(how, seed=seed)
        figures, temperature = _tried(examples, how, f"face/pedfe_motion {name}s")
        head, losses = fit_head(examples, LABELS, how)
        config |= {name: head.shape, f"{name}_temperature": round(temperature, 4)}
        weights |= {f"{name}.{k}": v for k, v in head.state_dict().items()}
        tried.append(figures)
        curve += [{"head": name, **row} for row in losses]
    named = [LABELS[i] for i in still.shares.argmax(axis=1)]
    config["cues"] = Cues.fitted(NAMES, still.measures, named).to_dict()
    return publish(
        Path(out_dir), config=config, weights=weights, held_out=_joined(tried), card=_card(clips, seed), curve=curve
    )


def _joined(tried: Sequence[HeldOut]) -> HeldOut:
    a, b = tried
    return HeldOut(
        a.labels, a.packs + b.packs, a.groups + b.groups,
        *(np.concatenate([getattr(a, n), getattr(b, n)]) for n in ("truth", "found", "vad_truth", "vad_found")),
    )  # fmt: skip


def _card(clips: Clips, seed: int) -> Card:
    return Card(
        title="face: the shape of a face -> emotion",
        role="guide",
        license="research",
        kind="research",
        data=(
            f"Measured movement of {len(clips.faces)} clips of {len(set(clips.people))} people of PEDFE (Miolla, Cardaioli "
            "& Scarpazza 2022; no licence stated, research), six emotions, genuine and posed; neutral are first moments "
            "and faces that only tremble. For photos the identities of ICT FaceKit (MIT) are put on the faces. VAD "
            "targets are norms of the labels scaled by rated intensity."
        ),
        training=(
            f"`python -m emogen.training.face --out FOLDER`, seed {seed}: 17 measures after the action units of FACS; a "
            "head for clips (statistics of them and of all points; four versions of each clip) and "
            f"one for single pictures. Figures: {FOLDS} folds by person. Ten "
            "minutes."
        ),
        published=(
            "the raters named the emotion of 78 % of these clips right (column hit_rate_emotion_pct); a ridge on "
            "clip statistics of all points reaches an unweighted recall of .60-.62 over six emotions."
        ),
        limits=(
            "Landmarks see no wrinkles and no tears. In a photo the person's own features cannot be told from a slight "
            "expression. Neutral clips were made, not recorded, so its recall on clips is flattered."
        ),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Trains the guide of faces.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train(given.out, data_dir=given.data, seed=given.seed)


if __name__ == "__main__":
    main()
