"""A worker of the render stage outside the driver, in a process of its own, and what several of them need and do.

As a command it renders clips and says after each of them what memory it has; `Remote` starts it.

    python -m benchmarks.common.worker ASSETS.json FOLDER --frames N   (then a line of numbers per round on its input)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import render.stage
from benchmarks.common.corpus import Asset, blender, render_settings
from benchmarks.common.processes import command, environment
from render.stage import RenderStage
from rigmill.blender.client import BlenderClient
from rigmill.outcomes import Kept
from rigmill.pipeline.stage import Answer, Job
from rigmill.storage.columns import CLIP
from rigmill.storage.files import Store

NUM_ASSETS, SETTLED = 200, 20  # memory: growth is counted from the 20th asset to the last
MEMORY_FRAMES, SCALING_FRAMES, SCALING_CLIPS, SCALING_ROUNDS = 3, 17, 8, 3


@dataclass
class Worker:
    """Lends what a job needs, and knows what it has spent."""

    scratch: Path
    blender: BlenderClient = field(default_factory=blender)

    @property
    def output(self) -> Path:
        return self.scratch

    @property
    def store(self) -> Store:
        return Store(self.scratch / "store")

    def report(self, unit: str, done: int, total: int) -> None:
        """Nobody watches."""

    def start(self) -> None:
        """Have the Blender server running."""
        list(self.blender.run("benchmarks.rendering.child:nothing", [{}], scratch=self.scratch))

    def answer(self, asset: Asset, settings: dict[str, Any], *, num_frames: int) -> Answer:
        """What the stage says to the clip's first frames."""
        clip = asset.clip(settings, num_frames=min(num_frames, 1) if asset.motion_path else num_frames)
        payload = dict.fromkeys(CLIP) | {
            "clip_id": clip.clip_id,
            "num_frames": clip.num_frames,
            "fps": clip.fps,
            "format": clip.format,
            "file": self.store.put_file(asset.path.name, asset.path).to_row(),
            "armature": clip.armature,
            "action": clip.action,
            "slot": clip.slot,
            "start_frame": clip.start_frame,
            "motion_file": self.store.put_file("rest.npz", asset.motion_path).to_row() if asset.motion_path else None,
        }
        job = Job(stage="render", key="clip", input_id="clip", group="", payload=payload, settings=settings)
        (answer,) = RenderStage().run([job], self)
        return answer

    def render(self, asset: Asset, settings: dict[str, Any], *, num_frames: int) -> dict[str, Any]:
        """The product row of the clip's first frames; ends the benchmark where there is none."""
        answer = self.answer(asset, settings, num_frames=num_frames)
        if not isinstance(answer.outcome, Kept):
            raise SystemExit(f"{settings['engine']} does not render {asset.name}: {answer.outcome}")
        return dict(answer.outcome.rows[0])

    def cpu_s(self) -> float:
        """CPU seconds of this process, of the Blender server and of all its children so far."""
        fields = Path(f"/proc/{self.server_pid}/stat").read_text().rpartition(")")[2].split()
        return time.process_time() + sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    @property
    def server_pid(self) -> int:
        process = self.blender._process
        assert process is not None
        return process.pid


def memory(assets: Sequence[Asset], scratch: Path) -> dict[str, Any]:
    """How the resident memory of one worker and its server grows over 200 assets; the files take turns."""
    with Remote(assets, scratch / "worker", num_frames=MEMORY_FRAMES) as worker:
        rows = worker.round([index % len(assets) for index in range(NUM_ASSETS)])
    both = [row["worker_mb"] + row["server_mb"] for row in rows]
    return {
        "rss_growth_mb": both[-1] - both[SETTLED - 1],
        "rss_worker_mb": rows[-1]["worker_mb"],
        "rss_server_mb": rows[-1]["server_mb"],
        "rss_highest_mb": max(both),
        "rss_child_peak_mb": max(row["child_mb"] for row in rows),
        "memory_assets": len(rows),
        "memory_files": len(assets),
        "memory_not_kept": sum(not row["kept"] for row in rows),
    }


def scaling(assets: Sequence[Asset], scratch: Path) -> dict[str, Any]:
    """Clips a second of two workers at once against one alone, in turns, with the rasteriser."""
    chosen = list(assets[:SCALING_CLIPS])
    clips = list(range(len(chosen)))
    with (
        Remote(chosen, scratch / "one", num_frames=SCALING_FRAMES) as one,
        Remote(chosen, scratch / "two", num_frames=SCALING_FRAMES) as two,
    ):
        alone, together = [], []
        for _ in range(SCALING_ROUNDS):
            started = time.monotonic()
            one.round(clips)
            alone.append(len(clips) / (time.monotonic() - started))
            started = time.monotonic()
            one.begin(clips)
            two.begin(clips)
            one.finish()
            two.finish()
            together.append(2 * len(clips) / (time.monotonic() - started))
    return {
        "two_worker_scaling": median(both / single for both, single in zip(together, alone)),
        "clips_per_s_one_worker": median(alone),
        "clips_per_s_two_workers": median(together),
        "scaling_clip_frames": SCALING_FRAMES,
        "cores": len(os.sched_getaffinity(0)),
    }


class Remote:
    """A worker in a process of its own that has rendered its first clip."""

    def __init__(self, assets: Sequence[Asset], folder: Path, *, num_frames: int) -> None:
        folder.mkdir(parents=True)
        described = folder / "assets.json"
        described.write_text(json.dumps([asdict(asset) for asset in assets], default=str))
        self.process = subprocess.Popen(
            command("benchmarks.common.worker", described, folder, "--frames", num_frames),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        self.round([0])

    def begin(self, indices: Sequence[int]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(list(indices)) + "\n")
        self.process.stdin.flush()

    def finish(self) -> list[dict[str, Any]]:
        """One row per clip."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a worker ended")
        return list(json.loads(line))

    def round(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        self.begin(indices)
        return self.finish()

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def resident_mb(pid: int) -> float:
    """Resident memory of a process, what it shares with others included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, required=True)
    arguments = parser.parse_args()
    assets = [
        Asset(**row | {name: Path(row[name]) for name in ("path", "motion_path") if row[name]})
        for row in json.loads(arguments.assets.read_text())
    ]
    render.stage.RENDER_CLIP = "benchmarks.rendering.child:weighed_clip"
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        worker = Worker(Path(scratch))
        worker.start()
        settings = render_settings(engine="raster")
        for line in sys.stdin:
            rows = []
            for index in json.loads(line):
                answer = worker.answer(assets[index], settings, num_frames=arguments.frames)
                peak = Path(scratch) / "peak_mb"
                rows.append(
                    {
                        "kept": isinstance(answer.outcome, Kept),
                        "worker_mb": resident_mb(os.getpid()),
                        "server_mb": resident_mb(worker.server_pid),
                        "child_mb": float(peak.read_text()),
                    }
                )
            print(json.dumps(rows), flush=True)
        worker.blender.close()


if __name__ == "__main__":
    main()
