"""Tab: text, or a recording -> speech that is felt as asked."""

from __future__ import annotations

import gradio as gr

from emogen.calls import convert, speak
from emogen.demo.common import PROGRESS, Made, Result, buttons, needed, only, saved, seed_field, seed_of, short_enough
from emogen.demo.jobs import Jobs
from emogen.demo.picker import emotion_field, felt
from emogen.pipelines.speech.voices import VOICES

LINE = (
    "Write a sentence, choose a feeling, press Speak. The feeling may change in the middle of a sentence. Or say something yourself "
    "and hear it felt otherwise."
)
#: Longest recording that is converted on the page (s); the command line takes longer ones.
MOST_S = 60.0
EXAMPLES = [
    ["I never thought I'd see you again.", "0s surprise:0.8; 1.2s joy"],
    ["Please don't go in there.", "fear:0.9"],
    ["So that's how it ends.", "sadness:0.7+anger:0.2"],
    ["Come closer, I'll tell you a secret.", '"a trembling, hopeful whisper"'],
    ["Give it back. Now!", "anger"],
]


def make(text: str, emotion: str = "auto", voice: str = "alto", seed: str | None = None, progress: gr.Progress = PROGRESS) -> Made:
    """The words, spoken."""
    needed(text, "text", "Write what is said.")
    return saved(speak(text, felt(emotion, auto=True), voice=voice, seed=seed_of(seed)), "speech.wav")


def change(audio: str | None, emotion: str = "joy:0.8", seed: str | None = None, progress: gr.Progress = PROGRESS) -> Made:
    """The same words by the same voice, felt otherwise."""
    from emogen.media.audio import read_audio

    path = needed(audio, "recording", "Record or upload one.")
    short_enough(read_audio(path).duration_s, MOST_S, "recording")
    return saved(convert(path, felt(emotion), seed=seed_of(seed)), "otherwise.wav")


def build(jobs: Jobs) -> None:
    """The forms."""
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Tabs():
                with gr.Tab("Words") as words:
                    text = gr.Textbox(EXAMPLES[0][0], label="What is said", lines=2, max_length=2_000, elem_id="speak-text")
                    voice = gr.Dropdown(sorted(VOICES), value="alto", label="Voice", min_width=120)
                with gr.Tab("A recording") as recording:
                    audio = gr.Audio(
                        label="A voice: yours, or with leave", type="filepath", sources=["upload", "microphone"], elem_id="speak-in"
                    )
            emotion = emotion_field(EXAMPLES[0][1], auto=True, elem_id="speak-emotion")
            seed = seed_field()
            go, other, cancel = buttons("speak", ("Speak", "speak-go"), ("Say it otherwise", "convert-go"))
            gr.Examples(EXAMPLES, [text, emotion])
        with gr.Column(scale=5):
            sound = gr.Audio(label="Speech", type="filepath", elem_id="speak-out", buttons=["download"], interactive=False)
            result = Result(jobs, "speak", sound)
    only([(words, [go]), (recording, [other])])
    result.wire(go, cancel, make, [text, emotion, voice, seed], "speak")
    result.wire(other, cancel, change, [audio, emotion, seed], "convert")
