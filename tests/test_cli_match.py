"""`emogen match` and `emogen calibrate` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from skimage import data

from emogen.cli import match as commands
from emogen.conditioning.listener import Listener
from emogen.errors import InputError
from emogen.media.image import write_image
from emogen.media.score import Note, Score, Track, write_midi

APP = typer.Typer()
commands.register(APP)


def run(*arguments: str | Path) -> None:
    APP([str(a) for a in arguments], prog_name="emogen", standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("media")
    for name in ("coffee", "rocket", "retina", "chelsea", "astronaut"):
        write_image(place / f"{name}.png", getattr(data, name)())
    for name, pitch, step, velocity in (("high", 76, 0.25, 100), ("low", 48, 2.0, 40)):
        notes = tuple(Note(i * step, step * 0.9, pitch + (0, 4, 7, 5)[i % 4], velocity) for i in range(40))
        write_midi(place / f"{name}.mid", Score((Track("piano", 0, False, notes),)))
    (place / "broken.mid").write_bytes(b"MThd")
    return place


def test_match_prints_a_table_and_names_what_is_broken(folder: Path, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        run("match", folder / "coffee.png", folder)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 2
    scores = [float(line.split()[0]) for line in lines]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= x <= 1.0 for x in scores)
    assert "the music" in printed.out or "both" in printed.out
    assert "broken.mid" in printed.err
    assert "coffee.png" in printed.err


def test_match_as_json(folder: Path, capsys) -> None:
    run("match", folder / "low.mid", folder / "coffee.png", folder / "rocket.png", "--json")
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert printed.err == ""
    assert set(found) == {"query", "matches", "failed", "seconds"}
    assert found["query"]["modality"] == "music"
    assert found["failed"] == []
    for one in found["matches"]:
        assert {"file", "score", "feeling", "senses", "because", "label", "vad", "confidence"} <= set(one)
        assert "over_time" not in one


def test_calibrate_writes_a_listener(folder: Path, tmp_path: Path, capsys) -> None:
    names = ("coffee", "rocket", "retina", "chelsea", "astronaut")
    table = folder / "ratings.csv"
    table.write_text("file,valence,arousal\n" + "".join(f"{name}.png,{v},{a}\n" for name, v, a in zip(
        names, (9, 8, 9, 8, 9), (7, 7, 6, 7, 8), strict=True)))  # fmt: skip
    run("calibrate", table, "--save", tmp_path / "me.json", "--json")
    said = json.loads(capsys.readouterr().out)
    assert {"seconds", "warnings", "gain", "offset", "spread", "error", "used", "says"} <= set(said)
    assert said["output"] == str(tmp_path / "me.json")
    assert Listener.load(tmp_path / "me.json").n == said["ratings"] == 5
    run("calibrate", table, "--save", tmp_path / "me.json")
    assert "5 ratings" in capsys.readouterr().out
    table.write_text("file,valence,arousal\ncoffee.png,9,1\n")
    with pytest.raises(InputError, match="At least 5"):
        run("calibrate", table, "--save", tmp_path / "other.json")
    with pytest.raises(InputError, match="txt"):
        run("calibrate", table, "--save", tmp_path / "me.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["me.json"]
