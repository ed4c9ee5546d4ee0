"""A file is whole or not there, and what cannot be written is said before anything is rendered."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emogen.errors import InputError, OutputError
from emogen.media.atomic import atomic_path, check_writable


def test_the_file_appears_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "story.mp4"
    with atomic_path(target) as part:
        part.write_bytes(b"new")
        assert part.suffix == ".mp4"
        assert part.parent == tmp_path
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["story.mp4"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failing_block_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")

    def fail() -> None:
        with atomic_path(target) as part:
            part.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("where", ["write", "fsync", "replace"])
def test_a_full_disk_is_named_wherever_it_shows(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill() -> None:
        with atomic_path(tmp_path / "a.wav") as part:
            part.write_bytes(b"data")
            if where == "write":
                full()
            monkeypatch.setattr(os, where, full)

    with pytest.raises(OutputError, match="no space left on") as caught:
        fill()
    monkeypatch.undo()
    assert caught.value.exit_code == 1
    assert os.listdir(tmp_path) == []


def test_the_file_size_limit_of_the_system_counts_as_a_full_disk(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys, numpy as np\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from emogen.errors import OutputError\n"
        "from emogen.media.audio import write_audio\n"
        "import soundfile\n"
        "from emogen.media.video import VideoWriter\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "def video(path):\n"
        "    noise = np.random.default_rng(0)\n"
        "    with VideoWriter(path, fps=25, width=128, height=128) as out:\n"
        "        for _ in range(60): out.write(noise.integers(0, 255, (128, 128, 3), dtype=np.uint8))\n"
        "def sound(path): write_audio(path, np.zeros(48000) + 0.1, 48000)\n"
        "for make, name in ((sound, 'a.wav'), (video, 'a.mp4')):\n"
        "    try: make(sys.argv[1] + '/' + name)\n"
        "    except OutputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.count("no space left on") == 2, done.stdout + done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no/such/a.wav", "there is no folder .*no$|there is no folder .*/no\\b"),
        ("file.txt/a.wav", "is a file, not a folder"),
        (".", "is a folder"),
        ("a.xyz", 'cannot be written as ".xyz"'),
        ("a", "has no suffix"),
        ("a\0b.wav", "is not a file name"),
        ("x" * 300 + ".wav", "name"),
    ],
)
def test_what_cannot_be_written_is_said_beforehand(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(InputError, match=says) as caught:
        check_writable(f"{tmp_path}/{name}", (".wav",))
    assert caught.value.exit_code == 2
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.skipif(not Path("/proc/1").is_dir(), reason="needs a folder in which nobody can create a file")
def test_an_unwritable_folder_is_said_beforehand() -> None:
    with pytest.raises(InputError, match="cannot be written"):
        check_writable("/proc/a.wav")


def test_the_longest_name_that_the_system_takes_is_taken(tmp_path: Path) -> None:
    name = "ä" * 125 + "x.wav"
    assert len(name.encode()) == 255
    with atomic_path(tmp_path / name) as part:
        part.write_bytes(b"x")
    assert os.listdir(tmp_path) == [name]


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "A.WAV", (".wav",)) == tmp_path / "A.WAV"
    assert os.listdir(tmp_path) == []
