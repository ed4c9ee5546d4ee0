"""A scene (a place and its attributes) -> a picture of it, drawn in layers; no photograph takes part."""
