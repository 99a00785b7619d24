"""VBench's own result files, read and checked, and stored with all that a number depends on."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.vbench.dimensions import Dimension, needs_of
from eval.vbench.preflight import Interpreter, Weights
from eval.vbench.videos import Video
from rigmill.errors import UserError

_PER_VIDEO_SCALE = {Dimension.IMAGING_QUALITY: 100.0}  # VBench divides the mean, and leaves videos as MUSIQ has them
_SAME = 1e-4  # a mean and the mean of its videos


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the real VBench, and all that it depends on beside the pixels."""

    metric: str  # vbench.NAME
    video: str  # or "mean"
    value: float
    tool: str  # vbench 0.1.5
    torch: str
    device: str
    weights: dict[str, str]  # file of the cache -> sha256
    resolution: str
    num_frames: int
    fps: float
    video_sha256: str  # of the mean: of all together
    input: str  # what I2V Subject compares with: "picture", or "" for dimensions that need none


def results_file(folder: Path, dimension: Dimension) -> Path:
    """Where VBench puts a dimension's results below a job."""
    return folder / "results" / f"{dimension}_eval_results.json"


def read_results(path: Path, dimension: Dimension, videos: Sequence[Video]) -> tuple[float, dict[str, float]]:
    """The mean, and every video's number by its name; a UserError for whatever is not as VBench writes it."""
    try:
        mean, each = json.loads(path.read_text("utf-8"))[dimension]
        scale = _PER_VIDEO_SCALE.get(dimension, 1.0)
        found = {Path(one["video_path"]).name: float(one["video_results"]) / scale for one in each}
        mean = float(mean)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _not_as_written(path, f"{type(error).__name__}: {error}") from error
    missing = [video.name for video in videos if video.name not in found]
    if missing:
        raise _not_as_written(path, f"{len(missing)} videos have no number in it, such as {missing[0]}")
    found = {video.name: found[video.name] for video in videos}
    bad = [name for name, value in found.items() if not math.isfinite(value)]
    if bad or not math.isfinite(mean):
        raise _not_as_written(path, f"the number of {bad[0] if bad else 'the mean'} is not finite")
    own = sum(found.values()) / len(found)
    if abs(own - mean) > _SAME:
        raise _not_as_written(path, f"it says {mean:.6f} in the mean, and its videos have {own:.6f}")
    return mean, found


def _not_as_written(path: Path, why: str) -> UserError:
    return UserError(
        f"{path} is not what VBench writes",
        why=why,
        fix=f"remove {path} and run the same command: this dimension alone is measured again",
        code="E645",
    )


def numbers(
    dimension: Dimension,
    videos: Sequence[Video],
    found: tuple[float, dict[str, float]],
    *,
    interpreter: Interpreter,
    weights: Sequence[Weights],
    device: str,
    videos_sha256: str,
) -> list[Number]:
    """What is stored of a dimension: the mean first, then every video."""
    digests = {file.path: file.sha256 for file in weights}
    used = {need.path: digests[need.path] for need in needs_of([dimension])}
    mean, each = found

    def number(name: str, value: float, sha256: str, like: Video) -> Number:
        return Number(
            metric=dimension.metric,
            video=name,
            value=value,
            tool=f"vbench {interpreter.vbench}",
            torch=interpreter.torch,
            device=device,
            weights=used,
            resolution=f"{like.width_px}x{like.height_px}",
            num_frames=like.num_frames,
            fps=like.fps,
            video_sha256=sha256,
            input="picture" if dimension is Dimension.I2V_SUBJECT else "",
        )

    of_videos = [number(video.name, each[video.name], video.sha256, video) for video in videos]
    return [number("mean", mean, videos_sha256, videos[0]), *of_videos]


def to_json(found: Sequence[Number]) -> dict[str, Any]:
    """As vbench.json holds it."""
    return {"backend": "vbench", "numbers": [asdict(one) for one in found]}
