"""Items -> what a page can hold of them: small pictures, short sounds, sketches, excerpts; all within a budget.

Everything is read by the readers of `emogen.media`, which check sizes before they decode, and encoded again:
no byte of a file reaches the page as it is.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from emogen.errors import EmogenError, InputError
from emogen.evaluation.report import sketches
from emogen.evaluation.report.wording import clean
from emogen.evaluation.results import Item
from emogen.limits import LIMITS
from emogen.media.audio import Audio, limit_peak, read_audio
from emogen.media.image import read_image
from emogen.media.motion import read_bvh
from emogen.media.score import read_midi
from emogen.media.sniff import read_text
from emogen.media.video import probe, read_frames

PICTURE_PX, STILL_PX = 320, 200  # longer side of a picture, and of one of the stills of a video; own choice
WEBP_QUALITY = 60  # own choice: 10 kB for a picture of 320 px
STILLS = 4  # of a video; own choice
CLIP_S = 10.0  # of sound that can be played; own choice
FADE_S = 0.02  # where a sound is cut off; own choice
SPEECH_HZ, MUSIC_HZ = 16_000, 22_050  # 8 kHz carry a voice, 11 kHz music well enough to tell its mood; own choice
MP3_QUALITY = 0.6  # libsndfile's compression level 0..1, VBR: about 25 kbit/s for a voice; own choice
EXCERPT_CHARS = 480  # own choice
#: The end of the name of an item that is a part of its file, as `emogen.evaluation.items` writes it.
_PART = re.compile(r" \((\d+(?:\.\d+)?)-(\d+(?:\.\d+)?|end) s\)$")


@dataclass(frozen=True)
class Exhibit:
    """What is shown of one item.

    Attributes:
        pictures: Data URIs.
        sound: Data URI; "" where there is none.
        sketch: An SVG element; "" where there is none.
        excerpt: Of a text; "" where there is none.
        caption: What it is, or why there is nothing.
        same_as: Number of the item that shows the same already; None where this one shows it.
    """

    pictures: tuple[str, ...] = ()
    sound: str = ""
    sketch: Markup = field(default_factory=Markup)
    excerpt: str = ""
    caption: str = ""
    same_as: int | None = None

    @property
    def size(self) -> int:
        """Bytes on the page."""
        texts = (*self.pictures, self.sound, self.sketch, self.excerpt)
        return sum(len(text.encode("utf-8", "replace")) for text in texts)


class Gallery:
    """Gives exhibits until their bytes are used up. Items that matter most come first.

    Args:
        budget: Bytes of all exhibits together.
    """

    def __init__(self, budget: int) -> None:
        self.left = budget
        self.refused = 0
        self._shown: dict[tuple[str, str, tuple[float, float | None]], int] = {}

    def show(self, item: Item, number: int) -> Exhibit:
        """What is shown of an item; an exhibit with a caption alone where nothing can be."""
        if item.error:
            # A refused row of a manifest may name any file of the machine, which has no place in a report.
            return Exhibit(caption="not shown: it could not be judged")
        key = (str(item.path), item.kind, part_of(item.name))
        if key in self._shown:
            return Exhibit(same_as=self._shown[key])
        try:
            exhibit = _exhibit(item)
        except EmogenError as error:
            return Exhibit(caption=f"cannot be shown: {error.found}")
        if exhibit.size > self.left:
            self.refused += 1
            return Exhibit(caption="not shown: the report would become too large")
        self.left -= exhibit.size
        self._shown[key] = number
        return exhibit


def part_of(name: str) -> tuple[float, float | None]:
    """From and to which second an item lies in its file, by its name; to the end: None."""
    found = _PART.search(name)
    if not found:
        return 0.0, None
    return float(found[1]), None if found[2] == "end" else float(found[2])


def _exhibit(item: Item) -> Exhibit:
    if item.kind == "audio":
        sound, caption = _sound(item.path, item)
        return Exhibit(sound=sound, caption=caption)
    if item.kind == "video":
        return _video(item)
    if item.kind == "image":
        return Exhibit((_picture(read_image(item.path), PICTURE_PX),), caption="picture")
    if item.kind == "score":
        score = read_midi(item.path)
        cut = f"first {sketches.ROLL_S:.0f} s of " if score.duration_s > sketches.ROLL_S else ""
        return Exhibit(sketch=sketches.piano_roll(score), caption=f"{cut}{score.duration_s:.1f} s of notes")
    if item.kind == "motion":
        motion = read_bvh(item.path)
        if not len(motion.frames):
            return Exhibit(caption="no frames to show")
        return Exhibit(sketch=sketches.stick_figures(motion), caption=f"moments of {motion.duration_s:.1f} s, from the front")
    if item.kind == "text":
        text = clean(read_text(item.path, max_bytes=LIMITS.script_bytes, limit="script_bytes")).strip()
        short = text if len(text) <= EXCERPT_CHARS else text[:EXCERPT_CHARS].rstrip() + " …"
        return Exhibit(excerpt=short, caption=f"{len(text):,} characters")
    return Exhibit(caption=f"nothing to show of the kind {item.kind}")


def _video(item: Item) -> Exhibit:
    info = probe(item.path)
    start, end = part_of(item.name)
    stop = min(info.duration_s if end is None else end, info.duration_s)
    moments = start + (np.arange(STILLS) + 0.5) / STILLS * max(stop - start, 0.0)
    pictures = []
    for moment in moments:
        frame = next(iter(read_frames(item.path, float(moment))), None)
        if frame is not None:
            pictures.append(_picture(frame, STILL_PX))
    caption, sound = f"{len(pictures)} stills of {max(stop - start, 0.0):.1f} s, no sound", ""
    if info.audio_rate:
        try:
            sound, heard = _sound(item.path, item)
            caption = f"{len(pictures)} stills; sound: {heard}"
        except EmogenError:
            caption = f"{len(pictures)} stills; its sound cannot be read"
    return Exhibit(tuple(pictures), sound, caption=caption)


def _sound(path: Path, item: Item) -> tuple[str, str]:
    start, end = part_of(item.name)
    audio = _heard(str(path), MUSIC_HZ if item.modality == "music" else SPEECH_HZ)
    rate = audio.sample_rate
    piece = audio.samples[round(start * rate) : None if end is None else round(end * rate)]
    if not len(piece):
        raise InputError(item.name, "has no sound at its time")
    clip, length_s = np.array(piece[: round(CLIP_S * rate)], dtype=np.float32), len(piece) / rate
    if len(clip) < len(piece):
        fade = round(FADE_S * rate)
        clip[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    kind, data = _encoded(limit_peak(clip)[0], rate)
    caption = f"{length_s:.1f} s" if len(clip) == len(piece) else f"first {CLIP_S:.0f} s of {length_s:.1f} s"
    return _uri(kind, data), caption


@lru_cache(maxsize=1)
def _heard(path: str, rate_hz: int) -> Audio:
    """The sound of a file; kept, since the lines of a performance follow one another in one file."""
    return read_audio(path, sample_rate=rate_hz)


def _encoded(samples: NDArray[np.float32], rate_hz: int) -> tuple[str, bytes]:
    """Media type and bytes: MP3, which every browser plays; Ogg Vorbis where libsndfile is older than MP3."""
    import soundfile

    out = io.BytesIO()
    if "MP3" in soundfile.available_formats():
        soundfile.write(
            out, samples, rate_hz, format="MP3", subtype="MPEG_LAYER_III",
            compression_level=MP3_QUALITY, bitrate_mode="VARIABLE",
        )  # fmt: skip
        return "audio/mpeg", out.getvalue()
    soundfile.write(out, samples, rate_hz, format="OGG", subtype="VORBIS")
    return "audio/ogg", out.getvalue()


def _picture(pixels: NDArray[np.uint8], side_px: int) -> str:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=WEBP_QUALITY)
    return _uri("image/webp", out.getvalue())


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
