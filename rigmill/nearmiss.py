"""Pictures of clips that the filters dropped, and of those that just passed: whether the limits are right is seen."""

from __future__ import annotations

from rigmill import html
from rigmill.files import digest, write_atomic
from rigmill.layout import Layout
from rigmill.stage import Row
from rigmill.types import Status, StoredFile
from rigmill.view import View

MAX_SHOWN = 12  # of each kind


def near_misses(view: View, layout: Layout, used: set[str]) -> str:
    """HTML: dropped clips per code, then the kept clips that move least. Names of its pictures go into `used`."""
    previews = {row["clip_id"]: row for row in view.products("preview")}
    dropped: dict[str, list[Row]] = {}
    for outcome in view.outcomes("select"):
        if outcome["status"] == Status.REJECTED.value and outcome["input_id"] in previews:
            dropped.setdefault(outcome["code"], []).append(outcome)
    parts = []
    for code in sorted(dropped):
        nearest = sorted(dropped[code], key=_miss)[:MAX_SHOWN]
        parts.append(f"<h3>{html.text(code)}: {len(dropped[code])}</h3>" + _figures(
            [(previews[outcome["input_id"]], outcome["message"]) for outcome in nearest], layout, used
        ))
    kept = {row["clip_id"] for row in view.products("select")}
    least = sorted((row for name, row in previews.items() if name in kept),
                   key=lambda row: (row["flow_px"], row["clip_id"]))[:MAX_SHOWN]
    if least:
        parts.append("<h3>Kept, and moving least</h3>" + _figures([(row, "") for row in least], layout, used))
    return "".join(parts) or "<p>No clip has been looked at yet.</p>"


def _miss(outcome: Row) -> tuple[float, str]:
    """How far from its limit a clip was: the nearest come first."""
    measured, limit = outcome["measured"], outcome["limit"]
    away = 0.0 if measured is None or not limit else abs(measured - limit) / abs(limit)
    return away, outcome["input_id"]


def _figures(clips: list[tuple[Row, str]], layout: Layout, used: set[str]) -> str:
    figures = []
    for row, why in clips:
        picture = StoredFile.from_row(row["files"][0])
        name = f"preview-{row['clip_id']}-{digest(row['files'], length=8)}.jpg"
        used.add(name)
        path = layout.report / name
        if not path.exists():
            write_atomic(path, layout.store.read(picture), durable=False)
        facts = (f"flow {row['flow_px']:.2f} px (mean {row['flow_px_per_frame']:.3f} px/frame), least coverage "
                 f"{row['coverage']:.2%}, extent ratio {row['extent_ratio']:.2f}")
        figures.append(
            f'<figure><img src="{name}" alt="front and side, first frame and the most different one"><figcaption>'
            f'{html.text(row["title"])}, {html.text(row["motion_name"])} <code>{html.text(row["clip_id"])}</code><br>'
            f'<span class="muted">{html.text(why)}<br>{facts}</span></figcaption></figure>'
        )
    return f'<div class="clips">{"".join(figures)}</div>'
