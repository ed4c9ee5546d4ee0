"""Tab: text or a voice, and a portrait or a video -> a talking face."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import edit_face, talk
from emogen.demo.common import PROGRESS, emotion_field, felt, fresh_folder, polite, seed_field, seed_of
from emogen.errors import InputError
from emogen.media.video import probe
from emogen.pipelines.speech.voices import VOICES
from emogen.pipelines.talking_head.avatars import AVATARS
from emogen.pipelines.talking_head.explain import told

PORTRAITS = [*(f"avatar:{name}" for name in AVATARS), "sample:astronaut"]
KNOBS = {"mouth": "Mouth in speech", "brows": "Brows and lids", "head": "Head", "blink": "Blinks", "gaze": "Gaze"}
#: Longest uploaded video that is edited on the page (s); the command line takes longer ones.
MOST_VIDEO_S = 30.0

LINE = "A face says your words, with lips, brows and gaze; the curves of its muscles can be taken along."


@polite
def make(
    text: str,
    emotion: str,
    portrait: str,
    photo: str | None,
    voice: str,
    audio: str | None,
    seed: str | None,
    *amounts: float,
    progress: gr.Progress = PROGRESS,
) -> tuple[str, list[str], str, dict[str, Any]]:
    """The words, spoken by a face; the face's curves; and which muscles show the emotion."""
    knobs: dict[str, Any] = dict(zip(KNOBS, amounts, strict=True))
    out = talk(None if audio else text, felt(emotion, auto=True), portrait=photo or portrait, voice=voice, audio=audio,
               seed=seed_of(seed), **knobs)  # fmt: skip
    folder = fresh_folder()
    files = [str(out.save(folder / f"curves{suffix}")) for suffix in (".csv", ".glb", ".bvh")]
    return str(out.save(folder / "talk.mp4")), files, _chain(out), out.sidecar()


@polite
def edit(video: str | None, emotion: str, seed: str | None, progress: gr.Progress = PROGRESS) -> tuple[str, str, dict[str, Any]]:
    """The same video with another feeling in the face."""
    if not video:
        raise InputError("video", "is missing", "Upload one that shows a face.")
    if (seconds := probe(video).duration_s) > MOST_VIDEO_S:
        raise InputError("video", f"{seconds:.0f} s", f"Accepted here: up to {MOST_VIDEO_S:g} s; on the command line longer.")
    out = edit_face(video, felt(emotion, auto=True), seed=seed_of(seed))
    return str(out.save(fresh_folder() / "edited.mp4")), _chain(out), out.sidecar()


def _chain(out: Any) -> str:
    """From emotion to muscles, as text that keeps its lines."""
    return "```\n" + "\n".join(told(out.made.facts["explained"])) + "\n```"


def build() -> None:
    """The forms."""
    with gr.Row():
        with gr.Column():
            text = gr.Textbox(
                "I never thought I'd see you again.", label="What is said", lines=2, max_length=600, elem_id="talk-text"
            )
            emotion = emotion_field("0s surprise:0.8; 1.2s joy", auto=True)
            with gr.Row():
                portrait = gr.Dropdown(PORTRAITS, value=PORTRAITS[0], label="Portrait", min_width=120)
                voice = gr.Dropdown(sorted(VOICES), value="alto", label="Voice", min_width=120)
            with gr.Accordion("A photo instead of the portrait, a recording instead of the voice", open=False):
                photo = gr.Image(
                    label="Yours, or with leave", type="filepath", sources=["upload", "webcam"], height=240
                )
                audio = gr.Audio(label="A voice: yours, or with leave", type="filepath", sources=["upload", "microphone"])
            with gr.Accordion("How much each part does", open=False):
                knobs = [gr.Slider(0, 2, 1, step=0.1, label=label) for label in KNOBS.values()]
            seed = seed_field()
            button = gr.Button("Talk", variant="primary", elem_id="talk-go")
        with gr.Column():
            video = gr.Video(label="Talking head", elem_id="talk-out", autoplay=True, buttons=["download"])
            files = gr.File(label="Curves: Live Link Face CSV, glTF character, BVH head", elem_id="talk-files")
            with gr.Accordion("Why the face looks like this", open=False):
                chain = gr.Markdown(elem_id="talk-chain")
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    given = [text, emotion, portrait, photo, voice, audio, seed, *knobs]
    button.click(make, given, [video, files, chain, facts], api_name="talk")
    with gr.Accordion("Change the face in a video", open=False), gr.Row():
        with gr.Column():
            old = gr.Video(label="A video of a face: yours, or with leave", sources=["upload", "webcam"], elem_id="edit-in")
            other = emotion_field("joy:0.6")
            again = gr.Button("Change", variant="primary", elem_id="edit-go")
        with gr.Column():
            new = gr.Video(label="The same, felt otherwise", elem_id="edit-out", buttons=["download"])
            why = gr.Markdown()
            made = gr.JSON(label="How it was made")
    again.click(edit, [old, other, seed], [new, why, made], api_name="edit_face")
