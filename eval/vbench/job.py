"""The folder that VBench works in: videos and input pictures by name, what is asked, what came of it.

OUT/job.json       what is asked, of which videos (by digest), by which tool and weights
OUT/videos/        links to the videos
OUT/inputs/        NAME.png, where a dimension asks for them
OUT/unfinished/    where VBench writes
OUT/results/       DIMENSION_eval_results.json, once VBench has ended well; DIMENSION.log;
                       DIMENSION.key, the digest of all that it depends on
OUT/vbench.json    every number with all that it depends on
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from eval.vbench.dimensions import DINO_CODE, DINO_WEIGHTS, Dimension, needs_of
from eval.vbench.preflight import DRIVER, Interpreter, Weights, environment
from eval.vbench.results import results_file
from eval.vbench.videos import Video
from rigmill.errors import UserError
from rigmill.storage.files import write_atomic
from rigmill.types import Bytes

_LOG_LINES = 3  # of the end of a log, in a message


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of VBench, of every dimension alike."""

    out: Path
    videos: tuple[Video, ...]
    inputs: Mapping[str, Bytes]  # by a video's name
    prompts: Mapping[str, str]
    interpreter: Interpreter
    weights: tuple[Weights, ...]
    cache: Path
    device: str

    def key(self, dimension: Dimension) -> str:
        """What a dimension's numbers depend on, as one digest."""
        read = {need.path for need in needs_of([dimension])}
        text: dict[str, Any] = {
            "videos": {video.name: video.sha256 for video in self.videos},
            "tool": f"{self.interpreter.vbench} {self.interpreter.torch} {self.interpreter.python_version}",
            "device": self.device,
            "weights": {file.path: file.sha256 for file in self.weights if file.path in read},
        }
        if dimension is Dimension.I2V_SUBJECT:
            text["inputs"] = {name: hashlib.sha256(one.tobytes()).hexdigest() for name, one in self.inputs.items()}
        if dimension is Dimension.OVERALL_CONSISTENCY:
            text["prompts"] = dict(self.prompts)
        return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()


def prepare(job: Job) -> None:
    """Write the folder; results stay, and count where their key is the job's."""
    for name in ("videos", "inputs", "unfinished"):
        shutil.rmtree(job.out / name, ignore_errors=True)
        (job.out / name).mkdir(parents=True)
    (job.out / "results").mkdir(exist_ok=True)
    for video in job.videos:
        (job.out / "videos" / video.name).symlink_to(video.path.resolve())
    for name, picture in job.inputs.items():
        png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
        (job.out / "inputs" / f"{Path(name).stem}.png").write_bytes(png)
    asked = {
        "videos": [video.name for video in job.videos],
        "prompts": dict(job.prompts),
        "device": job.device,
        "dino_code": DINO_CODE,
        "dino_weights": DINO_WEIGHTS,
    }
    write_atomic(job.out / "job.json", (json.dumps(asked, indent=1) + "\n").encode(), durable=False)


def measure(job: Job, dimension: Dimension) -> bool:
    """Have VBench measure one dimension; False: an earlier run has, of the same things. Its log is in results."""
    done, key = results_file(job.out, dimension), job.out / "results" / f"{dimension}.key"
    if done.is_file() and key.is_file() and key.read_text() == job.key(dimension):
        return False
    key.unlink(missing_ok=True)
    log = job.out / "results" / f"{dimension}.log"
    command = [str(job.interpreter.python), str(DRIVER), "run", str(job.out.resolve()), dimension]
    with log.open("wb") as said:
        status = subprocess.run(  # noqa: S603  # the interpreter that the person names
            command, env=environment(job.cache), stdout=said, stderr=subprocess.STDOUT, check=False
        ).returncode
    written = job.out / "unfinished" / done.name
    if status != 0 or not written.is_file():
        last = log.read_text("utf-8", errors="replace").strip().splitlines()[-_LOG_LINES:]
        raise UserError(
            f"VBench did not measure {dimension}: it ended with {status}",
            why=" / ".join(last) or "it said nothing",
            fix=f"read {log}; what is measured is kept, the same command goes on from there",
            code="E645",
        )
    written.replace(done)
    write_atomic(key, job.key(dimension).encode(), durable=False)
    return True


def together(videos: tuple[Video, ...]) -> str:
    """One digest of several videos and their names."""
    return hashlib.sha256("\n".join(f"{video.name} {video.sha256}" for video in videos).encode()).hexdigest()
