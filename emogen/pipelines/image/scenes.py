"""A prompt and a feeling -> a scene: diffusion over the attributes of places.

The denoiser knows which attributes go together and what they evoke; what the prompt says is held while the rest is drawn.
The same seed starts from the same noise, so that a change of the feeling changes the scene smoothly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emogen.codecs.scene import finish
from emogen.codecs.scene.scene import Scene, attributes, from_vector, parts, places, vector
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.learned import folder_of, one_thread
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
from emogen.errors import CheckpointError
from emogen.models.scene import SceneDenoiser
from emogen.pipelines.image import look
from emogen.pipelines.image.evocation import FELT, Array, evoked, felt

CHECKPOINT = "scene"
STEPS = 24  # of the scheduler
#: How strongly the feeling pulls; 1 is what was learnt (own choice, by eye).
GUIDANCE = 1.25
#: Places that the feeling may choose among where the prompt names none: those that come nearest to it.
NEAREST_PLACES = 3
#: How much of a feeling's tint a drawn picture takes (own choice, by eye).
GLAZE = 1.0
ALL_PLACES = tuple(places())
#: A feeling may veil what the prompt says, not hide it: fog that it chooses leaves some 500 m (own choice).
MOST = {"fog": 0.58}


@dataclass(frozen=True)
class Ask:
    """One scene that is asked for: what is felt, the place (None: whatever suits) and attributes that are fixed."""

    emotion: Emotion
    place: str | None
    fixed: Mapping[str, float]


def tint(emotion: Emotion) -> dict[str, float]:
    """The tint of a scene: the colour that people associate with its feeling, as the table of looks has it for the mids."""
    moved = look.prior()[[look.AT["mid_a"], look.AT["mid_b"]]] @ look.felt(emotion)
    red, yellow = np.clip(moved * GLAZE / finish.TINT, -1.0, 1.0).tolist()
    return {"tint_red": red, "tint_yellow": yellow}


@cache
def denoiser(source: str = "embedded") -> SceneDenoiser:
    """The denoiser from "embedded" or a local checkpoint folder.

    Raises:
        CheckpointError: A missing, altered or unsafe checkpoint.
    """
    folder: Path = folder_of(CHECKPOINT, source)
    try:
        return SceneDenoiser.from_pretrained(str(folder), use_safetensors=True, low_cpu_mem_usage=False).float().eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(str(folder), f"cannot be read: {error}") from error


def composed(
    net: SceneDenoiser,
    scheduler: FlowMatchEulerDiscreteScheduler,
    asks: Sequence[Ask],
    seed: int,
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> list[Scene]:
    """A scene for each of several feelings, all from the same noise: the same place in several moods.

    Args:
        net: The denoiser.
        scheduler: Of diffusers; its timesteps are set here.
        asks: What is asked for.
        seed: Of noise and shapes.
        steps: Denoising steps.
        guidance: Of the feeling; an intensity beyond 1 multiplies it.
    """
    rows = [(i, place) for i, ask in enumerate(asks) for place in ([ask.place] if ask.place else ALL_PLACES)]
    wanted = np.stack([felt(asks[i].emotion) for i, _ in rows]) * net.reach.numpy()
    force = np.array([guidance * max(asks[i].emotion.intensity, 1.0) for i, _ in rows])
    known, given = (np.stack(part) for part in zip(*(_held(asks[i].fixed) for i, _ in rows), strict=True))
    found = _sampled(net, scheduler, wanted, [place for _, place in rows], known, given, force, seed, steps)
    scenes = []
    for i, ask in enumerate(asks):
        own = [row for row, (of, _) in enumerate(rows) if of == i]
        options = [Scene(rows[row][1], {**from_vector(found[row]), **ask.fixed}, seed) for row in own]
        scenes.append(options[0] if ask.place else _nearest(options, wanted[own[0]], seed))
    return scenes


def _held(fixed: Mapping[str, float]) -> tuple[NDArray[np.bool_], Array]:
    """Which numbers of a vector a prompt fixes, and the vector with them."""
    known = np.concatenate([[name in fixed] * (2 if it.circular else 1) for name, it in parts().items()])
    return known, vector(fixed)


def _most() -> Array:
    """The highest numbers of a vector that a feeling may choose."""
    own = {name: MOST.get(name, it.high) for name, it in parts().items()}
    circular = np.concatenate([[it.circular] * (2 if it.circular else 1) for it in parts().values()])
    return np.where(circular, 1.0, vector(own))


def _sampled(
    net: SceneDenoiser, scheduler: FlowMatchEulerDiscreteScheduler, wanted: Array, where: Sequence[str],
    known: NDArray[np.bool_], given: Array, force: Array, seed: int, steps: int,
) -> Array:  # fmt: skip
    n, channels = given.shape
    generator = torch.Generator().manual_seed(seed % 2**63)
    each = torch.randn((len(ALL_PLACES), channels), generator=generator)
    place = torch.tensor([ALL_PLACES.index(p) for p in where])
    x = each[place]
    held, clean = torch.from_numpy(known), net.normalised(torch.from_numpy(given).float())
    feeling, pull = torch.from_numpy(wanted).float(), torch.from_numpy(force).float()[:, None]
    twice = torch.cat([torch.zeros(n, dtype=torch.bool), torch.ones(n, dtype=torch.bool)])
    low, high = (net.normalised(torch.from_numpy(end).float()) for end in (np.full(channels, -1.0), _most()))
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / steps, steps).tolist())
    with torch.inference_mode(), one_thread():
        for number, timestep in enumerate(scheduler.timesteps):
            x = torch.where(held, clean, x)
            sigma = scheduler.sigmas[number].expand(2 * n)
            both = net(x.repeat(2, 1), sigma, feeling.repeat(2, 1), place.repeat(2), held.repeat(2, 1), twice)
            full, null = both.chunk(2)
            # No attribute goes beyond its ends: guidance would else run past them, and the rest would make up for it.
            clean_guess = (x - sigma[:n, None] * (null + pull * (full - null))).clamp(low, high)
            x = scheduler.step((x - clean_guess) / sigma[:n, None], timestep, x, return_dict=False)[0]
    return np.asarray(net.denormalised(torch.where(held, clean, x)).double().numpy())


def _nearest(options: Sequence[Scene], wanted: Array, seed: int) -> Scene:
    """One of the few scenes that evoke most nearly what is wanted."""
    table = {name: np.array([scene[name] for scene in options]) for name in attributes()}
    away = np.linalg.norm((evoked(table) - wanted)[:, : FELT.index("dominance") + 1], axis=1)
    best = np.argsort(away, kind="stable")[:NEAREST_PLACES]
    return options[int(best[np.random.default_rng(seed).integers(len(best))])]
