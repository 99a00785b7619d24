from __future__ import annotations

from pathlib import Path

import pytest

from curate.stages.retarget import RetargetStage
from rigmill.humanoid.families import SHIPPED, Family, read_families, shipped_families
from rigmill.humanoid.maps import Skeletons
from rigmill.humanoid.names import CANONICAL, REQUIRED, humanoid_joints, mapped_joints
from rigmill.outcomes import Kept, Rejected
from rigmill.pipeline import plans
from rigmill.types import Row
from tests.support.curation import Tables, body, demo_profile, plain_work
from tests.support.families import FAMILY, written
from tests.support.retargeting import probe_row, renamed

SIDES = ("Left", "Right")
_FINGERS = ("Thumb", "Index", "Middle", "Ring", "Pinky")
_TRUNK = ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head", "HeadTop_End")
_LIMBS = ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase", "Toe_End")


def mixamo(left: tuple[str, ...], right: tuple[str, ...], *, eyes: bool = False) -> list[str]:
    """The names of one of Mixamo's skeletons, with these fingers, four joints each."""
    names = [*_TRUNK, *(side + limb for side in SIDES for limb in _LIMBS)]
    names += [f"{side}Eye" for side in SIDES if eyes]
    for side, fingers in zip(SIDES, (left, right)):
        names += [f"{side}Hand{finger}{number}" for finger in fingers for number in (1, 2, 3, 4)]
    return names


# number of joints: names, and how many of them are canonical (all but ends of head, toes and fingers)
MIXAMO = {
    65: (mixamo(_FINGERS, _FINGERS), 52),
    67: (mixamo(_FINGERS, _FINGERS, eyes=True), 54),
    49: (mixamo(_FINGERS[:3], _FINGERS[:3]), 40),
    37: (mixamo((), ("Index", "Pinky", "Thumb")), 31),
    33: (mixamo(("Index",), ("Index",)), 28),
}


@pytest.mark.parametrize("count", MIXAMO)
@pytest.mark.parametrize("prefix", ["mixamorig:", "mixamorig12:", "mixamorig_", "Armature|mixamorig:", ""])
def test_every_skeleton_of_mixamo_is_mapped_whole_whatever_fingers_it_has(count: int, prefix: str) -> None:
    names, canonical = MIXAMO[count]
    assert len(names) == count
    # A root above, the ends that Blender's exporter adds, and a second skeleton with the same names change nothing.
    rig = ["root", *(prefix + name for name in names), *(f"{prefix}{name}_end" for name in names[-3:]), prefix + "Hips"]
    found = Skeletons().find(rig, {})
    assert found is not None and (found.source, len(found.joints)) == ("mixamo", canonical)
    assert {name: rig[joint] for name, joint in found.joints.items()} == {
        name: prefix + CANONICAL[name] for name in found.joints
    }
    assert found.joints["hips"] == 1 and set(REQUIRED) <= set(found.joints)
    assert mapped_joints(rig, found.declared(rig)) == found.joints


def test_the_numbers_that_sketchfab_appends_are_not_part_of_a_name() -> None:
    names, canonical = MIXAMO[65]
    rig = ["_rootJoint", *(f"mixamorig:{name}_0{number}" for number, name in enumerate(names))]
    found = Skeletons().find(rig, {})
    assert found is not None and len(found.joints) == canonical
    assert mapped_joints(rig, found.declared(rig)) == found.joints
    assert Skeletons().find([name.replace("mixamorig:", "") for name in rig[1:]], {}) is None  # no sign of Sketchfab
    own = [options[0] for options in family("unreal-4").joints.values()]
    unreal = ["_rootJoint", *(f"{name}_0{number}" for number, name in enumerate(own))]
    assert source_of(unreal) == "unreal-4"


def test_what_maya_escaped_in_names_is_read() -> None:
    own = family("rigify")
    names = ["DEF-" + options[0] for options in own.joints.values()]
    escaped = [name.replace("-", "FBXASC045").replace(".", "FBXASC046") for name in names]
    assert any("FBXASC046" in name for name in escaped)
    found = Skeletons().find(escaped, {})
    assert found is not None and (found.source, list(found.joints.values())) == ("rigify", list(range(len(names))))
    mixamo_names = ["mixamorigFBXASC058" + name for name in MIXAMO[65][0]]
    known = Skeletons().find(mixamo_names, {})
    assert known is not None and (known.source, len(known.joints)) == ("mixamo", MIXAMO[65][1])
    assert mapped_joints(mixamo_names, known.declared(mixamo_names)) == known.joints


def test_a_trunk_of_abdomen_abdomen2_and_chest_is_known() -> None:
    names = ["hip", "pelvis", "abdomen", "abdomen2", "chest", "neck", "head"]
    for side in "lr":
        names += [side + part for part in ("Collar", "Shldr", "ForeArm", "Hand", "Thigh", "Shin", "Foot", "Toe")]
    found = Skeletons().find(names, {})
    assert found is not None and (found.source, len(found.joints)) == ("daz-genesis-2", len(names) - 1)
    assert {part: names[found.joints[part]] for part in ("hips", "spine", "chest", "upperChest")} == {
        "hips": "hip",
        "spine": "abdomen",
        "chest": "abdomen2",
        "upperChest": "chest",
    }


def family(name: str) -> Family:
    return next(family for family in shipped_families() if family.name == name)


def source_of(names: list[str], declared: dict[str, str] | None = None) -> str | None:
    found = Skeletons().find(names, declared or {})
    return found.source if found else None


@pytest.mark.parametrize("shipped", [family.name for family in shipped_families()])
def test_every_shipped_family_knows_its_own_names_in_every_spelling(shipped: str) -> None:
    own = family(shipped)
    for prefix in own.prefixes:
        names = [prefix + options[0] for options in own.joints.values()]
        for rig in (names, [f"scene:{name.upper()}" for name in names], [name.replace(" ", "_") for name in names]):
            found = Skeletons().find(["Armature", *rig, "Tail"], {})
            assert found is not None and found.source == shipped
            assert list(found.joints.values()) == list(range(1, len(names) + 1))


@pytest.mark.parametrize("missing", ["hips", "leftUpperArm", "rightUpperLeg"])
def test_a_shipped_family_needs_hips_and_four_limbs_as_animals_have_some_of_its_names(missing: str) -> None:
    for own in shipped_families():
        names = [own.prefixes[0] + options[0] for name, options in own.joints.items() if name != missing]
        assert source_of(names) is None, own.name


def test_a_users_family_comes_first_then_a_vrm_block_then_names(tmp_path: Path) -> None:
    names = list(MIXAMO[65][0])
    block = {"hips": "Spine", "head": "Head"}
    assert source_of(names) == "mixamo" and source_of(names, block) == "vrm"
    document = FAMILY | {
        "joints": {"hips": "Hips"},
        "sides": ["Left", "Right"],
        "limbs": {
            "UpperArm": "<side>Arm",
            "LowerArm": "<side>ForeArm",
            "UpperLeg": "<side>UpLeg",
            "LowerLeg": "<side>Leg",
        },
    }
    skeletons = Skeletons(read_families(written(tmp_path, [document])))
    found = skeletons.find(names, block)
    assert found is not None and found.source == "mine" and set(found.joints) == set(REQUIRED)
    other = skeletons.find(["pelvis"], block)  # not of this family: the block counts
    assert other is not None and other.source == "vrm"


def test_of_several_families_the_one_that_knows_most_joints_counts(tmp_path: Path) -> None:
    small = FAMILY | {"name": "small"}
    large = FAMILY | {"name": "large", "limbs": FAMILY["limbs"] | {"Toes": "dedos <side>"}}
    twin = large | {"name": "twin"}
    names = ["pelvis", "craneo", "cabeza"]
    parts = ("brazo", "codo", "muslo", "pierna", "pie", "dedos")
    names += [f"{part} {side}" for part in parts for side in ("izq", "der")]
    skeletons = Skeletons(read_families(written(tmp_path, [small, large, twin])))
    found = skeletons.find(names, {})
    assert found is not None and found.source == "large"
    assert names[found.joints["head"]] == "cabeza"  # the first of the names that the family gives, not of the rig
    assert skeletons.find(names[:7], {}) is not None and skeletons.find(names[:4], {}) is None  # half, or it is not


def test_the_plan_takes_characters_of_all_kinds_and_hands_their_maps_to_the_job(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    known = body()
    rigify = renamed(
        known,
        {f"mixamorig:{CANONICAL[name]}": f"DEF-{options[0]}" for name, options in family("rigify").joints.items()},
    )
    rows = [probe_row(work, "dance", known, kind="motion", motions=1), probe_row(work, "r", rigify, kind="static")]
    stage = RetargetStage()
    (job,) = stage.plan(Tables({"probe": rows}), demo_profile())
    assert job.payload["motion"]["humanoid"] == {} and job.payload["character"]["humanoid"]["hips"] == "DEF-spine"
    (answer,) = stage.run([job], work)
    assert isinstance(answer.outcome, Kept) and answer.outcome.rows[0]["num_matched_joints"] == 24


def test_a_plan_that_was_kept_is_made_again_when_the_shipped_names_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rigmill" / "pipeline").mkdir(parents=True)
    (tmp_path / "curate" / "humanoid").mkdir(parents=True)
    monkeypatch.setattr(plans, "__file__", str(tmp_path / "rigmill" / "pipeline" / "plans.py"))
    digests = []
    for names in ("- name: a", "- name: b"):
        (tmp_path / "curate" / "humanoid" / SHIPPED.name).write_text(names)
        plans.code_digest.cache_clear()
        digests.append(plans.code_digest(("curate",), "curate.stages.retarget"))
    plans.code_digest.cache_clear()
    assert digests[0] != digests[1]


def test_another_file_of_names_redoes_the_rigs_that_it_says_something_else_of(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    known = body()
    strange = {name: f"knochen {number}" for number, name in enumerate(known.names)}
    rows = [
        probe_row(work, "dance", known, kind="motion", motions=1),
        probe_row(work, "plain", known, kind="static"),
        probe_row(work, "strange", renamed(known, strange), kind="static"),
    ]
    joints = {name: strange[known.names[joint]] for name, joint in humanoid_joints(known.names).items()}

    def jobs(document: list[Row]) -> dict[str, str]:
        path = written(tmp_path, document) if document else ""
        profile = demo_profile(retarget={"pairs_per_motion": 9, "skeletons": str(path)})
        return {job.input_id: job.key for job in RetargetStage().plan(Tables({"probe": rows}), profile)}

    without, with_it = jobs([]), jobs([{"name": "mine", "joints": joints}])
    assert len(without) == 1 and len(with_it) == 2 and without.items() < with_it.items()
    unused = {"name": "other", "joints": {name: f"other {name}" for name in REQUIRED}}
    assert jobs([{"name": "renamed", "joints": joints}, unused]) == with_it
    fewer = {name: joint for name, joint in joints.items() if name != "head"}
    changed = jobs([{"name": "mine", "joints": fewer}])
    assert changed.keys() == with_it.keys() and len(changed.items() - with_it.items()) == 1


def test_a_users_family_of_which_joints_are_missing_is_rejected_with_their_names(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    known = body()
    strange = {name: f"knochen {number}" for number, name in enumerate(known.names)}
    joints = {name: strange[known.names[joint]] for name, joint in humanoid_joints(known.names).items()}
    document = [{"name": "mine", "joints": joints | {"leftLowerLeg": "knochen 99"}}]
    profile = demo_profile(retarget={"skeletons": str(written(tmp_path, document))})
    rows = [probe_row(work, "strange", renamed(known, strange), kind="static")]
    stage = RetargetStage()
    (job,) = stage.plan(Tables({"probe": rows}), profile)
    (answer,) = stage.run([job], work)
    assert isinstance(answer.outcome, Rejected) and answer.outcome.code == "unmappable_skeleton"
    assert "missing: leftLowerLeg" in answer.outcome.message and "(mine)" in answer.outcome.message
