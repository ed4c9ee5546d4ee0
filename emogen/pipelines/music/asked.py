"""What is asked of a piece, checked before anything is composed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emogen.codecs.lead_sheet import LeadSheet
from emogen.codecs.score_reading import read_sheet
from emogen.conditioning.listener import Listener
from emogen.conditioning.matching import emotion_of_picture
from emogen.conditioning.track import EmotionTrack
from emogen.errors import InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.score import Score, read_midi
from emogen.pipelines.music.attributes import MODE_STEPS, MODES, Attributes
from emogen.pipelines.music.harmony import Key, parse_key
from emogen.pipelines.music.orchestra import check_instruments

#: Shorter than this no piece can begin and end (s); own assumption.
SHORTEST_S = 2.0
TEMPO_BPM = (30.0, 240.0)
#: Length where none is given, s.
USUAL_S = 20.0


@dataclass(frozen=True)
class Asked:
    """How a piece is to be, whatever it feels like.

    Attributes:
        seconds: Length; None: that of the tune.
        tempo_bpm: A fixed tempo.
        key: A fixed tonic, and mode where it names one.
        instruments: Who plays, by name.
        by_hand: Faders that stand still.
        tune: What is to be felt otherwise.
        picture: What the picture feels like that the music is for.
        leaning: What that picture's look adds to faders.
        listener: Whose feeling counts.
        facts: What was found out on the way, for the sidecar.
    """

    seconds: float | None
    tempo_bpm: float | None = None
    key: Key | None = None
    instruments: tuple[str, ...] | None = None
    by_hand: Mapping[str, float] = field(default_factory=dict)
    tune: LeadSheet | None = None
    picture: EmotionTrack | None = None
    leaning: Mapping[str, float] = field(default_factory=dict)
    listener: Listener | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def felt(self, words: str | None, track: EmotionTrack | None) -> EmotionTrack:
        """What is to be felt: as asked, else as the words say, else as the picture does, else nothing."""
        if track is None:
            spoken = words and (words if '"' in words else f'"{words}"')
            track = EmotionTrack.of(spoken) if spoken else self.picture or EmotionTrack.of("neutral")
        return track

    def set_by_hand(self, felt: Attributes) -> Attributes:
        """The attributes of an emotion, with what is fixed put in place."""
        if self.leaning:
            values = {name: value + self.leaning.get(name, 0.0) for name, value in felt.values.items()}
            felt = Attributes.within(values, felt.feeling)
        fixed: dict[str, Any] = dict(self.by_hand)
        if self.key is not None and self.key.mode is not None:
            fixed.setdefault("mode", shade(self.key.mode))
        if self.tempo_bpm is not None:
            fixed.setdefault("tempo", min(max(self.tempo_bpm, 40.0), 200.0))
        return felt.replaced(**fixed) if fixed else felt

    def contradicts(self, felt: Attributes) -> str:
        """A sentence where the key works against the feeling; else ""."""
        if self.key is None or self.key.mode is None:
            return ""
        bright = shade(self.key.mode) >= MODE_STEPS[2]
        if abs(felt.mode - 0.5) < 0.15 or bright == (felt.mode > 0.5):
            return ""
        return f"{self.key.mode} was asked for, against the feeling, which would be in {felt.scale}."


def shade(mode: str) -> float:
    """The middle of a mode's stretch of the mode fader."""
    place = list(MODES).index(mode)
    low = MODE_STEPS[place - 1] if place else 0.0
    return (low + min(MODE_STEPS[place], 1.0)) / 2


def asked_for(
    *, seconds: Any, tempo_bpm: Any, key: Any, instruments: Any, attributes: Any, like: Any, picture: Any, listener: Any
) -> Asked:
    """Checks the arguments of a call.

    Raises:
        InputError: One that cannot be used; the message names it.
        LimitError: Too long.
    """
    tune = None if like is None else read_sheet(_score(like))
    if seconds is None and tune is None:
        seconds = USUAL_S
    if seconds is not None:
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= SHORTEST_S:
            raise InputError("seconds", f"{seconds}", f"Accepted: {SHORTEST_S:g} to {LIMITS.music_s:g}.")
        if seconds > LIMITS.music_s:
            raise LimitError("seconds", f"{seconds:g}", f"The limit is {LIMITS.music_s:g} (limits.music_s).")
    if tempo_bpm is not None and not (_is_number(tempo_bpm) and TEMPO_BPM[0] <= tempo_bpm <= TEMPO_BPM[1]):
        raise InputError("tempo_bpm", f"{tempo_bpm}", f"Accepted: {TEMPO_BPM[0]:g} to {TEMPO_BPM[1]:g}.")
    by_hand = _faders(attributes)
    if tempo_bpm is not None and "tempo" in by_hand:
        raise InputError("tempo_bpm", "given together with the fader tempo", "Give one of the two.")
    if listener is not None and not isinstance(listener, Listener):
        listener = Listener.load(listener)
    emotion, why, leaning = (None, "", {}) if picture is None else emotion_of_picture(picture)
    return Asked(
        seconds=None if seconds is None else float(seconds),
        tempo_bpm=None if tempo_bpm is None else float(tempo_bpm),
        key=None if key is None else parse_key(key),
        instruments=_players(instruments),
        by_hand=by_hand,
        tune=tune,
        picture=None if emotion is None else EmotionTrack.of(emotion),
        leaning=leaning,
        listener=listener,
        facts={"picture": why} if why else {},
    )


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)


def _score(like: Any) -> Score:
    if isinstance(like, Score):
        return like
    if isinstance(like, (str, Path)):
        return read_midi(like)
    raise InputError("like", f"found {type(like).__name__}", "Accepted: a MIDI file (.mid), or a Score.")


def _faders(attributes: Any) -> dict[str, float]:
    if attributes is None:
        return {}
    if not isinstance(attributes, Mapping):
        raise InputError("attributes", f"found {type(attributes).__name__}", "Accepted: fader -> value.")
    given = dict(attributes)
    MIDDLE.replaced(**given)  # refuses what is no fader, or out of range
    return given


def _players(instruments: Any) -> tuple[str, ...] | None:
    if instruments is None:
        return None
    names = instruments.split(",") if isinstance(instruments, str) else instruments
    if not isinstance(names, Sequence) or not all(isinstance(n, str) and n.strip() for n in names) or not names:
        raise InputError("instruments", f"{instruments!r}"[:80], 'Accepted: names such as "strings,piano".')
    names = tuple(n.strip().lower() for n in names)
    check_instruments(names)
    return names


MIDDLE = Attributes.within(dict.fromkeys(Attributes.__dataclass_fields__, 0.0))
