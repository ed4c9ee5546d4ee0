"""Tab: emotion, a picture or a tune -> music."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.calls import match, music
from emogen.demo.common import PROGRESS, emotion_field, felt, fresh_folder, polite, seed_field, seed_of
from emogen.errors import InputError

LINE = "A piece of music that follows the emotion; or the music for a picture; or your own tune, felt otherwise."
#: Faders that a visitor may take in hand.
BY_HAND = ("density", "rhythm", "register", "loudness", "dissonance")


@polite
def make(
    emotion: str,
    seconds: float,
    instruments: str | None,
    key: str | None,
    tempo: float | None,
    faders: list[list[Any]] | None,
    tune: str | None,
    picture: str | None,
    seed: str | None,
    progress: gr.Progress = PROGRESS,
) -> tuple[str, list[str], dict[str, Any]]:
    """A piece: its sound, its files (score and parts), and how it was made."""
    options: dict[str, Any] = {
        "seconds": None if tune else seconds,
        "instruments": (instruments or "").strip() or None,
        "key": (key or "").strip() or None,
        "tempo_bpm": tempo or None,
        "attributes": _set(faders),
        "like": tune,
        "picture": picture,
    }
    written = emotion.strip()
    out = music(felt(written) if written or not picture else None, seed=seed_of(seed), **options)
    folder = fresh_folder()
    files = [str(out.save(folder / name)) for name in ("music.mid", "music.musicxml")]
    files += [str(path) for path in out.save_stems(folder / "parts")]
    return str(out.save(folder / "music.wav")), files, out.sidecar()


def _set(rows: list[list[Any]] | None) -> dict[str, float] | None:
    """The table of faders -> those that have a value."""
    found = {}
    for name, value in rows or []:
        if value not in (None, ""):
            try:
                found[str(name)] = float(value)
            except (TypeError, ValueError):
                raise InputError(str(name), f"{value!r} is no number", "Leave it empty to let the emotion decide.") from None
    return found or None


@polite
def rank(query: str | None, candidates: list[str] | None) -> list[list[Any]]:
    """Music for a picture, or pictures for a piece: the best first, and why."""
    if not query or not candidates:
        raise InputError("match", "needs a picture and music", "Upload one of the one kind, some of the other.")
    found = match(query, candidates)
    return [[round(one.score, 3), one.item.file.rpartition("/")[2], one.because] for one in found]


def build() -> None:
    """The forms."""
    with gr.Row():
        with gr.Column():
            emotion = emotion_field("0s calm; 10s joy:0.9")
            seconds = gr.Slider(5, 180, 20, step=1, label="Seconds", elem_id="music-seconds")
            with gr.Accordion("Who plays, and how", open=False):
                instruments = gr.Textbox(label="Instruments", placeholder="strings,piano", max_lines=1, max_length=200)
                key = gr.Textbox(label="Key", placeholder="D minor", max_lines=1, max_length=20)
                tempo = gr.Number(0, label="Tempo, beats a minute", info="0: the emotion decides.")
                faders = gr.Dataframe(
                    [[name, None] for name in BY_HAND], headers=["fader", "value"], type="array", label="Faders set by hand",
                    interactive=True, column_count=2, row_count=len(BY_HAND),
                )  # fmt: skip
            with gr.Accordion("For a picture, or out of a tune", open=False):
                picture = gr.Image(label="A picture; with no emotion written, it decides", type="filepath", sources=["upload"])
                tune = gr.File(label="A tune (MIDI) to feel otherwise", file_types=[".mid", ".midi"], elem_id="music-tune")
            seed = seed_field()
            button = gr.Button("Compose", variant="primary", elem_id="music-go")
        with gr.Column():
            sound = gr.Audio(label="Music", type="filepath", elem_id="music-out", buttons=["download"])
            files = gr.File(label="Score (MIDI, MusicXML) and parts", elem_id="music-files")
            with gr.Accordion("How it was made", open=False):
                facts = gr.JSON()
    button.click(
        make, [emotion, seconds, instruments, key, tempo, faders, tune, picture, seed], [sound, files, facts], api_name="music"
    )
    with gr.Accordion("What goes together", open=False), gr.Row():
        with gr.Column():
            query = gr.File(label="A picture, or music", elem_id="match-query")
            others = gr.File(label="Music, or pictures", file_count="multiple", elem_id="match-others")
            ranked = gr.Button("Match", variant="primary", elem_id="match-go")
        table = gr.Dataframe(headers=["score", "file", "why"], label="The best first", interactive=False, wrap=True)
    ranked.click(rank, [query, others], [table], api_name="match")
