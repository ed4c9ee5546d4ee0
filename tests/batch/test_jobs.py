"""Jobs: the same bytes in whichever process and order, keys of all that decides them, failures that are told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emogen.batch.feeling import felt
from emogen.batch.job import Job, Needs, Result, derived_seed
from emogen.batch.kinds import KINDS, needs
from emogen.batch.level import Level, fade, level_out, parse_level
from emogen.batch.work import do
from emogen.conditioning.reference import FolderResolver
from emogen.errors import InputError, LimitError
from emogen.media.audio import read_audio, write_audio
from emogen.media.loudness import loudness_lufs, peak_dbfs, rms_dbfs

HERE = FolderResolver()
SPEECH = Job("hello", "speak", {"text": "Hello there.", "emotion": "joy", "intensity": 0.5}, ".wav", 7, level="lufs:-23")
SCORE = Job("tune", "music", {"emotion": "0s fear; 2s joy", "seconds": 4}, ".mid", 8)
CODE = """
import json, sys
from pathlib import Path
from emogen.batch.job import Job
from emogen.batch.work import do
for line in sys.stdin:
    assert do(Job.from_dict(json.loads(line)), Path(sys.argv[1])).state == "done"
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_job_gives_the_same_bytes_again_and_in_another_process(tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    first.mkdir()
    other.mkdir()
    results = [do(job, first) for job in (SPEECH, SCORE, SPEECH)]
    assert [result.state for result in results] == ["done"] * 3
    assert results[0].sha256 == results[2].sha256
    assert set(contents(first)) == {"hello.wav", "hello.json", "tune.mid", "tune.json"}
    jobs = "".join(json.dumps(job.to_dict()) + "\n" for job in (SCORE, SPEECH))
    subprocess.run([sys.executable, "-c", CODE, str(other)], input=jobs, text=True, check=True, timeout=300)
    assert contents(first) == contents(other)
    sidecar = json.loads((first / "hello.json").read_text())
    assert sidecar["timings_s"] == {}
    assert sidecar["seed"] == 7
    assert "joy:0.5" in sidecar["request"]["emotion"]
    assert sidecar["media"]["level"]["target"] == "lufs:-23"


def test_the_sound_has_the_level_that_was_asked_for(tmp_path: Path) -> None:
    for level, measure in (("lufs:-23", lambda a: loudness_lufs(a.samples, a.sample_rate)), ("rms:-30", lambda a: rms_dbfs(a.samples))):
        assert do(replace(SPEECH, level=level), tmp_path).state == "done"
        sound = read_audio(tmp_path / "hello.wav")
        assert measure(sound) == pytest.approx(float(level.partition(":")[2]), abs=0.05)
        assert abs(sound.samples[0]) < 1e-3
        assert abs(sound.samples[-1]) < 1e-3


def test_failures_are_results(tmp_path: Path) -> None:
    bad = do(Job("bad", "speak", {"text": "Hello.", "voice": "nobody"}, ".wav", 1), tmp_path)
    assert (bad.state, bad.output, bad.sha256) == ("failed", "", "")
    assert "nobody" in bad.error
    gone = do(Job("gone", "convert", {"audio": str(tmp_path / "none.wav")}, ".wav", 1), tmp_path)
    assert "none.wav" in gone.error
    strange = do(Job("strange", "speak", {"text": "Hello.", "voice": ["alto"]}, ".wav", 1), tmp_path)
    assert strange.state == "failed"
    assert not list(tmp_path.iterdir())


def test_a_key_is_of_all_that_decides_the_bytes(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(4000, np.float32), 16_000)
    job = Job("x", "convert", {"audio": str(tmp_path / "a.wav")}, ".wav", 1, files=(str(tmp_path / "a.wav"),))
    keys = [
        job.key, replace(job, seed=2).key, replace(job, suffix=".flac").key, replace(job, level="rms:-26").key,
        replace(job, arguments={**job.arguments, "emotion": "joy"}).key,
    ]  # fmt: skip
    write_audio(tmp_path / "a.wav", np.ones(4000, np.float32) * 0.1, 16_000)
    keys.append(job.key)
    (tmp_path / "a.wav").unlink()
    keys.append(job.key)
    assert len(set(keys)) == len(keys)
    assert replace(job, id="y", line=9, needs=Needs(memory_gb=9)).key == job.key


def test_jobs_and_results_are_json() -> None:
    job = replace(SPEECH, files=("/a", "/b"), needs=Needs(2.0, 1.0, 3.0), folder="/x")
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job
    result = Result("a", "k", "done", "a.wav", "0" * 64, 1.5, warnings=("One.", "Two."), worker="w")
    assert Result.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_seeds_are_of_the_name_and_the_batch() -> None:
    assert derived_seed(0, "a") == derived_seed(0, "a")
    assert len({derived_seed(s, n) for s in (0, 1) for n in ("a", "b", "\ud800")}) == 6
    assert 0 <= derived_seed(2**63 - 1, "") < 2**32


def test_what_jobs_want_of_a_machine() -> None:
    assert all(needs(call, "embedded").gpu == 0 for call in KINDS)
    assert needs("image", "sdxl:some/model").gpu == 1
    assert needs("speak", "rules").gpu == 0


def test_intensity_is_a_factor() -> None:
    assert felt(None, None, HERE) is None
    assert felt("auto", None, HERE) == "auto"
    assert felt("joy:0.8+fear:0.2", 0.5, HERE).amplitudes == {"joy": 0.4, "fear": 0.1}
    track = felt("0s joy; 2s ! fear:0.4", 0.5, HERE)
    assert str(track) == "0s joy:0.5; 2s! fear:0.2"
    assert felt("0s joy; 2s ! fear:0.4", None, HERE).written == "0s joy; 2s ! fear:0.4"
    assert not felt("joy", 0.0, HERE).amplitudes
    with pytest.raises(LimitError):
        felt("joy", 2.0, HERE)


# -- level ---------------------------------------------------------------------------------------------------
def test_levels_as_written() -> None:
    assert parse_level("lufs") == Level("lufs", -23.0)
    assert parse_level(" RMS:-20.5 ") == Level("rms", -20.5)
    assert parse_level("none") is None
    assert str(Level("lufs", -23.0)) == "lufs:-23"
    for bad in ("", "loud", "lufs:", "lufs:3", "lufs:-90", "peak:-1", "rms:-26dB"):
        with pytest.raises(InputError, match="lufs:-23"):
            parse_level(bad)


def test_fades_begin_and_end_at_nothing() -> None:
    faded = fade(np.ones(16_000), 16_000)
    assert faded[0] == faded[-1] == 0
    assert (faded[160:-160] == 1).all()
    assert (np.diff(faded[:160]) > 0).all()
    assert fade(np.ones((3, 2)), 16_000).shape == (3, 2)
    assert fade(np.ones(0), 16_000).shape == (0,)


class _Sound(dict):
    """What `level_out` needs of an output."""

    def __init__(self, audio: np.ndarray) -> None:
        super().__init__(audio=audio, made=type("Made", (), {"facts": {}}))
        self.sample_rate, self.warnings = 16_000, list[str]()

    @property
    def audio(self) -> np.ndarray:
        return self["audio"]


def test_peaks_stay_below_the_top_and_it_is_told() -> None:
    clicks = np.zeros(16_000)
    clicks[8_000::800] = 0.5
    out = _Sound(clicks)
    level_out(out, "rms:-10")
    assert peak_dbfs(out.audio) == pytest.approx(-1.0, abs=0.01)
    assert "below rms:-10" in out.warnings[0]
    silent = _Sound(np.zeros(16_000))
    level_out(silent, "lufs:-23")
    assert not silent.warnings
    assert not silent.audio.any()
