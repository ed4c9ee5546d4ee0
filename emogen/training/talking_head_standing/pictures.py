"""Pictures of the page: faces at the height of each feeling, and lips over time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from emogen.codecs.face import INDEX
from emogen.media.atomic import atomic_path
from emogen.training.speech_standing.run import NEUTRAL
from emogen.training.talking_head_standing import affect, lips
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import FPS, SAMPLE, SIZE, Bench, Subject
from emogen.training.talking_head_standing.lips import ALL, Mouth

FACES, LIPS = "figures/talking_head_faces.png", "figures/talking_head_lips.png"
PEOPLE, BORDERS = "people.png", "borders.png"
SIDE, LETTERS, TOP = 144, 14, 22  # pixels
COLOURS = 160  # of a picture for the page, so that it stays small
INK, PAPER, TARGET, RENDERED, SHUT = (20, 20, 20), (255, 255, 255), (150, 150, 150), (190, 30, 30), (214, 226, 240)
PLOT_W, PLOT_H, LEFT = 900, 150, 90
MARGIN = 0.12  # of a frame, cut off all round
Picture = NDArray[np.uint8]


def draw(bench: Bench, folder: Path, mouths: Sequence[Mouth] | None) -> list[str]:
    """The pictures for the page, in a folder, and that of everybody, in the cache; the names of the former."""
    shown = [s for s in bench.subjects if s.avatar or s.given == SAMPLE]
    names = [FACES]
    save(folder / FACES, faces(bench, shown), COLOURS)
    if mouths:
        names.append(LIPS)
        save(folder / LIPS, opening(bench, mouths), COLOURS)
    save(bench.cache / PEOPLE, faces(bench, bench.subjects, SIZE // 2))
    save(bench.cache / BORDERS, borders(bench))
    return names


def borders(bench: Bench) -> Picture:
    """Rows of pictures of a sentence said in anger, each photo's: where the head is turned most, to be looked at."""
    rows = []
    for subject in bench.photos:
        voice = bench.said(affect.TEXT)
        out = bench.learnt(audio=voice, emotion="anger", portrait=subject.renderer, fps=FPS, size=SIZE, seed=2)
        curves = out.motion.curves
        turn = [INDEX["headYaw"], INDEX["headPitch"], INDEX["headRoll"]]
        ends = [int(pick(curves[:, column])) for column in turn for pick in (np.argmin, np.argmax)]
        rows.append(np.hstack([_small(subject.renderer.render(curves[i]), SIZE // 2, 0.0) for i in ends]))
    return np.vstack(rows)


def faces(bench: Bench, subjects: Sequence[Subject], side: int = SIDE) -> Picture:
    """Rows of faces: each subject, held, at intensity 1 of each feeling."""
    rows = []
    for subject in subjects:
        row = []
        for asked in ALL:
            pipe, seed = bench.learnt, of.seed_of(subject.name, asked)
            out = pipe(audio=of.silence(affect.HELD_S), emotion=asked, portrait=subject.renderer, fps=FPS, size=SIZE, seed=seed)
            best = affect.apex(out.motion.curves, 1)[0]
            row.append(_small(subject.renderer.render(out.motion.curves[best]), side))
        rows.append(np.hstack(row))
    whole = Image.new("RGB", (side * len(ALL), TOP + side * len(rows)), PAPER)
    whole.paste(Image.fromarray(np.vstack(rows)), (0, TOP))
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(LETTERS)
    for i, asked in enumerate(ALL):
        pen.text((side * (i + 0.5), TOP / 2), asked, INK, font, anchor="mm")
    return np.asarray(whole)


def _small(frame: Picture, side: int, margin: float = MARGIN) -> Picture:
    edge = round(margin * len(frame))
    return np.asarray(cv2.resize(frame[edge : len(frame) - edge, edge : len(frame) - edge], (side, side), interpolation=cv2.INTER_AREA))


def opening(bench: Bench, mouths: Sequence[Mouth]) -> Picture:
    """Target and rendered opening of the sample photo under neutral and anger, closures shaded."""
    voice = bench.said(lips.TEXT)
    chosen = [m for asked in (NEUTRAL, "anger") for m in mouths if m.subject == "astronaut" and m.asked == asked]
    whole = Image.new("RGB", (LEFT + PLOT_W + 20, len(chosen) * (PLOT_H + TOP) + 30), PAPER)
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(LETTERS)
    seconds = max(len(m.target) for m in chosen) / FPS
    for number, mouth in enumerate(chosen):
        top = TOP + number * (PLOT_H + TOP)
        for phone, start, end in voice.phones:
            if phone[:1] in lips.LIPS:
                pen.rectangle((LEFT + PLOT_W * start / seconds, top, LEFT + PLOT_W * end / seconds, top + PLOT_H), SHUT)
        most = max(0.5, *mouth.target, *mouth.opening)
        for curve, ink in ((mouth.target, TARGET), (mouth.opening, RENDERED)):
            _line(pen, curve, seconds, top, most, ink)
        pen.rectangle((LEFT, top, LEFT + PLOT_W, top + PLOT_H), outline=INK)
        pen.text((8, top + PLOT_H / 2), mouth.asked, INK, font, anchor="lm")
    for second in range(int(seconds) + 1):
        pen.text((LEFT + PLOT_W * second / seconds, len(chosen) * (PLOT_H + TOP) + 6), f"{second} s", INK, font, anchor="ma")
    return np.asarray(whole)


def _line(pen: Any, curve: Sequence[float], seconds: float, top: int, most: float, ink: tuple[int, int, int]) -> None:
    at = LEFT + PLOT_W * np.arange(len(curve)) / FPS / seconds
    high = top + PLOT_H - PLOT_H * np.clip(np.array(curve), 0, most) / most
    pen.line([(float(x), float(y)) for x, y in zip(at, high, strict=True)], ink, 2)


def save(path: Path, picture: Picture, colours: int = 0) -> Path:
    """As PNG, with few colours where said."""
    image = Image.fromarray(picture)
    if colours:
        image = image.quantize(colours, dither=Image.Dither.NONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    with atomic_path(path) as part:
        part.write_bytes(buffer.getvalue())
    return path
