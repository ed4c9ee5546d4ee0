"""emogen: media that feel like something on purpose.

One `Emotion` steers speech, faces, bodies, music, pictures and video; independent recognisers say how
well it comes across. The public names are imported when they are first used: `import emogen` loads no
network library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emogen._version import __version__

if TYPE_CHECKING:
    from emogen.calls import (
        convert,
        dialogue,
        edit_face,
        edit_image,
        edit_video,
        evaluate,
        gesture,
        image,
        load,
        match,
        music,
        perform,
        recognize,
        run_batch,
        speak,
        talk,
        video,
    )
    from emogen.conditioning.emotion import Emotion
    from emogen.conditioning.track import EmotionTrack
    from emogen.errors import EmogenError
    from emogen.pipelines.gesture.pipeline import GesturePipeline
    from emogen.pipelines.image.edit import ImageEditPipeline
    from emogen.pipelines.image.pipeline import ImagePipeline
    from emogen.pipelines.music.pipeline import MusicPipeline
    from emogen.pipelines.performance.pipeline import PerformancePipeline
    from emogen.pipelines.speech.dialogue import DialoguePipeline
    from emogen.pipelines.speech.pipeline import SpeechPipeline
    from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline
    from emogen.pipelines.talking_head.video_edit import FaceEditPipeline
    from emogen.pipelines.video.edit import VideoEditPipeline
    from emogen.pipelines.video.pipeline import VideoPipeline

_WHERE = {
    "Emotion": "emogen.conditioning.emotion",
    "EmotionTrack": "emogen.conditioning.track",
    "EmogenError": "emogen.errors",
    "DialoguePipeline": "emogen.pipelines.speech.dialogue",
    "SpeechPipeline": "emogen.pipelines.speech.pipeline",
    "TalkingHeadPipeline": "emogen.pipelines.talking_head.pipeline",
    "FaceEditPipeline": "emogen.pipelines.talking_head.video_edit",
    "GesturePipeline": "emogen.pipelines.gesture.pipeline",
    "MusicPipeline": "emogen.pipelines.music.pipeline",
    "ImageEditPipeline": "emogen.pipelines.image.edit",
    "ImagePipeline": "emogen.pipelines.image.pipeline",
    "VideoEditPipeline": "emogen.pipelines.video.edit",
    "VideoPipeline": "emogen.pipelines.video.pipeline",
    "PerformancePipeline": "emogen.pipelines.performance.pipeline",
    "convert": "emogen.calls",
    "dialogue": "emogen.calls",
    "speak": "emogen.calls",
    "talk": "emogen.calls",
    "edit_face": "emogen.calls",
    "gesture": "emogen.calls",
    "music": "emogen.calls",
    "image": "emogen.calls",
    "edit_image": "emogen.calls",
    "video": "emogen.calls",
    "edit_video": "emogen.calls",
    "perform": "emogen.calls",
    "recognize": "emogen.calls",
    "run_batch": "emogen.calls",
    "evaluate": "emogen.calls",
    "load": "emogen.calls",
    "match": "emogen.calls",
}
__all__ = [
    "DialoguePipeline",
    "EmogenError",
    "Emotion",
    "EmotionTrack",
    "FaceEditPipeline",
    "GesturePipeline",
    "ImageEditPipeline",
    "ImagePipeline",
    "MusicPipeline",
    "PerformancePipeline",
    "SpeechPipeline",
    "TalkingHeadPipeline",
    "VideoEditPipeline",
    "VideoPipeline",
    "__version__",
    "convert",
    "dialogue",
    "edit_face",
    "edit_image",
    "edit_video",
    "evaluate",
    "gesture",
    "image",
    "load",
    "match",
    "music",
    "perform",
    "recognize",
    "run_batch",
    "speak",
    "talk",
    "video",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'emogen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
