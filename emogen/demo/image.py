"""Tab: a prompt -> a picture or a film that evokes a feeling; a photo or a film, felt otherwise."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import edit_image, edit_video, image, video
from emogen.demo.common import PROGRESS, emotion_field, felt, fresh_folder, polite, seed_field, seed_of
from emogen.errors import InputError
from emogen.media.video import probe
from emogen.pipelines.base import open_backend

LINE = "A place that makes one feel it, still or in motion; one place in many moods; or your own photo or film, felt otherwise."
SIZES = {"square": (1024, 1024), "wide": (1280, 720), "tall": (720, 1280)}
FILM = (854, 480)
#: Longest film that is made or edited on the page (s); the command line takes longer ones.
MOST_S = 20.0


@polite
def draw(prompt: str, emotion: str, shape: str, seed: str | None, progress: gr.Progress = PROGRESS) -> tuple[str, str, dict[str, Any]]:
    """A picture, why it looks so, and how it was made."""
    width, height = SIZES[shape]
    out = image(prompt.strip() or None, felt(emotion), width=width, height=height, seed=seed_of(seed))
    return str(out.save(fresh_folder() / "picture.png")), _why(out), out.sidecar()


@polite
def moods(prompt: str, seed: str | None, progress: gr.Progress = PROGRESS) -> tuple[str, str, dict[str, Any]]:
    """One place all over valence (to the right) and arousal (upwards)."""
    out = open_backend("image").grid(prompt.strip() or None, side=224, seed=seed_of(seed))
    told = "Left to right: more pleasant. Foot to top: more stirring."
    return str(out.save(fresh_folder() / "moods.png")), told, out.sidecar()


@polite
def film(prompt: str, emotion: str, seconds: float, seed: str | None, progress: gr.Progress = PROGRESS) -> tuple[str, dict[str, Any]]:
    """The place in motion."""
    out = video(prompt.strip() or None, felt(emotion), seconds=seconds, width=FILM[0], height=FILM[1], seed=seed_of(seed))
    return str(out.save(fresh_folder() / "film.mp4")), out.sidecar()


@polite
def edit(
    photo: str | None, emotion: str, strength: float, seed: str | None, progress: gr.Progress = PROGRESS
) -> tuple[str, str, dict[str, Any]]:
    """A photo, felt otherwise."""
    if not photo:
        raise InputError("photo", "is missing", "Upload one, or take one.")
    out = edit_image(photo, felt(emotion), strength=strength, seed=seed_of(seed))
    return str(out.save(fresh_folder() / "edited.png")), _why(out), out.sidecar()


@polite
def edit_film(
    old: str | None, emotion: str, strength: float, seed: str | None, progress: gr.Progress = PROGRESS
) -> tuple[str, dict[str, Any]]:
    """A film, felt otherwise."""
    if not old:
        raise InputError("film", "is missing", "Upload one.")
    if (seconds := probe(old).duration_s) > MOST_S:
        raise InputError("film", f"{seconds:.0f} s", f"Accepted here: up to {MOST_S:g} s; on the command line longer.")
    out = edit_video(old, felt(emotion), strength=strength, seed=seed_of(seed))
    return str(out.save(fresh_folder() / "edited.mp4")), out.sidecar()


def _why(out: Any) -> str:
    """What carries the feeling, and what the user should know."""
    because = out.facts().get("because") or out.facts().get("moves") or []
    notes = [f"- {note}" for note in out.warnings]
    return "\n".join([f"It is carried by: {', '.join(because)}." if because else "", *notes]).strip()


def build() -> None:
    """The forms."""
    with gr.Row():
        with gr.Column():
            prompt = gr.Textbox("a harbour at the end of the day", label="What is seen", lines=2, max_length=600, elem_id="image-prompt",
                                info="Empty: the feeling chooses the place.")  # fmt: skip
            emotion = emotion_field("nostalgia:0.9")
            shape = gr.Radio(list(SIZES), value="square", label="Shape")
            seed = seed_field()
            with gr.Row():
                drawn = gr.Button("Draw", variant="primary", elem_id="image-go")
                many = gr.Button("Many moods", elem_id="image-moods")
        with gr.Column():
            picture = gr.Image(label="Picture", type="filepath", elem_id="image-out", buttons=["download"])
            why = gr.Markdown(elem_id="image-why")
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    drawn.click(draw, [prompt, emotion, shape, seed], [picture, why, facts], api_name="image")
    many.click(moods, [prompt, seed], [picture, why, facts], api_name="moods")
    with gr.Accordion("In motion", open=False), gr.Row():
        with gr.Column():
            track = emotion_field("0s calm; 4s dread")
            seconds = gr.Slider(2, MOST_S, 6, step=1, label="Seconds")
            filmed = gr.Button("Film", variant="primary", elem_id="film-go")
        with gr.Column():
            moving = gr.Video(label="Film", elem_id="film-out", autoplay=True, buttons=["download"])
            how = gr.JSON(label="How it was made")
    filmed.click(film, [prompt, track, seconds, seed], [moving, how], api_name="video")
    with gr.Accordion("Your photo or film, felt otherwise", open=False), gr.Row():
        with gr.Column():
            photo = gr.Image(label="A photo", type="filepath", sources=["upload", "webcam"], elem_id="photo-in", height=240)
            old = gr.Video(label="A film", sources=["upload"], elem_id="video-in")
            other = emotion_field("awe:0.8")
            strength = gr.Slider(0, 2, 1, step=0.1, label="Strength")
            with gr.Row():
                changed = gr.Button("Change the photo", variant="primary", elem_id="photo-go")
                refilmed = gr.Button("Change the film", elem_id="video-go")
        with gr.Column():
            new = gr.Image(label="The photo, felt otherwise", type="filepath", elem_id="photo-out", buttons=["download"])
            moves = gr.Markdown()
            new_film = gr.Video(label="The film, felt otherwise", elem_id="video-out", buttons=["download"])
            made = gr.JSON(label="How it was made")
    changed.click(edit, [photo, other, strength, seed], [new, moves, made], api_name="edit_image")
    refilmed.click(edit_film, [old, other, strength, seed], [new_film, made], api_name="edit_video")
