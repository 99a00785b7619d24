from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from curate.stages.retarget import RetargetStage
from curate.vrm.block import read_vrm
from curate.vrm.springs import Springs, spring_rows, springs_of, swing
from rigmill.outcomes import Kept
from rigmill.rigs.npz import motion_from_bytes
from rigmill.rigs.skeleton import forward
from rigmill.types import Floats, Motion, Rig, Row, StoredFile
from tests.support.curation import Tables, body, demo_profile, plain_work, random_motion
from tests.support.retargeting import probe_row

# A head with two strands of hair, one with a joint between that is no spring, and a hand.
STRANDS = Rig(
    ("head", "a0", "a1", "a2", "b0", "link", "b1", "hand", "pin"),
    np.array([-1, 0, 1, 2, 0, 4, 5, 0, 3], np.int32),
    np.array(
        [
            [0, 0, 1.6],
            [0.1, 0, 1.7],
            [0.2, 0, 1.65],
            [0.25, 0.02, 1.5],
            [-0.1, 0.1, 1.7],
            [-0.2, 0.1, 1.7],
            [-0.3, 0.15, 1.6],
            [0.5, 0, 1.2],
            [0.26, 0.02, 1.45],
        ]
    ),
)
FPS = 60.0


def strands(**changes: Any) -> Springs:
    """a0 -> a1 -> a2 -> a point, b0 -> link, b1 -> a point."""
    rest = STRANDS.rest_joints
    values: dict[str, Any] = {
        "joints": np.array([1, 2, 3, 4, 6]),
        "ends": np.array([rest[2] - rest[1], rest[3] - rest[2], [0, 0, -0.07], rest[5] - rest[4], [-0.05, 0, -0.1]]),
        "stiffness": np.array([2.0, 1.0, 0.5, 0.1, 0.0]),
        "drag": np.array([0.4, 0.1, 0.0, 0.9, 0.2]),
        "gravity": np.array([[0, 0, -0.2], [0, 0, -1], [0, 0.3, 0], [0, 0, 0], [0, 0, -0.5]]),
    }
    return Springs(**values | changes)


def smooth_motion(num_joints: int, num_frames: int, *, fps: float = FPS, seed: int = 0) -> Motion:
    """Slow turns of all joints and a root that travels: the same movement at any rate."""
    random = np.random.default_rng(seed)
    times = np.arange(num_frames)[:, None, None] / fps
    phase, size = random.uniform(0, 6, (1, num_joints, 3)), random.normal(scale=0.4, size=(1, num_joints, 3))
    turns = Rotation.from_rotvec((size * np.sin(3 * times + phase)).reshape(-1, 3))
    moved = np.zeros((num_frames, num_joints, 3))
    moved[:, 0] = 0.3 * np.sin(4 * times[:, 0] + [0, 1, 2])
    return Motion(turns.as_quat(scalar_first=True).reshape(num_frames, num_joints, 4), moved, fps)


def as_the_format_says(rig: Rig, motion: Motion, springs: Springs) -> Floats:
    """The ends of all springs, (T, S, 3), by the text of VRMC_springBone 1.0: joint by joint, at 60 frames a second."""
    spring = {int(joint): number for number, joint in enumerate(springs.joints)}
    seconds = 1 / 60
    previous: dict[int, Floats] = {}
    current: dict[int, Floats] = {}
    found = np.zeros((len(motion.rotations), len(spring), 3))
    for frame in range(len(motion.rotations)):
        turns: list[Rotation] = []
        places: list[Floats] = []
        for joint, parent in enumerate(rig.parents):
            own = Rotation.from_quat(motion.rotations[frame, joint], scalar_first=True)
            above = turns[parent] if parent >= 0 else Rotation.identity()
            offset = rig.rest_joints[joint] - (rig.rest_joints[parent] if parent >= 0 else 0)
            place = above.apply(offset + motion.translations[frame, joint]) + (places[parent] if parent >= 0 else 0)
            if joint in spring:
                number = spring[joint]
                length = np.linalg.norm(springs.ends[number])
                axis = (above * own).apply(springs.ends[number] / length)
                force = seconds * (axis * springs.stiffness[number] + springs.gravity[number])
                if frame == 0:
                    tail = place + force if np.linalg.norm(force) > 0 else place + axis
                else:
                    inertia = (current[number] - previous[number]) * (1 - springs.drag[number])
                    tail = current[number] + inertia + force
                tail = place + (tail - place) / np.linalg.norm(tail - place) * length
                previous[number], current[number] = current.get(number, tail), tail
                swung, _ = Rotation.align_vectors([tail - place], [axis])  # the smallest turn between two vectors
                turns.append(swung * above * own)
                found[frame, number] = tail
            else:
                turns.append(above * own)
            places.append(place)
    return found


def ends_of(rig: Rig, motion: Motion, springs: Springs) -> Floats:
    """Where the ends are by forward kinematics, (T, S, 3)."""
    places, turns = forward(rig, motion)
    return places[:, springs.joints] + np.einsum("tsij,sj->tsi", turns[:, springs.joints], springs.ends)


def test_hair_moves_as_the_text_of_the_format_says() -> None:
    motion = smooth_motion(STRANDS.num_joints, 90)
    swung = swing(STRANDS, motion, strands())
    np.testing.assert_allclose(
        ends_of(STRANDS, swung, strands()), as_the_format_says(STRANDS, motion, strands()), atol=1e-9
    )
    assert np.linalg.norm(ends_of(STRANDS, swung, strands()) - ends_of(STRANDS, motion, strands()), axis=-1).max() > 0.1


def test_only_spring_joints_are_turned_and_nothing_is_displaced() -> None:
    motion = smooth_motion(STRANDS.num_joints, 30)
    swung = swing(STRANDS, motion, strands())
    others = [0, 5, 7, 8]
    np.testing.assert_array_equal(swung.rotations[:, others], motion.rotations[:, others])
    np.testing.assert_array_equal(swung.translations, motion.translations)
    np.testing.assert_allclose(np.linalg.norm(swung.rotations, axis=-1), 1, atol=1e-12)
    assert (np.abs(swung.rotations - motion.rotations).max(axis=(0, 2))[[1, 2, 3, 4, 6]] > 1e-3).all()


@pytest.mark.parametrize("fps", [7.0, 16.0, 24.0, 60.0, 120.0])
def test_what_stands_still_without_gravity_stays_as_it_was(fps: float) -> None:
    still = Motion(np.tile(random_motion(9, num_frames=1).rotations, (20, 1, 1)), np.zeros((20, 9, 3)), fps)
    for stiffness in (np.full(5, 2.0), np.zeros(5)):
        swung = swing(STRANDS, still, strands(stiffness=stiffness, gravity=np.zeros((5, 3))))
        turned = Rotation.from_quat(swung.rotations.reshape(-1, 4), scalar_first=True).inv() * Rotation.from_quat(
            still.rotations.reshape(-1, 4), scalar_first=True
        )
        assert turned.magnitude().max() < 1e-7


def test_it_starts_where_forces_balance_and_stays_there() -> None:
    still = Motion(np.tile([1.0, 0, 0, 0], (40, 9, 1)), np.zeros((40, 9, 3)), 16.0)
    springs = strands(stiffness=np.full(5, 1.5))
    swung = swing(STRANDS, still, springs)
    assert np.abs(swung.rotations - swung.rotations[:1]).max() < 1e-6
    # The first joint of a strand: its parent stands still at rest, so the forces can be added by hand.
    ends = ends_of(STRANDS, swung, springs)[0, 0] - STRANDS.rest_joints[1]
    force = 1.5 * springs.ends[0] / np.linalg.norm(springs.ends[0]) + springs.gravity[0]
    np.testing.assert_allclose(ends / np.linalg.norm(ends), force / np.linalg.norm(force), atol=1e-9)


@pytest.mark.parametrize("drag", [0.02, 0.4])
def test_a_strand_under_a_moving_head_is_a_damped_pendulum(drag: float) -> None:
    """Against scipy's integration of the equation of motion; forces of the format are metres per second and 1/60 s."""
    length, gravity, fps, seconds = 0.5, 0.15, 960.0, 3.0
    rig = Rig(("head", "hair"), np.array([-1, 0], np.int32), np.array([[0, 0, 2.0], [0, 0, 2.0]]))
    springs = Springs(
        np.array([1]), np.array([[0, 0, -length]]), np.zeros(1), np.array([drag]), np.array([[0, 0, -gravity]])
    )
    times = np.arange(int(seconds * fps) + 1) / fps

    def along(t: Any) -> tuple[Any, Any, Any]:
        """Where the head is, how fast, and how fast that changes."""
        return 0.2 * (1 - np.cos(4 * t)), 0.8 * np.sin(4 * t), 3.2 * np.cos(4 * t)

    moved = np.zeros((len(times), 2, 3))
    moved[:, 0, 0] = along(times)[0]
    swung = swing(rig, Motion(np.tile([1.0, 0, 0, 0], (len(times), 2, 1)), moved, fps), springs)
    end = ends_of(rig, swung, springs)[:, 0] - (rig.rest_joints[1] + moved[:, 0])
    angle = np.arctan2(end[:, 0], -end[:, 2])
    loss = -60 * np.log(1 - drag)  # a share `drag` of the speed is lost in a sixtieth of a second, and
    fall = gravity * loss / drag  # what falls gains `gravity` in one, that loss included

    def change(t: float, state: Floats) -> list[float]:
        turned, speed = state
        _, pace, push = along(t)
        # Drag is against the air: the head's own speed counts.
        return [
            speed,
            -(fall * np.sin(turned) + push * np.cos(turned)) / length - loss * (speed + pace * np.cos(turned) / length),
        ]

    expected = solve_ivp(change, (0, seconds), [0.0, 0.0], t_eval=times, rtol=1e-9, atol=1e-9).y[0]
    assert np.abs(expected).max() > 0.3
    assert np.abs(angle - expected).max() < 0.05 * np.abs(expected).max()


def test_the_rate_of_frames_does_not_change_how_hair_swings() -> None:
    springs = strands(drag=np.full(5, 0.3), stiffness=np.full(5, 0.3))
    fine = ends_of(STRANDS, swing(STRANDS, smooth_motion(9, 361, fps=120.0), springs), springs)
    free = ends_of(STRANDS, smooth_motion(9, 361, fps=120.0), springs)
    moves = np.linalg.norm(fine - free, axis=-1).max(axis=0)
    for fps in (15.0, 24.0, 30.0, 60.0):
        coarse = ends_of(STRANDS, swing(STRANDS, smooth_motion(9, int(3 * fps) + 1, fps=fps), springs), springs)
        apart = np.linalg.norm(coarse - fine[:: int(120 / fps)], axis=-1)
        assert (apart.max(axis=0) < 0.12 * moves).all(), (fps, apart.max(axis=0), moves)


def test_without_springs_or_with_one_frame_nothing_goes_wrong() -> None:
    motion = smooth_motion(9, 1)
    none = springs_of(STRANDS, [])
    assert swing(STRANDS, motion, none) is motion
    assert np.isfinite(swing(STRANDS, motion, strands()).rotations).all()
    strong = strands(stiffness=np.full(5, 1e3), gravity=np.full((5, 3), -1e3), drag=np.zeros(5))
    assert np.isfinite(swing(STRANDS, smooth_motion(9, 60), strong).rotations).all()
    # Hair that must turn right round: gravity against the strand's direction.
    upright = Rig(("head", "hair"), np.array([-1, 0], np.int32), np.zeros((2, 3)))
    single = Springs(np.array([1]), np.array([[0, 0, 0.1]]), np.zeros(1), np.zeros(1), np.array([[0, 0, -1.0]]))
    swung = swing(upright, smooth_motion(2, 3), single)
    assert np.isfinite(swung.rotations).all()
    assert ends_of(upright, swung, single)[0, 0, 2] < forward(upright, swung)[0][0, 1, 2] - 0.099


def test_rows_are_the_joints_of_the_rig_in_our_axes() -> None:
    """0.x: the file looks along -Z, the canonical one is turned; gravity's direction is turned with it."""
    nodes = [
        {"children": [1]},
        {"translation": [0, 1.5, 0], "children": [2]},
        {"translation": [0, 0.1, -0.2], "children": [3]},
        {"translation": [0, 0, -0.1]},
    ]
    groups = [
        {"bones": [2], "stiffiness": 1.5, "gravityPower": 2, "gravityDir": {"x": 1, "y": 0, "z": 3}, "dragForce": 0.25}
    ]
    block = read_vrm({"nodes": nodes, "extensions": {"VRM": {"secondaryAnimation": {"boneGroups": groups}}}})
    assert block is not None
    canonical = {"nodes": [*nodes, {"rotation": [0, 1, 0, 0], "children": [0]}]}
    rows = spring_rows(block, canonical, {2: "hair", 3: "tip", 1: "head"})
    assert [row["joint"] for row in rows] == ["hair", "tip"]
    # Turned by half about the vertical and then z up: the strand goes backwards, along -y.
    np.testing.assert_allclose(rows[0]["end"], [0, -0.1, 0], atol=1e-12)
    np.testing.assert_allclose(rows[1]["end"], [0, -0.07, 0], atol=1e-12)
    np.testing.assert_allclose(rows[0]["gravity"], np.array([-1, 3, 0]) * 2 / np.sqrt(10), atol=1e-12)
    assert (rows[0]["stiffness"], rows[0]["drag"]) == (1.5, 0.25)
    assert [row["joint"] for row in spring_rows(block, canonical, {3: "tip"})] == ["tip"]

    springs = [{"joints": [{"node": 1, "gravityPower": 1, "gravityDir": [0, 0, 5]}, {"node": 3}]}]
    block = read_vrm({"nodes": nodes, "extensions": {"VRMC_vrm": {}, "VRMC_springBone": {"springs": springs}}})
    assert block is not None
    (row,) = spring_rows(block, {"nodes": nodes}, {1: "head", 2: "hair", 3: "tip"})
    np.testing.assert_allclose(row["end"], [0, 0.3, 0.1], atol=1e-12)  # the next in the list, not the next child
    np.testing.assert_allclose(row["gravity"], [0, -1, 0], atol=1e-12)
    assert (row["joint"], row["stiffness"], row["drag"]) == ("head", 1.0, 0.5)


def test_the_switch_moves_the_hair_and_redoes_those_who_have_some(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    whole = body()
    # A strand from the head, backwards.
    hairy = Rig(
        (*whole.names, "hair"),
        np.append(whole.parents, 5).astype(np.int32),
        np.vstack([whole.rest_joints, [[0, 0.1, 1.6]]]),
    )
    springs = [{"joint": "hair", "end": [0.0, 0.2, 0.0], "stiffness": 0.5, "drag": 0.4, "gravity": [0.0, 0.0, -0.2]}]
    rows: list[Row] = [
        probe_row(work, "dance", whole, kind="motion", motions=1),
        probe_row(work, "bald", body(), kind="static"),
        probe_row(work, "hairy", hairy, kind="static", spring_joints=springs),
    ]
    jobs = {
        switch: {
            job.payload["character"]["title"]: job
            for job in RetargetStage().plan(
                Tables({"probe": rows}), demo_profile(retarget={"pairs_per_motion": 2, "springs": switch})
            )
        }
        for switch in (False, True)
    }
    assert jobs[False]["bald"].key == jobs[True]["bald"].key and jobs[False]["hairy"].key != jobs[True]["hairy"].key
    moved = []
    for switch in (False, True):
        (answer,) = RetargetStage().run([jobs[switch]["hairy"]], work)
        assert isinstance(answer.outcome, Kept)
        file = StoredFile.from_row(answer.outcome.rows[0]["motion_file"])
        moved.append(motion_from_bytes(work.store.read(file)).rotations)
    np.testing.assert_array_equal(moved[0][:, :-1], moved[1][:, :-1])
    assert np.abs(moved[0][:, -1] - moved[1][:, -1]).max() > 0.05
