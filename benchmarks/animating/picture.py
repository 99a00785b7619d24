"""Generated beside recorded, as one picture."""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.clips.redraw import rest_map, view_maps
from rigmill.types import Bytes
from train.clips import Pictures
from train.watching.readability import Generated, nearest_window

_TILE_PX, _SHOWN, _VIEW = 128, 3, 0
_LINE_PX, _GAP_PX = 22, 8


def beside(pictures: Pictures, index: int, found: Generated, *, radius_px: float, stride: int) -> Bytes:
    """One clip under its caption: rest pose, recorded frames, generated frames; below them the pose maps.

    Recorded are the frames that the generated ones are compared with: those of the nearest window.
    """
    geometry, recorded = pictures.geometry(index), pictures.view(index, _VIEW)
    num = found.rgb.shape[1]
    shown = np.linspace(0, num - 1, _SHOWN + 1).astype(int)[1:]  # the first is nearly the rest pose
    start, _ = nearest_window(found.found, geometry, stride=stride)
    true = np.minimum(start + shown * stride, len(recorded.rgb) - 1)
    rows = (
        [recorded.template_rgb, *recorded.rgb[true], *found.rgb[_VIEW, shown]],
        [
            rest_map(geometry, _VIEW, radius_px),
            *view_maps(geometry, _VIEW, radius_px, at=[int(frame) for frame in true]),
            *found.pose[_VIEW, shown],
        ],
    )
    tiles = np.concatenate([_in_groups(row) for row in rows])
    line = np.full((_LINE_PX, tiles.shape[1], 3), 255, np.uint8)
    caption = pictures.clips[index].caption
    cv2.putText(line, caption, (2, _LINE_PX - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
    return np.concatenate([line, tiles])


def _in_groups(row: list[Bytes]) -> Bytes:
    """The rest pose, what was recorded and what was generated, apart from each other."""
    large = [cv2.resize(tile, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_CUBIC) for tile in row]
    gap = np.full((_TILE_PX, _GAP_PX, 3), 255, np.uint8)
    return np.concatenate([large[0], gap, *large[1 : 1 + _SHOWN], gap, *large[1 + _SHOWN :]], axis=1)
