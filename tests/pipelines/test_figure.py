"""The neutral figure: its skin on the rig, its pictures on the pixels, its files by independent readers and formulas."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest
import trimesh
from scipy.spatial.transform import Rotation, Slerp

from emogen import checkpoints
from emogen.codecs.body import BodyMotion, skeleton
from emogen.errors import FormatError, InputError
from emogen.media.glb_skin import read_skinned
from emogen.media.video import probe, read_video_audio
from emogen.pipelines.gesture.figure import FigureRenderer, draw_frames, export_glb, figure, save_video
from emogen.pipelines.gesture.figure.helpers import HELPERS, half

FOLDER = checkpoints.HERE / "figure"
NAMES = skeleton().names
SMALL = (320, 180)


def turn(axes: str, *degrees: float) -> np.ndarray:
    return np.asarray(Rotation.from_euler(axes, degrees, degrees=True).as_matrix())


def motion(frames: int = 1, fps: float = 30.0, **turns: np.ndarray) -> BodyMotion:
    """The skeleton at rest but for the joints named, turned in every frame."""
    rotations = np.tile(np.eye(3), (frames, len(NAMES), 1, 1))
    for name, matrix in turns.items():
        rotations[:, NAMES.index(name)] = matrix
    return BodyMotion(rotations, np.tile(skeleton().offsets[0], (frames, 1)), fps)


def lively(frames: int = 12, seed: int = 0, fps: float = 30.0) -> BodyMotion:
    """Every joint turns, smoothly and far."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None] / frames
    way = np.sin(2 * np.pi * (t + rng.random((1, len(NAMES), 3)))) * rng.uniform(0.1, 0.7, (1, len(NAMES), 3))
    rotations = Rotation.from_rotvec(way.reshape(-1, 3)).as_matrix().reshape(frames, len(NAMES), 3, 3)
    root = skeleton().offsets[0] + np.cumsum(rng.normal(0, 2, (frames, 3)), axis=0)
    return BodyMotion(rotations, root, fps)


def posed(moved: BodyMotion, frame: int = 0) -> np.ndarray:
    turns, places = figure().skeletons(moved.rotations, moved.root_cm)
    return figure().pose(turns[frame], places[frame])[0]


@cache
def picture(view: str = "front", framing: str = "full") -> np.ndarray:
    return FigureRenderer(motion(), view=view, framing=framing, size=SMALL).render(0)


def covered(seen: np.ndarray) -> np.ndarray:
    """Where the dark clothes are."""
    return seen.max(axis=2) < 145


def test_the_checkpoint_is_whole_open_and_small() -> None:
    assert sorted(checkpoints.verify(FOLDER)) == ["README.md", "figure.glb"]
    assert checkpoints.is_open(FOLDER)
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 2e6


def test_the_figure_stands_on_the_floor_as_tall_as_a_person() -> None:
    points = figure().points
    assert points[:, 1].min() == pytest.approx(0, abs=0.05)
    assert 165 < points[:, 1].max() < 185
    assert np.abs(points[:, 0].min() + points[:, 0].max()) < 0.1  # as wide to the left as to the right


def test_weights_add_up_and_every_joint_moves_something() -> None:
    parts, joints, _ = read_skinned(FOLDER / "figure.glb")
    assert tuple(j.name for j in joints)[: len(NAMES)] == NAMES
    used: set[int] = set()
    for part in parts:
        assert (part.weights >= 0).all()
        np.testing.assert_allclose(part.weights.sum(axis=1), 1, atol=1e-6)
        used |= set(part.joints[part.weights > 0.3].tolist())
    assert used == set(range(len(joints)))


def test_each_side_hangs_on_its_own_joints() -> None:
    parts, joints, _ = read_skinned(FOLDER / "figure.glb")
    for part in parts:
        for side, wrong in ((1, "Right"), (-1, "Left")):
            far = part.points[:, 0] * side > 3
            of_wrong = np.array([j.name.startswith(wrong) for j in joints])[part.joints]
            assert (part.weights * of_wrong)[far].sum(axis=1).max() < 0.05


def test_at_rest_the_skin_is_the_mesh() -> None:
    np.testing.assert_allclose(posed(motion()), figure().points, atol=1e-3)


@pytest.mark.parametrize(
    ("joint", "matrix", "reach", "outside"),
    [
        ("LeftForeArm", turn("y", -125), 6, (0, 0, -1)),
        ("LeftArm", turn("z", -80), 7, (0, 1, 0)),
        ("RightLeg", turn("x", 110), 7, (0, 0, 1)),
        ("LeftUpLeg", turn("x", -90), 12, (0, 0, -1)),
    ],
)
def test_bent_joints_keep_their_volume(joint: str, matrix: np.ndarray, reach: float, outside: Any) -> None:
    """Skin on the outside of a bend stays away from the bones; linear blending alone would let it fall onto them."""
    bones = skeleton()
    j = NAMES.index(joint)
    child = next(k for k, p in enumerate(bones.parents) if p == j)

    def to_bones(moved: BodyMotion) -> np.ndarray:
        at = moved.positions()[0]
        points = posed(moved)
        return np.min([away(points, at[a], at[b]) for a, b in ((bones.parents[j], j), (j, child))], axis=0)

    rest, bent = motion(), motion(**{joint: matrix})
    from_joint = figure().points - rest.positions()[0, j]
    outer = (np.linalg.norm(from_joint, axis=1) < reach) & (from_joint @ np.array(outside) > 1)
    assert outer.sum() > 5
    assert (to_bones(bent)[outer] / to_bones(rest)[outer]).min() > 0.85


def away(points: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    t = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return np.asarray(np.linalg.norm(points - a - t[:, None] * (b - a), axis=1))


def test_helpers_turn_half_as_far() -> None:
    way = turn("z", -60)
    twist = turn("x", 100)
    np.testing.assert_allclose(half(way[None], 0)[0], turn("z", -30), atol=1e-9)
    np.testing.assert_allclose(half((way @ twist)[None], 0)[0], turn("z", -30) @ turn("x", 50), atol=1e-9)
    assert {h.joint.replace("Left", "Right") for h in HELPERS} == {
        h.joint.replace("Left", "Right") for h in HELPERS[6:]
    }


@pytest.fixture(scope="module")
def glb(tmp_path_factory: pytest.TempPathFactory) -> tuple[pygltflib.GLTF2, BodyMotion, Path]:
    moved = lively()
    path = export_glb(moved, tmp_path_factory.mktemp("figure") / "a.glb", extras={"seed": 3})
    return pygltflib.GLTF2().load(str(path)), moved, path


def values(gltf: pygltflib.GLTF2, number: int) -> np.ndarray:
    """An accessor's values, decoded here."""
    a = gltf.accessors[number]
    view = gltf.bufferViews[a.bufferView]
    kind = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[a.componentType]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[a.type]
    item = np.dtype(kind).itemsize
    start = (view.byteOffset or 0) + (a.byteOffset or 0)
    return np.ndarray((a.count, width), kind, gltf.binary_blob(), start, (view.byteStride or item * width, item)).copy()


def sampled(gltf: pygltflib.GLTF2, time: float) -> np.ndarray:
    """World matrices of all nodes at a time, as the specification says: float64 [nodes, 4, 4]."""
    turns = {i: np.array([0, 0, 0, 1.0]) for i in range(len(gltf.nodes))}
    moves = {i: np.array(n.translation or [0, 0, 0], float) for i, n in enumerate(gltf.nodes)}
    for channel in gltf.animations[0].channels:
        sampler = gltf.animations[0].samplers[channel.sampler]
        times, keys = values(gltf, sampler.input)[:, 0].astype(float), values(gltf, sampler.output).astype(float)
        if channel.target.path == "rotation":
            turns[channel.target.node] = Slerp(times, Rotation.from_quat(keys))(
                np.clip(time, times[0], times[-1])
            ).as_quat()
        else:
            moves[channel.target.node] = np.array([np.interp(time, times, keys[:, c]) for c in range(3)])
    parent = {child: i for i, node in enumerate(gltf.nodes) for child in node.children or []}
    world = np.tile(np.eye(4), (len(gltf.nodes), 1, 1))
    for i in range(len(gltf.nodes)):  # children stand after parents
        local = np.eye(4)
        local[:3, :3], local[:3, 3] = Rotation.from_quat(turns[i]).as_matrix(), moves[i]
        world[i] = world[parent[i]] @ local if i in parent else local
    return world


def test_an_independent_reader_finds_the_skeleton_and_the_motion(glb: tuple[pygltflib.GLTF2, BodyMotion, Path]) -> None:
    gltf, moved, _ = glb
    skin = gltf.skins[0]
    names = [gltf.nodes[n].name for n in skin.joints]
    assert tuple(names[: len(NAMES)]) == NAMES
    places = moved.positions() / 100
    for frame in (0, 5, 11):
        world = sampled(gltf, frame / moved.fps)
        np.testing.assert_allclose(world[skin.joints[: len(NAMES)], :3, 3], places[frame], atol=1e-5)
    between = sampled(gltf, 5.5 / moved.fps)[skin.joints[0], :3, 3]
    np.testing.assert_allclose(between, (places[5, 0] + places[6, 0]) / 2, atol=1e-5)


def test_skin_by_the_formula_of_the_specification_is_what_is_drawn(
    glb: tuple[pygltflib.GLTF2, BodyMotion, Path],
) -> None:
    gltf, moved, _ = glb
    skin = gltf.skins[0]
    binds = values(gltf, skin.inverseBindMatrices).reshape(-1, 4, 4).swapaxes(1, 2).astype(float)
    rest = [np.linalg.inv(b) for b in binds]
    np.testing.assert_allclose([m[:3, 3] * 100 for m in rest[: len(NAMES)]], motion().positions()[0], atol=1e-3)
    joints = sampled(gltf, 7 / moved.fps)[skin.joints] @ binds
    found = []
    for primitive in gltf.meshes[0].primitives:
        points = values(gltf, primitive.attributes.POSITION).astype(float)
        weights = values(gltf, primitive.attributes.WEIGHTS_0).astype(float)
        blend = np.einsum("vk,vkab->vab", weights, joints[values(gltf, primitive.attributes.JOINTS_0)])
        found.append(np.einsum("vab,vb->va", blend[:, :3, :3], points) + blend[:, :3, 3])
    np.testing.assert_allclose(np.concatenate(found) * 100, posed(moved, 7), atol=2e-3)


def test_another_reader_sees_the_mesh_in_metres(glb: tuple[pygltflib.GLTF2, BodyMotion, Path]) -> None:
    scene = trimesh.load(glb[2])
    low, high = scene.bounds
    assert 1.65 < high[1] - low[1] < 1.85
    assert sum(len(g.faces) for g in scene.geometry.values()) == sum(len(p.faces) for p in figure().parts)


def test_the_file_says_what_it_was_told_and_is_the_same_again(
    glb: tuple[pygltflib.GLTF2, BodyMotion, Path], tmp_path: Path
) -> None:
    gltf, moved, path = glb
    assert gltf.asset.extras == {"seed": 3}
    assert export_glb(moved, tmp_path / "b.glb", extras={"seed": 3}).read_bytes() == path.read_bytes()
    parts, joints, extras = read_skinned(path)
    assert extras == {"seed": 3}
    assert len(joints) == len(NAMES) + len(HELPERS)
    np.testing.assert_allclose(np.concatenate([p.points for p in parts]), figure().points, atol=1e-4)


@pytest.mark.parametrize("data", [b"", b"glTF", b"{}"])
def test_what_is_no_figure_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.glb").write_bytes(data)
    with pytest.raises(FormatError, match="no figure"):
        read_skinned(tmp_path / "a.glb")


def test_both_is_front_beside_side() -> None:
    both, front = picture("both"), FigureRenderer(motion(), view="front", size=(160, 180)).render(0)
    assert both.shape == (180, 320, 3)
    wide = [np.ptp(np.flatnonzero(covered(part).any(axis=0))) for part in (both[:, :160], both[:, 160:])]
    assert wide[0] > 2 * wide[1]  # a T-pose is wide from the front and narrow from the side
    assert covered(front).any()


def test_left_and_front_are_where_they_should_be() -> None:
    raised = FigureRenderer(motion(LeftArm=turn("z", 70), RightArm=turn("z", 70)), view="front", size=SMALL).render(0)
    columns, rows = np.flatnonzero(covered(raised).any(axis=0)), covered(raised)
    left_half, right_half = rows[:, :160], rows[:, 160:]
    assert np.flatnonzero(right_half.any(axis=1))[0] < np.flatnonzero(left_half.any(axis=1))[0] - 20
    assert columns.size
    ahead = FigureRenderer(motion(LeftArm=turn("y", -90), RightArm=turn("y", 90)), view="side", size=SMALL).render(0)
    reach = np.flatnonzero(covered(ahead)[:100].any(axis=0)) - 160
    assert -reach.min() > reach.max() + 10  # from its left, a figure that faces +Z looks to the left


def test_a_turned_motion_is_seen_from_its_own_front() -> None:
    turned = motion(Hips=turn("y", 130))
    np.testing.assert_allclose(
        FigureRenderer(turned, view="front", size=SMALL).render(0).astype(int), picture("front"), atol=40
    )
    difference = np.abs(FigureRenderer(turned, view="front", size=SMALL).render(0).astype(int) - picture("front"))
    assert difference.mean() < 0.5


def test_a_bust_is_nearer() -> None:
    whole, bust = covered(picture("front")), covered(picture("front", "bust"))
    assert bust.sum() > 1.5 * whole.sum()
    assert bust[-2:].any()


def test_feet_throw_a_shadow_on_the_floor() -> None:
    stage = FigureRenderer(motion(LeftArm=turn("z", -75), RightArm=turn("z", 75)), view="front", size=SMALL).render(0)
    row = int(np.flatnonzero(covered(stage).any(axis=1))[-1])
    middle = stage[row - 6 : row + 4, 150:170].mean()
    assert middle < stage[row - 6 : row + 4, 5:25].mean() - 8


def test_a_walker_stays_in_the_picture() -> None:
    walk = motion(60)
    walk.root_cm[:, 2] += np.linspace(0, 600, 60)
    walk.root_cm[:, 0] += np.linspace(0, -300, 60)
    renderer = FigureRenderer(walk, view="both", size=SMALL)
    for frame in (0, 30, 59):
        seen = covered(renderer.render(frame))
        for half_ in (seen[:, :160], seen[:, 160:]):
            assert half_.any()
            assert not half_[:, [0, -1]].any()


def test_frames_depend_on_themselves_alone() -> None:
    moved = lively(70)
    renderer = FigureRenderer(moved, view="both", size=SMALL)
    later = renderer.render(66)
    np.testing.assert_array_equal(
        renderer.render(2), next(k for i, k in enumerate(draw_frames(moved, size=SMALL)) if i == 2)
    )
    np.testing.assert_array_equal(renderer.render(66), later)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"view": "top"}, "view"),
        ({"framing": "face"}, "framing"),
        ({"size": (321, 180)}, "size"),
        ({"size": (32, 20)}, "size"),
        ({"size": (99_998, 180)}, "size"),
    ],
)
def test_what_cannot_be_drawn_is_refused(what: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        FigureRenderer(motion(), **what)


def test_motions_that_are_none_are_refused() -> None:
    broken = motion(2)
    broken.rotations[1, 4] = np.nan
    for moved in (motion(0), broken, BodyMotion(np.zeros((3, 5, 3, 3)), np.zeros((3, 3)), 30.0)):
        with pytest.raises(InputError, match="motion"):
            draw_frames(moved)


def test_a_video_has_all_frames_and_the_speech(tmp_path: Path) -> None:
    moved = lively(15, fps=25.0)
    speech = np.sin(np.arange(24_000 * 15 // 25) / 10).astype(np.float32) * 0.3
    path = save_video(tmp_path / "a.mp4", moved, speech, 24_000, size=SMALL)
    info = probe(path)
    assert (info.frames, info.fps, info.width, info.height) == (15, 25.0, *SMALL)
    sound = read_video_audio(path)
    assert abs(len(sound.samples) / sound.sample_rate - 15 / 25) < 0.05
    assert np.abs(sound.samples).max() > 0.2
    silent = save_video(tmp_path / "b.mp4", moved, view="side", framing="bust", size=SMALL)
    assert probe(silent).audio_rate == 0
