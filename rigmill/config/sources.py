"""The sections of a profile's `sources`: a kind of place that assets come from each, in the keys of pipelines.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from rigmill.config.section import Positive, PositiveFloat, Section, Share


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
