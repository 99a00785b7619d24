"""The report: one folder of static HTML that can be mailed. Built from tables and stored files alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from rigmill.clips.members import GEOMETRY, pose_template, pose_video, rgb_template, rgb_video
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import jpeg
from rigmill.clips.sheets import mosaic_video, overlay, stack, tile
from rigmill.clips.video import decode
from rigmill.config.load import Resolved
from rigmill.kinds import Maps
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.report import eval_section, funnel_section, html, render_section, retarget_section, round_trip_section
from rigmill.report.funnel import read_ends
from rigmill.storage.files import digest, write_atomic
from rigmill.storage.layout import Layout
from rigmill.types import Row, StoredFile

MAX_CLIPS = 200
NUM_FRAMES_SHOWN = 3


def write_report(view: View, layout: Layout, resolved: Resolved) -> Path:
    """Write report/index.html and its pictures; returns the page. The same tables give the same bytes."""
    captions = {row["clip_id"]: row for row in view.products("caption")}
    samples = {row["clip_id"]: row for row in view.products("shards")}
    flows = {row["clip_id"]: row["flow_px_per_frame"] for row in view.products("select")}
    renders = sorted(
        view.products("render"), key=lambda row: (row["source"], row["title"], row["motion_name"], row["clip_id"])
    )
    used: set[str] = set()

    def put(name: str, data: bytes) -> None:
        used.add(name)
        _put(layout.report / name, data)

    ends = read_ends(view)
    figures = [
        _figure(
            row,
            layout=layout,
            caption=captions.get(row["clip_id"]),
            sample=samples.get(row["clip_id"]),
            flow=flows.get(row["clip_id"]),
            used=used,
        )
        for row in renders[:MAX_CLIPS]
    ]
    body = [
        f"<h1>Rigmill report: {html.text(resolved.name)}</h1>",
        f'<p class="muted">profile digest <code>{resolved.digest}</code>; every number here is counted from the tables '
        f"under <code>{html.text(resolved.profile.output)}</code></p>",
        "<h2>Funnel</h2>",
        _funnel(view),
        "<h3>By source</h3>",
        funnel_section.by_source(view, ends),
        "<h2>Rejected and failed</h2>",
        funnel_section.reasons(view, ends, store=layout.store, put=put),
        retarget_section.section(view, ends),
        render_section.section(view),
        round_trip_section.section(view, store=layout.store, put=put),
        "<h2>Limits</h2>",
        funnel_section.limits(view, store=layout.store, put=put),
        "<h2>Licences</h2>",
        funnel_section.licences(view),
        f"<h2>Clips</h2><p>{len(renders)} clips"
        + (f", the first {MAX_CLIPS} shown" if len(renders) > MAX_CLIPS else "")
        + ". Top row RGB, bottom row the stored pose map over it; columns are azimuths. The video starts on click.</p>",
        f'<div class="clips">{"".join(figures)}</div>',
        "<h2>Categories</h2>",
        _counts("category", captions.values()),
        "<h2>Training</h2>",
        _training(view, layout),
        "<h2>Evaluation</h2>",
        _evaluation(view, layout, used),
    ]
    target = layout.report / "index.html"
    _put(target, html.page(f"Rigmill: {resolved.name}", "".join(body)).encode())
    for path in layout.report.rglob("*"):
        if path.is_file() and path != target and path.name not in used:
            path.unlink()  # of clips that are no longer there
    return target


def _put(path: Path, data: bytes) -> None:
    if not (path.exists() and path.read_bytes() == data):
        write_atomic(path, data, durable=False)


def _funnel(view: View) -> str:
    rows = []
    for name in STAGES:
        counts = view.counts(name)
        share = counts.kept / counts.num_in if counts.num_in else 0.0
        rows.append((name, counts.num_in, counts.kept, counts.rejected, counts.failed, counts.pending, html.bar(share)))
    return html.table(("stage", "in", "kept", "rejected", "failed", "pending", "kept share"), rows)


def _files(row: Row) -> dict[str, StoredFile]:
    return {file["name"]: StoredFile.from_row(file) for file in row["files"]}


def _picture(data: bytes) -> Any:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _figure(
    row: Row, *, layout: Layout, caption: Row | None, sample: Row | None, flow: float | None, used: set[str]
) -> str:
    """Poster, video and words of one clip."""
    store, files, clip_id = layout.store, _files(row), row["clip_id"]
    version = digest(row["files"], length=8)  # another rendering of the clip gets other pictures
    poster, video = f"{clip_id}-{version}.jpg", f"{clip_id}-{version}.mp4"
    used.update((poster, video))
    if not ((layout.report / poster).exists() and (layout.report / video).exists()):
        geometry = ClipGeometry.from_bytes(store.read(files[GEOMETRY]))
        views = range(row["num_views"])
        rgb = np.stack([decode(store.read(files[rgb_video(view)])) for view in views])
        pose = np.stack([decode(store.read(files[pose_video(view)])) for view in views])
        labels = [f"azimuth {camera.azimuth_deg:g}" for camera in geometry.cameras]
        middle = rgb.shape[1] // 2
        rest = [
            overlay(*(_picture(store.read(files[name(view)])) for name in (rgb_template, pose_template)))
            for view in views
        ]
        sheet = stack(
            [
                tile(list(rgb[:, middle]), [f"{label}, frame {middle}" for label in labels]),
                tile(list(overlay(rgb[:, middle], pose[:, middle])), ["pose over rgb"] * len(labels)),
                tile(rest, ["rest pose"] * len(labels)),
            ]
        )
        _put(layout.report / poster, jpeg(sheet))
        _put(layout.report / video, mosaic_video(rgb, pose, fps=row["fps"], height_px=160))
    words = caption["caption"] if caption else "not captioned yet"
    tags = [caption["category"] if caption else None, row["kind"], row["licence"], sample["split"] if sample else None]
    chips = "".join(f'<span class="tag">{html.text(tag)}</span>' for tag in tags if tag)
    facts = (
        f"{row['num_frames']} frames at {row['fps']:g} fps, {row['num_drawn_joints']} drawn joints, flow "
        f"{html.text(flow)} px/frame, least coverage {html.text(row['min_coverage'])}"
    )
    return (
        f'<figure id="{html.text(clip_id)}"><video controls preload="none" loop muted poster="{poster}" '
        f'src="{video}"></video>'
        f"<figcaption><strong>{html.text(words)}</strong><br>{chips}<br>"
        f'<span class="muted">{facts}<br><code>{html.text(clip_id)}</code> {html.text(row["title"])}, '
        f"{html.text(row['motion_name'])}; {html.text(row['attribution'])}</span></figcaption></figure>"
    )


def _counts(column: str, rows: Any) -> str:
    numbers = Counter(row[column] for row in rows)
    return html.table((column, "clips"), sorted(numbers.items(), key=lambda item: (-item[1], str(item[0]))))


def _training(view: View, layout: Layout) -> str:
    parts = []
    for row in view.products("train"):
        lines = layout.store.read(_files(row)["losses.csv"]).decode().splitlines()
        column = lines[0].split(",").index("loss")
        losses = [float(line.split(",")[column]) for line in lines[1:]]
        parts.append(
            html.table(
                ("checkpoint", "recipe", "steps", "parameters", "first loss", "last loss"),
                [
                    (
                        row["checkpoint_id"],
                        row["recipe"],
                        row["num_steps"],
                        row["num_parameters"],
                        row["first_loss"],
                        row["last_loss"],
                    )
                ],
            )
        )
        smooth = np.convolve(losses, np.ones(min(15, len(losses))) / min(15, len(losses)), mode="valid")
        parts.append(html.line_chart([float(value) for value in smooth], label="training loss, running mean of 15"))
    return "".join(parts) or "<p>No model has been trained yet.</p>"


def _evaluation(view: View, layout: Layout, used: set[str]) -> str:
    rows = sorted(view.products("eval"), key=lambda row: (row["maps"], row["clip_id"]))
    if not rows:
        return "<p>Nothing has been evaluated yet.</p>"
    generated = (row for row in rows if row["maps"] == Maps.GENERATED)
    return eval_section.tables(rows) + "".join(_generated(row, layout, used) for row in generated)


def _generated(row: Row, layout: Layout, used: set[str]) -> str:
    """What the model drew for one held-out clip: some frames of every view."""
    files, store = _files(row), layout.store
    if rgb_video(0) not in files:
        return ""
    name = f"generated-{row['clip_id']}-{digest(row['files'], length=8)}.jpg"
    used.add(name)
    sheets = []
    for view in range(sum(1 for file in files if file.startswith("rgb."))):
        rgb, pose = (decode(store.read(files[video(view)])) for video in (rgb_video, pose_video))
        frames = np.linspace(0, len(rgb) - 1, NUM_FRAMES_SHOWN).round().astype(int)
        pictures = [
            cv2.resize(part[frame], None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
            for part in (rgb, pose)
            for frame in frames
        ]
        labels = [f"view {view} {kind} {frame}" for kind in ("rgb", "pose") for frame in frames]
        sheets.append(tile(pictures, labels))
    _put(layout.report / name, jpeg(stack(sheets)))
    return (
        f'<figure><img src="{name}" alt="generated frames"><figcaption>Generated by checkpoint '
        f"<code>{html.text(row['checkpoint_id'])}</code> for held-out clip <code>{html.text(row['clip_id'])}</code>"
        "</figcaption></figure>"
    )
