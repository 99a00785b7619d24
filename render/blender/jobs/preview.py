"""The job "preview one clip", run in a Blender child: small pictures from two sides, to see whether it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.engines.choose import open_engine
from render.blender.engines.raster import loaded_drawing
from render.blender.subject.player import Player, loaded_subject, make_player, measure
from render.light import LIGHT
from render.noise_coat import coated, coated_shape
from render.numbers import ClipNumbers, clip_cameras, marked
from render.raster.rasteriser import Rasteriser
from render.raster.types import Picture
from rigmill.blender.render_settings import ViewSettings
from rigmill.blender.requests import PreviewAnswer, PreviewItem
from rigmill.clips.pictures import image_bytes
from rigmill.rigs.npz import motion_to_bytes, rig_to_bytes
from rigmill.types import Camera, Floats

# Small, and by the rasteriser wherever it can: a preview is looked at, not trained on.
CHEAP = ViewSettings(
    engine="auto",
    samples=4,
    denoise=True,
    width_px=128,
    height_px=128,
    azimuths_deg=(0.0, 90.0),
    elevation_deg=0.0,
    field_of_view_deg=40.0,
    margin=0.08,
)


def preview_clip(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A PreviewAnswer to a PreviewItem."""
    clip = PreviewItem.from_item(item)
    view = replace(CHEAP, width_px=clip.preview_px, height_px=clip.preview_px)
    subject = loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps)
    player = make_player(subject, clip)
    numbers = measure(player)
    _, _, joints = marked(numbers)
    shown_frames = most_different_frames(joints)
    starts = pair_starts(clip.num_frames, clip.preview_frames, among=shown_frames[-1])
    frames = sorted({frame for start in starts for frame in (start, start + 1)})
    folder = scratch / f"preview-{clip.clip_id}"
    (folder / "shown").mkdir(parents=True, exist_ok=True)
    cameras = clip_cameras(numbers.clip_bounds, view, front_deg=clip.front_deg)  # the rest pose is not shown here
    with subject.normalised(numbers.offset, numbers.scale):
        choice = open_engine(subject, cameras=cameras, view=view, extras=False, state=state, folder=folder)
        with closing(choice.engine) as engine:
            shown = write_pictures(
                player,
                numbers,
                shown_frames,
                lambda frame: engine.shoot(numbers.frame_bounds[frame]),
                cameras=cameras,
                folder=folder / "shown",
            )
        coat = coat_drawer(player, numbers, cameras=cameras, state=state)
        views = write_pictures(player, numbers, frames, coat, cameras=cameras, folder=folder)
    np.save(folder / "joints.npy", joints)
    (folder / "rig.npz").write_bytes(rig_to_bytes(numbers.rig))
    (folder / "motion.npz").write_bytes(motion_to_bytes(numbers.motion))
    return PreviewAnswer(
        folder=folder.name,
        views=views,
        frames=frames,
        starts=starts,
        joints="joints.npy",
        rig="rig.npz",
        motion="motion.npz",
        shown=[[f"shown/{name}" for name in names] for names in shown],
        shown_frames=shown_frames,
        extents=[float(side) for side in np.ptp(numbers.frame_bounds, axis=1).max(axis=1)],
    ).to_item()


def coat_drawer(
    player: Player, numbers: ClipNumbers, *, cameras: tuple[Camera, ...], state: dict[str, Any]
) -> Callable[[int], list[Picture]]:
    """Draws the frame that the scene shows under a coat that is fixed to the clip's first frame."""
    drawing = loaded_drawing(player.subject, state)
    drawing.geometry.start()
    player.start(numbers.scale)
    player.show(0)
    first = drawing.geometry.read()
    surface, looks = coated(drawing.geometry.surface, drawing.appearance.looks, first)
    rasteriser = Rasteriser(surface, looks, LIGHT)
    num_corners = len(first.normals)

    def draw(_frame: int) -> list[Picture]:
        shape = drawing.geometry.read()
        if len(shape.normals) != num_corners:
            raise ValueError("a modifier changes the mesh during the clip, so that no pattern can follow it")
        return rasteriser.draw(coated_shape(surface, shape), cameras)

    return draw


def write_pictures(
    player: Player,
    numbers: ClipNumbers,
    frames: Iterable[int],
    draw: Callable[[int], list[Picture]],
    *,
    cameras: tuple[Camera, ...],
    folder: Path,
) -> list[list[str]]:
    """Names [view][frame] in `folder` of RGBA PNG files of what `draw` makes of each frame once the scene shows it."""
    names: list[list[str]] = [[] for _ in cameras]
    player.start(numbers.scale)
    for frame in frames:
        player.show(frame)
        for view, picture in enumerate(draw(frame)):
            names[view].append(f"{view}.{frame:05d}.png")
            whole = picture.whole(cameras[view].width_px, cameras[view].height_px)
            (folder / names[view][-1]).write_bytes(image_bytes(".png", whole))
    return names


def pair_starts(num_frames: int, num_pairs: int, *, among: int | None = None) -> list[int]:
    """First frames of at most `num_pairs` pairs (t, t + 1), evenly spread over the clip.

    The one that is nearest to frame `among`, but for the first and the last one, is moved there: what lasts for a
    moment, a punch, would else be missed by few pairs.
    """
    last = num_frames - 2
    if last < 0:
        return []
    starts = [int(value) for value in np.rint(np.linspace(0, last, min(num_pairs, last + 1)))]
    if among is not None and 0 < among < last and len(starts) > 2:
        starts[1 + int(np.abs(np.array(starts[1:-1]) - among).argmin())] = among
    return sorted(set(starts))


def most_different_frames(joints: Floats) -> list[int]:
    """The first frame, and the one in which the joint or marker (T, J, 3) that moves most is furthest from there."""
    away = np.linalg.norm(joints - joints[:1], axis=-1).max(axis=1)
    return [0, int(away.argmax()) or len(away) // 2] if len(away) > 1 else [0]
