"""How well emogen's music carries a feeling, and whether it is music: writes the measured part of `docs/music.md`.

python -m emogen.training.music_standing --out docs/music.md --cache FOLDER
"""
