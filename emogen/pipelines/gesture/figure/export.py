"""A motion as files: the skinned figure that moves as .glb, and its pictures as .mp4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion
from emogen.media.audio import resample, within
from emogen.media.glb_skin import SkinAnimation, write_skinned
from emogen.media.provenance import Provenance
from emogen.media.video import VIDEO_RATE_HZ, VideoWriter
from emogen.pipelines.drawing import drawn
from emogen.pipelines.gesture.figure.renderer import SIZE, FigureRenderer, Framing, View
from emogen.pipelines.gesture.figure.rig import FigureRig, all_turns, figure

#: A joint that turns less than this over all frames (rad) gets no curve: it stays at rest.
STILL = 1e-6


def quaternions(turns: np.ndarray) -> np.ndarray:
    """Turns [T, 3, 3] as unit quaternions x, y, z, w without jumps of sign, float64 [T, 4]."""
    found = np.asarray(Rotation.from_matrix(turns).as_quat())
    jumps = np.cumprod(np.where((found[1:] * found[:-1]).sum(axis=1) < 0, -1.0, 1.0))
    found[1:] *= jumps[:, None]
    return found


def export_glb(
    motion: BodyMotion, path: str | Path, *, extras: Mapping[str, Any] | None = None, rig: FigureRig | None = None
) -> Path:
    """Writes the figure that moves as `motion` does, in metres; every frame is a key.

    Args:
        motion: The motion.
        path: The file, .glb.
        extras: Stored in the file's `asset.extras` (provenance, say).
        rig: The figure.
    """
    rig = rig or figure()
    turns = all_turns(motion.rotations)
    still = np.abs(turns - np.eye(3)).max(axis=(0, 2, 3)) < STILL
    curves = {joint.name: quaternions(turns[:, j]) for j, joint in enumerate(rig.joints) if not still[j]}
    times = np.arange(len(turns)) / motion.fps
    animation = SkinAnimation("gesture", times, curves, motion.root_cm)
    return write_skinned(path, rig.parts, rig.joints, animation=animation, extras=extras)


def save_video(
    path: str | Path,
    motion: BodyMotion,
    audio: np.ndarray | None = None,
    sample_rate: int | None = None,
    *,
    view: View = "both",
    framing: Framing = "full",
    size: tuple[int, int] = SIZE,
    provenance: Provenance | None = None,
) -> Path:
    """Writes the figure's pictures, with the speech it moves to where there is one; memory does not grow with them.

    Args:
        path: The file, .mp4.
        motion: The motion.
        audio: Speech, floating point [n], -1..1.
        sample_rate: Of the speech, Hz.
        view: "front", "side" or "both".
        framing: "full" or "bust".
        size: Width and height in pixels, even.
        provenance: The statement to write into the file.

    Raises:
        InputError: As `FigureRenderer` and `VideoWriter`.
    """
    renderer = FigureRenderer(motion, view=view, framing=framing, size=size)
    sound = None if audio is None or sample_rate is None else resample(audio, sample_rate, VIDEO_RATE_HZ)
    rate = None if sound is None else VIDEO_RATE_HZ
    with VideoWriter(
        path, fps=motion.fps, width=size[0], height=size[1], audio_rate=rate, provenance=provenance
    ) as video:
        if sound is not None:
            video.write_audio(within(sound))
        for picture in drawn(renderer.render, range(len(renderer))):
            video.write(picture)
    return Path(path)
