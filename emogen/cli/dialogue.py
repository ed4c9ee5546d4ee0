"""`emogen speak` of a dialogue: which texts are one, and what is written for it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from emogen.cli.options import SOUND, opened, report, target
from emogen.errors import EmogenError

#: What a dialogue is written as; beside a sound lie its subtitles.
DIALOGUE = (*SOUND, ".srt", ".vtt", ".json")
_BESIDE = (".srt", ".vtt")


def holds_dialogue(text: str) -> bool:
    """Whether the words given are a .txt file with a dialogue in it; a file that cannot be read is none."""
    from emogen.pipelines.lines import read_source
    from emogen.pipelines.speech.turns import is_dialogue

    if not text.endswith(".txt") or "\n" in text:
        return False
    try:
        return is_dialogue(read_source(text, "a text"))
    except (EmogenError, OSError, ValueError):
        return False


def speak_dialogue(
    text: str, output: Path, emotion: Any, *, cast: Path | None, stems: Path | None, language: str, seed: int | None,
    backend: str, device: str, as_json: bool,
) -> None:  # fmt: skip
    """Speaks a dialogue, and writes the mix with its sidecar and subtitles, and the stems where they are asked for."""
    started, path = time.perf_counter(), target(output, DIALOGUE)
    sound = path.suffix.lower() in SOUND
    beside = [target(path.with_suffix(suffix), _BESIDE) for suffix in _BESIDE if sound]
    from emogen.pipelines.speech.cast import read_cast
    from emogen.pipelines.speech.dialogue import DialoguePipeline
    from emogen.pipelines.speech.dialogue_output import check_stems
    from emogen.pipelines.speech.turns import read_dialogue

    members = read_cast(cast)
    written = read_dialogue(text, members)
    paths = [] if stems is None else list(check_stems(stems, written.names).values())
    pipe = DialoguePipeline(opened("speech", backend, device))
    out = pipe(written, emotion, cast=members, language=language, seed=seed)
    if stems is not None:
        out.save_stems(stems)
    for other in beside:
        getattr(out, out.writers[other.suffix])(other)
    report(out, path, started, as_json, also=[str(p) for p in (*beside, *paths)])
