"""Pictures for reports show what they are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.sheets import overlay, stack, tile, with_ground
from rigmill.storage.files import Store
from rigmill.types import StoredFile
from tests.support.captioned import render_row, walking


def test_overlay_shows_the_pose_where_it_is_drawn_and_the_picture_elsewhere() -> None:
    rgb = np.full((4, 4, 3), 200, np.uint8)
    pose = np.zeros_like(rgb)
    pose[1, 1] = (255, 0, 0)
    mixed = overlay(rgb, pose)
    assert mixed[1, 1, 0] > 200 and mixed[1, 1, 1] < 40
    assert (mixed[0, 0] == 150).all()


def test_tiles_and_rows_keep_every_picture() -> None:
    pictures = [np.full((10, 20, 3), value, np.uint8) for value in (10, 20)]
    row = tile(pictures, ["a", "b"])
    sheet = stack([row, row[:, :20]])
    assert sheet.shape == (2 * row.shape[0], 40, 3)
    assert (sheet[-1, -1] == 255).all() and (row[-1, 0] == 10).all() and (row[-1, -1] == 20).all()


def test_the_ground_is_drawn_under_the_subject_where_its_lowest_joint_is_at_rest(tmp_path: Path) -> None:
    rig, motion = walking()
    row = render_row(Store(tmp_path), "c", rig, motion)
    (file,) = [file for file in row["files"] if file["name"] == members.GEOMETRY]  # type: ignore[attr-defined]
    geometry = ClipGeometry.from_bytes(Store(tmp_path).read(StoredFile.from_row(file)))
    for view, camera in enumerate(geometry.cameras):
        white = np.full((camera.height_px, camera.width_px, 3), 255, np.uint8)
        rest = with_ground(white, geometry, view)
        rows, columns = np.nonzero((rest < 255).any(axis=-1))
        lowest = geometry.rest_joints_px[view, rig.rest_joints[:, 2].argmin()]
        assert np.abs(rows - lowest[1]).max() <= 2 and np.ptp(columns) > 10
        assert columns.min() < geometry.rest_joints_px[view, :, 0].mean() < columns.max()
        last = with_ground(white, geometry, view, len(geometry.joints) - 1)
        moved = np.nonzero((last < 255).any(axis=-1))[1].mean()
        assert moved == pytest.approx(geometry.joints_px[view, -1, :, 0].mean(), abs=0.15 * camera.width_px)
