"""Pictures and music in one space: what ranks high, why it is said to, and what a broken file does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import emogen
from emogen.conditioning import matching
from emogen.conditioning.correspondences import correspondences, picture_measures, quantile
from emogen.conditioning.image_measures import angularity
from emogen.conditioning.matching import Item, compared, emotion_of_picture, placed, ranked, read
from emogen.conditioning.recognition import nothing, recognition
from emogen.errors import EmogenError, FormatError, InputError
from emogen.media.audio import write_audio
from emogen.media.image import write_image
from emogen.media.score import Note, Score, Track, write_midi
from emogen.media.score_sound import heard
from emogen.pipelines.music.attributes import FADERS

JOYFUL = tuple(
    Note(i * 0.25, 0.2, 72 + (0, 4, 7, 12, 7, 4, 9, 7)[i % 8], 105) for i in range(120)
) + tuple(Note(i * 1.0, 0.5, p, 95) for i in range(30) for p in (60, 64, 67))  # fmt: skip
SAD = tuple(Note(i * 3.0, 2.9, 50 + (0, 3, 7, 2)[i % 4], 38) for i in range(14)) + tuple(
    Note(i * 6.0, 5.9, p, 35) for i in range(7) for p in (38, 45)
)


def tune(path: Path, notes: tuple[Note, ...]) -> Path:
    return write_midi(path, Score((Track("piano", 0, False, notes),)))


@pytest.fixture(scope="module")
def tunes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tunes")
    tune(folder / "joyful.mid", JOYFUL)
    tune(folder / "sad.mid", SAD)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("coffee", "hubble_deep_field", "rocket"):
        write_image(folder / f"{name}.png", getattr(data, name)())
    return folder


def made(kind: matching.Kind, label: str, sure: float = 0.97, **sensed: float) -> Item:
    """An item of a clear feeling at chosen places of the correspondences."""
    labels = ("joy", "anger", "sadness", "calm") if kind != "picture" else ("excitement", "distress", "sadness", "calm")
    chances = {name: sure if name == label else (1.0 - sure) / 3 for name in labels}
    signs = {"joy": (1, 1), "excitement": (1, 1), "anger": (-1, 1), "distress": (-1, 1), "sadness": (-1, -1), "calm": (1, -1)}
    found = recognition(chances, "image" if kind == "picture" else "music", vad=(*(0.4 * np.array(signs[label])), 0.0))
    middle = {m: 0.0 for c in correspondences() for m in c.measures[kind]}
    return replace(placed(f"{label}.x", kind, found, middle), sensed={c.name: sensed.get(c.name, 0.5) for c in correspondences()})


def test_the_same_feeling_ranks_first_both_ways() -> None:
    pairs = {"excitement": "joy", "distress": "anger", "sadness": "sadness", "calm": "calm"}
    for picture, music in pairs.items():
        asked = made("picture", picture)
        best = ranked(asked, [(m, made("score", m)) for m in pairs.values()])[0]
        assert best.item.file == f"{music}.x"
        assert best.because.startswith("both ")
        back = ranked(made("sound", music), [(p, made("picture", p)) for p in pairs])[0]
        assert back.item.file == f"{picture}.x"


def test_of_like_feeling_what_is_seen_and_heard_decides() -> None:
    dark = made("picture", "calm", brightness=0.1, weight=0.9)
    low, high = made("score", "calm", brightness=0.15, weight=0.85), made("score", "calm", brightness=0.9, weight=0.1)
    other = made("score", "anger", brightness=0.1, weight=0.9)
    found = ranked(dark, [("high", high), ("low", low), ("other", other)])
    assert [m.item for m in found] == [low, high, other]
    assert "low register for a dark picture" in found[0].because
    assert "but high register for a dark picture" in found[1].because
    assert all(0.0 <= x <= 1.0 for m in found for x in (m.score, m.feeling, m.senses))
    assert found[2].senses > found[1].senses


def test_what_cannot_be_judged_stands_in_the_middle() -> None:
    unclear = placed("x", "score", nothing(("joy", "sadness"), "music", "silence"), dict.fromkeys(_measures("score"), 0.0))
    assert unclear.felt.tolist() == [0.5, 0.5]
    assert unclear.corners.tolist() == [0.25] * 4
    asked = made("picture", "calm")
    found = ranked(asked, [("unclear", unclear), ("sad", made("score", "sadness")), ("calm", made("score", "calm"))])
    assert found[0].item.file == "calm.x"
    assert "music: silence" in next(m for m in found if m.item is unclear).because


def _measures(kind: str) -> list[str]:
    return [name for c in correspondences() for name in c.measures[kind]]


def test_both_guides_use_the_whole_scale() -> None:
    for kind in ("picture", "score", "sound"):
        for name in (*matching.AXES, *_measures(kind)):
            found = [quantile(kind, name, x) for x in np.linspace(-100, 100, 4001)]
            assert found == sorted(found)
            assert (found[0], found[-1]) == (0.0, 1.0)


def test_files_end_to_end(pictures: Path, tunes: Path) -> None:
    pleasant, gloomy = (emogen.match(pictures / f"{name}.png", tunes) for name in ("coffee", "hubble_deep_field"))
    assert {Path(m.item.file).name for m in pleasant} == {"joyful.mid", "sad.mid"}
    assert [m.score for m in pleasant] == sorted((m.score for m in pleasant), reverse=True)
    gain = {Path(m.item.file).name: m.score for m in gloomy}
    assert gain["sad.mid"] > gain["joyful.mid"]
    assert not pleasant.failed
    back = emogen.match(tunes / "sad.mid", pictures)
    assert {Path(m.item.file).stem for m in back} == {"coffee", "hubble_deep_field", "rocket"}
    assert Path(back[0].item.file).stem != "coffee"
    again = emogen.match(tunes / "sad.mid", pictures)
    assert again.to_dict() == back.to_dict()


def test_one_broken_file_does_not_stop_the_rest(pictures: Path, tunes: Path, tmp_path: Path) -> None:
    broken, empty, text = tmp_path / "broken.mid", tmp_path / "empty.mid", tmp_path / "a.txt"
    broken.write_bytes(b"MThd\0\0\0\6")
    tune(empty, ())
    text.write_text("words")
    given = [tunes / "sad.mid", broken, empty, text, tmp_path / "none.mid", pictures / "rocket.png"]
    found = emogen.match(pictures / "coffee.png", given)
    assert [Path(m.item.file).name for m in found] == ["sad.mid"]
    told = {Path(name).name: str(error) for name, error in found.failed}
    assert set(told) == {"broken.mid", "empty.mid", "a.txt", "none.mid", "rocket.png"}
    assert all(name in text for name, text in told.items())
    assert "no notes" in told["empty.mid"]
    assert "is a picture, as what was asked for" in told["rocket.png"]


def test_folders_are_searched_for_the_other_kind_alone(pictures: Path, tunes: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no music was given"):
        emogen.match(pictures / "coffee.png", pictures)
    with pytest.raises(EmogenError, match="no such file"):
        emogen.match(tmp_path / "none.png", tunes)
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(FormatError, match="neither a picture nor music"):
        emogen.match(tmp_path / "a.txt", tunes)


def test_sound_is_heard_too(tmp_path: Path) -> None:
    slow = heard(Score((Track("piano", 0, False, SAD),)))
    write_audio(tmp_path / "slow.wav", slow.samples, slow.sample_rate)
    item = read(tmp_path / "slow.wav")
    assert item.modality == "music"
    assert item.felt[1] < 0.5
    assert item.sensed["brightness"] < 0.3
    assert set(item.sensed) == {c.name for c in correspondences()}


def test_pictures_of_any_size_are_measured_alike() -> None:
    photo = data.astronaut()
    small = photo[::2, ::2]
    for name in ("lightness", "colourfulness", "edges", "angularity"):
        large_q, small_q = (quantile("picture", name, picture_measures(p)[name]) for p in (photo, small))
        assert large_q == pytest.approx(small_q, abs=0.12)


def test_angles_and_curves() -> None:
    import cv2

    disc = np.full((200, 200, 3), 230, np.uint8)
    star = disc.copy()
    cv2.circle(disc, (100, 100), 60, (40, 40, 40), -1, cv2.LINE_AA)
    turn = np.arange(20) / 20 * 2 * np.pi
    reach = np.where(np.arange(20) % 2, 80, 35)
    corners = np.stack([100 + reach * np.cos(turn), 100 + reach * np.sin(turn)], axis=1).astype(np.int32)
    cv2.fillPoly(star, [corners], (40, 40, 40), cv2.LINE_AA)
    assert angularity(star) > 3 * angularity(disc)
    assert angularity(np.full((50, 50, 3), 90, np.uint8)) == 0.0


def test_a_picture_says_what_its_music_is_like(pictures: Path, tmp_path: Path) -> None:
    emotion, why, faders = emotion_of_picture(pictures / "hubble_deep_field.png")
    assert emotion.vad[0] < 0.0
    assert set(faders) == {"register", "brightness", "bass", "density", "rhythm", "dissonance"}
    assert all(abs(faders[name]) < (FADERS[name].high - FADERS[name].low) / 3 for name in faders)
    assert faders["register"] < -2.0
    assert faders["bass"] > 0.1
    assert "a dark picture: register" in why
    light = np.clip(data.coffee().astype(int) + 110, 0, 255).astype(np.uint8)
    write_image(tmp_path / "light.png", light)
    assert emotion_of_picture(tmp_path / "light.png")[2]["register"] > faders["register"]
    write_image(tmp_path / "plain.png", np.full((80, 80, 3), 90, np.uint8))
    with pytest.raises(InputError, match="plain surface"):
        emotion_of_picture(tmp_path / "plain.png")


def test_like_is_not_matched_with_like() -> None:
    with pytest.raises(InputError, match="Give pictures"):
        compared(made("score", "joy"), made("sound", "joy"))
