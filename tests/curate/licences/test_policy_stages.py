"""Where the licence policy and the deny list bite: before Blender, and before a motion is put on a character."""

from __future__ import annotations

from pathlib import Path

from curate.licences.rights_of import rights_of
from curate.stages.preview import PreviewStage
from curate.stages.probe import ProbeStage
from curate.stages.retarget import RetargetStage
from rigmill.licences.rights import UNKNOWN, Rights
from rigmill.outcomes import Kept, Rejected
from rigmill.pipeline.stage import Job
from rigmill.types import Row
from tests.support.curation import Tables, body, demo_profile, glb, plain_work
from tests.support.retargeting import probe_row, run


def collected(folder: Path, *licences: str) -> list[Row]:
    work = plain_work(folder)
    rows = []
    for number, licence in enumerate(licences):
        stored = work.store.put_bytes("asset.glb", glb({"asset": {"version": "2.0"}, "number": number}))
        rows.append(
            {
                "asset_id": stored.sha256[:16],
                "source": "s",
                "source_uid": f"u{number}",
                "origin": f"https://o/{number}",
                "title": "",
                "author": "",
                "tags": [],
                "licence": licence,
                "licence_raw": "",
                "licence_url": "",
                "licence_seen_in": "index",
                "attribution": "",
                "rights": rights_of(licence).to_row(),
                "format": "glb",
                "file": stored.to_row(),
            }
        )
    return rows


def planned(rows: list[Row], **profile: object) -> dict[str, Job]:
    """By licence."""
    licences = {row["asset_id"]: row["licence"] for row in rows}
    jobs = ProbeStage().plan(Tables({"collect": rows}), demo_profile(**profile))
    return {licences[job.input_id]: job for job in jobs}


LICENCES = ("CC0-1.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "unknown", "LicenseRef-All-Rights-Reserved")


def test_another_policy_redoes_the_assets_whose_verdict_changes_and_no_other(tmp_path: Path) -> None:
    rows = collected(tmp_path, *LICENCES)
    plans = {policy: planned(rows, licence_policy=policy) for policy in ("internal", "publish", "commercial")}
    refused = {
        policy: {name for name, job in plan.items() if "refused" in job.payload} for policy, plan in plans.items()
    }
    assert refused["internal"] == {"LicenseRef-All-Rights-Reserved"}
    assert refused["publish"] == {"CC-BY-ND-4.0", "unknown", "LicenseRef-All-Rights-Reserved"}
    assert refused["commercial"] == refused["publish"] | {"CC-BY-NC-4.0"}
    for first, second in (("internal", "publish"), ("publish", "commercial"), ("internal", "commercial")):
        changed = {name for name in LICENCES if plans[first][name].key != plans[second][name].key}
        # what both refuse is refused again, in a sentence that names the other policy
        assert changed == refused[first] | refused[second]


def test_a_refused_asset_never_reaches_blender_and_its_row_names_the_right(tmp_path: Path) -> None:
    rows = collected(tmp_path, *LICENCES)
    for name, job in planned(rows, licence_policy="commercial").items():
        if "refused" in job.payload:
            (answer,) = ProbeStage().run([job], plain_work(tmp_path))  # this work has no Blender
            assert isinstance(answer.outcome, Rejected) and answer.outcome.code == "licence"
            assert name in answer.outcome.message and "needs " in answer.outcome.message


def test_what_is_denied_after_it_was_collected_leaves_the_plan_of_the_probe(tmp_path: Path) -> None:
    rows = collected(tmp_path, "CC0-1.0", "CC-BY-4.0", "MIT")
    before = planned(rows)
    for entry in (
        f"sha256,reason\n{rows[1]['file']['sha256']},asked\n",
        "uid,reason\nu1,asked\n",
        "origin,reason\nhttps://o/1,asked\n",
        f"sha256,reason\n{rows[1]['asset_id']},asked\n",
    ):
        path = tmp_path / "denied.csv"
        path.write_text(entry)
        after = planned(rows, licence={"deny_list": str(path)})
        assert {name for name in after if after[name].key != before[name].key} == {"CC-BY-4.0"}
        (answer,) = ProbeStage().run([after["CC-BY-4.0"]], plain_work(tmp_path))
        assert isinstance(answer.outcome, Rejected)
        assert (answer.outcome.code, answer.outcome.message) == ("denied", "on the deny list: asked")


def test_a_character_that_must_not_be_changed_gets_no_motion_and_the_others_share_the_pairs(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    fixed = Rights(may_train=True, may_modify=False)
    rows = [
        probe_row(work, "walk", body(), kind="motion", motions=2),
        probe_row(work, "free", body(), kind="static"),
        probe_row(work, "fixed", body(), kind="static", rights=fixed.to_row(), licence="CC-BY-ND-4.0"),
        probe_row(work, "unsaid", body(), kind="static", rights=UNKNOWN.to_row(), licence="unknown"),
    ]
    outcomes = run(rows, work, pairs_per_motion=3)
    named = {row["asset_id"]: row["title"] for row in rows}
    kept = [named[name.split("-")[0]] for name, outcome in outcomes.items() if isinstance(outcome, Kept)]
    assert sorted(kept) == ["free", "free", "unsaid", "unsaid"]
    (refused,) = [outcome for outcome in outcomes.values() if isinstance(outcome, Rejected)]
    assert refused.code == "licence" and "may_modify" in refused.message and "CC-BY-ND-4.0" in refused.message


def test_under_publish_a_motion_that_must_not_be_shared_is_put_on_nobody(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    free = rights_of("CC0-1.0").to_row()
    rows = [
        probe_row(work, "ours", body(), kind="motion", motions=1, rights=free),
        probe_row(work, "theirs", body(), kind="motion", motions=1, rights=free | {"may_share_motion": False}),
        probe_row(work, "avatar", body(), kind="static", rights=free | {"may_share_motion": False}),
    ]
    jobs = RetargetStage().plan(Tables({"probe": rows}), demo_profile(licence_policy="publish"))
    outcomes = [answer.outcome for job in jobs for answer in RetargetStage().run([job], work)]
    (kept,) = [outcome for outcome in outcomes if isinstance(outcome, Kept)]
    assert kept.rows[0]["motion_id"] == "ours-0"
    assert kept.rows[0]["rights"]["may_share_motion"] is True  # the avatar's own motion is not in the clip
    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert refused.code == "licence" and "may_share_motion" in refused.message


def test_under_publish_a_clip_whose_own_motion_must_not_be_shared_is_not_even_previewed(tmp_path: Path) -> None:
    work = plain_work(tmp_path)
    found = {
        "num_vertices": 900,
        "num_faces": 900,
        "num_textures": 1,
        "texture_px": 64,
        "num_base_colours": 5,
        "grey_share": 0.0,
        "geometry_hash": "g",
        "facing_deg": 0.0,
    }
    free = rights_of("CC0-1.0").to_row()
    rows = [
        probe_row(work, "free", body(), kind="animated", motions=1, rights=free, **found),
        probe_row(
            work, "theirs", body(), kind="animated", motions=1, rights=free | {"may_share_motion": False}, **found
        ),
    ]
    for policy, expected in (("internal", [None, None]), ("publish", [None, "licence"])):
        jobs = PreviewStage().plan(Tables({"probe": rows}), demo_profile(licence_policy=policy))
        by_title = {job.payload["title"]: job.payload["refused"] for job in jobs}
        assert [by_title[name] and by_title[name]["code"] for name in ("free", "theirs")] == expected
