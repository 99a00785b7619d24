"""`rigmill animate`: a rigged mesh and a sentence in, the mesh with a motion out.

The mesh goes through the same gate, probe and renderer as a clip of the pipeline; the pictures of its rest pose
condition the model; the pose maps that it draws are read back into joint angles; and these are written into the mesh's
own file.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from eval.checkpoint import Checkpoint, open_checkpoint
from eval.preview import png, sheet
from eval.reading import movement_pct, read_maps, verdict
from eval.videos import video_files
from rigmill import __version__
from rigmill.blender.client import BlenderClient, Limits
from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import picture
from rigmill.clips.video import decode, encode
from rigmill.commands.export import PLAY
from rigmill.errors import UserError
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.motion_files import motion_file, moving_glb
from rigmill.kinds import AssetKind, Output
from rigmill.one_file.animate_options import AnimateOrder
from rigmill.one_file.animate_text import INFO
from rigmill.one_file.folder import UNFINISHED, check_folder, fill_folder, remove_empty
from rigmill.one_file.gate import Ask, Opened, open_asset
from rigmill.one_file.render import PROBE, RENDER_CLIP, picture_s
from rigmill.pipeline.view import View
from rigmill.reconstruct.metrics import score
from rigmill.reconstruct.reconstruct import Reconstruction
from rigmill.rigs.npz import motion_to_bytes, rig_from_bytes
from rigmill.storage.files import scratch_folder
from rigmill.storage.layout import Layout
from rigmill.types import Bytes, Motion, Rig
from train.recipes import ModelConfig

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
_OURS = re.compile(
    r"animated\.(glb|fbx|bvh)|joints\.(npz|csv)|preview\.(mp4|png)|(rgb|pose|mesh)\.\d+\.mp4|"
    r"template_(rgb|pose)\.\d+\.png|info\.json"
)
_NAME_CHARACTERS = 60
_OPPOSITE = 0.1  # sine of the angle between two views below which they say nothing about depth


def animate(
    order: AnimateOrder, *, views: Sequence[View], limits: Limits, max_file_bytes: int, on_progress: OnProgress
) -> tuple[dict[str, Any], float]:
    """Do the order: what info.json holds, and the seconds it took. A UserError leaves the folder as it was.

    `views` show the profile's tables, where its checkpoints are.
    """
    started = time.monotonic()
    opened = open_asset(order.asset, max_file_bytes)
    checkpoint = open_checkpoint(order.checkpoint, Layout(order.output), views, profile=order.profile)
    num_frames = _num_frames(order, checkpoint)
    _check_fit(checkpoint, order, num_frames)
    is_new = not order.out.exists()
    check_folder(order.out, force=order.force, ours=_OURS, what="animation")
    more_s = picture_s(order.render) * len(order.render["azimuths_deg"]) * (num_frames + 1)
    client = BlenderClient(replace(limits, wall_s=limits.wall_s + more_s, cpu_s=limits.cpu_s + more_s))
    try:
        with scratch_folder(order.out / UNFINISHED) as scratch:
            ask = Ask(client, opened.path, scratch)
            done = _Run(order, opened, checkpoint, ask, opened.item(scratch) | {"fps": order.fps}, on_progress)
            info, files = done.go(num_frames)
            folder = scratch / "finished"
            folder.mkdir()
            for name, data in files.items():
                (folder / name).write_bytes(data)
            about = (json.dumps(info, indent=1) + "\n").encode()
            fill_folder(order.out, folder, list(files), ours=_OURS, last=(INFO, about))
    finally:
        client.close()
        remove_empty(order.out / UNFINISHED, *([order.out] if is_new else []))
    return info, time.monotonic() - started


def _num_frames(order: AnimateOrder, checkpoint: Checkpoint) -> int:
    """How many frames to generate: as asked, where the codec allows; the nearest number for a duration."""
    factor = checkpoint.config.codec.temporal_factor
    if order.seconds is not None:
        return max(0, round((order.seconds * order.fps - 1) / factor)) * factor + 1
    wanted = order.num_frames or checkpoint.num_frames
    if (wanted - 1) % factor:
        near = round((wanted - 1) / factor) * factor + 1
        raise _misfit(f"--frames {wanted}", f"it makes {factor} frames at a time, after the first", f"--frames {near}")
    return wanted


def _check_fit(checkpoint: Checkpoint, order: AnimateOrder, num_frames: int) -> None:
    """Refuse what this model cannot draw, or nobody could read."""
    config, render = checkpoint.config, order.render
    azimuths = np.radians(render["azimuths_deg"])
    num_views = len(azimuths)
    if num_views < config.views_per_clip:
        raise _misfit(
            f"render.azimuths_deg of profile '{order.profile}' has {num_views} views",
            f"it was trained on {config.views_per_clip} at once",
            "--set render.azimuths_deg=[0,90,180,270]",
        )
    if np.abs(np.sin(azimuths[:, None] - azimuths)).max() < _OPPOSITE:
        raise _misfit(
            f"all views of profile '{order.profile}' look along one line",
            "they say nothing about depth",
            "--set render.azimuths_deg=[0,90,180,270]",
        )
    smaller = min(render["width_px"], render["height_px"])
    if smaller < config.size_px:
        raise _misfit(
            f"pictures of {render['width_px']}x{render['height_px']} are smaller than the model's",
            f"it draws {config.size_px} x {config.size_px} pixels",
            f"--set render.width_px={config.size_px} --set render.height_px={config.size_px}, or more",
        )
    most = _longest(config)
    if num_frames > most:
        raise _misfit(f"{num_frames} frames", f"it has places in time for {most}", f"--frames {most}, or fewer")


def _longest(config: ModelConfig) -> int:
    """Frames for which the model has positions: those of a clip follow its template's, and where they are not shared
    between the modalities, the other one's."""
    latent = config.denoiser.rope_max_seq_len // (1 if config.denoiser.shared_positions else 2) - 1
    return (latent - 1) * config.codec.temporal_factor + 1


def _misfit(what: str, why: str, fix: str) -> UserError:
    return UserError(f"the checkpoint does not fit: {what}", why=why, fix=fix, code="E143")


class _Run:
    """One order being done, its file open."""

    def __init__(
        self,
        order: AnimateOrder,
        opened: Opened,
        checkpoint: Checkpoint,
        ask: Ask,
        item: dict[str, Any],
        on_progress: OnProgress,
    ) -> None:
        self.order, self.opened, self.checkpoint, self.ask, self.item = order, opened, checkpoint, ask, item
        self.on_progress = on_progress
        self.title = order.prompt[:_NAME_CHARACTERS]
        self.notes: list[str] = []

    def go(self, num_frames: int) -> tuple[dict[str, Any], dict[str, bytes]]:
        """What info.json holds, and the files by name."""
        self.on_progress(LOOK, 0, 0)
        model = self.checkpoint.load()  # before minutes are spent on anything else
        found = self.ask(PROBE, self.item)
        if found["kind"] == AssetKind.MOTION:
            raise UserError(
                f"{self.opened.path.name} holds motions and no mesh that they move",
                code="E144",
                fix="give a character; 'rigmill run retarget' puts motions onto characters",
            )
        rig = rig_from_bytes((self.ask.scratch / found["rig_file"]).read_bytes())
        self.item["armature"] = found["armature"]
        geometry, templates = self._templates()
        rgb, pose = self._generated(model, geometry, templates, num_frames)
        self.on_progress(READ, 0, 0)
        read, radius_px = read_maps(
            pose, geometry, joint_radius_px=self.order.render["joint_radius_px"], fps=self.order.fps
        )
        quality = _quality(read, geometry, radius_px, best_share=self._best_share(model, geometry, templates))
        _, own = geometry.own(read.motion)
        motion = replace(own, translations=own.translations / geometry.scale)  # as imported
        (self.ask.scratch / "motion.npz").write_bytes(motion_to_bytes(motion))
        self.item |= {"motion_path": str(self.ask.scratch / "motion.npz"), "start_frame": 0.0, "num_frames": num_frames}
        files, origin = self._exports(rig, motion, _evidence(read, geometry))
        kinds = {kind: [name] for kind, name in _FILES.items() if name in files}
        render = self.order.render
        generated = video_files(
            rgb, pose, fps=self.order.fps, crf=render["pose_crf"], keyframe_interval=render["keyframe_interval"]
        )
        shown = self._preview(rgb, pose, geometry)
        for kind, parts in (("preview", shown), ("generated", generated), ("templates", templates)):
            kinds[kind] = list(parts)
            files |= parts
        config, order = self.checkpoint.config, self.order
        info = {
            "schema": 1,
            "rigmill": __version__,
            "asset": {"name": self.opened.path.name, "sha256": self.opened.sha256},
            "prompt": order.prompt,
            "seed": order.seed,
            "steps": order.steps,
            "guidance": order.guidance,
            "checkpoint": {"name": self.checkpoint.name, "recipe": config.recipe, "size_px": config.size_px},
            "motion": {
                "num_frames": num_frames,
                "fps": order.fps,
                "num_joints": rig.num_joints,
                "num_drawn_joints": int(geometry.drawn.sum()),
            },
            "quality": quality,
            "glb_from": origin,
            "notes": self.notes,
            "files": kinds,
        }
        return info, files

    def _templates(self) -> tuple[ClipGeometry, dict[str, bytes]]:
        """The rest pose as the render stage draws it, and the numbers that belong to it."""
        self.on_progress(TEMPLATES, 0, 0)
        self.ask(
            RENDER_CLIP,
            self.item
            | {
                "clip_id": "rest",
                "action": None,
                "slot": None,
                "motion_path": None,
                "start_frame": 0.0,
                "num_frames": 1,
                "render": self.order.render,
                "outputs": [Output.TEMPLATES, Output.GEOMETRY],
            },
        )
        folder = self.ask.scratch / "rest"
        geometry = ClipGeometry.from_bytes((folder / members.GEOMETRY).read_bytes())
        names = members.output_names(Output.TEMPLATES, len(geometry.cameras))
        return geometry, {name: (folder / name).read_bytes() for name in names}

    def _best_share(self, model: Any, geometry: ClipGeometry, templates: Mapping[str, bytes]) -> float:
        """The share of the drawn joints that can be found in the rest pose's maps once the model's codec had them."""
        from train.sampler import through_codec

        views = range(len(geometry.cameras))
        maps = through_codec(model, np.stack([picture(templates[members.pose_template(view)]) for view in views]))
        read, _ = read_maps(maps, geometry, joint_radius_px=self.order.render["joint_radius_px"], fps=self.order.fps)
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
            Sampling(num_frames, order.seed, order.steps, order.guidance),
            on_step=lambda done, total: self.on_progress(DENOISE, done, total),
        )

    def _exports(self, rig: Rig, motion: Motion, evidence: Mapping[str, Any]) -> tuple[dict[str, bytes], str | None]:
        """The motion in every format that was asked for, and what the GLB was made from."""
        self.on_progress(WRITE, 0, 0)
        formats, origin = self.order.formats, None
        files = {
            _FILES[name]: motion_file(name, rig, motion, evidence) for name in formats if name not in ("glb", "fbx")
        }
        sources = {"file": self.opened.original, "canonical": self.opened.canonical}
        if "glb" in formats:
            try:
                data, place = moving_glb(list(sources.values()), rig, motion, name=self.title)
                files[_FILES["glb"]], origin = data, list(sources)[place]
            except NotAnimatable as error:
                if self.opened.format != "fbx":
                    self.notes.append(f"the GLB is Blender's export of the mesh: the file itself does not do ({error})")
        missing = [name for name in ("glb", "fbx") if name in formats and _FILES[name] not in files]
        if missing:
            item = self.item | {"clip_id": "export", "title": self.title, "write": missing}
            played = self.ask(PLAY, item)
            if "fbx" in missing:
                files[_FILES["fbx"]] = (self.ask.scratch / played["fbx"]).read_bytes()
            if "glb" in missing:
                rest = (self.ask.scratch / played["glb"]).read_bytes()
                try:
                    files[_FILES["glb"]], origin = moving_glb([rest], rig, motion, name=self.title)[0], "blender"
                except NotAnimatable as error:
                    self.notes[:] = [f"there is no GLB: {error}"]
        return files, origin

    def _preview(self, rgb: Bytes, pose: Bytes, geometry: ClipGeometry) -> dict[str, bytes]:
        """The mesh in motion from all sides, by itself and above what was generated."""
        views = range(len(geometry.cameras))
        render = self.order.render | {"engine": "raster", "min_coverage": 0}
        rows, files = {"generated video": rgb, "generated pose maps": pose}, {}
        try:
            self.ask(
                RENDER_CLIP,
                self.item | {"clip_id": "mesh", "render": render, "outputs": [Output.RGB]},
                on_progress=lambda done, total: self.on_progress(PREVIEW, min(done, total - 1), total),
            )
            self.on_progress(PREVIEW, total := len(views) * self.item["num_frames"], total)
            drawn = [(self.ask.scratch / "mesh" / members.rgb_video(view)).read_bytes() for view in views]
            files = {f"mesh.{view}.mp4": data for view, data in enumerate(drawn)}
            rows = {"the mesh, animated": np.stack([decode(data) for data in drawn]), **rows}
        except UserError as error:
            self.notes.append(f"the moving mesh could not be drawn: {error.what}")
        frames = sheet(rows, size_px=(render["width_px"], render["height_px"]))
        files["preview.mp4"] = encode(
            frames,
            fps=self.order.fps,
            crf=render["rgb_crf"],
            pixel_format="yuv444p",
            keyframe_interval=render["keyframe_interval"],
        )
        files["preview.png"] = png(frames[len(frames) // 2])
        return files


def _quality(read: Reconstruction, geometry: ClipGeometry, radius_px: float, *, best_share: float) -> dict[str, Any]:
    """Numbers and a verdict; there is no truth to compare with."""
    scores = score(
        read,
        rig=geometry.rig,
        drawn=geometry.drawn,
        radius_px=radius_px,
        motion=None,
        joints=None,
        joints_px=None,
        visible=None,
    )
    moved_pct = movement_pct(read, geometry.rig)
    said = verdict(scores, moved_pct=moved_pct, best_share=best_share)
    known = {key: asdict(scores)[key] for key in ("usable_share", "reprojection_px", "bone_drift_pct")}
    return {"verdict": said.word, "sentence": said.sentence} | {
        key: None if value is None or not math.isfinite(value) else round(value, 6)
        for key, value in (known | {"movement_pct": moved_pct, "best_share": best_share}).items()
    }


def _evidence(read: Reconstruction, geometry: ClipGeometry) -> dict[str, Any]:
    """What joints.npz has beside the motion: which joints were drawn (J,), and where they were seen (T, J)."""
    seen = np.zeros((len(read.joints), geometry.rig.num_joints), dtype=np.bool_)
    seen[:, geometry.drawn] = read.usable
    num = geometry.rig.num_joints - geometry.num_markers
    return {"drawn": geometry.drawn[:num], "seen": seen[:, :num]}
