"""Tab: a written story -> a performance."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import perform
from emogen.demo.common import PROGRESS, fresh_folder, polite, seed_field, seed_of
from emogen.errors import LimitError
from emogen.pipelines.performance.plan import make_plan
from emogen.pipelines.performance.script import parse_script

LINE = "A written story, played: voices, faces, music and subtitles. Lines without an emotion take it from their words."
STORY = """---
title: At last
cast:
  Mara: {voice: alto, portrait: avatar:ava}
  Ben: {voice: tenor, portrait: avatar:ben}
---
[scene: A small station, late at night]
[music: sadness:0.5]
The last train had gone.
MARA (sadness:0.8): He is not coming. I should have known.
[music: joy:0.7]
BEN (0s surprise:0.6; 1s joy): Mara! I ran all the way!
MARA (joy): You are late. You are so wonderfully late.
"""
#: Longer stories are for the command line.
MAX_S = 90.0


@polite
def show_plan(story: str) -> str:
    """Who says what when, and what is felt."""
    return make_plan(parse_script(story, name="story"), folder=fresh_folder()).table()


@polite
def make(story: str, seed: str | None, progress: gr.Progress = PROGRESS) -> tuple[str, str, dict[str, Any]]:
    """The story, performed. Its pictures can only be avatars and samples: nothing is read from this machine."""
    folder = fresh_folder()
    script = parse_script(story, name="story")
    if (length := make_plan(script, folder=folder).duration_s) > MAX_S:
        raise LimitError(
            "story",
            f"lasts about {length:.0f} s",
            f"Here the limit is {MAX_S:.0f} s; `emogen perform` takes longer ones.",
        )
    out = perform(script, folder=folder, seed=seed_of(seed))
    path = out.save(folder / "story.mp4")
    return str(path), str(path.with_suffix(".srt")), out.sidecar()


def build() -> None:
    """The form."""
    with gr.Row():
        with gr.Column():
            story = gr.Textbox(STORY, label="Story", lines=14, max_lines=24, max_length=8_000, elem_id="perform-text")
            seed = seed_field()
            with gr.Row():
                plan_button = gr.Button("Plan", elem_id="perform-plan", min_width=120)
                button = gr.Button("Perform", variant="primary", elem_id="perform-go", min_width=120)
        with gr.Column():
            video = gr.Video(label="Performance", elem_id="perform-out", autoplay=True, buttons=["download"])
            words = gr.File(label="Subtitles (SRT)")
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    plan = gr.Textbox(
        label="Plan",
        info="Who says what when, and what is felt.",
        lines=4,
        max_lines=30,
        elem_id="perform-plan-out",
        elem_classes="plan",
    )
    plan_button.click(show_plan, story, plan, api_name="plan")
    button.click(make, [story, seed], [video, words, facts], api_name="perform")
