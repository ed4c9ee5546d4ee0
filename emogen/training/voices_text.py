"""Sentences of our own for voices to read: short plain ones of common words, questions, exclamations, words alone."""

from __future__ import annotations

import numpy as np

_NOUNS = (
    "ship boat tree leaf road stone river bridge cloud storm wind rain snow sun moon star field farm barn horse cow sheep "
    "pig dog cat bird fish frog bee mouse child boy girl man woman nurse judge clerk guard king thief cook chef friend "
    "bread cheese milk juice soup meat rice beans plum peach grape lemon apple cake pie salt sugar spice cup plate bowl "
    "spoon fork knife jar box bag rope chain nail hook axe saw wheel gear lamp torch fire smoke ash coal wood plank desk "
    "chair bench bed sheet quilt rug door gate fence wall roof floor stairs room house shop store bank school church town "
    "street path hill cliff cave beach shore wave tide pond lake well pipe tube hose pump truck car train track plane "
    "wing tail beak claw fur wool cloth silk thread coat shirt glove boot shoe sock hat ring purse coin price bill check "
    "note page book pen ink chalk brush paint glue paste tape sign mark line square round edge point top side front "
    "back thumb hand wrist arm elbow chest tooth tongue cheek eye ear hair dream thought joke song tune drum horn voice "
    "noise cough smell taste touch push pull jump march dance game ball bat net score prize gift toy puzzle clue job "
    "task plan speech lesson answer question reason month year night morning evening summer winter autumn weather thunder"
)
_ADJECTIVES = (
    "big small tall short long wide thin thick fat lean strong weak young old new fresh ripe stale sweet sour salty bitter "
    "hot warm cool cold dry wet damp smooth rough sharp blunt bright dark pale red green blue yellow brown grey white "
    "black pink purple clean dirty loud quiet quick slow steady calm brave shy proud poor rich cheap rare common strange "
    "odd plain fancy huge tiny heavy light deep shallow straight curved bent broken whole empty full hard soft early late"
)
_VERBS = (
    "took broke found lost gave held dropped threw caught kicked pushed pulled lifted carried brought sold bought fixed "
    "washed cleaned painted burned cooked served shared chose cut carved chopped hid showed watched touched crossed "
    "climbed followed passed reached left filled covered opened closed moved turned measured joined marked judged changed"
)
_PREPOSITIONS = "on in under over behind beside near through across beyond from with without above below against"
_MANNERS = (
    "at once, today, with care, for a while, in the dark, at noon, by chance, too soon, last week, on purpose, each day, "
    "before dawn, just in time, without a word, all day long, again and again, as usual, very well, much too fast"
)
_FORMS = (
    "The {a} {n} {v} the {n} {p} the {n}.",
    "The {n} {v} a {a} {n} {m}.",
    "A {a} {n} was {p} the {a} {n}.",
    "They {v} the {n} and {v} the {a} {n}.",
    "She {v} the {a} {n}, but he {v} the {n}.",
    "{v!c} by the {n}, the {n} looked {a} and {a}.",
    "The {n} of the {n} is {a} and {a}.",
    "There are {a} {n}s and {a} {n}s {p} the {n}.",
    "He never {v} the {n} {p} the {n}.",
    "It was the {n} that {v} the {n}.",
    "Put the {a} {n} {p} the {n}.",
    "Use a {n} to reach the {n} {m}.",
    "Keep the {n} {a} and the {n} {a}.",
    "These {n}s and those {n}s should be {a} {m}.",
    "We {v} it {m}.",
    "Both {n}s {v} us {m}.",
    "Where is the {a} {n}?",
    "Who {v} the {n} {p} the {n}?",
    "Is this {n} too {a}?",
    "Why would the {n} be so {a}?",
    "Did you see the {a} {n} {p} my {n}?",
    "What a {a} {n}!",
    "Look at the {n}!",
    "How {a} your {n} is!",
    "Stop, the {n} is {a}!",
    "Yes, the {n} and the {n}.",
    "No, not the {a} {n}.",
    "{n!c}, {n}, {n}, and {n}.",
    "{a!c} {n}.",
    "I think that you will find the {n} {p} the {a} {n}.",
    "When the {n} is {a}, we go {m}.",
    "If you can, bring their {n} to our {n}.",
)


def own_sentences(count: int, seed: int = 0) -> list[str]:
    """`count` different sentences; the same seed gives the same."""
    rng = np.random.default_rng([seed, 1])
    pools = {"n": _NOUNS.split(), "a": _ADJECTIVES.split(), "v": _VERBS.split(), "p": _PREPOSITIONS.split()}
    pools["m"] = _MANNERS.split(", ")
    decks: dict[str, list[str]] = {key: [] for key in pools}

    def draw(key: str) -> str:
        if not decks[key]:  # each word comes once before any comes twice
            decks[key] = [pools[key][i] for i in rng.permutation(len(pools[key]))]
        return decks[key].pop()

    found: dict[str, None] = {}
    while len(found) < count:
        form = _FORMS[len(found) % len(_FORMS)]
        words = form.replace("!c", "").replace("{", " {").split(" {")
        text = words[0] + "".join(draw(w[0]) + w[2:] for w in words[1:])
        text = " ".join(text.split())
        text = text[0].upper() + text[1:]
        found[text.replace(" a apple", " an apple")] = None
    return list(found)
