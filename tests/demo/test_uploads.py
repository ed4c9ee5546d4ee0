"""What a visitor may drop on the Evaluate tab, and what is refused in words."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="the demo needs gradio: pip install emogen[demo]")

from emogen.demo import uploads
from emogen.demo.evaluate import _framed, make, rows_for
from emogen.demo.uploads import gathered
from emogen.errors import EmogenError, FormatError, InputError, LimitError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "folder"
    found.mkdir()
    return found


def packed(path: Path, *entries: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def test_an_archive_is_unpacked_and_what_does_not_belong_is_left(tmp_path: Path, folder: Path) -> None:
    others = (("__MACOSX/one.wav", b"y"), (".hidden/b.wav", b"z"), ("run.exe", b"w"))
    path = packed(tmp_path / "a.zip", ("one.wav", b"x"), ("sub/one.json", b"{}"), *others)
    gathered([path], folder)
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == ["one.wav", "sub/one.json"]


@pytest.mark.parametrize("name", ["../out.wav", "/tmp/out.wav", "a/../../out.wav", "..\\out.wav", "C:\\out.wav", "c:out.wav"])
def test_nothing_leads_out_of_an_archive(tmp_path: Path, folder: Path, name: str) -> None:
    with pytest.raises(InputError, match="leads out"):
        gathered([packed(tmp_path / "a.zip", (name, b"x"))], folder)
    assert not (tmp_path / "out.wav").exists()


def test_a_bomb_is_stopped_by_what_comes_out_of_it(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000_000)
    path = packed(tmp_path / "a.zip", ("big.wav", b"\0" * 50_000_000))
    with pytest.raises(LimitError, match="MB, unpacked"):
        gathered([path], folder)
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) <= 1_000_000


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000_000)
    path = packed(tmp_path / "a.zip", ("big.wav", b"\0" * 5_000_000))
    data = path.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    with pytest.raises(EmogenError):
        gathered([path], folder)


def test_too_many_files_are_refused(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 20)
    with pytest.raises(LimitError, match="more than 20"):
        gathered([packed(tmp_path / "a.zip", *((f"{n}.wav", b"x") for n in range(30)))], folder)


def test_a_list_that_would_fill_the_memory_is_not_read(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "a.zip", *((f"{n}.exe", b"") for n in range(60_000)))

    def opened(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(uploads.zipfile, "ZipFile", opened)
    with pytest.raises(LimitError, match="lists too many files"):
        gathered([path], folder)


def test_links_in_an_archive_lead_nowhere(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("secret.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    gathered([path], folder)
    assert not (folder / "secret.txt").is_symlink()
    assert (folder / "secret.txt").read_text() == "/etc/passwd"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x00" * 300])
def test_broken_archives_are_refused(tmp_path: Path, folder: Path, data: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="broken archive"):
        gathered([path], folder)


def test_a_damaged_entry_is_refused(tmp_path: Path, folder: Path) -> None:
    path = packed(tmp_path / "a.zip", ("one.wav", bytes(range(256)) * 40))
    data = bytearray(path.read_bytes())
    data[60:80] = b"\xff" * 20
    path.write_bytes(bytes(data))
    with pytest.raises(FormatError):
        gathered([path], folder)


def test_other_kinds_and_double_names_are_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "run.exe").write_bytes(b"MZ")
    with pytest.raises(InputError, match="cannot be judged"):
        gathered([tmp_path / "run.exe"], folder)
    (tmp_path / "sub").mkdir()
    for place in (tmp_path, tmp_path / "sub"):
        (place / "one.wav").write_bytes(b"x")
    with pytest.raises(InputError, match="twice"):
        gathered([tmp_path / "one.wav", tmp_path / "sub" / "one.wav"], folder)


def test_nothing_and_nonsense_are_answered_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        make(None)
    (tmp_path / "noise.wav").write_bytes(b"RIFF\x10\x00\x00\x00WAVE\x00\x01 no sound")
    table, said, *_ = make([str(tmp_path / "noise.wav")])
    assert "noise.wav" in said
    assert "Traceback" not in table + said


def test_a_table_says_what_was_asked_for(tmp_path: Path) -> None:
    from emogen import speak

    for name in ("a", "b"):
        speak("It is time to go home.", "joy", seed=1).save(tmp_path / f"{name}.wav")
    given = [str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]
    assert rows_for(given) == "file,intended\na.wav,\nb.wav,\n"
    facts = make(given, "file,intended\na.wav,joy\nb.wav,nonsense\n")[4]
    by_name = {item["name"]: item for item in facts["items"]}
    assert by_name["a.wav"]["target"] == "joy"
    assert "unknown label" in by_name["b.wav"]["error"]
    with pytest.raises(InputError, match="column"):
        make(given, "name,feeling\na.wav,joy\n")


def test_a_report_cannot_leave_its_frame() -> None:
    framed = _framed('</iframe><script>alert("x")</script>')
    assert framed.count("<script>") == 0
    assert framed.count("</iframe>") == 1
