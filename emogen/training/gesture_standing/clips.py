"""The clips that most figures are of: every one made, read by the judge, and measured."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emogen import checkpoints
from emogen.codecs.body import BodyMotion
from emogen.evaluation.judges.motion import MotionJudge
from emogen.evaluation.metrics import motion_beats
from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import moves
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, RULES, Bench, Recording, Voice
from emogen.training.speech_standing.run import NEUTRAL, asked_for

PART = "clips"
TALK, RESTYLED, REAL = "talk", "restyled", "recorded"
#: What the judge knows.
LABELS = (NEUTRAL, "joy", "excitement", "pride", "anger", "sadness", "insecurity", "fatigue")
FELT = LABELS[1:]
LEVELS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
#: Sources that are asked for at all intensities and in mixtures, of each kind.
LADDERS = 3
#: Processes that make clips, and parts in which recordings are restyled; two cores are what figures are promised for.
PROCESSES, RESTYLES = 2, 3
#: Two feelings that a body tells apart, and the shares of the second one.
PAIRS = (("sadness", "joy"), ("fatigue", "anger"), ("insecurity", "pride"), ("sadness", "excitement"))
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Clip:
    """One movement, judged and measured.

    Attributes:
        system: Its name; `REAL` for a recording.
        kind: `TALK`, `RESTYLED` or `REAL`.
        source: Voice or recording.
        asked: The emotion as written; of a recording its label, "" where its style is no feeling.
        group: What is done in a recording; "" for speech.
        seconds: How long it is.
        chances: Label -> the judge's chance.
        vad: The judge's.
        manner: As `moves.manner` tells it.
        sanity: As `moves.sanity` does.
        beats: Times (s) at which the wrists come to rest or turn.
        apexes: Times (s) at which the left and the right hand reach the end of a movement.
        strokes: (s, hand, gesture, whether it has a meaning) that were planned.
    """

    system: str
    kind: str
    source: str
    asked: str
    group: str = ""
    seconds: float = 0.0
    chances: dict[str, float] = field(default_factory=dict)
    vad: Sequence[float] = ()
    manner: dict[str, float] = field(default_factory=dict)
    sanity: dict[str, float] = field(default_factory=dict)
    beats: Sequence[float] = ()
    apexes: Sequence[Sequence[float]] = ()
    strokes: Sequence[tuple[float, str, str, bool]] = ()

    @property
    def label(self) -> str:
        """Label that was asked for, where it is one."""
        return self.asked.partition(":")[0] if "+" not in self.asked else ""

    @property
    def level(self) -> float:
        """Intensity that was asked for."""
        return 0.0 if self.label == NEUTRAL else float(self.asked.partition(":")[2] or 1.0)

    @property
    def verdict(self) -> str:
        """The likeliest label."""
        return max(self.chances, key=lambda k: self.chances[k])


def mixed(one: str, other: str, share: float) -> str:
    """A mixture as written."""
    if share in (0.0, 1.0):
        return asked_for(other if share else one, 1.0)
    return f"{one}:{1.0 - share:g}+{other}:{share:g}"


def asked(full: bool) -> list[str]:
    """What a source is asked for: each label, and with `full` all intensities and mixtures."""
    found = [asked_for(label, 1.0) for label in LABELS]
    if full:
        found += [asked_for(label, level) for label in FELT for level in LEVELS]
        found += [mixed(*pair, share) for pair in PAIRS for share in SHARES]
    return list(dict.fromkeys(found))


def version(*also: str) -> str:
    """Changes with what clips depend on."""
    here = Path(__file__).parent
    judge = Path(checkpoints.HERE) / "judge_motion" / checkpoints.SUMS
    return kept.version(*(here / f"{n}.py" for n in ("clips", "moves", "bench")), *of.MOTION, judge, weights=of.LEARNT_FROM, also=also)


def measure(bench: Bench, run: bool = True) -> list[Clip] | None:
    """All clips of all systems, and the recordings; None where they are not to be made and the cache lacks one.

    Pieces that the cache lacks are made by `PROCESSES` at a time.
    """
    names = pieces()
    if run:
        lacks = [n for n in names if PART in bench.fresh or bench.kept(PART, version(), list, run=False, name=n) is None]
        if len(lacks) > 1:
            assert bench.recorded  # fitted once, not by every process
            with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
                pool.map(_fill, [(str(bench.cache), bench.data, name) for name in lacks], chunksize=1)
                pool.close()
                pool.join()
        else:
            list(map(_fill, [(str(bench.cache), bench.data, name) for name in lacks]))
    found = [bench.kept(PART, version(), list, run=False, name=name) for name in names]
    return None if None in found else [Clip(**row) for rows in found for row in rows]


def pieces() -> list[str]:
    """Names of what is kept by itself, the slowest first."""
    voices = (*of.TEXTS, *(f"person-{n}" for n in range(of.PEOPLE)))
    restyled = [f"{RESTYLED}-{system}-{k}" for system in of.SYSTEMS for k in range(RESTYLES)]
    return [*restyled, *(f"{TALK}-{system}-{name}" for system in of.SYSTEMS for name in voices), REAL]


def _fill(work: tuple[str, str | None, str]) -> None:
    """Makes one piece, in a process of its own."""
    import torch

    torch.set_num_threads(1)
    cache, data, name = work
    bench = Bench(Path(cache), data, fresh=frozenset({PART}))
    print(f"clips: {name}", flush=True)
    kind, _, rest = name.partition("-")
    system, _, which = rest.partition("-")
    if kind == REAL:
        bench.kept(PART, version(), lambda: _real(bench), name=name)
    else:
        bench.kept(PART, version(), lambda: (_talks if kind == TALK else _restyles)(bench, system, which), name=name)


def _talks(bench: Bench, system: str, which: str) -> list[dict[str, Any]]:
    number = int(which.removeprefix("person-")) if which.startswith("person-") else list(of.TEXTS).index(which)
    voices = of.people(bench.data) if which.startswith("person-") else bench.spoken
    full = system == EMBEDDED and which in list(of.TEXTS)[:LADDERS]
    return [asdict(talk(bench, system, voice, a)) for voice in voices[number : number + 1] for a in asked(full)]


def talk(bench: Bench, system: str, voice: Voice, wanted: str) -> Clip:
    """One speech, gestured to."""
    seed = kept.seed_of(voice.name, "gesture")  # the same for all that is asked: nothing but the feeling differs
    out = bench.pipe(system)(audio=voice.said, emotion=wanted, fps=FPS, seed=seed)
    return measured(Clip(system, TALK, voice.name, wanted), out.motion, out.strokes)


def _restyles(bench: Bench, system: str, which: str) -> list[dict[str, Any]]:
    own = bench.neutral
    ladders = [next(r for r in own if r.content == c) for c in of.STANDING if any(r.content == c for r in own)][:LADDERS]
    full = ladders if system == EMBEDDED else []
    return [asdict(restyle(bench, system, one, a)) for one in own[int(which) :: RESTYLES] for a in asked(one in full)]


def restyle(bench: Bench, system: str, one: Recording, wanted: str) -> Clip:
    """One recording, done as somebody does it who feels something."""
    base = Clip(system, RESTYLED, one.name, wanted, one.group)
    return measured(base, restyled(bench, system, one, wanted))


def restyled(bench: Bench, system: str, one: Recording, wanted: str) -> BodyMotion:
    """The movement."""
    seed = kept.seed_of(one.name, "gesture")
    motion: BodyMotion = bench.pipe(system)(motion=one.motion, emotion=wanted, fps=FPS, seed=seed).motion
    return motion


def _real(bench: Bench) -> list[dict[str, Any]]:
    return [asdict(measured(Clip(REAL, REAL, r.name, r.label, r.group), r.motion)) for r in bench.recorded]


def measured(base: Clip, motion: BodyMotion, strokes: Sequence[Any] = ()) -> Clip:
    """A clip with its verdict and measures."""
    verdict = MotionJudge.load().recognize_positions(moves.judged(motion), motion.fps)
    hands = moves.wrists(motion)
    return Clip(
        base.system, base.kind, base.source, base.asked, base.group, len(motion.rotations) / motion.fps,
        {k: round(float(v), 5) for k, v in verdict.distribution.items()},
        [round(float(x), 5) for x in verdict.emotion.vad],
        moves.manner(motion), moves.sanity(motion),
        motion_beats(hands, motion.fps).tolist() if len(hands) > 3 else [],
        [times.tolist() for times in moves.apexes(motion)],
        [(float(s.at_s), s.hand, s.gesture, s.semantic) for s in strokes],
    )  # fmt: skip


def part(rows: Sequence[Clip], system: str, kind: str, level: float | None = None) -> list[Clip]:
    """The clips of a system and kind that were asked for by label: at an intensity (and the neutral ones), or all."""
    own = [r for r in rows if r.system == system and r.kind == kind and r.label]
    return own if level is None else [r for r in own if r.label == NEUTRAL or abs(r.level - level) < 1e-9]


def kinds(rows: Sequence[Clip]) -> list[tuple[str, str]]:
    """(system, kind) of what was made, the default first."""
    wanted = [(system, kind) for system in (EMBEDDED, RULES) for kind in (TALK, RESTYLED)]
    return [pair for pair in wanted if any((r.system, r.kind) == pair for r in rows)]
