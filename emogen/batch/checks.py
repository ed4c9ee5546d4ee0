"""What the pipelines would refuse, asked of them beforehand: their own checks, run without opening a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emogen.errors import InputError

Values = Mapping[str, Any]
#: Which arguments a check looks at, and the check; it raises an `EmogenError`.
Check = tuple[tuple[str, ...], Callable[[Values], Any]]
RIGHTS = ("own", "licensed", "synthetic")


def checks(call: str, embedded: bool) -> tuple[Check, ...]:
    """The checks of a call.

    Args:
        call: A name of `emogen.batch.kinds.KINDS`.
        embedded: Whether what ships with emogen does it; other backends have voices and ranges of their own.
    """
    return (_EMBEDDED if embedded else _ANY).get(call, ())


def _spoken(v: Values) -> None:
    from emogen.pipelines.speech.languages import find_language, prepare
    from emogen.pipelines.speech.ssml import is_ssml

    if "text" in v and not is_ssml(v["text"]):
        prepare(v["text"], find_language(v.get("language", "en")))


def _language(v: Values) -> None:
    from emogen.pipelines.speech.languages import find_language

    find_language(v["language"])


def _voice(v: Values) -> None:
    from emogen.pipelines.speech.voices import find_voice

    find_voice(v["voice"])


def _portrait(v: Values) -> None:
    from emogen.pipelines.talking_head.portraits import open_portrait

    if v["portrait"].startswith(("avatar:", "sample:")):
        open_portrait(v["portrait"])


def _knob(name: str) -> Check:
    def check(v: Values) -> None:
        from emogen.pipelines.talking_head.animate import Knobs

        Knobs(**{name: v[name]})

    return (name,), check


def _units(v: Values) -> None:
    from emogen.pipelines.talking_head.explain import UnitTrack

    UnitTrack.of(v["units"])


def _face(v: Values) -> None:
    if isinstance(v["face"], bool) or v["face"] < 0:
        raise InputError("face", f"{v['face']}", "Accepted: a whole number from 0, counted from the left.")


def _within(name: str, low: float, high: float) -> Check:
    def check(v: Values) -> None:
        if not low <= v[name] <= high:
            raise InputError(name, f"{v[name]:g}", f"Accepted: {low:g} to {high:g}.")

    return (name,), check


def _square(v: Values) -> None:
    """Of talking heads."""
    if v["size"] % 2 or not 128 <= v["size"] <= 2048:
        raise InputError("size", f"{v['size']} px", "Accepted: an even number from 128 to 2048.")


def _rights(v: Values) -> None:
    if v["rights"] not in RIGHTS:
        raise InputError("rights", f"{v['rights']!r:.40}", f"Accepted: {', '.join(RIGHTS)}.")


def _sampling(name: str) -> Check:
    def check(v: Values) -> None:
        from emogen.pipelines.sequence import SamplingOptions

        SamplingOptions(**{name: v[name]})

    return (name,), check


def _moved(name: str) -> Check:
    def check(v: Values) -> None:
        from emogen.pipelines.gesture.given import checked

        checked(**{name: v[name]})

    return (name,), check


def _composed(*names: str) -> Check:
    def check(v: Values) -> None:
        from emogen.pipelines.music.asked import asked_for

        empty = dict.fromkeys(("seconds", "tempo_bpm", "key", "instruments", "attributes", "like", "picture", "listener"))
        asked_for(**{**empty, **{name: v[name] for name in names if name in v}})

    return names, check


def _wished(v: Values) -> None:
    from emogen.pipelines.image.pipeline import read_wish

    read_wish(v.get("prompt"), v.get("attributes"))


def _side(name: str) -> Check:
    def check(v: Values) -> None:
        from emogen.pipelines.image.pipeline import LEAST_PX, checked_size

        checked_size(**{"width": LEAST_PX, "height": LEAST_PX, name: v[name]})

    return (name,), check


def _strength(v: Values) -> None:
    from emogen.pipelines.image.edit import checked_strength

    checked_strength(v["strength"])


def _length(v: Values) -> None:
    from emogen.limits import LIMITS
    from emogen.pipelines.prompted import number
    from emogen.pipelines.video.pipeline import LEAST_S

    number("seconds", v["seconds"], LEAST_S, LIMITS.render_s)


def _composed_as(name: str) -> Check:
    def check(v: Values) -> None:
        from emogen.pipelines.performance.composition import Composition

        Composition(**{name: v[name]})

    return (name,), check


def _dialogue(v: Values) -> None:
    from emogen.pipelines.speech.cast import complete, read_cast
    from emogen.pipelines.speech.turns import read_dialogue
    from emogen.pipelines.speech.voices import find_voice

    members = read_cast(v.get("cast"))
    if "text" not in v:
        return
    for member in complete(read_dialogue(v["text"], members, v.get("folder")).names, members).values():
        try:
            find_voice(member.voice)
        except InputError as error:
            raise InputError(f"cast, {member.name}, {error.where}", error.found, error.accepted) from error


_SPEECH: tuple[Check, ...] = (
    (("language",), _language),
    (("text", "language"), _spoken),
)
_KNOBS = tuple(_knob(name) for name in ("mouth", "brows", "head", "blink", "gaze"))
_SCENE: tuple[Check, ...] = ((("prompt", "attributes"), _wished), _side("width"), _side("height"))
_EDITED: tuple[Check, ...] = ((("strength",), _strength),)
_EMBEDDED: dict[str, tuple[Check, ...]] = {
    "speak": (*_SPEECH, (("voice",), _voice)),
    "convert": ((("rights",), _rights), _sampling("num_inference_steps"), _sampling("emotion_scale")),
    "talk": (*_SPEECH, (("voice",), _voice), (("portrait",), _portrait), (("units",), _units), (("face",), _face),
             (("size",), _square), _within("fps", 1, 60), *_KNOBS),
    "edit_face": ((("rights",), _rights), (("units",), _units), (("face",), _face), *_KNOBS[:2]),
    "gesture": ((("language",), _language),
                *(_moved(n) for n in ("fps", "amount", "strength", "guidance_scale", "emotion_scale"))),
    "music": (*(_composed(n) for n in ("seconds", "key", "instruments", "like", "listener")), _composed("tempo_bpm", "attributes")),
    "image": _SCENE,
    "edit_image": _EDITED,
    "video": (*_SCENE, _within("fps", 1, 60), (("seconds",), _length)),
    "edit_video": _EDITED,
    "perform": tuple(_composed_as(n) for n in ("aspect", "resolution", "fps", "subtitles")),
    "dialogue": ((("language",), _language), (("text", "cast", "folder"), _dialogue)),
}  # fmt: skip
_ANY: dict[str, tuple[Check, ...]] = {
    "convert": ((("rights",), _rights),),
    "edit_face": ((("rights",), _rights),),
}
