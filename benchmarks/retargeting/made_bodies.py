"""Generated bodies: rigs of other rest poses, proportions and joints, with motions, as they are and through Blender."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.retargeting.bodies import FPS, world
from rigmill.humanoid.names import CANONICAL
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.types import Floats, Motion, Rig


@dataclass(frozen=True)
class Shape:
    """How a generated body is built."""

    name: str
    arm_drop_deg: float = 0.0
    leg_spread_deg: float = 0.0
    elbow_deg: float = 0.0  # bend at rest
    palm_deg: float = 0.0  # roll of the hands at rest
    yaw_deg: float = 0.0
    scale: float = 1.0
    arms: float = 1.0  # length of the arms, of the legs, of the trunk, as shares
    legs: float = 1.0
    trunk: float = 1.0
    num_spine: int = 3
    num_neck: int = 1
    has_root: bool = False
    has_shoulders: bool = True
    has_fingers: bool = True
    leaf_twists: int = 0
    chain_twists: int = 0
    bones_seed: int = 0  # of axes and rolls in Blender


SHAPES = (
    Shape("T-pose", bones_seed=1),
    Shape("A-pose, two spine joints, tall", arm_drop_deg=45, legs=1.3, scale=1.2, num_spine=2, bones_seed=2),
    Shape("arms down, root, faces +X", arm_drop_deg=80, yaw_deg=90, has_root=True, palm_deg=-80, bones_seed=3),
    Shape(
        "child, five spine joints, leaf twists",
        arm_drop_deg=30,
        legs=0.6,
        arms=0.7,
        scale=0.6,
        num_spine=5,
        leaf_twists=2,
        bones_seed=4,
    ),
    Shape(
        "no shoulders, twists in the chain",
        arm_drop_deg=10,
        elbow_deg=25,
        has_shoulders=False,
        chain_twists=1,
        num_spine=1,
        bones_seed=5,
    ),
    Shape(
        "faces +Y, legs apart, two neck joints",
        arm_drop_deg=60,
        leg_spread_deg=15,
        yaw_deg=180,
        num_neck=2,
        palm_deg=60,
        arms=1.2,
        bones_seed=6,
    ),
    Shape(
        "centimetres, root, no fingers",
        arm_drop_deg=5,
        scale=100.0,
        trunk=1.2,
        has_root=True,
        has_fingers=False,
        num_spine=4,
        yaw_deg=270,
        bones_seed=7,
    ),
)


def generated(shape: Shape) -> tuple[Rig, dict[str, int]]:
    """The rig and its map."""
    made: list[tuple[str, str | None, Floats]] = []
    at: dict[str, Floats] = {}

    def add(name: str, above: str | None, place: Floats) -> None:
        made.append((name, above, place))
        at[name] = place

    def vector(x: float, y: float, z: float) -> Floats:
        return np.array([x, y, z], dtype=np.float64)

    hip = 0.9 * shape.legs + 0.05
    if shape.has_root:
        add("root", None, vector(0, 0, 0))
    add("hips", "root" if shape.has_root else None, vector(0, 0, hip))
    few, many = ["spine", "chest", "upperChest"], ["spine", "x1", "chest", "x2", "upperChest"]
    names = (few if shape.num_spine <= 3 else many)[: shape.num_spine]
    above = "hips"
    for number, name in enumerate(names):
        share = number / len(names)
        add(name, above, vector(0, 0.02 * np.sin(3 * share), hip + (0.1 + 0.4 * share) * shape.trunk))
        above = name
    top, neck = above, hip + 0.5 * shape.trunk
    add("neck", top, vector(0, 0.01, neck))
    for number in range(1, shape.num_neck):
        add(f"neck{number}", "neck", vector(0, 0, neck + 0.05))
    add("head", "neck1" if shape.num_neck > 1 else "neck", vector(0, -0.01, neck + 0.1))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        shoulder = top
        if shape.has_shoulders:
            shoulder = f"{side}Shoulder"
            add(shoulder, top, vector(sign * 0.03, 0.01, neck - 0.05))
        down = Rotation.from_euler("y", sign * shape.arm_drop_deg, degrees=True)
        elbow = down * Rotation.from_euler("z", -sign * shape.elbow_deg, degrees=True)
        _limb(
            add,
            at,
            f"{side}UpperArm",
            shoulder,
            vector(sign * 0.17, 0, neck - 0.06),
            f"{side}LowerArm",
            down.apply([sign * 0.27 * shape.arms, 0, 0]),
            shape,
        )
        _limb(
            add,
            at,
            f"{side}LowerArm",
            None,
            at[f"{side}LowerArm"],
            f"{side}Hand",
            elbow.apply([sign * 0.25 * shape.arms, 0, 0]),
            shape,
        )
        hand = elbow * Rotation.from_euler("x", shape.palm_deg * sign, degrees=True)
        for number, finger in enumerate(("Index", "Middle", "Ring", "Little") if shape.has_fingers else ()):
            above = f"{side}Hand"
            for step, part in enumerate(("Proximal", "Intermediate", "Distal")):
                offset = hand.apply([sign * (0.09 + 0.03 * step) * shape.arms, -0.03 + 0.02 * number, 0])
                add(f"{side}{finger}{part}", above, at[f"{side}Hand"] + offset)
                above = f"{side}{finger}{part}"
        spread = Rotation.from_euler("y", -sign * shape.leg_spread_deg, degrees=True)
        _limb(
            add,
            at,
            f"{side}UpperLeg",
            "hips",
            vector(sign * 0.1, 0, hip - 0.05),
            f"{side}LowerLeg",
            spread.apply([0, -0.01, -0.42 * shape.legs]),
            shape,
        )
        _limb(
            add,
            at,
            f"{side}LowerLeg",
            None,
            at[f"{side}LowerLeg"],
            f"{side}Foot",
            spread.apply([0, 0.02, -0.41 * shape.legs]),
            shape,
        )
        add(f"{side}Toes", f"{side}Foot", at[f"{side}Foot"] + vector(0, -0.13, -0.06))
    order = [name for name, _, _ in made]
    turn = Rotation.from_euler("z", shape.yaw_deg, degrees=True)
    rig = Rig(
        tuple(order),
        np.array([-1 if name is None else order.index(name) for _, name, _ in made], dtype=np.int32),
        turn.apply(np.array([place for _, _, place in made])) * shape.scale,
    )
    return rig, {name: order.index(name) for name in order if name in CANONICAL}


def _limb(
    add: Any, at: dict[str, Floats], start: str, above: str | None, place: Floats, end: str, way: Floats, shape: Shape
) -> None:
    """A limb's first joint (unless it is there), its twist joints, and its end."""
    if start not in at:
        add(start, above, place)
    holder = start
    for number in range(1, shape.chain_twists + 1):
        name = f"{start}Chain{number}"
        add(name, holder, place + way * number / (shape.chain_twists + 1))
        holder = name
    add(end, holder, place + way)
    for number in range(1, shape.leaf_twists + 1):
        add(f"{start}Twist{number}", start, place + way * number / (shape.leaf_twists + 1))


def wandering(rig: Rig, *, num_frames: int, seed: int, turn: float = 0.5) -> Motion:
    """Smooth turns of every joint, of about `turn` radians, and hips (or a root) that go about."""
    rng = np.random.default_rng(seed)
    times = np.linspace(0, 2 * np.pi, num_frames)[:, None, None]
    waves = sum(
        rng.normal(scale=turn / np.sqrt(3), size=(1, rig.num_joints, 3)) * np.sin(speed * times + rng.uniform(0, 6))
        for speed in (1, 2, 3)
    )
    vectors = np.broadcast_to(waves, (num_frames, rig.num_joints, 3)).copy()
    for joint, name in enumerate(rig.names):
        if "Chain" in name or "Twist" in name:  # what holds a limb together turns about it alone
            axis = rig.rest_joints[joint] - rig.rest_joints[rig.parents[joint]]
            axis /= np.linalg.norm(axis)
            vectors[:, joint] = (vectors[:, joint] @ axis)[:, None] * axis
    rotations = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_quat(scalar_first=True)
    translations = np.zeros((num_frames, rig.num_joints, 3))
    size = float(np.ptp(rig.rest_joints[:, 2]))
    for joint in range(2 if rig.names[0] == "root" else 1):
        translations[:, joint] = 0.1 * size * np.sin(times[:, 0] * rng.uniform(1, 2, size=3))
    return Motion(rotations.reshape(num_frames, rig.num_joints, 4), translations, FPS)


def through_blender(shape: Shape, motion: Motion, rig: Rig, *, bones_seed: int) -> tuple[Rig, Motion]:
    """What the probe reads of an armature whose bones have random axes and rolls, and that plays the motion."""
    import bpy
    from mathutils import Matrix

    from render.blender.jobs.probe import probe_asset

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(bones_seed)
    scene = bpy.context.scene
    scene.render.fps = int(FPS)
    data = bpy.data.armatures.new("Armature")
    item = bpy.data.objects.new("Armature", data)
    scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    for name, parent, place in zip(rig.names, rig.parents, rig.rest_joints):
        bone = data.edit_bones.new(name)
        axis = rng.normal(size=3)
        bone.head = place
        bone.tail = place + 0.05 * shape.scale * axis / np.linalg.norm(axis)
        bone.roll = rng.uniform(-np.pi, np.pi)
        if parent >= 0:
            bone.parent = data.edit_bones[rig.names[parent]]
    bpy.ops.object.mode_set(mode="OBJECT")
    places, turns = world(rig, motion)
    for bone in item.pose.bones:
        bone.rotation_mode = "QUATERNION"
    for frame in range(len(motion.rotations)):
        posed: dict[str, Any] = {}
        for joint, name in enumerate(rig.names):
            bone = data.bones[name]
            turned = turns[joint][frame].as_matrix() @ np.array(bone.matrix_local)[:3, :3]
            matrix = Matrix(turned.tolist()).to_4x4()
            matrix.translation = places[frame, joint].tolist()
            posed[name] = matrix
            above = {}
            if bone.parent:
                above = {"parent_matrix": posed[bone.parent.name], "parent_matrix_local": bone.parent.matrix_local}
            own = item.pose.bones[name]
            own.matrix_basis = bone.convert_local_to_pose(matrix, bone.matrix_local, invert=True, **above)
            own.keyframe_insert("rotation_quaternion", frame=frame)
            own.keyframe_insert("location", frame=frame)
    scene.frame_start, scene.frame_end = 0, len(motion.rotations) - 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rig.glb"
        bpy.ops.export_scene.gltf(
            filepath=str(path),
            export_format="GLB",
            export_animations=True,
            export_optimize_animation_size=False,
            export_force_sampling=True,
            export_rest_position_armature=True,
        )
        found = probe_asset(
            {"path": str(path), "format": "glb", "fps": FPS, "rigid_rigs": True, "store_motions": True},
            {},
            Path(folder),
        )
        (read,) = found["motions"]
        return (
            rig_from_bytes((Path(folder) / "rig.npz").read_bytes()),
            motion_from_bytes((Path(folder) / read["motion_file"]).read_bytes()),
        )


def mixamo_rig(num_joints: int = 65) -> tuple[Rig, dict[str, int]]:
    """A body of that many joints, for the clock: Mixamo's usual 65 are 52 parts, and ends that turn with them."""
    rig, joints = generated(Shape("speed", bones_seed=0))
    names, parents, places = list(rig.names), list(rig.parents), list(rig.rest_joints)
    for joint in range(rig.num_joints):
        if len(names) < num_joints and not (rig.parents == joint).any():
            names.append(f"{rig.names[joint]}End")
            parents.append(joint)
            places.append(rig.rest_joints[joint] + [0, 0, 0.05])
    while len(names) < num_joints:
        names.append(f"Hair{len(names)}")
        parents.append(joints["head"])
        places.append(rig.rest_joints[joints["head"]] + [0, 0.1, 0.1])
    return Rig(tuple(names), np.array(parents, dtype=np.int32), np.array(places)), joints
