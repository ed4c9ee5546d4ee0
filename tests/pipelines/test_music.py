"""Music: what is heard moves with the emotion, and lasts as long as was asked."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from emogen.errors import EmogenError, InputError
from emogen.media.audio import loudness_lufs
from emogen.media.score import Score
from emogen.pipelines.music.harmony import Key, chord, parse_key
from emogen.pipelines.music.pipeline import MusicPipeline
from tests.contract.pipeline import PipelineContract


class TestMusicPipeline(PipelineContract):
    content = None
    other_content = None
    suffix = ".mid"
    call = {"seconds": 4.0}
    index = {
        "codec": ("emogen.codecs.score", "ScoreCodec"),
        "cues": ("emogen.pipelines.music.cues", "CueRules"),
    }
    track = "0s neutral; 1s joy"

    def make(self) -> MusicPipeline:
        return MusicPipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe() -> MusicPipeline:
    pipe = MusicPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


def density(score: Score) -> float:
    """Notes of the melody per second."""
    beats = [b for b, _ in score.tempos]
    seconds = sum(60 / bpm * 4 for _, bpm in score.tempos)
    melody = [n for t in score.tracks if "melody" in t.name for n in t.notes]
    assert beats == sorted(beats)
    return len(melody) / seconds


def mean(score: Score, what: str) -> float:
    return float(np.mean([getattr(n, what) for t in score.tracks if "melody" in t.name for n in t.notes]))


@pytest.mark.parametrize("seconds", [2.0, 7.3, 20.0])
def test_it_lasts_as_long_as_asked(pipe: MusicPipeline, tmp_path: Path, seconds: float) -> None:
    out = pipe(None, "joy", seconds=seconds, seed=1)
    assert len(out.audio) == round(seconds * out.sample_rate)
    path = out.save(tmp_path / "a.wav")
    info = soundfile.info(str(path))
    assert (info.samplerate, info.channels) == (44_100, 2)
    assert info.duration == pytest.approx(seconds, abs=1e-3)
    assert mido.MidiFile(str(out.save(tmp_path / "a.mid"))).length == pytest.approx(seconds, rel=0.05)


def test_arousal_makes_it_faster_denser_and_louder(pipe: MusicPipeline) -> None:
    for seed in range(3):
        slow, fast = (pipe(None, f"vad(0,{a},0)", seconds=15, seed=seed) for a in (-0.7, 0.8))
        assert density(slow.score) * 1.5 < density(fast.score)
        assert mean(slow.score, "velocity") + 15 < mean(fast.score, "velocity")
        assert slow.facts()["tempo_bpm"][1] + 25 < fast.facts()["tempo_bpm"][0]


def test_valence_brightens_the_mode(pipe: MusicPipeline) -> None:
    assert not pipe(None, "joy", seconds=8, seed=2).score.key.endswith("m")
    assert pipe(None, "sadness", seconds=8, seed=2).score.key.endswith("m")
    dark, bright = (pipe.cues(pipe(None, f"vad({v},0,0)", seconds=2, seed=0).emotion.at(0)).mode for v in (-0.8, 0.8))
    assert dark < 0.2 < 0.8 < bright


def test_intensity_moves_every_cue_in_order(pipe: MusicPipeline) -> None:
    from emogen.conditioning.emotion import Emotion

    for name in ("joy", "sadness", "anger"):
        tempos = [pipe.cues(Emotion.parse(f"{name}:{k}")).tempo for k in (0, 0.5, 1)]
        assert tempos in (sorted(tempos), sorted(tempos, reverse=True))
        assert abs(tempos[2] - tempos[0]) > 10


def test_a_track_changes_the_music_on_the_way(pipe: MusicPipeline) -> None:
    out = pipe(None, "0s sadness; 10s sadness; 12s joy", seconds=24, seed=4)
    tempos = [bpm for _, bpm in out.score.tempos]
    assert tempos[0] < 70 < 100 < tempos[-1]
    assert len(out.score.markers) >= 2
    half = len(out.audio) // 2
    assert loudness_lufs(out.audio[:half], 44_100) + 1 < loudness_lufs(out.audio[half:], 44_100)


def test_melody_is_heard_over_its_accompaniment_and_nothing_clips(pipe: MusicPipeline) -> None:
    for name in ("joy", "sadness", "anger", "fear", "calm", "neutral"):
        out = pipe(None, name, seconds=8, seed=6)
        assert np.abs(out.audio).max() <= 10 ** (-1 / 20) + 1e-6
        assert -26 < loudness_lufs(out.audio, 44_100) < -14


def test_tempo_and_key_can_be_set_by_hand(pipe: MusicPipeline) -> None:
    out = pipe(None, "joy", seconds=12, tempo_bpm=90, key="D minor", seed=1)
    assert out.score.key == "Dm"
    assert all(bpm == pytest.approx(90, rel=0.12) for _, bpm in out.score.tempos)
    classes = {n.pitch % 12 for t in out.score.tracks if "melody" in t.name for n in t.notes}
    assert classes <= {2, 4, 5, 7, 9, 10, 0, 1}


@pytest.mark.parametrize(
    "options",
    [
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": 1e9},
        {"tempo_bpm": 5},
        {"key": "H moll"},
        {"key": ""},
    ],
)
def test_options_that_cannot_be_used(pipe: MusicPipeline, options: dict[str, object]) -> None:
    with pytest.raises(EmogenError) as caught:
        pipe(None, "joy", **options)
    assert caught.value.exit_code == 2
    assert next(iter(options)).split("_")[0] in str(caught.value)


def test_keys_are_read_as_musicians_write_them() -> None:
    assert parse_key("D minor") == parse_key("dm") == Key(2, "minor")
    assert parse_key("Bb") == Key(10, "major")
    assert parse_key("F# dorian") == Key(6, "dorian")
    with pytest.raises(InputError, match="mode"):
        parse_key("D foo")
    assert chord(Key(9, "minor"), "minor", 4, 0.0, tense=True) == [4, 8, 11]
