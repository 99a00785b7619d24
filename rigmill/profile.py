"""The shape of a profile: every key of pipelines.yaml, its type, range and meaning. Values live in the YAML."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProceduralSource(Section):
    """Generated characters and humanoid motions: no network, no files needed."""

    kind: Literal["procedural"]
    name: str = "procedural"
    groups: tuple[Literal["biped", "quadruped", "winged", "cabinet", "motion"], ...] = Field(
        description="what to make, one asset each; 'motion' is a humanoid motion without a mesh"
    )
    variants: Positive = Field(default=1, description="assets per group, each from its own seed")


class FolderSource(Section):
    """Any rigged files of yours: .glb, .gltf with its files below its folder, .vrm, .fbx; searched recursively."""

    kind: Literal["folder"]
    name: str = "folder"
    path: str = Field(description="relative to the current folder, ~ allowed")
    licence: str = Field(
        default="unknown",
        description="SPDX id that holds for every file of the folder; unknown: a VRM file's own licence block counts",
    )
    attribution: str = ""


class Decided(Section):
    """A person's own decision about rights of which a source says nothing. It never overrides what a file says."""

    may_train: bool | None = None
    may_share_renders: bool | None = None


class MixamoSource(Section):
    """A folder you filled with Mixamo's downloads (.fbx): characters, and motions with or without skin."""

    kind: Literal["mixamo"]
    name: str = "mixamo"
    path: str = Field(description="relative to the current folder, ~ allowed")
    decided: Decided = Field(default=Decided(), description="your decision; the files themselves are never shared")


class VroidSource(Section):
    """A folder of .vrm avatars, 0.x and 1.0. Their own licence blocks are read and kept to."""

    kind: Literal["vroid"]
    name: str = "vroid"
    path: str = Field(description="relative to the current folder, ~ allowed")
    decided: Decided = Field(default=Decided(), description="your decision where a block says nothing")


class VroidHubSource(Section):
    """Models of your own VRoid Hub account (yours, or hearted and downloadable), by its API; see the how-to page."""

    kind: Literal["vroid_hub"]
    name: str = "vroid_hub"
    models: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,32}$")], ...] = Field(
        min_length=1, description="model ids, as text: the last number of a model page's address"
    )
    decided: Decided = Field(default=Decided(), description="your decision where a block says nothing")


Source = Annotated[
    ProceduralSource | FolderSource | MixamoSource | VroidSource | VroidHubSource, Field(discriminator="kind")
]
# The section of every kind of source.
SOURCE_SECTIONS: dict[str, type[Section]] = {
    get_args(section.model_fields["kind"].annotation)[0]: section for section in get_args(get_args(Source)[0])
}


class Limits(Section):
    """What one asset may cost before its child process is ended."""

    wall_s: PositiveFloat = Field(description="seconds without an answer")
    cpu_s: PositiveFloat = Field(description="CPU seconds per item of a child, on average")
    memory_bytes: Positive = Field(description="address space of the child")
    file_bytes: Positive = Field(description="largest file that the child may write")
    network: Literal["deny", "best_effort"] = Field(
        description="deny: refuse to run a child that still has a network; best_effort: cut it where the system can"
    )


class Licence(Section):
    """What a person decided about licences; docs/licences.md explains it."""

    deny_list: str = Field(
        default="", description="CSV of assets that must not be used (uid, sha256 or origin, and a reason); empty: none"
    )


class Collect(Section):
    max_file_bytes: Positive = Field(description="larger files are rejected")


class Probe(Section):
    fps: PositiveFloat = Field(description="motions are resampled to this rate")
    rigid_rigs: bool = Field(
        default=True, description="accept assets that animated nodes move without a skin (doors, machines)"
    )


class Retarget(Section):
    pairs_per_motion: Annotated[int, Field(ge=0)] = Field(description="characters that each motion is put on")
    min_matched_joints: Positive = Field(description="humanoid joints that both skeletons must have by name")


class Filters(Section):
    min_frames: Positive = Field(description="a clip needs strictly more frames than this")
    max_frames: Positive = Field(description="longer clips are cut; 4k+1 suits the video VAE")
    min_vertices: Positive
    max_vertices: Positive
    min_faces: Positive
    max_faces: Positive
    min_texture_px: Positive = Field(description="longer side from which a picture counts as a texture")
    min_base_colours: Positive = Field(description="colours that a subject without texture needs")
    max_grey_share: Share = Field(description="share of the surface that may be untextured grey")
    max_extent_growth: Annotated[float, Field(ge=1)] = Field(
        description="largest frame's size over the clip's usual one; more is an explosion"
    )
    min_coverage: Share = Field(description="least share of a preview that the subject covers, from any side")
    min_flow_px: PositiveFloat = Field(
        description="how far the part that moves most must get: pixels at 256 px on the subject's bounding square"
    )
    preview_px: Positive = Field(description="side of the preview pictures that flow is measured on")
    preview_frames: Positive = Field(description="pairs of consecutive frames that are compared, per view")


class Render(Section):
    engine: Literal["cycles", "workbench"] = Field(description="workbench needs OpenGL, cycles nothing")
    samples: Positive = Field(description="per pixel")
    denoise: bool = Field(description="Open Image Denoise, fast setting")
    width_px: Annotated[int, Field(gt=0, multiple_of=16)]
    height_px: Annotated[int, Field(gt=0, multiple_of=16)]
    azimuths_deg: tuple[float, ...] = Field(description="one view each; 0 sees the front, 90 the subject's left")
    elevation_deg: float
    field_of_view_deg: Annotated[float, Field(gt=1, lt=170)] = Field(description="over the larger side")
    margin: Share = Field(description="share of the half picture left free around the subject")
    background: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        min_length=3, max_length=3, description="RGB under the subject"
    )
    min_coverage: Share = Field(description="least share of a view that the subject covers, over all frames")
    max_drawn_joints: Positive = Field(description="joints that the pose map may show")
    joint_radius_px: PositiveFloat = Field(description="at 480 lines; scales with height")
    rgb_crf: Annotated[int, Field(ge=0, le=51)] = Field(description="H.264 quality of RGB videos, lower is better")
    pose_crf: Annotated[int, Field(ge=0, le=51)] = Field(description="H.264 quality of pose videos")
    keyframe_interval: Positive = Field(description="frames from keyframe to keyframe; short for random windows")


class Caption(Section):
    provider: Literal["metadata"] = Field(description="metadata: from the asset's title, tags and motion name")


class Shards(Section):
    samples_per_shard: Positive = Field(description="clips per tar")
    bench_share: Share = Field(description="share of the assets held out of training, by asset")


class Train(Section):
    recipe: Literal["tiny_joint"] = Field(description="the model: a function of train/recipes.py")
    num_steps: Positive = Field(description="optimiser steps")
    batch_size: Positive = Field(description="clips per step")
    learning_rate: PositiveFloat
    num_frames: Annotated[int, Field(gt=0)] = Field(description="frames of a training window, 4k+1")
    size_px: Annotated[int, Field(gt=0, multiple_of=16)] = Field(description="training pictures are this size, square")
    mixture: dict[str, PositiveFloat] = Field(description="sampling weight per source; empty: all sources alike")
    condition_dropout: Share = Field(description="probability that the image condition is left out")
    checkpoint_interval: Positive = Field(description="steps between resumable checkpoints")
    sampling_steps: Positive = Field(description="denoising steps when generating")
    guidance: PositiveFloat = Field(description="image guidance scale when generating")


class Eval(Section):
    generate_clips: Annotated[int, Field(ge=0)] = Field(description="held-out clips that the model generates")


class Run(Section):
    workers: Annotated[int, Field(ge=0)] = Field(description="0: one per core")
    ray_address: str = Field(default="local", description="'local', or a cluster's address")
    max_failed_share: Share = Field(description="a stage that fails more than this (after 20 jobs) stops the run")
    attempts_after_interruption: Positive = Field(description="tries of a job whose process was ended from outside")
    min_free_disk_bytes: Annotated[int, Field(ge=0)] = Field(description="a run stops before the disk is fuller")


class Profile(Section):
    """One resolved profile."""

    seed: int = Field(description="every random choice is a function of this and an id")
    output: str = Field(description="folder of tables, files and reports")
    licence_policy: Literal["internal", "publish", "commercial"] = Field(
        default="internal",
        description="internal: no one said no to training, nothing is given away; publish: renders, joints and motions "
        "may be given away; commercial: and sold",
    )
    licence: Licence = Licence()
    sources: tuple[Source, ...] = Field(min_length=1)
    limits: Limits
    collect: Collect
    probe: Probe
    retarget: Retarget
    filters: Filters
    render: Render
    caption: Caption
    shards: Shards
    train: Train
    eval: Eval
    run: Run
