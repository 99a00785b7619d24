"""Every table's columns, spelled here alone, in named groups."""

from __future__ import annotations

import dataclasses
from typing import Any

import pyarrow as pa

from rigmill.licences.rights import Rights
from rigmill.outcomes import Failed, Kept, Outcome, Rejected, Status

_text, _count, _number = pa.string(), pa.int64(), pa.float64()
FILE = pa.struct([("name", _text), ("sha256", _text), ("size_bytes", _count)])  # a types.StoredFile
_file, _files = FILE, pa.list_(FILE)
OUTCOMES = pa.schema(
    [
        ("job_key", _text),
        ("input_id", _text),
        ("source", _text),
        ("status", _text),
        ("code", _text),
        ("message", _text),
        ("measured", _number),
        ("limit", _number),
        ("fail_kind", _text),
        ("error_type", _text),
        ("signal", _text),
        ("command", _text),
    ]
)
_flag = pa.bool_()
_rights = pa.struct([(field.name, _flag) for field in dataclasses.fields(Rights)])
_ASSET = [
    ("asset_id", _text),
    ("source", _text),
    ("source_uid", _text),
    ("origin", _text),
    ("title", _text),
    ("author", _text),
    ("tags", pa.list_(_text)),
    # `licence` is an SPDX id, LicenseRef-... or unknown; `licence_seen_in` is index, file, page or profile
    ("licence", _text),
    ("licence_raw", _text),
    ("licence_url", _text),
    ("licence_seen_in", _text),
    ("attribution", _text),
    ("rights", _rights),
    ("format", _text),
]
_CLIP = [
    ("clip_id", _text),
    ("asset_id", _text),
    ("rig_id", _text),
    ("motion_id", _text),
    ("source", _text),
    ("title", _text),
    ("tags", pa.list_(_text)),
    ("licence", _text),
    ("attribution", _text),
    ("rights", _rights),
    ("motion_name", _text),
    ("kind", _text),
    ("num_frames", _count),
    ("fps", _number),
]
PRODUCTS: dict[str, pa.Schema] = {
    # one row per file of a source
    "collect": pa.schema([*_ASSET, ("file", _file)]),
    # One row per rig. `file` is the canonical file that Blender reads from here on (the original is collect's);
    # `kind` is animated, static or motion (no mesh); `rig_kind` is skin, rigid (joints are animated nodes) or both;
    # `unweighted_share`: of the vertices of skinned meshes, those that no bone moves;
    # motions that are left out are counted: still ones, broken ones (a key is no number), repeats of another;
    # `humanoid` is the declared map of a VRM, empty elsewhere; `spring_joints` are its joints that physics would turn:
    # `end` is where what hangs on the joint is, at rest and from it, `gravity` a force, both x, y, z in our world;
    # `motions` are the actions found in the file.
    "probe": pa.schema(
        [
            *_ASSET,
            ("file", _file),
            ("rig_id", _text),
            ("kind", _text),
            ("rig_kind", _text),
            ("armature", _text),
            ("num_joints", _count),
            ("num_armatures", _count),
            ("num_vertices", _count),
            ("num_faces", _count),
            ("num_skinned_meshes", _count),
            ("num_rigid_meshes", _count),
            ("unweighted_share", _number),
            ("num_materials", _count),
            ("num_textures", _count),
            ("texture_px", _count),
            ("num_base_colours", _count),
            ("grey_share", _number),
            ("extent", _number),
            ("geometry_hash", _text),
            ("num_still_motions", _count),
            ("num_broken_motions", _count),
            ("num_repeated_motions", _count),
            ("rig_file", _file),
            ("joint_names", pa.list_(_text)),
            ("humanoid", pa.list_(pa.struct([("bone", _text), ("joint", _text)]))),
            (
                "spring_joints",
                pa.list_(
                    pa.struct(
                        [
                            ("joint", _text),
                            ("end", pa.list_(_number)),
                            ("stiffness", _number),
                            ("drag", _number),
                            ("gravity", pa.list_(_number)),
                        ]
                    )
                ),
            ),
            (
                "motions",
                pa.list_(
                    pa.struct(
                        [
                            ("motion_id", _text),
                            ("name", _text),
                            ("action", _text),
                            ("slot", _text),
                            ("num_frames", _count),
                            ("fps", _number),
                            ("start_frame", _number),
                            ("num_moving_joints", _count),
                            ("extent_ratio", _number),
                            ("motion_file", _file),
                        ]
                    )
                ),
            ),
        ]
    ),
    # One row per chosen (character, motion, window): the whole motion rewritten for the character's rig. `num_frames`
    # counts from `start_frame` to the motion's end. `contact_share` is of foot-frames in which a foot stands, and
    # `slide_*_pct` how far such feet move on the ground from frame to frame, the 95th percentile over the motion in
    # percent of a leg, before and after their correction; empty where no foot stands.
    "retarget": pa.schema(
        [
            *_CLIP,
            ("file", _file),
            ("format", _text),
            ("armature", _text),
            ("motion_file", _file),
            ("start_frame", _number),
            ("num_matched_joints", _count),
            ("contact_share", _number),
            ("slide_before_pct", _number),
            ("slide_after_pct", _number),
        ]
    ),
    # One row per clip that could be seen, kept or not. `flow_px_per_frame` is the mean over the subject, `flow_px` how
    # far the part that moves most gets, both at 256 px on its bounding square; `coverage` is of the view that shows
    # least; `extent_ratio` is the largest frame's size over the usual one; `files` holds a strip to look at.
    "preview": pa.schema(
        [
            *_CLIP,
            ("file", _file),
            ("format", _text),
            ("armature", _text),
            ("action", _text),
            ("slot", _text),
            ("start_frame", _number),
            ("motion_file", _file),
            ("flow_px_per_frame", _number),
            ("flow_px", _number),
            ("coverage", _number),
            ("extent_ratio", _number),
            ("geometry_hash", _text),
            ("motion_hash", _text),
            ("files", _files),
        ]
    ),
    # one row per clip that passed every filter
    "select": pa.schema(
        [
            *_CLIP,
            ("file", _file),
            ("format", _text),
            ("armature", _text),
            ("action", _text),
            ("slot", _text),
            ("start_frame", _number),
            ("motion_file", _file),
            ("flow_px_per_frame", _number),
            ("flow_px", _number),
        ]
    ),
    # One row per rendered clip. `engine` drew it, `engine_reason` says why where `auto` chose, and `agreement` is its
    # similarity (SSIM) to Cycles where that was measured; `min_coverage` is of the view that the subject covers least.
    # `round_trip_px`: how far discs read back from the pose videos are from the stored joints, 90th percentile of the
    # worst view, `round_trip_worst` its worst joint; `round_trip_mpjpe_pct` and `round_trip_usable_share` say what
    # reconstruction makes of joints that two views show. Empty where it was not asked for or nothing can be judged.
    "render": pa.schema(
        [
            *_CLIP,
            ("asset_file", _file),
            ("width_px", _count),
            ("height_px", _count),
            ("num_views", _count),
            ("has_masks", _flag),
            ("engine", _text),
            ("engine_reason", _text),
            ("agreement", _number),
            ("min_coverage", _number),
            ("num_drawn_joints", _count),
            ("round_trip_px", _number),
            ("round_trip_worst", _text),
            ("round_trip_mpjpe_pct", _number),
            ("round_trip_usable_share", _number),
            ("files", _files),
        ]
    ),
    "caption": pa.schema([("clip_id", _text), ("caption", _text), ("category", _text), ("provider", _text)]),
    # one row per sample inside a shard: `offset` and `num_bytes` cut it out without reading the rest
    "shards": pa.schema(
        [
            *_CLIP,
            ("shard", _text),
            ("split", _text),
            ("offset", _count),
            ("num_bytes", _count),
            ("sample_sha256", _text),
            ("shard_sha256", _text),
            ("shard_bytes", _count),
            ("num_views", _count),
            ("has_masks", _flag),
            ("caption", _text),
            ("category", _text),
            ("provider", _text),
            ("asset_file", _file),
            ("shard_file", _file),
        ]
    ),
    "train": pa.schema(
        [
            ("checkpoint_id", _text),
            ("recipe", _text),
            ("num_steps", _count),
            ("first_loss", _number),
            ("last_loss", _number),
            ("num_parameters", _count),
            ("files", _files),
        ]
    ),
    # one row per (clip, where its pose maps came from)
    "eval": pa.schema(
        [
            ("clip_id", _text),
            ("maps", _text),
            ("num_frames", _count),
            ("num_drawn_joints", _count),
            ("mpjpe_pct", _number),
            ("mpjpe_all_pct", _number),
            ("over_2pct", _number),
            ("usable_share", _number),
            ("branch_rotation_deg", _number),
            ("chain_rotation_deg", _number),
            ("leaf_rotation_deg", _number),
            ("reprojection_px", _number),
            ("bone_drift_pct", _number),
            ("pck_2d", _number),
            ("missing_share", _number),
            ("swapped_share", _number),
            ("checkpoint_id", _text),
            ("files", _files),
        ]
    ),
}
_NO_OUTCOME: dict[str, Any] = dict.fromkeys(OUTCOMES.names)
_KEPT = Status.KEPT.value


def outcome_row(key: str, input_id: str, outcome: Outcome, command: str, *, source: str = "") -> dict[str, Any]:
    """An outcome as a row of OUTCOMES. `source` is the one that the input is from; empty where it is from several."""
    row = dict(_NO_OUTCOME)
    row["job_key"], row["input_id"], row["source"], row["command"] = key, input_id, source, command
    if isinstance(outcome, Kept):
        row["status"] = _KEPT
    elif isinstance(outcome, Rejected):
        row.update(
            status=Status.REJECTED.value,
            code=outcome.code,
            message=outcome.message,
            measured=outcome.measured,
            limit=outcome.limit,
        )
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
