"""SoundFont 2 files -> instruments: which samples a note takes, and how they are tuned, looped and shaped.

Read are the chunks and generators of the SoundFont Technical Specification 2.04 that a mono sampler needs (sections 7
and 8.1.2); modulators are left out. What plays the notes is `media/sampler.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.errors import FormatError
from emogen.media.sniff import check_file

#: Bank of the drum kits (section 7.2).
DRUM_BANK = 128
LARGEST_BYTES = 256 << 20  # of a sound font; own assumption
#: Generators by their numbers (section 8.1.2), and what holds where a zone says nothing (section 8.1.3).
GENERATORS = {
    0: "start", 1: "end", 2: "loop_start", 3: "loop_end", 4: "start_coarse", 6: "vibrato_cents", 7: "envelope_to_pitch",
    8: "cutoff", 9: "resonance", 11: "envelope_to_cutoff", 12: "end_coarse", 17: "pan", 23: "vibrato_delay",
    24: "vibrato_rate", 25: "mod_delay", 26: "mod_attack", 27: "mod_hold", 28: "mod_decay", 29: "mod_sustain",
    33: "delay", 34: "attack", 35: "hold", 36: "decay", 37: "sustain", 38: "release", 40: "key_to_decay",
    41: "instrument", 43: "keys", 44: "velocities", 45: "loop_start_coarse", 48: "attenuation",
    50: "loop_end_coarse", 51: "coarse_tune", 52: "fine_tune", 53: "sample", 54: "mode", 56: "scale", 57: "exclusive",
    58: "root",
}  # fmt: skip
DEFAULTS = dict.fromkeys(GENERATORS.values(), 0) | {
    "cutoff": 13_500, "scale": 100, "root": -1, "keys": 127 << 8, "velocities": 127 << 8, "instrument": -1, "sample": -1,
    **dict.fromkeys(("delay", "attack", "hold", "decay", "release", "mod_delay", "mod_attack", "mod_hold", "mod_decay"),
                    -12_000),
    "vibrato_delay": -12_000,
}  # fmt: skip
UNSIGNED = (41, 43, 44, 53)
#: Zones of a preset add these to those of its instrument (section 9.4): all but what is no value.
NOT_ADDED = {"keys", "velocities", "instrument", "sample", "mode", "exclusive", "root"}

_PRESET = np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "<u4", 3)])
_INSTRUMENT = np.dtype([("name", "S20"), ("bag", "<u2")])
_BAG = np.dtype([("gen", "<u2"), ("mod", "<u2")])
_GENERATOR = np.dtype([("kind", "<u2"), ("value", "<i2")])
_SAMPLE = np.dtype(
    [("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"), ("rate", "<u4"),
     ("pitch", "u1"), ("correction", "i1"), ("link", "<u2"), ("kind", "<u2")]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Zone:
    """One sample over a range of keys and velocities.

    Attributes:
        keys: Lowest and highest MIDI pitch.
        velocities: Lowest and highest velocity.
        wave: The recording, float32 [n] in -1..1.
        rate_hz: Its sampling rate.
        loop: First sample of the loop and the one after its last; None: it plays once.
        root: MIDI pitch at which it plays as recorded, cents included.
        settings: Generator name -> value in the units of the specification.
    """

    keys: tuple[int, int]
    velocities: tuple[int, int]
    wave: NDArray[np.float32]
    rate_hz: int
    loop: tuple[int, int] | None
    root: float
    settings: dict[str, int]


class SoundFont:
    """The instruments of a sound font.

    Args:
        path: An `.sf2` file with 16-bit samples.

    Raises:
        InputError: No such file.
        FormatError: Not a SoundFont 2 file, or a broken one.
        LimitError: Too large.
    """

    def __init__(self, path: str | Path) -> None:
        path = check_file(path, max_bytes=LARGEST_BYTES, limit="sound font")
        try:
            self._presets = _read(path.read_bytes())
        except (ValueError, KeyError, IndexError) as error:
            raise FormatError(str(path), f"is no SoundFont 2 file: {error}", "Accepted: .sf2 files.") from error

    def zones(self, program: int, is_drum: bool, pitch: int, velocity: int) -> tuple[Zone, ...]:
        """What sounds for a note: all zones whose ranges hold it. An instrument that is missing is played by program 0."""
        key = (DRUM_BANK, program) if is_drum else (0, program)
        preset = self._presets.get(key) or self._presets.get((key[0], 0), ())
        return tuple(
            z for z in preset
            if z.keys[0] <= pitch <= z.keys[1] and z.velocities[0] <= velocity <= z.velocities[1]
        )  # fmt: skip


def _read(data: bytes) -> dict[tuple[int, int], tuple[Zone, ...]]:
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise ValueError("it does not begin with RIFF ... sfbk")
    chunks: dict[bytes, memoryview] = {}
    _collect(memoryview(data)[12:], chunks)
    wave = np.frombuffer(chunks[b"smpl"], "<i2").astype(np.float32) / 32_768
    presets, instruments, samples = (
        np.frombuffer(chunks[name], kind)
        for name, kind in ((b"phdr", _PRESET), (b"inst", _INSTRUMENT), (b"shdr", _SAMPLE))
    )
    of_instruments = _bags(instruments, chunks[b"ibag"], chunks[b"igen"])
    of_presets = _bags(presets, chunks[b"pbag"], chunks[b"pgen"])
    found = {}
    for preset, bags in zip(presets, of_presets, strict=False):
        zones = []
        for over in _inherited(bags, "instrument"):
            for own in _inherited(of_instruments[over["instrument"]], "sample"):
                merged = DEFAULTS | own
                for name in over.keys() - NOT_ADDED:
                    merged[name] += over[name]
                zones.append(_zone(merged, samples[merged["sample"]], wave, over.get("keys", 127 << 8)))
        found[int(preset["bank"]), int(preset["program"])] = tuple(zones)
    return found


def _collect(data: memoryview, chunks: dict[bytes, memoryview]) -> None:
    """Chunks by name, those within lists included."""
    at = 0
    while at + 8 <= len(data):
        name, size = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"LIST":
            _collect(body[4:], chunks)
        else:
            chunks[name] = body
        at += 8 + size + size % 2


def _bags(owners: np.ndarray, bag_data: memoryview, generator_data: memoryview) -> list[list[dict[str, int]]]:
    """Per preset or instrument (but the terminal one) the settings of its bags."""
    starts = np.frombuffer(bag_data, _BAG)["gen"].tolist()
    generators = np.frombuffer(generator_data, _GENERATOR).tolist()
    bags = [
        {
            GENERATORS[kind]: value & 0xFFFF if kind in UNSIGNED else value
            for kind, value in generators[a:b]
            if kind in GENERATORS
        }
        for a, b in pairwise(starts)
    ]
    return [bags[a:b] for a, b in zip(owners["bag"][:-1], owners["bag"][1:], strict=True)]


def _inherited(bags: list[dict[str, int]], needed: str) -> list[dict[str, int]]:
    """The zones proper; a first bag without `needed` holds for all of them (section 7.3)."""
    common = bags[0] if bags and needed not in bags[0] else {}
    return [common | bag for bag in bags if needed in bag]


def _zone(s: dict[str, int], sample: np.void, wave: NDArray[np.float32], preset_keys: int) -> Zone:
    def at(name: str) -> int:  # absolute, in samples of the whole chunk
        return int(sample[name]) + s[name] + 32_768 * s[f"{name}_coarse"]

    start, end = at("start"), at("end")
    loop = (at("loop_start") - start, at("loop_end") - start)
    looped = s["mode"] & 1 and 0 <= loop[0] < loop[1] <= end - start
    low, high = (max(s["keys"] & 255, preset_keys & 255), min(s["keys"] >> 8, preset_keys >> 8))
    root = (s["root"] if s["root"] >= 0 else int(sample["pitch"])) - (
        s["coarse_tune"] + (s["fine_tune"] + int(sample["correction"])) / 100
    )
    velocities = (s["velocities"] & 255, s["velocities"] >> 8)
    return Zone((low, high), velocities, wave[start:end], int(sample["rate"]), loop if looped else None, root, s)
