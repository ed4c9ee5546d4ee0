"""`emogen perform`: a script, or a plan made of one, -> a performance, and the plan to read and to edit."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from emogen.cli.options import Backend, Device, Json, Seed, opened, report, target
from emogen.errors import InputError

PLANS = (".json", ".yaml", ".yml")


def perform(
    script: Annotated[
        Path,
        typer.Argument(help="A story (.md), screenplay (.fountain), subtitles (.srt, .vtt), chat (.jsonl, .json), prose (.txt) or plan."),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The .mp4 (or .wav, .srt, .vtt) to write.")] = None,
    cast: Annotated[Path | None, typer.Option(help="YAML: who takes part, with which voice, portrait and temper.")] = None,
    policy: Annotated[
        str | None, typer.Option(help="How the agent answers: mirror, contrast, hold, calm, cheer or supportive.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the plan as a table and render nothing.")] = False,
    plan_out: Annotated[
        Path | None, typer.Option(help="Write the plan (.json, .yaml), to be edited and performed; without -o nothing is rendered.")
    ] = None,
    aspect: Annotated[str | None, typer.Option(help="16:9, 9:16 or 1:1.")] = None,
    resolution: Annotated[int | None, typer.Option(help="The short side in pixels, 240 to 1080.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second.")] = None,
    subtitles: Annotated[str | None, typer.Option(help="beside, burnt or off.")] = None,
    stems: Annotated[bool, typer.Option("--stems", help="Voices, music, faces and bodies as files in a folder beside the video.")] = False,
    cache: Annotated[Path | None, typer.Option(help="The folder where finished parts are kept, so that they are not made again.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Make every part anew, and keep none.")] = False,
    seed: Seed = None,
    backend: Backend = "embedded",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """A script -> one performance with voices, faces, bodies, music, pictures and subtitles (.mp4, .srt)."""
    started = time.perf_counter()
    if output is None and plan_out is None and not plan:
        raise InputError("perform", "needs -o FILE.mp4, --plan-out FILE.json or --plan")
    if cache is not None and no_cache:
        raise InputError("--no-cache", "given beside --cache", "Accepted: one of the two.")
    path = None if output is None or plan else target(output, (".mp4", ".wav", ".srt", ".vtt"))
    kept = None if plan_out is None else target(plan_out, PLANS)
    if path is not None and path.suffix.lower() == ".mp4":
        from emogen.pipelines.performance.studio import prepare

        prepare()
    from emogen.pipelines.base import draw_seed
    from emogen.pipelines.performance.checking import check
    from emogen.pipelines.performance.director import planned
    from emogen.pipelines.speech.voices import find_voice

    made = planned(script, cast=cast, policy=policy, seed=seed)
    if made.seed is None:  # so that a plan that is written is performed with the same voices again
        made = replace(made, seed=draw_seed(None, None))
    made = replace(made, composition=made.composition.with_(aspect=aspect, resolution=resolution, fps=fps, subtitles=subtitles))
    if path is not None:
        from emogen.pipelines.performance.output import check_output

        check_output(path, [script, cast, kept], made.composition.subtitles)
    pipe: Any = None if path is None else opened("performance", backend, device)
    check(made, cast, find_voice if backend == "embedded" else None if pipe is None else pipe.speech.find_voice)
    if kept is not None:
        from emogen.pipelines.performance.plan_file import check_pictures, write_plan

        check_pictures(made, kept.parent)
        write_plan(made, kept)
    if pipe is None and not as_json:
        for note in made.notes:
            print(f"note: {note}", file=sys.stderr)
    if plan:
        print(json.dumps(made.to_dict(), ensure_ascii=False) if as_json else made.table())
    elif path is None:
        _wrote(kept, made, as_json)
    else:
        where: Any = False if no_cache else cache
        out = pipe(made, seed=made.seed, cache=where)
        also = [] if kept is None else [str(kept)]
        if stems:
            also.append(str(out.save_stems(path.with_suffix(""))))
        if path.suffix.lower() == ".mp4" and made.composition.subtitles == "beside":
            also.append(str(path.with_suffix(".srt")))
        report(out, path, started, as_json, also=also)


def _wrote(path: Path | None, made: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"plan": str(path), **made.to_dict()}, ensure_ascii=False))
    else:
        print(f"{path}: {len(made.beats)} lines, about {made.duration_s:.0f} s; emogen perform {path} -o FILE.mp4 renders it")
