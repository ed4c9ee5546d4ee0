"""What is seen while nobody's face is: the place that the script tells of, or its own picture, in motion; and words over it.

A film of `pipelines.video` lasts as long as its scene and follows what is felt in the lines that it is seen with; faces
come between, and the place has gone on meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.pipelines.performance.plan import Beat
from emogen.pipelines.performance.shots import Draw


def felt(beats: Sequence[Beat], start_s: float) -> EmotionTrack:
    """What is felt in lines, in seconds from a start; between them the one goes over into the next."""
    keyframes: list[Keyframe] = []
    for beat in beats:
        length = beat.end_s - beat.start_s
        inner = [k.t for k in beat.emotion.keyframes if 0 < k.t < length]
        for t in (0.0, *inner, length):
            at_s = max(beat.start_s + t - start_s, 0.0)
            if not keyframes or at_s > keyframes[-1].t:
                keyframes.append(Keyframe(at_s, beat.emotion.at(t)))
    return EmotionTrack(tuple(keyframes))


def told(heading: str, beats: Sequence[Beat]) -> str | None:
    """The words that say what a scene shows: its heading first; None where there are none."""
    words = ". ".join([heading, *(beat.text for beat in beats)]).strip(". ")
    return words if any(c.isalpha() for c in words) else None


def caption(words: str, width: int, height: int) -> np.ndarray:
    """Words near the foot of a frame, white with a soft shadow: uint8 [height, width, 4], last channel alpha."""
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    if not words:
        return np.asarray(layer)
    size = max(12, height // 20)
    font = ImageFont.load_default(size=size)
    draw = ImageDraw.Draw(layer)
    lines = wrapped(words, font, int(width * 0.86))
    step = int(size * 1.3)
    top = height - int(height * 0.08) - step * len(lines)
    for i, line in enumerate(lines):
        left = (width - draw.textlength(line, font=font)) / 2
        draw.text((left, top + i * step), line, font=font, fill=(255, 255, 255, 255))
    alpha = np.asarray(layer)[..., 3]
    shadow = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), max(1.0, height / 170))
    out = np.asarray(layer).astype(np.float32)
    out[..., :3] *= (alpha / 255.0)[..., None]
    out[..., 3] = np.clip(np.maximum(alpha, shadow * 1.6), 0, 255)
    return out.astype(np.uint8)


def wrapped(words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Words in lines no wider than `width` pixels; at most three, the last cut with an ellipsis."""
    lines: list[str] = []
    for word in words.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines if len(lines) <= 3 else [*lines[:2], lines[2] + " …"]


def part(draw: Draw, words: str, *, first: int, length_s: float, fps: float, size: int) -> Draw:
    """A part of a film with a caption that comes and goes: the i-th frame of the part, uint8 [size, size, 3].

    Args:
        draw: Gives the frames of the film.
        words: The caption.
        first: The film's frame with which the part begins.
        length_s: Of the part.
        fps: Frames a second.
        size: Of the frames (px).
    """
    layer = caption(words, size, size).astype(np.float32)

    def drawn(i: int) -> np.ndarray:
        out, t = draw(first + i), i / fps
        alpha = min(1.0, (t - 0.3) / 0.6, (min(length_s, 5.0) - t) / 0.6)
        if alpha <= 0 or not words:
            return out
        cover = layer[..., 3:] / 255 * alpha
        over = layer[..., :3] * alpha * np.minimum(1, cover / np.maximum(cover, 1e-6))
        return np.asarray((out * (1 - cover) + over).clip(0, 255), np.uint8)

    return drawn
