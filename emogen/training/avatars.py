"""The avatars: four characters, sculpted, painted and rigged by code, written as .glb.

    python -m emogen.training.avatars --out FOLDER

Nobody sat for them. Forms are fields (`avatars_sculpt`), nets our own (`avatars_head`), hair and parts swept and
turned (`avatars_hair`, `avatars_parts`); how skin moves with each ARKit shape is learnt from ICT-FaceKit's
expressions (`avatars_shapes`). The same code and pack give the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

from emogen.checkpoints import write_sums
from emogen.codecs.face import FACE_CHANNELS, INDEX, SHAPES, both
from emogen.media.arkit import ARKIT_NAMES
from emogen.media.glb import GlbMesh, normals_of, write_glb
from emogen.pipelines.talking_head.avatars.renderer import AvatarRenderer
from emogen.pipelines.talking_head.avatars.rig import MOST_TURN, NEEDED, Rig
from emogen.training import avatars_parts as parts
from emogen.training.avatars_hair import style
from emogen.training.avatars_head import Skin, build, mouth_y
from emogen.training.avatars_paint import painted
from emogen.training.avatars_sculpt import Form, eye_centre
from emogen.training.avatars_shapes import Pack, jaw_turn, read_pack, shapes
from emogen.training.packs import pack

Colour = tuple[int, int, int]
#: Where a head turns: between the ears, low on the neck (cm).
PIVOT = (0.0, -9.0, -2.0)
#: Poses tried to find which triangles are ever seen; the first have the head in every corner of its range.
SEEN_POSES = 60
CORNERS = [
    np.array(c, float)
    for c in ((0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (1, 1, 1), (-1, 1, -1), (1, -1, -1), (-1, -1, 1))
]
CARD = """---
license: apache-2.0
checkpoint_kind: open
library_name: emogen
---
# avatars: four heads with the 52 ARKit shapes

{names}: stylised characters as glTF 2.0 (.glb, KHR_mesh_quantization), with morph targets named as ARKit's, separate
eyes, teeth, tongue, brows, lashes and solid hair; {size}. Colours stand in the vertices.

## Data
The heads are our own, modelled by code; no scan or mesh of anybody. How skin moves with each shape is learnt from the
displacement fields of ICT-FaceKit's expressions (MIT licence; USC Institute for Creative Technologies): its surface is
warped onto ours through 68 landmarks, and only displacements are taken. Lids, seals of the lips, jaw, teeth, tongue
and eyes are our own.

## Making
`python -m emogen.training.avatars --out FOLDER`: a minute on one core; the same bytes every time.

## Limits
Stylised on purpose: no pores, no real persons. Folds are as fine as the net (2 to 4 mm). The backs of the heads are
plain, and long hair does not swing.
"""


@dataclass(frozen=True)
class Character:
    """Who it is: form, colours (sRGB 0..255) and what is worn."""

    name: str
    form: Form
    skin: Colour
    lips: Colour
    iris: Colour
    brow: Colour
    hair: Colour
    hair_light: Colour
    hair_style: str
    cloth: Colour
    collar: str
    back: tuple[Colour, Colour]
    blush: float = 0.5
    lash: float = 0.8
    brow_weight: float = 0.8
    brow_arch: float = 1.0
    beard: float = 0.0
    age: float = 0.0


CHARACTERS: tuple[Character, ...] = (
    Character(
        "ava", Form(jaw=0.93, cheek=1.03, nose=0.88, nose_width=0.86, eye=1.12, eye_tilt=0.10, length=0.96, lips=1.06,
        mouth=0.98, neck=0.90),
        (244, 205, 182), (206, 104, 106), (84, 132, 108), (104, 62, 40), (112, 58, 34), (206, 128, 72), "long", (58,
        104, 122), "round",
        ((150, 176, 190), (224, 226, 222)), blush=0.75, lash=1.0, brow_weight=0.75,
    ),
    Character(
        "ben", Form(width=1.03, jaw=1.12, chin=0.35, cheek=0.92, brow=0.28, nose=1.06, nose_width=1.06, bridge=0.15,
        eye=0.94, eye_tilt=0.05, lips=0.84, mouth=1.06, neck=1.14, length=1.05, lid_fold=0.6),
        (226, 176, 142), (184, 110, 96), (96, 74, 52), (52, 36, 28), (58, 40, 30), (128, 92, 64), "short", (92, 104,
        82), "shirt",
        ((120, 132, 128), (216, 212, 198)), blush=0.4, lash=0.30, brow_weight=1.15, brow_arch=0.55, beard=0.22,
    ),
    Character(
        "mira", Form(width=0.99, jaw=0.96, cheek=1.05, nose=0.95, nose_width=1.16, bridge=-0.15, eye=1.04,
        eye_tilt=0.28, lips=1.26, mouth=1.05, neck=0.92),
        (150, 98, 68), (140, 62, 60), (70, 42, 26), (34, 24, 22), (40, 30, 32), (98, 74, 72), "curls", (176, 74, 70),
        "turtle",
        ((116, 96, 122), (222, 202, 206)), blush=0.45, lash=0.95, brow_weight=0.85, brow_arch=1.05,
    ),
    Character(
        "tomas", Form(width=1.0, jaw=1.06, chin=0.2, cheek=0.86, brow=0.22, nose=1.16, nose_width=1.10, bridge=0.22,
        eye=0.92, eye_tilt=-0.12, lips=0.76, mouth=1.03, neck=1.05, length=1.07, lid_fold=1.0),
        (236, 190, 166), (190, 118, 108), (92, 122, 150), (150, 144, 138), (150, 146, 142), (222, 220, 216), "crop",
        (66, 66, 84), "shirt",
        ((98, 112, 122), (206, 212, 210)), blush=0.65, lash=0.2, brow_weight=1.2, brow_arch=0.7, beard=1.0, age=1.0,
    ),
)  # fmt: skip


def _rgb(colour: Colour) -> np.ndarray:
    return np.array(colour, float) / 255


def _followed(points: np.ndarray, skin: Skin, moves: dict[str, np.ndarray], gain: float) -> dict[str, np.ndarray]:
    """Displacements of points that lie on the skin: those of the skin around them."""
    free = np.flatnonzero(skin.depth == 0)
    distance, which = cKDTree(skin.points[free]).query(points, k=6)
    w = 1 / (distance**2 + 0.05)
    w = w / w.sum(axis=1, keepdims=True) * gain
    return {name: (d[free[which]] * w[..., None]).sum(1) for name, d in moves.items()}


def _joined(
    name: str, pieces: Sequence[tuple[parts.Part, np.ndarray, dict[str, np.ndarray]]], **more: object
) -> GlbMesh:
    """One mesh of several parts with their marks [4] or [V, 4] and moves."""
    points, faces, colours, marks, n = [], [], [], [], 0
    moves = {m: [] for m in ARKIT_NAMES} if any(p[2] for p in pieces) else {}  # type: ignore[var-annotated]
    for (p, f, c), mark, moved in pieces:
        points.append(p)
        faces.append(f + n)
        colours.append(c)
        marks.append(np.broadcast_to(mark, (len(p), 4)))
        for m in moves:
            moves[m].append(moved.get(m, np.zeros_like(p)))
        n += len(p)
    fields = {m: np.concatenate(v) for m, v in moves.items()}
    fields = {m: np.where(np.abs(v).max(axis=1, keepdims=True) < 2e-3, 0, v) for m, v in fields.items()}
    return GlbMesh(
        name, np.concatenate(points), np.concatenate(faces).astype(np.int32), np.clip(np.concatenate(colours), 0, 1),
        (np.clip(np.concatenate(marks), 0, 1) * 255).round().astype(np.uint8), fields, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def model(who: Character, source: Pack) -> list[GlbMesh]:
    """All meshes of a character; marks are gloss, share of skin, share of lips, how far light is kept out."""
    form = who.form
    skin = build(form)
    moves = shapes(skin, source)
    colours, marks = painted(skin, who)
    normal = normals_of(skin.points, skin.faces)
    front = (normal[:, 2] > 0.15) & (skin.depth == 0)
    before = LinearNDInterpolator(skin.points[front][:, :2], np.column_stack([skin.points[front], normal[front]]))

    def onto(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = before(plane)
        return found[:, :3], found[:, 3:]

    face: list[tuple[parts.Part, np.ndarray, dict[str, np.ndarray]]] = [
        ((skin.points, skin.faces, colours), marks, moves)
    ]
    for side in (1, -1):
        ear = parts.ear(form, side)
        face.append(
            (
                (ear[0], ear[1], ear[2] * colours[np.argmin(np.abs(skin.points - [side * 5.5, -3, 3]).sum(1))]),
                np.array([0.2, 1, 0, 0]),
                {},
            )
        )
        brow = parts.brow(form, side, who.brow_weight, who.brow_arch, _rgb(who.brow), onto)
        face.append((brow, np.array([0.1, 0, 0, 0]), _followed(brow[0], skin, moves, 1.1)))
        lash, follows = parts.lash(skin, side, who.lash, _rgb(who.brow) * 0.35)
        face.append((lash, np.array([0.0, 0, 0, 0]), {n: d[follows] for n, d in moves.items()}))
    tongue, upper, lower = parts.tongue(form), parts.teeth(form, upper=True), parts.teeth(form, upper=False)
    tongue_moves = jaw_turn(skin, moves, tongue[0])
    tongue_moves["tongueOut"] = parts.tongue_out(form, tongue[0])
    mouth: list[tuple[parts.Part, np.ndarray, dict[str, np.ndarray]]] = [
        (upper, np.array([0.6, 0, 0, 0.35]), {}),
        (lower, np.array([0.6, 0, 0, 0.35]), jaw_turn(skin, moves, lower[0])),
        (tongue, np.array([0.4, 0.5, 0, 0.4]), tongue_moves),
    ]
    nothing = np.zeros(4)
    out = [_joined("face", face), _joined("mouth", mouth)]
    for name, side in (("eyeLeft", 1), ("eyeRight", -1)):
        centre = eye_centre(form) * [side, 1, 1]
        eye: tuple[parts.Part, np.ndarray, dict[str, np.ndarray]] = (
            parts.eyeball(form, side, _rgb(who.iris)),
            np.array([1.0, 0, 0, 0]),
            {},
        )
        out.append(_joined(name, [eye], pivot=tuple(map(float, centre))))
    hair = style(who.hair_style, form, _rgb(who.hair), _rgb(who.hair_light))
    out.append(_joined("hair", [(hair, np.array([0.35, 0, 0, 0]), {})]))
    body = parts.torso(form, _rgb(who.cloth), collar=who.collar)
    out.append(_joined("body", [(body, nothing, {})], on_head=False))
    return out


def _seen(meshes: list[GlbMesh], extras: dict[str, Any], rng: np.random.Generator) -> dict[str, int]:
    """Sorts the triangles of each mesh: first those that are ever seen (and their neighbours); how many that are."""
    rig = Rig(meshes, {**extras, "head_pivot": PIVOT})
    renderer = AvatarRenderer(rig, size=384)
    seen = np.zeros(len(rig.faces), bool)
    for k in range(SEEN_POSES):
        curves = np.where(rng.random(len(FACE_CHANNELS)) < 0.25, rng.random(len(FACE_CHANNELS)), 0)
        yaw, pitch, roll = np.array([MOST_TURN, 0.4, 0.4]) * (2 * rng.random(3) - 1 if k > 8 else CORNERS[k])
        curves[SHAPES:] = [yaw, pitch, roll, *(rng.random(6) - 0.5)]
        curves[INDEX["jawOpen"]] = (k % 3) / 2
        # Lips drawn back from the teeth show more of the mouth than anything else.
        curves[[*both("mouthUpperUp"), *both("mouthLowerDown"), *both("mouthStretch")]] += k // 3 % 2
        numbers = renderer.numbers(curves)
        seen[numbers[numbers >= 0]] = True
    touched = np.zeros(len(rig.points), bool)
    touched[rig.faces[seen]] = True
    seen = touched[rig.faces].any(axis=1)
    counts, start = {}, 0
    by_name = {m.name: m for m in meshes}
    for name in NEEDED:
        mesh = by_name[name]
        mine = seen[start : start + len(mesh.faces)]
        start += len(mesh.faces)
        mesh.faces = np.concatenate([mesh.faces[mine], mesh.faces[~mine]])
        counts[name] = int(mine.sum())
    return counts


def make(folder: Path, data_dir: str | Path | None = None) -> Path:
    """Writes every character, the card and the hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    source = read_pack(pack("face/ict_facekit", data_dir))
    for who in CHARACTERS:
        extras: dict[str, Any] = {
            "name": who.name,
            "background": [list(c) for c in who.back],
            "mouth_y": mouth_y(who.form),
        }
        meshes = model(who, source)
        extras["seen"] = _seen(meshes, extras, np.random.default_rng(0))
        write_glb(
            folder / f"{who.name}.glb", meshes, targets=ARKIT_NAMES, head_pivot=PIVOT, quantised=True, extras=extras
        )
    size = sum(p.stat().st_size for p in folder.glob("*.glb")) / 1e6
    names = ", ".join(who.name for who in CHARACTERS)
    (folder / "README.md").write_text(CARD.format(names=names, size=f"{size:.1f} MB together"), encoding="utf-8")
    write_sums(folder)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--data", help="the folder of the data packs (else EMOGEN_DATA)")
    options = parser.parse_args(arguments)
    print(make(options.out, options.data))


if __name__ == "__main__":
    main()
