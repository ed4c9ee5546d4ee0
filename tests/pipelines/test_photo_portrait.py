"""The photo renderer on real photos: neutral first, then what the curves ask, and nothing else moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from emogen.codecs.face import FACE_CHANNELS, INDEX, both, mouth_opening
from emogen.conditioning.face_mesh import find_face
from emogen.errors import InputError
from emogen.media.image import read_image
from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer

STRONG: dict[str, dict[str, float]] = {
    "joy": {"mouthSmile": 0.9, "cheekSquint": 0.8},
    "anger": {"browDown": 1, "mouthPress": 0.4, "noseSneer": 0.4},
    "sadness": {"browInnerUp": 0.9, "mouthFrown": 0.9},
    "fear": {"browInnerUp": 0.9, "eyeWide": 0.9, "mouthStretch": 0.7},
    "disgust": {"noseSneer": 0.9, "browDown": 0.5},
}


def curves(**values: float) -> np.ndarray:
    out = np.zeros(len(FACE_CHANNELS), np.float32)
    for name, value in values.items():
        out[[INDEX[name]] if name in INDEX else both(name)] = value
    return out


def hopper() -> np.ndarray:
    """Rear Admiral Grace Hopper with glasses, a US Navy photo that matplotlib carries."""
    cbook = pytest.importorskip("matplotlib.cbook")
    return read_image(Path(cbook._get_data_path("sample_data/grace_hopper.jpg")))


@cache
def face(name: str) -> PhotoRenderer:
    photo = {"astronaut": data.astronaut, "hopper": hopper}[name]()
    return PhotoRenderer.from_image(photo, size=384, name=name)


def seen(picture: np.ndarray) -> np.ndarray:
    return find_face(picture, "frame").points


def gap(points: np.ndarray) -> float:
    """Opening of the inner lips over the distance of the outer eye corners."""
    return float((points[14, 1] - points[13, 1]) / np.linalg.norm(points[33, :2] - points[263, :2]))


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
@pytest.mark.parametrize("feeling", STRONG)
def test_lips_follow_whatever_is_felt(name: str, feeling: str) -> None:
    portrait = face(name)
    asked = [curves(**STRONG[feeling], jawOpen=j) for j in (0.0, 0.1, 0.25, 0.4, 0.6)]
    wanted = mouth_opening(np.stack(asked))
    found = [gap(seen(portrait.render(one))) for one in asked]
    assert np.corrcoef(wanted, found)[0, 1] >= 0.9
    assert found[-1] > 0.25 * wanted[-1]
    shut = gap(
        seen(portrait.render(curves(**{**STRONG[feeling], "jawOpen": 0.5, "mouthClose": 0.5, "mouthPress": 0.4})))
    )
    assert shut < 0.05


@pytest.mark.parametrize(
    "shapes",
    [
        {"mouthLowerDown": 1.0},
        {"mouthUpperUp": 1.0, "jawOpen": 0.2},
        {"mouthFunnel": 1.0, "jawOpen": 0.3},
        {"jawOpen": 0.6, "mouthPress": 0.4},
        {"jawOpen": 0.6, "mouthRollLower": 0.5, "mouthRollUpper": 0.5},
        {"jawOpen": 0.2, "mouthPress": 0.8},
    ],
)
def test_lips_part_as_the_measure_of_an_open_mouth_says(shapes: dict[str, float]) -> None:
    portrait = face("astronaut")
    rest, full = (gap(seen(portrait.render(curves(jawOpen=j)))) for j in (0.0, 1.0))
    found = (gap(seen(portrait.render(curves(**shapes)))) - rest) / (full - rest)
    assert abs(found - float(mouth_opening(curves(**shapes)))) < 0.13


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_wide_eyes_show_white_above_the_iris(name: str) -> None:
    portrait = face(name)
    now, _ = portrait.landmarks(curves(eyeWide=1))
    for lid, iris in ((386, slice(473, 478)), (159, slice(468, 473))):
        centre, *rim = portrait.points[iris, :2]
        radius = np.linalg.norm(np.array(rim) - centre, axis=1).mean()
        assert centre[1] - now[lid, 1] > 1.15 * radius


def test_a_photo_at_rest_is_its_neutral_self() -> None:
    portrait = face("hopper")
    still = portrait.render(curves())
    np.testing.assert_array_equal(still, portrait.picture)
    # What is not the face is the photo, bit for bit.
    low, high = portrait.points[:, :2].min(0), portrait.points[:, :2].max(0)
    outside = np.ones(still.shape[:2], bool)
    margin = 0.35 * (high - low)
    outside[int(low[1] - margin[1]) : int(high[1] + margin[1]), int(low[0] - margin[0]) : int(high[0] + margin[0])] = (
        False
    )
    np.testing.assert_array_equal(still[outside], portrait.photo[outside])


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_expressions_leave_the_background_bit_for_bit(name: str) -> None:
    portrait = face(name)
    low, high = portrait.points[:, :2].min(0), portrait.points[:, :2].max(0)
    outside = np.ones((portrait.height, portrait.width), bool)
    margin = 0.35 * (high - low)
    outside[int(low[1] - margin[1]) : int(high[1] + margin[1]), int(low[0] - margin[0]) : int(high[0] + margin[0])] = (
        False
    )
    assert outside.mean() > 0.2
    for values in STRONG.values():
        np.testing.assert_array_equal(portrait.render(curves(**values, jawOpen=0.4))[outside], portrait.photo[outside])


def test_a_turned_head_leaves_what_is_behind_it() -> None:
    portrait = face("astronaut")
    still = cv2.cvtColor(portrait.render(curves()), cv2.COLOR_RGB2GRAY)
    for yaw in (-0.26, 0.26):
        turned = cv2.cvtColor(portrait.render(curves(headYaw=yaw)), cv2.COLOR_RGB2GRAY)
        _, alike = structural_similarity(still, turned, full=True)
        behind = cv2.erode((portrait.head.alpha == 0).astype(np.uint8), np.ones((25, 25))) > 0
        assert behind.mean() > 0.05
        assert alike[behind].mean() > 0.99
        # The face itself went along.
        assert np.abs(turned.astype(int) - still)[portrait.head.alpha == 1].mean() > 2


def test_closed_eyes_show_skin() -> None:
    portrait = face("astronaut")
    closed = portrait.render(curves(eyeBlink=1))
    for iris, skin in ((468, 50), (473, 280)):
        x, y = np.rint(portrait.points[iris, :2]).astype(int)
        a, b = np.rint(portrait.points[skin, :2]).astype(int)
        pupil = portrait.picture[y - 1 : y + 2, x - 1 : x + 2].mean()
        lid = closed[y - 1 : y + 2, x - 1 : x + 2].mean()
        cheek = closed[b - 2 : b + 3, a - 2 : a + 3].mean()
        assert pupil < 0.5 * cheek
        assert lid > 0.65 * cheek
    one = portrait.render(curves(eyeBlinkLeft=1))
    middle = int(portrait.points[168, 0])
    assert np.abs(one.astype(int) - portrait.picture)[:, middle + 12 :].max() > 60
    assert np.abs(one.astype(int) - portrait.picture)[:, : middle - 25].max() <= 3


def test_eyes_look_where_they_are_sent() -> None:
    portrait = face("astronaut")
    left, right = (seen(portrait.render(curves(leftEyeYaw=v, rightEyeYaw=v))) for v in (0.35, -0.35))
    assert (left[[468, 473], 0] - right[[468, 473], 0]).mean() > 1.5
    shape = seen(portrait.render(curves(eyeLookOutLeft=0.8, eyeLookInRight=0.8)))
    assert (shape[[468, 473], 0] - right[[468, 473], 0]).mean() > 1.5


def test_an_open_mouth_shows_dark_and_teeth_in_the_photos_light() -> None:
    for portrait in (face("astronaut"), face("hopper")):
        frame = portrait.render(curves(jawOpen=0.6, mouthUpperUp=0.4, mouthLowerDown=0.3))
        now, _ = portrait.landmarks(curves(jawOpen=0.6, mouthUpperUp=0.4, mouthLowerDown=0.3).astype(float))
        x = int(now[13, 0])
        column = frame[int(now[13, 1]) + 1 : int(now[14, 1]), x - 3 : x + 4].mean((1, 2))
        cheek = frame[int(now[50, 1]), int(now[50, 0])].mean()
        assert column.min() < 0.35 * cheek
        assert column.max() > 0.5 * cheek
        assert column.max() < 1.25 * cheek


def test_folds_shade_the_skin_without_black_lines() -> None:
    portrait = face("astronaut")
    still = portrait.render(curves()).astype(float)
    angry = portrait.folds.apply(portrait.picture, curves(browDown=1, noseSneer=1, mouthSmile=1, mouthFrown=1)).astype(
        float
    )
    assert np.abs(angry - still).mean(2).max() > 12
    skin = still.mean(2) > 90
    ratio = (angry.mean(2) / np.maximum(still.mean(2), 1))[skin]
    assert ratio.min() > 0.45


def test_the_face_that_is_meant() -> None:
    pair = np.hstack([data.astronaut()[:300, 80:380], cv2.resize(data.astronaut()[:300, 80:380], (360, 360))[:300]])
    largest = PhotoRenderer.from_image(np.ascontiguousarray(pair), size=128, name="pair.png")
    assert any("2 faces" in note and "largest" in note for note in largest.notes)
    first = PhotoRenderer.from_image(np.ascontiguousarray(pair), size=128, name="pair.png", face=0)
    assert any("number 0" in note and "asked" in note for note in first.notes)
    assert np.abs(first.photo.astype(int) - largest.photo).mean() > 2
    with pytest.raises(InputError, match="0 to 1"):
        PhotoRenderer.from_image(np.ascontiguousarray(pair), size=128, name="pair.png", face=2)


def test_what_shows_no_front_of_a_person_is_refused() -> None:
    with pytest.raises(InputError, match=r"cat\.png"):
        PhotoRenderer.from_image(data.chelsea(), name="cat.png")
    with pytest.raises(InputError, match=r"side\.png.*(turned|wide|0 faces)"):
        PhotoRenderer.from_image(cv2.cvtColor(data.camera(), cv2.COLOR_GRAY2RGB), name="side.png")
    with pytest.raises(InputError, match="0 faces"):
        PhotoRenderer.from_image(np.full((64, 64, 3), 128, np.uint8), name="small.png")


def test_large_photos_are_made_smaller_and_glasses_are_said() -> None:
    large = cv2.resize(data.astronaut(), (4096, 4096))
    portrait = PhotoRenderer.from_image(large, size=128, name="8k.jpg")
    assert any("4096 x 4096 px were made" in note for note in portrait.notes)
    assert any("glasses" in note for note in face("hopper").notes)
    assert not any("glasses" in note for note in face("astronaut").notes)


@pytest.mark.parametrize("skin", ["dark", "light", "grey"])
def test_every_skin_keeps_its_colour(skin: str) -> None:
    photo: Any = data.astronaut() / 255.0
    photo = {"dark": lambda p: p**1.3 * [0.55, 0.42, 0.36], "light": lambda p: p**0.75,
             "grey": lambda p: np.repeat(p.mean(2, keepdims=True), 3, 2)}[skin](photo)  # fmt: skip
    portrait = PhotoRenderer.from_image(np.clip(photo * 255, 0, 255).astype(np.uint8), size=256, name=skin)
    assert any("smile" in note for note in portrait.notes)
    frame = portrait.render(curves(browDown=0.8, mouthFrown=0.6))
    x, y = np.rint(portrait.points[5, :2]).astype(int)
    before, after = (p[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(0) for p in (portrait.photo, frame))
    np.testing.assert_allclose(after, before, atol=14)
    lips = frame[int(portrait.points[17, 1]) - 3, int(portrait.points[17, 0])].astype(float)
    assert lips.mean() < 1.2 * after.mean()


def test_threads_draw_the_same() -> None:
    portrait, rng = face("astronaut"), np.random.default_rng(0)
    many = [(rng.uniform(-0.2, 1, len(FACE_CHANNELS)) * 0.5).astype(np.float32) for _ in range(6)]
    alone = [portrait.render(c) for c in many]
    with ThreadPoolExecutor(3) as pool:
        for a, b in zip(alone, pool.map(portrait.render, many), strict=True):
            np.testing.assert_array_equal(a, b)
