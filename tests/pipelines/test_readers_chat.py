"""Chats as scripts: roles of several makers, what is not spoken, and how each slip is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import EmogenError, InputError
from emogen.pipelines.lines import Line, Pause
from emogen.pipelines.performance.readers import read_script
from emogen.pipelines.performance.readers.chat import parse_chat
from emogen.pipelines.performance.script import Music, Scene, Script


def read(text: str) -> Script:
    return parse_chat(text, {}, name="chat.jsonl")


def said(script: Script) -> list[tuple[str, str]]:
    return [(e.role, e.text) for e in script.elements if isinstance(e, Line)]


def test_lines_of_speakers() -> None:
    script = read("""{"scene": "A kitchen"}
{"music": "calm:0.4"}
{"speaker": "Mara", "text": "Nobody came.", "emotion": "sadness:0.8"}
{"pause": 1.5}
{"name": "Tom", "content": "I did.", "emotion": {"label": "joy", "intensity": 0.5}}
{"speaker": "Mara", "text": "You!", "emotion": "none"}
""")
    assert said(script) == [("mara", "Nobody came."), ("tom", "I did."), ("mara", "You!")]
    assert [e.emotion for e in script.elements if isinstance(e, Line)] == ["sadness:0.8", "joy:0.5", None]
    assert [type(e) for e in script.elements[:2]] == [Scene, Music]
    assert script.elements[3] == Pause(4, 1.5)
    assert script.elements[4].number == 5


def test_messages_of_assistants() -> None:
    messages = [
        {"role": "system", "content": "You are kind."},
        {"role": "user", "content": "I failed my exam."},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "I'm **sorry**. \U0001f614\n\n- Breathe.\n```py\nx=1\n```\n"}, {"type": "image_url"}]},
    ]  # fmt: skip
    lines, whole = "\n".join(map(json.dumps, messages)), {"messages": messages}
    for text in (lines, json.dumps(messages), json.dumps(whole), json.dumps([whole])):
        script = read(text)
        assert said(script) == [("user", "I failed my exam."), ("assistant", "I'm sorry. Breathe.")]
        assert script.cast["assistant"].agent
        assert not script.cast["user"].agent


def test_conversations_of_shared_chats() -> None:
    script = read('{"title": "T", "conversations": [{"from": "human", "value": "Hi."},\n {"from": "gpt", "value": "Hello."}]}')
    assert said(script) == [("user", "Hi."), ("assistant", "Hello.")]
    assert script.title == "T"
    assert [e.number for e in script.elements] == [1, 2]


def test_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text('[{"speaker": "A", "text": "Hi."}]', encoding="utf-8")
    assert said(read_script(tmp_path / "a.txt")) == [("a", "Hi.")]


@pytest.mark.parametrize(("text", "needles"), [
    ("", ["chat.jsonl line 1", "not JSON"]),
    ('{"speaker": "A", "text": "Hi."}\n{"speaker": ', ["line 2", "not JSON"]),
    ('{"speaker": "A", "text": "Hi."}\n[1]', ["not JSON", "line 2"]),
    ('{"text": "Hi."}', ["line 1", "nobody says it"]),
    ('{"speaker": "A"}', ["line 1", "no words"]),
    ('{"speaker": "A", "text": 5}', ["text is int"]),
    ('{"speaker": "!?", "text": "Hi."}', ["line 1", "not a name"]),
    ('{"speaker": "A", "text": "Hi.", "emotion": 4}', ["emotion", "4"]),
    ('{"speaker": "A", "text": "Hi.", "emotion": "joy", "intensity": 9}', ["intensity", "0 to 1.5"]),
    ('{"pause": -1}\n{"speaker": "A", "text": "Hi."}', ["line 1, pause"]),
    ('{"messages": [{"role": "user", "content": "a"}]}\n{"messages": [{"role": "user", "content": "b"}]}', ["line 2", "one conversation"]),
    ('{"messages": []}', ["nobody says anything"]),
    ('{"messages": [5]}', ["message 1", "int"]),
    ("5", ["int"]),
    ("[" * 100_000, ["nested too deep"]),
])  # fmt: skip
def test_slips(text: str, needles: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.exit_code == 2
    if "[1]" not in text:
        for needle in needles:
            assert needle in str(caught.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["role", "content", "text", "speaker", "messages", "emotion"]), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(values)
def test_any_json_is_a_chat_or_a_plain_refusal(value: object) -> None:
    try:
        script = read(json.dumps(value))
    except EmogenError as error:
        assert len(str(error)) < 1_000  # noqa: PT017 (either outcome is right)
    else:
        assert said(script)
