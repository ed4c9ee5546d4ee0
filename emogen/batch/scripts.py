"""What a batch wants to know of a script or a plan before it is performed: that it can be, and which files it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emogen.batch.feeling import Named
from emogen.batch.kinds import PICTURE
from emogen.conditioning.reference import inside
from emogen.conditioning.spec import parse
from emogen.errors import EmogenError, InputError
from emogen.media.sniff import expect_kind
from emogen.pipelines.lines import Line
from emogen.pipelines.performance.casting import is_picture
from emogen.pipelines.performance.checking import check_member
from emogen.pipelines.performance.composition import Composition
from emogen.pipelines.performance.plan import Plan
from emogen.pipelines.performance.plan_file import is_plan, read_plan
from emogen.pipelines.performance.readers import parse_script, read_script
from emogen.pipelines.performance.script import Music, Scene, Script
from emogen.pipelines.speech.voices import find_voice

if TYPE_CHECKING:
    from emogen.batch.checks import Values
    from emogen.pipelines.speech.cast import Member


@dataclass(frozen=True)
class Needed:
    """What a script needs and has.

    Attributes:
        files: Portraits, pictures of scenes and `@files` in emotions, absolute paths.
        subtitles: Where its words stand: "beside", "burnt" or "off".
    """

    files: tuple[str, ...]
    subtitles: str


def looked_through(v: Values, embedded: bool) -> Needed:
    """Reads the script or the plan of a line, and looks whether it can be performed.

    Args:
        v: `script`, and `cast` and `folder` where they are given.
        embedded: Whether emogen's own voices speak it.

    Raises:
        InputError: It cannot be read; a voice, a language or a character that there is not, an emotion that cannot be parsed, a
            file that is missing or does not lie in the script's folder; with the place.
    """
    script = _opened(v)
    for member in _members(script):
        check_member(member, partial("{}, cast, {}, {}".format, script.name, member.name), find_voice if embedded else None)
    composition = script.composition if isinstance(script, Plan) else _composition(script)
    return Needed((*_pictures(script), *_references(script)), composition.subtitles)


def _opened(v: Values) -> Script | Plan:
    if "\n" in v["script"]:
        return parse_script(v["script"], v.get("cast"), folder=v.get("folder", "."))
    if is_plan(v["script"]):
        return read_plan(v["script"])
    return read_script(v["script"], v.get("cast"))


def _composition(script: Script) -> Composition:
    try:
        return Composition(**script.composition)
    except InputError as error:
        raise InputError(f"{script.name}, {error.where}", error.found, error.accepted) from error


def _pictures(script: Script | Plan) -> list[str]:
    """Portraits and pictures of scenes."""
    members = [member for member in _members(script) if is_picture(member.portrait)]
    named = [(str(member.portrait), f"cast, {member.name}, portrait") for member in members]
    if isinstance(script, Plan):
        marks = [(mark.picture, f"scenes {i}, picture") for i, mark in enumerate(script.scene_marks, 1)]
    else:
        marks = [(e.picture, f"line {e.number}") for e in script.elements if isinstance(e, Scene)]
    named += [(picture, place) for picture, place in marks if picture is not None]
    return [_picture(script.folder, name, f"{script.name}, {place}") for name, place in named]


def _picture(folder: Path, name: str, place: str) -> str:
    path = inside(folder, name, place)
    try:
        expect_kind(path, *PICTURE)
    except EmogenError as error:
        raise type(error)(f"{place}, {name}", error.found, error.accepted) from error
    return str(path)


def _members(script: Script | Plan) -> list[Member]:
    if isinstance(script, Script):
        return list(script.cast.values())
    return list({beat.role.name: beat.role for beat in script.beats}.values())


def _references(script: Script | Plan) -> list[str]:
    if isinstance(script, Plan):
        tracks = [*(b.emotion for b in script.beats), *(m.emotion for m in script.music_marks if m.emotion is not None)]
        said = [said for track in tracks for k in track.keyframes for said in k.emotion.to_dict().get("resolved", {})]
        return [str(inside(script.folder, one[1:], one)) for one in said if one.startswith("@")]
    files = []
    for number, written in _emotions(script):
        resolver = Named(lambda name: inside(script.folder, name, f"@{name}"))
        try:
            parse(written, resolver=resolver)
        except InputError as error:
            raise type(error)(f"{script.name} line {number}, {error.where}", error.found, error.accepted) from error
        files += [str(path) for path in resolver.files]
    return files


def _emotions(script: Script) -> Iterator[tuple[int, Any]]:
    """The emotions that are written in a script, each with its line."""
    for element in script.elements:
        written = element.emotion if isinstance(element, (Line, Music)) else None
        if written and written.lower() != "auto":
            yield element.number, written
    if script.music is not None and script.music.lower() not in ("off", "none"):
        yield 1, script.music
