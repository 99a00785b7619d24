"""What a model's shift maps tell becomes pose maps: bodies keep their bones' lengths, and parts of things may slide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import redrawn, view_maps
from rigmill.reconstruct.reconstruct import reconstruct
from rigmill.types import Floats, Rig
from tests.support.drawn_clips import clip_of, dense_rig
from train.clips import to_unit
from train.recipes import small_joint
from train.sampling.sampler import pose_maps
from train.weights import Model, new_model

FRAMES = 5
THING = dense_rig()  # of 11 joints, the last at the ends of two arms
BODY = Rig(
    names=(*THING.names, "a", "b"),
    parents=np.array([*THING.parents, 0, 0]),
    rest_joints=np.concatenate([THING.rest_joints, [[0.4, 0.0, -0.7], [-0.4, 0.0, -0.7]]]),
)


@pytest.fixture(scope="module")
def model() -> Model:
    return new_model(small_joint(64), seed=0)


def narrower(rig: Rig) -> ClipGeometry:
    """A clip at whose end all is half as wide as at rest, as in the middle between two turns that it could be."""
    rotations = np.zeros((FRAMES, rig.num_joints, 4))
    rotations[..., 0] = 1
    definition = small_joint(64).pose_map
    assert definition is not None
    geometry = redrawn(clip_of(rig, rotations), definition, multiple=8)
    share = np.linspace(1, 0.5, FRAMES)[:, None, None]
    joints = geometry.joints * np.concatenate([share, np.ones((FRAMES, 1, 2))], axis=-1)
    seen = [project(camera, joints) for camera in geometry.cameras]
    return replace(
        geometry,
        joints=joints,
        joints_px=np.stack([pixels for pixels, _ in seen]),
        joints_depth=np.stack([depth for _, depth in seen]),
    )


def told_and_read(model: Model, geometry: ClipGeometry) -> tuple[Floats, Floats]:
    """Joints (T, J, 3) that shift maps of a clip tell, and those that the maps which come of them show."""
    definition = model.config.pose_map
    assert definition is not None
    views = range(len(geometry.cameras))
    shown = np.stack([view_maps(geometry, view, definition.radius_px, shifts=definition.shifts) for view in views])
    with torch.inference_mode():
        drawn = model.pose_codec.decode(model.pose_codec.encode(to_unit(shown)))
        maps, told = pose_maps(model, geometry, drawn)
    assert told is not None
    found = reconstruct(
        maps,
        cameras=geometry.cameras,
        rig=geometry.rig,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=definition.radius_px,
        fps=8,
    )
    return told, found.triangulated


def widths(geometry: ClipGeometry, joints: Floats) -> float:
    """How wide what is drawn is at the end, beside its width at rest."""
    rest = geometry.rig.rest_joints[geometry.drawn]
    return float(np.ptp(joints[-1, :, 0]) / np.ptp(rest[:, 0]))


def test_a_body_that_is_told_too_narrow_keeps_its_bones(model: Model) -> None:
    body = narrower(BODY)
    assert body.num_markers == 0
    told, read = told_and_read(model, body)
    assert widths(body, told[:, body.drawn]) == pytest.approx(0.5, abs=0.1)
    assert widths(body, read) == pytest.approx(1, abs=0.1)


def test_parts_of_a_thing_are_where_they_are_told_to_be(model: Model) -> None:
    thing = narrower(THING)
    assert thing.num_markers > 0
    told, read = told_and_read(model, thing)
    assert widths(thing, told[:, thing.drawn]) == pytest.approx(0.5, abs=0.1)
    assert widths(thing, read) == pytest.approx(0.5, abs=0.1)
