"""A score as frames: who sounds which pitch how strongly, four frames a beat."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from diffusers import ModelMixin  # noqa: F401 - diffusers looks for the base of a component in its module
from diffusers.configuration_utils import register_to_config

from emogen.codecs.base import Codec
from emogen.errors import InputError
from emogen.media.score import Note, Score, Track

ROLES = ("melody", "harmony", "bass")
#: The piano's range, A0 to C8.
LOW, HIGH = 21, 108
STATES = ("onset", "hold")
#: Programs that decoded parts get: piano, piano, acoustic bass (General MIDI, from 0).
PROGRAMS = {"melody": 0, "harmony": 0, "bass": 32}


class ScoreCodec(Codec):
    """Score <-> float32 [frames, 528]: per role and pitch the velocity (0..1) of an onset and of what is held.

    Notes are quantised to a sixteenth note. Drums and tempo are not part of the frames. A track belongs to the
    role that its name names, else to melody, harmony or bass by its mean pitch.
    """

    modality: ClassVar[str] = "score"

    @register_to_config
    def __init__(self, frames_per_beat: int = 4) -> None:
        self.frames_per_beat = frames_per_beat
        super().__init__()

    @property
    def names(self) -> tuple[str, ...]:
        """`role.state.pitch`, 3 x 2 x 88."""
        return tuple(f"{role}.{state}.{p}" for role in ROLES for state in STATES for p in range(LOW, HIGH + 1))

    @property
    def frame_rate(self) -> float:
        """Frames per beat: a score's clock counts beats."""
        return float(self.frames_per_beat)

    def encode(self, media: Score) -> np.ndarray:
        """Score -> [frames, 528]."""
        if not isinstance(media, Score):
            raise InputError("score codec", f"found {type(media).__name__}", "Accepted: a Score.")
        notes = [(role_of(track), n) for track in media.tracks if not track.is_drum for n in track.notes]
        ends = [n.start_beat + n.duration_beat for _, n in notes]
        frames = np.zeros((int(np.ceil(max(ends, default=0.0) * self.frames_per_beat - 1e-6)), self.width), np.float32)
        roll = frames.reshape(len(frames), len(ROLES), 2, HIGH - LOW + 1)
        for role, n in sorted(notes, key=lambda item: item[1]):
            if not LOW <= n.pitch <= HIGH:
                continue
            first = min(round(n.start_beat * self.frames_per_beat), len(frames) - 1)
            last = max(first + 1, round((n.start_beat + n.duration_beat) * self.frames_per_beat))
            roll[first:last, ROLES.index(role), 1, n.pitch - LOW] = n.velocity / 127
            roll[first, ROLES.index(role), 0, n.pitch - LOW] = n.velocity / 127
        return frames

    def decode(self, frames: np.ndarray) -> Score:
        """[frames, 528] -> Score with one track per role that sounds."""
        if frames.ndim != 2 or frames.shape[1] != self.width:
            raise InputError("score codec", f"frames of shape {frames.shape}", f"Accepted: [frames, {self.width}].")
        if not np.isfinite(frames).all():
            raise InputError("score codec", "frames that are not finite", "Accepted: velocities 0..1.")
        roll = frames.reshape(len(frames), len(ROLES), 2, HIGH - LOW + 1)
        tracks = []
        for r, role in enumerate(ROLES):
            notes = [n for p in range(HIGH - LOW + 1) for n in self._notes(roll[:, r, :, p], p + LOW)]
            if notes:
                tracks.append(Track(role, PROGRAMS[role], False, tuple(sorted(notes))))
        return Score(tuple(tracks))

    def _notes(self, pitch_roll: np.ndarray, pitch: int) -> list[Note]:
        """The notes of one pitch from its onset and hold columns [frames, 2]; half a velocity step is silence."""
        onsets = np.flatnonzero(pitch_roll[:, 0] > 0.5 / 127)
        notes = []
        for k, first in enumerate(onsets):
            stop = onsets[k + 1] if k + 1 < len(onsets) else len(pitch_roll)
            held = pitch_roll[first + 1 : stop, 1] > 0.5 / 127
            length = 1 + (int(np.argmin(held)) if not held.all() else len(held))
            velocity = int(np.clip(round(float(pitch_roll[first, 0]) * 127), 1, 127))
            notes.append(Note(first / self.frames_per_beat, length / self.frames_per_beat, pitch, velocity))
        return notes


def role_of(track: Track) -> str:
    """The role of a track: as its name says, else by its mean pitch (below E3 bass, above G4 melody)."""
    for role in ROLES:
        if role in track.name.lower():
            return role
    if "pad" in track.name.lower() or not track.notes:
        return "harmony"
    mean = float(np.mean([n.pitch for n in track.notes]))
    return "bass" if mean < 52 else "melody" if mean > 67 else "harmony"
