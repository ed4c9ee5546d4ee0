"""Who takes part in a dialogue: name -> voice, temper and place, from YAML or a mapping.

Written in a file:

    Mara:
      voice: alto                     # or the fields of a Voice: {f0_hz: 190, breath: 0.3}
      mood: sadness:0.3               # lies under all that she says without a written emotion
      personality: {neuroticism: 0.8, agreeableness: 0.6}
      pan: -0.3
    Tom: {voice: tenor, language: en, volume_db: -2, intensity: 1.2, ssml: true}

Who is not in it gets a voice of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.policy import find_policy
from emogen.conditioning.reference import FolderResolver
from emogen.errors import EmogenError, InputError, LimitError
from emogen.pipelines.lines import NARRATOR, can_be_named, key, only_known, read_source, read_yaml, traits
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.voices import VOICES, Voice

#: The voice of whoever has none, in order of appearance; after the last one they begin again, a little changed.
IN_ORDER = ("alto", "tenor", "soprano", "bass", "grandmother", "child", NARRATOR)
#: Pitch and vocal tract of each further round; own assumption.
ROUND_F0, ROUND_FORMANTS = 1.12, 1.04
FIELDS = ("voice", "portrait", "language", "mood", "personality", "policy", "agent", "volume_db", "pan", "intensity", "ssml")
_RANGES = {"volume_db": (-40.0, 12.0), "pan": (-1.0, 1.0), "intensity": (0.0, 3.0)}
MEMBERS = 200  # of one cast; own assumption
NAMED = 8  # of those who speak are named where somebody is not found; own assumption
NOTHING = Emotion()
_YAML = "YAML, one `NAME: {voice: alto}` a line"


@dataclass(frozen=True)
class Member:
    """One who speaks.

    Attributes:
        name: As written.
        voice: A name of `VOICES` (or of a backend's own voices), or a `Voice`; None: by order of appearance.
        portrait: Who is seen in a performance: `avatar:NAME`, `sample:NAME` or a picture's path in the folder of the script;
            None: nobody's in particular, `none`: nobody is.
        language: Code of what they speak; None: the dialogue's.
        mood: Lies under all that they say without a written emotion.
        personality: Trait -> 0..1; see `emogen.conditioning.personality`.
        policy: How they answer what others feel; one of `emogen.conditioning.policy.POLICIES`. None: as they feel.
        agent: Whether they are the one whom a policy of the whole performance is for.
        volume_db: Added to the level, -40..12.
        pan: -1 left .. 1 right.
        intensity: How strongly to act, 0..3: a factor on the intensity of all that they feel.
        ssml: Whether their lines are SSML.
    """

    name: str
    voice: str | Voice | None = None
    portrait: str | None = None
    language: str | None = None
    mood: Emotion = NOTHING
    personality: dict[str, float] = field(default_factory=dict, hash=False)
    policy: str | None = None
    agent: bool = False
    volume_db: float = 0.0
    pan: float = 0.0
    intensity: float = 1.0
    ssml: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        voice = self.voice.to_dict() if isinstance(self.voice, Voice) else self.voice
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"voice": voice, "mood": str(self.mood)}


Cast = Mapping[str, Member]


def read_cast(given: str | Path | Mapping[Any, Any] | None) -> dict[str, Member]:
    """A cast by key of the name, in order.

    Args:
        given: The path of a YAML file, or a mapping name -> fields (or `Member`); None: nobody in particular.

    Raises:
        InputError: A file that is no cast, a field that is unknown or cannot be used; with its place.
        LimitError: A file larger, or a cast greater, than the limits.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return cast_of(given, lambda *_: "cast", Path())
    if not isinstance(given, (str, Path)):
        raise InputError("cast", f"found {type(given).__name__}", f"Accepted: a file of {_YAML}, or a mapping.")
    path = Path(given)
    found, places = read_yaml(read_source(path, _YAML), path.name, "the cast")
    if not isinstance(found, Mapping):
        raise InputError(path.name, "is not a list of names with fields", f"Accepted: {_YAML}.")

    def where(*keys: str) -> str:
        number = next((places[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in places), None)
        return path.name if number is None else f"{path.name} line {number}"

    return cast_of(found, where, path.parent)


def cast_of(found: Mapping[Any, Any], where: Callable[..., str], folder: Path) -> dict[str, Member]:
    """The cast of a mapping.

    Args:
        found: Name -> fields, or `Member`.
        where: `(*keys)` -> the place of what stands under these keys, for messages.
        folder: Of files named in moods.

    Raises:
        InputError: As `read_cast`.
        LimitError: Likewise.
    """
    if len(found) > MEMBERS:
        raise LimitError(where(), f"{len(found)} names; the limit is {MEMBERS}")
    cast: dict[str, Member] = {}
    for who, entry in found.items():
        if not isinstance(who, str):
            raise InputError(where(str(who)), f"{who!r:.40} is not a name", "Write it in quotes if it is one.")
        name = entry.name if isinstance(entry, Member) else " ".join(who.split())
        here = f"{where(who)}, {name[:40]}"
        if not can_be_named(name):
            accepted = "Accepted: up to 40 letters, digits, blanks, dots, ' and -, a letter first."
            raise InputError(where(who), f'no line can begin with the name "{name[:60]}"', accepted)
        if key(name) in cast:
            raise InputError(here, "stands in the cast twice")
        cast[key(name)] = entry if isinstance(entry, Member) else _member(name, entry, here, partial(where, who), folder)
    return cast


def _member(name: str, entry: Any, here: str, line: Callable[[str], str], folder: Path) -> Member:
    def where(part: str) -> str:
        return f"{line(part)}, {name}, {part}"

    entry = {} if entry is None else entry
    if not isinstance(entry, Mapping):
        raise InputError(here, f"found {entry!r:.40}", "Write fields: {voice: alto, mood: joy:0.3}.")
    only_known(entry, FIELDS, here)
    given = {k: v for k, v in entry.items() if v is not None}
    return Member(
        name,
        _voice(name, given.get("voice"), where("voice")),
        _words(given.get("portrait"), where("portrait")),
        _language(given.get("language"), where("language")),
        _mood(given.get("mood", "neutral"), where("mood"), folder),
        traits(given.get("personality"), where("personality")),
        _policy(given.get("policy"), where("policy")),
        _yes(given.get("agent", False), where("agent")),
        **{part: _number(given.get(part), part, where(part)) for part in _RANGES},
        ssml=_yes(given.get("ssml", False), where("ssml")),
    )


def _voice(name: str, found: Any, where: str) -> str | Voice | None:
    if found is None or isinstance(found, (str, Voice)):
        return found
    accepted = tuple(f.name for f in fields(Voice))
    if not isinstance(found, Mapping):
        known = ", ".join(VOICES)
        raise InputError(where, f"found {found!r:.40}", f"Accepted: a name such as {known}, or the fields of a voice.")
    only_known(found, accepted, where)
    try:
        return Voice(**{"name": name, **found})
    except InputError as error:
        raise _placed(error, where) from error


def _language(found: Any, where: str) -> str | None:
    if found is None:
        return None
    try:
        return find_language(found).code
    except InputError as error:
        raise InputError(where, error.found, error.accepted) from error


def _mood(found: Any, where: str, folder: Path) -> Emotion:
    if isinstance(found, Emotion):
        return found
    if not isinstance(found, str):
        raise InputError(where, f"found {found!r:.40}", "Accepted: an emotion, as in sadness:0.3.")
    try:
        return Emotion.parse(found, resolver=FolderResolver(folder, escape=False))
    except InputError as error:
        raise _placed(error, where) from error


def _words(found: Any, where: str) -> str | None:
    if found is not None and not (isinstance(found, str) and found.strip()):
        raise InputError(where, f"found {found!r:.40}", "Accepted: avatar:NAME, sample:NAME, a picture's path, or none.")
    return found


def _policy(found: Any, where: str) -> str | None:
    if found is None:
        return None
    try:
        return find_policy(found)
    except InputError as error:
        raise InputError(where, error.found, error.accepted) from error


def _number(found: Any, part: str, where: str) -> float:
    low, high = _RANGES[part]
    if found is None:
        return 1.0 if part == "intensity" else 0.0
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not isfinite(found) or not low <= found <= high:
        raise InputError(where, f"found {found!r:.40}", f"Accepted: {low:g} to {high:g}.")
    return float(found)


def _yes(found: Any, where: str) -> bool:
    if not isinstance(found, bool):
        raise InputError(where, f"found {found!r:.40}", "Accepted: true or false.")
    return found


def _placed(error: EmogenError, where: str) -> EmogenError:
    return type(error)(f"{where}, {error.where}", error.found, error.accepted)


def strangers(names: Iterable[str], cast: Mapping[str, Member], where: str) -> tuple[str, ...]:
    """What is to be said of those in a cast who say nothing: a slip of the pen, or somebody of another story.

    Args:
        names: Of those who speak.
        cast: Who is known.
        where: Whose cast it is.
    """
    spoken = {key(name): name for name in names}
    notes = []
    for who, member in cast.items():
        if who not in spoken and who != NARRATOR:
            near = get_close_matches(who, set(spoken) - set(cast) or spoken, n=1)
            hint = f'Did you mean "{spoken[near[0]]}"?' if near else f"Who speaks: {', '.join(list(spoken.values())[:NAMED])}."
            notes.append(f'{where}: "{member.name}" stands in the cast and says nothing. {hint}')
    return tuple(notes)


def complete(names: Sequence[str], cast: Cast) -> dict[str, Member]:
    """Everybody who speaks, by key, each with a voice.

    Args:
        names: As they first stand in the dialogue, in order of appearance.
        cast: Who is known; the rest gets a voice that nobody has.
    """
    taken = {member.voice if isinstance(member.voice, str) else "" for member in cast.values()}
    free = [name for name in IN_ORDER if name not in taken and name != NARRATOR]
    found: dict[str, Member] = {}
    given = 0
    for name in names:
        member = cast.get(key(name)) or Member(name)
        if member.voice is None and key(name) == NARRATOR:
            member = replace(member, voice=NARRATOR)
        elif member.voice is None:
            member = replace(member, voice=free[given] if given < len(free) else _another(given - len(free)))
            given += 1
        found[key(name)] = member
    return found


def _another(number: int) -> Voice:
    """A voice beyond those that have names: one of them, up and down in turn."""
    base, round_ = VOICES[IN_ORDER[number % 4]], number // 4 + 1
    step = (round_ + 1) // 2 * (1 if round_ % 2 else -1)
    f0_hz = min(max(base.f0_hz * ROUND_F0**step, 60.0), 400.0)
    formants = min(max(base.formant_ratio * ROUND_FORMANTS**step, 0.7), 1.5)
    own = base.speaker_formants
    own = None if own is None else min(max(own * ROUND_FORMANTS**step, 0.7), 1.5)
    return replace(base, name=f"{base.name} {round_ + 1}", f0_hz=f0_hz, formant_ratio=formants, speaker_formants=own)
