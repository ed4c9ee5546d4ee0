"""A photo and an emotion -> the photo, felt otherwise: colour, light, texture, focus, weather; what it shows stays.

A finish is asked of the feeling (`LearntLook`, or `LookRules` where only openly learnt things may be used), fitted to
the look that the photo has already, and developed: tone and colour by a table, light and air by small maps that know
where the sky, the distance and the faces are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import checkpoint_hash, commercial_only
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.face_mesh import find_faces
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import DiffusionPipeline  # noqa: F401 - diffusers looks here when this pipeline is a component
from emogen.errors import InputError
from emogen.pipelines.base import AffectivePipeline, StepCallback
from emogen.pipelines.image.colour import PHOTO, Codes, fitted, table
from emogen.pipelines.image.develop import Development
from emogen.pipelines.image.learnt_look import CHECKPOINT, LearntLook
from emogen.pipelines.image.look import EFFECTS, Finish, LookRules, measured
from emogen.pipelines.image.output import ImageOutput, seen
from emogen.pipelines.image.places import SMALL_PX, Places, places
from emogen.pipelines.image.told import REACH, told
from emogen.pipelines.outputs import Made

#: Rows that are worked on at once: what is needed for them stays near the processor.
BAND_ROWS, THREADS = 192, 2
MAX_STRENGTH = 2.0
#: Effects that are neither weather nor light from elsewhere.
DRY = ("glow", "blur", "grain")


class ImageEditPipeline(AffectivePipeline):
    """Changes what a photo feels like.

    Args:
        look: What a feeling asks of a picture.
    """

    modality: ClassVar[str] = "image_edit"

    def __init__(self, look: LearntLook | LookRules) -> None:
        super().__init__()
        self.register_modules(look=look)

    @classmethod
    def embedded(cls) -> ImageEditPipeline:
        """What ships with emogen; with `EMOGEN_COMMERCIAL` by rules, since the learnt looks are for research."""
        return cls(LookRules() if commercial_only() else LearntLook.load())

    def __call__(
        self,
        image: Any,
        emotion: Any = None,
        *,
        strength: float = 1.0,
        weather: bool = True,
        seed: int | list[int] | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: StepCallback | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Edits a picture.

        Args:
            image: A path, or uint8 [h, w, 3]; a list edits several.
            emotion: What is to be felt; of a track, its first moment.
            strength: How much of the finish, 0..2; 0 changes no pixel.
            weather: Whether mist, rain, snow, rays and leaks of light may be laid over it.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after "read", "look" and "develop".
            return_dict: False gives a tuple.

        Returns:
            ImageOutput, or a list of them.

        Raises:
            InputError: Not a picture, one beyond the limits, or a strength out of range.
        """
        amount = checked_strength(strength)

        def make(given: Any, track: EmotionTrack, chosen: int) -> Any:
            with self.steps(3, callback_on_step_end) as steps:
                picture, name = seen(given)
                steps.done("read")
                finish = asked(self.look, [track.at(0.0)], chosen, amount, bool(weather))[0]
                small, factor = shrunk(picture)
                where = None if finish.nothing else places(small, find_faces(small), self.look.chance_outdoors(small))
                finish = fitted(finish, measured(small))
                steps.done("look")
                result = picture.copy() if where is None else developed(picture, small, factor, finish, where, chosen)
                steps.done("develop")
            made = Made(
                request={"image": name, "emotion": str(track), "strength": amount, "weather": bool(weather)},
                emotion=track,
                seed=chosen,
                real_input=True,
                models=models_of(self.look),
                timings=steps.timings,
                facts={"moves": told(finish, where), "reach": REACH},
            )
            out = ImageOutput(result, made=made)
            return out if return_dict else out.to_tuple()

        return self.each(make, image, emotion, seed, generator)


def checked_strength(strength: Any) -> float:
    """A strength as it was given.

    Raises:
        InputError: No number of 0..2.
    """
    if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 <= strength <= MAX_STRENGTH:
        raise InputError("strength", f"{strength!r:.40}", f"Accepted: 0 (no pixel changes) to {MAX_STRENGTH:g}.")
    return float(strength)


def asked(
    look: LearntLook | LookRules, emotions: list[Emotion], seed: int, strength: float, weather: bool
) -> list[Finish]:
    """The finish of each feeling, with or without what falls and shines."""
    kept = np.array([weather or name in DRY for name in EFFECTS], dtype=float)
    finishes = [finish.scaled(strength) for finish in look.track(emotions, seed)]
    return [Finish(finish.look, finish.effects * kept) for finish in finishes]


def models_of(look: LearntLook | LookRules) -> dict[str, str]:
    """Checkpoint or table -> its hash or version."""
    rules = {"looks": "Valdez & Mehrabian 1994; table 1"}
    return {**rules, CHECKPOINT: checkpoint_hash(CHECKPOINT)} if isinstance(look, LearntLook) else rules


def shrunk(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A copy of at most `SMALL_PX` on its long side, and the whole factor between the two; its edges are repeated to fit."""
    h, w = picture.shape[:2]
    factor = max(1, -(-max(h, w) // SMALL_PX))
    if factor == 1:
        return picture, 1
    bottom, right = -h % factor, -w % factor
    if bottom or right:
        picture = cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    size = (picture.shape[1] // factor, picture.shape[0] // factor)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA), factor


def developed(
    picture: NDArray[np.uint8], small: NDArray[np.uint8], factor: int, finish: Finish, where: Places, seed: int
) -> NDArray[np.uint8]:
    """The picture with its finish."""
    height, width = picture.shape[:2]
    work = Development(
        finish, table(finish, measured(small), PHOTO), _planes(small), where, factor=factor, halved=False, seed=seed
    )
    fall = work.fall(height, width)
    y, u, v = _planes(picture)
    to_codes = np.ascontiguousarray(PHOTO.to_rgb * 255)
    out = np.empty_like(picture)
    unit = int(np.lcm(factor, fall.factor if fall else 1))
    step = max(1, BAND_ROWS // unit) * unit

    def one(start: int) -> None:
        stop = min(start + step, height)
        light, cb, cr = work.band(y, u, v, start, stop, fall)
        light -= PHOTO.light(y[start:stop])
        cb -= PHOTO.colour(u[start:stop])
        cr -= PHOTO.colour(v[start:stop])
        change = cv2.transform(cv2.merge([light, cb, cr]), to_codes)
        out[start:stop] = cv2.add(picture[start:stop], change, dtype=cv2.CV_8U)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(0, height, step)))
    return out


def _planes(picture: NDArray[np.uint8]) -> tuple[Codes, Codes, Codes]:
    y, v, u = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))
    return y, u, v
