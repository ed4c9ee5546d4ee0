"""Measures emogen's speech: the tables and pictures of `docs/speech.md`, by one command.

    python -m emogen.training.speech_standing --out docs/speech.md --cache FOLDER

What was rendered and heard stays in the cache, so that a second run only does what is missing; what an altered system
had rendered is thrown away. The packs of acted speech are needed (`emogen.training.packs`), and pocketsphinx.
"""
