"""The results of a comparison as one file, and whether two such files may stand in one table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from eval.bench.clips import Bench
from eval.compare.options import SCORING_VERSION, ScoreOptions
from eval.compare.results import ClipResult, MethodResult, finite
from rigmill import __version__

SCHEMA = 1
RESULTS_JSON = "results.json"
_TOOLS = ("numpy", "scipy", "opencv-python-headless", "numba")
_CLIP = ("group", "file_sha256", "num_frames", "fps", "unusable", "scores", "why")
_MOST_SAID = 3


@dataclass(frozen=True, slots=True)
class Together:
    """Methods, and how all of them were measured."""

    about: Mapping[str, Any]  # as the file has it: versions, settings, the benchmark and its clips
    methods: tuple[MethodResult, ...]

    def to_json(self) -> bytes:
        """The file: the same results give the same bytes."""
        methods = {
            method.name: {
                "says": method.says,
                "seconds_per_clip": method.seconds_per_clip,
                "clips": {clip.clip_id: _clip_row(clip) for clip in method.clips},
            }
            for method in self.methods
        }
        return (json.dumps({**self.about, "methods": methods}, indent=1, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> Together:
        """What `to_json` wrote; a ValueError where it is none."""
        try:
            whole = json.loads(data)
            if whole["schema"] != SCHEMA or not isinstance(whole["settings"], dict):
                raise ValueError(f"it is not of schema {SCHEMA}")
            methods = tuple(
                MethodResult(
                    name,
                    tuple(
                        ClipResult(method=name, clip_id=clip_id, key="", file=None, **{key: row[key] for key in _CLIP})
                        for clip_id, row in found["clips"].items()
                    ),
                    says=found["says"],
                    seconds_per_clip=found["seconds_per_clip"],
                )
                for name, found in whole.pop("methods").items()
            )
            [(clip["clip_id"], clip["num_frames"], clip["fps"]) for clip in whole["bench"]["clips"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is no results of a comparison ({type(error).__name__}: {error})") from None
        return cls(whole, methods)


def about_of(bench: Bench, options: ScoreOptions) -> dict[str, Any]:
    """How things were measured, as results and tables store it."""
    return {
        "schema": SCHEMA,
        "rigmill": __version__,
        "scoring": SCORING_VERSION,
        "settings": options.to_row(),
        "tools": {name: _version(name) for name in _TOOLS},
        "bench": {
            "name": bench.name,
            "digest": bench.digest,
            "clips": [
                {"clip_id": clip.clip_id, "num_frames": clip.num_frames, "fps": clip.fps} for clip in bench.clips
            ],
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _clip_row(clip: ClipResult) -> dict[str, Any]:
    row = {name: getattr(clip, name) for name in _CLIP}
    row["scores"] = {name: finite(value) for name, value in sorted(clip.scores.items())}
    return row | {"why": dict(sorted(clip.why.items()))}


def unlike(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """By name, what two measurements differ in; empty where their lines may stand in one table."""
    found = [
        f"{name}: {mine} here, {other} there"
        for name, mine, other in (
            ("rigmill", ours["rigmill"], theirs["rigmill"]),
            ("scoring version", ours["scoring"], theirs["scoring"]),
            *((name, value, theirs["settings"].get(name)) for name, value in ours["settings"].items()),
        )
        if mine != other
    ]
    mine, other = ours.get("vbench"), theirs.get("vbench")
    if mine and other and mine != other:
        found.append(f"VBench's {', '.join(name for name in mine if mine[name] != other.get(name))}")
    return found + _unlike_clips(ours["bench"], theirs["bench"])


def _unlike_clips(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    mine, others = ({clip["clip_id"]: clip for clip in bench["clips"]} for bench in (ours, theirs))
    found = []
    for what, names in (("not there", mine.keys() - others.keys()), ("not here", others.keys() - mine.keys())):
        if names:
            found.append(f"clip list: {_some(sorted(names))} {what}")
    both = sorted(mine.keys() & others.keys())
    for name, what in (("num_frames", "frames"), ("fps", "rate")):
        off = [clip for clip in both if mine[clip][name] != others[clip][name]]
        if off:
            clip = off[0]
            found.append(f"{what} of {_some(off)}: {mine[clip][name]:g} here, {others[clip][name]:g} there")
    if not found and ours["digest"] != theirs["digest"]:
        found.append(f"the benchmark's files: digest {ours['digest']} here, {theirs['digest']} there")
    return found


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_SAID
    return ", ".join(names[:_MOST_SAID]) + (f" and {rest} more" if rest > 0 else "")


def read_together(path: Path) -> Together:
    """A results.json; a ValueError says why it is none."""
    try:
        return Together.from_json(path.read_bytes())
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
