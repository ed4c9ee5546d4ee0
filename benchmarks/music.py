"""How fast music is made: 60 s as a score and as sound, and the first sound of endless music.

Targets on two cores: 60 s of score in at most 6 s, with sound in at most 12 s.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from emogen.training.music_standing.bench import Bench
from emogen.training.music_standing.speed import paces


def main() -> None:
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as place:
        found = paces(Bench(Path(place)))
    print(f"60 s as a score: {found['score_s']:.2f} s (at most 6)")
    print(f"60 s with sound, to a .wav: {found['sound_s']:.2f} s (at most 12)")
    print(f"first sound of endless music: {found['first_s']:.2f} s")


if __name__ == "__main__":
    main()
