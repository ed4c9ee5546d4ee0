"""Everything measured -> the part of `docs/speech.md` between two marks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.conditioning.vocabulary import BASIC
from emogen.evaluation import metrics
from emogen.evaluation.metrics import Judged
from emogen.evaluation.standing import cell
from emogen.training.speech_standing import egemaps, hearing, natural, systems, tables
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing.figures_of import FIVE
from emogen.training.speech_standing.run import COUNTED_AT, NEUTRAL, STRONGEST, Bench, Measured, Row
from emogen.training.speech_standing.tables import number, points, ratio, table

WIDTH = 120  # of lines
COMMAND = "python -m emogen.training.speech_standing --out docs/speech.md --cache FOLDER"
FIGURES = ("figures/speech_recording.png", "figures/speech_voice.png")

HEAD = """## Measured

Made by `{command}`; do not edit by hand. The judge (`docs/evaluation.md`) learnt from RAVDESS alone; nothing here was
made, chosen or tuned with it. In brackets: 95 % intervals, by drawing the sources (recordings, sentences) anew. They say
how sure a figure is for these speakers, {speakers} in all, not for all mankind.

**Recordings**: {neutral} neutral takes of {people}, whom no generator learnt from. They did
serve to choose: the training keeps the step at which its loss on them is least, and trials were compared on them by
recognisers other than the judge; so figures on them may be a little too good. **Sentences**: {sentences}, each by
{voices}, with words that say nothing of a feeling. Each is asked for in every basic emotion at 0.3, 0.7 and 1.0, one
seed each. **Real recordings**: {real} takes of the same people, up to as many of each feeling as there are neutral ones.

What is compared: *rules*: published rules of prosody alone. *Mean change*: for each emotion the mean of what the
training's actors change, the same throughout. *Diffusion alone*: what the denoiser draws. *Diffusion and rules*: half
of that and half of what the rules say, whose level and manner (ranges, formants, tremor) stay whole. *Embedded*: these
and the directions, the default. *Rules + directions*: the same directions on top of the rules alone.
All of them use the same codec and the same loudness of each emotion.
"""


def fill(text: str, part: str, name: str = "measured") -> str:
    """A page with a part of it, which stands between two marks of that name, put in place of the old one, or at its end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if begin in text and end in text:
        before, _, rest = text.partition(begin)
        return f"{before}{begin}\n{part.strip()}\n{end}{rest.partition(end)[2]}"
    return f"{text.rstrip()}\n\n{begin}\n{part.strip()}\n{end}\n"


def measured_part(found: Measured, bench: Bench, speed: dict[str, Any] | None, figures: Sequence[str]) -> str:
    """The Markdown."""
    labels = hearing.labels()
    second = _second(bench.cache, found)
    lines = [
        *_head(found), *_summary(found, labels, speed), *_recordings(found, labels, second),
        *_natural(found, bench), *_texts(found, labels, second, bench), *_control(found, labels), *_content(found),
        *_speed(speed), *_pictures(figures),
    ]  # fmt: skip
    return wrapped("\n".join(lines))


def wrapped(text: str) -> str:
    """Markdown with its paragraphs wrapped; headings, tables and pictures stay."""
    return "\n\n".join(
        block if block.startswith(("#", "|", "!")) else textwrap.fill(block, WIDTH, break_long_words=False, break_on_hyphens=False)
        for block in (part.strip("\n") for part in re.split(r"\n\s*\n|\n(?=\|)(?<!\|\n)", text))
        if block
    )


def _head(found: Measured) -> Iterator[str]:
    neutral = [row for row in found.real if row.label == NEUTRAL]
    packs: dict[str, set[str]] = {}
    for row in neutral:
        packs.setdefault(row.source.pack.removeprefix("speech/"), set()).add(row.source.group.rpartition("/")[2])
    people = " and ".join(f"{len(who)} of {pack} ({', '.join(sorted(who))})" for pack, who in packs.items())
    spoken = fo.of_system(found.texts, systems.TEXT_EMBEDDED)
    yield HEAD.format(
        command=COMMAND, speakers=len({r.source.group for r in neutral}), neutral=len(neutral), people=people,
        sentences=len({r.source.text for r in spoken}), voices=", ".join(dict.fromkeys(r.source.voice for r in spoken)),
        real=len(found.real),
    )  # fmt: skip


def _second(cache: Path, found: Measured) -> tables.Second:
    """The second judge, where it was measured for every clip that it is asked about."""
    if not (cache / egemaps.LEARNT).is_file():
        return None
    asked = [r for r in (*found.real, *found.recordings, *found.texts) if r.label in FIVE and r.level in (0.0, 1.0)]
    if not all(egemaps.kept(row.place.sound_path).is_file() for row in asked):
        return None
    machine = egemaps.Machine(cache, FIVE)

    def judged(rows: Sequence[Row]) -> Judged:
        found = machine.found([r.place.sound_path for r in rows], [r.source.group for r in rows])
        return Judged([r.label for r in rows], found, [r.source.key for r in rows])

    return judged


def _summary(found: Measured, labels: Sequence[str], speed: dict[str, Any] | None) -> Iterator[str]:
    yield "### In short\n"
    goals = [*_heard_goals(found, labels), *_control_goals(found, labels), *_kept_goals(found)]
    if speed:
        goals += [Goal(what, aim, number(speed[key]), speed[key] <= most) for what, aim, key, most in SPEEDS]
    yield "Reached: by the middle figure, whatever its interval.\n"
    yield from table(["", "aim", "found", "reached"], [[g.what, g.aim, g.found, "yes" if g.reached else "no"] for g in goals])
    yield ""


@dataclass(frozen=True)
class Goal:
    """What was aimed at, and what was found."""

    what: str
    aim: str
    found: str
    reached: bool


SPEEDS = (
    ("real-time factor, text to speech", "at most .15", "text", 0.15),
    ("real-time factor, conversion", "at most .3", "conversion", 0.3),
    ("first audio of a long text, s", "at most 1", "first_s", 1.0),
)


def _heard_goals(found: Measured, labels: Sequence[str]) -> Iterator[Goal]:
    people = fo.judged(found.real, labels, FIVE)
    recordings = tables.fidelity(people, tables.answers(found.recordings, systems.EMBEDDED, 1.0, labels, FIVE))
    yield Goal("affect fidelity, recordings", "1.0 (goal 1.2)", ratio(recordings), recordings.value >= 1.0)
    more = tables.added(found.recordings, labels, FIVE, systems.EMBEDDED, systems.RULES)
    yield Goal("UAR above that of the rules, recordings", ".10", cell(more), more.value >= 0.1)
    voices = tables.fidelity(people, tables.answers(found.texts, systems.TEXT_EMBEDDED, 1.0, labels, FIVE))
    yield Goal("affect fidelity, embedded voices", ".85 (goal 1.0)", ratio(voices), voices.value >= 0.85)
    real, coded = _emotional(found)
    space = natural.Space.of(natural.features(real))
    far, near = (natural.distance(space, real, _felt(found.recordings, n, real)) for n in (systems.RULES, systems.EMBEDDED))
    yield Goal("Frechet distance to real emotional speech", f"below the rules' {far.value:.1f}", cell(near), near.value < far.value)
    rules, learnt = (natural.told_apart(coded, _felt(found.recordings, n, real)) for n in (systems.RULES, systems.EMBEDDED))
    yield Goal("told apart from real speech", f"the rules' {number(rules.value)}", cell(learnt), learnt.value <= rules.value)


def _control_goals(found: Measured, labels: Sequence[str]) -> Iterator[Goal]:
    for name, rows, kind in (
        (systems.EMBEDDED, found.recordings, "recordings"), (systems.TEXT_EMBEDDED, found.texts, "embedded voices"),
    ):  # fmt: skip
        own = fo.with_neutral(rows, name)
        each = {label: fo.intensity(own, label, labels) for label in BASIC}
        least = min(BASIC, key=lambda label: each[label].mean)
        lowest = min(f.each.value for f in each.values())
        said = f"{number(each[least].mean)} ({least}); of single sources {number(lowest)}"
        yield Goal(f"Spearman of intensity, mean over sources, least of six: {kind}", ".9", said, each[least].mean >= 0.9)
        axes = fo.dimensions(fo.of_system(rows, name))
        reached = all(f.value >= aim for f, aim in zip(axes, (0.6, 0.8, 0.6), strict=True))
        yield Goal(f"VAD asked and perceived, CCC: {kind}", ".6, arousal .8", " / ".join(cell(f) for f in axes), reached)


def _kept_goals(found: Measured) -> Iterator[Goal]:
    own = fo.of_system(found.english, systems.EMBEDDED)
    source = fo.word_error([r for r in fo.of_system(found.english, systems.REAL) if r.label == NEUTRAL]).value
    for k in (COUNTED_AT, STRONGEST):
        felt = [r for r in own if r.label != NEUTRAL and np.isclose(r.level, k)]
        lost = fo.word_error(felt).value - source
        yield Goal(f"words lost by converting at {k:g}", "at most 5 points", points(lost), lost <= 0.05)
    spoken = fo.word_error([r for r in fo.of_system(found.harvard, systems.TEXT_EMBEDDED) if r.label == NEUTRAL])
    yield Goal("word error of embedded voices, neutral", "at most .25 (goal .10)", cell(spoken), spoken.value <= 0.25)
    strong = [r for r in fo.at_level(fo.with_neutral(found.recordings, systems.EMBEDDED), 1.0) if r.label != NEUTRAL]
    kept = fo.speaker_kept(strong, {row.source.key: row for row in found.real})
    like = kept.value / fo.likeness(found.real)["same"].value
    yield Goal("speaker kept, over two recordings of one person", ".85", number(like), like >= 0.85)


def _emotional(found: Measured) -> tuple[list[Row], list[Row]]:
    """Real emotional takes, and the same through the codec."""
    real = [r for r in found.real if r.label != NEUTRAL]
    return real, [r for r in found.coded if r.source.label != NEUTRAL]


def _recordings(found: Measured, labels: Sequence[str], second: tables.Second) -> Iterator[str]:
    rows, real, names = found.recordings, found.real, systems.names()
    yield "### Recordings: is the feeling heard?\n"
    yield ("UAR: mean recall of the judge over neutral, anger, joy, sadness and fear (of 5; guessing gives .20) or over "
           "neutral and six emotions (of 7; .14), its verdict being the likeliest of these. Affect fidelity: UAR of 5 over "
           "that of the real recordings.\n")  # fmt: skip
    yield from tables.affect(rows, real, names, labels, second)
    yield _of_second(second)
    yield "Recall at intensity 1, of seven:\n"
    yield from tables.recalls(rows, real, names, labels)
    yield ("\nUAR of 5 at intensity 1, by pack (EmoDB publishes how many listeners named each take's feeling; the nEMO pack has "
           "no such figures):\n")  # fmt: skip
    yield from tables.by_pack(rows, real, names, labels)
    yield "\nWhat the diffusion adds: its UAR at intensity 1 less that of the others on the same sources.\n"
    yield from tables.adds(rows, labels, [n for n in names if n != systems.EMBEDDED], systems.EMBEDDED)
    yield from _why(rows, labels)


def _of_second(second: tables.Second) -> str:
    if second is None:
        return "\n(No second judge: openSMILE, whose licence is for research, was not at hand.)\n"
    return ("\nSecond judge: a support vector machine on eGeMAPS (openSMILE), learnt from RAVDESS alone; all clips at one level, "
            "each speaker's measures in units of the speaker's own mean and spread.\n")  # fmt: skip


def _why(rows: Sequence[Row], labels: Sequence[str]) -> Iterator[str]:
    others = (systems.RULES, systems.MEAN, systems.RULES_DIRECTED, systems.DRAWN, systems.UNDIRECTED)
    found = {o: tables.added(rows, labels, FIVE, systems.EMBEDDED, o) for o in others}
    said = {o: "more than" if f.low > 0 else "less than" if f.high < 0 else "not surely other than" for o, f in found.items()}
    yield f"\nIn words: the embedded conversion reaches {', '.join(f'{said[o]} {o}' for o in others)}.\n"


def _natural(found: Measured, bench: Bench) -> Iterator[str]:
    real, coded = _emotional(found)
    neutral = [r for r in found.real if r.label == NEUTRAL]
    space, ranges = natural.Space.of(natural.features(real)), natural.real_ranges(bench.cache, bench.data)
    floor = metrics.frechet_floor(space(natural.features(real)))
    watched = list(natural.WATCHED)
    lines = []
    people = {"real emotional recordings": real, "the same through the codec": coded, "real neutral recordings": neutral}
    for name, rows in (people | {n: _felt(found.recordings, n, real) for n in systems.names()}).items():
        inside, each = natural.in_range(ranges, rows, neutral)
        away = f"{floor:.1f} (halves)" if rows is real else cell(natural.distance(space, real, rows))
        told = "-" if name in people else cell(natural.told_apart(coded, rows))
        lines.append([name, str(len(rows)), away, told, cell(inside), *map(number, each)])
    yield "### Recordings: is it natural?\n"
    yield (f"At intensity 1, for the feelings that the same pack has real takes of. Frechet distance to {len(real)} real "
           f"emotional takes in {natural.COMPONENTS} principal components of the judge's features, less is better (intervals: "
           "leaving out one source after the other); the first row is what random halves of the real takes have. Told apart: how "
           "often a support vector machine on the voice measures tells converted from real takes of a person it has not seen, "
           "both through the codec (.5: it guesses; less is better). In range: share of statistics within the 5 to 95 % of real "
           "emotional takes of the packs; pitch is against the speaker's own neutral voice.\n")  # fmt: skip
    yield from table(["", "n", "Frechet distance", "told apart", "in range", *watched], lines)
    yield ""


def _felt(rows: Sequence[Row], name: str, real: Sequence[Row]) -> list[Row]:
    own = [r for r in fo.at_level(fo.with_neutral(rows, name), 1.0) if r.label != NEUTRAL]
    return natural.comparable(own, real)


def _texts(found: Measured, labels: Sequence[str], second: tables.Second, bench: Bench) -> Iterator[str]:
    yield "### Sentences: is the feeling heard?\n"
    yield "As above. espeak-ng has no feeling: its one way of saying a sentence is its answer to every request.\n"
    yield from tables.affect(found.texts, found.real, fo.order(True), labels, second)
    yield "\nRecall at intensity 1, of seven:\n"
    yield from tables.recalls(found.texts, found.real, fo.order(True), labels)
    yield "\nWhat the diffusion adds:\n"
    yield from tables.adds(found.texts, labels, [systems.TEXT_RULES], systems.TEXT_EMBEDDED)
    real = [r for r in found.real if r.label != NEUTRAL]
    space, ranges = natural.Space.of(natural.features(real)), natural.real_ranges(bench.cache, bench.data)
    lines = []
    for name in fo.order(True):
        own = fo.with_neutral(found.texts, name)
        plain = [r for r in own if r.label == NEUTRAL]
        felt = [r for r in fo.at_level(own, 1.0) if r.label != NEUTRAL] or plain
        inside, each = natural.in_range(ranges, felt, plain)
        lines.append([tables.short(name), str(len(felt)), cell(natural.distance(space, real, felt)), cell(inside), *map(number, each)])
    yield "\nNaturalness, as above (other people and other words than the real takes, so only to be compared among themselves):\n"
    yield from table(["", "n", "Frechet distance", "in range", *natural.WATCHED], lines)
    yield ""


def _control(found: Measured, labels: Sequence[str]) -> Iterator[str]:
    main = (systems.RULES, systems.EMBEDDED)
    spoken = (systems.TEXT_RULES, systems.TEXT_EMBEDDED)
    yield "### Does it do what was asked?\n"
    yield ("Spearman between intensity asked (0, 0.3, 0.7, 1) and the judge's chance of the emotion: of each source, averaged; "
           "and of the mean over sources. Arousal: the same for the judge's arousal, with the sign that the emotion's own has. Of "
           "real recordings: the mean chance of the emotion in neutral takes, and in takes of it. Recordings:\n")  # fmt: skip
    yield from tables.intensity(found.recordings, found.real, main, labels)
    yield "\nSentences:\n"
    yield from tables.intensity(found.texts, found.real, spoken, labels)
    yield ("\nValence, arousal and dominance asked against perceived, by labels and by numbers (`vad(...)`: valence and arousal "
           "-0.6, 0, 0.6, dominance -0.4, 0.4). Of real recordings: the norms of their labels against perceived, which is what "
           "the judge can hear. Recordings:\n")  # fmt: skip
    converting = tuple(n for n in systems.names() if any(r.system == n and not r.label for r in found.recordings))
    yield from tables.dimensions(found.recordings, found.real, converting)
    yield "\nSentences:\n"
    yield from tables.dimensions(found.texts, found.real, spoken)
    yield ""


def _content(found: Measured) -> Iterator[str]:
    yield "### Do words and speaker stay?\n"
    yield ("Word error rate of pocketsphinx, an old recogniser that reads clear speech well and unusual speech badly: how badly, "
           "the row of what she acts herself shows. English recordings, converted:\n")  # fmt: skip
    yield from tables.words_of_recordings(found.english)
    yield ("\nIEEE's Harvard sentences, lists 7 to 10 (lists 1 to 6 served while the voices were made; neutral by every voice, "
           "emotions by the voices in turn):\n")  # fmt: skip
    yield from tables.words_of_voices(found.harvard)
    yield "\nSpeaker: cosine of the mean of the last layer of a speaker encoder.\n"
    yield from tables.speakers(found.recordings, found.real, systems.names())
    yield ""


def _speed(speed: dict[str, Any] | None) -> Iterator[str]:
    yield "### Speed\n"
    if not speed:
        yield "Measured by `python -m benchmarks.speech_speed`.\n"
        return
    yield f"`python -m benchmarks.speech_speed`, on {speed['on']}:\n"
    yield from table(["", ""], [[what, str(value)] for what, value in speed["told"].items()])
    yield ""


def _pictures(figures: Sequence[str]) -> Iterator[str]:
    if figures:
        yield "### Seen\n"
        yield ("One sentence in neutral and in the six emotions at intensity 1: spectrogram (0 to 6 kHz, dark is loud, all "
               "panels on one scale) and, in red, pitch.\n")  # fmt: skip
    said = {
        FIGURES[0]: "A recording of EmoDB (CC0; Burkhardt et al. 2005) by a speaker that no generator learnt from:",
        FIGURES[1]: "The embedded voice alto:",
    }
    for name in figures:
        yield f"{said[name]}\n\n![{said[name].rstrip(':')}]({name})\n"
