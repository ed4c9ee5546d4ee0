"""What is installed, which backends work, and what to install for the others: one line each."""

from __future__ import annotations

import platform
import sys
from importlib import metadata, util
from typing import Any

from emogen import checkpoints, registry
from emogen._version import __version__
from emogen.errors import EmogenError

#: Packages of the default install, then of each extra: distribution name -> module.
CORE = {
    "torch": "torch",
    "diffusers": "diffusers",
    "transformers": "transformers",
    "safetensors": "safetensors",
    "numpy": "numpy",
    "scipy": "scipy",
    "numba": "numba",
    "pyworld": "pyworld",
    "espeakng-loader": "espeakng_loader",
    "mediapipe": "mediapipe",
    "opencv-contrib-python": "cv2",
    "scikit-image": "skimage",
    "pretty_midi": "pretty_midi",
    "mido": "mido",
    "av": "av",
    "pillow": "PIL",
    "soundfile": "soundfile",
    "soxr": "soxr",
    "typer": "typer",
    "PyYAML": "yaml",
}
EXTRAS = {
    "demo": {"gradio": "gradio"},
    "train": {"accelerate": "accelerate", "scikit-learn": "sklearn"},
    "cuda": {"xformers": "xformers"},
    "coqui": {"coqui-tts": "TTS"},
    "ray": {"ray": "ray"},
}
OPENCVS = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")


def installed(distribution: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def examine(*, verify: bool = False) -> dict[str, Any]:
    """Looks at this installation.

    Args:
        verify: Also compare every checkpoint file with its recorded hash.

    Returns:
        Plain JSON values: `emogen`, `python`, `platform`, `packages`, `extras`, `device`, `checkpoints`,
        `backends`, `problems` (each a sentence with what to do), `hints`.
    """
    packages = {name: installed(name) for name in CORE}
    extras = {extra: {name: installed(name) for name in wanted} for extra, wanted in EXTRAS.items()}
    problems = [f"{name} is missing: pip install {name}" for name, found in packages.items() if found is None]
    problems += _conflicts(packages)
    hints = [
        f'{extra} is not installed: pip install "emogen[{extra}]"'
        for extra, found in extras.items()
        if not all(found.values()) and not (extra == "cuda" and _device() == "cpu")
    ]
    kept, broken = _checkpoints(verify)
    return {
        "emogen": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": _device(),
        "packages": packages,
        "extras": extras,
        "checkpoints": kept,
        "backends": _backends(packages),
        "problems": problems + broken,
        "hints": hints,
    }


def _conflicts(packages: dict[str, str | None]) -> list[str]:
    found = []
    if not (3, 10) <= sys.version_info[:2] <= (3, 12):
        found.append(f"Python {platform.python_version()}: emogen needs 3.10 to 3.12 (mediapipe's wheels end there)")
    opencvs = [name for name in OPENCVS if installed(name)]
    if len(opencvs) > 1:
        found.append(
            f"{' and '.join(opencvs)} share one folder and break each other: "
            f"pip uninstall -y {' '.join(opencvs)} && pip install opencv-contrib-python"
        )
    torchaudio, torch = installed("torchaudio"), packages["torch"]
    if torchaudio and util.find_spec("torchaudio") and not _loads("torchaudio"):
        found.append(
            f"torchaudio {torchaudio} does not load beside torch {torch} and breaks transformers: pip uninstall -y torchaudio"
        )
    numpy = packages["numpy"]
    if numpy and int(numpy.split(".")[0]) >= 2:
        found.append(f'numpy {numpy}: mediapipe {packages["mediapipe"]} needs numpy below 2: pip install "numpy<2"')
    setuptools = installed("setuptools")
    if setuptools is None or int(setuptools.split(".")[0]) >= 82:
        found.append(f'setuptools {setuptools}: pyworld needs pkg_resources: pip install "setuptools<82"')
    return found


def _loads(module: str) -> bool:
    from importlib import import_module

    try:
        import_module(module)
    except (OSError, ImportError, RuntimeError):
        return False
    return True


def _device() -> str:
    if util.find_spec("torch") is None:
        return "none"
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"


def _checkpoints(verify: bool) -> tuple[dict[str, dict[str, Any]], list[str]]:
    kept: dict[str, dict[str, Any]] = {}
    broken = []
    for name in checkpoints.names():
        folder = checkpoints.HERE / name
        kept[name] = {
            "kind": "open" if checkpoints.is_open(folder) else "research",
            "licence": checkpoints.licence(folder),
            "megabytes": round(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6, 2),
            "sha256": checkpoints.checkpoint_hash(name)[:16],
        }
        if verify:
            try:
                checkpoints.check_safe(folder)
                checkpoints.verify(folder)
            except EmogenError as error:
                broken.append(str(error))
    return kept, broken


def _backends(packages: dict[str, str | None]) -> dict[str, dict[str, Any]]:
    """Every registered pipeline: whether its module can be found and what it still needs."""
    found: dict[str, dict[str, Any]] = {}
    for name, where in registry.known("pipelines").items():
        module = where.partition(":")[0]
        try:
            present = util.find_spec(module) is not None
        except ModuleNotFoundError:
            present = False
        modality, _, backend = name.partition("/")
        found[name] = {
            "modality": modality,
            "backend": backend or "embedded",
            "works": present and all(packages.values()),
        }
    return found


def say(found: dict[str, Any], *, licences: bool = False) -> str:
    """The same in words, for a terminal."""
    lines = [f"emogen {found['emogen']}, Python {found['python']}, {found['platform']}, device {found['device']}"]
    lines += [f"  {name} {version or 'MISSING'}" for name, version in found["packages"].items()]
    for name, kept in found["checkpoints"].items():
        licence = f", {kept['licence']}" if licences else ""
        lines.append(f"checkpoint {name}: {kept['kind']}{licence}, {kept['megabytes']} MB")
    lines += [f"backend {name}: {'works' if b['works'] else 'does not work'}" for name, b in found["backends"].items()]
    lines += [f"hint: {hint}" for hint in found["hints"]]
    lines += [f"PROBLEM: {problem}" for problem in found["problems"]] or ["no problems found"]
    return "\n".join(lines)
