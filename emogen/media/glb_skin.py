"""A skinned figure as glTF 2.0 in one file (.glb): parts in plain colours on one skeleton, and how its joints turn.

Everything is in metres and stands unscaled: the mesh and the first joint are the scene's own nodes, as the
specification (revision 2.0.1, 3.7.3.3) asks of skins. At rest no joint is turned, so an inverse bind matrix only moves
a joint to the origin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.errors import FormatError
from emogen.media.glb import METRES, encoded, linear, normals_of
from emogen.media.gltf import Writer, accessor_values, asset, read_file, write_file

#: Joints that a point hangs on; glTF stores four.
INFLUENCES = 4


@dataclass(frozen=True, eq=False)
class SkinnedPart:
    """What is of one material.

    Attributes:
        name: Of the material.
        points: float32 [V, 3], at rest (cm).
        faces: int32 [F, 3], counter-clockwise from outside.
        joints: uint8 [V, 4], the joints that move each point.
        weights: float32 [V, 4], how much; a row adds up to 1.
        colour: sRGB 0..1.
        roughness: 0 (a mirror) .. 1 (chalk).
    """

    name: str
    points: np.ndarray
    faces: np.ndarray
    joints: np.ndarray
    weights: np.ndarray
    colour: tuple[float, float, float]
    roughness: float


@dataclass(frozen=True, eq=False)
class SkinJoint:
    """A joint: its name, its parent's number (-1: none) and where it stands from its parent at rest (cm)."""

    name: str
    parent: int
    offset: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class SkinAnimation:
    """How joints move over time.

    Attributes:
        name: Of the animation.
        times: float [T], seconds, rising.
        turns: Joint -> unit quaternions x, y, z, w, float [T, 4].
        root_cm: Where the first joint is, float [T, 3].
    """

    name: str
    times: np.ndarray
    turns: Mapping[str, np.ndarray]
    root_cm: np.ndarray


def rest_places(joints: Sequence[SkinJoint]) -> np.ndarray:
    """Where the joints stand at rest, float64 [J, 3] (cm); parents come before children."""
    out = np.zeros((len(joints), 3))
    for j, joint in enumerate(joints):
        out[j] = np.array(joint.offset) + (out[joint.parent] if joint.parent >= 0 else 0)
    return out


def write_skinned(
    path: str | Path,
    parts: Sequence[SkinnedPart],
    joints: Sequence[SkinJoint],
    *,
    name: str = "figure",
    animation: SkinAnimation | None = None,
    extras: Mapping[str, Any] | None = None,
) -> Path:
    """Writes a figure, and how it moves, as one .glb file.

    Args:
        path: The file.
        parts: The parts; each becomes a primitive with a material of its name.
        joints: The skeleton, the root first, parents before children.
        name: Of the mesh.
        animation: Turns over time; joints that it leaves out stay at rest.
        extras: Stored in the file's `asset.extras`.
    """
    w = Writer()
    nodes: list[dict[str, Any]] = [{"name": name, "mesh": 0, "skin": 0}]
    for joint in joints:
        nodes.append({"name": joint.name, "translation": [float(v) * METRES for v in joint.offset]})
        if joint.parent >= 0:
            nodes[1 + joint.parent].setdefault("children", []).append(len(nodes) - 1)
    binds = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    binds[:, 3, :3] = -rest_places(joints) * METRES  # glTF stores matrices column by column
    document: dict[str, Any] = {
        "asset": asset(extras),
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": nodes,
        "meshes": [{"name": name, "primitives": [_primitive(w, part, k) for k, part in enumerate(parts)]}],
        "materials": [_material(part) for part in parts],
        "skins": [
            {
                "name": name,
                "skeleton": 1,
                "joints": list(range(1, 1 + len(joints))),
                "inverseBindMatrices": w.accessor(binds.reshape(-1, 16), "MAT4"),
            }
        ],
    }
    if animation is not None:
        document["animations"] = [_animated(w, animation, [joint.name for joint in joints])]
    return write_file(path, document, w)


def _material(part: SkinnedPart) -> dict[str, Any]:
    colour = [*map(float, linear(np.array(part.colour))), 1.0]
    shading = {"baseColorFactor": colour, "metallicFactor": 0.0, "roughnessFactor": float(part.roughness)}
    return {"name": part.name, "pbrMetallicRoughness": shading}


def _primitive(w: Writer, part: SkinnedPart, material: int) -> dict[str, Any]:
    points = np.asarray(part.points, np.float32) * np.float32(METRES)
    # Weights as bytes or shorts would need care that rows still add up to 1; floats are read by every program.
    return {
        "attributes": {
            "POSITION": w.accessor(points, "VEC3", bounds=True, vertex=True),
            "NORMAL": w.accessor(normals_of(part.points, part.faces), "VEC3", vertex=True),
            "JOINTS_0": w.accessor(np.asarray(part.joints, np.uint8), "VEC4", vertex=True),
            "WEIGHTS_0": w.accessor(np.asarray(part.weights, np.float32), "VEC4", vertex=True),
        },
        "indices": w.indices(part.faces, len(points)),
        "material": material,
    }


def _animated(w: Writer, moved: SkinAnimation, names: Sequence[str]) -> dict[str, Any]:
    times = w.accessor(np.asarray(moved.times, np.float32)[:, None], "SCALAR", bounds=True)
    place = w.accessor(np.asarray(moved.root_cm * METRES, np.float32), "VEC3")
    samplers: list[dict[str, Any]] = [{"input": times, "output": place, "interpolation": "LINEAR"}]
    channels: list[dict[str, Any]] = [{"sampler": 0, "target": {"node": 1, "path": "translation"}}]
    for j, name in enumerate(names):
        if name in moved.turns:
            turn = w.accessor(np.asarray(moved.turns[name], np.float32), "VEC4")
            channels.append({"sampler": len(samplers), "target": {"node": 1 + j, "path": "rotation"}})
            samplers.append({"input": times, "output": turn, "interpolation": "LINEAR"})
    return {"name": moved.name, "samplers": samplers, "channels": channels}


def read_skinned(path: str | Path) -> tuple[list[SkinnedPart], list[SkinJoint], dict[str, Any]]:
    """Reads a file that `write_skinned` wrote: parts, joints and `asset.extras`.

    Raises:
        FormatError: Not a glTF 2.0 file of this kind, broken, or larger than `gltf.MOST_BYTES`.
    """
    path = Path(path)
    document, blob = read_file(path, "figure")
    try:
        nodes, skin = document["nodes"], document["skins"][0]["joints"]
        parent = {child: j for j, n in enumerate(skin) for child in nodes[n].get("children", ())}
        joints = [
            SkinJoint(nodes[n]["name"], parent.get(n, -1), tuple(v / METRES for v in nodes[n]["translation"]))
            for n in skin
        ]
        parts = [_read_part(document, blob, primitive) for primitive in document["meshes"][0]["primitives"]]
        if any(int(p.joints.max()) >= len(joints) or int(p.faces.max()) >= len(p.points) for p in parts):
            raise ValueError("a joint or point that is not there")
        return parts, joints, document["asset"].get("extras", {})
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise FormatError(path.name, f"no figure in glTF 2.0 ({type(error).__name__})") from None


def _read_part(document: dict[str, Any], blob: bytes, primitive: dict[str, Any]) -> SkinnedPart:
    found = {n: accessor_values(document, blob, i) for n, i in primitive["attributes"].items()}
    material = document["materials"][primitive["material"]]
    shading = material["pbrMetallicRoughness"]
    red, green, blue = encoded(np.array(shading["baseColorFactor"][:3]))
    return SkinnedPart(
        name=material["name"],
        points=found["POSITION"] / np.float32(METRES),
        faces=accessor_values(document, blob, primitive["indices"]).reshape(-1, 3).astype(np.int32),
        joints=found["JOINTS_0"].astype(np.uint8),
        weights=found["WEIGHTS_0"].astype(np.float32),
        colour=(float(red), float(green), float(blue)),
        roughness=float(shading["roughnessFactor"]),
    )
