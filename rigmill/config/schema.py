"""The shape of a profile: every key of pipelines.yaml, its type, range and meaning. Values live in the YAML."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigmill.config.caption import Caption
from rigmill.config.section import Positive, PositiveFloat, Section, Share
from rigmill.config.sources import Source
from rigmill.config.train import Latents, Train


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
    """What sources may bring."""

    max_file_bytes: Positive = Field(description="larger files are rejected")


class Probe(Section):
    """How an asset is looked into for rigs and motions."""

    fps: PositiveFloat = Field(description="motions are resampled to this rate")
    rigid_rigs: bool = Field(
        default=True, description="accept assets that animated nodes move without a skin (doors, machines)"
    )


class Retarget(Section):
    """Which motions go onto which characters, and how."""

    clips: dict[str, Positive] = Field(
        description="clips wanted for the characters of a source, before the filters; as many as there can be are made"
    )
    max_clips_per_pair: Positive = Field(
        description="windows of one motion that one character of such a source may get; a motion longer than "
        "`filters.max_frames` has several"
    )
    pairs_per_motion: Annotated[int, Field(ge=0)] = Field(
        description="characters that each motion is put on, among those of sources that `clips` does not name"
    )
    min_matched_joints: Positive = Field(description="humanoid joints that both skeletons must have by name")
    skeletons: str = Field(
        default="",
        description="YAML with names of skeletons that are neither VRM nor Mixamo nor shipped (docs/humanoids.md); "
        "empty: none",
    )
    feet: bool = Field(
        default=True, description="keep feet that stand in the source where they stand (docs/foot-contact.md)"
    )
    springs: bool = Field(
        default=False, description="let hair and skirts of retargeted clips follow through, where a VRM file says how"
    )


class Filters(Section):
    """What clips are kept: every limit of the filters."""

    min_frames: Positive = Field(description="a motion needs strictly more frames than this, at its own rate")
    max_frames: Positive = Field(
        description="longer motions are cut into windows, shorter loops go round until they are as long; 4k+1 suits "
        "the video VAE"
    )
    max_windows: Positive = Field(
        description="windows of one motion of a file that are looked at: if it has more, so many of them, evenly spread"
    )
    min_vertices: Positive
    max_vertices: Positive
    min_faces: Positive
    max_faces: Positive
    min_texture_px: Positive = Field(description="longer side from which a picture counts as a texture")
    min_base_colours: Positive = Field(description="colours that a subject without texture needs")
    max_grey_share: Share = Field(description="share of the surface that may be one untextured grey")
    max_extent_ratio: Annotated[float, Field(ge=1)] = Field(
        description="largest frame's size over the clip's usual one; more is an explosion"
    )
    min_coverage: Share = Field(description="least share of a preview that the subject covers, from any side")
    min_flow_px: PositiveFloat = Field(
        description="how far the part that moves most must get: pixels at 256 px on the subject's bounding square"
    )
    max_jump: PositiveFloat = Field(
        default=0.2, description="a step from frame to frame that stands alone, in the subject's size; more is a cut"
    )
    min_moving_frames: Positive = Field(default=4, description="frames that a clip needs between its still ends")
    preview_px: Positive = Field(description="side of the preview pictures that flow is measured on")
    preview_frames: Positive = Field(description="pairs of consecutive frames that are compared, per view")


class Render(Section):
    """How clips are drawn: engine, size, cameras."""

    engine: Literal["auto", "raster", "cycles", "eevee", "workbench"] = Field(
        description="cycles: the reference; raster: our own, hundreds of times cheaper; auto: raster, or cycles for an "
        "asset whose materials raster cannot draw; eevee needs a GPU, workbench OpenGL (docs/rendering.md)"
    )
    samples: Positive = Field(description="per pixel, of cycles and eevee")
    max_samples: Positive | None = Field(
        default=None,
        description="cycles: an asset that speckles gets more samples, doubled up to these (docs/rendering.md); none: "
        "all get `samples`",
    )
    denoise: bool = Field(description="Open Image Denoise, fast setting; of cycles")
    min_agreement: Share = Field(
        default=0.0,
        description="auto: similarity (SSIM) to two small Cycles pictures per asset, under which Cycles "
        "draws it; 0: none is made",
    )
    masks: bool = Field(default=False, description="keep a mask video per view, beside the RGB over `background`")
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
    turn_markers: bool = Field(
        default=False,
        description="pose maps show the turn of leaves and twist of limbs by markers beside them, where "
        "there is room; not in the paper (docs/reconstruction.md)",
    )
    joint_radius_px: PositiveFloat = Field(description="at 480 lines; scales with height")
    rgb_crf: Annotated[int, Field(ge=0, le=51)] = Field(description="H.264 quality of RGB videos, lower is better")
    pose_crf: Annotated[int, Field(ge=0, le=51)] = Field(description="H.264 quality of pose videos")
    keyframe_interval: Positive = Field(description="frames from keyframe to keyframe; short for random windows")
    max_round_trip_px: PositiveFloat | None = Field(
        default=None,
        description="how far the joints read back from a clip's pose videos may be from the stored ones "
        "(docs/rendering.md); none: not read back",
    )
    min_usable_share: Share = Field(
        default=0.7,
        description="of the drawn joints that no others hide, least share that is found again when pose videos are "
        "read back; those outside the picture are not",
    )


class Shards(Section):
    """How clips are packed into shards and split."""

    shard_mb: PositiveFloat = Field(
        description="target size of a tar in megabytes (10^6 bytes); a tar holds one clip at least, and as many as fit"
    )
    bench_share: Share = Field(description="share of the assets held out of training, by asset")
    bench_assets: tuple[str, ...] = Field(
        default=(), description="ids of assets held out instead of that share, with all that shares a motion or a shape"
    )
    val_share: Share = Field(default=0.0, description="share of the assets to look at while training, by asset")


class Eval(Section):
    """What is made to judge a trained model."""

    generate_clips: Annotated[int, Field(ge=0)] = Field(description="held-out clips that the model generates")


class Run(Section):
    """How jobs are carried out, and when a run gives up."""

    workers: Annotated[int, Field(ge=0)] = Field(description="0: one per core")
    ray_address: str = Field(default="local", description="'local', or a cluster's address")
    max_failed_share: Share = Field(
        description="a stage of whose jobs more than this broke (after 20) stops the run; those that ran out of their "
        "own time or memory do not count"
    )
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
    latents: Latents = Latents()
    train: Train
    eval: Eval
    run: Run
