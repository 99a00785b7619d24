"""What a comparison knows of one method on one clip, as a file, and of a method on all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rigmill.storage.files import write_atomic

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One method on one clip. `key` is of everything that the scores follow from."""

    method: str
    clip_id: str
    group: str
    key: str
    file: str | None  # what was delivered, and its digest; None: nothing
    file_sha256: str | None
    num_frames: int | None
    fps: float | None
    unusable: str | None  # why there is no body to score
    scores: Mapping[str, float | None] = field(default_factory=dict)  # by a metric's name; None: not measurable here
    why: Mapping[str, str] = field(default_factory=dict)  # of scores that are None
    # What scoring took, the first method of a clip the truth's part as well. All else is the same in every run.
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def to_json(self, settings: Mapping[str, Any]) -> bytes:
        """As the file has it; `settings` say how it was measured."""
        whole = {"schema": SCHEMA, **asdict(self), "settings": dict(settings)}
        whole["scores"] = {name: finite(value) for name, value in sorted(self.scores.items())}
        whole |= {"wall_s": round(self.wall_s, 3), "cpu_s": round(self.cpu_s, 3)}
        return (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> ClipResult:
        """What `to_json` wrote; a ValueError where it is none."""
        whole = json.loads(data)
        if not isinstance(whole, dict) or whole.get("schema") != SCHEMA:
            raise ValueError(f"no result of schema {SCHEMA}")
        names = cls.__dataclass_fields__.keys()
        try:
            return cls(**{name: whole[name] for name in names})
        except KeyError as error:
            raise ValueError(f"it lacks {error}") from None


@dataclass(frozen=True, slots=True)
class MethodResult:
    """A method on all clips, in the benchmark's order."""

    name: str
    clips: tuple[ClipResult, ...]
    says: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds_per_clip: float | None = None  # what making a clip took, where its folder says so

    @property
    def usable(self) -> tuple[ClipResult, ...]:
        return tuple(clip for clip in self.clips if clip.unusable is None)

    @property
    def usable_share(self) -> float:
        return len(self.usable) / max(len(self.clips), 1)

    def values(self, metric: str) -> dict[str, float]:
        """The metric's numbers by clip, where there are any."""
        found = {clip.clip_id: clip.scores.get(metric) for clip in self.usable}
        return {clip_id: value for clip_id, value in found.items() if value is not None}


def finite(value: float | None) -> float | None:
    """The number, None where it is none."""
    return None if value is None or not math.isfinite(value) else float(value)


def result_path(out: Path, method: str, clip_id: str) -> Path:
    """Where a clip's result lies in the folder of a comparison."""
    return out / "clips" / method / f"{clip_id}.json"


def write_result(out: Path, result: ClipResult, settings: Mapping[str, Any]) -> None:
    """Store a result."""
    path = result_path(out, result.method, result.clip_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, result.to_json(settings), durable=False)


def read_result(out: Path, method: str, clip_id: str, key: str) -> ClipResult | None:
    """An earlier result of the same key; None where there is none."""
    try:
        found = ClipResult.from_json(result_path(out, method, clip_id).read_bytes())
    except (OSError, ValueError):
        return None
    return found if found.key == key else None
