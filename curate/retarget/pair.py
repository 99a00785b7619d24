"""The work of one pair: a stored motion, rewritten for a character's rig, as a row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from curate.feet.footing import Footing, keep_feet
from curate.filters.windows import Shown, clip_id
from curate.licences.rights_of import both
from curate.retarget.alignment import stands
from curate.retarget.ground import Ground, find_ground, lowered, warnings
from curate.retarget.transfer import check_motion, is_same_skeleton, retarget
from curate.vrm.springs import springs_of, swing
from rigmill.humanoid.body import Body, as_body
from rigmill.humanoid.names import mapped_joints, missing_core
from rigmill.kinds import ClipKind
from rigmill.licences.rights import Rights, clip_rights
from rigmill.outcomes import Refusal, Reject, Rejected
from rigmill.pipeline.stage import Work
from rigmill.rigs.loops import looped
from rigmill.rigs.npz import motion_from_bytes, motion_to_bytes, rig_from_bytes
from rigmill.rigs.rate import resample
from rigmill.storage.columns import CHARACTER
from rigmill.storage.rows import only_keys
from rigmill.types import Motion, Rig, Row, StoredFile


def retargeted(payload: Row, settings: Row, work: Work) -> Row:
    """The product row of a pair; a Refusal where planning decided so, or where the two do not go together."""
    limit = settings["min_matched_joints"]
    if "missing" in payload:
        _unmappable(payload["num_matched_joints"], limit, payload["missing"], names=payload["names"])
    if "refused" in payload:
        raise Rejected.from_row(payload["refused"]).to_refusal()
    character, moved = payload["character"], payload["motion"]
    source = rig_from_bytes(work.store.read(StoredFile.from_row(moved["rig_file"])))
    target = rig_from_bytes(work.store.read(StoredFile.from_row(character["rig_file"])))
    source_joints = mapped_joints(source.names, moved["humanoid"])
    target_joints = mapped_joints(target.names, character["humanoid"])
    _shared(source_joints, target_joints, limit)
    theirs = motion_from_bytes(work.store.read(StoredFile.from_row(moved["motion_file"])))
    source_body = body_of(source, source_joints, moved["detached"], moved.get("posed"), is_motion=True)
    body = body_of(target, target_joints, character["detached"], character.get("posed"), is_motion=False)
    shared = _shared(source_body.joints, body.joints, limit)
    check_motion(theirs, source)
    shown = Shown(**payload["loop"]) if "loop" in payload else None
    timed = (
        resample(theirs, settings["fps"])
        if shown is None
        else looped(theirs, source, num_frames=shown.num_frames, fps=settings["fps"])
    )
    motion, footing, ground = put_on_ground(timed, source=source_body, target=body, feet=settings["feet"])
    if "springs" in character:
        motion = swing(target, motion, springs_of(target, character["springs"]))
    stored = work.store.put_bytes("motion.npz", motion_to_bytes(motion))
    start_frame = float(payload["start_frame"])
    num_frames = len(motion.rotations) - payload["start_frame"]
    return {
        "clip_id": clip_id(
            character["asset_id"],
            rig_id=character["rig_id"],
            motion_id=moved["motion_id"],
            start_frame=start_frame,
            num_frames=num_frames,
        ),
        **only_keys(character, *CHARACTER),  # its terms are those of both sides, below
        "motion_id": moved["motion_id"],
        "motion_name": moved["name"],
        "kind": ClipKind.RETARGETED,
        "licence": both(character["licence"], moved["licence"]),
        "attribution": "; ".join(_both(character["attribution"], moved["attribution"])),
        "rights": clip_rights(Rights.from_row(character["rights"]), Rights.from_row(moved["rights"])).to_row(),
        "start_frame": start_frame,
        "num_frames": num_frames,
        "fps": settings["fps"],
        "motion_file": stored.to_row(),
        "period_frames": None if shown is None else shown.period_frames,
        "num_matched_joints": len(shared),
        "left_out": list(body.left_out),
        "ground_pct": 100.0 * ground.above_rest / source_body.hip_height,
        "ground_seen": ground.seen.value,
        "warnings": warnings(ground, footing.contact_share) if footing.num_feet else [],
        "contact_share": footing.contact_share,
        "slide_before_pct": footing.slide_before_pct,
        "slide_after_pct": footing.slide_after_pct,
    }


def put_on(motion: Motion, *, source: Body, target: Body, feet: bool = True) -> tuple[Motion, Footing]:
    """The motion, made for `source`, for `target`, and how its feet stand; with `feet`, as they do in the source.

    Without, what they would have been corrected by is not done, and slide before and after are the same.
    """
    made, footing, _ = put_on_ground(motion, source=source, target=target, feet=feet)
    return made, footing


def put_on_ground(motion: Motion, *, source: Body, target: Body, feet: bool = True) -> tuple[Motion, Footing, Ground]:
    """As `put_on`, and where the motion's ground is: it becomes that of the target's rest pose.

    On its own skeleton a motion stays where it is.
    """
    ground, is_own = find_ground(motion, source), is_same_skeleton(source.rig, target.rig)
    motion = lowered(motion, source, ground.above_rest)
    made = retarget(motion, source=source, target=target)
    on_rest = ground.is_trodden and stands(target) and not is_own
    standing, footing = keep_feet(made, source_motion=motion, source=source, target=target, on_rest=on_rest)
    if feet:
        made = standing
    else:
        footing = replace(footing, slide_after=footing.slide_before)
    if is_own:
        made = lowered(made, target, -ground.above_rest)
    return made, footing, ground


def body_of(
    rig: Rig,
    joints: Mapping[str, int],
    detached: Collection[str],
    posed: Mapping[str, Sequence[float]] | None = None,
    *,
    is_motion: bool,
) -> Body:
    """`as_body`; a Refusal says whose rig it means."""
    try:
        return as_body(rig, joints, detached, posed or {})
    except Refusal as refusal:
        whose = "the motion's" if is_motion else "the character's"
        said = replace(refusal.to_rejected(), message=f"{whose} rig: {refusal.message}")
        raise said.to_refusal() from refusal


def _shared(source: Mapping[str, int], target: Mapping[str, int], limit: int) -> list[str]:
    """The parts that both have; a Refusal where they are too few."""
    shared = [name for name in target if name in source]
    if len(shared) < limit:
        _unmappable(len(shared), limit, list(missing_core(shared)))
    return shared


def _unmappable(matched: int, limit: int, missing: list[str], *, names: str = "") -> None:
    by = f" ({names})" if names else ""
    raise Refusal(
        Reject.UNMAPPABLE_SKELETON,
        f"{matched} of at least {limit} humanoid joints are known by name{by}; missing: {', '.join(missing) or 'none'}",
        measured=float(matched),
        limit=float(limit),
    )


def _both(first: str, second: str) -> list[str]:
    return [text for text in dict.fromkeys((first, second)) if text]
