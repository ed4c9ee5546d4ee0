"""What a plan names is looked for before anything is rendered: voices, languages, portraits, pictures of scenes.

Emotions are read with the script.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emogen.conditioning.reference import inside
from emogen.errors import InputError
from emogen.media.image import read_image
from emogen.pipelines.lines import key
from emogen.pipelines.performance.casting import NOBODY, is_picture
from emogen.pipelines.performance.plan import Plan
from emogen.pipelines.performance.portraits import check_character
from emogen.pipelines.speech.cast import Member, read_cast
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.voices import find_voice


def check(plan: Plan, cast: Any = None, voices: Callable[[Any], Any] | None = find_voice) -> None:
    """Refuses what could not be rendered.

    Args:
        plan: Who says what.
        cast: The cast that was given beside the script, where slips may stand.
        voices: Finds a voice by its name; None: they are not known yet.

    Raises:
        InputError: A voice, a language, a character or a picture that there is not; with file and field.
    """
    given = read_cast(cast)
    _found(find_language, plan.language, f"{plan.name}, language")
    for i, mark in enumerate(plan.scene_marks, 1):
        if mark.picture is not None:
            _picture(plan.folder, mark.picture, f"{plan.name}, scenes {i}, picture")
    for role in {beat.role.name: beat.role for beat in plan.beats}.values():

        def where(part: str, role: Member = role) -> str:
            beside = given.get(key(role.name))
            file = isinstance(cast, (str, Path)) and beside is not None and getattr(beside, part) is not None
            return f"{Path(cast).name if file else plan.name}, cast, {role.name}, {part}"

        check_member(role, where, voices)
        if is_picture(role.portrait):
            _picture(plan.folder, str(role.portrait), where("portrait"))


def check_member(member: Member, where: Callable[[str], str], voices: Callable[[Any], Any] | None = find_voice) -> None:
    """Refuses a member of a cast who could not speak or be drawn; photos are not looked for.

    Args:
        member: Of the cast.
        where: Field -> its place, for messages.
        voices: As of `check`.

    Raises:
        InputError: A voice, a language or a character that there is not.
    """
    if voices is not None:
        _found(voices, member.voice, where("voice"))
    if member.language is not None:
        _found(find_language, member.language, where("language"))
    if member.portrait is not None and not is_picture(member.portrait) and member.portrait.lower() not in NOBODY:
        _found(check_character, member.portrait, where("portrait"))


def _picture(folder: Path, name: str, where: str) -> None:
    _found(read_image, inside(folder, name, where), f"{where}, {name}")


def _found(look: Callable[[Any], Any], named: Any, where: str) -> None:
    try:
        look(named)
    except InputError as error:
        raise type(error)(where, error.found, error.accepted) from error
