"""A talking face that was made: its curves, its voice, and the files that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import soxr
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.face import FACE_CHANNELS, INDEX, FaceMotion
from emogen.media.audio import within, write_audio
from emogen.media.jsonio import write_json
from emogen.media.motion import write_bvh
from emogen.media.video import VIDEO_RATE_HZ, VideoWriter
from emogen.pipelines.drawing import drawn
from emogen.pipelines.outputs import Made, MediaOutput
from emogen.pipelines.talking_head.portraits import FaceRenderer, rig_of

#: Of a head's turn the neck makes this share, the head the rest; own assumption.
NECK_SHARE = 0.4


@dataclass
class TalkingHead(MediaOutput):
    """What whole talking faces and those that are made while they are written have in common."""

    modality: ClassVar[str] = "talking_head"
    writers: ClassVar[dict[str, str]] = {
        ".mp4": "_video", ".csv": "_curves", ".json": "_data", ".glb": "_character", ".bvh": "_head",
    }  # fmt: skip

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(self["motion"].fps)

    def takes(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Curves [T, 61] and the voice that belongs to them, float32 [n] at `sample_rate`, piece by piece."""
        yield self["motion"].curves, self["audio"]

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures in order, uint8 [size, size, 3]; drawn when they are asked for."""
        return drawn(self["renderer"].render, (row for curves, _ in self.takes() for row in curves))

    def _video(self, path: Path) -> None:
        renderer, fps, done = self["renderer"], self.fps, 0
        sound = soxr.ResampleStream(self["sample_rate"], VIDEO_RATE_HZ, 1, dtype="float32")
        with VideoWriter(path, fps=fps, width=renderer.width, height=renderer.height, audio_rate=VIDEO_RATE_HZ,
                         provenance=self.provenance) as video:  # fmt: skip
            written = 0
            for curves, voice in self.takes():
                waiting = within(sound.resample_chunk(np.ascontiguousarray(voice, np.float32)))
                for picture in drawn(renderer.render, curves):
                    done += 1
                    due = round(done / fps * VIDEO_RATE_HZ) - written
                    video.write_audio(waiting[:due])
                    written, waiting = written + len(waiting[:due]), waiting[due:]
                    video.write(picture)
                video.write_audio(waiting)
                written += len(waiting)
            rest = within(sound.resample_chunk(np.zeros(0, np.float32), last=True))
            video.write_audio(rest[: max(0, round(done / fps * VIDEO_RATE_HZ) - written)])

    def _curves(self, path: Path) -> None:
        self["motion"].save(path)

    def _character(self, path: Path) -> None:
        from emogen.pipelines.talking_head.avatars import export

        export(rig_of(self["renderer"]), self["motion"], path, extras={"provenance": self.provenance.to_dict()})

    def _head(self, path: Path) -> None:
        write_bvh(path, head_motion(self["motion"]).to_bvh())

    def _data(self, path: Path) -> None:
        motion: FaceMotion = self["motion"]
        rows = np.round(motion.curves.astype(float), 5).tolist()
        write_json(path, {"fps": motion.fps, "channels": list(FACE_CHANNELS), "frames": rows,
                          "provenance": self.provenance.to_dict()})  # fmt: skip


@dataclass
class TalkingHeadOutput(TalkingHead):
    """A talking face.

    Attributes:
        motion: The face's curves.
        audio: The voice, float32 [n], as long as the motion.
        sample_rate: Of the voice, Hz.
        words: (word, start in s, end in s).
        phones: (IPA, start in s, end in s): of the text, or as heard in the voice.
        renderer: Draws the curves.
    """

    writers: ClassVar[dict[str, str]] = {**TalkingHead.writers, ".wav": "_sound"}

    motion: FaceMotion
    audio: np.ndarray
    sample_rate: int
    words: tuple[tuple[str, float, float], ...]
    phones: tuple[tuple[str, float, float], ...]
    renderer: FaceRenderer = field(compare=False)
    made: Made = field(kw_only=True)

    def facts(self) -> dict[str, Any]:
        """Length, size, rate, words, and why the face looks as it does."""
        motion: FaceMotion = self["motion"]
        return {
            "duration_s": round(len(motion.curves) / motion.fps, 3),
            "fps": motion.fps,
            "width": self["renderer"].width,
            "height": self["renderer"].height,
            "words": [[w, round(a, 3), round(b, 3)] for w, a, b in self["words"]],
            **self["made"].facts,
        }

    def _sound(self, path: Path) -> None:
        write_audio(path, self["audio"], self["sample_rate"], provenance=self.provenance)


@dataclass
class TalkingHeadStream(TalkingHead):
    """A talking face that is made while it is gone through or saved, so that it may last.

    Attributes:
        parts: Gives curves [T, 61] and the voice [n] that belongs to them, from the begin.
        rate_fps: Frames per second.
        sample_rate: Of the voice, Hz.
        renderer: Draws the curves.
    """

    parts: Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
    rate_fps: float
    sample_rate: int
    renderer: FaceRenderer = field(compare=False)
    made: Made = field(kw_only=True)

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.rate_fps

    @property
    def motion(self) -> FaceMotion:
        """All curves, made now: 22 MB for an hour at 25 frames a second."""
        return FaceMotion(np.concatenate([curves for curves, _ in self.takes()]), self.rate_fps)

    def __getitem__(self, key: Any) -> Any:
        """`motion` too, which is no field."""
        return self.motion if key == "motion" else super().__getitem__(key)

    def takes(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As in `TalkingHead`."""
        count = 0
        for curves, voice in self["parts"]():
            count += len(curves)
            yield curves, voice
        self["made"].facts["duration_s"] = round(count / self.rate_fps, 3)

    def facts(self) -> dict[str, Any]:
        """Size and rate, and the length once it was gone through."""
        size = {"fps": self.rate_fps, "width": self["renderer"].width, "height": self["renderer"].height}
        return {**size, **self["made"].facts}


def head_motion(motion: FaceMotion) -> BodyMotion:
    """The head's turn on emogen's humanoid, which stands still otherwise: neck and head share it."""
    bones = skeleton()
    rotations = np.tile(np.eye(3), (len(motion.curves), len(bones.names), 1, 1))
    first = INDEX["headYaw"]
    turn = motion.curves[:, first : first + 3].astype(np.float64) * (1.0, 1.0, -1.0)
    for name, share in (("Neck", NECK_SHARE), ("Head", 1.0 - NECK_SHARE)):
        rotations[:, bones.names.index(name)] = Rotation.from_euler("YXZ", share * turn).as_matrix()
    return BodyMotion(rotations, np.tile(bones.offsets[0], (len(rotations), 1)), motion.fps)
