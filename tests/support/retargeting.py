"""Rows and runs of the retarget stage, for the tests that need some."""

from __future__ import annotations

from typing import Any

from curate.stages.retarget import RetargetStage
from rigmill.licences.rights import Rights
from rigmill.outcomes import Outcome
from rigmill.rigs.npz import motion_to_bytes, rig_to_bytes
from rigmill.types import Rig, Row
from tests.support.curation import PlainWork, Tables, demo_profile, random_motion


def probe_row(work: PlainWork, name: str, rig: Rig, *, kind: str, motions: int = 0, **more: Any) -> Row:
    """A row as the probe stage gives it, with real rig and motion files."""
    stored = work.store.put_bytes("rig.npz", rig_to_bytes(rig))
    asset = work.store.put_bytes("asset.glb", name.encode())
    return {
        "job_key": name,
        "asset_id": asset.sha256[:16],
        "source": "folder",
        "source_uid": name,
        "origin": name,
        "title": name,
        "tags": ["human"],
        "licence": "CC0-1.0",
        "attribution": "",
        "rights": Rights(may_train=True).to_row(),
        "format": "glb",
        "file": asset.to_row(),
        "rig_id": stored.sha256[:16],
        "kind": kind,
        "armature": "Armature",
        "num_joints": rig.num_joints,
        "num_vertices": 800,
        "num_faces": 600,
        "num_textures": 1,
        "texture_px": 64,
        "num_base_colours": 1,
        "grey_share": 0.0,
        "geometry_hash": None,
        "facing_deg": 0.0,
        "rig_file": stored.to_row(),
        "joint_names": list(rig.names),
        "joint_parents": rig.parents.tolist(),
        "joint_places": rig.rest_joints.ravel().tolist(),
        "humanoid": [],
        "spring_joints": [],
        "posed_joints": [],
        "motions": [
            {
                "motion_id": f"{name}-{number}",
                "name": "mixamo.com" if number else "walk",
                "action": "a",
                "slot": "s",
                "num_frames": 21,
                "fps": 16.0,
                "start_frame": 0.0,
                "own_fps": 16.0,
                "num_own_frames": 21,
                "loop_gap": 0.4,
                "period_frames": None,
                "num_moving_joints": 3,
                "extent_ratio": 1.1,
                "motion_file": work.store.put_bytes(
                    "motion.npz", motion_to_bytes(random_motion(rig.num_joints, num_frames=21, seed=number))
                ).to_row(),
            }
            for number in range(motions)
        ],
    } | more


def run(rows: list[Row], work: PlainWork, **changes: Any) -> dict[str, Outcome]:
    stage = RetargetStage()
    jobs = stage.plan(Tables({"probe": rows}), demo_profile(retarget=changes))
    return {job.input_id: answer.outcome for job in jobs for answer in stage.run([job], work)}


def renamed(rig: Rig, names: dict[str, str]) -> Rig:
    """The rig with other names for some joints; those not named are called j0, j1, ..."""
    return Rig(
        tuple(names.get(name, f"j{number}") for number, name in enumerate(rig.names)), rig.parents, rig.rest_joints
    )
