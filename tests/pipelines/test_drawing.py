"""Painting faces: against a slow and plain reference, and what must hold at edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.compiled import compiled
from emogen.pipelines.drawing import paint

SIZE = 24
GREY = np.full((SIZE, SIZE, 3), 0.5, np.float32)


def inside(triangle: np.ndarray, x: float, y: float) -> float:
    """How far a point lies within a triangle that is turned to the camera (pixels); negative: outside."""
    found = []
    for a, b in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
        way = b - a
        found.append((way[0] * (a[1] - y) - way[1] * (a[0] - x)) / max(float(np.hypot(*way)), 1e-9))
    return float(min(found))


def area(triangle: np.ndarray) -> float:
    a, b = triangle[1] - triangle[0], triangle[2] - triangle[0]
    return float(a[0] * b[1] - a[1] * b[0])


@given(st.lists(st.lists(st.floats(-30, 54, width=32), min_size=6, max_size=6), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_each_pixel_shows_the_nearest_face_that_covers_it(shapes: list[list[float]]) -> None:
    corners = np.array(shapes, np.float32).reshape(-1, 2)
    faces = np.arange(len(corners)).reshape(-1, 3)
    for face in faces:
        if area(corners[face]) > 0:  # turn it to the camera
            face[1], face[2] = face[2], face[1]
    colours = np.tile(np.linspace(0.2, 0.9, len(corners), dtype=np.float32)[:, None], (1, 3))
    away = np.repeat(np.arange(len(faces), 0, -1.0), 3)  # the last is the nearest
    picture, numbers = paint(corners, away, colours, faces, np.zeros(len(faces)), GREY)
    assert picture.shape == GREY.shape
    assert picture.dtype == np.float32
    for row, column in np.ndindex(SIZE, SIZE):
        depths = [inside(corners[face], column + 0.25, row + 0.25) for face in faces]
        if any(abs(d) < 0.6 for d in depths):
            continue  # at an edge either is right
        wanted = max((k for k, d in enumerate(depths) if d > 0 and area(corners[faces[k]]) < -1e-2), default=-1)
        assert numbers[row, column] == wanted, (row, column, depths)
        if wanted < 0 and all(inside(corners[face], column + 0.5, row + 0.5) < -1.5 for face in faces):
            assert (picture[row, column] == 0.5).all()


def test_colours_are_linear_within_a_face_with_four_corners() -> None:
    corners = np.array([[0, 0], [0, SIZE], [SIZE, SIZE], [SIZE, 0]], np.float32)
    colours = np.stack([corners[:, 0] / SIZE, corners[:, 1] / SIZE, np.full(4, 0.3)], axis=1).astype(np.float32)
    picture, numbers = paint(corners, np.ones(4), colours, np.array([[0, 1, 2, 3]]), np.zeros(1), GREY)
    at = (np.arange(SIZE) + 0.5) / SIZE
    assert (numbers == 0).all()
    np.testing.assert_allclose(picture[..., 0], np.tile(at, (SIZE, 1)), atol=2e-3)
    np.testing.assert_allclose(picture[..., 1], np.tile(at[:, None], (1, SIZE)), atol=2e-3)


def test_what_is_turned_away_infinitely_far_or_not_there_leaves_the_background() -> None:
    corners = np.array([[2, 2], [20, 2], [11, 20]], np.float32)
    colours = np.zeros((3, 3), np.float32)
    for faces, behind in (([[0, 1, 2]], [0.0]), ([[0, 2, 1]], [np.inf]), (np.empty((0, 3), int), [])):
        picture, numbers = paint(corners, np.ones(3), colours, np.array(faces), np.array(behind), GREY)
        assert (picture == GREY).all()
        assert (numbers == -1).all()


def test_faces_that_go_through_each_other_meet_where_they_do() -> None:
    square = np.array([[0, 0], [0, SIZE], [SIZE, SIZE], [SIZE, 0]], np.float32)
    corners, colours = np.concatenate([square, square]), np.repeat(np.array([[1, 0, 0], [0, 0, 1]], np.float32), 4, axis=0)
    away = np.concatenate([square[:, 0], SIZE - square[:, 0]])  # the first is nearer on the left
    faces = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    for shift in (0.0, 8.0):  # and farther than it is by this
        _, numbers = paint(corners, away, colours, faces, np.array([shift, 0.0]), GREY)
        middle = round((SIZE - shift) / 2)
        assert (numbers[:, : middle - 1] == 0).all()
        assert (numbers[:, middle + 1 :] == 1).all()


def test_a_hair_thinner_than_a_pixel_is_not_lost() -> None:
    corners = np.array([[3, 1], [3.0, 22], [3.05, 22], [3.05, 1]], np.float32)
    picture, _ = paint(corners, np.ones(4), np.zeros((4, 3), np.float32), np.array([[0, 1, 2, 3]]), np.zeros(1), GREY)
    assert (picture[2:21, 2:4, 0].min(axis=1) < 0.4).all()


def test_the_same_call_gives_the_same_bytes_on_any_memory() -> None:
    rng = np.random.default_rng(3)
    corners = rng.uniform(-4, SIZE + 4, (60, 2)).astype(np.float32)
    away, colours, faces, behind = rng.random(60), rng.random((60, 3)), rng.integers(0, 60, (200, 4)), rng.random(200)
    whole = np.concatenate([GREY, GREY], axis=1)
    once = paint(corners, away, colours, faces, behind, whole[:, :SIZE])
    again = paint(np.asfortranarray(corners), away, colours.astype(np.float32), faces.astype(np.int64), behind, GREY)
    assert once[0].tobytes() == again[0].tobytes()
    assert once[1].tobytes() == again[1].tobytes()


def test_a_loop_is_compiled_where_nothing_can_be_kept() -> None:
    place: dict[str, object] = {}
    exec("def total(values):\n    out = 0.0\n    for v in values:\n        out += v\n    return out", place)
    assert compiled(place["total"])(np.arange(5.0)) == 10.0  # type: ignore[type-var]
