"""Attributes of music: faders set by hand, measured in scores, and moved by emotions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen import checkpoints
from emogen.conditioning.emotion import Emotion
from emogen.errors import InputError, LimitError, RightsError
from emogen.media.score import Note, Score, Track
from emogen.pipelines.music.attribute_measures import measured, measured_performance
from emogen.pipelines.music.attributes import FADERS, MODES, Attributes
from emogen.pipelines.music.cues import CueRules
from emogen.pipelines.music.learnt_attributes import CHECKPOINT, NAMES, LearntAttributes, off_scale, on_scale

RULES = CueRules()
MODELS = [pytest.param("rules", id="rules"), pytest.param("learnt", id="learnt")]
axis = st.floats(-0.95, 0.95)


def answer(model: str, emotion: Emotion, rng: np.random.Generator | None = None) -> Attributes:
    if model == "rules":
        return RULES(emotion)
    if CHECKPOINT not in checkpoints.names():
        pytest.skip("the checkpoint music_attributes is not installed")
    return LearntAttributes.load()(emotion, rng)


def point(v: float, a: float, d: float = 0.0) -> Emotion:
    return Emotion.parse(f"vad({v:.4f},{a:.4f},{d:.4f})")


def piano(melody: list[Note], under: list[Note], bpm: float = 120.0) -> Score:
    return Score(
        (Track("Piano (melody)", 0, False, tuple(melody)), Track("Piano (harmony)", 0, False, tuple(under))),
        ((0.0, bpm),),
    )


def chords(*roots: tuple[int, ...], beats: float = 4.0, velocity: int = 60) -> list[Note]:
    return [Note(i * beats, beats, p, velocity) for i, tones in enumerate(roots) for p in tones]


C, F, G, A_MINOR, E_MINOR, D_MINOR = (48, 52, 55), (48, 53, 57), (47, 50, 55), (45, 48, 52), (47, 52, 55), (50, 53, 57)
TUNE = [
    Note(float(i), 0.5, p, 80) for i, p in enumerate([72, 76, 79, 76, 72, 77, 81, 77, 71, 74, 79, 74, 72, 76, 79, 72])
]


def test_a_small_piece_is_measured_to_the_number() -> None:
    found = measured(piano(TUNE, chords(C, F, G, C)))
    assert set(found) == set(FADERS) - {"brightness"}
    assert found["tempo"] == pytest.approx(120)
    assert found["density"] == pytest.approx(1)
    assert found["rhythm"] == pytest.approx(0.25)
    assert found["polyphony"] == pytest.approx(3)
    assert found["articulation"] == pytest.approx(0.5)
    assert found["register"] == pytest.approx(np.mean([n.pitch for n in TUNE]) - 72)
    velocities = [80] * 16 + [60] * 12
    assert found["loudness"] == pytest.approx(np.mean(velocities))
    assert found["dynamics"] == pytest.approx(np.std(velocities))
    assert found["harmony"] == pytest.approx(1)
    assert found["dissonance"] == 0
    assert found["bass"] == pytest.approx(np.mean([60 - p for p in (48, 48, 47, 48)]) / 36)


def test_major_is_brighter_than_minor() -> None:
    bright = measured(piano([], chords(C, F, G, C)))["mode"]
    dark = measured(piano([], chords(A_MINOR, D_MINOR, E_MINOR, A_MINOR)))["mode"]
    assert bright > 0.7
    assert dark < 0.3


@pytest.mark.parametrize(
    ("tones", "expected"),
    [((48, 52, 55), 0.0), ((48, 52, 55, 58), 0.5), ((48, 49, 52, 55), 1.0)],
    ids=["triad", "dominant seventh", "minor second"],
)
def test_dissonance_of_one_chord(tones: tuple[int, ...], expected: float) -> None:
    assert measured(piano([], chords(tones)))["dissonance"] == pytest.approx(expected)


def test_twice_the_chords_are_twice_the_harmony_and_rhythm() -> None:
    around = (C, F, G, A_MINOR)
    slow, quick = (measured(piano(TUNE, chords(*row, beats=b))) for row, b in ((around, 4.0), (around * 2, 2.0)))
    assert quick["harmony"] == pytest.approx(2 * slow["harmony"])
    assert quick["rhythm"] == pytest.approx(2 * slow["rhythm"])


def test_a_performance_without_beats_is_measured_by_the_second() -> None:
    score = piano([Note(i / 2, 0.5, 72 + (0, 2, 4, 5)[i % 4], 90) for i in range(64)], chords(*(C, F, G, C) * 2), 90.0)
    notes = np.array(sorted(
        (score.seconds(n.start_beat), score.seconds(n.start_beat + n.duration_beat), n.pitch, n.velocity)
        for t in score.tracks for n in t.notes
    ))  # fmt: skip
    found, true = measured_performance(notes), measured(score)
    assert found["density"] * found["tempo"] == pytest.approx(true["density"] * true["tempo"], rel=0.1)
    assert found["loudness"] == pytest.approx(true["loudness"])


def test_a_score_of_drums_alone_has_no_attributes() -> None:
    with pytest.raises(InputError, match="no notes but drums"):
        measured(Score((Track("Drums", 0, True, (Note(0, 1, 36, 90),)),)))


def test_a_lone_note_is_measured() -> None:
    assert all(np.isfinite(v) for v in measured(piano([Note(0, 1, 60, 64)], [])).values())


def test_faders_are_set_by_hand() -> None:
    sad = RULES(Emotion.parse("sadness"))
    mine = sad.replaced(tempo=90, feeling="joy")
    assert (mine.tempo, mine.feeling) == (90.0, "joy")
    assert mine.values | {"tempo": sad.tempo} == sad.values


@pytest.mark.parametrize(
    ("given_", "error", "words"),
    [
        ({"pace": 3}, InputError, "Accepted: tempo, mode"),
        ({"tempo": 400}, LimitError, "40 to 200"),
        ({"mode": True}, InputError, "no number"),
        ({"mode": float("nan")}, InputError, "no number"),
        ({"loudness": "loud"}, InputError, "20 to 120"),
        ({"feeling": "hungry"}, InputError, "Accepted: joy"),
    ],
)
def test_a_fader_that_cannot_be_set_says_what_is_accepted(given_: dict[str, object], error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        RULES(Emotion()).replaced(**given_)


@given(st.lists(st.floats(0, 1), min_size=len(NAMES), max_size=len(NAMES)))
def test_the_learnt_scale_is_undone(shares: list[float]) -> None:
    values = np.array([f.low + s * (f.high - f.low) for f, s in zip(FADERS.values(), shares, strict=True)])
    assert off_scale(on_scale(values)) == pytest.approx(values)


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None, max_examples=40)
@given(axis, axis, st.floats(0, 1))
def test_more_arousal_is_faster_busier_and_louder(model: str, v: float, a: float, rise: float) -> None:
    less, more = answer(model, point(v, a)), answer(model, point(v, a + rise * (0.95 - a)))
    assert more.tempo >= less.tempo - 1e-6
    assert more.tempo * more.density >= less.tempo * less.density * 0.999
    # Fear comes in with arousal and is softer than anger: a hair
    assert more.loudness >= less.loudness - 0.25


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None, max_examples=40)
@given(axis, axis, st.floats(0, 1))
def test_more_valence_is_a_brighter_mode(model: str, v: float, a: float, rise: float) -> None:
    less, more = answer(model, point(v, a)), answer(model, point(v + rise * (0.95 - v), a))
    assert more.mode >= less.mode - 1e-6


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None, max_examples=40)
@given(axis, axis, axis, st.integers(0, 99))
def test_every_attribute_keeps_its_range(model: str, v: float, a: float, d: float, seed: int) -> None:
    found = answer(model, point(v, a, d), np.random.default_rng(seed))
    assert all(f.low <= found.values[name] <= f.high for name, f in FADERS.items())
    assert found.scale in MODES


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("word", ["joy", "anger", "fear", "sadness", "calm"])
def test_intensity_goes_from_neutral_onwards(model: str, word: str) -> None:
    neutral = answer(model, Emotion())
    assert answer(model, Emotion.parse(f"{word}:0")) == neutral
    way = [abs(answer(model, Emotion.parse(f"{word}:{k}")).tempo - neutral.tempo) for k in (0, 0.4, 0.7, 1, 1.3)]
    assert way == sorted(way)
    assert way[3] > 3


@pytest.mark.parametrize("model", MODELS)
def test_between_two_feelings_lies_between_their_attributes(model: str) -> None:
    joy, sadness = (Emotion.parse(w) for w in ("joy", "sadness"))
    ends = [answer(model, e).values for e in (joy, sadness)]
    middle = answer(model, Emotion.lerp(joy, sadness, 0.5)).values
    for name in ("tempo", "mode", "loudness", "brightness"):
        low, high = sorted(e[name] for e in ends)
        assert low < middle[name] < high


@pytest.mark.parametrize("model", MODELS)
def test_anger_and_fear_differ_as_the_table_has_it(model: str) -> None:
    anger, fear = (answer(model, Emotion.parse(w)) for w in ("anger", "fear"))
    assert anger.loudness > fear.loudness + 15
    assert anger.register < fear.register
    assert anger.polyphony > fear.polyphony


def test_draws_differ_and_stay_what_they_are() -> None:
    drawn = [answer("learnt", Emotion.parse("joy"), np.random.default_rng(k)) for k in range(50)]
    again = answer("learnt", Emotion.parse("joy"), np.random.default_rng(0))
    other = [answer("learnt", Emotion.parse("sadness"), np.random.default_rng(k)) for k in range(50)]
    assert drawn[0] == again
    assert len({round(x.rhythm, 3) for x in drawn}) > 45
    assert all(x.scale == "major" for x in drawn)
    assert np.mean([x.scale in {"minor", "phrygian", "dorian"} for x in other]) > 0.95
    assert min(x.loudness for x in drawn) > np.median([x.loudness for x in other])


def test_research_attributes_are_refused_where_only_open_ones_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    answer("learnt", Emotion())
    monkeypatch.setenv(checkpoints.COMMERCIAL_VARIABLE, "1")
    with pytest.raises(RightsError):
        LearntAttributes.load()
