"""What rigs are taken for, by names and by shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.captions.rigs import Made, rigs
from rigmill.facts.anatomy import Anatomies
from rigmill.facts.names import end_of, part_of, side_of, tokens
from rigmill.types import Rig

RIGS = {made.name: made for made in rigs()}


def anatomy(made: Made, rig: Rig | None = None):
    return Anatomies().find(rig or made.rig, made.humanoid)


@pytest.mark.parametrize("name", RIGS)
def test_a_rig_is_what_it_was_made_as(name: str) -> None:
    made = RIGS[name]
    found = anatomy(made)
    assert found.kind == made.kind
    assert (found.front is not None) is made.front_known
    if found.front is not None and found.left is not None:
        np.testing.assert_allclose(found.front, made.turn.apply([0.0, -1.0, 0.0]), atol=0.02)
        np.testing.assert_allclose(found.left, made.turn.apply([1.0, 0.0, 0.0]), atol=0.02)
    assert found.height == pytest.approx(made.height, rel=0.12)


@pytest.mark.parametrize("name", [name for name, made in RIGS.items() if made.kind != "articulated"])
def test_limbs_are_called_by_their_side_and_place(name: str) -> None:
    made = RIGS[name]
    found = {limb.part: limb for limb in anatomy(made).limbs}
    for part, roles in made.limbs.items():
        assert part in found, (part, sorted(found))
        joints = {made.roles[role] for role in roles}
        assert joints & set(found[part].chain), part


@pytest.mark.parametrize("name", ["mixamo", "dog", "bat"])
def test_without_names_the_shape_tells_the_same(name: str) -> None:
    made = RIGS[name]
    bare = replace(made.rig, names=tuple(f"joint{number}" for number in range(made.rig.num_joints)))
    named, shaped = anatomy(made), anatomy(made, bare)
    assert shaped.kind is named.kind
    assert shaped.front is not None and named.front is not None
    np.testing.assert_allclose(shaped.front, named.front, atol=0.02)
    assert {limb.part for limb in shaped.limbs} >= set(made.limbs)


def test_feet_that_hang_from_the_root_are_worn_by_their_legs() -> None:
    made = RIGS["dog"]
    parents = made.rig.parents.copy()
    for leg in ("leftFront", "rightFront", "leftHind", "rightHind"):
        parents[made.roles[f"{leg}Foot"]] = -1
    found = anatomy(made, replace(made.rig, parents=parents))
    assert found.kind == "quadruped" and len(found.feet) == 4
    ends = {limb.part: limb.end for limb in found.limbs}
    assert ends["left hind leg"] == made.roles["leftHindFoot"]


def test_a_mirrored_file_is_read_by_its_shape() -> None:
    """Negative scales exchange the sides that names speak of; head and tail do not."""
    made = RIGS["dog"]
    found = anatomy(made, replace(made.rig, rest_joints=made.rig.rest_joints * [-1.0, 1.0, 1.0]))
    assert found.front is not None
    np.testing.assert_allclose(found.front, [0.0, -1.0, 0.0], atol=0.02)


def test_words_of_names() -> None:
    assert tokens("b_RightForeArm_07") == ("b", "right", "fore", "arm", "07")
    assert [part_of(name) for name in ("Bip01 L Foot", "wheels.001", "leftarm_19", "Bone.003", "pear")] == [
        "leg",
        "wheel",
        "arm",
        "",
        "",
    ]
    assert [side_of(name) for name in ("wing_1.L", "FrontUpLeg.R", "leftarm", "Lever", "Root")] == [
        "left",
        "right",
        "left",
        "",
        "",
    ]
    assert [end_of(name) for name in ("BackFoot.L", "FrontUpLeg.R", "Foot")] == ["hind", "front", ""]
