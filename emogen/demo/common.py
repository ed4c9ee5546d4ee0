"""What the tabs share: the field for an emotion, safe parsing, files that clean up after themselves."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.spec import parse
from emogen.errors import EmogenError, InputError

EXAMPLES = [
    "joy:0.9",
    "sadness:0.8",
    "anger",
    "fear:0.8",
    "0s fear; 2s joy",
    "joy:0.6+sadness:0.5",
    "-joy:0.8",
    "vad(-0.6,0.7,-0.4)",
    '"a trembling, hopeful whisper"',
]
#: Results that were not fetched are deleted after this time (s).
KEEP_S = 900


class NoFiles:
    """Descriptions are read; files of this machine are not."""

    def describe(self, text: str) -> Emotion:
        """Words -> Emotion."""
        from emogen.conditioning.text import TextRecognizer

        return TextRecognizer.load("embedded").recognize(text).emotion

    def reference(self, path: str) -> Emotion:
        """Refused, whatever the path, and in the same words."""
        raise InputError("emotion", "files cannot be named here", "Upload the file instead.")


def felt(written: str, *, auto: bool = False) -> Any:
    """What a visitor wrote -> an emotion; empty is neutral."""
    written = (written or "").strip()
    if not written or (auto and written == "auto"):
        return written or None
    return parse(written, resolver=NoFiles())


def seed_field() -> gr.Textbox:
    """The field for a seed."""
    return gr.Textbox(label="Seed", placeholder="random", max_lines=1, info="The same seed gives the same result.")


def seed_of(written: str | None) -> int | None:
    """What a visitor wrote -> a seed; empty is a random one."""
    written = (written or "").strip()
    if written and not written.isdecimal():
        raise InputError("seed", f'"{written[:40]}" is not a seed', "Accepted: a whole number, or nothing.")
    return int(written) if written else None


def polite(call: Callable[..., Any]) -> Callable[..., Any]:
    """Turns an EmogenError into a message on the page."""

    @wraps(call)
    def wrapped(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except EmogenError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return wrapped


def fresh_folder() -> Path:
    """A folder for one result. Results that nobody fetched are deleted."""
    root = Path(tempfile.gettempdir()) / "emogen-demo"
    root.mkdir(mode=0o700, exist_ok=True)
    for old in root.iterdir():
        if time.time() - old.stat().st_mtime > KEEP_S:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=root))


def emotion_field(value: str = "joy:0.8", *, auto: bool = False) -> gr.Textbox:
    """The field for an emotion, with a line below that says what it means."""
    info = 'A label, a mixture, -joy, vad(v,a,d), "words", or a track: 0s fear; 2s joy' + (
        ". auto: the words decide" if auto else ""
    )
    field = gr.Textbox(value=value, label="Emotion", info=info)
    meaning = gr.Markdown(elem_classes="felt")

    def explain(written: str) -> str:
        try:
            found = felt(written, auto=auto)
        except EmogenError as error:
            return f"⚠ {error}"
        if found is None or isinstance(found, str):
            return "the words decide" if found else "neutral"
        moments = getattr(found, "keyframes", None)
        if moments is None:
            return f"*{found.describe()}*"
        return " → ".join(f"*{k.t:g}s {k.emotion.describe()}*" for k in moments)

    field.change(explain, field, meaning, api_visibility="private", show_progress="hidden")
    gr.Examples([*(["auto"] if auto else []), *EXAMPLES], field, label="Examples")
    return field


def details(out: Any) -> dict[str, Any]:
    """The sidecar, for the page."""
    return {**out.sidecar(), "timings_s": out.sidecar()["timings_s"]}
