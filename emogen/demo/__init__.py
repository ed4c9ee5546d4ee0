"""The demo in the browser: one file per tab, nothing of its own but the form."""

from __future__ import annotations

import gc


def launch(host: str = "127.0.0.1", port: int = 7860) -> None:
    """Opens the demo at http://host:port and waits until it is told to end (Ctrl-C or SIGTERM).

    Raises:
        BackendMissing: Gradio is not installed.
        InputError: The port is taken.
    """
    from emogen.errors import BackendMissing, InputError

    # Half a million objects come, and stay: to look through them for garbage takes a sixth of the start. `warm` goes on with it.
    gc.disable()
    try:
        from emogen.demo.page import run

        run(host=host, port=port)
    except ModuleNotFoundError as error:
        raise BackendMissing(
            "demo", f"{error.name} is not installed", 'Install it: pip install "emogen[demo]"'
        ) from error
    except OSError as error:
        raise InputError("--port", f"{port} cannot be used: {error}", "Accepted: a free port.") from error
    finally:
        gc.enable()
