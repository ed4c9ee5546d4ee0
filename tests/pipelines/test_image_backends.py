"""Pictures by text-to-image models: tiny ones of the real classes, saved, opened and asked for real."""

from __future__ import annotations

from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from emogen.conditioning.emotion import Emotion
from emogen.errors import CheckpointError, EmogenError, InputError, LimitError
from emogen.media.jsonio import read_json
from emogen.models.emotion_adapter import EmotionAdapter
from emogen.pipelines.image.backends.text_to_image import DiffusersImagePipeline
from emogen.pipelines.prompt_reading import read, steered
from emogen.pipelines.prompt_wording import worded
from emogen.pipelines.prompted import WAYS, adapted
from tests.contract.pipeline import PipelineContract
from tests.pipelines import tiny_prompted_models as tiny

PAINTED = ("stable_diffusion", "sdxl", "sd3", "flux")
KINDS = (*PAINTED, "pixart")  # which paints 256 px at least
FEW = {"num_inference_steps": 2, "width": 32, "height": 32}
#: What each reads a prompt as.
READ = {
    "stable_diffusion": {"prompt"}, "sdxl": {"prompt", "pooled"}, "sd3": {"clip", "t5", "pooled"}, "flux": {"prompt", "pooled"},
    "pixart": {"prompt"},
}  # fmt: skip


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    """A backend with a tiny model of a kind, opened once."""
    root, pipes = tmp_path_factory.mktemp("image_models"), {}

    def open_(name):
        if name not in pipes:
            pipes[name] = DiffusersImagePipeline.from_pretrained(getattr(tiny, name)(root / name))
            pipes[name].set_progress_bar_config(disable=True)
        return pipes[name]

    return open_


def paint(pipe, prompt="a harbour", emotion="joy:0.9", **more):
    return pipe(prompt, emotion, **{"seed": 1, **FEW, **more})


def shaken(pipe):
    """An adapter for a pipeline that moves something."""
    torch.manual_seed(0)
    found = EmotionAdapter(
        {n: x.shape[-1] for n, x in read(pipe.model, [""]).embeddings.items()}, ("pooled",), 16, 1, 2, 2
    )
    for net in found.nets.values():
        torch.nn.init.normal_(net.leave.weight, std=0.5)
    return found.eval()


class TestDiffusersImagePipeline(PipelineContract):
    content = "a harbour"
    other_content = "two people 🎉 on a bridge"
    suffix = ".png"
    call = FEW
    track = "0s joy:0.7; 1s sadness"
    bad_contents = ("", "   ", 5, "x" * 100_001)
    index = {
        "model": ("stable_diffusion_xl", "StableDiffusionXLPipeline"),
        "directions": ("emogen.pipelines.prompt_steering", "PromptDirections"),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, opened):
        return opened("sdxl")


# -- every kind --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", PAINTED)
def test_a_zero_emotion_gives_what_the_model_gives_and_a_feeling_does_not(opened, name):
    pipe = opened(name)
    alone = pipe.model("a harbour", **FEW, generator=torch.Generator().manual_seed(1), output_type="np").images[0]
    alone = np.rint(alone * 255).astype(np.uint8)
    for way in ("directions", "phrases"):
        assert np.array_equal(paint(pipe, emotion="neutral", way=way).image, alone)
        assert np.array_equal(paint(pipe, emotion="joy:0", way=way).image, alone)
        assert not np.array_equal(paint(pipe, way=way).image, alone)
    assert np.array_equal(paint(pipe, steering=0.0).image, alone)
    assert "encode_prompt" not in vars(pipe.model)


@pytest.mark.parametrize("name", KINDS)
def test_each_encoder_is_moved_in_its_own_space(opened, name):
    pipe, emotion = opened(name), Emotion.parse("fear:0.8")
    model, found = pipe.model, read(pipe.model, ["a harbour"])
    assert set(found.embeddings) == READ[name]
    move = lambda e, m: pipe.directions.moved(e, m, emotion, 2.0)  # noqa: E731
    with steered(model, "a harbour", move):
        moved, other = read(model, ["a harbour"]), read(model, ["a forest"])
    assert all(torch.equal(v, read(model, ["a forest"]).embeddings[n]) for n, v in other.embeddings.items())
    for key, before in found.embeddings.items():
        off = moved.embeddings[key].double() - before.double()
        step = 2 * pipe.directions.step(key, emotion)
        assert step.norm() > 0
        lead = pipe.directions.config["leads"].get(key, 0)
        assert lead == (key in ("prompt", "clip") and name in ("stable_diffusion", "sdxl", "sd3"))
        if key in found.masks:
            assert torch.equal(off[:, :lead], torch.zeros_like(off[:, :lead]))
            off = off[:, lead:][found.masks[key][:, lead:]]
        assert torch.allclose(off, step.expand_as(off), atol=1e-5)


# -- directions --------------------------------------------------------------------------------------------------------
def test_directions_add_up_and_vanish(opened):
    steps = opened("sdxl").directions
    step = lambda text: steps.step("prompt", Emotion.parse(text))  # noqa: E731
    assert torch.equal(step("neutral"), torch.zeros(32, dtype=torch.float64))
    assert torch.allclose(step("joy:0.5") * 2, step("joy"))
    assert not torch.allclose(step("calm"), step("joy") * 0.3)  # calm is more than a quiet joy
    assert torch.allclose(step("anger") + 0.5 * step("fear"), step("anger+fear:0.5"))
    assert torch.allclose(step("neutral>joy:0.5"), step("joy") / 2)


# -- adapters ----------------------------------------------------------------------------------------------------------
def test_an_adapter_is_saved_loaded_and_moves_the_embedding(opened, tmp_path):
    pipe = opened("sd3")
    shaken(pipe).save_pretrained(str(tmp_path / "adapter"))
    pipe.save_pretrained(str(tmp_path / "pipe"))
    with_it = DiffusersImagePipeline.from_pretrained(tmp_path / "pipe" / "model", adapter=tmp_path / "adapter")
    with_it.set_progress_bar_config(disable=True)
    neutral = paint(pipe, emotion="neutral").image
    assert np.array_equal(paint(with_it, emotion="neutral").image, neutral)
    felt = paint(with_it)
    assert felt.made.request["way"] == "adapter"
    assert not np.array_equal(felt.image, neutral)
    with_it.save_pretrained(str(tmp_path / "both"))
    again = DiffusersImagePipeline.from_pretrained(tmp_path / "both")
    again.set_progress_bar_config(disable=True)
    assert np.array_equal(paint(again).image, felt.image)
    with pytest.raises(InputError, match="opened with an adapter"):
        paint(with_it, way="directions")


def test_an_untrained_adapter_and_intensity_zero_leave_the_embedding_alone(opened):
    pipe = opened("sdxl")
    found = read(pipe.model, ["a harbour"])
    net = shaken(pipe)
    assert adapted(net, found.embeddings, found.masks, Emotion.parse("neutral")) is found.embeddings
    half, full = (adapted(net, found.embeddings, found.masks, Emotion.parse(e)) for e in ("fear:0.5", "fear"))
    for key, before in found.embeddings.items():
        assert torch.allclose((half[key] - before) * 2, full[key] - before, atol=1e-5)
        assert not torch.allclose(full[key], before)
    blank = EmotionAdapter(net.config["widths"], ("pooled",), 16, 1, 2, 2)
    moved = adapted(blank, found.embeddings, found.masks, Emotion.parse("fear"))
    assert all(torch.equal(moved[key], before) for key, before in found.embeddings.items())
    near = net(found.embeddings, torch.full((1, 3), 1e-4), torch.ones(1))  # towards neutral it fades out by itself
    assert all(float(value.abs().max()) < 1e-2 for value in near.values())


def test_an_adapter_of_another_model_is_refused(opened, tmp_path):
    folder = tmp_path / "adapter"
    shaken(opened("sd3")).save_pretrained(str(folder))
    opened("sdxl").save_pretrained(str(tmp_path / "pipe"))
    model = tmp_path / "pipe" / "model"
    with pytest.raises(
        CheckpointError,
        match="is made for clip of 32, pooled of 32, t5 of 32; the model has pooled of 16, prompt of 32",
    ):
        DiffusersImagePipeline.from_pretrained(model, adapter=folder)
    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        DiffusersImagePipeline.from_pretrained(model, adapter=tmp_path / "nowhere")
    (folder / "diffusion_pytorch_model.safetensors").write_bytes(b"broken")
    with pytest.raises(CheckpointError, match="could not be opened"):
        DiffusersImagePipeline.from_pretrained(model, adapter=folder)


# -- words -------------------------------------------------------------------------------------------------------------
def test_phrases_say_what_emoset_names():
    sad = worded("a harbour", Emotion.parse("sadness"))
    assert sad.startswith("a harbour, ")
    assert "grey and blue" in sad
    assert "sadness" in sad
    assert "tears" not in sad
    assert "tears" in worded("two children at a harbour", Emotion.parse("sadness"))
    assert len(worded("a harbour", Emotion.parse("sadness:0.2"))) < len(sad)
    assert worded("a harbour", Emotion.parse("neutral")) == "a harbour"


def test_what_an_encoder_does_not_read_is_said_and_the_feeling_comes_first(opened):
    long = "boats and gulls " * 3_500
    out = paint(opened("flux"), long, way="phrases")
    assert any("the model's tokenizer reads the first 77" in w for w in out.warnings)
    assert any("the model's tokenizer_2 reads the first 512" in w for w in out.warnings)
    assert out.made.facts["told"]["prompt"].index("joy") < 300
    assert not any("reads the first" in w for w in paint(opened("flux")).warnings)


# -- options and errors ------------------------------------------------------------------------------------------------
def test_the_card_says_what_was_told(opened, tmp_path):
    paint(opened("flux"), way="phrases").save(tmp_path / "a.png")
    card = read_json(tmp_path / "a.json")
    assert card["backend"] == "diffusers/FluxPipeline"
    assert card["media"]["image_model"]["source"] == "flux"
    assert card["media"]["told"]["prompt"].startswith("a harbour, ")
    assert "image/transformer" in card["models"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"width": 33}, "width"), ({"height": 8}, "height"), ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"guidance_scale": -1.0}, "guidance_scale"), ({"steering": 5.0}, "steering"), ({"way": "magic"}, "way"),
        ({"way": "adapter"}, "way"), ({"negative_prompt": ""}, "prompt"),
    ],
)  # fmt: skip
def test_options_out_of_range_are_named(opened, given, named):
    with pytest.raises(InputError, match=named):
        paint(opened("sdxl"), **given)


def test_too_many_words_and_a_failing_model_are_said(opened, monkeypatch):
    pipe = opened("stable_diffusion")
    with pytest.raises(LimitError, match="characters"):
        paint(pipe, "x" * 100_001)

    def fail(*_, **__):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(pipe.model.unet, "forward", fail)
    with pytest.raises(EmogenError, match="the model failed: out of luck"):
        paint(pipe)


def test_another_class_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds a LTXImageToVideoPipeline"):
        DiffusersImagePipeline.from_pretrained(tiny.video.ltx(tmp_path / "x"))
    with pytest.raises(InputError, match=r"Write diffusers:PATH_OR_ID\."):
        DiffusersImagePipeline.from_pretrained()


def test_all_accepted_classes_exist_and_read_prompts_as_we_take_them_apart():
    import inspect

    for name in DiffusersImagePipeline.accepted:
        kind = getattr(diffusers, name)
        source = "".join(inspect.getsource(kind.encode_prompt).split())
        assert "returnprompt_embeds" in source.replace("return(", "return"), name
    assert set(WAYS) == {"adapter", "directions", "phrases"}
    assert Path(inspect.getfile(DiffusersImagePipeline)).with_name("__init__.py").is_file()
