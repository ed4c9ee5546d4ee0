"""A script in any format -> `Script`: by its suffix, and by what stands in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emogen.errors import InputError
from emogen.pipelines.lines import read_source
from emogen.pipelines.performance.casting import members
from emogen.pipelines.performance.readers.chat import is_chat, parse_chat
from emogen.pipelines.performance.readers.fountain import is_fountain, parse_fountain
from emogen.pipelines.performance.readers.markdown import parse_markdown
from emogen.pipelines.performance.readers.prose import parse_dialogue_script, parse_prose
from emogen.pipelines.performance.readers.subtitles import is_subtitles, parse_subtitles
from emogen.pipelines.performance.script import Script
from emogen.pipelines.speech.turns import is_dialogue

Parser = Callable[..., Script]
PARSERS: dict[str, Parser] = {
    ".md": parse_markdown, ".markdown": parse_markdown, ".fountain": parse_fountain, ".spmd": parse_fountain,
    ".srt": parse_subtitles, ".vtt": parse_subtitles, ".jsonl": parse_chat, ".ndjson": parse_chat, ".json": parse_chat,
}  # fmt: skip
ACCEPTED = f"a script ({', '.join(PARSERS)}, .txt)"


def read_script(path: str | Path, cast: Any = None) -> Script:
    """Reads a script from a file.

    Args:
        path: A story in Markdown, a screenplay in Fountain, subtitles, a chat in JSON or JSON lines, a dialogue or prose.
        cast: Who takes part, instead of what the file says of them: a YAML file or a mapping. Pictures of a file lie in
            the folder of the script.

    Raises:
        InputError: The file is missing, not text, too large, or not a script; with the line.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in PARSERS and suffix not in ("", ".txt"):
        raise InputError(str(path), f'the suffix "{suffix}" is no script\'s', f"Accepted: {ACCEPTED}.")
    text = read_source(path, ACCEPTED)
    parser = PARSERS.get(suffix) or _by_content(text)
    return parser(text, members(cast, path.parent), name=path.name, folder=path.parent)


def parse_script(text: str, cast: Any = None, *, name: str = "script", folder: str | Path = ".") -> Script:
    """A story in Markdown from its text; errors as `read_script`."""
    return parse_markdown(text, members(cast, Path(folder)), name=name, folder=Path(folder))


def _by_content(text: str) -> Parser:
    if text.lstrip().startswith("---\n"):
        return parse_markdown
    if is_subtitles(text):
        return parse_subtitles
    if is_chat(text):
        return parse_chat
    if is_fountain(text):
        return parse_fountain
    return parse_dialogue_script if is_dialogue(text) else parse_prose
