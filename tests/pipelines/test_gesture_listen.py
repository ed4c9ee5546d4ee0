"""What a body hears in a voice or reads in a text: accents, phrases, words."""

from __future__ import annotations

import tarfile
from types import SimpleNamespace

import numpy as np
import pytest

from emogen.errors import InputError
from emogen.media.audio import read_audio
from emogen.pipelines.gesture.listen import listen
from emogen.pipelines.gesture.speech import RATE_HZ, Accent, Speech
from emogen.pipelines.spoken import read_out
from emogen.training.packs import pack

RATE = 16_000
TEXT = "I never thought that I would see you again. But here you are!"


def bursts(seconds: float, gap: float = 0.9, rate: int = RATE) -> np.ndarray:
    """A voice that is loud every `gap` seconds."""
    t = np.arange(round(seconds * rate)) / rate
    loud = np.exp(-(((t % gap) - gap / 2) ** 2) / (2 * 0.08**2))
    return (0.5 * loud * np.sin(2 * np.pi * 180 * t)).astype(np.float32)


def test_accents_stand_where_a_voice_is_loud_and_high():
    heard = listen(bursts(5.4), RATE)
    np.testing.assert_allclose([a.at_s for a in heard.accents], np.arange(6) * 0.9 + 0.45, atol=0.06)
    assert len(heard.loudness) == len(heard.pitch_st) == 5.4 * RATE_HZ
    t = np.arange(3 * RATE) / RATE
    high = np.abs(t - 1.5) < 0.15
    pitch = np.where(high, 240.0, 180.0)
    syllables = np.clip(np.sin(2 * np.pi * 3 * t), 0, 1) ** 0.5
    voice = (0.3 * syllables * np.sin(2 * np.pi * np.cumsum(pitch) / RATE)).astype(np.float32)
    strongest = max(listen(voice, RATE).accents, key=lambda a: a.strength)
    assert abs(strongest.at_s - 1.5) < 0.25


def test_phrases_end_where_a_voice_pauses():
    voice = np.concatenate([bursts(1.8, 0.3), np.zeros(RATE, np.float32), bursts(1.8, 0.3)])
    (a, b), (c, d) = listen(voice, RATE).phrases
    np.testing.assert_allclose([a, b, c, d], [0.0, 1.8, 2.8, 4.6], atol=0.15)


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.zeros(3), np.full(RATE, 1e-5)])
def test_silence_has_no_accents(samples):
    heard = listen(samples.astype(np.float32), RATE)
    assert heard.accents == heard.phrases == heard.words == ()
    assert not heard.loudness.any()
    assert heard.duration_s == pytest.approx(len(samples) / RATE)


def test_the_level_of_a_recording_does_not_matter():
    loud, soft = (listen(k * bursts(4.0), RATE) for k in (np.float32(1), np.float32(0.1)))
    assert [a.at_s for a in loud.accents] == [a.at_s for a in soft.accents]
    np.testing.assert_allclose(loud.loudness, soft.loudness, atol=1e-3)


def test_a_long_voice_in_blocks_is_heard_as_a_whole_one():
    rng = np.random.default_rng(1)
    voice = np.concatenate([rng.uniform(0.2, 1) * bursts(0.9 * rng.integers(1, 9)) for _ in range(20)]).astype(
        np.float32
    )
    cuts = np.sort(rng.integers(0, len(voice), 37))
    whole, parts = listen(voice, RATE), listen(iter(np.split(voice, cuts)), RATE)
    assert whole.accents == parts.accents
    np.testing.assert_array_equal(whole.loudness, parts.loudness)
    assert whole.duration_s == parts.duration_s == pytest.approx(len(voice) / RATE)
    assert len(voice) / RATE > 60


def test_a_text_alone_has_words_with_times_and_stress():
    heard = listen(None, text=TEXT)
    assert [w.text for w in heard.words] == TEXT.split()
    assert all(w.start_s <= w.stress_s <= w.end_s for w in heard.words)
    stressed = {w.text for w in heard.words if w.stressed}
    assert {"never", "thought", "again."} <= stressed
    assert "that" not in stressed
    assert {a.word for a in heard.accents} <= stressed
    assert len(heard.phrases) == 2
    assert heard.language == "en"


def test_words_are_found_in_the_voice_that_says_them():
    said = read_out("Der Lappen liegt auf dem Eisschrank.", "de")
    exact = listen(said.audio, said.sample_rate, language="de", spoken=said)
    found = listen(said.audio, said.sample_rate, "Der Lappen liegt auf dem Eisschrank.", language="de")
    assert [w.text for w in found.words] == [w.text for w in exact.words]
    off = [abs(a.stress_s - b.stress_s) for a, b in zip(found.words, exact.words, strict=True) if b.stressed]
    assert max(off) < 0.1


def test_what_a_speech_pipeline_knows_is_taken_over():
    said = read_out(TEXT)
    made = SimpleNamespace(words=said.words, phones=said.phones)
    assert listen(said.audio, said.sample_rate, spoken=made).words == listen(None, text=TEXT).words


def test_what_cannot_be_heard():
    with pytest.raises(InputError, match="neither speech nor a text"):
        listen(None)
    with pytest.raises(InputError, match="language"):
        listen(None, text="hello", language="xx")
    with pytest.raises(InputError, match="is not what the voice says"):
        listen(bursts(4.0), RATE, "Never in my life have I heard such a thing.")


def test_a_speech_that_nobody_said_is_loud_and_high_at_its_accents():
    made = Speech.of(4.0, [Accent(1.0, 1.0), Accent(2.5, 0.5)], [(0.5, 3.0)])
    at = [round(x * RATE_HZ) for x in (1.0, 2.5, 1.7)]
    assert made.loudness[at[0]] > made.loudness[at[1]] > made.loudness[at[2]] > 0
    assert made.pitch_st[at[0]] - made.pitch_st[at[2]] > 2
    assert not made.loudness[: round(0.4 * RATE_HZ)].any()
    assert made.onsets.max() > 0


def test_accents_fall_on_syllables_that_phoneticians_heard_as_stressed(tmp_path):
    """In acted German sentences: twice as often as chance would have it."""
    try:
        folder = pack("speech/emodb")
    except InputError as error:
        pytest.skip(str(error))
    hits, chances = [], []
    with tarfile.open(folder / "audio.tar") as sound, tarfile.open(folder / "alignments.tar.gz") as marks:
        known = set(marks.getnames())
        clips = [m for m in sound.getmembers() if f"labsilb/{m.name.split('/')[-1][:-4]}.labsilb" in known]
        for clip in clips[::12]:
            stem = clip.name.split("/")[-1][:-4]
            (tmp_path / f"{stem}.ogg").write_bytes(sound.extractfile(clip).read())
            listing = marks.extractfile(f"labsilb/{stem}.labsilb").read().decode("latin-1")
            rows = [r.split() for r in listing.partition("\n#")[2].splitlines() if len(r.split()) >= 3]
            begins = np.array([float(r[0]) for r in rows])
            stress = np.array([int(r[3][0]) if len(r) > 3 and r[3][0].isdigit() else 0 for r in rows])
            audio = read_audio(tmp_path / f"{stem}.ogg")
            for accent in listen(audio.samples, audio.sample_rate).accents:
                hits.append(stress[max(np.searchsorted(begins, accent.at_s) - 1, 0)] >= 2)
            chances.append((stress >= 2).sum() / len(stress))
    assert np.mean(hits) > 1.5 * np.mean(chances)
