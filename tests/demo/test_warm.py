"""What is made ready behind the page: it is ready then, and where it fails the page lives on."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("gradio", reason="the demo needs gradio: pip install emogen[demo]")

from gradio_client import Client
from gradio_client.exceptions import AppError

from emogen.demo import launch, warm
from emogen.errors import InputError


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_garbage_is_looked_for_again_when_all_is_ready() -> None:
    gc.disable()
    warm.begin().join()
    assert gc.isenabled()


def test_garbage_is_looked_for_again_where_the_demo_does_not_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="cannot be used"):
            launch(port=taken.getsockname()[1])
    assert gc.isenabled()


def test_what_fails_behind_the_page_is_told_to_who_asks_for_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from emogen.pipelines.speech.pipeline import SpeechPipeline

    def broken(*_: Any) -> None:
        raise RuntimeError("no weights")

    user = Client(address, verbose=False)
    with monkeypatch.context() as patch:
        patch.setattr(SpeechPipeline, "from_pretrained", broken)
        warm.begin().join()
        with pytest.raises(AppError, match="error of ours"):
            user.predict(text="Hello.", emotion="joy", api_name="/speak")
    assert user.predict(text="Hello.", emotion="joy", api_name="/speak")[0]


def test_the_page_needs_no_network_library() -> None:
    """It is open before torch and diffusers are: none of the tabs imports them to be built."""
    code = "import sys; from emogen.demo.page import build; build(); print({'torch', 'diffusers', 'transformers'} & {*sys.modules})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    assert said.strip() == "set()"
