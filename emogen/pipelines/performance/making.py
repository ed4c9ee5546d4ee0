"""The parts of a performance, each made once: voices, faces, bodies, music, places; kept under what decides them.

The seed of each part comes from what it is and from the seed of the whole, not from where it stands: a line that is put
in changes no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from emogen import checkpoints
from emogen.codecs.body import BodyMotion
from emogen.codecs.face import FaceMotion
from emogen.codecs.scene.scene import Scene, attributes
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack, Keyframe
from emogen.errors import InputError
from emogen.media.audio import resample
from emogen.pipelines.gesture.strokes import Stroke
from emogen.pipelines.image.pipeline import Wish, read_wish
from emogen.pipelines.performance import mix
from emogen.pipelines.performance.backdrop import settled
from emogen.pipelines.performance.cache import Cache, code_hash, digest
from emogen.pipelines.performance.plan import Beat, Cue, Peak

#: After a line its feeling fades to this share within this time; own assumption.
RESIDUE, RESIDUE_S = 0.45, 1.5
#: Attributes of a place that follow the feelings of its scene: light, weather and colours; who and what is there stays.
CHANGING = ("hour", "cloud", "storm", "rain", "fog", "wind", "lightning", "rainbow", "waves", "warmth", "colour", "exposure",
            "contrast", "soft", "lamps", "tint_red", "tint_yellow")  # fmt: skip
#: What happens in a place only if the script says so: else a house burns, or a crowd walks by, that nobody speaks of.
EVENTS = ("fire", "feast", "threat", "people")
#: Of these some stay within a shot: a sun that wanders while somebody speaks tells of hours.
WITHIN_A_SHOT = ("hour",)
#: Music rises to a turn of the story from so long before it and falls as long after it (s); by this share of its strength.
TO_PEAK_S, FROM_PEAK_S, PEAK_SHARE = 2.5, 2.0, 0.5


@dataclass(frozen=True, eq=False)
class Voice:
    """A line as it is said, as long as a whole number of frames.

    Attributes:
        audio: float32 [n].
        sample_rate: Hz.
        words: (word, start in s, end in s).
        phones: (IPA, start in s, end in s).
    """

    audio: np.ndarray
    sample_rate: int
    words: tuple[tuple[str, float, float], ...]
    phones: tuple[tuple[str, float, float], ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.audio) / self.sample_rate

    def within(self, lead_s: float, length_s: float) -> Voice:
        """The same in a silence of `length_s` that begins `lead_s` earlier."""
        audio = np.zeros(round(length_s * self.sample_rate), np.float32)
        first = round(lead_s * self.sample_rate)
        n = max(0, min(len(self.audio), len(audio) - first))
        audio[first : first + n] = self.audio[:n]
        words, phones = (tuple((w, a + lead_s, b + lead_s) for w, a, b in part) for part in (self.words, self.phones))
        return Voice(audio, self.sample_rate, words, phones)


def mixed_seed(seed: int, *what: Any) -> int:
    """A seed of its own for a part of a performance."""
    return int(digest("seed", seed, *what)[:15], 16)


def lasting(track: EmotionTrack, lead_s: float, length_s: float) -> EmotionTrack:
    """A line's emotion within its shot: it begins with the line, and fades after it."""
    moved = track.shift(lead_s)
    last = moved.at(lead_s + length_s)
    kept = [k for k in moved.keyframes if k.t < lead_s + length_s] or [moved.keyframes[0]]
    end = max(lead_s + length_s, kept[-1].t + 0.01)
    return EmotionTrack((*kept, Keyframe(end, last), Keyframe(end + RESIDUE_S, last.scale(RESIDUE))))


def listening(track: EmotionTrack, start_s: float, end_s: float) -> EmotionTrack:
    """What a listener feels from `start_s` to `end_s`, in seconds from there, in coarse steps a second apart."""
    count = max(1, round(end_s - start_s))
    frames: list[Keyframe] = []
    for i in range(count + 1):
        felt = settled(track.at(start_s + i))
        if not frames or felt != frames[-1].emotion:
            frames.append(Keyframe(float(i), felt))
    return EmotionTrack(tuple(frames))


class Maker:
    """Makes the parts of one performance.

    Args:
        pipe: The pipeline of performances.
        cache: Where parts are kept.
        seed: Of the whole.
        fps: Frames a second.
        name: Of the script, for messages.
    """

    def __init__(self, pipe: Any, cache: Cache, seed: int, fps: float, name: str) -> None:
        self.pipe, self.cache, self.seed, self.fps, self.name = pipe, cache, seed, fps, name
        self._base = digest(
            code_hash(), checkpoints.commercial_only(), {n: checkpoints.checkpoint_hash(n) for n in checkpoints.names()},
            identity(pipe) if cache.folder is not None else "", str(getattr(pipe, "device", "cpu")),
        )  # fmt: skip
        self._places: dict[int, tuple[Wish, Scene]] = {}

    def voice(self, beat: Beat, language: str, which: int) -> Voice:
        """How a line is said; `which` counts lines of the same words by the same speaker."""
        role, spoken_in = beat.role, beat.role.language or language
        seed = mixed_seed(self.seed, "voice", role.name, beat.text, which)
        speaks = role.voice if isinstance(role.voice, (str, type(None))) else role.voice.to_dict()
        key = digest("voice", self._base, beat.text, str(beat.emotion), speaks, spoken_in, role.volume_db, seed, self.fps)

        def make() -> dict[str, np.ndarray]:
            try:
                said = self.pipe.speech(beat.text, beat.emotion, voice=role.voice, language=spoken_in, seed=seed)
            except InputError as error:
                where = f"{self.name} line {beat.number}, {error.where}"
                raise type(error)(where, error.found, error.accepted) from error
            samples = said.audio * np.float32(10 ** (role.volume_db / 20))
            frames = int(np.ceil(len(samples) / said.sample_rate * self.fps - 1e-6))
            audio = np.zeros(round(frames / self.fps * said.sample_rate), np.float32)
            n = min(len(samples), len(audio))
            audio[:n] = samples[:n]
            return {"audio": audio, **_told(rate=said.sample_rate, words=said.words, phones=said.phones or ())}

        found = self.cache.arrays("voice", key, make)
        told = _read(found)
        words, phones = (tuple((str(w), float(a), float(b)) for w, a, b in told[part]) for part in ("words", "phones"))
        return Voice(found["audio"], int(told["rate"]), words, phones)

    def face(self, felt: EmotionTrack, voice: Voice, *what: Any) -> FaceMotion:
        """How a face moves with a voice (silence: it listens); `what` says whose and where."""
        seed = mixed_seed(self.seed, "face", *what)
        key = digest("face", self._base, str(felt), voice, seed, self.fps)

        def make() -> dict[str, np.ndarray]:
            head = self.pipe.talking_head(None, felt, audio=voice, portrait="avatar:ava", fps=self.fps, size=128, seed=seed)
            return {"curves": head.motion.curves}

        return FaceMotion(self.cache.arrays("face", key, make)["curves"], self.fps)

    def body(self, felt: EmotionTrack, voice: Voice, *what: Any) -> tuple[BodyMotion, tuple[Stroke, ...]]:
        """How a body moves with a voice (silence: it stands and listens), and what its hands do."""
        seed = mixed_seed(self.seed, "body", *what)
        key = digest("body", self._base, str(felt), voice, seed, self.fps)

        def make() -> dict[str, np.ndarray]:
            how = {"audio": voice} if voice.words else {"seconds": voice.seconds}
            made = self.pipe.gesture(emotion=felt, fps=self.fps, seed=seed, **how)
            motion, strokes = made.motion, [asdict(stroke) for stroke in made.strokes]
            return {"rotations": motion.rotations.astype(np.float32), "root_cm": motion.root_cm.astype(np.float32),
                    **_told(strokes=strokes)}  # fmt: skip

        found = self.cache.arrays("body", key, make)
        motion = BodyMotion(found["rotations"].astype(np.float64), found["root_cm"].astype(np.float64), self.fps)
        return motion, tuple(Stroke(**stroke) for stroke in _read(found)["strokes"])

    def music(self, cue: Cue, peaks: Sequence[Peak], number: int) -> np.ndarray:
        """A cue's music, float32 [n, 2] at `mix.RATE_HZ`; it rises to the turns of the story."""
        seconds = round(cue.end_s - cue.start_s, 3)  # where it stands must not show in the last digits
        turns = [(round(p.t_s - cue.start_s, 3), p.strength) for p in peaks if cue.start_s < p.t_s < cue.end_s]
        felt = rising(cue.emotion or EmotionTrack.of(Emotion()), turns)
        seed = mixed_seed(self.seed, "music", number)
        key = digest("music", self._base, str(felt), seconds, turns, seed)

        def make() -> dict[str, np.ndarray]:
            piece = self.pipe.music(None, felt, seconds=seconds, seed=seed)
            samples = resample(piece.audio, piece.sample_rate, mix.RATE_HZ)[: round(seconds * mix.RATE_HZ)]
            return {"audio": mix.faded(mix.swelled(samples, turns))}

        return self.cache.arrays("music", key, make)["audio"]

    def scenes(self, heading: str, told: str, feelings: Sequence[Emotion], number: int) -> tuple[Scene, ...]:
        """A drawn place for one or two feelings.

        Args:
            heading: The words that a scene begins with; may be empty.
            told: What is told in it, which says where it is if the heading does not.
            feelings: At the begin and at the end of the shot.
            number: Of the scene: sets those without a heading apart.
        """
        seed = mixed_seed(self.seed, "place", heading or number)
        if number not in self._places:  # what is there no feeling decides: anger need not set a wood on fire
            wish = read_wish(heading if _says(heading) else None, None)
            if wish.prompt.place is None and _says(told):
                wish = read_wish(f"{heading}. {told}" if _says(heading) else told, None)
            place = wish.prompt.place or self._composed(wish, feelings[0], seed).place
            quiet = {name: attributes()[name].usual for name in EVENTS if name not in wish.prompt.values}
            wish = replace(wish, prompt=replace(wish.prompt, place=place), fixed=quiet)
            self._places[number] = wish, self._composed(wish, Emotion(), seed)
        wish, there = self._places[number]
        same = {name: there[name] for name in attributes() if name not in CHANGING}
        found = [self._composed(wish, felt, seed).with_(**same) for felt in dict.fromkeys(feelings)]
        return (found[0], *(s.with_(**{name: found[0][name] for name in WITHIN_A_SHOT}) for s in found[1:]))

    def _composed(self, wish: Wish, felt: Emotion, seed: int) -> Scene:
        told = [wish.prompt.place, dict(wish.prompt.values), dict(wish.fixed)]
        key = digest("place", self._base, told, str(felt), seed)
        names = tuple(attributes())

        def make() -> dict[str, np.ndarray]:
            scene = self.pipe.video.image.scenes(wish, [felt], seed)[0]
            return {"values": np.array([scene[name] for name in names]), **_told(place=scene.place)}

        found = self.cache.arrays("place", key, make)
        return Scene(str(_read(found)["place"]), dict(zip(names, found["values"].tolist(), strict=True)), seed)


def rising(felt: EmotionTrack, turns: Sequence[tuple[float, float]]) -> EmotionTrack:
    """Music's feeling, stronger at the turns of the story: (when in s, how strongly 0..1)."""
    if not turns:
        return felt
    times = {k.t for k in felt.keyframes}
    for t, _ in turns:
        times |= {max(t - TO_PEAK_S, 0.0), t, t + FROM_PEAK_S}
    frames = []
    for t in sorted(times):
        more = max(strength * max(0.0, 1 - abs(t - at) / TO_PEAK_S) for at, strength in turns)
        emotion = felt.at(t)
        most = 1.5 / max(emotion.intensity, 1e-6)
        frames.append(Keyframe(round(t, 3), emotion.scale(min(1 + PEAK_SHARE * more, max(most, 1.0)))))
    return EmotionTrack(tuple(k for i, k in enumerate(frames) if i == 0 or k.t > frames[i - 1].t))


def identity(pipe: Any) -> str:
    """One hash of what a pipeline is made of: classes, configuration and weights."""
    found = hashlib.sha256(type(pipe).__qualname__.encode())
    for name, part in sorted(getattr(pipe, "components", {}).items()):
        found.update(name.encode())
        if hasattr(part, "components"):
            found.update(identity(part).encode())
        else:
            told = {k: str(v) for k, v in dict(getattr(part, "config", {})).items() if not k.startswith("_")}
            found.update(f"{type(part).__qualname__}{sorted(told.items())}".encode())
        if isinstance(part, torch.nn.Module):
            for weight, values in sorted(part.state_dict().items()):
                found.update(weight.encode() + values.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _says(words: str) -> bool:
    return any(c.isalpha() for c in words)


def _told(**values: Any) -> dict[str, np.ndarray]:
    """Plain values among arrays."""
    return {"told": np.frombuffer(json.dumps(values).encode(), np.uint8)}


def _read(found: dict[str, np.ndarray]) -> Any:
    return json.loads(found["told"].tobytes())
