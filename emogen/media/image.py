"""Pictures <-> uint8 arrays `(h, w, 3)`, RGB.

Read: PNG, JPEG, WebP and nothing else; the size is taken from the header and checked before a pixel is
decoded. Written: the same three, with the provenance inside.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.errors import EmogenError, FormatError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.marks import mark_jpeg, mark_png
from emogen.media.provenance import Provenance
from emogen.media.sniff import expect_kind

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
JPEG_QUALITY = 95  # Pillow's documentation: above 95 the files grow with hardly any gain
WEBP_QUALITY = 95  # own assumption
ORIENTATION = 0x0112  # Exif 2.32, section 4.6.4
#: Exif 2.32, table 6: orientation -> quarter turns (counter-clockwise) after an optional left-right flip.
UPRIGHT = {2: (True, 0), 3: (False, 2), 4: (True, 2), 5: (True, 1), 6: (False, 3), 7: (True, 3), 8: (False, 1)}
#: What a transparent picture is laid on.
BACKGROUND = (255, 255, 255)


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Reads a PNG, JPEG or WebP file, upright by its EXIF orientation.

    Transparency is laid on white, 16 bits become 8, grey becomes RGB, of an animation the first picture counts.

    Returns:
        uint8 `(h, w, 3)`, RGB.

    Raises:
        InputError: No such file, or a side under `limits.image_min_side_px`.
        FormatError: Not a PNG, JPEG or WebP picture, or a broken one.
        LimitError: More pixels than `limits.image_pixels`.
    """
    path = Path(path)
    kind = expect_kind(path, "png", "jpeg", "webp", accepted="PNG, JPEG and WebP pictures")
    try:
        with open(path, "rb") as file:
            if kind == "webp":
                _check_size(path, *_webp_size(file.read(64)))
                file.seek(0)
            picture = _plugin(kind)(file)
            _check_size(path, *picture.size)
            picture.load()
            return _turned(_rgb(picture), _orientation(picture))
    except EmogenError:
        raise
    except MemoryError as error:
        raise LimitError(str(path), "does not fit into memory") from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, struct.error ... for broken files
        raise FormatError(str(path), f"is a broken {kind.upper()} picture") from error


def write_image(
    path: str | Path, array: NDArray[np.uint8], provenance: Provenance | None = None, *, prompt: str = ""
) -> Path:
    """Writes a picture by the suffix of `path`: `.png`, `.jpg`, `.jpeg` or `.webp`.

    Args:
        path: Where to, in a folder that exists.
        array: uint8 `(h, w, 3)`, RGB.
        provenance: The statement to write into the file.
        prompt: What was asked for in words; stands with seed and emotion in the PNG text `parameters`, which
            image viewers of the Stable Diffusion world show.

    Raises:
        InputError: Not such an array, or a path that cannot be written.
        OutputError: The file could not be written; nothing stays under its name.
    """
    from PIL import Image

    path = check_writable(path, SUFFIXES)
    array = np.asarray(array)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise InputError(str(path), f"an array {array.shape} of {array.dtype}", "Accepted: (h, w, 3) of uint8.")
    picture, buffer = Image.fromarray(np.ascontiguousarray(array)), io.BytesIO()
    try:
        if path.suffix.lower() == ".png":
            picture.save(buffer, "PNG")
        elif path.suffix.lower() == ".webp":
            xmp = provenance.xmp().encode("utf-8", "replace") if provenance else b""
            picture.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4, xmp=xmp)
        else:
            picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    except (ValueError, OSError) as error:  # a side longer than the format can say
        raise InputError(str(path), f"{array.shape[1]} x {array.shape[0]} px cannot be written: {error}") from error
    data = buffer.getvalue()
    if provenance and path.suffix.lower() == ".png":
        data = mark_png(data, provenance, _parameters(prompt, provenance))
    elif provenance and path.suffix.lower() != ".webp":
        data = mark_jpeg(data, provenance)
    with atomic_path(path) as part:
        part.write_bytes(data)
    return path


def _parameters(prompt: str, provenance: Provenance) -> str:
    """The text of `parameters`: the words asked for, then one line `Name: value, ...` of at least three pairs."""
    emotion = provenance.emotion.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    pairs = [f"Seed: {provenance.seed}"] if provenance.seed is not None else []
    pairs += [f'Emotion: "{emotion}"', f"Version: {provenance.generator} {provenance.version}", "Synthetic: true"]
    return f"{' '.join(prompt.split())}\n{', '.join(pairs)}"


def _plugin(kind: str) -> Any:
    """Pillow's reader of one format: `Image.open` would try others and warn about sizes by a global."""
    if kind == "png":
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile
    if kind == "jpeg":
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    return WebPImageFile


def _check_size(path: Path, width: int, height: int) -> None:
    size = f"{width:,} x {height:,} px"
    if width * height > LIMITS.image_pixels:
        found = f"{size} are {width * height:,} pixels; the limit is {LIMITS.image_pixels:,} (limits.image_pixels)"
        raise LimitError(str(path), found, "Make it smaller.")
    if min(width, height) < LIMITS.image_min_side_px:
        found = f"{size} are too few; both sides need {LIMITS.image_min_side_px} px (limits.image_min_side_px)"
        raise InputError(str(path), found)


def _webp_size(head: bytes) -> tuple[int, int]:
    """Width and height of the canvas (WebP container specification; RFC 6386, 9.1; WebP lossless, 3)."""
    form = head[12:16]
    if form == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no picture in it")


def _orientation(picture: Any) -> int:
    """1..8; 1 (upright) where there is no EXIF or a broken one."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # a broken EXIF block does not spoil the picture
        return 1


def _turned(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    flip, turns = UPRIGHT.get(orientation, (False, 0))
    return np.ascontiguousarray(np.rot90(array[:, ::-1] if flip else array, turns))


def _rgb(picture: Any) -> NDArray[np.uint8]:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16-bit grey: Pillow would clip it
        grey = np.asarray(picture).astype(np.int64).clip(0, 65_535)
        return np.repeat((grey >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (*BACKGROUND, 255))
        picture = Image.alpha_composite(ground, picture)
    return np.array(picture.convert("RGB"))
