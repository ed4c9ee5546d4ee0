from __future__ import annotations

import json
import pickle
import shutil
import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch

from emogen.codecs.voice import FRAME_S, SAMPLE_RATE, analyze
from emogen.errors import BackendMissing, CheckpointError, EmogenError, InputError, RightsError
from emogen.media.audio import read_audio, write_audio
from emogen.pipelines.base import load, open_backend
from emogen.pipelines.opening import drawn_from
from emogen.pipelines.speech.backends.alignment import timed
from emogen.pipelines.speech.backends.heavy import Ask
from emogen.pipelines.speech.backends.saying import cut, spans_of
from emogen.pipelines.speech.backends.transformers_kinds import KINDS, REFUSED
from emogen.pipelines.speech.backends.transformers_tts import TransformersSpeechPipeline
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.speech.prosody import ProsodyRules
from emogen.pipelines.speech.recording import recording
from emogen.pipelines.speech.voices import Voice
from tests.contract.pipeline import PipelineContract
from tests.pipelines import tiny_speech_models as tiny

TEXT = "We won the game."


def opened(folder, **more):
    pipe = TransformersSpeechPipeline.from_pretrained(folder, feeling=ProsodyRules(), **more)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Kind -> the folder of a tiny model of it, built when first asked for."""
    root, built = tmp_path_factory.mktemp("models"), {}

    def model(name):
        if name not in built:
            built[name] = getattr(tiny, name)(root / name)
        return built[name]

    return model


@pytest.fixture(scope="session")
def voice(tmp_path_factory):
    """A recording of a voice that belongs to nobody."""
    with EspeakSource() as source:
        said = source.phonemes("This is what I sound like, more or less.", variant="klatt6", language=find_language("en"))
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    write_audio(path, said.audio * 0.5, said.sample_rate)
    return path


class TestContract(PipelineContract):
    """A model of transformers with everything that a pipeline promises."""

    content = TEXT
    other_content = "It is late."
    suffix = ".wav"
    index = {
        "codec": ("emogen.codecs.voice", "VoiceCodec"),
        "feeling": ("emogen.pipelines.speech.prosody", "ProsodyRules"),
        "tts": ("transformers", "VitsModel"),
        "processor": ("transformers", "VitsTokenizer"),
    }
    bad_contents = ("", "   ", "...", "😀😀", "你好", 5, None)

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, models):
        return opened(models("vits"))


# -- every kind, spoken through the whole pipeline -------------------------------------------------------------------
@pytest.mark.parametrize("name", ["vits", "speecht5", "fastspeech2", "bark", "dia", "csm", "pocket_tts"])
def test_a_model_of_each_kind_speaks_with_feeling(models, voice, tmp_path, name):
    pipe = opened(models(name))
    more = {"speaker_wav": voice, "rights": "synthetic"} if pipe.engine.needs_reference else {}
    out = pipe(TEXT, "sadness:0.9", seed=3, nonverbal=False, **more)
    again = opened(models(name))(TEXT, "sadness:0.9", seed=3, nonverbal=False, **more)
    assert np.array_equal(out.audio, again.audio)
    assert out.sample_rate == SAMPLE_RATE
    assert [word for word, _, _ in out.words] == TEXT.split()
    times = [t for _, a, b in out.words for t in (a, b)]
    assert times == sorted(times)
    assert times[0] >= 0.0
    assert times[-1] <= out.duration_s
    assert all(a[2] <= b[1] + 1e-9 for a, b in pairwise(out.phones))
    path = out.save(tmp_path / "x.wav")
    assert read_audio(path).duration_s == pytest.approx(out.duration_s, abs=1e-3)
    card = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert card["backend"] == f"transformers/{pipe.tts.config.model_type}"
    assert card["media"]["speaker_model"]["source"] == name
    assert str(models(name)) not in json.dumps(card)


def test_the_feeling_is_ours_and_moves_what_the_model_said(models):
    pipe = opened(models("vits"))
    plain, sad, happy = (pipe(TEXT, e, seed=3, nonverbal=False) for e in ("neutral", "sadness", "joy"))
    assert sad.duration_s > 1.1 * plain.duration_s
    assert happy.duration_s < plain.duration_s


def test_every_kind_is_tried_and_the_refused_ones_are_named(tmp_path):
    assert not KINDS.keys() & REFUSED.keys()
    for name, reason in [*REFUSED.items(), ("bert", "is not spoken with")]:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": name}))
        with pytest.raises(CheckpointError, match=reason) as caught:
            opened(tmp_path)
        assert "Accepted: bark, csm, dia" in str(caught.value)


# -- voices ----------------------------------------------------------------------------------------------------------
def test_a_model_has_voices_of_its_own(models):
    pipe = opened(models("speecht5"))
    assert pipe.engine.speakers == ("ann", "bob")
    ann, bob, default = (pipe(TEXT, seed=1, voice=who) for who in ("ann", "bob", None))
    assert not np.array_equal(ann.audio, bob.audio)
    assert np.array_equal(ann.audio, default.audio)
    with pytest.raises(InputError, match="ann, bob; ours alto"):
        pipe(TEXT, voice="carl")


def test_a_numbered_speaker_and_a_preset_are_used(models, tmp_path):
    several = opened(tiny.vits(tmp_path / "several", speakers=3))
    assert several.engine.speakers == ("0", "1", "2")
    first, third = (several(TEXT, seed=1, voice=who) for who in ("0", "2"))
    assert not np.array_equal(first.audio, third.audio)
    bark = opened(models("bark"))
    assert bark.engine.speakers == ("v2/en_speaker_1",)
    assert not bark.engine.notes


def test_the_default_voice_can_be_moved_to_the_pitch_of_one_of_ours(models):
    pipe = opened(models("vits"))
    low, high = (pipe(TEXT, seed=1, voice=Voice("v", f0_hz=hz)) for hz in (90.0, 240.0))
    means = [np.exp(np.log(o.curves.f0_hz[o.curves.f0_hz > 0]).mean()) for o in (low, high)]
    assert means[1] > 1.5 * means[0]
    assert pipe(TEXT, seed=1).made.request["voice"] == {"name": "own"}
    assert low.made.request["voice"]["like"]["f0_hz"] == 90.0


def test_a_voice_is_cloned_only_with_a_statement_of_rights(models, voice):
    pipe = opened(models("pocket_tts"))
    with pytest.raises(InputError, match="Give speaker_wav and rights"):
        pipe(TEXT)
    with pytest.raises(RightsError, match="own, licensed, synthetic"):
        pipe(TEXT, speaker_wav=voice)
    with pytest.raises(InputError, match="stolen"):
        pipe(TEXT, speaker_wav=voice, rights="stolen")
    with pytest.raises(InputError, match="cannot clone"):
        opened(models("vits"))(TEXT, speaker_wav=voice, rights="own")
    out = pipe(TEXT, seed=1, speaker_wav=voice, rights="own")
    card = out.sidecar()
    assert card["media"]["rights"] == card["request"]["voice"]["rights"] == "own"
    assert card["request"]["voice"]["reference"]["name"] == "voice.wav"
    assert out.provenance.real_input


# -- what a model is told --------------------------------------------------------------------------------------------
class Ear:
    """A processor that remembers what it was given."""

    def __init__(self, processor):
        self.heard, self._processor = [], processor

    def __getattr__(self, name):
        return getattr(self._processor, name)

    def __call__(self, *given, **more):
        self.heard.append(more["text"][0] if "text" in more else given[0])
        return self._processor(*given, **more)


@pytest.mark.parametrize(
    ("name", "sound", "told"),
    [
        ("bark", "laugh", "Oh no. [laughs]"),
        ("bark", "sigh", "[sighs] Oh no."),
        ("bark", "", "Oh no."),
        ("dia", "inhale", "[S1] (inhales) Oh no."),
    ],
)
def test_a_sound_beside_words_becomes_a_tag_where_the_model_knows_one(models, name, sound, told):
    engine = opened(models(name)).engine
    engine.processor = Ear(engine.processor)
    engine.say(Ask("Oh no.", "", None, find_language("en"), 1, sound))
    assert engine.processor.heard == [told]


def test_the_pipeline_leaves_laughter_to_a_model_that_laughs(models):
    pipe, heard = opened(models("bark")), []
    ear = Ear(pipe.processor)
    pipe.__dict__["processor"] = ear
    for seed in range(6):
        out = pipe("Oh yes.", "joy:1.0", seed=seed)
        heard.append(("[laughs]" in ear.heard[-1], "sounds" in out.made.facts))
    assert {told for told, _ in heard} == {True, False}
    assert all(told == said for told, said in heard)
    ear.heard.clear()
    pipe("Oh yes.", "joy:1.0", seed=next(i for i, (told, _) in enumerate(heard) if told), nonverbal=False)
    assert ear.heard == ["Oh yes."]


def test_long_sentences_are_cut_between_words_and_behind_commas():
    text = "one two three, four five six, seven eight nine ten eleven twelve"
    for longest in (12, 20, 35, 100):
        pieces = cut(text, longest)
        assert " ".join(pieces) == text
        assert all(len(piece) <= longest for piece in pieces)
    assert cut(text, 35)[0] == "one two three, four five six,"
    assert cut("incomprehensibilities", 5) == ["incomprehensibilities"]


# -- when what is said -----------------------------------------------------------------------------------------------
def test_the_same_words_at_another_tempo_are_found_again():
    with EspeakSource() as source:
        text = "The birch canoe slid on the smooth planks."
        said, other = (source.phonemes(text, variant=variant, language=find_language("en")) for variant in ("", "f2"))
    slow = np.interp(np.arange(0, len(other.audio), 0.8), np.arange(len(other.audio)), other.audio).astype(np.float32)
    frames = analyze(slow)
    phones, words = timed(said, frames)
    assert [w.text for w in words] == [w.text for w in other.words]
    assert phones[0].start_s == 0.0
    assert phones[-1].end_s == pytest.approx(len(frames) * FRAME_S)
    assert all(a.end_s == b.start_s and b.end_s > b.start_s for a, b in pairwise(phones))
    off = [abs(found.start_s - true.start_s / 0.8) for found, true in zip(words, other.words, strict=True)]
    assert np.median(off) < 0.03
    assert max(off) < 0.12


def test_times_that_a_model_knows_are_kept():
    with EspeakSource() as source:
        said = source.phonemes("We won.", variant="", language=find_language("en"))
    frames = analyze(np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32) * 0.1)
    _, words = timed(said, frames, [(0.1, 0.3), (0.5, 0.9)])
    assert [(w.text, round(w.start_s, 3), round(w.end_s, 3)) for w in words] == [("We", 0.1, 0.3), ("won.", 0.5, 0.9)]


def test_durations_of_letters_are_times_of_words():
    letters = ["k", "a", "k", "b", "k", " ", "k", "k", "k"]
    assert np.allclose(spans_of(letters, True, np.full(9, 0.1), "ab k"), [(0.1, 0.4), (0.7, 0.8)])
    assert np.allclose(spans_of(list("ab c"), False, np.full(4, 0.1), "ab c"), [(0.0, 0.2), (0.3, 0.4)])
    assert spans_of(list("ab c"), False, np.full(4, 0.1), "ab") is None


def test_vits_says_when_its_words_are(models):
    said = opened(models("vits")).engine.say(Ask("we won", "", None, find_language("en"), 1))
    assert len(said.spans) == 2
    assert said.spans[0][1] <= said.spans[1][0]
    assert said.spans[1][1] <= len(said.sound) / said.sample_rate + 1e-6


# -- drawing ---------------------------------------------------------------------------------------------------------
def test_drawing_from_a_seed_leaves_the_generators_of_the_process_alone():
    torch.manual_seed(5)
    np.random.seed(5)
    expected = torch.rand(1).item(), np.random.rand()
    torch.manual_seed(5)
    np.random.seed(5)
    drawn = []
    for _ in range(2):
        with drawn_from(9):
            drawn.append((torch.rand(1).item(), np.random.rand()))
    with pytest.raises(KeyError), drawn_from(9):
        raise KeyError
    assert drawn[0] == drawn[1]
    assert (torch.rand(1).item(), np.random.rand()) == expected


def test_a_stream_gives_what_a_call_gives(models):
    pipe = opened(models("vits"))
    text = "We won. It is late."
    assert np.array_equal(np.concatenate(list(pipe.stream(text, "joy:0.8", seed=4))), pipe(text, "joy:0.8", seed=4).audio)


@pytest.mark.parametrize("name", ["bark", "csm", "dia"])
def test_large_models_speak_in_half_the_numbers(models, name):
    pipe = opened(models(name), torch_dtype=torch.bfloat16)
    assert pipe.tts.dtype == torch.bfloat16
    short = pipe("Oh.", seed=1, nonverbal=False)
    assert np.isfinite(short.audio).all()
    assert not np.array_equal(short.audio, opened(models(name))("Oh.", seed=1, nonverbal=False).audio)
    assert pipe.to("cpu").tts.dtype == torch.float32


# -- opening ---------------------------------------------------------------------------------------------------------
def test_a_backend_is_written_with_its_folder(models):
    pipe = open_backend("speech", f"transformers:{models('vits')}")
    assert type(pipe).__name__ == "TransformersSpeechPipeline"
    for empty in ("transformers", "coqui"):
        with pytest.raises(InputError, match=r"PATH|FOLDER"):
            open_backend("speech", empty)


@pytest.mark.parametrize("name", ["speecht5", "bark"])
def test_a_saved_pipeline_opens_again(models, tmp_path, name):
    pipe = opened(models(name))
    pipe.save_pretrained(str(tmp_path / "saved"), safe_serialization=True)
    if name == "bark":  # its presets are arrays, which a saved pipeline of ours may not hold
        with pytest.raises(CheckpointError, match=r"\.npy"):
            load(tmp_path / "saved")
        return
    again = load(tmp_path / "saved")
    assert type(again) is TransformersSpeechPipeline
    assert np.array_equal(again(TEXT, seed=2).audio, pipe(TEXT, seed=2).audio)


def test_what_is_missing_is_said(models, tmp_path):
    with pytest.raises(CheckpointError, match="no such folder"):
        opened("./nowhere")
    with pytest.raises(CheckpointError, match=r"config\.json"):
        opened(tmp_path)
    bare = shutil.copytree(models("speecht5"), tmp_path / "bare")
    (bare / "speakers.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"vector of who speaks. Put speakers\.safetensors"):
        opened(bare)
    np.save(tmp_path / "carl.npy", np.ones(12, np.float32))
    assert opened(bare, speakers=tmp_path / "carl.npy").engine.speakers == ("carl",)
    with pytest.raises(InputError, match="7 numbers"):
        opened(bare, speakers={"carl": np.ones(7)})
    shutil.rmtree(bare / "vocoder")
    with pytest.raises(CheckpointError, match="holds no vocoder"):
        opened(bare, speakers={"carl": np.ones(12)})
    assert opened(bare, speakers={"carl": np.ones(12)}, vocoder=models("speecht5") / "vocoder").vocoder is not None


def test_pickles_and_broken_weights_are_refused(models, tmp_path):
    folder = shutil.copytree(models("vits"), tmp_path / "pickled")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(CheckpointError, match=r"only the pickle pytorch_model\.bin"):
        opened(folder)
    folder = shutil.copytree(models("vits"), tmp_path / "broken")
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="could not be opened as VitsModel"):
        opened(folder)


def test_code_in_a_checkpoint_is_not_run(models, tmp_path):
    folder = shutil.copytree(models("vits"), tmp_path / "code")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Evil", "AutoConfig": "evil.Config"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nclass Evil: pass\nclass Config: pass\n")
    opened(folder)
    assert not (tmp_path / "run").exists()


def test_a_licence_is_told_and_obeyed(models, caplog, monkeypatch):
    with caplog.at_level("WARNING"):
        pipe = opened(models("vits"))
    assert "cc-by-nc-4.0, for non-commercial use alone" in caplog.text
    out = pipe(TEXT, seed=1)
    assert out.warnings == ["Licence of the speech model: cc-by-nc-4.0."]
    assert out.sidecar()["media"]["speaker_model"]["licence"] == "cc-by-nc-4.0"
    monkeypatch.setenv("EMOGEN_COMMERCIAL", "1")
    with pytest.raises(RightsError, match="non-commercial"):
        opened(models("vits"))


def test_a_tokenizer_that_lacks_its_package_says_which(models, tmp_path):
    folder = shutil.copytree(models("fastspeech2"), tmp_path / "g2p")
    found = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(found | {"tokenizer_class": "FastSpeech2ConformerTokenizer"}))
    try:
        import g2p_en  # noqa: F401
    except ImportError:
        with pytest.raises(BackendMissing, match="pip install g2p-en"):
            opened(folder)
    else:
        pytest.skip("g2p_en is installed")


def test_what_a_model_cannot_say_is_refused(models):
    pipe = opened(models("vits"))
    with pytest.raises(InputError, match="no letters"):
        pipe("Привет мир.", language="ru")
    silent = opened(models("vits"))
    torch.nn.init.zeros_(silent.tts.decoder.conv_post.weight)
    with pytest.raises(EmogenError, match="silence"):
        silent(TEXT)


def test_a_reference_is_heard_for_thirty_seconds_at_most(voice):
    once = read_audio(voice, sample_rate=SAMPLE_RATE).samples
    long = type("Sound", (), {"audio": np.tile(once, 20), "sample_rate": SAMPLE_RATE})()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask = Ask("x", "", recording(long), find_language("en"), 1)
    assert len(ask.voice(16_000)) == 30 * 16_000
