from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emogen.codecs.voice_change import COLUMN, LEARNT, WIDTH
from emogen.codecs.voice_slow import CONTENT, Description, habit_of
from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.conditioning.voice_measures import NAMES
from emogen.evaluation.metrics import Judged
from emogen.pipelines.speech.prosody import ProsodyRules
from emogen.training.conversion_data import Pair
from emogen.training.speech_standing import egemaps, natural, page, pictures, sources, systems, tables
from emogen.training.speech_standing import figures_of as fo
from emogen.training.speech_standing.hearing import Heard
from emogen.training.speech_standing.run import (
    GRID,
    LADDER,
    Bench,
    Measured,
    Row,
    Task,
    alternating,
    asked_for,
    seed_of,
)
from emogen.training.speech_standing.sources import Source
from emogen.training.speech_standing.store import Place, Store, slug

LABELS = ("neutral", "calm", "joy", "sadness", "anger", "fear", "disgust", "surprise")
RNG = np.random.default_rng(0)


def heard(label: str = "neutral", chance: float = 0.9, vad: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Heard:
    chances = np.full(8, (1.0 - chance) / 7.0, np.float32)
    chances[LABELS.index(label)] = chance
    return Heard(chances, np.array(vad, np.float32), RNG.standard_normal(1649).astype(np.float32))


def row(system: str, key: str, asked: str, heard_as: Heard, *, words: str | None = None, group: str = "a", text: str = "") -> Row:
    return Row(system, Source(key, group, "p", text=text), asked, heard_as, words, Place(Path("."), asked))


def ladder(name: str, key: str, strength: float = 1.0) -> list[Row]:
    """Clips of one source in which what was asked for is heard, in proportion."""
    rows = [row(name, key, "neutral", heard("neutral", 0.8))]
    for label in BASIC:
        for k in (0.3, 0.7, 1.0):
            felt = tuple(strength * Emotion.of(f"{label}:{k}").vad)
            rows.append(row(name, key, asked_for(label, k), heard(label, 0.2 + 0.6 * k * strength, felt)))
    return rows


def test_every_emotion_is_asked_for_at_each_intensity() -> None:
    assert len(LADDER) == 1 + 6 * 3
    assert {str(Emotion.parse(a).label) for a in LADDER} == {"neutral", *BASIC}
    assert all(np.allclose(Emotion.parse(g).vad, [float(x) for x in g[4:-1].split(",")], atol=1e-6) for g in GRID)


def test_a_row_knows_what_was_asked() -> None:
    assert (row("s", "k", "joy:0.7", heard()).label, row("s", "k", "joy:0.7", heard()).level) == ("joy", 0.7)
    assert (row("s", "k", "neutral", heard()).label, row("s", "k", "neutral", heard()).level) == ("neutral", 0.0)
    assert (row("s", "k", "anger", heard()).label, row("s", "k", "anger", heard()).level) == ("anger", 1.0)
    assert row("s", "k", GRID[0], heard()).label == ""


def test_the_verdict_is_the_likeliest_of_those_asked_about() -> None:
    assert fo.verdict(row("s", "k", "joy:1", heard("calm")), LABELS, ("joy", "calm")) == "calm"
    assert fo.verdict(row("s", "k", "joy:1", heard("surprise")), LABELS, fo.FIVE) in fo.FIVE


def test_uar_of_what_is_always_heard_right_is_one() -> None:
    rows = [r for key in "abcd" for r in ladder("s", key)]
    found = fo.uar(fo.judged(fo.at_level(rows, 1.0), LABELS, fo.FIVE))
    assert (found.value, found.low, found.high, found.n) == (1.0, 1.0, 1.0, 20)


def test_who_has_no_feeling_is_read_at_chance() -> None:
    rows = [row("s", key, "neutral", heard(label)) for key, label in zip("abcd", fo.FIVE, strict=False)]
    assert fo.uar(fo.whatever_asked(rows, fo.FIVE)).value == pytest.approx(0.2)


def test_what_a_system_adds_is_the_difference_on_the_same_sources() -> None:
    deaf = [row("flat", key, r.asked, heard("neutral")) for key in "abcd" for r in ladder("flat", key)]
    rows = [r for key in "abcd" for r in ladder("good", key)] + deaf
    found = tables.added(rows, LABELS, fo.FIVE, "good", "flat")
    assert found.value == pytest.approx(0.8)
    assert found.low == pytest.approx(0.8)
    assert tables.added(rows, LABELS, fo.FIVE, "good", "good").value == 0.0


def test_fidelity_is_the_share_of_what_people_reach() -> None:
    people = Judged(["joy", "joy", "fear", "fear"] * 5, ["joy", "fear", "fear", "fear"] * 5, [str(i) for i in range(20)])
    made = Judged(["joy", "fear"] * 10, ["joy", "joy"] * 10, [str(i) for i in range(20)])
    assert tables.fidelity(people, made).value == pytest.approx(0.5 / 0.75)


def test_intensity_that_is_followed_correlates() -> None:
    rows = [r for key in "abc" for r in ladder("s", key)]
    found = fo.intensity(rows, "anger", LABELS)
    assert found.each.value == pytest.approx(1.0)
    assert found.mean == pytest.approx(1.0)
    assert list(found.perceived) == sorted(found.perceived)
    assert found.arousal.value == pytest.approx(1.0)
    assert fo.intensity(rows, "sadness", LABELS).arousal.value == pytest.approx(1.0)


def test_ccc_of_what_is_felt_as_asked_is_one() -> None:
    exact = [r for key in "ab" for r in ladder("s", key)]
    assert [f.value for f in fo.dimensions(exact)] == pytest.approx([1.0] * 3, abs=1e-3)
    weak = [r for key in "ab" for r in ladder("s", key, 0.3)]
    assert all(f.value < 0.7 for f in fo.dimensions(weak))


def test_words_are_pooled_over_sentences() -> None:
    rows = [
        row("s", "a", "neutral", heard(), words="lift the square stone", text="Lift the square stone."),
        row("s", "b", "neutral", heard(), words="", text="Hop over it."),
    ]
    assert fo.word_error(rows).value == pytest.approx(3 / 7)


def test_a_speaker_is_like_itself() -> None:
    one = row("real", "a", "neutral", heard())
    assert fo.alike(one, one) == pytest.approx(1.0)
    assert fo.speaker_kept([row("s", "a", "joy:1", one.heard)], {"a": one}).value == pytest.approx(1.0)


def test_the_mean_change_is_what_actors_change_in_the_mean() -> None:
    rng, true = np.random.default_rng(0), np.linspace(1.0, 2.0, len(LEARNT))
    pairs = [
        Pair(np.zeros((20, CONTENT), np.float32), (true + 0.1 * rng.standard_normal((20, len(LEARNT)))).astype(np.float32),
             "neutral", "joy", "x", "speech/emodb", (1, number))
        for number in range(2, 12)
    ]  # fmt: skip
    steps = systems.mean_steps(pairs)
    assert steps[BASIC.index("joy"), : len(LEARNT)] == pytest.approx(true, abs=0.1)
    assert not steps[BASIC.index("anger")].any()
    assert not steps[:, len(LEARNT) :].any()


def test_a_constant_change_grows_with_intensity() -> None:
    zeros = np.zeros(30)
    found = Description(zeros, zeros + 1.0, zeros, np.zeros((30, 24)), np.zeros((30, 3)), zeros)
    steps = np.zeros((6, WIDTH))
    steps[BASIC.index("joy"), COLUMN["pitch"]] = 4.0
    constant = systems.Constant(steps, ProsodyRules())
    half, none = (constant.change(found, habit_of(found), EmotionTrack.of(e), 0) for e in ("joy:0.5", "neutral"))
    assert half[:, COLUMN["pitch"]] == pytest.approx(2.0)
    assert half[:, COLUMN["level"]].mean() > 0.0
    assert not none.any()


def test_speech_like_the_real_is_near_and_in_range() -> None:
    rng = np.random.default_rng(1)
    real = rng.standard_normal((60, 40)) * np.linspace(3.0, 1.0, 40)
    space = natural.Space.of(real)
    assert space(real).shape == (60, natural.COMPONENTS)
    assert space(real).mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    ranges = natural.Ranges(np.zeros(4), np.ones(4))
    assert ranges.inside(np.array([[0.5, 0.5, 2.0, -1.0]])).tolist() == [[1.0, 1.0, 0.0, 0.0]]


def test_pitch_is_seen_against_the_own_voice() -> None:
    measures, home = np.ones((1, len(NAMES))), np.full((1, len(NAMES)), 0.25)
    assert natural.watched(measures, home)[0].tolist() == [0.75, 1.0, 1.0, 1.0]


def test_a_classifier_guesses_where_nothing_differs() -> None:
    pytest.importorskip("sklearn")

    def clips(shift: float) -> list[Row]:
        rows = [row("s", f"{shift}{g}{i}", "joy:1", heard(), group=g) for g in "abcd" for i in range(15)]
        for r in rows:
            r.heard.features[-len(NAMES) :] += shift
        return rows

    assert natural.told_apart(clips(0.0), clips(0.0)).value == pytest.approx(0.5, abs=0.2)
    assert natural.told_apart(clips(0.0), clips(3.0)).value > 0.95


def test_rooms_do_not_count_for_the_second_judge() -> None:
    rows, who = RNG.standard_normal((40, 5)), np.array(["a", "b"] * 20)
    other_room = rows * 3.0 + np.where(who == "a", 100.0, -50.0)[:, None]
    assert egemaps.own_units(other_room, who) == pytest.approx(egemaps.own_units(rows, who))


def test_sentences_come_by_every_voice() -> None:
    spoken = sources.sentences(20)
    assert len(spoken) == 80
    assert len({s.key for s in spoken}) == 80
    once = sources.one_voice_each(sources.harvard(40))
    assert len({s.text for s in once}) == len(once) == 40
    assert {s.voice for s in once} == set(sources.VOICES)
    few = alternating(spoken, 8)
    assert len({s.text for s in few}) == 8
    assert {s.voice for s in few} == set(sources.VOICES)


def test_the_store_forgets_altered_systems(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for version in ("1", "2"):
        store.place("text: rules", version, "key", "joy:0.3").keep_sound(np.zeros(100, np.float32), 16_000)
    store.place("rules", "1", "key", "joy:0.3").keep_sound(np.zeros(100, np.float32), 16_000)
    store.forget_others("text: rules", "2")
    assert not store.place("text: rules", "1", "key", "joy:0.3").sound_path.exists()
    assert store.place("text: rules", "2", "key", "joy:0.3").sound_path.exists()
    assert store.place("rules", "1", "key", "joy:0.3").sound_path.exists()
    assert len({slug(asked) for asked in (*LADDER, *GRID)}) == len({*LADDER, *GRID})


def test_what_was_heard_is_not_heard_again(tmp_path: Path) -> None:
    time = np.arange(16_000) / 16_000
    tone = (0.3 * np.sign(np.sin(2 * np.pi * 140 * time)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))).astype(np.float32)
    said: list[str] = []
    bench, task = Bench(tmp_path, report=said.append), Task(systems.REAL, Source("k", "a", "p", samples=tone), ("neutral",))
    first, again = bench.done([task]), bench.done([task])
    assert sum("to do" in line for line in said) == 1
    assert np.array_equal(first[0].heard.features, again[0].heard.features)
    assert seed_of(task.source, "joy:1") == seed_of(task.source, "joy:1") != seed_of(task.source, "joy:0.7")


def everything(good: str) -> Measured:
    """Clips in which one system does what is asked, and others do nothing."""
    keys = [(f"{group}{i}", group) for group in ("a", "b", "c", "d") for i in range(3)]

    def clips(names: tuple[str, ...], words: str | None = None) -> list[Row]:
        return [
            row(name, key, r.asked, r.heard if name == good else heard(), words=words, group=group, text="hop over the fence")
            for name in names for key, group in keys for r in (*ladder(name, key), row(name, key, GRID[0], heard()))
        ]  # fmt: skip

    takes = [(key, group, label) for key, group in keys for label in ("neutral", *BASIC)]
    real = [
        Row(systems.REAL, Source(key if label == "neutral" else key + label, group, "p", label), label, heard(label), None,
            Place(Path("."), label))
        for key, group, label in takes
    ]  # fmt: skip
    coded = [Row(systems.CODING, r.source, "neutral", r.heard, None, r.place) for r in real]
    english = clips((systems.RULES, systems.EMBEDDED), "hop over a fence")
    english += [row(systems.REAL, key, "neutral", heard(), words="hop over the fence", text="hop over the fence") for key, _ in keys]
    for r in english:
        object.__setattr__(r.source, "pack", "embedded voices" if r.source.key < "c" else "speech/tess")
    spoken = (systems.TEXT_RULES, systems.TEXT_EMBEDDED)
    plain = [row(systems.ESPEAK, key, "neutral", heard(), words="fence", text="hop over the fence") for key, _ in keys]
    texts = [*plain, *clips(spoken, "hop over the fence")]
    return Measured(real, coded, clips(systems.names()), english, texts, texts)


def test_a_page_says_what_was_reached_and_what_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(fo, "RESAMPLES", 20)
    speakers, labels = np.array(["x", "y"] * 20), np.array(["neutral", "neutral", "joy", "joy"] * 10)
    np.savez(tmp_path / "acted.npz", rows=RNG.standard_normal((40, len(NAMES))), labels=labels, speakers=speakers)
    speed = {"on": "a machine", "told": {"conversion": "0.25"}, "text": 0.1, "conversion": 0.25, "first_s": 2.0}
    text = page.measured_part(everything(systems.EMBEDDED), Bench(tmp_path), speed, page.FIGURES)
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines()}
    assert lines["affect fidelity, recordings"].endswith("| 1.00 [1.00, 1.00] | yes |")
    assert lines["affect fidelity, embedded voices"].endswith("| .20 [.20, .20] | no |")
    assert lines["UAR above that of the rules, recordings"].endswith("| .80 [.80, .80] | yes |")
    assert lines["words lost by converting at 1"].endswith("| +25.0 points | no |")
    assert lines["first audio of a long text, s"].endswith("| 2.00 | no |")
    assert "more than rules, more than mean change" in text
    assert "figures/speech_voice.png" in text
    assert " nan" not in text.replace("[", " ")
    widths = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    heads = [a.count("|") for a, b in zip(text.splitlines(), text.splitlines()[1:], strict=False) if b.startswith("|---")]
    assert set(widths) == set(heads)


def test_paragraphs_are_wrapped_and_tables_are_not() -> None:
    long_row = "| " + "word " * 60 + "|"
    text = page.wrapped("## A\n\n" + "word " * 60 + f"\n\n{long_row}\n|---|\n{long_row}\nAfter.\n\n![a](b.png)\n")
    assert long_row + "\n|---|\n" + long_row in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120
    assert text.startswith("## A\n\nword")


def test_the_measured_part_of_a_page_is_replaced() -> None:
    once = page.fill("# Speech\n\nBy hand.\n", "one")
    twice = page.fill(once + "More by hand.\n", "two")
    assert once.startswith("# Speech\n\nBy hand.\n\n<!-- measured: begin -->\none\n")
    assert "one" not in twice
    assert "two" in twice
    assert twice.endswith("More by hand.\n")


def test_a_picture_shows_loud_as_dark(tmp_path: Path) -> None:
    from emogen.media.image import read_image

    rng = np.random.default_rng(0)
    tone = (0.3 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)).astype(np.float32)
    path = pictures.draw(tmp_path / "p.png", [("tone", tone, 16_000), ("faint", 1e-4 * rng.standard_normal(16_000).astype("f4"), 16_000)])
    picture = read_image(path)
    assert path.stat().st_size < 300_000
    first = picture[pictures.TOP : pictures.TOP + pictures.SPECTRUM_H, pictures.LEFT + 10 : pictures.LEFT + 280].mean(axis=(1, 2))
    assert first[pictures.SPECTRUM_H - 6 :].min() < 60.0  # 200 Hz
    assert first[:100].mean() > 200.0  # 2 kHz and above
