"""From a mesh and a sentence to a motion, step by step.

The mesh goes through the same gate, probe and renderer as a clip of the pipeline; the pictures of its rest pose
condition the model; the pose maps that it draws are read back into joint angles; and these are written into the mesh's
own file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.animate.preview import sheet
from eval.animate.quality import evidence
from eval.animate.takes import Subject, Take, Wanted, best_of, make_takes
from eval.checkpoint import Checkpoint
from eval.videos import video_files
from rigmill import __version__
from rigmill.blender.child_files import read_own
from rigmill.blender.requests import PLAY_CLIP, Clip, PlayAnswer, PlayItem
from rigmill.clips import members
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import image_bytes
from rigmill.clips.video import decode, encode
from rigmill.errors import UserError
from rigmill.formats.glb import NotAnimatable
from rigmill.formats.motion_files import motion_file, moving_glb
from rigmill.kinds import Output
from rigmill.one_file.animate_options import AnimateOrder
from rigmill.one_file.steps import Bench, refuse_motions_alone
from rigmill.rigs.npz import motion_to_bytes, rig_from_bytes
from rigmill.rigs.rate import resample
from rigmill.types import Bytes, Ints, Motion, Rig

if TYPE_CHECKING:
    from train.weights import Model


def _first_frames(motion: Motion, num_frames: int) -> Motion:
    return replace(motion, rotations=motion.rotations[:num_frames], translations=motion.translations[:num_frames])


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
        subject = self._subject(bench.clip("rest", found))
        takes = self._takes(model, subject, num_frames)
        best = best_of(takes)
        _, own = subject.seen.own(best.read.motion)
        own = _first_frames(resample(own, self.order.fps), self.frames_of(num_frames))
        motion = replace(own, translations=own.translations / subject.seen.scale)  # as imported
        stored = bench.scratch / "motion.npz"
        stored.write_bytes(motion_to_bytes(motion))
        clip = replace(bench.clip("mesh", found), motion_path=str(stored), num_frames=len(motion.rotations))
        files, origin = self._exports(clip, rig, motion, evidence(best.read, subject.seen, self._read_frames(motion)))
        kinds = {kind: [name] for kind, name in _FILES.items() if name in files}
        generated = video_files(
            best.rgb, best.pose, fps=self._model_fps, crf=render.pose_crf, keyframe_interval=render.keyframe_interval
        )
        at = self._read_frames(motion)
        shown = self._preview(clip, best.rgb[:, at], best.pose[:, at])
        for kind, parts in (("preview", shown), ("generated", generated), ("templates", subject.templates)):
            kinds[kind] = list(parts)
            files |= parts
        about_motion = {
            "num_frames": len(motion.rotations),
            "fps": self.order.fps,
            "num_joints": rig.num_joints,
            "num_drawn_joints": int(subject.seen.drawn[: rig.num_joints].sum()),
        }
        samples = [take.about(kept=take is best) for take in takes]
        return self._info(about_motion, best, samples, origin) | {"files": kinds}, files

    @property
    def _model_fps(self) -> float:
        return self.order.fps / self.checkpoint.config.frame_stride

    def frames_of(self, num_frames: int) -> int:
        """Frames of the whole motion, each of whose parts has so many of the model's."""
        made = self.checkpoint.config.span(1 + len(self.order.sentences) * (num_frames - 1))
        return min(made, self.order.num_frames or made)

    def _read_frames(self, motion: Motion) -> Ints:
        """Of every frame of the motion, the generated one that is nearest before it."""
        return np.arange(len(motion.rotations)) // self.checkpoint.config.frame_stride

    def _info(
        self, motion: dict[str, Any], best: Take, samples: list[dict[str, Any]], origin: str | None
    ) -> dict[str, Any]:
        order, opened, config = self.order, self.bench.opened, self.checkpoint.config
        return {
            "schema": 1,
            "rigmill": __version__,
            "asset": {"name": opened.path.name, "sha256": opened.sha256},
            "prompt": order.prompt,
            "then": list(order.then),
            "seed": best.seed,
            "steps": order.steps,
            "guidance": order.guidance,
            "text_guidance": order.text_guidance,
            "checkpoint": {
                "name": self.checkpoint.name,
                "recipe": config.recipe,
                "size_px": config.size_px,
                "shipped": self.checkpoint.shipped,
            },
            "motion": motion,
            "quality": best.quality.to_row(),
            "samples": samples,
            "glb_from": origin,
            "notes": self.notes,
        }

    def _subject(self, at_rest: Clip) -> Subject:
        """The rest pose as the render stage draws it, and the numbers that belong to it."""
        from train.clips import as_model_sees

        self.on_progress(TEMPLATES, 0, 0)
        render = self.order.render
        self.bench.render(at_rest, render, (Output.TEMPLATES, Output.GEOMETRY))
        folder = self.bench.scratch / at_rest.clip_id
        recorded = ClipGeometry.from_bytes(read_own(folder, members.GEOMETRY))
        names = members.output_names(Output.TEMPLATES, len(recorded.cameras))
        templates = {name: read_own(folder, name) for name in names}
        seen = as_model_sees(recorded, self.checkpoint.config)
        return Subject(recorded, seen, templates, render.joint_radius_px)

    def _takes(self, model: Model, subject: Subject, num_frames: int) -> list[Take]:
        order = self.order
        num_takes = order.num_samples or (2 if self.checkpoint.config.is_small else 1)
        from train.sampling.sampler import Sampling

        self.on_progress(DENOISE, 0, order.steps)
        wanted = Wanted(
            order.sentences,
            self._told(),
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
            num_takes,
            fps=self._model_fps,
        )
        takes = make_takes(model, subject, wanted, on_step=lambda done, total: self.on_progress(DENOISE, done, total))
        self.on_progress(READ, 0, 0)
        return takes

    def _told(self) -> tuple[str, ...]:
        """The order's sentences, without words that the model never heard; which these are is a note."""
        from train.words import heard

        words = self.checkpoint.sampling.get("words")
        if not words:
            return self.order.sentences
        told = [heard(sentence, set(words)) for sentence in self.order.sentences]
        unknown = list(dict.fromkeys(word for _, left in told for word in left))
        if unknown:
            self.notes.append(f"the model never heard, and is not told: {', '.join(unknown)}")
        return tuple(sentence for sentence, _ in told)

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
