"""Photos that frown, startle or smile are taken back to rest; strong feelings neither jump nor crease the skin."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from skimage import data as samples

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.emotion import Emotion
from emogen.pipelines.talking_head.expression import UNITS, ExpressionRules
from emogen.pipelines.talking_head.photo_portrait import PhotoRenderer
from emogen.pipelines.talking_head.photo_portrait.brows import brows
from emogen.pipelines.talking_head.photo_portrait.neutral import plan
from emogen.pipelines.talking_head.photo_portrait.shapes import basis, frame_of
from emogen.pipelines.talking_head.photo_portrait.warp import Grid


@cache
def portrait() -> PhotoRenderer:
    return PhotoRenderer.from_image(samples.astronaut(), size=320)


def moved(name: str, amount: float) -> np.ndarray:
    """The portrait's landmarks with one pair of shapes (or a single one) added."""
    columns = [INDEX[name]] if name in INDEX else both(name)
    points = portrait().points.copy()
    points[:468, :2] += amount * portrait().shapes[columns].sum(0)
    return points


def found(points: np.ndarray) -> tuple[float, float]:
    """How far brows are taken to be lowered and raised."""
    frame = frame_of(points)
    seen = brows(np.full_like(portrait().picture, 128), points, frame, basis(points, frame))
    return seen.down, max(seen.inner, seen.outer)


def test_brows_that_are_usual_are_left_alone() -> None:
    assert found(portrait().points) == (0.0, 0.0)


def test_lowered_brows_are_raised_and_raised_ones_lowered() -> None:
    lowered, raised = found(moved("browDown", 0.8)), found(moved("browInnerUp", 1.0))
    assert lowered[0] > 0.15
    assert lowered[1] == 0.0
    assert raised[1] > 0.15
    assert raised[0] == 0.0


@pytest.mark.parametrize(("name", "way"), [("browDown", -1), ("browInnerUp", 1)])
def test_the_way_back_leads_back(name: str, way: int) -> None:
    points = moved(name, 0.9)
    frame = frame_of(points)
    shapes = basis(points, frame)
    seen = brows(np.full_like(portrait().picture, 128), points, frame, shapes)
    back = seen.move(shapes)[[55, 285]] @ frame.down
    assert (way * back > 0.01 * frame.scale).all()


def test_a_wide_mouth_at_rest_is_no_smile() -> None:
    picture, points = portrait().picture, portrait().points
    wide = points.copy()
    middle = points[[61, 291], :2].mean(0)
    lips = np.flatnonzero(np.linalg.norm(points[:468, :2] - middle, axis=1) < 0.4 * portrait().frame.scale)
    wide[lips, 0] = middle[0] + 1.12 * (points[lips, 0] - middle[0])
    assert plan(picture, wide, portrait().frame, portrait().shapes).smile == 0.0


def test_feelings_grow_without_a_jump() -> None:
    rules, levels = ExpressionRules(), np.linspace(0, 1.5, 151)
    for name in ("joy", "sadness", "anger", "fear", "surprise", "disgust"):
        felt = [Emotion.parse(f"{name}:{level:.2f}") for level in levels]
        units = rules.units_of(np.stack([e.vad for e in felt]), np.stack([e.basic() for e in felt]))
        assert np.abs(np.diff(units, axis=0)).max() < 0.12, name
        upper = units[:, [UNITS.index(u) for u in ("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9")]].sum(1)
        assert (np.diff(upper) > -1e-9).all(), name


def test_anger_presses_lips_and_bares_teeth_when_it_is_strong() -> None:
    rules = ExpressionRules()
    mild, strong = (
        rules.still(e.vad[None], e.basic()[None])[0][0] for e in map(Emotion.parse, ("anger:0.3", "anger:1"))
    )
    assert mild[both("mouthPress")].min() > 0.2 > mild[both("mouthUpperUp")].max()
    assert strong[both("mouthUpperUp")].min() > 0.5 > strong[both("mouthPress")].max()


def test_skin_that_is_pushed_together_arrives_where_it_should() -> None:
    grid = Grid(256)
    away = (grid.rest - 128) / 40
    forward = np.zeros_like(grid.rest)
    # Beside the middle line skin is squeezed to a third.
    forward[..., 1] = -24 * away[..., 1] * np.exp(-0.5 * (away**2).sum(-1))
    source = grid.source(forward, (0, 0, 256, 256))
    there = source + cv2.remap(
        forward, source / np.float32(grid.step), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    assert np.abs(there - grid.where).max() < 0.5


def test_strong_feelings_draw_teeth_between_the_lips() -> None:
    rules, one = ExpressionRules(), portrait()
    seen = {}
    for name in ("anger", "sadness"):
        e = Emotion.parse(name)
        curves = np.zeros(len(FACE_CHANNELS), np.float32)
        curves[:] = rules.still(e.vad[None], e.basic()[None])[0][0]
        now, _ = one.landmarks(curves.astype(np.float64))
        seen[name] = float((now[14] - now[13]) @ one.frame.down) / one.frame.scale
    assert seen["anger"] > 0.06 > seen["sadness"]
