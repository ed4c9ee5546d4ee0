"""One photo of any person, moved by face curves."""

from emogen.pipelines.talking_head.photo_portrait.renderer import PhotoRenderer

__all__ = ["PhotoRenderer"]
