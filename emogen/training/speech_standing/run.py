"""Renders and hears everything that is missing, and collects it."""

from __future__ import annotations

import hashlib
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emogen.conditioning.vocabulary import BASIC
from emogen.training.speech_standing import hearing, sources, systems
from emogen.training.speech_standing.hearing import Heard
from emogen.training.speech_standing.sources import Source
from emogen.training.speech_standing.store import Place, Store

NEUTRAL = "neutral"
LEVELS = (0.3, 0.7, 1.0)
COUNTED_AT, STRONGEST = 0.7, 1.0  # intensities at which words are counted
#: Requests by numbers: a grid within what speech can show; own choice.
GRID = tuple(
    f"vad({v:g},{a:g},{d:g})" for v, a, d in itertools.product((-0.6, 0.0, 0.6), (-0.6, 0.0, 0.6), (-0.4, 0.4))
)
GRID_SOURCES = 8  # that are asked for by numbers, alternating between speakers


def asked_for(label: str, level: float) -> str:
    """The written form of a label at an intensity."""
    return NEUTRAL if level == 0.0 or label == NEUTRAL else f"{label}:{level:g}"


LADDER = (NEUTRAL, *(asked_for(label, level) for label in BASIC for level in LEVELS))
COUNTED = (NEUTRAL, *(asked_for(label, COUNTED_AT) for label in BASIC))


@dataclass(frozen=True, eq=False)
class Task:
    """A source for a system, and all that is asked of it; `counted`: whether its words are counted too."""

    system: str
    source: Source
    asked: tuple[str, ...]
    counted: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """One clip.

    Attributes:
        system: Its name.
        source: What it was made of.
        asked: The emotion as written.
        heard: The verdict.
        words: What was understood; None where it was not counted.
        place: Where it is kept.
    """

    system: str
    source: Source
    asked: str
    heard: Heard
    words: str | None
    place: Place

    @property
    def label(self) -> str:
        """Label that was asked for; "" where numbers were."""
        return "" if self.asked.startswith("vad(") else self.asked.partition(":")[0]

    @property
    def level(self) -> float:
        """Intensity that was asked for."""
        return 0.0 if self.label == NEUTRAL else float(self.asked.partition(":")[2] or 1.0)


def _told(line: str) -> None:
    print(line, flush=True)


@dataclass(frozen=True)
class Bench:
    """Where things are and how many are taken.

    Attributes:
        cache: Folder.
        data: Folder of the packs; None: the usual one.
        jobs: Processes.
        report: Receives a line now and then.
    """

    cache: Path
    data: str | None = None
    jobs: int = 1
    report: Callable[[str], None] = field(default=_told)

    @property
    def store(self) -> Store:
        """Of clips."""
        return Store(self.cache / "clips")

    def system(self, name: str) -> systems.System:
        """A system by its name."""
        return systems.build(name, str(self.cache), self.data)

    def place(self, system: str, source: Source, asked: str) -> Place:
        """Where a clip is kept."""
        return self.store.place(system, self.system(system).version, source.key, asked)

    def done(self, tasks: Sequence[Task]) -> list[Row]:
        """The clips of tasks; what is missing is rendered and heard first."""
        for name in dict.fromkeys(task.system for task in tasks):
            self.store.forget_others(name, self.system(name).version)
        todo = [task for task in tasks if any(self._missing(task))]
        if todo:
            self.report(f"{len(todo)} of {len(tasks)} sources to do: {', '.join(dict.fromkeys(t.system for t in todo))}")
            self._work(todo)
        return [row for task in tasks for row in self._rows(task)]

    def _missing(self, task: Task) -> Iterator[str]:
        for asked in task.asked:
            place = self.place(task.system, task.source, asked)
            if not place.heard_path.is_file() or not place.sound_path.is_file() or (task.counted and not place.words_path.is_file()):
                yield asked

    def _work(self, tasks: Sequence[Task]) -> None:
        work = ((task, str(self.cache), self.data) for task in tasks)
        if self.jobs == 1:
            done: Iterable[None] = map(_one, work)
            self._count(done, len(tasks))
            return
        with multiprocessing.get_context("spawn").Pool(self.jobs, initializer=_alone) as pool:
            self._count(pool.imap_unordered(_one, work), len(tasks))

    def _count(self, done: Iterable[None], total: int) -> None:
        begun = time.perf_counter()
        for number, _ in enumerate(done, 1):
            if number % 20 == 0 or number == total:
                self.report(f"  {number} / {total} after {time.perf_counter() - begun:.0f} s")

    def _rows(self, task: Task) -> Iterator[Row]:
        for asked in task.asked:
            place = self.place(task.system, task.source, asked)
            words = place.words() if task.counted else None
            yield Row(task.system, task.source, asked, place.heard(), words, place)


def _alone() -> None:
    import torch

    torch.set_num_threads(1)


def _one(work: tuple[Task, str, str | None]) -> None:
    """Renders and hears what a task lacks."""
    task, cache, data = work
    bench = Bench(Path(cache), data)
    for asked in bench._missing(task):
        place = bench.place(task.system, task.source, asked)
        if not place.sound_path.is_file():
            place.keep_sound(*bench.system(task.system).render(task.source, asked, seed_of(task.source, asked)))
        samples, rate = place.sound()
        if not place.heard_path.is_file():
            place.keep_heard(hearing.hear(samples, rate))
        if task.counted and not place.words_path.is_file():
            place.keep_words(hearing.words(samples, rate))


def seed_of(source: Source, asked: str) -> int:
    """The seed of a clip: the same for all systems."""
    return int.from_bytes(hashlib.sha256(f"{source.key}/{asked}".encode()).digest()[:4], "big")


@dataclass(frozen=True, eq=False)
class Measured:
    """All clips.

    Attributes:
        real: Takes of the held-out speakers.
        coded: The same through the codec alone.
        recordings: Neutral ones of them, converted.
        english: English recordings, neutral, converted and acted, with their words.
        texts: Sentences, spoken.
        harvard: IEEE sentences, spoken, with their words.
    """

    real: list[Row]
    coded: list[Row]
    recordings: list[Row]
    english: list[Row]
    texts: list[Row]
    harvard: list[Row]


def measure(bench: Bench, items: int) -> Measured:
    """Everything, with up to `items` takes per speaker (and label of real ones); 12 is the whole measurement."""
    share = items / 12.0
    takes = sources.held_out(items, bench.data)
    neutral = [s for s in takes if s.label == NEUTRAL]
    real = bench.done([Task(systems.REAL, s, (s.label,)) for s in takes])
    coded = bench.done([Task(systems.CODING, s, (NEUTRAL,)) for s in takes])
    names, numbered = systems.names(), _part(GRID_SOURCES, share)
    recordings = bench.done([Task(name, s, LADDER) for name in names for s in neutral])
    recordings += bench.done([Task(name, s, GRID) for name in _by_numbers(names) for s in alternating(neutral, numbered)])
    spoken = sources.sentences(_part(20, share))
    texts = bench.done([Task(systems.ESPEAK, s, (NEUTRAL,)) for s in spoken if s.voice == sources.VOICES[0]])
    speakers = (systems.TEXT_RULES, systems.TEXT_EMBEDDED)
    texts += bench.done([Task(name, s, LADDER) for name in speakers for s in spoken])
    texts += bench.done([Task(name, s, GRID) for name in speakers for s in alternating(spoken, numbered)])
    read = sources.harvard(_part(40, share))
    once = sources.one_voice_each(read)
    harvard = bench.done([Task(systems.ESPEAK, s, (NEUTRAL,), True) for s in read if s.voice == sources.VOICES[0]])
    harvard += bench.done([Task(name, s, COUNTED if s in once else (NEUTRAL,), True) for name in speakers for s in read])
    english = _english(bench, [r for r in harvard if r.system == systems.TEXT_EMBEDDED and r.asked == NEUTRAL], once, share)
    return Measured(real, coded, recordings, english, texts, harvard)


def _english(bench: Bench, read: Sequence[Row], once: Sequence[Source], share: float) -> list[Row]:
    """Recordings in English: as they are, the neutral ones converted too, and acted ones as they are."""
    kept = {s.key for s in once[: _part(20, share)]}
    own = [_as_recording(row) for row in read if row.source.key in kept]
    taken = sources.english(_part(20, share), bench.data)
    given = [*own, *(s for s in taken if s.label == NEUTRAL)]
    asked = (NEUTRAL, *(asked_for(label, level) for label in BASIC for level in (COUNTED_AT, STRONGEST)))
    acted = [s for s in taken if s.label != NEUTRAL]
    rows = bench.done([Task(systems.REAL, s, (s.label,), True) for s in [*given, *acted]])
    return rows + bench.done([Task(name, s, asked, True) for name in (systems.RULES, systems.EMBEDDED) for s in given])


def _as_recording(row: Row) -> Source:
    samples, rate = row.place.sound()
    digest = hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()[:10]
    return Source(f"spoken-{row.source.key}-{digest}", row.source.group, "embedded voices", NEUTRAL, samples, rate, row.source.text)


def _by_numbers(names: Sequence[str]) -> list[str]:
    return [name for name in names if name in (systems.RULES, systems.UNDIRECTED, systems.EMBEDDED, systems.OPEN)]


def _part(whole: int, share: float) -> int:
    return max(2, min(whole, round(whole * share)))


def alternating(given: Sequence[Source], count: int) -> list[Source]:
    """Up to `count` sources, speaker after speaker, none with the words of another where they are sentences."""
    by_group: dict[str, list[Source]] = {}
    for source in given:
        by_group.setdefault(source.group, []).append(source)
    found: list[Source] = []
    for rank in range(len(given)):
        for number, group in enumerate(by_group.values()):
            at = rank * len(by_group) + number if given[0].voice else rank
            if at < len(group) and len(found) < count:
                found.append(group[at])
    return found
