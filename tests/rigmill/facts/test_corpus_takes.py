"""Named takes of the corpus, read by Blender, some of them on another character: facts say what the names say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.captions.takes_part import Named, takes
from curate.retarget.transfer import retarget
from rigmill.facts.facts import Gait, Heading, MotionFacts, PartAction, Posture, SubjectKind, Sweep
from rigmill.facts.measure import measure
from rigmill.humanoid.body import as_body
from rigmill.humanoid.maps import Skeletons
from tests.support.curation import body
from tests.support.plain_bodies import humanoid

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.blender,
    pytest.mark.slow,  # half a minute: Blender reads sixteen files
    pytest.mark.skipif(not os.environ.get("RIGMILL_CORPUS"), reason="RIGMILL_CORPUS is not set"),
]
FILES = (
    "kaykit/Knight.glb",
    "kaykit/Med_MovementBasic.glb",
    "khronos/CesiumMan.glb",
    "khronos/CesiumMilkTruck.glb",
    "khronos/Fox.glb",
    "ozz/run.fbx",
    "ozz/walk.fbx",
    "quaternius_fbx/Eagle.fbx",
    "quaternius_fbx/Male_Casual.fbx",
    "quaternius_fbx/Velociraptor.fbx",
    "quaternius_fbx/Wolf.fbx",
    "quaternius_glb/Quaternius_Chest.glb",
    "quaternius_glb/Quaternius_Horse.glb",
    "quaternius_glb/Quaternius_Spider.glb",
    "sketchfab/garage_door_01.glb",
    "threejs/RobotExpressive.glb",
)
WALKS = (
    ("kaykit/Knight.glb", "Walking_A"),
    ("kaykit/Knight.glb", "Walking_B"),
    ("kaykit/Knight.glb", "Walking_C"),
    ("khronos/CesiumMan.glb", "Anim_0"),
    ("khronos/Fox.glb", "Walk"),
    ("quaternius_fbx/Male_Casual.fbx", "Man_Walk"),
    ("quaternius_fbx/Velociraptor.fbx", "Velociraptor_Walk"),
    ("quaternius_fbx/Wolf.fbx", "Walking"),
    ("quaternius_glb/Quaternius_Horse.glb", "Walk"),
    ("quaternius_glb/Quaternius_Spider.glb", "Spider_Walk"),
    ("threejs/RobotExpressive.glb", "Walking"),
)
RUNS = (
    ("kaykit/Knight.glb", "Running_A"),
    ("kaykit/Knight.glb", "Running_B"),
    ("khronos/Fox.glb", "Run"),
    ("quaternius_fbx/Male_Casual.fbx", "Man_Run"),
    ("quaternius_fbx/Velociraptor.fbx", "Velociraptor_Run"),
    ("quaternius_glb/Quaternius_Horse.glb", "Gallop"),
    ("threejs/RobotExpressive.glb", "Running"),
)
IDLES = (
    ("kaykit/Knight.glb", "Idle"),
    ("kaykit/Knight.glb", "Sit_Chair_Idle"),
    ("kaykit/Knight.glb", "Lie_Idle"),
    ("quaternius_fbx/Eagle.fbx", "Idle"),
    ("quaternius_fbx/Male_Casual.fbx", "Man_Idle"),
    ("quaternius_fbx/Velociraptor.fbx", "Velociraptor_Idle"),
    ("quaternius_fbx/Wolf.fbx", "Idle"),
    ("quaternius_glb/Quaternius_Horse.glb", "Idle"),
    ("quaternius_glb/Quaternius_Spider.glb", "Spider_Idle"),
    ("threejs/RobotExpressive.glb", "Idle"),
)
JUMPS = (
    ("kaykit/Knight.glb", "Jump_Full_Long"),
    ("kaykit/Knight.glb", "Jump_Full_Short"),
    ("quaternius_fbx/Male_Casual.fbx", "Man_Jump"),
    ("quaternius_fbx/Velociraptor.fbx", "Velociraptor_Jump"),
    ("quaternius_glb/Quaternius_Horse.glb", "Gallop_Jump"),
    ("quaternius_glb/Quaternius_Spider.glb", "Spider_Jump"),
    ("threejs/RobotExpressive.glb", "Jump"),
)
FALLS = (
    ("kaykit/Knight.glb", "Death_A"),
    ("kaykit/Knight.glb", "Death_B"),
    ("kaykit/Knight.glb", "Lie_Down"),
    ("quaternius_fbx/Male_Casual.fbx", "Man_Death"),
    ("quaternius_glb/Quaternius_Horse.glb", "Death"),
    ("threejs/RobotExpressive.glb", "Death"),
)
Read = dict[tuple[str, str], Named]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    found = takes(Path(os.environ["RIGMILL_CORPUS"]), FILES)
    yield {(each.file, each.take.rpartition("|")[2]): each for each in found}


def facts_of(read: Read, key: tuple[str, str]) -> MotionFacts:
    return measure(read[key].rig, read[key].motion, humanoid=read[key].humanoid)


def test_walks_and_runs_are_told_apart_and_that_they_stay_in_place(read: Read) -> None:
    for keys, gait in ((WALKS, Gait.WALK), (RUNS, Gait.RUN)):
        for key in keys:
            facts = facts_of(read, key)
            said = (facts.gait, facts.gait_heading, facts.in_place, facts.travel, facts.idle)
            assert said == (gait, Heading.FORWARD, True, Heading.NONE, False), (key, said)
    backwards = facts_of(read, ("kaykit/Knight.glb", "Walking_Backwards"))
    assert (backwards.gait, backwards.gait_heading) == (Gait.WALK, Heading.BACKWARD)
    for name, gait in (("walk", Gait.WALK), ("run", Gait.RUN)):
        facts = facts_of(read, (f"ozz/{name}.fbx", name))
        assert (facts.gait, facts.travel, facts.in_place) == (gait, Heading.FORWARD, False)


def test_what_idles_is_idle_and_nothing_else_is(read: Read) -> None:
    assert [key for key in IDLES if not facts_of(read, key).idle] == []
    assert [key for key in (*WALKS, *RUNS, *JUMPS, *FALLS) if facts_of(read, key).idle] == []


def test_jumps_are_counted_once(read: Read) -> None:
    assert [facts_of(read, key).num_jumps for key in JUMPS] == [1] * len(JUMPS)
    assert [key for key in (*WALKS, *RUNS, *IDLES) if facts_of(read, key).num_jumps] == []


def test_who_falls_lies(read: Read) -> None:
    for key in FALLS:
        facts = facts_of(read, key)
        assert facts.posture_end is Posture.LIES and facts.posture_start is Posture.STANDS, key


def test_who_sits_down_sits_and_who_stands_up_stands(read: Read) -> None:
    for file, down, up in (
        ("quaternius_fbx/Male_Casual.fbx", "Man_Sitting", "Man_Standing"),
        ("kaykit/Knight.glb", "Sit_Chair_Down", "Sit_Chair_StandUp"),
        ("threejs/RobotExpressive.glb", "Sitting", "Standing"),
    ):
        postures = [
            (facts.posture_start, facts.posture_end)
            for facts in map(lambda take: facts_of(read, (file, take)), (down, up))
        ]
        assert postures == [(Posture.STANDS, Posture.SITS), (Posture.SITS, Posture.STANDS)], file


def test_arms_and_heads_do_what_their_takes_are_called(read: Read) -> None:
    robot = "threejs/RobotExpressive.glb"
    wave = facts_of(read, (robot, "Wave")).parts[0]
    assert wave.part == "right arm" and wave.raised and wave.action is PartAction.SWINGS
    assert facts_of(read, (robot, "Punch")).parts[0].strikes
    for take, sweep in (("Yes", Sweep.UP_DOWN), ("No", Sweep.SIDE_TO_SIDE)):
        head = next(part for part in facts_of(read, (robot, take)).parts if part.part == "head")
        assert head.sweep is sweep and head.num_cycles == pytest.approx(2, abs=0.5)
    kick = [part for part in facts_of(read, ("kaykit/Knight.glb", "Unarmed_Melee_Attack_Kick")).parts if part.strikes]
    assert "right leg" in {part.part for part in kick}
    spin = facts_of(read, ("kaykit/Knight.glb", "2H_Melee_Attack_Spin"))
    assert spin.turn_deg is not None and abs(spin.turn_deg) == pytest.approx(360, abs=5)


def test_wings_lids_doors_and_wheels_do_what_theirs_do(read: Read) -> None:
    eagle = facts_of(read, ("quaternius_fbx/Eagle.fbx", "Flying"))
    assert eagle.subject_kind is SubjectKind.WINGED
    assert {part.part for part in eagle.parts[:2]} == {"left wing", "right wing"}
    for file, take, part, action in (
        ("quaternius_glb/Quaternius_Chest.glb", "Chest_Open", "lid", PartAction.OPENS),
        ("quaternius_glb/Quaternius_Chest.glb", "Chest_Close", "lid", PartAction.CLOSES),
        ("sketchfab/garage_door_01.glb", "Open", "door", PartAction.SLIDES_OUT),
        ("sketchfab/garage_door_01.glb", "Close", "door", PartAction.SLIDES_IN),
        ("khronos/CesiumMilkTruck.glb", "Anim_0", "wheel", PartAction.SPINS),
    ):
        facts = facts_of(read, (file, take))
        assert facts.subject_kind is SubjectKind.ARTICULATED
        assert (facts.parts[0].part, facts.parts[0].action) == (part, action), (file, take)


def test_a_motion_is_the_same_on_another_character(read: Read) -> None:
    target = humanoid(body())
    for key, gait, jumps in (
        (("kaykit/Med_MovementBasic.glb", "Walking_A"), Gait.WALK, 0),
        (("kaykit/Med_MovementBasic.glb", "Running_A"), Gait.RUN, 0),
        (("kaykit/Med_MovementBasic.glb", "Jump_Full_Short"), Gait.NONE, 1),
        (("ozz/walk.fbx", "walk"), Gait.WALK, 0),
        (("ozz/run.fbx", "run"), Gait.RUN, 0),
    ):
        named = read[key]
        known = Skeletons().find(named.rig.names, named.humanoid)
        assert known is not None
        source = as_body(named.rig, known.joints, known.detached)
        there, here = facts_of(read, key), measure(target.rig, retarget(named.motion, source=source, target=target))
        assert (here.gait, here.num_jumps) == (gait, jumps), key
        assert (here.travel, here.gait_heading, here.idle) == (there.travel, there.gait_heading, there.idle), key
