"""Portraits that move: measured on the drawn pixels with an independent eye (MediaPipe's face mesh)."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data

from emogen.codecs.face import FACE_CHANNELS, mouth_opening
from emogen.errors import InputError
from emogen.pipelines.talking_head.avatars import AvatarRenderer, avatar
from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer
from tests.pipelines.test_avatars import EMOTIONS, curves, seen


@cache
def portrait(name: str) -> PhotoRenderer | AvatarRenderer:
    if name == "astronaut":
        return PhotoRenderer.from_image(data.astronaut(), size=384, name=name)
    return avatar(name, size=384)


def gap(points: np.ndarray) -> float:
    """Opening of the inner lips over the distance of the outer eye corners."""
    return float((points[14, 1] - points[13, 1]) / np.linalg.norm(points[33, :2] - points[263, :2]))


def corners(points: np.ndarray) -> float:
    """How far the corners of the mouth stand above its middle, same unit."""
    middle = points[[0, 17], 1].mean()
    return float((middle - points[[61, 291], 1].mean()) / np.linalg.norm(points[33, :2] - points[263, :2]))


@pytest.mark.parametrize("name", ["astronaut", "ava", "tomas"])
def test_the_mouth_opens_as_the_curves_say(name: str) -> None:
    face, rng = portrait(name), np.random.default_rng(0)
    wanted, found = [], []
    for _ in range(24):
        jaw = float(rng.choice([0, 0.15, 0.3, 0.5, 0.7]))
        lower, pucker, smile = (float(rng.uniform(0, 0.4)) for _ in range(3))
        c = curves(jawOpen=jaw, mouthLowerDown=lower, mouthPucker=pucker, mouthSmile=smile)
        wanted.append(float(mouth_opening(c)))
        found.append(gap(seen(face.render(c))))
    assert np.corrcoef(wanted, found)[0, 1] >= 0.9
    assert gap(seen(face.render(curves()))) < 0.035


def test_a_smile_is_taken_back_before_anything_else() -> None:
    face = portrait("astronaut")
    before, after = seen(data.astronaut()), seen(face.render(curves()))
    assert any("smile" in note for note in face.notes)
    assert corners(after) < corners(before) - 0.04
    assert gap(after) < 0.03 < gap(before) + 0.03


def test_expressions_move_the_right_way() -> None:
    face = portrait("astronaut")
    points = {e: seen(face.render(curves(**v))) for e, v in {"neutral": {}, **EMOTIONS}.items()}

    def brow(p: np.ndarray) -> float:
        return float((p[[159, 386], 1].mean() - p[[107, 336], 1].mean()) / np.linalg.norm(p[33, :2] - p[263, :2]))

    assert corners(points["joy"]) > corners(points["neutral"]) + 0.03
    assert corners(points["sadness"]) < corners(points["neutral"]) - 0.03
    # The mesh hardly follows thin brows down, so little is asked here; the pictures below must differ clearly.
    assert brow(points["anger"]) < brow(points["neutral"]) - 0.002
    assert brow(points["surprise"]) > brow(points["neutral"]) + 0.03
    assert gap(points["surprise"]) > gap(points["neutral"]) + 0.1
    pictures = [face.render(curves(**v)).astype(int) for v in EMOTIONS.values()]
    for i, a in enumerate(pictures):
        for b in pictures[i + 1 :]:
            assert np.abs(a - b).max() > 60


def test_what_lies_outside_the_face_stays_still() -> None:
    face = portrait("astronaut")
    still = face.render(curves()).astype(int)
    for values in (*EMOTIONS.values(), {"jawOpen": 0.7}, {"headYaw": 0.3}, {"headRoll": -0.25, "headPitch": 0.2}):
        difference = np.abs(face.render(curves(**values)).astype(int) - still).max(axis=2)
        assert difference[:8].max() <= 1
        assert difference[-40:, :].max() <= 1
        assert difference[:, :20].max() <= 1
        assert difference[:, -20:].max() <= 1


@pytest.mark.parametrize("name", ["astronaut", "mira"])
def test_no_tearing_where_the_warp_ends(name: str) -> None:
    """Neighbouring pixels differ no more than they do in the still picture: a tear would be a new hard edge."""
    face = portrait(name)

    def edges(picture: np.ndarray) -> float:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float)
        return float(np.percentile(np.abs(np.diff(grey, axis=1))[:, :60], 99.9))

    still = edges(face.render(curves()))
    for yaw in (-0.3, 0.3):
        assert edges(face.render(curves(headYaw=yaw))) <= 1.15 * still + 3


def test_eyes_close_and_look() -> None:
    face = portrait("astronaut")

    def lids(p: np.ndarray) -> float:
        return float(np.mean([np.linalg.norm(p[a, :2] - p[b, :2]) for a, b in ((159, 145), (386, 374))]))

    open_eyes, closed = seen(face.render(curves())), seen(face.render(curves(eyeBlink=1)))
    assert lids(closed) < 0.75 * lids(open_eyes)
    left, right = (seen(face.render(curves(leftEyeYaw=v, rightEyeYaw=v))) for v in (0.45, -0.45))
    assert (left[[468, 473], 0] - right[[468, 473], 0]).mean() > 1.5


def test_the_head_turns() -> None:
    face = portrait("ava")

    def nose(p: np.ndarray) -> float:
        return float((p[1, 0] - p[[234, 454], 0].mean()) / np.ptp(p[:, 0]))

    left, right = (seen(face.render(curves(headYaw=v))) for v in (0.3, -0.3))
    assert nose(left) > nose(right) + 0.05


@pytest.mark.parametrize("change", ["mirrored", "dark", "grey", "tilted", "small", "bright"])
def test_any_photo_works(change: str) -> None:
    photo: Any = data.astronaut()
    photo = {
        "mirrored": lambda p: p[:, ::-1], "dark": lambda p: (p * np.array([0.5, 0.42, 0.38])).astype(np.uint8),
        "grey": lambda p: cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB),
        "tilted": lambda p: cv2.warpAffine(p, cv2.getRotationMatrix2D((225, 110), 20, 1.0), (512, 512), borderMode=cv2.BORDER_REFLECT),
        "small": lambda p: cv2.resize(p[:300, 80:380], (280, 280)), "bright": lambda p: np.clip(p * 1.3 + 20, 0, 255).astype(np.uint8),
    }[change](photo)  # fmt: skip
    face = PhotoRenderer.from_image(np.ascontiguousarray(photo), size=256, name=change)
    closed, opened = (gap(seen(face.render(curves(jawOpen=v)))) for v in (0, 0.6))
    assert closed < 0.05
    assert opened > 0.15


def test_what_is_no_portrait_is_refused() -> None:
    with pytest.raises(InputError, match="face is"):
        PhotoRenderer.from_image(cv2.resize(data.astronaut(), (200, 200)), name="tiny.png")
    with pytest.raises(InputError, match="unknown avatar"):
        avatar("avva")
    with pytest.raises(InputError, match="shape"):
        portrait("ava").render(np.zeros(52, np.float32))
    with pytest.raises(InputError, match="uint8"):
        PhotoRenderer.from_image(np.zeros((100, 100, 3)))


def test_wild_curves_still_give_a_picture() -> None:
    face, rng = portrait("ava"), np.random.default_rng(1)
    for scale in (1.0, 5.0):
        c = rng.normal(0, scale, len(FACE_CHANNELS)).astype(np.float32)
        first = face.render(c)
        assert first.shape == (384, 384, 3)
        np.testing.assert_array_equal(first, face.render(c))
    c[:] = np.nan
    assert face.render(c).dtype == np.uint8
