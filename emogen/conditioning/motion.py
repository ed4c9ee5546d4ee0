"""A body's movement -> Emotion: `MotionRecognizer`, the guide of movement, and what it shares with the judge.

A movement is read in windows of a few seconds; the answer is the mean over them, and in longer ones
also a track. Only what the body does is read: not where it goes, nor what it looks like.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.body_pose import bvh_positions
from emogen.conditioning.cues import Cues, sentence
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.conditioning.motion_measures import FPS, NAMES, PHRASES, jitter, measure, moved, normalised
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.errors import CheckpointError, InputError
from emogen.media.motion import BvhMotion, read_bvh

if TYPE_CHECKING:
    from torch import Tensor

    from emogen.conditioning.track import EmotionTrack

Array = NDArray[np.float64]
#: Up to this a movement is read as a whole, beyond in windows of `WINDOW_S` every `STEP_S` (s).
WHOLE_S, WINDOW_S, STEP_S = 6.0, 4.0, 2.0
LONGEST_S = 600.0  # windows further apart beyond (own assumption)
LEAST_S = 0.7  # shorter than any gesture (own assumption)
ENOUGH_S = 1.5  # from which a verdict is worth what it was in training (own assumption)
LEAST_MOVED = 0.001  # body heights: about 2 mm; a living body sways more (own assumption)
ROUGH, NOISY = 0.2, -0.1  # `jitter` below which a movement is doubted, and is noise (own assumption)
NOISE_CERTAINTY = 0.3  # own assumption
FAMILIAR, STRANGE = 1.2, 2.0  # mean standard deviations from what was learnt: trusted, doubted most (own assumption)
FARTHEST = 6.0  # standard deviations that one measure counts at most in that mean (own assumption)


class MotionReader(Recognizer):
    """What guide and judge of movement share: gates, windows, calibration, cues.

    Args:
        folder: Of a checkpoint.
    """

    modality: ClassVar[str] = "motion"
    checkpoint: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        config, weights = read_config(folder), read_weights(folder)
        try:
            self._temperature = float(config["temperature"])
            self._cues = Cues.from_dict(config["cues"], NAMES)
            self._labels = tuple(str(label) for label in config["net"]["labels"])
            self._build(config, weights)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error

    @classmethod
    def load(cls, source: str | Path = "embedded") -> MotionReader:
        """The recogniser from "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(cls, str(source))

    @abstractmethod
    def _build(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """Makes the network."""

    @abstractmethod
    def _judge(self, body: Array, measures: Array) -> tuple[Tensor, Tensor]:
        """Logits [L] and VAD [3] of one window: its normalised positions [T, 14, 3], and its measures [M]."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return self._labels

    def recognize(self, media: str | Path | BvhMotion) -> Recognition:
        """The emotion in a movement.

        Args:
            media: A BVH file, or a motion.

        Raises:
            EmogenError: It cannot be read, or its skeleton lacks joints; the message names them.
        """
        motion = read_bvh(media) if isinstance(media, str | Path) else media
        if not isinstance(motion, BvhMotion):
            raise InputError("motion", f"{type(media).__name__}", "Give a BVH file, or a BvhMotion.")
        return self.recognize_positions(bvh_positions(motion), motion.fps)

    def recognize_positions(self, positions: NDArray[np.floating], fps: float) -> Recognition:
        """The emotion in positions of joints, for example of `pose_motion`.

        Args:
            positions: [T, 14, 3] in the order of `body_pose.JOINTS`, Y up; any scale and place.
            fps: Frames a second.

        Raises:
            InputError: Another shape, numbers that are not finite, or a body without height.
        """
        positions = np.asarray(positions, dtype=float)
        if positions.ndim == 3 and len(positions) < max(2.0, LEAST_S * fps):
            seen = f"{len(positions)} frame{'s' * (len(positions) != 1)}"
            return nothing(self.labels, self.modality, f"{seen}: too short to see how it moves")
        body = normalised(positions, fps)
        if moved(body) < LEAST_MOVED:
            return nothing(self.labels, self.modality, "nothing moves")
        spans = windows(len(body))
        measures = np.stack([measure(body[a:b]) for a, b in spans])
        logits, vad = self._read(body, measures, spans)
        mean, felt = self._chances(logits.mean(axis=0)), vad.mean(axis=0)
        certainty, note = self._certainty(positions, fps, measures)
        label = self.labels[int(mean.argmax())]
        told = self._cues.told(measures.mean(axis=0), label, PHRASES)
        return recognition(
            dict(zip(self.labels, mean.tolist(), strict=True)),
            self.modality,
            vad=felt,
            certainty=certainty * min(1.0, len(body) / FPS / ENOUGH_S),
            over_time=self._track(spans, logits, vad) if len(spans) > 1 else None,
            because=sentence(told, label, float(mean.max())),
            note=note,
        )

    def _read(self, body: Array, measures: Array, spans: Sequence[tuple[int, int]]) -> tuple[Array, Array]:
        """Logits [n, L] and VAD [n, 3] of windows."""
        import torch

        with torch.inference_mode(), one_thread():
            rows = [self._judge(body[a:b], row) for (a, b), row in zip(spans, measures, strict=True)]
        logits, vad = (torch.stack(parts).double().numpy() for parts in zip(*rows, strict=True))
        return logits, vad

    def _chances(self, logits: Array) -> Array:
        """Logits [L] -> calibrated chances."""
        risen = np.exp((logits - logits.max()) / self._temperature)
        return np.asarray(risen / risen.sum())

    def _certainty(self, positions: Array, fps: float, measures: Array) -> tuple[float, str]:
        """0..1 and why it is low: trembling frames, or a body far from all that was learnt from."""
        goes_on = jitter(positions)
        if goes_on < NOISY:
            return NOISE_CERTAINTY, "every frame elsewhere: noise, or a body that was not tracked"
        away = np.minimum(np.abs((measures - self._cues.mean) / self._cues.spread), FARTHEST).mean()
        strange = float(np.clip((away - FAMILIAR) / (STRANGE - FAMILIAR), 0.0, 1.0))
        rough = float(np.clip((ROUGH - goes_on) / (ROUGH - NOISY), 0.0, 1.0))
        certainty = 1.0 - (1.0 - NOISE_CERTAINTY) * max(strange, rough)
        if certainty > 0.75:
            return certainty, ""
        return certainty, "moves unlike anybody it learnt from" if strange >= rough else "trembles from frame to frame"

    def _track(self, spans: Sequence[tuple[int, int]], logits: Array, vad: Array) -> EmotionTrack:
        from emogen.conditioning.track import EmotionTrack, Keyframe

        keys = []
        for (a, b), row, felt in zip(spans, logits, vad, strict=True):
            chances = dict(zip(self.labels, self._chances(row).tolist(), strict=True))
            there = recognition(chances, self.modality, vad=felt)
            keys.append(Keyframe(round((a + b) / 2 / FPS, 3), there.emotion))
        return EmotionTrack(tuple(keys))


class MotionRecognizer(MotionReader):
    """Reads movement. Make one with `MotionRecognizer.load(...)`."""

    role: ClassVar[Role] = "guide"
    checkpoint: ClassVar[str] = "motion"

    def _build(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        from emogen.models.head import EmotionHead

        self._head = EmotionHead.from_config(config["net"]).eval()
        self._head.load_state_dict(weights)

    def _judge(self, body: Array, measures: Array) -> tuple[Tensor, Tensor]:
        import torch

        logits, vad = self._head(torch.from_numpy(measures[None]).float())
        return logits[0], vad[0]


def windows(n: int) -> list[tuple[int, int]]:
    """Spans of frames (first, last + 1) at `FPS` that cover n frames; at least one."""
    if n <= WHOLE_S * FPS:
        return [(0, n)]
    width = round(WINDOW_S * FPS)
    step = STEP_S * FPS * max(1.0, n / FPS / LONGEST_S)
    starts = np.arange(0.0, n - width + 1, step).round().astype(int).tolist()
    if n - (starts[-1] + width) > step / 2:
        starts.append(n - width)
    return [(a, a + width) for a in starts]


@cache
def _loaded(cls: type[MotionReader], source: str) -> MotionReader:
    return cls(folder_of(cls.checkpoint, source))
