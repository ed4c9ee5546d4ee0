"""The calls: content first, emotion second, everything else by keyword. Five lines over the pipelines each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emogen.conditioning.emotion import Emotion
    from emogen.conditioning.recognition import Recognition
    from emogen.conditioning.track import EmotionTrack
    from emogen.pipelines.performance.script import Script

    Feeling = str | Emotion | EmotionTrack | None


def _open(modality: str, backend: str) -> Any:
    from emogen.pipelines.base import open_backend

    return open_backend(modality, backend)


def speak(text: str | list[str], emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Text -> speech. Options: `voice`, `language`, `seed` ... as in `SpeechPipeline.__call__`."""
    return _open("speech", backend)(text, emotion, **options)


def talk(text: str | None = None, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Text or `audio=` -> a talking face. Options as in `TalkingHeadPipeline.__call__`."""
    return _open("talking_head", backend)(text, emotion, **options)


def gesture(audio: Any = None, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Speech (or `seconds=` of silence) -> body motion. Options as in `GesturePipeline.__call__`."""
    return _open("gesture", backend)(audio, emotion, **options)


def music(emotion: Feeling = None, prompt: str | None = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Emotion -> a piece of music. Options: `seconds`, `tempo_bpm`, `key` ... as in `MusicPipeline.__call__`."""
    return _open("music", backend)(prompt, emotion, **options)


def image(picture: Any, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A picture -> the same picture felt otherwise. Options as in `ImagePipeline.__call__`."""
    return _open("image", backend)(picture, emotion, **options)


def perform(
    script: str | Path | Script, output: str | Path | None = None, *, backend: str = "embedded", **options: Any
) -> Any:
    """A written story -> a performance; saved to `output` (.mp4) where one is given."""
    show = _open("performance", backend)(script, **options)
    if output is not None:
        show.save(output)
    return show


def recognize(text: str, *, backend: str = "embedded") -> Recognition:
    """The emotion in words, with confidence. `text` is the words, or the path of a .txt file."""
    from emogen.conditioning.text import TextRecognizer, read_text

    return TextRecognizer.load(backend).recognize(read_text(text))


def load(source: str | Path) -> Any:
    """Opens any saved pipeline of ours."""
    from emogen.pipelines.base import load as open_saved

    return open_saved(source)
