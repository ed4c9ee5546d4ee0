"""What a gesture pipeline gives: a movement, whole or made while it is written, and its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from emogen.codecs.body import BodyMotion, skeleton
from emogen.media.audio import read_audio
from emogen.media.motion import write_bvh, write_bvh_pieces
from emogen.pipelines.gesture.strokes import Stroke
from emogen.pipelines.outputs import Made, MediaOutput


@dataclass
class Gesture(MediaOutput):
    """What whole movements and those that are made while they are written have in common."""

    modality: ClassVar[str] = "gesture"
    writers: ClassVar[dict[str, str]] = {".bvh": "_bvh", ".npz": "_arrays", ".glb": "_figure", ".mp4": "_video"}

    def pieces(self) -> Iterator[BodyMotion]:
        """The movement, piece by piece."""
        yield self["motion"]

    def _whole(self) -> BodyMotion:
        return together(self.pieces())

    def _bvh(self, path: Path) -> None:
        write_bvh(path, self._whole().to_bvh())

    def _arrays(self, path: Path) -> None:
        self._whole().save(path)

    def _figure(self, path: Path) -> None:
        from emogen.pipelines.gesture.figure import export_glb

        export_glb(self._whole(), path, extras={"provenance": self.provenance.to_dict()})

    def _video(self, path: Path) -> None:
        from emogen.pipelines.gesture.figure import save_video

        save_video(path, self._whole(), audio=self._voice(), sample_rate=self["sample_rate"], provenance=self.provenance)

    def _voice(self) -> np.ndarray | None:
        # a field of None is an attribute of an output, but none of its items
        return getattr(self, "audio", None)


@dataclass
class GestureOutput(Gesture):
    """A body that moves.

    Attributes:
        motion: Rotations of 52 joints and the hips' place over time.
        strokes: What the hands do, in order.
        audio: The voice it moves with, float32 [n], or None.
        sample_rate: Of the voice, Hz.
    """

    motion: BodyMotion
    strokes: tuple[Stroke, ...] = ()
    audio: np.ndarray | None = None
    sample_rate: int = 1
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, frame rate, joints, and what the hands do when."""
        motion: BodyMotion = self["motion"]
        return {
            "duration_s": round(len(motion.root_cm) / motion.fps, 3),
            "fps": motion.fps,
            "joints": motion.rotations.shape[1],
            "strokes": [{**vars(s), "at_s": round(s.at_s, 3)} for s in self["strokes"]],
        }


@dataclass
class GestureStream(Gesture):
    """A body that is moved while it is gone through or saved, so that it may last.

    Attributes:
        parts: Gives the movement piece by piece, from the begin.
        frames: How many in all.
        fps: Frames per second.
        strokes: What the hands do, in order.
        audio: The voice, float32 [n], or None; of a file `recording` stands instead.
        recording: The file of the voice, or None.
        sample_rate: Of the voice, Hz.
    """

    parts: Callable[[], Iterator[BodyMotion]]
    frames: int
    fps: float
    strokes: tuple[Stroke, ...] = ()
    audio: np.ndarray | None = None
    recording: Path | None = None
    sample_rate: int = 1
    made: Made = field(kw_only=True)

    def pieces(self) -> Iterator[BodyMotion]:
        """The movement, piece by piece."""
        return self["parts"]()

    def _bvh(self, path: Path) -> None:
        write_bvh_pieces(path, (piece.to_bvh() for piece in self.pieces()), self["frames"])

    def _voice(self) -> np.ndarray | None:
        path = getattr(self, "recording", None)
        return super()._voice() if path is None else read_audio(path).samples

    def facts(self) -> dict[str, Any]:
        """Length, frame rate, joints."""
        return {"duration_s": round(self["frames"] / self["fps"], 3), "fps": self["fps"], "joints": len(skeleton().names)}


def together(pieces: Iterator[BodyMotion]) -> BodyMotion:
    """Pieces as one movement."""
    parts = list(pieces)
    if len(parts) == 1:
        return parts[0]
    rotations, root = (np.concatenate([getattr(p, name) for p in parts]) for name in ("rotations", "root_cm"))
    return BodyMotion(rotations, root, parts[0].fps)
