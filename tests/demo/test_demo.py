"""The demo in a real browser: what a visitor sees, and what a visitor must not reach."""

from __future__ import annotations

import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emogen.errors import InputError

gradio = pytest.importorskip("gradio", reason="the demo needs gradio: pip install emogen[demo]")
CHROMIUM = next(
    (
        p
        for p in ("/usr/bin/chromium", shutil.which("chromium"), shutil.which("google-chrome"))
        if p and Path(p).exists()
    ),
    None,
)
PORT = 7961
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from emogen.demo.page import build, serve

    page = build()
    serve(page, host="127.0.0.1", port=PORT, wait=False)
    yield f"http://127.0.0.1:{PORT}"
    page.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser test needs playwright")
    if CHROMIUM is None:
        pytest.skip("the browser test needs Chromium (Debian: apt install chromium)")
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.goto(address)
    page.wait_for_selector("#speak-go", timeout=120_000)  # the first page of a busy machine takes its time
    yield page
    page.close()


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def length(page: Any, where: str, kind: str) -> float:
    """Seconds of the first player in a place, once it has loaded."""
    player = page.wait_for_selector(f"{where} {kind}", timeout=120_000, state="attached")
    for _ in range(100):
        seconds = player.evaluate("p => Number.isFinite(p.duration) ? p.duration : 0")
        if seconds > 0:
            return float(seconds)
        time.sleep(0.2)
    return 0.0


def sound_length(page: Any, where: str) -> int:
    """Whole seconds that the waveform of a place says it lasts."""
    last = "[...document.querySelector(w).innerText.matchAll(/(\\d+):(\\d\\d)/g)].pop()"
    find = f"w => {{ const t = {last}; return t ? 60 * t[1] + 1 * t[2] : 0 }}"
    page.wait_for_function(f"w => ({find})(w) > 0", arg=where, timeout=120_000)
    return int(page.evaluate(find, where))


def test_it_opens_with_every_tab_and_without_errors(page: Any) -> None:
    for name in ("Speak", "Talk", "Gesture", "Music", "Image", "Recognize", "Perform"):
        tab(page, name)
    assert page.problems == []
    assert page.title() == "emogen"


def test_it_fits_a_phone(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.wait_for_selector("#speak-go")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.close()


def test_speak_gives_sound(page: Any) -> None:
    page.fill("#speak-text textarea", "We won the game, and nobody saw it but you and me.")
    page.click("#speak-go")
    assert 1 <= sound_length(page, "#speak-out") <= 10


def test_the_emotion_is_explained_while_it_is_written(page: Any) -> None:
    page.get_by_label("Emotion").first.fill("joy:0.6+fear:0.3")
    page.wait_for_selector("text=guilt", timeout=20_000)
    page.get_by_label("Emotion").first.fill("joyy")
    page.wait_for_selector('text=Did you mean "joy"', timeout=20_000)


def test_a_slip_is_answered_politely(page: Any) -> None:
    page.fill("#speak-text textarea", "   ")
    page.click("#speak-go")
    page.wait_for_selector(".toast-body, .toast-wrap", timeout=60_000)
    assert "Traceback" not in page.content()


def test_words_are_recognised(page: Any) -> None:
    tab(page, "Recognize")
    page.fill("#recognize-text textarea", "I am so happy, we won!")
    page.click("#recognize-go")
    page.wait_for_selector("#recognize-out >> text=/joy|pride|excitement/", timeout=60_000)


def test_image_gives_a_picture_and_says_why(page: Any) -> None:
    tab(page, "Image")
    page.click("#image-go")
    page.wait_for_function("() => document.querySelector('#image-out img')?.naturalWidth == 1024", timeout=90_000)
    assert "carried by" in page.inner_text("#image-why")


def test_music_gives_sound(page: Any) -> None:
    tab(page, "Music")
    page.click("#music-go")
    assert sound_length(page, "#music-out") == 20


def test_a_face_talks(page: Any) -> None:
    tab(page, "Talk")
    page.fill("#talk-text textarea", "Hi.")
    page.click("#talk-go")
    assert length(page, "#talk-out", "video") > 0.5


def test_the_face_in_a_video_is_changed(page: Any, tmp_path: Path) -> None:
    from emogen.media.video import VideoWriter
    from emogen.pipelines.talking_head.portraits import open_portrait

    still = open_portrait("avatar:ben", size=256).render(np.zeros(61, np.float32))
    with VideoWriter(tmp_path / "still.mp4", fps=12.0, width=256, height=256) as video:
        for _ in range(12):
            video.write(still)
    tab(page, "Talk")
    page.get_by_text("Change the face in a video").click()
    page.locator("#edit-in input[type=file]").first.set_input_files(str(tmp_path / "still.mp4"))
    page.wait_for_selector("#edit-in video", timeout=60_000, state="attached")
    page.click("#edit-go")
    assert 0.9 < length(page, "#edit-out", "video") < 1.2


def test_a_body_gestures(page: Any) -> None:
    tab(page, "Gesture")
    page.fill("#gesture-text textarea", "Stop it.")
    page.click("#gesture-go")
    assert length(page, "#gesture-out", "video") > 0.5


def test_a_movement_is_felt_otherwise(page: Any, tmp_path: Path) -> None:
    from emogen.pipelines.gesture.pipeline import RuleGesturePipeline

    plain = RuleGesturePipeline.embedded()(None, "neutral", seconds=2.0, seed=1).save(tmp_path / "plain.bvh")
    tab(page, "Gesture")
    page.get_by_text("Change the feeling of a movement").click()
    page.locator("#restyle-in input[type=file]").first.set_input_files(str(plain))
    page.wait_for_selector("#restyle-in .file-preview", timeout=60_000)
    page.click("#restyle-go")
    assert length(page, "#restyle-out", "video") > 1


def test_a_story_is_planned_and_performed(page: Any) -> None:
    tab(page, "Perform")
    page.fill(
        "#perform-text textarea", "---\ncast: {Ava: {portrait: 'avatar:ava'}}\nmusic: 'off'\n---\nAVA (joy): Hello.\n"
    )
    page.click("#perform-plan")
    page.wait_for_function("document.querySelector('#perform-plan-out textarea').value.includes('joy')", timeout=60_000)
    page.click("#perform-go")
    assert length(page, "#perform-out", "video") > 1


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "/proc/self/environ",
        "https://example.com/",
        "http://169.254.169.254/",
        str(Path(__file__)),
        str(Path(__file__).parents[2] / "emogen/checkpoints/text/config.json"),
    ],
)
def test_no_file_of_this_machine_can_be_fetched(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}/gradio_api/file={path}", timeout=20)
    assert caught.value.code in {403, 404, 422}


def test_references_are_refused_alike_whether_they_exist_or_not() -> None:
    from emogen.demo.common import felt

    messages = []
    for name in ("@/etc/passwd", "@/etc/none-such", "@../../README.md"):
        with pytest.raises(InputError) as caught:
            felt(name)
        messages.append(str(caught.value).replace(name, "NAME"))
    assert len(set(messages)) == 1


def test_a_story_reads_no_picture_of_this_machine() -> None:
    from emogen.demo.perform import make

    for name in ("../../../../etc/passwd", "/etc/passwd"):
        story = f"---\ncast: {{A: {{portrait: '{name}'}}}}\n---\nA (joy): Hi.\n"
        with pytest.raises(gradio.Error, match="folder of the script"):
            make(story, "1")


def test_a_story_that_is_too_long_is_refused() -> None:
    from emogen.demo.perform import make

    with pytest.raises(gradio.Error, match="limit"):
        make("This is a long sentence that nobody wants to hear again. " * 60, "1")


def test_results_that_nobody_fetched_are_deleted() -> None:
    from emogen.demo import common

    old = common.fresh_folder()
    (old / "speech.wav").write_bytes(b"x")
    long_ago = time.time() - common.KEEP_S - 10
    os.utime(old, (long_ago, long_ago))
    fresh = common.fresh_folder()
    assert not old.exists()
    assert fresh.exists()


def test_seeds_are_read_as_they_are_written() -> None:
    from emogen.demo.common import seed_of

    assert (seed_of(""), seed_of(None), seed_of(" 7 ")) == (None, None, 7)
    with pytest.raises(InputError, match="seed"):
        seed_of("seven")
