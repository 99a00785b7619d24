"""Bodies and motions to measure retargeting on, the humanoids of a corpus, and what is measured of them.

What is measured is computed here again with scipy from the definition of `Motion`, apart from the code under test.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from curate.gate.canonical import canonical
from curate.gate.gltf_json import parse, split_glb
from curate.gate.preflight import sniff
from curate.vrm.block import read_vrm
from curate.vrm.nodes import joint_of_node
from rigmill.humanoid.body import Body, as_body
from rigmill.humanoid.maps import Skeletons
from rigmill.outcomes import Refusal
from rigmill.rigs.npz import motion_from_bytes, motion_to_bytes, rig_from_bytes
from rigmill.types import Floats, Motion, Rig

FPS = 16.0
MIN_JOINTS = 12  # as the demo's retarget.min_matched_joints
LIMBS = tuple(
    (f"{side}{start}", tuple(f"{side}{end}" for end in ends))
    for side in ("left", "right")
    for start, ends in (
        ("UpperArm", ("LowerArm",)),
        ("LowerArm", ("Hand",)),
        ("Hand", ("MiddleProximal", "IndexProximal")),
        ("UpperLeg", ("LowerLeg",)),
        ("LowerLeg", ("Foot",)),
    )
)


@dataclass(frozen=True)
class Actor:
    """A body with the motions that its file holds."""

    name: str
    body: Body
    motions: tuple[tuple[str, Motion], ...] = ()
    has_mesh: bool = False
    asset: bytes = b""  # the canonical file
    found: dict[str, Any] = field(default_factory=dict)  # what the probe said


def world(rig: Rig, motion: Motion) -> tuple[Floats, list[Rotation]]:
    """Joints (T, J, 3) and, by joint, world turns, from the definition of `Motion`."""
    places = np.zeros((len(motion.rotations), rig.num_joints, 3))
    turns: list[Rotation] = []
    for joint, parent in enumerate(rig.parents):
        own = Rotation.from_quat(motion.rotations[:, joint], scalar_first=True)
        moved = rig.rest_joints[joint] + motion.translations[:, joint]
        if parent < 0:
            turns.append(own)
            places[:, joint] = moved
        else:
            turns.append(turns[parent] * own)
            places[:, joint] = places[:, parent] + turns[parent].apply(moved - rig.rest_joints[parent])
    return places, turns


def limb_directions(body: Body, places: Floats, other: Body) -> dict[str, Floats]:
    """Unit directions (T, 3), the body facing -Y, of the limbs that both bodies have and that have a length."""
    found = {}
    for start, ends in LIMBS:
        end = next((name for name in ends if name in body.joints and name in other.joints), None)
        if end is None or start not in body.joints or start not in other.joints:
            continue
        way = (places[:, body.joints[end]] - places[:, body.joints[start]]) @ body.facing.T
        found[start] = way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-9 * body.hip_height)
    return found


def angles_deg(first: Floats, second: Floats) -> Floats:
    """Angles (T,) between unit vectors (T, 3), exact for small ones too."""
    return np.asarray(
        np.degrees(2 * np.arctan2(np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1)))
    )


def compared(source: Body, there: Floats, target: Body, here: Floats) -> dict[str, Floats]:
    """Angles (T,) between the limbs of two bodies, each in its own facing."""
    expected, found = limb_directions(source, there, target), limb_directions(target, here, source)
    return {name: angles_deg(expected[name], found[name]) for name in expected}


def sideways(body: Body, places: Floats) -> Floats:
    """Unit directions (T, 2) from the right to the left thigh and upper arm, seen from above, the body facing -Y."""
    total = np.zeros((len(places), 2))
    for part in ("UpperLeg", "UpperArm"):
        way = places[:, body.joints[f"left{part}"]] - places[:, body.joints[f"right{part}"]]
        way = way @ body.facing.T
        total += way[:, :2] / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-12)
    return total


def hips_over_ground(body: Body, places: Floats) -> Floats:
    """Height of the hips as a share of their standing height, (T,)."""
    rest = body.rig.rest_joints
    legs = [joint for name, joint in body.joints.items() if name.endswith(("UpperLeg", "LowerLeg", "Foot", "Toes"))]
    lowest = float(rest[legs, 2].min())
    # Legs that are bent at rest do not say where the ground is; files have it at zero then.
    bent = float(rest[body.hips, 2]) - lowest < 0.999 * body.hip_height
    return np.asarray((places[:, body.hips, 2] - (0.0 if bent and lowest > 0 else lowest)) / body.hip_height)


def corpus_actors(corpus: Path, only: Collection[str] = ()) -> Iterator[Actor]:
    """The files of a corpus that the probe reads and that map as bodies; imports Blender into this process.

    `only` are their paths in the corpus; all if there are none.
    """
    from render.blender.jobs.probe import probe_asset

    skeletons = Skeletons()
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        original = path.read_bytes()
        file_format = sniff(original)
        if file_format is None or path.parent.name in ("corrupt", "derived"):
            continue
        if only and str(path.relative_to(corpus)) not in only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            try:
                asset, file_format = canonical(original, file_format)
                copy = scratch / f"asset.{file_format}"
                copy.write_bytes(asset)
                found = probe_asset(
                    {"path": str(copy), "format": file_format, "fps": FPS, "rigid_rigs": True, "store_motions": True},
                    {},
                    scratch,
                )
            except Refusal:
                continue
            rig = rig_from_bytes((scratch / found["rig_file"]).read_bytes())
            mapped = skeletons.find(rig.names, _declared(original, asset, rig.names))
            if mapped is None or len(mapped.joints) < MIN_JOINTS:
                continue
            bound = {pair["joint"]: pair["turn"] for pair in found["posed_joints"]}
            try:
                body = as_body(rig, mapped.joints, mapped.detached, bound)
            except Refusal:
                continue
            motions = tuple(
                (motion["name"], motion_from_bytes((scratch / motion["motion_file"]).read_bytes()))
                for motion in found["motions"]
                if motion["num_frames"] > 1
            )
        found["format"] = file_format
        yield Actor(str(path.relative_to(corpus)), body, motions, found["kind"] != "motion", asset, found)


def played(actor: Actor, motion: Motion) -> Floats:
    """Where Blender has the joints (T, J, 3) of a character that plays the motion."""
    from render.blender.subject.player import loaded_subject, make_player, measure
    from rigmill.blender.requests import Clip

    with tempfile.TemporaryDirectory() as folder:
        path, stored = Path(folder) / f"asset.{actor.found['format']}", Path(folder) / "motion.npz"
        path.write_bytes(actor.asset)
        stored.write_bytes(motion_to_bytes(motion))
        clip = Clip(
            clip_id="clip",
            path=str(path),
            format=actor.found["format"],
            armature=actor.found["armature"],
            action="",
            slot="",
            start_frame=0.0,
            num_frames=len(motion.rotations),
            fps=motion.fps,
            motion_path=str(stored),
        )
        numbers = measure(make_player(loaded_subject({}, path=clip.path, file_format=clip.format, fps=clip.fps), clip))
    return np.asarray(numbers.joints / numbers.scale + numbers.offset)


def _declared(original: bytes, asset: bytes, names: Sequence[str]) -> dict[str, str]:
    """What a VRM block says, bone -> joint."""
    if not original.startswith(b"glTF"):
        return {}
    block = read_vrm(parse(split_glb(original)[0]))
    if block is None:
        return {}
    joints = joint_of_node(parse(split_glb(asset)[0]), list(names))
    return {bone: joints[node] for bone, node in block.humanoid.items() if node in joints}
