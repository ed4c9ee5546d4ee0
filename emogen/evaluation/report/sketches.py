"""Notes and movement -> small inline SVG: a piano roll, and a row of stick figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from emogen.evaluation.report.charts import drawing
from emogen.media.motion import BvhJoint, BvhMotion
from emogen.media.score import Score

ROLL_S = 30.0  # of a piece that are drawn; own choice
ROLL_NOTES = 600  # drawn at most: 30 s of a dense piece; own choice
FIGURES = 5  # moments of a motion; own choice
_AXES = {"Xrotation": 0, "Yrotation": 1, "Zrotation": 2}


def piano_roll(score: Score) -> Markup:
    """The notes of the first seconds: time to the right, pitch upwards, the louder the more opaque."""
    notes = [
        (score.seconds(n.start_beat), score.seconds(n.start_beat + n.duration_beat), n.pitch, n.velocity)
        for track in score.tracks
        if not track.is_drum
        for n in track.notes
    ]
    drawn = sorted(note for note in notes if note[0] < ROLL_S)[:ROLL_NOTES]
    width, height = 320.0, 150.0
    if not drawn:
        return drawing(width, 40.0, "Piano roll without notes", '<text x="8" y="24">no notes</text>', "sketch")
    last = min(max(end for _, end, _, _ in drawn), ROLL_S)
    low, high = min(n[2] for n in drawn) - 2, max(n[2] for n in drawn) + 2
    step = height / (high - low + 1)
    body = f'<rect class="field" width="{width:g}" height="{height:g}" rx="6"/>'
    for octave in range(low + -low % 12, high + 1, 12):
        y = (high - octave + 1) * step
        body += f'<line class="grid" x1="0" y1="{y:.1f}" x2="{width:g}" y2="{y:.1f}"/>'
    for start, end, pitch, velocity in drawn:
        x, wide = start / last * width, max((min(end, last) - start) / last * width - 0.5, 1.0)
        place = f'x="{x:.1f}" y="{(high - pitch) * step:.1f}" width="{wide:.1f}" height="{max(step - 0.4, 1.0):.1f}"'
        body += f'<rect class="bar" {place} opacity="{0.35 + 0.65 * velocity / 127:.2f}"/>'
    label = f"Piano roll: {len(notes)} notes in {score.duration_s:.1f} s"
    return drawing(width, height, label, body, "sketch")


def stick_figures(motion: BvhMotion) -> Markup:
    """The body from the front at some moments, evenly over the motion."""
    moments = np.unique(np.linspace(0, len(motion.frames) - 1, FIGURES).round().astype(int))
    poses = [positions(motion, int(frame)) for frame in moments]
    flat = [pose[:, :2] - pose[0, :2] * (1.0, 0.0) for pose in poses]
    every = np.concatenate(flat)
    low, high = every.min(axis=0), every.max(axis=0)
    width, height, edge = 320.0, 150.0, 8.0
    room = width / len(flat)
    scale = min((room - edge) / max(high[0] - low[0], 1e-6), (height - 2 * edge) / max(high[1] - low[1], 1e-6))
    body = f'<rect class="field" width="{width:g}" height="{height:g}" rx="6"/>'
    for i, pose in enumerate(flat):
        x = room * (i + 0.5) + (pose[:, 0] - (low[0] + high[0]) / 2.0) * scale
        y = height / 2.0 - (pose[:, 1] - (low[1] + high[1]) / 2.0) * scale
        body += f'<path class="bones" d="{_bones(motion.joints, x, y)}"/>'
    return drawing(width, height, f"Stick figure at {len(flat)} moments of {motion.duration_s:.1f} s", body, "sketch")


def positions(motion: BvhMotion, frame: int) -> NDArray[np.float64]:
    """Joints in space at one frame: [J, 3] centimetres."""
    row = motion.frames[frame]
    places = np.zeros((len(motion.joints), 3))
    turns = np.tile(np.eye(3), (len(motion.joints), 1, 1))
    at = 0
    for i, joint in enumerate(motion.joints):
        shift, turn = np.array(joint.offset, dtype=float), np.eye(3)
        for channel in joint.channels:
            if channel in _AXES:
                turn = turn @ _rotation(_AXES[channel], np.deg2rad(row[at]))
            else:
                shift["XYZ".index(channel[0])] = row[at]  # files that have it write the place, offset included
            at += 1
        above = turns[joint.parent] if joint.parent >= 0 else np.eye(3)
        origin = places[joint.parent] if joint.parent >= 0 else np.zeros(3)
        places[i], turns[i] = origin + above @ shift, above @ turn
    return places


def _rotation(axis: int, angle: float) -> NDArray[np.float64]:
    turn = np.eye(3)
    j, k = (axis + 1) % 3, (axis + 2) % 3
    turn[j, j] = turn[k, k] = np.cos(angle)
    turn[k, j] = np.sin(angle)
    turn[j, k] = -turn[k, j]
    return turn


def _bones(joints: Sequence[BvhJoint], x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return "".join(
        f"M{x[j.parent]:.0f} {y[j.parent]:.0f}L{x[i]:.0f} {y[i]:.0f}" for i, j in enumerate(joints) if j.parent >= 0
    )
