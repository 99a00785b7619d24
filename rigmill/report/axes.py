"""Charts with axes: numbers and units at both, several series with their names, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rigmill.report.pages import shown

_WIDTH_PX, _HEIGHT_PX = 720, 270
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BASE_PX = 62, 704, 30, 222
_MOST_POINTS = 700  # of a series: more are not seen
COLOURS = ("#4a7fb5", "#c2702a", "#5b8c4a", "#8a5aa8", "#c2402a", "#777777")
_NOTHING = Markup("")

_SVG = Markup('<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}">{parts}</svg>')
_LINE = Markup(
    '<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{wide}" stroke-opacity="{opacity}"/>'
)
_DOT = Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
_TEXT = Markup(
    '<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="currentColor" text-anchor="{anchor}">{text}</text>'
)
_RULE = Markup(
    '<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" stroke="currentColor" stroke-opacity="{opacity}"/>'
)
_SWATCH = Markup('<rect x="{x:.1f}" y="{y:.1f}" width="12" height="4" fill="{colour}"/>')
_TURNED = Markup(
    '<text x="13" y="{y:.1f}" font-size="12" fill="currentColor" text-anchor="middle" '
    'transform="rotate(-90 13 {y:.1f})">{text}</text>'
)


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one line. `dots` marks each of them; `faint` is behind the others. What is no number is left out."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured, with its unit, and whether it is drawn by its logarithm."""

    label: str
    logarithmic: bool = False


def axes_chart(series: Sequence[Series], *, x: Axis, y: Axis, label: str) -> Markup:
    """Series over each other; empty where none has two points that can be drawn."""
    drawn = [(one, _usable(one.points, x, y)) for one in series]
    drawn = [(one, points) for one, points in drawn if points]
    if max((len(points) for _, points in drawn), default=0) < 2:
        return _NOTHING
    across = _Scale.of([point[0] for _, points in drawn for point in points], x, _LEFT_PX, _RIGHT_PX)
    up = _Scale.of([point[1] for _, points in drawn for point in points], y, _BASE_PX, _TOP_PX)
    title = f"{label} (logarithmic)" if y.logarithmic else label
    parts = [_TEXT.format(x=_LEFT_PX, y=14, size=13, anchor="start", text=title)]
    for value in up.ticks():
        at = up(value)
        parts.append(_RULE.format(x1=_LEFT_PX, x2=_RIGHT_PX, y1=at, y2=at, opacity=0.15))
        parts.append(_TEXT.format(x=_LEFT_PX - 6, y=at + 4, size=11, anchor="end", text=shown(value)))
    for value in across.ticks():
        at = across(value)
        parts.append(_RULE.format(x1=at, x2=at, y1=_BASE_PX, y2=_BASE_PX + 4, opacity=0.5))
        parts.append(_TEXT.format(x=at, y=_BASE_PX + 17, size=11, anchor="middle", text=shown(value)))
    parts.append(_RULE.format(x1=_LEFT_PX, x2=_RIGHT_PX, y1=_BASE_PX, y2=_BASE_PX, opacity=0.5))
    parts.append(_RULE.format(x1=_LEFT_PX, x2=_LEFT_PX, y1=_TOP_PX, y2=_BASE_PX, opacity=0.5))
    parts.append(_TEXT.format(x=_RIGHT_PX, y=_BASE_PX + 34, size=12, anchor="end", text=x.label))
    parts.append(_TURNED.format(y=(_TOP_PX + _BASE_PX) / 2, text=y.label))
    names_px = float(_LEFT_PX)
    for place, (one, points) in enumerate(drawn):
        colour = COLOURS[place % len(COLOURS)]
        placed = [(across(first), up(second)) for first, second in _fewer(points)]
        line = " ".join(f"{first:.1f},{second:.1f}" for first, second in placed)
        wide, opacity = (1, 0.35) if one.faint else (1.8, 1)
        parts.append(_LINE.format(points=line, colour=colour, wide=wide, opacity=opacity))
        parts += [_DOT.format(x=first, y=second, colour=colour) for first, second in (placed if one.dots else ())]
        parts.append(_SWATCH.format(x=names_px, y=_BASE_PX + 28, colour=colour))
        parts.append(_TEXT.format(x=names_px + 16, y=_BASE_PX + 34, size=11, anchor="start", text=one.name))
        names_px += 30 + 6.3 * len(one.name)
    return _SVG.format(width=_WIDTH_PX, height=_HEIGHT_PX, label=label, parts=_NOTHING.join(parts))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to pixels; `low` and `high` are values, or their logarithms."""

    low: float
    high: float
    from_px: float
    to_px: float
    logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[float], axis: Axis, from_px: float, to_px: float) -> _Scale:
        scaled = [math.log10(value) for value in values] if axis.logarithmic else values
        low, high = min(scaled), max(scaled)
        if high - low < 1e-12:
            low, high = low - 0.5, high + 0.5
        return cls(low, high, from_px, to_px, axis.logarithmic)

    def __call__(self, value: float) -> float:
        scaled = math.log10(value) if self.logarithmic else value
        return self.from_px + (scaled - self.low) / (self.high - self.low) * (self.to_px - self.from_px)

    def ticks(self) -> list[float]:
        """Round numbers between the ends; on a logarithmic axis 1, 2, 5 times powers of ten, where it has as many."""
        if self.logarithmic:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            found = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
            inside = [value for value in found if self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9]
            if len(inside) > 8:
                return [value for value in inside if f"{value:e}"[0] == "1"]
            return inside if len(inside) > 2 else _round_between(10**self.low, 10**self.high)
        return _round_between(self.low, self.high)


def _round_between(low: float, high: float) -> list[float]:
    step = _round_step((high - low) / 5)
    return [place * step for place in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, at least this large."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def _usable(points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> list[tuple[float, float]]:
    return [
        point
        for point in points
        if all(math.isfinite(value) for value in point)
        and (point[0] > 0 or not x.logarithmic)
        and (point[1] > 0 or not y.logarithmic)
    ]


def _fewer(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Evenly fewer points, the last one always among them."""
    step = -(-len(points) // _MOST_POINTS)
    return points if step == 1 else [*points[:-1:step], points[-1]]
