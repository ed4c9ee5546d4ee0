"""The page of pictures: what it counts is what stands in the pictures and the readers' verdicts."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from skimage import data as samples

from emogen.conditioning.vocabulary import norm
from emogen.errors import InputError
from emogen.pipelines.image.output import ImageOutput
from emogen.training.image_standing import (
    bench,
    colours,
    content,
    created,
    edited,
    faces,
    figures,
    files,
    grid,
    inputs,
    labels,
    page,
    speed,
    ways,
)
from emogen.training.image_standing.bench import CREATED, EDITED, GRADED, GUIDE, JUDGE, Bench, Counts, Reading

SMALL = Counts(prompts=2, grids=2, places=3, photos=2, labelled=2, content=1, words=3, of_word=1, broken=3)


class Painter:
    """Draws what is asked so that it is plain to see: red is valence, green is arousal."""

    def set_progress_bar_config(self, **_):
        pass

    def __call__(self, prompt, emotion, *, seed, width, height):
        from emogen.conditioning.emotion import Emotion

        return SimpleNamespace(image=self.plain(Emotion.parse(emotion).vad[:2], width))

    def grid(self, prompt, *, columns, rows, side, seed):
        at = np.linspace(-0.8, 0.8, columns)
        gap = max(round(0.02 * side), 1)
        sheet = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, np.uint8)
        for i, a in enumerate(at[::-1]):
            for j, v in enumerate(at):
                sheet[i * (side + gap) :, j * (side + gap) :][:side, :side] = self.plain((v, a), side)
        return SimpleNamespace(image=sheet)

    @staticmethod
    def plain(va, side):
        return np.full((side, side, 3), [round(128 + 100 * va[0]), round(128 + 100 * va[1]), 128], np.uint8)


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch):
    monkeypatch.setattr("emogen.training.speech_standing.figures_of.RESAMPLES", 40)
    monkeypatch.setattr(figures, "SHUFFLES", 60)


@pytest.fixture
def seeing(tmp_path, monkeypatch):
    """A bench whose painter and readers agree."""
    here = Bench(tmp_path, counts=SMALL, pipes={CREATED: Painter()})

    def read(_, picture):
        va = [round((float(picture[0, 0, k]) - 128) / 100, 4) for k in (0, 1)]
        return {reader: {"va": va, "label": "calm"} for reader in (JUDGE, GUIDE)}

    monkeypatch.setattr(Bench, "read", read)
    return here


def test_what_is_drawn_as_asked_and_read_right_scores_one(seeing):
    rows = created.measure(seeing)
    assert len(rows) == 2 * 3 * 3
    asked, found, prompts = created.arrays(rows, JUDGE)
    assert np.allclose(asked, found, atol=0.01)
    assert figures.spearman(asked[:, 0], found[:, 0], prompts).value == pytest.approx(1)
    assert figures.spread(asked[:, 1], found[:, 1]) == pytest.approx(1, abs=0.02)
    assert abs(figures.control(asked[:, 0], found[:, 0]).value) < 0.1
    assert all(goal.reached for goal in created.goals(rows))
    assert any("always 0" in line for line in created.section(rows))
    seeing.pipes.clear()  # the cache has it all
    assert created.measure(seeing, run=False) == rows


def test_a_grid_is_read_from_the_foot_up_and_from_left_to_right(seeing):
    found = grid.measure(seeing)
    mean = grid.averaged(found, JUDGE)
    assert mean[0, 0] == pytest.approx([-0.8, -0.8], abs=0.01)
    assert mean[2, 0] == pytest.approx([-0.8, 0.8], abs=0.01)
    assert [f(mean, k) for f in (grid.rises, grid.within) for k in (0, 1)] == pytest.approx([1, 1, 1, 1])
    assert grid.rises(mean[::-1], 1) == pytest.approx(-1)
    assert all(goal.reached for goal in grid.goals(found))


def test_a_part_that_was_not_measured_is_named_on_the_page(seeing):
    found = dict.fromkeys(page.PARTS) | {"grid": grid.measure(seeing)}
    text = page.measured_part(found, [])
    assert "at least .9" in text
    assert "Not measured on this state: created, labels" in text


def test_a_perceived_point_is_the_nearest_of_the_eight_on_the_scale_of_the_norms():
    points = np.array([norm(label)[:2] for label in figures.EIGHT])
    rated = points / (1, figures.AROUSAL_GAIN) + (0, figures.AROUSAL_MIDDLE)
    assert figures.eight(rated) == list(figures.EIGHT)
    assert 0.1 < figures.eight_ceiling(JUDGE).value < 0.5


def test_feelings_named_right_are_counted_by_system():
    def row(system, asked, va, item):
        read = {reader: Reading(va, "calm") for reader in (JUDGE, GUIDE)}
        return labels.Row(system, item, len(figures.EIGHT), asked, read)

    sad, glad = (-0.63, -0.3), (0.62, 0.35)
    rows = [row(CREATED, "sadness", sad, "0"), row(CREATED, "sadness", glad, "1"), row(GRADED, "sadness", glad, "0")]
    assert labels.accuracy(rows, CREATED, 8).value == pytest.approx(0.5)
    assert labels.accuracy(rows, GRADED, 8).value == 0


def test_edits_count_by_the_change_that_is_seen():
    def row(system, asked, before, after):
        read = [{reader: np.array(va) for reader in (JUDGE, GUIDE)} for va in (after, before)]
        return edited.Row(system, f"{before}", np.array(asked), *read)

    rows = []
    for base in (-0.5, 0.4):
        for v, a in edited.ASKED:
            rows.append(row(EDITED, (v, a), (base, base), (base + 0.1 * v, base + 0.05 * a)))
            rows.append(row(GRADED, (v, a), (base, base), (base - 0.1 * v, base)))
    asked, moved, _ = edited.arrays(rows, EDITED, JUDGE, True)
    assert np.allclose(moved, asked * (0.1, 0.05))
    assert [edited.right_way(rows, system, JUDGE, 0).value for system in (EDITED, GRADED)] == [1, 0]
    assert all(goal.reached for goal in edited.goals(rows))


def test_edges_and_segments_outlast_a_grade_but_not_another_picture():
    from skimage.segmentation import slic

    photo = cv2.resize(samples.coffee(), (240, 160), interpolation=cv2.INTER_AREA)
    darker, other = (photo * 0.6).astype(np.uint8), np.ascontiguousarray(photo[:, ::-1])
    before, parts = content.edges(photo), slic(photo, n_segments=content.SEGMENTS, start_label=0)
    whole = content.held_together(photo, parts)
    assert content.alike(before, content.edges(darker)) > 0.95
    assert content.alike(before, content.edges(other)) < 0.5
    assert content.held_together(darker, parts) / whole > 0.95
    assert content.held_together(other, parts) / whole < 0.7


def test_a_face_is_measured_where_it_is():
    points = np.random.default_rng(0).uniform(20, 80, (478, 3))
    oval = list(faces.OVAL)
    turn = np.linspace(0, 2 * np.pi, len(oval), endpoint=False)
    points[oval, 0], points[oval, 1] = 50 + 30 * np.cos(turn), 50 + 40 * np.sin(turn)
    skin = np.zeros((100, 100, 3), np.uint8)
    skin[...], blue = (200, 150, 120), np.full((100, 100, 3), (120, 150, 200), np.uint8)
    inside = faces.skin(points, skin.shape)
    assert inside[50, 50]
    assert not inside[2, 2]
    assert faces.turned(skin, (skin * 0.8).astype(np.uint8), points) < 3
    assert faces.turned(skin, blue, points) > 90
    assert np.isnan(faces.turned(skin, np.full_like(skin, 120), points))


def test_colours_that_agree_are_told_from_shuffled_ones():
    theirs = np.random.default_rng(0).normal(0, 10, (20, 3))
    (tint, shuffled), (light, _) = colours.figures_of(0.3 * theirs, theirs, [str(i) for i in range(20)])
    assert [tint.value, light.value] == pytest.approx([1, 1])
    assert shuffled.high < 0.6


def out(picture):
    from emogen.conditioning.track import EmotionTrack
    from emogen.pipelines.outputs import Made

    return ImageOutput(picture, made=Made(request={}, emotion=EmotionTrack.of("joy"), seed=1))


def test_what_becomes_of_input_is_told_apart():
    def refuse():
        raise InputError("picture", "nothing in it")

    def fail():
        raise ValueError("a slip")

    assert inputs.tried("a", True, lambda: out(np.zeros((40, 50, 3), np.uint8))).right
    assert inputs.tried("b", False, refuse).right
    assert not inputs.tried("c", True, refuse).right
    assert not inputs.tried("d", None, fail).right


def test_difficult_files_are_what_they_say(tmp_path):
    assert all(files.written(kind) for kind in files.READ)
    whole = files.written("png")
    cut, flipped, one = files.broken(whole, 3, 0)
    assert whole.startswith(cut)
    assert len(flipped) == len(one) == len(whole)
    assert sum(a != b for a, b in zip(one, whole, strict=True)) == 1
    assert list(files.broken(whole, 3, 0)) == [cut, flipped, one]


def test_speeds_and_ways_are_told():
    found = {kind: {"middle_s": 1.0, "most_s": 2.0, "least_fps": 20.0, "most_fps": 30.0, "peak_mib": 900.0, "on": "x", "load": 0.1}
             for kind in speed.AIMS}  # fmt: skip
    assert all(goal.reached for goal in speed.goals(found))
    assert any("1080p" in line for line in speed.section(found))
    row = {"way": "phrases", "cosine": 0.4, "own": 0.3, "another": 0.1, "length": 1.0}
    rows = {kind: {"same": True, "ways": [row]} for kind in (ways.STAND_IN, *ways.KINDS)}
    assert all(goal.reached for goal in ways.goals(rows))
    assert any("phrases" in line for line in ways.section(rows))
    assert bench.slug("A lake, 2") == "a_lake__2"
