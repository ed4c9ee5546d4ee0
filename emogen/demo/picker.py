"""The emotion picker: a plane of words, shares, a description and moments over time, all writing one text.

The page holds no grammar of its own: what is written is read here (`reading`), and `picker.js` only puts the
pieces of a reading together again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import gradio as gr

from emogen.conditioning.atoms import Atom, Blend, Said
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.conditioning.vocabulary import NEUTRAL, norm, terms
from emogen.demo.jobs import ALONE
from emogen.errors import EmogenError, InputError

#: "auto" in place of an emotion: the words that are spoken decide.
AUTO = "auto"
#: Words that would like a place in the plane, the more useful first; those that find none free are left out.
WANTED = (
    "joy", "sadness", "anger", "fear", "surprise", "disgust", "serenity", "excitement", "trust", "boredom", "relief", "terror",
    "rage", "love", "pride", "contentment", "awe", "shame", "curiosity", "acceptance", "admiration", "grief", "nervousness",
    "annoyance", "pensiveness", "longing", "sympathy", "neglect", "amazement", "approval", "gratitude", "anticipation", "suffering",
)  # fmt: skip
#: The narrowest plane (px), a letter and a line of its words, and how far a word may stand above or below its place.
PLANE_PX, LETTER_PX, LINE_PX, NUDGES_PX = 280.0, 6.8, 17.0, (0.0, -9.0, 9.0, -17.0, 17.0)
#: Left, right and middle (px) of the names of the axes, which stand where `picker.css` puts them.
AXES = ((145.0, 190.0, 9.0), (145.0, 175.0, 271.0), (0.0, 66.0, 150.0), (228.0, 280.0, 150.0))


class NoFiles:
    """Descriptions are read; files of this machine are not."""

    def describe(self, text: str) -> Emotion:
        """Words -> Emotion."""
        return _reader().recognize(text).emotion

    def reference(self, path: str) -> Emotion:
        """Refused, whatever the path, and in the same words."""
        raise InputError("emotion", "files cannot be named here", "Upload the file instead.")


@cache
def _reader() -> Any:
    from emogen.conditioning.text import TextRecognizer

    with ALONE:
        return TextRecognizer.load("embedded")


def felt(written: str | None, *, auto: bool = False) -> Emotion | EmotionTrack | str | None:
    """What a visitor wrote -> an emotion, a track, "auto" where it is accepted, or None for nothing.

    Raises:
        InputError: It cannot be read; the message says where and why.
    """
    text = (written or "").strip()
    if text == AUTO and not auto:
        raise InputError("emotion", f'"{AUTO}" lets spoken words decide, and here are none', "Choose a feeling.")
    if not text or (auto and text == AUTO):
        return text or None
    return parse(text, resolver=NoFiles())


def reading(written: str | None) -> dict[str, Any]:
    """What the picker shows of a text: `{"meaning", "moments"}`, with `"auto": True`, or `{"error"}`.

    A moment is `{"t", "mark", "parts", "vad", "label"}`; a part `{"text", "amount", "label"}`, so that the parts,
    written `text:amount` and joined by "+", are the moment's emotion again.
    """
    try:
        found = felt(written if isinstance(written, str) else "", auto=True)
    except EmogenError as error:
        return {"error": str(error)}
    if isinstance(found, str):
        return {"auto": True, "meaning": "the words decide", "moments": [_moment(Keyframe(0.0, Emotion()))]}
    track = EmotionTrack.of(found if found is not None else NEUTRAL)
    said = [frame.emotion.describe() for frame in track.keyframes]
    if isinstance(found, EmotionTrack):
        said = [f"{frame.t:g} s {text}" for frame, text in zip(track.keyframes, said, strict=True)]
    return {"meaning": " → ".join(said), "moments": [_moment(frame) for frame in track.keyframes]}


def _moment(frame: Keyframe) -> dict[str, Any]:
    mark = str(frame).partition(" ")[0].partition("s")[2]
    parts = [{"text": _text(atom), "amount": amount, "label": _label(atom)} for atom, amount in frame.emotion.parts]
    vad = [round(float(x), 3) + 0.0 for x in frame.emotion.vad]
    return {"t": frame.t, "mark": mark, "parts": parts, "vad": vad, "label": frame.emotion.label}


def _text(atom: Atom) -> str:
    return f"({atom})" if isinstance(atom, Blend) else str(atom)


def _label(atom: Atom) -> str:
    """How a part is called on its chip."""
    if isinstance(atom, Said):
        return f"“{atom.text}”"
    return str(atom) if len(str(atom)) <= 24 and not str(atom).startswith("vad(") else f"near {Emotion(((atom, 1.0),)).label}"


@cache
def places(wanted: Sequence[str] = WANTED) -> tuple[dict[str, Any], ...]:
    """Words with their norm `vad` and where they are written: `x`, `y`, in parts of the plane from its upper left.

    Each stands at its norm or a little above or below, so that no two overlap on the narrowest plane.
    """
    taken = list(AXES)
    found = []
    for word in wanted:
        vad = [float(x) for x in norm(word)]
        half = (len(word) * LETTER_PX + 4.0) / 2.0
        x = min(max((vad[0] + 1.0) / 2.0 * PLANE_PX, half), PLANE_PX - half)
        for nudge in NUDGES_PX:
            y = min(max((1.0 - vad[1]) / 2.0 * PLANE_PX + nudge, LINE_PX), PLANE_PX - LINE_PX)
            if all(x + half <= left or x - half >= right or abs(y - other) >= LINE_PX for left, right, other in taken):
                taken.append((x - half, x + half, y))
                found.append({"word": word, "vad": vad, "x": round(x / PLANE_PX, 4), "y": round(y / PLANE_PX, 4)})
                break
    return tuple(found)


def own(name: str) -> str:
    """A file of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def head() -> str:
    """What the page's head needs for all pickers together."""
    words = json.dumps({"places": places(), "terms": [t for t in terms() if t != NEUTRAL]})
    return f"<script>\nwindow.emogenWords = {words};\n{own('picker.js')}</script>"


def emotion_field(value: str = "joy:0.8", *, auto: bool = False, label: str = "Emotion", elem_id: str | None = None) -> gr.HTML:
    """A picker. Its value, and what a client of the API sends, is the emotion as it is written."""
    return gr.HTML(
        value,
        label=label,
        html_template='<div class="emo"></div>',
        js_on_load="window.emogenPicker(element, props, server, watch)",
        apply_default_css=False,
        server_functions=[reading],
        container=True,
        padding=False,
        elem_id=elem_id,
        elem_classes="emo-block",
        auto=auto,
        first=reading(value),
        title=label,
    )
