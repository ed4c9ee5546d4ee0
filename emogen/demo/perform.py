"""Tab: a written story -> a plan that can be changed -> a performance."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import gradio as gr

from emogen.calls import perform
from emogen.conditioning.policy import POLICIES
from emogen.demo.common import (
    PROGRESS,
    QUEUED,
    Made,
    Result,
    bounded,
    buttons,
    fresh_folder,
    needed,
    seed_field,
    seed_of,
)
from emogen.demo.jobs import Jobs
from emogen.errors import InputError, LimitError
from emogen.pipelines.performance.composition import ASPECTS, SUBTITLES

LINE = (
    "A written story, played: voices, faces, music and subtitles. Markdown, a screenplay, subtitles, a chat or plain prose; lines "
    "without an emotion take it from their words. Plan shows who says what and feels what, to be changed before it is played."
)
STORY = """---
title: At last
cast:
  Mara: {voice: alto, portrait: avatar:ava}
  Ben: {voice: tenor, portrait: avatar:ben}
---
[scene: A small station, late at night]
MARA (sadness:0.8): He is not coming.
BEN (0s surprise:0.6; 1s joy): Mara! I ran all the way!
MARA: You are so wonderfully late.
"""
CHAT = """{"role": "user", "content": "I failed the exam again. I feel so stupid."}
{"role": "assistant", "content": "That hurts. Twice is hard."}
{"role": "user", "content": "What if I never make it?"}
{"role": "assistant", "content": "Then we find the one page that beats you, and beat it."}
"""
PROSE = """"Is anybody there?" Anna whispered. Nothing moved in the dark house.
"Only me," said her brother, laughing. "You should see your face!"
"""
EXAMPLES = [[STORY, ""], [CHAT, "supportive"], [PROSE, ""]]
NAMES = ["A reunion", "A chat with an agent who comforts", "A scare, as prose"]
#: Longer stories are for the command line (s), and so are larger pictures (px, the short side) and more of them a second.
MAX_S, SIZES, MAX_FPS = 60.0, (240, 360, 480), 30.0
#: A script may come with its pictures.
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
SCRIPTS = (".md", ".txt", ".fountain", ".srt", ".vtt", ".jsonl", ".ndjson", ".json", ".yaml", ".yml")
#: Columns of the table of a plan; the last two can be changed.
COLUMNS = ("line", "who", "emotion", "text")
Planned = tuple[list[list[Any]], str, dict[str, Any]]


def show_plan(
    story: str, files: list[str] | None = None, policy: str = "", aspect: str = "16:9", subtitles: str = "beside", resolution: int = 360,
    progress: gr.Progress = PROGRESS,
) -> Planned:  # fmt: skip
    """Who says what when, and what is felt: as a table, in words, and as a plan that `perform_plan` takes."""
    from emogen.pipelines.performance.director import planned
    from emogen.pipelines.performance.plan_file import plan_dict

    script, folder = _given(story, files)
    plan = planned(script, policy=policy or None)
    facts = plan_dict(plan, folder)
    facts["composition"] |= {"aspect": aspect, "subtitles": subtitles, "resolution": int(resolution)}
    rows = [[i, row["speaker"], row["emotion"], row["text"]] for i, row in enumerate(facts["lines"], 1)]
    return rows, f"```\n{plan.table()}\n```", facts


def make(
    story: str, files: list[str] | None = None, policy: str = "", aspect: str = "16:9", subtitles: str = "beside", resolution: int = 360,
    seed: str | None = None, progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """The story, performed. Its pictures are those that came with it: nothing else is read from this machine."""
    from emogen.pipelines.performance.director import planned

    script, _ = _given(story, files)
    plan = planned(script, policy=policy or None)
    return _played(plan, seed, aspect=aspect, subtitles=subtitles, resolution=int(resolution))


def make_planned(
    rows: list[list[Any]] | None, plan: dict[str, Any] | None, files: list[str] | None = None, seed: str | None = None,
    progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """A plan, performed, with what was changed in its table."""
    from emogen.pipelines.performance.plan_file import plan_of

    facts = _changed(needed(plan, "plan", "Press Plan first."), rows)
    folder = fresh_folder()
    _pictures(files, folder)
    return _played(plan_of(facts, "plan", folder), seed)


def _given(story: str, files: list[str] | None) -> tuple[Path, Path]:
    """A script in a folder of its own, with the pictures that came with it."""
    folder = fresh_folder()
    scripts = [Path(path) for path in files or [] if Path(path).suffix.lower() not in PICTURES]
    _pictures(files, folder)
    if len(scripts) > 1:
        raise InputError("files", f"hold {len(scripts)} scripts", "Upload one, with its pictures.")
    if not scripts:
        path = folder / "story.txt"
        path.write_text(needed(story, "story", "Write one, or upload a script."), encoding="utf-8")
        return path, folder
    if scripts[0].suffix.lower() not in SCRIPTS:
        raise InputError(scripts[0].name, "is no script", f"Accepted: {', '.join(SCRIPTS)}.")
    return Path(shutil.copy(scripts[0], folder / scripts[0].name)), folder


def _pictures(files: list[str] | None, folder: Path) -> None:
    for path in map(Path, files or []):
        if path.suffix.lower() in PICTURES:
            shutil.copyfile(path, folder / path.name)


def _changed(plan: dict[str, Any], rows: list[list[Any]] | None) -> dict[str, Any]:
    """A plan with the emotions and the words of its table; a line whose words are gone is left out."""
    lines = plan.get("lines") if isinstance(plan, dict) else None
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise InputError("plan", 'has no list of "lines"', "Accepted: what Plan gives.")
    if rows and len(rows) != len(lines):
        found_rows = f"{len(lines)} lines, and {len(rows)} rows in the table"
        raise InputError("plan", found_rows, "Change rows, and add none; Plan again to start anew.")
    found = []
    for line, row in zip(lines, rows or [[None] * 4] * len(lines), strict=True):
        cells = zip(COLUMNS[2:], row[2:4], strict=True)
        emotion, text = (str(line.get(name, "") if cell is None else cell).strip() for name, cell in cells)
        changed = {"text": text}
        if emotion != line.get("emotion"):
            changed |= {"emotion": emotion or "neutral", "from": "script", "because": "changed by hand"}
        found.append({k: v for k, v in line.items() if k != "peak" or text == line.get("text")} | changed)
    return plan | {"lines": [line for line in found if line["text"]]}


def _played(plan: Any, seed: str | None, **composition: Any) -> Made:
    from emogen.pipelines.performance.plan_file import write_plan

    if plan.duration_s > MAX_S:
        accepted = f"Here the limit is {MAX_S:.0f} s; `emogen perform` takes longer ones."
        raise LimitError("story", f"lasts about {plan.duration_s:.0f} s", accepted)
    shown = plan.composition.with_(**composition)
    if shown.resolution > SIZES[-1] or shown.fps > MAX_FPS:
        accepted = f"Here the limit is {SIZES[-1]} px and {MAX_FPS:g} frames a second; `emogen perform` makes larger ones."
        raise LimitError("composition", f"{shown.resolution} px, {shown.fps:g} frames a second", accepted)
    out = perform(plan, seed=seed_of(seed), **composition)
    folder = fresh_folder()
    path = out.save(folder / "story.mp4")
    beside = [str(p) for p in (path.with_suffix(".srt"),) if p.is_file()]
    return Made(str(path), out.sidecar(), files=[*beside, str(write_plan(out.plan, folder / "plan.yaml"))])


def build(jobs: Jobs) -> None:
    """The form."""
    with gr.Row():
        with gr.Column(scale=6):
            story = gr.Textbox(STORY, label="Story", lines=11, max_lines=24, max_length=8_000, elem_id="perform-text")
            with gr.Accordion("A script of yours, with its pictures", open=False):
                files = gr.File(
                    label="Markdown, Fountain, SRT, VTT, chat (JSON lines), text, or a plan", file_count="multiple",
                    elem_id="perform-files", file_types=[*SCRIPTS, *PICTURES], height=140,
                )  # fmt: skip
            with gr.Row():
                policy = gr.Dropdown(
                    [("by the cast", ""), *((f"{name}: {does}", name) for name, does in POLICIES.items())], value="",
                    label="How agents answer", elem_id="perform-policy", min_width=200,
                )  # fmt: skip
                aspect = gr.Radio(list(ASPECTS), value="16:9", label="Frame", min_width=160)
            with gr.Row():
                subtitles = gr.Radio(list(SUBTITLES), value="beside", label="Subtitles", min_width=200)
                resolution = gr.Radio(list(SIZES), value=360, label="Short side, pixels", min_width=160)
            seed = seed_field()
            plan_button = gr.Button("Plan first", elem_id="perform-plan")
            go, cancel = buttons("perform", ("Perform", "perform-go"))
            gr.Examples(EXAMPLES, [story, policy], example_labels=NAMES)
        with gr.Column(scale=5):
            video = gr.Video(label="Performance", elem_id="perform-out", autoplay=True, buttons=["download"], interactive=False)
            result = Result(jobs, "perform", video, "subtitles, plan")
    with gr.Column(visible=False) as plan:
        table = gr.Dataframe(
            headers=list(COLUMNS), label="Plan: change emotions and words, then perform it", type="array", interactive=True, wrap=True,
            static_columns=[0, 1], column_widths=["8%", "15%", "32%", "45%"], elem_id="perform-plan-out",
        )  # fmt: skip
        planned = gr.Button("Perform this plan", variant="primary", elem_id="perform-planned")
        with gr.Accordion("The plan in full", open=False):
            told = gr.Markdown(elem_classes="told plan-told")
            facts = gr.JSON(show_label=False, elem_id="perform-facts")
    shown = [aspect, subtitles, resolution]
    given = [story, files, policy, *shown]
    made = plan_button.click(
        jobs.wrapped(bounded(show_plan, given)), given, [table, told, facts], api_name="plan", show_progress_on=story, **QUEUED
    )
    made.success(lambda: gr.update(visible=True), None, plan, queue=False, show_progress="hidden", api_visibility="private")
    result.wire(go, cancel, make, [*given, seed], "perform")
    result.wire(planned, cancel, make_planned, [table, facts, files, seed], "perform_plan")
