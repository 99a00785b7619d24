from __future__ import annotations

import json
import math
import os
import random
from pathlib import Path
from typing import Any

import pytest

from curate.gate.gltf_json import parse, split_glb
from curate.vrm.block import Vrm, read_vrm
from curate.vrm.licence import Terms, terms
from rigmill.licences.rights import Rights
from rigmill.outcomes import Refusal, Reject

NODES = [{"name": f"n{index}"} for index in range(9)]


def old(meta: dict[str, Any] | None = None, **block: Any) -> dict[str, Any]:
    return {"asset": {"version": "2.0"}, "nodes": NODES, "extensions": {"VRM": {"meta": meta or {}, **block}}}


def new(meta: dict[str, Any] | None = None, *, springs: Any = None, **block: Any) -> dict[str, Any]:
    extensions = {"VRMC_vrm": {"specVersion": "1.0", "meta": meta or {}, **block}}
    if springs is not None:
        extensions["VRMC_springBone"] = {"springs": springs}
    return {"asset": {"version": "2.0"}, "nodes": NODES, "extensions": extensions}


def read(document: dict[str, Any]) -> Vrm:
    block = read_vrm(document)
    assert block is not None
    return block


def said(document: dict[str, Any]) -> Terms:
    return terms(read(document))


def corpus_terms(name: str) -> tuple[Vrm, Terms, list[str]]:
    root = os.environ.get("RIGMILL_CORPUS")
    if not root:
        pytest.skip("RIGMILL_CORPUS is not set")
    document = parse(split_glb((Path(root) / name).read_bytes())[0])
    block = read(document)
    return block, terms(block), [node.get("name") for node in document["nodes"]]


def test_a_file_without_a_block_has_none() -> None:
    assert read_vrm({"asset": {"version": "2.0"}}) is None
    animation = {"asset": {"version": "2.0"}, "extensions": {"VRMC_vrm_animation": {"specVersion": "1.0"}}}
    assert read_vrm(animation) is None


def test_the_thumbs_of_0x_move_one_joint_inwards_and_those_of_1_0_stay() -> None:
    parts = ("Proximal", "Intermediate", "Distal")
    bones = [{"bone": f"leftThumb{part}", "node": node} for node, part in enumerate(parts)]
    block = read(old(humanoid={"humanBones": bones}))
    assert block.humanoid == {"leftThumbMetacarpal": 0, "leftThumbProximal": 1, "leftThumbDistal": 2}
    named = {"leftThumbMetacarpal": {"node": 4}, "leftThumbProximal": {"node": 5}, "leftThumbDistal": {"node": 6}}
    assert read(new(humanoid={"humanBones": named})).humanoid == {bone: value["node"] for bone, value in named.items()}


def test_bones_that_do_not_exist_are_left_out_and_the_first_of_two_counts() -> None:
    bones = [
        {"bone": "hips", "node": 1},
        {"bone": "hips", "node": 2},
        {"bone": "spine", "node": 1},
        {"bone": "head", "node": -1},
        {"bone": "neck", "node": 9},
        {"bone": "chest", "node": True},
        {"bone": "jaw", "node": "3"},
        {"bone": "tail", "node": 3},
        {"bone": ["hips"], "node": 3},
        "leftHand",
        None,
    ]
    assert read(old(humanoid={"humanBones": bones})).humanoid == {"hips": 1}


def ends(document: dict[str, Any]) -> dict[int, int | None]:
    return {spring.node: spring.end for spring in read(document).springs}


def test_springs_of_0x_mean_whole_chains_and_those_of_1_0_every_joint_but_the_last() -> None:
    document = old(secondaryAnimation={"boneGroups": [{"bones": [1, 99]}, {"bones": [5]}, {}]})
    document["nodes"] = [{}, {"children": [2, 3]}, {"children": [4]}, {}, {"children": [1]}, {}, {}]
    assert ends(document) == {1: 2, 2: 4, 3: None, 4: 1, 5: None}  # and the circle ends
    springs = [{"joints": [{"node": 3}, {"node": 1}, {"node": -1}, {}, {"node": 2}]}, {"joints": [{"node": 3}]}]
    assert ends(new(springs=springs)) == {3: 1, 1: 2}
    twice = [{"joints": [{"node": 3}, {"node": 1}]}, {"joints": [{"node": 3}, {"node": 2}]}]
    assert ends(new(springs=twice)) == {3: 1}  # the first counts


def test_numbers_of_springs_have_the_formats_defaults_and_stay_within_limits() -> None:
    def spring(**joint: Any) -> tuple[float, float, tuple[float, float, float]]:
        (found,) = read(new(springs=[{"joints": [{"node": 1, **joint}, {"node": 2}]}])).springs
        assert all(math.isfinite(value) for value in (found.stiffness, found.drag, *found.gravity))
        return found.stiffness, found.drag, found.gravity

    assert spring() == (1.0, 0.5, (0.0, 0.0, 0.0))
    assert spring(stiffness=2, dragForce=0.1, gravityPower=3) == (2.0, 0.1, (0.0, -3.0, 0.0))
    assert spring(stiffness=-1, dragForce=9, gravityPower=1, gravityDir=[0, 0, 4]) == (0.0, 1.0, (0.0, 0.0, 1.0))
    assert spring(stiffness=math.inf, dragForce=math.nan, gravityPower=10**400) == (1e3, 0.5, (0.0, -1e3, 0.0))
    assert spring(stiffness="2", dragForce=True, gravityPower=1, gravityDir=[0, 0, 0]) == (1.0, 0.5, (0.0, 0.0, 0.0))
    assert spring(gravityPower=1, gravityDir=[1, 0]) == (1.0, 0.5, (0.0, -1.0, 0.0))
    assert spring(gravityPower=1, gravityDir=[math.nan, math.inf, {}])[2] == (0.0, 1.0, 0.0)
    group = {"bones": [1], "stiffiness": 3, "dragForce": 0.2, "gravityPower": 1, "gravityDir": {"x": 2, "y": 0, "z": 0}}
    (old_one,) = read(old(secondaryAnimation={"boneGroups": [group, {"bones": [1], "stiffiness": 9}]})).springs
    assert (old_one.stiffness, old_one.drag, old_one.gravity) == (3.0, 0.2, (1.0, 0.0, 0.0))


def test_1_0_counts_where_a_file_carries_both_blocks() -> None:
    document = new({"name": "both"})
    document["extensions"]["VRM"] = {"meta": {"title": "old"}}
    block = read(document)
    assert (block.version, block.facing, terms(block).title) == ("1.0", "-y", "both")
    assert read(old()).facing == "+y"


def test_absent_flags_of_1_0_have_the_strict_values_of_the_format() -> None:
    strict = Rights(
        may_train=False,
        may_modify=False,
        may_share_asset=False,
        may_share_motion=False,
        may_share_renders=False,
        needs_credit=True,
        share_alike=False,
        non_commercial=True,
    )
    assert said(new({})).rights == strict
    nonsense = {"avatarPermission": 3, "modification": "all", "allowRedistribution": "true", "creditNotation": None}
    assert said(new(nonsense)).rights == strict


def test_open_flags_of_1_0_leave_only_training_to_be_decided() -> None:
    meta = {
        "avatarPermission": "everyone",
        "modification": "allowModificationRedistribution",
        "allowRedistribution": True,
        "creditNotation": "unnecessary",
        "commercialUsage": "corporation",
    }
    assert said(new(meta)).rights == Rights(
        may_train=None,
        may_modify=True,
        may_share_asset=True,
        may_share_motion=True,
        may_share_renders=True,
        needs_credit=False,
        share_alike=False,
        non_commercial=False,
    )
    # The file may be passed on, but not what is made of it.
    kept = said(new(meta | {"modification": "allowModification"})).rights
    assert (kept.may_modify, kept.may_share_asset) == (True, False)
    assert said(new(meta | {"commercialUsage": "personalProfit"})).rights.non_commercial is True
    assert said(new(meta | {"otherLicenseUrl": "https://example.org/mine"})).rights.share_alike is None


def test_0x_says_nothing_by_silence() -> None:
    assert said(old({})).rights == Rights()
    assert said(old({})).licence == "unknown"
    only = said(old({"allowedUserName": "OnlyAuthor", "commercialUssageName": "Disallow"})).rights
    assert only == Rights(may_train=False, may_share_renders=False, non_commercial=True)


def test_the_stricter_of_flags_licence_and_hub_address_counts() -> None:
    hub = "https://hub.vroid.com/license?characterization_allowed_user=everyone&modification=disallow&credit=necessary"
    found = said(old({"licenseName": "CC0", "allowedUserName": "Everyone", "otherPermissionUrl": hub}))
    assert found.licence == "CC0-1.0"
    assert (found.rights.may_train, found.rights.may_modify, found.rights.needs_credit) == (True, False, True)
    author = said(old({"licenseName": "CC0", "allowedUserName": "OnlyAuthor"}))
    assert author.rights.may_train is False and author.rights.may_share_renders is False
    elsewhere = hub.replace("hub.vroid.com", "hub.vroid.com.example.org")
    assert said(old({"licenseName": "Other", "otherPermissionUrl": elsewhere})).rights == Rights()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("redistribution=allow&modification=allow", True),
        ("redistribution=allow&modification=disallow", False),
        ("redistribution=disallow&modification=allow", False),
        ("redistribution=allow", None),
        ("credit=x", None),
        ("redistribution=default&modification=default", None),
    ],
)
def test_a_hub_address_shares_a_mesh_only_where_changed_copies_may_be_shared(query: str, expected: bool | None) -> None:
    meta = {"licenseName": "Other", "otherPermissionUrl": "https://hub.vroid.com/license?" + query}
    assert said(old(meta)).rights.may_share_asset is expected
    assert said(old(meta)).licence == "LicenseRef-VRoid-Hub"


def test_a_strangers_words_become_one_line_of_bounded_length() -> None:
    meta = {"title": "a\x00b\n\u202ec\ud800" + "x" * 999, "author": "undefined", "licenseName": "\ud83d" * 9}
    found = said(old(meta))
    assert found.title.startswith("a b c xxx") and len(found.title) == 200
    assert found.author == "" and found.attribution == ""
    for text in (found.title, found.licence, found.licence_raw, found.licence_url):
        text.encode()
    assert said(new({"authors": ["A", 3, "undefined", "B"], "name": "N"})).attribution == "N by A, B"
    assert said(new({"licenseUrl": "javascript:alert(1)"})).licence_url == ""
    assert len(said(old({"reference": "y" * 10**6})).licence_raw) == 4000


@pytest.mark.parametrize(
    "document",
    [
        {"extensions": []},
        {"nodes": {}, "extensions": {}},
        {"nodes": [3], "extensions": {"VRM": {}}},
        {"extensions": {"VRM": 1}},
        {"extensions": {"VRMC_vrm": "x"}},
        {"extensions": {"VRM": {"meta": []}}},
        {"extensions": {"VRM": {"humanoid": []}}},
        {"extensions": {"VRM": {"humanoid": {"humanBones": {"hips": 1}}}}},
        {"extensions": {"VRMC_vrm": {"humanoid": {"humanBones": []}}}},
        {"extensions": {"VRMC_vrm": {}, "VRMC_springBone": {"springs": 5}}},
        {"extensions": {"VRM": {"secondaryAnimation": {"boneGroups": [{"bones": "0"}]}}}},
    ],
)
def test_a_container_of_the_wrong_type_is_malformed(document: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        read_vrm(document)
    assert caught.value.code is Reject.MALFORMED


def test_mutated_blocks_are_read_or_refused_and_nothing_else_is_raised() -> None:
    seeds = [
        old(
            {"title": "t", "licenseName": "CC_BY", "otherPermissionUrl": "https://hub.vroid.com/license?a=b"},
            humanoid={"humanBones": [{"bone": "hips", "node": 1}]},
            secondaryAnimation={
                "boneGroups": [
                    {
                        "bones": [1],
                        "stiffiness": 1,
                        "dragForce": 0.4,
                        "gravityPower": 1,
                        "gravityDir": {"x": 0, "y": -1, "z": 0},
                    }
                ]
            },
        ),
        new(
            {"name": "n", "authors": ["x"], "licenseUrl": "https://vrm.dev/licenses/1.0/"},
            humanoid={"humanBones": {"hips": {"node": 1}}},
            springs=[
                {
                    "joints": [
                        {"node": 1, "stiffness": 1, "dragForce": 0.4, "gravityPower": 1, "gravityDir": [0, -1, 0]},
                        {"node": 2},
                    ]
                }
            ],
        ),
    ]
    values: list[Any] = [
        None,
        True,
        -1,
        float("inf"),
        float("nan"),
        10**400,
        json.loads("[" * 500 + "]" * 500),
        "",
        "\ud800",
        "https://[",
        "https://hub.vroid.com/license?" + "&" * 99,
        [],
        {},
        [[[]]],
        {"node": {}},
        [None, {"bone": {}}],
    ]
    chance = random.Random(7)
    refused = 0
    for _ in range(2000):
        document = json.loads(json.dumps(chance.choice(seeds)))
        for _ in range(chance.randint(1, 3)):
            places = list(_places(document["extensions"]))
            parent, key = chance.choice(places)
            parent[key] = json.loads(json.dumps(chance.choice(values)))
        try:
            block = read_vrm(document)
            if block is not None:
                terms(block).licence_raw.encode()
                for spring in block.springs:
                    assert all(map(math.isfinite, (spring.stiffness, spring.drag, *spring.gravity)))
                    assert 0 <= spring.drag <= 1 and spring.stiffness >= 0
        except Refusal as refusal:
            assert refusal.code is Reject.MALFORMED
            refused += 1
    assert 200 < refused < 1800  # both ways are taken


def _places(value: Any) -> Any:
    """(container, key) of everything below a value."""
    pending = [value]  # no recursion: one value is lists in lists, and may be put into itself
    while pending:
        value = pending.pop()
        for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            yield value, key
            pending.append(value[key])


# What a person reads in the files: title, author, licence, then these flags.
_FLAGS = (
    "may_train",
    "may_modify",
    "may_share_asset",
    "may_share_renders",
    "needs_credit",
    "share_alike",
    "non_commercial",
)
_HUB_OPEN = (None, True, True, True, False, False, False)
_STRICT = (False, False, False, False, True, False, True)
_CONFORMANCE = (None, True, False, True, False, False, True)
IN_THE_CORPUS: dict[str, tuple[Any, ...]] = {
    "vrm/cool_loops.vrm": ("Cool_loops", "Polygonal Mind", "LicenseRef-VRoid-Hub", _HUB_OPEN),
    "vrm/cryptovoxels.vrm": ("cryptovoxels", "jin", "LicenseRef-VRoid-Hub", _HUB_OPEN),
    "vrm/sphere.vrm": ("sphere", "FMS_Cat", "CC0-1.0", (True, True, True, True, False, False, False)),
    "corrupt/extensions_required.vrm": (
        "",
        "",
        "LicenseRef-VRM-0-Redistribution-Prohibited",
        (False, None, False, False, None, False, True),
    ),
    "vrm/Example.vrm": ("", "", "LicenseRef-VRM-1.0", _STRICT),
    "vrm/basic_armature_vrm1.vrm": ("", "", "LicenseRef-VRM-1.0", _STRICT),
    "vrm/debug_robot.vrm": ("VRM Animation Debug Robot", "@saturday06", "LicenseRef-VRM-1.0", _HUB_OPEN),
    "vrm/springbone_collider_capsule_x0p02_r0p1.vrm": (
        "springbone_collider_capsule_x0p02_r0p1",
        "arkavo-org/vrm-conformance generator",
        "LicenseRef-VRM-1.0",
        _CONFORMANCE,
    ),
    "derived/vrm1_conformance_extreq_stripped.vrm": (
        "springbone_collider_capsule_x0p02_r0p1",
        "arkavo-org/vrm-conformance generator",
        "LicenseRef-VRM-1.0",
        _CONFORMANCE,
    ),
}


@pytest.mark.corpus
@pytest.mark.parametrize("name", list(IN_THE_CORPUS))
def test_the_corpus_is_read_as_a_person_reads_it(name: str) -> None:
    _, found, _ = corpus_terms(name)
    rights = tuple(getattr(found.rights, name) for name in _FLAGS)
    assert found.rights.may_share_motion is found.rights.may_share_asset and found.rights.noai is None
    assert (found.title, found.author, found.licence, rights) == IN_THE_CORPUS[name]


@pytest.mark.corpus
def test_godette_is_under_attribution_and_its_hair_swings() -> None:
    block, found, names = corpus_terms("vrm/Godette_vrm_v4.vrm")
    assert (found.title, found.author, found.licence) == ("Low-Poly Godette", "SirRichard94", "CC-BY-4.0")
    assert found.rights.may_share_renders is True and found.rights.non_commercial is False
    assert names[block.humanoid["hips"]] == "pelvis_Armature"
    assert names[block.humanoid["leftThumbMetacarpal"]] == "thumb.1.l_Armature"
    springs = {names[spring.node] for spring in block.springs}
    assert len(springs) == 16 and {"FrontHair_L", "FrontHair_L_End", "Ribbon_end"} <= springs


@pytest.mark.corpus
def test_springs_of_1_0_are_those_listed() -> None:
    block, _, names = corpus_terms("vrm/springbone_collider_capsule_x0p02_r0p1.vrm")
    chain = [f"spring_joint_{index}" for index in range(4)]
    assert [(names[spring.node], names[spring.end or 0]) for spring in block.springs] == list(zip(chain, chain[1:]))
    numbers = {(spring.stiffness, spring.drag, spring.gravity) for spring in block.springs}
    assert numbers == {(0.5, 0.5, (0.0, -0.5, 0.0))}
