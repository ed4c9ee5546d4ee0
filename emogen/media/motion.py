"""Body motion <-> BVH files (Biovision hierarchy): degrees, centimetres, any hierarchy, any channel order.

Format as described by M. Meredith and S. Maddock, "Motion capture file formats explained", University of
Sheffield CS-01-11 (2001): HIERARCHY with ROOT, JOINT, OFFSET, CHANNELS, End Site; then MOTION with Frames,
Frame Time and one line of numbers a frame. Read without recursion; the number of frames that a header
promises is checked against those that are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.errors import FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.sniff import expect_kind, read_text

CHANNELS = ("Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation")
_CHANNEL = {name.lower(): name for name in CHANNELS}
NAME_CHARS = 128  # longest joint name; own assumption
SHORTEST_FRAME_S, LONGEST_FRAME_S = 1e-4, 10.0  # own assumption: anything else is a slip
LARGEST_VALUE = 1e9  # degrees or centimetres that are still motion; own assumption


@dataclass(frozen=True)
class BvhJoint:
    """One joint.

    Attributes:
        name: Its name; empty for an end site.
        parent: Index of its parent in `BvhMotion.joints`; -1 for the root.
        offset: From the parent in the rest pose, in centimetres (x, y, z).
        channels: Names of its channels in file order, out of `CHANNELS`.
        end_site: Whether it only marks the end of its parent.
    """

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...] = ()
    end_site: bool = False


@dataclass(frozen=True, eq=False)
class BvhMotion:
    """A skeleton and how it moves.

    Attributes:
        joints: Parents before their children, in file order.
        frames: float64 `[T, n_channels]`, all joints' channels in file order; degrees and centimetres.
        frame_time_s: Seconds from one frame to the next.
    """

    joints: tuple[BvhJoint, ...]
    frames: NDArray[np.float64]
    frame_time_s: float

    @property
    def fps(self) -> float:
        """Frames per second."""
        return 1.0 / self.frame_time_s

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds."""
        return len(self.frames) * self.frame_time_s

    @property
    def n_channels(self) -> int:
        """How many numbers a frame has."""
        return sum(len(joint.channels) for joint in self.joints)

    def first_channel(self, joint: int) -> int:
        """The column of a joint's first channel in `frames`."""
        return sum(len(j.channels) for j in self.joints[:joint])


def read_bvh(path: str | Path) -> BvhMotion:
    """Reads a BVH file.

    Raises:
        InputError: No such file.
        FormatError: Not a BVH file; the message names the line.
        LimitError: Larger, deeper or longer than `emogen.limits` allows.
    """
    expect_kind(path, "bvh", accepted="BVH motion files, which begin with HIERARCHY")
    text = read_text(path, max_bytes=LIMITS.bvh_bytes, limit="bvh_bytes")
    lines = _Lines(str(path), text)
    joints = _hierarchy(lines)
    count, frame_time_s = _motion_head(lines)
    width = sum(len(joint.channels) for joint in joints)
    # a number takes two bytes at least, so a header cannot ask for more room than its own file could fill
    frames = np.empty((min(count, len(text) // max(2 * width, 1) + 1), width))
    present = 0
    for words in lines:
        if present >= count:
            raise lines.error(f"more than the {count:,} frames that the header promises")
        frames[present] = _row(lines, words, width)
        present += 1
    if present != count:
        raise FormatError(str(path), f"its header promises {count:,} frames, the file holds {present:,}")
    return BvhMotion(tuple(joints), frames, frame_time_s)


def write_bvh(path: str | Path, motion: BvhMotion) -> Path:
    """Writes a BVH file; six decimals, tabs, one frame a line.

    Blanks, braces and control characters in names become `_`, so that a name cannot add a line.

    Raises:
        InputError: A motion that is not finite, empty, of a wrong shape or with a broken hierarchy, or a
            path that cannot be written.
        OutputError: The file could not be written.
    """
    return write_bvh_pieces(path, (motion,), len(motion.frames))


def write_bvh_pieces(path: str | Path, pieces: Iterable[BvhMotion], frames: int) -> Path:
    """Writes a BVH file from pieces of one motion as they come: memory does not grow with it.

    Args:
        path: As for `write_bvh`, as what is raised is.
        pieces: Of one skeleton and frame time, in order; at least one.
        frames: How many frames they have together.
    """
    path = check_writable(path, (".bvh",))
    if frames > LIMITS.bvh_frames:
        raise LimitError(str(path), f"{frames:,} frames", f"Accepted: up to {LIMITS.bvh_frames:,}.")
    written = 0
    with atomic_path(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        for number, motion in enumerate(pieces):
            check_motion(str(path), motion)
            if not number:
                children: list[list[int]] = [[] for _ in motion.joints]
                for i, joint in enumerate(motion.joints):
                    if joint.parent >= 0:
                        children[joint.parent].append(i)
                file.writelines(_hierarchy_lines(motion.joints, children))
                file.write(f"MOTION\nFrames: {frames}\nFrame Time: {motion.frame_time_s:.8f}\n")
            for row in motion.frames + 0.0:
                file.write(" ".join(f"{value:.6f}" for value in row) + "\n")
            written += len(motion.frames)
        if written != frames:
            raise InputError(str(path), f"{written} frames", f"Accepted: {frames}, as promised.")
    return path


class _Lines:
    """The words of each line that has any, one line after the other."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.number = path, 0
        self._lines = iter(text.split("\n"))

    def __iter__(self) -> Iterator[list[str]]:
        for line in self._lines:
            self.number += 1
            if words := line.split():
                yield words

    def next(self, expected: str) -> list[str]:
        for words in self:
            return words
        raise FormatError(self.path, f"ends where {expected} should stand")

    def error(self, found: str) -> FormatError:
        return FormatError(f"{self.path} line {self.number}", found)

    def limit(self, found: str) -> LimitError:
        return LimitError(f"{self.path} line {self.number}", found)


def _hierarchy(lines: _Lines) -> list[BvhJoint]:
    if [w.lower() for w in lines.next("HIERARCHY")] != ["hierarchy"]:
        raise lines.error("HIERARCHY stands alone on its line")
    joints: list[BvhJoint] = []
    depth_of: list[int] = []
    open_joints: list[int] = []
    while True:
        words = lines.next("a joint or }")
        word = words[0].lower()
        if word == "}" and open_joints:
            open_joints.pop()
            if not open_joints:
                return joints
            continue
        is_end = word == "end" and len(words) > 1 and words[1].lower() == "site"
        if not (is_end or (word == "root" and not joints) or (word == "joint" and open_joints)):
            raise lines.error(f'"{" ".join(words)[:40]}" where a joint or }} should stand')
        parent = open_joints[-1] if open_joints else -1
        if parent >= 0 and joints[parent].end_site:
            raise lines.error("a joint within an End Site")
        name = "" if is_end else " ".join(words[1:]).rstrip("{").strip()[:NAME_CHARS]
        depth_of.append(depth_of[parent] + 1 if parent >= 0 else 1)
        if depth_of[-1] > LIMITS.bvh_depth:
            raise lines.limit(f"joints nested deeper than {LIMITS.bvh_depth}, the limit (limits.bvh_depth)")
        if len(joints) >= LIMITS.bvh_joints:
            raise lines.limit(f"more than {LIMITS.bvh_joints} joints, the limit (limits.bvh_joints)")
        if words[-1] != "{" and not words[-1].endswith("{") and lines.next("{") != ["{"]:
            raise lines.error("{ should stand here")
        joints.append(_joint(lines, name, parent, is_end))
        open_joints.append(len(joints) - 1)


def _joint(lines: _Lines, name: str, parent: int, is_end: bool) -> BvhJoint:
    words = lines.next("OFFSET")
    if words[0].lower() != "offset" or len(words) != 4:
        raise lines.error("OFFSET x y z should stand here")
    x, y, z = _row(lines, words[1:], 3)
    offset = (float(x), float(y), float(z))
    if is_end:
        return BvhJoint("", parent, offset, (), True)
    words = lines.next("CHANNELS")
    if len(words) < 2 or words[0].lower() != "channels" or words[1] != str(len(words) - 2):
        raise lines.error("CHANNELS, their number and their names should stand here")
    names = [_CHANNEL.get(word.lower(), "") for word in words[2:]]
    if "" in names or len(set(names)) != len(names):
        raise lines.error(f"the channels {' '.join(words[2:])[:80]}; accepted are {', '.join(CHANNELS)}, each once")
    return BvhJoint(name, parent, offset, tuple(names))


def _motion_head(lines: _Lines) -> tuple[int, float]:
    if [w.lower() for w in lines.next("MOTION")] != ["motion"]:
        raise lines.error("MOTION should stand here")
    words = "".join(lines.next("Frames")).split(":")
    if len(words) != 2 or words[0].lower() != "frames" or not (words[1].isascii() and words[1].isdigit()):
        raise lines.error("Frames: and a number should stand here")
    if len(words[1]) > 15 or int(words[1]) > LIMITS.bvh_frames:
        found = f"{words[1][:20]} frames; the limit is {LIMITS.bvh_frames:,} (limits.bvh_frames)"
        raise lines.limit(found)
    count = int(words[1])
    words = "".join(lines.next("Frame Time")).split(":")
    if len(words) != 2 or words[0].lower() != "frametime":
        raise lines.error("Frame Time: and seconds should stand here")
    frame_time_s = float(_row(lines, [words[1]], 1)[0])
    if not SHORTEST_FRAME_S <= frame_time_s <= LONGEST_FRAME_S:
        raise lines.error(f"a frame time of {frame_time_s} s")
    return count, frame_time_s


def _row(lines: _Lines, words: list[str], width: int) -> NDArray[np.float64]:
    if len(words) != width:
        raise lines.error(f"{len(words)} numbers instead of {width}")
    try:
        row = np.array(words, dtype=np.float64)
    except ValueError as error:
        raise lines.error(str(error)[:80]) from None
    if not np.all(np.abs(row) <= LARGEST_VALUE):
        raise lines.error("a number that is not finite or too large")
    return row


def _hierarchy_lines(joints: tuple[BvhJoint, ...], children: list[list[int]]) -> Iterator[str]:
    yield "HIERARCHY\n"
    stack: list[tuple[int, int, bool]] = [(0, 0, False)]
    while stack:
        i, depth, closing = stack.pop()
        tabs, joint = "\t" * depth, joints[i]
        if closing:
            yield f"{tabs}}}\n"
            continue
        name = _written(joint.name) or f"joint_{i}"
        yield f"{tabs}{'End Site' if joint.end_site else ('ROOT ' if joint.parent < 0 else 'JOINT ') + name}\n{tabs}{{\n"
        yield f"{tabs}\tOFFSET {' '.join(f'{value + 0.0:.6f}' for value in joint.offset)}\n"
        if not joint.end_site:
            yield f"{tabs}\tCHANNELS {' '.join([str(len(joint.channels)), *joint.channels])}\n"
        stack.append((i, depth, True))
        stack.extend((child, depth + 1, False) for child in reversed(children[i]))


def _written(name: str) -> str:
    return "".join(c if c.isprintable() and not c.isspace() and c not in "{}" else "_" for c in name)[:NAME_CHARS]


def check_motion(where: str, motion: BvhMotion) -> None:
    """Says whether a motion, made by whomever, can be worked with or written.

    Args:
        where: What the message calls it.
        motion: The motion.

    Raises:
        InputError: Parents that do not stand before their children (a circle), channels that are none, frames of
            another width than the channels, numbers that are not finite or too large, a frame time out of range.
        LimitError: More joints or frames than `emogen.limits` allows.
    """
    joints = motion.joints
    if not 1 <= len(joints) <= LIMITS.bvh_joints or not len(motion.frames) <= LIMITS.bvh_frames:
        found = f"{len(joints)} joints and {len(motion.frames):,} frames"
        raise LimitError(where, found, f"Accepted: 1 to {LIMITS.bvh_joints} and up to {LIMITS.bvh_frames:,}.")
    for i, joint in enumerate(joints):
        if not (-1 < joint.parent < i or (i == 0 and joint.parent == -1)) or (i and joints[joint.parent].end_site):
            raise InputError(where, f'joint {i} "{joint.name[:40]}" has the parent {joint.parent}')
        if set(joint.channels) - set(CHANNELS) or (joint.end_site and joint.channels):
            raise InputError(where, f"joint {i} has the channels {joint.channels}", f"Accepted: {', '.join(CHANNELS)}.")
        if not np.isfinite(joint.offset).all() or len(joint.offset) != 3:
            raise InputError(where, f"joint {i} has the offset {joint.offset}", "Accepted: three finite numbers.")
    if motion.frames.ndim != 2 or motion.frames.shape[1] != motion.n_channels:
        raise InputError(where, f"frames {motion.frames.shape}", f"Accepted: [T, {motion.n_channels}].")
    if not np.all(np.abs(motion.frames) <= LARGEST_VALUE):
        raise InputError(where, "the frames hold numbers that are not finite or too large")
    if not SHORTEST_FRAME_S <= motion.frame_time_s <= LONGEST_FRAME_S:
        raise InputError(where, f"a frame time of {motion.frame_time_s} s")
