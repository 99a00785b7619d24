"""In which pose a GLB's skin was bound, where its nodes rest in another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.formats.glb_bind import posed_joints
from rigmill.types import Floats
from tests.support.files.posed_rests import adult, pose, rig_of

ROLLED = Rotation.from_euler("y", 24, degrees=True)


def apart_deg(turn: Floats, expected: Rotation) -> float:
    return float(np.degrees((Rotation.from_quat(turn, scalar_first=True) * expected.inv()).magnitude()))


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_head_that_rests_turned_is_read_in_the_axes_of_our_world(axis: str) -> None:
    turn = Rotation.from_euler(axis, 24, degrees=True)
    glb = pose(adult(), "head", turn)
    found = posed_joints(glb.to_bytes(), rig_of(glb))
    assert set(found) == {"head"} and apart_deg(found["head"], turn) < 0.1


def test_what_hangs_from_a_turned_joint_is_turned_with_it() -> None:
    glb = pose(pose(adult(), "neck", ROLLED), "head", ROLLED)
    found = posed_joints(glb.to_bytes(), rig_of(glb))
    assert apart_deg(found["neck"], ROLLED) < 0.1 and apart_deg(found["head"], ROLLED * ROLLED) < 0.1
    assert set(found) == {"neck", "head"}


def test_a_file_that_rests_as_it_is_bound_and_one_that_stands_elsewhere_say_nothing() -> None:
    glb = adult()
    assert posed_joints(glb.to_bytes(), rig_of(glb)) == {}
    whole = {"name": "turned", "children": list(glb.document["scenes"][0]["nodes"]), "rotation": [0, 0.6, 0, 0.8]}
    whole |= {"scale": [100.0] * 3}
    glb.document["scenes"][0]["nodes"] = [len(glb.document["nodes"])]
    glb.document["nodes"].append(whole)
    assert posed_joints(glb.to_bytes(), rig_of(glb)) == {}


def test_what_cannot_be_read_says_nothing() -> None:
    glb = pose(adult(), "head", ROLLED)
    rig = rig_of(glb)
    assert posed_joints(glb.to_bytes(), rig)
    accessor = glb.document["skins"][0]["inverseBindMatrices"]
    glb.document["accessors"][accessor]["componentType"] = 5130
    assert posed_joints(glb.to_bytes(), rig) == {}
    glb.document["accessors"][accessor] |= {"componentType": 5126, "bufferView": 99}
    assert posed_joints(glb.to_bytes(), rig) == {}
    del glb.document["skins"][0]["inverseBindMatrices"]
    assert posed_joints(glb.to_bytes(), rig) == {}
    assert posed_joints(b"no glTF at all", rig) == {}
    mirrored = pose(adult(), "head", ROLLED)
    mirrored.document["nodes"][mirrored.document["skins"][0]["joints"][0]]["scale"] = [-1.0, 1.0, 1.0]
    assert posed_joints(mirrored.to_bytes(), rig_of(mirrored)) == {}
