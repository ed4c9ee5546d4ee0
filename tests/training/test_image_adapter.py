"""An adapter is trained for real, on tiny models of the real classes."""

from __future__ import annotations

import csv
import itertools
import json

import numpy as np
import pytest
import torch

from emogen.conditioning.emotion import Emotion
from emogen.errors import CheckpointError, FormatError, InputError
from emogen.models.emotion_adapter import EmotionAdapter
from emogen.pipelines.image.backends.text_to_image import DiffusersImagePipeline
from emogen.pipelines.prompt_reading import Read, means, read
from emogen.pipelines.prompted import adapted
from emogen.training import adapter_ways, emoticrafter
from emogen.training import image_adapter as training
from emogen.training.image_adapter_data import density_weights, features, plain, read_captions
from emogen.training.loop import CURVE_COLUMNS
from tests.pipelines import tiny_prompted_models as tiny

FEELINGS = {
    "joyful": (0.8, 0.5), "cheerful": (0.7, 0.4), "calm": (0.6, -0.5), "serene": (0.7, -0.6), "gloomy": (-0.6, -0.3),
    "mournful": (-0.7, -0.4), "terrifying": (-0.7, 0.8), "furious": (-0.6, 0.7), "exciting": (0.6, 0.8), "boring": (-0.4, -0.7),
}  # fmt: skip
PLACES = ("harbour", "street", "forest", "room", "lake", "bridge", "market", "field")
SMALL = training.Shape(hidden=32, layers=1, heads=2, tokens=2)
QUICK = {"steps": 24, "batch_size": 8, "learning_rate": 1e-2, "shape": SMALL, "report_every": 12}


def captions_csv(path, header="valence (-1..1)"):
    """Every feeling in every place."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["caption", header, "arousal"])
        for (word, (v, a)), place in itertools.product(FEELINGS.items(), PLACES):
            writer.writerow([f"a {word} {place}", v, a])
    return path


@pytest.fixture(scope="module")
def captions(tmp_path_factory):
    return captions_csv(tmp_path_factory.mktemp("captions") / "captions.csv")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root, built = tmp_path_factory.mktemp("models"), {}

    def model(name):
        if name not in built:
            built[name] = training.open_model(getattr(tiny, name)(root / name))
        return built[name]

    return model


# -- training ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux", "wan"])
def test_it_trains_saves_loads_and_moves_the_embedding_in_the_asked_direction(models, captions, tmp_path, name):
    model = models(name)
    result = training.train(model, captions, tmp_path / "a", **QUICK)
    assert result.best < 0.95  # of the squared way to unseen captions; 1: no better than nothing
    adapter = EmotionAdapter.from_pretrained(tmp_path / "a", use_safetensors=True).eval()
    start = read(model, ["a harbour"])
    at = means(start)

    def off(found):
        return np.concatenate([(means(found)[key] - at[key])[0].numpy() for key in at])

    def moved(asked):
        return off(Read(adapted(adapter, start.embeddings, start.masks, Emotion.parse(asked)), start.masks))

    # What any words added do to an embedding is the same for both, and goes out.
    asked = moved("vad(-0.7,0.8,0)") - moved("vad(0.7,-0.6,0)")
    way = off(read(model, ["a terrifying harbour"])) - off(read(model, ["a serene harbour"]))
    assert training.cosine(asked, way) > 0.1
    assert adapted(adapter, start.embeddings, start.masks, Emotion.parse("neutral")) is start.embeddings
    card = (tmp_path / "a" / "README.md").read_text()
    assert f"pipeline: {type(model).__name__}" in card
    assert "80 neutral captions were made by taking out the words of feeling" in card
    assert (tmp_path / "a" / "heldout.csv").is_file()
    assert (tmp_path / "a" / "curve.csv").read_text().splitlines()[0] == ",".join(CURVE_COLUMNS)


def test_an_interrupted_training_goes_on_as_if_it_had_not_stopped(models, captions, tmp_path):
    whole = training.train(models("sdxl"), captions, tmp_path / "whole", **QUICK)

    class StopError(Exception):
        pass

    def stop(row):
        if row["step"] == 24:  # before it is saved
            raise StopError

    with pytest.raises(StopError):
        training.train(models("sdxl"), captions, tmp_path / "part", on_report=stop, **QUICK)
    assert json.loads((tmp_path / "part" / "training" / "last.json").read_text())["progress"]["step"] == 12
    resumed = training.train(models("sdxl"), captions, tmp_path / "part", **QUICK)
    assert resumed.best == pytest.approx(whole.best, rel=1e-4)
    one, other = (
        EmotionAdapter.from_pretrained(tmp_path / f, use_safetensors=True).state_dict() for f in ("whole", "part")
    )
    assert all(torch.allclose(one[key], other[key], atol=1e-6) for key in one)
    with pytest.raises(CheckpointError, match="another request"):
        training.train(models("sdxl"), captions, tmp_path / "part", **{**QUICK, "batch_size": 4})


def test_gradients_of_several_batches_add_up(models, captions, tmp_path):
    found = read_captions(captions)
    kept = features(models("sdxl"), found, tmp_path, "sdxl")
    learnt, _ = found.split()
    net = training.fresh(kept, found, learnt, SMALL, "", 0)
    weights = np.ones(len(found.pairs))
    split = training._loss(kept, found, learnt, weights, 4, 3)
    value = split(net, torch.Generator().manual_seed(5))
    value.backward()
    added = net.nets["prompt"].leave.weight.grad.clone()
    net.zero_grad()
    generator = torch.Generator().manual_seed(5)
    indices = [learnt[i] for _ in range(3) for i in torch.randint(len(learnt), (4,), generator=generator).tolist()]
    at_once = training.errors(net, kept, found, indices)[0].mean()
    at_once.backward()
    assert float(value) == pytest.approx(float(at_once), rel=1e-4)
    assert torch.allclose(added, net.nets["prompt"].leave.weight.grad, rtol=1e-3, atol=1e-5)


# -- captions ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("caption", "neutral"),
    [
        ("A gloomy harbour at the end of the day", "A harbour at the end of the day"),
        ("An eerie, desolate forest in thick fog", "A forest in thick fog"),
        ("a calm and serene lake", "a lake"), ("A happy dog runs with joy.", "A dog runs."),
        ("a house full of sadness and fear", "a house"), ("A very sad woman and a furious child", "A woman and a child"),
        ("terrifying", ""), ("a red car", "a red car"), ("🎉 happy 🎉", ""),
    ],
)  # fmt: skip
def test_words_of_feeling_are_taken_out(caption, neutral):
    assert plain(caption) == neutral


@pytest.mark.parametrize(
    ("header", "option", "readme", "first"),
    [
        ("valence (1..9)", None, "", -0.5), ("Valence [0:1]", None, "", None), ("valence", "1:9", "", -0.5),
        ("valence", None, "# Captions\nscale: -3..3\nlicense: cc-by-4.0\n", 1.0), ("valence", (1, 5), "", 0.0),
    ],
)  # fmt: skip
def test_the_scale_is_given_or_written_and_never_guessed(tmp_path, header, option, readme, first):
    path = tmp_path / "c.csv"
    path.write_text(f"caption,{header},arousal,neutral\na sad dog,3,3,\na glad cat in a hat,3,3,a cat\n")
    if readme:
        (tmp_path / "README.md").write_text(readme)
    if first is None:
        with pytest.raises(FormatError, match=r"line 2: a rating '3'\. Accepted: 0 to 1"):
            read_captions(path, option)
        return
    found = read_captions(path, option)
    assert found.pairs[0].vad == (first, first, 0.0)
    assert [p.neutral for p in found.pairs] == ["a dog", "a cat"]
    assert not found.dominance
    assert found.licence == ("cc-by-4.0" if readme else "not stated")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("caption,valence,arousal\na sad dog,1,1\n", "on which scale"), ("caption,valence (1..9)\nx,1\n", "no column arousal"),
        ("caption,valence (1..9),arousal\na sad dog,nan,1\n", "a rating 'nan'"), ("", "no column caption"),
        ("caption,valence (1..9),arousal\na red car,2,1\na sad dog,2,2\n", "1 captions of 2"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_learnt_from_are_said(tmp_path, text, said):
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_captions(path)
    with pytest.raises(InputError, match="no such file"):
        read_captions(tmp_path / "nowhere.csv")


def test_nothing_is_on_both_sides_and_rare_ratings_weigh_more(captions):
    found = read_captions(captions)
    learnt, held = found.split()
    texts = [{found.pairs[i].neutral for i in side} for side in (learnt, held)]
    assert not texts[0] & texts[1]
    assert len(learnt) + len(held) == len(found.pairs)
    points = np.random.default_rng(0).normal(0, 0.1, (200, 2))
    points[0] = (0.9, 0.9)
    weights = density_weights(points)
    assert weights[0] == weights.max()
    assert weights.mean() == pytest.approx(1.0)


# -- the ways and the protocol -----------------------------------------------------------------------------------------
def test_the_three_ways_are_compared(models, captions, tmp_path):
    training.train(models("sdxl"), captions, tmp_path / "a", **QUICK)
    said = (("joy", "a cheerful dog"), ("fear", "a scary dog"))
    rows = [{"term": term, "neutral": "a dog", "caption": caption} for term, caption in said]
    found = {f.way: f for f in adapter_ways.compare(models("sdxl"), tmp_path / "a", captions=rows)}
    assert list(found) == ["adapter", "directions", "phrases"]
    assert found["directions"].cosine > found["directions"].another
    assert all(f.length > 0 for f in found.values())
    assert "| directions |" in adapter_ways.table(list(found.values()))


def test_the_protocol_makes_reads_and_goes_on(models, tmp_path):
    pipe = DiffusersImagePipeline(models("sdxl"), adapter_ways.fitted(models("sdxl")), source="tiny")
    pipe.set_progress_bar_config(disable=True)
    read_by = []

    def judge(picture):
        read_by.append(picture)
        return float(picture[..., 0].mean() / 255 * 6 - 3), 0.0

    few = {"texts": ["a dog", "a tree"], "grid": 3, "num_inference_steps": 1, "width": 32, "height": 32}
    found = emoticrafter.protocol(pipe, tmp_path, judge, **few)
    assert found.pictures == len(read_by) == 18
    assert found.arousal_sd == 0.0
    assert found.arousal_spearman == 0.0
    again = emoticrafter.protocol(None, tmp_path, judge, **few)  # nothing is left to make
    assert again == found
    assert len(emoticrafter.prompts()) * 25 == 3300


def test_the_protocols_figures_of_a_perfect_judge_are_perfect():
    levels = np.linspace(-3, 3, 5)
    rows = [
        {"valence": v, "arousal": a, "seen_valence": v, "seen_arousal": a / 2}
        for _ in range(2)
        for v in levels
        for a in levels
    ]
    found = emoticrafter.figures(rows, 5)
    assert found.valence_error == 0.0
    assert found.valence_spearman == pytest.approx(1.0)
    assert found.arousal_spearman == pytest.approx(1.0)
    assert found.arousal_sd == pytest.approx(np.std(levels) / 2)
    assert found.valence_shuffled > 1.0
