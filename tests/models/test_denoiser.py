"""The sequence denoiser and the emotion encoder, each alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emogen.checkpoints import check_safe
from emogen.conditioning.encoder import EmotionEncoder, track_features
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError
from emogen.models.sequence import Content, EmotionCondition, SequenceDenoiser, token_positions

SIZES = {"channels": 3, "content_channels": 2, "token_channels": 5, "style_channels": 4, "emotion_channels": 16,
         "width": 32, "depth": 2, "heads": 2, "window": 16, "overlap": 4}


def randomize(network):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


@pytest.fixture(scope="module")
def denoiser():
    return randomize(SequenceDenoiser(**SIZES))


@pytest.fixture(scope="module")
def encoder():
    return randomize(EmotionEncoder(width=16, tokens=4))


def draw(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def inputs(batch=2, frames=16):
    emotion = EmotionCondition(draw(batch, frames, 16), draw(batch, 4, 16, seed=2), torch.ones(batch, 4).bool())
    content = Content(draw(batch, frames, 2, seed=3), draw(batch, 6, 5, seed=4), None, draw(batch, 4, seed=5))
    return {"x": draw(batch, frames, 3, seed=6), "sigma": torch.full((batch,), 0.4), "emotion": emotion,
            "content": content}


@torch.no_grad()
def test_a_fresh_network_adds_nothing():
    fresh = SequenceDenoiser(**SIZES)
    assert fresh(**inputs()).shape == (2, 16, 3)
    assert not fresh(**inputs()).any()


@torch.no_grad()
@pytest.mark.parametrize("part", ["frames", "tokens", "style"])
def test_every_part_of_the_content_matters_until_it_is_dropped(denoiser, part):
    given = inputs()
    changed = Content(**{**vars(given["content"]), part: draw(*getattr(given["content"], part).shape, seed=9)})
    dropped = torch.tensor([False, True])
    plain = denoiser(**given, null=dropped)
    other = denoiser(**{**given, "content": changed}, null=dropped)
    assert not torch.allclose(plain[0], other[0])
    assert torch.equal(plain[1], other[1])


@torch.no_grad()
def test_dropped_content_equals_no_content(denoiser):
    given = inputs()
    without = denoiser(**{**given, "content": None})
    torch.testing.assert_close(denoiser(**given, null=torch.ones(2).bool()), without, atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("field", [0, 1])
def test_the_emotion_enters_per_frame_and_as_tokens(denoiser, field):
    given = inputs()
    parts = list(given["emotion"])
    parts[field] = parts[field] + 1
    assert not torch.allclose(denoiser(**given), denoiser(**{**given, "emotion": EmotionCondition(*parts)}))


@torch.no_grad()
def test_an_emotion_in_one_frame_moves_that_frame_most():
    shallow = randomize(SequenceDenoiser(**{**SIZES, "depth": 1}))
    given = inputs(batch=1)
    frames = given["emotion"].frames.clone()
    frames[0, 5] += 0.5
    moved = shallow(**{**given, "emotion": given["emotion"]._replace(frames=frames)}) - shallow(**given)
    assert int(moved.abs().sum(dim=2).argmax()) == 5


@torch.no_grad()
def test_padding_changes_nothing(denoiser):
    given = inputs(batch=1, frames=10)
    alone = denoiser(**given)
    wide = inputs(batch=1, frames=16)
    x, emotion, content = wide["x"].clone(), wide["emotion"].frames.clone(), wide["content"].frames.clone()
    x[:, :10], emotion[:, :10], content[:, :10] = given["x"], given["emotion"].frames, given["content"].frames
    wide |= {"x": x, "emotion": given["emotion"]._replace(frames=emotion),
             "content": Content(content, given["content"].tokens, None, given["content"].style)}
    mask = torch.arange(16).unsqueeze(0) < 10
    torch.testing.assert_close(denoiser(**wide, mask=mask)[:, :10], alone, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_batch_gives_what_singles_give(denoiser):
    both = denoiser(**inputs())
    given = inputs()
    for i in range(2):
        one = {"x": given["x"][i : i + 1], "sigma": given["sigma"][i : i + 1],
               "emotion": EmotionCondition(*(p[i : i + 1] for p in given["emotion"])),
               "content": Content(**{k: None if v is None else v[i : i + 1] for k, v in vars(given["content"]).items()})}
        torch.testing.assert_close(denoiser(**one)[0], both[i], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_known_frames_are_told_apart_from_noisy_ones(denoiser):
    known = torch.zeros(2, 16, dtype=torch.bool)
    known[:, :4] = True
    assert not torch.allclose(denoiser(**inputs()), denoiser(**inputs(), known=known))


@torch.no_grad()
@pytest.mark.parametrize("backend", ["native", "_native_math"])
def test_diffusers_chooses_the_attention_kernel(denoiser, backend):
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    before = _AttentionBackendRegistry._active_backend
    plain = denoiser(**inputs())
    network = SequenceDenoiser(**SIZES).eval()
    network.load_state_dict(denoiser.state_dict())
    try:
        network.set_attention_backend(backend)
        chosen = {b.attend_self.processor._attention_backend.value for b in network.blocks}
        assert chosen == {backend}
        torch.testing.assert_close(network(**inputs()), plain, atol=1e-5, rtol=1e-4)
    finally:
        _AttentionBackendRegistry._active_backend = before


def test_checkpointed_gradients_are_the_same():
    gradients = []
    for on in (False, True):
        network = randomize(SequenceDenoiser(**SIZES)).train()
        if on:
            network.enable_gradient_checkpointing()
        network(**inputs()).square().mean().backward()
        gradients.append(network.embed_frames.weight.grad)
    torch.testing.assert_close(*gradients)


@torch.no_grad()
def test_half_precision_is_close(denoiser):
    half = SequenceDenoiser(**SIZES).eval()
    half.load_state_dict(denoiser.state_dict())
    half.to(torch.bfloat16)
    given = inputs()
    cast = {**given, "x": given["x"].bfloat16(),
            "emotion": EmotionCondition(given["emotion"].frames.bfloat16(), given["emotion"].tokens.bfloat16(),
                                        given["emotion"].mask),
            "content": Content(**{k: None if v is None else v.bfloat16() for k, v in vars(given["content"]).items()})}
    plain, found = denoiser(**given), half(**cast).float()
    assert float((plain - found).norm() / plain.norm()) < 0.05  # bfloat16 has 8 bits


def test_save_and_load_give_the_same_network(denoiser, encoder, tmp_path):
    for network in (denoiser, encoder):
        folder = tmp_path / type(network).__name__
        network.save_pretrained(str(folder), safe_serialization=True)
        check_safe(folder)
        again = type(network).from_pretrained(str(folder), use_safetensors=True)
        assert dict(again.config).items() >= {k: v for k, v in network.config.items() if k[0] != "_"}.items()
        assert all(torch.equal(again.state_dict()[k], v) for k, v in network.state_dict().items())


@pytest.mark.parametrize("sizes", [{"width": 30}, {"overlap": 16}, {"overlap": -1}])
def test_sizes_that_cannot_be_are_refused(sizes):
    with pytest.raises(InputError, match=next(iter(sizes))):
        SequenceDenoiser(**{**SIZES, **sizes})


def test_tokens_lie_evenly_over_the_window():
    np.testing.assert_allclose(token_positions(4, torch.tensor([8, 4])), [[0.5, 2.5, 4.5, 6.5], [0, 1, 2, 3]])


# -- the encoder -------------------------------------------------------------------------------
def encode(encoder, emotion, frames=12, **more):
    features, _ = track_features(EmotionTrack.of(emotion), 10.0, frames)
    with torch.no_grad():
        return encoder(torch.from_numpy(features).unsqueeze(0), frames, **more)


def test_emotions_are_told_apart_and_null_is_not_neutral(encoder):
    null = encode(encoder, "joy", null=torch.tensor([True]))
    found = [encode(encoder, e).frames for e in ("joy", "joy:0.5", "sadness", "neutral")] + [null.frames]
    for i, a in enumerate(found):
        for b in found[i + 1 :]:
            assert not torch.allclose(a, b, atol=1e-3)
    torch.testing.assert_close(null.tokens, encode(encoder, "anger", null=torch.tensor([True])).tokens)


def test_beyond_intensity_1_only_the_factor_grows():
    plain, one = track_features(EmotionTrack.of("joy"), 10.0, 5)
    more, factor = track_features(EmotionTrack.of("joy:1.5"), 10.0, 5)
    np.testing.assert_allclose(more, plain, atol=1e-6)
    np.testing.assert_allclose(one, 1.0)
    np.testing.assert_allclose(factor, 1.5)


@pytest.mark.parametrize("frames", [1, 7, 100, 333])
@pytest.mark.parametrize("fps", [25.0, 30.0, 172.265625, 86.1])
def test_a_track_has_as_many_numbers_as_frames(frames, fps):
    features, factor = track_features(EmotionTrack.of("0s joy:1.2; 1s sadness"), fps, frames)
    assert features.shape == (frames, 10)
    assert factor.shape == (frames,)
    assert np.isfinite(features).all()


def test_features_at_another_rate_are_stretched(encoder):
    slow, _ = track_features(EmotionTrack.of("0s joy; 1s sadness"), 100.0, 101)
    with torch.no_grad():
        fast = encoder(torch.from_numpy(slow[::10].copy()).unsqueeze(0), 101)
        full = encoder(torch.from_numpy(slow).unsqueeze(0), 101)
    assert fast.frames.shape == full.frames.shape
    assert float((fast.frames - full.frames).norm() / full.frames.norm()) < 0.1


def test_tokens_summarise_their_stretch(encoder):
    # 12 frames, 4 tokens: the step at frame 6 falls between the second and the third
    stepped, joy, sadness = (encode(encoder, e) for e in ("0s joy; 0.6s! sadness", "joy", "sadness"))
    torch.testing.assert_close(stepped.tokens[:, :2], joy.tokens[:, :2])
    torch.testing.assert_close(stepped.tokens[:, 2:], sadness.tokens[:, 2:])
    assert stepped.mask.all()


def test_padding_does_not_reach_the_tokens(encoder):
    features = draw(1, 12, 10)
    mask = torch.arange(12).unsqueeze(0) < 8
    changed = features.clone()
    changed[:, 8:] = 5
    with torch.no_grad():
        torch.testing.assert_close(encoder(features, 12, mask=mask).tokens, encoder(changed, 12, mask=mask).tokens)


def test_a_window_shorter_than_its_tokens_hides_the_empty_ones(encoder):
    found = encode(encoder, "joy", frames=2)
    assert found.mask.sum() == 2
    assert torch.isfinite(found.tokens).all()
