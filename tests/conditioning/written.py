"""Hypothesis strategies for emotions and tracks as text, and a resolver that needs no files."""

from __future__ import annotations

import zlib

from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import terms


class Canned:
    """Gives every description and reference a meaning that depends on its text alone."""

    def describe(self, text: str) -> Emotion:
        k = zlib.crc32(text.encode()) % 97 / 100
        return Emotion.measured({"joy": 1 - k, "fear": k, "neutral": 0.2}, (k, -k / 2, 0.1), 0.4 + k / 2)

    def reference(self, path: str) -> Emotion:
        return self.describe(path)


def _number(low: float, high: float) -> st.SearchStrategy[str]:
    return st.floats(low, high, allow_nan=False).map(lambda x: repr(round(x, 4)))


LABELS = st.sampled_from(terms())
POINTS = st.tuples(*[_number(-1, 1)] * 3).map(lambda v: f"vad({','.join(v)})")
WORDED = st.tuples(*[_number(-1, 1)] * 3, LABELS, _number(0.01, 0.7), LABELS, _number(0.01, 0.7)).map(
    lambda v: f"vad({v[0]},{v[1]},{v[2]}|{v[3]}:{v[4]}+{v[5]}:{v[6]})"
)
_TEXT = st.text(alphabet='abc é;+>:()"\\', min_size=1, max_size=12).filter(lambda t: t.strip())
QUOTED = _TEXT.map(lambda t: '"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"')
ATOMS = st.one_of(LABELS, POINTS, WORDED, QUOTED, QUOTED.map("@".__add__), st.just("@clip.wav"))
SIGNED = st.tuples(st.sampled_from(["", "", "-", "--", "- "]), ATOMS).map("".join)
PLAIN = st.one_of(SIGNED, st.tuples(SIGNED, _number(0, 1.5)).map(":".join))


def _mixed(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sides = st.one_of(SIGNED, parts.map(lambda p: f"({p})"), parts.map(lambda p: f"-({p})"))
    blend = st.tuples(sides, sides, _number(0, 1.5)).map(lambda b: f"{b[0]} > {b[1]}:{b[2]}")
    group = st.tuples(parts, _number(0, 1)).map(lambda g: f"({g[0]}):{g[1]}")
    return st.lists(st.one_of(PLAIN, blend, group), min_size=1, max_size=3).map(" + ".join)


#: Written emotions of every form the grammar has.
EMOTIONS = st.recursive(PLAIN, _mixed, max_leaves=6)
#: Written emotions without signs, blends or descriptions.
MIXTURES = st.lists(st.tuples(LABELS, _number(0.01, 1.5)).map(":".join), min_size=1, max_size=4).map("+".join)


@st.composite
def tracks(draw: st.DrawFn, emotions: st.SearchStrategy[str] = MIXTURES) -> str:
    """A written track of one to five keyframes, gaps of at least 0.1 s."""
    t = draw(st.floats(0, 3))
    frames = []
    for _ in range(draw(st.integers(1, 5))):
        mark = draw(st.sampled_from(["", "", "", "!", "[0.2,0.7]"]))
        time = f"{round(t, 3)}s" if draw(st.booleans()) else f"{round(t * 1000)} ms"
        frames.append(f"{time}{mark} {draw(emotions)}")
        t += draw(st.floats(0.1, 3))
    return "; ".join(frames)
