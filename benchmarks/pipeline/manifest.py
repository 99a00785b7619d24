"""How long filtering, planning and status take with as many assets as the paper has clips, and how much memory.

    python benchmarks/pipeline/manifest.py [--rows N] [--json] [--keep FOLDER]

Synthetic rows are written through the real tables, under the keys that the real plan gives them: N collected files,
probed (refused, failed, static, with one motion or two, motions without a mesh), retargeted, previewed. Then the real
commands run, each in a process of its own, and are timed by the wall clock from start to end:

    plan_assets_s `plan` where the collected files are the only table yet, nothing remembered
    plan_anew_s   `plan` of all stages and tables with nothing remembered, as after a change of the code
    plan_s        `plan` as it is from then on; the slower of before and after filtering
    status_s      `status` of all stages, likewise
    filter_s      `run select` over every previewed clip: plan, verdicts, commits, compaction
    peak_mb       the largest resident memory of any of these processes
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.humanoid.names import CANONICAL
from curate.sources.asset_row import CollectedAsset
from rigmill.config import load
from rigmill.kinds import SeenIn
from rigmill.licences.rights import Rights
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Reject, Rejected
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.runlog import RunLog
from rigmill.pipeline.stage import Answer, source_of
from rigmill.pipeline.view import View
from rigmill.storage.columns import PRODUCTS, outcome_row
from rigmill.storage.layout import Layout
from rigmill.types import StoredFile

ROWS = 161_023
COMMIT_ROWS = 20_000
WORDS = (
    "ancient",
    "robot",
    "dragon",
    "walking",
    "low",
    "poly",
    "character",
    "door",
    "fox",
    "animated",
    "réalisé",
    "knight",
    "歩く",
    "girl",
    "spider",
    "mech",
    "soldier",
    "idle",
    "run",
    "free",
    '"best"',
    "game",
    "ready",
)
CONFIG = """
bench:
  inherits: demo
  output: {output}
  sources:
    - kind: procedural
      groups: [biped]
      variants: {rows}
  run: {{min_free_disk_bytes: 0}}
"""
Row = dict[str, Any]


def chance(*parts: object) -> random.Random:
    return random.Random(":".join(map(str, parts)))


def stored(name: str, *parts: object) -> StoredFile:
    data = ":".join(map(str, (name, *parts))).encode()
    return StoredFile(name, hashlib.sha256(data).hexdigest(), 1000 + len(data) ** 3)


def collected(job: Any, number: int) -> Outcome:
    """A file as a public collection describes it."""
    dice = chance("collect", number)
    free = dice.random() < 0.7
    title = " ".join(dice.choices(WORDS, k=dice.randint(2, 6)))
    return Kept(
        [
            CollectedAsset(
                file=stored("asset.glb", job.input_id),
                source="procedural",
                source_uid=job.payload["uid"],
                origin=f"https://models.example/{job.payload['uid']}",
                title=title,
                author=f"author {dice.randrange(9000)}",
                tags=dice.choices(WORDS, k=dice.randint(0, 8)),
                licence="CC-BY-4.0" if free else "unknown",
                licence_raw="by" if free else "",
                licence_url="https://licences.example/by/4.0" if free else "",
                licence_seen_in=SeenIn.INDEX if free else None,
                attribution=f"'{title}' by author, CC BY 4.0" if free else "",
                rights=Rights(*[True] * 4, True, False, False) if free else Rights(),
                format="glb",
            ).to_row()
        ]
    )


def probed(job: Any, number: int) -> Outcome:
    """Of a hundred files ten are refused or break, five are motions, five do not move, eighty are animated."""
    dice, kind = chance("probe", number), number % 100
    if kind < 9:
        code = (Reject.NO_RIG, Reject.MALFORMED, Reject.EXTERNAL_REFERENCE)[max(0, kind - 6)]
        return Rejected(code, f"the file says no for reason {kind}", float(kind), 1.0)
    if kind < 10:
        return Failed(FailKind.TIMEOUT, "Timeout", "no answer within 120 s")
    what = "motion" if kind < 15 else "static" if kind < 20 else "animated"
    names = joint_names(dice, humanoid=what == "motion" or dice.random() < 0.3)
    # Second motions, so that about as many clips as rows come out: 0.80 + 0.05 retargeted + 0.16.
    second = what == "animated" and kind >= 84
    motions = [
        {
            "motion_id": hashlib.sha256(f"{number}:{take}".encode()).hexdigest()[:16],
            "name": dice.choice(WORDS),
            "action": f"Armature|{dice.choice(WORDS)}|Base Layer",
            "slot": "OBArmature",
            "num_frames": dice.randint(17, 400),
            "fps": 16.0,
            "start_frame": dice.choice([0.0, 1.0]),
            "num_moving_joints": dice.randint(3, len(names)),
            "extent_ratio": dice.uniform(0.8, 1.6),
            "motion_file": stored("motion.npz", number, take).to_row() if what == "motion" else None,
        }
        for take in range(0 if what == "static" else 2 if second else 1)
    ]
    rig_file = stored("rig.npz", number)
    return Kept(
        [
            job.payload
            | {
                "rig_id": rig_file.sha256[:16],
                "kind": what,
                "rig_kind": "skin",
                "armature": "Armature",
                "num_joints": len(names),
                "num_armatures": 1,
                "num_vertices": dice.randint(300, 90_000),
                "num_faces": dice.randint(300, 90_000),
                "num_skinned_meshes": dice.randint(1, 9),
                "num_rigid_meshes": 0,
                "num_materials": dice.randint(1, 9),
                "num_textures": dice.randint(0, 9),
                "texture_px": 1024,
                "num_base_colours": dice.randint(1, 900),
                "grey_share": dice.random(),
                "extent": dice.uniform(0.1, 300.0),
                "geometry_hash": hashlib.sha256(
                    f"geometry {number // 2 if dice.random() < 0.03 else number}".encode()
                ).hexdigest()[:16],
                "rig_file": rig_file.to_row(),
                "joint_names": names,
                "humanoid": [],
                "spring_joints": [],
                "motions": motions,
            }
        ]
    )


def joint_names(dice: random.Random, *, humanoid: bool) -> list[str]:
    """25 to 65 names: of Mixamo's skeleton (at least all limbs), or whatever an exporter made of an artist's."""
    count = dice.randint(25, 65)
    if humanoid:
        prefix = dice.choice(["mixamorig:", f"mixamorig{dice.randint(1, 12)}:", ""])
        return [prefix + name for name in CANONICAL.values()][: max(count, 40)]
    stem = dice.choice(WORDS)
    parts = dice.choices(("bone", "arm.L", "arm.R"), k=count)
    return [f"{stem}_{part}_{joint:02d}" for joint, part in enumerate(parts)]


def retargeted(job: Any, number: int) -> Outcome:
    if "missing" in job.payload:
        return Rejected(Reject.UNMAPPABLE_SKELETON, "the names say nothing", 9.0, 12.0)
    character, moved, dice = job.payload["character"], job.payload["motion"], chance("retarget", number)
    known = filled("retarget", {**character, **moved}, dice)
    return Kept(
        [
            known
            | {
                "clip_id": hashlib.sha256(job.input_id.encode()).hexdigest()[:16],
                "kind": "retargeted",
                "start_frame": job.payload["start_frame"],
                "num_frames": dice.randint(17, 400),
                "fps": 16.0,
            }
        ]
    )


def previewed(job: Any, number: int) -> Outcome:
    """Some are still, some explode, some are nowhere to be seen, and some are the same as others."""
    dice = chance("preview", number)
    return Kept(
        [
            filled("preview", job.payload, dice)
            | {
                "coverage": dice.choice([0.0, 0.2, 0.3]) if dice.random() < 0.03 else 0.2,
                "extent_growth": dice.uniform(1.0, 8.0) if dice.random() < 0.03 else 1.1,
                "motion_hash": "0" * 16 if dice.random() < 0.3 else f"{dice.getrandbits(64):016x}",
            }
        ]
    )


def filled(stage: str, known: Row, dice: random.Random) -> Row:
    """A product row: what is known, and a value of the right type in every other column."""
    return {
        field.name: known[field.name] if field.name in known else value(field.type, dice) for field in PRODUCTS[stage]
    }


def value(kind: pa.DataType, dice: random.Random) -> Any:
    if pa.types.is_string(kind):
        return f"{dice.getrandbits(64):016x}"
    if pa.types.is_floating(kind):
        return dice.choice([0.02, 0.1]) if dice.random() < 0.08 else dice.uniform(0.2, 4.0)
    if pa.types.is_integer(kind):
        return dice.randint(1, 400)
    if pa.types.is_boolean(kind):
        return dice.choice([True, False, None])
    if pa.types.is_struct(kind):
        return {field.name: value(field.type, dice) for field in kind}
    return []


def write_tables(folder: Path) -> None:
    """Every stage before `select`, done."""
    resolved, layout = load.load("bench", file=folder / "pipelines.yaml"), Layout(folder / "out")
    made: dict[str, Callable[[Any, int], Outcome]] = {
        "collect": collected,
        "probe": probed,
        "retarget": retargeted,
        "preview": previewed,
    }
    log = RunLog(layout.runs, resolved, tuple(made))
    for stage in [stage for stage in STAGES if stage in made]:
        view = View(layout.tables, resolved.profile)
        jobs = view.stage(stage).plan(view, resolved.profile)
        for start in range(0, len(jobs), COMMIT_ROWS):
            outcomes, products = [], []
            for number, job in enumerate(jobs[start : start + COMMIT_ROWS], start):
                outcome = made[stage](job, number)
                command = f"rigmill retry {stage} --profile bench --only {job.input_id}"
                outcomes.append(outcome_row(job.key, job.input_id, outcome, command, source=source_of(job.payload)))
                if isinstance(outcome, Kept):
                    products += [{"job_key": job.key, **row} for row in outcome.rows]
                log.measured(stage, job.input_id, Answer(job.key, outcome, Cost(1.0, 10**8)), 1)
            view.table(stage).commit(outcomes, products)
        view.table(stage).compact({job.key for job in jobs})
    log.close({})


def measure(*arguments: str, cwd: Path) -> tuple[float, float, Any]:
    """Wall seconds, peak MB (RSS) and the JSON that one command printed."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rigmill", *arguments, "--profile", "bench", "--json"], cwd=cwd, stdout=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - started
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise SystemExit(f"rigmill {' '.join(arguments)} ended with {process.returncode}")
    return wall_s, usage.ru_maxrss / 1024, json.loads(printed.splitlines()[-1])


def measurements(folder: Path, *, num_rows: int) -> Iterator[tuple[str, Any]]:
    """Everything that is printed, as it is found."""
    shipped = Path(load.default_file()).read_text()
    (folder / "pipelines.yaml").write_text(shipped + CONFIG.format(output=folder / "out", rows=num_rows))
    layout = Layout(folder / "out")
    yield "rows", num_rows
    started = time.monotonic()
    # By a process of its own: the peak memory of a child is never less than what its parent had when it began.
    subprocess.run([sys.executable, "-m", __spec__.name, "--write", folder], check=True)
    yield "writing_s", round(time.monotonic() - started, 1)
    yield "tables_mb", round(sum(path.stat().st_size for path in layout.tables.rglob("*.parquet")) / 1e6)
    shutil.rmtree(layout.plans, ignore_errors=True)  # what the writing left; a first plan is made of everything
    assets = folder / "assets"
    shutil.copytree(layout.tables / "collect", Layout(assets).tables / "collect")
    steps = (
        ("plan_assets_s", "plan", "--set", f"output={assets}"),
        ("plan_anew_s", "plan"),
        ("status_s", "status"),
        ("plan_s", "plan"),
        ("filter_s", "run", "select"),
        ("plan_s", "plan"),
        ("status_s", "status"),
    )
    slowest: dict[str, float] = {}
    peak_mb, last = 0.0, []
    for name, *arguments in steps:
        wall_s, used_mb, last = measure(*arguments, cwd=folder)
        peak_mb = max(peak_mb, used_mb)
        if name not in slowest:
            yield f"{name[:-2]}_mb", round(used_mb)
        slowest[name] = max(wall_s, slowest.get(name, 0.0))
    yield (
        "status",
        {
            row["stage"]: {key: row[key] for key in ("in", "kept", "rejected", "failed", "pending")}
            for row in last
            if row["in"]
        },
    )
    yield from ((name, round(wall_s, 2)) for name, wall_s in slowest.items())
    yield "peak_mb", round(peak_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"collected files (default: {ROWS})")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the tables there and leave them")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.write:
        write_tables(parsed.write)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = parsed.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = {}
        for name, figure in measurements(folder, num_rows=parsed.rows):
            figures[name] = figure
            if not parsed.json:
                print(f"{name}: {figure}", flush=True)
    if parsed.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
