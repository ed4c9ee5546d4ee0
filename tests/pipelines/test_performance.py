"""A whole story: plan, voices, faces, bodies, music, pictures, subtitles, one clock; and what was made before is found."""

from __future__ import annotations

import gc
import json
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image
from scipy.ndimage import uniform_filter1d
from skimage import data

from emogen.codecs.face import INDEX
from emogen.errors import Cancelled, InputError
from emogen.media.audio import loudness_lufs, read_audio
from emogen.media.provenance import read_provenance
from emogen.media.subtitles import read_srt
from emogen.media.video import probe, read_frames
from emogen.pipelines.base import load
from emogen.pipelines.performance import mix, studio
from emogen.pipelines.performance.cache import Cache
from emogen.pipelines.performance.composition import Composition
from emogen.pipelines.performance.faces import head, one_of_two
from emogen.pipelines.performance.framing import Stage
from emogen.pipelines.performance.making import rising
from emogen.pipelines.performance.output import PerformanceOutput, Reel
from emogen.pipelines.performance.pipeline import PerformancePipeline

STORY = """---
title: Two lines
cast:
  Ava: {voice: alto, portrait: avatar:ava}
  Ben: {voice: tenor, portrait: avatar:ben}
---
# A beach
[music: joy:0.6]
It was late.
[shot: bust]
AVA (sadness:0.9): He is gone.
# A forest
[shot: two]
BEN (joy): I am so happy!
[shot: head]
AVA (joy:0.5): You came back.
"""
LINES = ["It was late.", "He is gone.", "I am so happy!", "You came back."]
SMALL: dict[str, Any] = {"resolution": 240, "fps": 6, "seed": 5}


@pytest.fixture(scope="module")
def pipe() -> PerformancePipeline:
    pipe = PerformancePipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def made(pipe: PerformancePipeline, folder: Path) -> PerformanceOutput:
    out: PerformanceOutput = pipe(STORY, cache=folder, **SMALL)
    return out


@pytest.fixture(scope="module")
def saved(made: PerformanceOutput, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.save(tmp_path_factory.mktemp("show") / "show.mp4")


def _card(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())["media"]
    return found


def test_everything_is_written_and_fits(saved: Path) -> None:
    assert sorted(p.name for p in saved.parent.iterdir()) == ["show.json", "show.mp4", "show.srt"]
    info, card = probe(saved), _card(saved)
    assert (info.width, info.height, round(info.fps)) == (426, 240, 6)
    assert abs(info.duration_s - card["duration_s"]) <= 1 / 6
    assert abs(info.audio_duration_s - info.duration_s) <= 1 / 6
    cues = read_srt(saved.with_suffix(".srt"))
    assert [c.text.split(":")[-1].strip() for c in cues] == LINES
    for cue, line in zip(cues, card["plan"]["lines"], strict=True):
        assert cue.start_s == pytest.approx(line["start_s"], abs=0.01)
    assert read_provenance(saved).synthetic
    assert card["composition"]["aspect"] == "16:9"
    assert sum(card["cache"]["made"].values()) >= 8


def test_each_line_is_seen_as_its_shot_says(made: PerformanceOutput, saved: Path) -> None:
    assert [shot.framing for shot in made.shots] == ["picture", "bust", "two", "head"]
    assert [[a.name for a in shot.actors] for shot in made.shots] == [[], ["Ava"], ["Ben", "Ava"], ["Ava"]]
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in pairwise(made.shots))
    for shot, beat in zip(made.shots, made.plan.beats, strict=True):
        assert shot.start_s <= beat.start_s < beat.end_s <= shot.end_s + 1e-6
    frames = list(read_frames(saved))
    assert len(frames) == sum(shot.frames for shot in made.shots)
    shown = [frames[shot.start + shot.frames // 2].astype(int) for shot in made.shots]
    for i, a in enumerate(shown):
        for b in shown[i + 1 :]:
            assert np.abs(a - b).mean() > 8
    assert 0.4 * frames[5].mean() < frames[0].mean() < 0.9 * frames[5].mean()  # it comes from dark, and is never black
    assert frames[-1].mean() < 0.2 * frames[-6].mean()


def test_the_poster_shows_somebody_and_is_no_track_of_the_film(made: PerformanceOutput, saved: Path) -> None:
    with av.open(str(saved)) as file:
        film, cover = file.streams.video
        assert (film.codec_context.name, bool(film.disposition & Disposition.attached_pic)) == ("h264", False)
        assert (cover.codec_context.name, bool(cover.disposition & Disposition.attached_pic)) == ("mjpeg", True)
        (poster,) = (frame.to_ndarray(format="rgb24") for frame in file.decode(cover))
    shot = made.shots[1]  # the first with people in it
    seen = list(read_frames(saved))[shot.start + min(12, shot.frames // 2)]
    assert poster.shape == seen.shape
    assert np.abs(poster.astype(int) - seen).mean() < 6


def test_pieces_go_when_nobody_needs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    reel = Reel()
    reel.put((0, 0), b"one")
    assert (reel.piece((0, 0)), len(list(tmp_path.iterdir()))) == (b"one", 1)
    del reel  # warnings are errors: the folder goes without one
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_who_listens_lives_and_gestures_have_hands(made: PerformanceOutput) -> None:
    ben, ava = made.shots[2].actors
    mouth = [np.ptp(actor.curves[:, 17]) for actor in (ben, ava)]  # jawOpen
    assert mouth[0] > 3 * mouth[1]
    assert np.abs(np.diff(ava.curves, axis=0)).max() > 0.01
    assert ben.rotations is not None
    assert len(ben.rotations) == made.shots[2].frames
    assert np.abs(np.diff(made.shots[1].actors[0].rotations, axis=0)).max() > 0.02  # type: ignore[arg-type]
    assert all(shot.actors[0].rotations is None for shot in made.shots if shot.framing == "head")


def test_chapters_are_read_by_others(saved: Path) -> None:
    with av.open(str(saved)) as file:
        found = [(c["start"] * float(c["time_base"]), c["metadata"]["title"]) for c in file.chapters()]
        assert file.metadata["title"] == "Two lines"
    assert [title for _, title in found] == ["A beach", "A forest"]
    assert [t for t, _ in found] == pytest.approx([c["start_s"] for c in _card(saved)["chapters"]], abs=0.01)


def test_stems_add_up_to_the_mix(made: PerformanceOutput, tmp_path: Path) -> None:
    stems = made.stems
    total = stems.music.copy()
    for name, voice in stems.voices.items():
        total += mix.panned(voice, stems.pans[name])
    assert np.abs(total - made.audio).max() < 1e-4
    assert loudness_lufs(made.audio, made.sample_rate) == pytest.approx(mix.TARGET_LUFS, abs=0.5)
    assert np.abs(made.audio).max() <= 10 ** (mix.PEAK_DBTP / 20) + 1e-6
    made.save_stems(tmp_path / "stems")
    listed = json.loads((tmp_path / "stems/stems.json").read_text())
    assert {p.name for p in (tmp_path / "stems/voices").iterdir()} >= {"Ava.wav", "Ben.wav"}
    assert len(read_audio(tmp_path / "stems/music.wav").samples) == len(made.audio)
    assert [part["start_s"] for part in listed["faces"] if part["name"] == "Ben"] == [round(made.shots[2].start_s, 3)]
    assert all((tmp_path / "stems" / part["file"]).is_file() for kind in ("faces", "bodies") for part in listed[kind])
    assert (tmp_path / "stems/plan.json").is_file()


def test_a_full_cache_an_empty_one_and_none_give_the_same_bytes(
    pipe: PerformancePipeline, folder: Path, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = pipe(STORY, cache=folder, **SMALL)
    assert warm.save(tmp_path / "warm.mp4").read_bytes() == saved.read_bytes()
    assert warm.made.facts["cache"]["made"] == {}
    monkeypatch.setattr(studio, "hire", lambda: None)  # all by this process, though a helper drew the other
    none = pipe(STORY, cache=False, **SMALL)
    assert none.save(tmp_path / "none.mp4").read_bytes() == saved.read_bytes()
    assert none.made.facts["cache"]["found"] == {}
    assert none.audio.tobytes() == warm.audio.tobytes()


def test_one_changed_line_leaves_the_others(pipe: PerformancePipeline, folder: Path, made: PerformanceOutput) -> None:
    def stop(_: object, __: int, name: str, ___: object) -> None:
        if name == "music":
            raise Cancelled("", "enough")

    counted: list[Cache] = []
    for changed in (STORY.replace("He is gone.", "He is gone for good."), STORY.replace("# A forest", "BEN (fear): Who?\n# A forest")):
        cache = Cache(folder)
        counted.append(cache)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Cache, "of", classmethod(lambda cls, where, cache=cache: cache))
            with pytest.raises(Cancelled):
                pipe(changed, callback_on_step_end=stop, **SMALL)
    altered, added = counted
    assert altered.misses["voice"] == added.misses["voice"] == 1
    assert altered.hits["voice"] == 3
    assert added.hits["voice"] == 4
    # The changed shot, and the one that dissolves from it; the new shot, and those beside it.
    assert (altered.misses["take"], altered.hits["take"]) == (2, 2)
    assert (added.misses["take"], added.hits["take"]) == (3, 2)


@pytest.mark.parametrize("aspect", ["9:16", "1:1"])
def test_words_are_burnt_into_every_aspect(made: PerformanceOutput, aspect: str) -> None:
    frame = Composition(aspect, 240, 6)
    shot = replace(made.shots[3], width=frame.width, height=frame.height, frames=3, falls=False)
    opened = {actor.portrait: _avatar(actor.name) for actor in shot.actors}
    plain = Stage(shot, opened).frame(1)
    burnt = Stage(replace(shot, words=((0, 3, "You came back, and I was glad."),)), opened).picture(1)
    assert burnt.shape == (frame.height, frame.width, 3)
    rows = np.flatnonzero((np.abs(burnt.astype(int) - plain).max(axis=2) > 60).any(axis=1))
    columns = np.flatnonzero((np.abs(burnt.astype(int) - plain).max(axis=2) > 60).any(axis=0))
    low, high = (0.55, 0.84) if aspect == "9:16" else (0.75, 0.97)
    assert low < rows.min() / frame.height < rows.max() / frame.height < high
    assert columns.min() > 0.04 * frame.width
    assert columns.max() < 0.96 * frame.width
    assert (burnt.min(axis=2) > 230).sum() > 40


@pytest.mark.parametrize("aspect", ["16:9", "9:16", "1:1"])
def test_neither_of_two_stands_before_the_other(made: PerformanceOutput, aspect: str) -> None:
    frame = Composition(aspect, 240, 6)
    painted = []
    for actor in made.shots[2].actors:
        out = np.zeros((frame.height, frame.width, 3), np.uint8)
        one_of_two(_avatar(actor.name), actor, frame.width, frame.height, 6.0, np.ones(3, np.float32)).onto(out, 0)
        painted.append(out.max(axis=2)[: frame.height // 4] > 0)  # heads and shoulders
    assert min(part.sum() for part in painted) > 300
    assert (painted[0] & painted[1]).sum() < 0.02 * painted[0].sum()


def test_a_head_in_half_a_frame_has_its_chin(made: PerformanceOutput) -> None:
    actor, frame = made.shots[2].actors[1], Composition("16:9", 240, 6)
    width, height = frame.width // 2, frame.height
    plain, lit = (np.zeros((height, width, 3), np.uint8) for _ in range(2))
    bent = actor.curves.copy()
    bent[:, INDEX["headPitch"]] += 0.2
    for out, curves in ((plain, actor.curves), (lit, bent)):
        head(_avatar(actor.name), replace(actor, curves=curves), width, height, 6.0, np.ones(3, np.float32)).onto(out, 0)
        cloth = out[-6:, width // 3 : -width // 3].reshape(-1, 3).mean(axis=0)
        assert cloth[2] > cloth[0]  # Ava's blue collar, not her skin


@pytest.mark.parametrize(("framing", "words", "low", "high"), [
    ("head", (), 0.65, 0.80), ("bust", (), 0.65, 0.80), ("bust", ((0, 3, "Yes."),), 0.45, 0.65), ("head", ((0, 3, "Yes."),), 0.03, 0.2),
])  # fmt: skip
def test_titles_lie_on_no_face_in_a_high_frame(
    made: PerformanceOutput, framing: str, words: tuple[Any, ...], low: float, high: float
) -> None:
    shot = replace(made.shots[1], width=240, height=426, frames=9, rises=False, before=None, framing=framing, heading="", title="")
    opened = {actor.portrait: _avatar(actor.name) for actor in shot.actors}
    plain, titled = (Stage(replace(shot, words=words, title=title), opened).frame(5).astype(int) for title in ("", "At the sea"))
    rows = np.flatnonzero((np.abs(titled - plain).max(axis=2) > 60).any(axis=1)) / 426
    assert low < rows.min() < rows.max() < high


def test_what_bears_no_title_shows_none(pipe: PerformancePipeline, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "first_draft.md").write_text("No.\n", encoding="utf-8")
    out = pipe(tmp_path / "first_draft.md", cache=folder, **SMALL)
    assert (out.plan.title, out.shots[0].title) == ("", "")
    assert out.chapters == [(0.0, "first_draft")]


def _avatar(name: str) -> Any:
    from emogen.pipelines.talking_head.avatars import avatar

    return avatar(name.lower(), size=512)


def test_a_photo_fills_its_frame_and_talks_beside_an_avatar(pipe: PerformancePipeline, folder: Path) -> None:
    cast = "---\ncast: {A: {portrait: 'sample:astronaut'}, B: {portrait: 'avatar:ben'}}\n---\n"
    story = cast + "# Here\n[shot: two]\nA (joy): Hi!\nB (joy): Hi!\n"
    out = pipe(story, cache=folder, **SMALL)
    frames = list(out.frames())
    middle = frames[out.shots[0].start + out.shots[0].frames // 2]
    assert middle.shape == (240, 426, 3)
    assert middle[:, 212:214].mean() < 70  # the line between the halves
    assert middle[:, :200].std() > 30
    assert out.made.real_input


def test_pictures_of_the_script_stay_in_its_folder(pipe: PerformancePipeline, tmp_path: Path, folder: Path) -> None:
    Image.fromarray(data.astronaut()[:200, :200]).save(tmp_path / "room.png")
    out = pipe("[scene: A room | room.png]\nNo.\n", folder=tmp_path, cache=folder, **SMALL)
    frame = list(out.frames())[out.shots[0].frames // 2]
    assert frame.shape == (240, 426, 3)
    assert frame.std() > 30
    for name in ("../room.png", "/etc/hostname", "none.png"):
        with pytest.raises(InputError) as caught:
            pipe(f"[scene: A room | {name}]\nNothing.\n", folder=tmp_path, cache=False, **SMALL)
        assert "line 1" in str(caught.value)


@pytest.mark.parametrize(
    ("story", "options", "needle"),
    [
        ("---\ncast: {A: {voice: nobody}}\n---\nA (joy): Hi.\n", {}, "nobody"),
        ("---\ncast: {A: {portrait: 'avatar:nobody'}}\n---\nA (joy): Hi.\n", {}, "cast, A, portrait"),
        ("---\ncast: {A: {}}\n---\nA (joy): 你好。\n", {}, "line 4"),
        ("---\ncast: {A: {}}\n---\nA (@../x.txt): Hi.\n", {}, "line 4"),
        ("[music: joyy]\nHi there.\n", {}, "line 1"),
        ("Hi.\n", {"aspect": "4:3"}, "16:9"),
        ("Hi.\n", {"resolution": 241}, "240 to 1080"),
        ("Hi.\n", {"fps": 0}, "fps"),
        ("Hi.\n", {"subtitles": "yes"}, "burnt"),
        ("Hi.\n", {"cache": 5}, "cache"),
        ("Hi.\n", {"cache": __file__}, "cache"),
    ],
)
def test_slips_name_their_place(pipe: PerformancePipeline, story: str, options: dict[str, Any], needle: str) -> None:
    with pytest.raises(InputError) as caught:
        pipe(story, **{**SMALL, "cache": False, **options})
    assert needle in str(caught.value)
    assert caught.value.exit_code == 2


def test_nothing_is_rendered_for_a_plan_with_slips(
    pipe: PerformancePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PerformancePipeline, "_draw", None)
    (tmp_path / "me.png").write_text("words", encoding="utf-8")
    for member, needles in (
        ({"voice": "altoo"}, ["A, voice", "altoo", 'Did you mean "alto"']),
        ({"portrait": "avatar:avva"}, ["A, portrait", "avva", 'Did you mean "ava"']),
        ({"portrait": "sample:nobody"}, ["A, portrait", "nobody"]),
        ({"portrait": "me.png"}, ["A, portrait", "me.png", "PNG"]),
    ):
        with pytest.raises(InputError) as caught:
            pipe("---\ncast: {A: {}}\n---\nA (joy): Hi.\n", cast={"A": member}, folder=tmp_path, cache=False, **SMALL)
        for needle in needles:
            assert needle in str(caught.value)
    (tmp_path / "plan.json").write_text('{"language": "xx", "lines": [{"speaker": "narrator", "text": "Hi."}]}', encoding="utf-8")
    with pytest.raises(InputError, match=r"plan\.json, language"):
        pipe(tmp_path / "plan.json", cache=False, **SMALL)
    with pytest.raises(InputError, match=r"scenes 1, picture, me\.png"):
        pipe("[scene: A room | me.png]\nHi.\n", folder=tmp_path, cache=False, **SMALL)


def test_it_can_be_stopped(pipe: PerformancePipeline, tmp_path: Path, folder: Path) -> None:
    seen: list[str] = []

    def stop(_: object, i: int, name: str, __: object) -> None:
        seen.append(name)
        if i == 1:
            raise Cancelled("", "enough")

    with pytest.raises(Cancelled):
        pipe(STORY, cache=folder, callback_on_step_end=stop, **SMALL).save(tmp_path / "x.mp4")
    assert seen == ["plan", "voices"]
    assert list(tmp_path.iterdir()) == []


def test_it_is_saved_and_opened_as_a_whole(pipe: PerformancePipeline, tmp_path: Path) -> None:
    pipe.save_pretrained(str(tmp_path), safe_serialization=True)
    again = load(tmp_path)
    assert type(again) is PerformancePipeline
    assert type(again.gesture) is type(pipe.gesture)


def test_speech_stands_clear_of_the_music() -> None:
    t = np.arange(6 * mix.RATE_HZ) / mix.RATE_HZ
    noise = np.random.default_rng(0)
    speech = np.zeros((len(t), 2), np.float32)
    said = slice(2 * mix.RATE_HZ, 4 * mix.RATE_HZ)
    speech[said] = (0.2 * noise.standard_normal((2 * mix.RATE_HZ, 1))).astype(np.float32)
    music = (0.2 * np.sin(2 * np.pi * 220 * t)[:, None] * np.ones((1, 2))).astype(np.float32)
    mixed = mix.mixed(speech, music, [(2.0, 4.0)])
    assert loudness_lufs(mixed.audio, mix.RATE_HZ) == pytest.approx(mix.TARGET_LUFS, abs=1.0)
    assert np.abs(mixed.audio).max() <= 10 ** (mix.PEAK_DBTP / 20) + 1e-6
    assert np.abs(speech * mixed.voice_gain[:, None] + music * mixed.music_gain[:, None] - mixed.audio).max() < 1e-5
    level = mix.duck([(2.0, 4.0)], len(t))
    assert level[round(0.5 * mix.RATE_HZ)] == pytest.approx(mix.MUSIC_ALONE_LU, abs=0.1)
    assert level[3 * mix.RATE_HZ] == pytest.approx(mix.MUSIC_UNDER_LU, abs=0.1)
    assert np.abs(np.diff(level)).max() * mix.RATE_HZ < 80


def test_music_is_loudest_where_the_story_turns(pipe: PerformancePipeline) -> None:
    from emogen.conditioning.track import EmotionTrack

    felt = rising(EmotionTrack.of("0s calm:0.4; 12s joy:0.6"), [(7.0, 1.0)])
    assert felt.at(7.0).intensity > 1.3 * EmotionTrack.of("0s calm:0.4; 12s joy:0.6").at(7.0).intensity
    music = np.asarray(pipe.music(None, felt, seconds=14, seed=2).audio, np.float32)[: 14 * mix.RATE_HZ]
    for at_s in (4.0, 7.0, 11.0):
        loud = mix.swelled(music, [(at_s, 1.0)])
        power = (loud.astype(float) ** 2).sum(axis=1)
        level = uniform_filter1d(power, mix.RATE_HZ)
        assert abs(int(level.argmax()) / mix.RATE_HZ - at_s) < 1.0
    assert mix.swelled(music, []) is music
