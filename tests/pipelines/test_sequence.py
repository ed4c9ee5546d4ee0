"""The pipeline base keeps the pipeline contract, and what only it promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from safetensors import safe_open

from emogen.codecs.base import Codec
from emogen.conditioning.encoder import EmotionEncoder
from emogen.errors import CheckpointError, InputError, LimitError
from emogen.media.provenance import Provenance
from emogen.models.sequence import SequenceDenoiser
from emogen.pipelines.sequence import SequenceContent, SequencePipeline
from tests.contract.pipeline import PipelineContract


def tiny(**parts) -> SequencePipeline:
    """Random weights that do something: nothing in them is zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        denoiser = SequenceDenoiser(2, content_channels=1, token_channels=3, style_channels=4, emotion_channels=16,
                                    width=32, depth=2, heads=2, window=16, overlap=4)
        encoder = EmotionEncoder(width=16, tokens=4)
        for network in (denoiser, encoder):
            for parameter in network.parameters():
                torch.nn.init.normal_(parameter, std=0.3)
    pipe = SequencePipeline(denoiser.eval(), encoder.eval(), FlowMatchEulerDiscreteScheduler(), **parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


class TestSequence(PipelineContract):
    content = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    other_content = np.ones((30, 1), dtype=np.float32)
    call = {"num_inference_steps": 3}
    suffix = ".safetensors"
    index = {
        "denoiser": ("emogen.models.sequence", "SequenceDenoiser"),
        "emotion_encoder": ("emogen.conditioning.encoder", "EmotionEncoder"),
        "scheduler": ("diffusers", "FlowMatchEulerDiscreteScheduler"),
    }
    bad_contents = (
        None, "text", np.ones((4, 2)), np.ones(4), np.ones((0, 1)), np.full((4, 1), np.nan),
        SequenceContent(frames=np.ones((4, 1)), style=np.ones(3)),
        SequenceContent(frames=np.ones((4, 1)), tokens=np.ones((2, 2))),
    )

    def make(self):
        return tiny()

    def provenance(self, path):
        with safe_open(path, "numpy") as file:
            return Provenance.from_text(file.metadata()["provenance"])


@pytest.fixture(scope="module")
def pipe():
    return tiny()


def test_there_is_no_embedded_checkpoint_and_the_message_says_so():
    with pytest.raises(CheckpointError, match="base of others and has no checkpoint"):
        SequencePipeline.from_pretrained()


@pytest.mark.parametrize(
    "length", [{}, {"seconds": 1, "frames": 3}, {"seconds": 0}, {"seconds": float("nan")}, {"frames": 2.5},
               {"frames": -1}, {"seconds": "long"}, {"frames": True}],
)
def test_the_length_is_said_exactly_once(pipe, length):
    with pytest.raises(InputError):
        pipe(None, "joy", **length)


def test_content_decides_the_length_alone(pipe):
    with pytest.raises(InputError, match="content"):
        pipe(np.ones((8, 1)), "joy", frames=8)


def test_a_length_beyond_the_limit_is_refused_with_the_limit(pipe):
    with pytest.raises(LimitError, match="render_s"):
        pipe(None, "joy", seconds=1e9)


@pytest.mark.parametrize(
    "option", [{"num_inference_steps": 0}, {"num_inference_steps": 2.0}, {"guidance_scale": -1}, {"output_type": "pil"},
               {"emotion_scale": float("inf")}, {"emotion_scale": "strong"}],
)
def test_options_out_of_range_are_refused(pipe, option):
    with pytest.raises(InputError, match=next(iter(option))):
        pipe(None, "joy", frames=4, **option)


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 28, 29, 100])
def test_any_length_comes_out_exactly(pipe, frames):
    output = pipe(None, "joy", frames=frames, num_inference_steps=2, seed=0)
    assert output.frames.shape == (frames, 2)
    assert output.frames.dtype == np.float32
    assert np.isfinite(output.frames).all()


def test_tokens_and_style_change_the_frames(pipe):
    outputs = [
        pipe(content, "joy", frames=40, num_inference_steps=2, seed=0).frames
        for content in (None, SequenceContent(tokens=np.ones((5, 3))), SequenceContent(style=np.ones(4)))
    ]
    assert not np.allclose(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_output_types_hold_the_same_frames(pipe):
    arrays, tensors, latents = (
        pipe(None, "joy", frames=20, num_inference_steps=2, seed=0, output_type=kind).frames
        for kind in ("np", "pt", "latent")
    )
    np.testing.assert_array_equal(arrays, tensors.numpy())
    np.testing.assert_array_equal(arrays, latents.numpy())


def test_the_callback_may_change_the_latents(pipe):
    def clear(who, index, name, tensors):
        return {"latents": torch.zeros_like(tensors["latents"])}

    output = pipe(None, "joy", frames=20, num_inference_steps=2, seed=0, callback_on_step_end=clear)
    assert not output.frames.any()


def test_a_file_holds_frames_rate_and_names(pipe, tmp_path):
    output = pipe(None, "joy", frames=20, num_inference_steps=2, seed=0)
    with safe_open(output.save(tmp_path / "x.safetensors"), "numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("frames"), output.frames)
        assert float(file.metadata()["fps"]) == 25.0
        assert file.metadata()["names"].splitlines() == list(output.names)


def test_half_precision_stays_close():
    call = {"frames": 40, "num_inference_steps": 4, "seed": 0}
    full, half = tiny()(None, "joy", **call).frames, tiny().to(torch.bfloat16)(None, "joy", **call).frames
    assert half.dtype == np.float32
    assert np.linalg.norm(full - half) / np.linalg.norm(full) < 0.1  # bfloat16 has 8 bits


def test_components_that_do_not_fit_are_refused():
    pipe = tiny()
    with pytest.raises(InputError, match="emotion_encoder"):
        SequencePipeline(pipe.denoiser, EmotionEncoder(width=8), pipe.scheduler)


class TwoChannels(Codec):
    modality = "face"

    @property
    def names(self):
        return ("left", "right")

    @property
    def frame_rate(self):
        return 25.0


def test_a_codec_gives_units_and_names():
    codec = TwoChannels()
    with torch.no_grad():
        codec.mean.copy_(torch.tensor([5.0, -5.0]))
        codec.std.copy_(torch.tensor([2.0, 0.5]))
    call = {"frames": 20, "num_inference_steps": 2, "seed": 0}
    plain, coded = tiny()(None, "joy", **call), tiny(codec=codec)(None, "joy", **call)
    assert coded.names == ("left", "right")
    np.testing.assert_allclose(coded.frames, plain.frames * [2.0, 0.5] + [5.0, -5.0], rtol=1e-5)
