"""The demo in the browser: one file per tab, nothing of its own but the form."""

from __future__ import annotations


def launch(host: str = "127.0.0.1", port: int = 7860) -> None:
    """Opens the demo at http://host:port and waits.

    Raises:
        BackendMissing: Gradio is not installed.
        InputError: The port is taken.
    """
    from emogen.errors import BackendMissing, InputError

    try:
        from emogen.demo.page import build, serve
    except ModuleNotFoundError as error:
        raise BackendMissing(
            "demo", f"{error.name} is not installed", 'Install it: pip install "emogen[demo]"'
        ) from error
    try:
        serve(build(), host=host, port=port)
    except OSError as error:
        raise InputError("--port", f"{port} cannot be used: {error}", "Accepted: a free port.") from error
