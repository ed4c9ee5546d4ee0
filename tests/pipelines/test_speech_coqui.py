from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from emogen.codecs.voice import SAMPLE_RATE
from emogen.errors import BackendMissing, CheckpointError, EmogenError, InputError, RightsError
from emogen.media.audio import read_audio, write_audio
from emogen.pipelines.speech.backends import coqui_files
from emogen.pipelines.speech.backends.coqui import CoquiSpeechPipeline
from emogen.pipelines.speech.backends.torchaudio_part import MelSpectrogram, filters, resample, standing_in
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.speech.prosody import ProsodyRules

TEXT = "We won the game."
installed = pytest.mark.skipif(find_spec("TTS") is None, reason="the package coqui-tts is not installed")


def opened(folder):
    pipe = CoquiSpeechPipeline.from_pretrained(folder, feeling=ProsodyRules())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def vits(folder: Path, **fields) -> Path:
    """A VITS of coqui-tts with random weights and two speakers."""
    with standing_in():
        from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
        from TTS.tts.models.vits import Vits
    args = VitsArgs(
        num_chars=67, hidden_channels=16, hidden_channels_ffn_text_encoder=16, num_heads_text_encoder=2,
        num_layers_text_encoder=1, num_layers_posterior_encoder=1, num_layers_flow=1, upsample_initial_channel_decoder=16,
        resblock_kernel_sizes_decoder=[3], resblock_dilation_sizes_decoder=[[1, 3, 5]], init_discriminator=False,
        length_scale=3.0, use_speaker_embedding=True, speaker_embedding_channels=8,
    )  # fmt: skip
    config = VitsConfig(model_args=args, text_cleaner="english_cleaners", use_phonemes=False, speakers=["ann", "bob"])
    for name, value in fields.items():
        setattr(config, name, value)
    torch.manual_seed(0)
    model = Vits(config)
    folder.mkdir(exist_ok=True)
    config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    return folder


def your_tts(folder: Path) -> Path:
    """As YourTTS: vectors of speakers instead of numbers, two languages, an encoder that makes such vectors."""
    with standing_in():
        from TTS.encoder.configs.speaker_encoder_config import SpeakerEncoderConfig
        from TTS.encoder.utils.generic_utils import setup_encoder_model
        from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
        from TTS.tts.models.vits import Vits
    folder.mkdir()
    torch.manual_seed(0)
    params = {"model_name": "lstm", "input_dim": 80, "proj_dim": 8, "lstm_dim": 16, "num_lstm_layers": 1, "use_torch_spec": False}
    encoder_config = SpeakerEncoderConfig(
        model_params=params, num_classes_in_batch=2, num_utter_per_class=2, num_loader_workers=0
    )
    encoder_config.save_json(str(folder / "config_se.json"))
    with standing_in():
        torch.save({"model": setup_encoder_model(encoder_config).state_dict()}, folder / "model_se.pth")
    draw = np.random.default_rng(0)
    vectors = {f"{n}.wav": {"name": n, "embedding": draw.standard_normal(8).tolist()} for n in ("ann", "bob")}
    (folder / "speakers.json").write_text(json.dumps(vectors))
    (folder / "language_ids.json").write_text(json.dumps({"en": 0, "fr-fr": 1}))
    args = VitsArgs(
        num_chars=67, hidden_channels=16, hidden_channels_ffn_text_encoder=16, num_heads_text_encoder=2,
        num_layers_text_encoder=1, num_layers_posterior_encoder=1, num_layers_flow=1, upsample_initial_channel_decoder=16,
        resblock_kernel_sizes_decoder=[3], resblock_dilation_sizes_decoder=[[1, 3, 5]], init_discriminator=False,
        length_scale=3.0, use_d_vector_file=True, d_vector_dim=8, d_vector_file=[str(folder / "speakers.json")],
        use_language_embedding=True, language_ids_file=str(folder / "language_ids.json"),
    )  # fmt: skip
    config = VitsConfig(model_args=args, text_cleaner="multilingual_cleaners", use_phonemes=False)
    model = Vits(config)
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    # As trained elsewhere: the paths of that machine.
    args.d_vector_file = ["/home/trainer/data/speakers.json"]
    args.language_ids_file = "/home/trainer/data/language_ids.json"
    args.speaker_encoder_model_path = "/home/trainer/encoder/model_se.pth"
    args.speaker_encoder_config_path = "/home/trainer/encoder/config_se.json"
    config.save_json(str(folder / "config.json"))
    return folder


def xtts(folder: Path) -> Path:
    """An XTTS with random weights, kept as the published one is: a pickle with its configuration inside."""
    from tokenizers import Tokenizer, models

    with standing_in():
        from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
        from TTS.tts.models import xtts as module
    folder.mkdir(exist_ok=True)
    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]", "[de]"]
    vocabulary = {t: i for i, t in enumerate([*special, *"abcdefghijklmnopqrstuvwxyz.,!?'"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "vocab.json"))
    args = XttsArgs(
        gpt_layers=1, gpt_n_model_channels=64, gpt_n_heads=2, gpt_max_audio_tokens=60, gpt_max_text_tokens=250,
        gpt_max_prompt_tokens=20, gpt_num_audio_tokens=66, gpt_start_audio_token=64, gpt_stop_audio_token=65,
        decoder_input_dim=64,
    )  # fmt: skip
    config = XttsConfig(model_args=args, audio=XttsAudioConfig(), languages=["en", "de"])
    torch.manual_seed(0)
    model = module.Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab_file=str(folder / "vocab.json"))
    model.init_models()
    config.save_json(str(folder / "config.json"))
    with module._legacy_safe_globals():
        torch.save({"model": model.state_dict(), "config": config}, folder / "model.pth")
    draw = torch.Generator().manual_seed(0)
    voices = {
        name: {"gpt_cond_latent": torch.randn(1, 32, 64, generator=draw), "speaker_embedding": torch.randn(1, 512, 1, generator=draw)}
        for name in ("Ann", "Bob")
    }
    torch.save(voices, folder / "speakers_xtts.pth")
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("coqui")
    return {"vits": vits(root / "vits"), "xtts": xtts(root / "xtts")}


@pytest.fixture(scope="session")
def voice(tmp_path_factory):
    with EspeakSource() as source:
        said = source.phonemes("This is what I sound like, more or less.", variant="klatt6", language=find_language("en"))
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    write_audio(path, said.audio * 0.5, said.sample_rate)
    return path


# -- with the package ------------------------------------------------------------------------------------------------
@installed
@pytest.mark.parametrize(("name", "speakers"), [("vits", ("ann", "bob")), ("xtts", ("Ann", "Bob"))])
def test_a_model_speaks_with_feeling(folders, tmp_path, name, speakers):
    pipe = opened(folders[name])
    assert pipe.engine.speakers == speakers
    outs = [opened(folders[name])(TEXT, "sadness:0.9", seed=3, voice=who) for who in (*speakers, speakers[0], None)]
    assert np.array_equal(outs[0].audio, outs[2].audio)
    assert np.array_equal(outs[0].audio, outs[3].audio)
    assert not np.array_equal(outs[0].audio, outs[1].audio)
    assert outs[0].duration_s > pipe(TEXT, seed=3).duration_s
    assert [w for w, _, _ in outs[0].words] == TEXT.split()
    outs[0].save(tmp_path / "x.wav")
    card = json.loads((tmp_path / "x.json").read_text())
    assert card["backend"] == f"coqui/{name}"
    assert card["media"]["speaker_model"]["source"] == name
    assert card["models"]["tts"]


@installed
def test_xtts_clones_a_voice_and_says_what_its_licence_is(folders, voice, caplog, monkeypatch):
    with caplog.at_level("WARNING"):
        pipe = opened(folders["xtts"])
    assert "for non-commercial use alone" in caplog.text
    with pytest.raises(RightsError):
        pipe(TEXT, speaker_wav=voice)
    out = pipe(TEXT, seed=3, speaker_wav=voice, rights="own")
    assert not np.array_equal(out.audio, pipe(TEXT, seed=3).audio)
    assert out.sidecar()["media"]["rights"] == "own"
    assert any("Coqui Public Model License" in warning for warning in out.warnings)
    with pytest.raises(InputError, match="Accepted: en, de"):
        pipe("Nous avons gagné.", language="fr")
    with pytest.raises(InputError, match="cannot clone"):
        opened(folders["vits"])(TEXT, speaker_wav=voice, rights="own")
    monkeypatch.setenv("EMOGEN_COMMERCIAL", "1")
    with pytest.raises(RightsError, match="non-commercial"):
        opened(folders["xtts"])


@installed
def test_a_vits_with_an_encoder_clones_and_speaks_its_languages(voice, tmp_path):
    pipe = opened(your_tts(tmp_path / "your_tts"))
    assert (pipe.engine.speakers, pipe.engine.clones) == (("ann", "bob"), True)
    ann, french = pipe(TEXT, seed=1), pipe(TEXT, seed=1, language="fr")
    clone = pipe(TEXT, seed=1, speaker_wav=voice, rights="synthetic")
    assert not np.array_equal(ann.audio, clone.audio)
    assert not np.array_equal(ann.audio, french.audio)
    with pytest.raises(InputError, match="Accepted: en, fr-fr"):
        pipe("Wir haben gewonnen.", language="de")


@installed
def test_a_checkpoint_is_not_written_and_safetensors_are_the_same(folders, tmp_path):
    from safetensors.torch import save_file

    folder = shutil.copytree(folders["xtts"], tmp_path / "xtts")
    before = (folder / "model.pth").read_bytes()
    first = opened(folder)(TEXT, seed=1)
    assert (folder / "model.pth").read_bytes() == before
    with standing_in():
        weights = coqui_files.read_weights(folder / "model.pth")["model"]
    (folder / "model.pth").unlink()
    save_file({k: v.clone().contiguous() for k, v in weights.items()}, folder / "model.safetensors")
    assert np.array_equal(opened(folder)(TEXT, seed=1).audio, first.audio)


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


@installed
def test_a_pickle_that_runs_code_is_not_opened(folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("vits", "xtts"):
        folder = shutil.copytree(folders[name], tmp_path / name)
        torch.save({"model": {}, "x": Bomb()}, folder / "model.pth")
        with pytest.raises(CheckpointError, match="pickle of more than weights"):
            opened(folder)
        (folder / "model.pth").write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(CheckpointError):
            opened(folder)
    folder = shutil.copytree(folders["xtts"], tmp_path / "speakers")
    torch.save({"Ann": Bomb()}, folder / "speakers_xtts.pth")
    with pytest.raises(EmogenError):
        opened(folder)
    assert not (tmp_path / "exploded").exists()


@installed
def test_a_model_that_was_not_fetched_is_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("TTS_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for model in ("tts_models/en/ljspeech/vits", "tts_models/multilingual/multi-dataset/xtts_v2"):
        with pytest.raises(CheckpointError, match=f"--model_name {model}"):
            opened(model)
    with pytest.raises(CheckpointError, match="no such model"):
        opened("tts_models/en/nobody/vits")
    with pytest.raises(CheckpointError, match="transformers:facebook/mms-tts-deu"):
        opened("tts_models/deu/fairseq/vits")
    assert list(tmp_path.iterdir()) == []


@installed
def test_a_fetched_model_opens_by_its_id(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("TTS_HOME", str(tmp_path))
    shutil.copytree(folders["vits"], tmp_path / "tts" / "tts_models--en--ljspeech--vits")
    out = opened("tts_models/en/ljspeech/vits")(TEXT, seed=1)
    assert out.made.facts["speaker_model"] == {"source": "tts_models/en/ljspeech/vits", "kind": "vits", "licence": "apache 2.0"}


@installed
def test_the_parts_leave_nothing_behind(folders):
    from transformers.utils import is_torchaudio_available

    opened(folders["vits"])
    if not is_torchaudio_available():
        assert not any(name.partition(".")[0] in ("torchaudio", "torchcodec") for name in sys.modules)


# -- without it ------------------------------------------------------------------------------------------------------
def test_the_missing_package_is_named():
    if find_spec("TTS") is not None:
        pytest.skip("coqui-tts is installed")
    with pytest.raises(BackendMissing, match="pip install coqui-tts"):
        CoquiSpeechPipeline.from_pretrained("tts_models/en/ljspeech/vits")


def written(folder: Path, **config) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.pth").write_bytes(b"")
    return folder


def test_a_configuration_that_reaches_out_is_refused(tmp_path):
    for config, message in (
        ({"model": "bark"}, "'bark' is not spoken with"),
        ({"model": "tortoise"}, "Accepted: vits, xtts"),
        ({"model": "vits", "base_model": "../../evil"}, "is not spoken with"),
        ({"model": "vits", "characters": {"characters_class": "evil.Evil"}}, "a class outside of coqui-tts"),
        ({"model": "vits", "audio": {"stats_path": "stats.npy"}}, "stats_path"),
        ({"model": "vits", "model_args": {"speakers_file": "/etc/passwd"}}, "which is not in the folder"),
        ({"model": "vits", "d_vector_file": ["/x/a.pth", "/x/b.pth"]}, "which is not in the folder"),
        ({}, "is not spoken with"),
    ):
        with pytest.raises(CheckpointError, match=message):
            coqui_files.find(written(tmp_path, **config))
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(CheckpointError, match="can be read"):
        coqui_files.find(tmp_path)
    (tmp_path / "model.pth").unlink()
    (tmp_path / "config.json").write_text('{"model": "vits"}')
    with pytest.raises(CheckpointError, match="holds no weights"):
        coqui_files.find(tmp_path)
    with pytest.raises(CheckpointError, match="tts_models/"):
        coqui_files.find("nowhere")


def test_files_of_a_configuration_are_looked_for_beside_it(tmp_path):
    folder = written(tmp_path, model="vits", model_args={"speakers_file": "/home/someone/run-1/speakers.json", "d_vector_file": None})
    (folder / "speakers.json").write_text("{}")
    found = coqui_files.find(folder)
    assert found.config["model_args"] == {"speakers_file": str(folder / "speakers.json"), "d_vector_file": None}
    assert (found.kind, found.licence, found.name) == ("vits", "not stated", tmp_path.name)
    assert "Coqui Public Model License" in coqui_files.find(written(tmp_path, model="xtts")).licence


def test_mel_bands_are_triangles_over_their_centres():
    plain = filters(20, 16_000, 0.0, 8_000.0, 513, None)
    assert plain.shape == (513, 20)
    assert plain.max() <= 1.0
    assert np.all(np.diff(plain.argmax(axis=0)) > 0)
    inside = plain[2 : int(plain.argmax(axis=0)[-1])]
    assert np.allclose(inside[plain.argmax(axis=0)[0] :].sum(axis=1), 1.0, atol=1e-4)
    slaney = filters(20, 16_000, 0.0, 8_000.0, 513, "slaney")
    assert np.allclose(slaney.sum(axis=0)[5:], 1.0 / (8_000.0 / 512), rtol=0.1)


def test_a_tone_sounds_in_its_band_and_keeps_its_length():
    time_s = np.arange(16_000) / 16_000
    tone = torch.from_numpy(np.sin(2 * np.pi * 1_000 * time_s).astype(np.float32))[None]
    found = MelSpectrogram(16_000, 512, 400, 160, n_mels=40, window_fn=torch.hamming_window)
    bands = found(tone)[0, :, 50]
    assert filters(40, 16_000, 0.0, 8_000.0, 257, None)[32, int(bands.argmax())] > 0.4  # bin 32 is 1 kHz
    assert set(found.state_dict()) == {"spectrogram.window", "mel_scale.fb"}
    assert resample(tone, 16_000, SAMPLE_RATE).shape == (1, SAMPLE_RATE)


def test_the_stand_ins_are_gone_afterwards(voice):
    code = (
        "import sys\n"
        "from emogen.pipelines.speech.backends.torchaudio_part import standing_in\n"
        "before = {m for m in sys.modules if m.startswith(('torchaudio', 'torchcodec'))}\n"
        "with standing_in():\n"
        "    import torchaudio\n"
        "    from torchaudio.functional import resample\n"
        "    sound, rate = torchaudio.load(sys.argv[1])\n"
        "    assert sound.shape[0] == 1 and rate == 22050\n"
        "after = {m for m in sys.modules if m.startswith(('torchaudio', 'torchcodec'))}\n"
        "assert after == before or 'torchaudio' in before, after\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(voice)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert read_audio(voice).sample_rate == SAMPLE_RATE
