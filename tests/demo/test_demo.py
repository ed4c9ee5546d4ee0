"""The demo in a real browser: each tab does its job by real clicks, and what it gives plays."""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the demo needs gradio: pip install emogen[demo]")

from emogen.demo.jobs import Job
from tests.demo.browsing import TABS, WAIT_MS, Visit, settle

#: Controls that can be seen and that nothing names: no text, no label, no title.
NAMELESS = """() => {
  const seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden" && !e.closest("[aria-hidden=true]");
  const text = (e) => (e?.innerText ?? e?.textContent ?? "").trim();
  const by = (e) => (e.getAttribute("aria-labelledby") || "").split(" ").map((i) => text(document.getElementById(i))).join("");
  const inside = (e) => [...e.querySelectorAll("img[alt],[aria-label]")].map((x) => x.alt || x.getAttribute("aria-label")).join("");
  const own = (e) => e.matches("input,textarea,select") ? "" : text(e);
  const labels = (e) => [...(e.labels ?? [])].map(text).join("");
  const name = (e) => e.getAttribute("aria-label") || by(e) || labels(e) || e.title || e.alt || own(e) || inside(e);
  const all = document.querySelectorAll("button,input,textarea,select,iframe,a[href],[role=slider],[role=button],[role=tab],[role=radio]");
  return [...all].filter((e) => seen(e) && e.type !== "hidden" && e.type !== "file" && !name(e)).map((e) => e.outerHTML.slice(0, 160));
}"""


def test_it_opens_with_every_tab_and_without_errors(visit: Visit) -> None:
    shown = [t.inner_text() for t in visit.page.locator(".tabs").first.locator("> .tab-wrapper [role=tab]").all() if t.is_visible()]
    assert tuple(shown) == TABS
    for name in TABS:
        visit.tab(name)
        settle()
    assert visit.problems == []
    assert visit.page.title() == "emogen"
    assert "synthetic" in visit.page.inner_text(".foot").lower()


def test_every_control_has_a_name(visit: Visit) -> None:
    found = {}
    for name in TABS:
        visit.tab(name)
        settle()
        found[name] = visit.page.evaluate(NAMELESS)
    assert found == {name: [] for name in TABS}


def test_it_fits_a_phone(phone: Visit) -> None:
    wide = {}
    for name in TABS:
        phone.tab(name)
        settle()
        wide[name] = phone.page.evaluate("document.documentElement.scrollWidth")
    assert wide == dict.fromkeys(TABS, 390)


def test_speak_gives_sound_that_plays_files_and_a_verdict(visit: Visit) -> None:
    page = visit.page
    page.fill("#speak-text textarea", "We won the game, and nobody saw it but you and me.")
    page.fill("#speak-emotion .emo-spec", "joy")
    page.click("#speak-go")
    assert 1 <= visit.sound_length("#speak-out") <= 10
    page.click("#speak-out button[aria-label=Play]")
    page.wait_for_selector("#speak-out button[aria-label=Pause]", timeout=20_000)
    said = visit.verdict("speak")
    assert "asked for joy" in said
    assert "heard" in said
    assert "real people right in" in said
    names = visit.files("speak")
    assert "speech.wav" in names
    assert "speech.json" in names
    assert page.locator("#speak-verdict svg[role=img]").count() == 1


def test_a_recording_is_said_otherwise(visit: Visit, tmp_path: Path) -> None:
    from emogen import speak

    recording = speak("Good morning to you.", seed=1).save(tmp_path / "me.wav")
    visit.page.get_by_role("tab", name="A recording").first.click()
    visit.page.locator("#speak-in input[type=file]").first.set_input_files(str(recording))
    visit.page.fill("#speak-emotion .emo-spec", "sadness")
    visit.page.wait_for_selector("#speak-in button[aria-label=Play]", timeout=WAIT_MS)
    visit.page.click("#convert-go")
    assert 1 <= visit.sound_length("#speak-out") <= 4
    assert "otherwise.json" in visit.files("speak")


def test_a_slip_is_answered_politely(visit: Visit) -> None:
    visit.page.fill("#speak-text textarea", "   ")
    visit.page.click("#speak-go")
    assert "Write what is said" in visit.told()
    assert "Traceback" not in visit.page.content()


def test_cancel_ends_the_work(visit: Visit) -> None:
    visit.tab("Talk")
    visit.page.fill("#talk-text textarea", "This is a long sentence that takes its time to be said and to be drawn. " * 8)
    visit.page.click("#talk-go")
    working = _eventually(lambda: bool(_jobs()))
    settle(1.5)
    visit.page.click("#talk-cancel")
    assert working
    assert _eventually(lambda: not _jobs())
    settle()
    assert visit.page.locator("#talk-out video").count() == 0
    visit.page.fill("#talk-text textarea", "Hi.")  # and what comes next is not disturbed
    visit.page.click("#talk-go")
    assert visit.length("#talk-out") > 0.3


def _jobs() -> list[Any]:
    return [thread for thread in threading.enumerate() if isinstance(thread, Job)]


def _eventually(found: Any, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.1)
    return False


def test_a_face_talks_and_is_judged(visit: Visit) -> None:
    visit.tab("Talk")
    visit.page.fill("#talk-text textarea", "Hi.")
    visit.page.click("#talk-go")
    assert visit.length("#talk-out") > 0.3
    visit.page.wait_for_function("() => document.querySelector('#talk-out video').currentTime > 0", timeout=WAIT_MS)
    assert "Faces" in visit.verdict("talk")
    assert "curves.csv" in visit.files("talk")


def test_the_face_in_a_video_is_changed(visit: Visit, tmp_path: Path) -> None:
    from emogen.media.video import VideoWriter
    from emogen.pipelines.talking_head.portraits import open_portrait

    still = open_portrait("avatar:ben", size=256).render(np.zeros(61, np.float32))
    with VideoWriter(tmp_path / "still.mp4", fps=12.0, width=256, height=256) as video:
        for _ in range(12):
            video.write(still)
    visit.tab("Talk")
    visit.page.get_by_role("tab", name="A video of a face").click()
    visit.page.locator("#edit-in input[type=file]").first.set_input_files(str(tmp_path / "still.mp4"))
    visit.page.wait_for_selector("#edit-in video", timeout=WAIT_MS, state="attached")
    visit.page.click("#edit-go")
    assert 0.9 < visit.length("#talk-out") < 1.2


def test_a_body_gestures(visit: Visit) -> None:
    visit.tab("Gesture")
    visit.page.fill("#gesture-text textarea", "Stop it.")
    visit.page.click("#gesture-go")
    assert visit.length("#gesture-out") > 0.5
    assert "Movement" in visit.verdict("gesture")


def test_a_movement_is_felt_otherwise(visit: Visit, tmp_path: Path) -> None:
    from emogen.pipelines.gesture.pipeline import RuleGesturePipeline

    plain = RuleGesturePipeline.embedded()(None, "neutral", seconds=2.0, seed=1).save(tmp_path / "plain.bvh")
    visit.tab("Gesture")
    visit.page.get_by_role("tab", name="A movement").click()
    visit.page.locator("#restyle-in input[type=file]").first.set_input_files(str(plain))
    visit.page.wait_for_selector("#restyle-in .file-preview", timeout=WAIT_MS)
    visit.page.click("#restyle-go")
    assert visit.length("#gesture-out") > 1
    assert "body.bvh" in visit.files("gesture")


def test_music_gives_sound(visit: Visit) -> None:
    visit.tab("Music")
    visit.page.fill("#music-seconds input[type=number]", "6")
    visit.page.keyboard.press("Tab")
    visit.page.click("#music-go")
    assert visit.sound_length("#music-out") == 6
    assert "calm → joy" in visit.verdict("music")
    assert "music.musicxml" in visit.files("music")


def test_image_gives_a_picture_a_reason_and_a_verdict(visit: Visit) -> None:
    visit.tab("Image")
    visit.page.get_by_label("small").first.check()
    visit.page.click("#image-go")
    visit.page.wait_for_function("() => document.querySelector('#image-out img')?.naturalWidth == 384", timeout=WAIT_MS)
    said = visit.verdict("image")
    assert "does not know nostalgia" in said
    assert "carried by" in visit.page.inner_text("#image-told")


def test_a_film_plays_and_its_pictures_are_judged(visit: Visit) -> None:
    visit.tab("Image")
    visit.page.get_by_role("tab", name="A film").click()
    visit.page.fill("#film-seconds input[type=number]", "1")
    visit.page.keyboard.press("Tab")
    visit.page.locator("#film-shape").get_by_label("small").check()
    visit.page.click("#film-go")
    assert 0.8 < visit.length("#film-out") < 1.3
    assert "Pictures" in visit.verdict("film")


def test_words_are_recognised(visit: Visit) -> None:
    visit.tab("Recognize")
    visit.page.fill("#recognize-text textarea", "I am so happy, we won!")
    visit.page.click("#recognize-go")
    visit.page.wait_for_selector("#recognize-out >> text=/joy|pride|excitement/", timeout=WAIT_MS)


def test_a_file_is_recognised_over_time(visit: Visit, tmp_path: Path) -> None:
    from emogen import speak

    said = speak("I never thought that I would see you again, and here you are. Come in, come in, and tell me everything.", "joy", seed=1)
    visit.tab("Recognize")
    visit.page.get_by_role("tab", name="A file").click()
    visit.page.locator("#recognize-file input[type=file]").first.set_input_files(str(said.save(tmp_path / "said.wav")))
    visit.page.wait_for_selector("#recognize-file .file-preview", timeout=WAIT_MS)
    visit.page.click("#recognize-file-go")
    visit.page.wait_for_selector("#recognize-summary >> text=speech:", timeout=WAIT_MS)
    assert visit.page.locator("#recognize-courses svg polyline").count() == 2


def test_a_story_is_planned_changed_and_performed(visit: Visit) -> None:
    visit.tab("Perform")
    visit.page.fill(
        "#perform-text textarea", "---\ncast: {Ava: {portrait: 'avatar:ava'}}\nmusic: 'off'\n---\nAVA (joy): Hello.\nAVA: Bye.\n"
    )
    visit.page.get_by_label("240").check()
    visit.page.click("#perform-plan")
    visit.page.wait_for_selector("#perform-plan-out >> text=Hello. >> visible=true", timeout=WAIT_MS)
    cell = visit.page.locator("#perform-plan-out .cell-wrap", has_text="joy").locator("visible=true").first
    cell.dblclick()
    visit.page.keyboard.press("Control+a")
    visit.page.keyboard.type("anger:0.9")
    visit.page.keyboard.press("Enter")
    visit.page.click("#perform-planned")
    assert visit.length("#perform-out") > 1
    assert "anger" in visit.verdict("perform")
    assert "plan.yaml" in visit.files("perform")


def test_files_are_evaluated_and_the_report_opens(visit: Visit, tmp_path: Path) -> None:
    from emogen import speak

    for feeling in ("joy", "sadness"):
        speak("It is time to go home now.", feeling, seed=1).save(tmp_path / f"{feeling}.wav")
    given = [str(tmp_path / f"{name}{suffix}") for name in ("joy", "sadness") for suffix in (".wav", ".json")]
    visit.tab("Evaluate")
    visit.page.locator("#evaluate-files input[type=file]").first.set_input_files(given)
    visit.page.wait_for_selector("#evaluate-files .file-preview", timeout=WAIT_MS)
    visit.page.click("#evaluate-go")
    visit.page.wait_for_selector("#evaluate-figures >> text=speech", timeout=WAIT_MS)
    frame = visit.page.frame_locator("#evaluate-report iframe")
    frame.get_by_text("Voices").first.wait_for(timeout=WAIT_MS)
    assert "report.html" in visit.page.inner_text("#evaluate-out").replace("\n", "")
    assert visit.page.locator("#evaluate-report iframe").get_attribute("sandbox") == "allow-scripts"


# -- what must not be reached -------------------------------------------------------------------------------------
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


def test_a_story_reads_no_picture_of_this_machine() -> None:
    from emogen.demo.perform import make, make_planned
    from emogen.errors import InputError

    for name in ("../../../../etc/passwd", "/etc/passwd"):
        with pytest.raises(InputError, match="folder"):
            make(f"---\ncast: {{A: {{portrait: '{name}'}}}}\n---\nA (joy): Hi.\n")
        plan = {"cast": {"A": {"portrait": name}}, "lines": [{"speaker": "A", "text": "Hi.", "emotion": "@/etc/passwd"}]}
        with pytest.raises(InputError):
            make_planned(None, plan)


def test_a_story_that_is_too_long_is_refused() -> None:
    from emogen.demo.perform import make
    from emogen.errors import LimitError

    with pytest.raises(LimitError, match="limit"):
        make("This is a long sentence that nobody wants to hear again. " * 60)


def test_a_plan_that_is_too_large_is_refused() -> None:
    from emogen.demo.perform import make_planned
    from emogen.errors import LimitError

    for large in ({"resolution": 1080}, {"fps": 60}):
        with pytest.raises(LimitError, match="Here the limit is 480 px and 30 frames"):
            make_planned(None, {"composition": large, "lines": [{"speaker": "narrator", "text": "Hi."}]})


def test_fields_hold_no_more_than_they_say_for_programs_either() -> None:
    from types import SimpleNamespace

    from emogen.demo.common import bounded
    from emogen.errors import LimitError

    call = bounded(lambda text, number: (text, number), [SimpleNamespace(max_length=5, label="Words"), SimpleNamespace()])
    assert call("hello", 7) == ("hello", 7)
    with pytest.raises(LimitError, match=r"Words: 6 characters\. The limit here is 5"):
        call("hello!", 7)


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
    from emogen.errors import InputError

    assert (seed_of(""), seed_of(None), seed_of(" 7 ")) == (None, None, 7)
    with pytest.raises(InputError, match="seed"):
        seed_of("seven")
