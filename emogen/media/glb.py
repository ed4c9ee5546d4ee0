"""Heads as glTF 2.0 in one file (.glb): meshes with named morph targets, and animation of weights and turns.

What stands in a file of ours: a root in metres, `body` and `head` below it, the meshes of the head below `head`, so
that one turn of that node nods with hair and eyes. Morph targets are sparse and named in `extras.targetNames` as
Blender, three.js and Unity read them. `quantised` files store positions as 16-bit integers
(KHR_mesh_quantization); the others are plain floats. Written after the Khronos specification, revision 2.0.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emogen.errors import FormatError
from emogen.media.gltf import Writer, accessor_values, asset, read_file, write_file

#: One unit of the modelling is a centimetre.
METRES = 0.01
QUANTISATION = "KHR_mesh_quantization"


@dataclass
class GlbMesh:
    """One mesh.

    Attributes:
        name: Of node and mesh.
        points: float32 [V, 3], in the frame of the whole head (cm).
        faces: int [F, 3], counter-clockwise from outside.
        colours: float32 [V, 3], sRGB 0..1.
        marks: uint8 [V, 4]: own use, stored as the attribute `_MARKS`.
        moves: Morph target -> float32 [V, 3].
        pivot: Where the node turns (cm).
        on_head: Whether it turns with the head.
    """

    name: str
    points: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    marks: np.ndarray
    moves: dict[str, np.ndarray] = field(default_factory=dict)
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    on_head: bool = True


@dataclass(frozen=True)
class GlbAnimation:
    """Movement over time.

    Attributes:
        times: float [T], seconds, rising.
        weights: float [T, n] in the order of the names given to `write_glb`.
        turns: Node name -> unit quaternions x, y, z, w, float [T, 4].
    """

    times: np.ndarray
    weights: np.ndarray
    turns: Mapping[str, np.ndarray]


def linear(colours: np.ndarray) -> np.ndarray:
    """SRGB 0..1 -> linear light 0..1 (IEC 61966-2-1)."""
    c = np.clip(colours, 0, 1)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def encoded(light: np.ndarray) -> np.ndarray:
    """Linear light 0..1 -> sRGB 0..1."""
    c = np.clip(light, 0, 1)
    return np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)


def normals_of(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals of the vertices, weighted by area: float32 [V, 3]."""
    p = points[faces]
    n = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    out = np.stack([sum(np.bincount(faces[:, k], n[:, c], len(points)) for k in range(3)) for c in range(3)], axis=1)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(length > 1e-12, out / np.maximum(length, 1e-12), [0.0, 0.0, 1.0]).astype(np.float32)


def write_glb(
    path: str | Path,
    meshes: Sequence[GlbMesh],
    *,
    targets: Sequence[str],
    head_pivot: tuple[float, float, float] = (0.0, 0.0, 0.0),
    animation: GlbAnimation | None = None,
    quantised: bool = False,
    extras: Mapping[str, Any] | None = None,
) -> Path:
    """Writes meshes, and how they move, as one .glb file.

    Args:
        path: The file.
        meshes: The meshes; every one that has moves gets all `targets`, so that one row of weights fits all.
        targets: Names of the morph targets, in order.
        head_pivot: Where the head turns (cm).
        animation: Weights and turns over time.
        quantised: 16-bit positions: smaller, and read by fewer programs.
        extras: Stored in the file's `asset.extras`.
    """
    w = Writer()
    nodes: list[dict[str, Any]] = [
        {"name": "avatar", "scale": [METRES] * 3, "children": [1]},
        {"name": "head", "translation": list(map(float, head_pivot)), "children": []},
    ]
    out_meshes: list[dict[str, Any]] = []
    for mesh in meshes:
        parent = np.array(head_pivot if mesh.on_head else (0, 0, 0), float)
        nodes[1 if mesh.on_head else 0]["children"].append(len(nodes))
        node = {"name": mesh.name, "mesh": len(out_meshes), "translation": (np.array(mesh.pivot) - parent).tolist()}
        described, scale = _mesh(w, mesh, targets, quantised)
        if quantised:
            node["scale"] = [scale] * 3
        nodes.append(node)
        out_meshes.append(described)
    document: dict[str, Any] = {
        "asset": asset(extras),
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": out_meshes,
        "materials": [
            {
                "name": "painted",
                "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 1], "metallicFactor": 0, "roughnessFactor": 0.6},
            }
        ],
    }
    if quantised:
        document["extensionsUsed"] = document["extensionsRequired"] = [QUANTISATION]
    if animation is not None:
        document["animations"] = [_animated(w, animation, nodes, out_meshes)]
    return write_file(path, document, w)


def _mesh(w: Writer, mesh: GlbMesh, targets: Sequence[str], quantised: bool) -> tuple[dict[str, Any], float]:
    local = np.asarray(mesh.points, np.float32) - np.asarray(mesh.pivot, np.float32)
    scale = float(np.abs(local).max()) if quantised else 1.0

    def coded(values: np.ndarray) -> np.ndarray:
        if not quantised:
            return np.asarray(values, np.float32)
        return np.rint(np.clip(values / scale, -1, 1) * 32767).astype(np.int16)

    normals = (
        np.rint(normals_of(local, mesh.faces) * 127).astype(np.int8) if quantised else normals_of(local, mesh.faces)
    )
    colour = np.concatenate([linear(mesh.colours), np.ones((len(local), 1))], axis=1)
    primitive: dict[str, Any] = {
        "attributes": {
            "POSITION": w.accessor(coded(local), "VEC3", bounds=True, unit=quantised, vertex=True),
            "NORMAL": w.accessor(normals, "VEC3", unit=quantised, vertex=True),
            "COLOR_0": w.accessor(np.rint(colour * 65535).astype(np.uint16), "VEC4", unit=True, vertex=True),
            "_MARKS": w.accessor(mesh.marks.astype(np.uint8), "VEC4", unit=True, vertex=True),
        },
        "indices": w.indices(mesh.faces, len(local)),
        "material": 0,
    }
    out: dict[str, Any] = {"name": mesh.name, "primitives": [primitive]}
    if mesh.moves:
        still = np.zeros_like(local)
        primitive["targets"] = [
            {"POSITION": w.sparse(coded(mesh.moves.get(n, still)), unit=quantised)} for n in targets
        ]
        out["weights"] = [0.0] * len(targets)
        out["extras"] = {"targetNames": list(targets)}
    return out, scale


def _animated(
    w: Writer, moved: GlbAnimation, nodes: list[dict[str, Any]], meshes: list[dict[str, Any]]
) -> dict[str, Any]:
    times = w.accessor(np.asarray(moved.times, np.float32)[:, None], "SCALAR", bounds=True)
    weights = w.accessor(np.asarray(moved.weights, np.float32).reshape(-1, 1), "SCALAR")
    samplers: list[dict[str, Any]] = [{"input": times, "output": weights, "interpolation": "LINEAR"}]
    channels = [
        {"sampler": 0, "target": {"node": i, "path": "weights"}}
        for i, node in enumerate(nodes)
        if "mesh" in node and "weights" in meshes[node["mesh"]]
    ]
    for i, node in enumerate(nodes):
        if node["name"] in moved.turns:
            turn = w.accessor(np.asarray(moved.turns[node["name"]], np.float32), "VEC4")
            channels.append({"sampler": len(samplers), "target": {"node": i, "path": "rotation"}})
            samplers.append({"input": times, "output": turn, "interpolation": "LINEAR"})
    return {"name": "talk", "samplers": samplers, "channels": channels}


def read_glb(path: str | Path) -> tuple[list[GlbMesh], dict[str, Any]]:
    """Reads a file that `write_glb` wrote: its meshes and `asset.extras`.

    Raises:
        FormatError: Not a glTF 2.0 file of this kind, broken, or larger than `gltf.MOST_BYTES`.
    """
    path = Path(path)
    document, blob = read_file(path, "avatar")
    try:
        nodes = document["nodes"]
        head = np.array(nodes[1]["translation"], np.float32)
        below = set(nodes[1]["children"])
        meshes = [
            _read_mesh(document, blob, node, head if i in below else np.zeros(3, np.float32), i in below)
            for i, node in enumerate(nodes)
            if "mesh" in node
        ]
        return meshes, {**document["asset"].get("extras", {}), "head_pivot": head.tolist()}
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise FormatError(path.name, f"no avatar in glTF 2.0 ({type(error).__name__})") from None


def _read_mesh(
    document: dict[str, Any], blob: bytes, node: dict[str, Any], parent: np.ndarray, on_head: bool
) -> GlbMesh:
    mesh = document["meshes"][node["mesh"]]
    primitive = mesh["primitives"][0]
    scale = np.float32(node.get("scale", [1.0])[0])
    pivot = np.array(node["translation"], np.float32) + parent
    found = {n: accessor_values(document, blob, i) for n, i in primitive["attributes"].items()}
    names = mesh.get("extras", {}).get("targetNames", [])
    moves = {
        n: accessor_values(document, blob, t["POSITION"]) * scale
        for n, t in zip(names, primitive.get("targets", []), strict=True)
    }
    return GlbMesh(
        name=node["name"],
        points=found["POSITION"] * scale + pivot,
        faces=accessor_values(document, blob, primitive["indices"]).reshape(-1, 3).astype(np.int32),
        colours=encoded(found["COLOR_0"][:, :3]).astype(np.float32),
        marks=np.rint(found["_MARKS"] * 255).astype(np.uint8),
        moves=moves,
        pivot=(float(pivot[0]), float(pivot[1]), float(pivot[2])),
        on_head=on_head,
    )
