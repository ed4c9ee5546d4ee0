"""Steering by the text embedding, without training: the way from neutral to felt phrasings, as the encoders read them.

A direction is the mean over phrasings with a feeling ("a mournful picture") less the mean over the same phrasings without
one ("a plain picture"), as steering vectors are found in language models (Turner et al. 2023, arXiv:2308.10248; Rimsky et
al. 2023, arXiv:2312.06681). There is one for each basic emotion; and since six of them say nothing of calm or boredom,
what other feelings' phrasings add to that is laid on valence, arousal and dominance by least squares. The step for an
emotion is a sum over both: mixtures add, intensities scale, neutral is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emogen.conditioning.atoms import Blend
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.vocabulary import BASIC, NEUTRAL, basic_shares, norm
from emogen.diffusing import ConfigMixin, ModelMixin, register_to_config
from emogen.pipelines.prompt_reading import POOLED, Embeddings, after, means, read_in_batches
from emogen.tables import read_table

#: What the words of `felt_phrasings.csv` are put into for pictures and films; they begin differently, so that what an
#: encoder gives before it has read a word shows (own choice).
FRAMES = ("a {} picture", "{} scene, photograph", "the mood of this image is {}")
#: Weight of the three axes' squares against those of the phrasings they are fitted to (own choice).
RIDGE = 0.1


def phrased(rows: Sequence[Mapping[str, str]], frames: Sequence[str]) -> dict[str, list[str]]:
    """Feeling -> its phrasings: each of the words of a row (`a;b;c`) in each frame, in one order for all rows."""
    named = [(row.get("term") or row["emotion"], row["words"].split(";")) for row in rows]
    return {name: [frame.format(word) for word in words for frame in frames] for name, words in named}


def mean_steps(phrasings: Mapping[str, Sequence[str]], embed: Callable[[Sequence[str]], Tensor]) -> dict[str, Tensor]:
    """Feeling -> the mean embedding of its phrasings less that of the neutral ones, float64 [width] on the CPU.

    Args:
        phrasings: Of each feeling; "neutral" among them.
        embed: Texts [n] -> [n, width].
    """
    found = {name: embed(texts).double().mean(dim=0).cpu() for name, texts in phrasings.items()}
    return {name: mean - found[NEUTRAL] for name, mean in found.items() if name != NEUTRAL}


class PromptDirections(ModelMixin, ConfigMixin):
    """Directions in each embedding of a pipeline; buffers `steps_NAME` [6 + 3, width]: `BASIC`, then the axes.

    Args:
        widths: Name of the embedding -> its width.
        leads: Name -> tokens at its beginning that no text changes (CLIP's start), which stay.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, widths: dict[str, int], leads: dict[str, int]) -> None:
        super().__init__()
        for name, width in widths.items():
            self.register_buffer(f"steps_{name}", torch.zeros(len(BASIC) + 3, width))

    def step(self, name: str, emotion: Emotion) -> Tensor:
        """Where an emotion leads in an embedding, float64 [width]; zeros for neutral."""
        steps: Tensor = getattr(self, f"steps_{name}").double().cpu()
        return torch.from_numpy(summed(emotion)) @ steps

    def moved(
        self, embeddings: Embeddings, masks: Mapping[str, Tensor], emotion: Emotion, steering: float = 1.0
    ) -> Embeddings:
        """Embeddings with a step added to each token that counts."""
        found = {}
        for name, value in embeddings.items():
            step = (self.step(name, emotion) * steering).to(value.device, value.dtype)
            counts = after(masks[name], self.config["leads"].get(name, 0))[..., None] if name in masks else None
            found[name] = value + step if counts is None else torch.where(counts, value + step, value)
        return found


def summed(emotion: Emotion) -> NDArray[np.float64]:
    """Amplitudes over `BASIC`, then valence, arousal and dominance, [9]: of each part at full strength, times its amplitude.

    As felt, two emotions at once are not twice as unpleasant; as steps they add, so that a mixture is the sum of its parts.
    """
    total = np.zeros(len(BASIC) + 3)
    for atom, amplitude in emotion.parts:
        if isinstance(atom, Blend):
            total += amplitude * ((1 - atom.amount) * summed(atom.source) + atom.amount * summed(atom.target))
        else:
            state = atom.state()
            total += amplitude * np.concatenate([state.basic, state.vad])
    return total


def fitted(pipe: Any) -> PromptDirections:
    """The directions of a pipeline's own text encoders.

    Args:
        pipe: A pipeline of diffusers with `encode_prompt`.

    Raises:
        CheckpointError: Its prompts are no embeddings of tokens.
    """
    phrasings = phrased(read_table(__package__, "felt_phrasings.csv"), FRAMES)
    leads = _leads(pipe, phrasings[NEUTRAL])
    texts = [text for of_one in phrasings.values() for text in of_one]
    batches = [means(found, leads) for found in read_in_batches(pipe, texts)]
    whole = {name: torch.cat([batch[name].cpu() for batch in batches]) for name in batches[0]}
    at = {text: i for i, text in enumerate(texts)}
    directions = PromptDirections({name: value.shape[1] for name, value in whole.items()}, leads)
    for name, value in whole.items():
        steps = mean_steps(phrasings, lambda asked, value=value: value[[at[text] for text in asked]])  # type: ignore[misc]
        getattr(directions, f"steps_{name}").copy_(_laid_out(steps))
    return directions


def _laid_out(steps: Mapping[str, Tensor]) -> Tensor:
    """Steps of feelings -> [6 + 3, width]: of each basic emotion exactly its own, the axes for what else there is."""
    basic = torch.stack([steps[name] for name in BASIC])
    corners = torch.from_numpy(np.stack([norm(name) for name in BASIC]))
    others = [name for name in steps if name not in BASIC]
    shares = torch.from_numpy(np.stack([basic_shares(name) for name in others]))
    off = torch.from_numpy(np.stack([norm(name) for name in others])) - shares @ corners
    left = torch.stack([steps[name] for name in others]) - shares @ basic
    axes = torch.linalg.solve(off.T @ off + RIDGE * torch.eye(3, dtype=torch.float64), off.T @ left)
    return torch.cat([basic - corners @ axes, axes])


def _leads(pipe: Any, texts: Sequence[str]) -> dict[str, int]:
    """Name -> how many tokens at the beginning are the same whatever the text."""
    found = next(iter(read_in_batches(pipe, texts[: len(FRAMES)])))
    leads = {}
    for name, value in found.embeddings.items():
        if name != POOLED:
            same = (value == value[:1]).all(dim=-1).all(dim=0)
            leads[name] = int(same.int().cumprod(dim=0).sum())
    return leads
