"""Pictures as colours of tiles."""

from __future__ import annotations

import cv2
import numpy as np

from emogen.codecs.image import ImageCodec
from tests.contract.codec import CodecContract


class TestImageCodec(CodecContract):
    # Eight bits a channel: half a step is up to about 0.8 in L*, a*, b* for saturated colours.
    tolerance = 1.2

    def make(self) -> ImageCodec:
        return ImageCodec(side=16)

    def frames(self, codec: ImageCodec) -> np.ndarray:
        rng = np.random.default_rng(0)
        return codec.encode(rng.integers(30, 226, (16, 16, 3), dtype=np.uint8))


def test_grey_has_no_colour_and_white_is_light() -> None:
    codec = ImageCodec(side=4)
    white = codec.encode(np.full((20, 30, 3), 255, np.uint8))
    np.testing.assert_allclose(white, np.tile([100, 0, 0], (16, 1)), atol=0.05)
    grey = codec.encode(cv2.cvtColor(np.full((8, 8), 119, np.uint8), cv2.COLOR_GRAY2RGB))
    np.testing.assert_allclose(grey, np.tile([50, 0, 0], (16, 1)), atol=0.2)
