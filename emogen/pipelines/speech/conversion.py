"""A recording + emotion -> the same words by the same voice, felt otherwise: diffusion over slow curves of the voice.

The denoiser sees how the plain voice moves, moment by moment, and gives the change that the emotion makes: pitch,
level, rate, noise and colour (`emogen.codecs.voice_change`). Words and speaker are in what is left as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.checkpoints import checkpoint_folder, commercial_only
from emogen.codecs.voice import SAMPLE_RATE, analyze, dithered
from emogen.codecs.voice_change import COLUMN, LEARNT, SHAPES, WIDTH, ChangeCodec, tilt_shape
from emogen.codecs.voice_grains import resounded
from emogen.codecs.voice_slow import CONTENT, FPS, Description, Habit, content, describe, habit_of, speech
from emogen.conditioning.directional import Directions
from emogen.conditioning.encoder import EmotionEncoder
from emogen.conditioning.learned import one_thread
from emogen.conditioning.track import EmotionTrack
from emogen.diffusing import (
    DiffusionPipeline,  # noqa: F401 - diffusers looks here when this pipeline is a component
    FlowMatchEulerDiscreteScheduler,
)
from emogen.errors import InputError
from emogen.models.sequence import SequenceDenoiser
from emogen.pipelines.base import StepCallback, draw_seed
from emogen.pipelines.outputs import Made
from emogen.pipelines.sequence import SamplingOptions, SequenceContent, SequencePipeline, weights_hash
from emogen.pipelines.speech.feel import LOUDNESS_LUFS, Feeling, Felt, faded, feel, from_then, limited, piece_seed
from emogen.pipelines.speech.output import Curves, SpeechOutput, SpeechStream
from emogen.pipelines.speech.prosody import ProsodyRules
from emogen.pipelines.speech.recording import Recording, pieces, recording

Floats = NDArray[np.float64]

RESEARCH, OPEN = "conversion", "conversion_open"  # checkpoints
#: Statements of why somebody's voice may be used.
RIGHTS = ("own", "licensed", "synthetic")
NO_RIGHTS = f"Nothing says why this voice may be used; state it as rights: {', '.join(RIGHTS)}."
STEPS = 8  # per window; own choice, for the sake of speed
#: 1 is what acted takes do on the average; more sets feelings apart and leaves the range of real voices: at 2, a man's
#: anger lay an octave above his speech. Chosen on held-out speakers with a guide.
EMOTION_SCALE = 1.2
#: Share of the change that the published rules make, the rest is drawn. Actors of few packs are one witness, the
#: literature is another; guides hear the mean of both better than either. What is not drawn is the rules' whole: the
#: level, for recordings that were levelled cannot teach it, and the manner, which no pair of takes shows.
RULES_SHARE = 0.5
SHARED = [COLUMN[name] for name in LEARNT if name != "level"]
COLOUR = slice(COLUMN["shape_1"], COLUMN["shape_1"] + SHAPES)
TILT = tilt_shape(1.0) / np.linalg.norm(tilt_shape(1.0))  # all that the rules say of the colour
#: What a direction leaves alone: the guide that sought them has no measure of formants (it undid the smile), and it took
#: a shaking voice for joy, which is regular (Juslin & Laukka 2003).
UNDIRECTED = [COLUMN["formants"], COLUMN["roughness"]]
#: Share of a direction's pitch that is used: with the whole, joy, fear and surprise lay 2 to 4 semitones above people's.
DIRECTED_PITCH = 0.5
#: Below this intensity the change fades out with it, so that the draw of the noise is not heard as a feeling.
FAINT = 0.2


class VoiceConversionPipeline(SequencePipeline):
    """Emotional voice conversion.

    Args:
        denoiser: Learnt changes between takes of the same words.
        emotion_encoder: Trained with it.
        scheduler: Flow matching, Euler steps.
        codec: Names and scales of the learnt channels.
        rules: What the literature says of an emotion.
        directions: What sets an emotion apart from the others, added to what the denoiser draws.
    """

    modality: ClassVar[str] = "conversion"

    def __init__(self, denoiser: SequenceDenoiser, emotion_encoder: EmotionEncoder,
                 scheduler: FlowMatchEulerDiscreteScheduler, codec: ChangeCodec, rules: ProsodyRules,
                 directions: Directions) -> None:
        super().__init__(denoiser, emotion_encoder, scheduler, codec)
        if denoiser.config.content_channels != CONTENT:
            raise InputError("denoiser", f"reads {denoiser.config.content_channels} content channels", f"Accepted: {CONTENT}.")
        if directions.config.width != WIDTH:
            raise InputError("directions", f"{directions.config.width} numbers", f"Accepted: {WIDTH}.")
        self.register_modules(rules=rules, directions=directions)

    @classmethod
    def embedded(cls) -> VoiceConversionPipeline:
        """The checkpoint that ships with emogen; with `EMOGEN_COMMERCIAL` the one that learnt from open data alone."""
        return cls.from_pretrained(checkpoint_folder(OPEN if commercial_only() else RESEARCH))

    def __call__(self, audio: Any = None, emotion: Any = None, *, sample_rate: int | None = None,  # type: ignore[override]
                 rights: str | None = None, num_inference_steps: int = STEPS,
                 emotion_scale: float = EMOTION_SCALE, seed: Any = None,
                 generator: torch.Generator | None = None,
                 callback_on_step_end: StepCallback | None = None) -> Any:
        """Converts a recording.

        Args:
            audio: A path, or samples [n] or [n, channels] with `sample_rate`, or an object that has both (such as a
                `SpeechOutput`), or a list of these.
            emotion: In the written form, an `Emotion`, a track (its time is the output's), or a list; None: neutral,
                which changes nothing but the coding.
            sample_rate: Of `audio` in Hz, where it is samples.
            rights: Why the voice may be used: one of `RIGHTS`; kept in the sidecar. Without it, a warning is.
            num_inference_steps: Steps per window of 3 s.
            emotion_scale: Pull of the emotion, 0..20; multiplied by an intensity beyond 1.
            seed: 0..2^63-1; None: a random one, which the output reports.
            generator: Draws the seed instead.
            callback_on_step_end: `(pipe, step, name, {"latents": [1, T, 17]})`, may return changed latents.

        Returns:
            A `SpeechOutput` without words; a list for a list of recordings.

        Raises:
            InputError: An argument cannot be used, or the recording holds no voice; nothing was computed.
        """
        options = self._options(num_inference_steps, emotion_scale, rights)

        def make(given: Any, track: EmotionTrack, used: int) -> SpeechOutput:
            found = recording(given, sample_rate)
            made = self._made(found, track, used, rights, options)
            feeling = Drawn(self, options, callback_on_step_end, made)
            parts = list(converted(found, feeling, track, used))
            curves = Curves.of([(part.begin_s, part.felt) for part in parts])
            return SpeechOutput(np.concatenate([part.audio for part in parts]), SAMPLE_RATE, (), (), curves, made)

        return self.each(make, audio, emotion, seed, generator)

    def stream(self, audio: Any, emotion: Any = None, *, sample_rate: int | None = None, rights: str | None = None,
               num_inference_steps: int = STEPS, emotion_scale: float = EMOTION_SCALE,
               seed: int | None = None) -> SpeechStream:
        """Converts a recording of any length while it is written or read; arguments as in a call.

        Returns:
            A `SpeechStream`; its parts, put together, are what a call with the same seed gives.
        """
        options = self._options(num_inference_steps, emotion_scale, rights)
        track, used, found = EmotionTrack.of(emotion or "neutral"), draw_seed(seed), recording(audio, sample_rate)
        made = self._made(found, track, used, rights, options)
        feeling = Drawn(self, options, None, made)
        return SpeechStream(lambda: (part.audio for part in converted(found, feeling, track, used)), SAMPLE_RATE, made)

    def _options(self, num_inference_steps: int, emotion_scale: float, rights: str | None) -> SamplingOptions:
        if rights is not None and rights not in RIGHTS:
            raise InputError("rights", f"{rights!r:.40}", f"Accepted: {', '.join(RIGHTS)}.")
        return SamplingOptions(num_inference_steps, 1.0, emotion_scale)

    def _made(self, found: Recording, track: EmotionTrack, seed: int, rights: str | None, options: SamplingOptions) -> Made:
        request = {"audio": found.described, "emotion": str(track), "rights": rights, **vars(options)}
        warnings = [*found.warnings, *([] if rights else [NO_RIGHTS])]
        return Made(request, track, seed, models=self.hashes(), real_input=True, warnings=warnings)

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int,
               options: SamplingOptions | None = None, callback: StepCallback | None = None,
               made: Made | None = None) -> Floats:
        """What the emotion does to a stretch of speech; as `Feeling.change`."""
        count = len(found)
        samples = track.sample(FPS, count / FPS)
        intensity, basic = samples.intensity[:count], samples.basic[:count]
        if not intensity.any():
            return np.zeros((count, WIDTH))
        options = options or SamplingOptions(STEPS, 1.0, EMOTION_SCALE)
        made = made or Made({}, track, seed)
        shown = SequenceContent(frames=content(found, habit))
        with one_thread():  # the network is small: a second thread waits more than it helps
            latents = torch.cat(list(self.frames(shown, track, count, seed, options, callback, made)))
        drawn = self.codec.decode(self.codec.denormalize(latents.numpy())).astype(np.float64)
        heard = speech(found)
        power = 10.0 ** (found.level_db[heard] / 10.0)
        drawn[:, COLUMN["level"]] -= np.average(drawn[heard, COLUMN["level"]], weights=power)
        beyond = drawn[:, COLOUR] - (drawn[:, COLOUR] @ TILT)[:, None] * TILT
        drawn *= 1.0 - RULES_SHARE
        drawn[:, COLOUR] += RULES_SHARE * self._undirected(basic)[:, None] * beyond
        drawn *= np.clip(intensity / FAINT, 0.0, 1.0)[:, None]
        published = self.rules.change(found, habit, track, seed)
        published[:, SHARED] *= RULES_SHARE
        added = self.directions.along(basic)
        added[:, UNDIRECTED] = 0.0
        added[:, COLUMN["pitch"]] *= DIRECTED_PITCH
        return np.asarray(drawn + published + added)

    def _undirected(self, basic: Floats) -> Floats:
        """Share of amplitudes over `BASIC` [T, 6] that no direction follows [T], 0..1.

        The rules say nothing of the colour but its tilt, so the draw's half of the rest would be half of the feeling; a
        direction, sought on top of that half, makes up for it, but where there is none, the draw's whole has to.
        """
        without = np.abs(basic) @ (self.directions.steps == 0.0).all(dim=1).double().numpy()
        return np.asarray(without / np.maximum(np.abs(basic).sum(axis=1), 1e-9))

    def hashes(self) -> dict[str, str]:
        """Network or table -> SHA-256 of its weights, as they are now."""
        return super().hashes() | {"directions": weights_hash(self.directions), "prosody_rules": self.rules.fingerprint()}


@dataclass(frozen=True)
class Drawn:
    """A conversion's feeling with the options of one call."""

    pipe: VoiceConversionPipeline
    options: SamplingOptions
    callback: StepCallback | None
    made: Made

    def change(self, found: Description, habit: Habit, track: EmotionTrack, seed: int) -> Floats:
        """As `Feeling.change`."""
        return self.pipe.change(found, habit, track, seed, self.options, self.callback, self.made)


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of a converted recording: its sound [m], the voice it was made of, when it begins."""

    audio: NDArray[np.float32]
    felt: Felt
    begin_s: float


def converted(found: Recording, feeling: Feeling, track: EmotionTrack, seed: int) -> Iterator[Part]:
    """A recording, piece by piece, with the feeling; memory does not grow with its length.

    Args:
        found: The recording; the whole of it is brought to the loudness of plain speech.
        feeling: What an emotion does.
        track: The emotion, in the time of the output.
        seed: Of everything drawn.

    What comes out is at most twice as long as the recording, whose length is limited already.
    """
    habit: Habit | None = None
    gain = np.float32(10.0 ** ((LOUDNESS_LUFS - found.loudness) / 20.0)) if np.isfinite(found.loudness) else np.float32(1.0)
    begin_s = 0.0
    for number, piece in enumerate(pieces(found.blocks())):
        plain = analyze(dithered(piece))
        here = habit_of(describe(plain))
        habit = here if habit is None else habit.joined(here)
        felt = feel(plain, feeling, from_then(track, begin_s), piece_seed(seed, number), habit=habit)
        audio = resounded(piece, plain, felt.frames, felt.place)
        yield Part(faded(limited(audio * gain)), felt, begin_s)
        begin_s += len(audio) / SAMPLE_RATE
