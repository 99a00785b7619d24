"""From a mesh and a sentence to a motion, step by step.

The mesh goes through the same gate, probe and renderer as a clip of the pipeline; the pictures of its rest pose
condition the model; the pose maps that it draws are read back into joint angles; and these are written into the mesh's
own file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from eval.animate.preview import sheet
from eval.animate.quality import evidence, quality
from eval.checkpoint import Checkpoint
from eval.reading import read_maps
from eval.videos import video_files
from rigmill import __version__
from rigmill.blender.child_files import read_own
from rigmill.blender.requests import PLAY_CLIP, Clip, PlayAnswer, PlayItem
from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import image_bytes, picture
from rigmill.clips.video import decode, encode
from rigmill.errors import UserError
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.motion_files import motion_file, moving_glb
from rigmill.kinds import Output
from rigmill.one_file.animate_options import AnimateOrder
from rigmill.one_file.steps import Bench, refuse_motions_alone
from rigmill.rigs.npz import motion_to_bytes, rig_from_bytes
from rigmill.types import Bytes, Motion, Rig

OnProgress = Callable[[str, int, int], None]  # a step's name, how much of it is done, of how much
LOOK, TEMPLATES, DENOISE, READ, WRITE, PREVIEW = (
    "looking into the file",
    "drawing the rest pose",
    "denoising steps",
    "reading the pose maps",
    "writing files",
    "drawing the preview",
)
_FILES = {"glb": "animated.glb", "fbx": "animated.fbx", "bvh": "animated.bvh", "npz": "joints.npz", "csv": "joints.csv"}
_NAME_CHARACTERS = 60


class Animation:
    """One order being done, its file at the bench."""

    def __init__(self, order: AnimateOrder, checkpoint: Checkpoint, bench: Bench, on_progress: OnProgress) -> None:
        self.order, self.checkpoint, self.bench, self.on_progress = order, checkpoint, bench, on_progress
        self.title = order.prompt[:_NAME_CHARACTERS]
        self.notes: list[str] = []

    def make(self, num_frames: int) -> tuple[dict[str, Any], dict[str, bytes]]:
        """What info.json holds, and the files by name."""
        bench, render = self.bench, self.order.render
        self.on_progress(LOOK, 0, 0)
        model = self.checkpoint.load()  # before minutes are spent on anything else
        found = bench.probe()
        refuse_motions_alone(found, bench.opened.path.name, code="E144")
        rig = rig_from_bytes(read_own(bench.scratch, found.rig_file))
        geometry, templates = self._templates(bench.clip("rest", found))
        rgb, pose = self._generated(model, geometry, templates, num_frames)
        self.on_progress(READ, 0, 0)
        read, radius_px = read_maps(pose, geometry, joint_radius_px=render.joint_radius_px, fps=self.order.fps)
        said = quality(read, geometry, radius_px, best_share=self._best_share(model, geometry, templates))
        _, own = geometry.own(read.motion)
        motion = replace(own, translations=own.translations / geometry.scale)  # as imported
        stored = bench.scratch / "motion.npz"
        stored.write_bytes(motion_to_bytes(motion))
        clip = replace(bench.clip("mesh", found), motion_path=str(stored), num_frames=num_frames)
        files, origin = self._exports(clip, rig, motion, evidence(read, geometry))
        kinds = {kind: [name] for kind, name in _FILES.items() if name in files}
        generated = video_files(
            rgb, pose, fps=self.order.fps, crf=render.pose_crf, keyframe_interval=render.keyframe_interval
        )
        shown = self._preview(clip, rgb, pose)
        for kind, parts in (("preview", shown), ("generated", generated), ("templates", templates)):
            kinds[kind] = list(parts)
            files |= parts
        about_motion = {
            "num_frames": num_frames,
            "fps": self.order.fps,
            "num_joints": rig.num_joints,
            "num_drawn_joints": int(geometry.drawn.sum()),
        }
        return self._info(about_motion, said, origin) | {"files": kinds}, files

    def _info(self, motion: dict[str, Any], said: dict[str, Any], origin: str | None) -> dict[str, Any]:
        order, opened, config = self.order, self.bench.opened, self.checkpoint.config
        return {
            "schema": 1,
            "rigmill": __version__,
            "asset": {"name": opened.path.name, "sha256": opened.sha256},
            "prompt": order.prompt,
            "seed": order.seed,
            "steps": order.steps,
            "guidance": order.guidance,
            "checkpoint": {"name": self.checkpoint.name, "recipe": config.recipe, "size_px": config.size_px},
            "motion": motion,
            "quality": said,
            "glb_from": origin,
            "notes": self.notes,
        }

    def _templates(self, at_rest: Clip) -> tuple[ClipGeometry, dict[str, bytes]]:
        """The rest pose as the render stage draws it, and the numbers that belong to it."""
        self.on_progress(TEMPLATES, 0, 0)
        self.bench.render(at_rest, self.order.render, (Output.TEMPLATES, Output.GEOMETRY))
        folder = self.bench.scratch / at_rest.clip_id
        geometry = ClipGeometry.from_bytes(read_own(folder, members.GEOMETRY))
        names = members.output_names(Output.TEMPLATES, len(geometry.cameras))
        return geometry, {name: read_own(folder, name) for name in names}

    def _best_share(self, model: Any, geometry: ClipGeometry, templates: Mapping[str, bytes]) -> float:
        """The share of the drawn joints that can be found in the rest pose's maps once the model's codec had them."""
        from train.sampler import through_codec

        views = range(len(geometry.cameras))
        maps = through_codec(model, np.stack([picture(templates[members.pose_template(view)]) for view in views]))
        read, _ = read_maps(maps, geometry, joint_radius_px=self.order.render.joint_radius_px, fps=self.order.fps)
        return float(read.usable.mean())

    def _generated(
        self, model: Any, geometry: ClipGeometry, templates: Mapping[str, bytes], num_frames: int
    ) -> tuple[Bytes, Bytes]:
        from train.sampler import Prompt, Sampling, sample

        order = self.order
        self.on_progress(DENOISE, 0, order.steps)
        return sample(
            model,
            Prompt.from_members(templates, cameras=geometry.cameras, caption=order.prompt),
            Sampling(
                num_frames,
                order.seed,
                order.steps,
                order.guidance,
                text_guidance=order.text_guidance,
                solver=order.solver,
                batched=order.batch_branches,
                device=order.device,
            ),
            on_step=lambda done, total: self.on_progress(DENOISE, done, total),
        )

    def _exports(
        self, clip: Clip, rig: Rig, motion: Motion, seen: Mapping[str, Any]
    ) -> tuple[dict[str, bytes], str | None]:
        """The motion in every format that was asked for, and what the GLB was made from."""
        self.on_progress(WRITE, 0, 0)
        formats, origin = self.order.formats, None
        files = {_FILES[name]: motion_file(name, rig, motion, seen) for name in formats if name not in ("glb", "fbx")}
        opened, scratch = self.bench.opened, self.bench.scratch
        sources = {"file": opened.original, "canonical": opened.canonical}
        if "glb" in formats:
            try:
                data, place = moving_glb(list(sources.values()), rig, motion, name=self.title)
                files[_FILES["glb"]], origin = data, list(sources)[place]
            except NotAnimatable as error:
                if opened.format != "fbx":
                    self.notes.append(f"the GLB is Blender's export of the mesh: the file itself does not do ({error})")
        missing = [name for name in ("glb", "fbx") if name in formats and _FILES[name] not in files]
        if missing:
            item = PlayItem(**clip.to_item(), title=self.title, write=tuple(missing))
            played = PlayAnswer.from_item(self.bench.ask(PLAY_CLIP, item.to_item()))
            if "fbx" in missing:
                files[_FILES["fbx"]] = read_own(scratch, str(played.fbx))
            if "glb" in missing:
                rest = read_own(scratch, str(played.glb))
                try:
                    files[_FILES["glb"]], origin = moving_glb([rest], rig, motion, name=self.title)[0], "blender"
                except NotAnimatable as error:
                    self.notes[:] = [f"there is no GLB: {error}"]
        return files, origin

    def _preview(self, clip: Clip, rgb: Bytes, pose: Bytes) -> dict[str, bytes]:
        """The mesh in motion from all sides, by itself and above what was generated."""
        render = replace(self.order.render, engine="raster", min_coverage=0.0)
        rows, files = {"generated video": rgb, "generated pose maps": pose}, {}
        try:
            self.bench.render(
                clip,
                render,
                (Output.RGB,),
                on_progress=lambda done, total: self.on_progress(PREVIEW, min(done, total - 1), total),
            )
            self.on_progress(PREVIEW, total := render.num_views * clip.num_frames, total)
            folder = self.bench.scratch / clip.clip_id
            drawn = [read_own(folder, members.rgb_video(view)) for view in range(render.num_views)]
            files = {f"mesh.{view}.mp4": data for view, data in enumerate(drawn)}
            rows = {"the mesh, animated": np.stack([decode(data) for data in drawn]), **rows}
        except UserError as error:
            self.notes.append(f"the moving mesh could not be drawn: {error.what}")
        frames = sheet(rows, size_px=(render.width_px, render.height_px))
        files["preview.mp4"] = encode(
            frames,
            fps=self.order.fps,
            crf=render.rgb_crf,
            pixel_format="yuv444p",
            keyframe_interval=render.keyframe_interval,
        )
        files["preview.png"] = image_bytes(".png", frames[len(frames) // 2])
        return files
