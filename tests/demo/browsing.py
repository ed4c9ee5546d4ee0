"""A visitor with a real browser, and what the tests of the demo ask of a page."""

from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (p for p in ("/usr/bin/chromium", shutil.which("chromium"), shutil.which("google-chrome")) if p and Path(p).exists()), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
         "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]  # fmt: skip
TABS = ("Speak", "Talk", "Gesture", "Music", "Image", "Perform", "Recognize", "Evaluate")
WAIT_MS = 120_000


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until_open(address: str, within_s: float = 120.0) -> None:
    """Waits until a page answers."""
    end = time.monotonic() + within_s
    while True:
        try:
            return urllib.request.urlopen(address, timeout=within_s).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def left_of(session: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            ended = "Z" in (entry / "stat").read_text().rpartition(")")[2][:3]
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session and not ended:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


class Visit:
    """One page of the demo."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.problems.append(str(e)))
        page.goto(address)
        page.wait_for_selector("#speak-emotion .emo-thumb", timeout=WAIT_MS)  # the first page of a busy machine takes its time

    def tab(self, name: str) -> None:
        """Chooses a tab, through the menu where it has no room of its own."""
        found = self.page.get_by_role("tab", name=name, exact=True).first
        if found.is_visible():
            found.click()
        else:
            self.page.locator(".overflow-menu > button").first.click()
            self.page.locator(".overflow-dropdown button", has_text=name).first.click()

    def length(self, where: str) -> float:
        """Seconds of the first video in a place, once it has loaded."""
        self.page.wait_for_selector(f"{where} video", timeout=WAIT_MS, state="attached")
        find = "w => document.querySelector(`${w} video`)?.duration > 0"
        self.page.wait_for_function(find, arg=where, timeout=WAIT_MS)
        return float(self.page.evaluate("w => document.querySelector(`${w} video`).duration", where))

    def sound_length(self, where: str) -> int:
        """Whole seconds that the waveform of a place says it lasts."""
        last = "[...document.querySelector(w).innerText.matchAll(/(\\d+):(\\d\\d)/g)].pop()"
        find = f"w => {{ const t = {last}; return t ? 60 * t[1] + 1 * t[2] : 0 }}"
        self.page.wait_for_function(f"w => ({find})(w) > 0", arg=where, timeout=WAIT_MS)
        return int(self.page.evaluate(find, where))

    def verdict(self, name: str) -> str:
        """What the judges say, when they have said it."""
        self.page.wait_for_selector(f"#{name}-verdict .verdict", timeout=WAIT_MS)
        return str(self.page.inner_text(f"#{name}-verdict"))

    def files(self, name: str) -> str:
        """The names of the files that can be taken along."""
        self.page.wait_for_selector(f"#{name}-files .file-preview", timeout=WAIT_MS)
        return str(self.page.inner_text(f"#{name}-files")).replace("\n", "")

    def told(self) -> str:
        """The message that a slip is answered with."""
        self.page.wait_for_selector(".toast-body", timeout=WAIT_MS)
        return str(self.page.inner_text(".toast-body"))

    def spec(self, tab: str, is_: str | None = None) -> str:
        """The emotion as the picker of a tab writes it; where one is given, after waiting for it."""
        where = f"#{tab}-emotion .emo-spec"
        if is_ is not None:
            try:
                self.page.wait_for_function("([w, t]) => document.querySelector(w).value === t", arg=[where, is_], timeout=10_000)
            except Exception:
                return str(self.page.input_value(where))
        return str(self.page.input_value(where))

    def felt(self, tab: str, words: str) -> None:
        """Waits until the line below a picker says some words."""
        find = "([w, t]) => document.querySelector(w).innerText.includes(t)"
        self.page.wait_for_function(find, arg=[f"#{tab}-emotion .emo-felt", words], timeout=30_000)


def settle(seconds: float = 0.4) -> None:
    """Time for the page to put things in their places."""
    time.sleep(seconds)
