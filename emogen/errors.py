"""Everything that emogen refuses or fails at, as one small family of exceptions.

A message reads *what I was reading: what I found. What is accepted.* and fits on one or two lines.
The command line prints it without a traceback and exits with `exit_code`: 2 for input that the user
can put right, 1 for everything else.
"""

from __future__ import annotations

from typing import ClassVar


class EmogenError(Exception):
    """Base of all errors that emogen raises on purpose.

    Args:
        where: What was being read or written: a file, a field, an option, a line of a script.
        found: What was found there.
        accepted: What is accepted instead; left out where `found` already says it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, where: str, found: str, accepted: str = "") -> None:
        self.where = where
        self.found = found
        self.accepted = accepted
        text = f"{where}: {found}" if where else found
        super().__init__(f"{text.rstrip('.')}. {accepted}" if accepted else text)

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.where, self.found, self.accepted)


class InputError(EmogenError):
    """A value, a field or a line that the user can put right."""

    exit_code = 2


class LimitError(InputError):
    """An input larger, longer or more than `emogen.limits` allows."""


class FormatError(InputError):
    """A file that is not what its name or its place says, or that is broken."""


class RightsError(InputError):
    """A use that needs a statement of rights which was not given."""


class BackendMissing(EmogenError):
    """A backend or an optional package that is not installed."""


class CheckpointError(EmogenError):
    """A checkpoint that is missing, altered, unsafe or not ours."""


class OutputError(EmogenError):
    """A result that could not be written."""


class Cancelled(EmogenError):
    """The caller asked a running pipeline to stop; nothing was written."""
