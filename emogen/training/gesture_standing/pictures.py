"""Pictures of the page: bodies under each feeling, and hands over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from emogen.codecs.body import BodyMotion
from emogen.pipelines.gesture.figure import FigureRenderer
from emogen.pipelines.gesture.listen import listen
from emogen.pipelines.gesture.speech import RATE_HZ
from emogen.training import kept
from emogen.training.gesture_standing import moves
from emogen.training.gesture_standing.bench import EMBEDDED, FPS, STANDING, Bench
from emogen.training.gesture_standing.clips import LABELS, restyled
from emogen.training.speech_standing.run import asked_for
from emogen.training.talking_head_standing.pictures import COLOURS, INK, LETTERS, PAPER, PLOT_H, PLOT_W, TOP, save

TALKING, RESTYLED, HANDS = (f"figures/gesture_{name}.png" for name in ("talking", "restyled", "hands"))
SAID = {
    TALKING: "One sentence, said neutrally, under each feeling at 1, where the hands are furthest from the hips' middle; front and side:",
    RESTYLED: "A recording of the judge's half (somebody waves), and what becomes of it; where the hand is highest:",
    HANDS: "Speed of the wrists (red: right, blue: left), loudness of the voice (grey), and strokes (lines; longer: with a meaning):",
}
WIDE, HIGH, LEFT = 118, 236, 80  # pixels
VIEWS: tuple[Literal["front", "side"], ...] = ("front", "side")
GREY, RIGHT_INK, LEFT_INK, LINE = (205, 205, 205), (190, 30, 30), (40, 70, 170), (60, 60, 60)
FASTEST = 250.0  # cm/s at the top of a plot
PLOTTED = ("neutral", "anger", "sadness")
Picture = NDArray[np.uint8]


def draw(bench: Bench, folder: Path, rows: object) -> list[str]:
    """The pictures for the page, in a folder; none where no clips were measured."""
    if not rows:
        return []
    save(folder / TALKING, _talking(bench), COLOURS)
    save(folder / RESTYLED, _restyled(bench), COLOURS)
    save(folder / HANDS, _hands(bench), COLOURS)
    return [TALKING, RESTYLED, HANDS]


def _talk(bench: Bench, label: str) -> Any:
    voice = bench.spoken[0]
    return bench.pipe(EMBEDDED)(audio=voice.said, emotion=asked_for(label, 1.0), fps=FPS, seed=kept.seed_of(voice.name, "gesture"))


def _talking(bench: Bench) -> Picture:
    found = [_talk(bench, label).motion for label in LABELS]
    return _titled([(m, int(np.linalg.norm(moves.wrists(m), axis=-1).max(axis=1).argmax())) for m in found])


def _restyled(bench: Bench) -> Picture:
    one = next(r for r in bench.neutral if r.content == STANDING[-1])
    found = [restyled(bench, EMBEDDED, one, asked_for(label, 1.0)) for label in LABELS]
    return _titled([(m, int(moves.wrists(m)[..., 1].max(axis=1).argmax())) for m in found])


def _titled(shown: list[tuple[BodyMotion, int]]) -> Picture:
    """Frames of movements, front and side, all at one scale, below their labels."""
    root = np.stack([m.root_cm[frame] * (0.0, 1.0, 0.0) for m, frame in shown])
    frames = BodyMotion(np.stack([m.rotations[frame] for m, frame in shown]), root, FPS)
    views = [FigureRenderer(frames, view=view, size=(WIDE, HIGH)) for view in VIEWS]
    columns = [np.vstack([view.render(i) for view in views]) for i in range(len(shown))]
    whole = Image.new("RGB", (WIDE * len(columns), TOP + len(columns[0])), PAPER)
    whole.paste(Image.fromarray(np.hstack(columns)), (0, TOP))
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(LETTERS)
    for i, label in enumerate(LABELS):
        pen.text((WIDE * (i + 0.5), TOP / 2), label, INK, font, anchor="mm")
    return np.asarray(whole)


def _hands(bench: Bench) -> Picture:
    voice = bench.spoken[0]
    heard = listen(voice.said.audio, voice.said.sample_rate, spoken=voice.said)
    whole = Image.new("RGB", (LEFT + PLOT_W + 20, len(PLOTTED) * (PLOT_H + TOP) + 30), PAPER)
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(LETTERS)
    for number, label in enumerate(PLOTTED):
        out, top = _talk(bench, label), TOP + number * (PLOT_H + TOP)
        seconds = len(out.motion.rotations) / FPS

        def at(s: float, value: float, top: int = top, seconds: float = seconds) -> tuple[float, float]:
            return LEFT + PLOT_W * s / seconds, top + PLOT_H * (1.0 - min(value, 1.0))

        loud = [at(i / RATE_HZ, 0.9 * v) for i, v in enumerate(heard.loudness) if i / RATE_HZ < seconds]
        pen.polygon([at(0.0, 0.0), *loud, at(seconds, 0.0)], GREY)
        for stroke in out.strokes:
            pen.line([at(stroke.at_s, 0.0), at(stroke.at_s, 1.0 if stroke.semantic else 0.3)], LINE, 2)
        speed = np.linalg.norm(np.gradient(moves.wrists(out.motion), axis=0), axis=-1) * FPS / FASTEST
        for side, ink in ((0, LEFT_INK), (1, RIGHT_INK)):
            pen.line([at(i / FPS, float(v)) for i, v in enumerate(speed[:, side])], ink, 2)
        pen.rectangle((LEFT, top, LEFT + PLOT_W, top + PLOT_H), outline=INK)
        pen.text((8, top + PLOT_H / 2), label, INK, font, anchor="lm")
    for second in range(int(voice.seconds) + 1):
        pen.text((LEFT + PLOT_W * second / voice.seconds, len(PLOTTED) * (PLOT_H + TOP) + 6), f"{second} s", INK, font, anchor="ma")
    return np.asarray(whole)
