"""What every pipeline promises, as one test class. Whoever adds a pipeline subclasses it:

    class TestSpeech(PipelineContract):
        content = "We won."
        other_content = "It is late."
        suffix = ".wav"
        call = {"voice": "alto"}
        index = {"rules": ("emogen.pipelines.speech.prosody", "ProsodyRules")}

        def make(self):
            return SpeechPipeline.from_pretrained("embedded")

Contents go first, the emotion second. Two outputs are the same when all their fields but `made` are.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from emogen.checkpoints import check_safe
from emogen.conditioning.track import EmotionTrack
from emogen.errors import Cancelled, EmogenError, InputError
from emogen.media.provenance import Provenance, read_provenance
from emogen.pipelines.base import AffectivePipeline, load
from emogen.pipelines.outputs import MediaOutput

SEED = 7


def same(a: Any, b: Any) -> bool:
    """Whether two outputs hold the same media: bit by bit, without `made` (it holds timings)."""
    if isinstance(a, torch.Tensor):
        a, b = a.cpu().numpy(), b.cpu().numpy()
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if dataclasses.is_dataclass(a):
        names = [f.name for f in dataclasses.fields(a) if f.name != "made" and f.compare]
        return type(a) is type(b) and all(same(getattr(a, n), getattr(b, n)) for n in names)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if a is None or isinstance(a, (str, bytes, int, float, bool, Path)):
        return bool(a == b)
    return type(a) is type(b) and same(vars(a), vars(b))


class Recorder:
    """A progress bar that remembers."""

    def __init__(self, total: int) -> None:
        self.total, self.n = total, 0

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def update(self, n: int = 1) -> None:
        self.n += n


class PipelineContract:
    #: Two contents that the pipeline accepts as its first argument; they may be None.
    content: ClassVar[Any] = None
    other_content: ClassVar[Any] = None
    #: Keyword arguments of every call (keep the work small).
    call: ClassVar[dict[str, Any]] = {}
    #: The suffix that files are saved under.
    suffix: ClassVar[str]
    #: Component -> (module, class) as written into model_index.json: a file format, so it is pinned.
    index: ClassVar[dict[str, tuple[str, str]]]
    #: Two emotions that must sound or look different from each other and from neutral.
    emotions: ClassVar[tuple[str, str]] = ("joy:0.9", "sadness:0.8")
    #: Begins neutral and ends felt, within the length of the output.
    track: ClassVar[str] = "0s neutral; 0.2s joy"
    #: Contents that must be refused.
    bad_contents: ClassVar[tuple[Any, ...]] = ()
    #: Whether something random takes part, so that another seed gives another output.
    seeded: ClassVar[bool] = True

    # -- a subclass provides -------------------------------------------------------------------
    def make(self) -> AffectivePipeline:
        raise NotImplementedError

    def provenance(self, path: Path) -> Provenance | None:
        """Reads the statement inside a saved file; override for a format of the modality's own."""
        return read_provenance(path)

    # -- helpers -------------------------------------------------------------------------------
    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls) -> AffectivePipeline:
        pipe = cls().make()
        pipe.set_progress_bar_config(disable=True)
        return pipe

    @pytest.fixture(scope="class")
    @classmethod
    def reference(cls, pipe: AffectivePipeline) -> MediaOutput:
        return cls().run(pipe)

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, pipe: AffectivePipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("saved")
        pipe.save_pretrained(str(folder), safe_serialization=True)
        return folder

    @pytest.fixture
    def empty(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def run(self, pipe: AffectivePipeline, emotion: Any = None, content: Any = ..., **more: Any) -> Any:
        given = {"seed": SEED, **self.call, **more}
        emotion = self.emotions[0] if emotion is None else emotion
        return pipe(self.content if content is ... else content, emotion, **given)

    @staticmethod
    def refuses(error: EmogenError, folder: Path) -> None:
        assert error.exit_code == 2
        assert len(str(error).splitlines()) <= 2
        assert list(folder.iterdir()) == []

    # -- saving and loading --------------------------------------------------------------------
    def test_save_and_load_give_the_same_output(self, pipe, reference, folder):
        again = type(pipe).from_pretrained(folder)
        again.set_progress_bar_config(disable=True)
        assert same(self.run(again), reference)

    def test_emogen_load_opens_it_by_its_class(self, pipe, folder):
        assert type(load(folder)) is type(pipe)

    def test_saved_folder_is_safe_and_names_the_pinned_modules(self, folder):
        check_safe(folder)
        written = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        parts = {k: tuple(v) for k, v in written.items() if isinstance(v, list) and v[0] is not None}
        assert parts == self.index

    # -- seeds ---------------------------------------------------------------------------------
    def test_same_seed_gives_the_same_bytes(self, pipe, tmp_path):
        files = [self.run(pipe).save(tmp_path / f"{n}{self.suffix}") for n in "ab"]
        assert files[0].read_bytes() == files[1].read_bytes()

    def test_other_seed_gives_another_output(self, pipe, reference):
        assert same(self.run(pipe, seed=SEED + 1), reference) is not self.seeded

    def test_without_a_seed_the_drawn_one_is_reported(self, pipe):
        first, second = self.run(pipe, seed=None), self.run(pipe, seed=None)
        assert first.seed != second.seed
        assert same(self.run(pipe, seed=first.seed), first)

    def test_a_generator_decides_as_a_seed_does(self, pipe):
        first, second = (self.run(pipe, seed=None, generator=torch.Generator().manual_seed(3)) for _ in "ab")
        assert first.seed == second.seed
        assert same(first, second)

    def test_the_process_is_left_as_it_was(self, pipe):
        def state() -> tuple[bytes, bytes, int]:
            return torch.get_rng_state().numpy().tobytes(), np.random.get_state()[1].tobytes(), torch.get_num_threads()

        before = state()
        self.run(pipe)
        assert state() == before

    # -- batches and state ---------------------------------------------------------------------
    def test_a_batch_gives_what_singles_give(self, pipe):
        contents, emotions, seeds = [self.content, self.other_content], list(self.emotions), [1, 2]
        batch = pipe(contents, emotions, **{**self.call, "seed": seeds})
        singles = [
            self.run(pipe, e, content=c, seed=s) for c, e, s in zip(contents, emotions, seeds, strict=True)
        ]
        assert len(batch) == 2
        assert same(batch, singles)

    def test_a_batch_wants_as_many_emotions_as_contents(self, pipe):
        with pytest.raises(InputError, match="3"):
            pipe([self.content, self.other_content], ["joy"] * 3, **{"seed": SEED, **self.call})

    def test_calls_leave_no_trace_in_the_pipeline(self, pipe, reference):
        other = self.run(pipe, self.emotions[1], content=self.other_content, seed=SEED + 5)
        assert not same(other, reference)
        assert same(self.run(pipe), reference)

    # -- callback and cancel -------------------------------------------------------------------
    def test_the_callback_sees_every_step(self, pipe, reference, monkeypatch):
        bars: list[Recorder] = []

        def bar(iterable: Any = None, total: int = 0) -> Recorder:
            bars.append(Recorder(total))
            return bars[-1]

        monkeypatch.setattr(pipe, "progress_bar", bar)
        seen: list[tuple[int, str]] = []

        def watch(who: Any, index: int, name: Any, tensors: dict[str, Any]) -> None:
            assert who is pipe
            assert isinstance(tensors, dict)
            seen.append((index, str(name)))

        output = self.run(pipe, callback_on_step_end=watch)
        assert [index for index, _ in seen] == list(range(len(seen)))
        assert len(seen) == sum(b.n for b in bars) == sum(b.total for b in bars) > 0
        assert same(output, reference)

    def test_the_callback_may_not_invent_tensors(self, pipe):
        with pytest.raises(InputError, match="nonsense"):
            self.run(pipe, callback_on_step_end=lambda *_: {"nonsense": np.zeros(1)})

    def test_cancelling_leaves_nothing_behind(self, pipe, reference, empty):
        def stop(*_: Any) -> None:
            raise Cancelled("", "stopped by the test")

        with pytest.raises(Cancelled):
            self.run(pipe, callback_on_step_end=stop).save(empty / f"x{self.suffix}")
        assert list(empty.iterdir()) == []
        assert same(self.run(pipe), reference)

    # -- emotion -------------------------------------------------------------------------------
    def test_the_emotion_changes_the_output(self, pipe, reference):
        assert not same(self.run(pipe, self.emotions[1]), reference)
        assert not same(self.run(pipe, "neutral"), reference)

    def test_a_track_is_accepted_and_reported(self, pipe):
        output = self.run(pipe, self.track)
        assert output.emotion == EmotionTrack.of(self.track)
        assert not same(output, self.run(pipe, "neutral"))
        assert same(self.run(pipe, EmotionTrack.of(self.track)), output)

    def test_intensity_zero_is_neutral(self, pipe):
        neutral = self.run(pipe, "neutral")
        assert same(self.run(pipe, "joy:0"), neutral)
        assert same(pipe(self.content, **{"seed": SEED, **self.call}), neutral)

    # -- bad input -----------------------------------------------------------------------------
    @pytest.mark.parametrize("emotion", ["joyy", "joy:7", "vad(nan,0,0)", '"joy', "0s joy; 1s anger:", "+"])
    def test_a_bad_emotion_is_refused(self, pipe, empty, emotion):
        with pytest.raises(EmogenError) as caught:
            self.run(pipe, emotion)
        self.refuses(caught.value, empty)

    @pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "seven", True])
    def test_a_bad_seed_is_refused(self, pipe, empty, seed):
        with pytest.raises(EmogenError) as caught:
            self.run(pipe, seed=seed)
        self.refuses(caught.value, empty)

    def test_a_seed_and_a_generator_together_are_refused(self, pipe, empty):
        with pytest.raises(EmogenError) as caught:
            self.run(pipe, generator=torch.Generator())
        self.refuses(caught.value, empty)

    def test_bad_contents_are_refused(self, pipe, empty):
        for content in self.bad_contents:
            with pytest.raises(EmogenError) as caught:
                self.run(pipe, content=content)
            self.refuses(caught.value, empty)

    def test_a_bad_suffix_or_folder_is_refused(self, reference, empty):
        for name in ("x.nope", "x", f"missing/x{self.suffix}", f"\0{self.suffix}"):
            with pytest.raises(EmogenError) as caught:
                reference.save(empty / name if "\0" not in name else name)
            self.refuses(caught.value, empty)

    def test_a_missing_checkpoint_is_named(self, pipe, tmp_path):
        with pytest.raises(EmogenError, match="nowhere"):
            type(pipe).from_pretrained(tmp_path / "nowhere")

    def test_broken_weights_are_refused(self, pipe, folder, tmp_path):
        copy = Path(shutil.copytree(folder, tmp_path / "copy"))
        for path in copy.rglob("*.safetensors"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(EmogenError):
            type(pipe).from_pretrained(copy)

    # -- what lies beside and inside the file --------------------------------------------------
    def test_the_sidecar_says_how_it_was_made(self, reference, tmp_path):
        path = reference.save(tmp_path / f"x{self.suffix}")
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted([f"x{self.suffix}", "x.json"])
        text = (tmp_path / "x.json").read_text(encoding="utf-8")
        card = json.loads(text)
        assert path == tmp_path / f"x{self.suffix}"
        assert card["synthetic"] is True
        assert card["seed"] == SEED
        assert card["emotion"] == reference.emotion.to_dict()
        assert {"emogen", "python", "torch", "numpy"} <= card["versions"].keys()
        assert card["models"]
        assert all(card["models"].values())
        assert card["request"]
        assert str(tmp_path) not in text

    def test_the_file_itself_says_that_it_is_synthetic(self, reference, tmp_path):
        path = reference.save(tmp_path / f"x{self.suffix}")
        stated = self.provenance(path)
        assert stated == reference.provenance
        assert stated.synthetic
        assert stated.seed == SEED

    def test_no_number_is_missing_or_infinite(self, reference):
        first = reference[0]
        values = [first] if isinstance(first, np.ndarray) else vars(first).values()
        arrays = [v for v in values if isinstance(v, np.ndarray)]
        assert all(np.isfinite(a).all() for a in arrays if a.dtype.kind == "f")
