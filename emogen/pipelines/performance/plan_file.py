"""The plan as a small file that people can edit: JSON or YAML <-> `Plan`.

    title: The lamp
    cast:
      Mara: {voice: alto, portrait: avatar:ava}
    lines:
    - {speaker: Mara, text: Nobody came., emotion: "sadness:0.8", shot: head, gap_s: 0.8}
    music:
    - {before_line: 1, emotion: "calm:0.4"}
    scenes:
    - {before_line: 1, words: A room above the sea, picture: sea.jpg}

Only `lines`, and in them `speaker` and `text`, are needed: an emotion that is left out is neutral, a shot "head" or
"picture", silence as lines usually follow each other. All feelings are written out: policies, personalities and moods
have had their say. `from: words` says that the times of an emotion stretch with the voice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from emogen.conditioning.personality import rounded
from emogen.conditioning.reference import FolderResolver, inside
from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.atomic import atomic_path, check_writable
from emogen.media.jsonio import parse_json
from emogen.pipelines.lines import MAX_PAUSE_S, NARRATOR, key, only_known, read_source, read_yaml
from emogen.pipelines.performance.casting import NOBODY, is_picture
from emogen.pipelines.performance.composition import Composition
from emogen.pipelines.performance.plan import (
    CHARS_PER_S,
    GAP_S,
    LEAD_S,
    SHOTS,
    TAIL_S,
    TURN_S,
    Beat,
    MusicMark,
    Plan,
    SceneMark,
)
from emogen.pipelines.speech.cast import Member, cast_of, complete, strangers

SUFFIXES = (".json", ".yaml", ".yml")
FIELDS = ("title", "language", "seed", "composition", "cast", "lines", "music", "scenes", "tail_s")
LINE = ("speaker", "text", "emotion", "from", "shot", "gap_s", "because", "peak")
MUSIC = ("before_line", "after_s", "emotion")
SCENE = ("before_line", "after_s", "words", "picture")
KEPT = ("voice", "portrait", "language", "personality", "volume_db", "pan")
_KIND = "a plan: JSON or YAML with a list of lines"


# -- writing -------------------------------------------------------------------------------------------------
def write_plan(plan: Plan, path: str | Path) -> Path:
    """Writes a plan (.json, .yaml). Paths of pictures are relative to it; it can be performed where `check_pictures` agrees.

    Raises:
        InputError: Another suffix.
        OutputError: The file could not be written.
    """
    path = check_writable(path, SUFFIXES)
    data = plan_dict(plan, path.parent)
    if path.suffix.lower() == ".json":
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    else:
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
    with atomic_path(path) as part:
        part.write_bytes(text.encode("utf-8"))
    return path


def plan_dict(plan: Plan, folder: Path) -> dict[str, Any]:
    """What stands in the file of a plan in a folder, as plain values."""
    roles = {beat.role.name: beat.role for beat in plan.beats}
    data: dict[str, Any] = {"title": plan.title, "language": plan.language}
    if plan.seed is not None:
        data["seed"] = plan.seed
    data["composition"] = asdict(plan.composition)
    data["cast"] = {name: _member(role, plan, folder) for name, role in roles.items()}
    moved = plan.folder.resolve() != folder.resolve()
    data["lines"] = [_line(beat, moved) for beat in plan.beats]
    data["music"] = [
        {"before_line": m.before + 1, **_after(m.after_s), "emotion": "off" if m.emotion is None else _emotion(m.emotion, moved)}
        for m in plan.music_marks
    ]
    data["scenes"] = [
        {"before_line": m.before + 1, **_after(m.after_s), "words": m.words, **_picture(m.picture, plan, folder)} for m in plan.scene_marks
    ]
    data["tail_s"] = plan.tail_s
    return data


def _emotion(track: EmotionTrack, moved: bool) -> str:
    """A track as it is written; what it takes from files is written out where the plan lies elsewhere than they."""
    if moved and "@" in str(track):
        track = EmotionTrack(tuple(replace(k, emotion=rounded(k.emotion)) for k in track.keyframes))
    return str(track)


def _line(beat: Beat, moved: bool) -> dict[str, Any]:
    track, usual_s = beat.emotion, len(beat.words) / CHARS_PER_S
    if not beat.written and track.duration and abs(beat.length_s - usual_s) > 1e-9:
        track = track.scale_time(usual_s / beat.length_s)  # as before the voice was known
    found: dict[str, Any] = {"speaker": beat.role.name, "text": beat.text, "emotion": _emotion(track, moved)}
    found |= {"from": "script" if beat.written else "words", "shot": beat.shot, "gap_s": beat.gap_s}
    found |= {"because": beat.because} if beat.because else {}
    return found | ({} if beat.peak is None else {"peak": {"word": beat.peak[0], "strength": beat.peak[1]}})


def _member(role: Member, plan: Plan, folder: Path) -> dict[str, Any]:
    plain = {f.name: f.default for f in fields(Member)}
    found = {name: value for name in KEPT if (value := role.to_dict()[name]) != plain[name] and value != {}}
    if is_picture(role.portrait):
        found["portrait"] = _beside(str(role.portrait), plan, folder)
    return found


def _picture(picture: str | None, plan: Plan, folder: Path) -> dict[str, str]:
    return {} if picture is None else {"picture": _beside(picture, plan, folder)}


def _beside(picture: str, plan: Plan, folder: Path) -> str:
    return Path(os.path.relpath((plan.folder / picture).resolve(), folder.resolve())).as_posix()


def check_pictures(plan: Plan, folder: Path) -> None:
    """Refuses a folder from which the plan could not be performed, since its pictures lie outside.

    Raises:
        InputError: With the first picture.
    """
    portraits = [str(b.role.portrait) for b in plan.beats if is_picture(b.role.portrait)]
    for picture in [*portraits, *(m.picture for m in plan.scene_marks if m.picture is not None)]:
        if _beside(picture, plan, folder).startswith(".."):
            accepted = "Write the plan beside the script: its pictures lie at or below its folder."
            raise InputError("the folder of the plan", f'the picture "{picture}" does not lie in it', accepted)


def _after(after_s: float) -> dict[str, float]:
    return {"after_s": after_s} if after_s else {}


# -- reading -------------------------------------------------------------------------------------------------
def is_plan(path: str | Path) -> bool:
    """Whether a file is a plan rather than a script: YAML, or JSON with a list of lines."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix != ".json":
        return suffix in SUFFIXES
    try:
        found = parse_json(read_source(path, _KIND), path.name)
    except EmogenError:
        return False
    return isinstance(found, Mapping) and isinstance(found.get("lines"), list)


def read_plan(path: str | Path) -> Plan:
    """Reads a plan.

    Raises:
        InputError: No such file, not a plan, an unknown field or a value that cannot be used; with its place.
        LimitError: Larger or longer than the limits.
    """
    path = Path(path)
    text = read_source(path, _KIND)
    found = parse_json(text, path.name) if path.suffix.lower() == ".json" else read_yaml(text, path.name, "the plan")[0]
    return plan_of(found, path.name, path.parent)


def plan_of(found: Any, name: str, folder: Path) -> Plan:
    """The plan that plain values say; errors as `read_plan`."""
    data = _fields(found, FIELDS, name)
    lines = _list(data, "lines", name)
    if not lines:
        raise InputError(f"{name}, lines", "nobody says anything", f"Accepted: {_KIND}.")
    if len(lines) > LIMITS.script_lines:
        raise LimitError(f"{name}, lines", f"{len(lines)} lines", f"The limit is {LIMITS.script_lines} (limits.script_lines).")
    cast = cast_of(_fields(data.get("cast") or {}, None, f"{name}, cast"), lambda *_: f"{name}, cast", folder)
    rows = [_fields(row, LINE, f"{name}, lines {i}") for i, row in enumerate(lines, 1)]
    names = tuple(dict.fromkeys(_words(row, "speaker", f"{name}, lines {i}") for i, row in enumerate(rows, 1)))
    for who in names:
        if key(who) not in cast and key(who) != NARRATOR:
            raise InputError(f"{name}, lines", f'"{who[:40]}" has no entry in the cast', f"The cast is: {', '.join(cast) or 'empty'}.")
    roles = {who: _shown(member) for who, member in complete(names, cast).items()}
    beats: list[Beat] = []
    for i, row in enumerate(rows, 1):
        beats.append(_beat(row, i, roles, beats[-1].role if beats else None, f"{name}, lines {i}", folder))
    composition = _fields(data.get("composition") or {}, tuple(f.name for f in fields(Composition)), f"{name}, composition")
    try:
        shown = Composition(**composition)
    except InputError as error:
        raise InputError(f"{name}, composition, {error.where}", error.found, error.accepted) from error
    return Plan.on_the_clock(
        _words(data, "title", name, "", blank=True), beats, language=_words(data, "language", name, "en"),
        music_marks=tuple(_music(row, i, len(beats), name, folder) for i, row in enumerate(_list(data, "music", name), 1)),
        scene_marks=tuple(_scene(row, i, len(beats), name, folder) for i, row in enumerate(_list(data, "scenes", name), 1)),
        seed=_seed(data.get("seed"), name), composition=shown, tail_s=_number(data, "tail_s", name, 0.0, 2 * MAX_PAUSE_S, TAIL_S),
        name=name, folder=folder, notes=strangers(names, cast, name),
    )  # fmt: skip


def _beat(row: Mapping[str, Any], i: int, roles: Mapping[str, Member], last: Member | None, where: str, folder: Path) -> Beat:
    role = roles[key(_words(row, "speaker", where))]
    text = _words(row, "text", where)
    usual = LEAD_S if last is None else GAP_S if last == role else TURN_S
    origin = _words(row, "from", where, "script")
    shot = _words(row, "shot", where, "picture" if role.portrait is None else "head")
    for part, value, accepted in (("from", origin, ("script", "words")), ("shot", shot, SHOTS)):
        if value not in accepted:
            raise InputError(f"{where}, {part}", f'found "{value[:40]}"', f"Accepted: {', '.join(accepted)}.")
    if shot != "picture" and role.portrait is None:
        raise InputError(f"{where}, shot", f"{role.name} has no portrait", 'Accepted: "picture", or a portrait in the cast.')
    if not any(c.isalnum() for c in text):
        raise InputError(f"{where}, text", "holds no words", "Write what is said.")
    return Beat(
        i, role, text, _track(row, where, folder), origin == "script", shot=shot, peak=_peak(row.get("peak"), text, where),
        gap_s=_number(row, "gap_s", where, 0.0, 2 * MAX_PAUSE_S, usual), because=_words(row, "because", where, "", blank=True),
    )  # fmt: skip


def _peak(found: Any, text: str, where: str) -> tuple[str, float] | None:
    if found is None:
        return None
    row = _fields(found, ("word", "strength"), f"{where}, peak")
    word = _words(row, "word", f"{where}, peak")
    if word.lower() not in text.lower():
        raise InputError(f"{where}, peak", f'"{word[:40]}" does not stand in the text')
    return word, _number(row, "strength", f"{where}, peak", 0.0, 1.0, 1.0)


def _music(found: Any, i: int, count: int, name: str, folder: Path) -> MusicMark:
    where = f"{name}, music {i}"
    row = _fields(found, MUSIC, where)
    off = _words(row, "emotion", where).lower() in ("off", "none", "silence")
    track = None if off else _track(row, where, folder)
    return MusicMark(_before(row, count, where), track, _number(row, "after_s", where, 0.0, MAX_PAUSE_S, 0.0))


def _scene(found: Any, i: int, count: int, name: str, folder: Path) -> SceneMark:
    where = f"{name}, scenes {i}"
    row = _fields(found, SCENE, where)
    picture = None if row.get("picture") is None else _words(row, "picture", where)
    if picture is not None:
        inside(folder, picture, f"{where}, picture")
    words = _words(row, "words", where, "", blank=True)
    return SceneMark(_before(row, count, where), words, picture, _number(row, "after_s", where, 0.0, MAX_PAUSE_S, 0.0))


def _before(row: Mapping[str, Any], count: int, where: str) -> int:
    found = row.get("before_line", 1)
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= count + 1:
        raise InputError(f"{where}, before_line", f"found {found!r:.40}", f"Accepted: 1 to {count + 1}, the number of a line.")
    return found - 1


def _track(row: Mapping[str, Any], where: str, folder: Path) -> EmotionTrack:
    try:
        return EmotionTrack.of(parse(_words(row, "emotion", where, "neutral"), resolver=FolderResolver(folder, escape=False)))
    except EmogenError as error:
        if error.where.startswith(where):
            raise
        raise type(error)(f"{where}, emotion, {error.where}", error.found, error.accepted) from error


def _shown(member: Member) -> Member:
    nobody = member.portrait is not None and member.portrait.lower() in NOBODY
    return replace(member, portrait=None) if nobody else member


def _fields(found: Any, accepted: Sequence[str] | None, where: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        what = "is empty" if found is None else f"found {type(found).__name__}"
        raise InputError(where, what, "Accepted: fields with their values.")
    if accepted is not None:
        only_known(found, accepted, where)
    return found


def _list(data: Mapping[str, Any], part: str, name: str) -> Sequence[Any]:
    found = data.get(part) or []
    if not isinstance(found, list):
        raise InputError(f"{name}, {part}", f"found {type(found).__name__}", "Accepted: a list.")
    return found


def _words(row: Mapping[str, Any], part: str, where: str, default: str | None = None, *, blank: bool = False) -> str:
    found = row.get(part, default)
    if isinstance(found, str) and len(found) <= LIMITS.text_chars and (blank or found.strip()):
        return found
    what = "is missing" if found is None else f"found {found!r:.40}"
    raise InputError(f"{where}, {part}", what, "Accepted: words.")


def _number(row: Mapping[str, Any], part: str, where: str, low: float, high: float, default: float) -> float:
    found = row.get(part, default)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not isfinite(found) or not low <= found <= high:
        raise InputError(f"{where}, {part}", f"found {found!r:.40}", f"Accepted: {low:g} to {high:g}.")
    return float(found)


def _seed(found: Any, name: str) -> int | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 2**63:
        raise InputError(f"{name}, seed", f"found {found!r:.40}", "Accepted: 0 to 9223372036854775807.")
    return found
