"""Expression that was learnt from people, around the targets of FACS: the same call as `ExpressionRules.live`.

What is published and what is learnt. *Which* muscles an emotion moves and how far is published (`ExpressionRules`:
FACS, EMFACS, Du 2014): measured faces are faint (at the height of a clear clip of PEDFE a smile reaches three quarters
of its shape, a sad mouth a third) and would not read as a clear expression. *How* it moves is learnt from PEDFE's
measured clips: how quickly each emotion rises and how it swells, which shapes move along and which lag, how left differs
from right, how a held expression lives on, and how the head goes with it. A diffusion makes these as deviations from
the eased course of a measured mean face; the course of the whole is handed on to the targets in proportion, the rest
shape by shape.

Lips that speak, gaze and blinks are none of its business: nobody spoke in those clips.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from emogen.checkpoints import checkpoint_folder
from emogen.codecs.face import INDEX
from emogen.conditioning.emotion import BASIC
from emogen.conditioning.encoder import EmotionEncoder
from emogen.conditioning.learned import one_thread
from emogen.diffusing import ConfigMixin, FlowMatchEulerDiscreteScheduler, ModelMixin, register_to_config
from emogen.models.diffusion import Conditions, Flow, Guidance, sample_windows
from emogen.models.sequence import Content, SequenceDenoiser
from emogen.pipelines.talking_head.expression import ExpressionRules, eased_feeling, norms

#: What is learnt: pairs of shapes, single ones, the head's turn.
PAIRED = ("browDown", "browOuterUp", "cheekSquint", "eyeSquint", "eyeWide", "mouthSmile", "mouthFrown", "mouthDimple",
          "mouthStretch", "mouthPress", "mouthUpperUp", "mouthLowerDown", "noseSneer")  # fmt: skip
SINGLE = ("browInnerUp", "mouthShrugLower", "mouthShrugUpper", "jawOpen")
TURN = ("headYaw", "headPitch", "headRoll")
MOVED = (*(f"{name}{side}" for name in PAIRED for side in ("Left", "Right")), *SINGLE, *TURN)
COLUMNS = [INDEX[name] for name in MOVED]
SHAPES = len(MOVED) - len(TURN)
FPS = 25.0
#: Steps of the sampling: as few as keep the motion several times faster than real time; what they leave of a trembling
#: is smoothed away (`smooth_frames`, fitted at this number).
STEPS = 5
#: Beside the time course, a shape deviates as much more or less than in the measured faces as its published target is
#: higher or lower than its measured mean, within these factors. What left and right do alike changes which emotion is
#: read and stays smaller than how they differ, which does not. Chosen on the people that chose the checkpoint, by the
#: two-sample test and the guide of faces (its chance for the wanted emotion).
ALIKE, APART = (0.4, 1.0), (0.8, 2.5)
LEAST_MEAN = 0.05  # of a measured shape, in that comparison
FAINT = 0.2  # amplitude of a feeling from which on its time course counts fully; own assumption
#: Frames within which a window that goes on finds its own course.
JOIN = 8
#: The eased feeling that the network is shown stops at what it was trained on.
STRONGEST = 1.0


def shown(basic: np.ndarray) -> np.ndarray:
    """Amplitudes of the six emotions [T, 6] -> the ten numbers of `EmotionEncoder` [T, 10], float32.

    What valence, arousal and dominance say beyond the six is left to the rules: nobody in the clips felt it.
    """
    held = basic / np.maximum(1.0, basic.sum(axis=1, keepdims=True) / STRONGEST)
    return np.concatenate([held @ norms(), held, held.sum(axis=1, keepdims=True)], axis=1).astype(np.float32)


class LearntExpression(ModelMixin, ConfigMixin):
    """`live(vad [T, 3], basic [T, 6], fps) -> (curves [T, 61], posture [T, 3])`, from the checkpoint `face_motion`.

    Args:
        width, depth, heads: Of the denoiser.
        window, overlap: Frames at 25 a second.
        emotion_width, tokens, octaves: Of the emotion encoder.
        onset_s: Time constant of each basic emotion's rise (s), as fitted to the clips.
        smooth_frames: Standard deviation of the smoothing of each channel, frames; () for none. Few sampling steps leave
            a trembling that measured faces do not have: it is fitted so that both are equally smooth.

    Buffers: `scale` [C] root mean square of the deviations, `apex` [6, C] the measured mean face of a clear expression.
    """

    config_name = "config.json"
    #: The head moves with the feeling already; what is left is how it stands over a longer time than a clip's. Own size.
    sway = 0.5

    @register_to_config
    def __init__(self, width: int = 128, depth: int = 4, heads: int = 4, window: int = 75, overlap: int = 20,
                 emotion_width: int = 64, tokens: int = 4, octaves: int = 2, onset_s: tuple[float, ...] = (0.2,) * 6,
                 smooth_frames: tuple[float, ...] = ()) -> None:
        super().__init__()
        self.denoiser = SequenceDenoiser(
            channels=len(MOVED), style_channels=1, emotion_channels=emotion_width, width=width, depth=depth, heads=heads,
            frame_rate=FPS, window=window, overlap=overlap,
        )  # fmt: skip
        self.emotion_encoder = EmotionEncoder(emotion_width, tokens, octaves)
        # The package's tables, no part of a checkpoint: a module would be saved with it, and stay as it was then.
        object.__setattr__(self, "rules", ExpressionRules())
        self.register_buffer("scale", torch.ones(len(MOVED)))
        self.register_buffer("apex", torch.zeros(len(BASIC), len(MOVED)))

    @classmethod
    def embedded(cls) -> LearntExpression:
        """The one that ships with emogen.

        Raises:
            CheckpointError: It is missing or was altered.
            RightsError: `EMOGEN_COMMERCIAL` is set; it learnt from research data.
        """
        return cls.opened(checkpoint_folder("face_motion"))

    @classmethod
    def opened(cls, folder: Path) -> LearntExpression:
        """One from a checkpoint folder, ready to use in float32."""
        return cls.from_pretrained(str(folder), use_safetensors=True, torch_dtype=torch.float32, low_cpu_mem_usage=False).eval()

    def live(self, vad: np.ndarray, basic: np.ndarray, fps: float, units: np.ndarray | None = None, *, seed: int = 0,
             genuine: float = 1.0, variation: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """A feeling over time as a face that means it.

        Args:
            vad: [T, 3].
            basic: Amplitudes of the six basic emotions [T, 6]; above 1 exaggerates the targets alone.
            fps: Frames per second.
            units: [T, 18] amplitudes of action units in place of those that the feeling asks for.
            seed: Of the variation.
            genuine: 1 as if felt .. -1 as if posed.
            variation: Factor on what is learnt; 0 leaves the eased targets.

        Returns:
            Curves [T, 61], shapes 0..1, and the head [T, 3]: pitch, yaw, roll in rad.
        """
        onset = dict(zip(BASIC, self.config.onset_s, strict=True))
        curves, posture = self.rules(vad, basic, fps, units, onset_s=onset)
        felt = eased_feeling(basic, fps, onset)
        moved = variation * self.deviations(felt, fps, seed, genuine)
        curves[:, COLUMNS[:SHAPES]] += self._around(curves[:, COLUMNS[:SHAPES]], moved[:, :SHAPES], felt)
        shapes = slice(0, INDEX["headYaw"])
        curves[:, shapes] = np.clip(curves[:, shapes], 0, 1)
        yaw, pitch, roll = moved[:, SHAPES:].T
        return curves, posture + np.column_stack([pitch, yaw, roll])

    def deviations(self, felt: np.ndarray, fps: float, seed: int, genuine: float = 1.0) -> np.ndarray:
        """What is learnt, for eased amplitudes [T, 6] at `fps`: [T, C], shapes and rad."""
        seconds = len(felt) / fps
        count = max(2, round(seconds * FPS) + 1)
        coarse = np.arange(count) / FPS
        at = np.arange(len(felt)) / fps
        features = shown(np.column_stack([np.interp(coarse, at, column) for column in felt.T]))
        with one_thread():
            found = np.concatenate(list(self._windows(features, seed, genuine))) * self.scale.double().cpu().numpy()
        for channel, frames in enumerate(self.config.smooth_frames):
            found[:, channel] = gaussian_filter1d(found[:, channel], frames, mode="nearest")
        return found[: len(felt)] if fps == FPS else np.asarray(CubicSpline(coarse, found)(at))

    @torch.no_grad()
    def _windows(self, features: np.ndarray, seed: int, genuine: float) -> Iterator[np.ndarray]:
        """New frames of each window [n, C], in units of `scale`; what a seam leaves fades within `JOIN` frames."""
        device = self.scale.device
        dropped = torch.ones(1, dtype=torch.bool, device=device)
        style = Content(style=torch.full((1, 1), float(np.clip(genuine, -1, 1)), device=device))

        def at(start: int, stop: int) -> Conditions:
            window = torch.from_numpy(features[None, start:stop]).to(device)
            return Conditions(
                self.emotion_encoder(window, stop - start), self.emotion_encoder(window, stop - start, null=dropped), style,
                torch.ones(stop - start, device=device),
            )  # fmt: skip

        before: np.ndarray | None = None
        for new in sample_windows(Flow(self.denoiser), FlowMatchEulerDiscreteScheduler(), at, len(features), seed=seed,
                                  num_inference_steps=STEPS, guidance=Guidance(), device=device):  # fmt: skip
            frames = new[0].double().cpu().numpy()
            if before is not None:
                wanted = before[-1] + (before[-1] - before[-2]) / 2
                fading = 0.5 + 0.5 * np.cos(np.pi * np.minimum(np.arange(len(frames)) / JOIN, 1.0))
                frames += (wanted - frames[0]) * fading[:, None]
            before = frames if before is None or len(frames) > 1 else np.concatenate([before[-1:], frames])
            yield frames

    def _around(self, targets: np.ndarray, moved: np.ndarray, felt: np.ndarray) -> np.ndarray:
        """What the deviations [T, K] add to the published targets [T, K], for eased amplitudes [T, 6]: [T, K].

        The part along the measured mean face is the time course of the whole: it moves the targets together. The rest
        (what leans, lags, comes along) is added shape by shape.
        """
        faces = self.apex[:, :SHAPES].double().cpu().numpy()
        clear = self.rules.still(norms(), np.eye(len(BASIC)))[0][:, COLUMNS[:SHAPES]]
        weights = np.clip(felt, 0, None) + 1e-3
        weights /= weights.sum(axis=1, keepdims=True)
        usual = weights @ faces
        course = (moved * usual).sum(axis=1, keepdims=True) / np.maximum((usual**2).sum(axis=1, keepdims=True), 1e-6)
        together = course * targets / np.maximum(felt.sum(axis=1, keepdims=True), FAINT)
        ratio, beside = clear / np.maximum(faces, LEAST_MEAN), moved - course * usual
        alike = beside.copy()
        for i in range(0, 2 * len(PAIRED), 2):
            alike[:, [i, i + 1]] = beside[:, [i, i + 1]].mean(axis=1, keepdims=True)
        added = (weights @ np.clip(ratio, *ALIKE)) * alike + (weights @ np.clip(ratio, *APART)) * (beside - alike)
        return np.asarray(together + added)
