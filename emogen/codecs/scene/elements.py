"""Element of a place (see places.csv) -> the function that draws it: `draw(stage) -> list[Layer]`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from emogen.codecs.scene.stage import Layer, Stage

#: Element -> module of this package; the function there has the element's name.
HOMES: dict[str, str] = {
    **dict.fromkeys(("sky",), "sky"),
    **dict.fromkeys(("sea", "lake", "river"), "water"),
    **dict.fromkeys(("hills", "mountains", "ridges", "islands", "mesas", "dunes", "rocks", "beach", "shore"), "terrain"),
    **dict.fromkeys(("meadow", "fields", "path", "road", "fence", "poles"), "ground"),
    **dict.fromkeys(("trees", "trunks", "conifers", "forest_edge", "undergrowth"), "plants"),
    **dict.fromkeys(("houses",), "street"),
    **dict.fromkeys(("pavement",), "paving"),
    **dict.fromkeys(("skyline", "blocks", "promenade", "lamps"), "buildings"),
    **dict.fromkeys(("town",), "town"),
    **dict.fromkeys(("quay",), "quay"),
    **dict.fromkeys(("room",), "interior"),
    **dict.fromkeys(("window",), "windows"),
    **dict.fromkeys(("furniture",), "furniture"),
    **dict.fromkeys(("people",), "people"),
    **dict.fromkeys(("birds", "animals"), "creatures"),
    **dict.fromkeys(("boats",), "boats"),
    **dict.fromkeys(("feast",), "festivity"),
    **dict.fromkeys(("things",), "things"),
}


def drawer(element: str) -> Callable[[Stage], list[Layer]]:
    """The function that draws an element."""
    return getattr(import_module(f"emogen.codecs.scene.{HOMES[element]}"), element)  # type: ignore[no-any-return]
