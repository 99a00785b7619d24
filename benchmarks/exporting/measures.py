"""What is measured of one file: written as GLB, FBX and BVH, and read again."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from rigmill.blender.client import BlenderClient
from rigmill.blender.requests import PLAY_CLIP, PROBE_ASSET
from rigmill.config.load import load
from rigmill.errors import UserError
from rigmill.formats.bvh import bvh_names
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.glb_animation import is_vrm0
from rigmill.formats.motion_files import motion_file, moving_glb
from rigmill.one_file.gate import Ask, open_asset
from rigmill.reconstruct.metrics import height
from rigmill.rigs import skeleton
from rigmill.rigs.npz import motion_to_bytes, rig_from_bytes
from rigmill.types import Floats, Motion, Rig

FPS, FRAMES = 16, 9
KEPT = ("meshes", "materials", "skins", "images", "textures", "samplers")  # of the JSON, whole
GROWN = ("accessors", "bufferViews")  # entries of ours come after the source's
IMPORTERS = Path(__file__).with_name("importers.py")
VALIDATE = Path(__file__).with_name("validate_gltf.cjs")


def seeded_motion(rig: Rig, *, seed: int = 0) -> Motion:
    """Every joint turns smoothly about an axis of its own, and every root moves by a tenth of the rig's height."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, FRAMES)[:, None, None]
    phase = rng.uniform(0, 2 * np.pi, (1, rig.num_joints, 3))
    turns = rng.normal(scale=0.3, size=(1, rig.num_joints, 3)) * np.sin(2 * np.pi * time + phase)
    angle = np.linalg.norm(turns, axis=-1, keepdims=True)
    rotations = np.concatenate([np.cos(angle / 2), np.sin(angle / 2) * turns / np.maximum(angle, 1e-12)], axis=-1)
    moved = 0.1 * height(rig) * np.sin(2 * np.pi * time[:, 0] + [0, 1, 2])
    return Motion(rotations=rotations, translations=skeleton.moved_roots(rig.parents, moved), fps=float(FPS))


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON of a GLB, and the bytes of its buffer; read here, not by the code that is measured."""
    size = struct.unpack_from("<I", data, 12)[0]
    document, rest = json.loads(data[20 : 20 + size]), data[20 + size :]
    length = (document.get("buffers") or [{"byteLength": 0}])[0]["byteLength"]
    return document, rest[8 : 8 + length]


def is_kept(source: bytes, written: bytes) -> bool:
    """Whether everything but nodes and animations is as it was."""
    (before, old), (after, new) = parts(source), parts(written)
    grown = all(after.get(key, [])[: len(before.get(key, []))] == before.get(key, []) for key in GROWN)
    return new.startswith(old) and grown and all(after.get(key) == before.get(key) for key in KEPT)


def shown(folder: Path, paths: Sequence[Path]) -> dict[Path, dict[str, Floats]]:
    """Places of everything in the files, by Blender's importers."""
    pairs = [str(value) for path in paths for value in (path, path.with_suffix(path.suffix + ".npz"))]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-P", str(IMPORTERS), str(FPS), *pairs],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    found = {}
    for path in paths:
        target = path.with_suffix(path.suffix + ".npz")
        if target.exists():
            with np.load(target) as npz:
                found[path] = dict(zip(npz["names"].tolist(), npz["places"]))
    return found


def evaluated(data: bytes) -> dict[str, Floats]:
    """Places (T, 3) of all nodes of a GLB with one animation, in Blender's axes; read from its numbers alone."""
    document, binary = parts(data)
    nodes, (animation,) = document["nodes"], document["animations"]

    def floats(accessor: int) -> Floats:
        entry = document["accessors"][accessor]
        start = document["bufferViews"][entry["bufferView"]].get("byteOffset", 0) + entry.get("byteOffset", 0)
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[entry["type"]]
        return np.frombuffer(binary, "<f4", entry["count"] * width, start).reshape(-1, width).astype(np.float64)

    moving = {
        (channel["target"]["node"], channel["target"]["path"]): floats(
            animation["samplers"][channel["sampler"]]["output"]
        )
        for channel in animation["channels"]
    }
    found: dict[str, Floats] = {}
    num_frames = document["accessors"][animation["samplers"][0]["input"]]["count"]
    stack = [
        (node, np.tile(np.eye(4), (num_frames, 1, 1)))
        for node in set(range(len(nodes))) - {child for node in nodes for child in node.get("children", ())}
    ]
    while stack:
        index, above = stack.pop()
        node, local = nodes[index], np.tile(np.eye(4), (num_frames, 1, 1))
        if "matrix" in node:
            local[:] = np.array(node["matrix"]).reshape(4, 4).T
        else:
            turn = moving.get((index, "rotation"), node.get("rotation", [0, 0, 0, 1]))
            local[:, :3, :3] = Rotation.from_quat(turn).as_matrix() * node.get("scale", [1, 1, 1])
            local[:, :3, 3] = moving.get((index, "translation"), node.get("translation", [0, 0, 0]))
        here = above @ local
        named = node.get("name") or document["meshes"][node["mesh"]].get("name") if "mesh" in node else node.get("name")
        found[f"{index}/{named or f'Node_{index}'}"] = here[:, [0, 2, 1], 3] * [1, -1, 1]  # as Blender calls it
        stack += [(child, here) for child in node.get("children", ())]
    return found


def farthest_pct(seen: dict[str, Floats] | None, names: Sequence[str], joints: Floats, unit: float) -> float | None:
    """How far any joint is from where it should be, per cent of `unit`; None: not all were found.

    Importers rename what shares a name: of all that begin alike, the nearest counts.
    """
    if seen is None:
        return None
    worst = 0.0
    for joint, name in enumerate(names):
        # A bone name that several armatures have is `armature:bone` here.
        stems = {plain[:40] for full in (name, name.rpartition(":")[2]) for plain in (full, full.rpartition(".")[0])}
        like = [
            places
            for key, places in seen.items()
            for stem in stems - {""}
            if key.rpartition("/")[2].startswith(stem) or key.partition("/")[0].startswith(stem)
        ]
        far = [
            float(np.linalg.norm(places - joints[:, joint], axis=-1).max())
            for places in like
            if len(places) == len(joints)
        ]
        if not far:
            return None
        worst = max(worst, min(far))
    return 100 * worst / unit


def validate(modules: Path | None, paths: Sequence[Path]) -> dict[Path, Counter[str]]:
    """The validator's errors by code; nothing without a validator."""
    if modules is None or not paths:
        return {}
    done = subprocess.run(["node", str(VALIDATE), str(modules), *map(str, paths)], check=True, capture_output=True)
    return {path: Counter(codes) for path, codes in zip(paths, json.loads(done.stdout))}


def measure(path: Path, client: BlenderClient, folder: Path, modules: Path | None) -> dict[str, Any]:
    """One file's row."""
    profile = load("demo").profile
    try:
        opened = open_asset(path, profile.collect.max_file_bytes)
        ask = Ask(client, path, folder)
        item = {"path": str(opened.put(folder)), "format": opened.format, "fps": FPS}
        found = ask(PROBE_ASSET, item)
        if found["kind"] == "motion":
            return {"refused": "no mesh"}
        rig = rig_from_bytes((folder / found["rig_file"]).read_bytes())
        motion = seeded_motion(rig)
        (folder / "seeded.npz").write_bytes(motion_to_bytes(motion))
        played = ask(
            PLAY_CLIP,
            item
            | {
                "clip_id": "clip",
                "armature": found["armature"],
                "start_frame": 0,
                "num_frames": FRAMES,
                "motion_path": str(folder / "seeded.npz"),
                "title": "moving",
                "write": ["glb", "fbx"],
            },
        )
    except UserError as error:
        return {"refused": error.why.partition(":")[0] or error.what}
    rest = (folder / played["glb"]).read_bytes()
    sources = {"file": opened.original, "canonical": opened.canonical, "blender": rest}
    row: dict[str, Any] = {"joints": rig.num_joints, "roots": int((rig.parents < 0).sum())}
    glb, bvh, fbx = folder / "out.glb", folder / "out.bvh", folder / played["fbx"]
    bvh.write_bytes(motion_file("bvh", rig, motion))
    before = folder / "before.glb"
    try:
        data, place = moving_glb(list(sources.values()), rig, motion, name="moving")
        row["from"] = list(sources)[place]
        before.write_bytes(sources[row["from"]])
        glb.write_bytes(data)
        row["kept"] = is_kept(before.read_bytes(), data)
        if modules is not None:
            copy, original = folder / "canonical.glb", folder / "original.glb"
            copy.write_bytes(opened.canonical if opened.format == "glb" else before.read_bytes())
            original.write_bytes(opened.original if opened.format == "glb" else before.read_bytes())
            codes = validate(modules, [before, glb, copy, original])
            row["errors"], row["new"] = codes[glb].total(), dict(codes[glb] - codes[before])
            row["canonical_new"] = dict(codes[copy] - codes[original])
    except NotAnimatable as error:
        row["from"] = str(error)
    written = [file for file in (glb, fbx, bvh) if file.exists()]
    seen = shown(folder, written)
    joints, _ = skeleton.forward(rig, motion)
    unit = max(height(rig), found["extent"])  # some rigs have all their joints in one place
    for file, names in ((glb, rig.names), (fbx, rig.names), (bvh, bvh_names(rig))):
        # A VRM 0.x faces the other way in Blender; its canonical copy is turned round.
        turned = file == glb and row["from"] == "file" and is_vrm0(parts(opened.original)[0])
        expected = joints * [-1, -1, 1] if turned else joints
        row[f"{file.suffix[1:]}_pct"] = farthest_pct(seen.get(file), names, expected, unit)
        if file == glb and glb.exists():
            row["gltf_pct"] = farthest_pct(evaluated(glb.read_bytes()), names, expected, unit)
    return row
