"""A finish -> the moves it makes, in words, and how far such moves reach."""

from __future__ import annotations

from emogen.pipelines.image.look import Finish
from emogen.pipelines.image.places import Places

#: What an edit may be expected to do.
REACH = (
    "Light, colour and weather colour a feeling; what is shown makes it. On unseen themes of OASIS colour and texture "
    "explain a correlation of .22 with people's valence and .11 with arousal, in film under 1 % of the variance."
)
#: Number of a look -> from which change on it is worth a word, and the words for less and for more of it.
_LOOK = {
    "middle": (2.5, "darker", "lighter"),
    "chroma": (0.08, "paler colours", "richer colours"),
    "blacks": (2.0, "deeper blacks", "lifted blacks"),
    "whites": (2.0, "dimmed whites", "brighter whites"),
    "shadow_b": (2.5, "bluer shadows", "yellower shadows"),
    "shadow_a": (3.0, "greener shadows", "redder shadows"),
    "mid_b": (2.5, "cooler", "warmer"),
    "mid_a": (3.0, "greener", "redder"),
    "light_b": (3.0, "cooler lights", "golden lights"),
    "clarity": (0.12, "softer forms", "firmer forms"),
    "sharp": (0.12, "softer detail", "crisper detail"),
    "centre": (2.5, "light spread to the edges", "light gathered on the subject"),
    "top": (3.0, "a darker sky", "a lighter sky"),
    "haze": (0.04, "less haze", "haze in the distance"),
}
_EFFECTS = {
    "fog": "mist", "rain": "rain", "snow": "snow", "rays": "rays of light", "glow": "a glow of what is light",
    "leak": "a leak of light", "blur": "a shallower focus", "grain": "film grain",
}  # fmt: skip
LEAST = 0.08  # of an effect, to be worth a word
INDOORS = 0.05  # outdoors below which nothing falls


def told(finish: Finish, where: Places | None) -> list[str]:
    """The moves in words, those of colour and light first; none where nothing was changed."""
    if where is None:
        return []
    words = []
    for name, (least, less, more) in _LOOK.items():
        change = finish[name]
        if abs(change) >= least:
            words.append(more if change > 0 else less)
    for name, word in _EFFECTS.items():
        if finish[name] < LEAST:
            continue
        if name in ("rain", "snow") and where.outdoors < INDOORS:
            words.append(f"no {word}: no sky is seen")
        else:
            words.append(word)
    if where.face.max() > 0.5:
        words.append("faces left clear and skin near its own colour")
    return words
