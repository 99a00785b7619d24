"""Retarget: which motion goes onto which character, and the rewritten motions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curate.body import as_body, carry
from curate.clips import clip_id
from curate.humanoid import mapped_joints, missing_core, missing_required
from curate.licence import both
from curate.mapping import HumanoidMap, Skeletons
from curate.retarget import resample, retarget
from curate.skeletons import Family, user_families
from rigmill.errors import Refusal, Reject
from rigmill.files import digest
from rigmill.policy import pair_refusal
from rigmill.profile import Profile
from rigmill.rigfile import motion_from_bytes, motion_to_bytes, rig_from_bytes
from rigmill.rights import Rights, clip_rights
from rigmill.stage import Answer, Input, Job, Row, Rows, Stage, Work, only_keys
from rigmill.types import Kept, Measured, Outcome, Rejected, StoredFile

_CHARACTER = (
    "asset_id", "rig_id", "source", "title", "tags", "licence", "attribution", "rights", "file", "format", "armature",
    "rig_file",
)
# What exporters call a take that nobody named, and what they put around a name; the file's title says more.
_NAMELESS = frozenset(
    {"", "mixamo.com", "take 001", "scene", "animation", "action", "anim_0", "armature", "layer0", "baselayer"}
)


class RetargetStage(Stage):
    """`probe` rows -> one `retarget` row per pair of a motion without a mesh and a humanoid character."""

    name = "retarget"
    version = 3
    upstream = ("probe",)
    barrier = True  # which pairs there are depends on all motions and all characters

    def settings(self, profile: Profile) -> Row:
        return {
            "seed": profile.seed, "fps": profile.probe.fps,
            "pairs_per_motion": profile.retarget.pairs_per_motion,
            "min_matched_joints": profile.retarget.min_matched_joints,
            "policy": profile.licence_policy, "skeletons": user_families(profile.retarget.skeletons),
        }

    def job_settings(self, settings: Row) -> Row:
        """The sampling of pairs is not part of a pair's key: more pairs redo none.

        Nor are the names of skeletons: what they say of a rig is in its payload, so another file redoes those rigs
        that it says something else of.
        """
        return only_keys(settings, "fps", "min_matched_joints")

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """The sampled pairs, and one input for each rig that says it is humanoid and cannot take part.

        A rig that makes no such claim (an animal, a door) is no candidate and no reject: there was nothing to expect.
        Both sides of a pair are judged before any is sampled, so that every motion finds characters it may go on.
        """
        motions: list[tuple[str, Row, Row]] = []
        characters: dict[str, Row] = {}
        maps: dict[str, HumanoidMap] = {}
        skeletons = Skeletons([Family.from_row(row) for row in settings["skeletons"]])
        for rig in tables.products("probe"):
            found = skeletons.find(rig["joint_names"], _declared(rig))
            if found is None:
                continue
            if missing_required(found.joints) or len(found.joints) < settings["min_matched_joints"]:
                yield Input(f"{rig['asset_id']}-unmapped", _unmapped(rig, found))
                continue
            maps[rig["asset_id"]] = found
            refused = pair_refusal(
                Rights.from_row(rig["rights"]), settings["policy"], licence=rig["licence"],
                moves=rig["kind"] == "motion",
            )
            if refused is not None:
                yield Input(f"{rig['asset_id']}-refused", {"source": rig["source"], "refused": refused})
            elif rig["kind"] != "motion":
                characters[rig["asset_id"]] = rig
            else:
                motions += [(motion["motion_id"], rig, motion) for motion in rig["motions"] if motion["motion_file"]]
        by_id = {motion_id: (rig, motion) for motion_id, rig, motion in motions}
        chosen = choose_pairs(
            list(by_id), characters=list(characters), seed=settings["seed"], per_motion=settings["pairs_per_motion"]
        )
        for motion_id, asset_id in chosen:
            rig, motion = by_id[motion_id]
            character = characters[asset_id]
            payload = {
                "character": only_keys(character, *_CHARACTER) | _map_of(character, maps),
                "motion": {
                    "motion_id": motion_id, "name": motion_name(motion["name"], rig["title"]),
                    "motion_file": motion["motion_file"], "rig_file": rig["rig_file"],
                    **only_keys(rig, "licence", "attribution", "rights"), **_map_of(rig, maps),
                },
            }
            yield Input(f"{asset_id}-{motion_id}", payload)

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            outcome: Outcome
            try:
                outcome = Kept([_retargeted(job.payload, job.settings, work)])
            except Refusal as refusal:
                outcome = Rejected(refusal.code.value, refusal.message, refusal.measured, refusal.limit)
            yield Answer(job.key, outcome, Measured())


def choose_pairs(
    motions: Sequence[str], *, characters: Sequence[str], seed: int, per_motion: int
) -> list[tuple[str, str]]:
    """(motion, character) pairs: every motion gets `per_motion` different characters, or all there are.

    Motions and characters stand in seeded orders, and each motion takes the next characters round the circle. So
    no character is used more than once oftener than another, and the order of the arguments does not matter.
    """
    ring = sorted(characters, key=lambda name: digest(seed, "character", name))
    count = min(per_motion, len(ring))
    ordered = sorted(motions, key=lambda name: digest(seed, "motion", name))
    return [
        (motion, ring[(number * count + step) % len(ring)])
        for number, motion in enumerate(ordered) for step in range(count)
    ]


def motion_name(name: str, title: str) -> str:
    """The motion's own name, or its file's title where the exporter named every take alike ("Armature|mixamo.com")."""
    parts = [part.strip() for part in name.split("|")]
    return "|".join(part for part in parts if part.lower() not in _NAMELESS) or title


def _retargeted(payload: Row, settings: Row, work: Work) -> Row:
    limit = settings["min_matched_joints"]
    if "missing" in payload:
        _unmappable(payload["num_matched_joints"], limit, payload["missing"], names=payload["names"])
    if "refused" in payload:
        raise Refusal(Reject.LICENCE, payload["refused"])
    character, moved = payload["character"], payload["motion"]
    source = rig_from_bytes(work.store.read(StoredFile.from_row(moved["rig_file"])))
    target = rig_from_bytes(work.store.read(StoredFile.from_row(character["rig_file"])))
    source_joints = mapped_joints(source.names, moved["humanoid"])
    target_joints = mapped_joints(target.names, character["humanoid"])
    shared = {name: joint for name, joint in target_joints.items() if name in source_joints}
    if len(shared) < limit:
        _unmappable(len(shared), limit, list(missing_core(shared)))
    motion = motion_from_bytes(work.store.read(StoredFile.from_row(moved["motion_file"])))
    body = as_body(target, target_joints, character["detached"])
    motion = retarget(
        resample(motion, settings["fps"]), source=as_body(source, source_joints, moved["detached"]), target=body
    )
    motion = carry(motion, body)
    stored = work.store.put_bytes("motion.npz", motion_to_bytes(motion))
    num_frames = len(motion.rotations)
    return {
        "clip_id": clip_id(
            character["asset_id"], rig_id=character["rig_id"], motion_id=moved["motion_id"], start_frame=0.0,
            num_frames=num_frames,
        ),
        **only_keys(
            character, "asset_id", "rig_id", "source", "title", "tags", "file", "format", "armature"
        ),
        "motion_id": moved["motion_id"], "motion_name": moved["name"], "kind": "retargeted",
        "licence": both(character["licence"], moved["licence"]),
        "attribution": "; ".join(_both(character["attribution"], moved["attribution"])),
        "rights": clip_rights(Rights.from_row(character["rights"]), Rights.from_row(moved["rights"])).to_row(),
        "num_frames": num_frames, "fps": settings["fps"], "motion_file": stored.to_row(),
        "num_matched_joints": len(shared),
    }


def _declared(rig: Row) -> dict[str, str]:
    """Bone -> joint, as the rig's own file declares it; empty where it declares nothing."""
    return {pair["bone"]: pair["joint"] for pair in rig["humanoid"] or []}


def _map_of(rig: Row, maps: dict[str, HumanoidMap]) -> Row:
    """What a pair's job has to know of a rig's map."""
    found = maps[rig["asset_id"]]
    return {"humanoid": found.declared(rig["joint_names"]), "detached": list(found.detached)}


def _unmapped(rig: Row, found: HumanoidMap) -> Row:
    return {
        "source": rig["source"], "names": found.source, "num_matched_joints": len(found.joints),
        "missing": list(dict.fromkeys(missing_required(found.joints) + missing_core(found.joints))),
    }


def _unmappable(matched: int, limit: int, missing: list[str], *, names: str = "") -> None:
    by = f" ({names})" if names else ""
    raise Refusal(
        Reject.UNMAPPABLE_SKELETON,
        f"{matched} of at least {limit} humanoid joints are known by name{by}; missing: {', '.join(missing) or 'none'}",
        measured=float(matched), limit=float(limit),
    )


def _both(first: str, second: str) -> list[str]:
    return [text for text in dict.fromkeys((first, second)) if text]
