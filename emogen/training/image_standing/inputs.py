"""What becomes of difficult input: a picture or film, or a message that says what is wrong, and then nothing is written."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emogen.errors import EmogenError
from emogen.pipelines.image.output import ImageOutput
from emogen.training.image_standing import files
from emogen.training.image_standing.bench import CREATED, EDITED, ROOT, Bench, Counts
from emogen.training.kept import seed_of
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing.inputs import FAILED, REFUSED, Tried

PART = "inputs"
MADE = "made"
SIDE = 64
WORDS = ("harbour", "evening", "rain", "gulls", "the", "lighthouse", "of", "my", "grandmother", "quietly")
#: What is written, and what should become of it; None: either will do.
PROMPTS: dict[str, tuple[str, bool | None]] = {
    "10,000 words": (" ".join(WORDS * 1000), True),
    "more characters than the limit": ("harbour " * 20_000, False),
    "one word of 50,000 letters": ("a" * 50_000, None),
    "empty": ("", False),
    "blanks": (" \t\n ", False),
    "emoji alone": ("🌊🌅⛵", None),
    "an emoji of a family, joined": ("👨‍👩‍👧‍👦", None),
    "signs alone": ("!?;:,.-…", False),
    "digits alone": ("1234567890", None),
    "control characters": ("a har\x00bour\x07 \x1b[31mat night\x7f", None),
    "control characters alone": ("\x00\x01\x02\x1b", False),
    "Hebrew, from right to left": ("נמל בסוף היום", None),
    "Arabic with marks of direction": ("\u202eميناء في المساء\u202c", None),
    "Chinese": ("傍晚的港口", None),
    "combining marks": ("a h" + "a\u0301\u0323" * 50 + "rbour", None),
    "half a surrogate": ("a harbour \ud83d", None),
    "SQL": ("'; DROP TABLE scenes; --", None),
    "HTML": ("<script>alert('harbour')</script>", None),
    "a path": ("../../etc/passwd", None),
    "a format": ("%s%s%n {0} {emotion} ${HOME}", None),
    "weights of other tools": ("((harbour:1.4)), [[fog]] <lora:x:1>", True),
    "words beyond the vocabulary": ("a quantum chromodynamics symposium", None),
    "against itself": ("a harbour without water at noon at midnight", True),
    "a feeling against the emotion": ("a sad grey ruined street in the rain", True),
}
SECTION = """### Difficult input

What becomes of it: a picture (*made*), or a message and nothing is written (*refused*). Files of each kind are broken in {ways} ways
each: cut off, one bit flipped, eight flipped.
"""


def measure(bench: Bench, run: bool = True) -> list[Tried] | None:
    """All of them."""
    code = Path(__file__).with_name("files.py"), ROOT / "media" / "image.py", ROOT / "media" / "video.py"
    rows: list[Tried] = []
    for name, systems, make in (
        ("prompts", (CREATED,), prompts),
        ("pictures", (EDITED,), pictures),
        ("videos", (EDITED,), videos),
    ):
        here = bench.version(Path(__file__), *systems, read=False, files=code)
        found = bench.kept(
            PART,
            here,
            partial(_all, bench, name, make),
            run=run and (CREATED not in systems or bench.creates),
            name=name,
        )
        if found is None and not run:
            return None
        rows += [Tried(**row) for row in found or ()]
    return rows


def _all(bench: Bench, name: str, make: Callable[[Bench], Iterator[Tried]]) -> list[dict[str, Any]]:
    print(f"inputs: {name}", flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, about sizes
        return [asdict(row) for row in make(bench)]


def tried(name: str, wanted: bool | None, call: Callable[[], Any], suffix: str = ".png") -> Tried:
    """Calls for it and saves it; what comes out has to be a picture or film, and a refusal has to leave nothing."""
    want = {True: MADE, False: REFUSED, None: ""}[wanted]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        try:
            out = call()
            told = whole(out)
            out.save(folder / f"out{suffix}")
        except EmogenError as error:
            left = [p.name for p in folder.iterdir()]
            return Tried(
                name, want, FAILED if left else REFUSED, f"left behind: {left}" if left else _short(str(error))
            )
        except Exception as error:  # whatever else comes is what this looks for
            return Tried(name, want, FAILED, f"{type(error).__name__}: {_short(str(error))}")
        written = [p.name for p in folder.iterdir()]
    return Tried(name, want, MADE if told and f"out{suffix}" in written else FAILED, told or "not a picture")


def whole(out: Any) -> str:
    """What came out, in words; "" where it is no picture."""
    if isinstance(out, ImageOutput):
        picture = out.image
        right = picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
        notes = "; ".join(out.made.warnings)
        return _short(f"{picture.shape[1]} x {picture.shape[0]} px{'; ' if notes else ''}{notes}") if right else ""
    return f"{out.width} x {out.height} px, {out.count} frames"


def _short(text: str, most: int = 160) -> str:
    """Without control characters and folders of this machine; cut off."""
    place = re.escape(f"{tempfile.gettempdir()}/") + r"tmp\w+"
    text = re.sub(place, "FOLDER", re.sub(rf"{place}/(?=\S)", "", text))
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= most else f"{clean[: most - 3]}..."


def prompts(bench: Bench) -> Iterator[Tried]:
    """Words."""
    draw = partial(bench.pipe(CREATED), emotion="joy", width=SIDE, height=SIDE, seed=1)
    for name, (words, wanted) in PROMPTS.items():
        yield tried(f"prompt: {name}", wanted, partial(draw, words))
    given: tuple[tuple[str, bool | None, dict[str, Any]], ...] = (
        ("no prompt", True, {"prompt": None}),
        ("a number as prompt", False, {"prompt": 7}),
        ("an attribute that is none", False, {"attributes": {"wobble": 1.0}}),
        ("an attribute out of range", False, {"attributes": {"fog": 40.0}}),
        ("an attribute that is not a number", False, {"attributes": {"fog": float("nan")}}),
        ("0 px wide", False, {"width": 0}),
        ("50,000 px wide", False, {"width": 50_000}),
        ("half a pixel", False, {"width": 100.5}),
        ("an emotion that is no word", False, {"emotion": "qwertz"}),
        ("neutral", True, {"emotion": "neutral"}),
        ("beyond full intensity", True, {"emotion": "fear:1.5"}),
        ("a seed below 0", False, {"seed": -1}),
    )
    for name, wanted, more in given:
        yield tried(
            name,
            wanted,
            partial(
                bench.pipe(CREATED),
                **{"prompt": "a lake", "emotion": "joy", "width": SIDE, "height": SIDE, "seed": 1, **more},
            ),
        )


def pictures(bench: Bench) -> Iterator[Tried]:
    """Files and arrays."""
    edit = partial(bench.pipe(EDITED), emotion="fear", seed=1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for kind in files.READ:
            yield from _kind(kind, bench.counts.broken, folder, edit)
        yield _others(bench.counts.broken, folder, edit)
        for name, path, wanted in files.pictures(folder):
            yield tried(f"picture: {name}", wanted, partial(edit, path))
    arrays: tuple[tuple[str, Any], ...] = (
        ("None", None),
        ("a list of numbers", [1, 2, 3]),
        ("floats", np.zeros((64, 64, 3))),
        ("grey", np.zeros((64, 64), np.uint8)),
        ("four channels", np.zeros((64, 64, 4), np.uint8)),
        ("no pixels", np.zeros((0, 0, 3), np.uint8)),
    )
    for name, given in arrays:
        yield tried(f"array: {name}", False, partial(edit, given))
    yield tried("array: one pixel", None, partial(edit, np.zeros((1, 1, 3), np.uint8)))
    yield tried("strength: not a number", False, partial(edit, np.zeros((64, 64, 3), np.uint8), strength=float("nan")))


def _kind(kind: str, ways: int, folder: Path, edit: Callable[..., Any]) -> Iterator[Tried]:
    """A kind of file that is read: whole, and all ways of breaking it as one row."""
    found = _files(kind, ways, folder, edit)
    whole_one = found.pop(0)
    yield Tried(f"{kind}: whole", MADE, whole_one.outcome, whole_one.said)
    made = sum(row.outcome == MADE for row in found)
    wrong = next((row.said for row in found if row.outcome == FAILED), "")
    told = wrong or f"{made} made, {len(found) - made} refused"
    yield Tried(f"{kind}: broken", "", FAILED if wrong else REFUSED if made < len(found) else MADE, told)


def _others(ways: int, folder: Path, edit: Callable[..., Any]) -> Tried:
    """All other kinds that Pillow writes, whole and broken, as one row: none is read."""
    found = {kind: _files(kind, ways, folder, edit) for kind in files.KINDS if kind not in files.READ}
    found = {kind: rows for kind, rows in found.items() if rows}
    rows = [row for of in found.values() for row in of]
    wrong = next((f"{kind}: {row.said}" for kind, of in found.items() for row in of if row.outcome != REFUSED), "")
    name = f"{', '.join(found)}: whole and broken"
    return Tried(name, REFUSED, FAILED if wrong else REFUSED, wrong or f"all {len(rows)} files")


def _files(kind: str, ways: int, folder: Path, edit: Callable[..., Any]) -> list[Tried]:
    """A file as it is, and broken; none where Pillow here cannot write it."""
    data, found = files.written(kind), []
    for way, changed in enumerate([data, *files.broken(data, ways, seed_of(PART, kind))] if data else ()):
        path = folder / f"{kind}_{way}.{kind}"
        path.write_bytes(changed)
        found.append(tried("", None, partial(edit, path)))
    return found


def videos(bench: Bench) -> Iterator[Tried]:
    """Videos, edited."""
    from emogen.pipelines.video.edit import VideoEditPipeline

    pipe = VideoEditPipeline(bench.pipe(EDITED).look)
    pipe.set_progress_bar_config(disable=True)
    with tempfile.TemporaryDirectory() as place:
        for name, path, wanted in files.videos(Path(place)):
            yield tried(f"video: {name}", wanted, partial(pipe, path, "fear", seed=1), ".mp4")
    yield tried("video: None", False, partial(pipe, None, "fear", seed=1), ".mp4")


def goals(rows: list[Tried]) -> Iterator[Goal]:
    """What was aimed at."""
    right = sum(row.right for row in rows)
    yield Goal("difficult input", "all", f"{right} of {len(rows)}", right == len(rows))


def section(rows: list[Tried]) -> Iterator[str]:
    """A table."""
    yield SECTION.format(ways=Counts().broken)
    yield from table(
        ["", "outcome", ""],
        [[row.name, row.outcome if row.right else f"**{row.outcome}**", _cell(row.said)] for row in rows],
    )
    yield ""


def _cell(text: str) -> str:
    """Nothing that Markdown would take for its own."""
    return text.replace("|", "/").replace("<", "&lt;").replace("\n", " ")
