"""How the composer learns: on made-up songs, and on the pack where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from emogen.checkpoints import verify
from emogen.codecs.lead_frames import MELODY, ONSETS, VELOCITY, LeadFramesCodec
from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.errors import InputError
from emogen.media.score import Note
from emogen.models.lead_sheet import LeadSheetAutoencoder
from emogen.pipelines.music.composer import Composer
from emogen.pipelines.music.composer_content import FADED, FORM, measured_frames
from emogen.training import composer, composer_data, composer_figures
from emogen.training.composer_data import Song
from emogen.training.composer_learning import form_of, learn_codec, phrases, read_back, smoothed, transposed
from emogen.training.packs import data_folder


def note(start: float, length: float, pitch: int) -> Note:
    return Note(start, length, pitch, VELOCITY)


def made_up(seed: int, bars: int = 24, tonic: int = 0) -> LeadSheet:
    """Four-bar phrases over I vi IV V that end on a long note."""
    rng = np.random.default_rng(seed)
    melody, chords, hands = [], [], []
    for bar in range(bars):
        root, tones = ((0, (0, 4, 7)), (9, (0, 3, 7)), (5, (0, 4, 7)), (7, (0, 4, 7)))[bar % 4]
        chords.append(Chord(4.0 * bar, 4.0, (root + tonic) % 12, tones, (root + tonic) % 12))
        beats = (0, 1, 2, 3) if bar % 4 < 3 else (0,)
        for beat in beats:
            step = (0, 2, 4, 5, 7, 9)[rng.integers(6)]
            melody.append(note(4 * bar + beat, 1 if len(beats) > 1 else 2, 72 + tonic + step))
        for beat in range(4):
            hands += [note(4 * bar + beat, 1, 48 + tonic + root + t) for t in tones]
    return LeadSheet(tonic, "major", 4, bars, tuple(melody), tuple(chords), tuple(sorted(hands)))


def songs() -> list[Song]:
    parts = ("train", "train", "train", "train", "validation", "test")
    return [Song(str(i), parts[i], made_up(i, tonic=i)) for i in range(6)]


def test_faders_are_measured_where_there_is_something_to_measure() -> None:
    sheet = LeadSheet(
        0, "major", 4, 2, (note(0, 1, 74), note(1, 1, 70)), (Chord(0, 2, 7), Chord(2, 6, 0)),
        (note(0, 2, 36), note(0, 2, 59), note(0, 2, 60), note(1, 1, 64)),
    )  # fmt: skip
    found = measured_frames(LeadFramesCodec().encode(sheet))
    first = dict(zip(FADED, found[0], strict=True))
    assert first == pytest.approx({
        "register": 0.0, "density": 1.0, "rhythm": 1.0, "polyphony": 3.5, "dissonance": (1.0 + 1.0) / 2, "harmony": 0.0,
        "bass": 24 / 36,
    }, abs=1e-6)  # fmt: skip
    assert np.isnan(found[2:, : FADED.index("density") + 1]).all()
    assert found[1, FADED.index("harmony")] == 2.0
    assert found[2, FADED.index("bass")] == 0.0


def test_phrases_end_where_the_melody_rests() -> None:
    frames = LeadFramesCodec().encode(made_up(0, bars=14))
    assert phrases(frames)[:3] == [(0, 4), (4, 4), (8, 4)]
    form = form_of(frames, minor=False)
    ends = form[:, FORM.index("ends")].reshape(-1, 2)
    assert list(np.flatnonzero(ends.all(axis=1)))[:3] == [3, 7, 11]
    assert form[6:8, FORM.index("half")].all()  # every phrase ends on the dominant
    assert list(np.flatnonzero(form[:, FORM.index("final")])) == [26, 27]


def test_means_over_blocks_leave_out_what_is_not_known() -> None:
    values = np.array([[1.0], [np.nan], [3.0], [5.0], [np.nan]], np.float32)
    np.testing.assert_allclose(smoothed(values, 2)[:, 0], [1, 1, 4, 4, np.nan])


def test_frames_are_transposed_with_all_their_parts() -> None:
    codec = LeadFramesCodec()
    sheet = made_up(1)
    moved = codec.decode(transposed(torch.from_numpy(codec.encode(sheet)), 3).numpy())
    assert [n.pitch - 3 for n in moved.melody] == [n.pitch for n in sheet.melody]
    assert [n.pitch - 3 for n in moved.accompaniment] == [n.pitch for n in sheet.accompaniment]
    assert [(c.root - 3) % 12 for c in moved.chords] == [c.root for c in sheet.chords]


def test_the_autoencoder_learns_lines_and_textures(tmp_path: Path) -> None:
    made, result = learn_codec(songs(), lambda known: LeadSheetAutoencoder(4, 12, 8, 64, known), tmp_path, 400, 0)
    assert len(made.chords) == 4
    found = read_back(songs()[4:], made)
    assert found["melody"] > 0.9
    assert found["onsets"] > 0.95
    frames = torch.from_numpy(LeadFramesCodec().encode(songs()[0].sheet))
    with torch.no_grad():
        latents = made.encode(frames)
    assert float(latents.std(dim=0).mean()) == pytest.approx(1.0, abs=0.2)
    assert np.isfinite(result.best)
    with torch.no_grad():  # the line's latents know nothing of the harmony, so that a tune can be given any
        other = frames.clone()
        other[:, : MELODY.start] = other.flip(0)[:, : MELODY.start]
        other[:, ONSETS] = 0
        part = made.parts["melody"]
        torch.testing.assert_close(made.encode(other)[:, part], latents[:, part])


def test_a_training_leaves_a_complete_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composer, "read_songs", lambda data_dir: songs())
    for name, value in (("SWEEP", 2), ("BARS", 8), ("RANGES", {"density": (0.5, 2.0)})):
        monkeypatch.setattr(composer_figures, name, value)
    monkeypatch.setattr(composer.figures.excerpts, "__defaults__", (8,))
    monkeypatch.setattr(composer.figures.faders, "__defaults__", (1,))
    out = composer.finish(tmp_path / "made", steps=3, pieces=2)
    assert set(verify(out)) >= {"README.md", "config.json", "curve_codec.csv", "curve_denoiser.csv"}
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "checkpoint_kind: open" in card
    assert "| density |" in card
    assert not Composer.opened(out).training


def test_songs_are_read_on_their_beats() -> None:
    if not (data_folder() / "music/pop909/songs.tar.xz").is_file():
        pytest.skip("the pack music/pop909 is not here")
    import tarfile
    import tempfile

    with tempfile.TemporaryDirectory() as place, tarfile.open(data_folder() / "music/pop909/songs.tar.xz") as tar:
        names = []
        for member in tar:
            if member.isfile() and "/001/" in f"/{member.name}":
                tar.extract(member, place, filter="data")
                names.append(member.name)
            elif names:
                break
        found = list(composer_data.sheets(Path(place, names[0]).parent))
    assert found
    for sheet in found:
        assert sheet.bars >= composer_data.LEAST_BARS
        assert sheet.chords[0].start_beat == 0
        assert sum(c.duration_beat for c in sheet.chords) == sheet.beats
        for a, b in zip(sheet.melody, sheet.melody[1:], strict=False):
            assert a.start_beat + a.duration_beat <= b.start_beat
        scale = {
            (sheet.tonic + s) % 12 for s in ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))[sheet.mode == "minor"]
        }
        assert np.mean([n.pitch % 12 in scale for n in sheet.melody]) > 0.9
        strikes = [n.start_beat % 1 for n in sheet.accompaniment]
        assert np.mean([s in (0.0, 0.5) for s in strikes]) > 0.7


def test_a_song_belongs_to_one_part_and_a_missing_pack_is_named(tmp_path: Path) -> None:
    parts = [composer_data.part_of(f"{i:03d}") for i in range(1, 910)]
    shares = [parts.count(p) / len(parts) for p in ("train", "validation", "test")]
    assert shares == pytest.approx([0.7, 0.15, 0.15], abs=0.04)
    with pytest.raises(InputError, match="pop909"):
        composer_data.read_songs(tmp_path)
