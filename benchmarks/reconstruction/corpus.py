"""Clips of real files through pose maps and back: what is lost of joints, turns and the mesh; the paper's 2D beside.

Blender plays a file's take (files without one: a seeded random motion), evaluates joints and vertices, and plays the
reconstructed motion on the same file again. Mesh errors are between the two, so with the file's own weights; and for
the motion that follows from exact joints: what joint positions cannot tell; and with markers (`render.turn_markers`),
which tell it. All are in per cent of the subject's
largest side in its first frame.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.corpus import Asset, asset_of, blender, render_settings
from benchmarks.reconstruction.posed_bodies import random_motion
from curate.gate.canonical import canonical
from curate.gate.preflight import sniff
from render.numbers import joint_radius_px, pose_map
from rigmill.blender.client import BlenderClient
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips.numbers import ClipGeometry
from rigmill.reconstruct.kinematics import solve
from rigmill.reconstruct.metrics import score
from rigmill.reconstruct.reconstruct import Options, reconstruct
from rigmill.rigs.npz import motion_to_bytes
from rigmill.types import Bytes, Motion

FILES = {  # path in the corpus: kind. One of every sort that it has, chosen before anything was measured.
    "khronos/CesiumMan.glb": "humanoid",
    "quaternius_glb/Quaternius_Character.glb": "humanoid",
    "quaternius_glb/Quaternius_Astronaut_BarbaraTheBee-transformed.glb": "humanoid",
    "threejs/RobotExpressive.glb": "humanoid",
    "khronos/RiggedFigure.glb": "humanoid",
    "sketchfab/lumberjack.glb": "humanoid",
    "khronos/Fox.glb": "quadruped",
    "quaternius_glb/Quaternius_Horse.glb": "quadruped",
    "sketchfab/wolf_minecraft_nodeanim.glb": "quadruped",
    "quaternius_glb/Quaternius_Spider.glb": "many legs",
    "quaternius_glb/Quaternius_Wasp.glb": "flying",
    "quaternius_glb/Quaternius_Enemy_Flying-transformed.glb": "flying",
    "sketchfab/bee_minecraft_nodeanim.glb": "flying",
    "quaternius_glb/Quaternius_Lever.glb": "articulated",
    "sketchfab/rusty_fridge.glb": "articulated",
    "quaternius_glb/Quaternius_Chest.glb": "articulated",
    "vrm/Godette_vrm_v4.vrm": "VRM, hair",
    "vrm/cryptovoxels.vrm": "VRM",
}
PLAY, PLAY_AGAIN = "benchmarks.reconstruction.child:play", "benchmarks.reconstruction.child:play_again"
MESH_FRAMES = 5
OPTIONS = {"": Options(), "no_twist_": Options(spread_twist=False), "kmeans_": Options(method="kmeans")}


def corpus(folder: str | None) -> dict[str, Any]:
    """One row of figures by file name; the table goes to stderr as markdown."""
    if not folder:
        return {"not_run": "RIGMILL_CORPUS is not set"}
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch_folder:
        scratch = Path(scratch_folder)
        client = blender()
        try:
            for name, kind in FILES.items():
                row = _row(Path(folder) / name, scratch, client)
                found[Path(name).stem] = {"kind": kind} | row
                print(Path(name).stem, row, file=sys.stderr)
        finally:
            client.close()
    print("\n".join(table(found)), file=sys.stderr)
    return found


def _row(path: Path, scratch: Path, client: BlenderClient) -> dict[str, Any]:
    if not path.exists():
        return {"not_run": "not in the corpus"}
    data = path.read_bytes()
    data, file_format = canonical(data, sniff(data) or "")
    asset = asset_of(data, file_format, name=path.name, folder=scratch, client=client)
    if asset is None:
        return {"not_run": "the probe does not keep it"}
    settings = render_settings()
    asset = asset.longest() if asset.found["motions"] else _with_motion(asset, scratch, settings, client)
    clip = asset.clip(settings) if asset.motion_path is None else replace(asset.clip(settings), num_frames=81)
    frames = sorted({int(frame) for frame in np.linspace(0, clip.num_frames - 1, MESH_FRAMES)})
    (reply,) = client.run(PLAY, [clip.to_item() | {"frames": frames}], scratch=scratch)
    if reply.value is None:
        return {"not_run": str(reply.outcome)}
    geometry = ClipGeometry.from_bytes((scratch / "geometry.npz").read_bytes())
    true_mesh = np.load(scratch / "vertices.npy")
    radius_px = joint_radius_px(RenderSettings.from_json(settings))
    maps = _maps(geometry, radius_px)
    row: dict[str, Any] = {
        "num_frames": clip.num_frames,
        "num_joints": geometry.rig.num_joints,
        "num_drawn": int(geometry.drawn.sum()),
    }
    unit = 100 / float(np.ptp(true_mesh[0], axis=0).max())

    def mesh_pct(motion: Motion, geometry: ClipGeometry = geometry) -> float | None:
        stored = scratch / f"{asset.key}.motion.npz"
        _, own = geometry.own(motion)
        stored.write_bytes(motion_to_bytes(replace(own, translations=own.translations / geometry.scale)))
        item = replace(clip, action=None, slot=None, start_frame=0.0, motion_path=str(stored)).to_item()
        extra = {"frames": frames, "offset": geometry.offset.tolist(), "scale": geometry.scale}
        (reply,) = client.run(PLAY_AGAIN, [item | extra], scratch=scratch)
        if reply.value is None:
            return None
        return unit * float(np.linalg.norm(np.load(scratch / "vertices.npy") - true_mesh, axis=-1).mean())

    exact = solve(geometry.rig, geometry.drawn, geometry.joints[:, geometry.drawn], fps=clip.fps)[0]
    row |= {"replayed_mesh_pct": mesh_pct(geometry.motion), "exact_mesh_pct": mesh_pct(exact)}
    for name, options in OPTIONS.items():
        result = reconstruct(
            maps,
            cameras=geometry.cameras,
            rig=geometry.rig,
            drawn=geometry.drawn,
            colours=geometry.colours,
            radius_px=radius_px,
            fps=clip.fps,
            options=options,
        )
        scores = score(
            result,
            rig=geometry.rig,
            drawn=geometry.drawn,
            radius_px=radius_px,
            motion=geometry.motion,
            joints=geometry.joints,
            joints_px=geometry.joints_px,
            visible=geometry.visible,
        )
        errors = unit * np.linalg.norm(result.triangulated - geometry.joints[:, geometry.drawn], axis=-1)
        figures = {
            "mpjpe_pct": float(errors.mean()),
            "over_2pct": float(100 * (errors > 2).mean()),
            "mesh_pct": mesh_pct(result.motion),
            "branch_rotation_deg": scores.branch_rotation_deg,
            "leaf_rotation_deg": scores.leaf_rotation_deg,
            "usable_share": scores.usable_share,
            "pck_2d": scores.pck_2d,
        }
        row |= {name + key: value for key, value in figures.items()}
    marked = asset.clip(settings | {"turn_markers": True}).to_item() | {"num_frames": clip.num_frames, "frames": frames}
    (reply,) = client.run(PLAY, [marked], scratch=scratch)
    if reply.value is not None:
        geometry = ClipGeometry.from_bytes((scratch / "geometry.npz").read_bytes())
        result = reconstruct(
            _maps(geometry, radius_px),
            cameras=geometry.cameras,
            rig=geometry.rig,
            drawn=geometry.drawn,
            colours=geometry.colours,
            radius_px=radius_px,
            fps=clip.fps,
        )
        own = np.flatnonzero(geometry.drawn) < geometry.rig.num_joints - geometry.num_markers
        errors = unit * np.linalg.norm(result.triangulated - geometry.joints[:, geometry.drawn], axis=-1)[:, own]
        row |= {
            "markers_num_drawn": int(geometry.drawn.sum()),
            "markers_mpjpe_pct": float(errors.mean()),
            "markers_mesh_pct": mesh_pct(result.motion, geometry),
        }
    return row


def _with_motion(asset: Asset, scratch: Path, settings: dict[str, Any], client: BlenderClient) -> Asset:
    """The asset with 81 frames of random motion, a third of it twist, as large as the rig."""
    (reply,) = client.run(PLAY, [asset.clip(settings).to_item() | {"frames": [0]}], scratch=scratch)
    assert reply.value is not None, reply.outcome
    still = ClipGeometry.from_bytes((scratch / "geometry.npz").read_bytes())
    motion, _, _ = random_motion(still.rig, num_frames=81, seed=0, twist=0.3)
    stored = scratch / f"{asset.key}.random.npz"
    stored.write_bytes(motion_to_bytes(replace(motion, translations=motion.translations / still.scale)))
    return replace(asset, motion_path=stored)


def _maps(geometry: ClipGeometry, radius_px: float) -> Bytes:
    camera, num_frames = geometry.cameras[0], len(geometry.joints)
    maps = np.empty((len(geometry.cameras), num_frames, camera.height_px, camera.width_px, 3), dtype=np.uint8)
    for view in range(len(maps)):
        for frame in range(num_frames):
            maps[view, frame] = pose_map(
                geometry, geometry.joints_px[view, frame], geometry.joints_depth[view, frame], radius_px
            )
    return maps


def table(rows: dict[str, Any]) -> list[str]:
    """Markdown."""
    names = (
        "mpjpe_pct",
        "over_2pct",
        "mesh_pct",
        "no_twist_mesh_pct",
        "exact_mesh_pct",
        "kmeans_mpjpe_pct",
        "kmeans_over_2pct",
        "kmeans_mesh_pct",
        "markers_num_drawn",
        "markers_mpjpe_pct",
        "markers_mesh_pct",
    )
    lines = [
        "| file | kind | joints | drawn | MPJPE | > 2 % | mesh | mesh, no twist | exact joints: mesh "
        "| k-means++ MPJPE | > 2 % | mesh | with markers: discs | MPJPE | mesh |",
        "| --- | --- " + "| ---: " * 13 + "|",
    ]
    for name, row in rows.items():
        if "not_run" in row:
            lines.append(f"| {name} | {row['kind']} | {row['not_run']} |" + " |" * 12)
            continue
        figures = ["" if row.get(key) is None else f"{row[key]:.2g}" for key in names]
        cells = [name, row["kind"], str(row["num_joints"]), str(row["num_drawn"]), *figures]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
