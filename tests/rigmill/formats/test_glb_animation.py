from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.exporting.measures import evaluated
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.glb_animation import animated_glb
from rigmill.rigs import skeleton
from rigmill.types import Floats, Motion, Rig
from tests.support.files.animated_glbs import TINY, parts, tiny_glb
from tests.support.paths import ROOT

FPS = 16


def heads_in_blender(source: Path, target: Path) -> dict[str, Floats]:
    script = ROOT / "tests" / "support" / "blender" / "heads.py"
    subprocess.run([sys.executable, str(script), str(source), str(target), str(FPS)], check=True, capture_output=True)
    with np.load(target) as npz:
        return {name: npz[name] for name in npz.files}


def random_motion(num_frames: int, num_joints: int) -> Motion:
    rng = np.random.default_rng(0)
    rotations = Rotation.from_rotvec(rng.normal(scale=0.4, size=(num_frames * num_joints, 3)))
    return Motion(
        rotations=np.roll(rotations.as_quat(), 1, axis=-1).reshape(num_frames, num_joints, 4),
        translations=rng.normal(scale=0.05, size=(num_frames, num_joints, 3)),
        fps=float(FPS),
    )


@pytest.mark.corpus
@pytest.mark.blender
@pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="RIGMILL_CORPUS is not set")
@pytest.mark.parametrize("name", ["Fox.glb", "CesiumMan.glb", "RiggedFigure.glb", "RiggedSimple.glb"])
def test_blender_sees_the_motion_in_the_written_file(name: str, tmp_path: Path) -> None:
    source = Path(os.environ["RIGMILL_CORPUS"]) / "khronos" / name
    seen = heads_in_blender(source, tmp_path / "source.npz")
    extent = float(np.ptp(seen["rest"], axis=0).max())
    scale, offset = 1 / extent, seen["rest"].mean(axis=0)
    rig = Rig(
        names=tuple(str(value) for value in seen["names"]),
        parents=seen["parents"].astype(np.int32),
        rest_joints=(seen["rest"] - offset) * scale,
    )
    motion = random_motion(6, rig.num_joints)
    written = animated_glb(source.read_bytes(), rig, motion, scale=scale, offset=offset)
    assert written is not None
    (tmp_path / "written.glb").write_bytes(written)
    again = heads_in_blender(tmp_path / "written.glb", tmp_path / "written.npz")
    assert list(again["names"]) == list(seen["names"])
    expected, _ = skeleton.forward(rig, motion)
    assert again["frames"].shape == expected.shape
    assert np.abs((again["frames"] - offset) * scale - expected).max() < 1e-4


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="RIGMILL_CORPUS is not set")
def test_the_source_buffer_is_kept_byte_for_byte() -> None:
    source = (Path(os.environ["RIGMILL_CORPUS"]) / "khronos" / "Fox.glb").read_bytes()
    document, binary = parts(source)
    skin = document["skins"][0]
    root = document["nodes"][skin["joints"][0]]["name"]
    rig = Rig(names=(root,), parents=np.array([-1], dtype=np.int32), rest_joints=np.zeros((1, 3)))
    written = animated_glb(source, rig, random_motion(3, 1), scale=1.0, offset=np.zeros(3))
    assert written is not None
    new_document, new_binary = parts(written)
    assert new_binary.startswith(binary.rstrip(b"\0"))
    old_views, new_views = document["bufferViews"], new_document["bufferViews"]
    assert new_views[: len(old_views)] == old_views
    assert new_document["meshes"] == document["meshes"] and new_document["skins"] == document["skins"]
    assert [item["name"] for item in new_document["animations"]] == ["reconstructed"]


def test_a_file_without_buffers_and_with_a_matrix_and_repeated_names_can_be_animated() -> None:
    quarter = np.roll(Rotation.from_euler("z", 90, degrees=True).as_quat(), 1)
    rotations = np.tile([1.0, 0, 0, 0], (2, 2, 1))
    rotations[1, 0] = quarter
    translations = np.zeros((2, 2, 3))
    translations[1, 0] = [0, 0, 0.25]
    motion = Motion(rotations=rotations, translations=translations, fps=8.0)
    written = animated_glb(tiny_glb(), TINY, motion, scale=1.0, offset=np.zeros(3))
    assert written is not None
    document, binary = parts(written)
    assert "matrix" not in document["nodes"][2]
    values = {}
    for channel in document["animations"][0]["channels"]:
        sampler = document["animations"][0]["samplers"][channel["sampler"]]
        accessor = document["accessors"][sampler["output"]]
        view = document["bufferViews"][accessor["bufferView"]]
        data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        values[channel["target"]["node"], channel["target"]["path"]] = np.frombuffer(data, "<f4").reshape(2, -1)
    # By hand: +0.25 along our z is glTF +Y, which is the holder's local +Z at half its size.
    assert np.allclose(values[1, "translation"], [[0, 1, 0], [0, 1, 0.5]], atol=1e-6)
    # A quarter turn about our z is one about glTF's y, and about the holder's local z.
    turn = Rotation.from_quat(values[1, "rotation"]).as_rotvec(degrees=True)
    assert np.allclose(turn, [[0, 0, 0], [0, 0, 90]], atol=1e-4)
    assert np.allclose(np.abs(values[2, "rotation"]), [[0, 0, 0, 1]] * 2, atol=1e-6)
    assert animated_glb(tiny_glb(), TINY, motion, scale=1.0, offset=np.zeros(3)) == written


def test_a_file_that_is_not_a_glb_gives_none() -> None:
    assert animated_glb(b"Kaydara FBX Binary  \0", TINY, random_motion(2, 2), scale=1.0, offset=np.zeros(3)) is None


def test_a_rig_of_another_file_is_refused_by_joint_name() -> None:
    moved = Rig(names=TINY.names, parents=TINY.parents, rest_joints=TINY.rest_joints + [[0, 0, 0], [0.3, 0, 0]])
    with pytest.raises(NotAnimatable, match="joint.001"):
        animated_glb(tiny_glb(), moved, random_motion(2, 2), scale=1.0, offset=np.zeros(3))


def test_under_uneven_scales_joints_are_exact_where_no_turn_could_be() -> None:
    """glTF knows no shear: what a turned bone below an uneven scale would need is left out; no joint moves by it."""
    document, binary = parts(tiny_glb() + struct.pack("<II", 0, 0x004E4942))
    document["nodes"][0]["scale"] = [0.5, 1.0, 2.0]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    source = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text
    # The joint's local (0, 1, 0) and (0, 2, 0) are glTF's -z; Blender's y is their opposite: 1 and 3 up along y.
    rig = Rig(names=TINY.names, parents=TINY.parents, rest_joints=np.array([[0, 1.0, 0], [0, 3.0, 0]]))
    motion = random_motion(4, 2)
    written = animated_glb(source, rig, motion, scale=1.0, offset=np.zeros(3))
    assert written is not None
    expected, _ = skeleton.forward(rig, motion)
    seen = evaluated(written)
    for joint, node in enumerate((1, 2)):
        assert np.abs(seen[f"{node}/joint"] - expected[:, joint]).max() < 1e-6
    assert binary == b""


def test_a_vrm_of_the_old_kind_moves_as_its_turned_canonical_file_does() -> None:
    """Its file faces the other way than its canonical copy, which the rig and the motion are read from."""
    document, _ = parts(tiny_glb() + struct.pack("<II", 0, 0x004E4942))
    document["extensions"] = {"VRM": {}}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    source = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text
    around = np.array([-1, -1, 1])
    turned = Rig(names=TINY.names, parents=TINY.parents, rest_joints=TINY.rest_joints * around)
    motion = random_motion(4, 2)
    written = animated_glb(source, turned, motion, scale=1.0, offset=np.zeros(3))
    assert written is not None
    expected, _ = skeleton.forward(turned, motion)
    seen = evaluated(written)
    for joint, node in enumerate((1, 2)):
        assert np.abs(seen[f"{node}/joint"] * around - expected[:, joint]).max() < 1e-6


def test_a_bone_and_a_mesh_of_one_name_and_place_are_told_apart_by_the_skin() -> None:
    document, _ = parts(tiny_glb() + struct.pack("<II", 0, 0x004E4942))
    document["nodes"][0]["children"] = [3, 1]
    document["nodes"].append({"name": "joint", "translation": [0, 1, 0], "mesh": 0})
    document["meshes"] = [{"primitives": []}]
    document["skins"] = [{"joints": [1, 2]}]
    document["nodes"][1]["translation"] = [0, 1 + 1e-7, 0]  # the mesh is the nearer one
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    source = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text
    written = animated_glb(source, TINY, random_motion(2, 2), scale=1.0, offset=np.zeros(3))
    assert written is not None
    targets = {channel["target"]["node"] for channel in parts(written)[0]["animations"][0]["channels"]}
    assert targets == {1, 2}
