"""Probe: what rig and which motions an asset holds, read by Blender once the file passed the gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curate.gate.canonical import canonical
from curate.gate.gltf_json import parse, split_glb
from curate.humanoid.nodes import joint_of_node
from curate.vrm.block import Vrm, read_vrm
from curate.vrm.springs import spring_rows
from rigmill.blender.requests import PROBE_ASSET, FoundMotion, ProbeAnswer, ProbeItem
from rigmill.config.schema import Profile
from rigmill.licences.deny_list import Denied, read_denied
from rigmill.licences.policy import asset_refusal
from rigmill.licences.rights import Rights
from rigmill.outcomes import Cost, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.rigs.npz import rig_from_bytes
from rigmill.storage.columns import ASSET, FOUND, PRODUCTS
from rigmill.storage.files import digest
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Row, StoredFile


class ProbeStage(Stage):
    """`collect` rows -> one `probe` row per asset that has a rig."""

    name = "probe"
    version = 6
    upstream = ("collect",)
    writes = PRODUCTS["probe"]
    usual_seconds, jobs_per = 1.0, {"collect": 1.0}

    def settings(self, profile: Profile) -> Row:
        return {
            "fps": profile.probe.fps,
            "rigid_rigs": profile.probe.rigid_rigs,
            "policy": profile.licence_policy,
            "denied": read_denied(profile.licence.deny_list),
        }

    def job_settings(self, settings: Row) -> Row:
        """The verdict on an asset is in its payload, so another policy redoes those whose verdict changes alone."""
        return only_keys(settings, "fps", "rigid_rigs")

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """One input per asset. Two collected rows with the same bytes are one asset: the first by name keeps it."""
        denied = Denied(settings["denied"])
        rows = tables.products("collect")
        first: dict[str, tuple[str, str]] = {}
        for row in rows:
            place = (row["source"], row["source_uid"])
            if place < first.setdefault(row["asset_id"], place):
                first[row["asset_id"]] = place
        for row in rows:
            payload = only_keys(row, *ASSET)
            refused = _refused(row, settings["policy"], denied)
            if refused is not None:
                payload = with_values(payload, {"refused": refused.to_short_row()})
            original, place = first[row["asset_id"]], (row["source"], row["source_uid"])
            if original == place:
                yield Input(row["asset_id"], payload)
            else:
                yield Input(
                    f"{row['asset_id']}-{digest(':'.join(place), length=8)}",
                    with_values(payload, {"duplicate_of": ":".join(original)}),
                    group=row["asset_id"],
                )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            try:
                asset, block = _canonical(job.payload, work)
            except Refusal as refusal:
                yield Answer(job.key, refusal.to_rejected(), Cost())
                continue
            item = ProbeItem(
                path=str(work.store.checked_path(StoredFile.from_row(asset["file"]))),
                format=asset["format"],
                fps=job.settings["fps"],
                rigid_rigs=job.settings["rigid_rigs"],
            )
            for reply in work.blender.run(PROBE_ASSET, [item.to_item()], scratch=work.scratch):
                outcome: Outcome | None = reply.outcome
                if reply.value is not None:
                    outcome = Kept([_row(asset, block, ProbeAnswer.from_item(reply.value), work)])
                assert outcome is not None
                yield Answer(job.key, outcome, reply.measured)


def _refused(row: Row, policy: str, denied: Denied) -> Rejected | None:
    """The verdict, if the asset must not be used whatever it holds."""
    if denied:
        reason = denied.reason(
            source=row["source"], uid=row["source_uid"], sha256=row["asset_id"], origin=row["origin"]
        )
        if reason is not None:
            return Rejected(Reject.DENIED, f"on the deny list: {reason}")
    message = asset_refusal(Rights.from_row(row["rights"]), policy, licence=row["licence"])
    return None if message is None else Rejected(Reject.LICENCE, message)


def _canonical(payload: Row, work: Work) -> tuple[Row, Vrm | None]:
    """The asset with the file that Blender may see, and the VRM block that this no longer has; a Refusal says why not.

    Nodes keep their indices in the canonical file, so the block's point into it as well.
    """
    if "duplicate_of" in payload:
        raise Refusal(Reject.DUPLICATE_FILE, f"the same bytes as {payload['duplicate_of']}")
    if "refused" in payload:
        raise Rejected.from_row(payload["refused"]).to_refusal()
    original = work.store.read(StoredFile.from_row(payload["file"]))
    data, file_format = canonical(original, payload["format"])
    block = read_vrm(parse(split_glb(original)[0])) if payload["format"] in ("glb", "vrm") else None
    stored = work.store.put_bytes(f"asset.{file_format}", data)
    return {**payload, "file": stored.to_row(), "format": file_format}, block


def _row(asset: Row, block: Vrm | None, found: ProbeAnswer, work: Work) -> Row:
    """The product row: Blender's findings with their files in the store, and the humanoid that the file declares."""
    rig_file = work.store.put_file("rig.npz", work.scratch / found.rig_file)
    names = list(rig_from_bytes(work.store.read(rig_file)).names)
    humanoid, springs = list[Row](), list[Row]()
    if block is not None:
        document = parse(split_glb(work.store.read(StoredFile.from_row(asset["file"])))[0])
        joints = joint_of_node(document, names)
        humanoid = [{"bone": bone, "joint": joints[node]} for bone, node in block.humanoid.items() if node in joints]
        springs = spring_rows(block, document, joints)
    return {
        **asset,
        "rig_id": rig_file.sha256[:16],
        **{column: getattr(found, column) for column in FOUND},
        "humanoid": humanoid,
        "spring_joints": springs,
        "rig_file": rig_file.to_row(),
        "joint_names": names,
        "motions": [_motion(asset["asset_id"], motion, work) for motion in found.motions],
    }


def _motion(asset_id: str, motion: FoundMotion, work: Work) -> Row:
    stored = None
    if motion.motion_file:
        stored = work.store.put_file("motion.npz", work.scratch / motion.motion_file).to_row()
    return {
        "motion_id": digest(asset_id, motion.action, motion.slot, motion.fps),
        **motion.to_item(),
        "motion_file": stored,
    }
