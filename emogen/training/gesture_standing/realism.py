"""Is it like recorded movement? Distances in what an autoencoder of recordings makes of two seconds of a body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from emogen.codecs.body import BodyMotion
from emogen.conditioning.motion_measures import normalised
from emogen.evaluation import metrics
from emogen.pipelines.gesture.arms import hand_places
from emogen.pipelines.gesture.library import Gesture, gestures
from emogen.pipelines.gesture.strokes import Hand, Stroke
from emogen.training import gesture_data, kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import clips, moves
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, STANDING, Bench, Recording
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.run import NEUTRAL, asked_for
from emogen.training.speech_standing.tables import table

PART = "realism"
#: Frames of a window, and from one to the next; features of a window, an eighth of the windows of one half of the
#: reference at most; own choice.
WINDOW, STEP, DIM = 60, 20, 24
STEPS, BATCH, WIDTH = 1500, 64, 64
#: Body heights a second, and a second squared, below which movement is noise (own assumption).
SLOWEST, GENTLEST = 0.03, 0.3
DRIFT_S = 0.25  # over which the noise on the mean pose is smoothed: without, it trembles and is told at once
MOST = 0.2  # by which diversity may differ from that of recordings
REAL, OTHER, OURS, RULES, RESTYLED, PLAIN, MEAN, SHUFFLED = (
    "recordings (reference)", "recordings of other contents", "generated (rules' draft, then the diffusion)",
    "rules alone, the same strokes", "neutral recordings, restyled", "neutral recordings as they are", "mean pose and noise",
    "recordings, frames shuffled",
)  # fmt: skip
ROWS = (OTHER, OURS, RULES, RESTYLED, PLAIN, MEAN, SHUFFLED)
Floats = NDArray[np.float64]
SECTION = """### Is it like recorded movement?

Frechet distance (FGD) between windows of {seconds:g} s of held-out recordings of people who stand and gesture ({contents};
contents that nothing was learnt from; {clips} clips with a feeling or neutral) and others, in {dim} features of an
autoencoder of positions, speeds and accelerations of 14 joints that learnt from the other half of the recordings alone
(not that of the generator; it explains {explained:.0%} of the variance of the reference). *Generated*: the rules' draft with
a stroke at each apex of a recording's hands, of the library's gesture that comes nearest to where the hand is there, with
its feeling, moved by the diffusion. *Restyled*: in place of each recording, a neutral one of the same content asked for its
feeling; beside it the same neutral one as it is. Intervals: leaving out one clip after the other (a jackknife). Diversity:
mean distance of pairs of windows over that of the recordings. Kernel: the squared distance with a cubic kernel, unbiased
for small sets.
"""


def windows(motion: BodyMotion) -> Floats:
    """What the autoencoder is given of a movement, [n, WINDOW, 70]."""
    return _cut(normalised(moves.judged(motion), motion.fps))


def _cut(body: Floats) -> Floats:
    """Positions (body heights) [T, 14, 3] -> windows of them and of the logarithms of speeds and accelerations.

    Logarithms: an autoencoder of velocities themselves takes no notice of trembling, which is outside of all that it learnt.
    """
    if len(body) < WINDOW:
        body = np.concatenate([body, np.repeat(body[-1:], WINDOW - len(body), axis=0)])
    velocity = np.gradient(body, axis=0) * FPS
    speed = np.log(np.linalg.norm(velocity, axis=-1) + SLOWEST)
    force = np.log(np.linalg.norm(np.gradient(velocity, axis=0) * FPS, axis=-1) + GENTLEST)
    whole = np.concatenate([body.reshape(len(body), -1), speed, force], axis=1)
    return np.stack([whole[a : a + WINDOW] for a in range(0, len(whole) - WINDOW + 1, STEP)])


class Space:
    """An autoencoder of windows, and what its code makes of them.

    Args:
        rows: [n, WINDOW, channels] to learn from.
        seed: Of weights and batches.
    """

    def __init__(self, rows: Floats, seed: int = 0) -> None:
        import torch
        from torch import nn

        torch.manual_seed(seed)
        flat = rows.reshape(-1, rows.shape[2])
        self._mean, self._std = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-3)
        short = WINDOW // 4
        self._coder = nn.Sequential(
            nn.Conv1d(rows.shape[2], WIDTH, 5, 2, 2), nn.GELU(), nn.Conv1d(WIDTH, WIDTH, 5, 2, 2), nn.GELU(),
            nn.Flatten(), nn.Linear(WIDTH * short, DIM),
        )  # fmt: skip
        self._decoder = nn.Sequential(
            nn.Linear(DIM, WIDTH * short), nn.GELU(), nn.Unflatten(1, (WIDTH, short)), nn.Upsample(scale_factor=2),
            nn.Conv1d(WIDTH, WIDTH, 5, 1, 2), nn.GELU(), nn.Upsample(scale_factor=2), nn.Conv1d(WIDTH, rows.shape[2], 5, 1, 2),
        )  # fmt: skip
        x = self._scaled(rows)
        both = nn.ModuleList([self._coder, self._decoder])
        optimiser = torch.optim.AdamW(both.parameters(), lr=1e-3, weight_decay=1e-2)
        rng = np.random.default_rng(seed)
        for _ in range(STEPS):
            batch = x[rng.integers(len(x), size=BATCH)]
            loss = (self._decoder(self._coder(batch)) - batch).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    def _scaled(self, rows: Floats) -> Any:
        import torch

        return torch.from_numpy((rows - self._mean) / self._std).float().mT

    def __call__(self, rows: Floats) -> Floats:
        """Windows -> features [n, DIM]."""
        import torch

        with torch.inference_mode():
            return np.asarray(self._coder(self._scaled(rows)).double().numpy())

    def explained(self, rows: Floats) -> float:
        """Share of the variance of windows that comes back."""
        import torch

        with torch.inference_mode():
            x = self._scaled(rows)
            left = (self._decoder(self._coder(x)) - x).square().mean()
            return float(1.0 - left / (x - x.mean(dim=0)).square().mean())


@dataclass(frozen=True, eq=False)
class Set:
    """Features of windows [n, DIM], and the clip [n] that each is of."""

    rows: Floats
    clips: NDArray[np.intp]

    @staticmethod
    def of(space: Space, parts: Sequence[Floats]) -> Set:
        """From the windows of each clip."""
        return Set(space(np.concatenate(parts)), np.repeat(np.arange(len(parts)), [len(p) for p in parts]))

    def without(self, clip: int) -> Floats:
        """All rows but a clip's."""
        return self.rows[self.clips != clip]


def measure(bench: Bench, run: bool = True) -> dict[str, Any] | None:
    """All of it."""
    here = kept.version(Path(__file__), Path(moves.__file__), Path(of.__file__), *of.MOTION, weights=of.LEARNT_FROM)
    return bench.kept(PART, here, partial(_measure, bench), run=run)  # type: ignore[no-any-return]


def _measure(bench: Bench) -> dict[str, Any]:
    print("realism: an autoencoder of recordings", flush=True)
    learnt = [r.motion for r in bench.learnt_from]
    rows = np.concatenate([windows(m) for one in learnt for m in (one, gesture_data.mirrored(one))])
    space = Space(rows)
    real = [r for r in bench.recorded if r.content in STANDING and r.label]
    reference = Set.of(space, [windows(r.motion) for r in real])
    found: dict[str, Any] = {
        "clips": len(real), "windows": len(reference.rows), "learnt windows": len(rows),
        "explained": space.explained(np.concatenate([windows(r.motion) for r in real])),
        "floor": floor(reference), "rows": {},
    }  # fmt: skip
    for name, make in kinds(bench, real).items():
        print(f"realism: {name}", flush=True)
        found["rows"][name] = compared(reference, Set.of(space, make()))
    return found


def kinds(bench: Bench, real: Sequence[Recording]) -> dict[str, Callable[[], list[Floats]]]:
    """Name -> what makes the windows of each clip."""
    poses = np.concatenate([normalised(moves.judged(r.motion), FPS) for r in bench.learnt_from if r.content in _standing_learnt(bench)])
    rng = np.random.default_rng(0)

    def swapped(one: Recording) -> Floats:
        order = rng.permutation(len(one.motion.rotations))
        return windows(BodyMotion(one.motion.rotations[order], one.motion.root_cm[order], FPS))

    def standing() -> list[Floats]:
        return [windows(r.motion) for r in bench.learnt_from if r.content in _standing_learnt(bench) and r.label]

    return {
        OTHER: standing,
        OURS: lambda: [windows(generated(bench, EMBEDDED, r)) for r in real],
        RULES: lambda: [windows(generated(bench, of.RULES, r)) for r in real],
        RESTYLED: lambda: [windows(clips.restyled(bench, EMBEDDED, n, asked_for(r.label, 1.0))) for r, n in _pairs(real)],
        PLAIN: lambda: [windows(n.motion) for _, n in _pairs(real)],
        MEAN: lambda: [_noise(poses, len(r.motion.rotations), rng) for r in real],
        SHUFFLED: lambda: [swapped(r) for r in real],
    }


def _standing_learnt(bench: Bench) -> set[str]:
    """Contents of the other half in which nobody goes anywhere."""
    return {r.content for r in bench.learnt_from} - {"walk", "run", "walk-right", "walk-turn-left"}


def _pairs(real: Sequence[Recording]) -> list[tuple[Recording, Recording]]:
    """Each recording with a neutral one of its content, another one where there is another."""
    found = []
    for number, one in enumerate(real):
        plain = [r for r in real if r.group == one.group and r.label == NEUTRAL]
        others = [r for r in plain if r is not one] or plain
        found.append((one, others[number % len(others)]))
    return found


def _noise(poses: Floats, frames: int, rng: np.random.Generator) -> Floats:
    """The mean pose of recordings with as much slow noise as their poses spread [n, WINDOW, 70]."""
    drawn = gaussian_filter1d(rng.normal(size=(frames, *poses.shape[1:])), DRIFT_S * FPS, axis=0, mode="wrap")
    return _cut(poses.mean(axis=0) + poses.std(axis=0) * drawn / drawn.std(axis=0))


def strokes_of(one: Recording) -> tuple[Stroke, ...]:
    """Strokes where the hands of a recording come to the end of a movement, of the gestures that are nearest to it."""
    known = {n: _apex(g) for n, g in gestures().items() if g.hands == "either"}
    sides: tuple[Hand, Hand] = ("left", "right")
    found = []
    for side, joint, times in zip(sides, moves.SIDES, moves.apexes(one.motion), strict=True):
        places = hand_places(one.motion, joint)[0]
        for t in times:
            place = places[min(round(t * FPS), len(places) - 1)]
            found.append(Stroke(float(t), side, 1.0, min(known, key=lambda n: float(np.linalg.norm(known[n] - place)))))
    return tuple(sorted(found, key=lambda s: s.at_s))


def _apex(gesture: Gesture) -> Floats:
    """Where the wrist of a gesture is at its apex [3]."""
    return np.array(min(gesture.main, key=lambda k: abs(k.at_s)).pose.place)


def generated(bench: Bench, system: str, one: Recording) -> BodyMotion:
    """A movement with the strokes, the feeling and the length of a recording."""
    motion: BodyMotion = bench.pipe(system)(
        emotion=asked_for(one.label, 1.0), semantic=strokes_of(one), seconds=len(one.motion.rotations) / FPS, fps=FPS,
        seed=kept.seed_of(one.name, "realism"),
    ).motion  # fmt: skip
    return motion


def floor(reference: Set) -> dict[str, float]:
    """Of random halves of the clips against each other: mean Frechet distance, and that of diversity from 1."""
    rng = np.random.default_rng(0)
    names = np.unique(reference.clips)
    far, apart = [], []
    for _ in range(20):
        half = np.isin(reference.clips, rng.permutation(names)[: len(names) // 2])
        one, two = reference.rows[half], reference.rows[~half]
        far.append(metrics.frechet_distance(one, two, shrink=False))
        apart.append(abs(metrics.diversity(one, 2) / metrics.diversity(two, 2) - 1.0))
    return {"distance": float(np.mean(far)), "diversity": float(np.mean(apart))}


def compared(reference: Set, other: Set) -> dict[str, Any]:
    """Distances of a set from the reference."""
    value = metrics.frechet_distance(reference.rows, other.rows, shrink=False)
    each = np.array([metrics.frechet_distance(reference.rows, other.without(c), shrink=False) for c in np.unique(other.clips)])
    half = 1.96 * float(np.sqrt((len(each) - 1) * each.var()))
    spread = np.maximum(reference.rows.std(axis=0), 1e-6)
    return {
        "n": len(other.rows), "distance": value, "half": half,
        "kernel": metrics.kernel_distance(reference.rows / spread, other.rows / spread),
        "diversity": metrics.diversity(other.rows, 2) / metrics.diversity(reference.rows, 2),
    }  # fmt: skip


def goals(found: dict[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    rows = found["rows"]
    own = rows[OURS]["distance"]
    for name, said in ((RULES, "the rules alone"), (MEAN, "the mean pose and noise"), (SHUFFLED, "shuffled recordings")):
        yield Goal(f"FGD to held-out recordings below that of {said}", f"below {rows[name]['distance']:.2f}",
                   f"{own:.2f} (halves of the recordings {found['floor']['distance']:.2f})", own < rows[name]["distance"])  # fmt: skip
    for name, what in ((OURS, "generated"), (RESTYLED, "restyled")):
        share = rows[name]["diversity"]
        yield Goal(f"diversity of what is {what} over that of recordings", ".8 to 1.2", f"{share:.2f}", abs(share - 1.0) <= MOST)


def section(found: dict[str, Any]) -> Iterator[str]:
    """Markdown."""
    yield SECTION.format(seconds=WINDOW / FPS, contents=", ".join(STANDING), clips=found["clips"], dim=DIM, explained=found["explained"])
    halves = found["floor"]
    lines = [[REAL + ": halves", str(found["windows"]), f"{halves['distance']:.2f}", "", f"1 (halves: {halves['diversity']:.2f} apart)"]]
    for name in ROWS:
        row = found["rows"][name]
        low, high = row["distance"] - row["half"], row["distance"] + row["half"]
        far = f"{row['distance']:.2f} [{low:.2f}, {high:.2f}]"
        lines.append([name, str(row["n"]), far, f"{row['kernel']:.2f}", f"{row['diversity']:.2f}"])
    yield from table(["", "windows", "FGD", "kernel", "diversity"], lines)
    yield ""
