"""Charts as inline SVG, made of escaped parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rigmill.report.pages import shown

_WIDTH_PX, _MARGIN_PX, _NUM_BINS = 640, 10, 48
_LEFT_PX, _RIGHT_PX = _MARGIN_PX, _WIDTH_PX - _MARGIN_PX
_NOTHING = Markup("")

_SVG = Markup('<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}">{parts}</svg>')
_BAR = Markup('<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>')
_TICK = Markup('<text x="{x:.1f}" y="{y}" font-size="11" fill="currentColor" text-anchor="{anchor}">{value}</text>')
_FRAME = Markup(
    '<line x1="{left}" x2="{right}" y1="{base}" y2="{base}" stroke="currentColor" stroke-opacity=".4"/>'
    '<line x1="{at:.1f}" x2="{at:.1f}" y1="14" y2="{base}" stroke="#c2402a" stroke-width="1.5" '
    'stroke-dasharray="4 3"/><text x="{beside:.1f}" y="22" font-size="11" fill="#c2402a" '
    'text-anchor="{anchor}">limit {limit}</text>'
)
_CAPTION = Markup(
    '<text x="{left}" y="{y}" font-size="12" fill="currentColor">{label}; {number} measured{scale}</text>'
)


def histogram(values: Sequence[float], *, limit: float, keeps_above: bool, logarithmic: bool, label: str) -> Markup:
    """How values lie on either side of a limit; what the limit drops is paler. Empty without values.

    Zeros stand at the left end of a logarithmic axis.
    """
    if not values:
        return _NOTHING
    height_px = 170
    base_px, axis = height_px - 34, _axis(values, limit, logarithmic=logarithmic)
    kept, dropped = [0] * _NUM_BINS, [0] * _NUM_BINS
    for value in values:
        keeps = value >= limit if keeps_above else value <= limit
        (kept if keeps else dropped)[min(_NUM_BINS - 1, int(axis.share(value) * _NUM_BINS))] += 1
    limit_px = _LEFT_PX + axis.share(limit) * (_RIGHT_PX - _LEFT_PX)
    anchor, aside_px = ("start", 4) if limit_px < _WIDTH_PX / 2 else ("end", -4)
    frame = _FRAME.format(
        left=_LEFT_PX,
        right=_RIGHT_PX,
        base=base_px,
        at=limit_px,
        beside=limit_px + aside_px,
        anchor=anchor,
        limit=shown(float(limit)),
    )
    caption = _CAPTION.format(
        left=_LEFT_PX,
        y=height_px - 4,
        label=label,
        number=shown(len(values)),
        scale=", logarithmic" if logarithmic else "",
    )
    return _svg(height_px, label, [*_bars(kept, dropped, base_px), frame, *_ticks(axis, base_px), caption])


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where values stand between the ends of a chart; `low` and `high` are scaled values."""

    low: float
    high: float
    scaled: Callable[[float], float]
    unscaled: Callable[[float], float]

    def share(self, value: float) -> float:
        """0 at the left end, 1 at the right one."""
        return (self.scaled(value) - self.low) / self._span

    def value(self, share: float) -> float:
        return self.unscaled(self.low + share * self._span)

    @property
    def _span(self) -> float:
        return (self.high - self.low) or 1.0


def _axis(values: Sequence[float], limit: float, *, logarithmic: bool) -> _Axis:
    """An axis that holds every value and the limit."""
    if not logarithmic:
        return _Axis(min(*values, limit, 0.0), max(*values, limit), float, float)
    positive = [value for value in (*values, limit) if value > 0]
    floor = min(positive, default=1.0)
    return _Axis(
        math.log10(floor),
        math.log10(max(positive, default=1.0)),
        scaled=lambda value: math.log10(max(value, floor)),
        unscaled=lambda scaled: float(10**scaled),
    )


def _bars(kept: Sequence[int], dropped: Sequence[int], base_px: int) -> list[Markup]:
    """A bar per bin that holds something, what is dropped on top of what is kept."""
    most = max(above + under for above, under in zip(kept, dropped))
    step_px = (_RIGHT_PX - _LEFT_PX) / _NUM_BINS
    bars = []
    for place in range(_NUM_BINS):
        top_px = float(base_px)
        for number, style in ((kept[place], "bar-kept"), (dropped[place], "bar-dropped")):
            if number:
                height_px = max(1.0, number / most * (base_px - 26))
                top_px -= height_px
                x_px = _LEFT_PX + place * step_px
                bars.append(_BAR.format(style=style, x=x_px, y=top_px, width=step_px - 1, height=height_px))
    return bars


def _ticks(axis: _Axis, base_px: int) -> list[Markup]:
    """Five numbers under the axis."""
    anchors = {0.0: "start", 0.25: "middle", 0.5: "middle", 0.75: "middle", 1.0: "end"}
    return [
        _TICK.format(
            x=_LEFT_PX + share * (_RIGHT_PX - _LEFT_PX), y=base_px + 15, anchor=anchor, value=shown(axis.value(share))
        )
        for share, anchor in anchors.items()
    ]


def _svg(height_px: int, label: str, parts: Sequence[Markup]) -> Markup:
    return _SVG.format(width=_WIDTH_PX, height=height_px, label=label, parts=_NOTHING.join(parts))
