from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rigmill.errors import UserError
from rigmill.humanoid.families import KEYS, SHIPPED, Family, plain, read_families, shipped_families, user_families
from rigmill.humanoid.names import CANONICAL, PARENTS, REQUIRED
from tests.support.families import FAMILY, written
from tests.support.paths import ROOT


def test_sides_are_written_out_and_joints_come_from_the_hips_outwards(tmp_path: Path) -> None:
    (family,) = read_families(written(tmp_path, [FAMILY | {"detached": ["Foot", "head"], "prefixes": ["", "X_"]}]))
    assert family.joints["leftUpperArm"] == ("brazo izq",) and family.joints["rightFoot"] == ("pie der",)
    assert family.joints["head"] == ("cabeza", "craneo")
    assert list(family.joints) == [name for name in PARENTS if name in family.joints]
    assert family.detached == ("leftFoot", "rightFoot", "head") and family.prefixes == ("", "X_")
    assert Family.from_row(family.to_row()) == family


def test_without_a_file_there_are_no_families_of_a_user(tmp_path: Path) -> None:
    assert user_families("") == []
    (row,) = user_families(str(written(tmp_path, [FAMILY])))
    assert row["name"] == "mine" and row["joints"]["hips"] == ["pelvis"]


def test_what_is_only_for_readers_changes_no_settings(tmp_path: Path) -> None:
    told = user_families(str(written(tmp_path, [FAMILY | {"about": "a pack"}])))
    assert told == user_families(str(written(tmp_path, "# a remark\n" + yaml.safe_dump([FAMILY]))))


@pytest.mark.parametrize(
    ("document", "says", "fix"),
    [
        ([FAMILY | {"joint": {}}], "family 'mine', key 'joint': there is no such key", "'joints'"),
        ([FAMILY | {"joints": {"hip": "pelvis"}}], "key 'joints.hip'", "did you mean 'hips'?"),
        ([FAMILY | {"limbs": FAMILY["limbs"] | {"LowArm": "x <side>"}}], "key 'limbs.LowArm'", "'LowerArm'"),
        ([FAMILY | {"limbs": FAMILY["limbs"] | {"Hand": "mano"}}], "a name without <side>", "write <side>"),
        ([FAMILY | {"joints": {"head": "x"}}], "hips not named", "name their joints"),
        ([FAMILY | {"limbs": {"UpperArm": "a <side>"}}], "leftLowerArm", "name their joints"),
        ([FAMILY | {"joints": {"hips": "pelvis", "leftFoot": "x"}}], "leftFoot is also under joints", "one of the two"),
        ([FAMILY | {"joints": {"hips": "pelvis", "head": "Pelvis"}}], "'pelvis' is also named for head", "once"),
        ([FAMILY | {"joints": {"hips": True}}], "key 'joints.hips': a name or a list", "quotes"),
        ([FAMILY | {"joints": {"hips": []}}], "key 'joints.hips': the list is empty", "name a joint"),
        ([FAMILY | {"joints": ["hips"]}], "key 'joints': a mapping", "canonical name: joint name"),
        ([FAMILY | {"sides": ["l", "l"]}], "key 'sides': two different words", "[l, r]"),
        ([FAMILY | {"detached": ["Tail"]}], "'Tail' is none of the family's joints", ""),
        ([FAMILY, FAMILY], "two families are called 'mine'", "rename"),
        ([{"joints": {}}], "family 1 has no name", "- name:"),
        (FAMILY, "no list of families", "- name:"),
        ([], "no list of families", "- name:"),
        ("- name: [", "names.yaml", "correct the YAML"),
        ("[" * 5000, "names.yaml", "correct the YAML"),
        ("!!python/object/apply:os.getcwd []", "names.yaml", "correct the YAML"),
    ],
)
def test_a_mistake_is_told_with_file_family_key_and_what_to_do(
    tmp_path: Path, document: Any, says: str, fix: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_families(written(tmp_path, document))
    text = caught.value.render()
    assert "names.yaml" in text and says in text and fix in caught.value.fix, text
    assert caught.value.code == "E240" and caught.value.fix


_WORDS = st.sampled_from(["", "hips", "UpperArm", "leftHand", "<side>", "a_<side>", "l", "r"])
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(entry=st.dictionaries(st.sampled_from(KEYS), _ANYTHING), keep=st.sets(st.sampled_from(KEYS)))
def test_whatever_a_file_holds_it_is_understood_or_a_mistake_that_a_person_can_mend(
    entry: dict[str, Any], keep: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    family = entry | {key: value for key, value in FAMILY.items() if key in keep}
    path = written(tmp_path_factory.getbasetemp(), [family])
    try:
        read_families(path)
    except UserError as error:
        assert error.fix and error.why


def test_a_file_that_is_not_there_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml") as caught:
        user_families(str(tmp_path / "nowhere.yaml"))
    assert "No such file" in caught.value.why and "retarget.skeletons" in caught.value.fix


def test_names_are_the_same_whatever_exporters_do_to_case_spaces_and_namespaces() -> None:
    same = ["Bip01 L Thigh", "bip01_l_thigh", "Bip01.L-Thigh", "scene:Bip01_L_Thigh", "Armature|a:BIP01 L THIGH"]
    assert {plain(name) for name in same} == {"bip01_l_thigh"}
    assert plain("Bip01 L Thigh1") not in {plain(name) for name in same}


def test_every_part_of_a_body_comes_after_the_one_above_it() -> None:
    assert set(PARENTS) == {*CANONICAL, "jaw"}
    seen = {""}
    for name, above in PARENTS.items():
        assert above in seen, name
        seen.add(name)
    assert PARENTS["leftUpperArm"] == "leftShoulder" and PARENTS["rightThumbDistal"] == "rightThumbProximal"


def test_every_shipped_family_says_what_it_is_and_names_a_whole_body() -> None:
    families = shipped_families()
    assert len(families) == len(yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))) >= 15
    for family in families:
        assert len(family.about) > 10, family.name
        assert set(REQUIRED) <= set(family.joints) <= {*CANONICAL, "jaw"}, family.name
        lefts = {name.removeprefix("left") for name in family.joints if name.startswith("left")}
        assert lefts == {name.removeprefix("right") for name in family.joints if name.startswith("right")}, family.name


PAGE = (ROOT / "docs" / "humanoids.md").read_text(encoding="utf-8")


def test_the_documented_table_of_families_is_the_shipped_one() -> None:
    table = PAGE.partition("## Families")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    assert [(row[0][2:], row[1].removesuffix(" |")) for row in rows] == [
        (f"`{family.name}`", family.about) for family in shipped_families()
    ]


def test_the_documented_example_is_a_file_that_is_understood(tmp_path: Path) -> None:
    (family,) = read_families(written(tmp_path, PAGE.partition("```yaml\n")[2].partition("```")[0]))
    assert family.joints["leftToes"] == ("Toe_L",) and family.detached == ("leftFoot", "rightFoot")
