"""Ten stories, performed with everything on: do voice, face and music, each by its judge, follow the story's feelings?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

import emogen
from emogen.evaluation.as_json import to_dict
from emogen.evaluation.coherence import TOGETHER, Coherence, coherence
from emogen.evaluation.evaluate import evaluate
from emogen.evaluation.items import STEMS
from emogen.evaluation.metrics import bootstrap
from emogen.evaluation.results import Figure
from emogen.evaluation.standing import cell
from emogen.training.kept import Kept, seed_of, version
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import number, table

PART = "coherence"
ROOT = Path(emogen.__file__).parent
#: What performances come from, and who judges them.
MADE_BY = (*(ROOT / "pipelines" / part / "*.py" for part in ("performance", "speech", "talking_head", "gesture", "music")),
           ROOT / "evaluation" / "items.py")  # fmt: skip
WEIGHTS = ("speech", "voices", "face", "face_motion", "lips", "composer", "music_attributes", "scene", "gesture",
           "judge_speech", "judge_face", "judge_music")  # fmt: skip
AIM = 0.7
SECTION = """### One track, many media

{n} stories of {lines} lines in all, each with ups and downs of its own (rise, fall, fall and rise, rise and fall ...; the
feelings of what people say are written, those of the narration are not), are performed with voices, faces, bodies, music
and backdrops on (`emogen perform STORY -o STORY.mp4 --stems`). `emogen evaluate` then has every line judged: the
speaker's voice by its stem, the face in the film where one is seen, ten seconds of the music by its stem. In the table:
Pearson's r over the lines of a story between what the track asks for and what is perceived, valence / arousal;
*together*: each modality in its own standard deviations, then their mean, each by the CCC that its judge reaches on people
(voice {speech}, face {face}, music {music}; with all alike the mean would be {alike}). *Other order*: the same courses against the
story's lines in another order, mean of 400 orders, and what 95 % of them stay below. In brackets: 95 % intervals, by
drawing stories anew.
"""


def stories() -> dict[str, str]:
    """Name -> story in Markdown."""
    folder = files(__package__) / "stories"
    return {Path(one.name).stem: one.read_text(encoding="utf-8") for one in sorted(folder.iterdir(), key=lambda f: f.name)}


def measure(bench: Kept, run: bool = True) -> dict[str, Any] | None:
    """Story -> its coherence as `emogen evaluate --json` says it."""
    here, found = version(Path(__file__), *MADE_BY, weights=WEIGHTS), {}
    for name, text in stories().items():
        one = bench.kept(PART, version(also=(here, text)), partial(_performed, bench.cache, name), run=run, name=name)
        if one is None:
            return None
        found[name] = one
    return found


def _performed(cache: Path, name: str) -> dict[str, Any]:
    print(f"coherence: {name}", flush=True)
    folder = cache / "shows" / name
    folder.mkdir(parents=True, exist_ok=True)
    with as_file(files(__package__) / "stories" / f"{name}.md") as story:
        show = emogen.perform(story, seed=seed_of(PART, name))
    show.save(folder / f"{name}.mp4")
    show.save_stems(folder / f"{name}{STEMS}")
    coherent: dict[str, Any] = to_dict(evaluate(folder))["coherence"][0]
    return {name: coherent[name] for name in ("times_s", "asked", "perceived", "trust")}


def courses(found: Mapping[str, Any], *, alike: bool = False) -> dict[str, Coherence]:
    """Story -> its coherence; with `alike` every judge counts as much as the next."""
    return {
        name: coherence(
            name, np.array(one["times_s"]), np.array(one["asked"], float),
            {m: np.array(course, float) for m, course in one["perceived"].items()},
            None if alike else {m: (t["valence"], t["arousal"]) for m, t in one["trust"].items()},
        )
        for name, one in found.items()
    }  # fmt: skip


def figures(stories: Mapping[str, Coherence]) -> dict[str, np.ndarray]:
    """Modality -> [stories, 2] r of valence and of arousal; nan where a story has too few lines of it."""
    names = list(dict.fromkeys(m for one in stories.values() for m in one.follows))
    return {m: np.array([one.follows.get(m, (np.nan, np.nan)) for one in stories.values()]) for m in names}


def mean(values: np.ndarray) -> Figure:
    """The mean over stories, with its interval."""
    known = values[np.isfinite(values)]
    return Figure(*bootstrap(lambda i: float(known[i].mean()), range(len(known))), n=len(known))


def goals(found: Mapping[str, Any]) -> Iterator[Goal]:
    """What was aimed at."""
    stories = courses(found)
    whole = mean(figures(stories)[TOGETHER].mean(axis=1))
    yield Goal("r of asked and perceived over time, mean of the stories", "at least .7", cell(whole), whole.value >= AIM)
    middle, high = (float(np.mean([one.shuffled[k] for one in stories.values()])) for k in (0, 1))
    found_there = f"{number(middle)}, in 95 % below {number(high)}"
    yield Goal("the same in other orders of the lines, mean of the stories", "far less", found_there, middle < whole.value / 2)


def section(found: Mapping[str, Any]) -> Iterator[str]:
    """Tables."""
    stories = courses(found)
    by, alike = figures(stories), mean(figures(courses(found, alike=True))[TOGETHER].mean(axis=1))
    trust = {m: " / ".join(map(number, t)) for one in stories.values() for m, t in one.trust.items()}
    yield SECTION.format(n=len(found), lines=sum(len(one.times_s) for one in stories.values()), alike=cell(alike),
                         **{m: trust.get(m, "-") for m in ("speech", "face", "music")})  # fmt: skip
    names = [m for m in by if m != TOGETHER] + [TOGETHER]
    rows = []
    for i, (name, one) in enumerate(stories.items()):
        cells = [" / ".join(number(float(v)) for v in by[m][i]) for m in names]
        rows.append([name[3:].replace("_", " "), *cells, *map(number, one.shuffled)])
    means = [" / ".join(cell(mean(by[m][:, axis])) for axis in (0, 1)) for m in names]
    rows.append(["**mean**", *means, "", ""])
    yield from table(["story", *names, "other order", "95 % below"], rows)
    yield ""
    pairs = list(dict.fromkeys(pair for one in stories.values() for pair in one.between))
    said = [f"{a}, {b} {cell(mean(np.array([one.between.get((a, b), np.nan) for one in stories.values()])))}" for a, b in pairs]
    yield f"Between the modalities, mean over both axes and the stories: {'; '.join(said)}.\n"
