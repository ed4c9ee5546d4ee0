"""One photo of any person, moved by face curves; and the face in a picture of a video, expressed otherwise."""

from emogen.pipelines.talking_head.photo_portrait.edit import FaceEditor, reexpress, steady
from emogen.pipelines.talking_head.photo_portrait.renderer import PhotoRenderer

__all__ = ["FaceEditor", "PhotoRenderer", "reexpress", "steady"]
