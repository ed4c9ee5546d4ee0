"""The diffusion core learns what it should: on toy curves that the emotion alone tells apart.

`tests/data/toy_sequence` holds a pipeline of 0.25 MB, made by `python -m emogen.training.toy`; its README has the
command and the figures. The data's own statistics are the yardstick.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
import torch

from emogen.pipelines.base import load
from emogen.training.loop import TrainOptions, train
from emogen.training.toy import (
    FRAME_RATE_HZ,
    JOY_HZ,
    smooth_curves,
    toy_curves,
    toy_loss,
    toy_networks,
    toy_pipeline,
    validation_loss,
)

TAKES, WINDOW, OVERLAP = 16, 64, 16


@pytest.fixture(scope="module")
def pipe():
    pipe = load(Path(__file__).parents[1] / "data" / "toy_sequence")
    pipe.set_progress_bar_config(disable=True)
    return pipe


def moods(pipe, emotion, frames=WINDOW, takes=TAKES, **more):
    """The mood channel of several takes [takes, frames]."""
    given = {"num_inference_steps": 12, **more}
    return np.stack([pipe(None, emotion, frames=frames, seed=s, **given).frames[:, 0] for s in range(takes)])


@functools.cache
def data(emotion, frames=WINDOW):
    one, zero = torch.ones(400, frames), torch.zeros(400, frames)
    given = {"joy": (one, zero), "sadness": (zero, one), "neutral": (zero, zero)}[emotion]
    return toy_curves(*given, torch.Generator().manual_seed(0)).numpy()


def dominant_hz(curves):
    """Frequency of the strongest line above 0.8 Hz or below it, over all curves [n, frames]."""
    size = 512
    moving = (curves - curves.mean(axis=1, keepdims=True)) * np.hanning(curves.shape[1])
    power = (np.abs(np.fft.rfft(moving, size)) ** 2).mean(axis=0)
    return np.fft.rfftfreq(size, 1 / FRAME_RATE_HZ)[power.argmax()]


def jumps(curves, at):
    """Mean size of the step into frame `at`, and of all other steps."""
    steps = np.abs(np.diff(curves, axis=1))
    seams = np.zeros(steps.shape[1], dtype=bool)
    seams[[f - 1 for f in at]] = True
    return steps[:, seams].mean(), steps[:, ~seams].mean()


@pytest.fixture(scope="module")
def joy(pipe):
    return moods(pipe, "joy")


@pytest.fixture(scope="module")
def sadness(pipe):
    return moods(pipe, "sadness")


# -- two distributions told apart by the emotion alone -----------------------------------------
def test_joy_and_sadness_have_the_means_of_the_data(joy, sadness, pipe):
    assert joy.mean() == pytest.approx(data("joy").mean(), abs=0.1)
    assert sadness.mean() == pytest.approx(data("sadness").mean(), abs=0.1)
    assert moods(pipe, "neutral", takes=4).mean() == pytest.approx(0.0, abs=0.05)
    assert joy.mean(axis=1).min() > 0.7
    assert sadness.mean(axis=1).max() < -0.6


def test_joy_swings_at_3_hz_and_sadness_drifts(joy, sadness):
    assert dominant_hz(joy) == pytest.approx(JOY_HZ, abs=0.25)
    assert dominant_hz(sadness) == pytest.approx(dominant_hz(data("sadness")), abs=0.25)
    assert 0.65 < joy.std(axis=1).mean() / data("joy").std(axis=1).mean() < 1.2
    assert np.abs(np.diff(joy)).mean() > 3 * np.abs(np.diff(sadness)).mean()


def test_takes_differ_as_the_data_does(joy):
    # The phase of the swing is free: over takes it must spread over the circle.
    t = np.arange(WINDOW) / FRAME_RATE_HZ
    phases = np.angle((joy - joy.mean(axis=1, keepdims=True)) @ np.exp(-2j * np.pi * JOY_HZ * t))
    assert abs(np.exp(1j * phases).mean()) < 0.6  # 16 uniform phases exceed this once in 300 times


# -- over time ---------------------------------------------------------------------------------
def test_a_track_switches_in_time(pipe):
    found = moods(pipe, "0s joy; 2s sadness", frames=100)
    assert found[:, :8].mean() > 0.7
    assert abs(found[:, 23:28].mean()) < 0.35  # halfway through the smooth way
    assert found[:, 58:].mean() == pytest.approx(-1.0, abs=0.15)
    stepped = moods(pipe, "0s sadness; 1s! joy", frames=60, takes=8)
    assert stepped[:, :20].mean() < -0.6
    assert stepped[:, 32:].mean() > 0.6


def test_a_track_reaches_across_windows(pipe):
    found = moods(pipe, "0s sadness; 4s! joy; 6s! neutral", frames=200, takes=6)
    assert found[:, :90].mean() == pytest.approx(-1.0, abs=0.2)
    assert found[:, 110:145].mean() == pytest.approx(1.0, abs=0.2)
    assert found[:, 160:].mean() == pytest.approx(0.0, abs=0.15)


# -- strength ----------------------------------------------------------------------------------
def test_intensity_moves_the_mood_in_order(pipe):
    found = [moods(pipe, f"joy:{i}", takes=8) for i in (0, 0.25, 0.5, 0.75, 1)]
    means = [f.mean() for f in found]
    assert means == sorted(means)
    np.testing.assert_allclose(means, [0, 0.25, 0.5, 0.75, 1], atol=0.1)
    swings = [f.std(axis=1).mean() for f in found]
    assert swings == sorted(swings)


def test_beyond_1_the_intensity_turns_the_guidance_up(pipe):
    # At the same seeds: further from what no emotion gives, and exactly what the scale alone would do.
    none, full, more = (moods(pipe, "sadness", takes=8, emotion_scale=s) for s in (0, 1, 1.5))
    np.testing.assert_allclose(moods(pipe, "sadness:1.5", takes=8), more, atol=1e-4)
    distances = [np.sqrt(((f - none) ** 2).mean(axis=1)).mean() for f in (none, full, more)]
    assert distances == sorted(distances)
    assert more.mean() < full.mean() < none.mean()


def test_the_emotion_scale_moves_the_mood_in_order(pipe):
    means = [moods(pipe, "sadness", takes=8, emotion_scale=s).mean() for s in (0, 0.5, 1, 1.5)]
    assert means == sorted(means, reverse=True)
    assert abs(means[0]) < 0.4


# -- content -----------------------------------------------------------------------------------
def test_content_is_followed_as_strongly_as_asked(pipe):
    content = smooth_curves(6, WINDOW, torch.Generator().manual_seed(5)).numpy()[..., None]

    def error(scale):
        outputs = pipe(list(content), "joy", seed=list(range(6)), num_inference_steps=12, guidance_scale=scale)
        frames = np.stack([o.frames for o in outputs])
        assert frames[..., 0].mean() == pytest.approx(1.0, abs=0.12)  # and the emotion stays
        return np.sqrt(((frames[..., 1] - content[..., 0]) ** 2).mean())

    errors = [error(s) for s in (0, 0.5, 1)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.7
    assert errors[2] < 0.1


# -- windows -----------------------------------------------------------------------------------
@pytest.mark.parametrize("emotion", ["joy", "sadness"])
def test_windows_join_without_a_seam_and_are_distributed_as_the_data(pipe, emotion):
    length = WINDOW + 5 * (WINDOW - OVERLAP)
    found = moods(pipe, emotion, frames=length, takes=4)
    at_seams, elsewhere = jumps(found, range(WINDOW, length, WINDOW - OVERLAP))
    assert at_seams < elsewhere + 0.06  # the data's noise alone gives steps of 0.056
    expected = data(emotion, length)
    assert found.mean() == pytest.approx(expected.mean(), abs=0.15)
    assert 0.65 < found.std() / expected.std() < 1.2
    if emotion == "joy":
        assert dominant_hz(found) == pytest.approx(JOY_HZ, abs=0.15)


def test_the_swing_keeps_its_phase_across_seams(pipe):
    found = moods(pipe, "joy", frames=WINDOW + 3 * (WINDOW - OVERLAP), takes=4)
    t = np.arange(24) / FRAME_RATE_HZ
    waves = np.stack([np.ones(24), np.sin(2 * np.pi * JOY_HZ * t), np.cos(2 * np.pi * JOY_HZ * t)], axis=1)

    def unlike_a_sine(centre):
        pieces = found[:, centre - 12 : centre + 12].T
        return np.sqrt(((pieces - waves @ np.linalg.lstsq(waves, pieces, rcond=None)[0]) ** 2).mean())

    seams = [WINDOW + k * (WINDOW - OVERLAP) for k in range(3)]
    assert np.mean([unlike_a_sine(s) for s in seams]) < 1.5 * np.mean([unlike_a_sine(s - 24) for s in seams])


# -- threads and training ----------------------------------------------------------------------
def test_the_number_of_threads_changes_nothing_that_matters(pipe):
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(moods(pipe, "joy", takes=1))
    finally:
        torch.set_num_threads(before)
    assert found[0].shape == found[1].shape
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)


def test_a_short_training_already_tells_joy_from_sadness(tmp_path):
    networks = toy_networks(width=32, depth=1, window=32, overlap=8)
    before = validation_loss(networks)
    result = train(networks, functools.partial(toy_loss, size=16), tmp_path,
                   TrainOptions(steps=240, learning_rate=1e-2, warmup_steps=20, report_every=120, average_decay=0.95),
                   validate=validation_loss)
    assert result.best < before / 4
    pipe = toy_pipeline(networks)
    means = [moods(pipe, e, frames=32, takes=8, num_inference_steps=8).mean() for e in ("joy", "neutral", "sadness")]
    assert means[0] > 0.5
    assert abs(means[1]) < 0.3
    assert means[2] < -0.5
