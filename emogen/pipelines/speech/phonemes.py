"""Text -> plain speech with the times of its phones and words: the interface, and espeak-ng behind it.

espeak-ng (GPL-3) runs in a process of its own (`espeak_worker.py`), so that it is repeatable, can be replaced,
and takes nothing with it when it crashes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emogen.errors import BackendMissing, EmogenError, InputError
from emogen.pipelines.speech.languages import Language

ESPEAK_VERSION = "1.52"  # what espeakng-loader 0.2.4 carries
TIMEOUT_S = 20.0  # a sentence takes some 20 ms; own assumption for a very slow machine
#: espeak-ng's own defaults: words a minute, pitch and pitch range (0..100).
RATE_WPM, PITCH, RANGE = 175, 50, 50
_LIBRARIES = ("libespeak-ng.so", "libespeak-ng.dylib", "espeak-ng.dll")


@dataclass(frozen=True)
class Phone:
    """A speech sound; `ipa` "" is a pause."""

    ipa: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Word:
    """A word as it was written, with the time in which it is spoken."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Utterance:
    """Plain speech.

    Attributes:
        audio: float32 [n], -1..1.
        sample_rate: Hz.
        phones: In order and without gaps from 0 to the end, pauses included.
        words: In order; pauses lie between them.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]


class PhonemeSource(Protocol):
    """What speaks a sentence plainly. The same sentence gives the same utterance, whatever came before."""

    def phonemes(self, text: str, *, variant: str, language: Language) -> Utterance:
        """Speaks one sentence.

        Args:
            text: The sentence.
            variant: Which of the source's own voices.
            language: Of the text.
        """

    def close(self) -> None:
        """Gives back what it holds."""


class EspeakSource:
    """espeak-ng through a helper process, which starts with the first sentence and ends with `close`.

    Use it as a context: `with EspeakSource() as source: ...`.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EspeakSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def phonemes(self, text: str, *, variant: str, language: Language) -> Utterance:
        """Speaks one sentence.

        Raises:
            InputError: espeak-ng finds nothing to speak in it, or lacks the variant.
            BackendMissing: The package espeakng-loader is not installed.
            EmogenError: espeak-ng crashed, hung or refused.
        """
        variants = _installed()[1] / "voices" / "!v"
        if variant and not (variants / variant).is_file():  # espeak-ng would speak with another one
            raise InputError("voice variant", f'espeak-ng has no "{variant}"', 'Usual: "klatt6", or "" for its own.')
        voice = f"{language.espeak}+{variant}" if variant else language.espeak
        request = {"text": text, "voice": voice, "rate_wpm": RATE_WPM, "pitch": PITCH, "range": RANGE}
        header, raw = self._ask(request)
        if "error" in header:
            raise EmogenError("espeak-ng", str(header["error"]))
        audio = np.frombuffer(raw, dtype="<i2").astype(np.float32) / 32768.0
        rate = int(header["sample_rate"])
        phones = _phones(
            [(s, ipa.replace("-", "")) for kind, s, ipa, *_ in header["events"] if kind == "phone"], len(audio), rate
        )
        if not any(phone.ipa for phone in phones):
            raise InputError("text", f"{text[:40]!r} has no sound in {language.name}", "Accepted: words.")
        marks = [(s / rate, position) for kind, s, position, *_ in header["events"] if kind == "word"]
        return Utterance(audio, rate, phones, _words(text, marks, phones))

    def close(self) -> None:
        """Ends the helper process and waits for it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Its answer; a helper that died, as the system ends one when memory is short, is started once more."""
        try:
            return self._ask_once(request)
        except _HelperDied:
            try:
                return self._ask_once(request)
            except _HelperDied as error:
                raise _crashed(request, "ended unexpectedly") from error

    def _ask_once(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        process = self._process = self._process or _start()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = Timer(self._timeout_s, process.kill)
        timer.start()
        header, raw, wanted = None, b"", 0
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            header = json.loads(line) if line.endswith(b"\n") else None
            wanted = 2 * header.get("samples", 0) if header else 0
            raw = process.stdout.read(wanted)
        except BrokenPipeError:
            pass  # it died before it was asked
        except (OSError, ValueError) as error:
            self.close()
            raise _crashed(request, "could not be talked to") from error
        finally:
            hung = not timer.is_alive()
            timer.cancel()
        if header is None or len(raw) < wanted:
            self.close()
            if hung:
                raise _crashed(request, f"gave no answer within {self._timeout_s:g} s")
            raise _HelperDied
        return header, raw


class _HelperDied(Exception):
    """The helper process ended before it had answered."""


def _crashed(request: dict[str, Any], what: str) -> EmogenError:
    return EmogenError("espeak-ng", f"the helper process {what} while speaking {request['text'][:40]!r}")


def _installed() -> tuple[Path, Path]:
    """espeak-ng's library and its folder of data, as the package espeakng-loader carries them."""
    spec = find_spec("espeakng_loader")
    if spec and spec.origin:
        folder = Path(spec.origin).parent
        for name in _LIBRARIES:
            if (folder / name).is_file():
                return folder / name, folder / "espeak-ng-data"
    raise BackendMissing("speech", "espeak-ng was not found", "Install it: pip install espeakng-loader.")


def _start() -> subprocess.Popen[bytes]:
    library, data = _installed()
    # -I -S: the worker needs the standard library alone, and starts in a few ms without site packages.
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("espeak_worker.py")), str(library), str(data)]
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, close_fds=True
        )
    except OSError as error:
        raise EmogenError("espeak-ng", f"the helper process could not be started: {error}") from error


def _phones(events: Sequence[tuple[int, str]], samples: int, rate: int) -> tuple[Phone, ...]:
    """Phones without gaps. Those that espeak-ng reports at the same sample share the time to the next one."""
    starts = [*(min(sample, samples) for sample, _ in events), samples]
    found: list[Phone] = []
    if events and starts[0] > 0:
        found.append(Phone("", 0.0, starts[0] / rate))
    i = 0
    while i < len(events):
        j = next(k for k in range(i + 1, len(starts)) if starts[k] > starts[i] or k == len(events))
        edges = np.linspace(starts[i], starts[j], j - i + 1) / rate
        found += [Phone(events[k][1], float(edges[k - i]), float(edges[k - i + 1])) for k in range(i, j)]
        i = j
    merged: list[Phone] = []
    for phone in found:
        if phone.end_s <= phone.start_s:
            continue
        if merged and not phone.ipa and not merged[-1].ipa:
            merged[-1] = Phone("", merged[-1].start_s, phone.end_s)
        else:
            merged.append(phone)
    return tuple(merged)


def _words(text: str, marks: Sequence[tuple[float, int]], phones: Sequence[Phone]) -> tuple[Word, ...]:
    """Words as written (split at blanks), each with the time of the phones that espeak-ng spoke for it.

    espeak-ng marks a word by its place in the text; it runs small words together and reads one number as
    several words. A written word without a mark shares, by its letters, the time of the one before it.
    """
    tokens: list[tuple[int, int, str]] = []
    begin = 0
    for token in text.split():
        begin = text.index(token, begin)
        tokens.append((begin, begin + len(token), token))
        begin += len(token)
    spoken = [t for t in tokens if any(c.isalnum() or c in "&%$€£@#+=°" for c in t[2])] or tokens
    owners: dict[int, float] = {}
    for start_s, position in marks:
        index = next((i for i, (_, end, _) in enumerate(spoken) if position < end), len(spoken) - 1)
        owners.setdefault(index, start_s)
    owners.setdefault(0, next((p.start_s for p in phones if p.ipa), 0.0))
    found: list[Word] = []
    indices = sorted(owners)
    for here, following in zip(indices, [*indices[1:], len(spoken)], strict=True):
        limit = owners.get(following, phones[-1].end_s)
        heard = [p for p in phones if p.ipa and owners[here] - 1e-6 <= p.start_s < limit - 1e-6]
        if not heard:
            continue
        lengths = [max(len(spoken[i][2]), 1) for i in range(here, following)]
        edges = heard[0].start_s + np.cumsum([0, *lengths]) / sum(lengths) * (heard[-1].end_s - heard[0].start_s)
        found += [
            Word(spoken[i][2], float(edges[i - here]), float(edges[i - here + 1])) for i in range(here, following)
        ]
    return tuple(found)
