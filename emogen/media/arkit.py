"""Face curves <-> the CSV of the Live Link Face app: one row a frame, 52 ARKit values and 9 angles.

Header `Timecode,BlendShapeCount,EyeBlinkLeft..TongueOut,HeadYaw..RightEyeRoll`, count 61, time code
HH:MM:SS:FF.mmm. Columns are written in the order of the app's own files and found by name when read, with
any case; a file may lack the angles.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.sniff import expect_kind, read_text

#: ARKit's blend shapes (Apple, ARFaceAnchor.BlendShapeLocation) in the column order of Live Link Face.
ARKIT_NAMES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthRight", "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
#: The app writes radians (seen in its recordings, where a turned head reads about 0.5); so does `write_csv`.
ANGLE_NAMES: tuple[str, ...] = (
    "headYaw", "headPitch", "headRoll", "leftEyeYaw", "leftEyePitch", "leftEyeRoll", "rightEyeYaw",
    "rightEyePitch", "rightEyeRoll",
)  # fmt: skip
APP_FPS = 60.0  # Live Link Face records at 60 unless told otherwise
TIMECODE = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,4})(?:\.(\d{1,6}))?")


@dataclass(frozen=True, eq=False)
class FaceCurves:
    """A face over time.

    Attributes:
        values: float64 `[T, 52]`, 0..1, columns as `ARKIT_NAMES`.
        angles: float64 `[T, 9]`, radians, columns as `ANGLE_NAMES`.
        fps: Frames per second.
    """

    values: NDArray[np.float64]
    angles: NDArray[np.float64]
    fps: float


def write_csv(path: str | Path, values: ArrayLike, fps: float, *, angles: ArrayLike | None = None) -> Path:
    """Writes face curves.

    Args:
        path: `.csv`, in a folder that exists.
        values: `[T, 52]`, 0..1, columns as `ARKIT_NAMES`.
        fps: Frames per second; the time codes count in it, from 00:00:00:00.000.
        angles: `[T, 9]`, radians, columns as `ANGLE_NAMES`; zeros when left out.

    Raises:
        InputError: A wrong shape, values that are not finite or outside 0..1, a path that cannot be written.
        OutputError: The file could not be written.
    """
    path = check_writable(path, (".csv",))
    x = np.asarray(values, dtype=np.float64)
    turns = np.zeros((len(x), len(ANGLE_NAMES))) if angles is None else np.asarray(angles, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != len(ARKIT_NAMES) or turns.shape != (len(x), len(ANGLE_NAMES)):
        raise InputError(str(path), f"curves {x.shape} and angles {turns.shape}", "Accepted: [T, 52] and [T, 9].")
    if not (np.isfinite(x).all() and np.isfinite(turns).all() and x.size and x.min() >= 0 and x.max() <= 1):
        raise InputError(str(path), "curves that are empty, not finite or outside 0..1")
    if not 0 < fps <= LIMITS.video_fps:
        raise InputError(str(path), f"{fps} frames a second", f"Accepted: up to {LIMITS.video_fps:g}.")
    if len(x) > LIMITS.csv_frames:
        raise LimitError(str(path), f"{len(x):,} frames; the limit is {LIMITS.csv_frames:,} (limits.csv_frames)")
    names = [name[0].upper() + name[1:] for name in ARKIT_NAMES + ANGLE_NAMES]
    with atomic_path(path) as part, open(part, "w", encoding="ascii", newline="\n") as file:
        file.write(",".join(["Timecode", "BlendShapeCount", *names]) + "\n")
        for i, row in enumerate(np.concatenate([x, turns], axis=1)):
            numbers = ",".join(f"{value:.6f}" for value in row + 0.0)
            file.write(f"{_timecode(i, fps)},{len(names)},{numbers}\n")
    return path


def read_csv(path: str | Path) -> FaceCurves:
    """Reads face curves by the names in the header, whatever their case; angles that are missing are zero.

    The rate follows from the first and the last time code; within one second they do not tell it, and 60,
    the app's own rate, is taken.

    Raises:
        InputError: No such file.
        FormatError: Not such a CSV; the message names the line.
        LimitError: Larger or longer than `emogen.limits` allows.
    """
    expect_kind(path, "text", accepted="the CSV of Live Link Face")
    text = read_text(path, max_bytes=LIMITS.csv_bytes, limit="csv_bytes")
    try:
        rows = csv.reader(io.StringIO(text), strict=True)
        head = [name.strip().lower() for name in next(rows)]
        columns = _columns(path, head)
        values: list[NDArray[np.float64]] = []
        codes: list[str] = []
        for line, row in enumerate(rows, start=2):
            if not row:
                continue
            if len(row) != len(head):
                raise FormatError(f"{path} line {line}", f"{len(row)} values under {len(head)} names")
            codes.append(row[head.index("timecode")])
            values.append(_numbers(path, line, row, columns))
            if len(values) > LIMITS.csv_frames:
                raise LimitError(str(path), f"more than {LIMITS.csv_frames:,} frames, the limit (limits.csv_frames)")
    except (csv.Error, StopIteration) as error:
        raise FormatError(str(path), f"is not a CSV file: {error}") from None
    if not values:
        raise FormatError(str(path), "holds no frames")
    table = np.stack(values)
    return FaceCurves(table[:, : len(ARKIT_NAMES)], table[:, len(ARKIT_NAMES) :], _rate(path, codes))


def _columns(path: str | Path, head: list[str]) -> list[int]:
    """Where each of the 52 + 9 names stands in the header; -1 for an angle that is missing."""
    missing = [name for name in ("timecode", *ARKIT_NAMES) if name.lower() not in head]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise FormatError(f"{path} line 1", f'has no column "{missing[0]}"{more}', "Accepted: the CSV of Live Link Face.")
    if len(set(head)) != len(head):
        raise FormatError(f"{path} line 1", "names a column twice")
    return [head.index(name.lower()) if name.lower() in head else -1 for name in ARKIT_NAMES + ANGLE_NAMES]


def _numbers(path: str | Path, line: int, row: list[str], columns: list[int]) -> NDArray[np.float64]:
    try:
        numbers = np.array([float(row[i]) if i >= 0 else 0.0 for i in columns])
    except ValueError as error:
        raise FormatError(f"{path} line {line}", str(error)) from None
    if not np.isfinite(numbers).all():
        raise FormatError(f"{path} line {line}", "holds a number that is not finite")
    return numbers


def _timecode(frame: int, fps: float) -> str:
    """HH:MM:SS:FF.mmm: the frame within the second, and its fraction in thousandths of a frame."""
    second = int(frame / fps + 1e-9)
    thousandths = max(0, round((frame - second * fps) * 1000))
    clock = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"{clock}:{thousandths // 1000:02d}.{thousandths % 1000:03d}"


def _rate(path: str | Path, codes: list[str]) -> float:
    """Frames per second, from the first and the last time code and the number of rows."""
    parsed = []
    for code in (codes[0], codes[-1]):
        found = TIMECODE.fullmatch(code.strip())
        if found is None:
            raise FormatError(str(path), f'"{code[:30]}" is not a time code', "Accepted: HH:MM:SS:FF.mmm.")
        hours, minutes, seconds, frame, rest = found.groups()
        parsed.append((int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(f"{frame}.{rest or 0}")))
    (first_s, first_frame), (last_s, last_frame) = parsed
    elapsed_s = (last_s - first_s) % 86_400
    if elapsed_s:  # n - 1 steps = elapsed_s seconds of fps frames, plus the difference of the frame counts
        fps = (len(codes) - 1 - (last_frame - first_frame)) / elapsed_s
        return min(max(round(fps, 3), 1.0), LIMITS.video_fps)
    return APP_FPS
