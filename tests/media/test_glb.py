"""Heads as .glb: what is written is what the specification asks for, and what is read is what was written."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emogen.errors import FormatError
from emogen.media.glb import GlbAnimation, GlbMesh, encoded, linear, normals_of, read_glb, write_glb

TARGETS = ("jawOpen", "mouthClose", "eyeBlinkLeft")


def ball(name: str, pivot: tuple[float, float, float] = (0.0, 0.0, 0.0), **moves: np.ndarray) -> GlbMesh:
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32) * 3 + pivot
    faces = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])
    rng = np.random.default_rng(1)
    colours, marks = rng.random((6, 3)).astype(np.float32), rng.integers(0, 256, (6, 4)).astype(np.uint8)
    return GlbMesh(name, points.astype(np.float32), faces.astype(np.int32), colours, marks, moves, pivot)


def moved() -> dict[str, np.ndarray]:
    open_ = np.zeros((6, 3), np.float32)
    open_[3] = [0, -1.5, 0.2]
    return {"jawOpen": open_, "mouthClose": -open_}


def animation(frames: int = 4) -> GlbAnimation:
    weights = np.linspace(0, 1, frames)[:, None] * np.array([1.0, 0.5, 0.0])
    turn = np.tile([0.0, 0.1, 0.0, np.sqrt(1 - 0.01)], (frames, 1))
    return GlbAnimation(np.arange(frames) / 25, weights, {"head": turn, "eyeLeft": turn})


def parsed(path: Path) -> tuple[dict[str, Any], bytes]:
    """The file taken apart here, not by the code under test."""
    data = path.read_bytes()
    magic, version, whole = struct.unpack_from("<4sII", data)
    assert (magic, version, whole) == (b"glTF", 2, len(data))
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    length, kind = struct.unpack_from("<I4s", data, 20 + size)
    assert kind == b"BIN\0"
    assert len(data) == 28 + size + length
    assert size % 4 == length % 4 == 0
    return json.loads(data[20 : 20 + size]), data[28 + size :]


@pytest.mark.parametrize("quantised", [False, True])
def test_what_is_written_is_read(tmp_path: Path, quantised: bool) -> None:
    meshes = [ball("face", **moved()), ball("eyeLeft", (3.0, 1.0, 7.0))]
    path = write_glb(
        tmp_path / "a.glb", meshes, targets=TARGETS, head_pivot=(0, -9, -2), quantised=quantised, extras={"name": "x"}
    )
    found, extras = read_glb(path)
    assert extras["name"] == "x"
    assert extras["head_pivot"] == [0, -9, -2]
    assert [m.name for m in found] == ["face", "eyeLeft"]
    for was, now in zip(meshes, found, strict=True):
        np.testing.assert_allclose(now.points, was.points, atol=2e-4)
        np.testing.assert_array_equal(now.faces, was.faces)
        np.testing.assert_array_equal(now.marks, was.marks)
        np.testing.assert_allclose(now.colours, was.colours, atol=2e-3)
        np.testing.assert_allclose(now.pivot, was.pivot, atol=1e-6)
    assert sorted(found[0].moves) == sorted(TARGETS)
    np.testing.assert_allclose(found[0].moves["jawOpen"], moved()["jawOpen"], atol=2e-4)
    assert not found[0].moves["eyeBlinkLeft"].any()
    assert found[1].moves == {}


@pytest.mark.parametrize("quantised", [False, True])
def test_every_range_fits_and_bounds_are_true(tmp_path: Path, quantised: bool) -> None:
    path = write_glb(
        tmp_path / "a.glb", [ball("face", **moved())], targets=TARGETS, animation=animation(), quantised=quantised
    )
    document, blob = parsed(path)
    assert document["asset"]["version"] == "2.0"
    assert document["buffers"][0]["byteLength"] <= len(blob) < document["buffers"][0]["byteLength"] + 4
    for view in document["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= document["buffers"][0]["byteLength"]
    sizes, widths = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}, {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
    for accessor in document["accessors"]:
        item = sizes[accessor["componentType"]] * widths[accessor["type"]]
        if "bufferView" in accessor:
            view = document["bufferViews"][accessor["bufferView"]]
            stride = view.get("byteStride", item)
            assert stride * (accessor["count"] - 1) + item <= view["byteLength"]
            assert view.get("target") != 34962 or stride % 4 == 0
        if "sparse" in accessor:
            assert 1 <= accessor["sparse"]["count"] <= accessor["count"]
    primitive = document["meshes"][0]["primitives"][0]
    for number in (primitive["attributes"]["POSITION"], *(t["POSITION"] for t in primitive["targets"])):
        assert len(document["accessors"][number]["min"]) == len(document["accessors"][number]["max"]) == 3
    indices = document["accessors"][primitive["indices"]]
    view = document["bufferViews"][indices["bufferView"]]
    used = np.frombuffer(blob, np.uint16, indices["count"], view["byteOffset"])
    assert used.max() < document["accessors"][primitive["attributes"]["POSITION"]]["count"]
    assert ("KHR_mesh_quantization" in document.get("extensionsRequired", [])) == quantised


def test_movement_is_laid_out_as_players_expect(tmp_path: Path) -> None:
    meshes = [ball("face", **moved()), ball("mouth", **moved()), ball("eyeLeft", (3.0, 1.0, 7.0))]
    document, blob = parsed(write_glb(tmp_path / "a.glb", meshes, targets=TARGETS, animation=animation()))
    names = [n["name"] for n in document["nodes"]]
    for mesh in document["meshes"][:2]:
        assert mesh["extras"]["targetNames"] == list(TARGETS)
        assert len(mesh["weights"]) == len(mesh["primitives"][0]["targets"]) == len(TARGETS)
    assert names[1] == "head"
    assert {names[i] for i in document["nodes"][1]["children"]} == {"face", "mouth", "eyeLeft"}
    (talk,) = document["animations"]
    aims = {(names[c["target"]["node"]], c["target"]["path"]) for c in talk["channels"]}
    assert aims == {("face", "weights"), ("mouth", "weights"), ("head", "rotation"), ("eyeLeft", "rotation")}
    for channel in talk["channels"]:
        sampler = talk["samplers"][channel["sampler"]]
        times, values = (document["accessors"][sampler[k]] for k in ("input", "output"))
        assert times["min"] == [0.0]
        assert times["max"][0] == pytest.approx(3 / 25)
        assert values["count"] == 4 * (len(TARGETS) if channel["target"]["path"] == "weights" else 1)
    sampler = talk["samplers"][talk["channels"][0]["sampler"]]
    accessor = document["accessors"][sampler["output"]]
    stored = np.frombuffer(
        blob, np.float32, accessor["count"], document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    )
    np.testing.assert_allclose(stored.reshape(4, 3), animation().weights, atol=1e-6)


def test_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        write_glb(tmp_path / f"{n}.glb", [ball("face", **moved())], targets=TARGETS, animation=animation())
        for n in "ab"
    )
    assert first.read_bytes() == second.read_bytes()


def test_normals_look_outward_and_colours_come_back() -> None:
    mesh = ball("face")
    normals = normals_of(mesh.points, mesh.faces)
    np.testing.assert_allclose(normals, mesh.points / 3, atol=1e-6)
    tones = np.linspace(0, 1, 11)
    np.testing.assert_allclose(encoded(linear(tones)), tones, atol=1e-6)
    assert linear(np.array([0.5]))[0] == pytest.approx(0.2140, abs=1e-3)  # IEC 61966-2-1


@pytest.mark.parametrize("damage", ["magic", "cut", "empty", "text"])
def test_what_is_no_avatar_is_refused(tmp_path: Path, damage: str) -> None:
    path = write_glb(tmp_path / "a.glb", [ball("face", **moved())], targets=TARGETS)
    data = path.read_bytes()
    path.write_bytes(
        {"magic": b"glTX" + data[4:], "cut": data[: len(data) // 2], "empty": b"", "text": b"hello" * 9}[damage]
    )
    with pytest.raises(FormatError, match="no avatar"):
        read_glb(path)


def test_other_readers_agree(tmp_path: Path) -> None:
    trimesh, pygltflib = pytest.importorskip("trimesh"), pytest.importorskip("pygltflib")
    meshes = [ball("face", **moved()), ball("eyeLeft", (3.0, 1.0, 7.0))]
    path = write_glb(tmp_path / "a.glb", meshes, targets=TARGETS, animation=animation(), head_pivot=(0, -9, -2))
    scene = trimesh.load(path)
    low = np.concatenate([m.points for m in meshes]).min(axis=0) * 0.01
    np.testing.assert_allclose(scene.bounds[0], low, atol=1e-5)
    document = pygltflib.GLTF2().load(str(path))
    assert document.meshes[0].extras["targetNames"] == list(TARGETS)
    assert {c.target.path for c in document.animations[0].channels} == {"weights", "rotation"}
