"""Pieces of performances that are kept: broken ones, old ones, two processes, and what decides their names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from emogen.pipelines.performance.cache import Cache, digest
from emogen.pipelines.performance.making import identity


def test_broken_pieces_are_made_again_and_old_ones_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=3_000)
    keys = [digest(i) for i in range(6)]
    for i, key in enumerate(keys[:2]):
        cache.keep(key, bytes([i]) * 100)
    path = next(tmp_path.glob(f"??/{keys[0]}*"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert cache.find("part", keys[0]) is None
    assert cache.find("part", keys[1]) == b"\x01" * 100
    assert (cache.hits, cache.misses) == ({"part": 1}, {"part": 1})
    again = cache.arrays("part", keys[0], lambda: {"a": np.arange(3.0)})
    assert cache.arrays("part", keys[0], dict)["a"].tolist() == again["a"].tolist()
    for key in keys[2:]:
        cache.keep(key, bytes(1_000))
    cache.trim()
    kept = sum(p.stat().st_size for p in tmp_path.glob("??/*"))
    assert 0 < kept <= 3_000
    assert cache.find("part", keys[5]) is not None
    assert Cache(Path("/proc/none")).find("part", keys[0]) is None
    Cache(Path("/proc/none")).keep(keys[0], b"x")


def test_what_a_pipeline_is_made_of_reads_the_same_in_every_process() -> None:
    def made(order: list[str], size: int) -> Any:
        return SimpleNamespace(components={"part": SimpleNamespace(config={"size": size, "_use_default_values": order})})

    assert identity(made(["a", "b"], 1)) == identity(made(["b", "a"], 1))  # diffusers keeps these in a set
    assert identity(made(["a", "b"], 1)) != identity(made(["a", "b"], 2))


def test_two_processes_may_keep_the_same_piece(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from emogen.pipelines.performance.cache import Cache, digest\n"
        "c = Cache(Path(sys.argv[1]))\n"
        "for i in range(300):\n"
        "    c.keep(digest(i % 3), bytes([i % 3]) * 20000)\n"
        "    assert c.find('p', digest(i % 3)) in (None, bytes([i % 3]) * 20000)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]
    assert [p.wait(300) for p in both] == [0, 0]
    assert [Cache(tmp_path).find("p", digest(i)) for i in range(3)] == [bytes([i]) * 20000 for i in range(3)]
    assert not list(tmp_path.glob("??/*.part-*"))
