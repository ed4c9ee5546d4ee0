"""What becomes of difficult input: each is made on the spot and given as a user gives it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from emogen.errors import EmogenError
from emogen.limits import LIMITS
from emogen.media.motion import write_bvh
from emogen.training import kept
from emogen.training.gesture_standing import bench as of
from emogen.training.gesture_standing import moves
from emogen.training.gesture_standing.bench import EMBEDDED, Bench
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing.inputs import FAILED, REFUSED, Tried

PART = "inputs"
MOVED = "moved"
Given = dict[str, Any]
TAIL = """JOINT Tail {
OFFSET 0 0 -10
CHANNELS 3 Zrotation Xrotation Yrotation
End Site {
OFFSET 0 0 -10
}
}
}
"""


def measure(bench: Bench, run: bool = True) -> list[Tried] | None:
    """All of them."""
    here = kept.version(Path(__file__), of.ROOT / "media" / "motion.py", *of.MOTION, weights=of.LEARNT_FROM)
    found = bench.kept(PART, here, partial(_measure, bench), run=run)
    return None if found is None else [Tried(**row) for row in found]


def _measure(bench: Bench) -> list[dict[str, Any]]:
    print("inputs", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return [asdict(tried(bench, name, wanted, given)) for name, wanted, given in made(Path(folder), bench)]


def tried(bench: Bench, name: str, wanted: str, given: Given) -> Tried:
    """Asks for it; what comes out has to be finite, and of silence to hold still."""
    try:
        asked: Given = {"emotion": "joy", "seed": 1} | given
        out = bench.pipe(EMBEDDED)(**asked)
    except EmogenError as error:
        said = str(error)
        for value in given.values():
            if isinstance(value, Path):
                said = said.replace(str(value), value.name)
        return Tried(name, wanted, REFUSED, said)
    except Exception as error:  # whatever else comes is what this looks for
        return Tried(name, wanted, FAILED, f"{type(error).__name__}: {error}")
    motion = out.motion
    if not (np.isfinite(motion.rotations).all() and np.isfinite(motion.root_cm).all()):
        return Tried(name, wanted, FAILED, "numbers that are not finite")
    speed = moves.manner(motion)["speed"] if len(motion.rotations) > 3 else 0.0
    told = f"{len(motion.rotations) / motion.fps:.1f} s, {len(out.strokes)} strokes, hands {speed:.1f} cm/s"
    if "silent" in name and out.strokes:
        return Tried(name, wanted, FAILED, f"strokes where nothing is said: {told}")
    return Tried(name, wanted, MOVED, told)


def made(folder: Path, bench: Bench) -> Iterator[tuple[str, str, Given]]:
    """(what, what should become of it, arguments) of each input."""
    whole = bench.pipe(EMBEDDED)(emotion="neutral", seconds=2.0, seed=1).motion
    good = write_bvh(folder / "good.bvh", whole.to_bvh()).read_text(encoding="utf-8")
    yield from _files(folder, good)
    yield from _speech(bench)
    yield "no input at all", REFUSED, {}
    yield "speech and a movement at once", REFUSED, {"audio": bench.spoken[0].said, "motion": folder / "good.bvh"}
    wrong: dict[str, Given] = {
        "a gesture that is not in the library": {"semantic": "pont:1.2s"},
        "a gesture after the end": {"semantic": "point:12s"},
        "0 frames a second": {"fps": 0.0},
        "a strength of 2": {"strength": 2.0},
        "an emotion that is none": {"emotion": "blorp"},
        "a length that is not a number": {"seconds": float("nan")},
        "a day": {"seconds": 86_400.0},
    }
    for name, given in wrong.items():
        yield name, REFUSED, {"seconds": 3.0, **given}


def _files(folder: Path, good: str) -> Iterator[tuple[str, str, Given]]:
    """Movements."""
    head, _, motion = good.partition("MOTION")
    rows = motion.strip().split("\n")

    def path(name: str, text: str) -> Given:
        (folder / name).write_text(text, encoding="utf-8")
        return {"motion": folder / name}

    names = iter(range(1000))
    nameless = re.sub(r"(ROOT|JOINT) \w+", lambda m: f"{m[1]} bone{next(names)}", head)
    yield "BVH of unknown joints", REFUSED, path("unknown.bvh", f"{nameless}MOTION{motion}")
    tailed = head.rstrip()[: head.rstrip().rindex("}")] + TAIL
    longer = "\n".join([*rows[:2], *(row + " 0 0 0" for row in rows[2:])])
    yield "BVH with a tail besides", MOVED, path("tail.bvh", f"{tailed}MOTION\n{longer}\n")
    yield "BVH of no frames", REFUSED, path("none.bvh", f"{head}MOTION\nFrames: 0\n{rows[1]}\n")
    yield "BVH of one frame", "", path("one.bvh", f"{head}MOTION\nFrames: 1\n{rows[1]}\n{rows[2]}\n")
    bad = rows[10].split(" ")
    yield "BVH with NaN", REFUSED, path("nan.bvh", good.replace(rows[10], " ".join(["nan", *bad[1:]])))
    yield "BVH with 1e300", REFUSED, path("huge.bvh", good.replace(rows[10], " ".join(["1e300", *bad[1:]])))
    yield "BVH that promises more frames", REFUSED, path("more.bvh", good.replace(rows[0], "Frames: 100"))
    yield "BVH that promises fewer frames", REFUSED, path("fewer.bvh", good.replace(rows[0], "Frames: 10"))
    yield "BVH with a short line", REFUSED, path("short.bvh", good.replace(rows[10], " ".join(bad[:-1])))
    yield "BVH with braces that do not close", REFUSED, path("braces.bvh", good.replace("}", "", 3))
    circle = good.replace("JOINT LeftHand\n", "JOINT Hips\n")
    yield "BVH whose hips are a joint of their own hand (circular)", REFUSED, path("circle.bvh", circle)
    deep = "".join(f"JOINT a{k}\n{{\nOFFSET 0 1 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n" for k in range(LIMITS.bvh_depth + 10))
    yield "BVH nested too deep", REFUSED, path("deep.bvh", "HIERARCHY\n" + deep.replace("JOINT a0", "ROOT a0", 1))
    yield "an empty file", REFUSED, path("empty.bvh", "")
    yield "a text named .bvh", REFUSED, path("text.bvh", "not a movement")
    with (folder / "large.bvh").open("w", encoding="utf-8") as stream:
        stream.write(good)
        stream.truncate(2 * 2**30)
    yield "BVH of 2 GB", REFUSED, {"motion": folder / "large.bvh"}
    np.savez(folder / "other.npz", a=np.zeros(3))
    yield "an npz of something else", REFUSED, {"motion": folder / "other.npz"}
    yield "a file that is not there", REFUSED, {"motion": folder / "nowhere.bvh"}


def _speech(bench: Bench) -> Iterator[tuple[str, str, Given]]:
    """Voices and texts."""
    rate = 16_000

    def heard(samples: Any) -> SimpleNamespace:
        return SimpleNamespace(audio=np.asarray(samples, np.float32), sample_rate=rate)

    rng = np.random.default_rng(0)
    yield "silent audio, 6 s", MOVED, {"audio": heard(np.zeros(6 * rate))}
    yield "nearly silent audio (noise at -90 dB)", MOVED, {"audio": heard(3e-5 * rng.normal(size=6 * rate))}
    yield "noise as loud as speech", MOVED, {"audio": heard(0.1 * rng.normal(size=4 * rate))}
    yield "audio of 0.02 s", REFUSED, {"audio": heard(np.zeros(rate // 50))}
    yield "audio of no samples", REFUSED, {"audio": heard(np.zeros(0))}
    yield "audio with NaN", REFUSED, {"audio": heard(np.full(rate, np.nan))}
    yield "text without audio", MOVED, {"text": "I have three questions, and you know all of them."}
    yield "German text without audio", MOVED, {"text": "Ich habe drei Fragen.", "language": "de"}
    yield "an empty text", REFUSED, {"text": ""}
    yield "a text of signs alone", REFUSED, {"text": "... !?"}
    voice = bench.spoken[0].said
    alone = SimpleNamespace(audio=voice.audio, sample_rate=voice.sample_rate)
    yield "a text that the voice does not say", REFUSED, {"audio": alone, "text": "Yes."}


def goals(rows: list[Tried]) -> Iterator[Goal]:
    """What was aimed at."""
    wrong = [row.name for row in rows if not row.right]
    yield Goal("difficult input: moved, or refused with a clear message", "all", f"{len(rows) - len(wrong)} of {len(rows)}", not wrong)


def section(rows: list[Tried]) -> Iterator[str]:
    """Markdown."""
    yield "### Difficult input\n"
    yield "Made on the spot; *moved*: numbers are finite, and where nothing is said there are no strokes.\n"
    lines = [[row.name, row.outcome if row.right else f"**{row.outcome}**", row.said.replace("|", "/").replace("\n", " ")] for row in rows]
    yield from table(["", "", "result or message"], lines)
    yield ""
