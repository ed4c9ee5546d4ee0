"""A video whose face feels otherwise: what changes, what stays, who is meant, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from skimage import data

from emogen.codecs.face import FACE_CHANNELS, INDEX, both
from emogen.conditioning.face_mesh import find_face
from emogen.errors import EmogenError, InputError
from emogen.media.provenance import read_provenance
from emogen.media.video import VideoWriter, probe, read_frames, read_video_audio
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.face_track import Landmarks, faded, measured
from emogen.pipelines.talking_head.photo_portrait import FaceEditor
from emogen.pipelines.talking_head.portraits import open_portrait
from emogen.pipelines.talking_head.video_edit import FaceEditPipeline
from tests.contract.pipeline import PipelineContract

RATE = 16_000
#: A multiple of 64 px: see `test_same_seed_gives_the_same_bytes` of the contract.
SIDE = 256
FRAMES = 7


def curves(**values: float) -> np.ndarray:
    out = np.zeros(len(FACE_CHANNELS), np.float32)
    for name, value in values.items():
        out[[INDEX[name]] if name in INDEX else both(name)] = value
    return out


def portrait(side: int = SIDE) -> np.ndarray:
    """Somebody who smiles, the face a little less than half as wide as the picture."""
    return cv2.resize(data.astronaut()[5:225, 115:335], (side, side), interpolation=cv2.INTER_CUBIC)


def moved(picture: np.ndarray, by: float) -> np.ndarray:
    """The picture under a camera that moves to the left."""
    matrix = np.array([[1.0, 0.0, by], [0.0, 1.0, 0.3 * by]])
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def film(path: Path, frames: Iterable[np.ndarray], fps: float = 25.0, sound: bool = True) -> Path:
    frames = list(frames)
    height, width = frames[0].shape[:2]
    with VideoWriter(path, fps=fps, width=width, height=height, audio_rate=RATE if sound else None) as video:
        if sound:
            t = np.arange(round(len(frames) / fps * RATE)) / RATE
            video.write_audio((0.3 * np.sin(2 * np.pi * 300 * t)).astype(np.float32))
        for frame in frames:
            video.write(frame)
    return path


def raw(path: Path, frames: Iterable[np.ndarray], times_ms: Iterable[int]) -> Path:
    """A video as others write them: any size, any times."""
    frames = list(frames)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base, stream.time_base = "yuv444p", Fraction(1, 1000), Fraction(1, 1000)
        for frame, time in zip(frames, times_ms, strict=True):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture.pts, picture.time_base = time, Fraction(1, 1000)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module", autouse=True)
def clip(films: Path) -> Path:
    smiling = portrait()
    TestContract.content = film(films / "clip.mp4", (moved(smiling, 2.0 * i) for i in range(FRAMES)))
    TestContract.other_content = film(films / "other.mp4", (moved(smiling, -2.0 * i) for i in range(FRAMES)), sound=False)
    return films / "clip.mp4"


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    pipe = FaceEditPipeline(ExpressionRules())
    pipe.set_progress_bar_config(disable=True)
    return pipe


class TestContract(PipelineContract):
    suffix = ".mp4"
    index = {"expression": ("emogen.pipelines.talking_head.expression", "ExpressionRules")}
    bad_contents = (None, 5, "nowhere.mp4", "")

    def make(self) -> FaceEditPipeline:
        return FaceEditPipeline(ExpressionRules())


# -- what changes and what stays ---------------------------------------------------------------------------
def test_only_the_face_changes(pipe: FaceEditPipeline, clip: Path) -> None:
    before, out = list(read_frames(clip)), pipe(clip, "sadness", seed=1)
    after = list(out.frames())
    assert len(after) == len(before) == len(out.motion.curves)
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        points = out.track.landmarks[i][:, :2]
        low, high = points.min(0), points.max(0)
        margin = 0.16 * (high - low)
        changed = np.argwhere((a != b).any(axis=2))[:, ::-1]
        assert len(changed) > 2000
        assert (changed.min(0) >= low - margin).all()
        assert (changed.max(0) <= high + margin).all()


@pytest.mark.parametrize("emotion", [None, "neutral", "joy:0"])
def test_no_feeling_leaves_every_picture_as_it_is(pipe: FaceEditPipeline, clip: Path, emotion: str | None) -> None:
    out = pipe(clip, emotion, seed=1)
    for a, b in zip(read_frames(clip), out.frames(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not out.motion.curves.any()


def test_a_smile_is_taken_back_by_sadness_and_not_doubled_by_joy(pipe: FaceEditPipeline, clip: Path) -> None:
    sad, glad = pipe(clip, "sadness", seed=1), pipe(clip, "joy", seed=1)
    assert sad.motion.channel("mouthSmileLeft").max() < -0.4
    assert sad.motion.channel("mouthFrownLeft").min() > 0.3
    assert sad.motion.channel("mouthClose").max() > 0.02  # teeth that the smile shows
    assert glad.motion.channel("mouthSmileLeft").min() > 0.05
    assert glad.motion.channel("mouthSmileLeft").max() < 0.5
    picture = next(sad.frames())
    corner = measured(find_face(picture, "x").points)[0]
    assert corner < measured(find_face(next(read_frames(clip)), "x").points)[0] - 0.5


def test_what_the_lips_say_stays_and_units_and_knobs_count(pipe: FaceEditPipeline, clip: Path) -> None:
    plain = pipe(clip, "surprise:0.4", seed=1).motion
    calm = pipe(clip, "surprise:0.4", seed=1, mouth=0, brows=2).motion
    mouth = [INDEX[name] for name in FACE_CHANNELS if name.startswith(("mouth", "jaw"))]
    assert not calm.curves[:, mouth].any()
    assert calm.channel("browInnerUp").mean() > 1.3 * plain.channel("browInnerUp").mean()
    asked = pipe(clip, "neutral", seed=1, units={"AU4": 0.8})
    assert asked.motion.channel("browDownLeft").min() > 0.3
    assert asked.made.request["units"] == [{"t": 0.0, "AU4": 0.8}]


def test_another_voice_moves_the_lips(pipe: FaceEditPipeline, films: Path, tmp_path: Path) -> None:
    closed = FaceEditor(portrait(), find_face(portrait(), "x").points)
    shut = closed.reexpress(portrait(), find_face(portrait(), "x").points, curves(jawOpen=-0.35, mouthClose=0.2, mouthSmile=-0.6))
    film(films / "shut.mp4", [shut] * 10)
    said = SimpleNamespace(
        audio=np.full(8000, 0.1, np.float32), sample_rate=RATE,
        phones=(("m", 0.0, 0.12), ("ɑ", 0.12, 0.36), ("m", 0.36, 0.5)),
    )  # fmt: skip
    out = pipe(films / "shut.mp4", "neutral", audio=said, seed=1)
    assert len(out.motion.curves) == 13
    assert any("last picture is held" in w for w in out.warnings)
    gaps = [measured(find_face(picture, "x").points)[1] for picture in out.frames()]
    assert max(gaps[3:8]) > 0.08
    assert gaps[0] < 0.03
    assert gaps[10] < 0.03
    info = probe(out.save(tmp_path / "a.mp4"))
    assert abs(info.audio_duration_s - 0.52) < 0.03


# -- who is meant ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def pair(films: Path) -> Path:
    """A small face on the left, a larger one on the right; then the right one alone, further left."""
    left, right = open_portrait("avatar:tomas", size=208).render(curves()), portrait(320)
    both_ = np.full((320, 528, 3), 90, np.uint8)
    both_[:208, :208], both_[:, 208:] = left, right
    near = np.full_like(both_, 90)
    near[:, 100:420] = right
    return film(films / "pair.mp4", [both_] * 8 + [near] * 8, sound=False)


def test_one_of_two_people_is_chosen_and_followed(pipe: FaceEditPipeline, pair: Path) -> None:
    largest, left = pipe(pair, "anger", seed=1), pipe(pair, "anger", face=0, seed=1)
    assert any("2 faces were found; number 1 from the left" in w for w in largest.warnings)
    assert largest.track.strength.min() == 1
    before = list(read_frames(pair))
    for i, picture in enumerate(left.frames()):
        changed = np.argwhere((picture != before[i]).any(axis=2))
        assert (len(changed) > 0) == (i < 8)
        assert not len(changed) or changed[:, 1].max() < 208
    with pytest.raises(InputError, match="face 2 of 2"):
        pipe(pair, "anger", face=2)


def test_an_edit_fades_where_the_face_leaves(pipe: FaceEditPipeline, films: Path) -> None:
    smiling, empty = portrait(), np.full((SIDE, SIDE, 3), 90, np.uint8)
    out = pipe(film(films / "leaves.mp4", [smiling] * 12 + [empty] * 8 + [smiling] * 12), "joy", seed=1)
    strength = out.track.strength
    assert strength[0] == strength[-1] == 1
    assert not strength[12:20].any()
    assert np.abs(np.diff(strength)).max() < 0.35
    assert any("of 32 pictures" in w for w in out.warnings)
    assert faded(np.array([1.0, 1, 0, 1]), 25.0).tolist() == pytest.approx([0.352, 0.104, 0, 0.104])


def test_landmarks_keep_their_places_on_disk() -> None:
    rng = np.random.default_rng(0)
    kept, rows = Landmarks(), [rng.uniform(-50, 4000, (478, 3)) for _ in range(3)]
    for row in (rows[0], None, rows[1], rows[2]):
        kept.add(row)
    assert len(kept) == 4
    assert kept[1] is None
    for i, row in ((3, rows[2]), (0, rows[0]), (2, rows[1])):
        np.testing.assert_allclose(kept[i], row, atol=0.05)


# -- what is written ---------------------------------------------------------------------------------------
def test_sound_rights_and_statement_are_kept(pipe: FaceEditPipeline, clip: Path, tmp_path: Path) -> None:
    out = pipe(clip, "joy", seed=1, rights="licensed")
    path = out.save(tmp_path / "a.mp4")
    assert probe(path).frames == FRAMES
    kept, own = (read_video_audio(p).samples for p in (path, clip))
    n = min(len(kept), len(own))
    assert np.corrcoef(kept[:n], own[:n])[0, 1] > 0.98
    assert read_provenance(path).real_input
    card = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert card["request"]["rights"] == "licensed"
    assert card["media"]["with_face"] == FRAMES
    assert card["media"]["explained"][0]["units"]["AU12"] > 0.5
    assert not out.warnings
    assert any("rights" in w for w in pipe(clip, "joy", seed=1).warnings)
    with pytest.raises(InputError, match="licensed"):
        pipe(clip, "joy", rights="stolen")


def test_odd_uneven_silent_and_single_pictures_are_handled(pipe: FaceEditPipeline, tmp_path: Path) -> None:
    smiling = portrait(288)
    odd = raw(tmp_path / "odd.mp4", [moved(smiling, i)[:285, :283] for i in range(6)], [0, 40, 160, 200, 320, 360])
    out = pipe(odd, "joy", seed=1)
    assert next(out.frames()).shape == (285, 283, 3)
    assert any("uneven" in w for w in out.warnings)
    assert any("no sound" in w for w in out.warnings)
    info = probe(out.save(tmp_path / "a.mp4"))
    assert (info.width, info.height) == (284, 286)
    one = pipe(raw(tmp_path / "one.mp4", [smiling[:, :286]], [0]), "sadness", seed=1)
    assert len(list(one.frames())) == 1
    assert one.motion.curves.any()


# -- what is refused ---------------------------------------------------------------------------------------
def test_videos_without_a_usable_face_are_refused(pipe: FaceEditPipeline, tmp_path: Path) -> None:
    grey = np.full((96, 128, 3), 90, np.uint8)
    with pytest.raises(InputError, match="0 faces in 3 pictures"):
        pipe(film(tmp_path / "none.mp4", [grey] * 3, sound=False), "joy")
    far = np.full((SIDE, SIDE, 3), 90, np.uint8)
    far[:140, :140] = portrait(140)
    with pytest.raises(InputError, match="at least 80 px"):
        pipe(film(tmp_path / "far.mp4", [far] * 2, sound=False), "joy")
    (tmp_path / "text.mp4").write_text("no film")
    for bad in (tmp_path / "text.mp4", tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(EmogenError):
            pipe(bad, "joy")


@pytest.mark.parametrize("wrong", [{"face": -1}, {"face": True}, {"brows": 3.0}, {"mouth": "much"}, {"units": {"AU99": 1}}, {"audio": 5}])
def test_options_out_of_range_are_refused(pipe: FaceEditPipeline, clip: Path, wrong: dict) -> None:
    with pytest.raises(InputError):
        pipe(clip, "joy", **wrong)


def test_auto_needs_something_to_hear(pipe: FaceEditPipeline, films: Path) -> None:
    with pytest.raises(InputError, match="without sound"):
        pipe(films / "other.mp4", "auto")
