"""How well emogen's pictures carry a feeling, and what an edit leaves as it was: writes the measured part of `docs/image.md`.

python -m emogen.training.image_standing --out docs/image.md --cache FOLDER
"""
