"""Conversation that emogen makes itself, to learn from: speeches that nobody said, performed by the rules.

Half of what is felt is shown more as recorded people show it: what was learnt of restyling from pairs of the same
movement goes over the performance, its tempo left as the speech has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from emogen.codecs.body_features import FPS
from emogen.conditioning.track import EmotionTrack
from emogen.pipelines.gesture.content import voice_of
from emogen.pipelines.gesture.perform import Performance
from emogen.pipelines.gesture.plan import planned
from emogen.pipelines.gesture.restyle import MANNERS, RestyleRules, restyled
from emogen.pipelines.gesture.speech import Accent, Speech
from emogen.training.gesture_data import Take, take

SECONDS = 16.0
#: What is felt in a take; neutral twice as often as the others.
FEELINGS = (
    "neutral", "neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "pride", "insecurity", "fatigue",
    "excitement", "calm", "tenderness", "contempt", "shame",
)  # fmt: skip
CHANGED, MIXED, SILENT = 0.3, 0.15, 0.08  # shares of takes in which the feeling changes, is mixed, nothing is said
RESTYLED, HOW_FAR = 0.5, (0.3, 0.7)  # share of takes that are restyled, and by how much of their feeling
PEOPLE = 40  # ways of moving: seeds of the performance

#: Of speech that nobody said (s): phrases, pauses, accents about half a second to a second apart; own assumption within
#: what conversation has.
PHRASE_S, PAUSE_S, ACCENT_S = (0.9, 3.5), (0.2, 1.2), (0.35, 0.95)


def made(count: int, seed: int = 0) -> Iterator[Take]:
    """Takes of `SECONDS` each."""
    rules = _at_its_tempo()
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        speech, track = _speech(rng), _track(rng)
        chosen = int(rng.integers(PEOPLE)) * 1_000_003 + number
        strokes = planned(speech, track.sample(FPS, SECONDS), (), chosen)
        frames = round(SECONDS * FPS)
        motion = Performance(strokes, speech, track, frames, FPS, chosen).piece(0, frames)
        if rng.random() < RESTYLED:
            motion = restyled(motion, _fainter(track, rng.uniform(*HOW_FAR)), rules)
        name = str(track.keyframes[0].emotion).split(":")[0] if len(track.keyframes) == 1 else "changing"
        yield take(motion, track, kind="made", group=name, style=f"{chosen // 1_000_003}", voice=voice_of(speech, frames, FPS))


def _at_its_tempo() -> RestyleRules:
    """What was learnt of restyling, without its change of tempo."""
    rules = RestyleRules()
    rules.load_state_dict(RestyleRules.embedded().state_dict())
    row = MANNERS.index("tempo")
    for values in (rules.table, rules.low, rules.high):
        values[row] = 0.0
    return rules


def _fainter(track: EmotionTrack, share: float) -> EmotionTrack:
    return EmotionTrack(tuple(replace(key, emotion=key.emotion.scale(share)) for key in track.keyframes))


def _speech(rng: np.random.Generator) -> Speech:
    if rng.random() < SILENT:
        return Speech.silence(SECONDS)
    phrases, accents, at = [], [], rng.uniform(0.1, 1.0)
    while at < SECONDS - 0.5:
        end = min(at + rng.uniform(*PHRASE_S), SECONDS - 0.1)
        phrases.append((at, end))
        when = at + rng.uniform(0.1, 0.4)
        while when < end - 0.1:
            accents.append(Accent(when, float(rng.uniform(0.3, 1.3))))
            when += rng.uniform(*ACCENT_S)
        at = end + rng.uniform(*PAUSE_S)
    return Speech.of(SECONDS, accents, phrases)


def _track(rng: np.random.Generator) -> EmotionTrack:
    def one() -> str:
        name = FEELINGS[rng.integers(len(FEELINGS))]
        if name == "neutral":
            return name
        if rng.random() < MIXED:
            other = FEELINGS[2 + rng.integers(len(FEELINGS) - 2)]
            if other != name:
                return f"{name}:{rng.uniform(0.3, 0.7):.2f}+{other}:{rng.uniform(0.2, 0.5):.2f}"
        return f"{name}:{rng.uniform(0.3, 1.0):.2f}"

    if rng.random() < CHANGED:
        return EmotionTrack.of(f"0s {one()}; {rng.uniform(4, 10):.1f}s {one()}")
    return EmotionTrack.of(one())
