"""Probe: what rig and which motions an asset holds, read by Blender once the file passed the gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curate.canonical import canonical
from rigmill.errors import Refusal, Reject
from rigmill.files import digest
from rigmill.profile import Profile
from rigmill.rigfile import rig_from_bytes
from rigmill.stage import Answer, Input, Job, Row, Rows, Stage, Work, only_keys
from rigmill.types import Kept, Measured, Outcome, Rejected, StoredFile

PROBE = "render.blender.probe:probe_asset"
ASSET_COLUMNS = (
    "asset_id", "source", "source_uid", "origin", "title", "author", "tags", "licence", "licence_raw", "licence_url",
    "licence_seen_in", "attribution", "rights", "format", "file",
)
# What Blender finds in the file, as in the table.
FOUND_COLUMNS = (
    "kind", "rig_kind", "armature", "num_joints", "num_armatures", "num_vertices", "num_faces", "num_skinned_meshes",
    "num_rigid_meshes", "unweighted_share", "num_materials", "num_textures", "texture_px", "num_base_colours",
    "grey_share", "extent", "geometry_hash",
)


class ProbeStage(Stage):
    """`collect` rows -> one `probe` row per asset that has a rig."""

    name = "probe"
    version = 2
    upstream = ("collect",)

    def settings(self, profile: Profile) -> Row:
        return {"fps": profile.probe.fps, "rigid_rigs": profile.probe.rigid_rigs}

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """One input per asset. Two collected rows with the same bytes are one asset: the first by name keeps it."""
        taken: dict[str, str] = {}
        for row in sorted(tables.products("collect"), key=lambda row: (row["source"], row["source_uid"])):
            payload = only_keys(row, *ASSET_COLUMNS)
            place = f"{row['source']}:{row['source_uid']}"
            original = taken.setdefault(row["asset_id"], place)
            if original == place:
                yield Input(row["asset_id"], payload)
            else:
                yield Input(
                    f"{row['asset_id']}-{digest(place, length=8)}", payload | {"duplicate_of": original},
                    group=row["asset_id"],
                )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            try:
                asset = _canonical(job.payload, work)
            except Refusal as refusal:
                refused = Rejected(refusal.code.value, refusal.message, refusal.measured, refusal.limit)
                yield Answer(job.key, refused, Measured())
                continue
            item = {
                "path": str(work.store.path(StoredFile.from_row(asset["file"]))), "format": asset["format"],
                "fps": job.settings["fps"], "rigid_rigs": job.settings["rigid_rigs"],
            }
            for reply in work.blender.run(PROBE, [item], scratch=work.scratch):
                outcome: Outcome | None = reply.outcome
                if outcome is None:
                    outcome = Kept([_row(asset, reply.value or {}, work)])
                yield Answer(job.key, outcome, reply.measured)


def _canonical(payload: Row, work: Work) -> Row:
    """The asset with the file that Blender may see; a Refusal says why there is none."""
    if "duplicate_of" in payload:
        raise Refusal(Reject.DUPLICATE_FILE, f"the same bytes as {payload['duplicate_of']}")
    data, file_format = canonical(work.store.read(StoredFile.from_row(payload["file"])), payload["format"])
    stored = work.store.put_bytes(f"asset.{file_format}", data)
    return payload | {"file": stored.to_row(), "format": file_format}


def _row(asset: Row, found: Row, work: Work) -> Row:
    """The product row: Blender's findings with their files in the store."""
    rig_file = work.store.put_file("rig.npz", work.scratch / found["rig_file"])
    return asset | {
        "rig_id": rig_file.sha256[:16], **{column: found.get(column) for column in FOUND_COLUMNS},
        "humanoid": [], "spring_joints": [],
        "rig_file": rig_file.to_row(), "joint_names": list(rig_from_bytes(work.store.read(rig_file)).names),
        "motions": [_motion(asset["asset_id"], motion, work) for motion in found["motions"]],
    }


def _motion(asset_id: str, motion: Row, work: Work) -> Row:
    stored = None
    if motion["motion_file"]:
        stored = work.store.put_file("motion.npz", work.scratch / motion["motion_file"]).to_row()
    return {
        "motion_id": digest(asset_id, motion["action"], motion["slot"], motion["fps"]),
        **only_keys(motion, "name", "action", "slot", "num_frames", "fps", "start_frame", "num_moving_joints"),
        "extent_ratio": motion.get("extent_ratio"), "motion_file": stored,
    }
