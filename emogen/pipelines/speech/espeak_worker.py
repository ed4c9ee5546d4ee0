"""The helper process that speaks with espeak-ng: text lines in, sound and phone times out.

It runs as a script of its own (`python -I espeak_worker.py LIBRARY DATA`), uses the standard library alone
and shares no memory with emogen: espeak-ng is under the GPL-3 and is only talked to through two pipes. Each
request loads the library afresh, since espeak-ng keeps state from one utterance to the next.

A request is one line of JSON: `{"text": ..., "voice": ..., "rate_wpm": ..., "pitch": ..., "range": ...}`.
The answer is one line of JSON, either `{"error": ...}` or `{"sample_rate": hz, "samples": n, "events": [...]}`
followed by n little-endian 16-bit samples. An event is `["word", sample, position, length]` (position: 0-based
character of the text) or `["phone", sample, ipa]` (an empty ipa is a pause).
"""

from __future__ import annotations

import ctypes
import json
import os
import sys

# espeak-ng's speak_lib.h, version 1.52: modes, flags, parameters and events.
SYNCHRONOUS = 2
PHONEME_EVENTS, PHONEME_IPA, DONT_EXIT = 0x0001, 0x0002, 0x8000
CHARS_UTF8 = 1
POSITION_CHARACTER = 1
RATE, PITCH, RANGE = 1, 3, 4
EVENT_END_OF_LIST, EVENT_WORD, EVENT_PHONEME = 0, 1, 7


class EventId(ctypes.Union):
    """The `id` of an event: a number, a name, or the phone's IPA in up to 8 bytes."""

    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", EventId),
    )


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


def speak(library: ctypes.CDLL, data: str, request: dict) -> tuple[dict, bytes]:
    """One utterance by a library just loaded: the answer's header and its samples."""
    sample_rate = library.espeak_Initialize(SYNCHRONOUS, 0, os.fsencode(data), PHONEME_EVENTS | PHONEME_IPA | DONT_EXIT)
    if sample_rate <= 0:
        return {"error": "espeak-ng could not read its data"}, b""
    if library.espeak_SetVoiceByName(request["voice"].encode()) != 0:
        return {"error": f"espeak-ng has no voice {request['voice']}"}, b""
    for parameter, name in ((RATE, "rate_wpm"), (PITCH, "pitch"), (RANGE, "range")):
        library.espeak_SetParameter(parameter, int(request[name]), 0)
    blocks: list[bytes] = []
    events: list[list] = []

    def collect(samples: int | None, count: int, found: ctypes.Array) -> int:
        if samples and count > 0:
            blocks.append(ctypes.string_at(samples, 2 * count))
        for event in found:
            if event.type == EVENT_END_OF_LIST:
                return 0
            if event.type == EVENT_WORD:
                events.append(["word", event.sample, event.text_position - 1, event.length])
            elif event.type == EVENT_PHONEME:
                events.append(["phone", event.sample, event.id.string.decode("utf-8", "ignore")])
        return 0

    callback = CALLBACK(collect)
    library.espeak_SetSynthCallback(callback)
    text = request["text"].encode()
    library.espeak_Synth(text, len(text) + 1, 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    library.espeak_Terminate()
    samples = b"".join(blocks)
    return {"sample_rate": sample_rate, "samples": len(samples) // 2, "events": events}, samples


def unload(library: ctypes.CDLL) -> None:
    """Takes the library out of the process, so that the next load begins without its state."""
    import _ctypes

    close = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary  # type: ignore[attr-defined]
    close(library._handle)


def main() -> None:
    """Answers requests until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints does not mix with the answers
    path, data = sys.argv[1:3]
    for line in sys.stdin.buffer:
        library = ctypes.CDLL(path)
        header, samples = speak(library, data, json.loads(line))
        unload(library)
        answers.write(json.dumps(header).encode() + b"\n" + samples)
        answers.flush()


if __name__ == "__main__":
    main()
