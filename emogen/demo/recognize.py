"""Tab: words, an uploaded file, a recording or a photo -> the emotion in them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from emogen.conditioning.track import EmotionTrack
from emogen.demo.common import PROGRESS, QUEUED, bounded, buttons, fresh_folder, needed, only
from emogen.demo.jobs import Jobs

LINE = "The emotion that words, a voice, a face, a picture, a tune or a movement carry, and the cues that told. Long ones also over time."
EXAMPLES = ["We won!", "I am not happy at all.", "through clenched teeth", "a warm, sleepy murmur", "smiling through tears"]
SUFFIXES = [
    ".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mp4", ".mov", ".mkv", ".webm", ".png", ".jpg", ".jpeg", ".webp", ".mid",
    ".midi", ".bvh",
]  # fmt: skip
#: Size of a curve over time (px) and points of it.
WIDTH, HEIGHT, POINTS = 480.0, 150.0, 120
Found = tuple[dict[str, float], str, str, list[str], list[dict[str, Any]]]


def words(text: str, progress: gr.Progress = PROGRESS) -> Found:
    """The emotion in words."""
    from emogen.evaluation.perceive import recognize_words

    # Not `emogen.recognize`: that one also opens files by name, which a visitor must not.
    return _shown(recognize_words(needed(text, "text", "Write a sentence.")), "")


def file(path: str | None, progress: gr.Progress = PROGRESS) -> Found:
    """The emotion in what a visitor uploaded or recorded."""
    from emogen.evaluation.perceive import recognize_file

    given = needed(path, "file", "Upload, record or take one.")
    return _shown(recognize_file(given), Path(given).name)


def _shown(found: Any, name: str) -> Found:
    from emogen.media.jsonio import write_json

    facts = found.to_dicts()
    for row in facts:
        row["file"] = name
    chances = found.best.distribution if found.confidence > 0.0 else {}
    tracks = {modality: one.over_time for modality, one in found.items() if one.over_time is not None}
    courses = [_course(modality, track) for modality, track in tracks.items() if track.duration > 0.0]
    kept = write_json(fresh_folder() / "recognised.json", {"recognised": facts})
    return {k: float(p) for k, p in chances.items()}, _summary(found), "".join(courses), [str(kept)], facts


def _summary(found: Any) -> str:
    """A paragraph a modality."""
    from emogen.evaluation.perceive import MODALITIES

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


def _course(modality: str, track: EmotionTrack) -> str:
    """Valence and arousal over time, as a drawing."""
    values = track.sample((POINTS - 1) / track.duration, track.duration).vad
    left, top, wide, high = 34.0, 8.0, WIDTH - 42.0, HEIGHT - 34.0

    def line(axis: int) -> str:
        places = ((left + wide * i / max(len(values) - 1, 1), top + (1.0 - v[axis]) / 2.0 * high) for i, v in enumerate(values))
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)

    moments = "; ".join(f"{k.t:.1f} s {k.emotion.label}" for k in track.keyframes[:40])
    ends = "".join(
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'
        for x, y, anchor, text in (
            (left - 5, top + 8, "end", "+1"), (left - 5, top + high, "end", "-1"), (left, HEIGHT - 8, "start", "0 s"),
            (left + wide, HEIGHT - 8, "end", f"{track.duration:.1f} s"), (left + wide / 2, HEIGHT - 8, "middle", "valence ── arousal ╌╌"),
        )
    )  # fmt: skip
    return (
        f'<figure><figcaption>{escape(modality)} over time</figcaption>'
        f'<svg class="over-time" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{escape(modality)} over time: {escape(moments)}">'
        f'<rect class="frame" x="{left}" y="{top}" width="{wide}" height="{high}" rx="6"/>'
        f'<line class="zero" x1="{left}" y1="{top + high / 2}" x2="{left + wide}" y2="{top + high / 2}"/>'
        f'<polyline points="{line(0)}"/><polyline class="arousal" points="{line(1)}"/>{ends}</svg></figure>'
    )


def build(jobs: Jobs) -> None:
    """The forms."""
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Tabs():
                with gr.Tab("Words") as written:
                    text = gr.Textbox(
                        "She opened the letter, and her hands began to shake.", label="Words", lines=4, max_length=5_000,
                        elem_id="recognize-text",
                    )  # fmt: skip
                    gr.Examples(EXAMPLES, text)
                with gr.Tab("A file") as uploaded:
                    given = gr.File(
                        label="Sound, video, picture, MIDI or BVH", elem_id="recognize-file", file_types=SUFFIXES, height=160
                    )
                with gr.Tab("Microphone") as spoken:
                    voice = gr.Audio(label="Your voice", type="filepath", sources=["microphone"], elem_id="recognize-voice")
                with gr.Tab("Camera") as seen:
                    face = gr.Image(label="Your face", type="filepath", sources=["webcam"], elem_id="recognize-face", height=260)
            one, two, three, four, cancel = buttons(
                "recognize", ("Recognize the words", "recognize-go"), ("Recognize the file", "recognize-file-go"),
                ("Recognize the voice", "recognize-voice-go"), ("Recognize the face", "recognize-face-go"),
            )  # fmt: skip
        with gr.Column(scale=5):
            shares = gr.Label(num_top_classes=6, label="Emotion", elem_id="recognize-out")
            summary = gr.Markdown(elem_id="recognize-summary")
            courses = gr.HTML(elem_id="recognize-courses", apply_default_css=False)
            kept = gr.File(
                label="What was recognised, as JSON", elem_id="recognize-files", interactive=False, file_count="multiple", height=90
            )
            with gr.Accordion("JSON", open=False):
                facts = gr.JSON(show_label=False)
    only([(written, [one]), (uploaded, [two]), (spoken, [three]), (seen, [four])])
    shown = [shares, summary, courses, kept, facts]
    made = [
        button.click(
            jobs.wrapped(bounded(call, [source])), source, shown, api_name=name, api_visibility=visibility, show_progress_on=shares,
            **QUEUED,
        )
        for button, call, source, name, visibility in (
            (one, words, text, "recognize_words", "public"), (two, file, given, "recognize", "public"),
            (three, file, voice, None, "private"), (four, file, face, None, "private"),
        )
    ]  # fmt: skip
    cancel.click(jobs.stop, None, None, cancels=made, queue=False, api_visibility="private")
