"""Tab: text or a voice, and a portrait or a video -> a talking face."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import edit_face, talk
from emogen.checkpoints import HERE
from emogen.demo.common import PROGRESS, Made, Result, buttons, needed, only, saved, seed_field, seed_of, short_enough
from emogen.demo.jobs import Jobs
from emogen.demo.picker import emotion_field, felt
from emogen.pipelines.speech.voices import VOICES

#: The avatars that ship, by their files: to import them takes as long as to open the page.
PORTRAITS = [*sorted(f"avatar:{path.stem}" for path in (HERE / "avatars").glob("*.glb")), "sample:astronaut"]
KNOBS = {"mouth": "Mouth in speech", "brows": "Brows and lids", "head": "Head", "blink": "Blinks", "gaze": "Gaze"}
#: Longest uploaded video or recording on the page (s); the command line takes longer ones.
MOST_S = 30.0
LINE = (
    "A face says your words, with lips, brows and gaze: one of ours, or your own photo; in our voice, or in your own. The curves of "
    "its muscles can be taken along."
)
EXAMPLES = [
    ["I never thought I'd see you again.", "0s surprise:0.8; 1.2s joy", "avatar:ava"],
    ["Leave me alone.", "anger:0.9", "avatar:ben"],
    ["It was my fault.", "shame:0.8", "sample:astronaut"],
]


def make(
    text: str, emotion: str = "auto", portrait: str = PORTRAITS[0], photo: str | None = None, voice: str = "alto",
    seed: str | None = None, mouth: float = 1.0, brows: float = 1.0, head: float = 1.0, blink: float = 1.0, gaze: float = 1.0,
    progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """The words, spoken by a face; the face's curves; and which muscles show the emotion."""
    needed(text, "text", "Write what is said.")
    return _talk(text, emotion, portrait, photo, seed, (mouth, brows, head, blink, gaze), voice=voice)


def mime(
    audio: str | None, emotion: str = "auto", portrait: str = PORTRAITS[0], photo: str | None = None,
    seed: str | None = None, mouth: float = 1.0, brows: float = 1.0, head: float = 1.0, blink: float = 1.0, gaze: float = 1.0,
    progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """A recording, spoken by a face."""
    from emogen.media.audio import read_audio

    path = needed(audio, "recording", "Record or upload one.")
    short_enough(read_audio(path).duration_s, MOST_S, "recording")
    return _talk(None, emotion, portrait, photo, seed, (mouth, brows, head, blink, gaze), audio=path)


def _talk(
    text: str | None, emotion: str, portrait: str, photo: str | None, seed: str | None, amounts: tuple[float, ...], **options: Any,
) -> Made:  # fmt: skip
    knobs: dict[str, Any] = dict(zip(KNOBS, amounts, strict=True))
    out = talk(text, felt(emotion, auto=True), portrait=photo or portrait, seed=seed_of(seed), **options, **knobs)
    return saved(out, "talk.mp4", told=_chain(out), others=("curves.csv", "curves.glb", "curves.bvh"))


def edit(video: str | None, emotion: str = "joy:0.8", seed: str | None = None, progress: gr.Progress = PROGRESS) -> Made:
    """The same video with another feeling in the face."""
    from emogen.media.video import probe

    path = needed(video, "video", "Record or upload one that shows a face.")
    short_enough(probe(path).duration_s, MOST_S, "video")
    out = edit_face(path, felt(emotion, auto=True), seed=seed_of(seed))
    return saved(out, "edited.mp4", told=_chain(out))


def _chain(out: Any) -> str:
    """From emotion to muscles, as text that keeps its lines."""
    from emogen.pipelines.talking_head.explain import told

    lines = "\n".join(told(out.made.facts["explained"]))
    return f"<details><summary>Why the face looks like this</summary>\n\n```\n{lines}\n```\n</details>"


def build(jobs: Jobs) -> None:
    """The forms."""
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Tabs():
                with gr.Tab("Words") as words:
                    text = gr.Textbox(EXAMPLES[0][0], label="What is said", lines=2, max_length=600, elem_id="talk-text")
                    voice = gr.Dropdown(sorted(VOICES), value="alto", label="Voice", min_width=120)
                with gr.Tab("A recording") as recording:
                    audio = gr.Audio(
                        label="A voice: yours, or with leave", type="filepath", sources=["upload", "microphone"], elem_id="talk-in"
                    )
                with gr.Tab("A video of a face") as film:
                    video = gr.Video(label="A video of a face: yours, or with leave", sources=["upload", "webcam"], elem_id="edit-in")
            with gr.Group() as who:
                portrait = gr.Dropdown(PORTRAITS, value=PORTRAITS[0], label="Portrait", elem_id="talk-portrait")
                with gr.Accordion("Your own photo instead", open=False):
                    photo = gr.Image(
                        label="Yours, or with leave", type="filepath", sources=["upload", "webcam"], height=240, elem_id="talk-photo"
                    )
            emotion = emotion_field(EXAMPLES[0][1], auto=True, elem_id="talk-emotion")
            with gr.Accordion("How much each part does", open=False):
                knobs = [gr.Slider(0, 2, 1, step=0.1, label=label) for label in KNOBS.values()]
            seed = seed_field()
            go, mimed, edited, cancel = buttons(
                "talk", ("Talk", "talk-go"), ("Talk with the recording", "mime-go"), ("Change the face", "edit-go")
            )
            gr.Examples(EXAMPLES, [text, emotion, portrait])
        with gr.Column(scale=5):
            shown = gr.Video(label="Talking face", elem_id="talk-out", autoplay=True, buttons=["download"], interactive=False)
            result = Result(jobs, "talk", shown, "curves (CSV, glTF, BVH)")
    only([(words, [go, who]), (recording, [mimed, who]), (film, [edited])])
    result.wire(go, cancel, make, [text, emotion, portrait, photo, voice, seed, *knobs], "talk")
    result.wire(mimed, cancel, mime, [audio, emotion, portrait, photo, seed, *knobs], "talk_recording")
    result.wire(edited, cancel, edit, [video, emotion, seed], "edit_face")
