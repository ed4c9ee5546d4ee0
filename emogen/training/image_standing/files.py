"""Difficult pictures and videos, made on the spot: every kind that Pillow writes, whole and broken, and what only looks like one."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage import data as samples

from emogen.media.video import VideoWriter
from emogen.training.image_standing.bench import Picture

#: Kinds that Pillow writes out of a picture in colours, and the mode that they need.
KINDS = {
    "png": "RGB", "jpg": "RGB", "webp": "RGB", "gif": "P", "tif": "RGB", "bmp": "RGB", "ico": "RGB", "icns": "RGB", "ppm": "RGB",
    "tga": "RGB", "pcx": "RGB", "jp2": "RGB", "avif": "RGB", "dds": "RGB", "sgi": "RGB", "qoi": "RGB", "im": "RGB", "eps": "RGB",
    "pdf": "RGB", "xbm": "1", "msp": "1", "palm": "P",
}  # fmt: skip
#: Those that emogen reads.
READ = ("png", "jpg", "webp")
FLIPPED = 8  # bytes
ORIENTATION = 0x0112  # Exif 2.32, section 4.6.4
SIDE = 96


def small() -> Picture:
    """A photograph of 96 x 64 px."""
    return np.asarray(cv2.resize(samples.coffee(), (SIDE, SIDE * 2 // 3), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def written(kind: str) -> bytes | None:
    """A small photograph as a file of a kind; None where Pillow here cannot write it."""
    picture, out = Image.fromarray(small()).convert(KINDS[kind]), io.BytesIO()
    Image.init()
    try:
        picture.save(out, Image.EXTENSION[f".{kind}"])
    except (OSError, KeyError, ValueError):
        return None
    return out.getvalue()


def broken(data: bytes, ways: int, seed: int) -> Iterator[bytes]:
    """A file cut off, and with bytes flipped, in so many ways."""
    rng = np.random.default_rng(seed)
    for way in range(ways):
        if way % 3 == 0:
            yield data[: int(rng.integers(1, len(data)))]
            continue
        changed = bytearray(data)
        for at in rng.integers(0, len(data), FLIPPED if way % 3 == 1 else 1):
            changed[at] ^= 1 << int(rng.integers(8))
        yield bytes(changed)


def pictures(folder: Path) -> Iterator[tuple[str, Path, bool | None]]:
    """(what, file, whether it is to be edited or refused; None: either will do)."""
    photo = Image.fromarray(small())
    for name, wanted, picture in (
        ("1 x 1 px", False, photo.resize((1, 1))),
        ("1 x 4000 px", False, photo.resize((1, 4000))),
        ("32 x 32 px, the least", True, photo.resize((32, 32))),
        ("grey", True, photo.convert("L")),
        ("black and white, 1 bit", True, photo.convert("1")),
        ("16 bits, grey", True, Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)),
        ("palette", True, photo.convert("P")),
        ("transparent", True, _clear(photo)),
        ("nothing but transparent", True, Image.new("RGBA", (64, 64))),
        ("one colour", True, Image.new("RGB", (64, 64), (120, 120, 120))),
        ("black", True, Image.new("RGB", (64, 64))),
        ("white", True, Image.new("RGB", (64, 64), "white")),
    ):
        yield name, _saved(folder, f"{name}.png", picture), wanted
    palette = photo.convert("P")
    palette.save(folder / "clear_palette.png", transparency=0)
    yield "palette with a clear colour", folder / "clear_palette.png", True
    cv2.imwrite(str(folder / "deep.png"), small().astype(np.uint16) * 257)
    yield "16 bits, in colours", folder / "deep.png", True
    yield "CMYK JPEG", _saved(folder, "cmyk.jpg", photo.convert("CMYK")), True
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo.save(folder / "side.jpg", exif=exif)
    yield "lies on its side, upright by EXIF", folder / "side.jpg", True
    photo.save(folder / "moving.webp", save_all=True, append_images=[photo.rotate(90)])
    yield "animated WebP, the first picture counts", folder / "moving.webp", True
    photo.save(folder / "moving.png", save_all=True, append_images=[photo.rotate(90)])
    yield "animated PNG, the first picture counts", folder / "moving.png", True
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    yield "noise", _saved(folder, "noise.png", noise), True
    yield from _raw(folder, written("png") or b"")


def _raw(folder: Path, whole: bytes) -> Iterator[tuple[str, Path, bool | None]]:
    """What is made byte by byte."""
    for name, data, wanted in (
        ("60,000 x 60,000 px in 1 KB (a bomb)", _png(60_000, 60_000, zlib.compress(bytes(100_000))), False),
        ("2^31 - 1 px wide", _png(2**31 - 1, 32, b""), False),
        ("64 x 64 px, whose data unpack to 200 MB", _png(64, 64, zlib.compress(bytes(200_000_000), 9)), None),
        ("a text in it that unpacks to 200 MB", _with_text(whole, 200_000_000), None),
        ("a text named .png", b"not a picture", False),
        ("an empty file", b"", False),
        ("HTML", b"<html><body>hello</body></html>", False),
        ("a script named .png", b"#!/bin/sh\nrm -rf /\n", False),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", False),
        ("nothing but a header", whole[:33], False),
        ("a JPEG that begins and ends", b"\xff\xd8\xff\xd9", False),
        ("a GIF named .jpg", written("gif") or b"", False),
        ("PNG behind text", b"text" + whole, False),
        ("text behind a PNG", whole + b"text" * 100, None),
    ):
        path = folder / f"raw_{len(name)}_{sum(name.encode())}.png"
        path.write_bytes(data)
        yield name, path, wanted
    yield "a folder", folder, False
    yield "not there", folder / "none.png", False


def videos(folder: Path) -> Iterator[tuple[str, Path, bool | None]]:
    """The same of videos."""
    path = folder / "whole.mp4"
    with VideoWriter(path, fps=12, width=SIDE, height=SIDE * 2 // 3) as video:
        for i in range(6):
            video.write(np.roll(small(), 3 * i, axis=1))
    whole = path.read_bytes()
    yield "a plain video", path, True
    for name, data, wanted in (
        ("a video cut off in the middle", whole[: len(whole) // 2], None),
        ("a video without its head", whole[64:], False),
        ("a text named .mp4", b"not a video", False),
        ("an empty .mp4", b"", False),
        ("a picture named .mp4", written("jpg") or b"", False),
        ("a playlist named .mp4", b"#EXTM3U\nfile:///etc/passwd\n", False),
    ):
        other = folder / f"{name.replace(' ', '_')}.mp4"
        other.write_bytes(data)
        yield name, other, wanted
    for way, data in enumerate(broken(whole, 6, 1)):
        other = folder / f"broken_{way}.mp4"
        other.write_bytes(data)
        yield f"a broken video, {way + 1}", other, None
    yield "a folder for a video", folder, False
    yield "a video that is not there", folder / "none.mp4", False


def _saved(folder: Path, name: str, picture: Image.Image) -> Path:
    path = folder / name.replace(" ", "_").replace(",", "")
    picture.save(path)
    return path


def _clear(photo: Image.Image) -> Image.Image:
    found = photo.convert("RGBA")
    found.putalpha(Image.linear_gradient("L").resize(photo.size))
    return found


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, data: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _with_text(whole: bytes, size: int) -> bytes:
    return whole[:33] + _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b" " * size, 9)) + whole[33:]
