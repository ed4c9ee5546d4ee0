"""Training of the reader of words: composed prose, packs, measures, a run end to end."""

from __future__ import annotations

import csv
import gzip
import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.checkpoints import HERE
from emogen.conditioning.text import TextRecognizer
from emogen.errors import InputError
from emogen.training import text_eval
from emogen.training.packs import data_folder, pack
from emogen.training.prose import compose


def test_composed_prose_is_repeatable_and_split():
    assert compose(200, seed=1) == compose(200, seed=1) != compose(200, seed=2)
    kept = {e.text for e in compose(3000, seed=1) if e.kind in {"narrate", "state"}}
    held = {e.text for e in compose(3000, seed=1, held=True) if e.kind in {"narrate", "state"}}
    assert len(held) > 100
    assert not kept & held


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_composed_prose_is_well_formed(seed):
    for example in compose(20, seed=seed):
        assert example.text.strip()
        assert not re.search(r"[{}]", example.text + example.before)
        assert all(0.0 <= chance <= 1.0 for chance in example.labels.values())
        assert 0.0 <= example.intensity <= 1.5


def test_measures_against_their_definitions():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=200), rng.normal(size=200)
    cov = ((a - a.mean()) * (b - b.mean())).mean()
    assert text_eval.ccc(a, b) == pytest.approx(2 * cov / (a.var() + b.var() + (a.mean() - b.mean()) ** 2))
    assert text_eval.ccc(a, a) == pytest.approx(1.0)
    assert text_eval.f1(np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)) == pytest.approx(0.5)
    assert text_eval.calibration_error(np.array([0.8] * 10), np.array([1] * 8 + [0] * 2)) == pytest.approx(0.0, abs=1e-9)
    assert text_eval.calibration_error(np.array([1.0] * 10), np.array([1] * 5 + [0] * 5)) == pytest.approx(0.5)


def test_a_missing_pack_is_named(tmp_path):
    with pytest.raises(InputError, match="text/emobank"):
        pack("text/emobank", tmp_path)


def _start(folder, reader_folder):
    """A tiny encoder in the layout of all-MiniLM-L6-v2 with random weights."""
    from transformers import BertConfig, BertModel

    spec = json.loads((reader_folder / "tokenizer.json").read_text())
    vocab = spec["model"]["vocab"]
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(vocab), hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    BertModel(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(spec))


@pytest.mark.skipif(not data_folder().joinpath("text/goemotions").is_dir(), reason="the text packs are not here (EMOGEN_DATA)")
def test_packs_are_read_and_split():
    from emogen.training.text_data import emobank, goemotions

    comments, lines = goemotions(), emobank()
    assert len(comments) == 43_410
    assert len(lines) == 8_062
    shares = [np.mean([r.part == "held" for r in rows]) for rows in (comments, lines)]
    assert shares == pytest.approx([0.1, 0.1], abs=0.03)
    before = {r.before for r in lines if r.part == "held" and r.before}
    assert before
    assert not before & {r.text for r in lines if r.part == "train" and len(r.text) > 40}
    assert np.stack([r.vad for r in lines if r.part == "train"]).mean(0) == pytest.approx(0.0, abs=1e-3)


def _small_packs(folder):
    rng = np.random.default_rng(0)
    examples = compose(160, seed=4)
    (folder / "text/goemotions").mkdir(parents=True)
    with gzip.open(folder / "text/goemotions/train.csv.gz", "wt", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["text", "label", "id"])
        table.writerows([e.text, int(rng.integers(28)), f"id{i}"] for i, e in enumerate(examples))
    (folder / "text/emobank").mkdir(parents=True)
    with gzip.open(folder / "text/emobank/emobank.csv.gz", "wt", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "V", "A", "D", "text"])
        table.writerows(
            [f"doc{i // 4}_{40 * i}_{40 * i + 39}", *rng.uniform(2, 4, 3).round(2), e.text] for i, e in enumerate(examples)
        )
    (folder / "text/meld").mkdir(parents=True)
    with gzip.open(folder / "text/meld/dialogues.csv.gz", "wt", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["split", "Dialogue_ID", "Utterance", "Emotion"])
        table.writerows(["dev", i // 5, e.text, ["joy", "anger", "neutral"][i % 3]] for i, e in enumerate(examples[:60]))
    (folder / "text/warriner_vad").mkdir(parents=True)
    with gzip.open(folder / "text/warriner_vad/ratings.csv.gz", "wt", newline="") as stream:
        stream.write("Word,V.Mean.Sum,A.Mean.Sum,D.Mean.Sum\nhappy,8,6,6\nsad,2,3,4\nthe,5,4,5\nletter,5,4,5\n")


def test_training_end_to_end_gives_a_checkpoint_that_loads(tmp_path, monkeypatch):
    """A run over a few hundred made-up rows: it must write a whole checkpoint, twice the same."""
    from emogen.training import text as training

    pytest.importorskip("sklearn")
    monkeypatch.setattr(training, "VOCABULARY", 3_000)
    (tmp_path / "start").mkdir()
    _start(tmp_path / "start", HERE / "text")
    _small_packs(tmp_path / "data")
    runs = [
        training.train(
            tmp_path / name, data_dir=tmp_path / "data", start=tmp_path / "start", seed=5, epochs=1, composed_per_epoch=50
        )
        for name in ("one", "two")
    ]
    weights = [(folder / "model.safetensors").read_bytes() for folder in runs]
    assert weights[0] == weights[1]
    assert {p.name for p in runs[0].iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "training.csv", "training.json", "figures.json", "README.md", "SHA256SUMS",
    }
    found = TextRecognizer.load(runs[0]).recognize("We made it!")
    assert sum(found.distribution.values()) == pytest.approx(1.0)
