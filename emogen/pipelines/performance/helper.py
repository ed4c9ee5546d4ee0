"""The process that draws beside this one: takes go there, pieces of video come back.

It loads no network library. Starting it and making it ready takes two seconds, and it remembers the places and photos that
it drew, so it stays for the next performance; it ends with the process that started it, however that ends.
"""

from __future__ import annotations

import atexit
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from emogen.codecs.face import FACE_CHANNELS
from emogen.codecs.scene.elements import HOMES, drawer
from emogen.media.video_pieces import encode_piece
from emogen.pipelines.performance.framing import Painter
from emogen.pipelines.performance.shots import Take
from emogen.pipelines.talking_head.avatars import AVATARS, avatar

#: The helper keeps the memory of its pictures, which are of one size, instead of asking for it anew (glibc; bytes).
_KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_TOP_PAD_": str(2**26)}
_LENGTH = struct.Struct("<Q")
#: A helper for whom there is nothing to do goes after so long (s), and its memory with it.
IDLE_S = 600.0
_RESTING: list[Helper] = []
_LOCK = threading.Lock()


class Gone(Exception):
    """The helper is not there any more; somebody else has to draw what it was given."""


class Helper:
    """The other process, which draws one take at a time.

    Raises:
        OSError: No process can be started.
    """

    def __init__(self) -> None:
        script, root = Path(__file__).with_name("studio_helper.py"), Path(__file__).resolve().parents[3]
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, **_KEEPING},
        )  # fmt: skip
        self._known = set[str]()

    @property
    def alive(self) -> bool:
        """Whether it can be given something."""
        return self._process.poll() is None

    def draw(self, take: Take, portraits: Mapping[str, Any]) -> bytes:
        """A take as a piece of video; each of the portraits is sent once.

        Raises:
            Gone: It died.
            EmogenError: As drawing the take raises it.
        """
        try:
            send(self._process.stdin, (take, {key: found for key, found in portraits.items() if key not in self._known}))
            self._known |= set(portraits)
            found = receive(self._process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise Gone from error
        if isinstance(found, BaseException):
            raise found
        return bytes(found)

    def forget(self) -> None:
        """The portraits that it was sent are of no more use.

        Raises:
            Gone: It died.
        """
        self._known.clear()
        try:
            send(self._process.stdin, None)
        except (OSError, ValueError) as error:
            raise Gone from error

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()


def hire() -> Helper | None:
    """A helper, for this caller alone; None where none can be started."""
    with _LOCK:
        while _RESTING:
            found = _RESTING.pop()
            if found.alive:
                return found
            found.end()
    try:
        return Helper()
    except OSError:
        return None


def dismiss(helper: Helper) -> None:
    """Takes back a helper that has nothing to do; one rests until somebody needs it."""
    with suppress(Gone):
        helper.forget()
        with _LOCK:
            if helper.alive and not _RESTING:
                _RESTING.append(helper)
                return
    helper.end()


@atexit.register
def _end() -> None:
    with _LOCK:
        while _RESTING:
            _RESTING.pop().end()


def encoded(painter: Painter, take: Take, portraits: Mapping[str, Any]) -> bytes:
    """A take as a piece of video."""
    return encode_piece(painter(take, portraits), fps=take.shot.fps, width=take.shot.width, height=take.shot.height)


def send(pipe: BinaryIO | Any, what: Any) -> None:
    """Writes one object to the other process."""
    found = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(found)))
    pipe.write(found)
    pipe.flush()


def receive(pipe: BinaryIO | Any) -> Any:
    """Reads one object from the other process.

    Raises:
        EOFError: It is gone.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    found = pipe.read(length)
    if len(found) < length:
        raise EOFError
    return pickle.loads(found)  # from the process that this one started, through a pipe that nobody else has


def _make_ready() -> None:
    """Loads what drawing needs while there is nothing to draw: places, photos, and loops as machine code."""
    for element in HOMES:
        drawer(element)
    import_module("emogen.pipelines.talking_head.photo_portrait")
    avatar(AVATARS[0], size=64).render(np.zeros(len(FACE_CHANNELS), np.float32))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """The helper itself: draws the takes that come in until there are no more, or none for long."""
    _make_ready()
    painter, portraits = Painter(), dict[str, Any]()
    while True:
        idle = threading.Timer(IDLE_S, os._exit, (0,))
        idle.daemon = True
        idle.start()
        try:
            order = receive(source)
        except EOFError:
            return
        finally:
            idle.cancel()
        if order is None:
            portraits.clear()
            continue
        take, new = order
        portraits |= new
        try:
            answer: Any = encoded(painter, take, portraits)
        except Exception as error:
            answer = error
        try:
            send(sink, answer)
        except OSError:
            return
