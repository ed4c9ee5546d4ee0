"""Addresses of the net, abbreviations, acronyms, Roman numerals and words in capitals."""

from __future__ import annotations

import re

from emogen.pipelines.speech.reading import numerals
from emogen.pipelines.speech.reading.context import Context, Rule
from emogen.tables import read_table

_SHORT: dict[str, list[tuple[str, str]]] = {}
for _row in read_table(__package__, "abbreviations.csv"):
    _SHORT.setdefault(_row["written"], []).append((_row["spoken"], _row["where"]))
_ACRONYMS = {row["written"]: row["spoken"] for row in read_table(__package__, "acronyms.csv")}
_SHOUTED = frozenset(row["word"] for row in read_table(__package__, "shouted.csv"))
_REGAL = frozenset(row["name"] for row in read_table(__package__, "regal.csv"))
#: Top domains that make a word with dots an address without http or www, and how they are said.
_DOMAINS = (
    "com", "org", "net", "edu", "gov", "info", "io", "ai", "dev", "app", "co", "uk", "de", "fr", "eu", "us", "ca", "ch", "at",
    "tv", "me",
)  # fmt: skip
_DOMAIN_WORDS = ("com", "org", "net", "edu", "gov", "info", "dev", "app", "co", "me")
_SIGNS = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "~": "tilde", "%": "percent", "+": "plus",
}  # fmt: skip
#: Shortest word in capitals that is read as a word although no table knows it; own assumption
WORD_LETTERS = 5
_VOWELS = frozenset("AEIOUY")
LOUD_SHARE = 0.6  # of the words of a sentence in capitals: the whole sentence is shouted; own assumption


# ---- addresses -------------------------------------------------------------------------------------------


def _url(match: re.Match[str], context: Context) -> str | None:
    return _address(re.sub(r"^[a-z]+://", "", match.group(), flags=re.IGNORECASE).rstrip("/"))


def _mail(match: re.Match[str], context: Context) -> str | None:
    return _address(match.group())


def _address(text: str) -> str:
    said = []
    parts = re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]", text)
    for i, part in enumerate(parts):
        if part.isdecimal():
            said.append(numerals.number(part) if len(part) < 3 else numerals.digits(part))
        elif part.isalpha() and part.isascii():
            dotted = i and parts[i - 1] == "."
            said.append(_domain(part.lower()) if dotted and part.lower() in _DOMAINS else _word(part))
        else:
            said.append(_SIGNS.get(part, part if part.isalnum() else ""))
    return " ".join(part for part in said if part)


def _domain(name: str) -> str:
    return name if name in _DOMAIN_WORDS else ".".join(name.upper())


def _word(text: str) -> str:
    """A word without blanks: as it is where it can be pronounced, else by its letters."""
    if text.lower() == "www":
        return "w w w"
    pronounceable = set(text.upper()) & _VOWELS if len(text) > 2 else re.fullmatch(r"[^aeiou][aeo]", text.lower())
    return text.lower() if pronounceable else ".".join(text.upper())


def _hashtag(match: re.Match[str], context: Context) -> str | None:
    return f"hashtag {_camel(match[1])}"


def _handle(match: re.Match[str], context: Context) -> str | None:
    return f"at {_camel(match[1])}"


def _camel(text: str) -> str:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+", text)
    return " ".join(_camel_part(part) for part in parts)


def _camel_part(part: str) -> str:
    if part.isdecimal():
        return numerals.number(part)
    return _capitals(part).rpartition("!!")[2] if part.isupper() and len(part) > 1 else part


# ---- abbreviations ---------------------------------------------------------------------------------------


def _abbreviation(match: re.Match[str], context: Context) -> str | None:
    text, after, before = match.group(), context.after(match), context.before(match)
    name = after[:1].isupper()
    if text in ("St.", "Dr.", "Dr") and before[:1].isupper() and after.rstrip(",.") in _BEGINNERS:
        name = False  # "on Elm St. The house ..."
    number = after.lstrip("(#")[:1].isdecimal() or numerals.roman(after.rstrip(".,;:")) > 0
    fits = {"": True, "before a name": name, "between names": name and before[:1].isupper(), "before a number": number}
    spoken = next((spoken for spoken, where in _SHORT[text] if fits[where]), None)
    if spoken is None:
        return None
    ends = text.endswith(".") and context.ends(match) and not after.strip("\"')\u201d")
    return spoken + ("." if ends else "")


#: Words in a capital that rather begin something new than name a saint or a doctor.
_BEGINNERS = ("The", "A", "He", "She", "It", "We", "They", "I", "In", "At", "On", "And", "But", "This", "That", "Then")


def _initials(match: re.Match[str], context: Context) -> str | None:
    """"U.S.", "J.R.R. Tolkien": letters by name, the stop kept where the sentence ends."""
    letters = match.group().replace(".", "")
    return ".".join(letters.upper()) + ("." if context.ends(match) else "")


def _roman(match: re.Match[str], context: Context) -> str | None:
    name, value, after = match["name"], numerals.roman(match["numeral"]), context.after(match)
    regal = name in _REGAL
    single = match["numeral"] in ("I", "V", "X")
    if not 0 < value <= 50 or (single and not regal and name not in _COUNTED):
        return None
    if match["numeral"] == "I" and regal and after[:1].islower() and after not in _OF_KINGS:
        return None  # "Henry, I think": a pronoun
    said = f"the {numerals.ordinal(value)}" if regal else numerals.cardinal(value)
    return f"{name}|{said}{match['own'] or ''}"


#: Things that are counted with Roman numerals, so that even I, V and X behind them are numbers.
_COUNTED = frozenset({
    "War", "Part", "Chapter", "Act", "Scene", "Volume", "Book", "Phase", "Type", "Class", "Section", "Article", "Stage",
    "Level", "Bowl", "Title", "Grade", "Rocky", "Episode",
})
_OF_KINGS = ("of", "was", "died", "ruled", "and", "had", "became", "reigned")


# ---- capitals --------------------------------------------------------------------------------------------


def _loud(context: Context) -> bool:
    """Whether a sentence is written in capitals as a whole, or most of it."""
    words = re.findall(r"[^\W\d_]{2,}", context.text)
    return len(words) > 1 and sum(word.isupper() for word in words) >= LOUD_SHARE * len(words)


def _in_capitals(match: re.Match[str], context: Context) -> str | None:
    text, tail = match[1], match[2] or ""
    word = text in _SHOUTED or (text not in _ACRONYMS and bool(set(text) & _VOWELS)) or text in _SHOUTED_TOO
    if _loud(context) and word:
        return f"strong!!{text.lower()}{tail.lower()}"
    if text in _SHOUTED:
        return f"strong!!{text.lower()}{tail}"
    return _capitals(text) + ("'s" if tail else "")


#: Words of a sentence in capitals that are acronyms elsewhere.
_SHOUTED_TOO = ("IT", "US", "AM", "WHO", "ID", "ACT", "SAT")


def _capitals(text: str) -> str:
    """A word in capitals: by the table, by its letters, or as a word where it is long and has vowels."""
    if text in _ACRONYMS:
        return _ACRONYMS[text]
    if text in _SHOUTED:
        return text.lower()
    vowels = set(text) & _VOWELS
    pronounceable = vowels and not re.search(r"[^AEIOUY]{4}|^[^AEIOUY]{3}", text)
    if len(text) >= WORD_LETTERS and pronounceable:
        return f"strong!!{text.lower()}"
    return ".".join(text)


_NAMES = "|".join(re.escape(text) for text in sorted(_SHORT, key=len, reverse=True))
_CAPITAL = "A-ZÀ-ÖØ-Þ"

ADDRESSES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\w@])(?:https?|ftp)://[^\s\ue000<>\"]*[\w/]|(?<![\w@.])www\.[^\s\ue000<>\"]*[\w/]", re.IGNORECASE), _url),
    (re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w@])"), _mail),
    (re.compile(rf"(?<![\w@.-])(?:[A-Za-z][\w-]*\.)+(?:{'|'.join(_DOMAINS)})(?:/(?:[^\s\ue000<>\"]*[\w/])?)?(?![\w@]|\.\w)"), _url),
    (re.compile(r"(?<![\w&#])#([A-Za-z_]\w*)"), _hashtag),
    (re.compile(r"(?<![\w@])@([A-Za-z_]\w*)"), _handle),
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w.])(?:{_NAMES})(?![\w])(?!(?<![.])['’]\w)"), _abbreviation),
    (re.compile(r"(?P<name>[A-Z][a-z]+)\s(?P<numeral>[IVXL]+)(?P<own>['’]s)?(?![\w'’])"), _roman),
    (re.compile(r"(?<![\w.])(?:[A-Za-z]\.){2,}(?!\w)"), _initials),
    (re.compile(rf"(?<![\w.'’])([{_CAPITAL}]{{2,}})(s|['’]s|['’]S)?(?![\w])"), _in_capitals),
)  # fmt: skip
