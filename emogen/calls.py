"""The calls: content first, emotion second, everything else by keyword. Five lines over the pipelines each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emogen.batch.run import Summary
    from emogen.conditioning.emotion import Emotion
    from emogen.conditioning.matching import Matches
    from emogen.conditioning.track import EmotionTrack
    from emogen.evaluation.perceive import Recognitions
    from emogen.evaluation.results import Evaluation
    from emogen.pipelines.performance.script import Script

    Feeling = str | Emotion | EmotionTrack | None


def _open(modality: str, backend: str) -> Any:
    from emogen.pipelines.base import open_backend

    return open_backend(modality, backend)


def speak(text: str | list[str], emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Text -> speech. Options: `voice`, `language`, `seed` ... as in `SpeechPipeline.__call__`."""
    return _open("speech", backend)(text, emotion, **options)


def dialogue(text: Any, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A written dialogue -> all of its voices. Options: `cast`, `language`, `seed` ... as in `DialoguePipeline.__call__`.

    Args:
        text: Lines such as `MARA (joy:0.8): We won.`, or the path of a .txt file.
        emotion: The mood of the whole.
        backend: What speaks, as for `speak`.
        options: The rest.
    """
    from emogen.pipelines.speech.dialogue import DialoguePipeline

    return DialoguePipeline(_open("speech", backend))(text, emotion, **options)


def convert(audio: Any, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A recording -> the same words by the same voice, felt otherwise. Options as in `VoiceConversionPipeline.__call__`."""
    return _open("conversion", backend)(audio, emotion, **options)


def talk(text: str | None = None, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Text or `audio=` -> a talking face. Options as in `TalkingHeadPipeline.__call__`."""
    return _open("talking_head", backend)(text, emotion, **options)


def edit_face(video: Any, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A video of a person -> the same video, felt otherwise. Options as in `FaceEditPipeline.__call__`."""
    return _open("face_edit", backend)(video, emotion, **options)


def gesture(audio: Any = None, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Speech (or `seconds=` of silence) -> body motion. Options as in `GesturePipeline.__call__`."""
    return _open("gesture", backend)(audio, emotion, **options)


def music(emotion: Feeling = None, prompt: str | None = None, *, backend: str = "embedded", **options: Any) -> Any:
    """Emotion -> a piece of music. Options: `seconds`, `tempo_bpm`, `key` ... as in `MusicPipeline.__call__`."""
    return _open("music", backend)(prompt, emotion, **options)


def image(prompt: str | None = None, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A prompt -> a picture of it that evokes a feeling. Options as in `ImagePipeline.__call__`."""
    return _open("image", backend)(prompt, emotion, **options)


def edit_image(picture: Any, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A picture -> the same picture felt otherwise. Options as in `ImageEditPipeline.__call__`."""
    return _open("image_edit", backend)(picture, emotion, **options)


def video(prompt: str | None = None, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A prompt -> a film of it that follows a feeling. Options as in `VideoPipeline.__call__`."""
    return _open("video", backend)(prompt, emotion, **options)


def edit_video(film: Any, emotion: Feeling = None, *, backend: str = "embedded", **options: Any) -> Any:
    """A film -> the same film felt otherwise. Options as in `VideoEditPipeline.__call__`."""
    return _open("video_edit", backend)(film, emotion, **options)


def perform(
    script: str | Path | Script, output: str | Path | None = None, *, backend: str = "embedded", **options: Any
) -> Any:
    """A written story -> a performance; saved to `output` (.mp4) where one is given."""
    if output is not None:
        from emogen.pipelines.performance.output import check_output

        check_output(output, [script, options.get("cast")], options.get("subtitles") or "beside")
    show = _open("performance", backend)(script, **options)
    if output is not None:
        show.save(output)
    return show


def recognize(source: str | Path, *, modalities: Sequence[str] | None = None) -> Recognitions:
    """What a file or some words feel like, as every recogniser of theirs hears, sees or reads it.

    Args:
        source: A sound, video, picture, MIDI, BVH or text file; or words.
        modalities: Only these of "speech", "face", "motion", "image", "music", "text".

    Returns:
        A mapping modality -> `Recognition`; `.emotion` and `.confidence` are those of the whole.
    """
    from emogen.evaluation.perceive import names_a_file, recognize_file, recognize_words

    if isinstance(source, Path) or names_a_file(source):
        return recognize_file(source, modalities=modalities)
    return recognize_words(source)


def match(query: str | Path, candidates: str | Path | Sequence[str | Path]) -> Matches:
    """Music ranked for a picture, or pictures for a piece of music.

    Args:
        query: A picture, or music (.mid or sound).
        candidates: Files of the other kind, or folders that are searched for them.

    Returns:
        The candidates as `Match`es, the best first; what could not be read stands in `.failed`.
    """
    from emogen.conditioning.matching import ranked, read, wanted
    from emogen.errors import EmogenError
    from emogen.evaluation.perceive import find_files, side_by_side

    def place(path: Path) -> Any:
        try:
            return read(path)
        except EmogenError as error:
            return error

    asked = read(query)
    given = [Path(one) for one in ([candidates] if isinstance(candidates, str | Path) else candidates)]
    files = [file for one in given for file in find_files([one]) if not one.is_dir() or wanted(asked, file)]
    return ranked(asked, zip(map(str, files), side_by_side(place, files), strict=True))


def evaluate(source: str | Path, *, report: str | Path | None = None, **options: Any) -> Evaluation:
    """How well what was asked for comes across, judged by recognisers that had no part in making it.

    Args:
        source: A folder of media with their sidecars, a manifest with the columns `file` and `intended`, or a file.
        report: An .html file to write.
        options: As in `emogen.evaluation.evaluate.evaluate`.
    """
    from emogen.evaluation.evaluate import evaluate as judged
    from emogen.media.atomic import check_writable

    if report is not None:
        check_writable(Path(report), suffixes=(".html",))
    found = judged(source, **options)
    if report is not None:
        from emogen.evaluation.report import write_report

        write_report(found, Path(report))
    return found


def run_batch(
    manifest: str | Path | None, out: str | Path, *, grid: str | None = None, seed: int = 0, stimuli: bool = False,
    loudness: str | None = None, **options: Any,
) -> Summary:  # fmt: skip
    """Many jobs -> a folder with everything (`emogen.batch` is the package; the command is `emogen batch`).

    Args:
        manifest: Jobs, one a line (.jsonl, .csv, .tsv, .json); None with a grid.
        out: The folder.
        grid: Every combination of some factors instead: "text=lines.txt emotion=joy,anger voice=*".
        seed: Each job without a seed gets one of this and of its id.
        stimuli: Matches loudness and writes the table, codebook and lists of a set of stimuli.
        loudness: Of stimuli: lufs:-23 (left out), rms:-26, or none.
        options: `workers`, `engine`, `address`, `resume` ... as in `emogen.batch.run.run`.
    """
    from emogen.batch.entry import do_batch, read_batch

    found = read_batch(manifest, grid=grid, seed=seed, stimuli=stimuli, loudness=loudness)
    return do_batch(found, out, seed=seed, stimuli=stimuli, **options)[0]


def load(source: str | Path) -> Any:
    """Opens any saved pipeline of ours."""
    from emogen.pipelines.base import load as open_saved

    return open_saved(source)
