"""Measures emogen's gestures: the tables and pictures of `docs/gesture.md`, by one command.

    python -m emogen.training.gesture_standing --out docs/gesture.md --cache FOLDER

Everything slow stays in the cache and is measured again when the code or the weights it came from change. `--only speed`
(or another part) measures that part anew and fills the page with it and with what the cache holds of the others. The
packs of movement and speech are needed (`emogen.training.packs`).
"""
