"""Tab: a voice or a text, or a movement -> a body that moves with it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import gesture, speak
from emogen.demo.common import PROGRESS, emotion_field, felt, fresh_folder, polite, seed_field, seed_of
from emogen.errors import InputError

LINE = "A body talks with its hands and holds itself as it feels. The movement can be taken along as BVH or glTF."


@polite
def make(
    text: str, emotion: str, audio: str | None, semantic: str, amount: float, emotion_scale: float, seed: str | None,
    progress: gr.Progress = PROGRESS,
) -> tuple[str, list[str], str, dict[str, Any]]:  # fmt: skip
    """The words, or a recording, with the body that goes with them; its files; and what the hands do."""
    if audio is None and not text.strip():
        raise InputError("gesture", "needs words or a recording", "Write what is said, or upload it.")
    feeling, used = felt(emotion, auto=True), seed_of(seed)
    voice: Any = audio if audio is not None else speak(text.strip(), feeling, seed=used)
    out = gesture(voice, feeling, semantic=semantic.strip() or "none", amount=amount, emotion_scale=emotion_scale, seed=used)
    return _shown(out)


@polite
def restyle(motion: str | None, emotion: str, seed: str | None, progress: gr.Progress = PROGRESS) -> tuple[str, list[str], dict[str, Any]]:
    """The same movement with another feeling in it."""
    if not motion:
        raise InputError("movement", "is missing", "Upload a BVH file.")
    video, files, _, facts = _shown(gesture(None, felt(emotion), motion=motion, seed=seed_of(seed)))
    return video, files, facts


def _shown(out: Any) -> tuple[str, list[str], str, dict[str, Any]]:
    folder = fresh_folder()
    files = [str(out.save(folder / f"body{suffix}")) for suffix in (".bvh", ".glb")]
    lines = [f"{s['at_s']:6.2f} s  {s['hand']:5}  {s['gesture']}  {s['word']}" for s in out.facts()["strokes"]]
    return str(out.save(folder / "body.mp4")), files, "```\n" + "\n".join(lines) + "\n```", out.sidecar()


def build() -> None:
    """The forms."""
    with gr.Row():
        with gr.Column():
            text = gr.Textbox(
                "Stop! You come here, and then three of us go over there.", label="What is said", lines=2, max_length=600,
                elem_id="gesture-text",
            )  # fmt: skip
            emotion = emotion_field("0s anger:0.7; 2s joy", auto=True)
            with gr.Accordion("A recording instead", open=False):
                audio = gr.Audio(label="A voice: yours, or with leave", type="filepath", sources=["upload", "microphone"])
            with gr.Accordion("What the hands do", open=False):
                semantic = gr.Textbox("auto", label="Gestures that mean something", info='auto, none, or "point:1.2s, stop:2s"')
                amount = gr.Slider(0, 2, 1, step=0.1, label="Beats of the hands")
                scale = gr.Slider(0, 8, 3, step=0.5, label="Pull of the emotion")
            seed = seed_field()
            button = gr.Button("Move", variant="primary", elem_id="gesture-go")
        with gr.Column():
            video = gr.Video(label="The body", elem_id="gesture-out", autoplay=True, buttons=["download"])
            files = gr.File(label="BVH, and glTF with the figure", elem_id="gesture-files")
            with gr.Accordion("What the hands do, and when", open=False):
                strokes = gr.Markdown()
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    button.click(
        make, [text, emotion, audio, semantic, amount, scale, seed], [video, files, strokes, facts], api_name="gesture"
    )
    with gr.Accordion("Change the feeling of a movement", open=False), gr.Row():
        with gr.Column():
            motion = gr.File(label="A movement (BVH)", file_types=[".bvh"], elem_id="restyle-in")
            other = emotion_field("sadness:0.8")
            again = gr.Button("Change", variant="primary", elem_id="restyle-go")
        with gr.Column():
            new = gr.Video(label="The same, felt otherwise", elem_id="restyle-out", buttons=["download"])
            taken = gr.File(label="BVH, and glTF with the figure")
            made = gr.JSON(label="How it was made")
    again.click(restyle, [motion, other, seed], [new, taken, made], api_name="restyle")
