"""Which bone of Blender's import a node is, and where a VRM faces: our word against Blender's own."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from curate.gate.gltf_json import parse, split_glb
from curate.vrm.block import read_vrm
from curate.vrm.nodes import bones_of_armatures, joint_of_node
from tests.support.blender.calls import blender, corpus

pytestmark = pytest.mark.blender


def plain_glb(path: Path, document: dict[str, Any], binary: bytes = b"") -> Path:
    """A GLB of the document without its VRM extensions, which Blender refuses where they are required."""
    document = {key: value for key, value in document.items() if key not in ("extensions", "extensionsRequired")}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    return path


def skeleton(names: list[str | None], *, parents: list[int], skins: list[list[int]]) -> dict[str, Any]:
    """A document of nodes that each stand 10 cm over their parent, and skins without weights over some of them."""
    nodes: list[dict[str, Any]] = [
        {"translation": [0, 0.1, 0]} | ({} if name is None else {"name": name}) for name in names
    ]
    for child, parent in enumerate(parents):
        if parent >= 0:
            nodes[parent].setdefault("children", []).append(child)
    roots = [index for index, parent in enumerate(parents) if parent < 0]
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": roots}],
        "nodes": nodes,
        "skins": [{"joints": joints} for joints in skins],
    }


def test_blender_names_bones_as_we_foresee(tmp_path: Path) -> None:
    long, wide = "a" * 70, "骨" * 30  # 63 bytes hold 21 of these
    documents = [
        # the same name in every branch, a number that is taken, none, and an empty one
        skeleton(
            ["r", "b", "b", "b.001", "b", "b.007", "b.007", None, "", "b.0099", "b.0099", "b."],
            parents=[-1, 0, 1, 1, 0, 4, 5, 0, 7, 8, 9, 10],
            skins=[list(range(1, 12))],
        ),
        # (a cut inside a character makes the importer fail, so the canonical file has none)
        skeleton(
            [long, long + "x", long + "y", wide, wide + "b", long[:60] + ".001", long[:60] + ".001"],
            parents=[-1, 0, 1, 2, 3, 4, 5],
            skins=[list(range(7))],
        ),
        # joints without a common node above, a joint under a plain node, and a second skeleton with the same names
        skeleton(["a", "a", "plain", "a", "s", "a", "b"], parents=[-1, -1, 0, 2, -1, 4, 5], skins=[[0, 1, 3]]),
        skeleton(["one", "h", "h", "two", "h", "h"], parents=[-1, 0, 1, -1, 3, 4], skins=[[1, 2], [4, 5]]),
        skeleton(["one", "h", "h", "k"], parents=[-1, 0, 1, 1], skins=[[1, 2], [2, 3]]),
        skeleton(["one", "h", "h", "k"], parents=[-1, 0, 1, 2], skins=[[3], [2, 3], [1]]),
    ]
    paths = [str(plain_glb(tmp_path / f"{index}.glb", document)) for index, document in enumerate(documents)]
    theirs = blender("bones", {"paths": paths})
    for document, armatures in zip(documents, theirs):
        ours = bones_of_armatures(document)
        assert sorted(sorted(names.values()) for names in ours) == sorted(sorted(names) for names in armatures.values())
    # Not the set of names alone: every node stands at a height of its own along a chain.
    for document, armatures in zip(documents[:2], theirs[:2]):
        (names,), (places,) = bones_of_armatures(document), armatures.values()
        depth = _depths(document)
        assert len(names) > 5
        for node, name in names.items():
            assert places[name][2] == pytest.approx(0.1 * depth[node], abs=1e-5), name


def _depths(document: dict[str, Any]) -> dict[int, int]:
    depth = {node: 1 for node in document["scenes"][0]["nodes"]}
    pending = list(depth)
    while pending:
        node = pending.pop()
        for child in document["nodes"][node].get("children", []):
            depth[child] = depth[node] + 1
            pending.append(child)
    return depth


VRM_FILES = {  # file: version, bones that the block names (counted in the JSON by hand)
    "vrm/cool_loops.vrm": ("0.x", 50),
    "vrm/cryptovoxels.vrm": ("0.x", 43),
    "vrm/Godette_vrm_v4.vrm": ("0.x", 45),
    "vrm/sphere.vrm": ("0.x", 22),
    "corrupt/extensions_required.vrm": ("0.x", 17),
    "vrm/Example.vrm": ("1.0", 53),
    "vrm/basic_armature_vrm1.vrm": ("1.0", 53),
    "vrm/springbone_collider_capsule_x0p02_r0p1.vrm": ("1.0", 19),
    "derived/vrm1_conformance_extreq_stripped.vrm": ("1.0", 19),
}


@pytest.mark.corpus
def test_every_bone_that_a_vrm_declares_is_found_and_the_model_faces_as_its_version_says(tmp_path: Path) -> None:
    blocks, documents, paths = [], [], []
    for index, (name, (version, num_bones)) in enumerate(VRM_FILES.items()):
        text, binary = split_glb(corpus(name).read_bytes())
        document = parse(text)
        block = read_vrm(document)
        assert block is not None and (block.version, len(block.humanoid)) == (version, num_bones), name
        blocks.append(block)
        documents.append(document)
        paths.append(str(plain_glb(tmp_path / f"{index}.glb", document, bytes(binary or b""))))
    for name, block, document, armatures in zip(VRM_FILES, blocks, documents, blender("bones", {"paths": paths})):
        (places,) = armatures.values()
        joints = joint_of_node(document, list(places))
        if "conformance" in name or "springbone" in name:
            # Its skin has the four spring joints alone; the body is made of empty nodes, which are no rig.
            swinging = {spring.node for spring in block.springs}
            assert set(joints) == swinging | {block.springs[-1].end} and len(joints) == 4
            continue
        assert set(block.humanoid.values()) <= set(joints), name
        assert all(joints[node] == document["nodes"][node]["name"] for node in block.humanoid.values()), name
        left, right = (places[joints[block.humanoid[f"{side}UpperLeg"]]] for side in ("left", "right"))
        left_is_at_plus_x = left[0] > right[0]
        assert left_is_at_plus_x == (block.facing == "-y"), name
