"""How natural the learnt expression moves: `python -m emogen.training.face_motion_figures --out FOLDER`.

For every clip of people that nothing was learnt or chosen from, the rules and the learnt expression are asked for the
same emotion, strength, start and length. A forest then tries to tell measured from made by how they move (speed,
asymmetry, onsets; not by how far), beside figures of the head, of how a track is followed, and of the fit.
"""

from __future__ import annotations

import argparse
import json
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.face import INDEX
from emogen.conditioning.emotion import BASIC
from emogen.evaluation.metrics.face_movement import BANDS, NAMES, head_spectrum, statistics, told_apart
from emogen.pipelines.talking_head import life
from emogen.pipelines.talking_head.expression import ExpressionRules, eased_feeling, norms
from emogen.pipelines.talking_head.expressive import COLUMNS, FPS, PAIRED, SHAPES, LearntExpression
from emogen.training.face_motion import read_courses
from emogen.training.face_motion_data import Course, split
from emogen.training.face_points import Clip, PointFit, read_clips, shape_moves

Array = NDArray[np.float64]
PAIRS = [(2 * i, 2 * i + 1) for i in range(len(PAIRED))]
REPEATS = 2  # forests of other seeds
LONG_S = 1800.0
REGIONS = {"all": slice(17, 68), "brows": slice(17, 27), "nose": slice(27, 36), "eyes": slice(36, 48), "mouth": slice(48, 68)}


def residuals(clips: Sequence[Clip], fit: PointFit) -> dict[str, float]:
    """Share of the points' movement (in the picture) that the fitted shapes leave over, per region."""
    left, whole = dict.fromkeys(REGIONS, 0.0), dict.fromkeys(REGIONS, 0.0)
    for clip in clips:
        error = clip.moved - fit.points(fit(clip.moved))
        for name, part in REGIONS.items():
            left[name] += float((error[:, part, :2] ** 2).sum())
            whole[name] += float((clip.moved[:, part, :2] ** 2).sum())
    return {name: left[name] / whole[name] for name in REGIONS}


def schedule(course: Course) -> tuple[Array, Array]:
    """The step that a clip's face was asked for: vad [T, 3] and amplitudes [T, 6]."""
    basic = np.zeros((len(course.step), len(BASIC)))
    basic[round(course.start_s * FPS) :, BASIC.index(course.clip.emotion)] = min(course.strength, 1.0)
    return basic @ norms(), basic


def made(course: Course, model: LearntExpression | None, seed: int) -> tuple[Array, Array]:
    """Shapes [T, K] and head [T, 3] (yaw, pitch, roll) of the learnt expression, or of the rules (None)."""
    vad, basic = schedule(course)
    if model is None:
        expression: ExpressionRules | LearntExpression = ExpressionRules()
        curves, posture = expression.live(vad, basic, FPS, seed=seed)
    else:
        expression = model
        curves, posture = model.live(vad, basic, FPS, seed=seed, genuine=1.0 if course.clip.genuine else -1.0)
    # Nobody spoke in the clips, and nobody was listened to.
    quiet, busy = np.zeros(len(vad)), np.ones(len(vad))
    sway = life.head(np.random.default_rng([seed, 11]), vad, quiet, busy, FPS, expression.sway)
    return curves[:, COLUMNS[:SHAPES]], sway + posture[:, [1, 0, 2]]


def alone(course: Course, model: LearntExpression, seed: int) -> tuple[Array, Array]:
    """As `made`, but around the measured mean faces instead of the published targets: the diffusion by itself."""
    felt = eased_feeling(schedule(course)[1], FPS, dict(zip(BASIC, model.config.onset_s, strict=True)))
    curves = felt @ model.apex.double().numpy() + model.deviations(felt, FPS, seed, 1.0 if course.clip.genuine else -1.0)
    return np.clip(curves[:, :SHAPES], 0.0, 1.0), curves[:, SHAPES:]


def naturalness(found: Sequence[Course], model: LearntExpression, seed: int = 0) -> dict[str, Any]:
    """Two-sample tests and medians over the courses of unseen people."""
    kinds = split([c.clip for c in found])
    test = [c for c in found if kinds[c.clip.subject] == "test" and len(c.curves) > FPS]
    rng = np.random.default_rng(seed)
    others = [c for c in found if kinds[c.clip.subject] == "train" and len(c.curves) > FPS]
    others = [others[i] for i in rng.choice(len(others), len(test), replace=False)]
    people = [c.clip.subject for c in test]
    faces = {
        "measured": [(c.curves[:, :SHAPES], c.curves[:, SHAPES:]) for c in test],
        "other people": [(c.curves[:, :SHAPES], c.curves[:, SHAPES:]) for c in others],
        "learnt": [made(c, model, seed + i) for i, c in enumerate(test)],
        "learnt, on measured faces": [alone(c, model, seed + i) for i, c in enumerate(test)],
        "rules": [made(c, None, seed + i) for i, c in enumerate(test)],
    }
    rows = {k: np.stack([statistics(x, h, PAIRS, FPS) for x, h in v]) for k, v in faces.items()}
    face = [i for i, name in enumerate(NAMES) if not name.startswith("head")]
    head = [i for i, name in enumerate(NAMES) if name.startswith("head")]

    def auc(kind: str, columns: list[int]) -> float:
        real = rows["measured"][:, columns]
        return float(np.mean([told_apart(real, rows[kind][:, columns], people, s) for s in range(REPEATS)]))

    return {
        "clips": len(test), "people": len(set(people)),
        "told apart (AUC)": {
            kind: {"all": auc(kind, face + head), "face": auc(kind, face), "head": auc(kind, head)}
            for kind in faces if kind != "measured"
        },
        "medians": {k: dict(zip(NAMES, np.median(v, axis=0).round(3).tolist(), strict=True)) for k, v in rows.items()},
        "head speed power in bands (deg/s)^2": {
            k: dict(zip((f"{a:g}-{b:g} Hz" for a, b in BANDS), head_spectrum([h for _, h in v], FPS).round(2).tolist(), strict=True))
            for k, v in faces.items()
        },
    }  # fmt: skip


def amplitude(curves: Array, rules: ExpressionRules, emotion: str) -> Array:
    """How far curves [T, 61] go along the published face of an emotion [T]."""
    row = np.eye(len(BASIC))[[BASIC.index(emotion)]]
    target = rules.still(row @ norms(), row)[0][0, COLUMNS[:SHAPES]]
    return np.asarray(curves[:, COLUMNS[:SHAPES]] @ target / (target @ target))


def following(model: LearntExpression, seeds: int = 4) -> dict[str, Any]:
    """Whether a track is followed: correlation with a pulse of 3 s, and rank correlation with held intensities."""
    from scipy.stats import spearmanr

    pulse = np.interp(np.arange(200) / FPS, [1.0, 1.4, 4.4, 5.4], [0.0, 1.0, 1.0, 0.0])
    levels = np.linspace(0, 1, 11)
    found: dict[str, Any] = {"pulse r": {}, "intensity rho": {}}
    for i, emotion in enumerate(BASIC):
        shape = np.eye(len(BASIC))[i]
        rs = []
        for seed in range(seeds):
            basic = np.outer(pulse, shape)
            rs.append(np.corrcoef(amplitude(model.live(basic @ norms(), basic, FPS, seed=seed)[0], model.rules, emotion), pulse)[0, 1])
        held = []
        for level in levels:
            basic = np.tile(level * shape, (75, 1))
            held.append(amplitude(model.live(basic @ norms(), basic, FPS, seed=0)[0], model.rules, emotion)[25:].mean())
        found["pulse r"][emotion] = round(float(np.mean(rs)), 3)
        found["intensity rho"][emotion] = round(float(spearmanr(levels, held).statistic), 3)
    return found


def endurance(model: LearntExpression, seconds: float = LONG_S) -> dict[str, Any]:
    """A smile held for half an hour: mean head and face of each sixth, their standard deviation, and memory's growth."""
    basic = np.zeros((round(seconds * FPS), len(BASIC)))
    basic[:, 0] = 0.8
    vad = basic @ norms()
    model.live(vad[:250], basic[:250], FPS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    curves, posture = model.live(vad, basic, FPS)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    parts = np.array_split(np.arange(len(curves)), 6)
    smile = curves[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]].mean(axis=1)
    turned = np.degrees(posture)
    return {
        "smile": [[round(float(smile[p].mean()), 3), round(float(smile[p].std()), 3)] for p in parts],
        "head (deg): means of pitch, yaw, roll": [turned[p].mean(axis=0).round(2).tolist() for p in parts],
        "head (deg): standard deviations": [turned[p].std(axis=0).round(2).tolist() for p in parts],
        "greatest step of a shape": round(float(np.abs(np.diff(curves[:, COLUMNS[:SHAPES]], axis=0)).max()), 3),
        "memory grown (MB), the result itself and its parts": round(grown, 1), "result (MB)": round(curves.nbytes / 2**20, 1),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of these figures."""
    parser = argparse.ArgumentParser(description="Naturalness of the learnt expression.")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint folder; else the shipped one")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--out", type=Path, required=True, help="folder of figures.json")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    model = LearntExpression.embedded() if given.checkpoint is None else LearntExpression.opened(given.checkpoint)
    clips, template = read_clips(given.data)
    kinds = split(clips)
    fit = PointFit(template, shape_moves(template, given.data))
    found, _ = read_courses(given.data)
    figures = {
        "left over by the fit, unseen people": residuals([c for c in clips if kinds[c.subject] == "test"], fit),
        "naturalness": naturalness(found, model, given.seed),
        "following": following(model),
        "half an hour": endurance(model),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
