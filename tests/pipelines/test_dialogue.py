"""Dialogues: who says what when, how loud and where, what is felt, and how each slip is answered."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning.emotion import Emotion
from emogen.errors import EmogenError, InputError
from emogen.media.audio import loudness_lufs, peak_dbfs, read_audio
from emogen.media.provenance import read_provenance
from emogen.media.subtitles import read_srt
from emogen.pipelines.base import open_backend
from emogen.pipelines.speech.dialogue import DialoguePipeline
from emogen.pipelines.speech.dialogue_output import file_name
from emogen.pipelines.speech.mixing import Clip, Mix
from emogen.pipelines.speech.pipeline import BySentence
from tests.contract.pipeline import PipelineContract

ROOT = Path(__file__).resolve().parents[2]
CAST = {
    "Ann": {"voice": "soprano", "pan": -0.5},
    "Bo": {"voice": "bass", "pan": 0.5, "volume_db": -6},
}


class TestContract(PipelineContract):
    content = "ANN: We won.\nBO: It is late."
    other_content = "BO: Hello.\nANN: Go."
    suffix = ".wav"
    index = {"speech": ("emogen.pipelines.speech.pipeline", "SpeechPipeline")}
    bad_contents = (
        "", "  \n ", 5, None, "nobody speaks here", "ANN:", "ANN: ...", "ANN (joyy): Hi.", "ANN (joy: Hi.", "ANN: \u4f60\u597d",
        "ANN: Hi.\n[pause forever]", "ANN: Hi.\n[dance]", "ANN: \0", Path("missing.txt"), "missing.txt", "ANN: <speak>Hi.</speak>",
        "ANN (@../secret.wav): Hi.",
    )  # fmt: skip

    def make(self):
        return DialoguePipeline.from_pretrained("embedded")


@pytest.fixture(scope="module")
def pipe():
    found = DialoguePipeline(open_backend("speech", "rules"))
    found.set_progress_bar_config(disable=True)
    return found


@pytest.fixture(scope="module")
def talk(pipe):
    """A talk in stereo with all kinds of joints, spoken by rules."""
    text = """
    <!-- a remark -->
    # A kitchen
    Ann (joy:0.8): It works!
    Bo: Are you sure it is not the --
    ANN (anger:0.7): I am quite sure.
    [pause 1.5]
    bo (sadness:0.6): Fine.
    BO: Then I go.
    """
    return pipe(text, cast=CAST, nonverbal=False, seed=7)


def sounding(x: np.ndarray) -> np.ndarray:
    return np.abs(x.reshape(len(x), -1)).max(axis=1) > 1e-3


# -- the clock ---------------------------------------------------------------------------------------------
def test_turns_follow_each_other_as_people_do(talk):
    first, second, third, fourth, fifth = talk.turns
    assert [t.speaker for t in talk.turns] == ["Ann", "Bo", "Ann", "Bo", "Bo"]
    assert [t.line for t in talk.turns] == [4, 5, 6, 8, 9]
    assert first.start_s < 0.1
    assert 0.05 < second.start_s - first.end_s < 1.2
    assert -0.6 < third.start_s - second.end_s < -0.05  # cuts in
    assert fourth.start_s - third.end_s == pytest.approx(1.5, abs=0.01)
    assert 0.05 < fifth.start_s - fourth.end_s < 1.2
    assert second.words[-1][0] == "the--"
    for turn in talk.turns:
        starts = [a for _, a, _ in turn.words]
        assert starts == sorted(starts)
        assert turn.start_s <= starts[0] + 0.1
        assert turn.words[-1][2] <= turn.end_s + 1e-6 <= talk.duration_s


def test_what_is_asked_for_as_silence_is_silent(talk):
    third, fourth = talk.turns[2:4]
    a, b = (round(t * SAMPLE_RATE) for t in (third.end_s + 0.15, fourth.start_s - 0.05))
    assert not sounding(talk.audio[a:b]).any()
    assert sounding(talk.audio[b : b + SAMPLE_RATE]).any()


def test_each_stem_holds_one_voice_and_all_give_the_mix(talk):
    ann, bo = talk.stem("Ann"), talk.stem("Bo")
    assert ann.shape == bo.shape == talk.audio.shape
    np.testing.assert_allclose(ann + bo, talk.audio, atol=1e-6)
    for turn in talk.turns:
        a, b = (round(t * SAMPLE_RATE) for t in (turn.words[0][1], turn.words[-1][2]))
        own, other = (ann, bo) if turn.speaker == "Ann" else (bo, ann)
        assert sounding(own[a:b]).mean() > 0.5
        assert sounding(other[a:b]).mean() < 0.5
    with pytest.raises(InputError, match="Ann, Bo"):
        talk.stem("Cy")


def test_place_and_volume_are_the_cast_s(talk, pipe):
    ann, bo = talk.stem("Ann"), talk.stem("Bo")
    power = [(x.astype(float) ** 2).sum(axis=0) for x in (ann, bo)]
    assert power[0][0] / power[0][1] == pytest.approx(power[1][1] / power[1][0], rel=1e-3)
    assert power[0][0] > 5 * power[0][1]
    assert peak_dbfs(talk.audio) <= -1.0
    level = pipe("A: One two three four.\nB: Five.", cast={"A": {"pan": 0.9}}, seed=1).stem("A")
    mono = pipe("A: One two three four.\nB: Five.", seed=1).stem("A")
    assert (level.ndim, mono.ndim) == (2, 1)
    assert loudness_lufs(level, SAMPLE_RATE) == pytest.approx(loudness_lufs(mono, SAMPLE_RATE), abs=0.1)
    assert loudness_lufs(mono, SAMPLE_RATE) == pytest.approx(-20.0, abs=1.0)
    quiet = pipe("A: One two three four.\nB: Five.", cast={"A": {"volume_db": -9}}, seed=1).stem("A")
    np.testing.assert_allclose(quiet, mono * 10 ** (-9 / 20), atol=1e-6)


def test_overlapping_voices_never_clip():
    rng = np.random.default_rng(0)
    loud = [Clip(who, start, rng.uniform(-0.85, 0.85, 4_000).astype(np.float32)) for who, start in (("a", 0), ("b", 3_000))]
    mix = Mix(tuple(loud), 200_000, 1)
    assert np.abs(mix.audio()).max() <= 10 ** (-1 / 20)
    assert len(mix.audio()) == len(mix.audio("a")) == 200_000
    assert max(len(block) for block in mix.blocks()) < 100_000
    np.testing.assert_allclose(mix.audio()[:2_900], mix.audio("a")[:2_900] + mix.audio("b")[:2_900], atol=0.2)


# -- what is felt ------------------------------------------------------------------------------------------
def test_written_emotions_are_kept_and_the_others_follow(talk, pipe):
    assert [t.written for t in talk.turns] == [True, False, True, True, False]
    assert [t.emotion.at(0.1) for t in talk.turns if t.written] == [Emotion.of(e) for e in ("joy:0.8", "anger:0.7", "sadness:0.6")]
    after = {e: pipe(f"BO ({e}): It rains.\nBO: It is Tuesday.", seed=1).turns[1].emotion.at(0.5) for e in ("sadness:1", "joy:1")}
    assert after["sadness:1"].vad[0] < -0.05 < 0.05 < after["joy:1"].vad[0]
    assert after["joy:1"].intensity < 0.8


def test_a_turn_whose_words_change_has_a_track(pipe):
    (turn,) = pipe("ANN: I am so happy, this is wonderful! Oh no. He is dead, I hate this.", seed=1).turns
    assert turn.emotion.duration > 1.0
    assert turn.emotion.at(0.2).vad[0] > 0.2 > -0.2 > turn.emotion.at(turn.emotion.duration).vad[0]
    assert turn.to_dict()["emotion"]["keyframes"]


def test_mood_temper_and_acting(pipe):
    text = "ANN: It is Tuesday.\nBO (joy:0.8): It is late."

    def felt(**entry):
        return [t.emotion.at(0.3) for t in pipe(text, cast={"Ann": entry, "Bo": entry}, seed=1).turns]

    plain = felt()
    assert felt(mood="sadness:0.8")[0].vad[0] < plain[0].vad[0] - 0.2
    assert felt(mood="sadness:0.8")[1] == plain[1]
    assert felt(intensity=0.5)[1].intensity == pytest.approx(0.4)
    assert felt(intensity=3)[1].intensity == pytest.approx(1.5)
    assert felt(intensity=0)[1].intensity == 0.0
    sour, kind = (felt(personality={"agreeableness": a})[0].vad[0] for a in (0.0, 1.0))
    assert sour < kind


def test_the_mood_of_the_whole_lies_under_what_is_not_written(pipe):
    text = "ANN: It is Tuesday.\nBO (joy:0.8): It is late.\nANN: So it is."
    sad = pipe(text, "0s sadness:0.9; 0.5s joy:0.9", seed=1)
    assert sad.turns[0].emotion.at(0.1).vad[0] < -0.2 < 0.2 < sad.turns[2].emotion.at(0.1).vad[0]
    assert sad.turns[1].emotion.at(0.1) == Emotion.of("joy:0.8")


def test_languages_and_markup(pipe):
    out = pipe("ANN: Wait <break time='800ms'/> <emphasis>now</emphasis>.\nBO: Guten Tag.",
               cast={"Ann": {"ssml": True}, "Bo": {"language": "de"}}, seed=1)  # fmt: skip
    words = out.turns[0].words
    assert [w for w, _, _ in words] == ["Wait", "now."]
    assert words[1][1] - words[0][2] > 0.6
    assert any("German" in note for note in out.warnings)
    assert out.made.request["cast"]["bo"]["language"] == "de"


def test_strangers_have_voices_of_their_own(pipe):
    text = "\n".join(f"N{'abcdefghijk'[i]}: Yes." for i in range(10)) + "\n\nThe day was over."
    out = pipe(text, seed=1, cast={"Na": {"voice": "tenor"}})
    voices = [json.dumps(m["voice"]) for m in out.made.request["cast"].values()]
    assert len(set(voices)) == 11
    assert voices[:3] == ['"tenor"', '"alto"', '"soprano"']
    assert voices[-1] == '"narrator"'


def test_who_stands_in_the_cast_and_says_nothing_is_told(pipe):
    out = pipe("ANNA: Yes.", seed=1, cast={"Ana": {"voice": "tenor"}})
    assert out.warnings == ['dialogue: "Ana" stands in the cast and says nothing. Did you mean "ANNA"?']


def test_one_emotion_a_sentence(pipe):
    speech = pipe.speech
    felt = BySentence((Emotion.of("joy"), Emotion.of("sadness")))
    out = speech("We won. We lost.", felt, seed=1)
    assert (out.emotion.at(0.1), out.emotion.at(out.emotion.duration)) == felt.emotions
    assert out.made.request["emotion"] == "joy | sadness"
    with pytest.raises(InputError, match="2 emotions for 1 sentences"):
        speech("We won.", felt, seed=1)


# -- files -------------------------------------------------------------------------------------------------
def test_everything_that_is_written(talk, tmp_path):
    talk.save(tmp_path / "t.wav")
    for name in ("t.srt", "t.vtt", "turns.json"):
        talk.save(tmp_path / name)
    stems = talk.save_stems(tmp_path / "stems")
    assert sorted(p.name for p in (tmp_path / "stems").iterdir()) == ["Ann.json", "Ann.wav", "Bo.json", "Bo.wav"]
    mix = read_audio(tmp_path / "t.wav", mono=False)
    for path in stems:
        stem = read_audio(path, mono=False)
        assert stem.samples.shape == mix.samples.shape
        assert read_provenance(path) == talk.provenance
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert {t["speaker"] for t in card["media"]["turns"]} == {path.stem} == {card["media"]["speaker"]}
    cues = read_srt(tmp_path / "t.srt")
    assert cues[0].text == "Ann: It works!"
    assert "<v Bo>" in (tmp_path / "t.vtt").read_text(encoding="utf-8")
    assert all(a.end_s <= b.start_s + 0.4 for a, b in pairwise(cues))
    turns = json.loads((tmp_path / "turns.json").read_text(encoding="utf-8"))
    assert turns["synthetic"] is True
    assert set(turns["turns"][0]) == {"line", "speaker", "text", "emotion", "from", "start_s", "end_s", "words"}
    assert turns["turns"][0]["emotion"]["keyframes"][0]["label"] == "joy"


def test_stems_have_names_that_every_system_takes(pipe, tmp_path):
    assert [file_name(n) for n in ("Con", "Old Tom", "Dr. K.", "Élise", "A'b")] == ["Con_", "Old_Tom", "Dr__K", "Élise", "A_b"]
    assert pipe("ANN: Open notes.txt", seed=1).turns[0].text == "Open notes.txt"
    out = pipe("O'X: Yes.\nO.X: No.", seed=1)
    assert [p.name for p in out.save_stems(tmp_path / "s")] == ["O_X.wav", "O_X-2.wav"]
    with pytest.raises(InputError, match="no folder"):
        out.save_stems(tmp_path / "missing" / "s")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        out.save_stems(tmp_path / "file")


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"])
def test_files_with_and_without_a_mark_and_with_any_line_ends(pipe, tmp_path, head):
    path = tmp_path / "d.txt"
    path.write_bytes(head + "Ann: Ja, schön.\r\nBo: Nein.\r\n".encode())
    (tmp_path / "c.yaml").write_bytes(head + b"Ann: {language: de}\r\nBo: {language: de}\r\n")
    out = pipe(path, cast=tmp_path / "c.yaml", seed=1)
    assert [t.text for t in out.turns] == ["Ja, schön.", "Nein."]
    assert out.made.request["dialogue"] == "d.txt"


def test_the_example_is_a_dialogue_of_its_cast():
    from emogen.pipelines.speech.cast import complete, read_cast
    from emogen.pipelines.speech.turns import read_dialogue, turns_of

    cast = read_cast(ROOT / "examples" / "cast.yaml")
    dialogue = read_dialogue(ROOT / "examples" / "dialogue.txt", cast)
    turns, _ = turns_of(dialogue, complete(dialogue.names, cast), "en")
    assert {t.who for t in turns} == set(cast)
    assert any(t.cut_off for t in turns)


def test_errors_name_file_and_line(pipe, tmp_path):
    path = tmp_path / "d.txt"
    for text, needles in (
        ("ANN: Hi.\n\nBO (joyy): No.", ["d.txt line 3", "joyy", "joy"]),
        ("ANN: Hi.\n<!-- two\nlines -->\nBO: \u4f60", ["d.txt line 4"]),
        ("ANN: Hi.\nBO: <speak>Hi.</speak>", ["d.txt line 2", "ssml: true"]),
        ("ANN: Hi.\n[music: joy]", ["d.txt line 2", "[pause 1.5s]"]),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EmogenError) as caught:
            pipe(path, seed=1)
        assert caught.value.exit_code == 2
        assert all(needle in str(caught.value) for needle in needles), str(caught.value)
