"""The eval stage: pose maps back to motions, from the recorded maps of every clip and from generated ones.

Recorded maps give the upper bound: what is lost here is lost by reconstruction alone. A generated motion has no
truth to be compared with, so its row says only how well its views agree.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rigmill.kinds import Maps, Split
from rigmill.outcomes import Cost, Kept
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS, SAMPLE, SCORES
from rigmill.storage.files import digest
from rigmill.storage.rows import only_keys
from rigmill.types import Row, StoredFile

if TYPE_CHECKING:
    from rigmill.clips.numbers import ClipGeometry
    from rigmill.config.schema import Profile
    from rigmill.reconstruct.reconstruct import Reconstruction

_CLIP = ("clip_id", "caption", "num_frames", "fps", *SAMPLE, "asset_file")


_HINTS = ("weights", "batch_branches", "device")  # where weights lie and what computes: not what is asked for


class EvalStage(Stage):
    """One row per clip whose recorded maps are read, and one per clip that the model generates."""

    name = "eval"
    version = 6
    upstream = ("shards", "train")
    writes = PRODUCTS["eval"]
    barrier = True
    usual_seconds, jobs_per = 1.5, {"render": 1.1}

    def settings(self, profile: Profile) -> Row:
        return {
            "seed": profile.seed,
            "generate_clips": profile.eval.generate_clips,
            "sampling_steps": profile.train.sampling_steps,
            "guidance": profile.train.guidance,
            "text_guidance": profile.train.text_guidance,
            "solver": profile.train.solver,
            "joint_radius_px": profile.render.joint_radius_px,
            "pose_crf": profile.render.pose_crf,
            "keyframe_interval": profile.render.keyframe_interval,
            "weights": profile.train.weights.model_dump(mode="json"),
            "batch_branches": profile.train.batch_branches,
            "device": profile.train.device,
        }

    def job_settings(self, settings: Row) -> Row:
        return {key: value for key, value in settings.items() if key not in _HINTS}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        clips = sorted(tables.products("shards"), key=lambda row: row["clip_id"])
        for row in clips:
            yield Input(f"{row['clip_id']}-gt", {"maps": Maps.RECORDED, "clip": only_keys(row, *_CLIP)})
        # The last stage of the training; of several such the first by id.
        checkpoints = sorted(tables.products("train"), key=lambda row: (-(row.get("depth") or 0), row["checkpoint_id"]))
        held_out = [row for row in clips if row["split"] == Split.BENCH]
        for checkpoint in checkpoints[:1]:
            for row in held_out[: settings["generate_clips"]]:
                yield Input(
                    f"{row['clip_id']}-generated",
                    {
                        "maps": Maps.GENERATED,
                        "clip": only_keys(row, *_CLIP),
                        "checkpoint": only_keys(checkpoint, "checkpoint_id", "files"),
                    },
                    hints={name: settings[name] for name in _HINTS},
                )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            started = time.monotonic()
            if job.payload["maps"] == Maps.RECORDED:
                row = _recorded(job.payload, job.settings, work)
            else:
                row = _generated(job, work)
            yield Answer(job.key, Kept([row]), Cost(wall_s=time.monotonic() - started))


def _recorded(payload: Row, settings: Row, work: Work) -> Row:
    from eval.reading import radius_in, read_maps
    from rigmill.clips.numbers import ClipGeometry
    from rigmill.clips.video import decode
    from shards.sample import GEOMETRY, SamplePlace, pose_video

    members = SamplePlace.from_row(payload["clip"]).members(work.store)
    geometry = ClipGeometry.from_bytes(members[GEOMETRY])
    maps = np.stack([decode(members[pose_video(view)]) for view in range(len(geometry.cameras))])
    radius_px = radius_in(geometry, joint_radius_px=settings["joint_radius_px"])
    found = read_maps(maps, geometry, radius_px=radius_px, fps=geometry.motion.fps)
    return _row(payload, work, geometry=geometry, radius_px=radius_px, found=found, videos=[])


def _generated(job: Job, work: Work) -> Row:
    from eval.reading import radius_of, read_maps
    from eval.videos import video_files
    from rigmill.clips.numbers import ClipGeometry
    from shards.sample import GEOMETRY, SamplePlace
    from train.clips import as_model_sees
    from train.components.places import Places, find
    from train.recipes import ModelConfig
    from train.sampling.sampler import Prompt, Sampling, generate

    payload, settings = job.payload, job.settings
    clip = payload["clip"]
    members = SamplePlace.from_row(clip).members(work.store)
    recorded = ClipGeometry.from_bytes(members[GEOMETRY])
    files = {file["name"]: StoredFile.from_row(file) for file in payload["checkpoint"]["files"]}
    about = json.loads(work.store.read(files["config.json"]))
    config = ModelConfig.from_dict(about["model"])
    geometry = as_model_sees(recorded, config)
    radius_px = radius_of(config, recorded, geometry, joint_radius_px=settings["joint_radius_px"])
    fps = clip["fps"] / config.frame_stride
    rgb, pose = generate(
        work.store.read(files["model.safetensors"]),
        config,
        Prompt.of(members, geometry, config=config, caption=clip["caption"]),
        Sampling(
            num_frames=about["settings"]["num_frames"],
            seed=int(digest(settings["seed"], "generate", clip["clip_id"])[:8], 16),
            steps=settings["sampling_steps"],
            guidance=settings["guidance"],
            text_guidance=settings["text_guidance"],
            solver=settings["solver"],
            batched=job.hints.get("batch_branches", True),
            device=job.hints.get("device", "cpu"),
        ),
        find(config, Places.of(job.hints.get("weights", {})), wanted=about.get("weights") or None),
    )
    encoded = video_files(rgb, pose, fps=fps, crf=settings["pose_crf"], keyframe_interval=settings["keyframe_interval"])
    videos = [work.store.put_bytes(name, data) for name, data in encoded.items()]
    found = read_maps(pose, geometry, radius_px=radius_px, fps=fps)
    return _row(payload, work, geometry=geometry, radius_px=radius_px, found=found, videos=videos)


def _row(
    payload: Row,
    work: Work,
    *,
    geometry: ClipGeometry,
    radius_px: float,
    found: Reconstruction,
    videos: list[StoredFile],
) -> Row:
    """The product row, with the reconstruction, its animated GLB where the asset is one, and generated videos."""
    from rigmill.reconstruct.metrics import score

    known = payload["maps"] == Maps.RECORDED
    scores = score(
        found,
        rig=geometry.rig,
        drawn=geometry.drawn,
        radius_px=radius_px,
        motion=geometry.motion if known else None,
        joints=geometry.joints if known else None,
        joints_px=geometry.joints_px if known else None,
        visible=geometry.visible if known else None,
    )
    files = [
        work.store.put_bytes("reconstruction.npz", _reconstruction_npz(found)),
        *_animated(payload, work, geometry=geometry, found=found),
        *videos,
    ]
    return {
        "clip_id": payload["clip"]["clip_id"],
        "maps": payload["maps"],
        "num_frames": len(found.joints),
        "num_drawn_joints": int(geometry.drawn.sum()),
        **{name: getattr(scores, name) for name in SCORES},
        "checkpoint_id": payload["checkpoint"]["checkpoint_id"] if "checkpoint" in payload else None,
        "files": [stored.to_row() for stored in files],
    }


def _animated(payload: Row, work: Work, *, geometry: ClipGeometry, found: Reconstruction) -> list[StoredFile]:
    """The asset with the reconstructed motion; nothing when it is not a GLB that our rig fits."""
    from rigmill.formats.glb import NotAnimatable
    from rigmill.formats.glb_animation import animated_glb

    rig, motion = geometry.own(found.motion)
    try:
        data = animated_glb(
            work.store.read(StoredFile.from_row(payload["clip"]["asset_file"])),
            rig,
            motion,
            scale=geometry.scale,
            offset=geometry.offset,
        )
    except NotAnimatable:
        return []
    return [] if data is None else [work.store.put_bytes("reconstructed.glb", data)]


def _reconstruction_npz(found: Reconstruction) -> bytes:
    """The reconstruction as npz; the same numbers give the same bytes."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        "rotations": found.motion.rotations.astype(np.float32),
        "fps": np.float64(found.motion.fps),
        "translations": found.motion.translations.astype(np.float32),
        "joints": found.joints.astype(np.float32),
        "triangulated": found.triangulated.astype(np.float32),
        "usable": found.usable,
        "centres_px": found.centres_px.astype(np.float32),
        "confidence": found.confidence.astype(np.float32),
        "reprojection_px": found.reprojection_px.astype(np.float32),
    }
    np.savez(buffer, **arrays)
    return buffer.getvalue()
