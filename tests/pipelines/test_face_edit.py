"""A face in a video's picture, expressed otherwise: only the face changes, and it changes the right way."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.face_mesh import find_face
from emogen.errors import InputError
from emogen.pipelines.talking_head.photo_portrait import FaceEditor, reexpress, steady


def curves(**values: float) -> np.ndarray:
    out = np.zeros(len(FACE_CHANNELS), np.float32)
    for name, value in values.items():
        out[[INDEX[name]] if name in INDEX else both(name)] = value
    return out


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return data.astronaut()


@pytest.fixture(scope="module")
def points(photo: np.ndarray) -> np.ndarray:
    return find_face(photo, "photo").points


def corners(p: np.ndarray) -> float:
    return float((p[[0, 17], 1].mean() - p[[61, 291], 1].mean()) / np.linalg.norm(p[33, :2] - p[263, :2]))


def test_outside_the_face_nothing_changes(photo: np.ndarray, points: np.ndarray) -> None:
    before = photo.copy()
    out = reexpress(photo, points, curves(browDown=1, mouthFrown=1, jawOpen=0.4, noseSneer=1))
    np.testing.assert_array_equal(photo, before)
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    margin = 0.16 * (high - low)
    changed = np.argwhere((out != photo).any(2))[:, ::-1]
    assert len(changed) > 1000
    assert (changed.min(0) >= low - margin).all()
    assert (changed.max(0) <= high + margin).all()
    # Towards the rim the change fades: there is no step.
    edge = np.abs(out.astype(int) - photo).max(2)
    assert edge[changed[:, 1].min(), :].max() <= 6
    assert edge[:, changed[:, 0].min()].max() <= 6


def test_the_expression_goes_where_it_is_sent(photo: np.ndarray, points: np.ndarray) -> None:
    editor = FaceEditor(photo, points)
    found = {
        s: corners(find_face(editor.reexpress(photo, points, curves(mouthSmile=s)), "x").points)
        for s in (-0.8, 0.0, 0.5)
    }
    assert found[-0.8] < found[0.0] - 0.03
    assert found[0.5] > found[0.0] + 0.01
    np.testing.assert_array_equal(editor.reexpress(photo, points, curves()), photo)
    np.testing.assert_array_equal(editor.reexpress(photo, points, curves(headYaw=0.3)), photo)
    a, b = (editor.reexpress(photo, points, curves(browInnerUp=0.7)) for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_a_face_that_moved_is_still_the_one_that_changes(photo: np.ndarray, points: np.ndarray) -> None:
    editor = FaceEditor(photo, points)
    moved = np.roll(photo, (40, 25), axis=(0, 1))
    there = points + np.array([25.0, 40.0, 0.0])
    out = editor.reexpress(moved, there, curves(mouthFrown=0.9, browDown=0.9))
    back = np.roll(out, (-40, -25), axis=(0, 1))
    np.testing.assert_allclose(
        back[40:300, 100:350].astype(int),
        editor.reexpress(photo, points, curves(mouthFrown=0.9, browDown=0.9))[40:300, 100:350],
        atol=40,
    )
    assert np.abs(back[40:300, 100:350].astype(int) - photo[40:300, 100:350]).max() > 40


def test_what_is_no_picture_or_no_face_is_refused(photo: np.ndarray, points: np.ndarray) -> None:
    editor = FaceEditor(photo, points)
    with pytest.raises(InputError, match="uint8"):
        editor.reexpress(photo.astype(float), points, curves())
    with pytest.raises(InputError, match="478"):
        editor.reexpress(photo, points[:468], curves())
    outside = editor.reexpress(photo, points + 2000.0, curves(mouthSmile=0.5))
    np.testing.assert_array_equal(outside, photo)


def test_landmarks_are_steadied_without_lagging(points: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    way = np.cumsum(np.full((30, 1, 3), [3.0, 1.0, 0.0]), axis=0)
    clean = points[None] + way
    # The lower lip drops fast in one picture: that is no trembling.
    clean[15:, 14, 1] += 12
    noisy = clean + rng.normal(0, 0.35, clean.shape)
    out = np.stack([p for p in steady(list(noisy)) if p is not None])
    assert out.shape == clean.shape
    assert np.abs(out - clean).mean() < 0.75 * np.abs(noisy - clean).mean()
    assert abs(out[15, 14, 1] - clean[15, 14, 1]) < 1.5
    assert abs(out[14, 14, 1] - clean[14, 14, 1]) < 1.5


def test_a_face_lost_for_a_moment_is_bridged(points: np.ndarray) -> None:
    found = [points, points, None, None, points, *[None] * 9, points]
    out = list(steady(found))
    assert len(out) == len(found)
    assert all(p is not None for p in out[:10])
    assert out[12] is None
    assert out[-1] is not None
    assert list(steady([])) == []
    assert list(steady([None])) == [None]
