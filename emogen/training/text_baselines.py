"""Baselines beside the text network, on the same split: a word list, and counted words with a linear model.

`python -m emogen.training.text_baselines --out FILE.json`. The word list is Warriner, Kuperman & Brysbaert 2013:
the mean rating of a sentence's words, scaled to EmoBank by least squares. The linear model counts words and
pairs of words (TF-IDF): ridge for V, A, D, one logistic regression a label. Neither is shipped.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from emogen.training.packs import pack
from emogen.training.text_data import EKMAN, GOEMOTIONS, Row, emobank, goemotions, meld, read_csv
from emogen.training.text_eval import best_thresholds, ccc, ekman, f1, macro_f1

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
MIDDLE = 5.0  # of Warriner's 1-9 scale


def word_ratings(data_dir: str | Path | None) -> dict[str, np.ndarray]:
    """Word -> V, A, D on Warriner's 1-9 scale."""
    return {
        r["Word"]: np.array([float(r[f"{axis}.Mean.Sum"]) for axis in "VAD"])
        for r in read_csv(pack("text/warriner_vad", data_dir) / "ratings.csv.gz")
    }


def word_means(texts: list[str], ratings: dict[str, np.ndarray]) -> np.ndarray:
    """[N, 3] mean rating of the rated words; the middle of the scale where there is none."""
    found = []
    for text in texts:
        known = [ratings[w] for w in WORD.findall(text.lower()) if w in ratings]
        found.append(np.mean(known, axis=0) if known else np.full(3, MIDDLE))
    return np.stack(found)


def _vad(rows: list[Row], part: str) -> tuple[list[str], np.ndarray]:
    chosen = [r for r in rows if r.part == part]
    return [r.text for r in chosen], np.stack([r.vad for r in chosen])


def lexicon(data_dir: str | Path | None) -> dict[str, Any]:
    """CCC of the word means on EmoBank's held-out part: least squares, or stretched to people's spread if better."""
    rows, ratings = emobank(data_dir), word_ratings(data_dir)
    texts, target = _vad(rows, "train")
    held, gold = _vad(rows, "held")
    train_means, held_means = word_means(texts, ratings), word_means(held, ratings)
    scores = []
    for k in range(3):
        x, y = train_means[:, k], target[:, k]
        slope = float(np.cov(x, y, bias=True)[0, 1] / max(x.var(), 1e-9))
        fitted = y.mean() + slope * (held_means[:, k] - x.mean())
        spread = y.std() / max(x.std(), 1e-9)  # the spread of people's ratings, which the fit shrinks
        stretched = y.mean() + spread * (held_means[:, k] - x.mean())
        scores.append(round(max(ccc(fitted, gold[:, k]), ccc(stretched, gold[:, k])), 4))
    return {"ccc": scores}


def linear(data_dir: str | Path | None) -> dict[str, Any]:
    """TF-IDF with ridge and logistic regression: CCC, macro-F1 of 28 and of Ekman's 7, transfer to MELD."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = emobank(data_dir)
    texts, target = _vad(rows, "train")
    held, gold = _vad(rows, "held")
    count = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    ridge = Ridge(alpha=1.0).fit(count.fit_transform(texts), target)
    values = ridge.predict(count.transform(held))
    figures: dict[str, Any] = {"ccc": [round(ccc(values[:, k], gold[:, k]), 4) for k in range(3)]}

    comments = goemotions(data_dir)
    parts = {p: [r for r in comments if r.part == p] for p in ("train", "tune", "held")}
    wanted = {p: np.stack([r.labels[: len(GOEMOTIONS)] for r in found]) > 0.5 for p, found in parts.items()}
    count = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    counted = {"train": count.fit_transform([r.text for r in parts["train"]])}
    counted |= {p: count.transform([r.text for r in parts[p]]) for p in ("tune", "held")}
    lines = meld(data_dir, "dev")
    counted["meld"] = count.transform([t for t, _, _ in lines])
    chances = {p: np.zeros((m.shape[0], len(GOEMOTIONS))) for p, m in counted.items()}
    for k in range(len(GOEMOTIONS)):
        model = LogisticRegression(C=4.0, solver="liblinear").fit(counted["train"], wanted["train"][:, k])
        for p, matrix in counted.items():
            chances[p][:, k] = model.predict_proba(matrix)[:, 1]
    figures["macro_f1_28"] = round(macro_f1(chances["held"], wanted["held"], best_thresholds(chances["tune"], wanted["tune"])), 4)
    seven = {p: ekman(wanted[p].astype(float), "max") > 0.5 for p in ("tune", "held")}
    thresholds = best_thresholds(ekman(chances["tune"]), seven["tune"])
    figures["macro_f1_ekman7"] = round(macro_f1(ekman(chances["held"]), seven["held"], thresholds), 4)
    said = ekman(chances["meld"], "max").argmax(1)
    right = np.array([list(EKMAN).index(label) for _, _, label in lines])
    figures["meld_macro_f1"] = round(float(np.mean([f1(said == k, right == k) for k in range(len(EKMAN))])), 4)
    return figures


def main() -> None:
    """Command line of the baselines."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    text = json.dumps({"lexicon": lexicon(given.data), "linear": linear(given.data)}, indent=1)
    given.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
