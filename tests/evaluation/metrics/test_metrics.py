"""The package as a whole: what it exports, what it loads, what is written about it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from emogen.evaluation import metrics

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
FUNCTIONS = [name for name in metrics.__all__ if name[0].islower()]


@pytest.mark.parametrize("name", metrics.__all__)
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    assert len(getattr(metrics, name).__doc__) > 40


def test_every_function_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(\w+)", DOCS.read_text(encoding="utf-8"), flags=re.M))
    assert set(FUNCTIONS) <= rows
    assert rows <= set(FUNCTIONS)


def test_loads_numpy_alone() -> None:
    code = (
        "import sys, emogen.evaluation.metrics; "
        "print([m for m in ('scipy', 'torch', 'sklearn', 'soxr', 'pocketsphinx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
