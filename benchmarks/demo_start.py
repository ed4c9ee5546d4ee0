"""How soon the demo answers: from the start of its process to an open page, and to the first speech.

Target on two cores: the first speech within 10 s. Wall time depends on what else the machine does; beside it stands the
processors' time that the demo had taken by then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradio_client import Client

from emogen.media.audio import read_audio
from tests.demo.browsing import free_port, left_of, until_open

#: How long it may take to end (s).
MOST_S = 120.0


@contextmanager
def demo(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The demo, started as a user starts it.

    Raises:
        SystemExit: It did not end well, or left processes behind.
    """
    command = [sys.executable, "-m", "emogen", "demo", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            code = process.wait(MOST_S)
        finally:
            if process.poll() is None:
                process.kill()
    if code:
        raise SystemExit(f"the demo ended with exit code {code}")
    if left := left_of(process.pid):
        raise SystemExit(f"the demo left processes behind: {left}")


def cpu_s(process: int) -> float:
    """The processors' time (s) that a process has taken, with its children that have ended; Linux alone tells it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with demo(port) as process:
            until_open(address)
            opened_s, opened_cpu_s = time.perf_counter() - begun, cpu_s(process.pid)
            client = Client(address, verbose=False, download_files=folder)
            path, *_ = client.predict(text="We won.", emotion="joy:0.8", voice="alto", seed="7", api_name="/speak")
            spoken_s, spoken_cpu_s = time.perf_counter() - begun, cpu_s(process.pid)
            length_s = read_audio(Path(path)).duration_s
            client.close()
    if not length_s > 0.0:
        raise SystemExit(f"{path} holds no sound")
    print(f"the page answers after {opened_s:.1f} s (processors' time {opened_cpu_s:.1f} s)")
    print(f"the first speech is there after {spoken_s:.1f} s (processors' time {spoken_cpu_s:.1f} s; target 10 s)")


if __name__ == "__main__":
    main()
