"""What the backends that generate sound share: a track of feelings in stretches, each told in words and steered.

A stretch begins where a keyframe takes over and is as long as the model can be asked for. Where a model can go on from
sound, it is given the end of what there is; where not, stretches overlap and are faded into one another.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.conditioning.directional import Directions
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import NEUTRAL
from emogen.diffusing import DiffusionPipeline
from emogen.errors import EmogenError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.media.audio import limit_peak, read_audio, resample
from emogen.pipelines import opening
from emogen.pipelines.base import AffectivePipeline, StepCallback, Steps
from emogen.pipelines.music.backends.joining import Stretch, finished, joined, stretches
from emogen.pipelines.music.backends.output import Sound, SoundOutput
from emogen.pipelines.music.backends.steering import embedded, fitted, steered
from emogen.pipelines.music.backends.wording import worded
from emogen.pipelines.music.cues import CueRules
from emogen.pipelines.music.harmony import parse_key
from emogen.pipelines.outputs import Made, MediaOutput

SHORTEST_S, TEMPO_BPM = 2.0, (30.0, 240.0)  # as for composed music
GUIDANCE, STEPS, STEERING = (1.0, 20.0), (1, 500), (0.0, 4.0)
#: How closely a given piece is followed, 0..1; own assumption.
FOLLOW = 0.6
PEAK_DBFS = -1.0


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a model is asked for, at its own rate.

    Attributes:
        prompt: In words.
        seconds: How long it is, with what it goes on from.
        before: What it goes on from and begins with, [n, channels].
        like: What it is to follow over the same time, [n, channels], and how closely, 0..1.
        tempo_bpm: Beats a minute, as in the words.
        key: Likewise; "" where none was asked for.
        steps: Of denoising.
        guidance: How much the words decide.
        generator: Draws the noise; on the CPU, so that it is the same on every device.
    """

    prompt: str
    seconds: float
    before: Sound | None
    like: Sound | None
    follow: float
    tempo_bpm: float
    key: str
    steps: int
    guidance: float
    generator: torch.Generator


class SoundModelPipeline(AffectivePipeline):
    """Base of the backends; a subclass opens its models and asks them for a stretch of sound.

    Args:
        model: A pipeline of diffusers, or a model of transformers.
        cues: Emotion -> attributes.
        directions: In the space of the model's text encoder.
        tokenizer: Of a model that does not hold its own.
        source: Name of the model, for the sidecar.
        licence: Of the model, as its card says.

    Attributes:
        backend: As it is written.
        continues: Whether the model goes on from sound, or stretches are faded into one another.
        lead_s: How much of a stretch lies over the one before.
        steps_own: Of denoising, as the model is published to be used; None: it does not denoise.
    """

    modality = "music"
    backend: ClassVar[str]
    continues: ClassVar[bool]
    lead_s: ClassVar[float]
    steps_own: ClassVar[int | None] = None
    _optional_components: ClassVar[list[str]] = ["tokenizer"]

    def __init__(self, model: Any, cues: Any, directions: Directions, tokenizer: Any = None, source: str = "",
                 licence: str = opening.NOT_STATED) -> None:  # fmt: skip
        super().__init__()
        self.register_modules(model=model, cues=cues, directions=directions, tokenizer=tokenizer)
        self.register_to_config(source=source, licence=licence)
        if isinstance(model, DiffusionPipeline):
            model.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> SoundModelPipeline:
        """There is none."""
        raise InputError("backend", f'"{cls.backend}" without a model', f"Write {cls.backend}:PATH_OR_ID.")

    @classmethod
    def from_pretrained(cls, source: str | Path = "embedded", *, cues: Any = None,  # type: ignore[override]
                        torch_dtype: torch.dtype | None = None) -> Any:  # fmt: skip
        """Opens a model, on CUDA where there is one.

        Args:
            source: The folder of a model (or of one of these pipelines that was saved), or a hub id.
            cues: Emotion -> attributes; None: the open table.
            torch_dtype: Of the networks; None: bfloat16 where there is CUDA, float32 elsewhere.

        Raises:
            InputError: No such folder, or another class.
            BackendMissing: A hub id that can be neither fetched nor found in the cache, or a package that the model wants.
            CheckpointError: Unsafe or broken.
            RightsError: The licence is non-commercial and `EMOGEN_COMMERCIAL` is set.
        """
        if str(source) == "embedded":
            return cls.embedded()
        there, index = torch.cuda.is_available(), Path(source) / opening.INDEX
        dtype = torch_dtype or (torch.bfloat16 if there else torch.float32)
        if index.is_file() and f'"{cls.__name__}"' in index.read_text(encoding="utf-8", errors="replace"):
            given = {} if cues is None else {"cues": cues}
            pipe = super().from_pretrained(source, model=cls._opened(Path(source) / "model", dtype), **given)
            opening.check_licence(pipe.config["source"], pipe.config["licence"])
        else:
            model, tokenizer = cls._opened(source, dtype), cls._tokenizer(source)
            name = Path(source).name if Path(source).is_dir() else str(source)
            licence = opening.licence_of(source)
            directions = fitted(partial(embedded, *cls._read_by(model, tokenizer)))
            pipe = cls(model, CueRules() if cues is None else cues, directions, tokenizer, source=name, licence=licence)
        return pipe.to("cuda") if there else pipe

    def to(self, *args: Any, **kwargs: Any) -> SoundModelPipeline:
        """Moves the model; on the CPU it is float32."""
        device = opening.device_of(args, kwargs)
        if device is not None:
            self.model.to(device)
            if device.type == "cpu":
                self.model.to(torch.float32)
        return self

    # -- what a subclass says --------------------------------------------------------------------------------
    @classmethod
    @abstractmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        """The model."""

    @classmethod
    def _tokenizer(cls, source: str | Path) -> Any:
        """The tokenizer of a model that does not hold its own."""
        return None

    @property
    @abstractmethod
    def sample_rate(self) -> int:
        """Of what the model makes, Hz."""

    @property
    @abstractmethod
    def longest_s(self) -> float:
        """How much the model can be asked for at once, in seconds."""

    @property
    @abstractmethod
    def guidance_own(self) -> float:
        """What the model is published with."""

    @classmethod
    def _read_by(cls, model: Any, tokenizer: Any) -> tuple[Any, Any]:
        """The tokenizer and the text encoder that is steered."""
        return model.tokenizer, model.text_encoder

    def _units(self, seconds: float, steps: int) -> int:
        """Steps that the bar shows for a stretch."""
        return steps

    @abstractmethod
    def _made(self, wanted: Wanted, step: NDArray[np.floating[Any]], steps: Steps) -> torch.Tensor:
        """One stretch [channels, n], with the text embedding moved by a step."""

    def _follows(self) -> str:
        """Why the model cannot be asked to follow a piece; "": it can."""
        return f"{self.backend} follows no given piece"

    # -- a call ----------------------------------------------------------------------------------------------
    def __call__(self, prompt: str | list[str | None] | None = None, emotion: Any = None, *, seconds: float = 20.0,
                 tempo_bpm: float | None = None, key: str | None = None, instruments: Sequence[str] | None = None,
                 like: Any = None, follow: float = FOLLOW, steering: float = 1.0, guidance_scale: float | None = None,
                 num_inference_steps: int | None = None, seed: int | list[int] | None = None,
                 generator: torch.Generator | None = None, callback_on_step_end: StepCallback | None = None,
                 return_dict: bool = True) -> Any:  # fmt: skip
        """Generates a piece.

        Args:
            prompt: The music in the user's own words; a list makes several pieces.
            emotion: What is felt, or a track in seconds: put in words beside the prompt, and steered towards.
            seconds: Length, 2..1800; it is faded out at the end.
            tempo_bpm: A fixed tempo, 30..240; without one it follows the emotion.
            key: A fixed key such as "D minor"; without one the emotion decides between major and minor.
            instruments: By name; without them the emotion picks them.
            like: A piece to follow: a sound file, or an object with `audio` and `sample_rate`.
            follow: How closely, 0..1.
            steering: How far the text embedding is moved, 0..4; 1: as far as from neutral to emotional words.
            guidance_scale: How much the words decide, 1..20; None: as the model is published to be used.
            num_inference_steps: Of denoising, 1..500; None: likewise.
            seed: 0..2^63-1; drawn where none is given.
            generator: Draws the seed instead.
            callback_on_step_end: Called after each step of the model.
            return_dict: False gives a tuple.

        Returns:
            SoundOutput, or a list of them.

        Raises:
            InputError: An option out of range, an emotion or a piece that cannot be used.
            LimitError: Longer than `limits.music_s`.
            EmogenError: The model failed.
        """
        length = number("seconds", seconds, SHORTEST_S, float("inf"))
        if length > LIMITS.music_s:
            raise LimitError("seconds", f"{length:g}", f"The limit is {LIMITS.music_s:g} (limits.music_s).")
        if tempo_bpm is not None:
            number("tempo_bpm", tempo_bpm, *TEMPO_BPM)
        if key is not None:
            parse_key(key)
        if isinstance(instruments, str) or any(not isinstance(x, str) or not x.strip() for x in instruments or ()):
            raise InputError("instruments", f"{instruments!r:.40}", "Accepted: a list of names.")
        request = {
            "seconds": length, "tempo_bpm": tempo_bpm, "key": key, "instruments": list(instruments) if instruments else None,
            "steering": number("steering", steering, *STEERING),
            "guidance_scale": number("guidance_scale", self.guidance_own if guidance_scale is None else guidance_scale, *GUIDANCE),
            "num_inference_steps": self._steps(num_inference_steps),
        }  # fmt: skip
        tune, real = self._tune(like, length)
        if tune is not None:
            request |= {
                "like": Path(like).name if isinstance(like, (str, Path)) else "sound",
                "follow": number("follow", follow, 0.0, 1.0),
            }

        def make(words: str | None, track: EmotionTrack, chosen: int) -> Any:
            if words is not None and (not isinstance(words, str) or not words.strip()):
                raise InputError("prompt", f"{words!r:.40}", "Accepted: words, or None.")
            out = self._piece(
                {"prompt": words, "emotion": str(track), **request}, track, chosen, tune, real, callback_on_step_end
            )
            return out if return_dict else out.to_tuple()

        return self.each(make, prompt, emotion, seed, generator)

    def _piece(self, request: dict[str, Any], track: EmotionTrack, seed: int, tune: Sound | None, real: bool,
               callback: StepCallback | None) -> SoundOutput:  # fmt: skip
        rate, count = self.sample_rate, request["num_inference_steps"] or 0
        goes_on = self.continues and tune is None  # what follows a piece fits together by that
        lead = min(self.lead_s, self.longest_s / 3)
        parts = stretches(track, request["seconds"], self.longest_s, lead)
        told = [self._told(request, track, part) for part in parts]
        sound = np.zeros((0, 0), np.float32)
        total = sum(self._units(part.seconds, count) for part in parts)
        with self.steps(total, callback) as steps, opening.drawn_from(seed):
            generator = torch.Generator().manual_seed(seed)
            for part, (prompt, bpm, direction) in zip(parts, told, strict=True):
                first, last = round((part.end_s - part.seconds) * rate), round(part.end_s * rate)
                over = len(sound) - first
                wanted = Wanted(
                    prompt, (last - first) / rate, sound[first:] if over and goes_on else None,
                    None if tune is None else tune[first:last], request.get("follow", 0.0), bpm, request["key"] or "", count,
                    request["guidance_scale"], generator,
                )  # fmt: skip
                more = self._checked(self._asked(wanted, direction, steps), last - first)
                sound = joined(sound, more, over, goes_on, rate)
        sound = limit_peak(finished(sound, rate), PEAK_DBFS)[0]
        model = {"kind": type(self.model).__name__, "source": self.config["source"], "licence": self.config["licence"]}
        said = [{**part.to_dict(), "prompt": prompt} for part, (prompt, _, _) in zip(parts, told, strict=True)]
        says = model["licence"]
        licence = "The model's card states no licence." if says == opening.NOT_STATED else f"Licence of the model: {says}."
        made = Made(
            request=request, emotion=track, seed=seed, backend=f"{self.backend}/{type(self.model).__name__}",
            models=self._hashes(), real_input=real, timings=steps.timings, warnings=[licence], facts={"music_model": model, "told": said},
        )  # fmt: skip
        return SoundOutput(sound, rate, made=made)

    def _told(self, request: dict[str, Any], track: EmotionTrack, part: Stretch) -> tuple[str, float, NDArray[np.float64]]:
        """The words, the tempo, and how far the text embedding is moved."""
        felt, neutral = track.at((part.start_s + part.end_s) / 2), Emotion.parse(NEUTRAL)
        goes, tempo = self.cues(felt), request["tempo_bpm"]
        words = worded(request["prompt"], felt, goes, self.cues(neutral), tempo_bpm=tempo, key=request["key"],
                       instruments=request["instruments"])  # fmt: skip
        step = self.directions.along(felt.basic()[None])[0] * request["steering"]
        return words, float(tempo or goes.tempo), step

    def _asked(self, wanted: Wanted, step: NDArray[np.floating[Any]], steps: Steps) -> Sound:
        """What the model makes, [n, channels].

        Raises:
            EmogenError: It failed.
        """
        try:
            return self._made(wanted, step, steps).detach().to("cpu", torch.float32).numpy().T
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
            accepted = "Try a shorter piece or a smaller model." if isinstance(error, torch.OutOfMemoryError) else ""
            raise EmogenError(self.config["source"], f"the model failed: {opening.first_line(error)}", accepted) from error

    def _checked(self, sound: Sound, length: int) -> Sound:
        """Exactly as long as asked for: models round to their frames."""
        if not np.isfinite(sound).all():
            raise EmogenError(self.config["source"], "the model gave numbers that are not finite")
        if len(sound) < 0.9 * length:
            rate = self.sample_rate
            raise EmogenError(self.config["source"], f"the model gave {len(sound) / rate:.2f} s of {length / rate:.2f} s")
        return np.pad(sound[:length], ((0, max(length - len(sound), 0)), (0, 0)))

    def _steps(self, given: int | None) -> int | None:
        if self.steps_own is None and given is not None:
            raise InputError("num_inference_steps", f"{given!r:.40}", f"{self.backend} does not denoise; leave it out.")
        found = self.steps_own if given is None else given
        if found is not None and (isinstance(found, bool) or not isinstance(found, int) or not STEPS[0] <= found <= STEPS[1]):
            raise InputError("num_inference_steps", f"{found!r:.40}", f"Accepted: {STEPS[0]} to {STEPS[1]}.")
        return found

    def _tune(self, like: Any, seconds: float) -> tuple[Sound | None, bool]:
        """The piece to follow [n, channels] at the model's rate, repeated to the length; and whether it is a recording."""
        if like is None:
            return None, False
        if why := self._follows():
            raise InputError("like", why, "Accepted: none.")
        if isinstance(like, (str, Path)):
            heard = read_audio(like, sample_rate=self.sample_rate, mono=False).samples
        elif hasattr(like, "audio") and hasattr(like, "sample_rate"):
            heard = resample(like.audio, like.sample_rate, self.sample_rate)
        else:
            raise InputError("like", f"{like!r:.40}", "Accepted: a sound file, an object with audio and sample_rate.")
        heard, length = heard[:, None] if heard.ndim == 1 else heard, round(seconds * self.sample_rate)
        if not len(heard):
            raise InputError("like", "holds no samples")
        real = like.made.real_input if isinstance(like, MediaOutput) else True
        return np.tile(heard, (-(-length // len(heard)), 1))[:length], real

    def _steered(self, step: NDArray[np.floating[Any]]) -> AbstractContextManager[None]:
        return steered(self._read_by(self.model, self.tokenizer)[1], step)

    def _hashes(self) -> dict[str, str]:
        """Network -> the hash of its weights; and of what steers them."""
        parts = self.model.components if isinstance(self.model, DiffusionPipeline) else {"model": self.model}
        nets = {name: net for name, net in {**parts, "cues": self.cues, "directions": self.directions}.items()
                if isinstance(net, torch.nn.Module)}  # fmt: skip
        return {f"music/{name}": opening.weights_hash(net) for name, net in nets.items()}


def channels(sound: Sound, count: int) -> torch.Tensor:
    """[n, channels] -> [count, n]: mixed to one, or one repeated."""
    one = sound.mean(axis=1, keepdims=True)
    return torch.from_numpy(np.ascontiguousarray((sound if sound.shape[1] == count else np.repeat(one, count, axis=1)).T))


def in_place(steps: Steps) -> Callable[[int, Any, torch.Tensor], None]:
    """A callback for pipelines of diffusers that hand over their latents and take nothing back."""

    def done(_: int, __: Any, latents: torch.Tensor) -> None:
        changed = steps.done("denoising", latents=latents)["latents"]
        if changed is not latents:
            latents.copy_(changed)

    return done


def number(name: str, value: Any, low: float, high: float) -> float:
    """A number in a range.

    Raises:
        InputError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        accepted = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} to {LIMITS.music_s:g}"
        raise InputError(name, f"{value!r:.40}", f"Accepted: {accepted}.")
    return float(value)
