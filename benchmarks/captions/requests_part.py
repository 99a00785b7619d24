"""What captions by a model cost this machine and the server: the two stages against a scripted server on loopback."""

from __future__ import annotations

import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caption.category_stage import CategoryStage
from caption.stage import CaptionStage
from rigmill.config.schema import Profile
from rigmill.outcomes import Failed, Kept, Outcome, Rejected
from rigmill.pipeline.stage import Stage
from rigmill.types import Row
from tests.support.caption_server import Apart, Script, served_apart
from tests.support.captioned import render_row
from tests.support.curation import PlainWork, Tables, body, demo_profile, plain_work
from tests.support.walking import walk

NUM_CLIPS, CLIPS_PER_ASSET = 300, 5
TROUBLES = {  # shares of requests
    "busy": 0.10,  # 429
    "busy_until": 0.10,  # 429 with Retry-After
    "status_500": 0.05,
    "hang": 0.02,
    "no_json": 0.01,
    "wrong_word": 0.01,  # a category that is none; of a caption, a key that was not asked for
    "contradiction": 0.01,  # of a caption: backward for forward
}
MOST_RUNS = 5  # a row that failed because of the network is open again in the next run
NUM_MEASURED = 60  # clips whose CPU is measured
PAPER_PX, PAPER_FRAMES = (832, 480), 81  # of the profile `paper`


def figures() -> dict[str, Any]:
    """Requests per row with troubles; CPU and pace without any."""
    return _troubled() | _measured()


def _troubled() -> dict[str, Any]:
    script = Script(seed=14, shares=TROUBLES, retry_after_s=0.1, hang_s=5.0)
    with tempfile.TemporaryDirectory() as folder, served_apart(script) as server:
        work = plain_work(Path(folder))
        tables, profile = _clips(work, NUM_CLIPS, (64, 64), 27), _profile(work, server)
        outcomes: dict[str, Outcome] = {}
        started, num_runs = time.monotonic(), 0
        while num_runs < MOST_RUNS and (num_runs == 0 or _open(outcomes)):
            num_runs += 1
            for stage in (CategoryStage(), CaptionStage()):
                outcomes |= _run(stage, tables, work, profile, outcomes)
        wall_s, log = time.monotonic() - started, server.log()
    reasons = Counter(str(outcome.code) for outcome in outcomes.values() if isinstance(outcome, Rejected))
    return {
        "requests_per_row": len(log) / len(outcomes),
        "requests_rows": len(outcomes),
        "requests_kept": sum(isinstance(outcome, Kept) for outcome in outcomes.values()),
        "requests_rejected": dict(sorted(reasons.items())),
        "requests_open": len(_open(outcomes)),
        "requests_runs": num_runs,
        "requests_sent": len(log),
        "requests_troubled_share": sum(asked.kind != "plain" for asked in log) / len(log),
        "requests_wall_s": wall_s,
    }


def _measured() -> dict[str, Any]:
    """One worker, clips of the paper's size; the server has a process of its own. The first clip brings the imports."""
    with tempfile.TemporaryDirectory() as folder, served_apart(Script(seed=14)) as server:
        work = plain_work(Path(folder))
        tables, profile = _clips(work, NUM_MEASURED + 1, PAPER_PX, PAPER_FRAMES), _profile(work, server)
        first, rest = tables.rows["render"][:1], tables.rows["render"][1:]
        _run(CaptionStage(), Tables({"render": first}), work, profile, {})
        cpu_s, started = _cpu_s(), time.monotonic()
        outcomes = _run(CaptionStage(), Tables({"render": rest}), work, profile, {})
        cpu_s, wall_s = _cpu_s() - cpu_s, time.monotonic() - started
        num_bytes = [asked.num_bytes for asked in server.log()]
    if not all(isinstance(outcome, Kept) for outcome in outcomes.values()):
        raise SystemExit("a plain server's answers were not kept")
    return {
        "client_cpu_s_per_clip": cpu_s / len(outcomes),
        "clips_per_s_local": len(outcomes) / wall_s,
        "request_kilobytes": sum(num_bytes) / len(num_bytes) / 1000,
    }


def _clips(work: PlainWork, number: int, size_px: tuple[int, int], num_frames: int) -> Tables:
    """So many clips of one walk: each has a title of its own, so none is the same question."""
    rig = body()
    motion, _ = walk(rig, fps=num_frames / 3)
    row = render_row(work.store, "walk", rig, _cut(motion, num_frames), size_px=size_px)
    named = [
        row | {"clip_id": f"clip-{index:04d}", "asset_id": f"asset-{index // CLIPS_PER_ASSET}", "title": f"Man {index}"}
        for index in range(number)
    ]
    return Tables({"render": named})


def _cut(motion: Any, num_frames: int) -> Any:
    if len(motion.rotations) < num_frames:
        raise SystemExit(f"the walk has {len(motion.rotations)} frames, and {num_frames} are wanted")
    return type(motion)(motion.rotations[:num_frames], motion.translations[:num_frames], motion.fps)


def _profile(work: PlainWork, server: Apart) -> Profile:
    endpoint = {"base_url": server.url, "model": "scripted", "key_variable": "NO_SUCH_KEY", "request_s": 2.0}
    asked = {"provider": "model", "categories": "model", "endpoint": endpoint}
    return demo_profile(output=str(work.output), caption=asked)


def _run(
    stage: Stage, tables: Tables, work: PlainWork, profile: Profile, before: dict[str, Outcome]
) -> dict[str, Outcome]:
    """What the stage answers to all that has no outcome yet, or one that says nothing about the row."""
    jobs = [job for job in stage.plan(tables, profile) if isinstance(before.get(job.key), Failed | None)]  # type: ignore[arg-type]
    return {answer.key: answer.outcome for answer in stage.run(jobs, work)} if jobs else {}  # type: ignore[arg-type]


def _open(outcomes: dict[str, Outcome]) -> Sequence[Row | Outcome]:
    return [outcome for outcome in outcomes.values() if isinstance(outcome, Failed)]


def _cpu_s() -> float:
    """Of this process, all of its threads, and of children that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)
