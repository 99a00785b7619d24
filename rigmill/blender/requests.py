"""What goes to a Blender child and what comes back, as plain data: spelled here for both sides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rigmill.kinds import Output

RENDER_CLIP = "render.blender.jobs.render:render_clip"
OUTPUTS = (Output.RGB, Output.POSE, Output.TEMPLATES, Output.GEOMETRY)  # of a clip of the pipeline


@dataclass(frozen=True, slots=True)
class ClipItem:
    """One clip to show: an action of the file, a stored motion put on its rig, or the rest pose."""

    clip_id: str
    path: str
    format: str
    armature: str
    action: str | None  # None, and no stored motion either: the rest pose
    slot: str | None
    start_frame: float  # at `fps`; frames of the file's action, or of the stored motion
    num_frames: int
    fps: float
    motion_path: str | None
    render: dict[str, Any]  # the profile's render section
    outputs: tuple[Output, ...] = ()

    def to_item(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> ClipItem:
        return cls(
            clip_id=item["clip_id"],
            path=item["path"],
            format=item["format"],
            armature=item["armature"],
            action=item.get("action"),
            slot=item.get("slot"),
            start_frame=float(item.get("start_frame") or 0.0),
            num_frames=int(item["num_frames"]),
            fps=float(item["fps"]),
            motion_path=item.get("motion_path"),
            render=dict(item["render"]),
            outputs=tuple(Output(output) for output in item.get("outputs", OUTPUTS)),
        )
