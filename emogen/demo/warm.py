"""What the first visitor would wait for, made ready behind the open page.

It does not begin before the page is open: all threads share one interpreter, so that the page would come later by as
much, and two threads that import the same packages at once can fail. What fails here fails again when a visitor asks for
it, and is told then.
"""

from __future__ import annotations

import gc
import threading
import time
from importlib import import_module

from emogen.demo.jobs import Job, Stopped

#: Between two steps a visitor who waits goes first (s).
TURN_S = 0.02


def begin() -> threading.Thread:
    """Makes ready all that speaking needs, and then all that its verdict needs."""
    thread = threading.Thread(target=_work, daemon=True)
    thread.start()
    return thread


def _work() -> None:
    for step in (_voice, _first_words, _judge, _settle):
        job = Job(step)
        job.start()
        job.join()
        if isinstance(job.error, Stopped):
            return
        time.sleep(TURN_S)


def _voice() -> None:
    import_module("emogen.pipelines.speech.pipeline")


def _first_words() -> None:
    from emogen.pipelines.speech.pipeline import SpeechPipeline

    pipe = SpeechPipeline.from_pretrained("embedded")
    pipe.set_progress_bar_config(disable=True)
    pipe("Hello.", "joy", seed=0)


def _judge() -> None:
    from emogen.evaluation.perceive import judge_of

    import_module("emogen.demo.verdict")
    judge_of("speech")


def _settle() -> None:
    gc.freeze()
    gc.enable()
