"""Any classifier of transformers as a judge: of voices, faces, pictures or texts, by a hub id or a local folder.

    judge("speech", "transformers:PATH_OR_ID")     audio classification (wav2vec2, HuBERT, WavLM ...)
    judge("face", "transformers:PATH_OR_ID")       image classification (ViT ...) on the crop of the face
    judge("image", "transformers:PATH_OR_ID")      the same on the whole picture
    judge("image", "clip:PATH_OR_ID")              zero-shot: which of our words fits the picture
    judge("text", "transformers:PATH_OR_ID")       text classification

Labels are understood by the table of words for feelings; those that name none are left out. Weights are read as
safetensors alone, and no code of a hub is run. Their chances are their own: nobody calibrated them here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import audio, face_mesh
from emogen.conditioning.image import checked
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.conditioning.text import TextRecognizer
from emogen.conditioning.vocabulary import NEUTRAL, find
from emogen.errors import BackendMissing, CheckpointError

#: Short labels that speech models use (IEMOCAP, SUPERB), and what they stand for.
SHORT = {"neu": "neutral", "hap": "joy", "ang": "anger", "sad": "sadness", "fea": "fear", "dis": "disgust", "sur": "surprise",
         "exc": "excitement", "fru": "frustration", "ps": "surprise", "bor": "boredom", "cal": "calm"}  # fmt: skip
#: What CLIP chooses among, and how it is asked.
CLIP_LABELS = ("joy", "sadness", "anger", "fear", "disgust", "surprise", "calm", "excitement", "neutral")
CLIP_PROMPT = "a picture that makes people feel {}"
CROP_SIDE = 2.2  # of the face's width: what classifiers of faces are shown (own assumption)


def load(modality: str, backend: str) -> Recognizer:
    """A judge from transformers.

    Args:
        modality: "speech", "face", "image" or "text".
        backend: "transformers:PATH_OR_ID" or "clip:PATH_OR_ID".

    Raises:
        BackendMissing: The hub cannot be reached.
        CheckpointError: No safetensors, no such model, or no label that names a feeling.
    """
    kind, _, source = backend.partition(":")
    if kind == "clip":
        return ClipJudge(source)
    if modality == "speech":
        return VoiceClassifier(source)
    if modality == "text":
        return TextClassifier(source)
    return FaceClassifier(source) if modality == "face" else PictureClassifier(source)


def _loaded(source: str, make: Callable[..., Any], processor: Callable[..., Any]) -> tuple[Any, Any]:
    """Model and processor, weights as safetensors alone."""
    local = Path(source).is_dir()
    try:
        prepared = processor(source, local_files_only=local)
        model = make(source, use_safetensors=True, trust_remote_code=False, local_files_only=local).eval()
    except Exception as error:  # transformers raises many kinds
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        kind = CheckpointError if local else BackendMissing
        raise kind(source, f"cannot be loaded: {first}", "Accepted: a local folder or a hub id.") from error
    return model, prepared


def _terms(source: str, names: dict[int, str]) -> tuple[list[int], tuple[str, ...]]:
    """Which outputs name feelings, and which; an output that names the same feeling as another is left to it."""
    found: dict[str, int] = {}
    for number, name in names.items():
        term = find(SHORT.get(str(name).lower().strip(), str(name)))
        if term and term not in found:
            found[term] = int(number)
    if not any(term != NEUTRAL for term in found):
        raise CheckpointError(source, f"its labels name no feeling: {', '.join(map(str, list(names.values())[:8]))}")
    return list(found.values()), tuple(found)


class _Classifier(Recognizer):
    """A classifier whose outputs are labels."""

    role: ClassVar[Role] = "judge"

    def __init__(self, source: str, make: Callable[..., Any], processor: Callable[..., Any]) -> None:
        self._model, self._processor = _loaded(source, make, processor)
        self._index, self._labels = _terms(source, dict(self._model.config.id2label))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._labels

    def _answer(self, given: Any, because: str = "") -> Recognition:
        import torch

        with torch.inference_mode():
            logits = self._model(**given).logits.double().mean(dim=0)
        chances = torch.softmax(logits[self._index], dim=0).numpy()
        return recognition(dict(zip(self._labels, chances.tolist(), strict=True)), self.modality, because=because)

    @abstractmethod
    def recognize(self, media: Any) -> Recognition:
        """The emotion in one piece of media."""


class VoiceClassifier(_Classifier):
    """Audio classification on windows of a recording.

    Args:
        source: Hub id or local folder.
    """

    modality: ClassVar[str] = "speech"

    def __init__(self, source: str) -> None:
        from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

        super().__init__(source, AutoModelForAudioClassification.from_pretrained, AutoFeatureExtractor.from_pretrained)

    def recognize(self, media: Any) -> Recognition:
        """The emotion in a voice: a sound file or a recording."""
        from emogen.conditioning.voice_measures import HOP, SAMPLE_RATE_HZ, frames

        samples = audio.checked(media)
        found = frames(samples)
        if found.voiced.sum() * HOP / SAMPLE_RATE_HZ < audio.LEAST_VOICE_S:
            return nothing(self._labels, self.modality, "no voice to hear")
        rate = int(getattr(self._processor, "sampling_rate", SAMPLE_RATE_HZ))
        from emogen.media.audio import resample

        cut = [resample(samples[a * HOP : b * HOP + HOP], SAMPLE_RATE_HZ, rate) for a, b in audio.windows(found)]
        longest = max(map(len, cut))
        rows = [np.pad(part, (0, longest - len(part))) for part in cut]
        return self._answer(self._processor(rows, sampling_rate=rate, return_tensors="pt"))


class PictureClassifier(_Classifier):
    """Image classification on the whole picture.

    Args:
        source: Hub id or local folder.
    """

    modality: ClassVar[str] = "image"

    def __init__(self, source: str) -> None:
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        super().__init__(source, AutoModelForImageClassification.from_pretrained, AutoImageProcessor.from_pretrained)

    def recognize(self, media: Any) -> Recognition:
        """The feeling of a picture: a file or uint8 [h, w, 3]."""
        return self._answer(self._processor(images=[checked(media)], return_tensors="pt"))


class FaceClassifier(PictureClassifier):
    """Image classification on the crop of the largest face; of a video on some of its pictures."""

    modality: ClassVar[str] = "face"

    def recognize(self, media: Any) -> Recognition:
        """The emotion of a face: a file or uint8 [h, w, 3]."""
        picture = checked(media)
        faces = face_mesh.find_faces(picture)
        if not faces:
            return nothing(self._labels, self.modality, "no face found")
        points = max(faces, key=lambda p: np.ptp(p[:, 0]) * np.ptp(p[:, 1]))
        return self._answer(self._processor(images=[_cut(picture, points)], return_tensors="pt"))

    def recognize_watched(self, watched: face_mesh.Watched) -> Recognition:
        """The emotion of a face that was found already, by its small grey crops."""
        there = np.flatnonzero(watched.there)
        if not len(there):
            return nothing(self._labels, self.modality, "no face found")
        some = there[np.linspace(0, len(there) - 1, min(len(there), 16)).astype(int)]
        crops = [np.repeat(watched.crops[i][..., None], 3, axis=2) for i in some]
        return self._answer(self._processor(images=crops, return_tensors="pt"))


def _cut(picture: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    half = CROP_SIDE * float(np.ptp(points[:, 0])) / 4
    x0, y0 = np.maximum(middle - half, 0).astype(int)
    x1, y1 = (middle + half).astype(int) + 1
    return np.ascontiguousarray(picture[y0:y1, x0:x1])


class ClipJudge(Recognizer):
    """CLIP: how well each of our words fits a picture, without any training on feelings.

    Args:
        source: Hub id or local folder.
    """

    role: ClassVar[Role] = "judge"
    modality: ClassVar[str] = "image"

    def __init__(self, source: str) -> None:
        from transformers import CLIPModel, CLIPProcessor

        self._model, self._processor = _loaded(source, CLIPModel.from_pretrained, CLIPProcessor.from_pretrained)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return CLIP_LABELS

    def recognize(self, media: Any) -> Recognition:
        """The feeling of a picture: a file or uint8 [h, w, 3]."""
        import torch

        prompts = [CLIP_PROMPT.format(label) for label in CLIP_LABELS]
        given = self._processor(text=prompts, images=[checked(media)], return_tensors="pt", padding=True)
        with torch.inference_mode():
            chances = torch.softmax(self._model(**given).logits_per_image[0].double(), dim=0).tolist()
        return recognition(dict(zip(CLIP_LABELS, chances, strict=True)), self.modality)


class TextClassifier(TextRecognizer):
    """Text classification, as a judge.

    Args:
        source: Hub id or local folder.
    """

    role: ClassVar[Role] = "judge"

    def __init__(self, source: str) -> None:
        from emogen.conditioning.text_transformers import TransformersReader

        super().__init__(TransformersReader(source))
