"""Words from strangers' files cannot become markup, and pictures show what they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from rigmill.clips.sheets import overlay, stack, tile
from rigmill.report import html


def test_text_of_assets_cannot_become_markup() -> None:
    page = html.page("<b>", html.table(("a",), [("<script>alert(1)</script>",), ('" onload="x',)]))
    assert "<script>" not in page and "&lt;script&gt;" in page and '" onload' not in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize(("value", "shown"), [(None, "-"), (0.123456, "0.1235"), (12345, "12,345"), (True, "yes")])
def test_values_are_short(value: object, shown: str) -> None:
    assert html.text(value) == shown


def test_a_chart_of_one_point_is_nothing_and_of_two_a_line() -> None:
    assert html.line_chart([1.0], label="x") == ""
    assert html.line_chart([1.0, 0.5], label="x").count("<polyline") == 1


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
