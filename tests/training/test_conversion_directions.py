"""The guide that sets feelings apart: what it hears, and what it takes for too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from emogen.codecs import voice_change as vc
from emogen.conditioning.voice_measures import NAMES
from emogen.training import directions
from emogen.training.speech_data import Clip

PITCH, RATE = NAMES.index("pitch"), NAMES.index("syllable rate")
#: What each label does to pitch and rate, in spreads.
MOVES = {"neutral": (0.0, 0.0), "joy": (3.0, 2.0), "sadness": (-2.0, -3.0), "anger": (3.0, -2.0)}


@pytest.fixture
def guide(monkeypatch):
    rng = np.random.default_rng(0)
    clips, rows = [], {}
    for corpus in ("speech/emodb", "speech/tess"):
        for speaker in range(3):
            home = rng.normal(0, 5, len(NAMES))
            for label, (pitch, rate) in MOVES.items():
                if corpus == "speech/tess" and label == "anger":
                    continue
                for take in range(12):
                    row = home + rng.normal(0, 1, len(NAMES))
                    row[PITCH] += pitch
                    row[RATE] += rate
                    samples = np.array([len(clips)], np.float32)
                    rows[len(clips)] = row
                    clips.append(Clip(samples, label, {label: 1.0}, 1.0, f"{corpus}/{speaker}", corpus, f"{take}"))
    monkeypatch.setattr(directions, "measured", lambda samples: rows[int(samples[0])])
    return directions.fit_guide(clips)


def place(pitch, rate):
    home = torch.full((1, len(NAMES)), 2.0, dtype=torch.float64)
    there = home.clone()
    there[:, PITCH] += pitch
    there[:, RATE] += rate
    return there, home


@pytest.mark.parametrize("label", ["joy", "sadness", "anger"])
def test_the_guide_hears_a_feeling_where_its_takes_lie(guide, label):
    wanted = directions.LABELS.index(label)
    own = guide.log_chance(*place(*MOVES[label]), wanted)
    others = [guide.log_chance(*place(*MOVES[other]), wanted) for other in MOVES if other != label]
    assert all(own > other + 0.5 for other in others)


def test_a_pack_without_a_feeling_has_no_say_in_it(guide):
    assert guide.known[:, directions.LABELS.index("joy")].all()
    assert guide.known[:, directions.LABELS.index("anger")].tolist() == [True, False]


def test_what_goes_beyond_real_takes_strays(guide):
    joy = directions.LABELS.index("joy")
    assert guide.stray(*place(*MOVES["joy"]), joy) < 0.5
    near, far = (float(guide.stray(*place(k * 3.0, k * 2.0), joy)) for k in (2.0, 3.0))
    assert 0.5 < near < far


# -- a second guide ----------------------------------------------------------------------------------------
class Loudness:
    """Hears as much of any feeling as a voice is loud."""

    def recognize(self, heard):
        return Said({"joy": float(np.abs(heard.samples).mean())})


@dataclass
class Said:
    distribution: dict


@dataclass
class Echo:
    """A recording that is as loud as its change says."""

    home: float

    def changed(self, change):
        return np.full(100, self.home + change[:, 0].mean(), np.float32)


@pytest.mark.parametrize(("louder", "stays"), [(0.3, True), (0.0, True), (-0.3, False)])
def test_a_direction_that_a_second_guide_hears_less_by_is_left_out(louder, stays):
    plain, told = [Echo(0.5), Echo(0.6), Echo(0.7)], []
    step = np.full(vc.WIDTH, louder)
    found = directions.kept(Loudness(), plain, [np.zeros((10, vc.WIDTH))] * 3, step, "joy", told.append)
    assert found == stays
    assert "0.60" in told[0]
