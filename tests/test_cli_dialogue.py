"""`emogen speak` of a dialogue as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import run

TALK = "Ann (joy:0.8): We won.\nBo: It is late.\n"


def test_speak_writes_a_dialogue_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "cast.yaml").write_text("Ann: {voice: soprano, pan: -0.5}\n", encoding="utf-8")
    done = run("speak", "talk.txt", "--cast", "cast.yaml", "-o", "t.wav", "--stems", "stems", "--seed", "7", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) >= {"output", "sidecar", "seconds", "warnings", "seed", "turns", "also"}
    assert [t["speaker"] for t in result["turns"]] == ["Ann", "Bo"]
    assert sorted(result["also"]) == ["stems/Ann.wav", "stems/Bo.wav", "t.srt", "t.vtt"]
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["cast.yaml", "stems/Ann.json", "stems/Ann.wav", "stems/Bo.json", "stems/Bo.wav", "t.json", "t.srt", "t.vtt",
                     "t.wav", "talk.txt"]  # fmt: skip
    card = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert card["modality"] == "dialogue"
    assert str(tmp_path) not in json.dumps(card)


def test_a_dialogue_needs_no_cast_and_a_text_without_speakers_is_read(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "plain.txt").write_text("We won. Ann said: it is late.\n", encoding="utf-8")
    done = run("speak", "talk.txt", "-o", "t.srt", "--seed", "7", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Bo: It is late." in (tmp_path / "t.srt").read_text(encoding="utf-8")
    done = run("speak", "plain.txt", "-o", "p.wav", "--seed", "7", "--json", cwd=tmp_path)
    assert "turns" not in json.loads(done.stdout)


@pytest.mark.parametrize(("arguments", "needles"), [
    (("talk.txt", "--cast", "none.yaml", "-o", "a.wav"), ["none.yaml", "no such file"]),
    (("talk.txt", "--cast", "bad.yaml", "-o", "a.wav"), ["bad.yaml line 2, Bo", "voise", 'Did you mean "voice"']),
    (("talk.txt", "--cast", "who.yaml", "-o", "a.wav"), ["Ann", "nobody", "alto"]),
    (("plain.txt", "--cast", "who.yaml", "-o", "a.wav"), ["plain.txt", "nobody says anything"]),
    (("broken.txt", "-o", "a.wav"), ["broken.txt line 2", "joyy"]),
    (("talk.txt", "-o", "a.pdf"), ["a.pdf", ".wav"]),
    (("talk.txt", "-o", "none/a.wav"), ["none"]),
    (("talk.txt", "-o", "a.wav", "--stems", "none/stems"), ["none"]),
    (("talk.txt", "-o", "a.wav", "--stems", "talk.txt"), ["not a folder"]),
    (("talk.txt", "-o", "a.wav", "--voice", "alto"), ["--voice", "--cast"]),
    (("plain.txt", "-o", "a.wav", "--stems", "s"), ["--stems", "no dialogue"]),
    (("talk.txt", "-o", "a.wav", "--language", "klingon", "--stems", "s"), ["klingon"]),
    (("broken.txt", "-o", "a.wav", "--stems", "s"), ["broken.txt line 2"]),
])
def test_slips(arguments: tuple[str, ...], needles: list[str], tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "plain.txt").write_text("We won.\n", encoding="utf-8")
    (tmp_path / "broken.txt").write_text("Ann: We won.\nBo (joyy): No.\n", encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("Ann: {}\nBo: {voise: alto}\n", encoding="utf-8")
    (tmp_path / "who.yaml").write_text("Ann: {voice: nobody}\n", encoding="utf-8")
    before = sorted(p.name for p in tmp_path.iterdir())
    done = run("speak", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    for needle in needles:
        assert needle in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == before
