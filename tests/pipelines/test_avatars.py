"""Three-dimensional characters: seen on the drawn pixels by an independent eye (MediaPipe's face mesh), and on the rig."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from emogen import checkpoints
from emogen.codecs.face import FACE_CHANNELS, INDEX, FaceMotion, both, mouth_opening
from emogen.conditioning.face_mesh import find_face
from emogen.errors import InputError
from emogen.media.arkit import ARKIT_NAMES
from emogen.media.glb import read_glb
from emogen.pipelines.drawing import paint
from emogen.pipelines.talking_head.avatars import AVATARS, AvatarRenderer, Rig, avatar, export

FOLDER = checkpoints.HERE / "avatars"

EMOTIONS: dict[str, dict[str, float]] = {
    "joy": {"mouthSmile": 1, "cheekSquint": 0.9, "eyeSquint": 0.4},
    "anger": {"browDown": 1, "eyeSquint": 0.5, "noseSneer": 0.5, "mouthPress": 0.6, "mouthFrown": 0.3},
    "sadness": {"browInnerUp": 1, "mouthFrown": 0.9, "eyeBlink": 0.2, "mouthShrugLower": 0.4},
    "fear": {"browInnerUp": 0.9, "browOuterUp": 0.7, "eyeWide": 1, "mouthStretch": 0.8, "jawOpen": 0.25},
    "surprise": {"browInnerUp": 1, "browOuterUp": 1, "eyeWide": 0.9, "jawOpen": 0.5},
    "disgust": {"noseSneer": 1, "mouthUpperUp": 0.8, "browDown": 0.6, "eyeSquint": 0.6, "mouthShrugUpper": 0.5},
}
#: Shapes under which lips stay together.
SEALED = ("mouthSmile", "mouthFrown", "mouthPress", "mouthDimple", "mouthStretch", "mouthPucker", "mouthLeft", "mouthRight", "jawLeft",
          "jawRight", "jawForward", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "cheekPuff", "noseSneer",
          "browDown", "eyeBlink")  # fmt: skip


def curves(**values: float) -> np.ndarray:
    out = np.zeros(len(FACE_CHANNELS), np.float32)
    for name, value in values.items():
        out[[INDEX[name]] if name in INDEX else both(name)] = value
    return out


@cache
def face(name: str, size: int = 384) -> AvatarRenderer:
    return avatar(name, size=size)


def seen(picture: np.ndarray) -> np.ndarray:
    return find_face(picture, "frame").points


def unit(p: np.ndarray) -> float:
    return float(np.linalg.norm(p[33, :2] - p[263, :2]))


def gap(p: np.ndarray) -> float:
    return float((p[14, 1] - p[13, 1]) / unit(p))


def corners(p: np.ndarray) -> float:
    return float((p[[0, 17], 1].mean() - p[[61, 291], 1].mean()) / unit(p))


def brows(rig: Rig) -> np.ndarray:
    """The points of the brows: they shine as nothing else does."""
    marks = rig.marks[rig.ranges["face"]]
    return np.flatnonzero((np.abs(marks[:, 0] - 0.1) < 0.004) & (marks[:, 1] == 0))


def lips(rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points that lie on each other where the lips meet: upper, lower."""
    free = rig.points[rig.ranges["face"]]
    key = np.round(free, 3)
    order = np.lexsort(key.T)
    same = (np.diff(key[order], axis=0) == 0).all(axis=1)
    a, b = order[:-1][same], order[1:][same]
    front = np.abs(free[a, 0]) < 1.9
    return a[front], b[front]


def test_the_names_stay() -> None:
    assert {"ava", "ben", "mira", "tomas"} <= set(AVATARS)
    with pytest.raises(InputError, match='Did you mean "ava"'):
        avatar("avva")


def test_the_assets_are_whole_open_and_small() -> None:
    assert sorted(checkpoints.verify(FOLDER)) == sorted(["README.md", *(f"{n}.glb" for n in AVATARS)])
    assert checkpoints.is_open(FOLDER)
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 10e6
    for name in AVATARS:
        meshes, _ = read_glb(FOLDER / f"{name}.glb")
        for mesh in meshes[:2]:
            assert sorted(mesh.moves) == sorted(ARKIT_NAMES)
    skin = meshes[0]
    assert all(
        np.abs(d).max() > 0.02
        for n, d in skin.moves.items()
        if not n.startswith(("eyeLookIn", "eyeLookOut", "tongueOut"))
    )


@pytest.mark.parametrize("name", AVATARS)
def test_lips_meet_exactly_unless_a_shape_parts_them(name: str) -> None:
    rig = face(name).rig
    upper, lower = lips(rig)
    assert len(upper) >= 20
    for shape in SEALED:
        points = rig.pose(curves(**{shape: 1.0})).points
        assert np.abs(points[upper] - points[lower]).max() < 0.02, shape  # cm
    closed = rig.pose(curves(jawOpen=0.6, mouthClose=0.6)).points
    assert np.abs(closed[upper] - closed[lower]).max() < 0.02
    opened = rig.pose(curves(jawOpen=1.0)).points
    assert np.abs(opened[upper] - opened[lower])[:, 1].max() > 1.2


@pytest.mark.parametrize("name", AVATARS)
def test_the_mouth_opens_as_the_curves_say(name: str) -> None:
    rng = np.random.default_rng(0)
    wanted, found = [], []
    for _ in range(20):
        jaw = float(rng.choice([0, 0.15, 0.3, 0.5, 0.7]))
        lower, pucker, smile = (float(rng.uniform(0, 0.4)) for _ in range(3))
        c = curves(jawOpen=jaw, mouthLowerDown=lower, mouthPucker=pucker, mouthSmile=smile)
        wanted.append(float(mouth_opening(c)))
        found.append(gap(seen(face(name).render(c))))
    assert np.corrcoef(wanted, found)[0, 1] >= 0.9
    assert gap(seen(face(name).render(curves()))) < 0.05


@pytest.mark.parametrize("name", AVATARS)
def test_expressions_move_the_right_way(name: str) -> None:
    points = {e: seen(face(name).render(curves(**v))) for e, v in {"neutral": {}, **EMOTIONS}.items()}
    assert corners(points["joy"]) > corners(points["neutral"]) + 0.03
    assert corners(points["sadness"]) < corners(points["neutral"]) - 0.03
    assert gap(points["surprise"]) > gap(points["neutral"]) + 0.1


@pytest.mark.parametrize("name", AVATARS)
def test_brows_move_clearly(name: str) -> None:
    """On the rig: on so large an eye the face mesh takes the lid's fold for the brow."""
    rig = face(name).rig
    at = brows(rig)
    inner = at[np.abs(rig.points[at, 0]) < np.quantile(np.abs(rig.points[at, 0]), 0.3)]

    def rise(points: np.ndarray, **values: float) -> float:
        return float((rig.pose(curves(**values)).points - rig.points)[points, 1].mean())

    assert rise(at, browInnerUp=1, browOuterUp=1) > 0.5  # cm
    assert rise(inner, browInnerUp=1) > 0.5
    assert rise(inner, browDown=1) < -0.5


@pytest.mark.parametrize("name", AVATARS)
def test_lids_meet(name: str) -> None:
    shut = face(name)
    rig = shut.rig
    eyes = range(rig.ranges["eyeLeft"].start, rig.ranges["eyeRight"].stop)

    def white(c: np.ndarray) -> int:
        numbers = shut.numbers(c)
        first = rig.seen[numbers[numbers >= 0], 0]
        return int(((first >= eyes.start) & (first < eyes.stop)).sum())

    open_, half, closed = (white(curves(eyeBlink=v)) for v in (0, 0.5, 1))
    assert closed < 0.03 * open_
    assert 0.2 * open_ < half < 0.85 * open_


def test_head_and_eyes_turn_as_the_signs_say() -> None:
    def nose(c: np.ndarray) -> np.ndarray:
        return seen(face("ava").render(c))[1, :2]

    assert nose(curves(headYaw=0.25))[0] > nose(curves(headYaw=-0.25))[0] + 5
    assert nose(curves(headPitch=0.2))[1] > nose(curves(headPitch=-0.2))[1] + 5
    rig = face("ava").rig
    top = rig.points[rig.ranges["hair"]][:, 1].argmax() + rig.ranges["hair"].start
    assert rig.pose(curves(headRoll=0.2)).points[top, 0] > rig.points[top, 0] + 1
    eye = rig.ranges["eyeLeft"]
    front = rig.points[eye][:, 2].argmax() + eye.start
    assert rig.pose(curves(leftEyeYaw=0.3)).points[front, 0] > rig.points[front, 0] + 0.3
    assert rig.pose(curves(leftEyePitch=0.3)).points[front, 1] < rig.points[front, 1] - 0.3
    shapes_only, angles = rig.pose(curves(eyeLookOutLeft=0.6)), rig.pose(curves(leftEyeYaw=0.3))
    np.testing.assert_allclose(shapes_only.points[eye], angles.points[eye], atol=1e-5)


def test_the_corners_of_the_picture_stay_still() -> None:
    still = face("ava").render(curves()).astype(int)
    for values in (*EMOTIONS.values(), {"headYaw": 0.26}, {"headRoll": -0.25, "headPitch": 0.2}):
        difference = np.abs(face("ava").render(curves(**values)).astype(int) - still).max(axis=2)
        assert difference[:60, :60].max() == difference[:60, -60:].max() == 0


@pytest.mark.parametrize("size", [64, 128, 512])
def test_any_size_shows_the_same_picture(size: int) -> None:
    small, large = face("mira", size).render(curves()), face("mira", 256).render(curves())
    assert small.shape == (size, size, 3)
    np.testing.assert_allclose(small.mean(axis=(0, 1)), large.mean(axis=(0, 1)), atol=3)


def test_wild_curves_still_give_the_same_picture_twice() -> None:
    rng = np.random.default_rng(1)
    for scale in (1.0, 5.0, np.nan):
        c = (rng.normal(0, 1, len(FACE_CHANNELS)) * scale).astype(np.float32)
        first = face("ben").render(c)
        np.testing.assert_array_equal(first, avatar("ben", size=384).render(c))
    with pytest.raises(InputError, match="shape"):
        face("ben").render(np.zeros(52, np.float32))
    with pytest.raises(InputError, match="size"):
        avatar("ben", size=8)


def test_near_triangles_cover_far_ones_and_edges_are_smooth() -> None:
    corners_ = np.array([[8, 8], [8, 24], [24, 24], [4, 4], [4, 28], [28, 28]], np.float32)
    colours = np.repeat(np.array([[1, 0, 0], [0, 0, 1]], np.float32), 3, axis=0)
    away, white = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0]), np.ones((32, 32, 3), np.float32)
    picture, numbers = paint(corners_, away, colours, np.array([[0, 1, 2], [3, 4, 5]]), np.zeros(2), white)
    assert numbers[20, 12] == 0
    assert numbers[26, 5] == 1
    assert numbers[4, 20] == -1
    np.testing.assert_allclose(picture[20, 12], [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(picture[2, 20], [1, 1, 1], atol=1e-6)
    diagonal = picture[np.arange(10, 22), np.arange(10, 22)]
    assert ((diagonal > 0.05) & (diagonal < 0.95)).any()


def test_a_performance_is_written_as_glb(tmp_path: Path) -> None:
    moved = np.zeros((5, len(FACE_CHANNELS)), np.float32)
    moved[:, INDEX["jawOpen"]] = np.linspace(0, 1, 5)
    moved[:, INDEX["headYaw"]] = 0.2
    moved[:, INDEX["leftEyeYaw"]] = 0.1
    path = export(face("ava").rig, FaceMotion(moved, 25.0), tmp_path / "a.glb")
    meshes, extras = read_glb(path)
    assert extras["name"] == "ava"
    rig = Rig(meshes, extras)
    np.testing.assert_allclose(rig.points, face("ava").rig.points, atol=1e-3)
    from emogen.pipelines.talking_head.avatars.export import quaternions

    w = quaternions(np.array([0.2]), np.array([0.0]), np.array([0.0]))[0]
    np.testing.assert_allclose(w, [0, np.sin(0.1), 0, np.cos(0.1)], atol=1e-6)
    np.testing.assert_array_equal(
        path.read_bytes(), export(face("ava").rig, FaceMotion(moved, 25.0), tmp_path / "b.glb").read_bytes()
    )
