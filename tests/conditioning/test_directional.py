from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from emogen.conditioning.directional import Directions
from emogen.conditioning.emotion import Emotion

AMPLITUDES = st.lists(st.floats(-1.5, 1.5), min_size=6, max_size=6).map(lambda x: np.array([x]))


def directions():
    found = Directions(4)
    found.steps.copy_(torch.from_numpy(np.random.default_rng(0).standard_normal((6, 4))))
    return found


@given(AMPLITUDES, AMPLITUDES, st.floats(-2, 2))
def test_scale_is_intensity_sums_are_mixtures_and_minus_is_the_other_side(a, b, k):
    found = directions()
    np.testing.assert_allclose(found.along(k * a), k * found.along(a), atol=1e-9)
    np.testing.assert_allclose(found.along(a + b), found.along(a) + found.along(b), atol=1e-9)
    np.testing.assert_allclose(found.along(-a), -found.along(a), atol=1e-9)


def test_neutral_leads_nowhere_and_a_mixture_lies_between_its_parts():
    found = directions()
    assert not found.along(Emotion.of("neutral").basic()[None]).any()
    both = found.along(Emotion.parse("joy:0.6+fear:0.3").basic()[None])
    parts = 0.6 * found.along(Emotion.of("joy").basic()[None]) + 0.3 * found.along(Emotion.of("fear").basic()[None])
    np.testing.assert_allclose(both, parts, atol=1e-6)


def test_saved_directions_come_back(tmp_path):
    found = directions()
    found.save_pretrained(str(tmp_path), safe_serialization=True)
    assert torch.equal(Directions.from_pretrained(str(tmp_path), use_safetensors=True).steps, found.steps)
