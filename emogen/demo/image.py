"""Tab: a prompt -> a picture or a film that evokes a feeling; a photo or a film, felt otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from emogen.calls import edit_image, edit_video, image, video
from emogen.conditioning.track import EmotionTrack
from emogen.demo.common import (
    PROGRESS,
    Made,
    Result,
    buttons,
    fresh_folder,
    needed,
    only,
    saved,
    seed_field,
    seed_of,
    short_enough,
)
from emogen.demo.jobs import Jobs
from emogen.demo.picker import emotion_field, felt

LINE = "A place that makes one feel it, still or in motion; one place in many moods; or your own photo or film, felt otherwise."
SIZES = {"small": (384, 384), "square": (1024, 1024), "wide": (1280, 720), "tall": (720, 1280)}
FILMS = {"small": (320, 180), "wide": (854, 480), "tall": (480, 854)}
#: Longest film that is made or edited on the page (s); the command line takes longer ones.
MOST_S = 20.0
#: A judge of pictures sees a film at these parts of its length.
SEEN_AT = (0.1, 0.5, 0.9)
EXAMPLES = [
    ["a harbour at the end of the day", "nostalgia:0.9"],
    ["a forest path", "fear:0.8"],
    ["a mountain lake", "awe"],
    ["", "loneliness:0.9"],
]


def draw(prompt: str, emotion: str, shape: str = "square", seed: str | None = None, progress: gr.Progress = PROGRESS) -> Made:
    """A picture, why it looks so, and how it was made."""
    width, height = SIZES[shape]
    out = image((prompt or "").strip() or None, felt(emotion), width=width, height=height, seed=seed_of(seed))
    return saved(out, "picture.png", told=_why(out))


def moods(prompt: str, seed: str | None = None, progress: gr.Progress = PROGRESS) -> Made:
    """One place all over valence (to the right) and arousal (upwards)."""
    from emogen.pipelines.base import open_backend

    out = open_backend("image").grid((prompt or "").strip() or None, side=224, seed=seed_of(seed))
    path = out.save(fresh_folder() / "moods.png")
    return Made(str(path), out.sidecar(), "Left to right: more pleasant. Foot to top: more stirring.", judged="")


def film(
    prompt: str, emotion: str, seconds: float = 6.0, shape: str = "wide", seed: str | None = None, progress: gr.Progress = PROGRESS
) -> Made:
    """The place in motion."""
    width, height = FILMS[shape]
    length = min(seconds, MOST_S)
    out = video((prompt or "").strip() or None, felt(emotion), seconds=length, width=width, height=height, seed=seed_of(seed))
    return _seen(saved(out, "film.mp4", told=_why(out)))


def edit(
    photo: str | None, emotion: str, strength: float = 1.0, seed: str | None = None, progress: gr.Progress = PROGRESS
) -> Made:
    """A photo, felt otherwise."""
    out = edit_image(needed(photo, "photo", "Upload one, or take one."), felt(emotion), strength=strength, seed=seed_of(seed))
    return saved(out, "edited.png", told=_why(out))


def edit_film(
    old: str | None, emotion: str, strength: float = 1.0, seed: str | None = None, progress: gr.Progress = PROGRESS
) -> Made:
    """A film, felt otherwise."""
    from emogen.media.video import probe

    path = needed(old, "film", "Upload one.")
    short_enough(probe(path).duration_s, MOST_S, "film")
    return _seen(saved(edit_video(path, felt(emotion), strength=strength, seed=seed_of(seed)), "edited.mp4"))


def _seen(made: Made) -> Made:
    """The same, judged by its pictures at some times: there is a judge of pictures, and none of films of places."""
    from PIL import Image

    from emogen.media.sidecar import write_sidecar
    from emogen.media.video import probe, read_frames

    folder = Path(made.media).with_name("seen")
    folder.mkdir()
    length = probe(made.media).duration_s
    track = EmotionTrack.from_dict(made.sidecar["emotion"])
    for part in SEEN_AT:
        t = part * length
        frame = next(iter(read_frames(made.media, t, t + 1.0)), None)
        if frame is not None:
            path = folder / f"at {t:.1f} s.png"
            Image.fromarray(frame).save(path)
            write_sidecar(path, {"modality": "image", "emotion": EmotionTrack.of(track.at(t)).to_dict()})
    return Made(made.media, made.sidecar, made.told, made.files, judged=str(folder))


def _why(out: Any) -> str:
    """What carries the feeling, and what the user should know."""
    because = out.facts().get("because") or out.facts().get("moves") or []
    notes = [f"- {note}" for note in out.warnings]
    return "\n".join([f"It is carried by: {', '.join(because)}." if because else "", *notes]).strip()


def build(jobs: Jobs) -> None:
    """The forms."""
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Tabs():
                with gr.Tab("A picture") as still:
                    shape = gr.Radio(list(SIZES), value="square", label="Shape", elem_id="image-shape")
                with gr.Tab("A film") as moving:
                    seconds = gr.Slider(1, MOST_S, 4, step=1, label="Seconds", elem_id="film-seconds")
                    format_ = gr.Radio(list(FILMS), value="wide", label="Shape", elem_id="film-shape")
                with gr.Tab("Your photo") as photographed:
                    photo = gr.Image(label="A photo", type="filepath", sources=["upload", "webcam"], elem_id="photo-in", height=240)
                with gr.Tab("Your film") as filmed:
                    old = gr.Video(label="A film", sources=["upload", "webcam"], elem_id="video-in", height=240)
            prompt = gr.Textbox(
                EXAMPLES[0][0], label="What is seen", lines=2, max_length=600, elem_id="image-prompt",
                info="Empty: the feeling chooses the place.",
            )  # fmt: skip
            emotion = emotion_field(EXAMPLES[0][1], elem_id="image-emotion")
            strength = gr.Slider(0, 2, 1, step=0.1, label="Strength", visible=False)
            seed = seed_field()
            drawn, shot, changed, refilmed, cancel = buttons(
                "image", ("Draw", "image-go"), ("Film", "film-go"), ("Change the photo", "photo-go"), ("Change the film", "video-go")
            )
            many = gr.Button("One place in many moods", elem_id="image-moods")
            gr.Examples(EXAMPLES, [prompt, emotion])
        with gr.Column(scale=5):
            with gr.Column() as pictures:
                picture = gr.Image(
                    label="Picture", type="filepath", elem_id="image-out", buttons=["download", "fullscreen"], interactive=False
                )
                seen = Result(jobs, "image", picture)
            with gr.Column(visible=False) as films:
                watched = gr.Video(label="Film", elem_id="film-out", autoplay=True, buttons=["download"], interactive=False)
                shown = Result(jobs, "film", watched)
    only([
        (still, [prompt, drawn, many, pictures]), (moving, [prompt, shot, films]),
        (photographed, [changed, strength, pictures]), (filmed, [refilmed, strength, films]),
    ])  # fmt: skip
    seen.wire(drawn, cancel, draw, [prompt, emotion, shape, seed], "image")
    seen.wire(many, cancel, moods, [prompt, seed], "moods")
    seen.wire(changed, cancel, edit, [photo, emotion, strength, seed], "edit_image")
    shown.wire(shot, cancel, film, [prompt, emotion, seconds, format_, seed], "video")
    shown.wire(refilmed, cancel, edit_film, [old, emotion, strength, seed], "edit_video")
