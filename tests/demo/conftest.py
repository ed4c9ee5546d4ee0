"""One served page for all tests of the demo, and one browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.demo.browsing import CHROMIUM, FLAGS, Visit, free_port


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    pytest.importorskip("gradio", reason="the demo needs gradio: pip install emogen[demo]")
    from emogen.demo.page import build, serve

    page, port = build(), free_port()
    serve(page, host="127.0.0.1", port=port)
    yield f"http://127.0.0.1:{port}"
    page.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser test needs playwright")
    if CHROMIUM is None:
        pytest.skip("the browser test needs Chromium (Debian: apt install chromium)")
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Visit(page, address)
    page.close()


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield Visit(page, address)
    page.close()
