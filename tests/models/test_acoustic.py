"""The acoustic model: lengths add up, speakers mix, padding changes nothing, and it survives saving."""

from __future__ import annotations

import pytest
import torch

from emogen.models.acoustic import PLACE, STEP_FRAMES, AcousticModel, places

SYMBOLS, SPEAKERS, FIGURES, CHANNELS = ["_", "a", "b"], ["one", "two"], 4, 45


@pytest.fixture(scope="module")
def model():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = AcousticModel(SYMBOLS, SPEAKERS, FIGURES, CHANNELS, width=32)
    made.mean[0], made.mean[1] = 1.0, 3.0
    return made.eval()


def sentence(count=6):
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, len(SYMBOLS), (count,), generator=generator), torch.rand(count, FIGURES, generator=generator)


def test_frames_last_as_long_as_the_sounds(model):
    steps, frames = model.speak(*sentence(), torch.tensor([1.0, 0.0]))
    assert (steps >= 1).all()
    assert frames.shape == (STEP_FRAMES * int(steps.sum()), CHANNELS)
    assert torch.isfinite(frames).all()


def test_a_faster_rate_is_shorter_and_the_same_call_gives_the_same(model):
    mix = torch.tensor([0.5, 0.5])
    model.to_length.bias.data.fill_(3.0)  # long enough for a rate to show
    slow, fast = (model.speak(*sentence(), mix, rate)[0].sum() for rate in (1.0, 2.0))
    assert fast < 0.6 * slow
    assert torch.equal(model.speak(*sentence(), mix)[1], model.speak(*sentence(), mix)[1])


def test_speakers_mix(model):
    one, two, both = (
        model.speak(*sentence(), torch.tensor(mix))[1].mean() for mix in ([1.0, 0.0], [0.0, 1.0], [0.5, 0.5])
    )
    assert one < both < two


def test_padding_changes_nothing(model):
    symbols, figures = sentence(4)
    mix, steps = torch.tensor([[0.3, 0.7]]), torch.tensor([[2, 3, 1, 4]])
    alone = model(symbols[None], figures[None], mix, torch.ones(1, 4, 1), steps, torch.ones(1, 10, 1))[1]
    padded = model(
        symbols[None], figures[None], mix, torch.ones(1, 4, 1), steps, torch.cat([torch.ones(1, 10, 1), torch.zeros(1, 5, 1)], 1)
    )[1]
    assert torch.allclose(alone[0], padded[0, : 2 * 10], atol=1e-5)


def test_places_count_from_both_edges_of_a_sound():
    index, figures = places(torch.tensor([[2, 1, 3]]), 6)
    assert index.tolist() == [[0, 0, 1, 2, 2, 2]]
    assert figures.shape == (1, 6, PLACE)
    assert torch.allclose(figures[0, :, 0] + figures[0, :, 1], torch.ones(6))
    assert figures[0, :, 5].tolist() == [0, 0, 1, 0, 0, 0]


def test_saved_and_loaded(model, tmp_path):
    model.save_pretrained(tmp_path)
    again = AcousticModel.from_pretrained(tmp_path, use_safetensors=True)
    mix = torch.tensor([1.0, 0.0])
    # How sums are split among threads may change the last bit.
    torch.testing.assert_close(model.speak(*sentence(), mix)[1], again.eval().speak(*sentence(), mix)[1], rtol=0, atol=1e-5)
    assert list(again.config.symbols) == SYMBOLS
