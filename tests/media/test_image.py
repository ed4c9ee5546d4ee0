"""Pictures survive the way to a file and back, upright, and only pictures are read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emogen.errors import FormatError, InputError
from emogen.media.image import read_image, write_image
from emogen.media.provenance import Provenance

PROVENANCE = Provenance(emotion='joy:0.6+fear:0.3; "a trembling"', seed=7, models=("m",))


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 3, y * 4, (x + y) * 2], axis=2).clip(0, 255).astype(np.uint8)


def test_png_is_exact_and_jpeg_and_webp_are_close(tmp_path: Path) -> None:
    x = picture()
    assert np.array_equal(read_image(write_image(tmp_path / "a.png", x, PROVENANCE)), x)
    for name in ("a.jpg", "a.JPEG", "a.webp"):
        got = read_image(write_image(tmp_path / name, x, PROVENANCE))
        assert got.shape == x.shape
        assert np.abs(got.astype(int) - x).mean() < 6


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "webp"):
        files = [write_image(tmp_path / f"{i}.{suffix}", picture(), PROVENANCE) for i in range(2)]
        assert len({hashlib.sha256(f.read_bytes()).hexdigest() for f in files}) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_read_upright(tmp_path: Path, orientation: int) -> None:
    upright = picture()
    undo = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}[orientation]  # fmt: skip
    stored = Image.fromarray(upright) if undo is None else Image.fromarray(upright).transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), upright)


@pytest.mark.parametrize(
    ("mode", "value", "want"),
    [
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("I;16", 0x8000, (128, 128, 128)),
        ("1", 1, (255, 255, 255)),
        ("CMYK", (0, 0, 0, 0), (255, 255, 255)),
    ],
)
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str, value: object, want: tuple[int, int, int]) -> None:
    name = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new(mode, (40, 40), value).save(name)
    got = read_image(name)
    assert got.shape == (40, 40, 3)
    assert np.abs(got[20, 20].astype(int) - want).max() <= 1


def test_a_palette_with_transparency_lies_on_white(tmp_path: Path) -> None:
    shown = Image.new("P", (40, 40), 0)
    shown.putpalette([200, 0, 0, 0, 200, 0])
    shown.save(tmp_path / "a.png", transparency=0)
    assert tuple(read_image(tmp_path / "a.png")[5, 5]) == (255, 255, 255)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a picture")
    with pytest.raises(FormatError, match=r"a.jpg: is a text file. Accepted: PNG, JPEG and WebP pictures."):
        read_image(tmp_path / "a.jpg")
    Image.new("RGB", (64, 64)).save(tmp_path / "g.png", format="GIF")
    with pytest.raises(FormatError, match="is a GIF picture"):
        read_image(tmp_path / "g.png")
    write_image(tmp_path / "half.png", np.random.default_rng(0).integers(0, 255, (99, 99, 3), np.uint8))
    (tmp_path / "half.png").write_bytes((tmp_path / "half.png").read_bytes()[:2000])
    with pytest.raises(FormatError, match="broken PNG"):
        read_image(tmp_path / "half.png")


def test_a_picture_of_one_pixel_is_too_small(tmp_path: Path) -> None:
    write_image(tmp_path / "dot.png", np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(InputError, match=r"1 x 1 px are too few; both sides need 32 px"):
        read_image(tmp_path / "dot.png")


@pytest.mark.parametrize("array", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(InputError, match="Accepted"):
        write_image(tmp_path / "a.png", array)
    with pytest.raises(InputError, match=r"Accepted: .png, .jpg, .jpeg, .webp"):
        write_image(tmp_path / "a.bmp", picture())
    assert not list(tmp_path.iterdir())


def test_viewers_find_the_words_asked_for(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", picture(), PROVENANCE, prompt="a harbour\nat dawn")
    with Image.open(path) as shown:
        words, _, values = shown.text["parameters"].partition("\n")
        assert words == "a harbour at dawn"
        assert values.startswith('Seed: 7, Emotion: "joy:0.6+fear:0.3; \\"a trembling\\"", Version: emogen ')
        assert "trainedAlgorithmicMedia" in shown.info["xmp"].decode() if "xmp" in shown.info else shown.text
        assert '"synthetic":true' in shown.text["emogen"]
