"""Movement to learn from: recorded clips of Bandai Namco's set, and movement that emogen makes itself.

Recorded: all styles, the contents of the maker's half of the pack; the feeling is the style's term, and unknown where the
style is none (old, feminine, giant ...). Made: conversation by the rules of `emogen.pipelines.gesture`.
"""

from __future__ import annotations

import csv
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.body import BodyMotion, skeleton
from emogen.codecs.body_features import FPS, features
from emogen.codecs.retarget import retargeted
from emogen.conditioning.encoder import track_features
from emogen.conditioning.track import EmotionTrack
from emogen.media.motion import read_bvh
from emogen.pipelines.gesture.content import content_of
from emogen.training.halves import half
from emogen.training.motion import PACK, STYLES
from emogen.training.packs import pack

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Take:
    """One movement.

    Attributes:
        frames: What the body does, float32 [T, WIDTH].
        content: float32 [ceil(T / STRIDE), channels of content].
        emotion: The ten numbers [ceil(T / STRIDE), 10], or None where nobody said what was felt.
        kind: "recorded" or "made".
        group: What is done: held out as a whole.
        style: How, or by whom.
    """

    frames: Floats
    content: Floats
    emotion: Floats | None
    kind: str
    group: str
    style: str


def take(motion: BodyMotion, track: EmotionTrack | None, *, kind: str, group: str, style: str, voice: object = None) -> Take:
    """A movement as it is learnt; at 30 frames a second."""
    values, gone = features(motion)
    content = content_of(motion, gone, voice)  # type: ignore[arg-type]
    felt = None if track is None else track_features(track, FPS / 4, len(content))[0]
    return Take(values, content, felt, kind, group, style)


def recorded(wanted: str = "maker", data_dir: str | Path | None = None) -> list[Take]:
    """Recorded clips of one half ("maker" or "judge") of the contents, and their mirror images."""
    takes = []
    for row, motion in recordings(wanted, data_dir):
        track = EmotionTrack.of(STYLES[row["style"]]) if row["style"] in STYLES else None
        for one in (motion, mirrored(motion)):
            takes.append(take(one, track, kind="recorded", group=row["content"], style=f"{row['set']}.{row['style']}"))
    return takes


def recordings(wanted: str, data_dir: str | Path | None = None) -> list[tuple[dict[str, str], BodyMotion]]:
    """Rows of the pack's table and their movement on our skeleton at 30 frames a second."""
    folder = pack(PACK, data_dir)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if half(f"bandai_namco/{r['content']}") == wanted]
    found = []
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(folder / "motions.tar.xz") as tar:
            tar.extractall(place, filter="data")
        files = {path.name: path for path in Path(place).rglob("*.bvh")}
        for row in rows:
            found.append((row, retargeted(read_bvh(files[Path(row["file"]).name]), row["file"])))
    return found


def mirrored(motion: BodyMotion) -> BodyMotion:
    """Left and right exchanged."""
    names = skeleton().names
    swap = [names.index(n.replace("Left", "@").replace("Right", "Left").replace("@", "Right")) for n in names]
    flip = np.array([-1.0, 1.0, 1.0])
    turned = motion.rotations[:, swap] * flip[:, None] * flip[None, :]
    return BodyMotion(turned, motion.root_cm * flip, motion.fps)


def groups_of(takes: Sequence[Take]) -> list[str]:
    """The contents, in order."""
    return sorted({t.group for t in takes})
