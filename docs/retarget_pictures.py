"""Makes docs/pictures/retarget: motions beside what became of them on other characters, front and side, 8 frames each.

    RIGMILL_CORPUS=FOLDER python -m docs.retarget_pictures [PICTURE ...]

A source without a mesh is drawn as its skeleton: left limbs red, right ones blue. Who made what is in sources.csv.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.retargeting.bodies import Actor, corpus_actors, world
from curate.retarget.pair import put_on
from render.blender.engines.choose import open_engine
from render.blender.jobs.preview import CHEAP, write_pictures
from render.blender.subject.player import loaded_subject, make_player, measure
from render.numbers import clip_cameras
from rigmill.blender.requests import Clip
from rigmill.clips.camera import project
from rigmill.clips.pictures import jpeg, over_background
from rigmill.clips.sheets import stack, tile
from rigmill.humanoid.names import PARENTS
from rigmill.rigs.npz import motion_to_bytes
from rigmill.types import Motion

TARGET = Path(__file__).parent / "pictures" / "retarget"
NUM_SHOWN, SIZE_PX = 8, 120
VIEW = replace(CHEAP, azimuths_deg=(20.0, 90.0), width_px=2 * SIZE_PX, height_px=2 * SIZE_PX)
GODETTE, KNIGHT = "vrm/Godette_vrm_v4.vrm", "kaykit/Knight.glb"
MANNEQUINY, CESIUM = "gdquest/mannequiny-0.3.0.glb", "khronos/CesiumMan.glb"
CASUAL = "quaternius_fbx/Male_Casual.fbx"
ASTRONAUT = "quaternius_glb/Quaternius_Astronaut_BarbaraTheBee-transformed.glb"
CYBERPUNK, MOVEMENT, WALK = ("quaternius_glb/Quaternius_Character.glb", "kaykit/Med_MovementBasic.glb", "ozz/walk.fbx")
PICTURES: dict[str, tuple[str, str, str]] = {  # picture -> (source, part of its motion's name, target)
    "walk-godette": (MOVEMENT, "Walking_C", GODETTE),
    "slice-mannequiny": (KNIGHT, "1H_Melee_Attack_Slice_Diagonal", MANNEQUINY),
    "jump-knight": (CASUAL, "Man_RunningJump", KNIGHT),
    "wave-cesium": (CYBERPUNK, "Wave", CESIUM),
    "run-casual": (MANNEQUINY, "run", CASUAL),
    "walk-astronaut": (WALK, "walk", ASTRONAUT),
}
CREDITS = {
    GODETTE: ("CC-BY-3.0", "Low-Poly Godette by SirRichard94; VRM adaptation (c) 2021 Lyuma"),
    KNIGHT: ("CC0-1.0", "KayKit Adventurers, Kay Lousberg"),
    MOVEMENT: ("CC0-1.0", "KayKit, Kay Lousberg"),
    MANNEQUINY: ("CC-BY-4.0", "GDQuest and contributors"),
    CESIUM: ("CC-BY-4.0", "(c) 2017 Cesium"),
    CASUAL: ("CC0-1.0", "Quaternius"),
    ASTRONAUT: ("CC0-1.0", "Quaternius"),
    CYBERPUNK: ("CC0-1.0", "Quaternius"),
    WALK: ("MIT", "ProAnimationBank, in ozz-animation"),
}


def shown_frames(motion: Motion) -> list[int]:
    return [int(frame) for frame in np.rint(np.linspace(0, len(motion.rotations) - 1, NUM_SHOWN))]


def rendered(actor: Actor, motion: Motion, scratch: Path) -> list[list[Any]]:
    """[view][frame] pictures of the character playing the motion."""
    path, stored = scratch / f"asset.{actor.found['format']}", scratch / "motion.npz"
    path.write_bytes(actor.asset)
    stored.write_bytes(motion_to_bytes(motion))
    clip = Clip(
        clip_id="clip",
        path=str(path),
        format=actor.found["format"],
        armature=actor.found["armature"],
        action="",
        slot="",
        start_frame=0.0,
        num_frames=len(motion.rotations),
        fps=motion.fps,
        motion_path=str(stored),
    )
    player = make_player(loaded_subject({}, path=clip.path, file_format=clip.format, fps=clip.fps), clip)
    numbers = measure(player)
    player.subject.normalise(numbers.offset, numbers.scale)
    cameras = clip_cameras(numbers.clip_bounds, VIEW)
    engine = open_engine(player.subject, cameras=cameras, view=VIEW, extras=False, state={}, folder=scratch).engine
    names = write_pictures(
        player,
        numbers,
        shown_frames(motion),
        lambda frame: engine.shoot(numbers.frame_bounds[frame]),
        cameras=cameras,
        folder=scratch,
    )
    engine.close()
    return [[_on_white(scratch / name) for name in view] for view in names]


def drawn(actor: Actor, motion: Motion) -> list[list[Any]]:
    """[view][frame] pictures of the skeleton's mapped joints."""
    places = world(actor.body.rig, motion)[0]
    low, high = places.min(axis=(0, 1)), places.max(axis=(0, 1))
    places = (places - (low + high) / 2) / (high - low).max()
    cameras = clip_cameras(np.array([places.min(axis=(0, 1)), places.max(axis=(0, 1))]), VIEW)
    joints, views = actor.body.joints, []
    for camera in cameras:
        pictures = []
        for frame in shown_frames(motion):
            picture = np.full((camera.height_px, camera.width_px, 3), 255, np.uint8)
            pixels, _ = project(camera, places[frame])
            for name, joint in joints.items():
                above = PARENTS[name]
                while above and above not in joints:
                    above = PARENTS[above]
                if above:
                    colour = (200, 40, 40) if name.startswith("left") else (40, 70, 200)
                    ends = [tuple(int(value) for value in np.rint(pixels[place])) for place in (joints[above], joint)]
                    sided = name.startswith(("left", "right"))
                    cv2.line(picture, *ends, colour if sided else (60, 60, 60), 3, cv2.LINE_AA)
            pictures.append(cv2.resize(picture, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA))
        views.append(pictures)
    return views


def _on_white(path: Path) -> Any:
    rgba = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    return cv2.resize(over_background(rgba, (255, 255, 255)), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)


def sheet(source: Actor, motion: Motion, target: Actor) -> Any:
    """Source and target from the front, then both from the side."""
    made, _ = put_on(motion, source=source.body, target=target.body)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        there = rendered(source, motion, Path(first)) if source.has_mesh else drawn(source, motion)
        here = rendered(target, made, Path(second))
    labels = [f"frame {frame}" for frame in shown_frames(motion)]
    rows = []
    for view in range(len(there)):
        rows += [
            tile(there[view], [Path(source.name).stem[:20], *labels[1:]]),
            tile(here[view], [Path(target.name).stem.removeprefix("Quaternius_")[:20], *labels[1:]]),
        ]
    return stack(rows)


def main() -> None:
    wanted = {name: PICTURES[name] for name in sys.argv[1:] or PICTURES}
    names = {name for source, _, target in wanted.values() for name in (source, target)}
    actors = {actor.name: actor for actor in corpus_actors(Path(os.environ["RIGMILL_CORPUS"]), only=names)}
    TARGET.mkdir(parents=True, exist_ok=True)
    for picture, (source, motion, target) in wanted.items():
        played = next(found for name, found in actors[source].motions if motion in name)
        made = jpeg(sheet(actors[source], played, actors[target]), quality=80)
        (TARGET / f"{picture}.jpg").write_bytes(made)
    with (TARGET / "sources.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("picture", "role", "file", "motion", "licence", "attribution"))
        for picture, (source, motion, target) in PICTURES.items():
            writer.writerow((picture, "motion", source, motion, *CREDITS[source]))
            writer.writerow((picture, "character", target, "", *CREDITS[target]))
    sys.stdout.flush()
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
