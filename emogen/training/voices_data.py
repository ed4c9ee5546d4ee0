"""What the embedded voices learn from: free voices (flite, festival) that read many sentences, taken apart by WORLD.

    python -m emogen.training.voices_data --out FOLDER

The teachers' programs are needed here alone, never to speak. What is stored for each teacher: `NAME.npz` with the
representation of the voice codec every 5 ms of all sentences, and `NAME.json` with the sounds and their frames.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from emogen.codecs.voice import (
    BINS,
    FRAME_S,
    SAMPLE_RATE,
    VoiceCodec,
    VoiceFrames,
    analyze,
    find_f0,
    through_unvoiced,
)
from emogen.errors import BackendMissing, InputError
from emogen.media.atomic import atomic_path
from emogen.media.audio import read_audio
from emogen.pipelines.speech.acoustic_input import PAUSE, Sound, sounds_of
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.training.packs import pack
from emogen.training.voices_align import TEACHER_PAUSES, Placed, align
from emogen.training.voices_text import own_sentences

EDGE_S = (0.05, 0.10)  # silence kept before and behind a sentence
LEVEL = 0.08  # root mean square of every sentence; own choice
TELEPHONE_HZ = 7_300.0  # teachers at 16 kHz have nothing above 8 kHz; their spectra are drawn on from here
TOP_SLOPE_DB_OCT = -9.0  # as in `polish`
FLOOR_POWER = 1e-7  # as in `polish`
OCTAVE_ST = 6.0  # farther than this from the median of 0.4 s is an octave error; own assumption
_HZ = np.arange(BINS) * (SAMPLE_RATE / 2 / (BINS - 1))


@dataclass(frozen=True)
class Teacher:
    """A free voice: the program that has it, its name there, the range of its F0 in Hz, and its sampling rate."""

    name: str
    program: str
    voice: str
    f0_hz: tuple[float, float]
    sample_rate: int = 16_000


TEACHERS = (
    Teacher("rms", "flite", "rms", (60.0, 220.0)),
    Teacher("awb", "flite", "awb", (70.0, 300.0)),
    Teacher("slt", "festival", "cmu_us_slt_arctic_hts", (100.0, 360.0), 32_000),
)


@dataclass(frozen=True)
class Said:
    """A sentence of a teacher: its sounds, silence at both ends included, and the frame at which each begins."""

    text: str
    sounds: tuple[Sound, ...]
    starts: tuple[int, ...]
    frames: int


def sentences(data_dir: str | Path | None = None, count: int = 1200, seed: int = 0) -> list[str]:
    """Sentences to be read: some of our own, the rest from EmoBank, those without numbers and abbreviations."""
    with gzip.open(pack("text/emobank", data_dir) / "emobank.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        rows = [" ".join(row["text"].split()).strip('"') for row in csv.DictReader(stream)]
    plain = re.compile(r"[A-Z](?:[a-z]|I\b)*(?:[,;:]? (?:--? )?[A-Z]?[a-z]+(?:'[a-z]+)?(?:-[a-z]+)?)+[.?!]")
    usable = [t for t in dict.fromkeys(rows) if 3 <= len(t.split()) <= 17 and plain.fullmatch(t)]
    rng = np.random.default_rng(seed)
    own = own_sentences(count // 3, seed)
    chosen = [usable[i] for i in rng.permutation(len(usable))[: count - len(own)]]
    mixed = own + chosen
    return [mixed[i] for i in rng.permutation(len(mixed))]


def speak(teacher: Teacher, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.float32], list[tuple[str, float]]]]:
    """Sound at 22 050 Hz and (phone, end in s) of each text.

    Raises:
        BackendMissing: The teacher's program is not installed.
        InputError: It does not have the voice, or could not speak.
    """
    if shutil.which(teacher.program) is None:
        package = {"flite": "flite", "festival": "festival festvox-us-slt-hts"}[teacher.program]
        found = f"the program {teacher.program}, whose voice is learnt from, is not installed"
        raise BackendMissing("voices", found, f"Debian: apt-get install {package}.")
    with tempfile.TemporaryDirectory() as folder:
        for begin in range(0, len(texts), 40):
            some = texts[begin : begin + 40]
            one = _flite if teacher.program == "flite" else _festival
            for path, phones in one(teacher, some, Path(folder)):
                yield read_audio(path, sample_rate=SAMPLE_RATE).samples, phones


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(command[0], f"ended with {done.returncode}: {done.stderr.strip()[:120]}")
    return done.stdout


def _flite(teacher: Teacher, texts: Sequence[str], folder: Path) -> Iterator[tuple[Path, list[tuple[str, float]]]]:
    for text in texts:
        path = folder / "said.wav"
        told = _run(["flite", "-voice", teacher.voice, "-psdur", "-t", text, "-o", str(path)])
        pairs = (item.rsplit(":", 1) for item in told.split() if ":" in item)
        yield path, [(name, float(end)) for name, end in pairs]


def _festival(teacher: Teacher, texts: Sequence[str], folder: Path) -> Iterator[tuple[Path, list[tuple[str, float]]]]:
    lines = [f"(voice_{teacher.voice})"]
    for i, text in enumerate(texts):
        quoted = text.replace("\\", "").replace('"', "")
        lines.append(
            f'(let ((u (utt.synth (Utterance Text "{quoted}")))) (utt.save.wave u "{folder}/{i}.wav" \'riff)'
            f' (utt.save.segs u "{folder}/{i}.lab"))'
        )
    script = folder / "say.scm"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _run(["festival", "-b", str(script)])
    for i in range(len(texts)):
        rows = (folder / f"{i}.lab").read_text(encoding="utf-8").splitlines()
        yield folder / f"{i}.wav", [(row.split()[2], float(row.split()[0])) for row in rows if len(row.split()) == 3]


def placed(sounds: Sequence[Sound], phones: Sequence[tuple[str, float]]) -> tuple[list[Sound], list[Placed]] | None:
    """Our sounds with the teacher's pauses, and when each is heard; None where the two do not fit."""
    begins = [0.0, *(end for _, end in phones[:-1])]
    timed = [(name, begin, end) for (name, end), begin in zip(phones, begins, strict=True) if end > begin]
    voiced = [i for i, (name, _, _) in enumerate(timed) if name not in TEACHER_PAUSES]
    if not voiced or not sounds:
        return None
    where = align([s.symbol for s in sounds], timed[voiced[0] : voiced[-1] + 1])
    if where is None:
        return None
    return [sounds[p.index] if p.index >= 0 else Sound(PAUSE, 0, -1, "comma") for p in where], where


def features(audio: NDArray[np.float32], teacher: Teacher) -> NDArray[np.float32]:
    """The codec's representation [T, 45] of a teacher's sentence: level set, F0 mended, the top band drawn on."""
    audio = audio * np.float32(LEVEL / max(float(np.sqrt(np.mean(audio**2))), 1e-6))
    f0 = find_f0(audio, f0_floor_hz=teacher.f0_hz[0], f0_ceil_hz=teacher.f0_hz[1])
    if np.any(f0 > 0):
        semitones = 12.0 * np.log2(through_unvoiced(f0))
        f0 = np.where(np.abs(semitones - median_filter(semitones, 81, mode="nearest")) > OCTAVE_ST, 0.0, f0)
    frames = analyze(audio, f0_hz=f0)
    if teacher.sample_rate < SAMPLE_RATE:
        frames = _drawn_on(frames)
    return VoiceCodec().pack(VoiceFrames(frames.f0_hz, np.maximum(frames.envelope, FLOOR_POWER), frames.aperiodicity))


def _drawn_on(frames: VoiceFrames) -> VoiceFrames:
    """The spectrum above 7.3 kHz from what lies below it."""
    low = (_HZ > TELEPHONE_HZ - 900.0) & (_HZ <= TELEPHONE_HZ)
    high = _HZ > TELEPHONE_HZ
    level = np.log(frames.envelope[:, low]).mean(axis=1, keepdims=True)
    fall = TOP_SLOPE_DB_OCT * np.log2(_HZ[high] / TELEPHONE_HZ) * np.log(10.0) / 10.0
    envelope, noise = frames.envelope.copy(), frames.aperiodicity.copy()
    envelope[:, high] = np.exp(level + fall)
    noise[:, high] = np.maximum(noise[:, high], noise[:, low].mean(axis=1, keepdims=True))
    return VoiceFrames(frames.f0_hz, envelope, noise)


def _said(text: str, sounds: Sequence[Sound], where: Sequence[Placed], count: int) -> tuple[Said, int, int]:
    """The sentence between its silences, and which frames of the teacher's sound it takes."""
    first = max(0, round((where[0].start_s - EDGE_S[0]) / FRAME_S))
    last = min(count, round((where[-1].end_s + EDGE_S[1]) / FRAME_S))
    starts = [0, *(round(p.start_s / FRAME_S) - first for p in where), round(where[-1].end_s / FRAME_S) - first]
    end = Sound(PAUSE, 0, -1, sounds[-1].end)
    all_sounds = (Sound(PAUSE, 0, -1, sounds[0].end), *sounds, end)
    return Said(text, all_sounds, tuple(starts), last - first), first, last


def make(teacher: Teacher, texts: Sequence[str], folder: Path) -> int:
    """Lets a teacher read and stores what it said, unless that was done before; returns how many sentences fitted."""
    listing = folder / f"{teacher.name}.json"
    if listing.is_file():
        return len(json.loads(listing.read_text(encoding="utf-8"))["said"])
    folder.mkdir(parents=True, exist_ok=True)
    language = find_language("en")
    said: list[dict[str, Any]] = []
    blocks: list[NDArray[np.float16]] = []
    with EspeakSource() as source:
        for number, (text, (audio, phones)) in enumerate(zip(texts, speak(teacher, texts), strict=True)):
            ours = source.phonemes(text, variant="", language=language)
            found = placed(sounds_of(ours.phones, ours.words), phones)
            if found is not None:
                rows = features(audio, teacher)
                sentence, first, last = _said(text, *found, len(rows))
                said.append(asdict(sentence))
                blocks.append(rows[first:last].astype(np.float16))
            if number % 100 == 99:
                print(f"{teacher.name}: {number + 1} sentences read, {len(said)} fitted", flush=True)
    with atomic_path(folder / f"{teacher.name}.npz") as part, part.open("wb") as stream:
        np.savez(stream, rows=np.concatenate(blocks))
    with atomic_path(listing) as part:
        part.write_text(json.dumps({"teacher": asdict(teacher), "said": said}, ensure_ascii=False), encoding="utf-8")
    return len(said)


def read(folder: Path, name: str) -> list[tuple[Said, NDArray[np.float16]]]:
    """The sentences of a teacher and the representation of each [frames, 45].

    Raises:
        InputError: Nothing was made for it.
    """
    if not (folder / f"{name}.json").is_file():
        raise InputError("voices", f"no {name}.json in {folder}", "Make it: python -m emogen.training.voices_data.")
    listing = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(folder / f"{name}.npz") as stored:
        rows = stored["rows"]
    found, at = [], 0
    for item in listing["said"]:
        sounds = tuple(Sound(**s) for s in item["sounds"])
        found.append((Said(item["text"], sounds, tuple(item["starts"]), item["frames"]), rows[at : at + item["frames"]]))
        at += item["frames"]
    return found


def main() -> None:
    """Lets the teachers read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the features")
    parser.add_argument("--data", type=Path, help="the folder of the data packs (else EMOGEN_DATA)")
    parser.add_argument("--count", type=int, default=1200, help="sentences each")
    parser.add_argument("--teachers", nargs="*", default=[t.name for t in TEACHERS], help="which of them")
    args = parser.parse_args()
    texts = sentences(args.data, args.count)
    for teacher in TEACHERS:
        if teacher.name in args.teachers:
            print(f"{teacher.name}: {make(teacher, texts, args.out)} of {len(texts)} sentences fitted", flush=True)


if __name__ == "__main__":
    main()
