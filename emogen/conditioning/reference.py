"""`@file` in an emotion -> Emotion: the only place that turns a path inside an emotion into a read.

Who may read what differs: the command line reads in the current folder and wherever a path leads; a
manifest or script reads in its own folder without escape; the demo reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emogen.conditioning.emotion import Emotion
from emogen.errors import InputError
from emogen.limits import LIMITS

if TYPE_CHECKING:
    from emogen.conditioning.recognition import Recognition, Recognizer


def inside(folder: Path, name: str, where: str) -> Path:
    """A path in `folder`, or InputError; missing and forbidden read the same, so that neither can be probed."""
    refused = InputError(
        where, f'"{name}" is not a file in the folder of the script', "Paths may not leave that folder."
    )
    if "\0" in name or len(name) > 1_000 or Path(name).is_absolute():
        raise refused
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise refused
    except (OSError, ValueError, RuntimeError) as error:
        raise refused from error
    return path


def _text(path: Path) -> Emotion:
    from emogen.conditioning.text import TextRecognizer

    if path.stat().st_size > LIMITS.text_chars:
        raise InputError(
            f"@{path.name}", f"{path.stat().st_size} bytes", f"The limit is {LIMITS.text_chars} (limits.text_chars)."
        )
    try:
        words = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"@{path.name}", "is not UTF-8 text") from error
    return TextRecognizer.load("embedded").recognize(words).emotion


def _sound(path: Path) -> Emotion:
    """A voice, or music where it sounds like that."""
    from emogen.conditioning.audio import SpeechRecognizer, checked
    from emogen.conditioning.music import MusicRecognizer
    from emogen.conditioning.sound_kind import sound_kind

    reader: Recognizer = MusicRecognizer.load() if sound_kind(checked(path)) == "music" else SpeechRecognizer.load()
    return _felt(reader.recognize(path), path)


def _picture(path: Path) -> Emotion:
    """The face in it, or the picture itself where there is none."""
    from emogen.conditioning.face import FaceRecognizer
    from emogen.conditioning.image import ImageRecognizer

    face = FaceRecognizer.load().recognize(path)
    return _felt(face if face.confidence > 0.0 else ImageRecognizer.load().recognize(path), path)


def _video(path: Path) -> Emotion:
    """The face, or where there is none the voice."""
    from emogen.conditioning.audio import SpeechRecognizer
    from emogen.conditioning.face import FaceRecognizer
    from emogen.media.video import probe, read_frames

    fps = min(VIDEO_FPS, probe(path).fps)
    face = FaceRecognizer.load().recognize_frames(read_frames(path, 0.0, VIDEO_S, fps), fps)
    return _felt(face if face.confidence > 0.0 else SpeechRecognizer.load().recognize(path), path)


def _music(path: Path) -> Emotion:
    from emogen.conditioning.music import MusicRecognizer

    return _felt(MusicRecognizer.load().recognize(path), path)


def _motion(path: Path) -> Emotion:
    from emogen.conditioning.motion import MotionRecognizer

    return _felt(MotionRecognizer.load().recognize(path), path)


def _felt(found: Recognition, path: Path) -> Emotion:
    if found.confidence == 0.0:
        raise InputError(f"@{path.name}", f"carries no emotion that could be read: {found.note}")
    return found.emotion


VIDEO_FPS, VIDEO_S = 12.5, 60.0  # pictures a second and seconds of a video that are looked at

#: What can be heard, seen or read in a reference, by suffix.
READERS: dict[str, Callable[[Path], Emotion]] = {
    **dict.fromkeys((".txt", ".md"), _text),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a"), _sound),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp"), _picture),
    **dict.fromkeys((".mp4", ".mov", ".mkv", ".webm"), _video),
    **dict.fromkeys((".mid", ".midi"), _music),
    ".bvh": _motion,
}


class FolderResolver:
    """Reads references and descriptions.

    Args:
        folder: Where relative paths start.
        escape: Whether a path may lead out of `folder` (the command line: yes; scripts and manifests: no).
    """

    def __init__(self, folder: str | Path = ".", *, escape: bool = False) -> None:
        self.folder, self.escape = Path(folder), escape

    def describe(self, text: str) -> Emotion:
        """Words -> Emotion."""
        from emogen.conditioning.text import TextRecognizer

        return TextRecognizer.load("embedded").recognize(text).emotion

    def reference(self, path: str) -> Emotion:
        """A file -> Emotion, by the recogniser for its kind.

        Raises:
            InputError: Missing, out of the folder, or of a kind that no recogniser reads.
        """
        found = self.folder / path if self.escape else inside(self.folder, path, f"@{path}")
        if not found.is_file():
            raise InputError(f"@{path}", "no such file")
        reader = READERS.get(found.suffix.lower())
        if reader is None:
            raise InputError(
                f"@{path}", "no recogniser reads this kind of file", f"Accepted: {', '.join(sorted(READERS))}."
            )
        return reader(found)
