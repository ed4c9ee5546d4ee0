"""The neutral figure: skinned, drawn in software, and written as glTF and as video."""

from emogen.pipelines.gesture.figure.export import export_glb, save_video
from emogen.pipelines.gesture.figure.renderer import FigureRenderer, draw_frames
from emogen.pipelines.gesture.figure.rig import FigureRig, figure

__all__ = ["FigureRenderer", "FigureRig", "draw_frames", "export_glb", "figure", "save_video"]
