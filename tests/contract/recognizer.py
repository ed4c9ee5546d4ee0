"""What every recogniser promises, as one test class. Whoever adds a recogniser subclasses it:

    class TestSpeech(RecognizerContract):
        modality = "speech"

        def make(self):
            return SpeechRecognizer.load("embedded")

        def media(self):
            return [happy_clip, sad_clip]

        def noise(self):
            return [white_noise]

        def bad(self):
            return ["", np.full(16_000, np.nan)]
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np
import pytest

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.recognition import Recognition, Recognizer
from emogen.errors import EmogenError


def numbers(found: Recognition) -> list[float]:
    return [found.confidence, found.emotion.intensity, *found.emotion.vad, *found.distribution.values()]


class RecognizerContract:
    modality: ClassVar[str]
    #: The most confidence that noise may get.
    noise_confidence: ClassVar[float] = 0.4

    # -- a subclass provides -------------------------------------------------------------------
    def make(self) -> Recognizer:
        raise NotImplementedError

    def media(self) -> list[Any]:
        """At least two pieces that a person would feel differently about."""
        raise NotImplementedError

    def noise(self) -> list[Any]:
        """Readable media with nothing in them."""
        raise NotImplementedError

    def bad(self) -> list[Any]:
        """Media that cannot be read."""
        raise NotImplementedError

    # -- the promises --------------------------------------------------------------------------
    @pytest.fixture(scope="class")
    @classmethod
    def recognizer(cls) -> Recognizer:
        return cls().make()

    def test_declares_its_role_and_modality(self, recognizer):
        assert recognizer.role in {"guide", "judge"}
        assert recognizer.modality == self.modality
        assert len(set(recognizer.labels)) == len(recognizer.labels) > 1

    def test_same_media_same_recognition(self, recognizer):
        for media in self.media():
            assert recognizer.recognize(media) == recognizer.recognize(media)

    def test_a_second_instance_agrees(self, recognizer):
        first = self.media()[0]
        assert self.make().recognize(first) == recognizer.recognize(first)

    def test_a_batch_equals_its_singles(self, recognizer):
        assert recognizer.recognize_batch(self.media()) == [recognizer.recognize(m) for m in self.media()]

    def test_order_of_calls_changes_nothing(self, recognizer):
        forward = [recognizer.recognize(m) for m in self.media()]
        backward = [recognizer.recognize(m) for m in reversed(self.media())]
        assert forward == backward[::-1]

    def test_probabilities_sum_to_one_over_its_labels(self, recognizer):
        for media in [*self.media(), *self.noise()]:
            found = recognizer.recognize(media)
            assert tuple(found.distribution) == recognizer.labels
            assert min(found.distribution.values()) >= 0.0
            assert sum(found.distribution.values()) == pytest.approx(1.0, abs=1e-6)
            assert found.label == max(found.distribution, key=found.distribution.__getitem__)

    def test_numbers_are_finite_and_in_range(self, recognizer):
        for media in [*self.media(), *self.noise()]:
            found = recognizer.recognize(media)
            assert np.isfinite(numbers(found)).all()
            assert 0.0 <= found.confidence <= 1.0
            assert 0.0 <= found.emotion.intensity <= 1.5
            assert np.abs(found.emotion.vad).max() <= 1.0
            assert sum(found.emotion.weights.values()) == pytest.approx(1.0)

    def test_tells_its_media_apart(self, recognizer):
        one, two = (recognizer.recognize(m) for m in self.media()[:2])
        assert one.label != two.label
        assert one.emotion.distance(two.emotion) > 0.1

    def test_noise_gets_little_confidence(self, recognizer):
        for media in self.noise():
            assert recognizer.recognize(media).confidence <= self.noise_confidence

    def test_the_emotion_survives_being_written(self, recognizer):
        for media in self.media():
            felt = recognizer.recognize(media).emotion
            assert np.allclose(Emotion.parse(str(felt)).vad, felt.vad, atol=1e-6)

    def test_prints_as_the_json_others_rely_on(self, recognizer):
        found = recognizer.recognize(self.media()[0]).to_dict(file="x")
        assert {"file", "modality", "label", "weights", "vad", "intensity", "confidence"} <= set(found)
        assert json.loads(json.dumps(found)) == found

    def test_bad_media_are_refused_with_a_message(self, recognizer):
        for media in self.bad():
            with pytest.raises(EmogenError) as caught:
                recognizer.recognize(media)
            assert 10 < len(str(caught.value)) < 400
