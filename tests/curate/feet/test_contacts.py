"""When a foot stands, and what is said of how it slides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curate.feet.contacts import (
    find_contacts,
    find_feet,
    heights,
    posed,
    speeds,
    without_short_gaps,
    without_short_runs,
)
from rigmill.humanoid.names import humanoid_joints
from tests.support.curation import random_motion, scipy_positions
from tests.support.walking import SIDES, as_whole, kept, shaped, slides_pct, walk


def test_the_planned_walk_is_a_walk() -> None:
    rig = shaped()
    motion, grounded = walk(rig)
    assert slides_pct(rig, motion, grounded).max() < 1e-9  # what is called grounded does not move
    places = scipy_positions(rig, motion)[:, [humanoid_joints(rig.names)[f"{side}Toes"] for side in SIDES]]
    assert places[..., 2].min() > -1e-9 and places[..., 2].max() > 0.1
    assert np.ptp(places[..., 1], axis=0).min() > 1.5


def test_the_reported_slide_is_that_of_the_contacts_measured_on_plain_kinematics() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=0.8, shin=0.8, width=1.4))
    motion, _ = walk(source.rig, fps=16.0)
    plain, result, footing = kept(motion, source, target)
    places, _ = posed(source.rig, motion, [source.joints[f"{side}Toes"] for side in SIDES])
    feet = find_feet(source, places, SIDES)
    stands, _ = find_contacts(feet, above_floor=heights(feet), speed=speeds(feet, motion.fps), fps=motion.fps)
    leg = sum(
        np.linalg.norm(np.diff(target.rig.rest_joints[[target.joints[f"left{part}"] for part in parts]], axis=0))
        for parts in (("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot"))
    )
    for each, reported in ((plain, footing.slide_before), (result, footing.slide_after)):
        world = scipy_positions(target.rig, each)
        steps = [
            np.linalg.norm(np.diff(world[:, target.joints[side + part], :2], axis=0), axis=-1)[on[1:] & on[:-1]]
            for part, points in zip(("Foot", "Toes"), stands)
            for side, on in zip(SIDES, points)
        ]
        found = 100 * np.concatenate(steps) / leg
        assert reported is not None
        np.testing.assert_allclose(
            [reported.mean_pct, reported.p95_pct, reported.max_pct],
            [found.mean(), np.percentile(found, 95), found.max()],
            rtol=1e-6,
        )
    assert footing.contact_share == pytest.approx(stands.any(axis=0).mean())


def test_a_treadmill_is_no_contact_and_its_feet_go_on_sliding() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=1.2, shin=0.8))
    motion, _ = walk(source.rig, in_place=True)
    plain, result, footing = kept(motion, source, target)
    assert footing.contact_share == 0.0 and footing.slide_after is None and footing.missed_share is None
    before, after = scipy_positions(target.rig, plain), scipy_positions(target.rig, result)
    ankles = [target.joints[f"{side}Foot"] for side in SIDES]
    np.testing.assert_allclose(after[:, ankles, :2], before[:, ankles, :2], atol=1e-3 * target.hip_height)


def test_there_is_no_contact_in_the_air() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=0.8))
    motion = random_motion(source.rig.num_joints, num_frames=30, fps=30.0)
    hanging = replace(motion, rotations=np.tile([1.0, 0, 0, 0], (30, source.rig.num_joints, 1)))
    hanging.translations[:, source.hips] = [0.0, 0.0, 1.0]
    plain, result, footing = kept(hanging, source, target)
    assert footing.contact_share == 0.0
    np.testing.assert_allclose(result.rotations, plain.rotations, atol=1e-9)


def test_short_runs_and_short_gaps_are_told_by_their_length() -> None:
    random = np.random.default_rng(0)
    for length in (1, 2, 3, 5):
        for share in (0.2, 0.5, 0.8):
            mask = random.random((4, 60)) < share
            for row, runs, gaps in zip(mask, without_short_runs(mask, length), without_short_gaps(mask, length)):
                text = "".join("x" if on else "." for on in row)
                kept_runs = "".join(
                    part if len(part) >= length or "." in part else "." * len(part) for part in _parts(text)
                )
                assert "".join("x" if on else "." for on in runs) == kept_runs
                parts = _parts(text)
                closed = "".join(
                    "x" * len(part) if "." in part and len(part) <= length and 0 < at < len(parts) - 1 else part
                    for at, part in enumerate(parts)
                )
                assert "".join("x" if on else "." for on in gaps) == closed


def _parts(text: str) -> list[str]:
    """A text cut where its letter changes."""
    parts: list[str] = []
    for letter in text:
        if parts and parts[-1][0] == letter:
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts
