"""What the director plans: feelings that last, fade and are caught, policies, turns, shots, causes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emogen.conditioning.policy import STEP
from emogen.errors import InputError
from emogen.pipelines.performance.arc import Moment, turns, word_of
from emogen.pipelines.performance.captions import subtitles
from emogen.pipelines.performance.director import make_plan, planned
from emogen.pipelines.performance.plan import Plan
from emogen.pipelines.performance.readers import parse_script, read_script
from emogen.pipelines.performance.readers.chat import parse_chat

TWO = "---\ncast:\n  Ann: {{portrait: 'avatar:ava'{ann}}}\n  Bob: {{portrait: 'avatar:ben'{bob}}}\n---\n"
EVEN = "The table has four legs."


def story(text: str, ann: str = "", bob: str = "") -> Plan:
    return make_plan(parse_script(TWO.format(ann=ann, bob=bob) + text))


def vad(plan: Plan, line: int) -> np.ndarray:
    return plan.beats[line].emotion.at(0.0).vad


def test_a_sad_line_colours_the_next_and_fades() -> None:
    text = f"Ann (sadness:1): He is gone.\n\nAnn: {EVEN}\n\n[pause 30s]\n\nAnn: {EVEN}\n"
    plan, plain = story(text), story(f"Ann: {EVEN}\n")
    fell = [vad(plain, 0)[0] - vad(plan, i)[0] for i in (1, 2)]
    assert fell[0] > 0.1
    assert fell[1] < 0.6 * fell[0]
    assert "lasts from line 1" in plan.beats[1].because


def test_the_neurotic_feel_worse_and_longer() -> None:
    text = f"Ann (sadness:1): He is gone.\n\nAnn: {EVEN}\n"
    nervous = ", personality: {neuroticism: 1.0}"
    assert vad(story(text, ann=nervous), 1)[0] < vad(story(text), 1)[0] - 0.01
    assert vad(story(f"Ann: {EVEN}\n", ann=nervous), 0)[0] < vad(story(f"Ann: {EVEN}\n"), 0)[0]


def test_feelings_are_caught() -> None:
    angry = story(f"Ann (anger:1): Get out of here!\n\nBob: {EVEN}\n")
    alone = story(f"Ann (neutral): We sit here.\n\nBob: {EVEN}\n")
    assert vad(angry, 1)[0] < vad(alone, 1)[0] - 0.05
    assert "caught from Ann (line 1)" in angry.beats[1].because
    listening = angry.tracks["Bob"]
    assert listening.at(angry.beats[0].end_s).vad[1] > listening.at(angry.beats[0].start_s).vad[1] + 0.1
    assert angry.track.at(angry.beats[0].start_s + 0.1).label == "anger"


def test_hints_join_what_the_words_say(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f'"{EVEN}" said Ann.\n\n"{EVEN}" sobbed Bob.\n', encoding="utf-8")
    plan = planned(tmp_path / "a.txt")
    lines = [b for b in plan.beats if b.role.name != "narrator"]
    assert lines[1].emotion.at(0).vad[0] < lines[0].emotion.at(0).vad[0] - 0.2


CHAT = """{"role": "user", "content": "I failed my exam, and I feel terrible."}
{"role": "assistant", "content": "I am here."}
{"role": "user", "content": "I feel terrible and alone."}
{"role": "assistant", "content": "Tell me more about it."}
{"role": "user", "content": "Nobody cares about me, I hate my life."}
{"role": "assistant", "content": "The day is long."}
"""


def test_a_policy_leads_by_small_steps() -> None:
    script = parse_chat(CHAT, {}, name="chat.jsonl")
    plan = make_plan(script, policy="supportive")
    shown = [b.emotion.at(b.length_s).vad for b in plan.beats if b.role.name == "Assistant"]
    assert shown[0][0] < 0
    assert shown[-1][0] > 0.15
    assert all(np.linalg.norm(b - a) <= STEP + 0.05 for a, b in pairwise([np.zeros(3), *shown]))
    assert plan.beats[1].because.startswith("policy supportive, to User (line 1)")
    assert plan.beats[0].shot == "two"
    assert {b.role.portrait for b in plan.beats} == {"avatar:ava", "avatar:ben"}
    with pytest.raises(InputError, match="nobody of the cast is an agent"):
        make_plan(parse_script("Once upon a time.\n"), policy="calm")
    own = make_plan(script, cast={"User": {"policy": "hold"}, "Assistant": {"voice": "bass", "portrait": "none"}})
    assert own.beats[0].because.startswith("policy hold")
    assert (own.beats[1].role.voice, own.beats[1].role.portrait, own.beats[1].shot) == ("bass", None, "picture")


def test_the_story_turns_where_it_turns() -> None:
    sad = "".join(f"Ann (sadness:0.8): {w} is lost to us.\n\n" for w in ("All", "Much", "Home", "Hope", "Sleep", "Bread"))
    glad = "".join(f"Ann (joy:0.8): {w} is with us again.\n\n" for w in ("All", "Much", "Home", "Hope", "Sleep", "Bread"))
    plan = story(sad + glad)
    strongest = max(plan.peaks, key=lambda p: p.strength)
    assert strongest.beat == 6
    assert strongest.strength > 0.7
    assert strongest.word in plan.beats[6].text
    timed = plan.timed([2.0] * 12)
    peak = max(timed.peaks, key=lambda p: p.strength)
    assert timed.beats[6].start_s <= peak.t_s <= timed.beats[6].end_s
    calm = [Moment(i, "x", np.zeros(3), 0.1) for i in range(20)]
    assert turns(calm) == []
    assert turns([]) == []
    assert word_of("And so it was a wonderful day.") == "wonderful"


def test_shots() -> None:
    long = "This is a very long and even tempered line about the table and its four legs, and about nothing else in this world."
    plan = story(
        f"It was late.\nAnn (calm:0.2): Hello there.\nBob (anger:1): You!\nAnn (calm:0.2): {long}\n[shot: two]\nBob (anger:1): No!\n"
        "# Elsewhere\nBob (calm:0.2): Here.\nAnn (calm:0.2): There.\n"
    )
    assert [b.shot for b in plan.beats] == ["picture", "two", "head", "bust", "two", "two", "head"]
    with pytest.raises(InputError, match="line 2, shot: narrator has no portrait"):
        make_plan(parse_script("[shot: head]\nIt was late.\n"))
    with pytest.raises(InputError, match="line 1: unknown shot"):
        parse_script("[shot: wide]\nIt was late.\n")


def test_voices_and_faces_go_with_what_the_script_says(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        '"One," said Mr Hale. He rubbed his eyes.\n\n"Two," said Ruth. She took her hat.\n\n"Three," said Kim.\n', encoding="utf-8"
    )
    roles = {b.role.name: b.role for b in planned(tmp_path / "a.txt").beats}
    assert (roles["Mr Hale"].voice, roles["Mr Hale"].portrait) == ("tenor", "avatar:ben")
    assert (roles["Ruth"].voice, roles["Ruth"].portrait) == ("alto", "avatar:ava")
    assert (roles["Kim"].voice, roles["Kim"].portrait) == ("soprano", "avatar:mira")
    assert roles["narrator"].portrait is None


def test_a_cast_lies_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text("---\ncast: {Ann: {personality: {neuroticism: 1}}}\n---\nAnn: Hi.\n", encoding="utf-8")
    cast = tmp_path / "sub" / "cast.yaml"
    cast.write_text("Ann: {portrait: a.jpg}\n", encoding="utf-8")
    role = planned(tmp_path / "sub" / "a.md", cast=cast).beats[0].role
    assert role.portrait == "a.jpg"
    assert role.personality == {"neuroticism": 1.0}
    outside = tmp_path / "cast.yaml"
    outside.write_text("Ann: {portrait: a.jpg}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"cast.yaml, Ann, portrait.*not in the folder"):
        read_script(tmp_path / "sub" / "a.md", outside)


def test_it_is_the_same_every_time() -> None:
    script = parse_chat(CHAT, {}, name="chat.jsonl")
    one, other = make_plan(script, policy="cheer"), make_plan(script, policy="cheer")
    assert one == other
    assert one.table() == other.table()
    assert "valence" in one.table()
    assert one.tracks.keys() == {"User", "Assistant"}


def test_people_read_words_where_the_voice_is_given_markup() -> None:
    marked = 'Hello <emphasis>you</emphasis> there.<break time="300ms"/>Day &amp; <sub alias="a b">night</sub>.'
    read = "Hello you there. Day & night."
    for line in (marked, f"<speak>{marked}</speak>"):
        plan = story(f"Ann (joy:1): {line}\n", ann=", ssml: true")
        beat = plan.beats[0]
        assert (beat.text, beat.words) == (f"<speak>{marked}</speak>", read)
        assert beat.length_s == story(f"Ann (joy:1): {read.replace('&', '+')}\n").beats[0].length_s
        assert plan.peaks[0].word in ("Hello", "night", "Day")
        assert read in plan.table()
        shown = subtitles(plan, [SimpleNamespace(words=())])[0]
        assert [cue.text for cue in shown] == ["Hello you there.", "Day & night."]
    with pytest.raises(InputError, match=r"line 6, SSML line 1.*no element"):
        story("Ann: Hello <blink>you</blink>.\n", ann=", ssml: true")
    with pytest.raises(InputError, match=r"line 6, text: is SSML.*ssml: true"):
        story("Ann: <speak>Hello</speak>\n")
