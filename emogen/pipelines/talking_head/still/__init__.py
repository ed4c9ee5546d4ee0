"""One photo of any person, moved by face curves."""

from emogen.pipelines.talking_head.still.renderer import PhotoRenderer

__all__ = ["PhotoRenderer"]
