"""Who plays a script: voices and portraits for those who have none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from emogen.errors import InputError
from emogen.pipelines.lines import NARRATOR, key
from emogen.pipelines.performance.script import Script
from emogen.pipelines.speech.cast import Member, complete, read_cast

#: Voice, portrait and what both look and sound like, in the order in which they are given out.
COMPANY = (("alto", "avatar:ava", "she"), ("tenor", "avatar:ben", "he"), ("soprano", "avatar:mira", "she"), ("bass", "avatar:tomas", "he"))
NOBODY = ("none", "off", "no")  # portraits that are none


def members(cast: Any, folder: Path) -> dict[str, Member]:
    """The cast of a file or a mapping; pictures of a file are looked for beside it.

    Raises:
        InputError: As `read_cast`; or a picture outside the folder of the script.
    """
    found = read_cast(cast)
    if not isinstance(cast, (str, Path)):
        return found
    beside = Path(cast).parent
    return {who: _rebased(member, beside, folder, Path(cast).name) for who, member in found.items()}


def overridden(known: Mapping[str, Member], cast: Mapping[str, Member]) -> dict[str, Member]:
    """Members with what a cast says of them instead; fields that the cast leaves out stay."""
    found = dict(known)
    for who, member in cast.items():
        base, plain = known.get(who, member), Member(member.name)
        said = {f.name: getattr(member, f.name) for f in fields(Member) if getattr(member, f.name) != getattr(plain, f.name)}
        found[who] = replace(base, **said)
    return found


def is_picture(portrait: str | None) -> bool:
    """Whether a portrait is the path of a picture."""
    return portrait is not None and portrait.lower() not in NOBODY and portrait.partition(":")[0] not in ("avatar", "sample")


def _rebased(member: Member, beside: Path, folder: Path, name: str) -> Member:
    if not is_picture(member.portrait) or beside.resolve() == folder.resolve():
        return member
    path = os.path.relpath((beside / str(member.portrait)).resolve(), folder.resolve())
    if path.startswith(".."):
        found, accepted = f'"{member.portrait}" is not in the folder of the script', "Put the picture beside the script, or below."
        raise InputError(f"{name}, {member.name}, portrait", found, accepted)
    return replace(member, portrait=Path(path).as_posix())


def company(script: Script, names: Sequence[str], cast: Mapping[str, Member]) -> dict[str, Member]:
    """Everybody who speaks, by key, each with a voice, and a portrait where the script's format cannot name one.

    A speaker whom the script itself calls she or he gets a voice and a face that go with it; nothing is guessed from
    names.

    Args:
        script: Whose lines they say.
        names: In order of appearance.
        cast: Who is known.
    """
    taken = [(m.voice, m.portrait) for m in cast.values()]
    free = [row for row in COMPANY if row[0] not in [v for v, _ in taken]]
    faces = [face for _, face, _ in COMPANY if face not in [p for _, p in taken]]
    known = dict(cast)
    for name in names:
        who = key(name)
        member = known.get(who) or Member(name)
        if who != NARRATOR:
            if member.voice is None and free:
                row = next((r for r in free if r[2] == script.pronouns.get(who, r[2])), free[0])
                free.remove(row)
                member = replace(member, voice=row[0])
            if member.portrait is None and script.visible and faces:
                face = next((f for v, f, _ in COMPANY if v == member.voice and f in faces), None)
                face = face or next((f for _, f, p in COMPANY if f in faces and p == script.pronouns.get(who, p)), faces[0])
                faces.remove(face)
                member = replace(member, portrait=face)
        if member.portrait is not None and member.portrait.lower() in NOBODY:
            member = replace(member, portrait=None)
        known[who] = member
    return complete(names, known)
