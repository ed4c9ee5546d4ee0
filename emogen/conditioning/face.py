"""A face -> Emotion: `FaceRecognizer`, the guide of faces, which reads the shape of the expression, not the picture.

A photo is compared with a mean face; a video also with its own first moments, which takes the person's features out.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import face_measures, face_mesh
from emogen.conditioning.cues import Cues, sentence
from emogen.conditioning.face_mesh import Watched
from emogen.conditioning.image import checked
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import CheckpointError

Array = NDArray[np.float64]
LEAST_FRAMES = 6  # of a face, for a verdict on its movement (own assumption: half a second)
ENOUGH_SHARE = 0.5  # of the pictures that show a face, from which a verdict counts fully (own assumption)
FEW_FRAMES = 0.6  # certainty of a video with fewer pictures of a face than `LEAST_FRAMES` (own assumption)
TRACK_S = 1.0  # between keyframes of a video's track


class FaceReader(Recognizer):
    """What guide and judge of faces share: finding the face, gates, tracks."""

    modality: ClassVar[str] = "face"
    checkpoint: ClassVar[str]

    @classmethod
    def load(cls, source: str | Path = "embedded") -> FaceReader:
        """The recogniser from "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(cls, str(source))

    def recognize(self, media: str | Path | NDArray[np.uint8]) -> Recognition:
        """The emotion of the largest face in a photo.

        Args:
            media: A picture file, or uint8 [h, w, 3] RGB.

        Raises:
            EmogenError: It cannot be read, or is no such array.
        """
        return self.recognize_watched(face_mesh.look(checked(media)))

    def recognize_frames(self, frames: Iterable[NDArray[np.uint8]], fps: float) -> Recognition:
        """The emotion of the largest face in the pictures of a video.

        Args:
            frames: uint8 [h, w, 3] each.
            fps: Pictures a second.
        """
        return self.recognize_watched(face_mesh.watch(frames, fps))

    def recognize_watched(self, watched: Watched) -> Recognition:
        """The emotion of a face that was found already."""
        there = watched.there
        if not there.any():
            return nothing(self.labels, self.modality, "no face found")
        chances, vad, told = self._read(watched)
        share = float(there.mean())
        certainty, notes = min(1.0, share / ENOUGH_SHARE), []
        if watched.fps and there.sum() < LEAST_FRAMES:
            certainty *= FEW_FRAMES
            notes.append(f"only {int(there.sum())} picture{'s' if there.sum() > 1 else ''} of a face")
        elif share < ENOUGH_SHARE:
            notes.append(f"a face in {share:.0%} of the pictures")
        mean, felt = chances[there].mean(axis=0), vad[there].mean(axis=0)
        label = self.labels[int(mean.argmax())]
        return recognition(
            dict(zip(self.labels, mean.tolist(), strict=True)),
            self.modality,
            vad=felt,
            certainty=certainty,
            over_time=self._track(watched, chances, vad),
            because=sentence(told(label), label, float(mean.max())),
            note="; ".join(notes),
        )

    @abstractmethod
    def _read(self, watched: Watched) -> tuple[Array, Array, Any]:
        """Calibrated chances [T, L], VAD [T, 3] and label -> the cues that told; any number where there is no face."""

    def _track(self, watched: Watched, chances: Array, vad: Array) -> EmotionTrack | None:
        if not watched.fps or len(chances) < 2 * TRACK_S * watched.fps:
            return None
        step, keys = max(1, round(TRACK_S * watched.fps)), []
        for start in range(0, len(chances), step):
            at = np.arange(start, min(start + step, len(chances)))
            at = at[watched.there[at]]
            if len(at):
                found = dict(zip(self.labels, chances[at].mean(axis=0).tolist(), strict=True))
                felt = recognition(found, self.modality, vad=vad[at].mean(axis=0)).emotion
                keys.append(Keyframe(round(float(at.mean()) / watched.fps, 3), felt))
        return EmotionTrack(tuple(keys)) if len(keys) > 1 else None


class FaceRecognizer(FaceReader):
    """Reads faces by their landmarks. Make one with `FaceRecognizer.load(...)`.

    Args:
        folder: Of its checkpoint.
    """

    role: ClassVar[Role] = "guide"
    checkpoint: ClassVar[str] = "face"

    def __init__(self, folder: Path) -> None:
        from emogen.models.head import EmotionHead

        config, weights = read_config(folder), read_weights(folder)
        try:
            self._template = np.array(config["template"], dtype=float)
            self._cues = Cues.from_dict(config["cues"], face_measures.NAMES)
            self._photo, self._clip = (EmotionHead.from_config(config[name]).eval() for name in ("photo", "clip"))
            for name, head in (("photo.", self._photo), ("clip.", self._clip)):
                head.load_state_dict({k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)})
            self._temperatures = float(config["photo_temperature"]), float(config["clip_temperature"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._photo.labels

    def _read(self, watched: Watched) -> tuple[Array, Array, Any]:
        there = np.flatnonzero(watched.there)
        laid, pose = face_measures.aligned(watched.points[there], self._template)
        usual = face_measures.measure(self._template[None])[0]
        measures = face_measures.measure(laid) - usual
        chances, vad = np.full((len(watched.points), len(self.labels)), 1.0), np.zeros((len(watched.points), 3))
        chances[there], vad[there] = self._ask(self._photo, measures, self._temperatures[0])
        if len(there) >= LEAST_FRAMES and watched.fps:
            moved = face_measures.clip(laid, pose, watched.fps)[None]
            whole, felt = self._ask(self._clip, moved, self._temperatures[1])
            # what the movement says and what each picture says, equally; neutral is known to both
            chances[there], vad[there] = (chances[there] + whole) / 2, (vad[there] + felt) / 2

        def told(label: str) -> list[str]:
            frame = int(chances[there, self.labels.index(label)].argmax())
            return self._cues.told(measures[frame], label, face_measures.PHRASES)

        return chances, vad, told

    def _ask(self, head: Any, rows: Array, temperature: float) -> tuple[Array, Array]:
        import torch

        with torch.inference_mode(), one_thread():
            logits, vad = head(torch.from_numpy(rows.astype(np.float32)))
            return torch.softmax(logits / temperature, dim=1).double().numpy(), vad.double().numpy()


@cache
def _loaded(cls: Any, source: str) -> Any:
    return cls(folder_of(cls.checkpoint, source))
