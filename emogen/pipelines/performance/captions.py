"""The words of a performance: subtitles with their times, and words in its pictures (title, headings, burnt subtitles)."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emogen.conditioning.sentences import split_sentences
from emogen.media.subtitles import LINE_CHARS, LINES, Subtitle
from emogen.pipelines.performance.plan import Plan

#: Subtitles hold at most this many characters (two lines of 42, as broadcasters' style guides ask).
SUBTITLE_CHARS = LINE_CHARS * LINES
#: In pictures that are higher than wide burnt subtitles are shorter: fewer characters fit a line that can be read.
HIGH_CHARS = 46
#: Letters as a share of the frame's height (wide) or width (high): burnt subtitles, headings, titles. EBU-TT-D's 160 %
#: cells come to 1/19 of the height; the others are our own choice.
LETTERS = {"words": (0.052, 0.058), "middle": (0.052, 0.058), "heading": (0.046, 0.050), "title": (0.080, 0.082)}
#: How many lines each may have, likewise.
ROWS = {"words": (3, 3), "middle": (3, 3), "heading": (2, 2), "title": (2, 3)}
#: Where the foot of burnt subtitles stands, share of the height: in a wide frame inside of the safe area for graphics (EBU
#: R 95: 5 % from each edge), in a high one above what players on phones lay over its last fifth.
FOOT = {"words": (0.93, 0.78), "middle": (0.53, 0.53)}
#: Where a title with the heading below it ends: at the foot of the frame, above burnt words, or where two pictures meet; at
#: the top it begins at `SAFE`, for frames that faces fill to the words. So it lies on no face.
ENDS = {"foot": (0.89, 0.78), "above": (0.77, 0.63), "middle": (0.485, 0.485)}
SAFE = 0.05
BETWEEN = 0.7  # between title and heading, in letters of the heading; own choice
#: The widest a line may be (share of the width).
WIDEST = 0.88
#: Scripts that our font has no letters for begin here (CJK).
BEYOND = 0x2E80


def subtitles(plan: Plan, spoken: Sequence[Any], most: int = SUBTITLE_CHARS) -> list[list[Subtitle]]:
    """The words of each beat as they are said, a sentence or a part of one at a time, by the times of the spoken words.

    Args:
        plan: With exact times.
        spoken: The voice of each beat, with `words`.
        most: Characters of one subtitle.
    """
    found = []
    for beat, said in zip(plan.beats, spoken, strict=True):
        pieces = [piece for sentence in split_sentences(beat.words) for piece in _pieces(sentence, most)]
        length = beat.end_s - beat.start_s
        starts = _starts(pieces, said.words, length)
        speaker = beat.role.name if beat.role.portrait else ""
        found.append(
            [
                Subtitle(round(beat.start_s + a, 3), round(beat.start_s + max(b, a + 0.3), 3), piece, speaker)
                for piece, a, b in zip(pieces, starts, [*starts[1:], length], strict=True)
            ]
        )
    return found


def unreadable(text: str) -> bool:
    """Whether a text has letters that cannot be burnt in."""
    return any(ord(c) >= BEYOND for c in text)


@dataclass(frozen=True, eq=False)
class Layer:
    """Words on a band of a frame: colours times cover float32 [h, w, 3] (0..255), cover [h, w, 1], and its first row."""

    colour: np.ndarray
    cover: np.ndarray
    top: int

    def over(self, out: np.ndarray, strength: float) -> None:
        """Lays it over a picture uint8 [h, w, 3] in place; strength 0 (or less: nothing) to 1."""
        if strength <= 0 or not self.cover.size:
            return
        part = out[self.top : self.top + len(self.cover)]
        part[:] = np.clip(part * (1 - strength * self.cover) + strength * self.colour + 0.5, 0, 255)


def burnt(words: str, width: int, height: int, *, middle: bool = False) -> Layer:
    """A subtitle in the picture: near its foot, or in the `middle`, where two pictures of a high frame meet."""
    kind = "middle" if middle else "words"
    return _layer(words, width, height, kind, round(height * FOOT[kind][height > width]))


def titles(title: str, heading: str, width: int, height: int, place: str) -> tuple[Layer | None, Layer | None]:
    """The title of the whole and the heading of a scene below it, each where there is one.

    Args:
        title: May be empty.
        heading: Likewise.
        width: Of the frame (px).
        height: Likewise.
        place: Where they end, one of `ENDS`, or "top".
    """
    sizes = {kind: _set(words, width, height, kind) for kind, words in (("title", title), ("heading", heading)) if words}
    tall = {kind: _step(size) * len(rows) for kind, (size, rows) in sizes.items()}
    gap = round(BETWEEN * sizes["heading"][0]) if len(sizes) == 2 else 0
    whole = sum(tall.values()) + gap
    foot = round(SAFE * height) + whole if place == "top" else round(height * ENDS[place][height > width])
    feet = {"title": foot - tall.get("heading", 0) - gap, "heading": foot}
    return (
        _layer(title, width, height, "title", feet["title"]) if title else None,
        _layer(heading, width, height, "heading", feet["heading"]) if heading else None,
    )


def _set(words: str, width: int, height: int, kind: str) -> tuple[int, list[str]]:
    """The size of letters (px), and the lines."""
    high = height > width
    size = max(12, round((width if high else height) * LETTERS[kind][high]))
    return size, wrapped(words, _font(size), int(width * WIDEST), ROWS[kind][high])


def _step(size: int) -> int:
    """From line to line (px)."""
    return round(size * 1.28)


@lru_cache(maxsize=32)
def _layer(words: str, width: int, height: int, kind: str, foot: int) -> Layer:
    size, rows = _set(words, width, height, kind)
    font, step = _font(size), _step(size)
    first = foot - step * len(rows)
    top = max(0, first - size)
    band = Image.new("L", (width, min(height, foot + size) - top))
    draw = ImageDraw.Draw(band)
    for i, row in enumerate(rows):
        draw.text(((width - font.getlength(row)) / 2, first - top + i * step), row, font=font, fill=255)
    letters = np.asarray(band, np.float32) / 255
    stroke = cv2.dilate(letters, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, size // 14) + 1,) * 2))
    shadow = np.clip(1.5 * cv2.GaussianBlur(stroke, (0, 0), size / 7), 0, 0.75)
    cover = np.maximum(np.maximum(letters, 0.85 * stroke if kind in ("words", "middle") else 0.0), shadow)
    return Layer((255 * letters)[..., None] * np.ones(3, np.float32), cover[..., None], top)


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    """DejaVu Sans (Latin, Greek, Cyrillic, Arabic, Hebrew ...), which matplotlib carries; without it Pillow's own."""
    found = importlib.util.find_spec("matplotlib")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "mpl-data/fonts/ttf/DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size=size)


def wrapped(words: str, font: Any, width: int, most: int = 3) -> list[str]:
    """Words in lines no wider than `width` pixels, of about one length; at most `most`, the last cut with an ellipsis."""
    lines = _filled(words, font, width)
    while len(lines) > 1 and (tighter := _filled(words, font, width * 0.94)) and len(tighter) == len(lines):
        width = int(width * 0.94)
        lines = tighter
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " …"]


def _filled(words: str, font: Any, width: float) -> list[str]:
    lines: list[str] = []
    for word in words.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _starts(pieces: list[str], words: Sequence[tuple[str, float, float]], length_s: float) -> list[float]:
    """When each piece begins (s): at its first word, found by the share of letters said before it."""
    letters = np.cumsum([0, *(len(w) for w, _, _ in words)])
    sizes = np.cumsum([0, *(sum(len(w) for w in p.split()) for p in pieces)])
    if not len(words):
        return [length_s * s / sizes[-1] for s in sizes[:-1]]
    shares = sizes[:-1] / max(sizes[-1], 1) * letters[-1]
    return [0.0, *(words[int(np.argmin(np.abs(letters[:-1] - share)))][1] for share in shares[1:])]


def _pieces(sentence: str, most: int) -> list[str]:
    pieces = [""]
    for word in sentence.split():
        if pieces[-1] and len(pieces[-1]) + 1 + len(word) > most:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {word}".strip()
    return pieces
