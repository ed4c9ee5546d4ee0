"""What becomes of difficult pictures: each is made on the spot, opened, drawn, and looked at again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from copy import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data as samples

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.face_mesh import LEFT_CORNER, RIGHT_CORNER, find_faces, look
from emogen.errors import InputError
from emogen.media.image import read_image
from emogen.pipelines.talking_head.avatars import AvatarRenderer, avatar
from emogen.pipelines.talking_head.portraits import open_portrait
from emogen.training.speech_standing.page import Goal
from emogen.training.speech_standing.tables import table
from emogen.training.talking_head_standing import bench as of
from emogen.training.talking_head_standing.bench import Bench, Refused

PART = "inputs"
SIZE = 256
DRAWN, REFUSED, FAILED = "drawn", "refused", "failed"
EIGHT_K = (4320, 7680)
ORIENTATION = 0x0112  # Exif 2.32, section 4.6.4
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Tried:
    """What became of one input.

    Attributes:
        name: What it is.
        wanted: `DRAWN` or `REFUSED`; "" where either will do.
        outcome: `DRAWN`, `REFUSED` (with a message for the user) or `FAILED`.
        said: Notes or the message.
    """

    name: str
    wanted: str
    outcome: str
    said: str

    @property
    def right(self) -> bool:
        """Whether it came out as it should."""
        return self.outcome != FAILED and self.wanted in ("", self.outcome)


def measure(bench: Bench, run: bool = True) -> list[Tried] | None:
    """All of them."""
    said = of.version(Path(__file__), of.ROOT / "conditioning" / "face_mesh.py", of.ROOT / "media" / "image.py",
                      of.HEADS / "portraits.py", *of.PHOTO, *of.DRAWN)  # fmt: skip
    found = bench.kept(PART, said, _measure, run=run)
    return None if found is None else [Tried(**row) for row in found]


def _measure() -> list[dict[str, Any]]:
    print("inputs", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return [asdict(tried(name, path, wanted, face)) for name, path, wanted, face in made(Path(folder))]


def tried(name: str, path: Path, wanted: str, face: int | None = None) -> Tried:
    """Opens a picture as a user does, draws it smiling, and looks for the face in what came out."""
    try:
        renderer = open_portrait(path, size=SIZE, face=face)
        curves = np.zeros(len(FACE_CHANNELS), np.float32)
        curves[[*both("mouthSmile"), INDEX["jawOpen"]]] = 0.5
        there = len(find_faces(renderer.render(curves)))
    except InputError as error:
        return Tried(name, wanted, REFUSED, str(error).replace(str(path), path.name))
    except Exception as error:  # whatever else comes is what this looks for
        return Tried(name, wanted, FAILED, f"{type(error).__name__}: {error}")
    notes = "; ".join(renderer.notes) or "no note"
    return Tried(name, wanted, DRAWN if there else FAILED, notes if there else f"no face in what was drawn; {notes}")


def made(folder: Path) -> Iterator[tuple[str, Path, str, int | None]]:
    """(what, file, what should become of it, which face) of each input."""
    photo = samples.astronaut()
    head = np.ascontiguousarray(photo[:300, 80:380])
    yield "no face (a rocket)", _png(folder / "rocket.png", samples.rocket()), REFUSED, None
    yield "one colour", _png(folder / "grey.png", np.full((400, 400, 3), 128, np.uint8)), REFUSED, None
    two = _png(folder / "two.png", _beside(head, _resized(turned("ava", 0), 300, 300)))
    yield "two faces", two, DRAWN, None
    yield "two faces, the second asked for", two, DRAWN, 1
    yield "two faces, the third asked for", two, REFUSED, 2
    yield "turned by 30 degrees (an avatar)", _png(folder / "turned.png", turned("ava", 30)), DRAWN, None
    yield "profile (an avatar, 80 degrees)", _png(folder / "profile.png", turned("ben", 80)), REFUSED, None
    yield "glasses (painted on)", _png(folder / "glasses.png", with_glasses(photo)), DRAWN, None
    yield "a cat", _png(folder / "cat.png", samples.cat()), REFUSED, None
    yield "a drawing (a picture of an avatar)", _png(folder / "avatar.png", turned("mira", 0)), DRAWN, None
    yield "a pencil drawing", _png(folder / "pencil.png", pencil(photo)), "", None
    yield "64 x 64", _png(folder / "64.png", _resized(head, 64, 64)), REFUSED, None
    yield "8k, the face in the middle", _png(folder / "8k.png", _eight_k(photo)), DRAWN, None
    yield "11k, more pixels than the limit", _png(folder / "11k.png", np.zeros((5200, 11000, 3), np.uint8)), REFUSED, None
    yield from _files(folder, photo)


def _files(folder: Path, photo: Picture) -> Iterator[tuple[str, Path, str, int | None]]:
    """Kinds of files."""
    picture = Image.fromarray(photo)
    picture.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    yield f"CMYK JPEG{_same(folder / 'cmyk.jpg', photo)}", folder / "cmyk.jpg", DRAWN, None
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", exif=exif, quality=95)
    yield f"lies on its side, upright by EXIF{_same(folder / 'turned.jpg', photo)}", folder / "turned.jpg", DRAWN, None
    clear = picture.convert("RGBA")
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    clear.putalpha(Image.fromarray((255 * (np.hypot(x - 230, (y - 150) / 1.4) < 190)).astype(np.uint8)))
    clear.save(folder / "clear.png")
    yield "transparent PNG", folder / "clear.png", DRAWN, None
    picture.convert("L").save(folder / "grey.jpg", quality=95)
    yield "grey JPEG", folder / "grey.jpg", DRAWN, None
    frames = [picture, picture.rotate(3)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    yield "animated GIF", folder / "moving.gif", REFUSED, None
    frames[0].save(folder / "moving.webp", save_all=True, append_images=frames[1:])
    yield "animated WebP (the first picture counts)", folder / "moving.webp", DRAWN, None
    whole = (folder / "cmyk.jpg").read_bytes()
    (folder / "broken.jpg").write_bytes(whole[: len(whole) // 3])
    yield "a JPEG that breaks off", folder / "broken.jpg", REFUSED, None
    (folder / "text.png").write_text("not a picture", encoding="utf-8")
    yield "a text named .png", folder / "text.png", REFUSED, None


def _same(path: Path, photo: Picture) -> str:
    """How far what is read lies from the photo, as words."""
    read = read_image(path)
    if read.shape != photo.shape:
        return f" (read as {read.shape[1]} x {read.shape[0]})"
    return f" (read {np.abs(read.astype(float) - photo).mean():.1f} of 255 off)"


def _png(path: Path, picture: Picture) -> Path:
    Image.fromarray(picture).save(path)
    return path


def _resized(picture: Picture, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _beside(one: Picture, other: Picture) -> Picture:
    whole = np.full((one.shape[0], one.shape[1] + other.shape[1], 3), 200, np.uint8)
    whole[:, : one.shape[1]] = one
    whole[: other.shape[0], one.shape[1] :] = other
    return whole


def _eight_k(photo: Picture) -> Picture:
    large = cv2.resize(photo, (EIGHT_K[0], EIGHT_K[0]), interpolation=cv2.INTER_CUBIC)
    whole = np.full((*EIGHT_K, 3), 90, np.uint8)
    left = (EIGHT_K[1] - EIGHT_K[0]) // 2
    whole[:, left : left + EIGHT_K[0]] = large
    return whole


def turned(name: str, degrees: float) -> Picture:
    """An avatar seen from the side: the whole character is turned, which curves alone do not do so far."""
    plain = avatar(name, size=512)
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]], np.float32)
    rig = copy(plain.rig)
    before = plain.rig.pose

    def pose(curves: NDArray[np.float32]) -> Any:
        found = before(curves)
        found.points, found.normals = found.points @ matrix.T, found.normals @ matrix.T
        found.eyes = (found.eyes[0] @ matrix.T, found.eyes[1] @ matrix.T)
        return found

    rig.pose = pose  # type: ignore[method-assign]
    return AvatarRenderer(rig, size=512).render(np.zeros(len(FACE_CHANNELS), np.float32))


def with_glasses(photo: Picture) -> Picture:
    """A photo with glasses painted on."""
    points = look(photo).points[0][:, :2]
    right, left = points[RIGHT_CORNER], points[LEFT_CORNER]
    unit = float(np.linalg.norm(left - right))
    out = photo.copy()
    wide, high, thick, dark = round(0.24 * unit), round(0.19 * unit), max(2, round(0.035 * unit)), (25, 22, 20)
    (a, b), (c, d) = (np.rint(points[list(corners)].mean(axis=0)).astype(int).tolist() for corners in ((33, 133), (263, 362)))
    for middle in ((a, b), (c, d)):
        cv2.ellipse(out, middle, (wide, high), 0, 0, 360, dark, thick, cv2.LINE_AA)
    cv2.line(out, (a + wide, b), (c - wide, d), dark, thick, cv2.LINE_AA)
    return out


def pencil(photo: Picture) -> Picture:
    """A photo as a pencil drawing: what is darker than its surroundings."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lines = np.clip(255 * grey / np.maximum(cv2.GaussianBlur(grey, (0, 0), 5), 1), 0, 255).astype(np.uint8)
    return np.repeat(lines[:, :, None], 3, axis=2)


def goals(rows: list[Tried]) -> Iterator[Goal]:
    """What was aimed at."""
    wrong = [row.name for row in rows if not row.right]
    yield Goal("difficult pictures: drawn, or refused with a clear message", "all", f"{len(rows) - len(wrong)} of {len(rows)}", not wrong)


def section(rows: list[Tried], refused: list[Refused], photos: int) -> Iterator[str]:
    """Markdown."""
    yield "### Difficult pictures\n"
    yield "Made on the spot, mostly from scikit-image's samples; *drawn*: opened, drawn smiling, and the face found again in that.\n"
    lines = [[row.name, row.outcome if row.right else f"**{row.outcome}**", row.said.replace("|", "/")] for row in rows]
    yield from table(["", "", "note or message"], lines)
    yield f"\nOf the {photos + len(refused)} photos that were measured with, {len(refused)} were refused.\n"
    if refused:
        yield from table(["photo", "message"], [[r.name, r.message] for r in refused])
    yield ""
