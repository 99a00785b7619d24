"""HTML in small pieces. Every string is escaped; pages load nothing from anywhere else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--bar:#4a7fb5}
body{font:15px/1.45 system-ui,sans-serif;max-width:1240px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}
table{border-collapse:collapse;margin:.8rem 0}td,th{padding:.25rem .7rem;border-bottom:1px solid var(--line);
 text-align:left;vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.9em}
.muted{opacity:.7}.bar{background:var(--bar);height:.7rem;display:inline-block;border-radius:2px}
.clips{display:grid;grid-template-columns:repeat(auto-fill,minmax(560px,1fr));gap:1.4rem}
figure{margin:0;border:1px solid var(--line);border-radius:6px;overflow:hidden}
figure img,figure video{width:100%;display:block;background:#fff}
.strips{display:grid;grid-template-columns:repeat(auto-fill,minmax(360px,1fr));gap:.8rem;margin:.6rem 0 1.4rem}
.strips figcaption{font-size:.85em;overflow-wrap:anywhere}
.bar-kept{fill:var(--bar)}.bar-dropped{fill:var(--bar);opacity:.35}
.no{color:#c2402a}h3{margin:1.4rem 0 .2rem}
figcaption{padding:.5rem .8rem}
.tag{background:var(--soft);border-radius:4px;padding:0 .4rem;margin-right:.3rem;font-size:.85em}
"""


def text(value: Any) -> str:
    """Any value as escaped text; numbers short, nothing as a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return escape(str(value), quote=True)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; a cell that is a `Raw` goes in as it is."""
    body = []
    for row in rows:
        cells = "".join(
            f"<td>{cell.markup}</td>"
            if isinstance(cell, Raw)
            else f"<td{' class=number' if isinstance(cell, int | float) or cell is None else ''}>{text(cell)}</td>"
            for cell in row
        )
        body.append(f"<tr>{cells}</tr>")
    head = "".join(f"<th>{text(name)}</th>" for name in header)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


class Raw:
    """Markup made here, from escaped parts."""

    def __init__(self, markup: str) -> None:
        self.markup = markup


def bar(share: float) -> Raw:
    return Raw(f'<span class="bar" style="width:{max(0.0, min(1.0, share)) * 160:.0f}px"></span>')


def line_chart(values: Sequence[float], *, width_px: int = 640, height_px: int = 160, label: str) -> str:
    """An inline SVG of one series."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    points = " ".join(
        f"{10 + index / (len(values) - 1) * (width_px - 20):.1f},"
        f"{height_px - 20 - (value - low) / span * (height_px - 40):.1f}"
        for index, value in enumerate(values)
    )
    return (
        f'<svg viewBox="0 0 {width_px} {height_px}" width="{width_px}" role="img" aria-label="{text(label)}">'
        f'<polyline points="{points}" fill="none" stroke="#4a7fb5" stroke-width="1.5"/>'
        f'<text x="10" y="14" font-size="12" fill="currentColor">{text(label)}: {text(float(values[0]))} to '
        f"{text(float(values[-1]))}</text></svg>"
    )


def histogram(
    values: Sequence[float],
    *,
    limit: float,
    keeps_above: bool,
    logarithmic: bool,
    label: str,
    width_px: int = 640,
    height_px: int = 170,
) -> str:
    """An inline SVG of how values lie on either side of a limit; what the limit drops is paler. Zeros stand at the left
    end of a logarithmic axis."""
    if not values:
        return ""
    if logarithmic:
        positive = [value for value in (*values, limit) if value > 0]
        floor = min(positive, default=1.0)
        low, high = math.log10(floor), math.log10(max(positive, default=1.0))

        def scaled(value: float) -> float:
            return math.log10(max(value, floor))
    else:
        low, high = min(*values, limit, 0.0), max(*values, limit)

        def scaled(value: float) -> float:
            return value

    span, left, right, base = (high - low) or 1.0, 10, width_px - 10, height_px - 34
    num_bins = 48
    kept, dropped = [0] * num_bins, [0] * num_bins
    for value in values:
        place = min(num_bins - 1, int((scaled(value) - low) / span * num_bins))
        (kept if (value >= limit if keeps_above else value <= limit) else dropped)[place] += 1
    most = max(above + under for above, under in zip(kept, dropped))
    step = (right - left) / num_bins
    bars = []
    for place in range(num_bins):
        top = float(base)
        for number, style in ((kept[place], "bar-kept"), (dropped[place], "bar-dropped")):
            if number:
                height = max(1.0, number / most * (base - 26))
                top -= height
                bars.append(
                    f'<rect class="{style}" x="{left + place * step:.1f}" y="{top:.1f}" '
                    f'width="{step - 1:.1f}" height="{height:.1f}"/>'
                )
    at = left + (scaled(limit) - low) / span * (right - left)
    anchor = "start" if at < width_px / 2 else "end"
    ticks = "".join(
        f'<text x="{left + share * (right - left):.1f}" y="{base + 15}" font-size="11" fill="currentColor" '
        f'text-anchor="{side}">{text(10 ** (low + share * span) if logarithmic else low + share * span)}</text>'
        for share, side in ((0.0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1.0, "end"))
    )
    return (
        f'<svg viewBox="0 0 {width_px} {height_px}" width="{width_px}" role="img" aria-label="{text(label)}">'
        f'{"".join(bars)}<line x1="{left}" x2="{right}" y1="{base}" y2="{base}" stroke="currentColor" '
        f'stroke-opacity=".4"/><line x1="{at:.1f}" x2="{at:.1f}" y1="14" y2="{base}" stroke="#c2402a" '
        f'stroke-width="1.5" stroke-dasharray="4 3"/><text x="{at + (4 if anchor == "start" else -4):.1f}" y="22" '
        f'font-size="11" fill="#c2402a" text-anchor="{anchor}">limit {text(float(limit))}</text>{ticks}'
        f'<text x="{left}" y="{height_px - 4}" font-size="12" fill="currentColor">{text(label)}; '
        f"{len(values):,} measured{', logarithmic' if logarithmic else ''}</text></svg>"
    )


def page(title: str, body: str) -> str:
    policy = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    )
