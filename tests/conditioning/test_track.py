"""Tracks: what is felt at each moment, cutting and joining."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import InputError, LimitError
from tests.conditioning.written import EMOTIONS, Canned, tracks

T = EmotionTrack.of
TRACK = tracks().map(T)


def numbers(e: Emotion) -> np.ndarray:
    return np.array([*e.vad, *e.basic(), e.intensity])


def curve(track: EmotionTrack, times: np.ndarray) -> np.ndarray:
    return np.array([numbers(track.at(float(t))) for t in times])


def test_held_outside_and_smooth_between() -> None:
    track = T("1s neutral; 3s joy:0.8")
    assert track.at(-5) == track.at(0) == Emotion()
    assert track.at(3) == track.at(99) == Emotion.parse("joy:0.8")
    assert track.at(2).intensity == pytest.approx(0.4)
    assert track.at(1.5).intensity == pytest.approx(0.8 * (3 * 0.25**2 - 2 * 0.25**3))
    assert track.duration == 3.0
    slow = track.at(1.01).intensity / 0.01
    assert slow < 0.05  # at rest at the keyframe


def test_step() -> None:
    track = T("0s joy; 2s! anger")
    assert track.at(1.999) == Emotion.parse("joy")
    assert track.at(2.0) == Emotion.parse("anger")


def test_a_single_emotion_is_a_constant_track() -> None:
    track = T("joy:0.5")
    assert track == T(Emotion.parse("joy:0.5")) == T(track)
    assert track.duration == 0.0
    assert track.keyframes == (Keyframe(0.0, Emotion.parse("joy:0.5")),)
    samples = track.sample(25, 2)
    assert samples.vad.shape == (50, 3)
    assert samples.basic.shape == (50, 6)
    assert (samples.intensity == 0.5).all()
    assert samples.vad.dtype == samples.basic.dtype == samples.intensity.dtype == np.float64


@pytest.mark.parametrize(("fps", "seconds", "frames"), [(25, 1, 25), (25, 0, 1), (30, 0.1, 3), (100, 1.001, 101)])
def test_number_of_frames(fps: float, seconds: float, frames: int) -> None:
    assert len(T("joy").sample(fps, seconds).intensity) == frames


@given(TRACK, st.sampled_from([10.0, 25.0, 29.97]))
@settings(deadline=None)
def test_samples_are_the_emotions_at_those_times_and_stay_between_keyframes(track: EmotionTrack, fps: float) -> None:
    samples = track.sample(fps, track.duration + 0.5)
    found = np.column_stack([samples.vad, samples.basic, samples.intensity])
    np.testing.assert_allclose(found, curve(track, np.arange(len(found)) / fps), atol=1e-6)
    ends = np.array([numbers(frame.emotion) for frame in track.keyframes])
    assert (found >= ends.min(axis=0) - 1e-9).all()
    assert (found <= ends.max(axis=0) + 1e-9).all()


@given(TRACK)
@settings(deadline=None)
def test_between_two_keyframes_every_number_is_monotone(track: EmotionTrack) -> None:
    for before, after in zip(track.keyframes, track.keyframes[1:], strict=False):
        values = curve(track, np.linspace(before.t, after.t, 15))
        steps = np.diff(values, axis=0) * np.sign(values[-1] - values[0])
        assert (steps >= -1e-6).all()


@given(TRACK, st.floats(0, 6), st.floats(0.2, 6))
@settings(deadline=None, max_examples=200)
def test_a_slice_is_the_same_curve(track: EmotionTrack, start: float, length: float) -> None:
    piece = track.slice(start, start + length)
    assert piece.duration == pytest.approx(length, abs=1e-8)
    times = np.linspace(0, length, 23)[:-1] + 1e-4
    expected = curve(track, start + times)
    np.testing.assert_allclose(curve(piece, times), expected, atol=2e-3)
    assert np.median(np.abs(curve(piece, times) - expected)) < 1e-5
    assert T(str(piece)) == piece


@given(TRACK, st.floats(0.3, 0.7))
@settings(deadline=None, max_examples=200)
def test_two_slices_join_to_the_whole(track: EmotionTrack, share: float) -> None:
    end = track.duration + 1.0
    cut = share * end
    joined = track.slice(0, cut).join(track.slice(cut, end))
    assert joined.duration == pytest.approx(end, abs=1e-6)
    times = np.linspace(0, end, 41)[:-1] + 1e-4
    difference = np.abs(curve(joined, times) - curve(track, times)).max(axis=1)
    assert np.median(difference) < 1e-5
    assert (difference > 2e-3).sum() <= 1  # at most the moment of a step that meets the cut


@given(TRACK, st.floats(0, 100), st.floats(0.2, 20))
@settings(deadline=None)
def test_shift_and_scale_time_can_be_undone(track: EmotionTrack, delta: float, factor: float) -> None:
    delta, factor = round(delta, 3), round(factor, 3)
    assert track.shift(delta).shift(-delta) == track
    t = track.duration * 0.6
    assert track.shift(delta).at(t + delta).distance(track.at(t)) < 1e-5
    stretched = track.scale_time(factor)
    assert stretched.duration == pytest.approx(track.duration * factor, abs=1e-8)
    assert track.scale_time(1) == track


def test_join() -> None:
    assert T("0s joy; 1s fear").join("0s fear; 2s anger") == T("0s joy; 1s fear; 3s anger")
    meeting = T("0s joy; 1s fear").join("0s anger; 2s joy")
    assert meeting.at(1.0) == Emotion.parse("fear")
    assert meeting.at(1.001) == Emotion.parse("anger")
    assert meeting.duration == 3.0
    assert T("joy").join("0s fear; 2s anger") == T("0s fear; 2s anger")
    late = T("0s joy; 1s fear").join("2s anger; 3s joy")
    assert late.at(2.5) == late.at(3.0) == Emotion.parse("anger")


@given(tracks(EMOTIONS))
@settings(deadline=None)
def test_json(text: str) -> None:
    from emogen.conditioning.spec import parse

    track = parse(text, resolver=Canned())
    if not isinstance(track, EmotionTrack):
        pytest.fail("a track was written")
    data = json.loads(json.dumps(track.to_dict()))
    assert set(data) == {"spec", "keyframes"}
    assert {"t", "spec", "label", "weights", "vad", "intensity", "description"} <= set(data["keyframes"][0])
    assert EmotionTrack.from_dict(data) == track


@pytest.mark.parametrize(
    "data", [{}, {"keyframes": 3}, {"keyframes": []}, {"keyframes": [3]}, {"keyframes": [{"t": 1}]},
             {"keyframes": [{"t": "x", "spec": "joy"}]}, {"keyframes": [{"t": 0, "spec": "joy", "ease": [1]}]},
             {"keyframes": [{"t": 0, "spec": "joy", "ease": [0.5, 7]}]}, [], None],
)  # fmt: skip
def test_strange_json_is_refused(data: object) -> None:
    with pytest.raises(InputError):
        EmotionTrack.from_dict(data)  # type: ignore[arg-type]


def test_refusals() -> None:
    joy = Emotion.parse("joy")
    track = T("0s joy; 2s fear")
    nan, inf = float("nan"), float("inf")
    for call in (
        lambda: EmotionTrack(()),
        lambda: EmotionTrack((Keyframe(1, joy), Keyframe(1, joy))),
        lambda: Keyframe(-1, joy),
        lambda: track.at(nan),
        lambda: track.shift(-1),
        lambda: track.scale_time(0),
        lambda: track.slice(1, 1),
        lambda: track.slice(-1, 1),
        lambda: track.sample(0, 1),
        lambda: track.sample(25, inf),
        lambda: track.sample(25, -1),
        lambda: T(3),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError):
            call()
    with pytest.raises(LimitError, match=r"render_s"):
        track.sample(25, 1e6)
    with pytest.raises(LimitError):
        track.sample(1e9, 1)
    with pytest.raises(LimitError, match="keyframes"):
        EmotionTrack(tuple(Keyframe(i, joy) for i in range(10_001)))
