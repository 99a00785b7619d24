"""Tables that a report reads, made by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from rigmill.clips import members
from rigmill.clips.camera import camera_ring
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import encode
from rigmill.config.load import load
from rigmill.config.schema import Profile
from rigmill.outcomes import Outcome
from rigmill.pipeline.view import Counts
from rigmill.storage.columns import PRODUCTS, outcome_row
from rigmill.storage.files import Store
from rigmill.types import Motion, Rig, Row

SIZE_PX, NUM_FRAMES, NUM_VIEWS = 32, 3, 2


@dataclass
class Rows:
    """Outcomes and products as a View gives them."""

    profile: Profile = field(default_factory=lambda: load("demo").profile)
    ended: dict[str, list[Row]] = field(default_factory=dict)
    made: dict[str, list[Row]] = field(default_factory=dict)

    def outcomes(self, stage: str) -> list[Row]:
        return self.ended.get(stage, [])

    def products(self, stage: str) -> list[Row]:
        return self.made.get(stage, [])

    def counts(self, stage: str) -> Counts:
        ended = Counter(row["status"] for row in self.outcomes(stage))
        return Counts(ended.total(), ended["kept"], ended["rejected"], ended["failed"])

    def end(self, stage: str, source: str, outcome: Outcome, number: int = 1) -> None:
        rows = self.ended.setdefault(stage, [])
        for _ in range(number):
            name = f"{source}-{len(rows)}" if stage in ("preview", "select", "render") else f"asset-{len(rows)}"
            rows.append(outcome_row(f"{stage}-{name}", name, outcome, "again", source=source))


def product(stage: str, **known: Any) -> dict[str, Any]:
    """A row of a stage's table: what is known, and nothing in the other columns."""
    assert set(known) <= set(PRODUCTS[stage].names)
    return dict.fromkeys(PRODUCTS[stage].names) | known


def clip_files(store: Store) -> list[Row]:
    """The files of one small clip, grey with one joint, put into the store: as a row of the render stage names them."""
    frames = np.full((NUM_FRAMES, SIZE_PX, SIZE_PX, 3), 128, np.uint8)
    video = encode(frames, fps=8, crf=12, pixel_format="yuv420p", keyframe_interval=8)
    still = cv2.imencode(".png", frames[0])[1].tobytes()
    one_joint = (NUM_FRAMES, 1)
    cameras = camera_ring(
        bounds=np.array([[-1.0, -1, -1], [1, 1, 1]]),
        azimuths_deg=[0.0, 90.0],
        elevation_deg=0,
        width_px=SIZE_PX,
        height_px=SIZE_PX,
        field_of_view_deg=40,
        margin=0.05,
    )
    geometry = ClipGeometry(
        rig=Rig(("root",), np.array([-1], np.int32), np.zeros((1, 3))),
        drawn=np.ones(1, bool),
        colours=np.full((1, 3), 255, np.uint8),
        motion=Motion(np.tile([1.0, 0, 0, 0], (*one_joint, 1)), np.zeros((*one_joint, 3)), 8.0),
        joints=np.zeros((*one_joint, 3)),
        cameras=tuple(cameras),
        joints_px=np.zeros((NUM_VIEWS, *one_joint, 2)),
        joints_depth=np.ones((NUM_VIEWS, *one_joint)),
        visible=np.ones((NUM_VIEWS, *one_joint), bool),
        rest_joints_px=np.zeros((NUM_VIEWS, 1, 2)),
        rest_joints_depth=np.ones((NUM_VIEWS, 1)),
        scale=1.0,
        offset=np.zeros(3),
    )
    data = {members.GEOMETRY: geometry.to_bytes()}
    for view in range(NUM_VIEWS):
        data |= {members.rgb_video(view): video, members.pose_video(view): video}
        data |= {members.rgb_template(view): still, members.pose_template(view): still}
    return [store.put_bytes(name, part).to_row() for name, part in data.items()]
