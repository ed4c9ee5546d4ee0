"""Do the files open elsewhere, and hold what was made?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.media.motion import read_bvh
from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import bvh_reader
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, Bench
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import table

PART = "files"
TEXT = "The old bridge is over there."
MOST_DEG, MOST_CM = 0.01, 0.01
SECTION = """### Files

One motion of {seconds:.1f} s. BVH read by a second reader (`bvh_reader.py`: no code of the writer's) and placed by its own forward
kinematics; glTF by pygltflib (structure, and the skin's joints placed from its nodes and animation) and by trimesh. Angles are the
largest between a joint's rotation in the file and in memory, places the largest distance of a joint.
"""
_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """All of it."""
    here = kept.version(Path(__file__), Path(bvh_reader.__file__), of.BODIES / "figure" / "*.*", of.ROOT / "media" / "*.py", *of.MOTION,
                        weights=of.LEARNT_FROM)  # fmt: skip
    return bench.kept(PART, here, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    print("files", flush=True)
    out = bench.pipe(EMBEDDED)(audio=bench.say(TEXT), emotion="anger", semantic="point:0.8s", fps=FPS, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        paths = {kind: out.save(Path(folder) / f"a.{kind}") for kind in ("bvh", "npz", "glb", "mp4")}
        found = {"seconds": len(out.motion.rotations) / FPS, "size": {kind: path.stat().st_size for kind, path in paths.items()}}
        found["bvh"] = bvh(paths["bvh"], out.motion)
        found["again"] = compared(BodyMotion.from_bvh(read_bvh(paths["bvh"])), out.motion)
        found["npz"] = compared(BodyMotion.load(paths["npz"]), out.motion)
        found["glb"] = glb(paths["glb"], out.motion)
        found["trimesh"] = opened_by_trimesh(paths["glb"])
    return found


def bvh(path: Path, motion: BodyMotion) -> dict[str, float]:
    """Largest errors in a BVH file, in degrees and cm."""
    read = bvh_reader.read(path)
    names = skeleton().names
    assert set(read.rotations) == set(names), "other joints"
    rotations = np.stack([read.rotations[n] for n in names], axis=1)
    places = np.stack([read.places[n] for n in names], axis=1)
    return {"degrees": _degrees(rotations, motion.rotations), "cm": float(np.abs(places - motion.positions()).max()),
            "fps": 1.0 / read.frame_s, "joints": len(names), "frames": len(rotations)}  # fmt: skip


def compared(one: BodyMotion, other: BodyMotion) -> dict[str, float]:
    """Largest differences of two movements, in degrees and cm."""
    return {"degrees": _degrees(one.rotations, other.rotations), "cm": float(np.abs(one.positions() - other.positions()).max())}


def _degrees(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Largest angle between rotations [T, J, 3, 3]; by the chord, which stays exact for small angles."""
    chord = np.linalg.norm(one - other, axis=(-2, -1)) / np.sqrt(8.0)
    return float(np.degrees(2.0 * np.arcsin(np.clip(chord, 0.0, 1.0))).max())


def glb(path: Path, motion: BodyMotion) -> dict[str, Any]:
    """What a glTF file holds, and how far its joints are from where they should be (cm)."""
    import pygltflib

    document = pygltflib.GLTF2().load(str(path))
    data = document.binary_blob()
    nodes = document.nodes
    parents = {child: i for i, node in enumerate(nodes) for child in node.children or ()}
    joints = [i for skin in document.skins for i in skin.joints]
    local: dict[tuple[int, str], NDArray[np.float64]] = {}
    times = np.zeros(0)
    for channel in document.animations[0].channels:
        sampler = document.animations[0].samplers[channel.sampler]
        times = _array(document, data, sampler.input)[:, 0]
        local[channel.target.node, channel.target.path] = _array(document, data, sampler.output)
    count = len(times)
    placed: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def world(i: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if i not in placed:
            shift = local.get((i, "translation"), np.tile(nodes[i].translation or [0.0, 0.0, 0.0], (count, 1)))
            rest = nodes[i].rotation or [0.0, 0.0, 0.0, 1.0]
            turn = Rotation.from_quat(local.get((i, "rotation"), np.tile(rest, (count, 1)))).as_matrix()
            if i in parents:
                place, turned = world(parents[i])
                placed[i] = place + (turned @ shift[:, :, None])[:, :, 0], turned @ turn
            else:
                placed[i] = shift, turn
        return placed[i]

    names = skeleton().names
    by_name = {nodes[i].name: i for i in joints}
    shared = [n for n in names if n in by_name]
    wanted = motion.positions()
    assert abs(times[-1] - (len(wanted) - 1) / motion.fps) < 1e-3, "another length"
    rows = np.clip((times * motion.fps).round().astype(int), 0, len(wanted) - 1)
    away = max(float(np.abs(100.0 * world(by_name[n])[0] - wanted[rows, names.index(n)]).max()) for n in shared)
    return {"joints": len(joints), "shared": len(shared), "frames": count, "cm": away, "meshes": len(document.meshes),
            "skins": len(document.skins), "version": document.asset.version}  # fmt: skip


def _array(document: Any, data: bytes, number: int) -> NDArray[np.float64]:
    accessor = document.accessors[number]
    view = document.bufferViews[accessor.bufferView]
    width = _WIDTH[accessor.type]
    start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
    values = np.frombuffer(data, _TYPES[accessor.componentType], accessor.count * width, start)
    return values.reshape(accessor.count, width).astype(float)


def opened_by_trimesh(path: Path) -> dict[str, Any]:
    """What trimesh makes of it."""
    import trimesh

    scene: Any = trimesh.load(path)
    return {"triangles": sum(len(mesh.faces) for mesh in scene.geometry.values()), "height_m": float(scene.extents[1])}


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    degrees = found["bvh"]["degrees"]
    told = f"{degrees:.5f} ({found['bvh']['cm']:.4f} cm)"
    yield Goal("BVH by a second reader, error in degrees", f"below {MOST_DEG:g}", told, degrees < MOST_DEG)
    away = found["again"]["degrees"]
    yield Goal("BVH written and read again by emogen, degrees", f"below {MOST_DEG:g}", f"{away:.5f}", away < MOST_DEG)
    own = found["glb"]
    wanted = len(skeleton().names)
    told = f"{own['cm']:.4f} cm, {own['shared']} of {wanted} joints"
    right = own["cm"] < MOST_CM and own["shared"] == wanted
    yield Goal("glTF by a second reader, joints in place, cm", f"below {MOST_CM:g}", told, right)


def section(found: dict[str, Any]) -> Iterator[str]:
    """Markdown."""
    yield SECTION.format(seconds=found["seconds"])
    own, glb_, again, npz = (found[k] for k in ("bvh", "glb", "again", "npz"))
    size = {kind: f"{value / 1024:.0f} KiB" for kind, value in found["size"].items()}
    lines = [
        ["BVH, second reader", size["bvh"], f"{own['degrees']:.5f}", f"{own['cm']:.4f}",
         f"{own['joints']} joints, {own['frames']} frames, {own['fps']:.2f} a second"],
        ["BVH, emogen's reader (`--motion`)", size["bvh"], f"{again['degrees']:.5f}", f"{again['cm']:.4f}", ""],
        ["npz", size["npz"], f"{npz['degrees']:.5f}", f"{npz['cm']:.4f}", ""],
        ["glTF, pygltflib", size["glb"], "", f"{glb_['cm']:.4f}",
         f"version {glb_['version']}, {glb_['meshes']} meshes, skin of {glb_['joints']} joints, {glb_['frames']} key frames"],
        ["glTF, trimesh", size["glb"], "", "", f"{found['trimesh']['triangles']} triangles, {found['trimesh']['height_m']:.2f} m high"],
        ["mp4", size["mp4"], "", "", ""],
    ]  # fmt: skip
    yield from table(["", "size", "degrees", "cm", ""], lines)
    yield ""
