"""Several threads that open pipelines at once, as servers do: each gets whole networks."""

from __future__ import annotations

import json
import subprocess
import sys

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
