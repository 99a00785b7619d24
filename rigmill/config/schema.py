"""The shape of a profile: every key of pipelines.yaml, its type, range and meaning. Values live in the YAML."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from rigmill.config.caption import Caption
from rigmill.config.section import Positive, PositiveFloat, Section, Share
from rigmill.config.train import Latents, Train


class ProceduralSource(Section):
    """Generated characters and humanoid motions: no network, no files needed."""

    kind: Literal["procedural"]
    name: str = "procedural"
    groups: tuple[Literal["biped", "quadruped", "winged", "cabinet", "motion"], ...] = Field(
        description="what to make, one asset each; 'motion' is a humanoid motion without a mesh"
    )
    variants: Positive = Field(default=1, description="assets per group, each from its own seed")


class HeldOut(Section):
    """What of the generated world training never sees; a clip's source_uid begins with it (unseen-plan/horse-00003)."""

    plans: tuple[str, ...] = Field(default=(), description="whole body plans: unseen-plan")
    pairs: tuple[Annotated[str, Field(pattern=r"^[^:]+:[^:]+$")], ...] = Field(
        default=(), description="motions of plans, 'dog:run': unseen-motion, on assets of their own"
    )
    share: Share = Field(default=0.0, description="of the other assets, those kept apart: unseen-rig")


class WorldSource(Section):
    """Generated bodies of many plans with many motions, their truth and their words: no network, no files needed."""

    kind: Literal["world"]
    name: str = "world"
    clips: Positive = Field(description="how many, over all plans in turn; more clips keep the assets that fewer have")
    takes: Positive = Field(default=4, description="clips per asset")
    num_frames: Annotated[int, Field(ge=17)] = Field(default=33, description="of a take; 4k+1 suits the video VAE")
    fps: PositiveFloat = Field(default=16, description="of the takes; with probe.fps nothing is resampled")
    plans: tuple[str, ...] = Field(default=(), description="which bodies; empty: all (docs/world.md)")
    hold_out: HeldOut = HeldOut()


class FolderSource(Section):
    """Any rigged files of yours: .glb, .gltf with its files below its folder, .vrm, .fbx; searched recursively."""

    kind: Literal["folder"]
    name: str = "folder"
    path: str = Field(description="relative to the current folder, ~ allowed")
    licence: str = Field(
        default="unknown",
        description="SPDX id that holds for every file of the folder; unknown: a VRM file's own licence block counts",
    )
    i_am_the_author: bool = Field(
        default=False,
        description="the files are yours, and `licence` is what you give them: it holds in place of what they say",
    )
    attribution: str = ""

    @model_validator(mode="after")
    def _authors_name_a_licence(self) -> FolderSource:
        if self.i_am_the_author and self.licence == "unknown":
            raise ValueError("i_am_the_author wants the licence that you give your files: licence: CC-BY-4.0")
        return self


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


class Download(Section):
    """How a source's files are asked for. Nothing here changes a file, so a change here fetches nothing again."""

    parallel: Positive = Field(default=8, description="files at a time, per worker")
    requests_per_s: PositiveFloat = Field(default=10, description="to one host, per worker")
    connect_s: PositiveFloat = Field(default=10, description="longest wait for a connection")
    read_s: PositiveFloat = Field(default=30, description="longest silence within an answer")
    min_bytes_per_s: PositiveFloat = Field(default=4096, description="a server slower than this is given up")
    patience_s: PositiveFloat = Field(default=30, description="time over which that speed is measured")
    tries: Positive = Field(default=5, description="per file and run, with growing pauses; the next run tries again")
    max_wait_s: PositiveFloat = Field(default=120, description="longest pause that a server may ask for")
    http_hosts: tuple[str, ...] = Field(
        default=(), description="hosts that may be asked over plain http and lie in a private network: your own mirror"
    )


class ObjaverseSource(Section):
    """Objaverse 1.0: objects chosen by their annotations before anything is downloaded."""

    kind: Literal["objaverse"]
    name: str = "objaverse"
    index: str = Field(default="~/.objaverse", description="folder of the index, in the objaverse package's layout")
    address: str = Field(
        default="https://huggingface.co/datasets/allenai/objaverse/resolve/main",
        description="where object-paths.json.gz, metadata/ and glbs/ are; name a commit instead of main to pin it",
    )
    hashes: str = Field(
        default="https://huggingface.co/datasets/allenai/objaverse-xl/resolve/main/sketchfab/sketchfab.parquet",
        description="XL's table of the same objects, for their sha256; empty: files are not compared",
    )
    hosts: tuple[str, ...] = Field(
        default=("huggingface.co", ".huggingface.co", ".hf.co"),
        description="hosts that addresses and redirects may lead to; a leading dot means every name below",
    )
    min_animations: Annotated[int, Field(ge=0)] = Field(default=1, description="as the index counts them")
    min_faces: Annotated[int, Field(ge=0)] = Field(default=100, description="fewer cannot show a jointed body")
    max_faces: Positive = Field(default=1_000_000, description="more is a scan, or costs more than it is worth")
    tags: tuple[str, ...] = Field(default=(), description="only objects with one of these tags; empty: all")
    max_assets: Positive | None = Field(default=None, description="a sample of so many, the same for the same seed")
    disk_budget_bytes: Positive | None = Field(default=None, description="by the sizes that the index states")
    download: Download = Download()


class ObjaverseXLSource(Section):
    """Objaverse-XL: files that can be had alone, by address. It does not say which are animated: set max_assets."""

    kind: Literal["objaverse_xl"]
    name: str = "objaverse_xl"
    index: str = Field(default="~/.objaverse", description="folder of the index, in the objaverse package's layout")
    address: str = Field(
        default="https://huggingface.co/datasets/allenai/objaverse-xl/resolve/main", description="where the index is"
    )
    objects: str = Field(
        default="https://huggingface.co/datasets/allenai/objaverse/resolve/main",
        description="where the files of the sketchfab part are: Objaverse 1.0",
    )
    github: str = Field(default="https://github.com", description="where the files of the github part are")
    hosts: tuple[str, ...] = Field(
        default=(
            "huggingface.co",
            ".huggingface.co",
            ".hf.co",
            "github.com",
            "raw.githubusercontent.com",
            "media.githubusercontent.com",
            "3d-api.si.edu",
            "www.thingiverse.com",
            "cdn.thingiverse.com",
        ),
        description="hosts that addresses and redirects may lead to; a leading dot means every name below",
    )
    parts: tuple[Literal["github", "smithsonian", "sketchfab", "thingiverse"], ...] = Field(
        default=("github", "smithsonian"),
        min_length=1,
        description="sketchfab is Objaverse 1.0 without its annotations; thingiverse holds STL alone",
    )
    formats: tuple[Literal["glb", "gltf", "vrm", "fbx"], ...] = Field(
        default=("glb", "vrm", "fbx"),
        min_length=1,
        description="a .gltf alone lacks the files that it points to, as a rule",
    )
    alignment_only: bool = Field(default=False, description="only the objects of XL's alignment set")
    max_assets: Positive | None = Field(default=None, description="a sample of so many, the same for the same seed")
    disk_budget_bytes: Positive | None = Field(
        default=None, description="as many as fit at assumed_file_bytes each; a run that gets there sooner stops"
    )
    assumed_file_bytes: Positive = Field(default=8_000_000, description="a file's size, which XL does not state")
    download: Download = Download()


Source = Annotated[
    ProceduralSource
    | WorldSource
    | FolderSource
    | MixamoSource
    | VroidSource
    | VroidHubSource
    | ObjaverseSource
    | ObjaverseXLSource,
    Field(discriminator="kind"),
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
