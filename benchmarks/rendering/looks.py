"""Which files of a folder the rasteriser can show, and why not the others; what reading them costs.

    python -m benchmarks.rendering.looks FOLDER [--json FILE]

Per file: its looks, the reasons for which `auto` would send it to Cycles, milliseconds to read the looks and the
surface once, and the CPU-milliseconds of reading a frame after Blender has evaluated it; beside it what Blender's own
corner normals cost, and how far ours are from them. Files go through the gate first, as in a run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from curate.gate.canonical import canonical
from curate.gate.gltf_pack import pack_gltf
from curate.gate.preflight import sniff
from render.blender.engines.geometry import Geometry
from render.blender.materials.appearance import read_appearance
from render.blender.subject.action import list_takes, show_time, start_take
from render.blender.subject.joints import visible_meshes
from render.blender.subject.load import load_asset
from render.blender.subject.subject import find_subject
from rigmill.outcomes import Refusal

NUM_FRAMES = 33
FPS = 16.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(options.folder.rglob("*")):
            if path.suffix.lower() in (".glb", ".gltf", ".vrm", ".fbx"):
                name = str(path.relative_to(options.folder))
                found[name] = measured(path, Path(scratch))
                print(f"{name}: {found[name]}", flush=True)
    shown = [row for row in found.values() if row.get("num_looks") and not row["reasons"]]
    print(f"{len(shown)} of {sum(bool(row.get('num_looks')) for row in found.values())} files with a surface are shown")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def measured(path: Path, scratch: Path) -> dict[str, Any]:
    """What there is to say of a file."""
    try:
        data = path.read_bytes()
        if path.suffix.lower() == ".gltf":
            data = pack_gltf(data, path.parent, max_bytes=1 << 30)
        content, kind = canonical(data, sniff(data) or path.suffix[1:].lower())
        stored = scratch / f"asset.{kind}"
        stored.write_bytes(content)
        file_fps = load_asset(stored, kind, FPS)
    except Refusal as refusal:
        return {"refused": refusal.message}
    meshes = visible_meshes()
    start = time.process_time()
    appearance = read_appearance(meshes)
    row: dict[str, Any] = {
        "num_looks": len(appearance.looks),
        "reasons": list(appearance.reasons),
        "num_pictures": sum(look.base_texture is not None for look in appearance.looks),
        "modes": sorted({look.alpha_mode for look in appearance.looks}),
        "looks_ms": _ms(start),
    }
    try:
        subject = find_subject(file_fps)
    except Refusal:
        return row
    takes = list_takes(subject, FPS)
    if takes and subject.meshes:
        row |= _frames(subject, takes[0])
    return row


def _frames(subject: Any, take: Any) -> dict[str, Any]:
    """Costs of the frames of a take."""
    appearance = read_appearance(subject.meshes)
    start = time.process_time()
    geometry = Geometry.of(subject.meshes, appearance)
    surface_ms = _ms(start)
    start_take(take)
    ours, theirs, apart = [], [], []
    for frame in range(NUM_FRAMES):
        show_time(subject, take.start_frame + frame % max(take.num_frames, 1), take.fps)
        start = time.process_time()
        shape = geometry.read()
        ours.append(_ms(start))
        show_time(subject, take.start_frame + frame % max(take.num_frames, 1), take.fps)
        start = time.process_time()
        normals = _normals_of_blender(subject.meshes)
        theirs.append(_ms(start))
        if frame % 16 == 8:
            asked = np.concatenate(
                [
                    directions @ np.linalg.pinv(np.array(mesh.matrix_world)[:3, :3])
                    for mesh, directions in zip(subject.meshes, normals)
                ]
            )
            asked /= np.maximum(np.linalg.norm(asked, axis=1, keepdims=True), 1e-12)
            apart.append(np.degrees(np.arccos(np.clip(np.einsum("nc,nc->n", asked, shape.normals), -1, 1))))
    return {
        "num_triangles": len(geometry.surface.triangles),
        "num_meshes": len(subject.meshes),
        "surface_ms": surface_ms,
        "frame_ms": round(float(np.median(ours)), 2),
        "blender_normals_ms": round(float(np.median(theirs)), 2),
        "apart_deg_p99": round(float(np.quantile(np.concatenate(apart), 0.99)), 3) if apart else None,
    }


def _normals_of_blender(meshes: list[Any]) -> list[Any]:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = []
    for mesh in meshes:
        data = mesh.evaluated_get(depsgraph).data
        values = np.empty(len(data.loops) * 3, dtype=np.float32)
        data.corner_normals.foreach_get("vector", values)
        found.append(values.reshape(-1, 3))
    return found


def _ms(start: float) -> float:
    return round((time.process_time() - start) * 1000, 2)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
