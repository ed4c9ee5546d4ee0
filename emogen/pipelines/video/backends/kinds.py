"""What differs between the video models that can be asked: what they are published with, and what a segment goes on from."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A class of diffusers and how it is asked.

    Attributes:
        fps: Frames per second that it was trained on.
        steps: Of denoising, as published.
        frames: Made at once, as published.
        guidance: Likewise.
        width, height: Likewise, pixels.
        multiple: What the sides are multiples of.
        time: Frames come as a multiple of this and one more; 1: any number.
        pictured: The class that begins with a picture, with the same networks; "" where there is none.
    """

    fps: float
    steps: int
    frames: int
    guidance: float
    width: int
    height: int
    multiple: int
    time: int
    pictured: str = ""

    def frames_for(self, wanted: int) -> int:
        """The least number of frames that can be made and holds the wanted ones."""
        return wanted if self.time == 1 else max(-(-(wanted - 1) // self.time), 1) * self.time + 1


#: Published configurations: the model cards of Wan 2.1, LTX-Video, AnimateDiff, AnimateDiff-SDXL and CogVideoX.
_WAN = Kind(16.0, 50, 81, 5.0, 832, 480, 16, 4)
_LTX = Kind(25.0, 50, 161, 3.0, 704, 512, 32, 8, "LTXImageToVideoPipeline")
_COG = Kind(8.0, 50, 49, 6.0, 720, 480, 16, 4)
KINDS = {
    "WanPipeline": _WAN,
    "WanImageToVideoPipeline": replace(_WAN, steps=40, pictured="WanImageToVideoPipeline"),
    "LTXPipeline": _LTX,
    "LTXImageToVideoPipeline": _LTX,
    "AnimateDiffPipeline": Kind(8.0, 25, 16, 7.5, 512, 512, 16, 1),
    "AnimateDiffSDXLPipeline": Kind(8.0, 50, 16, 5.0, 1024, 1024, 16, 1),
    "CogVideoXPipeline": _COG,
    "CogVideoXImageToVideoPipeline": replace(_COG, pictured="CogVideoXImageToVideoPipeline"),
}
#: Those that make nothing without a first picture.
WANT_A_PICTURE = ("WanImageToVideoPipeline", "CogVideoXImageToVideoPipeline", "LTXImageToVideoPipeline")
#: LTX-Video from 0.9.1 on takes noise off in its decoder: how much it is told of, and how much is added (published).
DECODING = {"decode_timestep": 0.05, "decode_noise_scale": 0.025}


def kind_of(model: Any) -> Kind:
    """How a pipeline is asked."""
    kind = KINDS[type(model).__name__]
    if (
        type(model).__name__.startswith("Wan") and model.config.expand_timesteps
    ):  # Wan 2.2's small model: words and pictures
        return replace(
            kind,
            fps=24.0,
            steps=50,
            frames=121,
            width=1280,
            height=704,
            multiple=32,
            pictured="WanImageToVideoPipeline",
        )
    return kind


def more_for(model: Any, fps: float) -> dict[str, Any]:
    """What a class is told besides."""
    if not type(model).__name__.startswith("LTX"):
        return {}
    timed = model.vae.config.timestep_conditioning
    return {"frame_rate": fps, **(DECODING if timed else {})}


def without_ftfy(model: Any) -> Any:
    """A pipeline that runs where ftfy is missing: Wan's image-to-video calls it unasked, to mend broken text; ours is whole."""
    if type(model).__name__.startswith("Wan"):
        vars(sys.modules[type(model).__module__]).setdefault("ftfy", SimpleNamespace(fix_text=str))
    return model
