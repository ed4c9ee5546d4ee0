"""Music: what is heard moves with the emotion, and lasts as long as was asked."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import mido
import numpy as np
import pytest
import soundfile

from emogen.errors import EmogenError, InputError
from emogen.media.audio import loudness_lufs
from emogen.media.score import Score
from emogen.pipelines.music.harmony import Key, chord, parse_key
from emogen.pipelines.music.pipeline import MusicPipeline, RuleMusicPipeline
from tests.contract.pipeline import PipelineContract


class TestMusicPipeline(PipelineContract):
    content = None
    other_content = None
    suffix = ".mid"
    call: ClassVar[dict[str, Any]] = {"seconds": 4.0}
    index: ClassVar[dict[str, tuple[str, str]]] = {
        "attributes": ("emogen.pipelines.music.learnt_attributes", "LearntAttributes"),
        "composer": ("emogen.pipelines.music.composer", "Composer"),
    }
    track = "0s neutral; 1s joy"

    def make(self) -> MusicPipeline:
        return MusicPipeline.from_pretrained("embedded")


class TestRuleMusicPipeline(TestMusicPipeline):
    index: ClassVar[dict[str, tuple[str, str]]] = {"attributes": ("emogen.pipelines.music.cues", "CueRules")}

    def make(self) -> MusicPipeline:
        return RuleMusicPipeline.from_pretrained("embedded")


@pytest.fixture(scope="module", params=[MusicPipeline, RuleMusicPipeline])
def pipe(request: pytest.FixtureRequest) -> MusicPipeline:
    """The default, and the rules."""
    return quiet(request.param)


@pytest.fixture(scope="module")
def learnt() -> MusicPipeline:
    return quiet(MusicPipeline)


def quiet(kind: type[MusicPipeline]) -> MusicPipeline:
    pipe: MusicPipeline = kind.from_pretrained("embedded")
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
        assert mean(slow.score, "velocity") + 10 < mean(fast.score, "velocity")


def test_valence_brightens_the_mode(pipe: MusicPipeline) -> None:
    assert not pipe(None, "joy", seconds=8, seed=2).score.key.endswith("m")
    assert pipe(None, "sadness", seconds=8, seed=2).score.key.endswith("m")
    dark, bright = (pipe.attributes(pipe(None, f"vad({v},0,0)", seconds=2, seed=0).emotion.at(0)).mode for v in (-0.8, 0.8))
    assert dark < 0.3 < 0.8 < bright


def test_intensity_moves_loudness_in_order(pipe: MusicPipeline) -> None:
    from emogen.conditioning.emotion import Emotion

    for name in ("joy", "sadness", "anger"):
        loud = [pipe.attributes(Emotion.parse(f"{name}:{k}")).loudness for k in (0, 0.5, 1)]
        assert loud in (sorted(loud), sorted(loud, reverse=True))
        assert abs(loud[2] - loud[0]) > 3


def test_a_track_changes_the_music_on_the_way(pipe: MusicPipeline) -> None:
    out = pipe(None, "0s sadness; 10s sadness; 12s joy", seconds=24, seed=4)
    assert len(out.score.markers) >= 2
    half = len(out.audio) // 2
    assert loudness_lufs(out.audio[:half], 44_100) + 1 < loudness_lufs(out.audio[half:], 44_100)


def test_melody_is_heard_over_its_accompaniment_and_nothing_clips(pipe: MusicPipeline) -> None:
    for name in ("joy", "sadness", "anger", "fear", "calm", "neutral"):
        out = pipe(None, name, seconds=8, seed=6)
        assert np.abs(out.audio).max() <= 10 ** (-1 / 20) + 1e-6
        assert -26 < loudness_lufs(out.audio, 44_100) < -14


def test_tempo_and_key_can_be_set_by_hand(pipe: MusicPipeline) -> None:
    out = pipe(None, "joy", seconds=24, tempo_bpm=90, key="D minor", seed=1)
    assert out.score.key == "Dm"
    assert np.median([bpm for _, bpm in out.score.tempos]) == pytest.approx(90, rel=0.12)
    classes = [n.pitch % 12 for t in out.score.tracks if "melody" in t.name for n in t.notes]
    assert np.mean([c in {2, 4, 5, 7, 9, 10, 0, 1} for c in classes]) > 0.9
    assert any("against the feeling" in w for w in out.warnings)
    assert not pipe(None, "sadness", seconds=4, key="D minor", seed=1).warnings


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
        {"instruments": "kazoophone"},
        {"instruments": ""},
        {"attributes": {"wobble": 1.0}},
        {"attributes": {"density": 99.0}},
        {"attributes": {"tempo": 100.0}, "tempo_bpm": 90.0},
        {"like": "nowhere.mid"},
        {"like": Score(())},
        {"like": 3},
        {"picture": "nowhere.jpg"},
        {"listener": "nowhere.json"},
    ],
)
def test_options_that_cannot_be_used(pipe: MusicPipeline, options: dict[str, object]) -> None:
    with pytest.raises(EmogenError) as caught:
        pipe(None, "joy", **options)
    assert caught.value.exit_code == 2
    name = next(iter(options))
    assert any(word in str(caught.value) for word in (name.split("_")[0], *map(str, SAID.get(name, ()))))


#: What a message says in place of the option: the file, the fader, the instrument, or what is wrong with a score.
SAID = {
    "attributes": ("wobble", "density", "tempo_bpm"), "instruments": ("kazoophone",), "like": ("nowhere.mid", "no notes", "notes"),
    "picture": ("nowhere.jpg",), "listener": ("nowhere.json",),
}  # fmt: skip


def test_keys_are_read_as_musicians_write_them() -> None:
    assert parse_key("D minor") == parse_key("dm") == Key(2, "minor")
    assert parse_key("Bb") == Key(10, "major")
    assert parse_key("F# dorian") == Key(6, "dorian")
    with pytest.raises(InputError, match="mode"):
        parse_key("D foo")
    assert chord(Key(9, "minor"), "minor", 4, 0.0, tense=True) == [4, 8, 11]


def test_a_fader_set_by_hand_holds_whatever_is_felt(learnt: MusicPipeline) -> None:
    for name in ("sadness", "joy"):
        few, many = (learnt(None, name, seconds=16, seed=2, attributes={"density": d}).score for d in (0.5, 2.5))
        assert density(few) * 2 < density(many)


def test_instruments_can_be_named(learnt: MusicPipeline) -> None:
    assert {t.program for t in learnt(None, "joy", seconds=8, seed=2, instruments="piano").score.tracks} <= set(range(8))
    names = " ".join(t.name.lower() for t in learnt(None, "anger", seconds=8, seed=2, instruments="strings,piano").score.tracks)
    assert "piano" in names
    assert "brass" not in names


def test_rules_that_choose_their_instruments_say_so() -> None:
    with pytest.raises(InputError, match="instruments"):
        quiet(RuleMusicPipeline)(None, "joy", seconds=4, instruments="piano")


def test_stems_are_the_piece(learnt: MusicPipeline, tmp_path: Path) -> None:
    out = learnt(None, "joy", seconds=6, seed=2)
    files = out.save_stems(tmp_path / "new" / "stems")
    assert len(files) == len(out.score.tracks)
    together = sum(soundfile.read(str(f))[0] for f in files)
    assert np.abs(together - out.audio).max() < 1e-3


def test_it_is_written_down(learnt: MusicPipeline, tmp_path: Path) -> None:
    out = learnt(None, "calm", seconds=6, seed=2)
    assert out.save(tmp_path / "a.musicxml").read_text(encoding="utf-8").count("<part id=") == len(out.score.tracks)
    assert out.save(tmp_path / "a.mxl").read_bytes()[:2] == b"PK"


def test_a_tune_is_felt_otherwise(learnt: MusicPipeline, tmp_path: Path) -> None:
    tune = learnt(None, "joy", seconds=16, seed=5, key="C major").save(tmp_path / "tune.mid")
    sad, same = (learnt(None, feeling, like=tune, seed=5) for feeling in ("sadness", "neutral"))
    assert sad.score.key.endswith("m")
    assert not same.score.key.endswith("m")
    assert sad.seconds > same.seconds * 1.1
    assert learnt(None, "sadness", like=tune, seconds=9.0, seed=5).score.duration_s == pytest.approx(9.0, abs=0.3)


def test_endless_music_goes_on_and_is_steered(pipe: MusicPipeline) -> None:
    stream = pipe.stream("calm", seed=3)
    scores = stream.scores()
    calm = [score for score, _ in islice(scores, 3)]
    stream.steer("anger")
    angry = [score for score, _ in islice(scores, 3)]
    assert max(mean(s, "velocity") for s in calm) < min(mean(s, "velocity") for s in angry)
    sound = list(islice(pipe.stream("joy", seed=3).blocks(), 2))
    assert all(block.shape[1] == 2 and np.isfinite(block).all() for block in sound)
    with pytest.raises(InputError, match="without end"):
        stream.save("endless.wav")


def test_music_made_while_it_plays_lasts_as_long_as_asked(learnt: MusicPipeline, tmp_path: Path) -> None:
    path = learnt.stream("0s calm; 10s joy", seconds=25.0, seed=1).save(tmp_path / "a.wav")
    assert soundfile.info(str(path)).duration == pytest.approx(25.0, abs=0.6)
