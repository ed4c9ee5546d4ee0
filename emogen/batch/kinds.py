"""What can be asked for in a batch: each call, its content, the files that it reads, and what it wants of a machine."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from emogen import registry
from emogen.batch.job import Needs
from emogen.errors import BackendMissing

SOUND = ("wav", "flac", "ogg", "mp3", "mp4", "matroska")
PICTURE = ("png", "jpeg", "webp")
VIDEO = ("mp4", "matroska")
MOTION = ("bvh", "zip")  # an NPZ file is a zip archive
TEXT = ("text",)


@dataclass(frozen=True)
class Kind:
    """A call, as a manifest can ask for it.

    Attributes:
        modality: Of its pipeline, as in the registry.
        content: The argument that comes first.
        either: Arguments of which at least one is needed; none where the emotion is enough.
        files: Argument -> kinds of file (`media.sniff`) that it may name.
        output: What its pipeline returns, as an import string; its `writers` are the suffixes that can be asked for.
        suffix: Of what is made where none is asked for.
        memory_gb: Main memory that a worker wants for it.
    """

    modality: str
    content: str
    either: tuple[str, ...]
    output: str
    suffix: str
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    memory_gb: float = 2.0


KINDS: dict[str, Kind] = {
    "speak": Kind("speech", "text", ("text",), "speech.output:SpeechOutput", ".wav"),
    "convert": Kind("conversion", "audio", ("audio",), "speech.output:SpeechOutput", ".wav", {"audio": SOUND}),
    "talk": Kind("talking_head", "text", ("text", "audio"), "talking_head.output:TalkingHeadOutput", ".mp4",
                 {"audio": SOUND, "portrait": PICTURE, "style": (*VIDEO, "text"), "units": TEXT}, 3.0),
    "edit_face": Kind("face_edit", "video", ("video",), "talking_head.video_edit:FaceEditOutput", ".mp4",
                      {"video": VIDEO, "audio": SOUND, "units": TEXT}, 3.0),
    "gesture": Kind("gesture", "audio", ("audio", "text", "motion", "seconds"), "gesture.output:GestureOutput", ".bvh",
                    {"audio": SOUND, "motion": MOTION, "style": MOTION, "seed_motion": MOTION, "end_motion": MOTION}),
    "music": Kind("music", "prompt", (), "music.output:MusicOutput", ".wav",
                  {"like": ("midi",), "picture": PICTURE, "listener": TEXT}),
    "image": Kind("image", "prompt", (), "image.output:ImageOutput", ".png"),
    "edit_image": Kind("image_edit", "picture", ("picture",), "image.output:ImageOutput", ".png", {"picture": PICTURE}),
    "video": Kind("video", "prompt", (), "video.output:VideoOutput", ".mp4", {"image": PICTURE}, 3.0),
    "edit_video": Kind("video_edit", "video", ("video",), "video.edit:EditedVideo", ".mp4", {"video": VIDEO}, 3.0),
    "perform": Kind("performance", "script", ("script",), "performance.output:PerformanceOutput", ".mp4",
                    {"script": TEXT, "cast": TEXT}, 4.0),
    "dialogue": Kind("dialogue", "text", ("text",), "speech.dialogue_output:DialogueOutput", ".wav",
                     {"text": TEXT, "cast": TEXT}),
}  # fmt: skip
#: Of the arguments that name files, those whose content may stand there instead.
INLINE = frozenset({"cast", "units"})
#: Arguments of pipelines that a manifest has other fields for, or that are no plain values.
NOT_FIELDS = frozenset(
    {"self", "emotion", "seed", "generator", "callback_on_step_end", "return_dict", "sample_rate", "folder", "cache", "args", "kwargs"}
)
#: Calls of which "auto" is an emotion: the words or the voice decide.
TAKES_AUTO = frozenset({"speak", "talk", "edit_face", "gesture", "dialogue"})


@cache
def options(call: str, backend: str = "embedded") -> Mapping[str, str]:
    """Fields of a call, its content first -> the annotation of the argument.

    Raises:
        BackendMissing: No such backend, or one whose packages are not installed.
    """
    kind = KINDS[call]
    own = is_heavy(call, backend) and call != "dialogue"  # a dialogue takes the same whoever speaks it
    key = f"{kind.modality}/{backend.partition(':')[0]}" if own else kind.modality
    try:
        found = inspect.signature(registry.resolve("pipelines", key).__call__).parameters
    except ImportError as error:
        raise BackendMissing("backend", f'"{backend}" cannot be opened: {error}') from error
    first, *rest = [name for name in found if name not in NOT_FIELDS]
    return {kind.content: str(found[first].annotation), **{name: str(found[name].annotation) for name in rest}}


@cache
def suffixes(call: str) -> tuple[str, ...]:
    """What can be written of a call."""
    module, _, name = KINDS[call].output.partition(":")
    return tuple(getattr(import_module(f"emogen.pipelines.{module}"), name).writers)


@cache
def is_heavy(call: str, backend: str) -> bool:
    """Whether a backend is a model of another package.

    Raises:
        BackendMissing: It is neither known nor a folder.
    """
    modality = "speech" if call == "dialogue" else KINDS[call].modality
    name = backend.partition(":")[0]
    if backend == "embedded" or os.path.isdir(backend):
        return False
    known = registry.known("pipelines")
    if f"{modality}/{name}" not in known:
        others = [k.partition("/")[2] for k in known if k.startswith(f"{modality}/")]
        accepted = ", ".join(["embedded", *others, "a folder of a saved pipeline"])
        raise BackendMissing("backend", f'"{backend}" is not a backend for {call}', f"Accepted: {accepted}.")
    return ".backends." in known[f"{modality}/{name}"]


def needs(call: str, backend: str) -> Needs:
    """What a job of a call wants of a machine: an accelerator where its backend is a model of another package."""
    heavy = is_heavy(call, backend)
    return Needs(gpu=1.0 if heavy else 0.0, memory_gb=16.0 if heavy else KINDS[call].memory_gb)
