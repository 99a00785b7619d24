"""Probe: what rig and which motions an asset holds, read by Blender once the file passed the gate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rigmill.blender.child_files import open_own, read_own
from rigmill.blender.client import Reply
from rigmill.blender.requests import (
    CANONICAL_ASSET,
    CANONICAL_FILE,
    PROBE_ASSET,
    VRM_ROWS,
    CanonicalAnswer,
    CanonicalItem,
    FoundMotion,
    ProbeAnswer,
    ProbeItem,
    VrmAnswer,
    VrmItem,
)
from rigmill.config.schema import Profile
from rigmill.facts.facing import find_facing
from rigmill.humanoid.maps import Skeletons
from rigmill.licences.deny_list import Denied, read_denied
from rigmill.licences.policy import asset_refusal
from rigmill.licences.rights import Rights
from rigmill.outcomes import Cost, Kept, Outcome, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.rigs.npz import rig_from_bytes
from rigmill.storage.columns import ASSET, FOUND, PRODUCTS
from rigmill.storage.files import digest
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Rig, Row, StoredFile

_SKELETONS = Skeletons()


class ProbeStage(Stage):
    """`collect` rows -> one `probe` row per asset that has a rig."""

    name = "probe"
    version = 10
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
            yield _probed(job, work)


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


def _probed(job: Job, work: Work) -> Answer:
    """The job's answer, from three limited children in a row: the gate, Blender, and of a VRM what its block says.

    This process reads nothing that a stranger wrote.
    """
    payload = job.payload
    if "duplicate_of" in payload:
        verdict = Rejected(Reject.DUPLICATE_FILE, f"the same bytes as {payload['duplicate_of']}")
        return Answer(job.key, verdict, Cost())
    if "refused" in payload:
        return Answer(job.key, Rejected.from_row(payload["refused"]), Cost())
    path = str(work.store.checked_path(StoredFile.from_row(payload["file"])))
    passed = _ask(work, CANONICAL_ASSET, CanonicalItem(path=path, format=payload["format"]).to_item())
    if passed.value is None:
        return Answer(job.key, _end(passed), passed.measured)
    seen = CanonicalAnswer.from_item(passed.value)
    with open_own(work.scratch, CANONICAL_FILE) as canonical:
        stored = work.store.put_file(f"asset.{seen.format}", canonical)
    (work.scratch / CANONICAL_FILE).unlink()
    asset, canonical_path = {**payload, "file": stored.to_row(), "format": seen.format}, str(work.store.path(stored))
    asked = ProbeItem(
        path=canonical_path, format=seen.format, fps=job.settings["fps"], rigid_rigs=job.settings["rigid_rigs"]
    )
    reply = _ask(work, PROBE_ASSET, asked.to_item())
    if reply.value is None:
        return Answer(job.key, _end(reply), reply.measured)
    found = ProbeAnswer.from_item(reply.value)
    rig_file = work.store.put_bytes("rig.npz", read_own(work.scratch, found.rig_file))
    rig = rig_from_bytes(work.store.read(rig_file))
    said = VrmAnswer(humanoid=[], spring_joints=[])
    if seen.has_vrm:
        item = VrmItem(path=path, canonical_path=canonical_path, joint_names=list(rig.names))
        block = _ask(work, VRM_ROWS, item.to_item())
        if block.value is None:
            return Answer(job.key, _end(block), block.measured)
        said = VrmAnswer.from_item(block.value)
    return Answer(job.key, Kept([_row(asset, said, found, rig_file, rig, work)]), reply.measured)


def _ask(work: Work, function: str, item: Row) -> Reply:
    """The one reply of a child to one item; the probe's own needs Blender."""
    client = work.blender if function == PROBE_ASSET else work.reader
    (reply,) = client.run(function, [item], scratch=work.scratch)
    return reply


def _end(reply: Reply) -> Outcome:
    assert reply.outcome is not None
    return reply.outcome


def _row(asset: Row, said: VrmAnswer, found: ProbeAnswer, rig_file: StoredFile, rig: Rig, work: Work) -> Row:
    """The product row: Blender's findings with their files in the store, and the humanoid that the file declares."""
    facing = find_facing(rig, {pair["bone"]: pair["joint"] for pair in said.humanoid}, _SKELETONS)
    return {
        **asset,
        "rig_id": rig_file.sha256[:16],
        **{column: getattr(found, column) for column in FOUND},
        "humanoid": said.humanoid,
        "spring_joints": said.spring_joints,
        "posed_joints": found.posed_joints,
        "rig_file": rig_file.to_row(),
        "facing_deg": facing.azimuth_deg,
        "facing_source": facing.source.value,
        "facing_confidence": facing.confidence,
        "joint_names": list(rig.names),
        "joint_parents": rig.parents.tolist(),
        "joint_places": rig.rest_joints.ravel().tolist(),
        "motions": [_motion(asset["asset_id"], motion, work) for motion in found.motions],
    }


def _motion(asset_id: str, motion: FoundMotion, work: Work) -> Row:
    stored = None
    if motion.motion_file:
        stored = work.store.put_bytes("motion.npz", read_own(work.scratch, motion.motion_file)).to_row()
    return {
        "motion_id": digest(asset_id, motion.action, motion.slot, motion.fps),
        **motion.to_item(),
        "motion_file": stored,
    }
