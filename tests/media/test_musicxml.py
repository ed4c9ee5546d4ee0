"""MusicXML: what is written is the piece, as any reader of the format finds it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emogen.errors import EmogenError, InputError
from emogen.media.musicxml import write_musicxml
from emogen.media.provenance import Provenance
from emogen.media.score import KEYS, Note, Score, Track

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def score(*notes: Note, drums: bool = False, **more: object) -> Score:
    return Score((Track("Piano (melody)", 0, drums, tuple(sorted(notes))),), **more)  # type: ignore[arg-type]


def read(path: Path) -> list[list[tuple[float, float, int]]]:
    """Parts as (start, length, pitch) in quarter notes, ties joined; checks that every voice fills its bar."""
    root = ElementTree.parse(path).getroot()
    parts = []
    for part in root.findall("part"):
        divisions = float(part.findtext(".//divisions") or 0)
        beats, kind = (int(part.findtext(f".//time/{tag}") or 0) for tag in ("beats", "beat-type"))
        bar = beats * 4 / kind
        notes: list[tuple[float, float, int]] = []
        open_ties: dict[tuple[str, int], float] = {}
        for number, measure in enumerate(part.findall("measure")):
            at, started = 0.0, 0.0
            for element in measure:
                length = float(element.findtext("duration") or 0) / divisions
                if element.tag == "backup":
                    assert at == pytest.approx(bar)
                    at -= length
                elif element.tag == "forward":
                    at += length
                elif element.tag == "note":
                    if element.find("chord") is None:
                        started, at = at, at + length
                    assert at <= bar + 1e-9
                    if element.find("type") is not None:
                        written = {"breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25}.get(
                            element.findtext("type") or ""
                        )
                        if written is not None:
                            assert length == pytest.approx(written * (1.5 if element.find("dot") is not None else 1))
                    pitch = element.find("pitch")
                    if pitch is None:
                        continue
                    midi = (int(pitch.findtext("octave") or 0) + 1) * 12 + STEPS[pitch.findtext("step") or ""]
                    key = (element.findtext("voice") or "", midi + int(pitch.findtext("alter") or 0))
                    ties = {t.get("type") for t in element.findall("tie")}
                    begin = open_ties.pop(key) if "stop" in ties else number * bar + started
                    if "start" in ties:
                        open_ties[key] = begin
                    else:
                        notes.append((begin, number * bar + started + length - begin, key[1]))
            assert at == pytest.approx(bar)
        assert not open_ties
        parts.append(sorted(notes))
    return parts


def test_notes_come_back_with_ties_over_bars_and_voices(tmp_path: Path) -> None:
    notes = (
        Note(0.0, 1.0, 60, 80), Note(1.0, 0.5, 62, 80), Note(1.5, 4.0, 64, 80),  # over the bar line
        Note(2.0, 1.0, 48, 70), Note(3.0, 6.25, 43, 70), Note(7.0, 0.75, 66, 80), Note(7.75, 0.25, 70, 80),
        Note(10.0, 1.0, 60, 80), Note(10.0, 1.0, 64, 80), Note(10.0, 1.0, 67, 80),
    )  # fmt: skip
    path = write_musicxml(tmp_path / "a.musicxml", score(*notes))
    assert read(path) == [sorted((n.start_beat, n.duration_beat, n.pitch) for n in notes)]


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8), (5, 8), (2, 2), (7, 16), (3, 32), (12, 8), (1, 1)])
def test_every_metre(tmp_path: Path, metre: tuple[int, int]) -> None:
    notes = tuple(Note(k * 1.5, 1.5, 60 + k, 80) for k in range(12))
    path = write_musicxml(tmp_path / "a.musicxml", score(*notes, time_signature=metre))
    assert read(path) == [[(n.start_beat, n.duration_beat, n.pitch) for n in notes]]


@pytest.mark.parametrize("key", [name for pair in KEYS.values() for name in pair])
def test_every_key_spells_every_pitch(tmp_path: Path, key: str) -> None:
    notes = tuple(Note(float(k), 1.0, 48 + k, 80) for k in range(24))
    path = write_musicxml(tmp_path / "a.musicxml", score(*notes, key=key))
    assert [p for _, _, p in read(path)[0]] == [n.pitch for n in notes]
    root = ElementTree.parse(path).getroot()
    fifths = int(root.findtext(".//key/fifths") or 99)
    assert key in KEYS[fifths]
    assert root.findtext(".//key/mode") == ("minor" if key.endswith("m") else "major")


def test_the_leading_note_of_a_minor_key_is_raised(tmp_path: Path) -> None:
    path = write_musicxml(tmp_path / "a.musicxml", score(Note(0, 1, 68, 80), Note(1, 1, 70, 80), key="Am"))
    spelled = [(p.findtext("step"), p.findtext("alter")) for p in ElementTree.parse(path).iter("pitch")]
    assert spelled == [("G", "1"), ("B", "-1")]


def test_what_is_played_short_is_written_long_with_a_dot(tmp_path: Path) -> None:
    played = (Note(0.02, 0.4, 60, 80), Note(0.98, 0.9, 62, 80), Note(2.01, 0.8, 64, 80))
    path = write_musicxml(tmp_path / "a.musicxml", score(*played))
    assert [(start, length) for start, length, _ in read(path)[0]][:2] == [(0.0, 1.0), (1.0, 1.0)]
    dots = [n.find("notations/articulations/staccato") is not None for n in ElementTree.parse(path).iter("note")]
    assert dots[:2] == [True, False]


def test_more_notes_at_once_than_a_staff_has_voices(tmp_path: Path) -> None:
    notes = tuple(Note(k * 0.25, 8.0, 40 + 3 * k, 80) for k in range(8))
    found = read(write_musicxml(tmp_path / "a.musicxml", score(*notes)))[0]
    assert [(start, pitch) for start, _, pitch in found] == [(n.start_beat, n.pitch) for n in notes]
    together = tuple(Note(0.0, 1.0 + k, 40 + 3 * k, 80) for k in range(8))
    assert {p for *_, p in read(write_musicxml(tmp_path / "a.musicxml", score(*together)))[0]} == {
        n.pitch for n in together
    }


def test_tempo_key_clefs_dynamics_and_markers(tmp_path: Path) -> None:
    low = Track("Cello (bass)", 42, False, (Note(0, 4, 40, 40), Note(16, 4, 40, 110)))
    high = Track("Flute (melody)", 73, False, (Note(0, 20, 80, 80),))
    made = Score((high, low), ((0.0, 90.0), (8.0, 91.0), (16.0, 132.5)), (4, 4), "Eb", ((4.0, "joy <&> \x07"),))
    root = ElementTree.parse(write_musicxml(tmp_path / "a.musicxml", made)).getroot()
    assert [s.get("tempo") for s in root.iter("sound")] == ["90.00", "91.00", "132.50"]
    assert [m.findtext("per-minute") for m in root.iter("metronome")] == ["90", "132"]
    assert [c.findtext("sign") for c in root.iter("clef")] == ["G", "F"]
    assert [next(iter(d)).tag for d in root.iter("dynamics")] == ["mf", "pp", "ff"]
    assert root.findtext(".//words") == "joy <&>"
    assert [p.text for p in root.iter("part-name")] == ["Flute (melody)", "Cello (bass)"]
    assert [p.text for p in root.iter("midi-program")] == ["74", "43"]


def test_drums_are_unpitched_on_a_percussion_staff(tmp_path: Path) -> None:
    root = ElementTree.parse(
        write_musicxml(tmp_path / "a.musicxml", score(Note(0, 0.2, 36, 80), Note(1, 0.2, 42, 80), drums=True))
    ).getroot()
    assert root.findtext(".//clef/sign") == "percussion"
    assert not list(root.iter("pitch"))
    assert {e.get("id") for e in root.iter("score-instrument")} == {e.get("id") for e in root.iter("instrument")}
    assert [e.text for e in root.iter("midi-unpitched")] == ["37", "43"]
    assert root.findtext(".//midi-channel") == "10"
    assert [e.text for e in root.iter("notehead")] == ["x"]


def test_mxl_is_the_same_in_a_container_and_repeats(tmp_path: Path) -> None:
    plain, packed = (write_musicxml(tmp_path / f"a{s}", score(Note(0, 1, 60, 80))) for s in (".musicxml", ".mxl"))
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist()[0] == "mimetype"
        assert archive.read("mimetype") == b"application/vnd.recordare.musicxml"
        rootfile = ElementTree.fromstring(archive.read("META-INF/container.xml")).find(".//rootfile")
        assert rootfile is not None
        assert archive.read(rootfile.get("full-path") or "") == plain.read_bytes()
    again = write_musicxml(tmp_path / "b.mxl", score(Note(0, 1, 60, 80)))
    assert again.read_bytes() == packed.read_bytes()


def test_it_says_that_it_is_synthetic(tmp_path: Path) -> None:
    made = Provenance(emotion="neutral>joy:0.5 & <hope>", seed=3, models=("a",), request_sha256="0" * 64)
    root = ElementTree.parse(
        write_musicxml(tmp_path / "a.musicxml", score(Note(0, 1, 60, 80)), provenance=made)
    ).getroot()
    text = root.findtext(".//miscellaneous-field[@name='provenance']") or ""
    assert Provenance.from_text(text) == made
    assert "synthetic" in text


@pytest.mark.parametrize("suffix", [".musicxml", ".mxl"])
def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    good = Note(0, 1, 60, 80)
    bad = [Score(()), score(), score(Note(0, 1, 200, 80)), score(good, time_signature=(4, 3)), score(good, key="H")]
    for piece in bad:
        with pytest.raises(EmogenError):
            write_musicxml(tmp_path / f"a{suffix}", piece)
    with pytest.raises(InputError, match="musicxml"):
        write_musicxml(tmp_path / "a.xml", score(good))
    assert not list(tmp_path.iterdir())
