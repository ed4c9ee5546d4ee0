"""Compares ways of showing the emotion to the conversion's denoiser: a table between two marks of `docs/speech.md`.

    python -m emogen.training.conversion_compare --out docs/speech.md --work FOLDER [--steps 800]

The denoiser learns once per way (`emogen.training.conversion_ways`), with the same steps, data and draws, and converts
neutral recordings of held-out speakers without rules and without the fitted directions. Two guides hear the result; no
judge does. What was learnt and heard stays in the folder, so that a second run only does what is missing: after a
change of code, give another one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emogen.codecs.voice import SAMPLE_RATE
from emogen.conditioning import voice_measures
from emogen.conditioning.audio import SpeechRecognizer
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC, NEUTRAL
from emogen.evaluation.standing import held_out_of
from emogen.media.atomic import atomic_path
from emogen.media.audio import Audio, resample
from emogen.pipelines.speech.conversion import VoiceConversionPipeline
from emogen.pipelines.speech.feel import feel, sounded
from emogen.training import directions
from emogen.training.conversion import HELD_OUT, RESEARCH, Shown, learn, strengths, unseen_loss
from emogen.training.conversion_data import Pair, read_pairs
from emogen.training.conversion_figures import ASKED, Heard, Tried, written
from emogen.training.conversion_publish import assembled
from emogen.training.conversion_takes import Takes, read_takes
from emogen.training.conversion_ways import Way, fit_latent, ways
from emogen.training.directions import LABELS
from emogen.training.speech_data import SAMPLE_RATE_HZ, Clip, read_clips
from emogen.training.speech_standing.page import fill
from emogen.training.speech_standing.systems import DrawnAlone

PER_SPEAKER = 3  # neutral recordings
PART = "conditioning"  # of the page

Array = NDArray[np.float64]
Losses = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Bench:
    """What every way is tried on, and who hears it."""

    sources: Sequence[directions.Source]
    guide: SpeechRecognizer
    prosodic: directions.Guide

    def hear(self, pipe: VoiceConversionPipeline) -> Heard:
        """Every recording in every feeling at every intensity; each recording has its own seed."""
        shape = (len(self.sources), len(BASIC), len(ASKED))
        found = Heard(*(np.zeros((*shape, size)) for size in (len(LABELS), len(LABELS), len(voice_measures.NAMES))))
        for k, i, j in np.ndindex(shape):
            if j == 0 < i:  # neutral is the same beside every feeling
                one = tuple(rows[k, 0, 0] for rows in vars(found).values())
            else:
                one = self._heard(pipe, k, f"{BASIC[i]}:{ASKED[j]:g}" if j else NEUTRAL)
            for rows, row in zip(vars(found).values(), one, strict=True):
                rows[k, i, j] = row
        return found

    def _heard(self, pipe: VoiceConversionPipeline, k: int, asked: str) -> tuple[Array, Array, Array]:
        source = self.sources[k]
        felt = feel(source.plain, DrawnAlone(pipe), EmotionTrack.of(asked), k)
        sound = resample(sounded(felt, source.sound, source.plain), SAMPLE_RATE, SAMPLE_RATE_HZ)
        said = self.guide.recognize(Audio(sound, SAMPLE_RATE_HZ)).distribution
        measures = directions.measured(sound)
        prosodic = self.prosodic.log_chances(torch.from_numpy(measures), torch.from_numpy(source.neutral)).exp().numpy()
        return np.array([said[label] for label in LABELS]), prosodic, measures


def showing(pipe: VoiceConversionPipeline, way: Way) -> VoiceConversionPipeline:
    """The pipeline, its encoder reading what the way shows of the ten numbers it is given."""

    def instead(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return torch.from_numpy(way.asked(given[0].numpy())), *given[1:]

    pipe.emotion_encoder.register_forward_pre_hook(instead)
    return pipe


def tried(way: Way, pairs: Sequence[Pair], bench: Bench, work: Path, steps: int, seeds: int) -> Tried:
    """Learns a way from each seed, converts and hears."""
    each, losses = zip(*(_tried(way, pairs, bench, work, steps, seed) for seed in range(seeds)), strict=True)
    as_shown, alone = np.mean(losses, axis=0)
    return Tried(way, each, (float(as_shown), float(alone)))


def _tried(way: Way, pairs: Sequence[Pair], bench: Bench, work: Path, steps: int, seed: int) -> tuple[Heard, Losses]:
    folder = work / f"{way.name.replace(' ', '_')}-{seed}"
    model, scale, _ = learn(pairs, folder, steps, seed, way.shown, lambda row: print(folder.name, row, flush=True))
    model.eval()
    unseen, learnt = ([p for p in pairs if (p.speaker in HELD_OUT) is held] for held in (True, False))
    strength = strengths(pairs, learnt, scale)

    def loss(shown: Shown) -> float:
        return unseen_loss(unseen, scale, strength, shown, 0)(model)

    losses, kept = (loss(way.shown), loss(way.feeling_alone)), folder / "heard.npz"
    if not kept.is_file():
        pipe = showing(assembled(model, scale), way)
        pipe.set_progress_bar_config(disable=True)
        heard = bench.hear(pipe)
        with atomic_path(kept) as part, part.open("wb") as stream:
            np.savez(stream, **vars(heard))
    with np.load(kept, allow_pickle=False) as stored:
        return Heard(**{name: stored[name] for name in stored.files}), losses


def guide_chances() -> tuple[dict[tuple[str, int], Array], tuple[str, ...]]:
    """(Pack, number of a take) -> what a guide says that has not learnt from its speaker; and the labels.

    The guide that ships has learnt the labels of these takes and would only say them again.
    """
    found, seen = held_out_of(SpeechRecognizer.checkpoint), Counter[str]()
    chances = {}
    for corpus, row in zip(found.packs, found.found, strict=True):
        seen[corpus] += 1
        chances[corpus, seen[corpus]] = row
    return chances, found.labels


def on_real(takes: Takes, chances: dict[tuple[str, int], Array], names: Sequence[str],
            prosodic: directions.Guide) -> dict[str, tuple[Array, NDArray[np.str_]]]:
    """Guide -> chances of `LABELS` of real takes of held-out speakers, and their labels."""
    at = np.flatnonzero(np.isin(takes.speakers, list(HELD_OUT)) & np.isin(takes.labels, LABELS))
    columns = [names.index(label) for label in LABELS]
    home = np.stack([takes.neutral(speaker) for speaker in takes.speakers[at]])
    heard = prosodic.log_chances(torch.from_numpy(takes.measures[at]), torch.from_numpy(home)).exp().numpy()
    said = np.stack([chances[takes.keys[i]] for i in at])[:, columns]
    labels = takes.labels[at]
    return {"a guide that has not learnt from them": (said, labels), "the prosodic guide": (heard, labels)}


def compared(work: Path, data_dir: Path | None, steps: int, seeds: int) -> str:
    """Everything, as Markdown."""
    pairs = read_pairs(RESEARCH, work / "pairs", data_dir)
    clips = list(read_clips(RESEARCH, data_dir))
    guide = SpeechRecognizer.load()
    assert isinstance(guide, SpeechRecognizer)
    takes = read_takes(work / "takes.npz", clips, guide)
    chances, names = guide_chances()
    latent = fit_latent(takes.embedded, takes.keys, takes.speakers.tolist(), takes.labels.tolist(), HELD_OUT)
    prosodic = directions.fit_guide([clip for clip in clips if clip.speaker not in HELD_OUT])
    sources, speakers = _sources(clips)
    bench = Bench(sources, guide, prosodic)
    found = [tried(way, pairs, bench, work, steps, seeds) for way in ways(chances, names, latent)]
    return written(found, speakers, takes, on_real(takes, chances, names, prosodic), steps)


def _sources(clips: Sequence[Clip]) -> tuple[list[directions.Source], list[str]]:
    found, speakers = [], []
    for speaker in sorted(HELD_OUT):
        own = directions.sources([clip for clip in clips if clip.speaker == speaker], PER_SPEAKER)
        found += own
        speakers += [speaker] * len(own)
    return found, speakers


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the page whose part is written")
    parser.add_argument("--work", type=Path, required=True, help="folder of what is learnt and heard")
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seeds", type=int, default=2, help="trainings per way")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    part = compared(given.work, given.data, given.steps, given.seeds)
    text = given.out.read_text(encoding="utf-8") if given.out.is_file() else "# Speech\n"
    with atomic_path(given.out) as out:
        out.write_text(fill(text, part, PART), encoding="utf-8")


if __name__ == "__main__":
    main()
