"""Photoreal talking heads: what they are opened from, what is refused, and what they say when it fails."""

from __future__ import annotations

import json
import shutil

import huggingface_hub.constants
import numpy as np
import pytest
import torch

from emogen.errors import BackendMissing, CheckpointError, EmogenError, InputError, LimitError, RightsError
from emogen.pipelines.base import open_backend
from emogen.pipelines.talking_head.backends.image_to_video import ImageToVideoTalkingHeadPipeline
from emogen.pipelines.talking_head.backends.wan_animate import WanAnimateTalkingHeadPipeline
from tests.pipelines.head_backends import run


# -- opening ----------------------------------------------------------------------------------------------------------
def test_a_backend_is_written_with_its_folder(head_models):
    assert type(open_backend("talking_head", f"wan-animate:{head_models('wan_animate')}")) is WanAnimateTalkingHeadPipeline
    assert type(open_backend("talking_head", f"i2v:{head_models('ltx')}")) is ImageToVideoTalkingHeadPipeline


def test_what_cannot_be_opened_is_said(head_models, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for written, error, says in (
        ("wan-animate", InputError, "PATH_OR_ID"),
        ("i2v:./nowhere", InputError, "no such folder. Accepted: a folder or a hub id of a LTX"),
        ("i2v:nowhere", InputError, "no such folder"),
        (f"wan-animate:{tmp_path}", InputError, r"holds no model_index\.json"),
        (f"wan-animate:{head_models('ltx')}", InputError, "holds a LTXImageToVideoPipeline. Accepted: .* WanAnimatePipeline"),
        ("wan-animate:nobody/nothing", BackendMissing, "hub or its cache. Accepted: .* WanAnimatePipeline"),
    ):
        with pytest.raises(error, match=says) as caught:
            open_backend("talking_head", written)
        assert len(str(caught.value).splitlines()) == 1


def test_pickles_code_and_broken_files_are_refused(head_models, opened_head, tmp_path, plain_face):
    def changed(change):
        folder = shutil.copytree(head_models("wan_animate"), tmp_path / change.__name__)
        change(folder)
        return folder

    def pickled(folder):
        weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
        torch.save({}, weights.with_suffix(".bin"))
        weights.unlink()

    def coded(folder):
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps({**index, "scheduler": ["planted", "Planted"]}))
        (folder / "scheduler" / "planted.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")

    def cut(folder):
        weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])

    def garbled(folder):
        (folder / "model_index.json").write_text("{")

    for change in (pickled, coded, cut, garbled):
        with pytest.raises(CheckpointError) as caught:
            WanAnimateTalkingHeadPipeline.from_pretrained(changed(change), face=plain_face)
        assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "ran").exists()


def test_the_licence_is_said_and_kept(head_models, opened_head, monkeypatch):
    assert "Licence of the video model: apache-2.0." in run(opened_head("wan_animate")).warnings
    assert "The video model's card states no licence." in run(opened_head("ltx")).warnings
    assert run(opened_head("wan_i2v")).sidecar()["media"]["video_model"]["licence"] == "cc-by-nc-4.0"
    monkeypatch.setenv("EMOGEN_COMMERCIAL", "1")
    with pytest.raises(RightsError, match="cc-by-nc"):
        opened_head("wan_i2v")


def test_on_a_graphics_card_networks_take_turns(opened_head, monkeypatch):
    pipe, done = opened_head("wan_i2v", two_stages=True), []
    monkeypatch.setattr(pipe.video, "enable_model_cpu_offload", lambda device: done.append(("offload", str(device))))
    for net in (pipe.video.transformer, pipe.video.transformer_2):
        monkeypatch.setattr(net, "set_attention_backend", lambda name: done.append(("attention", name)))
    assert pipe.to("cuda:0") is pipe
    assert done[0] == ("offload", "cuda:0")
    assert [kind for kind, _ in done] == ["offload", "attention", "attention"]
    assert done[1][1] in ("xformers", "native")


def test_networks_that_take_turns_make_the_same_pictures(opened_head):
    for name in ("wan_animate", "ltx"):
        pipe = opened_head(name)
        first = run(pipe).pictures
        pipe.video.enable_model_cpu_offload(device="cpu")
        assert np.array_equal(run(pipe).pictures, first)


# -- options ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "options",
    [
        {"size": 65}, {"size": 4096}, {"size": "big"}, {"fps": 0}, {"fps": 1e9}, {"num_inference_steps": 0},
        {"num_inference_steps": 2.5}, {"segment_frames": 6}, {"segment_frames": 1}, {"face_guidance": 0.5},
        {"text_guidance": float("nan")}, {"portrait": "missing.jpg"}, {"mouth": 7},
    ],
)  # fmt: skip
def test_options_that_cannot_be_used(opened_head, options):
    with pytest.raises(EmogenError) as caught:
        run(opened_head("wan_animate"), **options)
    assert caught.value.exit_code == 2
    for more in ({"follow": 1.5}, {"guidance_scale": 0}):
        with pytest.raises(InputError):
            run(opened_head("ltx"), **more)


def test_a_long_voice_is_refused_before_anything_is_drawn(opened_head):
    with pytest.raises(LimitError, match="61 s; video models are asked for at most 60 s"):
        run(opened_head("ltx"), seconds=61.0, fps=1.0)


def test_a_model_that_fails_says_so(opened_head, monkeypatch):
    pipe = opened_head("ltx")

    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(pipe.video.transformer, "forward", full)
    with pytest.raises(EmogenError, match=r"the video model failed: CUDA out of memory.*smaller size"):
        run(pipe)
