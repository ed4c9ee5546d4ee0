"""The neutral figure: sculpted, netted and hung on emogen's skeleton by code, written as .glb.

    python -m emogen.training.figure --out FOLDER

Forms are fields (`figure_form`), their surfaces nets of four-cornered faces (`figure_net`), weights harmonic
(`figure_weights`). No scan or mesh of anybody goes in. The same code gives the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from emogen.checkpoints import write_sums
from emogen.media.glb_skin import SkinnedPart, write_skinned
from emogen.pipelines.gesture.figure.rig import figure_joints
from emogen.training import figure_form as form
from emogen.training.fields import Cut, Field
from emogen.training.figure_net import net
from emogen.training.figure_weights import (
    BODY_CELL,
    HAND_CELL,
    HAND_FROM,
    body_cores,
    hand_cores,
    harmonic,
    pruned,
    with_helpers,
)

Grid = tuple[np.ndarray, np.ndarray, np.ndarray]
#: Colours (sRGB 0..255) and roughness of the materials, our own choice by eye.
MATERIALS: dict[str, tuple[tuple[int, int, int], float]] = {
    "skin": ((230, 208, 189), 0.5),
    "top": ((74, 112, 128), 0.85),
    "trousers": ((58, 62, 72), 0.9),
    "shoes": ((228, 224, 216), 0.6),
    "soles": ((120, 116, 112), 0.9),
}
#: What lies deeper than this inside another part (cm) is left out.
SUNK = 0.15
CARD = """---
license: apache-2.0
checkpoint_kind: open
library_name: emogen
---
# figure: a neutral humanoid for emogen's skeleton

One smooth figure of {height:.0f} cm in plain colours, as glTF 2.0 (.glb): {points:,} points, {faces:,} triangles, {joints}
joints ({helpers} of them helpers, `...Half`, that turn half as far as the joint beside them and keep elbows, shoulders,
hips, knees and wrists from collapsing), at most four weights a point; {size:.2f} MB. It stands in a T-pose, Y up, facing +Z, in metres.

## Data
None: modelled by code, no scan, mesh or picture of anybody.

## Making
`python -m emogen.training.figure --out FOLDER`: half a minute on one core; the same bytes every time.

## Limits
No age, sex, hair or features on purpose; the face has no expression. Clothes do not swing or fold.
"""


def lines(*pieces: tuple[float, float, float]) -> np.ndarray:
    """Grid lines: each piece from, to, spacing (about)."""
    out = [np.linspace(a, b, max(1, round((b - a) / step)) + 1)[:-1] for a, b, step in pieces]
    return np.concatenate([*out, [pieces[-1][1]]])


def both_sides(*pieces: tuple[float, float, float]) -> np.ndarray:
    """As `lines`, from 0 outwards, and the same on the other side."""
    x = lines(*pieces)
    return np.concatenate([-x[:0:-1], x])


def _finger_lines() -> np.ndarray:
    """Lines across the palm that run in the middle of the fingers, at their edges, and between them."""
    middles = [form.places()[f"LeftHand{f}1"][2] for f in ("Pinky", "Ring", "Middle", "Index")]
    gaps = [(a + b) / 2 for a, b in pairwise(middles)]
    ends = [middles[0] - 1.0, *gaps, middles[-1] + 1.05]
    fine = np.concatenate([np.linspace(a, b, 5)[:-1] for a, b in pairwise(ends)])
    return np.concatenate([lines((-9, ends[0], 0.6))[:-1], fine, lines((ends[-1], 9, 0.55))])


@dataclass(frozen=True, eq=False)
class Piece:
    """What a part is made of.

    Attributes:
        field: Its form.
        grid: The lines its net is made on (cm).
        one_side: Whether it is of the left side alone, and mirrored for the right.
        below: How it goes on under what is worn over it.
    """

    field: Field
    grid: Grid
    one_side: bool = False
    below: Field | None = None


def pieces() -> dict[str, list[Piece]]:
    """Material -> pieces; what is worn under another stands before it."""
    across = both_sides((0, 4.8, 0.75), (4.8, 9.5, 0.85))
    up = lines((147, 153, 0.9), (153, 154, 1), (154, 169, 0.8), (169, 182, 2.0))
    head = (across, up, lines((-13, 5, 2.0), (5, 17, 0.85)))
    hand = (lines((67, 69, 0.8), (69, 78, 1.6), (78, 92, 0.9)), lines((138.5, 147, 0.62)), _finger_lines())
    sleeves = both_sides((0, 25, 2.3), (25, 40, 3.7), (40, 51, 2.2), (51, 66.3, 3.8), (66.3, 71, 1.0))
    top = (sleeves, lines((97.4, 101, 1.0), (101, 132, 3.6), (132, 146, 2.0), (146, 154, 0.95)), lines((-16, 17, 2.2)))
    legs = (both_sides((0, 20, 2.3)), lines((7, 10, 1.0), (10, 98, 4.6), (98, 102, 1.0)), lines((-16, 14, 2.2)))
    shoe_x, shoe_z = lines((3, 16, 1.6)), lines((-9, 22, 1.9))
    return {
        "skin": [Piece(form.head, head, below=form.head.form), Piece(form.hand, hand, True, form.hand.form)],
        "shoes": [Piece(form.shoe, (shoe_x, lines((-0.5, 8, 1.25), (8, 11, 0.8)), shoe_z), True, form.shoe.form)],
        "soles": [Piece(form.sole, (shoe_x, lines((-0.4, 2.2, 0.8)), shoe_z), True)],
        "trousers": [Piece(form.trousers, legs, below=form.trousers.form)],
        "top": [Piece(form.top, top)],
    }


def bare(points: np.ndarray) -> np.ndarray:
    """Everything as one body, for the weights."""
    q = form.mirrored(points)
    whole = [form.head(points), form.top(points), form.trousers(points), form.hand(q), form.shoe(q), form.sole(q)]
    d = np.min(whole, axis=0)
    between = (points[..., 1] < 84.0) & (np.abs(points[..., 0]) < 0.6 * BODY_CELL)
    return np.where(between, np.maximum(d, BODY_CELL), d)


class Weights:
    """Weights at any point of the body."""

    def __init__(self) -> None:
        low, high = np.array([-92.0, -2.0, -16.0]), np.array([92.0, 180.0, 24.0])
        names, self._body = harmonic(bare, body_cores(), low, high, BODY_CELL)
        low, high = np.array([HAND_FROM - 4, 137.0, -10.0]), np.array([92.0, 148.0, 10.0])

        def wrist_on(p: np.ndarray) -> np.ndarray:
            return np.minimum(form.hand(p), form.top(p))

        fingers, self._hand = harmonic(wrist_on, hand_cores(), low, high, HAND_CELL)
        self._right = [n.replace("Left", "Right") for n in fingers]
        self._left = fingers
        self.names = [*names, *(n for n in (*self._left, *self._right) if n not in names)]
        self._width = len(names)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """[V, 3] -> [V, joints]."""
        out = np.zeros((len(points), len(self.names)))
        out[:, : self._width] = self._body(points)
        for side, names in ((1, self._left), (-1, self._right)):
            here = points[:, 0] * side > HAND_FROM
            out[here] = 0
            out[np.ix_(here, np.array([self.names.index(n) for n in names]))] = self._hand(points[here] * [side, 1, 1])
        out = np.clip(out, 0, 1)
        return out / out.sum(axis=1, keepdims=True)


def parts() -> list[SkinnedPart]:
    """All parts of the figure with their weights."""
    weigh = Weights()
    made = pieces()
    out = []
    order = list(made)
    for name, own in made.items():
        under = [(p.below or p.field, p.one_side) for m in order[: order.index(name)] for p in made[m]]
        over = [(p.field, p.one_side) for m in order[order.index(name) + 1 :] for p in made[m]]

        def inside(p: np.ndarray, others: list[tuple[Field, bool]] = under + over) -> np.ndarray:
            return np.min([f(form.mirrored(p) if one else p) for f, one in others], axis=0) + SUNK

        points, quads, n = [], [], 0
        for piece in own:
            p, q = net(piece.field, piece.grid)
            p, q = _trimmed(p, q, piece.field, inside)
            for side in (1, -1) if piece.one_side else (1,):
                points.append(p * [side, 1, 1])
                quads.append((q if side > 0 else q[:, [0, 3, 2, 1]]) + n)
                n += len(p)
        out.append(_part(name, np.concatenate(points), np.concatenate(quads), weigh))
    return out


def _trimmed(points: np.ndarray, quads: np.ndarray, field: Field, inside: Field) -> tuple[np.ndarray, np.ndarray]:
    """Without faces that lie inside other parts; the caps of hems and cuffs end where they enter them."""
    hidden = inside(points) < 0
    quads = quads[~hidden[quads].all(axis=1)]
    if isinstance(field, Cut):
        loose = np.unique(quads[hidden[quads]])
        distance = np.abs([cut(points[loose]) for cut in field.cuts])
        for k, cut in enumerate(field.cuts):
            mine = loose[(distance.argmin(axis=0) == k) & (distance.min(axis=0) < 0.1)]
            if len(mine):
                points[mine] = Cut(inside, ()).edged(points[mine], cut)
    return points, quads


def _part(name: str, points: np.ndarray, quads: np.ndarray, weigh: Weights) -> SkinnedPart:
    used, quads = np.unique(quads, return_inverse=True)
    quads, points = quads.reshape(-1, 4), points[used]
    order = {j.name: k for k, j in enumerate(figure_joints())}
    names, weights = with_helpers(weigh.names, weigh(points))
    weights, which = pruned(weights)
    joints = np.array([order[n] for n in names])[which]
    colour, rough = MATERIALS[name]
    red, green, blue = (c / 255 for c in colour)
    faces = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
    return SkinnedPart(
        name, points.astype(np.float32), faces, np.where(weights > 0, joints, 0).astype(np.uint8), weights.astype(np.float32),
        (red, green, blue), rough,
    )  # fmt: skip


def make(folder: Path) -> Path:
    """Writes the figure, the card and the hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    made, joints = parts(), figure_joints()
    path = write_skinned(folder / "figure.glb", made, joints, extras={"name": "figure"})
    told = {
        "height": max(float(p.points[:, 1].max()) for p in made),
        "points": sum(len(p.points) for p in made),
        "faces": sum(len(p.faces) for p in made),
        "joints": len(joints),
        "helpers": sum(j.name.endswith("Half") for j in joints),
        "size": path.stat().st_size / 1e6,
    }
    (folder / "README.md").write_text(CARD.format(**told), encoding="utf-8")
    write_sums(folder)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    print(make(parser.parse_args(arguments).out))


if __name__ == "__main__":
    main()
