"""Which instruments play which part: by feeling and seed, or by the names that a user gives.

General MIDI sounds (counted from 0) in `instruments.csv`: names shortened, families in musicians' words, sounding ranges
as handbooks of orchestration give them (general knowledge; electronic ones: own choice), whether a tone holds while the
key is down, and the parts it is good for, the best first (m melody, h harmony, p pad, b bass). `families.csv` says who
plays what where a family is named; `ensembles.csv` is this project's own choice, from the habits of film and pop music.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from emogen.errors import InputError, LimitError
from emogen.tables import read_table

ROLES = ("melody", "harmony", "pad", "bass", "drums")
#: Names a user may give at once; more parts than this nobody hears apart (own assumption).
MOST_NAMES = 8
DRUMS = "drums"
#: How near an ensemble must be to be likely, in velocity and in brightness; own choice.
LOUDNESS_WIDTH, BRIGHTNESS_WIDTH = 10.0, 0.3
#: Other words for what `instruments.csv` and `families.csv` name.
WORDS = {
    "guitar": "Nylon guitar", "acoustic guitar": "Steel guitar", "electric guitar": "Clean guitar", "keys": "Piano",
    "double bass": "Contrabass", "upright bass": "Acoustic bass", "electric bass": "Fingered bass", "sax": "Alto sax",
    "saxophone": "Alto sax", "vocals": "Voices", "voice": "Voices", "string orchestra": "Strings", "winds": "Woodwinds",
    "woodwind": "Woodwinds", "french horn": "Horn", "mallet": "Mallets", "percussion": DRUMS, "drum": DRUMS,
    "drum kit": DRUMS, "synthesizer": "Synth", "pad": "Warm pad", "pizzicato": "Pizzicato strings",
    "tremolo": "Tremolo strings", "acoustic grand piano": "Grand piano", "cor anglais": "English horn",
}  # fmt: skip


@dataclass(frozen=True)
class Instrument:
    """A melodic sound: General MIDI `program`, range in MIDI pitch, `sustained` or dying away, `roles` by letters."""

    program: int
    name: str
    family: str
    low: int
    high: int
    sustained: bool
    roles: str

    def reached(self, pitch: int) -> int:
        """The pitch, moved by octaves into the range."""
        while pitch > self.high:
            pitch -= 12
        while pitch < self.low:
            pitch += 12
        return pitch


@dataclass(frozen=True)
class Ensemble:
    """Who plays what, and how.

    Attributes:
        melody: Sings.
        harmony: Plays the accompaniment.
        pad: Holds chords; None: nobody.
        bass: Plays the lowest line.
        double: Joins the melody at climaxes; None: nobody.
        figures: What the harmony plays where the sheet gives no accompaniment, names of `patterns.FIGURES`.
        bassline: A name of `patterns.BASSLINES`.
        drums: A style of `drums.csv`; None: no drums.
    """

    melody: Instrument
    harmony: Instrument
    pad: Instrument | None
    bass: Instrument
    double: Instrument | None
    figures: tuple[str, ...] = ("broken", "block")
    bassline: str = "root-fifth"
    drums: str | None = None


INSTRUMENTS = {
    r["name"]: Instrument(
        int(r["program"]), r["name"], r["family"], int(r["low"]), int(r["high"]), r["sustained"] == "1", r["roles"]
    )
    for r in read_table(__package__, "instruments.csv")
}
_TABLE = read_table(__package__, "families.csv")
_FAMILIES = {r["family"]: {role: INSTRUMENTS[r[role]] for role in ROLES[:4] if r[role]} for r in _TABLE}
_FAMILY_ROLES = {r["family"]: r["roles"] for r in _TABLE}


def _row(row: dict[str, str]) -> tuple[Ensemble, float, float]:
    melody, harmony, pad, bass, double = (
        INSTRUMENTS[row[part]] for part in ("melody", "harmony", "pad", "bass", "double")
    )
    figures = tuple(row["figures"].split())
    ensemble = Ensemble(melody, harmony, pad, bass, double, figures, row["bassline"], row["drums"] or None)
    return ensemble, float(row["loudness"]), float(row["brightness"])


_ROWS = [(row["feeling"], *_row(row)) for row in read_table(__package__, "ensembles.csv")]
#: Feeling -> its ensembles.
ENSEMBLES: dict[str, tuple[Ensemble, ...]] = {
    feeling: tuple(ensemble for of, ensemble, _, _ in _ROWS if of == feeling) for feeling, *_ in _ROWS
}


def ensemble_for(feeling: str, loudness: float, brightness: float, rng: np.random.Generator) -> Ensemble:
    """One of the ensembles of a feeling; those whose usual loudness (velocity) and brightness are near are likelier."""
    near = [
        (ensemble, (loudness - usual) / LOUDNESS_WIDTH, (brightness - colour) / BRIGHTNESS_WIDTH)
        for of, ensemble, usual, colour in _ROWS
        if of == feeling
    ]
    far = np.array([x * x + y * y for _, x, y in near])
    weight = np.exp(-0.5 * (far - far.min()))
    return near[int(rng.choice(len(near), p=weight / weight.sum()))][0]


def ensemble_of(names: Sequence[str], usual: Ensemble) -> Ensemble:
    """The instruments that a user names, each in the part it is best for; what they play is as in `usual`.

    Args:
        names: Instruments, families or "drums", in any case; at most `MOST_NAMES`.
        usual: Whose figures, bass line and drums are taken.

    Raises:
        InputError: An unknown name, or nobody who could play a melody.
        LimitError: Too many names.
    """
    known = [_known(name) for name in names]
    if len(known) > MOST_NAMES:
        raise LimitError("instruments", f"{len(known)} names", f"Accepted: up to {MOST_NAMES}.")
    who = list(dict.fromkeys(name for name in known if name != DRUMS))
    if not who:
        found = "nobody who plays notes" if known else "none named"
        raise InputError("instruments", found, "Accepted: instruments and families such as strings, piano.")

    def worth(parts: tuple[str | None, ...]) -> float:
        taken = [(role, name) for role, name in zip(ROLES, parts, strict=False) if name is not None]
        fit = sum(_fit(name, role) for role, name in taken)
        if parts[2] in INSTRUMENTS and parts[2] in (parts[0], parts[3]):
            fit -= 1.5  # one player cannot hold chords beside a line
        return fit + 1.5 * len({name for _, name in taken}) - 0.02 * sum(who.index(name) for _, name in taken)

    pads = [None, *(n for n in who if _plays(n, "pad"))]
    best = max(product(who, who, pads, who), key=worth)
    melody, harmony, pad, bass = (
        None if name is None else _plays(name, role) or _any(name) for role, name in zip(ROLES, best, strict=False)
    )
    assert melody is not None
    assert harmony is not None
    assert bass is not None
    free = (_plays(n, "melody") for n in who if n not in best)
    double = next((i for i in free if i is not None), None)
    drums = usual.drums or "light" if DRUMS in known else None
    return replace(usual, melody=melody, harmony=harmony, pad=pad, bass=bass, double=double, drums=drums)


def check_instruments(names: Sequence[str]) -> None:
    """Raises what `ensemble_of` would raise, before anything is composed."""
    grand = INSTRUMENTS["Grand piano"]
    ensemble_of(names, Ensemble(grand, grand, None, grand, None))


def _known(name: str) -> str:
    """The instrument, family or "drums" that is meant."""
    spoken = {key.lower(): key for key in (*INSTRUMENTS, *_FAMILIES)} | {DRUMS: DRUMS} | WORDS
    plain = " ".join(str(name).lower().replace("-", " ").replace("_", " ").split())
    hyphens = {key.replace("-", " "): key for key in spoken}
    for tried in (plain, plain.removesuffix("s"), f"{plain}s"):
        if tried in hyphens:
            return spoken[hyphens[tried]]
    near = difflib.get_close_matches(plain, hyphens, n=3, cutoff=0.6)
    hint = f"Near: {', '.join(near)}. " if near else ""
    raise InputError(
        "instruments",
        f'"{str(name)[:40]}" is unknown',
        f"{hint}Accepted: General MIDI names, {', '.join(_FAMILIES)}, drums.",
    )


def _plays(name: str, role: str) -> Instrument | None:
    """Who of a family, or the instrument itself, plays a part; None where nobody does so well."""
    if name in _FAMILIES:
        return _FAMILIES[name].get(role)
    return INSTRUMENTS[name] if role[0] in INSTRUMENTS[name].roles else None


def _any(name: str) -> Instrument:
    return next(iter(_FAMILIES[name].values())) if name in _FAMILIES else INSTRUMENTS[name]


def _fit(name: str, role: str) -> float:
    """1 for the part an instrument is best for, less for others, negative for what it is not made for."""
    if _plays(name, role) is None:
        return -4.0
    roles = _FAMILY_ROLES[name] if name in _FAMILIES else INSTRUMENTS[name].roles
    rank = roles.index(role[0])
    return 1.0 - 0.25 * rank - (1.0 if role == "pad" and rank else 0.0)  # who is no pad by nature rather sings
