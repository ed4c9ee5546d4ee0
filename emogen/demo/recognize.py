"""Tab: words or an uploaded file -> the emotion in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from emogen.demo.common import PROGRESS, polite
from emogen.errors import InputError
from emogen.evaluation.perceive import MODALITIES, SUFFIXES, Recognitions, recognize_file, recognize_words

LINE = "The emotion that words, a voice, a face, a picture, a tune or a movement carry, and the cues that told."


@polite
def make(
    text: str, file: str | None, progress: gr.Progress = PROGRESS
) -> tuple[dict[str, float], str, list[dict[str, Any]]]:
    """The emotion in words, or in what a visitor uploaded."""
    if file:
        found = recognize_file(file)
        shown = Path(file).name
    elif text and text.strip():
        # Not `emogen.recognize`: that one also opens files by name, which a visitor must not.
        found, shown = recognize_words(text), ""
    else:
        raise InputError("text", "is empty", "Write a sentence or upload a file.")
    facts = found.to_dicts()
    for row in facts:
        row["file"] = shown
    chances = found.best.distribution if found.confidence > 0.0 else {}
    return {k: float(p) for k, p in chances.items()}, _summary(found), facts


def _summary(found: Recognitions) -> str:
    """A paragraph a modality."""
    said = []
    for modality in (m for m in (*MODALITIES, "video") if m in found):
        one = found[modality]
        if one.confidence == 0.0:
            said.append(f"**{modality}**: nothing to judge ({one.note})")
            continue
        v, a, d = one.emotion.vad
        why = "; ".join(text for text in (one.because.rpartition(": ")[0], one.note) if text)
        said.append(
            f"**{modality}: {one.emotion.describe()}**  \nvalence {v:+.2f}, arousal {a:+.2f}, dominance {d:+.2f}; "
            f"confidence {one.confidence:.2f}" + (f"  \n{why}" if why else "")
        )
    return "\n\n".join([*said, *([found.disagreement] if found.disagreement else [])])


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
            file = gr.File(
                label="or a file: sound, video, picture, MIDI, BVH", type="filepath", elem_id="recognize-file",
                file_types=sorted(SUFFIXES - {".txt", ".md"}), height=140,
            )  # fmt: skip
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
    button.click(make, [text, file], [shares, summary, facts], api_name="recognize")
