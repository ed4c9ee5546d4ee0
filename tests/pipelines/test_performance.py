"""A whole story: plan, voices, faces, music, pictures, subtitles, one clock."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from emogen.errors import Cancelled, InputError
from emogen.media.audio import loudness_lufs
from emogen.media.provenance import read_provenance
from emogen.media.subtitles import read_srt
from emogen.media.video import probe, read_frames
from emogen.pipelines.base import load
from emogen.pipelines.performance import mix
from emogen.pipelines.performance.pipeline import PerformancePipeline
from emogen.pipelines.performance.plan import make_plan
from emogen.pipelines.performance.script import parse_script

STORY = """---
title: Two lines
cast:
  Ava: {voice: alto, portrait: avatar:ava, personality: {neuroticism: 0.9}}
  Ben: {voice: tenor, portrait: avatar:ben}
---
[scene: Here]
[music: joy:0.6]
It was late.
AVA (sadness:0.9): He is gone.
[pause 400ms]
BEN: I am so happy that you came back!
"""
SMALL = {"size": 128, "fps": 8, "seed": 5}


@pytest.fixture(scope="module")
def pipe() -> PerformancePipeline:
    pipe = PerformancePipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def saved(pipe: PerformancePipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pipe(STORY, **SMALL).save(tmp_path_factory.mktemp("show") / "show.mp4")


def test_the_plan_says_who_when_and_what_is_felt() -> None:
    plan = make_plan(parse_script(STORY))
    assert [b.role.name for b in plan.beats] == ["narrator", "Ava", "Ben"]
    assert [b.written for b in plan.beats] == [False, True, False]
    assert plan.beats[1].emotion.at(0).label == "sadness"
    assert plan.beats[2].emotion.at(0.5).vad[0] > 0.2
    starts = [(b.start_s, b.end_s) for b in plan.beats]
    assert all(a < b for a, b in starts)
    assert all(end <= start for (_, end), (start, _) in pairwise(starts))
    assert starts[2][0] - starts[1][1] >= 0.4
    assert plan.music[0].start_s == 0
    assert "sadness:0.9" in plan.table()
    timed = plan.timed([1.0, 2.0, 3.0])
    assert [round(b.end_s - b.start_s, 6) for b in timed.beats] == [1, 2, 3]


def test_personality_colours_what_the_words_carry() -> None:
    calm = parse_script("---\ncast: {A: {}}\n---\nA: We will see.\n")
    nervous = parse_script("---\ncast: {A: {personality: {neuroticism: 1.0}}}\n---\nA: We will see.\n")
    v0, v1 = (make_plan(s).beats[0].emotion.at(0).vad for s in (calm, nervous))
    assert v1[0] < v0[0]
    assert v1[1] > v0[1]


def test_music_follows_cues_or_the_story() -> None:
    lines = "A (joy): One.\nA (sadness): Two is a much longer line than one, so that time passes.\n"
    head = "---\ncast: {A: {}}\n---\n"
    follows = make_plan(parse_script(head + lines)).music
    assert follows[0].emotion is not None
    assert follows[0].emotion.at(0).vad[0] > 0 > follows[0].emotion.at(10).vad[0]
    assert make_plan(parse_script("---\nmusic: 'off'\ncast: {A: {}}\n---\n" + lines)).music == ()
    cued = make_plan(
        parse_script(head + "[music: fear]\nA (joy): One and two and three and four.\n[music: off]\nA (joy): Two.\n")
    ).music
    assert len(cued) == 1
    assert cued[0].end_s < make_plan(parse_script(head + lines)).duration_s


def test_everything_is_written_and_fits(saved: Path) -> None:
    assert sorted(p.name for p in saved.parent.iterdir()) == ["show.json", "show.mp4", "show.srt"]
    info = probe(saved)
    card = json.loads(saved.with_suffix(".json").read_text())
    assert (info.width, info.height, round(info.fps)) == (128, 128, 8)
    assert abs(info.duration_s - card["media"]["duration_s"]) <= 1 / 8
    assert abs(info.audio_duration_s - info.duration_s) <= 1 / 8
    cues = read_srt(saved.with_suffix(".srt"))
    assert [c.text.split(":")[-1].strip() for c in cues] == [
        "It was late.",
        "He is gone.",
        "I am so happy that you came back!",
    ]
    for cue, line in zip(cues, card["media"]["plan"]["lines"], strict=True):
        assert cue.start_s == pytest.approx(line["start_s"], abs=0.01)
    assert read_provenance(saved).synthetic
    assert card["seed"] == 5
    assert {line["from"] for line in card["media"]["plan"]["lines"]} == {"script", "words"}


def test_pictures_change_with_who_speaks(saved: Path) -> None:
    frames = list(read_frames(saved))
    lines = json.loads(saved.with_suffix(".json").read_text())["media"]["plan"]["lines"]
    shown = [frames[round((line["start_s"] + line["end_s"]) / 2 * 8)].astype(int) for line in lines]
    for i, a in enumerate(shown):
        for b in shown[i + 1 :]:
            assert np.abs(a - b).mean() > 12
    assert frames[0].mean() < 0.2 * frames[4].mean()


def test_the_same_seed_gives_the_same_bytes(pipe: PerformancePipeline, saved: Path, tmp_path: Path) -> None:
    again = pipe(STORY, **SMALL).save(tmp_path / "again.mp4")
    assert again.read_bytes() == saved.read_bytes()
    assert again.with_suffix(".srt").read_text() == saved.with_suffix(".srt").read_text()


def test_it_is_saved_and_opened_as_a_whole(pipe: PerformancePipeline, tmp_path: Path) -> None:
    pipe.save_pretrained(str(tmp_path), safe_serialization=True)
    again = load(tmp_path)
    assert type(again) is PerformancePipeline
    assert type(again.speech) is type(pipe.speech)


def test_pictures_of_the_script_are_graded_and_stay_in_its_folder(pipe: PerformancePipeline, tmp_path: Path) -> None:
    Image.fromarray(data.astronaut()[:200, :200]).save(tmp_path / "room.png")
    out = pipe("[scene: A room | room.png]\nNothing moved.\nThe end.\n", folder=tmp_path, **SMALL)
    frame = list(out.frames())[len(list(out.frames())) // 2]
    assert frame.shape == (128, 128, 3)
    assert frame.std() > 30
    for name in ("../room.png", "/etc/hostname", "none.png"):
        with pytest.raises(InputError, match="folder of the script") as caught:
            pipe(f"[scene: A room | {name}]\nNothing.\n", folder=tmp_path, **SMALL)
        assert "line 1" in str(caught.value)


@pytest.mark.parametrize(
    ("story", "needle"),
    [
        ("---\ncast: {A: {voice: nobody}}\n---\nA (joy): Hi.\n", "nobody"),
        ("---\ncast: {A: {portrait: 'avatar:nobody'}}\n---\nA (joy): Hi.\n", "cast, A, portrait"),
        ("---\ncast: {A: {}}\n---\nA (joy): 你好。\n", "line 4"),
        ("---\ncast: {A: {}}\n---\nA (@../x.txt): Hi.\n", "line 4"),
        ("[music: joyy]\nHi there.\n", "line 1"),
    ],
)
def test_slips_name_their_place(pipe: PerformancePipeline, story: str, needle: str) -> None:
    with pytest.raises(InputError) as caught:
        pipe(story, **SMALL)
    assert needle in str(caught.value)
    assert caught.value.exit_code == 2


def test_it_can_be_stopped(pipe: PerformancePipeline, tmp_path: Path) -> None:
    seen: list[str] = []

    def stop(_: object, i: int, name: str, __: object) -> None:
        seen.append(name)
        if i == 1:
            raise Cancelled("", "enough")

    with pytest.raises(Cancelled):
        pipe(STORY, callback_on_step_end=stop, **SMALL).save(tmp_path / "x.mp4")
    assert seen == ["plan", "voices"]
    assert list(tmp_path.iterdir()) == []


def test_speech_stands_clear_of_the_music() -> None:
    t = np.arange(6 * mix.RATE_HZ) / mix.RATE_HZ
    noise = np.random.default_rng(0)
    speech = np.zeros((len(t), 2), np.float32)
    said = slice(2 * mix.RATE_HZ, 4 * mix.RATE_HZ)
    speech[said] = (0.2 * noise.standard_normal((2 * mix.RATE_HZ, 1))).astype(np.float32)
    music = (0.2 * np.sin(2 * np.pi * 220 * t)[:, None] * np.ones((1, 2))).astype(np.float32)
    mixed = mix.mixed(speech, music, [(2.0, 4.0)])
    assert loudness_lufs(mixed, mix.RATE_HZ) == pytest.approx(mix.TARGET_LUFS, abs=1.0)
    assert np.abs(mixed).max() <= 10 ** (mix.PEAK_DBFS / 20) + 1e-6
    level = mix.duck([(2.0, 4.0)], len(t))
    assert level[round(0.5 * mix.RATE_HZ)] == pytest.approx(mix.MUSIC_ALONE_LU, abs=0.1)
    assert level[3 * mix.RATE_HZ] == pytest.approx(mix.MUSIC_UNDER_LU, abs=0.1)
    assert np.abs(np.diff(level)).max() * mix.RATE_HZ < 80
