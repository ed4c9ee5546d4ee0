"""Learns what a feeling does to the manner of a movement: `python -m emogen.training.restyle --out FOLDER`.

From pairs of the Bandai Namco set, the same content done neutrally and felt, of the makers' half alone. Each measured
change is drawn towards the written table (`restyle.csv`) as far as contents disagree about it; then the table is bent
towards what was measured, as little as may be, so that feelings nobody recorded stay where they were written.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from emogen.checkpoints import write_sums
from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.manner import BANDS, GROUPS, MIRROR, bands
from emogen.codecs.retarget import nearest
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.motion import MotionRecognizer
from emogen.conditioning.track import EmotionTrack
from emogen.media.atomic import atomic_path
from emogen.pipelines.gesture.posture import felt
from emogen.pipelines.gesture.restyle import BOUNCE_S, MANNERS, RestyleRules, restyled
from emogen.training.gesture_data import recordings
from emogen.training.motion import STYLES

Array = NDArray[np.float64]
SHORTEST_S = 1.5  # shorter clips have no pose to speak of
#: Degrees that are added to both sides of a ratio of movements: what hardly moves has no ratio (own assumption).
STILL_DEG = 0.5
#: How strongly the table is held where it was written, in contents (own choice; .3 to 3 differ little on unseen contents).
HELD = 0.2
#: What was measured, times this: a manner is less than all that an actor changes. Chosen by the guide of movement on
#: contents left out (mean probability of the feeling in set 1: .31 at 1.4, .35 at 1.8) at the size that still looks like
#: the same movement.
FORCE = 1.4
#: Contents in which the whole body goes somewhere: the feet tell the tempo too.
GOING = ("walk", "run", "dash")
SIDES = (("Left", np.ones(3)), ("Right", MIRROR))
NEUTRAL = "normal"
TAKES = 3  # of a content and style that figures are computed on


class Measured:
    """One clip's manner in absolute numbers; two of them make a change."""

    def __init__(self, motion: BodyMotion, content: str, pace: float = 1.0) -> None:
        names = skeleton().names
        turned = motion.world()[1]
        ahead = turned[:, 0, :, 2] * (1.0, 0.0, 1.0)
        ahead /= np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)

        def pitch(name: str) -> float:
            up = turned[:, names.index(name), :, 1]
            return float(np.degrees(np.arctan2((up * ahead).sum(1), up[:, 1])).mean())

        self.hips, self.chest, self.head = pitch("Hips"), pitch("Spine2"), pitch("Head")
        self.neck = pitch("Neck") - self.chest
        self.mean = {
            n: nearest(motion.rotations[:, names.index(n)].mean(axis=0))
            for s, _ in SIDES
            for n in (s + "Shoulder", s + "Arm")
        }
        bones = [
            motion.rotations[:, names.index(s + "ForeArm")] @ np.array([m[0] if s == "Left" else -1.0, 0, 0])
            for s, m in SIDES
        ]
        self.elbow = float(np.mean([np.degrees(np.arccos(np.clip(np.abs(b[:, 0]) * np.sign(b[:, 0] * (1, -1)[k]), -1, 1)))
                                    for k, b in enumerate(bones)]))  # fmt: skip
        self.height = float(np.median(motion.root_cm[:, 1]))
        rise = motion.root_cm[:, 1] - gaussian_filter1d(motion.root_cm[:, 1], BOUNCE_S * motion.fps, mode="nearest")
        self.bounce = float(rise.std())
        parts, first = bands(motion, pace).moves, 0
        self.moves: dict[str, float] = {}
        for group, joints in GROUPS.items():
            own = parts[:, :, first : first + len(joints)]
            first += len(joints)
            for k, band in enumerate(BANDS):
                self.moves[f"{group} {band}"] = float(np.degrees(np.sqrt((own[k] ** 2).sum(-1).mean())))
        going = content.startswith(GOING)
        feet = motion.positions()[:, [names.index(s + "Foot") for s, _ in SIDES]] - motion.root_cm[:, None]
        along = (feet * ahead[:, None]).sum(-1)
        low = motion.soles()[..., 1].reshape(-1, 2, 2).min(axis=2)
        self.stride = float(np.log(along.std(axis=0).mean())) if going else np.nan
        self.lift = float(np.log(np.percentile(low, 95) + 0.5)) if going else np.nan
        self.time = _time(motion, ahead, content)


def _time(motion: BodyMotion, ahead: Array, content: str) -> float:
    """How long movement takes, up to a factor (log s): its spread over its speed, and of a gesture its whole length."""
    names, place = skeleton().names, motion.positions()
    side = np.stack([ahead[:, 2], np.zeros(len(ahead)), -ahead[:, 0]], axis=1)
    going = content.startswith(GOING)

    def own(part: str) -> float:
        way = place[:, [names.index(s + part) for s, _ in SIDES]] - place[:, :1]
        seen = np.stack([(way * side[:, None]).sum(-1), way[..., 1], (way * ahead[:, None]).sum(-1)], axis=-1)
        seen = gaussian_filter1d(seen, 1.0, axis=0, mode="nearest")
        speed = np.diff(seen, axis=0) * motion.fps
        return float(0.5 * np.log(seen.var(axis=0).sum() / max((speed**2).sum(-1).mean(0).sum(), 1e-9)))

    return (own("Hand") + (own("Foot") if going else float(np.log(len(place) / motion.fps)))) / 2.0


def change(one: Measured, other: Measured) -> Array:
    """What a neutral clip has to become the other: [manners], as in `restyle.csv`; nan where it cannot be told."""
    hips, chest = other.hips - one.hips, (other.chest - other.hips) - (one.chest - one.hips)

    def turned(part: str) -> Array:
        both = [
            Rotation.from_matrix(other.mean[s + part] @ one.mean[s + part].T).as_rotvec(degrees=True) * m
            for s, m in SIDES
        ]
        return np.asarray(np.mean(both, axis=0))

    collar, arm = turned("Shoulder"), turned("Arm")
    found = {
        "hips": hips, "chest": chest, "neck": other.neck - one.neck, "gaze": other.head - one.head,
        "round": -collar[1], "shrug": collar[2], "ahead": -arm[0] - hips - chest, "turn": arm[1], "out": arm[2],
        "elbow": other.elbow - one.elbow, "height": other.height - one.height,
        "bounce": np.log((other.bounce + 0.1) / (one.bounce + 0.1)), "tempo": other.time - one.time,
        "stride": other.stride - one.stride, "lift": other.lift - one.lift,
    }  # fmt: skip
    found |= {k: np.log((v + STILL_DEG) / (one.moves[k] + STILL_DEG)) for k, v in other.moves.items()}
    return np.array([found[name] for name in MANNERS])


def changes(clips: Iterable[tuple[dict[str, str], BodyMotion]]) -> dict[str, dict[str, Array]]:
    """Feeling -> content of a set -> mean change [manners] from neutral clips to felt ones."""
    taken: dict[tuple[str, str], list[tuple[str, BodyMotion]]] = {}
    for row, motion in clips:
        if row["style"] in STYLES and len(motion.root_cm) / motion.fps >= SHORTEST_S:
            taken.setdefault((row["set"], row["content"]), []).append((row["style"], motion))
    found: dict[str, dict[str, list[Array]]] = {}
    for (group, content), own in taken.items():
        plain = [Measured(m, content) for style, m in own if style == NEUTRAL]
        for style, motion in own:
            if style == NEUTRAL or not plain:
                continue
            pace = float(np.exp(np.clip(np.mean([Measured(motion, content).time - p.time for p in plain]), -1.0, 1.0)))
            seen = Measured(motion, content, pace)
            rows = found.setdefault(STYLES[style], {}).setdefault(f"{group} {content}", [])
            rows.append(np.mean([change(p, seen) for p in plain], axis=0))
    return {feeling: {c: np.mean(rows, axis=0) for c, rows in own.items()} for feeling, own in found.items()}


def drawn(seen: dict[str, dict[str, Array]], rules: RestyleRules) -> dict[str, tuple[Array, float]]:
    """Feeling -> change drawn towards the written one, and how many contents it comes from.

    Empirical Bayes, each manner by itself: feelings differ from the table by a variance of their own, contents from
    their feeling by another one. The median over n contents keeps the root of the share own / (own + others / n): the share
    alone would leave feelings less apart than they are (Louis 1984, JASA 79, 393-398).
    """
    written = {feeling: at(feeling) @ rules.table.double().numpy().T for feeling in seen}
    limits = [rules.low.double().numpy(), rules.high.double().numpy()]
    rows = {f: np.clip(np.stack(list(own.values())), 1.5 * limits[0], 1.5 * limits[1]) for f, own in seen.items()}
    mean = {
        f: np.nanmedian(r, axis=0) for f, r in rows.items()
    }  # hands that were folded in one content alone do not count
    known = {f: np.isfinite(r).sum(axis=0) for f, r in rows.items()}
    spread = np.sum([np.nansum((r - mean[f]) ** 2, axis=0) for f, r in rows.items()], axis=0)
    within = spread / np.maximum(np.sum([n - 1 for n in known.values()], axis=0), 1)
    own = np.maximum(np.mean([(mean[f] - written[f]) ** 2 - within / known[f] for f in rows], axis=0), 0.0)
    found = {}
    for f, r in rows.items():
        share = np.sqrt(own / np.maximum(own + within / known[f], 1e-9))
        found[f] = (FORCE * (written[f] + share * (mean[f] - written[f])), float(len(r)))
    return found


def at(feeling: str) -> Array:
    """What a feeling at full intensity is in the columns of the table: [10]."""
    sample = EmotionTrack.of(feeling).sample(1.0, 1.0)
    return np.asarray(felt(sample.vad, sample.basic)[0, 1:])


def bent(wanted: dict[str, tuple[Array, float]], rules: RestyleRules) -> RestyleRules:
    """The table with what was measured: a ridge around what was written.

    Basic feelings that nobody recorded count as one content each that is as written.
    """
    others = [name for name in BASIC if name not in wanted]
    x = np.stack([at(f) for f in (*wanted, *others)])
    weight = np.array([*(n for _, n in wanted.values()), *(1.0 for _ in others)])
    table = rules.table.double().numpy()
    rest = np.stack([*(v for v, _ in wanted.values()), *(x[len(wanted) :] @ table.T)]) - x @ table.T
    more = np.linalg.solve(x.T @ (weight[:, None] * x) + HELD * np.eye(x.shape[1]), x.T @ (weight[:, None] * rest))
    learnt = RestyleRules()
    with torch.no_grad():
        learnt.table.copy_(torch.from_numpy(table + more.T))
    return learnt


def learn(seen: dict[str, dict[str, Array]], without: str = "") -> RestyleRules:
    """The table from changes, those of one content left out."""
    written = RestyleRules()
    kept = {f: {c: v for c, v in own.items() if c.split(" ", 1)[1] != without} for f, own in seen.items()}
    return bent(drawn(kept, written), written)


def figures(clips: Sequence[tuple[dict[str, str], BodyMotion]], seen: dict[str, dict[str, Array]]) -> str:
    """Markdown: neutral clips of each content, restyled by a table that never saw it, as the guide of movement reads them."""
    guide = MotionRecognizer.load()

    def read(motion: BodyMotion, feeling: str) -> float:
        return guide.recognize(motion.to_bvh()).distribution[feeling]

    rows = []
    for feeling, own in seen.items():
        plain, made, real = [], [], []
        for name in own:
            group, content = name.split(" ", 1)
            rules = learn(seen, content)
            here = [(r["style"], m) for r, m in clips if (r["set"], r["content"]) == (group, content)]
            here = [(style, m) for style, m in here if len(m.root_cm) / m.fps >= SHORTEST_S]
            neutral = [m for style, m in here if style == NEUTRAL][:TAKES]
            plain += [read(m, feeling) for m in neutral]
            made += [read(restyled(m, EmotionTrack.of(feeling), rules), feeling) for m in neutral]
            real += [read(m, feeling) for style, m in here if STYLES.get(style) == feeling][:TAKES]
        rows.append(f"| {feeling} | {len(own)} | {np.mean(plain):.2f} | {np.mean(made):.2f} | {np.mean(real):.2f} |")
    return "\n".join(["| | contents | neutral | restyled | recorded |", "|---|---|---|---|---|", *rows])


def finish(out: Path, data_dir: Path | None = None) -> Path:
    """Learns from the makers' half and writes the checkpoint folder.

    Raises:
        InputError: The data pack is missing.
    """
    clips = recordings("maker", data_dir)
    seen = changes(clips)
    learn(seen).save_pretrained(str(out), safe_serialization=True)
    with atomic_path(out / "README.md") as part:
        part.write_text(_card(seen, figures(clips, seen)), encoding="utf-8")
    write_sums(out)
    return out


def _card(seen: dict[str, dict[str, Array]], table: str) -> str:
    contents = sorted({c for own in seen.values() for c in own})
    return f"""---
license: cc-by-nc-4.0
checkpoint_kind: research
library_name: emogen
---
# restyle: an emotion -> another manner of the same movement

A table of {len(MANNERS)} manners (posture, size of slow, quick and sharp movement, steps, tempo) by {len(at("joy"))} columns
(valence, arousal, dominance, six basic feelings, pride), beside the one written from the literature
(`emogen/pipelines/gesture/restyle.csv`), which is what open use gets.

## Data
Pairs of neutral and felt clips of the Bandai Namco Research Motion Dataset (Kobayashi et al. 2023, CC BY-NC 4.0), the
makers' half by a hash of what is done: {", ".join(contents)} (set, content). Styles are read as {", ".join(seen)}.

## Training
`python -m emogen.training.restyle --out FOLDER`: seconds, no chance in it. Changes that contents disagree about are drawn
towards the written table (empirical Bayes); the table is then bent towards them by a ridge.

## Figures
Probability of the feeling by the guide of movement (which learnt from these recordings, but not from what is restyled):
neutral clips of each content, the same restyled by a table that never saw the content, and recordings of the feeling.

{table}

## Limits
Three actors, acted styles; happy, angry, sad, proud and not-confident have three contents of one or two takes each. Fear,
disgust and surprise were not recorded and are as written. Steps, the shape of the way
and the shapes of the hands are kept.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this training."""
    parser = argparse.ArgumentParser(description="Learns the manner of feelings from recorded pairs.")
    parser.add_argument("--out", required=True, type=Path, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    given = parser.parse_args(arguments)
    finish(given.out, given.data)


if __name__ == "__main__":
    main()
