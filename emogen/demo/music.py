"""Tab: emotion, a picture or a tune -> music."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from emogen.calls import match, music
from emogen.demo.common import PROGRESS, QUEUED, Made, Result, buttons, needed, only, saved, seed_field, seed_of
from emogen.demo.jobs import Jobs
from emogen.demo.picker import emotion_field, felt
from emogen.errors import InputError

LINE = (
    "A piece of music that follows the feeling; or the music for a picture; or your own tune, felt otherwise. Score and parts can be "
    "taken along."
)
#: Faders that a visitor may take in hand.
BY_HAND = ("density", "rhythm", "register", "loudness", "dissonance")
#: Longest piece on the page (s); the command line composes longer ones.
MOST_S = 120
EXAMPLES: list[list[Any]] = [["0s calm; 10s joy:0.9", 15], ["sadness:0.8", 15], ["anger:0.8+fear:0.4", 10], ["nostalgia", 20]]


def make(
    emotion: str, seconds: float = 20.0, instruments: str | None = None, key: str | None = None, tempo: float | None = None,
    faders: list[list[Any]] | None = None, seed: str | None = None, progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """A piece, its score and its parts."""
    return _played(felt(emotion) or "neutral", instruments, key, tempo, faders, seed, seconds=seconds)


def paint(
    picture: str | None, seconds: float = 20.0, instruments: str | None = None, key: str | None = None, tempo: float | None = None,
    faders: list[list[Any]] | None = None, seed: str | None = None, progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """The music for a picture: it decides what is felt."""
    path = needed(picture, "picture", "Upload or take one.")
    return _played(None, instruments, key, tempo, faders, seed, seconds=seconds, picture=path)


def retune(
    tune: str | None, emotion: str, instruments: str | None = None, key: str | None = None, tempo: float | None = None,
    faders: list[list[Any]] | None = None, seed: str | None = None, progress: gr.Progress = PROGRESS,
) -> Made:  # fmt: skip
    """A tune, felt otherwise."""
    path = needed(tune, "tune", "Upload a MIDI file.")
    return _played(felt(emotion) or "neutral", instruments, key, tempo, faders, seed, like=path)


def _played(
    feeling: Any, instruments: str | None, key: str | None, tempo: float | None, faders: Any, seed: str | None, **options: Any
) -> Made:
    out = music(
        feeling, instruments=(instruments or "").strip() or None, key=(key or "").strip() or None, tempo_bpm=tempo or None,
        attributes=_set(faders), seed=seed_of(seed), **options,
    )  # fmt: skip
    made = saved(out, "music.wav", others=("music.mid", "music.musicxml"))
    parts = [str(path) for path in out.save_stems(Path(made.media).with_name("parts"))]
    return Made(made.media, made.sidecar, files=[*made.files, *parts])


def _set(rows: Any) -> dict[str, float] | None:
    """The table of faders -> those that have a value."""
    found = {}
    for row in rows or []:
        name, value = (*row, None)[:2] if isinstance(row, list | tuple) else (None, None)
        if name in BY_HAND and value not in (None, ""):
            try:
                found[str(name)] = float(value)
            except (TypeError, ValueError):
                raise InputError(str(name), f"{value!r} is no number", "Leave it empty to let the emotion decide.") from None
    return found or None


def rank(query: str | None, candidates: list[str] | None, progress: gr.Progress = PROGRESS) -> list[list[Any]]:
    """Music for a picture, or pictures for a piece: the best first, and why."""
    path = needed(query, "match", "Upload a picture or music.")
    others = needed(candidates, "match", "Upload some of the other kind.")
    found = match(path, others)
    return [[round(one.score, 3), one.item.file.rpartition("/")[2], one.because] for one in found]


def build(jobs: Jobs) -> None:
    """The forms."""
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Tabs():
                with gr.Tab("Compose") as compose:
                    gr.Markdown("Out of the feeling alone.", elem_classes="line")
                with gr.Tab("For a picture") as pictured:
                    picture = gr.Image(
                        label="A picture; it decides what is felt", type="filepath", sources=["upload", "webcam"], height=240,
                        elem_id="music-picture",
                    )  # fmt: skip
                with gr.Tab("Out of a tune") as tuned:
                    tune = gr.File(label="A tune (MIDI) to feel otherwise", file_types=[".mid", ".midi"], elem_id="music-tune", height=140)
            emotion = emotion_field(EXAMPLES[0][0], elem_id="music-emotion")
            seconds = gr.Slider(5, MOST_S, 15, step=1, label="Seconds", elem_id="music-seconds")
            with gr.Accordion("Who plays, and how", open=False):
                instruments = gr.Textbox(label="Instruments", placeholder="strings,piano", max_lines=1, max_length=200)
                key = gr.Textbox(label="Key", placeholder="D minor", max_lines=1, max_length=20)
                tempo = gr.Number(0, label="Tempo, beats a minute", info="0: the emotion decides.")
                faders = gr.Dataframe(
                    [[name, None] for name in BY_HAND], headers=["fader", "value"], type="array", label="Faders set by hand",
                    interactive=True, column_count=2, row_count=len(BY_HAND),
                )  # fmt: skip
            seed = seed_field()
            go, painted, retuned, cancel = buttons(
                "music", ("Compose", "music-go"), ("Compose for the picture", "paint-go"), ("Feel it otherwise", "retune-go")
            )
            gr.Examples(EXAMPLES, [emotion, seconds])
        with gr.Column(scale=5):
            sound = gr.Audio(label="Music", type="filepath", elem_id="music-out", buttons=["download"], interactive=False)
            result = Result(jobs, "music", sound, "score, parts")
    only([(compose, [go, emotion, seconds]), (pictured, [painted, seconds]), (tuned, [retuned, emotion])])
    how = [instruments, key, tempo, faders, seed]
    result.wire(go, cancel, make, [emotion, seconds, *how], "music")
    result.wire(painted, cancel, paint, [picture, seconds, *how], "music_for_picture")
    result.wire(retuned, cancel, retune, [tune, emotion, *how], "music_from_tune")
    with gr.Accordion("What goes together: pictures and music", open=False), gr.Row():
        with gr.Column():
            query = gr.File(label="A picture, or music", elem_id="match-query", height=120)
            others = gr.File(label="Music, or pictures", file_count="multiple", elem_id="match-others", height=140)
            ranked = gr.Button("Match", variant="primary", elem_id="match-go")
        table = gr.Dataframe(headers=["score", "file", "why"], label="The best first", interactive=False, wrap=True)
    ranked.click(jobs.wrapped(rank), [query, others], [table], api_name="match", **QUEUED)
