"""Every job that a Blender child does: its name, what it is asked and what it answers, spelled here for both sides.

On the wire a question (`...Item`) and an answer (`...Answer`) are JSON objects with the fields' names as keys. Files
are named relative to the scratch folder, but for those that a question names under `path` and `*_path`, which
render/blender/sandbox/barrier.py opens to the child.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from rigmill.blender.render_settings import RenderSettings
from rigmill.kinds import Output

PROBE_ASSET = "render.blender.jobs.probe:probe_asset"
PREVIEW_CLIP = "render.blender.jobs.preview:preview_clip"
RENDER_CLIP = "render.blender.jobs.render:render_clip"
PLAY_CLIP = "render.blender.jobs.export:play_clip"
READ_SHAPES = "render.blender.jobs.shapes:read_shapes"
RENDER_ONE = "render.blender.jobs.doctor:render_one"
MAKE_ASSET = "render.blender.procedural.make:make_asset"

# Without Blender, by the reader:
CANONICAL_ASSET = "curate.jobs.assets:canonical_asset"
VRM_ROWS = "curate.jobs.assets:vrm_rows"
SAID_INSIDE = "curate.jobs.assets:said_inside"
GLTF_IDENTITY = "curate.jobs.packing:gltf_identity"
PACK_GLTF = "curate.jobs.packing:pack_gltf_file"
CANONICAL_FILE, PACKED_FILE = "canonical", "packed"

OUTPUTS = (Output.RGB, Output.POSE, Output.TEMPLATES, Output.GEOMETRY)  # of a clip of the pipeline


@dataclass(frozen=True, slots=True)
class _Message:
    """Something on the wire. What a message has beyond the fields is somebody else's."""

    def to_item(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalItem(_Message):
    """A stranger's file, and its format as its source tells it."""

    path: str
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalAnswer(_Message):
    """The format of what Blender may see of it, CANONICAL_FILE, and whether the original holds a VRM block."""

    format: str
    has_vrm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GltfItem(_Message):
    """A .gltf in its folder, below which are the files that it may name."""

    path: str
    folder_path: str
    max_file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAnswer(_Message):
    """The digest of the asset, and the files that it takes beside the .gltf, relative to its folder."""

    sha256: str
    files: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidItem(_Message):
    """A file that may say something about itself."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidAnswer(_Message):
    """Its words, the terms of its VRM block (None: it has none), and why that cannot be read."""

    embedded: dict[str, Any]
    terms: dict[str, Any] | None
    refused: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VrmItem(_Message):
    """A VRM file, its canonical file, and the joints that Blender found in that."""

    path: str
    canonical_path: str
    joint_names: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VrmAnswer(_Message):
    """Columns of the probe's row."""

    humanoid: list[dict[str, Any]]
    spring_joints: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeItem(_Message):
    """One canonical file to look into, at a rate of frames."""

    path: str
    format: str
    fps: float
    rigid_rigs: bool = True  # False: a rig of animated nodes alone is refused
    store_motions: bool = False  # also those of files with meshes


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMotion(_Message):
    """A motion of a file, counted in frames of the rate that was asked for."""

    name: str
    action: str
    slot: str
    num_frames: int
    fps: float
    start_frame: float
    own_fps: float  # at which it was keyed; at least `fps`
    num_own_frames: int
    loop_gap: float  # how far the last pose is from the first: the largest turn in radians, or way in sizes of the rig
    period_frames: float | None  # how long a loop is, in frames of `fps`; None: no loop
    num_moving_joints: int
    extent_ratio: float | None  # largest over median; None: there is no mesh
    motion_file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer(_Message):
    """What a file holds.

    `kind` is animated (something carries a mesh, and moves), static (likewise, and nothing moves) or motion (no
    mesh is carried: every motion is stored, for the retargeter). Takes in which no joint moves are left out and
    counted in `num_still_motions`, takes with a number that is not finite in `num_broken_motions`, and takes that
    repeat another in `num_repeated_motions`.
    """

    kind: str
    rig_kind: str
    armature: str
    num_joints: int
    num_armatures: int
    num_vertices: int
    num_faces: int
    num_skinned_meshes: int
    num_rigid_meshes: int
    unweighted_share: float
    num_materials: int
    num_textures: int
    texture_px: int
    num_base_colours: int
    grey_share: float
    extent: float
    geometry_hash: str
    shape: tuple[float, ...]
    num_still_motions: int
    num_broken_motions: int
    num_repeated_motions: int
    rig_file: str
    posed_joints: list[dict[str, Any]]  # joint, turn (w, x, y, z): what rests in another pose than it is bound in
    motions: tuple[FoundMotion, ...]

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ProbeAnswer:
        motions = tuple(FoundMotion.from_item(motion) for motion in item["motions"])
        return cls(**{field.name: item[field.name] for field in fields(cls)} | {"motions": motions})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip(_Message):
    """One clip to show: an action of the file, a stored motion put on its rig, or the rest pose."""

    clip_id: str
    path: str
    format: str
    armature: str
    action: str | None = None  # None, and no stored motion either: the rest pose
    slot: str | None = None
    start_frame: float = 0.0  # at `fps`; frames of the file's action, or of the stored motion
    num_frames: int
    fps: float
    motion_path: str | None = None
    period_frames: float | None = None  # the action starts again after so many frames; a stored motion was repeated
    front_deg: float = 0.0  # azimuth of the front at rest; view 0 is taken from there

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        known = {field.name: item[field.name] for field in fields(cls) if field.name in item}
        numbers = {
            "start_frame": float(item.get("start_frame") or 0.0),
            "num_frames": int(item["num_frames"]),
            "fps": float(item["fps"]),
        }
        return cls(**cls._typed(known | numbers))

    @staticmethod
    def _typed(values: dict[str, Any]) -> dict[str, Any]:
        """The values of the fields that JSON has no type for."""
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipItem(Clip):
    """A clip to render, and what is to be written of it."""

    render: RenderSettings
    outputs: tuple[Output, ...] = OUTPUTS  # of render/outputs.py: OUTPUTS, mask; png, webp, depth, normal

    def to_item(self) -> dict[str, Any]:
        return asdict(self) | {"render": self.render.to_json()}

    @staticmethod
    def _typed(values: dict[str, Any]) -> dict[str, Any]:
        return values | {
            "render": RenderSettings.from_json(values["render"]),
            "outputs": tuple(Output(output) for output in values.get("outputs", OUTPUTS)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderAnswer(_Message):
    """What was drawn, into `folder`: normalised = (imported - offset) * scale; the cameras are in that world."""

    folder: str
    engine: str
    engine_reason: str  # empty where nobody had to choose
    agreement: float | None  # with Cycles; None: not measured
    samples: int | None  # per pixel, of an engine that takes them
    coverage: list[float]  # of each view
    num_drawn_joints: int
    round_trip: dict[str, float | str | None]  # what reading the pose videos back says: columns
    cameras: list[dict[str, Any]]  # azimuth_deg, intrinsics (3, 3), world_to_view (4, 4)
    scale: float
    offset: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewItem(Clip):
    """A clip to look at: the size of the pictures, and how many pairs of frames."""

    preview_px: int
    preview_frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewAnswer(_Message):
    """Pictures of a few frames and the numbers of all, in `folder`.

    `views` [view][index] -> RGBA PNG of frame `frames`[index], the subject under a coat of noise
    (render/noise_coat.py); `shown` [view][index] -> RGBA PNG of frame `shown_frames`[index] as the asset looks;
    `joints`, a npy (T, J + M, 3) in normalised coordinates: joints, then markers that show how they turn, so that a
    door that opens is not taken for one that closes (rigmill/posemaps/markers.py); `rig` and `motion` are npz files of
    the clip's own, in the same coordinates. `starts` are the frames t of the
    pairs (t, t + 1) among `frames`, `extents` (T) the largest side of each frame's bounds as a share of the clip's.
    """

    folder: str
    views: list[list[str]]
    frames: list[int]
    starts: list[int]
    joints: str
    rig: str
    motion: str
    shown: list[list[str]]
    shown_frames: list[int]
    extents: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayItem(Clip):
    """A clip to play for an export, a title for its motion, and the formats that Blender is to write."""

    title: str | None
    write: tuple[str, ...]  # of glb (at rest), fbx (with the motion)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayAnswer(_Message):
    """Files: the motion as imported, and what `write` asked for."""

    motion: str
    glb: str | None = None
    fbx: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapesItem(_Message):
    """A canonical file with a mesh that has a shape key a frame, called `prefix` and a number."""

    path: str
    format: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapesAnswer(_Message):
    """An npz: vertices (T, N, 3) in the world as imported, faces (F, 3)."""

    file: str
    num_frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeItem(_Message):
    """A generated asset."""

    group: str
    variant: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAnswer(_Message):
    """The file that was made."""

    file: str
    title: str
    tags: list[str]
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOneItem(_Message):
    """One small picture by an engine."""

    engine: str  # cycles or workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOneAnswer(_Message):
    """Which Blender drew it."""

    bpy: str
