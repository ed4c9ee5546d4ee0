"""Speech: pitch, voicing, loudness, timing and spectrum against a reference, and how well words are understood.

Pitch is [T] in Hz, 0 where unvoiced; both sides have the same frames. For two takes of different length, align them
first (`dtw_path`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emogen.errors import BackendMissing, InputError, LimitError
from emogen.evaluation.metrics.checks import Array, numbers, pair
from emogen.evaluation.metrics.dimensions import pearson, rmse

GROSS = 0.2  # a pitch further off than this share is a gross error; Rabiner et al. 1976; Chu & Alwan 2009
MCD_FACTOR = 10.0 / np.log(10.0) * np.sqrt(2.0)  # cepstral distance -> dB; Kubichek 1993
RECOGNISER_HZ = 16_000  # of the model that pocketsphinx carries
_MOST_CELLS = 25_000_000  # frames x frames of an alignment: 200 MB; own assumption
_SILENCE_S, _PEAK, _DITHER = 0.25, 0.6, 2e-4  # how a recording is handed to pocketsphinx; own assumption


def f0_rmse_cents(truth: ArrayLike, found: ArrayLike) -> float:
    """Root mean square pitch error in cents (1/100 semitone) over the frames voiced in both, 0.., less is better.

    Args:
        truth: [T] Hz, 0 unvoiced.
        found: [T] Hz, 0 unvoiced.

    Raises:
        InputError: Shapes differ, empty, nan, below 0, or no frame is voiced in both.
    """
    a, b = _voiced_in_both(truth, found)
    return rmse(1200.0 * np.log2(a), 1200.0 * np.log2(b))


def f0_correlation(truth: ArrayLike, found: ArrayLike) -> float:
    """Pearson's r of log pitch over the frames voiced in both, -1..1, more is better; 0 where one does not move.

    Arguments and errors as in `f0_rmse_cents`.
    """
    a, b = _voiced_in_both(truth, found)
    return pearson(np.log2(a), np.log2(b))


def voicing_error(truth: ArrayLike, found: ArrayLike) -> float:
    """Voicing decision error, 0..1, less is better: part of all frames voiced in one and unvoiced in the other.

    Source: Nakatani et al. 2008. Arguments as in `f0_rmse_cents`.

    Raises:
        InputError: Shapes differ, empty, nan, below 0.
    """
    a, b = _pitches(truth, found)
    return float(np.mean((a > 0.0) != (b > 0.0)))


def gross_pitch_error(truth: ArrayLike, found: ArrayLike) -> float:
    """Gross pitch error, 0..1, less is better: part of the frames voiced in both whose pitch is off by over 20 %.

    Source: Nakatani et al. 2008; the limit after Rabiner et al. 1976. Arguments and errors as in `f0_rmse_cents`.
    """
    a, b = _voiced_in_both(truth, found)
    return float(np.mean(np.abs(b / a - 1.0) > GROSS))


def f0_frame_error(truth: ArrayLike, found: ArrayLike) -> float:
    """F0 frame error, 0..1, less is better: part of all frames with wrong voicing or a gross pitch error.

    Source: Chu & Alwan 2009, Reducing F0 frame error. Arguments as in `f0_rmse_cents`.

    Raises:
        InputError: Shapes differ, empty, nan, below 0.
    """
    a, b = _pitches(truth, found)
    both = (a > 0.0) & (b > 0.0)
    off = np.abs(b - a) > GROSS * a
    return float(np.mean(((a > 0.0) != (b > 0.0)) | (both & off)))


def energy_rmse_db(truth: ArrayLike, found: ArrayLike, free_gain: bool = False) -> float:
    """Root mean square error of frame levels in dB, 0.., less is better.

    Args:
        truth: [T] levels in dB.
        found: [T] levels in dB.
        free_gain: Take the mean difference off first: recordings at different gain.

    Raises:
        InputError: Shapes differ, empty, nan.
    """
    a, b = pair(truth, found)
    return rmse(a - a.mean(), b - b.mean()) if free_gain else rmse(a, b)


def duration_ratio(truth_s: ArrayLike, found_s: ArrayLike) -> float:
    """Total duration found / total duration of the reference, above 0; 1 is best, above 1 is slower.

    Args:
        truth_s: [n] durations of phones, words or clips in s, above 0.
        found_s: [n] the same.

    Raises:
        InputError: Shapes differ, empty, nan, not above 0.
    """
    a, b = _durations(truth_s, found_s)
    return float(b.sum() / a.sum())


def duration_error(truth_s: ArrayLike, found_s: ArrayLike) -> float:
    """Mean of `|found - truth| / truth` over durations, 0.., less is better. Arguments and errors as in `duration_ratio`."""
    a, b = _durations(truth_s, found_s)
    return float(np.mean(np.abs(b - a) / a))


def mcd(truth: ArrayLike, found: ArrayLike, align: bool = True, with_c0: bool = True) -> float:
    """Mel-cepstral distortion in dB, 0.., less is better.

    `10 / ln 10 * sqrt(2 sum_d (c_d - c'_d)^2)`, mean over frames or over the path of `dtw_path`. Coefficient 0, the
    level, does not count. Depends on the analysis: compare only figures of the same one.
    Source: Kubichek 1993, Mel-cepstral distance measure for objective speech quality assessment.

    Args:
        truth: [T, D] mel cepstra of natural logarithm.
        found: [T', D] the same; T' = T where not aligned.
        align: Warp both in time first.
        with_c0: Whether column 0 is coefficient 0, to be left out.

    Raises:
        InputError: Shapes do not fit, empty, nan, or nothing is left beside coefficient 0.
        LimitError: Too many frames to align.
    """
    a, b = numbers("truth", truth, 2), numbers("found", found, 2)
    if with_c0:
        a, b = a[:, 1:], b[:, 1:]
    if a.shape[1] != b.shape[1] or not a.shape[1]:
        raise InputError("truth and found", f"{a.shape[1]} and {b.shape[1]} coefficients", "Give as many of both.")
    if align:
        path = dtw_path(a, b)
        a, b = a[path[:, 0]], b[path[:, 1]]
    elif len(a) != len(b):
        raise InputError("truth and found", f"{len(a)} and {len(b)} frames", "Give as many of both, or align them.")
    return float(MCD_FACTOR * np.mean(np.sqrt(np.sum((a - b) ** 2, axis=1))))


def dtw_path(truth: ArrayLike, found: ArrayLike) -> NDArray[np.intp]:
    """The dynamic time warping path of two sequences of frames: [K, 2] pairs of frames, both rising from 0 to the end.

    Least sum of Euclidean distances over steps (1, 1), (1, 0), (0, 1) of equal weight; of equal ones the diagonal.
    Source: Sakoe & Chiba 1978, without their slope constraint.

    Args:
        truth: [T, D].
        found: [T', D].

    Raises:
        InputError: Not 2-D, empty, nan, different D.
        LimitError: T x T' is above 25 million.
    """
    a, b = numbers("truth", truth, 2), numbers("found", found, 2)
    if a.shape[1] != b.shape[1]:
        raise InputError("truth and found", f"{a.shape[1]} and {b.shape[1]} values a frame", "Give as many of both.")
    n, m = len(a), len(b)
    if n * m > _MOST_CELLS:
        raise LimitError("truth and found", f"{n} x {m} frames; the limit is {_MOST_CELLS:,}", "Align shorter pieces.")
    from scipy.spatial.distance import cdist

    cost = cdist(a, b)
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0.0
    for s in range(2, n + m + 1):  # along diagonals, so that numpy does the work
        i = np.arange(max(1, s - m), min(n, s - 1) + 1)
        j = s - i
        before = np.minimum(total[i - 1, j - 1], np.minimum(total[i - 1, j], total[i, j - 1]))
        total[i, j] = cost[i - 1, j - 1] + before
    u, v = n, m
    path = [(n - 1, m - 1)]
    while u > 1 or v > 1:
        steps = ((u - 1, v - 1), (u - 1, v), (u, v - 1))
        u, v = min(steps, key=lambda at: float(total[at]))
        path.append((u - 1, v - 1))
    return np.array(path[::-1], dtype=np.intp)


@dataclass(frozen=True)
class Edits:
    """Fewest edits that turn the reference into what was found.

    Attributes:
        hits: Units that are right.
        substitutions: Units that were changed.
        deletions: Units that are missing.
        insertions: Units that are too many.
    """

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def rate(self) -> float:
        """Edits / units of the reference, 0.., less is better; above 1 where much was put in."""
        return (self.substitutions + self.deletions + self.insertions) / (
            self.hits + self.substitutions + self.deletions
        )


def edits(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Edits:
    """Hits and edits of the Levenshtein alignment; of equally many edits those with the most hits.

    Source: Levenshtein 1966.

    Raises:
        InputError: The reference is empty.
    """
    if not len(truth):
        raise InputError("truth", "empty", "Give a reference.")
    unit = len(truth) + len(found) + 1  # an edit costs this, a change 1 more: fewest edits, then fewest changes
    row = [j * unit for j in range(len(found) + 1)]
    for i, x in enumerate(truth, 1):
        diagonal, row[0] = row[0], i * unit
        for j, y in enumerate(found, 1):
            kept = diagonal + (0 if x == y else unit + 1)
            diagonal, row[j] = row[j], min(kept, row[j] + unit, row[j - 1] + unit)
    number, changed = divmod(row[-1], unit)
    missing = (number - changed + len(truth) - len(found)) // 2
    return Edits(len(truth) - changed - missing, changed, missing, number - changed - missing)


def wer(truth: str | Sequence[str], found: str | Sequence[str]) -> float:
    """Word error rate, 0.., less is better: edits / words of the reference, after `normalise_text`.

    Several texts are pooled: all edits over all words. Source: the definition of jiwer (and NIST's sclite).

    Args:
        truth: A text, or n texts.
        found: What was understood, as many.

    Raises:
        InputError: Not as many texts of each, or a reference without words.
    """
    return _pooled(truth, found, lambda text: normalise_text(text).split())


def cer(truth: str | Sequence[str], found: str | Sequence[str]) -> float:
    """Character error rate, 0.., less is better: `wer` of characters, with the spaces between words. Arguments as there.

    Raises:
        InputError: Not as many texts of each, or a reference without characters.
    """
    return _pooled(truth, found, lambda text: list(normalise_text(text)))


def normalise_text(text: str) -> str:
    """The form in which texts are compared: lower case, no punctuation but apostrophes within words, single spaces.

    Hyphens and dashes part words. Numbers stay as they are written: spell them out where the other side does.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").replace("\u02bc", "'")
    kept = []
    for i, char in enumerate(plain):
        inside = 0 < i < len(plain) - 1 and plain[i - 1].isalnum() and plain[i + 1].isalnum()
        if (char == "'" and inside) or unicodedata.category(char)[0] in "LMN":
            kept.append(char)
        elif char.isspace() or unicodedata.category(char) == "Pd":
            kept.append(" ")
    return " ".join("".join(kept).split())


def transcribe(samples: ArrayLike, sample_rate: int) -> str:
    """What pocketsphinx understands of English speech, in lower case, to be given to `wer`.

    An old and weak recogniser that runs anywhere: its figures compare voices, they do not say what a person
    understands. Every call starts afresh, so that the same samples give the same words.

    Args:
        samples: [n] mono, -1..1.
        sample_rate: In Hz.

    Raises:
        BackendMissing: pocketsphinx is not installed.
        InputError: Not 1-D, empty, nan, or a rate that is none.
    """
    x = numbers("samples", samples, 1)
    decoder = _decoder()
    from emogen.media.audio import resample

    x = np.pad(resample(x, sample_rate, RECOGNISER_HZ).astype(np.float64), round(_SILENCE_S * RECOGNISER_HZ))
    peak = float(np.abs(x).max())
    if peak == 0.0:
        return ""
    x = _PEAK * x / peak + np.random.default_rng(0).normal(0.0, _DITHER, len(x))
    decoder.start_utt()
    decoder.process_raw((x * 32767.0).astype(np.int16).tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    return str(heard.hypstr) if heard else ""


def _decoder() -> Any:
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise BackendMissing("pocketsphinx", "is not installed", "pip install pocketsphinx") from error
    return Decoder(loglevel="FATAL")


def _pooled(truth: str | Sequence[str], found: str | Sequence[str], units: Any) -> float:
    one, two = ([text] if isinstance(text, str) else list(text) for text in (truth, found))
    if len(one) != len(two) or not one:
        raise InputError("truth and found", f"{len(one)} and {len(two)} texts", "Give as many of both, at least one.")
    each = []
    for a, b in zip(one, two, strict=True):
        if not (isinstance(a, str) and isinstance(b, str)):
            raise InputError("truth and found", "something that is no text", "Give texts.")
        each.append(edits(units(a), units(b)))
    total = Edits(*(sum(getattr(e, name) for e in each) for name in Edits.__dataclass_fields__))
    return total.rate


def _pitches(truth: ArrayLike, found: ArrayLike) -> tuple[Array, Array]:
    a, b = pair(truth, found)
    if min(a.min(), b.min()) < 0.0:
        raise InputError("truth and found", f"a pitch of {min(a.min(), b.min()):g} Hz", "Give Hz, 0 where unvoiced.")
    return a, b


def _voiced_in_both(truth: ArrayLike, found: ArrayLike) -> tuple[Array, Array]:
    a, b = _pitches(truth, found)
    both = (a > 0.0) & (b > 0.0)
    if not both.any():
        raise InputError("truth and found", "no frame is voiced in both", "Align them first.")
    return a[both], b[both]


def _durations(truth_s: ArrayLike, found_s: ArrayLike) -> tuple[Array, Array]:
    a, b = pair(truth_s, found_s, 1, ("truth_s", "found_s"))
    if min(a.min(), b.min()) <= 0.0:
        raise InputError("truth_s and found_s", f"{min(a.min(), b.min()):g} s", "Give durations above 0.")
    return a, b
