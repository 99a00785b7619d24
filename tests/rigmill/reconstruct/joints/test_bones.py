from __future__ import annotations

import numpy as np

from rigmill.reconstruct.joints.bones import bone_lengths, measured_reach, rest_lengths, within_reach

PARENTS = np.array([-1, 0, 1])
REST = np.array([[0, 0, 0], [0, 0, 1.0], [0, 0, 1.5]])


def still(num_frames: int = 20) -> np.ndarray:
    return np.repeat(REST[None], num_frames, axis=0)


def test_a_joint_that_slides_has_an_elastic_bone_and_reaches_as_far_as_it_was_seen() -> None:
    joints, sure = still(), np.ones((20, 3), dtype=bool)
    joints[:, 2, 2] += np.linspace(0, 0.5, 20)
    reach, elastic = measured_reach(joints, sure, parents=PARENTS, reach=rest_lengths(PARENTS, REST), size=1.5)
    assert elastic.tolist() == [False, False, True]
    assert 0.95 < reach[2] < 1.02 and np.isclose(reach[1], 1.02)
    _, elastic = measured_reach(joints, sure & False, parents=PARENTS, reach=rest_lengths(PARENTS, REST), size=1.5)
    assert not elastic.any()  # what nobody saw tells nothing


def test_what_is_farther_than_the_bones_reach_is_refused_and_so_is_no_joint_beside_it() -> None:
    joints, usable = still(), np.ones((20, 3), dtype=bool)
    joints[4, 2] += [3.0, 0, 0]
    accepted = within_reach(
        joints, usable, parents=PARENTS, rest_joints=REST, reach=rest_lengths(PARENTS, REST), size=1.5
    )
    assert np.argwhere(~accepted).tolist() == [[4, 2]]


def test_a_bone_is_as_long_as_it_is_seen_and_weighs_less_when_that_changes() -> None:
    joints, usable = still(), np.ones((20, 3), dtype=bool)
    joints[:, 1:, 2] += 0.2
    joints[:, 2, 2] += 0.05 * (-1.0) ** np.arange(20)
    rigid = np.array([False, True, True])
    lengths, weights = bone_lengths(joints, usable, parents=PARENTS, rest_joints=REST, rigid=rigid, px=100.0)
    assert np.allclose(lengths, [0, 1.2, 0.5], atol=0.051)
    assert weights[0] == 0 and weights[1] > 10 * weights[2] > 0
