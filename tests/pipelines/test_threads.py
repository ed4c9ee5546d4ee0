"""Several threads that open pipelines at once, as servers do: each gets whole networks."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import torch

from emogen.conditioning.learned import one_thread

CODE = """
import json, threading, emogen
told = {}
def keep(name, call):
    try:
        told[name] = call().seed
    except Exception as error:
        told[name] = repr(error)
calls = {
    "speak": lambda: emogen.speak("We won.", "joy", seed=1),
    "again": lambda: emogen.speak("We lost.", "sadness", seed=2),
    "image": lambda: emogen.image("a lake", "joy", width=64, height=64, seed=3),
    "music": lambda: emogen.music("joy", seconds=2, seed=4),
}
threads = [threading.Thread(target=keep, args=one) for one in calls.items()]
[t.start() for t in threads]
[t.join() for t in threads]
print(json.dumps(told))
"""


def test_pipelines_are_opened_in_several_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(done.stdout.splitlines()[-1]) == {"speak": 1, "again": 2, "image": 3, "music": 4}


def test_each_thread_works_alone_whatever_others_do() -> None:
    """torch counts for each thread by itself; sums over two threads differ from those over one in their last bits."""
    first, both, over = threading.Barrier(2), threading.Barrier(2), threading.Barrier(2)
    told: list[tuple[int, int]] = []

    def work(second: bool) -> None:
        torch.set_num_threads(2)
        assert torch.get_num_threads() == 2  # from here on the thread counts for itself
        first.wait()
        if second:
            both.wait()  # the other one is at it
        with one_thread():
            within = torch.get_num_threads()
            if not second:
                both.wait()
            over.wait()
        told.append((within, torch.get_num_threads()))

    threads = [threading.Thread(target=work, args=(second,)) for second in (False, True)]
    [t.start() for t in threads]
    [t.join(60) for t in threads]
    assert told == [(1, 2), (1, 2)]
