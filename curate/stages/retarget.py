"""Retarget: which motion goes onto which character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np

from curate.filters.rules import short
from curate.filters.windows import Shown, num_windows, shown_of, window_start
from curate.retarget.choice import choose, num_choices
from curate.retarget.pair import body_of, retargeted
from rigmill.config.schema import Profile
from rigmill.facts.verbs import verb_in
from rigmill.humanoid.families import Family, user_families
from rigmill.humanoid.maps import HumanoidMap, Skeletons
from rigmill.humanoid.names import missing_core, missing_required
from rigmill.kinds import AssetKind
from rigmill.licences.policy import pair_refusal
from rigmill.licences.rights import Rights
from rigmill.outcomes import Cost, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import CHARACTER, PRODUCTS, TERMS
from rigmill.storage.rows import only_keys, with_values
from rigmill.types import Rig, Row

# What exporters call a take that nobody named, and what they put around a name; the file's title says more.
_NAMELESS = frozenset(
    {"", "mixamo.com", "take 001", "scene", "animation", "action", "anim_0", "armature", "layer0", "baselayer"}
)
_MIXAMO_TAKE, _T_POSE = "mixamo.com", re.compile(r"t\W?pose", re.IGNORECASE)
_FILE_ORIGINS = ("mixamo:", "folder:")  # of assets whose title is the name of a file


class RetargetStage(Stage):
    """`probe` rows -> one `retarget` row per chosen window of a motion without a mesh, on a humanoid character."""

    name = "retarget"
    version = 8
    upstream = ("probe",)
    writes = PRODUCTS["retarget"]
    barrier = True  # which pairs there are depends on all motions and all characters
    usual_seconds, jobs_per = 0.2, {"probe": 0.6}

    def settings(self, profile: Profile) -> Row:
        return {
            "seed": profile.seed,
            "fps": profile.probe.fps,
            **profile.retarget.model_dump(mode="json"),
            "skeletons": user_families(profile.retarget.skeletons),
            "min_frames": profile.filters.min_frames,
            "max_frames": profile.filters.max_frames,
            "policy": profile.licence_policy,
            "sources": list(dict.fromkeys(source.name for source in profile.sources)),
        }

    def job_settings(self, settings: Row) -> Row:
        """What is chosen is not part of a pair's key: more clips, or other windows beside the same, redo none.

        Nor are the names of skeletons: what they say of a rig is in its payload, so another file redoes those rigs
        that it says something else of.
        """
        return only_keys(settings, "fps", "min_matched_joints", "feet")

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """What was chosen, one input for each rig that says it is humanoid and each motion that cannot take part, and
        one for each target that cannot be reached.

        A rig that makes no such claim (an animal, a door) is no candidate and no reject: there was nothing to expect.
        One that lacks a joint or two of a body is a reject that names them.
        Both sides of a pair are judged before any is chosen, so that every motion finds characters it may go on.
        """
        motions: dict[str, tuple[Row, Row]] = {}  # the motion's rig and the motion
        characters: dict[str, Row] = {}
        maps: dict[str, Row] = {}  # of 161,023 assets, so what most of them share is one object
        skeletons = Skeletons([Family.from_row(row) for row in settings["skeletons"]])
        for rig in tables.products("probe"):
            found = skeletons.find(rig["joint_names"], _declared(rig))
            if found is None:
                near = skeletons.find_near(rig["joint_names"])
                if near is not None:
                    yield Input(f"{rig['asset_id']}-unmapped", _unmapped(rig, near))
                continue
            if missing_required(found.joints) or len(found.joints) < settings["min_matched_joints"]:
                yield Input(f"{rig['asset_id']}-unmapped", _unmapped(rig, found))
                continue
            unfit = _unfit(rig, found)
            if unfit is not None:
                yield _refused_input(f"{rig['asset_id']}-unfit", rig["source"], unfit)
                continue
            maps[rig["asset_id"]] = _map_of(rig, found)
            refused = pair_refusal(
                Rights.from_row(rig["rights"]),
                settings["policy"],
                licence=rig["licence"],
                moves=rig["kind"] == AssetKind.MOTION,
            )
            if refused is not None:
                yield _refused_input(f"{rig['asset_id']}-refused", rig["source"], Rejected(Reject.LICENCE, refused))
            elif rig["kind"] != AssetKind.MOTION:
                characters[rig["asset_id"]] = rig
            else:
                for motion in rig["motions"]:
                    too_short = short(motion, settings)
                    if too_short is not None:
                        yield _refused_input(f"{motion['motion_id']}-short", rig["source"], too_short)
                    elif motion["motion_file"]:
                        motions[motion["motion_id"]] = (rig, motion)
        for asset_id, original in _copies(characters, settings["sources"]).items():
            same = Rejected(Reject.DUPLICATE_CHARACTER, f"the same character as asset {original}")
            yield _refused_input(f"{asset_id}-duplicate", characters.pop(asset_id)["source"], same)
        yield from _chosen(motions, characters, maps, settings)

    def guess_jobs(self, num_jobs: Mapping[str, int], profile: Profile) -> int:
        """Of retargeted clips at least as many as are wanted."""
        guess = super().guess_jobs(num_jobs, profile)
        return max(guess, sum(profile.retarget.clips.values())) if guess else 0

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            outcome: Outcome
            try:
                outcome = Kept([retargeted(job.payload, job.settings, work)])
            except Refusal as refusal:
                outcome = refusal.to_rejected()
            yield Answer(job.key, outcome, Cost())


def _copies(characters: Mapping[str, Row], sources: Sequence[str]) -> dict[str, str]:
    """Asset -> the one that holds the same character: the first by source, those with a name before others.

    Clips of both would be the same, and count twice against a target. Without a hash of its geometry nothing is a copy.
    """
    place = {name: index for index, name in enumerate(sources)}
    first: dict[tuple[str, tuple[str, ...], tuple[int, ...]], str] = {}
    copies: dict[str, str] = {}

    def rank(asset_id: str) -> tuple[int, bool, str]:
        row = characters[asset_id]
        return place.get(row["source"], len(place)), not character_title(row), asset_id

    for asset_id in sorted(characters, key=rank):
        row = characters[asset_id]
        if row["geometry_hash"]:
            same = (row["geometry_hash"], tuple(row["joint_names"]), tuple(row["joint_parents"]))
            original = first.setdefault(same, asset_id)
            if original != asset_id:
                copies[asset_id] = original
    return copies


def _chosen(
    motions: Mapping[str, tuple[Row, Row]], characters: Mapping[str, Row], maps: Mapping[str, Row], settings: Row
) -> Iterator[Input]:
    """The pairs for every source that has a target, and for all other characters together."""
    min_frames, max_frames = settings["min_frames"], settings["max_frames"]
    shown = {name: shown_of(motion, max_frames) for name, (_, motion) in motions.items()}
    windows = {
        name: num_windows(one.num_frames, min_frames=min_frames, max_frames=max_frames) for name, one in shown.items()
    }
    members: dict[str, list[str]] = {source: [] for source in ("", *settings["clips"])}
    for asset_id, character in characters.items():
        members[character["source"] if character["source"] in settings["clips"] else ""].append(asset_id)
    for source, ids in members.items():
        wanted = settings["clips"].get(source, len(motions) * settings["pairs_per_motion"])
        cap = settings["max_clips_per_pair"] if source else 1
        most = num_choices(windows, num_characters=len(ids), cap=cap)
        if source and most < wanted:
            yield _refused_input(
                f"{source}-target",
                source,
                Rejected(
                    Reject.TOO_FEW_PAIRS,
                    f"{wanted:,} clips are wanted for '{source}' and {most:,} planned: {len(ids):,} characters, "
                    f"{len(motions):,} motions, at most {cap} clips of a pair",
                    measured=float(most),
                    limit=float(wanted),
                ),
            )
        for motion_id, asset_id, window in choose(
            windows, characters=ids, wanted=wanted, cap=cap, seed=settings["seed"]
        ):
            yield _pair_input(
                characters[asset_id],
                *motions[motion_id],
                shown=shown[motion_id],
                maps=maps,
                start_frame=window_start(window, shown[motion_id].num_frames, max_frames),
                with_springs=settings["springs"],
            )


def _pair_input(
    character: Row,
    rig: Row,
    motion: Row,
    *,
    shown: Shown,
    maps: Mapping[str, Row],
    start_frame: int,
    with_springs: bool,
) -> Input:
    # Where nothing swings the key says nothing of it, so the switch redoes the characters that have springs alone.
    springs = {"springs": character["spring_joints"]} if with_springs and character["spring_joints"] else {}
    loop = {"loop": asdict(shown)} if shown.period_frames is not None else {}
    payload = {
        "character": with_values(
            only_keys(character, *CHARACTER, "rig_file"),
            {**maps[character["asset_id"]], **springs, "title": character_title(character)},
        ),
        "motion": {
            "motion_id": motion["motion_id"],
            "name": motion_name(motion["name"], rig["title"]),
            "motion_file": motion["motion_file"],
            "rig_file": rig["rig_file"],
            **only_keys(rig, *TERMS),
            **maps[rig["asset_id"]],
        },
        "start_frame": start_frame,
        **loop,
    }
    return Input(f"{character['asset_id']}-{motion['motion_id']}-{start_frame}", payload)


def _refused_input(name: str, source: str, verdict: Rejected) -> Input:
    """What cannot be done, decided while planning."""
    return Input(name, {"source": source, "refused": verdict.to_row()})


def motion_name(name: str, title: str) -> str:
    """The motion's own name, or its file's title where the exporter named every take alike ("Armature|mixamo.com")."""
    parts = [part.strip() for part in name.split("|")]
    return "|".join(part for part in parts if part.lower() not in _NAMELESS) or title


def character_title(rig: Row) -> str:
    """What the character is called: "" where its file is called after the motion in it.

    Mixamo calls every take mixamo.com and the file after the motion, whether the character is in it or not; one that
    stands still is a T-pose. A name that someone gave the file, which names no motion, is the character's.
    """
    title = str(rig["title"] or "")
    if not str(rig["origin"] or "").startswith(_FILE_ORIGINS):
        return title
    is_motion = verb_in(title) and any(_MIXAMO_TAKE in motion["name"] for motion in rig["motions"])
    return "" if is_motion or _T_POSE.fullmatch(title) else title


def _declared(rig: Row) -> dict[str, str]:
    """Bone -> joint, as the rig's own file declares it; empty where it declares nothing."""
    return {pair["bone"]: pair["joint"] for pair in rig["humanoid"] or []}


_BY_NAMES: Row = {"humanoid": {}, "detached": []}


def _map_of(rig: Row, found: HumanoidMap) -> Row:
    """What a pair's job has to know of a rig's map."""
    declared = found.declared(rig["joint_names"])
    known = {"humanoid": declared, "detached": list(found.detached)} if declared else _BY_NAMES
    posed = {pair["joint"]: list(pair["turn"]) for pair in rig["posed_joints"] or ()}
    return with_values(known, {"posed": posed}) if posed else known  # the keys of all others say nothing of it


def _unfit(rig: Row, found: HumanoidMap) -> Rejected | None:
    """Why the rig cannot be the body that its map says: it then takes no pairs, and others get them."""
    skeleton = Rig(
        tuple(rig["joint_names"]),
        np.asarray(rig["joint_parents"], dtype=np.int32),
        np.asarray(rig["joint_places"], dtype=np.float64).reshape(-1, 3),
    )
    try:
        body_of(skeleton, found.joints, found.detached, is_motion=rig["kind"] == AssetKind.MOTION)
    except Refusal as refusal:
        return refusal.to_rejected()
    return None


def _unmapped(rig: Row, found: HumanoidMap) -> Row:
    return {
        "source": rig["source"],
        "names": found.source,
        "num_matched_joints": len(found.joints),
        "missing": list(dict.fromkeys(missing_required(found.joints) + missing_core(found.joints))),
    }
