"""The judge of faces: pixels alone, learnt from the votes of FER+."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.face import FaceReader
from emogen.conditioning.face_mesh import Watched
from emogen.conditioning.learned import one_thread, read_config, read_weights
from emogen.conditioning.recognition import Role
from emogen.errors import CheckpointError

Array = NDArray[np.float64]
#: Rows of the crop that a part of the face takes up (0..48), for the sentence on what told.
REGIONS = {"the brows": (4, 16), "the eyes": (16, 24), "the nose and cheeks": (24, 32), "the mouth": (32, 46)}
BATCH = 64


class FaceJudge(FaceReader):
    """Judges faces. Make one with `FaceJudge.load(...)`.

    Args:
        folder: Of its checkpoint.
    """

    role: ClassVar[Role] = "judge"
    checkpoint: ClassVar[str] = "judge_face"

    def __init__(self, folder: Path) -> None:
        from emogen.models.efficientnet import fused
        from emogen.models.face_pixels import FacePixels

        config = read_config(folder)
        try:
            self._net = FacePixels(tuple(config["labels"]))
            self._net.load_state_dict(read_weights(folder))
            self._temperature = float(config["temperature"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error
        fused(self._net.eval())

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._net.labels

    def _read(self, watched: Watched) -> tuple[Array, Array, Any]:
        there = np.flatnonzero(watched.there)
        chances = np.full((len(watched.points), len(self.labels)), 1.0 / len(self.labels))
        vad = np.zeros((len(watched.points), 3))
        chances[there], vad[there] = self._ask(watched.crops[there])

        def told(label: str) -> list[str]:
            best = there[int(chances[there, self.labels.index(label)].argmax())]
            return self._told(watched.crops[best], label)

        return chances, vad, told

    def _ask(self, crops: NDArray[np.uint8], *, mirrored: bool = True) -> tuple[Array, Array]:
        """Chances and VAD of each crop, with `mirrored` the mean over it and its mirror image."""
        import torch

        found = []
        with torch.inference_mode(), one_thread():
            for part in torch.from_numpy(np.ascontiguousarray(crops))[:, None].split(BATCH):
                sides = [self._net(side) for side in ((part, part.flip(3)) if mirrored else (part,))]
                logits = torch.stack([logits for logits, _ in sides]).mean(dim=0) / self._temperature
                found.append((torch.softmax(logits, dim=1), torch.stack([vad for _, vad in sides]).mean(dim=0)))
        return torch.cat([c for c, _ in found]).double().numpy(), torch.cat([v for _, v in found]).double().numpy()

    def _told(self, crop: NDArray[np.uint8], label: str) -> list[str]:
        """The part of the face without which the chance of the label falls most."""
        covered = np.repeat(crop[None], len(REGIONS) + 1, axis=0)
        for i, (first, last) in enumerate(REGIONS.values(), 1):
            covered[i, first:last] = int(crop.mean())
        chances, _ = self._ask(covered, mirrored=False)
        lost = chances[0, self.labels.index(label)] - chances[1:, self.labels.index(label)]
        if lost.max() <= 0.05:
            return []
        return [f"seen in {list(REGIONS)[int(lost.argmax())]} (without: -{lost.max():.2f})"]
