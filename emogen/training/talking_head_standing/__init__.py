"""Measures emogen's talking heads: the tables and pictures of `docs/talking_head.md`, by one command.

    python -m emogen.training.talking_head_standing --out docs/talking_head.md --cache FOLDER --portraits PHOTOS

Everything slow stays in the cache and is measured again when the code, the weights or the photos it came from change.
`--only speed` (or another part) measures that part anew and fills the page with it and with what the cache holds of the
others. The packs of faces and speech are needed (`emogen.training.packs`); photos of people are never written anywhere
but into the cache.
"""
