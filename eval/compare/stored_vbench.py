"""Numbers of the real VBench that `rigmill eval vbench` stored for the videos of a comparison: OUT/vbench/METHOD."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from rigmill.errors import UserError
from rigmill.storage.files import sha256_file

FOLDER, FILE = "vbench", "vbench.json"
_CONDITIONS = ("tool", "torch", "device", "resolution", "num_frames", "fps")  # that rows of one table share


@dataclass(frozen=True, slots=True)
class Stored:
    """By clip and metric, means over the clip's views; and what they were measured with."""

    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)


def read_stored(out: Path, method: str, clips: Collection[str]) -> Stored:
    """What there is of a method; nothing where VBench was not run on it. Numbers of other videos are refused."""
    path = out / FOLDER / method / FILE
    if not path.is_file():
        return Stored()
    try:
        numbers = json.loads(path.read_bytes())["numbers"]
        found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        conditions: dict[str, Any] = {}
        for one in numbers:
            clip = str(one["video"]).rpartition(".mp4")[0].rpartition(".")[0]
            if one["video"] == "mean" or clip not in clips:
                continue
            _check_video(out / "views" / method / one["video"], one["video_sha256"], path)
            found[clip][one["metric"]].append(float(one["value"]))
            conditions = {name: one[name] for name in _CONDITIONS} | {
                "weights": conditions.get("weights", {}) | one["weights"]
            }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is not what rigmill eval vbench writes",
            why=f"{type(error).__name__}: {error}",
            fix=f"remove {path}, or measure again",
            code="E639",
        ) from None
    scores = {clip: {metric: fmean(values) for metric, values in each.items()} for clip, each in found.items()}
    return Stored(scores, conditions)


def _check_video(video: Path, sha256: str, path: Path) -> None:
    if not video.is_file() or sha256_file(video) != sha256:
        raise UserError(
            f"{path} has numbers of other videos",
            why=f"{video} {'has changed since' if video.is_file() else 'is not there'}",
            fix="compare with --videos and measure again, or remove the file",
            code="E639",
        )


def check_alike(stored: Mapping[str, Stored]) -> None:
    """Refuse VBench's numbers of two methods that were measured under other conditions."""
    known = {name: one.conditions for name, one in stored.items() if one.conditions}
    if not known:
        return
    first, *others = known
    for name in others:
        off = [what for what in known[first] if known[first][what] != known[name].get(what)]
        if off:
            what = off[0]
            raise UserError(
                f"VBench's numbers of {first} and {name} are unlike: {what}",
                why=f"{known[first][what]} and {known[name].get(what)}"[:200],
                fix="measure both with the same environment, weights and videos of one size and length",
                code="E639",
            )
