"""EmotiCrafter's protocol: prompts x a grid of valence and arousal -> pictures, read by a judge, errors on a 6-wide scale.

`python -m emogen.training.emoticrafter PATH_OR_ID --out FOLDER [--adapter FOLDER] [--judge clip-va:CLIP+HEAD] [--clip ID]`
on a machine with a GPU and the real weights. 132 prompts x 5 x 5 are the 3,300 pictures that the published reproduction
has; its prompts are not public in one file, so ours are 12 subjects in 11 places, without a feeling (`--prompts FILE` takes
others). Ratings run from -3 to 3: an emotion's valence and arousal times 3. Beside the errors stand what nobody should be
without: the spread of what is perceived (the published system's arousal is almost flat), the same pictures held against
shuffled commands, and rank correlations along both axes.

The published judge is CLIP ViT-B/32 with a linear layer and a sigmoid, times 6, less 3. Such a head is given as a
safetensors file with `weight` [2, width] and `bias` [2] ("clip-va:openai/clip-vit-base-patch32+head.safetensors");
else a judge of `emogen.evaluation.judges` reads. A run that was broken off goes on with the pictures that are there.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emogen.errors import CheckpointError, InputError
from emogen.evaluation.judges import judge as judge_of
from emogen.evaluation.metrics.control import monotonicity, spearman
from emogen.media.image import read_image, write_image
from emogen.media.jsonio import write_json
from emogen.pipelines.image.backends.text_to_image import DiffusersImagePipeline

#: Half of the published scale, and the grid's points on one axis.
HALF, GRID = 3.0, 5
SUBJECTS = (
    "a dog",
    "a woman",
    "a child",
    "an old man",
    "a car",
    "a chair",
    "a tree",
    "a bird",
    "a house",
    "a lamp",
    "a boat",
    "a horse",
)
PLACES = ("in a street", "in a room", "by the sea", "in a forest", "in a field", "on a hill", "near a bridge", "in a garden",
          "in a market", "by a lake", "in front of a wall")  # fmt: skip
#: What the reproduction of the published system reports: mean absolute error and spread, 3,300 pictures.
PUBLISHED = {"valence_error": 1.414, "valence_error_sd": 1.007, "arousal_error": 1.802, "arousal_error_sd": 1.089, "arousal_sd": 0.507,
             "clip_score": 19.42, "clip_iqa": 0.542}  # fmt: skip
#: CLIP-IQA's pair of prompts (Wang et al. 2023, arXiv:2207.12396).
QUALITY = ("Good photo.", "Bad photo.")

#: A picture -> valence and arousal, each -3..3.
Judge = Callable[[np.ndarray], tuple[float, float]]


@dataclass(frozen=True)
class Figures:
    """The protocol's figures on the scale -3..3, beside `PUBLISHED`.

    Attributes:
        pictures: How many.
        valence_error, arousal_error: Mean absolute; `_sd`: their spread.
        valence_shuffled, arousal_shuffled: Errors against commands dealt out anew.
        valence_spearman, arousal_spearman: Along the grid's lines, means over prompts and lines.
        valence_sd, arousal_sd: Spread of what is perceived; that of what is asked is 2.12.
        valence_r, arousal_r: Spearman over all pictures.
        clip_score: 100 x cosine of picture and prompt; None without CLIP.
        clip_iqa: Share of "Good photo."; None without CLIP.
    """

    pictures: int
    valence_error: float
    valence_error_sd: float
    valence_shuffled: float
    valence_spearman: float
    valence_sd: float
    valence_r: float
    arousal_error: float
    arousal_error_sd: float
    arousal_shuffled: float
    arousal_spearman: float
    arousal_sd: float
    arousal_r: float
    clip_score: float | None
    clip_iqa: float | None


def prompts() -> list[str]:
    """Our own 132, without a feeling."""
    return [f"{subject} {place}" for subject in SUBJECTS for place in PLACES]


def protocol(pipe: DiffusersImagePipeline, out_dir: str | Path, judge: Judge, *, texts: Sequence[str] | None = None, grid: int = GRID,
             clip: str | None = None, seed: int = 0, **how: Any) -> Figures:  # fmt: skip
    """Makes the pictures that are not there yet, reads them all, writes `readings.csv` and `figures.json`.

    Args:
        pipe: The pipeline, with its adapter.
        out_dir: For the pictures and the figures.
        judge: Reads a picture.
        texts: Prompts; None: our own.
        grid: Points on each axis.
        clip: Folder or hub id of a CLIP, for CLIPScore and CLIP-IQA; None: without.
        seed: Of a prompt's pictures: one for all of its feelings.
        how: What else the pipeline is called with: way, steering, num_inference_steps, width, height ...
    """
    folder, levels = Path(out_dir), np.linspace(-1.0, 1.0, grid)
    folder.mkdir(parents=True, exist_ok=True)
    scorer = Clip(clip) if clip else None
    rows = []
    for number, text in enumerate(texts or prompts()):
        for valence in levels:
            for arousal in levels:
                path = folder / f"{number:04d}_{valence:+.2f}_{arousal:+.2f}.png"
                if not path.is_file():
                    emotion = f"vad({valence:.4f},{arousal:.4f},0)"
                    write_image(path, pipe(text, emotion, seed=seed + number, **how).image)
                picture = read_image(path)
                seen = judge(picture)
                extra = dict(
                    zip(("clip_score", "clip_iqa"), scorer(picture, text) if scorer else (None, None), strict=True)
                )
                rows.append({"prompt": text, "valence": valence * HALF, "arousal": arousal * HALF, "seen_valence": seen[0],
                             "seen_arousal": seen[1], **extra})  # fmt: skip
    found = figures(rows, grid, seed)
    with (folder / "readings.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    write_json(
        folder / "figures.json",
        {"found": asdict(found), "published": PUBLISHED, "how": {k: str(v) for k, v in how.items()}},
    )
    return found


def figures(rows: Sequence[dict[str, Any]], grid: int, seed: int = 0) -> Figures:
    """Of readings in the order of the protocol: prompts, then valence, then arousal."""
    found: dict[str, Any] = {"pictures": len(rows)}
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    for axis, turn in (("valence", (0, 2, 1)), ("arousal", (0, 1, 2))):
        asked, seen = (np.array([float(r[key]) for r in rows]) for key in (axis, f"seen_{axis}"))
        off = np.abs(asked - seen)
        lines = [x.reshape(-1, grid, grid).transpose(turn).reshape(-1, grid) for x in (asked, seen)]
        found |= {
            f"{axis}_error": float(off.mean()), f"{axis}_error_sd": float(off.std()), f"{axis}_sd": float(seen.std()),
            f"{axis}_shuffled": float(np.abs(asked[shuffled] - seen).mean()), f"{axis}_r": spearman(asked, seen),
            f"{axis}_spearman": monotonicity(*lines),
        }  # fmt: skip
    for name in ("clip_score", "clip_iqa"):
        values = [r[name] for r in rows if r.get(name) is not None]
        found[name] = float(np.mean(values)) if values else None
    return Figures(**found)


# -- judges ------------------------------------------------------------------------------------------------------------
class Clip:
    """CLIPScore and CLIP-IQA of a picture.

    Args:
        source: Folder or hub id.
    """

    def __init__(self, source: str) -> None:
        from transformers import CLIPModel, CLIPProcessor

        local = Path(source).is_dir()
        self.model = CLIPModel.from_pretrained(source, use_safetensors=True, local_files_only=local).eval()
        self.processor = CLIPProcessor.from_pretrained(source, local_files_only=local)

    def __call__(self, picture: np.ndarray, text: str) -> tuple[float, float]:
        """100 x the cosine of picture and text, and the share of "Good photo."."""
        import torch

        given = self.processor(
            text=[text, *QUALITY], images=[picture], return_tensors="pt", padding=True, truncation=True
        )
        with torch.inference_mode():
            found = self.model(**given)
        cosines = (found.logits_per_image[0] / self.model.logit_scale.exp()).double()
        good = torch.softmax(found.logits_per_image[0, 1:].double(), dim=0)[0]
        return 100 * float(cosines[0]), float(good)

    def seen(self, picture: np.ndarray) -> Any:
        """The picture's embedding [width] of length 1."""
        import torch

        given = self.processor(images=[picture], return_tensors="pt")
        with torch.inference_mode():
            pooled = self.model.vision_model(**given).pooler_output
            return torch.nn.functional.normalize(self.model.visual_projection(pooled)[0], dim=0)


def judge_for(written: str) -> Judge:
    """A judge of valence and arousal: "embedded", "clip:ID", "transformers:ID" or "clip-va:CLIP+HEAD".

    Raises:
        InputError: No such judge.
        CheckpointError: A head that is none.
    """
    kind, _, source = written.partition(":")
    if kind == "clip-va":
        name, _, head = source.partition("+")
        return _clip_va(name, Path(head))
    recogniser = judge_of("image", written)

    def read(picture: np.ndarray) -> tuple[float, float]:
        vad = recogniser.recognize(picture).emotion.vad
        return float(vad[0]) * HALF, float(vad[1]) * HALF

    return read


def _clip_va(name: str, head: Path) -> Judge:
    import torch
    from safetensors.torch import load_file

    if not head.is_file():
        raise InputError("judge", f"no file {head}", "Accepted: clip-va:CLIP_FOLDER_OR_ID+HEAD.safetensors.")
    try:
        weights = load_file(head)
        weight, bias = weights["weight"].float(), weights["bias"].float()
    except Exception as error:
        raise CheckpointError(str(head), "holds no weight [2, width] and bias [2]") from error
    clip = Clip(name)

    def read(picture: np.ndarray) -> tuple[float, float]:
        valence, arousal = (torch.sigmoid(weight @ clip.seen(picture).float() + bias) * 2 * HALF - HALF).tolist()
        return valence, arousal

    return read


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="EmotiCrafter's protocol.")
    parser.add_argument("pipeline", help="folder or hub id of a text-to-image model of diffusers")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument(
        "--judge", default="embedded", help="embedded, clip:ID, transformers:ID, clip-va:CLIP+HEAD.safetensors"
    )
    parser.add_argument("--clip", help="folder or hub id of a CLIP, for CLIPScore and CLIP-IQA")
    parser.add_argument("--prompts", type=Path, help="a text file, one prompt a line")
    parser.add_argument("--way", choices=("adapter", "directions", "phrases"))
    parser.add_argument("--steering", type=float, default=1.0)
    given = parser.parse_args()
    texts = (
        [line.strip() for line in given.prompts.read_text(encoding="utf-8").splitlines() if line.strip()]
        if given.prompts
        else None
    )
    pipe = DiffusersImagePipeline.from_pretrained(given.pipeline, adapter=given.adapter)
    found = protocol(
        pipe, given.out, judge_for(given.judge), texts=texts, clip=given.clip, way=given.way, steering=given.steering
    )
    print(json.dumps({"found": asdict(found), "published": PUBLISHED}, indent=2))


if __name__ == "__main__":
    main()
