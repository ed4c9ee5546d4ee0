"""What the ear of the lips learns from: speech whose phones are known to the sample, and EmoDB's, which people marked.

    python -m emogen.training.lips_data --out FOLDER

Synthetic speech is espeak-ng's in many variants and languages, the embedded voices with any build, rate and feeling
(the open conversion), and flite's free voices, which come from recordings. English sentences are of our own and
EmoBank's; what is said in other languages is made of their letters: it means nothing, but it sounds as they do. Sound is
stored at 16 kHz with the sound of each 10 ms.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emogen.checkpoints import checkpoint_folder
from emogen.codecs.voice import VoiceCodec
from emogen.errors import BackendMissing, EmogenError
from emogen.media.atomic import atomic_path
from emogen.media.audio import read_audio, resample
from emogen.models.lips import HOP, SAMPLE_RATE_HZ
from emogen.pipelines.speech.conversion import OPEN, VoiceConversionPipeline
from emogen.pipelines.speech.languages import find_language
from emogen.pipelines.speech.phonemes import EspeakSource
from emogen.pipelines.speech.pipeline import SpeechPipeline
from emogen.pipelines.speech.voices import VOICES, Voice
from emogen.pipelines.talking_head.sounds import atoms, names
from emogen.training.packs import pack
from emogen.training.voices_data import sentences

#: Frames whose sound is not known: they are not learnt from.
UNKNOWN = -1
#: A man and a woman of EmoDB, and two of its ten sentences (those with most lips closed): for the figures alone.
HELD_OUT_SPEAKERS, HELD_OUT_TEXTS = ("emodb11", "emodb14"), ("a05", "b10")
HELD_OUT_EVERY = 20  # each 20th synthetic text
VARIANTS = ("m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 klatt klatt2 klatt3 klatt4 klatt5 klatt6 adam anika antonio "
            "benjamin caleb david edward gene grandma grandpa ian iven john linda michael mike norbert paul pedro quincy "
            "robert sandro shelby steph travis victor zac whisper max pablo belinda")  # fmt: skip
FEELINGS = ("neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust")
#: Share of English sentences; the others are spread over the other languages. Own choice.
ENGLISH = 0.4
#: Letters that a word of each language is made of: what may begin it, its vowels, what may end a syllable.
_LATIN = ("p b m f v t d n s l r k g h p b m br pl fr st tr kl sp", "a e i o u a e i o ai au", "m n s r l p t b")
LETTERS: dict[str, tuple[str, str, str]] = {
    "de": ("p b m f w t d n s l r k g h j z sch st sp pf bl br gr kr fl", "a e i o u ä ö ü au ei eu ie", "m n s r l p t b ch ng ck nd"),
    "fr": ("p b m f v t d n s l r c g j ch qu br pl tr", "a e i o u é è eu ou oi an on in au", "m n s r l p t b ne gne che"),
    "es": ("p b m f v t d n s l r c g j ch ll ñ br pl tr", "a e i o u ie ue", "n s r l m d"),
    "it": ("p b m f v t d n s l r c g ch gl gn sc br pl z", "a e i o u ia io", "n r l pp bb mm tt ss"),
    "pl": ("p b m f w t d n s l r k g h ch cz sz rz ś ż ł j br pl krz", "a e i o u ó y ą ę", "m n s r l p t b ć sz k"),
    "pt-br": ("p b m f v t d n s l r c g j lh nh br pl", "a e i o u ão ã é ou ei", "m s r l"),
    "nl": ("p b m f v t d n s l r k g h w sch st br pl", "a e i o u aa ee oo uu ij ui oe eu", "m n s r l p t b g ng k"),
    "cs": ("p b m f v t d n s l r k h ch č š ž ř j br pl", "a e i o u á é í ů ou y", "m n s r l p t b k š"),
    "hu": ("p b m f v t d n sz l r k g h cs s zs gy ny br", "a e i o u á é ö ő ü ű", "m n sz r l p t b k"),
    "sv": ("p b m f v t d n s l r k g h j sj tj br pl st", "a e i o u å ä ö y", "m n s r l p t b k ng"),
    "da": ("p b m f v t d n s l r k g h j br pl st", "a e i o u å æ ø y", "m n s r l p t b k ng"),
    "fi": ("p m v t n s l r k h j p m v", "a e i o u ä ö y aa ää uu yö uo", "n s r l t pp mm kk"),
    "tr": ("p b m f v t d n s l r k g h y ş ç c b m", "a e i o u ı ö ü", "m n s r l p t k ş"),
    "el": ("π μ φ β τ ν σ λ ρ κ γ δ θ χ μπ ντ", "α ε ι ο ου η υ αι", "ν ς ρ λ μ"),
    "ru": ("п б м ф в т д н с л р к г х ж ш ч бр пл", "а е и о у ы я ю ё", "м н с р л п т б к ш"),
    **dict.fromkeys(("pt", "ro", "sk", "nb", "uk"), _LATIN),
}  # fmt: skip
LETTERS["uk"] = LETTERS["ru"]
#: EmoDB's letters -> IPA, where they differ. Its "4" is an r after a stop; "asp" is the breath after a stop, part of it.
EMODB = {
    "I": "ɪ", "U": "ʊ", "E": "ɛ", "O": "ɔ", "Y": "ʏ", "@": "ə", "6": "ɐ", "9": "œ", "A": "ɑ", "N": "ŋ", "S": "ʃ", "C": "ç",
    "X": "χ", "R": "ʀ", "4": "ʁ", "B": "b", "D": "d", "G": "ɡ", "V": "v", "H": "ɦ", "L": "l", "g": "ɡ", "?": "ʔ", "J": "j",
}  # fmt: skip


#: flite's voices: of diphones, and of the statistics of three people's recordings.
READERS = ("kal16", "rms", "awb", "slt")
#: The CMU phones -> IPA.
_CMU = (
    "aa:ɑ ae:æ ah:ʌ ao:ɔ aw:aʊ ax:ə axr:ɚ ay:aɪ b:b ch:tʃ d:d dh:ð dx:ɾ eh:ɛ el:l em:m en:n er:ɚ ey:eɪ f:f g:ɡ hh:h hv:h "
    "ih:ɪ ix:ɪ iy:i jh:dʒ k:k l:l m:m n:n nx:n ng:ŋ ow:oʊ oy:ɔɪ p:p r:ɹ s:s sh:ʃ t:t th:θ uh:ʊ uw:u v:v w:w y:j z:z zh:ʒ"
)  # fmt: skip
CMU = dict(pair.split(":") for pair in _CMU.split())


@dataclass(frozen=True, eq=False)
class Said:
    """A recording.

    Attributes:
        samples: [n], 16 kHz.
        sounds: [n // 160] the sound of each 10 ms, or `UNKNOWN`.
        speaker: Who.
        text: What.
        held_out: Whether it is for the figures alone.
    """

    samples: NDArray[np.float32]
    sounds: NDArray[np.int8]
    speaker: str
    text: str
    held_out: bool


def framed(pieces: Sequence[tuple[int, float, float]], count: int) -> NDArray[np.int8]:
    """(sound, start, end) -> the sound at the middle of each 10 ms; "not speech" outside."""
    found = np.zeros(count, np.int8)
    for sound, start, end in pieces:
        a, b = (max(0, round(t * SAMPLE_RATE_HZ / HOP)) for t in (start, end))
        found[a:b] = sound
    return found


def nonsense(language: str, rng: np.random.Generator) -> str:
    """A sentence of a language's letters."""
    begins, middles, ends = (part.split() for part in LETTERS[language])
    words = []
    for _ in range(int(rng.integers(3, 9))):
        word = "".join(str(rng.choice(begins)) + str(rng.choice(middles)) for _ in range(int(rng.integers(1, 4))))
        words.append(word + (str(rng.choice(ends)) if rng.random() < 0.6 else ""))
    cut = int(rng.integers(1, len(words)))
    inner = ", " if rng.random() < 0.25 else " "
    return (" ".join(words[:cut]) + inner + " ".join(words[cut:])).capitalize() + str(rng.choice([".", ".", "?", "!"]))


def _texts(count: int, rng: np.random.Generator, data_dir: str | Path | None) -> Iterator[tuple[str, str]]:
    english = iter(sentences(data_dir, round(count * ENGLISH) + 50, int(rng.integers(1 << 30))))
    others = list(LETTERS)
    for _ in range(count):
        if rng.random() < ENGLISH and (text := next(english, None)):
            yield text, "en" if rng.random() < 0.7 else "en-gb"
        else:
            language = str(rng.choice(others))
            yield nonsense(language, rng), language


def _stored(audio: NDArray[np.float32], rate: int, phones: Sequence[tuple[str, float, float]], who: str, text: str, number: int) -> Said:
    samples = resample(audio, rate, SAMPLE_RATE_HZ)
    return Said(samples, framed(atoms(phones), len(samples) // HOP), who, text, number % HELD_OUT_EVERY == 0)


def espeak(count: int, seed: int, data_dir: str | Path | None = None) -> Iterator[Said]:
    """Sentences of espeak-ng's own voices."""
    rng = np.random.default_rng([seed, 1])
    variants = ["", *VARIANTS.split()]
    with EspeakSource() as source:
        for number, (text, language) in enumerate(_texts(count, rng, data_dir)):
            variant = str(rng.choice(variants))
            try:
                u = source.phonemes(text, variant=variant, language=find_language(language))
            except EmogenError:
                continue
            phones = [(p.ipa, p.start_s, p.end_s) for p in u.phones]
            yield _stored(u.audio, u.sample_rate, phones, f"espeak/{language}/{variant}", text, number)


def embedded(count: int, seed: int, data_dir: str | Path | None = None) -> Iterator[Said]:
    """Sentences of the embedded voices: each another build, pace and feeling."""
    rng = np.random.default_rng([seed, 2])
    pipe = SpeechPipeline(VoiceCodec(), VoiceConversionPipeline.from_pretrained(str(checkpoint_folder(OPEN))))
    pipe.set_progress_bar_config(disable=True)
    klatts = ["klatt", "klatt2", "klatt4", "klatt6", "", "m3", "f2"]
    for number, (text, language) in enumerate(_texts(count, rng, data_dir)):
        base = VOICES[str(rng.choice(list(VOICES)))]
        voice: Voice = base
        if rng.random() < 0.7:
            share = float(rng.random())
            mixes = ("slt", "rms", "awb", f"slt:{share:.2f}+rms:{1 - share:.2f}", f"awb:{share:.2f}+slt:{1 - share:.2f}")
            voice = replace(
                base, name="any", variant=str(rng.choice(klatts)), f0_hz=float(rng.uniform(75, 330)),
                formant_ratio=float(rng.uniform(0.85, 1.25)), breath=float(rng.uniform(0, 0.5)),
                tilt_db_oct=float(rng.uniform(-3, 3)), rate=float(rng.uniform(0.7, 1.5)),
                speaker=str(rng.choice(mixes)), speaker_formants=float(rng.uniform(0.85, 1.2)),
            )  # fmt: skip
        feeling = f"{rng.choice(FEELINGS)}:{rng.uniform(0.5, 1.4):.2f}"
        try:
            out = pipe(text, feeling, voice=voice, language=language, nonverbal=False, seed=number)
        except EmogenError:
            continue
        yield _stored(out.audio, out.sample_rate, out.phones, f"embedded/{language}/{voice.name}", text, number)


def read(count: int, seed: int, data_dir: str | Path | None = None) -> Iterator[Said]:
    """English sentences read by flite's voices, faster or slower, higher or lower.

    Raises:
        BackendMissing: flite is not installed.
    """
    if shutil.which("flite") is None:
        raise BackendMissing("lips", "the program flite, whose voices are learnt from, is not installed", "Debian: apt-get install flite.")
    rng = np.random.default_rng([seed, 3])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        for number, text in enumerate(sentences(data_dir, count, int(rng.integers(1 << 30)))):
            reader = READERS[number % len(READERS)]
            stretch, height = rng.uniform(0.75, 1.35), rng.uniform(80, 240)
            command = ["flite", "-voice", reader, "-psdur", "--setf", f"duration_stretch={stretch:.2f}"]
            command += ["--setf", f"int_f0_target_mean={height:.0f}", "-t", text, "-o", str(path)]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            ends = [(name, float(end)) for name, end in (item.rsplit(":", 1) for item in told.split() if ":" in item)]
            begins = [0.0, *(end for _, end in ends[:-1])]
            phones = [(CMU.get(name, ""), a, b) for (name, b), a in zip(ends, begins, strict=True)]
            sound = read_audio(path)
            yield _stored(sound.samples, sound.sample_rate, phones, f"read/{reader}", text, number)


def emodb_pieces(listing: str) -> list[tuple[str, str, float]]:
    """(label, IPA, start in s) of one of EmoDB's label files; "unknown" where nobody knows, "" for silence.

    A row without a label, or with one that begins with + or -, only says more of the sound before it.
    """
    found: list[tuple[str, str, float]] = []
    for row in listing.partition("\n#")[2].splitlines()[1:]:
        fields = row.split()
        if len(fields) < 3 or fields[2][0] in "+-":
            continue
        label = fields[2]
        if label.startswith("("):
            ipa = "unknown"
        elif label.startswith("."):
            ipa = ""
        else:
            plain = re.sub(r"(asp|as)$|[!_]|[+-].*", "", label)
            ipa = "".join(EMODB.get(c, c) for c in plain)
        found.append((label, ipa, float(fields[0])))
    return found


def emodb(data_dir: str | Path | None = None) -> Iterator[tuple[Said, list[tuple[str, str, float, float]]]]:
    """EmoDB's clips, each with (label, IPA, start, end) of its sounds."""
    import soundfile

    folder = pack("speech/emodb", data_dir)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with tarfile.open(folder / "alignments.tar.gz") as marks, tarfile.open(folder / "audio.tar") as sound:
        files = {Path(m.name).name: m for m in sound.getmembers() if m.isfile()}
        known = set(marks.getnames())
        for row in rows:
            stem = Path(row["file"]).stem
            if f"lablaut/{stem}.lablaut" not in known:
                continue
            stored, listed = sound.extractfile(files[Path(row["file"]).name]), marks.extractfile(f"lablaut/{stem}.lablaut")
            assert stored is not None
            assert listed is not None
            samples, _ = soundfile.read(io.BytesIO(stored.read()), dtype="float32")
            begins = emodb_pieces(listed.read().decode("latin-1"))
            if not begins:  # nobody marked it
                continue
            ends = [*(start for _, _, start in begins[1:]), len(samples) / SAMPLE_RATE_HZ]
            timed = [(label, ipa, start, end) for (label, ipa, start), end in zip(begins, ends, strict=True)]
            count = len(samples) // HOP
            frames = framed(atoms([(ipa, a, b) for _, ipa, a, b in timed if ipa != "unknown"]), count)
            for _, ipa, a, b in timed:
                if ipa == "unknown":
                    frames[round(a * 100) : round(b * 100)] = UNKNOWN
            held = row["speaker"] in HELD_OUT_SPEAKERS or row["text_code"] in HELD_OUT_TEXTS
            yield Said(samples, frames, row["speaker"], row["text_code"], held), timed


def store(said: Sequence[Said], path: Path) -> None:
    """All of them in one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part, part.open("wb") as stream:
        np.savez(
            stream,
            samples=np.concatenate([(np.clip(s.samples, -1, 1) * 32767).astype(np.int16) for s in said]),
            sounds=np.concatenate([s.sounds for s in said]),
            lengths=np.array([len(s.samples) for s in said]),
            held_out=np.array([s.held_out for s in said]),
            speakers=np.array([s.speaker for s in said]),
            texts=np.array([s.text for s in said]),
        )


def load(path: Path) -> list[Said]:
    """What `store` wrote."""
    with np.load(path) as stored:
        files = {key: stored[key] for key in stored.files}
    found, at, frame = [], 0, 0
    for i, length in enumerate(files["lengths"].tolist()):
        count = length // HOP
        found.append(Said(
            files["samples"][at : at + length].astype(np.float32) / 32767, files["sounds"][frame : frame + count],
            str(files["speakers"][i]), str(files["texts"][i]), bool(files["held_out"][i]),
        ))  # fmt: skip
        at, frame = at + length, frame + count
    return found


def make(
    folder: Path, *, spoken: int = 2600, felt: int = 1600, told: int = 2800, seed: int = 0, data_dir: str | Path | None = None
) -> list[Said]:
    """All that is learnt from; each kind is made where its file is missing.

    Args:
        folder: Of the files.
        spoken: Sentences of espeak-ng's voices.
        felt: Sentences of the embedded voices.
        told: Sentences of flite's voices.
        seed: Of all of them.
        data_dir: Of the packs.
    """
    kinds = {
        "espeak": lambda: list(espeak(spoken, seed, data_dir)),
        "embedded": lambda: list(embedded(felt, seed, data_dir)),
        "read": lambda: list(read(told, seed, data_dir)),
        "emodb": lambda: [said for said, _ in emodb(data_dir)],
    }
    found: list[Said] = []
    for name, made in kinds.items():
        path = folder / f"{name}.npz"
        if not path.is_file():
            store(made(), path)
        found += load(path)
    return found


def main() -> None:
    """Makes the data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the data")
    parser.add_argument("--data", type=Path, help="the folder of the data packs (else EMOGEN_DATA)")
    args = parser.parse_args()
    said = make(args.out, data_dir=args.data)
    counts = np.bincount(np.concatenate([s.sounds[s.sounds >= 0] for s in said]), minlength=len(names()))
    print(f"{len(said)} recordings, {sum(len(s.samples) for s in said) / SAMPLE_RATE_HZ / 60:.1f} min")
    print(", ".join(f"{n} {c}" for n, c in zip(names(), counts.tolist(), strict=True)))


if __name__ == "__main__":
    main()
