"""Numbers -> inline SVG, as wide as a telephone so that letters stay readable when a page scales it up.

Colours and line styles are classes of `report.css`; what was asked for is always hollow or dashed, what was
perceived filled or solid, so that colour never carries a meaning alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from emogen.evaluation.report.wording import number
from emogen.evaluation.results import IntensityCurve, Score

WIDTH = 360.0
LABEL_CHARS = 15  # longest name of an emotion beside a bar; own choice
_ROW, _LEFT, _RIGHT = 28.0, 104.0, 44.0
Points = Sequence[tuple[float, float]]
Values = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Arrow:
    """One item in the valence-arousal plane.

    Attributes:
        name: Of the item.
        asked: Valence and arousal asked for, each -1..1.
        perceived: The same as perceived.
    """

    name: str
    asked: tuple[float, float]
    perceived: tuple[float, float]


@dataclass(frozen=True)
class Course:
    """One item over time.

    Attributes:
        name: Of the item.
        times: [k] seconds.
        asked: [k] (valence, arousal).
        perceived: [k] (valence, arousal).
    """

    name: str
    times: tuple[float, ...]
    asked: tuple[tuple[float, float], ...]
    perceived: tuple[tuple[float, float], ...]


def drawing(width: float, height: float, label: str, body: str, kind: str = "chart") -> Markup:
    """An SVG element that scales; `body` is trusted, `label` is not."""
    size = f'viewBox="0 0 {width:g} {height:g}" class="{kind}" role="img" aria-label="{escape(label)}"'
    return Markup(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>')


def meter(value: float, low: float, high: float, ceiling: float, label: str) -> Markup:
    """One share 0..1 as a bar with its interval, and the judge's own share as a diamond."""
    width, middle = 240.0, 10.0

    def x(v: float) -> float:
        return 6.0 + min(max(v, 0.0), 1.0) * (width - 12.0)

    body = f'<rect class="track" x="6" y="{middle - 4:g}" width="{width - 12:g}" height="8" rx="4"/>'
    if math.isfinite(value):
        body += f'<rect class="bar" x="6" y="{middle - 4:g}" width="{x(value) - 6:.1f}" height="8" rx="4"/>'
    body += _whisker(x(low), x(high), middle) if math.isfinite(low) and math.isfinite(high) else ""
    body += _diamond(x(ceiling), middle) if math.isfinite(ceiling) else ""
    return drawing(width, 20.0, label, body, "chart meter")


def bars(scores: Sequence[Score]) -> Markup:
    """Recall of each emotion as a bar with its interval; the judge on real people as a diamond."""
    width = WIDTH - _LEFT - _RIGHT
    height = _ROW * len(scores) + 24.0
    body = ""
    for tick in (0.0, 0.5, 1.0):
        x = _LEFT + tick * width
        body += f'<line class="grid" x1="{x:g}" y1="4" x2="{x:g}" y2="{height - 20:g}"/>'
        body += _text(x, height - 6, f"{tick * 100:.0f} %", "middle")
    said = []
    for i, score in enumerate(scores):
        y = 4.0 + _ROW * (i + 0.5)
        body += _text(_LEFT - 10, y + 4, _short(score.label), "end", "strong")
        value, low, high = score.recall.value, score.recall.low, score.recall.high
        if math.isfinite(value):
            wide = max(min(value, 1.0) * width, 1.5)
            body += f'<rect class="bar" x="{_LEFT:g}" y="{y - 7:g}" width="{wide:.1f}" height="14" rx="2"/>'
        if math.isfinite(low) and math.isfinite(high):
            body += _whisker(_LEFT + low * width, _LEFT + high * width, y)
        if math.isfinite(score.ceiling.value):
            body += _diamond(_LEFT + score.ceiling.value * width, y)
        body += _text(WIDTH - 2, y + 4, number(value, percent=True), "end", "strong")
        said.append(f"{score.label} {number(value, percent=True)}, judge {number(score.ceiling.value, percent=True)}")
    return drawing(WIDTH, height, "Share named as asked: " + "; ".join(said), body)


def plane(arrows: Sequence[Arrow]) -> Markup:
    """The valence-arousal plane: a line from what was asked for (hollow) to what was perceived (filled)."""
    left, top, side = 30.0, 14.0, 312.0

    def at(point: tuple[float, float]) -> tuple[float, float]:
        v, a = (min(max(x, -1.0), 1.0) for x in point)
        return left + (v + 1.0) / 2.0 * side, top + (1.0 - a) / 2.0 * side

    body = f'<rect class="field" x="{left:g}" y="{top:g}" width="{side:g}" height="{side:g}" rx="4"/>'
    for v in (-0.5, 0.0, 0.5):
        (x, y), kind = at((v, v)), "axis" if v == 0.0 else "grid"
        body += f'<line class="{kind}" x1="{x:g}" y1="{top:g}" x2="{x:g}" y2="{top + side:g}"/>'
        body += f'<line class="{kind}" x1="{left:g}" y1="{y:g}" x2="{left + side:g}" y2="{y:g}"/>'
    for v in (-1.0, 0.0, 1.0):
        x, y = at((v, v))
        body += _text(x, top + side + 15, f"{v:+g}" if v else "0", "middle") + _text(left - 6, y + 4, f"{v:+g}" if v else "0", "end")
    body += _text(left + side / 2, top + side + 30, "valence: unpleasant to pleasant", "middle")
    turned = f'transform="rotate(-90 9 {top + side / 4:g})"'
    body += _text(9, top + side / 4, "arousal", "middle", extra=turned)
    for arrow in arrows:
        (x1, y1), (x2, y2) = at(arrow.asked), at(arrow.perceived)
        body += (
            f"<g><title>{escape(arrow.name)}</title>"
            f'<line class="way" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
            f'<circle class="asked" cx="{x1:.1f}" cy="{y1:.1f}" r="4.5"/>'
            f'<circle class="felt" cx="{x2:.1f}" cy="{y2:.1f}" r="3.5"/></g>'
        )
    gaps = [math.dist(a.asked, a.perceived) for a in arrows]
    label = f"Valence and arousal asked for against perceived, {len(arrows)} items"
    return drawing(WIDTH, top + side + 38, f"{label}, mean distance {number(sum(gaps) / len(gaps))}", body)


def intensity(curve: IntensityCurve) -> Markup:
    """Perceived over asked intensity of one emotion."""
    left, top, wide, high = 34.0, 10.0, 312.0, 130.0
    span = max(*curve.asked, 1.0)
    tall = max(*(p for p in curve.perceived if math.isfinite(p)), 1.0)

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x / span * wide, top + (1.0 - y / tall) * high

    body = ""
    for tick in (0.0, 0.5, 1.0, 1.5):
        if tick <= span:
            x, _ = at(tick, 0.0)
            body += f'<line class="grid" x1="{x:.1f}" y1="{top:g}" x2="{x:.1f}" y2="{top + high:g}"/>'
            body += _text(x, top + high + 15, f"{tick:g}", "middle")
        if tick <= tall:
            _, y = at(0.0, tick)
            body += f'<line class="grid" x1="{left:g}" y1="{y:.1f}" x2="{left + wide:g}" y2="{y:.1f}"/>'
            body += _text(left - 6, y + 4, f"{tick:g}", "end")
    points = [at(x, y) for x, y in zip(curve.asked, curve.perceived, strict=True) if math.isfinite(y)]
    body += _line(points, "felt-line") + "".join(f'<circle class="felt" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points)
    body += _text(left + wide / 2, top + high + 30, "intensity asked for", "middle")
    pairs = ", ".join(f"{number(x)} gives {number(y)}" for x, y in zip(curve.asked, curve.perceived, strict=True))
    return drawing(WIDTH, top + high + 36, f"Perceived over asked intensity of {curve.label}: {pairs}", body)


def course(found: Course) -> Markup:
    """Valence and arousal of one item over its time, asked for (dashed) and perceived (solid)."""
    label = f"Valence and arousal over time, asked for and perceived: {found.name}"
    return _over_time(found.times, {"asked-line": found.asked, "felt-line": found.perceived}, label)


def courses(name: str, times: Sequence[float], asked: Values, perceived: Mapping[str, Values]) -> Markup:
    """Valence and arousal of a performance line by line: asked for (dashed), and as each modality is perceived.

    Args:
        name: Of the performance.
        times: [k] seconds.
        asked: [k] (valence, arousal).
        perceived: Modality -> [k] the same, nan where there was nothing to judge.
    """
    label = f"Valence and arousal of {name} line by line, asked for, and as perceived in {', '.join(perceived)}"
    return _over_time(times, {"asked-line": asked} | {f"{m}-line felt-line": course for m, course in perceived.items()}, label)


def _over_time(times: Sequence[float], lines: Mapping[str, Values], label: str) -> Markup:
    left, wide, high, gap = 34.0, 312.0, 70.0, 16.0
    last = max(times[-1], 1e-6)
    body = ""
    for axis, name in enumerate(("valence", "arousal")):
        top = 18.0 + axis * (high + gap + 8.0)
        body += _text(left, top - 6, name, "start", "strong")
        for v in (-1.0, 0.0, 1.0):
            y = top + (1.0 - v) / 2.0 * high
            body += f'<line class="{"grid" if v else "axis"}" x1="{left:g}" y1="{y:g}" x2="{left + wide:g}" y2="{y:g}"/>'
            body += _text(left - 6, y + 4, f"{v:+g}" if v else "0", "end")
        for kind, values in lines.items():
            body += _line(
                [
                    (left + t / last * wide, top + (1.0 - min(max(v[axis], -1.0), 1.0)) / 2.0 * high)
                    for t, v in zip(times, values, strict=True)
                    if math.isfinite(v[axis])
                ],
                kind,
            )
    bottom = 18.0 + 2 * high + gap + 8.0 + 16.0
    body += _text(left, bottom, "0 s", "start") + _text(left + wide, bottom, f"{last:.1f} s", "end")
    return drawing(WIDTH, bottom + 6, label, body)


def _line(points: Points, kind: str) -> str:
    if len(points) < 2:
        return ""
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def _whisker(low: float, high: float, y: float) -> str:
    ends = "".join(f"M{x:.1f} {y - 4:g}V{y + 4:g}" for x in (low, high))
    return f'<path class="whisker" d="M{low:.1f} {y:g}H{high:.1f}{ends}"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path class="ceiling" d="M{x:.1f} {y - 6:g}l5 6l-5 6l-5 -6z"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "", extra: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style} {extra}>{escape(text)}</text>'


def _short(label: str) -> str:
    return label if len(label) <= LABEL_CHARS else label[: LABEL_CHARS - 1] + "…"
