"""The demo as an interface for programs: the same calls, many users at once, a beginning and an end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.demo.browsing import free_port, left_of, until_open

client = pytest.importorskip("gradio_client", reason="the demo needs gradio: pip install emogen[demo]")

USERS = 8


def sound(path: str | Path) -> np.ndarray:
    from emogen.media.audio import read_audio

    return read_audio(Path(path)).samples


def test_every_call_has_a_name(address: str) -> None:
    known = client.Client(address, verbose=False).view_api(return_format="dict")["named_endpoints"]
    assert set(known) >= {
        "/speak", "/convert", "/talk", "/talk_recording", "/edit_face", "/gesture", "/gesture_recording", "/restyle", "/music",
        "/music_for_picture", "/music_from_tune", "/match", "/image", "/moods", "/edit_image", "/video", "/edit_video", "/plan",
        "/perform", "/perform_plan", "/recognize", "/recognize_words", "/evaluate", "/stop",
    }  # fmt: skip


def test_eight_users_at_once_get_what_they_asked_for(address: str, tmp_path: Path) -> None:
    """Each gets the samples that a call of their own would have given."""
    from emogen import speak

    feelings = ("joy", "anger", "sadness:0.7", "0s fear; 1s joy")
    asked = [(f"This is visitor number {n}, and nobody else.", feelings[n % 4], n) for n in range(USERS)]

    def visitor(ask: tuple[str, str, int]) -> Any:
        text, emotion, seed = ask
        return client.Client(address, verbose=False).predict(text, emotion, "alto", str(seed), api_name="/speak")

    with ThreadPoolExecutor(USERS) as pool:
        given = list(pool.map(visitor, asked))
    for (text, emotion, seed), (path, files, _, facts) in zip(asked, given, strict=True):
        alone = speak(text, emotion, voice="alto", seed=seed).save(tmp_path / f"{seed}.wav")
        assert np.array_equal(sound(path), sound(alone))
        assert facts["seed"] == seed
        assert facts["emotion"]["spec"] == emotion
        beside = json.loads(Path(next(f for f in files if f.endswith(".json"))).read_text(encoding="utf-8"))
        assert beside["seed"] == seed


def test_pictures_and_recognition_by_program(address: str) -> None:
    user = client.Client(address, verbose=False)
    picture, _, why, facts = user.predict("a lake", "serenity", "small", "3", api_name="/image")
    assert facts["seed"] == 3
    assert "carried by" in why
    found = user.predict(client.handle_file(picture), api_name="/recognize")
    assert {row["modality"] for row in found[4]} >= {"image"}
    label = user.predict("I am so happy, we won!", api_name="/recognize_words")[0]["label"]
    assert label in ("joy", "pride", "excitement")


def test_slips_of_programs_are_told(address: str) -> None:
    user = client.Client(address, verbose=False)
    with pytest.raises(client.exceptions.AppError, match="unknown label"):
        user.predict("Hello.", "joyy", "alto", "", api_name="/speak")
    with pytest.raises(client.exceptions.AppError, match="whole number"):
        user.predict("Hello.", "joy", "alto", "seven", api_name="/speak")
    with pytest.raises(client.exceptions.AppError, match="cannot be named"):
        user.predict("Hello.", "@/etc/passwd", "alto", "", api_name="/speak")


def test_a_program_can_stop_its_work(address: str) -> None:
    user = client.Client(address, verbose=False)
    job = user.submit(text="This takes its time to be said and to be drawn. " * 10, emotion="joy", api_name="/talk")
    from emogen.demo.jobs import Job
    from tests.demo.test_demo import _eventually, _jobs

    assert _eventually(lambda: bool(_jobs()))
    assert all(isinstance(one, Job) for one in _jobs())
    user.predict(api_name="/stop")
    with pytest.raises(client.exceptions.AppError, match="Stopped"):
        job.result(timeout=60)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_ends_without_orphans(how: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "emogen", "demo", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as demo:
        try:
            until_open(f"http://127.0.0.1:{port}/")
            if how == signal.SIGTERM:
                user = client.Client(f"http://127.0.0.1:{port}", verbose=False)
                assert len(sound(user.predict("Hello.", "joy", "alto", "1", api_name="/speak")[0])) > 0
            demo.send_signal(how)
            assert demo.wait(timeout=120) == 0
            assert b"Traceback" not in (demo.stderr.read() if demo.stderr else b"")
            assert left_of(demo.pid) == []
        finally:
            if demo.poll() is None:
                demo.kill()


def test_it_ends_in_the_middle_of_work_without_orphans() -> None:
    port = free_port()
    command = [sys.executable, "-m", "emogen", "demo", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as demo:
        try:
            until_open(f"http://127.0.0.1:{port}/")
            user = client.Client(f"http://127.0.0.1:{port}", verbose=False)
            user.predict("Hello.", "joy", "alto", "1", api_name="/speak")
            user.submit(text="This takes its time to be said and to be drawn. " * 10, emotion="joy", api_name="/talk")
            time.sleep(2.0)
            demo.send_signal(signal.SIGTERM)
            assert demo.wait(timeout=60) == 0
            assert left_of(demo.pid) == []
        finally:
            if demo.poll() is None:
                demo.kill()
