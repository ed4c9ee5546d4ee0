"""What every codec promises, as one test class. Whoever adds a codec subclasses it:

    class TestFace(CodecContract):
        tolerance = 1e-6

        def make(self):
            return FaceCodec()

        def frames(self, codec):
            return np.random.default_rng(0).random((50, codec.width)).astype(np.float32)
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from emogen.checkpoints import check_safe
from emogen.codecs.base import Codec
from emogen.errors import EmogenError


class CodecContract:
    #: Largest difference, in the channels' own units, between frames and encode(decode(frames)); one figure or
    #: one per channel. State it where the codec's documentation does.
    tolerance: ClassVar[float | tuple[float, ...]]

    # -- a subclass provides -------------------------------------------------------------------
    def make(self) -> Codec:
        raise NotImplementedError

    def frames(self, codec: Codec) -> np.ndarray:
        """A valid representation [frames, width], float32, of at least 8 frames."""
        raise NotImplementedError

    def round_trip(self, codec: Codec, frames: np.ndarray) -> np.ndarray:
        """Override where decoding or encoding takes further arguments."""
        return codec.encode(codec.decode(frames))

    # -- the promises --------------------------------------------------------------------------
    @pytest.fixture(scope="class")
    @classmethod
    def codec(cls) -> Codec:
        return cls().make()

    def test_states_names_width_rate_and_modality(self, codec):
        assert codec.width == len(codec.names) > 0
        assert len(set(codec.names)) == codec.width
        assert all(isinstance(n, str) and n for n in codec.names)
        assert np.isfinite(codec.frame_rate)
        assert codec.frame_rate >= 0
        assert codec.modality in {"voice", "face", "body", "score", "image"}
        assert codec.mean.shape == codec.std.shape == (codec.width,)
        assert bool((codec.std > 0).all())

    def test_encode_undoes_decode_within_the_tolerance(self, codec):
        frames = self.frames(codec)
        again = self.round_trip(codec, frames)
        assert again.dtype == np.float32
        assert again.shape == frames.shape
        worst = np.abs(again - frames).reshape(-1, codec.width).max(axis=0)
        assert (worst <= np.asarray(self.tolerance)).all(), dict(zip(codec.names, worst, strict=True))

    def test_decoding_depends_on_the_frames_alone(self, codec):
        frames = self.frames(codec)
        kept = frames.copy()
        first = self.round_trip(codec, frames)
        np.testing.assert_array_equal(frames, kept)
        np.testing.assert_array_equal(self.round_trip(codec, frames), first)

    def test_denormalize_undoes_normalize(self, codec):
        fresh = self.make()
        with torch.no_grad():
            fresh.mean.copy_(torch.linspace(-2, 3, fresh.width))
            fresh.std.copy_(torch.linspace(0.5, 4, fresh.width))
        frames = self.frames(fresh)
        normal = fresh.normalize(frames)
        expected = (frames - np.linspace(-2, 3, fresh.width)) / np.linspace(0.5, 4, fresh.width)
        np.testing.assert_allclose(normal, expected, rtol=1e-4, atol=1e-4)
        scale = max(1.0, float(np.abs(frames).max()))
        np.testing.assert_allclose(fresh.denormalize(normal), frames, atol=1e-5 * scale)
        assert normal.dtype == np.float32

    def test_save_and_load_keep_buffers_and_statements(self, tmp_path: Path):
        fresh = self.make()
        with torch.no_grad():
            fresh.mean.copy_(torch.linspace(-1, 1, fresh.width))
            fresh.std.copy_(torch.linspace(1, 2, fresh.width))
        fresh.save_pretrained(str(tmp_path), safe_serialization=True)
        check_safe(tmp_path)
        again = type(fresh).from_pretrained(str(tmp_path), use_safetensors=True)
        assert again.names == fresh.names
        assert again.frame_rate == fresh.frame_rate
        kept, found = fresh.state_dict(), again.state_dict()
        assert kept.keys() == found.keys()
        assert all(torch.equal(kept[k], found[k]) for k in kept)

    def test_refuses_wrong_shapes_and_numbers(self, codec):
        frames = self.frames(codec)
        broken = frames.copy()
        broken[0] = np.nan
        wrong = [frames[..., :-1], np.concatenate([frames, frames[..., :1]], axis=-1), frames.reshape(-1), broken]
        for bad in wrong:
            with pytest.raises(EmogenError) as caught:
                codec.decode(bad)
            assert caught.value.exit_code == 2
