"""A file is what its first bytes say, and files that are not there are named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emogen.errors import FormatError, InputError, LimitError
from emogen.media.sniff import check_file, expect_kind, kind_of, read_text


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"RIFF\x24\0\0\0WAVEfmt ", "wav"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "webp"),
        (b"fLaC\0\0\0\x22", "flac"),
        (b"OggS\0\x02", "ogg"),
        (b"ID3\x04\0\0", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpeg"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "mp4"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "avif"),
        (b"MThd\0\0\0\6", "midi"),
        (b"\xef\xbb\xbfHIERARCHY\nROOT Hips\n", "bvh"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n", "playlist"),
        (b"\n\n  ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "playlist"),
        ("Grüße".encode(), "text"),
        (b"x" * 4095 + "ü".encode(), "text"),
        (b"\x01\x02\x03\xfe", "unknown"),
        (b"text with a \0 in it", "unknown"),
        (b"\xff\xff\xff\xff", "unknown"),
    ],
)
def test_the_first_bytes_decide(tmp_path: Path, head: bytes, kind: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(head)
    assert kind_of(path) == kind


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    os.mkfifo(tmp_path / "pipe.wav")
    for name, says in [("", "is a folder"), ("none.wav", "there is no such file"), ("empty.wav", "is empty"),
                       ("pipe.wav", "not a regular file"), ("a\0b", "cannot be read"), ("x" * 300, "cannot be read"),
                       ("empty.wav/x", "no such file")]:  # fmt: skip
        with pytest.raises(InputError, match=says):
            kind_of(f"{tmp_path}/{name}")


def test_sizes_and_kinds_that_are_not_accepted_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("hello")
    with pytest.raises(LimitError, match=r"5 bytes; the limit is 4 bytes \(limits.media_bytes\)"):
        check_file(path, max_bytes=4)
    with pytest.raises(FormatError, match=r"is a text file. Accepted: PNG pictures"):
        expect_kind(path, "png", accepted="PNG pictures")
    path.write_bytes(b"caf\xe9")
    with pytest.raises(FormatError, match="byte 3 is 0xe9"):
        read_text(path, max_bytes=100, limit="json_bytes")
