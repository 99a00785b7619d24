"""What `rigmill show` prints: one screen of what people ask first, or everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rigmill.outcomes import Status
from rigmill.printable import WIDTH, one_line, shortened, shown_path, wrapped
from rigmill.storage.files import Store
from rigmill.types import Row, StoredFile

SCREEN_LINES = 24
ROWS_PER_STAGE, DROPPED_PER_STAGE = 3, 3
FACT_LINES = 2
VALUE_WIDTH = 50
# What is said first of a stage's row, where it is there.
_FIRST = {
    "collect": ("source_uid", "title", "licence", "attribution", "format"),
    "probe": ("kind", "rig_kind", "num_joints", "facing_deg", "facing_source", "facing_confidence", "motions"),
    "retarget": ("clip_id", "motion_name", "title", "num_frames", "num_matched_joints", "left_out"),
    "preview": (
        *("clip_id", "motion_name", "num_frames", "first_frame", "motion_frames", "period_frames", "fps"),
        *("flow_px", "coverage"),
    ),
    "select": ("motion_name", "num_frames", "first_frame", "motion_frames", "period_frames"),
    "render": ("motion_name", "engine", "samples", "width_px", "height_px", "num_views", "round_trip_px"),
    "category": ("category", "category_provider"),
    "caption": ("caption", "provider"),
    "shards": ("shard", "split"),
    "latents": ("size_px", "num_frames", "num_windows", "num_conditions"),
    "train": ("recipe", "num_steps", "first_loss", "last_loss"),
    "eval": ("maps", "mpjpe_pct", "usable_share"),
}


def screen_text(found: dict[str, Any], names: Mapping[str, str], store: Store, *, more: str) -> str:
    """Stage by stage how the inputs ended, with the reasons of those that were dropped, and the first facts of rows.

    `names` by input id; `more` is the command that shows everything. At most SCREEN_LINES lines.
    """
    called = list(dict.fromkeys(names.values()))
    head = [shortened(called[0], WIDTH)] if len(called) == 1 else []
    end = wrapped(f"everything: {more}", rest="  ", whole=[more])
    room = SCREEN_LINES - len(head) - len(end)
    # Reasons of what was dropped first, then a row of every stage, a second one, a third, while there is room.
    num_rows = dict.fromkeys(found, 0)
    lines = _lines(found, names, store, num_rows)
    for _ in range(ROWS_PER_STAGE):
        for stage in found:
            longer = _lines(found, names, store, num_rows | {stage: num_rows[stage] + 1})
            if len(longer) <= room:
                lines, num_rows[stage] = longer, num_rows[stage] + 1
    return "\n".join([*head, *(lines if len(lines) <= room else [*lines[: room - 1], "..."]), *end])


def _lines(found: dict[str, Any], names: Mapping[str, str], store: Store, num_rows: Mapping[str, int]) -> list[str]:
    return [line for stage, part in found.items() for line in _stage(stage, part, names, store, num_rows[stage])]


def _stage(stage: str, part: Mapping[str, Any], names: Mapping[str, str], store: Store, num_rows: int) -> list[str]:
    """How the stage's inputs ended, why some were dropped, and so many of the rows."""
    ends = Counter(str(row["status"]) for row in part["outcomes"])
    ends["pending"] += len(part["pending"])
    lines = wrapped(f"{stage}: {', '.join(f'{end} {number}' for end, number in ends.items() if number)}")
    dropped = [row for row in part["outcomes"] if row["status"] != Status.KEPT.value]
    for row in dropped[:DROPPED_PER_STAGE]:
        lines += wrapped(_why(row, names.get(row["input_id"], "")), first="  ", rest="    ")
    for row in part["products"][:num_rows]:
        lines += wrapped(_facts(stage, row), first="  ", rest="    ")[:FACT_LINES]
        for words in row.get("warnings") or ():
            lines += wrapped(f"warning: {words}", first="    ", rest="      ")
        lines += [f"  {shown_path(store.path(file))}" for file in _results(row)]
    left = len(dropped[DROPPED_PER_STAGE:])
    return [*lines, f"  ... and {left} more that were dropped"] if left else lines


def _why(row: Row, name: str) -> str:
    measured = ""
    if row["measured"] is not None:
        measured = f" (measured {row['measured']:.4g}, limit {row['limit']:.4g})"
    return f"{shortened(name or row['input_id'], 60)}: {row['status']}, {row['code']}: {row['message']}{measured}"


def _results(row: Row) -> list[StoredFile]:
    """Files of a row that people look for: moving meshes and models."""
    files = [StoredFile.from_row(file) for file in row.get("files") or ()]
    return [file for file in files if file.name.endswith((".glb", ".safetensors"))]


def _facts(stage: str, row: Row) -> str:
    said = []
    for column in _FIRST.get(stage, tuple(row)):
        value = row.get(column)
        if value is None or value == [] or value == "":
            continue
        if column == "motions":
            value = f"{len(value)}: " + ", ".join(f"{motion['name']} ({motion['num_frames']})" for motion in value)
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        said.append(f"{column} {shortened(text, VALUE_WIDTH)}")
    return ", ".join(said)


def whole_text(found: dict[str, Any], store: Store) -> str:
    """Stage by stage the outcomes, what is pending and every column of the products; files as paths in the store."""
    lines = []
    for stage, part in found.items():
        lines.append(f"== {stage}")
        for row in part["outcomes"]:
            tail = "" if row["status"] == Status.KEPT.value else f": {row['code']}: {row['message']}"
            lines.append(f"   {row['input_id']}: {row['status']}{tail}")
            if row["measured"] is not None:
                lines.append(f"      measured {row['measured']:.4g}, limit {row['limit']:.4g}")
        lines += [f"   {input_id}: pending" for input_id in part["pending"]]
        for row in part["products"]:
            for column, value in row.items():
                if value is not None and value != []:
                    lines += _column(column, value, store)
    return "\n".join(map(one_line, lines))


def _column(column: str, value: Any, store: Store) -> list[str]:
    if isinstance(value, dict) and "sha256" in value:
        return [f"      {column}: {store.path(StoredFile.from_row(value))} ({value['size_bytes']} bytes)"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = [f"      {column}:"]
        for item in value:
            inner = _column(str(item["name"]), item, store) if "sha256" in item else [f"      {item}"]
            lines += [f"  {line}" for line in inner]
        return lines
    return [f"      {column}: {value}"]
