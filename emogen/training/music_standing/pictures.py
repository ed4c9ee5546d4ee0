"""Pieces as pictures: piano rolls, one for each quadrant, and a track."""

from __future__ import annotations

from pathlib import Path

from emogen.media.score import Score
from emogen.training.music_standing.bench import EMBEDDED, QUADRANTS, Bench

NAME = "figures/music_pieces.png"
SAID = "One piece of each quadrant, and one whose feeling turns; colours are the parts, strength of colour is loudness."
COLOURS = {"melody": "#b03a2e", "harmony": "#2471a3", "pad": "#a9cce3", "bass": "#1d8348", "drums": "#777777"}
TURN = "0s calm; 12s tension; 24s triumph"
SECONDS = 32.0


def draw(bench: Bench, folder: Path) -> list[str]:
    """Draws them into `folder`/figures; the names of the files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    asked = [*(row[0] for row in QUADRANTS.values()), TURN]
    figure, axes = plt.subplots(len(asked), 1, figsize=(12, 2.4 * len(asked)), layout="constrained")
    for ax, emotion in zip(axes, asked, strict=True):
        score: Score = bench.pipe(EMBEDDED).write(emotion, seconds=SECONDS, seed=3)
        for track in score.tracks:
            role = next((r for r in COLOURS if f"({r})" in track.name), "harmony")
            for n in track.notes:
                left = score.seconds(n.start_beat)
                wide = score.seconds(n.start_beat + n.duration_beat) - left
                strong = 0.25 + 0.75 * n.velocity / 127
                ax.barh(
                    n.pitch,
                    wide,
                    left=left,
                    height=0.9,
                    color=COLOURS[role],
                    alpha=strong if role != "pad" else 0.4 * strong,
                )
        ax.set(xlim=(0, SECONDS), ylabel="pitch", title=f"{emotion}: {score.key}, {score.tempos[0][1]:.0f} bpm")
    axes[-1].set_xlabel("s")
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=70)
    plt.close(figure)
    return [NAME]
