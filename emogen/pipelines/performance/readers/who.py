"""Who says what in prose: attributions ("said Mara", "she whispered"), names at the begin of a sentence, taking turns.

Nothing is guessed from a name. "She" is the last one who is known as she: from a title (Mrs Hale), or because a
sentence about nobody else goes on with she or her; then whoever was named last and is not known as he.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from emogen.conditioning.sentences import split_sentences
from emogen.pipelines.lines import key
from emogen.pipelines.performance.readers.manners import manner, verbs
from emogen.pipelines.performance.readers.quotes import Piece

_TITLED = r"(?:Mr|Mrs|Ms|Miss|Dr|Sir|Lady|Lord|Aunt|Uncle|Captain|Old|Father|Mother|King|Queen|Professor)"
_NAME = rf"(?:{_TITLED}\.?\s+)?[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+){{0,2}}"
_OF_WHOM = r"(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Mm]y|[Oo]ur|[Tt]heir)"
_THE = rf"{_OF_WHOM}\s+(?:[a-z]+\s+)?(?![a-z]+ly\b)(?:[a-z]{{3,}}|[A-Z][\w'-]+)"
#: Verbs that things do not do: only before these is "the wind" not taken for somebody who speaks.
_SAYING = frozenset(("said", "says", "asked", "asks", "replied", "answered", "returned", "told", "cried", "shouted", "exclaimed", "added"))
_PRONOUN = r"(?:[Ss]he|[Hh]e|I|[Tt]hey|[Ww]e)"
_SUBJECT = rf"(?P<who>{_THE}|{_PRONOUN}|{_NAME})"
_ADVERB = r"(?:\s+(?:[a-z]+ly|then|again|at last|finally|suddenly|once more))?"
_SHE, _HE = {"she", "her", "hers", "herself"}, {"he", "him", "his", "himself"}
_TITLES = {
    **dict.fromkeys(("mr", "sir", "lord", "uncle", "father", "king"), "he"),
    **dict.fromkeys(("mrs", "ms", "miss", "lady", "aunt", "mother", "queen"), "she"),
}
_NO_NAMES = frozenset((
    "the", "but", "and", "then", "it", "there", "what", "that", "this", "when", "where", "why", "how", "no", "yes",
    "so", "now", "they", "we", "you", "i", "he", "she", "her", "his", "if", "as", "at", "in", "on", "a", "an", "for",
    "with", "after", "before", "not", "oh", "well", "nobody", "somebody", "everybody", "nothing", "everyone",
    "someone", "one", "all", "my", "your", "our", "their", "its",
))  # fmt: skip
_FILLING = frozenset(("then", "again", "in", "a", "an", "her", "his", "voice", "to", "him", "the", "at", "last", "himself", "herself",
                      "itself", "me", "us", "them", "rather", "once", "more", "very"))  # fmt: skip
SHORT = 9  # words of told text that can be nothing but an attribution; own assumption


@cache
def _verb() -> str:
    return "(?P<verb>" + "|".join(sorted(verbs(), key=len, reverse=True)) + r")\b"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(rf"^\W*{_verb()}{_ADVERB}\s+{_SUBJECT}\b"),  # said Mara
        re.compile(rf"(?:^|[.!?,;]\s+|\b(?:and|but|then)\s+)\W*{_SUBJECT}{_ADVERB}\s+{_verb()}"),  # Mara said
    )


def subject(text: str) -> tuple[str, str] | None:
    """(who, verb) of an attribution in told words as they stand there; None where there is none."""
    for before, pattern in enumerate(_patterns()):
        for found in pattern.finditer(text):
            who, verb = found["who"], found["verb"]
            thing = before == 1 and re.match(rf"{_OF_WHOM}\s", who) is not None and verb not in _SAYING
            if not thing and who.lower() not in _NO_NAMES - {"she", "he", "they", "i", "we"}:
                return who, verb
    return None


@dataclass
class People:
    """Who is there, who is she and who is he, who spoke last.

    Attributes:
        names: Names and descriptions of those who speak, as written.
        pronouns: Key -> "she" or "he" where the text says so.
    """

    names: tuple[str, ...] = ()
    pronouns: dict[str, str] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)  # names in the order of their last mention
    turns: list[str] = field(default_factory=list)  # who spoke in this scene

    @classmethod
    def of(cls, paragraphs: Sequence[Sequence[Piece]], known: Sequence[str]) -> People:
        """Everybody whom attributions in the paragraphs of a text name, or a cast."""
        told = [piece.text for found in paragraphs for piece in found if not piece.said]
        beside = [p.text for found in paragraphs if any(p.said for p in found) for p in found if not p.said]
        named = [who for text in beside if (hit := subject(text)) is not None and (who := _person(hit[0])) is not None]
        order = tuple(dict.fromkeys([*named, *known, *_doers([p for found in paragraphs for p in found])]))
        people = cls(_unique(order))
        people.pronouns = people._known_as(told)
        return people

    def mention(self, text: str) -> None:
        """Takes note of the names in told words."""
        for name in self._in(text):
            self._recall(name)

    def spoke(self, name: str) -> None:
        """Takes note of who spoke."""
        self._recall(name)
        self.turns.append(name)

    def new_scene(self) -> None:
        """Whoever took turns before does no more."""
        self.turns.clear()

    def resolve(self, who: str) -> str | None:
        """The person that a name, a description or a pronoun stands for."""
        low = who.lower()
        if low in ("i", "we", "they"):
            return {"i": "I"}.get(low)
        if low not in ("she", "he"):
            name = _person(who)
            return None if name is None else next((n for n in self.names if _same(n, name)), name)
        for name in reversed(self.recent):
            if self.pronouns.get(key(name)) == low:
                return name
        for name in reversed(self.recent):
            if key(name) not in self.pronouns:
                self.pronouns[key(name)] = low
                return name
        return next((n for n in self.names if self.pronouns.get(key(n)) == low), None)

    def in_turn(self) -> str:
        """Who speaks where nothing says it: the other one of the two who spoke last."""
        last = self.turns[-1] if self.turns else None
        for name in reversed(self.turns):
            if name != last:
                return name
        others = [n for n in self.names if n != last]
        if last is not None and len(others) == 1:
            return others[0]
        recent = [n for n in reversed(self.recent) if n != last]
        if recent:
            return recent[0]
        return others[0] if others else "Voice 1" if last != "Voice 1" else "Voice 2"

    def leads(self, text: str) -> str | None:
        """The person who does something in told words beside a quote, as in: Tom shook his head."""
        sentence = split_sentences(text)[0] if text.strip() else ""
        names = [n for n in self._in(sentence) if sentence.find(_last(n)) < 40]
        if names:
            return names[0]
        pronoun = re.match(r"^\W*(She|He)\b", sentence)
        return self.resolve(pronoun[1]) if pronoun else None

    def _recall(self, name: str) -> None:
        if name in self.recent:
            self.recent.remove(name)
        self.recent.append(name)

    def _in(self, text: str) -> list[str]:
        """Known names in a text, in order."""
        places = [(m.start(), n) for n in self.names if (m := re.search(rf"\b{re.escape(_last(n))}\b", text, _flags(n))) is not None]
        return [name for _, name in sorted(places)]

    def _known_as(self, told: Sequence[str]) -> dict[str, str]:
        votes: dict[str, Counter[str]] = {key(n): Counter() for n in self.names}
        for name in self.names:
            title = _TITLES.get(name.split()[0].rstrip(".").lower())
            if title is not None:
                votes[key(name)][title] += 100
        for sentence in (s for text in told for s in split_sentences(text)):
            names = self._in(sentence)
            words = {w.lower() for w in re.findall(r"[A-Za-z]+", sentence)}
            she, he = bool(words & _SHE), bool(words & _HE)
            if len(names) == 1 and she != he:
                votes[key(names[0])]["she" if she else "he"] += 1
        return {who: c.most_common(1)[0][0] for who, c in votes.items() if c and 2 * c.most_common(1)[0][1] > c.total()}


def _doers(found: Sequence[Piece]) -> list[str]:
    """Names with which told words beside a quote begin, and which stand within a sentence elsewhere, so that they are names."""
    text = " ".join(piece.text for piece in found)
    inner = set(re.findall(r"(?<=[a-z,;] )[A-Z][a-z]+\b", text))
    begins = (re.match(r"([A-Z][a-z]+) [a-z]", piece.text) for piece in found if not piece.said)
    return [m[1] for m in begins if m is not None and m[1] in inner and m[1].lower() not in _NO_NAMES]


def attribution(found: Sequence[Piece], people: People) -> tuple[str | None, str | None]:
    """(name, hint) of who says the quotes of a paragraph, and how."""
    first = next(i for i, piece in enumerate(found) if piece.said)
    told = [*found[first + 1 :], *found[:first][::-1]]
    for piece in told:
        if piece.said:
            continue
        hit = subject(piece.text)
        if hit is None and piece in found[:first]:
            ending = re.search(rf"\b{_verb()}[^.!?]*[:,]?$", piece.text)
            hit = None if ending is None or (lead := people.leads(piece.text)) is None else (lead, ending["verb"])
        if hit is not None and (name := people.resolve(hit[0])) is not None:
            hint = verbs().get(hit[1]) or manner(_around(piece.text, hit[1]))
            return name, hint
    for piece in told:
        if not piece.said and (name := people.leads(piece.text)) is not None:
            return name, manner(_around(piece.text, "")) if len(piece.text.split()) <= SHORT else None
    return None, None


def only_attribution(text: str) -> bool:
    """Whether told words say nothing but who speaks, and how."""
    words = text.strip(" ,.;:\u2014-")
    if len(words.split()) > SHORT:
        return False
    hit = subject(words)
    if hit is None:
        return False
    rest = words.replace(hit[0], "", 1).replace(hit[1], "", 1)
    left = [w for w in re.findall(r"[a-z']+", rest.lower()) if not w.endswith("ly") and w not in _FILLING]
    return len(left) <= 1


def goes_on(text: str) -> str:
    """Told words behind a quote without the attribution they begin with: "said Tom, and he left" is "Tom left"."""
    other = rf"(?P<other>{_NAME}|{_PRONOUN})\s+{_verb().replace('<verb>', '<its>')}"
    found = re.match(rf"^\W*(?:{_verb()}\s+{_SUBJECT}|{other}),?\s+(?P<rest>.+)$", text, re.DOTALL)
    if found is None:
        return text
    who, rest = found["who"] or found["other"], found["rest"]
    joined = re.match(r"^and\s+(?:(?:he|she|they|I)\s+)?(?P<rest>.+)$", rest, re.DOTALL)
    return f"{who[0].upper()}{who[1:]} {joined['rest']}" if joined else text


def _around(text: str, verb: str) -> str:
    """An adverb or a manner behind a verb of speech."""
    behind = text.split(verb, 1)[1] if verb else text
    words = re.findall(r"[a-z]+ly\b|with an? [a-z ]+|in an? [a-z]+ voice|through [a-z ]+|trembling|smiling|laughing|crying|sobbing", behind)
    return words[0] if words else ""


def _person(who: str) -> str | None:
    """A name as the cast has it: "the old captain" is "Old captain"; None for no name."""
    words = re.sub(rf"^{_OF_WHOM}\s+", "", who.strip())
    if not words or words.lower() in _NO_NAMES:
        return None
    return words[0].upper() + words[1:]


def _same(one: str, other: str) -> bool:
    """Whether two names are one person's: equal, or the one a part of the other."""
    a, b = set(key(one).split()), set(key(other).split())
    return a == b or a < b or b < a


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        if not any(_same(name, other) for other in found):
            found.append(name)
    return tuple(found)


def _last(name: str) -> str:
    return name.split()[-1]


def _flags(name: str) -> int:
    """Descriptions ("Captain") may stand in small letters."""
    return re.IGNORECASE if not name.istitle() else 0
