"""The versions of what decides the bytes of an output."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from emogen._version import __version__

PACKAGES = ("torch", "numpy", "scipy", "diffusers", "transformers", "pyworld", "av", "opencv-contrib-python", "numba")


def versions() -> dict[str, str]:
    """Name -> version of emogen, of Python and of the packages that are installed."""
    return dict(_found())


@cache
def _found() -> dict[str, str]:
    found = {"emogen": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
