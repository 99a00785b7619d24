"""Stages that need no Blender, for the driver's own promises. Workers import them by path."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from rigmill.config.schema import Profile
from rigmill.errors import Damaged
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.registry import Registry
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import digest
from rigmill.storage.rows import only_keys
from rigmill.types import Row

PRODUCT = {"title": "", "source": "toy", "tags": [], "licence": "CC0-1.0", "attribution": "", "format": "glb"}


class ToyCollect(Stage):
    """Inputs and what becomes of them are listed in the folder source's path: name=behaviour, one per line."""

    name, version, batch, writes = "collect", 1, 3, PRODUCTS["collect"]

    def settings(self, profile: Profile) -> Row:
        return {"seed": profile.seed}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for line in Path(os.environ["TOY_INPUTS"]).read_text().split():
            name, _, behaviour = line.partition("=")
            yield Input(name, {"do": behaviour}, group=name[0])

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            yield Answer(job.key, self._one(job, work), Cost(wall_s=0.1))

    def _one(self, job: Job, work: Work) -> Outcome:
        do, once = job.payload["do"], work.output / f"once-{job.input_id}"
        if do == "reject":
            return Rejected(Reject.NO_RIG, "no rig", 0, 1)
        if do == "refuse":
            raise Refusal(Reject.NO_RIG, "no rig")
        if do.startswith("errno-") and not once.exists():
            once.touch()
            raise OSError(int(do.removeprefix("errno-")), "the machine's own words")
        if do == "damaged" and not once.exists():
            once.touch()
            raise Damaged("the stored asset.glb has changed since it was written")
        if do == "raise":
            raise ValueError(f"broken in {work.scratch}")
        if do == "die" or (do == "die-once" and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if do in ("timeout", "memory"):
            return Failed(FailKind(do), "WallClock", "more than it may have")
        if do == "crash":
            return Failed(FailKind.CRASH, "Crash", "died of SIGSEGV", "SIGSEGV")
        if do == "report":
            for done in (1, 2, 3):
                work.report("steps", done, 4)
                time.sleep(0.6)
        if do == "slow":
            time.sleep(0.3)
        stored = work.store.put_bytes("asset.glb", job.input_id.encode())
        return Kept(
            [
                PRODUCT
                | {
                    "asset_id": job.input_id,
                    "source_uid": job.input_id,
                    "origin": job.input_id,
                    "file": stored.to_row(),
                }
            ]
        )


class ToyProbe(Stage):
    """One product per collected asset; refuses those whose id ends in 9."""

    name, version, upstream, writes = "probe", 1, ("collect",), PRODUCTS["probe"]

    def settings(self, profile: Profile) -> Row:
        return {"fps": profile.probe.fps}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for row in tables.products("collect"):
            yield Input(row["asset_id"], {"asset_id": row["asset_id"]})

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            if job.input_id.endswith("9"):
                yield Answer(job.key, Rejected(Reject.NO_RIG, "a nine"), Cost())
            else:
                yield Answer(job.key, Kept([{"asset_id": job.input_id, "rig_id": "r", "motions": []}]), Cost())


class ToyRetarget(ToyProbe):
    """A barrier: one job that names everything upstream."""

    name, version, upstream, barrier, writes = "retarget", 1, ("probe",), True, PRODUCTS["retarget"]

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        ids = sorted(row["asset_id"] for row in tables.products("probe"))
        if ids:
            yield Input("everything", {"ids": ids})

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            yield Answer(job.key, Kept([{"asset_id": one, "clip_id": one} for one in job.payload["ids"]]), Cost())


class ToySelect(ToyProbe):
    """Inline: no worker, no Blender. What happens to a job is in its id, or in TOY_KILL_AT for the whole process."""

    name, version, upstream, inline, batch, writes = "select", 1, ("collect",), True, 4, PRODUCTS["select"]

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            if job.input_id == os.environ.get("TOY_KILL_AT"):
                os.kill(os.getpid(), signal.SIGKILL)
            if job.input_id == os.environ.get("TOY_INTERRUPT_AT"):
                raise KeyboardInterrupt
            if job.input_id.endswith("9"):
                yield Answer(job.key, Rejected(Reject.NO_RIG, "a nine"), Cost())
            elif job.input_id == "a18":
                raise ValueError(f"an eight in {work.scratch}")
            elif job.input_id == "a17":
                work.blender  # noqa: B018 - asking for it is the point
            else:
                yield Answer(
                    job.key,
                    Kept([{"asset_id": job.input_id, "clip_id": f"{job.input_id}-{number}"} for number in range(2)]),
                    Cost(),
                )


class ToyPolish(ToyProbe):
    """A stage whose name and columns nobody else knows; its rows say how often `setup` was called before them."""

    name, version, upstream, batch = "polish", 1, ("collect",), 2
    writes = pa.schema([("asset_id", pa.string()), ("shine", pa.float64())])
    usual_seconds, jobs_per = 3.0, {"collect": 2.0}
    marks = 0

    def setup(self) -> None:
        self.marks += 1

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            yield Answer(job.key, Kept([{"asset_id": job.input_id, "shine": float(self.marks)}]), Cost())

    def finish(self, tables: Rows, output: Path, profile: Profile) -> None:
        (output / "polished").write_text("bright")

    def verify(self, output: Path) -> Sequence[str]:
        return [] if (output / "polished").read_text() == "bright" else ["polished: dull"]


class ToyTrain(ToyProbe):
    """A barrier whose one job makes a model of everything upstream, and keeps a folder of unfinished work if told."""

    name, version, upstream, barrier, writes = "train", 1, ("retarget",), True, PRODUCTS["train"]
    makes_models = True

    def settings(self, profile: Profile) -> Row:
        return {"steps": profile.train.num_steps}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        ids = sorted(row["clip_id"] for row in tables.products("retarget"))
        if ids:
            yield Input(digest(ids, settings), {"ids": ids})

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            weights = work.store.put_bytes("model.safetensors", f"weights of {job.key}".encode() * 100)
            row = {"checkpoint_id": job.key, "num_steps": job.settings["steps"], "files": [weights.to_row()]}
            yield Answer(job.key, Kept([row]), Cost())


class ToyWeigh(ToyProbe):
    """A number per collected asset: infinite for ids that begin with i, none at all for those with n."""

    name, version, upstream = "weigh", 1, ("collect",)
    writes = pa.schema([("asset_id", pa.string()), ("source", pa.string()), ("sizes", pa.list_(pa.float64()))])

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            size = {"i": float("inf"), "n": float("nan")}.get(job.input_id[0], 2.5)
            yield Answer(job.key, Kept([{"asset_id": job.input_id, "source": "toy", "sizes": [1.0, size]}]), Cost())


class ToyCompare(ToyProbe):
    """Reads whole rows of `weigh`."""

    name, version, upstream = "compare", 1, ("weigh",)
    writes = pa.schema([("asset_id", pa.string()), ("size", pa.float64())])

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        for row in tables.products("weigh"):
            yield Input(row["asset_id"], only_keys(row, "asset_id", "source", "sizes"))

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            yield Answer(job.key, Kept([{"asset_id": job.input_id, "size": sum(job.payload["sizes"])}]), Cost())


_HERE = "tests.support.toy_stages"
TOYS = Registry({"collect": f"{_HERE}:ToyCollect", "probe": f"{_HERE}:ToyProbe", "retarget": f"{_HERE}:ToyRetarget"})
WITH_MODEL = Registry({**TOYS, "train": f"{_HERE}:ToyTrain"})
WITH_INLINE = Registry({"collect": f"{_HERE}:ToyCollect", "select": f"{_HERE}:ToySelect"})
WITH_NUMBERS = Registry(
    {"collect": f"{_HERE}:ToyCollect", "weigh": f"{_HERE}:ToyWeigh", "compare": f"{_HERE}:ToyCompare"}
)
WITH_NEW = Registry({"collect": f"{_HERE}:ToyCollect", "polish": f"{_HERE}:ToyPolish"})


def main() -> None:
    """The inline stage alone, over what was collected in the folder argv[1], with a commit after every batch."""
    import sys

    from rigmill.config import load
    from rigmill.pipeline import driver, stage_run
    from rigmill.pipeline.lines.live_lines import Progress
    from rigmill.storage.layout import Layout
    from rigmill.storage.lock import locked

    stage_run.INLINE_COMMIT_S = driver.INLINE_S = 0.0
    resolved, layout = load.load("demo", overrides=("run.min_free_disk_bytes=0",)), Layout(Path(sys.argv[1]))
    options = driver.Options(stages=("select",))
    with locked(layout), Progress() as progress:
        driver.Driver(resolved, layout, options, progress=progress, registry=WITH_INLINE).run()


if __name__ == "__main__":
    main()
