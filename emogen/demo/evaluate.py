"""Tab: media with what was asked for -> how it comes across to independent judges, as figures and as a report."""

from __future__ import annotations

import csv
import math
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from emogen.demo.common import PROGRESS, QUEUED, bounded, buttons, fresh_folder, needed
from emogen.demo.jobs import Jobs
from emogen.demo.uploads import gathered
from emogen.errors import EmogenError, InputError

LINE = (
    "Drop what was made, with its sidecars or with a table of what was asked for: independent judges say how it comes across, "
    "beside what they reach on real people."
)
TABLE = "file,intended\n"
#: Of the report as it is shown on the page; the one to download has room for more media.
SHOWN_BYTES = 4_000_000
HEADERS = ("judged", "items", "as asked (95 % interval)", "judge on people", "fidelity")
Found = tuple[str, str, str, list[str], dict[str, Any]]


def make(files: list[str] | None, manifest: str | None = "", progress: gr.Progress = PROGRESS) -> Found:
    """The figures, what may be concluded, and the report."""
    from emogen.evaluation.as_json import to_dict
    from emogen.evaluation.evaluate import evaluate
    from emogen.evaluation.report import write_report
    from emogen.media.jsonio import write_json

    folder = fresh_folder()
    media = folder / "Your files"
    media.mkdir()
    gathered(needed(files, "files", "Drop some, or a .zip of them."), media)
    found = evaluate(_source(media, manifest or ""), progress=lambda done, total, name: progress((done, total), desc=name or "figures"))
    path = write_report(found, folder / "report.html")
    facts = to_dict(found)
    kept = [str(path), str(write_json(folder / "figures.json", facts))]
    shown = path.read_text(encoding="utf-8")
    if len(shown) > SHOWN_BYTES:
        shown = write_report(found, folder / "shown.html", max_bytes=SHOWN_BYTES).read_text(encoding="utf-8")
    said = [f"**{m.modality}**: {m.sentence}" for m in found.modalities] + list(found.warnings)
    broken = [f"- {item.name}: {item.error}" for item in found.items if item.error]
    return _table(found), "\n\n".join([*said, "\n".join(broken)]), _framed(shown), kept, facts


def _source(folder: Path, written: str) -> Path:
    """What is evaluated: a table that was written or uploaded, else the folder."""
    if written.strip() and written.strip() != TABLE.strip():
        table = folder / "what was asked for.csv"
        table.write_text(written, encoding="utf-8")
        return table
    tables = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".csv", ".jsonl") or _is_list(path)]
    if len(tables) > 1:
        raise InputError("files", f"hold {len(tables)} tables: {', '.join(t.name for t in tables[:4])}", "Give one.")
    return tables[0] if tables else folder


def _is_list(path: Path) -> bool:
    from emogen.media.jsonio import read_json

    try:
        return path.suffix.lower() == ".json" and isinstance(read_json(path), list)
    except EmogenError:
        return False


def _table(found: Any) -> str:
    """The figures of each modality, each beside the judge's own."""

    def share(figure: Any) -> str:
        return f"{figure.value:.0%}" if figure is not None and math.isfinite(figure.value) else "-"

    rows = ""
    for result in found.modalities:
        accuracy = result.figures.get("accuracy")
        known = accuracy is not None and math.isfinite(accuracy.low)
        interval = f" ({accuracy.low:.0%} to {accuracy.high:.0%})" if known else ""
        own = share(result.ceiling.get("accuracy"))
        cells = (result.modality, result.n, share(accuracy) + interval, own, share(result.fidelity))
        rows += f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADERS)
    return (
        '<div class="verdict-wide"><table class="verdict-rows">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _framed(report: str) -> str:
    """A report in a frame of its own: it runs its script and reaches nothing of the page."""
    return (
        '<div class="report"><iframe title="Report" sandbox="allow-scripts" referrerpolicy="no-referrer" '
        f'srcdoc="{escape(report, quote=True)}"></iframe></div>'
    )


def rows_for(files: list[str] | None) -> str:
    """A table to be filled in, with a row for each uploaded file that is judged."""
    from io import StringIO

    from emogen.evaluation.perceive import SUFFIXES

    names = [Path(path).name for path in files or [] if Path(path).suffix.lower() in SUFFIXES]
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([["file", "intended"], *([name, ""] for name in names)])
    return out.getvalue()


def build(jobs: Jobs) -> None:
    """The form."""
    with gr.Row():
        with gr.Column(scale=5):
            files = gr.File(
                label="Media with their sidecars, or a .zip of them", file_count="multiple", elem_id="evaluate-files", height=200
            )
            with gr.Accordion("No sidecars? Say what was asked for", open=False):
                manifest = gr.Textbox(
                    TABLE, label="What was asked for", lines=5, max_lines=12, max_length=50_000, elem_id="evaluate-table",
                    elem_classes="plan",
                    info="One line a file: its name, and the emotion as it is written anywhere here. An uploaded .csv does as well.",
                )  # fmt: skip
                listed = gr.Button("List the files", size="sm", elem_id="evaluate-list")
            go, cancel = buttons("evaluate", ("Evaluate", "evaluate-go"))
        with gr.Column(scale=6):
            figures = gr.HTML(elem_id="evaluate-figures", apply_default_css=False, min_height=60)
            said = gr.Markdown(elem_id="evaluate-said")
            kept = gr.File(
                label="Report (HTML) and figures (JSON)", elem_id="evaluate-out", interactive=False, file_count="multiple", height=120
            )
            with gr.Accordion("JSON", open=False):
                facts = gr.JSON(show_label=False)
    report = gr.HTML(elem_id="evaluate-report", apply_default_css=False)
    listed.click(rows_for, files, manifest, api_visibility="private")
    made = go.click(
        jobs.wrapped(bounded(make, [files, manifest])), [files, manifest], [figures, said, report, kept, facts], api_name="evaluate",
        show_progress_on=figures, **QUEUED,
    )  # fmt: skip
    cancel.click(jobs.stop, None, None, cancels=[made], queue=False, api_visibility="private")
