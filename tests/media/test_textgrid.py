"""Words and phones as Praat reads and writes them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.errors import FormatError, InputError, LimitError
from emogen.media.textgrid import Interval, Tier, read_textgrid, tier, write_textgrid

WORDS = (("She", 0.1, 0.4), ('said "hi"', 0.4, 0.9), ("naïve", 1.0, 1.5))


def test_silence_fills_what_nobody_says() -> None:
    found = tier("words", WORDS, 2.0)
    assert [i.text for i in found.intervals] == ["", "She", 'said "hi"', "", "naïve", ""]
    assert [i.start_s for i in found.intervals] == [0.0, 0.1, 0.4, 0.9, 1.0, 1.5]
    assert found.intervals[-1].end_s == 2.0


def test_overlaps_and_what_lies_outside_are_cut() -> None:
    found = tier("x", (("a", 0.0, 1.0), ("b", 0.5, 1.5), ("c", 1.2, 1.4), ("d", 1.8, 9.0)), 2.0)
    assert [(i.start_s, i.end_s, i.text) for i in found.intervals] == [(0.0, 1.0, "a"), (1.0, 1.5, "b"), (1.5, 1.8, ""), (1.8, 2.0, "d")]
    assert tier("y", (), 1.0).intervals == (Interval(0.0, 1.0, ""),)


def test_the_file_is_what_praat_writes(tmp_path: Path) -> None:
    path = write_textgrid(tmp_path / "a.TextGrid", [tier("words", (('a "b"', 0.0, 0.5),), 1.0)])
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines == [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0.0", "xmax = 1.0", "tiers? <exists>", "size = 1",
        "item []:", "item [1]:", 'class = "IntervalTier"', 'name = "words"', "xmin = 0.0", "xmax = 1.0", "intervals: size = 2",
        "intervals [1]:", "xmin = 0.0", "xmax = 0.5", 'text = "a ""b"""', "intervals [2]:", "xmin = 0.5", "xmax = 1.0", 'text = ""',
    ]  # fmt: skip


texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cf", "Cn", "Co", "Zs")), max_size=12)


@given(st.lists(st.tuples(texts, st.floats(0.001, 5.0), st.floats(0.0, 2.0)), max_size=12), texts)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, given: list, name: str) -> None:
    now, times = 0.0, []
    for text, length_s, pause_s in given:
        times.append((text, now + pause_s, now + pause_s + length_s))
        now += pause_s + length_s
    tiers = (tier(name, times, now + 1.0), tier("phones", times[:2], now + 1.0))
    assert read_textgrid(write_textgrid(tmp_path_factory.mktemp("t") / "a.TextGrid", tiers)) == tiers


def test_short_form_utf16_points_and_comments_are_read(tmp_path: Path) -> None:
    short = (
        'File type = "ooTextFile short"\n"TextGrid"\n\n0 ! from\n1.5\n<exists>'
        '\n2\n"IntervalTier"\n"w 1"\n0\n1.5\n2\n0\n1\n"a"\n1\n1.5\n""\n'
        '"TextTier"\n"p"\n0\n1.5\n1\n0.5\n"click"\n'
    )
    (tmp_path / "a.TextGrid").write_bytes(short.encode("utf-16"))
    assert read_textgrid(tmp_path / "a.TextGrid") == (Tier("w 1", (Interval(0, 1, "a"), Interval(1, 1.5, ""))),)


@pytest.mark.parametrize(
    "text",
    ["", "hello", '"ooTextFile"\n"Pitch"\n', 'File type = "ooTextFile"\nObject class = "TextGrid"\n0 1 <exists> 1 "IntervalTier"',
     'File type = "ooTextFile"\nObject class = "TextGrid"\n0 1 <exists> 1 "IntervalTier" "a" 0 1 1 0 "x" "y"'],
)  # fmt: skip
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.TextGrid").write_text(text)
    with pytest.raises((FormatError, InputError), match=r"a\.TextGrid"):
        read_textgrid(tmp_path / "a.TextGrid")


@given(st.binary(max_size=200), st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes, text: str) -> None:
    path = tmp_path_factory.mktemp("t") / "a.TextGrid"
    for content in (data, b'File type = "ooTextFile"\nObject class = "TextGrid"\n' + text.encode("utf-8", "replace")):
        path.write_bytes(content)
        with suppress(InputError):
            assert all(isinstance(found, Tier) for found in read_textgrid(path))


@pytest.mark.parametrize(
    "tiers",
    [(), (Tier("a", ()),), (Tier("a", (Interval(0, 1, ""), Interval(1.5, 2, ""))),), (Tier("a", (Interval(1, 1, ""),)),),
     (Tier("a", (Interval(0, 1, ""),)), Tier("b", (Interval(0, 2, ""),))), (Tier("a", (Interval(0, float("inf"), ""),)),)],
)  # fmt: skip
def test_tiers_with_gaps_are_not_written(tmp_path: Path, tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(InputError):
        write_textgrid(tmp_path / "a.TextGrid", tiers)
    assert not list(tmp_path.iterdir())


def test_too_many_intervals_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from emogen.media import textgrid

    path = write_textgrid(tmp_path / "a.TextGrid", [tier("words", WORDS, 2.0)])
    monkeypatch.setattr(textgrid, "LIMITS", replace(textgrid.LIMITS, csv_frames=3))
    with pytest.raises(LimitError, match="csv_frames"):
        read_textgrid(path)
