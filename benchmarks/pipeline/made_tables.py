"""Tables as a pipeline over so many files would leave them, by the real plan's keys. Argument: a folder.

The folder holds pipelines.yaml with a profile `bench`; its tables go into `out`.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.sources.asset_row import CollectedAsset
from rigmill.config import load
from rigmill.humanoid.names import CANONICAL, PARENTS, humanoid_joints
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

COMMIT_ROWS = 20_000
WORDS = (
    "ancient robot dragon walking low poly character door fox animated réalisé knight 歩く girl spider mech soldier "
    'idle run free "best" game ready'
).split()
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
    parents, places = joint_tree(names)
    # Second motions, so that about as many clips as rows come out: 0.80 + 0.05 retargeted + 0.16.
    second = what == "animated" and kind >= 84
    motions = [
        {
            "motion_id": hashlib.sha256(f"{number}:{take}".encode()).hexdigest()[:16],
            "name": dice.choice(WORDS),
            "action": f"Armature|{dice.choice(WORDS)}|Base Layer",
            "slot": "OBArmature",
            "num_frames": (length := dice.randint(17, 41)),  # one window each
            "fps": 16.0,
            "start_frame": dice.choice([0.0, 1.0]),
            "own_fps": 30.0,
            "num_own_frames": 2 * length,
            "loop_gap": dice.random(),
            "period_frames": None,
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
                "shape": [dice.random() for _ in range(17)],
                "rig_file": rig_file.to_row(),
                "joint_names": names,
                "joint_parents": parents,
                "joint_places": places,
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


# Where parts of a left side are at rest; what is not here is a finger's or an eye's.
SIDE_PLACES = {
    "Shoulder": (0.05, 0.0, 1.4),
    "UpperArm": (0.18, 0.0, 1.4),
    "LowerArm": (0.45, 0.0, 1.4),
    "UpperLeg": (0.1, 0.0, 0.9),
    "LowerLeg": (0.1, 0.0, 0.5),
    "Foot": (0.1, 0.0, 0.1),
    "Toes": (0.1, -0.15, 0.0),
}
TRUNK_PLACES = {"hips": 0.95, "spine": 1.05, "chest": 1.2, "upperChest": 1.3, "neck": 1.45, "head": 1.55}


def joint_tree(names: list[str]) -> tuple[list[int], list[float]]:
    """Parents, and places joint by joint: of a person where the names are one's, of a chain elsewhere."""
    joints, parents, places = humanoid_joints(names), list(range(-1, len(names) - 1)), [0.0] * 3 * len(names)
    for name, joint in joints.items():
        above = PARENTS[name]
        while above and above not in joints:
            above = PARENTS[above]
        side = -1.0 if name.startswith("right") else 1.0
        x, y, z = SIDE_PLACES.get(name.removeprefix("left").removeprefix("right"), (0.7, 0.0, 1.4))
        parents[joint] = joints[above] if above else -1
        places[3 * joint : 3 * joint + 3] = [0.0, 0.0, TRUNK_PLACES[name]] if name in TRUNK_PLACES else [side * x, y, z]
    return parents, places


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
                "period_frames": None,
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
                "jump": dice.uniform(0.2, 1.0) if dice.random() < 0.02 else 0.0,
                "rest_frames": int(dice.random() < 0.01),
                "still_start": 0,
                "still_end": 0,
                **dict.fromkeys(("rest_upright", "first_upright", "toes_ahead"), 1.0),
                "swapped_share": 0.0,
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
            view.commit(stage, outcomes, products)
        view.compact(stage)
    log.close({})


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]))
