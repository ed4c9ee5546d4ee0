"""Tab: words -> the emotion in them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.conditioning.text import TextRecognizer
from emogen.demo.common import polite
from emogen.errors import InputError

LINE = "The emotion that words carry, with its place on valence, arousal and dominance."


@polite
def make(text: str) -> tuple[dict[str, float], str, dict[str, Any]]:
    """The emotion in words."""
    if not text or not text.strip():
        raise InputError("text", "is empty", "Write a sentence.")
    # Not `emogen.recognize`: that one also opens files by name, which a visitor must not.
    found = TextRecognizer.load("embedded").recognize(text)
    v, a, d = found.emotion.vad
    summary = f"**{found.emotion.describe()}**  \nvalence {v:+.2f}, arousal {a:+.2f}, dominance {d:+.2f}; confidence {found.confidence:.2f}"
    return {k: float(p) for k, p in found.emotion.weights.items()}, summary, found.to_dict()


def build() -> None:
    """The form."""
    with gr.Row():
        with gr.Column():
            text = gr.Textbox(
                "She opened the letter, and her hands began to shake.",
                label="Words",
                lines=4,
                max_length=5_000,
                elem_id="recognize-text",
            )
            button = gr.Button("Recognize", variant="primary", elem_id="recognize-go")
            gr.Examples(
                [
                    "We won!",
                    "I am not happy at all.",
                    "through clenched teeth",
                    "a warm, sleepy murmur",
                    "smiling through tears",
                ],
                text,
            )
        with gr.Column():
            shares = gr.Label(num_top_classes=6, label="Emotion", elem_id="recognize-out")
            summary = gr.Markdown()
            with gr.Accordion("JSON", open=False):
                facts = gr.JSON()
    button.click(make, text, [shares, summary, facts], api_name="recognize")
