"""The emotion picker: whatever a visitor does to it writes the right text, by mouse, finger and keys."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("gradio", reason="the demo needs gradio: pip install emogen[demo]")

from emogen.conditioning.spec import parse
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import norm
from emogen.demo.picker import AXES, LETTER_PX, LINE_PX, PLANE_PX, felt, places, reading
from emogen.errors import InputError
from tests.conditioning.written import MIXTURES, POINTS, WORDED, tracks
from tests.demo.browsing import Visit, settle


def joined(found: dict[str, Any]) -> str:
    """What picker.js puts together of a reading."""

    def mixture(moment: dict[str, Any]) -> str:
        return "+".join(f"{p['text']}:{p['amount']!r}" for p in moment["parts"]) or "neutral"

    return "; ".join(f"{m['t']!r}s{m['mark']} {mixture(m)}" for m in found["moments"])


SIGNS = st.sampled_from(["neutral>anger:0.7+joy:0.3", "-(joy+fear)", "-trust", "(joy>fear:0.4):0.5"])


@given(st.one_of(MIXTURES, POINTS, WORDED, tracks(), SIGNS))
@settings(max_examples=150, deadline=None)
def test_the_pieces_of_a_reading_are_the_emotion_again(text: str) -> None:
    found = reading(text)
    assert "error" not in found
    again = EmotionTrack.of(parse(joined(found)))
    asked = EmotionTrack.of(parse(text))
    assert [k.t for k in again.keyframes] == [k.t for k in asked.keyframes]
    for one, other in zip(again.keyframes, asked.keyframes, strict=True):
        assert one.emotion.distance(other.emotion) < 1e-6
        assert (one.step, one.ease) == (other.step, other.ease)


def test_a_reading_says_what_is_wrong_and_where() -> None:
    assert 'Did you mean "joy"?' in reading("joyy")["error"]
    assert reading("auto")["auto"] is True
    assert reading("")["meaning"] == "neutral"


def test_words_of_the_plane_stand_near_their_norms_and_never_overlap() -> None:
    found = places()
    assert {"joy", "sadness", "anger", "fear", "surprise", "disgust", "serenity", "boredom"} <= {p["word"] for p in found}
    boxes = list(AXES)
    for p in found:
        half = len(p["word"]) * LETTER_PX / 2
        boxes.append((p["x"] * PLANE_PX - half, p["x"] * PLANE_PX + half, p["y"] * PLANE_PX))
        v, a, _ = norm(p["word"])
        assert abs(p["x"] - (v + 1) / 2) < 0.12
        assert abs(p["y"] - (1 - a) / 2) < 0.08
    for (left, right, y), (left2, right2, y2) in itertools.combinations(boxes, 2):
        assert right <= left2 or right2 <= left or abs(y - y2) >= LINE_PX - 0.5


def test_references_are_refused_alike_whether_they_exist_or_not() -> None:
    messages = []
    for name in ("@/etc/passwd", "@/etc/none-such", "@../../README.md"):
        with pytest.raises(InputError) as caught:
            felt(name)
        messages.append(str(caught.value).replace(name, "NAME"))
    assert len(set(messages)) == 1


# -- in the browser --------------------------------------------------------------------------------------------
def write(visit: Visit, text: str) -> None:
    visit.page.fill("#speak-emotion .emo-spec", text)


def test_words_points_and_intensity_by_mouse(visit: Visit) -> None:
    page = visit.page
    write(visit, "joy:0.8")  # and no waiting: what is clicked is done to what was typed
    page.click("#speak-emotion .emo-word[data-word=fear]")
    assert visit.spec("speak", "fear:0.8") == "fear:0.8"
    page.locator("#speak-emotion .emo-level input").fill("0.3")
    assert visit.spec("speak", "fear:0.3") == "fear:0.3"
    box = page.locator("#speak-emotion .emo-plane").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.86)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.75, steps=4)
    page.mouse.up()
    visit.felt("speak", "pleasant")
    v, a, _ = parse(visit.spec("speak")).vad
    assert v == pytest.approx(0.5, abs=0.03)
    assert a == pytest.approx(-0.5, abs=0.03)


def test_the_point_by_keys(visit: Visit) -> None:
    page = visit.page
    write(visit, "vad(0.2,0.1,0)")
    thumb = page.locator("#speak-emotion .emo-thumb")
    thumb.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_selector("#speak-emotion .emo-thumb[aria-valuetext^='pleasant 0.1, ']")
    v, a, _ = parse(visit.spec("speak")).vad
    assert (v, a) == (pytest.approx(0.1, abs=0.011), pytest.approx(0.15, abs=0.011))
    assert "pleasant 0.1, excited 0.15" in str(thumb.get_attribute("aria-valuetext"))
    page.keyboard.press("Tab")  # no trap: focus goes on to the next control
    assert page.evaluate("document.activeElement.type") == "range"


def test_a_mixture_and_a_description(visit: Visit) -> None:
    page, chip = visit.page, "#speak-emotion .emo-chip"
    write(visit, "joy:0.6")
    visit.felt("speak", "moderate joy")
    page.fill("#speak-emotion [aria-label='Add a feeling']", "fear")
    page.keyboard.press("Enter")
    assert visit.spec("speak", "joy:0.6+fear:0.5") == "joy:0.6+fear:0.5"
    visit.felt("speak", "guilt")
    page.locator(f"{chip} [aria-label='Share of fear']").fill("0.2")
    assert visit.spec("speak", "joy:0.6+fear:0.2") == "joy:0.6+fear:0.2"
    page.click(f"{chip} [aria-label='Remove joy']")
    assert visit.spec("speak", "fear:0.2") == "fear:0.2"
    page.fill("#speak-emotion [aria-label='Describe the feeling in words']", 'a "trembling" whisper')
    page.click("#speak-emotion [aria-label='Use the description']")
    assert visit.spec("speak", '"a \\"trembling\\" whisper":0.2') == '"a \\"trembling\\" whisper":0.2'
    assert page.locator(chip).count() == 1


def test_moments_over_time(visit: Visit) -> None:
    page, strip = visit.page, "#speak-emotion .emo-strip"
    write(visit, "fear:0.8")
    visit.felt("speak", "strong fear")
    page.get_by_role("button", name="Change over time").first.click()
    assert visit.spec("speak", "0s fear:0.8; 2s fear:0.8") == "0s fear:0.8; 2s fear:0.8"
    page.click("#speak-emotion .emo-word[data-word=joy]")  # the new moment is the chosen one
    assert visit.spec("speak", "0s fear:0.8; 2s joy:0.8") == "0s fear:0.8; 2s joy:0.8"
    page.wait_for_selector(f"{strip} polyline.v")
    page.locator(f"{strip} [data-moment='1']").focus()
    page.keyboard.press("ArrowRight")
    assert visit.spec("speak", "0s fear:0.8; 2.1s joy:0.8") == "0s fear:0.8; 2.1s joy:0.8"
    settle()
    key, area = page.locator(f"{strip} [data-moment='1']").bounding_box(), page.locator(f"{strip} .emo-area").bounding_box()
    page.mouse.move(key["x"] + 10, key["y"] + 10)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.75, key["y"] + 10, steps=5)
    page.mouse.up()
    settle()
    t = parse(visit.spec("speak")).keyframes[1].t
    assert t == pytest.approx(3.0, abs=0.1)
    page.click(f"{strip} .emo-area", position={"x": area["width"] * 0.4, "y": 20})
    settle()
    assert len(parse(visit.spec("speak")).keyframes) == 3
    page.keyboard.press("Tab")
    page.locator(f"{strip} [data-moment='1']").focus()
    page.keyboard.press("Delete")
    settle()
    assert len(parse(visit.spec("speak")).keyframes) == 2
    page.get_by_role("button", name="One feeling only").first.click()
    settle()
    assert ";" not in visit.spec("speak")


def test_a_text_moves_the_point_and_a_slip_is_explained(visit: Visit) -> None:
    page = visit.page
    write(visit, "sadness")
    visit.felt("speak", "sadness")
    page.wait_for_function("document.querySelector('#speak-emotion .emo-thumb').style.left.startsWith('18.')")
    write(visit, "joyy")
    visit.felt("speak", 'Did you mean "joy"')
    page.get_by_role("button", name="The words decide").first.click()
    assert visit.spec("speak", "auto") == "auto"
    visit.felt("speak", "the words decide")


def test_pickers_of_several_tabs_do_not_disturb_each_other(visit: Visit) -> None:
    write(visit, "anger")
    visit.tab("Music")
    visit.page.wait_for_selector("#music-emotion .emo-thumb")
    visit.page.click("#music-emotion .emo-word[data-word=pride]")
    settle(1.0)
    assert "pride" in visit.spec("music")
    assert visit.spec("speak") == "anger"
    ids = visit.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    own = [one for one in ids if one.startswith("emo")]
    assert len(own) == len(set(own))


def test_by_finger(phone: Visit) -> None:
    plane = phone.page.locator("#speak-emotion .emo-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    phone.page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.9)
    settle(1.0)
    v, a, _ = parse(phone.spec("speak")).keyframes[0].emotion.vad
    assert (v, a) == (pytest.approx(0.6, abs=0.05), pytest.approx(-0.8, abs=0.05))


def test_examples_reach_the_picker(visit: Visit) -> None:
    visit.page.get_by_text("Please don't go in there.").first.click()
    assert visit.spec("speak", "fear:0.9") == "fear:0.9"
    visit.felt("speak", "strong fear")
