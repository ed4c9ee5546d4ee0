"""Label sets, and the maps between them with what each map loses.

A taxonomy is a table `tables/taxonomy_<name>.csv`; a new table is a new taxonomy. Every label stands for a term,
so every label has a VAD. "neutral" belongs to every taxonomy and is its last row and column in a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from emogen.conditioning import polarity
from emogen.conditioning.likelihood import log_likelihood
from emogen.conditioning.vocabulary import (
    BASIC,
    NEUTRAL,
    TABLES,
    basic_shares,
    norm,
    normalise,
    read_table,
    term,
)
from emogen.errors import InputError

_LEAST_KINSHIP = 1e-4  # own assumption: a label of another family may still be meant, but hardly
_SMALLEST_SHARE = 1e-3  # own assumption: shares below a thousandth are left out
_TREE = ("parrott3", "parrott2", "parrott")


@dataclass(frozen=True)
class Taxonomy:
    """A label set.

    Args:
        name: As in `Emotion.project(name)`.
        labels: As published, lower case, without "neutral".
        terms: The term that each label stands for.
        parents: The label above each one, in taxonomy `parent_in`; empty where there is none.
        parent_in: Name of the taxonomy that groups this one, or empty.
        source: Where the labels come from.
        trust: "read" in the source, or "unverified" (from memory of the field).
    """

    name: str
    labels: tuple[str, ...]
    terms: tuple[str, ...]
    parents: tuple[str, ...]
    parent_in: str
    source: str
    trust: str


def names() -> tuple[str, ...]:
    """The names of all taxonomies."""
    return tuple(sorted(path.stem.partition("_")[2] for path in TABLES.glob("taxonomy_*.csv")))


def get(name: str) -> Taxonomy:
    """A taxonomy by its name.

    Raises:
        InputError: There is none of that name.
    """
    if name not in names():
        raise InputError("taxonomy", f'unknown name "{name}"', f"There are: {', '.join(names())}.")
    return _load(name)


@cache
def _load(name: str) -> Taxonomy:
    rows = read_table(f"taxonomy_{name}")
    labels, names_of, parents = (tuple(row[c] for row in rows) for c in ("label", "term", "parent"))
    return Taxonomy(
        name,
        labels,
        names_of,
        parents,
        rows[0]["parent_in"],
        rows[0]["source"],
        rows[0]["trust"],
    )


def project(weights: Mapping[str, float], taxonomy: str) -> dict[str, float]:
    """Shares over terms -> shares over the labels of a taxonomy and "neutral", largest first, summing to 1.

    A term that the taxonomy has is that label. Onto Ekman's six, a term has its shares of basic emotions, the
    rest neutral. Onto Plutchik's eight, a ring is its primary and a dyad its two parents. In Parrott's tree,
    a term is its ancestor. Everything else goes by likelihood in VAD space among the labels, weighted with
    their kinship, the squared cosine of their shares of basic emotions (own definition), because neighbours
    in VAD are not always relatives.

    Raises:
        InputError: The taxonomy or a term is unknown.
    """
    get(taxonomy)
    shares: dict[str, float] = {}
    for name, weight in weights.items():
        for label, share in _shares(term(name), taxonomy):
            shares[label] = shares.get(label, 0.0) + weight * share
    total = sum(shares.values()) or 1.0
    return {label: s / total for label, s in sorted(shares.items(), key=lambda item: -item[1]) if s > 0.0}


@cache
def matrix(source: str, target: str) -> np.ndarray:
    """Conditional shares (n + 1, m + 1), read-only: row i says where label i of `source` goes in `target`.

    Rows sum to 1; the last row and column are neutral. A published grouping (GoEmotions -> Ekman, rings ->
    primaries, Parrott's tiers) is taken as published; everything else as in `project`.

    Raises:
        InputError: A taxonomy is unknown.
    """
    a, b = get(source), get(target)
    column = {label: i for i, label in enumerate((*b.labels, NEUTRAL))}
    table = np.zeros((len(a.labels) + 1, len(column)))
    for i, (label, name) in enumerate(zip((*a.labels, NEUTRAL), (*a.terms, NEUTRAL), strict=True)):
        above = label if label == NEUTRAL or source == target else _ancestor(label, a, target)
        if above:
            table[i, column[above]] = 1.0
        else:
            for to, share in _shares(name, target):
                table[i, column[to]] += share
    table.setflags(write=False)
    return table


def convert(shares: Mapping[str, float], source: str, target: str) -> dict[str, float]:
    """Shares over the labels of one taxonomy -> shares over those of another, by `matrix`.

    Raises:
        InputError: A taxonomy or a label is unknown, or no share is above 0.
    """
    a, b = get(source), get(target)
    rows = {normalise(label): i for i, label in enumerate((*a.labels, NEUTRAL))}
    given = np.zeros(len(rows))
    for label, share in shares.items():
        if normalise(label) not in rows:
            raise InputError(source, f'unknown label "{label}"', f"There are: {', '.join(a.labels)}, neutral.")
        given[rows[normalise(label)]] += share
    if not (np.isfinite(given).all() and given.min() >= 0.0 and given.sum() > 0.0):
        raise InputError(source, "shares that are negative, not finite or all 0", "Give shares that sum to 1.")
    found = given @ matrix(source, target) / given.sum()
    labels = (*b.labels, NEUTRAL)
    return {labels[i]: float(found[i]) for i in np.argsort(-found, kind="stable") if found[i] > 0.0}


def map_loss(source: str, target: str) -> float:
    """What a map forgets: 0 when every label can be told from where it goes, 1 when none can.

    `H(source | target) / H(source)`, with all labels of `source` (neutral left out) equally likely.

    Raises:
        InputError: A taxonomy is unknown.
    """
    table = matrix(source, target)[:-1]
    joint = table / len(table)
    column = np.broadcast_to(joint.sum(axis=0), joint.shape)
    used = joint > 0.0
    bits = -float((joint[used] * np.log2(joint[used] / column[used])).sum())
    return bits / float(np.log2(len(table))) + 0.0


def tiers(word: str) -> tuple[str, str, str]:
    """The place of a feeling in Parrott's tree: primary, secondary and tertiary emotion.

    A word that is not in the tree stands where its likeliest leaf stands; a primary or secondary emotion,
    with its own name below it as far as the tree has it, else with its likeliest child.

    Raises:
        InputError: The word is unknown, or neutral.
    """
    name = term(word)
    if name == NEUTRAL:
        raise InputError("emotion", "neutral has no place in Parrott's tree", "Name a feeling.")
    leaves, groups = get("parrott3"), get("parrott2")
    at = _highest(name)
    choice = list(range(len(leaves.labels)))
    if at == "parrott":
        choice = [i for i in choice if groups.parents[groups.labels.index(leaves.parents[i])] == name]
    elif at == "parrott2":
        choice = [i for i in choice if leaves.parents[i] == name]
    leaf = leaves.labels[choice[_nearest(name, [leaves.terms[i] for i in choice])]]
    group = leaves.parents[leaves.labels.index(leaf)]
    return groups.parents[groups.labels.index(group)], group, leaf


def generalise(word: str) -> str:
    """The emotion one tier above in Parrott's tree; a primary emotion is its own.

    Raises:
        InputError: The word is unknown, or neutral.
    """
    at, place = _highest(term(word)), tiers(word)
    return place[0] if at in ("parrott", "parrott2") else place[1]


def specialise(word: str) -> tuple[str, ...]:
    """The emotions one tier below in Parrott's tree; empty for a leaf. A word outside has its group's leaves.

    Raises:
        InputError: The word is unknown, or neutral.
    """
    at, place = _highest(term(word)), tiers(word)
    if at == "parrott3":
        return ()
    tree = get("parrott2" if at == "parrott" else "parrott3")
    above = place[0] if at == "parrott" else place[1]
    return tuple(label for label, parent in zip(tree.labels, tree.parents, strict=True) if parent == above)


# -- inside ----------------------------------------------------------------------------------------------
def _highest(name: str) -> str | None:
    """The highest tier of Parrott's tree that has a term, or None."""
    return next((tier for tier in reversed(_TREE) if name in get(tier).terms), None)


def _ancestor(label: str, source: Taxonomy, target: str) -> str | None:
    """The label of `target` that groups a label of `source`, over any number of tiers, or None."""
    while source.parent_in:
        label = source.parents[source.labels.index(label)]
        source = get(source.parent_in)
        if source.name == target:
            return label
    return None


@cache
def _shares(name: str, taxonomy: str) -> tuple[tuple[str, float], ...]:
    """A term's shares over the labels of a taxonomy and neutral; see `project`."""
    tax = get(taxonomy)
    if name == NEUTRAL:
        return ((NEUTRAL, 1.0),)
    if taxonomy == "ekman":
        shares = basic_shares(name)
        named = [(label, float(s)) for label, s in zip(BASIC, shares, strict=True) if s > 0.0]
        return (*named, (NEUTRAL, max(0.0, 1.0 - float(shares.sum()))))
    if name in tax.terms:
        own = [label for label, t in zip(tax.labels, tax.terms, strict=True) if t == name]
        return ((name if name in own else own[0], 1.0),)
    if taxonomy == "plutchik" and (found := polarity.parents(name)):
        return tuple((parent, 1.0 / len(found)) for parent in found)
    for lower in map(get, _TREE):
        if name in lower.terms and (above := _ancestor(lower.labels[lower.terms.index(name)], lower, taxonomy)):
            return ((above, 1.0),)
    return _likely(name, tax)


def _likely(name: str, tax: Taxonomy) -> tuple[tuple[str, float], ...]:
    candidates = (*tax.terms, NEUTRAL)
    log = log_likelihood(norm(name), candidates) + np.log(
        [max(_kinship(name, other), _LEAST_KINSHIP) for other in candidates]
    )
    share = np.exp(log - log.max())
    share /= share.sum()
    share[share < _SMALLEST_SHARE] = 0.0
    share /= share.sum()
    labels = (*tax.labels, NEUTRAL)
    return tuple((labels[i], float(share[i])) for i in np.argsort(-share, kind="stable") if share[i] > 0.0)


def _nearest(name: str, candidates: list[str]) -> int:
    if name in candidates:
        return candidates.index(name)
    kin = [max(_kinship(name, other), _LEAST_KINSHIP) for other in candidates]
    return int(np.argmax(log_likelihood(norm(name), candidates) + np.log(kin)))


def _kinship(one: str, other: str) -> float:
    """0..1: how alike the mixtures of basic emotions of two terms are, whatever their strength.

    The squared cosine of their shares; beside "neutral", the squared neutral share.
    """
    a, b = basic_shares(one), basic_shares(other)
    if not b.any() or not a.any():
        return max(0.0, 1.0 - float(a.sum())) ** 2
    return float(a @ b) ** 2 / float((a @ a) * (b @ b))
