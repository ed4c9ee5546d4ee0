"""Learning attributes of music from quadrants: what pieces say is learnt, what they do not say stays the table's."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.conditioning.emotion import Emotion
from emogen.pipelines.music.learnt_attributes import NAMES, SIGNS, LearntAttributes
from emogen.training.music_attributes import Pieces, Trust, clearness, fitted, importance, table_on_scale

LOUDNESS, TEMPO = NAMES.index("loudness"), NAMES.index("tempo")


@pytest.fixture(scope="module")
def data() -> Pieces:
    """Pieces whose loudness alone follows arousal, 30 a unit, and whose songs come twice."""
    rng = np.random.default_rng(0)
    quadrants = np.repeat(np.arange(4), 24)
    scaled = table_on_scale()[:, 0] + 0.1 * rng.standard_normal((len(quadrants), len(NAMES)))
    scaled[:, LOUDNESS] = 60 + 15 * SIGNS[quadrants][:, 1] + 3 * rng.standard_normal(len(quadrants))
    return Pieces(scaled, quadrants, tuple(f"song {i // 2}" for i in range(len(quadrants))))


@pytest.fixture(scope="module")
def model(data: Pieces) -> LearntAttributes:
    trusted = np.ones(len(NAMES))
    trusted[TEMPO] = 0.0
    return fitted(data, Trust(trusted, np.zeros(len(NAMES))))


def test_what_the_pieces_say_is_learnt(model: LearntAttributes) -> None:
    high, low = (model(Emotion.parse(f"vad(0.5,{a},0)")).loudness for a in (0.5, -0.5))
    assert high == pytest.approx(75, abs=3)
    assert low == pytest.approx(45, abs=3)


def test_what_is_not_trusted_stays_the_tables(model: LearntAttributes) -> None:
    assert model.table[TEMPO].numpy() == pytest.approx(table_on_scale()[TEMPO], abs=1e-5)


def test_the_forest_finds_what_tells_the_quadrants(data: Pieces) -> None:
    assert np.argmax(importance(data)) == LOUDNESS
    assert clearness(data).mean() > 0.3


def test_draws_leave_what_tells_the_feeling_where_it_is(data: Pieces, model: LearntAttributes) -> None:
    emotion = Emotion.parse("vad(0.5,0.5,0)")
    drawn = np.array([model(emotion, np.random.default_rng(k)).loudness for k in range(60)])
    assert 0 < drawn.std() < 0.6 * data.scaled[data.quadrants == 0][:, LOUDNESS].std()
    assert drawn.mean() == pytest.approx(model(emotion).loudness, abs=1.5)
