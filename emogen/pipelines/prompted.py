"""What the pipelines around text-to-image and text-to-video models share: opening, three ways to a feeling, asking.

The three ways: an *adapter* that was trained for the model, *directions* in the space of its text encoders (found when it
is opened; the default where there is no adapter), and *phrases* in the prompt itself. Where nothing is felt, none of them
does anything: the model gives, bit for bit, what it gives without us.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from emogen import checkpoints
from emogen.conditioning.emotion import Emotion
from emogen.diffusing import DiffusionPipeline
from emogen.errors import CheckpointError, EmogenError, InputError, LimitError
from emogen.limits import LIMITS
from emogen.models.emotion_adapter import EmotionAdapter
from emogen.pipelines import opening
from emogen.pipelines.base import AffectivePipeline, Steps
from emogen.pipelines.prompt_reading import Embeddings, Move, cut, read, steered
from emogen.pipelines.prompt_steering import PromptDirections, fitted
from emogen.pipelines.prompt_wording import worded

WAYS = ("adapter", "directions", "phrases")
STEPS, GUIDANCE, STEERING = (1, 500), (0.0, 30.0), (0.0, 4.0)
SIDES = (32, 4096)
ADAPTER_CONFIG = "config.json"
PLUS = "+"  # between the parts of a model that lie in two places


@dataclass(frozen=True)
class Told:
    """What a model is told.

    Attributes:
        words: The prompt as it reads it.
        move: What is done to the embedding; None: nothing.
        way: How the feeling gets in.
        notes: What the user should know.
    """

    words: str
    move: Move | None
    way: str
    notes: tuple[str, ...] = field(default=())


class PromptedPipeline(AffectivePipeline):
    """Base of the backends; a subclass names the classes it can use and asks them.

    Args:
        model: A pipeline of diffusers.
        directions: In the spaces of its text encoders; None where there is an adapter.
        adapter: Trained for this kind of model.
        source: Name of the model, for the sidecar.
        licence: Of the model, as its card says.
    """

    backend: ClassVar[str] = "diffusers"
    accepted: ClassVar[tuple[str, ...]]
    #: Class -> component -> another number format for its weights.
    kept: ClassVar[dict[str, dict[str, torch.dtype]]] = {}
    _optional_components: ClassVar[list[str]] = ["directions", "adapter"]

    def __init__(self, model: Any, directions: PromptDirections | None = None, adapter: EmotionAdapter | None = None,
                 source: str = "", licence: str = opening.NOT_STATED) -> None:  # fmt: skip
        super().__init__()
        self.register_modules(model=model, directions=directions, adapter=adapter)
        self.register_to_config(source=source, licence=licence)
        model.set_progress_bar_config(disable=True)  # one bar for the whole: ours

    @classmethod
    def embedded(cls) -> PromptedPipeline:
        """There is none."""
        raise InputError("backend", f'"{cls.backend}" without a model', f"Write {cls.backend}:PATH_OR_ID.")

    @classmethod
    def from_pretrained(cls, source: str | Path = "embedded", *, adapter: str | Path | EmotionAdapter | None = None,  # type: ignore[override]
                        torch_dtype: torch.dtype | None = None) -> Any:  # fmt: skip
        """Opens a model, on CUDA where there is one.

        Args:
            source: The folder of a pipeline of diffusers (or of one of ours that was saved), or a hub id.
            adapter: The folder of an adapter (`emogen train image-adapter`), or one that is open.
            torch_dtype: Of the networks; None: bfloat16 where there is CUDA, float32 elsewhere.

        Raises:
            InputError: No such folder, or another class.
            BackendMissing: A hub id that can be neither fetched nor found in the cache, or a package that the model wants.
            CheckpointError: Unsafe or broken, or an adapter of another kind of model.
            RightsError: The licence is non-commercial and `EMOGEN_COMMERCIAL` is set.
        """
        if str(source) == "embedded":
            return cls.embedded()
        there, index = torch.cuda.is_available(), Path(source) / opening.INDEX
        dtype = torch_dtype or (torch.bfloat16 if there else torch.float32)
        ours = index.is_file() and f'"{cls.__name__}"' in index.read_text(encoding="utf-8", errors="replace")
        model = cls._opened(Path(source) / "model" if ours else source, dtype)
        place(model, torch.device("cuda" if there else "cpu"))
        opened = open_adapter(adapter, model) if adapter is not None else None
        if ours:
            pipe = super().from_pretrained(source, model=model, **({} if opened is None else {"adapter": opened}))
            opening.check_licence(pipe.config["source"], pipe.config["licence"])
            return pipe
        parts = [str(source)] if Path(source).is_dir() else str(source).split(PLUS)
        name = PLUS.join(Path(part).name if Path(part).is_dir() else part for part in parts)
        licence = opening.licence_of(parts[0])
        return cls(model, fitted(model) if opened is None else None, opened, source=name, licence=licence)

    @classmethod
    def _opened(cls, source: str | Path, dtype: torch.dtype) -> Any:
        """The model."""
        return opening.open_pipeline(source, cls.accepted, dtype, cls.kept)

    def to(self, *args: Any, **kwargs: Any) -> PromptedPipeline:
        """Moves the model; what steers it moves with the embeddings. See `place`."""
        device = opening.device_of(args, kwargs)
        if device is not None:
            place(self.model, device)
        return self

    # -- what is told ------------------------------------------------------------------------------------------
    def _way(self, given: str | None) -> str:
        """How a feeling gets in.

        Raises:
            InputError: None of the three, or one that this pipeline was opened without.
        """
        way = given or ("adapter" if self.adapter is not None else "directions")
        if way not in WAYS:
            raise InputError("way", f"{given!r:.40}", f"Accepted: {', '.join(WAYS)}.")
        if way == "adapter" and self.adapter is None:
            raise InputError(
                "way", "adapter, and the pipeline was opened without one", "Name its folder (adapter=, --adapter)."
            )
        if way == "directions" and self.directions is None:
            raise InputError(
                "way", "directions, and the pipeline was opened with an adapter", "Open it without, or use phrases."
            )
        return way

    def _told(self, prompt: str, emotion: Emotion, way: str, steering: float) -> Told:
        """What the model is told of one feeling."""
        words, notes = prompt, cut(self.model, prompt)
        if way == "phrases":
            words = worded(prompt, emotion, first=bool(notes))
            notes = cut(self.model, words)
        if emotion.intensity <= 0.0 or steering == 0.0 or way == "phrases":
            return Told(words, None, way, tuple(notes))
        if way == "adapter":
            move: Move = lambda embeddings, masks: adapted(self.adapter, embeddings, masks, emotion, steering)  # noqa: E731
        else:
            move = lambda embeddings, masks: self.directions.moved(embeddings, masks, emotion, steering)  # noqa: E731
        return Told(words, move, way, tuple(notes))

    def _ask(self, told: Told, steps: Steps, *, model: Any = None, **what: Any) -> Any:
        """What the model gives; the callback sees each of its steps.

        Raises:
            EmogenError: It failed.
        """
        model = self.model if model is None else model
        takes = inspect.signature(type(model).__call__).parameters
        asked = {name: value for name, value in what.items() if value is not None}
        if unknown := sorted(set(asked) - set(takes)):
            raise InputError(unknown[0], f"{type(model).__name__} takes none", "Leave it out.")
        try:
            with steered(model, told.words, told.move):
                return model(prompt=told.words, **_followed(takes, steps), **asked)
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
            accepted = "Try a smaller size." if isinstance(error, torch.OutOfMemoryError) else ""
            raise EmogenError(
                self.config["source"], f"the model failed: {opening.first_line(error)}", accepted
            ) from error

    def _pixels(self, given: Any) -> NDArray[np.uint8]:
        """Pictures 0..1 [..., h, w, 3] as uint8.

        Raises:
            EmogenError: Numbers that are not finite.
        """
        found = np.asarray(given, np.float32)
        if not np.isfinite(found).all():
            raise EmogenError(self.config["source"], "the model gave numbers that are not finite")
        return np.rint(np.clip(found, 0.0, 1.0) * 255).astype(np.uint8)

    def _facts(self) -> dict[str, Any]:
        return {"kind": type(self.model).__name__, "source": self.config["source"], "licence": self.config["licence"]}

    def _notes(self) -> list[str]:
        says = self.config["licence"]
        return [
            "The model's card states no licence." if says == opening.NOT_STATED else f"Licence of the model: {says}."
        ]

    def _hashes(self) -> dict[str, str]:
        """Network -> the hash of its weights; and of what steers it."""
        parts = {**self.model.components, "directions": self.directions, "adapter": self.adapter}
        return {
            f"{self.modality}/{name}": opening.weights_hash(net)
            for name, net in parts.items()
            if isinstance(net, torch.nn.Module)
        }

    @abstractmethod
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A picture or a film."""


# -- steering ----------------------------------------------------------------------------------------------------------
@torch.no_grad()
def adapted(adapter: EmotionAdapter, embeddings: Embeddings, masks: Mapping[str, torch.Tensor], emotion: Emotion,
            steering: float = 1.0) -> Embeddings:  # fmt: skip
    """Embeddings as an adapter makes them; at intensity 0 the very same tensors."""
    if emotion.intensity <= 0.0 or steering == 0.0:
        return embeddings
    device = next(iter(embeddings.values())).device
    adapter.to(device)
    vad = np.clip(emotion.vad / emotion.intensity, -1.0, 1.0)
    count = len(next(iter(embeddings.values())))
    felt = torch.tensor(vad, dtype=torch.float32, device=device).expand(count, 3)
    strength = torch.full((count,), emotion.intensity * steering, device=device)
    added = adapter(embeddings, felt, strength, masks)
    return {name: (value.float() + added[name]).to(value.dtype) for name, value in embeddings.items()}


def open_adapter(given: str | Path | EmotionAdapter, model: Any) -> EmotionAdapter:
    """An adapter, checked against the model that it is for.

    Raises:
        CheckpointError: No such folder, unsafe or broken, or made for embeddings of other names or widths.
    """
    if isinstance(given, EmotionAdapter):
        adapter, name = given, "adapter"
    else:
        folder, name = Path(given), str(given)
        if not (folder / ADAPTER_CONFIG).is_file():
            raise CheckpointError(
                name, f"holds no {ADAPTER_CONFIG}", "Accepted: a folder written by emogen train image-adapter."
            )
        checkpoints.check_safe(folder)
        try:
            with opening.quietly():
                adapter = EmotionAdapter.from_pretrained(folder, use_safetensors=True)
        except opening.FAILURES as error:
            raise CheckpointError(name, f"could not be opened: {opening.first_line(error)}") from error
    wanted = {key: value.shape[-1] for key, value in read(model, [""]).embeddings.items()}
    if dict(adapter.config["widths"]) != wanted:
        found = f"is made for {shown(adapter.config['widths'])}; the model has {shown(wanted)}"
        raise CheckpointError(name, found, "Train one for this model (emogen train image-adapter).")
    return adapter.eval()


def shown(widths: Mapping[str, int]) -> str:
    """Embeddings in words."""
    return ", ".join(f"{name} of {width}" for name, width in sorted(widths.items()))


# -- running -----------------------------------------------------------------------------------------------------------
def place(model: Any, device: torch.device) -> None:
    """Moves a pipeline of diffusers.

    On CUDA each network is there only while it works, where accelerate is installed; attention is that of xformers where
    that is, else torch's own. On the CPU all is float32.
    """
    if device.type == "cpu":
        model.remove_all_hooks()
        model.to(device)
        if any(net.dtype != torch.float32 for net in _networks(model)):
            model.to(torch.float32)
        return
    if find_spec("accelerate") is not None and model.model_cpu_offload_seq is not None:
        model.enable_model_cpu_offload(device=device)
    else:
        model.to(device)
    if device.type == "cuda":
        for net in _networks(model):
            if hasattr(net, "set_attention_backend"):
                net.set_attention_backend("xformers" if find_spec("xformers") is not None else "native")


def _networks(model: DiffusionPipeline) -> list[Any]:
    return [net for net in model.components.values() if isinstance(net, torch.nn.Module)]


def _followed(takes: Mapping[str, Any], steps: Steps) -> dict[str, Any]:
    """Who is called after each step, as newer and as older pipelines have it."""

    def on_step(_: Any, __: int, ___: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        return {"latents": steps.done("denoising", latents=tensors["latents"])["latents"]}

    def in_place(_: int, __: Any, latents: torch.Tensor) -> None:
        changed = steps.done("denoising", latents=latents)["latents"]
        if changed is not latents:
            latents.copy_(changed)

    if "callback_on_step_end" in takes:
        return {"callback_on_step_end": on_step}
    return {"callback": in_place, "callback_steps": 1} if "callback" in takes else {}


# -- what a call is given ----------------------------------------------------------------------------------------------
def prompt_of(given: Any) -> str:
    """A prompt.

    Raises:
        InputError: No words.
        LimitError: More than `limits.text_chars`.
    """
    if not isinstance(given, str) or not given.strip():
        raise InputError("prompt", f"{given!r:.40}", "Accepted: words.")
    if len(given) > LIMITS.text_chars:
        raise LimitError(
            "prompt", f"{len(given):,} characters", f"The limit is {LIMITS.text_chars:,} (limits.text_chars)."
        )
    return given.strip()


def number(name: str, value: Any, low: float, high: float) -> float:
    """A number in a range.

    Raises:
        InputError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InputError(name, f"{value!r:.40}", f"Accepted: {low:g} to {high:g}.")
    return float(value)


def whole(name: str, value: Any, low: int, high: int, multiple: int = 1) -> int:
    """A whole number in a range.

    Raises:
        InputError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high or value % multiple:
        kind = "" if multiple == 1 else f"a multiple of {multiple} from "
        raise InputError(name, f"{value!r:.40}", f"Accepted: {kind}{low} to {high}.")
    return value
