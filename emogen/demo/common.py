"""What the tabs share: fields, folders that delete themselves, and the place where a result is shown."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from emogen.demo.jobs import Jobs
from emogen.errors import InputError, LimitError

#: What was rendered is deleted from its folder after this time (s); the page's own copy lives as `page.DELETE_S` says.
KEEP_S = 900
#: As a default argument: the pipelines' progress bars appear on the page.
PROGRESS = gr.Progress(track_tqdm=True)
#: For every event that works: they wait for each other in one queue.
QUEUED: dict[str, Any] = {"concurrency_id": "work", "concurrency_limit": 1}


@dataclass(frozen=True)
class Made:
    """What a call gave.

    Attributes:
        media: The file that is shown and judged, its sidecar beside it.
        sidecar: How it was made.
        told: What the visitor should know, as Markdown.
        files: Other files to take along.
        judged: What the judges are shown: a file or folder with sidecars; None: `media`; "": nothing.
    """

    media: str
    sidecar: dict[str, Any]
    told: str = ""
    files: Sequence[str] = field(default=())
    judged: str | None = None

    def shown(self) -> tuple[str, list[str], str, dict[str, Any], str]:
        """For the page: the media, all files with the sidecar, the words, how it was made, and what is judged."""
        beside = Path(self.media).with_suffix(".json")
        files = [self.media, *([str(beside)] if beside.is_file() else []), *self.files]
        return self.media, files, self.told, self.sidecar, self.media if self.judged is None else self.judged


def saved(out: Any, name: str, *, told: str = "", others: Sequence[str] = ()) -> Made:
    """An output, written to a fresh folder under a name; `others` are further names it is written to."""
    folder = fresh_folder()
    files = [str(out.save(folder / other)) for other in others]
    return Made(str(out.save(folder / name)), out.sidecar(), told, files)


class Result:
    """Where a result appears: the media, the judges' verdict, the files, and how it was made."""

    def __init__(self, jobs: Jobs, name: str, media: gr.components.Component, files: str = "") -> None:
        """Builds the parts below a media component that stands already.

        Args:
            jobs: Of the page.
            name: Of the tab, for the ids of the elements.
            media: Where the result is shown.
            files: What other files there are, for the label.
        """
        self.jobs, self.name, self.media = jobs, name, media
        self.verdict = gr.HTML(elem_id=f"{name}-verdict", padding=False, apply_default_css=False)
        self.told = gr.Markdown(elem_id=f"{name}-told", elem_classes="told")
        self.files = gr.File(
            label=f"Files, sidecar{', ' + files if files else ''}", elem_id=f"{name}-files", interactive=False,
            file_count="multiple", height=150,
        )  # fmt: skip
        with gr.Accordion("How it was made", open=False):
            self.facts = gr.JSON(show_label=False)
        self.source = gr.State()

    def wire(self, go: gr.Button, cancel: gr.Button, make: Callable[..., Made], given: Sequence[Any], api_name: str) -> None:
        """A click makes it and then asks the judges; another one stops it."""

        def shown(made: Made) -> tuple[Any, ...]:
            return made.shown()

        call = self.jobs.wrapped(bounded(_then(make, shown), given))
        go.click(None, None, self.verdict, js="() => ''", api_visibility="private")
        made = go.click(
            call, list(given), [self.media, self.files, self.told, self.facts, self.source], api_name=api_name,
            show_progress_on=self.media, scroll_to_output=True, **QUEUED,
        )  # fmt: skip
        judged = made.success(
            self.jobs.wrapped(_judged), self.source, self.verdict, api_visibility="private", show_progress="minimal", **QUEUED,
        )  # fmt: skip
        cancel.click(self.jobs.stop, None, None, cancels=[made, judged], queue=False, api_visibility="private")


def _judged(source: str | None) -> str:
    from emogen.demo.verdict import of  # the judges are no part of what a page needs to open

    return of(source)


def bounded(call: Callable[..., Any], given: Sequence[Any]) -> Callable[..., Any]:
    """The same call, which refuses texts longer than their fields: a browser keeps to that by itself, a program does not.

    Args:
        call: Takes what the components hold.
        given: The components.
    """

    @wraps(call)
    def checked(*arguments: Any) -> Any:
        for part, value in zip(given, arguments, strict=False):
            most = getattr(part, "max_length", None)
            if most is not None and isinstance(value, str) and len(value) > most:
                raise LimitError(str(part.label), f"{len(value):,} characters", f"The limit here is {most:,}.")
        return call(*arguments)

    return checked


def _then(first: Callable[..., Any], second: Callable[[Any], Any]) -> Callable[..., Any]:
    @wraps(first)
    def both(*arguments: Any) -> Any:
        return second(first(*arguments))

    return both


def buttons(name: str, *labels: tuple[str, str]) -> list[gr.Button]:
    """A button for each (label, id) of a row, of which the first is shown, and one that cancels at the end."""
    with gr.Row(elem_classes="go"):
        made = [
            gr.Button(label, variant="primary", elem_id=identity, min_width=130, visible=not i)
            for i, (label, identity) in enumerate(labels)
        ]
        made.append(gr.Button("Cancel", elem_id=f"{name}-cancel", min_width=90, scale=0))
    return made


def only(parts: Sequence[tuple[gr.Tab, Sequence[gr.components.Component]]]) -> None:
    """What belongs to a tab is shown when that tab is chosen, and nothing that belongs to the others."""
    every = list(dict.fromkeys(one for _, own in parts for one in own))
    for tab, own in parts:
        seen = [gr.update(visible=one in own) for one in every]
        tab.select(lambda seen=seen: seen, None, every, queue=False, show_progress="hidden", api_visibility="private")


def seed_field() -> gr.Textbox:
    """The field for a seed."""
    return gr.Textbox(label="Seed", placeholder="random", max_lines=1, max_length=20, info="The same seed gives the same result.")


def seed_of(written: str | None) -> int | None:
    """What a visitor wrote -> a seed; empty is a random one."""
    written = (written or "").strip()
    if written and not written.isdecimal():
        raise InputError("seed", f'"{written[:40]}" is not a seed', "Accepted: a whole number, or nothing.")
    return int(written) if written else None


def needed(value: Any, what: str, how: str) -> Any:
    """The value, which must be there.

    Raises:
        InputError: It is missing or blank.
    """
    if value is None or (isinstance(value, str) and not value.strip()) or value == []:
        raise InputError(what, "is missing", how)
    return value


def short_enough(seconds: float, most_s: float, what: str) -> None:
    """Refuses media that are too long for a page.

    Raises:
        LimitError: Longer than `most_s`.
    """
    if seconds > most_s:
        raise LimitError(what, f"{seconds:.0f} s", f"Accepted here: up to {most_s:g} s; on the command line longer.")


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
