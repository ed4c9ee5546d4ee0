"""Perceiving files, evaluating folders and manifests: what is found, what is said of broken and unknown things."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import emogen
from emogen.conditioning.recognition import nothing, recognition
from emogen.errors import FormatError, InputError
from emogen.evaluation.as_json import to_dict
from emogen.evaluation.evaluate import evaluate
from emogen.evaluation.fusion import conflict, pool, target
from emogen.evaluation.heldout import HeldOut, read_heldout, write_heldout
from emogen.evaluation.perceive import find_files, judges, recognize_file
from emogen.evaluation.standing import figures, held_out_of, standing_names
from emogen.media.audio import write_audio
from emogen.media.image import write_image
from tests.evaluation.made import folder_of_takes, noise, plain, smiling


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_takes(tmp_path_factory.mktemp("takes"))


@pytest.fixture(scope="module")
def evaluated(takes: Path) -> emogen.evaluation.results.Evaluation:  # type: ignore[name-defined]
    return evaluate(takes)


def test_every_item_is_judged_and_the_broken_one_named(evaluated) -> None:
    named = {item.name: item for item in evaluated.items}
    assert named["broken.wav"].error
    assert "broken.wav" in named["broken.wav"].error
    judged = [item for item in evaluated.items if not item.error]
    assert {item.modality for item in judged} == {"music", "speech", "image"}
    assert all(item.perceived is not None and 0.0 <= item.fit <= 1.0 for item in judged)
    assert {item.target for item in judged if item.modality == "music"} == {"joy", "sadness", "anger"}


def test_every_figure_stands_beside_that_on_people(evaluated) -> None:
    for result in evaluated.modalities:
        assert result.judge == f"judge_{result.modality}"
        for name in ("accuracy", "UAR", "ECE"):
            assert np.isfinite(result.figures[name].value)
            assert 0.0 <= result.ceiling[name].value <= 1.0
            assert result.ceiling[name].n > result.n
        assert result.confusion.sum() == result.n
        assert "too few" in result.sentence.lower()


def test_what_is_not_known_is_not_counted(tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", smiling())
    found = evaluate(tmp_path)
    assert {item.modality for item in found.items} == {"face", "image"}
    assert all(item.target == "" for item in found.items)
    assert all(not result.figures for result in found.modalities)
    assert any("not known" in warning for warning in found.warnings)


def test_a_manifest_says_what_was_intended(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", smiling())
    (tmp_path / "list.csv").write_text(
        "file,intended,modality\na.png,joy,face\nmissing.png,joy,\na.png,joyy,face\n../a.png,joy,\n", encoding="utf-8"
    )
    found = evaluate(tmp_path / "list.csv")
    assert [bool(item.error) for item in found.items] == [False, True, True, True]
    assert found.items[0].target == "joy"
    assert found.items[0].perceived.label == "joy"
    assert 'Did you mean "joy"' in found.items[2].error


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [("a.csv", "intended\njoy\n", InputError), ("a.json", "{}", FormatError), ("a.jsonl", "{", FormatError)],
)
def test_manifests_that_cannot_be_read(tmp_path: Path, name: str, text: str, error: type[Exception]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error):
        evaluate(tmp_path / name)


def test_an_evaluation_as_json(evaluated) -> None:
    text = json.dumps(to_dict(evaluated), allow_nan=False)
    assert "tune_joy.mid" in text


def test_a_photo_has_a_face_and_a_feeling(tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", smiling())
    found = emogen.recognize(tmp_path / "photo.png")
    assert list(found) == ["face", "image"]
    assert found["face"].label == "joy"
    assert found["face"].emotion.vad[0] > 0.3
    assert emogen.Emotion.parse(str(found.emotion)).vad == pytest.approx(found.emotion.vad, abs=1e-6)


def test_words_are_no_file() -> None:
    found = emogen.recognize("We won, this is wonderful!")
    assert list(found) == ["text"]
    assert found.emotion.vad[0] > 0.2


def test_a_face_as_a_reference(tmp_path: Path) -> None:
    from emogen.conditioning.reference import FolderResolver
    from emogen.conditioning.spec import parse

    write_image(tmp_path / "face.png", smiling())
    felt = parse("@face.png", resolver=FolderResolver(tmp_path))
    assert felt.vad[0] > 0.3
    write_audio(tmp_path / "noise.wav", noise().samples, 16_000)
    with pytest.raises(InputError, match="no emotion"):
        parse("@noise.wav", resolver=FolderResolver(tmp_path))


def test_files_of_no_use_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "b.mid").write_bytes(b"MThd\x00")
    write_image(tmp_path / "c.png", plain())
    for name in ("a.wav", "b.mid", "none.mp4"):
        with pytest.raises(emogen.EmogenError, match=name.replace(".", r"\.")):
            recognize_file(tmp_path / name)
    with pytest.raises(InputError, match="holds no music"):
        recognize_file(tmp_path / "c.png", modalities=["music"])
    found = recognize_file(tmp_path / "c.png", panel=judges)
    assert all(one.confidence == 0.0 and one.note for one in found.values())


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.wav", "1.png", ".hidden.wav", "notes.xyz"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in find_files([tmp_path])] == ["1.png", "2.wav"]
    with pytest.raises(InputError):
        find_files([tmp_path / "b" / ".."][:0] or [_empty(tmp_path)])


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def test_opinions_are_pooled_by_what_they_are_worth() -> None:
    joy = recognition({"joy": 0.9, "sadness": 0.1}, "speech")
    sad = recognition({"joy": 0.2, "sadness": 0.8}, "speech", certainty=0.2)
    mute = nothing(("joy", "sadness"), "speech", "silence")
    assert pool([joy, mute], "video").distribution == joy.distribution
    assert pool([mute, mute], "video").confidence == 0.0
    both = pool([joy, sad], "video")
    assert both.label == "joy"
    assert both.confidence < joy.confidence
    assert conflict([joy, mute]) == 0.0
    assert 0.0 < conflict([joy, sad]) < 1.0
    far = recognition({"anger": 1.0}, "face")
    assert conflict([recognition({"joy": 1.0}, "speech"), far]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("weights", "intensity", "label"),
    [
        ({"joy": 1.0}, 1.0, "joy"),
        ({"happiness": 1.0}, 1.0, "joy"),
        ({"joy": 0.4, "sadness": 0.6}, 1.0, "sadness"),
        ({"joy": 1.0}, 0.05, "neutral"),
        ({"rage": 1.0}, 1.0, "anger"),
    ],
)
def test_the_nearest_label_is_what_was_asked_for(weights: dict[str, float], intensity: float, label: str) -> None:
    assert target(weights, intensity, ("neutral", "joy", "sadness", "anger")) == label


def test_held_out_figures_survive_being_written(tmp_path: Path) -> None:
    truth = np.eye(2)[[0, 1, 0, 1]]
    found = np.array([[0.8, 0.2], [0.3, 0.7], [0.4, 0.6], [0.1, 0.9]])
    vad = np.linspace(-1, 1, 12).reshape(4, 3)
    held = HeldOut(("joy", "sadness"), ("p",) * 4, ("a", "a", "b", "b"), truth, found, vad, vad)
    write_heldout(tmp_path, held)
    again = read_heldout(tmp_path)
    assert again.labels == held.labels
    assert np.allclose(again.found, found)
    measured = figures(again, resamples=20)
    assert measured["accuracy"].value == 0.75
    assert measured["CCC valence"].value == pytest.approx(1.0)


def test_every_recogniser_beats_guessing_on_people_it_never_met() -> None:
    assert len(standing_names()) >= 10
    for name in standing_names():
        held = held_out_of(name)
        named = held.labelled()
        if len(named) and name not in ("image", "judge_image"):  # those are rated in valence and arousal
            assert figures(named, resamples=5)["UAR"].value > 1.5 / len({int(i) for i in named.truth.argmax(axis=1)})
        assert figures(held, resamples=5)["CCC valence"].value > 0.15


def test_a_video_is_heard_and_seen(tmp_path: Path) -> None:
    film = emogen.talk("I never thought I would see you again.", "joy", seed=1, size=256)
    film.save(tmp_path / "film.mp4")
    found = emogen.recognize(tmp_path / "film.mp4")
    assert {"speech", "face", "video"} <= set(found)
    assert "motion" not in found
    assert 0.0 <= found.conflict <= 1.0
    assert found.best is found["video"]
    assert "face" in found["video"].because
    assert found["face"].over_time is not None
    judged = evaluate(tmp_path)
    assert {item.modality for item in judged.items} == {"speech", "face"}
    assert {item.target for item in judged.items} == {"joy"}
    assert judged.conflicts[0].name == "film.mp4"
