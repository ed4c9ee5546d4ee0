"""How conversions are heard -> figures and the Markdown of `emogen.training.conversion_compare`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning import voice_measures
from emogen.conditioning.vocabulary import BASIC, NEUTRAL
from emogen.evaluation import metrics
from emogen.evaluation.standing import cell
from emogen.training.conversion_takes import Takes
from emogen.training.conversion_ways import Way
from emogen.training.directions import LABELS
from emogen.training.speech_standing.figures_of import figure
from emogen.training.speech_standing.page import WIDTH, wrapped
from emogen.training.speech_standing.tables import table

ASKED = (0.0, 0.3, 0.7, 1.0)
GUIDES = ("guide", "prosodic guide")
PROSODY = ("pitch", "syllable rate", "loudness spread")
COMMAND = "python -m emogen.training.conversion_compare --out docs/speech.md --work FOLDER"

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heard:
    """How conversions were heard: S recordings, six feelings, intensities `ASKED`.

    Attributes:
        guide: [S, 6, 4, 7] chances of `LABELS` by the speech guide.
        prosodic: [S, 6, 4, 7] by the guide that knows measures of prosody alone.
        measures: [S, 6, 4, M].
    """

    guide: Array
    prosodic: Array
    measures: Array

    def unchanged(self) -> Heard:
        """The neutral recordings, whatever was asked."""
        return Heard(*(np.repeat(x[:, :, :1], len(ASKED), axis=2) for x in (self.guide, self.prosodic, self.measures)))


def wanted(chances: Array) -> Array:
    """Chances [S, 6, 4, 7] -> those of the feeling that was asked for [S, 6, 4]."""
    return np.stack([chances[:, i, :, LABELS.index(name)] for i, name in enumerate(BASIC)], axis=1)


def recalled(chances: Array) -> Array:
    """Whether each of `LABELS` is the likeliest where it was asked for at intensity 1 [S, 7]; its mean is the UAR."""
    truth = [chances[:, 0, 0], *(chances[:, i, -1] for i in range(len(BASIC)))]
    order = (NEUTRAL, *BASIC)
    right = [row.argmax(axis=1) == LABELS.index(name) for row, name in zip(truth, order, strict=True)]
    return np.stack(right, axis=1).astype(np.float64)


def follows(chances: Array) -> Array:
    """Spearman of the intensity asked and the chance of the feeling, for each recording and feeling [S, 6]."""
    return np.array([[metrics.spearman(ASKED, curve) for curve in recording] for recording in wanted(chances)])


def off(heard: Heard, speakers: Sequence[str], takes: Takes) -> Array:
    """How far pitch, rate and level spread at intensity 1 lie from real takes of the same feeling and speaker, [k, 3].

    All against neutral; in standard deviations of what real emotional takes of these speakers do.
    """
    columns = [voice_measures.NAMES.index(name) for name in PROSODY]
    felt = np.isin(takes.speakers, list(speakers)) & np.isin(takes.labels, BASIC)
    real = takes.measures[felt] - np.stack([takes.neutral(s) for s in takes.speakers[felt]])
    spread, found = real[:, columns].std(axis=0), []
    for speaker in dict.fromkeys(speakers):
        own = np.array(speakers) == speaker
        for i, name in enumerate(BASIC):
            there = (takes.speakers[felt] == speaker) & (takes.labels[felt] == name)
            if there.any():
                made = (heard.measures[own, i, -1] - heard.measures[own, i, 0]).mean(axis=0)
                found.append(np.abs(made - real[there].mean(axis=0))[columns] / spread)
    return np.array(found)


@dataclass(frozen=True, eq=False)
class Tried:
    """A way of showing an emotion, and what came of it.

    Attributes:
        way: It.
        each: How it is heard, for each seed of the training.
        losses: On held-out speakers, as in training and shown the feeling alone; mean over seeds.
    """

    way: Way
    each: Sequence[Heard]
    losses: tuple[float, float]

    @property
    def heard(self) -> Heard:
        """The recordings seed after seed."""
        together = zip(*(vars(heard).values() for heard in self.each), strict=True)
        return Heard(*(np.concatenate(parts) for parts in together))


HEAD = """
Made by `{command} --steps {steps}`; do not edit between the marks. For each way the denoiser learnt anew, from
{seeds} seeds: {steps:,} steps (the checkpoint that ships had more), the same data, order and draws for all ways;
mixtures and part-way changes are shown as the same mixture of what is shown. Then it converted {count} neutral
recordings of {speakers} held-out speakers, at the pipeline's own settings but without rules and without the fitted directions, in each
of the six basic emotions at 0.3, 0.7 and 1.0. What a way shows:
"""
EXPLAINED = """
Heard by the *guide* (the embedded recogniser of speech) and by a *prosodic guide* (regressions on measures of
prosody, fitted on the training's speakers alone). Both learnt from the same packs as the denoiser, the embedded one
from the held-out speakers too, and two of the ways show what it makes of a take: it may favour them. The judge took
no part. *Chance*: the mean chance of the feeling that was asked for. *UAR of 7*: at 1.0, neutral among them (guessing
gives .14). *Spearman*: of the intensity asked, 0 too, and that chance; mean over recordings and feelings. *Off by*:
how far pitch, syllable rate and level spread at 1.0 lie from real takes of the same feeling and speaker, in standard
deviations. *Loss*: of the flow on held-out speakers, shown a take as in training (which tells more or less of that
take), and shown the feeling at intensity 1 alone, as in use. In brackets: 95 % intervals over recordings, which know
nothing of other seeds of the training: *of each seed* shows how far those lie apart.
"""


def written(
    tried: Sequence[Tried], speakers: Sequence[str], takes: Takes, real: Mapping[str, tuple[Array, NDArray[np.str_]]],
    steps: int,
) -> str:  # fmt: skip
    """The Markdown; the last way is the one that the others are set against.

    Args:
        tried: The ways.
        speakers: [S] who speaks in each recording.
        takes: Real ones.
        real: Guide -> chances [n, 7] of real takes of those speakers, and their labels [n].
        steps: Of the training.
    """
    seeds = len(tried[0].each)
    head = HEAD.format(command=COMMAND, steps=steps, seeds=seeds, count=len(speakers), speakers=len(set(speakers)))
    return "\n\n".join([
        wrapped(head),
        "\n".join(textwrap.fill(f"- *{t.way.name}*: {t.way.told}.", WIDTH, subsequent_indent="  ") for t in tried),
        wrapped(EXPLAINED),
        "\n".join(_heard(tried, speakers, takes)),
        wrapped(" ".join(_on_real(real))),
        f"What each way adds to *{tried[-1].way.name}* on the same recordings:",
        "\n".join(_added(tried, len(speakers))),
    ])  # fmt: skip


def _heard(tried: Sequence[Tried], speakers: Sequence[str], takes: Takes) -> list[str]:
    of_guide = ("chance at 0.3, 0.7, 1.0", "UAR of 7", "of each seed", "Spearman")
    head = ["", *(f"{guide}: {what}" for guide in GUIDES for what in of_guide),
            "pitch, rate, level spread off by", "loss, as in training", "loss, as in use"]  # fmt: skip
    plain = Tried(tried[0].way, [tried[0].each[0].unchanged()], (np.nan, np.nan))
    rows = [[t.way.name, *_row(t, speakers, takes), *(f"{loss:.3f}" for loss in t.losses)] for t in tried]
    return table(head, [["recordings unchanged", *_row(plain, speakers, takes), "", ""], *rows])


def _row(tried: Tried, speakers: Sequence[str], takes: Takes) -> list[str]:
    cells = []
    for guide in ("guide", "prosodic"):
        chances = getattr(tried.heard, guide)
        each = [float(recalled(getattr(heard, guide)).mean()) for heard in tried.each] if len(tried.each) > 1 else []
        cells += [_short(wanted(chances)[:, :, 1:].mean(axis=(0, 1)).tolist()), _mean(recalled(chances), len(speakers)),
                  _short(each), _mean(follows(chances), len(speakers))]  # fmt: skip
    return [*cells, _short(off(tried.heard, [*speakers] * len(tried.each), takes).mean(axis=0).tolist())]


def _short(values: Sequence[float]) -> str:
    return ", ".join(f"{x:.2f}".removeprefix("0") for x in values)


def _mean(values: Array, recordings: int) -> str:
    """Mean of [seeds x S, ...] with its interval over recordings."""
    return cell(figure(lambda i: float(values[i].mean()), [str(k % recordings) for k in range(len(values))]))


def _added(tried: Sequence[Tried], recordings: int) -> list[str]:
    head = ["", *(f"{guide}: {what}" for guide in GUIDES for what in ("chance at 1.0", "UAR of 7", "Spearman"))]
    base, rows = tried[-1].heard, []
    for t in tried[:-1]:
        cells = []
        for one, other in ((t.heard.guide, base.guide), (t.heard.prosodic, base.prosodic)):
            chance = (wanted(one) - wanted(other))[:, :, -1]
            more = (chance, recalled(one) - recalled(other), follows(one) - follows(other))
            cells += [_mean(values, recordings) for values in more]
        rows.append([t.way.name, *cells])
    return table(head, rows)


def _on_real(real: Mapping[str, tuple[Array, NDArray[np.str_]]]) -> Iterator[str]:
    yield "Real takes of these speakers:"
    told = []
    for name, (chances, labels) in real.items():
        of = np.array([LABELS.index(label) for label in labels])
        own = chances[np.arange(len(of)), of]
        mean = float(np.mean([own[of == i].mean() for i in np.unique(of) if LABELS[i] != NEUTRAL]))
        told.append(f"{name} gives their feeling a chance of {_short([mean])} and reaches a UAR of "
                    f"{_short([metrics.uar(of, chances.argmax(axis=1))])}")  # fmt: skip
    yield "; ".join(told) + "."
