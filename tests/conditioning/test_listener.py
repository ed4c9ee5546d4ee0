"""A listener learnt from few ratings: what is found, what is asked for, files, and tables that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.listener import LEAST, Listener
from emogen.conditioning.ratings import calibrated, read_ratings
from emogen.conditioning.track import EmotionTrack
from emogen.errors import EmogenError, FormatError, InputError
from emogen.media.image import write_image

GAIN, OFFSET = np.array([[0.6, 0.0], [0.0, 1.3]]), np.array([0.3, -0.2])


def simulated(n: int, gain: np.ndarray, offset: np.ndarray, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    heard = rng.uniform(-0.6, 0.6, (n, 2))
    return heard, heard @ gain.T + offset + rng.normal(0.0, noise, (n, 2))


def listener(n: int = 200, noise: float = 0.1) -> Listener:
    return Listener.fitted(*simulated(n, GAIN, OFFSET, noise, 0))


def test_many_ratings_find_the_listener() -> None:
    found = listener()
    assert found.helps
    assert found.gain == pytest.approx(GAIN, abs=0.12)
    assert found.offset == pytest.approx(OFFSET, abs=0.05)
    assert "arousal lower by 0.2" in found.said
    assert found.error < 0.5 * found.error_people


def test_few_ratings_stay_near_most_people_and_say_how_sure_they_are() -> None:
    few, many = listener(5), listener()
    assert np.abs(few.gain - np.eye(2)).max() < np.abs(many.gain - np.eye(2)).max()
    assert (few.gain_sd > many.gain_sd).all()
    assert (few.offset_sd > many.offset_sd).all()


def test_a_listener_like_others_is_left_alone() -> None:
    used = [Listener.fitted(*simulated(8, np.eye(2), np.zeros(2), 0.3, seed)).helps for seed in range(40)]
    assert np.mean(used) < 0.35
    alike = next(
        found for seed in range(40)
        if not (found := Listener.fitted(*simulated(8, np.eye(2), np.zeros(2), 0.3, seed))).helps
    )  # fmt: skip
    assert alike.said.startswith("not enough ratings to say (8)")
    joy = Emotion.parse("joy:0.8")
    assert alike.asked_for(joy) is joy
    assert alike.felt(joy) is joy


def test_five_ratings_help_on_average() -> None:
    before, after = [], []
    for seed in range(120):
        rng = np.random.default_rng([seed, 9])
        gain = np.eye(2) + np.array([[0.4, 0.2], [0.2, 0.4]]) * rng.normal(size=(2, 2))
        offset = rng.normal(0.0, 0.25, 2)
        found = Listener.fitted(*simulated(5, gain, offset, 0.4, seed))
        heard, felt = simulated(60, gain, offset, 0.0, seed + 1000)
        guess = heard @ found.gain.T + found.offset if found.helps else heard
        before.append(np.linalg.norm(heard - felt, axis=1).mean())
        after.append(np.linalg.norm(guess - felt, axis=1).mean())
    assert np.mean(after) < 0.97 * np.mean(before)


@pytest.mark.parametrize("written", ["joy:0.4", "sadness:0.3", "calm:0.5", "vad(0.2,0.1,0.4)", "neutral", "fear:0.3+joy:0.2"])
def test_what_is_asked_for_is_felt_as_wanted(written: str) -> None:
    found, wanted = listener(), Emotion.parse(written)
    asked = found.asked_for(wanted)
    assert found.felt(asked).vad == pytest.approx(wanted.vad, abs=1e-6)
    assert asked.vad[2] == pytest.approx(wanted.vad[2])
    assert np.abs(asked.vad - wanted.vad).max() > 0.05
    if wanted.intensity:
        assert asked.weights == pytest.approx(wanted.weights)
        assert Emotion.parse(str(asked)) == asked


def test_tracks_keep_their_times() -> None:
    found, track = listener(), EmotionTrack.of("0s calm:0.4; 4s! joy:0.4; 9s sadness:0.3")
    asked = found.asked_for(track)
    assert [(k.t, k.step) for k in asked.keyframes] == [(k.t, k.step) for k in track.keyframes]
    for before, after in zip(track.keyframes, asked.keyframes, strict=True):
        assert after.emotion == found.asked_for(before.emotion)


def test_no_one_is_asked_beyond_the_space() -> None:
    heard, felt = simulated(300, np.array([[0.0, 0.0], [0.0, 1.0]]), np.array([-0.4, 0.0]), 0.1, 3)
    asked = Listener.fitted(heard, felt).asked_for(Emotion.parse("joy:1.5"))
    assert np.isfinite(asked.vad).all()
    assert np.abs(asked.vad).max() <= 1.0


def test_files(tmp_path: Path) -> None:
    found = listener()
    path = found.save(tmp_path / "me.json")
    text = json.loads(path.read_text())
    assert text["says"] == found.said
    assert set(text) == {"kind", "ratings", "gain", "offset", "spread", "error", "used", "says"}
    again = Listener.load(path)
    assert again.to_dict() == found.to_dict()
    joy = Emotion.parse("joy:0.5")
    assert again.asked_for(joy).vad == pytest.approx(found.asked_for(joy).vad, abs=1e-3)
    with pytest.raises(InputError, match=r"\.json"):
        found.save(tmp_path / "me.txt")


@pytest.mark.parametrize(("change", "needle"), [
    ({"kind": "other"}, "no listener"),
    ({"gain": {"valence": 1}}, "gain is not an object"),
    ({"gain": {"valence": {"valence": "x", "arousal": 0}, "arousal": {"valence": 0, "arousal": 1}}}, "gain.valence.valence"),
    ({"offset": {"valence": 1e9, "arousal": 0}}, "offset.valence"),
    ({"ratings": 2}, "ratings is 2"),
    ({"spread": None}, "spread"),
    ({"error": []}, "error"),
])  # fmt: skip
def test_altered_files(change: dict, needle: str, tmp_path: Path) -> None:
    path = listener().save(tmp_path / "me.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FormatError, match=needle):
        Listener.load(path)


def test_too_few() -> None:
    with pytest.raises(InputError, match=f"At least {LEAST}"):
        Listener.fitted(np.zeros((4, 2)), np.zeros((4, 2)))
    with pytest.raises(InputError, match="arrays"):
        Listener.fitted(np.zeros((6, 2)), np.zeros((5, 2)))


# -- tables of ratings ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rated")
    for name in ("coffee", "rocket", "retina", "astronaut", "chelsea", "hubble_deep_field"):
        write_image(folder / f"{name}.png", getattr(data, name)())
    write_image(folder / "plain.png", np.full((80, 80, 3), 90, np.uint8))
    return folder


NAMES = ("coffee", "rocket", "retina", "astronaut", "chelsea", "hubble_deep_field")


def table(folder: Path, header: str, rows: list[str]) -> Path:
    path = folder / "ratings.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def rows(values: list[str]) -> list[str]:
    return [f"{name}.png,{value}" for name, value in zip(NAMES, values, strict=True)]


def test_both_scales_and_labels_mean_the_same(pictures: Path) -> None:
    nine = read_ratings(table(pictures, "file,valence,arousal", rows(["9,1", "5,5", "1,9", "7,3", "3,7", "5,1"])))
    one = read_ratings(table(pictures, "File;Arousal;Valence;who", [
        f"{r.file.name};{r.felt[1]};{r.felt[0]};me" for r in nine
    ]))  # fmt: skip
    assert [r.felt for r in one] == [r.felt for r in nine]
    assert nine[0].felt == (1.0, -1.0)
    named = read_ratings(table(pictures, "file,label", rows(["joy", "sadness:0.5", "calm", "fear", "neutral", "anger"])))
    assert named[0].felt == pytest.approx(tuple(Emotion.parse("joy").vad[:2]))
    mixed = read_ratings(table(pictures, "file,valence,arousal,label", rows(["9,1,", "5,5,", ",,joy", "7,3,", "3,7,", "5,1,"])))
    assert mixed[2].felt == named[0].felt


def test_calibrating_from_files(pictures: Path) -> None:
    same = rows(["9,7", "8,7", "9,6", "9,8", "8,6", "7,7"])
    found = calibrated(table(pictures, "file,valence,arousal", same))
    assert found.n == 6
    assert found.helps
    assert found.offset[0] > 0.1
    assert "valence higher" in found.said
    assert calibrated(table(pictures, "file,valence,arousal", same)).to_dict() == found.to_dict()


GOOD = ["9,1", "5,5", "1,9", "7,3", "3,7", "5,1"]


@pytest.mark.parametrize(("header", "values", "needles"), [
    ("file,valence,arousal", ["9,1", "x,5", *GOOD[2:]], ["line 3", "column valence", '"x"', "1..9"]),
    ("file,valence,arousal", ["9,1", "5,", *GOOD[2:]], ["line 3", "column arousal", '""']),
    ("file,valence,arousal", ["9,1", "5,12", *GOOD[2:]], ["line 3", "column arousal", "12"]),
    ("file,valence,arousal", ["9,1", "0.5,5", *GOOD[2:]], ["line 3", "column valence", "0.5", "1..9"]),
    ("file,valence,arousal", ["0,0", "-1,0", "0,0.2", "3,0", "0,0", "0,0"], ["line 5", "column valence", "3", "-1..1"]),
    ("file,valence,arousal", ["nan,1", *GOOD[1:]], ["line 2", "column valence", "nan"]),
    ("file,valence,arousal", ["1,1"] * 6, ["every rating is 1"]),
    ("file,label", ["joy", "joyy", "calm", "fear", "joy", "joy"], ["line 3", "column label", "joyy", 'mean "joy"']),
    ("file,label", ["joy", "", "calm", "fear", "joy", "joy"], ["line 3", "neither"]),
    ("file,label", ["joy", "@../x.png", "calm", "fear", "joy", "joy"], ["line 3", "column label"]),
    ("file,valence", ["9"] * 6, ["columns file, valence", "label"]),
    ("name,valence,arousal", GOOD, ["columns name", "file"]),
])  # fmt: skip
def test_bad_tables(header: str, values: list[str], needles: list[str], pictures: Path) -> None:
    with pytest.raises(InputError) as caught:
        calibrated(table(pictures, header, rows(values)))
    for needle in needles:
        assert needle in str(caught.value)


@pytest.mark.parametrize(("name", "needle"), [
    ("none.png", "is not a file"), ("../x.png", "is not a file"), ("plain.png", "plain surface"), ("ratings.csv", "neither"), ("", "empty"),
])  # fmt: skip
def test_bad_files_in_a_table(name: str, needle: str, pictures: Path) -> None:
    lines = rows(GOOD)
    lines[3] = f"{name},7,3"
    with pytest.raises(EmogenError) as caught:
        calibrated(table(pictures, "file,valence,arousal", lines))
    assert "ratings.csv line 5, column file" in str(caught.value)
    assert needle in str(caught.value)


def test_few_rows_and_no_table(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="At least 5"):
        calibrated(table(pictures, "file,valence,arousal", rows(GOOD)[:4]))
    with pytest.raises(EmogenError, match="no such file"):
        calibrated(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(EmogenError, match=r"a\.csv"):
        calibrated(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text('file,label\n"open,joy\n')
    with pytest.raises(FormatError, match="CSV"):
        calibrated(tmp_path / "b.csv")
