"""Tab: text and a portrait -> a talking face."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import talk
from emogen.demo.common import PROGRESS, emotion_field, felt, fresh_folder, polite, seed_field, seed_of
from emogen.pipelines.speech.voices import VOICES
from emogen.pipelines.talking_head.avatars import AVATARS

PORTRAITS = [*(f"avatar:{name}" for name in AVATARS), "sample:astronaut"]

LINE = "A face says your words, with lips, brows and gaze; the curves of its muscles can be taken along."


@polite
def make(
    text: str,
    emotion: str,
    portrait: str,
    photo: str | None,
    voice: str,
    seed: str | None,
    progress: gr.Progress = PROGRESS,
) -> tuple[str, str, dict[str, Any]]:
    """The words, spoken by a face; and the face's curves."""
    out = talk(text, felt(emotion, auto=True), portrait=photo or portrait, voice=voice, seed=seed_of(seed))
    folder = fresh_folder()
    return str(out.save(folder / "talk.mp4")), str(out.save(folder / "curves.csv")), out.sidecar()


def build() -> None:
    """The form."""
    with gr.Row():
        with gr.Column():
            text = gr.Textbox(
                "I never thought I'd see you again.", label="What is said", lines=2, max_length=600, elem_id="talk-text"
            )
            emotion = emotion_field("0s surprise:0.8; 1.2s joy", auto=True)
            with gr.Row():
                portrait = gr.Dropdown(PORTRAITS, value=PORTRAITS[0], label="Portrait", min_width=120)
                voice = gr.Dropdown(sorted(VOICES), value="alto", label="Voice", min_width=120)
            with gr.Accordion("A photo instead of the portrait", open=False):
                photo = gr.Image(
                    label="Yours, or with leave", type="filepath", sources=["upload", "webcam"], height=240
                )
            seed = seed_field()
            button = gr.Button("Talk", variant="primary", elem_id="talk-go")
        with gr.Column():
            video = gr.Video(label="Talking head", elem_id="talk-out", autoplay=True, buttons=["download"])
            curves = gr.File(label="ARKit curves (Live Link Face CSV)")
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    button.click(make, [text, emotion, portrait, photo, voice, seed], [video, curves, facts], api_name="talk")
