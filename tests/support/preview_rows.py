"""What the rules of `select` judge, of an answer of the Blender child's preview."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from curate.filters.checks import checks
from curate.filters.flow import growth, look
from rigmill.blender.requests import PreviewAnswer
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.types import Bytes, Row


def preview_row(answer: Row, scratch: Path, *, num_frames: int) -> Row:
    """The measured columns of the preview table, from the answer and its files."""
    preview = PreviewAnswer.from_item(answer)
    folder = scratch / preview.folder
    views = [[read_rgba(folder / name) for name in view] for view in preview.views]
    seen = look(views, frames=preview.frames, starts=preview.starts)
    rig, motion = (
        read((folder / name).read_bytes())
        for read, name in ((rig_from_bytes, preview.rig), (motion_from_bytes, preview.motion))
    )
    return {
        "num_frames": num_frames,
        "extent_ratio": growth(preview.extents),
        "coverage": seen.coverage,
        "flow_px_per_frame": seen.flow_px_per_frame,
        "flow_px": seen.flow_px,
        **checks(np.load(folder / preview.joints), rig, motion, size=float(np.median(preview.extents))),
    }


def read_rgba(path: Path) -> Bytes:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
