"""The same batch on a Ray cluster of two nodes, a process killed in the middle and then a node: the bytes of this machine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emogen.batch import ray_cluster
from emogen.batch.display import Standing
from emogen.batch.job import Job, Needs, Result
from emogen.batch.run import run
from emogen.batch.work import do
from emogen.errors import BackendMissing, EmogenError, InputError
from emogen.media.audio import write_audio
from tests.batch.standing_in import alive, contents, entries, jobs, kill, until

ray = pytest.importorskip("ray", reason="Ray is not installed (the extra `ray`)")
cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed (the extra `ray`)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Puts the stand-in on the path of whatever is started from here on."""
    from tests.batch.standing_in import ROOT, SITE

    place = tmp_path_factory.mktemp("site")
    (place / "sitecustomize.py").write_text(SITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{place}{os.pathsep}{ROOT}")
        yield place


@pytest.fixture(scope="module")
def cluster(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes of one core; all that is started ends with it."""
    before = ray_processes()
    started = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        started.add_node(num_cpus=1)
        yield started
    finally:
        ray.shutdown()
        started.shutdown()
    assert not [pid for pid in ray_processes() - before if alive(pid)]


def ray_processes(*names: bytes) -> set[int]:
    found = set()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes()
            if any(name in line for name in names or (b"raylet", b"gcs_server", b"ray::")):
                found.add(int(place.parent.name))
        except OSError:
            continue
    return found


def started_by(pid: int) -> list[int]:
    """The processes that a process started, and those that these did."""
    try:
        own = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in own for each in (child, *started_by(child))]


def lose(cluster: Any) -> bool:
    """Ends the second node at one stroke, as when its power is cut, if it is in the middle of a job."""
    [node] = cluster.worker_nodes
    raylet = node.all_processes["raylet"][0].process.pid
    every = started_by(raylet)
    for pid in every:
        os.kill(pid, signal.SIGSTOP)
    busy = bool(ray_processes(b"ray::_render") & set(every))
    if busy:
        cluster.remove_node(node, allow_graceful=False)
    for pid in every:
        os.kill(pid, signal.SIGKILL if busy else signal.SIGCONT)
    return busy


@pytest.mark.parametrize("address", ["auto", "127.0.0.1:1", "127.0.0.1:999999", "nowhere", "[::1", "a b:7"])
def test_no_cluster_at_the_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="no Ray cluster could be joined"):
        run(jobs(1), tmp_path / "out", engine="ray", address=address, progress=lambda standing: None)


def test_without_ray_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BackendMissing, match=r"pip install \"emogen\[ray\]\""):
        run(jobs(1), tmp_path / "out", engine="ray", progress=lambda standing: None)


def test_a_killed_process_and_a_lost_node_give_the_bytes_of_this_machine(tmp_path: Path, cluster: Any) -> None:
    todo = [*jobs(16, seconds=0.1), Job("bad", "speak", {"bad": True}, ".wav", 1, 17)]
    todo.append(Job("poison", "speak", {"poison": True}, ".wav", 1, 18))
    todo.insert(4, Job("endless", "speak", {"seconds": 1e6}, ".wav", 1, 19))
    local = run(todo, tmp_path / "local", workers=2, job_limit=3.0, progress=lambda standing: None)
    struck, lost = list[int](), list[int]()

    def strike(standing: Standing) -> None:
        if standing.done == 3 and not struck:
            until(lambda: struck.extend(ray_processes(b"ray::_render")) or struck, 20)
            kill(struck[0])
        if standing.done == 8 and not lost:
            until(lambda: lose(cluster), 20)
            lost.append(standing.done)

    out = tmp_path / "ray"
    summary = run(todo, out, engine="ray", address=cluster.address, job_limit=3.0, progress=strike)
    assert struck
    assert lost
    assert (summary.done, summary.failed) == (local.done, local.failed) == (16, 3)
    here, there = contents(tmp_path / "local"), contents(out)
    assert b"the worker died 3 times: SIGKILL" in here["failures.csv"]
    assert b"not done within 3 s, the limit of a job" in here["failures.csv"]
    assert there == here
    assert len({entry["worker"] for entry in entries(out, "done")}) >= 2
    again = run(todo[:3], out, engine="ray", address=cluster.address, resume=True, progress=lambda standing: None)
    assert (again.done, again.skipped) == (0, 3)


def test_what_waits_for_a_larger_machine_is_said(tmp_path: Path, cluster: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    try:
        ray_cluster._note_needs(ray, [replace(job, needs=Needs(gpu=1.0)) for job in jobs(3)], lambda text: print(text))
    finally:
        ray.shutdown()
    assert capsys.readouterr().out.startswith("3 jobs wait for a machine with 1 CPU, 1 GPU")


def test_files_that_a_machine_does_not_see_travel(tmp_path: Path) -> None:
    voice = tmp_path / "folder" / "voice.txt"
    voice.parent.mkdir()
    voice.write_bytes(b"abc")
    job = Job("a", "convert", {"audio": str(voice), "emotion": "@voice.txt"}, ".wav", 1, folder=str(voice.parent), files=(str(voice),))
    moved = ray_cluster._moved(job, {str(voice): b"abc"}, str(tmp_path / "there"))
    there = Path(moved.arguments["audio"])
    assert there.read_bytes() == b"abc"
    assert there == tmp_path / "there" / str(voice)[1:]
    assert there.parent == Path(moved.folder)
    assert moved.files == (str(there),)
    assert moved.arguments["emotion"] == "@voice.txt"


def test_a_moved_recording_gives_the_same_sound_and_sidecar(tmp_path: Path) -> None:
    import numpy as np

    voice = tmp_path / "voice.wav"
    tone = 0.3 * np.sin(2 * np.pi * 160 * np.arange(12_000) / 16_000) * np.hanning(12_000)
    write_audio(voice, tone.astype(np.float32), 16_000)
    job = Job("a", "convert", {"audio": str(voice), "emotion": "joy"}, ".wav", 1, folder=str(tmp_path), files=(str(voice),))
    moved = ray_cluster._moved(job, {str(voice): voice.read_bytes()}, str(tmp_path / "there"))
    results: list[Result] = []
    for name, one in (("here", job), ("elsewhere", moved)):
        (tmp_path / name).mkdir()
        results.append(do(one, tmp_path / name))
    assert [result.state for result in results] == ["done", "done"], results
    assert contents(tmp_path / "here") == contents(tmp_path / "elsewhere")


def test_other_versions_on_a_machine_are_refused() -> None:
    with pytest.raises(EmogenError, match=r"has torch .* This one has 0\.1"):
        ray_cluster._render(jobs(1)[0].to_dict(), {}, {"torch": "0.1"}, 0, 1.0)
