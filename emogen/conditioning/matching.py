"""Pictures and music in one space of feeling: which tune goes with a picture, which picture with a tune.

How well two go together is T = a S + (1 - a) E, as in EMID (arXiv 2308.07622): E agreement in feeling, S agreement of
what is seen and heard. E: nearness in valence and arousal, and the chance that both carry the same of four feelings.
Each guide has a scale of its own, so valence and arousal count by their quantile among the pieces that a guide was tried
on. S: cross-modal correspondences (light and high, busy and dense ...), by the same quantiles of what was measured
(`correspondences.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.conditioning.correspondences import (
    Kind,
    correspondences,
    picture_measures,
    quantile,
    score_measures,
    sound_measures,
)
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.recognition import Recognition
from emogen.conditioning.vocabulary import NEUTRAL, norm
from emogen.errors import EmogenError, FormatError, InputError

Array = NDArray[np.float64]
AXES = ("valence", "arousal")
#: What first bytes say -> kind of item.
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("png", "jpeg", "webp"), "picture"),
    **dict.fromkeys(("wav", "flac", "ogg", "mp3"), "sound"),
    "midi": "score",
}  # type: ignore[assignment]
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
MUSIC = frozenset({".mid", ".midi", ".wav", ".flac", ".ogg", ".opus", ".mp3"})
ACCEPTED = "Accepted: png, jpg, webp; mid, wav, flac, ogg, mp3."
#: The four corners of valence and arousal in words, valence first.
CORNERS = ("joyful", "agitated", "calm", "sad")
#: Share of what is seen and heard in the score (own assumption: it picks among pieces of like feeling; more than that
#: costs agreement in feeling).
SENSED = 0.25
HIGH, APART = 0.67, 0.5  # quantile from which a measure is worth a word, and distance that is (own assumptions)
TOLD = 2  # of them named; of those that speak against, one
FELT = 0.35  # chance from which a feeling is named; 0.25 is none (own assumption)


@dataclass(frozen=True)
class Item:
    """A picture or a piece of music and its place in the shared space.

    Attributes:
        file: Its name as given.
        kind: What it is.
        recognition: What the guide found.
        felt: [2] quantiles of valence and arousal, 0..1.
        corners: [4] chances of `CORNERS`.
        sensed: Correspondence -> quantile 0..1.
    """

    file: str
    kind: Kind
    recognition: Recognition
    felt: Array
    corners: Array
    sensed: Mapping[str, float]

    @property
    def modality(self) -> str:
        """Either "picture" or "music"."""
        return "picture" if self.kind == "picture" else "music"

    @property
    def feeling(self) -> str:
        """The likeliest corner in a word, or "neither here nor there"."""
        return CORNERS[int(self.corners.argmax())] if self.corners.max() >= FELT else "of no clear feeling"


@dataclass(frozen=True)
class Match:
    """How well a candidate goes with what was asked for.

    Attributes:
        item: The candidate.
        score: 0..1.
        feeling: E, 0..1.
        senses: S, 0..1.
        because: Why, in words.
    """

    item: Item
    score: float
    feeling: float
    senses: float
    because: str

    def to_dict(self) -> dict[str, Any]:
        """One object of `emogen match --json`."""
        found = self.item.recognition.to_dict(self.item.file)
        found.pop("over_time", None)
        numbers = {"score": self.score, "feeling": self.feeling, "senses": self.senses}
        return {**found, **{name: round(x, 4) for name, x in numbers.items()}, "because": self.because}


@dataclass(frozen=True)
class Matches(Sequence[Match]):
    """Candidates, the best first.

    Attributes:
        query: What was asked for.
        ranked: The candidates that could be read.
        failed: (file, error) of the others.
    """

    query: Item
    ranked: tuple[Match, ...]
    failed: tuple[tuple[str, EmogenError], ...] = ()

    def __getitem__(self, index: Any) -> Any:
        return self.ranked[index]

    def __len__(self) -> int:
        return len(self.ranked)

    def __iter__(self) -> Iterator[Match]:
        return iter(self.ranked)

    def to_dict(self) -> dict[str, Any]:
        """The object of `emogen match --json`."""
        query = self.query.recognition.to_dict(self.query.file)
        query.pop("over_time", None)
        return {
            "query": query,
            "matches": [match.to_dict() for match in self.ranked],
            "failed": [{"file": file, "error": str(error)} for file, error in self.failed],
        }


# -- reading -------------------------------------------------------------------------------------------------------
def read(path: str | Path) -> Item:
    """A file -> its place in the shared space.

    Args:
        path: A picture (.png, .jpg, .webp), or music (.mid, .wav, .flac, .ogg, .mp3).

    Raises:
        EmogenError: It cannot be read, or is neither.
    """
    from emogen.media.sniff import kind_of

    found = kind_of(path)
    if found not in KINDS:
        raise FormatError(str(path), f"is of a kind ({found}) that is neither a picture nor music", ACCEPTED)
    kind = KINDS[found]
    try:
        recognition, measures = _READERS[kind](Path(path))
    except EmogenError as error:
        where = "" if str(path) in error.where else f"{error.where}: "
        raise type(error)(str(path), f"{where}{error.found}", error.accepted) from error
    return placed(str(path), kind, recognition, measures)


def placed(file: str, kind: Kind, recognition: Recognition, measures: Mapping[str, float]) -> Item:
    """What the guide and the measures say -> the place in the shared space.

    What can hardly be judged moves to the middle.
    """
    sure = recognition.confidence / max(recognition.distribution[recognition.label], 1e-9)
    vad = recognition.emotion.vad
    felt = np.array([quantile(kind, axis, float(vad[i])) for i, axis in enumerate(AXES)])
    corners = np.zeros(len(CORNERS))
    for label, chance in recognition.distribution.items():
        valence, arousal, _ = norm(label)
        if label == NEUTRAL:
            corners += chance / len(CORNERS)
        else:
            corners[2 * int(arousal < 0) + int(valence < 0)] += chance
    sensed = {
        c.name: float(np.mean([quantile(kind, name, measures[name]) for name in c.measures[kind]]))
        for c in correspondences()
    }
    return Item(file, kind, recognition, 0.5 + sure * (felt - 0.5), sure * corners + (1.0 - sure) / 4.0, sensed)


def _picture(path: Path) -> tuple[Recognition, dict[str, float]]:
    from emogen.conditioning.image import ImageRecognizer
    from emogen.media.image import read_image

    pixels = read_image(path)
    return ImageRecognizer.load().recognize(pixels), picture_measures(pixels)


def _score(path: Path) -> tuple[Recognition, dict[str, float]]:
    from emogen.conditioning.music import MusicRecognizer
    from emogen.conditioning.music_measures import notes_of
    from emogen.media.score import read_midi

    score = read_midi(path)
    notes = notes_of(score)
    if len(notes) < 2:
        raise InputError("", f"holds {len(notes) or 'no'} note{'' if len(notes) == 1 else 's'}", "Two are the least.")
    return MusicRecognizer.load().recognize(score), score_measures(notes)


def _sound(path: Path) -> tuple[Recognition, dict[str, float]]:
    from emogen.conditioning.audio import checked
    from emogen.conditioning.music import MusicRecognizer
    from emogen.conditioning.music_measures import SAMPLE_RATE_HZ
    from emogen.media.audio import Audio

    samples = checked(path)
    return MusicRecognizer.load().recognize(Audio(samples, SAMPLE_RATE_HZ)), sound_measures(samples)


_READERS = {"picture": _picture, "score": _score, "sound": _sound}


# -- comparing -----------------------------------------------------------------------------------------------------
def compared(query: Item, item: Item) -> Match:
    """How well two items go together.

    Raises:
        InputError: Both are pictures, or both are music.
    """
    if query.modality == item.modality:
        other = "music" if item.modality == "picture" else "pictures"
        both = (
            "is a picture, as what was asked for" if item.modality == "picture" else "is music, as what was asked for"
        )
        raise InputError(item.file, both, f"Give {other}.")
    feeling = agreement(query, item)
    senses = sensed_agreement(query, item)
    score = SENSED * senses + (1.0 - SENSED) * feeling
    return Match(item, score, feeling, senses, _because(query, item))


def agreement(one: Item, other: Item) -> float:
    """E, 0..1: mean of nearness in the quantiles of valence and arousal and of the chance of the same corner."""
    near = 1.0 - float(np.linalg.norm(one.felt - other.felt)) / np.sqrt(2.0)
    return float(0.5 * near + 0.5 * one.corners @ other.corners)


def sensed_agreement(one: Item, other: Item) -> float:
    """S, 0..1: weighted mean nearness in the quantiles of what is seen and heard."""
    near = [c.weight * (1.0 - abs(one.sensed[c.name] - other.sensed[c.name])) for c in correspondences()]
    return sum(near) / sum(c.weight for c in correspondences())


def wanted(query: Item, path: Path) -> bool:
    """Whether a file of a folder is, by its suffix, of the kind that a query is matched with."""
    return path.suffix.lower() in (MUSIC if query.modality == "picture" else PICTURES)


def ranked(query: Item, items: Iterable[tuple[str, Item | EmogenError]]) -> Matches:
    """Candidates, or the errors in their place, ranked; of equal scores the first given comes first.

    Raises:
        InputError: There is no candidate.
    """
    found: list[Match] = []
    failed: list[tuple[str, EmogenError]] = []
    for file, item in items:
        try:
            if isinstance(item, EmogenError):
                raise item
            found.append(compared(query, item))
        except EmogenError as error:
            failed.append((file, error))
    if not found and not failed:
        other = "music" if query.modality == "picture" else "picture"
        raise InputError(query.file, f"no {other} was given to match it with", ACCEPTED)
    return Matches(query, tuple(sorted(found, key=lambda match: -match.score)), tuple(failed))


def _because(query: Item, item: Item) -> str:
    picture, music = (query, item) if query.modality == "picture" else (item, query)
    same = picture.feeling == music.feeling
    told = [f"both {music.feeling}" if same else f"the picture {picture.feeling}, the music {music.feeling}"]
    speaks: list[str] = []
    against: list[str] = []
    for c in correspondences():
        seen, heard = picture.sensed[c.name], music.sensed[c.name]
        pair = f"{_phrases(music.kind)[c.measures[music.kind][0]][int(heard > 0.5)]} for {c.words[int(seen > 0.5)]}"
        if min(seen, heard) >= HIGH or max(seen, heard) <= 1.0 - HIGH:
            speaks.append(pair)
        elif abs(seen - heard) >= APART:
            against.append(f"but {pair}")
    notes = [f"{one.modality}: {one.recognition.note}" for one in (picture, music) if one.recognition.note]
    return "; ".join([*told, *speaks[:TOLD], *against[:1], *notes])


def _phrases(kind: Kind) -> Mapping[str, tuple[str, str]]:
    from emogen.conditioning.music_measures import SCORE_PHRASES, SOUND_PHRASES

    return SCORE_PHRASES if kind == "score" else SOUND_PHRASES


# -- a picture's music ---------------------------------------------------------------------------------------------
def emotion_of_picture(path: str | Path) -> tuple[Emotion, str, dict[str, float]]:
    """What music for a picture should feel like, and how the picture's look moves its faders.

    Returns:
        The emotion: what the guide found, its arousal spread as far as the norms of words for feelings are; why, in
        words; and fader -> what to add to it, in its unit (register in semitones ...), 0 for a picture like any other.

    Raises:
        EmogenError: It is no picture that can be read, or one in which there is nothing to see.
    """
    from emogen.conditioning.image import AROUSAL_GAIN, AROUSAL_MIDDLE

    item = read(path)
    if item.kind != "picture":
        raise InputError(str(path), "is music", "Give a picture: png, jpg or webp.")
    found = item.recognition
    if found.confidence == 0.0:
        raise InputError(str(path), f"carries no emotion that could be read: {found.note}")
    valence, arousal, dominance = found.emotion.vad
    stirred = float(np.clip(AROUSAL_GAIN * (arousal - AROUSAL_MIDDLE), -1.0, 1.0))
    emotion = Emotion.measured(found.emotion.weights, (valence, stirred, dominance), found.emotion.intensity)
    faders: dict[str, float] = {}
    told = [found.because]
    for c in correspondences():
        lean = 2.0 * item.sensed[c.name] - 1.0
        faders |= {fader: round(lean * span, 3) for fader, span in c.faders.items()}
        if abs(lean) >= 2.0 * HIGH - 1.0:
            moved = ", ".join(f"{fader} {lean * span:+.2g}" for fader, span in c.faders.items())
            told.append(f"{c.words[int(lean > 0)]}: {moved}")
    return emotion, "; ".join(told), faders
