"""`emogen perform`: plans that are printed and written, and what is refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emogen.cli import main
from emogen.pipelines.performance.plan_file import read_plan

CHAT = '{"role": "user", "content": "I failed."}\n{"role": "assistant", "content": "I am here for you."}\n'


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["perform", *map(str, arguments)])
    return int(ended.value.code or 0)


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "chat.jsonl"
    path.write_text(CHAT, encoding="utf-8")
    return path


def test_the_table(chat: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(chat, "--plan", "--policy", "calm down") == 0
    shown = capsys.readouterr().out
    for needle in ("User", "Assistant", "policy calm, to User (line 1)", "valence", "arousal", "turns"):
        assert needle in shown
    assert run(chat, "--plan", "--json") == 0
    assert [line["speaker"] for line in json.loads(capsys.readouterr().out)["lines"]] == ["User", "Assistant"]


def test_a_plan_is_written_edited_and_read(chat: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = chat.with_name("plan.json")
    cast = chat.with_name("cast.yaml")
    cast.write_text("User: {voice: bass}\n", encoding="utf-8")
    assert run(chat, "--cast", cast, "--plan-out", path, "--aspect", "1:1", "--fps", 12, "--seed", 3) == 0
    plan = read_plan(path)
    assert (plan.composition.aspect, plan.composition.fps, plan.seed, plan.beats[0].role.voice) == ("1:1", 12.0, 3, "bass")
    data = json.loads(path.read_text(encoding="utf-8"))
    data["lines"][1]["text"] = "I am far away."
    path.write_text(json.dumps(data), encoding="utf-8")
    capsys.readouterr()
    assert run(path, "--plan") == 0
    assert "I am far away." in capsys.readouterr().out
    assert sorted(p.name for p in chat.parent.iterdir()) == ["cast.yaml", "chat.jsonl", "plan.json"]


@pytest.mark.parametrize(("arguments", "needles"), [
    ((), ["-o FILE.mp4", "--plan"]),
    (("-o", "a.avi"), ["a.avi"]),
    (("-o", "none/a.mp4"), ["none"]),
    (("--plan-out", "a.txt"), ["a.txt", ".json"]),
    (("--plan", "--policy", "clam"), ["policy", 'Did you mean "calm"']),
    (("--plan", "--aspect", "4:3"), ["aspect", "16:9"]),
    (("--plan", "--resolution", "100"), ["resolution", "240"]),
    (("--plan", "--subtitles", "above"), ["subtitles", "beside"]),
    (("--plan", "--cast", "none.yaml"), ["none.yaml", "no such file"]),
    (("--plan", "--cache", "x", "--no-cache"), ["--no-cache"]),
    (("-o", "a.mp4", "--backend", "nope"), ["backend", "nope", "embedded"]),
])  # fmt: skip
def test_slips(
    chat: Path, arguments: tuple[str, ...], needles: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(chat.parent)
    assert run("chat.jsonl", *arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    for needle in needles:
        assert needle in shown.err
    assert [p.name for p in chat.parent.iterdir()] == ["chat.jsonl"]


def test_slips_of_the_cast_are_told_with_file_and_field(chat: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cast = chat.with_name("cast.yaml")
    cast.write_text("Usr: {voice: bass}\nAssistant: {voice: tenor}\n", encoding="utf-8")
    assert run(chat, "--cast", cast, "--plan") == 0
    told = capsys.readouterr().err
    assert 'chat.jsonl: "Usr" stands in the cast and says nothing. Did you mean "User"?' in told
    assert "Assistant" not in told
    assert run(chat, "--cast", cast, "--plan", "--json") == 0
    assert '"Usr"' in json.loads(capsys.readouterr().out)["warnings"][0]
    for member, needles in (
        ("{voice: altoo}", ["cast.yaml, cast, User, voice", 'Did you mean "alto"']),
        ("{portrait: 'avatar:avva'}", ["cast.yaml, cast, User, portrait", 'Did you mean "ava"']),
        ("{portrait: chat.jsonl}", ["cast.yaml, cast, User, portrait", "PNG"]),
        ("{portrait: none.png}", ["cast.yaml, cast, User, portrait", "none.png"]),
    ):
        cast.write_text(f"User: {member}\n", encoding="utf-8")
        assert run(chat, "--cast", cast, "--plan") == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        for needle in needles:
            assert needle in shown.err


@pytest.mark.parametrize(("name", "output", "more"), [
    ("plan.json", "plan.mp4", ()), ("film.srt", "film.mp4", ()), ("film.srt", "film.srt", ()), ("film.json", "x/../film.wav", ()),
    ("chat.jsonl", "a.mp4", ("--plan-out", "a.json")),
])  # fmt: skip
def test_nothing_is_written_over_what_it_is_made_of(
    name: str, output: str, more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    texts = {
        "plan.json": '{"lines": [{"speaker": "narrator", "text": "It rained."}]}', "chat.jsonl": CHAT,
        "film.json": '[{"speaker": "A", "text": "It rained."}]',
        "film.srt": "1\n00:00:01,000 --> 00:00:02,000\nIt rained.\n",
    }  # fmt: skip
    (tmp_path / name).write_text(texts[name], encoding="utf-8")
    assert run(name, "-o", output, *more) == 2
    assert "would be written over" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "x"])
