"""IPA symbols -> the kinds of sound that the prosody treats differently."""

from __future__ import annotations

from enum import Enum

_STRESS = "ˈˌ"
_VOWELS = frozenset("aeiouyæɑɒɔəɚɛɜɝɐɪʊʌøœɶɨʉɯɤɵɘɞᵻ")
_NASALS = frozenset("mnŋɲɳɴɱ")
_LIQUIDS = frozenset("lɫɹrɾʁʀjwɥʋɻɭʎɰ")
_VOICED_FRICATIVES = frozenset("vzʒðʝɣβʐʑɦʕ")
_FRICATIVES = frozenset("fsʃθxçχhħʂɕɸʍɬ")
_VOICED_STOPS = frozenset("bdɡgɖɟɢ")
_STOPS = frozenset("ptkʈcqʔ")


class Kind(str, Enum):
    """A kind of speech sound, by how it is made."""

    PAUSE = "pause"
    VOWEL = "vowel"
    NASAL = "nasal"
    LIQUID = "liquid"
    VOICED_FRICATIVE = "voiced_fricative"
    FRICATIVE = "fricative"
    VOICED_STOP = "voiced_stop"
    STOP = "stop"
    VOICED_AFFRICATE = "voiced_affricate"
    AFFRICATE = "affricate"


#: Sounds with a steady voice, in which F0 is drawn through.
SONORANT = frozenset((Kind.VOWEL, Kind.NASAL, Kind.LIQUID))
#: Sounds without any voice.
VOICELESS = frozenset((Kind.PAUSE, Kind.FRICATIVE, Kind.STOP, Kind.AFFRICATE))


def kind_of(ipa: str) -> Kind:
    """The kind of a phone as espeak-ng writes it, stress and length marks included; "" is a pause."""
    bare = "".join(c for c in ipa if c.isalpha() and c not in _STRESS)
    if not bare:
        return Kind.PAUSE
    first = bare[0]
    if len(bare) > 1 and bare[1] in _FRICATIVES | _VOICED_FRICATIVES:
        if first in _STOPS:
            return Kind.AFFRICATE
        if first in _VOICED_STOPS:
            return Kind.VOICED_AFFRICATE
    for letters, kind in (
        (_VOWELS, Kind.VOWEL),
        (_NASALS, Kind.NASAL),
        (_LIQUIDS, Kind.LIQUID),
        (_VOICED_FRICATIVES, Kind.VOICED_FRICATIVE),
        (_FRICATIVES, Kind.FRICATIVE),
        (_VOICED_STOPS, Kind.VOICED_STOP),
        (_STOPS, Kind.STOP),
    ):
        if first in letters:
            return kind
    return Kind.VOWEL if first.isalpha() else Kind.PAUSE


def is_stressed(ipa: str) -> bool:
    """Whether a phone carries the main stress of its word."""
    return "ˈ" in ipa
