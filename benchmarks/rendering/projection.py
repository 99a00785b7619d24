"""Where joints are: in the stored numbers, in Blender's own projection, and in the drawn pose maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.corpus import Asset, blender, render_settings
from benchmarks.rendering.measures import circle_centres, seen_from, triangulate
from render.numbers import clip_cameras, joint_radius_px, pose_map
from rigmill.blender.render_settings import RenderSettings
from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.types import Floats

FRAMES_PER_CLIP = 5
CUBE = np.array([[x, y, z] for x in (-0.5, 0.1, 0.5) for y in (-0.5, 0.2, 0.5) for z in (-0.5, 0.3, 0.5)])


def projection(assets: Sequence[Asset], scratch: Path) -> dict[str, Any]:
    """The largest differences over all assets, views and sampled frames; names of files that cannot be asked about."""
    render = render_settings()
    found: dict[str, Any] = {"camera_px_max": cameras_px(render)}
    worst: list[tuple[Any, ...]] = []
    num_circles, num_joints, refused = 0, 0, list[str]()
    radius_px = joint_radius_px(RenderSettings.from_json(render))
    client = blender()
    try:
        for asset in assets:
            frames = sampled(asset.num_frames)
            item = asset.clip(render).to_item() | {"frames": frames}
            (reply,) = client.run("benchmarks.rendering.child:joints_in_view", [item], scratch=scratch)
            if reply.value is None:
                refused.append(f"{asset.name}: {reply.outcome}")
                continue
            stored = ClipGeometry.from_bytes((scratch / "geometry.npz").read_bytes())
            seen = np.load(scratch / "seen.npy")
            *away, num = compared(stored, seen, frames, radius_px=radius_px, height=reply.value["height"])
            worst.append((*away, asset.name))
            num_circles += num
            num_joints += seen.shape[1] * seen.shape[2]
    finally:
        client.close()
    return (
        found
        | {
            "projection_rigs": len(worst),
            "projection_joints": num_joints,
            "projection_circles": num_circles,
            "projection_px_max": max(row[0] for row in worst),
            "circle_px_max": max(row[1] for row in worst),
            "triangulated_height_max": max(row[2] for row in worst),
            "projection_worst": [max(worst, key=lambda row: row[place])[3] for place in range(3)],
        }
        | ({"projection_refused": refused} if refused else {})
    )


def sampled(num_frames: int) -> list[int]:
    """At most five frames, evenly spread, the first and the last among them."""
    return sorted({int(frame) for frame in np.rint(np.linspace(0, num_frames - 1, FRAMES_PER_CLIP))})


def compared(
    stored: ClipGeometry, seen: Floats, frames: list[int], *, radius_px: float, height: float
) -> tuple[float, float, float, int]:
    """Largest differences to `seen` (V, F, J, 2), the joints' pixels by Blender, and the number of circles.

    In pixels of the stored joints and of the circles' centres; of the joints triangulated back, as a share of `height`.
    """
    pixels = stored.joints_px[:, frames]
    away = float(np.linalg.norm(pixels - seen, axis=-1).max())
    circle, num = 0.0, 0
    for view in range(len(stored.cameras)):
        for place, frame in enumerate(frames):
            picture = pose_map(stored, stored.joints_px[view, frame], stored.joints_depth[view, frame], radius_px)
            for joint, centre in circle_centres(picture, stored.colours, radius_px).items():
                circle = max(circle, float(np.linalg.norm(centre - seen[view, place, joint])))
                num += 1
    back = triangulate(stored.cameras, pixels.reshape(len(pixels), -1, 2))
    apart = np.linalg.norm(back - stored.joints[frames].reshape(-1, 3), axis=-1).max()
    return away, circle, float(apart) / height, num


def cameras_px(render: dict[str, Any]) -> float:
    """The clip's cameras against a camera written down here: known points, the largest distance in pixels.

    The points' hull must also touch the margin that the profile asks for, or the difference is infinite.
    """
    bounds = np.stack([CUBE.min(axis=0), CUBE.max(axis=0)])
    largest, reach = 0.0, 0.0
    size = np.array([render["width_px"], render["height_px"]])
    for camera, azimuth in zip(clip_cameras(bounds, RenderSettings.from_json(render)), render["azimuths_deg"]):
        expected = seen_from(
            CUBE,
            azimuth_deg=azimuth,
            distance=float(np.linalg.norm(camera.position)),
            width_px=render["width_px"],
            height_px=render["height_px"],
            field_of_view_deg=render["field_of_view_deg"],
        )
        largest = max(largest, float(np.abs(project(camera, CUBE)[0] - expected).max()))
        reach = max(reach, float((np.abs(expected - size / 2) / (size / 2)).max()))
    return largest if abs(reach - (1 - render["margin"])) < 1e-6 else float("inf")
