"""What a model that reads words is told of a stretch of music: what it feels like, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence

from emogen.conditioning.emotion import Emotion
from emogen.pipelines.music.attributes import FADERS, Attributes
from emogen.pipelines.music.orchestra import ENSEMBLES

#: What the words of a fader are said of; a fader without one stands alone.
NOUNS = {
    "register": "melody", "density": "melody", "polyphony": "texture", "articulation": "notes", "loudness": "dynamics",
    "dynamics": "rhythm", "dissonance": "harmony", "bass": "bass", "brightness": "timbre",
}  # fmt: skip
#: How far from neutral, in halves of its range, a fader is named and is "very"; how many are named. Own assumption.
NAMED_FROM, VERY_FROM, NAMED = 0.1, 0.6, 6


def worded(prompt: str | None, emotion: Emotion, attributes: Attributes, neutral: Attributes, *, tempo_bpm: float | None,
           key: str | None, instruments: Sequence[str] | None) -> str:  # fmt: skip
    """The prompt. Where nothing is felt, the user's own words are left alone.

    Args:
        prompt: The user's own words.
        emotion: What is felt.
        attributes: How the music goes.
        neutral: How it goes where nothing is felt.
        tempo_bpm: A tempo that was asked for.
        key: A key that was asked for.
        instruments: Likewise, by name.
    """
    felt = emotion.intensity > 0
    parts = [prompt.strip() if prompt else "instrumental music" if felt else "plain instrumental music"]
    # The first two parts of a description name what is felt; what may follow says between which keyframes.
    parts += [f"mood: {', '.join(emotion.describe().split('; ')[:2])}"] if felt else []
    told = felt or not prompt
    if told:
        parts += described(attributes, neutral)
    if instruments:
        parts.append(_listed(instruments))
    elif told:
        parts.append(_listed(ensemble(attributes.feeling)))
    if key:
        parts.append(f"in {key}")
    elif told:
        parts.append(f"{'major' if attributes.mode >= 0.5 else 'minor'} key")
    if tempo_bpm is not None or told:
        parts.append(f"{round(attributes.tempo if tempo_bpm is None else tempo_bpm)} bpm")
    return ", ".join(parts)


def described(attributes: Attributes, neutral: Attributes) -> list[str]:
    """The attributes that stand out from neutral music, the tempo first and then the strongest, in their faders' words."""
    found = []
    for name, fader in FADERS.items():
        off = attributes.values[name] - neutral.values[name]
        share = abs(off) / (fader.high - fader.low) * 2
        if share >= NAMED_FROM and name != "mode":  # which is said as the key
            words = f"{'very ' if share >= VERY_FROM else ''}{fader.words[int(off > 0)]}"
            found.append((name != "tempo", -share, f"{words} {NOUNS[name]}" if name in NOUNS else words))
    return [words for _, _, words in sorted(found)[:NAMED]]


def ensemble(feeling: str) -> list[str]:
    """The instruments that our own arrangements use for a feeling, by name."""
    parts = ENSEMBLES[feeling][0]
    names = dict.fromkeys(p.name.lower() for p in (parts.melody, parts.harmony, parts.pad) if p is not None)
    return [*names, *(["drums"] if parts.drums else [])]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
