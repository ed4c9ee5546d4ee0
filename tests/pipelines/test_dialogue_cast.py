"""The cast of a dialogue: what is read, and how each slip is answered. And which texts are dialogues."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emogen.conditioning.emotion import Emotion
from emogen.errors import EmogenError, InputError
from emogen.pipelines.speech.cast import complete, read_cast
from emogen.pipelines.speech.turns import is_dialogue, parse_dialogue
from emogen.pipelines.speech.voices import Voice


def test_all_that_a_cast_can_say(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("""
Old Tom: {voice: bass, language: pt_BR, mood: "sadness:0.3", personality: {openness: 1}, volume_db: -3, pan: 1, intensity: 0.5, ssml: true}
Mara:
  voice: {f0_hz: 190, breath: 0.3}
Zoe:
""", encoding="utf-8")
    cast = read_cast(path)
    assert list(cast) == ["old tom", "mara", "zoe"]
    tom = cast["old tom"]
    assert (tom.voice, tom.language, tom.mood, tom.personality) == ("bass", "pt-br", Emotion.of("sadness:0.3"), {"openness": 1.0})
    assert (tom.volume_db, tom.pan, tom.intensity, tom.ssml) == (-3.0, 1.0, 0.5, True)
    assert cast["mara"].voice == Voice("Mara", f0_hz=190, breath=0.3)
    assert cast["zoe"].voice is None
    assert read_cast(cast) == cast
    assert [m.voice for m in complete(["Mara", "Zoe", "Kim"], cast).values()][1:] == ["alto", "tenor"]


@pytest.mark.parametrize(("text", "needles"), [
    ("Ann: {voise: alto}", ["c.yaml line 1, Ann", 'unknown field "voise"', 'Did you mean "voice"']),
    ("\nAnn:\n  voice: alto\n  pan: 3", ["c.yaml line 4, Ann, pan", "-1 to 1"]),
    ("Ann: {volume_db: loud}", ["volume_db", "loud"]),
    ("Ann: {volume_db: .nan}", ["volume_db", "nan"]),
    ("Ann: {intensity: true}", ["intensity", "0 to 3"]),
    ("Ann: {mood: joyy}", ["Ann, mood", "joyy", 'Did you mean "joy"']),
    ("Ann: {mood: 0s joy; 1s fear}", ["mood"]),
    ('Ann: {mood: "@/etc/passwd"}', ["mood"]),
    ("Ann: {language: klingon}", ["language", "klingon"]),
    ("Ann: {ssml: maybe}", ["ssml", "true or false"]),
    ("Ann: {personality: {nice: 1}}", ["personality", "nice"]),
    ("Ann: {personality: {openness: 2}}", ["openness", "0 to 1"]),
    ("Ann: {voice: {f0: 190}}", ["voice", 'Did you mean "f0_hz"']),
    ("Ann: {voice: {f0_hz: 9000}}", ["Ann, voice", "9000"]),
    ("Ann: {voice: 5}", ["voice", "5"]),
    ("Ann: alto", ["Ann", "alto", "Write fields"]),
    ("- Ann", ["c.yaml", "not a list of names"]),
    ("just words", ["c.yaml"]),
    ("Ann: {voice: alto\n", ["c.yaml line", "not YAML"]),
    ("Ann: {}\nANN: {}", ["line 2", "twice"]),
    ("Ann: {}\nAnn: {}", ["line 2", "twice"]),
    ("true: {}", ["True", "quotes"]),
    ("3PO: {}", ["3PO", "a letter first"]),
    ("a: &a {}\nb: *a", ["aliases"]),
    ("Ann: !!python/object/apply:os.system [ls]", ["c.yaml line 1", "not YAML"]),
    ("Ann: \0", ["not YAML"]),
])
def test_slips_in_a_cast(tmp_path, text, needles):
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_cast(path)
    for needle in needles:
        assert needle in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_files_that_are_no_cast(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_cast(tmp_path / "none.yaml")
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_cast(tmp_path / "c.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * 2_000_001)
    with pytest.raises(InputError, match="script_bytes"):
        read_cast(tmp_path / "big.yaml")
    with pytest.raises(InputError, match="cast"):
        read_cast(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "found"), [
    ("ANN: Hi.\nBO: Ho.", True),
    ("<!-- x -->\n# Title\n[pause 1s]\nAnn (joy): Hi.\nthere\n\nOld Bo (fear) : Ho.", True),
    ("ANN: Hi.\n\nShe left.\n\nANN: Ho.", True),
    ("\ufeffANN: Hi.\nBO: Ho.", True),
    ("It was late.\nANN: Hi.\nBO: Ho.", False),
    ("ANN: Hi.", False),
    ("One thing: it is late.\nHe said: no.", False),
    ("", False),
])
def test_what_is_a_dialogue(text, found):
    assert is_dialogue(text) is found


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from('ANN ann:()[]-#\n"joy0.8+>;{}&*\\_|!é\t<'), max_size=200))
def test_any_text_is_a_dialogue_or_a_plain_refusal(text):
    is_dialogue(text)
    try:
        found = parse_dialogue(text, {})
    except EmogenError as error:
        assert len(str(error)) < 1_000  # noqa: PT017 (either outcome is right)
    else:
        assert all(line.text for line in found.lines)
