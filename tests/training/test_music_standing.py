"""The page of music: what it counts is what stands in the scores."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.media.score import Note, Score, Track
from emogen.training.music_standing import affect, restyled, statistics
from emogen.training.music_standing.affect import Heard
from emogen.training.music_standing.bench import QUADRANTS, quadrant_requests
from emogen.training.music_standing.markov import Chain

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def song(bars: int = 20, up: int = 0) -> Score:
    melody = tuple(Note(float(b), 1.0, SCALE[(b * 3 + b // 5) % 8] + up, 80) for b in range(4 * bars))
    piano = tuple(Note(4.0 * b, 4.0, 48 + up, 70) for b in range(bars))
    return Score((Track("MELODY", 0, False, melody), Track("PIANO", 0, False, piano)))


def test_two_hundred_pieces_are_asked_for_each_with_a_seed_of_its_own() -> None:
    asked = list(quadrant_requests())
    assert len(asked) == len({seed for _, seed in asked}) == 200
    assert {a.label for a, _ in asked} == set(QUADRANTS)


def test_a_song_is_described_as_it_is() -> None:
    score = song()
    found = statistics.described(statistics.notes_of(score), statistics.melody_of(score))
    assert found is not None
    assert found["scale consistency"] == pytest.approx(1)
    assert found["polyphony"] == pytest.approx(2)
    assert found["melody: notes a beat"] == pytest.approx(1)
    assert len(list(statistics.excerpts(song(80)))) == statistics.EXCERPTS
    assert statistics.described(np.zeros((0, 3)), np.zeros((0, 3))) is None


def test_a_copy_in_another_key_is_found_out() -> None:
    from emogen.evaluation import metrics

    own, other = (statistics.tune(statistics.melody_of(song(up=up)), timed=True) for up in (0, 5))
    assert metrics.longest_shared_run(own, [other])[0] == len(own)


def test_the_chain_writes_what_it_has_seen() -> None:
    piece = Chain([song(), song(up=2)]).piece(8, seed=1)
    assert piece.end_beat == pytest.approx(32)
    steps = set(np.diff(statistics.melody_of(song())[:, 2]))
    assert set(np.diff(statistics.melody_of(piece)[:, 2])) <= steps | {0.0}
    assert Chain([song()]).piece(8, seed=2) == Chain([song()]).piece(8, seed=2)


def test_contours_ignore_key_and_mode() -> None:
    one, other = restyled.contour(song()), restyled.contour(song(up=3))
    assert restyled.alike(one, other) == 1
    assert restyled.alike(one, [1, -1] * 3) < 0.2


def heard(label: str, found: str, level: float = 1.0, take: int = 0, source: str = "level") -> Heard:
    chances = {k: (0.1 + 0.6 * level if k == found else 0.1) for k in affect.LABELS}
    return Heard("embedded", f"{label}/{take}/{level:g}", label, (0.0, 0.0, 0.0), source, chances, (0.0, 0.0, 0.0))


def test_intensity_that_is_heard_in_order_scores_one() -> None:
    rows = [heard("joy", "joy", level, take) for level in affect.LEVELS for take in range(3)]
    mean, each = affect.intensity(rows, "embedded", "joy")
    assert mean == each.value == pytest.approx(1)
    answers = affect.answers([heard("joy", "joy", source="quadrant"), heard("joy", "calm", source="quadrant")], "embedded")
    assert affect.accuracy(answers).value == pytest.approx(0.5)
