"""Tab: a voice or a text, or a movement -> a body that moves with it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import gesture, speak
from emogen.demo.common import PROGRESS, Made, Result, buttons, needed, only, saved, seed_field, seed_of
from emogen.demo.jobs import Jobs
from emogen.demo.picker import emotion_field, felt

LINE = (
    "A body talks with its hands and holds itself as it feels. The movement can be taken along as BVH or glTF; a movement of your "
    "own can be felt otherwise."
)
EXAMPLES = [
    ["Stop! You come here.", "0s anger:0.7; 2s joy"],
    ["It was this big, I swear.", "excitement"],
    ["I don't know. I just don't know.", "sadness:0.8"],
]


def make(
    text: str, emotion: str = "auto", semantic: str = "auto", amount: float = 1.0, emotion_scale: float = 3.0,
    seed: str | None = None, progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """The words, and the body that goes with them; and what the hands do."""
    used = seed_of(seed)
    feeling = felt(emotion, auto=True)
    voice = speak(needed(text, "text", "Write what is said.").strip(), feeling, seed=used)
    return _moved(voice, feeling, semantic, amount, emotion_scale, used)


def follow(
    audio: str | None, emotion: str = "auto", semantic: str = "auto", amount: float = 1.0, emotion_scale: float = 3.0,
    seed: str | None = None, progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """A recording, and the body that goes with it."""
    path = needed(audio, "recording", "Record or upload one.")
    return _moved(path, felt(emotion, auto=True), semantic, amount, emotion_scale, seed_of(seed))


def restyle(motion: str | None, emotion: str = "joy:0.8", seed: str | None = None, progress: gr.Progress = PROGRESS) -> Made:
    """The same movement with another feeling in it."""
    path = needed(motion, "movement", "Upload a BVH file.")
    return _shown(gesture(None, felt(emotion), motion=path, seed=seed_of(seed)))


def _moved(voice: Any, feeling: Any, semantic: str, amount: float, emotion_scale: float, seed: int | None) -> Made:
    return _shown(gesture(voice, feeling, semantic=semantic.strip() or "none", amount=amount, emotion_scale=emotion_scale, seed=seed))


def _shown(out: Any) -> Made:
    lines = [f"{s['at_s']:6.2f} s  {s['hand']:5}  {s['gesture']}  {s['word']}" for s in out.facts()["strokes"]]
    told = "<details><summary>What the hands do, and when</summary>\n\n```\n" + "\n".join(lines) + "\n```\n</details>" if lines else ""
    return saved(out, "body.mp4", told=told, others=("body.bvh", "body.glb"))


def build(jobs: Jobs) -> None:
    """The forms."""
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Tabs():
                with gr.Tab("Words") as words:
                    text = gr.Textbox(EXAMPLES[0][0], label="What is said", lines=2, max_length=600, elem_id="gesture-text")
                with gr.Tab("A recording") as recording:
                    audio = gr.Audio(
                        label="A voice: yours, or with leave", type="filepath", sources=["upload", "microphone"], elem_id="gesture-in"
                    )
                with gr.Tab("A movement") as movement:
                    motion = gr.File(label="A movement (BVH)", file_types=[".bvh"], elem_id="restyle-in", height=140)
            emotion = emotion_field(EXAMPLES[0][1], auto=True, elem_id="gesture-emotion")
            with gr.Accordion("What the hands do", open=False) as hands:
                semantic = gr.Textbox(
                    "auto", label="Gestures that mean something", max_length=400, info='auto, none, or "point:1.2s, stop:2s"'
                )
                amount = gr.Slider(0, 2, 1, step=0.1, label="Beats of the hands")
                scale = gr.Slider(0, 8, 3, step=0.5, label="Pull of the emotion")
            seed = seed_field()
            go, followed, restyled, cancel = buttons(
                "gesture", ("Move", "gesture-go"), ("Move with the recording", "follow-go"), ("Change the movement", "restyle-go")
            )
            gr.Examples(EXAMPLES, [text, emotion])
        with gr.Column(scale=5):
            video = gr.Video(label="The body", elem_id="gesture-out", autoplay=True, buttons=["download"], interactive=False)
            result = Result(jobs, "gesture", video, "movement (BVH, glTF)")
    only([(words, [go, hands]), (recording, [followed, hands]), (movement, [restyled])])
    result.wire(go, cancel, make, [text, emotion, semantic, amount, scale, seed], "gesture")
    result.wire(followed, cancel, follow, [audio, emotion, semantic, amount, scale, seed], "gesture_recording")
    result.wire(restyled, cancel, restyle, [motion, emotion, seed], "restyle")
