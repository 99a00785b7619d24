"""The job "what is in this file", run in a Blender child."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.materials.measures import read_looks
from render.blender.subject.action import Take, list_takes, playing, show_time
from render.blender.subject.player import loaded_subject
from render.blender.subject.pose import read_motion
from render.blender.subject.sampling import Sample, alike, sample_take
from render.blender.subject.subject import Subject
from render.blender.subject.surface import geometry_hash, read_surface, visible_bounds
from rigmill.blender.requests import FoundMotion, ProbeAnswer, ProbeItem
from rigmill.formats.glb_bind import posed_joints
from rigmill.kinds import AssetKind, RigKind
from rigmill.outcomes import Refusal, Reject
from rigmill.rigs.loops import MAX_GAP
from rigmill.rigs.moments import surface_moments
from rigmill.rigs.npz import motion_to_bytes, rig_to_bytes
from rigmill.types import Floats, Rig

_NO_SIZE = 1e-12
_MAX_JOINT_FRAMES = 1_000_000  # of a stored motion: 65 joints for 16 minutes; each takes 1.3 kB while it is read


def probe_asset(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A ProbeAnswer to a ProbeItem: the file's rig, motions and looks."""
    asked = ProbeItem.from_item(item)
    fps = float(asked.fps)
    subject = loaded_subject(state, path=asked.path, file_format=asked.format, fps=fps)
    if subject.rig_kind == RigKind.RIGID and subject.meshes and not asked.rigid_rigs:
        raise Refusal(Reject.NO_RIG, "animated nodes move the meshes, and the profile's probe.rigid_rigs is false")
    surface, rest = read_surface(subject.meshes), subject.rest_frames()
    rest_bounds = visible_bounds(subject.meshes) if subject.meshes else np.zeros((2, 3))
    if not (np.isfinite(rest).all() and np.isfinite(rest_bounds).all()):
        raise Refusal(Reject.MALFORMED, "a vertex or a joint is not a finite number at rest")
    looks, rig = read_looks(subject.meshes, surface), subject.read_rig()
    found = _sampled(subject, list_takes(subject, fps), rest, size=_size(rig.rest_joints, rest_bounds))
    carriers = subject.carriers
    if subject.carries_meshes:
        kind = AssetKind.ANIMATED if found.moving else AssetKind.STATIC
        if found.num_broken and not found.moving:
            raise Refusal(Reject.MALFORMED, "every motion holds a key or gives a place that is not a finite number")
    elif found.moving:
        kind = AssetKind.MOTION
    elif found.num_still and not subject.meshes:
        raise Refusal(Reject.NO_MOTION, "there is no mesh, and every motion holds one pose (a T-pose, it may be)")
    else:
        raise Refusal(Reject.NO_RIG, "no skeleton deforms a mesh, and none has a motion")
    (scratch / "rig.npz").write_bytes(rig_to_bytes(rig))
    stored = kind == AssetKind.MOTION or asked.store_motions
    moments = surface_moments(surface.corners)
    extents = [sample.extents for _, sample in found.moving]
    num_skinned = sum(len(mesh.data.vertices) for mesh in carriers.skinned)
    return ProbeAnswer(
        armature=subject.armatures[0] if subject.armatures else "",
        kind=kind,
        rig_kind=subject.rig_kind,
        num_joints=len(subject.nodes),
        num_armatures=len(subject.armatures),
        num_vertices=sum(len(mesh.data.vertices) for mesh in subject.meshes),
        num_faces=sum(len(mesh.data.polygons) for mesh in subject.meshes),
        num_skinned_meshes=len(carriers.skinned),
        num_rigid_meshes=len(carriers.rigid),
        unweighted_share=carriers.num_unweighted / num_skinned if num_skinned else 0.0,
        **asdict(looks),
        extent=float(np.median(np.concatenate(extents)) if extents else np.ptp(rest_bounds, axis=0).max()),
        geometry_hash=geometry_hash(moments, len(surface.areas)),
        shape=() if moments is None else tuple(moments.tolist()),
        num_still_motions=found.num_still,
        num_broken_motions=found.num_broken,
        num_repeated_motions=found.num_repeated,
        rig_file="rig.npz",
        posed_joints=_posed(asked, rig),
        motions=tuple(
            FoundMotion(
                name=take.name,
                action=take.action,
                slot=take.slot,
                num_frames=take.num_frames,
                fps=take.fps,
                start_frame=take.start_frame,
                own_fps=take.own_fps,
                num_own_frames=take.num_own_frames,
                loop_gap=sample.loop_gap,
                period_frames=take.length if sample.loop_gap <= MAX_GAP else None,
                num_moving_joints=len(sample.moving),
                extent_ratio=_ratio(sample.extents),
                motion_file=_store(subject, take, scratch / f"motion-{index}.npz", sample) if stored else None,
            )
            for index, (take, sample) in enumerate(found.moving)
        ),
    ).to_item()


def _posed(asked: ProbeItem, rig: Rig) -> list[dict[str, Any]]:
    """What rests in another pose than it is bound in; of FBX the bind pose is what the importer takes for the rest."""
    if asked.format == "fbx":
        return []
    found = posed_joints(Path(asked.path).read_bytes(), rig)
    return [{"joint": name, "turn": turn.tolist()} for name, turn in found.items()]


class _Found:
    """Takes sorted into those worth listing and the others."""

    def __init__(self) -> None:
        self.moving: list[tuple[Take, Sample]] = []
        self.num_still = self.num_broken = self.num_repeated = 0


def _sampled(subject: Subject, takes: list[Take], rest: Floats, *, size: float) -> _Found:
    found = _Found()
    for take in takes:
        sample = sample_take(subject, take, rest, size) if take.is_finite else None
        if sample is None or not sample.is_finite:
            found.num_broken += 1
        elif not len(sample.moving):
            found.num_still += 1
        elif any(
            known.num_frames == take.num_frames and alike(shown, sample, rest, size) for known, shown in found.moving
        ):
            found.num_repeated += 1
        else:
            found.moving.append((take, sample))
    return found


def _size(rest_joints: Floats, bounds: Floats) -> float:
    """The larger of the rig's and the meshes' largest side at rest."""
    return max(float(np.ptp(rest_joints, axis=0).max()), float(np.ptp(bounds, axis=0).max()), _NO_SIZE)


def _ratio(extents: Floats) -> float | None:
    """Largest over median; None for a motion without a mesh."""
    middle = float(np.median(extents))
    return float(extents.max()) / middle if middle > 0 else None


def _store(subject: Subject, take: Take, path: Path, sample: Sample) -> str:
    """Write the motion, in the world as imported; returns the file's name.

    A loop for other bodies is written at a rate at which it ends on a frame, so that it can go round.
    """
    rig, rest = subject.read_rig(), subject.rest_frames()
    steps, fps = take.num_frames - 1, take.fps
    if sample.loop_gap <= MAX_GAP and not subject.carries_meshes:
        steps = math.ceil(take.length - 1e-3)
        fps = steps / take.length * take.fps
    size = (steps + 1) * len(subject.nodes)
    if size > _MAX_JOINT_FRAMES:
        raise Refusal(
            Reject.OVER_BUDGET,
            f"a motion of {steps + 1} frames for {len(subject.nodes)} joints",
            measured=float(size),
            limit=float(_MAX_JOINT_FRAMES),
        )
    frames = []
    with playing(subject, take):
        for step in range(steps + 1):
            show_time(subject, take.start_frame + step * (take.fps / fps), take.fps)
            frames.append(subject.joint_frames())
    path.write_bytes(motion_to_bytes(read_motion(np.array(frames), rest, rig, fps)))
    return path.name
