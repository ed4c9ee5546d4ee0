"""Flow matching, guidance and windows, against formulas written out again."""

from __future__ import annotations

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from emogen.models.diffusion import (
    Conditions,
    Draft,
    Flow,
    Guidance,
    sample_window,
    sample_windows,
    training_levels,
    window_generator,
    window_spans,
)
from emogen.models.sequence import Content, EmotionCondition, SequenceDenoiser


def draw(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def network(fresh=False, **sizes):
    made = SequenceDenoiser(**{"channels": 2, "content_channels": 1, "emotion_channels": 8, "width": 16, "depth": 1,
                               "heads": 2, "window": 12, "overlap": 4, **sizes})
    if not fresh:
        with torch.no_grad():
            for i, parameter in enumerate(made.parameters()):
                parameter.copy_(0.4 * draw(*parameter.shape, seed=i))
    return made.eval()


def emotion(frames, seed=0, batch=1):
    return EmotionCondition(draw(batch, frames, 8, seed=seed), draw(batch, 3, 8, seed=seed), torch.ones(batch, 3).bool())


def conditions(frames=12, content=True, exaggeration=1.0):
    shown = Content(frames=draw(1, frames, 1, seed=4)) if content else None
    return Conditions(emotion(frames, 5), emotion(frames, 6), shown, torch.full((frames,), exaggeration))


# -- scalings ----------------------------------------------------------------------------------
@torch.no_grad()
def test_a_fresh_network_turns_noise_into_noise_of_unit_variance():
    # With nothing from the network, the flow's linear guess is exact for clean frames of variance 1.
    flow = Flow(network(fresh=True, channels=64))
    noise = draw(1, 12, 64)
    found = sample_window(flow, FlowMatchEulerDiscreteScheduler(), conditions(), noise, num_inference_steps=200,
                          guidance=Guidance())
    assert float(found.std() / noise.std()) == pytest.approx(1.0, abs=0.03)


def test_the_loss_of_a_fresh_network_is_what_theory_says():
    # Unit-variance frames: the error of the linear guess has variance 1 / q, q = (1 - sigma)^2 + sigma^2.
    flow = Flow(network(fresh=True))
    sigma = torch.linspace(0, 1, 10_001)
    expected = float((1 / ((1 - sigma) ** 2 + sigma**2)).mean())
    with torch.no_grad():
        found = flow.loss(draw(4000, 12, 2, seed=8), emotion(12, batch=4000), None, generator=torch.Generator().manual_seed(0))
    assert float(found) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("count", [1, 7, 64])
def test_a_batch_is_trained_on_all_noise_levels(count):
    levels = training_levels(count, torch.Generator().manual_seed(0))
    assert sorted((levels * count).floor().int().tolist()) == list(range(count))


def test_known_and_padded_frames_do_not_count():
    flow, batch = Flow(network()), 3
    clean, mask, known = draw(batch, 12, 2), torch.ones(batch, 12).bool(), torch.zeros(batch, 12).bool()
    mask[:, 10:], known[:, :3] = False, True
    changed = clean.clone()
    changed[:, 10:] += 7

    def loss(frames):
        with torch.no_grad():
            return float(flow.loss(frames, emotion(12, batch=batch), None, known=known, mask=mask,
                                   generator=torch.Generator().manual_seed(0)))

    assert loss(clean) == pytest.approx(loss(changed), rel=1e-5)
    with torch.no_grad():
        all_known = flow.loss(clean, emotion(12, batch=batch), None, known=torch.ones(batch, 12).bool(),
                              generator=torch.Generator())
    assert float(all_known) == 0.0


# -- guidance ----------------------------------------------------------------------------------
@torch.no_grad()
@pytest.mark.parametrize(("s_content", "s_emotion", "factor"), [(1, 1, 1), (2, 1, 1), (1, 3, 1), (0, 0, 1), (2, 3, 1.5),
                                                                 (0, 2, 1), (1.5, 0, 1), (1, 1, 1.5)])
def test_guidance_is_the_formula_with_two_scales(s_content, s_emotion, factor):
    flow, x, c = Flow(network()), draw(1, 12, 2), conditions(exaggeration=factor)

    def term(shown, dropped):
        return flow.predict(x, torch.tensor([0.3]), shown, c.content, null=torch.tensor([dropped]))

    null, content, full = term(c.null_emotion, True), term(c.null_emotion, False), term(c.emotion, False)
    expected = null + s_content * (content - null) + s_emotion * factor * (full - content)
    found = flow.velocity(x, 0.3, c, Guidance(s_content, s_emotion))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("scale", [0, 1, 2.5])
def test_without_content_there_is_one_scale(scale):
    flow, x, c = Flow(network()), draw(1, 12, 2), conditions(content=False)
    null, full = (flow.predict(x, torch.tensor([0.3]), e, None) for e in (c.null_emotion, c.emotion))
    found = flow.velocity(x, 0.3, c, Guidance(7.0, scale))
    torch.testing.assert_close(found, null + scale * (full - null), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_network_runs_only_for_terms_that_count():
    made = network()
    sizes = []
    made.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    flow, x = Flow(made), draw(1, 12, 2)
    for guidance in (Guidance(1, 1), Guidance(1, 2), Guidance(2, 1), Guidance(2, 2), Guidance(3, 2), Guidance(0, 0)):
        flow.velocity(x, 0.3, conditions(), guidance)
    assert sizes == [1, 2, 3, 2, 3, 1]


# -- windows -----------------------------------------------------------------------------------
@given(st.integers(1, 500), st.integers(1, 60), st.data())
def test_windows_cover_every_frame_once(frames, window, data):
    overlap = data.draw(st.integers(0, window - 1))
    spans = list(window_spans(frames, window, overlap))
    assert [f for _, new, stop in spans for f in range(new, stop)] == list(range(frames))
    assert all(stop - start <= window for start, _, stop in spans)
    assert all(new - start == overlap for start, new, _ in spans[1:])


def windows(flow, frames, seed=0, on_step=None):
    def at(start, stop):
        return conditions(stop - start)

    return sample_windows(flow, FlowMatchEulerDiscreteScheduler(), at, frames, seed=seed, num_inference_steps=3,
                          guidance=Guidance(), on_step=on_step)


@torch.no_grad()
def test_windows_come_one_by_one():
    steps = []

    def count(x):
        steps.append(x.shape)
        return x

    stream = windows(Flow(network()), 10**9, on_step=count)
    first, second = next(stream), next(stream)
    assert (first.shape[1], second.shape[1]) == (12, 8)
    assert len(steps) == 6


@torch.no_grad()
def test_what_comes_later_does_not_change_what_came_before():
    flow = Flow(network())
    short, long = (torch.cat(list(windows(flow, n)), dim=1) for n in (20, 60))
    assert torch.equal(short, long[:, :20])


@torch.no_grad()
def test_the_known_frames_stay_and_steer_the_rest():
    flow, noise = Flow(network()), draw(1, 12, 2, seed=2)
    outputs = [
        sample_window(flow, FlowMatchEulerDiscreteScheduler(), conditions(), noise, num_inference_steps=3,
                      guidance=Guidance(), known=known)
        for known in (torch.zeros(1, 4, 2), torch.ones(1, 4, 2))
    ]
    assert torch.equal(outputs[1][:, :4], torch.ones(1, 4, 2))
    assert not torch.allclose(outputs[0][:, 4:], outputs[1][:, 4:])


@torch.no_grad()
def test_single_numbers_are_held_at_the_draft():
    kept = torch.zeros(1, 12, 2)
    kept[:, 3:, 1] = 1.0
    draft = Draft(draw(1, 12, 2, seed=11), kept=kept)
    found = sample_window(Flow(network()), FlowMatchEulerDiscreteScheduler(), conditions(), draw(1, 12, 2),
                          num_inference_steps=5, guidance=Guidance(), draft=draft)
    torch.testing.assert_close(found[0, 3:, 1], draft.frames[0, 3:, 1])
    assert not torch.isclose(found[0, :, 0], draft.frames[0, :, 0], atol=1e-3).any()


@torch.no_grad()
def test_each_frame_follows_the_draft_down_to_its_own_noise_level():
    levels = torch.linspace(0, 1, 12)[None]
    draft, noise = Draft(draw(1, 12, 2, seed=11), until=levels), draw(1, 12, 2)
    seen: list[torch.Tensor] = []
    found = sample_window(Flow(network()), FlowMatchEulerDiscreteScheduler(), conditions(), noise, num_inference_steps=5,
                          guidance=Guidance(), draft=draft, on_step=lambda x: (seen.append(x), x)[1])
    for sigma, x in zip((0.8, 0.6, 0.4, 0.2, 0.0), seen, strict=True):
        line = (1 - sigma) * draft.frames + sigma * noise
        held = torch.isclose(x, line, atol=1e-4).all(dim=-1)
        assert torch.equal(held, levels <= sigma + 1e-6)
    torch.testing.assert_close(found[0, 0], draft.frames[0, 0])


def test_the_noise_of_a_window_depends_on_seed_and_number_alone():
    def noise(seed, number):
        return torch.randn(8, generator=window_generator(seed, number))

    assert torch.equal(noise(3, 5), noise(3, 5))
    assert not torch.equal(noise(3, 5), noise(3, 6))
    assert not torch.equal(noise(3, 5), noise(4, 5))
    assert not torch.equal(noise(1, 11), noise(11, 1))
