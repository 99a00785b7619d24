"""Pictures for reports show what they are made of."""

from __future__ import annotations

import numpy as np

from rigmill.clips.sheets import overlay, stack, tile


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
