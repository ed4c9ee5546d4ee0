"""Lips, expression, blinks, gaze and head: what a viewer would notice, measured on the curves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr

from emogen.codecs.face import INDEX, SHAPES, FaceMotion, both, mouth_opening
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.talking_head.animate import animate
from emogen.pipelines.talking_head.expression import ExpressionRules
from emogen.pipelines.talking_head.visemes import LEAD_S, mouth, table, visemes_of

FPS = 25.0
EMOTIONS = ("neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust")
#: "Maybe my mum puts up a big map."
WORDS = "m ˈeɪ b i m aɪ m ˈʌ m p ˈʊ t s ˈʌ p ɐ b ˈɪ ɡ m ˈæ p"
UPPER = [
    INDEX["browInnerUp"],
    *both("browDown"),
    *both("browOuterUp"),
    *both("eyeWide"),
    *both("eyeSquint"),
    *both("noseSneer"),
    *both("cheekSquint"),
]


def spoken() -> list[tuple[str, float, float]]:
    phones, t = [], 0.4
    for phone in WORDS.split():
        length = 0.14 if phone.startswith("ˈ") else 0.08
        phones.append((phone, t, t + length))
        t += length
    return phones


PHONES = spoken()
LENGTH = PHONES[-1][2] + 0.6


@pytest.fixture(scope="module")
def rules() -> ExpressionRules:
    return ExpressionRules()


def made(rules: ExpressionRules, emotion: str, **more: object) -> FaceMotion:
    given = {"fps": FPS, "seed": 3, "phones": PHONES, **more}
    return animate(rules, EmotionTrack.of(emotion), given.pop("duration_s", LENGTH), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("emotion", [*EMOTIONS, "joy:1.5", "surprise:1.5"])
def test_lips_close_on_m_b_p_whatever_is_felt(rules: ExpressionRules, emotion: str) -> None:
    opening = mouth_opening(made(rules, emotion).curves)
    closures = [(a + b) / 2 for p, a, b in PHONES if p in "mbp"]
    assert len(closures) == 10
    for middle in closures:
        assert opening[round((middle - LEAD_S) * FPS)] < 0.03


def test_vowels_open_the_mouth_and_round_it(rules: ExpressionRules) -> None:
    opening = mouth_opening(made(rules, "neutral").curves)
    for phone, a, b in PHONES:
        if phone in {"ˈʌ", "ˈæ"}:
            assert opening[round(((a + b) / 2 - LEAD_S) * FPS)] > 0.15
    rounded = mouth([("uː", 0.5, 0.8)], 1.2, FPS)
    spread = mouth([("iː", 0.5, 0.8)], 1.2, FPS)
    at = round(0.6 * FPS)
    assert rounded[at, INDEX["mouthPucker"]] > 0.5 > 0.05 > spread[at, INDEX["mouthPucker"]]
    assert spread[at, both("mouthStretch")].min() > 0.2


def test_lips_say_the_same_in_every_emotion_while_faces_differ(rules: ExpressionRules) -> None:
    motions = {e: made(rules, e) for e in EMOTIONS}
    busy = slice(round(0.4 * FPS), round((LENGTH - 0.6) * FPS))
    for a, b in itertools.combinations(EMOTIONS, 2):
        lips = [mouth_opening(motions[e].curves)[busy] for e in (a, b)]
        assert np.corrcoef(*lips)[0, 1] >= 0.9, (a, b)
        faces = [motions[e].curves[-1, UPPER] for e in (a, b)]
        assert np.abs(faces[0] - faces[1]).max() > 0.3, (a, b)


def test_expressions_are_those_of_facs(rules: ExpressionRules) -> None:
    last = {e: dict(zip(INDEX, made(rules, e).curves[-1], strict=True)) for e in EMOTIONS}
    assert last["joy"]["mouthSmileLeft"] > 0.8
    assert last["joy"]["cheekSquintRight"] > 0.7
    assert last["sadness"]["browInnerUp"] > 0.8
    assert last["sadness"]["mouthFrownLeft"] > 0.8
    assert last["sadness"]["headPitch"] > 0.08
    assert last["anger"]["browDownLeft"] > 0.8
    assert last["anger"]["mouthUpperUpRight"] > 0.6
    restrained = dict(zip(INDEX, made(rules, "anger:0.35").curves[-1], strict=True))
    assert restrained["mouthPressRight"] > 0.2 > 0.05 > restrained["mouthUpperUpRight"]
    assert last["fear"]["eyeWideLeft"] > 0.8
    assert last["fear"]["mouthStretchLeft"] > 0.7
    assert last["surprise"]["jawOpen"] > 0.35
    assert last["surprise"]["browOuterUpRight"] > 0.8
    assert last["disgust"]["noseSneerLeft"] > 0.8
    assert max(v for k, v in last["neutral"].items() if "eye" not in k.lower() and not k.startswith("head")) < 0.1


def test_compound_emotions_have_their_own_face(rules: ExpressionRules) -> None:
    both_felt = dict(zip(INDEX, made(rules, "joy:0.8+surprise:0.8").curves[-1], strict=True))
    assert both_felt["mouthSmileLeft"] > 0.6
    assert both_felt["browOuterUpLeft"] > 0.5


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_intensity_is_monotone(rules: ExpressionRules, emotion: str) -> None:
    sizes = [
        np.linalg.norm(made(rules, f"{emotion}:{k}").curves[-1, UPPER + both("mouthSmile") + both("mouthFrown")])
        for k in (0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert spearmanr(range(5), sizes).statistic > 0.99


def test_a_track_changes_the_face_on_the_way(rules: ExpressionRules) -> None:
    motion = made(rules, "0s sadness; 1.5s sadness; 2s joy", duration_s=4.0, phones=[])
    smile, frown = (motion.curves[:, both(n)].mean(1) for n in ("mouthSmile", "mouthFrown"))
    assert frown[20] > 0.8 > 0.1 > smile[20]
    assert smile[-1] > 0.8 > 0.1 > frown[-1]


def test_silence_keeps_living(rules: ExpressionRules) -> None:
    motion = made(rules, "neutral", duration_s=10.0, phones=[], audio=np.zeros(160_000, np.float32), sample_rate=16_000)
    assert motion.channel("jawOpen").max() < 0.05
    assert motion.channel("eyeBlinkLeft").max() > 0.9
    assert motion.curves[:, INDEX["headYaw"]].std() > 0.005


def test_people_blink_as_often_as_in_conversation(rules: ExpressionRules) -> None:
    lids = made(rules, "neutral", duration_s=300.0, phones=[]).channel("eyeBlinkRight")
    count = np.sum((lids[1:] > 0.5) & (lids[:-1] <= 0.5))
    assert 10.5 <= count / 5 <= 32.5
    shut = np.flatnonzero((lids[1:-1] > 0.9) & (lids[1:-1] >= lids[:-2]) & (lids[1:-1] > lids[2:]))
    assert len(shut) > 20


def test_a_voice_without_a_transcript_moves_the_lips(rules: ExpressionRules) -> None:
    out = SpeechPipeline.embedded()("Maybe my mum puts up a big map.", voice="tenor", nonverbal=False, seed=1)
    length = len(out.audio) / out.sample_rate
    given = {"duration_s": length, "audio": out.audio, "sample_rate": out.sample_rate}
    heard, known = (mouth_opening(made(rules, "joy", phones=phones, **given).curves) for phones in (None, out.phones))
    assert np.corrcoef(heard, known)[0, 1] > 0.6
    assert heard.max() > 0.25


def test_nothing_jumps(rules: ExpressionRules) -> None:
    for emotion in ("0s anger; 1s joy", "0s neutral; 0.5s surprise"):
        steps = np.abs(np.diff(made(rules, emotion).curves, axis=0))
        lids = both("eyeBlink")
        quiet = [i for i in range(SHAPES) if i not in lids]
        assert steps[:, quiet].max() < 0.62
        assert steps[:, SHAPES:].max() < 0.25


def test_the_same_seed_gives_the_same_curves(rules: ExpressionRules) -> None:
    np.testing.assert_array_equal(made(rules, "joy").curves, made(rules, "joy").curves)
    assert not np.array_equal(made(rules, "joy", seed=4).curves, made(rules, "joy").curves)


def test_every_phone_espeak_uses_in_english_has_a_viseme() -> None:
    names = table().names
    for phone, viseme in {
        "p": "PP",
        "f": "FF",
        "θ": "TH",
        "tʃ": "CH",
        "s": "SS",
        "ɡ": "kk",
        "ɹ": "RR",
        "uː": "U",
        "ɑː": "aa",
        "ɐ": "aa",
        "ɪ": "I",
        "ɛ": "E",
        "ɔː": "O",
        "ŋ": "kk",
        "ɚ": "RR",
        "l": "nn",
    }.items():
        assert names[visemes_of(phone)[0]] == viseme
    assert [names[i] for i in visemes_of("aɪ")] == ["aa", "I"]
    assert visemes_of("_:") == visemes_of("") == [0]
    assert names[visemes_of("ʘ")[0]] == "ah"
