"""An emotion in words: its label and a short description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emogen.conditioning import polarity
from emogen.conditioning.atoms import Opposite, Point, Term
from emogen.conditioning.vocabulary import NEUTRAL

if TYPE_CHECKING:
    from emogen.conditioning.emotion import Emotion

# Words for amplitudes and for the ends of each axis: own choice, checked by nobody but readers.
_DEGREES = ((0.25, "a trace of"), (0.45, "slight"), (0.7, "moderate"), (1.05, "strong"), (9.0, "exaggerated"))
_EDGE = 0.15  # of an axis: nearer to 0 than this it is not mentioned
_MOST_NAMES = 3
_ALIKE = 0.4  # of the largest share: less likely readings of a VAD point are not mentioned
_LEAST_SHARE = 0.08  # of the largest amplitude: smaller ones are not mentioned


def degree(amplitude: float) -> str:
    """The word for an amplitude 0..1.5."""
    return next(word for top, word in _DEGREES if amplitude < top)


def pair_name(emotion: Emotion) -> str | None:
    """The name in Plutchik's wheel of an emotion that is made of exactly two of its terms, or None."""
    names = [name for name in emotion.weights if name != NEUTRAL]
    if len(names) != 2 or NEUTRAL in emotion.weights:
        return None
    pair = polarity.dyad(*names)
    return pair.name if pair else None


def label(emotion: Emotion) -> str:
    """The strongest term; of a named pair its name; of another written mixture its terms."""
    names = [name for name in emotion.amplitudes if name != NEUTRAL]
    pair = pair_name(emotion)
    if pair:
        return f"{pair} ({' + '.join(names)})"
    if len(emotion.parts) > 1 and all(isinstance(atom, Term) for atom, _ in emotion.parts):
        return " + ".join(names[:_MOST_NAMES])
    if len(emotion.parts) == 1 and isinstance(opposite := emotion.parts[0][0], Opposite):
        return f"opposite of {opposite.of}"
    return next(iter(emotion.weights))


def describe(emotion: Emotion) -> str:
    """Terms with their degrees, a pair's name, what it feels like on each axis, and the way it lies on."""
    if emotion.intensity <= 0.0:
        return NEUTRAL
    text = _feelings(emotion)
    pair = pair_name(emotion)
    text += f" ({pair})" if pair else ""
    text += f"; {', '.join(axis_words(*emotion.vad))}"
    if emotion.direction:
        source, target, amount = emotion.direction
        text += f"; {amount:.2g} of the way from {source} to {target}"
    return text


def axis_words(valence: float, arousal: float, dominance: float) -> list[str]:
    """What a VAD point feels like, one word for each axis that says something."""
    words = []
    if abs(valence) >= _EDGE:
        words.append("pleasant" if valence > 0 else "unpleasant")
    if abs(arousal) >= _EDGE:
        high = "excited" if valence >= 0 else "agitated"
        words.append(high if arousal > 0 else "calm" if valence >= 0 else "drained")
    if abs(dominance) >= _EDGE:
        words.append("in control" if dominance > 0 else "overpowered")
    return words or ["neither pleasant nor unpleasant"]


def _feelings(emotion: Emotion) -> str:
    found = emotion.amplitudes
    largest = max(found.values(), default=0.0)
    if next(iter(emotion.weights)) == NEUTRAL:
        return "almost neutral" + (f" with a trace of {next(iter(found))}" if found else "")
    atom = emotion.parts[0][0]
    if len(emotion.parts) == 1 and isinstance(atom, Opposite | Point):
        names = [name for name, a in found.items() if a >= _ALIKE * largest][:_MOST_NAMES]
        start = f"{label(emotion)}: like " if isinstance(atom, Opposite) else "like "
        return start + " or ".join([", ".join(names[:-1]), names[-1]] if names[:-1] else names)
    phrases = [f"{degree(a)} {name}" for name, a in found.items() if a >= _LEAST_SHARE * largest]
    return " with ".join([phrases[0], " and ".join(phrases[1:_MOST_NAMES])] if phrases[1:] else phrases)
