"""Tab: emotion -> music."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import music
from emogen.demo.common import PROGRESS, emotion_field, felt, fresh_folder, polite, seed_field, seed_of

LINE = "A piece of music that follows the emotion: mode, tempo, register, loudness and the chords themselves."


@polite
def make(
    emotion: str, seconds: float, seed: str | None, progress: gr.Progress = PROGRESS
) -> tuple[str, str, dict[str, Any]]:
    """A piece, as sound and as MIDI."""
    out = music(felt(emotion), seconds=seconds, seed=seed_of(seed))
    folder = fresh_folder()
    return str(out.save(folder / "music.wav")), str(out.save(folder / "music.mid")), out.sidecar()


def build() -> None:
    """The form."""
    with gr.Row():
        with gr.Column():
            emotion = emotion_field("0s calm; 10s joy:0.9")
            seconds = gr.Slider(5, 120, 20, step=1, label="Seconds", elem_id="music-seconds")
            seed = seed_field()
            button = gr.Button("Compose", variant="primary", elem_id="music-go")
        with gr.Column():
            sound = gr.Audio(label="Music", type="filepath", elem_id="music-out", buttons=["download"])
            score = gr.File(label="Score (MIDI)")
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    button.click(make, [emotion, seconds, seed], [sound, score, facts], api_name="music")
