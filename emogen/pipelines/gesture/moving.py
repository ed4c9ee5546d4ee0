"""A draft -> how somebody moves who feels it, piece by piece: the learnt movement between the draft's feet and hands.

The diffusion moves trunk, head and arms. What has to be exact stays the draft's: where the feet stand, the hands of
gestures that mean something, and the fingers. Memory does not grow with the length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from emogen.codecs.body import BODY, BodyMotion, skeleton
from emogen.codecs.body_features import Way, decoded, features
from emogen.codecs.feet import feet_as_in
from emogen.models.body import STRIDE
from emogen.pipelines.gesture.content import Voice, content_of
from emogen.pipelines.gesture.drift import smooth
from emogen.pipelines.gesture.learnt import Felt, Floats, LearntBody, Pull
from emogen.pipelines.gesture.library import find_gesture
from emogen.pipelines.gesture.restyle import clear_of_trunk
from emogen.pipelines.gesture.strokes import Stroke

#: Latents of a piece: 20 s. Frames around a piece that the autoencoder looks at, latents that a piece waits for.
PIECE, AROUND, BEHIND = 150, 32, 4
#: How long hands come into and out of a gesture that is kept as it was drafted (s); as long as a preparation takes.
COMES_S, GOES_S = 0.45, 0.5
#: What arms do quicker than this (s, standard deviation) is the draft's: the latents would blur it. `AROUND` holds it.
QUICK_S = 0.25
ARM = ("Shoulder", "Arm", "ForeArm", "Hand")


class Acting(Protocol):
    """A draft of which any piece can be had."""

    @property
    def frames(self) -> int: ...  # noqa: D102
    @property
    def fps(self) -> float: ...  # noqa: D102

    def piece(self, first: int, last: int) -> BodyMotion:
        """Frames first..last (excluded)."""


@dataclass(frozen=True, eq=False)
class Whole:
    """A movement that is there already."""

    motion: BodyMotion

    @property
    def frames(self) -> int:
        """How many."""
        return len(self.motion.rotations)

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.motion.fps

    def piece(self, first: int, last: int) -> BodyMotion:
        """Frames first..last (excluded)."""
        return part(self.motion, first, last)


@dataclass(frozen=True, eq=False)
class Mover:
    """Moves drafts.

    Attributes:
        body: What was learnt.
        felt: (first latent, last latent) -> what is felt.
        voice: (first frame, last frame) -> how the voice sounds, or None.
        seed: Of the noise.
        pull: How the diffusion is steered.
        style: As from `LearntBody.style_of`.
        strokes: What the hands do: in what means something arms stay as drafted, and a head that takes part.
    """

    body: LearntBody
    felt: Callable[[int, int], Felt]
    voice: Callable[[int, int], Voice | None]
    seed: int
    pull: Pull
    style: Floats | None = None
    strokes: Sequence[Stroke] = ()

    def pieces(self, draft: Acting, size: int = PIECE, before: BodyMotion | None = None) -> Iterator[BodyMotion]:
        """The movement, up to `size` latents after the other.

        Args:
            draft: At 30 frames a second.
            size: Latents of a piece; each waits for `BEHIND` latents of the next one.
            before: A movement that ends where the draft begins.
        """
        count = -(-draft.frames // STRIDE)
        # the latents that are needed still, ending at `done`
        course = None if before is None else self._ended(before)
        done = shown = 0
        while shown < draft.frames:
            until = min(done + size, count)
            fresh = self._latents(draft, done, until, course)
            course, done = (fresh if course is None else torch.cat([course, fresh])), until
            ready = draft.frames if done == count else (done - BEHIND) * STRIDE
            if ready <= shown:
                continue
            yield self._shown(draft, course, done, shown, ready)
            shown = ready
            course = course[-max(self.body.config.overlap, 3 * BEHIND) :]

    def _ended(self, before: BodyMotion) -> torch.Tensor:
        """The last latents of a movement."""
        count = min(len(before.rotations), self.body.config.overlap * STRIDE + AROUND) // STRIDE * STRIDE
        last = BodyMotion(before.rotations[-count:], before.root_cm[-count:], before.fps)
        return self.body.latents(features(last)[0])[-self.body.config.overlap :]

    def _latents(self, draft: Acting, first: int, last: int, before: torch.Tensor | None) -> torch.Tensor:
        """New latents first..last, going on from those before."""
        known = None if before is None else before[-self.body.config.overlap :]
        start = first - (0 if known is None else len(known))
        begin = max(0, start)  # a movement from before the draft is known as latents alone
        a, b = max(0, begin * STRIDE - AROUND), min(draft.frames, last * STRIDE + AROUND)
        piece = draft.piece(a, b)
        values, gone = features(piece)
        cut = slice(begin - a // STRIDE, last - a // STRIDE)
        drafted, done, felt = self.body.latents(values)[cut], content_of(piece, gone, self.voice(a, b))[cut], self.felt(begin, last)
        if known is not None and begin > start:
            missing = begin - start
            drafted = torch.cat([known[:missing], drafted])
            done = np.concatenate([np.repeat(done[:1], missing, axis=0), done])
            felt = Felt(*(np.concatenate([np.repeat(v[:1], missing, axis=0), v]) for v in (felt.numbers, felt.exaggeration)))
        found = self.body.course(
            drafted, done, felt, seed=_mixed(self.seed, first), pull=self.pull, style=self.style, known=known
        )  # fmt: skip
        return found[first - start :]

    def _shown(self, draft: Acting, course: torch.Tensor, done: int, first: int, last: int) -> BodyMotion:
        """Frames first..last of the course that ends at latent `done`, joined with the draft."""
        frames, begin = self.body.frames(course), (done - len(course)) * STRIDE
        start = max(0, first - AROUND)
        around = draft.piece(start, min(draft.frames, last + AROUND))
        gone = features(around)[1]
        low, high = max(start, begin), min(draft.frames, last + AROUND, begin + len(frames))
        known = slice(low - start, high - start)
        moved = decoded(frames[low - begin : high - begin], Way(gone.place_cm[known], gone.yaw[known]), draft.fps)
        moved = quick_as_in(moved, part(around, known.start, known.stop))
        piece = part(around, first - start, last - start)
        return joined(piece, part(moved, first - low, last - low), self._weights(first, last, draft.fps))

    def _weights(self, first: int, last: int, fps: float) -> NDArray[np.float64]:
        """How far the left arm, the right arm and the head are the draft's [T, 3]."""
        t = np.arange(first, last) / fps
        found = np.zeros((len(t), 3))
        for stroke in self.strokes:
            if not stroke.semantic:
                continue
            a, b = stroke.at_s - COMES_S, stroke.at_s + stroke.hold_s
            rise: np.ndarray = np.clip((t - (a - COMES_S)) / COMES_S, 0, 1) * np.clip((b + 2 * GOES_S - t) / GOES_S, 0, 1)
            share = smooth(rise)
            moving = [stroke.hand in ("left", "both"), stroke.hand in ("right", "both"), nods(stroke)]
            found[:, moving] = np.maximum(found[:, moving], share[:, None])
        return found


def nods(stroke: Stroke) -> bool:
    """Whether the head takes part in what a gesture means."""
    return any(any(key.head) for key in find_gesture(stroke.gesture).body)


def part(motion: BodyMotion, first: int, last: int) -> BodyMotion:
    """Frames first..last (excluded)."""
    return BodyMotion(motion.rotations[first:last], motion.root_cm[first:last], motion.fps)


def quick_as_in(motion: BodyMotion, draft: BodyMotion) -> BodyMotion:
    """A movement whose arms do what they do within `QUICK_S` as those of another one, of as many frames, do it."""
    rotations = motion.rotations.copy()
    for joint in (skeleton().names.index(side + name) for side in ("Left", "Right") for name in ARM):
        slow, other = (_slow(m.rotations[:, joint], QUICK_S * m.fps) for m in (motion, draft))
        rotations[:, joint] = (slow * other.inv() * Rotation.from_matrix(draft.rotations[:, joint])).as_matrix()
    return BodyMotion(rotations, motion.root_cm, motion.fps)


def _slow(turns: NDArray[np.float64], width: float) -> Rotation:
    """Rotations [T, 3, 3] without what is quicker than `width` frames: the rotations nearest to their weighted means.

    The mean of matrices is none itself, and of turns far apart not even right-handed: Kabsch 1976 gives the nearest that is.
    """
    left, _, right = np.linalg.svd(gaussian_filter1d(turns, width, axis=0, mode="nearest", truncate=2.0))
    left[:, :, -1] *= np.linalg.det(left @ right)[:, None]
    return Rotation.from_matrix(left @ right)


def joined(draft: BodyMotion, moved: BodyMotion, held: NDArray[np.float64]) -> BodyMotion:
    """The moved body on the draft's feet, with the draft's fingers and, by weight [T, 3], its arms and its head."""
    names, rotations, root = skeleton().names, moved.rotations.copy(), moved.root_cm.copy()
    feet = [names.index("LeftFoot"), names.index("RightFoot")]
    root[:, [0, 2]] += (draft.positions()[:, feet] - moved.positions()[:, feet]).mean(axis=1)[:, [0, 2]]
    rotations[:, BODY:] = draft.rotations[:, BODY:]
    kept = [[f"Left{part}" for part in ARM], [f"Right{part}" for part in ARM], ["Neck", "Head"]]
    for weight, joints in zip(held.T, kept, strict=True):
        for j in map(names.index, joints):
            rotations[:, j] = between(rotations[:, j], draft.rotations[:, j], weight)
    return clear_of_trunk(feet_as_in(BodyMotion(rotations, root, draft.fps), draft), draft)


def between(a: NDArray[np.float64], b: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotations [T, 3, 3] on the shortest way from a to b."""
    if not np.any(share):
        return a
    turn = Rotation.from_matrix(np.swapaxes(a, 1, 2) @ b).as_rotvec() * share[:, None]
    return np.asarray(a @ Rotation.from_rotvec(turn).as_matrix())


def _mixed(seed: int, number: int) -> int:
    """A seed for a piece."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:7], "big")
