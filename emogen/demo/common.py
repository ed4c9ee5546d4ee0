"""What the tabs share: the field for an emotion, safe parsing, files that clean up after themselves."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.spec import parse
from emogen.errors import EmogenError, InputError

EXAMPLES = ["sadness:0.8", "anger", "joy:0.6+fear:0.3", "0s fear; 2s joy", "-joy:0.8", '"a trembling whisper"']
#: What was rendered is deleted from its folder after this time (s); the page's own copy lives as `page.DELETE_S` says.
KEEP_S = 900
#: As a default argument: the pipelines' progress bars appear on the page.
PROGRESS = gr.Progress(track_tqdm=True)


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
    """A folder for one result. It deletes itself; what a demo that was killed left behind is deleted here."""
    root = Path(tempfile.gettempdir()) / "emogen-demo"
    root.mkdir(mode=0o700, exist_ok=True)
    for old in root.iterdir():
        if time.time() - old.lstat().st_mtime > KEEP_S:
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=root))
    end = threading.Timer(KEEP_S, shutil.rmtree, [folder], {"ignore_errors": True})
    end.daemon = True
    end.start()
    return folder


def emotion_field(value: str = "joy:0.8", *, auto: bool = False) -> gr.Textbox:
    """The field for an emotion, with a line below that says what it means."""
    info = 'A label, a mixture, "words", or a track over time.' + (" auto: the words decide." if auto else "")
    field = gr.Textbox(value=value, label="Emotion", info=info, max_lines=3)

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
        return " → ".join(f"{k.t:g} s *{k.emotion.describe()}*" for k in moments)

    meaning = gr.Markdown(explain(value), elem_classes="felt")
    field.change(explain, field, meaning, api_visibility="private", show_progress="hidden")
    gr.Examples([*(["auto"] if auto else []), *EXAMPLES], field, label="Examples")
    return field
