"""The checkpoints that ship with emogen, and the checks a checkpoint passes before it is opened.

One folder per checkpoint: configuration (JSON), weights (safetensors), a model card and SHA256SUMS.
Nothing here runs code out of a checkpoint: a folder with anything executable in it is refused.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from emogen.errors import CheckpointError, RightsError

HERE = Path(__file__).resolve().parent
SUMS = "SHA256SUMS"
COMMERCIAL_VARIABLE = "EMOGEN_COMMERCIAL"
#: What a checkpoint folder may hold. Pickles and code are refused, whatever they claim to be.
SAFE_SUFFIXES = frozenset({".json", ".safetensors", ".md", ".txt", ".csv", ".model", ".jinja", ".png", ".webp", ".glb"})


def names() -> tuple[str, ...]:
    """The checkpoints in this installation, sorted."""
    return tuple(sorted(p.name for p in HERE.iterdir() if (p / SUMS).is_file()))


def sha256(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_safe(folder: Path) -> None:
    """Refuses a folder that holds anything but configuration, text and safetensors.

    Raises:
        CheckpointError: A file of another kind, or a link that leads out of the folder.
    """
    root = folder.resolve()
    for path in sorted(root.rglob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise CheckpointError(str(path), "is a link that leads out of the checkpoint")
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.is_file() and not hidden and path.suffix.lower() not in SAFE_SUFFIXES and path.name != SUMS:
            raise CheckpointError(
                str(path),
                f"a checkpoint may not hold a {path.suffix or 'nameless'} file",
                f"Accepted: {', '.join(sorted(SAFE_SUFFIXES))}.",
            )


def verify(folder: Path) -> dict[str, str]:
    """Compares every file with SHA256SUMS; returns file name -> hash.

    Raises:
        CheckpointError: A listed file is missing or differs, or SHA256SUMS itself is missing.
    """
    listing = folder / SUMS
    if not listing.is_file():
        raise CheckpointError(str(folder), f"has no {SUMS}")
    sums: dict[str, str] = {}
    for line in listing.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file():
            raise CheckpointError(str(path), "is missing", "Reinstall emogen.")
        if sha256(path) != digest:
            raise CheckpointError(str(path), "differs from its recorded hash", "Reinstall emogen.")
        sums[name] = digest
    return sums


def write_sums(folder: Path) -> None:
    """Records the hash of every file of a checkpoint folder in its SHA256SUMS."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SUMS)
    lines = [f"{sha256(p)}  {p.relative_to(folder).as_posix()}\n" for p in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def is_open(folder: Path) -> bool:
    """Whether the model card says `checkpoint_kind: open` (learnt from openly licensed data alone)."""
    card = folder / "README.md"
    return card.is_file() and "checkpoint_kind: open" in card.read_text(encoding="utf-8")


def licence(folder: Path) -> str:
    """The licence on the model card ("not stated" where it has none)."""
    card = folder / "README.md"
    lines = card.read_text(encoding="utf-8").splitlines() if card.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("license:")), "not stated")


def commercial_only() -> bool:
    """Whether EMOGEN_COMMERCIAL asks for open checkpoints alone."""
    return os.environ.get(COMMERCIAL_VARIABLE, "").strip().lower() in {"1", "true", "yes"}


@cache
def checkpoint_hash(name: str) -> str:
    """One hash for a shipped checkpoint: that of its SHA256SUMS."""
    return sha256(HERE / name / SUMS)


@cache
def _verified(name: str) -> Path:
    folder = HERE / name
    check_safe(folder)
    verify(folder)
    return folder


def checkpoint_folder(name: str) -> Path:
    """The folder of a shipped checkpoint, verified once per process.

    Raises:
        CheckpointError: There is no such checkpoint, or it was altered.
        RightsError: EMOGEN_COMMERCIAL is set and the checkpoint is for research only.
    """
    if name not in names():
        raise CheckpointError(name, "is not a checkpoint of this installation", f"There are: {', '.join(names())}.")
    folder = _verified(name)
    if commercial_only() and not is_open(folder):
        raise RightsError(
            name,
            f"is a research checkpoint and {COMMERCIAL_VARIABLE} is set",
            "Choose an open checkpoint (emogen doctor --licences lists them).",
        )
    return folder
