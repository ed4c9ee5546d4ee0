"""A picture -> the feeling it gives its viewer: `ImageRecognizer`, the guide of pictures.

What people rated are valence and arousal; the labels follow from them, as uncertain as the network is. Five labels are
all that two axes can tell apart: fear, anger and disgust all read as distress.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.image_measures import NAMES, PHRASES, is_noise, measure
from emogen.conditioning.learned import folder_of, one_thread, read_config, read_weights
from emogen.conditioning.recognition import Recognition, Recognizer, Role, nothing, recognition
from emogen.conditioning.vocabulary import NEUTRAL, norm
from emogen.errors import CheckpointError, InputError

#: The corners of valence and arousal and their middle.
LABELS = ("excitement", "calm", "distress", "sadness", NEUTRAL)
#: Standard deviation of a label in valence and arousal (own assumption).
LABEL_SD = (0.30, 0.35)
NEUTRAL_SD = (0.20, 0.30)
#: Arousal by pictures is rated in a narrow part of the scale: its mean over OASIS and the factor that spreads it as
#: far as the norms of words for feelings do, for the choice of the label alone (own assumption).
AROUSAL_MIDDLE, AROUSAL_GAIN = -0.13, 1.6
#: Lightness (0..1) varies less than this in a plain surface (own assumption).
PLAIN = 0.01
STANDS_OUT = 0.8  # standard deviations from which a measure is worth a word (own assumption)
TOLD = 3  # measures named


class ImageRecognizer(Recognizer):
    """Reads pictures. Make one with `ImageRecognizer.load(...)`.

    Args:
        folder: Of its checkpoint.
    """

    role: ClassVar[Role] = "guide"
    modality: ClassVar[str] = "image"
    checkpoint: ClassVar[str] = "image"

    def __init__(self, folder: Path) -> None:
        from emogen.models.efficientnet import fused
        from emogen.models.picture import PictureNet

        config = read_config(folder)
        try:
            self._measured = bool(config["measures"])
            net = PictureNet(config["variant"], classes=config["classes"], measures=len(NAMES) * self._measured)
            net.load_state_dict(read_weights(folder))
            self._temperature = float(config["temperature"])
            self._mean, self._spread = np.array(config["measure_mean"]), np.array(config["measure_sd"])
            self._slope = np.array(config["measure_slope"], dtype=float)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(str(folder), f"does not fit: {error}") from error
        self._net = fused(net.eval())

    @classmethod
    def load(cls, source: str | Path = "embedded") -> ImageRecognizer:
        """The recogniser from "embedded" or a local checkpoint folder.

        Raises:
            CheckpointError: A missing, altered or unsafe checkpoint.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return _loaded(cls, str(source))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `Recognition.distribution`, in order."""
        return LABELS

    def recognize(self, media: str | Path | NDArray[np.uint8]) -> Recognition:
        """The feeling of one picture.

        Args:
            media: A picture file, or uint8 [h, w, 3] RGB.

        Raises:
            EmogenError: It cannot be read, or is no such array.
        """
        picture = checked(media)
        measures = measure(picture)
        if measures[NAMES.index("contrast")] < PLAIN:
            return nothing(LABELS, self.modality, "a plain surface: nothing to see")
        if is_noise(picture):
            return nothing(LABELS, self.modality, "noise: nothing to recognise")
        valence, arousal = self._look(picture, measures)
        log = label_scores(np.array([[valence, arousal]]))[0] / self._temperature
        chances = np.exp(log - log.max())
        found = dict(zip(LABELS, (chances / chances.sum()).tolist(), strict=True))
        dominance = float(sum(chance * norm(label)[2] for label, chance in found.items()))
        return recognition(
            found,
            self.modality,
            vad=[valence, arousal, dominance],
            intensity=float(min(np.hypot(valence, arousal), 1.0)),
            because=self._because(measures, valence, arousal),
            norm_part=0.0,
        )

    def _look(self, picture: NDArray[np.uint8], measures: NDArray[np.float64]) -> tuple[float, float]:
        import torch

        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
        beside = torch.from_numpy(measures[None].astype(np.float32))[:, : len(NAMES) * self._measured]
        with torch.inference_mode(), one_thread():
            valence, arousal = self._net(pixels, beside)[0].clamp(-1.0, 1.0).tolist()
        return valence, arousal

    def _because(self, measures: NDArray[np.float64], valence: float, arousal: float) -> str:
        """The measures that stand out most and go with such valence and arousal in the pictures learnt from."""
        away = (measures - self._mean) / self._spread
        worth = away * (self._slope @ np.array([valence, arousal]))
        told = [i for i in np.argsort(-worth)[:TOLD] if worth[i] > 0 and abs(away[i]) > STANDS_OUT]
        words = [PHRASES[NAMES[i]][int(away[i] > 0)] for i in told]
        seen = "pleasant" if valence > 0 else "unpleasant"
        stirring = "stirring" if arousal > 0 else "quiet"
        what = f"its content looks {seen} and {stirring} (valence {valence:+.2f}, arousal {arousal:+.2f})"
        return f"{what}; {', '.join(words)}" if words else what


@cache
def _loaded(cls: type[ImageRecognizer], source: str) -> ImageRecognizer:
    return cls(folder_of(cls.checkpoint, source))


def checked(media: Any) -> NDArray[np.uint8]:
    """A picture file or array -> uint8 [h, w, 3].

    Raises:
        EmogenError: It is neither.
    """
    from emogen.media.image import read_image

    if isinstance(media, str | Path):
        return read_image(media)
    array = np.asarray(media)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or min(array.shape) == 0:
        raise InputError("picture", f"{array.dtype} {array.shape}", "Give a file, or uint8 [height, width, 3] RGB.")
    return array


def label_scores(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood [n, 5] of `LABELS` at points of rated valence and arousal [n, 2]; each a Gaussian at its norm."""
    spread = points * (1.0, AROUSAL_GAIN) - (0.0, AROUSAL_GAIN * AROUSAL_MIDDLE)
    rows = []
    for label in LABELS:
        sd = np.array(NEUTRAL_SD if label == NEUTRAL else LABEL_SD)
        rows.append(-0.5 * (((spread - norm(label)[:2]) / sd) ** 2).sum(axis=1) - np.log(sd).sum())
    return np.stack(rows, axis=1)
