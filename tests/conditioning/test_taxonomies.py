"""Label sets, the maps between them and what each map loses."""

from __future__ import annotations

import numpy as np
import pytest

from emogen.conditioning import polarity, taxonomies
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.likelihood import BASIS, gaussian, posterior
from emogen.conditioning.vocabulary import find, norm, terms
from emogen.errors import InputError

NAMES = taxonomies.names()
SIZES = {
    "ekman": 6, "plutchik": 8, "plutchik24": 24, "mikels8": 8, "emotic26": 26, "goemotions27": 27,
    "parrott": 6, "parrott2": 25, "emonet40": 40,
}  # fmt: skip


def test_all_are_there() -> None:
    assert {name: len(taxonomies.get(name).labels) for name in SIZES} == SIZES
    assert len(taxonomies.get("parrott3").labels) > 100
    with pytest.raises(InputError, match="ekman"):
        taxonomies.get("eckman")


@pytest.mark.parametrize("name", NAMES)
def test_every_label_can_be_written_and_has_a_place_in_vad(name: str) -> None:
    tax = taxonomies.get(name)
    assert len(set(tax.labels)) == len(tax.labels)
    for label, term in zip(tax.labels, tax.terms, strict=True):
        assert find(label) == term
        assert norm(term).any()
        assert next(iter(taxonomies.project({term: 1.0}, name))) in (label, term) or name == "ekman"


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", NAMES)
def test_maps_are_conditional_shares_with_a_known_loss(source: str, target: str) -> None:
    table = taxonomies.matrix(source, target)
    assert table.shape == (len(taxonomies.get(source).labels) + 1, len(taxonomies.get(target).labels) + 1)
    assert (table >= 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1.0)
    assert table[-1, -1] == 1.0
    loss = taxonomies.map_loss(source, target)
    assert 0.0 <= loss <= 1.0
    if source == target:
        assert loss == 0.0
        np.testing.assert_array_equal(table, np.eye(len(table)))


def test_loss_tells_coarse_from_fine() -> None:
    assert taxonomies.map_loss("goemotions27", "ekman") > 0.3
    assert taxonomies.map_loss("ekman", "goemotions27") == 0.0
    # 24 rings fall by threes into 8 petals: log2(3) of log2(24) bits are lost
    assert taxonomies.map_loss("plutchik24", "plutchik") == pytest.approx(np.log(3) / np.log(24))


@pytest.mark.parametrize(
    ("label", "ekman"),
    [("annoyance", "anger"), ("nervousness", "fear"), ("pride", "joy"), ("remorse", "sadness"),
     ("realization", "surprise"), ("disgust", "disgust"), ("neutral", "neutral")],
)  # fmt: skip
def test_published_grouping_of_goemotions(label: str, ekman: str) -> None:
    assert taxonomies.convert({label: 1.0}, "goemotions27", "ekman") == {ekman: 1.0}


def test_convert_refuses() -> None:
    for shares in ({"joyy": 1.0}, {}, {"joy": -1.0}, {"joy": float("nan")}):
        with pytest.raises(InputError):
            taxonomies.convert(shares, "ekman", "mikels8")


def test_a_map_there_and_back_finds_the_label_again() -> None:
    for name in ("mikels8", "goemotions27", "emotic26", "plutchik"):
        back = taxonomies.matrix("ekman", name) @ taxonomies.matrix(name, "ekman")
        assert (back.argmax(axis=1) == np.arange(7)).all(), name


@pytest.mark.parametrize("term", terms())
def test_every_term_projects_onto_every_taxonomy(term: str) -> None:
    for name in NAMES:
        shares = taxonomies.project({term: 1.0}, name)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert set(shares) <= {*taxonomies.get(name).labels, "neutral"}


def test_projections_follow_kinship_not_only_nearness() -> None:
    assert next(iter(Emotion.parse("terror").project("goemotions27"))) == "fear"
    assert next(iter(Emotion.parse("contempt").project("parrott"))) == "anger"
    assert Emotion.parse("love").project("plutchik") == {"joy": 0.5, "trust": 0.5}
    assert Emotion.parse("rage").project("plutchik") == {"anger": 1.0}
    assert next(iter(Emotion.parse("worry").project("mikels8"))) == "fear"
    assert Emotion.parse("calm").project("ekman")["neutral"] > 0.5
    assert Emotion.parse("joy:0.6+fear:0.3").project("ekman") == pytest.approx({"joy": 2 / 3, "fear": 1 / 3})
    assert Emotion().project("emonet40") == {"neutral": 1.0}


@pytest.mark.parametrize(
    ("word", "place"),
    [("dread", ("fear", "nervousness", "dread")), ("joy", ("joy", "cheerfulness", "joy")),
     ("annoyed", ("anger", "irritation", "annoyance")), ("disgust", ("anger", "disgust", "disgust")),
     ("love", ("love", "affection", "love")), ("hopeful", ("joy", "optimism", "hope")),
     ("guilty", ("sadness", "shame", "guilt"))],
)  # fmt: skip
def test_tiers_of_parrotts_tree(word: str, place: tuple[str, str, str]) -> None:
    assert taxonomies.tiers(word) == place


def test_any_term_has_a_place_and_can_be_generalised() -> None:
    top, groups = taxonomies.get("parrott").labels, taxonomies.get("parrott2").labels
    for term in terms()[1:]:
        first, second, third = taxonomies.tiers(term)
        assert first in top
        assert second in groups
        assert third in taxonomies.get("parrott3").labels
        assert taxonomies.generalise(taxonomies.generalise(term)) in top
    assert taxonomies.generalise("dread") == "nervousness"
    assert taxonomies.generalise("nervousness") == "fear"
    assert taxonomies.generalise("fear") == "fear"
    assert taxonomies.specialise("fear") == ("horror", "nervousness")
    assert "triumph" in taxonomies.specialise("pride")
    assert taxonomies.specialise("dread") == ()
    with pytest.raises(InputError):
        taxonomies.tiers("neutral")


def test_the_wheel() -> None:
    pairs = polarity.dyads()
    assert len(pairs) == 28
    assert [sum(p.tier == tier for p in pairs) for tier in ("primary", "secondary", "tertiary")] == [8, 8, 8]
    for pair in pairs:
        mixed = Emotion.parse(f"{pair.first}:0.5+{pair.second}:0.5")
        assert mixed.label.startswith(pair.name + " (")
        assert f"({pair.name})" in mixed.describe()
    assert len({frozenset((p.first, p.second)) for p in pairs}) == 28
    assert Emotion.parse("ecstasy+acceptance").label.startswith("love (")
    for petal in polarity.wheel().values():
        for ring in (petal.low, petal.primary, petal.high):
            opposite = polarity.opposite(ring)
            assert opposite is not None
            assert polarity.opposite(opposite) == ring


@pytest.mark.parametrize("name", BASIS)
def test_gaussians_are_proper_and_peak_at_home(name: str) -> None:
    inverse, _ = gaussian(name)
    assert np.linalg.eigvalsh(inverse).min() > 0
    shares = posterior(norm(name))
    assert next(iter(shares)) == name
    assert sum(shares.values()) == pytest.approx(1.0)
