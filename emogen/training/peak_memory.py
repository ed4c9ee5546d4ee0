"""Peak memory of a process that works on something long: measured in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from itertools import repeat
from pathlib import Path
from typing import Any

from emogen.media.audio import write_blocks


def peak_mib(module: str, voice: Any, minutes: float) -> float:
    """Peak memory (MiB) of `python -m MODULE FILE` on a voice of so many minutes; the last word it prints is the figure.

    Args:
        module: Prints `own_peak_mib()` when it has done its work.
        voice: With `audio` [n] and `sample_rate`; repeated as often as it takes.
        minutes: How long.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        times = max(round(60.0 * minutes * voice.sample_rate / len(voice.audio)), 1)
        write_blocks(path, repeat(voice.audio, times), voice.sample_rate)
        return peak_mib_of(module, str(path))


def peak_mib_of(module: str, *arguments: str) -> float:
    """Peak memory (MiB) of `python -m MODULE ARGUMENTS`; the last word it prints is the figure."""
    command = [sys.executable, "-m", module, *arguments]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def own_peak_mib() -> float:
    """Peak memory of this process; on Linux from /proc: what getrusage tells may be that of the parent, before exec."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
