"""The command line as a user meets it: what is printed, what is written, how slips are answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emogen", *arguments], capture_output=True, text=True, cwd=cwd, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def test_help_names_every_command_and_loads_no_torch() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("speak", "convert", "talk", "music", "gesture", "image", "video", "perform", "recognize", "evaluate", "emotion",
                    "batch", "train", "doctor", "demo"):
        assert command in done.stdout
    code = "import sys, emogen.cli; print('torch' in sys.modules, 'diffusers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"] * 2


def test_emotion_as_json() -> None:
    done = run("emotion", "joy:0.6+fear:0.3", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(found) >= {"spec", "label", "weights", "vad", "intensity", "description"}
    assert found["weights"] == pytest.approx({"joy": 2 / 3, "fear": 1 / 3})
    assert len(found["vad"]) == 3
    assert "guilt" in found["description"] + found["label"]
    track = json.loads(run("emotion", "0s neutral; 2s joy:0.9", "--json").stdout)
    assert [k["t"] for k in track["keyframes"]] == [0, 2]


def test_emotion_in_words() -> None:
    done = run("emotion", "-joy")
    assert done.returncode == 0
    assert "sadness" in done.stdout


@pytest.mark.parametrize(("written", "needles"), [
    ("joyy", ["joyy", 'Did you mean "joy"']),
    ("joy:7", ["7", "1.5"]),
    ('"unclosed', ["quote"]),
    ("", ["emotion"]),
    ("@nothing.txt", ["nothing.txt"]),
    ("@/etc/hostname", ["no recogniser"]),
    ("vad(2,0,0)", ["2"]),
])
def test_slips_in_an_emotion(written: str, needles: list[str], tmp_path: Path) -> None:
    for arguments in (("emotion", written), ("speak", "Hello.", "--emotion", written, "-o", str(tmp_path / "a.wav"))):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2
        for needle in needles:
            assert needle in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_references_are_read(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("I am so happy, this is the best day of my life!", encoding="utf-8")
    done = run("emotion", "@note.txt", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["vad"][0] > 0.2


def test_speak_writes_sound_sidecar_and_one_json_object(tmp_path: Path) -> None:
    done = run("speak", "We won.", "--emotion", "joy:0.8", "--seed", "7", "-o", str(tmp_path / "won.wav"), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) >= {"output", "sidecar", "seconds", "warnings", "seed"}
    assert result["seed"] == 7
    assert sorted(p.name for p in tmp_path.iterdir()) == ["won.json", "won.wav"]
    first = (tmp_path / "won.wav").read_bytes()
    run("speak", "We won.", "--emotion", "joy:0.8", "--seed", "7", "-o", str(tmp_path / "won.wav"))
    assert (tmp_path / "won.wav").read_bytes() == first


def test_convert_gives_the_same_words_another_feeling(tmp_path: Path) -> None:
    run("speak", "It is late.", "--seed", "1", "-o", str(tmp_path / "me.wav"))
    done = run("convert", "me.wav", "--emotion", "sadness:0.6", "--rights", "own", "--seed", "1", "-o", "sad.flac", "--json",
               cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["warnings"] == []
    assert found["duration_s"] > 0.5
    sidecar = json.loads((tmp_path / "sad.json").read_text(encoding="utf-8"))
    assert sidecar["request"]["rights"] == "own"
    assert sidecar["request"]["audio"]["name"] == "me.wav"
    assert "sadness" in json.dumps(sidecar["emotion"])


@pytest.mark.parametrize(("arguments", "needles"), [
    (("convert", "nothing.wav", "-e", "joy", "-o", "b.wav"), ["nothing.wav"]),
    (("convert", "words.jpg", "-e", "joy", "-o", "b.wav"), ["words.jpg"]),
    (("speak", "Hello.", "-o", "a.aac"), ["a.aac", ".wav"]),
    (("speak", "Hello.", "-o", "none/a.wav"), ["none"]),
    (("speak", "", "-o", "a.wav"), ["text"]),
    (("speak", "你好，世界", "-o", "a.wav"), []),
    (("speak", "Hello.", "--voice", "nobody", "-o", "a.wav"), ["nobody", "alto"]),
    (("speak", "Hello.", "--backend", "nope:x", "-o", "a.wav"), ["nope"]),
    (("talk", "-o", "a.mp4"), ["text"]),
    (("talk", "Hello.", "--portrait", "missing.jpg", "-o", "a.mp4"), ["missing.jpg"]),
    (("talk", "Hello.", "--portrait", "avatar:nobody", "-o", "a.mp4"), ["nobody"]),
    (("talk", "Hello.", "--portrait", "words.jpg", "-o", "a.mp4"), ["words.jpg"]),
    (("talk", "Hello.", "--portrait", "empty.png", "-o", "a.mp4"), ["empty.png", "face"]),
    (("talk", "Hello.", "--portrait", "bomb.png", "-o", "a.mp4"), ["bomb.png", "60"]),
    (("music", "--seconds", "-3", "-o", "a.wav"), ["seconds"]),
    (("image", "--edit", "words.jpg", "-o", "a.png"), ["words.jpg"]),
    (("perform", "missing.md", "-o", "a.mp4"), ["missing.md"]),
    (("perform", "blank.md", "-o", "a.mp4"), ["blank.md"]),
    (("perform", "stranger.md", "-o", "a.mp4"), ["stranger.md line 1", "cast"]),
    (("perform", "feeling.md", "--plan"), ["feeling.md line 4", "joyy"]),
    (("perform", "escape.md", "-o", "a.mp4"), ["escape.md", "folder"]),
    (("perform", "script.md",), ["-o"]),
    (("speak",), ["Missing"]),
])
def test_bad_input(arguments: tuple[str, ...], needles: list[str], tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    (tmp_path / "words.jpg").write_text("these are words, not a picture\n" * 20, encoding="utf-8")
    Image.fromarray(np.full((256, 256, 3), 120, np.uint8)).save(tmp_path / "empty.png")
    (tmp_path / "bomb.png").write_bytes(_huge_png(60_000))
    (tmp_path / "blank.md").write_text("", encoding="utf-8")
    (tmp_path / "stranger.md").write_text("ZOE (joy): Hello.\n", encoding="utf-8")
    (tmp_path / "feeling.md").write_text("---\ncast: {A: {}}\n---\nA (joyy): Hello.\n", encoding="utf-8")
    (tmp_path / "escape.md").write_text("---\ncast: {A: {portrait: ../../etc/passwd}}\n---\nA (joy): Hello.\n", encoding="utf-8")
    (tmp_path / "script.md").write_text("Hello.\n", encoding="utf-8")
    before = sorted(p.name for p in tmp_path.iterdir())
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode in (1, 2) if "--backend" in arguments else done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for needle in needles:
        assert needle in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def _huge_png(side: int) -> bytes:
    """The beginning of a PNG that claims side x side pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    done = run("speak", "Hello.", "-o", str(locked / "a.wav"))
    assert done.returncode == 2
    assert "locked" in done.stderr


def test_a_folder_that_nobody_can_write_is_refused() -> None:
    done = run("speak", "Hello.", "-o", "/proc/a.wav")
    assert done.returncode == 2
    assert "/proc" in done.stderr


def test_doctor_says_what_works() -> None:
    done = run("doctor", "--json", "--verify")
    found = json.loads(done.stdout)
    assert done.returncode == 0, found["problems"]
    assert found["problems"] == []
    assert found["packages"]["torch"]
    for name in ("speech", "talking_head", "music", "gesture", "image", "image_edit", "video", "video_edit", "performance"):
        assert found["backends"][name]["works"]
    assert found["checkpoints"]["text"]["kind"] == "open"


def test_commercial_use_is_refused_what_is_for_research(tmp_path: Path) -> None:
    """With EMOGEN_COMMERCIAL only open checkpoints are opened; the text recogniser is one."""
    done = run("recognize", "We won!", "--json", EMOGEN_COMMERCIAL="1")
    assert done.returncode == 0, done.stderr


def test_recognize_reads_files_folders_and_words(tmp_path: Path) -> None:
    from skimage import data

    from emogen.media.image import write_image

    (tmp_path / "photos").mkdir()
    write_image(tmp_path / "photos" / "smile.png", data.astronaut())
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "note.txt").write_text("I am so happy for you!", encoding="utf-8")
    done = run("recognize", "photos", "broken.wav", "note.txt", "I hate this.", "--json", cwd=tmp_path)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert "broken.wav" in done.stderr
    assert [Path(row["file"]).name for row in rows] == ["smile.png", "smile.png", "broken.wav", "note.txt", "I hate this."]
    assert rows[0]["modality"] == "face"
    assert rows[0]["label"] == "joy"
    assert {"weights", "vad", "intensity", "confidence", "because"} <= set(rows[0])
    assert "broken.wav" in rows[2]["error"]
    plain = run("recognize", "photos/smile.png", "-m", "face", cwd=tmp_path)
    assert plain.returncode == 0, plain.stderr
    assert plain.stderr == ""
    assert plain.stdout.count("\n") == 1
    assert "lip corners up (AU12)" in plain.stdout


@pytest.mark.parametrize(("arguments", "needle"), [
    (("recognize", "a.png"), "a.png"),
    (("recognize", "x", "--modality", "smell"), "Accepted: speech"),
    (("evaluate", "nowhere"), "no such file or folder"),
    (("evaluate", ".", "--report", "r.pdf"), ".html"),
    (("evaluate", ".", "--judge", "speech"), "MODALITY=BACKEND"),
])
def test_slips_in_recognising(arguments: tuple[str, ...], needle: str, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("words", encoding="utf-8")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert needle in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluate_writes_a_report_and_json(tmp_path: Path) -> None:
    for feeling in ("joy", "sadness"):
        assert run("music", "-e", feeling, "--seconds", "8", "--seed", "1", "-o", f"takes/{feeling}.mid",
                   cwd=_with(tmp_path, "takes")).returncode == 0  # fmt: skip
    done = run("evaluate", "takes", "--report", "r.html", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "joy.mid" in page
    assert 'src="http' not in page
    assert [m["modality"] for m in found["modalities"]] == ["music"]


def _with(folder: Path, name: str) -> Path:
    (folder / name).mkdir(exist_ok=True)
    return folder


def test_plan_is_printed_and_nothing_is_written(tmp_path: Path) -> None:
    story = (ROOT / "examples" / "story.md").read_text(encoding="utf-8")
    (tmp_path / "story.md").write_text(story, encoding="utf-8")
    done = run("perform", "story.md", "--plan", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Mara" in done.stdout
    assert "music" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["story.md"]
    planned = json.loads(run("perform", "story.md", "--plan", "--json", cwd=tmp_path).stdout)
    assert len(planned["lines"]) >= 6
    assert planned["duration_s"] > 20
