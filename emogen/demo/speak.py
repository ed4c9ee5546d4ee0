"""Tab: text -> speech."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import speak
from emogen.demo.common import emotion_field, felt, fresh_folder, polite, seed_field, seed_of
from emogen.pipelines.speech.voices import VOICES

LINE = "Your words, spoken as they are felt; the emotion may change in the middle of a sentence."


@polite
def make(text: str, emotion: str, voice: str, seed: str | None) -> tuple[str, dict[str, Any]]:
    """The words, spoken."""
    out = speak(text, felt(emotion, auto=True), voice=voice, seed=seed_of(seed))
    return str(out.save(fresh_folder() / "speech.wav")), out.sidecar()


def build() -> None:
    """The form."""
    with gr.Row():
        with gr.Column():
            text = gr.Textbox(
                "I never thought I'd see you again.",
                label="What is said",
                lines=2,
                max_length=2_000,
                elem_id="speak-text",
            )
            emotion = emotion_field("0s surprise:0.8; 1.2s joy", auto=True)
            with gr.Row():
                voice = gr.Dropdown(sorted(VOICES), value="alto", label="Voice", min_width=120)
                seed = seed_field()
            button = gr.Button("Speak", variant="primary", elem_id="speak-go")
        with gr.Column():
            sound = gr.Audio(label="Speech", type="filepath", elem_id="speak-out", buttons=["download"])
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    button.click(make, [text, emotion, voice, seed], [sound, facts], api_name="speak")
