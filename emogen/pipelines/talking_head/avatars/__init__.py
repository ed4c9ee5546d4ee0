"""Three-dimensional characters of our own, drawn in software."""

from __future__ import annotations

import difflib
from functools import cache

from emogen.checkpoints import HERE, checkpoint_folder
from emogen.errors import InputError
from emogen.pipelines.talking_head.avatars.export import export
from emogen.pipelines.talking_head.avatars.renderer import AvatarRenderer
from emogen.pipelines.talking_head.avatars.rig import Rig

CHECKPOINT = "avatars"
AVATARS: tuple[str, ...] = tuple(sorted(p.stem for p in (HERE / CHECKPOINT).glob("*.glb")))


@cache
def _rig(name: str) -> Rig:
    return Rig.load(checkpoint_folder(CHECKPOINT) / f"{name}.glb")


def check_name(name: str) -> None:
    """Refuses the name of nobody.

    Raises:
        InputError: With the names that there are.
    """
    if name not in AVATARS:
        near = difflib.get_close_matches(name, AVATARS, n=1)
        hint = f'Did you mean "{near[0]}"? ' if near else ""
        raise InputError("portrait", f'unknown avatar "{name}"', f"{hint}There are: {', '.join(AVATARS)}.")


def avatar(name: str, *, size: int = 512) -> AvatarRenderer:
    """A character, ready to move.

    Raises:
        InputError: No such character.
    """
    check_name(name)
    return AvatarRenderer(_rig(name), size=size)


__all__ = ["AVATARS", "AvatarRenderer", "Rig", "avatar", "check_name", "export"]
