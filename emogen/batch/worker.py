"""One worker process of a batch: `python -m emogen.batch.worker`.

Jobs come in on stdin, each with its folder, one JSON object a line; what came of each goes out on stdout in the same way,
after a first line that says that the worker is ready. When stdin ends, whoever started it is gone, and it ends at once.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path

from emogen.errors import OutputError

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Does jobs until nobody is there any more."""
    try:
        _work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # the thread that listens would hold up an orderly end, and have the last word


def _work() -> None:
    _end_with_parent()
    # What libraries print goes to stderr from here on; nothing but answers goes out.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()

    from emogen.batch.job import Job
    from emogen.batch.work import do

    _say(answers, {"ready": os.getpid()})
    while True:
        asked = json.loads(lines.get())
        try:
            _say(answers, {"result": do(Job.from_dict(asked["job"]), Path(asked["folder"])).to_dict()})
        except OutputError as error:
            _say(answers, {"stop": str(error)})


def _end_with_parent() -> None:
    """On Linux the system sees to it, even if native code lets no other thread go on; elsewhere `_listen` does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _listen(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)  # in the middle of a job, too: its files are written under temporary names


def _say(answers: object, value: dict[str, object]) -> None:
    print(json.dumps(value), file=answers, flush=True)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
