"""What the files of one sample are called: the names in the render table and the extensions inside a shard.

The order is that of the shard:

    rgb.<v>.mp4            RGB video of view v              (v = 0 .. num_views-1)
    pose.<v>.mp4           pose map video of view v
    mask.<v>.mp4           how opaque the subject is, grey (only where the profile keeps masks)
    template_rgb.<v>.png   rest pose, RGB
    template_pose.<v>.png  rest pose, pose map
    geometry.npz           rigmill.clips.numbers.ClipGeometry
    meta.json              caption, category, source, licence, fps, num_frames, ...
"""

from __future__ import annotations

from rigmill.kinds import Output

GEOMETRY = "geometry.npz"
META = "meta.json"


STILLS = (Output.PNG, Output.WEBP, Output.DEPTH, Output.NORMAL)


def rgb_video(view: int) -> str:
    """The RGB video of one view."""
    return f"rgb.{view}.mp4"


def pose_video(view: int) -> str:
    """The pose map video of one view."""
    return f"pose.{view}.mp4"


def mask_video(view: int) -> str:
    """The video of one view that shows how opaque the subject is."""
    return f"mask.{view}.mp4"


def rgb_template(view: int) -> str:
    """The RGB picture of the rest pose in one view."""
    return f"template_rgb.{view}.png"


def pose_template(view: int) -> str:
    """The pose map of the rest pose in one view."""
    return f"template_pose.{view}.png"


def frames_folder(kind: str, view: int) -> str:
    """Where single pictures of a view lie that somebody asked for."""
    return f"{kind}.{view}"


def frame_file(kind: str, frame: int) -> str:
    """The picture of one frame."""
    return f"{frame:05d}.{'webp' if kind == Output.WEBP else 'png'}"


def output_names(output: Output, num_views: int) -> list[str]:
    """Files, or folders of single pictures, that one output of a rendered clip consists of."""
    views = range(num_views)
    one_per_view = {
        Output.RGB: [rgb_video],
        Output.POSE: [pose_video],
        Output.MASK: [mask_video],
        Output.TEMPLATES: [rgb_template, pose_template],
    }
    if output == Output.GEOMETRY:
        return [GEOMETRY]
    if output in one_per_view:
        return [name(view) for name in one_per_view[output] for view in views]
    return [frames_folder(output, view) for view in views]


def member_names(num_views: int, *, masks: bool = False) -> tuple[str, ...]:
    """All names of a sample's files, in the order in which they are written."""
    views = range(num_views)
    return (
        *(rgb_video(view) for view in views),
        *(pose_video(view) for view in views),
        *(mask_video(view) for view in views if masks),
        *(rgb_template(view) for view in views),
        *(pose_template(view) for view in views),
        GEOMETRY,
        META,
    )
