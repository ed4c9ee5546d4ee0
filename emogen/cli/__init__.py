"""`emogen ...`: one thin command per call.

Exit 0 done, 2 bad input, 1 anything else, 130 interrupted. With --json one JSON object goes to stdout and
nothing else; progress and messages go to stderr. Nothing heavy is imported before the arguments are checked.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from typing import Annotated

import typer

from emogen._version import __version__
from emogen.cli import batch, generate, match, perceive, tools
from emogen.errors import EmogenError

#: So many new objects (Python: 700) are there before the young ones are looked through for garbage. Importing torch and
#: diffusers makes half a million that stay, and looking took a sixth of that time; from here on more wins little.
YOUNG = 10_000
INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Media that feel like something on purpose: speech, faces, gestures, music and pictures from one emotion.",
)
for module in (generate, batch, perceive, match, tools):
    module.register(app)


def _version(asked: bool) -> None:
    if asked:
        print(f"emogen {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits."""
    # Libraries that print on their own are asked to keep quiet; this is our process from here on.
    for name, value in (
        ("GLOG_minloglevel", "3"),
        ("TF_CPP_MIN_LOG_LEVEL", "3"),
        ("TRANSFORMERS_VERBOSITY", "error"),
        ("DIFFUSERS_VERBOSITY", "error"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
    ):
        os.environ.setdefault(name, value)
    gc.set_threshold(YOUNG)
    atexit.register(gc.freeze)  # Python looks through everything again at its end, for a second and for nothing
    try:
        code = app(args=arguments, prog_name="emogen", standalone_mode=False)
        if code == INTERRUPTED:  # so typer says it
            raise KeyboardInterrupt
        raise SystemExit(code if isinstance(code, int) else 0)
    except EmogenError as error:
        print(f"emogen: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except (KeyboardInterrupt, typer.Abort):
        print("emogen: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except (BrokenPipeError, SystemExit):
        raise
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of click, or of the copy of click inside typer
            print(f"emogen: {error.format_message()} (emogen --help)", file=sys.stderr)
            raise SystemExit(2) from None
        if os.environ.get("EMOGEN_DEBUG"):
            traceback.print_exc()
        print(f"emogen: unexpected {type(error).__name__}: {error} (EMOGEN_DEBUG=1 shows where)", file=sys.stderr)
        raise SystemExit(1) from None
