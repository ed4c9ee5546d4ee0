"""Backends of music: what they are opened from, what is refused, and what they say when it fails."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec

import huggingface_hub.constants
import pytest
import torch

from emogen.errors import BackendMissing, CheckpointError, EmogenError, InputError, LimitError, RightsError
from emogen.pipelines.base import load, open_backend
from emogen.pipelines.music.backends.ace_step import AceStepMusicPipeline
from emogen.pipelines.music.backends.musicgen import MusicgenPipeline
from emogen.pipelines.music.backends.stable_audio import StableAudioMusicPipeline
from tests.pipelines.music_backends import CLASSES, run, tune


# -- opening ----------------------------------------------------------------------------------------------------------
def test_a_backend_is_written_with_its_folder(music_models):
    for name, kind in CLASSES.items():
        assert type(open_backend("music", f"{kind.backend}:{music_models(name)}")) is kind


def test_what_cannot_be_opened_is_said(music_models, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for written, error, says in (
        ("musicgen", InputError, "Write musicgen:PATH_OR_ID"),
        ("stable-audio:./nowhere", InputError, "no such folder. Accepted: a folder or a hub id of a StableAudio"),
        (
            "musicgen:nowhere",
            InputError,
            "no such folder. Accepted: a folder or a hub id of a musicgen or musicgen_melody",
        ),
        (f"ace-step:{tmp_path}", InputError, r"holds no model_index\.json"),
        (f"musicgen:{tmp_path}", InputError, r"holds no config\.json"),
        (f"musicgen:{music_models('stable_audio') / 'transformer'}", InputError, "holds a None"),
        (
            f"audioldm2:{music_models('stable_audio')}",
            InputError,
            "holds a StableAudioPipeline. Accepted: .* AudioLDM2Pipeline",
        ),
        ("musicgen:nobody/nothing", BackendMissing, "hub or its cache"),
    ):
        with pytest.raises(error, match=says) as caught:
            open_backend("music", written)
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(find_spec("torchsde") is not None, reason="torchsde is installed")
def test_a_missing_package_is_named(music_models, tmp_path):
    folder = shutil.copytree(music_models("stable_audio"), tmp_path / "a")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(
        json.dumps({**index, "scheduler": ["diffusers", "CosineDPMSolverMultistepScheduler"]})
    )
    with pytest.raises(BackendMissing, match=r"wants torchsde, which is not installed\. Install it: pip install torchsde"):
        StableAudioMusicPipeline.from_pretrained(folder)


def test_pickles_code_and_broken_files_are_refused(music_models, tmp_path):
    def changed(name, change):
        folder = shutil.copytree(music_models(name), tmp_path / f"{name}_{change.__name__}")
        change(next(p for p in (folder / "transformer", folder) if p.is_dir()))
        return folder

    def pickled(folder):
        weights = next(folder.glob("*.safetensors"))
        torch.save({}, weights.with_suffix(".bin"))
        weights.unlink()

    def cut(folder):
        weights = next(folder.glob("*.safetensors"))
        weights.write_bytes(weights.read_bytes()[:1000])

    def garbled(folder):
        (folder / "config.json").write_text("{")

    for name in ("musicgen", "stable_audio"):
        for change in (pickled, cut, garbled):
            with pytest.raises(CheckpointError) as caught:
                CLASSES[name].from_pretrained(changed(name, change))
            assert len(str(caught.value).splitlines()) == 1


def test_the_licence_is_said_kept_and_heeded(music_models, opened_music, tmp_path, monkeypatch):
    assert "Licence of the model: mit." in run("ace_step", opened_music("ace_step")).warnings
    out = run("audioldm2", opened_music("audioldm2"))
    assert out.sidecar()["media"]["music_model"]["licence"] == "cc-by-nc-sa-4.0"
    opened_music("musicgen").save_pretrained(str(tmp_path / "saved"), safe_serialization=True)
    assert load(tmp_path / "saved").config["licence"] == "cc-by-nc-4.0"
    monkeypatch.setenv("EMOGEN_COMMERCIAL", "1")
    for folder in (music_models("musicgen"), tmp_path / "saved"):
        with pytest.raises(RightsError, match="cc-by-nc"):
            MusicgenPipeline.from_pretrained(folder)
    assert AceStepMusicPipeline.from_pretrained(music_models("ace_step")).config["licence"] == "mit"


# -- options ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "options",
    [
        {"seconds": 1.0}, {"seconds": -3.0}, {"seconds": float("nan")}, {"seconds": "long"}, {"tempo_bpm": 0}, {"key": "H minor"},
        {"num_inference_steps": 0}, {"num_inference_steps": 2.5}, {"guidance_scale": 0.5}, {"steering": 9}, {"instruments": "flute"},
        {"instruments": [""]}, {"like": tune(440), "follow": 2.0},
    ],
)  # fmt: skip
def test_options_that_cannot_be_used(opened_music, options):
    with pytest.raises(EmogenError) as caught:
        run("stable_audio", opened_music("stable_audio"), **options)
    assert caught.value.exit_code == 2


def test_limits_and_options_of_other_models(opened_music):
    with pytest.raises(LimitError, match=r"limits\.music_s"):
        run("stable_audio", opened_music("stable_audio"), seconds=1e6)
    with pytest.raises(InputError, match="musicgen does not denoise"):
        run("musicgen", opened_music("musicgen"), num_inference_steps=5)


def test_a_model_that_fails_says_so(opened_music, monkeypatch):
    pipe = opened_music("stable_audio")

    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(pipe.model.transformer, "forward", full)
    with pytest.raises(EmogenError, match=r"the model failed: CUDA out of memory.*shorter piece"):
        run("stable_audio", pipe)
