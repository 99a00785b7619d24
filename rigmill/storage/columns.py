"""Every table's columns, spelled here alone, in named groups."""

from __future__ import annotations

import dataclasses
from types import UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

import pyarrow as pa

from rigmill.facts.facts import MotionFacts
from rigmill.licences.rights import Rights
from rigmill.outcomes import Failed, Kept, Outcome, Rejected, Status

TEXT, COUNT, NUMBER, FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_TYPES = {str: TEXT, int: COUNT, float: NUMBER, bool: FLAG}


def _columns_of(kind: type[Any]) -> list[tuple[str, pa.DataType]]:
    """A column per field of a dataclass of plain values, of enums of text, and of tuples of such dataclasses."""
    hints = get_type_hints(kind)
    return [(field.name, _type_of(hints[field.name])) for field in dataclasses.fields(kind)]


def _type_of(hint: Any) -> pa.DataType:
    if get_origin(hint) is tuple:
        return pa.list_(_type_of(get_args(hint)[0]))
    if get_origin(hint) is UnionType:  # of a type and None
        return _type_of(get_args(hint)[0])
    if dataclasses.is_dataclass(hint):
        return pa.struct(_columns_of(cast("type[Any]", hint)))
    return next(column for base, column in reversed(_TYPES.items()) if issubclass(hint, base))


FILE = pa.struct([("name", TEXT), ("sha256", TEXT), ("size_bytes", COUNT)])  # a types.StoredFile
FILES = pa.list_(FILE)
# `plan` names the plan that held the job last (View.plan_name).
OUTCOMES = pa.schema(
    [
        ("job_key", TEXT),
        ("input_id", TEXT),
        ("source", TEXT),
        ("status", TEXT),
        ("code", TEXT),
        ("message", TEXT),
        ("measured", NUMBER),
        ("limit", NUMBER),
        ("fail_kind", TEXT),
        ("error_type", TEXT),
        ("signal", TEXT),
        ("command", TEXT),
        ("plan", TEXT),
    ]
)
RIGHTS = pa.struct([(field.name, FLAG) for field in dataclasses.fields(Rights)])
_ASSET = [
    ("asset_id", TEXT),
    ("source", TEXT),
    ("source_uid", TEXT),
    ("origin", TEXT),
    ("title", TEXT),
    ("author", TEXT),
    ("tags", pa.list_(TEXT)),
    # `licence` is an SPDX id, LicenseRef-... or unknown; `licence_seen_in` is a kinds.SeenIn, or two
    ("licence", TEXT),
    ("licence_raw", TEXT),
    ("licence_url", TEXT),
    ("licence_seen_in", TEXT),
    ("attribution", TEXT),
    ("rights", RIGHTS),
    ("format", TEXT),
]
_CLIP = [
    ("clip_id", TEXT),
    ("asset_id", TEXT),
    ("rig_id", TEXT),
    ("motion_id", TEXT),
    ("source", TEXT),
    ("title", TEXT),
    ("tags", pa.list_(TEXT)),
    ("licence", TEXT),
    ("attribution", TEXT),
    ("rights", RIGHTS),
    ("motion_name", TEXT),
    ("kind", TEXT),
    ("num_frames", COUNT),
    ("fps", NUMBER),
]
# What Blender finds in a file.
_FOUND = [
    ("kind", TEXT),
    ("rig_kind", TEXT),
    ("armature", TEXT),
    ("num_joints", COUNT),
    ("num_armatures", COUNT),
    ("num_vertices", COUNT),
    ("num_faces", COUNT),
    ("num_skinned_meshes", COUNT),
    ("num_rigid_meshes", COUNT),
    ("unweighted_share", NUMBER),
    ("num_materials", COUNT),
    ("num_textures", COUNT),
    ("texture_px", COUNT),
    ("num_base_colours", COUNT),
    ("grey_share", NUMBER),
    ("extent", NUMBER),
    ("geometry_hash", TEXT),
    ("shape", pa.list_(NUMBER)),
    ("num_still_motions", COUNT),
    ("num_broken_motions", COUNT),
    ("num_repeated_motions", COUNT),
]
# What shows a clip: an action of the file, or a stored motion, from a frame on.
_PLAYED = [
    ("file", FILE),
    ("format", TEXT),
    ("armature", TEXT),
    ("action", TEXT),
    ("slot", TEXT),
    ("start_frame", NUMBER),
    ("motion_file", FILE),
    ("facing_deg", NUMBER),  # azimuth of the front at rest, as the probe has it: the first camera stands there
]
# Which frames of how many of its motion a clip has. A loop that is shorter than a clip starts again after
# `period_frames`; that is empty where nothing is repeated.
_WINDOW = [("first_frame", COUNT), ("motion_frames", COUNT), ("period_frames", NUMBER)]
# How evenly a clip's motion goes on, and what it shows of a body's rest pose (curate/filters/steadiness.py, rests.py).
_CHECKS = [
    ("jump", NUMBER),
    ("rest_frames", COUNT),
    ("still_start", COUNT),
    ("still_end", COUNT),
    ("rest_upright", NUMBER),
    ("first_upright", NUMBER),
    ("toes_ahead", NUMBER),
    ("swapped_share", NUMBER),
]
_FLOW = [("flow_px_per_frame", NUMBER), ("flow_px", NUMBER)]
# `captions` are all sentences of a clip, `caption` the first; `provider` wrote them: facts, metadata, model,
# person, or source, which knew.
_CAPTION = [("caption", TEXT), ("captions", pa.list_(TEXT)), ("provider", TEXT)]
# Of an asset. Empty where nobody could say.
_CATEGORY = [("category", TEXT), ("secondary", pa.list_(TEXT)), ("category_provider", TEXT)]
# How far a motion that was read back from pose maps is from the stored one.
_SCORES = [
    ("mpjpe_pct", NUMBER),
    ("mpjpe_all_pct", NUMBER),
    ("over_2pct", NUMBER),
    ("usable_share", NUMBER),
    ("branch_rotation_deg", NUMBER),
    ("chain_rotation_deg", NUMBER),
    ("leaf_rotation_deg", NUMBER),
    ("reprojection_px", NUMBER),
    ("bone_drift_pct", NUMBER),
    ("pck_2d", NUMBER),
    ("missing_share", NUMBER),
    ("swapped_share", NUMBER),
]
PRODUCTS: dict[str, pa.Schema] = {
    # One row per file of a source. `takes` is what a source knows of the motions inside, by their names: what a
    # generated take does, as JSON of a Truth of curate.world.acting.truth, and sentences that say it.
    "collect": pa.schema(
        [
            *_ASSET,
            ("takes", pa.list_(pa.struct([("motion", TEXT), ("truth", TEXT), ("captions", pa.list_(TEXT))]))),
            ("file", FILE),
        ]
    ),
    # One row per rig. `file` is the canonical file that Blender reads from here on (the original is collect's);
    # `kind` is animated, static or motion (no mesh); `rig_kind` is skin, rigid (joints are animated nodes) or both;
    # `unweighted_share`: of the vertices of skinned meshes, those that no bone moves;
    # `grey_share`: of the surface, what has no picture and one grey, or greys that hardly differ from each other;
    # `shape` are the moments of the surface at rest (rigmill.rigs.moments), empty where there is none;
    # motions that are left out are counted: still ones, broken ones (a key is no number), repeats of another;
    # `joint_parents` (-1: none) and `joint_places` (x, y, z at rest, joint by joint) are in the order of `joint_names`;
    # `humanoid` is the declared map of a VRM, empty elsewhere; `spring_joints` are its joints that physics would turn:
    # `end` is where what hangs on the joint is, at rest and from it, `gravity` a force, both x, y, z in our world;
    # `posed_joints` rest in another pose than the skin binds them in: the turn w, x, y, z from the bind pose to the
    # rest, against the skin's first joint, in our world;
    # `motions` are the actions found in the file. `num_frames` counts at `fps`, the profile's, and `num_own_frames` at
    # `own_fps`, at which the motion was keyed; `loop_gap` is how far its last pose is from its first, the largest turn
    # in radians or way in sizes of the rig; `period_frames` is how long it is, of loops alone.
    "probe": pa.schema(
        [
            *_ASSET,
            ("file", FILE),
            ("rig_id", TEXT),
            *_FOUND,
            ("rig_file", FILE),
            ("joint_names", pa.list_(TEXT)),
            ("joint_parents", pa.list_(COUNT)),
            ("joint_places", pa.list_(NUMBER)),
            ("humanoid", pa.list_(pa.struct([("bone", TEXT), ("joint", TEXT)]))),
            # Where the front is at rest: its azimuth (0 is -Y, 90 is +X), what says so (rigmill.facts.facing), how
            # sure that is, from 0 to 1.
            ("facing_deg", NUMBER),
            ("facing_source", TEXT),
            ("facing_confidence", NUMBER),
            (
                "spring_joints",
                pa.list_(
                    pa.struct(
                        [
                            ("joint", TEXT),
                            ("end", pa.list_(NUMBER)),
                            ("stiffness", NUMBER),
                            ("drag", NUMBER),
                            ("gravity", pa.list_(NUMBER)),
                        ]
                    )
                ),
            ),
            ("posed_joints", pa.list_(pa.struct([("joint", TEXT), ("turn", pa.list_(NUMBER))]))),
            (
                "motions",
                pa.list_(
                    pa.struct(
                        [
                            ("motion_id", TEXT),
                            ("name", TEXT),
                            ("action", TEXT),
                            ("slot", TEXT),
                            ("num_frames", COUNT),
                            ("fps", NUMBER),
                            ("start_frame", NUMBER),
                            ("own_fps", NUMBER),
                            ("num_own_frames", COUNT),
                            ("loop_gap", NUMBER),
                            ("period_frames", NUMBER),
                            ("num_moving_joints", COUNT),
                            ("extent_ratio", NUMBER),
                            ("motion_file", FILE),
                        ]
                    )
                ),
            ),
        ]
    ),
    # One row per chosen (character, motion, window): the whole motion rewritten for the character's rig. `num_frames`
    # counts from `start_frame` to the motion's end, that of a loop as often as it goes into a clip (`period_frames`,
    # empty where nothing is repeated). `contact_share` is of foot-frames in which a foot stands, and
    # `slide_*_pct` how far such feet move on the ground from frame to frame, the 95th percentile over the motion in
    # percent of a leg, before and after their correction; empty where no foot stands. `left_out` are the parts of
    # the character that do not hang where their names say (fingers, toes, eyes, the jaw) and so do not take part.
    "retarget": pa.schema(
        [
            *_CLIP,
            ("file", FILE),
            ("format", TEXT),
            ("armature", TEXT),
            ("motion_file", FILE),
            ("start_frame", NUMBER),
            ("period_frames", NUMBER),
            ("num_matched_joints", COUNT),
            ("left_out", pa.list_(TEXT)),
            # `ground_pct`: how much higher the motion's ground is than its rest pose says, in percent of the height of
            # its hips; `ground_seen` says so: rest, feet (that carry the body) or file (z = 0). `warnings` are words.
            ("ground_pct", NUMBER),
            ("ground_seen", TEXT),
            ("warnings", pa.list_(TEXT)),
            ("contact_share", NUMBER),
            ("slide_before_pct", NUMBER),
            ("slide_after_pct", NUMBER),
        ]
    ),
    # One row per clip that could be seen, kept or not. `flow_px_per_frame` is the mean over the subject, `flow_px` how
    # far the part that moves most gets, both at 256 px on its bounding square; `coverage` is of the view that shows
    # least; `extent_ratio` is the largest frame's size over the usual one; `files` holds a strip to look at.
    # `jump`: the largest step that stands alone, in the subject's size (joints and markers, on average); `rest_frames`
    # are those of the rest pose that the motion jumps into and out of, `still_*` those before and after all movement.
    # The rest is of bodies by their joints' names, else empty: `*_upright` of the rest pose and of the first frame, 1
    # stands, 0 lies, -1 hangs head down; `toes_ahead` likewise; `swapped_share` of frames whose limbs changed sides.
    "preview": pa.schema(
        [
            *_CLIP,
            *_PLAYED,
            *_WINDOW,
            *_FLOW,
            ("coverage", NUMBER),
            ("extent_ratio", NUMBER),
            *_CHECKS,
            ("geometry_hash", TEXT),
            ("motion_hash", TEXT),
            ("files", FILES),
        ]
    ),
    # one row per clip that passed every filter
    "select": pa.schema([*_CLIP, *_PLAYED, *_WINDOW, *_FLOW]),
    # One row per rendered clip. `engine` drew it, `engine_reason` says why where `auto` chose, and `agreement` is its
    # similarity (SSIM) to Cycles where that was measured; `samples` are those per pixel, where the engine takes them;
    # `min_coverage` is of the view that the subject covers least.
    # `round_trip_px`: how far discs read back from the pose videos are from the stored joints, 90th percentile of the
    # worst view, `round_trip_worst` its worst joint; `round_trip_mpjpe_pct` and `round_trip_usable_share` say what
    # reconstruction makes of joints that two views show, the share of those that two views would show if they were in
    # the picture. Empty where it was not asked for or nothing can be judged.
    "render": pa.schema(
        [
            *_CLIP,
            ("asset_file", FILE),
            ("period_frames", NUMBER),
            ("width_px", COUNT),
            ("height_px", COUNT),
            ("num_views", COUNT),
            ("has_masks", FLAG),
            ("engine", TEXT),
            ("engine_reason", TEXT),
            ("agreement", NUMBER),
            ("samples", COUNT),
            ("min_coverage", NUMBER),
            ("num_drawn_joints", COUNT),
            ("round_trip_px", NUMBER),
            ("round_trip_worst", TEXT),
            ("round_trip_mpjpe_pct", NUMBER),
            ("round_trip_usable_share", NUMBER),
            ("files", FILES),
        ]
    ),
    # One row per asset of which a clip was rendered. `confidence` and `evidence` are the model's own words.
    "category": pa.schema(
        [("asset_id", TEXT), *_CATEGORY, ("confidence", NUMBER), ("evidence", TEXT), ("model", TEXT)]
    ),
    # One row per captioned clip. `subject`, `verb`, `confidence` are the model's own; what follows `model` is what
    # the joints do: a rigmill.facts.facts.MotionFacts, whose docstrings say what each of them is.
    "caption": pa.schema(
        [
            ("clip_id", TEXT),
            *_CAPTION,
            ("subject", TEXT),
            ("verb", TEXT),
            ("confidence", NUMBER),
            ("model", TEXT),
            *_columns_of(MotionFacts),
        ]
    ),
    # one row per sample inside a shard: `offset` and `num_bytes` cut it out without reading the rest
    "shards": pa.schema(
        [
            *_CLIP,
            ("shard", TEXT),
            ("split", TEXT),
            ("offset", COUNT),
            ("num_bytes", COUNT),
            ("sample_sha256", TEXT),
            ("shard_sha256", TEXT),
            ("shard_bytes", COUNT),
            ("num_views", COUNT),
            ("has_masks", FLAG),
            *_CAPTION,
            *_CATEGORY,
            ("asset_file", FILE),
            ("shard_file", FILE),
        ]
    ),
    # One row per clip of the train split whose latents are cached. `key` follows from the sample's content and from
    # `encoding`, the digest of all else that its latents depend on; `codec` and `text` are those of the encoders.
    "latents": pa.schema(
        [
            ("clip_id", TEXT),
            ("source", TEXT),
            ("sample_sha256", TEXT),
            ("key", TEXT),
            ("encoding", TEXT),
            ("codec", TEXT),
            ("text", TEXT),
            ("size_px", COUNT),
            ("num_frames", COUNT),  # of a window, as the model counts them
            ("num_windows", COUNT),
            ("num_conditions", COUNT),
            ("num_views", COUNT),
            ("num_captions", COUNT),
            ("file", FILE),
        ]
    ),
    "train": pa.schema(
        [
            ("checkpoint_id", TEXT),
            ("stage", TEXT),  # as train.stages names it
            ("depth", COUNT),  # how many checkpoints came before it
            ("parent", TEXT),  # the checkpoint that it starts from
            ("recipe", TEXT),
            ("trains", TEXT),
            ("num_clips", COUNT),
            ("samples_digest", TEXT),
            ("num_steps", COUNT),
            ("first_loss", NUMBER),
            ("last_loss", NUMBER),
            ("num_parameters", COUNT),
            ("num_trained", COUNT),
            ("files", FILES),
        ]
    ),
    # one row per (clip, where its pose maps came from)
    "eval": pa.schema(
        [
            ("clip_id", TEXT),
            ("maps", TEXT),
            ("num_frames", COUNT),
            ("num_drawn_joints", COUNT),
            *_SCORES,
            ("checkpoint_id", TEXT),
            ("files", FILES),
        ]
    ),
}


def _names(columns: list[tuple[str, pa.DataType]]) -> tuple[str, ...]:
    return tuple(name for name, _ in columns)


# Names of columns that rows are made of and payloads are cut to.
ASSET, FOUND, CLIP, PLAYED = (*_names(_ASSET), "file"), _names(_FOUND), _names(_CLIP), _names(_PLAYED)
CAPTION, CATEGORY, SCORES = _names(_CAPTION), _names(_CATEGORY), _names(_SCORES)
TERMS = ("licence", "attribution", "rights")
MOTION = ("motion_id", "motion_name", "kind", "num_frames", "fps")  # of a clip, what its motion says
# Of a clip, what its rig's row says.
CHARACTER = (*(name for name in CLIP if name not in ("clip_id", *MOTION)), "file", "format", "armature")
SELECTED = tuple(PRODUCTS["select"].names)
SAMPLE = ("offset", "num_bytes", "sample_sha256", "shard_file")  # what cuts a clip out of its shard

_NO_OUTCOME: dict[str, Any] = dict.fromkeys(OUTCOMES.names)
_KEPT = Status.KEPT.value


def outcome_row(key: str, input_id: str, outcome: Outcome, command: str, *, source: str = "") -> dict[str, Any]:
    """An outcome as a row of OUTCOMES. `source` is the one that the input is from; empty where it is from several."""
    row = dict(_NO_OUTCOME)
    row["job_key"], row["input_id"], row["source"], row["command"] = key, input_id, source, command
    if isinstance(outcome, Kept):
        row["status"] = _KEPT
    elif isinstance(outcome, Rejected):
        row.update(outcome.to_row(), status=Status.REJECTED.value)
    elif isinstance(outcome, Failed):
        row.update(
            status=Status.FAILED.value,
            code=outcome.kind.value,
            message=outcome.message,
            fail_kind=outcome.kind.value,
            error_type=outcome.error_type,
            signal=outcome.signal,
        )
    return row
