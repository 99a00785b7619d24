"""Who made what is in a dataset: one line per file used, for its model or for its motion."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from rigmill.kinds import ClipKind, SeenIn
from rigmill.pipeline.stage import Rows
from rigmill.types import Row

ATTRIBUTION = "attribution.csv"
_OF_ASSET = ("title", "author", "source", "source_uid", "origin", "licence", "licence_url", "licence_seen_in")
COLUMNS = ("asset_id", "used_as", *_OF_ASSET, "credit", "changes", "clips")
_MODEL, _MOTION = "model", "motion"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the assets and the motions of clips are from: the asset's row by id, and the asset of each motion."""

    assets: dict[str, Row] = field(default_factory=dict)
    motions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Rows) -> Provenance:
        rows = list(tables.products("probe"))
        return cls(
            {row["asset_id"]: row for row in rows},
            {motion["motion_id"]: row["asset_id"] for row in rows for motion in row["motions"]},
        )

    def of_motion(self, clip: Row) -> str:
        """The asset that a clip's motion is from: its own, unless another is known."""
        return self.motions.get(str(clip["motion_id"]), str(clip["asset_id"]))


def of_authors(clips: Iterable[Row], provenance: Provenance) -> int:
    """Of how many clips a file is under the licence that whoever made the set says is theirs to give."""

    def is_own(asset_id: str) -> bool:
        return provenance.assets.get(asset_id, {}).get("licence_seen_in") == SeenIn.AUTHOR

    return sum(is_own(clip["asset_id"]) or is_own(provenance.of_motion(clip)) for clip in clips)


def attribution_csv(clips: Iterable[Row], provenance: Provenance) -> bytes:
    """`attribution.csv`: sorted by source, title and id; the same clips give the same bytes."""
    used: dict[str, dict[str, list[Row]]] = defaultdict(lambda: {_MODEL: [], _MOTION: []})
    for clip in clips:
        used[clip["asset_id"]][_MODEL].append(clip)
        used[provenance.of_motion(clip)][_MOTION].append(clip)
    lines = [_line(asset_id, clips_by_use, provenance.assets.get(asset_id)) for asset_id, clips_by_use in used.items()]
    lines.sort(key=lambda line: (line["source"], line["title"], line["asset_id"]))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: plain_cell(value) for name, value in line.items()} for line in lines)
    return stream.getvalue().encode()


def _line(asset_id: str, used: dict[str, list[Row]], asset: Row | None) -> Row:
    clips = used[_MODEL] or used[_MOTION]
    row = asset or {**clips[0], "author": "", "source_uid": "", "origin": "", "licence_url": "", "licence_seen_in": ""}
    return {
        "asset_id": asset_id,
        "used_as": " and ".join(name for name in (_MODEL, _MOTION) if used[name]),
        **{name: row[name] for name in _OF_ASSET},
        "credit": row["attribution"] or "",
        "changes": _changes(asset_id, used),
        "clips": len({clip["clip_id"] for clips in used.values() for clip in clips}),
    }


def _changes(asset_id: str, used: dict[str, list[Row]]) -> str:
    """What was done to the file: licences of the CC family ask that changes are named."""
    found = []
    if used[_MODEL]:
        found.append("scaled to unit size and rendered as pictures; the mesh itself is not included")
    if any(clip["kind"] == ClipKind.RETARGETED for clip in used[_MODEL]):
        found.append("moved by another file's motion")
    if used[_MOTION]:
        rates = sorted({clip["fps"] for clip in used[_MOTION]})
        found.append(f"motion sampled at {', '.join(f'{rate:g}' for rate in rates)} fps, cut to clips")
    if any(clip["asset_id"] != asset_id for clip in used[_MOTION]):
        found.append("motion put on other characters")
    return "; ".join(found)


def plain_cell(value: object) -> object:
    """A value that a spreadsheet shows and does not run: strangers wrote these texts."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def credited(data: bytes) -> set[str]:
    """The asset ids that an attribution file names; ValueError when it is none."""
    reader = csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError("not the columns of an attribution file")
    return {row["asset_id"] for row in reader}
